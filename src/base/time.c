/* Times and durations: see time.h. */
#include "base/time.h"

#include <string.h>

#include "base/text.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)

#define ERA_DAYS 146097 /* of 400 years */

static int64_t floor_div(int64_t a, int64_t b)
{
  return a / b - (a % b < 0);
}

/* --- the calendar --- */

void tsn_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
  /* Days count from 0000-03-01 inside, which is 719468 days, or 4 eras and 135080 days, before 1970. */
  int64_t era = floor_div(days, ERA_DAYS);
  unsigned of_era = (unsigned)(days - era * ERA_DAYS) + 135080;
  unsigned year_of_era, day_of_year, month_from_march;

  era += 4 + of_era / ERA_DAYS;
  of_era %= ERA_DAYS;
  year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  month_from_march = (5 * day_of_year + 2) / 153;
  *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  *year = era * 400 + year_of_era + (*month <= 2);
}

int64_t tsn_days_from_civil(int64_t year, unsigned month, unsigned day)
{
  const int64_t start = tsn_time_sub(year, month <= 2); /* years begin in March here */
  const int64_t era = floor_div(start, 400);
  const unsigned year_of_era = (unsigned)(start - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  int64_t days;

  if (__builtin_mul_overflow(era, (int64_t)ERA_DAYS, &days)) return era < 0 ? INT64_MIN : INT64_MAX;
  return tsn_time_add(days, (int64_t)of_era - 719468);
}

static unsigned days_in(int64_t year, unsigned month)
{
  static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

  return month == 2 && leap ? 29 : days[month - 1];
}

/* --- reading --- */

typedef struct cursor {
  const char *at, *end;
} cursor;

static bool more(const cursor *c)
{
  return c->at < c->end;
}

static bool at_digit(const cursor *c)
{
  return more(c) && *c->at >= '0' && *c->at <= '9';
}

static bool take(cursor *c, char wanted)
{
  if (!more(c) || *c->at != wanted) return false;
  c->at++;
  return true;
}

static bool skip_spaces(cursor *c)
{
  const char *from = c->at;

  while (take(c, ' ')) continue;
  return c->at > from;
}

/* Exactly `count` digits. */
static bool take_digits(cursor *c, int count, unsigned *value)
{
  *value = 0;
  for (; count; count--) {
    if (!at_digit(c)) return false;
    *value = *value * 10 + (unsigned)(*c->at++ - '0');
  }
  return true;
}

/* The digits of a fraction of `unit`, at least one; what lies below the microsecond is cut. */
static bool take_fraction(cursor *c, int64_t unit, int64_t *value)
{
  const char *from = c->at, *last;

  while (at_digit(c)) c->at++;
  *value = 0;
  for (last = c->at; last > from; last--) *value = ((last[-1] - '0') * unit + *value) / 10;
  return c->at > from;
}

/* hh:mm, or hh:mm:ss with an optional fraction */
static bool take_time_of_day(cursor *c, int64_t *time)
{
  unsigned hour, minute, second = 0;
  int64_t fraction = 0;

  if (!take_digits(c, 2, &hour) || !take(c, ':') || !take_digits(c, 2, &minute)) return false;
  if (take(c, ':')) {
    if (!take_digits(c, 2, &second)) return false;
    if ((take(c, '.') || take(c, ',')) && !take_fraction(c, SECOND, &fraction)) return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  *time = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
  return true;
}

/* Z, +hh, +hhmm, +hh:mm, or nothing */
static bool take_offset(cursor *c, int64_t *offset)
{
  unsigned hours, minutes = 0;
  bool west;

  *offset = 0;
  if (!more(c) || take(c, 'Z') || take(c, 'z')) return true;
  west = *c->at == '-';
  if (!take(c, '-') && !take(c, '+')) return false;
  if (!take_digits(c, 2, &hours)) return false;
  if (more(c)) {
    take(c, ':');
    if (!take_digits(c, 2, &minutes)) return false;
  }
  if (hours > 23 || minutes > 59) return false;
  *offset = hours * HOUR + minutes * MINUTE;
  if (west) *offset = -*offset;
  return true;
}

bool tsn_time_parse(const char *text, size_t length, int64_t *out)
{
  unsigned year, month, day;
  int64_t time = 0, offset = 0;
  cursor c;

  if (!length) return false;
  c = (cursor){ text, text + length };
  if (!take_digits(&c, 4, &year) || !take(&c, '-')) return false;
  if (!take_digits(&c, 2, &month) || !take(&c, '-') || !take_digits(&c, 2, &day)) return false;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month)) return false;
  if (more(&c)) {
    if (!take(&c, 'T') && !take(&c, ' ') && !take(&c, 't')) return false;
    if (!take_time_of_day(&c, &time) || !take_offset(&c, &offset)) return false;
  }
  if (more(&c)) return false;
  *out = tsn_days_from_civil(year, month, day) * DAY + time - offset;
  return true;
}

/* A number as a duration names it, before its unit is known. */
typedef struct amount {
  uint64_t whole;
  cursor fraction;
} amount;

static bool take_amount(cursor *c, amount *a)
{
  if (!at_digit(c)) return false;
  for (a->whole = 0; at_digit(c); c->at++) {
    const unsigned digit = (unsigned)(*c->at - '0');

    if (a->whole > (uint64_t)INT64_MAX / 10) return false;
    a->whole = a->whole * 10 + digit;
  }
  a->fraction = (cursor){ c->at, c->at };
  if (take(c, '.') || take(c, ',')) {
    a->fraction.at = c->at;
    while (at_digit(c)) c->at++;
    a->fraction.end = c->at;
    if (!more(&a->fraction)) return false;
  }
  return true;
}

/* *sum += a units; false where that does not fit. Durations grow as magnitudes, up to that of INT64_MIN. */
static bool add_amount(uint64_t *sum, amount a, int64_t unit)
{
  int64_t fraction = 0;
  uint64_t product;

  if (more(&a.fraction)) take_fraction(&a.fraction, unit, &fraction);
  if (__builtin_mul_overflow(a.whole, (uint64_t)unit, &product)) return false;
  if (__builtin_add_overflow(*sum, product, sum)) return false;
  return !__builtin_add_overflow(*sum, (uint64_t)fraction, sum);
}

typedef struct unit_name {
  const char *name;
  int64_t unit;
} unit_name;

static const unit_name unit_names[] = {
  { "us", 1 },      { "microsecond", 1 },          { "microseconds", 1 },
  { "ms", 1000 },   { "millisecond", 1000 },       { "milliseconds", 1000 },
  { "s", SECOND },  { "second", SECOND },          { "seconds", SECOND },
  { "m", MINUTE },  { "minute", MINUTE },          { "minutes", MINUTE },
  { "h", HOUR },    { "hour", HOUR },              { "hours", HOUR },
  { "d", DAY },     { "day", DAY },                { "days", DAY },
  { "w", WEEK },    { "week", WEEK },              { "weeks", WEEK },
  { "sec", SECOND }, { "secs", SECOND },           { "min", MINUTE },
  { "mins", MINUTE },
};

static bool take_unit(cursor *c, int64_t *unit)
{
  const char *from = c->at;

  while (more(c) && ((*c->at >= 'a' && *c->at <= 'z') || (*c->at >= 'A' && *c->at <= 'Z'))) c->at++;
  for (size_t i = 0; i < sizeof unit_names / sizeof unit_names[0]; i++) {
    const unit_name *u = &unit_names[i];

    if (tsn_same_name(from, (size_t)(c->at - from), u->name, strlen(u->name))) {
      *unit = u->unit;
      return true;
    }
  }
  return false;
}

/* What follows the P: nW, nD, then T and nH, nM, nS, in this order, at least one; a fraction only in the last. */
static bool take_iso_duration(cursor *c, uint64_t *sum)
{
  static const struct {
    char letter;
    bool of_time;
    int64_t unit;
  } parts[] = { { 'W', false, WEEK }, { 'D', false, DAY },   { 'H', true, HOUR },
                { 'M', true, MINUTE }, { 'S', true, SECOND } };
  const size_t count = sizeof parts / sizeof parts[0];
  bool any = false, in_time = false;
  size_t next = 0;

  while (more(c)) {
    amount a;

    if (!in_time && (take(c, 'T') || take(c, 't'))) {
      in_time = true;
      any = false; /* T must be followed by something */
      continue;
    }
    if (!take_amount(c, &a) || !more(c)) return false;
    while (next < count && (parts[next].of_time != in_time ||
                            (parts[next].letter != *c->at && parts[next].letter != *c->at - ('a' - 'A')))) next++;
    if (next == count) return false;
    c->at++;
    if (!add_amount(sum, a, parts[next++].unit)) return false;
    if (a.fraction.end > a.fraction.at && more(c)) return false;
    any = true;
  }
  return any;
}

/* [days] hh:mm[:ss[.fraction]], of which a->whole are the hours read already */
static bool take_clock(cursor *c, amount a, uint64_t *sum)
{
  unsigned minute, second = 0;
  int64_t fraction = 0;

  if (a.fraction.end > a.fraction.at || !take(c, ':') || !take_digits(c, 2, &minute)) return false;
  if (take(c, ':')) {
    if (!take_digits(c, 2, &second)) return false;
    if ((take(c, '.') || take(c, ',')) && !take_fraction(c, SECOND, &fraction)) return false;
  }
  if (minute > 59 || second > 59) return false;
  if (!add_amount(sum, a, HOUR)) return false;
  return !__builtin_add_overflow(*sum, (uint64_t)(minute * MINUTE + second * SECOND + fraction), sum);
}

/* "1 day", "1h30m", "1 day 02:30:00", "02:30:00", "1 02:30:00" */
static bool take_plain_duration(cursor *c, uint64_t *sum)
{
  bool any = false;

  while (more(c)) {
    amount a;
    int64_t unit;
    bool spaced;

    if (!take_amount(c, &a)) return false;
    if (more(c) && *c->at == ':') return take_clock(c, a, sum) && !more(c);
    spaced = skip_spaces(c);
    if (spaced && !any && at_digit(c)) { /* "1 02:30:00": days without a unit */
      amount hours;

      if (a.fraction.end > a.fraction.at || !add_amount(sum, a, DAY)) return false;
      return take_amount(c, &hours) && hours.whole < 24 && take_clock(c, hours, sum) && !more(c);
    }
    if (!take_unit(c, &unit) || !add_amount(sum, a, unit)) return false;
    any = true;
    skip_spaces(c);
  }
  return any;
}

bool tsn_interval_parse(const char *text, size_t length, int64_t *out)
{
  uint64_t sum = 0;
  bool negative, iso;
  cursor c;

  if (!length) return false;
  c = (cursor){ text, text + length };
  negative = take(&c, '-');
  if (!negative) take(&c, '+');
  iso = take(&c, 'P') || take(&c, 'p');
  if (!(iso ? take_iso_duration(&c, &sum) : take_plain_duration(&c, &sum))) return false;
  if (sum > (uint64_t)INT64_MAX + negative) return false;
  if (!negative) *out = (int64_t)sum;
  else *out = sum > INT64_MAX ? INT64_MIN : -(int64_t)sum;
  return true;
}

/* --- printing --- */

static size_t put(char *out, size_t at, const char *text)
{
  const size_t length = strlen(text);

  memcpy(out + at, text, length + 1);
  return at + length;
}

/* At least `width` digits. */
static size_t put_number(char *out, size_t at, uint64_t value, int width)
{
  char digits[20];
  int count = 0;

  for (; value || count < width; value /= 10) digits[count++] = (char)('0' + value % 10);
  while (count) out[at++] = digits[--count];
  return at;
}

size_t tsn_time_format(int64_t time, char out[TSN_TIME_TEXT])
{
  const int64_t days = floor_div(time, DAY);
  const uint64_t of_day = (uint64_t)(time % DAY < 0 ? time % DAY + DAY : time % DAY);
  int64_t year;
  unsigned month, day;
  size_t at = 0;

  tsn_civil_from_days(days, &year, &month, &day);
  if (year < 1 || year > 9999) {
    out[at++] = year < 0 ? '-' : '+';
    at = put_number(out, at, (uint64_t)(year < 0 ? -year : year), 6);
  } else {
    at = put_number(out, at, (uint64_t)year, 4);
  }
  out[at++] = '-';
  at = put_number(out, at, month, 2);
  out[at++] = '-';
  at = put_number(out, at, day, 2);
  out[at++] = 'T';
  at = put_number(out, at, of_day / (uint64_t)HOUR, 2);
  out[at++] = ':';
  at = put_number(out, at, of_day / (uint64_t)MINUTE % 60, 2);
  out[at++] = ':';
  at = put_number(out, at, of_day / (uint64_t)SECOND % 60, 2);
  out[at++] = '.';
  at = put_number(out, at, of_day % (uint64_t)SECOND, 6);
  return put(out, at, "Z");
}

static size_t put_part(char *out, size_t at, uint64_t value, char letter)
{
  if (!value) return at;
  at = put_number(out, at, value, 1);
  out[at++] = letter;
  return at;
}

size_t tsn_interval_format(int64_t interval, char out[TSN_TIME_TEXT])
{
  const uint64_t all = interval < 0 ? 0 - (uint64_t)interval : (uint64_t)interval;
  const uint64_t of_day = all % (uint64_t)DAY, of_minute = all % (uint64_t)MINUTE;
  uint64_t fraction = of_minute % (uint64_t)SECOND;
  size_t at = 0;

  if (interval < 0) out[at++] = '-';
  out[at++] = 'P';
  at = put_part(out, at, all / (uint64_t)DAY, 'D');
  if (all == 0) return put(out, at, "T0S");
  if (of_day) out[at++] = 'T';
  at = put_part(out, at, of_day / (uint64_t)HOUR, 'H');
  at = put_part(out, at, of_day / (uint64_t)MINUTE % 60, 'M');
  if (of_minute) {
    at = put_number(out, at, of_minute / (uint64_t)SECOND, 1);
    if (fraction) {
      int width = 6;

      for (; fraction % 10 == 0; width--) fraction /= 10;
      out[at++] = '.';
      at = put_number(out, at, fraction, width);
    }
    out[at++] = 'S';
  }
  out[at] = '\0';
  return at;
}
