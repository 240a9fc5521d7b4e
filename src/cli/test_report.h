/* What came of tests, told as people, TAP and JUnit want it, and written back by --update. */
#ifndef TSN_CLI_TEST_REPORT_H
#define TSN_CLI_TEST_REPORT_H

#include "cli/sink.h"
#include "cli/test_play.h"

typedef struct tsn_test_report {
  tsn_sink out;
  bool tap, colour;
  tsn_bytes *junit; /* cases of the file at hand; NULL: not wanted */
  tsn_bytes suites; /* files before it */
  size_t passed, failed, updated;
  size_t file_passed, file_failed, file_updated; /* of the file at hand */
  double file_seconds;
} tsn_test_report;

/* junit: a buffer for it, or NULL. An exit status, as all here. */
int tsn_test_report_open(tsn_test_report *r, tsn_alloc *alloc, bool tap, tsn_bytes *junit);
void tsn_test_report_close(tsn_test_report *r);

/* updated: it failed, and its file is mended. */
int tsn_test_report_case(tsn_test_report *r, const char *path, const char *name, bool failed, bool updated, double seconds,
                         const char *why, size_t length);
int tsn_test_report_file(tsn_test_report *r, const char *path);
/* The last line; with the whole of JUnit's text in its buffer. */
int tsn_test_report_end(tsn_test_report *r);

/* --- --update: test_update.c --- */

/* Lines [first, last] of a file give way to a text; last < first: it goes behind last. */
typedef struct tsn_test_edit {
  unsigned first, last;
  const char *text;
  struct tsn_test_edit *next;
} tsn_test_edit;

/* Appends to *edits what makes the answers of a test hold. Texts lie on the arena. */
int tsn_test_mend(tsn_arena *arena, tsn_alloc *alloc, const tsn_test *test, const tsn_test_result *result, tsn_test_edit **edits);
/* The text with the edits made. */
void tsn_test_edit_text(const char *text, size_t length, const tsn_test_edit *edits, tsn_bytes *out);

#endif
