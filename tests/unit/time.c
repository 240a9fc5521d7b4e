#include "base/time.h"

#include <math.h>

#include "t.h"

#define S INT64_C(1000000)
#define M (60 * S)
#define H (60 * M)
#define D (24 * H)

static void arithmetic_saturates(void **state)
{
  static const struct {
    int64_t a, b, sum, difference;
  } rows[] = {
    { 1, 2, 3, -1 },
    { TSN_TIME_MAX, 1, TSN_TIME_MAX, TSN_TIME_MAX - 1 },
    { TSN_TIME_MIN, -1, TSN_TIME_MIN, TSN_TIME_MIN + 1 },
    { TSN_TIME_MIN, 1, TSN_TIME_MIN + 1, TSN_TIME_MIN },
    { 0, TSN_TIME_MIN, TSN_TIME_MIN, TSN_TIME_MAX },
    { -2, TSN_TIME_MAX, TSN_TIME_MAX - 2, TSN_TIME_MIN },
  };

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    assert_true(tsn_time_add(rows[i].a, rows[i].b) == rows[i].sum);
    assert_true(tsn_time_sub(rows[i].a, rows[i].b) == rows[i].difference);
  }
}

static void doubles_are_times_in_their_order(void **state)
{
  static const double rows[] = { -HUGE_VAL, -1e308, -1.5, -5e-324, 0.0, 5e-324, 0.1, 0.30000000000000004, 1e308, HUGE_VAL };
  size_t i;

  (void)state;
  assert_int_equal(tsn_time_of_double(-0.0), 0);
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    int64_t time = tsn_time_of_double(rows[i]);

    assert_true(tsn_double_of_time(time) == rows[i]);
    assert_true(time > TSN_TIME_MIN && time < TSN_TIME_MAX);
    if (i) assert_true(tsn_time_of_double(rows[i - 1]) < time);
  }
}

static void times_read_as_iso_8601(void **state)
{
  static const struct {
    const char *text, *same; /* same NULL: no time */
  } rows[] = {
    { "1970-01-01", "1970-01-01T00:00:00.000000Z" },
    { "2026-01-31T09:00:00Z", "2026-01-31T09:00:00.000000Z" },
    { "2026-01-31 09:00", "2026-01-31T09:00:00.000000Z" },
    { "2026-01-31t09:00:00z", "2026-01-31T09:00:00.000000Z" },
    { "2026-01-31T09:00:00.5", "2026-01-31T09:00:00.500000Z" },
    { "2026-01-31T09:00:00,123456789Z", "2026-01-31T09:00:00.123456Z" },
    { "2026-01-31T09:00:00+02", "2026-01-31T07:00:00.000000Z" },
    { "2026-01-31T09:00:00-0530", "2026-01-31T14:30:00.000000Z" },
    { "2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000000Z" },
    { "0001-01-01", "0001-01-01T00:00:00.000000Z" },
    { "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z" },
    { "2024-02-29", "2024-02-29T00:00:00.000000Z" },
    { "2000-02-29", "2000-02-29T00:00:00.000000Z" },
    { "1900-02-29", NULL },
    { "2026-02-29", NULL },
    { "2026-00-10", NULL },
    { "2026-13-10", NULL },
    { "2026-04-31", NULL },
    { "2026-01-00", NULL },
    { "0000-01-01", NULL },
    { "2026-1-1", NULL },
    { "", NULL },
    { "2026", NULL },
    { "2026-01", NULL },
    { "2026-01-31T", NULL },
    { "2026-01-31T09", NULL },
    { "2026-01-31T24:00:00", NULL },
    { "2026-01-31T09:60:00", NULL },
    { "2026-01-31T09:00:60", NULL },
    { "2026-01-31T09:00:00.", NULL },
    { "2026-01-31T09:00:00ZZ", NULL },
    { "2026-01-31T09:00:00+2", NULL },
    { "2026-01-31T09:00:00+24", NULL },
    { "2026-01-31T09:00:00+02:", NULL },
    { "2026-01-31T09:00:00 ", NULL },
    { " 2026-01-31", NULL },
    { "2026-01-31Z", NULL },
    { "12:30:00", NULL },
  };

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    int64_t time = 0;
    char out[TSN_TIME_TEXT];

    T_ROW(tsn_time_parse(rows[i].text, strlen(rows[i].text), &time) == (rows[i].same != NULL), rows[i].text);
    if (!rows[i].same) continue;
    tsn_time_format(time, out);
    assert_string_equal(out, rows[i].same);
  }
}

static void times_print_in_full(void **state)
{
  static const struct {
    int64_t time;
    const char *text;
  } rows[] = {
    { 0, "1970-01-01T00:00:00.000000Z" },
    { -1, "1969-12-31T23:59:59.999999Z" },
    { 1769850000 * S, "2026-01-31T09:00:00.000000Z" },
    { TSN_TIME_MAX, "+294247-01-10T04:00:54.775807Z" },
    { TSN_TIME_MIN, "-290308-12-21T19:59:05.224192Z" },
  };

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    char out[TSN_TIME_TEXT];

    assert_int_equal(tsn_time_format(rows[i].time, out), strlen(rows[i].text));
    assert_string_equal(out, rows[i].text);
  }
}

static void civil_dates_go_and_come_back(void **state)
{
  int64_t year = 0, previous_year = 0;
  unsigned month = 0, day = 0;

  (void)state;
  for (int64_t days = -800000; days < 3000000; days += 13) {
    tsn_civil_from_days(days, &year, &month, &day);
    assert_true(tsn_days_from_civil(year, month, day) == days);
    assert_true(year >= previous_year || days == -800000);
    assert_in_range(month, 1, 12);
    assert_in_range(day, 1, 31);
    previous_year = year;
  }
  tsn_civil_from_days(0, &year, &month, &day);
  assert_true(year == 1970 && month == 1 && day == 1);
  tsn_civil_from_days(-719528, &year, &month, &day);
  assert_true(year == 0 && month == 1 && day == 1);

  /* The far ends are defined, too. */
  tsn_civil_from_days(INT64_MAX, &year, &month, &day);
  assert_true(tsn_days_from_civil(year, month, day) == INT64_MAX);
  tsn_civil_from_days(INT64_MIN, &year, &month, &day);
  assert_true(tsn_days_from_civil(year, month, day) == INT64_MIN);
  assert_true(tsn_days_from_civil(INT64_MAX, 12, 31) == INT64_MAX);
  assert_true(tsn_days_from_civil(INT64_MIN, 1, 1) == INT64_MIN);
}

static void intervals_read_in_every_spelling(void **state)
{
  static const struct {
    const char *text;
    bool is;
    int64_t value;
  } rows[] = {
    { "PT30M", true, 30 * M },
    { "P1DT2H", true, D + 2 * H },
    { "PT1.5S", true, S + S / 2 },
    { "-PT5S", true, -5 * S },
    { "PT0S", true, 0 },
    { "P2W", true, 14 * D },
    { "pt1h", true, H },
    { "P0.5D", true, 12 * H },
    { "1 day", true, D },
    { "90 minutes", true, 90 * M },
    { "1h30m", true, 90 * M },
    { "1 H 30 M", true, 90 * M },
    { "02:30:00", true, 2 * H + 30 * M },
    { "02:30", true, 2 * H + 30 * M },
    { "100:00:00.25", true, 100 * H + S / 4 },
    { "1 02:30:00", true, D + 2 * H + 30 * M },
    { "1 day 02:30:00", true, D + 2 * H + 30 * M },
    { "-1 02:00:00", true, -(D + 2 * H) },
    { "+10 seconds", true, 10 * S },
    { "2.5 SECONDS", true, 2 * S + S / 2 },
    { "0.0000019 s", true, 1 },
    { "250ms", true, S / 4 },
    { "7us", true, 7 },
    { "3 weeks", true, 21 * D },
    { "9223372036854775807us", true, INT64_MAX },
    { "-9223372036854775808us", true, INT64_MIN },
    { "9223372036854775808us", false, 0 },
    { "200000000 weeks", false, 0 },
    { "99999999999999999999 s", false, 0 },
    { "", false, 0 },
    { "P", false, 0 },
    { "PT", false, 0 },
    { "P1DT", false, 0 },
    { "P1H", false, 0 },
    { "PT1D", false, 0 },
    { "PT1S1M", false, 0 },
    { "PT1.5H3M", false, 0 },
    { "P1Y", false, 0 },
    { "10", false, 0 },
    { "1 fortnight", false, 0 },
    { "1.", false, 0 },
    { "02:60:00", false, 0 },
    { "02:30:60", false, 0 },
    { "2:3", false, 0 },
    { "1 25:00:00", false, 0 },
    { "02:30:00 1 day", false, 0 },
    { "- 5 s", false, 0 },
    { "5 s x", false, 0 },
  };

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    int64_t value = 0;

    T_ROW(tsn_interval_parse(rows[i].text, strlen(rows[i].text), &value) == rows[i].is, rows[i].text);
    T_ROW(value == rows[i].value, rows[i].text);
  }
}

static void intervals_print_and_read_back(void **state)
{
  static const struct {
    int64_t value;
    const char *text;
  } rows[] = {
    { 0, "PT0S" },
    { 30 * M, "PT30M" },
    { D + 2 * H, "P1DT2H" },
    { S + S / 2, "PT1.5S" },
    { -5 * S, "-PT5S" },
    { 1, "PT0.000001S" },
    { 2 * D, "P2D" },
    { 90 * M + 100, "PT1H30M0.0001S" },
    { INT64_MAX, "P106751991DT4H54.775807S" },
    { INT64_MIN, "-P106751991DT4H54.775808S" },
  };

  (void)state;
  for (size_t i = 0; i < T_COUNT(rows); i++) {
    char out[TSN_TIME_TEXT];
    int64_t back = 0;

    assert_int_equal(tsn_interval_format(rows[i].value, out), strlen(rows[i].text));
    assert_string_equal(out, rows[i].text);
    assert_true(tsn_interval_parse(out, strlen(out), &back));
    assert_true(back == rows[i].value);
  }
}

int main(void)
{
  const struct CMUnitTest time[] = {
    cmocka_unit_test(arithmetic_saturates),
    cmocka_unit_test(doubles_are_times_in_their_order),
    cmocka_unit_test(times_read_as_iso_8601),
    cmocka_unit_test(times_print_in_full),
    cmocka_unit_test(civil_dates_go_and_come_back),
    cmocka_unit_test(intervals_read_in_every_spelling),
    cmocka_unit_test(intervals_print_and_read_back),
  };
  return T_RUN(time);
}
