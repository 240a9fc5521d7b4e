/* Playing one test: rows and time go into a matcher of its own, what comes out is held
 * against what the test expects.
 *
 *   given, then ──> matcher ──> outcomes, in a list ──> expect takes those of its pattern and kind
 *                                                       what nobody takes is a failure
 */
#ifndef TSN_CLI_TEST_PLAY_H
#define TSN_CLI_TEST_PLAY_H

#include "base/bytes.h"
#include "cli/args.h"
#include "cli/test_form.h"
#include "tocsin/compile.h"
#include "tocsin/run.h"

/* A match or a timeout that came. */
typedef struct tsn_outcome {
  size_t pattern;
  bool timeout;
  tocsin_value *values;
  struct tsn_outcome *next;
} tsn_outcome;

/* What an expectation met. */
typedef struct tsn_answer {
  const tsn_test_step *step; /* NULL: nobody expected it */
  unsigned behind;           /* the line behind which it would have its place */
  size_t indent;             /* of that place */
  size_t pattern;
  bool timeouts, differs;
  tsn_outcome **outcomes;
  size_t count;
  struct tsn_answer *next;
} tsn_answer;

typedef struct tsn_test_result {
  bool failed;
  bool wrong; /* by more than answers that differ: --update does not mend it */
  tsn_bytes report; /* why, in lines that begin with file:line */
  tsn_answer *answers;
  tocsin_program *program; /* NULL: the pattern did not compile */
  double seconds;
} tsn_test_result;

/* Plays a test against the text of its pattern file. What the result points at lives on the
 * arena; afterwards tsn_test_result_clear(). An exit status, which is 0 for a test that fails. */
int tsn_test_play(const tsn_args *args, tsn_alloc *alloc, tsn_arena *arena, const tsn_test_file *file, const tsn_test *test,
                  const tsn_bytes *pattern, tsn_test_result *out);
void tsn_test_result_clear(tsn_test_result *result);

/* Lines of the report about an answer that differs: test_show.c. */
int tsn_test_show(tsn_arena *arena, const tsn_test_file *file, const tsn_answer *answer, tsn_test_result *result);

/* The rows of an answer as the table that an expectation would have, of its columns or, without
 * a head, of all; behind `indent` blanks. */
void tsn_test_write_table(tsn_arena *arena, const tocsin_program *program, const tsn_answer *answer, size_t indent,
                          tsn_bytes *out);

/* Whether an answer is what its step expects. -1: a cell of the step is no value; why says so, *line where. */
int tsn_test_holds(tsn_arena *arena, const tocsin_program *program, const tsn_answer *answer, unsigned *line, char why[256]);

#endif
