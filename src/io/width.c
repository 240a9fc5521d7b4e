/* Display widths: see width.h. */
#include "io/width.h"

#include "base/text.h"

typedef struct range {
  uint32_t from, to;
} range;

/* Marks that sit on the character before them, and characters without a shape (Unicode 15, the common blocks). */
static const range zero[] = {
  { 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x0610, 0x061a },   { 0x064b, 0x065f },
  { 0x06d6, 0x06dc }, { 0x0711, 0x0711 }, { 0x0730, 0x074a }, { 0x0900, 0x0902 },   { 0x093c, 0x093c },
  { 0x0941, 0x0948 }, { 0x094d, 0x094d }, { 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a },   { 0x0e47, 0x0e4e },
  { 0x1160, 0x11ff }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200b, 0x200f },   { 0x2060, 0x2064 },
  { 0x20d0, 0x20ff }, { 0x302a, 0x302d }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },   { 0xfeff, 0xfeff },
  { 0x1f3fb, 0x1f3ff }, { 0xe0100, 0xe01ef },
};

/* East Asian Width W and F, and emoji that terminals draw wide. */
static const range wide[] = {
  { 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x23e9, 0x23ec },   { 0x25fd, 0x25fe },   { 0x2614, 0x2615 },
  { 0x2648, 0x2653 },   { 0x26aa, 0x26ab },   { 0x26bd, 0x26be },   { 0x2705, 0x2705 },   { 0x274c, 0x274c },
  { 0x2753, 0x2755 },   { 0x2795, 0x2797 },   { 0x2b1b, 0x2b1c },   { 0x2b50, 0x2b50 },   { 0x2e80, 0x303e },
  { 0x3041, 0x33ff },   { 0x3400, 0x4dbf },   { 0x4e00, 0xa4cf },   { 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },
  { 0xf900, 0xfaff },   { 0xfe10, 0xfe19 },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },
  { 0x1f004, 0x1f004 }, { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f18e }, { 0x1f191, 0x1f19a }, { 0x1f200, 0x1f320 },
  { 0x1f32d, 0x1f3fa }, { 0x1f400, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f7e0, 0x1f7eb }, { 0x1f90c, 0x1f9ff },
  { 0x1fa70, 0x1faff }, { 0x20000, 0x3fffd },
};

static bool contains(const range *ranges, size_t count, uint32_t code)
{
  size_t low = 0, high = count;

  while (low < high) {
    size_t middle = (low + high) / 2;
    if (code > ranges[middle].to)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && code >= ranges[low].from;
}

static size_t width_of(uint32_t code)
{
  if (code < 0x300) return 1;
  if (contains(zero, sizeof zero / sizeof *zero, code)) return 0;
  return contains(wide, sizeof wide / sizeof *wide, code) ? 2 : 1;
}

/* One character of well-formed UTF-8; answers its bytes. */
static size_t decode(const char *p, uint32_t *code)
{
  const unsigned char *b = (const unsigned char *)p;

  if (b[0] < 0x80) {
    *code = b[0];
    return 1;
  }
  if (b[0] < 0xe0) {
    *code = (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
    return 2;
  }
  if (b[0] < 0xf0) {
    *code = (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    return 3;
  }
  *code = (b[0] & 0x07u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 | (b[3] & 0x3fu);
  return 4;
}

size_t tsn_width_fit(const char *text, size_t length, size_t width, size_t *used)
{
  size_t at = 0;

  *used = 0;
  while (at < length) {
    uint32_t code;
    size_t bytes = decode(text + at, &code), columns = width_of(code);
    if (*used + columns > width) break;
    *used += columns;
    at += bytes;
  }
  return at;
}

size_t tsn_width(const char *text, size_t length)
{
  size_t used;

  tsn_width_fit(text, length, SIZE_MAX, &used);
  return used;
}

static bool turns_direction(uint32_t code)
{
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0x200e || code == 0x200f ||
         code == 0x2028 || code == 0x2029 || code == 0x061c;
}

void tsn_width_tame(tsn_bytes *out, const char *text, size_t length, size_t most)
{
  size_t at = 0;

  while (at < length) {
    size_t bytes = 1;
    uint32_t code;
    while (bytes <= 4 && bytes <= length - at && !tsn_utf8_valid(text + at, bytes)) bytes++;
    if (bytes > 4 || bytes > length - at) {
      code = 0xfffd;
      bytes = 1;
    } else {
      decode(text + at, &code);
    }
    if (at + bytes > most) {
      tsn_bytes_text(out, "…");
      return;
    }
    if (code == '\n')
      tsn_bytes_text(out, "\\n");
    else if (code == '\t')
      tsn_bytes_text(out, "\\t");
    else if (code == '\r')
      tsn_bytes_text(out, "\\r");
    else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
      tsn_bytes_printf(out, "\\x%02x", (unsigned)code);
    else if (code == 0xfffd || turns_direction(code))
      tsn_bytes_text(out, "\xef\xbf\xbd");
    else
      tsn_bytes_append(out, text + at, bytes);
    at += bytes;
  }
}
