/* Output: see sink.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_value.h"
#include "base/map.h"
#include "cli/cli.h"
#include "cli/place.h"
#include "cli/say.h"
#include "io/writer.h"

#define TAIL 1024 /* bytes by whose hash an output is known again */

/* The last bytes of a file, as long as it was committed; false: they cannot be read. */
static bool hash_tail(const tsn_sink *s, uint64_t length, uint64_t *hash)
{
  char tail[TAIL];
  size_t want = length < TAIL ? (size_t)length : TAIL, have = 0;
  int fd = open(s->name, O_RDONLY | O_CLOEXEC); /* it is open for writing only, so that a pipe waits for its reader */

  while (fd >= 0 && have < want) {
    ssize_t got = pread(fd, tail + have, want - have, (off_t)(length - want + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += (size_t)got;
  }
  if (fd >= 0) close(fd);
  *hash = tsn_hash_bytes(tail, have, 0);
  return fd >= 0 && have == want;
}

static int cannot_write(const tsn_sink *s)
{
  tsn_say("cannot write %s: %s", s->name, strerror(errno));
  return TSN_EXIT_OUTPUT;
}

/* Cuts what was written behind the commit. */
static int cut_tail(tsn_sink *s, const char *committed, size_t length)
{
  uint64_t size, wanted, hash;
  off_t end = lseek(s->fd, 0, SEEK_END);

  if (!tsn_place_number(committed, length, "length", &size) || !tsn_place_number(committed, length, "hash", &wanted)) {
    tsn_say("what is known of %s is damaged", s->name);
    return TSN_EXIT_OUTPUT;
  }
  if (end < 0 || (uint64_t)end < size) {
    tsn_say("%s was truncated: %llu bytes of it were committed, and it has %llu now", s->name, (unsigned long long)size,
            (unsigned long long)(end < 0 ? 0 : end));
    return TSN_EXIT_OUTPUT;
  }
  if (!hash_tail(s, size, &hash) || hash != wanted) {
    tsn_say("%s was replaced or changed: it is not what was committed", s->name);
    return TSN_EXIT_OUTPUT;
  }
  s->length = size;
  return ftruncate(s->fd, (off_t)size) == 0 && lseek(s->fd, (off_t)size, SEEK_SET) >= 0 ? 0 : cannot_write(s);
}

/* The line about the file; false: there is none. */
static bool find_line(const char **line, size_t *length, const char *path)
{
  const char *p = *line, *end = p + *length;
  size_t want = strlen(path);

  for (const char *next; p < end; p = next + 1) {
    tsn_json_piece piece;
    char text[4096];
    next = memchr(p, '\n', (size_t)(end - p));
    if (!next) next = end;
    if (!tsn_json_value_find(p, (size_t)(next - p), "$.path", 6, &piece) || piece.length > sizeof text) continue;
    if (tsn_json_value_text(&piece, text) != want || memcmp(text, path, want)) continue;
    *line = p;
    *length = (size_t)(next - p);
    return true;
  }
  return false;
}

int tsn_sink_open_at(tsn_sink *s, tsn_alloc *alloc, const char *path, const char *committed, size_t length)
{
  bool standard = !path || !strcmp(path, "-");
  struct stat info;

  *s = (tsn_sink){ .name = standard ? "standard output" : path, .fd = STDOUT_FILENO };
  tsn_bytes_init(&s->buffer, alloc, 0);
  if (!standard) s->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (s->fd < 0) return cannot_write(s);
  s->is_terminal = isatty(s->fd);
  s->is_regular = !standard && fstat(s->fd, &info) == 0 && S_ISREG(info.st_mode);
  if (!s->is_regular) return 0;
  if (length && find_line(&committed, &length, path)) return cut_tail(s, committed, length);
  return ftruncate(s->fd, 0) == 0 ? 0 : cannot_write(s);
}

int tsn_sink_open(tsn_sink *s, tsn_alloc *alloc, const char *path)
{
  return tsn_sink_open_at(s, alloc, path, NULL, 0);
}

int tsn_sink_commit(tsn_sink *s, tsn_bytes *committed)
{
  uint64_t hash;
  int st = tsn_sink_flush(s);

  if (st != 0 || !s->is_regular) return st;
  if (fdatasync(s->fd) != 0 || !hash_tail(s, s->length, &hash)) return cannot_write(s);
  tsn_bytes_text(committed, "{\"path\":");
  tsn_write_json_text(committed, s->name, strlen(s->name));
  tsn_bytes_printf(committed, ",\"length\":%llu,\"hash\":%llu}\n", (unsigned long long)s->length, (unsigned long long)hash);
  return committed->failed == TOCSIN_OK ? 0 : tsn_no_memory();
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
      return cannot_write(s);
    }
    s->length += (uint64_t)done;
    p += done;
    left -= (size_t)done;
  }
  tsn_bytes_reset(&s->buffer);
  return 0;
}
