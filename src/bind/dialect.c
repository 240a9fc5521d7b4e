/* Notes about other engines: where the same text means something else there, or is
 * refused. What is looked for, and what is said of it, stands in dialect.def; a
 * dialect without a row for an aspect agrees with us. */
#include <string.h>

#include "bind/binder.h"

typedef enum dialect {
#define DIALECT(id, name) DIALECT_##id,
#include "bind/dialect.def"
  DIALECTS
} dialect;

typedef enum aspect {
#define ASPECT(id, code) ASPECT_##id,
#include "bind/dialect.def"
  ASPECTS
} aspect;

static const char *const names[DIALECTS] = {
#define DIALECT(id, name) name,
#include "bind/dialect.def"
};

static const tsn_diag_code codes[ASPECTS] = {
#define ASPECT(id, code) TSN_##code,
#include "bind/dialect.def"
};

static const struct {
  dialect dialect;
  aspect aspect;
  const char *text, *hint;
} rows[] = {
#define DIFFERS(dialect, aspect, text, hint) {DIALECT_##dialect, ASPECT_##aspect, text, hint},
#include "bind/dialect.def"
};

typedef struct notes {
  tsn_binder *b;
  const tsn_clauses *clauses;
  dialect dialect;
  const char *owns[32]; /* forms of our own that were told already */
  size_t own_count;
  bool *seen; /* labels of the pattern so far */
} notes;

const char *tsn_bind_dialect(size_t index) { return index < DIALECTS ? names[index] : NULL; }

static int find_dialect(const char *name)
{
  size_t i;
  for (i = 0; i < DIALECTS; i++)
    if (!strcmp(name, names[i])) return (int)i;
  return -1;
}

/* ---- telling ---- */

/* A text of the table with its words put in. */
static const char *said(tsn_arena *arena, const char *text, const char *word, const char *other)
{
  tsn_bytes b;
  char *copy;
  tsn_bytes_init(&b, arena->alloc, 4096);
  for (; *text; text++) {
    if (*text == '#') tsn_bytes_text(&b, word);
    else if (*text == '@') tsn_bytes_text(&b, other);
    else tsn_bytes_char(&b, *text);
  }
  copy = tsn_arena_text(arena, tsn_bytes_cstr(&b), b.failed ? 0 : b.length);
  tsn_bytes_clear(&b);
  return copy;
}

static void tell_words(notes *n, aspect a, tsn_span at, const char *word, const char *other)
{
  size_t i;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *text, *hint;
    if (rows[i].dialect != n->dialect || rows[i].aspect != a) continue;
    text = said(n->b->arena, rows[i].text, word, other);
    hint = said(n->b->arena, rows[i].hint, word, other);
    if (text && hint) tsn_diag_add(n->b->diag, codes[a], at, hint, "%s", text);
  }
}

static void tell(notes *n, aspect a, tsn_span at, const char *word) { tell_words(n, a, at, word, ""); }

/* A form of our own is told where it comes first. */
static void tell_own(notes *n, tsn_span at, const char *form)
{
  size_t i;
  for (i = 0; i < n->own_count; i++)
    if (!strcmp(n->owns[i], form)) return;
  if (n->own_count < sizeof n->owns / sizeof *n->owns) n->owns[n->own_count++] = form;
  tell(n, ASPECT_OWN, at, form);
}

/* What only the words tell: short durations, parameters. */
static void look_at_words(notes *n, const tsn_expr *e)
{
  const tsn_expr *arg;
  if (!e) return;
  if (e->kind == EXPR_INTERVAL && e->text && e->text[0] >= '0' && e->text[0] <= '9')
    tell_own(n, e->at, "a duration such as 90 MINUTES");
  if (e->kind == EXPR_PARAMETER) tell_own(n, e->at, "a :parameter");
  for (arg = e->args; arg; arg = arg->next) look_at_words(n, arg);
  look_at_words(n, e->operand);
  look_at_words(n, e->otherwise);
}

/* ---- the pattern ---- */

static bool can_be_empty(const tsn_pat *p)
{
  const tsn_pat *item;
  switch (p->kind) {
  case PAT_LABEL: return false;
  case PAT_REPEAT: return p->min == 0 || can_be_empty(p->items);
  case PAT_CHOICE:
    for (item = p->items; item; item = item->next)
      if (can_be_empty(item)) return true;
    return false;
  case PAT_ABSENCE: return p->duration == NULL;
  default:
    for (item = p->items; item; item = item->next)
      if (!can_be_empty(item)) return false;
    return true;
  }
}

static bool is_exact(const tsn_pat *p) { return p->kind == PAT_REPEAT && p->min == p->max; }
static bool is_option(const tsn_pat *p) { return p->kind == PAT_REPEAT && p->min == 0 && p->max == 1; }
static bool is_greedy_loop(const tsn_pat *p) { return p->kind == PAT_REPEAT && !p->reluctant && !is_exact(p) && !is_option(p); }

/* The label of a, a+, a{2}; NULL where there is more than one. */
static const tsn_pat *single(const tsn_pat *p)
{
  while (p->kind == PAT_GROUP || p->kind == PAT_REPEAT) p = p->items;
  return p->kind == PAT_LABEL ? p : NULL;
}

static int label_of(notes *n, const tsn_pat *p)
{
  const char *name = tsn_bind_label_name(n->b, &p->name);
  return name ? tsn_bind_find_label(n->b, name) : -1;
}

/* A loop, and what a row may be besides that comes behind it. */
static void look_behind(notes *n, const tsn_pat *loop)
{
  const tsn_pat *own = single(loop), *next;
  int a = own ? label_of(n, own) : -1;
  for (next = loop->next; next && a >= 0; next = next->next) {
    const tsn_pat *other = single(next);
    int z = other ? label_of(n, other) : -1;
    if (z < 0) return;
    if (z != a && !tsn_bind_disjoint(n->b->query, (uint32_t)a, (uint32_t)z)) {
      tell_words(n, is_option(loop) ? ASPECT_OPTION : ASPECT_LOOP, loop->at, n->b->query->labels[a].name,
                 n->b->query->labels[z].name);
      return;
    }
    if (!can_be_empty(next)) return;
  }
}

static void look_at_pattern(notes *n, const tsn_pat *p);

static void look_at_repeat(notes *n, const tsn_pat *p)
{
  if (!single(p)) tell(n, ASPECT_GROUP_LOOP, p->at, "");
  if (p->reluctant && is_option(p)) tell(n, ASPECT_PATTERN_PART, p->at, "the reluctant ??");
  if (!p->reluctant && !is_exact(p)) look_behind(n, p);
}

static void look_at_label(notes *n, const tsn_pat *p)
{
  int label = label_of(n, p);
  if (p->condition) tell_own(n, p->at, "label[condition]");
  look_at_words(n, p->condition);
  if (label < 0) return;
  if (n->seen[label]) tell(n, ASPECT_LABEL_TWICE, p->at, n->b->query->labels[label].name);
  n->seen[label] = true;
}

static void look_at_pattern(notes *n, const tsn_pat *p)
{
  const tsn_pat *item;
  switch (p->kind) {
  case PAT_EMPTY: tell(n, ASPECT_PATTERN_PART, p->at, "the empty pattern ()"); break;
  case PAT_LABEL: look_at_label(n, p); break;
  case PAT_ABSENCE:
    tell_own(n, p->at, "absence (!label)");
    look_at_words(n, p->duration);
    break;
  case PAT_GAP:
    tell_own(n, p->at, p->any ? "->>" : "->");
    look_at_words(n, p->lo);
    look_at_words(n, p->hi);
    break;
  case PAT_CHOICE: tell(n, ASPECT_ALTERNATIVES, p->at, ""); break;
  case PAT_REPEAT: look_at_repeat(n, p); break;
  case PAT_PERMUTE: tell(n, ASPECT_PATTERN_PART, p->at, "PERMUTE"); break;
  case PAT_EXCLUDE: tell(n, ASPECT_PATTERN_PART, p->at, "an exclusion {- -}"); break;
  case PAT_START: tell(n, ASPECT_PATTERN_PART, p->at, "^"); break;
  case PAT_END: tell(n, ASPECT_PATTERN_PART, p->at, "$"); break;
  case PAT_SEQUENCE:
  case PAT_GROUP: break;
  }
  if (p->kind == PAT_ABSENCE) return;
  for (item = p->items; item; item = item->next) look_at_pattern(n, item);
}

static void look_at_end(notes *n)
{
  const tsn_pat *p = n->clauses->pattern;
  while (p && (p->kind == PAT_SEQUENCE || p->kind == PAT_GROUP)) p = p->kind == PAT_GROUP ? p->items : p->last_item;
  if (p && is_greedy_loop(p)) tell(n, ASPECT_OPEN_END, p->at, "");
  if (can_be_empty(n->clauses->pattern)) tell(n, ASPECT_EMPTY_MATCH, n->clauses->pattern->at, "");
}

/* ---- clauses ---- */

/* Whether a column of the shape can be NULL: it is so in some part, or computed there. */
static bool can_be_null(const tsn_bound *q, int column)
{
  size_t i;
  for (i = 0; i < q->part_count; i++) {
    const tsn_bpart *part = &q->parts[i];
    const tsn_bx *x = part->values[column];
    if (!x || x->kind != BX_COLUMN || x->index >= part->raw->column_count || !part->raw->columns[x->index].not_null) return true;
  }
  return false;
}

static void look_at_order(notes *n, tsn_span matched)
{
  const tsn_order *o;
  const tsn_bound *q = n->b->query;
  if (!n->clauses->orders)
    tell(n, ASPECT_ORDER_TIME, matched, "");
  else if (q->time_column < 0 || q->time_type != TOCSIN_TIMESTAMP)
    tell(n, ASPECT_ORDER_TIME, n->clauses->orders->expr->at, "");
  for (o = n->clauses->orders; o; o = o->next) {
    int column = o->expr->kind == EXPR_COLUMN ? tsn_bind_find_column(q->shape, &o->expr->name) : -1;
    if (column >= 0 && column != q->time_column && can_be_null(q, column))
      tell(n, o->descending ? ASPECT_NULLS_DOWN : ASPECT_NULLS_UP, o->expr->at, "");
  }
}

/* The clause that stands too late: behind one that other engines know behind it. */
static void look_at_clause_order(notes *n)
{
  const tsn_clauses *c = n->clauses;
  const struct {
    tsn_span at;
    const char *name;
  } order[] = {
      {c->keys_at, "PARTITION BY"},     {c->orders_at, "ORDER BY"}, {c->measures_at, "MEASURES"},
      {c->rows_at, "ROWS PER MATCH"},   {c->skip_at, "AFTER MATCH"}, {c->pattern_at, "PATTERN"},
      {c->within_at, "WITHIN"},         {c->subsets_at, "SUBSET"},  {c->defines_at, "DEFINE"},
  };
  size_t i, k;
  for (i = 0; i < sizeof order / sizeof *order; i++)
    for (k = i + 1; k < sizeof order / sizeof *order; k++)
      if (order[i].at.to && order[k].at.to && order[k].at.from < order[i].at.from) {
        tell(n, ASPECT_CLAUSE_ORDER, order[i].at, order[i].name);
        break;
      }
}

static void look_at_clauses(notes *n)
{
  const tsn_clauses *c = n->clauses;
  const tsn_span matched = {c->at.from, c->at.from + (uint32_t)strlen("MATCH_RECOGNIZE")};
  const tsn_key *key;
  for (key = c->keys; key; key = key->next)
    if (key->kind != KEY_COLUMN) tell_own(n, key->at, key->kind == KEY_SESSION ? "SESSION" : "TUMBLE");
  look_at_order(n, matched);
  look_at_clause_order(n);
  if (!c->measures && c->rows != ROWS_ALL) tell(n, ASPECT_NO_MEASURES, matched, "");
  if (c->rows == ROWS_ALL) tell(n, ASPECT_ALL_ROWS, c->rows_at, "");
  if (c->timeouts) tell_own(n, c->timeouts_at, "SHOW TIMEOUT MATCHES");
  if (c->skip == SKIP_DEFAULT) tell(n, ASPECT_SKIP_DEFAULT, matched, "");
  if (c->skip == SKIP_NONE) tell_own(n, c->skip_at, "AFTER MATCH NO SKIP");
  if (c->within && c->within_rows) tell_own(n, c->within_at, "WITHIN so many ROWS");
  if (c->within && !c->within_rows) {
    tell(n, ASPECT_WITHIN_BOUND, c->within_at, "");
    tell(n, ASPECT_WITHIN, c->within_at, "");
  }
  if (c->subsets) tell(n, ASPECT_SUBSET, c->subsets_at, "");
  if (!c->defines) tell(n, ASPECT_NO_DEFINE, matched, "");
}

/* ---- expressions ---- */

static void look_at_match_value(notes *n, const tsn_bx *x)
{
  static const struct {
    tsn_match_value value;
    const char *name;
  } own[] = {{MATCH_VALUE_STATUS, "MATCH_STATUS()"}, {MATCH_VALUE_START, "MATCH_START()"},
             {MATCH_VALUE_END, "MATCH_END()"},       {MATCH_VALUE_ID, "MATCH_ID()"},
             {MATCH_VALUE_PATH, "PATH()"},           {MATCH_VALUE_WINDOW_START, "WINDOW_START()"},
             {MATCH_VALUE_WINDOW_END, "WINDOW_END()"}};
  size_t i;
  if (x->index == (uint32_t)MATCH_VALUE_NUMBER) tell(n, ASPECT_FUNCTION, x->at, "MATCH_NUMBER()");
  for (i = 0; i < sizeof own / sizeof *own; i++)
    if (x->index == (uint32_t)own[i].value) tell_own(n, x->at, own[i].name);
}

/* A divisor that can be zero: neither a constant nor made NULL then. */
static bool can_be_zero(const tsn_bx *x)
{
  while (x->kind == BX_OP && x->op == OP_I2D) x = x->args;
  if (x->kind == BX_CONST) return !x->is_null && x->integer == 0 && x->real == 0;
  return !(x->kind == BX_CALL && x->index == (uint32_t)FN_NULLIF);
}

static void look_at_operation(notes *n, const tsn_bx *x)
{
  switch (x->op) {
  case OP_DIV_I:
    tell(n, ASPECT_DIVISION, x->at, "");
    break;
  case OP_DIV_D:
  case OP_MOD_I:
  case OP_MOD_D: break;
  default: return;
  }
  if (can_be_zero(x->args->next)) tell(n, ASPECT_DIVISION_BY_ZERO, x->at, "");
}

static void look_at_aggregate(notes *n, const tsn_bx *x)
{
  const tsn_agg *agg = x->agg;
  if (agg->distinct) tell(n, ASPECT_FUNCTION, x->at, "DISTINCT in an aggregate");
  if (!agg->value || agg->value->type != TOCSIN_BIGINT) return;
  if (agg->kind == AGG_AVG) tell(n, ASPECT_AVG_INTEGER, x->at, "");
  if (agg->kind == AGG_SUM) tell(n, ASPECT_SUM_INTEGER, x->at, "");
}

static void look_at_value(notes *n, const tsn_bx *x)
{
  const tsn_bx *arg;
  if (!x) return;
  if (x->kind == BX_NAV && x->nav->physical) tell(n, ASPECT_PHYSICAL, x->at, x->nav->physical < 0 ? "PREV" : "NEXT");
  if (x->kind == BX_NAV) look_at_value(n, x->nav->value);
  if (x->kind == BX_LABEL) tell(n, ASPECT_FUNCTION, x->at, "CLASSIFIER");
  if (x->kind == BX_MATCH) look_at_match_value(n, x);
  if (x->kind == BX_OP) look_at_operation(n, x);
  if (x->kind == BX_CONST && x->type == TOCSIN_TEXT && !x->is_null && !x->length) tell(n, ASPECT_EMPTY_TEXT, x->at, "");
  if (x->kind == BX_AGG || x->kind == BX_OVER) {
    look_at_aggregate(n, x);
    look_at_value(n, x->agg->value);
    look_at_value(n, x->agg->value2);
  }
  for (arg = x->args; arg; arg = arg->next) look_at_value(n, arg);
  look_at_value(n, x->otherwise);
}

static void look_at_part(notes *n, const tsn_bpart *part)
{
  size_t i;
  for (i = 0; i < n->b->query->shape->column_count; i++) look_at_value(n, part->values[i]);
  look_at_value(n, part->where);
}

static void look_at_expressions(notes *n, const tsn_query *query)
{
  const tsn_bound *q = n->b->query;
  const tsn_item *item;
  const tsn_define *d;
  size_t i;
  for (i = 0; i < q->part_count; i++) look_at_part(n, &q->parts[i]);
  for (i = 0; i < q->label_count; i++) look_at_value(n, q->labels[i].condition);
  for (i = 0; n->clauses->measures && i < q->inner_count; i++) look_at_value(n, q->inner[i].value);
  for (i = 0; i < q->output_count; i++) look_at_value(n, q->outputs[i].value);
  look_at_value(n, q->where);
  for (item = n->clauses->measures; item; item = item->next) look_at_words(n, item->expr);
  for (d = n->clauses->defines; d; d = d->next) look_at_words(n, d->condition);
  look_at_words(n, n->clauses->within);
  look_at_words(n, query->where);
}

void tsn_bind_dialect_notes(tsn_binder *b, const tsn_query *query)
{
  notes n = {.b = b, .clauses = query->clauses};
  int found = b->options && b->options->dialect ? find_dialect(b->options->dialect) : -1;
  n.seen = tsn_arena_new_array(b->arena, bool, b->query->label_count + 1);
  if (found < 0 || !n.seen || !tsn_diag_ok(b->diag)) return;
  n.dialect = (dialect)found;
  if (query->parts && query->parts->next) tell_own(&n, query->parts->next->at, "UNION ALL BY NAME");
  look_at_clauses(&n);
  look_at_pattern(&n, query->clauses->pattern);
  look_at_end(&n);
  look_at_expressions(&n, query);
}
