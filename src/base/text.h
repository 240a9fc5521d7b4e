/* Text helpers without locale: UTF-8, numbers, case folding of ASCII names. */
#ifndef TSN_BASE_TEXT_H
#define TSN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7). */
bool tsn_utf8_valid(const char *bytes, size_t length);
/* Encodes a code point (<= 0x10FFFF, no surrogate); 1 to 4 bytes. */
size_t tsn_utf8_encode(uint32_t code, char out[4]);
/* Number of code points in well-formed UTF-8. */
size_t tsn_utf8_count(const char *bytes, size_t length);

/* Whole text as a number; false where it is none or does not fit.
 * Integers: optional sign and digits. Reals: decimal with optional exponent, and
 * inf, infinity, nan in any case; never by the locale. */
bool tsn_parse_int64(const char *text, size_t length, int64_t *out);
bool tsn_parse_double(const char *text, size_t length, double *out);

#define TSN_DOUBLE_TEXT 32
/* The shortest decimal text that reads back the same; always with '.', 'e', or
 * as "Infinity", "-Infinity", "NaN" distinguishable from an integer (1 -> "1.0"). Answers its length. */
size_t tsn_format_double(double value, char out[TSN_DOUBLE_TEXT]);

/* "00" to "99". */
extern const char tsn_digit_pairs[200];

/* Two digits of n, which is less than 100; answers what follows them. */
static inline char *tsn_put_pair(char *out, unsigned n)
{
  memcpy(out, tsn_digit_pairs + 2 * n, 2);
  return out + 2;
}
size_t tsn_format_int64(int64_t value, char out[24]);

/* 0 to 15, or -1. */
static inline int tsn_hex_digit(char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Compares without regard to ASCII case. */
bool tsn_same_name(const char *a, size_t a_length, const char *b, size_t b_length);
/* Levenshtein distance of two short names without regard to case, capped at `most` + 1:
 * the measure behind "did you mean". */
unsigned tsn_name_distance(const char *a, const char *b, unsigned most);

#endif
