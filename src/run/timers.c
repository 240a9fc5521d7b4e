/* When time alone decides: one heap of deadlines a pattern.
 *
 * Ordered by time, then phase: at one time the timers complete before WITHIN
 * and bounds end what still waits. An entry names its item or start with a
 * generation; what died or changed meanwhile leaves a stale entry behind, which
 * is dropped when it comes up, or swept when stale ones prevail. */
#include "base/time.h"
#include "run/run.h"

/* ---- times ---- */

int64_t tsn_within_end(const tsn_run *r, const tsn_start *s)
{
  return r->p->within_kind == WITHIN_TIME ? tsn_time_shift(r, s->time, r->p->within) : TSN_TIME_MAX;
}

int64_t tsn_window_end(const tsn_run *r, const tsn_start *s)
{
  return r->p->window_kind == WINDOW_NONE ? TSN_TIME_MAX : r->partitions[s->partition].window_end;
}

/* When a timer edge completes; *good false: never (the edge is dead). */
int64_t tsn_timer_time(tsn_run *r, const tsn_path *i, const tsn_edge *e, bool *good)
{
  const tsn_timer_rec *t;
  tsn_eval eval = {.partition = &r->partitions[r->starts[i->start].partition],
                   .number = i->row,
                   .cells = tsn_path_cells(r, i),
                   .final = tsn_path_cells(r, i),
                   .label = TSN_NONE};
  tsn_cell value;
  int64_t time;
  *good = true;
  if (e->timer == TSN_NONE) {
    int64_t within = tsn_within_end(r, &r->starts[i->start]), window = tsn_window_end(r, &r->starts[i->start]);
    return within < window ? within : window;
  }
  t = &r->timers[e->timer];
  if (t->kind == TIMER_DURATION) return tsn_time_shift(r, i->tau, t->duration);
  if (!tsn_eval_code(r, &eval, &t->code, &value)) {
    const tsn_spot spot = {.partition = eval.partition, .number = i->row, .timed = i->row >= 0, .time = i->row_time};
    *good = tsn_fail_at(r, &spot, "the length of an absence", "");
    return 0;
  }
  time = tsn_time_length(r, &value);
  *good = !value.null && time >= (t->kind == TIMER_DEADLINE_CODE ? i->tau : 0);
  return t->kind == TIMER_DEADLINE_CODE ? time : tsn_time_shift(r, i->tau, time);
}

bool tsn_path_due(tsn_run *r, const tsn_path *i, const tsn_deadline *handled, int64_t *time, tsn_phase *phase)
{
  uint32_t count, k;
  const tsn_edge *edges = tsn_edges_of(r, i, &count);
  int64_t limit = tsn_within_end(r, &r->starts[i->start]);
  bool found = false;
  for (k = 0; k < count; k++) {
    const tsn_edge *e = &edges[k];
    int64_t at;
    tsn_phase how = PHASE_TIMER;
    bool good = true;
    if (!tsn_mask_get(tsn_path_mask(i), k)) continue;
    if (tsn_is_timer(e)) {
      at = tsn_timer_time(r, i, e, &good);
      if (!good || at > limit) continue; /* hopeless: it lives until WITHIN ends it */
    } else if (e->flags & EDGE_HAS_HI) {
      at = tsn_time_shift(r, i->tau, e->hi);
      how = PHASE_EXPIRE;
    } else {
      continue;
    }
    if (handled && (at < handled->time || (at == handled->time && (uint32_t)how <= handled->phase))) continue;
    if (!found || at < *time || (at == *time && how < *phase)) {
      *time = at;
      *phase = how;
    }
    found = true;
  }
  return found;
}

/* ---- deadlines ---- */

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
  if (r->queues && owner != OWNER_PARTITION) return true; /* a start that is only looked at */
  return tsn_deadlines_add(r, &r->deadlines, &d, is_live);
}

bool tsn_deadline_item(tsn_run *r, uint32_t item, const tsn_deadline *handled)
{
  const tsn_path *i = tsn_path_at(r, item);
  int64_t time;
  tsn_phase phase;
  if (!tsn_segment_of(r, i)->timed || !tsn_path_due(r, i, handled, &time, &phase)) return r->status == TOCSIN_OK;
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
