/* Rows as JSON Lines. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/cell.h"
#include "io/writer.h"

/* How many bytes from p on need no escape. */
static size_t plain_length(const char *p, size_t length)
{
  size_t i = 0;

#if TSN_WORDWISE
  for (; length - i >= 8; i += 8) {
    const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
    uint64_t w = tsn_load_word(p + i), quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
    uint64_t stops = (((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((w - ones * 0x20) & ~w)) & high;
    if (stops) return i + (size_t)(__builtin_ctzll(stops) >> 3);
  }
#endif
  while (i < length && (unsigned char)p[i] >= 0x20 && p[i] != '"' && p[i] != '\\') i++;
  return i;
}

static void write_escape(tsn_bytes *out, unsigned char c)
{
  static const char letters[] = "\bb\tt\nn\ff\rr\"\"\\\\";

  for (size_t i = 0; i < sizeof letters - 1; i += 2) {
    if (letters[i] != (char)c) continue;
    tsn_bytes_char(out, '\\');
    tsn_bytes_char(out, letters[i + 1]);
    return;
  }
  tsn_bytes_printf(out, "\\u%04x", c);
}

/* Text known to be UTF-8. */
static void write_text(tsn_bytes *out, const char *bytes, size_t length)
{
  tsn_bytes_char(out, '"');
  for (;;) {
    size_t plain = plain_length(bytes, length);
    tsn_bytes_append(out, bytes, plain);
    if (plain == length) break;
    write_escape(out, (unsigned char)bytes[plain]);
    bytes += plain + 1;
    length -= plain + 1;
  }
  tsn_bytes_char(out, '"');
}

/* Bytes of the UTF-8 character at p, 0: none. */
static size_t character(const char *p, size_t length)
{
  for (size_t n = 1; n <= 4 && n <= length; n++)
    if (tsn_utf8_valid(p, n)) return n;
  return 0;
}

void tsn_write_json_text(tsn_bytes *out, const char *bytes, size_t length)
{
  if (tsn_utf8_valid(bytes, length)) {
    write_text(out, bytes, length);
    return;
  }
  tsn_bytes_char(out, '"');
  for (size_t i = 0; i < length;) {
    size_t n = character(bytes + i, length - i);
    if (n == 0)
      tsn_bytes_text(out, "\xef\xbf\xbd");
    else if (n == 1 && plain_length(bytes + i, 1) == 0)
      write_escape(out, (unsigned char)bytes[i]);
    else
      tsn_bytes_append(out, bytes + i, n);
    i += n ? n : 1;
  }
  tsn_bytes_char(out, '"');
}

static void write_value(tsn_writer *w, tsn_bytes *out, const tocsin_value *v)
{
  char text[TSN_TIME_TEXT + 2];
  size_t length;

  if (v->is_null) {
    tsn_bytes_append(out, "null", 4);
    return;
  }
  switch (v->type) {
  case TOCSIN_NULL:
    tsn_bytes_append(out, "null", 4);
    break;
  case TOCSIN_BOOLEAN:
    tsn_bytes_text(out, v->as.boolean ? "true" : "false");
    break;
  case TOCSIN_BIGINT:
    length = tsn_format_int64(v->as.integer, text);
    tsn_bytes_append(out, text, length);
    break;
  case TOCSIN_DOUBLE:
    if (isfinite(v->as.real)) {
      length = tsn_format_double(v->as.real, text);
      tsn_bytes_append(out, text, length);
    } else {
      tsn_bytes_append(out, "null", 4);
    }
    break;
  case TOCSIN_TEXT:
    write_text(out, v->as.text.bytes, v->as.text.length);
    break;
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    text[0] = '"';
    length = v->type == TOCSIN_TIMESTAMP ? tsn_write_time(w, v->as.integer, text + 1)
                                         : tsn_interval_format(v->as.integer, text + 1);
    text[length + 1] = '"';
    tsn_bytes_append(out, text, length + 2);
    break;
  case TOCSIN_LIST:
    tsn_bytes_append(out, v->as.text.bytes, v->as.text.length);
    break;
  }
}

tocsin_status tsn_write_jsonl_prepare(tsn_writer *w)
{
  w->keys = tsn_alloc_array(w->alloc, w->pattern_count, sizeof *w->keys);
  w->key_ends = tsn_alloc_array(w->alloc, w->pattern_count, sizeof *w->key_ends);
  if (!w->keys || !w->key_ends) return TOCSIN_NOMEM;
  for (size_t p = 0; p < w->pattern_count; p++) {
    const tsn_writer_pattern *pattern = &w->patterns[p];
    tsn_bytes *keys = &w->keys[p];
    tsn_bytes_init(keys, w->alloc, 0);
    w->key_ends[p] = tsn_alloc_array(w->alloc, pattern->column_count, sizeof **w->key_ends);
    if (!w->key_ends[p]) return TOCSIN_NOMEM;
    tsn_bytes_char(keys, '{');
    if (w->options.pattern_column) {
      tsn_bytes_text(keys, "\"pattern\":");
      tsn_write_json_text(keys, pattern->name, strlen(pattern->name));
    }
    for (size_t i = 0; i < pattern->column_count; i++) {
      if (i || w->options.pattern_column) tsn_bytes_char(keys, ',');
      tsn_write_json_text(keys, pattern->columns[i].name, strlen(pattern->columns[i].name));
      tsn_bytes_char(keys, ':');
      w->key_ends[p][i] = keys->length;
    }
    if (keys->failed != TOCSIN_OK) return keys->failed;
  }
  return TOCSIN_OK;
}

void tsn_write_jsonl_row(tsn_writer *w, size_t pattern, const tocsin_value *values, tsn_bytes *out)
{
  const char *keys = w->keys[pattern].data;
  size_t count = w->patterns[pattern].column_count, from = 0;

  for (size_t i = 0; i < count; i++) {
    tsn_bytes_append(out, keys + from, w->key_ends[pattern][i] - from);
    from = w->key_ends[pattern][i];
    write_value(w, out, &values[i]);
  }
  tsn_bytes_append(out, keys + from, w->keys[pattern].length - from); /* of a row without columns */
  tsn_bytes_append(out, "}\n", 2);
}
