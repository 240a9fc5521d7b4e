/* Starts of a partition, their items, and what these share: histories and bags, each node once, behind those that it names. */
#include <string.h>

#include "state/state.h"

/* ---- numbers for nodes ---- */

/* Saving: which nodes there are, in order. Loading: what each has become. */
typedef struct numbered {
  tsn_map map; /* of node + 1 by its hash; saving */
  uint32_t *all, *way;
  size_t count, cap, way_cap;
} numbered;

static void numbered_init(numbered *n, tsn_alloc *alloc)
{
  *n = (numbered){.count = 0};
  tsn_map_init(&n->map, alloc);
}

static void numbered_clear(numbered *n, tsn_alloc *alloc)
{
  tsn_map_clear(&n->map);
  tsn_alloc_free(alloc, n->all, n->cap * sizeof *n->all);
  tsn_alloc_free(alloc, n->way, n->way_cap * sizeof *n->way);
}

static uint32_t number_of(const numbered *n, uint32_t node)
{
  size_t at;
  uint32_t id;
  if (node == TSN_NONE) return TSN_NONE;
  for (at = tsn_map_first(&n->map, tsn_hash_word(node, 0)); (id = tsn_map_at(&n->map, at)) != TSN_NONE; at = tsn_map_next(&n->map, tsn_hash_word(node, 0), at))
    if (n->all[id] == node) return id;
  return TSN_NONE;
}

static bool add_number(tsn_run *r, numbered *n, uint32_t node, bool maps)
{
  if (!tsn_alloc_grow(r->alloc, (void **)&n->all, &n->cap, n->count + 1, sizeof *n->all)) return false;
  n->all[n->count] = node;
  if (maps && !tsn_map_add(&n->map, tsn_hash_word(node, 0), (uint32_t)n->count)) return false;
  n->count++;
  return true;
}

/* Numbers a node behind all that it names: up to two others. */
static bool number_all(tsn_run *r, numbered *n, uint32_t node, void (*named)(const tsn_run *r, uint32_t node, uint32_t *two))
{
  size_t depth = 0;
  if (node == TSN_NONE || number_of(n, node) != TSN_NONE) return true;
  if (!tsn_alloc_grow(r->alloc, (void **)&n->way, &n->way_cap, 1, sizeof *n->way)) return false;
  n->way[depth++] = node;
  while (depth) {
    uint32_t top = n->way[depth - 1], two[2], k, wait = 0;
    named(r, top, two);
    for (k = 0; k < 2; k++) {
      if (two[k] == TSN_NONE || two[k] == top || number_of(n, two[k]) != TSN_NONE) continue;
      if (!tsn_alloc_grow(r->alloc, (void **)&n->way, &n->way_cap, depth + 1, sizeof *n->way)) return false;
      n->way[depth++] = two[k];
      wait++;
      break;
    }
    if (wait) continue;
    depth--;
    if (number_of(n, top) == TSN_NONE && !add_number(r, n, top, true)) return false;
  }
  return true;
}

static void history_names(const tsn_run *r, uint32_t node, uint32_t *two)
{
  two[0] = r->history.all[node].parent;
  two[1] = r->history.all[node].same;
}

static void bag_names(const tsn_run *r, uint32_t node, uint32_t *two)
{
  two[0] = r->bags.all[node].left;
  two[1] = r->bags.all[node].right;
}

typedef struct shared {
  numbered histories, bags;
  bool missing; /* no memory, saving */
} shared;

/* ---- each item of a partition ---- */

static void number_item(tsn_run *r, shared *s, const tsn_path *i)
{
  uint32_t k;
  const tsn_cell *cells = tsn_path_cells(r, i);
  if (!number_all(r, &s->histories, i->history, history_names)) s->missing = true;
  for (k = 0; k < r->bags.cell_count; k++) {
    const tsn_cell *cell = &cells[r->bags.cells[k]];
    if (!cell->null && !number_all(r, &s->bags, (uint32_t)cell->v.i, bag_names)) s->missing = true;
  }
}

static void number_items(tsn_run *r, shared *s, uint32_t part)
{
  uint32_t start, item;
  for (start = r->partitions[part].first; start != TSN_NONE; start = r->starts[start].next) {
    for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) number_item(r, s, tsn_path_at(r, item));
    if (r->starts[start].held != TSN_NONE) number_item(r, s, tsn_path_at(r, r->starts[start].held));
  }
}

/* ---- histories ---- */

static void code_history(tsn_codec *c, shared *s, uint32_t part, size_t number)
{
  tsn_run *r = c->r;
  const tsn_partition *p = &r->partitions[part];
  tsn_hist n = {.flags = 0};
  uint32_t parent = TSN_NONE, same = TSN_NONE, made;
  if (!c->loading) {
    n = r->history.all[s->histories.all[number]];
    parent = number_of(&s->histories, n.parent);
    same = n.same == s->histories.all[number] ? TSN_NONE : number_of(&s->histories, n.same);
  }
  tsn_code_handle(c, &parent, (uint32_t)number);
  tsn_code_handle(c, &same, (uint32_t)number);
  tsn_code_handle(c, &n.label, r->p->labels.count);
  tsn_code_u32(c, &n.flags, HIST_EXCLUDED | HIST_REPORTED);
  tsn_code_i64(c, &n.at);
  if (!c->loading) return;
  /* Rows of paths are read again. */
  tsn_code_check(c, n.label == TSN_NONE || (n.at >= (r->needs_rows ? p->base : 0) && n.at < (r->needs_rows ? p->base + p->kept : p->rows)));
  if (!tsn_codec_good(c)) return;
  n.parent = parent == TSN_NONE ? TSN_NONE : s->histories.all[parent];
  n.same = same == TSN_NONE ? TSN_NONE : tsn_history_same(r, s->histories.all[same]);
  made = tsn_history_restore(r, &n);
  if (made == TSN_NONE) return;
  if (!add_number(r, &s->histories, made, false)) {
    tsn_history_release(r, made);
    tsn_run_nomem(r);
  }
}

/* ---- bags ---- */

static void code_bag(tsn_codec *c, shared *s, size_t number)
{
  tsn_run *r = c->r;
  tsn_bag_node n = {.times = 1};
  uint32_t left = TSN_NONE, right = TSN_NONE, tree, made;
  bool good;
  if (!c->loading) {
    n = r->bags.all[s->bags.all[number]];
    left = number_of(&s->bags, n.left);
    right = number_of(&s->bags, n.right);
  }
  tree = n.size > 0; /* of a list 0 */
  tsn_code_u32(c, &tree, 1);
  tsn_code_u32(c, &n.is_text, 1);
  tsn_code_handle(c, &left, (uint32_t)number);
  if (tree) {
    tsn_code_handle(c, &right, (uint32_t)number);
    tsn_code_u64(c, &n.times);
  }
  tsn_code_cell(c, &n.value, n.is_text != 0);
  if (!c->loading || !tsn_codec_good(c)) return;
  n.left = left == TSN_NONE ? TSN_NONE : s->bags.all[left];
  n.right = right == TSN_NONE ? TSN_NONE : s->bags.all[right];
  /* What lies below is of the same kind. */
  tsn_code_check(c, (n.left == TSN_NONE || (r->bags.all[n.left].size > 0) == (tree > 0)) && (n.right == TSN_NONE || r->bags.all[n.right].size > 0));
  tsn_code_check(c, (n.left == TSN_NONE || r->bags.all[n.left].is_text == n.is_text) && (n.right == TSN_NONE || r->bags.all[n.right].is_text == n.is_text));
  if (!tsn_codec_good(c)) return;
  made = tsn_bag_restore(r, tree ? BAG_TREE : BAG_LIST, &n, &good);
  tsn_code_check(c, good);
  if (made == TSN_NONE) return;
  if (!add_number(r, &s->bags, made, false)) {
    tsn_bag_let_go(r, made);
    tsn_run_nomem(r);
  }
}

static void code_shared(tsn_codec *c, shared *s, uint32_t part)
{
  size_t histories = s->histories.count, bags = s->bags.count, k;
  tsn_code_count(c, &histories);
  for (k = 0; k < histories && tsn_codec_good(c); k++) code_history(c, s, part, k);
  tsn_code_count(c, &bags);
  for (k = 0; k < bags && tsn_codec_good(c); k++) code_bag(c, s, k);
}

/* Nodes that items hold by now are let go by those that made them. */
static void let_go(tsn_run *r, const shared *s)
{
  size_t k;
  for (k = s->histories.count; k > 0; k--) tsn_history_release(r, s->histories.all[k - 1]);
  for (k = s->bags.count; k > 0; k--) tsn_bag_let_go(r, s->bags.all[k - 1]);
}

/* ---- items ---- */

/* What a cell that holds a bag may hold. */
static bool is_bag_of(const tsn_run *r, uint32_t cell, uint32_t bag)
{
  const tsn_bag_node *n = &r->bags.all[bag];
  uint32_t k;
  for (k = 0; k < r->p->regs.count; k++) {
    const tsn_reg_rec *reg = &r->regs[k];
    if (reg->held && cell >= reg->cell && cell < reg->cell + reg->cells)
      return (n->size > 0) == (r->bags.kinds[cell] == BAG_TREE) && (n->is_text != 0) == tsn_is_text(reg->type);
  }
  return false;
}

/* Cells that name labels name such as there are. */
static void check_labels(tsn_codec *c, const tsn_cell *cells)
{
  const tsn_run *r = c->r;
  uint32_t k, i;
  for (k = 0; k < r->p->regs.count; k++) {
    const tsn_reg_rec *reg = &r->regs[k];
    for (i = 1; reg->kind == REG_LABELS && reg->in_path && i < reg->cells; i++)
      tsn_code_check(c, cells[reg->cell + i].null || (cells[reg->cell + i].v.i >= 0 && cells[reg->cell + i].v.i < r->p->labels.count));
  }
}

static void code_cells(tsn_codec *c, const shared *s, tsn_cell *cells)
{
  tsn_run *r = c->r;
  uint32_t k;
  for (k = 0; k < r->p->path_cells; k++) {
    uint32_t bag = TSN_NONE;
    if (!r->bags.kinds[k]) {
      tsn_code_cell(c, &cells[k], r->cell_is_text[k]);
      continue;
    }
    if (!c->loading && !cells[k].null) bag = number_of(&s->bags, (uint32_t)cells[k].v.i);
    tsn_code_handle(c, &bag, (uint32_t)s->bags.count);
    if (!c->loading) continue;
    cells[k] = bag == TSN_NONE || c->bad ? (tsn_cell){.null = 1} : (tsn_cell){.v.i = s->bags.all[bag]};
    if (bag != TSN_NONE && !c->bad) tsn_code_check(c, is_bag_of(r, k, s->bags.all[bag]));
  }
}

static void code_place(tsn_codec *c, const tsn_automaton *a, tsn_path *i, uint64_t *mask, const numbered *groups)
{
  tsn_run *r = c->r;
  uint32_t races = i->races, edges, k;
  const tsn_junction *j;
  tsn_code_junction(c, a, &i->junction);
  if (!tsn_codec_good(c)) return;
  j = &r->junctions.all[i->junction];
  tsn_code_check(c, j->segment_count > 0);
  tsn_code_u32(c, &i->segment, j->segment_count - (j->segment_count > 0));
  tsn_code_u32(c, &races, RACE_TWINS);
  i->races = (uint8_t)races;
  if (!c->loading) {
    uint32_t group = number_of(groups, i->group);
    tsn_code_u32(c, &group, UINT32_MAX);
  } else {
    tsn_code_u32(c, &i->group, (uint32_t)groups->count - (groups->count > 0));
    tsn_code_check(c, groups->count > 0);
    if (!c->bad) i->group = groups->all[0] + i->group;
  }
  if (!tsn_codec_good(c)) return;
  edges = tsn_segment_of(r, i)->edge_count;
  for (k = 0; k < (edges + 63) / 64; k++) {
    tsn_code_u64(c, &mask[k]);
    tsn_code_check(c, k < edges / 64 || !(mask[k] >> edges % 64));
  }
}

static void code_item(tsn_codec *c, const tsn_automaton *a, const shared *s, const numbered *groups, uint32_t start, uint32_t item, uint32_t *made)
{
  tsn_run *r = c->r;
  const tsn_partition *p = &r->partitions[r->starts[start].partition];
  union {
    tsn_path path;
    char bytes[sizeof(tsn_path)];
  } head;
  tsn_path *i = &head.path;
  uint64_t *mask;
  tsn_cell *cells;
  uint32_t history = TSN_NONE, k;
  memset(i, 0, sizeof *i);
  if (c->loading) {
    *made = TSN_NONE;
    item = tsn_path_new(r, start);
    if (item == TSN_NONE) return;
    *made = item;
    if (r->p->path_cells) memcpy(tsn_path_cells(r, tsn_path_at(r, item)), r->empty_cells, r->p->path_cells * sizeof(tsn_cell));
  }
  *i = *tsn_path_at(r, item);
  mask = tsn_path_mask(tsn_path_at(r, item));
  cells = tsn_path_cells(r, tsn_path_at(r, item));
  tsn_code_u32(c, &i->state, ITEM_HELD);
  tsn_code_check(c, i->state != ITEM_FREE);
  tsn_code_i64(c, &i->tau);
  tsn_code_i64(c, &i->row);
  tsn_code_i64(c, &i->row_time);
  tsn_code_i64(c, &i->rows);
  tsn_code_i64(c, &i->since);
  tsn_code_u32(c, &i->ended, 1);
  tsn_code_check(c, i->row >= -1 && i->row < p->arrived && i->rows >= 0 && i->rows <= p->arrived);
  if (!c->loading) history = number_of(&s->histories, i->history);
  tsn_code_handle(c, &history, (uint32_t)s->histories.count);
  if (c->loading) i->history = history == TSN_NONE || c->bad ? TSN_NONE : s->histories.all[history];
  for (k = 0; k < r->p->counters; k++) tsn_code_u32(c, &tsn_path_counters(r, tsn_path_at(r, item))[k], UINT32_MAX);
  code_cells(c, s, cells);
  if (c->loading) check_labels(c, cells);
  if (i->state == ITEM_WAIT || i->state == ITEM_GHOST) code_place(c, a, i, mask, groups);
  if (!c->loading) return;
  if (c->bad) {
    i->state = ITEM_WAIT; /* to be freed */
    i->history = TSN_NONE;
    for (k = 0; k < r->p->path_cells; k++) cells[k] = r->empty_cells[k];
  }
  tsn_history_retain(r, i->history);
  *tsn_path_at(r, item) = *i;
  if (r->bags.cell_count) tsn_bags_retain(r, cells);
}

/* ---- starts ---- */

static void code_held(tsn_codec *c, const tsn_automaton *a, const shared *s, const numbered *groups, uint32_t start)
{
  tsn_run *r = c->r;
  bool holds = r->starts[start].held != TSN_NONE, died_with = r->starts[start].held_moment == r->starts[start].dead_moment;
  uint32_t item = r->starts[start].held;
  tsn_code_bool(c, &holds);
  if (!holds) return;
  tsn_code_bool(c, &died_with);
  tsn_code_i64(c, &r->starts[start].held_time);
  code_item(c, a, s, groups, start, item, &item);
  if (!c->loading || item == TSN_NONE) return;
  r->starts[start].held = item;
  tsn_code_check(c, tsn_path_at(r, item)->state == ITEM_HELD);
  /* Moments are told apart, no more; those to come are later ones. */
  r->starts[start].held_moment = 1;
  r->starts[start].dead_moment = died_with ? 1 : 0;
}

static void code_start(tsn_codec *c, const tsn_automaton *a, const shared *s, const numbered *groups, uint32_t part, uint32_t start)
{
  tsn_run *r = c->r;
  const tsn_partition *p = &r->partitions[part];
  tsn_start *at = &r->starts[start];
  size_t items = 0, k;
  uint32_t item;
  tsn_code_i64(c, &at->row);
  tsn_code_i64(c, &at->time);
  tsn_code_u64(c, &at->seq);
  tsn_code_u32(c, &at->matches, UINT32_MAX);
  tsn_code_u32(c, &at->succeeded, 1);
  tsn_code_check(c, at->row >= 0 && at->row < p->arrived);
  if (r->needs_rows) tsn_code_check(c, at->row >= p->base && at->row < p->base + p->kept);
  if (at->prev != TSN_NONE) tsn_code_check(c, r->starts[at->prev].row <= at->row);
  for (item = at->head; item != TSN_NONE; item = tsn_path_at(r, item)->next) items++;
  tsn_code_count(c, &items);
  item = at->head;
  for (k = 0; k < items && tsn_codec_good(c); k++) {
    uint32_t made = item;
    code_item(c, a, s, groups, start, item, &made);
    if (!c->loading) {
      item = tsn_path_at(r, item)->next;
      continue;
    }
    if (made == TSN_NONE) return;
    tsn_code_check(c, tsn_path_at(r, made)->state != ITEM_HELD);
    tsn_path_link(r, made, TSN_NONE);
    r->starts[start].ghosts += tsn_path_at(r, made)->state == ITEM_GHOST;
  }
  if (tsn_codec_good(c)) code_held(c, a, s, groups, start);
}

static bool number_groups(tsn_run *r, uint32_t part, numbered *groups)
{
  uint32_t start, item;
  for (start = r->partitions[part].first; start != TSN_NONE; start = r->starts[start].next)
    for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
      const tsn_path *i = tsn_path_at(r, item);
      if (i->state != ITEM_MATCH && number_of(groups, i->group) == TSN_NONE && !add_number(r, groups, i->group, true)) return false;
    }
  return true;
}

/* Groups are told apart, no more: they get numbers that follow one another. */
static void code_groups(tsn_codec *c, numbered *groups)
{
  tsn_run *r = c->r;
  size_t count = groups->count;
  tsn_code_count(c, &count);
  if (!c->loading || c->bad || !count) return;
  if (!add_number(r, groups, tsn_race_new_groups(r, (uint32_t)count), false)) tsn_run_nomem(r);
  groups->count = count;
}

void tsn_state_starts(tsn_codec *c, const tsn_automaton *a, uint32_t part)
{
  tsn_run *r = c->r;
  shared s = {.missing = false};
  numbered groups;
  size_t count = 0, k;
  uint32_t start;
  numbered_init(&s.histories, r->alloc);
  numbered_init(&s.bags, r->alloc);
  numbered_init(&groups, r->alloc);
  for (start = r->partitions[part].first; start != TSN_NONE; start = r->starts[start].next) count++;
  tsn_code_count(c, &count);
  if (count && !c->loading) {
    number_items(r, &s, part);
    if (s.missing || !number_groups(r, part, &groups)) c->out->failed = TOCSIN_NOMEM;
  }
  if (count && tsn_codec_good(c)) code_groups(c, &groups);
  if (count && tsn_codec_good(c)) code_shared(c, &s, part);
  start = r->partitions[part].first;
  for (k = 0; k < count && tsn_codec_good(c); k++) {
    if (c->loading && (start = tsn_start_new(r, part, 0, 0)) == TSN_NONE) break;
    code_start(c, a, &s, &groups, part, start);
    start = r->starts[start].next;
  }
  if (c->loading) let_go(r, &s);
  numbered_clear(&s.histories, r->alloc);
  numbered_clear(&s.bags, r->alloc);
  numbered_clear(&groups, r->alloc);
}
