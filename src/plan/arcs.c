/* From nodes to elements and arcs: see arcs.h. A walk from each element over what consumes nothing; of several ways to
 * one element that say the same the first is kept. */
#include "plan/arcs.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"

#define DETAIL_MOST 200 /* bytes of a condition */

typedef struct way {
  uint32_t node;
  uint32_t kind; /* tsn_arc_kind */
  bool again, has_hi;
  const char *text;
  struct way *next;
} way;

typedef struct finding {
  tsn_arena *arena;
  const tocsin_program *p;
  const tsn_pattern_rec *q;
  tsn_arcs *out;
  size_t cap;
  uint32_t from;
  uint32_t *number; /* of nodes: which element they are */
  bool *been;       /* nodes of this walk, by node and kind */
  way *stack;
  bool many; /* arcs */
} finding;

static const char *label_name(const finding *f, uint32_t i)
{
  return tsn_program_text(f->p, f->p->labels[f->q->labels.first + i].name);
}

const char *tsn_arcs_duration(tsn_arena *arena, const tsn_pattern_rec *q, int64_t d)
{
  char text[TSN_TIME_TEXT > TSN_DOUBLE_TEXT ? TSN_TIME_TEXT : TSN_DOUBLE_TEXT];
  size_t length = q->time_type == TOCSIN_TIMESTAMP ? tsn_interval_format(d, text)
                  : q->time_type == TOCSIN_DOUBLE  ? tsn_format_double(tsn_double_of_time(d), text)
                                                   : tsn_format_int64(d, text);
  const char *copy = tsn_arena_text(arena, text, length);
  return copy ? copy : "";
}

/* Parts of a text with commas between. */
static const char *joined(const finding *f, const char *before, const char *more)
{
  const char *text = *before ? tsn_arena_printf(f->arena, "%s, %s", before, more) : more;
  return text ? text : "";
}

static const char *timer_name(const finding *f, const tsn_timer_rec *t)
{
  const char *text = "!", *length = t->kind == TIMER_DURATION ? tsn_arcs_duration(f->arena, f->q, t->duration)
                                    : t->code.text.offset != TSN_NONE ? tsn_program_text(f->p, t->code.text)
                                                                      : "computed";
  uint32_t k;
  for (k = 0; text && k < t->labels.count; k++)
    text = tsn_arena_printf(f->arena, "%s%s%s", text, k ? "|" : "", label_name(f, f->p->indices[t->labels.first + k]));
  text = text ? tsn_arena_printf(f->arena, "%s %s%s", text, t->kind == TIMER_DEADLINE_CODE ? "until " : "", length) : NULL;
  return text ? text : "";
}

/* The second element of a label is "UP #2". */
static const char *numbered(const finding *f, const char *name)
{
  uint32_t times = 1;
  size_t i, length = strlen(name);
  for (i = TSN_DRAW_FIRST; i + 1 < f->out->element_count; i++) {
    const char *other = f->out->elements[i].name;
    times += !strncmp(other, name, length) && (!other[length] || !strncmp(other + length, " #", 2));
  }
  return times == 1 ? name : tsn_arena_printf(f->arena, "%s #%u", name, times);
}

static bool add_element(finding *f, uint32_t node)
{
  const tsn_node_rec *n = &f->p->nodes[f->q->nodes.first + node];
  tsn_element *e = &f->out->elements[f->out->element_count];
  *e = (tsn_element){.node = node, .detail = "", .timer = n->kind == NODE_TIMER};
  f->number[node] = (uint32_t)f->out->element_count++;
  if (e->timer) {
    e->name = timer_name(f, &f->p->timers[f->q->timers.first + n->a]);
  } else {
    const tsn_code *code = &f->p->labels[f->q->labels.first + n->a].condition;
    e->name = label_name(f, n->a);
    if (code->instrs.count && code->text.offset != TSN_NONE)
      e->detail = tsn_arena_text(f->arena, tsn_program_text(f->p, code->text), code->text.length < DETAIL_MOST ? code->text.length : DETAIL_MOST);
  }
  e->name = numbered(f, e->name);
  return e->name && e->detail;
}

static void push(finding *f, const way *w, uint32_t node)
{
  way *to = tsn_arena_new(f->arena, way);
  if (!to) return;
  *to = *w;
  to->node = node;
  to->next = f->stack;
  f->stack = to;
}

static bool same(const tsn_arc *a, const way *w, uint32_t to, bool bounded)
{
  return a->to == to && a->kind == w->kind && a->again == w->again && a->bounded == bounded && !strcmp(a->text, w->text);
}

static void arrive(finding *f, const way *w, uint32_t to)
{
  tsn_arcs *out = f->out;
  bool timer = to == TSN_DRAW_END || out->elements[to].timer, bounded = w->has_hi || timer || w->kind == ARC_STRICT || f->from == TSN_DRAW_START;
  size_t i;
  for (i = out->count; i > 0 && out->arcs[i - 1].from == f->from; i--)
    if (same(&out->arcs[i - 1], w, to, bounded)) return;
  if (out->count == TSN_ARCS_MAX) {
    f->many = true;
    return;
  }
  if (out->count == f->cap) {
    tsn_arc *more = tsn_arena_new_array(f->arena, tsn_arc, f->cap ? f->cap * 2 : 32);
    if (!more) return;
    if (out->count) memcpy(more, out->arcs, out->count * sizeof *more);
    out->arcs = more;
    f->cap = f->cap ? f->cap * 2 : 32;
  }
  out->arcs[out->count++] = (tsn_arc){.from = f->from, .to = to, .kind = w->kind, .again = w->again, .bounded = bounded, .text = w->text};
}

static void cross_gap(finding *f, way *w, const tsn_node_rec *n)
{
  if (f->from == TSN_DRAW_START) return; /* void before the first element */
  if (n->flags & NODE_ANY) w->kind = ARC_ANY;
  else if (w->kind == ARC_STRICT) w->kind = ARC_NEXT;
  if (n->flags & NODE_HAS_LO) w->text = joined(f, w->text, tsn_arena_printf(f->arena, "after %s", tsn_arcs_duration(f->arena, f->q, n->lo)));
  if (n->flags & NODE_HAS_HI) {
    w->text = joined(f, w->text, tsn_arena_printf(f->arena, "within %s", tsn_arcs_duration(f->arena, f->q, n->hi)));
    w->has_hi = true;
  }
}

static void cross_loop(finding *f, way *w, const tsn_node_rec *n)
{
  const tsn_loop_rec *l = &f->p->loops[f->q->loops.first + n->a];
  bool turn = n->kind == NODE_TURN;
  way body = *w, out = *w;
  if (turn) {
    body.again = true;
    if (l->max != TSN_UNBOUNDED) body.text = joined(f, body.text, tsn_arena_printf(f->arena, "at most %u times", l->max));
    if (l->min > 1) out.text = joined(f, out.text, tsn_arena_printf(f->arena, "after %u times", l->min));
  }
  if (!turn && l->min > 0) {
    push(f, &body, l->body);
    return;
  }
  push(f, l->greedy ? &out : &body, l->greedy ? l->exit : l->body); /* what is pushed last goes first */
  push(f, l->greedy ? &body : &out, l->greedy ? l->body : l->exit);
}

static void follow(finding *f, way *w)
{
  const tsn_node_rec *n = &f->p->nodes[f->q->nodes.first + w->node];
  size_t at = (size_t)w->node * 6 + w->kind * 2 + w->again;
  uint32_t k;
  if (f->been[at]) return;
  f->been[at] = true;
  switch (n->kind) {
  case NODE_ACCEPT: arrive(f, w, TSN_DRAW_END); return;
  case NODE_ROW: arrive(f, w, f->number[w->node]); return;
  case NODE_TIMER:
    if (f->from != TSN_DRAW_START) {
      arrive(f, w, f->number[w->node]);
      return;
    }
    w->text = joined(f, w->text, tsn_arena_printf(f->arena, "%s before", f->out->elements[f->number[w->node]].name));
    break;
  case NODE_GAP: cross_gap(f, w, n); break;
  case NODE_ABSENCE: w->text = joined(f, w->text, tsn_arena_printf(f->arena, "no %s", label_name(f, n->a))); break;
  case NODE_FIRST: w->text = joined(f, w->text, "first row"); break;
  case NODE_LAST: w->text = joined(f, w->text, "last row"); break;
  case NODE_ENTER:
  case NODE_TURN: cross_loop(f, w, n); return;
  case NODE_PERMUTE:
    push(f, w, n->next);
    for (k = n->b; k > 0; k--) push(f, w, f->p->indices[f->q->targets.first + n->a + k - 1]);
    return;
  default: /* NODE_SPLIT */
    for (k = n->b; k > 0; k--) push(f, w, f->p->indices[f->q->targets.first + n->a + k - 1]);
    return;
  }
  push(f, w, n->next);
}

static void walk(finding *f, uint32_t from, uint32_t node)
{
  way first = {.node = node, .text = ""};
  f->from = from;
  memset(f->been, 0, (size_t)f->q->nodes.count * 6 * sizeof *f->been);
  push(f, &first, node);
  while (f->stack) {
    way w = *f->stack;
    f->stack = w.next;
    follow(f, &w);
  }
}

tocsin_status tsn_arcs_find(tsn_arena *arena, const tocsin_program *p, uint32_t pattern, tsn_arcs *out)
{
  const tsn_pattern_rec *q = &p->patterns[pattern];
  finding f = {.arena = arena, .p = p, .q = q, .out = out};
  uint32_t i;
  *out = (tsn_arcs){.element_count = TSN_DRAW_FIRST};
  if (q->nodes.count > TSN_ARC_NODES_MAX) return TOCSIN_LIMIT;
  out->elements = tsn_arena_new_array(arena, tsn_element, (size_t)q->nodes.count + TSN_DRAW_FIRST);
  f.number = tsn_arena_new_array(arena, uint32_t, q->nodes.count);
  f.been = tsn_arena_new_array(arena, bool, (size_t)q->nodes.count * 6);
  if (tsn_arena_failed(arena) != TOCSIN_OK) return tsn_arena_failed(arena);
  out->elements[TSN_DRAW_START] = (tsn_element){.node = TSN_NONE, .name = "start", .detail = ""};
  out->elements[TSN_DRAW_END] = (tsn_element){.node = TSN_NONE, .name = "match", .detail = ""};
  for (i = q->nodes.count; i-- > 0;) /* nodes are made from the end of the pattern to its begin */
    if ((p->nodes[q->nodes.first + i].kind == NODE_ROW || p->nodes[q->nodes.first + i].kind == NODE_TIMER) && !add_element(&f, i))
      return tsn_arena_failed(arena);
  if (out->element_count > TSN_ELEMENTS_MAX) return TOCSIN_LIMIT;
  walk(&f, TSN_DRAW_START, q->root);
  for (i = TSN_DRAW_FIRST; i < out->element_count && !f.many; i++) walk(&f, i, p->nodes[q->nodes.first + out->elements[i].node].next);
  return f.many ? TOCSIN_LIMIT : tsn_arena_failed(arena);
}
