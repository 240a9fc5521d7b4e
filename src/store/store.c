/* See store.h. */
#include "store/store.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT 1
#define BUSY_MS 5000

enum { PUT_PART, DROP_PART, PUT_NOTE, GET_NOTE, STATEMENTS };

static const char *const texts[STATEMENTS] = {
  "INSERT OR REPLACE INTO %s.tocsin_parts VALUES (?1, ?2)",
  "DELETE FROM %s.tocsin_parts WHERE name = ?1",
  "INSERT OR REPLACE INTO %s.tocsin_notes VALUES (?1, ?2)",
  "SELECT value FROM %s.tocsin_notes WHERE name = ?1",
};

struct tsn_store {
  sqlite3 *connection;
  bool own;           /* it is the store's */
  bool attached;      /* as a database of its own to the connection that was given */
  const char *schema;
  sqlite3_stmt *statements[STATEMENTS];
  int64_t number, next; /* checkpoints; with the one in the making */
  char *value;          /* that was found */
  char message[TSN_STORE_MESSAGE];
};

const char *tsn_store_message(const tsn_store *s) { return s ? s->message : "out of memory"; }
int64_t tsn_store_number(const tsn_store *s) { return s->number; }

static tocsin_status failed(tsn_store *s, const char *what)
{
  int code = sqlite3_errcode(s->connection);
  snprintf(s->message, sizeof s->message, "%s: %s", what, sqlite3_errmsg(s->connection));
  return code == SQLITE_NOMEM ? TOCSIN_NOMEM : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? TOCSIN_CORRUPT : TOCSIN_RUNTIME;
}

static tocsin_status execute(tsn_store *s, const char *format, const char *what)
{
  char *sql = sqlite3_mprintf(format, s->schema, s->schema);
  int code = sql ? sqlite3_exec(s->connection, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
  sqlite3_free(sql);
  return code == SQLITE_OK ? TOCSIN_OK : failed(s, what);
}

static tocsin_status statement(tsn_store *s, int which, sqlite3_stmt **out)
{
  char *sql;
  int code;
  *out = s->statements[which];
  if (*out) return TOCSIN_OK;
  sql = sqlite3_mprintf(texts[which], s->schema);
  code = sql ? sqlite3_prepare_v3(s->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->statements[which], NULL) : SQLITE_NOMEM;
  sqlite3_free(sql);
  *out = s->statements[which];
  return code == SQLITE_OK ? TOCSIN_OK : failed(s, "the state cannot be used");
}

/* Runs a statement that answers no rows. */
static tocsin_status run(tsn_store *s, sqlite3_stmt *st, const char *what)
{
  int code = sqlite3_step(st);
  tocsin_status status = code == SQLITE_DONE ? TOCSIN_OK : failed(s, what);
  sqlite3_reset(st);
  sqlite3_clear_bindings(st);
  return status;
}

/* ---- opening ---- */

static tocsin_status ask(tsn_store *s, const char *format, char *answer, size_t size)
{
  char *sql = sqlite3_mprintf(format, s->schema);
  sqlite3_stmt *st = NULL;
  int code = sql ? sqlite3_prepare_v2(s->connection, sql, -1, &st, NULL) : SQLITE_NOMEM;
  answer[0] = 0;
  if (code == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) snprintf(answer, size, "%s", (const char *)sqlite3_column_text(st, 0));
  sqlite3_finalize(st);
  sqlite3_free(sql);
  return code == SQLITE_OK ? TOCSIN_OK : failed(s, "the state cannot be read");
}

static bool same_file(sqlite3 *connection, const char *path)
{
  char a[4096], b[4096];
  const char *main_path = sqlite3_db_filename(connection, "main");
  return main_path && realpath(main_path, a) && realpath(path, b) && !strcmp(a, b);
}

/* Two files commit as one by a super-journal, which is there in journal modes that have one. */
static tocsin_status check_journals(tsn_store *s)
{
  static const char *const schemas[] = {"main", "tocsin_state"};
  const char *schema = s->schema;
  char mode[20];
  tocsin_status st = TOCSIN_OK;
  size_t i;
  for (i = 0; i < 2 && st == TOCSIN_OK; i++) {
    s->schema = schemas[i];
    st = ask(s, "PRAGMA %s.journal_mode", mode, sizeof mode);
    if (st == TOCSIN_OK && strcmp(mode, "delete") && strcmp(mode, "truncate") && strcmp(mode, "persist")) {
      snprintf(s->message, sizeof s->message, "the %s is in journal mode %s, in which two files cannot commit as one; "
               "keep the state in the file of the output, or PRAGMA journal_mode = delete", i ? "state" : "output", mode);
      st = TOCSIN_MISUSE;
    }
  }
  s->schema = schema;
  return st;
}

static tocsin_status attach(tsn_store *s, const char *path)
{
  sqlite3_stmt *st;
  tocsin_status status;
  if (same_file(s->connection, path)) return TOCSIN_OK;
  if (sqlite3_prepare_v2(s->connection, "ATTACH ?1 AS tocsin_state", -1, &st, NULL) != SQLITE_OK) return failed(s, path);
  sqlite3_bind_text(st, 1, path, -1, SQLITE_TRANSIENT);
  status = sqlite3_step(st) == SQLITE_DONE ? TOCSIN_OK : failed(s, path);
  sqlite3_finalize(st);
  if (status != TOCSIN_OK) return status;
  s->attached = true;
  s->schema = "tocsin_state";
  return check_journals(s);
}

static tocsin_status open_own(tsn_store *s, const char *path)
{
  s->own = true;
  if (sqlite3_open_v2(path, &s->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) return failed(s, path);
  sqlite3_busy_timeout(s->connection, BUSY_MS);
  /* Nobody else may run with it. */
  return execute(s, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT", path);
}

static tocsin_status read_number(tsn_store *s)
{
  const char *value;
  size_t length;
  tocsin_status st = tsn_store_find(s, "format", &value, &length);
  if (st == TOCSIN_OK && value && strtol(value, NULL, 10) != FORMAT) {
    snprintf(s->message, sizeof s->message, "the state was written by another version of Tocsin (format %.20s)", value);
    return TOCSIN_CORRUPT;
  }
  if (st == TOCSIN_OK) st = tsn_store_find(s, "checkpoint", &value, &length);
  s->number = s->next = st == TOCSIN_OK && value ? strtoll(value, NULL, 10) : 0;
  return st;
}

tocsin_status tsn_store_open(tsn_store **out, const char *path, sqlite3 *connection)
{
  tsn_store *s = *out = calloc(1, sizeof *s);
  tocsin_status st;
  if (!s) return TOCSIN_NOMEM;
  s->schema = "main";
  s->connection = connection;
  st = connection ? attach(s, path) : open_own(s, path);
  if (st == TOCSIN_OK)
    st = execute(s, "CREATE TABLE IF NOT EXISTS %s.tocsin_parts (name BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;"
                    "CREATE TABLE IF NOT EXISTS %s.tocsin_notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID", path);
  return st == TOCSIN_OK ? read_number(s) : st;
}

void tsn_store_close(tsn_store *s)
{
  int i;
  if (!s) return;
  for (i = 0; i < STATEMENTS; i++) sqlite3_finalize(s->statements[i]);
  if (s->own) sqlite3_close(s->connection);
  free(s->value);
  free(s);
}

/* ---- writing ---- */

tocsin_status tsn_store_begin(tsn_store *s)
{
  if (!s->own || !sqlite3_get_autocommit(s->connection)) return TOCSIN_OK;
  return execute(s, "BEGIN IMMEDIATE", "the state cannot be written");
}

static tocsin_status save_part(void *context, const tocsin_part *part)
{
  tsn_store *s = context;
  sqlite3_stmt *st;
  tocsin_status status = statement(s, part->bytes ? PUT_PART : DROP_PART, &st);
  if (status != TOCSIN_OK) return status;
  sqlite3_bind_blob64(st, 1, part->name, part->name_length, SQLITE_STATIC);
  if (part->bytes) sqlite3_bind_blob64(st, 2, part->bytes, part->length, SQLITE_STATIC);
  return run(s, st, "the state cannot be written");
}

tocsin_status tsn_store_note(tsn_store *s, const char *name, const char *value, size_t length)
{
  sqlite3_stmt *st;
  tocsin_status status = statement(s, PUT_NOTE, &st);
  if (status != TOCSIN_OK) return status;
  sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
  sqlite3_bind_text64(st, 2, value, length, SQLITE_STATIC, SQLITE_UTF8);
  return run(s, st, "the state cannot be written");
}

static tocsin_status note_number(tsn_store *s, const char *name, int64_t number)
{
  char text[30];
  int length = snprintf(text, sizeof text, "%lld", (long long)number);
  return tsn_store_note(s, name, text, (size_t)length);
}

tocsin_status tsn_store_save(tsn_store *s, tocsin_matcher *m)
{
  tocsin_status st;
  s->message[0] = 0;
  st = tocsin_matcher_changes(m, save_part, s);
  if (st != TOCSIN_OK && !s->message[0])
    snprintf(s->message, sizeof s->message, "%s", *tocsin_matcher_message(m) ? tocsin_matcher_message(m) : tocsin_status_text(st));
  if (st == TOCSIN_OK && s->number == 0) st = note_number(s, "format", FORMAT);
  s->next = s->number + 1;
  return st == TOCSIN_OK ? note_number(s, "checkpoint", s->next) : st;
}

void tsn_store_committed(tsn_store *s, tocsin_matcher *m)
{
  s->number = s->next;
  tocsin_matcher_saved(m);
}

tocsin_status tsn_store_commit(tsn_store *s, tocsin_matcher *m)
{
  tocsin_status st = execute(s, "COMMIT", "the state cannot be written");
  if (st == TOCSIN_OK) tsn_store_committed(s, m);
  return st;
}

/* ---- reading ---- */

tocsin_status tsn_store_find(tsn_store *s, const char *name, const char **value, size_t *length)
{
  sqlite3_stmt *st;
  tocsin_status status = statement(s, GET_NOTE, &st);
  int code;
  *value = NULL;
  *length = 0;
  if (status != TOCSIN_OK) return status;
  sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
  code = sqlite3_step(st);
  if (code == SQLITE_ROW) {
    size_t size = (size_t)sqlite3_column_bytes(st, 0);
    const void *text = sqlite3_column_text(st, 0);
    free(s->value);
    s->value = text ? malloc(size + 1) : NULL;
    if (s->value) {
      memcpy(s->value, text, size);
      s->value[size] = 0;
      *value = s->value;
      *length = size;
    } else {
      snprintf(s->message, sizeof s->message, "out of memory");
      status = TOCSIN_NOMEM;
    }
  } else if (code != SQLITE_DONE) {
    status = failed(s, "the state cannot be read");
  }
  sqlite3_reset(st);
  sqlite3_clear_bindings(st);
  return status;
}

tocsin_status tsn_store_load(tsn_store *s, tocsin_matcher *m)
{
  char *sql = sqlite3_mprintf("SELECT name, bytes FROM %s.tocsin_parts ORDER BY name", s->schema);
  sqlite3_stmt *st = NULL;
  tocsin_status status = TOCSIN_OK;
  int code = sql ? sqlite3_prepare_v2(s->connection, sql, -1, &st, NULL) : SQLITE_NOMEM;
  sqlite3_free(sql);
  if (code != SQLITE_OK) return failed(s, "the state cannot be read");
  while (status == TOCSIN_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
    tocsin_part part = {.name = sqlite3_column_blob(st, 0), .name_length = (size_t)sqlite3_column_bytes(st, 0),
                        .bytes = sqlite3_column_blob(st, 1), .length = (size_t)sqlite3_column_bytes(st, 1)};
    status = part.name && part.bytes ? tocsin_matcher_load_part(m, &part) : TOCSIN_CORRUPT;
  }
  if (status == TOCSIN_OK && code != SQLITE_DONE) status = failed(s, "the state cannot be read");
  else if (status == TOCSIN_OK) status = tocsin_matcher_loaded(m);
  if (status != TOCSIN_OK && *tocsin_matcher_message(m)) snprintf(s->message, sizeof s->message, "%s", tocsin_matcher_message(m));
  else if (status != TOCSIN_OK && !s->message[0]) snprintf(s->message, sizeof s->message, "%s", tocsin_status_text(status));
  sqlite3_finalize(st);
  return status;
}

/* ---- what starts anew ---- */

/* Names begin with a letter for their kind, then the pattern's name and a zero. */
tocsin_status tsn_store_forget(tsn_store *s, const char *pattern)
{
  char *sql = sqlite3_mprintf("DELETE FROM %s.tocsin_parts WHERE substr(name, 2, ?2) = ?1", s->schema);
  size_t length = strlen(pattern) + 1;
  sqlite3_stmt *st = NULL;
  int code = sql ? sqlite3_prepare_v2(s->connection, sql, -1, &st, NULL) : SQLITE_NOMEM;
  tocsin_status status;
  sqlite3_free(sql);
  if (code != SQLITE_OK) return failed(s, "the state cannot be written");
  sqlite3_bind_blob64(st, 1, pattern, length, SQLITE_STATIC);
  sqlite3_bind_int64(st, 2, (sqlite3_int64)length);
  status = run(s, st, "the state cannot be written");
  sqlite3_finalize(st);
  return status;
}

tocsin_status tsn_store_forget_all(tsn_store *s) { return execute(s, "DELETE FROM %s.tocsin_parts", "the state cannot be written"); }
