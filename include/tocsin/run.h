/* From events to matches.
 *
 *   tocsin_matcher_new(program, &options, &m);
 *   for each batch, until taken == rows:
 *     tocsin_matcher_push(m, stream, &batch, first_row, &taken);
 *     while (tocsin_matcher_next(m, &match)) use(&match);
 *   tocsin_matcher_finish(m);                  // end of all bounded inputs
 *   while (tocsin_matcher_next(m, &match)) use(&match);
 *   tocsin_matcher_free(m);
 *
 * A matcher belongs to one thread at a time and keeps a borrowed reference to
 * its program. It does no I/O and reads no clock
 * but the one that the options give. */
#ifndef TOCSIN_RUN_H
#define TOCSIN_RUN_H

#include "tocsin/batch.h"
#include "tocsin/program.h"
#include "tocsin/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tocsin_matcher tocsin_matcher;

/* Times are int64 here: microseconds since 1970 UTC, the number itself where the time
 * column is BIGINT, and where it is DOUBLE a number in the order of doubles, which
 * these two make and read (value is no NaN; -0.0 counts as 0.0). */
TOCSIN_API int64_t tocsin_time_of_double(double value);
TOCSIN_API double tocsin_double_of_time(int64_t time);

/* What to do with a row whose time lies before the watermark (language page,
 * section 8). DEFAULT: DROP where the stream declares a WATERMARK for the time by
 * which a pattern orders it, else FAIL. */
typedef enum tocsin_late_policy {
  TOCSIN_LATE_DEFAULT = 0,
  TOCSIN_LATE_DROP = 1,
  TOCSIN_LATE_FAIL = 2
} tocsin_late_policy;

/* A late row, as it is told to the host: which row of which batch. */
typedef struct tocsin_late_row {
  size_t stream;
  size_t row;        /* index in the batch being pushed */
  int64_t time;      /* of the row */
  int64_t watermark; /* in force */
} tocsin_late_row;

/* A function that the text declares with CREATE FUNCTION.
 *
 * name  as declared; an exact spelling wins over one in another case
 * call  is given as many arguments as were declared, each of its declared type or
 *       NULL, and a result that is NULL of the declared type: it sets is_null to 0
 *       and the value. NULLs are passed on, what they mean is the function's.
 *         texts of arguments are UTF-8 without a NUL, valid for the call;
 *         a text of the result is the function's own, valid until it is called
 *         again: it is copied at once, and must be UTF-8
 *       OK     a NaN counts as NULL
 *       NOMEM  the matcher stops with it
 *       other  a run-time error: the matcher's message names function, pattern,
 *              key and row, and then what *message says (valid until the next
 *              call; NULL: nothing)
 *
 * The result depends on the arguments alone: how often a function is called, and
 * in which order, is not told - once a row and condition, again when a match is
 * replayed, not at all where an AND or a CASE is decided before it. It must not
 * take the matcher that calls it. A program that was loaded may declare other
 * types than expected under a name: look at tocsin_program_function(), or at the
 * types that the values carry. */
typedef struct tocsin_host_function {
  const char *name;
  tocsin_status (*call)(void *context, const tocsin_value *arguments, size_t count, tocsin_value *result,
                        const char **message);
  void *context;
} tocsin_host_function;

typedef struct tocsin_matcher_options {
  const tocsin_allocator *allocator; /* NULL: the C library's */
  tocsin_late_policy late;
  void (*on_late)(void *context, const tocsin_late_row *row); /* may be NULL; under FAIL called before LATE is answered */
  void *on_late_context;
  /* Limits; 0 takes the default in parentheses. */
  uint64_t max_paths_per_partition; /* (1,000,000) */
  uint64_t max_rows_per_partition;  /* (10,000,000) rows kept */
  uint64_t max_bytes;               /* (none) memory of the matcher in all */
  /* The clock behind NOW(), processing time: microseconds since 1970 UTC. Asked at
   * most once a row. NULL: NOW() is a run-time error. */
  int64_t (*now)(void *context);
  void *now_context;
  /* Functions of the host; those that the program does not declare are left out. The
   * array is borrowed for tocsin_matcher_new(), call and context as long as the
   * matcher lives. */
  const tocsin_host_function *functions;
  size_t function_count;
  /* Told what each path does; for programs that were compiled with options.trace, else
   * MISUSE. Borrowed as long as the matcher lives. NULL: nobody. */
  const tocsin_tracer *tracer;
} tocsin_matcher_options;

/* A matcher at its begin.
 *
 * program  borrowed as long as the matcher lives
 * options  NULL for the defaults; borrowed for the call, but for the callbacks
 * matcher  set on OK, else NULL
 *
 * MISSING  the options lack a function that a pattern calls: one of those that
 *          tocsin_program_function() shows as needed
 * LIMIT, NOMEM */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_matcher_new(const tocsin_program *program, const tocsin_matcher_options *options, tocsin_matcher **matcher);
TOCSIN_API void tocsin_matcher_free(tocsin_matcher *matcher);

/* Feeds rows.
 *
 * stream     index, as in tocsin_program_stream()
 * batch      columns of that stream, rows in arrival order; borrowed for the call
 * first      row to begin with: push the same batch again from `taken` on
 * taken      one past the last row consumed, set on failure too; may be less
 *            than batch->rows when enough matches wait: take them, push again
 *
 * OK         decidable matches wait for tocsin_matcher_next()
 * LATE       row `taken` is late and the policy is FAIL; pushing from
 *            taken + 1 on leaves it out
 * RUNTIME    row `taken` made an expression or SKIP TO fail; the matcher stops
 * LIMIT, NOMEM
 * After RUNTIME, LIMIT or NOMEM the matcher only answers the same again;
 * tocsin_matcher_message() says more. */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_matcher_push(tocsin_matcher *matcher, size_t stream, const tocsin_batch *batch, size_t first, size_t *taken);

/* No row with time < watermark will come any more, in any stream. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_advance(tocsin_matcher *matcher, int64_t watermark);

/* A bounded input is over: it no longer holds back the watermark of the patterns that
 * merge it with others, and a pattern that reads no other finishes. Pushing to it is
 * MISUSE from now on; finishing it twice does nothing. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_finish_stream(tocsin_matcher *matcher, size_t stream);

/* All bounded inputs are over: timers fire, open matches finish. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_finish(tocsin_matcher *matcher);

/* ---- tables ----
 *
 * A table is empty until it is loaded: what is joined to it is NULL then. It may be
 * loaded again at any time; rows are joined when they are pushed, with what the table
 * holds in that moment. Its memory counts as the matcher's.
 *
 *   tocsin_matcher_load(m, table, &load);
 *   for each batch, until taken == rows: tocsin_load_push(load, &batch, first_row, &taken);
 *   tocsin_load_commit(load);
 *   tocsin_load_free(load);
 *
 * Until the commit the table holds what it held before. */
typedef struct tocsin_load tocsin_load;

/* Begins a new content, empty. table: index, as in tocsin_program_table(). *load is set
 * on OK, else NULL; freed before the matcher. LIMIT, NOMEM; what the matcher stopped with. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_load(tocsin_matcher *matcher, size_t table, tocsin_load **load);

/* Adds rows to it.
 *
 * batch      columns as in tocsin_program_table_column(); borrowed for the call
 * first      row to begin with
 * taken      one past the last row added, set on failure too
 *
 * OK         *taken is batch->rows
 * KEY        row *taken has NULL in its key, or the key of a row before it; pushing
 *            from *taken + 1 on leaves it out
 * LIMIT, NOMEM
 * After LIMIT or NOMEM the load can only be freed; the matcher goes on with what the
 * table held. */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_load_push(tocsin_load *load, const tocsin_batch *batch, size_t first, size_t *taken);

/* Puts the content in the place of what the table held, all of it at once. It takes no
 * memory and cannot fail but by MISUSE: after a failed push, or twice. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_load_commit(tocsin_load *load);

/* A sentence about the last failure; "" if there was none. Lives until the next call. */
TOCSIN_API const char *tocsin_load_message(const tocsin_load *load);

/* Ends a load; without a commit it leaves nothing behind. */
TOCSIN_API void tocsin_load_free(tocsin_load *load);

/* ---- what comes out ---- */

/* A sentence about the last failure; "" if there was none. Lives until the next call. */
TOCSIN_API const char *tocsin_matcher_message(const tocsin_matcher *matcher);

/* One output row. Valid until the next call that takes the matcher. */
typedef struct tocsin_match {
  size_t pattern;
  const tocsin_value *values; /* one an output column */
  size_t value_count;
  int timeout;  /* MATCH_STATUS() is 'TIMEOUT' */
  int64_t time; /* the output time of section 8 */
} tocsin_match;

/* 1 and the next decided match, in the one deterministic order, or 0. */
TOCSIN_API int tocsin_matcher_next(tocsin_matcher *matcher, tocsin_match *match);

typedef struct tocsin_stats {
  uint64_t rows_in;           /* pushed, late ones included */
  uint64_t rows_matched_over; /* rows that a pattern took */
  uint64_t rows_filtered;     /* in time, but no pattern reads them, or WHERE inside FROM let none take them */
  uint64_t rows_late;
  uint64_t rows_bad; /* a row without event time */
  uint64_t nan_values;
  uint64_t matches;
  uint64_t timeouts;
  uint64_t dropped; /* starts, under on_limit = 'drop oldest' */
  uint64_t live_paths, live_paths_peak; /* of all patterns; each one's peak counts, whenever it was */
  uint64_t rows_kept, rows_kept_peak;   /* the same for rows that patterns keep */
  uint64_t partitions;
  uint64_t bytes, bytes_peak; /* memory of the matcher */
  int has_watermark;
  int64_t watermark;
} tocsin_stats;

TOCSIN_API void tocsin_matcher_stats(const tocsin_matcher *matcher, tocsin_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
