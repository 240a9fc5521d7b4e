/* Runs that survive: --state FILE.
 *
 *   begin    the store is opened, beside the output; a state that it has goes to the matcher, positions to the sources
 *   look     between two pushes: a checkpoint, when one is due
 *   end      the last one
 *
 * A checkpoint puts the output where no crash takes it, then commits the matcher's changes, the positions of the sources and
 * the output's length as one. Killed before that, the next run cuts what was written behind the length, and reads the
 * rows again. Output in a database commits with the state. What a pipe has taken cannot be cut: there rows may come twice,
 * with equal MATCH_ID(). */
#ifndef TSN_CLI_DURABLE_H
#define TSN_CLI_DURABLE_H

#include "cli/engine.h"

/* Checks the options. An exit status, as of all of these. */
int tsn_durable_check(const tsn_args *args);
/* Opens the output and what is put aside, and the state where there is to be one. *over: the run that it is of has come to its end. */
int tsn_durable_begin(tsn_engine *e, size_t first, size_t count, bool *over);
/* How many rows of s, up to `limit`, go before the next checkpoint. */
size_t tsn_durable_limit(const tsn_engine *e, const tsn_source *s, size_t limit);
int tsn_durable_look(tsn_engine *e);
/* over: all inputs are. */
int tsn_durable_end(tsn_engine *e, bool over);
void tsn_durable_close(tsn_engine *e);

#endif
