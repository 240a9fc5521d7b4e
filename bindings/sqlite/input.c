/* Rows of a table or view, as batches in order of time: see module.h.
 *
 * Which order is cheapest is told by SQLite itself:
 *   an index (or the rowid) gives the order of the time column   rows come as the index has them
 *   they lie in order of the rowid, as in a table that grows     a look at the time column alone first, then as they lie
 *   else                                                         ORDER BY, and SQLite sorts
 * An index orders texts as texts, and numbers before texts. Whether that is the order of
 * times is certain for numbers; of texts it is looked at before.
 *
 * Rows are not stepped to one by one: a function in WHERE takes the values of each and is TRUE where the batch is
 * full, so that SQLite comes back once a batch:
 *   SELECT 1 FROM (SELECT a, b FROM t ORDER BY ts LIMIT -1) WHERE tocsin_take(?, a, b)
 * The LIMIT keeps the function from being asked before rows are in order; where nothing is sorted it is not needed. */
#include "bindings/sqlite/module.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/json_path.h"

#define BATCH_BYTES ((size_t)8 << 20)
#define VALUES_MOST 1000 /* of a filter; more are left to SQLite */
#define TAKEN_MOST 100   /* columns that tocsin_take() is given; SQLite takes 127 arguments */

/* --- columns --- */

static int find_column(const tsn_sql_table *table, const char *name, size_t length)
{
  for (size_t i = 0; i < table->column_count; i++)
    if (tsn_same_name(table->columns[i].name, strlen(table->columns[i].name), name, length)) return (int)i;
  return -1;
}

/* As in CSV: by the member of its path, where that is all of the path; else by its name. */
static int find_source(const tsn_sql_table *table, const tocsin_column_info *column)
{
  size_t length;
  const char *member = column->path ? tsn_json_path_single(column->path, &length) : NULL;
  int at = member ? find_column(table, member, length) : -1;

  return at >= 0 ? at : find_column(table, column->name, strlen(column->name));
}

/* The columns of the stream, and which of the table each is. What the text declares is looked at whole, needed or not. */
static int map_columns(tsn_sql_input *in, tsn_arena *arena, const tocsin_program *program, size_t index, bool is_table, bool declared,
                       char **error)
{
  size_t count = is_table ? tocsin_program_table(program, index).column_count : tocsin_program_stream(program, index).column_count, found = 0;

  in->columns = tsn_arena_new_array(arena, tsn_column_def, count + 1);
  in->strict = tsn_arena_new_array(arena, bool, count + 1);
  in->at = tsn_arena_new_array(arena, int, count + 1);
  if (!in->columns || !in->strict || !in->at) return SQLITE_NOMEM;
  for (size_t i = 0; i < count; i++) {
    tocsin_column_info c = is_table ? tocsin_program_table_column(program, index, i) : tocsin_program_stream_column(program, index, i);
    in->columns[i] = (tsn_column_def){ .name = c.name, .type = c.type, .unit = c.unit, .path = c.path,
                                       .not_null = c.not_null && !is_table, .needed = c.needed || is_table };
    in->at[i] = declared || c.needed ? find_source(&in->table, &c) : -1;
    in->strict[i] = !declared;
    found += find_source(&in->table, &c) >= 0;
    in->read_count += in->at[i] >= 0;
    if (in->at[i] < 0 && in->columns[i].not_null)
      return tsn_sql_fail(error, SQLITE_ERROR, "%s has no column %s, which the text requires", in->name, c.name);
  }
  if (count && !found) return tsn_sql_fail(error, SQLITE_ERROR, "%s has none of the columns that the text declares", in->name);
  in->schema = (tsn_schema){ .name = in->name, .column_count = count, .columns = in->columns };
  return SQLITE_OK;
}

/* --- statements --- */

typedef struct query {
  tsn_sql_input *in;
  const tsn_sql_filter *filters;
  size_t filter_count;
  const tsn_sql_span *span; /* NULL: all rows */
  const tsn_sql_times *times; /* NULL: all; else what an index on the time can find */
  bool texts;                 /* whose times are texts */
} query;

/* The columns that are read, each behind `before` the first and commas; whether there are any. only: one of the table, or -1. */
static bool put_columns(const query *q, sqlite3_str *out, const char *before, int only)
{
  const tsn_sql_input *in = q->in;

  for (size_t i = 0; i < in->schema.column_count && only < 0; i++) {
    if (in->at[i] < 0) continue;
    sqlite3_str_appendf(out, "%s\"%w\"", before, in->table.columns[in->at[i]].name);
    before = ", ";
  }
  if (only >= 0) sqlite3_str_appendf(out, "%s\"%w\"", before, in->table.columns[only].name);
  return only >= 0 || *before == ',';
}

static void put_from(const query *q, sqlite3_str *out)
{
  sqlite3_str_appendf(out, " FROM \"%w\".\"%w\"", q->in->table.schema, q->in->table.name);
}

/* The beginning of a statement, up to its WHERE. */
static sqlite3_str *begin(const query *q, const char *head, int only)
{
  sqlite3_str *out = sqlite3_str_new(q->in->db);

  if (*head) sqlite3_str_appendall(out, head);
  if (!put_columns(q, out, "SELECT ", only)) sqlite3_str_appendall(out, "SELECT 1"); /* rows alone count */
  put_from(q, out);
  return out;
}

/* The time column beside a bound, which lets more rows pass where it cannot tell: a text may have an offset, so its date alone
 * counts, and two days more; a unit may cut. */
static void put_bound(const query *q, sqlite3_str *out, const char *before, const char *sign, int64_t time)
{
  static const int64_t micros[] = { [TOCSIN_UNIT_NONE] = 1, [TOCSIN_UNIT_SECOND] = 1000000, [TOCSIN_UNIT_MILLISECOND] = 1000,
                                   [TOCSIN_UNIT_MICROSECOND] = 1,
                                    [TOCSIN_UNIT_NANOSECOND] = 1 };
  const tsn_column_def *c = &q->in->columns[q->in->time];
  int64_t two_days = INT64_C(172800000000), slack = *sign == '>' ? -1 : 1;
  char text[TSN_TIME_TEXT];

  sqlite3_str_appendf(out, "%s\"%w\" %s ", before, q->in->table.columns[q->in->at[q->in->time]].name, sign);
  if (!q->texts && c->unit == TOCSIN_UNIT_NANOSECOND) {
    int64_t nanos;
    if (__builtin_mul_overflow(tsn_time_add(time, slack), 1000, &nanos)) nanos = slack < 0 ? INT64_MIN : INT64_MAX;
    sqlite3_str_appendf(out, "%lld", (long long)nanos);
  } else if (!q->texts) {
    sqlite3_str_appendf(out, "%lld", (long long)tsn_time_add(time / micros[c->unit], slack));
  } else {
    tsn_time_format(tsn_time_add(time, slack * two_days), text);
    sqlite3_str_appendf(out, "'%.10s'", text);
  }
}

/* WHERE with what holds for all rows, and a function of columns, if there is one. Parameter 1 is the function's. */
static void put_where(const query *q, sqlite3_str *out, const char *function, int only)
{
  bool first = true;
  int at = 1;

  for (size_t i = 0; i < q->filter_count; i++) {
    const tsn_sql_filter *f = &q->filters[i];
    if (f->count > VALUES_MOST) continue;
    sqlite3_str_appendf(out, "%s\"%w\"", first ? " WHERE " : " AND ", f->column);
    if (f->count == 0) sqlite3_str_appendall(out, " IS NULL");
    else if (f->count == 1) sqlite3_str_appendf(out, " = ?%d", ++at);
    else {
      for (size_t k = 0; k < f->count; k++) sqlite3_str_appendf(out, "%s?%d", k ? "," : " IN (", ++at);
      sqlite3_str_appendall(out, ")");
    }
    first = false;
  }
  if (q->span) {
    const char *rowid = q->in->table.rowid;
    sqlite3_str_appendf(out, "%s%s > %lld AND %s <= %lld AND %s NOT IN (%s)", first ? " WHERE " : " AND ", rowid,
                        (long long)q->span->after, rowid,
                        (long long)q->span->upto, rowid, q->span->but);
    first = false;
  }
  if (q->times && q->times->has_from) put_bound(q, out, first ? " WHERE " : " AND ", ">=", q->times->from), first = false;
  if (q->times && q->times->has_to) put_bound(q, out, first ? " WHERE " : " AND ", "<=", q->times->to), first = false;
  if (!function) return;
  sqlite3_str_appendf(out, "%s%s", first ? " WHERE " : " AND ", function);
  put_columns(q, out, ", ", only);
  sqlite3_str_appendall(out, ")");
}

/* Prepares a text, which is freed, the filters bound. */
static int finish(const query *q, char *text, sqlite3_stmt **statement)
{
  int st = text ? sqlite3_prepare_v2(q->in->db, text, -1, statement, NULL) : SQLITE_NOMEM, at = 1;

  if (!text) *statement = NULL;
  sqlite3_free(text);
  for (size_t i = 0; st == SQLITE_OK && i < q->filter_count; i++)
    for (size_t k = 0; q->filters[i].values && st == SQLITE_OK && q->filters[i].count <= VALUES_MOST && k < q->filters[i].count; k++)
      st = sqlite3_bind_value(*statement, ++at, q->filters[i].values[k]);
  return st;
}

/* --- order --- */

typedef enum order { ORDER_NONE, ORDER_ROWID, ORDER_COLUMN, ORDER_TIME } order;

/* WHERE and ORDER BY. */
static void put_order(const query *q, sqlite3_str *out, order by, const char *function, int only)
{
  const tsn_sql_input *in = q->in;
  const char *rowid = in->table.rowid;

  if (by == ORDER_ROWID && !q->filter_count) sqlite3_str_appendall(out, " NOT INDEXED");
  put_where(q, out, function, only);
  if (by == ORDER_ROWID) sqlite3_str_appendf(out, " ORDER BY %s", rowid);
  if (by == ORDER_COLUMN) sqlite3_str_appendf(out, " ORDER BY \"%w\"", in->table.columns[in->at[in->time]].name);
  if (by == ORDER_TIME)
    sqlite3_str_appendf(out, " ORDER BY tocsin_order(\"%w\", %d, %d)", in->table.columns[in->at[in->time]].name, (int)in->columns[in->time].type,
                        (int)in->columns[in->time].unit);
  if (by != ORDER_ROWID && by != ORDER_NONE && rowid) sqlite3_str_appendf(out, ", %s", rowid);
}

/* Whether SQLite would have to sort for a statement; what else it would do goes to `said`, unless that is NULL. */
static int plan_of(sqlite3 *db, const char *statement, bool *sorting, sqlite3_str *said)
{
  char *text = statement ? sqlite3_mprintf("EXPLAIN QUERY PLAN %s", statement) : NULL;
  sqlite3_stmt *plan = NULL;
  int st = text ? sqlite3_prepare_v2(db, text, -1, &plan, NULL) : SQLITE_NOMEM;

  *sorting = false;
  while (st == SQLITE_OK && (st = sqlite3_step(plan)) == SQLITE_ROW) {
    const char *detail = (const char *)sqlite3_column_text(plan, 3);
    bool sorts = detail && strstr(detail, "TEMP B-TREE");
    *sorting = *sorting || sorts;
    if (said && detail && !sorts) sqlite3_str_appendf(said, "%s", detail);
    st = SQLITE_OK;
  }
  sqlite3_finalize(plan);
  sqlite3_free(text);
  return st == SQLITE_DONE ? SQLITE_OK : st;
}

static int sorts(const query *q, order by, bool *out, sqlite3_str *said)
{
  sqlite3_str *text = begin(q, "", -1);
  char *statement;
  int st;

  put_order(q, text, by, NULL, -1);
  statement = sqlite3_str_finish(text);
  st = plan_of(q->in->db, statement, out, said);
  sqlite3_free(statement);
  return st;
}

/* The time of a value; false: it has none. */
static bool time_of(sqlite3_value *value, tocsin_type type, tocsin_unit unit, int64_t *out)
{
  tocsin_value read;
  char reason[256];

  if (tsn_sql_read(value, type, unit, false, &read, reason) != TSN_SQL_OK) return false;
  *out = type == TOCSIN_DOUBLE ? tsn_time_of_double(read.as.real) : read.as.integer;
  return true;
}

void tsn_sql_order(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  int type = sqlite3_value_int(arguments[1]), unit = sqlite3_value_int(arguments[2]);
  int64_t time;

  (void)count;
  if (type < TOCSIN_BIGINT || type > TOCSIN_INTERVAL || type == TOCSIN_TEXT || unit < TOCSIN_UNIT_NONE || unit > TOCSIN_UNIT_NANOSECOND) return;
  if (time_of(arguments[0], (tocsin_type)type, (tocsin_unit)unit, &time)) sqlite3_result_int64(context, time);
}

/* A statement that gives the rows in order to a function, and comes back where it is TRUE. *text is freed by the caller. */
static int with_function(const query *q, order by, const char *function, int only, char **text)
{
  char *call = sqlite3_mprintf("%s(?1", function);
  sqlite3_str *out = sqlite3_str_new(q->in->db);
  bool sorting = true;
  int st = SQLITE_OK;

  sqlite3_str_appendall(out, "SELECT 1");
  put_from(q, out);
  put_order(q, out, by, call, only);
  *text = sqlite3_str_finish(out);
  if (by != ORDER_NONE) st = call ? plan_of(q->in->db, *text, &sorting, NULL) : SQLITE_NOMEM;
  if (st == SQLITE_OK && sorting) {
    sqlite3_free(*text);
    out = begin(q, "SELECT 1 FROM (", only);
    put_order(q, out, by, NULL, -1);
    sqlite3_str_appendf(out, " LIMIT -1) WHERE %s", call);
    put_columns(q, out, ", ", only);
    sqlite3_str_appendall(out, ")");
    *text = sqlite3_str_finish(out);
  }
  sqlite3_free(call);
  return st == SQLITE_OK && !*text ? SQLITE_NOMEM : st;
}

/* What tocsin_disorder() remembers between two rows. */
typedef struct watch {
  const tsn_column_def *column;
  int64_t last;
} watch;

void tsn_sql_disorder(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  watch *w = sqlite3_value_pointer(arguments[0], "tocsin_watch");
  int64_t time;
  bool back;

  (void)count;
  if (!w || !time_of(arguments[1], w->column->type, w->column->unit, &time)) return;
  back = time < w->last;
  w->last = time;
  sqlite3_result_int(context, back);
}

/* Whether rows that come in an order, and nobody sorts, come in order of time. */
static int in_order(const query *q, order by, bool *out)
{
  watch w = { &q->in->columns[q->in->time], INT64_MIN };
  sqlite3_stmt *rows = NULL;
  char *text;
  int st = with_function(q, by, "tocsin_disorder", q->in->at[q->in->time], &text);

  if (st == SQLITE_OK) st = finish(q, text, &rows);
  else sqlite3_free(text);
  if (st == SQLITE_OK) st = sqlite3_bind_pointer(rows, 1, &w, "tocsin_watch", NULL);
  if (st == SQLITE_OK) st = sqlite3_step(rows);
  *out = st == SQLITE_DONE;
  sqlite3_finalize(rows);
  return st == SQLITE_DONE || st == SQLITE_ROW ? SQLITE_OK : st;
}

/* Whether least and greatest value of the time column are numbers, or texts: so are all between. */
static int kinds_of(const query *q, bool *numbers, bool *texts)
{
  *numbers = *texts = true;
  for (int last = 0; last < 2; last++) {
    sqlite3_str *text = begin(q, "", q->in->at[q->in->time]);
    sqlite3_stmt *rows;
    int st;
    put_where(q, text, NULL, -1);
    sqlite3_str_appendf(text, " ORDER BY 1%s LIMIT 1", last ? " DESC" : "");
    st = finish(q, sqlite3_str_finish(text), &rows);
    if (st == SQLITE_OK && (st = sqlite3_step(rows)) == SQLITE_ROW) {
      int stored = sqlite3_column_type(rows, 0);
      *numbers = *numbers && (stored == SQLITE_INTEGER || stored == SQLITE_FLOAT || stored == SQLITE_NULL);
      *texts = *texts && stored == SQLITE_TEXT;
      st = SQLITE_DONE;
    }
    sqlite3_finalize(rows);
    if (st != SQLITE_DONE) return st;
  }
  return SQLITE_OK;
}

/* The times that a query is for can be asked of an index where all times are of one kind, and in the years that dates are written with. */
static void use_times(query *q, const tsn_sql_times *times, bool numbers, bool texts)
{
  const int64_t year_2 = INT64_C(-62104060800000000), year_9998 = INT64_C(253370764800000000);
  const tsn_column_def *c = &q->in->columns[q->in->time];

  if (!times || (!times->has_from && !times->has_to)) return;
  if (texts && (c->type != TOCSIN_TIMESTAMP || (times->has_from && (times->from < year_2 || times->from > year_9998)) ||
                (times->has_to && (times->to < year_2 || times->to > year_9998))))
    return;
  if (!numbers && !texts) return;
  q->times = times;
  q->texts = texts && !numbers;
}

static int choose_order(query *q, const tsn_sql_times *times, order *by)
{
  const tsn_sql_input *in = q->in;
  bool sorting, good = false, texts = false;
  int st;

  if (in->time == SIZE_MAX) {
    *by = in->table.rowid ? ORDER_ROWID : ORDER_NONE;
    return SQLITE_OK;
  }
  st = sorts(q, *by = ORDER_COLUMN, &sorting, NULL);
  if (st != SQLITE_OK) return st;
  if (!sorting) {
    st = kinds_of(q, &good, &texts);
    if (st == SQLITE_OK) use_times(q, times, good, texts);
    if (st == SQLITE_OK && !good) st = in_order(q, ORDER_COLUMN, &good);
  } else if (in->table.rowid && !q->filter_count) {
    st = in_order(q, *by = ORDER_ROWID, &good);
  }
  if (!good) *by = ORDER_TIME;
  return st;
}

/* --- opening --- */

int tsn_sql_input_look(tsn_sql_input *in, const tsn_sql_text *text, tsn_arena *arena, const tocsin_program *program, size_t index, bool is_table,
                       char **error)
{
  tocsin_stream_info stream = tocsin_program_stream(program, index);
  size_t table;
  int st;

  *in = (tsn_sql_input){ .db = text->db, .alloc = arena->alloc, .name = is_table ? tocsin_program_table(program, index).name : stream.name,
                         .time = SIZE_MAX, .bad_fails = text->settings.bad_fails };
  table = tsn_sql_text_table(text, in->name);
  if (table == SIZE_MAX) return tsn_sql_fail(error, SQLITE_ERROR, "there is no table or view %s", in->name);
  in->table = text->tables[table];
  st = map_columns(in, arena, program, index, is_table, table >= text->undeclared, error);
  if (st != SQLITE_OK) return st;
  if (!is_table && stream.event_time >= 0) in->time = (size_t)stream.event_time;
  if (in->time != SIZE_MAX && in->at[in->time] < 0)
    return tsn_sql_fail(error, SQLITE_ERROR, "%s has no column %s, which is the time of its rows", in->name, in->columns[in->time].name);
  return SQLITE_OK;
}

/* The statement over the rows: it comes back with each batch, or, where there are too many columns for a function, each row. */
static int prepare_rows(const query *q, order by)
{
  tsn_sql_input *in = q->in;
  char *text;
  int st = SQLITE_OK;

  in->stepped = in->read_count > TAKEN_MOST;
  if (in->stepped) {
    sqlite3_str *out = begin(q, "", -1);
    put_order(q, out, by, NULL, -1);
    text = sqlite3_str_finish(out);
  } else {
    st = with_function(q, by, "tocsin_take", -1, &text);
  }
  if (st == SQLITE_OK) st = finish(q, text, &in->rows);
  else sqlite3_free(text);
  return st == SQLITE_OK && !in->stepped ? sqlite3_bind_pointer(in->rows, 1, in, "tocsin_input", NULL) : st;
}

int tsn_sql_input_open(tsn_sql_input *in, const tsn_sql_text *text, tsn_arena *arena, const tocsin_program *program, size_t index, bool is_table,
                       const tsn_sql_filter *filters, size_t filter_count, const tsn_sql_times *times, const tsn_sql_span *span, char **error)
{
  query q = { in, filters, filter_count, span, NULL, false };
  order by;
  int st = tsn_sql_input_look(in, text, arena, program, index, is_table, error);

  if (st != SQLITE_OK) return st;
  if (span && !in->table.rowid) return tsn_sql_fail(error, SQLITE_ERROR, "%s has no rowid", in->name);
  st = choose_order(&q, times, &by);
  if (st == SQLITE_OK) st = prepare_rows(&q, by);
  if (st != SQLITE_OK) return st == SQLITE_NOMEM ? st : tsn_sql_fail(error, st, "cannot read %s: %s", in->name, sqlite3_errmsg(in->db));
  return tsn_sql_input_begin(in);
}

void tsn_sql_input_columns(const tsn_sql_input *in, sqlite3_str *out, const char *before)
{
  for (size_t i = 0; i < in->schema.column_count; i++)
    if (in->at[i] >= 0) sqlite3_str_appendf(out, "%s\"%w\"", before, in->table.columns[in->at[i]].name);
}

int tsn_sql_input_begin(tsn_sql_input *in)
{
  if (tsn_batch_init(&in->batch, in->alloc, &in->schema) != TOCSIN_OK) return SQLITE_NOMEM;
  in->open = true;
  return SQLITE_OK;
}

int tsn_sql_input_explain(const tsn_sql_text *text, tsn_arena *arena, const tocsin_program *program, size_t index,
                          const tsn_sql_filter *filters, size_t filter_count, const tsn_sql_times *times, sqlite3_str *out, char **error)
{
  tsn_sql_input in;
  query q = { &in, filters, filter_count, NULL, NULL, false };
  bool sorting = false;
  int st = tsn_sql_input_look(&in, text, arena, program, index, false, error);

  if (st == SQLITE_OK && in.time != SIZE_MAX) st = sorts(&q, ORDER_COLUMN, &sorting, NULL);
  if (st == SQLITE_OK && in.time != SIZE_MAX && !sorting) use_times(&q, times, true, false); /* in which kind, its rows will tell */
  if (st == SQLITE_OK) st = sorts(&q, in.time != SIZE_MAX ? ORDER_COLUMN : in.table.rowid ? ORDER_ROWID : ORDER_NONE, &sorting, out);
  if (sorting) sqlite3_str_appendf(out, " ORDER BY %s%s", in.columns[in.time].name, in.table.rowid && !filter_count ? " UNLESS IN ORDER" : "");
  return st;
}

void tsn_sql_input_close(tsn_sql_input *in)
{
  sqlite3_finalize(in->rows);
  sqlite3_free(in->error);
  in->error = NULL;
  if (in->open) tsn_batch_clear(&in->batch);
  in->rows = NULL;
  in->open = false;
}

/* --- reading --- */

static int bad_row(tsn_sql_input *in, size_t column, const char *reason, char **error)
{
  if (in->bad_fails)
    return tsn_sql_fail(error, SQLITE_MISMATCH, "%s, row %lld: %s: %s", in->name, (long long)in->row, in->columns[column].name, reason);
  if (in->bad++ == 0) /* the others are counted */
    sqlite3_log(SQLITE_WARNING, "tocsin: %s, row %lld is left out: %s: %s", in->name, (long long)in->row, in->columns[column].name, reason);
  return SQLITE_OK;
}

/* A value of the row at hand to the batch; *good: the row may stay. */
static int read_value(tsn_sql_input *in, size_t column, sqlite3_value *from, bool *good, char **error)
{
  const tsn_column_def *c = &in->columns[column];
  char reason[256];
  tocsin_value v;

  switch (tsn_sql_read(from, c->type, c->unit, in->strict[column], &v, reason)) {
  case TSN_SQL_OK:
    if (!c->needed) break;
    if (c->type == TOCSIN_TEXT) tsn_batch_set_text(&in->batch, column, v.as.text.bytes, v.as.text.length);
    else if (c->type == TOCSIN_BOOLEAN) tsn_batch_set_bool(&in->batch, column, v.as.boolean);
    else if (c->type == TOCSIN_DOUBLE) tsn_batch_set_double(&in->batch, column, v.as.real);
    else tsn_batch_set_int64(&in->batch, column, v.as.integer);
    break;
  case TSN_SQL_NULL:
    if (!c->not_null) break;
    *good = false;
    return bad_row(in, column, "NULL where a value is required", error);
  case TSN_SQL_NAN:
    in->nan++;
    break;
  case TSN_SQL_BAD:
    *good = false;
    return bad_row(in, column, reason, error);
  case TSN_SQL_NO_UNIT:
    return tsn_sql_fail(error, SQLITE_MISMATCH,
                        "%s, row %lld: %s is a number, and nothing tells how it counts; hint: the option unit='second' (or millisecond, microsecond, nanosecond)",
                        in->name, (long long)in->row, c->name);
  }
  return SQLITE_OK;
}

int tsn_sql_input_row(tsn_sql_input *in, sqlite3_value **values, char **error)
{
  bool good = true;
  int st = SQLITE_OK;

  in->row++;
  for (size_t i = 0; i < in->schema.column_count && good && st == SQLITE_OK; i++) {
    if (in->at[i] >= 0) st = read_value(in, i, *values++, &good, error);
    else if (in->columns[i].not_null) good = false;
  }
  if (st != SQLITE_OK) return st;
  if (!good) {
    tsn_batch_rollback(&in->batch);
    return SQLITE_OK;
  }
  switch (tsn_batch_commit(&in->batch)) {
  case TOCSIN_OK:
    return SQLITE_OK;
  case TOCSIN_LIMIT:
    return tsn_sql_fail(error, SQLITE_TOOBIG, "%s, row %lld: more than 2 GiB of text in a few rows", in->name, (long long)in->row);
  default:
    return SQLITE_NOMEM;
  }
}

static bool is_full(const tsn_batch *batch)
{
  size_t bytes = 0;

  for (size_t i = 0; batch->rows % 64 == 0 && i < batch->column_count; i++) bytes += batch->columns[i].text_length;
  return bytes >= BATCH_BYTES;
}

void tsn_sql_take(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  tsn_sql_input *in = count ? sqlite3_value_pointer(arguments[0], "tocsin_input") : NULL;

  if (!in || (size_t)count != in->read_count + 1) return;
  in->stopped = tsn_sql_input_row(in, arguments + 1, &in->error);
  if (in->stopped != SQLITE_OK) sqlite3_result_error_code(context, in->stopped);
  else sqlite3_result_int(context, in->batch.rows >= in->most || is_full(&in->batch));
}

/* The row that a statement without the function stands at. */
static int take_row(tsn_sql_input *in, char **error)
{
  sqlite3_value **values = tsn_alloc_array(in->alloc, in->read_count, sizeof *values);
  int st = values ? SQLITE_OK : SQLITE_NOMEM;

  for (size_t i = 0; values && i < in->read_count; i++) values[i] = sqlite3_column_value(in->rows, (int)i);
  if (st == SQLITE_OK) st = tsn_sql_input_row(in, values, error);
  if (values) tsn_alloc_free(in->alloc, values, in->read_count * sizeof *values);
  return st;
}

int tsn_sql_input_fill(tsn_sql_input *in, size_t most, char **error)
{
  int st = SQLITE_ROW;

  tsn_batch_reset(&in->batch);
  in->next = 0;
  in->most = most;
  while (!in->ended && in->batch.rows < most && !is_full(&in->batch)) {
    st = sqlite3_step(in->rows);
    if (st != SQLITE_ROW) break;
    if (!in->stepped) continue;
    st = take_row(in, error);
    if (st != SQLITE_OK) return st;
    st = SQLITE_ROW;
  }
  in->ended = in->ended || st == SQLITE_DONE;
  in->view = tsn_batch_view(&in->batch);
  if (st == SQLITE_ROW || st == SQLITE_DONE) return SQLITE_OK;
  if (in->stopped != SQLITE_OK) {
    *error = in->error;
    in->error = NULL;
    return in->stopped;
  }
  if (st == SQLITE_NOMEM || st == SQLITE_INTERRUPT) return st;
  return tsn_sql_fail(error, st, "cannot read %s: %s", in->name, sqlite3_errmsg(in->db));
}

int64_t tsn_sql_input_time(const tsn_sql_input *in, size_t row)
{
  const tocsin_column *c = in->time == SIZE_MAX ? NULL : &in->view.columns[in->time];

  if (!c || tsn_column_is_null(c, row)) return INT64_MIN;
  return in->columns[in->time].type == TOCSIN_DOUBLE ? tsn_time_of_double(((const double *)c->values)[row]) : ((const int64_t *)c->values)[row];
}
