/* The matcher between its sources and the output: rows in, matches out, and what is told of both.
 *
 *   drive   options, opening and closing, the report
 *     ├─> merge   bounded inputs, in the order of their event times
 *     └─> live    inputs that are followed, as they come
 *           └─> engine   rows of a source to the matcher, matches to the output */
#ifndef TSN_CLI_ENGINE_H
#define TSN_CLI_ENGINE_H

#include "cli/aside.h"
#include "cli/job.h"
#include "cli/out.h"
#include "tocsin/run.h"

/* What is left open at the end, and what is told by the clock: --no-flush, --follow, --idle, --max-future. */
typedef struct tsn_live {
  bool follow, no_flush;
  int64_t idle_us;       /* 0: no source is idle */
  bool advances;         /* where all are idle the clock tells the time */
  int64_t max_future_us; /* -1: no row lies too far ahead */
} tsn_live;

typedef struct tsn_durable tsn_durable; /* durable.h */

typedef struct tsn_engine {
  tsn_job *job;
  tsn_durable *durable; /* NULL: nothing is kept */
  tsn_live live;
  tocsin_matcher *matcher;
  size_t only; /* the pattern of --pattern, or SIZE_MAX */
  tsn_out out;
  tsn_aside aside;
  const tsn_source *pushing; /* for late rows */
  tocsin_late_row late;      /* the last one */
  bool timing;
  double start, match_seconds;
  tocsin_stats stats;
  int64_t watermark; /* of the data so far */
  int has_watermark;
} tsn_engine;

/* All of them answer an exit status, and have said what failed. */

/* Makes the source's next rows ready; its end is told to the matcher. */
int tsn_engine_fill(tsn_engine *e, tsn_source *s);
/* Pushes the source's rows up to `limit`, and writes the matches. */
int tsn_engine_push(tsn_engine *e, tsn_source *s, size_t limit);
/* No row before the time will come any more. */
int tsn_engine_advance(tsn_engine *e, int64_t watermark);
/* Tables, read whole, before any stream. */
int tsn_engine_load(tsn_engine *e);
/* Streams that nothing feeds, which only patterns read that --pattern leaves out. */
int tsn_engine_finish_unfed(tsn_engine *e);
/* All inputs are over. */
int tsn_engine_finish(tsn_engine *e);

/* Keeps the watermark of the data, which its end does not move. */
void tsn_engine_see_watermark(tsn_engine *e);
bool tsn_engine_is_fed(const tsn_source *sources, size_t count, size_t stream);

/* For matcher options; context: the engine. */
void tsn_engine_late(void *context, const tocsin_late_row *row);

/* Among sources with rows at hand the one whose next row comes first, and how many of its rows go before those of the
 * others; at equal times the one named first goes first. NULL: there is none. */
tsn_source *tsn_merge_next(tsn_job *job, size_t *limit);
/* To the end of all inputs. */
int tsn_merge_run(tsn_engine *e);
/* For ever, or until they end. */
int tsn_live_run(tsn_engine *e);

/* Reads the options of `live`. An exit status. */
int tsn_live_options(tsn_live *live, const tsn_args *args);

#endif
