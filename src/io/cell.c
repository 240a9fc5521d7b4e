/* Cells that the inline parsers of cell.h leave: the whole grammar, without hurry. */
#include "io/cell.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "base/time.h"
#include "io/digits.h"

const double tsn_exact_power[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

const uint8_t tsn_digits_mask[32] = { [16] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                             0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

bool tsn_walk_int64(const char *text, size_t length, int64_t *out)
{
  return length && tsn_read_int64(text, text + length + 1, out) == text + length;
}

bool tsn_walk_double(const char *text, size_t length, double *out)
{
  return length && tsn_read_double(text, text + length + 1, out) == text + length;
}

/* Numbers of 17 digits and more, as machines write them: by integers, as the
 * mantissa is no exact double any more.
 *
 *   mantissa and 10^power, moved up to 64 bits:  q = (m << 63) / d, with a remainder
 *   q has 63 or 64 bits; the bits below the 53rd, and whether a remainder is left, decide the rounding */
double tsn_divide_by_power(uint64_t mantissa, unsigned power)
{
#ifdef __SIZEOF_INT128__
  __extension__ typedef unsigned __int128 wide;
  uint64_t divisor = 1, quotient, low, half;
  int up, down, shift;
  wide dividend;

  for (unsigned i = 0; i < power; i++) divisor *= 10;
  up = __builtin_clzll(mantissa);
  down = __builtin_clzll(divisor);
  dividend = (wide)(mantissa << up) << 63;
  divisor <<= down;
  quotient = (uint64_t)(dividend / divisor);
  shift = 64 - __builtin_clzll(quotient) - 53;
  low = quotient & ((UINT64_C(1) << shift) - 1);
  half = UINT64_C(1) << (shift - 1);
  dividend -= (wide)quotient * divisor;
  quotient >>= shift;
  if (low > half || (low == half && (dividend != 0 || (quotient & 1)))) quotient++;
  return ldexp((double)quotient, shift - 63 - up + down);
#else
  char text[32];
  double value = 0;
  int length = 0;

  do text[sizeof text - 1 - (size_t)length++] = (char)('0' + mantissa % 10);
  while (mantissa /= 10);
  memmove(text, text + sizeof text - (size_t)length, (size_t)length);
  text[length++] = 'e';
  text[length++] = '-';
  text[length++] = (char)('0' + power / 10);
  text[length++] = (char)('0' + power % 10);
  (void)tsn_parse_double(text, (size_t)length, &value);
  return value;
#endif
}

/* A decimal number taken apart: the digits of text that count, and where the
 * decimal point lies, counted in digits from the first of them. */
typedef struct decimal {
  const char *digits; /* may hold one '.' */
  size_t length;
  int64_t point;
  bool negative, integer;
} decimal;

/* Exponents are cut here; no number that fits anywhere comes near. */
#define EXPONENT_MOST 100000

static bool take_apart(const char *text, size_t length, decimal *d)
{
  const char *p = text, *end = text + length, *first;
  int64_t exponent = 0, whole = 0;
  size_t count = 0;
  bool down = false;

  d->negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  first = p;
  for (; p < end && tsn_is_digit(*p); p++) whole++;
  count = (size_t)whole;
  d->integer = true;
  if (p < end && *p == '.') {
    d->integer = false;
    for (p++; p < end && tsn_is_digit(*p); p++) count++;
  }
  if (count == 0) return false;
  d->digits = first;
  d->length = (size_t)(p - first);
  if (p < end && (*p == 'e' || *p == 'E')) {
    const char *from;
    d->integer = false;
    p++;
    if (p < end && (*p == '-' || *p == '+')) down = *p++ == '-';
    for (from = p; p < end && tsn_is_digit(*p); p++)
      if (exponent < EXPONENT_MOST) exponent = exponent * 10 + (*p - '0');
    if (p == from) return false;
  }
  d->point = whole + (down ? -exponent : exponent);
  return p == end;
}

/* The integer below or at |d| * 10^scale, and whether something was cut. */
static bool scale_down(const decimal *d, int64_t scale, uint64_t *out, bool *cut)
{
  int64_t keep = d->point + scale, taken = 0;
  uint64_t value = 0;

  *cut = false;
  for (size_t i = 0; i < d->length; i++) {
    unsigned digit = (unsigned)(d->digits[i] - '0');
    if (d->digits[i] == '.') continue;
    if (taken++ >= keep) {
      *cut |= digit != 0;
      continue;
    }
    if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, digit, &value)) return false;
  }
  for (; taken < keep && value; taken++)
    if (__builtin_mul_overflow(value, 10u, &value)) return false;
  *out = value;
  return true;
}

static int64_t unit_scale(tocsin_unit unit)
{
  switch (unit) {
  case TOCSIN_UNIT_SECOND:
    return 6;
  case TOCSIN_UNIT_MILLISECOND:
    return 3;
  case TOCSIN_UNIT_NANOSECOND:
    return -3;
  case TOCSIN_UNIT_NONE:
  case TOCSIN_UNIT_MICROSECOND:
    break;
  }
  return 0;
}

tsn_cell_outcome tsn_cell_time(const char *text, size_t length, tocsin_unit unit, int64_t *out)
{
  decimal d;
  uint64_t value;
  bool cut;

  if (!take_apart(text, length, &d)) return TSN_CELL_BAD;
  if (!scale_down(&d, unit_scale(unit), &value, &cut)) return TSN_CELL_BEYOND;
  if (!d.negative) {
    if (value > INT64_MAX) return TSN_CELL_BEYOND;
    *out = (int64_t)value;
  } else {
    if (value + cut > INT64_MAX) return TSN_CELL_BEYOND;
    *out = -(int64_t)(value + cut);
  }
  return TSN_CELL_OK;
}

static bool is_word(const char *text, size_t length, const char *word)
{
  return tsn_same_name(text, length, word, strlen(word));
}

static tsn_cell_outcome parse_boolean(const char *text, size_t length, bool *out)
{
  bool yes = is_word(text, length, "true") || is_word(text, length, "t") || is_word(text, length, "1");

  if (!yes && !is_word(text, length, "false") && !is_word(text, length, "f") && !is_word(text, length, "0"))
    return TSN_CELL_BAD;
  *out = yes;
  return TSN_CELL_OK;
}

static tsn_cell_outcome parse_double(const char *text, size_t length, double *out)
{
  decimal d;

  if (tsn_parse_double(text, length, out)) return isnan(*out) ? TSN_CELL_NAN : TSN_CELL_OK;
  return take_apart(text, length, &d) ? TSN_CELL_BEYOND : TSN_CELL_BAD;
}

static tsn_cell_outcome parse_integer(const char *text, size_t length, int64_t *out)
{
  decimal d;

  if (tsn_parse_int64(text, length, out)) return TSN_CELL_OK;
  return take_apart(text, length, &d) && d.integer ? TSN_CELL_BEYOND : TSN_CELL_BAD;
}

tsn_cell_outcome tsn_cell_parse(tocsin_type type, tocsin_unit unit, const char *text, size_t length, tsn_cell *out)
{
  while (length && (*text == ' ' || *text == '\t')) text++, length--;
  while (length && (text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
  switch (type) {
  case TOCSIN_BOOLEAN:
    return parse_boolean(text, length, &out->boolean);
  case TOCSIN_BIGINT:
    return parse_integer(text, length, &out->integer);
  case TOCSIN_DOUBLE:
    return parse_double(text, length, &out->real);
  case TOCSIN_TIMESTAMP:
    if (tsn_time_parse(text, length, &out->integer)) return TSN_CELL_OK;
    return tsn_cell_time(text, length, unit, &out->integer);
  case TOCSIN_INTERVAL: {
    tsn_cell_outcome number = parse_integer(text, length, &out->integer);
    if (number != TSN_CELL_BAD) return number;
    return tsn_interval_parse(text, length, &out->integer) ? TSN_CELL_OK : TSN_CELL_BAD;
  }
  case TOCSIN_NULL:
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    break;
  }
  return TSN_CELL_BAD;
}

/* --- what is wrong, for people --- */

#define SHOWN_MAX 40 /* bytes of a value in a message */

/* A value for a message: quoted, cut, and fit for a terminal. */
static void show_value(char *out, size_t room, const char *text, size_t length, bool quoted)
{
  size_t at = 0, shown = length > SHOWN_MAX ? SHOWN_MAX : length;

  while (shown < length && shown && ((unsigned char)text[shown] & 0xc0) == 0x80) shown--;
  if (quoted) out[at++] = '"';
  for (size_t i = 0; i < shown && at + 12 < room; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == 0x7f || c < 0x20)
      at += (size_t)snprintf(out + at, room - at, "\\x%02x", c);
    else
      out[at++] = (char)c;
  }
  if (shown < length) at += (size_t)snprintf(out + at, room - at, "…");
  if (quoted) out[at++] = '"';
  out[at] = '\0';
}

void tsn_cell_reason(char *out, size_t room, tsn_cell_outcome outcome, tocsin_type type, const char *text, size_t length,
                     bool quoted)
{
  char value[SHOWN_MAX * 4 + 32];

  show_value(value, sizeof value, text, length, quoted);
  snprintf(out, room, outcome == TSN_CELL_BEYOND ? "%s is beyond the range of %s" : "%s is no %s", value, tocsin_type_name(type));
}
