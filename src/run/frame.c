/* The frames of a window: see the drawing in window.h. */
#include <string.h>

#include "base/time.h"
#include "run/window.h"

static bool has_begin(const tsn_window *w) { return w->rec->kind == FRAME_ROWS || w->rec->kind == FRAME_RANGE; }

static bool picks(const tsn_over_rec *o) { return tsn_aggregate_table[o->aggregate].merge == MERGE_PICK; }

/* Whether it takes the rows one by one, each time anew. */
static bool gathers(const tsn_over_rec *o) { return o->distinct || tsn_aggregate_table[o->aggregate].merge == MERGE_LIST; }

/* ---- rows of a ring: time, arguments, parts of the front ---- */

static char *row_at(const tsn_window *w, const tsn_frame *f, uint32_t i)
{
  return f->rows + (size_t)((f->head + i) & (f->cap - 1)) * w->stride;
}

static int64_t *time_of(char *row) { return (int64_t *)(void *)row; }
static tsn_cell *args_of(char *row) { return (tsn_cell *)(void *)(row + sizeof(int64_t)); }
static tsn_partial *parts_of(const tsn_window *w, char *row) { return (tsn_partial *)(void *)(args_of(row) + w->arg_count); }

static bool is_text(const tsn_run *r, const tsn_window *w, uint32_t arg) { return r->slot_is_text[w->args[arg]]; }

/* An aggregate's first or second argument in a row of the ring; TRUE where it has none. */
static tsn_cell argument(const tsn_run *r, const tsn_window *w, char *row, uint32_t over, int which)
{
  uint32_t arg = w->arg_of[over][which];
  return arg == TSN_NONE ? (tsn_cell){.v.i = 1} : tsn_load(r, args_of(row)[arg], is_text(r, w, arg));
}

static tsn_cell constant_of(const tsn_run *r, const tsn_over_rec *o)
{
  const tocsin_program *p = r->program;
  if (o->constant == TSN_NONE) return (tsn_cell){.null = 1};
  if (o->type2 == TOCSIN_DOUBLE) return (tsn_cell){.v.d = p->reals[o->constant]};
  return (tsn_cell){.v.s = tsn_program_text(p, p->texts[o->constant]), .length = p->texts[o->constant].length};
}

/* ---- picking one of two rows ---- */

/* The cell that decides: MIN_BY and MAX_BY have a key. */
static int deciding(const tsn_over_rec *o) { return tsn_aggregate_table[o->aggregate].args == 2 ? 1 : 0; }

/* Whether the later of two rows is the one: of equals the first stays. */
static bool later_wins(const tsn_over_rec *o, const tsn_cell *earlier, const tsn_cell *later)
{
  int order = tsn_compare_cells(deciding(o) ? o->type2 : o->type, later, earlier);
  switch ((tsn_aggregate)o->aggregate) {
  case AGG_MIN:
  case AGG_MIN_BY: return order < 0;
  case AGG_MAX:
  case AGG_MAX_BY: return order > 0;
  default: return false;
  }
}

static tsn_partial merge(const tsn_run *r, const tsn_window *w, const tsn_frame *f, uint32_t over, const tsn_partial *a, const tsn_partial *b)
{
  const tsn_over_rec *o = &w->overs[over];
  tsn_cell x, y;
  if (!picks(o)) return tsn_partial_merge(o, a, b);
  if (a->n == 0 || b->n == 0) return a->n ? *a : *b;
  x = argument(r, w, row_at(w, f, (uint32_t)(a->v.row - f->first)), over, deciding(o));
  y = argument(r, w, row_at(w, f, (uint32_t)(b->v.row - f->first)), over, deciding(o));
  return later_wins(o, &x, &y) ? *b : *a;
}

static tsn_partial part_of_row(const tsn_run *r, const tsn_window *w, const tsn_frame *f, uint32_t over, uint32_t i)
{
  const tsn_over_rec *o = &w->overs[over];
  tsn_cell value = argument(r, w, row_at(w, f, i), over, picks(o) ? deciding(o) : 0);
  if (!picks(o)) return tsn_partial_of(o, &value);
  return (tsn_partial){.n = !value.null, .v.row = f->first + i};
}

/* ---- gathering ---- */

static void gathered_init(tsn_gathered *g, tsn_alloc *alloc)
{
  int i;
  for (i = 0; i < 2; i++) tsn_bytes_init(&g->lists[i], alloc, TSN_LIST_MAX);
  tsn_set_init(&g->set, alloc);
  tsn_arena_init(&g->texts, alloc, 0);
}

static void gathered_clear(tsn_gathered *g)
{
  int i;
  for (i = 0; i < 2; i++) tsn_bytes_clear(&g->lists[i]);
  tsn_set_clear(&g->set);
  tsn_arena_clear(&g->texts);
}

/* keeps: the set will see the rows that come later. */
static bool gather(tsn_run *r, const tsn_over_rec *o, tsn_gathered *g, tsn_partial *p, const tsn_cell *value, const tsn_cell *second, bool keeps)
{
  tsn_partial one;
  bool fresh = true;
  if (o->distinct && !tsn_set_add(r, &g->set, o->type, value, &fresh)) return false;
  if (!fresh) return true;
  if (o->distinct && keeps && !value->null && tsn_is_text(o->type)) {
    tsn_cell *kept = &g->set.cells[g->set.count - 1];
    kept->v.s = tsn_arena_text(&g->texts, value->v.s, value->length);
    if (!kept->v.s) {
      kept->v.s = "";
      kept->length = 0;
      return tsn_run_nomem(r);
    }
  }
  if (g->set.count > r->max_rows) return tsn_run_fail(r, TOCSIN_LIMIT, "more than %llu distinct values have to be kept", (unsigned long long)r->max_rows);
  if (tsn_aggregate_table[o->aggregate].merge == MERGE_LIST)
    return tsn_gather_step(r, (tsn_aggregate)o->aggregate, o->type, g->lists, value, second);
  one = tsn_partial_of(o, value);
  *p = tsn_partial_merge(o, p, &one);
  return true;
}

static bool gathered_value(tsn_run *r, const tsn_over_rec *o, const tsn_gathered *g, const tsn_partial *p, tsn_cell *out)
{
  if (tsn_aggregate_table[o->aggregate].merge == MERGE_LIST) return tsn_gather_value(r, (tsn_aggregate)o->aggregate, g->lists, out);
  return tsn_partial_value(r, o, p, out);
}

static bool gather_frame(tsn_run *r, tsn_window *w, const tsn_frame *f, uint32_t over, tsn_cell *out)
{
  const tsn_over_rec *o = &w->overs[over];
  tsn_gathered *g = &w->scratch;
  tsn_partial p = {.n = 0};
  tsn_cell value, second = constant_of(r, o);
  uint32_t i;
  for (i = 0; i < 2; i++) tsn_bytes_reset(&g->lists[i]);
  tsn_set_reset(&g->set);
  for (i = 0; i < f->in; i++) {
    value = argument(r, w, row_at(w, f, i), over, 0);
    if (!gather(r, o, g, &p, &value, &second, false)) return false;
  }
  return gathered_value(r, o, g, &p, out);
}

/* ---- a window's making and unmaking ---- */

static uint32_t arg_for(tsn_window *w, uint32_t slot)
{
  uint32_t i;
  if (slot == TSN_NONE) return TSN_NONE;
  for (i = 0; i < w->arg_count; i++)
    if (w->args[i] == slot) return i;
  w->args[w->arg_count] = slot;
  return w->arg_count++;
}

bool tsn_window_init(tsn_run *r, const tsn_source *s, tsn_window *w, const tsn_window_rec *rec)
{
  uint32_t overs = rec->overs.count, i;
  *w = (tsn_window){.source = s, .rec = rec, .overs = r->program->overs + rec->overs.first, .free = TSN_NONE, .oldest = TSN_NONE, .newest = TSN_NONE};
  tsn_map_init(&w->map, r->alloc);
  gathered_init(&w->scratch, r->alloc);
  tsn_changes_init(&w->changes, r->alloc);
  w->args = tsn_alloc_array(r->alloc, (size_t)overs * 2, sizeof *w->args);
  w->arg_of = tsn_alloc_array(r->alloc, overs, sizeof *w->arg_of);
  if (!w->args || !w->arg_of) return tsn_run_nomem(r);
  for (i = 0; i < overs; i++) {
    w->arg_of[i][0] = arg_for(w, w->overs[i].slot);
    w->arg_of[i][1] = arg_for(w, w->overs[i].slot2);
  }
  w->stride = sizeof(int64_t) + w->arg_count * sizeof(tsn_cell) + overs * sizeof(tsn_partial);
  return true;
}

static uint32_t cell_count(const tsn_window *w) { return w->rec->keys.count + (has_begin(w) ? 0 : 2 * w->rec->overs.count); }

static tsn_cell *picked(const tsn_window *w, const tsn_frame *f, uint32_t over) { return f->cells + w->rec->keys.count + (size_t)2 * over; }

static void frame_clear(tsn_run *r, tsn_window *w, tsn_frame *f)
{
  uint32_t overs = w->rec->overs.count, i;
  for (i = 0; f->gathered && i < overs; i++) gathered_clear(&f->gathered[i]);
  tsn_alloc_free(r->alloc, f->gathered, overs * sizeof *f->gathered);
  tsn_alloc_free(r->alloc, f->rows, f->cap * w->stride);
  tsn_alloc_free(r->alloc, f->cells, cell_count(w) * sizeof *f->cells);
  tsn_alloc_free(r->alloc, f->back, overs * sizeof *f->back);
}

void tsn_window_clear(tsn_run *r, tsn_window *w)
{
  size_t i;
  if (!w->rec) return;
  for (i = 0; i < w->count; i++)
    if (w->frames[i].used) frame_clear(r, w, &w->frames[i]);
  tsn_alloc_free(r->alloc, w->frames, w->cap * sizeof *w->frames);
  tsn_alloc_free(r->alloc, w->args, (size_t)w->rec->overs.count * 2 * sizeof *w->args);
  tsn_alloc_free(r->alloc, w->arg_of, w->rec->overs.count * sizeof *w->arg_of);
  tsn_map_clear(&w->map);
  tsn_changes_clear(r, &w->changes);
  gathered_clear(&w->scratch);
}

/* ---- frames by key ---- */

static void unlink_frame(tsn_window *w, const tsn_frame *f)
{
  if (f->older != TSN_NONE) w->frames[f->older].newer = f->newer;
  else w->oldest = f->newer;
  if (f->newer != TSN_NONE) w->frames[f->newer].older = f->older;
  else w->newest = f->older;
}

static void link_newest(tsn_window *w, uint32_t frame)
{
  tsn_frame *f = &w->frames[frame];
  f->older = w->newest;
  f->newer = TSN_NONE;
  if (w->newest != TSN_NONE) w->frames[w->newest].newer = frame;
  else w->oldest = frame;
  w->newest = frame;
}

static void drop(tsn_run *r, tsn_window *w, uint32_t frame)
{
  tsn_frame *f = &w->frames[frame];
  tsn_frame_gone(r, w->source, w, f);
  tsn_map_remove(&w->map, f->hash, frame);
  unlink_frame(w, f);
  frame_clear(r, w, f);
  *f = (tsn_frame){.next_free = w->free, .changed = f->changed};
  w->free = frame;
}

/* The time so long before another. */
static int64_t before(const tsn_run *r, int64_t time, int64_t duration)
{
  double d;
  if (r->p->time_type != TOCSIN_DOUBLE) return tsn_time_sub(time, duration);
  memcpy(&d, &duration, sizeof d);
  return tsn_time_of_double(tsn_double_of_time(time) - d);
}

void tsn_window_expire(tsn_run *r, tsn_window *w, int64_t time)
{
  if (w->rec->kind != FRAME_RANGE) return;
  time = before(r, time, w->rec->begin);
  while (w->oldest != TSN_NONE && w->frames[w->oldest].last_time < time) drop(r, w, w->oldest);
}

static bool fill(tsn_run *r, tsn_window *w, tsn_frame *f, const tsn_cell *row)
{
  uint32_t overs = w->rec->overs.count, cells = cell_count(w), k;
  f->cells = tsn_alloc_array(r->alloc, cells, sizeof *f->cells);
  f->back = tsn_alloc_array(r->alloc, overs, sizeof *f->back);
  if (!f->cells || !f->back) return tsn_run_nomem(r);
  for (k = 0; k < cells; k++) f->cells[k].null = 1;
  for (k = 0; k < w->rec->keys.count; k++) {
    uint32_t slot = r->program->indices[w->rec->keys.first + k];
    tsn_cell key = row[slot];
    if (r->slot_is_text[slot] && !tsn_texts_put(r, &key)) return false;
    f->cells[k] = key;
  }
  for (k = 0; k < overs && !f->gathered; k++) {
    if (has_begin(w) || !gathers(&w->overs[k])) continue;
    f->gathered = tsn_alloc_array(r->alloc, overs, sizeof *f->gathered);
    if (!f->gathered) return tsn_run_nomem(r);
  }
  for (k = 0; f->gathered && k < overs; k++) gathered_init(&f->gathered[k], r->alloc);
  return true;
}

static uint32_t frame_new(tsn_run *r, tsn_window *w, uint64_t hash, const tsn_cell *row)
{
  uint32_t frame = w->free;
  bool made = frame == TSN_NONE;
  if (!made) {
    w->free = w->frames[frame].next_free;
  } else {
    if (!tsn_alloc_grow(r->alloc, (void **)&w->frames, &w->cap, w->count + 1, sizeof *w->frames)) {
      tsn_run_nomem(r);
      return TSN_NONE;
    }
    frame = (uint32_t)w->count++;
  }
  w->frames[frame] = (tsn_frame){.hash = hash, .used = 1, .changed = made ? 0 : w->frames[frame].changed};
  link_newest(w, frame);
  if (!fill(r, w, &w->frames[frame], row)) return TSN_NONE;
  if (tsn_map_add(&w->map, hash, frame)) return frame;
  tsn_run_nomem(r);
  return TSN_NONE;
}

uint32_t tsn_window_frame(tsn_run *r, tsn_window *w, const tsn_cell *row)
{
  uint64_t hash = tsn_key_hash(r, w->rec->keys, row);
  uint32_t frame;
  size_t at;
  for (at = tsn_map_first(&w->map, hash); (frame = tsn_map_at(&w->map, at)) != TSN_NONE; at = tsn_map_next(&w->map, hash, at))
    if (tsn_key_same(r, w->rec->keys, row, w->frames[frame].cells)) return frame;
  return frame_new(r, w, hash, row);
}

/* ---- rows in ---- */

static bool make_room(tsn_run *r, tsn_window *w, tsn_frame *f)
{
  uint32_t cap = f->cap ? f->cap * 2 : 4, i;
  char *rows;
  if (f->count >= r->max_rows)
    return tsn_run_fail(r, TOCSIN_LIMIT, "more than %llu rows have to be kept; a shorter frame keeps fewer, or raise the limit",
                        (unsigned long long)r->max_rows);
  if (f->count < f->cap) return true;
  rows = tsn_alloc_array(r->alloc, cap, w->stride);
  if (!rows) return tsn_run_nomem(r);
  for (i = 0; i < f->count; i++) memcpy(rows + (size_t)i * w->stride, row_at(w, f, i), w->stride);
  tsn_alloc_free(r->alloc, f->rows, f->cap * w->stride);
  f->rows = rows;
  f->cap = cap;
  f->head = 0;
  return true;
}

static bool append(tsn_run *r, tsn_window *w, tsn_frame *f, int64_t time, const tsn_cell *row)
{
  tsn_cell *args;
  char *to;
  uint32_t k;
  if (!make_room(r, w, f)) return false;
  to = row_at(w, f, f->count);
  args = args_of(to);
  *time_of(to) = time;
  for (k = 0; k < w->arg_count; k++) args[k] = (tsn_cell){.null = 1};
  f->count++;
  for (k = 0; k < w->arg_count; k++) {
    tsn_cell value = row[w->args[k]];
    if (is_text(r, w, k) && !tsn_texts_put(r, &value)) return false;
    args[k] = value;
  }
  return true;
}

/* Where no rows are kept, the arguments of the row that is picked are. */
static bool pick(tsn_run *r, tsn_window *w, tsn_frame *f, uint32_t over, const tsn_cell *args)
{
  const tsn_over_rec *o = &w->overs[over];
  tsn_cell *kept = picked(w, f, over), now[2], before;
  int by = deciding(o), k;
  if (args[by].null) return true;
  before = tsn_load(r, kept[by], tsn_is_text(by ? o->type2 : o->type));
  if (f->back[over].n && !later_wins(o, &before, &args[by])) return true;
  for (k = 0; k <= by; k++) {
    now[k] = args[k];
    if (tsn_is_text(k ? o->type2 : o->type) && !tsn_texts_put(r, &now[k])) return false;
  }
  memcpy(kept, now, (size_t)(by + 1) * sizeof *now);
  f->back[over].n = 1;
  return true;
}

/* What the rows come to with one more, of which nothing else is kept. */
static bool run_on(tsn_run *r, tsn_window *w, tsn_frame *f, uint32_t over, const tsn_cell *args)
{
  const tsn_over_rec *o = &w->overs[over];
  tsn_partial one;
  if (gathers(o)) return gather(r, o, &f->gathered[over], &f->back[over], &args[0], &args[1], true);
  if (picks(o)) return pick(r, w, f, over, args);
  one = tsn_partial_of(o, &args[0]);
  f->back[over] = tsn_partial_merge(o, &f->back[over], &one);
  return true;
}

static bool pass(tsn_run *r, tsn_window *w, tsn_frame *f, const tsn_cell *row)
{
  uint32_t k;
  for (k = 0; k < w->rec->overs.count; k++) {
    const tsn_over_rec *o = &w->overs[k];
    tsn_cell args[2];
    args[0] = o->slot == TSN_NONE ? (tsn_cell){.v.i = 1} : row[o->slot];
    args[1] = o->slot2 == TSN_NONE ? constant_of(r, o) : row[o->slot2];
    if (!run_on(r, w, f, k, args)) return false;
  }
  return true;
}

/* ---- rows of the ring move on ---- */

/* The back becomes the front: each row with those behind it. */
static void turn(tsn_run *r, tsn_window *w, tsn_frame *f)
{
  uint32_t i, k;
  for (k = 0; k < w->rec->overs.count; k++) {
    if (gathers(&w->overs[k])) continue;
    f->back[k] = (tsn_partial){.n = 0};
    for (i = f->in; i-- > 0;) {
      tsn_partial *part = &parts_of(w, row_at(w, f, i))[k];
      *part = part_of_row(r, w, f, k, i);
      if (i + 1 < f->in) *part = merge(r, w, f, k, part, &parts_of(w, row_at(w, f, i + 1))[k]);
    }
  }
  f->front = f->in;
}

static void leave(tsn_run *r, tsn_window *w, tsn_frame *f)
{
  if (has_begin(w)) {
    if (f->front == 0) turn(r, w, f);
    f->front--;
  }
  f->head = (f->head + 1) & (f->cap - 1);
  f->first++;
  f->count--;
  f->in--;
}

/* The first row that waits comes into the frame. */
static bool enter(tsn_run *r, tsn_window *w, tsn_frame *f)
{
  uint32_t k, i = f->in++;
  tsn_cell args[2];
  tsn_partial one;
  for (k = 0; k < w->rec->overs.count; k++) {
    if (!has_begin(w)) {
      args[0] = argument(r, w, row_at(w, f, i), k, 0);
      args[1] = w->arg_of[k][1] == TSN_NONE ? constant_of(r, &w->overs[k]) : argument(r, w, row_at(w, f, i), k, 1);
      if (!run_on(r, w, f, k, args)) return false;
    } else if (!gathers(&w->overs[k])) {
      one = part_of_row(r, w, f, k, i);
      f->back[k] = merge(r, w, f, k, &f->back[k], &one);
    }
  }
  if (!has_begin(w)) leave(r, w, f);
  return true;
}

/* The frame ends at a time, or so many rows before the last. */
static bool enter_until(tsn_run *r, tsn_window *w, tsn_frame *f, int64_t time)
{
  while (f->in < f->count && *time_of(row_at(w, f, f->in)) <= time)
    if (!enter(r, w, f)) return false;
  return true;
}

static bool enter_but(tsn_run *r, tsn_window *w, tsn_frame *f, int64_t rows)
{
  while (f->in < f->count && (int64_t)(f->count - f->in) > rows)
    if (!enter(r, w, f)) return false;
  return true;
}

static bool add_by_time(tsn_run *r, tsn_window *w, tsn_frame *f, int64_t time, const tsn_cell *row)
{
  int64_t end = before(r, time, w->rec->end), begin = before(r, time, w->rec->begin);
  if (!enter_until(r, w, f, end)) return false;
  while (has_begin(w) && f->in && *time_of(row_at(w, f, 0)) < begin) leave(r, w, f);
  return append(r, w, f, time, row) && enter_until(r, w, f, end);
}

static bool add_by_count(tsn_run *r, tsn_window *w, tsn_frame *f, int64_t time, const tsn_cell *row)
{
  while (has_begin(w) && (int64_t)f->count > w->rec->begin) leave(r, w, f);
  return append(r, w, f, time, row) && enter_but(r, w, f, w->rec->end);
}

bool tsn_frame_add(tsn_run *r, tsn_window *w, uint32_t frame, int64_t time, const tsn_cell *row)
{
  tsn_frame *f = &w->frames[frame];
  tsn_frame_changed(r, w, frame);
  f->last_time = time;
  if (w->newest != frame) {
    unlink_frame(w, f);
    link_newest(w, frame);
  }
  if (!has_begin(w) && w->rec->end == 0) return pass(r, w, f, row);
  if (w->rec->kind == FRAME_RANGE || w->rec->kind == FRAME_ALL_RANGE) return add_by_time(r, w, f, time, row);
  return add_by_count(r, w, f, time, row);
}

/* ---- values ---- */

bool tsn_frame_value(tsn_run *r, tsn_window *w, uint32_t frame, uint32_t over, tsn_cell *out)
{
  const tsn_over_rec *o = &w->overs[over];
  tsn_frame *f = &w->frames[frame];
  tsn_partial p = f->back[over];
  if (gathers(o)) return has_begin(w) ? gather_frame(r, w, f, over, out) : gathered_value(r, o, &f->gathered[over], &p, out);
  if (f->front) p = merge(r, w, f, over, &parts_of(w, row_at(w, f, 0))[over], &p);
  if (!picks(o)) return tsn_partial_value(r, o, &p, out);
  *out = (tsn_cell){.null = 1};
  if (p.n == 0) return true;
  if (has_begin(w)) *out = argument(r, w, row_at(w, f, (uint32_t)(p.v.row - f->first)), over, 0);
  else *out = tsn_load(r, picked(w, f, over)[0], tsn_is_text(o->type));
  return true;
}

void tsn_window_visit(tsn_run *r, tsn_window *w, tsn_text_visitor visit, tsn_texts *young)
{
  size_t i;
  uint32_t row, k;
  for (i = 0; i < w->count; i++) {
    tsn_frame *f = &w->frames[i];
    if (!f->used) continue;
    for (k = 0; k < w->rec->keys.count; k++)
      if (r->slot_is_text[r->program->indices[w->rec->keys.first + k]]) visit(&r->texts, young, &f->cells[k]);
    for (k = 0; !has_begin(w) && k < w->rec->overs.count; k++) {
      const tsn_over_rec *o = &w->overs[k];
      if (!picks(o)) continue;
      if (tsn_is_text(o->type)) visit(&r->texts, young, &picked(w, f, k)[0]);
      if (deciding(o) && tsn_is_text(o->type2)) visit(&r->texts, young, &picked(w, f, k)[1]);
    }
    for (row = 0; row < f->count; row++)
      for (k = 0; k < w->arg_count; k++)
        if (is_text(r, w, k)) visit(&r->texts, young, &args_of(row_at(w, f, row))[k]);
  }
}
