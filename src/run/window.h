/* Aggregates over the rows before: the windows of a part (language page, section 3).
 *
 *   tsn_window          one PARTITION BY and one frame, with its aggregates
 *     frames by key     [ first ......... | .............. | ...... last ]   a ring of rows: time, arguments
 *                         <-- front -->     <--- back --->   <- waiting ->
 *                         what each row     what all of      for the frame's
 *                         and those be-     them come to     end to reach them
 *                         hind it come to
 *
 * Rows come in at the back and leave at the front. What a frame comes to is its first
 * row's front part merged with the back part: two merges a row, whatever the frame's
 * length. When the front is used up, the back becomes the front, from its last row to
 * its first. Nothing is ever subtracted: a value that has left leaves no trace, be it
 * infinite or so large that the others were lost beside it.
 *
 * A frame without a begin keeps what its rows come to, and none of them. What cannot be
 * merged (lists, percentiles, DISTINCT) is gathered anew from the rows of the frame.
 *
 * Texts are stored in the run's (texts.c), which visits them. */
#ifndef TSN_RUN_WINDOW_H
#define TSN_RUN_WINDOW_H

#include "run/source.h"

/* What an aggregate knows of a stretch of rows. */
typedef struct tsn_partial {
  int64_t n; /* values; 0: nothing yet */
  union {
    struct {
      uint64_t low;
      int64_t high;
    } whole; /* a sum of 128 bits */
    struct {
      double high, low;
    } real; /* a sum, and what was lost of it in rounding */
    struct {
      double mean, low, squares;
    } spread; /* mean + low; squares: of the distances from it */
    int64_t row; /* the number of the row that was picked */
  } v;
} tsn_partial;

/* What cannot be merged, so far. */
typedef struct tsn_gathered {
  tsn_bytes lists[2];
  tsn_set set;
  tsn_arena texts; /* of the set, where it outlives its rows */
} tsn_gathered;

/* The rows of one key. */
typedef struct tsn_frame {
  uint64_t hash;
  uint32_t used, next_free;
  uint8_t changed, stored; /* changes.c */
  uint32_t older, newer; /* by the time of the last row */
  uint64_t group;        /* the last one that a row of it was in */
  size_t values;         /* where the group keeps what it comes to */
  int64_t last_time;
  uint32_t cap, head, count; /* the ring */
  uint32_t in, front;        /* its first so many rows: in the frame; in its front */
  int64_t first;             /* number of its first row */
  char *rows;
  tsn_cell *cells;        /* keys; in a frame without a begin the arguments of rows that were picked, two an aggregate */
  tsn_partial *back;      /* one an aggregate */
  tsn_gathered *gathered; /* in a frame without a begin: one an aggregate */
} tsn_frame;

typedef struct tsn_window {
  const tsn_window_rec *rec;
  const tsn_over_rec *overs;
  uint32_t *args; /* slots that the rows of a frame carry, each once */
  uint32_t arg_count;
  uint32_t (*arg_of)[2]; /* of an aggregate: its arguments among args; TSN_NONE */
  size_t stride;         /* bytes of a row in the ring */
  tsn_frame *frames;
  size_t count, cap;
  uint32_t free;
  uint32_t oldest, newest; /* frames by the time of their last row */
  tsn_map map;
  tsn_changes changes; /* frames */
  const tsn_source *source;
  tsn_gathered scratch;
} tsn_window;

/* partial.c: of all aggregates but those that pick a row or gather a list. */
tsn_partial tsn_partial_of(const tsn_over_rec *over, const tsn_cell *value);
tsn_partial tsn_partial_merge(const tsn_over_rec *over, const tsn_partial *a, const tsn_partial *b);
bool tsn_partial_value(tsn_run *r, const tsn_over_rec *over, const tsn_partial *p, tsn_cell *out);

/* frame.c */
bool tsn_window_init(tsn_run *r, const tsn_source *s, tsn_window *w, const tsn_window_rec *rec);
void tsn_window_clear(tsn_run *r, tsn_window *w);
/* The frame of the row at hand's key; made where there is none. TSN_NONE: failed. */
uint32_t tsn_window_frame(tsn_run *r, tsn_window *w, const tsn_cell *row);
/* A row comes, loaded; the frame becomes that of this row. */
bool tsn_frame_add(tsn_run *r, tsn_window *w, uint32_t frame, int64_t time, const tsn_cell *row);
/* Rows before this time will not come: forgets the frames that only they could see. */
void tsn_window_expire(tsn_run *r, tsn_window *w, int64_t time);
/* What the frame comes to; a text is good until texts are stored or the scratch arena is cleared. */
bool tsn_frame_value(tsn_run *r, tsn_window *w, uint32_t frame, uint32_t over, tsn_cell *out);
/* changes.c */
void tsn_frame_changed(tsn_run *r, tsn_window *w, uint32_t frame);
void tsn_frame_gone(tsn_run *r, const tsn_source *s, tsn_window *w, const tsn_frame *f);
void tsn_name_frame(const tsn_run *r, const tsn_source *s, const tsn_window *w, const tsn_frame *f, tsn_bytes *out);
/* Every stored text. */
void tsn_window_visit(tsn_run *r, tsn_window *w, tsn_text_visitor f, tsn_texts *young);

/* window.c */
tocsin_status tsn_windows_init(tsn_run *r, tsn_source *s);
void tsn_windows_clear(tsn_run *r, tsn_source *s);
/* So many rows of one time, taken out of the sort buffer in their order, then their late values. */
bool tsn_group_begin(tsn_run *r, size_t rows);
bool tsn_group_finish(tsn_run *r, const tsn_waiting *rows, size_t count);
void tsn_group_clear(tsn_run *r);
/* What an aggregate of the part comes to, for the row whose late values are made. */
bool tsn_group_value(tsn_run *r, uint32_t over, tsn_cell *out);
/* No row before that time will come. */
void tsn_windows_expire(tsn_run *r, int64_t time);
void tsn_windows_visit(tsn_run *r, tsn_text_visitor visit, tsn_texts *young);

#endif
