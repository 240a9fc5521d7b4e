/* What paths do, as events: see tocsin/trace.h and trace.h.
 *
 * A path is told by the chain of its rows in history.c, which a program that was compiled for it keeps. Why a condition
 * is not TRUE is found by cutting it at its ANDs, as it runs and as it was written, and asking part after part. */
#include "run/trace.h"

#include <string.h>

#include "program/code.h"
#include "run/source.h"

bool tsn_trace_init(tsn_run *r, const tocsin_tracer *tracer)
{
  size_t most = r->slot_count > r->p->keys.count ? r->slot_count : r->p->keys.count;
  tsn_trace *t = tsn_alloc_array(r->alloc, 1, sizeof *t);
  if (!t) return tsn_run_nomem(r);
  tsn_arena_init(&t->arena, r->alloc, 0);
  t->tracer = tracer;
  r->trace = t;
  t->values = tsn_arena_new_array(&t->arena, tocsin_value, most + 2);
  t->keys = tsn_arena_new_array(&t->arena, tocsin_value, most + 2);
  t->names = tsn_arena_new_array(&t->arena, const char *, most + 2);
  t->marked = tsn_arena_new_array(&t->arena, bool, most + 2);
  t->labels = tsn_arena_new_array(&t->arena, const char *, (size_t)r->p->labels.count + 1);
  if (tsn_arena_failed(&t->arena) != TOCSIN_OK) return tsn_run_nomem(r);
  if (r->shapes) tsn_shapes_stop(r); /* steps that are remembered are not made */
  r->absorbs = false;
  r->texts.collect_at = SIZE_MAX;    /* corpses name texts, and are not visited */
  return true;
}

void tsn_trace_clear(tsn_run *r)
{
  tsn_trace *t = r->trace;
  if (!t) return;
  tsn_alloc_free(r->alloc, t->steps, t->step_cap * sizeof *t->steps);
  tsn_alloc_free(r->alloc, t->parts, t->part_cap * sizeof *t->parts);
  tsn_arena_clear(&t->arena);
  tsn_alloc_free(r->alloc, t, sizeof *t);
  r->trace = NULL;
}

static const char *label_name(const tsn_run *r, uint32_t label)
{
  return label == TSN_NONE ? "" : tsn_program_text(r->program, r->labels[label].name);
}

/* ---- values ---- */

static tocsin_value value_of(uint32_t type, const tsn_cell *loaded)
{
  tocsin_value v = {.type = (tocsin_type)type, .is_null = loaded->null};
  if (loaded->null) return v;
  if (type == TOCSIN_BOOLEAN) v.as.boolean = loaded->v.i != 0;
  else if (type == TOCSIN_DOUBLE) v.as.real = loaded->v.d;
  else if (type != TOCSIN_TEXT && type != TOCSIN_LIST) v.as.integer = loaded->v.i;
  else {
    v.as.text.bytes = loaded->length ? loaded->v.s : "";
    v.as.text.length = loaded->length;
  }
  return v;
}

/* Of a column: that of the stream, where rows are taken as they are. */
static const char *slot_name(const tsn_run *r, uint32_t slot)
{
  const tsn_part_rec *part = &r->program->parts[r->p->parts.first];
  const tsn_stream_rec *stream;
  if (r->p->parts.count != 1 || !r->sources[0].plain || part->kind != PART_STREAM || slot >= part->slots.count) return "";
  stream = &r->program->streams[part->index];
  return tsn_program_text(r->program, r->program->columns[stream->columns.first + r->program->indices[part->slots.first + slot]].name);
}

static size_t put_columns(tsn_run *r, const bool *marked)
{
  tsn_trace *t = r->trace;
  size_t count = 0;
  uint32_t k;
  for (k = 0; k < r->slot_count; k++) {
    if (marked ? !marked[k] : k == r->p->time_slot) continue; /* the time of a row is told anyway */
    t->values[count] = value_of(r->slot_types[k], &r->row[k]);
    t->names[count++] = slot_name(r, k);
  }
  return count;
}

static size_t put_key(tsn_run *r, uint32_t part)
{
  uint32_t k;
  for (k = 0; k < r->p->keys.count; k++) {
    uint32_t slot = r->program->indices[r->p->keys.first + k];
    tsn_cell c = tsn_load(r, r->partitions[part].keys[k], r->slot_is_text[slot]);
    r->trace->keys[k] = value_of(r->slot_types[slot], &c);
  }
  return r->p->keys.count;
}

static bool wanted(tsn_run *r, uint32_t part)
{
  const tocsin_tracer *tracer = r->trace->tracer;
  return !tracer->wants || tracer->wants(tracer->context, r->index, r->trace->keys, put_key(r, part));
}

/* ---- paths ---- */

/* The steps of a history, oldest first, in the scratch. */
static size_t put_steps(tsn_run *r, uint32_t history)
{
  tsn_trace *t = r->trace;
  size_t count = 0, at;
  uint32_t node;
  for (node = history; node != TSN_NONE; node = r->history.all[node].parent) count++;
  if (count > t->step_cap && !tsn_alloc_grow(r->alloc, (void **)&t->steps, &t->step_cap, count, sizeof *t->steps)) {
    tsn_run_nomem(r);
    return 0;
  }
  for (node = history, at = count; node != TSN_NONE; node = r->history.all[node].parent) {
    const tsn_hist *h = &r->history.all[node];
    bool timer = h->label == TSN_NONE;
    t->steps[--at] = (tocsin_trace_step){timer ? NULL : label_name(r, h->label), timer ? 0 : h->at + 1, timer ? h->at : 0};
  }
  return count;
}

static void tell(tsn_run *r, uint32_t part, tocsin_trace_event *e)
{
  const tocsin_tracer *tracer = r->trace->tracer;
  if (r->status != TOCSIN_OK || !wanted(r, part)) return;
  e->pattern = r->index;
  e->key = r->trace->keys;
  e->key_count = r->p->keys.count;
  if (!e->label) e->label = "";
  if (!e->absence) e->absence = "";
  if (!e->condition) e->condition = "";
  tracer->tell(tracer->context, e);
}

static tocsin_trace_event event_of_row(const tsn_run *r, uint32_t part, tocsin_trace_kind kind, int64_t time)
{
  return (tocsin_trace_event){.kind = kind, .row = r->partitions[part].rows, .time = time};
}

static void give_path(tsn_run *r, uint32_t item, tocsin_trace_event *e)
{
  e->step_count = put_steps(r, tsn_path_at(r, item)->history);
  e->steps = r->trace->steps;
}

/* ---- why a condition is not TRUE ---- */

/* Type of what code leaves; NULL: not known. */
static uint32_t type_of(const tsn_run *r, tsn_range code)
{
  const tsn_instr *in = &r->program->instrs[code.first + code.count - 1];
  tsn_range left, right;
  uint32_t i, a, b;
  switch ((tsn_opcode)in->op) {
  case OP_COL:
  case OP_PREV:
  case OP_NEXT: return r->slot_types[in->a];
  case OP_FIRST: return r->regs[in->a].type;
  case OP_CELL:
    for (i = 0; i < r->p->regs.count; i++)
      if (r->regs[i].kind != REG_AGG && in->a >= r->regs[i].cell && in->a < r->regs[i].cell + r->regs[i].cells) return r->regs[i].type;
    return TOCSIN_NULL;
  case OP_ADD_I:
  case OP_SUB_I:
  case OP_MUL_I:
  case OP_DIV_I:
  case OP_MOD_I: return TOCSIN_BIGINT;
  case OP_MUL_TI:
  case OP_MUL_TD:
  case OP_DIV_TI:
  case OP_DIV_TD: return TOCSIN_INTERVAL;
  case OP_ADD_T:
  case OP_SUB_T:
    if (!tsn_cut_two(r->program, code, &left, &right)) return TOCSIN_NULL;
    a = type_of(r, left);
    b = type_of(r, right);
    if (a == TOCSIN_TIMESTAMP && b == TOCSIN_TIMESTAMP) return TOCSIN_INTERVAL;
    return a == TOCSIN_TIMESTAMP || b == TOCSIN_TIMESTAMP ? TOCSIN_TIMESTAMP : a ? a : b;
  case OP_AGG:
  case OP_AGG_PEEK:
    return r->regs[in->a].aggregate == AGG_COUNT ? TOCSIN_BIGINT : TOCSIN_NULL;
  default: return TOCSIN_NULL;
  }
}

static bool is_constant(const tsn_run *r, tsn_range code)
{
  const tsn_instr *in = r->program->instrs + code.first;
  return code.count == 1 && (in->op == OP_INT || in->op == OP_REAL || in->op == OP_TEXT || in->op == OP_BOOL);
}

/* The sides of a comparison, where it is one whose types are known. */
static bool put_sides(tsn_run *r, const tsn_eval *eval, const tsn_code *part, tocsin_trace_event *e)
{
  tsn_opcode op = (tsn_opcode)r->program->instrs[part->instrs.first + part->instrs.count - 1].op;
  tsn_code left = *part, right = *part;
  tsn_cell a, b;
  uint32_t type;
  if (!tsn_cut_compare(r->program, part->instrs, &left.instrs, &right.instrs)) return false;
  type = op == OP_CMP_D ? TOCSIN_DOUBLE : op == OP_CMP_S ? TOCSIN_TEXT : type_of(r, left.instrs);
  if (type == TOCSIN_NULL) type = type_of(r, right.instrs);
  if (type == TOCSIN_NULL) return false;
  if (!tsn_eval_code(r, eval, &left, &a)) {
    tsn_run_forgive(r);
    return false;
  }
  r->trace->values[0] = value_of(type, &a);
  if (!tsn_eval_code(r, eval, &right, &b)) {
    tsn_run_forgive(r);
    return false;
  }
  r->trace->values[1] = value_of(type, &b);
  e->values = r->trace->values;
  e->value_count = 2;
  e->right_constant = is_constant(r, right.instrs);
  return true;
}

/* The bytes of a condition up to an AND outside brackets and quotes, that of BETWEEN apart. */
static size_t text_part(const char *text, size_t length)
{
  size_t i, depth = 0, between = 0;
  char quote = 0;
  for (i = 0; i < length; i++) {
    char c = text[i], before = i ? text[i - 1] : ' ';
    bool begins = before == ' ' || before == '\n' || before == '\t' || before == ')' || before == '(';
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(' || c == '[') {
      depth++;
    } else if ((c == ')' || c == ']') && depth) {
      depth--;
    } else if (begins && !depth && length - i >= 8 && !strncmp(text + i, "BETWEEN", 7)) {
      between++;
    } else if (begins && !depth && length - i >= 4 && ((text[i] | 32) == 'a' && (text[i + 1] | 32) == 'n' && (text[i + 2] | 32) == 'd') &&
               (text[i + 3] == ' ' || text[i + 3] == '\n' || text[i + 3] == '\t' || text[i + 3] == '(')) {
      if (!between) return i;
      between--;
    }
  }
  return length;
}

static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/* The text of part `number` of so many; where the text has another number of parts, all of it. */
static void put_text(tsn_run *r, const tsn_code *code, size_t number, size_t count, tocsin_trace_event *e)
{
  const char *text = code->text.length ? tsn_program_text(r->program, code->text) : "", *from = text, *end = text + code->text.length;
  size_t found = 0;
  e->condition = text;
  e->condition_length = code->text.length;
  while (from < end) {
    size_t length = text_part(from, (size_t)(end - from));
    if (found++ == number) {
      e->condition = from;
      e->condition_length = length;
    }
    from += length + (from + length < end ? 3 : 0);
  }
  if (found != count) {
    e->condition = text;
    e->condition_length = code->text.length;
  }
  while (e->condition_length && is_space(*e->condition)) e->condition++, e->condition_length--;
  while (e->condition_length && is_space(e->condition[e->condition_length - 1])) e->condition_length--;
}

/* The parts between the ANDs of a condition, the last first. */
static size_t cut(tsn_run *r, const tsn_code *code)
{
  tsn_trace *t = r->trace;
  tsn_range rest = code->instrs, right;
  size_t count = 0;
  bool more = true;
  while (more) {
    if (count == t->part_cap && !tsn_alloc_grow(r->alloc, (void **)&t->parts, &t->part_cap, count + 1, sizeof *t->parts)) {
      tsn_run_nomem(r);
      return 0;
    }
    more = tsn_cut_and(r->program, code->instrs.first, &rest, &right);
    t->parts[count++] = more ? right : rest;
  }
  return count;
}

/* Jumps count from the begin of all the code: what does not begin there cannot be run apart if it jumps. */
static bool runs_apart(const tsn_run *r, const tsn_code *code, tsn_range part)
{
  const tsn_instr *in = r->program->instrs + part.first, *end = in + part.count;
  if (part.first == code->instrs.first) return true;
  while (in < end && tsn_op_table[in->op].operand != OPERAND_JUMP) in++;
  return in == end;
}

static bool part_holds(tsn_run *r, const tsn_eval *eval, const tsn_code *piece, tocsin_trace_event *e, bool *holds)
{
  tsn_cell value;
  if (!tsn_eval_code(r, eval, piece, &value)) {
    tsn_run_forgive(r); /* where the run would not have asked */
    return false;
  }
  *holds = !value.null && value.v.i;
  e->is_null = value.null;
  return true;
}

static void give_read(tsn_run *r, const tsn_code *piece, tocsin_trace_event *e)
{
  uint32_t k;
  for (k = 0; k < r->slot_count; k++) r->trace->marked[k] = false;
  tsn_code_columns(r->program, piece, r->trace->marked);
  e->value_count = put_columns(r, r->trace->marked);
  e->values = r->trace->values;
  e->names = r->trace->names;
}

/* Why the row at hand is not under a label for a path with these cells: the first part that is not TRUE, or the only
 * one that cannot be run apart, or the condition as a whole. */
static void give_reason(tsn_run *r, const tsn_partition *part, uint32_t label, const tsn_cell *cells, tocsin_trace_event *e)
{
  const tsn_code *code = &r->labels[label].condition;
  tsn_eval eval = {.row = r->row, .partition = part, .number = part->rows - 1, .cells = cells, .final = cells, .label = label};
  size_t count = code->instrs.count ? cut(r, code) : 0, unknown = 0, last = 0, i;
  tsn_code piece = *code;
  for (i = 0; i < count; i++) {
    bool holds = true;
    piece.instrs = r->trace->parts[count - 1 - i];
    if (!runs_apart(r, code, piece.instrs)) {
      unknown++;
      last = i;
      continue;
    }
    if (!part_holds(r, &eval, &piece, e, &holds)) return;
    if (holds) {
      e->passed++;
      continue;
    }
    put_text(r, code, i, count, e);
    if (!put_sides(r, &eval, &piece, e)) give_read(r, &piece, e);
    return;
  }
  if (!unknown) return;
  piece.instrs = unknown == 1 ? r->trace->parts[count - 1 - last] : code->instrs;
  e->is_null = 0;
  if (unknown == 1) put_text(r, code, last, count, e);
  else put_text(r, code, count, count, e);
  give_read(r, &piece, e);
}

/* Whether the row at hand is under a label for a path, which the run need not have asked: what fails is not under it. */
static bool would_fit(tsn_run *r, uint32_t part, uint32_t label, const tsn_cell *cells)
{
  bool truth = false;
  if (!tsn_eval_label(r, &r->partitions[part], label, cells, &truth)) tsn_run_forgive(r);
  return truth && r->status == TOCSIN_OK;
}

/* ---- corpses ---- */

static tsn_corpse *corpse_of(tsn_run *r, uint32_t part, bool make)
{
  tsn_trace *t = r->trace;
  tsn_corpse *c;
  for (c = t->corpses; c; c = c->next)
    if (c->part == part && c->generation == r->partitions[part].generation) return c;
  if (!make) return NULL;
  c = tsn_arena_new(&t->arena, tsn_corpse);
  if (!c) {
    tsn_run_nomem(r);
    return NULL;
  }
  c->cells = tsn_arena_new_array(&t->arena, tsn_cell, r->p->path_cells + 1);
  c->part = part;
  c->generation = r->partitions[part].generation;
  c->next = t->corpses;
  t->corpses = c;
  if (!c->cells) tsn_run_nomem(r);
  return c->cells ? c : NULL;
}

/* Room in an array of the arena, whose content may go. */
static bool arena_room(tsn_run *r, void **array, size_t *cap, size_t need, size_t size)
{
  if (need <= *cap) return true;
  *array = tsn_arena_array(&r->trace->arena, need * 2, size);
  *cap = *array ? need * 2 : 0;
  return *array || tsn_run_nomem(r);
}

/* Keeps the longest path of a partition that has expired. */
static void bury(tsn_run *r, uint32_t item, tocsin_trace_bound bound, int64_t time)
{
  const tsn_path *i = tsn_path_at(r, item);
  tsn_corpse *c = corpse_of(r, r->starts[i->start].partition, true);
  size_t steps = put_steps(r, i->history);
  uint32_t count, k;
  const tsn_edge *edges = tsn_edges_of(r, i, &count);
  if (!c || steps < c->step_count || !arena_room(r, (void **)&c->steps, &c->step_cap, steps, sizeof *c->steps) ||
      !arena_room(r, (void **)&c->labels, &c->label_cap, count, sizeof *c->labels))
    return;
  c->step_count = steps;
  c->label_count = 0;
  c->time = time;
  c->bound = bound;
  if (steps) memcpy(c->steps, r->trace->steps, steps * sizeof *c->steps);
  for (k = 0; k < count; k++)
    if (edges[k].kind <= EDGE_ANY) c->labels[c->label_count++] = edges[k].label;
  if (r->bags.cell_count && c->kept) tsn_bags_release(r, c->cells);
  if (r->p->path_cells) memcpy(c->cells, tsn_path_cells(r, i), r->p->path_cells * sizeof *c->cells);
  if (r->bags.cell_count) tsn_bags_retain(r, c->cells);
  c->kept = true;
}

/* The row at hand may be what a corpse has waited for. */
static void try_corpse(tsn_run *r, uint32_t part, int64_t time)
{
  const tsn_corpse *c = corpse_of(r, part, false);
  size_t k;
  for (k = 0; c && k < c->label_count; k++) {
    tocsin_trace_event e = event_of_row(r, part, TOCSIN_TRACE_TOO_LATE, time);
    if (!would_fit(r, part, c->labels[k], c->cells)) continue;
    e.label = label_name(r, c->labels[k]);
    e.steps = c->steps;
    e.step_count = c->step_count;
    e.bound = c->bound;
    e.bound_time = c->time;
    tell(r, part, &e);
  }
}

/* ---- rows of other keys ---- */

static void try_item(tsn_run *r, uint32_t part, uint32_t item, int64_t time, uint32_t owner)
{
  const tsn_path *i = tsn_path_at(r, item);
  uint32_t count, k;
  const tsn_edge *edges = tsn_edges_of(r, i, &count);
  for (k = 0; k < count; k++) {
    tocsin_trace_event e = {.kind = TOCSIN_TRACE_OTHER_KEY, .time = time};
    if (edges[k].kind > EDGE_ANY || !tsn_mask_get(tsn_path_mask(i), k)) continue;
    if (!would_fit(r, part, edges[k].label, tsn_path_cells(r, i))) continue;
    e.label = label_name(r, edges[k].label);
    give_path(r, item, &e);
    e.value_count = put_columns(r, NULL);
    e.values = r->trace->values;
    e.names = r->trace->names;
    tell(r, owner, &e);
  }
}

static void try_others(tsn_run *r, uint32_t part, int64_t time)
{
  size_t owner;
  for (owner = 0; owner < r->partition_count; owner++) {
    uint32_t start;
    if (!r->partitions[owner].used || owner == part || !wanted(r, (uint32_t)owner)) continue;
    for (start = r->partitions[owner].first; start != TSN_NONE; start = r->starts[start].next) {
      uint32_t item;
      for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next)
        if (tsn_path_at(r, item)->state == ITEM_WAIT) try_item(r, part, item, time, (uint32_t)owner);
    }
  }
}

/* ---- what happens ---- */

static size_t put_labels(tsn_run *r, uint32_t part)
{
  size_t count = 0;
  uint32_t i;
  for (i = 0; i < r->p->labels.count; i++)
    if (r->labels[i].condition.local && would_fit(r, part, i, r->empty_cells)) r->trace->labels[count++] = label_name(r, i);
  return count;
}

void tsn_trace_row(tsn_run *r, uint32_t part, int64_t time)
{
  tocsin_trace_event e = event_of_row(r, part, TOCSIN_TRACE_ROW, time);
  if (!wanted(r, part)) {
    try_others(r, part, time);
    return;
  }
  e.value_count = put_columns(r, NULL);
  e.values = r->trace->values;
  e.names = r->trace->names;
  e.label_count = put_labels(r, part);
  e.labels = r->trace->labels;
  tell(r, part, &e);
  try_corpse(r, part, time);
}

void tsn_trace_skipped(tsn_run *r, uint32_t part, int64_t time)
{
  tocsin_trace_event e = event_of_row(r, part, TOCSIN_TRACE_SKIPPED, time);
  tell(r, part, &e);
}

void tsn_trace_unfit(tsn_run *r, uint32_t part, const tsn_edge *e, uint32_t absence, int64_t time)
{
  tocsin_trace_event out = event_of_row(r, part, TOCSIN_TRACE_UNFIT, time);
  out.label = label_name(r, e->label);
  out.absence = label_name(r, absence);
  if (absence == TSN_NONE) give_reason(r, &r->partitions[part], e->label, r->empty_cells, &out);
  tell(r, part, &out);
}

void tsn_trace_take(tsn_run *r, uint32_t part, uint32_t item, const tsn_edge *e, int64_t time)
{
  tocsin_trace_event out = event_of_row(r, part, TOCSIN_TRACE_TAKE, time);
  if (item != TSN_NONE && tsn_path_at(r, item)->state == ITEM_GHOST) return;
  out.label = label_name(r, e->label);
  if (item != TSN_NONE) give_path(r, item, &out);
  tell(r, part, &out);
}

void tsn_trace_refuse(tsn_run *r, uint32_t item, const tsn_edge *e, int64_t time)
{
  const tsn_path *i = tsn_path_at(r, item);
  uint32_t part = r->starts[i->start].partition;
  bool early = (e->flags & EDGE_HAS_LO) && tsn_time_passed(r, time, i->tau, e->lo) < 0;
  bool late = (e->flags & EDGE_HAS_HI) && tsn_time_passed(r, time, i->tau, e->hi) > 0;
  tocsin_trace_event out = event_of_row(r, part, e->kind == EDGE_STRICT ? TOCSIN_TRACE_STRICT : TOCSIN_TRACE_REFUSE, time);
  if (i->state != ITEM_WAIT || late) return; /* late: it expires, and that is told */
  out.label = label_name(r, e->label);
  if (early) {
    bool truth = would_fit(r, part, e->label, tsn_path_cells(r, i));
    if (truth) out.kind = TOCSIN_TRACE_EARLY;
    out.bound = truth ? TOCSIN_TRACE_GAP : TOCSIN_TRACE_NO_BOUND;
    out.bound_time = tsn_time_shift(r, i->tau, e->lo);
  }
  if (out.kind != TOCSIN_TRACE_EARLY) give_reason(r, &r->partitions[part], e->label, tsn_path_cells(r, i), &out);
  give_path(r, item, &out);
  tell(r, part, &out);
}

/* What an edge leads to: its label, or the first that its timer minds. */
static const char *goal(const tsn_run *r, const tsn_edge *e)
{
  if (e->kind <= EDGE_ANY) return label_name(r, e->label);
  return e->absence_count ? label_name(r, r->junctions.absences[e->absence_first]) : "";
}

void tsn_trace_killed(tsn_run *r, uint32_t item, const tsn_edge *e, uint32_t absence, int64_t time)
{
  uint32_t part = r->starts[tsn_path_at(r, item)->start].partition;
  tocsin_trace_event out = event_of_row(r, part, TOCSIN_TRACE_KILLED, time);
  if (tsn_path_at(r, item)->state != ITEM_WAIT) return;
  out.label = e->kind <= EDGE_ANY ? label_name(r, e->label) : "";
  out.absence = label_name(r, absence);
  give_path(r, item, &out);
  tell(r, part, &out);
}

void tsn_trace_timer(tsn_run *r, uint32_t item, const tsn_edge *e, int64_t time)
{
  tocsin_trace_event out = {.kind = TOCSIN_TRACE_TIMER, .time = time, .label = goal(r, e)};
  if (tsn_path_at(r, item)->state != ITEM_WAIT) return;
  give_path(r, item, &out);
  tell(r, r->starts[tsn_path_at(r, item)->start].partition, &out);
}

static void tell_end(tsn_run *r, uint32_t item, const tsn_edge *e, tocsin_trace_bound bound, int64_t time)
{
  tocsin_trace_event out = {.kind = bound ? TOCSIN_TRACE_EXPIRED : TOCSIN_TRACE_OVER, .time = time, .bound = bound, .bound_time = time};
  if (e->kind <= EDGE_ANY) out.label = label_name(r, e->label);
  else out.absence = goal(r, e);
  give_path(r, item, &out);
  tell(r, r->starts[tsn_path_at(r, item)->start].partition, &out);
}

void tsn_trace_expire(tsn_run *r, uint32_t item, int64_t time, bool all, bool rows_over)
{
  const tsn_path *i = tsn_path_at(r, item);
  const tsn_start *s = &r->starts[i->start];
  uint32_t count, k;
  const tsn_edge *edges = tsn_edges_of(r, i, &count);
  tocsin_trace_bound whole = r->p->within_kind == WITHIN_TIME && tsn_within_end(r, s) <= time ? TOCSIN_TRACE_WITHIN : TOCSIN_TRACE_WINDOW;
  bool buried = false;
  if (i->state != ITEM_WAIT) return;
  for (k = 0; k < count; k++) {
    const tsn_edge *e = &edges[k];
    bool gap = (e->flags & EDGE_HAS_HI) && tsn_time_shift(r, i->tau, e->hi) <= time, rows = rows_over && e->kind <= EDGE_ANY;
    tocsin_trace_bound bound = gap ? TOCSIN_TRACE_GAP : all ? whole : TOCSIN_TRACE_WITHIN_ROWS;
    if (!tsn_mask_get(tsn_path_mask(i), k) || e->kind == EDGE_LAST || !(gap || all || rows)) continue;
    tell_end(r, item, e, bound, time);
    if (!buried) bury(r, item, bound, time);
    buried = true;
  }
}

void tsn_trace_over(tsn_run *r, uint32_t item)
{
  const tsn_path *i = tsn_path_at(r, item);
  uint32_t count, k;
  const tsn_edge *edges = tsn_edges_of(r, i, &count);
  if (i->state != ITEM_WAIT) return;
  for (k = 0; k < count; k++)
    if (tsn_mask_get(tsn_path_mask(i), k) && edges[k].kind != EDGE_LAST) tell_end(r, item, &edges[k], TOCSIN_TRACE_NO_BOUND, r->moment_time);
}

/* Of an item, apart from rows. */
static void tell_item(tsn_run *r, uint32_t item, tocsin_trace_kind kind, int64_t time)
{
  tocsin_trace_event out = {.kind = kind, .time = time};
  give_path(r, item, &out);
  tell(r, r->starts[tsn_path_at(r, item)->start].partition, &out);
}

void tsn_trace_match(tsn_run *r, uint32_t item, int64_t time) { tell_item(r, item, TOCSIN_TRACE_MATCH, time); }

void tsn_trace_report(tsn_run *r, uint32_t item, bool timeout, int64_t time)
{
  tell_item(r, item, timeout ? TOCSIN_TRACE_TIMEOUT : TOCSIN_TRACE_REPORT, time);
}

void tsn_trace_swallowed(tsn_run *r, uint32_t start)
{
  uint32_t item;
  for (item = r->starts[start].head; item != TSN_NONE; item = tsn_path_at(r, item)->next)
    if (tsn_path_at(r, item)->state != ITEM_GHOST) tell_item(r, item, TOCSIN_TRACE_SWALLOWED, r->moment_time);
}
