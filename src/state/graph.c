/* The lists of a partition in the graph tier. States are numbered by the pattern alone. */
#include <string.h>

#include "state/state.h"

/* Loading: makes a list of what is alive, in memory of its own. */
static bool list_room(tsn_codec *c, tsn_graph_list *l, size_t stride)
{
  size_t count = (size_t)(l->total - l->first);
  if (!c->loading || !count) return true;
  l->nodes = tsn_alloc_array(c->r->alloc, count, stride);
  if (!l->nodes) return tsn_run_nomem(c->r);
  l->cap = count;
  return true;
}

static void code_bounds(tsn_codec *c, tsn_graph_list *l, size_t *count)
{
  *count = l->nodes ? (size_t)(l->total - l->first) : 0;
  tsn_code_u64(c, &l->total);
  tsn_code_count(c, count);
  if (!c->loading) return;
  tsn_code_check(c, *count <= l->total);
  l->first = l->base = c->bad ? l->total : l->total - *count;
}

static void code_births(tsn_codec *c, tsn_graph_lists *l, const tsn_partition *p)
{
  size_t count, k;
  int64_t before = -1;
  code_bounds(c, &l->births, &count);
  if (!tsn_codec_good(c) || !list_room(c, &l->births, sizeof(tsn_graph_birth))) return;
  for (k = 0; k < count && tsn_codec_good(c); k++) {
    tsn_graph_birth *b = tsn_graph_birth_at(l, l->births.first + k);
    tsn_code_i64(c, &b->row);
    tsn_code_i64(c, &b->time);
    tsn_code_u64(c, &b->seq);
    tsn_code_u64(c, &b->matches);
    tsn_code_check(c, b->row > before && b->row < p->rows);
    before = b->row;
  }
}

static void code_values(tsn_codec *c, const tsn_graph_state *s, tsn_cell *cells)
{
  const tsn_graph *g = c->r->graph;
  const tsn_graph_label *label = &g->labels[s->label];
  uint32_t v, k;
  for (v = 0; v < s->values; v++) {
    bool text = false;
    for (k = 0; k < label->step_count; k++) {
      const tsn_graph_step *step = &g->steps[label->step_first + k];
      text = text || (step->value == v && tsn_is_text(step->reg->type)) || (step->second == v && tsn_is_text(step->reg->type2));
    }
    tsn_code_cell(c, &cells[v], text);
  }
}

static void code_state(tsn_codec *c, tsn_graph_lists *l, uint32_t state, const tsn_partition *p)
{
  const tsn_graph_state *s = &c->r->graph->states[state];
  tsn_graph_list *list = &l->states[state];
  size_t count, k;
  uint32_t e;
  int64_t before = -1;
  code_bounds(c, list, &count);
  tsn_code_check(c, !count || s->edge_count > 0);
  if (!tsn_codec_good(c) || !list_room(c, list, s->stride)) return;
  for (k = 0; k < count && tsn_codec_good(c); k++) {
    tsn_graph_node *n = tsn_graph_at(list, s->stride, list->first + k);
    tsn_code_i64(c, &n->row);
    tsn_code_i64(c, &n->newest);
    tsn_code_check(c, n->row > before && n->row < p->rows);
    before = n->row;
    for (e = 0; e < s->edge_count; e++) tsn_code_u64(c, &tsn_graph_links(n)[e]);
    code_values(c, s, tsn_graph_values(s, n));
  }
}

/* Loading: links lead no further than there are nodes, and never back. */
static void check_links(tsn_codec *c, const tsn_graph_lists *l)
{
  const tsn_graph *g = c->r->graph;
  uint32_t s, e;
  uint64_t n;
  for (s = 0; s < g->state_count; s++) {
    const tsn_graph_list *list = &l->states[s];
    tsn_code_check(c, !list->nodes || l->births.nodes != NULL); /* who stands there, began */
    if (g->begin_count == 1 && s == g->begins[0] && list->nodes) /* nodes and births have the same numbers */
      tsn_code_check(c, l->births.total == list->total && l->births.first <= list->first);
    for (e = 0; e < g->states[s].edge_count; e++) {
      uint64_t before = 0, total = l->states[g->edges[g->states[s].edge_first + e].to].total;
      for (n = list->first; list->nodes && n < list->total; n++) {
        uint64_t link = tsn_graph_links(tsn_graph_at(list, g->states[s].stride, n))[e];
        tsn_code_check(c, link >= before && link <= total);
        before = link;
      }
    }
  }
}

void tsn_state_graph(tsn_codec *c, uint32_t part)
{
  tsn_run *r = c->r;
  tsn_partition *p = &r->partitions[part];
  bool lives = p->graph != NULL;
  uint32_t s;
  tsn_graph_lists *l;
  tsn_code_bool(c, &lives);
  if (!lives || !tsn_codec_good(c)) return;
  if (c->loading) {
    if (!r->graph->built && !tsn_graph_build(r)) return;
    p->graph = tsn_alloc_array(r->alloc, 1, sizeof *p->graph + r->graph->state_count * sizeof(tsn_graph_list));
    if (!p->graph) {
      tsn_run_nomem(r);
      return;
    }
  }
  l = p->graph;
  tsn_code_bool(c, &l->due);
  tsn_code_i64(c, &l->last);
  code_births(c, l, p);
  for (s = 0; s < r->graph->state_count && tsn_codec_good(c); s++) code_state(c, l, s, p);
  if (!c->loading || !tsn_codec_good(c)) return;
  check_links(c, l);
  for (s = 0; s < r->graph->state_count; s++)
    if (l->states[s].nodes) p->live += l->states[s].total - l->states[s].first;
  r->live += p->live;
  if (r->live > r->live_peak) r->live_peak = r->live;
  if (l->due && tsn_codec_good(c))
    tsn_deadline_push(r, tsn_time_shift(r, l->last, r->p->within), PHASE_EXPIRE, OWNER_PARTITION, part, p->generation);
}
