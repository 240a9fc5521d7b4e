/* Questions about code (code.h). */
#include "program/code.h"

bool tsn_code_calls(const tocsin_program *p, const tsn_code *code, uint32_t function)
{
  const tsn_instr *in = p->instrs + code->instrs.first, *end = in + code->instrs.count;
  for (; in < end; in++)
    if (in->op == OP_CALL && in->a == function) return true;
  return false;
}

void tsn_code_columns(const tocsin_program *p, const tsn_code *code, bool *marked)
{
  const tsn_instr *in = p->instrs + code->instrs.first, *end = in + code->instrs.count;
  for (; in < end; in++)
    if (in->op == OP_COL) marked[in->a] = true;
}

bool tsn_code_can_fail(const tocsin_program *p, const tsn_code *code)
{
  const tsn_instr *in = p->instrs + code->instrs.first, *end = in + code->instrs.count;
  for (; in < end; in++)
    switch ((tsn_opcode)in->op) {
    case OP_AGG_PEEK:
    case OP_AGG_PEEK2:
    case OP_HELD:
    case OP_ADD_I:
    case OP_SUB_I:
    case OP_MUL_I:
    case OP_DIV_I:
    case OP_NEG_I:
    case OP_CONCAT:
    case OP_CAST:
    case OP_CALL:
    case OP_HOST:
    case OP_LIST:
    case OP_OVER: return true;
    default: break;
    }
  return false;
}

/* x AND y is: x, SKIP_F to the end, y, AND. */
bool tsn_cut_and(const tocsin_program *p, uint32_t origin, tsn_range *part, tsn_range *right)
{
  const tsn_instr *in = p->instrs + part->first;
  uint32_t i, end = part->first + part->count - origin;
  if (part->count < 4 || in[part->count - 1].op != OP_AND) return false;
  for (i = 0; i < part->count - 1; i++) {
    if (in[i].op != OP_SKIP_F || in[i].a != end) continue;
    *right = (tsn_range){.first = part->first + i + 1, .count = part->count - i - 2};
    part->count = i;
    return true;
  }
  return false;
}

/* a < b is: a, b, CMP. Where a ends is where the stack stands at one for the last time. */
bool tsn_cut_two(const tocsin_program *p, tsn_range code, tsn_range *left, tsn_range *right)
{
  const tsn_instr *in = p->instrs + code.first;
  uint32_t i, depth = 0, split = 0;
  if (code.count < 3 || tsn_op_table[in[code.count - 1].op].pops != 2) return false;
  for (i = 0; i + 1 < code.count; i++) {
    tsn_opcode op = (tsn_opcode)in[i].op;
    uint32_t pops = (uint32_t)tsn_op_table[op].pops;
    if (op == OP_CALL || op == OP_HOST || tsn_op_table[op].operand == OPERAND_JUMP || pops > depth) return false;
    depth = depth - pops + (uint32_t)tsn_op_table[op].pushes;
    if (depth == 1) split = i + 1;
  }
  if (depth != 2) return false;
  *left = (tsn_range){.first = code.first, .count = split};
  *right = (tsn_range){.first = code.first + split, .count = code.count - split - 1};
  return true;
}

bool tsn_cut_compare(const tocsin_program *p, tsn_range code, tsn_range *left, tsn_range *right)
{
  tsn_opcode last = code.count ? (tsn_opcode)p->instrs[code.first + code.count - 1].op : OP_NULL;
  return (last == OP_CMP_I || last == OP_CMP_D || last == OP_CMP_S) && tsn_cut_two(p, code, left, right);
}
