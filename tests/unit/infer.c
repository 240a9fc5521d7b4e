#include "io/infer.h"

#include <stdlib.h>

#include "t.h"

static void check_sample(tsn_format format, const char *text, bool whole, const char *wanted)
{
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_bytes out;
  tsn_inferred in;
  const char *why;
  size_t length = strlen(text);
  char *block = test_malloc(length ? length : 1);

  memcpy(block, text, length);
  tsn_alloc_init(&alloc, NULL);
  tsn_arena_init(&arena, &alloc, 0);
  tsn_bytes_init(&out, &alloc, 0);
  if (tsn_infer(&arena, format, "s", block, length, whole, TSN_INFER_ROWS, &in, &why) == TOCSIN_OK)
    tsn_infer_print(&in, &out);
  else
    tsn_bytes_printf(&out, "? %s", why);
  assert_string_equal(tsn_bytes_cstr(&out), wanted);
  tsn_bytes_clear(&out);
  tsn_arena_clear(&arena);
  test_free(block);
  assert_int_equal(alloc.used, 0);
}

static void csv(const char *text, const char *wanted)
{
  check_sample(TSN_FORMAT_CSV, text, true, wanted);
}

static void json(const char *text, const char *wanted)
{
  check_sample(TSN_FORMAT_JSONL, text, true, wanted);
}

static void types_come_from_the_values(void **state)
{
  (void)state;
  csv("b,i,d,t,s,big,zip,none\ntrue,1,1,x,2026-01-31 09:00:00,99999999999999999999,00501,\n"
    "FALSE,-5,2.5,7,2026-01-31T09:00:01Z,1,10001,\n",
      "CREATE STREAM s (\n  b    BOOLEAN,\n  i    BIGINT,\n  d    DOUBLE,\n  t    TEXT,\n  s    TIMESTAMP,\n"
      "  big  DOUBLE,\n"
      "  zip  TEXT,\n  none TEXT -- no value seen\n);\n");
  json("{\"b\":true,\"i\":1,\"d\":1,\"t\":\"1\",\"s\":\"2026-01-31\",\"n\":null}\n"
    "{\"d\":1.5,\"late\":NaN,\"i\":null}\n",
       "CREATE STREAM s (\n  b    BOOLEAN,\n  i    BIGINT,\n  d    DOUBLE,\n  t    TEXT,\n  s    TIMESTAMP,\n"
       "  n    TEXT, -- no value seen\n  late DOUBLE\n);\n");
}

static void numbers_that_are_times_have_a_unit(void **state)
{
  (void)state;
  csv("ts,created_at,updatedAt,time,epoch,started_at,price\n"
    "1381219217034,1381219217,1381219217034000,1381219217034000000,1381219217.5,12,1381219217\n",
      "CREATE STREAM s (\n  ts         TIMESTAMP UNIT MILLISECOND,\n  created_at TIMESTAMP UNIT SECOND,\n"
      "  updatedAt  TIMESTAMP UNIT MICROSECOND,\n  time       TIMESTAMP UNIT NANOSECOND,\n"
      "  epoch      TIMESTAMP UNIT SECOND,\n"
      "  started_at BIGINT,\n  price      BIGINT\n);\n");
}

static void disorder_becomes_a_watermark(void **state)
{
  (void)state;
  csv("ts\n2026-01-01T00:00:10Z\n2026-01-01T00:00:06.5Z\n2026-01-01T00:01:00Z\n",
      "CREATE STREAM s (\n  ts TIMESTAMP,\n  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND\n);\n");
  csv("ts\n1381219217034\n1381219217034\n1381219217031\n1381219317031\n",
      "CREATE STREAM s (\n  ts TIMESTAMP UNIT MILLISECOND,\n  WATERMARK FOR ts AS ts - INTERVAL '0.010' SECOND\n);\n");
  csv("ts\n2026-03-01\n2026-01-01\n",
      "CREATE STREAM s (\n  ts TIMESTAMP,\n"
      "  WATERMARK FOR ts AS ts - INTERVAL '59' DAY -- rows are in no order of time: think of --sort\n);\n");
  csv("ts\n2026-01-01\n2026-01-01\n2026-01-02\n", "CREATE STREAM s (\n  ts TIMESTAMP\n);\n");
}

static void nested_members_become_columns_with_paths(void **state)
{
  (void)state;
  json("{\"id\":1,\"geo\":{\"lat\":1.5,\"at city\":{\"name\":\"x\"}},\"tags\":[1],"
       "\"geo_lat\":\"y\",\"ID\":2,\"it's\":3}\n{\"geo\":null}\n",
       "CREATE STREAM s (\n  id                 BIGINT,\n  geo_lat            DOUBLE PATH '$.geo.lat',\n"
       "  \"geo_at city_name\" TEXT   PATH '$.geo.\"at city\".name',\n  geo_lat_2          TEXT   PATH '$.geo_lat',\n"
       "  ID_2               BIGINT PATH '$.ID',\n  \"it's\"             BIGINT\n);\n"
       "-- tags: an array; PATH '$.tags[0]' would read its first item\n");
}

static void conflicts_are_settled(void **state)
{
  (void)state;
  csv("a,b\n1,1\nx,true\n", "CREATE STREAM s (\n  a TEXT,\n  b TEXT\n);\n");
  json("{\"a\":1,\"b\":\"x\"}\n{\"a\":2.5,\"b\":\"y\"}\n{\"a\":\"n/a\",\"b\":3}\n",
       "CREATE STREAM s (\n  a DOUBLE, -- 1 of 3 values are of another type: bad rows\n"
       "  b TEXT -- 1 of 3 values are of another type: bad rows\n);\n");
}

static void names_are_quoted_where_need_be(void **state)
{
  (void)state;
  csv("order,Select,a b,say \"\"hi\"\",2nd,user,timestamp\n1,1,1,1,1,1,1\n",
      "CREATE STREAM s (\n  \"order\"          BIGINT,\n  \"Select\"         BIGINT,\n  \"a b\"            BIGINT,\n"
      "  \"say \"\"\"\"hi\"\"\"\"\" BIGINT,\n  \"2nd\"            BIGINT,\n  user             BIGINT,\n"
      "  timestamp        BIGINT\n);\n");
  csv("a,A,,b\n1,2,3,4\n",
      "CREATE STREAM s (\n  a BIGINT,\n  b BIGINT\n);\n-- A: a second column of this name\n"
      "-- : a field without a name\n");
}

static void samples_may_be_cut_or_poor(void **state)
{
  (void)state;
  check_sample(TSN_FORMAT_CSV, "a,b\n1,2\n3,\"x", false, "CREATE STREAM s (\n  a BIGINT,\n  b BIGINT\n);\n");
  csv("a,b", "CREATE STREAM s (\n  a TEXT, -- no value seen\n  b TEXT -- no value seen\n);\n");
  csv("", "? there is nothing in it");
  json("", "? there is nothing in it");
  json("hello\n", "? there is no JSON object in it");
  json("{}\n", "? no column can be seen in it");
  json("garbage\n{\"a\":1}", "CREATE STREAM s (\n  a BIGINT\n);\n");
  csv("a,\"b\n", "? its first line is no header of CSV");
}

static void members_without_end_are_left_out(void **state)
{
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_inferred in;
  const char *why;
  char *text = test_malloc(200000), *p = text + sprintf(text, "{");

  (void)state;
  for (int i = 0; i < 5000; i++) p += sprintf(p, "%s\"k%d\":%d", i ? "," : "", i, i);
  p += sprintf(p, "}\n");
  tsn_alloc_init(&alloc, NULL);
  tsn_arena_init(&arena, &alloc, 0);
  assert_int_equal(tsn_infer(&arena, TSN_FORMAT_JSONL, "s", text, (size_t)(p - text), true, 10, &in, &why), TOCSIN_OK);
  assert_int_equal(in.schema.column_count, 2000);
  assert_int_equal(in.dropped_count, 1);
  tsn_arena_clear(&arena);
  test_free(text);
}

static void memory_that_runs_out_is_told(void **state)
{
  static const char text[] = "{\"a\":{\"b\":1,\"c\\n\":[1]},\"A\":2,\"a_b\":\"x\",\"ts\":\"2026-01-01\"}\n{\"a\":3}";

  (void)state;
  for (uint64_t n = 1;; n++) {
    tsn_alloc alloc;
    tsn_arena arena;
    tsn_bytes out;
    tsn_inferred in;
    const char *why;
    tocsin_status st;

    tsn_alloc_init(&alloc, NULL);
    alloc.fail_at = n;
    tsn_arena_init(&arena, &alloc, 0);
    tsn_bytes_init(&out, &alloc, 0);
    st = tsn_infer(&arena, TSN_FORMAT_JSONL, "s", text, sizeof text - 1, true, 10, &in, &why);
    if (st == TOCSIN_OK) {
      tsn_infer_print(&in, &out);
      st = out.failed;
    }
    tsn_bytes_clear(&out);
    tsn_arena_clear(&arena);
    assert_int_equal(alloc.used, 0);
    if (st == TOCSIN_OK) break;
    assert_int_equal(st, TOCSIN_NOMEM);
    assert_true(n < 1000);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(types_come_from_the_values),
    cmocka_unit_test(numbers_that_are_times_have_a_unit),
    cmocka_unit_test(disorder_becomes_a_watermark),
    cmocka_unit_test(nested_members_become_columns_with_paths),
    cmocka_unit_test(conflicts_are_settled),
    cmocka_unit_test(names_are_quoted_where_need_be),
    cmocka_unit_test(samples_may_be_cut_or_poor),
    cmocka_unit_test(members_without_end_are_left_out),
    cmocka_unit_test(memory_that_runs_out_is_told),
  };

  return T_RUN(tests);
}
