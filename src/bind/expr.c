/* Expressions: operators and their types (language page, section 4); functions: call.c.
 *
 * One function per kind of tree node; each answers a typed node or NULL after
 * it has said what is wrong, so that one mistake is reported once. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "bind/binder.h"

tsn_bx *tsn_bx_new(tsn_binder *b, tsn_bx_kind kind, tocsin_type type, tsn_span at)
{
  tsn_bx *x = tsn_arena_new(b->arena, tsn_bx);
  if (!x) return NULL;
  x->kind = kind;
  x->type = type;
  x->at = at;
  return x;
}

tsn_bx *tsn_bx_integer(tsn_binder *b, int64_t value, tocsin_type type, tsn_span at)
{
  tsn_bx *x = tsn_bx_new(b, BX_CONST, type, at);
  if (x) x->integer = value;
  return x;
}

void tsn_bx_append(tsn_bx *parent, tsn_bx *arg)
{
  if (parent->args) parent->last_arg->next = arg;
  else parent->args = arg;
  parent->last_arg = arg;
  arg->next = NULL;
  parent->arg_count++;
}

static bool any_of(const tsn_bx *list, bool (*holds)(const tsn_bx *x, const void *context), const void *context)
{
  for (; list; list = list->next)
    if (tsn_bx_any(list, holds, context)) return true;
  return false;
}

bool tsn_bx_any(const tsn_bx *x, bool (*holds)(const tsn_bx *x, const void *context), const void *context)
{
  if (!x) return false;
  return holds(x, context) || any_of(x->args, holds, context) || tsn_bx_any(x->otherwise, holds, context) ||
         (x->nav && tsn_bx_any(x->nav->value, holds, context)) ||
         (x->agg && (tsn_bx_any(x->agg->value, holds, context) || tsn_bx_any(x->agg->value2, holds, context))) ||
         (x->over && any_of(x->over->keys, holds, context));
}

static tsn_bx *operation(tsn_binder *b, tsn_opcode op, uint8_t x, tocsin_type type, tsn_span at, tsn_bx *left,
                         tsn_bx *right)
{
  tsn_bx *n = tsn_bx_new(b, BX_OP, type, at);
  if (!n) return NULL;
  n->op = op;
  n->x = x;
  tsn_bx_append(n, left);
  if (right) tsn_bx_append(n, right);
  return n;
}

static bool is_constant(const tsn_bx *x) { return x->kind == BX_CONST; }

tsn_bx *tsn_bind_coerce(tsn_binder *b, tsn_bx *x, tocsin_type type)
{
  if (!x || x->type == type) return x;
  if (is_constant(x) && x->is_null) {
    tsn_bx *n = tsn_bx_new(b, BX_CONST, type, x->at);
    if (n) n->is_null = true;
    return n;
  }
  if (x->type == TOCSIN_NULL) { /* CASE without any type: NULL whatever happens */
    tsn_bx *n = tsn_bx_new(b, BX_CONST, type, x->at);
    if (n) n->is_null = true;
    return n;
  }
  if (x->type == TOCSIN_BIGINT && type == TOCSIN_DOUBLE) {
    if (is_constant(x)) {
      tsn_bx *n = tsn_bx_new(b, BX_CONST, type, x->at);
      if (n) n->real = (double)x->integer;
      return n;
    }
    return operation(b, OP_I2D, 0, TOCSIN_DOUBLE, x->at, x, NULL);
  }
  if (x->type == TOCSIN_TEXT && is_constant(x) && (type == TOCSIN_TIMESTAMP || type == TOCSIN_INTERVAL)) {
    int64_t value;
    bool good = type == TOCSIN_TIMESTAMP ? tsn_time_parse(x->text, x->length, &value)
                                         : tsn_interval_parse(x->text, x->length, &value);
    return good ? tsn_bx_integer(b, value, type, x->at) : NULL;
  }
  return NULL;
}

tsn_bx *tsn_bind_wrong_types(tsn_context *c, tsn_span at, const char *op, const tsn_bx *l, const tsn_bx *r,
                             const char *hint)
{
  if (r)
    tsn_diag_add(c->b->diag, TSN_E1006, at, hint, "%s does not work on %s and %s", op, tocsin_type_name(l->type),
                 tocsin_type_name(r->type));
  else
    tsn_diag_add(c->b->diag, TSN_E1006, at, hint, "%s does not work on %s", op, tocsin_type_name(l->type));
  return NULL;
}

/* The one type that both sides can take without a CAST; TOCSIN_NULL: none. */
static tocsin_type common_type(const tsn_bx *l, const tsn_bx *r)
{
  if (l->type == TOCSIN_NULL) return r->type;
  if (r->type == TOCSIN_NULL || l->type == r->type) return l->type;
  if (tsn_is_number(l->type) && tsn_is_number(r->type)) return TOCSIN_DOUBLE;
  if (l->type == TOCSIN_TEXT && is_constant(l) && (r->type == TOCSIN_TIMESTAMP || r->type == TOCSIN_INTERVAL))
    return r->type;
  if (r->type == TOCSIN_TEXT && is_constant(r) && (l->type == TOCSIN_TIMESTAMP || l->type == TOCSIN_INTERVAL))
    return l->type;
  return TOCSIN_NULL;
}

static bool to_common(tsn_context *c, tsn_bx **l, tsn_bx **r, tocsin_type type)
{
  tsn_bx *a = tsn_bind_coerce(c->b, *l, type), *z = tsn_bind_coerce(c->b, *r, type);
  if (!a || !z) {
    const tsn_bx *bad = a ? *r : *l;
    tsn_diag_add(c->b->diag, TSN_E1006, bad->at, "times are written as ISO 8601: '2026-01-31T09:00:00Z'",
                 "this text cannot be read as %s", tocsin_type_name(type));
    return false;
  }
  *l = a;
  *r = z;
  return true;
}

static const char *time_hint(const tsn_bx *l, const tsn_bx *r)
{
  if ((l->type == TOCSIN_INTERVAL && tsn_is_number(r->type)) || (r->type == TOCSIN_INTERVAL && tsn_is_number(l->type)))
    return "a difference of times is an INTERVAL: compare it with a duration such as 5 SECONDS";
  if ((l->type == TOCSIN_TIMESTAMP && tsn_is_number(r->type)) || (r->type == TOCSIN_TIMESTAMP && tsn_is_number(l->type)))
    return "a time takes a duration: ts + 5 SECONDS";
  if ((l->type == TOCSIN_TEXT && is_constant(l) && tsn_is_number(r->type)) ||
      (r->type == TOCSIN_TEXT && is_constant(r) && tsn_is_number(l->type)))
    return "a number stands without quotes; CAST(... AS ...) converts";
  if (l->type == TOCSIN_TEXT || r->type == TOCSIN_TEXT) return "CAST(... AS ...) converts";
  return NULL;
}

/* A constant that loses nothing as a DOUBLE: compared as one. */
static bool is_exact_double(const tsn_bx *x)
{
  return is_constant(x) && !x->is_null && x->integer <= (int64_t)1 << 53 && x->integer >= -((int64_t)1 << 53);
}

static tsn_bx *compare(tsn_context *c, tsn_compare how, const char *name, tsn_bx *l, tsn_bx *r, tsn_span at)
{
  tocsin_type type = common_type(l, r);
  tsn_opcode op;
  if (type == TOCSIN_NULL) {
    if (l->type != TOCSIN_NULL) return tsn_bind_wrong_types(c, at, name, l, r, time_hint(l, r));
    type = TOCSIN_BIGINT; /* NULL with NULL */
  }
  if (type == TOCSIN_LIST) return tsn_bind_wrong_types(c, at, name, l, r, NULL);
  /* Exact, beyond 2^53 too. */
  if (type == TOCSIN_DOUBLE && l->type == TOCSIN_BIGINT && r->type == TOCSIN_DOUBLE && !is_exact_double(l))
    return operation(c->b, OP_CMP_ID, (uint8_t)how, TOCSIN_BOOLEAN, at, l, r);
  if (type == TOCSIN_DOUBLE && r->type == TOCSIN_BIGINT && l->type == TOCSIN_DOUBLE && !is_exact_double(r))
    return operation(c->b, OP_CMP_DI, (uint8_t)how, TOCSIN_BOOLEAN, at, l, r);
  if (!to_common(c, &l, &r, type)) return NULL;
  op = type == TOCSIN_DOUBLE ? OP_CMP_D : type == TOCSIN_TEXT ? OP_CMP_S : OP_CMP_I;
  return operation(c->b, op, (uint8_t)how, TOCSIN_BOOLEAN, at, l, r);
}

/* Arithmetic by types: the first row that fits. T: TIMESTAMP, V: INTERVAL, I: BIGINT, D: DOUBLE. */
typedef struct arithmetic_row {
  tsn_op op;
  tocsin_type left, right, result;
  tsn_opcode code;
  bool swap;
} arithmetic_row;

#define T TOCSIN_TIMESTAMP
#define V TOCSIN_INTERVAL
#define I TOCSIN_BIGINT
#define D TOCSIN_DOUBLE
static const arithmetic_row arithmetic[] = {
    {TSN_OP_ADD, I, I, I, OP_ADD_I, false},  {TSN_OP_SUB, I, I, I, OP_SUB_I, false},
    {TSN_OP_MUL, I, I, I, OP_MUL_I, false},  {TSN_OP_DIV, I, I, I, OP_DIV_I, false},
    {TSN_OP_MOD, I, I, I, OP_MOD_I, false},  {TSN_OP_ADD, D, D, D, OP_ADD_D, false},
    {TSN_OP_SUB, D, D, D, OP_SUB_D, false},  {TSN_OP_MUL, D, D, D, OP_MUL_D, false},
    {TSN_OP_DIV, D, D, D, OP_DIV_D, false},  {TSN_OP_MOD, D, D, D, OP_MOD_D, false},
    {TSN_OP_ADD, T, V, T, OP_ADD_T, false},  {TSN_OP_ADD, V, T, T, OP_ADD_T, false},
    {TSN_OP_ADD, V, V, V, OP_ADD_T, false},  {TSN_OP_SUB, T, T, V, OP_SUB_T, false},
    {TSN_OP_SUB, T, V, T, OP_SUB_T, false},  {TSN_OP_SUB, V, V, V, OP_SUB_T, false},
    {TSN_OP_MUL, V, I, V, OP_MUL_TI, false}, {TSN_OP_MUL, I, V, V, OP_MUL_TI, true},
    {TSN_OP_MUL, V, D, V, OP_MUL_TD, false}, {TSN_OP_MUL, D, V, V, OP_MUL_TD, true},
    {TSN_OP_DIV, V, I, V, OP_DIV_TI, false}, {TSN_OP_DIV, V, D, V, OP_DIV_TD, false},
    {TSN_OP_DIV, V, V, D, OP_DIV_TT, false},
};
#undef T
#undef V
#undef I
#undef D

static const char *const op_names[] = {
    [TSN_OP_NEG] = "-",    [TSN_OP_PLUS] = "+",   [TSN_OP_NOT] = "NOT", [TSN_OP_ADD] = "+",     [TSN_OP_SUB] = "-",
    [TSN_OP_MUL] = "*",    [TSN_OP_DIV] = "/",    [TSN_OP_MOD] = "%",   [TSN_OP_CONCAT] = "||", [TSN_OP_EQ] = "=",
    [TSN_OP_NE] = "<>",    [TSN_OP_LT] = "<",     [TSN_OP_LE] = "<=",   [TSN_OP_GT] = ">",      [TSN_OP_GE] = ">=",
    [TSN_OP_AND] = "AND",  [TSN_OP_OR] = "OR",    [TSN_OP_LIKE] = "LIKE", [TSN_OP_ILIKE] = "ILIKE",
    [TSN_OP_REGEXP] = "REGEXP"};

/* Folds what a duration or an offset may be made of; NULL: leave it to run time. */
static tsn_bx *fold(tsn_binder *b, const arithmetic_row *row, const tsn_bx *l, const tsn_bx *r, tsn_span at)
{
  int64_t value;
  if (!is_constant(l) || !is_constant(r) || l->is_null || r->is_null) return NULL;
  switch (row->code) {
  case OP_ADD_I: if (__builtin_add_overflow(l->integer, r->integer, &value)) return NULL; break;
  case OP_SUB_I: if (__builtin_sub_overflow(l->integer, r->integer, &value)) return NULL; break;
  case OP_MUL_I:
  case OP_MUL_TI: if (__builtin_mul_overflow(l->integer, r->integer, &value)) return NULL; break;
  case OP_ADD_T: value = tsn_time_add(l->integer, r->integer); break;
  case OP_SUB_T: value = tsn_time_sub(l->integer, r->integer); break;
  case OP_DIV_I:
  case OP_DIV_TI:
    if (r->integer == 0 || (r->integer == -1 && l->integer == INT64_MIN)) return NULL;
    value = l->integer / r->integer;
    break;
  case OP_MUL_TD: {
    double real = (double)l->integer * r->real;
    if (!(real > -9e18 && real < 9e18)) return NULL;
    value = (int64_t)real;
    break;
  }
  default: return NULL;
  }
  return tsn_bx_integer(b, value, row->result, at);
}

static bool is_time(tocsin_type t) { return t == TOCSIN_TIMESTAMP || t == TOCSIN_INTERVAL; }

/* Beside a time a constant text is a time or a duration, whichever it spells. */
static tocsin_type time_of_text(const tsn_bx *x)
{
  int64_t ignored;
  if (!is_constant(x) || x->is_null) return TOCSIN_TEXT;
  return tsn_interval_parse(x->text, x->length, &ignored) ? TOCSIN_INTERVAL : TOCSIN_TIMESTAMP;
}

tsn_bx *tsn_bind_arithmetic(tsn_context *c, tsn_op op, tsn_bx *l, tsn_bx *r, tsn_span at)
{
  tocsin_type lt = l->type, rt = r->type;
  size_t i;
  if (lt == TOCSIN_NULL && rt == TOCSIN_NULL) lt = rt = TOCSIN_BIGINT;
  if (lt == TOCSIN_NULL) lt = rt == TOCSIN_TIMESTAMP ? TOCSIN_INTERVAL : rt;
  if (rt == TOCSIN_NULL) rt = lt == TOCSIN_TIMESTAMP ? TOCSIN_INTERVAL : lt;
  if ((lt == TOCSIN_BIGINT && rt == TOCSIN_DOUBLE) || (lt == TOCSIN_DOUBLE && rt == TOCSIN_BIGINT)) lt = rt = TOCSIN_DOUBLE;
  if (lt == TOCSIN_TEXT && is_time(rt)) lt = time_of_text(l);
  else if (rt == TOCSIN_TEXT && is_time(lt)) rt = time_of_text(r);
  for (i = 0; i < sizeof arithmetic / sizeof *arithmetic; i++) {
    const arithmetic_row *row = &arithmetic[i];
    tsn_bx *folded;
    if (row->op != op || row->left != lt || row->right != rt) continue;
    l = tsn_bind_coerce(c->b, l, lt);
    r = tsn_bind_coerce(c->b, r, rt);
    if (!l || !r) break;
    if (row->swap) {
      tsn_bx *t = l;
      l = r;
      r = t;
    }
    folded = fold(c->b, row, l, r, at);
    return folded ? folded : operation(c->b, row->code, 0, row->result, at, l, r);
  }
  if (!l || !r) {
    tsn_diag_add(c->b->diag, TSN_E1006, at, "times are written as ISO 8601: '2026-01-31T09:00:00Z'",
                 "a text in this sum cannot be read as a time");
    return NULL;
  }
  return tsn_bind_wrong_types(c, at, op_names[op], l, r, time_hint(l, r));
}

static tsn_bx *logic(tsn_context *c, const tsn_expr *e)
{
  const tsn_expr *arg = e->args;
  tsn_bx *n = tsn_bx_new(c->b, e->op == TSN_OP_AND ? BX_AND : BX_OR, TOCSIN_BOOLEAN, e->at);
  bool good = n != NULL;
  for (; arg; arg = arg->next) {
    tsn_bx *x = tsn_bind_expr(c, arg);
    tsn_bx *y = x ? tsn_bind_coerce(c->b, x, TOCSIN_BOOLEAN) : NULL;
    if (x && !y) tsn_bind_wrong_types(c, arg->at, op_names[e->op], x, NULL, "it joins conditions");
    if (y && good) tsn_bx_append(n, y);
    else good = false;
  }
  return good ? n : NULL;
}

static tsn_bx *unary(tsn_context *c, const tsn_expr *e)
{
  tsn_bx *x = tsn_bind_expr(c, e->args);
  if (!x) return NULL;
  if (e->op == TSN_OP_NOT) {
    tsn_bx *y = tsn_bind_coerce(c->b, x, TOCSIN_BOOLEAN);
    return y ? operation(c->b, OP_NOT, 0, TOCSIN_BOOLEAN, e->at, y, NULL)
             : tsn_bind_wrong_types(c, e->args->at, "NOT", x, NULL, "it turns a condition round");
  }
  if (x->type == TOCSIN_NULL) x = tsn_bind_coerce(c->b, x, TOCSIN_BIGINT);
  if (!x || !(tsn_is_number(x->type) || x->type == TOCSIN_INTERVAL))
    return x ? tsn_bind_wrong_types(c, e->at, op_names[e->op], x, NULL, NULL) : NULL;
  if (e->op == TSN_OP_PLUS) return x;
  if (is_constant(x) && !x->is_null && (x->type == TOCSIN_DOUBLE || x->integer != INT64_MIN)) {
    tsn_bx *n = tsn_bx_new(c->b, BX_CONST, x->type, e->at);
    if (!n) return NULL;
    n->integer = x->type == TOCSIN_DOUBLE ? 0 : -x->integer;
    n->real = x->type == TOCSIN_DOUBLE ? -x->real : 0;
    return n;
  }
  return operation(c->b, x->type == TOCSIN_DOUBLE ? OP_NEG_D : x->type == TOCSIN_BIGINT ? OP_NEG_I : OP_NEG_T, 0, x->type,
                   e->at, x, NULL);
}

static bool is_comparison(tsn_op op) { return op >= TSN_OP_EQ && op <= TSN_OP_GE; }

static tsn_bx *binary(tsn_context *c, const tsn_expr *e)
{
  tsn_bx *l, *r;
  if (e->op == TSN_OP_AND || e->op == TSN_OP_OR) return logic(c, e);
  l = tsn_bind_expr(c, e->args);
  r = tsn_bind_expr(c, e->args->next);
  if (!l || !r) return NULL;
  if (is_comparison(e->op) && (e->args->kind == EXPR_NULL || e->args->next->kind == EXPR_NULL))
    tsn_diag_add(c->b->diag, TSN_W0005, e->at, "write IS NULL or IS NOT NULL", "a comparison with NULL is never true");
  switch (e->op) {
  case TSN_OP_EQ: return compare(c, COMPARE_EQ, "=", l, r, e->at);
  case TSN_OP_NE: return compare(c, COMPARE_NE, "<>", l, r, e->at);
  case TSN_OP_LT: return compare(c, COMPARE_LT, "<", l, r, e->at);
  case TSN_OP_LE: return compare(c, COMPARE_LE, "<=", l, r, e->at);
  case TSN_OP_GT: return compare(c, COMPARE_GT, ">", l, r, e->at);
  case TSN_OP_GE: return compare(c, COMPARE_GE, ">=", l, r, e->at);
  case TSN_OP_CONCAT:
    l = tsn_bind_coerce(c->b, l, TOCSIN_TEXT);
    r = tsn_bind_coerce(c->b, r, TOCSIN_TEXT);
    if (!l || !r) {
      tsn_diag_add(c->b->diag, TSN_E1006, e->at, "CAST(... AS TEXT) makes a text of anything; conditions are joined with OR",
                   "|| joins texts");
      return NULL;
    }
    return operation(c->b, OP_CONCAT, 0, TOCSIN_TEXT, e->at, l, r);
  default: return tsn_bind_arithmetic(c, e->op, l, r, e->at);
  }
}

static tsn_bx *distinct_from(tsn_context *c, const tsn_expr *e)
{
  tsn_bx *l = tsn_bind_expr(c, e->args), *r = tsn_bind_expr(c, e->args->next);
  tocsin_type type;
  if (!l || !r) return NULL;
  type = common_type(l, r);
  if (type == TOCSIN_NULL && l->type != TOCSIN_NULL) return tsn_bind_wrong_types(c, e->at, "IS DISTINCT FROM", l, r, time_hint(l, r));
  if (type == TOCSIN_NULL) type = TOCSIN_BIGINT;
  if (type == TOCSIN_LIST) return tsn_bind_wrong_types(c, e->at, "IS DISTINCT FROM", l, r, NULL);
  if (!to_common(c, &l, &r, type)) return NULL;
  return operation(c->b, type == TOCSIN_DOUBLE ? OP_SAME_D : type == TOCSIN_TEXT ? OP_SAME_S : OP_SAME_I,
                   e->negated ? 1 : 0, TOCSIN_BOOLEAN, e->at, l, r);
}

static tsn_bx *negate(tsn_context *c, tsn_bx *x, bool negated, tsn_span at)
{
  return x && negated ? operation(c->b, OP_NOT, 0, TOCSIN_BOOLEAN, at, x, NULL) : x;
}

static tsn_bx *between(tsn_context *c, const tsn_expr *e)
{
  /* The value stands twice; it is free of effects. */
  tsn_bx *x = tsn_bind_expr(c, e->args), *y = x ? tsn_bind_expr(c, e->args) : NULL;
  tsn_bx *low = tsn_bind_expr(c, e->args->next), *high = tsn_bind_expr(c, e->args->next->next), *n;
  if (!x || !y || !low || !high) return NULL;
  low = compare(c, COMPARE_GE, "BETWEEN", x, low, e->at);
  high = compare(c, COMPARE_LE, "BETWEEN", y, high, e->at);
  n = tsn_bx_new(c->b, BX_AND, TOCSIN_BOOLEAN, e->at);
  if (!low || !high || !n) return NULL;
  tsn_bx_append(n, low);
  tsn_bx_append(n, high);
  return negate(c, n, e->negated, e->at);
}

static tsn_bx *in_list(tsn_context *c, const tsn_expr *e)
{
  const tsn_expr *item;
  tsn_bx *n = tsn_bx_new(c->b, BX_OR, TOCSIN_BOOLEAN, e->at);
  if (!n) return NULL;
  for (item = e->args->next; item; item = item->next) {
    tsn_bx *x = tsn_bind_expr(c, e->args), *y = x ? tsn_bind_expr(c, item) : NULL, *t;
    if (!x || !y) return NULL;
    t = compare(c, COMPARE_EQ, "IN", x, y, item->at);
    if (!t) return NULL;
    tsn_bx_append(n, t);
  }
  return negate(c, n->arg_count == 1 ? n->args : n, e->negated, e->at);
}

static tsn_bx *like(tsn_context *c, const tsn_expr *e)
{
  tsn_function fn = e->op == TSN_OP_REGEXP ? FN_REGEXP_LIKE : e->op == TSN_OP_ILIKE ? FN_ILIKE : FN_LIKE;
  tsn_bx *args[3];
  const tsn_expr *arg;
  size_t count = 0;
  if (fn == FN_REGEXP_LIKE && e->arg_count == 3) {
    tsn_diag_add(c->b->diag, TSN_E1017, e->args->next->next->at, "a backslash takes the next character as it is",
                 "REGEXP takes no ESCAPE");
    return NULL;
  }
  for (arg = e->args; arg; arg = arg->next) {
    tsn_bx *x = tsn_bind_expr(c, arg), *y = x ? tsn_bind_coerce(c->b, x, TOCSIN_TEXT) : NULL;
    if (!x) return NULL;
    if (!y) return tsn_bind_wrong_types(c, arg->at, op_names[e->op], x, NULL, "it compares texts");
    args[count++] = y;
  }
  return negate(c, tsn_bind_function(c, fn, e->at, args, count), e->negated, e->at);
}

/* Brings a list of values to one type; false after saying why not. Constant
 * texts give way to times: COALESCE(ts, '2026-01-01'). */
bool tsn_bind_unify(tsn_context *c, tsn_bx **values, size_t count, const char *what)
{
  tocsin_type type = TOCSIN_NULL;
  bool texts_constant = true;
  size_t i;
  for (i = 0; i < count; i++) {
    tocsin_type t = values[i]->type;
    bool time = t == TOCSIN_TIMESTAMP || t == TOCSIN_INTERVAL;
    bool type_time = type == TOCSIN_TIMESTAMP || type == TOCSIN_INTERVAL;
    if (t == TOCSIN_TEXT && !is_constant(values[i])) texts_constant = false;
    if (t == TOCSIN_NULL || t == type) continue;
    if (type == TOCSIN_NULL || (type == TOCSIN_TEXT && time && texts_constant)) type = t;
    else if (tsn_is_number(t) && tsn_is_number(type)) type = TOCSIN_DOUBLE;
    else if (!(t == TOCSIN_TEXT && is_constant(values[i]) && type_time)) {
      tsn_diag_add(c->b->diag, TSN_E1006, values[i]->at, "CAST(... AS ...) converts", "%s gives %s here and %s before", what,
                   tocsin_type_name(t), tocsin_type_name(type));
      return false;
    }
  }
  for (i = 0; type != TOCSIN_NULL && i < count; i++) {
    tsn_bx *x = tsn_bind_coerce(c->b, values[i], type);
    if (!x) {
      tsn_diag_add(c->b->diag, TSN_E1006, values[i]->at, NULL, "this cannot be read as %s", tocsin_type_name(type));
      return false;
    }
    values[i] = x;
  }
  return true;
}

static tsn_bx *case_of(tsn_context *c, const tsn_expr *e)
{
  size_t branches = e->arg_count / 2, i;
  tsn_bx **values = tsn_arena_new_array(c->b->arena, tsn_bx *, branches + 1), *n;
  tsn_bx **conditions = tsn_arena_new_array(c->b->arena, tsn_bx *, branches + 1);
  const tsn_expr *arg = e->args;
  if (!values || !conditions) return NULL;
  for (i = 0; i < branches; i++) {
    tsn_bx *when = tsn_bind_expr(c, arg);
    if (when && e->operand) {
      tsn_bx *x = tsn_bind_expr(c, e->operand);
      when = x ? compare(c, COMPARE_EQ, "CASE", x, when, arg->at) : NULL;
    } else if (when) {
      tsn_bx *y = tsn_bind_coerce(c->b, when, TOCSIN_BOOLEAN);
      if (!y) tsn_bind_wrong_types(c, arg->at, "WHEN", when, NULL, "it takes a condition");
      when = y;
    }
    arg = arg->next;
    values[i] = tsn_bind_expr(c, arg);
    arg = arg->next;
    if (!when || !values[i]) return NULL;
    conditions[i] = when;
  }
  values[branches] = e->otherwise ? tsn_bind_expr(c, e->otherwise) : tsn_bx_new(c->b, BX_CONST, TOCSIN_NULL, e->at);
  if (!values[branches]) return NULL;
  if (!e->otherwise) values[branches]->is_null = true;
  if (!tsn_bind_unify(c, values, branches + 1, "CASE")) return NULL;
  n = tsn_bx_new(c->b, BX_CASE, values[branches]->type, e->at);
  if (!n) return NULL;
  for (i = 0; i < branches; i++) {
    tsn_bx_append(n, conditions[i]);
    tsn_bx_append(n, values[i]);
    if (values[i]->type != TOCSIN_NULL) n->type = values[i]->type;
  }
  n->otherwise = values[branches];
  return n;
}

static bool can_cast(tocsin_type from, tocsin_type to)
{
  if (from == to || from == TOCSIN_NULL || to == TOCSIN_TEXT || from == TOCSIN_TEXT) return to != TOCSIN_LIST;
  if (tsn_is_number(from)) return tsn_is_number(to) || to == TOCSIN_BOOLEAN;
  return from == TOCSIN_BOOLEAN && to == TOCSIN_BIGINT;
}

static tsn_bx *cast(tsn_context *c, const tsn_expr *e)
{
  tsn_bx *x = tsn_bind_expr(c, e->args), *n;
  if (!x) return NULL;
  if (x->type == e->type) return x;
  if (x->type == TOCSIN_NULL) return tsn_bind_coerce(c->b, x, e->type);
  if (!can_cast(x->type, e->type)) {
    tsn_diag_add(c->b->diag, TSN_E1006, e->at, NULL, "%s cannot be cast to %s", tocsin_type_name(x->type),
                 tocsin_type_name(e->type));
    return NULL;
  }
  if (is_constant(x) && (n = tsn_bind_coerce(c->b, x, e->type))) return n;
  n = tsn_bx_new(c->b, BX_CAST, e->type, e->at);
  if (n) tsn_bx_append(n, x);
  return n;
}

static tsn_bx *literal(tsn_context *c, const tsn_expr *e)
{
  static const tocsin_type types[] = {[EXPR_NULL] = TOCSIN_NULL,         [EXPR_BOOLEAN] = TOCSIN_BOOLEAN,
                                      [EXPR_INTEGER] = TOCSIN_BIGINT,    [EXPR_DECIMAL] = TOCSIN_DOUBLE,
                                      [EXPR_STRING] = TOCSIN_TEXT,       [EXPR_INTERVAL] = TOCSIN_INTERVAL,
                                      [EXPR_TIMESTAMP] = TOCSIN_TIMESTAMP};
  tsn_bx *n = tsn_bx_new(c->b, BX_CONST, types[e->kind], e->at);
  if (!n) return NULL;
  n->is_null = e->kind == EXPR_NULL;
  n->integer = e->integer;
  n->real = e->real;
  if (e->kind == EXPR_STRING) {
    n->text = e->text;
    n->length = e->length;
  }
  return n;
}

static tsn_bx *parameter(tsn_context *c, const tsn_expr *e)
{
  tsn_binder *b = c->b;
  const char **names;
  size_t i;
  for (i = 0; i < b->param_count; i++) {
    if (!tsn_column_same(&e->name, b->params[i].name)) continue;
    if (b->params[i].value) {
      tsn_bx *copy = tsn_bx_new(b, BX_CONST, b->params[i].type, e->at);
      if (!copy) return NULL;
      *copy = *b->params[i].value;
      copy->at = e->at;
      copy->next = NULL;
      return copy;
    }
    return NULL; /* said where it was declared */
  }
  names = tsn_arena_new_array(b->arena, const char *, b->param_count + 1);
  if (!names) return NULL;
  for (i = 0; i < b->param_count; i++) names[i] = b->params[i].name;
  {
    const char *near = tsn_diag_nearest(e->name.text, names, b->param_count);
    tsn_diag_add(b->diag, TSN_E1008, e->at,
                 near ? tsn_arena_printf(b->arena, "did you mean :%s?", near)
                      : tsn_arena_printf(b->arena, "declare it: CREATE PARAMETER %s type DEFAULT value", e->name.text),
                 "there is no parameter :%s", e->name.text);
  }
  return NULL;
}

static tsn_bx *bind_kind(tsn_context *c, const tsn_expr *e)
{
  switch (e->kind) {
  case EXPR_NULL:
  case EXPR_BOOLEAN:
  case EXPR_INTEGER:
  case EXPR_DECIMAL:
  case EXPR_STRING:
  case EXPR_INTERVAL:
  case EXPR_TIMESTAMP: return literal(c, e);
  case EXPR_PARAMETER: return parameter(c, e);
  case EXPR_COLUMN: return tsn_bind_column(c, e);
  case EXPR_STAR:
    tsn_diag_add(c->b->diag, TSN_E1017, e->at, NULL, "* stands only in COUNT(*) and SELECT *");
    return NULL;
  case EXPR_UNARY: return unary(c, e);
  case EXPR_BINARY: return binary(c, e);
  case EXPR_IS_NULL: {
    tsn_bx *x = tsn_bind_expr(c, e->args);
    return x ? operation(c->b, OP_IS_NULL, e->negated ? 1 : 0, TOCSIN_BOOLEAN, e->at, x, NULL) : NULL;
  }
  case EXPR_IS_BOOL: {
    tsn_bx *x = tsn_bind_expr(c, e->args), *y = x ? tsn_bind_coerce(c->b, x, TOCSIN_BOOLEAN) : NULL;
    if (x && !y) return tsn_bind_wrong_types(c, e->at, "IS TRUE", x, NULL, NULL);
    return y ? operation(c->b, OP_IS_BOOL, (uint8_t)((e->integer ? 1 : 0) | (e->negated ? 2 : 0)), TOCSIN_BOOLEAN, e->at, y, NULL)
             : NULL;
  }
  case EXPR_DISTINCT: return distinct_from(c, e);
  case EXPR_BETWEEN: return between(c, e);
  case EXPR_IN: return in_list(c, e);
  case EXPR_LIKE: return like(c, e);
  case EXPR_CASE: return case_of(c, e);
  case EXPR_CAST: return cast(c, e);
  case EXPR_CALL: return tsn_bind_call(c, e);
  }
  return NULL;
}

/* RUNNING and FINAL before brackets or CASE go for all that stands inside. */
tsn_bx *tsn_bind_expr(tsn_context *c, const tsn_expr *e)
{
  const tsn_semantics outside = c->semantics;
  tsn_bx *x;
  if (e->semantics == SEMANTICS_NONE || e->kind == EXPR_COLUMN || tsn_bind_is_row_call(e)) return bind_kind(c, e);
  if (!tsn_bind_semantics(c, e)) return NULL;
  c->semantics = e->semantics;
  x = bind_kind(c, e);
  c->semantics = outside;
  return x;
}

tsn_bx *tsn_bind_condition(tsn_context *c, const tsn_expr *e, const char *what)
{
  tsn_bx *x = tsn_bind_expr(c, e), *y;
  if (!x) return NULL;
  y = tsn_bind_coerce(c->b, x, TOCSIN_BOOLEAN);
  if (!y)
    tsn_diag_add(c->b->diag, TSN_E1007, e->at, "compare it with something", "%s has to be a condition, but this is %s", what,
                 tocsin_type_name(x->type));
  return y;
}

tsn_bx *tsn_bind_constant(tsn_binder *b, const tsn_expr *e)
{
  tsn_context c = {.b = b, .place = PLACE_CONSTANT};
  tsn_bx *x = tsn_bind_expr(&c, e);
  if (x && !is_constant(x)) {
    tsn_diag_add(b->diag, TSN_E1019, e->at, "a number, a duration or a parameter", "a constant is wanted here");
    return NULL;
  }
  return x;
}
