/* The store of a table: see table.h. */
#include "run/table.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "base/time.h"

static const tsn_column_rec *column_at(const tsn_table *t, uint32_t column) { return &t->program->columns[t->p->columns.first + column]; }

static const uint32_t *keys_of(const tsn_table *t) { return t->program->indices + t->p->keys.first; }

tocsin_status tsn_table_init(tsn_table *t, tsn_alloc *alloc, const tocsin_program *program, uint32_t index)
{
  uint32_t i;
  *t = (tsn_table){.alloc = alloc, .program = program, .p = &program->tables[index]};
  t->place = tsn_alloc_array(alloc, t->p->columns.count, sizeof *t->place);
  if (!t->place) return TOCSIN_NOMEM;
  for (i = 0; i < t->p->columns.count; i++) t->place[i] = TSN_NONE;
  for (i = 0; i < t->p->keys.count; i++) t->place[keys_of(t)[i]] = i;
  t->width = t->p->keys.count;
  for (i = 0; i < t->p->columns.count; i++)
    if (column_at(t, i)->needed && t->place[i] == TSN_NONE) t->place[i] = t->width++;
  return TOCSIN_OK;
}

void tsn_table_clear(tsn_table *t)
{
  if (!t->alloc) return;
  tsn_alloc_free(t->alloc, t->place, t->place ? t->p->columns.count * sizeof *t->place : 0);
  tsn_alloc_free(t->alloc, t->cells, t->cell_cap * sizeof *t->cells);
  tsn_alloc_free(t->alloc, t->texts, t->text_cap);
  tsn_alloc_free(t->alloc, t->index, t->index_size * sizeof *t->index);
  *t = (tsn_table){.alloc = NULL};
}

/* An array no longer than it need be; where that fails it stays as it is. */
static void fit(tsn_alloc *alloc, void **array, size_t *cap, size_t count, size_t size)
{
  void *block;
  memcpy(&block, array, sizeof block);
  if (count == *cap) return;
  if (count) block = tsn_alloc_resize(alloc, block, *cap * size, count * size);
  else tsn_alloc_free(alloc, block, *cap * size), block = NULL;
  if (count && !block) return;
  memcpy(array, &block, sizeof block);
  *cap = count;
}

void tsn_table_fit(tsn_table *t)
{
  fit(t->alloc, (void **)&t->cells, &t->cell_cap, (size_t)t->rows * t->width, sizeof *t->cells);
  fit(t->alloc, (void **)&t->texts, &t->text_cap, t->text_length, 1);
}

/* ---- finding ---- */

static uint32_t hash_key(const tsn_table *t, const tsn_cell *key)
{
  uint64_t h = 0;
  uint32_t k;
  for (k = 0; k < t->p->keys.count; k++) {
    switch (column_at(t, keys_of(t)[k])->type) {
    case TOCSIN_TEXT: h = tsn_hash_bytes(key[k].length ? key[k].v.s : "", key[k].length, h); break;
    case TOCSIN_DOUBLE: h = tsn_hash_word((uint64_t)tsn_time_of_double(key[k].v.d), h); break; /* -0.0 = 0.0 */
    default: h = tsn_hash_word((uint64_t)key[k].v.i, h); break;
    }
  }
  return (uint32_t)(h ^ h >> 32);
}

static tsn_cell load(const tsn_table *t, tsn_cell stored, uint8_t type)
{
  if (type == TOCSIN_TEXT && !stored.null) stored.v.s = stored.length ? t->texts + stored.v.at : "";
  return stored;
}

tsn_cell tsn_table_get(const tsn_table *t, uint32_t row, uint32_t column)
{
  return load(t, t->cells[(size_t)row * t->width + t->place[column]], column_at(t, column)->type);
}

static bool has_key(const tsn_table *t, uint32_t row, const tsn_cell *key)
{
  const tsn_cell *stored = t->cells + (size_t)row * t->width;
  uint32_t k;
  for (k = 0; k < t->p->keys.count; k++) {
    uint8_t type = column_at(t, keys_of(t)[k])->type;
    tsn_cell own = load(t, stored[k], type);
    if (tsn_compare_cells(type, &own, &key[k]) != 0) return false;
  }
  return true;
}

/* The place of a key in the index, or the free one that it would take. */
static size_t place_of(const tsn_table *t, uint32_t hash, const tsn_cell *key)
{
  size_t mask = t->index_size - 1, at = hash & mask;
  while (t->index[at] && (t->index[at] >> 32 != hash || !has_key(t, (uint32_t)t->index[at] - 1, key))) at = (at + 1) & mask;
  return at;
}

uint32_t tsn_table_find(const tsn_table *t, const tsn_cell *key)
{
  uint64_t entry = t->rows ? t->index[place_of(t, hash_key(t, key), key)] : 0;
  return entry ? (uint32_t)entry - 1 : TSN_NONE;
}

/* At most three quarters of the index are in use. */
static bool widen_index(tsn_table *t)
{
  size_t size = t->index_size ? t->index_size * 2 : 16, i;
  uint64_t *index;
  if ((uint64_t)(t->rows + 1) * 4 <= (uint64_t)t->index_size * 3) return true;
  index = tsn_alloc_array(t->alloc, size, sizeof *index);
  if (!index) return false;
  for (i = 0; i < t->index_size; i++) {
    size_t at = (size_t)(t->index[i] >> 32) & (size - 1);
    if (!t->index[i]) continue;
    while (index[at]) at = (at + 1) & (size - 1);
    index[at] = t->index[i];
  }
  tsn_alloc_free(t->alloc, t->index, t->index_size * sizeof *index);
  t->index = index;
  t->index_size = size;
  return true;
}

/* ---- adding ---- */

static tocsin_status refuse(tsn_table *t, tocsin_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
static tocsin_status refuse(tsn_table *t, tocsin_status status, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vsnprintf(t->message, sizeof t->message, format, args);
  va_end(args);
  return status;
}

/* A load that finds no memory is given up; the matcher goes on, and meets its limit itself when it does. */
static tocsin_status no_memory(tsn_table *t)
{
  const char *name = tsn_program_text(t->program, t->p->name);
  if (!t->alloc->full) return refuse(t, TOCSIN_NOMEM, "out of memory in table %s", name);
  t->alloc->full = false;
  return refuse(t, TOCSIN_LIMIT, "more than %zu bytes have to be kept while table %s is loaded; raise the limit", t->alloc->max, name);
}

static tocsin_status is_there(tsn_table *t, const tsn_cell *key)
{
  char value[TSN_TIME_TEXT] = "", shown[160];
  size_t at = 0, length;
  uint32_t k;
  for (k = 0; k < t->p->keys.count && at + 1 < sizeof shown; k++) {
    uint8_t type = column_at(t, keys_of(t)[k])->type;
    int n;
    length = type == TOCSIN_DOUBLE      ? tsn_format_double(key[k].v.d, value)
             : type == TOCSIN_TIMESTAMP ? tsn_time_format(key[k].v.i, value)
             : type == TOCSIN_INTERVAL  ? tsn_interval_format(key[k].v.i, value)
                                        : tsn_format_int64(key[k].v.i, value);
    n = type == TOCSIN_TEXT      ? snprintf(shown + at, sizeof shown - at, "%s'%.*s'", k ? ", " : "", (int)(key[k].length < 40 ? key[k].length : 40), key[k].v.s)
        : type == TOCSIN_BOOLEAN ? snprintf(shown + at, sizeof shown - at, "%s%s", k ? ", " : "", key[k].v.i ? "true" : "false")
                                 : snprintf(shown + at, sizeof shown - at, "%s%.*s", k ? ", " : "", (int)length, value);
    at += n > 0 ? (size_t)n : 0;
  }
  return refuse(t, TOCSIN_KEY, "the key %s is there already", shown);
}

static bool put_text(tsn_table *t, tsn_cell *cell)
{
  if (cell->null || cell->length == 0) return true;
  if (!tsn_alloc_grow(t->alloc, (void **)&t->texts, &t->text_cap, t->text_length + cell->length, 1)) return false;
  memcpy(t->texts + t->text_length, cell->v.s, cell->length);
  cell->v.at = t->text_length;
  t->text_length += cell->length;
  return true;
}

/* The column of a cell of a row: the key's stand first, in the order of PRIMARY KEY. */
static bool is_cell(const tsn_table *t, uint32_t column) { return t->place[column] != TSN_NONE && t->place[column] >= t->p->keys.count; }

/* The row's cells, loaded, behind the last row. */
static tsn_cell *read_cells(tsn_table *t, const tocsin_batch *batch, size_t row)
{
  tsn_cell *cells;
  uint32_t i;
  if (!tsn_alloc_grow(t->alloc, (void **)&t->cells, &t->cell_cap, ((size_t)t->rows + 1) * t->width, sizeof *t->cells)) return NULL;
  cells = t->cells + (size_t)t->rows * t->width;
  for (i = 0; i < t->p->keys.count; i++)
    cells[i] = tsn_read_cell(&batch->columns[keys_of(t)[i]], column_at(t, keys_of(t)[i])->type, row, &t->nan_values);
  for (i = 0; i < t->p->columns.count; i++)
    if (is_cell(t, i)) cells[t->place[i]] = tsn_read_cell(&batch->columns[i], column_at(t, i)->type, row, &t->nan_values);
  return cells;
}

/* Loaded to stored. */
static bool store_texts(tsn_table *t, tsn_cell *cells)
{
  size_t before = t->text_length;
  uint32_t i;
  bool good = true;
  for (i = 0; i < t->p->keys.count && good; i++)
    if (column_at(t, keys_of(t)[i])->type == TOCSIN_TEXT) good = put_text(t, &cells[i]);
  for (i = 0; i < t->p->columns.count && good; i++)
    if (is_cell(t, i) && column_at(t, i)->type == TOCSIN_TEXT) good = put_text(t, &cells[t->place[i]]);
  if (!good) t->text_length = before;
  return good;
}

tocsin_status tsn_table_add(tsn_table *t, const tocsin_batch *batch, size_t row)
{
  tsn_cell *cells;
  size_t at;
  uint32_t i, hash;
  if (t->rows == TSN_NONE - 1)
    return refuse(t, TOCSIN_LIMIT, "table %s has %u rows, no more fit", tsn_program_text(t->program, t->p->name), t->rows);
  cells = read_cells(t, batch, row);
  if (!cells || !widen_index(t)) return no_memory(t);
  for (i = 0; i < t->p->keys.count; i++)
    if (cells[i].null)
      return refuse(t, TOCSIN_KEY, "column %s of the key is NULL", tsn_program_text(t->program, column_at(t, keys_of(t)[i])->name));
  hash = hash_key(t, cells);
  at = place_of(t, hash, cells);
  if (t->index[at]) return is_there(t, cells);
  if (!store_texts(t, cells)) return no_memory(t);
  t->index[at] = (uint64_t)hash << 32 | ++t->rows;
  return TOCSIN_OK;
}
