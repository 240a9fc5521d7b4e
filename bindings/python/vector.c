/* Vectors: see vector.h. */
#include "vector.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

void scratch_clear(scratch *c, tsn_alloc *alloc)
{
  tsn_alloc_free(alloc, c->values, c->values_cap);
  tsn_alloc_free(alloc, c->validity, c->validity_cap);
  tsn_alloc_free(alloc, c->offsets, c->offsets_cap);
  *c = (scratch){ .values = NULL };
}

static int no_memory(void)
{
  PyErr_NoMemory();
  return -1;
}

/* --- what fits what --- */

static bool is_number(vector_type t) { return t >= VECTOR_I8 && t <= VECTOR_F16; }
static bool is_text(vector_type t) { return t >= VECTOR_TEXT32; }

static bool fits(const tsn_column_def *column, const vector *v)
{
  if (v->type == VECTOR_NONE) return true;
  switch (column->type) {
  case TOCSIN_BOOLEAN:
    return v->type == VECTOR_BITS || v->type == VECTOR_BYTES;
  case TOCSIN_BIGINT:
  case TOCSIN_DOUBLE:
    return is_number(v->type) && v->meaning == MEANS_VALUE;
  case TOCSIN_TEXT:
    return is_text(v->type);
  case TOCSIN_TIMESTAMP:
    return is_text(v->type) || (is_number(v->type) && v->meaning != MEANS_SPAN);
  case TOCSIN_INTERVAL:
    return is_text(v->type) || (is_number(v->type) && v->meaning != MEANS_TIME);
  case TOCSIN_NULL:
  case TOCSIN_LIST:
    break;
  }
  return false;
}

int vector_check(const source *s, size_t column, const vector *v, const char *type_name)
{
  if (fits(&s->columns[column], v)) return 0;
  return raise_error(s->state, "column \"%s\" of %s is %s here, which cannot be read as %s", s->columns[column].name, s->schema.name,
                     type_name, tocsin_type_name(s->columns[column].type));
}

/* --- what is missing --- */

static bool get_bit(const uint8_t *bits, size_t at) { return bits[at >> 3] >> (at & 7) & 1; }

static void put_bit(uint8_t *bits, size_t at, bool value)
{
  uint8_t bit = (uint8_t)(1u << (at & 7));
  bits[at >> 3] = (uint8_t)(value ? bits[at >> 3] | bit : bits[at >> 3] & ~bit);
}

static bool is_missing(const vector *v, size_t row)
{
  if (v->validity && !get_bit(v->validity, v->offset + row)) return true;
  return v->mask && v->mask[(ptrdiff_t)row * v->mask_stride];
}

/* Bits, begun at any place; the bits behind the last are 0. */
static void copy_bits(uint8_t *to, const uint8_t *from, size_t first, size_t count)
{
  const unsigned shift = first & 7;

  from += first >> 3;
  if (shift == 0) {
    memcpy(to, from, (count + 7) / 8);
    return;
  }
  for (size_t i = 0; i < (count + 7) / 8; i++) {
    unsigned low = from[i] >> shift, more = i * 8 + (8 - shift) < count ? (unsigned)from[i + 1] << (8 - shift) : 0;
    to[i] = (uint8_t)(low | more);
  }
}

static bool room(source *s, void **block, size_t *cap, size_t size)
{
  return tsn_alloc_grow(&s->alloc, block, cap, size, 1);
}

static bool validity_room(source *s, scratch *c, size_t count)
{
  void *block = c->validity;
  bool done = room(s, &block, &c->validity_cap, (count + 7) / 8 + 1);

  c->validity = block;
  return done;
}

/* The validity of a piece; NULL where no row is missing. Lent where it begins at a byte. */
static int piece_validity(source *s, const vector *v, size_t first, size_t count, scratch *c, const uint8_t **out)
{
  *out = NULL;
  if (!v->validity && !v->mask) return 0;
  if (v->validity && (v->offset + first) % 8 == 0) {
    *out = v->validity + (v->offset + first) / 8;
    return 0;
  }
  if (!validity_room(s, c, count)) return no_memory();
  if (v->validity)
    copy_bits(c->validity, v->validity, v->offset + first, count);
  else
    for (size_t i = 0; i < count; i++) put_bit(c->validity, i, !is_missing(v, first + i));
  *out = c->validity;
  return 0;
}

/* A row turns out to be missing: from now on the validity is our own. */
static int set_missing(source *s, size_t count, scratch *c, tocsin_column *out, size_t row)
{
  if (out->validity != c->validity || !out->validity) {
    if (!validity_room(s, c, count)) return no_memory();
    if (out->validity) copy_bits(c->validity, out->validity, 0, count);
    else memset(c->validity, 0xff, (count + 7) / 8);
    out->validity = c->validity;
  }
  put_bit(c->validity, row, false);
  return 0;
}

/* --- numbers --- */

static double half(uint16_t bits)
{
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = exponent == 31 ? (fraction ? NAN : INFINITY) : exponent ? ldexp(fraction + 1024, exponent - 25) : ldexp(fraction, -24);
  return bits & 0x8000 ? -value : value;
}

/* Any number as a double, and whether it is an integer that int64 holds. */
static double number(const vector *v, size_t row, int64_t *integer, bool *is_integer)
{
  const char *at = (const char *)v->values + (ptrdiff_t)(v->offset + row) * v->stride;
  double real = 0;

  *is_integer = true;
  switch (v->type) {
#define WHOLE(name, ctype) \
  case VECTOR_##name: { ctype x; memcpy(&x, at, sizeof x); *integer = (int64_t)x; return (double)x; }
  WHOLE(I8, int8_t) WHOLE(I16, int16_t) WHOLE(I32, int32_t) WHOLE(I64, int64_t) WHOLE(U8, uint8_t) WHOLE(U16, uint16_t) WHOLE(U32, uint32_t)
#undef WHOLE
  case VECTOR_U64: {
    uint64_t x;
    memcpy(&x, at, sizeof x);
    *integer = (int64_t)x;
    *is_integer = x <= INT64_MAX;
    return (double)x;
  }
  case VECTOR_F32: {
    float x;
    memcpy(&x, at, sizeof x);
    real = (double)x;
    break;
  }
  case VECTOR_F64:
    memcpy(&real, at, sizeof real);
    break;
  case VECTOR_F16: {
    uint16_t x;
    memcpy(&x, at, sizeof x);
    real = half(x);
    break;
  }
  default:
    break;
  }
  *is_integer = real >= -0x1p63 && real < 0x1p63 && real == floor(real);
  if (*is_integer) *integer = (int64_t)real;
  return real;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
  int64_t quotient = a / b;
  return quotient - (a % b < 0);
}

static int64_t unit_multiply(tocsin_unit unit) { return unit == TOCSIN_UNIT_SECOND ? 1000000 : unit == TOCSIN_UNIT_MILLISECOND ? 1000 : 1; }

static int fault(source *s, size_t row, size_t column, double value)
{
  char reason[REASON], text[TSN_DOUBLE_TEXT];

  text[tsn_format_double(value, text)] = 0;
  snprintf(reason, sizeof reason, "%s is no %s, or out of its range", text, tocsin_type_name(s->columns[column].type));
  return source_fault(s, row, column, reason);
}

/* Numbers with another layout than the engine's, or that count in another unit. */
static int convert_numbers(source *s, size_t column, const vector *v, size_t first, size_t count, scratch *c, tocsin_column *out)
{
  const tsn_column_def *def = &s->columns[column];
  const bool plain = v->meaning == MEANS_VALUE, is_time = def->type == TOCSIN_TIMESTAMP;
  const int64_t multiply = plain ? is_time ? unit_multiply(def->unit) : 1 : v->multiply;
  const int64_t divide = plain ? is_time && def->unit == TOCSIN_UNIT_NANOSECOND ? 1000 : 1 : v->divide;

  if (!room(s, &c->values, &c->values_cap, count * 8)) return no_memory();
  for (size_t i = 0; i < count; i++) {
    int64_t *cell = (int64_t *)c->values + i, integer = 0;
    bool is_integer, overflow;
    double real;
    *cell = 0;
    if (is_missing(v, first + i)) continue;
    real = number(v, first + i, &integer, &is_integer);
    if (isnan(real) || (v->has_nat && integer == INT64_MIN)) {
      if (set_missing(s, count, c, out, i) < 0) return -1;
      continue;
    }
    if (def->type == TOCSIN_DOUBLE) {
      memcpy(cell, &real, sizeof real);
      continue;
    }
    if (!is_integer && is_time) { /* seconds with a fraction */
      double micros = floor(real * (double)multiply / (double)divide);
      overflow = !(micros >= -0x1p63 && micros < 0x1p63);
      if (!overflow) *cell = (int64_t)micros;
    } else {
      overflow = !is_integer || __builtin_mul_overflow(integer, multiply, cell);
      if (!overflow && divide != 1) *cell = floor_divide(*cell, divide);
    }
    if (overflow && fault(s, i, column, real) < 0) return -1;
  }
  out->values = c->values;
  return 0;
}

/* Microseconds of int64, side by side: the common case of times that count otherwise. */
static bool convert_times(source *s, const vector *v, size_t first, size_t count, scratch *c, tocsin_column *out)
{
  const int64_t *from = (const int64_t *)v->values + v->offset + first;
  int64_t *to;

  if (v->type != VECTOR_I64 || v->stride != 8 || v->has_nat || v->multiply != 1 || !room(s, &c->values, &c->values_cap, count * 8))
    return false;
  to = c->values;
  for (size_t i = 0; i < count; i++) to[i] = floor_divide(from[i], v->divide);
  out->values = to;
  return true;
}

static int convert_booleans(source *s, const vector *v, size_t first, size_t count, scratch *c, tocsin_column *out)
{
  if (v->type == VECTOR_BITS && (v->offset + first) % 8 == 0) {
    out->values = (const uint8_t *)v->values + (v->offset + first) / 8;
    return 0;
  }
  if (!room(s, &c->values, &c->values_cap, (count + 7) / 8 + 1)) return no_memory();
  if (v->type == VECTOR_BITS)
    copy_bits(c->values, v->values, v->offset + first, count);
  else
    for (size_t i = 0; i < count; i++)
      put_bit(c->values, i, ((const uint8_t *)v->values)[(ptrdiff_t)(v->offset + first + i) * v->stride] != 0);
  out->values = c->values;
  return 0;
}

/* --- texts --- */

static const char *view_text(const vector *v, size_t row, size_t *length)
{
  const char *at = (const char *)v->values + (v->offset + row) * 16;
  int32_t size, block, place;

  memcpy(&size, at, 4);
  *length = (size_t)size;
  if (size <= 12) return at + 4;
  memcpy(&block, at + 8, 4);
  memcpy(&place, at + 12, 4);
  return (const char *)v->blocks[block] + place;
}

/* The text of a row that is not missing; NULL: an index of a dictionary leads nowhere. */
static const char *text_at(const vector *v, size_t row, size_t *length)
{
  if (v->type == VECTOR_DICTIONARY) {
    int64_t index = 0;
    bool is_integer;
    (void)number(v->indices, row, &index, &is_integer);
    return index < 0 || is_missing(v->dictionary, (size_t)index) ? NULL : text_at(v->dictionary, (size_t)index, length);
  }
  if (v->type == VECTOR_VIEWS) return view_text(v, row, length);
  if (v->type == VECTOR_TEXT32) {
    const int32_t *o = (const int32_t *)v->values + v->offset + row;
    *length = (size_t)(o[1] - o[0]);
    return v->text_values + o[0];
  }
  const int64_t *o = (const int64_t *)v->values + v->offset + row;
  *length = (size_t)(o[1] - o[0]);
  return v->text_values + o[0];
}

static bool row_missing(const vector *v, size_t row) { return is_missing(v->type == VECTOR_DICTIONARY ? v->indices : v, row); }

/* Whether all bytes are ASCII and none is NUL. */
static bool is_plain(const char *bytes, size_t length)
{
  uint64_t high = 0, zeros = 0;
  size_t i = 0;

  for (; length - i >= 8; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, 8);
    high |= word;
    zeros |= (word - UINT64_C(0x0101010101010101)) & ~word;
  }
  for (; i < length; i++) {
    high |= (unsigned char)bytes[i];
    zeros |= bytes[i] == 0 ? 0x80 : 0;
  }
  return !((high | zeros) & UINT64_C(0x8080808080808080));
}

static const char *text_fault(const char *text, size_t length)
{
  if (!tsn_utf8_valid(text, length)) return "the text is not well-formed UTF-8";
  return memchr(text, 0, length) ? "the text holds a NUL character" : NULL;
}

static int check_texts(source *s, size_t column, const tocsin_column *out, size_t count)
{
  const char *all = out->values;

  if (count == 0 || is_plain(all + out->offsets[0], (size_t)(out->offsets[count] - out->offsets[0]))) return 0;
  for (size_t i = 0; i < count; i++) {
    const char *reason = tsn_column_is_null(out, i) ? NULL
                         : text_fault(all + out->offsets[i], (size_t)(out->offsets[i + 1] - out->offsets[i]));
    if (reason && source_fault(s, i, column, reason) < 0) return -1;
  }
  return 0;
}

static bool offsets_room(source *s, scratch *c, size_t count)
{
  void *block = c->offsets;
  bool done = room(s, &block, &c->offsets_cap, (count + 1) * sizeof(int32_t));

  c->offsets = block;
  return done;
}

static int too_long(const source *s, size_t column)
{
  return raise_error(s->state, "the texts of %zu rows of column \"%s\" are longer than 2 GiB together", PIECE, s->columns[column].name);
}

/* Only the offsets are made anew, where they are wide. */
static int lend_texts(source *s, size_t column, const vector *v, size_t first, size_t count, scratch *c, tocsin_column *out)
{
  const int64_t *from = (const int64_t *)v->values + v->offset + first;

  if (v->type == VECTOR_TEXT32) {
    out->offsets = (const int32_t *)v->values + v->offset + first;
    out->values = v->text_values;
    return 0;
  }
  if (from[count] - from[0] > INT32_MAX) return too_long(s, column);
  if (!offsets_room(s, c, count)) return no_memory();
  for (size_t i = 0; i <= count; i++) c->offsets[i] = (int32_t)(from[i] - from[0]);
  out->offsets = c->offsets;
  out->values = v->text_values + from[0];
  return 0;
}

static int copy_texts(source *s, size_t column, const vector *v, size_t first, size_t count, scratch *c, tocsin_column *out)
{
  size_t at = 0;

  if (!offsets_room(s, c, count) || !room(s, &c->values, &c->values_cap, 1)) return no_memory();
  c->offsets[0] = 0;
  for (size_t i = 0; i < count; i++) {
    size_t length = 0;
    const char *text = row_missing(v, first + i) ? "" : text_at(v, first + i, &length);
    if (!text && set_missing(s, count, c, out, i) < 0) return -1;
    if (length > INT32_MAX - at) return too_long(s, column);
    if (at + length > c->values_cap && !room(s, &c->values, &c->values_cap, at + length)) return no_memory();
    if (length) memcpy((char *)c->values + at, text, length);
    at += length;
    c->offsets[i + 1] = (int32_t)at;
  }
  out->offsets = c->offsets;
  out->values = c->values;
  return 0;
}

/* Texts that stand for times or durations. */
static int parse_texts(source *s, size_t column, const vector *v, size_t first, size_t count, scratch *c, tocsin_column *out)
{
  const bool is_time = s->columns[column].type == TOCSIN_TIMESTAMP;
  int64_t *cells;

  if (!room(s, &c->values, &c->values_cap, count * 8)) return no_memory();
  cells = c->values;
  for (size_t i = 0; i < count; i++) {
    char reason[REASON];
    const char *text;
    size_t length = 0;
    cells[i] = 0;
    if (row_missing(v, first + i)) continue;
    text = text_at(v, first + i, &length);
    if (!text) {
      if (set_missing(s, count, c, out, i) < 0) return -1;
      continue;
    }
    if (is_time ? tsn_time_parse(text, length, &cells[i]) : tsn_interval_parse(text, length, &cells[i])) continue;
    if (!tsn_utf8_valid(text, length)) length = 0;
    snprintf(reason, sizeof reason, "\"%.*s\" is no %s", (int)(length > 100 ? 100 : length), text, is_time ? "TIMESTAMP" : "INTERVAL");
    if (source_fault(s, i, column, reason) < 0) return -1;
  }
  out->values = cells;
  return 0;
}

/* --- all of it --- */

int vector_nothing(source *s, size_t count, tocsin_type type, scratch *c, tocsin_column *out)
{
  const size_t size = type == TOCSIN_BOOLEAN ? (count + 7) / 8 : type == TOCSIN_TEXT ? 1 : count * 8;

  if (!validity_room(s, c, count) || !room(s, &c->values, &c->values_cap, size)) return no_memory();
  memset(c->validity, 0, (count + 7) / 8);
  memset(c->values, 0, size);
  if (type == TOCSIN_TEXT) {
    if (!offsets_room(s, c, count)) return no_memory();
    memset(c->offsets, 0, (count + 1) * sizeof(int32_t));
  }
  *out = (tocsin_column){ .validity = c->validity, .values = c->values, .offsets = c->offsets };
  return 0;
}

/* Whether numbers lie as the engine has them. */
static bool is_lent(const tsn_column_def *def, const vector *v)
{
  if (v->stride != 8 || v->has_nat || ((uintptr_t)v->values & 7)) return false;
  if (def->type == TOCSIN_DOUBLE) return v->type == VECTOR_F64;
  if (v->type != VECTOR_I64) return false;
  if (v->meaning != MEANS_VALUE) return v->multiply == 1 && v->divide == 1;
  return def->type != TOCSIN_TIMESTAMP || def->unit == TOCSIN_UNIT_NONE || def->unit == TOCSIN_UNIT_MICROSECOND;
}

int vector_convert(source *s, size_t column, const vector *v, size_t first, size_t count, scratch *c, tocsin_column *out)
{
  const tsn_column_def *def = &s->columns[column];

  *out = (tocsin_column){ .validity = NULL };
  if (v->type == VECTOR_NONE) return vector_nothing(s, count, def->type, c, out);
  if (piece_validity(s, v->type == VECTOR_DICTIONARY ? v->indices : v, first, count, c, &out->validity) < 0) return -1;
  if (is_text(v->type)) {
    int failed;
    if (def->type != TOCSIN_TEXT) return parse_texts(s, column, v, first, count, c, out);
    failed = v->type == VECTOR_TEXT32 || v->type == VECTOR_TEXT64 ? lend_texts(s, column, v, first, count, c, out)
                                                                  : copy_texts(s, column, v, first, count, c, out);
    return failed ? failed : check_texts(s, column, out, count);
  }
  if (def->type == TOCSIN_BOOLEAN) return convert_booleans(s, v, first, count, c, out);
  if (is_lent(def, v)) {
    out->values = (const int64_t *)v->values + v->offset + first;
    return 0;
  }
  if (v->meaning != MEANS_VALUE && convert_times(s, v, first, count, c, out)) return 0;
  return convert_numbers(s, column, v, first, count, c, out);
}
