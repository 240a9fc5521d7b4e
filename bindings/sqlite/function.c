/* SQL functions of the connection, for CREATE FUNCTION: see module.h.
 *
 * A call is SELECT name(?1, ?2, ...), kept prepared; its result lives until the next call. */
#include "bindings/sqlite/module.h"

#include <stdio.h>

typedef struct tsn_sql_function {
  sqlite3 *db;
  sqlite3_stmt *call;
  char message[320];
} tsn_sql_function;

static tocsin_status call(void *context, const tocsin_value *arguments, size_t count, tocsin_value *result, const char **message)
{
  tsn_sql_function *f = context;
  char reason[256];
  int st = sqlite3_reset(f->call);

  for (size_t i = 0; i < count; i++) {
    st = tsn_sql_bind(f->call, (int)i + 1, &arguments[i]);
    if (st == SQLITE_NOMEM) return TOCSIN_NOMEM;
  }
  st = sqlite3_step(f->call);
  if (st == SQLITE_NOMEM) return TOCSIN_NOMEM;
  if (st != SQLITE_ROW) {
    snprintf(f->message, sizeof f->message, "%s", sqlite3_errmsg(f->db));
    *message = f->message;
    return TOCSIN_RUNTIME;
  }
  switch (tsn_sql_read(sqlite3_column_value(f->call, 0), result->type, TOCSIN_UNIT_NONE, true, result, reason)) {
  case TSN_SQL_OK:
    result->is_null = 0;
    return TOCSIN_OK;
  case TSN_SQL_NULL:
  case TSN_SQL_NAN:
    result->is_null = 1;
    return TOCSIN_OK;
  case TSN_SQL_BAD:
    snprintf(f->message, sizeof f->message, "its result: %s", reason);
    break;
  case TSN_SQL_NO_UNIT:
    snprintf(f->message, sizeof f->message, "its result is a number, but a TIMESTAMP was declared: return a text such as datetime() gives");
    break;
  }
  *message = f->message;
  return TOCSIN_RUNTIME;
}

static int prepare(tsn_sql_function *f, const tocsin_function_info *info, char **error)
{
  sqlite3_str *out = sqlite3_str_new(f->db);
  char *text;
  int st;

  sqlite3_str_appendf(out, "SELECT \"%w\"(", info->name);
  for (size_t i = 0; i < info->argument_count; i++) sqlite3_str_appendf(out, i ? ",?" : "?");
  sqlite3_str_appendall(out, ")");
  text = sqlite3_str_finish(out);
  st = text ? sqlite3_prepare_v3(f->db, text, -1, SQLITE_PREPARE_PERSISTENT, &f->call, NULL) : SQLITE_NOMEM;
  sqlite3_free(text);
  if (st == SQLITE_OK || st == SQLITE_NOMEM) return st;
  return tsn_sql_fail(error, st, "function %s, which the text declares: %s", info->name, sqlite3_errmsg(f->db));
}

int tsn_sql_functions_open(tsn_sql_functions *f, tsn_alloc *alloc, sqlite3 *db, const tocsin_program *program, char **error)
{
  int st = SQLITE_OK;

  *f = (tsn_sql_functions){ .alloc = alloc, .count = tocsin_program_function_count(program) };
  if (!f->count) return SQLITE_OK;
  f->all = tsn_alloc_array(alloc, f->count, sizeof *f->all);
  f->hosts = tsn_alloc_array(alloc, f->count, sizeof *f->hosts);
  if (!f->all || !f->hosts) return SQLITE_NOMEM;
  for (size_t i = 0; i < f->count && st == SQLITE_OK; i++) {
    tocsin_function_info info = tocsin_program_function(program, i);
    f->all[i].db = db;
    if (!info.needed) continue;
    f->hosts[i] = (tocsin_host_function){ .name = info.name, .call = call, .context = &f->all[i] };
    st = prepare(&f->all[i], &info, error);
  }
  return st;
}

void tsn_sql_functions_close(tsn_sql_functions *f)
{
  for (size_t i = 0; f->all && i < f->count; i++) sqlite3_finalize(f->all[i].call);
  if (f->all) tsn_alloc_free(f->alloc, f->all, f->count * sizeof *f->all);
  if (f->hosts) tsn_alloc_free(f->alloc, f->hosts, f->count * sizeof *f->hosts);
  f->all = NULL;
  f->hosts = NULL;
}
