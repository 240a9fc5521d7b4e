/* What makes a block a program: every index lies where it points, every code
 * keeps its stack, never takes a number for a text, and reads only cells that are
 * there where it runs (language page, section 9: no input crashes us; a saved
 * program is input).
 *
 * Code is checked by running it on kinds instead of values: T a text, N anything
 * that is eight bytes, 0 NULL, which fits both. Jumps only lead forward; at a
 * place that jumps lead to, the kinds must agree.
 *
 * The automaton was built from its end: a node leads to nodes before it, and only
 * the turn of a loop leads back. Ranges of a sound block do not overlap, so that
 * all checks together look at no more records than the block has bytes; a block
 * that asks for more is refused, and loading stays linear. */
#include <math.h>
#include <string.h>

#include "base/time.h"
#include "program/program.h"

/* Where a code runs, and so what it may read. */
typedef enum place {
  PLACE_SOURCE, /* a raw row of a part */
  PLACE_LATE,  /* a row of a part and its windows */
  PLACE_VALUE, /* one row, for a register: no path */
  PLACE_PATH,  /* a condition or a timer: the cells of a path */
  PLACE_MATCH, /* a measure: all cells */
  PLACE_OUTER  /* SELECT: the inner columns */
} place;

#define REG_CELLS_MAX ((uint32_t)UINT16_MAX + 2) /* an offset is at most UINT16_MAX */

typedef struct checker {
  const tocsin_program *p;
  const tsn_pattern_rec *q;
  const tsn_part_rec *part; /* at hand; PLACE_SOURCE, PLACE_LATE */
  uint32_t raw_slots;       /* of its raw row: those of the stream, and once it is joined those of the table */
  tsn_alloc *alloc;
  char *stack; /* kinds */
  char *wanted; /* kinds at jump targets, `width` each */
  size_t width;
  int32_t *depths; /* by instruction of the code: -1, or the depth that a jump brings */
  char *cell_kinds; /* 0: no register's */
  uint64_t work, budget;
  bool no_memory;
} checker;

/* false: this is more work than a sound block of its length can be. */
static bool spend(checker *c, uint64_t records)
{
  c->work += records;
  return c->work <= c->budget;
}

static void *scratch(checker *c, size_t count, size_t size)
{
  void *array = tsn_alloc_array(c->alloc, count, size);
  if (!array) c->no_memory = true;
  return array;
}

static bool in_section(tsn_range r, uint32_t count) { return r.first <= count && r.count <= count - r.first; }

static bool text_ok(const tocsin_program *p, tsn_str s)
{
  return s.offset < p->strings_count && s.length < p->strings_count - s.offset && p->strings[s.offset + s.length] == 0;
}

static bool indices_below(checker *c, tsn_range r, uint32_t limit)
{
  const tocsin_program *p = c->p;
  uint32_t i;
  if (!in_section(r, p->indices_count) || !spend(c, r.count)) return false;
  for (i = 0; i < r.count; i++)
    if (p->indices[r.first + i] >= limit) return false;
  return true;
}

/* Of a column of a stream and of what functions take; a LIST comes from matches alone. */
static bool is_type(uint32_t type) { return type >= TOCSIN_BOOLEAN && type <= TOCSIN_INTERVAL; }

static char kind_of(uint32_t type) { return tsn_is_text(type) ? 'T' : 'N'; }

/* There is one row, and neither a partition nor a match. */
static bool is_apart(place where) { return where == PLACE_SOURCE || where == PLACE_LATE; }

/* The type of a slot: of the row at hand, or of the raw row of the part. */
static uint32_t slot_type(const checker *c, uint32_t slot, place where)
{
  const tocsin_program *p = c->p;
  uint32_t column;
  if (where != PLACE_SOURCE) return p->indices[c->q->slots.first + slot];
  if (slot >= c->part->slots.count)
    return p->columns[p->tables[c->part->table].columns.first + p->indices[c->part->joined.first + slot - c->part->slots.count]].type;
  column = p->indices[c->part->slots.first + slot];
  if (c->part->kind == PART_STREAM) return p->columns[p->streams[c->part->index].columns.first + column].type;
  if (column == p->patterns[c->part->index].outputs.count) return p->patterns[c->part->index].time_type;
  return p->outputs[p->patterns[c->part->index].outputs.first + column].type;
}

static uint32_t slot_count(const checker *c, place where)
{
  return where == PLACE_OUTER ? 0 : where == PLACE_SOURCE ? c->raw_slots : c->q->slots.count;
}

static bool take(char **top, char *bottom, char kind)
{
  char have;
  if (*top <= bottom) return false;
  have = *--*top;
  return have == '0' || kind == '?' || have == kind;
}

/* The kind that a letter of a signature asks for; `type`: what the open letters stand for. */
static char kind_of_letter(char letter, uint32_t type)
{
  return letter == 'S' ? 'T' : letter == 'x' || letter == 'a' ? kind_of(type) : 'N';
}

/* The arguments are popped: the last one first. */
static bool call_ok(const tsn_instr *in, char **top, char *bottom, char *result)
{
  const tsn_function_info *f;
  uint32_t i;
  if (in->a >= TSN_FUNCTIONS) return false;
  f = &tsn_function_table[in->a];
  if (in->y < f->least || in->y > f->most) return false;
  for (i = in->y; i-- > 0;)
    if (!take(top, bottom, kind_of_letter(tsn_signature_letter(f->signature, i), in->x))) return false;
  *result = kind_of_letter(f->signature[0], in->x);
  return true;
}

static bool host_ok(const tocsin_program *p, const tsn_instr *in, char **top, char *bottom, char *result)
{
  const tsn_function_rec *f = &p->functions[in->a];
  uint32_t i;
  if (in->y != f->arguments.count) return false;
  for (i = in->y; i-- > 0;)
    if (!take(top, bottom, kind_of(p->indices[f->arguments.first + i]))) return false;
  *result = kind_of(f->result);
  return true;
}

/* Whether a register and its cells may be read there. */
static bool reg_ok(const checker *c, uint32_t at, place where)
{
  const tsn_reg_rec *reg;
  if (at >= c->q->regs.count || where == PLACE_OUTER || is_apart(where)) return false;
  reg = &c->p->regs[c->q->regs.first + at];
  if (where == PLACE_PATH) return reg->cells && reg->cell + reg->cells <= c->q->path_cells;
  return where == PLACE_MATCH || reg->kind == REG_LABELS;
}

static bool cell_ok(const checker *c, uint32_t at, place where)
{
  return where == PLACE_MATCH ? at < c->q->cells : where == PLACE_PATH && at < c->q->path_cells;
}

static bool operand_ok(const checker *c, const tsn_instr *in, uint32_t at, uint32_t count, place where)
{
  const tocsin_program *p = c->p;
  switch (tsn_op_table[in->op].operand) {
  case OPERAND_INTEGER: return in->a < p->integers_count;
  case OPERAND_REAL: return in->a < p->reals_count;
  case OPERAND_TEXT: return in->a < p->texts_count && text_ok(p, p->texts[in->a]);
  case OPERAND_SLOT: return in->a < slot_count(c, where) && (!is_apart(where) || in->op == OP_COL);
  case OPERAND_CELL: return cell_ok(c, in->a, where);
  case OPERAND_REG: return reg_ok(c, in->a, where);
  case OPERAND_LIST:
    return where == PLACE_MATCH && in->a < c->q->regs.count && p->regs[c->q->regs.first + in->a].kind == REG_AGG &&
           p->regs[c->q->regs.first + in->a].cells == 0;
  case OPERAND_JUMP: return in->a > at && in->a <= count;
  case OPERAND_INNER: return in->a < c->q->inner.count && where == PLACE_OUTER;
  case OPERAND_FUNCTION: return in->a < TSN_FUNCTIONS;
  case OPERAND_OVER: return where == PLACE_LATE && in->a < c->part->overs.count;
  case OPERAND_HOST: return in->a < p->functions_count && p->functions[in->a].needed;
  default:
    if (is_apart(where)) return in->op != OP_LABEL && in->op != OP_LABEL_BEHIND && in->op != OP_ROWNUM && in->op != OP_IS_ROW && in->op != OP_MATCH;
    return in->op != OP_MATCH || in->a < MATCH_VALUES;
  }
}

static bool merge_at(checker *c, uint32_t at, const char *top)
{
  int32_t depth = (int32_t)(top - c->stack), i;
  char *kept = c->wanted + (size_t)at * c->width;
  if (c->depths[at] < 0) {
    c->depths[at] = depth;
    memcpy(kept, c->stack, (size_t)depth);
    return true;
  }
  if (c->depths[at] != depth) return false;
  for (i = 0; i < depth; i++) {
    if (kept[i] == '0') kept[i] = c->stack[i];
    else if (c->stack[i] != '0' && c->stack[i] != kept[i]) return false;
  }
  return true;
}

static char cell_kind(const tsn_reg_rec *reg, uint32_t cell)
{
  char kind = tsn_aggregate_table[reg->aggregate].cells[cell];
  return kind == 'X' ? kind_of(reg->type) : kind == 'Y' ? kind_of(reg->type2) : 'N';
}

/* What an aggregate gives; type: of its first argument. */
static char aggregate_kind(uint32_t aggregate, uint32_t type)
{
  if (aggregate == AGG_ARRAY_AGG || aggregate == AGG_STRING_AGG) return 'T';
  return tsn_aggregate_table[aggregate].merge == MERGE_PICK ? kind_of(type) : 'N';
}

/* A candidate row's argument for an aggregate that keeps cells. */
static bool peek_ok(const tsn_reg_rec *reg, uint32_t args, char **top, char *bottom)
{
  if (reg->distinct || tsn_aggregate_table[reg->aggregate].args != args) return false;
  if (args == 2 && !take(top, bottom, kind_of(reg->type2))) return false;
  return take(top, bottom, reg->value.instrs.count ? kind_of(reg->type) : 'N');
}

/* The effect of one instruction on the kinds. */
static bool effect(checker *c, const tsn_instr *in, char **top, place where)
{
  char *bottom = c->stack, kind = 'N';
  const tsn_reg_rec *reg = in->a < c->q->regs.count ? &c->p->regs[c->q->regs.first + in->a] : NULL;
  switch ((tsn_opcode)in->op) {
  case OP_NULL: kind = '0'; break;
  case OP_LABEL_BEFORE:
    if (reg->kind != REG_LABELS) return false;
    kind = 'T';
    break;
  case OP_TEXT:
  case OP_LABEL:
  case OP_LABEL_BEHIND: kind = 'T'; break;
  case OP_LIST: kind = aggregate_kind(reg->aggregate, reg->type); break;
  case OP_OVER: {
    const tsn_over_rec *over = &c->p->overs[c->part->overs.first + in->a];
    kind = aggregate_kind(over->aggregate, over->type);
    break;
  }
  case OP_COL:
  case OP_PREV:
  case OP_NEXT: kind = kind_of(slot_type(c, in->a, where)); break;
  case OP_CELL: kind = c->cell_kinds[in->a]; break;
  case OP_FIRST:
    if (reg->kind != REG_FIRST || !take(top, bottom, kind_of(reg->type))) return false;
    kind = kind_of(reg->type);
    break;
  case OP_AGG:
  case OP_AGG_PEEK:
  case OP_AGG_PEEK2:
    if (reg->kind != REG_AGG || reg->cells == 0) return false;
    if (in->op != OP_AGG && !peek_ok(reg, in->op == OP_AGG_PEEK ? 1 : 2, top, bottom)) return false;
    kind = aggregate_kind(reg->aggregate, reg->type);
    break;
  case OP_MATCH:
    kind = in->a == MATCH_VALUE_STATUS || in->a == MATCH_VALUE_ID || in->a == MATCH_VALUE_PATH ? 'T' : 'N';
    if (in->a == MATCH_VALUE_PATH && !c->q->history) return false;
    break;
  case OP_INNER: kind = kind_of(c->p->inner[c->q->inner.first + in->a].type); break;
  case OP_POP: return take(top, bottom, '?');
  case OP_CMP_S:
  case OP_SAME_S:
    if (!take(top, bottom, 'T') || !take(top, bottom, 'T')) return false;
    break;
  case OP_CONCAT:
    if (!take(top, bottom, 'T') || !take(top, bottom, 'T')) return false;
    kind = 'T';
    break;
  case OP_IS_NULL:
    if (!take(top, bottom, '?')) return false;
    break;
  case OP_CAST:
    if (!(is_type(in->x) || (in->x == TOCSIN_LIST && in->y == TOCSIN_TEXT)) || !is_type(in->y) || !take(top, bottom, kind_of(in->x))) return false;
    kind = kind_of(in->y);
    break;
  case OP_CALL:
    if (!call_ok(in, top, bottom, &kind)) return false;
    break;
  case OP_HOST:
    if (!host_ok(c->p, in, top, bottom, &kind)) return false;
    break;
  case OP_JUMP: return true;
  case OP_UNLESS: return take(top, bottom, 'N');
  case OP_SKIP_F:
  case OP_SKIP_T: return *top > bottom && (*top)[-1] != 'T';
  case OP_SKIP_NN: return *top > bottom;
  default: {
    int pops = tsn_op_table[in->op].pops;
    while (pops-- > 0)
      if (!take(top, bottom, 'N')) return false;
    break;
  }
  }
  *(*top)++ = kind;
  return true;
}

static bool code_walk(checker *c, const tsn_code *code, char want, place where)
{
  const tsn_instr *instrs = c->p->instrs + code->instrs.first;
  uint32_t count = code->instrs.count, i;
  char *top = c->stack;
  bool reachable = true;
  for (i = 0; i <= count; i++) c->depths[i] = -1;
  for (i = 0; i <= count; i++) {
    if (c->depths[i] >= 0) {
      if (reachable && !merge_at(c, i, top)) return false;
      top = c->stack + c->depths[i];
      memcpy(c->stack, c->wanted + (size_t)i * c->width, (size_t)c->depths[i]);
      reachable = true;
    }
    if (i == count) break;
    if (!reachable || instrs[i].op >= TSN_OPCODES || !operand_ok(c, &instrs[i], i, count, where)) return false;
    if (!effect(c, &instrs[i], &top, where)) return false;
    if ((uint32_t)(top - c->stack) > code->stack) return false;
    if (tsn_op_table[instrs[i].op].operand == OPERAND_JUMP && !merge_at(c, instrs[i].a, top)) return false;
    if (instrs[i].op == OP_JUMP) reachable = false;
  }
  return reachable && top == c->stack + 1 && (c->stack[0] == '0' || want == '?' || c->stack[0] == want);
}

static bool code_ok(checker *c, const tsn_code *code, char want, place where)
{
  size_t places = (size_t)code->instrs.count + 1;
  bool good;
  if (code->stack > TSN_STACK_MAX) return false;
  if (code->instrs.count == 0) return true;
  if (!in_section(code->instrs, c->p->instrs_count) || !spend(c, code->instrs.count)) return false;
  c->width = code->stack + 1;
  c->depths = scratch(c, places, sizeof *c->depths);
  c->wanted = scratch(c, places, c->width);
  good = c->depths && c->wanted && code_walk(c, code, want, where);
  tsn_alloc_free(c->alloc, c->depths, c->depths ? places * sizeof *c->depths : 0);
  tsn_alloc_free(c->alloc, c->wanted, c->wanted ? places * c->width : 0);
  return good;
}

static bool aggregate_ok(const checker *c, const tsn_reg_rec *reg)
{
  const tsn_aggregate_info *info;
  uint32_t lists = reg->aggregate == AGG_APPROX_PERCENTILE ? 2 : 1;
  if (reg->aggregate >= TSN_AGGREGATES) return false;
  info = &tsn_aggregate_table[reg->aggregate];
  if (reg->cells != info->cell_count || (info->args == 2) != (reg->value2.instrs.count != 0)) return false;
  if (reg->value.instrs.count == 0 && reg->aggregate != AGG_COUNT) return false;
  /* What only a replay gathers: lists, and the sets behind DISTINCT. */
  if ((reg->cells == 0 || reg->distinct) && reg->in_path) return false;
  if (reg->distinct && reg->value.instrs.count == 0) return false;
  if (reg->cells == 0 && (reg->depth >= c->q->lists || lists > c->q->lists - reg->depth)) return false;
  if (reg->aggregate == AGG_STRING_AGG) return reg->type == TOCSIN_TEXT && reg->type2 == TOCSIN_TEXT;
  if (reg->aggregate == AGG_APPROX_PERCENTILE) return kind_of(reg->type) == 'N' && reg->type2 == TOCSIN_DOUBLE;
  return reg->aggregate != AGG_SUM || kind_of(reg->type) == 'N';
}

/* A register as such; its cells are its own. */
static bool register_ok(checker *c, const tsn_reg_rec *reg)
{
  uint32_t k;
  if (reg->kind > REG_LABELS || reg->type > TOCSIN_LIST || reg->type2 > TOCSIN_INTERVAL) return false;
  if (reg->cells > REG_CELLS_MAX || reg->cells > c->q->cells || reg->cell > c->q->cells - reg->cells) return false;
  if (reg->in_path && reg->cell + reg->cells > c->q->path_cells) return false;
  if ((reg->in_replay || reg->distinct) && !c->q->history) return false;
  if (reg->kind != REG_AGG && (reg->distinct || reg->value2.instrs.count)) return false;
  if (reg->kind == REG_LAST && (reg->cells == 0 || reg->cells != reg->depth)) return false;
  if (reg->kind == REG_FIRST && reg->cells != 2) return false;
  if (reg->kind == REG_LABELS && (reg->cells < 2 || reg->type != TOCSIN_BIGINT)) return false;
  if (reg->kind == REG_AGG && !aggregate_ok(c, reg)) return false;
  for (k = 0; k < reg->cells; k++) {
    char *kind = &c->cell_kinds[reg->cell + k];
    if (*kind) return false;
    *kind = reg->kind == REG_AGG ? cell_kind(reg, k) : reg->kind == REG_FIRST && k == 0 ? 'N' : kind_of(reg->type);
  }
  return true;
}

static bool registers_ok(checker *c)
{
  uint32_t i;
  for (i = 0; i < c->q->regs.count; i++)
    if (!register_ok(c, &c->p->regs[c->q->regs.first + i])) return false;
  for (i = 0; i < c->q->cells; i++)
    if (!c->cell_kinds[i]) return false;
  for (i = 0; i < c->q->regs.count; i++) {
    const tsn_reg_rec *reg = &c->p->regs[c->q->regs.first + i];
    if (reg->kind < REG_AGG && reg->value.instrs.count == 0) return false;
    if (!code_ok(c, &reg->value, kind_of(reg->type), PLACE_VALUE)) return false;
    if (!code_ok(c, &reg->value2, kind_of(reg->type2), PLACE_VALUE)) return false;
  }
  return c->q->skip_kind != MATCH_SKIP_TO || c->cell_kinds[c->q->skip_cell] == 'N';
}

/* A node and where it leads: to nodes before it. */
static bool node_ok(checker *c, uint32_t at, uint64_t *targets)
{
  const tsn_pattern_rec *q = c->q;
  const tsn_node_rec *n = &c->p->nodes[q->nodes.first + at];
  const uint32_t *to = c->p->indices + q->targets.first;
  tsn_range live = {n->live_first, n->live_count};
  uint32_t i;
  if (n->next >= q->nodes.count || !indices_below(c, live, q->path_cells)) return false;
  switch ((tsn_node_kind)n->kind) {
  case NODE_ACCEPT: return true;
  case NODE_ROW:
  case NODE_ABSENCE: return n->a < q->labels.count && n->next < at;
  case NODE_TIMER: return n->a < q->timers.count && n->next < at;
  case NODE_GAP:
  case NODE_FIRST:
  case NODE_LAST: return n->next < at;
  case NODE_SPLIT:
    *targets += n->b;
    if (n->b == 0 || n->a > q->targets.count || n->b > q->targets.count - n->a || *targets > q->targets.count) return false;
    for (i = 0; i < n->b; i++)
      if (to[n->a + i] >= at) return false;
    return true;
  case NODE_ENTER:
  case NODE_TURN: {
    const tsn_loop_rec *l;
    if (n->a >= q->loops.count) return false;
    l = &c->p->loops[q->loops.first + n->a];
    return l->exit < at && (n->kind == NODE_TURN || l->body < at);
  }
  default: return false;
  }
}

/* Before the first element !x{d} is a condition; the partition keeps when x was last seen. */
static bool starts_ok(checker *c, bool *seen, uint32_t *stack, bool *kept)
{
  const tsn_pattern_rec *q = c->q;
  const tsn_node_rec *nodes = c->p->nodes + q->nodes.first;
  const tsn_loop_rec *loops = c->p->loops + q->loops.first;
  const uint32_t *indices = c->p->indices;
  uint32_t depth = 0, i;
  for (i = 0; i < q->start_absences.count; i++) kept[indices[q->start_absences.first + i]] = true;
#define GO(to) \
  if (!seen[to]) seen[stack[depth++] = (to)] = true
  GO(q->root);
  while (depth) {
    const tsn_node_rec *n = &nodes[stack[--depth]];
    switch (n->kind) {
    case NODE_ROW:
    case NODE_ACCEPT: break;
    case NODE_SPLIT:
      for (i = 0; i < n->b; i++) GO(indices[q->targets.first + n->a + i]);
      break;
    case NODE_ENTER:
    case NODE_TURN:
      GO(loops[n->a].body);
      GO(loops[n->a].exit);
      break;
    case NODE_TIMER: {
      tsn_range labels = c->p->timers[q->timers.first + n->a].labels;
      if (!spend(c, labels.count)) return false;
      for (i = 0; i < labels.count; i++)
        if (!kept[indices[labels.first + i]]) return false;
      GO(n->next);
      break;
    }
    default: GO(n->next); break;
    }
  }
#undef GO
  return true;
}

static bool nodes_ok(checker *c)
{
  const tsn_pattern_rec *q = c->q;
  uint64_t targets = 0;
  uint32_t i, *stack;
  bool *seen, *kept, good;
  if (q->root >= q->nodes.count || q->counters > q->loops.count || q->counters > TSN_COUNTERS_MAX) return false;
  if (!indices_below(c, q->targets, q->nodes.count)) return false;
  for (i = 0; i < q->loops.count; i++) {
    const tsn_loop_rec *l = &c->p->loops[q->loops.first + i];
    if (l->body >= q->nodes.count || l->exit >= q->nodes.count || l->min > l->max) return false;
    if (l->counter != TSN_NO_COUNTER && l->counter >= q->counters) return false;
    if (l->nullable && l->min > 1000) return false;
  }
  for (i = 0; i < q->nodes.count; i++)
    if (!node_ok(c, i, &targets)) return false;
  seen = scratch(c, q->nodes.count, sizeof *seen);
  stack = scratch(c, q->nodes.count, sizeof *stack);
  kept = scratch(c, (size_t)q->labels.count + 1, sizeof *kept);
  good = seen && stack && kept && starts_ok(c, seen, stack, kept);
  tsn_alloc_free(c->alloc, seen, q->nodes.count * sizeof *seen);
  tsn_alloc_free(c->alloc, stack, q->nodes.count * sizeof *stack);
  tsn_alloc_free(c->alloc, kept, ((size_t)q->labels.count + 1) * sizeof *kept);
  return good;
}

/* Over a DOUBLE a duration is held by its order: a finite number. */
static bool duration_ok(const checker *c, int64_t duration)
{
  return duration >= 0 && (c->q->time_type != TOCSIN_DOUBLE || duration < tsn_time_of_double(INFINITY));
}

static bool labels_ok(checker *c)
{
  const tocsin_program *p = c->p;
  uint32_t i;
  for (i = 0; i < c->q->labels.count; i++) {
    const tsn_label_rec *l = &p->labels[c->q->labels.first + i];
    if (!text_ok(p, l->name) || !indices_below(c, l->updates, c->q->regs.count) || !code_ok(c, &l->condition, 'N', PLACE_PATH)) return false;
  }
  for (i = 0; i < c->q->timers.count; i++) {
    const tsn_timer_rec *t = &p->timers[c->q->timers.first + i];
    if (t->kind > TIMER_DEADLINE_CODE || !indices_below(c, t->labels, c->q->labels.count)) return false;
    if ((t->kind == TIMER_DURATION) != (t->code.instrs.count == 0) || !code_ok(c, &t->code, 'N', PLACE_PATH)) return false;
    if (!duration_ok(c, t->duration)) return false;
  }
  return true;
}

static bool outputs_ok(checker *c)
{
  const tocsin_program *p = c->p;
  uint32_t i;
  for (i = 0; i < c->q->inner.count; i++) {
    const tsn_inner_rec *r = &p->inner[c->q->inner.first + i];
    if (!text_ok(p, r->name) || r->type > TOCSIN_LIST || r->code.instrs.count == 0 || !code_ok(c, &r->code, kind_of(r->type), PLACE_MATCH)) return false;
  }
  for (i = 0; i < c->q->outputs.count; i++) {
    const tsn_output_rec *o = &p->outputs[c->q->outputs.first + i];
    if (!text_ok(p, o->name) || o->type > TOCSIN_LIST) return false;
    if (o->from_inner != TSN_NONE) {
      if (o->code.instrs.count || o->code.stack) return false;
      if (o->from_inner >= c->q->inner.count || p->inner[c->q->inner.first + o->from_inner].type != o->type) return false;
    } else if (o->code.instrs.count == 0 || !code_ok(c, &o->code, kind_of(o->type), PLACE_OUTER)) {
      return false;
    }
  }
  return code_ok(c, &c->q->where, 'N', PLACE_OUTER);
}

static bool ranges_ok(checker *c)
{
  const tocsin_program *p = c->p;
  const tsn_pattern_rec *q = c->q;
  uint64_t records = (uint64_t)q->orders.count + q->nodes.count + q->loops.count + q->timers.count + q->labels.count + q->regs.count +
                     q->inner.count + q->outputs.count + q->parts.count;
  return spend(c, records) && in_section(q->orders, p->orders_count) && in_section(q->nodes, p->nodes_count) && in_section(q->loops, p->loops_count) &&
         in_section(q->timers, p->timers_count) && in_section(q->labels, p->labels_count) && in_section(q->regs, p->regs_count) &&
         in_section(q->targets, p->indices_count) && in_section(q->inner, p->inner_count) && in_section(q->outputs, p->outputs_count) &&
         in_section(q->parts, p->parts_count) && indices_below(c, q->streams, p->streams_count) && indices_below(c, q->slots, TOCSIN_LIST + 1) && indices_below(c, q->keys, q->slots.count) &&
         indices_below(c, q->start_absences, q->labels.count);
}

/* A value of a type, made of a raw row. */
static bool value_ok(checker *c, const tsn_value_rec *v, uint32_t type)
{
  if (type < TOCSIN_BOOLEAN || !code_ok(c, &v->code, kind_of(type), PLACE_SOURCE)) return false;
  return v->slot == TSN_NONE || (v->code.instrs.count == 0 && v->slot < c->raw_slots && slot_type(c, v->slot, PLACE_SOURCE) == type);
}

/* Of a join the key is made of the stream's columns; what it brings is needed, so that a matcher keeps it. */
static bool join_ok(checker *c)
{
  const tocsin_program *p = c->p;
  const tsn_part_rec *part = c->part;
  const tsn_table_rec *t;
  uint32_t i;
  c->raw_slots = part->slots.count;
  if (part->table == TSN_NONE) return part->joined.count == 0 && part->keys.count == 0;
  if (part->table >= p->tables_count) return false;
  t = &p->tables[part->table];
  if (part->keys.count != t->keys.count || !in_section(part->keys, p->values_count) || !spend(c, part->keys.count)) return false;
  for (i = 0; i < part->keys.count; i++)
    if (!value_ok(c, &p->values[part->keys.first + i], p->columns[t->columns.first + p->indices[t->keys.first + i]].type)) return false;
  if (!indices_below(c, part->joined, t->columns.count)) return false;
  for (i = 0; i < part->joined.count; i++)
    if (!p->columns[t->columns.first + p->indices[part->joined.first + i]].needed) return false;
  c->raw_slots += part->joined.count;
  return true;
}

/* Whether the source of the part is there; how many columns it has. */
static bool source_ok(const checker *c, uint32_t *columns)
{
  const tocsin_program *p = c->p;
  const tsn_part_rec *part = c->part;
  if (part->kind == PART_STREAM) {
    if (part->index >= p->streams_count) return false;
    *columns = p->streams[part->index].columns.count;
    return true;
  }
  if (part->kind != PART_PATTERN || part->index >= c->q - p->patterns) return false;
  *columns = p->patterns[part->index].outputs.count + (p->patterns[part->index].time_slot != TSN_NONE);
  return true;
}

/* The arguments of a window aggregate: slots of its types, or a constant that it takes. */
static bool over_ok(const checker *c, const tsn_over_rec *o)
{
  const tocsin_program *p = c->p;
  const tsn_aggregate_info *info;
  bool second;
  if (o->aggregate >= TSN_AGGREGATES || !is_type(o->type)) return false;
  info = &tsn_aggregate_table[o->aggregate];
  if (o->slot == TSN_NONE ? o->aggregate != AGG_COUNT || o->distinct : o->slot >= c->q->slots.count || slot_type(c, o->slot, PLACE_LATE) != o->type)
    return false;
  if (o->distinct && info->merge == MERGE_PICK) return false;
  if ((info->merge == MERGE_SUM || info->merge == MERGE_SPREAD || o->aggregate == AGG_APPROX_PERCENTILE) && kind_of(o->type) == 'T') return false;
  second = info->args == 2 && o->slot2 != TSN_NONE;
  if (info->args == 2 && !is_type(o->type2)) return false;
  if (second) return o->slot2 < c->q->slots.count && slot_type(c, o->slot2, PLACE_LATE) == o->type2 && o->aggregate != AGG_STRING_AGG && o->aggregate != AGG_APPROX_PERCENTILE;
  if (o->aggregate == AGG_APPROX_PERCENTILE)
    return o->type2 == TOCSIN_DOUBLE && o->constant < p->reals_count && p->reals[o->constant] >= 0 && p->reals[o->constant] <= 1;
  if (o->aggregate == AGG_STRING_AGG)
    return o->type == TOCSIN_TEXT && o->type2 == TOCSIN_TEXT && (o->constant == TSN_NONE || (o->constant < p->texts_count && text_ok(p, p->texts[o->constant])));
  return info->args == 1 && o->slot2 == TSN_NONE && o->constant == TSN_NONE;
}

/* A distance before the row: rows, or a duration. */
static bool distance_ok(const checker *c, const tsn_window_rec *w, int64_t distance)
{
  double real;
  if (w->kind == FRAME_ROWS || w->kind == FRAME_ALL_ROWS) return distance >= 0 && distance <= INT32_MAX;
  memcpy(&real, &distance, sizeof real);
  return c->q->time_type == TOCSIN_DOUBLE ? real >= 0 : distance >= 0;
}

static bool windows_ok(checker *c)
{
  const tocsin_program *p = c->p;
  const tsn_part_rec *part = c->part;
  uint32_t i, k, overs = 0;
  if (!in_section(part->windows, p->windows_count) || !in_section(part->overs, p->overs_count) || !in_section(part->lates, p->lates_count)) return false;
  if (!spend(c, (uint64_t)part->windows.count + part->overs.count + part->lates.count)) return false;
  if (part->windows.count && c->q->time_slot == TSN_NONE) return false;
  for (i = 0; i < part->windows.count; i++) {
    const tsn_window_rec *w = &p->windows[part->windows.first + i];
    if (w->kind >= FRAME_KINDS || !distance_ok(c, w, w->begin) || !distance_ok(c, w, w->end) || !indices_below(c, w->keys, c->q->slots.count)) return false;
    if (w->kind == FRAME_ROWS && w->begin < w->end) return false;
    if (w->overs.first != part->overs.first + overs || w->overs.count > part->overs.count - overs) return false;
    overs += w->overs.count;
  }
  for (k = 0; k < overs; k++)
    if (!over_ok(c, &p->overs[part->overs.first + k])) return false;
  for (k = 0; k < part->lates.count; k++) {
    const tsn_late_rec *late = &p->lates[part->lates.first + k];
    if (late->slot >= c->q->slots.count || late->slot == c->q->time_slot || late->code.instrs.count == 0) return false;
    if (!code_ok(c, &late->code, kind_of(slot_type(c, late->slot, PLACE_LATE)), PLACE_LATE)) return false;
  }
  return overs == part->overs.count;
}

static bool part_ok(checker *c)
{
  const tocsin_program *p = c->p;
  const tsn_part_rec *part = c->part;
  uint32_t i, columns;
  if (!source_ok(c, &columns) || !duration_ok(c, part->delay) || part->values.count != c->q->slots.count) return false;
  if (!indices_below(c, part->slots, columns) || !join_ok(c)) return false;
  if (!in_section(part->values, p->values_count) || !spend(c, part->values.count)) return false;
  if ((part->time_slot == TSN_NONE) != (c->q->time_slot == TSN_NONE)) return false;
  if (part->time_slot != TSN_NONE &&
      (part->time_slot >= part->slots.count || slot_type(c, part->time_slot, PLACE_SOURCE) != c->q->time_type)) return false;
  for (i = 0; i < part->values.count; i++) {
    uint32_t type = slot_type(c, i, PLACE_VALUE);
    if (!value_ok(c, &p->values[part->values.first + i], type)) return false;
  }
  return code_ok(c, &part->where, 'N', PLACE_SOURCE) && windows_ok(c);
}

static bool parts_ok(checker *c)
{
  uint32_t i;
  for (i = 0; i < c->q->parts.count; i++) {
    c->part = &c->p->parts[c->q->parts.first + i];
    if (!part_ok(c)) return false;
  }
  return c->q->parts.count > 0;
}

static bool pattern_ok(checker *c)
{
  const tocsin_program *p = c->p;
  const tsn_pattern_rec *q = c->q;
  uint32_t i;
  if (!text_ok(p, q->name) || !ranges_ok(c) || !parts_ok(c)) return false;
  if (q->time_slot != TSN_NONE && q->time_slot >= q->slots.count) return false;
  if (q->window_kind > WINDOW_TUMBLE || !duration_ok(c, q->window) || (q->window_kind == WINDOW_TUMBLE && q->window == 0)) return false;
  if (q->whole_windows && !q->ahead) return false;
  if (q->sequential && q->skip_kind == MATCH_SKIP_NONE) return false;
  if (q->time_slot == TSN_NONE && (q->window_kind || q->within_kind == WITHIN_TIME || q->timers.count || q->has_bounds || (q->orders.count && !q->sorts_all))) return false;
  if (q->sorts_all && q->time_slot != TSN_NONE) return false;
  if (q->time_slot != TSN_NONE && (kind_of(slot_type(c, q->time_slot, PLACE_VALUE)) == 'T' || kind_of(q->time_type) == 'T')) return false;
  for (i = 0; i < q->orders.count; i++)
    if (p->orders[q->orders.first + i].slot >= q->slots.count) return false;
  if (q->skip_kind > MATCH_SKIP_NONE || q->empty_kind > MATCH_UNMATCHED || q->within_kind > WITHIN_ROWS || !duration_ok(c, q->within)) return false;
  if (q->path_cells > q->cells || q->cells > TSN_CELLS_MAX || q->lists > 2 * q->regs.count || q->behind > UINT16_MAX || q->ahead > UINT16_MAX) return false;
  if (q->skip_kind == MATCH_SKIP_TO && q->skip_cell >= q->path_cells) return false;
  if (q->skip_label >= p->strings_count || p->strings[p->strings_count - 1] != 0) return false;
  if ((q->all_rows || q->lists || q->empty_kind == MATCH_UNMATCHED) && !q->history) return false;
  c->cell_kinds = scratch(c, (size_t)q->cells + 1, 1);
  return c->cell_kinds && registers_ok(c) && labels_ok(c) && nodes_ok(c) && outputs_ok(c);
}

static bool tables_ok(checker *c)
{
  const tocsin_program *p = c->p;
  uint32_t i;
  for (i = 0; i < p->tables_count; i++) {
    const tsn_table_rec *t = &p->tables[i];
    if (!text_ok(p, t->name) || !in_section(t->columns, p->columns_count) || t->keys.count == 0 ||
        !indices_below(c, t->keys, t->columns.count) || !spend(c, t->columns.count))
      return false;
  }
  return true;
}

static bool functions_ok(checker *c)
{
  const tocsin_program *p = c->p;
  uint32_t i, k;
  for (i = 0; i < p->functions_count; i++) {
    const tsn_function_rec *f = &p->functions[i];
    if (!text_ok(p, f->name) || !is_type(f->result) || f->arguments.count > TSN_ARGUMENTS_MAX ||
        !indices_below(c, f->arguments, TOCSIN_INTERVAL + 1))
      return false;
    for (k = 0; k < f->arguments.count; k++)
      if (!is_type(p->indices[f->arguments.first + k])) return false;
  }
  return true;
}

tocsin_status tsn_program_verify(const tocsin_program *p)
{
  tsn_alloc alloc = p->alloc;
  checker c = {.p = p, .alloc = &alloc, .budget = p->length};
  uint32_t i;
  bool good = true;
  for (i = 0; i < p->streams_count && good; i++)
    good = text_ok(p, p->streams[i].name) && in_section(p->streams[i].columns, p->columns_count) && p->streams[i].event_time >= -1 &&
           p->streams[i].event_time < (int32_t)p->streams[i].columns.count;
  for (i = 0; i < p->columns_count && good; i++)
    good = text_ok(p, p->columns[i].name) && (p->columns[i].path.offset == TSN_NONE || text_ok(p, p->columns[i].path)) &&
           is_type(p->columns[i].type) && p->columns[i].unit <= TOCSIN_UNIT_NANOSECOND;
  good = good && tables_ok(&c) && functions_ok(&c);
  c.stack = scratch(&c, TSN_STACK_MAX + 64, 1);
  good = good && c.stack;
  for (i = 0; i < p->patterns_count && good; i++) {
    c.q = &p->patterns[i];
    good = pattern_ok(&c);
    tsn_alloc_free(&alloc, c.cell_kinds, c.cell_kinds ? (size_t)c.q->cells + 1 : 0);
    c.cell_kinds = NULL;
  }
  tsn_alloc_free(&alloc, c.stack, c.stack ? TSN_STACK_MAX + 64 : 0);
  return c.no_memory ? TOCSIN_NOMEM : good ? TOCSIN_OK : TOCSIN_CORRUPT;
}
