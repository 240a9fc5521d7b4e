/* Rows as a table in a box.
 *
 *   ┌─────────┬────────┐
 *   │ account │  fails │   names, bold on a terminal
 *   │ text    │ bigint │   types, dim
 *   ├─────────┼────────┤
 *   │ alice   │      5 │   numbers to the right
 *   │    … 960 more    │   head and tail of many rows; the others are only counted
 *   │ zoe     │      9 │
 *   └─────────┴────────┘
 *   1,000 rows (40 shown)
 *
 * Where the terminal is narrower than the table, the widest texts are cut first,
 * and where that is not enough, columns in the middle are left out. Doubles show
 * 15 digits at most, as 0.1 + 0.2 is 0.3 to people. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/cell.h"
#include "io/width.h"
#include "io/writer.h"

#define SHOWN 20         /* rows at each end */
#define CELL_MOST 2000   /* bytes kept of a cell */
#define NARROWEST 8      /* columns of the screen that a cell keeps when space is short */

/* A row as text: cell i is text[ends[i - 1], ends[i]). */
typedef struct line {
  tsn_bytes text;
  size_t *ends;
  bool *nulls;
} line;

struct tsn_table {
  line lines[2 * SHOWN]; /* the first SHOWN rows, then a ring of the last */
  uint64_t rows;
  size_t columns;        /* with the column `pattern` */
  size_t *natural;       /* widths without a limit */
  size_t *widths;        /* as drawn; 0: left out */
};

static const char *column_name(const tsn_writer *w, size_t column)
{
  if (!w->options.pattern_column) return w->columns[column].name;
  return column ? w->columns[column - 1].name : "pattern";
}

static tocsin_type column_type(const tsn_writer *w, size_t column)
{
  if (!w->options.pattern_column) return w->columns[column].type;
  return column ? w->columns[column - 1].type : TOCSIN_TEXT;
}

static size_t type_label(const tsn_writer *w, size_t column, char out[16])
{
  tocsin_type type = column_type(w, column);
  const char *name = type == TOCSIN_NULL ? "" : tocsin_type_name(type);
  size_t length = 0;

  for (; name[length] && length < 15; length++)
    out[length] = (char)(name[length] >= 'A' && name[length] <= 'Z' ? name[length] + 32 : name[length]);
  return length;
}

static bool is_right(const tsn_writer *w, size_t column)
{
  tocsin_type type = column_type(w, column);
  return type == TOCSIN_BIGINT || type == TOCSIN_DOUBLE;
}

tocsin_status tsn_write_table_prepare(tsn_writer *w)
{
  tsn_table *t = tsn_alloc_array(w->alloc, 1, sizeof *t);
  bool good = t != NULL;

  w->table = t;
  if (!t) return TOCSIN_NOMEM;
  t->columns = w->column_count + w->options.pattern_column;
  t->natural = tsn_alloc_array(w->alloc, t->columns, sizeof *t->natural);
  t->widths = tsn_alloc_array(w->alloc, t->columns, sizeof *t->widths);
  for (size_t i = 0; i < 2 * SHOWN; i++) {
    line *l = &t->lines[i];
    tsn_bytes_init(&l->text, w->alloc, 0);
    l->ends = tsn_alloc_array(w->alloc, t->columns, sizeof *l->ends);
    l->nulls = tsn_alloc_array(w->alloc, t->columns, sizeof *l->nulls);
    good = good && l->ends && l->nulls;
  }
  return good && t->natural && t->widths ? TOCSIN_OK : TOCSIN_NOMEM;
}

void tsn_write_table_free(tsn_writer *w)
{
  tsn_table *t = w->table;

  for (size_t i = 0; i < 2 * SHOWN; i++) {
    if (t->lines[i].text.alloc) tsn_bytes_clear(&t->lines[i].text);
    tsn_alloc_free(w->alloc, t->lines[i].ends, t->columns * sizeof *t->lines[i].ends);
    tsn_alloc_free(w->alloc, t->lines[i].nulls, t->columns * sizeof *t->lines[i].nulls);
  }
  tsn_alloc_free(w->alloc, t->natural, t->columns * sizeof *t->natural);
  tsn_alloc_free(w->alloc, t->widths, t->columns * sizeof *t->widths);
  tsn_alloc_free(w->alloc, t, sizeof *t);
  w->table = NULL;
}

/* --- cells as text --- */

/* 2026-01-31 09:00:00, with a fraction only where there is one. */
static void write_time(tsn_bytes *out, int64_t time)
{
  char text[TSN_TIME_TEXT];
  size_t length = tsn_time_format(time, text);
  char *split = memchr(text, 'T', length);

  if (split) *split = ' ';
  if (length && text[length - 1] == 'Z') length--;
  if (length > 7 && !memcmp(text + length - 7, ".000000", 7))
    length -= 7;
  else if (length > 3 && !memcmp(text + length - 3, "000", 3))
    length -= 3;
  tsn_bytes_append(out, text, length);
}

#define DIGITS 15 /* that every double holds */

/* The shortest text that reads back the same, or where that has more digits than
 * a person wants to see, the number rounded to DIGITS of them. */
static void write_double(tsn_bytes *out, double value)
{
  char text[TSN_DOUBLE_TEXT];
  size_t length = tsn_format_double(value, text), last = 0, digits = 0, at, end;
  bool leading = true;

  for (at = 0; at < length && (tsn_is_digit(text[at]) || text[at] == '.' || text[at] == '-'); at++) {
    if (!tsn_is_digit(text[at])) continue;
    leading = leading && text[at] == '0';
    if (!leading && ++digits == DIGITS) last = at;
  }
  end = at; /* of the mantissa; an exponent may follow */
  if (digits > DIGITS && memchr(text, '.', last)) {
    size_t next = text[last + 1] == '.' ? last + 2 : last + 1;
    bool up = text[next] >= '5';
    at = last + 1;
    for (size_t i = last; up && i < length; i--) { /* 9.99…: i runs out below 0, and up stays true */
      if (!tsn_is_digit(text[i])) continue;
      up = text[i] == '9';
      text[i] = (char)(up ? '0' : text[i] + 1);
    }
    while (text[at - 1] == '0' && text[at - 2] != '.') at--;
    if (!up) {
      tsn_bytes_append(out, text, at);
      tsn_bytes_append(out, text + end, length - end);
      return;
    }
    length = tsn_format_double(value, text);
  }
  tsn_bytes_append(out, text, length);
}

static void write_cell(tsn_bytes *out, const tocsin_value *v)
{
  char text[TSN_TIME_TEXT];

  switch (v->type) {
  case TOCSIN_NULL:
    break;
  case TOCSIN_BOOLEAN:
    tsn_bytes_text(out, v->as.boolean ? "true" : "false");
    break;
  case TOCSIN_BIGINT:
    tsn_bytes_append(out, text, tsn_format_int64(v->as.integer, text));
    break;
  case TOCSIN_DOUBLE:
    write_double(out, v->as.real);
    break;
  case TOCSIN_TIMESTAMP:
    write_time(out, v->as.integer);
    break;
  case TOCSIN_INTERVAL:
    tsn_bytes_append(out, text, tsn_interval_format(v->as.integer, text));
    break;
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    tsn_width_tame(out, v->as.text.bytes, v->as.text.length, CELL_MOST);
    break;
  }
}

tocsin_status tsn_write_table_row(tsn_writer *w, const char *pattern)
{
  tsn_table *t = w->table;
  line *l = &t->lines[t->rows < SHOWN ? t->rows : SHOWN + t->rows % SHOWN];
  size_t column = 0;

  t->rows++;
  tsn_bytes_reset(&l->text);
  if (w->options.pattern_column) {
    tsn_width_tame(&l->text, pattern, strlen(pattern), CELL_MOST);
    l->ends[column++] = l->text.length;
  }
  for (size_t i = 0; i < w->column_count; i++, column++) {
    const tocsin_value *v = w->cells[i];
    l->nulls[column] = v && v->is_null;
    if (v && v->is_null)
      tsn_bytes_text(&l->text, "NULL");
    else if (v)
      write_cell(&l->text, v);
    l->ends[column] = l->text.length;
  }
  return l->text.failed;
}

/* --- widths --- */

static const char *cell_text(const line *l, size_t column, size_t *length)
{
  size_t from = column ? l->ends[column - 1] : 0;

  *length = l->ends[column] - from;
  return l->text.data ? l->text.data + from : "";
}

static void widen(size_t *width, size_t to)
{
  if (to > *width) *width = to;
}

static void measure(const tsn_writer *w)
{
  tsn_table *t = w->table;
  uint64_t kept = t->rows < 2 * SHOWN ? t->rows : 2 * SHOWN;

  for (size_t c = 0; c < t->columns; c++) {
    char label[16];
    t->natural[c] = tsn_width(column_name(w, c), strlen(column_name(w, c)));
    widen(&t->natural[c], type_label(w, c, label));
    for (size_t i = 0; i < kept; i++) {
      size_t length;
      const char *text = cell_text(&t->lines[i], c, &length);
      widen(&t->natural[c], tsn_width(text, length));
    }
    widen(&t->natural[c], 1);
    t->widths[c] = t->natural[c];
  }
}

/* Of the screen, bars and blanks included. */
static size_t total_width(const tsn_table *t)
{
  size_t total = 1;
  bool gap = false;

  for (size_t c = 0; c < t->columns; c++) {
    if (t->widths[c]) total += t->widths[c] + 3;
    gap |= t->widths[c] == 0;
  }
  return gap ? total + 4 : total; /* a column of … stands for those left out */
}

/* Whether a cell that is cut still says something. A number would say something else. */
static bool may_cut(const tsn_writer *w, size_t column)
{
  tocsin_type type = column_type(w, column);
  return type == TOCSIN_TEXT || type == TOCSIN_LIST || type == TOCSIN_NULL;
}

/* The widest columns become narrower, each to no less than `least`, until the table fits. */
static void shrink(const tsn_writer *w, bool all, size_t least)
{
  tsn_table *t = w->table;

  while (total_width(t) > w->options.width) {
    size_t over = total_width(t) - w->options.width, widest = 0, second = least, many = 0;
    for (size_t c = 0; c < t->columns; c++)
      if (all || may_cut(w, c)) widen(&widest, t->widths[c]);
    if (widest <= least) return;
    for (size_t c = 0; c < t->columns; c++) {
      if (!all && !may_cut(w, c)) continue;
      many += t->widths[c] == widest;
      if (t->widths[c] < widest) widen(&second, t->widths[c]);
    }
    /* Down to the next narrower ones, or by what is needed, shared among the widest. */
    if ((widest - second) * many > over) second = widest - (over + many - 1) / many;
    for (size_t c = 0; c < t->columns; c++)
      if (t->widths[c] == widest && (all || may_cut(w, c))) t->widths[c] = second;
  }
}

static void fit(const tsn_writer *w)
{
  tsn_table *t = w->table;
  size_t left = t->columns;

  measure(w);
  if (!w->options.width) return;
  shrink(w, false, NARROWEST);
  while (total_width(t) > w->options.width && left > 2) { /* from the middle, the right one first */
    size_t middle = t->columns / 2, reach = 0;
    for (;; reach++) {
      if (middle + reach < t->columns - 1 && t->widths[middle + reach]) {
        t->widths[middle + reach] = 0;
        break;
      }
      if (middle > reach && middle - reach > 0 && t->widths[middle - reach]) {
        t->widths[middle - reach] = 0;
        break;
      }
      if (reach > t->columns) break;
    }
    left--;
  }
  shrink(w, true, 1);
}

/* --- drawing --- */

typedef struct pen {
  const tsn_writer *w;
  tsn_bytes *out;
} pen;

static void style(pen *p, const char *code)
{
  if (p->w->options.colour) tsn_bytes_text(p->out, code);
}

#define BOLD "\x1b[1m"
#define DIM "\x1b[2m"
#define PLAIN "\x1b[0m"

static void draw_times(pen *p, const char *what, size_t times)
{
  while (times--) tsn_bytes_text(p->out, what);
}

/* Columns that are left out show as one column of …; true at the first of them. */
static bool begins_gap(const tsn_table *t, size_t column)
{
  return t->widths[column] == 0 && (column == 0 || t->widths[column - 1]);
}

static void draw_rule(pen *p, const char *left, const char *middle, const char *right)
{
  const tsn_table *t = p->w->table;

  style(p, DIM);
  tsn_bytes_text(p->out, left);
  for (size_t c = 0; c < t->columns; c++) {
    if (t->widths[c] == 0 && !begins_gap(t, c)) continue;
    if (c) tsn_bytes_text(p->out, middle);
    draw_times(p, "─", t->widths[c] ? t->widths[c] + 2 : 3);
  }
  if (t->columns == 0) draw_times(p, "─", 2);
  tsn_bytes_text(p->out, right);
  style(p, PLAIN);
  tsn_bytes_char(p->out, '\n');
}

static void draw_bar(pen *p)
{
  style(p, DIM);
  tsn_bytes_text(p->out, "│");
  style(p, PLAIN);
}

static void draw_text(pen *p, const char *text, size_t length, size_t width, bool right, const char *look)
{
  size_t used, shown = tsn_width_fit(text, length, width, &used);
  bool cut = shown < length;

  if (cut) {
    shown = tsn_width_fit(text, length, width - 1, &used);
    used++;
  }
  tsn_bytes_char(p->out, ' ');
  if (right) tsn_bytes_fill(p->out, ' ', width - used);
  if (look) style(p, look);
  tsn_bytes_append(p->out, text, shown);
  if (cut) tsn_bytes_text(p->out, "…");
  if (look) style(p, PLAIN);
  if (!right) tsn_bytes_fill(p->out, ' ', width - used);
  tsn_bytes_char(p->out, ' ');
}

/* One line of cells; l NULL: the names, or the types. */
static void draw_line(pen *p, const line *l, bool types)
{
  const tsn_table *t = p->w->table;

  for (size_t c = 0; c < t->columns; c++) {
    char label[16];
    const char *text = column_name(p->w, c), *look = types ? DIM : BOLD;
    size_t length = strlen(text);
    if (t->widths[c] == 0) {
      if (!begins_gap(t, c)) continue;
      draw_bar(p);
      draw_text(p, "…", strlen("…"), 1, false, DIM);
      continue;
    }
    if (types) {
      length = type_label(p->w, c, label);
      text = label;
    }
    if (l) {
      text = cell_text(l, c, &length);
      look = l->nulls[c] ? DIM : NULL;
    }
    draw_bar(p);
    draw_text(p, text, length, t->widths[c], is_right(p->w, c), look);
  }
  draw_bar(p);
  tsn_bytes_char(p->out, '\n');
}

/* 1234567 as 1,234,567. */
static const char *with_commas(uint64_t n, char out[32])
{
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;

  for (int i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0) out[at++] = ',';
    out[at++] = digits[i];
  }
  out[at] = '\0';
  return out;
}

static void draw_more(pen *p, uint64_t rows)
{
  char number[32], text[64];
  size_t inner = total_width(p->w->table) - 4, used, shown;

  snprintf(text, sizeof text, "… %s more …", with_commas(rows, number));
  if (tsn_width(text, strlen(text)) > inner) snprintf(text, sizeof text, "… %s …", number);
  if (tsn_width(text, strlen(text)) > inner) snprintf(text, sizeof text, "…");
  shown = tsn_width_fit(text, strlen(text), inner, &used);
  draw_bar(p);
  tsn_bytes_fill(p->out, ' ', 1 + (inner - used) / 2);
  style(p, DIM);
  tsn_bytes_append(p->out, text, shown);
  style(p, PLAIN);
  tsn_bytes_fill(p->out, ' ', inner - used - (inner - used) / 2 + 1);
  draw_bar(p);
  tsn_bytes_char(p->out, '\n');
}

static void draw_count(pen *p)
{
  const tsn_table *t = p->w->table;
  char number[32];
  size_t shown = 0;

  for (size_t c = 0; c < t->columns; c++) shown += t->widths[c] > 0;
  tsn_bytes_printf(p->out, "%s row%s", with_commas(t->rows, number), t->rows == 1 ? "" : "s");
  if (t->rows > 2 * SHOWN) tsn_bytes_printf(p->out, " (%d shown)", 2 * SHOWN);
  if (shown < t->columns) tsn_bytes_printf(p->out, ", %zu columns (%zu shown)", t->columns, shown);
  tsn_bytes_char(p->out, '\n');
}

void tsn_write_table_end(tsn_writer *w, tsn_bytes *out)
{
  tsn_table *t = w->table;
  pen p = { w, out };

  if (t->columns == 0) {
    draw_count(&p);
    return;
  }
  fit(w);
  draw_rule(&p, "┌", "┬", "┐");
  draw_line(&p, NULL, false);
  draw_line(&p, NULL, true);
  draw_rule(&p, "├", "┼", "┤");
  for (uint64_t i = 0; i < t->rows && i < SHOWN; i++) draw_line(&p, &t->lines[i], false);
  if (t->rows > 2 * SHOWN) draw_more(&p, t->rows - 2 * SHOWN);
  for (uint64_t i = t->rows > 2 * SHOWN ? t->rows - SHOWN : SHOWN; i < t->rows; i++)
    draw_line(&p, &t->lines[SHOWN + i % SHOWN], false);
  draw_rule(&p, "└", "┴", "┘");
  draw_count(&p);
}
