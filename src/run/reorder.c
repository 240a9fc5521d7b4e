/* The sort buffer: rows wait until nothing earlier can come, then are matched in
 * the order of time, the rest of ORDER BY, the part that they come from, and arrival
 * (language page, section 8).
 *
 * A heap of small entries; the rows lie in a slab, each with its texts in one
 * block of its own. */
#include <string.h>

#include "run/window.h"

static int compare_rest(const tsn_run *r, uint32_t a, uint32_t b)
{
  const tsn_order_rec *orders = r->program->orders + r->p->orders.first;
  const tsn_cell *x = r->reorder.cells + (size_t)a * r->slot_count, *y = r->reorder.cells + (size_t)b * r->slot_count;
  uint32_t k;
  for (k = 0; k < r->p->orders.count; k++) {
    const tsn_cell *p = &x[orders[k].slot], *q = &y[orders[k].slot];
    int c = p->null || q->null ? p->null - q->null : tsn_compare_cells(r->slot_types[orders[k].slot], p, q); /* NULLs last */
    if (c) return orders[k].descending && !p->null && !q->null ? -c : c;
  }
  return 0;
}

static bool before(const tsn_run *r, const tsn_waiting *a, const tsn_waiting *b)
{
  int c;
  if (a->time != b->time) return a->time < b->time;
  c = compare_rest(r, a->row, b->row);
  if (c) return c < 0;
  return a->part != b->part ? a->part < b->part : a->arrival < b->arrival;
}

static void sift_up(const tsn_run *r, tsn_waiting *heap, size_t at, tsn_waiting w)
{
  for (; at > 0 && before(r, &w, &heap[(at - 1) / 2]); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
  heap[at] = w;
}

bool tsn_reorder_add(tsn_run *r, int64_t time, uint32_t part, uint64_t arrival)
{
  tsn_reorder *o = &r->reorder;
  tsn_waiting w = {.time = time, .arrival = arrival, .part = part};
  size_t size = 0;
  tsn_cell *cells;
  char *text = NULL;
  uint32_t k;
  if (o->count >= r->max_rows)
    return tsn_run_fail(r, TOCSIN_LIMIT, "more than %llu rows wait for their order; a smaller watermark delay keeps fewer",
                        (unsigned long long)r->max_rows);
  if (!tsn_alloc_grow(r->alloc, (void **)&o->heap, &o->cap, o->count + 1, sizeof w)) return tsn_run_nomem(r);
  if (o->free_count) {
    w.row = o->free[--o->free_count];
  } else {
    size_t need = o->rows + 1;
    if (!tsn_alloc_grow(r->alloc, (void **)&o->cells, &o->cells_cap, need, r->slot_count * sizeof *cells) ||
        !tsn_alloc_grow(r->alloc, (void **)&o->texts, &o->texts_cap, need, sizeof *o->texts) ||
        !tsn_alloc_grow(r->alloc, (void **)&o->text_sizes, &o->sizes_cap, need, sizeof *o->text_sizes) ||
        !tsn_alloc_grow(r->alloc, (void **)&o->free, &o->free_cap, need, sizeof *o->free))
      return tsn_run_nomem(r);
    w.row = (uint32_t)o->rows++;
  }
  for (k = 0; k < r->slot_count; k++)
    if (r->slot_is_text[k] && !r->row[k].null) size += r->row[k].length;
  o->texts[w.row] = NULL;
  o->text_sizes[w.row] = size;
  if (size) {
    text = tsn_alloc_array(r->alloc, size, 1);
    if (!text) {
      o->free[o->free_count++] = w.row;
      return tsn_run_nomem(r);
    }
    o->texts[w.row] = text;
  }
  cells = o->cells + (size_t)w.row * r->slot_count;
  for (k = 0; k < r->slot_count; k++) {
    cells[k] = r->row[k];
    if (!r->slot_is_text[k] || cells[k].null || !cells[k].length) continue;
    memcpy(text, cells[k].v.s, cells[k].length);
    cells[k].v.s = text;
    text += cells[k].length;
  }
  sift_up(r, o->heap, o->count++, w);
  return true;
}

/* Takes the first of a heap; one place less is used then. */
static tsn_waiting take_first(const tsn_run *r, tsn_waiting *heap, size_t count)
{
  tsn_waiting first = heap[0], last = heap[--count];
  size_t at = 0;
  for (;;) {
    size_t child = at * 2 + 1;
    if (child >= count) break;
    if (child + 1 < count && before(r, &heap[child + 1], &heap[child])) child++;
    if (!before(r, &heap[child], &last)) break;
    heap[at] = heap[child];
    at = child;
  }
  if (count) heap[at] = last;
  return first;
}

/* Puts rows in order once more: ORDER BY reads what was made of them only now. */
static void sort(const tsn_run *r, tsn_waiting *rows, size_t count)
{
  size_t i;
  for (i = 0; i < count; i++) sift_up(r, rows, i, rows[i]);
  for (i = count; i > 1; i--) rows[i - 1] = take_first(r, rows, i);
  for (i = 0; i < count / 2; i++) { /* the first stands last now */
    tsn_waiting w = rows[i];
    rows[i] = rows[count - 1 - i];
    rows[count - 1 - i] = w;
  }
}

/* Takes the next row; where windows look, all rows of its time. */
static bool take_group(tsn_run *r)
{
  tsn_reorder *o = &r->reorder;
  int64_t time = o->heap[0].time;
  o->group_count = o->gone = 0;
  do {
    if (!tsn_alloc_grow(r->alloc, (void **)&o->group, &o->group_cap, o->group_count + 1, sizeof *o->group)) return tsn_run_nomem(r);
    o->group[o->group_count++] = take_first(r, o->heap, o->count--);
  } while (r->windows && o->count && o->heap[0].time == time);
  if (!r->windows) return true;
  if (!tsn_group_begin(r, o->group_count) || !tsn_group_finish(r, o->group, o->group_count)) return false;
  if (r->group.sorts) sort(r, o->group, o->group_count);
  return true;
}

static void let_go(tsn_run *r, const tsn_waiting *w)
{
  tsn_reorder *o = &r->reorder;
  tsn_alloc_free(r->alloc, o->texts[w->row], o->text_sizes[w->row]);
  o->texts[w->row] = NULL;
  o->free[o->free_count++] = w->row;
}

bool tsn_reorder_release(tsn_run *r, int64_t limit, bool all)
{
  tsn_reorder *o = &r->reorder;
  while (o->count && (all || o->heap[0].time < limit)) {
    if (!take_group(r)) return false;
    while (o->gone < o->group_count) {
      const tsn_waiting w = o->group[o->gone];
      memcpy(r->row, tsn_waiting_cells(r, &w), r->slot_count * sizeof *r->row);
      if (!tsn_run_arrive(r, w.time)) return false;
      o->gone++;
      let_go(r, &w);
    }
  }
  if (r->windows && !all) tsn_windows_expire(r, limit);
  return true;
}

void tsn_reorder_clear(tsn_run *r)
{
  tsn_reorder *o = &r->reorder;
  size_t i;
  for (i = 0; i < o->count; i++) tsn_alloc_free(r->alloc, o->texts[o->heap[i].row], o->text_sizes[o->heap[i].row]);
  for (i = o->gone; i < o->group_count; i++) tsn_alloc_free(r->alloc, o->texts[o->group[i].row], o->text_sizes[o->group[i].row]);
  tsn_alloc_free(r->alloc, o->heap, o->cap * sizeof *o->heap);
  tsn_alloc_free(r->alloc, o->group, o->group_cap * sizeof *o->group);
  tsn_alloc_free(r->alloc, o->cells, o->cells_cap * r->slot_count * sizeof *o->cells);
  tsn_alloc_free(r->alloc, o->texts, o->texts_cap * sizeof *o->texts);
  tsn_alloc_free(r->alloc, o->text_sizes, o->sizes_cap * sizeof *o->text_sizes);
  tsn_alloc_free(r->alloc, o->free, o->free_cap * sizeof *o->free);
}
