/* An output file behind a buffer. */
#ifndef TSN_CLI_SINK_H
#define TSN_CLI_SINK_H

#include "base/bytes.h"

typedef struct tsn_sink {
  const char *name; /* for messages */
  int fd;
  bool is_terminal, is_regular;
  uint64_t length; /* of a regular file: what was written to it */
  tsn_bytes buffer;
} tsn_sink;

#define TSN_SINK_FULL ((size_t)64 << 10)

/* path NULL or "-": standard output. An exit status. */
int tsn_sink_open(tsn_sink *s, tsn_alloc *alloc, const char *path);
/* Opens a file behind what was committed of it: what follows is cut. committed: NULL, or lines that tsn_sink_commit() told,
 * of this file or others; a file of which none is told is empty then. One that is shorter, or ends otherwise there, is an
 * error that names it. */
int tsn_sink_open_at(tsn_sink *s, tsn_alloc *alloc, const char *path, const char *committed, size_t length);
void tsn_sink_close(tsn_sink *s); /* what is in the buffer is lost */

/* Writes the buffer. TSN_EXIT_PIPE: the other end has gone. */
int tsn_sink_flush(tsn_sink *s);

/* Writes the buffer to where no crash takes it, and appends how much there is now, as a line of JSON: path, length,
 * and a hash of the last of it. Nothing of what is no regular file. */
int tsn_sink_commit(tsn_sink *s, tsn_bytes *committed);

/* After bytes were appended: writes where the buffer is full, or each time on a terminal. */
static inline int tsn_sink_wrote(tsn_sink *s)
{
  return s->buffer.length >= TSN_SINK_FULL || s->is_terminal || s->buffer.failed != TOCSIN_OK ? tsn_sink_flush(s) : 0;
}

#endif
