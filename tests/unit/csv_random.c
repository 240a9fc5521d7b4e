/* Random CSV, read by the decoder in blocks and by a plain reader, one byte at a time:
 * the same rows, the same bad rows, in the same order, however the bytes are cut. */
#include <stdlib.h>

#include "reading.h"

static const tsn_column_def columns[] = {
  { .name = "t", .type = TOCSIN_TIMESTAMP, .unit = TOCSIN_UNIT_MILLISECOND, .not_null = true, .needed = true },
  { .name = "s", .type = TOCSIN_TEXT, .needed = true },
  { .name = "d", .type = TOCSIN_DOUBLE, .needed = true },
  { .name = "i", .type = TOCSIN_BIGINT, .needed = true },
  { .name = "u", .type = TOCSIN_DOUBLE },
  { .name = "b", .type = TOCSIN_BOOLEAN, .needed = true },
  { .name = "n", .type = TOCSIN_TEXT, .not_null = true },
  { .name = "k", .type = TOCSIN_BIGINT, .not_null = true },
  { .name = "r", .type = TOCSIN_TEXT, .not_null = true, .needed = true },
};
#define COLUMNS T_COUNT(columns)
static const char header[] = "t,s,d,x,i,u,b,n,k,r\n"; /* x: of no column */
#define FIELDS (COLUMNS + 1)

static reading_chance chance;

static unsigned below(unsigned most) { return reading_below(&chance, most); }

/* --- the plain reader --- */

static void plain_bad(tsn_bytes *out, size_t line, size_t offset, const char *column)
{
  tsn_bytes_printf(out, "%zu@%zu %s\n", line, offset, column);
}

/* false: bad */
static bool plain_cell(tsn_bytes *row, const tsn_column_def *def, const char *text, size_t length, bool quoted)
{
  tsn_cell cell = { .integer = 0 };
  tsn_cell_outcome outcome = TSN_CELL_OK;
  bool null = length == 0 && !quoted;

  if (!null && def->type != TOCSIN_TEXT) {
    outcome = tsn_cell_parse(def->type, def->unit, text, length, &cell);
    if (outcome == TSN_CELL_BAD || outcome == TSN_CELL_BEYOND) return false;
    null = outcome == TSN_CELL_NAN;
  }
  if (null && def->not_null) return false;
  if (null || !def->needed)
    tsn_bytes_text(row, "NULL");
  else if (def->type == TOCSIN_TEXT) {
    tsn_bytes_char(row, '"');
    tsn_bytes_append(row, text, length);
    tsn_bytes_char(row, '"');
  } else if (def->type == TOCSIN_DOUBLE)
    tsn_bytes_printf(row, "%.17g", cell.real);
  else if (def->type == TOCSIN_BOOLEAN)
    tsn_bytes_text(row, cell.boolean ? "true" : "false");
  else
    tsn_bytes_printf(row, "%lld", (long long)cell.integer);
  tsn_bytes_char(row, '|');
  return true;
}

/* Reads the record at `at`, which ends in a newline; answers what follows it. */
static size_t plain_record(const char *data, size_t at, size_t length, size_t *line, tsn_bytes *rows, tsn_bytes *bad)
{
  const size_t start = at;
  const char *problem = NULL;
  size_t fields = 0, lines = 1;
  tsn_bytes row = *rows, text = *rows;

  tsn_bytes_init(&row, rows->alloc, 0);
  tsn_bytes_init(&text, rows->alloc, 0);
  for (bool more = true; more; fields++) {
    bool quoted = data[at] == '"', closed = false;
    tsn_bytes_reset(&text);
    if (quoted) {
      for (at++; at < length && !closed; at++) {
        if (data[at] == '"' && data[at + 1] == '"')
          at++;
        else if (data[at] == '"') {
          closed = true;
          continue;
        }
        lines += data[at] == '\n';
        tsn_bytes_char(&text, data[at]);
      }
      if (closed && data[at] == '\r' && data[at + 1] == '\n') at++;
      closed = closed && (data[at] == ',' || data[at] == '\n');
    } else {
      while (data[at] != ',' && data[at] != '\n') tsn_bytes_char(&text, data[at++]);
      if (data[at] == '\n' && text.length && text.data[text.length - 1] == '\r') text.length--;
    }
    if (quoted && !closed) { /* the first line alone */
      plain_bad(bad, *line, start, "-");
      for (at = start; data[at] != '\n'; at++) continue;
      ++*line;
      goto done;
    }
    if (fields < FIELDS && fields != 3 && !problem) {
      const tsn_column_def *def = &columns[fields < 3 ? fields : fields - 1];
      if (!plain_cell(&row, def, text.data ? text.data : "", text.length, quoted)) problem = def->name;
    }
    more = data[at] == ',';
    at += more;
  }
  if (fields != FIELDS) problem = "-";
  if (problem)
    plain_bad(bad, *line, start, problem);
  else {
    tsn_bytes_append(rows, row.data, row.length);
    tsn_bytes_printf(rows, " <%zu@%zu>\n", *line, start);
  }
  *line += lines;
done:
  tsn_bytes_clear(&row);
  tsn_bytes_clear(&text);
  return at + 1;
}

static void plain_read(const char *data, size_t length, tsn_bytes *rows, tsn_bytes *bad)
{
  size_t at = sizeof header - 1, line = 2;

  while (at < length) {
    size_t empty = data[at] == '\n' ? 1 : data[at] == '\r' && data[at + 1] == '\n' ? 2 : 0;
    if (empty) line++;
    at = empty ? at + empty : plain_record(data, at, length, &line, rows, bad);
  }
}

/* --- the decoder --- */

static void told_bad(void *context, const tsn_bad_row *row)
{
  plain_bad(context, (size_t)row->line, (size_t)row->offset, row->column ? row->column : "-");
}

static void take_rows(tsn_bytes *rows, const tsn_decoder *r, tsn_batch *batch)
{
  tocsin_batch view = tsn_batch_view(batch);

  for (size_t row = 0; row < view.rows; row++) {
    tsn_origin from = tsn_decoder_origin(r, row);
    for (size_t i = 0; i < COLUMNS; i++) {
      reading_cell(rows, &view.columns[i], columns[i].type, row);
      tsn_bytes_char(rows, '|');
    }
    tsn_bytes_printf(rows, " <%zu@%zu>\n", (size_t)from.line, (size_t)from.offset);
  }
  tsn_batch_reset(batch);
}

static void decode(tsn_alloc *alloc, const char *data, size_t length, size_t piece, tsn_bytes *rows, tsn_bytes *bad)
{
  static const tsn_schema schema = { "s", COLUMNS, columns };
  tsn_decoder_options options = { .source = "t", .on_bad = told_bad, .context = bad, .keep_origins = true };
  tsn_decoder *r;
  tsn_batch batch;

  assert_int_equal(tsn_batch_init(&batch, alloc, &schema), TOCSIN_OK);
  assert_int_equal(tsn_decoder_new(alloc, TSN_FORMAT_CSV, &schema, &options, &r), TOCSIN_OK);
  for (size_t at = 0; at < length; at += piece) {
    size_t size = length - at < piece ? length - at : piece;
    char *block = test_malloc(size); /* so that a byte read beyond is told by the sanitizers */
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

/* --- texts --- */

static void add_number(tsn_bytes *out)
{
  unsigned whole = below(8) ? 1 + below(7) : below(19), behind = below(3) ? below(5) : below(18);

  if (below(5) == 0) tsn_bytes_char(out, '-');
  for (unsigned i = 0; i < whole; i++) tsn_bytes_char(out, (char)('0' + below(10)));
  if (below(2)) {
    tsn_bytes_char(out, '.');
    for (unsigned i = 0; i < behind; i++) tsn_bytes_char(out, (char)('0' + below(10)));
  }
  if (below(40) == 0) tsn_bytes_text(out, "e-3");
}

static void add_field(tsn_bytes *out, size_t i, unsigned oddness)
{
  static const char letters[] = "abcxyz ./-0123456789\t\r\xc3\xa9";
  static const char *const odd[] = { "\"", "\"\"", "\r", "\n", "", "NaN", " 7", "\"a\nb\"", "\"x,y\"", "\"say \"\"hi\"\"\"",
                                     ",", "1.", ".5", "-", "--1", "1-2", "\"12\"", "\"\"", "true", "1..2", "9e999" };
  bool quoted = below(oddness ? 6 : 30) == 0;

  if (oddness && below(oddness) == 0) {
    tsn_bytes_text(out, odd[below(T_COUNT(odd))]);
    if (below(2)) return;
  }
  if (quoted) tsn_bytes_char(out, '"');
  switch (i) {
  case 0:
    tsn_bytes_printf(out, below(3) ? "%u" : "20%02u-0%u-1%uT10:%u2:0%u.%uZ", below(100), 1 + below(9), below(10), below(6),
                     below(10), below(1000));
    break;
  case 2:
  case 5:
    if (below(8)) add_number(out);
    break;
  case 4:
  case 8:
    if (below(10) || i == 8) tsn_bytes_printf(out, "%d", (int)below(1u << (1 + below(31))) - 9);
    if (below(10) == 0) tsn_bytes_printf(out, "%u%u", 1 + below(1u << 30), below(10));
    break;
  case 6:
    tsn_bytes_text(out, below(2) ? "true" : "0");
    break;
  default:
    for (unsigned n = below(4) ? below(12) : below(60); n > 0; n--) {
      unsigned at = below(sizeof letters - 3);
      if (at == sizeof letters - 3) continue;
      tsn_bytes_append(out, letters + at, at == 22 ? 2 : 1);
    }
    if (i == 9 || i == 7) tsn_bytes_char(out, '.');
  }
  if (quoted) tsn_bytes_char(out, '"');
}

/* oddness: of so many fields one is odd; 0: none */
static void make_text(tsn_bytes *out, unsigned rows, unsigned oddness)
{
  const char *end = below(2) ? "\r\n" : "\n";
  size_t turn = 0, part = 0;

  tsn_bytes_text(out, header);
  while (rows-- > 0) {
    size_t fields = oddness && below(20) == 0 ? below(FIELDS + 3) : FIELDS;
    if (oddness && turn == 0 && below(15) == 0) turn = 3;
    if (turn == 3) part = 1 + below(FIELDS - 1);
    /* three records with as many fields and newlines as three should have, but not where they should be */
    if (turn) fields = turn == 3 ? part : turn == 2 ? FIELDS - part : 2 * FIELDS;
    turn -= turn > 0;
    for (size_t i = 0; i < fields; i++) {
      if (i) tsn_bytes_char(out, ',');
      add_field(out, i, oddness);
    }
    tsn_bytes_text(out, end);
  }
}

static void check(tsn_alloc *alloc, const tsn_bytes *text, size_t piece, tsn_bytes *rows, tsn_bytes *bad)
{
  tsn_bytes got_rows, got_bad;

  tsn_bytes_init(&got_rows, alloc, 0);
  tsn_bytes_init(&got_bad, alloc, 0);
  decode(alloc, text->data, text->length, piece, &got_rows, &got_bad);
  assert_string_equal(tsn_bytes_cstr(&got_bad), tsn_bytes_cstr(bad));
  assert_string_equal(tsn_bytes_cstr(&got_rows), tsn_bytes_cstr(rows));
  tsn_bytes_clear(&got_rows);
  tsn_bytes_clear(&got_bad);
}

static void blocks_read_what_a_plain_reader_does(void **state)
{
  static const unsigned oddness[] = { 0, 400, 60, 8, 2 };
  size_t all = 0;

  (void)state;
  for (unsigned round = 0; round < 400; round++) {
    tsn_alloc alloc;
    tsn_bytes text, rows, bad;
    chance.seed = round;
    tsn_alloc_init(&alloc, NULL);
    tsn_bytes_init(&text, &alloc, 0);
    tsn_bytes_init(&rows, &alloc, 0);
    tsn_bytes_init(&bad, &alloc, 0);
    make_text(&text, round % 10 ? below(60) : 1500, oddness[round % T_COUNT(oddness)]);
    plain_read(tsn_bytes_cstr(&text), text.length, &rows, &bad);
    all += rows.length;
    check(&alloc, &text, text.length, &rows, &bad);
    check(&alloc, &text, 1 + below(3000), &rows, &bad);
    check(&alloc, &text, 1 + below(100), &rows, &bad);
    tsn_bytes_clear(&text);
    tsn_bytes_clear(&rows);
    tsn_bytes_clear(&bad);
    assert_int_equal(alloc.used, 0);
  }
  assert_true(all > 1000000); /* there were rows to speak of */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(blocks_read_what_a_plain_reader_does),
  };
  return T_RUN(tests);
}
