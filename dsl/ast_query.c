/* Constructors of clauses, queries and statements. */
#include <string.h>

#include "dsl/grammar.h"
#include "dsl/reader.h"

static tsn_span span(tsn_span from, tsn_span to)
{
  return (tsn_span){ from.from, to.to };
}

static bool given(tsn_span at)
{
  return at.to != 0;
}

/* What may stand once: false where it is the second, with a message. */
static bool once(tsn_reader *r, tsn_span first, tsn_span again, const char *what)
{
  unsigned line, column;

  if (!given(first)) return true;
  if (r->diag->last && r->diag->last->at.from == again.from) return false; /* it was an error already */
  tsn_diag_place(r->text, r->length, first.from, &line, &column);
  tsn_diag_add(r->diag, TSN_E0108, again, NULL, "%s is given twice; the first stands at line %u, column %u", what, line,
               column);
  return false;
}

/* ---- items ---- */

tsn_item *tsn_item_new(tsn_reader *r, tsn_span at, tsn_expr *expr, tsn_token alias)
{
  tsn_item *i = tsn_arena_new(r->arena, tsn_item);

  if (!i) return NULL;
  *i = (tsn_item){ .expr = expr, .alias = tsn_read_name(r, alias), .at = at };
  if (expr && !expr->parenthesised) i->semantics = expr->semantics;
  return i;
}

tsn_item *tsn_item_unnamed(tsn_reader *r, tsn_span at, tsn_expr *expr)
{
  tsn_diag_add(r->diag, TSN_E0113, at, "write AS and a name behind it", "a measure needs a name");
  return tsn_item_new(r, at, expr, (tsn_token){ 0 });
}

tsn_key *tsn_key_new(tsn_reader *r, tsn_span at, tsn_key_kind kind, tsn_expr *expr)
{
  tsn_key *k = tsn_arena_new(r->arena, tsn_key);

  if (k) *k = (tsn_key){ .kind = kind, .expr = expr, .at = at };
  return k;
}

tsn_order *tsn_order_new(tsn_reader *r, tsn_expr *expr, tsn_token direction)
{
  tsn_order *o = tsn_arena_new(r->arena, tsn_order);

  if (o) *o = (tsn_order){ expr, direction.kind == TOK_DESC, direction.kind != 0, NULL };
  return o;
}

tsn_subset *tsn_subset_new(tsn_reader *r, tsn_span at, tsn_token name, tsn_pat_list labels)
{
  tsn_subset *s = tsn_arena_new(r->arena, tsn_subset);

  if (s) *s = (tsn_subset){ .name = tsn_read_name(r, name), .labels = labels.first, .at = at };
  return s;
}

tsn_define *tsn_define_new(tsn_reader *r, tsn_span at, tsn_token name, tsn_expr *condition)
{
  tsn_define *d = tsn_arena_new(r->arena, tsn_define);

  if (d) *d = (tsn_define){ .name = tsn_read_name(r, name), .condition = condition, .at = at };
  return d;
}

tsn_option *tsn_option_new(tsn_reader *r, tsn_span at, tsn_token name, tsn_expr *value)
{
  tsn_option *o = tsn_arena_new(r->arena, tsn_option);

  if (o) *o = (tsn_option){ .name = tsn_read_name(r, name), .value = value, .at = at };
  return o;
}

/* ---- sources ---- */

tsn_part *tsn_part_stream(tsn_reader *r, tsn_span at, tsn_token stream)
{
  tsn_part *p = tsn_arena_new(r->arena, tsn_part);

  if (p) *p = (tsn_part){ .stream = tsn_read_name(r, stream), .at = at };
  return p;
}

tsn_part *tsn_part_select(tsn_reader *r, tsn_span at, tsn_item_list items, tsn_token stream)
{
  tsn_part *p = tsn_part_stream(r, at, stream);

  if (p) p->selects = true, p->items = items.first;
  return p;
}

/* JOIN and WHERE belong to a SELECT, JOIN first, each once. */
static bool part_may(tsn_reader *r, const tsn_part *p, tsn_span word, const char *what, bool twice, bool late)
{
  if (p->selects && !twice && !late) return true;
  if (!p->selects)
    tsn_diag_add(r->diag, TSN_E0110, word, "write (SELECT * FROM stream ...)", "%s needs a SELECT before it", what);
  else if (twice)
    tsn_diag_add(r->diag, TSN_E0108, word, NULL, "%s is given twice", what);
  else
    tsn_diag_add(r->diag, TSN_E0110, word, NULL, "%s stands before WHERE", what);
  return false;
}

tsn_part *tsn_part_join(tsn_reader *r, tsn_part *p, tsn_span at, tsn_span word, tsn_token table, tsn_expr *on)
{
  if (!p || !part_may(r, p, word, "LEFT JOIN", p->join.text != NULL, p->where != NULL)) return p;
  p->join = tsn_read_name(r, table);
  p->on = on;
  p->at = at;
  return p;
}

tsn_part *tsn_part_where(tsn_reader *r, tsn_part *p, tsn_span at, tsn_span word, tsn_expr *where)
{
  if (!p || !part_may(r, p, word, "WHERE", p->where != NULL, false)) return p;
  p->where = where;
  p->at = at;
  return p;
}

/* ---- the clauses of MATCH_RECOGNIZE ---- */

/* Those of the query that is being read; they begin with the first that is told. */
static tsn_clauses *current(tsn_reader *r)
{
  if (!r->clauses) {
    r->clauses = tsn_arena_new(r->arena, tsn_clauses);
    r->last_clause = NULL;
  }
  return r->clauses;
}

/* Whether the clause is the first of its kind; then *place is set. */
static bool clause(tsn_reader *r, tsn_span *place, tsn_span from, tsn_span to, const char *what)
{
  if (!once(r, *place, from, what)) return false;
  *place = span(from, to);
  r->last_clause = place;
  return true;
}

void tsn_clause_keys(tsn_reader *r, tsn_span from, tsn_span to, tsn_key_list keys)
{
  tsn_clauses *c = current(r);

  if (c && clause(r, &c->keys_at, from, to, "PARTITION BY")) c->keys = keys.first;
}

void tsn_clause_orders(tsn_reader *r, tsn_span from, tsn_span to, tsn_order_list orders)
{
  tsn_clauses *c = current(r);

  if (c && clause(r, &c->orders_at, from, to, "ORDER BY")) c->orders = orders.first;
}

void tsn_clause_measures(tsn_reader *r, tsn_span from, tsn_span to, tsn_item_list measures)
{
  tsn_clauses *c = current(r);

  if (c && clause(r, &c->measures_at, from, to, "MEASURES")) c->measures = measures.first;
}

void tsn_clause_rows(tsn_reader *r, tsn_span from, tsn_span to, tsn_rows rows)
{
  tsn_clauses *c = current(r);

  if (c && clause(r, &c->rows_at, from, to, "ONE ROW or ALL ROWS PER MATCH")) c->rows = rows;
}

/* The options of ONE ROW and ALL ROWS stand directly behind it. */
static bool after_rows(tsn_reader *r, const tsn_clauses *c, tsn_span at, const char *what)
{
  const tsn_span *last = r->last_clause;

  if (last == &c->rows_at || (given(c->rows_at) && (last == &c->empty_at || last == &c->timeouts_at))) return true;
  tsn_diag_add(r->diag, TSN_E0110, at, NULL, "%s stands directly behind ONE ROW PER MATCH or ALL ROWS PER MATCH", what);
  return false;
}

void tsn_clause_empty(tsn_reader *r, tsn_span from, tsn_span to, tsn_empty empty)
{
  tsn_clauses *c = current(r);
  const char *what = empty == EMPTY_UNMATCHED ? "WITH UNMATCHED ROWS"
                     : empty == EMPTY_OMIT    ? "OMIT EMPTY MATCHES"
                                              : "SHOW EMPTY MATCHES";

  if (!c || !after_rows(r, c, from, what)) return;
  if (c->rows == ROWS_ONE)
    tsn_diag_add(r->diag, TSN_E0110, span(from, to), NULL, "%s belongs to ALL ROWS PER MATCH", what);
  if (clause(r, &c->empty_at, from, to, "SHOW EMPTY, OMIT EMPTY or WITH UNMATCHED ROWS")) c->empty = empty;
}

void tsn_clause_timeouts(tsn_reader *r, tsn_span from, tsn_span to)
{
  tsn_clauses *c = current(r);

  if (!c || !after_rows(r, c, from, "SHOW TIMEOUT MATCHES")) return;
  if (clause(r, &c->timeouts_at, from, to, "SHOW TIMEOUT MATCHES")) c->timeouts = true;
}

void tsn_clause_skip(tsn_reader *r, tsn_span from, tsn_span to, tsn_skip skip, bool bare, tsn_token label)
{
  tsn_clauses *c = current(r);

  if (!c || !clause(r, &c->skip_at, from, to, "AFTER MATCH")) return;
  c->skip = skip;
  c->skip_bare = bare;
  c->skip_label = tsn_read_name(r, label);
}

void tsn_clause_seek(tsn_reader *r, tsn_span at)
{
  tsn_diag_add(r->diag, TSN_E0112, at, "leave it out", "`%.*s` belongs to the WINDOW clause, not to MATCH_RECOGNIZE",
               (int)(at.to - at.from), r->text + at.from);
}

void tsn_clause_pattern(tsn_reader *r, tsn_span from, tsn_span to, tsn_pat *pattern)
{
  tsn_clauses *c = current(r);

  if (c && clause(r, &c->pattern_at, from, to, "PATTERN")) c->pattern = pattern;
}

void tsn_clause_within(tsn_reader *r, tsn_span from, tsn_span to, tsn_expr *within, bool rows)
{
  tsn_clauses *c = current(r);

  if (!c) return;
  if (r->last_clause != &c->pattern_at && !given(c->within_at) && r->diag->errors == r->statement_findings)
    tsn_diag_add(r->diag, TSN_E0110, from, NULL, "WITHIN stands directly behind the `)` of PATTERN");
  if (!clause(r, &c->within_at, from, to, "WITHIN")) return;
  c->within = within;
  c->within_rows = rows;
}

void tsn_clause_subsets(tsn_reader *r, tsn_span from, tsn_span to, tsn_subset_list subsets)
{
  tsn_clauses *c = current(r);

  if (c && clause(r, &c->subsets_at, from, to, "SUBSET")) c->subsets = subsets.first;
}

void tsn_clause_defines(tsn_reader *r, tsn_span from, tsn_span to, tsn_define_list defines)
{
  tsn_clauses *c = current(r);

  if (c && clause(r, &c->defines_at, from, to, "DEFINE")) c->defines = defines.first;
}

static bool has_label(const tsn_pat *p, const tsn_name *name)
{
  const tsn_pat *item;

  if (p && p->kind == PAT_LABEL && tsn_label_same(&p->name, name)) return true;
  for (item = p ? p->items : NULL; item; item = item->next)
    if (has_label(item, name)) return true;
  return false;
}

/* SKIP TO LAST, and no more: LAST was read as the label, which it may be. */
static void check_skip(tsn_reader *r, const tsn_clauses *c)
{
  const tsn_name *label = &c->skip_label;
  const bool next = label->text && tsn_column_same(label, "NEXT");

  if (!c->skip_bare || label->quoted || !label->text || has_label(c->pattern, label)) return;
  if (next)
    tsn_diag_add(r->diag, TSN_E0111, label->at, "write SKIP TO NEXT ROW", "ROW is missing after SKIP TO NEXT");
  else if (tsn_column_same(label, "FIRST") || tsn_column_same(label, "LAST"))
    tsn_diag_add(r->diag, TSN_E0111, label->at, NULL, "a label is missing after SKIP TO %s", label->text);
}

/* from, to: MATCH_RECOGNIZE and its `)`. */
tsn_clauses *tsn_clauses_end(tsn_reader *r, tsn_span from, tsn_span to)
{
  tsn_clauses *c = current(r);

  r->clauses = NULL;
  if (!c) return NULL;
  c->at = span(from, to);
  if (r->diag->errors != r->statement_findings) return c; /* what is missing may be in what was not understood */
  if (!given(c->pattern_at))
    tsn_diag_add(r->diag, TSN_E0109, from, "such as PATTERN ( a b+ )", "MATCH_RECOGNIZE needs a PATTERN");
  check_skip(r, c);
  return c;
}

/* ---- queries ---- */

tsn_query *tsn_query_source(tsn_reader *r, tsn_part_list parts, bool parenthesised)
{
  tsn_query *q = tsn_arena_new(r->arena, tsn_query);

  if (q) *q = (tsn_query){ .parts = parts.first, .parts_parenthesised = parenthesised };
  return q;
}

tsn_query *tsn_query_new(tsn_reader *r, tsn_span at, tsn_item_list items, tsn_query *source, tsn_clauses *clauses)
{
  (void)r;
  if (!source) return NULL;
  source->items = items.first;
  source->clauses = clauses;
  source->at = at;
  return source;
}

tsn_query *tsn_query_alias(tsn_reader *r, tsn_query *q, tsn_span at, tsn_token alias)
{
  if (!q) return NULL;
  if (!once(r, q->alias.at, alias.at, "the alias")) return q;
  q->alias = tsn_read_name(r, alias);
  q->at = at;
  return q;
}

tsn_query *tsn_query_where(tsn_query *q, tsn_span at, tsn_expr *where)
{
  if (!q) return NULL;
  q->where = where;
  q->at = at;
  return q;
}

/* ---- statements ---- */

tsn_element *tsn_element_new(tsn_reader *r, tsn_span at, tsn_column_decl *column, tsn_watermark *watermark,
                             tsn_expr *primary_key)
{
  tsn_element *e = tsn_arena_new(r->arena, tsn_element);

  if (e) *e = (tsn_element){ column, watermark, primary_key, at, NULL };
  return e;
}

tsn_watermark *tsn_watermark_new(tsn_reader *r, tsn_span at, tsn_token column, tsn_token source, tsn_expr *delay)
{
  tsn_watermark *w = tsn_arena_new(r->arena, tsn_watermark);

  if (w) *w = (tsn_watermark){ tsn_read_name(r, column), tsn_read_name(r, source), delay, at };
  return w;
}

tsn_column_decl *tsn_column_new(tsn_reader *r, tsn_span at, tsn_token name, tsn_type_ref *type)
{
  tsn_column_decl *c = tsn_arena_new(r->arena, tsn_column_decl);

  if (c && type)
    *c = (tsn_column_decl){ .name = tsn_read_name(r, name), .type = type->type, .type_text = type->text, .at = at };
  return type ? c : NULL;
}

static bool decl_once(tsn_reader *r, bool twice, tsn_span word, const char *what)
{
  if (twice) tsn_diag_add(r->diag, TSN_E0108, word, NULL, "%s is given twice for one column", what);
  return !twice;
}

tsn_column_decl *tsn_column_not_null(tsn_reader *r, tsn_column_decl *c, tsn_span at, tsn_span word)
{
  if (c && decl_once(r, c->not_null, word, "NOT NULL")) c->not_null = true;
  if (c) c->at = at;
  return c;
}

tsn_column_decl *tsn_column_primary_key(tsn_reader *r, tsn_column_decl *c, tsn_span at, tsn_span word)
{
  if (c && decl_once(r, c->primary_key, word, "PRIMARY KEY")) c->primary_key = true;
  if (c) c->at = at;
  return c;
}

tsn_column_decl *tsn_column_path(tsn_reader *r, tsn_column_decl *c, tsn_span at, tsn_span word, tsn_span path)
{
  uint32_t length;

  if (!c) return NULL;
  c->at = at;
  if (!decl_once(r, c->path != NULL, word, "PATH")) return c;
  c->path = tsn_read_text(r, path, &length);
  c->path_at = path;
  return c;
}

tsn_column_decl *tsn_column_unit(tsn_reader *r, tsn_column_decl *c, tsn_span at, tsn_span word, tsn_token unit)
{
  if (!c) return NULL;
  c->at = at;
  if (!decl_once(r, given(c->unit_at), word, "UNIT")) return c;
  c->unit = tsn_read_unit(r, unit);
  c->unit_at = unit.at;
  return c;
}

static tsn_statement *statement_new(tsn_reader *r, tsn_span at, tsn_statement_kind kind, tsn_token name)
{
  tsn_statement *s = tsn_arena_new(r->arena, tsn_statement);

  if (s) *s = (tsn_statement){ .kind = kind, .name = tsn_read_name(r, name), .at = at };
  return s;
}

tsn_statement *tsn_statement_shape(tsn_reader *r, tsn_span at, tsn_statement_kind kind, tsn_token name,
                                   tsn_element_list elements)
{
  tsn_statement *s = statement_new(r, at, kind, name);
  const bool stream = kind == STATEMENT_STREAM;
  tsn_column_decl_list columns = { 0 };
  tsn_element *e;

  if (!s) return NULL;
  for (e = elements.first; e; e = e->next) {
    columns = tsn_column_decl_add(columns, e->column);
    if (e->watermark && !stream)
      tsn_diag_add(r->diag, TSN_E0110, e->at, NULL, "WATERMARK belongs to CREATE STREAM");
    else if (e->watermark && once(r, s->watermark ? s->watermark->at : (tsn_span){ 0 }, e->at, "WATERMARK"))
      s->watermark = e->watermark;
    if (stream && (e->primary_key || (e->column && e->column->primary_key)))
      tsn_diag_add(r->diag, TSN_E0110, e->at, NULL, "PRIMARY KEY belongs to CREATE TABLE");
    else if (e->primary_key && once(r, s->primary_key ? s->primary_key->at : (tsn_span){ 0 }, e->at, "PRIMARY KEY"))
      s->primary_key = e->primary_key;
  }
  s->columns = columns.first;
  return s;
}

tsn_statement *tsn_statement_parameter(tsn_reader *r, tsn_span at, tsn_token name, tsn_type_ref *type,
                                       tsn_expr *default_value)
{
  tsn_statement *s = statement_new(r, at, STATEMENT_PARAMETER, name);

  if (s) s->types = type, s->default_value = default_value;
  return s;
}

tsn_statement *tsn_statement_function(tsn_reader *r, tsn_span at, tsn_token name, tsn_type_ref_list types,
                                      tsn_type_ref *returns)
{
  tsn_statement *s = statement_new(r, at, STATEMENT_FUNCTION, name);

  if (s) s->types = types.first, s->returns = returns;
  return s;
}

/* Without a name it is a bare query. */
tsn_statement *tsn_statement_pattern(tsn_reader *r, tsn_span at, tsn_token name, tsn_option_list options,
                                     tsn_query *query)
{
  tsn_statement *s = statement_new(r, at, given(name.at) ? STATEMENT_PATTERN : STATEMENT_QUERY, name);

  if (s) s->options = options.first, s->query = query;
  return s;
}

/* statement NULL: none could be read. */
void tsn_script_add(tsn_reader *r, tsn_statement *statement)
{
  if (statement) statement->broken = r->diag->errors != r->statement_findings;
  r->statements = tsn_statement_add(r->statements, statement);
  r->statement_findings = r->diag->errors;
  r->clauses = NULL;
}
