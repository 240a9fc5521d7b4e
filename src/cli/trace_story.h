/* The story of a key's paths, row by row, and why it ends as it does (tocsin trace).
 *
 *   events ──> lines, as they happen
 *         └──> for each key the furthest path, and what became of it ──> the last line */
#ifndef TSN_CLI_TRACE_STORY_H
#define TSN_CLI_TRACE_STORY_H

#include "base/arena.h"
#include "cli/sink.h"
#include "tocsin/run.h"

/* Something that happened to a path: what a reason is made of. */
typedef struct tsn_incident {
  bool set;
  int64_t row, time;
  const char *label, *absence;
  const char *why; /* "`price > 10` is FALSE, it is 9"; "" */
  size_t passed;
  tocsin_trace_bound bound;
  int64_t bound_time;
} tsn_incident;

typedef struct tsn_seen_row {
  int64_t row, time;
  const char **labels; /* that it could be under */
  size_t label_count;
  struct tsn_seen_row *next;
} tsn_seen_row;

typedef struct tsn_story_key {
  size_t pattern;
  const char *name; /* "ann", "ann, teapot"; "" without PARTITION BY */
  tsn_seen_row *rows, **next_row;
  size_t row_count, matches;
  const char *match; /* the last one */
  uint64_t match_hash;

  size_t steps; /* of the furthest path */
  uint64_t hash;
  const char *path;
  int64_t first_row, last_row;
  tsn_incident unfit, refused, strict, early, killed, expired, too_late, other_key, over;
  struct tsn_story_key *next;
} tsn_story_key;

typedef struct tsn_story {
  tsn_arena *arena;
  tsn_sink *out;
  const tocsin_program *program;
  const char *key; /* the only one that is told; NULL: all */
  size_t only;     /* pattern; SIZE_MAX: all */
  tsn_story_key *keys, **next_key;
  tsn_story_key *at; /* of the line before */
  const char *late;  /* "shop.csv:3", the last late row that may be of the key */
  size_t late_count;
  tocsin_type time_type;
} tsn_story;

void tsn_story_init(tsn_story *s, tsn_arena *arena, tsn_sink *out, const char *key);
/* For tocsin_tracer. */
void tsn_story_tell(void *context, const tocsin_trace_event *event);
int tsn_story_wants(void *context, size_t pattern, const tocsin_value *key, size_t count);
/* The last lines. */
void tsn_story_end(tsn_story *s);

/* ---- trace_words.c: parts of lines, on the arena ---- */
const char *tsn_trace_time(tsn_arena *arena, tocsin_type type, int64_t time);
const char *tsn_trace_value(tsn_arena *arena, const tocsin_value *v);
const char *tsn_trace_key(tsn_arena *arena, const tocsin_value *key, size_t count);
/* "A(1) B(3)", of long ones the begin and the end. */
const char *tsn_trace_path(tsn_arena *arena, const tocsin_trace_step *steps, size_t count);
/* Why a condition is not TRUE. */
const char *tsn_trace_why(tsn_arena *arena, const tocsin_trace_event *e);
/* "event='buy' price=3.5" */
const char *tsn_trace_columns(tsn_arena *arena, const tocsin_trace_event *e);

#endif
