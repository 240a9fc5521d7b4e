/* From a sample to a CREATE STREAM.
 *
 *   BOOLEAN     true, false
 *   BIGINT      integers; TIMESTAMP with a unit, where the name says a time and
 *               all lie between 1980 and 2100 in that unit
 *   DOUBLE      numbers otherwise, and integers beyond BIGINT
 *   TIMESTAMP   ISO 8601 texts
 *   TEXT        all else; also a column without any value, numbers written with
 *               leading zeros, and in CSV what has several types
 *
 * In JSON the members of nested objects become columns, geo.lat as geo_lat with
 * its path; an array becomes none. What has several types there becomes the type
 * of most values, as no reading bends the others. NOT NULL is never inferred. */
#ifndef TSN_IO_INFER_H
#define TSN_IO_INFER_H

#include "base/arena.h"
#include "base/bytes.h"
#include "io/decoder.h"

#define TSN_INFER_ROWS 10000 /* a good default for the greatest number of rows looked at */

typedef struct tsn_inferred {
  tsn_schema schema;          /* columns are needed */
  const char *const *remarks; /* of each column; NULL: none */
  const char *const *dropped; /* what became no column, and why */
  size_t dropped_count;
  uint64_t rows, bad;         /* looked at */
  size_t time;                /* the column that is the likely event time; SIZE_MAX: none */
  int64_t disorder, spread;   /* how far rows lie behind earlier ones, and least to greatest time; microseconds */
} tsn_inferred;

/* name: of the stream. Everything lives on the arena. CORRUPT: *why is set. */
tocsin_status tsn_infer(tsn_arena *arena, tsn_format format, const char *name, const char *sample, size_t length,
                        bool whole, uint64_t most_rows, tsn_inferred *out, const char **why);

/* The CREATE STREAM. Where times were out of order it has a WATERMARK with the
 * disorder, rounded up. */
void tsn_infer_print(const tsn_inferred *in, tsn_bytes *out);

/* An identifier as the language wants it, quoted if need be. */
void tsn_infer_name(const char *name, tsn_bytes *out);

#endif
