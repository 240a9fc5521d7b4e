/* The entry of the loadable module: see module.h. */
#define TSN_SQLITE_ENTRY
#include "bindings/sqlite/module.h"

#include <string.h>

#include "base/bytes.h"
#include "io/writer.h"

SQLITE_EXTENSION_INIT1

#define NEEDED 3038000 /* lists of IN as a whole */

static void give_version(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  (void)count, (void)arguments;
  sqlite3_result_text(context, tocsin_version(), -1, SQLITE_TRANSIENT);
}

/* --- tocsin_check(text [, options]), tocsin_explain(text [, options]) --- */

/* Opens the text of a call; messages begin with `name`. */
static int open_text(tsn_sql_text *t, sqlite3_context *context, const char *name, int count, sqlite3_value **arguments, char **error)
{
  tsn_sql_connection *connection = sqlite3_user_data(context);
  sqlite3 *db = connection->db;
  const char *text = (const char *)sqlite3_value_text(arguments[0]);
  const char *options = count > 1 ? (const char *)sqlite3_value_text(arguments[1]) : NULL;
  int st = SQLITE_OK;

  tsn_sql_text_init(t, connection, name, NULL);
  if (!text) return sqlite3_value_type(arguments[0]) == SQLITE_NULL ? tsn_sql_fail(error, SQLITE_ERROR, "%s: the text is NULL", name)
    : SQLITE_NOMEM;
  if (options) st = tsn_sql_settings_json(&t->settings, db, options, error);
  return st == SQLITE_OK ? tsn_sql_text_open(t, text, (size_t)sqlite3_value_bytes(arguments[0]), false, error) : st;
}

static void put_member(tsn_bytes *out, const char *name, const char *text)
{
  tsn_bytes_printf(out, ",\"%s\":", name);
  tsn_write_json_text(out, text, strlen(text));
}

/* A finding as a JSON object. */
static void put_finding(tsn_bytes *out, const tocsin_diagnostic *d)
{
  static const char *const names[] = { "error", "warning", "note" };

  tsn_bytes_printf(out, "%s{\"severity\":\"%s\"", out->length > 1 ? "," : "", names[d->severity]);
  put_member(out, "code", d->code);
  put_member(out, "message", d->message);
  if (*d->hint) put_member(out, "hint", d->hint);
  tsn_bytes_printf(out, ",\"line\":%u,\"column\":%u,\"offset\":%lu,\"length\":%lu}", d->line, d->column, (unsigned long)d->offset,
                   (unsigned long)d->length);
}

static void check(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  tocsin_diagnostics *list = NULL;
  tsn_sql_text t;
  tsn_bytes out;
  char *error = NULL;
  int st = open_text(&t, context, "tocsin_check", count, arguments, &error);

  if (st == SQLITE_OK || (st != SQLITE_NOMEM && t.text)) {
    /* Findings instead of an error; what no finding tells, as that a table is not there, is one. */
    tsn_bytes_init(&out, &t.alloc, 0);
    tsn_bytes_char(&out, '[');
    st = tsn_sql_text_findings(&t, &list);
    for (size_t i = 0; i < tocsin_diagnostics_count(list); i++) put_finding(&out, tocsin_diagnostics_get(list, i));
    tocsin_diagnostics_free(list);
    tsn_bytes_char(&out, ']');
    if (out.failed != TOCSIN_OK) st = SQLITE_NOMEM;
    if (st == SQLITE_OK) {
      sqlite3_result_text64(context, out.data, out.length, SQLITE_TRANSIENT, SQLITE_UTF8);
      sqlite3_result_subtype(context, 'J');
    }
    tsn_bytes_clear(&out);
  }
  tsn_sql_text_clear(&t);
  if (st != SQLITE_OK) tsn_sql_tell_function(context, st, error);
  else sqlite3_free(error);
}

static void explain(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  const tocsin_program *program;
  tsn_sql_text t;
  char *error = NULL, *text = NULL;
  size_t length = 0;
  int st = open_text(&t, context, "tocsin_explain", count, arguments, &error);

  if (st == SQLITE_OK) st = tsn_sql_text_program(&t, 0, &program, &error);
  if (st == SQLITE_OK) st = tsn_sql_code(tocsin_explain(program, &tsn_sql_memory, &text, &length));
  if (st == SQLITE_OK) sqlite3_result_text64(context, text, length, SQLITE_TRANSIENT, SQLITE_UTF8);
  tocsin_text_free(&tsn_sql_memory, text, length);
  tsn_sql_text_clear(&t);
  if (st != SQLITE_OK) tsn_sql_tell_function(context, st, error);
}

/* --- tocsin_define(text [, options]) --- */

/* CREATE VIRTUAL TABLE for one pattern of a text; its options go along. */
static int define_one(sqlite3 *db, const char *schema, const char *name, const char *text, const char *options, char **error)
{
  sqlite3_str *out = sqlite3_str_new(db);
  sqlite3_stmt *members = NULL;
  int st = SQLITE_OK;
  char *statement;

  sqlite3_str_appendf(out, "CREATE VIRTUAL TABLE \"%w\".\"%w\" USING tocsin('%q', pattern='%q'", schema, name, text, name);
  if (options) st = sqlite3_prepare_v2(db, "SELECT key, value FROM json_each(?1) WHERE key NOT IN ('schema', 'pattern')", -1, &members, NULL);
  if (st == SQLITE_OK && members) st = sqlite3_bind_text(members, 1, options, -1, SQLITE_STATIC);
  while (st == SQLITE_OK && members && (st = sqlite3_step(members)) == SQLITE_ROW) {
    sqlite3_str_appendf(out, ", %s='%q'", (const char *)sqlite3_column_text(members, 0), (const char *)sqlite3_column_text(members, 1));
    st = SQLITE_OK;
  }
  sqlite3_finalize(members);
  sqlite3_str_appendall(out, ")");
  statement = sqlite3_str_finish(out);
  if (!statement) return SQLITE_NOMEM;
  if (st == SQLITE_OK || st == SQLITE_DONE) st = sqlite3_exec(db, statement, NULL, NULL, error);
  sqlite3_free(statement);
  return st;
}

static int define_all(sqlite3 *db, tsn_sql_text *t, const char *schema, const char *options, sqlite3_str *names, char **error)
{
  const tocsin_program *program;
  int st = tsn_sql_text_program(t, 0, &program, error);
  size_t count = st == SQLITE_OK ? tocsin_program_pattern_count(program) : 0;

  for (size_t i = 0; i < count && st == SQLITE_OK; i++) {
    const char *name = tocsin_program_pattern(program, i).name;
    if (!*name)
      return tsn_sql_fail(error, SQLITE_ERROR, "tocsin_define: a pattern without a name makes no table; hint: CREATE PATTERN name AS SELECT ...");
    if (t->only != SIZE_MAX && t->only != i) continue;
    st = define_one(db, schema, name, t->text, options, error);
    sqlite3_str_appendf(names, "%s%s", sqlite3_str_length(names) ? ", " : "", name);
  }
  return st;
}

static void define(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  sqlite3 *db = sqlite3_context_db_handle(context);
  const char *options = count > 1 ? (const char *)sqlite3_value_text(arguments[1]) : NULL;
  sqlite3_str *names = sqlite3_str_new(db);
  tsn_sql_text t;
  char *error = NULL, *made;
  int st = open_text(&t, context, "tocsin_define", count, arguments, &error);

  if (st == SQLITE_OK) st = sqlite3_exec(db, "SAVEPOINT tocsin_define", NULL, NULL, &error);
  if (st == SQLITE_OK) {
    st = define_all(db, &t, t.settings.schema ? t.settings.schema : "main", options, names, &error);
    if (st != SQLITE_OK) sqlite3_exec(db, "ROLLBACK TO tocsin_define", NULL, NULL, NULL);
    sqlite3_exec(db, "RELEASE tocsin_define", NULL, NULL, NULL);
  }
  tsn_sql_text_clear(&t);
  made = sqlite3_str_finish(names);
  if (st == SQLITE_OK && made) sqlite3_result_text(context, made, -1, SQLITE_TRANSIENT);
  sqlite3_free(made);
  if (st != SQLITE_OK) tsn_sql_tell_function(context, st, error);
}

static void give_stats(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  const tsn_sql_connection *connection = sqlite3_user_data(context);

  (void)count, (void)arguments;
  if (!connection->stats) return;
  sqlite3_result_text(context, connection->stats, -1, SQLITE_TRANSIENT);
  sqlite3_result_subtype(context, 'J');
}

/* --- the entry --- */

static void forget(void *data)
{
  tsn_sql_connection *connection = data;

  sqlite3_free(connection->stats);
  sqlite3_free(connection);
}

static int add_functions(sqlite3 *db, tsn_sql_connection *connection)
{
  static const struct {
    const char *name;
    int least, most, flags;
    void (*call)(sqlite3_context *context, int count, sqlite3_value **arguments);
  } all[] = {
    { "tocsin_version", 0, 0, SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, give_version },
    { "tocsin_stats", 0, 0, 0, give_stats },
    { "tocsin_order", 3, 3, SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, tsn_sql_order },
    { "tocsin_disorder", 2, 2, SQLITE_DIRECTONLY, tsn_sql_disorder },
    { "tocsin_take", -1, -1, SQLITE_DIRECTONLY, tsn_sql_take },
    { "tocsin_check", 1, 2, SQLITE_DIRECTONLY, check },
    { "tocsin_explain", 1, 2, SQLITE_DIRECTONLY, explain },
    { "tocsin_define", 1, 2, SQLITE_DIRECTONLY, define },
  };
  int st = SQLITE_OK;

  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (int count = all[i].least; count <= all[i].most && st == SQLITE_OK; count++)
      st = sqlite3_create_function_v2(db, all[i].name, count, SQLITE_UTF8 | all[i].flags, connection, all[i].call, NULL, NULL, NULL);
  return st;
}

#ifdef _WIN32
__declspec(dllexport)
#elif defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int sqlite3_tocsin_init(sqlite3 *db, char **error, const sqlite3_api_routines *api);

int sqlite3_tocsin_init(sqlite3 *db, char **error, const sqlite3_api_routines *api)
{
  tsn_sql_connection *connection;
  int st;

  SQLITE_EXTENSION_INIT2(api)
  (void)api;
  if (sqlite3_libversion_number() < NEEDED) {
    if (error) *error = sqlite3_mprintf("tocsin needs SQLite 3.38 or newer, this is %s", sqlite3_libversion());
    return SQLITE_ERROR;
  }
  connection = sqlite3_malloc64(sizeof *connection);
  if (!connection) return SQLITE_NOMEM;
  *connection = (tsn_sql_connection){ .db = db };
  st = sqlite3_create_module_v2(db, "tocsin", &tsn_sql_virtual_module, connection, forget); /* which is called if it fails, too */
  if (st == SQLITE_OK) st = sqlite3_create_module_v2(db, "tocsin_query", &tsn_sql_query_module, connection, NULL);
  return st == SQLITE_OK ? add_functions(db, connection) : st;
}
