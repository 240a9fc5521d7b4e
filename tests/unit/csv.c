#include "io/csv.h"

#include <stdlib.h>

#include "reading.h"

static const tsn_column_def trade_columns[] = {
  { .name = "ts", .type = TOCSIN_TIMESTAMP, .unit = TOCSIN_UNIT_MILLISECOND, .not_null = true, .needed = true },
  { .name = "name", .type = TOCSIN_TEXT, .needed = true },
  { .name = "price", .type = TOCSIN_DOUBLE, .needed = true },
  { .name = "volume", .type = TOCSIN_BIGINT, .needed = true },
};
static const tsn_schema trades = { "trades", 4, trade_columns };

static const tsn_column_def all_columns[] = {
  { .name = "b", .type = TOCSIN_BOOLEAN, .needed = true },  { .name = "i", .type = TOCSIN_BIGINT, .needed = true },
  { .name = "d", .type = TOCSIN_DOUBLE, .needed = true },   { .name = "t", .type = TOCSIN_TEXT, .needed = true },
  { .name = "s", .type = TOCSIN_TIMESTAMP, .needed = true }, { .name = "v", .type = TOCSIN_INTERVAL, .needed = true },
};
static const tsn_schema all = { "all", 6, all_columns };

static const tsn_column_def pair_columns[] = {
  { .name = "a", .type = TOCSIN_BIGINT, .needed = true },
  { .name = "b", .type = TOCSIN_TEXT, .needed = true },
};
static const tsn_schema pair = { "pair", 2, pair_columns };

static void check(const tsn_schema *schema, const char *text, const char *wanted)
{
  reading g = { .format = TSN_FORMAT_CSV, .schema = schema };
  reading_text(&g, text, wanted);
}

static void rows_are_read_wherever_the_bytes_are_cut(void **state)
{
  (void)state;
  check(&trades, "ts,name,price,volume\n1381219217034,SPY,167.42,210\n1381219526965,IBM,167,100\n",
        "1381219217034000|\"SPY\"|167.41999999999999|210\n1381219526965000|\"IBM\"|167|100\n");
  /* columns in another order and case, unknown ones, CRLF, byte order mark, no last newline */
  check(&trades, "\xef\xbb\xbfVolume,x,NAME,Price,TS\r\n7,?,SPY,-1.5,5\r\n-8,?,a longer name,0.25,6",
        "5000|\"SPY\"|-1.5|7\n6000|\"a longer name\"|0.25|-8\n");
  check(&trades, " ts , name \n1,x\n", "1000|\"x\"|NULL|NULL\n");
  check(&trades, "", "");
  check(&trades, "ts,name\n", "");
  check(&trades, "ts,name", "");
  check(&trades, "\n\nts,name\n\n1,a\n\r\n\n2,b\n\n", "1000|\"a\"|NULL|NULL\n2000|\"b\"|NULL|NULL\n");
}

static void quotes_are_those_of_rfc_4180(void **state)
{
  (void)state;
  check(&pair, "a,b\n1,\"x\"\n2,\"x,y\"\n3,\"say \"\"hi\"\"\"\n4,\"two\nlines\"\n5,\"\"\n6,\n",
        "1|\"x\"\n2|\"x,y\"\n3|\"say \"hi\"\"\n4|\"two\nlines\"\n5|\"\"\n6|NULL\n");
  check(&pair, "\"a\",\"b\"\r\n\"1\",\"x\"\r\n\"2\",\"\r\n\"\r\n", "1|\"x\"\n2|\"\r\n\"\n");
  check(&pair, "b,a\n\"x\",\"12\"\n\"\"\"\",-3\n", "12|\"x\"\n-3|\"\"\"\n");
  check(&pair, "a,\"b\"\"c\",b\n1,2,3\n", "1|\"3\"\n");
  /* a quote inside a field is a character */
  check(&pair, "a,b\n1,5\" disk\n2,a\"b\"c\n", "1|\"5\" disk\"\n2|\"a\"b\"c\"\n");
  check(&pair, "a,b\n1,tab\there\rand\x01there\n", "1|\"tab\there\rand\x01there\"\n");
}

static void a_stray_quote_costs_one_line(void **state)
{
  (void)state;
  check(&pair, "a,b\n1,\"x\n2,y\n3,z\n", "! 2@4 -: a quote that is not closed\n2|\"y\"\n3|\"z\"\n");
  check(&pair, "a,b\n1,\"x\n2,\"y\"\n3,z\n", "! 2@4 -: a quote that is not closed\n2|\"y\"\n3|\"z\"\n");
  check(&pair, "a,b\n1,\"x\"y\n2,z\n",
        "! 2@4 -: a quoted field that goes on after its closing quote\n2|\"z\"\n");
  check(&pair, "a,b\n1,\"x\" \n2,\"z\"\rq\n3,ok",
        "! 2@4 -: a quoted field that goes on after its closing quote\n"
        "! 3@11 -: a quoted field that goes on after its closing quote\n3|\"ok\"\n");
  check(&pair, "a,b\n1,\"", "! 2@4 -: a quote that is not closed\n");
  check(&pair, "a,\"b\n1,2\n", "? 7 the header line has a quote that is not closed\n");
}

static void bad_rows_are_named_and_cost_nothing_else(void **state)
{
  reading g = { .format = TSN_FORMAT_CSV, .schema = &trades, .show_raw = true };

  (void)state;
  reading_text(&g, "ts,name,price,volume\n1,a,1,1\nx,b,1,1\n3,c,abc,1\n4,d,1,99999999999999999999\n,e,1,1\n"
    "6,f,1\n7,g,1,1,1\n8,h,1,2.5\n9,i,2,2\n",
               "1000|\"a\"|1|1\n"
               "! 3@29 ts: \"x\" is no TIMESTAMP <x,b,1,1>\n"
               "! 4@37 price: \"abc\" is no DOUBLE <3,c,abc,1>\n"
               "! 5@47 volume: \"99999999999999999999\" is beyond the range of BIGINT <4,d,1,99999999999999999999>\n"
               "! 6@74 ts: NULL where a value is required <,e,1,1>\n"
               "! 7@81 -: 3 fields, the header has 4 <6,f,1>\n"
               "! 8@87 -: 5 fields, the header has 4 <7,g,1,1,1>\n"
               "! 9@97 volume: \"2.5\" is no BIGINT <8,h,1,2.5>\n"
               "9000|\"i\"|2|2\n");
  reading_check(&g, "ts,name\n1,\xff\n2,\xc3\xa9\n3,a\0b\n4,\xed\xa0\x80\n", 29,
                "! 2@8 -: no valid UTF-8 <1,\xff>\n2000|\"\xc3\xa9\"|NULL|NULL\n! 4@17 -: a NUL byte <3,a>\n"
                "! 5@23 -: no valid UTF-8 <4,\xed\xa0\x80>\n",
                "damaged text");
  /* as many newlines as records would have, but not where they would be */
  g.schema = &pair;
  reading_text(&g, "a,b\n1\n2\n3,x,4,y\n5,z\n", "! 2@4 -: 1 field, the header has 2 <1>\n! 3@6 -: 1 field, the header has 2 <2>\n"
                                                   "! 4@8 -: 4 fields, the header has 2 <3,x,4,y>\n5|\"z\"\n");
  g.schema = &trades;
  g.show_raw = false;
  reading_text(&g, "ts,volume\n1,abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl\n2,\x1b[31m\n",
               "! 2@10 volume: \"abcdefghijklmnopqrstuvwxyz0123456789abcd…\" is no BIGINT\n"
               "! 3@61 volume: \"\\x1b[31m\" is no BIGINT\n");
}

static void headers_must_fit(void **state)
{
  (void)state;
  check(&trades, "name,price\nx,1\n",
        "? 7 the header has no column \"ts\", which stream \"trades\" requires (it is name,price)\n");
  check(&pair, "x,y\n1,2\n", "? 7 the header line \"x,y\" names no column of stream \"pair\" (a, b)\n");
  check(&pair, "a;b\n1;2\n",
        "? 7 the header line has no comma; fields must be split by commas, not by semicolons\n");
  check(&pair, "a,b,a\n1,2,3\n", "? 7 the header names column \"a\" twice\n");
  check(&pair, "A,b,a\n1,2,3\n", "3|\"2\"\n");
  check(&pair, "a,b,A\n1,2,3\n", "1|\"2\"\n");
}

static void paths_of_one_member_name_a_field(void **state)
{
  static const tsn_column_def columns[] = {
    { .name = "user_id", .type = TOCSIN_BIGINT, .path = "$.customer_id", .needed = true },
    { .name = "sku", .type = TOCSIN_TEXT, .path = "$.product.sku", .needed = true },
    { .name = "price", .type = TOCSIN_TEXT, .path = "$.\"unit price\"", .needed = true },
  };
  static const tsn_schema schema = { "s", 3, columns };

  (void)state;
  check(&schema, "Customer_ID,sku,unit price\n1,a,b\n", "1|\"a\"|\"b\"\n");
  check(&schema, "USER_ID,price\n1,b\n", "1|NULL|\"b\"\n");
  check(&schema, "user_id,customer_id,SKU\n1,2,a\n", "2|\"a\"|NULL\n");
}

static void every_type_has_its_texts(void **state)
{
  (void)state;
  check(&all, "b,i,d,t,s,v\ntrue,1,1.5,x,1970-01-01T00:00:01Z,PT1S\nF,-9223372036854775808,1e300,y,1970-01-01,5\n"
              "1, 7 ,-0.0,z,1970-01-01 00:00:00.5,-PT1M\nT,+7,inf,,-1,\n",
        "true|1|1.5|\"x\"|1000000|1000000\nfalse|-9223372036854775808|1.0000000000000001e+300|\"y\"|0|5\n"
        "true|7|-0|\"z\"|500000|-60000000\ntrue|7|inf|NULL|-1|NULL\n");
  check(&all, "b\nyes\n2\n", "! 2@2 b: \"yes\" is no BOOLEAN\n! 3@6 b: \"2\" is no BOOLEAN\n");
  check(&all, "d,i\nNaN,1\nnan,2\n1e999,3\n45.751999999999995,4\n123456789012345678901234567890,5\n",
        "NULL|1|NULL|NULL|NULL|NULL\nNULL|2|NULL|NULL|NULL|NULL\n! 4@16 d: \"1e999\" is beyond the range of DOUBLE\n"
        "NULL|4|45.751999999999995|NULL|NULL|NULL\nNULL|5|1.2345678901234568e+29|NULL|NULL|NULL\n2 NaN\n");
  check(&all, "s,i\n2026-02-29T00:00:00Z,1\n2026-01-31T09:00:00+01:00,2\n2024-02-29T23:59:59.123456789Z,3\n",
        "! 2@4 s: \"2026-02-29T00:00:00Z\" is no TIMESTAMP\nNULL|2|NULL|NULL|1769846400000000|NULL\n"
        "NULL|3|NULL|NULL|1709251199123456|NULL\n");
}

static void columns_that_nobody_needs_are_checked_and_null(void **state)
{
  static const tsn_column_def columns[] = {
    { .name = "a", .type = TOCSIN_BIGINT, .not_null = true },  { .name = "b", .type = TOCSIN_TEXT, .not_null = true },
    { .name = "c", .type = TOCSIN_BIGINT, .needed = true },    { .name = "d", .type = TOCSIN_BOOLEAN },
  };
  static const tsn_schema schema = { "s", 4, columns };

  (void)state;
  check(&schema, "a,b,c,d\n1,x,2,true\nx,y,3,true\n4,,4,true\n5,\"\",5,\n,z,6,f\n7,\"q\"\"q\",7,0\n8,w,8,no\n",
        "NULL|NULL|2|NULL\n! 3@19 a: \"x\" is no BIGINT\n! 4@30 b: NULL where a value is required\nNULL|NULL|5|NULL\n"
        "! 6@48 a: NULL where a value is required\nNULL|NULL|7|NULL\n! 8@68 d: \"no\" is no BOOLEAN\n");
}

static void origins_lead_back_to_the_line(void **state)
{
  reading g = { .format = TSN_FORMAT_CSV, .schema = &pair, .show_origin = true };

  (void)state;
  reading_text(&g, "a,b\r\n1,x\r\n2,\"y\r\nz\"\r\nbad\r\n3,w",
               "1|\"x\" <2@5 1,x>\n2|\"y\r\nz\" <3@10 2,\"y\r\nz\">\n! 5@20 -: 1 field, the header has 2\n"
               "3|\"w\" <6@25 3,w>\n");
}

static void lines_have_a_greatest_length(void **state)
{
  reading g = { .format = TSN_FORMAT_CSV, .schema = &pair, .max_line = 8, .show_raw = true };

  (void)state;
  reading_text(&g, "a,b\n1,123456\n2,1234567\n3,12\n4,1234567890123456789012345678901234567890\n5,x\n6,\"1\n"
    "7\"\n7,\"1\n890\"\n8,y\n",
               "1|\"123456\"\n! 3@13 -: longer than a line may be <2,123456>…\n3|\"12\"\n"
               "! 5@28 -: longer than a line may be <4,123456>…\n5|\"x\"\n6|\"1\n7\"\n"
               "! 9@83 -: a quote that is not closed <7,\"1>\n! 10@88 -: 1 field, the header has 2 <890\">\n8|\"y\"\n");
  reading_text(&g, "a,b,and much more\n1,2,3\n", "? 7 the header line is longer than a line may be\n");
}

/* Splits as the reader should, one byte at a time, and compares on random texts
 * of few different bytes, where quotes meet everything. */
static void random_texts_read_the_same_in_any_pieces(void **state)
{
  static const char alphabet[] = "\"\",,\n\n\r1a\xc3\xa9 ";
  reading g = { .format = TSN_FORMAT_CSV, .schema = &pair };
  unsigned long seed = 1;

  (void)state;
  for (int round = 0; round < 3000; round++) {
    char text[80] = "a,b\n", *whole;
    size_t length = 4 + (size_t)round % 60;
    for (size_t i = 4; i < length; i++) {
      seed = seed * 6364136223846793005ul + 1442695040888963407ul;
      text[i] = alphabet[(seed >> 33) % (sizeof alphabet - 1)];
    }
    tsn_alloc_init(&g.alloc, NULL);
    tsn_bytes_init(&g.out, &g.alloc, 0);
    reading_run(&g, text, length, length);
    whole = test_malloc(g.out.length + 2);
    memcpy(whole, tsn_bytes_cstr(&g.out), g.out.length + 1);
    tsn_bytes_clear(&g.out);
    reading_check(&g, text, length, whole, text);
    test_free(whole);
  }
}

static void memory_that_runs_out_is_told(void **state)
{
  static const char text[] = "\"b\"\"x\",b,a\n1,\"say \"\"hi\"\"\",2\n3,\"two\nlines\",4\n"
    "5,and some longer text,6\n7,\"";
  tsn_alloc alloc;

  (void)state;
  for (uint64_t n = 1;; n++) {
    tsn_decoder_options options = { .source = "t", .keep_origins = true };
    tsn_decoder *r = NULL;
    tsn_batch batch;
    tocsin_status st;
    bool failed;

    tsn_alloc_init(&alloc, NULL);
    alloc.fail_at = n;
    st = tsn_batch_init(&batch, &alloc, &pair);
    failed = st != TOCSIN_OK;
    if (st == TOCSIN_OK) {
      st = tsn_decoder_new(&alloc, TSN_FORMAT_CSV, &pair, &options, &r);
      for (size_t at = 0; st == TOCSIN_OK && at < sizeof text - 1; at += 20)
        st = tsn_decoder_feed(r, text + at, sizeof text - 1 - at < 20 ? sizeof text - 1 - at : 20, &batch);
      if (st == TOCSIN_OK) st = tsn_decoder_finish(r, &batch);
      failed = st != TOCSIN_OK;
      if (failed)
        assert_int_equal(st, TOCSIN_NOMEM);
      else
        assert_int_equal(batch.rows, 3);
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
    cmocka_unit_test(quotes_are_those_of_rfc_4180),
    cmocka_unit_test(a_stray_quote_costs_one_line),
    cmocka_unit_test(bad_rows_are_named_and_cost_nothing_else),
    cmocka_unit_test(headers_must_fit),
    cmocka_unit_test(paths_of_one_member_name_a_field),
    cmocka_unit_test(every_type_has_its_texts),
    cmocka_unit_test(columns_that_nobody_needs_are_checked_and_null),
    cmocka_unit_test(origins_lead_back_to_the_line),
    cmocka_unit_test(lines_have_a_greatest_length),
    cmocka_unit_test(random_texts_read_the_same_in_any_pieces),
    cmocka_unit_test(memory_that_runs_out_is_told),
  };

  return T_RUN(tests);
}
