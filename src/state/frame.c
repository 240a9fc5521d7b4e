/* The frame of a window: the rows that it holds, and what they come to. */
#include <stdlib.h>
#include <string.h>

#include "state/state.h"

/* What an aggregate knows of a stretch. */
static void code_partial(tsn_codec *c, const tsn_over_rec *o, const tsn_frame *f, tsn_partial *p)
{
  uint64_t words[3];
  int k;
  tsn_code_i64(c, &p->n);
  if (p->n == 0 && !c->loading) return;
  if (c->loading && p->n == 0) {
    *p = (tsn_partial){.n = 0};
    return;
  }
  tsn_code_check(c, p->n > 0);
  if (tsn_aggregate_table[o->aggregate].merge == MERGE_PICK) {
    tsn_code_i64(c, &p->v.row);
    if (c->loading && f->rows) tsn_code_check(c, p->v.row >= f->first && p->v.row < f->first + f->count);
    return;
  }
  _Static_assert(sizeof p->v == sizeof words, "three words");
  memcpy(words, &p->v, sizeof words);
  for (k = 0; k < 3; k++) tsn_code_word(c, &words[k]);
  memcpy(&p->v, words, sizeof words);
}

static void code_bytes(tsn_codec *c, tsn_bytes *b)
{
  size_t length = b->length;
  const void *from;
  tsn_code_count(c, &length);
  if (!c->loading) tsn_bytes_append(c->out, b->data, length);
  else if ((from = tsn_code_take(c, length)) != NULL) tsn_bytes_append(b, from, length);
  if (c->loading && b->failed) tsn_run_nomem(c->r);
}

static void code_set(tsn_codec *c, const tsn_over_rec *o, tsn_gathered *g)
{
  tsn_run *r = c->r;
  bool text = tsn_is_text(o->type), fresh;
  size_t count = g->set.count, k;
  tsn_code_bool(c, &g->set.has_null);
  tsn_code_count(c, &count);
  for (k = 0; k < count && tsn_codec_good(c); k++) {
    tsn_cell cell = c->loading ? (tsn_cell){.null = 1} : g->set.cells[k];
    tsn_code_loaded(c, &cell, text);
    if (!c->loading) continue;
    if (text && !cell.null && !(cell.v.s = tsn_arena_text(&g->texts, cell.v.s, cell.length))) {
      tsn_run_nomem(r);
      return;
    }
    tsn_code_check(c, !cell.null);
    if (tsn_codec_good(c) && tsn_set_add(r, &g->set, o->type, &cell, &fresh)) tsn_code_check(c, fresh);
  }
}

static bool is_ring(const tsn_window *w) { return w->rec->kind == FRAME_ROWS || w->rec->kind == FRAME_RANGE; }

static void code_row(tsn_codec *c, tsn_window *w, tsn_frame *f, uint32_t at)
{
  char *row = f->rows + (size_t)((f->head + at) & (f->cap - 1)) * w->stride;
  int64_t time;
  tsn_cell *args = (tsn_cell *)(void *)(row + sizeof time);
  tsn_partial *parts = (tsn_partial *)(void *)(args + w->arg_count);
  uint32_t k;
  memcpy(&time, row, sizeof time);
  tsn_code_i64(c, &time);
  memcpy(row, &time, sizeof time);
  for (k = 0; k < w->arg_count; k++) tsn_code_cell(c, &args[k], c->r->slot_is_text[w->args[k]]);
  for (k = 0; k < w->rec->overs.count && at < f->front; k++) code_partial(c, &w->overs[k], f, &parts[k]);
}

static void code_ring(tsn_codec *c, tsn_window *w, tsn_frame *f)
{
  size_t count = f->count;
  uint32_t k;
  tsn_code_i64(c, &f->first);
  tsn_code_count(c, &count);
  tsn_code_u32(c, &f->in, UINT32_MAX);
  tsn_code_u32(c, &f->front, UINT32_MAX);
  tsn_code_check(c, count < TSN_ROWS_MAX && f->in <= count && f->front <= f->in && f->first >= 0 && f->first < INT64_MAX / 2 && (is_ring(w) || !f->front));
  if (!tsn_codec_good(c)) return;
  if (c->loading && count) {
    for (f->cap = 4; f->cap < count; f->cap *= 2) continue;
    f->rows = tsn_alloc_array(c->r->alloc, f->cap, w->stride);
    if (!f->rows) {
      f->cap = 0;
      tsn_run_nomem(c->r);
      return;
    }
    for (k = 0; k < count; k++) {
      tsn_cell *args = (tsn_cell *)(void *)(f->rows + k * w->stride + sizeof(int64_t));
      uint32_t i;
      for (i = 0; i < w->arg_count; i++) args[i] = (tsn_cell){.null = 1};
    }
    f->count = (uint32_t)count;
  }
  for (k = 0; k < count && tsn_codec_good(c); k++) code_row(c, w, f, k);
}

void tsn_state_frame(tsn_codec *c, uint32_t source, uint32_t window, uint32_t frame)
{
  tsn_run *r = c->r;
  tsn_window *w = &r->sources[source].windows[window];
  tsn_frame *f = &w->frames[frame];
  uint32_t k, i, keys = w->rec->keys.count;
  tsn_code_i64(c, &f->last_time);
  code_ring(c, w, f);
  for (k = 0; k < w->rec->overs.count && tsn_codec_good(c); k++) {
    const tsn_over_rec *o = &w->overs[k];
    code_partial(c, o, f, &f->back[k]);
    for (i = 0; i < 2 && !is_ring(w); i++) {
      bool picks = tsn_aggregate_table[o->aggregate].merge == MERGE_PICK;
      tsn_code_cell(c, &f->cells[keys + 2 * k + i], picks && tsn_is_text(i ? o->type2 : o->type));
    }
    if (!f->gathered) continue;
    for (i = 0; i < 2; i++) code_bytes(c, &f->gathered[k].lists[i]);
    code_set(c, o, &f->gathered[k]);
  }
}

/* ---- the oldest goes first ---- */

static int by_time(const void *a, const void *b)
{
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void order(tsn_run *r, tsn_window *w)
{
  struct {
    int64_t time;
    uint32_t frame;
  } *all = tsn_alloc_array(r->alloc, w->count, sizeof *all);
  size_t count = 0, i;
  if (!all) {
    tsn_run_nomem(r);
    return;
  }
  for (i = 0; i < w->count; i++)
    if (w->frames[i].used) {
      all[count].time = w->frames[i].last_time;
      all[count++].frame = (uint32_t)i;
    }
  qsort(all, count, sizeof *all, by_time);
  w->oldest = count ? all[0].frame : TSN_NONE;
  w->newest = count ? all[count - 1].frame : TSN_NONE;
  for (i = 0; i < count; i++) {
    w->frames[all[i].frame].older = i ? all[i - 1].frame : TSN_NONE;
    w->frames[all[i].frame].newer = i + 1 < count ? all[i + 1].frame : TSN_NONE;
  }
  tsn_alloc_free(r->alloc, all, w->count * sizeof *all);
}

void tsn_state_order_frames(tsn_run *r)
{
  uint32_t s, w;
  for (s = 0; s < r->p->parts.count; s++)
    for (w = 0; w < r->sources[s].p->windows.count; w++) order(r, &r->sources[s].windows[w]);
}
