#include "base/text.h"

#include "t.h"

static void utf8_follows_table_3_7(void **state)
{
  static const struct {
    const char *bytes;
    bool valid;
  } rows[] = {
    { "", true },
    { "plain, longer than eight bytes", true },
    { "\xc2\x80", true },
    { "\xdf\xbf", true },
    { "\xe0\xa0\x80", true },
    { "\xed\x9f\xbf", true },
    { "\xee\x80\x80", true },
    { "\xf0\x90\x80\x80", true },
    { "\xf4\x8f\xbf\xbf", true },
    { "eight ascii and \xe2\x82\xac in between", true },
    { "\x80", false },
    { "\xc0\x80", false },         /* NUL the long way */
    { "\xc1\xbf", false },
    { "\xc2", false },             /* cut */
    { "\xe0\x9f\xbf", false },     /* too long */
    { "\xed\xa0\x80", false },     /* a surrogate */
    { "\xe2\x82", false },
    { "\xe2\x28\xa1", false },
    { "\xf0\x8f\xbf\xbf", false },
    { "\xf4\x90\x80\x80", false }, /* past 10FFFF */
    { "\xf5\x80\x80\x80", false },
    { "\xff", false },
    { "eight ascii and then \xff", false },
  };

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    T_ROW(tsn_utf8_valid(rows[i].bytes, strlen(rows[i].bytes)) == rows[i].valid, rows[i].bytes);
  }
}

static void every_code_point_encodes_to_valid_utf8(void **state)
{
  (void)state;
  for (uint32_t code = 0; code <= 0x10ffff; code++) {
    char out[4];
    size_t length;

    if (code >= 0xd800 && code <= 0xdfff) continue;
    length = tsn_utf8_encode(code, out);
    if (!tsn_utf8_valid(out, length) || tsn_utf8_count(out, length) != 1) fail_msg("code point %x", code);
  }
  assert_int_equal(tsn_utf8_count("a\xe2\x82\xac\xf0\x9f\x98\x80z", 9), 4);
}

static void integers_read_to_their_limits(void **state)
{
  static const struct {
    const char *text;
    bool is;
    int64_t value;
  } rows[] = {
    { "0", true, 0 },
    { "-0", true, 0 },
    { "+7", true, 7 },
    { "007", true, 7 },
    { "9223372036854775807", true, INT64_MAX },
    { "-9223372036854775808", true, INT64_MIN },
    { "9223372036854775808", false, 0 },
    { "-9223372036854775809", false, 0 },
    { "18446744073709551616", false, 0 },
    { "92233720368547758070", false, 0 },
    { "99999999999999999999999999", false, 0 },
    { "", false, 0 },
    { "-", false, 0 },
    { "1 ", false, 0 },
    { " 1", false, 0 },
    { "1.0", false, 0 },
    { "1e3", false, 0 },
    { "0x10", false, 0 },
    { "--1", false, 0 },
  };

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    int64_t value = 0;

    T_ROW(tsn_parse_int64(rows[i].text, strlen(rows[i].text), &value) == rows[i].is, rows[i].text);
    T_ROW(value == rows[i].value, rows[i].text);
  }
}

static void integers_print_as_they_read(void **state)
{
  static const char *const texts[] = { "0", "7", "-1", "1000000", "9223372036854775807", "-9223372036854775808" };

  (void)state;
  for (size_t i = 0; i < T_COUNT(texts); i++) {
    int64_t value;
    char out[24];

    assert_true(tsn_parse_int64(texts[i], strlen(texts[i]), &value));
    assert_int_equal(tsn_format_int64(value, out), strlen(texts[i]));
    assert_string_equal(out, texts[i]);
  }
}

static void names_compare_without_case(void **state)
{
  (void)state;
  assert_true(tsn_same_name("Price", 5, "pRICE", 5));
  assert_false(tsn_same_name("price", 5, "prices", 6));
  assert_false(tsn_same_name("[", 1, "{", 1)); /* 32 apart, but no letters */
  assert_true(tsn_same_name("", 0, "", 0));
}

static void distance_is_levenshtein(void **state)
{
  static const struct {
    const char *a, *b;
    unsigned distance;
  } rows[] = {
    { "", "", 0 },          { "fail", "FAIL", 0 },        { "fial", "fail", 2 },
    { "price", "prize", 1 },{ "price", "rice", 1 },       { "", "abc", 3 },
    { "kitten", "sitting", 3 }, { "abc", "xyz", 3 },      { "a", "abcdefgh", 4 },
  };
  char longer[200];

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    T_ROW(tsn_name_distance(rows[i].a, rows[i].b, 3) == rows[i].distance, rows[i].a);
    T_ROW(tsn_name_distance(rows[i].b, rows[i].a, 3) == rows[i].distance, rows[i].b);
  }
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  assert_int_equal(tsn_name_distance(longer, longer, 2), 0);
  assert_int_equal(tsn_name_distance(longer, longer + 1, 2), 3);
}

int main(void)
{
  const struct CMUnitTest text[] = {
    cmocka_unit_test(utf8_follows_table_3_7),
    cmocka_unit_test(every_code_point_encodes_to_valid_utf8),
    cmocka_unit_test(integers_read_to_their_limits),
    cmocka_unit_test(integers_print_as_they_read),
    cmocka_unit_test(names_compare_without_case),
    cmocka_unit_test(distance_is_levenshtein),
  };
  return T_RUN(text);
}
