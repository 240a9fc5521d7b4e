/* The bytes of stored texts: appended, and collected when half of them may be dead.
 *
 * Texts are written once and never changed. Nobody frees one; from time to time
 * everything that still names a text is visited and its bytes move to a new
 * buffer. That keeps reference counts out of the hot loop and costs, over time,
 * a constant per byte written. */
#include <string.h>

#include "run/window.h"

#define COLLECT_LEAST ((size_t)1 << 20)

/* Loaded texts point into the buffer until their moment is over: a buffer that
 * became too small is put by, and freed when the next moment begins. */
static bool grow(tsn_run *r, size_t need)
{
  tsn_texts *t = &r->texts;
  size_t cap = t->cap ? t->cap : 256;
  char *data;
  while (cap < need) {
    if (cap > SIZE_MAX / 2) return tsn_run_nomem(r);
    cap *= 2;
  }
  if (t->retired_count == TSN_TEXTS_RETIRED) return tsn_run_nomem(r); /* it doubles: never reached */
  data = tsn_alloc_array(r->alloc, cap, 1);
  if (!data) return tsn_run_nomem(r);
  if (t->length) memcpy(data, t->data, t->length);
  if (t->data) {
    t->retired[t->retired_count] = t->data;
    t->retired_sizes[t->retired_count++] = t->cap;
  }
  t->data = data;
  t->cap = cap;
  return true;
}

void tsn_texts_release(tsn_run *r)
{
  tsn_texts *t = &r->texts;
  while (t->retired_count > 0) {
    t->retired_count--;
    tsn_alloc_free(r->alloc, t->retired[t->retired_count], t->retired_sizes[t->retired_count]);
  }
}

bool tsn_texts_put(tsn_run *r, tsn_cell *cell)
{
  tsn_texts *t = &r->texts;
  const char *from = cell->v.s;
  if (cell->null) return true;
  if (cell->length == 0) {
    cell->v.at = 0;
    return true;
  }
  if (t->length + cell->length > t->cap && !grow(r, t->length + cell->length)) return false;
  memcpy(t->data + t->length, from, cell->length);
  cell->v.at = t->length;
  t->length += cell->length;
  return true;
}

static void move(const tsn_texts *old, tsn_texts *young, tsn_cell *cell)
{
  if (cell->null || cell->length == 0) return;
  memcpy(young->data + young->length, old->data + cell->v.at, cell->length);
  cell->v.at = young->length;
  young->length += cell->length;
}

static void visit(tsn_run *r, tsn_text_visitor f, tsn_texts *young)
{
  size_t i, k;
  for (i = 0; i < r->item_count; i++) {
    tsn_path *item = tsn_path_at(r, (uint32_t)i);
    if (item->state == ITEM_FREE) continue;
    for (k = 0; k < r->p->path_cells; k++)
      if (r->cell_is_text[k]) f(&r->texts, young, &tsn_path_cells(r, item)[k]);
  }
  for (i = 0; i < r->bags.count; i++)
    if (r->bags.all[i].refs && r->bags.all[i].is_text) f(&r->texts, young, &r->bags.all[i].value);
  for (i = 0; i < r->partition_count; i++) {
    tsn_partition *p = &r->partitions[i];
    uint32_t row;
    if (!p->used) continue;
    tsn_graph_visit(r, p, f, young);
    for (k = 0; k < r->p->keys.count; k++)
      if (r->slot_is_text[r->program->indices[r->p->keys.first + k]]) f(&r->texts, young, &p->keys[k]);
    for (row = 0; row < p->kept; row++) {
      tsn_cell *cells = tsn_kept_cells(tsn_kept_row_at(r, p, p->base + row));
      for (k = 0; k < r->kept_count; k++)
        if (r->slot_is_text[r->kept_slots[k]]) f(&r->texts, young, &cells[k]);
    }
  }
  tsn_windows_visit(r, f, young);
}

static void count(const tsn_texts *old, tsn_texts *young, tsn_cell *cell)
{
  (void)old;
  if (!cell->null) young->cap += cell->length;
}

static bool collect(tsn_run *r, size_t most)
{
  tsn_texts young;
  memset(&young, 0, sizeof young);
  young.alloc = r->alloc;
  visit(r, count, &young);
  /* Texts that several cells share are copied for each: the copy may be larger. */
  if (young.cap > most) {
    r->texts.collect_at = r->texts.length * 2;
    return true;
  }
  if (young.cap) {
    young.data = tsn_alloc_array(r->alloc, young.cap, 1);
    if (!young.data) {
      r->texts.collect_at = r->texts.length * 2; /* no room to collect: try later */
      return true;
    }
  }
  visit(r, move, &young);
  tsn_texts_release(r);
  tsn_alloc_free(r->alloc, r->texts.data, r->texts.cap);
  young.collect_at = young.length * 2;
  r->texts = young;
  return true;
}

bool tsn_texts_collect(tsn_run *r)
{
  return r->texts.length < COLLECT_LEAST || r->texts.length < r->texts.collect_at || collect(r, r->texts.length / 2);
}

bool tsn_texts_squeeze(tsn_run *r) { return r->texts.length == 0 || collect(r, r->texts.length); }
