/* Reading beside matching: a thread of its own reads a source ahead.
 *
 *   thread    file --> unpack --> decode --> [ packet | packet | packet ]
 *   main                                       taken in order --> matcher --> output
 *
 * A packet is what one tsn_source_fill() has brought, with all that can be seen of
 * it from outside: rows, the way back to their lines, counters, and in the order in
 * which they came up the bad rows and messages, which are told when the packet is
 * taken. So everything happens in the order in which it does without a thread. */
#ifndef TSN_CLI_PIPE_H
#define TSN_CLI_PIPE_H

#include "cli/source.h"

/* Starts reading ahead. The source's files and its allocator belong to the thread
 * from now on. false: there is no thread, and the source is as it was. */
bool tsn_pipe_start(tsn_source *s);

/* The next rows, as tsn_source_fill(). */
int tsn_pipe_fill(tsn_source *s);

/* The line of a row at hand, as tsn_source_origin(). */
bool tsn_pipe_origin(const tsn_pipe *pipe, size_t row, tsn_origin *out);

/* Ends the thread, wherever it is. */
void tsn_pipe_free(tsn_pipe *pipe);

#endif
