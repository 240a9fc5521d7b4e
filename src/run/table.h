/* Tables: static data that rows are joined with when they arrive (language page,
 * section 3). One store a table of the program, shared by all patterns.
 *
 *   index   hash of a key --> number of a row       open addressing
 *   cells   row 0: [ key, other columns that are read ]  row 1: ...
 *   texts   the bytes of all texts; cells hold offsets
 *
 * A table is filled apart and then takes the place of the one before. */
#ifndef TSN_RUN_TABLE_H
#define TSN_RUN_TABLE_H

#include "run/run.h"

typedef struct tsn_table {
  tsn_alloc *alloc;
  const tocsin_program *program;
  const tsn_table_rec *p;
  uint32_t *place; /* by column: which cell of a row it is; TSN_NONE: nothing reads it */
  uint32_t width;
  tsn_cell *cells;
  size_t cell_cap;
  uint32_t rows;
  char *texts;
  size_t text_length, text_cap;
  uint64_t *index; /* a key's hash above, the row's number from 1 below; 0: free */
  size_t index_size; /* a power of two, or 0 */
  uint64_t nan_values;
  char message[256]; /* of the last failure */
} tsn_table;

tocsin_status tsn_table_init(tsn_table *t, tsn_alloc *alloc, const tocsin_program *program, uint32_t index);
void tsn_table_clear(tsn_table *t);

/* Adds a row: OK; KEY: its key is NULL or there already; LIMIT, NOMEM. The table is as before where it did not. */
tocsin_status tsn_table_add(tsn_table *t, const tocsin_batch *batch, size_t row);
/* Gives back what growing has left over. */
void tsn_table_fit(tsn_table *t);

/* The row of a key, its cells loaded, in the order of PRIMARY KEY; TSN_NONE: there is none. */
uint32_t tsn_table_find(const tsn_table *t, const tsn_cell *key);
/* A column of a row, loaded: valid as long as the content. */
tsn_cell tsn_table_get(const tsn_table *t, uint32_t row, uint32_t column);

#endif
