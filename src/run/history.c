/* Rows and labels of paths, as a tree that paths share.
 *
 *   (a,1) <-- (b,3) <-- (c,4)      each path holds its last node;
 *         <-- (b,5)                a node is freed with its last holder
 *
 * Nodes made in one moment (a row, or a time) are looked up before a new one is
 * made. Two paths have taken the same rows under the same labels and timers at the
 * same times exactly if their nodes have one `same`. What an exclusion hides makes
 * another node, as it is shown otherwise, but not another path. */
#include "run/run.h"

static uint32_t same_of(const tsn_history *h, uint32_t node) { return node == TSN_NONE ? TSN_NONE : h->all[node].same; }

/* A node with one holder, the caller. same: the node that stands for it; TSN_NONE: itself. */
static uint32_t make(tsn_run *r, uint32_t parent, uint32_t label, int64_t at, uint32_t flags, uint32_t same)
{
  tsn_history *h = &r->history;
  uint32_t node;
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
  h->live++;
  h->all[node] = (tsn_hist){.parent = parent, .label = label, .refs = 1, .flags = flags, .same = same == TSN_NONE ? node : same, .at = at};
  tsn_history_retain(r, parent);
  tsn_history_retain(r, same);
  return node;
}

uint32_t tsn_history_restore(tsn_run *r, const tsn_hist *n) { return make(r, n->parent, n->label, n->at, n->flags, n->same); }

uint32_t tsn_history_add(tsn_run *r, uint32_t parent, uint32_t label, int64_t at, uint32_t flags)
{
  tsn_history *h = &r->history;
  uint64_t hash = tsn_hash_word((uint64_t)same_of(h, parent) << 32 | label, (uint64_t)at);
  size_t slot;
  uint32_t node, same = TSN_NONE;
  tsn_hist *n;
  if (r->p->ambiguous) {
    for (slot = tsn_map_first(&h->moment, hash); (node = tsn_map_at(&h->moment, slot)) != TSN_NONE;
         slot = tsn_map_next(&h->moment, hash, slot)) {
      n = &h->all[node];
      if (!n->refs || n->label != label || n->at != at || same_of(h, n->parent) != same_of(h, parent)) continue;
      if (n->parent == parent && (n->flags & HIST_EXCLUDED) == flags) {
        n->refs++;
        return node;
      }
      same = n->same;
    }
  }
  node = make(r, parent, label, at, flags, same);
  if (node == TSN_NONE) return TSN_NONE;
  if (r->p->ambiguous && !tsn_map_add(&h->moment, hash, node)) {
    tsn_history_release(r, node);
    tsn_run_nomem(r);
    return TSN_NONE;
  }
  return node;
}

/* A node that dies lets go of two: its parent, and the node that stands for its path. */
void tsn_history_release(tsn_run *r, uint32_t node)
{
  tsn_history *h = &r->history;
  while (node != TSN_NONE && --h->all[node].refs == 0) {
    uint32_t parent = h->all[node].parent, same = h->all[node].same;
    h->all[node].parent = h->free;
    h->free = node;
    h->live--;
    if (same != node) tsn_history_release(r, same); /* depth 1: a node that stands for others stands for itself */
    node = parent;
  }
}
