/* Window aggregates: what rows carry through the sort buffer for them, and the records.
 *
 *   raw row --values--> [ slots of the pattern | hidden slots ] --sort buffer-->
 *           --windows--> aggregates --lates--> the slots that read them
 *
 * Hidden slots hold the arguments and keys of windows, and the raw columns that stand
 * beside an aggregate in its item. Equal expressions of a part are one slot, equal
 * aggregates one, and those under one PARTITION BY and one frame share their rows. */
#include <string.h>

#include "plan/plan.h"

static bool is_over(const tsn_bx *x, const void *nothing)
{
  (void)nothing;
  return x->kind == BX_OVER;
}

bool tsn_plan_is_late(const tsn_bx *x) { return tsn_bx_any(x, is_over, NULL); }

/* ---- what there may be at most ---- */

typedef struct bounds {
  size_t slots, overs;
} bounds;

static void count(const tsn_bx *x, bounds *b)
{
  const tsn_bx *arg;
  if (!x) return;
  if (x->kind == BX_COLUMN) b->slots++;
  if (x->kind == BX_OVER) {
    b->overs++;
    b->slots += 2;
    for (arg = x->over->keys; arg; arg = arg->next) b->slots++;
  }
  for (arg = x->args; arg; arg = arg->next) count(arg, b);
  count(x->otherwise, b);
}

/* ---- slots ---- */

static uint32_t slot_for(tsn_plan *p, tsn_part_plan *part, const tsn_bx *x)
{
  uint64_t key = tsn_plan_hash(x);
  size_t k;
  for (k = 0; k < p->slot_total; k++)
    if (part->values[k] && part->value_keys[k] == key && tsn_plan_same(part->values[k], x)) return (uint32_t)k;
  p->slot_types[k] = (uint32_t)x->type;
  part->values[k] = x;
  part->value_keys[k] = key;
  p->slot_total++;
  return (uint32_t)k;
}

/* ---- windows and aggregates ---- */

static bool same_keys(const tsn_bx *a, const tsn_bx *b)
{
  for (; a && b; a = a->next, b = b->next)
    if (!tsn_plan_same(a, b)) return false;
  return !a && !b;
}

static uint32_t window_for(tsn_plan *p, tsn_part_plan *part, const tsn_bover *over)
{
  tsn_window_plan *w;
  const tsn_bx *key;
  size_t i, keys = 0;
  for (i = 0; i < part->window_count; i++) {
    const tsn_bover *other = part->windows[i].over;
    if (other->frame == over->frame && other->begin == over->begin && other->end == over->end && same_keys(other->keys, over->keys))
      return (uint32_t)i;
  }
  w = &part->windows[part->window_count++];
  for (key = over->keys; key; key = key->next) keys++;
  *w = (tsn_window_plan){.over = over, .keys = tsn_arena_new_array(p->arena, uint32_t, keys + 1)};
  for (key = over->keys; key && w->keys; key = key->next) w->keys[w->key_count++] = slot_for(p, part, key);
  return (uint32_t)(w - part->windows);
}

static bool same_over(const tsn_over_plan *o, const tsn_bx *x, uint32_t window)
{
  const tsn_agg *a = o->agg, *b = x->agg;
  return o->window == window && a->kind == b->kind && a->distinct == b->distinct && tsn_plan_same(a->value, b->value) &&
         tsn_plan_same(a->value2, b->value2);
}

static void add_over(tsn_plan *p, tsn_part_plan *part, const tsn_bx *x)
{
  uint32_t window = window_for(p, part, x->over);
  const tsn_agg *agg = x->agg;
  tsn_over_plan *o;
  size_t i;
  for (i = 0; i < part->over_count; i++)
    if (same_over(&part->overs[i], x, window)) return;
  o = &part->overs[part->over_count++];
  *o = (tsn_over_plan){.agg = agg, .window = window, .slot = TSN_NONE, .slot2 = TSN_NONE};
  if (agg->value) o->slot = slot_for(p, part, agg->value);
  if (agg->value2 && agg->value2->kind != BX_CONST) o->slot2 = slot_for(p, part, agg->value2);
}

static void collect(tsn_plan *p, tsn_part_plan *part, const tsn_bx *x)
{
  const tsn_bx *arg;
  if (!x) return;
  if (x->kind == BX_OVER) add_over(p, part, x);
  if (x->kind == BX_COLUMN) slot_for(p, part, x);
  for (arg = x->args; arg; arg = arg->next) collect(p, part, arg);
  collect(p, part, x->otherwise);
}

/* Aggregates are numbered window by window. */
static void number(tsn_part_plan *part)
{
  uint32_t next = 0;
  size_t w, i;
  for (w = 0; w < part->window_count; w++)
    for (i = 0; i < part->over_count; i++)
      if (part->overs[i].window == w) part->overs[i].number = next++;
}

uint32_t tsn_plan_find_over(const tsn_plan *p, const tsn_bx *x)
{
  const tsn_part_plan *part = p->part;
  size_t i;
  for (i = 0; i < part->over_count; i++) {
    const tsn_bover *over = part->windows[part->overs[i].window].over;
    if (over->frame == x->over->frame && over->begin == x->over->begin && over->end == x->over->end &&
        same_over(&part->overs[i], x, part->overs[i].window) && same_keys(over->keys, x->over->keys))
      return part->overs[i].number;
  }
  return TSN_NONE;
}

void tsn_plan_windows(tsn_plan *p)
{
  const tsn_bound *q = p->q;
  bounds most = {.slots = p->slot_count};
  size_t i, k;
  for (i = 0; i < q->part_count; i++)
    for (k = 0; k < p->slot_count; k++)
      if (tsn_plan_is_late(q->parts[i].values[p->slots[k]])) count(q->parts[i].values[p->slots[k]], &most);
  p->parts = tsn_arena_new_array(p->arena, tsn_part_plan, q->part_count + 1);
  p->slot_types = tsn_arena_new_array(p->arena, uint32_t, most.slots + 1);
  if (!p->parts || !p->slot_types) return;
  for (k = 0; k < p->slot_count; k++) p->slot_types[k] = (uint32_t)q->shape->columns[p->slots[k]].type;
  p->slot_total = p->slot_count;
  for (i = 0; i < q->part_count; i++) {
    tsn_part_plan *part = &p->parts[i];
    part->part = &q->parts[i];
    part->values = tsn_arena_new_array(p->arena, const tsn_bx *, most.slots + 1);
    part->value_keys = tsn_arena_new_array(p->arena, uint64_t, most.slots + 1);
    part->overs = tsn_arena_new_array(p->arena, tsn_over_plan, most.overs + 1);
    part->windows = tsn_arena_new_array(p->arena, tsn_window_plan, most.overs + 1);
    if (!part->values || !part->value_keys || !part->overs || !part->windows) return;
    for (k = 0; k < p->slot_count; k++) {
      const tsn_bx *x = q->parts[i].values[p->slots[k]];
      if (!x || tsn_plan_is_late(x)) continue;
      part->values[k] = x;
      part->value_keys[k] = tsn_plan_hash(x);
    }
    for (k = 0; k < p->slot_count; k++)
      if (tsn_plan_is_late(q->parts[i].values[p->slots[k]])) collect(p, part, q->parts[i].values[p->slots[k]]);
    number(part);
  }
}

/* ---- records ---- */

static uint32_t constant_of(tsn_plan *p, const tsn_bx *x)
{
  tsn_str text;
  if (!x || x->kind != BX_CONST || x->is_null) return TSN_NONE;
  if (x->type == TOCSIN_DOUBLE) return tsn_image_add(p->image, SECTION_reals, &x->real, sizeof x->real);
  text = tsn_image_text(p->image, x->text, x->length);
  return tsn_image_add(p->image, SECTION_texts, &text, sizeof text);
}

static void emit_window(tsn_plan *p, const tsn_part_plan *part, uint32_t at)
{
  const tsn_window_plan *w = &part->windows[at];
  tsn_window_rec rec = {.kind = w->over->frame, .begin = w->over->begin, .end = w->over->end};
  size_t i;
  rec.keys = tsn_image_indices(p->image, w->keys, w->key_count);
  rec.overs.first = tsn_image_count(p->image, SECTION_overs, sizeof(tsn_over_rec));
  for (i = 0; i < part->over_count; i++) {
    const tsn_over_plan *o = &part->overs[i];
    tsn_over_rec over = {.aggregate = o->agg->kind, .type = TOCSIN_BIGINT, .distinct = o->agg->distinct, .slot = o->slot, .slot2 = o->slot2};
    if (o->window != at) continue;
    if (o->agg->value) over.type = (uint32_t)o->agg->value->type;
    if (o->agg->value2) over.type2 = (uint32_t)o->agg->value2->type;
    over.constant = constant_of(p, o->agg->value2);
    over.text = tsn_plan_text(p, o->agg->at);
    tsn_image_add(p->image, SECTION_overs, &over, sizeof over);
    rec.overs.count++;
  }
  tsn_image_add(p->image, SECTION_windows, &rec, sizeof rec);
}

/* Raw columns in late code are hidden slots. */
static uint32_t *late_slots(tsn_plan *p, tsn_part_plan *part)
{
  const tsn_bpart *b = part->part;
  size_t columns = tsn_raw_own(b) + (b->table ? b->table->shape.column_count : 0), k;
  uint32_t *slot_of = tsn_arena_new_array(p->arena, uint32_t, columns + 1);
  for (k = 0; slot_of && k < columns; k++) slot_of[k] = TSN_NONE;
  for (k = 0; slot_of && k < p->slot_total; k++)
    if (part->values[k] && part->values[k]->kind == BX_COLUMN && slot_of[part->values[k]->index] == TSN_NONE)
      slot_of[part->values[k]->index] = (uint32_t)k;
  return slot_of;
}

void tsn_plan_emit_windows(tsn_plan *p, tsn_part_plan *part, const uint32_t *columns, size_t column_count, tsn_part_rec *rec)
{
  tsn_late_rec *lates = tsn_arena_new_array(p->arena, tsn_late_rec, column_count + 1);
  uint32_t *raw = p->slot_of, w, lates_count = 0;
  size_t k;
  rec->windows.first = tsn_image_count(p->image, SECTION_windows, sizeof(tsn_window_rec));
  rec->windows.count = (uint32_t)part->window_count;
  rec->overs.first = tsn_image_count(p->image, SECTION_overs, sizeof(tsn_over_rec));
  rec->overs.count = (uint32_t)part->over_count;
  for (w = 0; w < part->window_count; w++) emit_window(p, part, w);
  p->part = part;
  p->slot_of = late_slots(p, part);
  for (k = 0; lates && p->slot_of && k < column_count; k++) {
    const tsn_bx *x = part->part->values[columns[k]];
    if (!tsn_plan_is_late(x)) continue;
    lates[lates_count++] = (tsn_late_rec){.slot = (uint32_t)k, .code = tsn_plan_code(p, x, MODE_ROW, TSN_NONE, 0)};
  }
  p->slot_of = raw;
  rec->lates.first = tsn_image_count(p->image, SECTION_lates, sizeof *lates);
  rec->lates.count = lates_count;
  for (k = 0; k < lates_count; k++) tsn_image_add(p->image, SECTION_lates, &lates[k], sizeof lates[k]);
}
