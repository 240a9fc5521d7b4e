/* Inputs: see input.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/database.h"
#include "cli/say.h"

atomic_int tsn_interrupted;

/* --- names --- */

int tsn_inputs_format(const tsn_args *args, tsn_format *out)
{
  static const char *const words[] = { "csv", "jsonl", "ndjson", NULL };
  int choice;

  *out = TSN_FORMAT_NONE;
  if (!tsn_args_has(args, "format")) return 0;
  choice = tsn_args_choice(args, "format", words);
  if (choice < 0) return TSN_EXIT_USAGE;
  *out = choice == 0 ? TSN_FORMAT_CSV : TSN_FORMAT_JSONL;
  return 0;
}

static bool ends_with(const char *name, size_t length, const char *end)
{
  size_t tail = strlen(end);
  return length > tail && tsn_same_name(name + length - tail, tail, end, tail);
}

/* What a file's name says. *length: of the name without what was understood. */
static void read_name(const char *name, size_t *length, tsn_format *format, tsn_packing *packing)
{
  *packing = TSN_PLAIN;
  *format = TSN_FORMAT_NONE;
  if (ends_with(name, *length, ".gz"))
    *packing = TSN_GZIP, *length -= 3;
  else if (ends_with(name, *length, ".zst"))
    *packing = TSN_ZSTD, *length -= 4;
  if (ends_with(name, *length, ".csv"))
    *format = TSN_FORMAT_CSV, *length -= 4;
  else if (ends_with(name, *length, ".jsonl"))
    *format = TSN_FORMAT_JSONL, *length -= 6;
  else if (ends_with(name, *length, ".ndjson"))
    *format = TSN_FORMAT_JSONL, *length -= 7;
}

static const char *last_part(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static int push(tsn_inputs *inputs, tsn_input input)
{
  if (inputs->count == inputs->cap) {
    size_t cap = inputs->cap ? inputs->cap * 2 : 8;
    tsn_input *items = tsn_arena_new_array(inputs->arena, tsn_input, cap);
    if (!items) return tsn_no_memory();
    if (inputs->count) memcpy(items, inputs->items, inputs->count * sizeof *items);
    inputs->items = items;
    inputs->cap = cap;
  }
  inputs->items[inputs->count++] = input;
  return 0;
}

/* One file. base: NULL, or the folder's name that goes for all files in it. */
static int add_file(tsn_inputs *inputs, const tsn_args *args, const char *stream, const char *path, const char *base,
                    tsn_format format)
{
  const char *name = last_part(path);
  size_t length = strlen(name);
  tsn_input input = { .stream = stream, .operand = inputs->operand, .listed = inputs->listed };

  read_name(name, &length, &input.format, &input.packing);
  if (input.format == TSN_FORMAT_NONE) input.format = format; /* the name knows better */
  if (input.format == TSN_FORMAT_NONE) {
    if (ends_with(name, length, ".arrow") || ends_with(name, length, ".arrows") || ends_with(name, length, ".parquet"))
      return tsn_args_wrong(args->command, "%s: reading this format is not supported yet", path);
    return tsn_args_wrong(args->command, "%s: the name does not tell the format; add --format csv or --format jsonl",
                          path);
  }
  input.path = input.name = tsn_arena_text(inputs->arena, path, strlen(path));
  input.base = base ? base : tsn_arena_text(inputs->arena, name, length);
  if (!input.path || !input.base) return tsn_no_memory();
  return push(inputs, input);
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files of a folder whose names tell a format, or all of them with --format. */
static int add_folder(tsn_inputs *inputs, const tsn_args *args, const char *stream, const char *path,
                      tsn_format format)
{
  DIR *folder = opendir(path);
  const struct dirent *entry;
  char **names = NULL;
  size_t count = 0, cap = 0, length = strlen(path), found = 0;
  const char *base;
  int st = 0;

  if (!folder) {
    tsn_say("cannot read %s: %s", path, strerror(errno));
    return TSN_EXIT_INPUT;
  }
  while (length > 1 && path[length - 1] == '/') length--;
  base = last_part(tsn_arena_text(inputs->arena, path, length));
  while ((entry = readdir(folder)) != NULL && tsn_arena_failed(inputs->arena) == TOCSIN_OK) {
    struct stat info;
    char *full;
    if (entry->d_name[0] == '.') continue;
    full = tsn_arena_printf(inputs->arena, "%.*s/%s", (int)length, path, entry->d_name);
    if (!full || stat(full, &info) != 0 || S_ISDIR(info.st_mode)) continue;
    if (count == cap) {
      char **more = tsn_arena_new_array(inputs->arena, char *, cap ? cap * 2 : 32);
      if (!more) break;
      if (count) memcpy(more, names, count * sizeof *more);
      names = more;
      cap = cap ? cap * 2 : 32;
    }
    names[count++] = full;
  }
  closedir(folder);
  if (tsn_arena_failed(inputs->arena) != TOCSIN_OK) return tsn_no_memory();
  if (count) qsort(names, count, sizeof *names, by_name);
  for (size_t i = 0; i < count && st == 0; i++) {
    tsn_format told;
    tsn_packing packing;
    size_t name_length = strlen(last_part(names[i]));
    read_name(last_part(names[i]), &name_length, &told, &packing);
    if (told == TSN_FORMAT_NONE && format == TSN_FORMAT_NONE) continue;
    found++;
    st = add_file(inputs, args, stream, names[i], base, format);
  }
  if (st == 0 && found == 0) {
    tsn_say("there is no .csv, .jsonl or .ndjson file in %s", path);
    return TSN_EXIT_INPUT;
  }
  return st;
}

static int add_glob(tsn_inputs *inputs, const tsn_args *args, const char *stream, const char *pattern,
                    tsn_format format)
{
  glob_t found;
  int st = 0, result = glob(pattern, GLOB_NOSORT, NULL, &found);

  if (result == GLOB_NOSPACE) return tsn_no_memory();
  if (result != 0) {
    tsn_say("no file matches %s", pattern);
    return TSN_EXIT_INPUT;
  }
  qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, by_name);
  for (size_t i = 0; i < found.gl_pathc && st == 0; i++) {
    struct stat info;
    if (stat(found.gl_pathv[i], &info) == 0 && S_ISDIR(info.st_mode)) continue;
    st = add_file(inputs, args, stream, found.gl_pathv[i], NULL, format);
  }
  globfree(&found);
  return st;
}

static bool is_name_char(char c)
{
  return c == '_' || tsn_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

int tsn_inputs_add(tsn_inputs *inputs, const tsn_args *args, const char *operand, tsn_format format)
{
  const char *path = operand, *stream = NULL;
  size_t name = 0;
  struct stat info;

  while (is_name_char(operand[name])) name++;
  if (name && operand[name] == '=' && stat(operand, &info) != 0) {
    stream = tsn_arena_text(inputs->arena, operand, name);
    if (!stream) return tsn_no_memory();
    path = operand + name + 1;
  }
  inputs->listed = false;
  if (!*path) return tsn_args_wrong(args->command, "an input is missing behind '%s'", operand);
  if (tsn_is_database(path)) {
    tsn_input input = { .stream = stream };
    int st = tsn_database_input(inputs->arena, args, path, &input);
    return st ? st : push(inputs, input);
  }
  if (strstr(path, "://"))
    return tsn_args_wrong(args->command, "%s: reading this kind of input is not supported yet", path);
  if (!strcmp(path, "-")) {
    if (format == TSN_FORMAT_NONE)
      return tsn_args_wrong(args->command, "standard input needs --format csv or --format jsonl");
    return push(inputs, (tsn_input){
      .path = "-", .name = "standard input", .stream = stream, .base = "", .format = format });
  }
  if (stat(path, &info) == 0) {
    inputs->listed = S_ISDIR(info.st_mode);
    return inputs->listed ? add_folder(inputs, args, stream, path, format) : add_file(inputs, args, stream, path, NULL, format);
  }
  inputs->listed = strpbrk(path, "*?[") != NULL;
  if (inputs->listed) return add_glob(inputs, args, stream, path, format);
  tsn_say("cannot read %s: %s", path, strerror(errno));
  return TSN_EXIT_INPUT;
}

uint64_t tsn_input_size(const tsn_input *input)
{
  struct stat info;
  int found = input->table ? -1 : strcmp(input->path, "-") ? stat(input->path, &info) : fstat(STDIN_FILENO, &info);

  return found == 0 && S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
}

/* --- reading --- */

/* The first bytes; the place of reading stays. */
static void read_head(tsn_file *f)
{
  while (f->head_length < TSN_HEAD) {
    ssize_t got = pread(f->fd, f->head + f->head_length, TSN_HEAD - f->head_length, (off_t)f->head_length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    f->head_length += (size_t)got;
  }
}

int tsn_file_open(tsn_file *f, tsn_alloc *alloc, const tsn_input *input, int fd)
{
  struct stat info;
  tocsin_status st = TOCSIN_OK;

  *f = (tsn_file){ .alloc = alloc, .input = input, .fd = fd };
  tsn_bytes_init(&f->peeked, alloc, 0);
  if (fd < 0) f->fd = strcmp(input->path, "-") ? open(input->path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
  if (f->fd < 0 || fstat(f->fd, &info) != 0) {
    tsn_say("cannot read %s: %s", input->name, strerror(errno));
    tsn_file_close(f);
    return TSN_EXIT_INPUT;
  }
  f->is_regular = S_ISREG(info.st_mode);
  if (f->is_regular) {
    f->size = (uint64_t)info.st_size;
    f->device = (uint64_t)info.st_dev;
    f->inode = (uint64_t)info.st_ino;
    read_head(f);
    if (fd >= 0) (void)lseek(fd, 0, SEEK_SET); /* of a regular file: it cannot fail */
  }
  f->buffer = tsn_alloc_array(alloc, TSN_CHUNK, 1);
  if (input->packing != TSN_PLAIN) st = tsn_stream_new(alloc, input->packing, TSN_CHUNK, &f->stream);
  if (f->buffer && st == TOCSIN_OK) return 0;
  tsn_file_close(f);
  return tsn_no_memory();
}

void tsn_file_close(tsn_file *f)
{
  if (!f->alloc) return;
  if (f->fd > STDIN_FILENO) close(f->fd);
  tsn_stream_free(f->stream);
  tsn_alloc_free(f->alloc, f->buffer, TSN_CHUNK);
  tsn_bytes_clear(&f->peeked);
  *f = (tsn_file){ .fd = -1 };
}

int tsn_file_release(tsn_file *f)
{
  int fd = f->fd;

  f->fd = -1;
  tsn_file_close(f);
  return fd;
}

/* Returns when there is something to read, or no reason to wait any more. */
static void wait_for_bytes(const tsn_file *f)
{
  struct pollfd ready = { .fd = f->fd, .events = POLLIN };

  if (f->is_regular || poll(&ready, 1, 0) != 0) return;
  if (f->before_wait) f->before_wait(f->context);
  /* A signal ends a read only in the thread that it comes to. */
  while (f->stop && !*f->stop && !tsn_interrupted && poll(&ready, 1, 100) == 0) continue;
}

/* Fills the buffer; *ended where nothing more comes. */
static int read_buffer(tsn_file *f, bool *ended)
{
  for (;;) {
    ssize_t got;
    wait_for_bytes(f);
    if (tsn_interrupted || (f->stop && *f->stop)) {
      *ended = true;
      return 0;
    }
    got = read(f->fd, f->buffer, TSN_CHUNK);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      tsn_say("cannot read %s: %s", f->input->name, strerror(errno));
      return TSN_EXIT_INPUT;
    }
    f->held = (size_t)got;
    f->used = 0;
    f->read += (uint64_t)got;
    *ended = got == 0;
    return 0;
  }
}

static int damaged(const tsn_file *f, tocsin_status st)
{
  if (st == TOCSIN_NOMEM) return tsn_no_memory();
  tsn_say("cannot unpack %s: %s", f->input->name, tsn_stream_message(f->stream));
  return TSN_EXIT_INPUT;
}

/* The next plain bytes from the file itself. */
static int read_plain(tsn_file *f, const char **bytes, size_t *length)
{
  int st = 0;

  *bytes = f->buffer;
  *length = 0;
  if (!f->stream) {
    if (!f->ended) st = read_buffer(f, &f->ended);
    *length = st == 0 && !f->ended ? f->held : 0;
    return st;
  }
  while (*length == 0 && !f->ended) {
    const char *packed = f->buffer + f->used;
    size_t left = f->held - f->used;
    tocsin_status unpacked = tsn_stream_next(f->stream, &packed, &left, bytes, length);
    f->used = f->held - left;
    if (unpacked != TOCSIN_OK) return damaged(f, unpacked);
    if (*length) break;
    st = read_buffer(f, &f->ended);
    if (st != 0) return st;
    if (f->ended && !tsn_interrupted) {
      unpacked = tsn_stream_finish(f->stream);
      if (unpacked != TOCSIN_OK) return damaged(f, unpacked);
    }
  }
  return 0;
}

int tsn_file_part(tsn_file *f, uint64_t most, const char **bytes, size_t *length)
{
  size_t left = f->peeked.length - f->given;

  if (left) {
    *bytes = f->peeked.data + f->given;
    *length = left < TSN_CHUNK ? left : TSN_CHUNK;
    if (*length > most) *length = (size_t)most;
    f->given += *length;
  } else {
    int st = read_plain(f, bytes, length);
    if (st != 0 || *length <= most) return st;
    tsn_bytes_reset(&f->peeked);
    tsn_bytes_append(&f->peeked, *bytes + most, *length - (size_t)most);
    f->given = 0;
    *length = (size_t)most;
  }
  return f->peeked.failed == TOCSIN_OK ? 0 : tsn_no_memory();
}

int tsn_file_next(tsn_file *f, const char **bytes, size_t *length)
{
  return tsn_file_part(f, UINT64_MAX, bytes, length);
}

int tsn_file_go(tsn_file *f, uint64_t from, uint64_t *to)
{
  const char *bytes;
  size_t length = 1;
  int st = 0;

  if (f->is_regular && !f->stream) {
    tsn_bytes_reset(&f->peeked);
    f->given = 0;
    f->ended = false;
    f->read = *to;
    if (lseek(f->fd, (off_t)*to, SEEK_SET) >= 0) return 0;
    tsn_say("cannot read %s: %s", f->input->name, strerror(errno));
    return TSN_EXIT_INPUT;
  }
  for (; st == 0 && from < *to && length; from += length) st = tsn_file_part(f, *to - from, &bytes, &length);
  *to = from;
  return st;
}

/* Whether a pipe rests although it has brought whole lines: who feeds it may be
 * waiting for an answer, and a sample need not be complete. */
static bool rests(const tsn_file *f)
{
  struct pollfd ready = { .fd = f->fd, .events = POLLIN };

  if (f->is_regular || !f->peeked.length || !memchr(f->peeked.data, '\n', f->peeked.length)) return false;
  return poll(&ready, 1, 200) == 0;
}

int tsn_file_peek(tsn_file *f, size_t want, const char **bytes, size_t *length, bool *whole)
{
  *whole = false;
  while (f->peeked.length < want && !rests(f)) {
    const char *more;
    size_t more_length;
    int st = read_plain(f, &more, &more_length);
    if (st != 0) return st;
    if (more_length == 0) {
      *whole = true;
      break;
    }
    tsn_bytes_append(&f->peeked, more, more_length);
    if (f->peeked.failed != TOCSIN_OK) return tsn_no_memory();
  }
  *bytes = f->peeked.data ? f->peeked.data : "";
  *length = f->peeked.length;
  return 0;
}
