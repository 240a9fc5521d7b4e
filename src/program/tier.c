/* Which tiers can do a pattern (tier.h). */
#include <string.h>

#include "program/code.h"
#include "program/guard.h"
#include "program/reach.h"
#include "program/tier.h"

static const struct {
  const char *name, *about;
} tiers[TSN_TIERS] = {
    {"", ""},
#define TIER(id, name, about) {name, about},
#include "program/tiers.def"
#undef TIER
};

const char *tsn_tier_name(tsn_tier tier) { return tiers[tier].name; }
const char *tsn_tier_about(tsn_tier tier) { return tiers[tier].about; }

static bool has_op(const tocsin_program *p, const tsn_code *code, tsn_opcode op, uint32_t function)
{
  const tsn_instr *in = p->instrs + code->instrs.first;
  uint32_t i;
  for (i = 0; i < code->instrs.count; i++)
    if (in[i].op == op && (op != OP_CALL || in[i].a == function)) return true;
  return false;
}

/* Values that are not the same when they are asked for later. */
static bool depends_on_when(const tocsin_program *p, const tsn_pattern_rec *q)
{
  uint32_t i;
  for (i = 0; i < q->regs.count; i++) {
    const tsn_reg_rec *reg = &p->regs[q->regs.first + i];
    if (has_op(p, &reg->value, OP_HOST, 0) || has_op(p, &reg->value, OP_CALL, FN_NOW) || has_op(p, &reg->value2, OP_HOST, 0) ||
        has_op(p, &reg->value2, OP_CALL, FN_NOW))
      return true;
  }
  return false;
}

/* Whether conditions read more of a path than the first row of its start. */
static bool reads_path(const tocsin_program *p, const tsn_pattern_rec *q)
{
  uint32_t start = TSN_NONE, i;
  bool known = false;
  tsn_guard guard;
  for (i = 0; i < q->labels.count; i++) {
    const tsn_code *code = &p->labels[q->labels.first + i].condition;
    if (!code->instrs.count || code->local) continue;
    if (!known) start = tsn_start_label(p, q);
    known = true;
    if (!tsn_guard_of(p, q, start, i, &guard)) return true;
  }
  return false;
}

static bool has_computed_timer(const tocsin_program *p, const tsn_pattern_rec *q)
{
  uint32_t i;
  for (i = 0; i < q->timers.count; i++)
    if (p->timers[q->timers.first + i].kind != TIMER_DURATION) return true;
  return false;
}

static bool is_read(const tocsin_program *p, uint32_t pattern)
{
  uint32_t i;
  for (i = 0; i < p->parts_count; i++)
    if (p->parts[i].kind == PART_PATTERN && p->parts[i].index == pattern) return true;
  return false;
}

#define TABLE_LABELS 64

static const char *table_refuses(const tocsin_program *p, uint32_t pattern)
{
  const tsn_pattern_rec *q = &p->patterns[pattern];
  if (q->skip_kind == MATCH_SKIP_NONE) return "it wants every match";
  if (reads_path(p, q)) return "conditions read rows that were matched before, and not the first alone";
  if (q->sequential) return "conditions read MATCH_NUMBER()";
  if (q->labels.count > TABLE_LABELS) return "it has more than 64 labels";
  if (q->ahead) return "conditions read rows behind their own";
  if (q->has_first || q->has_last) return "it has ^ or $";
  if (q->has_bounds) return "gaps have bounds";
  if (q->start_absences.count) return "it begins with an absence";
  if (tsn_leads(p, q, NODE_ABSENCE, NODE_ACCEPT, false)) /* over at another time for each start */
    return "it ends with an absence that lasts until WITHIN is over";
  if (has_computed_timer(p, q)) return "the length of an absence is computed";
  if (q->within_kind == WITHIN_ROWS && q->has_timers) return "it has both timers and WITHIN so many rows";
  if (q->timeouts) return "it shows what timed out";
  if (q->empty_kind == MATCH_UNMATCHED) return "it shows unmatched rows";
  if (q->drops) return "it drops what is oldest at a limit";
  if (is_read(p, pattern)) return "another pattern reads it";
  if (depends_on_when(p, q)) return "measures call NOW() or functions of the host";
  return NULL;
}

/* ---- graph ---- */

#define GRAPH_NODES 2048u
#define GRAPH_STATES 4096u /* elements, by the turns that loops around them count */

typedef enum way_kind { WAY_STRICT, WAY_NEXT, WAY_ANY, WAY_KINDS } way_kind;

typedef struct ways {
  const tocsin_program *p;
  const tsn_pattern_rec *q;
  bool any; /* there is some ->> */
  bool seen[GRAPH_NODES * WAY_KINDS]; /* by node and kind */
  uint32_t stack[GRAPH_NODES * WAY_KINDS], depth;
} ways;

static void push_way(ways *w, uint32_t node, uint32_t kind)
{
  uint32_t at = node * WAY_KINDS + kind;
  if (w->seen[at]) return;
  w->seen[at] = true;
  w->stack[w->depth++] = at;
}

/* Elements behind a node, with the gaps crossed on the way: how each is reached, or NULL. */
static const char *look_behind(ways *w, uint32_t from)
{
  const tsn_node_rec *nodes = w->p->nodes + w->q->nodes.first;
  const tsn_loop_rec *loops = w->p->loops + w->q->loops.first;
  const char *why = NULL;
  uint32_t at, i;
  memset(w->seen, 0, w->q->nodes.count * WAY_KINDS * sizeof *w->seen);
  w->depth = 0;
  push_way(w, nodes[from].next, WAY_STRICT);
  while (w->depth && !why) {
    const tsn_node_rec *n;
    uint32_t kind, k;
    at = w->stack[--w->depth];
    kind = at % WAY_KINDS;
    n = &nodes[at / WAY_KINDS];
    switch (n->kind) {
    case NODE_ACCEPT: break;
    case NODE_ROW: {
      const tsn_code *own = &w->p->labels[w->q->labels.first + nodes[from].a].condition, *code = &w->p->labels[w->q->labels.first + n->a].condition;
      if (own->instrs.count && !own->local) why = "a condition that is not of a last element reads rows that were matched before";
      else if (kind == WAY_STRICT && !w->any) why = "it has no ->>, but steps that only the next row can take";
      else if (kind == WAY_NEXT && code->instrs.count && !code->local) why = "a condition behind -> reads rows that were matched before";
      break;
    }
    case NODE_GAP:
      k = n->flags & NODE_ANY ? WAY_ANY : WAY_NEXT;
      push_way(w, n->next, k > kind ? k : kind);
      break;
    case NODE_SPLIT:
      for (i = 0; i < n->b; i++) push_way(w, w->p->indices[w->q->targets.first + n->a + i], kind);
      break;
    case NODE_ENTER:
    case NODE_TURN:
      push_way(w, loops[n->a].body, kind);
      push_way(w, loops[n->a].exit, kind);
      break;
    default: push_way(w, n->next, kind); break;
    }
  }
  return why;
}

static const char *ways_refuse(const tocsin_program *p, const tsn_pattern_rec *q)
{
  ways w = {.p = p, .q = q};
  const char *why = NULL;
  uint32_t i;
  for (i = 0; i < q->nodes.count; i++) w.any = w.any || (p->nodes[q->nodes.first + i].kind == NODE_GAP && (p->nodes[q->nodes.first + i].flags & NODE_ANY));
  for (i = 0; i < q->nodes.count && !why; i++)
    if (p->nodes[q->nodes.first + i].kind == NODE_ROW) why = look_behind(&w, i);
  return why;
}

static const char *nodes_refuse(const tocsin_program *p, const tsn_pattern_rec *q)
{
  const tsn_node_rec *nodes = p->nodes + q->nodes.first;
  uint64_t states = 0;
  uint32_t i;
  if (q->nodes.count > GRAPH_NODES) return "it has too many elements";
  for (i = 0; i < q->nodes.count; i++) {
    states += nodes[i].kind == NODE_ROW;
    if (nodes[i].kind == NODE_ABSENCE || nodes[i].kind == NODE_TIMER) return "it has absences";
    if (nodes[i].kind == NODE_PERMUTE) return "it has a PERMUTE";
  }
  for (i = 0; i < q->loops.count; i++) {
    const tsn_loop_rec *l = &p->loops[q->loops.first + i];
    if (l->counter == TSN_NO_COUNTER) continue;
    states *= (uint64_t)(l->max == TSN_UNBOUNDED ? l->min : l->max) + 1;
    if (states > GRAPH_STATES) return "it counts too many turns";
  }
  return states > GRAPH_STATES ? "it has too many elements" : NULL;
}

/* What a failure would say depends on who asks first. */
static const char *failures_refuse(const tocsin_program *p, const tsn_pattern_rec *q)
{
  uint32_t i, fail = 0;
  for (i = 0; i < q->labels.count; i++) {
    const tsn_code *code = &p->labels[q->labels.first + i].condition;
    fail += tsn_code_can_fail(p, code);
  }
  if (fail > 1) return "several conditions can fail";
  for (i = 0; i < q->regs.count; i++) {
    const tsn_reg_rec *reg = &p->regs[q->regs.first + i];
    if (reg->in_replay) return "it needs the rows of each match";
    if (!reg->in_path) continue;
    if (reg->kind == REG_LABELS) return "conditions read the labels of rows before";
    if (reg->held || reg->distinct) return "values are gathered for each path";
    if (tsn_code_can_fail(p, &reg->value) || tsn_code_can_fail(p, &reg->value2)) return "values that paths keep can fail";
  }
  return NULL;
}

static const char *graph_refuses(const tocsin_program *p, uint32_t pattern)
{
  const tsn_pattern_rec *q = &p->patterns[pattern];
  const char *why;
  if (q->skip_kind != MATCH_SKIP_NONE) return "it wants one match a start";
  if (q->has_first || q->has_last) return "it has ^ or $";
  if (q->has_bounds) return "gaps have bounds";
  if (q->start_absences.count) return "it begins with an absence";
  if (q->timeouts) return "it shows what timed out";
  if (q->drops) return "it drops what is oldest at a limit";
  why = nodes_refuse(p, q);
  if (why) return why;
  if (q->ambiguous) return "rows can make one match in several ways";
  if (q->history || q->all_rows || q->lists) return "it shows all rows, lists or PATH()";
  why = failures_refuse(p, q);
  return why ? why : ways_refuse(p, q);
}

const char *tsn_tier_refuses(const tocsin_program *p, uint32_t pattern, tsn_tier tier)
{
  switch (tier) {
  case TIER_TABLE: return table_refuses(p, pattern);
  case TIER_GRAPH: return graph_refuses(p, pattern);
  default: return NULL;
  }
}

tsn_tier tsn_tier_of(const tocsin_program *p, uint32_t pattern)
{
  tsn_tier wanted = (tsn_tier)p->patterns[pattern].tier, tier;
  if (wanted != TIER_ANY && !tsn_tier_refuses(p, pattern, wanted)) return wanted;
  for (tier = (tsn_tier)(TSN_TIERS - 1); tier > TIER_PATHS && tsn_tier_refuses(p, pattern, tier);) tier = (tsn_tier)(tier - 1);
  return tier;
}
