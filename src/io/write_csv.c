/* Rows as CSV. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/writer.h"

/* Quoted where a reader would misunderstand it. */
static void write_text(tsn_bytes *out, const char *bytes, size_t length)
{
  bool plain = length > 0;

  for (size_t i = 0; i < length && plain; i++)
    plain = bytes[i] != ',' && bytes[i] != '"' && bytes[i] != '\n' && bytes[i] != '\r';
  if (plain) {
    tsn_bytes_append(out, bytes, length);
    return;
  }
  tsn_bytes_char(out, '"');
  for (;;) {
    const char *quote = length ? memchr(bytes, '"', length) : NULL;
    size_t part = quote ? (size_t)(quote - bytes) + 1 : length;
    tsn_bytes_append(out, bytes, part);
    if (!quote) break;
    tsn_bytes_char(out, '"');
    bytes += part;
    length -= part;
  }
  tsn_bytes_char(out, '"');
}

static void write_cell(tsn_bytes *out, const tocsin_value *v, tsn_last_time *last)
{
  char text[TSN_TIME_TEXT];
  size_t length = 0;

  if (!v || v->is_null) return;
  switch (v->type) {
  case TOCSIN_NULL:
    break;
  case TOCSIN_BOOLEAN:
    tsn_bytes_text(out, v->as.boolean ? "true" : "false");
    break;
  case TOCSIN_BIGINT:
    length = tsn_format_int64(v->as.integer, text);
    break;
  case TOCSIN_DOUBLE:
    length = tsn_format_double(v->as.real, text);
    break;
  case TOCSIN_TIMESTAMP:
    length = tsn_write_time(last, v->as.integer, text);
    break;
  case TOCSIN_INTERVAL:
    length = tsn_interval_format(v->as.integer, text);
    break;
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    write_text(out, v->as.text.bytes, v->as.text.length);
    break;
  }
  tsn_bytes_append(out, text, length);
}

void tsn_write_csv_header(const tsn_writer *w, tsn_bytes *out)
{
  if (w->options.pattern_column) tsn_bytes_text(out, w->column_count ? "pattern," : "pattern");
  for (size_t i = 0; i < w->column_count; i++) {
    if (i) tsn_bytes_char(out, ',');
    write_text(out, w->columns[i].name, strlen(w->columns[i].name));
  }
  tsn_bytes_char(out, '\n');
}

void tsn_write_csv_row(tsn_writer *w, const char *pattern, const tocsin_value *values, tsn_bytes *out)
{
  if (w->options.pattern_column) {
    write_text(out, pattern, strlen(pattern));
    if (w->column_count) tsn_bytes_char(out, ',');
  }
  for (size_t i = 0; i < w->column_count; i++) {
    if (i) tsn_bytes_char(out, ',');
    write_cell(out, w->cells[i], w->cells[i] ? &w->times[w->cells[i] - values] : NULL);
  }
  tsn_bytes_char(out, '\n');
}
