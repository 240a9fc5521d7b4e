/* Taking conditions apart that compare a row with the first one of its start (guard.h). */
#include <string.h>

#include "program/code.h"
#include "program/guard.h"
#include "program/reach.h"

/* ---- what starts begin with ---- */

uint32_t tsn_start_label(const tocsin_program *p, const tsn_pattern_rec *q)
{
  const tsn_node_rec *nodes = p->nodes + q->nodes.first;
  tsn_reach w = {.p = p, .q = q};
  uint32_t label = TSN_NONE, i;
  if (q->nodes.count > TSN_REACH_NODES) return TSN_NONE;
  tsn_reach_from(&w, q->root);
  for (i = 0; i < q->nodes.count; i++) {
    if (!w.seen[i] || (nodes[i].kind != NODE_ROW && nodes[i].kind != NODE_TIMER)) continue;
    if (nodes[i].kind == NODE_TIMER || (label != TSN_NONE && nodes[i].a != label)) return TSN_NONE;
    label = nodes[i].a;
  }
  memset(w.seen, 0, sizeof w.seen);
  for (i = 0; i < q->nodes.count; i++)
    if (nodes[i].kind == NODE_ROW || nodes[i].kind == NODE_TIMER) tsn_reach_from(&w, nodes[i].next);
  for (i = 0; i < q->nodes.count; i++)
    if (w.seen[i] && nodes[i].kind == NODE_ROW && nodes[i].a == label) return TSN_NONE;
  return label;
}

static bool moves(const tocsin_program *p, const tsn_label_rec *label, uint32_t reg)
{
  uint32_t i;
  for (i = 0; i < label->updates.count; i++)
    if (p->indices[label->updates.first + i] == reg) return true;
  return false;
}

const tsn_reg_rec *tsn_start_register(const tocsin_program *p, const tsn_pattern_rec *q, uint32_t start_label, const tsn_instr *in)
{
  uint32_t i, k;
  if (in->op != OP_CELL || in->x) return NULL;
  for (i = 0; i < q->regs.count; i++) {
    const tsn_reg_rec *reg = &p->regs[q->regs.first + i];
    if (reg->kind != REG_LAST || reg->cell != in->a || !reg->in_path) continue;
    for (k = 0; k < q->labels.count; k++)
      if (moves(p, &p->labels[q->labels.first + k], i) != (k == start_label)) return NULL;
    return reg;
  }
  return NULL;
}

/* ---- what conditions read ---- */

/* Operations that are the same whenever they are asked, of this row and of cells. */
static bool is_steady(const tsn_instr *in)
{
  switch ((tsn_opcode)in->op) {
  case OP_NULL:
  case OP_BOOL:
  case OP_INT:
  case OP_REAL:
  case OP_TEXT:
  case OP_COL:
  case OP_CELL:
  case OP_POP:
  case OP_I2D: return true;
  case OP_HOST:
  case OP_LIST:
  case OP_OVER: return false;
  case OP_CALL: return in->a != FN_NOW;
  default: return in->op >= OP_ADD_I && in->op <= OP_CALL;
  }
}

enum { READS_ROW = 1u, READS_START = 2u, READS_MORE = 4u };

static unsigned reads(const tocsin_program *p, const tsn_pattern_rec *q, uint32_t start_label, tsn_range code)
{
  const tsn_instr *in = p->instrs + code.first, *end = in + code.count;
  unsigned found = 0;
  for (; in < end; in++) {
    if (in->op == OP_COL) found |= READS_ROW;
    if (in->op == OP_CELL) found |= tsn_start_register(p, q, start_label, in) ? READS_START : READS_MORE;
    if (!is_steady(in)) found |= READS_MORE;
  }
  return found;
}

/* ---- taking apart ---- */

typedef struct job {
  const tocsin_program *p;
  const tsn_pattern_rec *q;
  uint32_t start_label;
  const tsn_code *condition;
  tsn_guard *guard;
} job;

static tsn_code part_of(const tsn_code *code, tsn_range part)
{
  tsn_code out = *code;
  out.instrs = part;
  return out;
}

/* One side of the row, the other of the start, in either order: `c` is `left how right` before. */
static bool set_sides(const job *j, tsn_range left, tsn_range right, tsn_comparison *c)
{
  unsigned of_left = reads(j->p, j->q, j->start_label, left), of_right = reads(j->p, j->q, j->start_label, right);
  bool turned = of_left == READS_START && of_right == READS_ROW;
  if (!turned && (of_left != READS_ROW || of_right != READS_START)) return false;
  c->row = part_of(j->condition, turned ? right : left);
  c->kept = part_of(j->condition, turned ? left : right);
  if (turned) c->how = tsn_compare_turned((tsn_compare)c->how);
  return true;
}

/* `time - time < duration` is `time < time + duration`, but for times at the ends of what there is: these let more pass. */
static bool set_difference(const job *j, tsn_range left, tsn_range right, tsn_comparison *c)
{
  const tsn_instr *last = j->p->instrs + left.first + left.count - 1, *constant = j->p->instrs + right.first;
  int64_t duration;
  tsn_range a, b;
  if (last->op != OP_SUB_T || right.count != 1 || constant->op != OP_INT || c->how == COMPARE_NE) return false;
  duration = j->p->integers[constant->a];
  if (duration <= -INT64_MAX || duration == INT64_MAX || !tsn_cut_two(j->p, left, &a, &b) || !set_sides(j, a, b, c)) return false;
  c->shift = c->row.instrs.first == a.first ? duration : -duration;
  j->guard->whole = true;
  return true;
}

static bool add_comparison(job *j, tsn_range part)
{
  const tsn_instr *last = j->p->instrs + part.first + part.count - 1;
  tsn_comparison c = {.op = last->op, .how = last->x};
  tsn_range a, b;
  if (j->guard->count == TSN_COMPARISONS || !tsn_cut_compare(j->p, part, &a, &b)) return false;
  if (c.op == OP_CMP_S && c.how != COMPARE_EQ) return false;
  if (!set_sides(j, a, b, &c) && !set_difference(j, a, b, &c)) return false;
  if (c.op == OP_CMP_S) j->guard->whole = true; /* hashes are compared */
  j->guard->comparisons[j->guard->count++] = c;
  return true;
}

static void take_apart(job *j, tsn_range part, bool leads)
{
  tsn_range left = part, right;
  tsn_code as_code = part_of(j->condition, part);
  if (leads && !(reads(j->p, j->q, j->start_label, part) & (READS_START | READS_MORE)) && !tsn_code_can_fail(j->p, &as_code)) {
    j->guard->screen = as_code;
    j->guard->screen.local = 1;
    return;
  }
  if (tsn_cut_and(j->p, j->condition->instrs.first, &left, &right)) {
    take_apart(j, left, leads);
    take_apart(j, right, false);
    return;
  }
  if (!add_comparison(j, part)) j->guard->whole = true;
}

bool tsn_guard_of(const tocsin_program *p, const tsn_pattern_rec *q, uint32_t start_label, uint32_t label, tsn_guard *out)
{
  const tsn_code *condition = &p->labels[q->labels.first + label].condition;
  job j = {.p = p, .q = q, .start_label = start_label, .condition = condition, .guard = out};
  *out = (tsn_guard){.screen = {.local = 1, .text = condition->text}};
  if (start_label == TSN_NONE || label == start_label || (reads(p, q, start_label, condition->instrs) & READS_MORE)) return false;
  take_apart(&j, condition->instrs, true);
  return !out->whole || !tsn_code_can_fail(p, condition);
}
