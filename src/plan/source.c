/* The parts of FROM as records: for each, the columns that its raw rows carry, its
 * WHERE, and what every slot of the pattern gets from a row. */
#include "plan/plan.h"

static tsn_value_rec value_of(tsn_plan *p, const tsn_bx *x)
{
  tsn_value_rec rec = {.slot = x && x->kind == BX_COLUMN ? p->slot_of[x->index] : TSN_NONE};
  if (x && rec.slot == TSN_NONE) rec.code = tsn_plan_code(p, x, MODE_ROW, TSN_NONE, 0);
  return rec;
}

static bool plan_part(tsn_plan *p, const tsn_bpart *part, const uint32_t *slots, size_t count, tsn_part_rec *rec)
{
  tsn_value_rec *values = tsn_arena_new_array(p->arena, tsn_value_rec, count + 1);
  size_t i;
  tsn_plan_raw_slots(p, part, slots, count);
  if (!values || tsn_arena_failed(p->arena)) return false;
  *rec = (tsn_part_rec){.kind = (uint32_t)part->kind,
                        .index = part->index,
                        .time_slot = part->time_column >= 0 ? p->slot_of[part->time_column] : TSN_NONE,
                        .has_watermark = part->has_watermark,
                        .delay = part->delay};
  rec->slots = tsn_image_indices(p->image, p->slots, p->slot_count);
  rec->where = tsn_plan_code(p, part->where, MODE_ROW, TSN_NONE, 0);
  for (i = 0; i < count; i++) values[i] = value_of(p, part->values[slots[i]]);
  rec->values = (tsn_range){.first = tsn_image_count(p->image, SECTION_values, sizeof *values), .count = (uint32_t)count};
  for (i = 0; i < count; i++) tsn_image_add(p->image, SECTION_values, &values[i], sizeof values[i]);
  return true;
}

tsn_range tsn_plan_parts(tsn_plan *p)
{
  const tsn_bound *q = p->q;
  const uint32_t *slots = p->slots; /* columns of the shape */
  size_t count = p->slot_count, i;
  tsn_range range = {.first = tsn_image_count(p->image, SECTION_parts, sizeof(tsn_part_rec)), .count = (uint32_t)q->part_count};
  tsn_part_rec *recs = tsn_arena_new_array(p->arena, tsn_part_rec, q->part_count + 1);
  for (i = 0; recs && i < q->part_count; i++)
    if (!plan_part(p, &q->parts[i], slots, count, &recs[i])) return range;
  for (i = 0; recs && i < q->part_count; i++) tsn_image_add(p->image, SECTION_parts, &recs[i], sizeof recs[i]);
  return range;
}
