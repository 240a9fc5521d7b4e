/* The match of a start from its kept rows.
 *
 * The table tier knows of a start no more than its shape and times. When it has succeeded, its rows are gone through
 * once more, by the steps and events that are remembered (shape.c):
 *
 *   rows    1    2    .    3         and the times between them, at which timers completed
 *   shapes  A -> B -> C -> C -> D    D has a match
 *
 * Then back from the item that is the match: each step tells which item it was before, and under which label it took
 * the row. So the labels of the rows are known, and registers are moved by these rows alone. */
#include <string.h>

#include "base/time.h"
#include "run/guards.h"
#include "run/queue.h"
#include "run/shape.h"

#define NO_ROW (-1)

/* What a row under a label does to a register whose value is a column, or nothing: COUNT(*). */
typedef struct plain_update {
  const tsn_reg_rec *reg;
  uint32_t column; /* TSN_NONE: none */
} plain_update;

/* A step, or an event. */
typedef struct passed {
  int64_t row;  /* that it is of; NO_ROW: a time */
  int64_t time;
  uint32_t move_first;
  uint32_t label; /* under which the match took it; TSN_NONE */
  bool fired;     /* at which a timer of the match has completed */
} passed;

struct tsn_retraced {
  passed *way;
  size_t count, cap;
  plain_update *plain; /* of all labels, */
  size_t plain_count, plain_cap;
  uint32_t *plain_first, *plain_end; /* by label: its own; end TSN_NONE: something has to be evaluated */
};

/* ---- which registers need no evaluation ---- */

static bool is_plain(const tsn_run *r, const tsn_reg_rec *reg)
{
  const tsn_instr *in = r->program->instrs + reg->value.instrs.first;
  if (reg->kind == REG_LABELS || reg->held || reg->distinct || reg->value2.instrs.count) return false;
  if (reg->kind == REG_AGG && !reg->cells) return false;
  return !reg->value.instrs.count || (reg->value.instrs.count == 1 && in->op == OP_COL);
}

/* The updates of a label, behind those of the labels before it. */
static bool add_plain(tsn_run *r, uint32_t label)
{
  struct tsn_retraced *t = r->retraced;
  const uint32_t *regs = r->program->indices + r->labels[label].updates.first;
  size_t first = t->plain_count;
  bool all = true;
  uint32_t k;
  for (k = 0; k < r->labels[label].updates.count && all; k++) {
    const tsn_reg_rec *reg = &r->regs[regs[k]];
    if (!reg->in_path) continue;
    all = is_plain(r, reg);
    if (!tsn_run_room(r, (void **)&t->plain, &t->plain_cap, t->plain_count + 1, sizeof *t->plain)) return false;
    t->plain[t->plain_count++] =
        (plain_update){.reg = reg, .column = reg->value.instrs.count ? r->program->instrs[reg->value.instrs.first].a : TSN_NONE};
  }
  if (!all) t->plain_count = first;
  t->plain_end[label] = all ? (uint32_t)t->plain_count : TSN_NONE;
  t->plain_first[label] = (uint32_t)first;
  return true;
}

bool tsn_retrace_init(tsn_run *r)
{
  struct tsn_retraced *t;
  uint32_t i;
  if (!r->retraces) return true;
  if (!(t = r->retraced = tsn_alloc_array(r->alloc, 1, sizeof *t))) return tsn_run_nomem(r);
  t->plain_first = tsn_alloc_array(r->alloc, r->p->labels.count + 1, sizeof *t->plain_first);
  t->plain_end = tsn_alloc_array(r->alloc, r->p->labels.count + 1, sizeof *t->plain_end);
  if (!t->plain_first || !t->plain_end) return tsn_run_nomem(r);
  for (i = 0; i < r->p->labels.count; i++)
    if (!add_plain(r, i)) return false;
  return true;
}

void tsn_retrace_clear(tsn_run *r)
{
  struct tsn_retraced *t = r->retraced;
  if (!t) return;
  tsn_alloc_free(r->alloc, t->way, t->cap * sizeof *t->way);
  tsn_alloc_free(r->alloc, t->plain, t->plain_cap * sizeof *t->plain);
  tsn_alloc_free(r->alloc, t->plain_first, t->plain_first ? (r->p->labels.count + 1) * sizeof *t->plain_first : 0);
  tsn_alloc_free(r->alloc, t->plain_end, t->plain_end ? (r->p->labels.count + 1) * sizeof *t->plain_end : 0);
  tsn_alloc_free(r->alloc, t, sizeof *t);
  r->retraced = NULL;
}

/* ---- forth ---- */

typedef struct walk {
  tsn_bunch at;  /* where the start is */
  bool known;    /* so far */
  int64_t end;   /* of its time */
} walk;

static bool is_decided(const tsn_run *r, const walk *w) { return w->at.shape != TSN_NONE && r->flat.facts[w->at.shape].decided; }

static bool pass(tsn_run *r, walk *w, const tsn_step *to, uint32_t move_first, int64_t row, int64_t time)
{
  struct tsn_retraced *t = r->retraced;
  if (t->count == t->cap && !tsn_alloc_grow(r->alloc, (void **)&t->way, &t->cap, t->count + 1, sizeof *t->way)) return tsn_run_nomem(r);
  t->way[t->count++] = (passed){.row = row, .time = time, .move_first = move_first, .label = TSN_NONE};
  w->known = to->next != TSN_NONE;
  if (r->races) tsn_bunch_move(to, &w->at, time);
  w->at.shape = to->next;
  return true;
}

static bool pass_event(tsn_run *r, walk *w, uint32_t kind, uint32_t detail, int64_t row, int64_t time)
{
  const tsn_shape_event *e = tsn_shapes_find_event(r, w->at.shape, kind, detail);
  w->known = e != NULL;
  return !e || pass(r, w, &e->to, e->move_first, row, time);
}

/* Timers that complete up to `time`, one time after the other. */
static bool fire_until(tsn_run *r, walk *w, int64_t time)
{
  int64_t due;
  while (w->known && !is_decided(r, w) && tsn_bunch_due(r, &w->at, &due) && due <= time && due <= w->end) {
    uint32_t detail = tsn_bunch_times(r, &w->at, due, true) << TSN_TAUS | tsn_bunch_times(r, &w->at, due, false);
    if (!pass_event(r, w, EVENT_FIRE, detail, NO_ROW, due)) return false;
  }
  return true;
}

/* Rows that change nothing are passed by. */
static bool pass_row(tsn_run *r, uint32_t part, int64_t row, const tsn_kept_row *kept, walk *w)
{
  tsn_shapes *s = r->shapes;
  uint32_t class = kept->class, number, now = 0;
  int64_t time = kept->time;
  const tsn_step *known;
  if (r->guards && !tsn_guards_class(r, part, row, w->at.shape == TSN_NONE ? 0 : r->flat.facts[w->at.shape].labels, &class)) return false;
  w->known = class != TSN_NONE;
  if (!w->known) return true;
  if (r->races && w->at.shape != TSN_NONE) now = tsn_bunch_times(r, &w->at, time, false);
  known = now || w->at.shape == TSN_NONE ? NULL : tsn_shapes_known(r, w->at.shape, class);
  if (known && known->still) return true;
  w->known = false;
  if (now) return pass_event(r, w, EVENT_ROW, class << TSN_TAUS | now, row, time);
  number = tsn_step_of(w->at.shape == TSN_NONE ? &s->begin : &s->all[w->at.shape].steps, class);
  return number == TSN_STEP_UNKNOWN || pass(r, w, &s->steps[number - 1].to, s->steps[number - 1].move_first, row, time);
}

/* From `row` on, up to the match. */
static bool pass_all(tsn_run *r, uint32_t part, int64_t row, walk *w)
{
  const tsn_partition *p = &r->partitions[part];
  for (; row < p->rows && w->known && !is_decided(r, w); row++) {
    const tsn_kept_row *kept = tsn_kept_row_at(r, p, row);
    if (w->at.shape != TSN_NONE && r->races) {
      if (kept->time != TSN_TIME_MIN && !fire_until(r, w, kept->time - 1)) return false;
      if (!w->known || is_decided(r, w) || w->end < kept->time) break;
    }
    if (!pass_row(r, part, row, kept, w)) return false;
  }
  if (r->races && w->known && w->at.shape != TSN_NONE && r->moment_time > TSN_TIME_MIN &&
      !fire_until(r, w, r->moment_of_time ? r->moment_time : r->moment_time - 1))
    return false;
  w->known = w->known && w->at.shape != TSN_NONE && r->flat.facts[w->at.shape].matched;
  return true;
}

/* ---- back ---- */

/* The item of a shape that is a match; there is one. Behind it stand but ghosts. */
static uint32_t match_of(const tsn_run *r, uint32_t shape)
{
  uint32_t item = 0;
  while ((tsn_item_key(r, shape, item)[0] >> 32 & 0xff) != ITEM_MATCH) item++;
  return item;
}

/* Walks back from the item that has succeeded: under which labels it took which rows, and what it was before the first. */
static uint32_t walk_back(tsn_run *r, uint32_t last)
{
  struct tsn_retraced *t = r->retraced;
  uint32_t item = match_of(r, last);
  size_t n = t->count;
  while (n-- > 0) {
    const tsn_move *m = &r->shapes->moves[t->way[n].move_first + item];
    t->way[n].label = m->label;
    t->way[n].fired = m->fired;
    item = m->from;
  }
  return item;
}

/* ---- registers ---- */

static bool add_value(tsn_run *r, tsn_kept_row *kept, const plain_update *u, tsn_cell *cells)
{
  static const tsn_cell none = {.null = 1};
  tsn_cell arg = {.v.i = 1};
  if (u->column != TSN_NONE) tsn_kept_load(r, kept, u->column, &arg);
  if (u->reg->aggregate != AGG_COUNT) return tsn_register_add(r, u->reg, cells, &arg, &none) || tsn_fail_in(r, u->reg->value.text);
  cells[u->reg->cell].v.i += !arg.null;
  return true;
}

/* As tsn_eval_updates() does; texts that were kept are stored already. */
static bool move_plain(tsn_run *r, tsn_kept_row *kept, const plain_update *u, const plain_update *end, tsn_cell *cells)
{
  for (; u < end; u++) {
    tsn_cell *own = cells + u->reg->cell;
    uint32_t k;
    switch ((tsn_reg_kind)u->reg->kind) {
    case REG_LAST:
      for (k = u->reg->cells - 1; k > 0; k--) own[k] = own[k - 1];
      tsn_kept_copy(r, kept, u->column, own);
      break;
    case REG_FIRST:
      if (own->v.i > (int64_t)u->reg->depth) break;
      if (own->v.i == (int64_t)u->reg->depth) tsn_kept_copy(r, kept, u->column, &own[1]);
      own->v.i++;
      break;
    default:
      if (!add_value(r, kept, u, cells)) return false;
    }
  }
  return true;
}

/* A row as the match took it: evaluated, or one whose values were found to fail. */
static bool take(tsn_run *r, uint32_t part, const passed *at, tsn_cell *cells)
{
  const struct tsn_retraced *t = r->retraced;
  tsn_partition *p = &r->partitions[part];
  uint32_t end = t->plain_end[at->label];
  const tsn_eval e = {.row = r->row, .partition = p, .number = at->row, .cells = cells, .label = at->label};
  tsn_run_load(r, part, at->row);
  if (end == TSN_NONE) return tsn_eval_updates(r, &e, cells, false);
  return tsn_eval_failed(r, &e, "values under", tsn_program_text(r->program, r->labels[at->label].name));
}

/* What a start with items had taken before: one of these. */
static void see_item(const tsn_run *r, uint32_t start, uint32_t number, tsn_found *found, tsn_cell *cells)
{
  uint32_t item = r->starts[start].head;
  const tsn_path *i;
  while (number--) item = tsn_path_at(r, item)->next;
  i = tsn_path_at(r, item);
  found->time = i->tau;
  found->last = i->row;
  found->end = i->row_time;
  found->rows = i->rows;
  if (r->p->path_cells) memcpy(cells, tsn_path_cells(r, i), r->p->path_cells * sizeof *cells);
}

/* What the rows of the way have made of it, in r->full. */
static bool find(tsn_run *r, uint32_t part, const tsn_queued *q, uint32_t before, tsn_found *found)
{
  const struct tsn_retraced *t = r->retraced;
  bool has_items = q->base != TSN_NONE;
  size_t k;
  *found = (tsn_found){.start = q->row, .start_time = q->time, .last = NO_ROW, .end = q->time, .time = q->time,
                       .seq = has_items ? r->starts[q->base].seq : tsn_kept_row_at(r, &r->partitions[part], q->row)->seq};
  if (r->p->path_cells) memcpy(r->full, r->empty_cells, r->p->path_cells * sizeof *r->full);
  if (has_items && before != TSN_NONE) see_item(r, q->base, before, found, r->full);
  for (k = 0; k < t->count; k++) {
    const passed *at = &t->way[k];
    if (at->fired) found->time = at->time;
    if (at->label == TSN_NONE) continue;
    found->time = found->end = at->time;
    found->last = at->row;
    found->rows++;
    if (t->plain_end[at->label] != TSN_NONE &&
        move_plain(r, tsn_kept_row_at(r, &r->partitions[part], at->row), t->plain + t->plain_first[at->label], t->plain + t->plain_end[at->label], r->full))
      continue;
    if (!take(r, part, at, r->full)) return false;
  }
  return true;
}

/* ---- all of it ---- */

/* A queued start is the one at hand for conditions that read its first row. */
static bool start_at_hand(tsn_run *r, uint32_t part, const tsn_queued *q)
{
  const tsn_cell *cells;
  if (!r->guards) return true;
  if (q->base == TSN_NONE && !tsn_guards_cells(r, part, q->row, &cells)) return false;
  if (q->base != TSN_NONE) cells = tsn_path_cells(r, tsn_path_at(r, r->starts[q->base].head));
  return tsn_guards_from(r, &r->partitions[part], cells);
}

/* Where the start is before the first row that is kept for it. */
static void see_base(const tsn_run *r, const tsn_queued *q, walk *w)
{
  uint32_t item, n = 0, tau;
  if (q->base == TSN_NONE) return;
  w->at.shape = r->starts[q->base].shape;
  w->known = w->at.shape != TSN_NONE;
  for (item = r->starts[q->base].head; w->known && item != TSN_NONE; item = tsn_path_at(r, item)->next)
    if ((tau = tsn_tau_in(tsn_item_key(r, w->at.shape, n++))) && tau <= TSN_TAUS) w->at.taus[tau - 1] = tsn_path_at(r, item)->tau;
}

/* false: it failed, or (status) a condition cannot be asked. */
static bool trace(tsn_run *r, uint32_t part, const tsn_queued *q, tsn_found *found, bool *known)
{
  walk w = {.at = {.shape = TSN_NONE}, .known = true, .end = TSN_TIME_MAX};
  if (r->p->within_kind == WITHIN_TIME) w.end = tsn_time_shift(r, q->time, r->p->within);
  r->retraced->count = 0;
  see_base(r, q, &w);
  if (!start_at_hand(r, part, q) || !pass_all(r, part, q->base == TSN_NONE ? q->row : r->partitions[part].caught_up, &w)) return false;
  *known = w.known;
  return !w.known || find(r, part, q, walk_back(r, w.at.shape), found);
}

bool tsn_retrace(tsn_run *r, uint32_t part, const tsn_queued *q, int64_t *target, bool *done)
{
  tsn_cell *at_hand = r->row;
  uint32_t block_row = r->block_row;
  tsn_found found;
  bool good;
  *done = false;
  if (!r->retraces) return true;
  r->row = r->past_row;
  good = trace(r, part, q, &found, done);
  r->row = at_hand;
  r->row_epoch++;
  r->block_row = block_row;
  *done = good && *done;
  if (!*done) return r->status == TOCSIN_OK;
  *target = tsn_settle_target(r, &r->partitions[part], &found, r->full);
  return *target >= 0 && tsn_report_found(r, part, &found);
}
