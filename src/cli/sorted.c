/* Sorting a bounded input: see sorted.h. */
#include "cli/sorted.h"

#include <string.h>

#include "cli/cli.h"

#define GATHERED 8192 /* rows at a time */
#define BATCH_ROWS ((size_t)1 << 16)

typedef struct place {
  int64_t key;
  uint32_t batch, row;
} place;

struct tsn_sorted {
  tsn_alloc *alloc;
  tsn_batch *batches;
  size_t batch_count, batch_cap;
  place *places;
  size_t count, cap;
  size_t at;  /* the next place; the next batch, where nothing was sorted */
  bool read, in_order;
  tsn_batch out;
  bool out_ready;
};

tsn_sorted *tsn_sorted_new(tsn_alloc *alloc)
{
  tsn_sorted *o = tsn_alloc_array(alloc, 1, sizeof *o);
  if (o) o->alloc = alloc;
  return o;
}

void tsn_sorted_free(tsn_sorted *o)
{
  for (size_t i = 0; i < o->batch_count; i++) tsn_batch_clear(&o->batches[i]);
  if (o->out_ready) tsn_batch_clear(&o->out);
  tsn_alloc_free(o->alloc, o->batches, o->batch_cap * sizeof *o->batches);
  tsn_alloc_free(o->alloc, o->places, o->cap * sizeof *o->places);
  tsn_alloc_free(o->alloc, o, sizeof *o);
}

/* Sorts by key, equal ones staying in place: runs of two, four, eight ... merged to and fro. */
static void merge_sort(place *places, place *other, size_t count)
{
  place *from = places, *to = other;

  for (size_t run = 1; run < count; run *= 2) {
    for (size_t start = 0; start < count; start += 2 * run) {
      size_t middle = count - start < run ? count : start + run;
      size_t end = count - start < 2 * run ? count : start + 2 * run;
      size_t a = start, b = middle;
      for (size_t i = start; i < end; i++)
        to[i] = a < middle && (b == end || from[a].key <= from[b].key) ? from[a++] : from[b++];
    }
    {
      place *swap = from;
      from = to;
      to = swap;
    }
  }
  if (from != places) memcpy(places, from, count * sizeof *places);
}

/* Copies one cell to the row being built; NULL where it is NULL or nobody needs it. */
static void copy_cell(const tsn_schema *schema, const tocsin_batch *from, size_t column, size_t row, tsn_batch *to)
{
  const tocsin_column *c = &from->columns[column];

  if (!schema->columns[column].needed || tsn_column_is_null(c, row)) return;
  switch (schema->columns[column].type) {
  case TOCSIN_BOOLEAN:
    tsn_batch_set_bool(to, column, ((const uint8_t *)c->values)[row >> 3] >> (row & 7) & 1);
    break;
  case TOCSIN_DOUBLE:
    tsn_batch_set_double(to, column, ((const double *)c->values)[row]);
    break;
  case TOCSIN_TEXT:
    tsn_batch_set_text(to, column, (const char *)c->values + c->offsets[row],
                       (size_t)(c->offsets[row + 1] - c->offsets[row]));
    break;
  case TOCSIN_BIGINT:
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    tsn_batch_set_int64(to, column, ((const int64_t *)c->values)[row]);
    break;
  case TOCSIN_NULL:
  case TOCSIN_LIST:
    break;
  }
}

/* A batch with room, or a new one; NULL: out of memory. */
static tsn_batch *open_batch(tsn_sorted *o, const tsn_schema *schema)
{
  void *batches = o->batches;

  if (o->batch_count && o->batches[o->batch_count - 1].rows < BATCH_ROWS) return &o->batches[o->batch_count - 1];
  if (!tsn_alloc_grow(o->alloc, &batches, &o->batch_cap, o->batch_count + 1, sizeof *o->batches)) return NULL;
  o->batches = batches;
  if (tsn_batch_init(&o->batches[o->batch_count], o->alloc, schema) != TOCSIN_OK) return NULL;
  return &o->batches[o->batch_count++];
}

/* Keeps the rows of the source's view. */
static int keep(tsn_sorted *o, const tsn_source *s)
{
  const tocsin_batch *view = &s->view;
  void *places = o->places;

  if (!tsn_alloc_grow(o->alloc, &places, &o->cap, o->count + view->rows, sizeof *o->places)) return tsn_no_memory();
  o->places = places;
  for (size_t row = 0; row < view->rows; row++) {
    tsn_batch *to = open_batch(o, &s->schema);
    int64_t key = tsn_source_key(s, view, row);
    if (!to) return tsn_no_memory();
    if (o->count && key < o->places[o->count - 1].key) o->in_order = false;
    o->places[o->count++] = (place){ key, (uint32_t)(o->batch_count - 1), (uint32_t)to->rows };
    for (size_t i = 0; i < view->column_count; i++) copy_cell(&s->schema, view, i, row, to);
    if (tsn_batch_commit(to) != TOCSIN_OK) return tsn_no_memory();
  }
  return 0;
}

static int read_all(tsn_sorted *o, tsn_source *s, int (*read)(tsn_source *s))
{
  o->read = o->in_order = true;
  for (;;) {
    int st = read(s);
    if (st != 0) return st;
    if (s->view.rows == 0) break;
    st = keep(o, s);
    if (st != 0) return st;
  }
  if (!o->in_order) {
    place *other = tsn_alloc_array(o->alloc, o->count, sizeof *other);
    if (!other) return tsn_no_memory();
    merge_sort(o->places, other, o->count);
    tsn_alloc_free(o->alloc, other, o->count * sizeof *other);
    if (tsn_batch_init(&o->out, o->alloc, &s->schema) != TOCSIN_OK) return tsn_no_memory();
    o->out_ready = true;
  }
  return 0;
}

static int gather(tsn_sorted *o, tsn_source *s)
{
  tsn_batch_reset(&o->out);
  for (size_t n = 0; n < GATHERED && o->at < o->count; n++, o->at++) {
    const place *p = &o->places[o->at];
    tocsin_batch from = tsn_batch_view(&o->batches[p->batch]);
    for (size_t i = 0; i < from.column_count; i++) copy_cell(&s->schema, &from, i, p->row, &o->out);
    if (tsn_batch_commit(&o->out) != TOCSIN_OK) return tsn_no_memory();
  }
  s->view = tsn_batch_view(&o->out);
  return 0;
}

int tsn_sorted_fill(tsn_sorted *o, tsn_source *s, int (*read)(tsn_source *s))
{
  int st = 0;

  if (!o->read) st = read_all(o, s, read);
  s->view = (tocsin_batch){ .rows = 0 };
  if (st != 0 || tsn_interrupted) return st;
  if (!o->in_order) return gather(o, s);
  if (o->at < o->batch_count) s->view = tsn_batch_view(&o->batches[o->at++]);
  return 0;
}
