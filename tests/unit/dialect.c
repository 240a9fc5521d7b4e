/* Notes about other engines: each row of bind/dialect.def is told of some text, and
 * of none in which the engines agree. */
#include "t.h"
#include "tocsin/compile.h"

typedef enum dialect {
#define DIALECT(id, name) DIALECT_##id,
#include "bind/dialect.def"
} dialect;

typedef enum aspect {
#define ASPECT(id, code) ASPECT_##id,
#include "bind/dialect.def"
  ASPECTS
} aspect;

static const char *const names[] = {
#define DIALECT(id, name) name,
#include "bind/dialect.def"
};

static const char *const codes[ASPECTS] = {
#define ASPECT(id, code) #code,
#include "bind/dialect.def"
};

static const struct {
  dialect dialect;
  aspect aspect;
  const char *text;
} rows[] = {
#define DIFFERS(dialect, aspect, text, hint) { DIALECT_##dialect, ASPECT_##aspect, text },
#include "bind/dialect.def"
};

#define STREAM "CREATE STREAM s (k TEXT, n BIGINT, m BIGINT, d DOUBLE, ts TIMESTAMP); "
#define FRAME STREAM "SELECT * FROM s MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts "
#define AGREED "MEASURES a.n AS n AFTER MATCH SKIP PAST LAST ROW PATTERN ( a b ) DEFINE a AS n = 1, b AS n = 2 )"
#define WITH_MEASURE(x) FRAME "MEASURES " x " AS x AFTER MATCH SKIP PAST LAST ROW PATTERN ( a b ) DEFINE a AS n = 1 )"
#define WITH_PATTERN(p) FRAME "MEASURES a.n AS n AFTER MATCH SKIP PAST LAST ROW PATTERN ( " p " ) DEFINE a AS n = 1 )"

static const char *const texts[ASPECTS] = {
  [ASPECT_SKIP_DEFAULT] = FRAME "MEASURES a.n AS n PATTERN ( a b ) DEFINE a AS n = 1 )",
  [ASPECT_WITHIN_BOUND] = FRAME "MEASURES a.n AS n PATTERN ( a b ) WITHIN INTERVAL '5' SECOND DEFINE a AS n = 1 )",
  [ASPECT_LOOP] = WITH_PATTERN("a+ b"),
  [ASPECT_OPTION] = WITH_PATTERN("a? b"),
  [ASPECT_AVG_INTEGER] = WITH_MEASURE("AVG(n)"),
  [ASPECT_SUM_INTEGER] = WITH_MEASURE("SUM(n)"),
  [ASPECT_DIVISION] = WITH_MEASURE("a.n / 2"),
  [ASPECT_DIVISION_BY_ZERO] = WITH_MEASURE("a.d / a.n"),
  [ASPECT_NULLS_UP] = STREAM "SELECT * FROM s MATCH_RECOGNIZE ( ORDER BY ts, n " AGREED,
  [ASPECT_NULLS_DOWN] = STREAM "SELECT * FROM s MATCH_RECOGNIZE ( ORDER BY ts, n DESC " AGREED,
  [ASPECT_NO_MEASURES] = FRAME "PATTERN ( a b ) DEFINE a AS n = 1 )",
  [ASPECT_EMPTY_TEXT] = WITH_MEASURE("a.k = ''"),
  [ASPECT_OWN] = WITH_PATTERN("a -> b"),
  [ASPECT_PATTERN_PART] = WITH_PATTERN("a b $"),
  [ASPECT_ALTERNATIVES] = WITH_PATTERN("a (b | c)"),
  [ASPECT_GROUP_LOOP] = WITH_PATTERN("(a b){2}"),
  [ASPECT_OPEN_END] = WITH_PATTERN("b a+"),
  [ASPECT_EMPTY_MATCH] = WITH_PATTERN("a*?"),
  [ASPECT_LABEL_TWICE] = WITH_PATTERN("a b a"),
  [ASPECT_ALL_ROWS] = FRAME "MEASURES a.n AS x ALL ROWS PER MATCH PATTERN ( a b ) DEFINE a AS n = 1 )",
  [ASPECT_SUBSET] = FRAME "MEASURES a.n AS x PATTERN ( a b ) SUBSET u = (a, b) DEFINE a AS n = 1 )",
  [ASPECT_WITHIN] = FRAME "MEASURES a.n AS n PATTERN ( a b ) WITHIN INTERVAL '5' SECOND DEFINE a AS n = 1 )",
  [ASPECT_CLAUSE_ORDER] = FRAME "PATTERN ( a b ) MEASURES a.n AS x DEFINE a AS n = 1 )",
  [ASPECT_NO_DEFINE] = FRAME "MEASURES a.n AS x PATTERN ( a b ) )",
  [ASPECT_ORDER_TIME] = STREAM "SELECT * FROM s MATCH_RECOGNIZE ( ORDER BY n " AGREED,
  [ASPECT_FUNCTION] = WITH_MEASURE("CLASSIFIER()"),
  [ASPECT_PHYSICAL] = WITH_MEASURE("PREV(n)"),
};

static tocsin_diagnostics *findings(const char *text, const char *name, tocsin_status wanted)
{
  const tocsin_compile_options options = { .dialect = name, .bounded = 1 };
  tocsin_program *program;
  tocsin_diagnostics *list;

  assert_int_equal(tocsin_compile(text, strlen(text), &options, &program, &list), wanted);
  tocsin_program_free(program);
  return list;
}

/* Of a text with words to come: what stands before the first of them. */
static bool begins(const char *message, const char *text)
{
  return !strncmp(message, text, strcspn(text, "#@"));
}

static void every_difference_is_told(void **state)
{
  size_t i, k;

  (void)state;
  for (i = 0; i < T_COUNT(rows); i++) {
    tocsin_diagnostics *list;
    bool told = false;

    T_ROW(texts[rows[i].aspect] != NULL, rows[i].text);
    list = findings(texts[rows[i].aspect], names[rows[i].dialect], TOCSIN_OK);
    for (k = 0; k < tocsin_diagnostics_count(list); k++) {
      const tocsin_diagnostic *d = tocsin_diagnostics_get(list, k);

      told |= d->severity == TOCSIN_NOTE && !strcmp(d->code, codes[rows[i].aspect]) && begins(d->message, rows[i].text);
    }
    tocsin_diagnostics_free(list);
    T_ROW(told, rows[i].text);
  }
}

/* Where all engines agree, and a text of errors. */
static void nothing_is_told_of_other_texts(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; tocsin_dialect_get(i); i++) {
    tocsin_diagnostics *list = findings(FRAME AGREED, tocsin_dialect_get(i), TOCSIN_OK);

    T_ROW(tocsin_diagnostics_count(list) == 0, tocsin_dialect_get(i));
    tocsin_diagnostics_free(list);
    list = findings(FRAME "PATTERN ( a -> b ) DEFINE a AS nothing = 1 )", tocsin_dialect_get(i), TOCSIN_INVALID);
    T_ROW(tocsin_diagnostics_count(list) == 1, tocsin_dialect_get(i));
    tocsin_diagnostics_free(list);
  }
  assert_int_equal(i, T_COUNT(names));
}

static void an_unknown_dialect_is_misuse(void **state)
{
  (void)state;
  tocsin_diagnostics_free(findings(FRAME AGREED, "Flink", TOCSIN_MISUSE)); /* in lower case */
  tocsin_diagnostics_free(findings(FRAME AGREED, "", TOCSIN_MISUSE));
}

/* Conditions of a and b, and whether they can be seen to exclude each other: then `a+ b` is no matter. */
static const struct {
  const char *a, *b;
  bool disjoint;
} pairs[] = {
  { "n = 1", "n = 2", true },
  { "n = 1", "n = 1", false },
  { "n = 1", "m = 2", false },
  { "n = 1", "n <> 1", true },
  { "n = 1", "n <> 2", false },
  { "n < 5", "n >= 5", true },
  { "n <= 5", "n >= 5", false },
  { "5 > n", "b.n > 5", true },
  { "n > 5", "n < 5", true },
  { "n < 5", "n < 3", false },
  { "n > 1 AND m = 2", "n = 0 AND m = 2", true },
  { "n IN (1, 2)", "n IN (3, 4)", true },
  { "n IN (1, 2)", "n IN (2, 3)", false },
  { "n BETWEEN 1 AND 5", "n BETWEEN 6 AND 9", true },
  { "n BETWEEN 1 AND 5", "n BETWEEN 5 AND 9", false },
  { "k = 'x'", "k = 'y'", true },
  { "k < 'm'", "k > 'n'", true },
  { "k = 'x'", "k LIKE 'y%'", false },
  { "d < 0.5", "d > 1", true },
  { "n < 0.5", "n >= 1", true },
  { "n > 3", "NOT (n > 3)", true },
  { "n > 3", "NOT (m > 3)", false },
  { "n > 3 AND m > 1", "NOT (n > 3 AND m > 1) AND k = 'x'", true },
  { "n > 3", "NOT (a.n > 3)", false }, /* another row */
  { "n > PREV(n)", "NOT (n > PREV(n))", true },
  { "SUM(a.n) < 9", "NOT (SUM(a.n) < 9)", false }, /* with the row at hand, and without */
  { "SUM(n) < 9", "NOT (SUM(n) < 9)", true },
  { "n IS NULL", "n IS NOT NULL", true },
  { "n IS NULL", "n = 1", true },
  { "n IS NOT NULL", "n = 1", false },
  { "n > 1 OR m > 1", "n = 0 AND m = 0", true },
  { "n > 1 OR m > 1", "n = 0", false },
  { "ts < '2026-01-01'", "ts >= '2026-01-01'", true },
};

static void conditions_that_exclude_each_other_are_no_matter(void **state)
{
  size_t i, k;

  (void)state;
  for (i = 0; i < T_COUNT(pairs); i++) {
    char text[600];
    tocsin_diagnostics *list;
    bool told = false;

    snprintf(text, sizeof text, FRAME "MEASURES a.n AS n AFTER MATCH SKIP PAST LAST ROW PATTERN ( a+ b ) DEFINE a AS %s, b AS %s )",
             pairs[i].a, pairs[i].b);
    list = findings(text, "flink", TOCSIN_OK);
    for (k = 0; k < tocsin_diagnostics_count(list); k++) told |= !strcmp(tocsin_diagnostics_get(list, k)->code, "N0003");
    tocsin_diagnostics_free(list);
    T_ROW(told != pairs[i].disjoint, text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_difference_is_told),
    cmocka_unit_test(nothing_is_told_of_other_texts),
    cmocka_unit_test(an_unknown_dialect_is_misuse),
    cmocka_unit_test(conditions_that_exclude_each_other_are_no_matter),
  };

  return T_RUN(tests);
}
