/* Random JSON Lines: a line says the same behind thousands of others, from which the decoder has
 * learnt how lines look, as it says alone, to a decoder that has seen none. */
#include <stdlib.h>

#include "reading.h"

static const tsn_column_def columns[] = {
  { .name = "ts", .type = TOCSIN_TIMESTAMP, .unit = TOCSIN_UNIT_MILLISECOND, .not_null = true, .needed = true },
  { .name = "name", .type = TOCSIN_TEXT, .needed = true },
  { .name = "price", .type = TOCSIN_DOUBLE, .path = "$.product.price", .needed = true },
  { .name = "sku", .type = TOCSIN_TEXT, .path = "$.product.\"s k\"", .needed = true },
  { .name = "first", .type = TOCSIN_BIGINT, .path = "$.items[0].n", .needed = true },
  { .name = "n", .type = TOCSIN_BIGINT, .needed = true },
  { .name = "unread", .type = TOCSIN_DOUBLE },
};
static const tsn_schema schema = { "s", T_COUNT(columns), columns };

static reading_chance chance;

static unsigned below(unsigned most) { return reading_below(&chance, most); }

/* Bad rows of a line alone have its own numbers; here they count from where the line is. */
typedef struct told {
  tsn_bytes out;
  uint64_t line, offset;
} told;

static void told_bad(void *context, const tsn_bad_row *row)
{
  told *t = context;
  tsn_bytes_printf(&t->out, "%llu@%llu %s: %s\n", (unsigned long long)(row->line + t->line),
                   (unsigned long long)(row->offset + t->offset), row->column ? row->column : "-", row->reason);
}

static void take_rows(told *t, const tsn_decoder *r, tsn_batch *batch)
{
  tocsin_batch view = tsn_batch_view(batch);

  for (size_t row = 0; row < view.rows; row++) {
    tsn_origin from = tsn_decoder_origin(r, row);
    for (size_t i = 0; i < T_COUNT(columns); i++) {
      reading_cell(&t->out, &view.columns[i], columns[i].type, row);
      tsn_bytes_char(&t->out, '|');
    }
    tsn_bytes_printf(&t->out, "%llu@%llu\n", (unsigned long long)(from.line + t->line),
                     (unsigned long long)(from.offset + t->offset));
  }
  tsn_batch_reset(batch);
}

static void decode(tsn_alloc *alloc, const char *data, size_t length, size_t piece, told *rows, told *bad)
{
  tsn_decoder_options options = { .source = "t", .on_bad = told_bad, .context = bad, .keep_origins = true };
  tsn_decoder *r;
  tsn_batch batch;

  assert_int_equal(tsn_batch_init(&batch, alloc, &schema), TOCSIN_OK);
  assert_int_equal(tsn_decoder_new(alloc, TSN_FORMAT_JSONL, &schema, &options, &r), TOCSIN_OK);
  for (size_t at = 0; at < length; at += piece) {
    size_t size = length - at < piece ? length - at : piece;
    char *block = test_malloc(size);
    memcpy(block, data + at, size);
    assert_int_equal(tsn_decoder_feed(r, block, size, &batch), TOCSIN_OK);
    take_rows(rows, r, &batch);
    test_free(block);
  }
  assert_int_equal(tsn_decoder_finish(r, &batch), TOCSIN_OK);
  take_rows(rows, r, &batch);
  tsn_decoder_free(r);
  tsn_batch_clear(&batch);
}

/* --- lines --- */

static void add_value(tsn_bytes *out, unsigned depth)
{
  static const char *const odd[] = { "null", "true", "NaN", "-Infinity", "01", "1.", ".5", "-", "1e3", "-0", "1.5e-3", "\"\"", "[]",
                                     "{}", "9223372036854775807", "9223372036854775808", "12345678901234567", "-12.25",
                                     "1234567890.123456789", "0.1234567890123456789", "1/2", "1-2", "\"1\"", "tru", "{", "" };

  switch (below(12)) {
  case 0:
  case 1:
  case 2:
    tsn_bytes_printf(out, "%u", below(1u << (1 + below(30))));
    break;
  case 3:
    tsn_bytes_printf(out, "1459084%06u", below(1000000));
    break;
  case 4:
    tsn_bytes_printf(out, "%u.%0*u", below(3000), 1 + (int)below(7), below(100));
    break;
  case 5:
    tsn_bytes_text(out, below(3) ? "\"2026-01-31T10:00:00Z\"" : "\"say \\\"hi\\\" \\u00e9\"");
    break;
  case 6:
  case 7:
    tsn_bytes_char(out, '"');
    for (unsigned n = below(3) ? below(10) : below(70); n > 0; n--) tsn_bytes_char(out, (char)('a' + below(26)));
    tsn_bytes_char(out, '"');
    break;
  case 8:
    tsn_bytes_text(out, odd[below(T_COUNT(odd))]);
    break;
  case 9:
    if (depth < 3) {
      tsn_bytes_text(out, "[");
      add_value(out, depth + 1);
      tsn_bytes_text(out, below(2) ? "]" : ", 7]");
      break;
    }
    /* fall through */
  default:
    tsn_bytes_printf(out, "%u", below(100));
  }
}

/* Of the type of the columns of this name. */
static void add_fitting(tsn_bytes *out, const char *name)
{
  if (!strcmp(name, "ts"))
    tsn_bytes_printf(out, "1459084%06u", below(1000000));
  else if (!strcmp(name, "name") || !strcmp(name, "s k")) {
    tsn_bytes_char(out, '"');
    for (unsigned n = below(5) ? below(12) : below(70); n > 0; n--) tsn_bytes_char(out, (char)('a' + below(26)));
    tsn_bytes_text(out, below(9) ? "\"" : " \\n\\u00e9\"");
  } else if (!strcmp(name, "n") || !strcmp(name, "N"))
    tsn_bytes_printf(out, "%d", (int)below(1u << (1 + below(31))) - 100);
  else
    tsn_bytes_printf(out, "%s%u.%0*u", below(9) ? "" : "-", below(3000), 1 + (int)below(7), below(10));
}

/* shape: of so many members one is not where it was, or not as it was; 0: all lines are alike */
static void add_object(tsn_bytes *out, unsigned depth, unsigned shape)
{
  static const char *const names[2][8] = { { "ts", "name", "product", "items", "n", "x", "unread", "N" },
                                           { "price", "s k", "n", "other", "price", "s k", "a long name of a member", "x" } };
  static const char *const gaps[] = { ": ", ":", " : ", ":  ", "" };
  const unsigned members = depth ? 3 : 7;

  tsn_bytes_char(out, '{');
  for (unsigned i = 0; i < members; i++) {
    unsigned at = shape && below(shape) == 0 ? below(8) : i;
    bool odd = shape && below(shape * 4) == 0;
    if (odd && below(3)) continue;
    if (out->data[out->length - 1] != '{') tsn_bytes_text(out, odd ? " , " : ", ");
    tsn_bytes_printf(out, "\"%s\"%s", names[depth > 0][at], odd ? gaps[below(T_COUNT(gaps))] : ": ");
    if (depth < 2 && (at == 2 || at == 3) && below(8)) {
      if (at == 3) tsn_bytes_char(out, '[');
      add_object(out, depth + 1, shape);
      if (at == 3) tsn_bytes_char(out, ']');
    } else if (below(shape ? shape * 8 : 100) == 0)
      add_value(out, depth);
    else
      add_fitting(out, names[depth > 0][at]);
  }
  tsn_bytes_text(out, shape && below(shape * 8) == 0 ? " }" : "}");
}

static void add_line(tsn_bytes *out, unsigned shape)
{
  size_t from = out->length;

  add_object(out, 0, shape);
  if (shape && below(shape) == 0) { /* a byte that is another, or the beginning of the line behind itself */
    static const char bytes[] = "{}[]\",: 01\\\xff";
    size_t length = out->length - from, at = from + below((unsigned)length);
    if (below(3))
      out->data[at] = bytes[below(sizeof bytes - 1)];
    else
      memmove(out->data + at, out->data + from, out->length - at);
  }
  tsn_bytes_char(out, '\n');
}

static void what_was_learnt_changes_nothing(void **state)
{
  static const unsigned shapes[] = { 0, 40, 6, 2 };
  size_t good = 0;

  (void)state;
  for (unsigned round = 0; round < 60; round++) {
    tsn_alloc alloc;
    tsn_bytes text;
    told alone[2] = { 0 };
    chance.seed = round;
    tsn_alloc_init(&alloc, NULL);
    tsn_bytes_init(&text, &alloc, 0);
    for (unsigned i = 0; i < 2; i++) tsn_bytes_init(&alone[i].out, &alloc, 0);
    for (unsigned i = 0; i < 300; i++) {
      size_t from = text.length;
      add_line(&text, shapes[round % T_COUNT(shapes)]);
      alone[0].line = alone[1].line = i;
      alone[0].offset = alone[1].offset = from;
      decode(&alloc, text.data + from, text.length - from, text.length, &alone[0], &alone[1]);
    }
    for (unsigned k = 0; k < 3; k++) {
      told all[2] = { 0 };
      for (unsigned i = 0; i < 2; i++) tsn_bytes_init(&all[i].out, &alloc, 0);
      decode(&alloc, text.data, text.length, k == 0 ? text.length : 1 + below(k == 1 ? 5000 : 100), &all[0], &all[1]);
      for (unsigned i = 0; i < 2; i++) {
        assert_string_equal(tsn_bytes_cstr(&all[i].out), tsn_bytes_cstr(&alone[i].out));
        tsn_bytes_clear(&all[i].out);
      }
    }
    good += alone[0].out.length;
    tsn_bytes_clear(&text);
    for (unsigned i = 0; i < 2; i++) tsn_bytes_clear(&alone[i].out);
    assert_int_equal(alloc.used, 0);
  }
  assert_true(good > 100000); /* there were rows to speak of */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_was_learnt_changes_nothing),
  };
  return T_RUN(tests);
}
