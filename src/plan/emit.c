/* The block: sections filled pattern by pattern, then laid out once. */
#include <string.h>

#include "plan/plan.h"

uint32_t tsn_image_count(const tsn_image *image, tsn_section section, size_t size)
{
  return (uint32_t)(image->sections[section].length / size);
}

uint32_t tsn_image_add(tsn_image *image, tsn_section section, const void *record, size_t size)
{
  uint32_t at = tsn_image_count(image, section, size);
  tsn_bytes_append(&image->sections[section], record, size);
  return at;
}

tsn_str tsn_image_text(tsn_image *image, const char *text, size_t length)
{
  tsn_str s = {.offset = (uint32_t)image->sections[SECTION_strings].length, .length = (uint32_t)length};
  if (!text) return (tsn_str){.offset = TSN_NONE, .length = 0};
  tsn_bytes_append(&image->sections[SECTION_strings], text, length);
  tsn_bytes_char(&image->sections[SECTION_strings], 0);
  return s;
}

#define TEXT_SHOWN 120u /* bytes */

tsn_str tsn_plan_text(tsn_plan *p, tsn_span at)
{
  char line[TEXT_SHOWN + 4];
  size_t length = 0;
  uint32_t i;
  bool blank = false;
  for (i = at.from; i < at.to && length < TEXT_SHOWN; i++) {
    char c = p->text[i];
    bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
    if (space && blank) continue;
    line[length++] = space ? ' ' : c;
    blank = space;
  }
  if (i < at.to) {
    while (length > 0 && ((unsigned char)line[length - 1] & 0xc0) == 0x80) length--; /* no part of a character */
    if (length > 0 && (unsigned char)line[length - 1] >= 0xc0) length--;
    memcpy(line + length, "...", 3);
    length += 3;
  }
  return tsn_image_text(p->image, line, length);
}

static tsn_str name_of(tsn_image *image, const char *text) { return tsn_image_text(image, text, text ? strlen(text) : 0); }

tsn_range tsn_image_indices(tsn_image *image, const uint32_t *values, size_t count)
{
  tsn_range r = {.first = tsn_image_count(image, SECTION_indices, sizeof(uint32_t)), .count = (uint32_t)count};
  if (count) tsn_bytes_append(&image->sections[SECTION_indices], values, count * sizeof *values);
  return r;
}

static tsn_range emit_columns(tsn_image *image, const tsn_bstream *s)
{
  tsn_range range = {.first = tsn_image_count(image, SECTION_columns, sizeof(tsn_column_rec)), .count = (uint32_t)s->column_count};
  size_t j;
  for (j = 0; j < s->column_count; j++) {
    tsn_column_rec c = {.name = name_of(image, s->columns[j].name),
                        .path = name_of(image, s->columns[j].path),
                        .type = (uint8_t)s->columns[j].type,
                        .unit = (uint8_t)s->columns[j].unit,
                        .not_null = s->columns[j].not_null != 0,
                        .needed = s->needed[j]};
    tsn_image_add(image, SECTION_columns, &c, sizeof c);
  }
  return range;
}

static void emit_streams(tsn_image *image, const tsn_bound_script *script)
{
  size_t i;
  for (i = 0; i < script->stream_count; i++) {
    const tsn_bstream *s = &script->streams[i];
    tsn_stream_rec rec = {.name = name_of(image, s->name),
                          .columns = emit_columns(image, s),
                          .event_time = s->event_time,
                          .has_watermark = s->has_watermark,
                          .delay = s->delay};
    tsn_image_add(image, SECTION_streams, &rec, sizeof rec);
  }
}

static void emit_tables(tsn_image *image, const tsn_bound_script *script)
{
  size_t i;
  for (i = 0; i < script->table_count; i++) {
    const tsn_btable *t = &script->tables[i];
    tsn_table_rec rec = {.name = name_of(image, t->shape.name), .columns = emit_columns(image, &t->shape)};
    rec.keys = tsn_image_indices(image, t->keys, t->key_count);
    tsn_image_add(image, SECTION_tables, &rec, sizeof rec);
  }
}

static void emit_functions(tsn_image *image, const tsn_bound_script *script)
{
  uint32_t types[TSN_ARGUMENTS_MAX];
  size_t i, j;
  for (i = 0; i < script->function_count; i++) {
    const tsn_bfunction *f = &script->functions[i];
    tsn_function_rec rec = {.name = name_of(image, f->name), .result = (uint32_t)f->result, .needed = f->needed};
    for (j = 0; j < f->argument_count; j++) types[j] = (uint32_t)f->arguments[j];
    rec.arguments = tsn_image_indices(image, types, f->argument_count);
    tsn_image_add(image, SECTION_functions, &rec, sizeof rec);
  }
}

/* The path cells that live behind an element, as a list of numbers. */
static tsn_range live_cells(tsn_plan *p, const uint64_t *live)
{
  tsn_range r = {.first = tsn_image_count(p->image, SECTION_indices, sizeof(uint32_t)), .count = 0};
  uint32_t i;
  for (i = 0; live && i < p->path_cells; i++)
    if (live[i / 64] >> (i % 64) & 1) {
      tsn_image_add(p->image, SECTION_indices, &i, sizeof i);
      r.count++;
    }
  return r;
}

static void emit_nodes(tsn_plan *p, tsn_pattern_rec *rec)
{
  size_t i;
  uint32_t first_target = tsn_image_count(p->image, SECTION_indices, sizeof(uint32_t));
  rec->targets = tsn_image_indices(p->image, p->targets, p->target_count);
  rec->targets.first = first_target;
  rec->nodes.first = tsn_image_count(p->image, SECTION_nodes, sizeof(tsn_node_rec));
  rec->nodes.count = (uint32_t)p->node_count;
  for (i = 0; i < p->node_count; i++) {
    tsn_node_rec n = p->nodes[i].rec;
    if (n.kind == NODE_ROW || n.kind == NODE_TIMER) {
      tsn_range live = live_cells(p, p->nodes[n.next].live);
      n.live_first = live.first;
      n.live_count = live.count;
    }
    tsn_image_add(p->image, SECTION_nodes, &n, sizeof n);
  }
  rec->loops.first = tsn_image_count(p->image, SECTION_loops, sizeof(tsn_loop_rec));
  rec->loops.count = (uint32_t)p->loop_count;
  for (i = 0; i < p->loop_count; i++) tsn_image_add(p->image, SECTION_loops, &p->loops[i], sizeof p->loops[i]);
}

static void emit_timers(tsn_plan *p, tsn_pattern_rec *rec)
{
  tsn_timer_rec *recs = tsn_arena_new_array(p->arena, tsn_timer_rec, p->timer_count + 1);
  size_t i;
  if (!recs) return;
  for (i = 0; i < p->timer_count; i++) {
    const tsn_bpat *t = p->timers[i];
    recs[i].labels = tsn_image_indices(p->image, t->labels, t->label_count);
    recs[i].duration = t->duration;
    if (!t->duration_expr) continue;
    recs[i].kind = t->duration_expr->type == TOCSIN_TIMESTAMP ? TIMER_DEADLINE_CODE : TIMER_DURATION_CODE;
    recs[i].code = tsn_plan_code(p, t->duration_expr, MODE_TIMER, TSN_NONE, 0);
  }
  rec->timers.first = tsn_image_count(p->image, SECTION_timers, sizeof *recs);
  rec->timers.count = (uint32_t)p->timer_count;
  for (i = 0; i < p->timer_count; i++) tsn_image_add(p->image, SECTION_timers, &recs[i], sizeof recs[i]);
}

static void emit_labels(tsn_plan *p, tsn_pattern_rec *rec)
{
  const tsn_bound *q = p->q;
  tsn_label_rec *recs = tsn_arena_new_array(p->arena, tsn_label_rec, q->label_count + 1);
  uint32_t i, k;
  if (!recs) return;
  for (i = 0; i < q->label_count; i++) {
    recs[i].name = name_of(p->image, q->labels[i].name);
    recs[i].condition = tsn_plan_code(p, q->labels[i].condition, MODE_LABEL, i, 0);
    recs[i].updates.first = tsn_image_count(p->image, SECTION_indices, sizeof(uint32_t));
    for (k = 0; k < p->reg_count; k++) {
      if (!tsn_plan_set_has(p->regs[k].set, i)) continue;
      tsn_image_add(p->image, SECTION_indices, &k, sizeof k);
      recs[i].updates.count++;
    }
  }
  rec->labels.first = tsn_image_count(p->image, SECTION_labels, sizeof *recs);
  rec->labels.count = (uint32_t)q->label_count;
  for (i = 0; i < q->label_count; i++) tsn_image_add(p->image, SECTION_labels, &recs[i], sizeof recs[i]);
}

static void emit_registers(tsn_plan *p, tsn_pattern_rec *rec)
{
  tsn_reg_rec *recs = tsn_arena_new_array(p->arena, tsn_reg_rec, p->reg_count + 1);
  size_t i;
  if (!recs) return;
  for (i = 0; i < p->reg_count; i++) {
    const tsn_reg_plan *r = &p->regs[i];
    recs[i] = (tsn_reg_rec){.kind = (uint32_t)r->kind,
                            .aggregate = (uint32_t)r->aggregate,
                            .type = r->value ? (uint32_t)r->value->type : TOCSIN_BIGINT,
                            .type2 = r->value2 ? (uint32_t)r->value2->type : TOCSIN_NULL,
                            .cell = r->cell,
                            .cells = r->cells,
                            .depth = r->kind == REG_AGG ? r->list : r->depth,
                            .distinct = r->distinct,
                            .held = r->held,
                            .in_path = r->in_path,
                            .in_replay = r->in_replay};
    recs[i].value = tsn_plan_code(p, r->value, MODE_ROW, TSN_NONE, r->physical);
    recs[i].value2 = tsn_plan_code(p, r->value2, MODE_ROW, TSN_NONE, r->physical);
    if (r->kind == REG_AGG && r->value) recs[i].value.text = tsn_plan_text(p, r->at);
  }
  rec->regs.first = tsn_image_count(p->image, SECTION_regs, sizeof *recs);
  rec->regs.count = (uint32_t)p->reg_count;
  for (i = 0; i < p->reg_count; i++) tsn_image_add(p->image, SECTION_regs, &recs[i], sizeof recs[i]);
}

static void emit_outputs(tsn_plan *p, tsn_pattern_rec *rec)
{
  const tsn_bound *q = p->q;
  size_t i;
  rec->inner.first = tsn_image_count(p->image, SECTION_inner, sizeof(tsn_inner_rec));
  rec->inner.count = (uint32_t)q->inner_count;
  for (i = 0; i < q->inner_count; i++) {
    tsn_inner_rec r = {.name = name_of(p->image, q->inner[i].name), .type = (uint32_t)q->inner[i].type, .is_measure = q->inner[i].is_measure};
    r.code = tsn_plan_code(p, q->inner[i].value, q->inner[i].is_measure ? MODE_MATCH : MODE_ROW, TSN_NONE, 0);
    tsn_image_add(p->image, SECTION_inner, &r, sizeof r);
  }
  rec->outputs.first = tsn_image_count(p->image, SECTION_outputs, sizeof(tsn_output_rec));
  rec->outputs.count = (uint32_t)q->output_count;
  for (i = 0; i < q->output_count; i++) {
    const tsn_bx *x = q->outputs[i].value;
    tsn_output_rec r = {.name = name_of(p->image, q->outputs[i].name),
                        .type = (uint32_t)(x->type == TOCSIN_NULL ? TOCSIN_TEXT : x->type),
                        .from_inner = x->kind == BX_INNER ? x->index : TSN_NONE};
    if (r.from_inner == TSN_NONE) r.code = tsn_plan_code(p, x, MODE_OUTER, TSN_NONE, 0);
    tsn_image_add(p->image, SECTION_outputs, &r, sizeof r);
  }
  rec->where = tsn_plan_code(p, q->where, MODE_OUTER, TSN_NONE, 0);
}

/* Absences at the start: labels whose last row's time a partition keeps. */
static void start_absences(tsn_plan *p, tsn_pattern_rec *rec)
{
  bool *wanted = tsn_arena_new_array(p->arena, bool, p->q->label_count + 1);
  bool *visited = tsn_arena_new_array(p->arena, bool, p->node_count + 1);
  uint32_t *stack = tsn_arena_new_array(p->arena, uint32_t, p->node_count * 2 + p->target_count + 2);
  uint32_t i;
  size_t depth = 0;
  if (!wanted || !visited || !stack) return;
  stack[depth++] = p->root;
  while (depth) {
    uint32_t node = stack[--depth];
    const tsn_node_rec *n = &p->nodes[node].rec;
    if (visited[node]) continue;
    visited[node] = true;
    switch (n->kind) {
    case NODE_ROW:
    case NODE_ACCEPT: break;
    case NODE_SPLIT:
      for (i = 0; i < n->b; i++) stack[depth++] = p->targets[n->a + i];
      break;
    case NODE_PERMUTE:
      for (i = 0; i < n->b; i++) stack[depth++] = p->targets[n->a + i];
      if (n->flags & NODE_SILENT) stack[depth++] = n->next;
      break;
    case NODE_ENTER: /* where a turn is needed, only an empty one leads behind the loop: by its NODE_TURN */
    case NODE_TURN:
      stack[depth++] = p->loops[n->a].body;
      if (n->kind == NODE_TURN || p->loops[n->a].min == 0) stack[depth++] = p->loops[n->a].exit;
      break;
    case NODE_TIMER:
      for (i = 0; i < p->timers[n->a]->label_count; i++) wanted[p->timers[n->a]->labels[i]] = true;
      stack[depth++] = n->next;
      break;
    default: stack[depth++] = n->next; break;
    }
  }
  rec->start_absences.first = tsn_image_count(p->image, SECTION_indices, sizeof(uint32_t));
  for (i = 0; i < p->q->label_count; i++)
    if (wanted[i]) {
      tsn_image_add(p->image, SECTION_indices, &i, sizeof i);
      rec->start_absences.count++;
    }
}

static bool is_match_value(const tsn_bx *x, const void *which)
{
  return x->kind == BX_MATCH && x->index == *(const uint32_t *)which;
}

static bool reads_match(const tsn_bound *q, tsn_match_value which)
{
  const uint32_t index = (uint32_t)which;
  size_t i;
  for (i = 0; i < q->inner_count; i++)
    if (tsn_bx_any(q->inner[i].value, is_match_value, &index)) return true;
  return false;
}

static tsn_range stream_list(tsn_image *image, const tsn_bound *q, size_t stream_count)
{
  tsn_range r = {.first = tsn_image_count(image, SECTION_indices, sizeof(uint32_t)), .count = 0};
  uint32_t i;
  for (i = 0; i < stream_count; i++)
    if (q->streams[i]) {
      tsn_image_add(image, SECTION_indices, &i, sizeof i);
      r.count++;
    }
  return r;
}

static void plan_pattern(tsn_arena *arena, tsn_image *image, const tsn_bound_script *script, const tsn_bound *q, tsn_diag *diag)
{
  tsn_plan plan = {.arena = arena, .diag = diag, .q = q, .text = script->text, .image = image}, *p = &plan;
  tsn_pattern_rec rec = {.name = {0, 0}};
  tsn_order_rec order;
  uint32_t *keys;
  size_t i;
  tsn_plan_nfa(p);
  if (p->status || tsn_arena_failed(arena)) return;
  tsn_plan_slots(p);
  if (tsn_arena_failed(arena)) return;
  tsn_plan_windows(p);
  if (tsn_arena_failed(arena)) return;
  tsn_plan_registers(p);
  if (p->status || tsn_arena_failed(arena)) return;
  tsn_plan_check(p);
  if (tsn_arena_failed(arena) || !tsn_diag_ok(diag)) return;
  tsn_plan_share(p);
  keys = tsn_arena_new_array(arena, uint32_t, q->key_count + 1);
  if (!keys) return;
  rec.name = name_of(image, q->name);
  rec.time_slot = q->time_column >= 0 ? p->slot_of[q->time_column] : TSN_NONE;
  rec.time_type = (uint32_t)q->time_type;
  rec.within_kind = (uint32_t)q->within_kind;
  rec.within = q->within;
  rec.window_kind = (uint32_t)q->window_kind;
  rec.window = q->window;
  rec.whole_windows = q->window_kind == WINDOW_SESSION && reads_match(q, MATCH_VALUE_WINDOW_END);
  rec.slots = tsn_image_indices(image, p->slot_types, p->slot_total);
  for (i = 0; i < q->key_count; i++) keys[i] = p->slot_of[q->keys[i]];
  rec.keys = tsn_image_indices(image, keys, q->key_count);
  rec.orders.first = tsn_image_count(image, SECTION_orders, sizeof order);
  rec.orders.count = (uint32_t)q->order_count;
  for (i = 0; i < q->order_count; i++) {
    order = (tsn_order_rec){.slot = p->slot_of[q->orders[i].column], .descending = q->orders[i].descending};
    tsn_image_add(image, SECTION_orders, &order, sizeof order);
  }
  rec.root = p->root;
  rec.counters = p->counters;
  rec.path_cells = p->path_cells;
  rec.cells = p->cells;
  rec.lists = p->lists;
  rec.skip_kind = (uint32_t)q->skip_kind;
  rec.skip_cell = p->skip_cell;
  rec.skip_label = name_of(image, q->skip_label ? q->skip_label : "").offset;
  rec.skip_miss_next = q->skip_miss_next;
  rec.drops = q->drops;
  rec.tier = (uint32_t)(q->traced ? TIER_PATHS : q->tier);
  rec.traced = q->traced;
  rec.all_rows = q->all_rows;
  rec.empty_kind = (uint32_t)q->empty_kind;
  rec.timeouts = q->timeouts;
  rec.ambiguous = tsn_plan_is_ambiguous(p);
  rec.history = p->replay || (q->skip_kind == MATCH_SKIP_NONE && rec.ambiguous) || q->empty_kind == MATCH_UNMATCHED || q->traced;
  rec.behind = p->behind;
  rec.ahead = (p->has_last || rec.whole_windows) && p->ahead == 0 ? 1 : p->ahead; /* whether $ holds is known when a row waits for the next */
  rec.has_first = p->has_first;
  rec.has_last = p->has_last;
  rec.has_timers = p->timer_count > 0;
  rec.has_bounds = p->has_bounds;
  rec.sorts_all = q->sorts_all;
  rec.sequential = q->sequential;
  start_absences(p, &rec);
  rec.keep_idle = p->behind || p->has_first || rec.start_absences.count || reads_match(q, MATCH_VALUE_NUMBER) ||
                  reads_match(q, MATCH_VALUE_ID) || q->window_kind != WINDOW_NONE || q->sequential || q->empty_kind == MATCH_UNMATCHED || q->traced;
  rec.fingerprint = tsn_hash_bytes(q->text, q->text_length, 0);
  emit_nodes(p, &rec);
  emit_timers(p, &rec);
  emit_labels(p, &rec);
  emit_registers(p, &rec);
  emit_outputs(p, &rec);
  rec.parts = tsn_plan_parts(p);
  rec.streams = stream_list(image, q, script->stream_count);
  tsn_image_add(image, SECTION_patterns, &rec, sizeof rec);
}

/* Lays the sections out behind the header, each at a multiple of 8. */
static tocsin_status lay_out(tsn_image *image, char **block, size_t *length)
{
  static const size_t sizes[TSN_SECTIONS] = {
#define SECTION(name, type) sizeof(type),
#include "program/sections.def"
#undef SECTION
  };
  tsn_header header = {.magic = TSN_PROGRAM_MAGIC, .version = TSN_PROGRAM_VERSION};
  size_t at = sizeof header, i;
  char *out;
  for (i = 0; i < TSN_SECTIONS; i++) {
    if (image->sections[i].failed) return image->sections[i].failed;
    at = (at + 7) & ~(size_t)7;
    header.sections[i].offset = at;
    header.sections[i].count = image->sections[i].length / sizes[i];
    at += image->sections[i].length;
  }
  if (at > TSN_PROGRAM_MAX) return TOCSIN_LIMIT;
  header.length = at;
  out = tsn_alloc_array(image->alloc, at, 1);
  if (!out) return TOCSIN_NOMEM;
  for (i = 0; i < TSN_SECTIONS; i++)
    if (image->sections[i].length) memcpy(out + header.sections[i].offset, image->sections[i].data, image->sections[i].length);
  memcpy(out, &header, sizeof header);
  header.checksum = tsn_hash_bytes(out + offsetof(tsn_header, sections), at - offsetof(tsn_header, sections), TSN_PROGRAM_VERSION);
  memcpy(out, &header, sizeof header);
  *block = out;
  *length = at;
  return TOCSIN_OK;
}

/* A tier that was asked for has to be able to do it. */
static void check_tiers(const tocsin_program *p, const tsn_bound_script *script, tsn_diag *diag)
{
  uint32_t i, pattern = 0;
  for (i = 0; i < script->pattern_count; i++) {
    const tsn_bound *q = script->patterns[i];
    const char *why = q->pattern ? tsn_tier_refuses(p, pattern, q->tier) : NULL;
    if (why) tsn_diag_add(diag, TSN_E1021, q->tier_at, NULL, "tier '%s' is not for this pattern, because %s", tsn_tier_name(q->tier), why);
    pattern += q->pattern != NULL;
  }
}

tocsin_status tsn_plan_program(tsn_arena *arena, tsn_alloc *alloc, const tsn_bound_script *script, tsn_diag *diag,
                               tocsin_program **out)
{
  tsn_image image = {.alloc = alloc};
  tocsin_status st = TOCSIN_OK;
  char *block = NULL;
  size_t length = 0, i;
  for (i = 0; i < TSN_SECTIONS; i++) tsn_bytes_init(&image.sections[i], alloc, TSN_PROGRAM_MAX);
  emit_streams(&image, script);
  emit_tables(&image, script);
  emit_functions(&image, script);
  for (i = 0; i < script->pattern_count; i++)
    if (script->patterns[i]->pattern) plan_pattern(arena, &image, script, script->patterns[i], diag);
  st = tsn_arena_failed(arena);
  if (st == TOCSIN_OK && tsn_diag_ok(diag)) {
    st = lay_out(&image, &block, &length);
    if (st == TOCSIN_OK) st = tsn_program_adopt(alloc, block, length, out);
    if (st == TOCSIN_OK) check_tiers(*out, script, diag);
  }
  for (i = 0; i < TSN_SECTIONS; i++) tsn_bytes_clear(&image.sections[i]);
  return st;
}
