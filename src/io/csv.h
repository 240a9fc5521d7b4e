/* RFC 4180: comma-separated fields, a header line, quotes as needed.
 *
 * The header maps fields to columns, in any order and any case (a column with a
 * PATH of one member goes by that name, too); fields of no column are passed over, nullable columns without a field are NULL. An empty
 * field is NULL, a quoted empty one is the empty text. A quote counts only at
 * the beginning of a field; a quoted field may hold commas, newlines and doubled
 * quotes. Empty lines are no rows.
 *
 * A quote that is never closed must not swallow what follows: where a quoted
 * field does not end in a comma or a newline, the bad row is the one line in
 * which it began, and reading goes on with the next. */
#ifndef TSN_IO_CSV_H
#define TSN_IO_CSV_H

#include "io/decoder.h"

tocsin_status tsn_csv_new(tsn_decoder *r, tsn_csv **out);
void tsn_csv_free(tsn_decoder *r, tsn_csv *c);

bool tsn_csv_has_header(const tsn_csv *c);

/* Reads the records of r->region; *stop is the first that is not complete. */
tocsin_status tsn_csv_records(tsn_decoder *r, tsn_csv *c, tsn_records_end at_end, const char **stop);

typedef enum tsn_csv_found { TSN_CSV_OPEN, TSN_CSV_WHOLE, TSN_CSV_CUT } tsn_csv_found;

/* Looks on at data[from, length). WHOLE: a record is data[0, *end). CUT: the same,
 * but a quote in it is broken, and [0, *end) is its first line alone. */
tsn_csv_found tsn_csv_find_end(tsn_csv_end *s, const char *data, size_t from, size_t length, size_t *end);

/* One field of a split record; quoted: without its quotes, doubled ones still doubled. */
typedef struct tsn_csv_field {
  const char *text;
  size_t length;
  bool quoted, doubled;
} tsn_csv_field;

/* OPEN: a quote is not closed. BROKEN: it closes where no field ends, in the
 * record's first line. TORN: the same in a later line. */
typedef enum tsn_csv_split {
  TSN_CSV_SPLIT_OK,
  TSN_CSV_SPLIT_OPEN,
  TSN_CSV_SPLIT_BROKEN,
  TSN_CSV_SPLIT_TORN,
} tsn_csv_split_outcome;

/* Splits the record at p; end: behind a newline. At most `most` fields are
 * stored, *count counts all. *next: behind the record, or unless OK behind its first
 * line. *lines: newlines up to there. */
tsn_csv_split_outcome tsn_csv_split_record(const char *p, const char *end, tsn_csv_field *fields, size_t most,
                                           size_t *count, const char **next, uint64_t *lines);

/* Undoubles quotes; out has room for length. Answers the length. */
size_t tsn_csv_undouble(const char *text, size_t length, char *out);

#endif
