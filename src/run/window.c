/* Rows of one time on their way out of the sort buffer: windows see them, and the
 * values that read windows are made.
 *
 *   1  RANGE: every row of the time comes into its frames, as each of them is in
 *      the frame of the others
 *   2  row by row: ROWS: it comes into its frames; its late values are made
 *
 * What a frame comes to is worked out when it is asked for, and once: rows of one
 * time and one key share it, where the frame is a RANGE. */
#include <string.h>

#include "run/window.h"

static bool is_range(const tsn_window *w) { return w->rec->kind == FRAME_RANGE || w->rec->kind == FRAME_ALL_RANGE; }

tocsin_status tsn_windows_init(tsn_run *r, tsn_source *s)
{
  uint32_t i, most = r->group.width;
  s->windows = tsn_alloc_array(r->alloc, s->p->windows.count, sizeof *s->windows);
  if (!s->windows) return TOCSIN_NOMEM;
  for (i = 0; i < s->p->windows.count; i++) {
    const tsn_window_rec *rec = &r->program->windows[s->p->windows.first + i];
    if (!tsn_window_init(r, s, &s->windows[i], rec)) return TOCSIN_NOMEM;
    if (is_range(&s->windows[i]) && rec->end == 0) r->waits = true; /* for the other rows of its time */
  }
  r->group.width = s->p->windows.count > most ? s->p->windows.count : most;
  if (s->p->lates.count) r->windows = true;
  for (i = 0; i < s->p->lates.count; i++) {
    uint32_t slot = r->program->lates[s->p->lates.first + i].slot, k;
    for (k = 0; k < r->p->orders.count; k++)
      if (r->program->orders[r->p->orders.first + k].slot == slot) r->group.sorts = true;
  }
  return TOCSIN_OK;
}

void tsn_windows_clear(tsn_run *r, tsn_source *s)
{
  uint32_t i;
  for (i = 0; s->windows && i < s->p->windows.count; i++) tsn_window_clear(r, &s->windows[i]);
  tsn_alloc_free(r->alloc, s->windows, s->windows ? s->p->windows.count * sizeof *s->windows : 0);
}

void tsn_group_clear(tsn_run *r)
{
  tsn_group *g = &r->group;
  tsn_alloc_free(r->alloc, g->frames, g->frame_cap * sizeof *g->frames);
  tsn_alloc_free(r->alloc, g->values, g->value_cap * sizeof *g->values);
  tsn_alloc_free(r->alloc, g->known, g->known_cap * sizeof *g->known);
  tsn_arena_clear(&g->texts);
}

bool tsn_group_begin(tsn_run *r, size_t rows)
{
  tsn_group *g = &r->group;
  if (g->texts.total) tsn_arena_clear(&g->texts);
  if (r->scratch.total) tsn_arena_clear(&r->scratch);
  tsn_texts_release(r);
  g->texts.alloc = r->alloc;
  g->number++;
  g->value_count = 0;
  return tsn_texts_collect(r) &&
         (tsn_alloc_grow(r->alloc, (void **)&g->frames, &g->frame_cap, rows * g->width, sizeof *g->frames) || tsn_run_nomem(r));
}

/* Room for what the frame comes to, of which nothing is known. */
static bool forget_values(tsn_run *r, tsn_window *w, tsn_frame *f)
{
  tsn_group *g = &r->group;
  size_t count = g->value_count + w->rec->overs.count;
  if (!tsn_alloc_grow(r->alloc, (void **)&g->values, &g->value_cap, count, sizeof *g->values) ||
      !tsn_alloc_grow(r->alloc, (void **)&g->known, &g->known_cap, count, sizeof *g->known))
    return tsn_run_nomem(r);
  memset(g->known + g->value_count, 0, w->rec->overs.count * sizeof *g->known);
  f->group = g->number;
  f->values = g->value_count;
  g->value_count = count;
  return true;
}

/* Says of which row; its key is the window's where that has one. */
static bool late_failed(tsn_run *r, const tsn_waiting *row, const tsn_window *w)
{
  const tsn_spot spot = {.cells = tsn_waiting_cells(r, row), .keys = w && w->rec->keys.count ? &w->rec->keys : NULL, .number = -1,
                         .timed = true, .time = row->time};
  return tsn_fail_at(r, &spot, "SELECT over a row of", r->sources[row->part].name);
}

/* The row comes into its frames of windows that are RANGEs, or that are not. */
static bool come_in(tsn_run *r, const tsn_waiting *row, size_t line, bool range)
{
  const tsn_source *s = &r->sources[row->part];
  const tsn_cell *cells = tsn_waiting_cells(r, row);
  uint32_t i;
  for (i = 0; i < s->p->windows.count; i++) {
    tsn_window *w = &s->windows[i];
    uint32_t frame;
    tsn_frame *f;
    if (is_range(w) != range) continue;
    frame = tsn_window_frame(r, w, cells);
    if (frame == TSN_NONE || !tsn_frame_add(r, w, frame, row->time, cells)) {
      tsn_fail_in(r, w->overs[0].text);
      return late_failed(r, row, w);
    }
    r->group.frames[line * r->group.width + i] = frame;
    f = &w->frames[frame];
    if ((!range || f->group != r->group.number) && !forget_values(r, w, f)) return false;
  }
  return true;
}

static bool make_late(tsn_run *r, const tsn_waiting *row, size_t line)
{
  const tsn_source *s = &r->sources[row->part];
  tsn_cell *cells = tsn_waiting_cells(r, row);
  tsn_eval e = {.row = cells, .label = TSN_NONE};
  uint32_t i;
  r->group.source = s;
  r->group.line = line;
  r->group.row = row;
  for (i = 0; i < s->p->lates.count; i++) {
    const tsn_late_rec *late = &r->program->lates[s->p->lates.first + i];
    tsn_cell value;
    if (!tsn_eval_code(r, &e, &late->code, &value)) return late_failed(r, row, NULL);
    cells[late->slot] = value;
  }
  return true;
}

bool tsn_group_finish(tsn_run *r, const tsn_waiting *rows, size_t count)
{
  tsn_arena made;
  size_t i;
  for (i = 0; i < count; i++)
    if (!come_in(r, &rows[i], i, true)) return false;
  for (i = 0; i < count; i++) {
    r->moment++; /* NOW() is asked again */
    if (!come_in(r, &rows[i], i, false) || !make_late(r, &rows[i], i)) return false;
  }
  made = r->scratch; /* the texts of late values outlive the moments that begin with each row */
  r->scratch = r->group.texts;
  r->group.texts = made;
  return true;
}

void tsn_windows_expire(tsn_run *r, int64_t time)
{
  uint32_t part, i;
  for (part = 0; part < r->p->parts.count; part++)
    for (i = 0; i < r->sources[part].p->windows.count; i++) tsn_window_expire(r, &r->sources[part].windows[i], time);
}

/* A text that lies in texts would move with them. */
static bool settle_text(tsn_run *r, tsn_cell *value)
{
  if (value->null) return true;
  value->v.s = tsn_arena_text(&r->scratch, value->v.s, value->length);
  return value->v.s || tsn_run_nomem(r);
}

bool tsn_group_value(tsn_run *r, uint32_t over, tsn_cell *out)
{
  tsn_group *g = &r->group;
  const tsn_source *s = g->source;
  const tsn_over_rec *o = &r->program->overs[s->p->overs.first + over];
  uint32_t i = 0, k;
  tsn_window *w;
  tsn_frame *f;
  while (o - s->windows[i].overs >= (ptrdiff_t)s->windows[i].rec->overs.count) i++;
  w = &s->windows[i];
  k = (uint32_t)(o - w->overs);
  f = &w->frames[g->frames[g->line * g->width + i]];
  if (!g->known[f->values + k]) {
    tsn_cell value;
    if (!tsn_frame_value(r, w, (uint32_t)(f - w->frames), k, &value)) {
      tsn_fail_in(r, o->text);
      return late_failed(r, g->row, w);
    }
    if (tsn_aggregate_table[o->aggregate].merge == MERGE_PICK && tsn_is_text(o->type) && !settle_text(r, &value)) return false;
    g->values[f->values + k] = value;
    g->known[f->values + k] = true;
  }
  *out = g->values[f->values + k];
  return true;
}

void tsn_windows_visit(tsn_run *r, tsn_text_visitor visit, tsn_texts *young)
{
  uint32_t part, i;
  for (part = 0; part < r->p->parts.count; part++)
    for (i = 0; i < r->sources[part].p->windows.count; i++) tsn_window_visit(r, &r->sources[part].windows[i], visit, young);
}
