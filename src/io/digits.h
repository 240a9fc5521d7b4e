/* Numbers whose end is known: sixteen digits at once, without a loop over them.
 *
 *   16 bytes that end where the number does    ,SPY,167.42
 *   without the point, by two loads            ,,SPY,16742     the second one byte before
 *   what is before the number is 0             00000000016742
 *
 * TSN_DIGITS_BEFORE bytes before the text have to be readable, and the one behind
 * it is no digit. false: more digits, an exponent, or no number: not for these. */
#ifndef TSN_IO_DIGITS_H
#define TSN_IO_DIGITS_H

#include "io/cell.h"

#define TSN_DIGITS_BEFORE 17
#define TSN_DIGITS_MOST 16 /* bytes that tsn_digits_length() looks at */

/* By the parsers that walk: what is too long for the others. */
bool tsn_walk_int64(const char *text, size_t length, int64_t *out);
bool tsn_walk_double(const char *text, size_t length, double *out);

#if defined(__SSE2__) && defined(__x86_64__)
#include <emmintrin.h>

extern const uint8_t tsn_digits_mask[32]; /* 16 times 0, then 0xff */

/* The last n bytes, n up to 16, of x; others 0. */
static inline __m128i tsn_digits_last(__m128i x, size_t n)
{
  return _mm_and_si128(x, _mm_loadu_si128((const void *)(tsn_digits_mask + n)));
}

/* The value of the last n bytes as decimal digits; false: some are none. */
static inline bool tsn_digits_value(__m128i x, size_t n, uint64_t *out)
{
  const __m128i byte = _mm_set1_epi16(0xff), nine = _mm_set1_epi8(9);
  __m128i d = tsn_digits_last(_mm_sub_epi8(x, _mm_set1_epi8('0')), n), two, four, eight;
  uint64_t halves;

  if (_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(d, nine), nine)) != 0xffff) return false;
  two = _mm_add_epi16(_mm_mullo_epi16(_mm_and_si128(d, byte), _mm_set1_epi16(10)), _mm_srli_epi16(d, 8));
  four = _mm_madd_epi16(two, _mm_set1_epi32(100 | 1 << 16));
  eight = _mm_madd_epi16(_mm_packs_epi32(four, four), _mm_set1_epi32(10000 | 1 << 16));
  halves = (uint64_t)_mm_cvtsi128_si64(eight);
  *out = (halves & UINT32_MAX) * 100000000 + (halves >> 32);
  return true;
}

/* How many of the 16 bytes at p may stand in a number without an exponent. */
static inline size_t tsn_digits_length(const char *p)
{
  __m128i b = _mm_loadu_si128((const void *)p), d = _mm_sub_epi8(b, _mm_set1_epi8('-')); /* - . / 0 to 9 */
  unsigned other = ~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8('9' - '-')), d));

  return (size_t)__builtin_ctz(other | 0x10000);
}

static inline __attribute__((always_inline)) bool tsn_digits_int64(const char *text, size_t length, int64_t *out)
{
  size_t negative = *text == '-', digits = length - negative;
  uint64_t value;

  if (digits - 1 >= 16) return tsn_walk_int64(text, length, out);
  if (!tsn_digits_value(_mm_loadu_si128((const void *)(text + length - 16)), digits, &value)) return false;
  *out = (int64_t)((value ^ (0 - (uint64_t)negative)) + negative);
  return true;
}

static inline __attribute__((always_inline)) bool tsn_digits_double(const char *text, size_t length, double *out)
{
  size_t negative = *text == '-', bytes = length - negative, fraction, digits;
  __m128i near = _mm_loadu_si128((const void *)(text + length - 16)), far;
  unsigned points = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(near, _mm_set1_epi8('.')));
  uint64_t mantissa;
  double value;

  if (bytes - 1 >= 17) return tsn_walk_double(text, length, out);
  points &= (unsigned)(UINT64_C(0xffffffff0000) >> bytes); /* those of the number */
  if (points) {
    fraction = 15 - (size_t)__builtin_ctz(points);
    far = _mm_loadu_si128((const void *)(text + length - 17));
    near = _mm_or_si128(tsn_digits_last(near, fraction), _mm_sub_epi8(far, tsn_digits_last(far, fraction)));
    digits = bytes - 1;
    if (fraction == 0 || fraction == digits) return false;
  } else {
    fraction = 0;
    digits = bytes;
    if (digits > 16) return tsn_walk_double(text, length, out);
  }
  if (!tsn_digits_value(near, digits, &mantissa)) return false;
  if (mantissa <= TSN_EXACT_MANTISSA)
    value = (double)(int64_t)mantissa / tsn_exact_power[fraction]; /* both exact: rounded once */
  else
    value = tsn_divide_by_power(mantissa, (unsigned)fraction);
  *out = negative ? -value : value;
  return true;
}

#else

static inline size_t tsn_digits_length(const char *p)
{
  (void)p;
  return 16;
}

static inline bool tsn_digits_int64(const char *text, size_t length, int64_t *out)
{
  return tsn_walk_int64(text, length, out);
}

static inline bool tsn_digits_double(const char *text, size_t length, double *out)
{
  return tsn_walk_double(text, length, out);
}

#endif

#endif
