/* PERMUTE: the alternation of its sequences, in the order listed (language page,
 * sections 5 and 6.2; decisions/0007 says why this is exact).
 *
 * Where every part is a fixed sequence of elements, one node stands for all
 * sequences, and a path carries the set of the parts that it has begun:
 *
 *   PERMUTE(a ->, b c, !d{5})        .--- a --- -> ---.
 *                            ... --> PERMUTE --- b --- c --> back to PERMUTE,
 *                                    '--- !d{5} ------'     and on when all have been
 *
 * Other parts - with alternatives, quantifiers, ->>, or nothing to consume - are
 * written out, sequence by sequence. A path through the parts that several
 * sequences begin with is one path for each of them, but timers race with the
 * missing parts of all: so copies of an element behind the same parts in the same
 * order are twins, and tell the matcher which paths belong together. */
#include <string.h>

#include "plan/plan.h"

#define WRITTEN_MAX 200000u /* parts of a pattern's PERMUTEs, written out */

/* ---- twins ---- */

typedef struct tsn_twin {
  const tsn_bpat *part;
  uint32_t context; /* the ordered parts before it, of all PERMUTEs around it; 0: outside */
  uint32_t is_context, id;
} tsn_twin;

/* What is known under a key; else `fresh`, known from now on. */
static uint32_t twin_of(tsn_plan *p, tsn_twin key, uint32_t fresh)
{
  uint64_t hash = tsn_hash_word((uint64_t)key.context << 1 | key.is_context, (uint64_t)(uintptr_t)key.part);
  size_t at;
  uint32_t known;
  tsn_twin *grown;
  for (at = tsn_map_first(&p->twin_map, hash); (known = tsn_map_at(&p->twin_map, at)) != TSN_NONE;
       at = tsn_map_next(&p->twin_map, hash, at)) {
    const tsn_twin *t = &p->twins[known];
    if (t->part == key.part && t->context == key.context && t->is_context == key.is_context) return t->id;
  }
  grown = tsn_plan_grow(p, p->twins, p->twin_count, &p->twin_cap, sizeof *grown);
  if (!grown) return fresh;
  p->twins = grown;
  key.id = fresh;
  p->twins[p->twin_count] = key;
  if (!tsn_map_add(&p->twin_map, hash, (uint32_t)p->twin_count)) p->status = TOCSIN_NOMEM;
  p->twin_count++;
  return fresh;
}

void tsn_plan_twin(tsn_plan *p, const tsn_bpat *element, uint32_t node)
{
  if (!p->context) return;
  p->nodes[node].rec.flags |= NODE_TWIN;
  p->nodes[node].rec.c = twin_of(p, (tsn_twin){.part = element, .context = p->context}, node);
}

/* The context behind one more part. */
static uint32_t context_behind(tsn_plan *p, uint32_t context, const tsn_bpat *part)
{
  uint32_t fresh = p->contexts + 1, found = twin_of(p, (tsn_twin){.part = part, .context = context, .is_context = 1}, fresh);
  if (found == fresh) p->contexts++;
  return found;
}

/* ---- written out ---- */

/* The next order in the sequence of lexicographic ones; false behind the last. */
static bool next_order(unsigned *order, unsigned count)
{
  unsigned i = count - 1, j = count - 1, t;
  while (i > 0 && order[i - 1] > order[i]) i--;
  if (i == 0) return false;
  while (order[j] < order[i - 1]) j--;
  t = order[i - 1], order[i - 1] = order[j], order[j] = t;
  for (j = count - 1; i < j; i++, j--) t = order[i], order[i] = order[j], order[j] = t;
  return true;
}

typedef struct permute {
  const tsn_bpat *parts[TSN_PERMUTE_MAX];
  unsigned order[TSN_PERMUTE_MAX];
  unsigned count;
} permute;

static uint32_t write_sequence(tsn_plan *p, const permute *m, uint32_t next)
{
  uint32_t contexts[TSN_PERMUTE_MAX], outside = p->context;
  unsigned i;
  for (i = 0; i < m->count; i++) {
    if (p->races) p->context = context_behind(p, p->context, m->parts[m->order[i]]);
    contexts[i] = p->context;
  }
  for (i = m->count; i > 0; i--) {
    p->context = contexts[i - 1];
    next = tsn_plan_build(p, m->parts[m->order[i - 1]], next);
  }
  p->context = outside;
  return next;
}

bool tsn_plan_may_write(tsn_plan *p)
{
  if (!p->writing || p->written++ < WRITTEN_MAX) return true;
  tsn_diag_add(p->diag, TSN_E2015, p->written_at, "parts that are fixed sequences of rows are not written out: PERMUTE takes 64 of them",
               "the orders of PERMUTE, written out, have more than %u parts", WRITTEN_MAX);
  p->status = TOCSIN_LIMIT;
  return false;
}

static uint32_t write_out(tsn_plan *p, const tsn_bpat *x, permute *m, uint32_t next)
{
  uint32_t *targets = NULL;
  size_t count = 0, cap = 0;
  if (!p->writing++) p->written_at = x->at;
  do {
    targets = tsn_plan_grow(p, targets, count, &cap, sizeof *targets);
    if (!targets || !tsn_plan_may_write(p)) break;
    targets[count++] = write_sequence(p, m, next);
  } while (!p->status && next_order(m->order, m->count));
  p->writing--;
  return p->status ? next : tsn_plan_split(p, x->at, targets, count);
}

/* ---- one node ---- */

/* Whether there is one way through, and each edge on it takes one row at most. */
static bool is_fixed(const tsn_bpat *x, bool *consumes, bool *rows)
{
  const tsn_bpat *item;
  bool turn = false;
  switch (x->kind) {
  case BPAT_EMPTY:
  case BPAT_ABSENCE:
  case BPAT_FIRST:
  case BPAT_LAST: return true;
  case BPAT_GAP: return !x->any;
  case BPAT_ROW: *rows = true; /* fall through */
  case BPAT_TIMER: *consumes = true; return true;
  case BPAT_SEQUENCE:
    for (item = x->items; item; item = item->next)
      if (!is_fixed(item, consumes, rows)) return false;
    return true;
  case BPAT_REPEAT:
    if (x->max == 0) return true;
    if (x->min != x->max || !is_fixed(x->items, &turn, rows) || !turn) return false;
    *consumes = true;
    return true;
  default: return false;
  }
}

static uint32_t build_set(tsn_plan *p, const tsn_bpat *x, const permute *m, uint64_t rows, uint32_t next)
{
  uint32_t targets[TSN_PERMUTE_MAX], node = tsn_plan_node(p, NODE_PERMUTE, x->at, next);
  uint32_t counter = p->counter_depth, words = (m->count + 31) / 32;
  uint32_t inside = p->inside, part = p->inside_part;
  unsigned i;
  p->counter_depth += words;
  if (p->counters < p->counter_depth) p->counters = p->counter_depth;
  p->inside = node;
  for (i = 0; i < m->count; i++) {
    p->inside_part = i;
    targets[i] = tsn_plan_build(p, m->parts[i], node);
  }
  p->inside = inside;
  p->inside_part = part;
  p->counter_depth -= words;
  if (p->status) return next;
  p->nodes[node].rec.flags = rows ? 0 : NODE_SILENT;
  p->nodes[node].rec.c = counter;
  p->nodes[node].rows = rows;
  p->permute_count++;
  tsn_plan_targets(p, node, targets, m->count);
  return node;
}

/* The first gap behind a part that says what this node says; the node itself where it is no such gap. */
static uint32_t shared(const tsn_plan *p, uint32_t node)
{
  const tsn_node_plan *n = &p->nodes[node];
  uint32_t other;
  if (n->rec.kind != NODE_GAP || n->rec.next != n->inside) return node;
  for (other = n->inside + 1; other < node; other++) {
    const tsn_node_plan *o = &p->nodes[other];
    if (o->inside == n->inside && o->rec.kind == NODE_GAP && o->rec.next == n->inside && o->rec.flags == n->rec.flags &&
        o->rec.lo == n->rec.lo && o->rec.hi == n->rec.hi)
      return other;
  }
  return node;
}

/* Gaps that end parts and say the same become one: paths that differ in the order of
 * the parts behind them then wait in one junction, and can be one path. */
void tsn_plan_share(tsn_plan *p)
{
  size_t i;
  for (i = 0; i < p->node_count; i++)
    if (p->nodes[i].inside != TSN_NONE) p->nodes[i].rec.next = shared(p, p->nodes[i].rec.next);
  for (i = 0; i < p->loop_count; i++) p->loops[i].exit = shared(p, p->loops[i].exit);
}

uint32_t tsn_plan_permute(tsn_plan *p, const tsn_bpat *x, uint32_t next)
{
  permute m = {.count = 0};
  const tsn_bpat *item;
  bool fixed = true;
  uint64_t with_rows = 0;
  for (item = x->items; item; item = item->next) {
    bool consumes = false, rows = false;
    fixed = fixed && is_fixed(item, &consumes, &rows) && consumes;
    with_rows |= (uint64_t)rows << m.count;
    m.order[m.count] = m.count;
    m.parts[m.count++] = item;
  }
  return fixed ? build_set(p, x, &m, with_rows, next) : write_out(p, x, &m, next);
}
