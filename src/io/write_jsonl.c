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

/* At most six bytes; answers what follows them. */
static char *put_escape(char *p, unsigned char c)
{
  static const char letters[] = "\bb\tt\nn\ff\rr\"\"\\\\", digits[] = "0123456789abcdef";

  *p++ = '\\';
  for (size_t i = 0; i < sizeof letters - 1; i += 2) {
    if (letters[i] != (char)c) continue;
    *p++ = letters[i + 1];
    return p;
  }
  memcpy(p, "u00", 3);
  p[3] = digits[c >> 4];
  p[4] = digits[c & 15];
  return p + 5;
}

static void write_escape(tsn_bytes *out, unsigned char c)
{
  char text[6];
  tsn_bytes_append(out, text, (size_t)(put_escape(text, c) - text));
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
    const tocsin_value text = { .type = TOCSIN_TEXT, .as.text = { bytes, length } };
    tsn_write_json_value(out, &text);
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

/* --- values ---
 *
 * Written to places that are known to have the room, one behind the other: a row asks
 * the buffer for room once. */

#define SHORT 256 /* bytes of a text that is not looked at before */

/* The most bytes of a value, and some more. */
static size_t room_of(const tocsin_value *v)
{
  const size_t length = v->as.text.length;

  if (v->is_null || (v->type != TOCSIN_TEXT && v->type != TOCSIN_LIST)) return TSN_TIME_TEXT + 2;
  if (v->type == TOCSIN_LIST) return length;
  if (length > SHORT) {
    size_t room = length + 2;
    for (size_t at = 0; (at += plain_length(v->as.text.bytes + at, length - at)) < length; at++) room += 5;
    return room;
  }
  return 6 * length + 2;
}

static char *put(char *p, const char *bytes, size_t length)
{
  memcpy(p, bytes, length);
  return p + length;
}

/* In whole words: SLACK bytes more are read, and overwritten later. */
#define SLACK 16
static inline char *put_words(char *p, const char *bytes, size_t length)
{
  for (size_t done = 0; done < length; done += SLACK) memcpy(p + done, bytes + done, SLACK);
  return p + length;
}

static char *put_text(char *p, const char *bytes, size_t length)
{
  *p++ = '"';
  for (;;) {
    size_t plain = plain_length(bytes, length);
    p = put(p, bytes, plain);
    if (plain == length) break;
    p = put_escape(p, (unsigned char)bytes[plain]);
    bytes += plain + 1;
    length -= plain + 1;
  }
  *p++ = '"';
  return p;
}

static char *put_value(char *p, const tocsin_value *v, tsn_last_time *last)
{
  if (v->is_null) return put(p, "null", 4);
  switch (v->type) {
  case TOCSIN_NULL:
    break;
  case TOCSIN_BOOLEAN:
    return v->as.boolean ? put(p, "true", 4) : put(p, "false", 5);
  case TOCSIN_BIGINT:
    return p + tsn_format_int64(v->as.integer, p);
  case TOCSIN_DOUBLE:
    if (!isfinite(v->as.real)) break;
    return p + tsn_format_double(v->as.real, p);
  case TOCSIN_TEXT:
    return put_text(p, v->as.text.bytes, v->as.text.length);
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    *p++ = '"';
    p += v->type == TOCSIN_TIMESTAMP ? tsn_write_time(last, v->as.integer, p) : tsn_interval_format(v->as.integer, p);
    *p++ = '"';
    return p;
  case TOCSIN_LIST:
    return put(p, v->as.text.bytes, v->as.text.length);
  }
  return put(p, "null", 4);
}

void tsn_write_json_value(tsn_bytes *out, const tocsin_value *v)
{
  const size_t before = out->length;
  tsn_last_time last = { .known = false };
  char *p = tsn_bytes_extend(out, room_of(v));

  if (p) out->length = before + (size_t)(put_value(p, v, &last) - p);
}

/* --- rows --- */

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
    tsn_bytes_fill(keys, 0, SLACK);
    if (keys->failed != TOCSIN_OK) return keys->failed;
    keys->length -= SLACK;
  }
  return TOCSIN_OK;
}

void tsn_write_jsonl_row(tsn_writer *w, size_t pattern, const tocsin_value *values, tsn_bytes *out)
{
  const tsn_bytes *keys = &w->keys[pattern];
  size_t count = w->patterns[pattern].column_count, from = 0, room = keys->length + 2 + SLACK, before = out->length;
  char *p;

  for (size_t i = 0; i < count; i++) room += room_of(&values[i]);
  p = tsn_bytes_extend(out, room);
  if (!p) return;
  for (size_t i = 0; i < count; i++) {
    p = put_words(p, keys->data + from, w->key_ends[pattern][i] - from);
    from = w->key_ends[pattern][i];
    p = put_value(p, &values[i], &w->times[i]);
  }
  p = put(p, keys->data + from, keys->length - from); /* of a row without columns */
  p = put(p, "}\n", 2);
  out->length = before + (size_t)(p - (out->data + before));
}
