/* CREATE VIRTUAL TABLE ... USING tocsin('SELECT ...', option='value', :parameter=value): see module.h.
 *
 * With mode='live' the rows are those of the table that live.c keeps. Hidden columns take commands, the first named like
 * the table, and what triggers hand on: carts, arg, tocsin_stream, tocsin_row, tocsin_0 ...
 *
 * A column for each that SELECT gives, and hidden ones: match_id, match_status, match_rowtime. A text that does not
 * compile is no table; one that compiled once, but does not any more (a table that it reads is gone) is a table that
 * can be dropped, and answers queries with what is wrong. */
#include "bindings/sqlite/module.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"

typedef struct table {
  sqlite3_vtab base;
  tsn_sql_text text;
  char *broken;      /* why it has no columns; NULL: it has */
  size_t selected;   /* columns of SELECT; the hidden ones stand behind */
  size_t key_count;
  unsigned hidden[3]; /* details, by hidden column */
  size_t hidden_count;
  tsn_sql_output *columns; /* all but those that are for INSERT alone */
  tsn_sql_live *live;      /* NULL: mode='batch' */
} table;

typedef struct cursor {
  tsn_sql_cursor rows;
  tsn_sql_places places;
  sqlite3_stmt *kept; /* live: over the matches */
} cursor;

/* What xBestIndex tells xFilter: details, bounds of the time, and for each key how it is given; values come in that order, keys first. */
#define PLAN_DETAILS 0x3f
#define PLAN_FROM 0x40 /* match_rowtime is bounded */
#define PLAN_TO 0x80
#define PLAN_KEYS 11
#define PLAN_KEY_SHIFT(key) (8 + 2 * (int)(key))
enum { KEY_FREE, KEY_EQUAL, KEY_IN, KEY_NULL };
/* Of a live table: which bounds of the rowid each value is. */
enum { KEPT_FROM = 1, KEPT_TO = 2 };

/* --- the table --- */

static const char *declared_type(tocsin_type type)
{
  switch (type) {
  case TOCSIN_BOOLEAN:
    return "BOOLEAN";
  case TOCSIN_BIGINT:
    return "BIGINT";
  case TOCSIN_DOUBLE:
    return "DOUBLE";
  case TOCSIN_TIMESTAMP:
    return "DATETIME"; /* not TIMESTAMP: Python's converter of that name wants another form of text */
  case TOCSIN_LIST:
    return "JSON";
  case TOCSIN_TEXT:
  case TOCSIN_INTERVAL:
  case TOCSIN_NULL:
    break;
  }
  return "TEXT";
}

/* Whether a column before this one has its name. */
static bool is_taken(const tocsin_program *program, size_t pattern, size_t before, const char *name)
{
  for (size_t i = 0; i < before; i++) {
    const char *other = tocsin_program_output_column(program, pattern, i).name;
    if (tsn_same_name(other, strlen(other), name, strlen(name))) return true;
  }
  return false;
}

/* A name that no column has: SELECT may give two the same, a table may not. */
static const char *free_name(tsn_arena *arena, const tocsin_program *program, size_t pattern, size_t column)
{
  const char *name = tocsin_program_output_column(program, pattern, column).name, *other = name;
  size_t count = tocsin_program_pattern(program, pattern).column_count;

  if (!is_taken(program, pattern, column, name)) return tsn_arena_text(arena, name, strlen(name));
  for (int n = 1; other && is_taken(program, pattern, count, other); n++) other = tsn_arena_printf(arena, "%s:%d", name, n);
  return other;
}

/* The columns: those of SELECT, then the details that none of them hides. */
static int list_columns(table *t, char **error)
{
  static const struct { unsigned detail; const char *name; } hidden[] = {
    { TOCSIN_DETAIL_ID, "match_id" }, { TOCSIN_DETAIL_STATUS, "match_status" }, { TOCSIN_DETAIL_ROWTIME, "match_rowtime" },
  };
  tsn_arena *arena = &t->text.arena;
  const tocsin_program *program;
  size_t pattern = t->text.only;
  int st = tsn_sql_text_program(&t->text, TOCSIN_DETAIL_ROWTIME, &program, error); /* for its type */

  if (st != SQLITE_OK) return st;
  t->selected = tocsin_program_pattern(program, pattern).column_count - 1;
  t->key_count = tocsin_program_pattern(program, pattern).key_count;
  t->columns = tsn_arena_new_array(arena, tsn_sql_output, t->selected + sizeof hidden / sizeof *hidden);
  if (!t->columns) return SQLITE_NOMEM;
  for (size_t i = 0; i < t->selected; i++)
    t->columns[i] = (tsn_sql_output){ free_name(arena, program, pattern, i),
                                      declared_type(tocsin_program_output_column(program, pattern, i).type) };
  for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
    tocsin_type type = hidden[i].detail == TOCSIN_DETAIL_ROWTIME ? tocsin_program_output_column(program, pattern, t->selected).type
      : TOCSIN_TEXT;
    if (is_taken(program, pattern, t->selected, hidden[i].name)) continue;
    t->columns[t->selected + t->hidden_count] = (tsn_sql_output){ hidden[i].name, declared_type(type) };
    t->hidden[t->hidden_count++] = hidden[i].detail;
  }
  return tsn_arena_failed(arena) == TOCSIN_OK ? SQLITE_OK : SQLITE_NOMEM;
}

static int declare(table *t, const char *name, char **error)
{
  sqlite3_str *out = sqlite3_str_new(t->text.db);
  size_t count = t->selected + t->hidden_count;
  char *text;
  int st;

  for (size_t i = 0; i < count; i++)
    sqlite3_str_appendf(out, "%s\"%w\" %s%s", i ? ", " : "CREATE TABLE x(", t->columns[i].name, t->columns[i].type,
                        i < t->selected ? "" : " HIDDEN");
  if (t->live) {
    sqlite3_str_appendf(out, "%s\"%w\" HIDDEN, arg HIDDEN, tocsin_stream HIDDEN, tocsin_row HIDDEN", count ? ", " : "CREATE TABLE x(", name);
    for (size_t i = 0; i < tsn_sql_live_width(t->live); i++) sqlite3_str_appendf(out, ", tocsin_%d HIDDEN", (int)i);
  }
  sqlite3_str_appendall(out, ")");
  text = sqlite3_str_finish(out);
  st = text ? sqlite3_declare_vtab(t->text.db, text) : SQLITE_NOMEM;
  sqlite3_free(text);
  return st == SQLITE_OK || st == SQLITE_NOMEM ? st : tsn_sql_fail(error, st, "%s: %s", t->text.name, sqlite3_errmsg(t->text.db));
}

static int read_arguments(table *t, int argc, const char *const *argv, bool create, char **error)
{
  char *text = argc > 3 ? tsn_sql_unquoted(&t->text.arena, argv[3]) : NULL;
  int st = SQLITE_OK;

  if (tsn_arena_failed(&t->text.arena) != TOCSIN_OK) return SQLITE_NOMEM;
  if (!text)
    return tsn_sql_fail(error, SQLITE_ERROR, "%s: write USING tocsin('SELECT ... MATCH_RECOGNIZE (...)', option='value', :parameter='value')",
                        t->text.name);
  for (int i = 4; i < argc && st == SQLITE_OK; i++) st = tsn_sql_settings_read(&t->text.settings, argv[i], error);
  if (st != SQLITE_OK) return st;
  if (!t->text.settings.live && (t->text.settings.into || t->text.settings.late))
    return tsn_sql_fail(error, SQLITE_ERROR, "%s: the options into and late are for mode='live'", t->text.name);
  st = tsn_sql_text_open(&t->text, text, strlen(text), true, error);
  if (st == SQLITE_OK) st = list_columns(t, error);
  if (st == SQLITE_OK && t->text.settings.live) {
    sqlite3_vtab_config(t->text.db, SQLITE_VTAB_INNOCUOUS); /* its triggers work where schemas are not trusted, too */
    st = tsn_sql_live_open(&t->live, &t->text, argv[1], argv[2], t->columns, t->selected + t->hidden_count, create, error);
  }
  return st == SQLITE_OK ? declare(t, argv[2], error) : st;
}

static void clear(table *t)
{
  tsn_sql_live_close(t->live);
  tsn_sql_text_clear(&t->text);
  sqlite3_free(t->broken);
  sqlite3_free(t);
}

static int open_table(tsn_sql_connection *connection, int argc, const char *const *argv, bool create, sqlite3_vtab **out, char **error)
{
  bool temporary = tsn_same_name(argv[1], strlen(argv[1]), "temp", 4);
  table *t = sqlite3_malloc64(sizeof *t);
  char *why = NULL;
  int st;

  *out = NULL;
  if (!t) return SQLITE_NOMEM;
  memset(t, 0, sizeof *t);
  tsn_sql_text_init(&t->text, connection, argv[2], temporary ? NULL : argv[1]);
  st = read_arguments(t, argc, argv, create, &why);
  if ((st & 0xff) == SQLITE_ERROR && !create) { /* not what may pass, such as a lock or a schema that is being read */
    t->broken = why ? why : sqlite3_mprintf("%s: %s", argv[2], sqlite3_errstr(st));
    st = t->broken ? sqlite3_declare_vtab(connection->db, "CREATE TABLE x(broken TEXT)") : SQLITE_NOMEM;
    why = NULL;
  }
  if (st != SQLITE_OK) {
    clear(t);
    *error = why;
    return st;
  }
  *out = &t->base;
  return SQLITE_OK;
}

static int create(sqlite3 *db, void *connection, int argc, const char *const *argv, sqlite3_vtab **out, char **error)
{
  (void)db;
  return open_table(connection, argc, argv, true, out, error);
}

static int connect(sqlite3 *db, void *connection, int argc, const char *const *argv, sqlite3_vtab **out, char **error)
{
  (void)db;
  return open_table(connection, argc, argv, false, out, error);
}

static int disconnect(sqlite3_vtab *base)
{
  clear((table *)base);
  return SQLITE_OK;
}

/* What stands beside a live table that is broken. */
static tsn_sql_shadow shadow_of(const table *t)
{
  return (tsn_sql_shadow){ .db = t->text.db, .schema = t->text.schema ? t->text.schema : "temp", .name = t->text.name,
                          .into = t->text.settings.into != NULL };
}

static int destroy(sqlite3_vtab *base)
{
  table *t = (table *)base;
  char *error = NULL;
  int st = SQLITE_OK;

  if (t->live) {
    st = tsn_sql_live_drop(t->live, &error);
  } else if (t->text.settings.live) { /* what it read is gone: what it kept goes all the same */
    tsn_sql_shadow shadow = shadow_of(t);
    st = tsn_sql_shadow_drop(&shadow, &error);
  }
  if (st != SQLITE_OK) return tsn_sql_tell_table(base, st, error);
  clear(t);
  return SQLITE_OK;
}

/* --- planning --- */

/* The details of the hidden columns that a query reads. */
static unsigned details_of(const table *t, sqlite3_uint64 used)
{
  unsigned details = 0;

  for (size_t i = 0; i < t->hidden_count; i++) {
    size_t column = t->selected + i;
    if (used >> (column < 63 ? column : 63) & 1) details |= t->hidden[i];
  }
  return details;
}

/* Whether the rows of one key can be asked for: in each part that reads a stream a column gives it, and `column = ?` finds
 * all that the engine would read as the value. */
static bool can_ask(table *t, const tocsin_program *program, size_t key, bool null)
{
  tocsin_pattern_info info = tocsin_program_pattern(program, t->text.only);

  for (size_t i = 0; i < info.part_count; i++) {
    tocsin_part_info part = tocsin_program_pattern_part(program, t->text.only, i);
    size_t column = tocsin_program_key_column(program, t->text.only, i, key);
    if (part.is_pattern || column == SIZE_MAX) return false;
    if (!tsn_sql_text_finds(&t->text, program, part.index, column, null)) return false;
  }
  return info.part_count > 0;
}

/* How a constraint gives a key; KEY_FREE: it does not. */
static int way_of(sqlite3_index_info *info, int i)
{
  switch (info->aConstraint[i].op) {
  case SQLITE_INDEX_CONSTRAINT_EQ:
    return sqlite3_vtab_in(info, i, -1) ? KEY_IN : KEY_EQUAL;
  case SQLITE_INDEX_CONSTRAINT_ISNULL:
    return KEY_NULL;
  default:
    return KEY_FREE;
  }
}

/* The constraint that gives a key; *way: how. -1: none. */
static int find_key(table *t, const tocsin_program *program, sqlite3_index_info *info, size_t key, int *way)
{
  for (int i = 0; i < info->nConstraint; i++) {
    const struct sqlite3_index_constraint *c = &info->aConstraint[i];
    if (!c->usable || c->iColumn < 0 || (size_t)c->iColumn >= t->selected) continue;
    if (tocsin_program_output_key(program, t->text.only, (size_t)c->iColumn) != key) continue;
    *way = way_of(info, i);
    if (*way != KEY_FREE && can_ask(t, program, key, *way == KEY_NULL)) return i;
  }
  return -1;
}

/* Takes the constraints that give keys; they are said, and noted for the scan. */
static size_t take_keys(table *t, const tocsin_program *program, sqlite3_index_info *info, sqlite3_str *said, tsn_sql_want *wants)
{
  size_t count = 0;

  for (size_t key = 0; key < t->key_count && key < PLAN_KEYS; key++) {
    int way, i = find_key(t, program, info, key, &way);
    if (i < 0) continue;
    wants[count++] = (tsn_sql_want){ .key = key, .count = way == KEY_NULL ? 0 : way == KEY_EQUAL ? 1 : 2 };
    info->aConstraintUsage[i].argvIndex = (int)count; /* SQLite compares again: a column may fold case */
    if (way == KEY_IN) sqlite3_vtab_in(info, i, 1);
    info->idxNum |= way << PLAN_KEY_SHIFT(key);
    info->estimatedCost /= 100;
    info->estimatedRows = info->estimatedRows / 100 + 1;
    sqlite3_str_appendf(said, "%s%s%s", count > 1 ? " AND " : "",
                        tocsin_program_output_column(program, t->text.only, (size_t)info->aConstraint[i].iColumn).name,
                        way == KEY_NULL ? " IS NULL" : way == KEY_IN ? " IN (...)" : "=?");
  }
  return count;
}

/* A bound of match_rowtime among the constraints; -1: none. */
static int find_bound(const table *t, const sqlite3_index_info *info, bool lower)
{
  for (int i = 0; i < info->nConstraint; i++) {
    const struct sqlite3_index_constraint *c = &info->aConstraint[i];
    size_t hidden = (size_t)c->iColumn - t->selected;
    if (!c->usable || c->iColumn < 0 || (size_t)c->iColumn < t->selected || hidden >= t->hidden_count ||
        t->hidden[hidden] != TOCSIN_DETAIL_ROWTIME) continue;
    if (c->op == SQLITE_INDEX_CONSTRAINT_EQ || c->op == (lower ? SQLITE_INDEX_CONSTRAINT_GE : SQLITE_INDEX_CONSTRAINT_LE) ||
        c->op == (lower ? SQLITE_INDEX_CONSTRAINT_GT : SQLITE_INDEX_CONSTRAINT_LT))
      return i;
  }
  return -1;
}

/* Takes the bounds that tell which rows can be left out. A constraint that is both has one value for both. */
static void take_bounds(const table *t, const tocsin_program *program, sqlite3_index_info *info, sqlite3_str *said, size_t *arguments,
                        tsn_sql_times *times)
{
  tocsin_reach reach = tocsin_program_reach(program, t->text.only);

  for (int lower = 1; lower >= 0; lower--) {
    int i = (lower ? reach.earlier : reach.later) ? find_bound(t, info, lower) : -1;
    if (i < 0 || (lower && info->idxNum & TOCSIN_DETAIL_ID)) continue; /* an ID tells the row's number */
    if (!info->aConstraintUsage[i].argvIndex) info->aConstraintUsage[i].argvIndex = (int)++*arguments;
    info->idxNum |= lower ? PLAN_FROM : PLAN_TO;
    *(lower ? &times->has_from : &times->has_to) = true;
    info->estimatedCost /= 2;
    sqlite3_str_appendf(said, "%smatch_rowtime%s?", sqlite3_str_length(said) ? " AND " : "", lower ? ">" : "<");
  }
}

/* A bound as a time of rows, `span` further; false: it is none. Texts are compared as texts: a day more lets all pass that may. */
static bool read_bound(const tocsin_program *program, size_t pattern, sqlite3_value *value, bool lower, int64_t *out)
{
  tocsin_reach reach = tocsin_program_reach(program, pattern);
  tocsin_column_info rowtime = tocsin_program_output_column(program, pattern, tocsin_program_pattern(program, pattern).column_count - 1);
  const int64_t day = INT64_C(86400000000);
  int stored = sqlite3_value_type(value);
  char reason[256];
  tocsin_value v;

  if (rowtime.type == TOCSIN_BIGINT && stored == SQLITE_INTEGER) {
    *out = sqlite3_value_int64(value);
  } else {
    if (rowtime.type != TOCSIN_TIMESTAMP || stored != SQLITE_TEXT) return false;
    if (tsn_sql_read(value, TOCSIN_TIMESTAMP, TOCSIN_UNIT_NONE, true, &v, reason) != TSN_SQL_OK) return false;
    *out = tsn_time_add(v.as.integer, lower ? -day : day);
  }
  *out = tsn_time_add(*out, lower ? -reach.span : reach.span);
  return true;
}

/* Rows stream: where few are wanted, few are read. */
static bool has_limit(const sqlite3_index_info *info)
{
  bool found = false;

  for (int i = 0; i < info->nConstraint; i++)
    found = found || (info->aConstraint[i].usable && info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_LIMIT);
  return found;
}

/* Of a live table rowids are found. */
static int plan_kept(sqlite3_index_info *info)
{
  int arguments = 0;

  info->estimatedCost = 1e4;
  info->estimatedRows = 10000;
  for (int i = 0; i < info->nConstraint; i++) {
    const struct sqlite3_index_constraint *c = &info->aConstraint[i];
    bool low = c->op == SQLITE_INDEX_CONSTRAINT_GT || c->op == SQLITE_INDEX_CONSTRAINT_GE;
    bool high = c->op == SQLITE_INDEX_CONSTRAINT_LT || c->op == SQLITE_INDEX_CONSTRAINT_LE;
    int bound = low ? KEPT_FROM : high ? KEPT_TO : c->op == SQLITE_INDEX_CONSTRAINT_EQ ? KEPT_FROM | KEPT_TO : 0;
    if (!c->usable || c->iColumn >= 0 || !bound) continue;
    info->aConstraintUsage[i].argvIndex = ++arguments;
    info->idxNum |= bound << (2 * (arguments - 1)); /* of each value: which bounds it is */
    info->estimatedCost /= bound == (KEPT_FROM | KEPT_TO) ? 1000 : 4;
    info->estimatedRows = bound == (KEPT_FROM | KEPT_TO) ? 1 : info->estimatedRows / 2;
    if (arguments == 2) break;
  }
  info->idxStr = (char *)(uintptr_t)(arguments ? "the matches that are kept, by rowid" : "the matches that are kept");
  info->orderByConsumed = info->nOrderBy == 1 && info->aOrderBy[0].iColumn < 0 && !info->aOrderBy[0].desc;
  return SQLITE_OK;
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
  table *t = (table *)base;
  const tocsin_program *program;
  tsn_sql_want wants[PLAN_KEYS];
  tsn_sql_request request = { .wants = wants };
  char *error = NULL;
  sqlite3_str *said;
  size_t arguments;
  int st;

  if (t->broken) return tsn_sql_tell_table(base, SQLITE_ERROR, sqlite3_mprintf("%s", t->broken));
  if (t->live) return plan_kept(info);
  st = tsn_sql_text_program(&t->text, 0, &program, &error);
  if (st != SQLITE_OK) return tsn_sql_tell_table(base, st, error);
  info->idxNum = (int)details_of(t, info->colUsed);
  info->estimatedCost = 1e6;
  info->estimatedRows = 10000;
  said = sqlite3_str_new(t->text.db);
  arguments = request.want_count = take_keys(t, program, info, said, wants);
  take_bounds(t, program, info, said, &arguments, &request.times);
  if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn < 0 && !info->aOrderBy[0].desc) {
    info->orderByConsumed = 1; /* the natural order is that of the rowid */
    sqlite3_str_appendf(said, "%sORDER BY rowid", arguments ? " " : "");
  }
  if (has_limit(info)) sqlite3_str_appendf(said, "%sLIMIT", sqlite3_str_length(said) ? " " : "");
  if (sqlite3_str_length(said)) sqlite3_str_appendall(said, "; ");
  st = tsn_sql_scan_explain(&t->text, &request, said, &error);
  info->idxStr = sqlite3_str_finish(said);
  info->needToFreeIdxStr = 1;
  if (st == SQLITE_OK && !info->idxStr) st = SQLITE_NOMEM;
  return st == SQLITE_OK ? st : tsn_sql_tell_table(base, st, error);
}

/* --- rows --- */

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
  (void)base;
  return tsn_sql_cursor_new(sizeof(cursor), out);
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
  cursor *c = (cursor *)base;

  tsn_sql_scan_close(&c->rows.scan);
  sqlite3_finalize(c->kept);
  sqlite3_free(c);
  return SQLITE_OK;
}

/* The next match that is kept. */
static int next_kept(cursor *c, table *t)
{
  int st = sqlite3_step(c->kept);

  c->rows.more = st == SQLITE_ROW;
  if (st == SQLITE_ROW) c->rows.row = sqlite3_column_int64(c->kept, 0);
  if (st == SQLITE_ROW || st == SQLITE_DONE) return SQLITE_OK;
  return tsn_sql_tell_table(&t->base, st, sqlite3_mprintf("%s", sqlite3_errmsg(t->text.db)));
}

static int open_kept(cursor *c, table *t, int plan, int count, sqlite3_value **values)
{
  int64_t from = INT64_MIN, to = INT64_MAX;
  char *error = NULL;
  int st = SQLITE_OK;

  for (int i = 0; i < count; i++) {
    int bound = plan >> (2 * i) & 3;
    int64_t value = sqlite3_value_int64(values[i]);
    if (sqlite3_value_numeric_type(values[i]) != SQLITE_INTEGER) continue; /* SQLite compares again */
    if (bound & KEPT_FROM && value > from) from = value;
    if (bound & KEPT_TO && value < to) to = value;
  }
  if (c->kept) sqlite3_reset(c->kept);
  else st = tsn_sql_live_matches(t->live, &c->kept, &error);
  if (st == SQLITE_OK) st = sqlite3_bind_int64(c->kept, 1, from);
  if (st == SQLITE_OK) st = sqlite3_bind_int64(c->kept, 2, to);
  return st == SQLITE_OK ? next_kept(c, t) : tsn_sql_tell_table(&t->base, st, error);
}

static int next(sqlite3_vtab_cursor *base)
{
  cursor *c = (cursor *)base;

  return c->kept ? next_kept(c, (table *)base->pVtab) : tsn_sql_cursor_next(base);
}

/* The values of a list that IN gives. */
static int read_list(sqlite3_value *list, sqlite3_value ***values, size_t *count)
{
  sqlite3_value *v, **grown;
  size_t cap = 0;
  int st;

  for (st = sqlite3_vtab_in_first(list, &v); st == SQLITE_OK && v; st = sqlite3_vtab_in_next(list, &v)) {
    if (*count == cap) {
      cap = cap ? 2 * cap : 8;
      grown = sqlite3_realloc64(*values, cap * sizeof *grown);
      if (!grown) return SQLITE_NOMEM;
      *values = grown;
    }
    (*values)[*count] = sqlite3_value_dup(v);
    if (!(*values)[*count]) return SQLITE_NOMEM;
    ++*count;
  }
  return st == SQLITE_DONE ? SQLITE_OK : st;
}

/* The bounds behind the keys: one value, where it is for both. */
static int read_bounds(table *t, int plan, int count, sqlite3_value **values, tsn_sql_times *times, char **error)
{
  const tocsin_program *program;
  int st = tsn_sql_text_program(&t->text, TOCSIN_DETAIL_ROWTIME, &program, error), at = 0;

  if (st != SQLITE_OK || count < 1) return st;
  if (plan & PLAN_FROM) times->has_from = read_bound(program, t->text.only, values[at], true, &times->from);
  if (plan & PLAN_FROM && count > 1) at++;
  if (plan & PLAN_TO) times->has_to = read_bound(program, t->text.only, values[at], false, &times->to);
  return st;
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *said, int argc, sqlite3_value **argv)
{
  cursor *c = (cursor *)base;
  table *t = (table *)base->pVtab;
  tsn_sql_want wants[PLAN_KEYS];
  sqlite3_value **lists[PLAN_KEYS] = { NULL };
  size_t want_count = 0;
  unsigned details = (unsigned)plan & PLAN_DETAILS;
  tsn_sql_request request;
  char *error = NULL;
  int st = SQLITE_OK, at = 0;
  bool none = false;

  (void)said;
  if (t->live) return open_kept(c, t, plan, argc, argv);
  tsn_sql_scan_close(&c->rows.scan);
  c->rows.row = 0;
  for (size_t key = 0; key < PLAN_KEYS && at < argc && st == SQLITE_OK; key++) {
    int way = plan >> PLAN_KEY_SHIFT(key) & 3;
    tsn_sql_want *w = &wants[want_count];
    if (way == KEY_FREE) continue;
    *w = (tsn_sql_want){ .key = key, .values = &argv[at], .count = way == KEY_EQUAL };
    if (way == KEY_IN) {
      st = read_list(argv[at], &lists[want_count], &w->count);
      w->values = lists[want_count];
      none = none || w->count == 0;
    }
    want_count++;
    at++;
  }
  request = (tsn_sql_request){ .details = details, .wants = wants, .want_count = want_count };
  if (st == SQLITE_OK && plan & (PLAN_FROM | PLAN_TO)) st = read_bounds(t, plan, argc - at, argv + at, &request.times, &error);
  if (st == SQLITE_OK && !none) st = tsn_sql_scan_open(&c->rows.scan, &t->text, &request, &error);
  for (size_t i = 0; i < want_count; i++) {
    for (size_t k = 0; lists[i] && k < wants[i].count; k++) sqlite3_value_free(lists[i][k]);
    sqlite3_free(lists[i]);
  }
  if (st != SQLITE_OK) return tsn_sql_tell_table(base->pVtab, st, error);
  c->rows.more = false;
  if (none) return SQLITE_OK;
  c->places = tsn_sql_places_of(c->rows.scan.program, t->text.only, details);
  return tsn_sql_cursor_next(base);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int at)
{
  const cursor *c = (const cursor *)base;
  const table *t = (const table *)base->pVtab;
  size_t place = (size_t)at, hidden = (size_t)at - t->selected;

  if (c->kept) {
    if (place < t->selected + t->hidden_count) sqlite3_result_value(context, sqlite3_column_value(c->kept, at + 1));
    return SQLITE_OK;
  }
  if (place >= t->selected) {
    unsigned detail = hidden < t->hidden_count ? t->hidden[hidden] : 0;
    place = detail == TOCSIN_DETAIL_ID ? c->places.id : detail == TOCSIN_DETAIL_STATUS ? c->places.status
      : detail == TOCSIN_DETAIL_ROWTIME ? c->places.rowtime : SIZE_MAX;
  }
  if (place < c->rows.scan.match.value_count) tsn_sql_result(context, &c->rows.scan.match.values[place]);
  return SQLITE_OK;
}

/* --- writing --- */

static int refuse(table *t, const char *format)
{
  return tsn_sql_tell_table(&t->base, SQLITE_READONLY, sqlite3_mprintf(format, t->text.name));
}

/* INSERT alone: a command, or a row that a trigger hands on. */
static int update(sqlite3_vtab *base, int argc, sqlite3_value **argv, sqlite3_int64 *out)
{
  table *t = (table *)base;
  sqlite3_value **values = argv + 2 + t->selected + t->hidden_count;
  const char *command;
  char *error = NULL;
  int st;

  *out = 0;
  if (t->broken) return tsn_sql_tell_table(base, SQLITE_ERROR, sqlite3_mprintf("%s", t->broken));
  if (!t->live)
    return refuse(t, "%s holds nothing: its matches are found when it is read; hint: mode='live'");
  if (argc == 1 || sqlite3_value_type(argv[0]) != SQLITE_NULL)
    return refuse(t, "the matches of %s cannot be changed; hint: the command 'reset' or 'rebuild'");
  if (sqlite3_value_type(values[2]) == SQLITE_INTEGER) {
    st = tsn_sql_live_row(t->live, (size_t)sqlite3_value_int64(values[2]), sqlite3_value_int64(values[3]), values + 4,
                          tsn_sql_live_width(t->live), &error);
  } else if (!(command = (const char *)sqlite3_value_text(values[0]))) {
    st = tsn_sql_fail(&error, SQLITE_READONLY,
                      "rows come to %s by the tables that it reads; hint: commands are written INSERT INTO %s(%s) VALUES ('advance')",
                      t->text.name, t->text.name, t->text.name);
  } else {
    st = tsn_sql_live_command(t->live, command, values[1], &error);
  }
  return st == SQLITE_OK ? st : tsn_sql_tell_table(base, st, error);
}

static int begin(sqlite3_vtab *base)
{
  table *t = (table *)base;

  if (t->live) tsn_sql_live_begin(t->live);
  return SQLITE_OK;
}

static int nothing(sqlite3_vtab *base)
{
  (void)base;
  return SQLITE_OK;
}

static int roll_back(sqlite3_vtab *base)
{
  table *t = (table *)base;

  if (t->live) tsn_sql_live_roll_back(t->live);
  return SQLITE_OK;
}

/* What the matcher knows at a savepoint is not kept: it can be made again from the rows that are there then. */
static int savepoint(sqlite3_vtab *base, int number)
{
  table *t = (table *)base;

  return t->live ? tsn_sql_live_savepoint(t->live, number) : SQLITE_OK;
}

static int release(sqlite3_vtab *base, int number)
{
  (void)base, (void)number;
  return SQLITE_OK;
}

static int roll_back_to(sqlite3_vtab *base, int number)
{
  table *t = (table *)base;

  if (t->live) tsn_sql_live_roll_back_to(t->live, number);
  return SQLITE_OK;
}

static int rename_table(sqlite3_vtab *base, const char *name)
{
  table *t = (table *)base;
  char *error = NULL;
  tsn_sql_shadow shadow = shadow_of(t);
  int st = t->live ? tsn_sql_live_rename(t->live, name, &error) : t->text.settings.live ? tsn_sql_shadow_rename(&shadow, name, &error)
    : SQLITE_OK;

  return st == SQLITE_OK ? st : tsn_sql_tell_table(base, st, error);
}

const sqlite3_module tsn_sql_virtual_module = {
  .iVersion = 3,
  .xUpdate = update,
  .xBegin = begin,
  .xSync = nothing,
  .xCommit = nothing,
  .xRollback = roll_back,
  .xRename = rename_table,
  .xSavepoint = savepoint,
  .xRelease = release,
  .xRollbackTo = roll_back_to,
  .xShadowName = tsn_sql_shadow_is,
  .xCreate = create,
  .xConnect = connect,
  .xBestIndex = best_index,
  .xDisconnect = disconnect,
  .xDestroy = destroy,
  .xOpen = open_cursor,
  .xClose = close_cursor,
  .xFilter = filter,
  .xNext = next,
  .xEof = tsn_sql_cursor_eof,
  .xColumn = column,
  .xRowid = tsn_sql_cursor_rowid,
};
