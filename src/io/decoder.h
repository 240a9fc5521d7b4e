/* Decoders: fed bytes, they append rows to a batch.
 *
 * The folder, from the ground up: cell (one value), rows (a batch filled in bulk),
 * json_scan and json_path (JSON without a tree), csv and jsonl (the formats),
 * decoder (what they share), sample and infer (the shape of an unknown input),
 * width, write_* and writer (matches out), stream (unpacking). None opens a file.
 *
 *   bytes --> [ byte order mark | whole records, rest kept ] --> csv or jsonl --> rows --> tsn_batch
 *                                                                   |
 *                                                              bad rows --> on_bad
 *
 * Where the bytes are cut makes no difference. A decoder opens no file and is for
 * one input; the next file takes a new one. A row that cannot be read is a bad
 * row: told, counted, and without effect on the others. Errors of the input as a
 * whole (a header that does not fit) end the reading: CORRUPT, with a message. */
#ifndef TSN_IO_DECODER_H
#define TSN_IO_DECODER_H

#include "base/bytes.h"
#include "io/rows.h"

typedef enum tsn_format { TSN_FORMAT_NONE = 0, TSN_FORMAT_CSV, TSN_FORMAT_JSONL } tsn_format;

#define TSN_LINE_MAX ((size_t)64 << 20)
#define TSN_NO_OFFSET UINT64_MAX /* of a row that was not read from bytes */

typedef struct tsn_bad_row {
  const char *source;
  uint64_t line;      /* from 1; where the row begins */
  uint64_t offset;    /* in bytes from the start of the (decompressed) input; TSN_NO_OFFSET: it has none */
  const char *column; /* NULL: the row as a whole */
  const char *reason; /* such as: "abc" is no BIGINT */
  const char *raw;    /* the row's line without its end; valid during the call */
  size_t raw_length;
  bool raw_cut; /* the line is longer than the maximum; raw is its beginning */
} tsn_bad_row;

typedef struct tsn_decoder_options {
  const char *source; /* name for messages; borrowed */
  size_t max_line;    /* 0: TSN_LINE_MAX */
  void (*on_bad)(void *context, const tsn_bad_row *row);
  void *context;
  bool keep_origins; /* tsn_decoder_origin() will be asked */
} tsn_decoder_options;

/* Where a row of the last feed came from. */
typedef struct tsn_origin {
  uint64_t line, offset;
  const char *raw;
  size_t raw_length;
} tsn_origin;

typedef struct tsn_origin_place {
  uint64_t offset, line;
} tsn_origin_place;

/* The places of rows from `first` on, and the bytes that they lie in: those of the
 * last feed, and a record that it completed. */
typedef struct tsn_origins {
  tsn_format format;
  tsn_origin_place *places;
  size_t cap, first;
  const char *chunk, *kept;
  size_t chunk_length, kept_length;
  uint64_t chunk_offset, kept_offset;
} tsn_origins;

tsn_origin tsn_origins_find(const tsn_origins *o, size_t row);

typedef struct tsn_decoder tsn_decoder;

/* The schema is borrowed for the decoder's life. INVALID: a JSON path of it is none; see *message. */
tocsin_status tsn_decoder_new(tsn_alloc *alloc, tsn_format format, const tsn_schema *schema,
                             const tsn_decoder_options *options, tsn_decoder **out);
void tsn_decoder_free(tsn_decoder *r);

/* Appends the rows that the bytes complete. The bytes must stay where they are
 * until the next call, if origins are kept. At most 1 GiB a call. */
tocsin_status tsn_decoder_feed(tsn_decoder *r, const char *bytes, size_t length, tsn_batch *batch);
/* The input is over: the last line may lack its newline. */
tocsin_status tsn_decoder_finish(tsn_decoder *r, tsn_batch *batch);

/* What went wrong; "" if nothing did. */
const char *tsn_decoder_message(const tsn_decoder *r);
/* What is right, but may be a mistake: columns that the header lacks; "" if nothing. */
const char *tsn_decoder_remark(const tsn_decoder *r);

typedef struct tsn_decoder_counts {
  uint64_t rows, bad, nan, bytes;
} tsn_decoder_counts;
tsn_decoder_counts tsn_decoder_count(const tsn_decoder *r);

/* Where the next record begins: all that another decoder has to know to go on from there. */
typedef struct tsn_decoder_place {
  uint64_t offset, line;
  uint64_t body; /* length of what stands before the first record: a header, a byte order mark in front of it; 0: nothing */
  bool within;   /* not a record, but the rest of a line that was too long */
} tsn_decoder_place;

/* Behind all records that were read so far; a record that is not complete begins there. */
tsn_decoder_place tsn_decoder_at(const tsn_decoder *r);
/* Goes on there: the next feed begins at the place's offset. Of a new decoder that was fed the body alone. CORRUPT: that
 * was no body. */
tocsin_status tsn_decoder_go(tsn_decoder *r, const tsn_decoder_place *place);

/* row: index in the batch, of a row that the last feed or finish appended. */
tsn_origin tsn_decoder_origin(const tsn_decoder *r, size_t row);

/* The same for later: exchanges the places with those of *o, which come from the same
 * allocator and are freed there, and copies the bytes. */
tocsin_status tsn_decoder_keep_origins(tsn_decoder *r, tsn_origins *o, tsn_bytes *bytes);

/* Whether a path is one that readers know: $.a.b[0]."c d". */
bool tsn_json_path_valid(const char *path);

/* --- for csv.c and jsonl.c --- */

#define TSN_NO_COLUMN SIZE_MAX

typedef struct tsn_csv tsn_csv;
typedef struct tsn_jsonl tsn_jsonl;

/* Where a CSV record ends, for a record that comes in pieces. */
typedef struct tsn_csv_end {
  enum { TSN_CSV_FIELD, TSN_CSV_PLAIN, TSN_CSV_QUOTED, TSN_CSV_QUOTE, TSN_CSV_RETURN, TSN_CSV_BROKEN } state;
  size_t first_line; /* length of its first line, newline included; 0: not seen yet */
} tsn_csv_end;

struct tsn_decoder {
  tsn_alloc *alloc;
  tsn_format format;
  const tsn_schema *schema;
  tsn_decoder_options options;
  tsn_rows rows;
  tsn_csv *csv;
  tsn_jsonl *jsonl;
  tsn_decoder_counts counts; /* rows and bad include this call's */
  uint64_t line;            /* of the next record */
  uint64_t body;            /* where the first record behind a header begins */

  /* The bytes being read, [region, limit), and where they lie in the input. */
  const char *region, *limit;
  uint64_t region_offset;
  bool clean; /* all of it is UTF-8, and without NUL */

  /* A record that is not complete yet. The other buffer keeps what the last
   * feed completed, for origins. */
  tsn_bytes carries[2];
  unsigned active;
  uint64_t carry_offset;
  size_t scanned;      /* bytes of the carry that were searched for the record's end */
  tsn_csv_end csv_end; /* and what the search knows there */
  bool discarding;     /* the line was too long; its rest is passed over */
  unsigned marks;      /* bytes of the byte order mark seen; 3: past the start */

  tsn_origins from;

  tocsin_status failed; /* sticky */
  char message[512], remark[256];
};

/* A record that its region does not end: it goes on in bytes yet to come. */
typedef enum tsn_records_end { TSN_MORE_COMES, TSN_INPUT_ENDS } tsn_records_end;

/* Whether a record of a region that is not clean is. */
bool tsn_decoder_is_clean(const char *start, const char *end);

/* Reports [start, start + length) as a bad row, beginning at r->line. */
void tsn_decoder_bad(tsn_decoder *r, const char *start, size_t length, size_t column, const char *reason);
/* Such as: "abc" is no BIGINT. */
void tsn_decoder_bad_cell(tsn_decoder *r, const char *start, size_t length, size_t column, tsn_cell_outcome outcome,
                         const char *text, size_t text_length, bool quoted);
/* Ends the reading with CORRUPT. */
tocsin_status tsn_decoder_fail(tsn_decoder *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes where the row being built comes from and keeps it. */
tocsin_status tsn_decoder_origin_grow(tsn_decoder *r);
static inline tocsin_status tsn_decoder_keep(tsn_decoder *r, const char *start)
{
  if (r->options.keep_origins) {
    size_t at = r->rows.row - r->from.first;
    if (at >= r->from.cap && tsn_decoder_origin_grow(r) != TOCSIN_OK) return TOCSIN_NOMEM;
    r->from.places[at] = (tsn_origin_place){ r->region_offset + (uint64_t)(start - r->region), r->line };
  }
  r->rows.row++;
  r->counts.rows++;
  return TOCSIN_OK;
}

/* The same for rows of a line each: the first begins at `offset` of the input, and row i
 * ends with the newline ends[i * stride] behind that. There is room for them. */
tocsin_status tsn_decoder_keep_lines(tsn_decoder *r, uint64_t offset, const uint16_t *ends, size_t stride, size_t rows);

#endif
