/* What the counters of a path count. A slot serves one loop, or one PERMUTE, in the
 * part of the automaton that this encloses, and others elsewhere: which one, each
 * node tells. A junction does not need the number, but what follows from it: see
 * junction.c. */
#include "run/run.h"

/* What a junction needs to know of a counter. */
static uint64_t counter_class(const tsn_loop_rec *loop, uint32_t count)
{
  if (loop->nullable && count < loop->min) return (uint64_t)count << 8 | 4;
  if (loop->max == TSN_UNBOUNDED && count >= loop->min) return 3;
  if (count + 1 < loop->min) return 0;
  return loop->max == TSN_UNBOUNDED || count + 1 < loop->max ? 1 : 2;
}

tsn_parts tsn_parts_begun(const tsn_node_rec *n, const uint32_t *counters)
{
  uint32_t i, left = n->b, any = 0, missing = 0;
  for (i = n->c; left; i++) {
    uint32_t here = left < 32 ? left : 32;
    any |= counters[i];
    missing |= ~counters[i] & UINT32_MAX >> (32 - here);
    left -= here;
  }
  return !any ? PARTS_NONE : missing ? PARTS_SOME : PARTS_ALL;
}

uint64_t tsn_slot_class(const tsn_run *r, uint32_t node, uint32_t slot, const uint32_t *counters)
{
  uint32_t counts = r->counts_at[(size_t)node * r->p->counters + slot];
  if (counts == TSN_NONE) return 0;
  if (counts < r->p->loops.count) return counter_class(&r->loops[counts], counters[slot]) + 1;
  return (uint64_t)tsn_parts_begun(&r->nodes[counts - r->p->loops.count], counters) + 1;
}

typedef struct marking {
  uint32_t *stack, *visited; /* visited: by which marking, from 1 */
  size_t depth;
  uint32_t round;
} marking;

/* Marks the nodes from those on the stack up to `end`, as those where `counts` counts in a slot. */
static void mark_counts(tsn_run *r, marking *m, uint32_t end, uint32_t slot, uint32_t counts)
{
  uint32_t t;
  while (m->depth) {
    uint32_t node = m->stack[--m->depth];
    const tsn_node_rec *n = &r->nodes[node];
    if (m->visited[node] == m->round) continue;
    m->visited[node] = m->round;
    r->counts_at[(size_t)node * r->p->counters + slot] = counts;
    if (node == end) continue;
    switch (n->kind) {
    case NODE_ACCEPT: break;
    case NODE_SPLIT:
    case NODE_PERMUTE:
      for (t = 0; t < n->b; t++) m->stack[m->depth++] = r->targets[n->a + t];
      if (n->kind == NODE_PERMUTE) m->stack[m->depth++] = n->next;
      break;
    case NODE_ENTER:
    case NODE_TURN:
      m->stack[m->depth++] = r->loops[n->a].body;
      m->stack[m->depth++] = r->loops[n->a].exit;
      break;
    default: m->stack[m->depth++] = n->next; break;
    }
  }
  m->round++;
}

/* What each slot counts at each node: a loop, or behind the loops a node that is a PERMUTE. */
static void find_counts(tsn_run *r, marking *m)
{
  uint32_t i, t;
  m->round = 1;
  for (i = 0; i < r->p->nodes.count; i++) {
    const tsn_node_rec *n = &r->nodes[i];
    if (n->kind == NODE_TURN && r->loops[n->a].counter != TSN_NO_COUNTER) {
      m->stack[m->depth++] = r->loops[n->a].body;
      mark_counts(r, m, i, r->loops[n->a].counter, n->a);
    } else if (n->kind == NODE_PERMUTE) {
      for (t = 0; t < n->b; t++) m->stack[m->depth++] = r->targets[n->a + t];
      mark_counts(r, m, i, n->c, r->p->loops.count + i);
    }
  }
}

bool tsn_slots_init(tsn_run *r)
{
  size_t nodes = r->p->nodes.count, counters = r->p->counters, places = nodes * 2 + r->p->targets.count + 2, i;
  marking m = {.stack = NULL};
  r->counts_at = tsn_arena_array(&r->junctions.arena, nodes * counters + 1, sizeof *r->counts_at);
  if (!r->counts_at) return tsn_run_nomem(r);
  for (i = 0; i < nodes * counters; i++) r->counts_at[i] = TSN_NONE;
  if (!counters) return true;
  m.stack = tsn_alloc_array(r->alloc, places, sizeof *m.stack);
  m.visited = tsn_alloc_array(r->alloc, nodes + 1, sizeof *m.visited);
  if (m.stack && m.visited) find_counts(r, &m);
  else tsn_run_nomem(r);
  tsn_alloc_free(r->alloc, m.stack, m.stack ? places * sizeof *m.stack : 0);
  tsn_alloc_free(r->alloc, m.visited, m.visited ? (nodes + 1) * sizeof *m.visited : 0);
  return r->status == TOCSIN_OK;
}
