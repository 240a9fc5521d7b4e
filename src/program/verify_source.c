/* Where a pattern's rows come from: streams and patterns before it, tables that are
 * joined, windows over rows in order. */
#include <string.h>

#include "program/verify.h"

/* A value of a type, made of a raw row. */
static bool value_ok(tsn_checker *c, const tsn_value_rec *v, uint32_t type)
{
  if (type < TOCSIN_BOOLEAN || !tsn_verify_code(c, &v->code, tsn_verify_kind(type), PLACE_SOURCE)) return false;
  return v->slot == TSN_NONE || (v->code.instrs.count == 0 && v->slot < c->raw_slots && tsn_verify_slot_type(c, v->slot, PLACE_SOURCE) == type);
}

/* Of a join the key is made of the stream's columns; what it brings is needed, so that a matcher keeps it. */
static bool join_ok(tsn_checker *c)
{
  const tocsin_program *p = c->p;
  const tsn_part_rec *part = c->part;
  const tsn_table_rec *t;
  uint32_t i;
  c->raw_slots = part->slots.count;
  if (part->table == TSN_NONE) return part->joined.count == 0 && part->keys.count == 0;
  if (part->table >= p->tables_count) return false;
  t = &p->tables[part->table];
  if (part->keys.count != t->keys.count || !tsn_verify_range(part->keys, p->values_count) || !tsn_verify_spend(c, part->keys.count)) return false;
  for (i = 0; i < part->keys.count; i++)
    if (!value_ok(c, &p->values[part->keys.first + i], p->columns[t->columns.first + p->indices[t->keys.first + i]].type)) return false;
  if (!tsn_verify_indices(c, part->joined, t->columns.count)) return false;
  for (i = 0; i < part->joined.count; i++)
    if (!p->columns[t->columns.first + p->indices[part->joined.first + i]].needed) return false;
  c->raw_slots += part->joined.count;
  return true;
}

/* Whether the source of the part is there; how many columns it has. */
static bool source_ok(const tsn_checker *c, uint32_t *columns)
{
  const tocsin_program *p = c->p;
  const tsn_part_rec *part = c->part;
  if (part->kind == PART_STREAM) {
    if (part->index >= p->streams_count) return false;
    *columns = p->streams[part->index].columns.count;
    return true;
  }
  if (part->kind != PART_PATTERN || part->index >= c->q - p->patterns) return false;
  *columns = p->patterns[part->index].outputs.count + (p->patterns[part->index].time_slot != TSN_NONE);
  return true;
}

/* The arguments of a window aggregate: slots of its types, or a constant that it takes. */
static bool over_ok(const tsn_checker *c, const tsn_over_rec *o)
{
  const tocsin_program *p = c->p;
  const tsn_aggregate_info *info;
  bool second;
  if (!tsn_verify_words(p, o->text)) return false;
  if (o->aggregate >= TSN_AGGREGATES || !(tsn_verify_type(o->type) || (o->type == TOCSIN_LIST && o->aggregate == AGG_COUNT))) return false;
  info = &tsn_aggregate_table[o->aggregate];
  if (o->slot == TSN_NONE ? o->aggregate != AGG_COUNT || o->distinct : o->slot >= c->q->slots.count || tsn_verify_slot_type(c, o->slot, PLACE_LATE) != o->type)
    return false;
  if (o->distinct && info->merge == MERGE_PICK) return false;
  if ((info->merge == MERGE_SUM || info->merge == MERGE_SPREAD || o->aggregate == AGG_APPROX_PERCENTILE) && tsn_verify_kind(o->type) == 'T') return false;
  second = info->args == 2 && o->slot2 != TSN_NONE;
  if (info->args == 2 && !tsn_verify_type(o->type2)) return false;
  if (second) return o->slot2 < c->q->slots.count && tsn_verify_slot_type(c, o->slot2, PLACE_LATE) == o->type2 && o->aggregate != AGG_STRING_AGG && o->aggregate != AGG_APPROX_PERCENTILE;
  if (o->aggregate == AGG_APPROX_PERCENTILE)
    return o->type2 == TOCSIN_DOUBLE && o->constant < p->reals_count && p->reals[o->constant] >= 0 && p->reals[o->constant] <= 1;
  if (o->aggregate == AGG_STRING_AGG)
    return o->type == TOCSIN_TEXT && o->type2 == TOCSIN_TEXT && (o->constant == TSN_NONE || (o->constant < p->texts_count && tsn_verify_text(p, p->texts[o->constant])));
  return info->args == 1 && o->slot2 == TSN_NONE && o->constant == TSN_NONE;
}

/* A distance before the row: rows, or a duration. */
static bool distance_ok(const tsn_checker *c, const tsn_window_rec *w, int64_t distance)
{
  double real;
  if (w->kind == FRAME_ROWS || w->kind == FRAME_ALL_ROWS) return distance >= 0 && distance <= INT32_MAX;
  memcpy(&real, &distance, sizeof real);
  return c->q->time_type == TOCSIN_DOUBLE ? real >= 0 : distance >= 0;
}

static bool windows_ok(tsn_checker *c)
{
  const tocsin_program *p = c->p;
  const tsn_part_rec *part = c->part;
  uint32_t i, k, overs = 0;
  if (!tsn_verify_range(part->windows, p->windows_count) || !tsn_verify_range(part->overs, p->overs_count) || !tsn_verify_range(part->lates, p->lates_count)) return false;
  if (!tsn_verify_spend(c, (uint64_t)part->windows.count + part->overs.count + part->lates.count)) return false;
  if (part->windows.count && c->q->time_slot == TSN_NONE) return false;
  for (i = 0; i < part->windows.count; i++) {
    const tsn_window_rec *w = &p->windows[part->windows.first + i];
    if (w->kind >= FRAME_KINDS || !distance_ok(c, w, w->begin) || !distance_ok(c, w, w->end) || !tsn_verify_indices(c, w->keys, c->q->slots.count)) return false;
    if (w->kind == FRAME_ROWS && w->begin < w->end) return false;
    if (w->overs.first != part->overs.first + overs || w->overs.count > part->overs.count - overs) return false;
    overs += w->overs.count;
  }
  for (k = 0; k < overs; k++)
    if (!over_ok(c, &p->overs[part->overs.first + k])) return false;
  for (k = 0; k < part->lates.count; k++) {
    const tsn_late_rec *late = &p->lates[part->lates.first + k];
    if (late->slot >= c->q->slots.count || late->slot == c->q->time_slot || late->code.instrs.count == 0) return false;
    if (!tsn_verify_code(c, &late->code, tsn_verify_kind(tsn_verify_slot_type(c, late->slot, PLACE_LATE)), PLACE_LATE)) return false;
  }
  return overs == part->overs.count;
}

static bool part_ok(tsn_checker *c)
{
  const tocsin_program *p = c->p;
  const tsn_part_rec *part = c->part;
  uint32_t i, columns;
  if (!source_ok(c, &columns) || !tsn_verify_duration(c, part->delay) || part->values.count != c->q->slots.count) return false;
  if (!tsn_verify_indices(c, part->slots, columns) || !join_ok(c)) return false;
  if (!tsn_verify_range(part->values, p->values_count) || !tsn_verify_spend(c, part->values.count)) return false;
  if ((part->time_slot == TSN_NONE) != (c->q->time_slot == TSN_NONE)) return false;
  if (part->time_slot != TSN_NONE &&
      (part->time_slot >= part->slots.count || tsn_verify_slot_type(c, part->time_slot, PLACE_SOURCE) != c->q->time_type)) return false;
  for (i = 0; i < part->values.count; i++) {
    uint32_t type = tsn_verify_slot_type(c, i, PLACE_VALUE);
    if (!value_ok(c, &p->values[part->values.first + i], type)) return false;
  }
  return tsn_verify_code(c, &part->where, 'N', PLACE_SOURCE) && windows_ok(c);
}

bool tsn_verify_parts(tsn_checker *c)
{
  uint32_t i;
  for (i = 0; i < c->q->parts.count; i++) {
    c->part = &c->p->parts[c->q->parts.first + i];
    if (!part_ok(c)) return false;
  }
  return c->q->parts.count > 0;
}
