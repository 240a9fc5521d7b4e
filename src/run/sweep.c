/* Feeding a block of rows to a pattern that reads its stream: which rows it has to see. stretch.c goes through them.
 *
 * Conditions of their own row are evaluated over the whole block first. Where a
 * row under no label can change nothing (no strict edge can die of it, nothing
 * counts it), only the rows under some label are looked at, and the times at
 * which something is due:
 *
 *   rows     . . a . . . b . . c . . .        bits of labels
 *   due              ^                        the first row behind a deadline */
#include <string.h>

#include "base/time.h"
#include "program/code.h"
#include "program/reach.h"
#include "run/graph.h"
#include "run/guards.h"
#include "run/queue.h"
#include "run/source.h"

/* Rows as they are, matched on arrival, and nobody waits for what they bring. */
bool tsn_sweep_can(const tsn_run *r)
{
  return r->p->parts.count == 1 && r->sources[0].plain && !r->waits && !r->windows && !r->tracks && !r->trace && !r->p->ahead && !r->p->sequential;
}

/* Code that vector.c knows: the operations that need neither a path nor other rows. */
static bool reads_row(const tsn_run *r, const tsn_code *code)
{
  const tsn_instr *in = r->program->instrs + code->instrs.first;
  uint32_t i;
  for (i = 0; i < code->instrs.count; i++)
    if (!tsn_vector_knows((tsn_opcode)in[i].op)) return false;
  return true;
}

static bool is_of_its_row(const tsn_run *r, const tsn_code *code) { return code->local && reads_row(r, code); }

/* Code that reads its row and registers alone, and cannot fail. */
static bool is_of_its_path(const tsn_run *r, const tsn_code *code)
{
  const tsn_instr *in = r->program->instrs + code->instrs.first;
  uint32_t i;
  if (tsn_code_can_fail(r->program, code)) return false;
  for (i = 0; i < code->instrs.count; i++)
    if (!tsn_vector_knows((tsn_opcode)in[i].op) && in[i].op != OP_CELL && in[i].op != OP_FIRST && in[i].op != OP_AGG) return false;
  return true;
}

/* What a block can tell of a condition: all of it, or what holds wherever it does. */
static bool find_screen(tsn_run *r, uint32_t label)
{
  const tsn_code *condition = &r->labels[label].condition;
  tsn_code *screen = &r->screens[label];
  tsn_range right;
  if (tsn_guards_label(r, label)) {
    *screen = r->guards->screens[label];
    r->screened[label] = true;
    return reads_row(r, screen);
  }
  *screen = *condition;
  if (!condition->instrs.count || is_of_its_row(r, condition)) return true; /* count 0: every row */
  if (condition->local || !is_of_its_path(r, condition)) return false;
  r->screened[label] = true;
  screen->local = 1;
  while (tsn_cut_and(r->program, screen->instrs.first, &screen->instrs, &right))
    if (reads_row(r, screen)) return true;
  return r->screened[label] = false;
}

bool tsn_sweep_init(tsn_run *r)
{
  uint32_t labels = r->p->labels.count, i;
  bool all = true;
  r->bits = tsn_alloc_array(r->alloc, (size_t)labels + 1, TSN_BLOCK_WORDS * sizeof *r->bits);
  r->vectored = tsn_alloc_array(r->alloc, labels + 1, sizeof *r->vectored);
  r->known = tsn_alloc_array(r->alloc, labels + 1, sizeof *r->known);
  r->screens = tsn_alloc_array(r->alloc, labels + 1, sizeof *r->screens);
  r->screened = tsn_alloc_array(r->alloc, labels + 1, sizeof *r->screened);
  r->written = tsn_alloc_array(r->alloc, labels + 1, sizeof *r->written);
  r->conjunct_end = tsn_alloc_array(r->alloc, labels + 1, sizeof *r->conjunct_end);
  if (!r->written || !r->conjunct_end) return tsn_run_nomem(r);
  if (!r->bits || !r->vectored || !r->known || !r->screens || !r->screened) return tsn_run_nomem(r);
  for (i = 0; i < labels; i++) {
    r->vectored[i] = find_screen(r, i);
    all = all && r->vectored[i];
  }
  for (i = 0; i < r->p->regs.count; i++) all = all && r->regs[i].kind != REG_LABELS; /* they count physical rows */
  /* A kept or numbered row has to be seen. */
  /* A timer can complete between two rows, and then wait for the next row alone: rows under no label end that. */
  if (tsn_leads(r->program, r->p, NODE_TIMER, NODE_ROW, true)) r->strict_edges = true;
  r->passes_by = all && !r->p->behind && !r->needs_rows && !r->p->keep_idle && r->p->within_kind != WITHIN_ROWS;
  return true;
}

void tsn_sweep_clear(tsn_run *r)
{
  uint32_t labels = r->p->labels.count;
  tsn_alloc_free(r->alloc, r->bits, r->bits ? ((size_t)labels + 1) * TSN_BLOCK_WORDS * sizeof *r->bits : 0);
  tsn_alloc_free(r->alloc, r->vectored, r->vectored ? (labels + 1) * sizeof *r->vectored : 0);
  tsn_alloc_free(r->alloc, r->known, r->known ? (labels + 1) * sizeof *r->known : 0);
  tsn_alloc_free(r->alloc, r->screens, r->screens ? (labels + 1) * sizeof *r->screens : 0);
  tsn_alloc_free(r->alloc, r->written, r->written ? (labels + 1) * sizeof *r->written : 0);
  tsn_alloc_free(r->alloc, r->conjunct_end, r->conjunct_end ? (labels + 1) * sizeof *r->conjunct_end : 0);
  tsn_alloc_free(r->alloc, r->conjuncts, r->conjunct_cap * sizeof *r->conjuncts);
  tsn_alloc_free(r->alloc, r->screened, r->screened ? (labels + 1) * sizeof *r->screened : 0);
}

uint32_t tsn_sweep_orderly(tsn_run *r, tsn_block *b)
{
  const tsn_source *source = &r->sources[0];
  uint32_t column, i = 0;
  const uint64_t *nulls;
  const int64_t *times;
  int64_t from = r->watermark > source->max_time ? r->watermark : source->max_time, last = from;
  if (r->p->time_slot == TSN_NONE) return b->rows;
  if (r->p->time_type == TOCSIN_DOUBLE) return 0;
  column = source->columns[r->p->time_slot];
  if (!b->columns[column].values) return 0;
  r->times = times = (const int64_t *)b->columns[column].values + b->first;
  if (b->orderly_at == b->number && b->orderly_column == column && b->orderly_from == last) return b->rows; /* another pattern has looked */
  nulls = tsn_block_nulls(b, column);
  if (!nulls)
    for (; i < b->rows && times[i] >= last; i++) last = times[i];
  else
    for (; i < b->rows && !(nulls[i / 64] >> i % 64 & 1) && times[i] >= last; i++) last = times[i];
  b->orderly_at = b->number;
  b->orderly_column = column;
  b->orderly_from = from;
  return i;
}

void tsn_sweep_see(tsn_run *r, tsn_block *b)
{
  uint32_t i, start = tsn_junction_start(r, false);
  const tsn_junction *j = start == TSN_NONE ? NULL : &r->junctions.all[start];
  bool all = j != NULL; /* no memory: said by the first row */
  for (i = 0; j && i < j->segment_count; i++) /* an empty match is found at every row */
    if (r->one_match && r->junctions.segments[j->segment_first + i].accept) all = false;
  if (all) r->start_labels = j->labels;
  memset(r->any, 0, sizeof r->any);
  r->gathered = 0;
  r->told = true;
  for (i = 0; i < r->p->labels.count; i++) {
    r->known[i] = r->vectored[i] && tsn_screen_bits(r, b, i);
    r->told = r->told && r->known[i];
  }
  if (r->graph) tsn_graph_see(r);
  r->passing = all && r->told && r->passes_by;
}

/* The first row from `from` on whose time is behind `time`. */
static uint32_t first_behind(const int64_t *times, uint32_t from, uint32_t rows, int64_t time)
{
  uint32_t step = 1, low = from, high;
  if (from >= rows || times[from] > time) return from;
  if (times[rows - 1] <= time) return rows;
  while (low + step < rows && times[low + step] <= time) {
    low += step;
    step *= 2;
  }
  high = low + step < rows ? low + step : rows;
  while (high - low > 1) { /* times[low] <= time; times[high] > time, or the end */
    uint32_t mid = low + (high - low) / 2;
    if (times[mid] <= time) low = mid;
    else high = mid;
  }
  return high;
}

/* ---- which rows matter ---- */

#define FEW_ITEMS 16 /* live ones are asked what they wait for, up to so many */

/* The labels that what is alive waits for, or could begin with: a bit a label, modulo 64.
 * All of them where that is not told cheaply. */
static uint64_t interest(const tsn_run *r)
{
  uint64_t labels = r->start_labels;
  uint32_t start, item;
  unsigned seen = 0;
  if (!r->live) return labels;
  if (r->p->keys.count || r->p->window_kind || !r->partitions_used || !r->partitions[0].used) return ~(uint64_t)0;
  if (r->graph) return ~(uint64_t)0;
  if (r->queues) return labels | tsn_queue_labels(r, &r->partitions[0].queue);
  for (start = r->partitions[0].first; start != TSN_NONE; start = r->starts[start].next)
    for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
      if (++seen > FEW_ITEMS) return ~(uint64_t)0;
      if (tsn_path_at(r, item)->state != ITEM_MATCH) labels |= r->junctions.all[tsn_path_at(r, item)->junction].labels;
    }
  return labels;
}

/* The words that have rows under these labels, a bit each. */
static uint32_t words_of_interest(const tsn_run *r, uint64_t labels)
{
  uint32_t words = 0, i;
  for (i = 0; i < r->p->labels.count; i++)
    if (labels >> i % 64 & 1) words |= r->written[i];
  return words;
}

static uint64_t word_of_interest(const tsn_run *r, uint64_t labels, uint32_t w)
{
  uint64_t word = 0;
  uint32_t i;
  if (labels == ~(uint64_t)0) return r->any[w];
  for (i = 0; i < r->p->labels.count; i++)
    if (labels >> i % 64 & 1) word |= r->bits[(size_t)i * TSN_BLOCK_WORDS + w];
  return word;
}

uint32_t tsn_sweep_next(const tsn_run *r, uint32_t from, uint32_t rows)
{
  uint32_t next = rows, due, words;
  uint64_t labels;
  if (!r->passing || r->strict_edges) return from;
  if (from >= rows) return from;
  labels = interest(r);
  for (words = words_of_interest(r, labels) >> from / 64 << from / 64; words; words &= words - 1) {
    uint32_t w = (uint32_t)__builtin_ctz(words);
    uint64_t bits = word_of_interest(r, labels, w);
    if (w == from / 64) bits &= ~(uint64_t)0 << from % 64;
    if (!bits) continue;
    next = w * 64 + (uint32_t)__builtin_ctzll(bits);
    break;
  }
  if (next > rows) next = rows;
  if (!r->deadlines.count || r->p->time_slot == TSN_NONE) return next;
  due = first_behind(r->times, from, next, r->deadlines.all[0].time);
  return due < next ? due : next;
}

bool tsn_sweep_feed(tsn_run *r, const tsn_block *b, uint32_t row)
{
  const tsn_source *s = &r->sources[0];
  const uint32_t *slots = r->passing && r->graph ? r->graph->slots : NULL; /* NULL: before its first row */
  uint64_t ignored = 0; /* NaN was counted, whether the row is looked at or not */
  uint32_t count = slots ? r->graph->slot_count : r->slot_count, i, k;
  bool good;
  for (i = 0; i < count; i++) {
    k = slots ? slots[i] : i;
    tsn_read_into(&b->columns[s->columns[k]], s->types[k], b->first + row, &ignored, &r->row[k]);
  }
  r->block_row = row;
  good = tsn_run_row(r, r->p->time_slot == TSN_NONE ? 0 : r->times[row], r->next_seq + row);
  r->block_row = TSN_NONE;
  return good;
}

void tsn_sweep_pass(tsn_run *r, tsn_block *b, uint32_t done)
{
  tsn_source *s = &r->sources[0];
  uint32_t k, i;
  r->next_seq += done;
  for (k = 0; k < r->slot_count; k++)
    for (i = 0; s->types[k] == TOCSIN_DOUBLE && tsn_block_nulls(b, s->columns[k]) && i < done; i++)
      tsn_read_cell(&b->columns[s->columns[k]], TOCSIN_DOUBLE, b->first + i, &r->nan_values);
  if (!done || r->p->time_slot == TSN_NONE) return;
  s->max_time = s->watermark = r->watermark = r->times[done - 1];
}
