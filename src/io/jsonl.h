/* JSON Lines: one object a line, members in any order.
 *
 * Each column takes the value at its path ($.a.b[0]."c d"), or the member of its
 * name: spelt the same, else in any case. Types are not bent: a number for a
 * TEXT, a text for a BIGINT are bad rows. What is allowed: an integer for a
 * DOUBLE; for a TIMESTAMP ISO 8601 text, or a number that counts in the column's
 * unit (microseconds if it has none); for an INTERVAL a duration text or a whole
 * number of microseconds. Of members with one name the last counts. Python's NaN,
 * Infinity and -Infinity are read as numbers. */
#ifndef TSN_IO_JSONL_H
#define TSN_IO_JSONL_H

#include "io/decoder.h"

/* INVALID: the path of a column is none; the decoder's message names it. */
tocsin_status tsn_jsonl_new(tsn_decoder *r, tsn_jsonl **out);
void tsn_jsonl_free(tsn_decoder *r, tsn_jsonl *j);

/* Reads the lines of r->region, all of which end. */
tocsin_status tsn_jsonl_records(tsn_decoder *r, tsn_jsonl *j);

#endif
