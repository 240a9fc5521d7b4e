/* Junctions: everything in the pattern that can be reached behind an element
 * without consuming (language page, section 6.1), as an ordered list of edges.
 *
 *   after a in (a -> (b | !c d))*      edges, most preferred first
 *     b      next
 *     d      next, dead at the first c
 *     a      strict ...                segments end where the pattern accepts
 *
 * Built when a path first needs it, by a depth-first walk over the automaton in
 * the order of the pattern, and remembered. A counted quantifier does not
 * multiply junctions: what matters of a counter is whether one more turn is
 * allowed and whether the minimum is met then, so that the key holds that class,
 * and the edges say how the counter changes. Only where a turn can pass empty
 * before the minimum is met, the exact count is part of the key.
 *
 * Of a PERMUTE the key holds no more than whether the set of parts begun is empty,
 * all, or neither. It is entered as a choice is: one junction, in order of time.
 * Behind a part the sequence decides, whatever its rows: there each other part is
 * a segment of its own, as far as it does not take the next row or none. A path
 * lacks the edges to parts that it has begun.
 *
 * Empty turns follow ISO (and Perl): taken, what it crossed is crossed, and where
 * the minimum is met with it, it ends its loop. */
#include <string.h>

#include "run/run.h"

#define WALK_MAX 200000u /* steps of one walk */
#define WALKED_MAX ((uint64_t)512 << 20) /* bytes of ways, in all walks of a pattern */
#define JUNCTIONS_MAX ((size_t)1 << 22)
#define NONE (UINT32_MAX - 1) /* accepts behind a way that was walked: below these their number before it */
#define SOME UINT32_MAX

/* One way from the element: where it is, and what it has crossed. Behind it lie
 * the words of three sets - labels of absences, loops with a fresh turn, at the
 * start timers that are conditions - and the counters, each with its absolute. */
typedef struct way {
  uint32_t node;
  uint8_t kind, flags, ended;
  uint8_t done; /* no way: all behind the way seen as number `node` was walked */
  uint32_t part; /* of a PERMUTE that goes on with it, from 1 */
  uint32_t unused;
  int64_t lo, hi;
} way;

typedef struct walk {
  tsn_run *r;
  bool at_start, first;
  bool last; /* no row will come behind the current one */
  const uint32_t *counters;
  size_t label_words, loop_words, timer_words, stride;
  char *ways; /* stack */
  size_t depth, cap;
  way *spare;
  char *seen_ways;
  uint32_t *seen_accepts; /* accepts before what is behind it was walked; then, whether there was one: NONE or SOME */
  size_t seen_count, seen_cap, accepts_cap;
  tsn_map seen;
  uint32_t accepts; /* so far, with those that stand where a way is met again */
  uint32_t steps;
  uint32_t junction, segment_from; /* edges of the segment at hand start here */
  uint32_t permute;     /* node: the one that goes on behind the element, or TSN_NONE */
  uint32_t segment_part; /* part of it that the last edge leads to, from 1 */
  tsn_edge_kind segment_kind; /* of that edge */
  bool failed;
} walk;

static uint64_t *way_absences(way *w) { return (uint64_t *)(void *)(w + 1); }
static uint64_t *way_fresh(const walk *k, way *w) { return way_absences(w) + k->label_words; }
static uint64_t *way_quiet(const walk *k, way *w) { return way_fresh(k, w) + k->loop_words; }
static uint32_t *way_counters(const walk *k, way *w) { return (uint32_t *)(void *)(way_quiet(k, w) + k->timer_words); }
static uint32_t *way_absolute(const walk *k, way *w) { return way_counters(k, w) + k->r->p->counters; }

static bool get(const uint64_t *bits, uint32_t i) { return bits[i / 64] >> (i % 64) & 1; }
static void set(uint64_t *bits, uint32_t i) { bits[i / 64] |= (uint64_t)1 << (i % 64); }
static void unset(uint64_t *bits, uint32_t i) { bits[i / 64] &= ~((uint64_t)1 << (i % 64)); }

static void fail(walk *k) { k->failed = true; }

/* w lies outside the stack. */
static void push(walk *k, const way *w, uint32_t node)
{
  way *to;
  if (!tsn_run_room(k->r, (void **)&k->ways, &k->cap, k->depth + 1, k->stride)) {
    fail(k);
    return;
  }
  to = (way *)(void *)(k->ways + k->depth++ * k->stride);
  memcpy(to, w, k->stride);
  to->node = node;
}

/* Whether the same way was already walked, by a more preferred route; its number. */
static bool seen_as(walk *k, const way *w, uint32_t *id)
{
  uint64_t hash = tsn_hash_bytes(w, k->stride, 0);
  size_t at;
  for (at = tsn_map_first(&k->seen, hash); (*id = tsn_map_at(&k->seen, at)) != TSN_NONE; at = tsn_map_next(&k->seen, hash, at))
    if (!memcmp(k->seen_ways + *id * k->stride, w, k->stride)) return true;
  *id = (uint32_t)k->seen_count;
  if (!tsn_run_room(k->r, (void **)&k->seen_ways, &k->seen_cap, k->seen_count + 1, k->stride) ||
      !tsn_run_room(k->r, (void **)&k->seen_accepts, &k->accepts_cap, k->seen_count + 1, sizeof *k->seen_accepts)) {
    fail(k);
    return true;
  }
  memcpy(k->seen_ways + k->seen_count * k->stride, w, k->stride);
  k->seen_accepts[k->seen_count] = k->accepts;
  if (!tsn_map_add(&k->seen, hash, (uint32_t)k->seen_count++)) {
    tsn_run_nomem(k->r);
    fail(k);
    return true;
  }
  return false;
}

static bool seen(walk *k, const way *w)
{
  uint32_t id;
  return seen_as(k, w, &id);
}

/* ---- results ---- */

static bool add_absence(walk *k, uint32_t label)
{
  tsn_junctions *j = &k->r->junctions;
  if (!tsn_run_room(k->r, (void **)&j->absences, &j->absence_cap, j->absence_count + 1, sizeof *j->absences)) return false;
  j->absences[j->absence_count++] = label;
  return true;
}

/* A !x{d} before the first element: a condition on the row that the edge takes. */
static bool add_quiet(walk *k, const tsn_timer_rec *t)
{
  tsn_run *r = k->r;
  tsn_junctions *j = &r->junctions;
  const tsn_range *wanted = &r->p->start_absences;
  uint32_t i, q;
  for (i = 0; i < t->labels.count; i++) {
    uint32_t label = r->program->indices[t->labels.first + i];
    for (q = 0; q < wanted->count && r->program->indices[wanted->first + q] != label; q++) continue;
    if (!tsn_run_room(r, (void **)&j->quiets, &j->quiet_cap, j->quiet_count + 1, sizeof *j->quiets)) return false;
    j->quiets[j->quiet_count++] = (tsn_start_absence){.index = q, .duration = t->duration};
  }
  return true;
}

static void end_segment(walk *k, bool accept)
{
  tsn_junctions *j = &k->r->junctions;
  k->accepts += accept;
  if (!accept && j->edge_count == k->segment_from) return;
  if (!tsn_run_room(k->r, (void **)&j->segments, &j->segment_cap, j->segment_count + 1, sizeof *j->segments)) {
    fail(k);
    return;
  }
  j->segments[j->segment_count++] = (tsn_segment){
      .edge_first = k->segment_from, .edge_count = (uint32_t)j->edge_count - k->segment_from, .accept = accept};
  j->all[k->junction].segment_count++;
  k->segment_from = (uint32_t)j->edge_count;
}

/* The sequence decides between parts: at one row that is the order of the edges, else segments keep it. */
static void part_segment(walk *k, const way *w, tsn_edge_kind kind)
{
  bool one_row = kind == EDGE_STRICT && k->segment_kind == EDGE_STRICT && w->part && k->segment_part;
  if (w->part != k->segment_part && !one_row) end_segment(k, false);
  k->segment_part = w->part;
  k->segment_kind = kind;
}

static tsn_edge *add_edge(walk *k, way *w, tsn_edge_kind kind)
{
  tsn_run *r = k->r;
  tsn_junctions *j = &r->junctions;
  tsn_edge *e;
  uint32_t i;
  part_segment(k, w, kind);
  if (!tsn_run_room(r, (void **)&j->edges, &j->edge_cap, j->edge_count + 1, sizeof *j->edges)) {
    fail(k);
    return NULL;
  }
  e = &j->edges[j->edge_count++];
  memset(e, 0, sizeof *e);
  e->kind = (uint8_t)kind;
  e->flags = (uint8_t)((w->flags & (EDGE_HAS_LO | EDGE_HAS_HI)) | (w->ended ? EDGE_ENDED : 0));
  e->node = w->node;
  e->lo = w->lo;
  e->hi = w->hi;
  if (w->part) {
    e->slot = r->nodes[k->permute].c + (w->part - 1) / 32;
    e->bit = (uint32_t)1 << (w->part - 1) % 32;
  }
  e->absence_first = (uint32_t)j->absence_count;
  for (i = 0; i < r->p->labels.count; i++)
    if (get(way_absences(w), i) && !add_absence(k, i)) {
      fail(k);
      return NULL;
    }
  e->absence_count = (uint32_t)j->absence_count - e->absence_first;
  e->counter_first = (uint32_t)j->counter_count;
  for (i = 0; i < r->p->counters; i++) {
    uint32_t now = way_counters(k, w)[i], then = k->counters ? k->counters[i] : 0;
    bool absolute = way_absolute(k, w)[i] != 0;
    if (absolute ? false : now == then) continue;
    if (!tsn_run_room(r, (void **)&j->counters, &j->counter_cap, j->counter_count + 1, sizeof *j->counters)) {
      fail(k);
      return NULL;
    }
    j->counters[j->counter_count++] =
        (tsn_counter_op){.slot = i, .relative = !absolute, .value = absolute ? now : now - then};
  }
  e->counter_count = (uint32_t)j->counter_count - e->counter_first;
  e->quiet_first = (uint32_t)j->quiet_count;
  for (i = 0; i < 64 * k->timer_words; i++)
    if (get(way_quiet(k, w), i) && !add_quiet(k, &r->timers[i])) {
      fail(k);
      return NULL;
    }
  e->quiet_count = (uint32_t)j->quiet_count - e->quiet_first;
  j->all[k->junction].edge_count++;
  return e;
}

static void row_edge(walk *k, way *w)
{
  const tsn_node_rec *n = &k->r->nodes[w->node];
  tsn_edge *e;
  if ((w->flags & EDGE_HAS_LO) && (w->flags & EDGE_HAS_HI) && w->lo > w->hi) return;
  e = add_edge(k, w, (tsn_edge_kind)w->kind);
  if (e) e->label = n->a;
}

static void timer_edge(walk *k, way *w)
{
  tsn_run *r = k->r;
  const tsn_node_rec *n = &r->nodes[w->node];
  const tsn_timer_rec *t = &r->timers[n->a];
  tsn_edge *e;
  uint32_t i;
  for (i = 0; i < t->labels.count; i++) set(way_absences(w), r->program->indices[t->labels.first + i]);
  e = add_edge(k, w, w->ended && !k->last ? EDGE_DOOMED : EDGE_TIMER);
  if (e) {
    e->timer = n->a;
    e->flags = (uint8_t)((e->flags & EDGE_ENDED) | EDGE_TIMED); /* gaps say nothing to a timer */
  }
}

static bool any_absence(const walk *k, way *w)
{
  size_t i;
  for (i = 0; i < k->label_words; i++)
    if (way_absences(w)[i]) return true;
  return false;
}

/* Over an absence the end is a timer like another, behind a $ that will prove wrong too. */
static void accept_edge(walk *k, way *w)
{
  tsn_edge *e;
  bool absence = any_absence(k, w), doomed = w->ended && !k->last;
  if (absence || doomed) {
    e = add_edge(k, w, doomed ? EDGE_DOOMED : EDGE_CLOSE);
    if (!e) return;
    e->timer = TSN_NONE;
    e->flags = (uint8_t)((e->flags & EDGE_ENDED) | (absence ? EDGE_TIMED : 0)); /* a gap on the way to the end is void */
  } else if (w->ended) {
    end_segment(k, false);
    e = add_edge(k, w, EDGE_LAST);
    if (e) e->flags = EDGE_ENDED;
    end_segment(k, false);
    k->accepts++;
  } else {
    end_segment(k, true);
  }
}

/* Whether a way need not be walked again: its edges are there, by a more
 * preferred route. An accept on it is the same path, but it keeps its place
 * between the edges around it. */
static bool walked(walk *k, way *w)
{
  uint32_t id;
  if (!seen_as(k, w, &id)) {
    memcpy(k->spare, w, k->stride);
    k->spare->done = 1;
    push(k, k->spare, id);
    return k->failed;
  }
  if (k->failed || k->seen_accepts[id] != SOME) return true;
  end_segment(k, false);
  k->accepts++;
  return true;
}

static void all_walked(walk *k, uint32_t id) { k->seen_accepts[id] = k->seen_accepts[id] == k->accepts ? NONE : SOME; }

/* ---- steps ---- */

static void gap(way *w, const tsn_node_rec *n)
{
  uint8_t kind = n->flags & NODE_ANY ? EDGE_ANY : EDGE_NEXT;
  if (kind > w->kind) w->kind = kind;
  if ((n->flags & NODE_HAS_LO) && (!(w->flags & EDGE_HAS_LO) || n->lo > w->lo)) {
    w->lo = n->lo;
    w->flags |= EDGE_HAS_LO;
  }
  if ((n->flags & NODE_HAS_HI) && (!(w->flags & EDGE_HAS_HI) || n->hi < w->hi)) {
    w->hi = n->hi;
    w->flags |= EDGE_HAS_HI;
  }
}

static void set_counter(walk *k, way *w, const tsn_loop_rec *loop, uint32_t value, bool absolute)
{
  if (loop->counter == TSN_NO_COUNTER) return;
  way_counters(k, w)[loop->counter] = value;
  if (absolute) way_absolute(k, w)[loop->counter] = 1;
}

static void iterate(walk *k, const way *w, uint32_t loop, uint32_t turns, bool absolute)
{
  memcpy(k->spare, w, k->stride);
  set(way_fresh(k, k->spare), loop);
  set_counter(k, k->spare, &k->r->loops[loop], turns, absolute);
  push(k, k->spare, k->r->loops[loop].body);
}

static void leave(walk *k, const way *w, uint32_t loop)
{
  memcpy(k->spare, w, k->stride);
  unset(way_fresh(k, k->spare), loop);
  set_counter(k, k->spare, &k->r->loops[loop], 0, true);
  push(k, k->spare, k->r->loops[loop].exit);
}

/* Pushes the ways on from the head of a loop, the preferred one last: it is walked first. */
static void choose(walk *k, const way *w, uint32_t loop, bool again, bool out, uint32_t turns, bool absolute)
{
  bool greedy = k->r->loops[loop].greedy != 0;
  if (again && !greedy) iterate(k, w, loop, turns, absolute);
  if (out && !k->failed) leave(k, w, loop);
  if (again && greedy && !k->failed) iterate(k, w, loop, turns, absolute);
}

static void turn(walk *k, way *w)
{
  uint32_t l = k->r->nodes[w->node].a, turns = 0;
  const tsn_loop_rec *loop = &k->r->loops[l];
  bool empty = get(way_fresh(k, w), l), counted = loop->counter != TSN_NO_COUNTER, absolute = false;
  if (!counted) {
    choose(k, w, l, !empty, true, 0, false);
    return;
  }
  turns = way_counters(k, w)[loop->counter];
  absolute = way_absolute(k, w)[loop->counter] != 0;
  if (!(loop->max == TSN_UNBOUNDED && turns >= loop->min)) turns++; /* past the minimum nothing needs counting */
  if (empty) choose(k, w, l, turns < loop->min, turns >= loop->min, turns, absolute);
  else choose(k, w, l, loop->max == TSN_UNBOUNDED || turns < loop->max, turns >= loop->min, turns, absolute);
}

/* ---- PERMUTE ---- */

static void set_parts(walk *k, way *w, const tsn_node_rec *n, bool clear)
{
  uint32_t i;
  for (i = n->c; i < n->c + (n->b + 31) / 32; i++) {
    if (clear) way_counters(k, w)[i] = 0;
    way_absolute(k, w)[i] = 1;
  }
}

static void begin_part(walk *k, const way *w, uint32_t part, bool exact)
{
  const tsn_node_rec *n = &k->r->nodes[w->node];
  memcpy(k->spare, w, k->stride);
  if (exact) {
    set_parts(k, k->spare, n, false);
  } else {
    k->spare->part = part + 1;
    k->permute = w->node;
  }
  way_counters(k, k->spare)[n->c + part / 32] += (uint32_t)1 << part % 32;
  push(k, k->spare, k->r->targets[n->a + part]);
}

/* True where all parts are done: the way goes on behind them. Of the parts begun before
 * the element only the paths know, except in the walk that entered the PERMUTE. */
static bool permute(walk *k, way *w)
{
  const tsn_node_rec *n = &k->r->nodes[w->node];
  tsn_parts begun = tsn_parts_begun(n, way_counters(k, w));
  bool exact = begun == PARTS_NONE || way_absolute(k, w)[n->c];
  uint32_t i;
  if (begun == PARTS_ALL) {
    if (k->at_start && !(n->flags & NODE_SILENT)) return false;
    set_parts(k, w, n, true);
    w->node = n->next;
    return true;
  }
  if (w->part || walked(k, w)) return false;
  for (i = n->b; i > 0 && !k->failed; i--) {
    bool done = way_counters(k, w)[n->c + (i - 1) / 32] >> (i - 1) % 32 & 1;
    if (!(exact && done)) begin_part(k, w, i - 1, exact);
  }
  return false;
}

/* Walks one way, outside the stack, until it branches, consumes or dies. */
static void follow(walk *k, way *w)
{
  tsn_run *r = k->r;
  uint32_t i;
  while (!k->failed) {
    const tsn_node_rec *n = &r->nodes[w->node];
    if (++k->steps > WALK_MAX) {
      tsn_run_fail(r, TOCSIN_LIMIT, "the pattern branches in more than %u ways behind one element", WALK_MAX);
      fail(k);
      return;
    }
    r->junctions.walked += k->stride;
    if (r->junctions.walked > WALKED_MAX) {
      tsn_run_fail(r, TOCSIN_LIMIT, "the pattern branches in too many ways: parts that can be empty repeat inside each other");
      fail(k);
      return;
    }
    switch (n->kind) {
    case NODE_ROW:
      if (!seen(k, w)) row_edge(k, w);
      return;
    case NODE_TIMER:
      if (!k->at_start) {
        if (!seen(k, w)) timer_edge(k, w);
        return;
      }
      set(way_quiet(k, w), n->a);
      w->node = n->next;
      break;
    case NODE_GAP:
      if (!k->at_start) gap(w, n); /* before the first element a gap is void */
      w->node = n->next;
      break;
    case NODE_ABSENCE:
      set(way_absences(w), n->a);
      w->node = n->next;
      break;
    case NODE_FIRST:
      if (!(k->at_start && k->first)) return;
      w->node = n->next;
      break;
    case NODE_LAST:
      if (k->at_start) return;
      w->ended = 1;
      w->node = n->next;
      break;
    case NODE_ACCEPT:
      if (!walked(k, w)) accept_edge(k, w);
      return;
    case NODE_SPLIT:
      if (walked(k, w)) return;
      for (i = n->b; i > 0 && !k->failed; i--) push(k, w, r->targets[n->a + i - 1]);
      return;
    case NODE_PERMUTE:
      if (!permute(k, w)) return;
      break;
    case NODE_ENTER:
      if (walked(k, w)) return;
      choose(k, w, n->a, true, r->loops[n->a].min == 0, 0, true);
      return;
    default:
      if (walked(k, w)) return;
      turn(k, w);
      return;
    }
  }
}

static void find_times(const tsn_junctions *j, tsn_segment *s)
{
  uint32_t i;
  for (i = 0; i < s->edge_count; i++) {
    const tsn_edge *e = &j->edges[s->edge_first + i];
    if (tsn_is_timer(e)) s->timers = s->timed = 1;
    if (e->flags & (EDGE_HAS_LO | EDGE_HAS_HI | EDGE_TIMED)) s->timed = 1;
  }
}

static bool note_counts(tsn_run *r, uint32_t junction, const uint32_t *counters)
{
  tsn_junctions *j = &r->junctions;
  size_t each = r->p->counters, k;
  if (!each) return true;
  if (!tsn_run_room(r, (void **)&j->counts, &j->counts_cap, (junction + (size_t)1) * each, sizeof *j->counts)) return false;
  for (k = 0; k < each; k++) j->counts[junction * each + k] = counters ? counters[k] : 0;
  return true;
}

static uint32_t build(tsn_run *r, uint32_t node, const uint32_t *counters, bool at_start, bool first, bool ended, bool last)
{
  tsn_junctions *j = &r->junctions;
  walk k = {.r = r, .at_start = at_start, .first = first, .last = last, .counters = counters, .permute = TSN_NONE};
  way *w = NULL;
  tsn_junction *out;
  uint32_t i, a;
  uint32_t result = TSN_NONE;
  if (j->count >= JUNCTIONS_MAX) {
    tsn_run_fail(r, TOCSIN_LIMIT, "the pattern has more than %zu junctions", JUNCTIONS_MAX);
    return TSN_NONE;
  }
  k.label_words = r->p->labels.count / 64 + 1;
  k.loop_words = r->p->loops.count / 64 + 1;
  k.timer_words = at_start ? ((size_t)r->p->timers.count + 63) / 64 : 0;
  k.stride = sizeof *w + 8 * (k.label_words + k.loop_words + k.timer_words) + 8 * (size_t)r->p->counters;
  tsn_map_init(&k.seen, r->alloc);
  if (!tsn_run_room(r, (void **)&j->all, &j->cap, j->count + 1, sizeof *j->all)) goto done;
  k.junction = (uint32_t)j->count;
  out = &j->all[j->count++];
  memset(out, 0, sizeof *out);
  out->edge_first = k.segment_from = (uint32_t)j->edge_count;
  out->segment_first = (uint32_t)j->segment_count;
  out->node = at_start ? TSN_NONE : node;
  out->origin = !at_start ? JUNCTION_BEHIND : first && r->p->has_first ? JUNCTION_START_FIRST : JUNCTION_START;
  out->ended = ended;
  out->last = last;
  if (!note_counts(r, k.junction, counters)) goto done;
  w = tsn_alloc_array(r->alloc, 1, k.stride);
  k.spare = tsn_alloc_array(r->alloc, 1, k.stride);
  if (!w || !k.spare) {
    tsn_run_nomem(r);
    goto done;
  }
  w->node = at_start ? r->p->root : r->nodes[node].next;
  w->ended = ended;
  if (counters && r->p->counters) memcpy(way_counters(&k, w), counters, r->p->counters * sizeof *counters);
  follow(&k, w);
  while (k.depth && !k.failed) {
    memcpy(w, k.ways + --k.depth * k.stride, k.stride);
    if (w->done) all_walked(&k, w->node);
    else follow(&k, w);
  }
  if (!k.failed) end_segment(&k, false);
  if (!k.failed) {
    out = &j->all[k.junction];
    for (i = 0; i < out->edge_count; i++) {
      const tsn_edge *e = &j->edges[out->edge_first + i];
      if ((e->kind == EDGE_STRICT && !at_start) || e->kind >= EDGE_LAST) r->strict_edges = true;
      if (e->kind <= EDGE_ANY) out->labels |= (uint64_t)1 << e->label % 64;
      for (a = 0; a < e->absence_count; a++) out->labels |= (uint64_t)1 << j->absences[e->absence_first + a] % 64;
    }
    for (i = 0; i < out->segment_count; i++) {
      tsn_segment *s = &j->segments[out->segment_first + i];
      size_t words = (s->edge_count + 63) / 64;
      find_times(j, s);
      if (words > r->mask_words && !tsn_paths_widen(r, words)) goto done;
    }
    result = k.junction;
  }
done:
  tsn_alloc_free(r->alloc, w, w ? k.stride : 0);
  tsn_alloc_free(r->alloc, k.spare, k.spare ? k.stride : 0);
  tsn_alloc_free(r->alloc, k.ways, k.cap * k.stride);
  tsn_alloc_free(r->alloc, k.seen_ways, k.seen_cap * k.stride);
  tsn_alloc_free(r->alloc, k.seen_accepts, k.accepts_cap * sizeof *k.seen_accepts);
  tsn_map_clear(&k.seen);
  return result;
}

uint32_t tsn_junction_get(tsn_run *r, uint32_t node, const uint32_t *counters, bool ended, bool last)
{
  tsn_junctions *j = &r->junctions;
  size_t words = 1 + r->p->counters, slot;
  uint64_t *key = j->scratch, hash, *copy;
  uint32_t id, i, next = r->nodes[node].next;
  last = last && r->p->has_last;
  key[0] = (uint64_t)next << 2 | (ended ? 1 : 0) | (last ? 2 : 0);
  for (i = 0; i < r->p->counters; i++) key[1 + i] = tsn_slot_class(r, next, i, counters);
  hash = tsn_hash_bytes(key, words * sizeof *key, 0);
  for (slot = tsn_map_first(&j->map, hash); (id = tsn_map_at(&j->map, slot)) != TSN_NONE; slot = tsn_map_next(&j->map, hash, slot))
    if (!memcmp(j->keys[id], key, words * sizeof *key)) return id;
  id = build(r, node, counters, false, false, ended, last);
  if (id == TSN_NONE) return TSN_NONE;
  copy = tsn_arena_array(&j->arena, words, sizeof *copy);
  if (!copy || !tsn_run_room(r, (void **)&j->keys, &j->key_cap, (size_t)id + 1, sizeof *j->keys) || !tsn_map_add(&j->map, hash, id)) {
    tsn_run_nomem(r);
    return TSN_NONE;
  }
  memcpy(copy, key, words * sizeof *key);
  j->keys[id] = copy;
  return id;
}

uint32_t tsn_junction_start(tsn_run *r, bool first)
{
  uint32_t *known = &r->start_junction[first && r->p->has_first ? 1 : 0];
  if (*known == TSN_NONE) *known = build(r, TSN_NONE, NULL, true, first, false, false);
  return *known;
}

uint32_t tsn_junction_last(tsn_run *r)
{
  tsn_junctions *j = &r->junctions;
  if (r->last_junction != TSN_NONE) return r->last_junction;
  if (!tsn_run_room(r, (void **)&j->all, &j->cap, j->count + 1, sizeof *j->all) ||
      !tsn_run_room(r, (void **)&j->edges, &j->edge_cap, j->edge_count + 1, sizeof *j->edges) ||
      !tsn_run_room(r, (void **)&j->segments, &j->segment_cap, j->segment_count + 1, sizeof *j->segments))
    return TSN_NONE;
  j->all[j->count] = (tsn_junction){.edge_first = (uint32_t)j->edge_count, .edge_count = 1, .segment_first = (uint32_t)j->segment_count,
                                    .segment_count = 1, .node = TSN_NONE, .origin = JUNCTION_END};
  if (!note_counts(r, (uint32_t)j->count, NULL)) return TSN_NONE;
  j->segments[j->segment_count++] = (tsn_segment){.edge_first = (uint32_t)j->edge_count, .edge_count = 1};
  j->edges[j->edge_count++] = (tsn_edge){.kind = EDGE_LAST, .flags = EDGE_ENDED};
  return r->last_junction = (uint32_t)j->count++;
}

bool tsn_junctions_init(tsn_run *r)
{
  tsn_junctions *j = &r->junctions;
  tsn_arena_init(&j->arena, r->alloc, 0);
  tsn_map_init(&j->map, r->alloc);
  r->start_junction[0] = r->start_junction[1] = r->last_junction = TSN_NONE;
  j->scratch = tsn_arena_array(&j->arena, 1 + r->p->counters, sizeof *j->scratch);
  return j->scratch ? tsn_slots_init(r) : tsn_run_nomem(r);
}

void tsn_junctions_clear(tsn_run *r)
{
  tsn_junctions *j = &r->junctions;
  tsn_alloc_free(r->alloc, j->all, j->cap * sizeof *j->all);
  tsn_alloc_free(r->alloc, j->edges, j->edge_cap * sizeof *j->edges);
  tsn_alloc_free(r->alloc, j->segments, j->segment_cap * sizeof *j->segments);
  tsn_alloc_free(r->alloc, j->absences, j->absence_cap * sizeof *j->absences);
  tsn_alloc_free(r->alloc, j->counters, j->counter_cap * sizeof *j->counters);
  tsn_alloc_free(r->alloc, j->quiets, j->quiet_cap * sizeof *j->quiets);
  tsn_alloc_free(r->alloc, j->keys, j->key_cap * sizeof *j->keys);
  tsn_alloc_free(r->alloc, j->counts, j->counts_cap * sizeof *j->counts);
  tsn_map_clear(&j->map);
  tsn_arena_clear(&j->arena);
}
