/* Values, and how they are read from columns. */
#ifndef TSN_RUN_CELL_H
#define TSN_RUN_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "program/program.h"
#include "tocsin/run.h"

/* A value. Stored (in paths, kept rows, keys) a text is an offset into texts;
 * loaded (on the machine's stack, in the current row) it is a pointer. */
typedef struct tsn_cell {
  union {
    int64_t i;
    double d;
    const char *s;
    uint64_t at;
  } v;
  uint32_t length;
  uint8_t null;
  uint8_t unused[3];
} tsn_cell;

/* One cell of a batch, loaded; NaN is NULL and counted. Written field by field. */
static inline void tsn_read_into(const tocsin_column *c, uint8_t type, size_t row, uint64_t *nan_values, tsn_cell *to)
{
  bool null = c->validity && !(c->validity[row >> 3] >> (row & 7) & 1);
  uint32_t length = 0;
  to->v.i = 0;
  if (null) goto out;
  switch (type) {
  case TOCSIN_BOOLEAN: to->v.i = ((const uint8_t *)c->values)[row >> 3] >> (row & 7) & 1; break;
  case TOCSIN_DOUBLE:
    to->v.d = ((const double *)c->values)[row];
    null = to->v.d != to->v.d;
    *nan_values += null;
    if (null) to->v.i = 0;
    break;
  case TOCSIN_TEXT:
    to->v.s = (const char *)c->values + c->offsets[row];
    length = (uint32_t)(c->offsets[row + 1] - c->offsets[row]);
    break;
  default: to->v.i = ((const int64_t *)c->values)[row];
  }
out:
  to->length = length;
  to->null = null;
  to->unused[0] = to->unused[1] = to->unused[2] = 0;
}

static inline tsn_cell tsn_read_cell(const tocsin_column *c, uint8_t type, size_t row, uint64_t *nan_values)
{
  tsn_cell cell;
  tsn_read_into(c, type, row, nan_values, &cell);
  return cell;
}

#endif
