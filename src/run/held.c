/* Aggregates that a path holds more for than a few cells: lists, the values around a
 * percentile, and what DISTINCT has seen, as conditions and lengths of absences read them.
 *
 *   cells   [ of the aggregate (aggregates.def) | a list | a tree ]
 *             COUNT(DISTINCT x)  n              |        | the values
 *             ARRAY_AGG(x)                      | them
 *             STRING_AGG(DISTINCT x, ',')       | them   | the same, to be found
 *             APPROX_PERCENTILE(x, 0.9)         |        | the values
 *
 * (Measures alone gather theirs in a replay: gather.c.) A condition asks for the value as
 * the candidate row would leave it: that row's argument is looked at in front of what the
 * path holds, and nothing is made for it. */
#include <string.h>

#include "run/run.h"

typedef struct parts {
  tsn_cell *list, *tree; /* cells of the path, or NULL */
} parts;

static parts parts_of(const tsn_reg_rec *reg, tsn_cell *cells)
{
  tsn_cell *next = cells + reg->cell + tsn_aggregate_table[reg->aggregate].cell_count;
  parts p = {NULL, NULL};
  if (tsn_keeps_list(reg->aggregate)) p.list = next++;
  if (tsn_keeps_tree(reg->aggregate, reg->distinct)) p.tree = next;
  return p;
}

static uint32_t handle(const tsn_cell *cell) { return cell->null ? TSN_NONE : (uint32_t)cell->v.i; }

/* Whether a row with this argument changes anything. */
static bool counts(const tsn_run *r, const tsn_reg_rec *reg, const parts *p, const tsn_cell *arg)
{
  if (arg->null && reg->aggregate != AGG_ARRAY_AGG) return false;
  return !reg->distinct || !tsn_tree_has(r, handle(p->tree), reg->type, arg);
}

bool tsn_held_step(tsn_run *r, const tsn_reg_rec *reg, tsn_cell *cells, const tsn_cell *arg)
{
  parts p = parts_of(reg, cells);
  if (!counts(r, reg, &p, arg)) return true;
  if (p.list && !tsn_bags_put(r, p.list, tsn_list_add(r, handle(p.list), reg->type, arg))) return false;
  if (p.tree && !tsn_bags_put(r, p.tree, tsn_tree_add(r, handle(p.tree), reg->type, arg))) return false;
  return tsn_aggregate_table[reg->aggregate].cell_count == 0 || tsn_aggregate_step(r, reg, cells + reg->cell, arg, NULL);
}

/* The values of a list, the first one first, and one more (NULL: none). */
static bool list_value(tsn_run *r, const tsn_reg_rec *reg, uint32_t list, const tsn_cell *arg, const tsn_cell *separator, tsn_cell *out)
{
  tsn_bags *b = &r->bags;
  size_t count = (size_t)tsn_bag_count(r, list), i;
  tsn_cell value;
  if (!tsn_alloc_grow(r->alloc, (void **)&b->order, &b->order_cap, count + 1, sizeof *b->order)) return tsn_run_nomem(r);
  for (i = count; i > 0; list = r->bags.all[list].left) b->order[--i] = list;
  tsn_bytes_reset(&b->text);
  for (i = 0; i < count; i++) {
    value = tsn_bag_value(r, b->order[i]);
    if (!tsn_gather_step(r, (tsn_aggregate)reg->aggregate, reg->type, &b->text, &value, separator)) return false;
  }
  if (arg && !tsn_gather_step(r, (tsn_aggregate)reg->aggregate, reg->type, &b->text, arg, separator)) return false;
  return tsn_gather_value(r, (tsn_aggregate)reg->aggregate, &b->text, out);
}

/* The row's value stands behind those of the tree that are not greater. */
static tsn_cell percentile(const tsn_run *r, const tsn_reg_rec *reg, uint32_t tree, const tsn_cell *arg, const tsn_cell *part)
{
  uint64_t count = tsn_bag_count(r, tree), rank, place;
  if (part->null || (count == 0 && !arg)) return (tsn_cell){.null = 1};
  rank = tsn_percentile_rank(part->v.d, count + (arg != NULL)) - 1;
  place = arg ? tsn_tree_upto(r, tree, reg->type, arg) : count;
  if (arg && rank == place) return *arg;
  return tsn_tree_at(r, tree, rank > place ? rank - 1 : rank);
}

bool tsn_held_value(tsn_run *r, const tsn_reg_rec *reg, const tsn_cell *cells, const tsn_cell *arg, const tsn_cell *second, tsn_cell *out)
{
  tsn_cell own[4];
  uint32_t count = tsn_aggregate_table[reg->aggregate].cell_count;
  parts p = parts_of(reg, (tsn_cell *)(uintptr_t)cells);
  if (arg && !counts(r, reg, &p, arg)) arg = NULL;
  if (p.list) return list_value(r, reg, handle(p.list), arg, second, out);
  if (count == 0) {
    *out = percentile(r, reg, handle(p.tree), arg, second);
    return true;
  }
  memcpy(own, cells + reg->cell, count * sizeof *own);
  if (arg && !tsn_aggregate_step(r, reg, own, arg, NULL)) return false;
  *out = tsn_aggregate_value(reg, own);
  return true;
}
