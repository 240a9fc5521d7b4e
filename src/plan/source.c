/* The parts of FROM as records: for each, the columns that its raw rows carry, its
 * WHERE, and what every slot of the pattern gets from a row. */
#include "plan/plan.h"

static tsn_value_rec value_of(tsn_plan *p, const tsn_bx *x)
{
  tsn_value_rec rec = {.slot = x && x->kind == BX_COLUMN ? p->slot_of[x->index] : TSN_NONE};
  if (x && rec.slot == TSN_NONE) rec.code = tsn_plan_code(p, x, MODE_ROW, TSN_NONE, 0);
  return rec;
}

/* One value for each of the expressions; they stand together. */
static tsn_range plan_values(tsn_plan *p, const tsn_bx *const *x, size_t count)
{
  tsn_value_rec *values = tsn_arena_new_array(p->arena, tsn_value_rec, count + 1);
  tsn_range range = {0, (uint32_t)count};
  size_t i;
  for (i = 0; values && i < count; i++) values[i] = value_of(p, x[i]);
  range.first = tsn_image_count(p->image, SECTION_values, sizeof *values);
  for (i = 0; values && i < count; i++) tsn_image_add(p->image, SECTION_values, &values[i], sizeof values[i]);
  return range;
}

/* Columns of the table, as the slots behind the `first` ones carry them. */
static void plan_join(tsn_plan *p, const tsn_bpart *part, size_t first, tsn_part_rec *rec)
{
  const tsn_bx **keys = tsn_arena_new_array(p->arena, const tsn_bx *, part->joins ? part->table->key_count + 1 : 1);
  size_t i;
  rec->table = part->joins ? part->table_index : TSN_NONE;
  if (!part->joins || !keys) return;
  for (i = first; i < p->slot_count; i++) p->slots[i] -= (uint32_t)tsn_raw_own(part);
  for (i = 0; i < part->table->key_count; i++) keys[i] = part->keys[i];
  rec->joined = tsn_image_indices(p->image, p->slots + first, p->slot_count - first);
  rec->keys = plan_values(p, keys, part->table->key_count);
}

static bool plan_part(tsn_plan *p, tsn_part_plan *plan, const uint32_t *columns, size_t column_count, tsn_part_rec *rec)
{
  const tsn_bpart *part = plan->part;
  size_t own = tsn_plan_raw_slots(p, part, plan->values, p->slot_total), i;
  if (tsn_arena_failed(p->arena)) return false;
  for (i = 0; i < own && part->kind == PART_PATTERN; i++)
    if (p->slots[i] == part->raw->column_count) p->slots[i] = part->outputs; /* the output time stands behind the details */
  *rec = (tsn_part_rec){.kind = (uint32_t)part->kind,
                        .index = part->index,
                        .time_slot = part->time_column >= 0 ? p->slot_of[part->time_column] : TSN_NONE,
                        .has_watermark = part->has_watermark,
                        .delay = part->delay};
  rec->slots = tsn_image_indices(p->image, p->slots, own);
  plan_join(p, part, own, rec);
  rec->where = tsn_plan_code(p, part->where, MODE_ROW, TSN_NONE, 0);
  rec->values = plan_values(p, plan->values, p->slot_total);
  tsn_plan_emit_windows(p, plan, columns, column_count, rec);
  return !tsn_arena_failed(p->arena);
}

tsn_range tsn_plan_parts(tsn_plan *p)
{
  const tsn_bound *q = p->q;
  const uint32_t *columns = p->slots; /* of the shape */
  size_t column_count = p->slot_count, i;
  tsn_range range = {.first = tsn_image_count(p->image, SECTION_parts, sizeof(tsn_part_rec)), .count = (uint32_t)q->part_count};
  tsn_part_rec *recs = tsn_arena_new_array(p->arena, tsn_part_rec, q->part_count + 1);
  for (i = 0; recs && i < q->part_count; i++)
    if (!plan_part(p, &p->parts[i], columns, column_count, &recs[i])) return range;
  for (i = 0; recs && i < q->part_count; i++) tsn_image_add(p->image, SECTION_parts, &recs[i], sizeof recs[i]);
  return range;
}
