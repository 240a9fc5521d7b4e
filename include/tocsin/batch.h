/* Events in columns: the one shape in which rows enter Tocsin.
 *
 * The buffers of a column are those of the Apache Arrow columnar format, so
 * that Arrow data can be lent without a copy:
 *   validity  one bit a row, least significant first; NULL: no row is NULL
 *   BOOLEAN   values: one bit a row
 *   BIGINT, TIMESTAMP, INTERVAL
 *             values: int64_t a row; times are microseconds since 1970 UTC,
 *             intervals are microseconds
 *   DOUBLE    values: double a row; NaN is read as NULL
 *   TEXT      values: the bytes, UTF-8; offsets: int32_t, rows + 1 of them */
#ifndef TOCSIN_BATCH_H
#define TOCSIN_BATCH_H

#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tocsin_type {
  TOCSIN_NULL = 0, /* the type of a bare NULL; no column has it */
  TOCSIN_BOOLEAN = 1,
  TOCSIN_BIGINT = 2,
  TOCSIN_DOUBLE = 3,
  TOCSIN_TEXT = 4,
  TOCSIN_TIMESTAMP = 5,
  TOCSIN_INTERVAL = 6,
  TOCSIN_LIST = 7 /* output only: ARRAY_AGG, as JSON text */
} tocsin_type;

/* How a numeric timestamp counts (CREATE STREAM ... UNIT). */
typedef enum tocsin_unit {
  TOCSIN_UNIT_NONE = 0,
  TOCSIN_UNIT_SECOND = 1,
  TOCSIN_UNIT_MILLISECOND = 2,
  TOCSIN_UNIT_MICROSECOND = 3,
  TOCSIN_UNIT_NANOSECOND = 4
} tocsin_unit;

/* The upper-case SQL name of a type; never NULL. */
TOCSIN_API const char *tocsin_type_name(tocsin_type type);

typedef struct tocsin_column {
  const uint8_t *validity;
  const void *values;
  const int32_t *offsets;
} tocsin_column;

/* columns[i] answers to column i of tocsin_program_stream_column(). */
typedef struct tocsin_batch {
  size_t rows;
  size_t column_count;
  const tocsin_column *columns;
} tocsin_batch;

#ifdef __cplusplus
}
#endif
#endif
