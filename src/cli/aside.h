/* Rows set aside: bad ones and late ones, each by its policy.
 *
 * What is diverted becomes a JSON object a line: kind, stream, source, line,
 * offset; column and reason of a bad row; time, watermark and lateness of a late
 * one; and `row`, the line as it stood in the input. */
#ifndef TSN_CLI_ASIDE_H
#define TSN_CLI_ASIDE_H

#include "cli/args.h"
#include "cli/sink.h"
#include "cli/source.h"
#include "tocsin/run.h"

typedef enum tsn_policy { TSN_POLICY_DEFAULT, TSN_POLICY_SKIP, TSN_POLICY_DIVERT, TSN_POLICY_FAIL } tsn_policy;

typedef struct tsn_aside {
  tsn_alloc *alloc;
  tsn_policy bad, late;
  const char *bad_file, *late_file;
  tsn_sink bad_sink, late_sink; /* one file for both: the first serves both */
  bool shared;
  uint64_t bad_rows, late_rows;
  bool late_failed;      /* a late row has stopped the run, and was explained */
  int failed; /* exit status, once a policy or a write has stopped the run */
} tsn_aside;

/* Reads --bad and --late. An exit status. */
int tsn_aside_options(tsn_aside *a, const tsn_args *args);
/* committed: NULL, or lines about files: tsn_sink_open_at(). */
int tsn_aside_open(tsn_aside *a, tsn_alloc *alloc, const char *committed, size_t length);
/* Writes what is left to where no crash takes it, and appends how much there is: tsn_sink_commit(). */
int tsn_aside_commit(tsn_aside *a, tsn_bytes *committed);
/* Writes what is left. */
int tsn_aside_finish(tsn_aside *a);
void tsn_aside_close(tsn_aside *a);

/* For tsn_source.on_bad; context: the tsn_aside. */
void tsn_aside_bad(void *context, tsn_source *source, const tsn_bad_row *row);
void tsn_aside_late(tsn_aside *a, const tsn_source *source, const tocsin_late_row *row);

/* Explains a late row that stops the run. */
void tsn_aside_late_error(tsn_aside *a, const tsn_source *source, const tocsin_late_row *row);

/* Says at the end how many rows were left out, and how many values are not what stood there. */
void tsn_aside_summary(const tsn_aside *a, uint64_t rows, uint64_t late, uint64_t untimed, uint64_t nans);

#endif
