/* Cells of tests: see test_cell.h. */
#include "cli/test_cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/cell.h"
#include "io/width.h"

#define MINUTE INT64_C(60000000)
#define DAY (1440 * MINUTE)

/* 09:05, 09:05:10, 09:05:10.5 */
static bool read_clock(const char *text, int64_t *out)
{
  char whole[64];
  size_t length = strlen(text);
  const char *colon = strchr(text, ':');

  if (!colon || colon - text != 2 || strchr(text, '-') || length > 20) return false;
  snprintf(whole, sizeof whole, "2026-01-31T%s", text);
  return tsn_time_parse(whole, strlen(whole), out);
}

bool tsn_test_duration(const char *text, tocsin_type time, int64_t now, int64_t *later)
{
  size_t length = strlen(text);
  int64_t difference;
  double number;

  if (time == TOCSIN_DOUBLE) {
    if (!tsn_parse_double(text, length, &number) || !(number >= 0)) return false;
    *later = tsn_time_of_double(tsn_double_of_time(now) + number);
    return true;
  }
  if (time == TOCSIN_BIGINT ? !tsn_parse_int64(text, length, &difference) : !tsn_interval_parse(text, length, &difference))
    return false;
  *later = tsn_time_add(now, difference);
  return difference >= 0;
}

/* The text within quotes, quotes doubled in it. */
static bool unquote(tsn_arena *arena, const char *text, tocsin_value *out)
{
  size_t length = strlen(text);
  char *copy = tsn_arena_text(arena, text, length), *to = copy;

  if (!copy) return false;
  if (length < 2 || text[length - 1] != '\'') return false;
  for (const char *p = text + 1; p < text + length - 1; p++) {
    if (*p == '\'' && *++p != '\'') return false;
    if (p == text + length - 1) return false;
    *to++ = *p;
  }
  out->as.text.bytes = copy;
  out->as.text.length = (size_t)(to - copy);
  return true;
}

static bool read_text(tsn_arena *arena, const char *text, tocsin_value *out)
{
  if (*text == '\'') return unquote(arena, text, out);
  out->as.text.bytes = text;
  out->as.text.length = strlen(text);
  return true;
}

static bool is_null_text(const char *text)
{
  return !*text || tsn_same_name(text, strlen(text), "null", 4);
}

bool tsn_test_value(tsn_arena *arena, const char *text, tocsin_type type, tocsin_unit unit, int64_t now, tocsin_value *out,
                    char why[256])
{
  tsn_cell cell;
  tsn_cell_outcome outcome;

  *out = (tocsin_value){ .type = type, .is_null = is_null_text(text) };
  if (out->is_null) return true;
  if (type == TOCSIN_TEXT || type == TOCSIN_LIST) {
    if (read_text(arena, text, out)) return true;
    snprintf(why, 256, "%.100s is no text: a quote in quotes is doubled, 'it''s', and the last one ends it", text);
    return false;
  }
  if (*text == '+' && (type == TOCSIN_TIMESTAMP || type == TOCSIN_BIGINT || type == TOCSIN_DOUBLE) &&
      tsn_test_duration(text + 1 + strspn(text + 1, " "), type, now, &out->as.integer)) {
    if (type == TOCSIN_DOUBLE) out->as.real = tsn_double_of_time(out->as.integer);
    return true;
  }
  if (type == TOCSIN_TIMESTAMP && read_clock(text, &out->as.integer)) return true;
  outcome = tsn_cell_parse(type, unit, text, strlen(text), &cell);
  if (outcome == TSN_CELL_OK) {
    if (type == TOCSIN_BOOLEAN) out->as.boolean = cell.boolean;
    else if (type == TOCSIN_DOUBLE) out->as.real = cell.real;
    else out->as.integer = cell.integer;
    return true;
  }
  tsn_cell_reason(why, 256, outcome, type, text, strlen(text), false);
  return false;
}

/* --- what is expected --- */

/* Half of what the last digit of a number counts. */
static double half_digit(const char *text)
{
  const char *point = strchr(text, '.');
  const char *exponent = strpbrk(text, "eE");
  size_t digits = point ? strspn(point + 1, "0123456789") : 0;
  int64_t power = 0;

  if (exponent) (void)tsn_parse_int64(exponent + 1, strlen(exponent + 1), &power);
  return 0.5 * pow(10, (double)power - (double)digits);
}

static int about(const char *text, const tocsin_value *v, char why[256])
{
  double expected, came = v->type == TOCSIN_DOUBLE ? v->as.real : (double)v->as.integer;

  if ((v->type != TOCSIN_DOUBLE && v->type != TOCSIN_BIGINT) || !tsn_parse_double(text, strlen(text), &expected)) {
    snprintf(why, 256, "~%.100s is no number", text);
    return -1;
  }
  return !v->is_null && fabs(came - expected) <= half_digit(text) * (1 + 1e-9);
}

int tsn_test_equals(tsn_arena *arena, const char *text, const tocsin_value *v, char why[256])
{
  tocsin_value expected;

  if (!strcmp(text, "*")) return 1;
  if (*text == '~' && v->type != TOCSIN_TEXT) return about(text + 1 + strspn(text + 1, " "), v, why);
  if (v->type == TOCSIN_NULL) return is_null_text(text);
  if (!tsn_test_value(arena, text, v->type, TOCSIN_UNIT_NONE, 0, &expected, why)) return -1;
  if (expected.is_null || v->is_null) return expected.is_null && v->is_null;
  switch (v->type) {
  case TOCSIN_BOOLEAN:
    return !expected.as.boolean == !v->as.boolean;
  case TOCSIN_DOUBLE:
    return expected.as.real == v->as.real;
  case TOCSIN_BIGINT:
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    return expected.as.integer == v->as.integer;
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    return expected.as.text.length == v->as.text.length &&
           (!v->as.text.length || !memcmp(expected.as.text.bytes, v->as.text.bytes, v->as.text.length));
  case TOCSIN_NULL:
    break;
  }
  return 0;
}

/* --- writing --- */

static const char *write_time(tsn_arena *arena, int64_t time)
{
  char text[TSN_TIME_TEXT];
  size_t length = tsn_time_format(time, text);
  char *split = memchr(text, 'T', length), *from = text;

  if (!split) return tsn_arena_text(arena, text, length);
  *split = ' ';
  length--; /* Z */
  if (length > 7 && !memcmp(text + length - 7, ".000000", 7)) {
    length -= 7;
    if (!memcmp(text + length - 3, ":00", 3)) length -= 3;
  } else {
    while (text[length - 1] == '0') length--;
  }
  if (time >= TSN_TEST_DAY * DAY && time < (TSN_TEST_DAY + 1) * DAY) from = split + 1;
  return tsn_arena_text(arena, from, length - (size_t)(from - text));
}

static bool is_blank_byte(char c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

static bool must_quote(const char *bytes, size_t length)
{
  return !length || is_blank_byte(bytes[0]) || is_blank_byte(bytes[length - 1]) || memchr(bytes, '|', length) ||
         strchr("'*#", bytes[0]) || tsn_same_name(bytes, length, "null", 4);
}

static const char *write_text(tsn_arena *arena, const char *bytes, size_t length)
{
  char *copy, *to;

  for (size_t i = 0; i < length; i++)
    if ((unsigned char)bytes[i] < ' ') return "*"; /* a line of a table has no place for it */
  if (!must_quote(bytes, length)) return tsn_arena_text(arena, bytes, length);
  copy = to = tsn_arena_alloc(arena, 2 * length + 3);
  if (!copy) return "";
  *to++ = '\'';
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == '\'') *to++ = '\'';
    *to++ = bytes[i];
  }
  *to = '\'';
  return copy;
}

const char *tsn_test_cell(tsn_arena *arena, const tocsin_value *v)
{
  char text[TSN_TIME_TEXT + TSN_DOUBLE_TEXT];
  size_t length = 0;

  if (v->is_null) return "null";
  switch (v->type) {
  case TOCSIN_BOOLEAN:
    return v->as.boolean ? "true" : "false";
  case TOCSIN_BIGINT:
    length = tsn_format_int64(v->as.integer, text);
    break;
  case TOCSIN_DOUBLE:
    length = tsn_format_double(v->as.real, text);
    break;
  case TOCSIN_INTERVAL:
    length = tsn_interval_format(v->as.integer, text);
    break;
  case TOCSIN_TIMESTAMP:
    return write_time(arena, v->as.integer);
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    return write_text(arena, v->as.text.bytes, v->as.text.length);
  case TOCSIN_NULL:
    return "null";
  }
  return tsn_arena_text(arena, text, length);
}

/* --- tables --- */

static size_t width_of(const char *text)
{
  return tsn_width(text, strlen(text));
}

static void lay_marks(tsn_bytes *out, const tsn_test_line *line, const size_t *widths, size_t columns, bool barred)
{
  size_t gap = width_of(line->before) + (barred ? 2 : 0);

  for (size_t i = 0; i < columns; i++) {
    size_t width = line->marked[i] ? width_of(line->cells[i]) : 0;
    if (width == 0 && line->marked[i]) width = 1;
    if (width) tsn_bytes_fill(out, ' ', gap);
    tsn_bytes_fill(out, '^', width);
    gap = (width ? 0 : gap) + widths[i] - width + 3;
  }
  tsn_bytes_char(out, '\n');
}

void tsn_test_lay(tsn_bytes *out, tsn_arena *arena, const tsn_test_line *lines, size_t count, size_t columns, bool barred)
{
  size_t *widths = tsn_arena_new_array(arena, size_t, columns);

  if (!widths) return;
  for (size_t l = 0; l < count; l++) {
    for (size_t i = 0; i < columns; i++) {
      size_t width = width_of(lines[l].cells[i]);
      if (width > widths[i]) widths[i] = width;
    }
  }
  for (size_t l = 0; l < count; l++) {
    const tsn_test_line *line = &lines[l];
    tsn_bytes_text(out, line->before);
    if (barred) tsn_bytes_text(out, "| ");
    for (size_t i = 0; i < columns; i++) {
      const char *cell = line->cells[i];
      bool last = i + 1 == columns && !barred && !line->behind;
      if (i) tsn_bytes_text(out, " | ");
      tsn_bytes_text(out, cell);
      if (!last) tsn_bytes_fill(out, ' ', widths[i] - width_of(cell));
    }
    if (barred) tsn_bytes_text(out, " |");
    if (line->behind) tsn_bytes_text(out, line->behind);
    tsn_bytes_char(out, '\n');
    if (line->marked) lay_marks(out, line, widths, columns, barred);
  }
}
