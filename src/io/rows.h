/* Filling a batch in bulk.
 *
 * tsn_batch takes a cell by a call; a reader of tens of millions of rows a second
 * writes to the columns itself. Between begin and end the batch belongs to this
 * module:
 *
 *   rows.columns[i]   values, offsets, validity    pointers into the batch, room rows long
 *                     text                         bytes of text so far
 *
 * All validity bits past the last row are 1, so that only a NULL writes one; a
 * row that turns out bad is taken back with tsn_rows_undo(). Columns that are not
 * live (nobody needs them, or the input has none) become NULL at the end, all at once. */
#ifndef TSN_IO_ROWS_H
#define TSN_IO_ROWS_H

#include <string.h>

#include "data/batch.h"
#include "io/cell.h"

/* Bytes that may be written behind a text's end: texts are copied in words. */
#define TSN_ROWS_SLACK 16

typedef struct tsn_rows_column {
  void *values;
  int32_t *offsets;
  uint8_t *validity;
  size_t text;
  size_t nulls;
  bool live;
} tsn_rows_column;

typedef struct tsn_rows {
  tsn_alloc *alloc;
  const tsn_schema *schema;
  tsn_rows_column *columns; /* as many as the schema has */
  tsn_batch *batch;
  size_t first, row, room; /* rows before begin; the row being built; rows there is place for */
  const tsn_batch *blanked; /* whose dead columns are 0 up to blanked_room */
  size_t blanked_room;
} tsn_rows;

/* live is set to needed; a reader may clear it before the first begin. */
tocsin_status tsn_rows_init(tsn_rows *r, tsn_alloc *alloc, const tsn_schema *schema);
void tsn_rows_clear(tsn_rows *r);

/* text: the most bytes that rows up to end may add to a column. */
tocsin_status tsn_rows_begin(tsn_rows *r, tsn_batch *batch, size_t text);
void tsn_rows_end(tsn_rows *r);

/* Takes back what was written of rows from `from` on, before `to`; 0 is the row being built. */
void tsn_rows_undo(tsn_rows *r, size_t from, size_t to);

tocsin_status tsn_rows_grow(tsn_rows *r);

/* Makes place for the row being built. */
static inline tocsin_status tsn_rows_ready(tsn_rows *r)
{
  return r->row < r->room ? TOCSIN_OK : tsn_rows_grow(r);
}

/* A text that is NULL has its offset set by the caller. */
static inline void tsn_rows_null(tsn_rows_column *c, size_t row, tocsin_type type)
{
  c->validity[row >> 3] &= (uint8_t) ~(1u << (row & 7));
  c->nulls++;
  if (type == TOCSIN_BOOLEAN)
    ((uint8_t *)c->values)[row >> 3] &= (uint8_t) ~(1u << (row & 7));
  else if (type != TOCSIN_TEXT)
    ((int64_t *)c->values)[row] = 0;
}

static inline void tsn_rows_bool(tsn_rows_column *c, size_t row, bool value)
{
  uint8_t *byte = &((uint8_t *)c->values)[row >> 3];
  unsigned bit = 1u << (row & 7);

  *byte = (uint8_t)(value ? *byte | bit : *byte & ~bit);
}

static inline void tsn_rows_text(tsn_rows_column *c, size_t row, const char *bytes, size_t length)
{
  memcpy((char *)c->values + c->text, bytes, length);
  c->text += length;
  c->offsets[row + 1] = (int32_t)c->text;
}

/* A parsed cell of any type but TEXT. */
static inline void tsn_rows_cell(tsn_rows_column *c, size_t row, tocsin_type type, tsn_cell cell)
{
  if (type == TOCSIN_BOOLEAN)
    tsn_rows_bool(c, row, cell.boolean);
  else if (type == TOCSIN_DOUBLE)
    ((double *)c->values)[row] = cell.real;
  else
    ((int64_t *)c->values)[row] = cell.integer;
}

#endif
