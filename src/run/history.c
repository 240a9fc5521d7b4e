/* Rows and labels of paths, as a tree that paths share.
 *
 *   (a,1) <-- (b,3) <-- (c,4)      each path holds its last node;
 *         <-- (b,5)                a node is freed with its last holder
 *
 * Nodes made in one moment (a row, or a time) are looked up before a new one is
 * made, so that equal histories are one node: two paths have taken the same rows
 * under the same labels and timers at the same times exactly if they hold the
 * same node. */
#include "run/run.h"

uint32_t tsn_history_add(tsn_run *r, uint32_t parent, uint32_t label, int64_t at, uint32_t flags)
{
  tsn_history *h = &r->history;
  uint64_t hash = tsn_hash_word((uint64_t)parent << 32 | label, (uint64_t)at);
  size_t slot;
  uint32_t node;
  tsn_hist *n;
  if (r->p->ambiguous) {
    for (slot = tsn_map_first(&h->moment, hash); (node = tsn_map_at(&h->moment, slot)) != TSN_NONE;
         slot = tsn_map_next(&h->moment, hash, slot)) {
      n = &h->all[node];
      if (n->parent == parent && n->label == label && n->at == at && n->refs && (n->flags & HIST_EXCLUDED) == flags) {
        n->refs++;
        return node;
      }
    }
  }
  if (h->free != TSN_NONE) {
    node = h->free;
    h->free = h->all[node].parent;
  } else {
    if (!tsn_alloc_grow(r->alloc, (void **)&h->all, &h->cap, h->count + 1, sizeof *h->all)) {
      tsn_run_nomem(r);
      return TSN_NONE;
    }
    node = (uint32_t)h->count++;
  }
  n = &h->all[node];
  *n = (tsn_hist){.parent = parent, .label = label, .refs = 1, .flags = flags, .at = at};
  tsn_history_retain(r, parent);
  if (r->p->ambiguous && !tsn_map_add(&h->moment, hash, node)) {
    tsn_history_release(r, node);
    tsn_run_nomem(r);
    return TSN_NONE;
  }
  return node;
}

void tsn_history_release(tsn_run *r, uint32_t node)
{
  tsn_history *h = &r->history;
  while (node != TSN_NONE && --h->all[node].refs == 0) {
    uint32_t parent = h->all[node].parent;
    h->all[node].parent = h->free;
    h->free = node;
    node = parent;
  }
}
