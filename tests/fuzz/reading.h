/* What the targets of the two readers share: bytes, cut into pieces by the first of
 * them, for columns of every type. However they are cut, the rows are the same; also where behind each piece another
 * decoder goes on from the place where the one before stood. */
#ifndef TSN_TESTS_FUZZ_READING_H
#define TSN_TESTS_FUZZ_READING_H

#include "base/map.h"
#include "fuzz.h"

typedef struct fuzz_reading {
  uint64_t rows, bad, sum;
} fuzz_reading;

static inline void fuzz_bad(void *context, const tsn_bad_row *row)
{
  fuzz_reading *g = context;
  size_t i;
  g->bad++;
  g->sum += row->line * 31 + strlen(row->reason) + (row->column ? strlen(row->column) : 0);
  for (i = 0; i < row->raw_length; i++) g->sum = g->sum * 131 + (unsigned char)row->raw[i];
}

/* A number from all cells, whatever the batches. */
static inline void fuzz_rows(fuzz_reading *g, tsn_batch *batch, const tsn_schema *schema)
{
  tocsin_batch view = tsn_batch_view(batch);
  size_t row, i;
  for (row = 0; row < view.rows; row++)
    for (i = 0; i < view.column_count; i++) {
      const tocsin_column *c = &view.columns[i];
      uint64_t value = 7;
      if (!tsn_column_is_null(c, row)) {
        switch (schema->columns[i].type) {
        case TOCSIN_BOOLEAN: value = ((const uint8_t *)c->values)[row >> 3] >> (row & 7) & 1; break;
        case TOCSIN_TEXT:
          value = tsn_hash_bytes((const char *)c->values + c->offsets[row],
              (size_t)(c->offsets[row + 1] - c->offsets[row]), 1);
          break;
        default: memcpy(&value, (const int64_t *)c->values + row, sizeof value); break;
        }
      }
      g->sum = tsn_hash_word(value, g->sum);
    }
  g->rows += view.rows;
  tsn_batch_reset(batch);
}

static inline tocsin_status fuzz_feed(tsn_decoder *decoder, const char *bytes, size_t size, tsn_batch *batch,
    const tsn_schema *schema, fuzz_reading *good)
{
  tocsin_status st = tsn_decoder_feed(decoder, bytes, size, batch);
  fuzz_rows(good, batch, schema);
  return st;
}

/* Another decoder in the place of *decoder; *at: where it goes on. */
static inline tocsin_status fuzz_restart(tsn_format format, const tsn_schema *schema, const tsn_decoder_options *options, tsn_decoder **decoder,
    const char *bytes, size_t *at, tsn_batch *batch)
{
  tsn_decoder_place place = tsn_decoder_at(*decoder);
  tocsin_status st;
  tsn_decoder_free(*decoder);
  if (tsn_decoder_new(batch->alloc, format, schema, options, decoder) != TOCSIN_OK) abort();
  st = tsn_decoder_feed(*decoder, bytes, (size_t)place.body, batch);
  if (batch->rows) abort();
  if (st == TOCSIN_OK) st = tsn_decoder_go(*decoder, &place);
  if (st != TOCSIN_OK) abort();
  *at = (size_t)place.offset;
  return st;
}

static inline fuzz_reading fuzz_read(tsn_format format, const char *bytes, size_t size, size_t piece, bool restarts)
{
  static const tsn_column_def columns[] = {
      {.name = "k", .type = TOCSIN_TEXT, .needed = true},
      {.name = "ts", .type = TOCSIN_TIMESTAMP, .unit = TOCSIN_UNIT_MILLISECOND, .not_null = true, .needed = true},
      {.name = "n", .type = TOCSIN_BIGINT, .needed = true},
      {.name = "x", .type = TOCSIN_DOUBLE, .needed = true},
      {.name = "ok", .type = TOCSIN_BOOLEAN, .needed = true},
      {.name = "d", .type = TOCSIN_INTERVAL, .needed = true},
      {.name = "deep", .type = TOCSIN_TEXT, .path = "$.a.b[1].\"c d\"", .needed = true},
  };
  static const tsn_schema schema = {.name = "s", .column_count = sizeof columns / sizeof *columns, .columns = columns};
  fuzz_reading good = {0}, bad = {0};
  tsn_decoder_options options = {.source = "fuzz", .max_line = 4096, .on_bad = fuzz_bad, .context = &bad};
  tsn_alloc alloc;
  tsn_batch batch;
  tsn_decoder *decoder;
  tocsin_status st;
  size_t at, end;
  tsn_alloc_init(&alloc, NULL);
  if (tsn_batch_init(&batch, &alloc, &schema) != TOCSIN_OK) abort();
  if (tsn_decoder_new(&alloc, format, &schema, &options, &decoder) != TOCSIN_OK) abort();
  st = TOCSIN_OK;
  for (at = end = 0; end < size && st == TOCSIN_OK;) {
    end = size - end < piece ? size : end + piece;
    st = fuzz_feed(decoder, bytes + at, end - at, &batch, &schema, &good);
    at = end;
    if (st == TOCSIN_OK && restarts) st = fuzz_restart(format, &schema, &options, &decoder, bytes, &at, &batch);
  }
  if (st == TOCSIN_OK && at < size) st = fuzz_feed(decoder, bytes + at, size - at, &batch, &schema, &good);
  if (st == TOCSIN_OK) st = tsn_decoder_finish(decoder, &batch);
  fuzz_rows(&good, &batch, &schema);
  if (st != TOCSIN_OK && !*tsn_decoder_message(decoder)) abort();
  tsn_decoder_free(decoder);
  tsn_batch_clear(&batch);
  if (alloc.used) abort();
  return (fuzz_reading){.rows = good.rows, .bad = bad.bad, .sum = good.sum ^ bad.sum * 3};
}

static inline int fuzz_reader(tsn_format format, const uint8_t *data, size_t size)
{
  fuzz_reading whole, cut;
  size_t way;
  if (size < 1 || size > (size_t)1 << 16) return 0;
  whole = fuzz_read(format, (const char *)data + 1, size - 1, size, false);
  for (way = 0; way < 2; way++) {
    cut = fuzz_read(format, (const char *)data + 1, size - 1, (size_t)data[0] % 37 + 1, way == 1);
    if (whole.rows != cut.rows || whole.bad != cut.bad || whole.sum != cut.sum) abort();
  }
  return 0;
}

#endif
