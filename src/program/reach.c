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
