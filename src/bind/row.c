/* What an expression reads of a match: columns under labels, navigation,
 * CLASSIFIER, aggregates, MATCH_ functions (language page, sections 5 and 7).
 *
 * ISO's rule in one sentence: an operand that leads to one row (a bare column,
 * A.x, FIRST, LAST, PREV, NEXT) or runs over rows (an aggregate) speaks of one
 * set of rows only, and inside it stands a plain expression over that row. */
#include <string.h>

#include "base/text.h"
#include "bind/binder.h"

int tsn_bind_find_column(const tsn_bstream *s, const tsn_name *name)
{
  size_t i;
  int folded = -1;
  for (i = 0; i < s->column_count; i++) {
    if (!tsn_column_same(name, s->columns[i].name)) continue;
    /* An exact spelling wins over one in another case. */
    if (strlen(s->columns[i].name) == name->length && !memcmp(s->columns[i].name, name->text, name->length)) return (int)i;
    if (folded < 0) folded = (int)i;
  }
  return folded;
}

static tsn_bx *column_of_row(tsn_binder *b, int column, tsn_span at)
{
  tsn_bx *x = tsn_bx_new(b, BX_COLUMN, b->shape->columns[column].type, at);
  if (!x) return NULL;
  x->index = (uint32_t)column;
  b->shape->needed[column] = true;
  return x;
}

const tsn_label_set *tsn_bind_label_set(tsn_binder *b, const tsn_name *name)
{
  const char *label = tsn_bind_label_name(b, name);
  tsn_label_set *set;
  const char **names;
  size_t i, count = 0;
  int at;
  if (!label) return NULL;
  set = tsn_arena_new(b->arena, tsn_label_set);
  if (!set) return NULL;
  set->name = label;
  at = tsn_bind_find_label(b, label);
  if (at >= 0) {
    bool *has = tsn_arena_new_array(b->arena, bool, b->query->label_count + 1);
    if (!has) return NULL;
    has[at] = true;
    set->has = has;
    return set;
  }
  for (i = 0; i < b->subset_count; i++)
    if (!strcmp(b->subsets[i].name, label)) {
      set->has = b->subsets[i].has;
      return set;
    }
  names = tsn_arena_new_array(b->arena, const char *, b->query->label_count + b->subset_count + 1);
  if (!names) return NULL;
  for (i = 0; i < b->query->label_count; i++) names[count++] = b->query->labels[i].name;
  for (i = 0; i < b->subset_count; i++) names[count++] = b->subsets[i].name;
  label = tsn_diag_nearest(label, names, count);
  tsn_diag_add(b->diag, TSN_E1002, name->at, label ? tsn_arena_printf(b->arena, "did you mean %s?", label) : NULL,
               "PATTERN has no label %s", name->text);
  return NULL;
}

static bool same_set(const tsn_label_set *a, const tsn_label_set *z)
{
  return a->all == z->all && (a->all || !strcmp(a->name, z->name));
}

/* Notes that the expression inside a navigation or aggregate speaks of a set. */
static bool refer(tsn_context *c, const tsn_label_set *set, tsn_span at)
{
  if (!c->set) {
    c->set = set;
    c->set_at = at;
    return true;
  }
  if (same_set(c->set, set)) return true;
  tsn_diag_add(c->b->diag, TSN_E1010, at, "use two, one a label, and combine them outside",
               "%s speaks of %s%s and %s%s at once", c->inside, c->set->all ? "all rows" : "the rows of ",
               c->set->all ? "" : c->set->name, set->all ? "all rows" : "the rows of ", set->all ? "" : set->name);
  return false;
}

tsn_bx *tsn_bind_nav(tsn_binder *b, bool first, uint32_t offset, int64_t physical, const tsn_label_set *set, tsn_bx *value,
                     bool final, tsn_span at)
{
  tsn_bx *x;
  tsn_nav *nav = tsn_arena_new(b->arena, tsn_nav);
  if (!nav || !value) return NULL;
  nav->first = first;
  nav->offset = offset;
  nav->physical = physical;
  nav->set = set;
  nav->value = value;
  nav->final = final;
  x = tsn_bx_new(b, BX_NAV, value->type, at);
  if (x) x->nav = nav;
  return x;
}

static bool reads_rows(const tsn_context *c)
{
  return c->place == PLACE_DEFINE || c->place == PLACE_MEASURE || c->place == PLACE_TIMER;
}

bool tsn_bind_is_relation(tsn_binder *b, const tsn_name *qualifier)
{
  if (!qualifier->text || (b->relation && tsn_column_same(qualifier, b->relation->text))) return true;
  tsn_diag_add(b->diag, TSN_E1003, qualifier->at,
               b->relation ? tsn_arena_printf(b->arena, "the rows of MATCH_RECOGNIZE are called %s", b->relation->text)
                           : tsn_arena_printf(b->arena, "AS %s behind MATCH_RECOGNIZE ( ... ) gives its rows a name", qualifier->text),
               "nothing is called %s here", qualifier->text);
  return false;
}

static tsn_bx *inner_column(tsn_context *c, const tsn_expr *e)
{
  tsn_binder *b = c->b;
  const char **names;
  const char *near;
  size_t i;
  if (!tsn_bind_is_relation(b, &e->qualifier)) return NULL;
  for (i = 0; i < b->query->inner_count; i++) {
    tsn_bx *x;
    if (!tsn_column_same(&e->name, b->query->inner[i].name)) continue;
    x = tsn_bx_new(b, BX_INNER, b->query->inner[i].type, e->at);
    if (x) x->index = (uint32_t)i;
    return x;
  }
  names = tsn_arena_new_array(b->arena, const char *, b->query->inner_count + 1);
  if (!names) return NULL;
  for (i = 0; i < b->query->inner_count; i++) names[i] = b->query->inner[i].name;
  near = tsn_diag_nearest(e->name.text, names, b->query->inner_count);
  tsn_diag_add(b->diag, TSN_E1001, e->at,
               near                             ? tsn_arena_printf(b->arena, "did you mean %s?", near)
               : tsn_bind_find_column(b->shape, &e->name) >= 0 ? "ONE ROW PER MATCH gives partition columns and measures: add a measure for it"
                                                : NULL,
               "MATCH_RECOGNIZE gives no column %s", e->name.text);
  return NULL;
}

tsn_bx *tsn_bind_column(tsn_context *c, const tsn_expr *e)
{
  tsn_binder *b = c->b;
  const tsn_label_set *set = b->universal;
  int column;
  tsn_bx *x;
  if (c->place == PLACE_OUTER) return inner_column(c, e);
  if (c->place == PLACE_SOURCE) return tsn_bind_source_column(c, e);
  if (c->place == PLACE_CONSTANT) {
    tsn_diag_add(b->diag, TSN_E1019, e->at, "a number, a duration or a parameter", "a constant is wanted here, not a column");
    return NULL;
  }
  if (e->semantics != SEMANTICS_NONE) {
    tsn_diag_add(b->diag, TSN_E1016, e->at, "they stand before FIRST, LAST and aggregates", "%s before a column says nothing",
                 e->semantics == SEMANTICS_FINAL ? "FINAL" : "RUNNING");
    return NULL;
  }
  if (e->qualifier.text) set = tsn_bind_label_set(b, &e->qualifier);
  if (!set) return NULL;
  column = tsn_bind_find_column(b->shape, &e->name);
  if (column < 0) {
    tsn_bind_unknown_column(b, b->shape, &e->name, e->name.at);
    return NULL;
  }
  x = column_of_row(b, column, e->at);
  if (!x) return NULL;
  if (c->place == PLACE_ROW) return refer(c, set, e->at) ? x : NULL;
  return tsn_bind_nav(b, false, 0, 0, set, x, c->semantics == SEMANTICS_FINAL, e->at);
}

typedef enum row_call {
  CALL_FIRST,
  CALL_LAST,
  CALL_PREV,
  CALL_NEXT,
  CALL_CLASSIFIER,
  CALL_STREAM,
  CALL_MATCH_NUMBER,
  CALL_MATCH_STATUS,
  CALL_MATCH_ROWTIME,
  CALL_MATCH_START,
  CALL_MATCH_END,
  CALL_MATCH_ID,
  CALL_PATH,
  CALL_WINDOW_START,
  CALL_WINDOW_END,
  ROW_CALLS
} row_call;

static const char *const row_calls[ROW_CALLS] = {"FIRST",        "LAST",           "PREV",        "NEXT",
                                                 "CLASSIFIER",   "STREAM",         "MATCH_NUMBER", "MATCH_STATUS",
                                                 "MATCH_ROWTIME", "MATCH_START",  "MATCH_END",      "MATCH_ID",    "PATH",
                                                 "WINDOW_START", "WINDOW_END"};

static int find_row_call(const tsn_expr *e)
{
  int i;
  if (e->kind != EXPR_CALL) return -1;
  for (i = 0; i < ROW_CALLS; i++)
    if (tsn_same_name(row_calls[i], strlen(row_calls[i]), e->name.text, e->name.length)) return i;
  return -1;
}

static int find_aggregate(const tsn_expr *e)
{
  int i;
  if (e->kind != EXPR_CALL) return -1;
  for (i = 0; i < TSN_AGGREGATES; i++)
    if (tsn_same_name(tsn_aggregate_table[i].name, strlen(tsn_aggregate_table[i].name), e->name.text, e->name.length))
      return i;
  return -1;
}

bool tsn_bind_is_row_call(const tsn_expr *e) { return find_row_call(e) >= 0 || find_aggregate(e) >= 0; }

/* RUNNING or FINAL of a call, checked against its place. */
static bool semantics(tsn_context *c, const tsn_expr *e, bool *final)
{
  tsn_semantics s = e->semantics != SEMANTICS_NONE ? e->semantics : c->semantics;
  *final = s == SEMANTICS_FINAL;
  if (*final && (c->place == PLACE_DEFINE || c->place == PLACE_TIMER)) {
    tsn_diag_add(c->b->diag, TSN_E1015, e->at, "only the rows so far are there: RUNNING", "FINAL is not possible in %s",
                 c->place == PLACE_DEFINE ? "DEFINE" : "the length of an absence");
    return false;
  }
  return true;
}

bool tsn_bind_semantics(tsn_context *c, const tsn_expr *e)
{
  bool ignored;
  if (c->place == PLACE_DEFINE || c->place == PLACE_TIMER || c->place == PLACE_MEASURE) return semantics(c, e, &ignored);
  tsn_diag_add(c->b->diag, TSN_E1016, e->at, "they belong to measures", "RUNNING and FINAL say nothing here");
  return false;
}

/* An offset: a whole constant that is not negative. */
static bool offset_of(tsn_context *c, const tsn_expr *e, const char *name, uint32_t *out)
{
  tsn_bx *x = tsn_bind_constant(c->b, e);
  if (!x) return false;
  if (x->type != TOCSIN_BIGINT || x->is_null || x->integer < 0) {
    tsn_diag_add(c->b->diag, TSN_E1014, e->at, NULL, "the offset of %s is a whole number from 0 on", name);
    return false;
  }
  if (x->integer > UINT16_MAX) {
    tsn_diag_add(c->b->diag, TSN_E1014, e->at, NULL, "the offset of %s is at most %d", name, UINT16_MAX);
    return false;
  }
  *out = (uint32_t)x->integer;
  return true;
}

static bool arguments(tsn_context *c, const tsn_expr *e, const char *name, unsigned least, unsigned most)
{
  if (e->arg_count >= least && e->arg_count <= most) return true;
  if (least == most)
    tsn_diag_add(c->b->diag, TSN_E1005, e->at, NULL, "%s takes %s, not %u", name,
                 least == 0   ? "no argument"
                 : least == 1 ? "one argument"
                              : "two arguments",
                 e->arg_count);
  else
    tsn_diag_add(c->b->diag, TSN_E1005, e->at, NULL, "%s takes %u or %u arguments, not %u", name, least, most, e->arg_count);
  return false;
}

/* Binds the expression inside a navigation or aggregate: over one row. *set: the
 * rows that an argument before it spoke of, or NULL; then those of this one. */
static tsn_bx *over_row(tsn_context *outer, const tsn_expr *e, const char *name, bool aggregate, const tsn_label_set **set,
                        bool *reads_label)
{
  tsn_context c = {.b = outer->b, .place = PLACE_ROW, .inside = name, .aggregate = aggregate, .set = *set};
  if (outer->place == PLACE_SOURCE) return tsn_bind_expr(outer, e);
  tsn_bx *x = tsn_bind_expr(&c, e);
  *set = c.set;
  *reads_label = c.reads_label;
  return x;
}

static tsn_bx *navigate(tsn_context *c, const tsn_expr *e, row_call which)
{
  const char *name = row_calls[which];
  const tsn_expr *inner = e->args;
  bool physical = which == CALL_PREV || which == CALL_NEXT, first = which == CALL_FIRST, final, reads_label;
  uint32_t steps = physical ? 1 : 0, offset = 0;
  const tsn_label_set *set = NULL;
  const char *inner_name = name;
  tsn_bx *value;
  if (e->arg_count == 3) {
    tsn_diag_add(c->b->diag, TSN_E1005, e->at,
                 tsn_arena_printf(c->b->arena, "COALESCE(%s(x, n), value) gives a value where there is no such row", name),
                 "%s takes 1 or 2 arguments, not 3", name);
    return NULL;
  }
  if (!arguments(c, e, name, 1, 2) || !semantics(c, e, &final)) return NULL;
  if (e->distinct) {
    tsn_diag_add(c->b->diag, TSN_E1017, e->at, NULL, "DISTINCT is for aggregates, not for %s", name);
    return NULL;
  }
  if (physical && e->semantics != SEMANTICS_NONE) {
    tsn_diag_add(c->b->diag, TSN_E1016, e->at, "put it before the FIRST or LAST inside", "RUNNING and FINAL do not stand before %s",
                 name);
    return NULL;
  }
  if (e->args->next && !offset_of(c, e->args->next, name, &steps)) return NULL;
  if (physical) {
    int call = find_row_call(inner);
    if (call == CALL_FIRST || call == CALL_LAST) {
      first = call == CALL_FIRST;
      inner_name = row_calls[call];
      if (!arguments(c, inner, inner_name, 1, 2) || !semantics(c, inner, &final)) return NULL;
      if (inner->args->next && !offset_of(c, inner->args->next, inner_name, &offset)) return NULL;
      inner = inner->args;
    }
  } else {
    offset = steps;
  }
  value = over_row(c, inner, inner_name, false, &set, &reads_label);
  if (!value) return NULL;
  if (!set) {
    tsn_diag_add(c->b->diag, TSN_E1011, e->at, "it leads to a row: give it a column or CLASSIFIER()",
                 "%s reads no column", name);
    return NULL;
  }
  return tsn_bind_nav(c->b, first, offset, which == CALL_PREV ? -(int64_t)steps : which == CALL_NEXT ? (int64_t)steps : 0, set, value, final, e->at);
}

/* CLASSIFIER() or STREAM(): what a row is matched as, and where it comes from. */
static tsn_bx *origin(tsn_context *c, const tsn_expr *e, row_call which)
{
  tsn_binder *b = c->b;
  const char *name = row_calls[which];
  const tsn_label_set *set = b->universal;
  tsn_bx *x;
  if (!arguments(c, e, name, 0, 1)) return NULL;
  if (e->semantics != SEMANTICS_NONE) {
    tsn_diag_add(b->diag, TSN_E1016, e->at, which == CALL_STREAM ? "FINAL LAST(STREAM()) is that of the last row" : "FINAL LAST(CLASSIFIER()) is the last row's label",
                 "%s before %s says nothing", e->semantics == SEMANTICS_FINAL ? "FINAL" : "RUNNING", name);
    return NULL;
  }
  if (e->args) {
    if (e->args->kind != EXPR_COLUMN || e->args->qualifier.text) {
      tsn_diag_add(b->diag, TSN_E1002, e->args->at, NULL, "%s takes a label", name);
      return NULL;
    }
    set = tsn_bind_label_set(b, &e->args->name);
    if (!set) return NULL;
  }
  x = which == CALL_STREAM ? column_of_row(b, (int)b->shape->column_count + TSN_HIDDEN_STREAM, e->at)
                           : tsn_bx_new(b, BX_LABEL, TOCSIN_TEXT, e->at);
  if (!x) return NULL;
  if (c->place == PLACE_ROW) {
    c->reads_label = c->reads_label || which == CALL_CLASSIFIER;
    return refer(c, set, e->at) ? x : NULL;
  }
  return tsn_bind_nav(b, false, 0, 0, set, x, c->semantics == SEMANTICS_FINAL, e->at);
}

static tocsin_type aggregate_type(tsn_aggregate kind, tocsin_type t)
{
  switch (kind) {
  case AGG_COUNT: return TOCSIN_BIGINT;
  case AGG_AVG: return t == TOCSIN_INTERVAL ? TOCSIN_INTERVAL : TOCSIN_DOUBLE;
  case AGG_STDDEV:
  case AGG_STDDEV_SAMP:
  case AGG_STDDEV_POP:
  case AGG_VARIANCE: return TOCSIN_DOUBLE;
  case AGG_ARRAY_AGG: return TOCSIN_LIST;
  case AGG_STRING_AGG: return TOCSIN_TEXT;
  default: return t;
  }
}

static bool aggregate_takes(tsn_aggregate kind, tocsin_type t)
{
  switch (kind) {
  case AGG_COUNT: return true;
  case AGG_SUM:
  case AGG_AVG: return tsn_is_number(t) || t == TOCSIN_INTERVAL;
  case AGG_STDDEV:
  case AGG_STDDEV_SAMP:
  case AGG_STDDEV_POP:
  case AGG_VARIANCE: return tsn_is_number(t);
  case AGG_STRING_AGG: return t == TOCSIN_TEXT;
  case AGG_APPROX_PERCENTILE: return tsn_is_number(t) || t == TOCSIN_INTERVAL || t == TOCSIN_TIMESTAMP;
  default: return t != TOCSIN_LIST;
  }
}

/* Of equal values none is smaller, larger or earlier: DISTINCT says nothing there. */
static bool picks_one(tsn_aggregate kind)
{
  return kind == AGG_MIN || kind == AGG_MAX || kind == AGG_ANY_VALUE || kind == AGG_MIN_BY || kind == AGG_MAX_BY;
}

/* One argument of an aggregate over the rows of *set. */
static tsn_bx *row_argument(tsn_context *c, const tsn_expr *e, tsn_aggregate kind, const tsn_label_set **set)
{
  bool ignored;
  tsn_bx *x = over_row(c, e, tsn_aggregate_table[kind].name, true, set, &ignored);
  if (x && x->type == TOCSIN_NULL) return tsn_bind_coerce(c->b, x, kind == AGG_STRING_AGG ? TOCSIN_TEXT : TOCSIN_BIGINT);
  return x;
}

static tsn_bx *separator(tsn_context *c, const tsn_expr *e)
{
  tsn_bx *x = tsn_bind_constant(c->b, e), *text = x ? tsn_bind_coerce(c->b, x, TOCSIN_TEXT) : NULL;
  if (x && !text) tsn_diag_add(c->b->diag, TSN_E1006, e->at, NULL, "the separator of STRING_AGG is a constant text");
  return text;
}

static tsn_bx *part_of_one(tsn_context *c, const tsn_expr *e)
{
  tsn_bx *x = tsn_bind_constant(c->b, e), *part = x ? tsn_bind_coerce(c->b, x, TOCSIN_DOUBLE) : NULL;
  if (!x || (part && !part->is_null && part->real >= 0 && part->real <= 1)) return part;
  tsn_diag_add(c->b->diag, TSN_E1006, e->at, "0.5 is the median", "the part of APPROX_PERCENTILE is a constant from 0 to 1");
  return NULL;
}

static tsn_bx *second_argument(tsn_context *c, const tsn_expr *e, tsn_aggregate kind, const tsn_label_set **set)
{
  tsn_bx *x;
  if (kind == AGG_STRING_AGG) return separator(c, e);
  if (kind == AGG_APPROX_PERCENTILE) return part_of_one(c, e);
  x = row_argument(c, e, kind, set);
  if (!x || x->type != TOCSIN_LIST) return x;
  tsn_diag_add(c->b->diag, TSN_E1006, e->at, NULL, "the key of %s cannot be a list", tsn_aggregate_table[kind].name);
  return NULL;
}

/* COUNT(*), COUNT(a.*): the rows; NULL after an error was said. */
static const tsn_label_set *counted_rows(tsn_context *c, const tsn_expr *e, tsn_aggregate kind)
{
  if (kind != AGG_COUNT || e->distinct) {
    tsn_diag_add(c->b->diag, TSN_E1017, e->args->at, NULL,
                 kind == AGG_COUNT ? "DISTINCT takes a value, not *" : "* stands only in COUNT");
    return NULL;
  }
  if (c->place == PLACE_SOURCE) return tsn_bind_names_source(c->b, &e->args->qualifier) ? c->b->universal : NULL;
  return e->args->qualifier.text ? tsn_bind_label_set(c->b, &e->args->qualifier) : c->b->universal;
}

static tsn_bx *aggregate(tsn_context *c, const tsn_expr *e, tsn_aggregate kind)
{
  tsn_binder *b = c->b;
  const tsn_aggregate_info *info = &tsn_aggregate_table[kind];
  const tsn_label_set *set = NULL;
  bool distinct = e->distinct && !picks_one(kind);
  tsn_bx *value = NULL, *value2 = NULL, *x;
  tsn_agg *agg;
  bool final;
  if (!semantics(c, e, &final) || !arguments(c, e, info->name, info->args, info->args)) return NULL;
  if (e->args->kind == EXPR_STAR) {
    set = counted_rows(c, e, kind);
    if (!set) return NULL;
  } else {
    value = row_argument(c, e->args, kind, &set);
    if (!value) return NULL;
    if (!aggregate_takes(kind, value->type)) {
      tsn_diag_add(b->diag, TSN_E1006, e->args->at, NULL, "%s does not work on %s", info->name, tocsin_type_name(value->type));
      return NULL;
    }
  }
  if (info->args == 2 && !(value2 = second_argument(c, e->args->next, kind, &set))) return NULL;
  agg = tsn_arena_new(b->arena, tsn_agg);
  x = tsn_bx_new(b, BX_AGG, aggregate_type(kind, value ? value->type : TOCSIN_BIGINT), e->at);
  if (!agg || !x) return NULL;
  agg->kind = kind == AGG_STDDEV_SAMP ? AGG_STDDEV : kind;
  agg->set = set ? set : b->universal;
  agg->value = value;
  agg->value2 = value2;
  agg->distinct = distinct;
  agg->final = final;
  agg->at = e->at;
  x->agg = agg;
  return x;
}

static tsn_bx *match_function(tsn_context *c, const tsn_expr *e, row_call which)
{
  static const struct {
    tsn_match_value value;
    tocsin_type type;
  } table[ROW_CALLS] = {[CALL_MATCH_NUMBER] = {MATCH_VALUE_NUMBER, TOCSIN_BIGINT},
                        [CALL_MATCH_STATUS] = {MATCH_VALUE_STATUS, TOCSIN_TEXT},
                        [CALL_MATCH_ROWTIME] = {MATCH_VALUE_ROWTIME, TOCSIN_NULL},
                        [CALL_MATCH_START] = {MATCH_VALUE_START, TOCSIN_NULL},
                        [CALL_MATCH_END] = {MATCH_VALUE_END, TOCSIN_NULL},
                        [CALL_MATCH_ID] = {MATCH_VALUE_ID, TOCSIN_TEXT},
                        [CALL_PATH] = {MATCH_VALUE_PATH, TOCSIN_LIST},
                        [CALL_WINDOW_START] = {MATCH_VALUE_WINDOW_START, TOCSIN_NULL},
                        [CALL_WINDOW_END] = {MATCH_VALUE_WINDOW_END, TOCSIN_NULL}};
  tsn_binder *b = c->b;
  tsn_bx *x;
  tocsin_type type = table[which].type;
  if (e->semantics != SEMANTICS_NONE) {
    tsn_diag_add(b->diag, TSN_E1016, e->at, "they stand before FIRST, LAST and aggregates", "%s before %s says nothing",
                 e->semantics == SEMANTICS_FINAL ? "FINAL" : "RUNNING", row_calls[which]);
    return NULL;
  }
  if (!arguments(c, e, row_calls[which], 0, which == CALL_MATCH_ROWTIME ? 1 : 0)) return NULL;
  if (c->place != PLACE_MEASURE && which != CALL_MATCH_NUMBER) {
    tsn_diag_add(b->diag, TSN_E1017, e->at, NULL, "%s stands in MEASURES only", row_calls[which]);
    return NULL;
  }
  if (b->in_condition) b->query->sequential = true;
  if ((which == CALL_WINDOW_START || which == CALL_WINDOW_END) && b->query->window_kind == WINDOW_NONE) {
    tsn_diag_add(b->diag, TSN_E2011, e->at, "PARTITION BY key, SESSION (30 MINUTES)", "%s needs a SESSION or TUMBLE in PARTITION BY",
                 row_calls[which]);
    return NULL;
  }
  if (type == TOCSIN_NULL) {
    if (b->query->time_column < 0) {
      tsn_diag_add(b->diag, TSN_E2011, e->at, "ORDER BY a time or a number gives one", "%s needs rows with a time",
                   row_calls[which]);
      return NULL;
    }
    type = b->query->time_type;
  }
  x = tsn_bx_new(b, BX_MATCH, type, e->at);
  if (x) x->index = (uint32_t)table[which].value;
  return x;
}

/* Inside FROM there is one row and no match. */
static tsn_bx *in_source(tsn_context *c, const tsn_expr *e, int which, const char *name)
{
  if (which == CALL_STREAM) return arguments(c, e, name, 0, 0) ? tsn_bind_source_name(c->b, e->at) : NULL;
  tsn_diag_add(c->b->diag, TSN_E1017, e->at, which < 0 ? "over the rows before: OVER (PARTITION BY ... ORDER BY ... ROWS n PRECEDING)" : NULL,
               which < 0 ? "an aggregate inside FROM needs OVER: %s" : "%s stands in MEASURES and DEFINE only, not inside FROM", name);
  return NULL;
}

bool tsn_bind_is_aggregate(const tsn_expr *e) { return find_aggregate(e) >= 0; }

tsn_bx *tsn_bind_aggregate(tsn_context *c, const tsn_expr *e) { return aggregate(c, e, (tsn_aggregate)find_aggregate(e)); }

tsn_bx *tsn_bind_row_call(tsn_context *c, const tsn_expr *e)
{
  int which = find_row_call(e), agg = find_aggregate(e);
  const char *name = which >= 0 ? row_calls[which] : tsn_aggregate_table[agg].name;
  if (c->place == PLACE_OUTER || c->place == PLACE_CONSTANT) {
    tsn_diag_add(c->b->diag, TSN_E1017, e->at, c->place == PLACE_OUTER ? "name it in MEASURES and select it by that name" : NULL,
                 "%s stands in MEASURES and DEFINE only", name);
    return NULL;
  }
  if (c->place == PLACE_SOURCE) return in_source(c, e, which, name);
  if (c->place == PLACE_ROW && which != CALL_CLASSIFIER && which != CALL_STREAM && which != CALL_MATCH_NUMBER) {
    tsn_diag_add(c->b->diag, TSN_E1012, e->at, "only PREV and NEXT take a FIRST or LAST inside", "%s does not stand inside %s",
                 name, c->inside);
    return NULL;
  }
  if (!reads_rows(c) && c->place != PLACE_ROW) return NULL;
  if (agg >= 0) return aggregate(c, e, (tsn_aggregate)agg);
  if (which <= CALL_NEXT) return navigate(c, e, (row_call)which);
  if (which == CALL_CLASSIFIER || which == CALL_STREAM) return origin(c, e, (row_call)which);
  return match_function(c, e, (row_call)which);
}
