/* Window aggregates: an item of a SELECT inside FROM may ask what the rows before came
 * to (language page, section 3; frames are those of ISO/IEC 9075-2, 7.15).
 *
 * The aggregate's arguments and the keys of PARTITION BY are expressions over one raw
 * row. That ORDER BY is the event time of the part shows only when the clauses of
 * MATCH_RECOGNIZE have said which column that is: tsn_bind_window_orders(). */
#include <string.h>

#include "base/text.h"
#include "bind/binder.h"

/* Functions of ISO's windows that are no aggregates, and what to write instead. */
static const struct {
  const char *name, *hint;
} rankings[] = {
    {"ROW_NUMBER", "COUNT(*) OVER (... ROWS UNBOUNDED PRECEDING) numbers the rows"},
    {"RANK", NULL},
    {"DENSE_RANK", NULL},
    {"PERCENT_RANK", NULL},
    {"CUME_DIST", NULL},
    {"NTILE", NULL},
    {"LAG", "PREV(x) in MATCH_RECOGNIZE reads the row before"},
    {"LEAD", "NEXT(x) in MATCH_RECOGNIZE reads the row behind"},
    {"FIRST_VALUE", "ANY_VALUE(x) is the first that is not NULL"},
    {"LAST_VALUE", "the last row of a frame is the row itself"},
    {"NTH_VALUE", NULL},
};

static tsn_bx *no_aggregate(tsn_context *c, const tsn_expr *e)
{
  size_t i;
  for (i = 0; i < sizeof rankings / sizeof *rankings; i++)
    if (tsn_same_name(rankings[i].name, strlen(rankings[i].name), e->name.text, e->name.length)) {
      tsn_diag_add(c->b->diag, TSN_E1031, e->at, rankings[i].hint, "OVER is for aggregates: %s is not supported", rankings[i].name);
      return NULL;
    }
  tsn_diag_add(c->b->diag, TSN_E1031, e->at, "AVG, SUM, COUNT, MIN, STDDEV ...", "OVER is for aggregates, and %s is none", e->name.text);
  return NULL;
}

/* ---- frames ---- */

static bool bad_frame(tsn_binder *b, tsn_span at, const char *what)
{
  tsn_diag_add(b->diag, TSN_E1032, at, "ROWS 30 PRECEDING, RANGE 5 MINUTES PRECEDING, UNBOUNDED PRECEDING", "%s", what);
  return false;
}

/* How many rows before the row. */
static bool rows_before(tsn_binder *b, const tsn_expr *e, int64_t *out)
{
  tsn_bx *x = tsn_bind_constant(b, e);
  if (!x) return false;
  if (x->type == TOCSIN_INTERVAL)
    return bad_frame(b, e->at, "ROWS counts rows: a duration goes with RANGE");
  if (x->type != TOCSIN_BIGINT || x->is_null || x->integer < 0)
    return bad_frame(b, e->at, "the number of rows before is a whole number that is not negative");
  *out = x->integer < INT32_MAX ? x->integer : INT32_MAX; /* no frame can hold more */
  return true;
}

/* How long before the row; the column that orders says of what kind that is. */
static bool time_before(tsn_binder *b, const tsn_expr *e, tocsin_type time, int64_t *out)
{
  tsn_bx *x = tsn_bind_constant(b, e), *d;
  if (!x) return false;
  d = tsn_bind_coerce(b, x, time == TOCSIN_TIMESTAMP ? TOCSIN_INTERVAL : time);
  if (!d) {
    tsn_diag_add(b->diag, TSN_E1032, e->at, time == TOCSIN_TIMESTAMP ? "5 MINUTES" : NULL, "RANGE over a %s column takes %s, not %s",
                 tocsin_type_name(time), time == TOCSIN_TIMESTAMP ? "a duration" : "a number", tocsin_type_name(x->type));
    return false;
  }
  if (d->is_null || (time == TOCSIN_DOUBLE ? !(d->real >= 0) : d->integer < 0))
    return bad_frame(b, e->at, "the length of a frame is not negative");
  *out = d->integer;
  if (time == TOCSIN_DOUBLE) memcpy(out, &d->real, sizeof d->real);
  return true;
}

/* How far before the row an end of the frame lies. */
static bool before_row(tsn_binder *b, const tsn_over *over, const tsn_bound_at *bound, const tsn_bover *out, int64_t *distance)
{
  if (bound->kind == BOUND_CURRENT) return true; /* itself, or its own time */
  return over->range ? time_before(b, bound->distance, out->order_type, distance) : rows_before(b, bound->distance, distance);
}

static bool looks_back(const tsn_bound_at *bound) { return bound->kind == BOUND_PRECEDING || bound->kind == BOUND_CURRENT; }

static bool begins_first(const tsn_bover *w)
{
  double begin, end;
  if (w->order_type != TOCSIN_DOUBLE || w->frame != FRAME_RANGE) return w->begin >= w->end;
  memcpy(&begin, &w->begin, sizeof begin);
  memcpy(&end, &w->end, sizeof end);
  return begin >= end;
}

static bool bind_frame(tsn_binder *b, const tsn_over *over, tsn_bover *out)
{
  bool all = !over->framed || over->begin.kind == BOUND_UNBOUNDED_PRECEDING;
  out->frame = !over->framed || over->range ? (all ? FRAME_ALL_RANGE : FRAME_RANGE) : all ? FRAME_ALL_ROWS : FRAME_ROWS;
  if (!over->framed) return true; /* ISO: all rows up to those of the row's time */
  if (!all && !looks_back(&over->begin)) return bad_frame(b, over->begin.at, "a window looks back: its frame cannot begin behind the row");
  if (!looks_back(&over->end)) return bad_frame(b, over->end.at, "a window looks back: its frame ends at the row itself, or before it");
  if (!all && !before_row(b, over, &over->begin, out, &out->begin)) return false;
  if (!before_row(b, over, &over->end, out, &out->end)) return false;
  return all || begins_first(out) || bad_frame(b, over->begin.at, "this frame begins behind its end: it has no rows");
}

/* ---- ORDER BY ---- */

static bool bind_window_order(tsn_context *c, const tsn_over *over, tsn_bover *out)
{
  tsn_binder *b = c->b;
  const tsn_order *o = over->order;
  const tsn_bx *x;
  if (!o) {
    tsn_diag_add(b->diag, TSN_E1033, over->at, "ORDER BY the column of the event time", "a window needs ORDER BY");
    return false;
  }
  if (o->descending || o->next) {
    tsn_diag_add(b->diag, TSN_E1033, o->descending ? o->expr->at : o->next->expr->at, o->descending ? NULL : "ORDER BY of MATCH_RECOGNIZE orders rows of one time",
                 o->descending ? "a window goes forward in time: ORDER BY is ascending" : "a window is ordered by one column, the event time");
    return false;
  }
  x = tsn_bind_expr(c, o->expr);
  if (!x) return false;
  if (x->kind != BX_COLUMN || (x->type != TOCSIN_TIMESTAMP && !tsn_is_number(x->type))) {
    tsn_diag_add(b->diag, TSN_E1033, o->expr->at, NULL, "a window is ordered by the event time, a column that is a time or a number");
    return false;
  }
  out->order = x->index;
  out->order_type = x->type;
  out->order_at = o->expr->at;
  return true;
}

void tsn_bind_window_orders(tsn_binder *b)
{
  const tsn_bound *q = b->query;
  size_t i;
  for (i = 0; i < q->part_count; i++) {
    const tsn_bpart *part = &q->parts[i];
    const tsn_bover *w;
    for (w = part->overs; w; w = w->next) {
      if (tsn_bind_is_part_time(b, part, w->order)) continue;
      if (part->time_column < 0)
        tsn_diag_add(b->diag, TSN_E1033, w->order_at, "ORDER BY of MATCH_RECOGNIZE names it, or a WATERMARK clause",
                     "a window needs rows in order of time, and these have no event time");
      else if (part->kind == PART_PATTERN)
        tsn_diag_add(b->diag, TSN_E1033, w->order_at, "give that pattern a measure MATCH_ROWTIME()",
                     "a window is ordered by the event time, the output time of pattern %s", part->raw->name);
      else
        tsn_diag_add(b->diag, TSN_E1033, w->order_at, tsn_arena_printf(b->arena, "ORDER BY %s", part->raw->columns[part->time_column].name),
                     "a window is ordered by the event time, which is %s", part->raw->columns[part->time_column].name);
    }
  }
}

/* ---- the whole ---- */

static bool bind_keys(tsn_context *c, const tsn_expr *e, tsn_bover *out)
{
  bool good = true;
  for (; e; e = e->next) {
    tsn_bx *key = tsn_bind_expr(c, e);
    good = good && key;
    if (key && key->type == TOCSIN_NULL) key = tsn_bind_coerce(c->b, key, TOCSIN_BIGINT);
    if (!key) continue;
    if (out->last_key) out->last_key->next = key;
    else out->keys = key;
    out->last_key = key;
  }
  return good;
}

tsn_bx *tsn_bind_over(tsn_context *c, const tsn_expr *e)
{
  tsn_binder *b = c->b;
  tsn_context inner = {.b = b, .place = PLACE_SOURCE, .no_window = "a window aggregate"};
  tsn_bover *over;
  tsn_bx *x;
  if (c->place != PLACE_SOURCE || c->no_window) {
    tsn_diag_add(b->diag, TSN_E1017, e->over->at,
                 c->place == PLACE_SOURCE ? "name it in this SELECT, and use the name in DEFINE" : "an inner SELECT in FROM is the place for it",
                 "OVER is not allowed in %s", c->place == PLACE_SOURCE ? c->no_window : c->place == PLACE_DEFINE ? "a condition" : "this place");
    return NULL;
  }
  if (e->semantics != SEMANTICS_NONE) {
    tsn_diag_add(b->diag, TSN_E1016, e->at, NULL, "%s before a window aggregate says nothing", e->semantics == SEMANTICS_FINAL ? "FINAL" : "RUNNING");
    return NULL;
  }
  if (!tsn_bind_is_aggregate(e)) return no_aggregate(c, e);
  over = tsn_arena_new(b->arena, tsn_bover);
  x = tsn_bind_aggregate(&inner, e);
  if (!over || !x) return NULL;
  if (!bind_keys(&inner, e->over->partition, over) || !bind_window_order(&inner, e->over, over) || !bind_frame(b, e->over, over)) return NULL;
  x->kind = BX_OVER;
  x->over = over;
  over->next = b->part->overs;
  b->part->overs = over;
  return x;
}
