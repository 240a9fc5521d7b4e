/* Functions of texts (language page, section 4). A character is a code point;
 * texts are UTF-8, and what is none is gone through without harm. */
#include "run/function.h"

#include <string.h>

#include "base/json_value.h"
#include "base/letters.h"
#include "base/text.h"

#define FN(name) bool tsn_fn_##name(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out)

static bool integer(tsn_cell *out, int64_t i)
{
  *out = (tsn_cell){.v.i = i};
  return true;
}

static bool text(tsn_cell *out, const char *s, size_t length)
{
  *out = (tsn_cell){.v.s = length ? s : "", .length = (uint32_t)length};
  return true;
}

/* Bytes of the character at s; left > 0. */
static size_t char_length(const char *s, size_t left)
{
  unsigned char c = (unsigned char)*s;
  size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  return n < left ? n : left;
}

/* ---- letters and length ---- */

FN(length)
{
  (void)r, (void)in;
  return integer(out, (int64_t)tsn_utf8_count(args->v.s, args->length));
}

static bool letters(tsn_run *r, const tsn_cell *arg, size_t (*map)(const char *, size_t, char *), tsn_cell *out)
{
  char *room = tsn_text_room(r, arg->length + arg->length / 2 + 4);
  return room && text(out, room, map(arg->v.s, arg->length, room));
}

FN(lower)
{
  (void)in;
  return letters(r, args, tsn_letters_lower, out);
}

FN(upper)
{
  (void)in;
  return letters(r, args, tsn_letters_upper, out);
}

/* ---- pieces ---- */

/* Where one piece of bytes begins in another, from `from` on; SIZE_MAX: nowhere. */
static size_t find(const tsn_cell *in, const tsn_cell *what, size_t from)
{
  const char *at;
  if (what->length == 0) return from;
  while (in->length - from >= what->length) {
    at = memchr(in->v.s + from, what->v.s[0], in->length - from - what->length + 1);
    if (!at) break;
    from = (size_t)(at - in->v.s);
    if (!memcmp(at, what->v.s, what->length)) return from;
    from++;
  }
  return SIZE_MAX;
}

FN(position)
{
  size_t at = find(&args[1], &args[0], 0);
  (void)r, (void)in;
  return integer(out, at == SIZE_MAX ? 0 : 1 + (int64_t)tsn_utf8_count(args[1].v.s, at));
}

/* Characters first .. last, both counted from 1, as far as the text has them (ISO/IEC 9075-2, 6.32). */
FN(substring)
{
  const char *s = args->v.s, *end = s + args->length, *from;
  int64_t first = args[1].v.i, after = INT64_MAX, at;
  (void)r;
  if (in->y == 3 && __builtin_add_overflow(first, args[2].v.i, &after)) after = args[2].v.i < 0 ? INT64_MIN : INT64_MAX;
  for (at = 1; at < first && s < end; at++) s += char_length(s, (size_t)(end - s));
  from = s;
  for (; at < after && s < end; at++) s += char_length(s, (size_t)(end - s));
  return text(out, from, (size_t)(s - from));
}

static bool has_char(const tsn_cell *set, const char *c, size_t n)
{
  size_t at = 0;
  while (at < set->length) {
    size_t own = char_length(set->v.s + at, set->length - at);
    if (own == n && !memcmp(set->v.s + at, c, n)) return true;
    at += own;
  }
  return false;
}

/* Bytes of the character that ends at s + length; length > 0. */
static size_t last_char(const char *s, size_t length)
{
  size_t n = 1;
  while (n < length && n < 4 && ((unsigned char)s[length - n] & 0xc0) == 0x80) n++;
  return n;
}

FN(trim)
{
  static const tsn_cell blank = {.v.s = " ", .length = 1};
  const tsn_cell *set = in->y > 1 ? &args[1] : &blank;
  int64_t side = in->y > 2 ? args[2].v.i : SIDE_BOTH;
  const char *s = args->v.s;
  size_t length = args->length, n;
  (void)r;
  while (side != SIDE_TRAILING && length && has_char(set, s, n = char_length(s, length))) s += n, length -= n;
  while (side != SIDE_LEADING && length) {
    n = last_char(s, length);
    if (!has_char(set, s + length - n, n)) break;
    length -= n;
  }
  return text(out, s, length);
}

FN(replace)
{
  const tsn_cell *what = &args[1], *by = &args[2];
  size_t at, from = 0, count = 0, length;
  char *room, *to;
  (void)in;
  *out = *args;
  if (what->length == 0) return true;
  for (at = find(args, what, 0); at != SIZE_MAX; at = find(args, what, at + what->length)) count++;
  if (count == 0) return true;
  length = args->length - count * what->length;
  if (by->length && count > UINT32_MAX / by->length) length = UINT32_MAX; /* too long: the room says so */
  else length += count * by->length;
  if (!(room = to = tsn_text_room(r, length))) return false;
  for (at = find(args, what, 0); at != SIZE_MAX; at = find(args, what, from)) {
    memcpy(to, args->v.s + from, at - from);
    to += at - from;
    if (by->length) memcpy(to, by->v.s, by->length);
    to += by->length;
    from = at + what->length;
  }
  memcpy(to, args->v.s + from, args->length - from);
  return text(out, room, length);
}

FN(concat)
{
  size_t length = 0;
  char *room, *to;
  uint32_t k;
  for (k = 0; k < in->y; k++) length += args[k].null ? 0 : args[k].length;
  if (!(room = to = tsn_text_room(r, length))) return false;
  for (k = 0; k < in->y; k++) {
    if (args[k].null || !args[k].length) continue;
    memcpy(to, args[k].v.s, args[k].length);
    to += args[k].length;
  }
  return text(out, room, length);
}

FN(starts_with)
{
  bool starts = args[0].length >= args[1].length;
  (void)r, (void)in;
  return integer(out, starts && (!args[1].length || !memcmp(args[0].v.s, args[1].v.s, args[1].length)));
}

/* ---- LIKE ---- */

static char fold(char c, bool ignore_case) { return ignore_case && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* % any text, _ one character. Linear in text times pattern: on a mismatch only
 * the last % is tried further on. */
static bool fits(const tsn_cell *whole, const tsn_cell *pattern, bool has_escape, char escape, bool ignore_case)
{
  const char *s = whole->v.s, *p = pattern->v.s;
  size_t i = 0, k = 0, star = SIZE_MAX, from = 0;
  while (i < whole->length) {
    bool literal = k < pattern->length && has_escape && p[k] == escape && k + 1 < pattern->length;
    if (k < pattern->length && !literal && p[k] == '%') {
      star = ++k;
      from = i;
    } else if (k < pattern->length && !literal && p[k] == '_') {
      k++;
      i += char_length(s + i, whole->length - i);
    } else if (k < pattern->length && fold(p[k + literal], ignore_case) == fold(s[i], ignore_case)) {
      k += 1 + (size_t)literal;
      i++;
    } else if (star != SIZE_MAX) {
      k = star;
      from += char_length(s + from, whole->length - from);
      i = from;
    } else {
      return false;
    }
  }
  while (k < pattern->length && p[k] == '%') k++;
  return k == pattern->length;
}

static bool like_call(tsn_run *r, const tsn_instr *in, const tsn_cell *args, bool ignore_case, tsn_cell *out)
{
  bool escaped = in->y == 3;
  if (escaped && args[2].length != 1)
    return tsn_run_fail(r, TOCSIN_RUNTIME, "the ESCAPE of LIKE is one ASCII character");
  return integer(out, fits(&args[0], &args[1], escaped, escaped ? args[2].v.s[0] : 0, ignore_case));
}

FN(like) { return like_call(r, in, args, false, out); }

FN(ilike) { return like_call(r, in, args, true, out); }

/* ---- JSON ---- */

FN(json_value)
{
  tsn_json_piece piece;
  char *room;
  (void)in;
  if (!tsn_json_value_find(args[0].v.s, args[0].length, args[1].v.s, args[1].length, &piece)) return true;
  if (!(room = tsn_text_room(r, piece.length))) return false;
  return text(out, room, tsn_json_value_text(&piece, room));
}
