#include "io/jsonl.h"

#include <stdlib.h>

#include "io/json_path.h"
#include "io/json_scan.h"
#include "reading.h"

static const tsn_column_def all_columns[] = {
  { .name = "b", .type = TOCSIN_BOOLEAN, .needed = true },  { .name = "i", .type = TOCSIN_BIGINT, .needed = true },
  { .name = "d", .type = TOCSIN_DOUBLE, .needed = true },   { .name = "t", .type = TOCSIN_TEXT, .needed = true },
  { .name = "s", .type = TOCSIN_TIMESTAMP, .needed = true }, { .name = "v", .type = TOCSIN_INTERVAL, .needed = true },
};
static const tsn_schema all = { "all", 6, all_columns };

static const tsn_column_def deep_columns[] = {
  { .name = "sku", .type = TOCSIN_TEXT, .path = "$.product.sku", .needed = true },
  { .name = "first", .type = TOCSIN_BIGINT, .path = "$.items[0].n", .needed = true },
  { .name = "second", .type = TOCSIN_BIGINT, .path = "$.items[1].n", .needed = true },
  { .name = "odd", .type = TOCSIN_DOUBLE, .path = "$.a.\"c d\"", .needed = true },
  { .name = "odder", .type = TOCSIN_DOUBLE, .path = "$[\"a\"]['e.f']", .needed = true },
};
static const tsn_schema deep = { "deep", 5, deep_columns };

static const tsn_column_def pair_columns[] = {
  { .name = "k", .type = TOCSIN_TEXT, .not_null = true, .needed = true },
  { .name = "n", .type = TOCSIN_BIGINT, .needed = true },
};
static const tsn_schema pair = { "pair", 2, pair_columns };

static void check(const tsn_schema *schema, const char *text, const char *wanted)
{
  reading g = { .format = TSN_FORMAT_JSONL, .schema = schema };
  reading_text(&g, text, wanted);
}

static void rows_are_read_wherever_the_bytes_are_cut(void **state)
{
  (void)state;
  check(&all,
        "\xef\xbb\xbf{\"b\":true,\"i\":-12,\"d\":1.5,\"t\":\"x\",\"s\":\"1970-01-01T00:00:01Z\",\"v\":\"PT1S\"}\n"
        " { \"v\" : 5 , \"s\" : 7 , \"t\" : \"\" , \"d\" : 3 , \"i\" : 0 , \"b\" : false } \r\n\n  \n{}\n"
        "{\"other\":[1,{\"x\":\"}\"}],\"i\":1,\"more\":{\"i\":2}}\n{\"i\":null,\"T\":\"any case\"}",
        "true|-12|1.5|\"x\"|1000000|1000000\nfalse|0|3|\"\"|7|5\nNULL|NULL|NULL|NULL|NULL|NULL\n"
        "NULL|1|NULL|NULL|NULL|NULL\nNULL|NULL|NULL|\"any case\"|NULL|NULL\n");
  check(&all, "", "");
  check(&all, "\n\r\n", "");
}

static void escapes_are_undone(void **state)
{
  (void)state;
  check(&pair, "{\"k\":\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\te\"}\n", "\"a\"b\\c/d\b\f\n\r\te\"|NULL\n");
  check(&pair, "{\"\\u006b\":\"\\u00e9\\u20AC\\ud83d\\ude00!\"}\n", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!\"|NULL\n");
  check(&pair, "{\"k\":\"\\ud83d\"}\n{\"k\":\"\\ude00\"}\n{\"x\":\"\\ud83d\\u0041\"}\n",
        "! 1@0 -: half of a surrogate pair in a text, near byte 2 of the line\n"
        "! 2@15 -: half of a surrogate pair in a text, near byte 2 of the line\n"
        "! 3@30 -: half of a surrogate pair in a text, near byte 2 of the line\n");
  check(&pair, "{\"k\":\"\\x\"}\n{\"k\":\"\\u00g0\"}\n{\"y\":\"\\",
        "! 1@0 -: an unknown escape in a text, near byte 2 of the line\n"
        "! 2@11 -: an unknown escape in a text, near byte 2 of the line\n"
        "! 3@26 -: an unknown escape in a text, near byte 2 of the line\n");
  check(&all, "{\"s\":\"1970-01-01T00:00:0\\u0031Z\",\"v\":\"PT\\u0031S\"}\n", "NULL|NULL|NULL|NULL|1000000|1000000\n");
}

static void paths_lead_into_objects_and_arrays(void **state)
{
  (void)state;
  check(&deep,
        "{\"items\":[{\"m\":[1],\"n\":1},{\"n\":2},{\"n\":3}],"
        "\"product\":{\"name\":{},\"sku\":\"s\"},\"a\":{\"c d\":1,\"e.f\":2}}\n"
        "{\"items\":[],\"product\":null,\"a\":[]}\n{\"items\":{\"n\":1},\"product\":\"p\"}\n"
        "{\"product\":{\"sku\":{}}}\n",
        "\"s\"|1|2|1|2\nNULL|NULL|NULL|NULL|NULL\nNULL|NULL|NULL|NULL|NULL\n! 4@165 sku: an object is no TEXT\n");
  assert_true(tsn_json_path_valid("$.a"));
  assert_true(tsn_json_path_valid("$[0]"));
  assert_true(tsn_json_path_valid("$.a.b[12].\"c d\"[\"e\"]"));
  assert_false(tsn_json_path_valid("$"));
  assert_false(tsn_json_path_valid("a"));
  assert_false(tsn_json_path_valid("$.a."));
  assert_false(tsn_json_path_valid("$.a[x]"));
  assert_false(tsn_json_path_valid("$.a[1"));
  assert_false(tsn_json_path_valid("$.\"a"));
  assert_false(tsn_json_path_valid("$a"));
}

static void a_wrong_path_is_told(void **state)
{
  static const tsn_column_def columns[] = { { .name = "x", .type = TOCSIN_TEXT, .path = "$.a[", .needed = true } };
  static const tsn_schema schema = { "s", 1, columns };

  (void)state;
  check(&schema, "{}\n", "? 3 the path '$.a[' of column \"x\" is no JSON path such as $.a.b[0]\n");
}

static void one_value_may_feed_several_columns(void **state)
{
  static const tsn_column_def columns[] = {
    { .name = "a", .type = TOCSIN_TEXT, .needed = true },
    { .name = "b", .type = TOCSIN_TEXT, .path = "$.a", .needed = true },
    { .name = "c", .type = TOCSIN_BIGINT, .path = "$.a.x", .needed = true },
  };
  static const tsn_schema schema = { "s", 3, columns };

  (void)state;
  check(&schema, "{\"a\":\"t\"}\n{\"a\":{\"x\":1}}\n{\"a\":null}\n",
        "\"t\"|\"t\"|NULL\n! 2@10 a: an object is no TEXT\nNULL|NULL|NULL\n");
}

static void the_last_of_equal_names_counts(void **state)
{
  (void)state;
  check(&pair, "{\"k\":\"a\",\"n\":1,\"k\":\"b\"}\n{\"k\":1,\"k\":\"c\"}\n{\"k\":\"d\",\"k\":2}\n"
    "{\"k\":\"e\",\"k\":null}\n",
        "\"b\"|1\n\"c\"|NULL\n! 3@40 k: 2 is no TEXT\n! 4@56 k: NULL where a value is required\n");
  check(&deep, "{\"product\":{\"sku\":\"a\"},\"a\":{\"c d\":1},\"a\":{\"e.f\":2},\"product\":7}\n",
        "NULL|NULL|NULL|NULL|2\n");
}

static void types_are_not_bent(void **state)
{
  (void)state;
  check(&all, "{\"i\":1.0}\n{\"i\":\"1\"}\n{\"d\":\"1\"}\n{\"t\":1}\n{\"b\":1}\n{\"s\":\"soon\"}\n{\"v\":1.5}\n"
    "{\"t\":[1]}\n{\"b\":\"true\"}\n",
        "! 1@0 i: 1.0 is no BIGINT\n! 2@10 i: \"1\" is no BIGINT\n! 3@20 d: \"1\" is no DOUBLE\n"
        "! 4@30 t: 1 is no TEXT\n"
        "! 5@38 b: 1 is no BOOLEAN\n! 6@46 s: \"soon\" is no TIMESTAMP\n! 7@59 v: 1.5 is no INTERVAL\n"
        "! 8@69 t: an array is no TEXT\n! 9@79 b: \"true\" is no BOOLEAN\n");
  check(&all, "{\"i\":9223372036854775807}\n{\"i\":9223372036854775808}\n{\"d\":9223372036854775808}\n"
    "{\"d\":1e400}\n{\"i\":-9223372036854775808}\n",
        "NULL|9223372036854775807|NULL|NULL|NULL|NULL\n! 2@26 i: 9223372036854775808 is beyond the range of BIGINT\n"
        "NULL|NULL|9.2233720368547758e+18|NULL|NULL|NULL\n! 4@78 d: 1e400 is beyond the range of DOUBLE\n"
        "NULL|-9223372036854775808|NULL|NULL|NULL|NULL\n");
  check(&all, "{\"d\":NaN,\"i\":1}\n{\"d\":-Infinity}\n{\"d\":-0.0}\n{\"d\":0.1e1}\n{\"d\":45.751999999999995}\n",
        "NULL|1|NULL|NULL|NULL|NULL\nNULL|NULL|-inf|NULL|NULL|NULL\nNULL|NULL|-0|NULL|NULL|NULL\n"
        "NULL|NULL|1|NULL|NULL|NULL\nNULL|NULL|45.751999999999995|NULL|NULL|NULL\n1 NaN\n");
}

static void times_count_in_their_unit(void **state)
{
  static const tsn_column_def columns[] = {
    { .name = "s", .type = TOCSIN_TIMESTAMP, .unit = TOCSIN_UNIT_SECOND, .needed = true },
    { .name = "m", .type = TOCSIN_TIMESTAMP, .unit = TOCSIN_UNIT_MILLISECOND, .needed = true },
    { .name = "u", .type = TOCSIN_TIMESTAMP, .needed = true },
    { .name = "n", .type = TOCSIN_TIMESTAMP, .unit = TOCSIN_UNIT_NANOSECOND, .needed = true },
  };
  static const tsn_schema schema = { "s", 4, columns };

  (void)state;
  check(&schema,
        "{\"s\":1596151056.1234567,\"m\":1596151056123,\"u\":1596151056123456,\"n\":1596151056123456789}\n"
        "{\"s\":-1,\"m\":-1.5,\"u\":-1.5,\"n\":-1}\n{\"s\":1.5e9,\"m\":1E3,\"u\":2e-1,\"n\":1000}\n"
        "{\"s\":9223372036854}\n{\"s\":9223372036855}\n{\"n\":\"2020-01-01T00:00:00Z\"}\n{\"s\":01}\n",
        "1596151056123456|1596151056123000|1596151056123456|1596151056123456\n-1000000|-1500|-2|-1\n"
        "1500000000000000|1000000|0|1\n9223372036854000000|NULL|NULL|NULL\n"
        "! 5@180 s: 9223372036855 is beyond the range of TIMESTAMP\nNULL|NULL|NULL|1577836800000000\n"
        "! 7@229 -: a number that JSON does not know, near byte 2 of the line\n");
}

static void what_is_no_json_is_a_bad_row(void **state)
{
  static const char *const lines[] = {
    "{", "}", "[]", "1", "null", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\":1}x", "{\"a\" 1}", "{,}",
    "{\"a\":1 2}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":tru}",
    "{\"a\":nul}", "{\"a\":[1,]}", "{\"a\":[1}", "{\"a\":{\"b\":}}", "{\"a\":\"b}", "{\"a\":'b'}", "{\"n\":01}",
    "{\"n\":1.}", "{\"n\":-}", "{\"k\":\"\t\"}", "{\"n\":nul}", "{\"n\":--1}", "{\"a\":-Inf}", "{\"n\":00}",
    "{\"a\":[}", "{\"a\":{]}", "{\"k\":\"x\"}}", "{\"a\":1}{\"a\":2}", "\"", "\\", "{\"a\":\"\\u12\"}",
    "{\"n\":1{\"k\":\"x\"}", "{\"k\":\"x\"{\"n\":1}", "{\"n\":1 {\"k\":\"x\"}", "{{\"k\":\"x\"}", "{\"n\":1{\"k\":\"x\"}}",
  };
  reading g = { .format = TSN_FORMAT_JSONL, .schema = &pair };

  (void)state;
  tsn_alloc_init(&g.alloc, NULL);
  tsn_bytes_init(&g.out, &g.alloc, 0);
  for (size_t i = 0; i < T_COUNT(lines); i++) {
    char text[128];
    int length = snprintf(text, sizeof text, "{\"k\":\"before\"}\n%s\n{\"k\":\"after\"}\n", lines[i]);
    reading_run(&g, text, (size_t)length, (size_t)length);
    T_ROW(strncmp(tsn_bytes_cstr(&g.out), "! 2@15 ", 7) == 0, lines[i]);
    T_ROW(strstr(tsn_bytes_cstr(&g.out), "\n\"before\"|NULL\n\"after\"|NULL\n") != NULL, lines[i]);
  }
  tsn_bytes_clear(&g.out);
  reading_check(&g, "{\"k\":\"a\0b\"}\n{\"k\":\"\xff\"}\n{\"k\":\"x\"}\n", 32,
                "! 1@0 -: a NUL byte\n! 2@12 -: no valid UTF-8\n\"x\"|NULL\n", "damaged text");
}

/* objects or arrays, `levels` of them around a 1 */
static void nested(char *out, int levels, bool arrays, bool known)
{
  char *p = out + sprintf(out, "{\"k\":\"x\",\"%s\":", known ? "n" : "y");

  for (int i = 1; i < levels; i++) p += sprintf(p, arrays ? "[" : "{\"a\":");
  p += sprintf(p, "1");
  for (int i = 1; i < levels; i++) p += sprintf(p, arrays ? "]" : "}");
  sprintf(p, "}\n");
}

static void nesting_has_a_depth(void **state)
{
  reading g = { .format = TSN_FORMAT_JSONL, .schema = &pair };
  char *text = test_malloc(40000);

  (void)state;
  tsn_alloc_init(&g.alloc, NULL);
  tsn_bytes_init(&g.out, &g.alloc, 0);
  for (int i = 0; i < 4; i++) {
    nested(text, 200, i & 1, i & 2);
    reading_run(&g, text, strlen(text), 1000000);
    assert_string_equal(tsn_bytes_cstr(&g.out), !(i & 2)  ? "\"x\"|NULL\n"
                                                : i & 1 ? "! 1@0 n: an array is no BIGINT\n"
                                                        : "! 1@0 n: an object is no BIGINT\n");
    nested(text, 201, i & 1, i & 2);
    reading_run(&g, text, strlen(text), 1000000);
    assert_string_equal(tsn_bytes_cstr(&g.out), "! 1@0 -: nested deeper than 200 levels, near byte 10 of the line\n");
    nested(text, 5000, i & 1, i & 2);
    reading_run(&g, text, strlen(text), 1000000);
    assert_string_equal(tsn_bytes_cstr(&g.out), "! 1@0 -: nested deeper than 200 levels, near byte 10 of the line\n");
  }
  tsn_bytes_clear(&g.out);
  test_free(text);
}

static void columns_that_nobody_needs_are_checked_and_null(void **state)
{
  static const tsn_column_def columns[] = {
    { .name = "a", .type = TOCSIN_BIGINT, .not_null = true },
    { .name = "b", .type = TOCSIN_TEXT },
    { .name = "c", .type = TOCSIN_BIGINT, .needed = true },
  };
  static const tsn_schema schema = { "s", 3, columns };

  (void)state;
  check(&schema, "{\"a\":1,\"b\":\"x\",\"c\":2}\n{\"a\":\"x\",\"c\":3}\n{\"b\":\"y\",\"c\":4}\n{\"a\":2,\"b\":3}\n",
        "NULL|NULL|2\n! 2@22 a: \"x\" is no BIGINT\n! 3@38 a: missing, but a value is required\n"
        "! 4@54 b: 3 is no TEXT\n");
}

static void origins_lead_back_to_the_line(void **state)
{
  reading g = { .format = TSN_FORMAT_JSONL, .schema = &pair, .show_origin = true, .show_raw = true };

  (void)state;
  reading_text(&g, "{\"k\":\"a\"}\n\n[]\r\n {\"k\":\"b\"} \r\n{\"k\":\"c\"}",
               "\"a\"|NULL <1@0 {\"k\":\"a\"}>\n! 3@11 -: no JSON object <[]>\n"
               "\"b\"|NULL <4@15  {\"k\":\"b\"} >\n\"c\"|NULL <5@28 {\"k\":\"c\"}>\n");
}

static void lines_have_a_greatest_length(void **state)
{
  reading g = { .format = TSN_FORMAT_JSONL, .schema = &pair, .max_line = 12, .show_raw = true };

  (void)state;
  reading_text(&g, "{\"k\":\"1234\"}\n{\"k\":\"12345\"}\n{\"k\":\"123456789012345678901234567890\"}\n"
    "{\"k\":\"x\"}\n{\"k\":\"123456789",
               "\"1234\"|NULL\n! 2@13 -: longer than a line may be <{\"k\":\"12345\">…\n"
               "! 3@27 -: longer than a line may be <{\"k\":\"123456>…\n\"x\"|NULL\n"
               "! 5@76 -: longer than a line may be <{\"k\":\"123456>…\n");
}

static void a_line_of_a_megabyte_is_fine(void **state)
{
  reading g = { .format = TSN_FORMAT_JSONL, .schema = &pair };
  size_t size = (size_t)1 << 20;
  char *text = test_malloc(size + 64);
  size_t length;

  (void)state;
  memcpy(text, "{\"k\":\"", 6);
  memset(text + 6, 'x', size);
  memcpy(text + 6 + size, "\",\"n\":7}\n", 9);
  length = size + 15;
  tsn_alloc_init(&g.alloc, NULL);
  tsn_bytes_init(&g.out, &g.alloc, 0);
  for (size_t piece = 1000; piece < 3000000; piece *= 13) {
    reading_run(&g, text, length, piece);
    assert_int_equal(g.out.length, size + 5);
    assert_string_equal(tsn_bytes_cstr(&g.out) + size, "xx\"|7\n" + 1);
  }
  tsn_bytes_clear(&g.out);
  test_free(text);
}

static void memory_that_runs_out_is_told(void **state)
{
  static const char text[] = "{\"k\":\"a\\n\",\"\\u006e\":1}\n{\"k\":\"some longer text\"}\n{\"k\"";
  tsn_alloc alloc;

  (void)state;
  for (uint64_t n = 1;; n++) {
    tsn_decoder_options options = { .source = "t" };
    tsn_decoder *r = NULL;
    tsn_batch batch;
    tocsin_status st;
    bool failed;

    tsn_alloc_init(&alloc, NULL);
    alloc.fail_at = n;
    st = tsn_batch_init(&batch, &alloc, &pair);
    failed = st != TOCSIN_OK;
    if (st == TOCSIN_OK) {
      st = tsn_decoder_new(&alloc, TSN_FORMAT_JSONL, &pair, &options, &r);
      for (size_t at = 0; st == TOCSIN_OK && at < sizeof text - 1; at += 30)
        st = tsn_decoder_feed(r, text + at, sizeof text - 1 - at < 30 ? sizeof text - 1 - at : 30, &batch);
      if (st == TOCSIN_OK) st = tsn_decoder_finish(r, &batch);
      failed = st != TOCSIN_OK;
      if (failed) assert_int_equal(st, TOCSIN_NOMEM);
      tsn_decoder_free(r);
      tsn_batch_clear(&batch);
    }
    assert_int_equal(alloc.used, 0);
    if (!failed) break;
    assert_true(n < 1000);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_are_read_wherever_the_bytes_are_cut),
    cmocka_unit_test(escapes_are_undone),
    cmocka_unit_test(paths_lead_into_objects_and_arrays),
    cmocka_unit_test(a_wrong_path_is_told),
    cmocka_unit_test(one_value_may_feed_several_columns),
    cmocka_unit_test(the_last_of_equal_names_counts),
    cmocka_unit_test(types_are_not_bent),
    cmocka_unit_test(times_count_in_their_unit),
    cmocka_unit_test(what_is_no_json_is_a_bad_row),
    cmocka_unit_test(nesting_has_a_depth),
    cmocka_unit_test(columns_that_nobody_needs_are_checked_and_null),
    cmocka_unit_test(origins_lead_back_to_the_line),
    cmocka_unit_test(lines_have_a_greatest_length),
    cmocka_unit_test(a_line_of_a_megabyte_is_fine),
    cmocka_unit_test(memory_that_runs_out_is_told),
  };

  return T_RUN(tests);
}
