/* How far the output times of a run have come, for the patterns that read it.
 *
 * What rows and timers will still bring has the time of the run's watermark or a later
 * one. What was found already, but is not reported yet, may have an earlier time: a
 * success that an earlier start or a more preferred path holds back, a path over $ that
 * completes with its partition, a start that timed out and waits for its turn. Each
 * goes into a heap with its time; one that has been reported or dropped meanwhile leaves
 * a stale entry, as deadlines do. Starts that are tried one by one, and unmatched rows,
 * report rows of the past by themselves: of their partitions the oldest undecided row
 * counts. Rows that wait for those behind them have not been looked at at all. */
#include "run/run.h"

/* The number of the oldest row of a partition by which something may still be reported; -1: none. */
static int64_t oldest(const tsn_run *r, const tsn_partition *p)
{
  int64_t row = -1;
  if (r->p->sequential && p->first != TSN_NONE) row = r->starts[p->first].row;
  else if (r->p->sequential && p->rows < p->released) row = p->rows;
  if (r->p->empty_kind == MATCH_UNMATCHED && p->resolved < p->rows && (row < 0 || p->resolved < row)) row = p->resolved;
  return row;
}

static bool is_pending(const tsn_run *r, const tsn_deadline *d)
{
  const tsn_path *i;
  const tsn_start *s;
  switch ((tsn_owner)d->owner) {
  case OWNER_PATH:
    i = tsn_path_at(r, d->handle);
    return i->generation == d->generation && (i->state == ITEM_MATCH || (i->state == ITEM_WAIT && tsn_path_waits_for_end(r, i)));
  case OWNER_START:
    s = &r->starts[d->handle];
    return s->used && s->generation == d->generation && s->head == TSN_NONE && s->held != TSN_NONE && s->held_time == d->time &&
           s->held_moment == s->dead_moment;
  default: return r->partitions[d->handle].used && r->partitions[d->handle].generation == d->generation;
  }
}

bool tsn_pending_path(tsn_run *r, uint32_t item)
{
  const tsn_path *i = tsn_path_at(r, item);
  tsn_deadline d = {.time = i->tau, .owner = OWNER_PATH, .handle = item, .generation = i->generation};
  if (!r->tracks || !is_pending(r, &d)) return true;
  return tsn_deadlines_add(r, &r->pending, &d, is_pending);
}

bool tsn_pending_timeout(tsn_run *r, uint32_t start)
{
  tsn_deadline d = {.time = r->starts[start].held_time, .owner = OWNER_START, .handle = start, .generation = r->starts[start].generation};
  return !r->tracks || tsn_deadlines_add(r, &r->pending, &d, is_pending);
}

bool tsn_pending_partition(tsn_run *r, uint32_t part)
{
  tsn_partition *p = &r->partitions[part];
  tsn_deadline d = {.owner = OWNER_PARTITION, .handle = part, .generation = p->generation};
  int64_t row;
  if (!r->tracks || p->pending || (row = oldest(r, p)) < 0) return true;
  d.time = tsn_kept_row_at(r, p, row)->time;
  p->pending = 1;
  return tsn_deadlines_add(r, &r->pending, &d, is_pending);
}

/* The first entry is that of a partition: whether it is still of that time, else it gets its place anew. */
static bool renew(tsn_run *r, tsn_deadline d)
{
  tsn_partition *p = &r->partitions[d.handle];
  int64_t row = oldest(r, p);
  if (row >= 0 && tsn_kept_row_at(r, p, row)->time <= d.time) return true;
  tsn_deadlines_drop(&r->pending);
  p->pending = 0;
  if (row >= 0) tsn_pending_partition(r, d.handle); /* there is room: one was dropped */
  return false;
}

int64_t tsn_run_reached(tsn_run *r)
{
  const tsn_ahead *a = &r->ahead;
  int64_t reached = r->watermark;
  if (a->first < a->count && a->rows[a->first].time < reached) reached = a->rows[a->first].time;
  while (r->pending.count) {
    tsn_deadline first = r->pending.all[0];
    if (first.time >= reached) break;
    if (!is_pending(r, &first)) tsn_deadlines_drop(&r->pending);
    else if (first.owner != OWNER_PARTITION || renew(r, first)) return first.time;
  }
  return reached;
}
