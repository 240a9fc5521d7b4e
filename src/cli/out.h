/* Where matches go: a file in a format, or tables of a database (tables.h).
 *
 *   tsn_out_open ──> tsn_out_row, again and again ──> tsn_out_end
 *                    tsn_out_flush where others are to see what came so far
 *
 * For runs that are durable: tsn_out_commit() puts what came so far where no crash takes it, and tells how much that is;
 * a later run opens the output with that, and what was written behind it is cut. */
#ifndef TSN_CLI_OUT_H
#define TSN_CLI_OUT_H

#include "cli/job.h"
#include "cli/sink.h"
#include "cli/tables.h"
#include "io/writer.h"

typedef struct tsn_out {
  tsn_writer_pattern *patterns;
  size_t first, count; /* of the program's patterns: those whose matches are wanted */
  tsn_sink sink;
  tsn_writer *writer; /* of a file; else */
  tsn_tables *tables;
  uint64_t rows;
  bool silent; /* the job is traced: matches are only counted */
} tsn_out;

/* Checks -o and --to, before anything is read. An exit status, as of all of these. */
int tsn_out_check(const tsn_args *args);

/* first, count: the patterns whose matches are wanted. committed: NULL, or lines about files, as
 * tsn_out_commit() told them: tsn_sink_open_at(). */
int tsn_out_open(tsn_out *o, tsn_job *job, size_t first, size_t count, const char *committed, size_t length);
void tsn_out_close(tsn_out *o);

/* A match, if it is wanted. */
int tsn_out_row(tsn_out *o, const tocsin_match *match);
/* Whether it is time for a flush, as the buffer is full or a person looks on. */
static inline bool tsn_out_is_full(const tsn_out *o)
{
  return !o->tables && (o->sink.buffer.length >= TSN_SINK_FULL || o->sink.is_terminal);
}
int tsn_out_flush(tsn_out *o);
/* Nothing more will come. */
int tsn_out_end(tsn_out *o);

/* Appends what is durable now, as tsn_sink_commit(); nothing of what cannot be cut: a pipe, a terminal. Tables are committed. */
int tsn_out_commit(tsn_out *o, tsn_bytes *committed);

#endif
