/* Times and durations: int64 microseconds, proleptic Gregorian calendar, UTC.
 * Arithmetic saturates (language page, section 4). */
#ifndef TSN_BASE_TIME_H
#define TSN_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TSN_TIME_MIN INT64_MIN /* the far past, the watermark before any row */
#define TSN_TIME_MAX INT64_MAX /* the far future, the watermark after the last row */

static inline int64_t tsn_time_add(int64_t a, int64_t b) /* saturating */
{
  int64_t sum;

  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? TSN_TIME_MIN : TSN_TIME_MAX;
}

static inline int64_t tsn_time_sub(int64_t a, int64_t b) /* saturating */
{
  int64_t difference;

  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? TSN_TIME_MAX : TSN_TIME_MIN;
}

/* A DOUBLE as a time: a number of the same order (IEEE 754: the bits of a positive
 * double are in its order, those of a negative one in the opposite). And back. */
static inline int64_t tsn_time_of_double(double d)
{
  int64_t bits;

  if (d == 0) d = 0; /* -0.0 = 0.0 */
  memcpy(&bits, &d, sizeof bits);
  return bits < 0 ? bits ^ INT64_MAX : bits;
}

static inline double tsn_double_of_time(int64_t time)
{
  int64_t bits = time < 0 ? time ^ INT64_MAX : time;
  double d;

  memcpy(&d, &bits, sizeof d);
  return d;
}

/* ISO 8601: date, or date and time split by 'T' or ' '; seconds and fraction
 * optional (digits past the microsecond are cut); 'Z', +hh, +hhmm, +hh:mm, or
 * nothing for UTC. Years 0001 to 9999. false where the text is none. */
bool tsn_time_parse(const char *text, size_t length, int64_t *out);

#define TSN_TIME_TEXT 40
/* "2026-01-31T09:00:00.000000Z"; times outside years 1..9999 as a signed year
 * of more digits. Answers the length. */
size_t tsn_time_format(int64_t time, char out[TSN_TIME_TEXT]);
/* ISO 8601 duration: "PT30M", "P1DT2H", "PT1.5S", "-PT5S", "PT0S". */
size_t tsn_interval_format(int64_t interval, char out[TSN_TIME_TEXT]);
/* ISO 8601 duration text, "1 day", "90 minutes", "1h30m", "02:30:00", "1 02:30:00"
 * as hosts may give for parameters and columns. */
bool tsn_interval_parse(const char *text, size_t length, int64_t *out);

/* Civil date from days since 1970-01-01 and back (Howard Hinnant, "chrono-compatible
 * low-level date algorithms"). */
void tsn_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);
int64_t tsn_days_from_civil(int64_t year, unsigned month, unsigned day);

#endif
