/* FROM: the streams whose rows a query matches over (language page, sections 3 and 8).
 *
 *   part     a stream, or SELECT items FROM stream WHERE condition: items and condition
 *            are expressions over one row of the stream, its raw columns. The output of a
 *            pattern that stands before is a stream: its time is the pattern's output time
 *   shape    what the query sees: the items of all parts by name, in order of first
 *            appearance; a part gives NULL where it lacks one
 *
 * Behind the columns of the shape stand two without a name: what STREAM() gives, and
 * the event time where no column is it. A bare stream is a part whose items are its
 * columns.
 *
 * A table joined to a part widens its raw row (table.c): its columns stand behind those
 * of the stream. A window aggregate (over.c) is an item whose value is known only
 * when rows are in order. */
#include <string.h>

#include "base/text.h"
#include "bind/binder.h"
#include "dsl/foreign.h"

int tsn_bind_find_stream(const tsn_bound_script *s, const tsn_name *name)
{
  size_t i;
  for (i = 0; i < s->stream_count; i++)
    if (tsn_column_same(name, s->streams[i].name)) return (int)i;
  return -1;
}

/* A quoted name that is no column is a text in the wrong quotes, as often as not. */
static const char *column_hint(tsn_binder *b, const tsn_name *name, const char *near)
{
  const char *hint = name->quoted ? NULL : tsn_foreign_hint(FOREIGN_COLUMN, name->text, name->length);
  if (hint) return hint;
  if (near && (!name->quoted || tsn_same_name(near, strlen(near), name->text, name->length)))
    return tsn_arena_printf(b->arena, "did you mean %s?", near);
  if (!name->quoted) return NULL;
  return near ? tsn_arena_printf(b->arena, "did you mean %s? \" \" quotes a name; a text is written '%s'", near, name->text)
              : tsn_arena_printf(b->arena, "\" \" quotes a name; a text is written '%s'", name->text);
}

void tsn_bind_unknown_column(tsn_binder *b, const tsn_bstream *shape, const tsn_name *name, tsn_span at)
{
  const char **names = tsn_arena_new_array(b->arena, const char *, shape->column_count + 1);
  const char *near;
  size_t i;
  if (!names) return;
  for (i = 0; i < shape->column_count; i++) names[i] = shape->columns[i].name;
  near = tsn_diag_nearest(name->text, names, shape->column_count);
  tsn_diag_add(b->diag, TSN_E1001, at, column_hint(b, name, near),
               *shape->name ? "%s %s has no column %s" : "%s%sFROM gives no column %s", *shape->name ? shape->what : "", shape->name, name->text);
}

/* ---- one part ---- */

/* What a pattern gives, as a stream: its columns, and behind them its output time. */
static tsn_bstream *output_of(tsn_binder *b, tsn_bound *q)
{
  tsn_bstream *s = q->output;
  tocsin_stream_column *columns;
  size_t i;
  if (s) return s;
  s = tsn_arena_new(b->arena, tsn_bstream);
  columns = tsn_arena_new_array(b->arena, tocsin_stream_column, q->selected + 1);
  if (!s || !columns) return NULL;
  for (i = 0; i < q->selected; i++) {
    tocsin_type type = q->outputs[i].value->type;
    columns[i] = (tocsin_stream_column){.name = q->outputs[i].name, .type = type == TOCSIN_NULL ? TOCSIN_TEXT : type};
  }
  s->name = q->name;
  s->what = "pattern";
  s->columns = columns;
  s->column_count = q->selected;
  s->needed = tsn_arena_new_array(b->arena, bool, q->selected + 1);
  s->event_time = -1;
  s->at = q->at;
  s->broken = q->broken;
  columns[q->selected] = (tocsin_stream_column){.name = "", .type = q->time_column >= 0 ? q->time_type : TOCSIN_NULL};
  if (q->time_column >= 0) {
    s->event_time = (int)q->selected;
    s->has_watermark = true;
  }
  return s->needed ? q->output = s : NULL;
}

static bool find_pattern(tsn_binder *b, const tsn_name *name, tsn_bpart *out)
{
  size_t i;
  for (i = 0; i < b->bound->pattern_count; i++) {
    if (!tsn_column_same(name, b->bound->patterns[i]->name)) continue;
    out->kind = PART_PATTERN;
    out->index = (uint32_t)i;
    out->outputs = (uint32_t)b->bound->patterns[i]->output_count;
    out->raw = output_of(b, b->bound->patterns[i]);
    return true;
  }
  return false;
}

/* A pattern that is there, but cannot be read here. */
static bool stands_elsewhere(tsn_binder *b, const tsn_name *name)
{
  const tsn_statement *s;
  bool behind = false;
  for (s = b->script->statements; s; s = s->next) {
    if (s == b->statement) behind = true;
    if (s->kind != STATEMENT_PATTERN || !s->name.text || !tsn_column_same(name, s->name.text)) continue;
    if (s == b->statement)
      tsn_diag_add(b->diag, TSN_E1030, name->at, "a pattern reads streams, and patterns that stand before it", "pattern %s reads its own output", s->name.text);
    else if (behind)
      tsn_diag_add(b->diag, TSN_E1030, name->at, "put it before this one", "pattern %s stands behind the one that reads it", s->name.text);
    return true; /* one before this: what is wrong with it was said */
  }
  return false;
}

static void unknown_source(tsn_binder *b, const tsn_name *name)
{
  size_t streams = b->bound->stream_count, patterns = b->bound->pattern_count, i;
  const char **names = tsn_arena_new_array(b->arena, const char *, streams + patterns + 1), *near;
  if (!names || stands_elsewhere(b, name)) return;
  for (i = 0; i < streams; i++) names[i] = b->bound->streams[i].name;
  for (i = 0; i < patterns; i++) names[streams + i] = b->bound->patterns[i]->name;
  near = tsn_diag_nearest(name->text, names, streams + patterns);
  tsn_diag_add(b->diag, TSN_E1003, name->at,
               tsn_bind_is_table(b->bound, name)
                 ? tsn_arena_printf(b->arena, "a table is joined to a stream: (SELECT * FROM stream LEFT JOIN %s ON ...)", name->text)
               : near ? tsn_arena_printf(b->arena, "did you mean %s?", near)
                      : tsn_arena_printf(b->arena, "declare it: CREATE STREAM %s ( column TYPE, ... )", name->text),
               "there is no stream %s", name->text);
}

static bool find_source(tsn_binder *b, const tsn_part *part, tsn_bpart *out)
{
  int at = tsn_bind_find_stream(b->bound, &part->stream);
  bool is_pattern = find_pattern(b, &part->stream, out);
  if (at >= 0 && is_pattern) {
    tsn_diag_add(b->diag, TSN_E1018, part->stream.at, "give one of them another name", "%s is a stream and a pattern", part->stream.text);
    return false;
  }
  if (at < 0 && !is_pattern) {
    unknown_source(b, &part->stream);
    return false;
  }
  if (is_pattern) return out->raw && !out->raw->broken;
  out->kind = PART_STREAM;
  out->index = (uint32_t)at;
  out->raw = &b->bound->streams[at];
  return !out->raw->broken;
}

/* A column of the raw row: of the stream, or behind those of the table. */
static const tocsin_stream_column *raw_at(const tsn_bpart *part, size_t column)
{
  size_t count = tsn_raw_own(part);
  return column < count ? &part->raw->columns[column] : &part->table->shape.columns[column - count];
}

tsn_bx *tsn_bind_raw_column(tsn_binder *b, const tsn_bpart *part, size_t column, tsn_span at)
{
  tsn_bx *x = tsn_bx_new(b, BX_COLUMN, raw_at(part, column)->type, at);
  if (x) x->index = (uint32_t)column;
  return x;
}

/* What a qualifier lets through; both where there is none. */
typedef struct reach {
  bool stream, table;
} reach;

static reach reach_of(const tsn_bpart *part, const tsn_name *qualifier)
{
  if (!qualifier->text) return (reach){true, part->table != NULL};
  return (reach){tsn_column_same(qualifier, part->raw->name), part->table && tsn_column_same(qualifier, part->table->shape.name)};
}

bool tsn_bind_names_source(tsn_binder *b, const tsn_name *qualifier)
{
  const tsn_bpart *part = b->part;
  reach r = reach_of(part, qualifier);
  if (r.stream || r.table) return true;
  tsn_diag_add(b->diag, TSN_E1003, qualifier->at, NULL, "this part of FROM reads %s%s%s, not %s", part->raw->name, part->table ? " and " : "",
               part->table ? part->table->shape.name : "", qualifier->text);
  return false;
}

/* The raw column of a name; -1: there is none. *both: the stream and the table have it. */
static int find_raw(const tsn_bpart *part, const tsn_expr *e, bool *both)
{
  reach r = reach_of(part, &e->qualifier);
  int of_stream = r.stream ? tsn_bind_find_column(part->raw, &e->name) : -1;
  int of_table = r.table ? tsn_bind_find_column(&part->table->shape, &e->name) : -1;
  *both = of_stream >= 0 && of_table >= 0;
  return of_stream >= 0 || of_table < 0 ? of_stream : of_table + (int)tsn_raw_own(part);
}

/* ON is looked at before the table's row is known. */
static tsn_bx *not_yet(tsn_context *c, const tsn_expr *e)
{
  tsn_diag_add(c->b->diag, TSN_E1028, e->at, NULL, "ON finds the row of %s by columns of %s; %s is known only then", c->b->part->table->shape.name,
               c->b->part->raw->name, e->name.text);
  return NULL;
}

tsn_bx *tsn_bind_source_column(tsn_context *c, const tsn_expr *e)
{
  tsn_binder *b = c->b;
  const tsn_bpart *part = b->part;
  int column;
  bool both;
  if (!tsn_bind_names_source(b, &e->qualifier)) return NULL;
  column = find_raw(part, e, &both);
  if (both) {
    tsn_diag_add(b->diag, TSN_E1029, e->at,
                 tsn_arena_printf(b->arena, "write %s.%s or %s.%s", part->raw->name, e->name.text, part->table->shape.name, e->name.text),
                 "%s and %s both have a column %s", part->raw->name, part->table->shape.name, e->name.text);
    return NULL;
  }
  if (column < 0) {
    tsn_bind_unknown_column(b, reach_of(part, &e->qualifier).stream ? part->raw : &part->table->shape, &e->name, e->name.at);
    return NULL;
  }
  if (c->joining && (size_t)column >= tsn_raw_own(part)) return not_yet(c, e);
  return tsn_bind_raw_column(b, part, (size_t)column, e->at);
}

tsn_bx *tsn_bind_source_name(tsn_binder *b, tsn_span at)
{
  tsn_bx *x = tsn_bx_new(b, BX_CONST, TOCSIN_TEXT, at);
  if (!x) return NULL;
  x->text = b->part->raw->name;
  x->length = (uint32_t)strlen(x->text);
  return x;
}

/* ---- the shape ---- */

/* While parts are added: room for all columns that they could bring. */
typedef struct union_of {
  tsn_binder *b;
  tsn_bstream *shape;
  tocsin_stream_column *columns;
  size_t room;
  tsn_span *first_at; /* where each column appeared first */
} union_of;

static bool is_column(const union_of *u, size_t i, const char *name, bool exact)
{
  size_t length = strlen(name);
  return exact ? !strcmp(u->columns[i].name, name) : tsn_same_name(u->columns[i].name, strlen(u->columns[i].name), name, length);
}

/* The column of the shape that an item of this name gives; a new one where no part before had it. */
static size_t column_for(const union_of *u, const tsn_bpart *part, const char *name, bool *twice)
{
  size_t i, count = u->shape->column_count;
  *twice = true;
  for (i = 0; i < count; i++)
    if (part->values[i] && is_column(u, i, name, true)) return i;
  *twice = false;
  for (i = 0; i < count && !is_column(u, i, name, true); i++) continue;
  if (i == count)
    for (i = 0; i < count && (part->values[i] || !is_column(u, i, name, false)); i++) continue;
  return i;
}

static void add_item(union_of *u, tsn_bpart *part, const char *name, tsn_bx *value, tsn_span at)
{
  tsn_binder *b = u->b;
  bool twice;
  size_t i;
  tocsin_stream_column *c;
  if (!name || !value) return;
  i = column_for(u, part, name, &twice);
  if (twice) {
    tsn_diag_add(b->diag, TSN_E1025, at, "give one of them another name: AS name", "two items of this SELECT are called %s", name);
    return;
  }
  c = &u->columns[i];
  if (i == u->shape->column_count) {
    *c = (tocsin_stream_column){.name = name, .type = value->type};
    u->first_at[i] = at;
    u->shape->column_count++;
  } else if (c->type == TOCSIN_NULL) {
    c->type = value->type;
    u->first_at[i] = at;
  } else if (value->type != TOCSIN_NULL && value->type != c->type) {
    unsigned line, column;
    tsn_diag_place(b->text, b->diag->length, u->first_at[i].from, &line, &column);
    tsn_diag_add(b->diag, TSN_E1026, at, tsn_arena_printf(b->arena, "CAST(... AS %s) AS %s, or another name", tocsin_type_name(c->type), name),
                 "%s is %s here, but %s in line %u, column %u", name, tocsin_type_name(value->type), tocsin_type_name(c->type), line, column);
    return;
  }
  part->values[i] = value;
}

static size_t raw_count(const tsn_bpart *part) { return tsn_raw_own(part) + (part->table ? part->table->shape.column_count : 0); }

/* A name that the stream or the table itself has twice was found where it is declared. */
static bool is_repeated(const tsn_bpart *part, size_t column)
{
  size_t i = column < tsn_raw_own(part) ? 0 : tsn_raw_own(part);
  while (strcmp(raw_at(part, i)->name, raw_at(part, column)->name)) i++;
  return i < column;
}

static bool is_joined_key(const tsn_bpart *part, size_t column)
{
  size_t k;
  if (column < tsn_raw_own(part)) return false;
  for (k = 0; k < part->table->key_count; k++)
    if (part->table->keys[k] == column - tsn_raw_own(part)) return true;
  return false;
}

/* What * stands for: the columns of the stream, then those of the table, without its key unless a qualifier asks for
 * the table alone: the key is what ON says. */
static void add_all(union_of *u, tsn_bpart *part, const tsn_name *qualifier, tsn_span at)
{
  reach r = reach_of(part, qualifier);
  size_t i;
  for (i = 0; i < raw_count(part); i++) {
    if (i < tsn_raw_own(part) ? !r.stream : !r.table) continue;
    if (part->kind == PART_PATTERN && i == part->raw->column_count) continue; /* its output time */
    if (is_repeated(part, i) || (!qualifier->text && is_joined_key(part, i))) continue;
    add_item(u, part, raw_at(part, i)->name, tsn_bind_raw_column(u->b, part, i, at), at);
  }
}

static const char *item_name(union_of *u, const tsn_bpart *part, const tsn_item *item)
{
  tsn_binder *b = u->b;
  const tsn_expr *e = item->expr;
  int column;
  bool both;
  if (item->alias.text) return tsn_arena_text(b->arena, item->alias.text, item->alias.length);
  if (e->kind == EXPR_COLUMN) {
    column = find_raw(part, e, &both);
    return column >= 0 ? raw_at(part, (size_t)column)->name : NULL;
  }
  tsn_diag_add(b->diag, TSN_E1025, item->at, "write AS and a name behind it", "an item of a SELECT inside FROM needs a name");
  return NULL;
}

static void add_items(union_of *u, tsn_bpart *part, const tsn_item *item)
{
  for (; item; item = item->next) {
    tsn_context c = {.b = u->b, .place = PLACE_SOURCE};
    tsn_bx *value;
    if (item->expr->kind == EXPR_STAR) {
      if (tsn_bind_names_source(u->b, &item->expr->qualifier)) add_all(u, part, &item->expr->qualifier, item->at);
      continue;
    }
    value = tsn_bind_expr(&c, item->expr);
    add_item(u, part, item_name(u, part, item), value, item->at);
  }
}

static size_t columns_of(const tsn_bpart *part, const tsn_part *p)
{
  const tsn_item *item;
  size_t count = p->selects ? 0 : raw_count(part);
  for (item = p->items; item; item = item->next) count += item->expr->kind == EXPR_STAR ? raw_count(part) : 1;
  return count;
}

static bool find_sources(tsn_binder *b, const tsn_query *query)
{
  tsn_bound *q = b->query;
  const tsn_part *p;
  bool good = true;
  size_t count = 0;
  for (p = query->parts; p; p = p->next) count++;
  q->parts = tsn_arena_new_array(b->arena, tsn_bpart, count + 1);
  if (!q->parts) return false;
  for (p = query->parts; p; p = p->next) {
    tsn_bpart *part = &q->parts[q->part_count++];
    part->at = p->at;
    part->time_column = -1;
    good = find_source(b, p, part) && good;
    if (p->join.text) good = tsn_bind_find_table(b, &p->join, part) && good;
  }
  return good && q->part_count;
}

/* A column of which no part says the type. */
static void untyped(union_of *u)
{
  size_t i;
  for (i = 0; i < u->shape->column_count; i++)
    if (u->columns[i].type == TOCSIN_NULL)
      tsn_diag_add(u->b->diag, TSN_E1025, u->first_at[i], "CAST(NULL AS TEXT) has one", "%s is always NULL: it has no type", u->columns[i].name);
}

bool tsn_bind_source(tsn_binder *b, const tsn_query *query)
{
  tsn_bound *q = b->query;
  tsn_bstream *shape = tsn_arena_new(b->arena, tsn_bstream);
  union_of u = {.b = b, .shape = shape, .room = TSN_HIDDEN};
  const tsn_name nothing = {.text = NULL};
  const tsn_part *p;
  size_t i = 0, k;
  size_t errors = b->diag->errors;
  if (!shape || !find_sources(b, query) || tsn_arena_failed(b->arena)) return false; /* names may be missing */
  for (p = query->parts; p; p = p->next) u.room += columns_of(&q->parts[i++], p);
  u.columns = tsn_arena_new_array(b->arena, tocsin_stream_column, u.room);
  u.first_at = tsn_arena_new_array(b->arena, tsn_span, u.room);
  shape->needed = tsn_arena_new_array(b->arena, bool, u.room);
  if (!u.columns || !u.first_at || !shape->needed) return false;
  shape->columns = u.columns;
  shape->event_time = -1;
  shape->what = "stream";
  shape->name = q->part_count == 1 && !query->parts->selects ? q->parts->raw->name : "";
  shape->what = q->parts->raw->what;
  for (p = query->parts, i = 0; p; p = p->next, i++) {
    tsn_context c = {.b = b, .place = PLACE_SOURCE, .no_window = "WHERE"};
    b->part = &q->parts[i];
    b->part->values = tsn_arena_new_array(b->arena, tsn_bx *, u.room);
    if (!b->part->values) return false;
    if (b->part->table) tsn_bind_join(b, p, b->part);
    if (p->selects) add_items(&u, b->part, p->items);
    else add_all(&u, b->part, &nothing, p->at);
    if (p->where) b->part->where = tsn_bind_condition(&c, p->where, "WHERE");
  }
  untyped(&u);
  u.columns[shape->column_count + TSN_HIDDEN_STREAM] = (tocsin_stream_column){.name = "STREAM()", .type = TOCSIN_TEXT};
  u.columns[shape->column_count + TSN_HIDDEN_TIME] = (tocsin_stream_column){.name = "", .type = tsn_bind_time_type(&q->parts[0])};
  for (i = 0; i < q->part_count; i++) {
    b->part = &q->parts[i];
    for (k = 0; k < shape->column_count; k++) /* a bare NULL takes the type that others gave */
      if (b->part->values[k] && b->part->values[k]->type == TOCSIN_NULL) b->part->values[k] = NULL;
    b->part->values[shape->column_count + TSN_HIDDEN_STREAM] = tsn_bind_source_name(b, b->part->at);
  }
  b->part = NULL;
  b->shape = shape;
  q->shape = shape;
  return b->diag->errors == errors;
}

/* ---- what hosts need to bring ---- */

/* The streams behind a part. */
static void add_streams(tsn_binder *b, const tsn_bpart *part)
{
  bool *streams = b->query->streams;
  size_t i;
  if (part->kind == PART_STREAM) streams[part->index] = true;
  for (i = 0; part->kind == PART_PATTERN && i < b->bound->stream_count; i++)
    streams[i] = streams[i] || b->bound->patterns[part->index]->streams[i];
}

static void need(const tsn_bpart *part, const tsn_bx *x)
{
  const tsn_bx *arg;
  size_t count = tsn_raw_own(part);
  if (!x) return;
  if (x->kind == BX_COLUMN && x->index < count) part->raw->needed[x->index] = true;
  else if (x->kind == BX_COLUMN) part->table->shape.needed[x->index - count] = true;
  if (x->kind == BX_OVER) {
    need(part, x->agg->value);
    need(part, x->agg->value2);
    for (arg = x->over->keys; arg; arg = arg->next) need(part, arg);
  }
  for (arg = x->args; arg; arg = arg->next) need(part, arg);
  need(part, x->otherwise);
}

static bool is_of_table(const tsn_bx *x, const void *part)
{
  return x->kind == BX_COLUMN && x->index >= tsn_raw_own(part);
}

/* A join of which nothing is read is none: it neither repeats nor drops rows. */
static void need_table(tsn_binder *b, tsn_bpart *part)
{
  size_t k;
  part->joins = tsn_bx_any(part->where, is_of_table, part);
  for (k = 0; k < b->shape->column_count && !part->joins; k++) part->joins = b->shape->needed[k] && tsn_bx_any(part->values[k], is_of_table, part);
  for (k = 0; part->joins && k < part->table->key_count; k++) {
    part->table->shape.needed[part->table->keys[k]] = true;
    need(part, part->keys[k]);
  }
}

void tsn_bind_source_needs(tsn_binder *b)
{
  tsn_bound *q = b->query;
  size_t i, k;
  q->streams = tsn_arena_new_array(b->arena, bool, b->bound->stream_count + 1);
  if (!q->streams) return;
  for (i = 0; i < q->part_count; i++) {
    add_streams(b, &q->parts[i]);
    need(&q->parts[i], q->parts[i].where);
    for (k = 0; k < b->shape->column_count + TSN_HIDDEN; k++)
      if (b->shape->needed[k]) need(&q->parts[i], q->parts[i].values[k]);
    if (q->parts[i].table) need_table(b, &q->parts[i]);
  }
}
