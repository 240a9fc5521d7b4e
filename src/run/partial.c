/* What an aggregate knows of a stretch of rows, and what two stretches make together.
 *
 *   COUNT      how many values
 *   SUM, AVG   BIGINT, INTERVAL: a sum of 128 bits, so that only a result can overflow;
 *              DOUBLE: a sum and its rounding error (Dekker 1971, Numerische Mathematik 18),
 *              so that a result does not depend on where the stretches met
 *   STDDEV...  mean, with its rounding error, and squares (Chan, Golub, LeVeque 1979,
 *              Stanford STAN-CS-79-773) */
#include <math.h>

#include "run/window.h"

#define TWO_32 4294967296.0

/* high + low += a + b, low and b being rounding errors; what is not finite has none. */
static void add_real(double *high, double *low, double a, double b)
{
  double sum = *high + a, part = sum - *high, lost = (*high - (sum - part)) + (a - part) + (*low + b);
  if (!isfinite(sum)) {
    *high = sum;
    *low = 0;
    return;
  }
  *high = sum + lost;
  *low = lost - (*high - sum);
}

static void add_whole(tsn_partial *p, const tsn_partial *q)
{
  uint64_t low = p->v.whole.low + q->v.whole.low;
  p->v.whole.high += q->v.whole.high + (low < p->v.whole.low);
  p->v.whole.low = low;
}

/* A sum of 128 bits as a double and its rounding error. */
static void to_real(uint64_t low_bits, int64_t high_bits, double *high, double *low)
{
  *high = (double)high_bits * TWO_32 * TWO_32;
  *low = 0;
  add_real(high, low, (double)(low_bits >> 32) * TWO_32, 0);
  add_real(high, low, (double)(uint32_t)low_bits, 0);
}

static void add_spread(tsn_partial *p, const tsn_partial *q)
{
  double a = (double)p->n, b = (double)q->n, part = b / (a + b);
  double delta = q->v.spread.mean, low = q->v.spread.low;
  add_real(&delta, &low, -p->v.spread.mean, -p->v.spread.low);
  add_real(&p->v.spread.mean, &p->v.spread.low, delta * part, low * part);
  p->v.spread.squares += q->v.spread.squares + delta * delta * (a * part);
}

tsn_partial tsn_partial_of(const tsn_over_rec *over, const tsn_cell *value)
{
  tsn_partial p = {.n = !value->null};
  if (value->null) return p;
  switch (tsn_aggregate_table[over->aggregate].merge) {
  case MERGE_SUM:
    if (over->type == TOCSIN_DOUBLE) {
      p.v.real.high = value->v.d;
    } else {
      p.v.whole.low = (uint64_t)value->v.i;
      p.v.whole.high = value->v.i < 0 ? -1 : 0;
    }
    break;
  case MERGE_SPREAD:
    if (over->type == TOCSIN_DOUBLE) p.v.spread.mean = value->v.d;
    else to_real((uint64_t)value->v.i, value->v.i < 0 ? -1 : 0, &p.v.spread.mean, &p.v.spread.low);
    break;
  default: break;
  }
  return p;
}

tsn_partial tsn_partial_merge(const tsn_over_rec *over, const tsn_partial *a, const tsn_partial *b)
{
  tsn_partial p = *a;
  if (b->n == 0) return *a;
  if (a->n == 0) return *b;
  switch (tsn_aggregate_table[over->aggregate].merge) {
  case MERGE_SUM:
    if (over->type == TOCSIN_DOUBLE) add_real(&p.v.real.high, &p.v.real.low, b->v.real.high, b->v.real.low);
    else add_whole(&p, b);
    break;
  case MERGE_SPREAD: add_spread(&p, b); break;
  default: break;
  }
  p.n = a->n + b->n;
  return p;
}

static double divide(double high, double low, double n)
{
  double q = high / n;
  return isfinite(q) ? q + (fma(-q, n, high) + low) / n : q;
}

/* Of whole values; towards zero. The mean of 64-bit numbers is one, so that what is left of the sum stays below n. */
static int64_t whole_mean(const tsn_partial *p)
{
  bool negative = p->v.whole.high < 0;
  uint64_t low = negative ? 0 - p->v.whole.low : p->v.whole.low, mean = 0;
  uint64_t left = negative ? ~(uint64_t)p->v.whole.high + (low == 0) : (uint64_t)p->v.whole.high;
  int bit;
  for (bit = 63; bit >= 0; bit--) {
    left = left << 1 | (low >> bit & 1);
    if (left < (uint64_t)p->n) continue;
    left -= (uint64_t)p->n;
    mean |= (uint64_t)1 << bit;
  }
  return (int64_t)(negative ? 0 - mean : mean);
}

static bool sum(tsn_run *r, const tsn_over_rec *over, const tsn_partial *p, tsn_cell *out)
{
  if (over->type == TOCSIN_DOUBLE) {
    *out = tsn_real_cell(p->v.real.high);
    return true;
  }
  *out = (tsn_cell){.v.i = (int64_t)p->v.whole.low};
  if (p->v.whole.high == (out->v.i < 0 ? -1 : 0)) return true;
  if (over->type == TOCSIN_BIGINT) return tsn_run_fail(r, TOCSIN_RUNTIME, "a SUM of BIGINT is out of range");
  out->v.i = p->v.whole.high < 0 ? INT64_MIN : INT64_MAX; /* times saturate */
  return true;
}

static tsn_cell mean(const tsn_over_rec *over, const tsn_partial *p)
{
  double high = p->v.real.high, low = p->v.real.low;
  if (over->type == TOCSIN_INTERVAL) return (tsn_cell){.v.i = whole_mean(p)};
  if (over->type == TOCSIN_BIGINT) to_real(p->v.whole.low, p->v.whole.high, &high, &low);
  return tsn_real_cell(divide(high, low, (double)p->n));
}

bool tsn_partial_value(tsn_run *r, const tsn_over_rec *over, const tsn_partial *p, tsn_cell *out)
{
  tsn_merge merge = tsn_aggregate_table[over->aggregate].merge;
  *out = (tsn_cell){.null = p->n == 0};
  if (merge == MERGE_COUNT) {
    *out = (tsn_cell){.v.i = p->n};
    return true;
  }
  if (p->n == 0) return true;
  if (merge == MERGE_SUM && over->aggregate == AGG_SUM) return sum(r, over, p, out);
  if (merge == MERGE_SUM) *out = mean(over, p);
  else *out = isfinite(p->v.spread.mean) ? tsn_spread_value((tsn_aggregate)over->aggregate, p->n, p->v.spread.squares) : (tsn_cell){.null = 1};
  return true;
}
