/* What a path remembers.
 *
 * Every navigation and aggregate that cannot be read off the candidate row is a
 * register: cells that a row under one of its labels moves. A condition of label
 * L sees its row already mapped, so that LAST(x, 1) with L among the labels of x
 * is the register's newest cell, and LAST(x) is the row itself.
 *
 *   cells   [ in paths ........................ | only in a replay ... ]
 *             read by conditions, timers, and      measures of ALL ROWS,
 *             (ONE ROW) measures                   next to list aggregates
 *
 * Liveness is a backward data-flow over the automaton: a cell lives at a node if
 * some condition or timer beyond it may read it before a row overwrites it.
 * Measures do not count: of two paths with one future the preferred one lives,
 * and its measures with it (language page, section 7). */
#include <string.h>

#include "plan/plan.h"

bool tsn_plan_set_has(const tsn_label_set *set, uint32_t label) { return set->all || set->has[label]; }

static bool same_set(const tsn_plan *p, const tsn_label_set *a, const tsn_label_set *b)
{
  size_t i;
  if (a->all != b->all) return false;
  for (i = 0; !a->all && i < p->q->label_count; i++)
    if (a->has[i] != b->has[i]) return false;
  return true;
}

bool tsn_plan_same(const tsn_bx *a, const tsn_bx *b)
{
  const tsn_bx *x, *y;
  if (!a || !b) return a == b;
  if (a->kind != b->kind || a->type != b->type || a->is_null != b->is_null || a->negated != b->negated || a->integer != b->integer ||
      memcmp(&a->real, &b->real, sizeof a->real) || a->index != b->index || a->op != b->op || a->x != b->x || a->length != b->length ||
      (a->length && memcmp(a->text, b->text, a->length)) || a->arg_count != b->arg_count || !tsn_plan_same(a->otherwise, b->otherwise))
    return false;
  for (x = a->args, y = b->args; x && y; x = x->next, y = y->next)
    if (!tsn_plan_same(x, y)) return false;
  return !x && !y;
}

/* ---- slots: the columns that rows carry ---- */

static void use_column(tsn_plan *p, uint32_t column)
{
  if (p->slot_of[column] != TSN_NONE) return;
  p->slot_of[column] = (uint32_t)p->slot_count;
  p->slots[p->slot_count++] = column;
}

static void use_columns(tsn_plan *p, const tsn_bx *x)
{
  const tsn_bx *arg;
  if (!x) return;
  if (x->kind == BX_COLUMN) use_column(p, x->index);
  if (x->nav) use_columns(p, x->nav->value);
  if (x->agg) use_columns(p, x->agg->value);
  if (x->agg) use_columns(p, x->agg->value2);
  for (arg = x->args; arg; arg = arg->next) use_columns(p, arg);
  use_columns(p, x->otherwise);
}

/* No column has a slot yet, of so many. */
static bool no_slots(tsn_plan *p, size_t columns)
{
  size_t i;
  p->slot_count = 0;
  p->slot_of = tsn_arena_new_array(p->arena, uint32_t, columns + 1);
  p->slots = tsn_arena_new_array(p->arena, uint32_t, columns + 1);
  if (!p->slot_of || !p->slots) return false;
  for (i = 0; i < columns; i++) p->slot_of[i] = TSN_NONE;
  return true;
}

void tsn_plan_slots(tsn_plan *p)
{
  const tsn_bound *q = p->q;
  size_t i;
  if (!no_slots(p, q->shape->column_count + TSN_HIDDEN)) return;
  if (q->time_column >= 0) use_column(p, (uint32_t)q->time_column);
  for (i = 0; i < q->key_count; i++) use_column(p, q->keys[i]);
  for (i = 0; i < q->order_count; i++) use_column(p, q->orders[i].column);
  for (i = 0; i < q->label_count; i++) use_columns(p, q->labels[i].condition);
  for (i = 0; i < q->inner_count; i++) use_columns(p, q->inner[i].value);
  for (i = 0; i < p->timer_count; i++) use_columns(p, p->timers[i]->duration_expr);
}

/* Slots of columns below `limit` go first, in their order; answers how many they are. */
static size_t put_first(tsn_plan *p, size_t limit)
{
  uint32_t *sorted = tsn_arena_new_array(p->arena, uint32_t, p->slot_count + 1);
  size_t first = 0, last, i;
  if (!sorted) return 0;
  for (i = 0; i < p->slot_count; i++)
    if (p->slots[i] < limit) sorted[first++] = p->slots[i];
  for (i = 0, last = first; i < p->slot_count; i++)
    if (p->slots[i] >= limit) sorted[last++] = p->slots[i];
  for (i = 0; i < p->slot_count; i++) p->slot_of[sorted[i]] = (uint32_t)i;
  p->slots = sorted;
  return first;
}

size_t tsn_plan_raw_slots(tsn_plan *p, const tsn_bpart *part, const tsn_bx *const *values, size_t count)
{
  size_t own = tsn_raw_own(part), i;
  if (!no_slots(p, own + (part->table ? part->table->shape.column_count : 0))) return 0;
  for (i = 0; i < count; i++) use_columns(p, values[i]);
  if (part->time_column >= 0) use_column(p, (uint32_t)part->time_column);
  use_columns(p, part->where);
  for (i = 0; part->joins && i < part->table->key_count; i++) use_columns(p, part->keys[i]);
  return put_first(p, own);
}

/* ---- finding and asking for registers ---- */

static uint64_t hash_bx(const tsn_bx *x, uint64_t h)
{
  const tsn_bx *arg;
  if (!x) return tsn_hash_word(0, h);
  h = tsn_hash_word((uint64_t)x->kind << 32 | x->index, h);
  h = tsn_hash_word((uint64_t)x->op << 32 | (uint64_t)x->type << 8 | x->x, h);
  h = tsn_hash_word((uint64_t)x->integer, h);
  if (x->length) h = tsn_hash_bytes(x->text, x->length, h);
  for (arg = x->args; arg; arg = arg->next) h = hash_bx(arg, h);
  return hash_bx(x->otherwise, h);
}

uint64_t tsn_plan_hash(const tsn_bx *x) { return hash_bx(x, 0); }

static tsn_reg_plan with_key(const tsn_plan *p, tsn_reg_plan r)
{
  uint64_t h = tsn_hash_word((uint64_t)r.kind << 32 | (uint64_t)r.held << 16 | (uint64_t)r.aggregate, (uint64_t)r.physical);
  if (r.kind == REG_FIRST) h = tsn_hash_word(r.depth, h);
  if (!r.set->all) h = tsn_hash_bytes(r.set->has, p->q->label_count * sizeof *r.set->has, h);
  if (r.value) h = hash_bx(r.value, h);
  if (r.value2) h = hash_bx(r.value2, h);
  r.key = h;
  return r;
}

static uint32_t *reg_place(const tsn_plan *p, uint64_t key, size_t step) { return &p->reg_table[(key + step) % (4 * p->reg_cap)]; }

static void remember(tsn_plan *p, uint32_t number)
{
  uint64_t key = p->regs[number - 1].key;
  size_t step = 0;
  while (*reg_place(p, key, step)) step++;
  *reg_place(p, key, step) = number;
}

static tsn_reg_plan *find(tsn_plan *p, const tsn_reg_plan *want)
{
  size_t step;
  uint32_t number;
  for (step = 0; p->reg_cap && (number = *reg_place(p, want->key, step)) != 0; step++) {
    tsn_reg_plan *r = &p->regs[number - 1];
    if (r->key != want->key) continue;
    if (r->kind == want->kind && r->aggregate == want->aggregate && r->distinct == want->distinct && r->held == want->held && r->physical == want->physical &&
        (r->kind != REG_FIRST || r->depth == want->depth) && same_set(p, r->set, want->set) && tsn_plan_same(r->value, want->value) &&
        tsn_plan_same(r->value2, want->value2))
      return r;
  }
  return NULL;
}

static tsn_reg_plan *ask(tsn_plan *p, const tsn_reg_plan *want)
{
  tsn_reg_plan *r = find(p, want);
  if (r) {
    if (r->depth < want->depth) r->depth = want->depth;
    return r;
  }
  if (p->reg_count == p->reg_cap) {
    size_t cap = p->reg_cap ? p->reg_cap * 2 : 16;
    tsn_reg_plan *grown = tsn_arena_new_array(p->arena, tsn_reg_plan, cap);
    uint32_t *table = tsn_arena_new_array(p->arena, uint32_t, 4 * cap), i;
    if (!grown || !table) return NULL;
    if (p->reg_count) memcpy(grown, p->regs, p->reg_count * sizeof *grown);
    p->regs = grown;
    p->reg_cap = cap;
    p->reg_table = table;
    for (i = 0; i < p->reg_count; i++) remember(p, i + 1);
  }
  r = &p->regs[p->reg_count++];
  *r = *want;
  remember(p, (uint32_t)p->reg_count);
  return r;
}

static tsn_reg_plan nav_reg(const tsn_plan *p, const tsn_nav *nav)
{
  return with_key(p, (tsn_reg_plan){.kind = nav->first ? REG_FIRST : REG_LAST,
                                    .set = nav->set,
                                    .value = nav->value,
                                    .physical = nav->physical,
                                    .depth = nav->first ? nav->offset : nav->offset + 1});
}

/* Lists and what DISTINCT has seen are more than a few cells: paths hold them where conditions ask (run/held.c), for
 * measures alone the match's rows are gone through again (run/gather.c). */
static bool is_gathered(tsn_aggregate kind, bool distinct)
{
  return distinct || tsn_aggregate_table[kind].cell_count == 0;
}

static tsn_reg_plan agg_reg(const tsn_plan *p, const tsn_agg *agg, bool condition)
{
  return with_key(p, (tsn_reg_plan){.kind = REG_AGG,
                                    .aggregate = agg->kind,
                                    .distinct = agg->distinct,
                                    .held = condition && is_gathered(agg->kind, agg->distinct),
                                    .set = agg->set,
                                    .value = agg->value,
                                    .value2 = agg->value2,
                                    .at = agg->at});
}

uint32_t tsn_plan_find_nav(const tsn_plan *p, const tsn_nav *nav)
{
  tsn_reg_plan want = nav_reg(p, nav), *r;
  r = find((tsn_plan *)(uintptr_t)p, &want);
  return r ? (uint32_t)(r - p->regs) : TSN_NONE;
}

uint32_t tsn_plan_find_agg(const tsn_plan *p, const tsn_agg *agg, bool condition)
{
  tsn_reg_plan want = agg_reg(p, agg, condition), *r;
  r = find((tsn_plan *)(uintptr_t)p, &want);
  return r ? (uint32_t)(r - p->regs) : TSN_NONE;
}

uint32_t tsn_plan_find_labels(const tsn_plan *p)
{
  size_t i;
  for (i = 0; i < p->reg_count; i++)
    if (p->regs[i].kind == REG_LABELS) return (uint32_t)i;
  return TSN_NONE;
}

static bool is_kind(const tsn_bx *x, const void *kind) { return x->kind == *(const tsn_bx_kind *)kind; }

static bool has(const tsn_bx *x, tsn_bx_kind kind) { return tsn_bx_any(x, is_kind, &kind); }

/* Labels at a physical offset: those of the rows before are kept, so many of them. */
static void request_labels(tsn_plan *p, const tsn_nav *nav, bool condition)
{
  static const tsn_label_set all = {.all = true, .name = ""};
  tsn_reg_plan want = with_key(p, (tsn_reg_plan){.kind = REG_LABELS, .set = &all, .depth = (uint32_t)-nav->physical + 1}), *r;
  if (nav->physical >= 0 || !has(nav->value, BX_LABEL)) return;
  r = ask(p, &want);
  if (!r) return;
  if (condition || !p->replay) r->in_path = true;
  else r->in_replay = true;
  p->labels_decide = p->labels_decide || condition;
}

static void see_physical(tsn_plan *p, int64_t physical)
{
  if (-physical > (int64_t)p->behind) p->behind = (uint32_t)-physical;
  if (physical > (int64_t)p->ahead) p->ahead = (uint32_t)physical;
}

/* label TSN_NONE: the expression reads the path after its last row. */
static void request(tsn_plan *p, const tsn_bx *x, uint32_t label, bool condition)
{
  const tsn_bx *arg;
  if (!x) return;
  if (x->kind == BX_NAV) {
    tsn_reg_plan want = nav_reg(p, x->nav), *r;
    bool own = label != TSN_NONE && tsn_plan_set_has(x->nav->set, label);
    see_physical(p, x->nav->physical);
    request_labels(p, x->nav, condition);
    if (own && !x->nav->first) {
      if (x->nav->offset == 0) return; /* the candidate row itself */
      want.depth = x->nav->offset;
    }
    r = ask(p, &want);
    if (!r) return;
    if (condition || !p->replay) r->in_path = true;
    else r->in_replay = true;
    return;
  }
  if (x->kind == BX_AGG) {
    tsn_reg_plan want = agg_reg(p, x->agg, condition), *r = ask(p, &want);
    if (!r) return;
    if (condition || !p->replay) r->in_path = true;
    else r->in_replay = true;
    return;
  }
  for (arg = x->args; arg; arg = arg->next) request(p, arg, label, condition);
  request(p, x->otherwise, label, condition);
}

/* What is known only when the match is: what a replay gathers, labels of later rows, the match's number
 * beside a row, its path. */
static bool needs_replay(const tsn_bx *x, const void *nothing)
{
  (void)nothing;
  if (x->kind == BX_AGG && is_gathered(x->agg->kind, x->agg->distinct)) return true;
  if (x->kind == BX_NAV && x->nav->physical > 0 && has(x->nav->value, BX_LABEL)) return true;
  if ((x->kind == BX_NAV || x->kind == BX_AGG) && has(x, BX_MATCH)) return true;
  return x->kind == BX_MATCH && x->index == MATCH_VALUE_PATH;
}

static uint32_t cells_of(const tsn_reg_plan *r)
{
  uint32_t bags = r->held ? tsn_keeps_list((uint32_t)r->aggregate) + tsn_keeps_tree((uint32_t)r->aggregate, r->distinct) : 0;
  if (r->kind == REG_AGG) return tsn_aggregate_table[r->aggregate].cell_count + bags;
  return r->kind == REG_LAST ? r->depth : r->kind == REG_LABELS ? r->depth + 1 : 2;
}

static void assign_cells(tsn_plan *p)
{
  size_t i;
  int pass;
  for (pass = 0; pass < 2; pass++)
    for (i = 0; i < p->reg_count; i++) {
      tsn_reg_plan *r = &p->regs[i];
      if (r->in_path == (pass == 1)) continue;
      r->cells = cells_of(r);
      if (r->cells > TSN_CELLS_MAX - p->cells) {
        tsn_diag_add(p->diag, TSN_E2015, p->q->pattern->at, "smaller offsets, or fewer of them, keep less",
                     "this pattern keeps more than %u values of each path", TSN_CELLS_MAX);
        p->status = TOCSIN_LIMIT;
        return;
      }
      r->cell = p->cells;
      p->cells += r->cells;
      if (pass == 0) p->path_cells = p->cells;
      if (r->kind != REG_AGG || r->cells) continue;
      r->list = p->lists;
      p->lists += r->aggregate == AGG_APPROX_PERCENTILE ? 2 : 1; /* the values up to it, and those above */
    }
}

/* ---- liveness ---- */

#define EXACT_ROUNDS 200 /* a value may wander through so many places of a register before we guess */

static void set_bit(uint64_t *bits, uint32_t i) { bits[i / 64] |= (uint64_t)1 << (i % 64); }
static bool get_bit(const uint64_t *bits, uint32_t i) { return bits[i / 64] >> (i % 64) & 1; }

static void set_bits(uint64_t *bits, uint32_t first, uint32_t count)
{
  uint32_t i;
  for (i = 0; i < count; i++) set_bit(bits, first + i);
}

static void set_reg(uint64_t *bits, const tsn_reg_plan *r) { set_bits(bits, r->cell, r->cells); }

static void reads(const tsn_plan *p, const tsn_bx *x, uint32_t label, uint64_t *bits)
{
  const tsn_bx *arg;
  if (!x) return;
  if (x->kind == BX_NAV) {
    const tsn_nav *nav = x->nav;
    bool own = label != TSN_NONE && tsn_plan_set_has(nav->set, label);
    uint32_t at = tsn_plan_find_nav(p, nav);
    const tsn_reg_plan *r = at == TSN_NONE ? NULL : &p->regs[at];
    if (nav->first) {
      if (r) set_reg(bits, r);
    } else if (r && !(own && nav->offset == 0)) {
      set_bit(bits, r->cell + nav->offset - (own ? 1 : 0));
    }
    return;
  }
  if (x->kind == BX_AGG) {
    uint32_t at = tsn_plan_find_agg(p, x->agg, true);
    if (at != TSN_NONE) set_reg(bits, &p->regs[at]);
    return;
  }
  for (arg = x->args; arg; arg = arg->next) reads(p, arg, label, bits);
  reads(p, x->otherwise, label, bits);
}

/* Labels at physical offsets: a condition that reads them is not of its own row alone. */
static bool is_label_before(const tsn_bx *x, const void *nothing)
{
  (void)nothing;
  return x->kind == BX_NAV && x->nav->physical < 0 && has(x->nav->value, BX_LABEL);
}

/* Which cells must have lived before a row under `label`, for `after` to live behind it.
 * rough: and those that would follow from a loop, where it is too long to be walked. */
static void transfer(const tsn_plan *p, uint32_t label, const uint64_t *after, bool rough, uint64_t *before)
{
  size_t i;
  uint32_t k;
  for (i = 0; i < p->reg_count; i++) {
    const tsn_reg_plan *r = &p->regs[i];
    bool moves = tsn_plan_set_has(r->set, label);
    if (!r->in_path) continue;
    for (k = r->cells; k-- > 0;) {
      if (!get_bit(after, r->cell + k)) continue;
      if (!moves) {
        set_bit(before, r->cell + k);
      } else if (r->kind != REG_LAST) {
        set_reg(before, r);
        break;
      } else if (rough) {
        set_bits(before, r->cell, k);
        break;
      } else if (k > 0) {
        set_bit(before, r->cell + k - 1);
      }
    }
  }
}

static bool merge(uint64_t *into, const uint64_t *from, size_t words)
{
  size_t i;
  uint64_t changed = 0;
  for (i = 0; i < words; i++) {
    changed |= from[i] & ~into[i];
    into[i] |= from[i];
  }
  return changed != 0;
}

static bool step(tsn_plan *p, uint32_t node, bool rough, uint64_t *scratch, size_t words)
{
  tsn_node_plan *n = &p->nodes[node];
  uint32_t i;
  bool changed = false;
  switch (n->rec.kind) {
  case NODE_ACCEPT: return false;
  case NODE_ROW:
    memset(scratch, 0, words * sizeof *scratch);
    transfer(p, n->rec.a, p->nodes[n->rec.next].live, rough, scratch);
    merge(scratch, p->label_reads[n->rec.a], words);
    return merge(n->live, scratch, words);
  case NODE_TIMER: {
    const tsn_bpat *t = p->timers[n->rec.a];
    changed = merge(n->live, p->nodes[n->rec.next].live, words);
    changed |= merge(n->live, p->timer_reads[n->rec.a], words);
    for (i = 0; i < t->label_count; i++) changed |= merge(n->live, p->label_reads[t->labels[i]], words);
    return changed;
  }
  case NODE_ABSENCE:
    changed = merge(n->live, p->nodes[n->rec.next].live, words);
    return merge(n->live, p->label_reads[n->rec.a], words) || changed;
  case NODE_SPLIT:
    for (i = 0; i < n->rec.b; i++) changed |= merge(n->live, p->nodes[p->targets[n->rec.a + i]].live, words);
    return changed;
  case NODE_PERMUTE:
    for (i = 0; i < n->rec.b; i++) changed |= merge(n->live, p->nodes[p->targets[n->rec.a + i]].live, words);
    return merge(n->live, p->nodes[n->rec.next].live, words) || changed;
  case NODE_ENTER:
  case NODE_TURN:
    changed = merge(n->live, p->nodes[p->loops[n->rec.a].body].live, words);
    return merge(n->live, p->nodes[p->loops[n->rec.a].exit].live, words) || changed;
  default: return merge(n->live, p->nodes[n->rec.next].live, words);
  }
}

static void liveness(tsn_plan *p)
{
  size_t words = p->path_cells / 64 + 1, i;
  uint64_t *scratch = tsn_arena_new_array(p->arena, uint64_t, words);
  unsigned rounds = 0;
  bool changed = true;
  p->label_reads = tsn_arena_new_array(p->arena, uint64_t *, p->q->label_count + 1);
  p->timer_reads = tsn_arena_new_array(p->arena, uint64_t *, p->timer_count + 1);
  if (!scratch || !p->label_reads || !p->timer_reads) return;
  for (i = 0; i < p->q->label_count; i++) {
    p->label_reads[i] = tsn_arena_new_array(p->arena, uint64_t, words);
    if (!p->label_reads[i]) return;
    reads(p, p->q->labels[i].condition, (uint32_t)i, p->label_reads[i]);
    if (tsn_bx_any(p->q->labels[i].condition, is_label_before, NULL)) set_reg(p->label_reads[i], &p->regs[tsn_plan_find_labels(p)]);
  }
  for (i = 0; i < p->timer_count; i++) {
    p->timer_reads[i] = tsn_arena_new_array(p->arena, uint64_t, words);
    if (!p->timer_reads[i]) return;
    reads(p, p->timers[i]->duration_expr, TSN_NONE, p->timer_reads[i]);
  }
  for (i = 0; i < p->node_count; i++) {
    p->nodes[i].live = tsn_arena_new_array(p->arena, uint64_t, words);
    if (!p->nodes[i].live) return;
    if (p->labels_decide) set_reg(p->nodes[i].live, &p->regs[tsn_plan_find_labels(p)]);
  }
  while (changed) {
    changed = false;
    for (i = 0; i < p->node_count; i++) changed |= step(p, (uint32_t)i, rounds > EXACT_ROUNDS, scratch, words);
    rounds++;
  }
}

void tsn_plan_registers(tsn_plan *p)
{
  const tsn_bound *q = p->q;
  size_t i;
  p->replay = q->all_rows;
  for (i = 0; i < q->inner_count; i++) p->replay = p->replay || tsn_bx_any(q->inner[i].value, needs_replay, NULL);
  for (i = 0; i < q->label_count; i++) request(p, q->labels[i].condition, (uint32_t)i, true);
  for (i = 0; i < p->timer_count; i++) request(p, p->timers[i]->duration_expr, TSN_NONE, true);
  request(p, q->skip_row, TSN_NONE, true);
  for (i = 0; i < q->inner_count; i++)
    if (q->inner[i].is_measure) request(p, q->inner[i].value, TSN_NONE, false);
  assign_cells(p);
  if (p->status) return;
  p->skip_cell = TSN_NONE;
  if (q->skip_row) {
    uint32_t at = tsn_plan_find_nav(p, q->skip_row->nav);
    if (at != TSN_NONE) p->skip_cell = p->regs[at].cell + (q->skip_row->nav->first ? 1 : 0);
  }
  p->label_local = tsn_arena_new_array(p->arena, bool, q->label_count + 1);
  liveness(p);
  for (i = 0; p->label_local && p->label_reads && i < q->label_count; i++) {
    size_t w, words = p->path_cells / 64 + 1;
    p->label_local[i] = true;
    for (w = 0; p->label_reads[i] && w < words; w++)
      if (p->label_reads[i][w]) p->label_local[i] = false;
  }
}
