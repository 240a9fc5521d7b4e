/* The less common steps of walking JSON: escapes, numbers in full, skipping. */
#include "io/json_scan.h"

#include "base/text.h"

const char *tsn_json_fault_text(tsn_json_fault fault)
{
  switch (fault) {
  case TSN_JSON_SYNTAX:
    break;
  case TSN_JSON_STRING:
    return "a text that is not closed, or has a control character in it";
  case TSN_JSON_ESCAPE:
    return "an unknown escape in a text";
  case TSN_JSON_SURROGATE:
    return "half of a surrogate pair in a text";
  case TSN_JSON_NUMBER:
    return "a number that JSON does not know";
  case TSN_JSON_DEPTH:
    return "nested deeper than 200 levels";
  }
  return "no JSON";
}

/* Four hex digits at p, or -1. Stops at the first byte that is none. */
static int32_t hex_four(const char *p)
{
  int32_t code = 0;

  for (int i = 0; i < 4; i++) {
    int digit = tsn_hex_digit(p[i]);
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code;
}

static bool is_high(int32_t code)
{
  return code >= 0xd800 && code < 0xdc00;
}

static bool is_low(int32_t code)
{
  return code >= 0xdc00 && code < 0xe000;
}

/* p: at a backslash. Answers what follows the escape. */
static const char *check_escape(const char *p, tsn_json_fault *fault)
{
  int32_t code;

  *fault = TSN_JSON_ESCAPE;
  switch (*++p) {
  case '"':
  case '\\':
  case '/':
  case 'b':
  case 'f':
  case 'n':
  case 'r':
  case 't':
    return p + 1;
  case 'u':
    code = hex_four(++p);
    if (code < 0) return NULL;
    p += 4;
    if (is_low(code) || (is_high(code) && (*p != '\\' || p[1] != 'u'))) {
      *fault = TSN_JSON_SURROGATE;
      return NULL;
    }
    if (is_high(code)) {
      code = hex_four(p + 2);
      if (code < 0) return NULL;
      if (!is_low(code)) {
        *fault = TSN_JSON_SURROGATE;
        return NULL;
      }
      p += 6;
    }
    return p;
  default:
    return NULL;
  }
}

const char *tsn_json_string_escaped(const char *p, const char *limit, tsn_json_fault *fault)
{
  for (;;) {
    if (*p == '"') return p;
    if (*p != '\\') {
      *fault = TSN_JSON_STRING;
      return NULL;
    }
    p = check_escape(p, fault);
    if (!p) return NULL;
    p = tsn_json_plain_end(p, limit);
  }
}

size_t tsn_json_unescape(const char *text, size_t length, char *out)
{
  const char *p = text, *end = text + length;
  char *to = out;

  while (p < end) {
    int32_t code;
    if (*p != '\\') {
      *to++ = *p++;
      continue;
    }
    switch (p[1]) {
    case 'b':
      *to++ = '\b';
      break;
    case 'f':
      *to++ = '\f';
      break;
    case 'n':
      *to++ = '\n';
      break;
    case 'r':
      *to++ = '\r';
      break;
    case 't':
      *to++ = '\t';
      break;
    case 'u':
      code = hex_four(p + 2);
      p += 4;
      if (is_high(code)) {
        code = 0x10000 + ((code - 0xd800) << 10) + (hex_four(p + 4) - 0xdc00);
        p += 6;
      }
      to += tsn_utf8_encode((uint32_t)code, to); /* at most 4 bytes for an escape of 6 or 12 */
      break;
    default:
      *to++ = p[1];
    }
    p += 2;
  }
  return (size_t)(to - out);
}

const char *tsn_json_number(const char *p, bool *integer, tsn_json_fault *fault)
{
  *fault = TSN_JSON_NUMBER;
  *integer = true;
  if (*p == '-') p++;
  if (*p == '0') {
    p++;
    if (tsn_is_digit(*p)) return NULL;
  } else {
    if (!tsn_is_digit(*p)) return NULL;
    while (tsn_is_digit(*p)) p++;
  }
  if (*p == '.') {
    *integer = false;
    if (!tsn_is_digit(*++p)) return NULL;
    while (tsn_is_digit(*p)) p++;
  }
  if (*p == 'e' || *p == 'E') {
    *integer = false;
    p++;
    if (*p == '+' || *p == '-') p++;
    if (!tsn_is_digit(*p)) return NULL;
    while (tsn_is_digit(*p)) p++;
  }
  return p;
}

tsn_json_kind tsn_json_kind_of(char first)
{
  switch (first) {
  case '{':
    return TSN_JSON_OBJECT;
  case '[':
    return TSN_JSON_ARRAY;
  case '"':
    return TSN_JSON_TEXT;
  case 't':
  case 'f':
    return TSN_JSON_BOOLEAN;
  case 'n':
    return TSN_JSON_NULL;
  case '-':
  case 'N':
  case 'I':
    return TSN_JSON_NUMERIC;
  default:
    return tsn_is_digit(first) ? TSN_JSON_NUMERIC : TSN_JSON_NONE;
  }
}

/* A value that is no object and no array. */
static const char *skip_scalar(const char *p, const char *limit, tsn_json_fault *fault)
{
  bool ignored;
  const char *next = NULL;

  *fault = TSN_JSON_SYNTAX;
  switch (*p) {
  case '"':
    next = tsn_json_string(p + 1, limit, &ignored, fault);
    return next ? next + 1 : NULL;
  case 't':
    return tsn_json_word(p, "true");
  case 'f':
    return tsn_json_word(p, "false");
  case 'n':
    return tsn_json_word(p, "null");
  case 'N':
    return tsn_json_word(p, "NaN");
  case 'I':
    return tsn_json_word(p, "Infinity");
  case '-':
    if (p[1] == 'I') return tsn_json_word(p, "-Infinity");
    break;
  default:
    if (!tsn_is_digit(*p)) return NULL;
  }
  return tsn_json_number(p, &ignored, fault);
}

/* p: where a member's name must stand. Answers its value. */
static const char *skip_name(const char *p, const char *limit, tsn_json_fault *fault)
{
  bool ignored;

  *fault = TSN_JSON_SYNTAX;
  if (*p != '"') return NULL;
  p = tsn_json_string(p + 1, limit, &ignored, fault);
  if (!p) return NULL;
  p = tsn_json_blank(p + 1);
  *fault = TSN_JSON_SYNTAX;
  return *p == ':' ? tsn_json_blank(p + 1) : NULL;
}

const char *tsn_json_skip(const char *p, const char *limit, unsigned depth, tsn_json_fault *fault)
{
  char closers[TSN_JSON_DEPTH_MAX]; /* what each open level waits for */
  unsigned open = 0;

  for (;;) {
    if (*p == '{' || *p == '[') {
      char closer = *p == '{' ? '}' : ']';
      if (depth + open >= TSN_JSON_DEPTH_MAX) {
        *fault = TSN_JSON_DEPTH;
        return NULL;
      }
      p = tsn_json_blank(p + 1);
      if (*p != closer) {
        closers[open++] = closer;
        if (closer == '}' && !(p = skip_name(p, limit, fault))) return NULL;
        continue;
      }
      p++;
    } else {
      p = skip_scalar(p, limit, fault);
      if (!p) return NULL;
    }
    for (;;) {
      if (open == 0) return p;
      p = tsn_json_blank(p);
      if (*p == closers[open - 1]) {
        open--;
        p++;
        continue;
      }
      if (*p != ',') {
        *fault = TSN_JSON_SYNTAX;
        return NULL;
      }
      p = tsn_json_blank(p + 1);
      if (closers[open - 1] == '}' && !(p = skip_name(p, limit, fault))) return NULL;
      break;
    }
  }
}
