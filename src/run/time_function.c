/* Functions of times (language page, section 4): UTC, proleptic Gregorian
 * calendar; weeks begin on Monday and belong to a year as in ISO 8601. */
#include "run/function.h"

#include "base/time.h"

#define FN(name) bool tsn_fn_##name(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out)

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const int64_t unit_sizes[TSN_UNITS] = {
#define UNIT(name, microseconds, uses) microseconds,
#include "program/units.def"
#undef UNIT
};

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static int64_t floor_mod(int64_t a, int64_t b) { return a % b < 0 ? a % b + b : a % b; }

static bool integer(tsn_cell *out, int64_t i)
{
  *out = (tsn_cell){.v.i = i};
  return true;
}

typedef struct date {
  int64_t days; /* since 1970-01-01 */
  int64_t year;
  unsigned month, day;
} date;

static date date_of(int64_t time)
{
  date d = {.days = floor_div(time, DAY)};
  tsn_civil_from_days(d.days, &d.year, &d.month, &d.day);
  return d;
}

/* 0: Monday. 1970-01-01 was a Thursday. */
static int64_t weekday(int64_t days) { return floor_mod(days + 3, 7); }

/* The year and number of the week: those of its Thursday. */
static int64_t iso_week(int64_t days, int64_t *year)
{
  int64_t thursday = days - weekday(days) + 3;
  unsigned month, day;
  tsn_civil_from_days(thursday, year, &month, &day);
  return (thursday - tsn_days_from_civil(*year, 1, 1)) / 7 + 1;
}

static int64_t extract_date(tsn_unit unit, int64_t time)
{
  date d = date_of(time);
  int64_t year, week;
  switch (unit) {
  case UNIT_DAY: return d.day;
  case UNIT_MONTH: return d.month;
  case UNIT_QUARTER: return (d.month + 2) / 3;
  case UNIT_YEAR: return d.year;
  case UNIT_DOW: return (weekday(d.days) + 1) % 7;
  case UNIT_ISODOW: return weekday(d.days) + 1;
  case UNIT_DOY: return d.days - tsn_days_from_civil(d.year, 1, 1) + 1;
  default: week = iso_week(d.days, &year); return unit == UNIT_WEEK ? week : year;
  }
}

/* What is below the day; seconds are part of MILLISECOND and MICROSECOND. rest has the sign of the whole. */
static int64_t extract_clock(tsn_unit unit, int64_t rest)
{
  switch (unit) {
  case UNIT_MICROSECOND: return rest % MINUTE;
  case UNIT_MILLISECOND: return rest % MINUTE / 1000;
  case UNIT_SECOND: return rest % MINUTE / SECOND;
  case UNIT_MINUTE: return rest % HOUR / MINUTE;
  default: return rest % DAY / HOUR;
  }
}

FN(extract)
{
  int64_t unit = args[0].v.i, value = args[1].v.i;
  (void)r;
  if (unit < 0 || unit >= TSN_UNITS) return true;
  if (unit == UNIT_EPOCH) return integer(out, in->x == TOCSIN_INTERVAL ? value / SECOND : floor_div(value, SECOND));
  if (unit <= UNIT_HOUR)
    return integer(out, extract_clock((tsn_unit)unit, in->x == TOCSIN_INTERVAL ? value : floor_mod(value, DAY)));
  if (in->x == TOCSIN_INTERVAL) return unit == UNIT_DAY ? integer(out, value / DAY) : true;
  return integer(out, extract_date((tsn_unit)unit, value));
}

static int64_t midnight(int64_t days)
{
  int64_t time;
  if (!__builtin_mul_overflow(days, DAY, &time)) return time;
  return days < 0 ? TSN_TIME_MIN : TSN_TIME_MAX;
}

FN(date_trunc)
{
  int64_t unit = args[0].v.i, time = args[1].v.i;
  date d = date_of(time);
  (void)r, (void)in;
  if (unit < 0 || unit > UNIT_YEAR) return true;
  if (unit == UNIT_WEEK) return integer(out, midnight(d.days - weekday(d.days)));
  if (unit_sizes[unit]) return integer(out, tsn_time_sub(time, floor_mod(time, unit_sizes[unit])));
  if (unit == UNIT_QUARTER) d.month = (d.month - 1) / 3 * 3 + 1;
  return integer(out, midnight(tsn_days_from_civil(d.year, unit == UNIT_YEAR ? 1 : d.month, 1)));
}

/* Whole months: the last one counts when its day and time of day are reached. */
static int64_t months_between(int64_t from, int64_t to)
{
  date a = date_of(from), b = date_of(to);
  int64_t months = (b.year - a.year) * 12 + (int64_t)b.month - (int64_t)a.month;
  int64_t in_a = a.day * DAY + floor_mod(from, DAY), in_b = b.day * DAY + floor_mod(to, DAY);
  if (months > 0 && in_b < in_a) months--;
  if (months < 0 && in_b > in_a) months++;
  return months;
}

FN(timestampdiff)
{
  int64_t unit = args[0].v.i, from = args[1].v.i, to = args[2].v.i;
  (void)r, (void)in;
  if (unit < 0 || unit > UNIT_YEAR) return true;
  if (unit_sizes[unit]) return integer(out, tsn_time_sub(to, from) / unit_sizes[unit]);
  return integer(out, months_between(from, to) / (unit == UNIT_YEAR ? 12 : unit == UNIT_QUARTER ? 3 : 1));
}

/* One reading a moment, so that all that a row decides sees the same time. */
FN(now)
{
  (void)in, (void)args;
  if (!r->now) return tsn_run_fail(r, TOCSIN_RUNTIME, "NOW() needs a clock, and the host gave none");
  if (r->now_moment != r->moment) {
    r->now_value = r->now(r->now_context);
    r->now_moment = r->moment;
  }
  return integer(out, r->now_value);
}
