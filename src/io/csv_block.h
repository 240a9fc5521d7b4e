/* Many records of CSV at once.
 *
 *   bytes   1381219217034,SPY,"167.42"\n1381219526965,IBM,167\n...
 *   ends                 ^   ^         ^             ^   ^  ^     where fields end, found 64 bytes at a time
 *
 * then column by column: the cells of one column in all rows of the block, by a loop
 * that knows its type and the ends of each cell. A block is the rows from a record
 * on, all with as many fields as the header has. What a block does not understand
 * ends it: the record is read the slow way, which alone decides what is bad. */
#ifndef TSN_IO_CSV_BLOCK_H
#define TSN_IO_CSV_BLOCK_H

#include "io/decoder.h"

typedef enum tsn_csv_kind {
  TSN_CSV_SKIP,   /* of no column */
  TSN_CSV_TEXT,
  TSN_CSV_BIGINT,
  TSN_CSV_DOUBLE,
  TSN_CSV_TIME,
  TSN_CSV_OTHER,
} tsn_csv_kind;

/* A field of the file and what becomes of it, in the order of the header. */
typedef struct tsn_csv_target {
  tsn_csv_kind kind;
  tocsin_type type;
  tocsin_unit unit;
  int64_t scale; /* of a whole number that is a time, in microseconds; 0: by the long way */
  size_t column; /* TSN_NO_COLUMN: of none */
  bool live;     /* stored, else only checked */
  bool not_null;
  tsn_rows_column *to; /* NULL unless live */
} tsn_csv_target;

typedef struct tsn_csv_block tsn_csv_block;

/* For records of so many fields. NULL: out of memory. */
tsn_csv_block *tsn_csv_block_new(tsn_alloc *alloc, size_t fields);
void tsn_csv_block_free(tsn_alloc *alloc, tsn_csv_block *b);

/* Stores the rows from p on, as far as a block of them is plain, well-formed and fits
 * r->rows, which has room for one at least. Answers what follows them: p, where the
 * next record is one for the slow way. r->region has to be clean. */
tocsin_status tsn_csv_block_read(tsn_decoder *r, tsn_csv_block *b, const tsn_csv_target *targets, const char *p,
                                 const char **next);

#endif
