/* Rows that wait for those behind them: NEXT reads later rows of a partition, and
 * whether $ holds is known when the next row is there, or cannot come.
 *
 * Such a pattern matches a row only when enough rows of its partition have
 * arrived, or the input is over. Rows wait in one queue for all partitions, in
 * their order, so that reading ahead delays decisions and never reorders them
 * (language page, section 7). The rows themselves lie in their partitions. */
#include "run/run.h"

bool tsn_ahead_add(tsn_run *r, int64_t time, uint64_t seq)
{
  tsn_ahead *a = &r->ahead;
  uint64_t hash = tsn_partition_hash(r);
  uint32_t part = tsn_partition_find(r, hash);
  part = tsn_partition_for(r, part, hash, time);
  if (part == TSN_NONE) return false;
  if (a->count - a->first >= r->max_rows)
    return tsn_run_fail(r, TOCSIN_LIMIT, "more than %llu rows wait for the rows behind them in their partitions, for NEXT or $",
                        (unsigned long long)r->max_rows);
  if (a->first > 1024 && a->first * 2 > a->count) { /* close the gap at the front */
    size_t i;
    for (i = a->first; i < a->count; i++) a->rows[i - a->first] = a->rows[i];
    a->count -= a->first;
    a->first = 0;
  }
  if (!tsn_alloc_grow(r->alloc, (void **)&a->rows, &a->cap, a->count + 1, sizeof *a->rows)) return tsn_run_nomem(r);
  r->row_seq = seq;
  tsn_changed(r, part);
  r->partitions[part].arrived++;
  if (!tsn_partition_keep(r, part, time)) return false;
  if (time > a->latest) a->latest = time;
  a->rows[a->count++] = (tsn_ahead_row){.time = time, .seq = seq, .part = part};
  return tsn_ahead_drain(r);
}

static bool is_ready(const tsn_run *r, const tsn_ahead_row *row)
{
  const tsn_partition *p = &r->partitions[row->part];
  if (r->p->window_kind && (p->complete || r->ahead.latest > tsn_partition_until(r, p))) return true; /* no row of this piece will come */
  if (r->p->whole_windows) return r->ahead.over;
  return r->ahead.over || p->arrived - p->released > (int64_t)r->p->ahead;
}

bool tsn_ahead_drain(tsn_run *r)
{
  tsn_ahead *a = &r->ahead;
  while (a->first < a->count && is_ready(r, &a->rows[a->first])) {
    tsn_ahead_row row = a->rows[a->first++];
    if (!tsn_run_waiting(r, row.part, row.time, row.seq)) return false;
  }
  if (a->first == a->count) {
    a->first = a->count = 0;
    return true;
  }
  /* What lies before the first row that waits is decided: patterns that read this one may already be told so. */
  return r->p->time_slot == TSN_NONE || a->rows[a->first].time == TSN_TIME_MIN || tsn_run_advance(r, a->rows[a->first].time - 1);
}

/* Time passes, but not beyond a row that waits. */
bool tsn_ahead_advance(tsn_run *r, int64_t limit)
{
  tsn_ahead *a = &r->ahead;
  if (limit >= a->latest && limit < INT64_MAX) {
    a->latest = limit + 1;
    if (!tsn_ahead_drain(r)) return false;
  }
  if (a->first < a->count && a->rows[a->first].time <= limit) limit = a->rows[a->first].time - 1;
  return tsn_run_advance(r, limit);
}

void tsn_ahead_clear(tsn_run *r) { tsn_alloc_free(r->alloc, r->ahead.rows, r->ahead.cap * sizeof *r->ahead.rows); }
