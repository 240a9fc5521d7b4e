/* Values, times, paths and reasons as words: see trace_story.h. */
#include <string.h>

#include "base/text.h"
#include "cli/stamp.h"
#include "cli/trace_story.h"
#include "io/width.h"

#define TEXT_MOST 60 /* bytes of a text that are shown */
#define ENDS 3       /* steps shown at each end of a long path */

const char *tsn_trace_time(tsn_arena *arena, tocsin_type type, int64_t time)
{
  char text[TSN_STAMP_TEXT];
  size_t length = strlen(tsn_stamp_text(type, time, false, text));
  char *split = memchr(text, 'T', length);

  if (type != TOCSIN_TIMESTAMP || !split) return tsn_arena_text(arena, text, length);
  *split = ' ';
  length--; /* Z */
  while (text[length - 1] == '0' && memchr(text, '.', length)) length--;
  if (text[length - 1] == '.') length--;
  return tsn_arena_text(arena, text, length);
}

/* A text that moves no cursor. */
static const char *tame(tsn_arena *arena, const char *bytes, size_t length)
{
  tsn_bytes out;
  const char *copy;

  tsn_bytes_init(&out, arena->alloc, 0);
  tsn_width_tame(&out, bytes, length, TEXT_MOST);
  copy = tsn_arena_text(arena, out.length ? out.data : "", out.length);
  tsn_bytes_clear(&out);
  return copy ? copy : "";
}

static const char *value(tsn_arena *arena, const tocsin_value *v, bool quoted)
{
  char text[TSN_DOUBLE_TEXT];
  const char *quote = quoted ? "'" : "";

  if (v->is_null) return "NULL";
  switch (v->type) {
  case TOCSIN_BOOLEAN:
    return v->as.boolean ? "TRUE" : "FALSE";
  case TOCSIN_DOUBLE:
    return tsn_arena_text(arena, text, tsn_format_double(v->as.real, text));
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    return tsn_arena_printf(arena, "%s%s%s", quote, tame(arena, v->as.text.bytes, v->as.text.length), quote);
  default:
    return tsn_trace_time(arena, v->type, v->as.integer);
  }
}

const char *tsn_trace_value(tsn_arena *arena, const tocsin_value *v)
{
  return value(arena, v, true);
}

const char *tsn_trace_key(tsn_arena *arena, const tocsin_value *key, size_t count)
{
  const char *text = "";

  for (size_t i = 0; i < count && text; i++) text = tsn_arena_printf(arena, "%s%s%s", text, i ? "," : "", value(arena, &key[i], false));
  return text ? text : "";
}

static const char *step(tsn_arena *arena, const char *before, const tocsin_trace_step *s)
{
  const char *blank = *before ? " " : "";

  if (!s->label) return tsn_arena_printf(arena, "%s%s(time)", before, blank);
  return tsn_arena_printf(arena, "%s%s%s(%lld)", before, blank, s->label, (long long)s->row);
}

const char *tsn_trace_path(tsn_arena *arena, const tocsin_trace_step *steps, size_t count)
{
  const char *text = "";

  for (size_t i = 0; i < count && text; i++) {
    if (count > 2 * ENDS + 1 && i == ENDS) {
      text = tsn_arena_printf(arena, "%s ... %zu more ...", text, count - 2 * ENDS);
      i = count - ENDS - 1;
      continue;
    }
    text = step(arena, text, &steps[i]);
  }
  return text ? text : "";
}

const char *tsn_trace_columns(tsn_arena *arena, const tocsin_trace_event *e)
{
  const char *text = "";

  for (size_t i = 0; i < e->value_count && text; i++)
    text = tsn_arena_printf(arena, "%s%s%s%s%s", text, i ? " " : "", e->names[i], *e->names[i] ? "=" : "",
                            tsn_trace_value(arena, &e->values[i]));
  return text ? text : "";
}

/* A condition of several lines in one. */
static const char *one_line(tsn_arena *arena, const char *text, size_t length)
{
  char *copy = tsn_arena_text(arena, text, length), *to = copy;

  if (!copy) return "";
  for (size_t i = 0; i < length; i++) {
    bool blank = text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r';
    if (blank && to > copy && to[-1] == ' ') continue;
    *to++ = blank ? ' ' : text[i];
  }
  *to = '\0';
  return copy;
}

const char *tsn_trace_why(tsn_arena *arena, const tocsin_trace_event *e)
{
  const char *what, *truth = e->is_null ? "NULL" : "FALSE", *text = NULL;

  if (!e->condition_length) return "";
  what = one_line(arena, e->condition, e->condition_length);
  if (e->value_count && !e->names && e->right_constant)
    text = tsn_arena_printf(arena, "`%s` is %s, it is %s", what, truth, tsn_trace_value(arena, &e->values[0]));
  else if (e->value_count && !e->names)
    text = tsn_arena_printf(arena, "`%s` is %s, it is %s against %s", what, truth, tsn_trace_value(arena, &e->values[0]),
                            tsn_trace_value(arena, &e->values[1]));
  else if (e->value_count)
    text = tsn_arena_printf(arena, "`%s` is %s with %s", what, truth, tsn_trace_columns(arena, e));
  else
    text = tsn_arena_printf(arena, "`%s` is %s", what, truth);
  return text ? text : "";
}
