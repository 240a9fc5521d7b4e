#include "dsl/ast.h"

#include <stdlib.h>

#include "t.h"
#include "tocsin/compile.h"

/* Lays a text out; "" where it has errors. */
static void format(tsn_alloc *alloc, const char *text, size_t length, tsn_bytes *out)
{
  tsn_arena arena;
  tsn_diag diag;
  tsn_script *script;

  tsn_bytes_init(out, alloc, 0);
  tsn_arena_init(&arena, alloc, 0);
  tsn_diag_init(&diag, &arena, text, length);
  assert_int_equal(tsn_parse(&arena, text, length, &diag, &script), TOCSIN_OK);
  if (diag.first) print_error("%s in %s\n", diag.first->message, text);
  else assert_int_equal(tsn_format_script(script, text, length, out), TOCSIN_OK);
  tsn_arena_clear(&arena);
}

static void same(const char *got, const char *wanted, const char *text)
{
  if (strcmp(got, wanted) == 0) return;
  print_error("of:\n%s\ngot:\n%s\nwanted:\n%s\n", text, got, wanted);
  fail();
}

/* The layout, and that it is one of itself. */
static void check(const char *text, const char *wanted)
{
  tsn_alloc alloc;
  tsn_bytes once, twice;

  tsn_alloc_init(&alloc, NULL);
  format(&alloc, text, strlen(text), &once);
  same(tsn_bytes_cstr(&once), wanted, text);
  format(&alloc, once.data ? once.data : "", once.length, &twice);
  same(tsn_bytes_cstr(&twice), wanted, wanted);
  tsn_bytes_clear(&once);
  tsn_bytes_clear(&twice);
  assert_int_equal(alloc.used, 0);
}

static void short_queries_stay_on_one_line(void **state)
{
  (void)state;
  check("", "");
  check(" ; ;", "");
  check("select  *\nfrom s match_recognize(pattern(a b))", "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a b ) );\n");
  check("SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a|(b->)+ ) ) AS m;;",
        "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a | (b ->)+ ) ) AS m;\n");
}

static void longer_ones_have_a_line_for_each_clause(void **state)
{
  (void)state;
  check("SELECT * FROM logins MATCH_RECOGNIZE (PARTITION BY account PATTERN (fail[ok = 0]{5,} -> success[ok = 1])"
        " WITHIN 10 minutes)",
        "SELECT *\n"
        "FROM logins MATCH_RECOGNIZE (\n"
        "  PARTITION BY account\n"
        "  PATTERN ( fail[ok = 0]{5,} -> success[ok = 1] ) WITHIN 10 MINUTES\n"
        ");\n");
  check("create pattern abandoned_cart as select * from shop match_recognize (partition by user_id order by ts"
        " measures count(add.*) as items, sum(add.price) as cart_value, last(add.ts) as last_add"
        " one row per match show timeout matches after match skip past last row"
        " pattern ((add -> !buy)+ !buy{:idle}) subset any1=(add,buy)"
        " define add as type = 'add_to_cart', buy as type != 'purchase') where items > 1",
        "CREATE PATTERN abandoned_cart AS\n"
        "SELECT *\n"
        "FROM shop MATCH_RECOGNIZE (\n"
        "  PARTITION BY user_id\n"
        "  ORDER BY ts\n"
        "  MEASURES\n"
        "    COUNT(add.*)    AS items,\n"
        "    SUM(add.price)  AS cart_value,\n"
        "    LAST(add.ts)    AS last_add\n"
        "  ONE ROW PER MATCH SHOW TIMEOUT MATCHES\n"
        "  AFTER MATCH SKIP PAST LAST ROW\n"
        "  PATTERN ( (add -> !buy)+ !buy{:idle} )\n"
        "  SUBSET any1 = (add, buy)\n"
        "  DEFINE\n"
        "    add AS type = 'add_to_cart',\n"
        "    buy AS type <> 'purchase'\n"
        ")\n"
        "WHERE items > 1;\n");
}

static void declarations_stand_in_columns(void **state)
{
  (void)state;
  check("create stream s (a text, ts timestamp)", "CREATE STREAM s (a TEXT, ts TIMESTAMP);\n");
  check("create stream shop (user_id text, item text path '$.product.sku', price double not null,"
        " ts timestamp, watermark for ts as ts - interval '10' second)",
        "CREATE STREAM shop (\n"
        "  user_id  TEXT,\n"
        "  item     TEXT      PATH '$.product.sku',\n"
        "  price    DOUBLE    NOT NULL,\n"
        "  ts       TIMESTAMP,\n"
        "  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND\n"
        ");\n");
  check("create parameter a interval;create parameter b double default 1.5;\n\n\ncreate parameter c text;"
        "create function f(double,text)returns double",
        "CREATE PARAMETER a INTERVAL;\n"
        "CREATE PARAMETER b DOUBLE DEFAULT 1.5;\n"
        "\n"
        "CREATE PARAMETER c TEXT;\n"
        "\n"
        "CREATE FUNCTION f (DOUBLE, TEXT) RETURNS DOUBLE;\n");
}

static void words_are_in_upper_case_and_names_as_they_are(void **state)
{
  (void)state;
  check("create function Score(double)returns double;"
        "select First, \"End\" as path from Row match_recognize (pattern (Order_ b) define b as score(v)>1"
        " and abs(b.last)=extract(hour from ts) and cast(x as bigint) in(1,2))",
        "CREATE FUNCTION Score (DOUBLE) RETURNS DOUBLE;\n"
        "\n"
        "SELECT First, \"End\" AS path\n"
        "FROM Row MATCH_RECOGNIZE (\n"
        "  PATTERN ( Order_ b )\n"
        "  DEFINE b AS score(v) > 1 AND ABS(b.last) = EXTRACT(HOUR FROM ts) AND CAST(x AS BIGINT) IN (1, 2)\n"
        ");\n");
}

static void signs_do_not_run_together(void **state)
{
  (void)state;
  check("SELECT * FROM s MATCH_RECOGNIZE (PATTERN (a->{ -5,5}b->{ ,4 s}c{2,3}?!d{ - x}{-e-}^ $ ()+permute(a,b)))",
        "SELECT *\n"
        "FROM s MATCH_RECOGNIZE (\n"
        "  PATTERN ( a ->{ -5, 5} b ->{,4 S} c{2,3}? !d{ -x} {- e -} ^ $ ()+ PERMUTE(a, b) )\n"
        ");\n");
  check("SELECT * FROM s MATCH_RECOGNIZE (PATTERN (a) DEFINE a AS - - x=-(-1)and y- -2>+3)",
        "SELECT *\n"
        "FROM s MATCH_RECOGNIZE (\n"
        "  PATTERN ( a )\n"
        "  DEFINE a AS - -x = -(-1) AND y - -2 > +3\n"
        ");\n");
}

static void what_is_too_long_is_broken(void **state)
{
  (void)state;
  check("SELECT * FROM s MATCH_RECOGNIZE (PATTERN (first_of_all -> second_of_all -> third_of_all ->"
        " (fourth_of_all | fifth_of_all)+ -> the_last_of_all[and_so_on > 1]) WITHIN 5 s"
        " DEFINE first_of_all AS some_column BETWEEN 1 AND 100000"
        " AND (another_column = 'a' OR yet_another_column = 'b')"
        " AND the_last_column IS NOT NULL)",
        "SELECT *\n"
        "FROM s MATCH_RECOGNIZE (\n"
        "  PATTERN (\n"
        "    first_of_all -> second_of_all -> third_of_all -> (fourth_of_all | fifth_of_all)+\n"
        "    -> the_last_of_all[and_so_on > 1]\n"
        "  ) WITHIN 5 S\n"
        "  DEFINE\n"
        "    first_of_all AS some_column BETWEEN 1 AND 100000\n"
        "      AND (another_column = 'a' OR yet_another_column = 'b')\n"
        "      AND the_last_column IS NOT NULL\n"
        ");\n");
  check("SELECT * FROM (SELECT k, ts, avg(value) OVER (PARTITION BY k ORDER BY ts ROWS 30 PRECEDING) AS mean FROM s"
        " LEFT JOIN t ON t.id = k WHERE value > 0 UNION ALL BY NAME other) MATCH_RECOGNIZE (PATTERN (a))",
        "SELECT *\n"
        "FROM (\n"
        "  SELECT k, ts, AVG(value) OVER (PARTITION BY k ORDER BY ts ROWS 30 PRECEDING) AS mean\n"
        "  FROM s\n"
        "  LEFT JOIN t ON t.id = k\n"
        "  WHERE value > 0\n"
        "  UNION ALL BY NAME\n"
        "  other\n"
        ") MATCH_RECOGNIZE (\n"
        "  PATTERN ( a )\n"
        ");\n");
}

static void comments_keep_their_place(void **state)
{
  (void)state;
  check("-- only a comment", "-- only a comment\n");
  check("/* a */ -- b\n\n\n-- c", "/* a */\n-- b\n\n-- c\n");
  check("-- head\n\n-- of the stream\nCREATE STREAM s (a TEXT); -- behind\n\n-- tail\n",
        "-- head\n\n-- of the stream\nCREATE STREAM s (a TEXT);  -- behind\n\n-- tail\n");
  check("SELECT * FROM s MATCH_RECOGNIZE ( -- one\n"
        "-- two\nPARTITION BY k -- three\n, j -- four\nPATTERN (a -- five\n /* six */ b)\n"
        "DEFINE a AS x > 1 -- seven\n, /* eight */ b AS\n -- nine\n y /* ten */ = 2) -- eleven\n; -- twelve",
        "SELECT *\n"
        "FROM s MATCH_RECOGNIZE (  -- one\n"
        "  -- two\n"
        "  PARTITION BY\n"
        "    k,  -- three\n"
        "    j  -- four\n"
        "  PATTERN (\n"
        "    a  -- five\n"
        "    /* six */ b\n"
        "  )\n"
        "  DEFINE\n"
        "    a AS x > 1,  -- seven\n"
        "    /* eight */ b AS\n"
        "      -- nine\n"
        "      y /* ten */ = 2\n"
        ");  -- eleven\n"
        "-- twelve\n");
}

static void a_layout_may_run_out_of_memory(void **state)
{
  const char *text = "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a b ) -- why\n DEFINE a AS x > 1 )";
  tsn_alloc alloc, failing;
  tsn_arena arena;
  tsn_diag diag;
  tsn_script *script;
  uint64_t n;

  (void)state;
  tsn_alloc_init(&alloc, NULL);
  tsn_arena_init(&arena, &alloc, 0);
  tsn_diag_init(&diag, &arena, text, strlen(text));
  assert_int_equal(tsn_parse(&arena, text, strlen(text), &diag, &script), TOCSIN_OK);
  for (n = 1;; n++) {
    tsn_bytes out;
    tocsin_status status;

    tsn_alloc_init(&failing, NULL);
    failing.fail_at = n;
    tsn_bytes_init(&out, &failing, 0);
    status = tsn_format_script(script, text, strlen(text), &out);
    tsn_bytes_clear(&out);
    assert_int_equal(failing.used, 0);
    if (status == TOCSIN_OK) break;
    assert_int_equal(status, TOCSIN_NOMEM);
  }
  assert_true(n > 1);
  tsn_arena_clear(&arena);
}

/* --- the rows of a pattern's matches --- */

static void the_text_for_the_rows_of_matches(void **state)
{
#define STREAM "CREATE STREAM s (k TEXT, ts BIGINT, v BIGINT);\n"
#define SHOWS " MEASURES CLASSIFIER() AS tocsin_label, MATCH_ID() AS tocsin_match ALL ROWS PER MATCH"
  static const struct {
    const char *text, *pattern, *wanted; /* NULL: INVALID */
    int unmatched;
  } rows[] = {
    { STREAM "SELECT k, n + 1 AS m FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES COUNT(*) AS n PATTERN (a)) AS x WHERE n > 1", "",
      STREAM "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts  PATTERN (a)" SHOWS " )", 0 },
    { STREAM "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts ALL ROWS PER MATCH OMIT EMPTY MATCHES MEASURES 1 AS n PATTERN (a b) DEFINE a AS TRUE);\n", "",
      STREAM "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts    PATTERN (a b) DEFINE a AS TRUE" SHOWS " WITH UNMATCHED ROWS );\n", 1 },
    { STREAM "CREATE PATTERN p AS SELECT k FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a));\n"
             "CREATE PATTERN q AS SELECT k FROM p MATCH_RECOGNIZE (ORDER BY ts PATTERN (a));\nCREATE PARAMETER x BIGINT;", "P",
      STREAM "CREATE PATTERN p AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a)" SHOWS " );\nCREATE PARAMETER x BIGINT;", 0 },
    { STREAM "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a))", "p", NULL, 0 },
    { STREAM "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a)", "", NULL, 0 },
    { "", "", NULL, 0 },
  };
#undef STREAM
#undef SHOWS

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *changed;
    size_t length;
    tocsin_status st = tocsin_rows_text(rows[i].text, strlen(rows[i].text), rows[i].pattern, rows[i].unmatched, NULL, &changed, &length);
    T_ROW(st == (rows[i].wanted ? TOCSIN_OK : TOCSIN_INVALID), rows[i].text);
    if (rows[i].wanted) same(changed, rows[i].wanted, rows[i].text);
    tocsin_text_free(NULL, changed, length);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_text_for_the_rows_of_matches),
    cmocka_unit_test(short_queries_stay_on_one_line),
    cmocka_unit_test(longer_ones_have_a_line_for_each_clause),
    cmocka_unit_test(declarations_stand_in_columns),
    cmocka_unit_test(words_are_in_upper_case_and_names_as_they_are),
    cmocka_unit_test(signs_do_not_run_together),
    cmocka_unit_test(what_is_too_long_is_broken),
    cmocka_unit_test(comments_keep_their_place),
    cmocka_unit_test(a_layout_may_run_out_of_memory),
  };
  return T_RUN(tests);
}
