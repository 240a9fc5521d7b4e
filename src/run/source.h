/* Where rows come from, and how the runs of a program hang together.
 *
 *   tsn_feed      feed.c     the runs of a program, and which parts read which streams and patterns
 *     tsn_source  source.c   one part of a run: raw rows, WHERE, values; its watermark */
#ifndef TSN_RUN_SOURCE_H
#define TSN_RUN_SOURCE_H

#include "run/run.h"

/* ---- source.c ---- */
/* What becomes of a row that a part reads. */
typedef enum tsn_fate { FATE_TAKEN, FATE_LATE, FATE_BAD } tsn_fate;

struct tsn_source {
  const tsn_part_rec *p;
  const char *name; /* of the stream or pattern */
  const tsn_value_rec *values; /* by slot of the run */
  const uint32_t *columns;     /* by raw slot */
  uint8_t *types;
  tsn_cell *raw; /* the raw row at hand */
  bool plain;    /* the raw row is the run's row */
  bool over;     /* no row will come */
  struct tsn_window *windows; /* over its rows */
  int64_t max_time, watermark; /* TSN_TIME_MIN before any */
  tsn_fate fate;               /* of the row that was looked at last, */
  int64_t time, missed;        /* its time, and the watermark that it must not lie before */
};

tocsin_status tsn_sources_init(tsn_run *r);
void tsn_sources_clear(tsn_run *r);
/* What a row of a batch is to a part, before anything is done with it. */
tsn_fate tsn_source_look(tsn_run *r, tsn_source *s, const tocsin_batch *batch, size_t row);
/* The row that was looked at and may be taken, with its place among all arrivals. *taken: WHERE let it pass. */
bool tsn_source_row(tsn_run *r, tsn_source *s, const tocsin_batch *batch, size_t row, uint64_t arrival, bool *taken);
/* An output row of the pattern that the part reads. */
bool tsn_source_output(tsn_run *r, tsn_source *s, const tsn_out_row *row, uint64_t arrival);
/* No row before this time will come in the part. */
bool tsn_source_reached(tsn_run *r, tsn_source *s, int64_t watermark);
/* The part is over; with its last part the run is finished. */
bool tsn_source_over(tsn_run *r, tsn_source *s);
/* Whether rows of a stream come to the run; else only those of patterns. */
bool tsn_run_reads_stream(const tsn_run *r);

/* ---- feed.c ---- */
typedef struct tsn_reader {
  tsn_run *run;
  tsn_source *source;
} tsn_reader;

/* ---- stretch.c ---- */
/* Output rows of one run at one row of the block; those before them are the ones of the report before. */
typedef struct tsn_reported {
  uint32_t row;
  uint32_t run; /* of the sweep */
  size_t end;   /* of the output: the first row behind them */
  uint64_t matches, timeouts; /* that were counted */
} tsn_reported;

typedef struct tsn_sweep {
  tsn_alloc *alloc;
  tsn_output *output;
  tsn_run **runs; /* that read the stream at hand */
  size_t count;
  size_t full;      /* so many output rows are enough */
  uint32_t stretch; /* rows that go through all patterns before the output is looked at */
  bool unbounded;   /* a start of some pattern may give many output rows */
  tsn_reported *reports; /* of the stretch at hand: of each run in order of rows; there is room for two more */
  size_t report_count, report_cap;
  uint32_t at;               /* the run at hand */
  size_t from;               /* of the output: the first row of the stretch */
  uint64_t matches, timeouts; /* of the run at hand, at its last report */
  tsn_out_row *ordered;
  uint32_t *places; /* of reports, in order */
  size_t ordered_cap, places_cap;
} tsn_sweep;

typedef struct tsn_feed {
  const tocsin_program *program;
  tsn_alloc *alloc;
  tsn_output *output; /* of all runs */
  tsn_run *runs;      /* by pattern */
  size_t run_count;
  tsn_reader *readers; /* by what they read: streams, then patterns */
  uint32_t *first;     /* by stream, then pattern: its first reader */
  size_t reader_count;
  bool *over;        /* streams of which no row will come */
  uint64_t arrivals; /* rows so far, of all sources */
  tsn_sweep sweep;
  tsn_block *blocks; /* by stream */
  uint16_t *word_of; /* see block.h */
  tsn_vector *vector; /* NULL until a block came */
} tsn_feed;

/* A step answers the run that failed, or NULL. */
tocsin_status tsn_feed_init(tsn_feed *f, const tocsin_program *program, tsn_alloc *alloc, tsn_output *output, uint64_t max_paths, uint64_t max_rows);
void tsn_feed_clear(tsn_feed *f);
/* What a row of a stream is to each of its readers, before any takes it; whether all may take it. */
bool tsn_feed_look(tsn_feed *f, size_t stream, const tocsin_batch *batch, size_t row);
/* The row that was looked at, for the parts to which it is not late; *used: one of them took it. */
tsn_run *tsn_feed_row(tsn_feed *f, size_t stream, const tocsin_batch *batch, size_t row, bool *used);
/* As many rows of a stream from `first` on as can go through at once; *done 0: the next one needs a look. `full`
 * output rows are enough. */
tsn_run *tsn_feed_block(tsn_feed *f, size_t stream, const tocsin_batch *batch, size_t first, size_t full, uint32_t *done);
/* No row of a stream before this time will come. */
tsn_run *tsn_feed_advance(tsn_feed *f, int64_t watermark);
/* No row of this stream will come. */
tsn_run *tsn_feed_over(tsn_feed *f, size_t stream);

/* sweep.c */
/* How many rows from the first have a time, in order, behind the watermark. */
uint32_t tsn_sweep_orderly(tsn_run *r, tsn_block *b);
/* Evaluates the conditions of a run over the block. */
void tsn_sweep_see(tsn_run *r, tsn_block *b);
/* `done` rows of the block are through. */
void tsn_sweep_pass(tsn_run *r, tsn_block *b, uint32_t done);

/* stretch.c */
/* The rows of a block; reports come in the order of rows over all patterns. *done: so many rows are
 * through; fewer than there are where s->full output rows wait, or where the next one
 * is late or has no time (0: the very first). false: *failed says why. */
bool tsn_sweep_block(tsn_sweep *s, tsn_block *b, uint32_t *done, tsn_run **failed);
/* A row of the run at hand is through; false: no memory. *until, up to which rows come, is lowered where the output is full. */
bool tsn_sweep_note(tsn_sweep *s, tsn_run *r, uint32_t row, uint32_t *until);
void tsn_sweep_free(tsn_sweep *s);

#endif
