/* Races: timers against rows, and against each other (language page, section 6.2).
 *
 * The items of one junction share a group. The first row that a strict or -> edge
 * of the group takes voids its timers; the first timer that completes ends what
 * waits in it. An item that can no longer succeed - it stands behind a match, or
 * has the future of a preferred one - may still decide a race: such an item stays
 * as a ghost, at the end of the list, as long as another of its group waits.
 *
 * Where a PERMUTE is written out (plan/permute.c), a path stands there once for
 * each sequence that begins as it does, and the race is one over all of them: what
 * moves from one group to twins in one moment is one group again. */
#include "run/run.h"

/* ---- groups of twins: records of parent group, twin, ended, group, and the counters ---- */

enum { TWIN_PARENT, TWIN_NODE, TWIN_ENDED, TWIN_GROUP, TWIN_COUNTERS };

static size_t twin_words(const tsn_run *r) { return TWIN_COUNTERS + r->p->counters; }
static uint32_t *twin_at(const tsn_run *r, size_t at) { return r->twins + at * twin_words(r); }

void tsn_race_init(tsn_run *r) { tsn_map_init(&r->twin_map, r->alloc); }

void tsn_race_clear(tsn_run *r)
{
  tsn_map_clear(&r->twin_map);
  tsn_alloc_free(r->alloc, r->twins, r->twin_cap * twin_words(r) * sizeof *r->twins);
}

void tsn_race_begin(tsn_run *r)
{
  if (!r->twin_count) return;
  r->twin_count = 0;
  tsn_map_reset(&r->twin_map);
}

uint32_t tsn_race_new_groups(tsn_run *r, uint32_t count)
{
  if (r->next_group > TSN_NONE - count) r->next_group = 0; /* TSN_NONE is none */
  r->next_group += count;
  return r->next_group - count;
}

/* The group of a path that came from a group over an element, with the counters in
 * r->new_counters. known: one that a path has already, TSN_NONE where none has. */
uint32_t tsn_race_group(tsn_run *r, uint32_t parent, uint32_t node, bool ended, bool known)
{
  const tsn_node_rec *n = &r->nodes[node];
  size_t size = sizeof(uint32_t) * r->p->counters, at;
  uint32_t key[TWIN_GROUP] = {parent, n->c, ended}, found, *t;
  uint64_t hash;
  if (!(n->flags & NODE_TWIN)) return known ? TSN_NONE : tsn_race_new_groups(r, 1);
  hash = tsn_hash_bytes(key, sizeof key, size ? tsn_hash_bytes(r->new_counters, size, 0) : 0);
  for (at = tsn_map_first(&r->twin_map, hash); (found = tsn_map_at(&r->twin_map, at)) != TSN_NONE;
       at = tsn_map_next(&r->twin_map, hash, at)) {
    t = twin_at(r, found);
    if (!memcmp(t, key, sizeof key) && (!size || !memcmp(t + TWIN_COUNTERS, r->new_counters, size))) return t[TWIN_GROUP];
  }
  if (known) return TSN_NONE;
  if (!tsn_alloc_grow(r->alloc, (void **)&r->twins, &r->twin_cap, r->twin_count + 1, sizeof *t * twin_words(r)) ||
      !tsn_map_add(&r->twin_map, hash, (uint32_t)r->twin_count)) {
    tsn_run_nomem(r);
    return TSN_NONE;
  }
  t = twin_at(r, r->twin_count++);
  memcpy(t, key, sizeof key);
  if (size) memcpy(t + TWIN_COUNTERS, r->new_counters, size);
  return t[TWIN_GROUP] = tsn_race_new_groups(r, 1);
}

/* ---- what a row, or a time, decides ---- */

static void void_item(tsn_run *r, tsn_path *i)
{
  uint32_t count, k;
  const tsn_edge *edges = tsn_edges_of(r, i, &count);
  for (k = 0; k < count; k++)
    if (tsn_is_timer(&edges[k]) || (i->state == ITEM_GHOST && i->races == RACE_JUNCTION)) tsn_mask_clear(tsn_path_mask(i), k);
  if (i->races == RACE_JUNCTION) i->races = RACE_NONE; /* nothing is left to be decided */
}

void tsn_race_row(tsn_run *r, uint32_t item)
{
  const tsn_path *i = tsn_path_at(r, item);
  uint32_t group = i->group, other;
  if (i->races == RACE_NONE) {
    if (tsn_segment_of(r, i)->timers) void_item(r, tsn_path_at(r, item));
    return;
  }
  for (other = r->starts[i->start].head; other != TSN_NONE; other = tsn_path_at(r, other)->next)
    if (tsn_path_at(r, other)->state != ITEM_MATCH && tsn_path_at(r, other)->group == group) void_item(r, tsn_path_at(r, other));
}

static bool is_due(tsn_run *r, const tsn_path *i, const tsn_edge *e, int64_t time)
{
  bool good = true;
  return tsn_is_timer(e) && tsn_timer_time(r, i, e, &good) == time && good;
}

/* The timers of an item that complete at `time`, in r->takes. */
bool tsn_race_due(tsn_run *r, uint32_t item, int64_t time, size_t *due)
{
  uint32_t count, k;
  const tsn_edge *edges = tsn_edges_of(r, tsn_path_at(r, item), &count);
  *due = 0;
  for (k = 0; k < count; k++) {
    if (!tsn_mask_get(tsn_path_mask(tsn_path_at(r, item)), k) || !is_due(r, tsn_path_at(r, item), &edges[k], time)) continue;
    if (*due == r->takes_cap && !tsn_alloc_grow(r->alloc, (void **)&r->takes, &r->takes_cap, *due + 1, sizeof *r->takes))
      return tsn_run_nomem(r);
    r->takes[(*due)++] = k;
  }
  return r->status == TOCSIN_OK;
}

/* The first timers of a group complete: they end the others, and what waits. */
bool tsn_race_time(tsn_run *r, uint32_t start, uint32_t group, int64_t time)
{
  uint32_t item, count, k;
  r->starts[start].shape = TSN_NONE;
  for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
    tsn_path *i = tsn_path_at(r, item);
    const tsn_edge *edges;
    if (i->state == ITEM_MATCH || i->group != group) continue;
    edges = tsn_edges_of(r, i, &count);
    for (k = 0; k < count; k++) {
      const tsn_edge *e = &edges[k];
      bool doomed = e->kind == EDGE_DOOMED && (e->flags & EDGE_TIMED);
      if (!tsn_mask_get(tsn_path_mask(i), k)) continue;
      if (tsn_is_racer(e) || doomed || (tsn_is_timer(e) && !is_due(r, i, e, time))) tsn_mask_clear(tsn_path_mask(i), k);
    }
  }
  return r->status == TOCSIN_OK;
}

/* ---- ghosts ---- */

void tsn_race_leave(tsn_run *r, uint32_t item)
{
  tsn_path *i = tsn_path_at(r, item);
  tsn_path_unlink(r, item);
  if (i->state != ITEM_WAIT || i->races == RACE_NONE) {
    tsn_path_free(r, item);
    return;
  }
  i->state = ITEM_GHOST;
  r->starts[i->start].ghosts++;
  tsn_path_link(r, item, TSN_NONE);
}

static bool has_timer(const tsn_run *r, const tsn_path *i)
{
  uint32_t count, k;
  const tsn_edge *edges = tsn_edges_of(r, i, &count);
  for (k = 0; k < count; k++)
    if (tsn_is_timer(&edges[k]) && tsn_mask_get(tsn_path_mask(i), k)) return true;
  return false;
}

/* The first item of a group that waits; TSN_NONE: none does. */
static uint32_t waiting(const tsn_run *r, uint32_t group)
{
  uint64_t hash = tsn_hash_word(group, 0);
  size_t at;
  uint32_t item;
  for (at = tsn_map_first(&r->merge, hash); (item = tsn_map_at(&r->merge, at)) != TSN_NONE; at = tsn_map_next(&r->merge, hash, at))
    if (tsn_path_at(r, item)->group == group) return item;
  return TSN_NONE;
}

/* Frees the ghosts whose race is over: nothing of their group waits, or - where it
 * goes no further than one junction - no timer is left. */
bool tsn_race_sweep(tsn_run *r, uint32_t start)
{
  uint32_t item, next, first;
  if (!r->starts[start].ghosts) return true;
  tsn_map_reset(&r->merge);
  for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
    tsn_path *i = tsn_path_at(r, item);
    i->timed_race = 0;
    if (i->state != ITEM_WAIT || i->races == RACE_NONE || waiting(r, i->group) != TSN_NONE) continue;
    if (!tsn_map_add(&r->merge, tsn_hash_word(i->group, 0), item)) return tsn_run_nomem(r);
  }
  for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
    const tsn_path *i = tsn_path_at(r, item);
    if (i->state == ITEM_MATCH || i->races == RACE_NONE || (first = waiting(r, i->group)) == TSN_NONE) continue;
    if (i->races == RACE_TWINS || has_timer(r, i)) tsn_path_at(r, first)->timed_race = 1;
  }
  for (item = r->starts[start].head; item != TSN_NONE; item = next) {
    next = tsn_path_at(r, item)->next;
    if (tsn_path_at(r, item)->state != ITEM_GHOST) continue;
    first = waiting(r, tsn_path_at(r, item)->group);
    if (first != TSN_NONE && tsn_path_at(r, first)->timed_race) continue;
    tsn_path_unlink(r, item);
    tsn_path_free(r, item);
  }
  return true;
}
