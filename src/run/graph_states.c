/* The states of a graph (graph.h): what junction.c finds behind each element, once and for all. */
#include <string.h>

#include "program/code.h"
#include "program/tier.h"
#include "run/graph.h"

/* ---- states ---- */

/* The state of an element that is taken with so many turns; made where there is none. */
static uint32_t state_of(tsn_run *r, uint32_t node, const uint32_t *counters)
{
  tsn_graph *g = r->graph;
  uint32_t label = r->nodes[node].a, count = r->p->counters, s;
  tsn_graph_state *state;
  for (s = g->labels[label].first; s != TSN_NONE; s = g->states[s].next)
    if (g->states[s].node == node && (!count || !memcmp(g->counters + g->states[s].counters, counters, count * sizeof *counters))) return s;
  if (!tsn_run_room(r, (void **)&g->states, &g->state_cap, g->state_count + 1, sizeof *g->states) ||
      !tsn_run_room(r, (void **)&g->counters, &g->counter_cap, g->counter_count + count, sizeof *g->counters))
    return TSN_NONE;
  s = (uint32_t)g->state_count++;
  state = &g->states[s];
  *state = (tsn_graph_state){.node = node, .label = label, .counters = (uint32_t)g->counter_count, .next = g->labels[label].first};
  g->labels[label].first = s;
  if (count) memcpy(g->counters + g->counter_count, counters, count * sizeof *counters);
  g->counter_count += count;
  return s;
}

/* Where an edge leads from a path with these turns. */
static uint32_t follow(tsn_run *r, const uint32_t *counters, const tsn_edge *e)
{
  if (r->p->counters) memcpy(r->new_counters, counters, r->p->counters * sizeof *counters);
  tsn_edge_count(r, e);
  return state_of(r, e->node, r->new_counters);
}

static bool add_edge(tsn_run *r, uint32_t s, const tsn_edge *e)
{
  tsn_graph *g = r->graph;
  uint32_t to = follow(r, g->counters + g->states[s].counters, e);
  if (to == TSN_NONE || !tsn_run_room(r, (void **)&g->edges, &g->edge_cap, g->edge_count + 1, sizeof *g->edges)) return false;
  g->edges[g->edge_count++] = (tsn_graph_edge){.to = to, .kind = e->kind};
  g->states[s].edge_count++;
  return true;
}

static bool add_segment(tsn_run *r, uint32_t s, uint32_t segment)
{
  tsn_graph *g = r->graph;
  tsn_segment from = r->junctions.segments[segment];
  uint32_t k, first = g->states[s].edge_count;
  if (from.accept) g->states[s].accepts = true;
  for (k = 0; k < from.edge_count; k++) {
    tsn_edge e = r->junctions.edges[from.edge_first + k];
    if (!add_edge(r, s, &e)) return false;
  }
  if (!from.edge_count) return true;
  if (!tsn_run_room(r, (void **)&g->segments, &g->segment_cap, g->segment_count + 1, sizeof *g->segments)) return false;
  g->segments[g->segment_count++] = (tsn_graph_segment){.first = first, .count = from.edge_count};
  g->states[s].segment_count++;
  return true;
}

/* The junction of a state: its edges, of which new states may come. */
static bool expand(tsn_run *r, uint32_t s)
{
  tsn_graph *g = r->graph;
  const uint32_t *counters = g->counters + g->states[s].counters;
  uint32_t junction = tsn_junction_get(r, g->states[s].node, counters, false, false), k;
  if (junction == TSN_NONE) return false;
  g->states[s].edge_first = (uint32_t)g->edge_count;
  g->states[s].segment_first = (uint32_t)g->segment_count;
  for (k = 0; k < r->junctions.all[junction].segment_count; k++)
    if (!add_segment(r, s, r->junctions.all[junction].segment_first + k)) return false;
  return true;
}

static bool find_begins(tsn_run *r)
{
  tsn_graph *g = r->graph;
  uint32_t junction = tsn_junction_start(r, false), k, s;
  if (junction == TSN_NONE) return false;
  for (k = 0; k < r->junctions.all[junction].edge_count; k++) {
    tsn_edge e = r->junctions.edges[r->junctions.all[junction].edge_first + k];
    memset(r->new_counters, 0, r->p->counters * sizeof *r->new_counters);
    s = follow(r, r->new_counters, &e);
    if (s == TSN_NONE || !tsn_run_room(r, (void **)&g->begins, &g->begin_cap, g->begin_count + 1, sizeof *g->begins)) return false;
    g->begins[g->begin_count++] = s;
    g->states[s].begins = true;
  }
  return true;
}

/* For each state the edges that lead to it. */
static bool find_ins(tsn_run *r)
{
  tsn_graph *g = r->graph;
  uint32_t s, k, at = 0;
  if (!tsn_run_room(r, (void **)&g->ins, &g->in_cap, g->edge_count, sizeof *g->ins)) return false;
  for (s = 0; s < g->edge_count; s++) g->states[g->edges[s].to].in_count++;
  for (s = 0; s < g->state_count; s++) {
    g->states[s].in_first = at;
    at += g->states[s].in_count;
    g->states[s].in_count = 0;
  }
  for (s = 0; s < g->state_count; s++)
    for (k = 0; k < g->states[s].edge_count; k++) {
      tsn_graph_state *to = &g->states[g->edges[g->states[s].edge_first + k].to];
      g->ins[to->in_first + to->in_count++] = (tsn_graph_in){.from = s, .edge = k};
    }
  return true;
}

/* ---- registers ---- */

static bool add_steps(tsn_run *r, uint32_t label)
{
  tsn_graph *g = r->graph;
  tsn_graph_label *l = &g->labels[label];
  const tsn_range *updates = &r->labels[label].updates;
  uint32_t u;
  l->step_first = (uint32_t)g->step_count;
  l->plain = true;
  for (u = 0; u < updates->count; u++) {
    const tsn_reg_rec *reg = &r->regs[r->program->indices[updates->first + u]];
    const tsn_instr *in = r->program->instrs + reg->value.instrs.first;
    tsn_graph_step step = {.reg = reg, .value = TSN_NONE, .second = TSN_NONE, .slot = TSN_NONE};
    if (!reg->in_path) continue;
    if (reg->value.instrs.count) step.value = l->values++;
    if (reg->value.instrs.count == 1 && in->op == OP_COL) step.slot = in->a;
    if (reg->value2.instrs.count) step.second = l->values++;
    if (!tsn_run_room(r, (void **)&g->steps, &g->step_cap, g->step_count + 1, sizeof *g->steps)) return false;
    g->steps[g->step_count++] = step;
    l->plain = l->plain && reg->kind == REG_LAST && reg->cells == 1;
  }
  l->step_count = (uint32_t)g->step_count - l->step_first;
  return true;
}

/* ---- conditions of last elements ---- */

static bool is_local(const tsn_run *r, tsn_range code)
{
  const tsn_instr *in = r->program->instrs + code.first, *end = in + code.count;
  for (; in < end; in++)
    switch ((tsn_opcode)in->op) {
    case OP_CELL:
    case OP_FIRST:
    case OP_AGG:
    case OP_AGG_PEEK:
    case OP_AGG_PEEK2:
    case OP_HELD:
    case OP_LABEL_BEFORE:
    case OP_MATCH: return false;
    default: break;
    }
  return true;
}

/* Whether code is of the row before alone: registers that keep its value, in place of the one before. */
static bool is_kept(const tsn_run *r, tsn_range code, uint32_t label)
{
  const tsn_graph *g = r->graph;
  const tsn_instr *in = r->program->instrs + code.first;
  uint32_t i, k;
  for (i = 0; i < code.count; i++) {
    tsn_opcode op = (tsn_opcode)in[i].op;
    bool found = false;
    if (op == OP_INT || op == OP_REAL || op == OP_NULL || op == OP_I2D || (op >= OP_ADD_D && op <= OP_NEG_D)) continue;
    if (op != OP_CELL || in[i].x) return false;
    for (k = 0; k < g->labels[label].step_count && !found; k++) {
      const tsn_reg_rec *reg = g->steps[g->labels[label].step_first + k].reg;
      found = reg->kind == REG_LAST && reg->cell == in[i].a;
    }
    if (!found) return false;
  }
  return true;
}

/* The cell of a node under that label that keeps what the code comes to: one that a register needs as it is, else one more. */
static uint32_t kept_value(tsn_run *r, tsn_range code, uint32_t label)
{
  tsn_graph *g = r->graph;
  const tsn_instr *in = r->program->instrs + code.first;
  uint32_t k;
  for (k = 0; code.count == 1 && in->op == OP_CELL && k < g->labels[label].step_count; k++) {
    const tsn_graph_step *step = &g->steps[g->labels[label].step_first + k];
    if (step->reg->kind == REG_LAST && step->reg->cell == in->a) return step->value;
  }
  return g->labels[label].values++;
}

/* The label of all that a state can follow; TSN_NONE: several, or nothing. */
static uint32_t label_before(const tsn_run *r, uint32_t state)
{
  const tsn_graph *g = r->graph;
  const tsn_graph_state *s = &g->states[state];
  uint32_t k, label = TSN_NONE;
  for (k = 0; k < s->in_count; k++) {
    uint32_t other = g->states[g->ins[s->in_first + k].from].label;
    if (label != TSN_NONE && other != label) return TSN_NONE;
    label = other;
  }
  return s->begins ? TSN_NONE : label;
}

/* A condition that is `what is local AND its row > the row before`: that row keeps its side, and is compared at once. */
static bool find_guard(tsn_run *r, uint32_t label)
{
  tsn_graph *g = r->graph;
  tsn_graph_label *l = &g->labels[label];
  const tsn_code *whole = &r->labels[label].condition;
  tsn_range rest = whole->instrs, right, a, b;
  tsn_graph_guard guard = {.row = *whole, .kept = *whole};
  const tsn_instr *last;
  uint32_t before;
  if (tsn_code_can_fail(r->program, whole)) return true;
  if (tsn_cut_and(r->program, rest.first, &rest, &right)) {
    l->screen = *whole;
    l->screen.instrs = rest;
    if (!is_local(r, rest)) l->screen.instrs.count = 0;
  } else {
    right = rest;
  }
  if ((right.first != rest.first && !l->screen.instrs.count) || l->first == TSN_NONE || g->states[l->first].next != TSN_NONE) return true;
  before = label_before(r, l->first);
  last = r->program->instrs + right.first + right.count - 1;
  if (before == TSN_NONE || last->op == OP_CMP_S || !tsn_cut_compare(r->program, right, &a, &b)) return true;
  guard.op = last->op;
  guard.how = last->x;
  if (is_kept(r, a, before) && is_local(r, b)) {
    guard.kept.instrs = a;
    guard.row.instrs = b;
    guard.how = tsn_compare_turned((tsn_compare)last->x);
  } else if (is_local(r, a) && is_kept(r, b, before)) {
    guard.row.instrs = a;
    guard.kept.instrs = b;
  } else {
    return true;
  }
  if (!tsn_run_room(r, (void **)&g->guards, &g->guard_cap, g->guard_count + 1, sizeof *g->guards)) return false;
  guard.label = before;
  guard.value = kept_value(r, guard.kept.instrs, before);
  l->guard = (uint32_t)g->guard_count;
  g->guards[g->guard_count++] = guard;
  return true;
}

static bool find_labels(tsn_run *r)
{
  tsn_graph *g = r->graph;
  uint32_t i;
  for (i = 0; i < r->p->labels.count; i++)
    if (!add_steps(r, i)) return false;
  for (i = 0; i < r->p->labels.count; i++) {
    const tsn_code *condition = &r->labels[i].condition;
    if (!condition->instrs.count || condition->local) continue;
    g->labels[i].walks = true;
    g->checks = g->checks || tsn_code_can_fail(r->program, condition);
    if (!find_guard(r, i)) return false;
  }
  for (i = 0; i < r->p->labels.count; i++) {
    g->labels[i].cell_first = (uint32_t)g->value_count;
    g->value_count += g->labels[i].values;
  }
  return true;
}

/* ---- output ---- */

/* What a node under a label has of the output columns. */
static bool find_shown(tsn_run *r)
{
  tsn_graph *g = r->graph;
  uint32_t columns = r->p->outputs.count, i, k, n;
  g->shown = tsn_alloc_array(r->alloc, r->p->labels.count * (size_t)columns + 1, sizeof *g->shown);
  if (!g->shown) return tsn_run_nomem(r);
  for (i = 0; i < r->p->labels.count; i++)
    for (k = 0; k < columns; k++) {
      uint32_t *shown = &g->shown[(size_t)i * columns + k];
      *shown = TSN_NONE;
      for (n = 0; n < g->labels[i].step_count; n++) {
        const tsn_graph_step *step = &g->steps[g->labels[i].step_first + n];
        if (step->reg->cell == g->columns[k]) *shown = step->value;
      }
    }
  return true;
}

static bool find_key(const tsn_run *r, uint32_t slot, uint32_t *key)
{
  for (*key = 0; *key < r->p->keys.count; ++*key)
    if (r->program->indices[r->p->keys.first + *key] == slot) return true;
  return false;
}

/* Output columns that are registers or keys as they are need no machine, if none of the others can fail. */
static bool find_columns(tsn_run *r)
{
  tsn_graph *g = r->graph;
  const tsn_output_rec *outputs = r->program->outputs + r->p->outputs.first;
  const tsn_inner_rec *inner = r->program->inner + r->p->inner.first;
  uint32_t k;
  size_t count = (size_t)r->p->outputs.count + 1;
  g->columns = tsn_alloc_array(r->alloc, count, sizeof *g->columns);
  g->keys = tsn_alloc_array(r->alloc, count, sizeof *g->keys);
  g->row = tsn_alloc_array(r->alloc, count, sizeof *g->row);
  g->sources = tsn_alloc_array(r->alloc, count, sizeof *g->sources);
  g->strides = tsn_alloc_array(r->alloc, count, sizeof *g->strides);
  if (!g->columns || !g->keys || !g->row || !g->sources || !g->strides) return tsn_run_nomem(r);
  g->lean = !r->p->where.instrs.count;
  for (k = 0; k < r->p->inner.count; k++) g->lean = g->lean && !tsn_code_can_fail(r->program, &inner[k].code);
  for (k = 0; k < r->p->outputs.count && g->lean; k++) {
    const tsn_code *code = outputs[k].from_inner == TSN_NONE ? NULL : &inner[outputs[k].from_inner].code;
    const tsn_instr *in = code ? r->program->instrs + code->instrs.first : NULL;
    g->lean = code && code->instrs.count == 1 && (in->op == OP_COL || (in->op == OP_CELL && !in->x));
    if (!g->lean) break;
    g->columns[k] = in->op == OP_CELL ? in->a : TSN_NONE;
    if (in->op == OP_COL) g->lean = find_key(r, in->a, &g->keys[k]);
  }
  return !g->lean || find_shown(r);
}

/* Columns that something reads beside the conditions that a block tells. */
static bool find_slots(tsn_run *r)
{
  tsn_graph *g = r->graph;
  bool *used = tsn_alloc_array(r->alloc, r->slot_count + 1, sizeof *used);
  uint32_t i;
  g->slots = tsn_alloc_array(r->alloc, r->slot_count + 1, sizeof *g->slots);
  if (!used || !g->slots) {
    tsn_alloc_free(r->alloc, used, used ? (r->slot_count + 1) * sizeof *used : 0);
    return tsn_run_nomem(r);
  }
  for (i = 0; i < r->p->keys.count; i++) used[r->program->indices[r->p->keys.first + i]] = true;
  for (i = 0; i < g->step_count; i++) {
    tsn_code_columns(r->program, &g->steps[i].reg->value, used);
    tsn_code_columns(r->program, &g->steps[i].reg->value2, used);
  }
  for (i = 0; i < r->p->labels.count; i++)
    if (g->labels[i].walks) tsn_code_columns(r->program, &r->labels[i].condition, used);
  for (i = 0; i < r->slot_count; i++)
    if (used[i]) g->slots[g->slot_count++] = i;
  tsn_alloc_free(r->alloc, used, (r->slot_count + 1) * sizeof *used);
  return true;
}

static void find_strides(tsn_run *r)
{
  tsn_graph *g = r->graph;
  uint32_t s, k;
  for (s = 0; s < g->state_count; s++) {
    tsn_graph_state *state = &g->states[s];
    bool stays = false;
    state->values = g->labels[state->label].values;
    state->stride = sizeof(tsn_graph_node) + state->edge_count * sizeof(uint64_t) + state->values * sizeof(tsn_cell);
    for (k = 0; k < state->edge_count; k++) stays = stays || g->edges[state->edge_first + k].kind == EDGE_ANY;
    if (r->p->within_kind == WITHIN_ROWS || (state->edge_count && !stays)) g->eager = true;
  }
}

bool tsn_graph_build(tsn_run *r)
{
  tsn_graph *g = r->graph;
  uint32_t s;
  if (!find_begins(r)) return false;
  for (s = 0; s < g->state_count; s++)
    if (!expand(r, s)) return false;
  if (!find_ins(r) || !find_labels(r) || !find_columns(r) || !find_slots(r)) return false;
  find_strides(r);
  g->values = tsn_alloc_array(r->alloc, g->value_count + 1, sizeof *g->values);
  g->entries = tsn_alloc_array(r->alloc, g->state_count + 1, sizeof *g->entries);
  g->reach = tsn_alloc_array(r->alloc, g->state_count + 1, sizeof *g->reach);
  g->queue = tsn_alloc_array(r->alloc, g->state_count + 1, sizeof *g->queue);
  if (!g->values || !g->entries || !g->reach || !g->queue) return tsn_run_nomem(r);
  g->built = true;
  return true;
}

/* ---- making and unmaking ---- */

bool tsn_graph_init(tsn_run *r)
{
  tsn_graph *g;
  uint32_t i;
  if (tsn_tier_of(r->program, r->index) != TIER_GRAPH) return true;
  g = r->graph = tsn_alloc_array(r->alloc, 1, sizeof *g);
  if (!g) return tsn_run_nomem(r);
  g->labels = tsn_alloc_array(r->alloc, r->p->labels.count + 1, sizeof *g->labels);
  g->fits = tsn_alloc_array(r->alloc, TSN_BLOCK_ROWS, sizeof *g->fits);
  if (!g->labels || !g->fits) return tsn_run_nomem(r);
  for (i = 0; i < r->p->labels.count; i++) g->labels[i].first = g->labels[i].guard = TSN_NONE;
  return true;
}

void tsn_graph_clear(tsn_run *r)
{
  tsn_graph *g = r->graph;
  if (!g) return;
#define DROP(field, count) tsn_alloc_free(r->alloc, g->field, g->field ? (size_t)(count) * sizeof *g->field : 0)
  DROP(labels, r->p->labels.count + 1);
  DROP(fits, TSN_BLOCK_ROWS);
  DROP(states, g->state_cap);
  DROP(edges, g->edge_cap);
  DROP(segments, g->segment_cap);
  DROP(ins, g->in_cap);
  DROP(counters, g->counter_cap);
  DROP(begins, g->begin_cap);
  DROP(steps, g->step_cap);
  DROP(guards, g->guard_cap);
  DROP(values, g->value_count + 1);
  DROP(columns, r->p->outputs.count + 1);
  DROP(keys, r->p->outputs.count + 1);
  DROP(row, r->p->outputs.count + 1);
  DROP(sources, r->p->outputs.count + 1);
  DROP(strides, r->p->outputs.count + 1);
  DROP(shown, r->p->labels.count * (size_t)r->p->outputs.count + 1);
  DROP(slots, r->slot_count + 1);
  DROP(entries, g->state_count + 1);
  DROP(reach, g->state_count + 1);
  DROP(queue, g->state_count + 1);
  DROP(frames, g->frame_cap);
  DROP(cursors, g->cursor_cap);
  DROP(cells, g->cell_cap);
#undef DROP
  tsn_alloc_free(r->alloc, g, sizeof *g);
  r->graph = NULL;
}
