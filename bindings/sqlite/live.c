/* mode='live': see module.h.
 *
 * A trigger hands each row that is inserted to the matcher, inside the user's transaction; what is decided is inserted
 * into the table of matches at once. The matcher itself lives in memory only and is never saved: its state is what the
 * rows make of it, and the rows are there. So a rollback, a crash, another connection or a new process cost nothing but
 * doing again what is missing:
 *
 *   carts_config   epoch      changes when state begins anew
 *                  from_0     rows of stream 0 up to this rowid do not count,
 *                  upto_0     those up to here were there at the beginning: matched in order of time, as a query does
 *                  emitted    matches since the beginning: so many are passed over when it is done again
 *                  base       the rowid of the match before them
 *   the rows behind upto_0 in order of rowid, as they arrived in it
 *   carts_log      arrivals of another order (a rowid in between; several streams), and time that passed:
 *                  they come after the rows up to `mark`
 *
 * The first row of a transaction looks whether others went on meanwhile, and catches up. Rows that were matched cannot be
 * changed or deleted: that would be another past. */
#include "bindings/sqlite/module.h"

#include <string.h>

#include "base/text.h"

#define DETAILS (TOCSIN_DETAIL_ID | TOCSIN_DETAIL_STATUS | TOCSIN_DETAIL_ROWTIME)

struct tsn_sql_live {
  tsn_sql_text *text;
  sqlite3 *db;
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_sql_shadow shadow;
  const char *config, *log, *kept; /* its tables, with schema and quotes, as SQL has them */
  tsn_sql_input *inputs; /* what the streams look like; their rows are the scan's */
  size_t input_count, width;
  tocsin_type time_type;
  tocsin_unit time_unit;
  bool loaded;  /* the scan knows all rows up to last and log_id */
  bool checked; /* in this transaction: and nobody else has gone on since */
  bool verify;  /* matches are compared with those that are kept, */
  uint64_t wrong; /* of which so many are others */
  const tocsin_program *program;
  tsn_sql_scan scan;
  tsn_sql_places places;
  int64_t epoch, emitted, log_id, base;
  int64_t known;  /* matches that are kept */
  size_t coming;       /* the input of a row that is on its way, and not to be taken with those that are there; SIZE_MAX: none */
  int64_t coming_row;
  uint64_t moves; /* of the matcher in this transaction, */
  uint64_t *marks; /* and up to each savepoint */
  size_t mark_cap;
  int64_t *last;  /* by input: the greatest rowid that came in order */
  sqlite3_stmt *get, *set, *add_log, *read_log, *add_match, *same_match, *tail, **row;
};

/* What the matcher knows may not be so any more. */
static void forget(tsn_sql_live *l)
{
  l->loaded = l->checked = false;
}

/* --- statements --- */

static int prepare(const tsn_sql_live *l, sqlite3_stmt **out, char *text, char **error)
{
  int st = text ? sqlite3_prepare_v3(l->db, text, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) : SQLITE_NOMEM;

  sqlite3_free(text);
  return st == SQLITE_OK || st == SQLITE_NOMEM ? st : tsn_sql_fail(error, st, "%s: %s", l->shadow.name, sqlite3_errmsg(l->db));
}

static int failed(const tsn_sql_live *l, int st, char **error)
{
  if (st == SQLITE_OK || st == SQLITE_NOMEM || st == SQLITE_INTERRUPT) return st;
  return tsn_sql_fail(error, st, "%s: %s", l->shadow.name, sqlite3_errmsg(l->db));
}

/* Runs a statement that gives no rows. */
static int run(const tsn_sql_live *l, sqlite3_stmt *statement, char **error)
{
  int st = sqlite3_step(statement);

  sqlite3_reset(statement);
  return st == SQLITE_DONE || st == SQLITE_ROW ? SQLITE_OK : failed(l, st, error);
}

static int corrupt(const tsn_sql_live *l, const char *what, char **error)
{
  return tsn_sql_fail(error, SQLITE_CORRUPT_VTAB, "%s: its state is damaged: %s; hint: INSERT INTO %s(%s) VALUES ('rebuild')",
                      l->shadow.name, what, l->shadow.name, l->shadow.name);
}

/* A number of carts_config. */
static int get(tsn_sql_live *l, const char *name, int64_t *out, char **error)
{
  int st = SQLITE_OK;

  if (!l->get) st = prepare(l, &l->get, sqlite3_mprintf("SELECT v FROM %s WHERE k = ?1", l->config), error);
  if (st == SQLITE_OK) st = sqlite3_bind_text(l->get, 1, name, -1, SQLITE_STATIC);
  if (st != SQLITE_OK) return st;
  st = sqlite3_step(l->get);
  if (st == SQLITE_ROW && sqlite3_column_type(l->get, 0) == SQLITE_INTEGER) {
    *out = sqlite3_column_int64(l->get, 0);
    st = SQLITE_OK;
  } else if (st == SQLITE_ROW || st == SQLITE_DONE) {
    st = corrupt(l, name, error);
  }
  sqlite3_reset(l->get);
  return failed(l, st, error);
}

static int set(tsn_sql_live *l, const char *name, int64_t value, char **error)
{
  int st = SQLITE_OK;

  if (!l->set) st = prepare(l, &l->set, sqlite3_mprintf("INSERT INTO %s VALUES (?1, ?2) ON CONFLICT DO UPDATE SET v = excluded.v",
                                                        l->config), error);
  if (st == SQLITE_OK) st = sqlite3_bind_text(l->set, 1, name, -1, SQLITE_STATIC);
  if (st == SQLITE_OK) st = sqlite3_bind_int64(l->set, 2, value);
  return st == SQLITE_OK ? run(l, l->set, error) : st;
}

/* from_0, upto_1 ... */
static int numbered(tsn_sql_live *l, const char *name, size_t number, int64_t *value, bool write, char **error)
{
  char *whole = sqlite3_mprintf("%s_%d", name, (int)number);
  int st = !whole ? SQLITE_NOMEM : write ? set(l, whole, *value, error) : get(l, whole, value, error);

  sqlite3_free(whole);
  return st;
}

/* The only number that a statement gives; 0 where it is NULL. Without a row *out stays. */
static int number_of(const tsn_sql_live *l, char *text, int64_t *out, char **error)
{
  sqlite3_stmt *one = NULL;
  int st = prepare(l, &one, text, error);

  if (st == SQLITE_OK && (st = sqlite3_step(one)) == SQLITE_ROW) {
    *out = sqlite3_column_int64(one, 0);
    st = SQLITE_DONE;
  }
  st = st == SQLITE_DONE ? SQLITE_OK : failed(l, st, error);
  sqlite3_finalize(one);
  return st;
}

/* --- matches --- */

static int keep_match(tsn_sql_live *l, const tocsin_match *m, char **error)
{
  sqlite3_stmt *s = l->verify ? l->same_match : l->add_match;
  int at = 0, st = SQLITE_OK;

  if (!s) {
    sqlite3_str *out = sqlite3_str_new(l->db);
    sqlite3_str_appendf(out, l->verify ? "SELECT 1 FROM %s WHERE 1" : "INSERT INTO %s (", l->kept);
    for (size_t i = 0; i < l->shadow.column_count; i++)
      sqlite3_str_appendf(out, l->verify ? "%s\"%w\" IS ?" : "%s\"%w\"", l->verify ? " AND " : i ? ", " : "", l->shadow.columns[i].name);
    if (!l->verify) {
      for (size_t i = 0; i < l->shadow.column_count; i++) sqlite3_str_appendall(out, i ? ", ?" : ") VALUES (?");
      sqlite3_str_appendall(out, ")");
    } else {
      sqlite3_str_appendall(out, " AND rowid = ?");
    }
    st = prepare(l, l->verify ? &l->same_match : &l->add_match, sqlite3_str_finish(out), error);
    s = l->verify ? l->same_match : l->add_match;
  }
  /* The columns of SELECT, then the details that no column of it hides. */
  for (size_t i = 0; i < m->value_count && st == SQLITE_OK; i++) {
    if (i >= l->places.selected && (size_t)at >= l->shadow.column_count) break;
    st = tsn_sql_bind(s, ++at, &m->values[i]);
  }
  if (st == SQLITE_OK && l->verify) st = sqlite3_bind_int64(s, ++at, l->base + l->emitted);
  if (st != SQLITE_OK) return failed(l, st, error);
  if (!l->verify) return run(l, s, error);
  st = sqlite3_step(s);
  l->wrong += st != SQLITE_ROW;
  sqlite3_reset(s);
  return st == SQLITE_ROW || st == SQLITE_DONE ? SQLITE_OK : failed(l, st, error);
}

/* Keeps what was decided; what is kept already is passed over. */
static int take(tsn_sql_live *l, char **error)
{
  bool more = true;
  int st = SQLITE_OK;

  while (st == SQLITE_OK) {
    st = tsn_sql_scan_next(&l->scan, &more, error);
    if (st != SQLITE_OK || !more) break;
    l->emitted++;
    if (l->verify || l->emitted > l->known) st = keep_match(l, &l->scan.match, error);
  }
  return st;
}

/* Notes how many are kept. */
static int note(tsn_sql_live *l, char **error)
{
  if (l->emitted <= l->known) return SQLITE_OK;
  l->known = l->emitted;
  return set(l, "emitted", l->known, error);
}

/* --- doing it again --- */

static int push(tsn_sql_live *l, size_t input, sqlite3_value **values, char **error)
{
  int st = tsn_sql_scan_row(&l->scan, input, values, error);

  return st == SQLITE_OK ? take(l, error) : st;
}

/* A row that a statement stands at: its values behind the first column. */
static int push_column(tsn_sql_live *l, size_t input, sqlite3_stmt *row, char **error)
{
  size_t count = l->inputs[input].read_count;
  sqlite3_value **values = tsn_alloc_array(&l->alloc, count, sizeof *values);
  int st = SQLITE_NOMEM;

  if (!values) return st;
  for (size_t i = 0; i < count; i++) values[i] = sqlite3_column_value(row, (int)i + 1);
  st = push(l, input, values, error);
  tsn_alloc_free(&l->alloc, values, count * sizeof *values);
  return st;
}

/* SELECT rowid, the columns that are read FROM the table. */
static sqlite3_str *rows_of(const tsn_sql_live *l, size_t input)
{
  const tsn_sql_input *in = &l->inputs[input];
  sqlite3_str *out = sqlite3_str_new(l->db);

  sqlite3_str_appendf(out, "SELECT %s", in->table.rowid);
  tsn_sql_input_columns(in, out, ", ");
  sqlite3_str_appendf(out, " FROM \"%w\".\"%w\" WHERE ", in->table.schema, in->table.name);
  return out;
}

/* A query for the rows of an input that do not come in order of rowid: those that the log names, and the one that is
 * on its way. Freed with sqlite3_free(). */
static char *others_of(const tsn_sql_live *l, size_t input)
{
  bool comes = l->coming == input;

  return sqlite3_mprintf("SELECT row FROM %s WHERE stream = %d%s%lld", l->log, (int)input, comes ? " UNION ALL SELECT " : " AND row <> ",
                         comes ? (long long)l->coming_row : (long long)INT64_MIN);
}

/* Rows of the only stream behind those that came in order, up to `upto`. */
static int push_tail(tsn_sql_live *l, int64_t upto, char **error)
{
  int st = SQLITE_OK;

  if (l->input_count != 1) return SQLITE_OK; /* of several all stand in the log */
  if (!l->tail) {
    const char *rowid = l->inputs[0].table.rowid;
    sqlite3_str *out = rows_of(l, 0);
    sqlite3_str_appendf(out, "%s > ?1 AND %s <= ?2 AND %s <> ?3", rowid, rowid, rowid);
    sqlite3_str_appendf(out, " AND %s NOT IN (SELECT row FROM %s WHERE stream = 0) ORDER BY %s", rowid, l->log, rowid);
    st = prepare(l, &l->tail, sqlite3_str_finish(out), error);
  }
  if (st == SQLITE_OK) st = sqlite3_bind_int64(l->tail, 1, l->last[0]);
  if (st == SQLITE_OK) st = sqlite3_bind_int64(l->tail, 2, upto);
  if (st == SQLITE_OK) st = l->coming == 0 ? sqlite3_bind_int64(l->tail, 3, l->coming_row) : sqlite3_bind_text(l->tail, 3, "", 0, SQLITE_STATIC);
  if (st != SQLITE_OK) return st;
  while ((st = sqlite3_step(l->tail)) == SQLITE_ROW) {
    int64_t rowid = sqlite3_column_int64(l->tail, 0);
    st = push_column(l, 0, l->tail, error);
    if (st != SQLITE_OK) break;
    l->last[0] = rowid;
  }
  sqlite3_reset(l->tail);
  return st == SQLITE_DONE ? SQLITE_OK : failed(l, st, error);
}

/* One row, which the log names. */
static int push_logged(tsn_sql_live *l, size_t input, int64_t rowid, char **error)
{
  int st = SQLITE_OK;

  if (!l->row[input]) {
    sqlite3_str *out = rows_of(l, input);
    sqlite3_str_appendf(out, "%s = ?1", l->inputs[input].table.rowid);
    st = prepare(l, &l->row[input], sqlite3_str_finish(out), error);
  }
  if (st == SQLITE_OK) st = sqlite3_bind_int64(l->row[input], 1, rowid);
  if (st != SQLITE_OK) return st;
  st = sqlite3_step(l->row[input]);
  if (st == SQLITE_ROW) st = push_column(l, input, l->row[input], error);
  else if (st == SQLITE_DONE) st = corrupt(l, "a row that was matched is gone", error);
  sqlite3_reset(l->row[input]);
  return failed(l, st, error);
}

/* An entry of the log. */
static int push_entry(tsn_sql_live *l, int64_t stream, int64_t row, bool marked, int64_t mark, char **error)
{
  int st = marked ? push_tail(l, mark, error) : SQLITE_OK;

  if (st != SQLITE_OK) return st;
  if (stream < -1 || stream >= (int64_t)l->input_count) return corrupt(l, "the log names a stream that there is not", error);
  if (stream >= 0) return push_logged(l, (size_t)stream, row, error);
  st = tsn_sql_scan_advance(&l->scan, row, error);
  return st == SQLITE_OK ? take(l, error) : st;
}

/* All that came since. */
static int catch_up(tsn_sql_live *l, char **error)
{
  int st = SQLITE_OK;

  if (!l->read_log) st = prepare(l, &l->read_log, sqlite3_mprintf("SELECT id, stream, row, mark FROM %s WHERE id > ?1 ORDER BY id",
                                                                  l->log), error);
  if (st == SQLITE_OK) st = sqlite3_bind_int64(l->read_log, 1, l->log_id);
  if (st != SQLITE_OK) return st;
  while ((st = sqlite3_step(l->read_log)) == SQLITE_ROW) {
    sqlite3_stmt *s = l->read_log;
    int64_t id = sqlite3_column_int64(s, 0);
    st = push_entry(l, sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2), sqlite3_column_type(s, 3) == SQLITE_INTEGER,
                    sqlite3_column_int64(s, 3), error);
    if (st != SQLITE_OK) break;
    l->log_id = id;
  }
  sqlite3_reset(l->read_log);
  if (st != SQLITE_DONE) return failed(l, st, error);
  st = push_tail(l, INT64_MAX, error);
  if (st != SQLITE_OK || l->verify) return st;
  if (l->emitted < l->known) return corrupt(l, "the rows do not give the matches that are kept", error);
  return note(l, error);
}

/* A matcher over the rows that were there at the beginning. */
static int load(tsn_sql_live *l, char **error)
{
  size_t streams = tocsin_program_stream_count(l->program), input = 0;
  tsn_sql_span *spans = tsn_alloc_array(&l->alloc, streams, sizeof *spans);
  int st = spans ? SQLITE_OK : SQLITE_NOMEM;

  tsn_sql_scan_close(&l->scan);
  l->emitted = l->log_id = 0;
  for (size_t i = 0; i < streams && st == SQLITE_OK; i++) {
    if (!tocsin_program_pattern_reads(l->program, l->text->only, i)) continue;
    st = numbered(l, "from", input, &spans[i].after, false, error);
    if (st == SQLITE_OK) st = numbered(l, "upto", input, &spans[i].upto, false, error);
    if (st == SQLITE_OK && !(spans[i].but = others_of(l, input))) st = SQLITE_NOMEM;
    l->last[input++] = spans[i].upto;
  }
  if (st == SQLITE_OK) st = tsn_sql_scan_open(&l->scan, l->text, &(tsn_sql_request){ .details = DETAILS, .spans = spans }, error);
  if (st == SQLITE_OK) st = take(l, error);
  for (size_t i = 0; spans && i < streams; i++) sqlite3_free(spans[i].but);
  if (spans) tsn_alloc_free(&l->alloc, spans, streams * sizeof *spans);
  return st;
}

/* Sees to it that the matcher knows all rows. */
static int ensure(tsn_sql_live *l, char **error)
{
  int64_t epoch = 0;
  int st;

  l->moves++;
  if (l->loaded && l->checked) return SQLITE_OK;
  st = get(l, "epoch", &epoch, error);
  if (st == SQLITE_OK) st = get(l, "emitted", &l->known, error);
  if (st == SQLITE_OK) st = get(l, "base", &l->base, error);
  if (st == SQLITE_OK && (!l->loaded || l->epoch != epoch)) st = load(l, error);
  if (st == SQLITE_OK) st = catch_up(l, error);
  l->epoch = epoch;
  l->loaded = l->checked = st == SQLITE_OK;
  return st;
}

/* VACUUM numbers rows anew where nothing holds on to their rowids: harmless only where they have no gaps. */
static int check_rowids(tsn_sql_live *l, const tsn_sql_input *in, char **error)
{
  const tsn_sql_table *t = &in->table;
  int64_t gaps = 0;
  char *text = sqlite3_mprintf("SELECT NOT EXISTS (SELECT 1 FROM pragma_index_list(%Q, %Q))"
                               " AND (SELECT count(*) FROM pragma_table_info(%Q, %Q) WHERE pk) <> 1"
                               " AND (SELECT count(*) <> coalesce(max(%s), 0) FROM \"%w\".\"%w\")",
                               t->name, t->schema, t->name, t->schema, t->rowid, t->schema, t->name);
  int st = number_of(l, text, &gaps, error);

  if (st != SQLITE_OK || !gaps) return st;
  return tsn_sql_fail(error, SQLITE_ERROR,
                      "%s: the rowids of %s have gaps that VACUUM would close later; hint: VACUUM before, or give it an INTEGER PRIMARY KEY",
                      l->shadow.name, in->name);
}

/* State begins anew: rows up to the greatest rowid of each table are those that were there, `counts`: as history, or not at all. */
static int restart(tsn_sql_live *l, bool counts, char **error)
{
  int64_t epoch = 0, base = 0;
  int st = tsn_sql_shadow_run(&l->shadow, sqlite3_mprintf("DELETE FROM %s", l->log), error);

  for (size_t i = 0; i < l->input_count && st == SQLITE_OK; i++) {
    const tsn_sql_table *table = &l->inputs[i].table;
    int64_t upto = INT64_MIN, from = INT64_MIN;
    st = check_rowids(l, &l->inputs[i], error);
    if (st == SQLITE_OK) st = number_of(l, sqlite3_mprintf("SELECT coalesce(max(%s), %lld) FROM \"%w\".\"%w\"", table->rowid,
                                                           (long long)upto, table->schema, table->name), &upto, error);
    if (!counts) from = upto;
    if (st == SQLITE_OK) st = numbered(l, "from", i, &from, true, error);
    if (st == SQLITE_OK) st = numbered(l, "upto", i, &upto, true, error);
  }
  if (st == SQLITE_OK) st = number_of(l, sqlite3_mprintf("SELECT v FROM %s WHERE k = 'epoch'", l->config), &epoch, error);
  if (st == SQLITE_OK) st = number_of(l, sqlite3_mprintf("SELECT max(rowid) FROM %s", l->kept), &base, error);
  if (st == SQLITE_OK) st = set(l, "epoch", epoch + 1, error);
  if (st == SQLITE_OK) st = set(l, "base", base, error);
  if (st == SQLITE_OK) st = set(l, "emitted", 0, error);
  forget(l);
  return st;
}

/* --- the beginning --- */

/* The names of its tables in SQL. */
static int name_tables(tsn_sql_live *l)
{
  const struct { const char **to, *format, *name; } all[] = {
    { &l->config, "\"%w\".\"%w_config\"", l->shadow.name }, { &l->log, "\"%w\".\"%w_log\"", l->shadow.name },
    { &l->kept, "\"%w\".\"%w\"", l->shadow.matches },
  };

  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    char *text = sqlite3_mprintf(all[i].format, l->shadow.schema, all[i].name);
    *all[i].to = text ? tsn_arena_text(&l->arena, text, strlen(text)) : NULL;
    sqlite3_free(text);
    if (!*all[i].to) return SQLITE_NOMEM;
  }
  return SQLITE_OK;
}

static int look(tsn_sql_live *l, char **error)
{
  const tocsin_program *program = l->program;
  size_t streams = tocsin_program_stream_count(program);
  int st = SQLITE_OK;

  l->inputs = tsn_arena_new_array(&l->arena, tsn_sql_input, streams + 1);
  l->last = tsn_arena_new_array(&l->arena, int64_t, streams + 1);
  l->row = tsn_arena_new_array(&l->arena, sqlite3_stmt *, streams + 1);
  if (!l->inputs || !l->last || !l->row) return SQLITE_NOMEM;
  for (size_t i = 0; i < streams && st == SQLITE_OK; i++) {
    tsn_sql_input *in = &l->inputs[l->input_count];
    if (!tocsin_program_pattern_reads(program, l->text->only, i)) continue;
    st = tsn_sql_input_look(in, l->text, &l->arena, program, i, false, error);
    if (st != SQLITE_OK) break;
    if (!in->table.rowid)
      return tsn_sql_fail(error, SQLITE_ERROR, "%s: live is for tables with a rowid, which %s is not; hint: a view can be read by mode='batch'",
                          l->shadow.name, in->name);
    if (l->input_count++ == 0 && in->time != SIZE_MAX) {
      l->time_type = in->columns[in->time].type;
      l->time_unit = in->columns[in->time].unit;
    }
    if (in->read_count > l->width) l->width = in->read_count;
  }
  for (size_t i = 0; st == SQLITE_OK && i < tocsin_program_table_count(program); i++)
    if (tocsin_program_table(program, i).needed)
      return tsn_sql_fail(error, SQLITE_ERROR, "%s: LEFT JOIN is not supported yet with mode='live'", l->shadow.name);
  return st;
}

int tsn_sql_live_open(tsn_sql_live **out, tsn_sql_text *text, const char *schema, const char *name, const tsn_sql_output *columns,
                      size_t column_count,
                      bool create, char **error)
{
  tsn_sql_live *l = sqlite3_malloc64(sizeof *l);
  int st;

  *out = NULL;
  if (!l) return SQLITE_NOMEM;
  memset(l, 0, sizeof *l);
  l->text = text;
  l->db = text->db;
  l->coming = SIZE_MAX;
  tsn_alloc_init(&l->alloc, &tsn_sql_memory);
  tsn_arena_init(&l->arena, &l->alloc, 0);
  l->shadow = (tsn_sql_shadow){ .db = text->db, .into = text->settings.into != NULL, .columns = columns, .column_count = column_count };
  l->shadow.schema = tsn_arena_text(&l->arena, schema, strlen(schema));
  l->shadow.name = tsn_arena_text(&l->arena, name, strlen(name));
  l->shadow.matches = text->settings.into ? text->settings.into : tsn_arena_printf(&l->arena, "%s_matches", name);
  st = tsn_arena_failed(&l->arena) == TOCSIN_OK ? name_tables(l) : SQLITE_NOMEM;
  if (st == SQLITE_OK) st = tsn_sql_text_program(text, DETAILS, &l->program, error);
  if (st == SQLITE_OK) {
    l->places = tsn_sql_places_of(l->program, text->only, DETAILS);
    st = look(l, error);
  }
  if (st == SQLITE_OK && create) st = tsn_sql_shadow_create(&l->shadow, error);
  for (size_t i = 0; st == SQLITE_OK && create && i < l->input_count; i++) st = tsn_sql_shadow_watch(&l->shadow, i, &l->inputs[i], error);
  if (st == SQLITE_OK && create) st = restart(l, true, error);
  if (st == SQLITE_OK && create) st = ensure(l, error);
  if (st != SQLITE_OK) {
    tsn_sql_live_close(l);
    return st;
  }
  *out = l;
  return SQLITE_OK;
}

/* Statements and the matcher, which a later use makes again. */
static void put_down(tsn_sql_live *l)
{
  sqlite3_stmt **all[] = { &l->get, &l->set, &l->add_log, &l->read_log, &l->add_match, &l->same_match, &l->tail };

  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    sqlite3_finalize(*all[i]);
    *all[i] = NULL;
  }
  for (size_t i = 0; l->row && i < l->input_count; i++) {
    sqlite3_finalize(l->row[i]);
    l->row[i] = NULL;
  }
  tsn_sql_scan_close(&l->scan);
  l->loaded = l->checked = false;
}

void tsn_sql_live_close(tsn_sql_live *l)
{
  if (!l) return;
  put_down(l);
  tsn_alloc_free(&l->alloc, l->marks, l->mark_cap * sizeof *l->marks);
  tsn_arena_clear(&l->arena);
  sqlite3_free(l);
}

int tsn_sql_live_drop(tsn_sql_live *l, char **error)
{
  put_down(l);
  return tsn_sql_shadow_drop(&l->shadow, error);
}

int tsn_sql_live_rename(tsn_sql_live *l, const char *name, char **error)
{
  int st;

  put_down(l);
  st = tsn_sql_shadow_rename(&l->shadow, name, error);
  l->shadow.name = tsn_arena_text(&l->arena, name, strlen(name));
  if (!l->shadow.into) l->shadow.matches = tsn_arena_printf(&l->arena, "%s_matches", name);
  if (st == SQLITE_OK && tsn_arena_failed(&l->arena) == TOCSIN_OK) st = name_tables(l);
  if (st == SQLITE_OK && tsn_arena_failed(&l->arena) != TOCSIN_OK) st = SQLITE_NOMEM;
  for (size_t i = 0; st == SQLITE_OK && i < l->input_count; i++) st = tsn_sql_shadow_watch(&l->shadow, i, &l->inputs[i], error);
  return st;
}

void tsn_sql_live_begin(tsn_sql_live *l)
{
  l->checked = false;
  l->moves = 0;
  for (size_t i = 0; i < l->mark_cap; i++) l->marks[i] = 0; /* savepoints that were there before it */
}

int tsn_sql_live_savepoint(tsn_sql_live *l, int number)
{
  size_t at = number < 0 ? 0 : (size_t)number, cap = l->mark_cap;
  void *marks = l->marks;

  if (!tsn_alloc_grow(&l->alloc, &marks, &l->mark_cap, at + 1, sizeof *l->marks)) return SQLITE_NOMEM;
  l->marks = marks;
  for (; cap < l->mark_cap; cap++) l->marks[cap] = 0;
  l->marks[at] = l->moves;
  return SQLITE_OK;
}

void tsn_sql_live_roll_back_to(tsn_sql_live *l, int number)
{
  uint64_t mark = number >= 0 && (size_t)number < l->mark_cap ? l->marks[number] : 0;

  if (mark != l->moves) forget(l);
}

void tsn_sql_live_roll_back(tsn_sql_live *l)
{
  if (l->moves) forget(l);
  l->checked = false;
}

size_t tsn_sql_live_width(const tsn_sql_live *l)
{
  return l->width;
}

int tsn_sql_live_matches(const tsn_sql_live *l, sqlite3_stmt **out, char **error)
{
  sqlite3_str *text = sqlite3_str_new(l->db);

  sqlite3_str_appendall(text, "SELECT rowid");
  for (size_t i = 0; i < l->shadow.column_count; i++) sqlite3_str_appendf(text, ", \"%w\"", l->shadow.columns[i].name);
  sqlite3_str_appendf(text, " FROM %s WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid", l->kept);
  return prepare(l, out, sqlite3_str_finish(text), error);
}

/* --- rows and commands --- */

/* An arrival that the order of rowids does not tell. */
static int add_log(tsn_sql_live *l, int64_t stream, int64_t row, char **error)
{
  int st = SQLITE_OK;

  if (!l->add_log) st = prepare(l, &l->add_log, sqlite3_mprintf("INSERT INTO %s(stream, row, mark) VALUES (?1, ?2, ?3)", l->log), error);
  if (st == SQLITE_OK) st = sqlite3_bind_int64(l->add_log, 1, stream);
  if (st == SQLITE_OK) st = sqlite3_bind_int64(l->add_log, 2, row);
  if (st == SQLITE_OK) st = l->input_count == 1 ? sqlite3_bind_int64(l->add_log, 3, l->last[0]) : sqlite3_bind_null(l->add_log, 3);
  if (st == SQLITE_OK) st = run(l, l->add_log, error);
  if (st == SQLITE_OK) l->log_id = sqlite3_last_insert_rowid(l->db);
  return st;
}

/* What fails leaves the matcher where nobody knows. */
static int settle(tsn_sql_live *l, int st, char **error)
{
  if (st == SQLITE_OK) st = note(l, error);
  if (st != SQLITE_OK) forget(l);
  return st;
}

int tsn_sql_live_row(tsn_sql_live *l, size_t stream, int64_t rowid, sqlite3_value **values, size_t count, char **error)
{
  bool in_order;
  int st;

  if (stream >= l->input_count || count < l->inputs[stream].read_count)
    return tsn_sql_fail(error, SQLITE_MISUSE, "%s: rows come by its triggers, not by INSERT; hint: INSERT INTO %s", l->shadow.name,
                        l->input_count ? l->inputs[0].name : "the table that it reads");
  l->coming = stream;
  l->coming_row = rowid;
  st = ensure(l, error);
  l->coming = SIZE_MAX;
  in_order = l->input_count == 1 && rowid > l->last[0];
  if (st == SQLITE_OK && !in_order) st = add_log(l, (int64_t)stream, rowid, error);
  if (st == SQLITE_OK) st = push(l, stream, values, error);
  if (in_order) l->last[0] = rowid;
  return settle(l, st, error);
}

static int advance(tsn_sql_live *l, sqlite3_value *argument, char **error)
{
  tocsin_value time;
  char reason[256];
  int64_t watermark;
  int st = ensure(l, error);

  if (st != SQLITE_OK) return st;
  if (l->time_type == TOCSIN_NULL) return tsn_sql_fail(error, SQLITE_ERROR, "%s: its rows have no time that could pass", l->shadow.name);
  if (tsn_sql_read(argument, l->time_type, l->time_unit, false, &time, reason) != TSN_SQL_OK)
    return tsn_sql_fail(error, SQLITE_ERROR, "%s: advance takes a time, as in VALUES ('advance', '2026-01-31T10:00:00Z')", l->shadow.name);
  watermark = l->time_type == TOCSIN_DOUBLE ? tocsin_time_of_double(time.as.real) : time.as.integer;
  st = add_log(l, -1, watermark, error);
  if (st == SQLITE_OK) st = tsn_sql_scan_advance(&l->scan, watermark, error);
  if (st == SQLITE_OK) st = take(l, error);
  return settle(l, st, error);
}

/* The rows are over: what is open is decided, and what comes then begins anew. */
static int flush(tsn_sql_live *l, sqlite3_value *argument, char **error)
{
  int st = ensure(l, error);

  (void)argument;
  if (st == SQLITE_OK) st = tsn_sql_scan_finish(&l->scan, error);
  if (st == SQLITE_OK) st = take(l, error);
  st = settle(l, st, error);
  return st == SQLITE_OK ? restart(l, false, error) : st;
}

static int drop_matches(tsn_sql_live *l, char **error)
{
  if (l->shadow.into) return SQLITE_OK;
  return tsn_sql_shadow_run(&l->shadow, sqlite3_mprintf("DELETE FROM %s", l->kept), error);
}

/* As if it had been made now: no matches, and rows that are there do not count. */
static int reset(tsn_sql_live *l, sqlite3_value *argument, char **error)
{
  int st = drop_matches(l, error);

  (void)argument;
  return st == SQLITE_OK ? restart(l, false, error) : st;
}

/* All rows are matched again, as in a query. */
static int rebuild(tsn_sql_live *l, sqlite3_value *argument, char **error)
{
  int st;

  (void)argument;
  if (l->shadow.into)
    return tsn_sql_fail(error, SQLITE_ERROR, "%s: the matches in %s are yours: delete those that shall come again, drop %s and create it anew",
                        l->shadow.name, l->shadow.matches, l->shadow.name);
  st = drop_matches(l, error);
  if (st == SQLITE_OK) st = restart(l, true, error);
  return st == SQLITE_OK ? ensure(l, error) : st;
}

/* Does all again and compares. */
static int integrity_check(tsn_sql_live *l, sqlite3_value *argument, char **error)
{
  tsn_sql_live again;
  int64_t *last = tsn_alloc_array(&l->alloc, l->input_count, sizeof *last), rows = 0;
  int st = last ? ensure(l, error) : SQLITE_NOMEM;

  (void)argument;
  if (st == SQLITE_OK) {
    again = *l;
    again.scan = (tsn_sql_scan){ .text = NULL };
    again.last = last;
    again.verify = !l->shadow.into;
    again.wrong = 0;
    st = load(&again, error);
    if (st == SQLITE_OK) st = catch_up(&again, error);
    tsn_sql_scan_close(&again.scan);
    l->read_log = again.read_log;
    l->tail = again.tail;
    l->same_match = again.same_match;
    l->get = again.get;
    if (st == SQLITE_OK && (again.emitted != l->known || again.wrong)) st = corrupt(l, "its rows give other matches", error);
    if (st == SQLITE_OK && !l->shadow.into)
      st = number_of(l, sqlite3_mprintf("SELECT count(*) FROM %s WHERE rowid > %lld", l->kept, (long long)l->base), &rows, error);
    if (st == SQLITE_OK && !l->shadow.into && rows != l->known) st = corrupt(l, "matches are missing or too many", error);
  }
  if (last) tsn_alloc_free(&l->alloc, last, l->input_count * sizeof *last);
  return st;
}

int tsn_sql_live_command(tsn_sql_live *l, const char *command, sqlite3_value *argument, char **error)
{
  static const struct {
    const char *name;
    int (*run)(tsn_sql_live *l, sqlite3_value *argument, char **error);
  } all[] = {
    { "advance", advance }, { "flush", flush }, { "integrity-check", integrity_check }, { "rebuild", rebuild }, { "reset", reset },
  };

  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (tsn_same_name(command, strlen(command), all[i].name, strlen(all[i].name))) return all[i].run(l, argument, error);
  return tsn_sql_fail(error, SQLITE_ERROR, "%s: there is no command '%s', but 'advance', 'flush', 'integrity-check', 'rebuild', 'reset'",
                      l->shadow.name, command);
}
