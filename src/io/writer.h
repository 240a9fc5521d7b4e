/* Writers: matches to bytes, as JSON Lines, CSV or a table for people.
 *
 *   JSON Lines  an object a row, the columns of its pattern in their order
 *   CSV         one header for all: the columns of all patterns, each name once
 *   table       like CSV in a box; of many rows the first and the last ones
 *
 * How values look
 *                   JSON Lines                      CSV                  table
 *   BIGINT          12                              12                   12
 *   DOUBLE          1.5, -0.0; infinities: null     1.5, Infinity        1.5
 *   BOOLEAN         true                            true                 true
 *   TEXT            "a \"b\""                       "a ""b"""            a "b"
 *   TIMESTAMP       "2026-01-31T09:00:00.000000Z"   without the quotes   2026-01-31 09:00:00
 *   INTERVAL        "PT30M"                         PT30M                PT30M
 *   list            [1,null]                        its JSON text        its JSON text
 *   NULL            null                            nothing              NULL
 *
 * An infinity is null in JSON, as JSON has none and JavaScript writes it so; a
 * string would change the type of the member. The empty text is "" in CSV. */
#ifndef TSN_IO_WRITER_H
#define TSN_IO_WRITER_H

#include "base/bytes.h"
#include "tocsin/run.h"

typedef enum tsn_output { TSN_OUTPUT_JSONL, TSN_OUTPUT_CSV, TSN_OUTPUT_TABLE } tsn_output;

typedef struct tsn_writer_column {
  const char *name;
  tocsin_type type;
} tsn_writer_column;

typedef struct tsn_writer_pattern {
  const char *name;
  size_t column_count;
  const tsn_writer_column *columns;
} tsn_writer_pattern;

typedef struct tsn_writer_options {
  bool pattern_column; /* a first column `pattern` with the pattern's name */
  unsigned width;      /* of a table; 0: as wide as it gets */
  bool colour;         /* a table may use the terminal's attributes */
} tsn_writer_options;

typedef struct tsn_writer tsn_writer;

/* Patterns, columns and names are borrowed for the writer's life. */
tocsin_status tsn_writer_new(tsn_alloc *alloc, tsn_output output, const tsn_writer_pattern *patterns,
                             size_t pattern_count, const tsn_writer_options *options, tsn_writer **out);
void tsn_writer_free(tsn_writer *w);

/* What stands before the first row, a row, and what stands behind the last. The
 * bytes are appended to out; a table writes all at the end. NOMEM, LIMIT. */
tocsin_status tsn_writer_begin(tsn_writer *w, tsn_bytes *out);
tocsin_status tsn_writer_row(tsn_writer *w, size_t pattern, const tocsin_value *values, size_t count, tsn_bytes *out);
tocsin_status tsn_writer_end(tsn_writer *w, tsn_bytes *out);

uint64_t tsn_writer_rows(const tsn_writer *w);

/* A JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void tsn_write_json_text(tsn_bytes *out, const char *bytes, size_t length);
/* A value as JSON Lines have it; its text is UTF-8. */
void tsn_write_json_value(tsn_bytes *out, const tocsin_value *v);

/* --- for write_*.c --- */

typedef struct tsn_table tsn_table;

/* The last time of a column, as it was written. Times come in order, nearly, so that
 * the next one is often the same, or of the same second. */
typedef struct tsn_last_time {
  int64_t time, second; /* since 1970 */
  char text[32];        /* "2026-01-31T09:00:00.000000Z" */
  bool known;
} tsn_last_time;

struct tsn_writer {
  tsn_alloc *alloc;
  tsn_output output;
  const tsn_writer_pattern *patterns;
  size_t pattern_count;
  tsn_writer_options options;
  uint64_t rows;

  /* JSON Lines: what stands before each value, `{"a":` or `,"b":`; those of
   * pattern p begin at keys[p]. */
  tsn_bytes *keys;
  size_t **key_ends;

  /* CSV and table: columns of all patterns; places[p][i] is where column i of
   * pattern p goes. The column `pattern` is not among them. */
  tsn_writer_column *columns;
  size_t column_count, column_cap;
  size_t **places;
  const tocsin_value **cells; /* of one row; NULL: the pattern has no such column */
  tsn_table *table;

  tsn_last_time *times; /* of the columns, whatever the pattern */
  size_t time_count;
};

/* As tsn_time_format(), the same bytes. Answers the length; out has TSN_TIME_TEXT. */
size_t tsn_write_time(tsn_last_time *last, int64_t time, char *out);

tocsin_status tsn_write_jsonl_prepare(tsn_writer *w);
void tsn_write_jsonl_row(tsn_writer *w, size_t pattern, const tocsin_value *values, tsn_bytes *out);

void tsn_write_csv_header(const tsn_writer *w, tsn_bytes *out);
/* w->cells lead to some of the values of a row. */
void tsn_write_csv_row(tsn_writer *w, const char *pattern, const tocsin_value *values, tsn_bytes *out);

tocsin_status tsn_write_table_prepare(tsn_writer *w);
tocsin_status tsn_write_table_row(tsn_writer *w, const char *pattern);
void tsn_write_table_end(tsn_writer *w, tsn_bytes *out);
void tsn_write_table_free(tsn_writer *w);

#endif
