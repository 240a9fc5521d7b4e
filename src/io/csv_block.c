/* Blocks of CSV records: see csv_block.h. */
#include "io/csv_block.h"

#include <assert.h>

#include "io/digits.h"
#include "io/wide.h"

#define ENDS_MOST 4096           /* of fields, in a block; more only where a record has more */
#define BYTES_MOST ((size_t)32 << 10)
#define TAIL ((size_t)1 << 10)   /* bytes at the end of a region, which are copied to be read beyond their end */
#define SLACK TSN_WIDE           /* bytes that may be read behind a block */
#define FRONT 32                 /* and before it */
#define FEW 4                    /* rows of the block after one that was cut short */

struct tsn_csv_block {
  size_t fields, room; /* of a record; ends that there is place for */
  size_t rows_most;    /* of the next block */
  uint16_t *ends;      /* ends[-1] is -1: each field begins one behind the end of the one before */
  uint8_t *empty;      /* a flag a row, while a column of texts is read */
  char copy[FRONT + TAIL + SLACK];
  uint16_t places[256][8]; /* of the bits of a byte; and how many it has */
  uint8_t counts[256];

  /* the block at hand */
  const char *start;
  size_t count, newlines; /* ends found; newlines among them */
  bool quoted, doubled;   /* there are quotes; doubled ones */
  bool returns;           /* some record ends in "\r\n" */
};

static size_t ends_bytes(const tsn_csv_block *b)
{
  return (b->room + TSN_WIDE + 8 + 1) * sizeof *b->ends;
}

static size_t flags(const tsn_csv_block *b)
{
  return (b->room + TSN_WIDE) / b->fields;
}

tsn_csv_block *tsn_csv_block_new(tsn_alloc *alloc, size_t fields)
{
  tsn_csv_block *b = tsn_alloc_array(alloc, 1, sizeof *b);
  uint16_t *ends;

  if (!b) return NULL;
  b->fields = fields;
  b->room = fields > ENDS_MOST ? fields : ENDS_MOST;
  b->rows_most = b->room / fields;
  for (unsigned byte = 0; byte < 256; byte++)
    for (unsigned bit = 0; bit < 8; bit++)
      if (byte >> bit & 1) b->places[byte][b->counts[byte]++] = (uint16_t)bit;
  ends = tsn_alloc_resize(alloc, NULL, 0, ends_bytes(b));
  b->empty = tsn_alloc_array(alloc, flags(b), 1);
  if (ends) {
    ends[0] = UINT16_MAX;
    b->ends = ends + 1;
  }
  if (ends && b->empty) return b;
  tsn_csv_block_free(alloc, b);
  return NULL;
}

void tsn_csv_block_free(tsn_alloc *alloc, tsn_csv_block *b)
{
  if (!b) return;
  if (b->ends) tsn_alloc_free(alloc, b->ends - 1, ends_bytes(b));
  tsn_alloc_free(alloc, b->empty, flags(b));
  tsn_alloc_free(alloc, b, sizeof *b);
}

/* --- where fields end --- */

/* What one stretch of 64 bytes leaves to the next. */
typedef struct quoting {
  uint64_t inside; /* all ones: within quotes */
  uint64_t fresh, closed, returned; /* 1: the last byte ended a field, closed a quote, was a return behind that */
} quoting;

/* Appends where the bits lie, eight at a time by a table: what is written behind the last one does not count. */
static inline size_t keep_ends(const tsn_csv_block *b, size_t count, uint64_t bits, size_t at)
{
  typedef uint16_t places __attribute__((vector_size(16)));
  places base = (places){ 0 } + (uint16_t)at;

#define EIGHT(n)                                                   \
  {                                                                \
    const unsigned byte = (unsigned char)(bits >> 8 * n);          \
    places found;                                                  \
    memcpy(&found, b->places[byte], sizeof found);                 \
    found += base + (uint16_t)(8 * n);                             \
    memcpy(b->ends + count, &found, sizeof found);                 \
    count += b->counts[byte];                                      \
  }
  EIGHT(0) EIGHT(1) EIGHT(2) EIGHT(3) EIGHT(4) EIGHT(5) EIGHT(6) EIGHT(7)
#undef EIGHT
  return count;
}

/* Takes quotes into account: *ends loses what stands between them. Answers the bits
 * from which on these bytes are for the slow way: a quote inside of plain text, more
 * behind a closing quote, a newline between quotes. */
static uint64_t apply_quotes(tsn_csv_block *b, quoting *q, tsn_wide w, uint64_t *ends)
{
  uint64_t quotes = tsn_wide_bits(tsn_wide_equal(w, '"')), newlines = tsn_wide_bits(tsn_wide_equal(w, '\n'));
  uint64_t returns = tsn_wide_bits(tsn_wide_equal(w, '\r'));
  uint64_t inside = tsn_bits_parity(quotes) ^ q->inside; /* from an opening quote to before its closing one */
  uint64_t opening = quotes & inside, closing = quotes & ~inside;
  uint64_t behind_end, behind_close, behind_return, doubled, wrong;

  *ends &= ~inside;
  behind_end = *ends << 1 | q->fresh;
  behind_close = closing << 1 | q->closed;
  doubled = opening & behind_close;
  behind_close &= ~(*ends | doubled);
  behind_return = (behind_close & returns) << 1 | q->returned;
  wrong = (opening & ~(behind_end | doubled)) | (behind_close & ~returns) | (behind_return & ~newlines) |
          (newlines & inside);
  if (quotes) b->quoted = true;
  if (doubled) b->doubled = true;
  *q = (quoting){ .inside = (uint64_t)0 - (inside >> 63), .fresh = *ends >> 63, .closed = closing >> 63,
                  .returned = (behind_close & returns) >> 63 };
  return wrong;
}

/* Finds the ends of fields in `length` bytes, as many as the block takes. */
static void find_ends(tsn_csv_block *b, size_t length)
{
  size_t most = b->rows_most * b->fields, count = 0, newlines = 0;
  quoting q = { .fresh = 1 };

  b->quoted = b->doubled = false;
  for (size_t at = 0; at < length && count < most; at += TSN_WIDE) {
    tsn_wide w = tsn_wide_load(b->start + at), newline = tsn_wide_equal(w, '\n');
    uint64_t ends = tsn_wide_bits(tsn_wide_or(newline, tsn_wide_equal(w, ','))), wrong = 0;

    if (length - at < TSN_WIDE) ends &= (UINT64_C(1) << (length - at)) - 1;
    if (tsn_wide_any(tsn_wide_equal(w, '"')) || (q.inside | q.closed | q.returned)) {
      wrong = apply_quotes(b, &q, w, &ends);
      if (wrong) ends &= (wrong & (0 - wrong)) - 1;
    }
    newlines += tsn_wide_count(newline);
    if (wrong || length - at < TSN_WIDE)
      newlines += tsn_bits_count(ends & tsn_wide_bits(newline)) - tsn_wide_count(newline);
    q.fresh = ends >> 63;
    count = keep_ends(b, count, ends, at);
    if (wrong) break;
  }
  b->count = count;
  b->newlines = newlines;
}

/* --- records --- */

/* How many of `rows` records are as they should be. commas: whether to look at the ends of all fields, not the last alone. */
static size_t walk_records(tsn_csv_block *b, size_t rows, size_t line_max, bool commas)
{
  const size_t fields = b->fields;
  const uint16_t *ends = b->ends;

  for (size_t row = 0; row < rows; row++, ends += fields) {
    uint16_t from = (uint16_t)(ends[-1] + 1), end = ends[fields - 1];
    if (b->start[end] != '\n' || end == from || (size_t)end - from > line_max) return row;
    if (b->start[end - 1] == '\r') {
      if (end - 1 == from) return row;
      b->returns = true;
    }
    for (size_t i = 0; commas && i + 1 < fields; i++)
      if (b->start[ends[i]] != ',') return row;
  }
  return rows;
}

/* How many of `rows` records have their fields, and are none too long and no empty line.
 * Where each of them ends in a newline and there are no more of them, only commas are
 * left for the ends before; else that has to be seen. */
static size_t check_records(tsn_csv_block *b, size_t rows, size_t line_max)
{
  bool commas = b->newlines != rows;
  size_t good = walk_records(b, rows, line_max, commas);

  return good == rows || commas ? good : walk_records(b, good, line_max, true);
}

/* --- cells --- */

/* One column in all rows of the block. Handed on by value: what is written to the
 * columns cannot change it, and it stays in registers. */
typedef struct strip {
  const tsn_csv_target *target;
  const char *start;    /* of the block */
  const uint16_t *ends; /* of the field in the first row; `stride` on in the next */
  size_t stride, rows;
  size_t row;   /* of the batch, where the first goes */
  bool returns; /* the field may have a return at its end */
  bool quoted, doubled;
} strip;

typedef struct span {
  const char *text;
  size_t length;
} span;

static inline span cell_at(strip s, size_t i)
{
  const uint16_t *end = s.ends + i * s.stride;
  size_t from = (uint16_t)(end[-1] + 1), length = *end - from;
  const char *text = s.start + from;

  if (s.returns && length && text[length - 1] == '\r') length--;
  return (span){ text, length };
}

/* The same without quotes around it. */
static inline span plain_at(strip s, size_t i)
{
  span cell = cell_at(s, i);
  return s.quoted && *cell.text == '"' ? (span){ cell.text + 1, cell.length - 2 } : cell;
}

/* A cell that a loop leaves: NULL, quoted, blanks, exponents. false: the slow way. */
static bool odd_cell(strip s, size_t i)
{
  const tsn_csv_target *t = s.target;
  const size_t row = s.row + i;
  span cell = cell_at(s, i);
  tsn_cell value = { .integer = 0 };

  if (cell.length == 0) {
    if (t->not_null) return false;
    if (t->live) tsn_rows_null(t->to, row, t->type);
    return true;
  }
  if (*cell.text == '"') cell = (span){ cell.text + 1, cell.length - 2 };
  if (tsn_cell_parse(t->type, t->unit, cell.text, cell.length, &value) != TSN_CELL_OK) return false;
  if (t->live) tsn_rows_cell(t->to, row, t->type, value);
  return true;
}

/* Each answers in how many rows the cell was well. `live` is known where they are called. */

static inline size_t read_bigints(strip s, bool live)
{
  int64_t *out = live ? (int64_t *)s.target->to->values + s.row : NULL;

  for (size_t i = 0; i < s.rows; i++) {
    span cell = plain_at(s, i);
    int64_t value;
    if (tsn_digits_int64(cell.text, cell.length, &value)) {
      if (live) out[i] = value;
    } else if (!odd_cell(s, i)) {
      return i;
    }
  }
  return s.rows;
}

static inline size_t read_doubles(strip s, bool live)
{
  double *out = live ? (double *)s.target->to->values + s.row : NULL;

  for (size_t i = 0; i < s.rows; i++) {
    span cell = plain_at(s, i);
    double value;
    if (tsn_digits_double(cell.text, cell.length, &value)) {
      if (live) out[i] = value;
    } else if (!odd_cell(s, i)) {
      return i;
    }
  }
  return s.rows;
}

static inline bool time_cell(const tsn_csv_target *t, span cell, int64_t *out)
{
  int64_t number;

  if (cell.length > 4 && cell.text[4] == '-')
    return tsn_read_iso_time(cell.text, cell.text + cell.length + 1, out) == cell.text + cell.length;
  return t->scale && tsn_digits_int64(cell.text, cell.length, &number) && !__builtin_mul_overflow(number, t->scale, out);
}

static inline size_t read_times(strip s, bool live)
{
  int64_t *out = live ? (int64_t *)s.target->to->values + s.row : NULL;

  for (size_t i = 0; i < s.rows; i++) {
    int64_t value;
    if (time_cell(s.target, plain_at(s, i), &value)) {
      if (live) out[i] = value;
    } else if (!odd_cell(s, i)) {
      return i;
    }
  }
  return s.rows;
}

static size_t read_others(strip s)
{
  size_t i = 0;
  while (i < s.rows && odd_cell(s, i)) i++;
  return i;
}

/* Undoubles the quotes of a text in place. Answers its length. */
static size_t undouble(char *text, size_t length)
{
  char *from = memchr(text, '"', length), *end = text + length, *to = from;

  if (!from) return length;
  while (from < end) {
    *to++ = *from;
    from += *from == '"' ? 2 : 1;
  }
  return (size_t)(to - text);
}

static size_t read_texts(strip s, uint8_t *empty)
{
  tsn_rows_column *to = s.target->to;
  int32_t *offsets = to->offsets + s.row + 1;
  uint8_t any = 0;
  char *out = (char *)to->values;
  size_t at = to->text;

  for (size_t i = 0; i < s.rows; i++) {
    span cell = cell_at(s, i);
    bool quoted = *cell.text == '"';
    cell.text += quoted;
    cell.length -= quoted ? 2 : 0;
    memcpy(out + at, cell.text, 16); /* there is slack on both sides */
    for (size_t done = 16; done < cell.length; done += 16) memcpy(out + at + done, cell.text + done, 16);
    if (quoted && s.doubled) cell.length = undouble(out + at, cell.length);
    empty[i] = (uint8_t)(cell.length == 0 && !quoted);
    any |= empty[i];
    at += cell.length;
    offsets[i] = (int32_t)at;
  }
  to->text = at;
  for (size_t i = 0; any && i < s.rows; i++) {
    if (!empty[i]) continue;
    if (s.target->not_null) return i;
    tsn_rows_null(to, s.row + i, TOCSIN_TEXT);
  }
  return s.rows;
}

/* Of a text that nobody reads only NULL can be wrong. */
static size_t check_texts(strip s)
{
  size_t i = 0;
  while (i < s.rows && (!s.target->not_null || cell_at(s, i).length)) i++;
  return i;
}

static size_t read_column(const tsn_csv_block *b, strip s)
{
  bool live = s.target->live;

  switch (s.target->kind) {
  case TSN_CSV_SKIP:
    break;
  case TSN_CSV_TEXT:
    return live ? read_texts(s, b->empty) : s.target->not_null ? check_texts(s) : s.rows;
  case TSN_CSV_BIGINT:
    return live ? read_bigints(s, true) : read_bigints(s, false);
  case TSN_CSV_DOUBLE:
    return live ? read_doubles(s, true) : read_doubles(s, false);
  case TSN_CSV_TIME:
    return live ? read_times(s, true) : read_times(s, false);
  case TSN_CSV_OTHER:
    return read_others(s);
  }
  return s.rows;
}

/* Answers in how many of the rows all cells are well; only those are left in the columns. */
static size_t read_columns(tsn_decoder *r, const tsn_csv_block *b, const tsn_csv_target *targets, size_t rows)
{
  strip s = { .start = b->start, .stride = b->fields, .rows = rows, .row = r->rows.row, .quoted = b->quoted,
              .doubled = b->doubled };

  for (size_t i = 0; i < b->fields && s.rows; i++) {
    s.target = &targets[i];
    s.ends = b->ends + i;
    s.returns = b->returns && i + 1 == b->fields;
    s.rows = read_column(b, s);
  }
  if (s.rows < rows) tsn_rows_undo(&r->rows, s.rows, rows);
  return s.rows;
}

/* --- blocks --- */

/* The rows of [start, start + length), with slack behind them; *used: their bytes. */
static tocsin_status read_block(tsn_decoder *r, tsn_csv_block *b, const tsn_csv_target *targets, const char *start,
                                size_t length, uint64_t offset, size_t *used)
{
  size_t room = r->rows.room - r->rows.row, rows, found;

  b->start = start;
  b->returns = false;
  find_ends(b, length < BYTES_MOST ? length : BYTES_MOST);
  found = b->count / b->fields;
  rows = check_records(b, found, r->options.max_line);
  if (rows > room) found = rows = room;
  rows = read_columns(r, b, targets, rows);
  *used = rows ? b->ends[rows * b->fields - 1] + 1u : 0;
  if (rows < found)
    b->rows_most = FEW;
  else if (b->rows_most * 2 <= b->room / b->fields)
    b->rows_most *= 2;
  return tsn_decoder_keep_lines(r, offset, b->ends + b->fields - 1, b->fields, rows);
}

tocsin_status tsn_csv_block_read(tsn_decoder *r, tsn_csv_block *b, const tsn_csv_target *targets, const char *p,
                                 const char **next)
{
  uint64_t offset = r->region_offset + (uint64_t)(p - r->region);
  size_t left = (size_t)(r->limit - p), used;
  tocsin_status st;

  assert(r->clean && r->rows.row < r->rows.room);
  if (left > TAIL && p - r->region >= FRONT) {
    st = read_block(r, b, targets, p, left - SLACK, offset, &used);
  } else { /* at the edge of what may be read */
    if (left > TAIL) left = TAIL;
    memcpy(b->copy + FRONT, p, left);
    memset(b->copy + FRONT + left, 0, SLACK);
    st = read_block(r, b, targets, b->copy + FRONT, left, offset, &used);
  }
  *next = p + used;
  return st;
}
