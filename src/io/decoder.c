/* What both readers share: cutting the input into regions of whole records,
 * bad rows, origins. See decoder.h. */
#include "io/decoder.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "io/csv.h"
#include "io/jsonl.h"
#include "io/wide.h"

#define FEED_MAX ((size_t)1 << 30)

static const char byte_order_mark[3] = { '\xef', '\xbb', '\xbf' };

tocsin_status tsn_decoder_new(tsn_alloc *alloc, tsn_format format, const tsn_schema *schema,
                             const tsn_decoder_options *options, tsn_decoder **out)
{
  tsn_decoder *r = tsn_alloc_array(alloc, 1, sizeof *r);
  tocsin_status st;

  *out = NULL;
  if (!r) return TOCSIN_NOMEM;
  r->alloc = alloc;
  r->format = r->from.format = format;
  r->schema = schema;
  r->options = *options;
  if (!r->options.source) r->options.source = "input";
  if (!r->options.max_line) r->options.max_line = TSN_LINE_MAX;
  r->line = 1;
  tsn_bytes_init(&r->carries[0], alloc, 0);
  tsn_bytes_init(&r->carries[1], alloc, 0);
  st = tsn_rows_init(&r->rows, alloc, schema);
  if (st == TOCSIN_OK) st = format == TSN_FORMAT_CSV ? tsn_csv_new(r, &r->csv) : tsn_jsonl_new(r, &r->jsonl);
  r->failed = st;
  *out = r; /* also where it failed: it holds the message */
  return st;
}

void tsn_decoder_free(tsn_decoder *r)
{
  if (!r) return;
  tsn_csv_free(r, r->csv);
  tsn_jsonl_free(r, r->jsonl);
  tsn_rows_clear(&r->rows);
  tsn_bytes_clear(&r->carries[0]);
  tsn_bytes_clear(&r->carries[1]);
  tsn_alloc_free(r->alloc, r->from.places, r->from.cap * sizeof *r->from.places);
  tsn_alloc_free(r->alloc, r, sizeof *r);
}

const char *tsn_decoder_message(const tsn_decoder *r)
{
  return r->message;
}

const char *tsn_decoder_remark(const tsn_decoder *r)
{
  return r->remark;
}

tsn_decoder_counts tsn_decoder_count(const tsn_decoder *r)
{
  return r->counts;
}

tocsin_status tsn_decoder_fail(tsn_decoder *r, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  vsnprintf(r->message, sizeof r->message, format, args);
  va_end(args);
  return TOCSIN_CORRUPT;
}

/* --- places --- */

tsn_decoder_place tsn_decoder_at(const tsn_decoder *r)
{
  if (r->carry_offset <= r->body || (r->csv && !r->body)) return (tsn_decoder_place){ .line = 1 }; /* a header alone is read again */
  return (tsn_decoder_place){ r->carry_offset, r->line, r->body, r->discarding };
}

tocsin_status tsn_decoder_go(tsn_decoder *r, const tsn_decoder_place *place)
{
  if (r->failed != TOCSIN_OK) return r->failed;
  if (r->body != place->body || r->counts.rows || place->offset < place->body || (r->csv && place->offset && !place->body))
    return r->failed = tsn_decoder_fail(r, "it does not begin as it did when it was read before");
  if (place->offset == 0) return TOCSIN_OK;
  tsn_bytes_reset(&r->carries[r->active]);
  r->carry_offset = r->counts.bytes = place->offset;
  r->line = place->line;
  r->discarding = place->within;
  r->marks = sizeof byte_order_mark;
  r->scanned = 0;
  return TOCSIN_OK;
}

/* --- bad rows --- */

void tsn_decoder_bad(tsn_decoder *r, const char *start, size_t length, size_t column, const char *reason)
{
  tsn_bad_row bad = { .source = r->options.source,
                      .line = r->line,
                      .offset = r->region_offset + (uint64_t)(start - r->region),
                      .reason = reason,
                      .raw = start,
                      .raw_length = length };

  r->counts.rows++;
  r->counts.bad++;
  if (!r->options.on_bad) return;
  if (bad.raw_length && start[bad.raw_length - 1] == '\n') bad.raw_length--;
  if (bad.raw_length && start[bad.raw_length - 1] == '\r') bad.raw_length--;
  if (bad.raw_length > r->options.max_line) {
    bad.raw_length = r->options.max_line;
    bad.raw_cut = true;
  }
  if (column != TSN_NO_COLUMN) bad.column = r->schema->columns[column].name;
  r->options.on_bad(r->options.context, &bad);
}

void tsn_decoder_bad_cell(tsn_decoder *r, const char *start, size_t length, size_t column, tsn_cell_outcome outcome,
                         const char *text, size_t text_length, bool quoted)
{
  char reason[256];

  tsn_cell_reason(reason, sizeof reason, outcome, r->schema->columns[column].type, text, text_length, quoted);
  tsn_decoder_bad(r, start, length, column, reason);
}

/* --- regions --- */

bool tsn_decoder_is_clean(const char *start, const char *end)
{
  tsn_wide seen = { 0 }, nuls = { 0 };
  const char *p = start;
  unsigned char high = 0;
  bool nul = false;

  for (; end - p >= TSN_WIDE; p += TSN_WIDE) {
    tsn_wide w = tsn_wide_load(p);
    seen = tsn_wide_or(seen, w);
    nuls = tsn_wide_or(nuls, tsn_wide_equal(w, 0));
  }
  for (; p < end; p++) {
    high |= (unsigned char)*p;
    nul |= *p == 0;
  }
  if (nul || tsn_wide_any(nuls)) return false;
  return (!tsn_wide_bits(seen) && high < 0x80) || tsn_utf8_valid(start, (size_t)(end - start));
}

/* Reads the records of [p, end), which ends in a newline. *stop: where an
 * incomplete one begins. */
static tocsin_status read_region(tsn_decoder *r, const char *p, const char *end, uint64_t offset,
                                 tsn_records_end at_end, const char **stop)
{
  r->region = p;
  r->limit = end;
  r->region_offset = offset;
  r->clean = tsn_decoder_is_clean(p, end);
  *stop = end;
  if (r->format == TSN_FORMAT_CSV) return tsn_csv_records(r, r->csv, at_end, stop);
  return tsn_jsonl_records(r, r->jsonl);
}

/* --- a record that comes in pieces --- */

typedef struct carry {
  tsn_bytes *bytes;
  size_t at; /* what lies before has been read */
} carry;

static tsn_csv_found find_end(tsn_decoder *r, carry *c, size_t *end)
{
  const char *data = c->bytes->data + c->at;
  size_t length = c->bytes->length - c->at, from = r->scanned - c->at;
  const char *newline;

  if (r->format == TSN_FORMAT_CSV) return tsn_csv_find_end(&r->csv_end, data, from, length, end);
  newline = memchr(data + from, '\n', length - from);
  if (!newline) return TSN_CSV_OPEN;
  *end = (size_t)(newline - data) + 1;
  return TSN_CSV_WHOLE;
}

static tocsin_status read_carry(tsn_decoder *r, carry *c, size_t length, tsn_records_end at_end)
{
  const char *stop, *data = c->bytes->data + c->at;
  tocsin_status st = read_region(r, data, data + length, r->carry_offset + c->at, at_end, &stop);

  if (st == TOCSIN_OK) {
    assert(stop > data);
    c->at += (size_t)(stop - data);
  }
  r->scanned = c->at;
  return st;
}

/* The record in the carry is longer than any may be, and still not over. */
static tocsin_status give_up_record(tsn_decoder *r, carry *c)
{
  const char *data = c->bytes->data + c->at;
  size_t length = c->bytes->length - c->at;
  const char *newline = memchr(data, '\n', length);

  /* Lines in it can only lie in a quoted field: its quote is at fault, not they. */
  if (newline) return read_carry(r, c, (size_t)(newline + 1 - data), TSN_INPUT_ENDS);
  if (r->csv && !tsn_csv_has_header(r->csv)) return tsn_decoder_fail(r, "the header line is longer than a line may be");
  r->region = data;
  r->region_offset = r->carry_offset + c->at;
  tsn_decoder_bad(r, data, length, TSN_NO_COLUMN, "longer than a line may be");
  r->line++;
  c->at = r->scanned = c->bytes->length;
  r->discarding = true;
  return TOCSIN_OK;
}

/* Reads what is complete in the carry. */
static tocsin_status drain_carry(tsn_decoder *r, carry *c)
{
  tocsin_status st = TOCSIN_OK;

  while (st == TOCSIN_OK && c->at < c->bytes->length) {
    size_t end = 0;
    tsn_csv_found found = find_end(r, c, &end);
    if (found == TSN_CSV_OPEN) {
      r->scanned = c->bytes->length;
      if (c->bytes->length - c->at <= r->options.max_line) break;
      st = give_up_record(r, c);
    } else {
      st = read_carry(r, c, end, found == TSN_CSV_CUT ? TSN_INPUT_ENDS : TSN_MORE_COMES);
    }
    r->csv_end = (tsn_csv_end){ .state = TSN_CSV_FIELD };
  }
  return st;
}

static const char *discard(tsn_decoder *r, const char *p, const char *end)
{
  const char *newline = memchr(p, '\n', (size_t)(end - p));

  if (!newline) return end;
  r->discarding = false;
  return newline + 1;
}

static tocsin_status keep_rest(tsn_decoder *r, const char *p, const char *end, uint64_t offset)
{
  tsn_bytes *other;

  if (r->carries[r->active].length) {
    r->from.kept = r->carries[r->active].data;
    r->from.kept_length = r->carries[r->active].length;
    r->from.kept_offset = r->carry_offset;
  }
  r->active ^= 1;
  other = &r->carries[r->active];
  tsn_bytes_reset(other);
  tsn_bytes_append(other, p, (size_t)(end - p));
  r->carry_offset = offset;
  r->scanned = 0;
  r->csv_end = (tsn_csv_end){ .state = TSN_CSV_FIELD };
  return other->failed;
}

static tocsin_status feed_bytes(tsn_decoder *r, const char *p, const char *end)
{
  const char *chunk = p, *stop = p, *newline = NULL;
  carry c = { .bytes = &r->carries[r->active] };
  tocsin_status st = TOCSIN_OK;

  while (st == TOCSIN_OK && p < end && (r->discarding || c.bytes->length > c.at)) {
    const char *piece = p;
    if (r->discarding) {
      p = discard(r, p, end);
      continue;
    }
    newline = memchr(p, '\n', (size_t)(end - p));
    p = newline ? newline + 1 : end;
    tsn_bytes_append(c.bytes, piece, (size_t)(p - piece));
    st = c.bytes->failed;
    if (st == TOCSIN_OK) st = drain_carry(r, &c);
  }
  if (st != TOCSIN_OK) return st;
  if (c.bytes->length > c.at) { /* then all of the chunk went there */
    if (c.at == 0) return TOCSIN_OK;
    return keep_rest(r, c.bytes->data + c.at, c.bytes->data + c.bytes->length, r->carry_offset + c.at);
  }
  for (newline = end; newline > p && newline[-1] != '\n'; newline--) continue;
  stop = p;
  if (newline > p) st = read_region(r, p, newline, r->from.chunk_offset + (uint64_t)(p - chunk), TSN_MORE_COMES, &stop);
  if (st != TOCSIN_OK) return st;
  return keep_rest(r, stop, end, r->from.chunk_offset + (uint64_t)(stop - chunk));
}

/* Passes over a byte order mark, which may come in pieces. */
static tocsin_status read_mark(tsn_decoder *r, const char **p, const char *end)
{
  while (*p < end && r->marks < 3) {
    if (**p != byte_order_mark[r->marks]) {
      tsn_bytes *carried = &r->carries[r->active];
      tsn_bytes_append(carried, byte_order_mark, r->marks); /* no mark after all */
      r->marks = 3;
      return carried->failed;
    }
    r->marks++;
    (*p)++;
    r->counts.bytes++;
    if (r->marks == 3) r->carry_offset = 3;
  }
  return TOCSIN_OK;
}

static tocsin_status settle(tsn_decoder *r, tocsin_status st)
{
  tsn_rows_end(&r->rows);
  if (st != TOCSIN_OK) r->failed = st;
  return st;
}

tocsin_status tsn_decoder_feed(tsn_decoder *r, const char *bytes, size_t length, tsn_batch *batch)
{
  const char *p = bytes, *end = bytes + length;
  tocsin_status st;

  if (r->failed != TOCSIN_OK) return r->failed;
  if (length == 0) return TOCSIN_OK;
  if (length > FEED_MAX) return TOCSIN_MISUSE;
  r->from.first = batch->rows;
  r->from.kept = NULL;
  if (r->marks < 3 && (st = read_mark(r, &p, end)) != TOCSIN_OK) return r->failed = st;
  r->from.chunk = p;
  r->from.chunk_length = (size_t)(end - p);
  r->from.chunk_offset = r->counts.bytes;
  r->counts.bytes += r->from.chunk_length;
  if (p == end) return TOCSIN_OK;
  st = tsn_rows_begin(&r->rows, batch, r->from.chunk_length + r->carries[r->active].length);
  if (st != TOCSIN_OK) return r->failed = st;
  return settle(r, feed_bytes(r, p, end));
}

tocsin_status tsn_decoder_finish(tsn_decoder *r, tsn_batch *batch)
{
  tsn_bytes *carried = &r->carries[r->active];
  carry c = { .bytes = carried };
  tocsin_status st;

  if (r->failed != TOCSIN_OK) return r->failed;
  r->from.first = batch->rows;
  r->from.kept = NULL;
  r->from.chunk_length = 0;
  if (r->marks < 3) tsn_bytes_append(carried, byte_order_mark, r->marks);
  r->marks = 3;
  if (carried->length == 0) return TOCSIN_OK;
  if (carried->data[carried->length - 1] != '\n') tsn_bytes_char(carried, '\n');
  if (carried->failed != TOCSIN_OK) return r->failed = carried->failed;
  st = tsn_rows_begin(&r->rows, batch, carried->length);
  if (st != TOCSIN_OK) return r->failed = st;
  st = settle(r, read_carry(r, &c, carried->length, TSN_INPUT_ENDS));
  r->from.kept = carried->data;
  r->from.kept_length = carried->length;
  r->from.kept_offset = r->carry_offset;
  r->active ^= 1;
  tsn_bytes_reset(&r->carries[r->active]);
  r->carry_offset = r->counts.bytes;
  r->scanned = 0;
  return st;
}

/* --- origins --- */

tocsin_status tsn_decoder_origin_grow(tsn_decoder *r)
{
  void *places = r->from.places;
  size_t need = r->rows.room - r->from.first;

  if (!tsn_alloc_grow(r->alloc, &places, &r->from.cap, need, sizeof *r->from.places)) return TOCSIN_NOMEM;
  r->from.places = places;
  return TOCSIN_OK;
}

tocsin_status tsn_decoder_keep_lines(tsn_decoder *r, uint64_t offset, const uint16_t *ends, size_t stride, size_t rows)
{
  size_t at = r->rows.row - r->from.first;

  if (r->options.keep_origins && rows) {
    if (at + rows > r->from.cap && tsn_decoder_origin_grow(r) != TOCSIN_OK) return TOCSIN_NOMEM;
    r->from.places[at] = (tsn_origin_place){ offset, r->line };
    for (size_t i = 1; i < rows; i++)
      r->from.places[at + i] = (tsn_origin_place){ offset + (uint64_t)ends[(i - 1) * stride] + 1, r->line + i };
  }
  r->rows.row += rows;
  r->counts.rows += rows;
  r->line += rows;
  return TOCSIN_OK;
}

tsn_origin tsn_origins_find(const tsn_origins *o, size_t row)
{
  const tsn_origin_place *place = &o->places[row - o->first];
  tsn_origin origin = { .line = place->line, .offset = place->offset, .raw = "" };
  size_t available = 0;

  assert(row >= o->first && row - o->first < o->cap);
  if (place->offset >= o->chunk_offset && place->offset - o->chunk_offset < o->chunk_length) {
    origin.raw = o->chunk + (place->offset - o->chunk_offset);
    available = o->chunk_length - (size_t)(place->offset - o->chunk_offset);
  } else if (o->kept && place->offset >= o->kept_offset && place->offset - o->kept_offset < o->kept_length) {
    origin.raw = o->kept + (place->offset - o->kept_offset);
    available = o->kept_length - (size_t)(place->offset - o->kept_offset);
  }
  if (o->format == TSN_FORMAT_CSV) {
    tsn_csv_end state = { .state = TSN_CSV_FIELD };
    if (tsn_csv_find_end(&state, origin.raw, 0, available, &origin.raw_length) == TSN_CSV_OPEN)
      origin.raw_length = available;
  } else {
    const char *newline = memchr(origin.raw, '\n', available);
    origin.raw_length = newline ? (size_t)(newline - origin.raw) : available;
  }
  while (origin.raw_length && (origin.raw[origin.raw_length - 1] == '\n' || origin.raw[origin.raw_length - 1] == '\r'))
    origin.raw_length--;
  return origin;
}

tsn_origin tsn_decoder_origin(const tsn_decoder *r, size_t row)
{
  assert(r->options.keep_origins && row < r->rows.row);
  return tsn_origins_find(&r->from, row);
}

tocsin_status tsn_decoder_keep_origins(tsn_decoder *r, tsn_origins *o, tsn_bytes *bytes)
{
  tsn_origins old = *o;

  tsn_bytes_reset(bytes);
  tsn_bytes_append(bytes, r->from.chunk, r->from.chunk_length);
  if (r->from.kept) tsn_bytes_append(bytes, r->from.kept, r->from.kept_length);
  if (bytes->failed != TOCSIN_OK) return bytes->failed;
  *o = r->from;
  o->chunk = bytes->data;
  if (o->kept) o->kept = bytes->data + o->chunk_length;
  r->from.places = old.places;
  r->from.cap = old.cap;
  return TOCSIN_OK;
}
