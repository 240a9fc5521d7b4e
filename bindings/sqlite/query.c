/* tocsin_query(text [, options]): the matches of a text as rows of fixed columns: see module.h. */
#include "bindings/sqlite/module.h"

#include <string.h>

#include "io/writer.h"

enum { COLUMN_PATTERN, COLUMN_ID, COLUMN_STATUS, COLUMN_START, COLUMN_END, COLUMN_KEY, COLUMN_ROW, COLUMN_TEXT, COLUMN_OPTIONS };

#define DECLARATION "CREATE TABLE x(pattern TEXT, match_id TEXT, status TEXT, start DATETIME, \"end\" DATETIME, key JSON, row JSON, text HIDDEN, options HIDDEN)"

typedef struct table {
  sqlite3_vtab base;
  tsn_sql_connection *connection;
} table;

/* The columns of a pattern that make a JSON object. */
typedef struct object {
  tsn_writer_pattern pattern;
  tsn_writer *writer;
} object;

typedef struct cursor {
  tsn_sql_cursor rows;
  tsn_sql_text text;
  bool opened;
  unsigned details;
  tsn_sql_places *places; /* by pattern */
  object *objects, *keys; /* by pattern, too */
  size_t pattern_count;
  tsn_bytes json;
} cursor;

static int connect(sqlite3 *db, void *connection, int argc, const char *const *argv, sqlite3_vtab **out, char **error)
{
  table *t;
  int st = sqlite3_declare_vtab(db, DECLARATION);

  (void)argc, (void)argv, (void)error;
  if (st != SQLITE_OK) return st;
  sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY); /* it reads whatever the text names */
  t = sqlite3_malloc64(sizeof *t);
  if (!t) return SQLITE_NOMEM;
  memset(t, 0, sizeof *t);
  t->connection = connection;
  *out = &t->base;
  return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *base)
{
  sqlite3_free(base);
  return SQLITE_OK;
}

/* idxNum: the details of the columns that are read, and whether there are options. */
#define PLAN_OPTIONS 0x100

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
  static const struct { int column; unsigned detail; } details[] = {
    { COLUMN_ID, TOCSIN_DETAIL_ID },   { COLUMN_STATUS, TOCSIN_DETAIL_STATUS }, { COLUMN_START, TOCSIN_DETAIL_START },
    { COLUMN_END, TOCSIN_DETAIL_END }, { COLUMN_KEY, TOCSIN_DETAIL_KEY },
  };
  int text = -1, options = -1;

  for (int i = 0; i < info->nConstraint; i++) {
    const struct sqlite3_index_constraint *c = &info->aConstraint[i];
    if (c->op != SQLITE_INDEX_CONSTRAINT_EQ || (c->iColumn != COLUMN_TEXT && c->iColumn != COLUMN_OPTIONS)) continue;
    if (!c->usable) return SQLITE_CONSTRAINT;
    *(c->iColumn == COLUMN_TEXT ? &text : &options) = i;
  }
  if (text < 0) return tsn_sql_tell_table(base, SQLITE_ERROR, sqlite3_mprintf("write tocsin_query('SELECT ... MATCH_RECOGNIZE (...)')"));
  info->aConstraintUsage[text].argvIndex = 1;
  info->aConstraintUsage[text].omit = 1;
  if (options >= 0) {
    info->aConstraintUsage[options].argvIndex = 2;
    info->aConstraintUsage[options].omit = 1;
    info->idxNum |= PLAN_OPTIONS;
  }
  for (size_t i = 0; i < sizeof details / sizeof *details; i++)
    if (info->colUsed >> details[i].column & 1) info->idxNum |= (int)details[i].detail;
  info->estimatedCost = 1e6;
  info->estimatedRows = 10000;
  if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn < 0 && !info->aOrderBy[0].desc) info->orderByConsumed = 1;
  return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
  (void)base;
  return tsn_sql_cursor_new(sizeof(cursor), out);
}

static void clear(cursor *c)
{
  if (!c->opened) return;
  for (size_t i = 0; c->objects && i < c->pattern_count; i++) tsn_writer_free(c->objects[i].writer);
  for (size_t i = 0; c->keys && i < c->pattern_count; i++) tsn_writer_free(c->keys[i].writer);
  c->objects = c->keys = NULL;
  tsn_bytes_clear(&c->json);
  tsn_sql_scan_close(&c->rows.scan);
  tsn_sql_text_clear(&c->text);
  c->opened = false;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
  clear((cursor *)base);
  sqlite3_free(base);
  return SQLITE_OK;
}

/* --- JSON objects --- */

static int open_object(cursor *c, object *o, size_t pattern, size_t first, size_t count)
{
  tsn_writer_column *columns = tsn_arena_new_array(&c->text.arena, tsn_writer_column, count + 1);
  tsn_writer_options options = { .pattern_column = false };

  if (!columns) return SQLITE_NOMEM;
  for (size_t i = 0; i < count; i++) {
    tocsin_column_info info = tocsin_program_output_column(c->rows.scan.program, pattern, first + i);
    columns[i] = (tsn_writer_column){ info.name, info.type };
  }
  o->pattern = (tsn_writer_pattern){ .name = "", .column_count = count, .columns = columns };
  return tsn_writer_new(&c->text.alloc, TSN_OUTPUT_JSONL, &o->pattern, 1, &options, &o->writer) == TOCSIN_OK ? SQLITE_OK : SQLITE_NOMEM;
}

static int open_objects(cursor *c)
{
  int st = SQLITE_OK;

  c->pattern_count = tocsin_program_pattern_count(c->rows.scan.program);
  c->places = tsn_arena_new_array(&c->text.arena, tsn_sql_places, c->pattern_count + 1);
  c->objects = tsn_arena_new_array(&c->text.arena, object, c->pattern_count + 1);
  c->keys = tsn_arena_new_array(&c->text.arena, object, c->pattern_count + 1);
  if (!c->places || !c->objects || !c->keys) return SQLITE_NOMEM;
  for (size_t i = 0; i < c->pattern_count && st == SQLITE_OK; i++) {
    tsn_sql_places *p = &c->places[i];
    *p = tsn_sql_places_of(c->rows.scan.program, i, c->details);
    st = open_object(c, &c->objects[i], i, 0, p->selected);
    if (st == SQLITE_OK) st = open_object(c, &c->keys[i], i, p->key, p->key_count);
  }
  return st;
}

#define JSON_SUBTYPE 74

static int give_object(cursor *c, sqlite3_context *context, object *o, size_t first)
{
  tsn_bytes_reset(&c->json);
  if (tsn_writer_row(o->writer, 0, c->rows.scan.match.values + first, o->pattern.column_count, &c->json) != TOCSIN_OK) return SQLITE_NOMEM;
  sqlite3_result_text64(context, c->json.data, c->json.length - 1, SQLITE_TRANSIENT, SQLITE_UTF8); /* without its newline */
  sqlite3_result_subtype(context, JSON_SUBTYPE);
  return SQLITE_OK;
}

/* --- rows --- */

static int open_text(cursor *c, int argc, sqlite3_value **argv, int plan, char **error)
{
  const char *text = (const char *)sqlite3_value_text(argv[0]), *options = NULL;
  int st = SQLITE_OK;

  if (!text) return sqlite3_value_type(argv[0]) == SQLITE_NULL ? tsn_sql_fail(error, SQLITE_ERROR, "tocsin_query: the text is NULL")
    : SQLITE_NOMEM;
  if (plan & PLAN_OPTIONS && argc > 1) options = (const char *)sqlite3_value_text(argv[1]);
  if (options) st = tsn_sql_settings_json(&c->text.settings, c->text.db, options, error);
  if (st == SQLITE_OK && (c->text.settings.live || c->text.settings.into))
    st = tsn_sql_fail(error, SQLITE_ERROR, "tocsin_query: mode and into are for CREATE VIRTUAL TABLE ... USING tocsin(...)");
  if (st == SQLITE_OK) st = tsn_sql_text_open(&c->text, text, (size_t)sqlite3_value_bytes(argv[0]), false, error);
  if (st == SQLITE_OK) st = tsn_sql_scan_open(&c->rows.scan, &c->text, &(tsn_sql_request){ .details = c->details }, error);
  return st == SQLITE_OK ? open_objects(c) : st;
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *unused, int argc, sqlite3_value **argv)
{
  cursor *c = (cursor *)base;
  char *error = NULL;
  int st;

  (void)unused;
  clear(c);
  c->opened = true;
  c->rows.row = 0;
  c->details = (unsigned)plan & ~(unsigned)PLAN_OPTIONS;
  tsn_sql_text_init(&c->text, ((table *)base->pVtab)->connection, "tocsin_query", NULL);
  tsn_bytes_init(&c->json, &c->text.alloc, 0);
  st = open_text(c, argc, argv, plan, &error);
  return st == SQLITE_OK ? tsn_sql_cursor_next(base) : tsn_sql_tell_table(base->pVtab, st, error);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int at)
{
  cursor *c = (cursor *)base;
  const tocsin_match *m = &c->rows.scan.match;
  const tsn_sql_places *p = &c->places[m->pattern];
  size_t place = SIZE_MAX;

  switch (at) {
  case COLUMN_PATTERN:
    sqlite3_result_text(context, tocsin_program_pattern(c->rows.scan.program, m->pattern).name, -1, SQLITE_TRANSIENT);
    return SQLITE_OK;
  case COLUMN_KEY:
    return give_object(c, context, &c->keys[m->pattern], p->key);
  case COLUMN_ROW:
    return give_object(c, context, &c->objects[m->pattern], 0);
  case COLUMN_ID:
    place = p->id;
    break;
  case COLUMN_STATUS:
    place = p->status;
    break;
  case COLUMN_START:
    place = p->start;
    break;
  case COLUMN_END:
    place = p->end;
    break;
  default:
    break;
  }
  if (place < m->value_count) tsn_sql_result(context, &m->values[place]);
  return SQLITE_OK;
}

const sqlite3_module tsn_sql_query_module = {
  .xConnect = connect, /* without xCreate it is there without CREATE, and only so */
  .xBestIndex = best_index,
  .xDisconnect = disconnect,
  .xOpen = open_cursor,
  .xClose = close_cursor,
  .xFilter = filter,
  .xNext = tsn_sql_cursor_next,
  .xEof = tsn_sql_cursor_eof,
  .xColumn = column,
  .xRowid = tsn_sql_cursor_rowid,
};
