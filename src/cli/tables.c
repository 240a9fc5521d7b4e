/* Matches to tables: see tables.h. */
#include "cli/tables.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/say.h"

#define COMMIT_ROWS 10000
#define BUSY_MS 5000 /* how long another writer is waited for */

struct tsn_tables {
  tsn_alloc *alloc;
  const char *name;
  const tsn_writer_pattern *patterns;
  size_t count;
  sqlite3 *connection;
  sqlite3_stmt **inserts; /* of the patterns that had a row */
  bool open, held;        /* a transaction is open; only the host commits */
  uint64_t rows;          /* not committed */
};

static int failed(const tsn_tables *t)
{
  if (sqlite3_errcode(t->connection) == SQLITE_NOMEM) return tsn_no_memory();
  tsn_say("cannot write %s: %s", t->name, sqlite3_errmsg(t->connection));
  return TSN_EXIT_OUTPUT;
}

static int execute(tsn_tables *t, const char *sql)
{
  return sqlite3_exec(t->connection, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(t);
}

int tsn_tables_open(tsn_tables **out, tsn_alloc *alloc, const char *path, const char *name, const tsn_writer_pattern *patterns,
                    size_t count)
{
  tsn_tables *t = *out = tsn_alloc_array(alloc, 1, sizeof *t);

  if (!t) return tsn_no_memory();
  *t = (tsn_tables){ .alloc = alloc, .name = name, .patterns = patterns, .count = count };
  t->inserts = tsn_alloc_array(alloc, count, sizeof *t->inserts);
  if (!t->inserts) return tsn_no_memory();
  if (sqlite3_open_v2(path, &t->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
    return failed(t);
  sqlite3_busy_timeout(t->connection, BUSY_MS);
  return execute(t, "SELECT 1 FROM sqlite_master"); /* whether it is a database is seen now, not at the first match */
}

void tsn_tables_close(tsn_tables *t)
{
  if (!t) return;
  for (size_t i = 0; t->inserts && i < t->count; i++) sqlite3_finalize(t->inserts[i]);
  sqlite3_close(t->connection);
  tsn_alloc_free(t->alloc, t->inserts, t->inserts ? t->count * sizeof *t->inserts : 0);
  tsn_alloc_free(t->alloc, t, sizeof *t);
}

/* --- tables at need --- */

static const char *declared_type(tocsin_type type)
{
  static const char *const names[] = {
    [TOCSIN_BOOLEAN] = "BOOLEAN", [TOCSIN_BIGINT] = "BIGINT", [TOCSIN_DOUBLE] = "DOUBLE", [TOCSIN_TIMESTAMP] = "DATETIME",
    [TOCSIN_LIST] = "JSON",
  };
  size_t at = (size_t)type;
  return at < sizeof names / sizeof *names && names[at] ? names[at] : "TEXT";
}

static bool same(const char *a, const char *b)
{
  return tsn_same_name(a, strlen(a), b, strlen(b));
}

/* Of unnamed patterns the second is "matches_2". */
static char *table_name(const tsn_tables *t, size_t pattern)
{
  size_t number = 1;

  if (*t->patterns[pattern].name) return sqlite3_mprintf("%s", t->patterns[pattern].name);
  for (size_t i = 0; i < pattern; i++) number += !*t->patterns[i].name;
  return number == 1 ? sqlite3_mprintf("matches") : sqlite3_mprintf("matches_%llu", (unsigned long long)number);
}

/* A column has its own name; SELECT may give two the same, a table may not. */
static void put_column(sqlite3_str *out, const tsn_writer_pattern *p, size_t column)
{
  const char *name = p->columns[column].name;
  size_t number = 1;

  for (size_t i = 0; i < column; i++) number += same(p->columns[i].name, name);
  if (number == 1)
    sqlite3_str_appendf(out, "%s\"%w\"", column ? ", " : "", name);
  else
    sqlite3_str_appendf(out, "%s\"%w:%llu\"", column ? ", " : "", name, (unsigned long long)number - 1);
}

/* Runs a text that was put together, or prepares it. */
static int run_text(tsn_tables *t, sqlite3_str *text, sqlite3_stmt **out)
{
  char *sql = sqlite3_str_finish(text);
  int st = !sql ? tsn_no_memory()
           : out ? (sqlite3_prepare_v3(t->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK ? 0 : failed(t))
                 : execute(t, sql);

  sqlite3_free(sql);
  return st;
}

static int create(tsn_tables *t, const tsn_writer_pattern *p, const char *name)
{
  sqlite3_str *text = sqlite3_str_new(t->connection);

  sqlite3_str_appendf(text, "CREATE TABLE IF NOT EXISTS \"%w\" (", name);
  for (size_t i = 0; i < p->column_count; i++) {
    put_column(text, p, i);
    sqlite3_str_appendf(text, " %s", declared_type(p->columns[i].type));
  }
  sqlite3_str_appendall(text, ")");
  return run_text(t, text, NULL);
}

static int prepare_insert(tsn_tables *t, size_t pattern)
{
  const tsn_writer_pattern *p = &t->patterns[pattern];
  char *name = table_name(t, pattern);
  sqlite3_str *text;
  int st = name ? create(t, p, name) : tsn_no_memory();

  if (st == 0) {
    text = sqlite3_str_new(t->connection);
    sqlite3_str_appendf(text, "INSERT INTO \"%w\" (", name);
    for (size_t i = 0; i < p->column_count; i++) put_column(text, p, i);
    sqlite3_str_appendall(text, ") VALUES (");
    for (size_t i = 0; i < p->column_count; i++) sqlite3_str_appendall(text, i ? ", ?" : "?");
    sqlite3_str_appendall(text, ")");
    st = run_text(t, text, &t->inserts[pattern]);
  }
  sqlite3_free(name);
  return st;
}

/* --- rows --- */

static int begin(tsn_tables *t)
{
  int st = t->open ? 0 : execute(t, "BEGIN IMMEDIATE");

  if (st == 0) t->open = true;
  return st;
}

static int bind(sqlite3_stmt *statement, int at, const tocsin_value *v)
{
  char text[TSN_TIME_TEXT];
  size_t length;

  if (v->is_null) return sqlite3_bind_null(statement, at);
  switch (v->type) {
  case TOCSIN_BOOLEAN:
    return sqlite3_bind_int(statement, at, v->as.boolean != 0);
  case TOCSIN_BIGINT:
    return sqlite3_bind_int64(statement, at, v->as.integer);
  case TOCSIN_DOUBLE:
    return sqlite3_bind_double(statement, at, v->as.real);
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    return sqlite3_bind_text64(statement, at, v->as.text.bytes, v->as.text.length, SQLITE_STATIC, SQLITE_UTF8);
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    length = v->type == TOCSIN_TIMESTAMP ? tsn_time_format(v->as.integer, text) : tsn_interval_format(v->as.integer, text);
    return sqlite3_bind_text64(statement, at, text, length, SQLITE_TRANSIENT, SQLITE_UTF8);
  case TOCSIN_NULL:
    break;
  }
  return sqlite3_bind_null(statement, at);
}

int tsn_tables_row(tsn_tables *t, size_t pattern, const tocsin_value *values)
{
  sqlite3_stmt *insert;
  int st = begin(t);

  if (st == 0 && !t->inserts[pattern]) st = prepare_insert(t, pattern);
  if (st != 0) return st;
  insert = t->inserts[pattern];
  for (size_t i = 0; i < t->patterns[pattern].column_count; i++)
    if (bind(insert, (int)i + 1, &values[i]) != SQLITE_OK) return failed(t);
  if (sqlite3_step(insert) != SQLITE_DONE) st = failed(t);
  sqlite3_reset(insert);
  sqlite3_clear_bindings(insert);
  if (st == 0 && ++t->rows >= COMMIT_ROWS && !t->held) st = tsn_tables_commit(t);
  return st;
}

int tsn_tables_commit(tsn_tables *t)
{
  int st = t->open ? execute(t, "COMMIT") : 0;

  if (st != 0) return st;
  t->open = false;
  t->rows = 0;
  return t->held ? begin(t) : 0;
}

int tsn_tables_flush(tsn_tables *t)
{
  return t->held ? 0 : tsn_tables_commit(t);
}

sqlite3 *tsn_tables_connection(tsn_tables *t)
{
  return t->connection;
}

int tsn_tables_hold(tsn_tables *t)
{
  t->held = true;
  return begin(t);
}
