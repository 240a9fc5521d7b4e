/* What comes out: measures, the columns of MATCH_RECOGNIZE, SELECT and WHERE
 * (language page, section 5: "SELECT * is, as in ISO"). */
#include <string.h>

#include "base/text.h"
#include "bind/binder.h"

#define MATCH_DETAILS 5 /* of tocsin_detail, besides the key */

static void add_inner(tsn_binder *b, const char *name, tsn_bx *value, bool measure)
{
  tsn_binner *inner = &b->query->inner[b->query->inner_count];
  if (!name) return; /* no memory: the arena remembers */
  b->query->inner_count++;
  inner->name = name;
  inner->type = value->type == TOCSIN_NULL ? TOCSIN_TEXT : value->type;
  inner->value = value;
  inner->is_measure = measure;
}

static void add_column(tsn_binder *b, size_t column, tsn_span at)
{
  tsn_bx *x = tsn_bx_new(b, BX_COLUMN, b->shape->columns[column].type, at);
  if (!x) return;
  x->index = (uint32_t)column;
  b->shape->needed[column] = true;
  add_inner(b, b->shape->columns[column].name, x, false);
}

static bool is_key(const tsn_bound *q, size_t column)
{
  size_t i;
  for (i = 0; i < q->key_count; i++)
    if (q->keys[i] == column) return true;
  return false;
}

static bool is_order(const tsn_bound *q, size_t column)
{
  size_t i;
  if (q->time_column == (int)column) return true;
  for (i = 0; i < q->order_count; i++)
    if (q->orders[i].column == column) return true;
  return false;
}

/* A label that stands only under ! has no rows: what a measure reads of it is NULL. */
static void warn_absent(tsn_binder *b, const tsn_bx *x)
{
  const tsn_bx *arg;
  const tsn_label_set *set = x->kind == BX_NAV ? x->nav->set : x->kind == BX_AGG ? x->agg->set : NULL;
  size_t i, members = 0, mapped = 0;
  for (i = 0; set && !set->all && i < b->query->label_count; i++) {
    members += set->has[i];
    mapped += set->has[i] && b->query->labels[i].in_pattern;
  }
  if (members && !mapped)
    tsn_diag_add(b->diag, TSN_W0002, x->at, NULL, "%s stands only under ! and has no rows: this is %s", set->name,
                 x->kind == BX_AGG && x->agg->kind == AGG_COUNT ? "0" : "NULL");
  for (arg = x->args; arg; arg = arg->next) warn_absent(b, arg);
  if (x->otherwise) warn_absent(b, x->otherwise);
}

static void add_measures(tsn_binder *b, const tsn_clauses *clauses)
{
  const tsn_item *m;
  for (m = clauses->measures; m; m = m->next) {
    tsn_context c = {.b = b, .place = PLACE_MEASURE, .semantics = m->semantics};
    tsn_bx *x = tsn_bind_expr(&c, m->expr);
    size_t i;
    for (i = 0; i < b->query->inner_count; i++)
      if (tsn_column_same(&m->alias, b->query->inner[i].name))
        tsn_diag_add(b->diag, TSN_E2004, m->alias.at, "give it another name",
                     b->query->inner[i].is_measure ? "there are two measures %s" : "measure %s is named like a column of PARTITION BY or ORDER BY",
                     m->alias.text);
    if (x) {
      warn_absent(b, x);
      add_inner(b, tsn_arena_text(b->arena, m->alias.text, m->alias.length), x, true);
    } else {
      /* So that SELECT still finds the name. */
      tsn_bx *missing = tsn_bx_new(b, BX_CONST, TOCSIN_NULL, m->at);
      if (!missing) return;
      missing->is_null = true;
      add_inner(b, tsn_arena_text(b->arena, m->alias.text, m->alias.length), missing, true);
    }
  }
}

static tsn_bx *match_value(tsn_binder *b, tsn_match_value which, tocsin_type type, tsn_span at)
{
  tsn_bx *x = tsn_bx_new(b, BX_MATCH, type, at);
  if (x) x->index = (uint32_t)which;
  return x;
}

/* The order column of the first or last row of the match. */
static tsn_bx *order_value(tsn_binder *b, bool first, uint32_t column, tsn_span at)
{
  tsn_bx *x = tsn_bx_new(b, BX_COLUMN, b->shape->columns[column].type, at);
  if (!x) return NULL;
  x->index = column;
  return tsn_bind_nav(b, first, 0, 0, b->universal, x, false, at);
}

static void bind_inner(tsn_binder *b, const tsn_clauses *clauses)
{
  tsn_bound *q = b->query;
  size_t count = b->shape->column_count + 3 + MATCH_DETAILS, i, keys;
  const tsn_item *m;
  for (m = clauses->measures; m; m = m->next) count++;
  count += q->key_count;
  q->inner = tsn_arena_new_array(b->arena, tsn_binner, count);
  if (!q->inner) return;
  for (i = 0; i < q->key_count; i++) {
    size_t j;
    for (j = 0; j < i && q->keys[j] != q->keys[i]; j++) continue;
    if (j == i) add_column(b, q->keys[i], clauses->keys_at);
  }
  keys = q->inner_count;
  if (q->all_rows) {
    if (q->time_column >= 0 && q->time_column < (int)b->shape->column_count && !is_key(q, (size_t)q->time_column)) add_column(b, (size_t)q->time_column, clauses->orders_at);
    for (i = 0; i < q->order_count; i++)
      if (!is_key(q, q->orders[i].column)) add_column(b, q->orders[i].column, clauses->orders_at);
  }
  add_measures(b, clauses);
  if (q->all_rows) {
    size_t measures_end = q->inner_count, j;
    for (i = 0; i < b->shape->column_count; i++) {
      const char *name = b->shape->columns[i].name;
      if (is_key(q, i) || is_order(q, i)) continue;
      /* A measure hides a column of its name. */
      for (j = keys; j < measures_end; j++)
        if (q->inner[j].is_measure && tsn_same_name(q->inner[j].name, strlen(q->inner[j].name), name, strlen(name))) break;
      if (j == measures_end) add_column(b, i, clauses->at);
    }
  } else if (!clauses->measures) {
    tsn_bx *rows = match_value(b, MATCH_VALUE_ROWS, TOCSIN_BIGINT, clauses->at);
    if (q->time_column >= 0 || q->order_count) {
      uint32_t column = q->time_column >= 0 ? (uint32_t)q->time_column : q->orders[0].column;
      tsn_bx *start = order_value(b, true, column, clauses->at), *end = order_value(b, false, column, clauses->at);
      if (!start || !end) return;
      add_inner(b, "match_start", start, true);
      add_inner(b, "match_end", end, true);
    }
    if (rows) add_inner(b, "match_rows", rows, true);
  }
}

static tsn_bx *inner_of(tsn_binder *b, size_t i, tsn_span at)
{
  tsn_bx *x = tsn_bx_new(b, BX_INNER, b->query->inner[i].type, at);
  if (x) x->index = (uint32_t)i;
  return x;
}

static const char *name_of(tsn_binder *b, const tsn_item *item)
{
  tsn_bytes text;
  char *copy;
  if (item->alias.text) return tsn_arena_text(b->arena, item->alias.text, item->alias.length);
  if (item->expr->kind == EXPR_COLUMN) {
    size_t i;
    if (item->expr->name.quoted) return tsn_arena_text(b->arena, item->expr->name.text, item->expr->name.length);
    for (i = 0; i < b->query->inner_count; i++)
      if (tsn_column_same(&item->expr->name, b->query->inner[i].name)) return b->query->inner[i].name;
    return item->expr->name.text;
  }
  tsn_bytes_init(&text, b->arena->alloc, 4096);
  tsn_print_expr(item->expr, &text);
  copy = tsn_arena_text(b->arena, tsn_bytes_cstr(&text), text.failed ? 0 : text.length);
  tsn_bytes_clear(&text);
  return copy;
}

static void add_output(tsn_binder *b, const char *name, size_t inner)
{
  tsn_bound *q = b->query;
  tsn_bx *x = inner_of(b, inner, q->at);
  if (x) q->outputs[q->output_count++] = (tsn_boutput){.name = name, .value = x};
}

/* What the host wants to know of each match. Times of rows without time are NULL. */
static void add_details(tsn_binder *b, unsigned details)
{
  static const struct {
    unsigned detail;
    tsn_match_value value;
    tocsin_type type; /* NULL: that of the time */
    const char *name;
  } table[MATCH_DETAILS] = {{TOCSIN_DETAIL_ID, MATCH_VALUE_ID, TOCSIN_TEXT, "match_id"},
                            {TOCSIN_DETAIL_STATUS, MATCH_VALUE_STATUS, TOCSIN_TEXT, "match_status"},
                            {TOCSIN_DETAIL_START, MATCH_VALUE_START, TOCSIN_NULL, "match_start"},
                            {TOCSIN_DETAIL_END, MATCH_VALUE_END, TOCSIN_NULL, "match_end"},
                            {TOCSIN_DETAIL_ROWTIME, MATCH_VALUE_ROWTIME, TOCSIN_NULL, "match_rowtime"}};
  tsn_bound *q = b->query;
  size_t i, keys = 0;
  while (keys < q->inner_count && !q->inner[keys].is_measure && keys < q->key_count && is_key(q, q->inner[keys].value->index)) keys++;
  for (i = 0; i < MATCH_DETAILS; i++) {
    bool timeless = table[i].type == TOCSIN_NULL && q->time_column < 0;
    tsn_bx *x;
    if (!(details & table[i].detail)) continue;
    x = timeless ? tsn_bx_new(b, BX_CONST, TOCSIN_NULL, q->at)
                 : match_value(b, table[i].value, table[i].type == TOCSIN_NULL ? q->time_type : table[i].type, q->at);
    if (!x) return;
    x->is_null = timeless;
    add_inner(b, table[i].name, x, true);
    add_output(b, table[i].name, q->inner_count - 1);
  }
  for (i = 0; (details & TOCSIN_DETAIL_KEY) && i < keys; i++) add_output(b, q->inner[i].name, i);
}

void tsn_bind_outputs(tsn_binder *b, const tsn_query *query)
{
  tsn_bound *q = b->query;
  const tsn_item *item;
  size_t count = 0, i;
  bind_inner(b, query->clauses);
  if (!q->inner) return;
  for (item = query->items; item; item = item->next) count += item->expr->kind == EXPR_STAR ? q->inner_count : 1;
  q->outputs = tsn_arena_new_array(b->arena, tsn_boutput, count + 1 + MATCH_DETAILS + q->key_count);
  if (!q->outputs) return;
  for (item = query->items; item; item = item->next) {
    tsn_context c = {.b = b, .place = PLACE_OUTER};
    tsn_bx *x;
    if (item->expr->kind == EXPR_STAR) {
      if (!tsn_bind_is_relation(b, &item->expr->qualifier)) continue;
      for (i = 0; i < q->inner_count; i++) {
        x = inner_of(b, i, item->at);
        if (!x) return;
        q->outputs[q->output_count].name = q->inner[i].name;
        q->outputs[q->output_count++].value = x;
      }
      continue;
    }
    x = tsn_bind_expr(&c, item->expr);
    if (!x) continue;
    q->outputs[q->output_count].name = name_of(b, item);
    if (!q->outputs[q->output_count].name) return;
    q->outputs[q->output_count++].value = x;
  }
  q->selected = q->output_count;
  if (b->options) add_details(b, b->options->details);
  if (query->where) {
    tsn_context c = {.b = b, .place = PLACE_OUTER};
    q->where = tsn_bind_condition(&c, query->where, "WHERE");
  }
}
