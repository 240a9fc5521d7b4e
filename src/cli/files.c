/* Whole files: see files.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/say.h"

int tsn_files_read(const char *path, tsn_bytes *out)
{
  bool is_input = !strcmp(path, "-");
  int fd = is_input ? 0 : open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = 1;
  struct stat info;

  if (fd < 0 || (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode) && (errno = EISDIR))) {
    tsn_say("cannot read %s: %s", path, strerror(errno));
    if (fd > 0) close(fd);
    return TSN_EXIT_INPUT;
  }
  while (got > 0 && out->failed == TOCSIN_OK) {
    char block[65536];
    got = read(fd, block, sizeof block);
    if (got < 0 && errno == EINTR) {
      got = 1;
      continue;
    }
    if (got > 0) tsn_bytes_append(out, block, (size_t)got);
    if (out->length > TSN_TEXT_MAX) break;
  }
  if (got < 0) tsn_say("cannot read %s: %s", path, strerror(errno));
  if (!is_input) close(fd);
  if (got < 0) return TSN_EXIT_INPUT;
  if (out->failed != TOCSIN_OK) return tsn_no_memory();
  if (out->length > TSN_TEXT_MAX) {
    tsn_say("cannot read %s: longer than 64 MiB, which is no pattern file", path);
    return TSN_EXIT_INPUT;
  }
  return 0;
}

static int write_all(int fd, const char *text, size_t length)
{
  while (length) {
    ssize_t done = write(fd, text, length);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return -1;
    text += done;
    length -= (size_t)done;
  }
  return 0;
}

int tsn_files_replace(const char *path, const char *text, size_t length, tsn_alloc *alloc)
{
  struct stat info;
  tsn_bytes name;
  char *temporary;
  int fd = -1, failed = 0;

  tsn_bytes_init(&name, alloc, 0);
  tsn_bytes_printf(&name, "%s.XXXXXX", path);
  tsn_bytes_char(&name, '\0');
  temporary = name.data;
  if (name.failed != TOCSIN_OK) {
    tsn_bytes_clear(&name);
    return tsn_no_memory();
  }
  fd = mkstemp(temporary);
  failed = fd < 0 || (stat(path, &info) == 0 && fchmod(fd, info.st_mode & 07777) != 0) ||
           write_all(fd, text, length) != 0 || fsync(fd) != 0;
  if (fd >= 0 && close(fd) != 0) failed = 1;
  if (!failed && rename(temporary, path) != 0) failed = 1;
  if (failed) {
    tsn_say("cannot write %s: %s", path, strerror(errno));
    if (fd >= 0) unlink(temporary);
  }
  tsn_bytes_clear(&name);
  return failed ? TSN_EXIT_OUTPUT : 0;
}
