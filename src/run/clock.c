/* Arithmetic on times, whatever their type.
 *
 * A time is an int64 that compares as the times do: microseconds, a BIGINT, or the
 * number that stands for a DOUBLE in its order (base/time.h); so does a duration.
 * Integers are added as they are, saturating. Doubles are added as doubles, rounded
 * once, and what is compared is the sum: a bound of 0.1 behind 0.3 is over after
 * 0.3 + 0.1, just when a timer of that length completes. */
#include <math.h>

#include "run/run.h"

int64_t tsn_real_shift(int64_t time, int64_t duration)
{
  double sum = tsn_double_of_time(time) + tsn_double_of_time(duration);
  return tsn_time_of_double(sum == sum ? sum : INFINITY); /* for ever from the begin of time */
}

int tsn_real_passed(int64_t later, int64_t earlier, int64_t duration)
{
  int64_t then = tsn_real_shift(earlier, duration);
  return (later > then) - (later < then);
}

int64_t tsn_time_back(const tsn_run *r, int64_t time, int64_t duration)
{
  if (r->p->time_type != TOCSIN_DOUBLE) return tsn_time_sub(time, duration);
  return tsn_time_of_double(tsn_double_of_time(time) - tsn_double_of_time(duration));
}

int64_t tsn_time_length(const tsn_run *r, const tsn_cell *value)
{
  return r->p->time_type == TOCSIN_DOUBLE ? tsn_time_of_double(value->v.d) : value->v.i;
}

/* Multiples of a length, as products of doubles are rounded, with from <= t < to. Where they lie closer
 * than doubles do, each time is a window of its own; beyond the greatest double all is one. */
static void real_tumble(double t, double length, int64_t *start, int64_t *end)
{
  double count = floor(t / length), from, to;
  if (count * length > t) count--;
  else if ((count + 1) * length <= t) count++;
  from = count * length;
  to = (count + 1) * length;
  if (!(from <= t)) from = t;
  if (!(to > t)) to = nextafter(t, INFINITY);
  *start = tsn_time_of_double(from);
  *end = tsn_time_of_double(to);
}

void tsn_time_tumble(const tsn_run *r, int64_t time, int64_t *start, int64_t *end)
{
  int64_t length = r->p->window, rest;
  if (r->p->time_type == TOCSIN_DOUBLE) {
    real_tumble(tsn_double_of_time(time), tsn_double_of_time(length), start, end);
    return;
  }
  rest = time % length;
  *start = tsn_time_sub(time, rest < 0 ? rest + length : rest);
  *end = tsn_time_add(*start, length);
}
