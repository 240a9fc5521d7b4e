/* The batch under construction: see batch.h.
 *
 * All columns have room for the same number of rows, at least one; so their
 * buffers exist from the start, and a row's cells go straight to their place.
 * Whether a cell was set is settled when the row is kept. */
#include "data/batch.h"

#include <assert.h>
#include <string.h>

#define FIRST_ROWS 64

/* Bytes of a column's values for so many rows; a text's bytes grow by themselves. */
static size_t values_size(tocsin_type type, size_t rows)
{
  switch (type) {
  case TOCSIN_BOOLEAN: return (rows + 7) / 8;
  case TOCSIN_BIGINT:
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL: return rows * sizeof(int64_t);
  case TOCSIN_DOUBLE: return rows * sizeof(double);
  case TOCSIN_NULL:
  case TOCSIN_TEXT:
  case TOCSIN_LIST: break;
  }
  return 1;
}

static bool has_text(const tsn_batch_column *c)
{
  return c->type == TOCSIN_TEXT || c->type == TOCSIN_LIST;
}

static bool resize(tsn_alloc *alloc, void **block, size_t *cap, size_t size)
{
  void *moved;

  if (size <= *cap) return true;
  moved = tsn_alloc_resize(alloc, *block, *cap, size);
  if (!moved) return false;
  *block = moved;
  *cap = size;
  return true;
}

static bool grow_column(tsn_alloc *alloc, tsn_batch_column *c, size_t rows)
{
  void *validity = c->validity, *offsets = c->offsets;
  bool done = resize(alloc, &validity, &c->validity_cap, (rows + 7) / 8);

  c->validity = validity;
  if (!done || !resize(alloc, &c->values, &c->values_cap, values_size(c->type, rows))) return false;
  if (!has_text(c)) return true;
  done = resize(alloc, &offsets, &c->offsets_cap, (rows + 1) * sizeof(int32_t));
  c->offsets = offsets;
  return done;
}

/* Room for `rows` rows in every column. */
static bool grow(tsn_batch *b, size_t rows)
{
  if (rows > PTRDIFF_MAX / (2 * sizeof(int64_t))) return false;
  for (size_t i = 0; i < b->column_count; i++) {
    if (!grow_column(b->alloc, &b->columns[i], rows)) return false;
  }
  b->room = rows;
  return true;
}

static void fail(tsn_batch *b, tocsin_status status)
{
  if (b->failed == TOCSIN_OK) b->failed = status;
}

tocsin_status tsn_batch_init(tsn_batch *b, tsn_alloc *alloc, const tsn_schema *schema)
{
  const size_t count = schema->column_count;

  *b = (tsn_batch){ .alloc = alloc, .failed = TOCSIN_OK };
  b->columns = tsn_alloc_array(alloc, count, sizeof *b->columns);
  b->views = tsn_alloc_array(alloc, count, sizeof *b->views);
  b->column_count = count;
  if (b->columns && b->views) {
    for (size_t i = 0; i < count; i++) b->columns[i].type = schema->columns[i].type;
    if (grow(b, FIRST_ROWS)) {
      tsn_batch_reset(b);
      return TOCSIN_OK;
    }
  }
  tsn_batch_clear(b);
  return TOCSIN_NOMEM;
}

void tsn_batch_clear(tsn_batch *b)
{
  for (size_t i = 0; b->columns && i < b->column_count; i++) {
    tsn_batch_column *c = &b->columns[i];

    tsn_alloc_free(b->alloc, c->validity, c->validity_cap);
    tsn_alloc_free(b->alloc, c->values, c->values_cap);
    tsn_alloc_free(b->alloc, c->offsets, c->offsets_cap);
  }
  tsn_alloc_free(b->alloc, b->columns, b->column_count * sizeof *b->columns);
  tsn_alloc_free(b->alloc, b->views, b->column_count * sizeof *b->views);
  *b = (tsn_batch){ .alloc = b->alloc, .failed = TOCSIN_OK };
}

void tsn_batch_reset(tsn_batch *b)
{
  b->rows = 0;
  b->failed = TOCSIN_OK;
  for (size_t i = 0; i < b->column_count; i++) {
    tsn_batch_column *c = &b->columns[i];

    c->text_length = 0;
    c->nulls = 0;
    c->set = false;
    if (c->offsets) c->offsets[0] = 0;
  }
}

/* The column, ready for a cell of the row being built; NULL after a failure. */
static tsn_batch_column *cell(tsn_batch *b, size_t column)
{
  tsn_batch_column *c = &b->columns[column];

  assert(column < b->column_count);
  if (b->failed != TOCSIN_OK) return NULL;
  if (b->rows == b->room && !grow(b, b->room * 2)) {
    fail(b, TOCSIN_NOMEM);
    return NULL;
  }
  c->set = true;
  return c;
}

/* Rows come in order, so that a byte begins with its first bit. */
static void set_bit(uint8_t *bits, size_t row, bool value)
{
  const unsigned bit = 1u << (row & 7);

  if (bit == 1) bits[row >> 3] = 0;
  bits[row >> 3] = (uint8_t)(value ? bits[row >> 3] | bit : bits[row >> 3] & ~bit);
}

void tsn_batch_set_bool(tsn_batch *b, size_t column, bool value)
{
  tsn_batch_column *c = cell(b, column);

  if (!c) return;
  assert(c->type == TOCSIN_BOOLEAN);
  set_bit(c->values, b->rows, value);
}

void tsn_batch_set_int64(tsn_batch *b, size_t column, int64_t value)
{
  tsn_batch_column *c = cell(b, column);

  if (!c) return;
  assert(c->type == TOCSIN_BIGINT || c->type == TOCSIN_TIMESTAMP || c->type == TOCSIN_INTERVAL);
  ((int64_t *)c->values)[b->rows] = value;
}

void tsn_batch_set_double(tsn_batch *b, size_t column, double value)
{
  tsn_batch_column *c = cell(b, column);

  if (!c) return;
  assert(c->type == TOCSIN_DOUBLE);
  ((double *)c->values)[b->rows] = value;
}

void tsn_batch_set_text(tsn_batch *b, size_t column, const char *bytes, size_t length)
{
  tsn_batch_column *c = cell(b, column);

  if (!c) return;
  assert(has_text(c));
  c->text_length = (size_t)c->offsets[b->rows]; /* a cell set twice holds what came last */
  if (length > INT32_MAX - c->text_length) {
    fail(b, TOCSIN_LIMIT);
    return;
  }
  if (!tsn_alloc_grow(b->alloc, &c->values, &c->values_cap, c->text_length + length, 1)) {
    fail(b, TOCSIN_NOMEM);
    return;
  }
  if (length) memcpy((char *)c->values + c->text_length, bytes, length);
  c->text_length += length;
}

void tsn_batch_set_null(tsn_batch *b, size_t column)
{
  tsn_batch_column *c = cell(b, column);

  if (!c) return;
  if (has_text(c)) c->text_length = (size_t)c->offsets[b->rows];
  c->set = false;
}

/* What lies under a NULL is 0, so that equal batches are equal bytes. */
static void blank(tsn_batch_column *c, size_t row)
{
  if (c->type == TOCSIN_BOOLEAN) set_bit(c->values, row, false);
  else if (c->type == TOCSIN_DOUBLE) ((double *)c->values)[row] = 0;
  else if (!has_text(c) && c->type != TOCSIN_NULL) ((int64_t *)c->values)[row] = 0;
}

tocsin_status tsn_batch_commit(tsn_batch *b)
{
  if (b->failed == TOCSIN_OK && b->rows == b->room && !grow(b, b->room * 2)) fail(b, TOCSIN_NOMEM);
  if (b->failed != TOCSIN_OK) {
    tsn_batch_rollback(b);
    return b->failed;
  }
  for (size_t i = 0; i < b->column_count; i++) {
    tsn_batch_column *c = &b->columns[i];

    set_bit(c->validity, b->rows, c->set);
    if (!c->set) {
      blank(c, b->rows);
      c->nulls++;
    }
    if (has_text(c)) c->offsets[b->rows + 1] = (int32_t)c->text_length;
    c->set = false;
  }
  b->rows++;
  return TOCSIN_OK;
}

void tsn_batch_rollback(tsn_batch *b)
{
  for (size_t i = 0; i < b->column_count; i++) {
    tsn_batch_column *c = &b->columns[i];

    c->set = false;
    if (has_text(c)) c->text_length = (size_t)c->offsets[b->rows];
  }
}

bool tsn_batch_reserve(tsn_batch *b, size_t rows)
{
  size_t room = b->room;

  while (room < rows && room <= SIZE_MAX / 2) room *= 2;
  if (b->failed == TOCSIN_OK && rows > b->room && !grow(b, room)) fail(b, TOCSIN_NOMEM);
  return b->failed == TOCSIN_OK;
}

bool tsn_batch_reserve_text(tsn_batch *b, size_t column, size_t text)
{
  tsn_batch_column *c = &b->columns[column];

  assert(has_text(c));
  if (b->failed != TOCSIN_OK) return false;
  if (text > INT32_MAX) fail(b, TOCSIN_LIMIT);
  else if (!tsn_alloc_grow(b->alloc, &c->values, &c->values_cap, text, 1)) fail(b, TOCSIN_NOMEM);
  return b->failed == TOCSIN_OK;
}

tocsin_batch tsn_batch_view(tsn_batch *b)
{
  for (size_t i = 0; i < b->column_count; i++) {
    const tsn_batch_column *c = &b->columns[i];

    b->views[i] = (tocsin_column){
      .validity = c->nulls ? c->validity : NULL,
      .values = c->values,
      .offsets = c->offsets,
    };
  }
  return (tocsin_batch){ .rows = b->rows, .column_count = b->column_count, .columns = b->views };
}
