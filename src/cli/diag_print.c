/* Printing findings: see diag_print.h. */
#include "cli/diag_print.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/say.h"
#include "io/width.h"

#define LINE_MOST 160 /* bytes of a source line that are shown */

static const char *const names[] = { "error", "warning", "note" };
static const char *const colours[] = { "\x1b[1;31m", "\x1b[1;35m", "\x1b[1;36m" };

static void style(tsn_bytes *out, bool colour, const char *code)
{
  if (colour) tsn_bytes_text(out, code);
}

/* Part of a source line, tabs as blanks, nothing that drives the terminal. Answers its width. */
static size_t show_source(tsn_bytes *out, const char *text, size_t length)
{
  size_t from = out->length;

  while (length) {
    size_t part = 0;
    while (part < length && text[part] != '\t') part++;
    tsn_width_tame(out, text, part, SIZE_MAX);
    if (part < length) tsn_bytes_char(out, ' '), part++;
    text += part;
    length -= part;
  }
  if (out->failed != TOCSIN_OK) return 0;
  return tsn_width(out->data + from, out->length - from);
}

/* Moves a place to the beginning of its character. */
static size_t align(const char *text, size_t at)
{
  while (at && ((unsigned char)text[at] & 0xc0) == 0x80) at--;
  return at;
}

static void show_line(const tocsin_diagnostic *d, const char *text, size_t length, bool colour, tsn_bytes *out)
{
  size_t at = d->offset < length ? d->offset : length, start = at, end = at, from, to, width;

  while (start && text[start - 1] != '\n') start--;
  while (end < length && text[end] != '\n') end++;
  if (end > start && text[end - 1] == '\r') end--;
  if (at > end) at = end;
  from = start;
  if (at - start > LINE_MOST / 2) from = start + align(text + start, at - start - LINE_MOST / 2);
  to = end;
  if (to - from > LINE_MOST) to = from + align(text + from, LINE_MOST);
  style(out, colour, "\x1b[2m");
  tsn_bytes_printf(out, "%6u | ", d->line);
  style(out, colour, "\x1b[0m");
  if (from > start) tsn_bytes_text(out, "…");
  width = show_source(out, text + from, at - from) + (from > start);
  (void)show_source(out, text + at, to - at);
  if (to < end) tsn_bytes_text(out, "…");
  style(out, colour, "\x1b[2m");
  tsn_bytes_text(out, "\n       | ");
  style(out, colour, "\x1b[0m");
  tsn_bytes_fill(out, ' ', width);
  style(out, colour, colours[d->severity]);
  {
    size_t stop = d->length > to - at ? to : at + d->length; /* what goes on in later lines is not underlined */
    tsn_bytes scratch;
    tsn_bytes_init(&scratch, out->alloc, 0);
    width = show_source(&scratch, text + at, stop - at);
    tsn_bytes_clear(&scratch);
  }
  tsn_bytes_fill(out, '^', width ? width : 1);
  style(out, colour, "\x1b[0m");
  tsn_bytes_char(out, '\n');
}

void tsn_diag_show(const tocsin_diagnostic *d, const char *file, const char *text, size_t length, bool colour,
                   tsn_bytes *out)
{
  style(out, colour, "\x1b[1m");
  tsn_bytes_text(out, file);
  if (d->line) tsn_bytes_printf(out, ":%u:%u", d->line, d->column);
  tsn_bytes_text(out, ": ");
  style(out, colour, colours[d->severity]);
  tsn_bytes_text(out, names[d->severity]);
  if (*d->code) tsn_bytes_printf(out, "[%s]", d->code);
  tsn_bytes_char(out, ':');
  style(out, colour, "\x1b[0m");
  tsn_bytes_char(out, ' ');
  tsn_bytes_text(out, d->message);
  tsn_bytes_char(out, '\n');
  if (d->line) show_line(d, text, length, colour, out);
  if (*d->hint) tsn_bytes_printf(out, "       = hint: %s\n", d->hint);
}

int tsn_diag_print(const tocsin_diagnostics *list, const char *file, const char *text, size_t length, tsn_alloc *alloc)
{
  bool colour = tsn_may_colour(STDERR_FILENO);
  tsn_bytes out;
  int st = 0;

  tsn_bytes_init(&out, alloc, 0);
  for (size_t i = 0; i < tocsin_diagnostics_count(list); i++)
    tsn_diag_show(tocsin_diagnostics_get(list, i), file, text, length, colour, &out);
  if (out.failed != TOCSIN_OK)
    st = tsn_no_memory();
  else if (out.length)
    tsn_say_bytes(out.data, out.length);
  tsn_bytes_clear(&out);
  return st;
}
