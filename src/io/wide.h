/* Sixty-four bytes at a time: which of them are a given one, as a word of bits, the
 * first byte lowest. SSE2 where the compiler has it, which is on every x86-64; else
 * eight words of eight bytes. */
#ifndef TSN_IO_WIDE_H
#define TSN_IO_WIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define TSN_WIDE 64 /* bytes */

#if defined(__SSE2__)
#include <emmintrin.h>

typedef struct tsn_wide {
  __m128i part[4];
} tsn_wide;

static inline tsn_wide tsn_wide_load(const char *p)
{
  const __m128i *from = (const void *)p;
  return (tsn_wide){ { _mm_loadu_si128(from), _mm_loadu_si128(from + 1), _mm_loadu_si128(from + 2),
                       _mm_loadu_si128(from + 3) } };
}

/* Bytes equal to c have their high bit set, others are 0. Written out, as -O2 keeps loops. */
static inline tsn_wide tsn_wide_equal(tsn_wide w, char c)
{
  const __m128i all = _mm_set1_epi8(c);
  return (tsn_wide){ { _mm_cmpeq_epi8(w.part[0], all), _mm_cmpeq_epi8(w.part[1], all), _mm_cmpeq_epi8(w.part[2], all),
                       _mm_cmpeq_epi8(w.part[3], all) } };
}

static inline tsn_wide tsn_wide_or(tsn_wide a, tsn_wide b)
{
  return (tsn_wide){ { _mm_or_si128(a.part[0], b.part[0]), _mm_or_si128(a.part[1], b.part[1]),
                       _mm_or_si128(a.part[2], b.part[2]), _mm_or_si128(a.part[3], b.part[3]) } };
}

/* The high bits of all bytes. */
static inline uint64_t tsn_wide_bits(tsn_wide w)
{
  uint64_t low = (uint64_t)(unsigned)_mm_movemask_epi8(w.part[0]) | (uint64_t)(unsigned)_mm_movemask_epi8(w.part[1]) << 16;
  uint64_t high = (uint64_t)(unsigned)_mm_movemask_epi8(w.part[2]) | (uint64_t)(unsigned)_mm_movemask_epi8(w.part[3]) << 16;
  return low | high << 32;
}

static inline bool tsn_wide_any(tsn_wide w)
{
  return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(w.part[0], w.part[1]), _mm_or_si128(w.part[2], w.part[3]))) != 0;
}

/* How many bytes tsn_wide_equal() has marked. */
static inline unsigned tsn_wide_count(tsn_wide w)
{
  __m128i sum = _mm_add_epi8(_mm_add_epi8(w.part[0], w.part[1]), _mm_add_epi8(w.part[2], w.part[3]));
  sum = _mm_sad_epu8(_mm_sub_epi8(_mm_setzero_si128(), sum), _mm_setzero_si128());
  return (unsigned)_mm_cvtsi128_si32(sum) + (unsigned)_mm_cvtsi128_si32(_mm_srli_si128(sum, 8));
}

#else

typedef struct tsn_wide {
  uint64_t part[8];
} tsn_wide;

static inline tsn_wide tsn_wide_load(const char *p)
{
  tsn_wide w;
  memcpy(w.part, p, sizeof w.part);
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  for (int i = 0; i < 8; i++) {
    w.part[i] = 0;
    for (int k = 8; k-- > 0;) w.part[i] = w.part[i] << 8 | (unsigned char)p[8 * i + k];
  }
#endif
  return w;
}

static inline tsn_wide tsn_wide_equal(tsn_wide w, char c)
{
  const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f), all = UINT64_C(0x0101010101010101) * (unsigned char)c;
  for (int i = 0; i < 8; i++) {
    uint64_t other = w.part[i] ^ all;
    w.part[i] = ~(((other & low) + low) | other | low);
  }
  return w;
}

static inline tsn_wide tsn_wide_or(tsn_wide a, tsn_wide b)
{
  for (int i = 0; i < 8; i++) a.part[i] |= b.part[i];
  return a;
}

static inline uint64_t tsn_wide_bits(tsn_wide w)
{
  uint64_t bits = 0;
  /* The bit of byte k moves to 56 + k; no two products meet. */
  for (int i = 0; i < 8; i++)
    bits |= ((w.part[i] >> 7 & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56) << 8 * i;
  return bits;
}

static inline bool tsn_wide_any(tsn_wide w)
{
  return tsn_wide_bits(w) != 0;
}

static inline unsigned tsn_wide_count(tsn_wide w)
{
  unsigned count = 0;
  for (int i = 0; i < 8; i++) count += (unsigned)((w.part[i] >> 7) * UINT64_C(0x0101010101010101) >> 56);
  return count;
}

#endif

static inline unsigned tsn_bits_count(uint64_t x)
{
  x -= x >> 1 & UINT64_C(0x5555555555555555);
  x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
  return (unsigned)(((x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f)) * UINT64_C(0x0101010101010101) >> 56);
}

/* Bit i: how many of the bits 0 to i are set, modulo 2. */
static inline uint64_t tsn_bits_parity(uint64_t x)
{
  for (int shift = 1; shift < 64; shift *= 2) x ^= x << shift;
  return x;
}

#endif
