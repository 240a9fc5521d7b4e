/* Durable runs: see durable.h. */
#include "cli/durable.h"

#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/database.h"
#include "cli/position.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "store/store.h"

#define EVERY_US ((int64_t)10 * 1000000)

struct tsn_durable {
  tsn_store *store;
  const char *name; /* of the file, for messages */
  int64_t every_us; /* between two checkpoints; 0: rows tell */
  uint64_t every_rows;
  double last;
  uint64_t last_rows;
  bool told;              /* the patterns and streams are noted */
  const char **positions; /* by source: the name of its note */
  tsn_bytes text; /* scratch */
};

/* --- options --- */

static const char *const changes[] = { "refuse", "reset", NULL };

static int read_every(const tsn_args *args, int64_t *us, uint64_t *rows)
{
  const char *every = tsn_args_value(args, "checkpoint");
  size_t length = every ? strlen(every) : 0;
  int64_t number = 0;

  *us = EVERY_US;
  *rows = 0;
  if (!every) return 0;
  if (length > 4 && !strcmp(every + length - 4, "rows") && tsn_parse_int64(every, length - 4, &number) && number > 0) {
    *us = 0;
    *rows = (uint64_t)number;
    return 0;
  }
  if (tsn_interval_parse(every, length, us) && *us > 0) return 0;
  return tsn_args_wrong(args->command, "--checkpoint is a duration such as 10s, or rows such as 5000rows, not '%s'", every);
}

int tsn_durable_check(const tsn_args *args)
{
  int64_t us;
  uint64_t rows;
  int st = read_every(args, &us, &rows);

  if (st != 0) return st;
  if (tsn_args_has(args, "on-change") && tsn_args_choice(args, "on-change", changes) < 0) return TSN_EXIT_USAGE;
  if (!tsn_args_has(args, "state")) {
    if (tsn_args_has(args, "checkpoint")) return tsn_args_wrong(args->command, "--checkpoint is about --state FILE, which is missing");
    if (tsn_args_has(args, "on-change")) return tsn_args_wrong(args->command, "--on-change is about --state FILE, which is missing");
    return 0;
  }
  if (tsn_args_has(args, "sort")) return tsn_args_wrong(args->command, "--sort reads inputs to their end before anything is matched; --state goes on in their midst");
  return 0;
}

/* --- what the state is of --- */

static uint64_t mix_text(uint64_t h, const char *text) { return tsn_hash_bytes(text, strlen(text) + 1, h); }

static uint64_t stream_identity(const tocsin_program *program, size_t stream)
{
  tocsin_stream_info info = tocsin_program_stream(program, stream);
  uint64_t h = mix_text(tsn_hash_word((uint64_t)info.watermark_delay, (uint64_t)info.has_watermark), info.name);

  for (size_t i = 0; i < info.column_count; i++) {
    tocsin_column_info c = tocsin_program_stream_column(program, stream, i);
    h = tsn_hash_word((uint64_t)c.type, mix_text(h, c.name));
  }
  return h;
}

/* A pattern is what its text says, over the streams and patterns that it reads, with the parameters of the command. */
static uint64_t pattern_identity(const tsn_job *job, size_t pattern)
{
  tocsin_pattern_info info = tocsin_program_pattern(job->program, pattern);
  uint64_t h = tsn_hash_word(info.fingerprint, 1);

  for (size_t i = 0; i < info.part_count; i++) {
    tocsin_part_info part = tocsin_program_pattern_part(job->program, pattern, i);
    h = tsn_hash_word(part.is_pattern ? pattern_identity(job, part.index) : stream_identity(job->program, part.index), h);
  }
  for (size_t i = 0; i < job->args->given_count; i++)
    if (!strcmp(job->args->given[i].option->name, "param")) h = mix_text(h, job->args->given[i].value);
  return h;
}

/* As its parts have it. */
static void put_name(const tsn_job *job, size_t pattern, tsn_bytes *out)
{
  const char *name = tocsin_program_pattern(job->program, pattern).name;

  tsn_bytes_text(out, name);
  if (!*name) tsn_bytes_printf(out, "#%zu", pattern);
}

/* A line for each: its identity, and its name. */
static void put_patterns(const tsn_job *job, tsn_bytes *out)
{
  for (size_t i = 0; i < tocsin_program_pattern_count(job->program); i++) {
    tsn_bytes_printf(out, "%016llx ", (unsigned long long)pattern_identity(job, i));
    put_name(job, i, out);
    tsn_bytes_char(out, '\n');
  }
}

static void put_streams(const tsn_job *job, tsn_bytes *out)
{
  for (size_t i = 0; i < tocsin_program_stream_count(job->program); i++) {
    tsn_bytes_text(out, tocsin_program_stream(job->program, i).name);
    tsn_bytes_char(out, '\n');
  }
}

static int trouble(const tsn_durable *d, tocsin_status st)
{
  if (st == TOCSIN_NOMEM) return tsn_no_memory();
  tsn_say("%s: %s", d->name, tsn_store_message(d->store));
  return TSN_EXIT_OUTPUT;
}

/* Whether a text has this line. */
static bool has_line(const char *text, size_t length, const char *line, size_t line_length)
{
  const char *end = text + length;

  while (text < end) {
    const char *next = memchr(text, '\n', (size_t)(end - text));
    if (!next) return false;
    if ((size_t)(next - text) == line_length && !memcmp(text, line, line_length)) return true;
    text = next + 1;
  }
  return false;
}

static bool resets(const tsn_engine *e)
{
  return tsn_args_has(e->job->args, "on-change") && tsn_args_choice(e->job->args, "on-change", changes) == 1;
}

static int refuse(const tsn_durable *d, const char *what)
{
  tsn_say("%s: the state is of other patterns: %s; --on-change reset starts what has changed anew", d->name, what);
  return TSN_EXIT_OUTPUT;
}

/* Patterns that were there and are not any more, or not as they were, start anew, if that is wanted. */
static int compare_patterns(tsn_engine *e, const char *known, size_t length)
{
  tsn_durable *d = e->durable;
  char name[200];

  tsn_bytes_reset(&d->text);
  put_patterns(e->job, &d->text);
  if (d->text.failed) return tsn_no_memory();
  for (const char *at = known, *next; at < known + length && (next = memchr(at, '\n', (size_t)(known + length - at))) != NULL; at = next + 1) {
    tocsin_status st;
    if (next - at < 18 || has_line(d->text.data, d->text.length, at, (size_t)(next - at))) continue;
    snprintf(name, sizeof name, "%.*s", (int)(next - at - 17), at + 17);
    if (!resets(e)) {
      char what[300];
      snprintf(what, sizeof what, "\"%s\" has changed, or is gone", name);
      return refuse(d, what);
    }
    tsn_say("pattern \"%s\" has changed, or is gone: it starts anew", name);
    st = tsn_store_forget(d->store, name);
    if (st != TOCSIN_OK) return trouble(d, st);
  }
  return 0;
}

static int compare_streams(tsn_engine *e)
{
  tsn_durable *d = e->durable;
  const char *known;
  size_t length;
  tocsin_status st = tsn_store_find(d->store, "streams", &known, &length);

  if (st != TOCSIN_OK) return trouble(d, st);
  tsn_bytes_reset(&d->text);
  put_streams(e->job, &d->text);
  if (d->text.failed) return tsn_no_memory();
  if (known && length == d->text.length && !memcmp(known, d->text.data, length)) return 0;
  if (!resets(e)) return refuse(d, "their streams are not the same");
  tsn_say("the streams are not the same: all patterns start anew");
  st = tsn_store_forget_all(d->store);
  return st == TOCSIN_OK ? 0 : trouble(d, st);
}

/* --- going on --- */

static int resume_sources(tsn_engine *e)
{
  for (size_t i = 0; i < e->job->source_count; i++) {
    tsn_source *s = &e->job->sources[i];
    const char *position;
    size_t length;
    tocsin_status found;
    int st;
    found = tsn_store_find(e->durable->store, e->durable->positions[i], &position, &length);
    if (found != TOCSIN_OK) return trouble(e->durable, found);
    if (!position) continue;
    st = tsn_source_resume(s, &e->job->arena, position, length);
    if (st != 0) return st;
  }
  return 0;
}

static int resume(tsn_engine *e, bool *over)
{
  tsn_durable *d = e->durable;
  const char *value;
  size_t length;
  tocsin_status st;
  int status = compare_streams(e);

  if (status != 0) return status;
  st = tsn_store_find(d->store, "patterns", &value, &length);
  if (st != TOCSIN_OK) return trouble(d, st);
  if (value) status = compare_patterns(e, value, length);
  if (status != 0) return status;
  st = tsn_store_load(d->store, e->matcher);
  if (st == TOCSIN_OK) st = tsn_store_find(d->store, "over", &value, &length);
  if (st != TOCSIN_OK) return trouble(d, st);
  *over = value && length == 1 && *value == '1';
  return resume_sources(e);
}

/* --- opening --- */

/* Each file finds its line among what was committed. Tables are open already. */
static int open_output(tsn_engine *e, size_t first, size_t count)
{
  const char *committed;
  size_t length;
  tocsin_status st = tsn_store_find(e->durable->store, "output", &committed, &length);

  if (st != TOCSIN_OK) return trouble(e->durable, st);
  if (!e->out.patterns) {
    int status = tsn_out_open(&e->out, e->job, first, count, committed, length);
    if (status != 0) return status;
  }
  return tsn_aside_open(&e->aside, e->job->alloc, committed, length);
}

static bool is_cut(const tsn_out *o) { return o->tables || o->sink.is_regular; }

int tsn_durable_begin(tsn_engine *e, size_t first, size_t count, bool *over)
{
  const tsn_args *args = e->job->args;
  const char *file = tsn_args_value(args, "state"), *output = tsn_args_value(args, "output");
  bool tables = output && tsn_is_database(output);
  tocsin_status opened;
  tsn_durable *d;
  int st = 0;

  *over = false;
  if (!file || tables) st = tsn_out_open(&e->out, e->job, first, count, NULL, 0);
  if (st == 0 && !file) return tsn_aside_open(&e->aside, e->job->alloc, NULL, 0);
  if (st != 0) return st;
  d = e->durable = tsn_arena_new(&e->job->arena, tsn_durable);
  if (!d) return tsn_no_memory();
  *d = (tsn_durable){ .name = file, .last = tsn_clock_wall() };
  tsn_bytes_init(&d->text, e->job->alloc, 0);
  d->positions = tsn_arena_new_array(&e->job->arena, const char *, e->job->source_count);
  for (size_t i = 0; d->positions && i < e->job->source_count; i++)
    d->positions[i] = tsn_arena_printf(&e->job->arena, "position %s", e->job->sources[i].name);
  if (tsn_arena_failed(&e->job->arena) != TOCSIN_OK) return tsn_no_memory();
  st = read_every(args, &d->every_us, &d->every_rows);
  if (st != 0) return st;
  opened = tsn_store_open(&d->store, file, tables ? tsn_tables_connection(e->out.tables) : NULL);
  if (opened != TOCSIN_OK) return trouble(d, opened);
  st = open_output(e, first, count);
  if (st == 0 && tables) st = tsn_tables_hold(e->out.tables);
  if (st == 0 && !is_cut(&e->out) && !e->out.sink.is_terminal)
    tsn_say("matches on %s come at least once: after a crash the last ones may come again, with equal MATCH_ID(); -o FILE has each once",
            e->out.sink.name ? e->out.sink.name : "standard output");
  if (st == 0 && tsn_store_number(d->store) > 0) st = resume(e, over);
  return st;
}

void tsn_durable_close(tsn_engine *e)
{
  if (!e->durable) return;
  tsn_store_close(e->durable->store);
  tsn_bytes_clear(&e->durable->text);
}

/* --- checkpoints --- */

static tocsin_status note_text(tsn_durable *d, const char *name)
{
  return d->text.failed ? TOCSIN_NOMEM : tsn_store_note(d->store, name, d->text.data ? d->text.data : "", d->text.length);
}

static tocsin_status note_positions(tsn_engine *e)
{
  tsn_durable *d = e->durable;
  tocsin_status st = TOCSIN_OK;

  for (size_t i = 0; i < e->job->source_count && st == TOCSIN_OK; i++) {
    const tsn_source *s = &e->job->sources[i];
    tsn_bytes_reset(&d->text);
    if (tsn_source_position(s, &d->text)) st = note_text(d, d->positions[i]);
  }
  return st;
}

/* Of what the state is: it stays so as long as the run goes on. */
static tocsin_status note_program(tsn_engine *e)
{
  tsn_durable *d = e->durable;
  tocsin_status st;

  if (d->told) return TOCSIN_OK;
  tsn_bytes_reset(&d->text);
  put_patterns(e->job, &d->text);
  st = note_text(d, "patterns");
  tsn_bytes_reset(&d->text);
  put_streams(e->job, &d->text);
  if (st == TOCSIN_OK) st = note_text(d, "streams");
  d->told = st == TOCSIN_OK; /* a checkpoint that fails ends the run */
  return st;
}

static tocsin_status note_all(tsn_engine *e, const tsn_bytes *committed, bool over)
{
  tsn_durable *d = e->durable;
  tocsin_status st = tsn_store_save(d->store, e->matcher);

  if (st == TOCSIN_OK) st = note_positions(e);
  if (st == TOCSIN_OK) st = note_program(e);
  if (st == TOCSIN_OK) st = tsn_store_note(d->store, "over", over ? "1" : "0", 1);
  if (st == TOCSIN_OK && committed->length) st = tsn_store_note(d->store, "output", committed->data, committed->length);
  return st;
}

static int checkpoint(tsn_engine *e, bool over)
{
  tsn_durable *d = e->durable;
  tsn_bytes committed;
  tocsin_status st;
  int status = 0;

  tsn_bytes_init(&committed, e->job->alloc, 0);
  if (!e->out.tables) status = tsn_out_commit(&e->out, &committed); /* before the state says so */
  if (status == 0) status = tsn_aside_commit(&e->aside, &committed);
  if (status == 0) {
    st = tsn_store_begin(d->store);
    if (st == TOCSIN_OK) st = note_all(e, &committed, over);
    if (st == TOCSIN_OK && !e->out.tables) st = tsn_store_commit(d->store, e->matcher);
    if (st != TOCSIN_OK) status = trouble(d, st);
  }
  if (status == 0 && e->out.tables) {
    status = tsn_tables_commit(e->out.tables);
    if (status == 0) tsn_store_committed(d->store, e->matcher);
  }
  tsn_bytes_clear(&committed);
  return status;
}

static uint64_t rows_in(const tsn_engine *e)
{
  tocsin_stats stats;

  tocsin_matcher_stats(e->matcher, &stats);
  return stats.rows_in;
}

size_t tsn_durable_limit(const tsn_engine *e, const tsn_source *s, size_t limit)
{
  const tsn_durable *d = e->durable;
  uint64_t gone;

  if (!d || !d->every_rows) return limit;
  gone = rows_in(e) - d->last_rows;
  if (gone >= d->every_rows) return s->next + 1 < limit ? s->next + 1 : limit;
  return limit - s->next > d->every_rows - gone ? s->next + (size_t)(d->every_rows - gone) : limit;
}

int tsn_durable_look(tsn_engine *e)
{
  tsn_durable *d = e->durable;

  if (!d) return 0;
  if (d->every_us ? (tsn_clock_wall() - d->last) * 1e6 < (double)d->every_us : rows_in(e) - d->last_rows < d->every_rows) return 0;
  d->last = tsn_clock_wall();
  d->last_rows = rows_in(e);
  return checkpoint(e, false);
}

int tsn_durable_end(tsn_engine *e, bool over)
{
  return e->durable ? checkpoint(e, over) : 0;
}
