/* Diagnostics: see diag.h. */
#include "dsl/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
  const char *name, *about;
} codes[] = {
#define DIAG(code, text) { #code, text },
#include "diag.def"
#undef DIAG
};

void tsn_diag_init(tsn_diag *d, tsn_arena *arena, const char *text, size_t length)
{
  *d = (tsn_diag){ .arena = arena, .text = text, .length = length };
}

const char *tsn_diag_name(tsn_diag_code code)
{
  return codes[code].name;
}

const char *tsn_diag_about(tsn_diag_code code)
{
  return codes[code].about;
}

static bool known(const tsn_diag *d, tsn_diag_code code, tsn_span at)
{
  const tsn_diag_item *i;

  for (i = d->first; i; i = i->next)
    if (i->code == code && i->at.from == at.from) return true;
  return false;
}

tsn_severity tsn_diag_severity(tsn_diag_code code)
{
  const char class = codes[code].name[0];

  return class == 'W' ? SEVERITY_WARNING : class == 'N' ? SEVERITY_NOTE : SEVERITY_ERROR;
}

/* A finding counts even where there is no room to keep it. */
static bool count(tsn_diag *d, tsn_diag_code code)
{
  switch (tsn_diag_severity(code)) {
  case SEVERITY_WARNING: return d->warnings++ < TSN_DIAG_MAX;
  case SEVERITY_NOTE: return d->notes++ < TSN_NOTES_MAX;
  default: break;
  }
  return d->errors++ < TSN_DIAG_MAX;
}

/* The last finding of a severity says that there were more. */
static void tell_more(tsn_diag *d, tsn_severity severity)
{
  static const char *const plural[] = { "errors", "warnings", "notes" };
  tsn_diag_item *item, *last = NULL;
  const char *hint;

  for (item = d->first; item; item = item->next)
    if (tsn_diag_severity(item->code) == severity) last = item;
  if (d->more[severity].told) d->more[severity].told->hint = d->more[severity].told_hint;
  d->more[severity].told = last;
  if (!last) return;
  d->more[severity].told_hint = last->hint;
  hint = tsn_arena_printf(d->arena, "%s%sthere are more %s than these", last->hint, *last->hint ? "; " : "", plural[severity]);
  if (hint) last->hint = hint;
}

void tsn_diag_sort(tsn_diag *d)
{
  tsn_diag_item *sorted = NULL, *item, *next, **at;
  tsn_severity severity;

  for (item = d->first; item; item = next) {
    next = item->next;
    for (at = &sorted; *at && (*at)->at.from <= item->at.from; at = &(*at)->next) continue;
    item->next = *at;
    *at = item;
  }
  d->first = sorted;
  for (d->last = sorted; d->last && d->last->next; d->last = d->last->next) continue;
  for (severity = 0; severity < TSN_SEVERITIES; severity++)
    if (d->more[severity].there) tell_more(d, severity);
}

void tsn_diag_add(tsn_diag *d, tsn_diag_code code, tsn_span at, const char *hint, const char *format, ...)
{
  tsn_diag_item *item;
  char *message;
  va_list args, again;
  int length;

  if (known(d, code, at)) return;
  if (!count(d, code)) {
    const tsn_severity severity = tsn_diag_severity(code);

    if (!d->more[severity].there) tell_more(d, severity);
    d->more[severity].there = true;
    return;
  }
  va_start(args, format);
  va_copy(again, args);
  length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  message = length >= 0 ? tsn_arena_alloc(d->arena, (size_t)length + 1) : NULL;
  if (message) vsnprintf(message, (size_t)length + 1, format, again);
  va_end(again);
  item = tsn_arena_new(d->arena, tsn_diag_item);
  if (!message || !item) return;
  *item = (tsn_diag_item){ code, at, message, hint ? hint : "", NULL };
  if (d->last) d->last->next = item;
  else d->first = item;
  d->last = item;
}

void tsn_diag_place(const char *text, size_t length, uint32_t offset, unsigned *line, unsigned *column)
{
  const char *at = text, *end = text + (offset < length ? offset : length), *newline;

  *line = 1;
  while (at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
    at = newline + 1;
    ++*line;
  }
  *column = (unsigned)(end - at) + 1;
}

const char *tsn_diag_nearest(const char *name, const char *const *names, size_t count)
{
  const size_t length = strlen(name);
  const unsigned most = length <= 2 ? 0 : length <= 4 ? 1 : length <= 8 ? 2 : 3;
  const char *best = NULL;
  unsigned best_distance = most + 1;
  size_t i;

  for (i = 0; i < count; i++) {
    const unsigned distance = tsn_name_distance(name, names[i], most);

    if (distance < best_distance) {
      best = names[i];
      best_distance = distance;
    }
  }
  return best;
}
