/* One pattern at work: rows in their order, and the times between them.
 *
 * What happens happens in moments. A row is a moment; so is a time at which a
 * timer completes or a bound runs out, after the rows of that time. Moments come
 * in the order of the data, each is settled before the next, and the reports of
 * one time are put in the order of their starts: so the output is a property of
 * the data, whatever the batches and whenever the watermark came. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "program/code.h"
#include "program/tier.h"
#include "run/guards.h"
#include "run/queue.h"
#include "run/trace.h"
#include "run/window.h"

/* ---- making and unmaking ---- */

static void find_texts(tsn_run *r)
{
  uint32_t i, k;
  for (i = 0; i < r->slot_count; i++) {
    r->slot_is_text[i] = tsn_is_text(r->slot_types[i]);
    r->any_text = r->any_text || r->slot_is_text[i];
  }
  for (i = 0; i < r->p->regs.count; i++) {
    const tsn_reg_rec *reg = &r->regs[i];
    for (k = 0; k < reg->cells; k++) {
      char kind = reg->held && k >= tsn_aggregate_table[reg->aggregate].cell_count ? 'N'
                  : reg->kind == REG_AGG ? tsn_aggregate_table[reg->aggregate].cells[k]
                  : reg->kind == REG_FIRST && k == 0 ? 'N'
                                                       : 'X';
      bool text = kind != 'N' && tsn_is_text(kind == 'Y' ? reg->type2 : reg->type);
      r->cell_is_text[reg->cell + k] = text;
      r->any_text = r->any_text || text;
    }
  }
}

/* Columns that are read from kept rows: all of them for a replay, else what PREV names (see_code); in the table tier what registers
 * read. Which labels a row is under is kept as its class there. */
static void find_kept(tsn_run *r)
{
  uint32_t i;
  for (i = 0; r->queues && i < r->p->regs.count; i++) {
    tsn_code_columns(r->program, &r->regs[i].value, r->slot_kept);
    tsn_code_columns(r->program, &r->regs[i].value2, r->slot_kept);
  }
  if (r->queues && r->p->time_slot != TSN_NONE) r->slot_kept[r->p->time_slot] = true; /* messages tell it */
  for (i = 0; r->queues && r->guards && i < r->p->labels.count; i++) tsn_code_columns(r->program, &r->labels[i].condition, r->slot_kept);
  for (i = 0; i < r->slot_count; i++) r->slot_kept[i] = r->slot_kept[i] || r->needs_rows || r->p->ahead;
}

/* Where they stand in a kept row. The time of a row is there anyway. */
static void lay_kept(tsn_run *r)
{
  bool has_time = r->p->parts.count == 1 && r->sources[0].plain && r->p->time_slot != TSN_NONE && r->p->time_type != TOCSIN_DOUBLE;
  uint32_t i;
  for (i = 0; i < r->slot_count; i++) {
    r->kept_place[i] = !r->slot_kept[i] ? TSN_NONE : has_time && i == r->p->time_slot ? TSN_KEPT_TIME : r->kept_count;
    if (r->kept_place[i] == r->kept_count) r->kept_slots[r->kept_count++] = i;
  }
  r->kept_stride = sizeof(tsn_kept_row) + r->kept_count * sizeof(tsn_cell) + (r->p->sequential ? r->p->start_absences.count * sizeof(int64_t) : 0);
}

static void init_cells(tsn_run *r)
{
  uint32_t i, k;
  for (k = 0; k < r->p->cells; k++) r->empty_cells[k] = (tsn_cell){.null = 1};
  for (i = 0; i < r->p->regs.count; i++) {
    const tsn_reg_rec *reg = &r->regs[i];
    if (reg->kind == REG_FIRST || (reg->kind == REG_AGG && reg->aggregate == AGG_COUNT)) r->empty_cells[reg->cell] = (tsn_cell){.null = 0};
  }
}

/* What all code of the pattern needs, in one pass: programs may have many patterns. */
typedef struct needs {
  uint32_t stack;
  bool counts_rows; /* measures ask how many rows a match has, */
  bool path;        /* or for all of them */
} needs;

static void see_code(tsn_run *r, const tsn_code *code, needs *n)
{
  const tsn_instr *in = r->program->instrs + code->instrs.first, *end = in + code->instrs.count;
  if (code->stack > n->stack) n->stack = code->stack;
  for (; in < end; in++) {
    if (in->op == OP_PREV && in->a < r->slot_count) r->slot_kept[in->a] = true;
    n->counts_rows = n->counts_rows || (in->op == OP_MATCH && in->a == MATCH_VALUE_ROWS);
    n->path = n->path || (in->op == OP_MATCH && in->a == MATCH_VALUE_PATH);
  }
}

static void see_part(tsn_run *r, const tsn_part_rec *part, needs *n)
{
  uint32_t k;
  see_code(r, &part->where, n);
  for (k = 0; k < part->values.count; k++) see_code(r, &r->program->values[part->values.first + k].code, n);
  for (k = 0; k < part->keys.count; k++) see_code(r, &r->program->values[part->keys.first + k].code, n);
  for (k = 0; k < part->lates.count; k++) see_code(r, &r->program->lates[part->lates.first + k].code, n);
}

static needs see_all_code(tsn_run *r)
{
  needs n = {.stack = 1};
  uint32_t i;
  for (i = 0; i < r->p->labels.count; i++) see_code(r, &r->labels[i].condition, &n);
  for (i = 0; i < r->p->timers.count; i++) see_code(r, &r->timers[i].code, &n);
  for (i = 0; i < r->p->regs.count; i++) {
    see_code(r, &r->regs[i].value, &n);
    see_code(r, &r->regs[i].value2, &n);
  }
  for (i = 0; i < r->p->inner.count; i++) see_code(r, &r->program->inner[r->p->inner.first + i].code, &n);
  for (i = 0; i < r->p->outputs.count; i++) see_code(r, &r->program->outputs[r->p->outputs.first + i].code, &n);
  see_code(r, &r->p->where, &n);
  for (i = 0; i < r->p->parts.count; i++) see_part(r, &r->program->parts[r->p->parts.first + i], &n);
  return n;
}

tocsin_status tsn_run_init(tsn_run *r, const tocsin_program *program, uint32_t pattern, tsn_alloc *alloc, tsn_output *output,
                           uint64_t max_paths, uint64_t max_rows)
{
  const tsn_pattern_rec *p = &program->patterns[pattern];
  needs n;
  uint32_t i;
  tocsin_status st;
  memset(r, 0, sizeof *r);
  r->program = program;
  r->p = p;
  r->index = pattern;
  r->alloc = alloc;
  r->output = output;
  r->max_paths = max_paths;
  r->max_rows = max_rows < TSN_ROWS_MAX ? max_rows : TSN_ROWS_MAX;
  r->nodes = program->nodes + p->nodes.first;
  r->loops = program->loops + p->loops.first;
  r->timers = program->timers + p->timers.first;
  r->labels = program->labels + p->labels.first;
  r->regs = program->regs + p->regs.first;
  r->targets = program->indices + p->targets.first;
  r->slot_count = p->slots.count;
  r->one_match = p->skip_kind != MATCH_SKIP_NONE;
  r->watermark = r->ahead.latest = TSN_TIME_MIN;
  r->item_free = r->start_free = r->partition_free = r->last_partition = r->history.free = TSN_NONE;
  r->texts.alloc = alloc;
  tsn_map_init(&r->partition_map, alloc);
  tsn_map_init(&r->history.moment, alloc);
  tsn_map_init(&r->merge, alloc);
  tsn_race_init(r);
  tsn_changes_init(&r->changes, alloc);
  tsn_arena_init(&r->scratch, alloc, 0);
  tsn_arena_init(&r->row_texts, alloc, 0);
  r->row_epoch = 1;
  r->needs_rows = p->all_rows || p->lists || p->sequential || p->empty_kind == MATCH_UNMATCHED;
  r->absorbs = p->skip_kind == MATCH_SKIP_PAST_LAST && p->within_kind == WITHIN_NONE && !p->has_timers && !p->has_bounds && !p->has_last &&
               !p->timeouts && !p->sequential && !p->drops; /* what one start stands for would go with it */
  r->races = p->has_timers;
  for (i = 0; i < p->nodes.count; i++) r->races = r->races || r->nodes[i].kind == NODE_ABSENCE;
  for (i = 0; i < p->nodes.count; i++) /* an absence up to the end of a window needs no row either */
    if (p->window_kind && r->nodes[i].kind == NODE_ABSENCE) r->absorbs = false;
  for (i = 0; i < p->regs.count; i++) r->needs_rows = r->needs_rows || r->regs[i].in_replay;
  if (!(r->slot_kept = tsn_alloc_array(alloc, r->slot_count + 1, sizeof *r->slot_kept))) return TOCSIN_NOMEM;
  n = see_all_code(r);
  r->needs_rows = r->needs_rows || (n.path && p->history);
  r->block_row = TSN_NONE;
  r->queues = tsn_tier_of(program, pattern) == TIER_TABLE;
  if (!tsn_junctions_init(r) || !tsn_paths_widen(r, 1) || !tsn_gather_init(r) || !tsn_bags_init(r) || !tsn_guards_init(r) || !tsn_sweep_init(r) || !tsn_shapes_init(r) ||
      !tsn_graph_init(r))
    return r->status;
#define NEED(field, count) \
  if (!(r->field = tsn_alloc_array(alloc, (count) + 1, sizeof *r->field))) return TOCSIN_NOMEM
  NEED(slot_types, r->slot_count);
  NEED(slot_is_text, r->slot_count);
  NEED(kept_slots, r->slot_count);
  NEED(kept_place, r->slot_count);
  NEED(cell_is_text, p->cells);
  NEED(empty_cells, p->cells);
  NEED(new_cells, p->cells);
  NEED(full, p->cells);
  NEED(full_final, p->cells);
  NEED(new_counters, p->counters);
  NEED(label_epoch, p->labels.count);
  NEED(label_value, p->labels.count);
  NEED(row, r->slot_count);
  NEED(replay_row, r->slot_count);
  NEED(past_row, r->slot_count);
  NEED(inner, p->inner.count);
  NEED(lists, p->lists);
  for (i = 0; i <= p->lists; i++) tsn_bytes_init(&r->lists[i], alloc, TSN_LIST_MAX);
  NEED(final_lists, p->lists);
  for (i = 0; i <= p->lists; i++) tsn_bytes_init(&r->final_lists[i], alloc, TSN_LIST_MAX);
  for (i = 0; i < r->slot_count; i++) r->slot_types[i] = (uint8_t)program->indices[p->slots.first + i];
  find_texts(r);
  find_kept(r);
  init_cells(r);
  r->stack_cells = n.stack;
  NEED(stack, r->stack_cells);
#undef NEED
  r->queues = r->queues && r->shapes;
  r->retraces = r->queues && !(r->races && p->within_kind == WITHIN_ROWS) && !r->needs_rows && !p->history && !r->bags.cell_count;
  r->absorbs = r->absorbs && !r->guards; /* of two starts each has its own future */
  r->collapses = r->retraces && !r->races && !r->guards && !p->window_kind && !p->keep_idle && p->within_kind != WITHIN_ROWS && !n.counts_rows;
  st = tsn_sources_init(r);
  if (st != TOCSIN_OK) return st;
  lay_kept(r);
  tsn_room_plan(r);
  return tsn_retrace_init(r) ? TOCSIN_OK : r->status;
}

void tsn_run_clear(tsn_run *r)
{
  const tsn_pattern_rec *p = r->p;
  size_t i;
  if (!r->alloc) return;
  for (i = 0; i < r->partition_count; i++)
    tsn_partition_clear(r, &r->partitions[i]);
  tsn_reorder_clear(r);
  tsn_sources_clear(r);
  tsn_group_clear(r);
  tsn_ahead_clear(r);
  tsn_junctions_clear(r);
  tsn_gather_clear(r);
  tsn_sweep_clear(r);
  tsn_guards_clear(r);
  tsn_queues_block_clear(r);
  tsn_retrace_clear(r);
  tsn_shapes_clear(r);
  tsn_graph_clear(r);
  tsn_trace_clear(r);
  tsn_bags_clear(r);
  tsn_run_regexes_clear(r);
#define DROP(field, count) tsn_alloc_free(r->alloc, r->field, ((size_t)(count)) * sizeof *r->field)
  for (i = 0; r->lists && i <= p->lists; i++) tsn_bytes_clear(&r->lists[i]);
  for (i = 0; r->final_lists && i <= p->lists; i++) tsn_bytes_clear(&r->final_lists[i]);
  DROP(slot_types, r->slot_count + 1);
  DROP(slot_is_text, r->slot_count + 1);
  DROP(slot_kept, r->slot_count + 1);
  DROP(kept_place, r->slot_count + 1);
  DROP(kept_slots, r->slot_count + 1);
  DROP(cell_is_text, p->cells + 1);
  DROP(empty_cells, p->cells + 1);
  DROP(new_cells, p->cells + 1);
  DROP(full, p->cells + 1);
  DROP(full_final, p->cells + 1);
  DROP(new_counters, p->counters + 1);
  DROP(label_epoch, p->labels.count + 1);
  DROP(label_value, p->labels.count + 1);
  DROP(row, r->slot_count + 1);
  DROP(replay_row, r->slot_count + 1);
  DROP(past_row, r->slot_count + 1);
  DROP(inner, p->inner.count + 1);
  DROP(lists, p->lists + 1);
  DROP(final_lists, p->lists + 1);
  DROP(stack, r->stack_cells + 1);
  DROP(partitions, r->partition_cap);
  DROP(starts, r->start_cap);
  DROP(deadlines.all, r->deadlines.cap);
  DROP(pending.all, r->pending.cap);
  DROP(touched, r->touched_cap);
  tsn_changes_clear(r, &r->changes);
  DROP(takes, r->takes_cap);
  DROP(chain, r->chain_cap);
#undef DROP
  tsn_alloc_free(r->alloc, r->history.all, r->history.cap * sizeof *r->history.all);
  tsn_alloc_free(r->alloc, r->items, r->item_cap * r->item_stride);
  tsn_texts_release(r);
  tsn_alloc_free(r->alloc, r->texts.data, r->texts.cap);
  tsn_map_clear(&r->partition_map);
  tsn_map_clear(&r->history.moment);
  tsn_map_clear(&r->merge);
  tsn_race_clear(r);
  tsn_arena_clear(&r->scratch);
  tsn_arena_clear(&r->row_texts);
}

/* ---- moments ---- */

/* of_time: what happens is not a row's. */
static void begin_moment(tsn_run *r, int64_t time, bool of_time)
{
  r->moment++;
  r->moment_time = time;
  r->moment_of_time = of_time;
  if (r->texts.retired_count) tsn_texts_release(r);
  if (r->p->ambiguous) tsn_map_reset(&r->history.moment);
  if (r->scratch.total) tsn_arena_clear(&r->scratch);
}

static bool touch(tsn_run *r, uint32_t part)
{
  tsn_changed(r, part);
  if (r->partitions[part].touched) return true;
  if (!tsn_alloc_grow(r->alloc, (void **)&r->touched, &r->touched_cap, r->touched_count + 1, sizeof *r->touched)) return tsn_run_nomem(r);
  r->partitions[part].touched = 1;
  r->touched[r->touched_count++] = part;
  return true;
}

static bool settle_touched(tsn_run *r)
{
  size_t i;
  for (i = 0; i < r->touched_count; i++) {
    if (!tsn_settle(r, r->touched[i])) return false;
    r->partitions[r->touched[i]].touched = 0;
  }
  r->touched_count = 0;
  return true;
}

bool tsn_run_act(tsn_run *r, const tsn_deadline *d)
{
  uint32_t start;
  if (d->owner == OWNER_PARTITION && d->phase != PHASE_CLOSE)
    return r->graph ? tsn_graph_expire(r, d->handle, d->time) : !r->queues || (touch(r, d->handle) && tsn_queues_due(r, d->handle, d));
  if (d->owner == OWNER_PARTITION) {
    const tsn_partition *p = &r->partitions[d->handle];
    if (p->window_end > d->time) /* rows have come since: the session goes on */
      return tsn_deadline_push(r, p->window_end, PHASE_CLOSE, OWNER_PARTITION, d->handle, p->generation);
    return touch(r, d->handle) && tsn_paths_close(r, d->handle, d->time);
  }
  start = d->owner == OWNER_START ? d->handle : tsn_path_at(r, d->handle)->start;
  if (!touch(r, r->starts[start].partition)) return false;
  if (d->phase == PHASE_TIMER) return tsn_paths_fire(r, d->handle, d->time);
  if (!tsn_paths_expire(r, start, d->time)) return false;
  if (d->owner == OWNER_START || tsn_path_at(r, d->handle)->generation != d->generation || tsn_path_at(r, d->handle)->state == ITEM_FREE) return true;
  return tsn_deadline_item(r, d->handle, d);
}

bool tsn_run_advance(tsn_run *r, int64_t limit)
{
  tsn_deadline d;
  while (tsn_deadline_pop(r, limit, &d)) {
    size_t from = tsn_output_mark(r->output);
    int64_t time = d.time;
    bool more = true;
    begin_moment(r, time, true);
    while (more) {
      int64_t at = d.time; /* of a start that was tried only now it may lie before */
      do {
        if (!tsn_run_act(r, &d)) return false;
      } while (tsn_deadline_pop(r, at, &d));
      if (r->status || !settle_touched(r)) return false;
      more = tsn_deadline_pop(r, time, &d); /* such a start may end at the same time */
      r->moment += more;
    }
    if (!tsn_drop_bytes(r, from)) return false;
    if (!tsn_output_sort(r->output, from)) return tsn_run_nomem(r);
  }
  return r->status == TOCSIN_OK;
}

/* Whether the row at hand can begin a path in a partition that remembers nothing. */
static bool could_begin(tsn_run *r, bool *could)
{
  static const tsn_partition nobody = {.rows = 1};
  uint32_t junction = tsn_junction_start(r, false), k;
  const tsn_junction *j;
  *could = false;
  if (junction == TSN_NONE) return false;
  j = &r->junctions.all[junction];
  for (k = 0; k < j->segment_count && !*could; k++)
    if (r->junctions.segments[j->segment_first + k].accept && r->one_match) *could = true;
  for (k = 0; k < j->edge_count && !*could; k++) {
    const tsn_edge *e = &r->junctions.edges[j->edge_first + k];
    if (e->kind <= EDGE_ANY && !tsn_eval_label(r, &nobody, e->label, r->empty_cells, could)) return false;
  }
  return true;
}

bool tsn_run_arrive(tsn_run *r, int64_t time)
{
  uint64_t seq = r->next_seq++;
  /* Starts tried one by one go through kept rows whenever one is decided, also while time passes before this row. */
  return r->p->ahead || r->p->sequential ? tsn_ahead_add(r, time, seq) : tsn_run_row(r, time, seq);
}

void tsn_run_begin_row(tsn_run *r, int64_t time, uint64_t seq)
{
  begin_moment(r, time, false);
  r->reports_from = tsn_output_mark(r->output);
  r->row_epoch++;
  r->row_seq = seq;
}

bool tsn_run_close_before(tsn_run *r, uint32_t part)
{
  tsn_partition *p = &r->partitions[part];
  uint32_t before = p->before;
  if (before == TSN_NONE) return true;
  p->before = TSN_NONE;
  if (!r->partitions[before].used || r->partitions[before].generation != p->before_generation) return true;
  tsn_changed(r, before);
  begin_moment(r, r->partitions[before].window_end, true);
  tsn_output_mark(r->output);
  return tsn_paths_close(r, before, r->partitions[before].window_end) && tsn_settle(r, before);
}

void tsn_run_load(tsn_run *r, uint32_t part, int64_t row)
{
  tsn_kept_row *kept = tsn_kept_row_at(r, &r->partitions[part], row);
  uint32_t k;
  for (k = 0; k < r->slot_count; k++) tsn_kept_load(r, kept, k, &r->row[k]);
  r->row_seq = kept->seq;
  r->row_epoch++;
  r->block_row = TSN_NONE;
}

/* The first start is undecided, and nothing else waits for this row. */
static bool nothing_to_settle(const tsn_run *r, uint32_t part)
{
  const tsn_partition *p = &r->partitions[part];
  return r->shapes && !tsn_drop_due(r, part) && p->first != TSN_NONE && !p->kept && tsn_shapes_undecided(r, p->first);
}

/* The row at hand, the newest that is released in its partition, is matched over. */
static bool match_row(tsn_run *r, uint32_t part, int64_t time)
{
  tsn_changed(r, part);
  r->partitions[part].released++;
  if (r->graph) {
    r->partitions[part].rows++;
    return tsn_graph_row(r, part, time) && tsn_texts_collect(r);
  }
  if (!r->p->sequential) {
    r->partitions[part].rows++;
    if (!(r->queues ? tsn_queues_row : tsn_paths_row)(r, part, time)) return false;
  }
  return (nothing_to_settle(r, part) || tsn_settle(r, part)) && tsn_drop_bytes(r, r->reports_from) && tsn_texts_collect(r);
}

bool tsn_run_waiting(tsn_run *r, uint32_t part, int64_t time, uint64_t seq)
{
  if (r->p->time_slot != TSN_NONE && time > TSN_TIME_MIN && !tsn_run_advance(r, time - 1)) return false;
  if (!tsn_run_close_before(r, part)) return false;
  tsn_run_begin_row(r, time, seq);
  tsn_run_load(r, part, r->partitions[part].released);
  return match_row(r, part, time);
}

bool tsn_run_row(tsn_run *r, int64_t time, uint64_t seq)
{
  uint64_t hash;
  uint32_t part;
  if (r->p->time_slot != TSN_NONE && time > TSN_TIME_MIN && !tsn_run_advance(r, time - 1)) return false;
  tsn_run_begin_row(r, time, seq);
  hash = tsn_partition_hash(r);
  part = tsn_partition_find(r, hash);
  if (part == TSN_NONE) {
    bool could = true;
    if (!r->p->keep_idle && !could_begin(r, &could)) return false;
    if (!could) return true;
  }
  part = tsn_partition_for(r, part, hash, time);
  if (part == TSN_NONE) return false;
  if (r->partitions[part].before != TSN_NONE) {
    if (!tsn_run_close_before(r, part)) return false;
    tsn_run_begin_row(r, time, seq);
  }
  r->partitions[part].arrived++;
  if (!tsn_partition_keep(r, part, time) || !match_row(r, part, time)) return false;
  r->looks++;
  if (r->queues) tsn_queues_look_on(r, time);
  return true;
}

bool tsn_run_finish(tsn_run *r)
{
  uint32_t part;
  size_t from;
  r->finished = true;
  if (!tsn_reorder_release(r, TSN_TIME_MAX, true)) return false;
  r->ahead.over = true;
  if (!tsn_ahead_drain(r) || !tsn_run_advance(r, TSN_TIME_MAX)) return false;
  r->watermark = TSN_TIME_MAX;
  from = tsn_output_mark(r->output);
  for (part = 0; part < r->partition_count; part++) {
    if (!r->partitions[part].used) continue;
    do {
      begin_moment(r, TSN_TIME_MAX, true); /* behind the timers of a start that was tried only now */
      if (!tsn_paths_end(r, part) || !tsn_settle(r, part)) return false;
      if (r->p->sequential && !tsn_run_advance(r, TSN_TIME_MAX)) return false;
    } while (r->partitions[part].used && r->partitions[part].first != TSN_NONE); /* one start at a time: the next one */
  }
  return tsn_output_sort(r->output, from) || tsn_run_nomem(r);
}
