/* Patterns inside SQLite.
 *
 *   ext.c        the entry: functions and modules of a connection
 *   query.c      tocsin_query(text): fixed columns     ─┐
 *   virtual.c    CREATE VIRTUAL TABLE ... USING tocsin ─┴─> scan ─> matches as rows
 *
 *   cursor.c     what the cursors of both have in common
 *   scan.c       a query at work: a matcher, fed from inputs in order of time
 *     input.c    one table or view: a statement over its rows, in order, as batches
 *   live.c       mode='live': rows that are inserted move a matcher, matches are kept
 *     shadow.c   what is kept of it: tables and triggers
 *   text.c       a pattern text in a connection: what it reads there, and its programs
 *     table.c    a table or view of the connection: its columns, their types
 *     settings.c options beside a text
 *   function.c   SQL functions of the connection, called in patterns
 *   value.c      values between SQLite and the engine; memory; errors
 *
 * A text is compiled for the tables that are there when it is opened; a scan holds
 * nothing between two queries. All memory is sqlite3_malloc()'s, so that SQLite's heap
 * limits count it. Functions answer SQLite's codes; *error is a message of
 * sqlite3_mprintf() then, or NULL where the code says all (SQLITE_NOMEM). */
#ifndef TSN_SQLITE_MODULE_H
#define TSN_SQLITE_MODULE_H

#include <stdbool.h>

#include <sqlite3ext.h>
#if !defined(SQLITE_CORE) && !defined(TSN_SQLITE_ENTRY)
extern const sqlite3_api_routines *sqlite3_api;
#endif

#include "base/arena.h"
#include "data/batch.h"
#include "tocsin.h"

/* What one connection has: the user data of its functions and modules. */
typedef struct tsn_sql_connection {
  sqlite3 *db;
  char *stats; /* counters of the query that ended last, as JSON; NULL: none did */
} tsn_sql_connection;

/* ---- value.c ---- */

/* An allocator over sqlite3_malloc(). */
extern const tocsin_allocator tsn_sql_memory;

/* The code of a status, from status.def. */
int tsn_sql_code(tocsin_status status);
/* Sets *error unless it is set; answers code. */
int tsn_sql_fail(char **error, int code, const char *format, ...);
/* Hands a message to a virtual table, or to a function's result, and frees it. */
int tsn_sql_tell_table(sqlite3_vtab *table, int code, char *error);
void tsn_sql_tell_function(sqlite3_context *context, int code, char *error);

/* An engine's value as a result: times and intervals as text, as in JSON Lines. */
void tsn_sql_result(sqlite3_context *context, const tocsin_value *value);
/* The same as the parameter of a statement; the text is copied. */
int tsn_sql_bind(sqlite3_stmt *statement, int at, const tocsin_value *value);

/* What became of a value of SQLite's that should be of a type. */
typedef enum tsn_sql_outcome { TSN_SQL_OK, TSN_SQL_NULL, TSN_SQL_NAN, TSN_SQL_BAD, TSN_SQL_NO_UNIT } tsn_sql_outcome;

/* unit: how numbers are times. strict: a number without a unit is no time. *out is set on OK; its text lives as long as
 * the value. BAD: reason (of at least 256 bytes) says why. */
tsn_sql_outcome tsn_sql_read(sqlite3_value *value, tocsin_type type, tocsin_unit unit, bool strict, tocsin_value *out, char *reason);

/* ---- settings.c ---- */

typedef struct tsn_sql_settings {
  tsn_arena *arena;
  const char *pattern; /* the one that is wanted; NULL: the only one */
  const char *into, *schema;
  bool live;
  bool bad_fails;
  tocsin_unit unit;
  tocsin_late_policy late; /* live alone: else rows are put in order */
  uint64_t max_paths, max_rows, max_bytes;
  tocsin_parameter *parameters;
  size_t parameter_count, parameter_cap;
} tsn_sql_settings;

void tsn_sql_settings_init(tsn_sql_settings *s, tsn_arena *arena);
/* One option; a parameter's name begins with a colon. */
int tsn_sql_settings_set(tsn_sql_settings *s, const char *name, const char *value, char **error);
/* name = value or name = 'value', as it stands among the arguments of CREATE VIRTUAL TABLE. */
int tsn_sql_settings_read(tsn_sql_settings *s, const char *argument, char **error);
/* The members of a JSON object. */
int tsn_sql_settings_json(tsn_sql_settings *s, sqlite3 *db, const char *json, char **error);
/* A quoted SQL text without its quotes; NULL: it is none, or memory is gone. */
char *tsn_sql_unquoted(tsn_arena *arena, const char *argument);

/* ---- table.c ---- */

typedef struct tsn_sql_column {
  const char *name, *declared; /* declared "": nothing */
  tocsin_type type;
  tocsin_unit unit;
} tsn_sql_column;

/* A table or view of the connection. */
typedef struct tsn_sql_table {
  const char *name, *schema;
  const char *rowid; /* a name under which it has one; NULL: none, or not in an order of its own */
  const char *time;  /* the column by which a pattern orders it, as the text spells it; NULL: none */
  size_t column_count;
  tsn_sql_column *columns;
} tsn_sql_table;

/* Finds a table by name: in `schema` first, where that is given, else as SQLite looks. SQLITE_NOTFOUND: there is none. */
int tsn_sql_table_find(sqlite3 *db, tsn_arena *arena, const char *schema, const char *name, tsn_sql_table *out, char **error);
/* Settles the types that the declarations leave open, by looking at rows. */
int tsn_sql_table_types(sqlite3 *db, tsn_sql_table *table, tocsin_unit unit, char **error);
/* The column of a name, in any case; NULL: none. */
const tsn_sql_column *tsn_sql_table_column(const tsn_sql_table *table, const char *name);
/* Whether `a = ?` finds all rows that the engine reads as the value, for a column declared so. */
bool tsn_sql_finds(const char *declared, tocsin_type type);

/* ---- text.c ---- */

typedef struct tsn_sql_program {
  unsigned details;
  tocsin_program *program;
  struct tsn_sql_program *next;
} tsn_sql_program;

/* A pattern text, as one connection understands it. */
typedef struct tsn_sql_text {
  tsn_sql_connection *connection;
  sqlite3 *db;
  tsn_alloc alloc;
  tsn_arena arena;
  const char *name;   /* of the table that it is for; messages begin with it */
  const char *schema; /* where tables are looked for first; NULL: nowhere */
  const char *text;
  size_t length;
  tsn_sql_settings settings;
  const char *missing; /* why a table is not there; NULL: all are */
  size_t only; /* the pattern that is wanted; SIZE_MAX: all */
  /* The tables that it reads: first those that it does not declare, as the compiler has to be told of them. */
  tsn_sql_table *tables;
  tocsin_stream *streams; /* by table; of one that the text declares the name alone */
  size_t table_count, table_cap, undeclared;
  tsn_sql_program *programs;
} tsn_sql_text;

/* Everything is copied; settings are those of text->settings, set between init and open. */
void tsn_sql_text_init(tsn_sql_text *t, tsn_sql_connection *connection, const char *name, const char *schema);
void tsn_sql_text_clear(tsn_sql_text *t);
/* Looks at the tables that the text names and compiles it. single: one pattern is wanted. */
int tsn_sql_text_open(tsn_sql_text *t, const char *text, size_t length, bool single, char **error);
/* The program that tells these details of each match. It belongs to the text. */
int tsn_sql_text_program(tsn_sql_text *t, unsigned details, const tocsin_program **program, char **error);
/* The table behind a stream or table of the text; its number among text->tables, or SIZE_MAX. */
size_t tsn_sql_text_table(const tsn_sql_text *t, const char *name);
/* Whether `column = ?` over the table of a stream finds all rows that the engine reads as the value there. */
bool tsn_sql_text_finds(const tsn_sql_text *t, const tocsin_program *program, size_t stream, size_t column, bool null);
/* All that the compiler finds, warnings about waits without end too; also after a failed open. */
int tsn_sql_text_findings(const tsn_sql_text *t, tocsin_diagnostics **list);

/* Where the output of a pattern has what: columns of SELECT first, then details. SIZE_MAX: it has not. */
typedef struct tsn_sql_places {
  size_t selected, id, status, start, end, rowtime, key, key_count;
} tsn_sql_places;
tsn_sql_places tsn_sql_places_of(const tocsin_program *program, size_t pattern, unsigned details);

/* ---- function.c ---- */

typedef struct tsn_sql_functions {
  tsn_alloc *alloc;
  struct tsn_sql_function *all;
  tocsin_host_function *hosts;
  size_t count;
} tsn_sql_functions;

/* The functions that the program calls, as the connection has them. */
int tsn_sql_functions_open(tsn_sql_functions *f, tsn_alloc *alloc, sqlite3 *db, const tocsin_program *program, char **error);
void tsn_sql_functions_close(tsn_sql_functions *f);

/* ---- input.c ---- */

/* Some keys alone are wanted: column = one of these values. */
typedef struct tsn_sql_filter {
  const char *column; /* of the table */
  sqlite3_value **values; /* borrowed until the rows have been asked for */
  size_t count;           /* 0: IS NULL */
} tsn_sql_filter;

/* Rows of some times alone, at least: in microseconds, or as numbers of a time that is one. */
typedef struct tsn_sql_times {
  bool has_from, has_to;
  int64_t from, to;
} tsn_sql_times;

/* Rows of some rowids alone. */
typedef struct tsn_sql_span {
  int64_t after, upto;
  char *but; /* but those that this query gives */
} tsn_sql_span;

typedef struct tsn_sql_input {
  sqlite3 *db;
  tsn_alloc *alloc;
  const char *name; /* in the text */
  tsn_sql_table table;
  tsn_schema schema;
  tsn_column_def *columns;
  bool *strict;   /* by column: a number without a unit is an error */
  int *at;        /* of each column in a row of the statement; -1: it has none */
  size_t time;    /* the column that orders; SIZE_MAX: none */
  sqlite3_stmt *rows;
  tsn_batch batch;
  bool open, ended; /* ended: the statement has no more rows; */
  bool over;        /* nor has the view */
  bool bad_fails;
  bool stepped;      /* rows come one by one */
  size_t read_count; /* columns that are read */
  size_t most;       /* rows that are asked for */
  int stopped;       /* what tocsin_take() failed with, */
  char *error;       /* and why */
  tocsin_batch view;
  size_t next; /* row of the view */
  uint64_t row, bad, nan;
} tsn_sql_input;

/* Over the rows of a stream (or table) of the program; `filters` hold for them. What it needs to know lies on the arena. */
int tsn_sql_input_open(tsn_sql_input *in, const tsn_sql_text *text, tsn_arena *arena, const tocsin_program *program, size_t index, bool is_table,
                       const tsn_sql_filter *filters, size_t filter_count, const tsn_sql_times *times, const tsn_sql_span *span, char **error);
/* The parts of it: what the columns are; a batch that rows are put into one by one, the values of the columns that are read. */
int tsn_sql_input_look(tsn_sql_input *in, const tsn_sql_text *text, tsn_arena *arena, const tocsin_program *program, size_t index, bool is_table,
                       char **error);
int tsn_sql_input_begin(tsn_sql_input *in);
int tsn_sql_input_row(tsn_sql_input *in, sqlite3_value **values, char **error);
/* Appends the columns that are read, each behind `before`. */
void tsn_sql_input_columns(const tsn_sql_input *in, sqlite3_str *out, const char *before);
void tsn_sql_input_close(tsn_sql_input *in);
/* Appends how SQLite would find the rows of a stream; filters may have no values. */
int tsn_sql_input_explain(const tsn_sql_text *text, tsn_arena *arena, const tocsin_program *program, size_t index,
                          const tsn_sql_filter *filters, size_t filter_count, const tsn_sql_times *times, sqlite3_str *out, char **error);
/* Makes the next rows, at most `most`, the view; in->ended once there are none. */
int tsn_sql_input_fill(tsn_sql_input *in, size_t most, char **error);
/* The time of a row of the view, by which inputs are merged. */
int64_t tsn_sql_input_time(const tsn_sql_input *in, size_t row);
/* SQL function tocsin_order(value, type, unit): the time of a value, for ORDER BY. */
void tsn_sql_order(sqlite3_context *context, int count, sqlite3_value **arguments);
/* tocsin_take(input, value, ...) and tocsin_disorder(watch, value), for statements of inputs alone: NULL for all others. */
void tsn_sql_take(sqlite3_context *context, int count, sqlite3_value **arguments);
void tsn_sql_disorder(sqlite3_context *context, int count, sqlite3_value **arguments);

/* ---- scan.c ---- */

/* Keys that are wanted alone: of PARTITION BY, by number. */
typedef struct tsn_sql_want {
  size_t key;
  sqlite3_value **values; /* NULL: not known yet */
  size_t count; /* 0: IS NULL */
} tsn_sql_want;

/* What a scan is asked. */
typedef struct tsn_sql_request {
  unsigned details;
  const tsn_sql_want *wants;
  size_t want_count;
  tsn_sql_times times; /* of the rows that matter */
  const tsn_sql_span *spans; /* by stream: rows that are there already, and more may come; NULL: all rows, and then the end */
} tsn_sql_request;

typedef struct tsn_sql_scan {
  tsn_sql_text *text;
  const tocsin_program *program;
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_sql_functions functions;
  tocsin_matcher *matcher;
  tsn_sql_input *inputs;
  size_t *streams; /* by input */
  size_t input_count;
  size_t rows_at_once; /* that are read, */
  size_t push_at_once; /* and pushed between two looks for an interrupt */
  sqlite3_stmt *pulse; /* a statement that does nothing: SQLite looks for interrupts and calls progress handlers */
  bool endless; /* more rows may come */
  bool finished;
  int stopped; /* what it failed with, told when all that was found before is told; */
  char *error; /* why */
  tocsin_match match;
} tsn_sql_scan;

int tsn_sql_scan_open(tsn_sql_scan *s, tsn_sql_text *text, const tsn_sql_request *request, char **error);
void tsn_sql_scan_close(tsn_sql_scan *s);
/* Appends how a scan would find its rows. */
int tsn_sql_scan_explain(tsn_sql_text *text, const tsn_sql_request *request, sqlite3_str *out, char **error);
/* s->match is the next one, or *more is false. */
int tsn_sql_scan_next(tsn_sql_scan *s, bool *more, char **error);
/* More for a scan that is endless, between two calls of next: a row of an input; time that passes; the end. */
int tsn_sql_scan_row(tsn_sql_scan *s, size_t input, sqlite3_value **values, char **error);
int tsn_sql_scan_advance(tsn_sql_scan *s, int64_t watermark, char **error);
int tsn_sql_scan_finish(tsn_sql_scan *s, char **error);

/* ---- shadow.c ----
 *
 * Beside a live table `carts` stand
 *   carts_config (k, v)            what state there is, see live.c
 *   carts_log (id, stream, row, mark)   arrivals that the order of rowids does not tell; stream -1: time passed up to `row`
 *   carts_matches (...)            the matches, unless they go into a table of the user's
 *   carts_insert_0, carts_update_0, carts_delete_0, ...   triggers on the table of each stream */

/* A column of the matches. */
typedef struct tsn_sql_output {
  const char *name, *type;
} tsn_sql_output;

typedef struct tsn_sql_shadow {
  sqlite3 *db;
  const char *schema, *name;
  const char *matches; /* the table that they are in */
  bool into;           /* which is the user's */
  const tsn_sql_output *columns;
  size_t column_count;
} tsn_sql_shadow;

int tsn_sql_shadow_create(const tsn_sql_shadow *s, char **error);
int tsn_sql_shadow_drop(const tsn_sql_shadow *s, char **error);
int tsn_sql_shadow_rename(const tsn_sql_shadow *s, const char *name, char **error);
/* Triggers of the table of stream number `stream`. */
int tsn_sql_shadow_watch(const tsn_sql_shadow *s, size_t stream, const tsn_sql_input *in, char **error);
/* Runs statements; they are freed. */
int tsn_sql_shadow_run(const tsn_sql_shadow *s, char *statements, char **error);
/* Whether a name behind the table's and _ is that of a shadow table. */
int tsn_sql_shadow_is(const char *name);

/* ---- live.c ---- */

typedef struct tsn_sql_live tsn_sql_live;

/* create: the shadow tables are made, and the rows that are there already matched. columns are borrowed. */
int tsn_sql_live_open(tsn_sql_live **out, tsn_sql_text *text, const char *schema, const char *name, const tsn_sql_output *columns,
                      size_t column_count,
                      bool create, char **error);
void tsn_sql_live_close(tsn_sql_live *l);
int tsn_sql_live_drop(tsn_sql_live *l, char **error);
int tsn_sql_live_rename(tsn_sql_live *l, const char *name, char **error);
/* A transaction begins: others may have written. */
void tsn_sql_live_begin(tsn_sql_live *l);
/* A savepoint, by number, is there; what came since it is rolled back; all that came since begin is. */
int tsn_sql_live_savepoint(tsn_sql_live *l, int number);
void tsn_sql_live_roll_back_to(tsn_sql_live *l, int number);
void tsn_sql_live_roll_back(tsn_sql_live *l);
/* A row of a stream came, with its rowid. */
int tsn_sql_live_row(tsn_sql_live *l, size_t stream, int64_t rowid, sqlite3_value **values, size_t count, char **error);
int tsn_sql_live_command(tsn_sql_live *l, const char *command, sqlite3_value *argument, char **error);
/* A statement over the matches with a rowid from ?1 to ?2: their rowid, then their columns. */
int tsn_sql_live_matches(const tsn_sql_live *l, sqlite3_stmt **out, char **error);
/* The most values that a stream's row has. */
size_t tsn_sql_live_width(const tsn_sql_live *l);

/* ---- cursor.c ---- */

/* The first member of each module's cursor. */
typedef struct tsn_sql_cursor {
  sqlite3_vtab_cursor base;
  tsn_sql_scan scan;
  bool more;
  sqlite3_int64 row;
} tsn_sql_cursor;

/* A cursor of so many bytes, zeroed. */
int tsn_sql_cursor_new(size_t size, sqlite3_vtab_cursor **out);
int tsn_sql_cursor_next(sqlite3_vtab_cursor *base);
int tsn_sql_cursor_eof(sqlite3_vtab_cursor *base);
int tsn_sql_cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out);

/* ---- query.c, virtual.c ---- */

extern const sqlite3_module tsn_sql_query_module, tsn_sql_virtual_module;

#endif
