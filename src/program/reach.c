/* What can come next in a pattern (reach.h). */
#include "program/reach.h"

static void push(tsn_reach *w, uint32_t node)
{
  if (w->seen[node]) return;
  w->seen[node] = true;
  w->stack[w->depth++] = node;
}

void tsn_reach_from(tsn_reach *w, uint32_t node)
{
  const tsn_node_rec *nodes = w->p->nodes + w->q->nodes.first;
  const tsn_loop_rec *loops = w->p->loops + w->q->loops.first;
  const uint32_t *targets = w->p->indices + w->q->targets.first;
  push(w, node);
  while (w->depth) {
    const tsn_node_rec *n = &nodes[w->stack[--w->depth]];
    uint32_t i;
    switch (n->kind) {
    case NODE_ACCEPT:
    case NODE_ROW:
    case NODE_TIMER: break;
    case NODE_GAP:
      if (!w->strict) push(w, n->next);
      break;
    case NODE_SPLIT:
      for (i = 0; i < n->b; i++) push(w, targets[n->a + i]);
      break;
    case NODE_PERMUTE:
      for (i = 0; i < n->b; i++) push(w, targets[n->a + i]);
      push(w, n->next);
      break;
    case NODE_ENTER:
    case NODE_TURN:
      push(w, loops[n->a].body);
      push(w, loops[n->a].exit);
      break;
    default: push(w, n->next); break;
    }
  }
}

static bool has(const tocsin_program *p, const tsn_pattern_rec *q, tsn_node_kind kind)
{
  uint32_t i;
  for (i = 0; i < q->nodes.count && p->nodes[q->nodes.first + i].kind != kind; i++) continue;
  return i < q->nodes.count;
}

static bool leads(const tocsin_program *p, const tsn_pattern_rec *q, tsn_node_kind from, tsn_node_kind to, bool strict)
{
  const tsn_node_rec *nodes = p->nodes + q->nodes.first;
  tsn_reach w = {.p = p, .q = q, .strict = strict};
  bool found = false;
  uint32_t i;
  for (i = 0; i < q->nodes.count; i++)
    if (nodes[i].kind == from) tsn_reach_from(&w, nodes[i].next);
  for (i = 0; i < q->nodes.count; i++) found = found || (w.seen[i] && nodes[i].kind == to);
  return found;
}

bool tsn_leads(const tocsin_program *p, const tsn_pattern_rec *q, tsn_node_kind from, tsn_node_kind to, bool strict)
{
  return has(p, q, from) && (q->nodes.count > TSN_REACH_NODES || leads(p, q, from, to, strict));
}
