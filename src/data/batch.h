/* A batch under construction: columns that grow row by row.
 *
 *   row:      0    1    2 ...
 *   column 0  [values.......]  [validity bits]
 *   column 1  [bytes.........] [offsets] [validity bits]
 *
 * A row is put together cell by cell and then kept (tsn_batch_commit) or
 * dropped (tsn_batch_rollback): a bad row leaves no trace. Cells not set are
 * NULL. view is what tocsin_matcher_push() takes; valid until the next change. */
#ifndef TSN_DATA_BATCH_H
#define TSN_DATA_BATCH_H

#include "base/alloc.h"
#include "data/schema.h"

typedef struct tsn_batch_column {
  tocsin_type type;
  uint8_t *validity;
  size_t validity_cap;
  void *values; /* int64_t, double, bits, or bytes */
  size_t values_cap;
  int32_t *offsets;
  size_t offsets_cap; /* caps in bytes */
  size_t text_length;
  size_t nulls;
  bool set; /* in the row being built */
} tsn_batch_column;

typedef struct tsn_batch {
  tsn_alloc *alloc;
  size_t rows, column_count;
  size_t room; /* rows for which every column has place */
  tsn_batch_column *columns;
  tocsin_column *views;
  tocsin_status failed; /* NOMEM, or LIMIT past 2 GiB of text in a column; sticky until reset */
} tsn_batch;

tocsin_status tsn_batch_init(tsn_batch *b, tsn_alloc *alloc, const tsn_schema *schema);
void tsn_batch_clear(tsn_batch *b);
void tsn_batch_reset(tsn_batch *b); /* no rows; memory kept */

void tsn_batch_set_bool(tsn_batch *b, size_t column, bool value);
void tsn_batch_set_int64(tsn_batch *b, size_t column, int64_t value); /* BIGINT, TIMESTAMP, INTERVAL */
void tsn_batch_set_double(tsn_batch *b, size_t column, double value);
void tsn_batch_set_text(tsn_batch *b, size_t column, const char *bytes, size_t length);
void tsn_batch_set_null(tsn_batch *b, size_t column); /* forgets what was set in this row */
tocsin_status tsn_batch_commit(tsn_batch *b);
void tsn_batch_rollback(tsn_batch *b);

/* For readers that fill columns in bulk (io/rows.h): room for `rows` rows in all,
 * and for `text` bytes in all in a column of texts. false: `failed` says why. */
bool tsn_batch_reserve(tsn_batch *b, size_t rows);
bool tsn_batch_reserve_text(tsn_batch *b, size_t column, size_t text);

/* A column in which no row is NULL shows no validity; the other buffers are
 * there also without rows. */
tocsin_batch tsn_batch_view(tsn_batch *b);

/* Reading a batch of any origin. */
static inline bool tsn_column_is_null(const tocsin_column *c, size_t row)
{
  return c->validity && !(c->validity[row >> 3] >> (row & 7) & 1);
}

#endif
