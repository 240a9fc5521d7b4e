/* What a host asks of a text before it has rows: which streams it needs, which columns give the keys, and
 * what more it may be told of each match (compile.h, program.h). */
#include "../engine.h"
#include "t.h"

/* ---- streams that a text does not declare ---- */

static int note(void *context, const tocsin_undeclared *stream)
{
  char *out = context;
  size_t at = strlen(out);
  snprintf(out + at, 400 - at, "%s%s by %s", at ? ", " : "", stream->name, stream->time ? stream->time : "-");
  return 1;
}

static void undeclared_streams_are_told_with_their_time(void **state)
{
  static const struct {
    const char *text, *told;
  } table[] = {
      {"SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a))", "s by ts"},
      {"SELECT * FROM s MATCH_RECOGNIZE (PATTERN (a))", "s by -"},
      {"CREATE STREAM s (ts BIGINT); SELECT * FROM S MATCH_RECOGNIZE (ORDER BY ts PATTERN (a))", ""},
      {"CREATE PATTERN p AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a));"
       "CREATE PATTERN q AS SELECT * FROM p MATCH_RECOGNIZE (PATTERN (a));", "s by ts"},
      {"CREATE PATTERN p AS SELECT * FROM p MATCH_RECOGNIZE (ORDER BY ts PATTERN (a));", "p by ts"},
      {"SELECT * FROM (SELECT at AS ts, x FROM s UNION ALL BY NAME SELECT *, x + 1 AS y FROM \"T\" UNION ALL BY NAME u UNION ALL BY NAME "
       "SELECT at + 1 AS ts FROM v UNION ALL BY NAME SELECT x FROM w) MATCH_RECOGNIZE (ORDER BY ts PATTERN (a))",
       "s by at, T by ts, u by ts, v by -, w by -"},
      {"SELECT * FROM (SELECT ts, n FROM s LEFT JOIN t ON id = k) MATCH_RECOGNIZE (ORDER BY ts PATTERN (a))", "s by ts"},
      {"SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a", "s by ts"},
      {"nonsense", ""},
  };
  size_t i;
  (void)state;
  for (i = 0; i < T_COUNT(table); i++) {
    char told[400] = "";
    assert_int_equal(tocsin_undeclared_streams(table[i].text, strlen(table[i].text), NULL, note, told), TOCSIN_OK);
    T_ROW(!strcmp(told, table[i].told), told);
  }
  assert_int_equal(tocsin_undeclared_streams(NULL, 5, NULL, note, NULL), TOCSIN_MISUSE);
}

/* ---- keys ---- */

#define STREAMS "CREATE STREAM s (k TEXT, j BIGINT, ts BIGINT, v BIGINT); CREATE STREAM t (at BIGINT, who TEXT, j BIGINT); "

static tocsin_program *compiled(const char *text, unsigned details)
{
  tocsin_compile_options options = {.details = details};
  tocsin_program *program;
  assert_int_equal(tocsin_compile(text, strlen(text), &options, &program, NULL), TOCSIN_OK);
  return program;
}

static void keys_are_found_in_streams_and_outputs(void **state)
{
  tocsin_program *p = compiled(
      STREAMS "CREATE PATTERN p AS SELECT v, k AS who, j + 1 AS more, j FROM s MATCH_RECOGNIZE (PARTITION BY j, k, j ORDER BY ts MEASURES a.v AS v PATTERN (a));"
              "CREATE PATTERN q AS SELECT * FROM (SELECT k, ts, j FROM s UNION ALL BY NAME SELECT who AS k, at AS ts, j + 0 AS j FROM t)"
              " MATCH_RECOGNIZE (PARTITION BY k, j ORDER BY ts PATTERN (a));"
              "CREATE PATTERN r AS SELECT * FROM q MATCH_RECOGNIZE (PARTITION BY k PATTERN (a));"
              "CREATE PATTERN w AS SELECT * FROM (SELECT *, COUNT(*) OVER (ORDER BY ts ROWS 3 PRECEDING) AS n FROM s)"
              " MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES a.n AS n PATTERN (a))", 0);
  (void)state;
  assert_int_equal(tocsin_program_pattern(p, 0).key_count, 2);
  assert_int_equal(tocsin_program_output_key(p, 0, 0), SIZE_MAX);
  assert_int_equal(tocsin_program_output_key(p, 0, 1), 1);
  assert_int_equal(tocsin_program_output_key(p, 0, 2), SIZE_MAX);
  assert_int_equal(tocsin_program_output_key(p, 0, 3), 0);
  assert_int_equal(tocsin_program_output_key(p, 0, 4), SIZE_MAX);
  assert_int_equal(tocsin_program_output_key(p, 9, 0), SIZE_MAX);
  assert_int_equal(tocsin_program_key_column(p, 0, 0, 0), 1);
  assert_int_equal(tocsin_program_key_column(p, 0, 0, 1), 0);
  assert_int_equal(tocsin_program_key_column(p, 0, 0, 2), SIZE_MAX);
  assert_int_equal(tocsin_program_key_column(p, 0, 1, 0), SIZE_MAX);
  assert_int_equal(tocsin_program_key_column(p, 1, 1, 0), 1);        /* who AS k */
  assert_int_equal(tocsin_program_key_column(p, 1, 1, 1), SIZE_MAX); /* computed */
  assert_int_equal(tocsin_program_key_column(p, 2, 0, 0), SIZE_MAX); /* of a pattern */
  assert_int_equal(tocsin_program_key_column(p, 3, 0, 0), SIZE_MAX); /* the window sees all keys */
  tocsin_program_free(p);
}

/* ---- reach ---- */

static void reach_is_told_where_it_is_certain(void **state)
{
  static const struct {
    const char *clauses;
    int earlier, later;
    int64_t span;
  } table[] = {
      {"PATTERN (a -> b) WITHIN 5", 0, 1, 5},
      {"AFTER MATCH NO SKIP PATTERN (a -> b) WITHIN 5", 1, 1, 5},
      {"AFTER MATCH SKIP TO NEXT ROW PATTERN (a -> b) WITHIN 5", 1, 1, 5},
      {"PATTERN (a -> b)", 0, 0, 0},
      {"PATTERN (a -> b) WITHIN 5 ROWS", 0, 0, 0},
      {"PATTERN (a b $) WITHIN 5", 0, 0, 5},
      {"AFTER MATCH NO SKIP PATTERN (^ a b) WITHIN 5", 0, 1, 5},
      {"AFTER MATCH NO SKIP PATTERN (a b) WITHIN 5 DEFINE b AS v > PREV(v)", 0, 1, 5},
      {"AFTER MATCH NO SKIP PATTERN (a b) WITHIN 5 DEFINE b AS v > NEXT(v)", 1, 0, 5},
      {"MEASURES MATCH_NUMBER() AS n AFTER MATCH NO SKIP PATTERN (a b) WITHIN 5", 0, 1, 5},
      {"MEASURES MATCH_ID() AS n AFTER MATCH NO SKIP PATTERN (a b) WITHIN 5", 0, 1, 5},
      {"AFTER MATCH NO SKIP PATTERN (!a{3} b) WITHIN 5", 0, 1, 5},
  };
  size_t i;
  (void)state;
  for (i = 0; i < T_COUNT(table); i++) {
    char text[500];
    tocsin_program *p;
    tocsin_reach r;
    snprintf(text, sizeof text, STREAMS "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts %s)", table[i].clauses);
    p = compiled(text, 0);
    r = tocsin_program_reach(p, 0);
    T_ROW(r.earlier == table[i].earlier && r.later == table[i].later && r.span == table[i].span, table[i].clauses);
    assert_int_equal(tocsin_program_reach(p, 1).later, 0);
    tocsin_program_free(p);
  }
}

/* ---- details ---- */

static void details_stand_behind_what_select_gives(void **state)
{
  static const char text[] =
      STREAMS "CREATE PATTERN p AS SELECT n FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES COUNT(*) AS n, MATCH_ID() AS i PATTERN (a b));"
              "CREATE PATTERN q AS SELECT * FROM p MATCH_RECOGNIZE (MEASURES LAST(n) AS n, MATCH_END() AS at PATTERN (a+))";
  static const char rows[] = "k,j,ts,v\nx,1,1,1\ny,1,2,1\nx,1,3,1\ny,1,4,1\nz,1,5,1\n";
  static const char *const names[] = {"n", "match_id", "match_status", "match_start", "match_end", "match_rowtime", "k"};
  tocsin_program *p = compiled(text, TOCSIN_DETAIL_ID | TOCSIN_DETAIL_STATUS | TOCSIN_DETAIL_START | TOCSIN_DETAIL_END | TOCSIN_DETAIL_ROWTIME |
                                       TOCSIN_DETAIL_KEY);
  tocsin_matcher *m;
  tocsin_match match;
  engine_rows r;
  tocsin_batch batch;
  size_t i, seen = 0;
  (void)state;
  assert_int_equal(tocsin_program_pattern(p, 0).column_count, T_COUNT(names));
  for (i = 0; i < T_COUNT(names); i++) assert_string_equal(tocsin_program_output_column(p, 0, i).name, names[i]);
  assert_int_equal(tocsin_program_pattern(p, 1).column_count, 2 + 5); /* the details of p are not seen, it has no key itself */
  assert_int_equal(engine_rows_read(&r, p, rows), true);
  batch = tsn_batch_view(&r.batch);
  assert_int_equal(tocsin_matcher_new(p, NULL, &m), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_push(m, 0, &batch, 0, &i), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_finish(m), TOCSIN_OK);
  while (tocsin_matcher_next(m, &match)) {
    const tocsin_value *v = match.values;
    seen++;
    if (match.pattern == 0) {
      assert_int_equal(v[1].as.text.length, 32);
      assert_memory_equal(v[2].as.text.bytes, "MATCHED", 7);
      assert_int_equal(v[3].as.integer, seen);
      assert_int_equal(v[4].as.integer, seen + 2);
      assert_int_equal(v[5].as.integer, match.time);
      assert_memory_equal(v[6].as.text.bytes, seen == 1 ? "x" : "y", 1);
    } else {
      assert_int_equal(v[0].as.integer, 2);
      assert_int_equal(v[1].as.integer, 4); /* the output time of the last match of p */
      assert_int_equal(v[4].as.integer, 3); /* and that of the first */
    }
  }
  assert_int_equal(seen, 3);
  tocsin_matcher_free(m);
  engine_rows_clear(&r);
  tocsin_program_free(p);
}

static void times_of_rows_without_time_are_null(void **state)
{
  tocsin_program *p = compiled("CREATE STREAM s (k TEXT); SELECT * FROM s MATCH_RECOGNIZE (MEASURES a.k AS k PATTERN (a))",
                               TOCSIN_DETAIL_START | TOCSIN_DETAIL_ROWTIME);
  tocsin_matcher *m;
  tocsin_match match;
  engine_rows r;
  tocsin_batch batch;
  size_t taken;
  (void)state;
  assert_int_equal(engine_rows_read(&r, p, "k\nx\n"), true);
  batch = tsn_batch_view(&r.batch);
  assert_int_equal(tocsin_matcher_new(p, NULL, &m), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_push(m, 0, &batch, 0, &taken), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_finish(m), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_next(m, &match), 1);
  assert_int_equal(match.value_count, 3);
  assert_int_equal(match.values[1].is_null && match.values[2].is_null, 1);
  tocsin_matcher_free(m);
  engine_rows_clear(&r);
  tocsin_program_free(p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(undeclared_streams_are_told_with_their_time),
      cmocka_unit_test(keys_are_found_in_streams_and_outputs),
      cmocka_unit_test(reach_is_told_where_it_is_certain),
      cmocka_unit_test(details_stand_behind_what_select_gives),
      cmocka_unit_test(times_of_rows_without_time_are_null),
  };
  return T_RUN(tests);
}
