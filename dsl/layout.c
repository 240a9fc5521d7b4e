/* Where lines begin: what the tree knows of the text, told to its pieces. */
#include "dsl/layout.h"

#include <limits.h>
#include <string.h>

#include "dsl/grammar.h"

#define ALIGN_MAX 48 /* items wider than that do not move the others */

/* ---- which words are names ---- */

static void name(tsn_layout *l, const tsn_name *n)
{
  if (n->text) l->pieces[tsn_layout_at(l, n->at.from)].name = true;
}

static void expr(tsn_layout *l, const tsn_expr *e)
{
  const tsn_expr *x;
  const tsn_order *o;

  if (!e) return;
  name(l, &e->qualifier);
  name(l, &e->name);
  if (e->kind == EXPR_CALL && e->name.text) l->pieces[tsn_layout_at(l, e->name.at.from)].call = true;
  for (x = e->args; x; x = x->next) expr(l, x);
  expr(l, e->operand);
  expr(l, e->otherwise);
  if (!e->over) return;
  for (x = e->over->partition; x; x = x->next) expr(l, x);
  for (o = e->over->order; o; o = o->next) expr(l, o->expr);
  expr(l, e->over->begin.distance);
  expr(l, e->over->end.distance);
}

static void pat(tsn_layout *l, const tsn_pat *p)
{
  for (; p; p = p->next) {
    name(l, &p->name);
    expr(l, p->condition);
    expr(l, p->duration);
    expr(l, p->lo);
    expr(l, p->hi);
    pat(l, p->items);
  }
}

static void items(tsn_layout *l, const tsn_item *i)
{
  for (; i; i = i->next) {
    expr(l, i->expr);
    name(l, &i->alias);
  }
}

static void clauses(tsn_layout *l, const tsn_clauses *c)
{
  const tsn_key *k;
  const tsn_order *o;
  const tsn_subset *s;
  const tsn_define *d;

  for (k = c->keys; k; k = k->next) {
    expr(l, k->expr);
    if (k->kind != KEY_COLUMN) l->pieces[tsn_layout_at(l, k->at.from)].call = true;
  }
  for (o = c->orders; o; o = o->next) expr(l, o->expr);
  items(l, c->measures);
  name(l, &c->skip_label);
  pat(l, c->pattern);
  expr(l, c->within);
  for (s = c->subsets; s; s = s->next) {
    name(l, &s->name);
    pat(l, s->labels);
  }
  for (d = c->defines; d; d = d->next) {
    name(l, &d->name);
    expr(l, d->condition);
  }
}

static void query_names(tsn_layout *l, const tsn_query *q)
{
  const tsn_part *p;

  items(l, q->items);
  for (p = q->parts; p; p = p->next) {
    items(l, p->items);
    name(l, &p->stream);
    name(l, &p->join);
    expr(l, p->on);
    expr(l, p->where);
  }
  if (q->clauses) clauses(l, q->clauses);
  name(l, &q->alias);
  expr(l, q->where);
}

void tsn_layout_names(tsn_layout *l)
{
  const tsn_statement *s;
  const tsn_column_decl *c;
  const tsn_expr *x;
  const tsn_option *o;

  for (s = l->script->statements; s; s = s->next) {
    name(l, &s->name);
    for (c = s->columns; c; c = c->next) name(l, &c->name);
    for (x = s->primary_key; x; x = x->next) expr(l, x);
    for (o = s->options; o; o = o->next) {
      name(l, &o->name);
      expr(l, o->value);
    }
    if (s->watermark) {
      name(l, &s->watermark->column);
      name(l, &s->watermark->source);
      expr(l, s->watermark->delay);
    }
    expr(l, s->default_value);
    if (s->query) query_names(l, s->query);
  }
}

/* ---- breaks ---- */

static void begin_line(tsn_layout *l, size_t piece, int indent)
{
  l->pieces[piece].indent = indent;
}

/* The first piece of a kind in [from, to) outside of brackets that open there; `to`: none. */
static size_t find(const tsn_layout *l, size_t from, size_t to, int kind)
{
  size_t i;

  for (i = from; i < to; i++) {
    const int k = l->pieces[i].token.kind;

    if (k == kind) return i;
    if ((k == '(' || k == '[' || k == '{' || k == TOK_EXCLUDE) && l->pieces[i].match > i) i = l->pieces[i].match;
  }
  return to;
}

/* Every item of a list on a line of its own. */
static void break_list(tsn_layout *l, size_t from, size_t to, int indent)
{
  for (;;) {
    begin_line(l, from, indent);
    from = find(l, from, to, ',') + 1;
    if (from >= to) return;
  }
}

/* Blanks before a piece, so that it stands in one column with those of other lines. */
static void align(tsn_layout *l, size_t piece, int width, int widest, int gap)
{
  l->pieces[piece].pad = width > widest ? gap : widest - width + gap;
}

static int wider(int widest, int width)
{
  return width > widest && width <= ALIGN_MAX ? width : widest;
}

/* a AND b AND c: the operators of one chain, where the condition is too long for a line. */
static void break_condition(tsn_layout *l, const tsn_expr *e, int indent)
{
  const tsn_op op = e->op;

  if (e->kind != EXPR_BINARY || (op != TSN_OP_AND && op != TSN_OP_OR)) return;
  for (; e->kind == EXPR_BINARY && e->op == op; e = e->args) {
    const size_t right = tsn_layout_at(l, e->args->next->at.from);

    if (right > 0) begin_line(l, right - 1, indent);
    if (e->args->parenthesised) return;
  }
}

static void long_condition(tsn_layout *l, const tsn_expr *e, int used, int indent)
{
  const size_t from = tsn_layout_at(l, e->at.from), to = tsn_layout_at(l, e->at.to);
  const int width = tsn_layout_width(l, from, to);

  if (!e->parenthesised && (width == NEVER || used + width > LINE_MAX)) break_condition(l, e, indent);
}

/* ---- CREATE STREAM, CREATE TABLE ---- */

static bool is_option(int kind)
{
  return kind == TOK_NOT || kind == TOK_PATH || kind == TOK_UNIT || kind == TOK_PRIMARY;
}

static void shape(tsn_layout *l, const tsn_statement *s, size_t open)
{
  const size_t close = l->pieces[open].match;
  const tsn_column_decl *c;
  int names = 0, types = 0;

  break_list(l, open + 1, close, 2);
  begin_line(l, close, 0);
  for (c = s->columns; c; c = c->next) {
    const size_t from = tsn_layout_at(l, c->at.from), to = tsn_layout_at(l, c->at.to);
    size_t option = from + 1;

    while (option < to && !is_option(l->pieces[option].token.kind)) option++;
    names = wider(names, tsn_layout_width(l, from, from + 1));
    types = wider(types, tsn_layout_width(l, from + 1, option));
  }
  for (c = s->columns; c; c = c->next) {
    const size_t from = tsn_layout_at(l, c->at.from), to = tsn_layout_at(l, c->at.to);
    size_t option = from + 1;

    while (option < to && !is_option(l->pieces[option].token.kind)) option++;
    align(l, from + 1, tsn_layout_width(l, from, from + 1), names, 2);
    if (option < to) align(l, option, tsn_layout_width(l, from + 1, option), types, 1);
  }
}

/* ---- queries ---- */

/* A clause with a list: on one line where it fits. from: its first item. */
static void plain_list(tsn_layout *l, tsn_span at, size_t first, int indent)
{
  const size_t from = tsn_layout_at(l, at.from), to = tsn_layout_at(l, at.to);
  const int width = tsn_layout_width(l, from, to);

  if (width == NEVER || indent + width > LINE_MAX) break_list(l, first, to, indent + 2);
}

static void measures(tsn_layout *l, const tsn_clauses *c)
{
  const size_t from = tsn_layout_at(l, c->measures_at.from), to = tsn_layout_at(l, c->measures_at.to);
  const int width = tsn_layout_width(l, from, to);
  const tsn_item *i;
  int widest = 0;

  if (!c->measures || (!c->measures->next && width != NEVER && width + 2 <= LINE_MAX)) return;
  for (i = c->measures; i; i = i->next)
    widest = wider(widest, tsn_layout_width(l, tsn_layout_at(l, i->at.from), tsn_layout_at(l, i->expr->at.to)));
  for (i = c->measures; i; i = i->next) {
    const size_t first = tsn_layout_at(l, i->at.from), as = tsn_layout_at(l, i->expr->at.to);

    begin_line(l, first, 4);
    align(l, as, tsn_layout_width(l, first, as), widest, c->measures->next ? 2 : 1);
  }
}

static void defines(tsn_layout *l, const tsn_clauses *c)
{
  const size_t from = tsn_layout_at(l, c->defines_at.from), to = tsn_layout_at(l, c->defines_at.to);
  const int width = tsn_layout_width(l, from, to);
  const tsn_define *d;
  int widest = 0;

  if (!c->defines || (!c->defines->next && width != NEVER && width + 2 <= LINE_MAX)) return;
  for (d = c->defines; d; d = d->next) {
    const size_t first = tsn_layout_at(l, d->at.from);

    widest = wider(widest, tsn_layout_width(l, first, first + 1));
  }
  for (d = c->defines; d; d = d->next) {
    const size_t first = tsn_layout_at(l, d->at.from);

    begin_line(l, first, 4);
    align(l, first + 1, tsn_layout_width(l, first, first + 1), widest, 1);
    long_condition(l, d->condition, widest + 8, 6);
  }
}

/* A pattern too long for a line is filled: breaks stand before elements, gaps and bars. */
static void fill_pattern(tsn_layout *l, size_t open)
{
  const size_t close = l->pieces[open].match;
  size_t line = open + 1, i, last = line;

  begin_line(l, line, 4);
  begin_line(l, close, 2);
  for (i = line + 1; i < close; i++) {
    const int before = l->pieces[i - 1].token.kind, kind = l->pieces[i].token.kind;
    int width;

    if (!l->pieces[i].pattern || !tsn_layout_gap(l, i) || kind == TOK_EXCLUDED) continue;
    if (before == TOK_GAP || before == TOK_ANY_GAP || before == '|' || before == TOK_EXCLUDE) continue;
    width = tsn_layout_width(l, line, i);
    if (last > line && (width == NEVER || width + 4 > LINE_MAX)) {
      begin_line(l, last, 4);
      line = last;
    }
    last = i;
  }
  if (last > line && tsn_layout_width(l, line, close) > LINE_MAX - 4) begin_line(l, last, 4);
}

static void pattern(tsn_layout *l, const tsn_clauses *c)
{
  const size_t from = tsn_layout_at(l, c->pattern_at.from);
  const size_t to = tsn_layout_at(l, c->within_at.to ? c->within_at.to : c->pattern_at.to);
  const int width = tsn_layout_width(l, from, to);

  if (width == NEVER || width + 2 > LINE_MAX) fill_pattern(l, from + 1);
}

static void match(tsn_layout *l, const tsn_clauses *c)
{
  const tsn_span places[] = { c->keys_at,    c->orders_at,  c->measures_at, c->rows_at,
                              c->skip_at,    c->pattern_at, c->subsets_at,  c->defines_at };
  size_t i;

  for (i = 0; i < sizeof places / sizeof *places; i++)
    if (places[i].to) begin_line(l, tsn_layout_at(l, places[i].from), 2);
  begin_line(l, tsn_layout_at(l, c->at.to) - 1, 0);
  if (c->keys) plain_list(l, c->keys_at, tsn_layout_at(l, c->keys->at.from), 2);
  if (c->orders) plain_list(l, c->orders_at, tsn_layout_at(l, c->orders->expr->at.from), 2);
  if (c->subsets) plain_list(l, c->subsets_at, tsn_layout_at(l, c->subsets->at.from), 2);
  measures(l, c);
  defines(l, c);
  pattern(l, c);
}

/* A part that does not fit: SELECT, FROM, LEFT JOIN and WHERE on lines of their own. */
static void long_part(tsn_layout *l, const tsn_part *p, size_t from, size_t to)
{
  const size_t stream = find(l, from, to, TOK_FROM);
  const int width = tsn_layout_width(l, from, stream);

  if (!p->selects) return;
  if (width == NEVER || width + 2 > LINE_MAX) break_list(l, from + 1, stream, 4);
  begin_line(l, stream, 2);
  if (p->join.text) begin_line(l, find(l, stream, to, TOK_LEFT), 2);
  if (!p->where) return;
  begin_line(l, tsn_layout_at(l, p->where->at.from) - 1, 2);
  long_condition(l, p->where, 8, 4);
}

/* ( a UNION ALL BY NAME SELECT ... ) */
static void source(tsn_layout *l, const tsn_query *q, size_t open)
{
  const tsn_part *p;

  for (p = q->parts; p; p = p->next) {
    const size_t from = tsn_layout_at(l, p->at.from), to = tsn_layout_at(l, p->at.to);
    const int width = tsn_layout_width(l, from, to);

    begin_line(l, from, 2);
    if (p->next) begin_line(l, to, 2);
    if (width == NEVER || width + 2 > LINE_MAX) long_part(l, p, from, to);
  }
  begin_line(l, l->pieces[open].match, 0);
}

static void query(tsn_layout *l, const tsn_query *q)
{
  const size_t begin = tsn_layout_at(l, q->at.from), end = tsn_layout_at(l, q->at.to);
  const size_t from = find(l, begin, end, TOK_FROM);
  const size_t clauses_at = q->clauses ? tsn_layout_at(l, q->clauses->at.from) : end;
  int width = tsn_layout_width(l, begin, from);

  begin_line(l, begin, 0);
  if (width == NEVER || width > LINE_MAX) break_list(l, begin + 1, from, 2);
  begin_line(l, from, 0);
  width = tsn_layout_width(l, from, clauses_at + 2);
  if (q->parts_parenthesised && (width == NEVER || width > LINE_MAX)) source(l, q, from + 1);
  if (q->clauses) match(l, q->clauses);
  if (!q->where) return;
  begin_line(l, tsn_layout_at(l, q->where->at.from) - 1, 0);
  long_condition(l, q->where, 6, 2);
}

static bool statement(tsn_layout *l, const tsn_statement *s)
{
  const size_t from = tsn_layout_at(l, s->at.from), to = tsn_layout_at(l, s->at.to);
  const int width = tsn_layout_width(l, from, to + 1);
  const bool fits = width != NEVER && width <= SHORT_MAX;

  switch (s->kind) {
  case STATEMENT_STREAM:
  case STATEMENT_TABLE:
    if (!fits) shape(l, s, find(l, from, to, '('));
    return fits;
  case STATEMENT_PARAMETER:
  case STATEMENT_FUNCTION:
    return true;
  case STATEMENT_PATTERN:
    if (s->query) query(l, s->query);
    return false;
  case STATEMENT_QUERY:
    if (s->query && !fits) query(l, s->query);
    return fits;
  }
  return fits;
}

void tsn_layout_lines(tsn_layout *l)
{
  const tsn_statement *s, *before = NULL;
  bool was_line = false;

  for (s = l->script->statements; s; s = s->next) {
    const size_t first = tsn_layout_at(l, s->at.from);
    const bool is_line = statement(l, s);
    const bool together = before && is_line && was_line && before->kind == s->kind;

    begin_line(l, first, 0);
    l->pieces[first].blank = !together || l->pieces[first].blank_source;
    before = s;
    was_line = is_line;
  }
  l->pieces[l->count].indent = 0;
  l->pieces[l->count].blank = l->pieces[l->count].blank_source;
}
