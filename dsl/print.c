/* Trees back to text, on one line: for messages, for explain, and where a tree
 * has changed since it was read. format.c lays whole files out. */
#include <string.h>

#include "base/text.h"
#include "dsl/ast.h"
#include "dsl/reader.h"

/* How tightly an expression binds; a looser one inside a tighter one needs brackets. */
enum { BIND_OR = 1, BIND_AND, BIND_NOT, BIND_TEST, BIND_SUM, BIND_PRODUCT, BIND_SIGN, BIND_PRIMARY };

static void print(const tsn_expr *e, int within, tsn_bytes *out);

/* A name as it has to be written. */
static void print_name(const tsn_name *n, tsn_bytes *out)
{
  uint32_t i;

  if (!n->quoted) {
    tsn_bytes_append(out, n->text, n->length);
    return;
  }
  tsn_bytes_char(out, '"');
  for (i = 0; i < n->length; i++) {
    if (n->text[i] == '"') tsn_bytes_char(out, '"');
    tsn_bytes_char(out, n->text[i]);
  }
  tsn_bytes_char(out, '"');
}

static void print_string(const char *text, uint32_t length, tsn_bytes *out)
{
  uint32_t i;

  tsn_bytes_char(out, '\'');
  for (i = 0; i < length; i++) {
    if (text[i] == '\'') tsn_bytes_char(out, '\'');
    tsn_bytes_char(out, text[i]);
  }
  tsn_bytes_char(out, '\'');
}

static void print_upper(const char *text, tsn_bytes *out)
{
  for (; text && *text; text++) tsn_bytes_char(out, *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text);
}

/* Whether what is printed begins with a minus: behind `{` or a minus it needs a blank, or it were another sign. */
static bool leads_with_minus(const tsn_expr *e)
{
  for (;; e = e->args) {
    if (!e || e->parenthesised || e->semantics != SEMANTICS_NONE) return false;
    if (e->kind == EXPR_UNARY) return e->op == TSN_OP_NEG;
    if (e->kind == EXPR_CALL || e->kind == EXPR_CASE || e->kind == EXPR_CAST) return false;
    if (e->kind == EXPR_INTEGER || e->kind == EXPR_DECIMAL || e->kind == EXPR_INTERVAL) return e->negated;
  }
}

static void print_braced(const tsn_expr *e, tsn_bytes *out)
{
  tsn_bytes_text(out, leads_with_minus(e) ? "{ " : "{");
  print(e, 0, out);
}

static void print_list(const tsn_expr *e, int within, tsn_bytes *out)
{
  for (; e; e = e->next) {
    print(e, within, out);
    if (e->next) tsn_bytes_text(out, ", ");
  }
}

static const char *op_text(tsn_op op)
{
  switch (op) {
  case TSN_OP_NONE: return "";
  case TSN_OP_NEG: return "-";
  case TSN_OP_PLUS: return "+";
  case TSN_OP_NOT: return "NOT ";
  case TSN_OP_ADD: return " + ";
  case TSN_OP_SUB: return " - ";
  case TSN_OP_MUL: return " * ";
  case TSN_OP_DIV: return " / ";
  case TSN_OP_MOD: return " % ";
  case TSN_OP_CONCAT: return " || ";
  case TSN_OP_EQ: return " = ";
  case TSN_OP_NE: return " <> ";
  case TSN_OP_LT: return " < ";
  case TSN_OP_LE: return " <= ";
  case TSN_OP_GT: return " > ";
  case TSN_OP_GE: return " >= ";
  case TSN_OP_AND: return " AND ";
  case TSN_OP_OR: return " OR ";
  case TSN_OP_LIKE: return "LIKE ";
  case TSN_OP_ILIKE: return "ILIKE ";
  case TSN_OP_REGEXP: return "REGEXP ";
  }
  return "";
}

static int binding(const tsn_expr *e)
{
  switch (e->kind) {
  case EXPR_UNARY: return e->op == TSN_OP_NOT ? BIND_NOT : BIND_SIGN;
  case EXPR_BINARY:
    switch (e->op) {
    case TSN_OP_OR: return BIND_OR;
    case TSN_OP_AND: return BIND_AND;
    case TSN_OP_ADD:
    case TSN_OP_SUB:
    case TSN_OP_CONCAT: return BIND_SUM;
    case TSN_OP_MUL:
    case TSN_OP_DIV:
    case TSN_OP_MOD: return BIND_PRODUCT;
    default: return BIND_TEST;
    }
  case EXPR_IS_NULL:
  case EXPR_IS_BOOL:
  case EXPR_DISTINCT:
  case EXPR_BETWEEN:
  case EXPR_IN:
  case EXPR_LIKE: return BIND_TEST;
  case EXPR_INTEGER:
  case EXPR_DECIMAL:
  case EXPR_INTERVAL: return e->negated ? BIND_SIGN : BIND_PRIMARY;
  default: return BIND_PRIMARY;
  }
}

static void print_case(const tsn_expr *e, tsn_bytes *out)
{
  const tsn_expr *branch;

  tsn_bytes_text(out, "CASE");
  if (e->operand) {
    tsn_bytes_char(out, ' ');
    print(e->operand, 0, out);
  }
  for (branch = e->args; branch && branch->next; branch = branch->next->next) {
    tsn_bytes_text(out, " WHEN ");
    print(branch, 0, out);
    tsn_bytes_text(out, " THEN ");
    print(branch->next, 0, out);
  }
  if (e->otherwise) {
    tsn_bytes_text(out, " ELSE ");
    print(e->otherwise, 0, out);
  }
  tsn_bytes_text(out, " END");
}

static void print_bound(const tsn_bound_at *b, tsn_bytes *out)
{
  static const char *const words[] = {
    [BOUND_UNBOUNDED_PRECEDING] = "UNBOUNDED PRECEDING", [BOUND_PRECEDING] = " PRECEDING",
    [BOUND_CURRENT] = "CURRENT ROW",                     [BOUND_FOLLOWING] = " FOLLOWING",
    [BOUND_UNBOUNDED_FOLLOWING] = "UNBOUNDED FOLLOWING"
  };

  if (b->distance) print(b->distance, BIND_SUM, out);
  tsn_bytes_text(out, words[b->kind]);
}

static void print_over(const tsn_over *o, tsn_bytes *out)
{
  const char *gap = "";
  const tsn_order *order;

  tsn_bytes_text(out, " OVER (");
  if (o->partition) {
    tsn_bytes_text(out, "PARTITION BY ");
    print_list(o->partition, 0, out);
    gap = " ";
  }
  for (order = o->order; order; order = order->next) {
    tsn_bytes_printf(out, "%s", order == o->order ? gap : ", ");
    if (order == o->order) tsn_bytes_text(out, "ORDER BY ");
    print(order->expr, 0, out);
    if (order->direction_written) tsn_bytes_text(out, order->descending ? " DESC" : " ASC");
    gap = " ";
  }
  if (o->framed) {
    tsn_bytes_printf(out, "%s%s%s ", gap, o->range ? "RANGE" : "ROWS", o->between ? " BETWEEN" : "");
    print_bound(&o->begin, out);
    if (o->between) tsn_bytes_text(out, " AND ");
    if (o->between) print_bound(&o->end, out);
  }
  tsn_bytes_char(out, ')');
}

static bool called(const tsn_expr *e, const char *name)
{
  return !e->name.quoted && tsn_column_same(&e->name, name);
}

/* The forms of SQL that are no plain calls, where the arguments are theirs. */
static bool print_form(const tsn_expr *e, tsn_bytes *out)
{
  const tsn_expr *x = e->args, *y = x ? x->next : NULL, *z = y ? y->next : NULL;
  const bool unit = x && x->kind == EXPR_STRING;

  if (unit && called(e, "EXTRACT") && e->arg_count == 2) {
    tsn_bytes_printf(out, "EXTRACT(%s FROM ", x->text);
    print(y, 0, out);
  } else if (unit && called(e, "TIMESTAMPDIFF")) {
    tsn_bytes_printf(out, "TIMESTAMPDIFF(%s", x->text);
    if (y) tsn_bytes_text(out, ", ");
    print_list(y, 0, out);
  } else if (called(e, "POSITION") && e->arg_count == 2) {
    tsn_bytes_text(out, "POSITION(");
    print(x, BIND_SUM, out);
    tsn_bytes_text(out, " IN ");
    print(y, BIND_SUM, out);
  } else if (called(e, "TRIM") && e->arg_count > 1) {
    tsn_bytes_printf(out, "TRIM(%s%s", z && z->text ? z->text : "", z ? " " : "");
    print(y, 0, out);
    tsn_bytes_text(out, " FROM ");
    print(x, 0, out);
  } else {
    return false;
  }
  tsn_bytes_char(out, ')');
  return true;
}

static void print_call(const tsn_expr *e, tsn_bytes *out)
{
  if (!print_form(e, out)) {
    print_name(&e->name, out);
    tsn_bytes_text(out, e->distinct ? "(DISTINCT " : "(");
    print_list(e->args, 0, out);
    tsn_bytes_char(out, ')');
  }
  if (e->over) print_over(e->over, out);
}

/* [NOT] BETWEEN, IN, LIKE, IS ... */
static void print_test(const tsn_expr *e, tsn_bytes *out)
{
  const char *not = e->negated ? "NOT " : "";
  const tsn_expr *x = e->args, *y = x->next;

  print(x, BIND_TEST, out);
  switch (e->kind) {
  case EXPR_IS_NULL: tsn_bytes_printf(out, " IS %sNULL", not); break;
  case EXPR_IS_BOOL: tsn_bytes_printf(out, " IS %s%s", not, e->integer ? "TRUE" : "FALSE"); break;
  case EXPR_DISTINCT:
    tsn_bytes_printf(out, " IS %sDISTINCT FROM ", not);
    print(y, BIND_SUM, out);
    break;
  case EXPR_BETWEEN:
    tsn_bytes_printf(out, " %sBETWEEN ", not);
    print(y, BIND_SUM, out);
    tsn_bytes_text(out, " AND ");
    print(y->next, BIND_SUM, out);
    break;
  case EXPR_IN:
    tsn_bytes_printf(out, " %sIN (", not);
    print_list(y, 0, out);
    tsn_bytes_char(out, ')');
    break;
  default:
    tsn_bytes_printf(out, " %s%s", not, op_text(e->op));
    print(y, BIND_SUM, out);
    if (!y->next) break;
    tsn_bytes_text(out, " ESCAPE ");
    print(y->next, BIND_SUM, out);
    break;
  }
}

static void print_operation(const tsn_expr *e, tsn_bytes *out)
{
  const int own = binding(e);
  const tsn_expr *x = e->args;

  if (e->kind == EXPR_UNARY) {
    tsn_bytes_text(out, op_text(e->op));
    if (e->op == TSN_OP_NEG && leads_with_minus(x)) tsn_bytes_char(out, ' ');
    print(x, own, out);
  } else {
    print(x, own, out);
    tsn_bytes_text(out, op_text(e->op));
    print(x->next, own + 1, out);
  }
}

static void print_bare(const tsn_expr *e, tsn_bytes *out)
{
  switch (e->kind) {
  case EXPR_NULL: tsn_bytes_text(out, "NULL"); break;
  case EXPR_BOOLEAN: tsn_bytes_text(out, e->integer ? "TRUE" : "FALSE"); break;
  case EXPR_INTEGER:
  case EXPR_DECIMAL:
  case EXPR_INTERVAL:
    if (e->negated) tsn_bytes_char(out, '-');
    tsn_bytes_append(out, e->text, e->length);
    break;
  case EXPR_TIMESTAMP: tsn_bytes_append(out, e->text, e->length); break;
  case EXPR_STRING: print_string(e->text, e->length, out); break;
  case EXPR_PARAMETER:
    tsn_bytes_char(out, ':');
    print_name(&e->name, out);
    break;
  case EXPR_COLUMN:
  case EXPR_STAR:
    if (e->qualifier.text) {
      print_name(&e->qualifier, out);
      tsn_bytes_char(out, '.');
    }
    if (e->kind == EXPR_STAR) tsn_bytes_char(out, '*');
    else print_name(&e->name, out);
    break;
  case EXPR_UNARY:
  case EXPR_BINARY: print_operation(e, out); break;
  case EXPR_IS_NULL:
  case EXPR_IS_BOOL:
  case EXPR_DISTINCT:
  case EXPR_BETWEEN:
  case EXPR_IN:
  case EXPR_LIKE: print_test(e, out); break;
  case EXPR_CASE: print_case(e, out); break;
  case EXPR_CAST:
    tsn_bytes_text(out, "CAST(");
    print(e->args, 0, out);
    tsn_bytes_text(out, " AS ");
    print_upper(e->text, out);
    tsn_bytes_char(out, ')');
    break;
  case EXPR_CALL: print_call(e, out); break;
  }
}

static void print(const tsn_expr *e, int within, tsn_bytes *out)
{
  const bool brackets = e && (e->parenthesised || binding(e) < within);

  if (!e) return;
  if (e->semantics == SEMANTICS_RUNNING) tsn_bytes_text(out, "RUNNING ");
  if (e->semantics == SEMANTICS_FINAL) tsn_bytes_text(out, "FINAL ");
  if (brackets) tsn_bytes_char(out, '(');
  print_bare(e, out);
  if (brackets) tsn_bytes_char(out, ')');
}

void tsn_print_expr(const tsn_expr *e, tsn_bytes *out)
{
  print(e, 0, out);
}

/* ---- patterns ---- */

static void print_items(const tsn_pat *p, const char *between, tsn_bytes *out)
{
  const tsn_pat *item;

  for (item = p->items; item; item = item->next) {
    tsn_print_pat(item, out);
    if (item->next) tsn_bytes_text(out, between);
  }
}

static void print_gap(const tsn_pat *p, tsn_bytes *out)
{
  tsn_bytes_text(out, p->any ? "->>" : "->");
  if (!p->bounded) return;
  print_braced(p->lo, out);
  tsn_bytes_text(out, p->lo && p->hi ? ", " : ",");
  print(p->hi, BIND_SUM, out);
  tsn_bytes_char(out, '}');
}

static void print_quantifier(const tsn_pat *p, tsn_bytes *out)
{
  char number[24];

  if (p->quantifier != '{') {
    tsn_bytes_char(out, p->quantifier);
  } else {
    tsn_bytes_char(out, '{');
    if (!p->min_missing) tsn_bytes_append(out, number, tsn_format_int64(p->min, number));
    if (!p->exact) tsn_bytes_char(out, ',');
    if (!p->exact && !p->max_missing) tsn_bytes_append(out, number, tsn_format_int64(p->max, number));
    tsn_bytes_char(out, '}');
  }
  if (p->reluctant) tsn_bytes_char(out, '?');
}

void tsn_print_pat(const tsn_pat *p, tsn_bytes *out)
{
  const bool several = p && p->item_count > 1;

  if (!p) return;
  switch (p->kind) {
  case PAT_EMPTY: tsn_bytes_text(out, "()"); break;
  case PAT_LABEL:
    print_name(&p->name, out);
    if (!p->condition) break;
    tsn_bytes_char(out, '[');
    print(p->condition, 0, out);
    tsn_bytes_char(out, ']');
    break;
  case PAT_ABSENCE:
    tsn_bytes_text(out, several ? "!(" : "!");
    print_items(p, " | ", out);
    if (several) tsn_bytes_char(out, ')');
    if (!p->duration) break;
    print_braced(p->duration, out);
    tsn_bytes_char(out, '}');
    break;
  case PAT_GAP: print_gap(p, out); break;
  case PAT_SEQUENCE: print_items(p, " ", out); break;
  case PAT_CHOICE: print_items(p, " | ", out); break;
  case PAT_GROUP:
    tsn_bytes_char(out, '(');
    print_items(p, " ", out);
    tsn_bytes_char(out, ')');
    break;
  case PAT_REPEAT:
    print_items(p, "", out);
    print_quantifier(p, out);
    break;
  case PAT_PERMUTE:
    tsn_bytes_text(out, "PERMUTE(");
    print_items(p, ", ", out);
    tsn_bytes_char(out, ')');
    break;
  case PAT_EXCLUDE:
    tsn_bytes_text(out, "{- ");
    print_items(p, " ", out);
    tsn_bytes_text(out, " -}");
    break;
  case PAT_START: tsn_bytes_char(out, '^'); break;
  case PAT_END: tsn_bytes_char(out, '$'); break;
  }
}
