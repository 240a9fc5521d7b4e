/* One value out of a JSON text: see json_value.h. RFC 8259, and the words NaN
 * and Infinity that Python writes besides. */
#include "base/json_value.h"

#include <string.h>

#include "base/text.h"

/* ---- paths ---- */

typedef struct span {
  const char *at, *end;
} span;

typedef struct step {
  const char *name;
  size_t length;
  uint64_t index;
  bool is_index;
} step;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* What stands up to a quote, which is passed. */
static bool read_quoted(span *path, step *out)
{
  char quote = *path->at++;
  *out = (step){.name = path->at};
  while (path->at < path->end && *path->at != quote) path->at++;
  out->length = (size_t)(path->at - out->name);
  return path->at++ < path->end;
}

static bool read_brackets(span *path, step *out)
{
  const char *first = ++path->at;
  if (first < path->end && (*first == '"' || *first == '\'')) {
    if (!read_quoted(path, out)) return false;
  } else {
    *out = (step){.is_index = true};
    for (; path->at < path->end && is_digit(*path->at) && out->index <= UINT32_MAX; path->at++)
      out->index = out->index * 10 + (uint64_t)(*path->at - '0');
    if (path->at == first || out->index > INT32_MAX) return false;
  }
  return path->at < path->end && *path->at++ == ']';
}

/* One step; behind an index a quoted name needs no point. */
static bool read_step(span *path, step *out)
{
  bool point = *path->at == '.';
  if (point) path->at++;
  if (path->at == path->end) return false;
  if (*path->at == '"') return read_quoted(path, out);
  if (!point) return *path->at == '[' && read_brackets(path, out);
  *out = (step){.name = path->at};
  while (path->at < path->end && !memchr(".[\" ", *path->at, 4)) path->at++;
  out->length = (size_t)(path->at - out->name);
  return out->length > 0;
}

bool tsn_json_value_path(const char *path, size_t length)
{
  span p = {path, path + length};
  step s;
  if (length == 0 || *p.at++ != '$') return false;
  while (p.at < p.end)
    if (!read_step(&p, &s)) return false;
  return true;
}

/* ---- strings ---- */

static bool read_hex(span *s, uint32_t *code)
{
  int i, digit;
  *code = 0;
  for (i = 0; i < 4; i++) {
    if (s->at == s->end || (digit = tsn_hex_digit(*s->at++)) < 0) return false;
    *code = *code << 4 | (uint32_t)digit;
  }
  return true;
}

/* One character of a string as bytes; 0: what stands there is no escape. */
static size_t read_char(span *s, char out[4])
{
  static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  const char *letter;
  uint32_t code, low;
  out[0] = *s->at++;
  if (out[0] != '\\') return 1;
  if (s->at == s->end) return 0;
  if (*s->at != 'u') {
    letter = memchr(letters, *s->at++, sizeof letters - 1);
    if (!letter) return 0;
    out[0] = meant[letter - letters];
    return 1;
  }
  s->at++;
  if (!read_hex(s, &code)) return 0;
  if (code >= 0xd800 && code <= 0xdfff) { /* a pair, high half first */
    if (code >= 0xdc00 || s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u') return 0;
    s->at += 2;
    if (!read_hex(s, &low) || low < 0xdc00 || low > 0xdfff) return 0;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  return tsn_utf8_encode(code, out);
}

size_t tsn_json_value_text(const tsn_json_piece *piece, char *out)
{
  span s = {piece->text, piece->text + piece->length};
  char bytes[4], *to = out;
  if (!piece->is_string || !memchr(piece->text, '\\', piece->length)) {
    if (piece->length) memcpy(out, piece->text, piece->length);
    return piece->length;
  }
  while (s.at < s.end) {
    size_t n = read_char(&s, bytes);
    memcpy(to, bytes, n); /* escapes are longer than what they stand for */
    to += n;
  }
  return (size_t)(to - out);
}

/* Whether a member's name, as written, is the one of a step. */
static bool same_name(span name, const step *wanted)
{
  size_t at = 0;
  char bytes[4];
  if (!memchr(name.at, '\\', (size_t)(name.end - name.at)))
    return (size_t)(name.end - name.at) == wanted->length && !memcmp(name.at, wanted->name, wanted->length);
  while (name.at < name.end) {
    size_t n = read_char(&name, bytes);
    if (n > wanted->length - at || memcmp(bytes, wanted->name + at, n) != 0) return false;
    at += n;
  }
  return at == wanted->length;
}

/* ---- the text ---- */

typedef struct scan {
  span s;
  unsigned depth;
  bool found;
  tsn_json_piece piece;
} scan;

static char peek(const scan *j) { return j->s.at < j->s.end ? *j->s.at : '\0'; }

static char next_sign(scan *j)
{
  while (peek(j) == ' ' || peek(j) == '\t' || peek(j) == '\n' || peek(j) == '\r') j->s.at++;
  return peek(j);
}

/* At the opening quote; *out: what stands between the quotes, its escapes checked. */
static bool read_string(scan *j, span *out)
{
  char bytes[4];
  out->at = ++j->s.at;
  while (j->s.at < j->s.end && *j->s.at != '"')
    if ((unsigned char)*j->s.at < 0x20 || read_char(&j->s, bytes) == 0) return false;
  out->end = j->s.at;
  return j->s.at++ < j->s.end;
}

static bool read_digits(scan *j)
{
  const char *from = j->s.at;
  while (is_digit(peek(j))) j->s.at++;
  return j->s.at > from;
}

static bool read_number(scan *j)
{
  if (peek(j) == '0') j->s.at++;
  else if (!read_digits(j)) return false;
  if (peek(j) == '.') {
    j->s.at++;
    if (!read_digits(j)) return false;
  }
  if (peek(j) == 'e' || peek(j) == 'E') {
    j->s.at++;
    if (peek(j) == '+' || peek(j) == '-') j->s.at++;
    if (!read_digits(j)) return false;
  }
  return !is_digit(peek(j)); /* 01 */
}

static bool read_word(scan *j, const char *word)
{
  size_t length = strlen(word);
  if ((size_t)(j->s.end - j->s.at) < length || memcmp(j->s.at, word, length) != 0) return false;
  j->s.at += length;
  return true;
}

/* A number or a word; *empty: null, or NaN, which is NULL everywhere. */
static bool read_plain(scan *j, bool *empty)
{
  *empty = read_word(j, "null") || read_word(j, "NaN");
  if (*empty || read_word(j, "true") || read_word(j, "false")) return true;
  if (peek(j) == '-') j->s.at++;
  return peek(j) == 'I' ? read_word(j, "Infinity") : read_number(j);
}

static bool read_value(scan *j, span path, bool wanted);

/* What a step of the path says of a member or item. */
static bool read_part(scan *j, bool fits, span rest)
{
  if (fits) j->found = false; /* the last of one name counts */
  next_sign(j);
  return read_value(j, rest, fits);
}

static bool read_members(scan *j, span rest, const step *wanted)
{
  span name;
  if (next_sign(j) == '}') return true;
  for (;;) {
    if (next_sign(j) != '"' || !read_string(j, &name) || next_sign(j) != ':') return false;
    j->s.at++;
    if (!read_part(j, wanted && !wanted->is_index && same_name(name, wanted), rest)) return false;
    if (next_sign(j) == '}') return true;
    if (peek(j) != ',') return false;
    j->s.at++;
  }
}

static bool read_items(scan *j, span rest, const step *wanted)
{
  uint64_t index = 0;
  if (next_sign(j) == ']') return true;
  for (;; index++) {
    if (!read_part(j, wanted && wanted->is_index && wanted->index == index, rest)) return false;
    if (next_sign(j) == ']') return true;
    if (peek(j) != ',') return false;
    j->s.at++;
  }
}

/* At a value. path: the steps that lead on from here, where it is wanted. */
static bool read_value(scan *j, span path, bool wanted)
{
  bool here = wanted && path.at == path.end, inside = wanted && !here, empty = false;
  const char *from = j->s.at;
  step s;
  if (peek(j) == '{' || peek(j) == '[') {
    if (++j->depth > TSN_JSON_VALUE_DEPTH || (inside && !read_step(&path, &s))) return false;
    j->s.at++;
    if (*from == '{' && !read_members(j, path, inside ? &s : NULL)) return false;
    if (*from == '[' && !read_items(j, path, inside ? &s : NULL)) return false;
    j->s.at++; /* the closing bracket */
    j->depth--;
    return true;
  }
  if (peek(j) == '"') {
    span text;
    if (!read_string(j, &text)) return false;
    if (here) j->piece = (tsn_json_piece){text.at, (size_t)(text.end - text.at), true};
  } else {
    if (!read_plain(j, &empty)) return false;
    if (here) j->piece = (tsn_json_piece){from, (size_t)(j->s.at - from), false};
  }
  if (here) j->found = !empty;
  return true;
}

bool tsn_json_value_find(const char *json, size_t length, const char *path, size_t path_length, tsn_json_piece *out)
{
  scan j = {.s = {json, json + length}};
  span steps;
  if (!length || !tsn_json_value_path(path, path_length)) return false;
  steps = (span){path + 1, path + path_length};
  next_sign(&j);
  if (!read_value(&j, steps, true)) return false;
  next_sign(&j);
  *out = j.piece;
  return j.found && j.s.at == j.s.end;
}
