#include "io/cell.h"

#include <stdlib.h>

#include "base/text.h"
#include "base/time.h"
#include "io/digits.h"
#include "io/wide.h"
#include "t.h"

static uint64_t seed = 1;

static uint64_t any(void)
{
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return seed ^ seed >> 29;
}

static void short_reals_are_read_exactly(void **state)
{
  (void)state;
  for (int i = 0; i < 200000; i++) {
    char text[64];
    uint64_t digits = any() >> (any() % 60);
    unsigned whole = (unsigned)(any() % 20), fraction = (unsigned)(any() % 20);
    double got = 0, wanted = 0;
    const char *end;
    int length;
    if (fraction)
      length = snprintf(text, sizeof text, "%s%0*llu.%0*llu,", any() % 2 ? "-" : "", (int)(whole % 3),
                        (unsigned long long)(digits >> 32), (int)fraction, (unsigned long long)(digits & 0xffffffff));
    else
      length = snprintf(text, sizeof text, "%llu,", (unsigned long long)digits);
    end = tsn_read_double(text, text + length, &got);
    if (!end) continue; /* more digits than the fast way takes */
    assert_ptr_equal(end, text + length - 1);
    assert_true(tsn_parse_double(text, (size_t)length - 1, &wanted));
    if (got != wanted) print_error("%s\n", text);
    T_DOUBLE(got, wanted);
  }
}

/* With what else may stand around it: other cells, or nothing. */
static void numbers_whose_end_is_known_are_read_exactly(void **state)
{
  static const char *const others[] = { "", "-", ".5", "5.", "1.2.3", "--1", "1-", "+1", "1 ", "12345678901234567.", "/1", "1:" };
  char text[128];

  (void)state;
  for (int i = 0; i < 400000; i++) {
    uint64_t digits = any() >> (any() % 64);
    unsigned fraction = (unsigned)(any() % 19);
    char *cell = text + TSN_DIGITS_BEFORE;
    double got = 0, wanted = 0;
    int64_t whole = 0;
    int length = snprintf(cell, 64, "%s%llu", any() % 4 ? "" : "-", (unsigned long long)digits);
    memset(text, any() % 2 ? '.' : '7', TSN_DIGITS_BEFORE);
    if (any() % 2 && (unsigned)length > fraction + 1) {
      memmove(cell + length - fraction, cell + length - fraction - 1, fraction + 1);
      cell[(unsigned)length++ - fraction - 1] = '.';
    }
    strcpy(cell + length, any() % 2 ? ",1.5" : "\n");
    if (strchr(cell, '.') < cell + length && strchr(cell, '.')) {
      assert_false(tsn_digits_int64(cell, (size_t)length, &whole));
    } else if (tsn_digits_int64(cell, (size_t)length, &whole)) {
      int64_t parsed = 0;
      assert_true(tsn_parse_int64(cell, (size_t)length, &parsed));
      assert_int_equal(whole, parsed);
    } else {
      assert_true(length > 18);
    }
    if (!tsn_digits_double(cell, (size_t)length, &got)) {
      assert_true(length > 19 || cell[length - 1] == '.' || !tsn_is_digit(cell[length - 1]) || cell[0] == '.' || cell[1] == '.');
      continue;
    }
    assert_true(tsn_parse_double(cell, (size_t)length, &wanted));
    T_DOUBLE(got, wanted);
  }
  for (size_t i = 0; i < T_COUNT(others); i++) {
    int64_t whole;
    double real;
    memset(text, '0', TSN_DIGITS_BEFORE);
    strcpy(text + TSN_DIGITS_BEFORE, others[i]);
    strcat(text, ",");
    T_ROW(!tsn_digits_int64(text + TSN_DIGITS_BEFORE, strlen(others[i]), &whole), others[i]);
    T_ROW(!tsn_digits_double(text + TSN_DIGITS_BEFORE, strlen(others[i]), &real), others[i]);
  }
}

static void wide_words_tell_each_byte(void **state)
{
  char text[TSN_WIDE];

  (void)state;
  for (int i = 0; i < 20000; i++) {
    uint64_t bits = 0, high = 0, parity = 0;
    unsigned count = 0;
    char wanted = (char)(any() % 4 ? any() % 3 : 0x80);
    for (unsigned k = 0; k < TSN_WIDE; k++) {
      text[k] = (char)(any() % 5 ? any() % 3 : any() % 2 ? 0x80 : any() % 256);
      if (text[k] == wanted) bits |= UINT64_C(1) << k, count++;
      if ((unsigned char)text[k] >= 0x80) high |= UINT64_C(1) << k;
      parity |= (uint64_t)(count & 1) << k;
    }
    assert_true(tsn_wide_bits(tsn_wide_equal(tsn_wide_load(text), wanted)) == bits);
    assert_true(tsn_wide_any(tsn_wide_equal(tsn_wide_load(text), wanted)) == (bits != 0));
    assert_true(tsn_wide_bits(tsn_wide_load(text)) == high);
    assert_int_equal(tsn_wide_count(tsn_wide_equal(tsn_wide_load(text), wanted)), count);
    assert_int_equal(tsn_bits_count(bits), count);
    assert_true(tsn_bits_parity(bits) == parity);
  }
}

static void division_rounds_once(void **state)
{
  (void)state;
  for (int i = 0; i < 200000; i++) {
    char text[64];
    uint64_t mantissa = any() | UINT64_C(1) << 63 >> (any() % 10);
    unsigned power = (unsigned)(any() % 20);
    double wanted = 0;
    int length = snprintf(text, sizeof text, "%llue-%u", (unsigned long long)mantissa, power);
    assert_true(tsn_parse_double(text, (size_t)length, &wanted));
    T_DOUBLE(tsn_divide_by_power(mantissa, power), wanted);
  }
  T_DOUBLE(tsn_divide_by_power(45751999999999995u, 15), 45.751999999999995);
  T_DOUBLE(tsn_divide_by_power(UINT64_MAX, 0), 18446744073709551615.0);
  T_DOUBLE(tsn_divide_by_power((UINT64_C(1) << 53) + 1, 0), 9007199254740992.0);
  T_DOUBLE(tsn_divide_by_power((UINT64_C(1) << 53) + 3, 0), 9007199254740996.0);
}

static void what_needs_care_is_left_to_the_slow_way(void **state)
{
  static const char *const left[] = { ",", "-,", ".5,", "1.,", "12345678901234567890.0,", "x," };
  static const char *const integers[] = { "1234567890123456789,", "-,", ",", "+1," };
  static const char most[] = "-123456789012345678,";
  int64_t integer;
  double real;

  (void)state;
  for (size_t i = 0; i < T_COUNT(left); i++)
    T_ROW(tsn_read_double(left[i], left[i] + strlen(left[i]), &real) == NULL, left[i]);
  for (size_t i = 0; i < T_COUNT(integers); i++)
    T_ROW(tsn_read_int64(integers[i], integers[i] + strlen(integers[i]), &integer) == NULL, integers[i]);
  assert_non_null(tsn_read_int64(most, most + strlen(most), &integer));
  assert_int_equal(integer, -123456789012345678);
}

static void times_are_those_of_the_calendar(void **state)
{
  (void)state;
  for (int i = 0; i < 200000; i++) {
    char text[40];
    int64_t got = 1, wanted = 2;
    bool known;
    const char *end;
    int length = snprintf(text, sizeof text, "%04u-%02u-%02u%c%02u:%02u:%02u", (unsigned)(any() % 10000),
                          (unsigned)(any() % 14), (unsigned)(any() % 33), any() % 2 ? 'T' : ' ', (unsigned)(any() % 25),
                          (unsigned)(any() % 61), (unsigned)(any() % 61));
    if (any() % 2) length += sprintf(text + length, ".%llu", (unsigned long long)(any() >> 40));
    if (any() % 2) length += sprintf(text + length, "Z");
    text[length] = ',';
    known = tsn_time_parse(text, (size_t)length, &wanted);
    end = tsn_read_iso_time(text, text + length + 1, &got);
    if (end) {
      assert_ptr_equal(end, text + length);
      assert_true(known);
      assert_int_equal(got, wanted);
    } else if (known) {
      print_error("%.*s\n", length, text);
      fail();
    }
  }
}

static void numbers_count_in_a_unit(void **state)
{
  static const struct {
    const char *text;
    tocsin_unit unit;
    tsn_cell_outcome outcome;
    int64_t micros;
  } rows[] = {
    { "1", TOCSIN_UNIT_SECOND, TSN_CELL_OK, 1000000 },
    { "1.5", TOCSIN_UNIT_SECOND, TSN_CELL_OK, 1500000 },
    { "1.5e3", TOCSIN_UNIT_MILLISECOND, TSN_CELL_OK, 1500000 },
    { "1999", TOCSIN_UNIT_NANOSECOND, TSN_CELL_OK, 1 },
    { "-1", TOCSIN_UNIT_NANOSECOND, TSN_CELL_OK, -1 },
    { "-1000", TOCSIN_UNIT_NANOSECOND, TSN_CELL_OK, -1 },
    { "-1001", TOCSIN_UNIT_NANOSECOND, TSN_CELL_OK, -2 },
    { "0.0000019", TOCSIN_UNIT_SECOND, TSN_CELL_OK, 1 },
    { "9223372036854775807", TOCSIN_UNIT_NONE, TSN_CELL_OK, INT64_MAX },
    { "9223372036854775808", TOCSIN_UNIT_NONE, TSN_CELL_BEYOND, 0 },
    { "9223372036854.775807", TOCSIN_UNIT_SECOND, TSN_CELL_OK, INT64_MAX },
    { "1e30", TOCSIN_UNIT_SECOND, TSN_CELL_BEYOND, 0 },
    { "1e-30", TOCSIN_UNIT_SECOND, TSN_CELL_OK, 0 },
    { "1e99999999999999", TOCSIN_UNIT_SECOND, TSN_CELL_BEYOND, 0 },
    { "0e99999999999999", TOCSIN_UNIT_SECOND, TSN_CELL_OK, 0 },
    { "", TOCSIN_UNIT_SECOND, TSN_CELL_BAD, 0 },
    { ".", TOCSIN_UNIT_SECOND, TSN_CELL_BAD, 0 },
    { "1.2.3", TOCSIN_UNIT_SECOND, TSN_CELL_BAD, 0 },
    { "1e", TOCSIN_UNIT_SECOND, TSN_CELL_BAD, 0 },
    { "12h", TOCSIN_UNIT_SECOND, TSN_CELL_BAD, 0 },
  };

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    int64_t micros = 0;
    T_ROW(tsn_cell_time(rows[i].text, strlen(rows[i].text), rows[i].unit, &micros) == rows[i].outcome, rows[i].text);
    if (rows[i].outcome == TSN_CELL_OK) T_ROW(micros == rows[i].micros, rows[i].text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(short_reals_are_read_exactly),
    cmocka_unit_test(numbers_whose_end_is_known_are_read_exactly),
    cmocka_unit_test(wide_words_tell_each_byte),
    cmocka_unit_test(division_rounds_once),
    cmocka_unit_test(what_needs_care_is_left_to_the_slow_way),
    cmocka_unit_test(times_are_those_of_the_calendar),
    cmocka_unit_test(numbers_count_in_a_unit),
  };

  return T_RUN(tests);
}
