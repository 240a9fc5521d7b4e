/* Code is checked by running it on kinds instead of values: T a text, N anything
 * that is eight bytes, 0 NULL, which fits both. Jumps only lead forward; at a
 * place that jumps lead to, the kinds must agree. */
#include <string.h>

#include "program/verify.h"

/* There is one row, and neither a partition nor a match. */
static bool is_apart(tsn_verify_place where) { return where == PLACE_SOURCE || where == PLACE_LATE; }

/* The type of a slot: of the row at hand, or of the raw row of the part. */
uint32_t tsn_verify_slot_type(const tsn_checker *c, uint32_t slot, tsn_verify_place where)
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

static uint32_t slot_count(const tsn_checker *c, tsn_verify_place where)
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
  return letter == 'S' ? 'T' : letter == 'x' || letter == 'a' ? tsn_verify_kind(type) : 'N';
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
    if (!take(top, bottom, tsn_verify_kind(p->indices[f->arguments.first + i]))) return false;
  *result = tsn_verify_kind(f->result);
  return true;
}

/* Whether a register and its cells may be read there. */
static bool reg_ok(const tsn_checker *c, uint32_t at, tsn_verify_place where)
{
  const tsn_reg_rec *reg;
  if (at >= c->q->regs.count || where == PLACE_OUTER || is_apart(where)) return false;
  reg = &c->p->regs[c->q->regs.first + at];
  if (where == PLACE_PATH) return reg->cells && reg->cell + reg->cells <= c->q->path_cells;
  return where == PLACE_MATCH || reg->kind == REG_LABELS;
}

static bool cell_ok(const tsn_checker *c, uint32_t at, tsn_verify_place where)
{
  return where == PLACE_MATCH ? at < c->q->cells : where == PLACE_PATH && at < c->q->path_cells;
}

static bool operand_ok(const tsn_checker *c, const tsn_instr *in, uint32_t at, uint32_t count, tsn_verify_place where)
{
  const tocsin_program *p = c->p;
  switch (tsn_op_table[in->op].operand) {
  case OPERAND_INTEGER: return in->a < p->integers_count;
  case OPERAND_REAL: return in->a < p->reals_count;
  case OPERAND_TEXT: return in->a < p->texts_count && tsn_verify_text(p, p->texts[in->a]);
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

static bool merge_at(tsn_checker *c, uint32_t at, const char *top)
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

/* What a path holds behind the cells of an aggregate is no value. */
#define NO_VALUE 'H'

char tsn_verify_cell_kind(const tsn_reg_rec *reg, uint32_t cell)
{
  const tsn_aggregate_info *info = &tsn_aggregate_table[reg->aggregate];
  char kind = cell < info->cell_count ? info->cells[cell] : NO_VALUE;
  if (kind == NO_VALUE) return kind;
  return kind == 'X' ? tsn_verify_kind(reg->type) : kind == 'Y' ? tsn_verify_kind(reg->type2) : 'N';
}

/* What an aggregate gives; type: of its first argument. */
static char aggregate_kind(uint32_t aggregate, uint32_t type)
{
  if (aggregate == AGG_ARRAY_AGG || aggregate == AGG_STRING_AGG) return 'T';
  return tsn_aggregate_table[aggregate].merge == MERGE_PICK ? tsn_verify_kind(type) : 'N';
}

/* The arguments of an aggregate that a path holds a list or tree for: the second, and with x the candidate row's. */
static bool held_ok(const tsn_reg_rec *reg, const tsn_instr *in, char **top, char *bottom)
{
  if (!reg->held || in->x > 1) return false;
  if (tsn_aggregate_table[reg->aggregate].args == 2 && !take(top, bottom, tsn_verify_kind(reg->type2))) return false;
  return in->x == 0 || take(top, bottom, tsn_verify_kind(reg->type));
}

/* A candidate row's argument for an aggregate that keeps cells. */
static bool peek_ok(const tsn_reg_rec *reg, uint32_t args, char **top, char *bottom)
{
  if (reg->distinct || tsn_aggregate_table[reg->aggregate].args != args) return false;
  if (args == 2 && !take(top, bottom, tsn_verify_kind(reg->type2))) return false;
  return take(top, bottom, reg->value.instrs.count ? tsn_verify_kind(reg->type) : 'N');
}

/* The effect of one instruction on the kinds. */
static bool effect(tsn_checker *c, const tsn_instr *in, char **top, tsn_verify_place where)
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
  case OP_NEXT: kind = tsn_verify_kind(tsn_verify_slot_type(c, in->a, where)); break;
  case OP_CELL:
    kind = c->cell_kinds[in->a];
    if (kind == NO_VALUE) return false;
    break;
  case OP_HELD:
    if (where != PLACE_PATH || !held_ok(reg, in, top, bottom)) return false;
    kind = aggregate_kind(reg->aggregate, reg->type);
    break;
  case OP_FIRST:
    if (reg->kind != REG_FIRST || !take(top, bottom, tsn_verify_kind(reg->type))) return false;
    kind = tsn_verify_kind(reg->type);
    break;
  case OP_AGG:
  case OP_AGG_PEEK:
  case OP_AGG_PEEK2:
    if (reg->kind != REG_AGG || reg->cells == 0 || reg->held) return false;
    if (in->op != OP_AGG && !peek_ok(reg, in->op == OP_AGG_PEEK ? 1 : 2, top, bottom)) return false;
    kind = aggregate_kind(reg->aggregate, reg->type);
    break;
  case OP_MATCH:
    kind = in->a == MATCH_VALUE_STATUS || in->a == MATCH_VALUE_ID || in->a == MATCH_VALUE_PATH ? 'T' : 'N';
    if (in->a == MATCH_VALUE_PATH && !c->q->history) return false;
    break;
  case OP_INNER: kind = tsn_verify_kind(c->p->inner[c->q->inner.first + in->a].type); break;
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
    if (!(tsn_verify_type(in->x) || (in->x == TOCSIN_LIST && in->y == TOCSIN_TEXT)) || !tsn_verify_type(in->y) || !take(top, bottom, tsn_verify_kind(in->x))) return false;
    kind = tsn_verify_kind(in->y);
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

static bool code_walk(tsn_checker *c, const tsn_code *code, char want, tsn_verify_place where)
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

bool tsn_verify_code(tsn_checker *c, const tsn_code *code, char want, tsn_verify_place where)
{
  size_t places = (size_t)code->instrs.count + 1;
  bool good;
  if (code->stack > TSN_STACK_MAX || !tsn_verify_words(c->p, code->text)) return false;
  if (code->instrs.count == 0) return true;
  if (!tsn_verify_range(code->instrs, c->p->instrs_count) || !tsn_verify_spend(c, code->instrs.count)) return false;
  c->width = code->stack + 1;
  c->depths = tsn_verify_scratch(c, places, sizeof *c->depths);
  c->wanted = tsn_verify_scratch(c, places, c->width);
  good = c->depths && c->wanted && code_walk(c, code, want, where);
  tsn_alloc_free(c->alloc, c->depths, c->depths ? places * sizeof *c->depths : 0);
  tsn_alloc_free(c->alloc, c->wanted, c->wanted ? places * c->width : 0);
  return good;
}
