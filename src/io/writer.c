/* What the writers share: one set of columns for all patterns. See writer.h. */
#include "io/writer.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

/* The column of this name and type; names that differ in case are two. */
static size_t find_column(const tsn_writer *w, const tsn_writer_column *column)
{
  for (size_t i = 0; i < w->column_count; i++)
    if (!strcmp(w->columns[i].name, column->name)) return i;
  return SIZE_MAX;
}

/* Where the columns of the patterns go in rows that must all have the same. */
static tocsin_status lay_out(tsn_writer *w)
{
  w->places = tsn_alloc_array(w->alloc, w->pattern_count, sizeof *w->places);
  if (!w->places) return TOCSIN_NOMEM;
  for (size_t p = 0; p < w->pattern_count; p++) {
    const tsn_writer_pattern *pattern = &w->patterns[p];
    w->places[p] = tsn_alloc_array(w->alloc, pattern->column_count, sizeof **w->places);
    if (!w->places[p]) return TOCSIN_NOMEM;
    for (size_t i = 0; i < pattern->column_count; i++) {
      size_t place = find_column(w, &pattern->columns[i]);
      if (place == SIZE_MAX) {
        void *columns = w->columns;
        place = w->column_count;
        if (!tsn_alloc_grow(w->alloc, &columns, &w->column_cap, place + 1, sizeof *w->columns)) return TOCSIN_NOMEM;
        w->columns = columns;
        w->columns[w->column_count++] = pattern->columns[i];
      } else if (w->columns[place].type != pattern->columns[i].type) {
        w->columns[place].type = TOCSIN_NULL; /* of several types */
      }
      w->places[p][i] = place;
    }
  }
  w->cells = tsn_alloc_array(w->alloc, w->column_count, sizeof *w->cells);
  return w->cells ? TOCSIN_OK : TOCSIN_NOMEM;
}

tocsin_status tsn_writer_new(tsn_alloc *alloc, tsn_output output, const tsn_writer_pattern *patterns,
                             size_t pattern_count, const tsn_writer_options *options, tsn_writer **out)
{
  tsn_writer *w = tsn_alloc_array(alloc, 1, sizeof *w);
  tocsin_status st;

  *out = w;
  if (!w) return TOCSIN_NOMEM;
  w->alloc = alloc;
  w->output = output;
  w->patterns = patterns;
  w->pattern_count = pattern_count;
  w->options = *options;
  for (size_t p = 0; p < pattern_count; p++)
    if (patterns[p].column_count > w->time_count) w->time_count = patterns[p].column_count;
  w->times = tsn_alloc_array(alloc, w->time_count, sizeof *w->times);
  if (!w->times) {
    tsn_alloc_free(alloc, w, sizeof *w);
    *out = NULL;
    return TOCSIN_NOMEM;
  }
  st = output == TSN_OUTPUT_JSONL ? tsn_write_jsonl_prepare(w) : lay_out(w);
  if (st == TOCSIN_OK && output == TSN_OUTPUT_TABLE) st = tsn_write_table_prepare(w);
  if (st == TOCSIN_OK) return st;
  tsn_writer_free(w);
  *out = NULL;
  return st;
}

void tsn_writer_free(tsn_writer *w)
{
  if (!w) return;
  for (size_t p = 0; p < w->pattern_count; p++) {
    size_t count = w->patterns[p].column_count;
    if (w->keys && w->keys[p].alloc) tsn_bytes_clear(&w->keys[p]);
    if (w->key_ends) tsn_alloc_free(w->alloc, w->key_ends[p], count * sizeof **w->key_ends);
    if (w->places) tsn_alloc_free(w->alloc, w->places[p], count * sizeof **w->places);
  }
  tsn_alloc_free(w->alloc, w->times, w->time_count * sizeof *w->times);
  tsn_alloc_free(w->alloc, w->keys, w->pattern_count * sizeof *w->keys);
  tsn_alloc_free(w->alloc, w->key_ends, w->pattern_count * sizeof *w->key_ends);
  tsn_alloc_free(w->alloc, w->places, w->pattern_count * sizeof *w->places);
  if (w->table) tsn_write_table_free(w);
  tsn_alloc_free(w->alloc, w->cells, w->column_count * sizeof *w->cells);
  tsn_alloc_free(w->alloc, w->columns, w->column_cap * sizeof *w->columns);
  tsn_alloc_free(w->alloc, w, sizeof *w);
}

#define TIME_LENGTH 27   /* of a year of four digits */
#define SECOND_LENGTH 20 /* of what times of one second share */

size_t tsn_write_time(tsn_last_time *last, int64_t time, char *out)
{
  int64_t second;
  unsigned micro;
  char *p = out + SECOND_LENGTH;

  if (last->known && time == last->time) {
    memcpy(out, last->text, TIME_LENGTH);
    return TIME_LENGTH;
  }
  second = time / 1000000 - (time % 1000000 < 0);
  if (!last->known || second != last->second) {
    size_t length = tsn_time_format(time, out);
    last->known = length == TIME_LENGTH;
    last->time = time;
    last->second = second;
    memcpy(last->text, out, TIME_LENGTH);
    return length;
  }
  memcpy(out, last->text, SECOND_LENGTH);
  micro = (unsigned)(time - second * 1000000);
  p = tsn_put_pair(p, micro / 10000);
  p = tsn_put_pair(p, micro / 100 % 100);
  p = tsn_put_pair(p, micro % 100);
  *p = 'Z';
  last->time = time;
  memcpy(last->text + SECOND_LENGTH, out + SECOND_LENGTH, TIME_LENGTH - SECOND_LENGTH);
  return TIME_LENGTH;
}

tocsin_status tsn_writer_begin(tsn_writer *w, tsn_bytes *out)
{
  if (w->output == TSN_OUTPUT_CSV) tsn_write_csv_header(w, out);
  return out->failed;
}

tocsin_status tsn_writer_row(tsn_writer *w, size_t pattern, const tocsin_value *values, size_t count, tsn_bytes *out)
{
  assert(pattern < w->pattern_count && count == w->patterns[pattern].column_count);
  w->rows++;
  if (w->output == TSN_OUTPUT_JSONL) {
    tsn_write_jsonl_row(w, pattern, values, out);
    return out->failed;
  }
  for (size_t i = 0; i < w->column_count; i++) w->cells[i] = NULL;
  for (size_t i = 0; i < count; i++) w->cells[w->places[pattern][i]] = &values[i];
  if (w->output == TSN_OUTPUT_TABLE) return tsn_write_table_row(w, w->patterns[pattern].name);
  tsn_write_csv_row(w, w->patterns[pattern].name, values, out);
  return out->failed;
}

tocsin_status tsn_writer_end(tsn_writer *w, tsn_bytes *out)
{
  if (w->output == TSN_OUTPUT_TABLE) tsn_write_table_end(w, out);
  return out->failed;
}

uint64_t tsn_writer_rows(const tsn_writer *w)
{
  return w->rows;
}
