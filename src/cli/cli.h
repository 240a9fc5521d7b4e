/* The command `tocsin`: a host of the library like others, that opens files.
 *
 *   main ──> cmd_run, cmd_query ──> job ──> drive ──> merge, live ──> source ──> input     files to rows
 *        │                          inputs,   │          │           batches    bytes
 *        │                          compile   │          │      (pipe: on a thread;
 *        │                                    │          │       place, position, follow)
 *        │                                    │          └──> engine ──> sink, aside
 *        │                                    └──> stats, progress
 *        ├─> cmd_trace: trace_story, trace_words                        what paths did
 *        ├─> cmd_test: test_form, test_play, test_show, test_report   tests beside patterns
 *        └─> cmd_check, cmd_explain, cmd_fmt, cmd_schema
 *
 *   below them all: args (options, help), say (messages), diag_print
 *
 * A function that can fail says what failed itself, on standard error, and
 * answers with the exit status it means; 0 is success. */
#ifndef TSN_CLI_CLI_H
#define TSN_CLI_CLI_H

#include "base/alloc.h"
#include "cli/args.h"

typedef enum tsn_exit {
  TSN_EXIT_DONE = 0,
  TSN_EXIT_PATTERN = 1, /* does not compile, or a check fails */
  TSN_EXIT_USAGE = 2,
  TSN_EXIT_INPUT = 3, /* an input cannot be read, or the run failed on it */
  TSN_EXIT_OUTPUT = 4,
  TSN_EXIT_INTERRUPTED = 130,
  TSN_EXIT_PIPE = -1, /* nobody reads the output any more: end quietly, with 0 */
} tsn_exit;

/* What a status of the library means as an exit status: status.def. */
int tsn_exit_of(tocsin_status status);

/* "out of memory", and the status for it. */
int tsn_no_memory(void);

extern const tsn_command tsn_cmd_run, tsn_cmd_query, tsn_cmd_check, tsn_cmd_explain, tsn_cmd_trace, tsn_cmd_test,
  tsn_cmd_fmt, tsn_cmd_schema;

#endif
