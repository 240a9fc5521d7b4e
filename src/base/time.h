/* Times and durations: int64 microseconds, proleptic Gregorian calendar, UTC.
 * Arithmetic saturates (language page, section 4). */
#ifndef TSN_BASE_TIME_H
#define TSN_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TSN_TIME_MIN INT64_MIN /* the far past, the watermark before any row */
#define TSN_TIME_MAX INT64_MAX /* the far future, the watermark after the last row */

int64_t tsn_time_add(int64_t a, int64_t b); /* saturating */
int64_t tsn_time_sub(int64_t a, int64_t b); /* saturating */

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
