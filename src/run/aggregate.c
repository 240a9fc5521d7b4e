/* Running aggregates: a few cells moved by each row (language page, section 4).
 *
 *   COUNT      n
 *   SUM        sum (NULL until a value came)
 *   AVG        n, sum
 *   MIN, MAX   value
 *   STDDEV...  n, mean, sum of squared distances (Welford 1962, Technometrics 4)
 *   ANY_VALUE  value
 *   MIN_BY...  value, key (NULL until a key came)
 *
 * Cells are loaded here: the caller stores texts. */
#include <math.h>
#include <string.h>

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

/* The first of equal keys stays. */
static bool by_key(const tsn_reg_rec *reg, tsn_cell *cells, const tsn_cell *arg, const tsn_cell *key)
{
  int order = key->null || cells[1].null ? 0 : tsn_compare_cells(reg->type2, key, &cells[1]);
  if (key->null || (!cells[1].null && (reg->aggregate == AGG_MIN_BY ? order >= 0 : order <= 0))) return true;
  cells[0] = *arg;
  cells[1] = *key;
  return true;
}

bool tsn_aggregate_step(tsn_run *r, const tsn_reg_rec *reg, tsn_cell *cells, const tsn_cell *arg, const tsn_cell *second)
{
  if (reg->aggregate == AGG_MIN_BY || reg->aggregate == AGG_MAX_BY) return by_key(reg, cells, arg, second);
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

tsn_cell tsn_real_cell(double d) { return d == d ? (tsn_cell){.v.d = d} : (tsn_cell){.null = 1}; }

tsn_cell tsn_spread_value(tsn_aggregate aggregate, int64_t n, double squares)
{
  double count = (double)n;
  if (n < 1 || (n < 2 && aggregate != AGG_STDDEV_POP)) return (tsn_cell){.null = 1};
  if (aggregate == AGG_STDDEV_POP) return tsn_real_cell(sqrt(squares / count));
  return tsn_real_cell(aggregate == AGG_VARIANCE ? squares / (count - 1) : sqrt(squares / (count - 1)));
}

tsn_cell tsn_aggregate_value(const tsn_reg_rec *reg, const tsn_cell *cells)
{
  tsn_cell none = {.null = 1}, out = {.null = 0};
  switch ((tsn_aggregate)reg->aggregate) {
  case AGG_COUNT: out.v.i = cells->v.i; return out;
  case AGG_SUM: return cells->null || reg->type != TOCSIN_DOUBLE ? *cells : tsn_real_cell(cells->v.d);
  case AGG_MIN:
  case AGG_MAX:
  case AGG_MIN_BY:
  case AGG_MAX_BY:
  case AGG_ANY_VALUE: return *cells;
  case AGG_AVG:
    if (cells[0].null) return none;
    out = tsn_real_cell(cells[1].v.d / (double)cells[0].v.i);
    if (reg->type == TOCSIN_INTERVAL) out.v.i = out.v.d >= 9223372036854775807.0 ? INT64_MAX : (int64_t)out.v.d;
    return out;
  default: return tsn_spread_value((tsn_aggregate)reg->aggregate, cells[0].null ? 0 : cells[0].v.i, cells[2].v.d);
  }
}
