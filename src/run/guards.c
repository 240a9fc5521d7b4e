/* Comparisons with the first row of a start, for all starts at once (guards.h). */
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/time.h"
#include "program/code.h"
#include "run/guards.h"
#include "run/queue.h"
#include "run/source.h"

/* ---- making ---- */

/* `kept` with what a row gives in place of cells; false: no memory. What a block cannot do is seen by the first one. */
static bool compose(tsn_run *r, tsn_guard_test *t)
{
  const tsn_instr *in = r->program->instrs + t->kept.instrs.first;
  const tsn_guards *g = r->guards;
  uint32_t i;
  for (i = 0; i < t->kept.instrs.count; i++) {
    const tsn_reg_rec *reg = tsn_start_register(r->program, r->p, g->start_label, &in[i]);
    t->start_cap += reg ? reg->value.instrs.count : 1;
  }
  t->start = tsn_alloc_array(r->alloc, t->start_cap, sizeof *t->start);
  if (!t->start) return tsn_run_nomem(r);
  for (i = 0; i < t->kept.instrs.count; i++) {
    const tsn_reg_rec *reg = tsn_start_register(r->program, r->p, g->start_label, &in[i]);
    tsn_range from = reg ? reg->value.instrs : (tsn_range){.first = t->kept.instrs.first + i, .count = 1};
    memcpy(t->start + t->start_count, r->program->instrs + from.first, from.count * sizeof *t->start);
    t->start_count += from.count;
  }
  return true;
}

static uint32_t lone_slot(const tsn_instr *in, uint32_t count) { return count == 1 && in->op == OP_COL ? in->a : TSN_NONE; }

static bool add_test(tsn_run *r, const tsn_comparison *c)
{
  tsn_guards *g = r->guards;
  tsn_guard_test *t = &g->tests[g->test_count++];
  *t = (tsn_guard_test){.row = c->row, .kept = c->kept, .shift = c->shift, .op = c->op, .how = c->how};
  if (!compose(r, t)) return false;
  t->row_slot = lone_slot(r->program->instrs + t->row.instrs.first, t->row.instrs.count);
  t->start_slot = lone_slot(t->start, t->start_count);
  if (t->op == OP_CMP_S) {
    g->blocks = g->blocks && t->row_slot != TSN_NONE && t->start_slot != TSN_NONE;
    return true;
  }
  t->rows = tsn_alloc_array(r->alloc, TSN_BLOCK_ROWS, sizeof *t->rows);
  t->starts = tsn_alloc_array(r->alloc, TSN_BLOCK_ROWS, sizeof *t->starts);
  t->row_nulls = tsn_alloc_array(r->alloc, TSN_BLOCK_WORDS, sizeof *t->row_nulls);
  t->start_nulls = tsn_alloc_array(r->alloc, TSN_BLOCK_WORDS, sizeof *t->start_nulls);
  return (t->rows && t->starts && t->row_nulls && t->start_nulls) || tsn_run_nomem(r);
}

static void find_registers(tsn_run *r)
{
  tsn_guards *g = r->guards;
  uint32_t i;
  for (i = 0; i < r->p->regs.count; i++) {
    const tsn_instr asks = {.op = OP_CELL, .a = r->regs[i].cell};
    if (tsn_start_register(r->program, r->p, g->start_label, &asks) == &r->regs[i]) g->regs[g->reg_count++] = &r->regs[i];
  }
}

static bool add_label(tsn_run *r, uint32_t label)
{
  tsn_guards *g = r->guards;
  tsn_guard guard;
  uint32_t k;
  if (!tsn_guard_of(r->program, r->p, g->start_label, label, &guard)) return true; /* then it is not of the table tier */
  g->screens[label] = guard.screen;
  g->labels |= (uint64_t)1 << label;
  g->all[g->count++] = (tsn_guarded_label){.label = label, .first = g->test_count, .count = guard.count, .whole = guard.whole};
  for (k = 0; k < guard.count; k++)
    if (!add_test(r, &guard.comparisons[k])) return false;
  return true;
}

static bool reads_path(const tsn_run *r, uint32_t label)
{
  return r->labels[label].condition.instrs.count && !r->labels[label].condition.local;
}

static uint32_t count_guarded(const tsn_run *r)
{
  uint32_t i, count = 0;
  for (i = 0; i < r->p->labels.count; i++) count += reads_path(r, i);
  return count;
}

bool tsn_guards_init(tsn_run *r)
{
  uint32_t labels = r->p->labels.count, i, guarded = r->queues ? count_guarded(r) : 0;
  tsn_guards *g;
  if (!guarded) return true;
  g = r->guards = tsn_alloc_array(r->alloc, 1, sizeof *g);
  if (!g) return tsn_run_nomem(r);
  g->blocks = true;
  g->start_label = tsn_start_label(r->program, r->p);
  g->all = tsn_alloc_array(r->alloc, labels, sizeof *g->all);
  g->screens = tsn_alloc_array(r->alloc, labels, sizeof *g->screens);
  g->tests = tsn_alloc_array(r->alloc, (size_t)guarded * TSN_COMPARISONS, sizeof *g->tests);
  g->cells = tsn_alloc_array(r->alloc, r->p->cells + 1, sizeof *g->cells);
  g->regs = tsn_alloc_array(r->alloc, r->p->regs.count + 1, sizeof *g->regs);
  if (!g->all || !g->screens || !g->tests || !g->cells || !g->regs) return tsn_run_nomem(r);
  find_registers(r);
  for (i = 0; i < labels; i++)
    if (reads_path(r, i) && !add_label(r, i)) return false;
  return true;
}

void tsn_guards_clear(tsn_run *r)
{
  tsn_guards *g = r->guards;
  uint32_t labels = r->p->labels.count, i;
  if (!g) return;
  for (i = 0; i < g->test_count; i++) {
    tsn_guard_test *t = &g->tests[i];
    tsn_alloc_free(r->alloc, t->start, t->start ? t->start_cap * sizeof *t->start : 0);
    tsn_alloc_free(r->alloc, t->rows, t->rows ? TSN_BLOCK_ROWS * sizeof *t->rows : 0);
    tsn_alloc_free(r->alloc, t->starts, t->starts ? TSN_BLOCK_ROWS * sizeof *t->starts : 0);
    tsn_alloc_free(r->alloc, t->row_nulls, t->row_nulls ? TSN_BLOCK_WORDS * sizeof *t->row_nulls : 0);
    tsn_alloc_free(r->alloc, t->start_nulls, t->start_nulls ? TSN_BLOCK_WORDS * sizeof *t->start_nulls : 0);
  }
  tsn_alloc_free(r->alloc, g->all, g->all ? labels * sizeof *g->all : 0);
  tsn_alloc_free(r->alloc, g->screens, g->screens ? labels * sizeof *g->screens : 0);
  tsn_alloc_free(r->alloc, g->tests, g->tests ? (size_t)count_guarded(r) * TSN_COMPARISONS * sizeof *g->tests : 0);
  tsn_alloc_free(r->alloc, g->cells, g->cells ? (r->p->cells + 1) * sizeof *g->cells : 0);
  tsn_alloc_free(r->alloc, g->regs, g->regs ? (r->p->regs.count + 1) * sizeof *g->regs : 0);
  tsn_alloc_free(r->alloc, g->passes, g->pass_cap * sizeof *g->passes);
  tsn_alloc_free(r->alloc, g, sizeof *g);
  r->guards = NULL;
}

/* ---- values ---- */

static int64_t value_of(uint32_t op, const tsn_cell *c)
{
  return op == OP_CMP_S ? (int64_t)tsn_hash_bytes(c->length ? c->v.s : "", c->length, 0) : c->v.i; /* a double's bits as well */
}

static double real_of(int64_t bits)
{
  double d;
  memcpy(&d, &bits, sizeof d);
  return d;
}

/* A side of a comparison, of the row at hand and (or) cells. false: it failed, or (status) no memory. */
static bool side_of(tsn_run *r, const tsn_eval *e, const tsn_guard_test *t, const tsn_code *side, int64_t *value, bool *null)
{
  tsn_cell c;
  if (!tsn_eval_code(r, e, side, &c)) return false;
  *null = c.null;
  *value = c.null ? 0 : value_of(t->op, &c);
  return true;
}

/* What a start keeps of itself; `e` has its cells. */
static bool start_side(tsn_run *r, const tsn_eval *e, const tsn_guard_test *t, int64_t *value, bool *null)
{
  if (!side_of(r, e, t, &t->kept, value, null)) return false;
  if (t->shift && !*null) *value = tsn_time_add(*value, t->shift);
  return true;
}

/* After a failure: whether it can be left to the paths tier, which will ask again if somebody wants to know. */
static bool forgive(tsn_run *r, bool *fits)
{
  *fits = false;
  if (r->status != TOCSIN_RUNTIME) return false;
  tsn_run_forgive(r);
  return true;
}

/* What the row at hand leaves as a first row, as far as conditions read it. */
static bool leave_cells(tsn_run *r, const tsn_partition *p, int64_t row)
{
  tsn_guards *g = r->guards;
  tsn_eval e = {.row = r->row, .partition = p, .number = row, .cells = r->empty_cells, .label = g->start_label};
  uint32_t k;
  if (r->p->path_cells) memcpy(g->cells, r->empty_cells, r->p->path_cells * sizeof *g->cells);
  for (k = 0; k < g->reg_count; k++) {
    const tsn_reg_rec *reg = g->regs[k];
    if (!tsn_eval_code(r, &e, &reg->value, &g->cells[reg->cell])) return false;
    if (r->cell_is_text[reg->cell] && !tsn_texts_put(r, &g->cells[reg->cell])) return false;
  }
  return true;
}

/* ---- the columns ---- */

static bool is_less(const tsn_guard_test *t, int64_t a, int64_t b)
{
  return t->op == OP_CMP_D ? real_of(a) < real_of(b) : a < b;
}

/* The value of a place has become known: the extremes of its chunk. `first`: nothing else is there. */
static void widen(const tsn_run *r, tsn_queue *q, size_t test, uint32_t slot, bool first)
{
  const tsn_guard_test *t = &r->guards->tests[test];
  int64_t *extremes = tsn_guards_extremes(r, q, test, slot), value = *tsn_guards_value(q, test, slot);
  if (first || is_less(t, value, extremes[0])) extremes[0] = value;
  if (first || is_less(t, extremes[1], value)) extremes[1] = value;
}

void tsn_guards_move(const tsn_run *r, const tsn_queue *q, uint32_t from, tsn_queue *to, uint32_t at)
{
  size_t c;
  for (c = 0; c <= r->guards->test_count; c++) to->guarded[c * to->cap + at] = q->guarded[c * q->cap + from];
}

void tsn_guards_moved(const tsn_run *r, tsn_queue *q)
{
  uint32_t i, n;
  for (n = 0; n < r->guards->test_count; n++) {
    uint32_t last = TSN_NONE;
    for (i = 0; i < q->count; i++) {
      uint32_t slot = tsn_ring_at(q->head, i, q->cap), chunk = slot / TSN_GUARDED_CHUNK;
      widen(r, q, n, slot, chunk != last && (i == 0 || chunk != q->head / TSN_GUARDED_CHUNK));
      last = chunk;
    }
  }
}

/* The last start has its values. Where it enters a chunk, that one's extremes begin anew; if others are left in it, all do. */
static void widen_by_last(const tsn_run *r, tsn_queue *q, uint32_t slot)
{
  bool enters = slot % TSN_GUARDED_CHUNK == 0, shares = q->head / TSN_GUARDED_CHUNK == slot / TSN_GUARDED_CHUNK;
  uint32_t n;
  for (n = 0; n < r->guards->test_count; n++) widen(r, q, n, slot, q->count == 1 || (enters && !shares));
  if (enters && shares && q->count > 1) tsn_guards_moved(r, q);
}

bool tsn_guards_begin(tsn_run *r, tsn_partition *p, bool *fits)
{
  tsn_guards *g = r->guards;
  tsn_queue *q = &p->queue;
  uint32_t slot = tsn_ring_at(q->head, q->count - 1, q->cap), k, n;
  tsn_eval e = {.row = r->row, .partition = p, .number = p->rows - 1, .cells = g->cells, .final = g->cells, .label = g->start_label};
  if (!leave_cells(r, p, p->rows - 1)) return forgive(r, fits);
  *tsn_guards_open(q, slot) = (int64_t)g->labels;
  for (k = 0; k < g->count; k++)
    for (n = g->all[k].first; n < g->all[k].first + g->all[k].count; n++) {
      bool null;
      if (!start_side(r, &e, &g->tests[n], tsn_guards_value(q, n, slot), &null)) return forgive(r, fits);
      if (null) *tsn_guards_open(q, slot) &= ~(int64_t)((uint64_t)1 << g->all[k].label);
    }
  widen_by_last(r, q, slot);
  return true;
}

/* ---- comparing with many ---- */

#define BITS_OF(test)                                              \
  for (k = 0; k < count; k++) bits |= (uint64_t)(test) << k;       \
  break

/* Of up to 64 kept values: a bit each where `value how kept`. */
static uint64_t compare_ints(tsn_compare how, int64_t value, const int64_t *kept, uint32_t count)
{
  uint64_t bits = 0;
  uint32_t k;
  switch (how) {
  case COMPARE_EQ: BITS_OF(value == kept[k]);
  case COMPARE_NE: BITS_OF(value != kept[k]);
  case COMPARE_LT: BITS_OF(value < kept[k]);
  case COMPARE_LE: BITS_OF(value <= kept[k]);
  case COMPARE_GT: BITS_OF(value > kept[k]);
  default: BITS_OF(value >= kept[k]);
  }
  return bits;
}

#ifdef __SSE2__
#define PAIRS_OF(compare)                                                                                    \
  for (k = 0; k + 2 <= count; k += 2)                                                                        \
    bits |= (uint64_t)(unsigned)_mm_movemask_pd(compare(left, _mm_loadu_pd((const double *)(const void *)(kept + k)))) << k; \
  if (k < count) bits |= (uint64_t)(_mm_movemask_pd(compare(left, _mm_set1_pd(real_of(kept[k])))) & 1) << k;  \
  break

static uint64_t compare_reals(tsn_compare how, double value, const int64_t *kept, uint32_t count)
{
  __m128d left = _mm_set1_pd(value);
  uint64_t bits = 0;
  uint32_t k;
  switch (how) {
  case COMPARE_EQ: PAIRS_OF(_mm_cmpeq_pd);
  case COMPARE_NE: PAIRS_OF(_mm_cmpneq_pd);
  case COMPARE_LT: PAIRS_OF(_mm_cmplt_pd);
  case COMPARE_LE: PAIRS_OF(_mm_cmple_pd);
  case COMPARE_GT: PAIRS_OF(_mm_cmpgt_pd);
  default: PAIRS_OF(_mm_cmpge_pd);
  }
  return bits;
}
#else
static uint64_t compare_reals(tsn_compare how, double value, const int64_t *kept, uint32_t count)
{
  uint64_t bits = 0;
  uint32_t k;
  switch (how) {
  case COMPARE_EQ: BITS_OF(value == real_of(kept[k]));
  case COMPARE_NE: BITS_OF(value != real_of(kept[k]));
  case COMPARE_LT: BITS_OF(value < real_of(kept[k]));
  case COMPARE_LE: BITS_OF(value <= real_of(kept[k]));
  case COMPARE_GT: BITS_OF(value > real_of(kept[k]));
  default: BITS_OF(value >= real_of(kept[k]));
  }
  return bits;
}
#endif

static uint64_t compare(const tsn_guard_test *t, const int64_t *kept, uint32_t count)
{
  if (t->op == OP_CMP_D) return compare_reals((tsn_compare)t->how, real_of(t->value), kept, count);
  return compare_ints((tsn_compare)t->how, t->value, kept, count);
}

/* Whether the comparison can hold for any place of a chunk. */
static bool may_hold(const tsn_guard_test *t, const int64_t *extremes)
{
  switch ((tsn_compare)t->how) {
  case COMPARE_EQ: return !is_less(t, t->value, extremes[0]) && !is_less(t, extremes[1], t->value);
  case COMPARE_LT: return is_less(t, t->value, extremes[1]);
  case COMPARE_LE: return !is_less(t, extremes[1], t->value);
  case COMPARE_GT: return is_less(t, extremes[0], t->value);
  case COMPARE_GE: return !is_less(t, t->value, extremes[0]);
  default: return true;
  }
}

/* Of places of one chunk from `slot` on: those whose comparisons hold for the row at hand, a bit each. */
static uint64_t compare_places(const tsn_run *r, const tsn_guarded_label *l, const tsn_queue *q, uint32_t slot, uint32_t count)
{
  const tsn_guard_test *tests = r->guards->tests;
  uint64_t bits = count < 64 ? ((uint64_t)1 << count) - 1 : ~(uint64_t)0;
  uint32_t n;
  for (n = l->first; n < l->first + l->count; n++)
    if (tests[n].null || !may_hold(&tests[n], tsn_guards_extremes(r, q, n, slot))) return 0;
  for (n = l->first; bits && n < l->first + l->count; n++) bits &= compare(&tests[n], tsn_guards_value(q, n, slot), count);
  return bits;
}

/* So many places from this one on follow each other in the ring, and are of one chunk. */
static uint32_t places_at(const tsn_queue *q, uint32_t at)
{
  uint32_t slot = tsn_ring_at(q->head, at, q->cap), count = q->count - at, rest = TSN_GUARDED_CHUNK - slot % TSN_GUARDED_CHUNK;
  if (count > q->cap - slot) count = q->cap - slot;
  return count < rest ? count : rest;
}

/* Whether a start waits for the label; one that waits for nothing any more is closed. */
static bool waits_for(const tsn_run *r, const tsn_queue *q, uint32_t at, uint32_t label)
{
  int64_t *open = tsn_guards_open(q, tsn_ring_at(q->head, at, q->cap));
  uint32_t shape;
  if (!((uint64_t)*open >> label & 1)) return false;
  shape = q->bunches[tsn_bunch_root(q, tsn_queued_at(q, at)->bunch)].shape;
  if (shape == TSN_NONE || tsn_shapes_facts(r, shape)->decided) {
    *open = 0;
    return false;
  }
  return tsn_shapes_facts(r, shape)->labels >> label & 1;
}

/* ---- a row ---- */

bool tsn_guards_cells(tsn_run *r, uint32_t part, int64_t row, const tsn_cell **cells)
{
  tsn_cell *at_hand = r->row;
  uint64_t seq = r->row_seq;
  uint32_t block_row = r->block_row;
  bool good;
  r->row = r->past_row;
  tsn_run_load(r, part, row);
  good = leave_cells(r, &r->partitions[part], row);
  r->row = at_hand;
  r->row_seq = seq;
  r->block_row = block_row;
  r->row_epoch++;
  *cells = r->guards->cells;
  return good;
}

/* The whole condition, of the row at hand and one start. */
static bool ask_whole(tsn_run *r, uint32_t part, const tsn_queued *s, uint32_t label, bool *truth)
{
  tsn_eval e = {.row = r->row, .partition = &r->partitions[part], .number = r->partitions[part].rows - 1, .label = label};
  if (s->base != TSN_NONE) e.cells = tsn_path_cells(r, tsn_path_at(r, r->starts[s->base].head));
  else if (!tsn_guards_cells(r, part, s->row, &e.cells)) return false;
  e.final = e.cells;
  return tsn_eval_truth(r, &e, &r->labels[label].condition, truth);
}

static bool add_pass(tsn_run *r, uint32_t at, uint32_t label, size_t from)
{
  tsn_guards *g = r->guards;
  size_t k;
  for (k = from; k < g->pass_count && g->passes[k].at != at; k++) continue;
  if (k == g->pass_count) {
    if (!tsn_alloc_grow(r->alloc, (void **)&g->passes, &g->pass_cap, k + 1, sizeof *g->passes)) return tsn_run_nomem(r);
    g->passes[g->pass_count++] = (tsn_pass){.at = at};
  }
  g->passes[k].labels |= (uint64_t)1 << label;
  return true;
}

/* Passes of up to 64 starts. */
static bool see_places(tsn_run *r, uint32_t part, uint64_t labels, uint32_t at, uint32_t count, bool *fits)
{
  tsn_guards *g = r->guards;
  size_t from = g->pass_count;
  uint32_t k;
  for (k = 0; k < g->count; k++) {
    const tsn_guarded_label *l = &g->all[k];
    const tsn_queue *q = &r->partitions[part].queue;
    uint64_t bits;
    if (!(labels >> l->label & 1)) continue;
    for (bits = compare_places(r, l, q, tsn_ring_at(q->head, at, q->cap), count); bits; bits &= bits - 1) {
      uint32_t one = at + (uint32_t)__builtin_ctzll(bits);
      bool truth = true;
      if (!waits_for(r, q, one, l->label)) continue;
      if (l->whole && !ask_whole(r, part, tsn_queued_at(q, one), l->label, &truth)) return forgive(r, fits);
      if (truth && !add_pass(r, one, l->label, from)) return false;
    }
  }
  return true;
}

/* The row's sides of the comparisons of these labels. */
static bool see_row(tsn_run *r, const tsn_partition *p, uint64_t labels, bool *fits)
{
  tsn_guards *g = r->guards;
  uint32_t k, n;
  for (k = 0; k < g->count; k++) {
    tsn_eval e = {.row = r->row, .partition = p, .number = p->rows - 1, .cells = r->empty_cells, .final = r->empty_cells, .label = g->all[k].label};
    if (!(labels >> g->all[k].label & 1)) continue;
    for (n = g->all[k].first; n < g->all[k].first + g->all[k].count; n++)
      if (!side_of(r, &e, &g->tests[n], &g->tests[n].row, &g->tests[n].value, &g->tests[n].null)) return forgive(r, fits);
  }
  return true;
}

bool tsn_guards_see(tsn_run *r, uint32_t part, uint32_t class, uint32_t *plain, bool *fits)
{
  tsn_guards *g = r->guards;
  uint64_t labels = tsn_shapes_labels(r, class);
  uint32_t at, count;
  size_t k;
  g->pass_count = 0;
  *plain = class;
  if (!(labels & g->labels)) return true;
  if (!tsn_shapes_reclass(r, class, labels & ~g->labels, plain)) return false;
  if (*plain == TSN_NONE) *fits = false;
  if (!*fits || !see_row(r, &r->partitions[part], labels, fits)) return r->status == TOCSIN_OK;
  for (at = 0; at < r->partitions[part].queue.count && *fits; at += count) {
    count = places_at(&r->partitions[part].queue, at);
    if (!see_places(r, part, labels, at, count, fits)) return false;
  }
  for (k = 0; k < g->pass_count && *fits; k++) {
    if (!tsn_shapes_reclass(r, class, (labels & ~g->labels) | g->passes[k].labels, &g->passes[k].class)) return false;
    *fits = g->passes[k].class != TSN_NONE;
  }
  return true;
}

/* ---- a kept row, and one start ---- */

bool tsn_guards_from(tsn_run *r, const tsn_partition *p, const tsn_cell *cells)
{
  tsn_guards *g = r->guards;
  tsn_eval e = {.row = r->row, .partition = p, .number = p->rows - 1, .cells = g->cells, .final = g->cells, .label = g->start_label};
  uint32_t n;
  if (cells != g->cells) memcpy(g->cells, cells, r->p->path_cells * sizeof *cells);
  for (n = 0; n < g->test_count; n++)
    if (!start_side(r, &e, &g->tests[n], &g->tests[n].from, &g->tests[n].from_null)) return false;
  return true;
}

/* The row's side: a number that is a column as it is, or of the whole row, which is loaded then. */
static bool kept_side(tsn_run *r, uint32_t part, int64_t row, tsn_guard_test *t, bool *loaded)
{
  const tsn_partition *p = &r->partitions[part];
  tsn_eval e = {.row = r->row, .partition = p, .number = row, .cells = r->guards->cells, .final = r->guards->cells};
  if (t->row_slot != TSN_NONE && t->op != OP_CMP_S) {
    tsn_cell c;
    tsn_kept_load(r, tsn_kept_row_at(r, p, row), t->row_slot, &c);
    t->null = c.null;
    t->value = c.v.i;
    return true;
  }
  if (!*loaded) tsn_run_load(r, part, row);
  *loaded = true;
  return side_of(r, &e, t, &t->row, &t->value, &t->null);
}

static bool holds(tsn_run *r, uint32_t part, int64_t row, const tsn_guarded_label *l, bool *loaded, bool *truth)
{
  tsn_guards *g = r->guards;
  tsn_eval e = {.row = r->row, .partition = &r->partitions[part], .number = row, .cells = g->cells, .final = g->cells, .label = l->label};
  uint32_t n;
  *truth = true;
  for (n = l->first; *truth && n < l->first + l->count; n++) {
    tsn_guard_test *t = &g->tests[n];
    if (!kept_side(r, part, row, t, loaded)) return false;
    *truth = !t->null && !t->from_null && compare(t, &t->from, 1);
  }
  if (!*truth || !l->whole) return true;
  if (!*loaded) tsn_run_load(r, part, row);
  *loaded = true;
  return tsn_eval_truth(r, &e, &r->labels[l->label].condition, truth);
}

bool tsn_guards_class(tsn_run *r, uint32_t part, int64_t row, uint64_t wanted, uint32_t *class)
{
  const tsn_guards *g = r->guards;
  uint64_t labels, then;
  uint32_t k;
  bool loaded = false;
  *class = tsn_kept_row_at(r, &r->partitions[part], row)->class;
  then = labels = tsn_shapes_labels(r, *class);
  for (k = 0; (labels & g->labels) && k < g->count; k++) {
    bool truth = false;
    if (!(labels >> g->all[k].label & 1)) continue;
    if ((wanted >> g->all[k].label & 1) && !holds(r, part, row, &g->all[k], &loaded, &truth)) return false;
    if (!truth) then &= ~((uint64_t)1 << g->all[k].label);
  }
  return then == labels || tsn_shapes_reclass(r, *class, then, class);
}

/* ---- a block ---- */

static bool see_block(tsn_run *r, tsn_block *b)
{
  tsn_guards *g = r->guards;
  uint32_t n, i;
  for (n = 0; n < g->test_count; n++) {
    tsn_guard_test *t = &g->tests[n];
    if (t->op == OP_CMP_S) continue;
    if (!tsn_vector_values(r, b, r->program->instrs + t->row.instrs.first, t->row.instrs.count, t->rows, t->row_nulls) ||
        !tsn_vector_values(r, b, t->start, t->start_count, t->starts, t->start_nulls))
      return false;
    for (i = 0; t->shift && i < b->rows; i++) t->starts[i] = tsn_time_add(t->starts[i], t->shift);
  }
  return true;
}

bool tsn_guards_block(tsn_run *r, tsn_block *b)
{
  tsn_guards *g = r->guards;
  if (!g->blocks) return false;
  if (g->block == b && g->block_number == b->number) return g->quick;
  g->block = b;
  g->block_number = b->number;
  return g->quick = see_block(r, b);
}

/* A side of a comparison of texts. */
static int64_t text_of(const tsn_run *r, uint32_t slot, uint32_t row, bool *null)
{
  tsn_cell c;
  tsn_block_cell(r, r->guards->block, slot, row, &c);
  *null = c.null;
  return c.null ? 0 : value_of(OP_CMP_S, &c);
}

void tsn_guards_begin_in_block(tsn_run *r, tsn_queue *q, uint32_t row)
{
  const tsn_guards *g = r->guards;
  uint32_t slot = tsn_ring_at(q->head, q->count - 1, q->cap), k, n;
  int64_t *open = tsn_guards_open(q, slot);
  *open = (int64_t)g->labels;
  for (k = 0; k < g->count; k++)
    for (n = g->all[k].first; n < g->all[k].first + g->all[k].count; n++) {
      const tsn_guard_test *t = &g->tests[n];
      bool null = t->op != OP_CMP_S && (t->start_nulls[row / 64] >> row % 64 & 1);
      int64_t value = t->op == OP_CMP_S ? text_of(r, t->start_slot, row, &null) : t->starts[row];
      *tsn_guards_value(q, n, slot) = null ? 0 : value; /* what stands at a NULL may be NaN, which has no place among extremes */
      if (null) *open &= ~(int64_t)((uint64_t)1 << g->all[k].label);
    }
  widen_by_last(r, q, slot);
}

bool tsn_guards_any_in_block(tsn_run *r, const tsn_queue *q, uint32_t row, uint64_t labels)
{
  tsn_guards *g = r->guards;
  uint32_t at, count, k, n;
  for (k = 0; k < g->count; k++) {
    const tsn_guarded_label *l = &g->all[k];
    if (!(labels >> l->label & 1)) continue;
    if (!l->count) return q->count > 0;
    for (n = l->first; n < l->first + l->count; n++) {
      tsn_guard_test *t = &g->tests[n];
      t->null = t->op != OP_CMP_S && (t->row_nulls[row / 64] >> row % 64 & 1);
      t->value = t->op == OP_CMP_S ? text_of(r, t->row_slot, row, &t->null) : t->rows[row];
    }
    for (at = 0; at < q->count; at += count) {
      uint64_t bits;
      count = places_at(q, at);
      for (bits = compare_places(r, l, q, tsn_ring_at(q->head, at, q->cap), count); bits; bits &= bits - 1)
        if (waits_for(r, q, at + (uint32_t)__builtin_ctzll(bits), l->label)) return true;
    }
  }
  return false;
}
