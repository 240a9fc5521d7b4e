/* Scalar functions and casts (language page, section 4). */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "run/run.h"

/* Exact: a double beyond 2^63 is larger than every BIGINT, below that its whole
 * part fits an int64 and the fraction decides. */
int tsn_compare_int_double(int64_t i, double d)
{
  int64_t whole;
  if (d >= 9223372036854775808.0) return -1;
  if (d < -9223372036854775808.0) return 1;
  whole = (int64_t)d;
  if (i != whole) return i < whole ? -1 : 1;
  return ((double)whole < d) ? -1 : ((double)whole > d);
}

static tsn_cell none(void) { return (tsn_cell){.null = 1}; }
static tsn_cell real(double d) { return d == d ? (tsn_cell){.v.d = d} : none(); }

static bool to_text(tsn_run *r, tsn_cell *cell, const char *text, size_t length)
{
  char *copy = tsn_arena_text(&r->scratch, text, length);
  if (!copy) return tsn_run_nomem(r);
  cell->v.s = copy;
  cell->length = (uint32_t)length;
  return true;
}

static bool cast_to_text(tsn_run *r, uint32_t from, tsn_cell *cell)
{
  char text[64];
  switch (from) {
  case TOCSIN_BOOLEAN: return to_text(r, cell, cell->v.i ? "true" : "false", cell->v.i ? 4 : 5);
  case TOCSIN_BIGINT: return to_text(r, cell, text, tsn_format_int64(cell->v.i, text));
  case TOCSIN_DOUBLE: return to_text(r, cell, text, tsn_format_double(cell->v.d, text));
  case TOCSIN_TIMESTAMP: return to_text(r, cell, text, tsn_time_format(cell->v.i, text));
  case TOCSIN_INTERVAL: return to_text(r, cell, text, tsn_interval_format(cell->v.i, text));
  default: return true;
  }
}

static bool cast_from_text(tsn_run *r, uint32_t to, tsn_cell *cell)
{
  const char *s = cell->v.s;
  size_t length = cell->length;
  int64_t i = 0;
  double d = 0;
  bool good;
  switch (to) {
  case TOCSIN_BOOLEAN:
    i = tsn_same_name(s, length, "true", 4);
    good = i || tsn_same_name(s, length, "false", 5);
    break;
  case TOCSIN_BIGINT: good = tsn_parse_int64(s, length, &i); break;
  case TOCSIN_DOUBLE: good = tsn_parse_double(s, length, &d) && d == d; break;
  case TOCSIN_TIMESTAMP: good = tsn_time_parse(s, length, &i); break;
  default: good = tsn_interval_parse(s, length, &i); break;
  }
  if (!good)
    return tsn_run_fail(r, TOCSIN_RUNTIME, "\"%.*s\" cannot be cast to %s", (int)(length < 60 ? length : 60), s, tocsin_type_name((tocsin_type)to));
  *cell = (tsn_cell){.null = 0};
  if (to == TOCSIN_DOUBLE) cell->v.d = d;
  else cell->v.i = i;
  return true;
}

bool tsn_cast(tsn_run *r, uint32_t from, uint32_t to, tsn_cell *cell)
{
  if (to == TOCSIN_TEXT) return cast_to_text(r, from, cell);
  if (from == TOCSIN_TEXT) return cast_from_text(r, to, cell);
  if (from == TOCSIN_DOUBLE && to == TOCSIN_BIGINT) {
    double d = round(cell->v.d);
    if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0))
      return tsn_run_fail(r, TOCSIN_RUNTIME, "%g is out of the range of BIGINT", cell->v.d);
    cell->v.i = (int64_t)d;
  } else if (to == TOCSIN_DOUBLE) {
    cell->v.d = (double)cell->v.i;
  } else if (to == TOCSIN_BOOLEAN) {
    cell->v.i = from == TOCSIN_DOUBLE ? cell->v.d != 0 : cell->v.i != 0;
  }
  return true;
}

static bool round_to(tsn_run *r, uint32_t type, const tsn_cell *args, uint32_t count, tsn_cell *out)
{
  int64_t digits = count == 2 ? args[1].v.i : 0;
  double scale;
  *out = args[0];
  if (type == TOCSIN_BIGINT) {
    int64_t unit = 1, half, rest;
    if (digits >= 0) return true;
    if (digits < -18) {
      out->v.i = 0;
      return true;
    }
    while (digits++ < 0) unit *= 10;
    half = unit / 2;
    rest = out->v.i % unit;
    out->v.i -= rest;
    if (rest >= half && __builtin_add_overflow(out->v.i, unit, &out->v.i)) return tsn_run_fail(r, TOCSIN_RUNTIME, "ROUND is out of range");
    if (rest <= -half && __builtin_sub_overflow(out->v.i, unit, &out->v.i)) return tsn_run_fail(r, TOCSIN_RUNTIME, "ROUND is out of range");
    return true;
  }
  if (digits > 300 || digits < -300) return true;
  scale = pow(10, (double)digits);
  if (isfinite(args[0].v.d * scale)) out->v.d = round(args[0].v.d * scale) / scale;
  return true;
}

static tsn_cell pick(uint32_t type, const tsn_cell *args, uint32_t count, int sign)
{
  uint32_t k;
  tsn_cell best = args[0];
  for (k = 1; k < count; k++)
    if (tsn_compare_cells(type, &args[k], &best) * sign > 0) best = args[k];
  return best;
}

static bool concat(tsn_run *r, const tsn_cell *args, uint32_t count, tsn_cell *out)
{
  size_t length = 0;
  uint32_t k;
  char *text;
  for (k = 0; k < count; k++) length += args[k].null ? 0 : args[k].length;
  if (length > UINT32_MAX / 2) return tsn_run_fail(r, TOCSIN_LIMIT, "a text is longer than %u bytes", UINT32_MAX / 2);
  text = tsn_arena_alloc(&r->scratch, length + 1);
  if (!text) return tsn_run_nomem(r);
  *out = (tsn_cell){.v.s = text, .length = (uint32_t)length};
  for (k = 0; k < count; k++) {
    if (args[k].null || !args[k].length) continue;
    memcpy(text, args[k].v.s, args[k].length);
    text += args[k].length;
  }
  return true;
}

static char fold(char c, bool ignore_case) { return ignore_case && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static size_t char_length(const char *s, size_t left)
{
  unsigned char c = (unsigned char)*s;
  size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
  return n < left ? n : left;
}

/* LIKE: % any text, _ one character. Linear in text times pattern: on a mismatch
 * only the last % is tried further on. */
static bool like(const tsn_cell *text, const tsn_cell *pattern, bool has_escape, char escape, bool ignore_case)
{
  const char *s = text->v.s, *p = pattern->v.s;
  size_t i = 0, k = 0, star = SIZE_MAX, from = 0;
  while (i < text->length) {
    bool literal = k < pattern->length && has_escape && p[k] == escape && k + 1 < pattern->length;
    if (k < pattern->length && !literal && p[k] == '%') {
      star = ++k;
      from = i;
    } else if (k < pattern->length && !literal && p[k] == '_') {
      k++;
      i += char_length(s + i, text->length - i);
    } else if (k < pattern->length && fold(p[k + literal], ignore_case) == fold(s[i], ignore_case)) {
      k += 1 + (size_t)literal;
      i++;
    } else if (star != SIZE_MAX) {
      k = star;
      from += char_length(s + from, text->length - from);
      i = from;
    } else {
      return false;
    }
  }
  while (k < pattern->length && p[k] == '%') k++;
  return k == pattern->length;
}

static bool like_call(tsn_run *r, const tsn_cell *args, uint32_t count, bool ignore_case, tsn_cell *out)
{
  if (count == 3 && args[2].length != 1) return tsn_run_fail(r, TOCSIN_RUNTIME, "the ESCAPE of LIKE is one character");
  *out = (tsn_cell){.v.i = like(&args[0], &args[1], count == 3, count == 3 ? args[2].v.s[0] : 0, ignore_case)};
  return true;
}

bool tsn_call(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out)
{
  uint32_t type = in->x, count = in->y, k;
  tsn_function fn = (tsn_function)in->a;
  const tsn_cell *a = &args[0];
  *out = none();
  if (fn == FN_CONCAT) return concat(r, args, count, out);
  if (fn == FN_NULLIF) {
    if (a->null || args[1].null || tsn_compare_cells(type, a, &args[1]) != 0) *out = *a;
    return true;
  }
  for (k = 0; k < count; k++)
    if (args[k].null) return true;
  *out = *a;
  switch (fn) {
  case FN_ABS:
    if (type == TOCSIN_DOUBLE) out->v.d = fabs(a->v.d);
    else if (type == TOCSIN_INTERVAL) out->v.i = a->v.i < 0 ? tsn_time_sub(0, a->v.i) : a->v.i;
    else if (a->v.i < 0 && __builtin_sub_overflow((int64_t)0, a->v.i, &out->v.i)) return tsn_run_fail(r, TOCSIN_RUNTIME, "ABS is out of range");
    return true;
  case FN_SIGN:
    if (type == TOCSIN_DOUBLE) out->v.d = (a->v.d > 0) - (a->v.d < 0);
    else out->v.i = (a->v.i > 0) - (a->v.i < 0);
    return true;
  case FN_CEIL:
    if (type == TOCSIN_DOUBLE) out->v.d = ceil(a->v.d);
    return true;
  case FN_FLOOR:
    if (type == TOCSIN_DOUBLE) out->v.d = floor(a->v.d);
    return true;
  case FN_ROUND: return round_to(r, type, args, count, out);
  case FN_SQRT: *out = real(sqrt(a->v.d)); return true;
  case FN_EXP: *out = real(exp(a->v.d)); return true;
  case FN_LN: *out = a->v.d > 0 ? real(log(a->v.d)) : none(); return true;
  case FN_LOG10: *out = a->v.d > 0 ? real(log10(a->v.d)) : none(); return true;
  case FN_POWER: *out = real(pow(a->v.d, args[1].v.d)); return true;
  case FN_LEAST: *out = pick(type, args, count, -1); return true;
  case FN_GREATEST: *out = pick(type, args, count, 1); return true;
  case FN_LENGTH: *out = (tsn_cell){.v.i = (int64_t)tsn_utf8_count(a->v.s, a->length)}; return true;
  case FN_STARTS_WITH:
    *out = (tsn_cell){.v.i = a->length >= args[1].length && (!args[1].length || !memcmp(a->v.s, args[1].v.s, args[1].length))};
    return true;
  case FN_LIKE: return like_call(r, args, count, false, out);
  case FN_ILIKE: return like_call(r, args, count, true, out);
  default: return true;
  }
}
