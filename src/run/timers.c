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

static void sweep(const tsn_run *r, tsn_deadlines *h, bool (*is_live)(const tsn_run *r, const tsn_deadline *d))
{
  size_t i, kept = 0;
  for (i = 0; i < h->count; i++)
    if (is_live(r, &h->all[i])) h->all[kept++] = h->all[i];
  h->count = kept;
  for (i = kept / 2; i > 0; i--) sink(h->all, kept, i - 1);
}

bool tsn_deadlines_add(tsn_run *r, tsn_deadlines *h, const tsn_deadline *d, bool (*is_live)(const tsn_run *r, const tsn_deadline *d))
{
  size_t at;
  if (h->count == h->cap && h->count > 2 * (r->live + r->start_count + r->partition_count) + 64) sweep(r, h, is_live);
  if (!tsn_alloc_grow(r->alloc, (void **)&h->all, &h->cap, h->count + 1, sizeof *d)) return tsn_run_nomem(r);
  for (at = h->count++; at > 0 && before(d, &h->all[(at - 1) / 2]); at = (at - 1) / 2) h->all[at] = h->all[(at - 1) / 2];
  h->all[at] = *d;
  return true;
}

void tsn_deadlines_drop(tsn_deadlines *h)
{
  h->all[0] = h->all[--h->count];
  if (h->count) sink(h->all, h->count, 0);
}

static bool is_live(const tsn_run *r, const tsn_deadline *d)
{
  if (d->owner == OWNER_START) return r->starts[d->handle].used && r->starts[d->handle].generation == d->generation;
  if (d->owner == OWNER_PARTITION) return r->partitions[d->handle].used && r->partitions[d->handle].generation == d->generation;
  return tsn_path_at(r, d->handle)->generation == d->generation && tsn_path_at(r, d->handle)->state != ITEM_FREE;
}

bool tsn_deadline_push(tsn_run *r, int64_t time, tsn_phase phase, tsn_owner owner, uint32_t handle, uint32_t generation)
{
  tsn_deadline d = {.time = time, .phase = (uint32_t)phase, .owner = (uint32_t)owner, .handle = handle, .generation = generation};
  return tsn_deadlines_add(r, &r->deadlines, &d, is_live);
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
  while (r->deadlines.count && r->deadlines.all[0].time <= limit) {
    *out = r->deadlines.all[0];
    tsn_deadlines_drop(&r->deadlines);
    if (is_live(r, out)) return true;
  }
  return false;
}
