/* What may wait, and what waits behind it: warnings (language page, sections 6 to 9).
 *
 *   W0001  an edge over a gap that nothing ends
 *   W0007  rows that wait for later rows of their partition: NEXT and $
 *   W0008  rows that wait for the end of their session
 *   W0009  a match that the next row of its partition decides
 *
 * A junction is walked as at run time, in the order of preference, but once for all
 * counts of its loops, and behind a part of a PERMUTE once for each part that may be
 * the only one missing, and once where none is. What stands behind an accept is cut off where a start has one
 * match. The last two and W0007 are about live streams: where the input is bounded,
 * its end decides. */
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

#define STEPS_MAX 4000000u /* of all walks of a pattern */
#define NAMES_MAX 3u       /* labels named in one warning */

typedef enum gap_kind { GAP_NONE, GAP_BOUND, GAP_OPEN, GAP_KINDS } gap_kind;
enum { STATES = GAP_KINDS * 2 }; /* of a node: the gap crossed on the way to it, and whether it is a `->>` */

/* A way through a junction, so far. */
typedef struct way {
  uint32_t node, gap; /* gap: the one crossed last; TSN_NONE */
  gap_kind kind;
  bool any;
  uint64_t absences; /* crossed; by label, modulo 64: two labels taken for one cost a warning, no more */
} way;

/* What is known of all ways to a state of a node. */
typedef struct place {
  uint64_t absences; /* that each of them crosses */
  uint32_t gap;      /* of the first */
  bool seen;
} place;

typedef struct list { /* of places */
  size_t *items, count, cap;
} list;

typedef struct waited {
  size_t from; /* the gap's place in the text */
  uint32_t node, labels[NAMES_MAX];
  unsigned count; /* of labels; NAMES_MAX + 1: more */
} waited;

typedef struct waits {
  tsn_plan *p;
  bool one_match, at_end; /* at_end: only what can stand beside an accept */
  place *places;          /* node * STATES + state */
  list touched, edges, timers;
  way *stack;
  size_t depth, cap;
  uint32_t inside, on; /* the PERMUTE in which the element before lies, and where it leads behind that part; TSN_NONE */
  bool went_on;        /* it led there */
  size_t accept; /* edges preferred to the first accept; SIZE_MAX: there is none */
  size_t steps;
  waited *gaps; /* by node */
} waits;

static size_t place_of(const way *w) { return (size_t)w->node * STATES + (size_t)w->kind * 2 + w->any; }

static bool make_room(tsn_arena *arena, void **items, size_t count, size_t *cap, size_t size)
{
  size_t more = *cap ? *cap * 2 : 64;
  void *grown;
  if (count < *cap) return true;
  grown = tsn_arena_array(arena, more, size);
  if (!grown) return false;
  if (count) memcpy(grown, *items, count * size);
  *items = grown;
  *cap = more;
  return true;
}

static void put(waits *w, list *l, size_t at)
{
  if (make_room(w->p->arena, (void **)&l->items, l->count, &l->cap, sizeof *l->items)) l->items[l->count++] = at;
}

static void push(waits *w, way x, uint32_t node)
{
  if (!make_room(w->p->arena, (void **)&w->stack, w->depth, &w->cap, sizeof *w->stack)) return;
  if (node == w->inside && w->p->nodes[x.node].inside == node) {
    w->went_on = true;
    node = w->on;
  }
  x.node = node;
  w->stack[w->depth++] = x;
}

static bool is_exact(const tsn_loop_rec *loop) { return loop->max != TSN_UNBOUNDED && loop->min >= loop->max; }

/* Pushed in the reverse of their order, as the last one is taken first. */
static void push_turn(waits *w, way x, const tsn_loop_rec *loop)
{
  bool exact = is_exact(loop);
  if (exact && w->at_end) {
    push(w, x, loop->exit);
  } else if (loop->greedy || exact) {
    push(w, x, loop->exit);
    push(w, x, loop->body);
  } else {
    push(w, x, loop->body);
    push(w, x, loop->exit);
  }
}

static void push_enter(waits *w, way x, const tsn_loop_rec *loop)
{
  if (loop->min == 0 && loop->greedy) push(w, x, loop->exit);
  push(w, x, loop->body);
  if (loop->min == 0 && !loop->greedy) push(w, x, loop->exit);
}

static way over_gap(way x, const tsn_node_rec *n)
{
  x.gap = x.node;
  x.any = x.any || (n->flags & NODE_ANY);
  if (x.kind != GAP_BOUND) x.kind = n->flags & NODE_HAS_HI ? GAP_BOUND : GAP_OPEN;
  return x;
}

/* Whether a way brings anything new to its place: fewer absences than those before. */
static bool arrive(waits *w, way *x)
{
  place *at = &w->places[place_of(x)];
  if (at->seen && (at->absences & ~x->absences) == 0) return false;
  if (at->seen) {
    x->absences &= at->absences;
  } else {
    const tsn_node_rec *n = &w->p->nodes[x->node].rec;
    at->gap = x->gap;
    put(w, &w->touched, place_of(x));
    if (n->kind == NODE_ROW) put(w, &w->edges, place_of(x));
    if (n->kind == NODE_TIMER) put(w, &w->timers, place_of(x));
  }
  at->seen = true;
  at->absences = x->absences;
  return true;
}

static void step(waits *w, way x)
{
  const tsn_node_rec *n = &w->p->nodes[x.node].rec;
  uint32_t i;
  if (n->kind == NODE_ACCEPT && !x.absences && w->accept == SIZE_MAX) /* over an absence it is a timer */
    w->accept = w->edges.count;
  if (n->kind == NODE_ACCEPT || !arrive(w, &x)) return;
  switch (n->kind) {
  case NODE_GAP: push(w, over_gap(x, n), n->next); break;
  case NODE_ABSENCE:
    x.absences |= (uint64_t)1 << (n->a % 64);
    push(w, x, n->next);
    break;
  case NODE_SPLIT:
  case NODE_PERMUTE:
    for (i = n->b; i > 0; i--) push(w, x, w->p->targets[n->a + i - 1]);
    break;
  case NODE_ENTER: push_enter(w, x, &w->p->loops[n->a]); break;
  case NODE_TURN: push_turn(w, x, &w->p->loops[n->a]); break;
  default: break; /* elements; and behind one ^ does not hold, while $ is decided by the next row, and told apart */
  }
}

static bool walk(waits *w, uint32_t element, bool at_end)
{
  while (w->touched.count) w->places[w->touched.items[--w->touched.count]] = (place){.seen = false};
  w->edges.count = w->timers.count = w->depth = 0;
  w->accept = SIZE_MAX;
  w->at_end = at_end;
  push(w, (way){.node = element, .gap = TSN_NONE}, w->p->nodes[element].rec.next);
  while (w->depth && !(w->one_match && w->accept != SIZE_MAX)) {
    if (++w->steps > STEPS_MAX) return false;
    step(w, w->stack[--w->depth]);
  }
  return true;
}

static gap_kind kind_of(size_t at) { return (gap_kind)(at % STATES / 2); }
static const tsn_node_plan *node_of(const waits *w, size_t at) { return &w->p->nodes[at / STATES]; }

static uint64_t killers(const waits *w, size_t timer)
{
  const tsn_bpat *t = w->p->timers[node_of(w, timer)->rec.a];
  uint64_t labels = w->places[timer].absences;
  unsigned i;
  for (i = 0; i < t->label_count; i++) labels |= (uint64_t)1 << (t->labels[i] % 64);
  return labels;
}

/* A timer of the junction that completes ends the waiting edges but `->>`; not so
 * where a row that kills it leaves the edge alive. */
static bool ended_by_timer(const waits *w, size_t edge)
{
  size_t i;
  if (edge % 2) return false; /* `->>` */
  for (i = 0; i < w->timers.count; i++)
    if (!(killers(w, w->timers.items[i]) & ~w->places[edge].absences)) return true;
  return false;
}

static void add_label(waited *gap, uint32_t label)
{
  unsigned i;
  for (i = 0; i < gap->count && i < NAMES_MAX; i++)
    if (gap->labels[i] == label) return;
  if (gap->count < NAMES_MAX) gap->labels[gap->count] = label;
  if (gap->count <= NAMES_MAX) gap->count++;
}

static void look_at_gaps(waits *w)
{
  size_t i;
  for (i = 0; i < w->edges.count; i++) {
    size_t edge = w->edges.items[i];
    if (kind_of(edge) == GAP_OPEN && !ended_by_timer(w, edge))
      add_label(&w->gaps[w->places[edge].gap], node_of(w, edge)->rec.a);
  }
}

static const char *of_partition(const tsn_plan *p) { return p->q->key_count ? " of its partition" : ""; }

/* Edges that are preferred to an accept hold the match back. */
static void look_at_end(waits *w)
{
  const tsn_bound *q = w->p->q;
  size_t i;
  for (i = 0; w->accept != SIZE_MAX && i < w->accept; i++) {
    size_t edge = w->edges.items[i];
    bool strict = kind_of(edge) == GAP_NONE, by_row = strict || (kind_of(edge) == GAP_OPEN && q->within_kind == WITHIN_ROWS);
    if (by_row && !ended_by_timer(w, edge))
      tsn_diag_add(w->p->diag, TSN_W0009, node_of(w, edge)->at,
                   "WITHIN 1 HOUR ends the wait; a reluctant quantifier, as in a+?, takes no more rows than it must",
                   "%s may still come: a match waits for %s%s", q->labels[node_of(w, edge)->rec.a].name,
                   strict ? "the next row" : "later rows", of_partition(w->p));
  }
}

/* "A", "A or B", "A, B or C", "A, B, C ..." */
static const char *names(const tsn_plan *p, const waited *gap)
{
  const char *text = p->q->labels[gap->labels[0]].name;
  unsigned i;
  for (i = 1; i < gap->count && i < NAMES_MAX && text; i++)
    text = tsn_arena_printf(p->arena, i + 1 < gap->count ? "%s, %s" : "%s or %s", text, p->q->labels[gap->labels[i]].name);
  return gap->count > NAMES_MAX && text ? tsn_arena_printf(p->arena, "%s ...", text) : text;
}

static int by_place(const void *x, const void *y)
{
  const waited *a = x, *b = y;
  if (a->from != b->from) return a->from < b->from ? -1 : 1;
  return (a->node > b->node) - (a->node < b->node);
}

/* A gap inside PERMUTE stands once in the text and once in each order. */
static size_t merge_gaps(waits *w)
{
  size_t count = 0, kept = 0, i;
  unsigned k;
  for (i = 0; i < w->p->node_count; i++) {
    if (!w->gaps[i].count) continue;
    w->gaps[i].from = w->p->nodes[i].at.from;
    w->gaps[i].node = (uint32_t)i;
    w->gaps[count++] = w->gaps[i];
  }
  qsort(w->gaps, count, sizeof *w->gaps, by_place);
  for (i = 0; i < count; i++) {
    if (kept && w->gaps[kept - 1].from == w->gaps[i].from)
      for (k = 0; k < w->gaps[i].count && k < NAMES_MAX; k++) add_label(&w->gaps[kept - 1], w->gaps[i].labels[k]);
    else
      w->gaps[kept++] = w->gaps[i];
  }
  return kept;
}

static void tell_gaps(waits *w)
{
  const tsn_bound *q = w->p->q;
  bool held = q->skip_kind != MATCH_SKIP_NONE;
  size_t count = merge_gaps(w), i;
  for (i = 0; i < count; i++) {
    const char *text = names(w->p, &w->gaps[i]);
    if (text)
      tsn_diag_add(w->p->diag, TSN_W0001, w->p->nodes[w->gaps[i].node].at,
                   "WITHIN 1 HOUR bounds the whole match, ->{,1 HOUR} this gap", "nothing ends the wait for %s%s%s%s%s", text,
                   held ? ", and later matches" : "", held && q->empty_kind == MATCH_UNMATCHED ? " and unmatched rows" : "",
                   held ? of_partition(w->p) : "", held ? " wait behind it" : "");
  }
}

static bool begin(waits *w, tsn_plan *p)
{
  *w = (waits){.p = p, .inside = TSN_NONE, .one_match = p->q->skip_kind != MATCH_SKIP_NONE};
  w->places = tsn_arena_new_array(p->arena, place, (p->node_count + 1) * STATES);
  w->gaps = tsn_arena_new_array(p->arena, waited, p->node_count + 1);
  return w->places && w->gaps;
}

/* false: this is too much. */
static bool look_behind(waits *w, uint32_t element, bool gaps, bool ends)
{
  if (gaps) {
    if (!walk(w, element, false)) return false;
    look_at_gaps(w);
  }
  if (ends) {
    if (!walk(w, element, true)) return false;
    look_at_end(w);
  }
  return true;
}

/* The junctions behind an element of a part: with each other part as the only one missing, and with none. */
static bool look_behind_part(waits *w, uint32_t element, bool gaps, bool ends)
{
  const tsn_node_plan *n = &w->p->nodes[element];
  const tsn_node_rec *permute = &w->p->nodes[n->inside].rec;
  uint32_t i;
  w->inside = n->inside;
  w->went_on = true;
  for (i = 0; i <= permute->b && w->went_on; i++) {
    bool last = i == permute->b;
    if (i == n->part) continue;
    w->on = last ? permute->next : w->p->targets[permute->a + i];
    w->went_on = false;
    if (!look_behind(w, element, gaps, ends && last)) return false;
  }
  w->inside = TSN_NONE;
  return true;
}

/* The junctions behind all elements; those of elements with the same way on are one. */
static void look_at_junctions(tsn_plan *p)
{
  bool gaps = p->q->within_kind == WITHIN_NONE && p->q->window_kind == WINDOW_NONE;
  bool ends = p->q->skip_kind != MATCH_SKIP_NONE && p->q->within_kind != WITHIN_TIME && p->q->window_kind == WINDOW_NONE &&
              !p->q->bounded;
  bool *done = tsn_arena_new_array(p->arena, bool, p->node_count + 1), good = true;
  uint32_t i;
  waits w;
  if ((!gaps && !ends) || !done || !begin(&w, p)) return;
  for (i = 0; i < p->node_count && good; i++) {
    const tsn_node_plan *n = &p->nodes[i];
    if ((n->rec.kind != NODE_ROW && n->rec.kind != NODE_TIMER) || (n->inside == TSN_NONE && done[n->rec.next])) continue;
    if (n->inside == TSN_NONE) done[n->rec.next] = true;
    good = n->inside == TSN_NONE ? look_behind(&w, i, gaps, ends) : look_behind_part(&w, i, gaps, ends);
  }
  if (!good)
    tsn_diag_add(p->diag, TSN_W0001, p->q->pattern->at, NULL,
                 "the pattern is too large to say of every element whether it waits");
  tell_gaps(&w);
}

/* ---- rows that wait before they are matched: run/ahead.c ---- */

static const char *held(const tsn_plan *p) { return p->q->key_count ? ", and the rows of all partitions wait behind it" : ""; }

static void look_at_next(const tsn_plan *p, const tsn_bx *x)
{
  const tsn_bx *arg;
  if (!x) return;
  if (x->kind == BX_NAV && x->nav->physical > 0)
    tsn_diag_add(p->diag, TSN_W0007, x->at,
                 "SESSION or TUMBLE in PARTITION BY bounds the wait; a further label in PATTERN sees the next row as it comes",
                 x->nav->physical == 1 ? "NEXT reads ahead: a row waits until %lld more row%s has come%s"
                                       : "NEXT reads ahead: a row waits until %lld more rows%s have come%s",
                 (long long)x->nav->physical, of_partition(p), held(p));
  for (arg = x->args; arg; arg = arg->next) look_at_next(p, arg);
  look_at_next(p, x->otherwise);
}

static void look_at_rows_behind(const tsn_plan *p)
{
  const tsn_bound *q = p->q;
  size_t i;
  for (i = 0; i < q->label_count; i++) look_at_next(p, q->labels[i].condition);
  for (i = 0; i < p->timer_count; i++) look_at_next(p, p->timers[i]->duration_expr);
  for (i = 0; i < q->inner_count; i++) look_at_next(p, q->inner[i].value);
  for (i = 0; i < p->node_count; i++)
    if (p->nodes[i].rec.kind == NODE_LAST)
      tsn_diag_add(p->diag, TSN_W0007, p->nodes[i].at, "SESSION or TUMBLE in PARTITION BY ends a partition before the input ends",
                   "whether $ holds is known when the next row%s has come, or the input is over: a row waits for that%s",
                   of_partition(p), held(p));
}

static const tsn_bx *find_window_end(const tsn_bx *x)
{
  const tsn_bx *arg, *found = NULL;
  if (!x) return NULL;
  if (x->kind == BX_MATCH && x->index == (uint32_t)MATCH_VALUE_WINDOW_END) return x;
  for (arg = x->args; arg && !found; arg = arg->next) found = find_window_end(arg);
  return found ? found : find_window_end(x->otherwise);
}

static void look_at_sessions(const tsn_plan *p)
{
  size_t i;
  for (i = 0; i < p->q->inner_count; i++) {
    const tsn_bx *x = find_window_end(p->q->inner[i].value);
    if (x)
      tsn_diag_add(p->diag, TSN_W0008, x->at, "MATCH_END() is known with the match; a TUMBLE ends when it is known to end",
                   "where a SESSION ends is known when it is over: its rows wait for that%s", held(p));
  }
}

void tsn_plan_waits(tsn_plan *p)
{
  look_at_junctions(p);
  if (p->q->bounded || p->q->sorts_all) return; /* sorted: nothing is matched before the input is over */
  if (p->q->window_kind == WINDOW_NONE) look_at_rows_behind(p);
  if (p->q->window_kind == WINDOW_SESSION) look_at_sessions(p);
}
