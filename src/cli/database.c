/* Reading tables of SQLite databases: see database.h. */
#include "cli/database.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/say.h"
#include "io/cell.h"
#include "io/declared.h"
#include "io/json_path.h"
#include "io/writer.h"

#define BATCH_ROWS ((size_t)8192)
#define BATCH_BYTES ((size_t)8 << 20)
#define SAMPLE_BYTES ((size_t)64 << 20)
#define BUSY_MS 5000 /* how long another writer is waited for */

/* --- the URL --- */

static const char scheme[] = "sqlite:";

bool tsn_is_database(const char *path)
{
  return strncmp(path, scheme, sizeof scheme - 1) == 0;
}

/* Text with %XX undone; NULL: one that is none, or NUL. */
static char *plain(tsn_arena *arena, const char *text, size_t length)
{
  char *out = tsn_arena_alloc(arena, length + 1), *to = out;

  for (size_t i = 0; out && i < length; i++, to++) {
    int high, low;
    *to = text[i];
    if (text[i] != '%') continue;
    if (i + 2 >= length || (high = tsn_hex_digit(text[i + 1])) < 0 || (low = tsn_hex_digit(text[i + 2])) < 0) return NULL;
    *to = (char)(high * 16 + low);
    if (!*to) return NULL;
    i += 2;
  }
  if (out) *to = '\0';
  return out;
}

static int check_text(const tsn_arena *arena, const tsn_args *args, const char *url, const char *text)
{
  if (tsn_arena_failed(arena) != TOCSIN_OK) return tsn_no_memory();
  return text ? 0 : tsn_args_wrong(args->command, "%s: behind %% stand two hexadecimal digits, %%3F for ?", url);
}

int tsn_database_path(tsn_arena *arena, const tsn_args *args, const char *url, const char **path)
{
  const char *text = url + sizeof scheme - 1;

  if (!*text || strchr(text, '?')) return tsn_args_wrong(args->command, "%s: write sqlite:FILE; tables have the names of the patterns", url);
  *path = plain(arena, text, strlen(text));
  return check_text(arena, args, url, *path);
}

int tsn_database_input(tsn_arena *arena, const tsn_args *args, const char *url, tsn_input *input)
{
  const char *path = url + sizeof scheme - 1, *query = strchr(path, '?'), *table = query ? query + 1 : "";

  if (query == path || !*path) return tsn_args_wrong(args->command, "%s: a file is missing: sqlite:FILE?table=NAME", url);
  if (strncmp(table, "table=", 6) || !table[6] || strchr(table, '&'))
    return tsn_args_wrong(args->command, "%s: which table? Write sqlite:FILE?table=NAME", url);
  input->path = plain(arena, path, (size_t)(query - path));
  input->table = plain(arena, table + 6, strlen(table + 6));
  input->name = tsn_arena_text(arena, url, strlen(url));
  input->base = input->table;
  return check_text(arena, args, url, input->path ? input->table : NULL);
}

/* --- opening --- */

/* A column of the schema. */
typedef struct source_column {
  int at; /* of the table; -1: it has none */
} source_column;

/* A row: the number-th that was read. */
typedef struct row_place {
  uint64_t number;
  int64_t row_id;
} row_place;

struct tsn_database {
  tsn_alloc *alloc;
  const tsn_input *input;
  const tsn_schema *schema;
  tsn_decoder_options options;
  sqlite3 *connection;
  sqlite3_stmt *rows;
  source_column *columns; /* by column of the schema */
  int width;              /* columns of the table; behind them stands the rowid, if there is one */
  bool has_row_id;
  int64_t row_id;         /* of the row read last */
  uint64_t row;           /* number of the row at hand, from 1 */
  row_place *numbers;      /* of the rows of the batch that was read last */
  size_t number_cap, first; /* rows that the batch held before */
  tsn_decoder_counts counts;
  tsn_bytes raw;
  char remark[256];
};

static int failed(const tsn_database *db, const char *what)
{
  tsn_say("cannot read %s: %s", db->input->name, what ? what : sqlite3_errmsg(db->connection));
  return TSN_EXIT_INPUT;
}

/* Tables and views by name, for who looked for another. */
static int no_table(const tsn_database *db)
{
  sqlite3_stmt *all;
  char list[256] = "";
  size_t at = 0;

  if (sqlite3_prepare_v2(db->connection, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
                         -1, &all, NULL) != SQLITE_OK)
    return failed(db, NULL);
  while (sqlite3_step(all) == SQLITE_ROW && at < sizeof list)
    at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", at ? ", " : "", (const char *)sqlite3_column_text(all, 0));
  sqlite3_finalize(all);
  if (at) tsn_say("cannot read %s: there is no table or view \"%s\", only %s", db->input->name, db->input->table, list);
  else tsn_say("cannot read %s: there is no table in it", db->input->name);
  return TSN_EXIT_INPUT;
}

static bool has_table(const tsn_database *db, bool *known)
{
  sqlite3_stmt *one;
  bool found;

  *known = sqlite3_prepare_v2(db->connection, "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE", -1,
                              &one, NULL) == SQLITE_OK;
  if (!*known) return false;
  sqlite3_bind_text(one, 1, db->input->table, -1, SQLITE_STATIC);
  found = sqlite3_step(one) == SQLITE_ROW;
  sqlite3_finalize(one);
  return found;
}

/* Whether it is a table, and no view: those answer NULL for their rowid. */
static bool is_table(const tsn_database *db)
{
  const char *sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE";
  sqlite3_stmt *one;
  bool found;

  if (sqlite3_prepare_v2(db->connection, sql, -1, &one, NULL) != SQLITE_OK) return false;
  sqlite3_bind_text(one, 1, db->input->table, -1, SQLITE_STATIC);
  found = sqlite3_step(one) == SQLITE_ROW;
  sqlite3_finalize(one);
  return found;
}

/* A name of the rowid that is none of a column; NULL: there is none left. */
static const char *row_id_name(sqlite3_stmt *rows)
{
  static const char *const names[] = { "_rowid_", "rowid", "oid" };

  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    int at = 0, count = sqlite3_column_count(rows);
    while (at < count && sqlite3_stricmp(sqlite3_column_name(rows, at), names[i]) != 0) at++;
    if (at == count) return names[i];
  }
  return NULL;
}

static int prepare(tsn_database *db, char *text, sqlite3_stmt **out)
{
  int st = text ? sqlite3_prepare_v2(db->connection, text, -1, out, NULL) : SQLITE_NOMEM;

  sqlite3_free(text);
  return st;
}

/* The greatest rowid must not lie before what was read: new rows may have taken numbers that were read before. */
static int check_last(tsn_database *db, const char *name)
{
  sqlite3_stmt *last;
  int st = 0;

  if (!db->row) return 0;
  if (prepare(db, sqlite3_mprintf("SELECT max(%s) FROM \"%w\"", name, db->input->table), &last) != SQLITE_OK) return failed(db, NULL);
  if (sqlite3_step(last) == SQLITE_ROW && sqlite3_column_type(last, 0) == SQLITE_INTEGER && sqlite3_column_int64(last, 0) < db->row_id) {
    tsn_say("%s was replaced: it was read up to rowid %lld, and its last is %lld now", db->input->name, (long long)db->row_id,
            (long long)sqlite3_column_int64(last, 0));
    st = TSN_EXIT_INPUT;
  }
  sqlite3_finalize(last);
  return st;
}

/* Rows in the order of their rowid, where they have one, from behind a place on. */
static int order_by_row_id(tsn_database *db, const tsn_place *from)
{
  const char *name = row_id_name(db->rows), *table = db->input->table;
  sqlite3_stmt *ordered = NULL;

  if (name && is_table(db))
    db->has_row_id = prepare(db, sqlite3_mprintf("SELECT *, %s FROM \"%w\" WHERE %s > ?1 OR ?1 IS NULL ORDER BY %s", name, table, name, name), &ordered) == SQLITE_OK;
  if (from && from->known && !db->has_row_id) return failed(db, "it has no rowid by which to go on where it was left");
  if (!db->has_row_id) return 0;
  sqlite3_finalize(db->rows);
  db->rows = ordered;
  if (!from || !from->known) return 0;
  db->row_id = from->row_id;
  db->row = from->row;
  if (from->row) sqlite3_bind_int64(db->rows, 1, from->row_id);
  return check_last(db, name);
}

/* The connection, and a statement over all rows of the table. */
static int connect(tsn_database *db, const tsn_place *from)
{
  bool known;

  if (access(db->input->path, R_OK) != 0) return failed(db, strerror(errno));
  if (sqlite3_open_v2(db->input->path, &db->connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) return failed(db, NULL);
  sqlite3_busy_timeout(db->connection, BUSY_MS);
  sqlite3_db_config(db->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL); /* a file from anywhere: it runs nothing of its own */
  sqlite3_db_config(db->connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  if (!has_table(db, &known)) return known ? no_table(db) : failed(db, NULL);
  if (prepare(db, sqlite3_mprintf("SELECT * FROM \"%w\"", db->input->table), &db->rows) != SQLITE_OK) return failed(db, NULL);
  db->width = sqlite3_column_count(db->rows);
  return order_by_row_id(db, from);
}

static tsn_database *database_new(tsn_alloc *alloc, const tsn_input *input)
{
  tsn_database *db = tsn_alloc_array(alloc, 1, sizeof *db);

  if (!db) return NULL;
  db->alloc = alloc;
  db->input = input;
  tsn_bytes_init(&db->raw, alloc, 0);
  return db;
}

void tsn_database_close(tsn_database *db)
{
  if (!db) return;
  sqlite3_finalize(db->rows);
  sqlite3_close(db->connection);
  tsn_alloc_free(db->alloc, db->columns, db->columns ? db->schema->column_count * sizeof *db->columns : 0);
  tsn_alloc_free(db->alloc, db->numbers, db->number_cap * sizeof *db->numbers);
  tsn_bytes_clear(&db->raw);
  tsn_alloc_free(db->alloc, db, sizeof *db);
}

static int find_column(const tsn_database *db, const char *name, size_t length)
{
  for (int i = 0; i < db->width; i++) {
    const char *own = sqlite3_column_name(db->rows, i);
    if (own && tsn_same_name(own, strlen(own), name, length)) return i;
  }
  return -1;
}

/* As in CSV: by the member of its path, where that is all of the path, so that one text reads all formats; else by the
 * column's name. */
static int find_source(const tsn_database *db, const tsn_column_def *column)
{
  size_t length;
  const char *member = column->path ? tsn_json_path_single(column->path, &length) : NULL;
  int at = member ? find_column(db, member, length) : -1;

  return at >= 0 ? at : find_column(db, column->name, strlen(column->name));
}

/* Which column of the table each of the schema is. */
static int map_columns(tsn_database *db)
{
  const tsn_schema *s = db->schema;
  size_t found = 0, at = 0;

  db->columns = tsn_alloc_array(db->alloc, s->column_count, sizeof *db->columns);
  if (!db->columns) return tsn_no_memory();
  for (size_t i = 0; i < s->column_count; i++) {
    const char *name = s->columns[i].name;
    db->columns[i].at = find_source(db, &s->columns[i]);
    if (db->columns[i].at >= 0) {
      found++;
      continue;
    }
    if (s->columns[i].not_null) {
      tsn_say("cannot read %s: it has no column \"%s\", which \"%s\" requires", db->input->name, name, s->name);
      return TSN_EXIT_INPUT;
    }
    if (at + strlen(name) + 8 < sizeof db->remark)
      at += (size_t)snprintf(db->remark + at, sizeof db->remark - at, at ? ", \"%s\"" : "there is no column for \"%s\"", name);
  }
  if (found || !s->column_count) return 0;
  tsn_say("cannot read %s: it has none of the columns of \"%s\"", db->input->name, s->name);
  return TSN_EXIT_INPUT;
}

int tsn_database_open(tsn_database **out, tsn_alloc *alloc, const tsn_input *input, const tsn_schema *schema,
                      const tsn_decoder_options *options, const tsn_place *from)
{
  tsn_database *db = *out = database_new(alloc, input);
  int st;

  if (!db) return tsn_no_memory();
  db->schema = schema;
  db->options = *options;
  st = connect(db, from);
  return st ? st : map_columns(db);
}

const char *tsn_database_remark(const tsn_database *db)
{
  return db->remark;
}

void tsn_database_place(const tsn_database *db, tsn_place *out)
{
  *out = (tsn_place){ .known = db->has_row_id, .row_id = db->row_id, .row = db->row };
}

void tsn_database_row_place(const tsn_database *db, size_t row, tsn_place *out)
{
  const row_place *at = &db->numbers[row - db->first];

  *out = (tsn_place){ .known = db->has_row_id, .row_id = at->row_id, .row = at->number };
}

tsn_decoder_counts tsn_database_count(const tsn_database *db)
{
  return db->counts;
}

/* --- rows as JSON, for messages, side outputs and samples --- */

static void write_key(tsn_bytes *out, const char *name, bool first)
{
  tsn_bytes_text(out, first ? "{" : ",");
  tsn_write_json_text(out, name, strlen(name));
  tsn_bytes_char(out, ':');
}

/* The row at hand, as SQLite has it. */
static void write_row(const tsn_database *db, tsn_bytes *out)
{
  int count = db->width;

  for (int i = 0; i < count; i++) {
    write_key(out, sqlite3_column_name(db->rows, i) ? sqlite3_column_name(db->rows, i) : "", i == 0);
    switch (sqlite3_column_type(db->rows, i)) {
    case SQLITE_INTEGER:
      tsn_write_json_value(out, &(tocsin_value){ .type = TOCSIN_BIGINT, .as.integer = sqlite3_column_int64(db->rows, i) });
      break;
    case SQLITE_FLOAT:
      tsn_write_json_value(out, &(tocsin_value){ .type = TOCSIN_DOUBLE, .as.real = sqlite3_column_double(db->rows, i) });
      break;
    case SQLITE_NULL:
      tsn_write_json_value(out, &(tocsin_value){ .is_null = 1 });
      break;
    default: {
      const char *bytes = sqlite3_column_blob(db->rows, i);
      tsn_write_json_text(out, bytes ? bytes : "", (size_t)sqlite3_column_bytes(db->rows, i));
      break;
    }
    }
  }
  tsn_bytes_char(out, '}');
}

/* One value of a batch. */
static tocsin_value value_at(const tocsin_column *c, tocsin_type type, size_t row)
{
  tocsin_value v = { .type = type, .is_null = tsn_column_is_null(c, row) };

  switch (type) {
  case TOCSIN_BOOLEAN:
    v.as.boolean = ((const uint8_t *)c->values)[row >> 3] >> (row & 7) & 1;
    break;
  case TOCSIN_DOUBLE:
    v.as.real = ((const double *)c->values)[row];
    break;
  case TOCSIN_TEXT:
    v.as.text.bytes = (const char *)c->values + c->offsets[row];
    v.as.text.length = (size_t)(c->offsets[row + 1] - c->offsets[row]);
    break;
  case TOCSIN_BIGINT:
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    v.as.integer = ((const int64_t *)c->values)[row];
    break;
  case TOCSIN_NULL:
  case TOCSIN_LIST:
    v.is_null = 1;
    break;
  }
  return v;
}

tsn_origin tsn_database_origin(tsn_database *db, const tocsin_batch *batch, size_t row)
{
  tsn_origin origin = { .line = db->numbers[row - db->first].number, .offset = TSN_NO_OFFSET };
  bool first = true;

  tsn_bytes_reset(&db->raw);
  for (size_t i = 0; i < db->schema->column_count; i++) {
    tocsin_value v = value_at(&batch->columns[i], db->schema->columns[i].type, row);
    if (!db->schema->columns[i].needed) continue; /* was looked at, but not kept */
    write_key(&db->raw, db->schema->columns[i].name, first);
    tsn_write_json_value(&db->raw, &v);
    first = false;
  }
  tsn_bytes_text(&db->raw, first ? "{}" : "}");
  origin.raw = db->raw.data ? db->raw.data : "";
  origin.raw_length = db->raw.length;
  return origin;
}

/* --- values --- */

static void tell_bad(tsn_database *db, const tsn_column_def *column, const char *reason)
{
  tsn_bad_row bad = { .source = db->options.source, .line = db->row, .offset = TSN_NO_OFFSET, .column = column->name, .reason = reason };

  db->counts.bad++;
  if (!db->options.on_bad) return;
  tsn_bytes_reset(&db->raw);
  write_row(db, &db->raw);
  bad.raw = db->raw.data ? db->raw.data : "";
  bad.raw_length = db->raw.length;
  db->options.on_bad(db->options.context, &bad);
}

/* A value that SQLite does not store as the type: by its text, as CSV has it. */
static bool read_text(tsn_database *db, const tsn_column_def *column, int at, tsn_batch *batch, size_t to)
{
  char number[TSN_DOUBLE_TEXT], reason[256];
  const char *text = number;
  size_t length;
  int stored = sqlite3_column_type(db->rows, at);
  tsn_cell_outcome outcome;
  tsn_cell cell;

  if (stored == SQLITE_INTEGER) {
    length = tsn_format_int64(sqlite3_column_int64(db->rows, at), number);
  } else if (stored == SQLITE_FLOAT) {
    length = tsn_format_double(sqlite3_column_double(db->rows, at), number);
  } else {
    text = sqlite3_column_blob(db->rows, at);
    length = (size_t)sqlite3_column_bytes(db->rows, at);
    if (!text) text = "";
    if (!tsn_decoder_is_clean(text, text + length)) {
      tell_bad(db, column, "not UTF-8, or with a NUL");
      return false;
    }
  }
  if (column->type == TOCSIN_TEXT) {
    if (column->needed) tsn_batch_set_text(batch, to, text, length);
    return true;
  }
  outcome = tsn_cell_parse(column->type, column->unit, text, length, &cell);
  if (outcome == TSN_CELL_NAN) {
    db->counts.nan++;
    return true;
  }
  if (outcome != TSN_CELL_OK) {
    tsn_cell_reason(reason, sizeof reason, outcome, column->type, text, length, stored == SQLITE_TEXT || stored == SQLITE_BLOB);
    tell_bad(db, column, reason);
    return false;
  }
  if (!column->needed) return true;
  if (column->type == TOCSIN_BOOLEAN) tsn_batch_set_bool(batch, to, cell.boolean);
  else if (column->type == TOCSIN_DOUBLE) tsn_batch_set_double(batch, to, cell.real);
  else tsn_batch_set_int64(batch, to, cell.integer);
  return true;
}

static bool read_value(tsn_database *db, const tsn_column_def *column, int at, tsn_batch *batch, size_t to)
{
  int stored = at < 0 ? SQLITE_NULL : sqlite3_column_type(db->rows, at);

  if (stored == SQLITE_NULL) {
    if (column->not_null) tell_bad(db, column, "NULL where a value is required");
    return !column->not_null;
  }
  if (stored == SQLITE_INTEGER && column->type == TOCSIN_BIGINT) {
    if (column->needed) tsn_batch_set_int64(batch, to, sqlite3_column_int64(db->rows, at));
  } else if (stored == SQLITE_FLOAT && column->type == TOCSIN_DOUBLE) {
    if (column->needed) tsn_batch_set_double(batch, to, sqlite3_column_double(db->rows, at));
  } else {
    return read_text(db, column, at, batch, to);
  }
  return true;
}

/* Whether a batch of so many rows is enough; their bytes are looked at now and then. */
static bool is_full(const tsn_batch *batch, size_t rows)
{
  size_t bytes = 0;

  for (size_t i = 0; rows % 64 == 0 && i < batch->column_count; i++) bytes += batch->columns[i].text_length;
  return rows >= BATCH_ROWS || bytes >= BATCH_BYTES;
}

/* The row at hand, to the batch. */
static int read_row(tsn_database *db, tsn_batch *batch)
{
  void *numbers = db->numbers;
  bool good = true;

  db->row++;
  db->counts.rows++;
  if (db->has_row_id) db->row_id = sqlite3_column_int64(db->rows, db->width);
  for (size_t i = 0; i < db->schema->column_count && good; i++)
    good = read_value(db, &db->schema->columns[i], db->columns[i].at, batch, i);
  if (!good) {
    tsn_batch_rollback(batch);
    return 0;
  }
  if (!tsn_alloc_grow(db->alloc, &numbers, &db->number_cap, batch->rows - db->first + 1, sizeof *db->numbers)) return tsn_no_memory();
  db->numbers = numbers;
  db->numbers[batch->rows - db->first] = (row_place){ db->row, db->row_id };
  switch (tsn_batch_commit(batch)) {
  case TOCSIN_OK:
    return 0;
  case TOCSIN_LIMIT:
    return failed(db, "a column has more than 2 GiB of text in a few rows");
  default:
    return tsn_no_memory();
  }
}

int tsn_database_read(tsn_database *db, tsn_batch *batch, bool *ended)
{
  int st = 0, step = SQLITE_ROW;

  db->first = batch->rows;
  while (st == 0 && !tsn_interrupted && !is_full(batch, batch->rows - db->first)) {
    step = sqlite3_step(db->rows);
    if (step != SQLITE_ROW) break;
    st = read_row(db, batch);
  }
  *ended = step == SQLITE_DONE || tsn_interrupted;
  return st || step == SQLITE_ROW || step == SQLITE_DONE ? st : failed(db, NULL);
}

/* --- inference --- */

/* What is declared wins over the sample, but for times: SQLite keeps them as numbers or texts of all kinds, and only
 * values tell whether and how. */
static void settle_type(tsn_column_def *column, const char *declared, bool has_values)
{
  tocsin_type type = tsn_declared_type(declared);

  if (type == TOCSIN_NULL || column->type == TOCSIN_TIMESTAMP) return;
  if ((type == TOCSIN_TIMESTAMP || type == TOCSIN_INTERVAL) && has_values) return;
  column->type = type;
  column->unit = TOCSIN_UNIT_NONE;
}

static void write_field(tsn_bytes *out, const char *text, size_t length, bool first)
{
  tsn_bytes_text(out, first ? "\"" : ",\"");
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '"') tsn_bytes_char(out, '"');
    tsn_bytes_char(out, text[i]);
  }
  tsn_bytes_char(out, '"');
}

/* The row at hand as CSV: values are read as there, so their types are told as there. */
static void write_record(const tsn_database *db, tsn_bytes *out, bool *has_values)
{
  for (int i = 0; i < db->width; i++) {
    int stored = sqlite3_column_type(db->rows, i);
    const char *bytes;
    has_values[i] |= stored != SQLITE_NULL;
    if (stored == SQLITE_INTEGER) {
      tsn_bytes_printf(out, "%s%lld", i ? "," : "", (long long)sqlite3_column_int64(db->rows, i));
    } else if (stored == SQLITE_FLOAT) {
      char number[TSN_DOUBLE_TEXT];
      if (i) tsn_bytes_char(out, ',');
      tsn_bytes_append(out, number, tsn_format_double(sqlite3_column_double(db->rows, i), number));
    } else if (stored == SQLITE_NULL) {
      if (i) tsn_bytes_char(out, ',');
    } else {
      bytes = sqlite3_column_blob(db->rows, i);
      write_field(out, bytes ? bytes : "", (size_t)sqlite3_column_bytes(db->rows, i), i == 0);
    }
  }
  tsn_bytes_char(out, '\n');
}

static int sample(tsn_database *db, uint64_t rows, tsn_bytes *out, bool *has_values, int *step)
{
  uint64_t n;

  for (int i = 0; i < db->width; i++) {
    const char *name = sqlite3_column_name(db->rows, i);
    write_field(out, name ? name : "", name ? strlen(name) : 0, i == 0);
  }
  tsn_bytes_char(out, '\n');
  *step = SQLITE_ROW;
  for (n = 0; n < rows && out->length < SAMPLE_BYTES && (*step = sqlite3_step(db->rows)) == SQLITE_ROW; n++)
    write_record(db, out, has_values);
  if (*step != SQLITE_ROW && *step != SQLITE_DONE) return failed(db, NULL);
  return out->failed == TOCSIN_OK ? 0 : tsn_no_memory();
}

static int infer(tsn_database *db, tsn_arena *arena, const char *name, uint64_t rows, tsn_inferred *out)
{
  bool *has_values = tsn_arena_new_array(arena, bool, (size_t)db->width + 1);
  tsn_column_def *columns;
  const char *why;
  tocsin_status inferred;
  int step, st;

  if (!has_values) return tsn_no_memory();
  st = sample(db, rows, &db->raw, has_values, &step);
  if (st != 0) return st;
  inferred = tsn_infer(arena, TSN_FORMAT_CSV, name, db->raw.data, db->raw.length, step == SQLITE_DONE, rows, out, &why);
  if (inferred == TOCSIN_NOMEM) return tsn_no_memory();
  if (inferred != TOCSIN_OK) {
    tsn_say("cannot tell the columns of %s: %s", db->input->name, why);
    return TSN_EXIT_INPUT;
  }
  columns = tsn_arena_new_array(arena, tsn_column_def, out->schema.column_count);
  if (!columns) return tsn_no_memory();
  for (size_t i = 0; i < out->schema.column_count; i++) {
    int at = find_source(db, &out->schema.columns[i]);
    columns[i] = out->schema.columns[i];
    if (at >= 0) settle_type(&columns[i], sqlite3_column_decltype(db->rows, at), has_values[at]);
  }
  out->schema.columns = columns;
  return 0;
}

int tsn_database_infer(tsn_alloc *alloc, tsn_arena *arena, const tsn_input *input, const char *name, uint64_t rows,
                       tsn_inferred *out)
{
  tsn_database *db = database_new(alloc, input);
  int st = db ? connect(db, NULL) : tsn_no_memory();

  if (st == 0) st = infer(db, arena, name, rows, out);
  tsn_database_close(db);
  return st;
}
