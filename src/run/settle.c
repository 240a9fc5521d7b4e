/* Which paths are reported, and when (language page, section 6.5).
 *
 * One match a start: the first start decides as soon as its most preferred path
 * has succeeded or nothing of it lives; then the next one, at the same moment if
 * it was only waiting for its turn. With NO SKIP every success is reported in
 * its moment. Reports of one time from several partitions are put in the order
 * of their starts by run.c. */
#include "base/time.h"
#include "run/trace.h"

/* A start with nothing left: whether it is reported as timed out. */
static bool timed_out(const tsn_run *r, const tsn_start *s)
{
  return r->p->timeouts && s->held != TSN_NONE && s->held_moment == s->dead_moment && s->matches == 0 && !s->succeeded;
}

int64_t tsn_settle_target(tsn_run *r, const tsn_partition *part, const tsn_found *m, const tsn_cell *cells)
{
  const tsn_spot spot = {.partition = part, .number = m->start, .timed = true, .time = m->start_time};
  const tsn_cell *to;
  const char *label;
  switch ((tsn_skip_kind)r->p->skip_kind) {
  case MATCH_SKIP_PAST_LAST: return m->last < 0 ? m->start + 1 : m->last + 1;
  case MATCH_SKIP_TO: break;
  default: return m->start + 1;
  }
  to = &cells[r->p->skip_cell];
  if (!to->null && to->v.i > m->start) return to->v.i;
  if (r->p->skip_miss_next) return m->start + 1;
  label = r->program->strings + r->p->skip_label;
  tsn_fail_at(r, &spot, "SKIP TO", label);
  if (to->null)
    tsn_run_fail(r, TOCSIN_RUNTIME, "the match has no row under %s; WITH (skip_miss = 'next row') goes on", label);
  else
    tsn_run_fail(r, TOCSIN_RUNTIME, "that is the first row of the match, which would be found for ever; WITH (skip_miss = 'next row') goes on");
  return -1;
}

/* WITH UNMATCHED ROWS: rows before `until` can no longer be mapped. */
static bool resolve(tsn_run *r, uint32_t part, int64_t until)
{
  if (r->p->empty_kind != MATCH_UNMATCHED) return true;
  while (r->partitions[part].resolved < until) {
    int64_t row = r->partitions[part].resolved++;
    if (!tsn_kept_row_at(r, &r->partitions[part], row)->mapped && !tsn_report_unmatched(r, part, row)) return false;
  }
  return true;
}

/* Marks the rows of a match, so that they are not shown as unmatched. */
static void mark_mapped(tsn_run *r, tsn_partition *part, const tsn_start *s, const tsn_path *i)
{
  uint32_t node = i->history;
  if (r->p->empty_kind != MATCH_UNMATCHED) return;
  if (node == TSN_NONE) tsn_kept_row_at(r, part, s->row)->mapped = 1; /* the row of an empty match */
  for (; node != TSN_NONE; node = r->history.all[node].parent)
    if (r->history.all[node].label != TSN_NONE) tsn_kept_row_at(r, part, r->history.all[node].at)->mapped = 1;
}

/* Starts that are tried one by one: the next one may begin at `row`. */
static void go_back(tsn_run *r, uint32_t part, int64_t row)
{
  tsn_partition *p = &r->partitions[part];
  if (!r->p->sequential || row >= p->rows) return;
  p->rows = row;
  tsn_quiet_restore(r, p, row);
}

bool tsn_settle_match(tsn_run *r, uint32_t part, uint32_t start, int64_t *target)
{
  const tsn_start *s = &r->starts[start];
  const tsn_path *i = tsn_path_at(r, s->head);
  const tsn_found found = {.start = s->row, .start_time = s->time, .last = i->row};
  *target = tsn_settle_target(r, &r->partitions[part], &found, tsn_path_cells(r, i));
  if (*target < 0) return false;
  mark_mapped(r, &r->partitions[part], s, tsn_path_at(r, s->head));
  if (!tsn_report(r, start, s->head, false, tsn_path_at(r, s->head)->tau)) return false;
  tsn_start_free(r, start);
  return true;
}

static bool settle_one(tsn_run *r, uint32_t part)
{
  uint32_t start;
  while ((start = r->partitions[part].first) != TSN_NONE) {
    tsn_start *s = &r->starts[start];
    int64_t target, row = s->row;
    if (s->head == TSN_NONE) {
      if (!resolve(r, part, row)) return false;
      if (timed_out(r, &r->starts[start]) && !tsn_report(r, start, r->starts[start].held, true, r->starts[start].held_time)) return false;
      tsn_start_free(r, start);
      go_back(r, part, row + 1);
      continue;
    }
    if (tsn_path_at(r, s->head)->state != ITEM_MATCH) break;
    if (!resolve(r, part, row)) return false;
    if (!tsn_settle_match(r, part, start, &target)) return false;
    if (target > r->partitions[part].allowed) r->partitions[part].allowed = target;
    go_back(r, part, target);
    while ((start = r->partitions[part].first) != TSN_NONE && r->starts[start].row < target) {
      if (r->trace) tsn_trace_swallowed(r, start);
      tsn_start_free(r, start);
    }
  }
  start = r->partitions[part].first;
  return resolve(r, part, start == TSN_NONE ? r->partitions[part].rows : r->starts[start].row);
}

/* Whether the same path, by a more preferred way over $, completes with the partition. */
static bool ends_later(const tsn_run *r, uint32_t start, uint32_t match)
{
  uint32_t item, same = tsn_history_same(r, tsn_path_at(r, match)->history);
  for (item = r->p->has_last ? r->starts[start].head : match; item != match; item = tsn_path_at(r, item)->next) {
    const tsn_path *i = tsn_path_at(r, item);
    if (i->state == ITEM_WAIT && tsn_path_waits_for_end(r, i) && tsn_history_same(r, i->history) == same) return true;
  }
  return false;
}

static bool settle_all(tsn_run *r, uint32_t part)
{
  uint32_t start = r->partitions[part].first;
  while (start != TSN_NONE) {
    uint32_t next = r->starts[start].next, item = r->starts[start].head;
    while (item != TSN_NONE) {
      uint32_t after = tsn_path_at(r, item)->next;
      if (tsn_path_at(r, item)->state == ITEM_MATCH) {
        const tsn_path *i = tsn_path_at(r, item);
        uint32_t same = r->p->ambiguous ? tsn_history_same(r, i->history) : TSN_NONE;
        bool again = same != TSN_NONE && ((r->history.all[same].flags & HIST_REPORTED) || ends_later(r, start, item));
        if (same != TSN_NONE && !again) r->history.all[same].flags |= HIST_REPORTED;
        r->starts[start].matches++;
        if (!again && !tsn_report(r, start, item, false, i->tau)) return false;
        tsn_path_unlink(r, item);
        tsn_path_free(r, item);
      }
      item = after;
    }
    if (r->starts[start].head == TSN_NONE) {
      if (timed_out(r, &r->starts[start]) && !tsn_report(r, start, r->starts[start].held, true, r->starts[start].held_time)) return false;
      tsn_start_free(r, start);
    }
    start = next;
  }
  return true;
}

/* What is decided; and where a limit is passed the first start is, by being dropped. */
static bool settle_now(tsn_run *r, uint32_t part)
{
  for (;;) {
    if (!(r->one_match ? settle_one(r, part) : settle_all(r, part))) return false;
    if (!r->p->drops) return true;
    tsn_partition_trim(r, part);
    if (!tsn_drop_due(r, part)) return true;
    tsn_drop_first(r, part);
  }
}

/* Lets a start that was tried late come to `time`. Whatever was due before is of this partition alone: the others are
 * past it. *any: something was due. */
static bool pass_time(tsn_run *r, uint32_t part, int64_t time, bool *any)
{
  int64_t last = time;
  tsn_deadline d;
  *any = false;
  while (r->p->time_slot != TSN_NONE && time > TSN_TIME_MIN && tsn_deadline_pop(r, time - 1, &d)) {
    r->moment += d.time != last;
    last = d.time;
    *any = true;
    if (!tsn_run_act(r, &d)) return false;
  }
  return settle_now(r, part);
}

/* Where conditions read MATCH_NUMBER(), a start can only be tried when all before
 * it are decided: then its rows are gone through from the kept ones. What that
 * decides is decided in this moment. */
static bool catch_up(tsn_run *r, uint32_t part)
{
  r->partitions[part].touched = 1; /* what its timers decide is settled here, and not again later */
  while (r->partitions[part].rows < r->partitions[part].released) {
    int64_t row = r->partitions[part].rows, time = tsn_kept_row_at(r, &r->partitions[part], row)->time;
    bool any;
    if (!pass_time(r, part, time, &any)) return false;
    if (r->partitions[part].rows <= row) { /* else a timer has decided, and the next start lies before */
      r->moment++;
      tsn_run_load(r, part, r->partitions[part].rows++);
      if (!tsn_paths_row(r, part, tsn_kept_row_at(r, &r->partitions[part], r->partitions[part].rows - 1)->time)) return false;
      if (!settle_now(r, part)) return false;
    }
  }
  return true;
}

/* A window has closed: what waited in it is lost, one start after the other. */
static bool settle_closed(tsn_run *r, uint32_t part)
{
  while (r->partitions[part].first != TSN_NONE) {
    int64_t end = r->partitions[part].window_end;
    bool any = false;
    if (r->p->sequential && !pass_time(r, part, end, &any)) return false;
    if (!any) {
      r->moment++;
      if (!tsn_paths_close(r, part, end) || !settle_one(r, part)) return false;
    }
    if (!catch_up(r, part)) return false;
  }
  tsn_partition_drop(r, part);
  return true;
}

bool tsn_settle(tsn_run *r, uint32_t part)
{
  tsn_changed(r, part);
  if (r->queues) return tsn_queues_settle(r, part);
  if (!settle_now(r, part)) return false;
  if (r->p->sequential && !catch_up(r, part)) return false;
  if (r->partitions[part].closing) return settle_closed(r, part);
  r->partitions[part].touched = 0;
  tsn_partition_trim(r, part);
  if (!tsn_pending_partition(r, part)) return false;
  if (r->partitions[part].first == TSN_NONE && !r->p->keep_idle && r->partitions[part].arrived == r->partitions[part].rows)
    tsn_partition_drop(r, part);
  return true;
}
