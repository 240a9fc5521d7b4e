/* What a pattern has learned: junctions, classes of rows, shapes of starts. In the order in which it did; made again in that
 * order in a run that knows nothing, each has the number that it had. */
#include <string.h>

#include "state/state.h"

static bool renumber(tsn_run *r, tsn_renumbered *n, uint32_t to)
{
  return tsn_run_room(r, (void **)&n->all, &n->cap, n->count + 1, sizeof *n->all) && (n->all[n->count++] = to, true);
}

/* ---- junctions ---- */

static void code_counters(tsn_codec *c, uint32_t *counters)
{
  uint32_t k;
  for (k = 0; k < c->r->p->counters; k++) tsn_code_u32(c, &counters[k], UINT32_MAX);
}

static uint32_t junction_again(tsn_codec *c, const tsn_junction *j, const uint32_t *counters)
{
  switch ((tsn_junction_origin)j->origin) {
  case JUNCTION_START: return tsn_junction_start(c->r, false);
  case JUNCTION_START_FIRST: return tsn_junction_start(c->r, true);
  case JUNCTION_END: return tsn_junction_last(c->r);
  default: return tsn_junction_get(c->r, j->node, counters, j->ended, j->last);
  }
}

static bool is_element(const tsn_run *r, uint32_t node)
{
  return node < r->p->nodes.count && (r->nodes[node].kind == NODE_ROW || r->nodes[node].kind == NODE_TIMER);
}

static void code_junction_of(tsn_codec *c, tsn_junction *j, uint32_t *counters)
{
  uint32_t origin = j->origin, flags = j->ended | (uint32_t)j->last << 1;
  tsn_code_u32(c, &origin, JUNCTION_END);
  tsn_code_u32(c, &flags, 3);
  j->origin = (uint8_t)origin;
  j->ended = flags & 1;
  j->last = (uint8_t)(flags >> 1);
  if (origin != JUNCTION_BEHIND) return;
  tsn_code_u32(c, &j->node, UINT32_MAX);
  if (c->loading) tsn_code_check(c, is_element(c->r, j->node));
  code_counters(c, counters);
}

static void code_junctions(tsn_codec *c, tsn_automaton *a)
{
  tsn_run *r = c->r;
  size_t count = r->junctions.count, k;
  tsn_code_count(c, &count);
  for (k = 0; k < count && tsn_codec_good(c); k++) {
    tsn_junction j = c->loading ? (tsn_junction){.node = TSN_NONE} : r->junctions.all[k];
    uint32_t made;
    if (!c->loading) {
      code_junction_of(c, &j, r->junctions.counts + k * r->p->counters);
      continue;
    }
    code_junction_of(c, &j, r->new_counters);
    if (!tsn_codec_good(c)) return;
    made = junction_again(c, &j, r->new_counters);
    if (made != TSN_NONE) renumber(r, &a->junctions, made);
  }
}

static void code_number(tsn_codec *c, const tsn_renumbered *n, uint32_t *number)
{
  if (!c->loading) {
    tsn_code_handle(c, number, UINT32_MAX);
    return;
  }
  tsn_code_handle(c, number, (uint32_t)n->count);
  if (*number != TSN_NONE) *number = n->all[*number];
}

void tsn_code_junction(tsn_codec *c, const tsn_automaton *a, uint32_t *junction)
{
  code_number(c, a ? &a->junctions : NULL, junction);
  tsn_code_check(c, *junction != TSN_NONE);
}

void tsn_code_class(tsn_codec *c, const tsn_automaton *a, uint32_t *class) { code_number(c, a ? &a->classes : NULL, class); }
void tsn_code_shape(tsn_codec *c, const tsn_automaton *a, uint32_t *shape) { code_number(c, a ? &a->shapes : NULL, shape); }

/* ---- classes ---- */

static void code_classes(tsn_codec *c, tsn_automaton *a)
{
  tsn_run *r = c->r;
  size_t count = r->shapes ? r->shapes->class_count : 0, k;
  tsn_code_count(c, &count);
  tsn_code_check(c, r->shapes || !count);
  for (k = 0; k < count && tsn_codec_good(c); k++) {
    uint64_t labels = c->loading ? 0 : r->shapes->classes[2 * k], failing = c->loading ? 0 : r->shapes->classes[2 * k + 1];
    uint32_t class;
    tsn_code_u64(c, &labels);
    tsn_code_u64(c, &failing);
    if (!c->loading) continue;
    tsn_code_check(c, r->p->labels.count == 64 || !((labels | failing) >> r->p->labels.count));
    if (!tsn_codec_good(c) || !tsn_shapes_restore_class(r, labels, failing, &class)) return;
    renumber(r, &a->classes, class);
  }
}

/* ---- shapes ---- */

static const tsn_segment *segment(const tsn_run *r, uint32_t junction, uint32_t k)
{
  return &r->junctions.segments[r->junctions.all[junction].segment_first + k];
}

/* A word of an item: state, what it races with, its segment; its junction, group, and which of the times it has. */
static void code_item(tsn_codec *c, const tsn_automaton *a, uint64_t *w)
{
  tsn_run *r = c->r;
  uint32_t state = (uint32_t)(w[0] >> 32 & 0xff), races = (uint32_t)(w[0] >> 40 & 0xff), at = (uint32_t)w[0], group = (uint32_t)w[1] & 0xffff;
  uint32_t junction = (uint32_t)(w[1] >> 32), tau = tsn_tau_in(w), edges, k;
  tsn_code_u32(c, &state, ITEM_GHOST);
  tsn_code_check(c, state != ITEM_FREE);
  if (state == ITEM_MATCH) {
    junction = at = group = races = tau = 0;
  } else {
    tsn_code_junction(c, a, &junction);
    if (!tsn_codec_good(c)) return;
    tsn_code_u32(c, &at, r->junctions.all[junction].segment_count - (r->junctions.all[junction].segment_count > 0));
    tsn_code_check(c, r->junctions.all[junction].segment_count > 0);
    tsn_code_u32(c, &races, RACE_TWINS);
    tsn_code_u32(c, &group, TSN_SHAPE_ITEMS - 1);
    tsn_code_u32(c, &tau, TSN_SHAPE_ITEMS);
    if (!tsn_codec_good(c)) return;
    edges = segment(r, junction, at)->edge_count;
    for (k = 0; k < (edges + 63) / 64; k++) {
      tsn_code_u64(c, &w[2 + k]);
      tsn_code_check(c, k < edges / 64 || !(w[2 + k] >> edges % 64));
    }
  }
  w[0] = ((uint64_t)races << 8 | state) << 32 | at;
  w[1] = (uint64_t)junction << 32 | group | (uint64_t)tau << 16;
  if (r->p->counters) code_counters(c, (uint32_t *)(void *)(w + 2 + r->mask_words));
}

static void code_shapes(tsn_codec *c, tsn_automaton *a)
{
  tsn_run *r = c->r;
  size_t count = r->shapes ? r->shapes->count : 0, each = tsn_item_words(r), k, i;
  uint64_t *words = tsn_alloc_array(r->alloc, TSN_SHAPE_ITEMS * each, sizeof *words);
  if (!words) {
    if (c->loading) tsn_run_nomem(r);
    else c->out->failed = TOCSIN_NOMEM;
    return;
  }
  tsn_code_count(c, &count);
  tsn_code_check(c, r->shapes || !count);
  for (k = 0; k < count && tsn_codec_good(c); k++) {
    uint32_t items = c->loading ? 0 : r->shapes->all[k].items, made;
    tsn_code_u32(c, &items, TSN_SHAPE_ITEMS);
    tsn_code_check(c, items > 0 && r->junctions.count > 0);
    if (c->loading) memset(words, 0, TSN_SHAPE_ITEMS * each * sizeof *words);
    else memcpy(words, tsn_item_key(r, (uint32_t)k, 0), items * each * sizeof *words);
    for (i = 0; i < items && tsn_codec_good(c); i++) code_item(c, a, words + i * each);
    if (!c->loading || !tsn_codec_good(c)) continue;
    if (tsn_shapes_restore(r, words, items * each, &made)) renumber(r, &a->shapes, made);
  }
  tsn_alloc_free(r->alloc, words, TSN_SHAPE_ITEMS * each * sizeof *words);
}

/* ---- all ---- */

void tsn_state_automaton(tsn_codec *c, tsn_automaton *a)
{
  tsn_run *r = c->r;
  bool queues = r->queues, off = r->shapes && r->shapes->off;
  tsn_code_bool(c, &queues);
  tsn_code_bool(c, &off);
  code_junctions(c, a);
  code_classes(c, a);
  code_shapes(c, a);
  if (!c->loading || !tsn_codec_good(c)) return;
  tsn_code_check(c, !queues || (r->shapes && tsn_tier_of(r->program, r->index) == TIER_TABLE));
  if (off && r->shapes && !r->partition_count) r->shapes->off = true;
  if (!queues && r->queues && !r->partition_count) r->queues = false;
  a->queues = queues;
  a->known = true;
}

void tsn_automaton_clear(tsn_run *r, tsn_automaton *a)
{
  tsn_alloc_free(r->alloc, a->junctions.all, a->junctions.cap * sizeof *a->junctions.all);
  tsn_alloc_free(r->alloc, a->classes.all, a->classes.cap * sizeof *a->classes.all);
  tsn_alloc_free(r->alloc, a->shapes.all, a->shapes.cap * sizeof *a->shapes.all);
  *a = (tsn_automaton){.known = false};
}
