/* Tables: static data that the host loads, and joins of a part of FROM with one
 * (language page, section 3).
 *
 * The raw row of a part that joins is widened: behind the columns of its stream stand
 * those of the table, of the row whose primary key ON gives, NULL where there is none.
 * As a key stands for one row at most, a join neither repeats nor drops rows. */
#include <string.h>

#include "base/text.h"
#include "bind/binder.h"

/* ---- CREATE TABLE ---- */

static int find_table(const tsn_bound_script *s, const tsn_name *name)
{
  size_t i;
  for (i = 0; i < s->table_count; i++)
    if (tsn_column_same(name, s->tables[i].shape.name)) return (int)i;
  return -1;
}

bool tsn_bind_is_table(const tsn_bound_script *s, const tsn_name *name) { return find_table(s, name) >= 0; }

static void add_key(tsn_binder *b, tsn_btable *t, const tsn_name *name, tsn_span at)
{
  int column = tsn_bind_find_column(&t->shape, name);
  size_t i;
  if (column < 0) {
    tsn_bind_unknown_column(b, &t->shape, name, at);
    t->shape.broken = true;
    return;
  }
  for (i = 0; i < t->key_count; i++)
    if (t->keys[i] == (uint32_t)column) {
      tsn_diag_add(b->diag, TSN_E1018, at, NULL, "PRIMARY KEY names %s twice", name->text);
      return;
    }
  t->keys[t->key_count++] = (uint32_t)column;
}

/* PRIMARY KEY behind one column, or as an element of its own with one or several. */
static void bind_key(tsn_binder *b, const tsn_statement *s, tsn_btable *t)
{
  const tsn_column_decl *c, *first = NULL;
  const tsn_expr *e;
  for (c = s->columns; c; c = c->next) {
    if (!c->primary_key) continue;
    if (first || s->primary_key) {
      tsn_diag_add(b->diag, TSN_E1027, c->at, "PRIMARY KEY (column, ...) takes several", "table %s has two primary keys", t->shape.name);
      t->shape.broken = true;
      return;
    }
    first = c;
  }
  if (first) add_key(b, t, &first->name, first->at);
  for (e = s->primary_key; e; e = e->next) add_key(b, t, &e->name, e->at);
  if (t->key_count || t->shape.broken) return;
  tsn_diag_add(b->diag, TSN_E1027, s->at, "PRIMARY KEY (column, ...): by it rows are found", "table %s has no primary key", t->shape.name);
  t->shape.broken = true;
}

void tsn_bind_declare_table(tsn_binder *b, const tsn_statement *s)
{
  tsn_btable *t = &b->bound->tables[b->bound->table_count];
  size_t count = 0;
  const tsn_column_decl *c;
  if (!s->name.text) return;
  if (find_table(b->bound, &s->name) >= 0) {
    tsn_diag_add(b->diag, TSN_E1018, s->name.at, NULL, "table %s is declared twice", s->name.text);
    return;
  }
  if (tsn_bind_find_stream(b->bound, &s->name) >= 0)
    tsn_diag_add(b->diag, TSN_E1018, s->name.at, NULL, "%s is a stream and a table", s->name.text);
  if (!tsn_bind_declare_columns(b, s, "table", &t->shape)) return;
  for (c = s->columns; c; c = c->next) count++;
  t->keys = tsn_arena_new_array(b->arena, uint32_t, count + 1);
  if (!t->keys) return;
  b->bound->table_count++;
  if (!t->shape.broken) bind_key(b, s, t);
}

/* ---- LEFT JOIN ... ON ---- */

/* The column of the table that an expression is; -1: it is none. Without a qualifier it is one if the stream has none
 * of the name. */
static int table_column(const tsn_bpart *part, const tsn_expr *e)
{
  if (e->kind != EXPR_COLUMN) return -1;
  if (e->qualifier.text && !tsn_column_same(&e->qualifier, part->table->shape.name)) return -1;
  if (!e->qualifier.text && tsn_bind_find_column(part->raw, &e->name) >= 0) return -1;
  return tsn_bind_find_column(&part->table->shape, &e->name);
}

static int key_place(const tsn_btable *t, int column)
{
  size_t i;
  for (i = 0; i < t->key_count; i++)
    if (t->keys[i] == (uint32_t)column) return (int)i;
  return -1;
}

static const char *example(tsn_binder *b, const tsn_btable *t, size_t key)
{
  return tsn_arena_printf(b->arena, "%s.%s = a column of the stream", t->shape.name, t->shape.columns[t->keys[key]].name);
}

/* The value of a key column; constants may take its type, all else has it. */
static tsn_bx *key_value(tsn_binder *b, const tsn_bpart *part, const tsn_expr *e, int column)
{
  tsn_context c = {.b = b, .place = PLACE_SOURCE, .joining = true};
  const tocsin_stream_column *key = &part->table->shape.columns[column];
  tsn_bx *x = tsn_bind_expr(&c, e), *y;
  if (!x || x->type == key->type) return x;
  y = x->kind == BX_CONST || x->type == TOCSIN_NULL ? tsn_bind_coerce(b, x, key->type) : NULL;
  if (y) return y;
  tsn_diag_add(b->diag, TSN_E1006, e->at, tsn_arena_printf(b->arena, "CAST(... AS %s)", tocsin_type_name(key->type)),
               "%s.%s is %s, but this is %s", part->table->shape.name, key->name, tocsin_type_name(key->type), tocsin_type_name(x->type));
  return NULL;
}

static bool bind_equality(tsn_binder *b, tsn_bpart *part, const tsn_expr *e)
{
  const tsn_btable *t = part->table;
  const tsn_expr *key = e->args, *value = NULL;
  int column = -1, place;
  if (e->kind == EXPR_BINARY && e->op == TSN_OP_EQ) {
    value = key->next;
    column = table_column(part, key);
    if (column < 0) {
      key = value;
      value = e->args;
      column = table_column(part, key);
    }
  }
  if (column < 0) {
    tsn_diag_add(b->diag, TSN_E1028, e->at, example(b, t, 0), "ON gives each column of the key of %s its value, joined by AND", t->shape.name);
    return false;
  }
  place = key_place(t, column);
  if (place < 0) {
    tsn_diag_add(b->diag, TSN_E1028, key->at, "conditions on other columns stand in WHERE", "%s is no column of the key of %s", key->name.text,
                 t->shape.name);
    return false;
  }
  if (part->keys[place]) {
    tsn_diag_add(b->diag, TSN_E1028, key->at, NULL, "ON gives %s.%s two values", t->shape.name, key->name.text);
    return false;
  }
  part->keys[place] = key_value(b, part, value, column);
  return part->keys[place] != NULL;
}

/* ON, all of it: an equality, or several joined by AND. */
static bool bind_on(tsn_binder *b, tsn_bpart *part, const tsn_expr *on)
{
  const tsn_expr *e;
  bool good = true;
  if (on->kind != EXPR_BINARY || on->op != TSN_OP_AND) return bind_equality(b, part, on);
  for (e = on->args; e; e = e->next) good = bind_on(b, part, e) && good;
  return good;
}

void tsn_bind_join(tsn_binder *b, const tsn_part *p, tsn_bpart *part)
{
  size_t i;
  part->keys = tsn_arena_new_array(b->arena, tsn_bx *, part->table->key_count + 1);
  if (!part->keys || !p->on || !bind_on(b, part, p->on)) return;
  for (i = 0; i < part->table->key_count; i++)
    if (!part->keys[i])
      tsn_diag_add(b->diag, TSN_E1028, p->on->at, tsn_arena_printf(b->arena, "add AND %s", example(b, part->table, i)),
                   "ON gives no value to %s.%s, which is in the key", part->table->shape.name,
                   part->table->shape.columns[part->table->keys[i]].name);
}

bool tsn_bind_find_table(tsn_binder *b, const tsn_name *name, tsn_bpart *part)
{
  const tsn_bound_script *s = b->bound;
  const char **names, *near;
  int at = find_table(s, name);
  size_t i;
  if (at >= 0) {
    part->table = &b->bound->tables[at];
    part->table_index = (uint32_t)at;
    return !part->table->shape.broken;
  }
  names = tsn_arena_new_array(b->arena, const char *, s->table_count + 1);
  if (!names) return false;
  for (i = 0; i < s->table_count; i++) names[i] = s->tables[i].shape.name;
  near = tsn_diag_nearest(name->text, names, s->table_count);
  tsn_diag_add(b->diag, TSN_E1003, name->at,
               near                                      ? tsn_arena_printf(b->arena, "did you mean %s?", near)
               : tsn_bind_find_stream(s, name) >= 0 ? "a stream cannot be joined; UNION ALL BY NAME merges two"
                                                         : tsn_arena_printf(b->arena, "declare it: CREATE TABLE %s ( column TYPE, ..., PRIMARY KEY (column) )",
                                                                            name->text),
               "there is no table %s", name->text);
  return false;
}
