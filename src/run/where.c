/* What went wrong, and where: a bare message from where it was found, the expression from the machine that ran it, the
 * pattern, key and row from whoever knew them first. They are put together once, when the host asks.
 *
 *   pattern carts, key 'ann', its row at 2026-01-31T09:10:00Z, condition B, `v * 2 > 10`: BIGINT multiplication is ... */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "run/run.h"

#define KEY_MAX 60u /* bytes of a key's text that are shown */

bool tsn_run_fail(tsn_run *r, tocsin_status status, const char *format, ...)
{
  va_list args;
  if (r->status != TOCSIN_OK) return false;
  r->status = status;
  va_start(args, format);
  vsnprintf(r->message, sizeof r->message, format, args);
  va_end(args);
  return false;
}

bool tsn_run_many_paths(tsn_run *r, const tsn_partition *part)
{
  const tsn_spot spot = {.partition = part, .number = -1};
  tsn_fail_at(r, &spot, "", "");
  return tsn_run_fail(r, TOCSIN_LIMIT, "more than %llu live paths; bound the pattern with WITHIN, or raise the limit",
                      (unsigned long long)r->max_paths);
}

void tsn_run_forgive(tsn_run *r)
{
  if (r->status != TOCSIN_RUNTIME) return;
  r->status = TOCSIN_OK;
  r->place[0] = 0;
  r->failing = (tsn_str){0};
}

bool tsn_run_nomem(tsn_run *r)
{
  if (!r->alloc->full) return tsn_run_fail(r, TOCSIN_NOMEM, "out of memory");
  return tsn_run_fail(r, TOCSIN_LIMIT, "more than %zu bytes have to be kept; bound the patterns with WITHIN, or raise the limit",
                      r->alloc->max);
}

/* ---- a line of limited length ---- */

typedef struct line {
  char *text;
  size_t length, size;
} line;

static void add(line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(line *l, const char *format, ...)
{
  va_list args;
  int n;
  va_start(args, format);
  n = vsnprintf(l->text + l->length, l->size - l->length, format, args);
  va_end(args);
  if (n > 0) l->length = l->length + (size_t)n < l->size ? l->length + (size_t)n : l->size - 1;
}

/* So many bytes of a text and no part of a character; what would leave the line is shown as ?. */
static void add_text(line *l, const char *s, size_t length)
{
  size_t end = length < KEY_MAX ? length : KEY_MAX, i;
  while (end > 0 && end < length && ((unsigned char)s[end] & 0xc0) == 0x80) end--;
  add(l, "'");
  for (i = 0; i < end; i++) add(l, "%c", (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i]);
  add(l, end < length ? "...'" : "'");
}

static void add_cell(line *l, uint32_t type, const tsn_cell *c)
{
  char text[TSN_TIME_TEXT > TSN_DOUBLE_TEXT ? TSN_TIME_TEXT : TSN_DOUBLE_TEXT];
  size_t length;
  if (c->null) {
    add(l, "NULL");
    return;
  }
  switch (type) {
  case TOCSIN_TEXT:
  case TOCSIN_LIST: add_text(l, c->length ? c->v.s : "", c->length); return;
  case TOCSIN_BOOLEAN: add(l, c->v.i ? "TRUE" : "FALSE"); return;
  case TOCSIN_DOUBLE: length = tsn_format_double(c->v.d, text); break;
  case TOCSIN_TIMESTAMP: length = tsn_time_format(c->v.i, text); break;
  case TOCSIN_INTERVAL: length = tsn_interval_format(c->v.i, text); break;
  default: length = tsn_format_int64(c->v.i, text); break;
  }
  add(l, "%.*s", (int)length, text);
}

/* ---- places ---- */

static void add_pattern(const tsn_run *r, line *l)
{
  const char *name = tsn_program_text(r->program, r->p->name);
  add(l, "%s%s", *name ? "pattern " : "the pattern", name);
}

static void add_key(const tsn_run *r, const tsn_spot *spot, line *l)
{
  tsn_range keys = spot->keys ? *spot->keys : r->p->keys;
  const tsn_cell *made = spot->partition ? spot->partition->keys : NULL;
  uint32_t k;
  for (k = 0; (made || spot->cells) && k < keys.count; k++) {
    uint32_t slot = r->program->indices[keys.first + k];
    tsn_cell c = made ? tsn_load(r, made[k], r->slot_is_text[slot]) : spot->cells[slot];
    add(l, k ? ", " : ", key ");
    add_cell(l, r->slot_types[slot], &c);
  }
}

static void add_row(const tsn_run *r, const tsn_spot *spot, line *l)
{
  tsn_cell time = {.v.i = spot->time};
  if (r->p->time_type == TOCSIN_DOUBLE) time.v.d = tsn_double_of_time(spot->time);
  /* Rows of a partition are counted for good only where something asks for their numbers. */
  bool timed = spot->timed && r->p->time_slot != TSN_NONE, counted = spot->number >= 0 && (r->p->keep_idle || !timed);
  if (counted) add(l, ", %srow %lld", r->p->keys.count ? "its " : "", (long long)spot->number + 1);
  if (!timed) return;
  add(l, "%s at %s", counted ? "" : r->p->keys.count && spot->number >= 0 ? ", its row" : ", row", r->p->time_type == TOCSIN_TIMESTAMP ? "" : "time ");
  add_cell(l, r->p->time_type, &time);
}

bool tsn_fail_at(tsn_run *r, const tsn_spot *spot, const char *what, const char *name)
{
  line l = {.text = r->place, .size = sizeof r->place};
  if (r->place[0]) return false;
  add_pattern(r, &l);
  add_key(r, spot, &l);
  add_row(r, spot, &l);
  if (*what) add(&l, ", %s%s%s", what, *name ? " " : "", name);
  return false;
}

bool tsn_fail_in(tsn_run *r, tsn_str expression)
{
  if (r->failing.length == 0) r->failing = expression;
  return false;
}

bool tsn_eval_failed(tsn_run *r, const tsn_eval *e, const char *what, const char *name)
{
  tsn_spot spot = {.partition = e->partition, .cells = e->row, .number = e->number};
  if (e->match) { /* the row that it begins with; ALL ROWS: the row that is shown */
    spot.timed = true;
    spot.time = e->match->start_time;
  }
  if (e->row && r->p->time_slot != TSN_NONE && !e->row[r->p->time_slot].null) {
    spot.timed = true;
    spot.time = tsn_time_length(r, &e->row[r->p->time_slot]);
  }
  return tsn_fail_at(r, &spot, what, name);
}

void tsn_run_message(const tsn_run *r, char *out, size_t size)
{
  line l = {.text = out, .size = size};
  if (r->status == TOCSIN_NOMEM) {
    add(&l, "%s", r->message);
    return;
  }
  if (r->place[0]) add(&l, "%s", r->place);
  else add_pattern(r, &l);
  if (r->failing.length) add(&l, ", `%s`", tsn_program_text(r->program, r->failing));
  add(&l, ": %s", r->message);
}
