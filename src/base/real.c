/* Doubles as decimal text and back, exactly and without the C library, whose
 * readers and printers obey the locale.
 *
 * Both ways have short cuts for the numbers people write, and one slow way for
 * the rest on big integers. Its reasoning is simple: a double is m * 2^e, a
 * decimal is d * 10^k, and big integers compare the two without rounding. */
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define MANTISSA_BITS 53
#define LEAST_EXPONENT (-1074) /* of the last bit of a denormal */
#define DIGITS_MAX 770         /* 767 decide; what follows only breaks ties */

static const double powers_of_ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
#define EXACT_POWER 22 /* the greatest power of ten that a double holds exactly */

/* --- big integers: enough for 770 digits times 10^330, or 10^1100, and 64 bits more --- */

#define BIG_WORDS 132

typedef struct big {
  uint32_t words[BIG_WORDS]; /* least significant first */
  size_t used;               /* the word at used - 1 is not 0 */
} big;

static void big_set(big *b, uint64_t value)
{
  b->used = 0;
  for (; value; value >>= 32) b->words[b->used++] = (uint32_t)value;
}

/* b = b * factor + more */
static void big_multiply(big *b, uint32_t factor, uint32_t more)
{
  uint64_t carry = more;

  for (size_t i = 0; i < b->used; i++) {
    carry += (uint64_t)b->words[i] * factor;
    b->words[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) {
    assert(b->used < BIG_WORDS);
    b->words[b->used++] = (uint32_t)carry;
  }
}

static void big_times_ten_to(big *b, unsigned power)
{
  for (; power >= 9; power -= 9) big_multiply(b, 1000000000u, 0);
  for (; power; power--) big_multiply(b, 10, 0);
}

static void big_shift_left(big *b, unsigned bits)
{
  const size_t words = bits / 32;

  if (b->used == 0) return;
  assert(b->used + words + 1 <= BIG_WORDS);
  if (bits % 32) big_multiply(b, 1u << bits % 32, 0);
  memmove(b->words + words, b->words, b->used * sizeof b->words[0]);
  memset(b->words, 0, words * sizeof b->words[0]);
  b->used += words;
}

static int big_compare(const big *a, const big *b)
{
  if (a->used != b->used) return a->used < b->used ? -1 : 1;
  for (size_t i = a->used; i-- > 0;) {
    if (a->words[i] != b->words[i]) return a->words[i] < b->words[i] ? -1 : 1;
  }
  return 0;
}

/* a -= b, where a >= b */
static void big_subtract(big *a, const big *b)
{
  uint64_t borrow = 0;

  for (size_t i = 0; i < a->used; i++) {
    const uint64_t less = (i < b->used ? b->words[i] : 0) + borrow;

    borrow = a->words[i] < less;
    a->words[i] = (uint32_t)(a->words[i] - less);
  }
  while (a->used && a->words[a->used - 1] == 0) a->used--;
}

static void big_add(big *a, const big *b)
{
  uint64_t carry = 0;

  for (size_t i = 0; i < b->used || carry; i++) {
    if (i == a->used) {
      assert(a->used < BIG_WORDS);
      a->words[a->used++] = 0;
    }
    carry += (uint64_t)a->words[i] + (i < b->used ? b->words[i] : 0);
    a->words[i] = (uint32_t)carry;
    carry >>= 32;
  }
}

static int bits_of(uint64_t value)
{
  return value ? 64 - __builtin_clzll(value) : 0;
}

static int big_bits(const big *b)
{
  return b->used ? (int)(b->used - 1) * 32 + bits_of(b->words[b->used - 1]) : 0;
}

/* --- reading --- */

/* What was written: 0.d1 d2 d3 ... * 10^point, without leading zeros. */
typedef struct decimal {
  unsigned char digits[DIGITS_MAX];
  size_t count;
  int64_t point;
} decimal;

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static void add_digit(decimal *d, char c, bool *more)
{
  if (d->count == 0 && c == '0') return;
  if (d->count < DIGITS_MAX - 1) d->digits[d->count++] = (unsigned char)(c - '0');
  else if (c != '0') *more = true;
}

static bool read_decimal(const char *text, size_t length, decimal *d)
{
  const int64_t far = 1000000; /* an exponent beyond it says the same */
  bool any = false, more = false;
  size_t i = 0;

  d->count = 0;
  d->point = 0;
  for (; i < length && is_digit(text[i]); i++) {
    any = true;
    add_digit(d, text[i], &more);
    if (d->count) d->point++;
  }
  if (i < length && text[i] == '.') {
    for (i++; i < length && is_digit(text[i]); i++) {
      any = true;
      add_digit(d, text[i], &more);
      if (!d->count) d->point--;
    }
  }
  if (!any) return false;

  if (i < length && (text[i] == 'e' || text[i] == 'E')) {
    bool negative = false;
    int64_t exponent = 0;

    if (++i < length && (text[i] == '-' || text[i] == '+')) negative = text[i++] == '-';
    if (i == length) return false;
    for (; i < length && is_digit(text[i]); i++) {
      if (exponent < far) exponent = exponent * 10 + (text[i] - '0');
    }
    d->point += negative ? -exponent : exponent;
  }
  if (i != length) return false;

  while (!more && d->count && d->digits[d->count - 1] == 0) d->count--;
  if (more) d->digits[d->count++] = 1; /* a hair above, on the same side of every double and midpoint */
  return true;
}

/* mantissa * 2^exponent rounded half to even, where `rest` tells of something below the mantissa,
 * which then has at least 54 bits. false where it overflows. */
static bool round_to_double(uint64_t mantissa, int exponent, bool rest, double *out)
{
  int drop = bits_of(mantissa) - MANTISSA_BITS;
  uint64_t kept, lost, half;

  if (exponent + drop < LEAST_EXPONENT) drop = LEAST_EXPONENT - exponent;
  if (drop > 64) {
    *out = 0;
    return true;
  }
  if (drop <= 0) { /* only where nothing is lost */
    *out = ldexp((double)mantissa, exponent);
    return isfinite(*out);
  }
  half = (uint64_t)1 << (drop - 1);
  kept = drop == 64 ? 0 : mantissa >> drop;
  lost = mantissa & (half - 1 + half);
  if (lost > half || (lost == half && (rest || (kept & 1)))) kept++;
  *out = ldexp((double)kept, exponent + drop); /* exact: kept has at most 53 bits, or is 2^53 */
  return isfinite(*out);
}

/* numerator / denominator * 2^exponent, by long division in base 2. */
static bool divide(big *numerator, big *denominator, int exponent, double *out)
{
  const int shift = big_bits(denominator) - big_bits(numerator);
  uint64_t quotient = 0;

  if (shift > 0) big_shift_left(numerator, (unsigned)shift);
  else if (shift < 0) big_shift_left(denominator, (unsigned)-shift);
  /* Both are of one length now: the quotient's first bit is 2^0, or else 2^-1. */
  for (int i = 0; i < 64; i++) {
    quotient <<= 1;
    if (big_compare(numerator, denominator) >= 0) {
      quotient |= 1;
      big_subtract(numerator, denominator);
    }
    big_multiply(numerator, 2, 0);
  }
  return round_to_double(quotient, exponent - shift - 63, numerator->used != 0, out);
}

static bool decimal_to_double_slowly(const decimal *d, double *out)
{
  const int64_t power = d->point - (int64_t)d->count;
  big numerator, denominator;

  big_set(&numerator, 0);
  big_set(&denominator, 1);
  for (size_t i = 0; i < d->count; i++) big_multiply(&numerator, 10, d->digits[i]);
  if (power > 0) big_times_ten_to(&numerator, (unsigned)power);
  else big_times_ten_to(&denominator, (unsigned)-power);
  return divide(&numerator, &denominator, 0, out);
}

static bool decimal_to_double(const decimal *d, double *out)
{
  const int64_t power = d->point - (int64_t)d->count;
  uint64_t value = 0;

  if (d->count == 0 || d->point < -330) { /* less than half of the least denormal */
    *out = 0;
    return true;
  }
  if (d->point > 310) return false;
  if (d->count > 19) return decimal_to_double_slowly(d, out);
  for (size_t i = 0; i < d->count; i++) value = value * 10 + d->digits[i];

  /* Both operands are exact, so that the one operation rounds once (Clinger). */
  if (value <= (uint64_t)1 << MANTISSA_BITS && power >= -EXACT_POWER && power <= EXACT_POWER) {
    *out = power < 0 ? (double)value / powers_of_ten[-power] : (double)value * powers_of_ten[power];
    return true;
  }
#ifdef __SIZEOF_INT128__
  /* One division of 128 bits by 64, and its remainder. */
  if (power < 0 && power >= -19) {
    uint64_t divisor = 1;
    __extension__ typedef unsigned __int128 wide;
    wide numerator, quotient;
    int drop = 0;

    for (int64_t i = 0; i > power; i--) divisor *= 10;
    numerator = (wide)value << 64;
    quotient = numerator / divisor;
    if (quotient >> 64) drop = bits_of((uint64_t)(quotient >> 64));
    return round_to_double((uint64_t)(quotient >> drop), drop - 64,
                           quotient << (127 - drop) << 1 != 0 || quotient * divisor != numerator, out);
  }
#endif
  return decimal_to_double_slowly(d, out);
}

bool tsn_parse_double(const char *text, size_t length, double *out)
{
  bool negative = false;
  decimal d;
  double value;

  if (length && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text++;
    length--;
  }
  if (tsn_same_name(text, length, "inf", 3) || tsn_same_name(text, length, "infinity", 8)) {
    value = (double)INFINITY;
  } else if (tsn_same_name(text, length, "nan", 3)) {
    value = (double)NAN;
  } else if (!read_decimal(text, length, &d) || !decimal_to_double(&d, &value)) {
    return false;
  }
  *out = negative ? -value : value;
  return true;
}

/* --- printing --- */

/* Digits of value > 0, as 0.d1 d2 ... * 10^*point; answers how many. */
typedef struct shortest {
  char digits[20];
  int count, point;
} shortest;

/* value = whole / 10^k with a whole number of at most 15 digits, where there is one: then no other decimal
 * as short reads back the same. */
static bool shortest_quickly(double value, shortest *s)
{
  if (value < 1e-5 || value >= 1e15) return false;
  for (int k = 0; k <= 20; k++) {
    const double scaled = value * powers_of_ten[k] + 0.5;
    uint64_t whole;

    if (scaled >= 1e15) return false;
    whole = (uint64_t)scaled;
    if (whole && (double)whole / powers_of_ten[k] == value) {
      char text[24];
      int length = (int)tsn_format_int64((int64_t)whole, text);

      s->point = length - k;
      while (length > 1 && text[length - 1] == '0') length--;
      memcpy(s->digits, text, (size_t)length);
      s->count = length;
      return true;
    }
  }
  return false;
}

/* Steele and White, Dragon4: digits of r / s while what is left could still be told from its neighbours,
 * which lie m_minus / s below and m_plus / s above the midpoints. */
static void shortest_slowly(double value, shortest *out)
{
  int exponent, point;
  const double fraction = frexp(value, &exponent);
  uint64_t mantissa = (uint64_t)ldexp(fraction, MANTISSA_BITS);
  bool even, at_power;
  big r, s, m_minus, m_plus;

  exponent -= MANTISSA_BITS;
  if (exponent < LEAST_EXPONENT) {
    mantissa >>= LEAST_EXPONENT - exponent;
    exponent = LEAST_EXPONENT;
  }
  even = (mantissa & 1) == 0; /* then midpoints round to this value, and may be used */
  at_power = mantissa == (uint64_t)1 << (MANTISSA_BITS - 1) && exponent > LEAST_EXPONENT;

  /* value = r / s; the neighbour below a power of two is only half as far. */
  big_set(&r, mantissa);
  big_set(&s, 1);
  big_set(&m_minus, 1);
  big_set(&m_plus, 1);
  big_shift_left(&r, at_power ? 2 : 1);
  big_shift_left(&s, at_power ? 2 : 1);
  if (at_power) big_shift_left(&m_plus, 1);
  if (exponent > 0) {
    big_shift_left(&r, (unsigned)exponent);
    big_shift_left(&m_minus, (unsigned)exponent);
    big_shift_left(&m_plus, (unsigned)exponent);
  } else {
    big_shift_left(&s, (unsigned)-exponent);
  }

  /* 10^(point - 1) <= value < 10^point, guessed from the bits and corrected below. */
  point = (int)ceil((double)(exponent + bits_of(mantissa) - 1) * 0.30102999566398120 - 1e-10);
  if (point > 0) {
    big_times_ten_to(&s, (unsigned)point);
  } else {
    big_times_ten_to(&r, (unsigned)-point);
    big_times_ten_to(&m_minus, (unsigned)-point);
    big_times_ten_to(&m_plus, (unsigned)-point);
  }
  for (;;) {
    big high = r;
    int side;

    big_add(&high, &m_plus);
    side = big_compare(&high, &s);
    if (side < 0 || (side == 0 && !even)) break;
    big_multiply(&s, 10, 0);
    point++;
  }

  out->point = point;
  out->count = 0;
  for (;;) {
    bool low, high;
    int digit = 0, side;
    big sum;

    big_multiply(&r, 10, 0);
    big_multiply(&m_minus, 10, 0);
    big_multiply(&m_plus, 10, 0);
    while (big_compare(&r, &s) >= 0) {
      big_subtract(&r, &s);
      digit++;
    }
    side = big_compare(&r, &m_minus);
    low = side < 0 || (side == 0 && even);
    sum = r;
    big_add(&sum, &m_plus);
    side = big_compare(&sum, &s);
    high = side > 0 || (side == 0 && even);
    if (low || high) {
      big_multiply(&r, 2, 0);
      side = big_compare(&r, &s);
      if (high && (!low || side > 0 || (side == 0 && (digit & 1)))) digit++;
      assert(digit <= 9);
      out->digits[out->count++] = (char)('0' + digit);
      return;
    }
    out->digits[out->count++] = (char)('0' + digit);
  }
}

static size_t put(char *out, size_t at, const char *bytes, size_t length)
{
  memcpy(out + at, bytes, length);
  return at + length;
}

static size_t put_zeros(char *out, size_t at, int count)
{
  for (; count > 0; count--) out[at++] = '0';
  return at;
}

size_t tsn_format_double(double value, char out[TSN_DOUBLE_TEXT])
{
  size_t at = 0;
  char exponent[24];
  shortest s;

  if (isnan(value)) {
    memcpy(out, "NaN", 4);
    return 3;
  }
  if (signbit(value)) out[at++] = '-';
  value = fabs(value);
  if (isinf(value)) {
    memcpy(out + at, "Infinity", 9);
    return at + 8;
  }
  if (!(value > 0)) s = (shortest){ .digits = "0", .count = 1, .point = 1 };
  else if (!shortest_quickly(value, &s)) shortest_slowly(value, &s);

  if (s.point < -3 || s.point > 16) { /* 1e-5, 1.5e16 */
    out[at++] = s.digits[0];
    if (s.count > 1) {
      out[at++] = '.';
      at = put(out, at, s.digits + 1, (size_t)s.count - 1);
    }
    out[at++] = 'e';
    at = put(out, at, exponent, tsn_format_int64(s.point - 1, exponent));
    out[at] = '\0';
    return at;
  }
  if (s.point <= 0) { /* 0.001 */
    at = put(out, at, "0.", 2);
    at = put_zeros(out, at, -s.point);
    at = put(out, at, s.digits, (size_t)s.count);
  } else if (s.count <= s.point) { /* 100.0 */
    at = put(out, at, s.digits, (size_t)s.count);
    at = put_zeros(out, at, s.point - s.count);
    at = put(out, at, ".0", 2);
  } else { /* 12.5 */
    at = put(out, at, s.digits, (size_t)s.point);
    out[at++] = '.';
    at = put(out, at, s.digits + s.point, (size_t)(s.count - s.point));
  }
  out[at] = '\0';
  return at;
}
