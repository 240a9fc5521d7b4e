/* Tables and triggers beside a live table: see module.h. */
#include "bindings/sqlite/module.h"

#include <string.h>

#include "base/text.h"

static const char *const tables[] = { "config", "log", "matches" };

int tsn_sql_shadow_is(const char *name)
{
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    if (tsn_same_name(name, strlen(name), tables[i], strlen(tables[i]))) return 1;
  return 0;
}

int tsn_sql_shadow_run(const tsn_sql_shadow *s, char *statements, char **error)
{
  char *message = NULL;
  int st = statements ? sqlite3_exec(s->db, statements, NULL, NULL, &message) : SQLITE_NOMEM;

  sqlite3_free(statements);
  if (st != SQLITE_OK && st != SQLITE_NOMEM) tsn_sql_fail(error, st, "%s: %s", s->name, message ? message : sqlite3_errstr(st));
  sqlite3_free(message);
  return st;
}

int tsn_sql_shadow_create(const tsn_sql_shadow *s, char **error)
{
  sqlite3_str *out = sqlite3_str_new(s->db);

  sqlite3_str_appendf(out, "CREATE TABLE \"%w\".\"%w_config\" (k TEXT PRIMARY KEY, v) WITHOUT ROWID;", s->schema, s->name);
  sqlite3_str_appendf(out,
                      "CREATE TABLE \"%w\".\"%w_log\" (id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, row INTEGER NOT NULL, mark INTEGER);", s->schema, s->name);
  sqlite3_str_appendf(out, "CREATE TABLE %s\"%w\".\"%w\" (", s->into ? "IF NOT EXISTS " : "", s->schema, s->matches);
  for (size_t i = 0; i < s->column_count; i++) sqlite3_str_appendf(out, "%s\"%w\" %s", i ? ", " : "", s->columns[i].name, s->columns[i].type);
  sqlite3_str_appendall(out, ");");
  return tsn_sql_shadow_run(s, sqlite3_str_finish(out), error);
}

/* The triggers that there are: DROP TRIGGER for each. */
static int drop_triggers(const tsn_sql_shadow *s, sqlite3_str *out)
{
  static const char *const kinds[] = { "insert", "update", "delete" };
  sqlite3_stmt *all;
  char *text = sqlite3_mprintf("SELECT name FROM \"%w\".sqlite_master WHERE type = 'trigger'", s->schema);
  int st = text ? sqlite3_prepare_v2(s->db, text, -1, &all, NULL) : SQLITE_NOMEM;

  sqlite3_free(text);
  while (st == SQLITE_OK && (st = sqlite3_step(all)) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(all, 0);
    st = SQLITE_OK;
    for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++) {
      char *own = sqlite3_mprintf("%s_%s_", s->name, kinds[i]);
      size_t length = own ? strlen(own) : 0;
      int64_t number;
      if (!own) st = SQLITE_NOMEM;
      else if (!strncmp(name, own, length) && tsn_parse_int64(name + length, strlen(name + length), &number))
        sqlite3_str_appendf(out, "DROP TRIGGER \"%w\".\"%w\";", s->schema, name);
      sqlite3_free(own);
    }
  }
  if (st == SQLITE_DONE || st == SQLITE_OK) st = SQLITE_OK;
  sqlite3_finalize(all);
  return st;
}

int tsn_sql_shadow_drop(const tsn_sql_shadow *s, char **error)
{
  sqlite3_str *out = sqlite3_str_new(s->db);
  int st = drop_triggers(s, out);

  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    sqlite3_str_appendf(out, "DROP TABLE IF EXISTS \"%w\".\"%w_%s\";", s->schema, s->name, tables[i]);
  if (st == SQLITE_OK) return tsn_sql_shadow_run(s, sqlite3_str_finish(out), error);
  sqlite3_free(sqlite3_str_finish(out));
  return st;
}

int tsn_sql_shadow_rename(const tsn_sql_shadow *s, const char *name, char **error)
{
  sqlite3_str *out = sqlite3_str_new(s->db);
  int st = drop_triggers(s, out);

  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    if (!s->into || strcmp(tables[i], "matches") != 0)
      sqlite3_str_appendf(out, "ALTER TABLE \"%w\".\"%w_%s\" RENAME TO \"%w_%s\";", s->schema, s->name, tables[i], name, tables[i]);
  if (st == SQLITE_OK) return tsn_sql_shadow_run(s, sqlite3_str_finish(out), error);
  sqlite3_free(sqlite3_str_finish(out));
  return st;
}

int tsn_sql_shadow_watch(const tsn_sql_shadow *s, size_t stream, const tsn_sql_input *in, char **error)
{
  bool temporary = tsn_same_name(s->schema, strlen(s->schema), "temp", 4);
  sqlite3_str *out = sqlite3_str_new(s->db);
  char *on = temporary ? sqlite3_mprintf("\"%w\".\"%w\"", in->table.schema, in->table.name) : sqlite3_mprintf("\"%w\"", in->table.name);

  if (!temporary && strcmp(in->table.schema, s->schema) != 0) {
    sqlite3_free(on);
    sqlite3_free(sqlite3_str_finish(out));
    return tsn_sql_fail(error, SQLITE_ERROR, "%s: a live table reads tables of its own schema; %s is in %s", s->name, in->name,
                        in->table.schema);
  }
  if (!on) {
    sqlite3_free(sqlite3_str_finish(out));
    return SQLITE_NOMEM;
  }
  sqlite3_str_appendf(out,
                      "CREATE TRIGGER \"%w\".\"%w_insert_%d\" AFTER INSERT ON %s BEGIN INSERT INTO \"%w\"(tocsin_stream, tocsin_row",
                        s->schema, s->name,
                      (int)stream, on, s->name);
  for (size_t i = 0; i < in->read_count; i++) sqlite3_str_appendf(out, ", tocsin_%d", (int)i);
  sqlite3_str_appendf(out, ") VALUES (%d, NEW.%s", (int)stream, in->table.rowid);
  tsn_sql_input_columns(in, out, ", NEW.");
  sqlite3_str_appendall(out, "); END;");
  sqlite3_str_appendf(out,
                      "CREATE TRIGGER \"%w\".\"%w_update_%d\" BEFORE UPDATE ON %s BEGIN SELECT RAISE(ABORT, '%q has matched the rows of %q: they cannot be changed'); END;",
                      s->schema, s->name, (int)stream, on, s->name, in->name);
  sqlite3_str_appendf(out,
                      "CREATE TRIGGER \"%w\".\"%w_delete_%d\" BEFORE DELETE ON %s BEGIN SELECT RAISE(ABORT, '%q has matched the rows of %q: they cannot be deleted'); END;",
                      s->schema, s->name, (int)stream, on, s->name, in->name);
  sqlite3_free(on);
  return tsn_sql_shadow_run(s, sqlite3_str_finish(out), error);
}
