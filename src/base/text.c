/* Text helpers: see text.h. Doubles are in real.c. */
#include "base/text.h"

#include <string.h>

/* --- UTF-8 --- */

static bool in(unsigned char c, unsigned char low, unsigned char high)
{
  return c >= low && c <= high;
}

/* Length of the well-formed sequence at p, 0 where there is none: the rows of Unicode's table 3-7. */
static size_t sequence(const unsigned char *p, size_t length)
{
  const unsigned char c = p[0];
  size_t bytes;
  unsigned char low = 0x80, high = 0xbf; /* of the second byte */

  if (c < 0x80) return 1;
  if (in(c, 0xc2, 0xdf)) bytes = 2;
  else if (in(c, 0xe0, 0xef)) bytes = 3;
  else if (in(c, 0xf0, 0xf4)) bytes = 4;
  else return 0;

  if (c == 0xe0) low = 0xa0;
  if (c == 0xed) high = 0x9f;
  if (c == 0xf0) low = 0x90;
  if (c == 0xf4) high = 0x8f;

  if (length < bytes || !in(p[1], low, high)) return 0;
  for (size_t i = 2; i < bytes; i++) {
    if (!in(p[i], 0x80, 0xbf)) return 0;
  }
  return bytes;
}

bool tsn_utf8_valid(const char *bytes, size_t length)
{
  const unsigned char *p = (const unsigned char *)bytes;

  while (length) {
    uint64_t word;
    size_t step;

    if (length >= sizeof word) {
      memcpy(&word, p, sizeof word);
      if (!(word & 0x8080808080808080u)) {
        p += sizeof word;
        length -= sizeof word;
        continue;
      }
    }
    step = sequence(p, length);
    if (!step) return false;
    p += step;
    length -= step;
  }
  return true;
}

size_t tsn_utf8_encode(uint32_t code, char out[4])
{
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (char)(0xc0 | code >> 6);
    out[1] = (char)(0x80 | (code & 0x3f));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    return 3;
  }
  out[0] = (char)(0xf0 | (code >> 18 & 0x07));
  out[1] = (char)(0x80 | (code >> 12 & 0x3f));
  out[2] = (char)(0x80 | (code >> 6 & 0x3f));
  out[3] = (char)(0x80 | (code & 0x3f));
  return 4;
}

size_t tsn_utf8_count(const char *bytes, size_t length)
{
  size_t count = 0;

  for (size_t i = 0; i < length; i++) count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
  return count;
}

/* --- integers --- */

bool tsn_parse_int64(const char *text, size_t length, int64_t *out)
{
  const uint64_t most = INT64_MAX;
  bool negative = false;
  uint64_t value = 0;
  size_t i = 0;

  if (length && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    i = 1;
  }
  if (i == length) return false;
  for (; i < length; i++) {
    const unsigned digit = (unsigned)((unsigned char)text[i]) - '0';

    if (digit > 9) return false;
    if (value > most / 10 + 1) return false; /* so that value * 10 + digit stays in 64 bits */
    value = value * 10 + digit;
  }
  if (value > most + negative) return false;
  if (!negative) *out = (int64_t)value;
  else *out = value > most ? INT64_MIN : -(int64_t)value;
  return true;
}

const char tsn_digit_pairs[200] = {
  "0001020304050607080910111213141516171819" "2021222324252627282930313233343536373839"
  "4041424344454647484950515253545556575859" "6061626364656667686970717273747576777879"
  "8081828384858687888990919293949596979899" };

size_t tsn_format_int64(int64_t value, char out[24])
{
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  char digits[20], *first = digits + sizeof digits;
  size_t length = value < 0, count;

  while (rest >= 100) {
    first -= 2;
    (void)tsn_put_pair(first, (unsigned)(rest % 100));
    rest /= 100;
  }
  if (rest >= 10) (void)tsn_put_pair(first -= 2, (unsigned)rest);
  else *--first = (char)('0' + rest);
  count = (size_t)(digits + sizeof digits - first);
  out[0] = '-';
  memcpy(out + length, first, count);
  length += count;
  out[length] = '\0';
  return length;
}

/* --- names --- */

static unsigned char fold(char c)
{
  return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool tsn_same_name(const char *a, size_t a_length, const char *b, size_t b_length)
{
  if (a_length != b_length) return false;
  for (size_t i = 0; i < a_length; i++) {
    if (fold(a[i]) != fold(b[i])) return false;
  }
  return true;
}

unsigned tsn_name_distance(const char *a, const char *b, unsigned most)
{
  enum { LONGEST = 64 }; /* a longer name is near to nothing but itself */
  const size_t a_length = strlen(a), b_length = strlen(b);
  unsigned row[LONGEST + 1]; /* row[j]: distance between the first i bytes of a and j of b */

  if (tsn_same_name(a, a_length, b, b_length)) return 0;
  if (a_length > LONGEST || b_length > LONGEST) return most == UINT32_MAX ? most : most + 1;

  for (size_t j = 0; j <= b_length; j++) row[j] = (unsigned)j;
  for (size_t i = 1; i <= a_length; i++) {
    unsigned diagonal = row[0];

    row[0] = (unsigned)i;
    for (size_t j = 1; j <= b_length; j++) {
      unsigned best = diagonal + (fold(a[i - 1]) != fold(b[j - 1]));

      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row[b_length] > most ? most + 1 : row[b_length];
}
