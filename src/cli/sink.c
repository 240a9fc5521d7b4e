/* Output: see sink.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/say.h"

int tsn_sink_open(tsn_sink *s, tsn_alloc *alloc, const char *path)
{
  bool standard = !path || !strcmp(path, "-");

  *s = (tsn_sink){ .name = standard ? "standard output" : path, .fd = STDOUT_FILENO };
  tsn_bytes_init(&s->buffer, alloc, 0);
  if (!standard) s->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (s->fd < 0) {
    tsn_say("cannot write %s: %s", path, strerror(errno));
    return TSN_EXIT_OUTPUT;
  }
  s->is_terminal = isatty(s->fd);
  return 0;
}

void tsn_sink_close(tsn_sink *s)
{
  if (!s->name) return;
  if (s->fd > STDERR_FILENO) close(s->fd);
  tsn_bytes_clear(&s->buffer);
  *s = (tsn_sink){ .fd = -1 };
}

int tsn_sink_flush(tsn_sink *s)
{
  const char *p = s->buffer.data;
  size_t left = s->buffer.length;

  if (s->buffer.failed != TOCSIN_OK) return tsn_no_memory();
  if (left && s->is_terminal && tsn_say_before) tsn_say_before();
  while (left) {
    ssize_t done = write(s->fd, p, left);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) {
      tsn_bytes_reset(&s->buffer);
      if (errno == EPIPE) return TSN_EXIT_PIPE;
      tsn_say("cannot write %s: %s", s->name, strerror(errno));
      return TSN_EXIT_OUTPUT;
    }
    p += done;
    left -= (size_t)done;
  }
  tsn_bytes_reset(&s->buffer);
  return 0;
}
