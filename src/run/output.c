/* Decided rows, waiting for tocsin_matcher_next(). */
#include <string.h>

#include "run/run.h"

#define OUTPUT_TEXT_MAX ((size_t)1 << 34)

void tsn_output_init(tsn_output *o, tsn_alloc *alloc)
{
  memset(o, 0, sizeof *o);
  o->alloc = alloc;
  tsn_bytes_init(&o->bytes, alloc, OUTPUT_TEXT_MAX);
}

void tsn_output_clear(tsn_output *o)
{
  tsn_alloc_free(o->alloc, o->rows, o->cap * sizeof *o->rows);
  tsn_alloc_free(o->alloc, o->cells, o->cell_cap * sizeof *o->cells);
  tsn_bytes_clear(&o->bytes);
}

size_t tsn_output_mark(tsn_output *o)
{
  if (o->taken == o->count) {
    o->taken = o->count = o->cell_count = 0;
    tsn_bytes_reset(&o->bytes);
  }
  return o->count;
}

bool tsn_output_reserve(tsn_output *o, size_t rows, size_t cells)
{
  return tsn_alloc_grow(o->alloc, (void **)&o->rows, &o->cap, o->count + rows, sizeof *o->rows) &&
         tsn_alloc_grow(o->alloc, (void **)&o->cells, &o->cell_cap, o->cell_count + rows * cells, sizeof *o->cells);
}

tsn_cell *tsn_output_row(tsn_output *o, size_t cells, const tsn_out_row *row)
{
  return tsn_output_reserve(o, 1, cells) ? tsn_output_put(o, cells, row) : NULL;
}

void tsn_output_drop(tsn_output *o) { o->cell_count = o->rows[--o->count].first; }

bool tsn_output_text(tsn_output *o, tsn_cell *cell)
{
  size_t at = o->bytes.length;
  if (cell->null || cell->length == 0) {
    cell->v.at = 0;
    return true;
  }
  tsn_bytes_append(&o->bytes, cell->v.s, cell->length);
  cell->v.at = at;
  return o->bytes.failed == TOCSIN_OK;
}

static void merge_sort(tsn_out_row *rows, tsn_out_row *spare, size_t count)
{
  size_t half = count / 2, a = 0, b = half, i;
  if (count < 2) return;
  merge_sort(rows, spare, half);
  merge_sort(rows + half, spare, count - half);
  if (rows[half - 1].seq <= rows[half].seq) return;
  for (i = 0; i < count; i++) spare[i] = b == count || (a < half && rows[a].seq <= rows[b].seq) ? rows[a++] : rows[b++];
  memcpy(rows, spare, count * sizeof *rows);
}

/* Rows from `from` on, of one moment: by the start's place in the input, stable. */
bool tsn_output_sort(tsn_output *o, size_t from)
{
  size_t count = o->count - from, i;
  tsn_out_row *spare;
  if (o->count <= from + 1) return true;
  for (i = from + 1; i < o->count && o->rows[i - 1].seq <= o->rows[i].seq; i++) continue;
  if (i == o->count) return true;
  spare = tsn_alloc_array(o->alloc, count, sizeof *spare);
  if (!spare) return false;
  merge_sort(o->rows + from, spare, count);
  tsn_alloc_free(o->alloc, spare, count * sizeof *spare);
  return true;
}
