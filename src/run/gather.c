/* What a replay of a match's rows gathers, beside the cells: lists, the values
 * around a percentile, and what DISTINCT has seen.
 *
 *   ARRAY_AGG          the JSON text of the list, not yet closed
 *   STRING_AGG         a blank, then the text: so that an empty text is not no text
 *   APPROX_PERCENTILE  two heaps: the values up to it, the largest on top, and
 *                      those above, the smallest on top
 *   DISTINCT           a hash set for the register
 *
 * All of it is begun anew with each replay, so that loaded texts may be kept. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "run/run.h"

void tsn_gather_begin(tsn_run *r)
{
  uint32_t i;
  for (i = 0; i < r->p->lists; i++) tsn_bytes_reset(&r->lists[i]);
  for (i = 0; i < r->set_count; i++) tsn_set_reset(&r->sets[i]);
}

void tsn_gather_clear(tsn_run *r)
{
  uint32_t i;
  for (i = 0; r->sets && i < r->set_count; i++) tsn_set_clear(&r->sets[i]);
  tsn_alloc_free(r->alloc, r->sets, r->set_count * sizeof *r->sets);
}

bool tsn_gather_init(tsn_run *r)
{
  uint32_t i;
  bool any = false;
  for (i = 0; i < r->p->regs.count; i++) any = any || r->regs[i].distinct;
  if (!any) return true;
  r->sets = tsn_alloc_array(r->alloc, r->p->regs.count, sizeof *r->sets);
  if (!r->sets) return tsn_run_nomem(r);
  r->set_count = r->p->regs.count;
  for (i = 0; i < r->set_count; i++) tsn_set_init(&r->sets[i], r->alloc);
  return true;
}

/* ---- DISTINCT ---- */

void tsn_set_init(tsn_set *set, tsn_alloc *alloc)
{
  *set = (tsn_set){.count = 0};
  tsn_map_init(&set->map, alloc);
}

void tsn_set_clear(tsn_set *set)
{
  tsn_alloc_free(set->map.alloc, set->cells, set->cap * sizeof *set->cells);
  tsn_map_clear(&set->map);
  set->cells = NULL;
  set->count = set->cap = 0;
}

void tsn_set_reset(tsn_set *set)
{
  /* Emptying costs what the map can hold: after one long match give the memory back. */
  if (set->count < set->map.cap / 16 && set->map.cap > 1024) tsn_map_clear(&set->map);
  else if (set->count) tsn_map_reset(&set->map);
  set->count = 0;
  set->has_null = false;
}

static uint64_t hash_of(uint32_t type, const tsn_cell *c)
{
  if (tsn_is_text(type)) return tsn_hash_bytes(c->length ? c->v.s : "", c->length, 0);
  return tsn_hash_word(type == TOCSIN_DOUBLE && c->v.d == 0 ? 0 : (uint64_t)c->v.i, 0); /* -0.0 = 0.0 */
}

bool tsn_set_add(tsn_run *r, tsn_set *set, uint32_t type, const tsn_cell *value, bool *fresh)
{
  uint64_t hash;
  size_t at;
  uint32_t i;
  *fresh = true;
  if (value->null) {
    *fresh = !set->has_null;
    set->has_null = true;
    return true;
  }
  hash = hash_of(type, value);
  for (at = tsn_map_first(&set->map, hash); (i = tsn_map_at(&set->map, at)) != TSN_NONE;
       at = tsn_map_next(&set->map, hash, at))
    if (tsn_compare_cells(type, &set->cells[i], value) == 0) {
      *fresh = false;
      return true;
    }
  if (!tsn_alloc_grow(r->alloc, (void **)&set->cells, &set->cap, set->count + 1, sizeof *set->cells) ||
      !tsn_map_add(&set->map, hash, (uint32_t)set->count))
    return tsn_run_nomem(r);
  set->cells[set->count++] = *value;
  return true;
}

/* ---- percentiles ---- */

static tsn_cell heap_at(const tsn_bytes *b, size_t i)
{
  tsn_cell c = {.null = 0};
  memcpy(&c.v.i, b->data + i * sizeof c.v.i, sizeof c.v.i);
  return c;
}

static void heap_put(tsn_bytes *b, size_t i, const tsn_cell *c)
{
  memcpy(b->data + i * sizeof c->v.i, &c->v.i, sizeof c->v.i);
}

static size_t heap_count(const tsn_bytes *b) { return b->length / sizeof(int64_t); }

/* sign 1: the largest on top; -1: the smallest. */
static void heap_push(tsn_bytes *b, uint32_t type, int sign, const tsn_cell *value)
{
  size_t at = heap_count(b);
  tsn_bytes_append(b, &value->v.i, sizeof value->v.i);
  if (b->failed) return;
  while (at > 0) {
    tsn_cell up = heap_at(b, (at - 1) / 2);
    if (tsn_compare_cells(type, value, &up) * sign <= 0) break;
    heap_put(b, at, &up);
    at = (at - 1) / 2;
  }
  heap_put(b, at, value);
}

static tsn_cell heap_pop(tsn_bytes *b, uint32_t type, int sign)
{
  size_t count = heap_count(b) - 1, at = 0, child;
  tsn_cell top = heap_at(b, 0), last = heap_at(b, count);
  b->length -= sizeof(int64_t);
  while ((child = 2 * at + 1) < count) {
    tsn_cell down = heap_at(b, child), other;
    if (child + 1 < count && (other = heap_at(b, child + 1), tsn_compare_cells(type, &other, &down) * sign > 0)) {
      down = other;
      child++;
    }
    if (tsn_compare_cells(type, &down, &last) * sign <= 0) break;
    heap_put(b, at, &down);
    at = child;
  }
  if (count) heap_put(b, at, &last);
  return top;
}

/* PERCENTILE_DISC of ISO/IEC 9075-2, 10.9: the first value whose rank is at least part * count.
 * The product is taken a hair smaller, so that 0.1 of 30 is 3 and not the next after 3. */
uint64_t tsn_percentile_rank(double part, uint64_t count)
{
  double rank = ceil(part * (double)count * (1 - 1e-12));
  return !(rank >= 1) ? 1 : rank > (double)count ? count : (uint64_t)rank;
}

static void percentile_step(tsn_bytes *low, tsn_bytes *high, uint32_t type, const tsn_cell *arg, double part)
{
  size_t wanted = (size_t)tsn_percentile_rank(part, heap_count(low) + heap_count(high) + 1);
  tsn_cell top = heap_count(low) ? heap_at(low, 0) : *arg, moved;
  if (tsn_compare_cells(type, arg, &top) <= 0) heap_push(low, type, 1, arg);
  else heap_push(high, type, -1, arg);
  while (!low->failed && !high->failed && heap_count(low) < wanted) {
    moved = heap_pop(high, type, -1);
    heap_push(low, type, 1, &moved);
  }
  while (!low->failed && !high->failed && heap_count(low) > wanted) {
    moved = heap_pop(low, type, 1);
    heap_push(high, type, -1, &moved);
  }
}

/* ---- lists ---- */

static void json_text(tsn_bytes *b, const char *s, size_t length)
{
  size_t i;
  tsn_bytes_char(b, '"');
  for (i = 0; i < length; i++) {
    unsigned char c = (unsigned char)s[i];
    if (c == '"' || c == '\\') {
      tsn_bytes_char(b, '\\');
      tsn_bytes_char(b, (char)c);
    } else if (c == '\n') {
      tsn_bytes_text(b, "\\n");
    } else if (c == '\t') {
      tsn_bytes_text(b, "\\t");
    } else if (c == '\r') {
      tsn_bytes_text(b, "\\r");
    } else if (c < 0x20) {
      tsn_bytes_printf(b, "\\u%04x", c);
    } else {
      tsn_bytes_char(b, (char)c);
    }
  }
  tsn_bytes_char(b, '"');
}

void tsn_json_cell(tsn_bytes *b, uint32_t type, const tsn_cell *c)
{
  char text[TSN_TIME_TEXT > TSN_DOUBLE_TEXT ? TSN_TIME_TEXT : TSN_DOUBLE_TEXT];
  if (c->null) {
    tsn_bytes_text(b, "null");
    return;
  }
  switch (type) {
  case TOCSIN_BOOLEAN: tsn_bytes_text(b, c->v.i ? "true" : "false"); break;
  case TOCSIN_BIGINT: tsn_bytes_append(b, text, tsn_format_int64(c->v.i, text)); break;
  case TOCSIN_DOUBLE:
    if (isinf(c->v.d)) tsn_bytes_text(b, c->v.d > 0 ? "1e999" : "-1e999");
    else tsn_bytes_append(b, text, tsn_format_double(c->v.d, text));
    break;
  case TOCSIN_TIMESTAMP:
    tsn_bytes_char(b, '"');
    tsn_bytes_append(b, text, tsn_time_format(c->v.i, text));
    tsn_bytes_char(b, '"');
    break;
  case TOCSIN_INTERVAL:
    tsn_bytes_char(b, '"');
    tsn_bytes_append(b, text, tsn_interval_format(c->v.i, text));
    tsn_bytes_char(b, '"');
    break;
  default: json_text(b, c->v.s, c->length); break;
  }
}

static void list_step(tsn_bytes *b, tsn_aggregate aggregate, uint32_t type, const tsn_cell *arg, const tsn_cell *separator)
{
  if (aggregate == AGG_ARRAY_AGG) {
    tsn_bytes_char(b, b->length ? ',' : '[');
    tsn_json_cell(b, type, arg);
  } else if (!arg->null) {
    if (b->length == 0) tsn_bytes_char(b, ' ');
    else if (!separator->null) tsn_bytes_append(b, separator->v.s, separator->length);
    tsn_bytes_append(b, arg->v.s, arg->length);
  }
}

bool tsn_gather_step(tsn_run *r, tsn_aggregate aggregate, uint32_t type, tsn_bytes *lists, const tsn_cell *arg, const tsn_cell *second)
{
  tsn_bytes *other = aggregate == AGG_APPROX_PERCENTILE ? lists + 1 : lists;
  if (aggregate != AGG_APPROX_PERCENTILE) list_step(lists, aggregate, type, arg, second);
  else if (!arg->null && !second->null) percentile_step(lists, other, type, arg, second->v.d);
  if (lists->failed == TOCSIN_LIMIT || other->failed == TOCSIN_LIMIT)
    return tsn_run_fail(r, TOCSIN_LIMIT, "a list of values is longer than %zu bytes", lists->max);
  return (lists->failed == TOCSIN_OK && other->failed == TOCSIN_OK) || tsn_run_nomem(r);
}

bool tsn_gather_value(tsn_run *r, tsn_aggregate aggregate, const tsn_bytes *lists, tsn_cell *out)
{
  size_t length = lists->length;
  char *text;
  *out = (tsn_cell){.null = 1};
  if (!length) return true;
  if (aggregate == AGG_APPROX_PERCENTILE) {
    *out = heap_at(lists, 0);
    return true;
  }
  text = tsn_arena_alloc(&r->scratch, length + 2);
  if (!text) return tsn_run_nomem(r);
  memcpy(text, lists->data, length);
  text[length] = ']';
  if (aggregate == AGG_ARRAY_AGG) *out = (tsn_cell){.v.s = text, .length = (uint32_t)length + 1};
  else *out = (tsn_cell){.v.s = text + 1, .length = (uint32_t)length - 1};
  return true;
}
