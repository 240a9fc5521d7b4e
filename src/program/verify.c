/* What makes a block a program: every index lies where it points, every code
 * keeps its stack, never takes a number for a text, and reads only cells that are
 * there where it runs (language page, section 9: no input crashes us; a saved
 * program is input).
 *
 * The automaton was built from its end: a node leads to nodes before it, and only
 * the turn of a loop and a PERMUTE lead back. Ranges of a sound block do not overlap, so that
 * all checks together look at no more records than the block has bytes; a block
 * that asks for more is refused, and loading stays linear. */
#include <math.h>
#include <string.h>

#include "base/time.h"
#include "program/tier.h"
#include "program/verify.h"

#define REG_CELLS_MAX ((uint32_t)UINT16_MAX + 2) /* an offset is at most UINT16_MAX */

void *tsn_verify_scratch(tsn_checker *c, size_t count, size_t size)
{
  void *array = tsn_alloc_array(c->alloc, count, size);
  if (!array) c->no_memory = true;
  return array;
}

bool tsn_verify_indices(tsn_checker *c, tsn_range r, uint32_t limit)
{
  const tocsin_program *p = c->p;
  uint32_t i;
  if (!tsn_verify_range(r, p->indices_count) || !tsn_verify_spend(c, r.count)) return false;
  for (i = 0; i < r.count; i++)
    if (p->indices[r.first + i] >= limit) return false;
  return true;
}

bool tsn_verify_duration(const tsn_checker *c, int64_t duration)
{
  return duration >= 0 && (c->q->time_type != TOCSIN_DOUBLE || duration < tsn_time_of_double(INFINITY));
}

static uint32_t held_cells(const tsn_reg_rec *reg)
{
  return reg->held ? tsn_keeps_list(reg->aggregate) + tsn_keeps_tree(reg->aggregate, reg->distinct) : 0;
}

static bool aggregate_ok(const tsn_checker *c, const tsn_reg_rec *reg)
{
  const tsn_aggregate_info *info;
  uint32_t lists = reg->aggregate == AGG_APPROX_PERCENTILE ? 2 : 1;
  if (reg->aggregate >= TSN_AGGREGATES) return false;
  info = &tsn_aggregate_table[reg->aggregate];
  if (reg->cells != info->cell_count + held_cells(reg) || (info->args == 2) != (reg->value2.instrs.count != 0)) return false;
  if (reg->value.instrs.count == 0 && reg->aggregate != AGG_COUNT) return false;
  /* Lists, and the sets behind DISTINCT: a path holds them, or a replay gathers them. */
  if ((info->cell_count == 0 || reg->distinct) ? reg->in_path && !reg->held : reg->held) return false;
  if (reg->held && (reg->in_replay || !reg->in_path || info->merge == MERGE_PICK)) return false;
  if (reg->distinct && reg->value.instrs.count == 0) return false;
  if (reg->cells == 0 && (reg->depth >= c->q->lists || lists > c->q->lists - reg->depth)) return false;
  if (reg->aggregate == AGG_STRING_AGG) return reg->type == TOCSIN_TEXT && reg->type2 == TOCSIN_TEXT;
  if (reg->aggregate == AGG_APPROX_PERCENTILE) return tsn_verify_kind(reg->type) == 'N' && reg->type2 == TOCSIN_DOUBLE;
  return reg->aggregate != AGG_SUM || tsn_verify_kind(reg->type) == 'N';
}

/* A register as such; its cells are its own. */
static bool register_ok(tsn_checker *c, const tsn_reg_rec *reg)
{
  uint32_t k;
  if (reg->kind > REG_LABELS || reg->type > TOCSIN_LIST || reg->type2 > TOCSIN_INTERVAL) return false;
  if (reg->cells > REG_CELLS_MAX || reg->cells > c->q->cells || reg->cell > c->q->cells - reg->cells) return false;
  if (reg->in_path && reg->cell + reg->cells > c->q->path_cells) return false;
  if ((reg->in_replay || (reg->distinct && !reg->held)) && !c->q->history) return false;
  if (reg->kind != REG_AGG && (reg->distinct || reg->held || reg->value2.instrs.count)) return false;
  if (reg->kind == REG_LAST && (reg->cells == 0 || reg->cells != reg->depth)) return false;
  if (reg->kind == REG_FIRST && reg->cells != 2) return false;
  if (reg->kind == REG_LABELS && (reg->cells < 2 || reg->type != TOCSIN_BIGINT)) return false;
  if (reg->kind == REG_AGG && !aggregate_ok(c, reg)) return false;
  for (k = 0; k < reg->cells; k++) {
    char *kind = &c->cell_kinds[reg->cell + k];
    if (*kind) return false;
    *kind = reg->kind == REG_AGG ? tsn_verify_cell_kind(reg, k) : reg->kind == REG_FIRST && k == 0 ? 'N' : tsn_verify_kind(reg->type);
  }
  return true;
}

static bool registers_ok(tsn_checker *c)
{
  uint32_t i;
  for (i = 0; i < c->q->regs.count; i++)
    if (!register_ok(c, &c->p->regs[c->q->regs.first + i])) return false;
  for (i = 0; i < c->q->cells; i++)
    if (!c->cell_kinds[i]) return false;
  for (i = 0; i < c->q->regs.count; i++) {
    const tsn_reg_rec *reg = &c->p->regs[c->q->regs.first + i];
    if (reg->kind < REG_AGG && reg->value.instrs.count == 0) return false;
    if (!tsn_verify_code(c, &reg->value, tsn_verify_kind(reg->type), PLACE_VALUE)) return false;
    if (!tsn_verify_code(c, &reg->value2, tsn_verify_kind(reg->type2), PLACE_VALUE)) return false;
  }
  return c->q->skip_kind != MATCH_SKIP_TO || c->cell_kinds[c->q->skip_cell] == 'N';
}

/* A node and where it leads: to nodes before it. */
static bool node_ok(tsn_checker *c, uint32_t at, uint64_t *targets, uint64_t *counters)
{
  const tsn_pattern_rec *q = c->q;
  const tsn_node_rec *n = &c->p->nodes[q->nodes.first + at];
  const uint32_t *to = c->p->indices + q->targets.first;
  tsn_range live = {n->live_first, n->live_count};
  uint32_t i;
  if (n->next >= q->nodes.count || !tsn_verify_indices(c, live, q->path_cells)) return false;
  switch ((tsn_node_kind)n->kind) {
  case NODE_ACCEPT: return true;
  case NODE_ROW:
  case NODE_ABSENCE: return n->a < q->labels.count && n->next < at;
  case NODE_TIMER: return n->a < q->timers.count && n->next < at;
  case NODE_GAP:
  case NODE_FIRST:
  case NODE_LAST: return n->next < at;
  case NODE_SPLIT:
    *targets += n->b;
    if (n->b == 0 || n->a > q->targets.count || n->b > q->targets.count - n->a || *targets > q->targets.count) return false;
    for (i = 0; i < n->b; i++)
      if (to[n->a + i] >= at) return false;
    return true;
  case NODE_PERMUTE:
    *targets += n->b;
    *counters += (n->b + 31) / 32;
    if (n->b < 2 || n->b > TSN_PERMUTE_MAX || n->c >= q->counters || (n->b + 31) / 32 > q->counters - n->c) return false;
    /* Its parts lead back: they may be any nodes. */
    return n->a <= q->targets.count && n->b <= q->targets.count - n->a && *targets <= q->targets.count && n->next < at;
  case NODE_ENTER:
  case NODE_TURN: {
    const tsn_loop_rec *l;
    if (n->a >= q->loops.count) return false;
    l = &c->p->loops[q->loops.first + n->a];
    return l->exit < at && (n->kind == NODE_TURN || l->body < at);
  }
  default: return false;
  }
}

/* Before the first element !x{d} is a condition; the partition keeps when x was last seen. */
static bool starts_ok(tsn_checker *c, bool *seen, uint32_t *stack, bool *kept)
{
  const tsn_pattern_rec *q = c->q;
  const tsn_node_rec *nodes = c->p->nodes + q->nodes.first;
  const tsn_loop_rec *loops = c->p->loops + q->loops.first;
  const uint32_t *indices = c->p->indices;
  uint32_t depth = 0, i;
  for (i = 0; i < q->start_absences.count; i++) kept[indices[q->start_absences.first + i]] = true;
#define GO(to) \
  if (!seen[to]) seen[stack[depth++] = (to)] = true
  GO(q->root);
  while (depth) {
    const tsn_node_rec *n = &nodes[stack[--depth]];
    switch (n->kind) {
    case NODE_ROW:
    case NODE_ACCEPT: break;
    case NODE_SPLIT:
      for (i = 0; i < n->b; i++) GO(indices[q->targets.first + n->a + i]);
      break;
    case NODE_PERMUTE:
      for (i = 0; i < n->b; i++) GO(indices[q->targets.first + n->a + i]);
      if (n->flags & NODE_SILENT) GO(n->next);
      break;
    case NODE_ENTER:
    case NODE_TURN:
      GO(loops[n->a].body);
      if (n->kind == NODE_TURN || loops[n->a].min == 0) GO(loops[n->a].exit);
      break;
    case NODE_TIMER: {
      tsn_range labels = c->p->timers[q->timers.first + n->a].labels;
      if (!tsn_verify_spend(c, labels.count)) return false;
      for (i = 0; i < labels.count; i++)
        if (!kept[indices[labels.first + i]]) return false;
      GO(n->next);
      break;
    }
    default: GO(n->next); break;
    }
  }
#undef GO
  return true;
}

static bool nodes_ok(tsn_checker *c)
{
  const tsn_pattern_rec *q = c->q;
  uint64_t targets = 0, counters = q->loops.count;
  uint32_t i, *stack;
  bool *seen, *kept, good;
  if (q->root >= q->nodes.count || q->counters > TSN_COUNTERS_MAX) return false;
  if (!tsn_verify_indices(c, q->targets, q->nodes.count)) return false;
  for (i = 0; i < q->loops.count; i++) {
    const tsn_loop_rec *l = &c->p->loops[q->loops.first + i];
    if (l->body >= q->nodes.count || l->exit >= q->nodes.count || l->min > l->max) return false;
    if (l->counter != TSN_NO_COUNTER && l->counter >= q->counters) return false;
    if (l->nullable && l->min > 1000) return false;
  }
  for (i = 0; i < q->nodes.count; i++)
    if (!node_ok(c, i, &targets, &counters)) return false;
  if (q->counters > counters) return false;
  seen = tsn_verify_scratch(c, q->nodes.count, sizeof *seen);
  stack = tsn_verify_scratch(c, q->nodes.count, sizeof *stack);
  kept = tsn_verify_scratch(c, (size_t)q->labels.count + 1, sizeof *kept);
  good = seen && stack && kept && starts_ok(c, seen, stack, kept);
  tsn_alloc_free(c->alloc, seen, q->nodes.count * sizeof *seen);
  tsn_alloc_free(c->alloc, stack, q->nodes.count * sizeof *stack);
  tsn_alloc_free(c->alloc, kept, ((size_t)q->labels.count + 1) * sizeof *kept);
  return good;
}

/* Over a DOUBLE a duration is held by its order: a finite number. */
/* The registers that a row under a label moves, each once. */
static bool updates_ok(tsn_checker *c, tsn_range updates)
{
  uint32_t i;
  if (!tsn_verify_indices(c, updates, c->q->regs.count)) return false;
  for (i = 1; i < updates.count; i++)
    if (c->p->indices[updates.first + i - 1] >= c->p->indices[updates.first + i]) return false;
  return true;
}

static bool labels_ok(tsn_checker *c)
{
  const tocsin_program *p = c->p;
  uint32_t i;
  for (i = 0; i < c->q->labels.count; i++) {
    const tsn_label_rec *l = &p->labels[c->q->labels.first + i];
    if (!tsn_verify_text(p, l->name) || !updates_ok(c, l->updates) || !tsn_verify_code(c, &l->condition, 'N', PLACE_PATH)) return false;
  }
  for (i = 0; i < c->q->timers.count; i++) {
    const tsn_timer_rec *t = &p->timers[c->q->timers.first + i];
    if (t->kind > TIMER_DEADLINE_CODE || !tsn_verify_indices(c, t->labels, c->q->labels.count)) return false;
    if ((t->kind == TIMER_DURATION) != (t->code.instrs.count == 0) || !tsn_verify_code(c, &t->code, 'N', PLACE_PATH)) return false;
    if (!tsn_verify_duration(c, t->duration)) return false;
  }
  return true;
}

static bool outputs_ok(tsn_checker *c)
{
  const tocsin_program *p = c->p;
  uint32_t i;
  for (i = 0; i < c->q->inner.count; i++) {
    const tsn_inner_rec *r = &p->inner[c->q->inner.first + i];
    if (!tsn_verify_text(p, r->name) || r->type > TOCSIN_LIST || r->code.instrs.count == 0 || !tsn_verify_code(c, &r->code, tsn_verify_kind(r->type), PLACE_MATCH)) return false;
  }
  for (i = 0; i < c->q->outputs.count; i++) {
    const tsn_output_rec *o = &p->outputs[c->q->outputs.first + i];
    if (!tsn_verify_text(p, o->name) || o->type > TOCSIN_LIST) return false;
    if (o->from_inner != TSN_NONE) {
      if (o->code.instrs.count || o->code.stack) return false;
      if (o->from_inner >= c->q->inner.count || p->inner[c->q->inner.first + o->from_inner].type != o->type) return false;
    } else if (o->code.instrs.count == 0 || !tsn_verify_code(c, &o->code, tsn_verify_kind(o->type), PLACE_OUTER)) {
      return false;
    }
  }
  return tsn_verify_code(c, &c->q->where, 'N', PLACE_OUTER);
}

static bool ranges_ok(tsn_checker *c)
{
  const tocsin_program *p = c->p;
  const tsn_pattern_rec *q = c->q;
  uint64_t records = (uint64_t)q->orders.count + q->nodes.count + q->loops.count + q->timers.count + q->labels.count + q->regs.count +
                     q->inner.count + q->outputs.count + q->parts.count;
  return tsn_verify_spend(c, records) && tsn_verify_range(q->orders, p->orders_count) && tsn_verify_range(q->nodes, p->nodes_count) && tsn_verify_range(q->loops, p->loops_count) &&
         tsn_verify_range(q->timers, p->timers_count) && tsn_verify_range(q->labels, p->labels_count) && tsn_verify_range(q->regs, p->regs_count) &&
         tsn_verify_range(q->targets, p->indices_count) && tsn_verify_range(q->inner, p->inner_count) && tsn_verify_range(q->outputs, p->outputs_count) &&
         tsn_verify_range(q->parts, p->parts_count) && tsn_verify_indices(c, q->streams, p->streams_count) && tsn_verify_indices(c, q->slots, TOCSIN_LIST + 1) && tsn_verify_indices(c, q->keys, q->slots.count) &&
         tsn_verify_indices(c, q->start_absences, q->labels.count);
}

static bool pattern_ok(tsn_checker *c)
{
  const tocsin_program *p = c->p;
  const tsn_pattern_rec *q = c->q;
  uint32_t i;
  if (!tsn_verify_text(p, q->name) || !ranges_ok(c) || !tsn_verify_parts(c)) return false;
  if (q->time_slot != TSN_NONE && q->time_slot >= q->slots.count) return false;
  if (q->window_kind > WINDOW_TUMBLE || !tsn_verify_duration(c, q->window) || (q->window_kind == WINDOW_TUMBLE && q->window == 0)) return false;
  if (q->whole_windows && !q->ahead) return false;
  if (q->sequential && q->skip_kind == MATCH_SKIP_NONE) return false;
  if (q->time_slot == TSN_NONE && (q->window_kind || q->within_kind == WITHIN_TIME || q->timers.count || q->has_bounds || (q->orders.count && !q->sorts_all))) return false;
  if (q->sorts_all && q->time_slot != TSN_NONE) return false;
  if (q->time_slot != TSN_NONE && (tsn_verify_kind(tsn_verify_slot_type(c, q->time_slot, PLACE_VALUE)) == 'T' || tsn_verify_kind(q->time_type) == 'T')) return false;
  for (i = 0; i < q->orders.count; i++)
    if (p->orders[q->orders.first + i].slot >= q->slots.count) return false;
  if (q->skip_kind > MATCH_SKIP_NONE || q->empty_kind > MATCH_UNMATCHED || q->within_kind > WITHIN_ROWS || q->tier >= TSN_TIERS || q->traced > 1 || (q->traced && (!q->history || !q->keep_idle || q->tier != TIER_PATHS)) || !tsn_verify_duration(c, q->within)) return false;
  if (q->path_cells > q->cells || q->cells > TSN_CELLS_MAX || q->lists > 2 * q->regs.count || q->behind > UINT16_MAX || q->ahead > UINT16_MAX) return false;
  if (q->skip_kind == MATCH_SKIP_TO && q->skip_cell >= q->path_cells) return false;
  if (q->skip_label >= p->strings_count || p->strings[p->strings_count - 1] != 0) return false;
  if ((q->all_rows || q->lists || q->empty_kind == MATCH_UNMATCHED) && !q->history) return false;
  c->cell_kinds = tsn_verify_scratch(c, (size_t)q->cells + 1, 1);
  return c->cell_kinds && registers_ok(c) && labels_ok(c) && nodes_ok(c) && outputs_ok(c);
}

static bool tables_ok(tsn_checker *c)
{
  const tocsin_program *p = c->p;
  uint32_t i;
  for (i = 0; i < p->tables_count; i++) {
    const tsn_table_rec *t = &p->tables[i];
    if (!tsn_verify_text(p, t->name) || !tsn_verify_range(t->columns, p->columns_count) || t->keys.count == 0 ||
        !tsn_verify_indices(c, t->keys, t->columns.count) || !tsn_verify_spend(c, t->columns.count))
      return false;
  }
  return true;
}

static bool functions_ok(tsn_checker *c)
{
  const tocsin_program *p = c->p;
  uint32_t i, k;
  for (i = 0; i < p->functions_count; i++) {
    const tsn_function_rec *f = &p->functions[i];
    if (!tsn_verify_text(p, f->name) || !tsn_verify_type(f->result) || f->arguments.count > TSN_ARGUMENTS_MAX ||
        !tsn_verify_indices(c, f->arguments, TOCSIN_INTERVAL + 1))
      return false;
    for (k = 0; k < f->arguments.count; k++)
      if (!tsn_verify_type(p->indices[f->arguments.first + k])) return false;
  }
  return true;
}

tocsin_status tsn_program_verify(const tocsin_program *p)
{
  tsn_alloc alloc = p->alloc;
  tsn_checker c = {.p = p, .alloc = &alloc, .budget = p->length};
  uint32_t i;
  bool good = true;
  for (i = 0; i < p->streams_count && good; i++)
    good = tsn_verify_text(p, p->streams[i].name) && tsn_verify_range(p->streams[i].columns, p->columns_count) && p->streams[i].event_time >= -1 &&
           p->streams[i].event_time < (int32_t)p->streams[i].columns.count;
  for (i = 0; i < p->columns_count && good; i++)
    good = tsn_verify_text(p, p->columns[i].name) && (p->columns[i].path.offset == TSN_NONE || tsn_verify_text(p, p->columns[i].path)) &&
           tsn_verify_type(p->columns[i].type) && p->columns[i].unit <= TOCSIN_UNIT_NANOSECOND;
  good = good && tables_ok(&c) && functions_ok(&c);
  c.stack = tsn_verify_scratch(&c, TSN_STACK_MAX + 64, 1);
  good = good && c.stack;
  for (i = 0; i < p->patterns_count && good; i++) {
    c.q = &p->patterns[i];
    good = pattern_ok(&c);
    tsn_alloc_free(&alloc, c.cell_kinds, c.cell_kinds ? (size_t)c.q->cells + 1 : 0);
    c.cell_kinds = NULL;
  }
  tsn_alloc_free(&alloc, c.stack, c.stack ? TSN_STACK_MAX + 64 : 0);
  return c.no_memory ? TOCSIN_NOMEM : good ? TOCSIN_OK : TOCSIN_CORRUPT;
}
