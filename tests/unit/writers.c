#include "io/writer.h"

#include "base/time.h"
#include "io/width.h"
#include "t.h"

static tsn_alloc alloc;

static int fresh(void **state)
{
  (void)state;
  tsn_alloc_init(&alloc, NULL);
  return 0;
}

static int nothing_left(void **state)
{
  (void)state;
  return alloc.used == 0 ? 0 : 1;
}

static tocsin_value text_value(const char *text)
{
  return (tocsin_value){ .type = TOCSIN_TEXT, .as.text = { text, strlen(text) } };
}

static tocsin_value number(int64_t n)
{
  return (tocsin_value){ .type = TOCSIN_BIGINT, .as.integer = n };
}

static const tsn_writer_column every_column[] = {
  { "b", TOCSIN_BOOLEAN },   { "i", TOCSIN_BIGINT },   { "d", TOCSIN_DOUBLE }, { "t", TOCSIN_TEXT },
  { "s", TOCSIN_TIMESTAMP }, { "v", TOCSIN_INTERVAL }, { "l", TOCSIN_LIST },
};
static const tsn_writer_pattern every = { "every", 7, every_column };

static const tsn_writer_column left_column[] = { { "k", TOCSIN_TEXT }, { "n", TOCSIN_BIGINT } };
static const tsn_writer_column right_column[] = { { "n", TOCSIN_BIGINT }, { "x", TOCSIN_DOUBLE } };
static const tsn_writer_pattern two[] = { { "left", 2, left_column }, { "right, too", 2, right_column } };

static void write_every(tsn_writer *w, tsn_bytes *out)
{
  tocsin_value v[7] = {
    { .type = TOCSIN_BOOLEAN, .as.boolean = 1 },
    number(INT64_MIN),
    { .type = TOCSIN_DOUBLE, .as.real = -0.0 },
    text_value("say \"hi\"\n\\ \x01 \xc3\xa9"),
    { .type = TOCSIN_TIMESTAMP, .as.integer = 1769850000000000 },
    { .type = TOCSIN_INTERVAL, .as.integer = 1800000000 },
    { .type = TOCSIN_LIST, .as.text = { "[1,\"a\"]", 7 } },
  };

  assert_int_equal(tsn_writer_begin(w, out), TOCSIN_OK);
  assert_int_equal(tsn_writer_row(w, 0, v, 7, out), TOCSIN_OK);
  v[2].as.real = INFINITY;
  v[3] = text_value("");
  assert_int_equal(tsn_writer_row(w, 0, v, 7, out), TOCSIN_OK);
  for (size_t i = 0; i < 7; i++) v[i].is_null = 1;
  assert_int_equal(tsn_writer_row(w, 0, v, 7, out), TOCSIN_OK);
  assert_int_equal(tsn_writer_end(w, out), TOCSIN_OK);
  assert_int_equal(tsn_writer_rows(w), 3);
}

static void check_every(tsn_output output, const char *wanted)
{
  tsn_writer_options options = { .pattern_column = false };
  tsn_writer *w;
  tsn_bytes out;

  tsn_bytes_init(&out, &alloc, 0);
  assert_int_equal(tsn_writer_new(&alloc, output, &every, 1, &options, &w), TOCSIN_OK);
  write_every(w, &out);
  assert_string_equal(tsn_bytes_cstr(&out), wanted);
  tsn_writer_free(w);
  tsn_bytes_clear(&out);
}

/* As wide as a table gets. */
static const char every_table[] =
"┌─────────┬──────────────────────┬──────────┬────────────────────┬─────────────────────┬──────────┬─────────┐\n"
"│ b       │                    i │        d │ t                  │ s                   │ v        │ l       │\n"
"│ boolean │               bigint │   double │ text               │ timestamp           │ interval │ list    │\n"
"├─────────┼──────────────────────┼──────────┼────────────────────┼─────────────────────┼──────────┼─────────┤\n"
"│ true    │ -9223372036854775808 │     -0.0 │ "
"say \"hi\"\\n\\ \\x01 é │ 2026-01-31 09:00:00 │ PT30M    │ [1,\"a\"] │\n"
"│ true    │ -9223372036854775808 │ Infinity │                    │ 2026-01-31 09:00:00 │ PT30M    │ [1,\"a\"] │\n"
"│ NULL    │                 NULL │     NULL │ NULL               │ NULL                │ NULL     │ NULL    │\n"
"└─────────┴──────────────────────┴──────────┴────────────────────┴─────────────────────┴──────────┴─────────┘\n"
"3 rows\n";

static void values_look_as_documented(void **state)
{
  (void)state;
  check_every(TSN_OUTPUT_JSONL,
              "{\"b\":true,\"i\":-9223372036854775808,\"d\":-0.0,\"t\":\"say \\\"hi\\\"\\n\\\\ \\u0001 \xc3\xa9\","
              "\"s\":\"2026-01-31T09:00:00.000000Z\",\"v\":\"PT30M\",\"l\":[1,\"a\"]}\n"
              "{\"b\":true,\"i\":-9223372036854775808,\"d\":null,\"t\":\"\","
              "\"s\":\"2026-01-31T09:00:00.000000Z\",\"v\":\"PT30M\",\"l\":[1,\"a\"]}\n"
              "{\"b\":null,\"i\":null,\"d\":null,\"t\":null,\"s\":null,\"v\":null,\"l\":null}\n");
  check_every(TSN_OUTPUT_CSV,
              "b,i,d,t,s,v,l\n"
              "true,-9223372036854775808,-0.0,\"say \"\"hi\"\"\n"
              "\\ \x01 \xc3\xa9\",2026-01-31T09:00:00.000000Z,PT30M,\"[1,\"\"a\"\"]\"\n"
              "true,-9223372036854775808,Infinity,\"\",2026-01-31T09:00:00.000000Z,PT30M,\"[1,\"\"a\"\"]\"\n"
              ",,,,,,\n");
  check_every(TSN_OUTPUT_TABLE, every_table);
}

static void check_two(tsn_output output, const char *wanted)
{
  tsn_writer_options options = { .pattern_column = true };
  tocsin_value left[2] = { text_value("a,b"), number(1) };
  tocsin_value right[2] = { number(2), { .type = TOCSIN_DOUBLE, .as.real = 0.1 } };
  tsn_writer *w;
  tsn_bytes out;

  tsn_bytes_init(&out, &alloc, 0);
  assert_int_equal(tsn_writer_new(&alloc, output, two, 2, &options, &w), TOCSIN_OK);
  assert_int_equal(tsn_writer_begin(w, &out), TOCSIN_OK);
  assert_int_equal(tsn_writer_row(w, 0, left, 2, &out), TOCSIN_OK);
  assert_int_equal(tsn_writer_row(w, 1, right, 2, &out), TOCSIN_OK);
  assert_int_equal(tsn_writer_end(w, &out), TOCSIN_OK);
  assert_string_equal(tsn_bytes_cstr(&out), wanted);
  tsn_writer_free(w);
  tsn_bytes_clear(&out);
}

static void times_look_the_same_whatever_was_written_before(void **state)
{
  tsn_last_time last = { .known = false };
  uint64_t seed = 1;

  (void)state;
  for (int i = 0; i < 100000; i++) {
    char got[TSN_TIME_TEXT], wanted[TSN_TIME_TEXT];
    int64_t time;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    time = (int64_t)(seed >> (i % 7 ? 20 : 0)) - (i % 3 ? 0 : INT64_C(8000000000000));
    if (i % 5 == 0) time = i % 2 ? INT64_MIN : INT64_MAX;
    for (int k = 0; k < 5; k++) { /* again, in the same second, in the next */
      size_t length = tsn_write_time(&last, time, got);
      assert_int_equal(length, tsn_time_format(time, wanted));
      assert_memory_equal(got, wanted, length);
      if (k && time < INT64_MAX - 2000000) time += k == 1 ? 10 : k == 2 ? 999990 - time % 1000000 : 1000000;
    }
  }
}

/* Of every length, with escapes anywhere, in a buffer that grows and in one that is too small. */
static void texts_of_any_length_are_escaped(void **state)
{
  uint64_t seed = 1;

  (void)state;
  for (int i = 0; i < 3000; i++) {
    char text[700];
    size_t length = (size_t)(i < 1500 ? i % 40 : i % 700);
    tocsin_value v = { .type = TOCSIN_TEXT, .as.text = { text, length } };
    tsn_bytes got, wanted;
    tsn_bytes_init(&got, &alloc, i % 3 ? 0 : (size_t)(i % 200));
    tsn_bytes_init(&wanted, &alloc, 0);
    tsn_bytes_char(&wanted, '"');
    for (size_t k = 0; k < length; k++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      text[k] = (char)(seed >> 40 & 7 && i % 5 ? 'a' : seed >> 33 & 127);
      if (text[k] == '"' || text[k] == '\\') tsn_bytes_char(&wanted, '\\');
      if ((unsigned char)text[k] >= 0x20) tsn_bytes_char(&wanted, text[k]);
      else if (strchr("\b\t\n\f\r", text[k]) && text[k])
        tsn_bytes_printf(&wanted, "\\%c", "btn?fr"[text[k] - 8]);
      else tsn_bytes_printf(&wanted, "\\u%04x", (unsigned)text[k]);
    }
    tsn_bytes_char(&wanted, '"');
    tsn_write_json_value(&got, &v);
    if (got.failed == TOCSIN_OK) assert_string_equal(tsn_bytes_cstr(&got), tsn_bytes_cstr(&wanted));
    else assert_true(got.failed == TOCSIN_LIMIT && got.max && got.length == 0);
    tsn_bytes_clear(&got);
    tsn_bytes_clear(&wanted);
  }
}

static void several_patterns_share_an_output(void **state)
{
  (void)state;
  check_two(TSN_OUTPUT_JSONL, "{\"pattern\":\"left\",\"k\":\"a,b\",\"n\":1}\n"
    "{\"pattern\":\"right, too\",\"n\":2,\"x\":0.1}\n");
  check_two(TSN_OUTPUT_CSV, "pattern,k,n,x\nleft,\"a,b\",1,\n\"right, too\",,2,0.1\n");
  check_two(TSN_OUTPUT_TABLE, "┌────────────┬──────┬────────┬────────┐\n"
                              "│ pattern    │ k    │      n │      x │\n"
                              "│ text       │ text │ bigint │ double │\n"
                              "├────────────┼──────┼────────┼────────┤\n"
                              "│ left       │ a,b  │      1 │        │\n"
                              "│ right, too │      │      2 │    0.1 │\n"
                              "└────────────┴──────┴────────┴────────┘\n"
                              "2 rows\n");
}

static void table_of(size_t rows, unsigned width, const char *text, tsn_bytes *out)
{
  tsn_writer_options options = { .width = width };
  tsn_writer *w;

  tsn_bytes_reset(out);
  assert_int_equal(tsn_writer_new(&alloc, TSN_OUTPUT_TABLE, two, 1, &options, &w), TOCSIN_OK);
  for (size_t i = 0; i < rows; i++) {
    tocsin_value v[2] = { text_value(text), number((int64_t)i) };
    assert_int_equal(tsn_writer_row(w, 0, v, 2, out), TOCSIN_OK);
  }
  assert_int_equal(tsn_writer_end(w, out), TOCSIN_OK);
  tsn_writer_free(w);
}

static size_t count(const char *text, const char *what)
{
  size_t n = 0;

  for (; (text = strstr(text, what)) != NULL; text += strlen(what)) n++;
  return n;
}

static void long_tables_show_both_ends(void **state)
{
  tsn_bytes out;

  (void)state;
  tsn_bytes_init(&out, &alloc, 0);
  table_of(0, 0, "x", &out);
  assert_non_null(strstr(tsn_bytes_cstr(&out), "┘\n0 rows\n"));
  table_of(1, 0, "x", &out);
  assert_non_null(strstr(tsn_bytes_cstr(&out), "┘\n1 row\n"));
  table_of(40, 0, "x", &out);
  assert_int_equal(count(tsn_bytes_cstr(&out), "│ x "), 40);
  assert_null(strstr(tsn_bytes_cstr(&out), "more"));
  table_of(61, 0, "some longer text", &out);
  assert_non_null(strstr(tsn_bytes_cstr(&out), "│        … 21 more …        │\n"));
  table_of(1234567, 0, "x", &out);
  assert_int_equal(count(tsn_bytes_cstr(&out), "│ x "), 40);
  assert_non_null(strstr(tsn_bytes_cstr(&out), "│ x    │      19 │\n│ … 1,234,527 …  │\n│ x    │ 1234547 │\n"));
  assert_non_null(strstr(tsn_bytes_cstr(&out), "│ x    │ 1234566 │\n└"));
  assert_non_null(strstr(tsn_bytes_cstr(&out), "1,234,567 rows (40 shown)\n"));
  tsn_bytes_clear(&out);
}

static void tables_fit_the_terminal(void **state)
{
  tsn_bytes out;

  (void)state;
  tsn_bytes_init(&out, &alloc, 0);
  table_of(1, 30, "a text that is longer than the terminal is wide", &out);
  assert_string_equal(tsn_bytes_cstr(&out), "┌───────────────────┬────────┐\n"
                                            "│ k                 │      n │\n"
                                            "│ text              │ bigint │\n"
                                            "├───────────────────┼────────┤\n"
                                            "│ a text that is l… │      0 │\n"
                                            "└───────────────────┴────────┘\n"
                                            "1 row\n");
  table_of(1, 30, "漢字漢字漢字漢字漢字", &out);
  assert_non_null(strstr(tsn_bytes_cstr(&out), "│ 漢字漢字漢字漢字… │      0 │\n"));
  for (unsigned width = 1; width < 60; width++) table_of(50, width, "some text", &out);
  tsn_bytes_clear(&out);
}

static void wide_tables_leave_out_the_middle(void **state)
{
  tsn_writer_column columns[20];
  tsn_writer_pattern pattern = { "p", 20, columns };
  tsn_writer_options options = { .width = 60 };
  tocsin_value v[20];
  char names[20][16];
  tsn_writer *w;
  tsn_bytes out;

  (void)state;
  tsn_bytes_init(&out, &alloc, 0);
  for (size_t i = 0; i < 20; i++) {
    snprintf(names[i], sizeof names[i], "column_%zu", i);
    columns[i] = (tsn_writer_column){ names[i], TOCSIN_BIGINT };
    v[i] = number((int64_t)i);
  }
  assert_int_equal(tsn_writer_new(&alloc, TSN_OUTPUT_TABLE, &pattern, 1, &options, &w), TOCSIN_OK);
  assert_int_equal(tsn_writer_row(w, 0, v, 20, &out), TOCSIN_OK);
  assert_int_equal(tsn_writer_end(w, &out), TOCSIN_OK);
  assert_string_equal(tsn_bytes_cstr(&out), "┌──────────┬──────────┬──────────┬───┬───────────┐\n"
                                            "│ column_0 │ column_1 │ column_2 │ … │ column_19 │\n"
                                            "│   bigint │   bigint │   bigint │ … │    bigint │\n"
                                            "├──────────┼──────────┼──────────┼───┼───────────┤\n"
                                            "│        0 │        1 │        2 │ … │        19 │\n"
                                            "└──────────┴──────────┴──────────┴───┴───────────┘\n"
                                            "1 row, 20 columns (4 shown)\n");
  tsn_writer_free(w);
  tsn_bytes_clear(&out);
}

static void tables_show_fifteen_digits(void **state)
{
  static const struct {
    double value;
    const char *shown;
  } rows[] = {
    { 0.1 + 0.2, " 0.3 " },       { 43.440000000000005, " 43.44 " },  { 73.92999999999999, " 73.93 " },
    { 1.0 / 3, " 0.333333333333333 " }, { 2.0 / 3, " 0.666666666666667 " }, { -1e22 / 3, " -3.33333333333333e21 " },
    { 0.5, " 0.5 " },             { 1e300, " 1e300 " },                { 123456789.12345678, " 123456789.123457 " },
    { 9.9999999999999982, " 9.999999999999998 " }, { 1234567890123456.0, " 1234567890123456.0 " },
  };
  tsn_writer_column column = { "d", TOCSIN_DOUBLE };
  tsn_writer_pattern pattern = { "p", 1, &column };
  tsn_writer_options options = { .width = 0 };
  tsn_writer *w;
  tsn_bytes out;

  (void)state;
  tsn_bytes_init(&out, &alloc, 0);
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    tocsin_value v = { .type = TOCSIN_DOUBLE, .as.real = rows[i].value };
    tsn_bytes_reset(&out);
    assert_int_equal(tsn_writer_new(&alloc, TSN_OUTPUT_TABLE, &pattern, 1, &options, &w), TOCSIN_OK);
    assert_int_equal(tsn_writer_row(w, 0, &v, 1, &out), TOCSIN_OK);
    assert_int_equal(tsn_writer_end(w, &out), TOCSIN_OK);
    tsn_writer_free(w);
    T_ROW(strstr(tsn_bytes_cstr(&out), rows[i].shown) != NULL, tsn_bytes_cstr(&out));
  }
  tsn_bytes_clear(&out);
}

static void terminals_are_not_driven_by_data(void **state)
{
  static const char text[] = "a\x1b[2Jb\xe2\x80\xae" "c\xff\xc2\x9b\x7f";
  tsn_bytes out;

  (void)state;
  tsn_bytes_init(&out, &alloc, 0);
  tsn_width_tame(&out, text, sizeof text - 1, 1000);
  assert_string_equal(tsn_bytes_cstr(&out), "a\\x1b[2Jb\xef\xbf\xbd" "c\xef\xbf\xbd\\x9b\\x7f");
  tsn_bytes_reset(&out);
  tsn_width_tame(&out, "abc\xc3\xa9", 5, 4);
  assert_string_equal(tsn_bytes_cstr(&out), "abc…");
  assert_int_equal(tsn_width("a\xcc\x81\xe6\xbc\xa2\xf0\x9f\x98\x80", 10), 5);
  tsn_bytes_reset(&out);
  tsn_write_json_text(&out, "a\xff\n\xc3\xa9\xe2\x82", 7);
  assert_string_equal(tsn_bytes_cstr(&out), "\"a\xef\xbf\xbd\\n\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"");
  tsn_bytes_clear(&out);
}

static void memory_that_runs_out_is_told(void **state)
{
  (void)state;
  for (tsn_output output = TSN_OUTPUT_JSONL; output <= TSN_OUTPUT_TABLE; output++) {
    for (uint64_t n = 1;; n++) {
      tsn_writer_options options = { .pattern_column = true };
      tocsin_value v[2] = { text_value("some text"), number(1) };
      tsn_writer *w;
      tsn_bytes out;
      tocsin_status st;

      tsn_alloc_init(&alloc, NULL);
      alloc.fail_at = n;
      tsn_bytes_init(&out, &alloc, 0);
      st = tsn_writer_new(&alloc, output, two, 2, &options, &w);
      if (st == TOCSIN_OK) st = tsn_writer_begin(w, &out);
      if (st == TOCSIN_OK) st = tsn_writer_row(w, 0, v, 2, &out);
      if (st == TOCSIN_OK) st = tsn_writer_end(w, &out);
      tsn_writer_free(w);
      tsn_bytes_clear(&out);
      assert_int_equal(alloc.used, 0);
      if (st == TOCSIN_OK) break;
      assert_int_equal(st, TOCSIN_NOMEM);
      assert_true(n < 1000);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(values_look_as_documented, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(times_look_the_same_whatever_was_written_before, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(texts_of_any_length_are_escaped, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(several_patterns_share_an_output, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(long_tables_show_both_ends, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(tables_fit_the_terminal, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(wide_tables_leave_out_the_middle, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(tables_show_fifteen_digits, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(terminals_are_not_driven_by_data, fresh, nothing_left),
    cmocka_unit_test(memory_that_runs_out_is_told),
  };

  return T_RUN(tests);
}
