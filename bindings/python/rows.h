/* Rows: matches in columns, pattern by pattern, in chunks.
 *
 *   order    [0, 0, 1, 0, ...]               which pattern comes next; only where there are several
 *   pattern  chunk | chunk | chunk
 *              `- columns as Arrow has them: lent to others as long as they hold the chunk
 *
 * A chunk has a count of those that hold it, and no object of Python: other packages give it
 * back from any thread. */
#ifndef TSN_PYTHON_ROWS_H
#define TSN_PYTHON_ROWS_H

#include <stdatomic.h>

#include "binding.h"

#define CHUNK_ROWS ((size_t)1 << 18)
#define CHUNK_TEXT ((size_t)1 << 30)

typedef struct chunk {
  atomic_int holders;
  size_t first; /* its first row, among those of its pattern */
  tsn_alloc alloc;
  tsn_batch batch;
  tocsin_batch view;
} chunk;

void chunk_drop(chunk *c);

typedef struct pattern_rows {
  chunk **chunks;
  size_t chunk_count, chunk_cap;
  size_t rows;
  tsn_column_def *columns;
  size_t column_count;
} pattern_rows;

typedef struct row_place {
  uint32_t pattern;
  uint32_t row_high, row_low; /* among those of its pattern */
} row_place;

struct rows_object {
  PyObject_HEAD
  module_state *state;
  program_object *program;
  tsn_alloc alloc;
  pattern_rows *patterns;
  size_t pattern_count;
  row_place *order;
  size_t total, order_cap;
};

/* A stream of the rows of one pattern, in a capsule named arrow_array_stream. */
PyObject *arrow_stream_capsule(const pattern_rows *p);
PyObject *arrow_schema_capsule(const pattern_rows *p);

#endif
