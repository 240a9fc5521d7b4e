/* The table of scalar functions, casts, and the functions of numbers (language page, section 4). */
#include "run/function.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

/* ---- calls ---- */

static const struct row {
  tsn_function_code *code;
  bool strict;
} functions[TSN_FUNCTIONS] = {
#define STRICT true
#define SEES false
#define FUNCTION(name, id, least, most, signature, null, code, about) [FN_##id] = {tsn_fn_##code, null},
#include "program/functions.def"
#undef FUNCTION
#undef STRICT
#undef SEES
};

bool tsn_call(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out)
{
  const struct row *f = &functions[in->a];
  uint32_t k;
  *out = (tsn_cell){.null = 1};
  for (k = 0; f->strict && k < in->y; k++)
    if (args[k].null) return true;
  return f->code(r, in, args, out);
}

/* What the compiler makes instructions of; a program that calls it all the same has NULL. */
bool tsn_fn_inlined(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out)
{
  (void)r, (void)in, (void)args, (void)out;
  return true;
}

#define TEXT_MAX (UINT32_MAX / 2)

char *tsn_text_room(tsn_run *r, size_t length)
{
  char *room;
  if (length > TEXT_MAX) {
    tsn_run_fail(r, TOCSIN_LIMIT, "a text is longer than %u bytes", TEXT_MAX);
    return NULL;
  }
  room = tsn_arena_alloc(&r->scratch, length + 1);
  if (!room) tsn_run_nomem(r);
  return room;
}

/* ---- casts ---- */

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

static bool to_text(tsn_run *r, tsn_cell *cell, const char *text, size_t length)
{
  char *copy = tsn_text_room(r, length);
  if (!copy) return false;
  memcpy(copy, text, length);
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
    return tsn_run_fail(r, TOCSIN_RUNTIME, "\"%.*s\" cannot be cast to %s", (int)(length < 60 ? length : 60), s,
                        tocsin_type_name((tocsin_type)to));
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
    if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0)) {
      char text[TSN_DOUBLE_TEXT];
      return tsn_run_fail(r, TOCSIN_RUNTIME, "%.*s is out of the range of BIGINT", (int)tsn_format_double(cell->v.d, text), text);
    }
    cell->v.i = (int64_t)d;
  } else if (to == TOCSIN_DOUBLE) {
    cell->v.d = (double)cell->v.i;
  } else if (to == TOCSIN_BOOLEAN) {
    cell->v.i = from == TOCSIN_DOUBLE ? cell->v.d != 0 : cell->v.i != 0;
  }
  return true;
}

/* ---- numbers ---- */

static bool out_of_range(tsn_run *r, const char *name)
{
  return tsn_run_fail(r, TOCSIN_RUNTIME, "%s is out of the range of BIGINT", name);
}

/* There is no NaN in the language. */
static bool real(tsn_cell *out, double d)
{
  if (d == d) *out = (tsn_cell){.v.d = d};
  return true;
}

#define FN(name) bool tsn_fn_##name(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out)

FN(abs)
{
  *out = *args;
  if (in->x == TOCSIN_DOUBLE) out->v.d = fabs(args->v.d);
  else if (in->x == TOCSIN_INTERVAL) out->v.i = args->v.i < 0 ? tsn_time_sub(0, args->v.i) : args->v.i;
  else if (args->v.i < 0 && __builtin_sub_overflow((int64_t)0, args->v.i, &out->v.i)) return out_of_range(r, "ABS");
  return true;
}

FN(sign)
{
  (void)r;
  *out = *args;
  if (in->x == TOCSIN_DOUBLE) out->v.d = (args->v.d > 0) - (args->v.d < 0);
  else out->v.i = (args->v.i > 0) - (args->v.i < 0);
  return true;
}

FN(ceil)
{
  (void)r;
  *out = *args;
  if (in->x == TOCSIN_DOUBLE) out->v.d = ceil(args->v.d);
  return true;
}

FN(floor)
{
  (void)r;
  *out = *args;
  if (in->x == TOCSIN_DOUBLE) out->v.d = floor(args->v.d);
  return true;
}

/* To tens, hundreds ...: half away from zero. */
static bool round_integer(tsn_run *r, int64_t digits, tsn_cell *out)
{
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
  if (rest >= half && __builtin_add_overflow(out->v.i, unit, &out->v.i)) return out_of_range(r, "ROUND");
  if (rest <= -half && __builtin_sub_overflow(out->v.i, unit, &out->v.i)) return out_of_range(r, "ROUND");
  return true;
}

FN(round)
{
  int64_t digits = in->y == 2 ? args[1].v.i : 0;
  double scale;
  *out = *args;
  if (in->x == TOCSIN_BIGINT) return round_integer(r, digits, out);
  if (digits > 300 || digits < -300) return true;
  scale = pow(10, (double)digits);
  if (isfinite(args->v.d * scale)) out->v.d = round(args->v.d * scale) / scale;
  return true;
}

FN(sqrt)
{
  (void)r, (void)in;
  return real(out, sqrt(args->v.d));
}

FN(exp)
{
  (void)r, (void)in;
  return real(out, exp(args->v.d));
}

FN(ln)
{
  (void)r, (void)in;
  return args->v.d > 0 ? real(out, log(args->v.d)) : true;
}

FN(log10)
{
  (void)r, (void)in;
  return args->v.d > 0 ? real(out, log10(args->v.d)) : true;
}

FN(power)
{
  (void)r, (void)in;
  return real(out, pow(args[0].v.d, args[1].v.d));
}

static bool pick(const tsn_instr *in, const tsn_cell *args, int sign, tsn_cell *out)
{
  uint32_t k;
  *out = args[0];
  for (k = 1; k < in->y; k++)
    if (tsn_compare_cells(in->x, &args[k], out) * sign > 0) *out = args[k];
  return true;
}

FN(least)
{
  (void)r;
  return pick(in, args, -1, out);
}

FN(greatest)
{
  (void)r;
  return pick(in, args, 1, out);
}

FN(nullif)
{
  (void)r;
  if (args[0].null || args[1].null || tsn_compare_cells(in->x, &args[0], &args[1]) != 0) *out = args[0];
  return true;
}

/* Great-circle distance by the haversine formula (R. W. Sinnott, "Virtues of the
 * Haversine", Sky and Telescope 68, 1984) on a sphere of the Earth's mean radius
 * (2a + b) / 3 of the ellipsoid GRS 80 (H. Moritz, "Geodetic Reference System
 * 1980", Journal of Geodesy 74, 2000). A latitude beyond the poles has no distance. */
#define EARTH_RADIUS 6371008.8

FN(geo_distance)
{
  const double degree = 3.14159265358979323846 / 180;
  double lat1 = args[0].v.d, lon1 = args[1].v.d, lat2 = args[2].v.d, lon2 = args[3].v.d, north, east, h;
  (void)r, (void)in;
  if (!(fabs(lat1) <= 90 && fabs(lat2) <= 90 && isfinite(lon1) && isfinite(lon2))) return true;
  north = sin((lat2 - lat1) * degree / 2);
  east = sin(fmod(lon2 - lon1, 360) * degree / 2);
  h = north * north + cos(lat1 * degree) * cos(lat2 * degree) * east * east;
  return real(out, 2 * EARTH_RADIUS * asin(sqrt(h < 1 ? h : 1)));
}
