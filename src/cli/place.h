/* Where an input stands: which file it is, and up to where it was read. As text it is one line of JSON, for who keeps it
 * between two runs.
 *
 *   {"path":"clicks.csv","device":2049,"inode":71,"head":1024,"hash":"9f86d081884c7d65","offset":81920,"line":913,"body":12}
 *   {"path":"app.db","table":"clicks","rowid":912,"row":912}
 *
 * A file is the same under another name by device and inode; under its own name, but with another inode, by its first
 * bytes: so a copy that was put back is the same, and what has taken its name is not. */
#ifndef TSN_CLI_PLACE_H
#define TSN_CLI_PLACE_H

#include <sys/stat.h>

#include "cli/input.h"

typedef struct tsn_place {
  bool known;              /* else nothing was read, or it is an input that cannot be gone back to: a pipe */
  uint64_t device, inode;
  uint64_t head, hash;     /* of so many first bytes as they lie there, at most TSN_HEAD */
  tsn_decoder_place at;    /* in plain bytes; of a file of rows */
  int64_t row_id;          /* of a table: of the last row read, */
  uint64_t row;            /* which was the row-th */
} tsn_place;

/* How a file at hand fits a place in it. */
typedef enum tsn_fit { TSN_FIT_SAME, TSN_FIT_TRUNCATED, TSN_FIT_REPLACED } tsn_fit;

bool tsn_place_is_file(const tsn_place *p, const struct stat *info);
/* head, length: its first bytes, at most TSN_HEAD; size: of the file as it lies there. */
tsn_fit tsn_place_compare(const tsn_place *p, const tsn_input *input, const char *head, size_t length, uint64_t size);

/* The place's file: of one that is open, and up to what was read of it. */
void tsn_place_identify(tsn_place *p, const tsn_file *f);

/* One line, its newline included. */
void tsn_place_write(const tsn_place *p, const tsn_input *input, tsn_bytes *out);

/* The members of a line: texts are on the arena. */
typedef struct tsn_place_line {
  tsn_place place;
  const char *path, *table; /* table NULL: a file of rows */
  const char *old_name;     /* NULL, or the path under which the command knew the file, before another had it */
} tsn_place_line;

/* false: the line is none. */
bool tsn_place_read(const char *line, size_t length, tsn_arena *arena, tsn_place_line *out);

/* Members of such lines: false where there is none, or it is no whole number. */
bool tsn_place_number(const char *line, size_t length, const char *name, uint64_t *out);

#endif
