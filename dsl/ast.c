/* Constructors of expressions, and how names compare. */
#include <string.h>

#include "base/text.h"
#include "dsl/grammar.h"
#include "dsl/reader.h"

/* ---- names ---- */

bool tsn_column_same(const tsn_name *name, const char *column)
{
  const size_t length = strlen(column);

  if (!name->text) return false;
  if (name->quoted) return name->length == length && memcmp(name->text, column, length) == 0;
  return tsn_same_name(name->text, name->length, column, length);
}

static char label_char(const tsn_name *n, uint32_t i)
{
  const char c = n->text[i];

  return !n->quoted && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool tsn_label_same(const tsn_name *a, const tsn_name *b)
{
  uint32_t i;

  if (!a->text || !b->text || a->length != b->length) return false;
  for (i = 0; i < a->length; i++)
    if (label_char(a, i) != label_char(b, i)) return false;
  return true;
}

/* ---- expressions ---- */

tsn_expr *tsn_expr_leaf(tsn_reader *r, tsn_expr_kind kind, tsn_span at, int64_t integer)
{
  tsn_expr *e = tsn_arena_new(r->arena, tsn_expr);

  if (e) *e = (tsn_expr){ .kind = kind, .at = at, .integer = integer, .depth = 1 };
  return e;
}

/* Makes x the last argument of e. Past the greatest depth the tree is cut, so
 * that recursion on it is safe. */
static void put(tsn_reader *r, tsn_expr *e, tsn_expr_list *list, tsn_expr *x)
{
  if (!e || !x) return;
  if (x->depth >= TSN_DEPTH_MAX) {
    tsn_reader_limit(r, TSN_E0008, x->at, "an expression", TSN_DEPTH_MAX);
    x = tsn_expr_leaf(r, EXPR_NULL, x->at, 0);
    if (!x) return;
  }
  if (e->depth <= x->depth) e->depth = x->depth + 1;
  *list = tsn_expr_add(*list, x);
  e->args = list->first;
  e->arg_count++;
}

static tsn_expr *with_args(tsn_reader *r, tsn_expr *e, tsn_expr *x, tsn_expr *y, tsn_expr *z)
{
  tsn_expr_list list = { 0 };

  put(r, e, &list, x);
  put(r, e, &list, y);
  put(r, e, &list, z);
  return e;
}

static tsn_expr *with_list(tsn_reader *r, tsn_expr *e, tsn_expr_list args)
{
  tsn_expr_list list = { 0 };
  tsn_expr *x, *next;

  for (x = args.first; x; x = next) {
    next = x->next;
    x->next = NULL;
    put(r, e, &list, x);
  }
  return e;
}

tsn_expr *tsn_expr_column(tsn_reader *r, tsn_span at, tsn_token qualifier, tsn_token name)
{
  tsn_expr *e = tsn_expr_leaf(r, EXPR_COLUMN, at, 0);

  if (!e) return NULL;
  e->qualifier = tsn_read_name(r, qualifier);
  e->name = tsn_read_name(r, name);
  return e;
}

tsn_expr *tsn_expr_star(tsn_reader *r, tsn_span at, tsn_token qualifier)
{
  tsn_expr *e = tsn_expr_leaf(r, EXPR_STAR, at, 0);

  if (e) e->qualifier = tsn_read_name(r, qualifier);
  return e;
}

tsn_expr *tsn_expr_parameter(tsn_reader *r, tsn_span at, tsn_token name)
{
  tsn_expr *e = tsn_expr_leaf(r, EXPR_PARAMETER, at, 0);

  if (e) e->name = tsn_read_name(r, name);
  return e;
}

/* A word that stands for a text: HOUR, LEADING. In upper case. */
tsn_expr *tsn_expr_word(tsn_reader *r, tsn_token word)
{
  tsn_expr *e = tsn_expr_leaf(r, EXPR_STRING, word.at, 0);

  if (!e) return NULL;
  e->text = tsn_read_upper(r, word);
  e->length = e->text ? (uint32_t)strlen(e->text) : 0;
  return e;
}

/* What TRIM(LEADING FROM x) takes away. */
tsn_expr *tsn_expr_blank(tsn_reader *r, tsn_span at)
{
  tsn_expr *e = tsn_expr_leaf(r, EXPR_STRING, at, 0);

  if (e) e->text = " ", e->length = 1;
  return e;
}

tsn_expr *tsn_expr_group(tsn_reader *r, tsn_span at, tsn_expr *x)
{
  (void)r;
  if (!x) return NULL;
  x->parenthesised = true;
  x->at = at;
  return x;
}

/* -5 is a literal, so that offsets and the least BIGINT are constants. */
static bool fold_minus(tsn_reader *r, tsn_span at, tsn_expr *x)
{
  tsn_expr **big = &r->too_large;

  if (x->parenthesised || x->negated) return false;
  if (x->kind != EXPR_INTEGER && x->kind != EXPR_DECIMAL && x->kind != EXPR_INTERVAL) return false;
  if (x->kind == EXPR_INTERVAL && x->integer < 0) return false;
  if (x->kind == EXPR_INTEGER && x->integer == INT64_MIN) {
    while (*big && *big != x) big = &(*big)->otherwise;
    if (*big) *big = x->otherwise;
    x->otherwise = NULL;
  } else {
    x->integer = -x->integer;
    x->real = -x->real;
  }
  x->negated = true;
  x->at = at;
  return true;
}

tsn_expr *tsn_expr_unary(tsn_reader *r, tsn_span at, tsn_op op, tsn_expr *x)
{
  tsn_expr *e;

  if (!x || (op == TSN_OP_NEG && fold_minus(r, at, x))) return x;
  e = with_args(r, tsn_expr_leaf(r, EXPR_UNARY, at, 0), x, NULL, NULL);
  if (e) e->op = op;
  return e;
}

tsn_expr *tsn_expr_binary(tsn_reader *r, tsn_span at, tsn_op op, tsn_expr *x, tsn_expr *y)
{
  return tsn_expr_test(r, at, EXPR_BINARY, false, op, x, y, NULL);
}

tsn_expr *tsn_expr_is(tsn_reader *r, tsn_span at, tsn_expr_kind kind, bool negated, tsn_expr *x, int64_t truth)
{
  tsn_expr *e = with_args(r, tsn_expr_leaf(r, kind, at, truth), x, NULL, NULL);

  if (e) e->negated = negated;
  return e;
}

tsn_expr *tsn_expr_test(tsn_reader *r, tsn_span at, tsn_expr_kind kind, bool negated, tsn_op op, tsn_expr *x,
                        tsn_expr *y, tsn_expr *z)
{
  tsn_expr *e = with_args(r, tsn_expr_leaf(r, kind, at, 0), x, y, z);

  if (e) e->negated = negated, e->op = op;
  return e;
}

tsn_expr *tsn_expr_in(tsn_reader *r, tsn_span at, bool negated, tsn_expr *x, tsn_expr_list list)
{
  tsn_expr *e = tsn_expr_leaf(r, EXPR_IN, at, 0);

  if (!e || !x) return e;
  e->negated = negated;
  x->next = list.first;
  return with_list(r, e, (tsn_expr_list){ x, list.last ? list.last : x });
}

tsn_expr *tsn_expr_case(tsn_reader *r, tsn_span at, tsn_expr *operand, tsn_expr_list branches, tsn_expr *otherwise)
{
  tsn_expr *e = with_args(r, tsn_expr_leaf(r, EXPR_CASE, at, 0), operand, otherwise, NULL); /* for their depth */

  if (!e) return NULL;
  if (operand) operand->next = NULL;
  e->args = NULL;
  e->arg_count = 0;
  e->operand = operand;
  e->otherwise = otherwise;
  return with_list(r, e, branches);
}

tsn_expr *tsn_expr_cast(tsn_reader *r, tsn_span at, tsn_expr *x, tsn_type_ref *type)
{
  tsn_expr *e = with_args(r, tsn_expr_leaf(r, EXPR_CAST, at, 0), x, NULL, NULL);

  if (e && type) e->type = type->type, e->text = type->text, e->length = (uint32_t)strlen(type->text ? type->text : "");
  return e;
}

/* TIMESTAMPDIFF(HOUR, a, b): a bare word there is a unit, not a column. */
static void word_for_unit(tsn_reader *r, tsn_token name, tsn_expr *first)
{
  if (!first || first->kind != EXPR_COLUMN || first->qualifier.text || first->name.quoted) return;
  if (!tsn_token_is(r, name, "TIMESTAMPDIFF") && !tsn_token_is(r, name, "DATE_TRUNC")) return;
  first->kind = EXPR_STRING;
  first->text = tsn_read_upper(r, (tsn_token){ .kind = TOK_WORD, .at = first->name.at });
  first->length = first->name.length;
  first->name = (tsn_name){ 0 };
}

tsn_expr *tsn_expr_call(tsn_reader *r, tsn_span at, tsn_token name, bool distinct, tsn_expr_list args)
{
  tsn_expr *e = tsn_expr_leaf(r, EXPR_CALL, at, 0);

  if (!e) return NULL;
  e->name = tsn_read_name(r, name);
  e->distinct = distinct;
  word_for_unit(r, name, args.first);
  return with_list(r, e, args);
}

/* EXTRACT(unit FROM x), TRIM(side c FROM x) ...: calls with the parts as arguments. */
tsn_expr *tsn_expr_form(tsn_reader *r, tsn_span at, tsn_token name, tsn_expr *x, tsn_expr *y, tsn_expr *z)
{
  tsn_expr *e = with_args(r, tsn_expr_leaf(r, EXPR_CALL, at, 0), x, y, z);

  if (e) e->name = tsn_read_name(r, name);
  return e;
}

tsn_expr *tsn_expr_semantics(tsn_reader *r, tsn_span at, tsn_semantics semantics, tsn_expr *x)
{
  (void)r;
  if (!x) return NULL;
  x->semantics = semantics;
  x->at = at;
  return x;
}

tsn_over *tsn_over_new(tsn_reader *r) { return tsn_arena_new(r->arena, tsn_over); }

tsn_over *tsn_over_frame(tsn_reader *r, bool range, bool between, tsn_bound_at begin, tsn_bound_at end)
{
  tsn_over *o = tsn_arena_new(r->arena, tsn_over);

  if (o) *o = (tsn_over){ .framed = true, .range = range, .between = between, .begin = begin, .end = end };
  return o;
}

tsn_over *tsn_over_end(tsn_over *over, tsn_span at, tsn_expr_list partition, tsn_order_list order)
{
  if (!over) return NULL;
  over->partition = partition.first;
  over->order = order.first;
  over->at = at;
  return over;
}

static void deepen(tsn_expr *e, const tsn_expr *inside)
{
  if (inside && e->depth <= inside->depth) e->depth = inside->depth + 1;
}

tsn_expr *tsn_expr_over(tsn_reader *r, tsn_span at, tsn_expr *call, tsn_over *over)
{
  const tsn_expr *x;
  const tsn_order *o;

  if (!call || !over) return call;
  for (x = over->partition; x; x = x->next) deepen(call, x);
  for (o = over->order; o; o = o->next) deepen(call, o->expr);
  deepen(call, over->begin.distance);
  deepen(call, over->end.distance);
  if (call->depth > TSN_DEPTH_MAX) {
    tsn_reader_limit(r, TSN_E0008, at, "an expression", TSN_DEPTH_MAX);
    return tsn_expr_leaf(r, EXPR_NULL, at, 0);
  }
  call->over = over;
  call->at = at;
  return call;
}
