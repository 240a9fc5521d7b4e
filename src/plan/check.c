/* What follows what: mistakes that show only where the parts of a pattern meet
 * (language page, sections 6.1, 6.3 and 9).
 *
 * All checks walk the automaton without consuming. A walk's state is a node and
 * a few flags; each state is visited once, so that a check is linear. */
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

enum {
  SEEN_ELEMENT = 1, /* an element lies before */
  SEEN_ABSENCE = 2, /* !x was crossed since the last element */
  SEEN_TIMER = 4,   /* at the start: !x{d} was crossed; in a turn: a timer was taken */
  SEEN_PART = 8,    /* at a PERMUTE: a part lies behind; else the way enters it */
  SEEN_STATES = 16
};

typedef struct walk {
  tsn_plan *p;
  uint16_t *visited; /* a bit a flag combination, by node */
  uint32_t *stack, *pushed; /* pushed: all states since the walk began */
  size_t depth, pushes;
} walk;

static bool walk_begin(walk *w, tsn_plan *p)
{
  size_t states = (p->node_count + p->permute_count) * SEEN_PART; /* SEEN_PART itself is only set at a PERMUTE */
  w->p = p;
  w->depth = w->pushes = 0;
  w->visited = tsn_arena_new_array(p->arena, uint16_t, p->node_count + 1);
  w->stack = tsn_arena_new_array(p->arena, uint32_t, states + 1);
  w->pushed = tsn_arena_new_array(p->arena, uint32_t, states + 1);
  return w->visited && w->stack && w->pushed;
}

/* Begins anew in the same memory, at the cost of what was walked. */
static void walk_again(walk *w)
{
  while (w->pushes) w->visited[w->pushed[--w->pushes] / SEEN_STATES] = 0;
  w->depth = 0;
}

static void walk_push(walk *w, uint32_t node, unsigned flags)
{
  if (w->visited[node] >> flags & 1) return;
  w->visited[node] = (uint16_t)(w->visited[node] | 1u << flags);
  w->stack[w->depth++] = w->pushed[w->pushes++] = node * SEEN_STATES + flags;
}

/* Whether a way from a node to another ends a part of a PERMUTE, and does not enter it. */
static bool ends_part(const tsn_plan *p, uint32_t from, uint32_t to) { return p->nodes[from].inside == to; }

static void walk_on(walk *w, uint32_t from, uint32_t to, unsigned flags)
{
  walk_push(w, to, ends_part(w->p, from, to) ? flags | SEEN_PART : flags);
}

/* What can come next in a PERMUTE. Any part can stand first and any last, so that the set of
 * those behind need not be known: an element lies before a part if one lies before them all,
 * or if another part takes a row. */
static void walk_permute(walk *w, uint32_t node, unsigned flags)
{
  const tsn_node_plan *n = &w->p->nodes[node];
  bool behind = flags & SEEN_PART, element = flags & SEEN_ELEMENT;
  uint32_t i;
  flags &= ~(unsigned)SEEN_PART;
  for (i = 0; i < n->rec.b; i++)
    if (!behind || !element || (n->rows & ~((uint64_t)1 << i))) walk_push(w, w->p->targets[n->rec.a + i], flags);
  if (behind && (element || !n->rows)) walk_push(w, n->rec.next, flags);
}

/* Pushes what can be reached from a node that does not consume. */
static void walk_follow(walk *w, uint32_t node, unsigned flags)
{
  const tsn_node_rec *n = &w->p->nodes[node].rec;
  uint32_t i;
  switch (n->kind) {
  case NODE_PERMUTE: walk_permute(w, node, flags); break;
  case NODE_SPLIT:
    for (i = 0; i < n->b; i++) walk_push(w, w->p->targets[n->a + i], flags);
    break;
  case NODE_ENTER:
    walk_push(w, w->p->loops[n->a].body, flags);
    if (w->p->loops[n->a].min == 0) walk_push(w, w->p->loops[n->a].exit, flags);
    break;
  case NODE_TURN:
    walk_push(w, w->p->loops[n->a].body, flags);
    walk_on(w, node, w->p->loops[n->a].exit, flags);
    break;
  case NODE_ABSENCE: walk_on(w, node, n->next, flags | SEEN_ABSENCE); break;
  case NODE_ACCEPT: break;
  default: walk_on(w, node, n->next, flags); break;
  }
}

/* Marks the gaps that an element can precede, and finds ends over absences. */
static void check_ends(tsn_plan *p, bool *preceded)
{
  walk w;
  if (!walk_begin(&w, p)) return;
  walk_push(&w, p->root, 0);
  while (w.depth) {
    uint32_t state = w.stack[--w.depth], node = state / SEEN_STATES;
    unsigned flags = state % SEEN_STATES;
    const tsn_node_rec *n = &p->nodes[node].rec;
    if (n->kind == NODE_ROW) {
      walk_on(&w, node, n->next, SEEN_ELEMENT);
    } else if (n->kind == NODE_TIMER) {
      walk_on(&w, node, n->next, flags & SEEN_ELEMENT ? SEEN_ELEMENT : flags | SEEN_TIMER);
    } else if (n->kind == NODE_ACCEPT) {
      if (!(flags & SEEN_ELEMENT) && (flags & (SEEN_ABSENCE | SEEN_TIMER)))
        tsn_diag_add(p->diag, TSN_E2007, p->q->pattern->at, "an absence speaks of the rows before or after one that is there",
                     "the pattern can be passed over an absence alone, without a row");
      else if ((flags & SEEN_ABSENCE) && p->q->within_kind != WITHIN_TIME && p->q->window_kind == WINDOW_NONE)
        tsn_diag_add(p->diag, TSN_E2006, p->q->pattern->at, "give it a length, !x{10 MINUTES}, or bound the match with WITHIN or a window",
                     "nothing says how long the absence at the end of the pattern lasts");
    } else {
      if (n->kind == NODE_GAP && (flags & SEEN_ELEMENT)) preceded[node] = true;
      walk_follow(&w, node, flags);
    }
  }
}

/* Whether an element, or the end over an absence, can follow a gap. */
static bool can_follow(walk *w, uint32_t gap)
{
  walk_again(w);
  walk_on(w, gap, w->p->nodes[gap].rec.next, 0);
  while (w->depth) {
    uint32_t state = w->stack[--w->depth], node = state / SEEN_STATES;
    unsigned flags = state % SEEN_STATES;
    tsn_node_kind kind = (tsn_node_kind)w->p->nodes[node].rec.kind;
    if (kind == NODE_ROW || kind == NODE_TIMER || (kind == NODE_ACCEPT && (flags & SEEN_ABSENCE))) return true;
    walk_follow(w, node, flags);
  }
  return false;
}

typedef struct gap_place {
  size_t from; /* in the text */
  uint32_t node;
} gap_place;

static int by_place(const void *x, const void *y)
{
  const gap_place *a = x, *b = y;
  if (a->from != b->from) return a->from < b->from ? -1 : 1;
  return (a->node > b->node) - (a->node < b->node);
}

/* A gap inside PERMUTE stands once in the text and once in each order: it is
 * wrong where it is wrong in all of them. */
static void check_gaps(tsn_plan *p, const bool *preceded)
{
  gap_place *gaps = tsn_arena_new_array(p->arena, gap_place, p->node_count + 1);
  size_t count = 0, i, k;
  walk w;
  if (!gaps || !walk_begin(&w, p)) return;
  for (i = 0; i < p->node_count; i++)
    if (p->nodes[i].rec.kind == NODE_GAP) gaps[count++] = (gap_place){.from = p->nodes[i].at.from, .node = (uint32_t)i};
  qsort(gaps, count, sizeof *gaps, by_place);
  for (i = 0; i < count; i = k) {
    const tsn_node_plan *n = &p->nodes[gaps[i].node];
    bool before = false, behind = false;
    for (k = i; k < count && gaps[k].from == gaps[i].from; k++) {
      before = before || preceded[gaps[k].node];
      behind = behind || can_follow(&w, gaps[k].node);
    }
    if (before && behind) continue;
    tsn_diag_add(p->diag, TSN_E2005, n->at, "a gap stands between two elements", "no element can %s this %s",
                 before ? "follow" : "precede", n->rec.flags & NODE_ANY ? "->>" : "->");
  }
}

/* A loop without an upper bound has to consume a row in each turn that takes a timer. */
static void check_turns(tsn_plan *p)
{
  uint32_t *turns = tsn_arena_new_array(p->arena, uint32_t, p->loop_count + 1);
  size_t i;
  walk w;
  if (!turns || !walk_begin(&w, p)) return;
  for (i = 0; i < p->node_count; i++)
    if (p->nodes[i].rec.kind == NODE_TURN) turns[p->nodes[i].rec.a] = (uint32_t)i;
  for (i = 0; i < p->loop_count; i++) {
    uint32_t turn = turns[i];
    if (p->loops[i].max != TSN_UNBOUNDED) continue;
    walk_again(&w);
    walk_push(&w, p->loops[i].body, 0);
    while (w.depth) {
      uint32_t state = w.stack[--w.depth], node = state / SEEN_STATES;
      unsigned flags = state % SEEN_STATES;
      const tsn_node_rec *n = &p->nodes[node].rec;
      if (node == turn) {
        if (flags & SEEN_TIMER)
          tsn_diag_add(p->diag, TSN_E2008, p->nodes[turn].at, "bound it, as in {1,3}, or let it take a row",
                       "a turn of this loop can pass in time alone, without a row");
      } else if (n->kind == NODE_TIMER) {
        walk_on(&w, node, n->next, flags | SEEN_TIMER);
      } else if (n->kind != NODE_ROW && n->kind != NODE_ACCEPT) {
        walk_follow(&w, node, flags);
      }
    }
  }
}

static bool is_number(const tsn_bx *x, const void *nothing)
{
  (void)nothing;
  return x->kind == BX_MATCH;
}

/* Absences at the start are tested on their own row: no other is mapped yet. */
static void check_start(tsn_plan *p)
{
  walk w;
  if (!walk_begin(&w, p)) return;
  walk_push(&w, p->root, 0);
  while (w.depth) {
    uint32_t state = w.stack[--w.depth], node = state / SEEN_STATES;
    unsigned flags = state % SEEN_STATES & SEEN_PART;
    const tsn_node_rec *n = &p->nodes[node].rec;
    const tsn_bpat *timer = n->kind == NODE_TIMER ? p->timers[n->a] : NULL;
    unsigned i;
    for (i = 0; timer && i < timer->label_count; i++) {
      if (tsn_bx_any(p->q->labels[timer->labels[i]].condition, is_number, NULL))
        tsn_diag_add(p->diag, TSN_E2009, p->nodes[node].at, "give the absence a label of its own",
                     "rows before the first one belong to no match: %s may not read MATCH_NUMBER() here",
                     p->q->labels[timer->labels[i]].name);
      if (!p->label_local[timer->labels[i]])
        tsn_diag_add(p->diag, TSN_W0004, p->nodes[node].at, NULL,
                     "before the first row, what %s reads of other rows is NULL", p->q->labels[timer->labels[i]].name);
    }
    if (timer && timer->duration_expr)
      tsn_diag_add(p->diag, TSN_E2009, p->nodes[node].at, "a constant or a parameter",
                   "no row lies before this absence: its length cannot be computed");
    if (n->kind == NODE_ABSENCE && !p->label_local[n->a])
      tsn_diag_add(p->diag, TSN_W0004, p->nodes[node].at, NULL,
                   "before the first row, what %s reads of other rows is NULL", p->q->labels[n->a].name);
    if (n->kind == NODE_TIMER) walk_on(&w, node, n->next, 0);
    else if (n->kind != NODE_ROW && n->kind != NODE_ACCEPT && n->kind != NODE_LAST) walk_follow(&w, node, flags); /* a row is there: no $ */
  }
}

static void check_timeouts(tsn_plan *p)
{
  bool timed = p->q->within_kind != WITHIN_NONE || p->q->window_kind != WINDOW_NONE;
  size_t i;
  for (i = 0; i < p->node_count && !timed; i++) timed = p->nodes[i].rec.kind == NODE_GAP && (p->nodes[i].rec.flags & NODE_HAS_HI);
  if (p->q->timeouts && !timed)
    tsn_diag_add(p->diag, TSN_W0003, p->q->pattern->at, "WITHIN or an upper bound of a gap ends a wait", "nothing can time out here");
}

void tsn_plan_check(tsn_plan *p)
{
  bool *preceded = tsn_arena_new_array(p->arena, bool, p->node_count + 1);
  if (!preceded) return;
  check_ends(p, preceded);
  check_gaps(p, preceded);
  check_turns(p);
  check_start(p);
  check_timeouts(p);
  if (tsn_diag_ok(p->diag)) tsn_plan_waits(p);
}

#define AMBIGUOUS_STEPS_MAX 100000u

#define BEHIND_PART ((uint32_t)1 << 31) /* of a way to a PERMUTE, one of whose parts it ends */

static uint32_t way_to(const tsn_plan *p, uint32_t from, uint32_t to) { return ends_part(p, from, to) ? to | BEHIND_PART : to; }

/* Counts the ways without consuming from a node: two to rows of one label, two
 * timers, or two ends, and the rows no longer tell the derivation. */
static bool ambiguous_from(const tsn_plan *p, uint32_t from, bool at_start, uint8_t *labels, uint32_t *stack, size_t cap, size_t *budget)
{
  size_t depth = 0, timers = 0, ends = 0, absences = 0;
  memset(labels, 0, p->q->label_count);
  stack[depth++] = from;
  while (depth) {
    bool behind = stack[depth - 1] & BEHIND_PART;
    uint32_t node = stack[--depth] & ~BEHIND_PART, i;
    const tsn_node_rec *n = &p->nodes[node].rec;
    if ((*budget)-- == 0) return true;
    if (depth + n->b + 2 > cap) return true;
    switch (n->kind) {
    case NODE_ROW:
      if (labels[n->a]++) return true;
      break;
    case NODE_ABSENCE:
      absences++;
      stack[depth++] = way_to(p, node, n->next);
      break;
    case NODE_TIMER:
      if (at_start) stack[depth++] = way_to(p, node, n->next); /* no element there, but a condition */
      else if (timers++) return true;
      break;
    case NODE_ACCEPT:
      if (ends++) return true;
      break;
    case NODE_SPLIT:
      for (i = n->b; i > 0; i--) stack[depth++] = p->targets[n->a + i - 1];
      break;
    case NODE_ENTER:
      if (p->loops[n->a].nullable) return true;
      stack[depth++] = p->loops[n->a].body;
      if (p->loops[n->a].min == 0) stack[depth++] = p->loops[n->a].exit;
      break;
    case NODE_TURN:
      if (p->loops[n->a].nullable) return true;
      stack[depth++] = p->loops[n->a].body;
      stack[depth++] = way_to(p, node, p->loops[n->a].exit);
      break;
    case NODE_PERMUTE: /* behind a part: its exit; the missing parts met in the junction that enters it */
      if (behind && at_start) return true;
      for (i = behind ? 0 : n->b; i > 0; i--) stack[depth++] = p->targets[n->a + i - 1];
      if (behind) stack[depth++] = n->next;
      break;
    default: stack[depth++] = way_to(p, node, n->next); break;
    }
  }
  return timers && ends && absences; /* an end over an absence is a timer too */
}

bool tsn_plan_is_ambiguous(const tsn_plan *p)
{
  size_t cap = p->node_count * 2 + p->target_count + 16, budget = AMBIGUOUS_STEPS_MAX, i;
  uint8_t *labels = tsn_arena_new_array(p->arena, uint8_t, p->q->label_count + 1);
  uint32_t *stack = tsn_arena_new_array(p->arena, uint32_t, cap);
  if (!labels || !stack) return true;
  if (ambiguous_from(p, p->root, true, labels, stack, cap, &budget)) return true;
  for (i = 0; i < p->node_count; i++) {
    tsn_node_kind kind = (tsn_node_kind)p->nodes[i].rec.kind;
    if ((kind == NODE_ROW || kind == NODE_TIMER) && ambiguous_from(p, way_to(p, (uint32_t)i, p->nodes[i].rec.next), false, labels, stack, cap, &budget)) return true;
  }
  return false;
}
