/* What run, query and explain begin with: a text, inputs, and a program for both.
 *
 *   declared streams and tables ──┐
 *   inputs of the command line ───┴─> which input feeds which stream
 *                                     what nobody declared is inferred from a sample
 *                                  ─> tocsin_compile() ─> sources, in the order of the command line */
#ifndef TSN_CLI_JOB_H
#define TSN_CLI_JOB_H

#include "cli/source.h"
#include "tocsin/compile.h"
#include "tocsin/run.h"

typedef struct tsn_job {
  const tsn_args *args;
  tsn_alloc *alloc;
  tsn_arena arena;
  const char *file; /* of the text, for messages */
  tsn_bytes text;
  tsn_inputs inputs;
  tocsin_program *program;
  tsn_source *sources; /* of streams */
  size_t source_count;
  tsn_source *tables; /* read whole before any stream */
  size_t table_count;
  const tocsin_tracer *tracer; /* set before compiling: told what paths do, in the place of matches; */
  void (*on_late)(void *context, const tsn_source *source, const tocsin_late_row *row); /* and of late rows */
} tsn_job;

void tsn_job_init(tsn_job *job, tsn_args *args);
void tsn_job_close(tsn_job *job);

/* Reads the text of a file. */
int tsn_job_read(tsn_job *job, const char *path);

/* With the text in place: looks at the inputs, compiles, and makes the sources.
 * inputs: operands of the command from `first` on. An exit status. */
int tsn_job_compile(tsn_job *job, size_t first);

/* The pattern that --pattern names; SIZE_MAX: it is not given. An exit status. */
int tsn_job_pattern(const tsn_job *job, size_t *out);

#endif
