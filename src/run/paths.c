/* One row, one timer, one deadline: how paths move (language page, section 6.2).
 *
 * A row is offered to every item of every start of its partition, in order of
 * preference. What an item takes becomes a new path, put in front of the item:
 * an earlier row is preferred to a later one, so what still waits stands behind
 * everything that was taken. At one row the edges stand in the pattern's order.
 *
 * Where one match a start is wanted, an accept cuts off everything behind it. */
#include <string.h>

#include "base/time.h"
#include "run/trace.h"

/* A path in the making: what place() turns into items. Cells and counters are r->new_*. */
typedef struct proto {
  int64_t tau, row, row_time, rows;
  uint32_t history, ended;
  uint32_t origin, taken, take, taken_flags; /* for shape.c */
  uint32_t group; /* of the item that it comes from; TSN_NONE */
} proto;


static bool is_empty(const tsn_run *r, const tsn_path *i)
{
  size_t w;
  for (w = 0; w < r->mask_words; w++)
    if (tsn_path_mask(i)[w]) return false;
  return true;
}

static bool is_row_edge(const tsn_edge *e) { return e->kind <= EDGE_ANY; }

/* ---- new paths ---- */

/* What its cells hold stays, whatever becomes of the item, until proto_done(). */
static bool proto_from_item(tsn_run *r, uint32_t item, const tsn_edge *e, proto *p)
{
  const tsn_path *i = tsn_path_at(r, item);
  *p = (proto){.tau = i->tau, .row = i->row, .row_time = i->row_time, .rows = i->rows, .history = i->history, .group = i->group,
               .origin = i->origin, .taken = TSN_NONE,
               .ended = i->ended || (e->flags & EDGE_ENDED)};
  if (r->p->path_cells) memcpy(r->new_cells, tsn_path_cells(r, i), r->p->path_cells * sizeof(tsn_cell));
  if (r->bags.cell_count) tsn_bags_hold(r, r->new_cells);
  if (r->p->counters) memcpy(r->new_counters, tsn_path_counters(r, i), r->p->counters * sizeof(uint32_t));
  tsn_edge_count(r, e);
  return true;
}

static void proto_empty(tsn_run *r, const tsn_edge *e, int64_t time, proto *p)
{
  *p = (proto){.tau = time, .row = -1, .history = TSN_NONE, .group = TSN_NONE, .origin = TSN_NONE, .taken = TSN_NONE};
  if (r->p->path_cells) memcpy(r->new_cells, r->empty_cells, r->p->path_cells * sizeof(tsn_cell));
  if (r->p->counters) memset(r->new_counters, 0, r->p->counters * sizeof(uint32_t));
  if (e) tsn_edge_count(r, e);
}

/* The path takes the row at hand. Its history becomes one of its own, to be released by the caller. */
static bool proto_take_row(tsn_run *r, const tsn_partition *part, const tsn_edge *e, int64_t time, proto *p)
{
  tsn_eval eval = {.row = r->row, .partition = part, .number = part->rows - 1, .cells = r->new_cells, .label = e->label};
  p->tau = p->row_time = time;
  p->row = part->rows - 1;
  p->rows++;
  p->taken = e->label;
  p->taken_flags = r->nodes[e->node].flags & NODE_EXCLUDED ? HIST_EXCLUDED : 0;
  if (!tsn_eval_updates(r, &eval, r->new_cells, false)) return false;
  if (!r->p->history) return true;
  p->history = tsn_history_add(r, p->history, e->label, p->row, p->taken_flags);
  return p->history != TSN_NONE;
}

static uint32_t new_item(tsn_run *r, uint32_t start, const proto *p, tsn_path_state state)
{
  uint32_t item = tsn_path_new(r, start);
  tsn_path *i;
  if (item == TSN_NONE) return TSN_NONE;
  i = tsn_path_at(r, item);
  i->state = (uint32_t)state;
  i->tau = p->tau;
  i->row = p->row;
  i->row_time = p->row_time;
  i->rows = p->rows;
  i->ended = p->ended;
  i->history = p->history;
  i->origin = p->origin;
  i->taken = p->taken;
  i->take = p->take;
  i->taken_flags = p->taken_flags;
  i->since = r->partitions[r->starts[start].partition].rows;
  r->starts[start].ghosts += state == ITEM_GHOST;
  tsn_history_retain(r, p->history);
  if (r->p->path_cells) memcpy(tsn_path_cells(r, i), r->new_cells, r->p->path_cells * sizeof(tsn_cell));
  if (r->bags.cell_count) tsn_bags_retain(r, r->new_cells);
  if (r->p->counters) memcpy(tsn_path_counters(r, i), r->new_counters, r->p->counters * sizeof(uint32_t));
  return item;
}

static void cut_behind(tsn_run *r, uint32_t item)
{
  uint32_t next = tsn_path_at(r, item)->next;
  while (next != TSN_NONE) {
    uint32_t after = tsn_path_at(r, next)->next;
    if (tsn_path_at(r, next)->state != ITEM_GHOST) tsn_race_leave(r, next);
    next = after;
  }
}

static bool add_match(tsn_run *r, uint32_t start, uint32_t before, const proto *p, bool *cut)
{
  uint32_t item = new_item(r, start, p, ITEM_MATCH);
  if (item == TSN_NONE) return false;
  tsn_path_link(r, item, before);
  if (r->trace) tsn_trace_match(r, item, r->moment_time);
  if (r->one_match) {
    cut_behind(r, item);
    *cut = true;
  }
  return tsn_pending_path(r, item);
}

/* Whether the path in r->new_counters has an edge: it lacks those to parts of a PERMUTE that it has begun. */
static bool has_edge(const tsn_run *r, const tsn_edge *e) { return !e->bit || !(r->new_counters[e->slot] & e->bit); }

static bool has_edges(const tsn_run *r, const tsn_segment *s, bool timers)
{
  const tsn_edge *e = r->junctions.edges + s->edge_first, *end = e + s->edge_count;
  for (; e < end; e++)
    if (has_edge(r, e) && (!timers || tsn_is_timer(e))) return true;
  return false;
}

/* Where an item belongs: the junction and its segment, and what races with it. */
typedef struct place_in {
  uint32_t junction, segment, group;
  tsn_races races;
} place_in;

static bool add_item(tsn_run *r, uint32_t start, uint32_t before, const proto *p, const place_in *in, tsn_path_state state)
{
  uint32_t count, k, item;
  const tsn_edge *edges;
  tsn_path *i;
  item = new_item(r, start, p, state);
  if (item == TSN_NONE) return false;
  i = tsn_path_at(r, item);
  i->junction = in->junction;
  i->segment = in->segment;
  i->group = in->group;
  i->races = (uint8_t)in->races;
  edges = tsn_edges_of(r, i, &count);
  for (k = 0; k < count; k++) {
    const tsn_edge *e = &edges[k];
    bool good = has_edge(r, e), computed = (e->flags & EDGE_TIMED) && e->timer != TSN_NONE && r->timers[e->timer].kind != TIMER_DURATION;
    if (good && computed) tsn_timer_time(r, i, e, &good);
    if (good) tsn_path_mask(i)[k / 64] |= (uint64_t)1 << (k % 64);
  }
  if (r->status) return false;
  if (is_empty(r, i)) {
    tsn_path_free(r, item);
    return true;
  }
  tsn_path_link(r, item, before);
  return tsn_pending_path(r, item) && tsn_deadline_item(r, item, NULL);
}

/* A path over $ that needs nothing more than the end of its partition. */
static bool add_last(tsn_run *r, uint32_t start, uint32_t before, const proto *p)
{
  place_in in = {.junction = tsn_junction_last(r), .group = tsn_race_new_groups(r, 1)};
  return in.junction != TSN_NONE && add_item(r, start, before, p, &in, ITEM_WAIT);
}

static const tsn_segment *segment_at(const tsn_run *r, uint32_t junction, uint32_t k)
{
  return &r->junctions.segments[r->junctions.all[junction].segment_first + k];
}

static tsn_races races_in(const tsn_run *r, uint32_t junction, uint32_t node)
{
  uint32_t k, segments = 0, timers = 0;
  if (r->nodes[node].flags & NODE_TWIN) return RACE_TWINS;
  if (r->junctions.all[junction].segment_count < 2) return RACE_NONE;
  for (k = 0; k < r->junctions.all[junction].segment_count; k++) {
    const tsn_segment *s = segment_at(r, junction, k);
    segments += has_edges(r, s, false);
    timers += s->timers && has_edges(r, s, true);
  }
  return segments > 1 && timers ? RACE_JUNCTION : RACE_NONE;
}

/* Puts what can follow an element into the list, in front of `before`; or, of an item that
 * can no longer succeed, what races with paths that can. */
static bool place(tsn_run *r, uint32_t start, uint32_t before, const proto *p, uint32_t node, bool lost, bool *cut)
{
  const tsn_partition *part = &r->partitions[r->starts[start].partition];
  uint32_t k;
  bool accepted = false, at_end = false;
  place_in in = {.group = tsn_race_group(r, p->group, node, p->ended != 0, lost)};
  if (in.group == TSN_NONE) return r->status == TOCSIN_OK;
  in.junction = tsn_junction_get(r, node, r->new_counters, p->ended != 0, part->arrived == part->rows);
  if (in.junction == TSN_NONE) return false;
  in.races = races_in(r, in.junction, node);
  for (k = 0; k < r->junctions.all[in.junction].segment_count; k++) {
    const tsn_segment *s = segment_at(r, in.junction, k);
    bool accept = s->accept;
    in.segment = k;
    if (has_edges(r, s, false)) {
      bool last = r->junctions.edges[s->edge_first].kind == EDGE_LAST;
      if (!lost && !(accepted && r->one_match)) {
        if (!add_item(r, start, before, p, &in, ITEM_WAIT)) return false;
      } else if (in.races != RACE_NONE) {
        if (!add_item(r, start, TSN_NONE, p, &in, ITEM_GHOST)) return false;
      }
      at_end = at_end || last;
    }
    if (accept && at_end && !r->one_match) continue; /* the same path, preferred over $: it completes with the partition */
    if (accept && !accepted && !lost) {
      if (!add_match(r, start, before, p, cut)) return false;
      accepted = true;
      if (r->one_match) before = TSN_NONE;
    }
  }
  return true;
}

/* Releases what proto_take_row() or a timer made, once items hold it. */
static void proto_done(tsn_run *r, const proto *p, uint32_t parent_history)
{
  if (r->bags.cell_count) tsn_bags_made(r);
  if (p->history != parent_history) tsn_history_release(r, p->history);
}

/* ---- one row ---- */

static bool can_take(tsn_run *r, const tsn_partition *part, const tsn_path *i, const tsn_edge *e, int64_t time, bool *truth)
{
  *truth = false;
  if ((e->flags & EDGE_HAS_LO) && tsn_time_passed(r, time, i->tau, e->lo) < 0) return true;
  if ((e->flags & EDGE_HAS_HI) && tsn_time_passed(r, time, i->tau, e->hi) > 0) return true;
  return tsn_eval_label(r, part, e->label, tsn_path_cells(r, i), truth);
}

/* Offers the row to the edges of an item; those that take it are listed in r->takes. */
static bool offer(tsn_run *r, const tsn_partition *part, uint32_t item, int64_t time, size_t *takes, bool *raced)
{
  tsn_path *i = tsn_path_at(r, item);
  uint32_t count, k, a;
  const tsn_edge *edges = tsn_edges_of(r, i, &count);
  uint64_t *mask = tsn_path_mask(i);
  *takes = 0;
  *raced = false;
  if (i->ended) {
    memset(mask, 0, 8 * r->mask_words);
    return true;
  }
  for (k = 0; k < count; k++) {
    const tsn_edge *e = &edges[k];
    bool truth = false, dead = false;
    if (!tsn_mask_get(mask, k)) continue;
    for (a = 0; a < e->absence_count && !dead; a++)
      if (!tsn_eval_label(r, part, r->junctions.absences[e->absence_first + a], tsn_path_cells(r, i), &dead)) return false;
    if (dead && r->trace) tsn_trace_killed(r, item, e, r->junctions.absences[e->absence_first + a - 1], time);
    if (dead || (e->flags & EDGE_ENDED)) { /* a row behind $: what crossed it was wrong */
      tsn_mask_clear(mask, k);
      continue;
    }
    if (tsn_is_timer(e)) continue;
    if (!can_take(r, part, i, e, time, &truth)) return false;
    if (!truth && r->trace) tsn_trace_refuse(r, item, e, time);
    if (truth) {
      if (*takes == r->takes_cap && !tsn_alloc_grow(r->alloc, (void **)&r->takes, &r->takes_cap, *takes + 1, sizeof *r->takes))
        return tsn_run_nomem(r);
      r->takes[(*takes)++] = k;
      if (tsn_is_racer(e)) *raced = true;
    }
    if (e->kind == EDGE_STRICT || (e->kind == EDGE_NEXT && truth)) tsn_mask_clear(mask, k);
  }
  return true;
}

/* Removes items without edges. */
static void clean(tsn_run *r, uint32_t start)
{
  uint32_t item = r->starts[start].head;
  while (item != TSN_NONE) {
    tsn_path *i = tsn_path_at(r, item);
    uint32_t next = i->next;
    if (i->state != ITEM_MATCH && is_empty(r, i)) {
      tsn_path_unlink(r, item);
      tsn_path_free(r, item);
    }
    item = next;
  }
}

/* The first ghost: all stand behind the rest. */
static uint32_t first_ghost(const tsn_run *r, uint32_t start)
{
  uint32_t item = r->starts[start].tail, ghost = TSN_NONE;
  for (; item != TSN_NONE && tsn_path_at(r, item)->state == ITEM_GHOST; item = tsn_path_at(r, item)->prev) ghost = item;
  return ghost;
}

/* What an item has taken, by its edges in r->takes. Ghosts move on with their twins alone. */
static bool take(tsn_run *r, uint32_t part, uint32_t start, uint32_t item, int64_t time, size_t takes, uint32_t *number, bool *cut)
{
  bool ghost = tsn_path_at(r, item)->state == ITEM_GHOST;
  uint32_t generation = tsn_path_at(r, item)->generation;
  size_t t;
  if (ghost && tsn_path_at(r, item)->races != RACE_TWINS) return true;
  for (t = 0; t < takes && tsn_path_at(r, item)->generation == generation; t++) {
    uint32_t count, parent = tsn_path_at(r, item)->history;
    tsn_edge e = tsn_edges_of(r, tsn_path_at(r, item), &count)[r->takes[t]];
    proto p;
    bool good;
    proto_from_item(r, item, &e, &p);
    p.take = (*number)++;
    if (r->trace) tsn_trace_take(r, part, item, &e, time);
    good = proto_take_row(r, &r->partitions[part], &e, time, &p) && place(r, start, item, &p, e.node, ghost || *cut, cut);
    proto_done(r, &p, parent);
    if (!good) return false;
  }
  return true;
}

bool tsn_paths_step(tsn_run *r, uint32_t part, uint32_t start, uint32_t class, int64_t time)
{
  uint32_t item = r->starts[start].head, done = TSN_NONE, from = TSN_NONE, old = 0, number = 0;
  bool changed = false, made = false;
  if (class != TSN_NONE) {
    if (!tsn_shapes_step(r, part, start, class, time, &made) || (!made && !tsn_shapes_watch(r, start, &old))) return false;
    if (made) return true;
    from = r->starts[start].shape;
  }
  r->starts[start].shape = TSN_NONE;
  tsn_race_begin(r);
  while (item != TSN_NONE) {
    size_t takes;
    bool raced, cut = false;
    if (tsn_path_at(r, item)->state == ITEM_MATCH || item == done || tsn_path_at(r, item)->since == r->partitions[part].rows) {
      item = tsn_path_at(r, item)->next;
      continue;
    }
    if (!offer(r, &r->partitions[part], item, time, &takes, &raced)) return false;
    if (raced) tsn_race_row(r, item);
    changed = changed || takes || is_empty(r, tsn_path_at(r, item));
    if (!take(r, part, start, item, time, takes, &number, &cut)) return false;
    done = cut ? item : done;
    item = cut ? first_ghost(r, start) : tsn_path_at(r, item)->next;
  }
  if (changed) clean(r, start);
  if (!tsn_paths_dedupe(r, start)) return false;
  return from == TSN_NONE || tsn_shapes_learn(r, from, class, start, old);
}

/* Ends what waits for rows beyond WITHIN n ROWS, or for anything beyond a time. */
static bool hold(tsn_run *r, uint32_t item, int64_t time)
{
  tsn_path *i = tsn_path_at(r, item);
  uint32_t start = i->start;
  tsn_start *s = &r->starts[start];
  if (!r->p->timeouts || i->row < 0) {
    tsn_path_free(r, item);
    return true;
  }
  if (s->held != TSN_NONE) {
    if (s->held_moment == r->moment) { /* a more preferred one died in this moment */
      tsn_path_free(r, item);
      return true;
    }
    tsn_path_free(r, s->held);
    i = tsn_path_at(r, item);
  }
  i->state = ITEM_HELD;
  i->generation++;
  s->held = item;
  s->held_moment = r->moment;
  s->held_time = time;
  return tsn_pending_timeout(r, start);
}

static bool expire_item(tsn_run *r, uint32_t item, int64_t time, bool all)
{
  tsn_path *i = tsn_path_at(r, item);
  uint32_t count, k;
  const tsn_edge *edges = tsn_edges_of(r, i, &count);
  bool ended = false;
  bool rows_over = r->p->within_kind == WITHIN_ROWS &&
                   r->partitions[r->starts[i->start].partition].rows - r->starts[i->start].row >= r->p->within;
  if (r->trace) tsn_trace_expire(r, item, time, all, rows_over);
  for (k = 0; k < count; k++) {
    const tsn_edge *e = &edges[k];
    bool good = true;
    if (!tsn_mask_get(tsn_path_mask(i), k) || e->kind == EDGE_LAST) continue;
    /* Behind a $ that will prove wrong only a timer that could not complete in time runs out. */
    if (e->kind == EDGE_DOOMED && !((e->flags & EDGE_TIMED) && tsn_timer_time(r, i, e, &good) > tsn_within_end(r, &r->starts[i->start]))) continue;
    if (all || (rows_over && is_row_edge(e)) || ((e->flags & EDGE_HAS_HI) && tsn_time_shift(r, i->tau, e->hi) <= time)) {
      tsn_mask_clear(tsn_path_mask(i), k);
      ended = true;
    }
  }
  if (!ended || !is_empty(r, i)) return true;
  tsn_path_unlink(r, item);
  if (tsn_path_at(r, item)->state != ITEM_GHOST) return hold(r, item, time);
  tsn_path_free(r, item);
  return true;
}

static bool expire_items(tsn_run *r, uint32_t start, int64_t time, bool all)
{
  uint32_t item = r->starts[start].head;
  r->starts[start].shape = TSN_NONE;
  while (item != TSN_NONE) {
    uint32_t next = tsn_path_at(r, item)->next;
    if (tsn_path_at(r, item)->state != ITEM_MATCH && !expire_item(r, item, time, all)) return false;
    item = next;
  }
  return r->status == TOCSIN_OK && tsn_race_sweep(r, start);
}

bool tsn_paths_expire(tsn_run *r, uint32_t start, int64_t time)
{
  const tsn_start *s = &r->starts[start];
  /* What ends at one time ends in the order of preference, whatever ends it. */
  bool all = (r->p->within_kind == WITHIN_TIME && tsn_within_end(r, s) <= time) || (r->p->window_kind != WINDOW_NONE && tsn_window_end(r, s) <= time);
  return expire_items(r, start, time, all);
}

/* The n-th row of WITHIN n ROWS has come. Where a window ends at its time, timers of that time come first. */
bool tsn_paths_expire_rows(tsn_run *r, uint32_t start, int64_t time) { return expire_items(r, start, time, false); }

bool tsn_paths_lose(tsn_run *r, uint32_t start, int64_t time) { return expire_items(r, start, time, true); }

/* ---- starts ---- */

static bool quiet_before(const tsn_run *r, const tsn_partition *part, const tsn_edge *e, int64_t time, uint32_t *absence)
{
  uint32_t q;
  for (q = 0; q < e->quiet_count; q++) {
    const tsn_start_absence *a = &r->junctions.quiets[e->quiet_first + q];
    int64_t last = part->quiet[a->index];
    if (last == TSN_TIME_MIN || tsn_time_passed(r, time, last, a->duration) > 0) continue;
    *absence = r->program->indices[r->p->start_absences.first + a->index];
    return false;
  }
  return true;
}

/* What keeps a path from beginning over the edge is in the way: *absence, TSN_NONE where it is the condition itself. */
static bool start_edge(tsn_run *r, const tsn_partition *part, const tsn_edge *e, int64_t time, bool *truth, uint32_t *absence)
{
  uint32_t a;
  bool dead = false;
  *truth = false;
  *absence = TSN_NONE;
  if (!quiet_before(r, part, e, time, absence)) return true;
  for (a = 0; a < e->absence_count; a++) {
    if (!tsn_eval_label(r, part, r->junctions.absences[e->absence_first + a], r->empty_cells, &dead)) return false;
    if (dead) {
      *absence = r->junctions.absences[e->absence_first + a];
      return true;
    }
  }
  return tsn_eval_label(r, part, e->label, r->empty_cells, truth);
}

/* The paths that begin with the row at hand; *out TSN_NONE: none does. */
static bool begin_paths(tsn_run *r, uint32_t part, int64_t time, uint32_t *out)
{
  int64_t row = r->partitions[part].rows - 1;
  uint32_t junction = tsn_junction_start(r, row == 0), segments, k, n, start = TSN_NONE, take = 0;
  bool cut = false, empty = false;
  *out = TSN_NONE;
  if (junction == TSN_NONE) return false;
  tsn_race_begin(r);
  segments = r->junctions.all[junction].segment_count;
  for (k = 0; k < segments; k++) {
    tsn_segment s = *segment_at(r, junction, k);
    for (n = 0; n < s.edge_count; n++) {
      tsn_edge e = r->junctions.edges[s.edge_first + n];
      bool truth, good;
      uint32_t absence;
      proto p;
      if (!is_row_edge(&e) || (cut && !(r->nodes[e.node].flags & NODE_TWIN))) continue; /* twins of what is cut off may race */
      if (!start_edge(r, &r->partitions[part], &e, time, &truth, &absence)) return false;
      if (!truth && r->trace) tsn_trace_unfit(r, part, &e, absence, time);
      if (!truth) continue;
      if (r->trace) tsn_trace_take(r, part, TSN_NONE, &e, time);
      if (start == TSN_NONE && (start = tsn_start_new(r, part, row, time)) == TSN_NONE) return false;
      proto_empty(r, &e, time, &p);
      p.take = take++;
      good = proto_take_row(r, &r->partitions[part], &e, time, &p) && place(r, start, TSN_NONE, &p, e.node, cut, &cut);
      proto_done(r, &p, TSN_NONE);
      if (!good) return false;
    }
    empty = empty || s.accept;
    if (s.accept && !cut && r->one_match) { /* an empty path; with NO SKIP it succeeds, but is not reported */
      proto p;
      if (start == TSN_NONE && (start = tsn_start_new(r, part, row, time)) == TSN_NONE) return false;
      proto_empty(r, NULL, time, &p);
      if (!add_match(r, start, TSN_NONE, &p, &cut)) return false;
    }
  }
  *out = start;
  if (start == TSN_NONE) return true;
  r->starts[start].succeeded = empty;
  return tsn_paths_dedupe(r, start);
}

bool tsn_paths_begin(tsn_run *r, uint32_t part, uint32_t class, int64_t time, uint32_t *start)
{
  bool made = false;
  if (class != TSN_NONE && !tsn_shapes_begin(r, part, class, time, start, &made)) return false;
  if (!made && !begin_paths(r, part, time, start)) return false;
  return made || class == TSN_NONE || tsn_shapes_learn(r, TSN_NONE, class, *start, 0);
}

static bool begin(tsn_run *r, uint32_t part, uint32_t class, int64_t time)
{
  uint32_t start;
  if (!tsn_paths_begin(r, part, class, time, &start)) return false;
  if (start == TSN_NONE) return true;
  if (r->p->within_kind == WITHIN_ROWS && r->p->within == 1) return tsn_paths_expire_rows(r, start, time);
  if (r->p->within_kind == WITHIN_TIME && r->starts[start].head != TSN_NONE)
    return tsn_deadline_push(r, tsn_within_end(r, &r->starts[start]), PHASE_EXPIRE, OWNER_START, start, r->starts[start].generation);
  return true;
}

/* The first start has a success for certain: starts inside it are skipped. */
static void skip_inside(tsn_run *r, uint32_t part)
{
  tsn_partition *p = &r->partitions[part];
  const tsn_path *match;
  if (!r->absorbs || p->first == TSN_NONE || r->starts[p->first].tail == TSN_NONE) return;
  match = tsn_path_at(r, r->starts[p->first].tail);
  if (match->state != ITEM_MATCH || match->row < 0) return;
  if (match->row >= p->allowed) p->allowed = match->row + 1;
  while (r->starts[p->first].next != TSN_NONE && r->starts[r->starts[p->first].next].row < p->allowed)
    tsn_start_free(r, r->starts[p->first].next);
}

/* What absences at the start need to know at the rows to come; `x` of them reads its own row alone. */
static bool hear(tsn_run *r, uint32_t part, int64_t time)
{
  const tsn_range *quiet = &r->p->start_absences;
  uint32_t q;
  if (r->p->sequential) tsn_quiet_save(r, &r->partitions[part], r->partitions[part].rows - 1);
  for (q = 0; q < quiet->count; q++) {
    bool truth;
    if (!tsn_eval_label(r, &r->partitions[part], r->program->indices[quiet->first + q], r->empty_cells, &truth)) return false;
    if (truth) r->partitions[part].quiet[q] = time;
  }
  return true;
}

bool tsn_paths_row(tsn_run *r, uint32_t part, int64_t time)
{
  uint32_t start = r->partitions[part].first, class = TSN_NONE;
  /* Two elements of one time are not told apart by timers: what becomes of them is not a matter of labels alone. */
  if (r->shapes && !r->tracks && !(r->races && time == r->partitions[part].last_time) && !tsn_shapes_class(r, &r->partitions[part], &class))
    return false;
  r->partitions[part].last_time = time;
  if (r->trace) tsn_trace_row(r, part, time);
  while (start != TSN_NONE) {
    uint32_t next = r->starts[start].next;
    if (!tsn_paths_step(r, part, start, class, time)) return false;
    if (r->p->within_kind == WITHIN_ROWS && r->partitions[part].rows - r->starts[start].row >= r->p->within &&
        !tsn_paths_expire_rows(r, start, time))
      return false;
    /* A later start that is over need not wait for its turn, if nothing of it is to be shown. */
    if (r->one_match && r->starts[start].head == TSN_NONE && r->starts[start].held == TSN_NONE && !r->p->sequential) tsn_start_free(r, start);
    start = next;
  }
  skip_inside(r, part);
  if (r->trace && r->partitions[part].rows - 1 < r->partitions[part].allowed) tsn_trace_skipped(r, part, time);
  if (r->partitions[part].rows - 1 >= r->partitions[part].allowed && (!r->p->sequential || r->partitions[part].first == TSN_NONE) &&
      !begin(r, part, class, time))
    return false;
  if (r->absorbs && !tsn_paths_absorb(r, part)) return false;
  return hear(r, part, time);
}

/* ---- time ---- */

/* Timers of an item complete: each is a path of its own. */
static bool complete(tsn_run *r, uint32_t start, uint32_t item, int64_t time, bool *cut)
{
  uint32_t generation = tsn_path_at(r, item)->generation, count;
  bool ghost = tsn_path_at(r, item)->state == ITEM_GHOST;
  size_t due, d;
  if (!tsn_race_due(r, item, time, &due)) return false;
  for (d = 0; d < due; d++) tsn_mask_clear(tsn_path_mask(tsn_path_at(r, item)), r->takes[d]);
  if (ghost && tsn_path_at(r, item)->races != RACE_TWINS) return true;
  for (d = 0; d < due && tsn_path_at(r, item)->generation == generation; d++) {
    uint32_t parent = tsn_path_at(r, item)->history;
    tsn_edge e = tsn_edges_of(r, tsn_path_at(r, item), &count)[r->takes[d]];
    bool lost = ghost || *cut, good;
    proto p;
    if (e.kind == EDGE_CLOSE && lost) continue;
    proto_from_item(r, item, &e, &p);
    p.tau = time;
    if (r->trace) tsn_trace_timer(r, item, &e, time);
    if (r->p->history) {
      p.history = tsn_history_add(r, p.history, TSN_NONE, time, 0);
      if (p.history == TSN_NONE) return false;
    }
    good = e.kind != EDGE_CLOSE ? place(r, start, item, &p, e.node, lost, cut)
           : p.ended            ? add_last(r, start, item, &p)
                                : add_match(r, start, item, &p, cut);
    proto_done(r, &p, parent);
    if (!good) return false;
  }
  return true;
}

/* The deadline of an item has come: all timers of its group that complete at `time` do. */
bool tsn_paths_fire(tsn_run *r, uint32_t item, int64_t time)
{
  uint32_t start = tsn_path_at(r, item)->start, group = tsn_path_at(r, item)->group, generation = tsn_path_at(r, item)->generation;
  uint32_t other, next;
  const tsn_deadline handled = {.time = time, .phase = PHASE_TIMER};
  size_t due;
  if (!tsn_race_due(r, item, time, &due)) return false;
  if (!due) return tsn_deadline_item(r, item, &handled);
  if (!tsn_race_time(r, start, group, time)) return false;
  tsn_race_begin(r);
  for (other = r->starts[start].head; other != TSN_NONE; other = next) {
    bool cut = false;
    next = tsn_path_at(r, other)->next;
    if (tsn_path_at(r, other)->state == ITEM_MATCH || tsn_path_at(r, other)->group != group) continue;
    if (!complete(r, start, other, time, &cut)) return false;
    if (cut) next = first_ghost(r, start);
  }
  if (tsn_path_at(r, item)->generation == generation && !tsn_deadline_item(r, item, &handled)) return false;
  clean(r, start);
  /* Rows beyond WITHIN n ROWS cannot be taken: ends what waits for them, once all timers of this time are through. */
  if (r->p->within_kind == WITHIN_ROWS && !tsn_deadline_push(r, time, PHASE_EXPIRE, OWNER_START, start, r->starts[start].generation)) return false;
  return tsn_paths_dedupe(r, start);
}

bool tsn_paths_fire_due(tsn_run *r, uint32_t start, int64_t time, bool *fired)
{
  uint32_t item;
  for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
    int64_t due;
    tsn_phase phase;
    if (tsn_path_at(r, item)->state == ITEM_MATCH || !tsn_path_due(r, tsn_path_at(r, item), NULL, &due, &phase)) continue;
    if (phase != PHASE_TIMER || due > time) continue;
    *fired = true;
    return tsn_paths_fire(r, item, due); /* the list has changed: the caller looks again */
  }
  return r->status == TOCSIN_OK;
}

bool tsn_paths_close(tsn_run *r, uint32_t part, int64_t time)
{
  uint32_t start;
  if (r->queues) return tsn_queues_close(r, part, time);
  for (start = r->partitions[part].first; start != TSN_NONE; start = r->starts[start].next) {
    bool fired;
    do {
      fired = false;
      if (!tsn_paths_fire_due(r, start, time, &fired)) return false;
    } while (fired);
  }
  r->partitions[part].closing = 1;
  for (start = r->partitions[part].first; start != TSN_NONE; start = r->starts[start].next)
    if (!tsn_paths_expire(r, start, time)) return false;
  return tsn_paths_end(r, part);
}

/* The partition is over: what crossed $ succeeds, everything else that waits is lost. */
bool tsn_paths_end(tsn_run *r, uint32_t part)
{
  uint32_t start;
  if (r->queues) return tsn_queues_end(r, part);
  for (start = r->partitions[part].first; start != TSN_NONE; start = r->starts[start].next) {
    uint32_t item = r->starts[start].head;
    while (item != TSN_NONE) {
      uint32_t count, k, next = tsn_path_at(r, item)->next;
      const tsn_edge *edges;
      bool accept = false, cut = false, good;
      if (tsn_path_at(r, item)->state == ITEM_MATCH) {
        item = next;
        continue;
      }
      edges = tsn_edges_of(r, tsn_path_at(r, item), &count);
      for (k = 0; k < count; k++)
        accept = accept || (edges[k].kind == EDGE_LAST && tsn_mask_get(tsn_path_mask(tsn_path_at(r, item)), k));
      if (accept && tsn_path_at(r, item)->state == ITEM_WAIT) {
        tsn_edge e = edges[0];
        proto p;
        e.counter_count = 0;
        proto_from_item(r, item, &e, &p);
        good = add_match(r, start, item, &p, &cut);
        proto_done(r, &p, p.history);
        if (!good) return false;
        if (cut) break;
      }
      if (r->trace) tsn_trace_over(r, item);
      tsn_path_unlink(r, item);
      tsn_path_free(r, item);
      item = next;
    }
  }
  return true;
}
