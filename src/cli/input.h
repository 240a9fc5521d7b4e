/* Inputs: what the command line names, as a list of files; and a file as plain bytes.
 *
 *   logins=logs/ssh-*.jsonl.gz      STREAM=INPUT, and a glob
 *   clicks.csv   events/   -        a file, a folder, standard input
 *   sqlite:app.db?table=clicks      a table of a database
 *
 * The format is told by the name, before .gz or .zst, or by --format. */
#ifndef TSN_CLI_INPUT_H
#define TSN_CLI_INPUT_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "cli/args.h"
#include "io/decoder.h"
#include "io/stream.h"

typedef struct tsn_input {
  const char *path;   /* "-": standard input */
  const char *table;  /* of the SQLite database at path; NULL: path is a file of rows (database.h) */
  const char *name;   /* for messages */
  const char *old_name; /* NULL; of a file that was renamed while it was read: the path that the command names */
  const char *stream; /* as STREAM= says; NULL: it does not */
  const char *base;   /* named like the file or folder: clicks of a/clicks.csv.gz */
  tsn_format format;
  tsn_packing packing;
  size_t operand; /* of the command: which it comes from, */
  bool listed;    /* as one of the files of a folder or a glob */
} tsn_input;

typedef struct tsn_inputs {
  tsn_arena *arena;
  tsn_input *items;
  size_t count, cap;
  size_t operand; /* which is being added, and whether it is a folder or a glob */
  bool listed;
} tsn_inputs;

/* What --format says; TSN_FORMAT_NONE: nothing. An exit status. */
int tsn_inputs_format(const tsn_args *args, tsn_format *out);

/* Adds the files that an operand stands for. An exit status. */
int tsn_inputs_add(tsn_inputs *inputs, const tsn_args *args, const char *operand, tsn_format format);

/* Bytes of a regular file as it lies there; 0: it is none. */
uint64_t tsn_input_size(const tsn_input *input);

/* --- reading --- */

#define TSN_CHUNK ((size_t)256 << 10)
#define TSN_HEAD 1024 /* bytes by whose hash a file is known again */

typedef struct tsn_file {
  tsn_alloc *alloc;
  const tsn_input *input;
  int fd;
  bool is_regular, ended;
  uint64_t size, read; /* of a regular file, packed: in all, and so far */
  uint64_t device, inode;
  char head[TSN_HEAD]; /* the first bytes of a regular file, as they lie there */
  size_t head_length;
  char *buffer;        /* of TSN_CHUNK */
  size_t held, used;   /* bytes in the buffer, and how many of them were unpacked */
  tsn_stream *stream;
  tsn_bytes peeked;    /* plain bytes read ahead, and how many of them were given out */
  size_t given;
  void (*before_wait)(void *context); /* when a read will have to wait; may be NULL */
  void *context;
  const atomic_bool *stop; /* of a thread that has to be stopped: once set, waiting ends as if the input were over */
} tsn_file;

/* Set by a signal: reading answers as if the input were over. */
extern atomic_int tsn_interrupted;

/* fd: of the file, if it is open already, which is the file's from now on; -1: it is not. */
int tsn_file_open(tsn_file *f, tsn_alloc *alloc, const tsn_input *input, int fd);
void tsn_file_close(tsn_file *f);
/* Closes it, but for the descriptor, which is answered. */
int tsn_file_release(tsn_file *f);

/* The next plain bytes, valid until the next call; *length 0: the end. */
int tsn_file_next(tsn_file *f, const char **bytes, size_t *length);
/* The same, at most so many. */
int tsn_file_part(tsn_file *f, uint64_t most, const char **bytes, size_t *length);

/* Goes on at a plain byte, *to; `from` is the one that would be next. Where the input ends before it, *to is set to where
 * that is. */
int tsn_file_go(tsn_file *f, uint64_t from, uint64_t *to);

/* Reads ahead up to `want` bytes, without taking them from tsn_file_next().
 * *whole: that is all there is. */
int tsn_file_peek(tsn_file *f, size_t want, const char **bytes, size_t *length, bool *whole);

#endif
