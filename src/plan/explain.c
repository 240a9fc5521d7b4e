/* A program as a person reads it: streams, automaton, registers, code. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "plan/arcs.h"
#include "plan/plan.h"
#include "program/tier.h"

static const char *const skip_names[] = {"PAST LAST ROW", "TO NEXT ROW", "TO a label's row", "NO SKIP"};

static void print_code(const tocsin_program *p, const tsn_code *code, const char *indent, tsn_bytes *out)
{
  uint32_t i;
  for (i = 0; i < code->instrs.count; i++) {
    const tsn_instr *in = &p->instrs[code->instrs.first + i];
    const tsn_op_info *op = &tsn_op_table[in->op];
    tsn_bytes_printf(out, "%s%3u  %-8s", indent, i, op->name);
    switch (op->operand) {
    case OPERAND_INTEGER: tsn_bytes_printf(out, " %lld", (long long)p->integers[in->a]); break;
    case OPERAND_REAL: tsn_bytes_printf(out, " %g", p->reals[in->a]); break;
    case OPERAND_TEXT: tsn_bytes_printf(out, " '%s'", tsn_program_text(p, p->texts[in->a])); break;
    case OPERAND_FUNCTION: tsn_bytes_printf(out, " %s", tsn_function_table[in->a].name); break;
    case OPERAND_HOST: tsn_bytes_printf(out, " %s", tsn_program_text(p, p->functions[in->a].name)); break;
    case OPERAND_NONE: break;
    default: tsn_bytes_printf(out, " %u", in->a); break;
    }
    if (in->x || in->y) tsn_bytes_printf(out, "  (%u, %u)", in->x, in->y);
    tsn_bytes_char(out, '\n');
  }
}

static void print_duration(const tsn_pattern_rec *q, int64_t d, tsn_bytes *out)
{
  char text[TSN_TIME_TEXT];
  if (q->time_type == TOCSIN_TIMESTAMP) tsn_bytes_append(out, text, tsn_interval_format(d, text));
  else if (q->time_type == TOCSIN_DOUBLE) tsn_bytes_append(out, text, tsn_format_double(tsn_double_of_time(d), text));
  else tsn_bytes_printf(out, "%lld", (long long)d);
}

static const char *label(const tocsin_program *p, const tsn_pattern_rec *q, uint32_t i)
{
  return tsn_program_text(p, p->labels[q->labels.first + i].name);
}

static void print_node(const tocsin_program *p, const tsn_pattern_rec *q, uint32_t i, tsn_bytes *out)
{
  const tsn_node_rec *n = &p->nodes[q->nodes.first + i];
  uint32_t k;
  tsn_bytes_printf(out, "  %c%3u  ", i == q->root ? '>' : ' ', i);
  switch (n->kind) {
  case NODE_ACCEPT: tsn_bytes_text(out, "accept\n"); return;
  case NODE_ROW: tsn_bytes_printf(out, "row %s%s", label(p, q, n->a), n->flags & NODE_EXCLUDED ? " (not shown)" : ""); break;
  case NODE_TIMER: {
    const tsn_timer_rec *t = &p->timers[q->timers.first + n->a];
    tsn_bytes_text(out, "timer !");
    for (k = 0; k < t->labels.count; k++) tsn_bytes_printf(out, "%s%s", k ? "|" : "", label(p, q, p->indices[t->labels.first + k]));
    tsn_bytes_text(out, " for ");
    if (t->kind == TIMER_DURATION) print_duration(q, t->duration, out);
    else tsn_bytes_text(out, t->kind == TIMER_DEADLINE_CODE ? "until an expression" : "an expression");
    break;
  }
  case NODE_GAP:
    tsn_bytes_text(out, n->flags & NODE_ANY ? "gap ->>" : "gap ->");
    if (n->flags & NODE_HAS_LO) {
      tsn_bytes_text(out, " from ");
      print_duration(q, n->lo, out);
    }
    if (n->flags & NODE_HAS_HI) {
      tsn_bytes_text(out, " to ");
      print_duration(q, n->hi, out);
    }
    break;
  case NODE_ABSENCE: tsn_bytes_printf(out, "absence !%s", label(p, q, n->a)); break;
  case NODE_SPLIT:
    tsn_bytes_text(out, "split");
    for (k = 0; k < n->b; k++) tsn_bytes_printf(out, " %u", p->indices[q->targets.first + n->a + k]);
    tsn_bytes_char(out, '\n');
    return;
  case NODE_ENTER:
  case NODE_TURN: {
    const tsn_loop_rec *l = &p->loops[q->loops.first + n->a];
    tsn_bytes_printf(out, "%s loop %u {%u,", n->kind == NODE_ENTER ? "enter" : "turn of", n->a, l->min);
    if (l->max != TSN_UNBOUNDED) tsn_bytes_printf(out, "%u", l->max);
    tsn_bytes_printf(out, "}%s body %u exit %u%s\n", l->greedy ? "" : " reluctant", l->body, l->exit,
                     l->counter == TSN_NO_COUNTER ? "" : " counted");
    return;
  }
  case NODE_PERMUTE:
    tsn_bytes_text(out, "permute");
    for (k = 0; k < n->b; k++) tsn_bytes_printf(out, " %u", p->indices[q->targets.first + n->a + k]);
    tsn_bytes_printf(out, " exit %u counter %u%s\n", n->next, n->c, n->b > 32 ? " and the next" : "");
    return;
  case NODE_FIRST: tsn_bytes_text(out, "^ first row"); break;
  default: tsn_bytes_text(out, "$ last row"); break;
  }
  tsn_bytes_printf(out, "  -> %u", n->next);
  if (n->live_count) {
    tsn_bytes_text(out, "   live:");
    for (k = 0; k < n->live_count; k++) tsn_bytes_printf(out, " %u", p->indices[n->live_first + k]);
  }
  tsn_bytes_char(out, '\n');
}

static void print_registers(const tocsin_program *p, const tsn_pattern_rec *q, tsn_bytes *out)
{
  static const char *const kinds[] = {[REG_LAST] = "LAST", [REG_FIRST] = "FIRST", [REG_LABELS] = "LABELS"};
  uint32_t i;
  if (q->regs.count) tsn_bytes_text(out, "  registers\n");
  for (i = 0; i < q->regs.count; i++) {
    const tsn_reg_rec *r = &p->regs[q->regs.first + i];
    tsn_bytes_printf(out, "   %3u  %s", i, r->kind == REG_AGG ? tsn_aggregate_table[r->aggregate].name : kinds[r->kind]);
    if (r->distinct) tsn_bytes_text(out, " of distinct values");
    if (r->kind == REG_FIRST) tsn_bytes_printf(out, " row %u", r->depth);
    if (r->cells) tsn_bytes_printf(out, "  cells %u to %u", r->cell, r->cell + r->cells - 1);
    else tsn_bytes_text(out, "  a list");
    if (r->held) tsn_bytes_text(out, tsn_keeps_list(r->aggregate) ? " hold a list" : " hold the values");
    tsn_bytes_printf(out, "%s%s\n", r->in_path ? "  in each path" : "", r->in_replay ? "  when rows are replayed" : "");
    print_code(p, &r->value, "          ", out);
    print_code(p, &r->value2, "          ", out);
  }
}

static const char *source_name(const tocsin_program *p, const tsn_part_rec *part)
{
  return tsn_program_text(p, part->kind == PART_PATTERN ? p->patterns[part->index].name : p->streams[part->index].name);
}

static void print_part_name(const tocsin_program *p, const tsn_part_rec *part, uint32_t i, tsn_bytes *out)
{
  tsn_bytes_printf(out, "%s %s", i ? "," : "", source_name(p, part));
}

static void print_value(const tocsin_program *p, const tsn_part_rec *part, const tsn_value_rec *v, tsn_bytes *out)
{
  if (v->slot != TSN_NONE && v->slot < part->slots.count) {
    tsn_bytes_printf(out, " column %u\n", p->indices[part->slots.first + v->slot]);
  } else if (v->slot != TSN_NONE) {
    tsn_bytes_printf(out, " joined column %u\n", p->indices[part->joined.first + v->slot - part->slots.count]);
  } else {
    tsn_bytes_text(out, v->code.instrs.count ? "\n" : " NULL\n");
    print_code(p, &v->code, "          ", out);
  }
}

static void print_join(const tocsin_program *p, const tsn_part_rec *part, tsn_bytes *out)
{
  const tsn_table_rec *t = &p->tables[part->table];
  uint32_t i;
  tsn_bytes_printf(out, "    joined with table %s\n", tsn_program_text(p, t->name));
  for (i = 0; i < part->keys.count; i++) {
    tsn_bytes_printf(out, "    key %s:", tsn_program_text(p, p->columns[t->columns.first + p->indices[t->keys.first + i]].name));
    print_value(p, part, &p->values[part->keys.first + i], out);
  }
}

static void print_distance(const tsn_pattern_rec *q, const tsn_window_rec *w, int64_t distance, tsn_bytes *out)
{
  if (w->kind == FRAME_ROWS || w->kind == FRAME_ALL_ROWS) tsn_bytes_printf(out, "%lld", (long long)distance);
  else print_duration(q, distance, out);
  tsn_bytes_text(out, " PRECEDING");
}

static void print_window(const tocsin_program *p, const tsn_pattern_rec *q, const tsn_part_rec *part, const tsn_window_rec *w, tsn_bytes *out)
{
  bool rows = w->kind == FRAME_ROWS || w->kind == FRAME_ALL_ROWS;
  uint32_t i;
  tsn_bytes_printf(out, "    window %s BETWEEN ", rows ? "ROWS" : "RANGE");
  if (w->kind == FRAME_ALL_ROWS || w->kind == FRAME_ALL_RANGE) tsn_bytes_text(out, "UNBOUNDED PRECEDING");
  else print_distance(q, w, w->begin, out);
  tsn_bytes_text(out, " AND ");
  if (w->end) print_distance(q, w, w->end, out);
  else tsn_bytes_text(out, "CURRENT ROW");
  for (i = 0; i < w->keys.count; i++) tsn_bytes_printf(out, "%s %u", i ? "," : ", by slot", p->indices[w->keys.first + i]);
  tsn_bytes_char(out, '\n');
  for (i = 0; i < w->overs.count; i++) {
    const tsn_over_rec *o = &p->overs[w->overs.first + i];
    tsn_bytes_printf(out, "      %u: %s", w->overs.first - part->overs.first + i, tsn_aggregate_table[o->aggregate].name);
    if (o->distinct) tsn_bytes_text(out, " of distinct values");
    if (o->slot != TSN_NONE) tsn_bytes_printf(out, " of slot %u", o->slot);
    else tsn_bytes_text(out, " of rows");
    if (o->slot2 != TSN_NONE) tsn_bytes_printf(out, " and slot %u", o->slot2);
    tsn_bytes_char(out, '\n');
  }
}

/* What is known of a row when those before it are. */
static void print_windows(const tocsin_program *p, const tsn_pattern_rec *q, const tsn_part_rec *part, tsn_bytes *out)
{
  uint32_t i;
  for (i = 0; i < part->windows.count; i++) print_window(p, q, part, &p->windows[part->windows.first + i], out);
  for (i = 0; i < part->lates.count; i++) {
    const tsn_late_rec *late = &p->lates[part->lates.first + i];
    tsn_bytes_printf(out, "    slot %u, when rows are in order:\n", late->slot);
    print_code(p, &late->code, "          ", out);
  }
}

/* What a part makes of its raw rows; nothing is said of one that gives them as they are. */
static void print_part(const tocsin_program *p, const tsn_pattern_rec *q, const tsn_part_rec *part, tsn_bytes *out)
{
  bool plain = q->parts.count == 1 && part->kind == PART_STREAM && part->where.instrs.count == 0 && part->table == TSN_NONE;
  uint32_t i;
  for (i = 0; i < part->values.count; i++) plain = plain && p->values[part->values.first + i].slot != TSN_NONE;
  if (plain) return;
  tsn_bytes_printf(out, "  rows of %s", source_name(p, part));
  if (part->kind == PART_PATTERN) {
    if (part->time_slot != TSN_NONE) tsn_bytes_text(out, ", at its output time");
  } else if (part->time_slot != TSN_NONE) {
    tsn_bytes_text(out, part->has_watermark ? ", watermark behind by " : ", in order of time");
    if (part->has_watermark) print_duration(q, part->delay, out);
  }
  tsn_bytes_char(out, '\n');
  if (part->table != TSN_NONE) print_join(p, part, out);
  if (part->where.instrs.count) {
    tsn_bytes_text(out, "    WHERE\n");
    print_code(p, &part->where, "          ", out);
  }
  for (i = 0; i < part->values.count; i++) {
    tsn_bytes_printf(out, "    slot %u:", i);
    print_value(p, part, &p->values[part->values.first + i], out);
  }
  print_windows(p, q, part, out);
}

/* The tier that the pattern gets, and why it is none of the faster ones. */
static void print_tier(const tocsin_program *p, uint32_t pattern, tsn_bytes *out)
{
  tsn_tier tier = tsn_tier_of(p, pattern), other;
  tsn_bytes_printf(out, "  tier %s: %s\n", tsn_tier_name(tier), tsn_tier_about(tier));
  for (other = (tsn_tier)(tier + 1); other < TSN_TIERS; other = (tsn_tier)(other + 1)) {
    const char *why = tsn_tier_refuses(p, pattern, other);
    tsn_bytes_printf(out, "    not %s: %s\n", tsn_tier_name(other), why ? why : "another one was asked for");
  }
}

/* Whether something ends every wait behind an element: a timer does for all, else each has its bound. */
static bool waits_end(const tsn_arcs *g, uint32_t from)
{
  bool all = true, timer = false;
  size_t i;
  for (i = 0; i < g->count; i++) {
    if (g->arcs[i].from != from) continue;
    timer = timer || g->elements[g->arcs[i].to].timer;
    all = all && g->arcs[i].bounded;
  }
  return all || timer;
}

static void print_arc(const tsn_arcs *g, const tsn_arc *a, tsn_bytes *out)
{
  static const char *const kinds[] = {"the next row as ", "the first later ", "every later "};
  const tsn_element *to = &g->elements[a->to];
  bool row = a->to >= TSN_DRAW_FIRST && !to->timer;
  tsn_bytes_printf(out, "      %s%s", !row ? "" : a->from == TSN_DRAW_START ? "a row as " : kinds[a->kind], a->to == TSN_DRAW_END ? "is complete" : to->name);
  if (*a->text) tsn_bytes_printf(out, ": %s", a->text);
  tsn_bytes_char(out, '\n');
}

/* What a path can do behind each element, and what bounds how long a start lives. */
static tocsin_status print_waits(const tocsin_program *p, const tsn_pattern_rec *q, tsn_bytes *out)
{
  bool bounded = q->within_kind != WITHIN_NONE || q->window_kind != WINDOW_NONE;
  tsn_arena arena;
  tsn_arcs g;
  tocsin_status st;
  uint32_t from, open = TSN_NONE;
  size_t i;
  tsn_arena_init(&arena, out->alloc, 0);
  st = tsn_arcs_find(&arena, p, (uint32_t)(q - p->patterns), &g);
  if (st == TOCSIN_OK) tsn_bytes_text(out, "  waits\n");
  for (from = 0; st == TOCSIN_OK && from < g.element_count; from++) {
    if (from == TSN_DRAW_END) continue;
    if (from >= TSN_DRAW_FIRST && open == TSN_NONE && !waits_end(&g, from)) open = from;
    tsn_bytes_printf(out, "    %s%s\n", from == TSN_DRAW_START ? "to begin" : "behind ", from == TSN_DRAW_START ? "" : g.elements[from].name);
    for (i = 0; i < g.count; i++)
      if (g.arcs[i].from == from) print_arc(&g, &g.arcs[i], out);
  }
  if (st == TOCSIN_OK) {
    if (bounded) tsn_bytes_printf(out, "  bound: a start is forgotten when %s is over\n", q->within_kind != WITHIN_NONE ? "WITHIN" : "its window");
    else if (open == TSN_NONE) tsn_bytes_text(out, "  bound: every wait ends by itself\n");
    else tsn_bytes_printf(out, "  bound: none; behind %s a path may wait for ever\n", g.elements[open].name);
  }
  if (st == TOCSIN_LIMIT) tsn_bytes_printf(out, "  waits: more elements, or ways from one to the next, than can be listed\n");
  tsn_arena_clear(&arena);
  return st == TOCSIN_LIMIT ? TOCSIN_OK : st;
}

static void print_pattern(const tocsin_program *p, const tsn_pattern_rec *q, tsn_bytes *out)
{
  uint32_t i;
  const char *name = tsn_program_text(p, q->name);
  tsn_bytes_printf(out, "pattern %s over", *name ? name : "(query)");
  for (i = 0; i < q->parts.count; i++) print_part_name(p, &p->parts[q->parts.first + i], i, out);
  tsn_bytes_char(out, '\n');
  print_tier(p, (uint32_t)(q - p->patterns), out);
  tsn_bytes_printf(out, "  AFTER MATCH SKIP %s, %s\n", skip_names[q->skip_kind], q->all_rows ? "ALL ROWS PER MATCH" : "ONE ROW PER MATCH");
  if (q->within_kind != WITHIN_NONE) {
    tsn_bytes_text(out, "  WITHIN ");
    if (q->within_kind == WITHIN_ROWS) tsn_bytes_printf(out, "%lld ROWS", (long long)q->within);
    else print_duration(q, q->within, out);
    tsn_bytes_char(out, '\n');
  }
  tsn_bytes_printf(out, "  kept: %u cell%s a path, %u counter%s, %s%s\n", q->path_cells, q->path_cells == 1 ? "" : "s", q->counters,
                   q->counters == 1 ? "" : "s", q->history ? "rows and labels of each path" : "no rows of a path",
                   q->ambiguous ? "; several derivations may give one match" : "");
  if (q->behind) tsn_bytes_printf(out, "  kept: the last %u row%s of each partition, for PREV\n", q->behind, q->behind == 1 ? "" : "s");
  for (i = 0; i < q->parts.count; i++) print_part(p, q, &p->parts[q->parts.first + i], out);
  if (print_waits(p, q, out) != TOCSIN_OK) out->failed = TOCSIN_NOMEM;
  tsn_bytes_text(out, "  automaton\n");
  for (i = 0; i < q->nodes.count; i++) print_node(p, q, i, out);
  print_registers(p, q, out);
  tsn_bytes_text(out, "  conditions\n");
  for (i = 0; i < q->labels.count; i++) {
    const tsn_label_rec *l = &p->labels[q->labels.first + i];
    tsn_bytes_printf(out, "    %s: %s\n", tsn_program_text(p, l->name),
                     l->condition.instrs.count == 0 ? "every row"
                     : l->condition.local            ? "reads its own row"
                                                     : "reads the path");
    print_code(p, &l->condition, "          ", out);
  }
}

static void print_functions(const tocsin_program *p, tsn_bytes *out)
{
  uint32_t i, k;
  for (i = 0; i < p->functions_count; i++) {
    const tsn_function_rec *f = &p->functions[i];
    tsn_bytes_printf(out, "function %s(", tsn_program_text(p, f->name));
    for (k = 0; k < f->arguments.count; k++)
      tsn_bytes_printf(out, "%s%s", k ? ", " : "", tocsin_type_name((tocsin_type)p->indices[f->arguments.first + k]));
    tsn_bytes_printf(out, ") RETURNS %s, %s\n", tocsin_type_name((tocsin_type)f->result),
                     f->needed ? "which the host supplies" : "which nothing calls");
  }
  if (p->functions_count) tsn_bytes_char(out, '\n');
}

tocsin_status tsn_explain_program(const tocsin_program *p, tsn_bytes *out)
{
  uint32_t i;
  print_functions(p, out);
  for (i = 0; i < p->patterns_count; i++) {
    if (i) tsn_bytes_char(out, '\n');
    print_pattern(p, &p->patterns[i], out);
  }
  return out->failed;
}
