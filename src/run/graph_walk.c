/* The matches that end with the row at hand, in their order (graph.h).
 *
 *   back      from the row at hand: which nodes of each state may reach it
 *   forward   from the oldest start on, through those alone, the earlier row first
 *
 *     a   1 2     5          a row of c: it follows b before it, which follow
 *     b     . 3 4   7        a before them, here all of each
 *     c               8      1 3 8, 1 4 8, 1 7 8, 2 3 8, ... 5 7 8
 *
 * Of a state all nodes that may reach it lie side by side. Where each of them does so in
 * one step - the last but one element, mostly -, they are a run: matches that differ in
 * one row, made in one loop. */
#include <string.h>

#include "run/graph.h"

#define ROOT UINT32_MAX /* of frames: what stands before the first element */

/* ---- back ---- */

/* The first node of a state whose link is not below. Links never fall. */
static uint64_t first_link(const tsn_graph_list *l, const tsn_graph_state *s, uint32_t edge, uint64_t least)
{
  uint64_t low = l->first, high = l->total;
  if (high > low && tsn_graph_links(tsn_graph_at(l, s->stride, high - 1))[edge] < least) return high;
  while (low < high) {
    uint64_t mid = low + (high - low) / 2;
    if (tsn_graph_links(tsn_graph_at(l, s->stride, mid))[edge] < least) low = mid + 1;
    else high = mid;
  }
  return low;
}

static bool widen(tsn_graph_reach *to, uint64_t low, uint64_t high)
{
  bool was = to->low < to->high;
  if (low >= high || (was && low >= to->low && high <= to->high)) return false;
  if (!was || low < to->low) to->low = low;
  if (!was || high > to->high) to->high = high;
  return true;
}

/* Nodes that an edge leads from to what is reached. */
static bool reach_back(const tsn_run *r, const tsn_graph_lists *l, const tsn_graph_in *in, uint32_t to)
{
  const tsn_graph *g = r->graph;
  const tsn_graph_state *s = &g->states[in->from];
  const tsn_graph_list *list = &l->states[in->from];
  const tsn_graph_reach *reached = &g->reach[to];
  tsn_graph_reach *from = &g->reach[in->from];
  bool more = false;
  switch (g->edges[s->edge_first + in->edge].kind) {
  case EDGE_ANY:
    return widen(from, list->first, reached->ends ? list->total : first_link(list, s, in->edge, reached->high));
  case EDGE_NEXT:
    if (reached->ends) more = widen(from, first_link(list, s, in->edge, l->states[to].total), list->total);
    break;
  default:
    if (reached->ends && list->total > list->first && tsn_graph_at(list, s->stride, list->total - 1)->row == g->number - 1)
      more = widen(from, list->total - 1, list->total);
    break;
  }
  if (reached->low < reached->high)
    more |= widen(from, first_link(list, s, in->edge, reached->low), first_link(list, s, in->edge, reached->high));
  return more;
}

static void put_in_queue(tsn_graph *g, uint32_t state, size_t *last, size_t *count)
{
  if (g->reach[state].queued) return;
  g->reach[state].queued = true;
  g->queue[*last] = state;
  *last = *last + 1 == g->state_count ? 0 : *last + 1;
  ++*count;
}

/* The state of the row at hand that all nodes of a state lead to in one step, and to nothing else. */
static uint32_t last_step(const tsn_graph *g, const tsn_graph_state *s)
{
  uint32_t k, last = TSN_NONE;
  for (k = 0; k < s->edge_count; k++) {
    uint32_t to = g->edges[s->edge_first + k].to;
    bool goes_on = g->reach[to].low < g->reach[to].high;
    if (goes_on || (g->reach[to].ends && last != TSN_NONE)) return TSN_NONE;
    if (g->reach[to].ends) last = to;
  }
  return last;
}

static bool find_reach(tsn_run *r, tsn_partition *p)
{
  tsn_graph *g = r->graph;
  size_t i, first = 0, last = 0, count = 0;
  uint32_t k, s;
  memset(g->reach, 0, g->state_count * sizeof *g->reach);
  for (i = 0; i < g->entry_count; i++) {
    s = g->entries[i].state;
    if (!g->entries[i].follows || !g->states[s].accepts) continue;
    g->reach[s].ends = true;
    put_in_queue(g, s, &last, &count);
  }
  if (!count) return false;
  for (s = 0; s < g->state_count; s++) tsn_graph_trim(r, p, s);
  tsn_graph_trim_births(r, p->graph);
  while (count) {
    s = g->queue[first];
    first = first + 1 == g->state_count ? 0 : first + 1;
    count--;
    g->reach[s].queued = false;
    for (k = 0; k < g->states[s].in_count; k++) {
      const tsn_graph_in *in = &g->ins[g->states[s].in_first + k];
      if (p->graph->states[in->from].nodes && reach_back(r, p->graph, in, s)) put_in_queue(g, in->from, &last, &count);
    }
  }
  for (s = 0; s < g->state_count; s++) g->reach[s].last = g->reach[s].low < g->reach[s].high ? last_step(g, &g->states[s]) : TSN_NONE;
  return true;
}

/* ---- registers ---- */

/* What a node under a label makes of the registers of the path before it. */
static bool take(tsn_run *r, const tsn_partition *p, uint32_t label, const tsn_cell *values, tsn_cell *cells)
{
  const tsn_graph *g = r->graph;
  const tsn_graph_step *step = g->steps + g->labels[label].step_first, *end = step + g->labels[label].step_count;
  uint32_t k;
  for (; step < end; step++) {
    const tsn_reg_rec *reg = step->reg;
    tsn_cell value = {.v.i = 1}, second = {.null = 1};
    if (step->value != TSN_NONE) value = values[step->value];
    switch ((tsn_reg_kind)reg->kind) {
    case REG_LAST:
      for (k = reg->cells - 1; k > 0; k--) cells[reg->cell + k] = cells[reg->cell + k - 1];
      cells[reg->cell] = value;
      break;
    case REG_FIRST:
      if (cells[reg->cell].v.i == (int64_t)reg->depth) cells[reg->cell + 1] = value;
      if (cells[reg->cell].v.i <= (int64_t)reg->depth) cells[reg->cell].v.i++;
      break;
    default:
      value = tsn_load(r, value, tsn_is_text(reg->type));
      if (step->second != TSN_NONE) second = tsn_load(r, values[step->second], tsn_is_text(reg->type2));
      if (!tsn_register_add(r, reg, cells, &value, &second)) {
        tsn_eval e = {.row = r->row, .partition = p, .number = p->rows - 1, .label = label};
        tsn_fail_in(r, reg->value.text);
        return tsn_eval_failed(r, &e, "values under", tsn_program_text(r->program, r->labels[label].name));
      }
      break;
    }
  }
  return true;
}

/* ---- matches ---- */

typedef struct walk {
  tsn_run *r;
  tsn_graph *g;
  tsn_partition *p;
  uint32_t part;
  tsn_graph_lists *l;
  bool asks; /* whether conditions fail, before anything is shown */
  uint32_t guard;   /* whose row side this is; TSN_NONE */
  tsn_cell compared;
} walk;

static tsn_cell *cells_of(const walk *w, size_t depth) { return w->g->cells + depth * w->r->p->path_cells; }

static bool show(walk *w, tsn_graph_birth *birth, int64_t rows)
{
  tsn_run *r = w->r;
  const tsn_found found = {.start = birth->row, .start_time = birth->time, .seq = birth->seq, .ordinal = ++birth->matches, .rows = rows, .end = w->g->time,
                           .time = w->g->time};
  return tsn_report_found(r, w->part, &found);
}

/* A path that has these registers ends with the row at hand, in a state; asks: if its condition lets it. */
static bool complete(walk *w, const tsn_cell *cells, uint32_t state, bool asks, int64_t rows)
{
  tsn_run *r = w->r;
  tsn_graph *g = w->g;
  uint32_t label = g->states[state].label;
  bool truth = true;
  if (asks && g->labels[label].walks && !tsn_eval_label(r, w->p, label, cells, &truth)) return false;
  if (!truth || w->asks) return true;
  if (!tsn_graph_row_values(r, w->p, label)) return false;
  if (r->p->path_cells) memcpy(r->full, cells, r->p->path_cells * sizeof *cells);
  return take(r, w->p, label, g->values + g->labels[label].cell_first, r->full) && show(w, tsn_graph_birth_at(w->l, g->birth), rows);
}

/* ---- runs: matches that differ in the last row but one ---- */

static int compare(const tsn_graph_guard *guard, const tsn_cell *row, const tsn_cell *kept)
{
  if (guard->op == OP_CMP_D) return (row->v.d > kept->v.d) - (row->v.d < kept->v.d);
  return (row->v.i > kept->v.i) - (row->v.i < kept->v.i);
}

/* Makes the side of the row at hand, once a walk. */
static bool find_compared(walk *w, uint32_t guard, uint32_t label)
{
  tsn_run *r = w->r;
  tsn_eval e = {.row = r->row, .partition = w->p, .number = w->p->rows - 1, .cells = r->empty_cells, .final = r->empty_cells, .label = label};
  if (w->guard == guard) return true;
  w->guard = guard;
  return tsn_eval_code(r, &e, &w->g->guards[guard].row, &w->compared) ||
         tsn_eval_failed(r, &e, "condition", tsn_program_text(r->program, r->labels[label].name));
}

/* Whether a node of the state before is one that the row at hand may follow, where that is told by comparing the two. */
static inline bool holds(const walk *w, const tsn_graph_guard *guard, const tsn_cell *values)
{
  const tsn_cell *kept = &values[guard->value];
  return !w->compared.null && !kept->null && tsn_compare_holds((tsn_compare)guard->how, compare(guard, &w->compared, kept));
}

/* A run: nodes of a state that lead to the row at hand in one step. births: they are first rows. */
typedef struct stretch {
  uint32_t state, last; /* of the row at hand */
  uint64_t at, end;
  bool births;
  const tsn_graph_guard *guard; /* NULL: none */
} stretch;

/* Where the columns of its output rows come from; what is the same in all is made. *texts: others are texts. */
static bool lay_out(walk *w, const tsn_cell *cells, const stretch *run, bool *texts)
{
  tsn_run *r = w->r;
  const tsn_graph *g = w->g;
  const tsn_graph_state *s = &g->states[run->state];
  uint32_t columns = r->p->outputs.count, last = g->states[run->last].label, k;
  const uint32_t *shown = g->shown + (size_t)s->label * columns, *lasts = g->shown + (size_t)last * columns;
  const tsn_cell *values = tsn_graph_values(s, tsn_graph_at(&w->l->states[run->state], s->stride, run->at));
  *texts = false;
  if (!tsn_graph_row_values(r, w->p, last)) return false;
  for (k = 0; k < columns; k++) {
    bool text = tsn_is_text(r->program->outputs[r->p->outputs.first + k].type);
    if (lasts[k] == TSN_NONE && shown[k] != TSN_NONE) {
      g->sources[k] = &values[shown[k]];
      g->strides[k] = s->stride;
      *texts = *texts || text;
      continue;
    }
    if (g->columns[k] == TSN_NONE) g->row[k] = w->p->keys[g->keys[k]];
    else g->row[k] = lasts[k] == TSN_NONE ? cells[g->columns[k]] : g->values[g->labels[last].cell_first + lasts[k]];
    g->row[k] = tsn_load(r, g->row[k], text);
    if (text && !tsn_output_text(r->output, &g->row[k])) return tsn_run_nomem(r);
    g->sources[k] = &g->row[k];
    g->strides[k] = 0;
  }
  return true;
}

static bool own_texts(walk *w, tsn_cell *out)
{
  tsn_run *r = w->r;
  uint32_t k;
  for (k = 0; k < r->p->outputs.count; k++) {
    if (!w->g->strides[k] || !tsn_is_text(r->program->outputs[r->p->outputs.first + k].type)) continue;
    out[k] = tsn_load(r, out[k], true);
    if (tsn_output_text(r->output, &out[k])) continue;
    tsn_output_drop(r->output);
    return tsn_run_nomem(r);
  }
  return true;
}

/* The first node of a run from `at` on that shows something; its end where there is none. */
static uint64_t first_held(const walk *w, const stretch *run, uint64_t at)
{
  const tsn_graph_state *s = &w->g->states[run->state];
  for (; run->guard && at < run->end; at++)
    if (holds(w, run->guard, tsn_graph_values(s, tsn_graph_at(&w->l->states[run->state], s->stride, at)))) break;
  return at;
}

/* One output row of a run, for which there is room; `ahead`: so many nodes on is the next one. */
static inline tsn_cell *put_row(const tsn_graph *g, tsn_output *o, uint32_t columns, const tsn_out_row *out, uint64_t ahead)
{
  tsn_cell *row = tsn_output_put(o, columns, out);
  uint32_t k;
  for (k = 0; k < columns; k++) {
    row[k] = *g->sources[k];
    g->sources[k] = (const tsn_cell *)(const void *)((const char *)g->sources[k] + ahead * g->strides[k]);
  }
  return row;
}

static bool lean_run(walk *w, const tsn_cell *cells, stretch *run)
{
  tsn_run *r = w->r;
  uint32_t columns = r->p->outputs.count;
  tsn_out_row out = {.pattern = r->index, .time = w->g->time};
  tsn_graph_birth *birth = run->births ? NULL : tsn_graph_birth_at(w->l, w->g->birth);
  uint64_t count = 0;
  bool texts;
  run->at = first_held(w, run, run->at);
  if (run->at == run->end) return true;
  if (!lay_out(w, cells, run, &texts)) return false;
  if (!run->guard && !tsn_output_reserve(r->output, (size_t)(run->end - run->at), columns)) return tsn_run_nomem(r);
  if (birth) out.seq = birth->seq;
  for (; run->at < run->end; count++) {
    uint64_t next = run->guard ? first_held(w, run, run->at + 1) : run->at + 1;
    tsn_cell *row;
    if (run->guard && !tsn_output_reserve(r->output, 1, columns)) return tsn_run_nomem(r);
    row = put_row(w->g, r->output, columns, &out, next - run->at);
    if (run->births) {
      birth = tsn_graph_birth_at(w->l, run->at);
      r->output->rows[r->output->count - 1].seq = birth->seq;
      birth->matches++;
    }
    if (texts && !own_texts(w, row)) return false;
    run->at = next;
  }
  if (!run->births) birth->matches += count;
  r->matches += count;
  w->p->number += (int64_t)count;
  return true;
}

static bool slow_run(walk *w, size_t depth, const stretch *run)
{
  tsn_run *r = w->r;
  const tsn_graph_state *s = &w->g->states[run->state];
  tsn_cell *cells = cells_of(w, depth);
  uint64_t at;
  for (at = first_held(w, run, run->at); at < run->end; at = first_held(w, run, at + 1)) {
    if (run->births) w->g->birth = at;
    if (r->p->path_cells) memcpy(cells, cells_of(w, depth - 1), r->p->path_cells * sizeof *cells);
    if (!take(r, w->p, s->label, tsn_graph_values(s, tsn_graph_at(&w->l->states[run->state], s->stride, at)), cells)) return false;
    if (!complete(w, cells, run->last, run->guard == NULL, (int64_t)depth + 1)) return false;
  }
  return true;
}

/* ---- forward ---- */

static bool frame_room(walk *w)
{
  tsn_run *r = w->r;
  tsn_graph *g = w->g;
  return (tsn_alloc_grow(r->alloc, (void **)&g->frames, &g->frame_cap, g->depth + 2, sizeof *g->frames) &&
          tsn_alloc_grow(r->alloc, (void **)&g->cells, &g->cell_cap, (g->depth + 3) * (size_t)r->p->path_cells, sizeof *g->cells)) ||
         tsn_run_nomem(r);
}

static uint32_t segment_edges(const walk *w, const tsn_graph_frame *f)
{
  const tsn_graph *g = w->g;
  if (f->state == ROOT) return (uint32_t)g->begin_count;
  return g->segments[g->states[f->state].segment_first + f->segment].count;
}

static uint32_t segment_count(const walk *w, const tsn_graph_frame *f) { return f->state == ROOT ? 1 : w->g->states[f->state].segment_count; }

static uint32_t target(const walk *w, const tsn_graph_frame *f, uint32_t k)
{
  const tsn_graph *g = w->g;
  if (f->state == ROOT) return g->begins[k];
  return g->edges[g->states[f->state].edge_first + g->segments[g->states[f->state].segment_first + f->segment].first + k].to;
}

static const tsn_graph_node *node_of(const walk *w, uint32_t state, uint64_t number)
{
  return tsn_graph_at(&w->l->states[state], w->g->states[state].stride, number);
}

/* The nodes that an edge of a frame leads to, as far as they reach the row at hand. */
static tsn_graph_cursor successors(const walk *w, const tsn_graph_frame *f, uint32_t k)
{
  const tsn_graph *g = w->g;
  uint32_t to = target(w, f, k), edge, kind;
  const tsn_graph_reach *reach = &g->reach[to];
  tsn_graph_cursor c = {.at = reach->low, .end = reach->high};
  const tsn_graph_node *n;
  uint64_t link;
  if (f->state == ROOT || c.at >= c.end) return c;
  edge = g->segments[g->states[f->state].segment_first + f->segment].first + k;
  n = node_of(w, f->state, f->node);
  link = tsn_graph_links(n)[edge];
  kind = g->edges[g->states[f->state].edge_first + edge].kind;
  if (kind == EDGE_ANY) {
    if (link > c.at) c.at = link;
    return c;
  }
  if (link < c.at || link >= c.end || (kind == EDGE_STRICT && node_of(w, to, link)->row != n->row + 1)) return (tsn_graph_cursor){.at = 0};
  return (tsn_graph_cursor){.at = link, .end = link + 1};
}

/* Whether the row at hand itself follows a node over an edge. */
static bool ends_here(const walk *w, const tsn_graph_frame *f, uint32_t k)
{
  const tsn_graph *g = w->g;
  uint32_t to = target(w, f, k), edge;
  const tsn_graph_node *n;
  if (f->state == ROOT || !g->reach[to].ends) return false;
  edge = g->segments[g->states[f->state].segment_first + f->segment].first + k;
  n = node_of(w, f->state, f->node);
  switch (g->edges[g->states[f->state].edge_first + edge].kind) {
  case EDGE_ANY: return true;
  case EDGE_NEXT: return tsn_graph_links(n)[edge] == w->l->states[to].total;
  default: return n->row == g->number - 1;
  }
}

static bool open_segment(walk *w, tsn_graph_frame *f)
{
  tsn_graph *g = w->g;
  uint32_t count = segment_edges(w, f), k;
  if (!tsn_alloc_grow(w->r->alloc, (void **)&g->cursors, &g->cursor_cap, g->cursor_count + count, sizeof *g->cursors)) return tsn_run_nomem(w->r);
  f->cursors = g->cursor_count;
  for (k = 0; k < count; k++) g->cursors[g->cursor_count++] = successors(w, f, k);
  return true;
}

/* The edge whose next row comes first; of one row the edge that the pattern prefers. */
static uint32_t choose(const walk *w, const tsn_graph_frame *f)
{
  uint32_t count = segment_edges(w, f), k, best = TSN_NONE;
  int64_t row = 0;
  for (k = 0; k < count; k++) {
    const tsn_graph_cursor *c = &w->g->cursors[f->cursors + k];
    int64_t at;
    if (c->at >= c->end) continue;
    at = node_of(w, target(w, f, k), c->at)->row;
    if (best != TSN_NONE && at >= row) continue;
    best = k;
    row = at;
  }
  return best;
}

static bool close_segment(walk *w, tsn_graph_frame *f)
{
  uint32_t count = segment_edges(w, f), k;
  size_t depth = w->g->depth;
  for (k = 0; k < count; k++)
    if (ends_here(w, f, k) && !complete(w, cells_of(w, depth), target(w, f, k), true, (int64_t)depth + 1)) return false;
  w->g->cursor_count = f->cursors;
  f->segment++;
  f->cursors = SIZE_MAX;
  return true;
}

/* All of an edge at once, where its nodes lead to the row at hand in one step. */
static bool run_through(walk *w, uint32_t state, tsn_graph_cursor *c, bool births)
{
  const tsn_graph *g = w->g;
  uint32_t last = g->reach[state].last, label = g->states[last].label, guard = g->labels[label].guard;
  stretch run = {.state = state, .last = last, .at = c->at, .end = c->end, .births = births};
  c->at = c->end;
  if (guard != TSN_NONE) {
    if (!find_compared(w, guard, label)) return false;
    run.guard = &g->guards[guard];
  }
  if (g->lean && g->labels[g->states[state].label].plain && g->labels[label].plain && (!g->labels[label].walks || run.guard) && !w->asks)
    return lean_run(w, cells_of(w, g->depth), &run);
  return slow_run(w, g->depth + 1, &run);
}

/* Goes on to the next row of an edge. */
static bool step(walk *w, uint32_t state, uint64_t node)
{
  tsn_run *r = w->r;
  tsn_graph *g = w->g;
  const tsn_graph_state *s = &g->states[state];
  tsn_cell *cells = cells_of(w, g->depth + 1);
  if (r->p->path_cells) memcpy(cells, cells_of(w, g->depth), r->p->path_cells * sizeof *cells);
  g->frames[++g->depth] = (tsn_graph_frame){.state = state, .cursors = SIZE_MAX, .node = node};
  return take(r, w->p, s->label, tsn_graph_values(s, tsn_graph_at(&w->l->states[state], s->stride, node)), cells);
}

/* The birth of a first row; rows come in order. */
static void find_birth(walk *w, int64_t row)
{
  while (w->g->birth + 1 < w->l->births.total && tsn_graph_birth_at(w->l, w->g->birth)->row < row) w->g->birth++;
}

/* The next row of an edge, or all of them. The frame is a copy: frames move when there is no room. */
static bool go_on(walk *w, tsn_graph_frame f, uint32_t k)
{
  tsn_graph *g = w->g;
  uint32_t to = target(w, &f, k);
  tsn_graph_cursor *c = &g->cursors[f.cursors + k];
  if (!frame_room(w)) return false;
  /* A first row is one start, whatever it begins with: births tell them apart where that is one thing only. */
  if (g->reach[to].last != TSN_NONE && segment_edges(w, &f) == 1) return run_through(w, to, c, f.state == ROOT);
  if (f.state == ROOT) find_birth(w, node_of(w, to, c->at)->row);
  return step(w, to, c->at++);
}

static bool forward(walk *w)
{
  tsn_graph *g = w->g;
  g->depth = 0;
  g->cursor_count = 0;
  g->birth = w->l->births.first;
  if (!frame_room(w)) return false;
  g->frames[0] = (tsn_graph_frame){.state = ROOT, .cursors = SIZE_MAX};
  if (w->r->p->path_cells) memcpy(g->cells, w->r->empty_cells, w->r->p->path_cells * sizeof *g->cells);
  for (;;) {
    tsn_graph_frame *f = &g->frames[g->depth];
    uint32_t k;
    if (f->segment == segment_count(w, f)) {
      if (g->depth-- == 0) return true;
      continue;
    }
    if (f->cursors == SIZE_MAX && !open_segment(w, f)) return false;
    k = choose(w, f);
    if (k == TSN_NONE) {
      if (!close_segment(w, f)) return false;
      continue;
    }
    if (!go_on(w, *f, k)) return false;
  }
}

/* Paths that are the row at hand alone. */
static bool alone(walk *w, uint64_t *count)
{
  tsn_run *r = w->r;
  tsn_graph *g = w->g;
  tsn_graph_birth birth = {.row = g->number, .time = g->time, .seq = r->row_seq};
  size_t k, i;
  for (k = 0; k < g->begin_count; k++)
    for (i = 0; i < g->entry_count; i++) {
      const tsn_graph_state *s = &g->states[g->begins[k]];
      if (g->entries[i].state != g->begins[k] || !g->entries[i].begins || !s->accepts) continue;
      if (!tsn_graph_row_values(r, w->p, s->label)) return false;
      if (r->p->path_cells) memcpy(r->full, r->empty_cells, r->p->path_cells * sizeof *r->full);
      if (!take(r, w->p, s->label, g->values + g->labels[s->label].cell_first, r->full) || !show(w, &birth, 1)) return false;
    }
  *count = birth.matches;
  return true;
}

bool tsn_graph_walk(tsn_run *r, uint32_t part, uint64_t *count)
{
  tsn_partition *p = &r->partitions[part];
  walk w = {.r = r, .g = r->graph, .p = p, .part = part, .l = p->graph, .guard = TSN_NONE};
  if (w.l && find_reach(r, p)) {
    w.asks = r->graph->checks;
    if (w.asks && !forward(&w)) return false;
    w.asks = false;
    if (!forward(&w)) return false;
  }
  return alone(&w, count);
}
