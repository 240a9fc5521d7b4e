#include <float.h>
#include <locale.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/text.h"
#include "t.h"

static void reads_what_is_a_number(void **state)
{
  static const struct {
    const char *text;
    double value;
  } rows[] = {
    { "0", 0.0 },
    { "-0", -0.0 },
    { "-0.0e99999", -0.0 },
    { "1", 1.0 },
    { "+1.5", 1.5 },
    { ".5", 0.5 },
    { "5.", 5.0 },
    { "1e3", 1000.0 },
    { "1E+3", 1000.0 },
    { "12345678901234567890", 12345678901234567890.0 },
    { "0.1", 0.1 },
    { "29.99", 29.99 },
    { "-2.5e-3", -0.0025 },
    { "33.333333333333336", 33.333333333333336 },
    { "0.12345678901234567", 0.12345678901234567 },
    { "1e23", 1e23 },
    { "9007199254740993", 9007199254740992.0 }, /* a midpoint goes to even */
    { "9007199254740993.000000000000000000000000001", 9007199254740994.0 },
    { "900719925474099.3000000", 900719925474099.3 },
    { "1.7976931348623157e308", DBL_MAX },
    { "1.7976931348623158e308", DBL_MAX },
    { "2.2250738585072011e-308", 2.2250738585072011e-308 },
    { "4.9406564584124654e-324", 4.9406564584124654e-324 },
    { "2.4703282292062327e-324", 0.0 },
    { "2.4703282292062328e-324", 4.9406564584124654e-324 },
    { "1e-400", 0.0 },
    { "1e-99999999999999999999", 0.0 },
    { "0e99999999999999999999", 0.0 },
    { "inf", (double)INFINITY },
    { "-Infinity", -(double)INFINITY },
    { "NaN", (double)NAN },
  };

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    double value = 42;

    T_ROW(tsn_parse_double(rows[i].text, strlen(rows[i].text), &value), rows[i].text);
    T_DOUBLE(value, rows[i].value);
  }
}

static void refuses_what_is_none(void **state)
{
  static const char *const texts[] = { "",     "-",    ".",    "e5",   "1e",    "1e+",   "1.5.2", "1,5",
                                       " 1",   "1 ",   "0x1p3","1f",   "infin", "nan(1)","1e5.5", "--1",
                                       "1e309","-1.7976931348623159e308", "1e99999999999999999999" };

  (void)state;
  for (size_t i = 0; i < T_COUNT(texts); i++) {
    double value;

    T_ROW(!tsn_parse_double(texts[i], strlen(texts[i]), &value), texts[i]);
  }
}

static void prints_the_shortest(void **state)
{
  static const struct {
    double value;
    const char *text;
  } rows[] = {
    { 0.0, "0.0" },
    { -0.0, "-0.0" },
    { 1.0, "1.0" },
    { -1.5, "-1.5" },
    { 100.0, "100.0" },
    { 0.1, "0.1" },
    { 0.1 + 0.2, "0.30000000000000004" },
    { 29.99, "29.99" },
    { 100.0 / 3, "33.333333333333336" },
    { 2.0 / 3, "0.6666666666666666" },
    { 0.0001, "0.0001" },
    { 0.00001, "1e-5" },
    { 1234567.25, "1234567.25" },
    { 123456789012345.0, "123456789012345.0" },
    { 1e15, "1000000000000000.0" },
    { 9007199254740993.0, "9007199254740992.0" },
    { 1e16, "1e16" },
    { 1.5e16, "1.5e16" },
    { 1e22, "1e22" },
    { 1e23, "1e23" },
    { 5e-324, "5e-324" },
    { DBL_MAX, "1.7976931348623157e308" },
    { DBL_MIN, "2.2250738585072014e-308" },
    { 9.5367431640625e-07, "9.5367431640625e-7" }, /* a power of two: the neighbour below is nearer */
    { (double)INFINITY, "Infinity" },
    { -(double)INFINITY, "-Infinity" },
    { (double)NAN, "NaN" },
  };

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    char out[TSN_DOUBLE_TEXT];
    const size_t length = tsn_format_double(rows[i].value, out);

    assert_string_equal(out, rows[i].text);
    assert_int_equal(length, strlen(out));
  }
}

static double from_bits(uint64_t bits)
{
  double value;

  memcpy(&value, &bits, sizeof value);
  return value;
}

/* How many digits the C library needs, in the "C" locale. Below a power of two the nearest decimal of some
 * length may fail where another of that length does not; there it needs more. */
static int least_digits(double value)
{
  char text[40];
  int digits = 1;

  for (; digits < 17; digits++) {
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    if (strtod(text, NULL) == value) break;
  }
  return digits;
}

/* Without zeros in front and behind. */
static int digits_in(const char *text)
{
  int count = 0, last = 0;

  for (; *text && *text != 'e'; text++) {
    if (*text < '0' || *text > '9' || (count == 0 && *text == '0')) continue;
    count++;
    if (*text != '0') last = count;
  }
  return last;
}

static void any_double_survives_its_text(void **state)
{
  uint64_t random = 1;

  (void)state;
  for (int i = 0; i < 60000; i++) {
    char text[TSN_DOUBLE_TEXT];
    double value, back;
    size_t length;

    random = tsn_hash_word(random, (uint64_t)i);
    switch (i % 4) {
    case 0: value = from_bits(random); break;                       /* of any size */
    case 1: value = (double)(random % 100000000) / 1000; break;     /* as people write */
    case 2: value = (double)(random >> 20) / 1e7; break;            /* averages */
    default: value = from_bits((random & 0x7ff) << 52); break;      /* powers of two */
    }
    if (!isfinite(value)) continue;
    length = tsn_format_double(value, text);
    assert_true(length < TSN_DOUBLE_TEXT);
    assert_true(tsn_parse_double(text, length, &back));
    T_DOUBLE(back, value);
    T_DOUBLE(strtod(text, NULL), value);
    if (value != 0 && digits_in(text) > least_digits(value)) fail_msg("%s is not the shortest", text);
  }
}

static void any_decimal_reads_as_the_nearest_double(void **state)
{
  uint64_t random = 7;

  (void)state;
  for (int i = 0; i < 60000; i++) {
    char text[1200];
    double value = 0, wanted;
    int length, exponent;

    random = tsn_hash_word(random, (uint64_t)i);
    exponent = (int)(random >> 40) % (i % 3 ? 25 : 340);
    if (random & 1) exponent = -exponent;
    if (i % 5 == 0) { /* next to a midpoint, far beyond 17 digits */
      length = snprintf(text, sizeof text, "%.800e", ldexp((double)(random >> 11), exponent) * (1 + 0x1p-53));
    } else {
      length = snprintf(text, sizeof text, "%llu.%llue%d", (unsigned long long)(random % 1000003),
                        (unsigned long long)(random >> (i % 60)), exponent);
    }
    wanted = strtod(text, NULL);
    T_ROW(tsn_parse_double(text, (size_t)length, &value) == (bool)isfinite(wanted), text);
    if (isfinite(wanted)) T_DOUBLE(value, wanted);
  }
}

static void midpoints_round_to_even_and_a_hair_decides(void **state)
{
  uint64_t random = 3;

  (void)state;
  for (int i = 0; i < 3000; i++) {
    char text[1300];
    double low, high, value = 0, wanted;
    long double middle;
    int length;

    random = tsn_hash_word(random, (uint64_t)i);
    low = from_bits((random & 0x000fffffffffffff) | (random >> 12 & 0x3ff) % 600 << 52 | (uint64_t)700 << 52);
    high = nextafter(low, DBL_MAX);
    middle = ((long double)low + high) / 2;
    length = snprintf(text, sizeof text, "%.*Lf", i % 2 ? 1100 : 900, middle);
    wanted = strtod(text, NULL);
    assert_true(tsn_parse_double(text, (size_t)length, &value));
    T_DOUBLE(value, wanted);
    text[length] = '1'; /* past all that a double could need */
    wanted = low < high ? high : low;
    assert_true(tsn_parse_double(text, (size_t)length + 1, &value));
    text[length + 1] = '\0';
    T_DOUBLE(value, strtod(text, NULL));
  }
}

static void locale_changes_nothing(void **state)
{
  static const char *const locales[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8" };
  double value = 0;
  char text[TSN_DOUBLE_TEXT];

  (void)state;
  for (size_t i = 0; i < T_COUNT(locales); i++) { /* where the machine has one */
    if (setlocale(LC_ALL, locales[i])) break;
  }
  assert_true(tsn_parse_double("1234.5678901234567890123", 24, &value));
  tsn_format_double(value, text);
  assert_string_equal(text, "1234.567890123457");
  assert_false(tsn_parse_double("1,5", 3, &value));
  setlocale(LC_ALL, "C");
}

int main(void)
{
  const struct CMUnitTest real[] = {
    cmocka_unit_test(reads_what_is_a_number),
    cmocka_unit_test(refuses_what_is_none),
    cmocka_unit_test(prints_the_shortest),
    cmocka_unit_test(any_double_survives_its_text),
    cmocka_unit_test(any_decimal_reads_as_the_nearest_double),
    cmocka_unit_test(midpoints_round_to_even_and_a_hair_decides),
    cmocka_unit_test(locale_changes_nothing),
  };
  return T_RUN(real);
}
