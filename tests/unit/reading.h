/* For tests of readers: feeds a text in pieces of every small size, and shows what
 * came of it as text: rows as "a|b|NULL", bad rows as "! line@offset column: reason". */
#ifndef TSN_TESTS_READING_H
#define TSN_TESTS_READING_H

#include "io/decoder.h"
#include "t.h"

typedef struct reading {
  tsn_alloc alloc;
  tsn_bytes out;
  tsn_format format;
  const tsn_schema *schema;
  size_t max_line;
  bool show_raw, show_origin;
  bool restarts; /* behind each piece another decoder goes on, from the place where the one before stood */
} reading;

/* Chance, by a seed. */
typedef struct reading_chance {
  unsigned long seed;
} reading_chance;

static inline unsigned reading_below(reading_chance *c, unsigned most)
{
  c->seed = c->seed * 6364136223846793005ul + 1442695040888963407ul;
  return (unsigned)(c->seed >> 33) % most;
}

static inline void reading_cell(tsn_bytes *out, const tocsin_column *c, tocsin_type type, size_t row)
{
  if (tsn_column_is_null(c, row)) {
    tsn_bytes_text(out, "NULL");
    return;
  }
  switch (type) {
  case TOCSIN_BOOLEAN:
    tsn_bytes_text(out, ((const uint8_t *)c->values)[row >> 3] >> (row & 7) & 1 ? "true" : "false");
    break;
  case TOCSIN_DOUBLE:
    tsn_bytes_printf(out, "%.17g", ((const double *)c->values)[row]);
    break;
  case TOCSIN_TEXT:
    tsn_bytes_char(out, '"');
    tsn_bytes_append(out, (const char *)c->values + c->offsets[row], (size_t)(c->offsets[row + 1] - c->offsets[row]));
    tsn_bytes_char(out, '"');
    break;
  case TOCSIN_BIGINT:
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
  case TOCSIN_NULL:
  case TOCSIN_LIST:
    tsn_bytes_printf(out, "%lld", (long long)((const int64_t *)c->values)[row]);
    break;
  }
}

static inline void reading_rows(reading *g, tsn_decoder *r, tsn_batch *batch)
{
  tocsin_batch view = tsn_batch_view(batch);

  for (size_t row = 0; row < view.rows; row++) {
    for (size_t i = 0; i < view.column_count; i++) {
      if (i) tsn_bytes_char(&g->out, '|');
      reading_cell(&g->out, &view.columns[i], g->schema->columns[i].type, row);
    }
    if (g->show_origin) {
      tsn_origin o = tsn_decoder_origin(r, row);
      tsn_bytes_printf(&g->out, " <%llu@%llu %.*s>", (unsigned long long)o.line, (unsigned long long)o.offset,
                       (int)o.raw_length, o.raw);
    }
    tsn_bytes_char(&g->out, '\n');
  }
}

static inline void reading_bad(void *context, const tsn_bad_row *bad)
{
  reading *g = context;

  tsn_bytes_printf(&g->out, "! %llu@%llu %s: %s", (unsigned long long)bad->line, (unsigned long long)bad->offset,
                   bad->column ? bad->column : "-", bad->reason);
  if (g->show_raw) tsn_bytes_printf(&g->out, " <%.*s>%s", (int)bad->raw_length, bad->raw, bad->raw_cut ? "…" : "");
  tsn_bytes_char(&g->out, '\n');
}

static inline tocsin_status reading_feed(reading *g, tsn_decoder *r, tsn_batch *batch, const char *text, size_t size)
{
  char *block = test_malloc(size + 1); /* a block of its own */
  tocsin_status st;

  memcpy(block, text, size);
  tsn_batch_reset(batch);
  st = tsn_decoder_feed(r, block, size, batch);
  if (st == TOCSIN_OK) reading_rows(g, r, batch);
  test_free(block);
  return st;
}

/* Another decoder in the place of *r; *at: where it goes on. */
static inline tocsin_status reading_restart(reading *g, const tsn_decoder_options *options, tsn_decoder **r, tsn_batch *batch,
                                            const char *text, size_t *at, uint64_t *nans)
{
  tsn_decoder_place place = tsn_decoder_at(*r);
  tocsin_status st;

  *nans += tsn_decoder_count(*r).nan;
  tsn_decoder_free(*r);
  st = tsn_decoder_new(&g->alloc, g->format, g->schema, options, r);
  if (st == TOCSIN_OK) st = reading_feed(g, *r, batch, text, (size_t)place.body);
  if (st == TOCSIN_OK) st = tsn_decoder_go(*r, &place);
  *at = (size_t)place.offset;
  return st;
}

/* Reads text in pieces of `piece` bytes; the result is in g->out. */
static inline void reading_run(reading *g, const char *text, size_t length, size_t piece)
{
  tsn_decoder_options options = { .source = "t", .max_line = g->max_line, .on_bad = reading_bad, .context = g,
                                 .keep_origins = g->show_origin };
  tsn_decoder *r;
  tsn_batch batch;
  tocsin_status st;
  uint64_t nans = 0;
  size_t at = 0;

  tsn_bytes_reset(&g->out);
  st = tsn_decoder_new(&g->alloc, g->format, g->schema, &options, &r);
  assert_int_equal(tsn_batch_init(&batch, &g->alloc, g->schema), TOCSIN_OK);
  for (size_t end = 0; end < length && st == TOCSIN_OK;) {
    end = length - end < piece ? length : end + piece;
    st = reading_feed(g, r, &batch, text + at, end - at);
    at = end;
    if (st == TOCSIN_OK && g->restarts) st = reading_restart(g, &options, &r, &batch, text, &at, &nans);
  }
  if (st == TOCSIN_OK && at < length) st = reading_feed(g, r, &batch, text + at, length - at);
  tsn_batch_reset(&batch);
  if (st == TOCSIN_OK) st = tsn_decoder_finish(r, &batch);
  if (st == TOCSIN_OK) reading_rows(g, r, &batch);
  nans += tsn_decoder_count(r).nan;
  if (st != TOCSIN_OK)
    tsn_bytes_printf(&g->out, "? %d %s\n", (int)st, tsn_decoder_message(r));
  else if (nans)
    tsn_bytes_printf(&g->out, "%llu NaN\n", (unsigned long long)nans);
  tsn_batch_clear(&batch);
  tsn_decoder_free(r);
}

/* Lines of a text in any order: rows of one piece come after its bad rows, so only the set is the same. */
static inline void reading_sort(char *text)
{
  char *lines[512];
  size_t count = 0, length = strlen(text);
  char *copy = test_malloc(length + 1);

  memcpy(copy, text, length + 1);
  for (char *line = strtok(copy, "\n"); line && count < T_COUNT(lines); line = strtok(NULL, "\n"))
    lines[count++] = line;
  for (size_t i = 1; i < count; i++)
    for (size_t j = i; j && strcmp(lines[j - 1], lines[j]) > 0; j--) {
      char *swap = lines[j];
      lines[j] = lines[j - 1];
      lines[j - 1] = swap;
    }
  for (size_t i = 0, at = 0; i < count; i++) at += (size_t)sprintf(text + at, "%s\n", lines[i]);
  test_free(copy);
}

/* Pieces of every size from 1 to 40, then the whole at once, by one decoder and by many: all must give `wanted`. */
static inline void reading_check(reading *g, const char *text, size_t length, const char *wanted, const char *about)
{
  char *expect = test_malloc(strlen(wanted) + 2);

  tsn_alloc_init(&g->alloc, NULL);
  tsn_bytes_init(&g->out, &g->alloc, 0);
  memcpy(expect, wanted, strlen(wanted) + 1);
  reading_sort(expect);
  for (size_t n = 2; n < 2 * 42; n++) {
    size_t piece = n / 2;
    char *got;
    g->restarts = n % 2;
    reading_run(g, text, length, piece == 41 ? length + 1 : piece);
    got = test_malloc(g->out.length + 2);
    memcpy(got, tsn_bytes_cstr(&g->out), g->out.length + 1);
    reading_sort(got);
    if (strcmp(got, expect)) {
      print_error("%s, in pieces of %zu%s:\n%s--- wanted:\n%s", about, piece, g->restarts ? ", a decoder each" : "", got, expect);
      fail();
    }
    test_free(got);
  }
  g->restarts = false;
  test_free(expect);
  tsn_bytes_clear(&g->out);
  assert_int_equal(g->alloc.used, 0);
}

static inline void reading_text(reading *g, const char *text, const char *wanted)
{
  reading_check(g, text, strlen(text), wanted, text);
}

#endif
