/* What every unit test needs: cmocka with its includes, the closing line, and
 * what cmocka 1.1.5 lacks. */
#ifndef TSN_TESTS_T_H
#define TSN_TESTS_T_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Runs an array of CMUnitTest; its last line is "N passed, N failed", its value main's. */
#define T_RUN(tests) t_run((tests), sizeof(tests) / sizeof *(tests), #tests)

static inline int t_run(const struct CMUnitTest *tests, size_t count, const char *name)
{
  int failed = _cmocka_run_group_tests(name, tests, count, NULL, NULL);

  if (failed < 0 || (size_t)failed > count) failed = (int)count;
  printf("%zu passed, %d failed\n", count - (size_t)failed, failed);
  return failed ? 1 : 0;
}

/* The same double bit for bit in meaning: -0.0 is not 0.0, NaN is NaN. */
#define T_DOUBLE(got, wanted) t_double((got), (wanted), __FILE__, __LINE__)

static inline void t_double(double got, double wanted, const char *file, int line)
{
  if ((isnan(got) && isnan(wanted)) || (got == wanted && signbit(got) == signbit(wanted))) return;
  print_error("%.17g is not %.17g\n", got, wanted);
  _fail(file, line);
}

/* Rows of a table: says which one is wrong. */
#define T_ROW(condition, what) t_row((condition), #condition, (what), __FILE__, __LINE__)

static inline void t_row(bool holds, const char *condition, const char *what, const char *file, int line)
{
  if (holds) return;
  print_error("%s: not so for %s\n", condition, what);
  _fail(file, line);
}

#define T_COUNT(array) (sizeof(array) / sizeof *(array))

#endif
