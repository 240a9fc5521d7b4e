/* Values that paths hold beside their cells, shared between the paths that branch
 * from one another: lists and trees that are never changed, only made anew from old ones.
 *
 *   list   1 <-- 2 <-- 5 <-- 3        a path holds its last node; the one behind a row
 *                  <-- 4              is one node more
 *   tree        4                     by value, equal ones counted; the one behind a row
 *             2   7                   shares all but the nodes from the root to the value
 *
 * A cell holds the number of a node, NULL for none. Nodes count who names them - cells of
 * items, other nodes - and are free when nobody does. Each knows a hash of all values below
 * it, in their order in a list, in any order in a tree: so that two paths are told apart
 * without looking (items.c), and looked at from the places on where they part.
 *
 * Trees are balanced by weight (Adams 1993, J. Functional Programming 3; the parameters of
 * Hirai and Yamamoto 2011, ibid. 21): no deeper than 2.5 * log2 of their nodes, whatever comes. */
#include <string.h>

#include "run/run.h"

#define DELTA 3u /* a side is at most so much heavier than the other */
#define GAMMA 2u
#define WAY_MAX 256 /* nodes at hand while a tree is walked: three a level */

static tsn_bag_node *at(const tsn_run *r, uint32_t node) { return &r->bags.all[node]; }
static uint64_t hash_below(const tsn_run *r, uint32_t node) { return node == TSN_NONE ? 0 : at(r, node)->hash; }
static uint64_t count_below(const tsn_run *r, uint32_t node) { return node == TSN_NONE ? 0 : at(r, node)->count; }
static uint32_t size_of(const tsn_run *r, uint32_t node) { return node == TSN_NONE ? 0 : at(r, node)->size; }

tsn_cell tsn_bag_value(const tsn_run *r, uint32_t node) { return tsn_load(r, at(r, node)->value, at(r, node)->is_text != 0); }

/* ---- nodes ---- */

static void retain(tsn_run *r, uint32_t node)
{
  if (node != TSN_NONE) at(r, node)->refs++;
}

/* The dead wait in a chain through `size` for their children to be let go. */
static void release(tsn_run *r, uint32_t node)
{
  uint32_t dead, sides[2], i;
  if (node == TSN_NONE || --at(r, node)->refs) return;
  at(r, node)->size = TSN_NONE;
  for (dead = node; dead != TSN_NONE;) {
    node = dead;
    dead = at(r, node)->size;
    sides[0] = at(r, node)->left;
    sides[1] = at(r, node)->right;
    for (i = 0; i < 2; i++)
      if (sides[i] != TSN_NONE && --at(r, sides[i])->refs == 0) {
        at(r, sides[i])->size = dead;
        dead = sides[i];
      }
    at(r, node)->left = r->bags.free;
    r->bags.free = node;
    r->bags.live--;
  }
}

/* A node with one holder, the caller; TSN_NONE: no memory. */
static uint32_t make(tsn_run *r, const tsn_bag_node *from, uint32_t left, uint32_t right)
{
  tsn_bags *b = &r->bags;
  uint32_t node = b->free;
  tsn_bag_node *n;
  if (node != TSN_NONE) {
    b->free = at(r, node)->left;
  } else {
    if (b->count >= TSN_NONE || !tsn_alloc_grow(r->alloc, (void **)&b->all, &b->cap, b->count + 1, sizeof *b->all)) {
      tsn_run_nomem(r);
      return TSN_NONE;
    }
    node = (uint32_t)b->count++;
  }
  b->live++;
  n = at(r, node);
  *n = *from;
  n->refs = 1;
  n->left = left;
  n->right = right;
  retain(r, left);
  retain(r, right);
  return node;
}

static uint64_t hash_value(const tsn_cell *value, bool is_text)
{
  if (value->null) return tsn_hash_word(1, 1);
  if (is_text) return tsn_hash_bytes(value->length ? value->v.s : "", value->length, 2);
  return tsn_hash_word((uint64_t)value->v.i, 3);
}

static bool new_value(tsn_run *r, uint32_t type, const tsn_cell *value, tsn_bag_node *n)
{
  *n = (tsn_bag_node){.value = *value, .is_text = tsn_is_text(type), .times = 1};
  return !n->is_text || tsn_texts_put(r, &n->value);
}

/* ---- lists ---- */

uint32_t tsn_list_add(tsn_run *r, uint32_t list, uint32_t type, const tsn_cell *value)
{
  tsn_bag_node n;
  if (!new_value(r, type, value, &n)) return TSN_NONE;
  n.hash = tsn_hash_word(hash_value(value, tsn_is_text(type)), hash_below(r, list) + 1);
  n.count = count_below(r, list) + 1;
  return make(r, &n, list, TSN_NONE);
}

/* ---- trees ---- */

static uint32_t tree_node(tsn_run *r, const tsn_bag_node *like, uint32_t left, uint32_t right)
{
  tsn_bag_node n = *like;
  n.hash = tsn_hash_word(n.own, n.times) + hash_below(r, left) + hash_below(r, right);
  n.count = n.times + count_below(r, left) + count_below(r, right);
  n.size = 1 + size_of(r, left) + size_of(r, right);
  return make(r, &n, left, right);
}

static bool is_heavy(const tsn_run *r, uint32_t side, uint32_t other)
{
  return (uint64_t)size_of(r, side) + 1 > DELTA * ((uint64_t)size_of(r, other) + 1);
}

/* The node `like` over two sides, of which one may have grown or lost by one node. */
static uint32_t balance(tsn_run *r, const tsn_bag_node *like, uint32_t left, uint32_t right)
{
  bool to_left = is_heavy(r, right, left);
  tsn_bag_node up, inner;
  uint32_t near, far, a, b, whole = TSN_NONE;
  if (!to_left && !is_heavy(r, left, right)) return tree_node(r, like, left, right);
  up = *at(r, to_left ? right : left);
  near = to_left ? up.left : up.right;
  far = to_left ? up.right : up.left;
  if ((uint64_t)size_of(r, near) + 1 < GAMMA * ((uint64_t)size_of(r, far) + 1)) { /* one turn */
    a = to_left ? tree_node(r, like, left, near) : tree_node(r, like, near, right);
    b = far;
    retain(r, b);
  } else {
    inner = *at(r, near);
    a = to_left ? tree_node(r, like, left, inner.left) : tree_node(r, like, inner.right, right);
    if (a == TSN_NONE) return TSN_NONE;
    b = to_left ? tree_node(r, &up, inner.right, far) : tree_node(r, &up, far, inner.left);
    if (b == TSN_NONE) return TSN_NONE;
    up = inner;
  }
  if (a != TSN_NONE) whole = to_left ? tree_node(r, &up, a, b) : tree_node(r, &up, b, a);
  release(r, a);
  release(r, b);
  return whole;
}

/* NULL is a value, below all. */
static int compare(const tsn_run *r, uint32_t type, const tsn_cell *value, uint32_t node)
{
  tsn_cell other = tsn_bag_value(r, node);
  if (value->null || other.null) return (other.null != 0) - (value->null != 0);
  return tsn_compare_cells(type, value, &other);
}

bool tsn_tree_has(const tsn_run *r, uint32_t tree, uint32_t type, const tsn_cell *value)
{
  while (tree != TSN_NONE) {
    int c = compare(r, type, value, tree);
    if (c == 0) return true;
    tree = c < 0 ? at(r, tree)->left : at(r, tree)->right;
  }
  return false;
}

uint32_t tsn_tree_add(tsn_run *r, uint32_t tree, uint32_t type, const tsn_cell *value)
{
  tsn_bag_node n;
  uint32_t side, whole;
  int c;
  if (tree == TSN_NONE) {
    if (!new_value(r, type, value, &n)) return TSN_NONE;
    n.own = hash_value(value, tsn_is_text(type));
    return tree_node(r, &n, TSN_NONE, TSN_NONE);
  }
  c = compare(r, type, value, tree);
  n = *at(r, tree);
  if (c == 0) {
    n.times++;
    return tree_node(r, &n, n.left, n.right);
  }
  side = tsn_tree_add(r, c < 0 ? n.left : n.right, type, value);
  if (side == TSN_NONE) return TSN_NONE;
  whole = c < 0 ? balance(r, &n, side, n.right) : balance(r, &n, n.left, side);
  release(r, side);
  return whole;
}

uint64_t tsn_tree_upto(const tsn_run *r, uint32_t tree, uint32_t type, const tsn_cell *value)
{
  uint64_t below = 0;
  while (tree != TSN_NONE) {
    const tsn_bag_node *n = at(r, tree);
    bool right = compare(r, type, value, tree) >= 0;
    if (right) below += n->count - count_below(r, n->right);
    tree = right ? n->right : n->left;
  }
  return below;
}

tsn_cell tsn_tree_at(const tsn_run *r, uint32_t tree, uint64_t rank)
{
  for (;;) {
    const tsn_bag_node *n = at(r, tree);
    uint64_t left = count_below(r, n->left);
    if (rank < left) {
      tree = n->left;
    } else {
      rank -= left;
      if (rank < n->times) return tsn_bag_value(r, tree);
      rank -= n->times;
      tree = n->right;
    }
  }
}

uint64_t tsn_bag_count(const tsn_run *r, uint32_t bag) { return count_below(r, bag); }

/* ---- what two paths hold ---- */

static bool same_value(const tsn_run *r, uint32_t a, uint32_t b)
{
  const tsn_bag_node *x = at(r, a), *y = at(r, b);
  if (x->times != y->times || x->value.null != y->value.null || x->is_text != y->is_text) return false;
  if (x->value.null) return true;
  if (!x->is_text) return x->value.v.i == y->value.v.i;
  return x->value.length == y->value.length &&
         (x->value.length == 0 || !memcmp(r->texts.data + x->value.v.at, r->texts.data + y->value.v.at, x->value.length));
}

static bool same_list(const tsn_run *r, uint32_t a, uint32_t b)
{
  for (; a != b; a = at(r, a)->left, b = at(r, b)->left)
    if (a == TSN_NONE || b == TSN_NONE || hash_below(r, a) != hash_below(r, b) || !same_value(r, a, b)) return false;
  return true;
}

/* What is left of a walk through a tree: whole trees, and values alone. */
#define ALONE ((uint64_t)1 << 32)
typedef struct way {
  uint64_t steps[WAY_MAX];
  uint32_t depth;
} way;

static void push(way *w, uint32_t node, uint64_t flag)
{
  if (node != TSN_NONE) w->steps[w->depth++] = node | flag;
}

static uint64_t top(const way *w) { return w->steps[w->depth - 1]; }

static void open_top(const tsn_run *r, way *w)
{
  uint32_t node = (uint32_t)w->steps[--w->depth];
  push(w, at(r, node)->right, 0);
  push(w, node, ALONE);
  push(w, at(r, node)->left, 0);
}

/* Both are gone through in the order of their values; what both share at one place is passed over. */
static bool same_tree(const tsn_run *r, uint32_t a, uint32_t b)
{
  way x = {.depth = 0}, y = {.depth = 0};
  push(&x, a, 0);
  push(&y, b, 0);
  while (x.depth && y.depth) {
    uint64_t left = top(&x), right = top(&y);
    if (left == right) {
      x.depth--;
      y.depth--;
    } else if (left & right & ALONE) {
      if (!same_value(r, (uint32_t)left, (uint32_t)right)) return false;
      x.depth--;
      y.depth--;
    } else if ((right & ALONE) || (!(left & ALONE) && size_of(r, (uint32_t)left) >= size_of(r, (uint32_t)right))) {
      open_top(r, &x);
    } else {
      open_top(r, &y);
    }
  }
  return !x.depth && !y.depth;
}

static uint32_t handle(const tsn_cell *cell) { return cell->null ? TSN_NONE : (uint32_t)cell->v.i; }

bool tsn_bag_same(const tsn_run *r, tsn_bag_kind kind, const tsn_cell *a, const tsn_cell *b)
{
  uint32_t x = handle(a), y = handle(b);
  if (x == y) return true;
  if (x == TSN_NONE || y == TSN_NONE || at(r, x)->hash != at(r, y)->hash || at(r, x)->count != at(r, y)->count) return false;
  return kind == BAG_LIST ? same_list(r, x, y) : same_tree(r, x, y);
}

/* Sizes, counts and hashes follow from what lies below. */
uint32_t tsn_bag_restore(tsn_run *r, tsn_bag_kind kind, const tsn_bag_node *n, bool *good)
{
  tsn_bag_node made = *n;
  tsn_cell value = tsn_load(r, n->value, n->is_text != 0);
  *good = true;
  if (kind == BAG_LIST) {
    made.hash = tsn_hash_word(hash_value(&value, n->is_text != 0), hash_below(r, n->left) + 1);
    made.count = count_below(r, n->left) + 1;
    return make(r, &made, n->left, TSN_NONE);
  }
  *good = n->times > 0 && !is_heavy(r, n->left, n->right) && !is_heavy(r, n->right, n->left);
  made.own = hash_value(&value, n->is_text != 0);
  return *good ? tree_node(r, &made, n->left, n->right) : TSN_NONE;
}

void tsn_bag_let_go(tsn_run *r, uint32_t node) { release(r, node); }

uint64_t tsn_bag_hash(const tsn_run *r, const tsn_cell *cell) { return hash_below(r, handle(cell)); }

/* ---- who holds them ---- */

void tsn_bags_retain(tsn_run *r, const tsn_cell *cells)
{
  uint32_t i;
  for (i = 0; i < r->bags.cell_count; i++) retain(r, handle(&cells[r->bags.cells[i]]));
}

void tsn_bags_release(tsn_run *r, const tsn_cell *cells)
{
  uint32_t i;
  for (i = 0; i < r->bags.cell_count; i++) release(r, handle(&cells[r->bags.cells[i]]));
}

void tsn_bags_hold(tsn_run *r, const tsn_cell *cells)
{
  uint32_t i;
  tsn_bags_retain(r, cells);
  for (i = 0; i < r->bags.cell_count; i++) r->bags.made[r->bags.made_count++] = handle(&cells[r->bags.cells[i]]);
}

bool tsn_bags_put(tsn_run *r, tsn_cell *cell, uint32_t bag)
{
  if (bag == TSN_NONE) return false;
  r->bags.made[r->bags.made_count++] = bag;
  *cell = (tsn_cell){.v.i = bag};
  return true;
}

void tsn_bags_made(tsn_run *r)
{
  while (r->bags.made_count) release(r, r->bags.made[--r->bags.made_count]);
}

bool tsn_bags_init(tsn_run *r)
{
  tsn_bags *b = &r->bags;
  uint32_t i, k, count = 0;
  b->free = TSN_NONE;
  tsn_bytes_init(&b->text, r->alloc, TSN_LIST_MAX);
  for (i = 0; i < r->p->regs.count; i++) count += r->regs[i].held ? 2 : 0;
  b->cells_cap = count + 1;
  b->kinds = tsn_alloc_array(r->alloc, (size_t)r->p->path_cells + 1, sizeof *b->kinds);
  b->cells = tsn_alloc_array(r->alloc, b->cells_cap, sizeof *b->cells);
  b->made = tsn_alloc_array(r->alloc, b->cells_cap, 2 * sizeof *b->made); /* what the old path held, and what a row puts in its place */
  if (!b->kinds || !b->cells || !b->made) return tsn_run_nomem(r);
  for (i = 0; i < r->p->regs.count; i++) {
    const tsn_reg_rec *reg = &r->regs[i];
    for (k = tsn_aggregate_table[reg->kind == REG_AGG ? reg->aggregate : 0].cell_count; reg->held && k < reg->cells; k++) {
      bool list = tsn_keeps_list(reg->aggregate) && k == tsn_aggregate_table[reg->aggregate].cell_count;
      b->kinds[reg->cell + k] = list ? BAG_LIST : BAG_TREE;
      b->cells[b->cell_count++] = reg->cell + k;
    }
  }
  return true;
}

void tsn_bags_clear(tsn_run *r)
{
  tsn_bags *b = &r->bags;
  tsn_alloc_free(r->alloc, b->kinds, b->kinds ? (size_t)r->p->path_cells + 1 : 0);
  tsn_alloc_free(r->alloc, b->cells, b->cells ? b->cells_cap * sizeof *b->cells : 0);
  tsn_alloc_free(r->alloc, b->all, b->cap * sizeof *b->all);
  tsn_alloc_free(r->alloc, b->made, b->made ? b->cells_cap * 2 * sizeof *b->made : 0);
  tsn_alloc_free(r->alloc, b->order, b->order_cap * sizeof *b->order);
  tsn_bytes_clear(&b->text);
}
