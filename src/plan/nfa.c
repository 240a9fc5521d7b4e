/* The pattern as an automaton.
 *
 * Built from the end: build(part, next) answers the node at which a path enters
 * `part` so that it leaves for `next`. Rows and timers consume; every other
 * node is crossed without consuming, and what is crossed between two elements
 * makes up their junction (language page, section 6.1).
 *
 *   X{n,m}    ENTER --> body ... --> TURN --> (body | exit)
 *             ENTER may go straight to exit where n is 0
 *   X?        SPLIT --> X --> next
 *                   \-------> next
 *
 * A counted quantifier is one loop with a counter, never n copies. PERMUTE: see
 * permute.c. */
#include <string.h>

#include "plan/plan.h"

#define NODES_MAX 1000000u
#define NULLABLE_TURNS_MAX 1000u /* turns that may pass empty before the minimum is met */

void *tsn_plan_grow(tsn_plan *p, void *array, size_t count, size_t *cap, size_t size)
{
  void *grown;
  if (count < *cap) return array;
  grown = tsn_arena_array(p->arena, *cap ? *cap * 2 : 16, size);
  if (!grown) {
    p->status = tsn_arena_failed(p->arena);
    return NULL;
  }
  if (count) memcpy(grown, array, count * size);
  *cap = *cap ? *cap * 2 : 16;
  return grown;
}

uint32_t tsn_plan_node(tsn_plan *p, tsn_node_kind kind, tsn_span at, uint32_t next)
{
  tsn_node_plan *n;
  if (p->status) return 0;
  if (p->node_count == NODES_MAX) {
    tsn_diag_add(p->diag, TSN_E2015, at, NULL, "the pattern has more than %u parts", NODES_MAX);
    p->status = TOCSIN_LIMIT;
    return 0;
  }
  n = tsn_plan_grow(p, p->nodes, p->node_count, &p->node_cap, sizeof *p->nodes);
  if (!n) return 0;
  p->nodes = n;
  n += p->node_count;
  memset(n, 0, sizeof *n);
  n->rec.kind = kind;
  n->rec.next = next;
  n->at = at;
  n->inside = p->inside;
  n->part = p->inside_part;
  return (uint32_t)p->node_count++;
}

static bool nullable(const tsn_bpat *x)
{
  const tsn_bpat *item;
  switch (x->kind) {
  case BPAT_ROW:
  case BPAT_TIMER: return false;
  case BPAT_SEQUENCE:
  case BPAT_PERMUTE:
    for (item = x->items; item; item = item->next)
      if (!nullable(item)) return false;
    return true;
  case BPAT_CHOICE:
    for (item = x->items; item; item = item->next)
      if (nullable(item)) return true;
    return false;
  case BPAT_REPEAT: return x->min == 0 || x->max == 0 || nullable(x->items);
  default: return true;
  }
}

/* Sequences may be long: their items are visited from the last one by an array, not by recursion. */
static uint32_t build_sequence(tsn_plan *p, const tsn_bpat *x, uint32_t next)
{
  const tsn_bpat *item, **items;
  size_t count = 0, i;
  for (item = x->items; item; item = item->next) count++;
  items = tsn_arena_new_array(p->arena, const tsn_bpat *, count + 1);
  if (!items) return next;
  for (i = 0, item = x->items; item; item = item->next) items[i++] = item;
  for (i = count; i > 0; i--) next = tsn_plan_build(p, items[i - 1], next);
  return next;
}

void tsn_plan_targets(tsn_plan *p, uint32_t node, const uint32_t *targets, size_t count)
{
  size_t i;
  p->nodes[node].rec.a = (uint32_t)p->target_count;
  p->nodes[node].rec.b = (uint32_t)count;
  for (i = 0; i < count; i++) {
    uint32_t *t = tsn_plan_grow(p, p->targets, p->target_count, &p->target_cap, sizeof *t);
    if (!t) return;
    p->targets = t;
    p->targets[p->target_count++] = targets[i];
  }
}

uint32_t tsn_plan_split(tsn_plan *p, tsn_span at, const uint32_t *targets, size_t count)
{
  uint32_t node = tsn_plan_node(p, NODE_SPLIT, at, 0);
  if (!p->status) tsn_plan_targets(p, node, targets, count);
  return node;
}

static uint32_t build_choice(tsn_plan *p, const tsn_bpat *x, uint32_t next)
{
  const tsn_bpat *item;
  uint32_t *targets;
  size_t count = 0, i = 0;
  for (item = x->items; item; item = item->next) count++;
  targets = tsn_arena_new_array(p->arena, uint32_t, count + 1);
  if (!targets) return next;
  for (item = x->items; item; item = item->next) targets[i++] = tsn_plan_build(p, item, next);
  return tsn_plan_split(p, x->at, targets, count);
}

static uint32_t build_repeat(tsn_plan *p, const tsn_bpat *x, uint32_t next)
{
  tsn_loop_rec *loop;
  uint32_t index, enter, turn, body;
  bool counted;
  if (x->max == 0) return next;
  if (x->min == 1 && x->max == 1) return tsn_plan_build(p, x->items, next);
  if (x->min == 0 && x->max == 1) {
    uint32_t targets[2];
    body = tsn_plan_build(p, x->items, next);
    targets[0] = x->greedy ? body : next;
    targets[1] = x->greedy ? next : body;
    return tsn_plan_split(p, x->at, targets, 2);
  }
  counted = !(x->min <= 1 && x->max == TSN_UNBOUNDED);
  loop = tsn_plan_grow(p, p->loops, p->loop_count, &p->loop_cap, sizeof *loop);
  if (!loop) return next;
  p->loops = loop;
  index = (uint32_t)p->loop_count++;
  loop += index;
  memset(loop, 0, sizeof *loop);
  loop->min = x->min;
  loop->max = x->max;
  loop->greedy = x->greedy;
  loop->nullable = nullable(x->items);
  loop->exit = next;
  loop->counter = TSN_NO_COUNTER;
  if (counted && loop->nullable && x->min > NULLABLE_TURNS_MAX) {
    tsn_diag_add(p->diag, TSN_E2014, x->at, "let each turn take a row", "a part that can be empty repeats at least %u times; %u is the most",
                 x->min, NULLABLE_TURNS_MAX);
    return next;
  }
  if (counted) {
    loop->counter = p->counter_depth++;
    if (p->counters < p->counter_depth) p->counters = p->counter_depth;
  }
  turn = tsn_plan_node(p, NODE_TURN, x->at, 0);
  if (p->status) return next;
  p->nodes[turn].rec.a = index;
  body = tsn_plan_build(p, x->items, turn);
  enter = tsn_plan_node(p, NODE_ENTER, x->at, 0);
  if (p->status) return next;
  p->nodes[enter].rec.a = index;
  p->loops[index].body = body;
  if (counted) p->counter_depth--;
  return enter;
}

static uint32_t build_gap(tsn_plan *p, const tsn_bpat *x, uint32_t next)
{
  uint32_t node = tsn_plan_node(p, NODE_GAP, x->at, next);
  tsn_node_rec *n;
  if (p->status) return node;
  n = &p->nodes[node].rec;
  n->flags = (uint32_t)((x->any ? NODE_ANY : 0) | (x->has_lo ? NODE_HAS_LO : 0) | (x->has_hi ? NODE_HAS_HI : 0));
  n->lo = x->lo;
  n->hi = x->hi;
  p->has_bounds = p->has_bounds || x->has_lo || x->has_hi;
  return node;
}

static uint32_t build_timer(tsn_plan *p, const tsn_bpat *x, uint32_t next)
{
  uint32_t node = tsn_plan_node(p, NODE_TIMER, x->at, next);
  const tsn_bpat **t;
  if (p->status) return node;
  tsn_plan_twin(p, x, node);
  t = tsn_plan_grow(p, p->timers, p->timer_count, &p->timer_cap, sizeof *t);
  if (!t) return node;
  p->timers = t;
  p->nodes[node].rec.a = (uint32_t)p->timer_count;
  p->timers[p->timer_count++] = x;
  return node;
}

uint32_t tsn_plan_build(tsn_plan *p, const tsn_bpat *x, uint32_t next)
{
  uint32_t node;
  unsigned i;
  if (p->status || !tsn_plan_may_write(p)) return next;
  switch (x->kind) {
  case BPAT_EMPTY: return next;
  case BPAT_ROW:
    node = tsn_plan_node(p, NODE_ROW, x->at, next);
    if (p->status) return node;
    p->nodes[node].rec.a = x->label;
    tsn_plan_twin(p, x, node);
    if (x->excluded) p->nodes[node].rec.flags |= NODE_EXCLUDED;
    return node;
  case BPAT_ABSENCE:
    for (i = 0; i < x->label_count; i++) {
      next = tsn_plan_node(p, NODE_ABSENCE, x->at, next);
      if (p->status) return next;
      p->nodes[next].rec.a = x->labels[i];
    }
    return next;
  case BPAT_TIMER: return build_timer(p, x, next);
  case BPAT_GAP: return build_gap(p, x, next);
  case BPAT_SEQUENCE: return build_sequence(p, x, next);
  case BPAT_CHOICE: return build_choice(p, x, next);
  case BPAT_REPEAT: return build_repeat(p, x, next);
  case BPAT_PERMUTE: return tsn_plan_permute(p, x, next);
  case BPAT_FIRST: p->has_first = true; return tsn_plan_node(p, NODE_FIRST, x->at, next);
  case BPAT_LAST: p->has_last = true; return tsn_plan_node(p, NODE_LAST, x->at, next);
  }
  return next;
}

void tsn_plan_nfa(tsn_plan *p)
{
  size_t i;
  uint32_t accept;
  p->inside = TSN_NONE;
  for (i = 0; i < p->q->label_count; i++) p->races = p->races || p->q->labels[i].in_absence;
  tsn_map_init(&p->twin_map, p->image->alloc);
  accept = tsn_plan_node(p, NODE_ACCEPT, p->q->pattern->at, 0);
  p->root = tsn_plan_build(p, p->q->pattern, accept);
  tsn_map_clear(&p->twin_map);
}
