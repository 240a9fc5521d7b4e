/* Running aggregates: a few cells moved by each row (language page, section 4).
 *
 *   COUNT      n
 *   SUM        sum (NULL until a value came)
 *   AVG        n, sum
 *   MIN, MAX   value
 *   STDDEV...  n, mean, sum of squared distances (Welford 1962, Technometrics 4)
 *   ANY_VALUE  value
 *
 * Cells are loaded here: the caller stores texts. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "run/run.h"

int tsn_compare_cells(uint32_t type, const tsn_cell *a, const tsn_cell *b)
{
  size_t least;
  int c;
  switch (type) {
  case TOCSIN_DOUBLE: return (a->v.d > b->v.d) - (a->v.d < b->v.d);
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    least = a->length < b->length ? a->length : b->length;
    c = least ? memcmp(a->v.s, b->v.s, least) : 0;
    return c ? c : (a->length > b->length) - (a->length < b->length);
  default: return (a->v.i > b->v.i) - (a->v.i < b->v.i);
  }
}

static double real_of(uint32_t type, const tsn_cell *c) { return type == TOCSIN_DOUBLE ? c->v.d : (double)c->v.i; }

static bool sum(tsn_run *r, const tsn_reg_rec *reg, tsn_cell *cells, const tsn_cell *arg)
{
  if (cells->null) {
    *cells = *arg;
  } else if (reg->type == TOCSIN_DOUBLE) {
    cells->v.d += arg->v.d;
  } else if (reg->type == TOCSIN_INTERVAL) {
    cells->v.i = tsn_time_add(cells->v.i, arg->v.i);
  } else if (__builtin_add_overflow(cells->v.i, arg->v.i, &cells->v.i)) {
    return tsn_run_fail(r, TOCSIN_RUNTIME, "a SUM of BIGINT is out of range");
  }
  return true;
}

static void welford(uint32_t type, tsn_cell *cells, const tsn_cell *arg)
{
  double x = real_of(type, arg), delta;
  if (cells[0].null) {
    cells[0] = (tsn_cell){.v.i = 0};
    cells[1] = (tsn_cell){.v.d = 0};
    cells[2] = (tsn_cell){.v.d = 0};
  }
  cells[0].v.i++;
  delta = x - cells[1].v.d;
  cells[1].v.d += delta / (double)cells[0].v.i;
  cells[2].v.d += delta * (x - cells[1].v.d);
}

bool tsn_aggregate_step(tsn_run *r, const tsn_reg_rec *reg, tsn_cell *cells, const tsn_cell *arg)
{
  if (arg->null) return true; /* aggregates skip NULL */
  switch ((tsn_aggregate)reg->aggregate) {
  case AGG_COUNT: cells->v.i++; return true;
  case AGG_SUM: return sum(r, reg, cells, arg);
  case AGG_AVG:
    if (cells[0].null) {
      cells[0] = (tsn_cell){.v.i = 0};
      cells[1] = (tsn_cell){.v.d = 0};
    }
    cells[0].v.i++;
    cells[1].v.d += real_of(reg->type, arg);
    return true;
  case AGG_MIN:
    if (cells->null || tsn_compare_cells(reg->type, arg, cells) < 0) *cells = *arg;
    return true;
  case AGG_MAX:
    if (cells->null || tsn_compare_cells(reg->type, arg, cells) > 0) *cells = *arg;
    return true;
  case AGG_ANY_VALUE:
    if (cells->null) *cells = *arg;
    return true;
  default: welford(reg->type, cells, arg); return true;
  }
}

tsn_cell tsn_aggregate_value(const tsn_reg_rec *reg, const tsn_cell *cells)
{
  tsn_cell none = {.null = 1}, out = {.null = 0};
  double n, spread;
  switch ((tsn_aggregate)reg->aggregate) {
  case AGG_COUNT: out.v.i = cells->v.i; return out;
  case AGG_SUM:
  case AGG_MIN:
  case AGG_MAX:
  case AGG_ANY_VALUE: return *cells;
  case AGG_AVG:
    if (cells[0].null) return none;
    out.v.d = cells[1].v.d / (double)cells[0].v.i;
    if (reg->type == TOCSIN_INTERVAL) out.v.i = (int64_t)out.v.d;
    return out;
  default: break;
  }
  if (cells[0].null) return none;
  n = (double)cells[0].v.i;
  spread = cells[2].v.d;
  if (reg->aggregate == AGG_STDDEV_POP) {
    out.v.d = sqrt(spread / n);
    return out;
  }
  if (cells[0].v.i < 2) return none;
  out.v.d = spread / (n - 1);
  if (reg->aggregate == AGG_STDDEV) out.v.d = sqrt(out.v.d);
  return out;
}

/* ---- lists, gathered while a match is replayed ---- */

static void json_text(tsn_bytes *b, const char *s, size_t length)
{
  size_t i;
  tsn_bytes_char(b, '"');
  for (i = 0; i < length; i++) {
    unsigned char c = (unsigned char)s[i];
    if (c == '"' || c == '\\') {
      tsn_bytes_char(b, '\\');
      tsn_bytes_char(b, (char)c);
    } else if (c == '\n') {
      tsn_bytes_text(b, "\\n");
    } else if (c == '\t') {
      tsn_bytes_text(b, "\\t");
    } else if (c == '\r') {
      tsn_bytes_text(b, "\\r");
    } else if (c < 0x20) {
      tsn_bytes_printf(b, "\\u%04x", c);
    } else {
      tsn_bytes_char(b, (char)c);
    }
  }
  tsn_bytes_char(b, '"');
}

void tsn_json_cell(tsn_bytes *b, uint32_t type, const tsn_cell *c)
{
  char text[TSN_TIME_TEXT > TSN_DOUBLE_TEXT ? TSN_TIME_TEXT : TSN_DOUBLE_TEXT];
  if (c->null) {
    tsn_bytes_text(b, "null");
    return;
  }
  switch (type) {
  case TOCSIN_BOOLEAN: tsn_bytes_text(b, c->v.i ? "true" : "false"); break;
  case TOCSIN_BIGINT: tsn_bytes_append(b, text, tsn_format_int64(c->v.i, text)); break;
  case TOCSIN_DOUBLE:
    if (isinf(c->v.d)) tsn_bytes_text(b, c->v.d > 0 ? "1e999" : "-1e999");
    else tsn_bytes_append(b, text, tsn_format_double(c->v.d, text));
    break;
  case TOCSIN_TIMESTAMP:
    tsn_bytes_char(b, '"');
    tsn_bytes_append(b, text, tsn_time_format(c->v.i, text));
    tsn_bytes_char(b, '"');
    break;
  case TOCSIN_INTERVAL:
    tsn_bytes_char(b, '"');
    tsn_bytes_append(b, text, tsn_interval_format(c->v.i, text));
    tsn_bytes_char(b, '"');
    break;
  default: json_text(b, c->v.s, c->length); break;
  }
}

bool tsn_list_step(tsn_run *r, const tsn_reg_rec *reg, const tsn_cell *arg, const tsn_cell *separator)
{
  tsn_bytes *b = &r->lists[reg->depth];
  if (reg->aggregate == AGG_ARRAY_AGG) {
    tsn_bytes_char(b, b->length ? ',' : '[');
    tsn_json_cell(b, reg->type, arg);
  } else if (!arg->null) {
    /* The first byte tells an empty text from no text; it is not part of the value. */
    if (b->length == 0) tsn_bytes_char(b, ' ');
    else if (!separator->null) tsn_bytes_append(b, separator->v.s, separator->length);
    tsn_bytes_append(b, arg->v.s, arg->length);
  }
  if (b->failed == TOCSIN_LIMIT) return tsn_run_fail(r, TOCSIN_LIMIT, "a list of values is longer than %zu bytes", b->max);
  return b->failed == TOCSIN_OK || tsn_run_nomem(r);
}
