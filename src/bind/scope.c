/* Statements and the frame of a query: which stream, which keys, which order
 * (language page, sections 3, 5 and 8). */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "bind/binder.h"

static const char *name_text(tsn_binder *b, const tsn_name *name) { return tsn_arena_text(b->arena, name->text, name->length); }

bool tsn_bind_declare_columns(tsn_binder *b, const tsn_statement *s, const char *what, tsn_bstream *out)
{
  const tsn_column_decl *c;
  tocsin_stream_column *columns;
  size_t count = 0, i;
  for (c = s->columns; c; c = c->next) count++;
  columns = tsn_arena_new_array(b->arena, tocsin_stream_column, count + 1);
  out->needed = tsn_arena_new_array(b->arena, bool, count + 1);
  out->what = what;
  out->name = name_text(b, &s->name);
  out->event_time = -1;
  out->at = s->at;
  out->broken = s->broken;
  if (!columns || !out->needed || !out->name) return false;
  for (c = s->columns; c; c = c->next) {
    for (i = 0; i < out->column_count; i++)
      if (tsn_column_same(&c->name, columns[i].name))
        tsn_diag_add(b->diag, TSN_E1018, c->name.at, NULL, "%s %s has two columns %s", what, s->name.text, c->name.text);
    if (c->unit != TOCSIN_UNIT_NONE && c->type != TOCSIN_TIMESTAMP)
      tsn_diag_add(b->diag, TSN_E1020, c->unit_at, NULL, "UNIT tells how numbers are times: column %s is %s", c->name.text,
                   tocsin_type_name(c->type));
    columns[out->column_count++] = (tocsin_stream_column){.name = name_text(b, &c->name),
                                                          .type = c->type,
                                                          .unit = c->unit,
                                                          .path = c->path,
                                                          .not_null = c->not_null};
    if (!columns[out->column_count - 1].name) return false;
  }
  out->columns = columns;
  return true;
}

static void bind_watermark(tsn_binder *b, const tsn_watermark *w, tsn_bstream *out)
{
  int column = tsn_bind_find_column(out, &w->column);
  tocsin_type type = column < 0 ? TOCSIN_NULL : out->columns[column].type;
  tsn_bx *x;
  if (column < 0) {
    tsn_diag_add(b->diag, TSN_E1001, w->column.at, NULL, "stream %s has no column %s", out->name, w->column.text);
    return;
  }
  if (type != TOCSIN_TIMESTAMP && !tsn_is_number(type)) {
    tsn_diag_add(b->diag, TSN_E1020, w->column.at, "declare it TIMESTAMP", "column %s is %s and cannot be the time", w->column.text,
                 tocsin_type_name(type));
    return;
  }
  out->event_time = column;
  out->has_watermark = true;
  out->needed[column] = true;
  if (w->source.text && tsn_bind_find_column(out, &w->source) != column)
    tsn_diag_add(b->diag, TSN_E1020, w->source.at, NULL, "WATERMARK FOR %s AS %s - delay: the two columns have to be one", w->column.text,
                 w->column.text);
  if (!w->delay) return;
  x = tsn_bind_constant(b, w->delay);
  if (!x || (tsn_bind_length(b, x, type, &out->delay) && out->delay >= 0)) return;
  out->delay = 0;
  tsn_diag_add(b->diag, TSN_E2010, w->delay->at, NULL, "the delay of a watermark is %s that is not negative", tsn_bind_duration_name(type));
}

static void declare_stream(tsn_binder *b, const tsn_statement *s)
{
  tsn_bstream *out = &b->bound->streams[b->bound->stream_count];
  if (tsn_bind_find_stream(b->bound, &s->name) >= 0) {
    tsn_diag_add(b->diag, TSN_E1018, s->name.at, NULL, "stream %s is declared twice", s->name.text);
    return;
  }
  if (tsn_bind_is_table(b->bound, &s->name)) tsn_diag_add(b->diag, TSN_E1018, s->name.at, NULL, "%s is a table and a stream", s->name.text);
  if (!tsn_bind_declare_columns(b, s, "stream", out)) return;
  if (s->watermark) bind_watermark(b, s->watermark, out);
  b->bound->stream_count++;
}

/* Streams that only the host knows stand behind the declared ones. */
static void host_streams(tsn_binder *b)
{
  size_t i, j;
  for (i = 0; b->options && i < b->options->stream_count; i++) {
    const tocsin_stream *s = &b->options->streams[i];
    tsn_name name = {.text = s->name, .length = (uint32_t)strlen(s->name)};
    tsn_bstream *out = &b->bound->streams[b->bound->stream_count];
    tocsin_stream_column *columns;
    if (tsn_bind_find_stream(b->bound, &name) >= 0 || tsn_bind_is_table(b->bound, &name)) continue; /* what the text declares wins */
    columns = tsn_arena_new_array(b->arena, tocsin_stream_column, s->column_count + 1);
    out->needed = tsn_arena_new_array(b->arena, bool, s->column_count + 1);
    out->what = "stream";
    out->name = name_text(b, &name);
    out->event_time = -1;
    if (!columns || !out->needed || !out->name) return;
    for (j = 0; j < s->column_count; j++) {
      columns[j] = (tocsin_stream_column){.name = tsn_arena_text(b->arena, s->columns[j].name, strlen(s->columns[j].name)),
                                          .type = s->columns[j].type,
                                          .unit = s->columns[j].unit,
                                          .not_null = s->columns[j].not_null};
      if (s->columns[j].path) columns[j].path = tsn_arena_text(b->arena, s->columns[j].path, strlen(s->columns[j].path));
    }
    out->columns = columns;
    out->column_count = s->column_count;
    b->bound->stream_count++;
  }
}

static tsn_bx *parameter_from_text(tsn_binder *b, tocsin_type type, const char *text, tsn_span at)
{
  size_t length = strlen(text);
  tsn_bx *x = tsn_bx_new(b, BX_CONST, type, at);
  int64_t integer = 0;
  bool good = true;
  if (!x) return NULL;
  switch (type) {
  case TOCSIN_BOOLEAN:
    integer = tsn_same_name(text, length, "true", 4) || tsn_same_name(text, length, "1", 1);
    good = integer || tsn_same_name(text, length, "false", 5) || tsn_same_name(text, length, "0", 1);
    break;
  case TOCSIN_BIGINT: good = tsn_parse_int64(text, length, &integer); break;
  case TOCSIN_DOUBLE: good = tsn_parse_double(text, length, &x->real) && x->real == x->real; break;
  case TOCSIN_TIMESTAMP: good = tsn_time_parse(text, length, &integer); break;
  case TOCSIN_INTERVAL: good = tsn_interval_parse(text, length, &integer); break;
  case TOCSIN_TEXT:
    x->text = tsn_arena_text(b->arena, text, length);
    x->length = (uint32_t)length;
    good = tsn_utf8_valid(text, length);
    break;
  default: good = false; break;
  }
  x->integer = integer;
  return good ? x : NULL;
}

static void declare_parameter(tsn_binder *b, const tsn_statement *s)
{
  tsn_bparam *p = &b->params[b->param_count];
  size_t i;
  for (i = 0; i < b->param_count; i++)
    if (tsn_column_same(&s->name, b->params[i].name)) {
      tsn_diag_add(b->diag, TSN_E1018, s->name.at, NULL, "parameter %s is declared twice", s->name.text);
      return;
    }
  p->name = name_text(b, &s->name);
  p->type = s->types ? s->types->type : TOCSIN_TEXT;
  if (!p->name) return;
  b->param_count++;
  for (i = 0; b->options && i < b->options->parameter_count; i++) {
    if (!tsn_column_same(&s->name, b->options->parameters[i].name)) continue;
    p->value = parameter_from_text(b, p->type, b->options->parameters[i].value, s->at);
    if (!p->value)
      tsn_diag_add(b->diag, TSN_E1009, s->name.at, NULL, "\"%.100s\" is no %s for parameter %s", b->options->parameters[i].value,
                   tocsin_type_name(p->type), s->name.text);
    return;
  }
  if (s->default_value) {
    tsn_bx *x = tsn_bind_constant(b, s->default_value);
    if (x) {
      p->value = tsn_bind_coerce(b, x, p->type);
      if (!p->value)
        tsn_diag_add(b->diag, TSN_E1009, s->default_value->at, NULL, "the default of parameter %s is %s, not %s", s->name.text,
                     tocsin_type_name(x->type), tocsin_type_name(p->type));
    }
    return;
  }
  tsn_diag_add(b->diag, TSN_E1009, s->name.at, tsn_arena_printf(b->arena, "give it with -p %s=VALUE, or a DEFAULT", s->name.text),
               "parameter %s has no value", s->name.text);
}

static void unknown_host_parameters(tsn_binder *b)
{
  size_t i, j;
  for (i = 0; b->options && i < b->options->parameter_count; i++) {
    tsn_name name = {.text = b->options->parameters[i].name, .length = (uint32_t)strlen(b->options->parameters[i].name)};
    for (j = 0; j < b->param_count && !tsn_column_same(&name, b->params[j].name); j++) continue;
    if (j == b->param_count)
      tsn_diag_add(b->diag, TSN_E1008, (tsn_span){0, 0}, NULL, "the text declares no parameter %.100s", name.text);
  }
}

static void unknown_column(tsn_binder *b, const tsn_expr *e, const char *where)
{
  if (e->kind == EXPR_COLUMN) tsn_bind_unknown_column(b, b->shape, &e->name, e->at);
  else tsn_diag_add(b->diag, TSN_E1017, e->at, NULL, "%s takes columns", where);
}

static void bind_window(tsn_binder *b, const tsn_key *k)
{
  tsn_bound *q = b->query;
  if (q->window_kind != WINDOW_NONE) {
    tsn_diag_add(b->diag, TSN_E2013, k->at, NULL, "PARTITION BY takes one SESSION or TUMBLE");
    return;
  }
  q->window_kind = k->kind == KEY_SESSION ? WINDOW_SESSION : WINDOW_TUMBLE; /* there is one, even where its length is wrong */
  if (!tsn_bind_duration(b, k->expr, k->kind == KEY_SESSION ? "the gap of SESSION" : "the length of TUMBLE", &q->window)) return;
  if (k->kind == KEY_TUMBLE && q->window == 0) tsn_diag_add(b->diag, TSN_E2010, k->expr->at, NULL, "the length of TUMBLE is more than 0");
}

static void bind_keys(tsn_binder *b, const tsn_clauses *clauses)
{
  const tsn_key *k;
  size_t count = 0;
  for (k = clauses->keys; k; k = k->next) count++;
  b->query->keys = tsn_arena_new_array(b->arena, uint32_t, count + 1);
  if (!b->query->keys) return;
  for (k = clauses->keys; k; k = k->next) {
    int column;
    if (k->kind != KEY_COLUMN) {
      bind_window(b, k);
      continue;
    }
    column = k->expr->kind == EXPR_COLUMN ? tsn_bind_find_column(b->shape, &k->expr->name) : -1;
    if (column < 0) {
      unknown_column(b, k->expr, "PARTITION BY");
      continue;
    }
    b->shape->needed[column] = true;
    b->query->keys[b->query->key_count++] = (uint32_t)column;
  }
}

static void bind_order(tsn_binder *b, const tsn_clauses *clauses)
{
  tsn_bound *q = b->query;
  const tsn_order *o;
  size_t count = 0;
  q->time_column = -1;
  for (o = clauses->orders; o; o = o->next) count++;
  q->orders = tsn_arena_new_array(b->arena, tsn_border, count + 1);
  if (!q->orders) return;
  if (!clauses->orders) q->time_column = tsn_bind_declared_time(b);
  for (o = clauses->orders; o; o = o->next) {
    int column = o->expr->kind == EXPR_COLUMN ? tsn_bind_find_column(b->shape, &o->expr->name) : -1;
    if (column < 0) {
      unknown_column(b, o->expr, "ORDER BY");
      continue;
    }
    b->shape->needed[column] = true;
    if (o == clauses->orders) {
      tocsin_type type = b->shape->columns[column].type;
      if (!o->descending && (type == TOCSIN_TIMESTAMP || tsn_is_number(type))) {
        q->time_column = column;
        tsn_bind_order_time(b, column);
        continue;
      }
      q->sorts_all = true; /* an order, but no time: rows are put in it when all are there */
    }
    q->orders[q->order_count++] = (tsn_border){.column = (uint32_t)column, .descending = o->descending};
  }
  if (q->time_column >= 0) q->time_type = b->shape->columns[q->time_column].type;
}

static bool option_is(const tsn_option *o, const char *name) { return tsn_same_name(o->name.text, o->name.length, name, strlen(name)); }

static bool value_is(const tsn_bx *x, const char *text)
{
  return x->kind == BX_CONST && x->type == TOCSIN_TEXT && !x->is_null && tsn_same_name(x->text, x->length, text, strlen(text));
}

static void bind_tier(tsn_binder *b, const tsn_bx *x, tsn_span at)
{
  tsn_tier tier = TIER_PATHS;
  while (tier < TSN_TIERS && !value_is(x, tsn_tier_name(tier))) tier = (tsn_tier)(tier + 1);
  if (tier == TSN_TIERS) tsn_diag_add(b->diag, TSN_E1021, at, "the option may be left out: the best one is taken", "tier is 'paths', 'table' or 'graph'");
  else b->query->tier = tier;
  b->query->tier_at = at;
}

static void bind_options(tsn_binder *b, const tsn_option *o)
{
  for (; o; o = o->next) {
    static const char *const names[] = {"skip_miss", "on_limit", "tier"};
    tsn_bx *x;
    if (!option_is(o, "skip_miss") && !option_is(o, "on_limit") && !option_is(o, "tier")) {
      const char *near = tsn_diag_nearest(o->name.text, names, 3);
      tsn_diag_add(b->diag, TSN_E1021, o->name.at, near ? tsn_arena_printf(b->arena, "did you mean %s?", near) : "skip_miss, on_limit, tier",
                   "there is no option %s", o->name.text);
      continue;
    }
    x = tsn_bind_constant(b, o->value);
    if (!x) continue;
    if (option_is(o, "skip_miss")) {
      b->query->skip_miss_next = value_is(x, "next row");
      if (!b->query->skip_miss_next && !value_is(x, "fail"))
        tsn_diag_add(b->diag, TSN_E1021, o->value->at, NULL, "skip_miss is 'fail' or 'next row'");
    } else if (option_is(o, "on_limit")) {
      b->query->drops = value_is(x, "drop oldest");
      if (!b->query->drops && !value_is(x, "fail"))
        tsn_diag_add(b->diag, TSN_E1021, o->value->at, NULL, "on_limit is 'fail' or 'drop oldest'");
    } else {
      bind_tier(b, x, o->value->at);
    }
  }
}

static void bind_query(tsn_binder *b, const tsn_statement *s)
{
  const tsn_query *query = s->query;
  const tsn_clauses *clauses;
  tsn_label_set *universal = tsn_arena_new(b->arena, tsn_label_set);
  tsn_bound *q = tsn_arena_new(b->arena, tsn_bound);
  size_t i, errors = b->diag->errors;
  if (!query || !universal || !q) return;
  universal->all = true;
  universal->name = "";
  b->universal = universal;
  b->query = q;
  b->relation = query->alias.text ? &query->alias : query->parts && !query->parts->next ? &query->parts->stream : NULL;
  b->statement = s;
  b->subsets = NULL;
  b->subset_count = 0;
  q->name = s->name.text ? name_text(b, &s->name) : "";
  q->at = s->at;
  q->bounded = b->options && b->options->bounded;
  q->traced = b->options && b->options->trace;
  q->text = b->text + query->at.from;
  q->text_length = query->at.to - query->at.from;
  for (i = 0; s->name.text && i < b->bound->pattern_count; i++)
    if (tsn_column_same(&s->name, b->bound->patterns[i]->name))
      tsn_diag_add(b->diag, TSN_E1018, s->name.at, NULL, "there are two patterns %s", s->name.text);
  if (s->broken) return;
  clauses = query->clauses;
  bind_options(b, s->options);
  if (!tsn_bind_source(b, query)) return;
  if (!clauses || !clauses->pattern) return; /* said by the grammar */
  bind_order(b, clauses);
  tsn_bind_window_orders(b);
  bind_keys(b, clauses);
  tsn_bind_labels(b, clauses);
  if (b->too_many_labels) return;
  tsn_bind_pattern(b, clauses);
  tsn_bind_outputs(b, query);
  tsn_bind_dialect_notes(b, query);
  tsn_bind_source_needs(b);
  q->broken = b->diag->errors != errors;
  b->bound->patterns[b->bound->pattern_count++] = q;
}

static bool is_dialect(const char *name)
{
  size_t i = 0;
  while (tsn_bind_dialect(i) && strcmp(tsn_bind_dialect(i), name) != 0) i++;
  return tsn_bind_dialect(i) != NULL;
}

tocsin_status tsn_bind(tsn_arena *arena, const tsn_script *script, const char *text, const tocsin_compile_options *options,
                       tsn_diag *diag, tsn_bound_script **out)
{
  tsn_binder b = {.arena = arena, .diag = diag, .text = text, .options = options, .script = script};
  const tsn_statement *s;
  size_t count = 1;
  if (options && options->dialect && !is_dialect(options->dialect)) return TOCSIN_MISUSE;
  for (s = script->statements; s; s = s->next) count++;
  b.bound = tsn_arena_new(arena, tsn_bound_script);
  b.params = tsn_arena_new_array(arena, tsn_bparam, count);
  if (!b.bound || !b.params) return tsn_arena_failed(arena);
  b.bound->text = text;
  b.bound->streams = tsn_arena_new_array(arena, tsn_bstream, count + (options ? options->stream_count : 0));
  b.bound->patterns = tsn_arena_new_array(arena, tsn_bound *, count);
  b.bound->functions = tsn_arena_new_array(arena, tsn_bfunction, count);
  b.bound->tables = tsn_arena_new_array(arena, tsn_btable, count);
  if (!b.bound->streams || !b.bound->patterns || !b.bound->functions || !b.bound->tables) return tsn_arena_failed(arena);
  for (s = script->statements; s; s = s->next)
    if (s->kind == STATEMENT_PARAMETER) declare_parameter(&b, s);
  unknown_host_parameters(&b);
  for (s = script->statements; s; s = s->next) {
    if (s->kind == STATEMENT_STREAM) declare_stream(&b, s);
    if (s->kind == STATEMENT_TABLE) tsn_bind_declare_table(&b, s);
    if (s->kind == STATEMENT_FUNCTION) tsn_bind_declare_function(&b, s);
  }
  host_streams(&b);
  for (s = script->statements; s; s = s->next)
    if (s->kind == STATEMENT_PATTERN || s->kind == STATEMENT_QUERY) bind_query(&b, s);
  *out = b.bound;
  return tsn_arena_failed(arena);
}
