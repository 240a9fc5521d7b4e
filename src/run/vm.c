/* The expression machine: program/ops.def says what each instruction does.
 *
 * Types were settled by the compiler and depths by the verifier, so that the
 * loop checks neither. Texts that instructions make live in r->scratch until the
 * next row. */
#include <string.h>

#include "base/time.h"
#include "run/function.h"
#include "run/window.h"

static const tsn_cell none = {.null = 1};

static tsn_cell boolean(bool b) { return (tsn_cell){.v.i = b}; }

static bool overflow(tsn_run *r, const char *op) { return tsn_run_fail(r, TOCSIN_RUNTIME, "BIGINT %s is out of range", op); }

static bool integer_op(tsn_run *r, tsn_opcode op, tsn_cell *a, const tsn_cell *b)
{
  switch (op) {
  case OP_ADD_I: return !__builtin_add_overflow(a->v.i, b->v.i, &a->v.i) || overflow(r, "addition");
  case OP_SUB_I: return !__builtin_sub_overflow(a->v.i, b->v.i, &a->v.i) || overflow(r, "subtraction");
  case OP_MUL_I: return !__builtin_mul_overflow(a->v.i, b->v.i, &a->v.i) || overflow(r, "multiplication");
  case OP_DIV_I:
  case OP_MOD_I:
    if (b->v.i == 0) {
      *a = none;
    } else if (b->v.i == -1) {
      if (op == OP_MOD_I) a->v.i = 0;
      else if (__builtin_sub_overflow((int64_t)0, a->v.i, &a->v.i)) return overflow(r, "division");
    } else if (op == OP_DIV_I) {
      a->v.i /= b->v.i;
    } else {
      a->v.i %= b->v.i;
    }
    return true;
  default: return true;
  }
}

static int64_t saturate(double x)
{
  if (x >= 9223372036854775807.0) return INT64_MAX;
  if (x <= -9223372036854775808.0) return INT64_MIN;
  return (int64_t)x;
}

static tsn_cell time_op(tsn_opcode op, tsn_cell a, const tsn_cell *b)
{
  int64_t product;
  switch (op) {
  case OP_ADD_T: a.v.i = tsn_time_add(a.v.i, b->v.i); return a;
  case OP_SUB_T: a.v.i = tsn_time_sub(a.v.i, b->v.i); return a;
  case OP_MUL_TI:
    if (__builtin_mul_overflow(a.v.i, b->v.i, &product)) product = (a.v.i < 0) == (b->v.i < 0) ? INT64_MAX : INT64_MIN;
    a.v.i = product;
    return a;
  case OP_MUL_TD: a.v.i = saturate((double)a.v.i * b->v.d); return a;
  case OP_DIV_TI:
    if (b->v.i == 0) return none;
    a.v.i = b->v.i == -1 ? tsn_time_sub(0, a.v.i) : a.v.i / b->v.i;
    return a;
  case OP_DIV_TD:
    if (b->v.d == 0) return none;
    a.v.i = saturate((double)a.v.i / b->v.d);
    return a;
  default: /* OP_DIV_TT */
    if (b->v.i == 0) return none;
    a.v.d = (double)a.v.i / (double)b->v.i;
    return a;
  }
}

static double remainder_of(double a, double b)
{
  double q = a / b, whole = q < 0 ? -__builtin_floor(-q) : __builtin_floor(q);
  return __builtin_isfinite(q) && q < 9e15 && q > -9e15 ? a - whole * b : __builtin_fmod(a, b);
}

static tsn_cell real_op(tsn_opcode op, tsn_cell a, const tsn_cell *b)
{
  switch (op) {
  case OP_ADD_D: a.v.d += b->v.d; break;
  case OP_SUB_D: a.v.d -= b->v.d; break;
  case OP_MUL_D: a.v.d *= b->v.d; break;
  case OP_DIV_D:
    if (b->v.d == 0) return none;
    a.v.d /= b->v.d;
    break;
  default:
    if (b->v.d == 0) return none;
    a.v.d = remainder_of(a.v.d, b->v.d);
    break;
  }
  return a.v.d == a.v.d ? a : none; /* inf - inf and the like: there is no NaN in the language */
}

static tsn_cell logic_op(tsn_opcode op, const tsn_cell *a, const tsn_cell *b)
{
  int64_t decides = op == OP_OR; /* TRUE decides OR, FALSE decides AND */
  if ((!a->null && a->v.i == decides) || (!b->null && b->v.i == decides)) return boolean(decides != 0);
  return a->null || b->null ? none : boolean(decides == 0);
}

static bool same(tsn_opcode op, const tsn_cell *a, const tsn_cell *b)
{
  if (a->null || b->null) return a->null == b->null;
  if (op == OP_SAME_D) return a->v.d == b->v.d;
  if (op == OP_SAME_S) return tsn_compare_cells(TOCSIN_TEXT, a, b) == 0;
  return a->v.i == b->v.i;
}

static bool concat(tsn_run *r, tsn_cell *a, const tsn_cell *b)
{
  size_t length = (size_t)a->length + b->length;
  char *text = tsn_text_room(r, length);
  if (!text) return false;
  if (a->length) memcpy(text, a->v.s, a->length);
  if (b->length) memcpy(text + a->length, b->v.s, b->length);
  a->v.s = text;
  a->length = (uint32_t)length;
  return true;
}

static tsn_cell text_cell(const char *s, size_t length) { return (tsn_cell){.v.s = s, .length = (uint32_t)length}; }

static tsn_cell time_cell(const tsn_run *r, int64_t time)
{
  return r->p->time_type == TOCSIN_DOUBLE ? (tsn_cell){.v.d = tsn_double_of_time(time)} : (tsn_cell){.v.i = time};
}

static bool match_value(tsn_run *r, const tsn_eval *e, tsn_match_value which, tsn_cell *out)
{
  const tsn_match_facts *m = e->match;
  *out = none;
  if (!m) { /* in a condition: the match that is being sought */
    if (which == MATCH_VALUE_NUMBER && e->partition) *out = (tsn_cell){.v.i = e->partition->number + 1};
    return true;
  }
  switch (which) {
  case MATCH_VALUE_NUMBER:
    if (!m->timeout) *out = (tsn_cell){.v.i = m->number};
    return true;
  case MATCH_VALUE_STATUS: *out = m->timeout ? text_cell("TIMEOUT", 7) : text_cell("MATCHED", 7); return true;
  case MATCH_VALUE_ROWTIME: *out = time_cell(r, m->rowtime); return true;
  case MATCH_VALUE_START:
    if (!m->empty) *out = time_cell(r, m->start_time);
    return true;
  case MATCH_VALUE_END:
    if (!m->empty) *out = time_cell(r, m->end_time);
    return true;
  case MATCH_VALUE_ROWS: *out = (tsn_cell){.v.i = m->rows}; return true;
  case MATCH_VALUE_WINDOW_START: *out = time_cell(r, m->window_start); return true;
  case MATCH_VALUE_WINDOW_END: *out = time_cell(r, m->window_end); return true;
  case MATCH_VALUE_ID: {
    char *text = tsn_arena_printf(&r->scratch, "%016llx%016llx", (unsigned long long)m->id[0], (unsigned long long)m->id[1]);
    if (!text) return tsn_run_nomem(r);
    *out = text_cell(text, 32);
    return true;
  }
  case MATCH_VALUE_PATH: *out = text_cell(r->lists[r->p->lists].data, r->lists[r->p->lists].length); return true;
  default: return true;
  }
}

/* Whether there is a row so many physical rows from the current one. */
static bool is_row(const tsn_eval *e, int64_t offset)
{
  int64_t row = e->number + offset;
  return e->partition && row >= e->partition->base && row >= 0 && row < e->partition->base + e->partition->kept;
}

/* A column of it; NULL where there is none. */
static tsn_cell physical(const tsn_run *r, const tsn_eval *e, uint32_t slot, int64_t offset)
{
  tsn_cell cell;
  if (!is_row(e, offset)) return none;
  tsn_kept_load(r, tsn_kept_row_at(r, e->partition, e->number + offset), slot, &cell);
  return cell;
}

static tsn_cell label_name(const tsn_run *r, uint32_t label)
{
  return text_cell(tsn_program_text(r->program, r->labels[label].name), r->labels[label].name.length);
}

static tsn_cell label_before(const tsn_run *r, const tsn_eval *e, const tsn_reg_rec *reg, int64_t back)
{
  const tsn_cell *cells = e->cells + reg->cell;
  int64_t distance;
  if (cells[0].null) return none;
  distance = cells[0].v.i - (e->number - back); /* from the last mapped row back */
  if (distance < 0 || distance >= (int64_t)reg->cells - 1 || cells[1 + distance].null) return none;
  return label_name(r, (uint32_t)cells[1 + distance].v.i);
}

/* Rows behind the current one have labels only where a whole match is at hand. */
static tsn_cell label_behind(const tsn_run *r, const tsn_eval *e, int64_t offset)
{
  size_t low = 0, high = r->chain_count;
  int64_t row = e->number + offset;
  if (!e->replayed) return none;
  while (low < high) { /* timers stand between rows: skip them by looking at the rows around */
    size_t mid = low + (high - low) / 2, at = mid;
    while (at < high && r->history.all[r->chain[at]].label == TSN_NONE) at++;
    if (at == high) high = mid;
    else if (r->history.all[r->chain[at]].at == row) return label_name(r, r->history.all[r->chain[at]].label);
    else if (r->history.all[r->chain[at]].at < row) low = at + 1;
    else high = mid;
  }
  return none;
}

static void load_cells(const tsn_run *r, const tsn_reg_rec *reg, const tsn_cell *from, tsn_cell *to)
{
  uint32_t k;
  for (k = 0; k < reg->cells; k++) to[k] = tsn_load(r, from[reg->cell + k], r->cell_is_text[reg->cell + k]);
}

static bool evaluate(tsn_run *r, const tsn_eval *e, const tsn_code *code, tsn_cell *out)
{
  const tsn_instr *first = r->program->instrs + code->instrs.first, *in = first, *end = first + code->instrs.count;
  tsn_cell *top = r->stack - 1, cells[4];
  const tsn_reg_rec *reg;
  int order;
  while (in < end) {
    switch ((tsn_opcode)in->op) {
    case OP_NULL: *++top = none; break;
    case OP_BOOL: *++top = boolean(in->a != 0); break;
    case OP_INT: *++top = (tsn_cell){.v.i = r->program->integers[in->a]}; break;
    case OP_REAL: *++top = (tsn_cell){.v.d = r->program->reals[in->a]}; break;
    case OP_TEXT:
      *++top = text_cell(tsn_program_text(r->program, r->program->texts[in->a]), r->program->texts[in->a].length);
      break;
    case OP_COL: *++top = e->row ? e->row[in->a] : none; break;
    case OP_PREV: *++top = physical(r, e, in->a, -(int64_t)in->y); break;
    case OP_NEXT: *++top = physical(r, e, in->a, in->y); break;
    case OP_IS_ROW: *++top = boolean(is_row(e, in->x ? in->y : -(int64_t)in->y)); break;
    case OP_CELL: *++top = tsn_load(r, (in->x ? e->final : e->cells)[in->a], r->cell_is_text[in->a]); break;
    case OP_FIRST: {
      const tsn_cell *kept;
      reg = &r->regs[in->a];
      kept = &e->cells[reg->cell];
      if (kept[0].v.i > (int64_t)reg->depth) *top = tsn_load(r, kept[1], r->cell_is_text[reg->cell + 1]);
      else if (kept[0].v.i < (int64_t)reg->depth) *top = none;
      break;
    }
    case OP_AGG:
      reg = &r->regs[in->a];
      load_cells(r, reg, in->x ? e->final : e->cells, cells);
      *++top = tsn_aggregate_value(reg, cells);
      break;
    case OP_AGG_PEEK:
      reg = &r->regs[in->a];
      load_cells(r, reg, e->cells, cells);
      if (!tsn_aggregate_step(r, reg, cells, top, NULL)) return false;
      *top = tsn_aggregate_value(reg, cells);
      break;
    case OP_AGG_PEEK2:
      reg = &r->regs[in->a];
      load_cells(r, reg, e->cells, cells);
      top--;
      if (!tsn_aggregate_step(r, reg, cells, top, top + 1)) return false;
      *top = tsn_aggregate_value(reg, cells);
      break;
    case OP_HELD: {
      tsn_cell second = none;
      reg = &r->regs[in->a];
      if (tsn_aggregate_table[reg->aggregate].args == 2) second = *top--;
      if (!in->x) *++top = none;
      if (!tsn_held_value(r, reg, e->cells, in->x ? top : NULL, &second, top)) return false;
      break;
    }
    case OP_LABEL:
      *++top = e->label == TSN_NONE ? none
                                    : text_cell(tsn_program_text(r->program, r->labels[e->label].name), r->labels[e->label].name.length);
      break;
    case OP_LABEL_BEFORE: *++top = label_before(r, e, &r->regs[in->a], in->y); break;
    case OP_LABEL_BEHIND: *++top = label_behind(r, e, in->y); break;
    case OP_ROWNUM: *++top = (tsn_cell){.v.i = e->number}; break;
    case OP_MATCH:
      if (!match_value(r, e, (tsn_match_value)in->a, top + 1)) return false;
      top++;
      break;
    case OP_INNER: *++top = e->inner[in->a]; break;
    case OP_POP: top--; break;
    case OP_I2D:
      if (!top->null) top->v.d = (double)top->v.i;
      break;
    case OP_ADD_I:
    case OP_SUB_I:
    case OP_MUL_I:
    case OP_DIV_I:
    case OP_MOD_I:
      top--;
      if (top[0].null || top[1].null) *top = none;
      else if (!integer_op(r, (tsn_opcode)in->op, top, top + 1)) return false;
      break;
    case OP_NEG_I:
      if (!top->null && __builtin_sub_overflow((int64_t)0, top->v.i, &top->v.i)) return overflow(r, "negation");
      break;
    case OP_ADD_D:
    case OP_SUB_D:
    case OP_MUL_D:
    case OP_DIV_D:
    case OP_MOD_D:
      top--;
      *top = top[0].null || top[1].null ? none : real_op((tsn_opcode)in->op, top[0], top + 1);
      break;
    case OP_NEG_D:
      if (!top->null) top->v.d = -top->v.d;
      break;
    case OP_ADD_T:
    case OP_SUB_T:
    case OP_MUL_TI:
    case OP_MUL_TD:
    case OP_DIV_TI:
    case OP_DIV_TD:
    case OP_DIV_TT:
      top--;
      *top = top[0].null || top[1].null ? none : time_op((tsn_opcode)in->op, top[0], top + 1);
      break;
    case OP_NEG_T:
      if (!top->null) top->v.i = tsn_time_sub(0, top->v.i);
      break;
    case OP_CMP_I:
    case OP_CMP_D:
    case OP_CMP_ID:
    case OP_CMP_DI:
    case OP_CMP_S:
      top--;
      if (top[0].null || top[1].null) {
        *top = none;
        break;
      }
      order = in->op == OP_CMP_I    ? (top[0].v.i > top[1].v.i) - (top[0].v.i < top[1].v.i)
              : in->op == OP_CMP_D  ? (top[0].v.d > top[1].v.d) - (top[0].v.d < top[1].v.d)
              : in->op == OP_CMP_ID ? tsn_compare_int_double(top[0].v.i, top[1].v.d)
              : in->op == OP_CMP_DI ? -tsn_compare_int_double(top[1].v.i, top[0].v.d)
                                    : tsn_compare_cells(TOCSIN_TEXT, top, top + 1);
      *top = boolean(tsn_compare_holds((tsn_compare)in->x, order));
      break;
    case OP_SAME_I:
    case OP_SAME_D:
    case OP_SAME_S:
      top--;
      *top = boolean(same((tsn_opcode)in->op, top, top + 1) == (in->x == 1));
      break;
    case OP_NOT:
      if (!top->null) top->v.i = !top->v.i;
      break;
    case OP_AND:
    case OP_OR:
      top--;
      *top = logic_op((tsn_opcode)in->op, top, top + 1);
      break;
    case OP_SKIP_F:
      if (!top->null && !top->v.i) in = first + in->a - 1;
      break;
    case OP_SKIP_T:
      if (!top->null && top->v.i) in = first + in->a - 1;
      break;
    case OP_SKIP_NN:
      if (!top->null) in = first + in->a - 1;
      break;
    case OP_JUMP: in = first + in->a - 1; break;
    case OP_UNLESS:
      top--;
      if (top[1].null || !top[1].v.i) in = first + in->a - 1;
      break;
    case OP_IS_NULL: *top = boolean((top->null != 0) == (in->x == 0)); break;
    case OP_IS_BOOL: *top = boolean((!top->null && (top->v.i != 0) == ((in->x & 1) != 0)) == ((in->x & 2) == 0)); break;
    case OP_CONCAT:
      top--;
      if (top[0].null || top[1].null) *top = none;
      else if (!concat(r, top, top + 1)) return false;
      break;
    case OP_CAST:
      if (!top->null && !tsn_cast(r, in->x, in->y, top)) return false;
      break;
    case OP_CALL:
      top -= (int)in->y - 1;
      if (!tsn_call(r, in, top, cells)) return false;
      *top = cells[0];
      break;
    case OP_HOST:
      top -= (int)in->y - 1;
      if (!tsn_call_host(r, in, top, cells)) return false;
      *top = cells[0];
      break;
    case OP_LIST:
      reg = &r->regs[in->a];
      if (!tsn_gather_value(r, (tsn_aggregate)reg->aggregate, (in->x == 1 ? r->final_lists : r->lists) + reg->depth, top + 1)) return false;
      top++;
      break;
    case OP_OVER:
      if (!tsn_group_value(r, in->a, top + 1)) return false;
      top++;
      break;
    case TSN_OPCODES: break;
    }
    in++;
  }
  *out = *top;
  return true;
}

bool tsn_eval_code(tsn_run *r, const tsn_eval *e, const tsn_code *code, tsn_cell *out)
{
  return evaluate(r, e, code, out) || tsn_fail_in(r, code->text);
}

bool tsn_eval_truth(tsn_run *r, const tsn_eval *e, const tsn_code *code, bool *truth)
{
  tsn_cell value;
  if (!tsn_eval_code(r, e, code, &value)) return false;
  *truth = !value.null && value.v.i != 0;
  return true;
}

/* Of the row of the block at hand, in the bits of a label. */
static bool block_bit(const tsn_run *r, uint32_t label)
{
  return r->bits[(size_t)label * TSN_BLOCK_WORDS + r->block_row / 64] >> r->block_row % 64 & 1;
}

static bool condition_failed(tsn_run *r, const tsn_eval *e)
{
  return tsn_eval_failed(r, e, "condition", tsn_program_text(r->program, r->labels[e->label].name));
}

bool tsn_eval_screen(tsn_run *r, const tsn_partition *part, uint32_t label, const tsn_code *screen, bool *truth)
{
  tsn_eval e = {.row = r->row, .partition = part, .number = part->rows - 1, .cells = r->empty_cells, .final = r->empty_cells, .label = label};
  *truth = true;
  if (!screen->instrs.count) return true;
  if (r->block_row != TSN_NONE && r->known[label] && r->screens[label].instrs.count == screen->instrs.count) {
    *truth = block_bit(r, label);
    return true;
  }
  return tsn_eval_truth(r, &e, screen, truth) || condition_failed(r, &e);
}

bool tsn_eval_label(tsn_run *r, const tsn_partition *part, uint32_t label, const tsn_cell *cells, bool *truth)
{
  const tsn_code *code = &r->labels[label].condition;
  tsn_eval e = {.row = r->row, .partition = part, .number = part->rows - 1, .cells = cells, .final = cells, .label = label};
  if (code->instrs.count == 0) {
    *truth = true;
    return true;
  }
  if (r->by_class && r->label_epoch[label] == r->row_epoch) {
    *truth = r->label_value[label] != 0;
    return true;
  }
  if (r->block_row != TSN_NONE && r->known[label]) {
    *truth = block_bit(r, label);
    if (!*truth || !r->screened[label]) return true;
  }
  if (code->local && r->label_epoch[label] == r->row_epoch) {
    *truth = r->label_value[label] != 0;
    return true;
  }
  if (!tsn_eval_truth(r, &e, code, truth)) return condition_failed(r, &e);
  if (code->local) {
    r->label_epoch[label] = r->row_epoch;
    r->label_value[label] = *truth;
  }
  return true;
}

static bool store(tsn_run *r, tsn_cell *cells, uint32_t at, tsn_cell value)
{
  if (r->cell_is_text[at] && !tsn_texts_put(r, &value)) return false;
  cells[at] = value;
  return true;
}

bool tsn_register_add(tsn_run *r, const tsn_reg_rec *reg, tsn_cell *cells, const tsn_cell *arg, const tsn_cell *second)
{
  tsn_cell loaded[4];
  uint32_t k;
  load_cells(r, reg, cells, loaded);
  if (!tsn_aggregate_step(r, reg, loaded, arg, second)) return false;
  for (k = 0; k < reg->cells; k++) {
    const tsn_cell *old = &cells[reg->cell + k];
    /* A text that stayed need not be stored again. */
    if (r->cell_is_text[reg->cell + k] && !old->null && !loaded[k].null && loaded[k].length == old->length &&
        loaded[k].v.s == r->texts.data + old->v.at)
      continue;
    if (!store(r, cells, reg->cell + k, loaded[k])) return false;
  }
  return true;
}

static bool update_aggregate(tsn_run *r, const tsn_eval *e, const tsn_reg_rec *reg, tsn_cell *cells)
{
  tsn_cell arg = boolean(true), second = none;
  bool fresh = true;
  if (reg->value.instrs.count && !tsn_eval_code(r, e, &reg->value, &arg)) return false;
  if (reg->held) return tsn_held_step(r, reg, cells, &arg);
  if (reg->distinct && !tsn_set_add(r, &r->sets[reg - r->regs], reg->type, &arg, &fresh)) return false;
  if (!fresh) return true;
  if (reg->value2.instrs.count && !tsn_eval_code(r, e, &reg->value2, &second)) return false;
  if (reg->cells == 0) return tsn_gather_step(r, (tsn_aggregate)reg->aggregate, reg->type, &r->lists[reg->depth], &arg, &second);
  return tsn_register_add(r, reg, cells, &arg, &second);
}

static void update_labels(const tsn_eval *e, const tsn_reg_rec *reg, tsn_cell *cells)
{
  int64_t depth = (int64_t)reg->cells - 1, step = cells[0].null ? depth : e->number - cells[0].v.i, k;
  for (k = depth - 1; k > 0; k--) cells[1 + k] = k >= step ? cells[1 + k - step] : none;
  cells[1] = (tsn_cell){.v.i = e->label};
  cells[0] = (tsn_cell){.v.i = e->number};
}

static bool update_registers(tsn_run *r, const tsn_eval *e, tsn_cell *cells, bool replay)
{
  const tsn_range *updates = &r->labels[e->label].updates;
  uint32_t u, k;
  tsn_cell value;
  for (u = 0; u < updates->count; u++) {
    const tsn_reg_rec *reg = &r->regs[r->program->indices[updates->first + u]];
    if (replay ? !reg->in_replay : !reg->in_path) continue;
    switch ((tsn_reg_kind)reg->kind) {
    case REG_LAST:
      for (k = reg->cells - 1; k > 0; k--) cells[reg->cell + k] = cells[reg->cell + k - 1];
      if (!tsn_eval_code(r, e, &reg->value, &value) || !store(r, cells, reg->cell, value)) return false;
      break;
    case REG_FIRST:
      if (cells[reg->cell].v.i == (int64_t)reg->depth &&
          (!tsn_eval_code(r, e, &reg->value, &value) || !store(r, cells, reg->cell + 1, value)))
        return false;
      /* Beyond its row the count no longer matters: kept equal, so that paths can be one. */
      if (cells[reg->cell].v.i <= (int64_t)reg->depth) cells[reg->cell].v.i++;
      break;
    case REG_AGG:
      if (!update_aggregate(r, e, reg, cells)) return tsn_fail_in(r, reg->value.text);
      break;
    case REG_LABELS: update_labels(e, reg, cells + reg->cell); break;
    }
  }
  return true;
}

bool tsn_eval_updates(tsn_run *r, const tsn_eval *e, tsn_cell *cells, bool replay)
{
  return update_registers(r, e, cells, replay) ||
         tsn_eval_failed(r, e, "values under", tsn_program_text(r->program, r->labels[e->label].name));
}
