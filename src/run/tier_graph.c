/* A row enters the states of a graph (graph.h): nodes, and what becomes of them. */
#include <string.h>

#include "base/time.h"
#include "run/graph.h"

#define LEAST_NODES 8

/* ---- queues ---- */

static void list_clear(tsn_run *r, tsn_graph_list *l, size_t stride)
{
  tsn_alloc_free(r->alloc, l->nodes, l->cap * stride);
  l->nodes = NULL;
  l->cap = 0;
}

/* Room for one more behind the last; what has left the front makes it, if it is half of all. */
static bool list_room(tsn_run *r, tsn_graph_list *l, size_t stride)
{
  size_t count = (size_t)(l->total - l->first), gone = (size_t)(l->first - l->base), cap = l->cap < LEAST_NODES ? LEAST_NODES : l->cap + l->cap / 2;
  char *nodes;
  if (l->total - l->base < l->cap) return true;
  if (gone) memmove(l->nodes, l->nodes + gone * stride, count * stride);
  l->base = l->first;
  if (gone && gone >= l->cap / 2) return true;
  nodes = tsn_alloc_resize(r->alloc, l->nodes, l->cap * stride, cap * stride);
  if (!nodes) return tsn_run_nomem(r);
  l->nodes = nodes;
  l->cap = cap;
  return true;
}

static size_t lists_size(const tsn_graph *g) { return sizeof(tsn_graph_lists) + g->state_count * sizeof(tsn_graph_list); }

static uint64_t live_nodes(const tsn_graph *g, const tsn_graph_lists *l)
{
  uint64_t live = 0;
  uint32_t s;
  for (s = 0; s < g->state_count; s++)
    if (l->states[s].nodes) live += l->states[s].total - l->states[s].first;
  return live;
}

void tsn_graph_drop(tsn_run *r, tsn_partition *p)
{
  tsn_graph_lists *l = p->graph;
  uint32_t s;
  if (!l) return;
  r->live -= p->live;
  p->live = 0;
  for (s = 0; s < r->graph->state_count; s++) list_clear(r, &l->states[s], r->graph->states[s].stride);
  list_clear(r, &l->births, sizeof(tsn_graph_birth));
  tsn_alloc_free(r->alloc, l, lists_size(r->graph));
  p->graph = NULL;
}

void tsn_graph_visit(tsn_run *r, tsn_partition *p, tsn_text_visitor f, tsn_texts *young)
{
  const tsn_graph *g = r->graph;
  tsn_graph_lists *l = p->graph;
  uint32_t s, k, v;
  uint64_t n;
  for (s = 0; l && s < g->state_count; s++) {
    const tsn_graph_state *state = &g->states[s];
    const tsn_graph_label *label = &g->labels[state->label];
    for (n = l->states[s].first; l->states[s].nodes && n < l->states[s].total; n++) {
      tsn_cell *cells = tsn_graph_values(state, tsn_graph_at(&l->states[s], state->stride, n));
      for (k = 0; k < label->step_count; k++) {
        const tsn_graph_step *step = &g->steps[label->step_first + k];
        if ((v = step->value) != TSN_NONE && tsn_is_text(step->reg->type)) f(&r->texts, young, &cells[v]);
        if ((v = step->second) != TSN_NONE && tsn_is_text(step->reg->type2)) f(&r->texts, young, &cells[v]);
      }
    }
  }
}

/* ---- what goes ---- */

/* Whether what an edge of a node still waits for, or has led to, can be part of a match. */
static bool edge_lives(const tsn_run *r, const tsn_graph_lists *l, const tsn_graph_edge *e, const tsn_graph_node *n, uint64_t link)
{
  const tsn_graph_list *to = &l->states[e->to];
  if (e->kind == EDGE_ANY) return true;
  if (link >= to->total) return e->kind == EDGE_NEXT || n->row >= r->graph->passed;
  if (!to->nodes || link < to->first) return false;
  return e->kind == EDGE_NEXT || tsn_graph_at(to, r->graph->states[e->to].stride, link)->row == n->row + 1;
}

static bool is_over(const tsn_run *r, const tsn_graph_lists *l, const tsn_graph_state *s, const tsn_graph_node *n)
{
  uint32_t k;
  if (tsn_graph_expired(r, n->newest)) return true;
  for (k = 0; k < s->edge_count; k++)
    if (edge_lives(r, l, &r->graph->edges[s->edge_first + k], n, tsn_graph_links(n)[k])) return false;
  return true;
}

void tsn_graph_trim(tsn_run *r, tsn_partition *p, uint32_t state)
{
  tsn_graph_list *list = &p->graph->states[state];
  const tsn_graph_state *s = &r->graph->states[state];
  uint64_t first = list->first;
  if (!list->nodes) return;
  while (list->first < list->total && is_over(r, p->graph, s, tsn_graph_at(list, s->stride, list->first))) list->first++;
  p->live -= list->first - first;
  r->live -= list->first - first;
}

/* Births whose first nodes are all gone; that of the row at hand is yet to have some. */
void tsn_graph_trim_births(tsn_run *r, tsn_graph_lists *l)
{
  const tsn_graph *g = r->graph;
  int64_t least = g->number;
  size_t k;
  for (k = 0; k < g->begin_count; k++) {
    const tsn_graph_list *list = &l->states[g->begins[k]];
    const tsn_graph_node *n = list->nodes && list->first < list->total ? tsn_graph_at(list, g->states[g->begins[k]].stride, list->first) : NULL;
    if (n && n->row < least) least = n->row;
  }
  while (l->births.first < l->births.total && tsn_graph_birth_at(l, l->births.first)->row < least) l->births.first++;
}

/* Later states first: what they let go lets go of what led to it. */
static void trim_all(tsn_run *r, tsn_partition *p)
{
  uint32_t s;
  uint64_t live;
  do {
    live = p->live;
    for (s = (uint32_t)r->graph->state_count; s-- > 0;) tsn_graph_trim(r, p, s);
  } while (p->live < live && r->graph->eager);
  tsn_graph_trim_births(r, p->graph);
}

/* Nothing lives: all numbers begin anew. */
static bool drop_dead(tsn_run *r, tsn_partition *p)
{
  if (!p->graph || live_nodes(r->graph, p->graph)) return false;
  tsn_graph_drop(r, p);
  return true;
}

/* ---- a row enters ---- */

/* What the row at hand is under a label, as registers and guards will need it. */
bool tsn_graph_row_values(tsn_run *r, const tsn_partition *p, uint32_t label)
{
  tsn_graph *g = r->graph;
  tsn_graph_label *l = &g->labels[label];
  tsn_cell *values = g->values + l->cell_first;
  tsn_eval e = {.row = r->row, .partition = p, .number = p->rows - 1, .cells = r->empty_cells, .final = r->empty_cells, .label = label};
  uint32_t k;
  if (l->epoch == r->row_epoch) return true;
  for (k = 0; k < l->values; k++) values[k] = (tsn_cell){.null = 1};
  for (k = 0; k < l->step_count; k++) {
    const tsn_graph_step *step = &g->steps[l->step_first + k];
    const tsn_reg_rec *reg = step->reg;
    if (step->slot != TSN_NONE) values[step->value] = r->row[step->slot];
    else if (step->value != TSN_NONE && !tsn_eval_code(r, &e, &reg->value, &values[step->value])) goto failed;
    if (step->value != TSN_NONE && tsn_is_text(reg->type) && !tsn_texts_put(r, &values[step->value])) return false;
    if (step->second != TSN_NONE && !tsn_eval_code(r, &e, &reg->value2, &values[step->second])) goto failed;
    if (step->second != TSN_NONE && tsn_is_text(reg->type2) && !tsn_texts_put(r, &values[step->second])) return false;
  }
  for (k = 0; k < g->guard_count; k++) {
    const tsn_graph_guard *guard = &g->guards[k];
    uint32_t i;
    if (guard->label != label) continue;
    for (i = 0; i < l->step_count; i++) {
      const tsn_graph_step *step = &g->steps[l->step_first + i];
      if (step->reg->kind == REG_LAST) r->new_cells[step->reg->cell] = values[step->value];
    }
    e.cells = e.final = r->new_cells;
    if (!tsn_eval_code(r, &e, &guard->kept, &values[guard->value])) goto failed;
  }
  l->epoch = r->row_epoch;
  return true;
failed:
  return tsn_eval_failed(r, &e, "values under", tsn_program_text(r->program, r->labels[label].name));
}

/* Whether the newest node of a state still waits on an edge; those before it wait no longer than it does. */
static bool waits(const tsn_run *r, const tsn_graph_lists *l, const tsn_graph_in *in, uint32_t to, int64_t *newest)
{
  const tsn_graph_state *s = &r->graph->states[in->from];
  const tsn_graph_list *list = &l->states[in->from];
  const tsn_graph_node *n;
  if (!list->nodes || list->first == list->total) return false;
  n = tsn_graph_at(list, s->stride, list->total - 1);
  if (tsn_graph_expired(r, n->newest)) return false;
  switch (r->graph->edges[s->edge_first + in->edge].kind) {
  case EDGE_STRICT:
    if (n->row != r->graph->number - 1) return false;
    break;
  case EDGE_NEXT:
    if (tsn_graph_links(n)[in->edge] != l->states[to].total) return false;
    break;
  default: break;
  }
  if (n->newest > *newest) *newest = n->newest;
  return true;
}

static bool follows(const tsn_run *r, const tsn_graph_lists *l, uint32_t state, int64_t *newest)
{
  const tsn_graph_state *s = &r->graph->states[state];
  uint32_t k;
  bool any = false;
  *newest = INT64_MIN;
  for (k = 0; l && k < s->in_count; k++) any |= waits(r, l, &r->graph->ins[s->in_first + k], state, newest);
  return any;
}

/* Whether the row at hand can stand under a label; of a condition that reads paths: as far as its own row goes. */
static bool fits(tsn_run *r, const tsn_partition *p, uint32_t label, bool *truth)
{
  if (r->graph->labels[label].walks) return tsn_eval_screen(r, p, label, &r->graph->labels[label].screen, truth);
  *truth = true;
  if (r->block_row != TSN_NONE && r->graph->seen) return true; /* else it would not be asked */
  return tsn_eval_label(r, p, label, r->empty_cells, truth);
}

static bool enter(tsn_run *r, const tsn_partition *p, uint32_t label)
{
  tsn_graph *g = r->graph;
  uint32_t s;
  bool asked = false, truth = false;
  for (s = g->labels[label].first; s != TSN_NONE; s = g->states[s].next) {
    tsn_graph_entry entry = {.state = s, .begins = g->states[s].begins};
    entry.follows = follows(r, p->graph, s, &entry.newest);
    if (!entry.follows && !entry.begins) continue;
    if (!asked && !fits(r, p, label, &truth)) return false; /* not before something waits for it: it may fail */
    asked = true;
    if (!truth) return true;
    if (entry.begins && g->labels[label].walks && !tsn_eval_label(r, p, label, r->empty_cells, &entry.begins)) return false;
    if (entry.begins) entry.newest = r->p->within_kind == WITHIN_ROWS ? g->number : g->time;
    if (entry.begins || entry.follows) g->entries[g->entry_count++] = entry;
  }
  return true;
}

static bool over_limit(tsn_run *r, tsn_partition *p)
{
  if (p->live < r->max_paths) return false;
  trim_all(r, p);
  return p->live >= r->max_paths && !tsn_run_many_paths(r, p);
}

static bool add_node(tsn_run *r, tsn_partition *p, const tsn_graph_entry *entry)
{
  const tsn_graph *g = r->graph;
  const tsn_graph_state *s = &g->states[entry->state];
  tsn_graph_list *list = &p->graph->states[entry->state];
  tsn_graph_node *n;
  if (over_limit(r, p)) return false;
  if (list->total - list->base == list->cap) trim_all(r, p);
  if (!list_room(r, list, s->stride)) return false;
  n = tsn_graph_at(list, s->stride, list->total);
  *n = (tsn_graph_node){.row = g->number, .newest = entry->newest};
  if (s->values) memcpy(tsn_graph_values(s, n), g->values + g->labels[s->label].cell_first, s->values * sizeof(tsn_cell));
  tsn_count_path(r, p);
  return true;
}

static void link_node(const tsn_graph *g, tsn_graph_lists *l, uint32_t state)
{
  const tsn_graph_state *s = &g->states[state];
  uint64_t *links = tsn_graph_links(tsn_graph_at(&l->states[state], s->stride, l->states[state].total - 1));
  uint32_t k;
  for (k = 0; k < s->edge_count; k++) links[k] = l->states[g->edges[s->edge_first + k].to].total;
}

static bool add_birth(tsn_run *r, uint32_t part)
{
  tsn_graph *g = r->graph;
  tsn_partition *p = &r->partitions[part];
  tsn_graph_lists *l = p->graph;
  if (l->births.total - l->births.base == l->births.cap) trim_all(r, p);
  if (!list_room(r, &l->births, sizeof(tsn_graph_birth))) return false;
  *tsn_graph_birth_at(l, l->births.total++) = (tsn_graph_birth){.row = g->number, .time = g->time, .seq = r->row_seq};
  l->last = g->time;
  if (l->due || r->p->within_kind != WITHIN_TIME) return true;
  l->due = true;
  return tsn_deadline_push(r, tsn_time_shift(r, g->time, r->p->within), PHASE_EXPIRE, OWNER_PARTITION, part, p->generation);
}

static bool make_lists(tsn_run *r, tsn_partition *p)
{
  if (p->graph) return true;
  p->graph = tsn_alloc_array(r->alloc, 1, lists_size(r->graph));
  return p->graph || tsn_run_nomem(r);
}

/* The states that the row enters have a node of it. */
static bool settle_entries(tsn_run *r, uint32_t part)
{
  tsn_graph *g = r->graph;
  tsn_partition *p = &r->partitions[part];
  size_t i;
  bool stays = false;
  for (i = 0; i < g->entry_count; i++) stays |= g->states[g->entries[i].state].edge_count != 0;
  if (!stays && !p->graph) return true;
  if (!make_lists(r, p)) return false;
  for (i = 0; i < g->entry_count; i++)
    if (g->states[g->entries[i].state].edge_count && (!tsn_graph_row_values(r, p, g->states[g->entries[i].state].label) || !add_node(r, p, &g->entries[i])))
      return false;
  for (i = 0; i < g->entry_count; i++) p->graph->states[g->entries[i].state].total++;
  for (i = 0; i < g->entry_count; i++)
    if (g->states[g->entries[i].state].edge_count) link_node(g, p->graph, g->entries[i].state);
  return true;
}

static bool begins_any(const tsn_graph *g, bool *stays)
{
  size_t i;
  bool any = false;
  *stays = false;
  for (i = 0; i < g->entry_count; i++)
    if (g->entries[i].begins) {
      any = true;
      *stays |= g->states[g->entries[i].state].edge_count != 0;
    }
  return any;
}

static bool completes_any(const tsn_graph *g)
{
  size_t i;
  for (i = 0; i < g->entry_count; i++)
    if (g->states[g->entries[i].state].accepts) return true;
  return false;
}

/* Labels row by row, where the block tells them all and they fit into a word. */
void tsn_graph_see(tsn_run *r)
{
  tsn_graph *g = r->graph;
  uint32_t labels = r->p->labels.count, i, w;
  g->seen = labels <= 64;
  for (i = 0; i < labels; i++) g->seen = g->seen && r->known[i];
  if (!g->seen) return;
  memset(g->fits, 0, TSN_BLOCK_ROWS * sizeof *g->fits);
  for (i = 0; i < labels; i++)
    for (w = 0; w < TSN_BLOCK_WORDS; w++) {
      uint64_t bits = r->bits[(size_t)i * TSN_BLOCK_WORDS + w];
      for (; bits; bits &= bits - 1) g->fits[w * 64 + (uint32_t)__builtin_ctzll(bits)] |= (uint64_t)1 << i;
    }
}

static bool enter_all(tsn_run *r, const tsn_partition *p)
{
  const tsn_graph *g = r->graph;
  uint32_t label;
  uint64_t fits;
  if (r->block_row != TSN_NONE && g->seen) {
    for (fits = g->fits[r->block_row]; fits; fits &= fits - 1)
      if (!enter(r, p, (uint32_t)__builtin_ctzll(fits))) return false;
    return true;
  }
  for (label = 0; label < r->p->labels.count; label++)
    if (!enter(r, p, label)) return false;
  return true;
}

bool tsn_graph_row(tsn_run *r, uint32_t part, int64_t time)
{
  tsn_graph *g = r->graph;
  tsn_partition *p = &r->partitions[part];
  uint64_t matches = 0;
  bool stays;
  if (!g->built && !tsn_graph_build(r)) return false;
  g->entry_count = 0;
  g->number = p->rows - 1;
  g->passed = g->number - 1;
  g->time = time;
  if (!enter_all(r, p)) return false;
  if (g->entry_count) {
    if (completes_any(g) && !tsn_graph_walk(r, part, &matches)) return false;
    p = &r->partitions[part];
    if (begins_any(g, &stays) && stays) {
      if (!make_lists(r, p) || !add_birth(r, part)) return false;
      tsn_graph_birth_at(p->graph, p->graph->births.total - 1)->matches = matches;
    }
    if (!settle_entries(r, part)) return false;
  }
  p = &r->partitions[part];
  g->passed = g->number;
  if (g->eager && p->graph) trim_all(r, p);
  tsn_partition_trim(r, part);
  if ((g->eager || !p->graph) && (!p->graph || drop_dead(r, p)) && !r->p->keep_idle && p->arrived == p->rows) tsn_partition_drop(r, part);
  return true;
}

/* The newest start of a partition, as it was when the deadline was set, has come to its end. */
bool tsn_graph_expire(tsn_run *r, uint32_t part, int64_t time)
{
  tsn_partition *p = &r->partitions[part];
  int64_t end;
  tsn_changed(r, part);
  if (!p->graph) return true;
  end = tsn_time_shift(r, p->graph->last, r->p->within);
  if (end > time) return tsn_deadline_push(r, end, PHASE_EXPIRE, OWNER_PARTITION, part, p->generation);
  tsn_graph_drop(r, p);
  if (!r->p->keep_idle && p->arrived == p->rows) tsn_partition_drop(r, part);
  return true;
}
