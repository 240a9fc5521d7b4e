/* A partition: what it counts, its kept rows, then what its tier keeps. */
#include <string.h>

#include "state/state.h"

enum { FORM_PATHS, FORM_QUEUE, FORM_GRAPH, FORMS };

/* ---- rows ---- */

static void code_kept(tsn_codec *c, const tsn_automaton *a, uint32_t part, bool queue, size_t at)
{
  tsn_run *r = c->r;
  tsn_partition *p = &r->partitions[part];
  tsn_kept_row row = {.seq = 0}, *kept = NULL;
  tsn_cell *cells;
  uint32_t k, quiet = r->p->sequential ? r->p->start_absences.count : 0;
  int64_t *before;
  if (!c->loading) row = *(kept = tsn_kept_row_at(r, p, p->base + (int64_t)at));
  tsn_code_u64(c, &row.seq);
  tsn_code_i64(c, &row.time);
  tsn_code_u32(c, &row.mapped, 1);
  if (queue && p->base + (int64_t)at < p->rows) tsn_code_class(c, a, &row.class);
  if (c->loading) {
    int64_t base = p->base, arrived = p->arrived;
    if (queue && base + (int64_t)at < p->rows) tsn_code_check(c, row.class != TSN_NONE);
    if (!tsn_codec_good(c) || !(cells = tsn_partition_append(r, p, &row))) return;
    p->base = base;
    p->arrived = arrived;
    kept = tsn_kept_row_at(r, p, base + (int64_t)at);
    tsn_partition_lose(r, cells, 0);
  }
  cells = tsn_kept_cells(kept);
  for (k = 0; k < r->kept_count; k++) tsn_code_cell(c, &cells[k], r->slot_is_text[r->kept_slots[k]]);
  before = (int64_t *)(void *)(cells + r->kept_count);
  for (k = 0; k < quiet; k++) tsn_code_i64(c, &before[k]);
}

static void code_rows(tsn_codec *c, const tsn_automaton *a, uint32_t part, bool queue)
{
  tsn_run *r = c->r;
  tsn_partition *p = &r->partitions[part];
  size_t count = p->kept, k;
  bool keeps = r->p->behind || r->needs_rows || r->p->ahead || r->queues || r->kept_count;
  tsn_code_count(c, &count);
  tsn_code_i64(c, &p->base);
  tsn_code_check(c, !count || (keeps && p->base >= 0 && count <= TSN_ROWS_MAX && p->base + (int64_t)count == p->arrived && p->base <= p->rows));
  for (k = 0; k < count && tsn_codec_good(c); k++) code_kept(c, a, part, queue, k);
}

/* ---- counts ---- */

static void code_counts(tsn_codec *c, tsn_partition *p, uint32_t part)
{
  tsn_run *r = c->r;
  const tsn_partition *before = p->before == TSN_NONE ? NULL : &r->partitions[p->before];
  bool behind = before && before->used && before->generation == p->before_generation;
  uint32_t k;
  tsn_code_i64(c, &p->rows);
  tsn_code_i64(c, &p->arrived);
  tsn_code_i64(c, &p->released);
  tsn_code_i64(c, &p->allowed);
  tsn_code_i64(c, &p->last_time);
  tsn_code_i64(c, &p->idle_row);
  tsn_code_i64(c, &p->number);
  tsn_code_i64(c, &p->resolved);
  tsn_code_i64(c, &p->caught_up);
  tsn_code_i64(c, &p->caught_up_time);
  tsn_code_check(c, p->rows >= 0 && p->rows <= p->released && p->released <= p->arrived && p->arrived <= INT64_MAX / 4);
  tsn_code_check(c, (r->p->ahead || r->p->whole_windows || p->released == p->arrived) && (r->p->sequential || p->rows == p->released));
  tsn_code_check(c, p->allowed >= 0 && p->resolved >= 0 && p->resolved <= p->rows && p->number >= 0);
  for (k = 0; k < r->p->start_absences.count; k++) tsn_code_i64(c, &p->quiet[k]);
  if (!r->p->window_kind) return;
  tsn_code_u32(c, &p->complete, 1);
  tsn_code_u32(c, &p->closing, 1);
  tsn_code_i64(c, &p->window_end);
  tsn_code_bool(c, &behind);
  if (!behind) return;
  /* The piece before it is found by when it began. */
  if (!c->loading) {
    int64_t start = before->window_start;
    tsn_code_i64(c, &start);
    return;
  }
  tsn_code_i64(c, &c->piece);
  p->before = part; /* until all pieces are there */
}

/* ---- deadlines ---- */

static bool arm_items(tsn_run *r, uint32_t part)
{
  uint32_t start, item;
  for (start = r->partitions[part].first; start != TSN_NONE; start = r->starts[start].next) {
    const tsn_start *s = &r->starts[start];
    if (r->p->within_kind == WITHIN_TIME && s->head != TSN_NONE &&
        !tsn_deadline_push(r, tsn_within_end(r, s), PHASE_EXPIRE, OWNER_START, start, s->generation))
      return false;
    for (item = s->head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
      if (tsn_path_at(r, item)->state != ITEM_MATCH && !tsn_deadline_item(r, item, NULL)) return false;
      if (!tsn_pending_path(r, item)) return false;
    }
    if (s->held != TSN_NONE && !tsn_pending_timeout(r, start)) return false;
  }
  return true;
}

static bool arm(tsn_run *r, uint32_t part)
{
  const tsn_partition *p = &r->partitions[part];
  if (r->p->window_kind && !tsn_deadline_push(r, p->window_end, PHASE_CLOSE, OWNER_PARTITION, part, p->generation)) return false;
  if (!arm_items(r, part)) return false;
  return (!r->queues || tsn_queue_arm(r, part)) && tsn_pending_partition(r, part);
}

/* ---- all ---- */

/* What the form is read into, whatever form the run has by now. */
static void code_form(tsn_codec *c, const tsn_automaton *a, uint32_t part, uint32_t form)
{
  tsn_run *r = c->r;
  bool queues = r->queues;
  if (c->loading) r->queues = form == FORM_QUEUE;
  code_rows(c, a, part, form == FORM_QUEUE);
  if (tsn_codec_good(c) && form != FORM_GRAPH) tsn_state_starts(c, a, part);
  if (tsn_codec_good(c) && form == FORM_QUEUE) tsn_state_queue(c, a, part);
  if (tsn_codec_good(c) && form == FORM_GRAPH) tsn_state_graph(c, part);
  r->queues = queues;
}

void tsn_state_partition(tsn_codec *c, const tsn_automaton *a, uint32_t part)
{
  tsn_run *r = c->r;
  uint32_t form = r->graph ? FORM_GRAPH : r->queues ? FORM_QUEUE : FORM_PATHS;
  tsn_code_u32(c, &form, FORMS - 1);
  tsn_code_check(c, (form == FORM_GRAPH) == (r->graph != NULL));
  tsn_code_check(c, form != FORM_QUEUE || (r->shapes && tsn_tier_of(r->program, r->index) == TIER_TABLE));
  if (tsn_codec_good(c)) code_counts(c, &r->partitions[part], part);
  if (tsn_codec_good(c)) code_form(c, a, part, form);
  if (!c->loading || !tsn_codec_good(c)) return;
  if (form == FORM_PATHS && r->queues && !tsn_queues_leave(r, r->partitions[part].last_time)) return;
  if (form == FORM_QUEUE && !r->queues && !tsn_queue_leave(r, part, r->partitions[part].last_time)) return;
  arm(r, part);
}
