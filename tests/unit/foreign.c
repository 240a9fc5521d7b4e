/* Words of other languages: each row of dsl/foreign.def is what somebody gets to read. */
#include "dsl/foreign.h"

#include "t.h"
#include "tocsin/compile.h"

#define STREAM "CREATE STREAM s (x TEXT, ts TIMESTAMP); "
#define QUERY(clauses) STREAM "SELECT * FROM s MATCH_RECOGNIZE ( ORDER BY ts " clauses

/* A text in which the word stands in the place, for #. */
static const struct {
  tsn_foreign_place place;
  const char *text;
} texts[] = {
  { FOREIGN_STATEMENT, STREAM "# x y;" },
  { FOREIGN_CREATE, STREAM "CREATE # x;" },
  { FOREIGN_SELECT, STREAM "SELECT # 5 * FROM s" },
  { FOREIGN_FROM, STREAM "SELECT * FROM # [a -> b]" },
  { FOREIGN_SOURCE, STREAM "SELECT * FROM s # x" },
  { FOREIGN_TRAILER, QUERY("PATTERN ( a ) ) # 5") },
  { FOREIGN_CLAUSE, QUERY("# x PATTERN ( a ) )") },
  { FOREIGN_ELEMENT, QUERY("PATTERN ( a # by ) )") },
  { FOREIGN_OPERATOR, QUERY("PATTERN ( a ) DEFINE a AS x # 'y' )") },
  { FOREIGN_LITERAL, QUERY("PATTERN ( a ) DEFINE a AS ts > # 'y' )") },
  { FOREIGN_EXPRESSION, QUERY("PATTERN ( a ) DEFINE a AS (# x) )") },
  { FOREIGN_COLUMN, QUERY("PATTERN ( a ) DEFINE a AS # = 'y' )") },
  { FOREIGN_FUNCTION, QUERY("PATTERN ( a ) DEFINE a AS #(x) = 'y' )") },
  { FOREIGN_TYPE, "CREATE STREAM t (x #);" },
};

static const struct {
  tsn_foreign_place place;
  const char *word, *hint;
} rows[] = {
#define FOREIGN(place, word, hint) { FOREIGN_##place, #word, hint },
#include "dsl/foreign.def"
#undef FOREIGN
};

static bool is_told(const char *text, const char *hint)
{
  tocsin_program *program;
  tocsin_diagnostics *list;
  bool told = false;
  size_t i;

  assert_int_equal(tocsin_compile(text, strlen(text), NULL, &program, &list), TOCSIN_INVALID);
  for (i = 0; i < tocsin_diagnostics_count(list); i++) told |= !strcmp(tocsin_diagnostics_get(list, i)->hint, hint);
  tocsin_diagnostics_free(list);
  return told;
}

static void every_hint_is_told(void **state)
{
  size_t i, k;

  (void)state;
  for (i = 0; i < T_COUNT(rows); i++) {
    const char *hash;
    char text[400];

    for (k = 0; k < T_COUNT(texts) && texts[k].place != rows[i].place; k++) continue;
    T_ROW(k < T_COUNT(texts), rows[i].word);
    hash = strchr(texts[k].text, '#');
    snprintf(text, sizeof text, "%.*s%s%s", (int)(hash - texts[k].text), texts[k].text, rows[i].word, hash + 1);
    T_ROW(is_told(text, rows[i].hint), text);
  }
}

static void a_word_counts_in_its_places_in_any_case(void **state)
{
  (void)state;
  assert_string_equal(tsn_foreign_hint(FOREIGN_FUNCTION, "lEN", 3), "write LENGTH(x)");
  assert_string_equal(tsn_foreign_hint(FOREIGN_FUNCTION | FOREIGN_TYPE, "LENX", 3), "write LENGTH(x)");
  assert_null(tsn_foreign_hint(FOREIGN_TYPE | FOREIGN_COLUMN, "LEN", 3));
  assert_null(tsn_foreign_hint(~0u, "LENX", 4));
  assert_null(tsn_foreign_hint(~0u, "", 0));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_hint_is_told),
    cmocka_unit_test(a_word_counts_in_its_places_in_any_case),
  };

  return T_RUN(tests);
}
