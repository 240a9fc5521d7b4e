/* From a finished path to output rows.
 *
 * ONE ROW reads the path's registers. ALL ROWS, list aggregates and PATH() need
 * the rows themselves: the history is walked and its rows are replayed through
 * the registers that only a replay fills - twice for ALL ROWS, so that FINAL
 * values are there when the first row is shown. */
#include <string.h>

#include "run/trace.h"

/* The path's rows and timers in order; false: out of memory. */
static bool unroll(tsn_run *r, uint32_t node, size_t *count)
{
  size_t n = 0, i;
  uint32_t at;
  for (at = node; at != TSN_NONE; at = r->history.all[at].parent) n++;
  if (!tsn_alloc_grow(r->alloc, (void **)&r->chain, &r->chain_cap, n, sizeof *r->chain)) return tsn_run_nomem(r);
  for (at = node, i = n; at != TSN_NONE; at = r->history.all[at].parent) r->chain[--i] = at;
  *count = r->chain_count = n;
  return true;
}

static void load_row(tsn_run *r, const tsn_partition *part, int64_t row)
{
  tsn_kept_row *kept = tsn_kept_row_at(r, part, row);
  uint32_t k;
  for (k = 0; k < r->slot_count; k++) tsn_kept_load(r, kept, k, &r->replay_row[k]);
}

static void reset_replay(tsn_run *r, tsn_cell *cells)
{
  uint32_t i;
  for (i = 0; i < r->p->regs.count; i++)
    if (r->regs[i].in_replay) memcpy(cells + r->regs[i].cell, r->empty_cells + r->regs[i].cell, r->regs[i].cells * sizeof *cells);
  tsn_gather_begin(r);
}

static bool replay_step(tsn_run *r, const tsn_partition *part, const tsn_hist *h, const tsn_match_facts *facts, tsn_cell *cells)
{
  tsn_eval e = {.row = r->replay_row, .partition = part, .number = h->at, .cells = cells, .label = h->label, .replayed = true, .match = facts};
  load_row(r, part, h->at);
  return tsn_eval_updates(r, &e, cells, true);
}

static bool path_list(tsn_run *r, size_t count)
{
  tsn_bytes *b = &r->lists[r->p->lists];
  size_t i;
  bool first = true;
  tsn_bytes_reset(b);
  tsn_bytes_char(b, '[');
  for (i = 0; i < count; i++) {
    const tsn_hist *h = &r->history.all[r->chain[i]];
    tsn_cell name;
    if (h->label == TSN_NONE) continue;
    if (!first) tsn_bytes_char(b, ',');
    first = false;
    name = (tsn_cell){.v.s = tsn_program_text(r->program, r->labels[h->label].name), .length = r->labels[h->label].name.length};
    tsn_json_cell(b, TOCSIN_TEXT, &name);
  }
  tsn_bytes_char(b, ']');
  return b->failed == TOCSIN_OK || tsn_run_nomem(r);
}

/* e: what the row is about. */
static bool select_columns(tsn_run *r, const tsn_eval *e, tsn_cell *cells)
{
  const tsn_output_rec *outputs = r->program->outputs + r->p->outputs.first;
  const tsn_eval outer = {.label = TSN_NONE, .inner = r->inner};
  uint32_t k;
  for (k = 0; k < r->p->outputs.count; k++) {
    bool text = tsn_is_text(outputs[k].type);
    if (outputs[k].from_inner != TSN_NONE) cells[k] = r->inner[outputs[k].from_inner];
    else if (!tsn_eval_code(r, &outer, &outputs[k].code, &cells[k]))
      return tsn_eval_failed(r, e, "column", tsn_program_text(r->program, outputs[k].name));
    if (text && !tsn_output_text(r->output, &cells[k])) return tsn_run_nomem(r);
  }
  return true;
}

/* One output row from what e describes; shown rows count, WHERE may drop them. */
static bool emit(tsn_run *r, const tsn_eval *e, const tsn_out_row *out, bool unmatched)
{
  const tsn_inner_rec *inner = r->program->inner + r->p->inner.first;
  tsn_eval outer = {.label = TSN_NONE, .inner = r->inner};
  tsn_cell *cells, value;
  uint32_t k;
  for (k = 0; k < r->p->inner.count; k++) {
    r->inner[k] = (tsn_cell){.null = 1};
    if (unmatched && inner[k].is_measure) continue;
    if (!tsn_eval_code(r, e, &inner[k].code, &r->inner[k]))
      return tsn_eval_failed(r, e, "measure", tsn_program_text(r->program, inner[k].name));
  }
  if (r->p->where.instrs.count) {
    if (!tsn_eval_code(r, &outer, &r->p->where, &value)) return tsn_eval_failed(r, e, "WHERE", "");
    if (value.null || !value.v.i) return true;
  }
  cells = tsn_output_row(r->output, r->p->outputs.count, out);
  if (!cells) return tsn_run_nomem(r);
  if (select_columns(r, e, cells)) return true;
  tsn_output_drop(r->output);
  return false;
}

/* The row that partition columns are read from where no row is kept. */
static void key_row(tsn_run *r, const tsn_partition *part)
{
  uint32_t k;
  for (k = 0; k < r->slot_count; k++) r->replay_row[k] = (tsn_cell){.null = 1};
  for (k = 0; k < r->p->keys.count; k++) {
    uint32_t slot = r->program->indices[r->p->keys.first + k];
    r->replay_row[slot] = tsn_load(r, part->keys[k], r->slot_is_text[slot]);
  }
}

/* A piece of a window is a partition of its own: where it begins belongs to its key. */
static void make_id(const tsn_run *r, const tsn_partition *part, int64_t row, uint64_t ordinal, uint64_t id[2])
{
  int i;
  for (i = 0; i < 2; i++) {
    uint64_t h = tsn_hash_word(r->p->fingerprint, (uint64_t)i * 0x9e3779b97f4a7c15u);
    uint32_t k;
    for (k = 0; k < r->p->keys.count; k++) {
      uint32_t slot = r->program->indices[r->p->keys.first + k];
      const tsn_cell *c = &part->keys[k];
      h = tsn_hash_word(c->null, h); /* NULL is no number */
      if (c->null) continue;
      if (r->slot_is_text[slot]) h = tsn_hash_word(c->length, c->length ? tsn_hash_bytes(r->texts.data + c->v.at, c->length, h) : h);
      else if (r->slot_types[slot] == TOCSIN_DOUBLE && c->v.d == 0) h = tsn_hash_word(0, h); /* -0.0 = 0.0 */
      else h = tsn_hash_word((uint64_t)c->v.i, h);
    }
    if (r->p->window_kind != WINDOW_NONE) h = tsn_hash_word((uint64_t)part->window_start, h);
    id[i] = tsn_hash_word(ordinal, tsn_hash_word((uint64_t)row, h));
  }
}

static bool emit_rows(tsn_run *r, const tsn_partition *part, const tsn_match_facts *facts, const tsn_out_row *out, size_t count)
{
  tsn_eval e = {.row = r->replay_row, .partition = part, .cells = r->full, .final = r->full_final, .match = facts, .label = TSN_NONE};
  size_t i;
  reset_replay(r, r->full);
  for (i = 0; i < count; i++) {
    const tsn_hist *h = &r->history.all[r->chain[i]];
    if (h->label == TSN_NONE) continue;
    if (!replay_step(r, part, h, facts, r->full)) return false;
    if (h->flags & HIST_EXCLUDED) continue;
    e.number = h->at;
    e.label = h->label;
    if (!emit(r, &e, out, false)) return false;
  }
  return true;
}

bool tsn_report(tsn_run *r, uint32_t start, uint32_t item, bool timeout, int64_t time)
{
  const tsn_start *s = &r->starts[start];
  const tsn_path *i = tsn_path_at(r, item);
  tsn_partition *part = &r->partitions[s->partition];
  tsn_match_facts facts = {.start_time = s->time, .end_time = i->row_time, .rowtime = time, .rows = i->rows, .window_start = part->window_start, .window_end = part->window_end,
                           .timeout = timeout,
                           .empty = i->row < 0, .history = i->history};
  tsn_out_row out = {.seq = s->seq, .pattern = r->index, .timeout = timeout, .time = time};
  tsn_eval e = {.row = r->replay_row, .partition = part, .number = s->row, .cells = r->full, .final = r->full_final, .match = &facts,
                .label = TSN_NONE};
  size_t count = 0, k;
  if (r->trace) tsn_trace_report(r, item, timeout, time);
  if (timeout) r->timeouts++;
  else {
    r->matches++;
    facts.number = ++part->number;
  }
  make_id(r, part, s->row, s->matches, facts.id);
  if (r->p->path_cells) memcpy(r->full, tsn_path_cells(r, i), r->p->path_cells * sizeof *r->full);
  if (r->needs_rows) {
    if (!unroll(r, i->history, &count)) return false;
    reset_replay(r, r->full);
    for (k = 0; k < count; k++) {
      const tsn_hist *h = &r->history.all[r->chain[k]];
      if (h->label != TSN_NONE && !replay_step(r, part, h, &facts, r->full)) return false;
    }
    if (r->p->all_rows) {
      tsn_bytes *whole = r->lists;
      r->lists = r->final_lists;
      r->final_lists = whole;
      memcpy(r->full_final, r->full, r->p->cells * sizeof *r->full);
    }
    if (!path_list(r, count)) return false;
  }
  if (!r->p->all_rows) {
    key_row(r, part);
    return emit(r, &e, &out, false);
  }
  if (!facts.empty) return emit_rows(r, part, &facts, &out, count);
  if (r->p->empty_kind == MATCH_OMIT_EMPTY) return true;
  load_row(r, part, s->row); /* an empty match is shown on its start row */
  reset_replay(r, r->full);
  return emit(r, &e, &out, false);
}

bool tsn_report_found(tsn_run *r, uint32_t part, const tsn_found *found)
{
  tsn_partition *p = &r->partitions[part];
  tsn_match_facts facts = {.number = ++p->number, .start_time = found->start_time, .end_time = found->end, .rowtime = found->time, .empty = found->last < 0,
                           .rows = found->rows, .window_start = p->window_start, .window_end = p->window_end, .history = TSN_NONE};
  tsn_out_row out = {.seq = found->seq, .pattern = r->index, .time = found->time};
  tsn_eval e = {.row = r->replay_row, .partition = p, .number = found->start, .cells = r->full, .final = r->full_final, .match = &facts,
                .label = TSN_NONE};
  r->matches++;
  make_id(r, p, found->start, found->ordinal, facts.id);
  key_row(r, p);
  return emit(r, &e, &out, false);
}

bool tsn_report_unmatched(tsn_run *r, uint32_t part, int64_t row)
{
  tsn_partition *p = &r->partitions[part];
  tsn_out_row out = {.seq = tsn_kept_row_at(r, p, row)->seq, .pattern = r->index, .time = tsn_kept_row_at(r, p, row)->time};
  tsn_eval e = {.row = r->replay_row, .partition = p, .number = row, .cells = r->empty_cells, .final = r->empty_cells, .label = TSN_NONE};
  load_row(r, p, row);
  return emit(r, &e, &out, true);
}
