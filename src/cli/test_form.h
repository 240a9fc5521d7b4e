/* Tests of patterns as text: the form that docs/reference/tests.md describes, as lists.
 *
 *   file ─> test ─> test ...         what stands before the first test (with) counts for all
 *            └─> step ─> step ...    given, then, expect, in their order
 *                 └─> row ─> row ... of a table; the first is its head
 *
 * Cells are text as it stands between the bars; test_cell.h makes values of it. */
#ifndef TSN_CLI_TEST_FORM_H
#define TSN_CLI_TEST_FORM_H

#include "base/arena.h"

typedef struct tsn_test_row {
  unsigned line;
  size_t count;
  const char **cells;
  struct tsn_test_row *next;
} tsn_test_row;

typedef enum tsn_test_kind {
  TSN_TEST_GIVEN,   /* rows, or those of the file `text`, of the stream or table `name` (NULL: the only one) */
  TSN_TEST_PASSES,  /* the time `text` passes */
  TSN_TEST_IS,      /* time passes until `text`, and over it */
  TSN_TEST_ENDS,    /* the input ends */
  TSN_TEST_MATCHES, /* rows; or with `counted` only their number */
  TSN_TEST_TIMEOUTS,
  TSN_TEST_NOTHING, /* neither */
  TSN_TEST_LATE,    /* `count` late rows */
  TSN_TEST_ERROR,   /* the run fails, and says `text` */
} tsn_test_kind;

typedef struct tsn_test_step {
  tsn_test_kind kind;
  unsigned line, last_line; /* of the file; with its rows */
  size_t indent;            /* of its first line */
  const char *name;         /* of the stream, table or pattern; NULL: not said */
  const char *text;
  size_t count;
  bool counted;
  bool barred; /* its rows stand between bars: | a | b | */
  tsn_test_row *rows;
  struct tsn_test_step *next;
} tsn_test_step;

typedef struct tsn_test_parameter {
  const char *name, *value;
  unsigned line;
  struct tsn_test_parameter *next;
} tsn_test_parameter;

typedef struct tsn_test {
  const char *name;
  unsigned line, last_line;
  tsn_test_parameter *parameters; /* those of the file behind them */
  tsn_test_step *steps;
  struct tsn_test *next;
} tsn_test;

typedef struct tsn_test_file {
  const char *path;
  const char *pattern; /* the path of the pattern file */
  tsn_test_parameter *parameters;
  tsn_test *tests;
} tsn_test_file;

/* Reads the text of a file of tests; what it points at lives on the arena. Says what is
 * wrong, with its line. An exit status: PATTERN where the text is none. */
int tsn_test_read(tsn_arena *arena, const char *path, const char *text, size_t length, tsn_test_file *out);

#endif
