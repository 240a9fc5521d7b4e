/* One cell: text to a typed value.
 *
 * The inline parsers are the common path of the readers. They walk digits
 * straight from the input and give up (NULL) on everything that needs care:
 * more digits than fit, exponents, blanks. What they do read they read exactly.
 * tsn_cell_parse() is the whole grammar and is asked only then.
 *
 * `limit` is the end of the readable buffer. The byte at `limit - 1` is no
 * digit (readers hand on whole lines), so loops over digits need no other check. */
#ifndef TSN_IO_CELL_H
#define TSN_IO_CELL_H

#include <stdbool.h>
#include <string.h>

#include "data/schema.h"

typedef enum tsn_cell_outcome {
  TSN_CELL_OK = 0,
  TSN_CELL_NAN,    /* a DOUBLE that is no number: stored as NULL, counted */
  TSN_CELL_BAD,    /* not of the type */
  TSN_CELL_BEYOND, /* a number, but out of the range of the type */
} tsn_cell_outcome;

typedef union tsn_cell {
  bool boolean;
  int64_t integer; /* BIGINT, TIMESTAMP, INTERVAL */
  double real;
} tsn_cell;

/* Text as the type says, for CSV: numbers, booleans and times may have blanks
 * around them. A TIMESTAMP is ISO 8601, or a number that counts in `unit`; an
 * INTERVAL is a duration text or a number of microseconds. Not for TEXT. */
tsn_cell_outcome tsn_cell_parse(tocsin_type type, tocsin_unit unit, const char *text, size_t length, tsn_cell *out);

/* A decimal number (digits, fraction, exponent) that counts in `unit`, as exact
 * microseconds; what is finer is cut towards the past, as in ISO 8601 text. */
tsn_cell_outcome tsn_cell_time(const char *text, size_t length, tocsin_unit unit, int64_t *out);

/* Why a value is none of its type, for people: "abc" is no BIGINT. At most 250 bytes. */
void tsn_cell_reason(char *out, size_t room, tsn_cell_outcome outcome, tocsin_type type, const char *text, size_t length,
                     bool quoted);

/* Powers of ten that a double holds exactly, 0 to 22. */
extern const double tsn_exact_power[23];

/* Largest integer below which all are exact in a double. */
#define TSN_EXACT_MANTISSA (UINT64_C(1) << 53)

static inline bool tsn_is_digit(char c)
{
  return (unsigned char)(c - '0') < 10;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define TSN_WORDWISE 1
#else
#define TSN_WORDWISE 0
#endif

static inline uint64_t tsn_load_word(const char *p)
{
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

/* Whether eight bytes, loaded little-endian, are all digits; and their value. */
static inline bool tsn_word_is_digits(uint64_t w)
{
  return ((w & UINT64_C(0xf0f0f0f0f0f0f0f0)) |
          (((w + UINT64_C(0x0606060606060606)) & UINT64_C(0xf0f0f0f0f0f0f0f0)) >> 4)) == UINT64_C(0x3333333333333333);
}

static inline uint64_t tsn_word_value(uint64_t w)
{
  const uint64_t mask = UINT64_C(0x000000ff000000ff);

  w -= UINT64_C(0x3030303030303030);
  w = w * 10 + (w >> 8);
  return ((w & mask) * UINT64_C(0x000f424000000064) + ((w >> 16) & mask) * UINT64_C(0x0000271000000001)) >> 32;
}

/* Appends the digits at p to *value; answers the first byte that is none. The
 * caller tells from the distance whether *value has overflowed (19 digits fit). */
static inline const char *tsn_read_digits(const char *p, const char *limit, uint64_t *value)
{
  uint64_t v = *value;

#if TSN_WORDWISE
  while (limit - p >= 8) {
    uint64_t word = tsn_load_word(p);
    if (!tsn_word_is_digits(word)) break;
    v = v * 100000000u + tsn_word_value(word);
    p += 8;
  }
#else
  (void)limit;
#endif
  while (tsn_is_digit(*p)) v = v * 10 + (uint64_t)(*p++ - '0');
  *value = v;
  return p;
}

/* [-]digits, at most 18 of them. */
static inline const char *tsn_read_int64(const char *p, const char *limit, int64_t *out)
{
  bool negative = *p == '-';
  const char *first = p += negative;
  uint64_t value = 0;

  p = tsn_read_digits(p, limit, &value);
  if (p == first || p - first > 18) return NULL;
  *out = negative ? -(int64_t)value : (int64_t)value;
  return p;
}

/* mantissa / 10^power, rounded once; power at most 19. */
double tsn_divide_by_power(uint64_t mantissa, unsigned power);

/* [-]digits[.digits], at most 19 digits together. */
static inline const char *tsn_read_double(const char *p, const char *limit, double *out)
{
  bool negative = *p == '-';
  const char *first = p += negative;
  uint64_t mantissa = 0;
  double value;

  p = tsn_read_digits(p, limit, &mantissa);
  if (p == first) return NULL;
  if (*p == '.') {
    const char *point = p++;
    p = tsn_read_digits(p, limit, &mantissa);
    if (p == point + 1 || p - first > 20) return NULL;
    /* Both exact, so one division rounds once. */
    if (mantissa <= TSN_EXACT_MANTISSA)
      value = (double)mantissa / tsn_exact_power[p - point - 1];
    else
      value = tsn_divide_by_power(mantissa, (unsigned)(p - point - 1));
  } else {
    if (p - first > 19) return NULL;
    value = (double)mantissa;
  }
  *out = negative ? -value : value;
  return p;
}

/* Days since 1970 of a date of the years 1 to 9999; month 1 to 12. */
static inline int64_t tsn_days_of(unsigned year, unsigned month, unsigned day)
{
  static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  unsigned y = year - (month <= 2);

  return (int64_t)(year - 1) * 365 + y / 4 - y / 100 + y / 400 + before[month - 1] + day - 1 - 719162;
}

/* YYYY-MM-DD[T ]HH:MM:SS[.f…][Z], the layout that machines write, UTC. Other
 * layouts, offsets and leap seconds: NULL. */
static inline const char *tsn_read_iso_time(const char *p, const char *limit, int64_t *out)
{
  static const uint8_t month_days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
#define TSN_DIGIT(at) ((unsigned)(unsigned char)p[at] - '0')
#define TSN_TWO(at) (TSN_DIGIT(at) * 10 + TSN_DIGIT((at) + 1))
#define TSN_NOT_TWO(at) ((TSN_DIGIT(at) > 9) | (TSN_DIGIT((at) + 1) > 9))
  unsigned year, month, day, hour, minute, second;
  int64_t micros = 0;

  if (limit - p < 20) return NULL;
  if (TSN_NOT_TWO(0) | TSN_NOT_TWO(2) | TSN_NOT_TWO(5) | TSN_NOT_TWO(8) | TSN_NOT_TWO(11) | TSN_NOT_TWO(14) |
      TSN_NOT_TWO(17) | (p[4] != '-') | (p[7] != '-') | ((p[10] != 'T') & (p[10] != ' ')) | (p[13] != ':') |
      (p[16] != ':'))
    return NULL;
  year = TSN_TWO(0) * 100 + TSN_TWO(2);
  month = TSN_TWO(5);
  day = TSN_TWO(8);
  hour = TSN_TWO(11);
  minute = TSN_TWO(14);
  second = TSN_TWO(17);
#undef TSN_NOT_TWO
#undef TSN_TWO
#undef TSN_DIGIT
  if (year == 0 || month - 1 > 11 || hour > 23 || minute > 59 || second > 59 || day == 0) return NULL;
  if (day > month_days[month]) {
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month != 2 || day > 29 || !leap) return NULL;
  }
  p += 19;
  if (*p == '.') {
    int64_t unit = 100000;
    const char *first = ++p;
    for (; tsn_is_digit(*p); p++, unit /= 10) micros += (*p - '0') * unit;
    if (p == first) return NULL;
  }
  if (*p == 'Z')
    p++;
  else if (*p == '+' || *p == '-' || *p == ' ' || *p == 'z')
    return NULL;
  *out = ((tsn_days_of(year, month, day) * 24 + hour) * 60 + minute) * INT64_C(60000000) +
         (int64_t)second * 1000000 + micros;
  return p;
}

#endif
