/* Values, memory and errors between SQLite and the engine: see module.h. */
#include "bindings/sqlite/module.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/cell.h"
#include "io/decoder.h"

/* --- memory ---
 *
 * SQLite's blocks lie at multiples of 8, the engine's at multiples of 16: between the two there are 8 or 16 bytes, of
 * which the last one says how many. */

#define ALIGN ((uintptr_t)16)

static size_t shift_of(const void *block)
{
  return ((const unsigned char *)block)[-1];
}

static void *resize(void *context, void *block, size_t old_size, size_t new_size)
{
  size_t before = block ? shift_of(block) : 0, after;
  unsigned char *raw = block ? (unsigned char *)block - before : NULL;

  (void)context;
  if (new_size == 0) {
    sqlite3_free(raw);
    return NULL;
  }
  raw = sqlite3_realloc64(raw, (sqlite3_uint64)new_size + ALIGN);
  if (!raw) return NULL;
  after = ALIGN - (uintptr_t)raw % ALIGN;
  if (block && after != before) memmove(raw + after, raw + before, old_size < new_size ? old_size : new_size);
  raw[after - 1] = (unsigned char)after;
  return raw + after;
}

const tocsin_allocator tsn_sql_memory = { resize, NULL };

/* --- errors --- */

int tsn_sql_code(tocsin_status status)
{
  switch (status) {
#define STATUS(name, value, sqlite, ...) case TOCSIN_##name: return sqlite;
#include "base/status.def"
#undef STATUS
  }
  return SQLITE_ERROR;
}

int tsn_sql_fail(char **error, int code, const char *format, ...)
{
  va_list list;

  if (*error) return code;
  va_start(list, format);
  *error = sqlite3_vmprintf(format, list);
  va_end(list);
  return *error ? code : SQLITE_NOMEM;
}

int tsn_sql_tell_table(sqlite3_vtab *table, int code, char *error)
{
  if (error) {
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = error;
  }
  return code;
}

void tsn_sql_tell_function(sqlite3_context *context, int code, char *error)
{
  if (code == SQLITE_NOMEM) {
    sqlite3_result_error_nomem(context);
  } else {
    sqlite3_result_error(context, error ? error : sqlite3_errstr(code), -1);
    sqlite3_result_error_code(context, code);
  }
  sqlite3_free(error);
}

/* --- out --- */

#define JSON_SUBTYPE 74 /* by which SQLite's JSON functions know their own */

static size_t time_text(const tocsin_value *value, char out[TSN_TIME_TEXT])
{
  return value->type == TOCSIN_TIMESTAMP ? tsn_time_format(value->as.integer, out) : tsn_interval_format(value->as.integer, out);
}

void tsn_sql_result(sqlite3_context *context, const tocsin_value *value)
{
  char text[TSN_TIME_TEXT];

  if (value->is_null) {
    sqlite3_result_null(context);
    return;
  }
  switch (value->type) {
  case TOCSIN_BOOLEAN:
    sqlite3_result_int(context, value->as.boolean != 0);
    return;
  case TOCSIN_BIGINT:
    sqlite3_result_int64(context, value->as.integer);
    return;
  case TOCSIN_DOUBLE:
    sqlite3_result_double(context, value->as.real);
    return;
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    sqlite3_result_text64(context, value->as.text.bytes, value->as.text.length, SQLITE_TRANSIENT, SQLITE_UTF8);
    if (value->type == TOCSIN_LIST) sqlite3_result_subtype(context, JSON_SUBTYPE);
    return;
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    sqlite3_result_text64(context, text, time_text(value, text), SQLITE_TRANSIENT, SQLITE_UTF8);
    return;
  case TOCSIN_NULL:
    break;
  }
  sqlite3_result_null(context);
}

int tsn_sql_bind(sqlite3_stmt *statement, int at, const tocsin_value *value)
{
  char text[TSN_TIME_TEXT];

  if (value->is_null) return sqlite3_bind_null(statement, at);
  switch (value->type) {
  case TOCSIN_BOOLEAN:
    return sqlite3_bind_int(statement, at, value->as.boolean != 0);
  case TOCSIN_BIGINT:
    return sqlite3_bind_int64(statement, at, value->as.integer);
  case TOCSIN_DOUBLE:
    return sqlite3_bind_double(statement, at, value->as.real);
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    return sqlite3_bind_text64(statement, at, value->as.text.bytes, value->as.text.length, SQLITE_TRANSIENT, SQLITE_UTF8);
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    return sqlite3_bind_text64(statement, at, text, time_text(value, text), SQLITE_TRANSIENT, SQLITE_UTF8);
  case TOCSIN_NULL:
    break;
  }
  return sqlite3_bind_null(statement, at);
}

/* --- in --- */

/* Whether a text that is a time is a date, not a number. */
static bool has_dash(const char *text, size_t length)
{
  return length > 4 && memchr(text + 1, '-', length - 1) && !memchr(text, 'e', length) && !memchr(text, 'E', length);
}

/* A value that SQLite does not store as the type: by its text, as CSV has it. */
static tsn_sql_outcome read_as_text(sqlite3_value *value, int stored, tocsin_type type, tocsin_unit unit, bool strict, tocsin_value *out,
                                    char *reason)
{
  char number[TSN_DOUBLE_TEXT > 24 ? TSN_DOUBLE_TEXT : 24];
  const char *text = number;
  tsn_cell_outcome outcome;
  size_t length;
  tsn_cell cell;

  if (stored == SQLITE_INTEGER) {
    length = tsn_format_int64(sqlite3_value_int64(value), number);
  } else if (stored == SQLITE_FLOAT) {
    length = tsn_format_double(sqlite3_value_double(value), number);
  } else {
    text = stored == SQLITE_TEXT ? (const char *)sqlite3_value_text(value) : sqlite3_value_blob(value);
    length = (size_t)sqlite3_value_bytes(value);
    if (!text) text = "";
    if (!tsn_decoder_is_clean(text, text + length)) {
      memcpy(reason, "not UTF-8, or with a NUL", sizeof "not UTF-8, or with a NUL");
      return TSN_SQL_BAD;
    }
  }
  if (type == TOCSIN_TEXT) {
    /* A number's text is SQLite's to keep. */
    if (text == number) text = (const char *)sqlite3_value_text(value), length = (size_t)sqlite3_value_bytes(value);
    out->as.text.bytes = text ? text : "";
    out->as.text.length = length;
    return TSN_SQL_OK;
  }
  outcome = tsn_cell_parse(type, unit, text, length, &cell);
  if (outcome == TSN_CELL_NAN) return TSN_SQL_NAN;
  if (outcome != TSN_CELL_OK) {
    tsn_cell_reason(reason, 256, outcome, type, text, length, stored == SQLITE_TEXT || stored == SQLITE_BLOB);
    return TSN_SQL_BAD;
  }
  if (type == TOCSIN_TIMESTAMP && strict && unit == TOCSIN_UNIT_NONE && !has_dash(text, length)) return TSN_SQL_NO_UNIT;
  if (type == TOCSIN_BOOLEAN) out->as.boolean = cell.boolean;
  else if (type == TOCSIN_DOUBLE) out->as.real = cell.real;
  else out->as.integer = cell.integer;
  return TSN_SQL_OK;
}

/* A whole number as a time; false: it overflows. */
static bool whole_time(int64_t value, tocsin_unit unit, int64_t *out)
{
  static const int64_t micros[] = { [TOCSIN_UNIT_NONE] = 1, [TOCSIN_UNIT_SECOND] = 1000000, [TOCSIN_UNIT_MILLISECOND] = 1000,
                                   [TOCSIN_UNIT_MICROSECOND] = 1 };

  if (unit != TOCSIN_UNIT_NANOSECOND) return !__builtin_mul_overflow(value, micros[unit], out);
  *out = value / 1000 - (value % 1000 < 0);
  return true;
}

tsn_sql_outcome tsn_sql_read(sqlite3_value *value, tocsin_type type, tocsin_unit unit, bool strict, tocsin_value *out, char *reason)
{
  int stored = sqlite3_value_type(value);

  out->type = type;
  out->is_null = 0;
  if (stored == SQLITE_NULL) return TSN_SQL_NULL;
  if (stored == SQLITE_INTEGER && type == TOCSIN_BIGINT) {
    out->as.integer = sqlite3_value_int64(value);
    return TSN_SQL_OK;
  }
  if (stored == SQLITE_FLOAT && type == TOCSIN_DOUBLE) {
    out->as.real = sqlite3_value_double(value);
    return TSN_SQL_OK;
  }
  if (type == TOCSIN_TIMESTAMP && (stored == SQLITE_INTEGER || stored == SQLITE_FLOAT)) {
    if (strict && unit == TOCSIN_UNIT_NONE) return TSN_SQL_NO_UNIT;
    if (stored == SQLITE_INTEGER && whole_time(sqlite3_value_int64(value), unit, &out->as.integer)) return TSN_SQL_OK;
  }
  return read_as_text(value, stored, type, unit, strict, out, reason);
}
