/* A bounded input, read to its end and put in order of its event time; rows of
 * one time keep the order in which they came.
 *
 *   batches   [ rows of 0 ][ rows of 1 ] ...     as read; columns that nobody needs are left out
 *   places    { key, batch, row } ...            sorted; then gathered, some thousand rows at a time
 *
 * Where the rows are in order already nothing is sorted nor gathered. */
#ifndef TSN_CLI_SORTED_H
#define TSN_CLI_SORTED_H

#include "cli/source.h"

tsn_sorted *tsn_sorted_new(tsn_alloc *alloc); /* NULL: out of memory */
void tsn_sorted_free(tsn_sorted *o);

/* Makes the next rows the source's view; the first call reads everything with `read`. */
int tsn_sorted_fill(tsn_sorted *o, tsn_source *s, int (*read)(tsn_source *s));

#endif
