/* Filling a batch in bulk: see rows.h. */
#include "io/rows.h"

#include <assert.h>

tocsin_status tsn_rows_init(tsn_rows *r, tsn_alloc *alloc, const tsn_schema *schema)
{
  *r = (tsn_rows){ .alloc = alloc, .schema = schema };
  r->columns = tsn_alloc_array(alloc, schema->column_count, sizeof *r->columns);
  if (!r->columns) return TOCSIN_NOMEM;
  for (size_t i = 0; i < schema->column_count; i++) r->columns[i].live = schema->columns[i].needed;
  return TOCSIN_OK;
}

void tsn_rows_clear(tsn_rows *r)
{
  if (r->columns) tsn_alloc_free(r->alloc, r->columns, r->schema->column_count * sizeof *r->columns);
  r->columns = NULL;
}

/* Takes the batch's pointers anew and raises the validity bits from `row` on. */
static void attach(tsn_rows *r)
{
  tsn_batch *b = r->batch;
  size_t from = r->row >> 3, bytes = (b->room + 7) / 8;
  uint8_t low = (uint8_t)((1u << (r->row & 7)) - 1);

  for (size_t i = 0; i < b->column_count; i++) {
    tsn_rows_column *c = &r->columns[i];
    c->values = b->columns[i].values;
    c->offsets = b->columns[i].offsets;
    c->validity = b->columns[i].validity;
    if (from < bytes) c->validity[from] = (uint8_t)(c->validity[from] | ~low);
    if (from + 1 < bytes) memset(c->validity + from + 1, 0xff, bytes - from - 1);
  }
  r->room = b->room;
}

tocsin_status tsn_rows_begin(tsn_rows *r, tsn_batch *batch, size_t text)
{
  assert(batch->column_count == r->schema->column_count);
  r->batch = batch;
  r->first = r->row = batch->rows;
  for (size_t i = 0; i < batch->column_count; i++) {
    tsn_rows_column *c = &r->columns[i];
    size_t length = batch->columns[i].text_length;
    c->text = length;
    c->nulls = 0;
    if (batch->columns[i].type != TOCSIN_TEXT || !c->live) continue;
    if (text > INT32_MAX - TSN_ROWS_SLACK - length) return TOCSIN_LIMIT;
    if (!tsn_batch_reserve_text(batch, i, length + text + TSN_ROWS_SLACK)) return batch->failed;
  }
  attach(r);
  return TOCSIN_OK;
}

tocsin_status tsn_rows_grow(tsn_rows *r)
{
  if (!tsn_batch_reserve(r->batch, r->room * 2)) return r->batch->failed;
  attach(r);
  return TOCSIN_OK;
}

static void clear_bits(uint8_t *bits, size_t from, size_t to)
{
  for (; from < to && (from & 7); from++) bits[from >> 3] &= (uint8_t) ~(1u << (from & 7));
  if (from < to) memset(bits + (from >> 3), 0, (to - from + 7) / 8);
}

/* What lies under a NULL is 0, as tsn_batch_commit() has it. Done once for the
 * whole room, as nobody else writes there; but offsets must hold in any case. */
static void blank(tsn_rows *r, size_t column, bool done)
{
  tsn_batch_column *c = &r->batch->columns[column];

  if (c->offsets) {
    for (size_t i = r->first; i < r->row; i++) c->offsets[i + 1] = c->offsets[r->first];
  } else if (done) {
    return;
  } else if (c->type == TOCSIN_BOOLEAN) {
    clear_bits(c->values, r->first, r->batch->room);
  } else {
    memset((int64_t *)c->values + r->first, 0, (r->batch->room - r->first) * sizeof(int64_t));
  }
}

void tsn_rows_end(tsn_rows *r)
{
  tsn_batch *b = r->batch;
  bool blanked = r->blanked == b && r->blanked_room == b->room && r->first == 0;

  for (size_t i = 0; i < b->column_count; i++) {
    tsn_rows_column *c = &r->columns[i];
    if (c->live) {
      b->columns[i].text_length = c->text;
      b->columns[i].nulls += c->nulls;
      continue;
    }
    clear_bits(c->validity, r->first, r->row);
    b->columns[i].nulls += r->row - r->first;
    blank(r, i, blanked);
  }
  b->rows = r->row;
  r->blanked = b;
  r->blanked_room = b->room;
}

void tsn_rows_undo(tsn_rows *r, size_t from, size_t to)
{
  for (size_t i = 0; i < r->schema->column_count; i++) {
    tsn_rows_column *c = &r->columns[i];
    if (!c->live) continue;
    for (size_t row = r->row + from; row < r->row + to; row++) {
      unsigned bit = 1u << (row & 7);
      if (c->validity[row >> 3] & bit) continue;
      c->validity[row >> 3] |= (uint8_t)bit;
      c->nulls--;
    }
    if (c->offsets) c->text = (size_t)c->offsets[r->row + from];
  }
}
