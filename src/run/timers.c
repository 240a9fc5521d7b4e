/* When time alone decides: one heap of deadlines a pattern.
 *
 * Ordered by time, then phase: at one time the timers complete before WITHIN
 * and bounds end what still waits. An entry names its item or start with a
 * generation; what died or changed meanwhile leaves a stale entry behind, which
 * is dropped when it comes up, or swept when stale ones prevail. */
#include "run/run.h"

static bool before(const tsn_deadline *a, const tsn_deadline *b)
{
  return a->time != b->time ? a->time < b->time : a->phase < b->phase;
}

static void sink(tsn_deadline *h, size_t count, size_t at)
{
  tsn_deadline x = h[at];
  for (;;) {
    size_t child = at * 2 + 1;
    if (child >= count) break;
    if (child + 1 < count && before(&h[child + 1], &h[child])) child++;
    if (!before(&h[child], &x)) break;
    h[at] = h[child];
    at = child;
  }
  h[at] = x;
}

static bool is_live(const tsn_run *r, const tsn_deadline *d)
{
  if (d->owner == OWNER_START) return r->starts[d->handle].used && r->starts[d->handle].generation == d->generation;
  if (d->owner == OWNER_PARTITION) return r->partitions[d->handle].used && r->partitions[d->handle].generation == d->generation;
  return tsn_path_at(r, d->handle)->generation == d->generation && tsn_path_at(r, d->handle)->state != ITEM_FREE;
}

static void sweep(tsn_run *r)
{
  size_t i, kept = 0;
  for (i = 0; i < r->deadline_count; i++)
    if (is_live(r, &r->deadlines[i])) r->deadlines[kept++] = r->deadlines[i];
  r->deadline_count = kept;
  for (i = kept / 2; i > 0; i--) sink(r->deadlines, kept, i - 1);
}

bool tsn_deadline_push(tsn_run *r, int64_t time, tsn_phase phase, tsn_owner owner, uint32_t handle, uint32_t generation)
{
  tsn_deadline d = {.time = time, .phase = (uint32_t)phase, .owner = (uint32_t)owner, .handle = handle, .generation = generation};
  size_t at;
  if (r->deadline_count == r->deadline_cap && r->deadline_count > 2 * (r->live + r->start_count + r->partition_count) + 64) sweep(r);
  if (!tsn_alloc_grow(r->alloc, (void **)&r->deadlines, &r->deadline_cap, r->deadline_count + 1, sizeof d)) return tsn_run_nomem(r);
  for (at = r->deadline_count++; at > 0 && before(&d, &r->deadlines[(at - 1) / 2]); at = (at - 1) / 2)
    r->deadlines[at] = r->deadlines[(at - 1) / 2];
  r->deadlines[at] = d;
  return true;
}

bool tsn_deadline_item(tsn_run *r, uint32_t item, const tsn_deadline *handled)
{
  const tsn_path *i = tsn_path_at(r, item);
  int64_t time;
  tsn_phase phase;
  if (!r->junctions.all[i->junction].timed || !tsn_path_due(r, i, handled, &time, &phase)) return r->status == TOCSIN_OK;
  return tsn_deadline_push(r, time, phase, OWNER_PATH, item, i->generation);
}

bool tsn_deadline_pop(tsn_run *r, int64_t limit, tsn_deadline *out)
{
  while (r->deadline_count && r->deadlines[0].time <= limit) {
    *out = r->deadlines[0];
    r->deadlines[0] = r->deadlines[--r->deadline_count];
    if (r->deadline_count) sink(r->deadlines, r->deadline_count, 0);
    if (is_live(r, out)) return true;
  }
  return false;
}
