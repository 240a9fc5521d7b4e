/* Walking JSON text without a tree.
 *
 * All functions take a line that ends in a newline, at limit - 1 or before. A
 * newline is allowed nowhere inside a line's JSON, so it stops every loop and no
 * step compares pointers. NULL means: no JSON from here on. */
#ifndef TSN_IO_JSON_SCAN_H
#define TSN_IO_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/cell.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Nesting of objects and arrays, the line's own object included. */
#define TSN_JSON_DEPTH_MAX 200

/* Why the last NULL: for messages. */
typedef enum tsn_json_fault {
  TSN_JSON_SYNTAX = 0, /* what stands there is no JSON */
  TSN_JSON_STRING,     /* not closed on its line, or a control character in it */
  TSN_JSON_ESCAPE,     /* a backslash and no known letter, or \u without four hex digits */
  TSN_JSON_SURROGATE,  /* half of a surrogate pair */
  TSN_JSON_NUMBER,     /* 01, 1., .5, +1 … */
  TSN_JSON_DEPTH,      /* deeper than TSN_JSON_DEPTH_MAX */
} tsn_json_fault;

/* "no JSON", "a string that does not end on its line" … */
const char *tsn_json_fault_text(tsn_json_fault fault);

static inline const char *tsn_json_blank(const char *p)
{
  while (*p == ' ' || *p == '\t' || *p == '\r') p++;
  return p;
}

#if TSN_WORDWISE
/* High bit set in each byte of w that ends plain text: quote, backslash, or control character. */
static inline uint64_t tsn_json_stops(uint64_t w)
{
  const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
  uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');

  /* Bytes of 0x80 and above never borrow into a false hit, as ~ drops them; a
   * true hit may raise a false one above it, and only the lowest is used. */
  return (((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((w - ones * 0x20) & ~w)) & high;
}
#endif

/* First byte at or after p that is a quote, a backslash or a control character. */
static inline const char *tsn_json_plain_end(const char *p, const char *limit)
{
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
  while (limit - p >= 16) {
    __m128i b = _mm_loadu_si128((const void *)p);
    __m128i stops = _mm_or_si128(_mm_cmpeq_epi8(b, quote), _mm_cmpeq_epi8(b, slash));
    unsigned bits = (unsigned)_mm_movemask_epi8(_mm_or_si128(stops, _mm_cmpeq_epi8(_mm_min_epu8(b, control), b)));
    if (bits) return p + __builtin_ctz(bits);
    p += 16;
  }
#endif
#if TSN_WORDWISE
  while (limit - p >= 8) {
    uint64_t stops = tsn_json_stops(tsn_load_word(p));
    if (stops) return p + (__builtin_ctzll(stops) >> 3);
    p += 8;
  }
#else
  (void)limit;
#endif
  while ((unsigned char)*p >= 0x20 && *p != '"' && *p != '\\') p++;
  return p;
}

/* p: after the opening quote. Answers the closing quote; *escaped tells whether
 * the text between holds backslashes (all of them checked). */
const char *tsn_json_string_escaped(const char *p, const char *limit, tsn_json_fault *fault);

static inline const char *tsn_json_string(const char *p, const char *limit, bool *escaped, tsn_json_fault *fault)
{
  p = tsn_json_plain_end(p, limit);
  *escaped = false;
  if (*p == '"') return p;
  if (*p != '\\') {
    *fault = TSN_JSON_STRING;
    return NULL;
  }
  *escaped = true;
  return tsn_json_string_escaped(p, limit, fault);
}

/* Undoes the escapes of a checked string; out has room for length bytes. Answers the length. */
size_t tsn_json_unescape(const char *text, size_t length, char *out);

/* End of a number by the strict grammar; *integer: no fraction, no exponent. */
const char *tsn_json_number(const char *p, bool *integer, tsn_json_fault *fault);

/* p: at a value. Answers what follows it. depth: how many objects and arrays are
 * open already. Checks all of it; does not recurse. */
const char *tsn_json_skip(const char *p, const char *limit, unsigned depth, tsn_json_fault *fault);

/* What a value is, by its first byte. */
typedef enum tsn_json_kind {
  TSN_JSON_NONE,
  TSN_JSON_NULL,
  TSN_JSON_BOOLEAN,
  TSN_JSON_NUMERIC,
  TSN_JSON_TEXT,
  TSN_JSON_ARRAY,
  TSN_JSON_OBJECT,
} tsn_json_kind;
tsn_json_kind tsn_json_kind_of(char first);

/* true, false, null, and what Python writes besides: NaN, Infinity, -Infinity.
 * Answers what follows the word, or NULL. */
static inline const char *tsn_json_word(const char *p, const char *word)
{
  while (*word)
    if (*p++ != *word++) return NULL;
  return p;
}

#endif
