/* Expressions as instructions of a stack machine (program/ops.def).
 *
 * Types were settled by bind; here every node becomes its operands' code and
 * one instruction. AND, OR, CASE and COALESCE jump over what need not be
 * evaluated. The depth of the stack is followed, so that the machine checks none. */
#include <string.h>

#include "plan/plan.h"

typedef struct emitter {
  tsn_plan *p;
  tsn_mode mode;
  uint32_t label;
  int64_t physical;
  uint32_t first; /* instruction of the code */
  uint32_t depth, most;
  bool local;
} emitter;

static void emit(emitter *e, tsn_opcode op, uint8_t x, uint16_t y, uint32_t a, int pops, int pushes)
{
  tsn_instr instr = {.op = (uint8_t)op, .x = x, .y = y, .a = a};
  tsn_image_add(e->p->image, SECTION_instrs, &instr, sizeof instr);
  e->depth = e->depth - (uint32_t)pops + (uint32_t)pushes;
  if (e->depth > e->most) e->most = e->depth;
}

static void simple(emitter *e, tsn_opcode op, uint8_t x, uint32_t a)
{
  emit(e, op, x, 0, a, tsn_op_table[op].pops, tsn_op_table[op].pushes);
}

static uint32_t here(const emitter *e) { return tsn_image_count(e->p->image, SECTION_instrs, sizeof(tsn_instr)); }

/* A jump whose target is not known yet; answers its place for land(). */
static uint32_t jump(emitter *e, tsn_opcode op)
{
  uint32_t at = here(e);
  simple(e, op, 0, 0);
  return at;
}

static void land(emitter *e, uint32_t at)
{
  tsn_bytes *b = &e->p->image->sections[SECTION_instrs];
  if (!b->failed) ((tsn_instr *)(void *)b->data)[at].a = here(e) - e->first;
}

static void expr(emitter *e, const tsn_bx *x);

static void constant(emitter *e, const tsn_bx *x)
{
  tsn_image *image = e->p->image;
  if (x->is_null) {
    simple(e, OP_NULL, 0, 0);
  } else if (x->type == TOCSIN_BOOLEAN) {
    simple(e, OP_BOOL, 0, x->integer != 0);
  } else if (x->type == TOCSIN_DOUBLE) {
    simple(e, OP_REAL, 0, tsn_image_add(image, SECTION_reals, &x->real, sizeof x->real));
  } else if (x->type == TOCSIN_TEXT) {
    tsn_str text = tsn_image_text(image, x->text, x->length);
    simple(e, OP_TEXT, 0, tsn_image_add(image, SECTION_texts, &text, sizeof text));
  } else {
    simple(e, OP_INT, 0, tsn_image_add(image, SECTION_integers, &x->integer, sizeof x->integer));
  }
}

/* The value of the row so many physical rows from the current one: NULL where there
 * is none, whatever the expression makes of columns that are NULL. */
static void value_there(emitter *e, const tsn_bx *x)
{
  uint32_t none, end;
  if (e->physical == 0 || x->kind == BX_COLUMN || x->kind == BX_LABEL) { /* the last two are NULL by themselves */
    expr(e, x);
    return;
  }
  emit(e, OP_IS_ROW, e->physical > 0, (uint16_t)(e->physical < 0 ? -e->physical : e->physical), 0, 0, 1);
  none = jump(e, OP_UNLESS);
  expr(e, x);
  end = jump(e, OP_JUMP);
  e->depth--; /* the other way has not pushed */
  land(e, none);
  simple(e, OP_NULL, 0, 0);
  land(e, end);
}

static void row_value(emitter *e, const tsn_bx *x, int64_t physical)
{
  tsn_mode mode = e->mode;
  int64_t before = e->physical;
  e->mode = MODE_ROW;
  e->physical = physical;
  value_there(e, x);
  e->mode = mode;
  e->physical = before;
}

static void navigate(emitter *e, const tsn_nav *nav)
{
  bool own = e->mode == MODE_LABEL && tsn_plan_set_has(nav->set, e->label);
  uint32_t at = tsn_plan_find_nav(e->p, nav);
  const tsn_reg_plan *r = at == TSN_NONE ? NULL : &e->p->regs[at];
  uint8_t final = nav->final && e->p->q->all_rows ? 1 : 0;
  if (own && !nav->first && nav->offset == 0) {
    row_value(e, nav->value, nav->physical);
  } else if (!r) {
    simple(e, OP_NULL, 0, 0);
  } else if (own && nav->first) {
    row_value(e, nav->value, nav->physical);
    simple(e, OP_FIRST, 0, at);
    e->local = false;
  } else {
    simple(e, OP_CELL, final, r->cell + (nav->first ? 1 : nav->offset - (own ? 1 : 0)));
    e->local = false;
  }
}

static void aggregate(emitter *e, const tsn_agg *agg)
{
  bool own = e->mode == MODE_LABEL && tsn_plan_set_has(agg->set, e->label);
  uint32_t at = tsn_plan_find_agg(e->p, agg, e->mode != MODE_MATCH);
  uint8_t final = agg->final && e->p->q->all_rows ? 1 : 0;
  e->local = false;
  if (at == TSN_NONE) {
    simple(e, OP_NULL, 0, 0);
  } else if (e->p->regs[at].held) {
    if (own) row_value(e, agg->value, 0);
    if (agg->value2) row_value(e, agg->value2, 0);
    emit(e, OP_HELD, own, 0, at, own + (agg->value2 != NULL), 1);
  } else if (tsn_aggregate_table[agg->kind].cell_count == 0) {
    simple(e, OP_LIST, final, at);
  } else if (own) {
    if (agg->value) row_value(e, agg->value, 0);
    else simple(e, OP_BOOL, 0, 1);
    if (agg->value2) row_value(e, agg->value2, 0);
    simple(e, agg->value2 ? OP_AGG_PEEK2 : OP_AGG_PEEK, 0, at);
  } else {
    simple(e, OP_AGG, final, at);
  }
}

static void column(emitter *e, const tsn_bx *x)
{
  uint32_t slot = e->p->slot_of[x->index];
  if (e->physical == 0) simple(e, OP_COL, 0, slot);
  else if (e->physical < 0) emit(e, OP_PREV, 0, (uint16_t)-e->physical, slot, 0, 1);
  else emit(e, OP_NEXT, 0, (uint16_t)e->physical, slot, 0, 1);
}

static void label(emitter *e)
{
  if (e->physical == 0) {
    simple(e, OP_LABEL, 0, 0);
  } else if (e->physical > 0) {
    emit(e, OP_LABEL_BEHIND, 0, (uint16_t)e->physical, 0, 0, 1);
  } else {
    emit(e, OP_LABEL_BEFORE, 0, (uint16_t)-e->physical, tsn_plan_find_labels(e->p), 0, 1);
    e->local = false;
  }
}

static void logic(emitter *e, const tsn_bx *x, tsn_opcode skip, tsn_opcode op)
{
  uint32_t *jumps = tsn_arena_new_array(e->p->arena, uint32_t, x->arg_count + 1);
  const tsn_bx *arg = x->args;
  unsigned count = 0, i;
  if (!jumps || !arg) return;
  expr(e, arg);
  for (arg = arg->next; arg; arg = arg->next) {
    jumps[count++] = jump(e, skip);
    expr(e, arg);
    simple(e, op, 0, 0);
  }
  for (i = 0; i < count; i++) land(e, jumps[i]);
}

static void case_of(emitter *e, const tsn_bx *x)
{
  uint32_t *ends = tsn_arena_new_array(e->p->arena, uint32_t, x->arg_count + 1);
  const tsn_bx *arg = x->args;
  unsigned count = 0, i;
  if (!ends) return;
  while (arg) {
    uint32_t next;
    expr(e, arg);
    next = jump(e, OP_UNLESS);
    expr(e, arg->next);
    ends[count++] = jump(e, OP_JUMP);
    e->depth--; /* the other way has not pushed */
    land(e, next);
    arg = arg->next->next;
  }
  expr(e, x->otherwise);
  for (i = 0; i < count; i++) land(e, ends[i]);
}

static void coalesce(emitter *e, const tsn_bx *x)
{
  uint32_t *ends = tsn_arena_new_array(e->p->arena, uint32_t, x->arg_count + 1);
  const tsn_bx *arg = x->args;
  unsigned count = 0, i;
  if (!ends) return;
  expr(e, arg);
  for (arg = arg->next; arg; arg = arg->next) {
    ends[count++] = jump(e, OP_SKIP_NN);
    simple(e, OP_POP, 0, 0);
    expr(e, arg);
  }
  for (i = 0; i < count; i++) land(e, ends[i]);
}

static void expr(emitter *e, const tsn_bx *x)
{
  const tsn_bx *arg;
  switch (x->kind) {
  case BX_CONST: constant(e, x); break;
  case BX_COLUMN: column(e, x); break;
  case BX_LABEL: label(e); break;
  case BX_ROWNUM: simple(e, OP_ROWNUM, 0, 0); break;
  case BX_NAV: navigate(e, x->nav); break;
  case BX_AGG: aggregate(e, x->agg); break;
  case BX_OVER: simple(e, OP_OVER, 0, tsn_plan_find_over(e->p, x)); break;
  case BX_MATCH: simple(e, OP_MATCH, 0, x->index); break;
  case BX_INNER: simple(e, OP_INNER, 0, x->index); break;
  case BX_OP:
    for (arg = x->args; arg; arg = arg->next) expr(e, arg);
    simple(e, x->op, x->x, 0);
    break;
  case BX_AND: logic(e, x, OP_SKIP_F, OP_AND); break;
  case BX_OR: logic(e, x, OP_SKIP_T, OP_OR); break;
  case BX_CASE: case_of(e, x); break;
  case BX_COALESCE: coalesce(e, x); break;
  case BX_CAST:
    expr(e, x->args);
    emit(e, OP_CAST, (uint8_t)x->args->type, (uint16_t)x->type, 0, 1, 1);
    break;
  case BX_CALL:
    for (arg = x->args; arg; arg = arg->next) expr(e, arg);
    emit(e, OP_CALL, x->x, (uint16_t)x->arg_count, x->index, (int)x->arg_count, 1);
    break;
  case BX_HOST:
    for (arg = x->args; arg; arg = arg->next) expr(e, arg);
    emit(e, OP_HOST, 0, (uint16_t)x->arg_count, x->index, (int)x->arg_count, 1);
    break;
  }
}

tsn_code tsn_plan_code(tsn_plan *p, const tsn_bx *x, tsn_mode mode, uint32_t label, int64_t physical)
{
  emitter e = {.p = p, .mode = mode, .label = label, .physical = physical, .local = true};
  tsn_code code = {.instrs = {0, 0}, .text = {.offset = TSN_NONE}};
  if (!x) return code;
  e.first = here(&e);
  value_there(&e, x);
  code.instrs.first = e.first;
  code.instrs.count = here(&e) - e.first;
  code.stack = e.most;
  code.local = e.local;
  if (code.instrs.count > 1 || x->kind == BX_OVER || x->kind == BX_CALL || x->kind == BX_HOST || p->q->traced) /* what reads one value cannot fail */
    code.text = tsn_plan_text(p, x->at);
  if (e.most > TSN_STACK_MAX)
    tsn_diag_add(p->diag, TSN_E1022, x->at, "split it", "this expression is deeper than %u values", TSN_STACK_MAX);
  return code;
}
