/* The event time of the parts of FROM (language page, section 8): of a stream a plain
 * column, by ORDER BY or by its WATERMARK; of a pattern its output time, which has a name
 * only where a column of its output is that very time whatever the rows. */
#include "bind/binder.h"

tocsin_type tsn_bind_time_type(const tsn_bpart *part)
{
  return part->raw->has_watermark ? part->raw->columns[part->raw->event_time].type : TOCSIN_NULL;
}

/* What a match of the pattern takes at least: rows; and whether time alone can end one. */
static bool takes_a_row(const tsn_bpat *p)
{
  const tsn_bpat *item;
  switch (p->kind) {
  case BPAT_ROW: return true;
  case BPAT_SEQUENCE:
    for (item = p->items; item; item = item->next)
      if (takes_a_row(item)) return true;
    return false;
  case BPAT_CHOICE:
    for (item = p->items; item; item = item->next)
      if (!takes_a_row(item)) return false;
    return p->items != NULL;
  case BPAT_REPEAT: return p->min > 0 && takes_a_row(p->items);
  default: return false;
  }
}

static bool has_absence(const tsn_bpat *p)
{
  const tsn_bpat *item;
  if (p->kind == BPAT_TIMER || p->kind == BPAT_ABSENCE) return true;
  for (item = p->items; item; item = item->next)
    if (has_absence(item)) return true;
  return false;
}

/* Whether a column of a pattern's output is its output time, whatever the rows: MATCH_ROWTIME(),
 * or the time of the last row of a match that rows alone end. */
static bool is_output_time(const tsn_bound *q, size_t output)
{
  const tsn_bx *x = q->outputs[output].value;
  const tsn_nav *nav;
  if (x->kind != BX_INNER || q->empty_kind == MATCH_UNMATCHED || q->time_column < 0) return false;
  x = q->inner[x->index].value;
  if (x->kind == BX_MATCH) return x->index == MATCH_VALUE_ROWTIME;
  if (x->kind != BX_NAV || q->all_rows || q->timeouts || !takes_a_row(q->pattern) || has_absence(q->pattern)) return false;
  nav = x->nav;
  return !nav->first && nav->offset == 0 && nav->physical == 0 && nav->set->all && nav->value->kind == BX_COLUMN &&
         (int)nav->value->index == q->time_column;
}

/* The raw column that is the event time of a part whose item x orders the rows; -1: x cannot be it. */
static int time_of(const tsn_binder *b, const tsn_bpart *part, const tsn_bx *x)
{
  if (!x || x->kind != BX_COLUMN || x->index >= part->raw->column_count) return -1;
  if (part->kind == PART_STREAM) return (int)x->index;
  return is_output_time(b->bound->patterns[part->index], x->index) ? part->raw->event_time : -1;
}

bool tsn_bind_is_part_time(tsn_binder *b, const tsn_bpart *part, uint32_t column)
{
  tsn_bx x = {.kind = BX_COLUMN, .index = column};
  return part->time_column >= 0 && time_of(b, part, &x) == part->time_column;
}

/* The event time of a part is the raw column `column`. */
static void set_time(tsn_bpart *part, int column)
{
  tsn_bstream *raw = part->raw;
  part->time_column = column;
  raw->needed[column] = true;
  if (raw->event_time < 0) raw->event_time = column;
  if (!raw->has_watermark || raw->event_time != column) return;
  part->has_watermark = true;
  part->delay = raw->delay;
}

void tsn_bind_order_time(tsn_binder *b, int column)
{
  tsn_bound *q = b->query;
  size_t i;
  for (i = 0; i < q->part_count; i++) {
    tsn_bpart *part = &q->parts[i];
    const tsn_bx *x = part->values[column];
    const char *name = b->shape->columns[column].name;
    int time = time_of(b, part, x);
    if (time >= 0) {
      set_time(part, time);
    } else if (part->kind == PART_PATTERN && part->raw->event_time < 0) {
      tsn_diag_add(b->diag, TSN_E1020, x ? x->at : part->at, "give that pattern an ORDER BY that begins with a time",
                   "%s orders the rows by time, and pattern %s has no output time", name, part->raw->name);
    } else if (part->kind == PART_PATTERN) {
      tsn_diag_add(b->diag, TSN_E1020, x ? x->at : part->at,
                   tsn_arena_printf(b->arena, "leave ORDER BY out, or give pattern %s a measure MATCH_ROWTIME() AS %s", part->raw->name, name),
                   "the rows of pattern %s come in order of its output time, which %s need not be", part->raw->name, name);
    } else {
      tsn_diag_add(b->diag, TSN_E1020, x ? x->at : part->at,
                   tsn_arena_printf(b->arena, "the event time of a part is a column of its stream: column AS %s", name),
                   x ? "%s orders the rows, but is no plain column of %s" : "%s orders the rows, but this part of FROM, which reads %s, has none",
                   name, part->raw->name);
    }
  }
}

/* The column that is the event time of every part; else the one without a name, as the output time of a pattern has none. */
static size_t common_time(const tsn_binder *b)
{
  const tsn_bound *q = b->query;
  size_t column, i;
  for (column = 0; column < b->shape->column_count; column++) {
    for (i = 0; i < q->part_count; i++) {
      const tsn_bpart *part = &q->parts[i];
      const tsn_bx *x = part->values[column];
      if (part->kind == PART_PATTERN || !x || x->kind != BX_COLUMN || (int)x->index != part->raw->event_time) break;
    }
    if (i == q->part_count) return column;
  }
  return column + TSN_HIDDEN_TIME;
}

int tsn_bind_declared_time(tsn_binder *b)
{
  tsn_bound *q = b->query;
  size_t column, i;
  tocsin_type type = TOCSIN_NULL;
  for (i = 0; i < q->part_count; i++) {
    const tsn_bpart *part = &q->parts[i];
    tocsin_type own = tsn_bind_time_type(part);
    if (own == TOCSIN_NULL && q->part_count == 1) return -1; /* rows stay in order of arrival */
    if (own == TOCSIN_NULL) {
      if (part->kind == PART_PATTERN)
        tsn_diag_add(b->diag, TSN_E1020, part->at, "give that pattern an ORDER BY that begins with a time",
                     "the parts of FROM are merged in order of time, and pattern %s has no output time", part->raw->name);
      else
        tsn_diag_add(b->diag, TSN_E1020, part->at, "ORDER BY a column that every part has, or WATERMARK FOR in the stream",
                     "the parts of FROM are merged in order of time, and stream %s declares none", part->raw->name);
      return -1;
    }
    if (type != TOCSIN_NULL && own != type) {
      tsn_diag_add(b->diag, TSN_E1026, part->at, NULL, "the event time of %s is %s, but that of %s is %s", part->raw->name, tocsin_type_name(own),
                   q->parts[0].raw->name, tocsin_type_name(type));
      return -1;
    }
    type = own;
  }
  column = common_time(b);
  for (i = 0; i < q->part_count; i++) {
    if (!q->parts[i].values[column]) q->parts[i].values[column] = tsn_bind_raw_column(b, &q->parts[i], (size_t)q->parts[i].raw->event_time, q->parts[i].at);
    set_time(&q->parts[i], q->parts[i].raw->event_time);
  }
  b->shape->needed[column] = true;
  return (int)column;
}
