/* The table tier: starts that look alike move as one.
 *
 * Where conditions read only their own row, what becomes of a start is a matter of
 * its shape (shape.c) and of the times of its elements, whatever its registers hold.
 * So a partition keeps a queue of starts, each no more than its row and the bunch it
 * is in; a row moves bunches, however many starts are in them:
 *
 *   queue     s1 s2 s3 s4 s5 s6          in order of their rows
 *   bunches   [s1 s2 s3] [s4 s5] [s6]    each a shape, and times
 *
 * Registers are filled in when a match is found: the rows since its start were kept,
 * and retrace.c goes through them once more, or paths.c with this one start where that
 * cannot be (as RE2 finds the bounds of a match with one automaton and its submatches
 * with another). Where few starts keep
 * many rows, all are brought up to now, each as a start with items, and the rows go.
 *
 * What is not known yet - a shape and a row's class, or a time - is tried with a start
 * of that shape, and remembered. What does not fit, or would be too much to remember,
 * turns all starts into those of the paths tier, which goes on from there.
 *
 * A bound of WITHIN that ends a start without a match is not looked for until the
 * next row of its partition; where a match may come of it there is a deadline. */
#include <string.h>

#include "base/time.h"
#include "run/guards.h"
#include "run/queue.h"

/* ---- the queue ---- */

static tsn_bunch *bunch_of(const tsn_queue *q, const tsn_queued *s) { return &q->bunches[tsn_bunch_root(q, s->bunch)]; }

/* A start is a path, until it has items. */
static void count_out(tsn_run *r, tsn_partition *p, const tsn_queued *s)
{
  if (s->base != TSN_NONE) {
    tsn_start_free(r, s->base);
    return;
  }
  p->live--;
  r->live--;
}

static void set_base(tsn_run *r, tsn_partition *p, tsn_queued *s, uint32_t start)
{
  if ((s->base == TSN_NONE) != (start == TSN_NONE)) {
    p->live += start == TSN_NONE ? 1 : (uint64_t)-1;
    r->live += start == TSN_NONE ? 1 : (uint64_t)-1;
  }
  s->base = start;
}

static void pop_front(tsn_run *r, tsn_partition *p)
{
  tsn_queue *q = &p->queue;
  count_out(r, p, tsn_queued_at(q, 0));
  q->head = tsn_ring_at(q->head, 1, q->cap);
  if (--q->count == 0) q->bunch_count = q->live_count = 0;
}

static void pop_back(tsn_run *r, tsn_partition *p)
{
  tsn_queue *q = &p->queue;
  count_out(r, p, tsn_queued_at(q, q->count - 1));
  if (--q->count == 0) q->bunch_count = q->live_count = 0;
}

bool tsn_queue_empty(tsn_run *r, tsn_partition *p)
{
  while (p->queue.count) pop_front(r, p);
  return p->queue.cap <= TSN_KEPT_FOR_REUSE && p->queue.bunch_cap <= 4 * TSN_KEPT_FOR_REUSE;
}

void tsn_queue_clear(tsn_run *r, tsn_partition *p)
{
  tsn_queue *q = &p->queue;
  while (q->count) pop_front(r, p);
  tsn_room_free(r, p, q->starts, q->cap * sizeof *q->starts);
  tsn_room_free(r, p, q->bunches, q->bunch_cap * sizeof *q->bunches);
  tsn_room_free(r, p, q->live, q->live_cap * sizeof *q->live);
  tsn_room_free(r, p, q->guarded, tsn_guarded_size(r, q->cap) * sizeof *q->guarded);
  *q = (tsn_queue){.starts = NULL};
}

static int64_t first_needed(const tsn_partition *p, const tsn_queued *s) { return s->base == TSN_NONE ? s->row : p->caught_up; }

int64_t tsn_queue_least(const tsn_partition *p)
{
  return p->queue.count ? first_needed(p, tsn_queued_at(&p->queue, 0)) : p->rows;
}

/* Whether nothing will come of a start that stands behind the first one: what has succeeded may. */
static bool is_idle(const tsn_run *r, const tsn_queue *q, uint32_t bunch)
{
  if (q->bunches[bunch].shape == TSN_NONE) return true;
  return r->absorbs && bunch == tsn_queue_first(q) && !tsn_shapes_facts(r, q->bunches[bunch].shape)->matched;
}

static void shed_back(tsn_run *r, tsn_partition *p)
{
  tsn_queue *q = &p->queue;
  while (q->count > 1 && is_idle(r, q, tsn_bunch_root(q, tsn_queued_at(q, q->count - 1)->bunch))) pop_back(r, p);
}

static uint32_t place(const tsn_queue *q, uint32_t i) { return tsn_ring_at(q->head, i, q->cap); }

#define FEW_BUNCHES 32u  /* are numbered without an allocation */
#define ROOMY_BUNCHES 4u /* are no matter, dead or not */

/* Numbers the bunches anew, without those that belong to others, and drops starts of which nothing will come. */
static bool tidy(tsn_run *r, tsn_partition *p, bool now)
{
  tsn_queue *q = &p->queue;
  uint32_t few[FEW_BUNCHES], *number = few, count = q->bunch_count, kept = 0, made = 0, i, k;
  bool moved;
  if (!q->count || (!now && count < ROOMY_BUNCHES + q->count / 2)) return true;
  if (count > FEW_BUNCHES && !(number = tsn_alloc_array(r->alloc, count, sizeof *number))) return tsn_run_nomem(r);
  memset(number, 0xff, count * sizeof *number);
  for (i = 0; i < q->count; i++) {
    tsn_queued s = *tsn_queued_at(q, i);
    s.bunch = tsn_bunch_root(q, s.bunch);
    if (i > 0 && is_idle(r, q, s.bunch)) {
      count_out(r, p, &s);
      continue;
    }
    number[s.bunch] = 0;
    if (r->guards && kept != i) tsn_guards_move(r, q, place(q, i), q, place(q, kept));
    *tsn_queued_at(q, kept++) = s;
  }
  moved = kept < q->count;
  q->count = kept;
  if (r->guards && moved) tsn_guards_moved(r, q);
  for (k = 0; k < count; k++) {
    if (number[k] == TSN_NONE) continue;
    number[k] = made;
    q->bunches[made] = q->bunches[k];
    q->bunches[made].into = made;
    made++;
  }
  q->bunch_count = made;
  q->live_count = 0;
  for (k = 0; k < made; k++)
    if (q->bunches[k].shape != TSN_NONE) q->live[q->live_count++] = k; /* it had more */
  for (i = 0; i < q->count; i++) tsn_queued_at(q, i)->bunch = number[tsn_queued_at(q, i)->bunch];
  if (number != few) tsn_alloc_free(r->alloc, number, count * sizeof *number);
  return true;
}

static bool same_bunch(const tsn_run *r, const tsn_bunch *b, uint32_t shape, const int64_t *taus)
{
  return b->shape == shape && !memcmp(b->taus, taus, tsn_shapes_facts(r, shape)->taus * sizeof *taus);
}

/* Room for one more bunch. */
static bool more_bunches(tsn_run *r, tsn_partition *p)
{
  tsn_queue *q = &p->queue;
  uint32_t cap = tsn_ring_longer(q->bunch_cap);
  void *longer;
  if (q->bunch_count < q->bunch_cap) return true;
  if (!(longer = tsn_room_longer(r, p, q->live, q->live_cap * sizeof *q->live, cap * sizeof *q->live))) return false;
  q->live = longer;
  q->live_cap = cap;
  if (!(longer = tsn_room_longer(r, p, q->bunches, q->bunch_cap * sizeof *q->bunches, cap * sizeof *q->bunches))) return false;
  q->bunches = longer;
  q->bunch_cap = cap;
  return true;
}

/* A new one, not among the live ones yet: for it there is room. */
static bool add_bunch(tsn_run *r, tsn_partition *p, uint32_t shape, const int64_t *taus)
{
  tsn_queue *q = &p->queue;
  tsn_bunch *b;
  if (!more_bunches(r, p)) return false;
  b = &q->bunches[q->bunch_count];
  *b = (tsn_bunch){.shape = shape, .into = q->bunch_count++};
  if (shape != TSN_NONE) memcpy(b->taus, taus, sizeof b->taus);
  return true;
}

/* The bunch of a shape and its times; TSN_NONE: no memory. */
static uint32_t bunch_for(tsn_run *r, tsn_partition *p, uint32_t shape, const int64_t *taus)
{
  tsn_queue *q = &p->queue;
  uint32_t k;
  for (k = 0; shape != TSN_NONE && k < q->live_count; k++)
    if (same_bunch(r, &q->bunches[q->live[k]], shape, taus)) return q->live[k];
  if (shape == TSN_NONE && q->bunch_count && q->bunches[q->bunch_count - 1].shape == TSN_NONE) return q->bunch_count - 1;
  if (!add_bunch(r, p, shape, taus)) return TSN_NONE;
  if (shape != TSN_NONE) q->live[q->live_count++] = q->bunch_count - 1;
  return q->bunch_count - 1;
}

static bool lengthen(tsn_run *r, tsn_partition *p)
{
  tsn_queue *q = &p->queue;
  const tsn_queue old = *q;
  const uint32_t cap = tsn_ring_longer(q->cap);
  const size_t size = tsn_guarded_size(r, cap);
  int64_t *guarded = size ? tsn_alloc_array(r->alloc, size, sizeof *guarded) : NULL;
  tsn_queued *longer;
  uint32_t i;
  if (size && !guarded) return tsn_run_nomem(r);
  longer = tsn_room_longer(r, p, q->starts, q->cap * sizeof *longer, cap * sizeof *longer);
  if (!longer) {
    tsn_alloc_free(r->alloc, guarded, guarded ? size * sizeof *guarded : 0);
    return false;
  }
  q->head = tsn_ring_spread(longer, q->head, q->cap, cap, sizeof *longer);
  q->starts = longer;
  q->cap = cap;
  if (!size) return true;
  q->guarded = guarded;
  for (i = 0; i < q->count; i++) tsn_guards_move(r, &old, place(&old, i), q, place(q, i));
  tsn_guards_moved(r, q);
  tsn_room_free(r, p, old.guarded, old.guarded ? tsn_guarded_size(r, old.cap) * sizeof *guarded : 0);
  return true;
}

bool tsn_queue_push(tsn_run *r, tsn_partition *p, uint32_t shape, int64_t time)
{
  tsn_queue *q = &p->queue;
  const int64_t taus[TSN_TAUS] = {time, time, time};
  uint32_t bunch;
  if (q->count >= r->max_paths) return tsn_run_many_paths(r, p);
  if (!tidy(r, p, false)) return false;
  bunch = bunch_for(r, p, shape, taus);
  if (bunch == TSN_NONE) return false;
  if (q->count == q->cap && !lengthen(r, p)) return false;
  *tsn_queued_at(q, q->count++) = (tsn_queued){.row = p->rows - 1, .time = time, .bunch = bunch, .base = TSN_NONE};
  tsn_count_path(r, p);
  return true;
}

bool tsn_queue_restore_bunch(tsn_run *r, tsn_partition *p, uint32_t shape, const int64_t *taus)
{
  tsn_queue *q = &p->queue;
  if (!add_bunch(r, p, shape, taus)) return false;
  if (shape != TSN_NONE) q->live[q->live_count++] = q->bunch_count - 1;
  return true;
}

bool tsn_queue_restore(tsn_run *r, tsn_partition *p, const tsn_queued *s)
{
  tsn_queue *q = &p->queue;
  if (q->count == q->cap && !lengthen(r, p)) return false;
  *tsn_queued_at(q, q->count++) = *s;
  if (s->base == TSN_NONE) tsn_count_path(r, p);
  return true;
}

/* ---- from a queued start to one with items ---- */

static bool is_decided(const tsn_run *r, uint32_t start)
{
  uint32_t head = r->starts[start].head;
  return head == TSN_NONE || tsn_path_at(r, head)->state == ITEM_MATCH;
}

static bool fire_until(tsn_run *r, uint32_t start, int64_t time)
{
  bool fired = true;
  while (fired && !is_decided(r, start)) {
    fired = false;
    if (!tsn_paths_fire_due(r, start, time, &fired)) return false;
  }
  return true;
}

/* A start with items is the one at hand for comparisons: what its first row has left is in all of them. */
static bool compare_with(tsn_run *r, uint32_t part, uint32_t start)
{
  return !r->guards || tsn_guards_from(r, &r->partitions[part], tsn_path_cells(r, tsn_path_at(r, r->starts[start].head)));
}

/* A kept row is the row at hand, and the last one of its partition; *class: what it is to a start (NONE: it is its first row). */
static bool see_kept(tsn_run *r, uint32_t part, int64_t row, uint32_t start, uint32_t *class)
{
  tsn_run_load(r, part, row);
  *class = tsn_kept_row_at(r, &r->partitions[part], row)->class;
  r->partitions[part].rows = row + 1;
  if (r->guards && !tsn_guards_class(r, part, row, start == TSN_NONE ? 0 : ~(uint64_t)0, class)) return false;
  if (*class != TSN_NONE) tsn_shapes_recall(r, *class);
  return true;
}

/* Goes through the rows of a start until it is decided, or to the last one; then time passes up to `time`. `over`: what
 * completes at that time does, and what is not decided then is lost. */
static bool bring_up(tsn_run *r, uint32_t part, const tsn_queued *s, int64_t time, bool over, uint32_t *out)
{
  int64_t rows = r->partitions[part].rows, row = first_needed(&r->partitions[part], s), last_time = r->partitions[part].caught_up_time;
  uint32_t start = s->base, block_row = r->block_row, class;
  uint64_t seq = r->row_seq;
  tsn_cell *at_hand = r->row;
  bool good = true, compared = false; /* once there is a row to compare: what it gives may fail */
  r->row = r->past_row;
  r->trying = true;
  if (start == TSN_NONE) {
    const tsn_kept_row k = *tsn_kept_row_at(r, &r->partitions[part], row);
    good = see_kept(r, part, row, TSN_NONE, &class) && tsn_paths_begin(r, part, class, k.time, &start);
    if (good && start == TSN_NONE) good = tsn_run_fail(r, TOCSIN_RUNTIME, "a start was lost: this is a bug of Tocsin");
    if (good && r->p->within_kind == WITHIN_ROWS && r->p->within == 1) good = tsn_paths_expire_rows(r, start, k.time);
    last_time = k.time;
    row++;
  }
  for (; good && row < rows && !is_decided(r, start); row++) {
    const tsn_kept_row k = *tsn_kept_row_at(r, &r->partitions[part], row);
    good = !r->races || k.time == TSN_TIME_MIN || fire_until(r, start, k.time - 1);
    if (!good || is_decided(r, start)) break;
    if (r->p->within_kind == WITHIN_TIME && tsn_within_end(r, &r->starts[start]) < k.time) break;
    good = (compared || compare_with(r, part, start)) && see_kept(r, part, row, start, &class) &&
           tsn_paths_step(r, part, start, r->races && k.time == last_time ? TSN_NONE : class, k.time);
    compared = true;
    last_time = k.time;
    if (good && r->p->within_kind == WITHIN_ROWS && row + 1 - r->starts[start].row >= r->p->within) good = tsn_paths_expire_rows(r, start, k.time);
  }
  r->partitions[part].rows = rows;
  if (good && r->races && time > TSN_TIME_MIN) good = fire_until(r, start, over ? time : time - 1);
  over = over || (good && r->p->within_kind == WITHIN_TIME && tsn_within_end(r, &r->starts[start]) < time);
  if (good && over && !is_decided(r, start)) good = tsn_paths_lose(r, start, time);
  r->row = at_hand;
  r->trying = false;
  r->row_seq = seq;
  r->row_epoch++;
  r->block_row = block_row;
  *out = start;
  return good;
}

/* All starts come up to the last row, and what was kept for them can go. */
static bool catch_up(tsn_run *r, uint32_t part, int64_t time)
{
  uint32_t i, start;
  if (!tidy(r, &r->partitions[part], true)) return false;
  for (i = 0; i < r->partitions[part].queue.count; i++) {
    tsn_queued s = *tsn_queued_at(&r->partitions[part].queue, i);
    if (!bring_up(r, part, &s, time, false, &start)) return false;
    set_base(r, &r->partitions[part], tsn_queued_at(&r->partitions[part].queue, i), start);
  }
  r->partitions[part].caught_up = r->partitions[part].rows;
  r->partitions[part].caught_up_time = r->partitions[part].last_time;
  return true;
}

/* ---- leaving for the paths tier ---- */

static bool leave_partition(tsn_run *r, uint32_t part, int64_t time)
{
  tsn_queue *q = &r->partitions[part].queue;
  uint32_t start, item;
  tsn_changed(r, part);
  if (!catch_up(r, part, time)) return false;
  r->partitions[part].idle_row = 0;
  for (; q->count; q = &r->partitions[part].queue) {
    set_base(r, &r->partitions[part], tsn_queued_at(q, 0), TSN_NONE); /* it stays */
    pop_front(r, &r->partitions[part]);
  }
  r->queues = false;
  for (start = r->partitions[part].first; start != TSN_NONE; start = r->starts[start].next) {
    const tsn_start *s = &r->starts[start];
    if (r->p->within_kind == WITHIN_TIME && !tsn_deadline_push(r, tsn_within_end(r, s), PHASE_EXPIRE, OWNER_START, start, s->generation)) return false;
    for (item = s->head; item != TSN_NONE; item = tsn_path_at(r, item)->next)
      if (tsn_path_at(r, item)->state != ITEM_MATCH && !tsn_deadline_item(r, item, NULL)) return false;
  }
  r->queues = true;
  return true;
}

bool tsn_queue_leave(tsn_run *r, uint32_t part, int64_t time)
{
  bool good;
  r->queues = true;
  good = leave_partition(r, part, time);
  r->queues = false;
  return good;
}

bool tsn_queues_leave(tsn_run *r, int64_t time)
{
  uint32_t part;
  for (part = 0; part < r->partition_count; part++)
    if (r->partitions[part].used && !leave_partition(r, part, time)) return false;
  r->queues = false;
  if (r->guards) tsn_shapes_stop(r); /* rows are of a class to each start */
  return true;
}

/* ---- what becomes of a bunch ---- */

uint32_t tsn_bunch_times(const tsn_run *r, const tsn_bunch *b, int64_t time, bool due)
{
  const tsn_shape_facts *f = tsn_shapes_facts(r, b->shape);
  uint32_t k, bits = 0;
  for (k = 0; k < f->taus; k++) {
    if (!due) bits |= (uint32_t)(b->taus[k] == time) << k;
    else if (f->after[k] != TSN_NEVER) bits |= (uint32_t)(tsn_time_shift(r, b->taus[k], f->after[k]) == time) << k;
  }
  return bits;
}

bool tsn_bunch_due(const tsn_run *r, const tsn_bunch *b, int64_t *due)
{
  const tsn_shape_facts *f = tsn_shapes_facts(r, b->shape);
  bool found = false;
  uint32_t k;
  for (k = 0; k < f->taus && !f->decided; k++) {
    int64_t at;
    if (f->after[k] == TSN_NEVER) continue;
    at = tsn_time_shift(r, b->taus[k], f->after[k]);
    if (!found || at < *due) *due = at;
    found = true;
  }
  return found;
}

/* When the first timer of all bunches completes; false: there is none. */
static bool first_due(const tsn_run *r, const tsn_queue *q, int64_t *due)
{
  bool found = false;
  uint32_t n;
  for (n = 0; n < q->live_count; n++) {
    int64_t at;
    if (!tsn_bunch_due(r, &q->bunches[q->live[n]], &at)) continue;
    if (!found || at < *due) *due = at;
    found = true;
  }
  return found;
}

/* The row at hand is tried as one of this class: guarded labels are what it says. */
static void try_class(tsn_run *r, uint32_t class)
{
  if (!r->guards) return;
  r->by_class = true;
  tsn_shapes_recall(r, class);
}

/* An event with a start of that shape, to see what becomes of it. row: that it counts from. */
static bool try_event(tsn_run *r, uint32_t part, const tsn_event *e, uint32_t class)
{
  uint32_t start;
  bool good, fired = true;
  r->trying = true;
  if (e->kind == EVENT_ROW) try_class(r, class != TSN_NONE ? class : e->detail >> TSN_TAUS);
  start = tsn_shapes_make(r, part, e->shape, e->taus, r->partitions[part].rows - 1, e->time);
  good = start != TSN_NONE;
  if (good && e->kind == EVENT_ROW) good = tsn_paths_step(r, part, start, class, e->time);
  while (good && e->kind == EVENT_FIRE && fired) {
    fired = false;
    good = tsn_paths_fire_due(r, start, e->time, &fired);
  }
  if (good && e->kind == EVENT_END) good = tsn_paths_lose(r, start, e->time);
  if (good && (class == TSN_NONE || e->kind != EVENT_ROW)) good = tsn_shapes_learn_event(r, e, start);
  if (start != TSN_NONE) tsn_start_free(r, start);
  r->trying = r->by_class = false;
  return good;
}

static const tsn_step *fitting(const tsn_step *step) { return step && step->fits ? step : NULL; }

/* The step is NULL where it cannot be known. */
static bool step_of_event(tsn_run *r, uint32_t part, const tsn_bunch *b, uint32_t kind, uint32_t detail, int64_t time, const tsn_step **step)
{
  const tsn_bunch copy = *b;
  const tsn_event e = {.shape = copy.shape, .kind = kind, .detail = detail, .taus = copy.taus, .time = time};
  bool good = tsn_shapes_event(r, copy.shape, kind, detail) || try_event(r, part, &e, TSN_NONE);
  *step = good ? fitting(tsn_shapes_event(r, copy.shape, kind, detail)) : NULL;
  return good;
}

static bool step_of_row(tsn_run *r, uint32_t part, const tsn_bunch *b, uint32_t class, int64_t time, const tsn_step **step)
{
  const tsn_bunch copy = *b;
  const tsn_event e = {.shape = copy.shape, .kind = EVENT_ROW, .taus = copy.taus, .time = time};
  uint32_t now = tsn_bunch_times(r, b, time, false);
  bool good;
  if (now) return step_of_event(r, part, b, EVENT_ROW, class << TSN_TAUS | now, time, step);
  good = tsn_shapes_known(r, copy.shape, class) || try_event(r, part, &e, class);
  *step = good ? fitting(tsn_shapes_known(r, copy.shape, class)) : NULL;
  return good;
}

static bool try_begin(tsn_run *r, uint32_t part, uint32_t class, int64_t time)
{
  uint32_t start;
  bool good;
  r->trying = true;
  try_class(r, class);
  good = tsn_paths_begin(r, part, class, time, &start);
  r->trying = r->by_class = false;
  if (good && start != TSN_NONE) tsn_start_free(r, start);
  return good;
}

static bool step_of_begin(tsn_run *r, uint32_t part, uint32_t class, int64_t time, const tsn_step **step)
{
  bool good = tsn_shapes_known(r, TSN_NONE, class) || try_begin(r, part, class, time);
  *step = good ? fitting(tsn_shapes_known(r, TSN_NONE, class)) : NULL;
  return good;
}

void tsn_queue_unite(tsn_run *r, tsn_partition *p)
{
  tsn_queue *q = &p->queue;
  uint32_t k, n, kept = 0;
  for (k = 0; k < q->live_count; k++) {
    tsn_bunch *b = &q->bunches[q->live[k]];
    if (b->shape == TSN_NONE) continue;
    for (n = 0; n < kept && !same_bunch(r, &q->bunches[q->live[n]], b->shape, b->taus); n++) continue;
    if (n < kept) b->into = q->live[n];
    else q->live[kept++] = q->live[k];
  }
  q->live_count = kept;
  shed_back(r, p);
}

static int64_t end_of(const tsn_run *r, const tsn_partition *p, uint32_t i)
{
  return tsn_time_shift(r, tsn_queued_at(&p->queue, i)->time, r->p->within);
}

/* The i-th start leaves its bunch: its time, or its window, is over. One of the front of which nothing is left goes, else
 * *i moves on. *fits false: what becomes of it cannot be known. */
static bool end_next(tsn_run *r, uint32_t part, uint32_t *i, int64_t time, bool *fits)
{
  tsn_queue *q = &r->partitions[part].queue;
  tsn_bunch after = *bunch_of(q, tsn_queued_at(q, *i));
  const tsn_step *step;
  if (after.shape != TSN_NONE && !tsn_shapes_facts(r, after.shape)->decided) {
    if (!step_of_event(r, part, &after, EVENT_END, 0, time, &step)) return false;
    if (!step) {
      *fits = false;
      return true;
    }
    tsn_bunch_move(step, &after, time);
    if (*i > 0 || after.shape != TSN_NONE) {
      uint32_t bunch = bunch_for(r, &r->partitions[part], after.shape, after.taus);
      if (bunch == TSN_NONE) return false;
      tsn_queued_at(q, *i)->bunch = bunch;
    }
  }
  if (*i == 0 && after.shape == TSN_NONE) pop_front(r, &r->partitions[part]);
  else ++*i;
  return true;
}

bool tsn_queue_end_until(tsn_run *r, uint32_t part, int64_t time, bool then, bool *fits)
{
  uint32_t i = 0;
  if (r->p->within_kind != WITHIN_TIME) return true;
  while (i < r->partitions[part].queue.count && *fits) {
    int64_t end = end_of(r, &r->partitions[part], i);
    if (end > time || (end == time && !then)) break;
    if (!end_next(r, part, &i, time, fits)) return false;
  }
  return true;
}

bool tsn_queue_arm(tsn_run *r, uint32_t part)
{
  tsn_partition *p = &r->partitions[part];
  tsn_queue *q = &p->queue;
  int64_t due, end;
  tsn_phase phase = PHASE_TIMER;
  bool any = first_due(r, q, &due), matched = false;
  size_t k;
  for (k = 0; k < q->live_count && !matched; k++) matched = tsn_shapes_facts(r, q->bunches[q->live[k]].shape)->matched;
  if (matched && r->p->within_kind == WITHIN_TIME && q->count) {
    end = end_of(r, p, 0);
    if (!any || end < due) {
      due = end;
      phase = PHASE_EXPIRE;
    }
    any = true;
  }
  if (!any || (q->armed && (q->due < due || (q->due == due && q->phase <= (uint32_t)phase)))) return true;
  q->due = due;
  q->phase = (uint32_t)phase;
  q->armed = 1;
  return tsn_deadline_push(r, due, phase, OWNER_PARTITION, part, p->generation);
}

uint64_t tsn_queue_labels(const tsn_run *r, const tsn_queue *q)
{
  uint64_t labels = 0;
  size_t k;
  for (k = 0; k < q->live_count; k++) labels |= tsn_shapes_facts(r, q->bunches[q->live[k]].shape)->labels;
  return labels;
}

/* ---- what happens ---- */

/* As in items.c; its match ends no earlier than the row at hand. */
void tsn_queue_skip_inside(tsn_run *r, tsn_partition *p)
{
  if (!r->absorbs) return;
  if (p->rows > p->allowed) p->allowed = p->rows;
  while (p->queue.count > 1) pop_back(r, p);
}

bool tsn_queue_absorb(tsn_run *r, uint32_t part)
{
  tsn_queue *q = &r->partitions[part].queue;
  uint32_t first;
  size_t k;
  if (!q->count) return true;
  first = tsn_queue_first(q);
  if (q->bunches[first].shape == TSN_NONE) return true;
  for (k = 0; k < q->live_count; k++) {
    uint32_t then;
    if (q->live[k] == first) continue;
    if (!tsn_paths_absorb_shape(r, part, q->bunches[first].shape, q->bunches[q->live[k]].shape, &then)) return false;
    q = &r->partitions[part].queue;
    q->bunches[q->live[k]].shape = then;
  }
  tsn_queue_unite(r, &r->partitions[part]);
  return true;
}

/* Makes sure that all that the row does is known; *fits false: it cannot be. */
static bool look_ahead(tsn_run *r, uint32_t part, uint32_t class, int64_t time, bool *fits)
{
  const tsn_step *step;
  size_t k;
  for (k = 0; k < r->partitions[part].queue.live_count && *fits; k++) {
    const tsn_queue *q = &r->partitions[part].queue;
    if (tsn_shapes_facts(r, q->bunches[q->live[k]].shape)->decided) continue;
    if (!step_of_row(r, part, &q->bunches[q->live[k]], class, time, &step)) return false;
    *fits = step != NULL;
  }
  for (k = 0; r->guards && k < r->guards->pass_count && *fits; k++) {
    const tsn_queue *q = &r->partitions[part].queue;
    const tsn_pass *pass = &r->guards->passes[k];
    if (!step_of_row(r, part, bunch_of(q, tsn_queued_at(q, pass->at)), pass->class, time, &step)) return false;
    *fits = step != NULL;
  }
  if (!*fits) return true;
  if (!step_of_begin(r, part, class, time, &step)) return false;
  *fits = step != NULL;
  return true;
}

/* Starts to which the row is more than to the rest leave their bunches, for ones behind those there are: the first of these is *made.
 * of_first: what it does to the first start, if that is one of them. */
static bool move_passes(tsn_run *r, uint32_t part, int64_t time, uint32_t *made, const tsn_step **of_first)
{
  tsn_queue *q = &r->partitions[part].queue;
  const tsn_step *step;
  size_t k;
  *made = q->bunch_count;
  for (k = 0; r->guards && k < r->guards->pass_count; k++) {
    const tsn_pass *pass = &r->guards->passes[k];
    tsn_queued *s = tsn_queued_at(q, pass->at);
    tsn_bunch after = *bunch_of(q, s);
    uint32_t b;
    if (!step_of_row(r, part, &after, pass->class, time, &step)) return false; /* known: it changes nothing here */
    if (pass->at == 0) *of_first = step;
    tsn_bunch_move(step, &after, time);
    for (b = *made; b < q->bunch_count && !(after.shape == TSN_NONE ? q->bunches[b].shape == TSN_NONE : same_bunch(r, &q->bunches[b], after.shape, after.taus));) b++;
    if (b == q->bunch_count && !add_bunch(r, &r->partitions[part], after.shape, after.taus)) return false;
    s->bunch = b;
  }
  return true;
}

static bool move_all(tsn_run *r, uint32_t part, uint32_t class, int64_t time)
{
  tsn_queue *q = &r->partitions[part].queue;
  uint32_t first = q->count ? tsn_queue_first(q) : TSN_NONE, made, b;
  const tsn_step *of_first = NULL, *step;
  size_t k;
  bool moved;
  if (!move_passes(r, part, time, &made, &of_first)) return false;
  if (of_first) first = TSN_NONE;
  moved = made < q->bunch_count;
  for (k = 0; k < q->live_count; k++) {
    tsn_bunch *bunch = &q->bunches[q->live[k]];
    if (tsn_shapes_facts(r, bunch->shape)->decided) continue;
    if (!step_of_row(r, part, bunch, class, time, &step)) return false; /* known: it changes nothing here */
    if (step->still) continue;
    if (q->live[k] == first) of_first = step;
    tsn_bunch_move(step, bunch, time);
    moved = true;
  }
  for (b = made; b < q->bunch_count; b++)
    if (q->bunches[b].shape != TSN_NONE) q->live[q->live_count++] = b;
  if (moved) tsn_queue_unite(r, &r->partitions[part]);
  if (of_first && of_first->matches && of_first->next != TSN_NONE) tsn_queue_skip_inside(r, &r->partitions[part]);
  return true;
}

/* *fits false: the row is a start, but what it gives comparisons cannot be told. */
static bool begin(tsn_run *r, uint32_t part, uint32_t class, int64_t time, bool *fits)
{
  tsn_partition *p = &r->partitions[part];
  const tsn_step *step;
  if (p->rows - 1 < p->allowed) return true;
  if (!step_of_begin(r, part, class, time, &step)) return false;
  if (step->next == TSN_NONE) return true;
  return tsn_queue_push(r, p, step->next, time) && (!r->guards || tsn_guards_begin(r, p, fits));
}

bool tsn_queue_end_rows(tsn_run *r, uint32_t part, int64_t time, bool *fits)
{
  uint32_t i = 0;
  if (r->p->within_kind != WITHIN_ROWS) return true;
  while (i < r->partitions[part].queue.count && *fits) {
    const tsn_partition *p = &r->partitions[part];
    if (p->rows - tsn_queued_at(&p->queue, i)->row < r->p->within) break;
    if (!end_next(r, part, &i, time, fits)) return false;
  }
  return true;
}

/* The row at hand does not fit: it is the first one of the paths tier. */
static bool go_on_as_paths(tsn_run *r, uint32_t part, int64_t time)
{
  bool good;
  r->partitions[part].rows--; /* no start has seen it */
  good = tsn_queues_leave(r, time);
  r->partitions[part].rows++;
  return good && tsn_paths_row(r, part, time);
}

/* Whether nothing of a partition will ever be asked for. */
static bool is_over(const tsn_run *r, const tsn_partition *p, int64_t time)
{
  if (!p->used || p->queue.armed || r->p->window_kind || p->arrived != p->rows) return false;
  return !p->queue.count || (r->p->within_kind == WITHIN_TIME && end_of(r, p, p->queue.count - 1) < time);
}

#define LOOKS_AHEAD 2

/* What the next looks will be at. */
static void fetch_ahead(const tsn_partition *p)
{
  const tsn_partition *next = p + 1;
  __builtin_prefetch(p + LOOKS_AHEAD);
  __builtin_prefetch((const char *)(p + LOOKS_AHEAD) + 64);
  if (next->used && next->queue.count) __builtin_prefetch(&next->queue.starts[0]);
}

/* Two for each partition that was made since, and one for every eighth row. Pieces of windows end by themselves. */
void tsn_queues_look_on(tsn_run *r, int64_t time)
{
  if (!r->p->keys.count || r->p->window_kind) return;
  for (; r->looks >= TSN_LOOK; r->looks -= TSN_LOOK) {
    tsn_partition *p;
    if (++r->next_look >= r->partition_count) r->next_look = 0;
    p = &r->partitions[r->next_look];
    if (r->next_look + LOOKS_AHEAD < r->partition_count) fetch_ahead(p);
    if (!is_over(r, p, time)) continue;
    tsn_changed(r, r->next_look);
    while (p->queue.count) pop_front(r, p);
    tsn_partition_trim(r, r->next_look);
    if (!r->p->keep_idle) tsn_partition_drop(r, r->next_look);
  }
}

bool tsn_queues_row(tsn_run *r, uint32_t part, int64_t time)
{
  uint32_t class;
  bool fits = true;
  if (!tsn_shapes_class(r, &r->partitions[part], &class)) return false;
  if (class == TSN_NONE) fits = false;
  else tsn_kept_row_at(r, &r->partitions[part], r->partitions[part].rows - 1)->class = class;
  if (fits && !tsn_queue_end_until(r, part, time, false, &fits)) return false;
  if (fits && r->guards && !tsn_guards_see(r, part, class, &class, &fits)) return false;
  if (fits && !look_ahead(r, part, class, time, &fits)) return false;
  if (!fits) return go_on_as_paths(r, part, time);
  r->partitions[part].last_time = time;
  if (!move_all(r, part, class, time) || !begin(r, part, class, time, &fits)) return false;
  if (r->absorbs && !tsn_queue_absorb(r, part)) return false;
  if (fits && !tsn_queue_end_rows(r, part, time, &fits)) return false;
  return fits || tsn_queues_leave(r, time);
}

/* Timers that complete at `time`. */
static bool fire(tsn_run *r, uint32_t part, int64_t time, bool *fits)
{
  tsn_queue *q = &r->partitions[part].queue;
  const tsn_step *step;
  bool moved = false;
  size_t k;
  for (k = 0; k < q->live_count && *fits; k++) {
    const tsn_bunch b = q->bunches[q->live[k]];
    uint32_t due = tsn_shapes_facts(r, b.shape)->decided ? 0 : tsn_bunch_times(r, &b, time, true);
    if (!due) continue;
    due = due << TSN_TAUS | tsn_bunch_times(r, &b, time, false);
    if (!step_of_event(r, part, &b, EVENT_FIRE, due, time, &step)) return false;
    q = &r->partitions[part].queue;
    *fits = step != NULL;
    if (!step) break;
    tsn_bunch_move(step, &q->bunches[q->live[k]], time);
    moved = true;
  }
  if (moved) tsn_queue_unite(r, &r->partitions[part]);
  return true;
}

bool tsn_queues_due(tsn_run *r, uint32_t part, const tsn_deadline *d)
{
  tsn_queue *q = &r->partitions[part].queue;
  bool fits = true;
  if (!q->armed || d->time != q->due || d->phase != q->phase) return true; /* another one stands for it now */
  q->armed = 0;
  if (!tsn_queue_end_until(r, part, d->time, d->phase == PHASE_EXPIRE, &fits)) return false;
  if (fits && d->phase == PHASE_TIMER && !fire(r, part, d->time, &fits)) return false;
  return fits || tsn_queues_leave(r, d->time); /* whose deadlines follow */
}

/* Everything that waits in a partition is lost, once timers up to `time` are through. */
static bool end_all(tsn_run *r, uint32_t part, int64_t time, bool *fits)
{
  uint32_t i;
  for (;;) {
    int64_t due;
    if (!first_due(r, &r->partitions[part].queue, &due) || due > time) break;
    if (!tsn_queue_end_until(r, part, due, false, fits) || (*fits && !fire(r, part, due, fits))) return false;
    if (!*fits) return true;
  }
  for (i = 0; i < r->partitions[part].queue.count && *fits;)
    if (!end_next(r, part, &i, time, fits)) return false;
  return true;
}

bool tsn_queues_close(tsn_run *r, uint32_t part, int64_t time)
{
  bool fits = true;
  if (!end_all(r, part, time, &fits)) return false;
  if (!fits) return tsn_queues_leave(r, time) && tsn_paths_close(r, part, time);
  r->partitions[part].closing = 1;
  return true;
}

bool tsn_queues_end(tsn_run *r, uint32_t part)
{
  bool fits = true;
  if (!end_all(r, part, TSN_TIME_MIN, &fits)) return false;
  return fits || (tsn_queues_leave(r, TSN_TIME_MAX) && tsn_paths_end(r, part));
}

/* ---- reports ---- */

/* By a start with items. */
static bool report_items(tsn_run *r, uint32_t part, const tsn_queued *s, int64_t *target)
{
  tsn_queue *q;
  uint32_t start;
  if (!bring_up(r, part, s, r->moment_time, r->moment_of_time, &start)) return false;
  q = &r->partitions[part].queue;
  set_base(r, &r->partitions[part], tsn_queued_at(q, 0), start);
  if (r->starts[start].head == TSN_NONE || tsn_path_at(r, r->starts[start].head)->state != ITEM_MATCH)
    return tsn_run_fail(r, TOCSIN_RUNTIME, "a match was lost: this is a bug of Tocsin");
  if (!tsn_settle_match(r, part, start, target)) return false;
  q = &r->partitions[part].queue;
  set_base(r, &r->partitions[part], tsn_queued_at(q, 0), TSN_NONE);
  return true;
}

/* The first start has succeeded. */
static bool report_first(tsn_run *r, uint32_t part)
{
  const tsn_queued s = *tsn_queued_at(&r->partitions[part].queue, 0);
  int64_t target;
  tsn_queue *q;
  bool done;
  if (!tsn_retrace(r, part, &s, &target, &done) || (!done && !report_items(r, part, &s, &target))) return false;
  q = &r->partitions[part].queue;
  pop_front(r, &r->partitions[part]);
  if (target > r->partitions[part].allowed) r->partitions[part].allowed = target;
  while (q->count && tsn_queued_at(q, 0)->row < target) pop_front(r, &r->partitions[part]);
  return true;
}

bool tsn_queues_settle(tsn_run *r, uint32_t part)
{
  tsn_partition *p = &r->partitions[part];
  while (p->queue.count) {
    const tsn_bunch *b = &p->queue.bunches[tsn_queue_first(&p->queue)];
    if (b->shape == TSN_NONE) pop_front(r, p);
    else if (!tsn_shapes_facts(r, b->shape)->decided) break;
    else if (!report_first(r, part)) return false;
    p = &r->partitions[part];
  }
  p->touched = 0;
  if (p->closing) { /* another one without starts goes when its turn comes to be looked at */
    tsn_partition_drop(r, part);
    return true;
  }
  tsn_partition_trim(r, part);
  if (!r->moment_of_time && !tsn_queue_few_rows(p)) {
    if (!catch_up(r, part, r->moment_time)) return false;
    tsn_partition_trim(r, part);
    p = &r->partitions[part];
  }
  return tsn_queue_arm(r, part);
}
