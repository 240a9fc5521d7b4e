/* Tables and views of a connection: see module.h. */
#include "bindings/sqlite/module.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/declared.h"

#define SAMPLE 1000 /* rows that are looked at where a declaration says nothing */

static bool same(const char *a, const char *b)
{
  return tsn_same_name(a, strlen(a), b, strlen(b));
}

/* A statement over a text with names filled in; *rows is NULL where it does not compile. */
static int prepare(sqlite3 *db, sqlite3_stmt **rows, char *text)
{
  int st = text ? sqlite3_prepare_v2(db, text, -1, rows, NULL) : SQLITE_NOMEM;

  if (!text) *rows = NULL;
  sqlite3_free(text);
  return st;
}

/* --- finding --- */

/* Looks for a table or view in one schema; *is_table: it is no view and no virtual table. */
static int look(sqlite3 *db, const char *schema, const char *name, bool *found, bool *is_table)
{
  sqlite3_stmt *one;
  int st = prepare(db, &one,
                   sqlite3_mprintf("SELECT type, sql FROM \"%w\".sqlite_master WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')", schema));

  *found = false;
  if (st == SQLITE_OK) st = sqlite3_bind_text(one, 1, name, -1, SQLITE_STATIC);
  if (st == SQLITE_OK && (st = sqlite3_step(one)) == SQLITE_ROW) {
    const char *type = (const char *)sqlite3_column_text(one, 0), *sql = (const char *)sqlite3_column_text(one, 1);
    *found = true;
    *is_table = type && sql && same(type, "table") && !(strlen(sql) > 14 && tsn_same_name(sql, 14, "CREATE VIRTUAL", 14));
    st = SQLITE_DONE;
  }
  sqlite3_finalize(one);
  return st == SQLITE_DONE ? SQLITE_OK : st;
}

/* The schema that a name is in: `first`, then temp, main and the attached ones, as SQLite looks. NULL: none. */
static int find_schema(sqlite3 *db, tsn_arena *arena, const char *first, const char *name, const char **schema, bool *is_table)
{
  static const int order[] = { 1, 0 };
  bool found = false;
  int st = first ? look(db, first, name, &found, is_table) : SQLITE_OK;

  *schema = found ? first : NULL;
  for (int i = 0; st == SQLITE_OK && !found; i++) {
    const char *own = sqlite3_db_name(db, i < 2 ? order[i] : i);
    if (!own) break;
    st = look(db, own, name, &found, is_table);
    if (found) *schema = tsn_arena_text(arena, own, strlen(own));
  }
  return st;
}

static int no_table(sqlite3 *db, const char *name, char **error)
{
  sqlite3_stmt *all;
  const char *near = NULL;
  char *copy = NULL;
  unsigned least = 3;

  if (sqlite3_prepare_v2(db,
                         "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') UNION ALL SELECT name FROM sqlite_temp_master WHERE type IN ('table', 'view')",
                         -1, &all, NULL) == SQLITE_OK) {
    while (sqlite3_step(all) == SQLITE_ROW) {
      const char *other = (const char *)sqlite3_column_text(all, 0);
      unsigned distance = other ? tsn_name_distance(name, other, 2) : 3;
      if (distance >= least) continue;
      least = distance;
      sqlite3_free(copy);
      near = copy = sqlite3_mprintf("%s", other);
    }
  }
  sqlite3_finalize(all);
  if (near) tsn_sql_fail(error, SQLITE_NOTFOUND, "there is no table or view %s; did you mean %s?", name, near);
  else tsn_sql_fail(error, SQLITE_NOTFOUND, "there is no table or view %s", name);
  sqlite3_free(copy);
  return SQLITE_NOTFOUND;
}

/* The names and declared types of its columns. */
static int read_columns(tsn_arena *arena, sqlite3_stmt *rows, tsn_sql_table *out)
{
  out->column_count = (size_t)sqlite3_column_count(rows);
  out->columns = tsn_arena_new_array(arena, tsn_sql_column, out->column_count + 1);
  for (size_t i = 0; out->columns && i < out->column_count; i++) {
    const char *name = sqlite3_column_name(rows, (int)i), *declared = sqlite3_column_decltype(rows, (int)i);
    if (!name) return SQLITE_NOMEM;
    if (!declared) declared = "";
    out->columns[i].name = tsn_arena_text(arena, name, strlen(name));
    out->columns[i].declared = tsn_arena_text(arena, declared, strlen(declared));
  }
  return tsn_arena_failed(arena) == TOCSIN_OK ? SQLITE_OK : SQLITE_NOMEM;
}

/* A name of the rowid that no column has taken. */
static const char *rowid_name(sqlite3 *db, const tsn_sql_table *table)
{
  static const char *const names[] = { "rowid", "_rowid_", "oid" };

  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (tsn_sql_table_column(table, names[i])) continue;
    return sqlite3_table_column_metadata(db, table->schema, table->name, names[i], NULL, NULL, NULL, NULL, NULL) == SQLITE_OK ? names[i] : NULL;
  }
  return NULL;
}

int tsn_sql_table_find(sqlite3 *db, tsn_arena *arena, const char *schema, const char *name, tsn_sql_table *out, char **error)
{
  sqlite3_stmt *rows = NULL;
  bool is_table = false;
  int st;

  *out = (tsn_sql_table){ .name = tsn_arena_text(arena, name, strlen(name)) };
  st = find_schema(db, arena, schema, name, &out->schema, &is_table);
  if (st == SQLITE_OK && tsn_arena_failed(arena) != TOCSIN_OK) st = SQLITE_NOMEM;
  if (st == SQLITE_OK && !out->schema) return no_table(db, name, error);
  if (st == SQLITE_OK) st = prepare(db, &rows, sqlite3_mprintf("SELECT * FROM \"%w\".\"%w\"", out->schema, out->name));
  if (st == SQLITE_OK) st = read_columns(arena, rows, out);
  sqlite3_finalize(rows);
  if (st == SQLITE_OK) {
    out->rowid = is_table ? rowid_name(db, out) : NULL;
    return st;
  }
  return st == SQLITE_NOMEM ? st : tsn_sql_fail(error, st, "cannot read %s: %s", name, sqlite3_errmsg(db));
}

const tsn_sql_column *tsn_sql_table_column(const tsn_sql_table *table, const char *name)
{
  for (size_t i = 0; i < table->column_count; i++)
    if (same(table->columns[i].name, name)) return &table->columns[i];
  return NULL;
}

/* --- types --- */

/* What the first values of a column are: how many of each of SQLite's types, and one of its texts. */
typedef struct look_at {
  int64_t whole, real, text;
  bool is_time; /* the first text is one */
} look_at;

static int sample(sqlite3 *db, const tsn_sql_table *table, const tsn_sql_column *column, look_at *seen)
{
  sqlite3_stmt *rows;
  int st = prepare(db, &rows, sqlite3_mprintf("SELECT \"%w\" FROM \"%w\".\"%w\" LIMIT %d", column->name, table->schema, table->name, SAMPLE));

  *seen = (look_at){ 0 };
  while (st == SQLITE_OK || st == SQLITE_ROW) {
    st = sqlite3_step(rows);
    if (st != SQLITE_ROW) break;
    switch (sqlite3_column_type(rows, 0)) {
    case SQLITE_INTEGER:
      seen->whole++;
      break;
    case SQLITE_FLOAT:
      seen->real++;
      break;
    case SQLITE_TEXT:
      if (seen->text++ == 0) {
        const char *text = (const char *)sqlite3_column_text(rows, 0);
        int64_t time;
        seen->is_time = text && tsn_time_parse(text, strlen(text), &time);
      }
      break;
    default:
      break;
    }
  }
  sqlite3_finalize(rows);
  return st == SQLITE_DONE ? SQLITE_OK : st;
}

/* A text by which rows are ordered is a time where it looks like one, as SQLite has no type for times; so is one
 * that is still to come. */
static int settle(sqlite3 *db, const tsn_sql_table *table, tsn_sql_column *column, bool orders, tocsin_unit unit)
{
  look_at seen;
  int st;

  column->type = tsn_declared_type(column->declared);
  if (column->type == TOCSIN_NULL || (orders && column->type == TOCSIN_TEXT)) {
    st = sample(db, table, column, &seen);
    if (st != SQLITE_OK) return st;
    if (column->type == TOCSIN_NULL) column->type = seen.text ? TOCSIN_TEXT : seen.real ? TOCSIN_DOUBLE : seen.whole ? TOCSIN_BIGINT
      : TOCSIN_TEXT;
    if (orders && column->type == TOCSIN_TEXT && (seen.is_time || !(seen.text + seen.whole + seen.real))) column->type = TOCSIN_TIMESTAMP;
  }
  if (orders && unit != TOCSIN_UNIT_NONE && (column->type == TOCSIN_BIGINT || column->type == TOCSIN_DOUBLE)) column->type = TOCSIN_TIMESTAMP;
  column->unit = column->type == TOCSIN_TIMESTAMP ? unit : TOCSIN_UNIT_NONE;
  return SQLITE_OK;
}

int tsn_sql_table_types(sqlite3 *db, tsn_sql_table *table, tocsin_unit unit, char **error)
{
  for (size_t i = 0; i < table->column_count; i++) {
    tsn_sql_column *column = &table->columns[i];
    int st = settle(db, table, column, table->time && same(table->time, column->name), unit);
    if (st != SQLITE_OK) return st == SQLITE_NOMEM ? st : tsn_sql_fail(error, st, "cannot read %s: %s", table->name, sqlite3_errmsg(db));
  }
  return SQLITE_OK;
}

/* --- equality ---
 *
 * Affinity turns what is compared with a column into the column's kind, so that equal values of the engine are
 * equal there too, if the kind is right. In a column without one 5 is not '5', though both read as the text 5. */

static bool has_word(const char *text, const char *word)
{
  size_t length = strlen(word);

  for (; *text; text++)
    if (strlen(text) >= length && tsn_same_name(text, length, word, length)) return true;
  return false;
}

bool tsn_sql_finds(const char *declared, tocsin_type type)
{
  bool whole = has_word(declared, "INT");
  bool text = !whole && (has_word(declared, "CHAR") || has_word(declared, "CLOB") || has_word(declared, "TEXT"));
  bool none = !*declared || (!whole && !text && has_word(declared, "BLOB"));

  if (none) return false;
  return type == TOCSIN_TEXT || (!text && (type == TOCSIN_BIGINT || type == TOCSIN_DOUBLE));
}
