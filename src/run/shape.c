/* Shapes: what a start looks like, and what rows make of it, remembered.
 *
 * Where conditions read only their own row (and its neighbours), what a row does
 * to the paths of a start depends on two things: under which labels the row can
 * be - its class - and the shape of the start: which junctions its items wait
 * at, in order, with their masks and counters, whatever their registers hold.
 *
 *   shape x class --> next shape, and for each of its items a move:
 *                     from item k as it is, or by taking the row under a label
 *
 * The first time that a shape meets a class, paths.c steps and the outcome is
 * written down; from then on the moves are made at once. So this is a lazily
 * determinised automaton (as RE2 and Hyperscan have them, with registers updated
 * on its transitions as in a tagged one), and by construction it does what
 * paths.c does. It is bounded: a pattern with too many shapes goes on without. */
#include <string.h>

#include "run/guards.h"
#include "run/shape.h"

#ifndef SHAPES_MAX /* a small one tries the way back to the paths tier */
#define SHAPES_MAX 4096u
#endif
#define CLASSES_MAX 1024u
#define ITEMS_MAX TSN_SHAPE_ITEMS /* of a start that is worth remembering */
#define LABELS_MAX 64u

static uint64_t hash_of(const uint64_t *words, size_t count) { return tsn_hash_bytes(words, count * sizeof *words, 0); }

/* ---- for whom ---- */

static bool local_labels(const tsn_run *r)
{
  uint32_t i;
  for (i = 0; i < r->p->labels.count; i++)
    if (r->labels[i].condition.instrs.count && !r->labels[i].condition.local && !tsn_guards_label(r, i)) return false;
  return true;
}

static bool constant_timers(const tsn_run *r)
{
  uint32_t i;
  for (i = 0; i < r->p->timers.count; i++)
    if (r->timers[i].kind != TIMER_DURATION) return false;
  return true;
}

bool tsn_shapes_init(tsn_run *r)
{
  const tsn_pattern_rec *p = r->p;
  tsn_shapes *s;
  if (!r->one_match || p->labels.count > LABELS_MAX || p->has_bounds || p->has_last || p->has_first || p->sequential || p->start_absences.count ||
      !local_labels(r) || !constant_timers(r))
    return true;
  s = tsn_alloc_array(r->alloc, 1, sizeof *s);
  if (!s) return tsn_run_nomem(r);
  r->shapes = s;
  tsn_map_init(&s->map, r->alloc);
  tsn_map_init(&s->class_map, r->alloc);
  tsn_map_init(&s->pair_map, r->alloc);
  tsn_map_init(&s->event_map, r->alloc);
  return true;
}

static void forget_steps(tsn_run *r, tsn_known_steps *k)
{
  tsn_alloc_free(r->alloc, k->of, k->cap * sizeof *k->of);
  *k = (tsn_known_steps){.of = NULL};
}

bool tsn_shapes_widen(tsn_run *r, size_t before)
{
  tsn_shapes *s = r->shapes;
  size_t each = tsn_item_words(r), old = each - r->mask_words + before, items = s ? s->word_count / old : 0, i;
  uint64_t *words;
  if (!items) return true;
  words = tsn_alloc_array(r->alloc, items * each, sizeof *words);
  if (!words) return tsn_run_nomem(r);
  for (i = 0; i < items; i++) {
    memcpy(words + i * each, s->words + i * old, (2 + before) * sizeof *words);
    memcpy(words + i * each + 2 + r->mask_words, s->words + i * old + 2 + before, (old - 2 - before) * sizeof *words);
  }
  tsn_alloc_free(r->alloc, s->words, s->word_cap * sizeof *words);
  s->words = words;
  s->word_count = s->word_cap = items * each;
  tsn_map_reset(&s->map);
  for (i = 0; i < s->count; i++) {
    s->all[i].word_first = (uint32_t)(s->all[i].word_first / old * each);
    if (!tsn_map_add(&s->map, hash_of(words + s->all[i].word_first, s->all[i].items * each), (uint32_t)i)) return tsn_run_nomem(r);
  }
  return true;
}

void tsn_shapes_clear(tsn_run *r)
{
  tsn_shapes *s = r->shapes;
  size_t i;
  if (!s) return;
  for (i = 0; i < s->count; i++) forget_steps(r, &s->all[i].steps);
  tsn_alloc_free(r->alloc, s->all, s->cap * sizeof *s->all);
  tsn_alloc_free(r->alloc, s->words, s->word_cap * sizeof *s->words);
  tsn_alloc_free(r->alloc, s->steps, s->step_cap * sizeof *s->steps);
  tsn_alloc_free(r->alloc, s->moves, s->move_cap * sizeof *s->moves);
  forget_steps(r, &s->begin);
  tsn_alloc_free(r->alloc, s->classes, s->class_cap * sizeof *s->classes);
  tsn_alloc_free(r->alloc, s->key, s->key_cap * sizeof *s->key);
  tsn_map_clear(&s->map);
  tsn_map_clear(&s->class_map);
  tsn_map_clear(&s->pair_map);
  tsn_map_clear(&s->event_map);
  tsn_alloc_free(r->alloc, s->events, s->event_cap * sizeof *s->events);
  tsn_alloc_free(r->alloc, r->flat.facts, r->flat.facts_cap * sizeof *r->flat.facts);
  tsn_alloc_free(r->alloc, r->flat.steps, (size_t)r->flat.shapes * r->flat.classes * sizeof *r->flat.steps);
  tsn_alloc_free(r->alloc, s->pairs, s->pair_cap * sizeof *s->pairs);
  tsn_alloc_free(r->alloc, s, sizeof *s);
  r->shapes = NULL;
}

void tsn_shapes_stop(tsn_run *r) { r->shapes->off = true; }

/* ---- classes of rows ---- */

/* The class of rows under these labels; *class TSN_NONE: there are too many. */
static bool find_class(tsn_run *r, uint64_t labels, uint64_t failing, uint32_t *class)
{
  tsn_shapes *s = r->shapes;
  uint64_t hash = tsn_hash_word(labels, tsn_hash_word(failing, 0));
  uint32_t id;
  size_t at;
  *class = TSN_NONE;
  for (at = tsn_map_first(&s->class_map, hash); (id = tsn_map_at(&s->class_map, at)) != TSN_NONE; at = tsn_map_next(&s->class_map, hash, at))
    if (s->classes[2 * id] == labels && s->classes[2 * id + 1] == failing) {
      *class = id;
      return true;
    }
  if (s->class_count == CLASSES_MAX) return true;
  if (!tsn_alloc_grow(r->alloc, (void **)&s->classes, &s->class_cap, 2 * (size_t)s->class_count + 2, sizeof *s->classes)) return tsn_run_nomem(r);
  if (!tsn_map_add(&s->class_map, hash, s->class_count)) return tsn_run_nomem(r);
  s->classes[2 * s->class_count] = labels;
  s->classes[2 * s->class_count + 1] = failing;
  *class = s->class_count++;
  return true;
}

bool tsn_shapes_class(tsn_run *r, const tsn_partition *part, uint32_t *class)
{
  uint64_t labels = 0, failing = 0, guarded = tsn_guards_labels(r);
  uint32_t i;
  *class = TSN_NONE;
  if (!r->shapes || r->shapes->off) return true;
  for (i = 0; i < r->p->labels.count; i++) {
    bool truth;
    if (guarded >> i & 1 ? tsn_eval_screen(r, part, i, &r->guards->screens[i], &truth) : tsn_eval_label(r, part, i, r->empty_cells, &truth)) {
      labels |= (uint64_t)truth << i;
      continue;
    }
    if (r->status != TOCSIN_RUNTIME) return false;
    failing |= (uint64_t)1 << i; /* perhaps nobody asks: then it is no failure */
    tsn_run_forgive(r);
  }
  return find_class(r, labels, failing, class);
}

uint64_t tsn_shapes_labels(const tsn_run *r, uint32_t class) { return r->shapes->classes[2 * class]; }

bool tsn_shapes_reclass(tsn_run *r, uint32_t class, uint64_t labels, uint32_t *out)
{
  return find_class(r, labels, r->shapes->classes[2 * class + 1], out);
}

void tsn_shapes_recall(tsn_run *r, uint32_t class)
{
  uint32_t i;
  for (i = 0; i < r->p->labels.count; i++) {
    r->label_epoch[i] = r->row_epoch;
    r->label_value[i] = r->shapes->classes[2 * class] >> i & 1;
  }
}

/* ---- shapes ---- */

/* Whether it matters when an item began to wait. */
static bool is_timed(const tsn_run *r, const tsn_path *i)
{
  return r->p->has_timers && i->state != ITEM_MATCH && tsn_path_timed(r, i);
}

static uint64_t tau_number(const tsn_run *r, const tsn_path *i, int64_t *taus, uint32_t *count)
{
  uint32_t k;
  if (!is_timed(r, i)) return 0;
  for (k = 0; k < *count && taus[k] != i->tau; k++) continue;
  if (k == *count) taus[(*count)++] = i->tau;
  return k + 1;
}

/* The key of a start's items; *out 0 words: too many. */
static bool key_of(tsn_run *r, uint32_t start, size_t *out)
{
  tsn_shapes *s = r->shapes;
  size_t words = 0, each = tsn_item_words(r);
  uint32_t item, groups[ITEMS_MAX], group_count = 0, tau_count = 0, g;
  int64_t taus[ITEMS_MAX];
  for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
    const tsn_path *i = tsn_path_at(r, item);
    uint64_t *w;
    if (words / each >= ITEMS_MAX) {
      words = 0;
      break;
    }
    if (!tsn_alloc_grow(r->alloc, (void **)&s->key, &s->key_cap, words + each, sizeof *s->key)) return tsn_run_nomem(r);
    w = s->key + words;
    for (g = 0; g < group_count && groups[g] != i->group; g++) continue;
    if (g == group_count) groups[group_count++] = i->group;
    w[0] = ((uint64_t)i->races << 8 | i->state) << 32 | i->segment;
    w[1] = (uint64_t)i->junction << 32 | (i->state == ITEM_MATCH ? 0 : g) | tau_number(r, i, taus, &tau_count) << 16;
    memcpy(w + 2, tsn_path_mask(i), 8 * r->mask_words);
    if (r->p->counters) {
      w[each - 1] = 0;
      memcpy(w + 2 + r->mask_words, tsn_path_counters(r, i), r->p->counters * sizeof(uint32_t));
    }
    words += each;
  }
  *out = words;
  return true;
}

/* What the table tier wants to know of a shape, once its words are there. */
static void see_facts(const tsn_run *r, tsn_shape *x)
{
  const tsn_shapes *s = r->shapes;
  tsn_shape_facts *f = &r->flat.facts[x - s->all];
  uint32_t k, e;
  *f = (tsn_shape_facts){.good = true};
  for (k = 0; k < x->items; k++) {
    const uint64_t *w = s->words + x->word_first + k * tsn_item_words(r);
    const tsn_junction *j = &r->junctions.all[w[1] >> 32];
    const tsn_segment *g = &r->junctions.segments[j->segment_first + (uint32_t)w[0]];
    uint32_t tau = tsn_tau_in(w);
    if ((w[0] >> 32 & 0xff) == ITEM_MATCH) {
      f->matched = true;
      f->decided = f->decided || k == 0;
      continue;
    }
    f->labels |= j->labels;
    while (tau && f->taus < tau && f->taus < TSN_TAUS) f->after[f->taus++] = TSN_NEVER;
    f->good = f->good && tau <= TSN_TAUS;
    for (e = 0; e < g->edge_count; e++) {
      const tsn_edge *edge = &r->junctions.edges[g->edge_first + e];
      if (!tsn_mask_get(w + 2, e)) continue;
      if (edge->kind > EDGE_TIMER || (edge->flags & (EDGE_HAS_LO | EDGE_HAS_HI | EDGE_ENDED))) f->good = false;
      else if (edge->kind == EDGE_TIMER && tau && tau <= TSN_TAUS && r->timers[edge->timer].duration < f->after[tau - 1])
        f->after[tau - 1] = r->timers[edge->timer].duration;
    }
  }
}

static bool add_shape(tsn_run *r, uint64_t hash, size_t words, uint32_t *out)
{
  tsn_shapes *s = r->shapes;
  tsn_shape *x;
  if (s->count == SHAPES_MAX) {
    s->off = true;
    return true;
  }
  if (!tsn_alloc_grow(r->alloc, (void **)&s->all, &s->cap, s->count + 1, sizeof *s->all) ||
      !tsn_alloc_grow(r->alloc, (void **)&r->flat.facts, &r->flat.facts_cap, s->count + 1, sizeof *r->flat.facts) ||
      !tsn_alloc_grow(r->alloc, (void **)&s->words, &s->word_cap, s->word_count + words, sizeof *s->words))
    return tsn_run_nomem(r);
  x = &s->all[s->count];
  *x = (tsn_shape){.items = (uint32_t)(words / tsn_item_words(r)), .word_first = (uint32_t)s->word_count};
  if (!tsn_map_add(&s->map, hash, (uint32_t)s->count)) return tsn_run_nomem(r);
  memcpy(s->words + s->word_count, s->key, words * sizeof *s->key);
  s->word_count += words;
  see_facts(r, x);
  *out = (uint32_t)s->count++;
  return true;
}

/* The shape of the words in s->key. */
static bool find_key(tsn_run *r, size_t words, uint32_t *out)
{
  tsn_shapes *s = r->shapes;
  uint64_t hash = hash_of(s->key, words);
  uint32_t id;
  size_t at;
  for (at = tsn_map_first(&s->map, hash); (id = tsn_map_at(&s->map, at)) != TSN_NONE; at = tsn_map_next(&s->map, hash, at))
    if (s->all[id].items == words / tsn_item_words(r) && !memcmp(s->words + s->all[id].word_first, s->key, words * sizeof *s->key)) {
      *out = id;
      return true;
    }
  return add_shape(r, hash, words, out);
}

/* The shape that a start has; NONE where it is not worth remembering. */
static bool find_shape(tsn_run *r, uint32_t start, uint32_t *out)
{
  size_t words = 0;
  *out = TSN_NONE;
  return key_of(r, start, &words) && (!words || find_key(r, words, out));
}

bool tsn_shapes_restore(tsn_run *r, const uint64_t *words, size_t count, uint32_t *out)
{
  tsn_shapes *s = r->shapes;
  *out = TSN_NONE;
  if (!tsn_alloc_grow(r->alloc, (void **)&s->key, &s->key_cap, count, sizeof *s->key)) return tsn_run_nomem(r);
  memcpy(s->key, words, count * sizeof *words);
  return find_key(r, count, out);
}

bool tsn_shapes_restore_class(tsn_run *r, uint64_t labels, uint64_t failing, uint32_t *class)
{
  return find_class(r, labels, failing, class);
}

/* ---- learning ---- */

/* Numbers the items of a start, so that what comes of them can be told. Answers how many they are. */
static uint32_t number_items(tsn_run *r, uint32_t start)
{
  uint32_t item, n = 0;
  for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
    tsn_path *i = tsn_path_at(r, item);
    i->origin = n++;
    i->taken = TSN_NONE;
  }
  return n;
}

static bool know_step(tsn_run *r, uint32_t from, uint32_t class, uint32_t number)
{
  tsn_known_steps *k = from == TSN_NONE ? &r->shapes->begin : &r->shapes->all[from].steps;
  uint32_t cap = k->cap ? k->cap : 4, *grown;
  while (cap <= class) cap *= 2;
  if (cap > k->cap) {
    grown = tsn_alloc_resize(r->alloc, k->of, k->cap * sizeof *grown, cap * sizeof *grown);
    if (!grown) return tsn_run_nomem(r);
    memset(grown + k->cap, 0, (cap - k->cap) * sizeof *grown);
    k->of = grown;
    k->cap = cap;
  }
  k->of[class] = number;
  return true;
}

/* The same without items, in a table: a line for rows as starts, and one for each shape. */
static bool lay_flat(tsn_run *r, uint32_t from, uint32_t class, const tsn_step *to)
{
  tsn_flat *f = &r->flat;
  uint32_t line = from + 1, shapes = f->shapes ? f->shapes : 8, classes = f->classes ? f->classes : 8, i;
  tsn_step *steps;
  if (!r->queues) return true;
  while (shapes <= line) shapes *= 2;
  while (classes <= class) classes *= 2;
  if (shapes != f->shapes || classes != f->classes) {
    steps = tsn_alloc_array(r->alloc, (size_t)shapes * classes, sizeof *steps);
    if (!steps) return tsn_run_nomem(r);
    memset(steps, 0, (size_t)shapes * classes * sizeof *steps);
    for (i = 0; i < f->shapes; i++) memcpy(steps + (size_t)i * classes, f->steps + (size_t)i * f->classes, f->classes * sizeof *steps);
    tsn_alloc_free(r->alloc, f->steps, (size_t)f->shapes * f->classes * sizeof *steps);
    f->steps = steps;
    f->shapes = shapes;
    f->classes = classes;
  }
  steps = &f->steps[(size_t)line * classes + class];
  *steps = *to;
  steps->known = 1;
  steps->fits = to->next == TSN_NONE || f->facts[to->next].good;
  return true;
}

bool tsn_moves_registers(const tsn_run *r, uint32_t label)
{
  const uint32_t *regs = r->program->indices + r->labels[label].updates.first;
  uint32_t i;
  for (i = 0; i < r->labels[label].updates.count; i++)
    if (r->regs[regs[i]].in_path) return true;
  return false;
}

static tsn_idle idle_of(const tsn_run *r, uint32_t from, const tsn_shape_step *t)
{
  const tsn_move *m = r->shapes->moves + t->move_first;
  bool same = true;
  uint32_t k;
  if (from == TSN_NONE || t->to.next != from) return IDLE_NOT;
  for (k = 0; k < t->move_count; k++) {
    if (m[k].from >= t->move_count || m[m[k].from].from != m[k].from) return IDLE_NOT;
    if (m[k].label != TSN_NONE && tsn_moves_registers(r, m[k].label)) return IDLE_NOT;
    same = same && m[k].from == k;
  }
  return same ? IDLE_ANY : IDLE_TWICE;
}

/* Writes down what a row of this class has made of a start. old: how many items it had. */
static bool learn(tsn_run *r, uint32_t from, uint32_t class, uint32_t start, uint32_t old)
{
  tsn_shapes *s = r->shapes;
  tsn_shape_step t = {.to = {.next = TSN_NONE, .tau = {TSN_TAU_NOW, TSN_TAU_NOW, TSN_TAU_NOW}}, .move_first = (uint32_t)s->move_count, .in_order = true, .still = true};
  uint32_t item, groups[ITEMS_MAX], k;
  if (start != TSN_NONE && r->starts[start].head != TSN_NONE) {
    if (!find_shape(r, start, &t.to.next)) return false;
    if (t.to.next == TSN_NONE) return true;
  }
  for (item = start == TSN_NONE ? TSN_NONE : r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
    const tsn_path *i = tsn_path_at(r, item);
    tsn_move m = {.from = i->origin, .label = i->taken, .take = i->take, .excluded = i->taken_flags, .in_place = 1};
    if (i->taken == TSN_NONE && i->origin != TSN_NONE && from != TSN_NONE) {
      const uint64_t *w = s->words + s->all[t.to.next].word_first + t.move_count * tsn_item_words(r);
      if (tsn_tau_in(w) && tsn_tau_in(w) <= TSN_TAUS)
        t.to.tau[tsn_tau_in(w) - 1] = (uint8_t)(tsn_tau_in(s->words + s->all[from].word_first + i->origin * tsn_item_words(r)) - 1);
    }
    if (i->taken != TSN_NONE && i->state != ITEM_MATCH) {
      while (m.group < t.groups && groups[m.group] != i->group) m.group++;
      if (m.group == t.groups) groups[t.groups++] = i->group;
    }
    if (!tsn_alloc_grow(r->alloc, (void **)&s->moves, &s->move_cap, s->move_count + 1, sizeof m)) return tsn_run_nomem(r);
    for (k = t.move_first; k < s->move_count && m.from != TSN_NONE; k++) {
      if (s->moves[k].from != m.from || !s->moves[k].in_place) continue;
      if (s->moves[k].label == TSN_NONE) m.in_place = 0;
      else s->moves[k].in_place = 0;
    }
    t.to.matches = t.to.matches || (i->taken != TSN_NONE && i->state == ITEM_MATCH);
    t.in_order = t.in_order && m.from == t.move_count;
    t.still = t.still && m.from == t.move_count && m.label == TSN_NONE;
    s->moves[s->move_count++] = m;
    t.move_count++;
  }
  t.in_order = t.in_order && t.move_count == old;
  t.still = t.still && t.move_count == old && from == t.to.next;
  t.to.still = t.still;
  t.to.idle = (uint8_t)idle_of(r, from, &t);
  if (!tsn_alloc_grow(r->alloc, (void **)&s->steps, &s->step_cap, s->step_count + 1, sizeof t)) return tsn_run_nomem(r);
  s->steps[s->step_count++] = t;
  if (!know_step(r, from, class, (uint32_t)s->step_count) || !lay_flat(r, from, class, &t.to)) return false;
  if (start != TSN_NONE) r->starts[start].shape = t.to.next;
  return true;
}

bool tsn_shapes_watch(tsn_run *r, uint32_t start, uint32_t *items)
{
  tsn_start *s = &r->starts[start];
  *items = number_items(r, start);
  return s->shape != TSN_NONE || s->head == TSN_NONE || find_shape(r, start, &s->shape);
}

bool tsn_shapes_learn(tsn_run *r, uint32_t from, uint32_t class, uint32_t start, uint32_t old)
{
  if (start != TSN_NONE) r->starts[start].shape = TSN_NONE;
  if (from == TSN_NONE && start != TSN_NONE) r->shapes->begin_succeeds = r->starts[start].succeeded;
  return r->shapes->off || learn(r, from, class, start, old);
}

/* ---- moving ---- */

static void take_shape(tsn_run *r, tsn_path *i, const uint64_t *w, uint32_t group_base, const tsn_move *m)
{
  i->state = w[0] >> 32 & 0xff;
  i->races = (uint8_t)(w[0] >> 40);
  i->segment = (uint32_t)w[0];
  i->junction = (uint32_t)(w[1] >> 32);
  memcpy(tsn_path_mask(i), w + 2, 8 * r->mask_words);
  if (r->p->counters) memcpy(tsn_path_counters(r, i), w + 2 + r->mask_words, r->p->counters * sizeof(uint32_t));
  if (m->label != TSN_NONE) i->group = group_base + m->group;
}

typedef struct taken {
  uint32_t take; /* of the step; TSN_NONE: none yet */
  uint32_t history;
  int64_t rows;
} taken;

/* The cells behind a row under m->label go to r->new_cells. */
static bool take_row(tsn_run *r, const tsn_partition *part, const tsn_move *m, uint32_t from, taken *t)
{
  tsn_eval e = {.row = r->row, .partition = part, .number = part->rows - 1, .cells = r->new_cells, .label = m->label};
  const tsn_path *i = from == TSN_NONE ? NULL : tsn_path_at(r, from);
  const tsn_cell *cells = i ? tsn_path_cells(r, i) : r->empty_cells;
  uint32_t before = i ? i->history : TSN_NONE;
  if (t->take != TSN_NONE) tsn_history_release(r, t->history);
  *t = (taken){.take = m->take, .history = TSN_NONE, .rows = (i ? i->rows : 0) + 1};
  if (r->p->path_cells) memcpy(r->new_cells, cells, r->p->path_cells * sizeof *cells);
  if (!tsn_eval_updates(r, &e, r->new_cells, false)) return false;
  if (!r->p->history) return true;
  t->history = tsn_history_add(r, before, m->label, part->rows - 1, m->excluded);
  return t->history != TSN_NONE;
}

static void put(tsn_run *r, uint32_t item, const taken *t, int64_t row, int64_t time)
{
  tsn_path *i = tsn_path_at(r, item);
  i->tau = i->row_time = time;
  i->row = row;
  i->rows = t->rows;
  i->since = r->partitions[r->starts[i->start].partition].rows;
  i->generation++;
  tsn_history_release(r, i->history);
  i->history = t->history;
  tsn_history_retain(r, t->history);
  if (r->p->path_cells) memcpy(tsn_path_cells(r, i), r->new_cells, r->p->path_cells * sizeof(tsn_cell));
}

/* The empty path of a start. */
static void put_empty(tsn_run *r, uint32_t item, int64_t time)
{
  tsn_path *i = tsn_path_at(r, item);
  i->tau = time;
  i->row = -1;
  i->since = r->partitions[r->starts[i->start].partition].rows;
  if (r->p->path_cells) memcpy(tsn_path_cells(r, i), r->empty_cells, r->p->path_cells * sizeof(tsn_cell));
}

static bool make_moves(tsn_run *r, uint32_t part, uint32_t start, uint32_t step_number, int64_t time)
{
  tsn_shapes *s = r->shapes;
  tsn_shape_step t = s->steps[step_number];
  uint32_t old[ITEMS_MAX], made[ITEMS_MAX], count = 0, item, k, groups, ghosts = 0;
  uint64_t used = 0;
  int64_t row = r->partitions[part].rows - 1;
  taken now = {.take = TSN_NONE, .history = TSN_NONE};
  for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) old[count++] = item;
  groups = tsn_race_new_groups(r, t.groups);
  for (k = 0; k < t.move_count; k++) {
    tsn_move m = s->moves[t.move_first + k];
    uint32_t from = m.from == TSN_NONE ? TSN_NONE : old[m.from];
    if (m.label != TSN_NONE && now.take != m.take && !take_row(r, &r->partitions[part], &m, from, &now)) return false;
    made[k] = from;
    if (!m.in_place || from == TSN_NONE) {
      made[k] = tsn_path_new(r, start);
      if (made[k] == TSN_NONE) {
        tsn_history_release(r, now.history);
        return false;
      }
    } else {
      used |= (uint64_t)1 << m.from;
    }
    if (m.label != TSN_NONE) put(r, made[k], &now, row, time);
    else if (from == TSN_NONE) put_empty(r, made[k], time);
    take_shape(r, tsn_path_at(r, made[k]), s->words + s->all[t.to.next].word_first + k * tsn_item_words(r), groups, &m);
  }
  if (now.take != TSN_NONE) tsn_history_release(r, now.history);
  for (k = 0; k < count && !t.in_order; k++) {
    tsn_path_unlink(r, old[k]);
    if (!(used >> k & 1)) tsn_path_free(r, old[k]);
  }
  for (k = 0; k < t.move_count; k++) {
    if (!t.in_order) tsn_path_link(r, made[k], TSN_NONE);
    if (s->moves[t.move_first + k].label != TSN_NONE && tsn_path_at(r, made[k])->state != ITEM_MATCH &&
        !tsn_deadline_item(r, made[k], NULL))
      return false;
    ghosts += tsn_path_at(r, made[k])->state == ITEM_GHOST;
  }
  r->starts[start].ghosts = ghosts;
  r->starts[start].shape = t.to.next;
  return true;
}

bool tsn_shapes_step(tsn_run *r, uint32_t part, uint32_t start, uint32_t class, int64_t time, bool *made)
{
  tsn_shapes *s = r->shapes;
  uint32_t from = r->starts[start].shape, number;
  *made = false;
  if (class == TSN_NONE || from == TSN_NONE) return true;
  number = tsn_step_of(&s->all[from].steps, class);
  if (number == TSN_STEP_UNKNOWN) return true;
  *made = true;
  return s->steps[number - 1].still || make_moves(r, part, start, number - 1, time);
}

bool tsn_shapes_begin(tsn_run *r, uint32_t part, uint32_t class, int64_t time, uint32_t *start, bool *made)
{
  tsn_shapes *s = r->shapes;
  uint32_t number;
  *made = false;
  *start = TSN_NONE;
  if (class == TSN_NONE || (number = tsn_step_of(&s->begin, class)) == TSN_STEP_UNKNOWN) return true;
  *made = true;
  if (s->steps[number - 1].to.next == TSN_NONE) return true; /* no path begins */
  *start = tsn_start_new(r, part, r->partitions[part].rows - 1, time);
  if (*start == TSN_NONE) return false;
  r->starts[*start].succeeded = s->begin_succeeds;
  return make_moves(r, part, *start, number - 1, time);
}

/* ---- starts of one future (items.c), by shapes ---- */

bool tsn_shapes_absorbed(const tsn_run *r, uint32_t a, uint32_t b, uint32_t *drop, uint32_t *then)
{
  const tsn_shapes *s = r->shapes;
  uint32_t id;
  uint64_t hash;
  size_t at;
  if (!s || a == TSN_NONE || b == TSN_NONE) return false;
  hash = tsn_hash_word((uint64_t)a << 32 | b, 1);
  for (at = tsn_map_first(&s->pair_map, hash); (id = tsn_map_at(&s->pair_map, at)) != TSN_NONE; at = tsn_map_next(&s->pair_map, hash, at))
    if (s->pairs[id].first == a && s->pairs[id].later == b) {
      *drop = s->pairs[id].drop;
      *then = s->pairs[id].then;
      return true;
    }
  return false;
}

bool tsn_shapes_absorb(tsn_run *r, uint32_t a, uint32_t b, uint32_t later, uint32_t drop)
{
  tsn_shapes *s = r->shapes;
  tsn_shape_pair p = {.first = a, .later = b, .drop = drop, .then = b};
  if (!s || s->off || a == TSN_NONE || b == TSN_NONE) return true;
  if (drop) {
    p.then = TSN_NONE;
    if (r->starts[later].head != TSN_NONE && !find_shape(r, later, &p.then)) return false;
    r->starts[later].shape = p.then;
    if (r->starts[later].head != TSN_NONE && p.then == TSN_NONE) return true; /* what is left cannot be told */
  }
  if (!tsn_alloc_grow(r->alloc, (void **)&s->pairs, &s->pair_cap, s->pair_count + 1, sizeof p) ||
      !tsn_map_add(&s->pair_map, tsn_hash_word((uint64_t)a << 32 | b, 1), (uint32_t)s->pair_count))
    return tsn_run_nomem(r);
  s->pairs[s->pair_count++] = p;
  return true;
}

bool tsn_shapes_undecided(const tsn_run *r, uint32_t start)
{
  uint32_t id = r->starts[start].shape;
  return id != TSN_NONE && !r->flat.facts[id].decided;
}

/* ---- for the table tier: starts without items ---- */

static uint64_t event_hash(uint32_t of, uint32_t kind, uint32_t detail) { return tsn_hash_word((uint64_t)of << 32 | detail, kind); }

const tsn_step *tsn_shapes_event(const tsn_run *r, uint32_t of, uint32_t kind, uint32_t detail)
{
  const tsn_shape_event *e = tsn_shapes_find_event(r, of, kind, detail);
  return e ? &e->to : NULL;
}

const tsn_shape_event *tsn_shapes_find_event(const tsn_run *r, uint32_t of, uint32_t kind, uint32_t detail)
{
  const tsn_shapes *s = r->shapes;
  uint64_t hash = event_hash(of, kind, detail);
  uint32_t id;
  size_t at;
  for (at = tsn_map_first(&s->event_map, hash); (id = tsn_map_at(&s->event_map, at)) != TSN_NONE; at = tsn_map_next(&s->event_map, hash, at))
    if (s->events[id].shape == of && s->events[id].kind == kind && s->events[id].detail == detail) return &s->events[id];
  return NULL;
}

uint32_t tsn_shapes_make(tsn_run *r, uint32_t part, uint32_t of, const int64_t *taus, int64_t row, int64_t time)
{
  tsn_shapes *s = r->shapes;
  uint32_t start = tsn_start_new(r, part, row, time), k, base = tsn_race_new_groups(r, ITEMS_MAX);
  if (start == TSN_NONE) return TSN_NONE;
  for (k = 0; k < s->all[of].items; k++) {
    const uint64_t *w = s->words + s->all[of].word_first + k * tsn_item_words(r);
    uint32_t item = tsn_path_new(r, start), tau = tsn_tau_in(w);
    tsn_path *i;
    const tsn_move m = {.label = 0, .group = (uint32_t)w[1] & 0xffff};
    if (item == TSN_NONE) {
      tsn_start_free(r, start);
      return TSN_NONE;
    }
    i = tsn_path_at(r, item);
    i->row_time = time;
    i->tau = tau ? taus[tau - 1] : TSN_TIME_MIN; /* one that does not matter is not taken for that of an event */
    i->row = row;
    if (r->p->path_cells) memcpy(tsn_path_cells(r, i), r->empty_cells, r->p->path_cells * sizeof(tsn_cell));
    take_shape(r, i, w, base, &m);
    i->origin = k;
    i->taken = TSN_NONE;
    tsn_path_link(r, item, TSN_NONE);
    r->starts[start].ghosts += i->state == ITEM_GHOST;
  }
  r->starts[start].shape = of;
  return start;
}

bool tsn_shapes_learn_event(tsn_run *r, const tsn_event *e, uint32_t start)
{
  tsn_shapes *s = r->shapes;
  tsn_shape_event made = {.shape = e->shape, .kind = e->kind, .detail = e->detail, .to = {.next = TSN_NONE, .tau = {TSN_TAU_NOW, TSN_TAU_NOW, TSN_TAU_NOW}}};
  uint32_t item, n = 0, k;
  made.move_first = (uint32_t)s->move_count;
  if (r->starts[start].head != TSN_NONE) {
    if (!find_shape(r, start, &made.to.next)) return false;
    if (made.to.next == TSN_NONE) return true;
  }
  for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next, n++) {
    const tsn_path *i = tsn_path_at(r, item);
    const tsn_move m = {.from = i->origin, .label = i->taken, .fired = i->tau == e->time};
    uint32_t tau;
    if (!tsn_alloc_grow(r->alloc, (void **)&s->moves, &s->move_cap, s->move_count + 1, sizeof m)) return tsn_run_nomem(r);
    s->moves[s->move_count++] = m;
    tau = tsn_tau_in(s->words + s->all[made.to.next].word_first + n * tsn_item_words(r));
    if (!tau || tau > TSN_TAUS || tsn_path_at(r, item)->tau == e->time) continue;
    for (k = 0; k < tsn_shapes_facts(r, e->shape)->taus; k++)
      if (e->taus[k] == tsn_path_at(r, item)->tau) made.to.tau[tau - 1] = (uint8_t)k;
  }
  if (!tsn_alloc_grow(r->alloc, (void **)&s->events, &s->event_cap, s->event_count + 1, sizeof made) ||
      !tsn_map_add(&s->event_map, event_hash(e->shape, e->kind, e->detail), (uint32_t)s->event_count))
    return tsn_run_nomem(r);
  made.to.known = 1;
  made.to.fits = made.to.next == TSN_NONE || tsn_shapes_facts(r, made.to.next)->good;
  s->events[s->event_count++] = made;
  return true;
}
