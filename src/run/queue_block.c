/* The table tier over a block of rows.
 *
 * The labels of a row are bits of the block; they are its class, and with every bunch's
 * shape they tell what the row does in a table (tsn_flat). A row that does what is known
 * already goes through the short way here, without being loaded:
 *
 *   bits of labels --> class --+--> a step for each bunch of its partition
 *   keys ----------> partition-+    kept, if anything changes
 *
 * Any other one - a step that has to be tried, two elements of one time, too many
 * bunches - goes the long way of run.c, and is known from then on. */
#include "run/guards.h"
#include "run/queue.h"
#include "run/source.h"

#define QUICK_BUNCHES 8u
#define QUICK_LABELS 10u
#define CLASS_UNKNOWN UINT16_MAX

typedef enum way { WAY_FAILED, WAY_DONE, WAY_LONG } way;

/* By the labels of a row, a bit each: its class. */
static bool class_table(tsn_run *r)
{
  size_t size = (size_t)1 << r->p->labels.count, i;
  if (r->class_of) return true;
  r->skip_shape = TSN_NONE;
  r->skips = tsn_alloc_array(r->alloc, size, sizeof *r->skips);
  if (!r->skips) return tsn_run_nomem(r);
  r->row_labels = tsn_alloc_array(r->alloc, TSN_BLOCK_ROWS, sizeof *r->row_labels);
  if (!r->row_labels) return tsn_run_nomem(r);
  if (!(r->block_keys = tsn_keys_new(r))) return false;
  r->class_of = tsn_alloc_array(r->alloc, size, sizeof *r->class_of);
  if (!r->class_of) return tsn_run_nomem(r);
  for (i = 0; i < size; i++) r->class_of[i] = CLASS_UNKNOWN;
  return true;
}

bool tsn_queues_can_block(const tsn_run *r) { return r->queues && r->p->labels.count <= QUICK_LABELS; }

void tsn_queues_block_clear(tsn_run *r)
{
  tsn_alloc_free(r->alloc, r->class_of, r->class_of ? ((size_t)1 << r->p->labels.count) * sizeof *r->class_of : 0);
  r->class_of = NULL;
  tsn_alloc_free(r->alloc, r->row_labels, TSN_BLOCK_ROWS * sizeof *r->row_labels);
  r->row_labels = NULL;
  tsn_keys_free(r);
  tsn_alloc_free(r->alloc, r->skips, r->skips ? ((size_t)1 << r->p->labels.count) * sizeof *r->skips : 0);
  r->skips = NULL;
}

#define MANY_OF_A_WORD 12

/* Eight bits, one in each byte. */
static uint64_t spread(uint64_t bits)
{
  bits = (bits * 0x0101010101010101u) & 0x8040201008040201u;
  return (bits + 0x7f7f7f7f7f7f7f7fu) >> 7 & 0x0101010101010101u;
}

/* The labels of a row of the block, a bit each. Of 64 rows at once, where many have some. */
static uint32_t labels_of(tsn_run *r, uint32_t row)
{
  uint32_t w = row / 64, l, k, labels = 0;
  const uint64_t *bits = r->bits + w;
  if (r->gathered >> w & 1) return r->row_labels[row];
  if (r->passing && __builtin_popcountll(r->any[w]) < MANY_OF_A_WORD) {
    for (l = 0; l < r->p->labels.count; l++) labels |= (uint32_t)(bits[(size_t)l * TSN_BLOCK_WORDS] >> row % 64 & 1) << l;
    return labels;
  }
  for (k = 0; k < 64; k += 8) {
    uint64_t low = 0, high = 0;
    for (l = 0; l < r->p->labels.count && l < 8; l++) low |= spread(bits[(size_t)l * TSN_BLOCK_WORDS] >> k & 0xff) << l;
    for (; l < r->p->labels.count; l++) high |= spread(bits[(size_t)l * TSN_BLOCK_WORDS] >> k & 0xff) << (l - 8);
    for (l = 0; l < 8; l++) r->row_labels[w * 64 + k + l] = (uint16_t)((low >> 8 * l & 0xff) | (high >> 8 * l & 0xff) << 8);
  }
  r->gathered |= (uint32_t)1 << w;
  return r->row_labels[row];
}
_Static_assert(TSN_BLOCK_WORDS <= 32, "the words of a block are bits of an integer");

static bool class_of_row(tsn_run *r, uint32_t row, uint32_t labels, uint32_t *class)
{
  static const tsn_partition nobody = {.rows = 1}; /* bits tell all */
  if (r->class_of[labels] == CLASS_UNKNOWN) {
    r->block_row = row;
    if (!tsn_shapes_class(r, &nobody, class)) return false;
    if (*class != TSN_NONE) r->class_of[labels] = (uint16_t)*class;
    return true;
  }
  *class = r->class_of[labels];
  return true;
}

/* To starts that do not pass: the row without guarded labels. */
static bool plain_class(tsn_run *r, uint32_t labels, uint32_t class, uint32_t *plain)
{
  uint32_t without = labels & ~(uint32_t)tsn_guards_labels(r);
  *plain = class;
  if (labels == without || class == TSN_NONE) return true;
  *plain = r->class_of[without];
  if (*plain != CLASS_UNKNOWN) return true;
  if (!tsn_shapes_reclass(r, class, without, plain)) return false;
  if (*plain != TSN_NONE) r->class_of[without] = (uint16_t)*plain;
  return true;
}

/* The piece of a window that the row is of; the one before it is finished, if its time is over. */
static uint32_t piece_of(tsn_run *r, const tsn_block *b, uint32_t row, uint32_t found, uint64_t hash, int64_t time)
{
  const uint32_t *slots = r->program->indices + r->p->keys.first;
  uint32_t k, part;
  if (found != TSN_NONE && time <= tsn_partition_until(r, &r->partitions[found])) {
    if (r->p->window_kind == WINDOW_SESSION) r->partitions[found].window_end = tsn_time_shift(r, time, r->p->window);
    return found;
  }
  for (k = 0; k < r->p->keys.count; k++) tsn_block_cell(r, b, slots[k], row, &r->row[slots[k]]);
  part = tsn_partition_for(r, found, hash, time);
  return part != TSN_NONE && tsn_run_close_before(r, part) ? part : TSN_NONE;
}

/* Of the row's key; made, where that is wanted. TSN_NONE: there is none, or (status) it failed. */
static uint32_t partition_of(tsn_run *r, const tsn_block *b, uint32_t row, int64_t time, bool make)
{
  uint64_t hash;
  uint32_t part;
  if (!r->p->keys.count && !r->p->window_kind && r->partitions_used) return 0;
  part = tsn_keys_find(r, b, row, &hash);
  if (r->p->window_kind && (part != TSN_NONE || make)) return piece_of(r, b, row, part, hash, time);
  return part == TSN_NONE && make ? tsn_partition_add(r, hash) : part;
}

/* The row becomes one of its partition, and is kept; `again`: in place of the last one. */
static bool count_row(tsn_run *r, const tsn_block *b, tsn_partition *p, uint32_t row, uint32_t class, bool again)
{
  const tsn_kept_row kept = {.seq = r->next_seq + row, .time = r->p->time_slot == TSN_NONE ? 0 : r->times[row], .class = class};
  tsn_cell *cells;
  uint32_t k;
  p->arrived += !again;
  p->released += !again;
  p->rows += !again;
  p->kept -= again;
  r->rows_kept -= again;
  cells = tsn_partition_append(r, p, &kept);
  if (!cells) return false;
  for (k = 0; k < r->kept_count; k++) tsn_block_cell(r, b, r->kept_slots[k], row, &cells[k]);
  for (k = 0; k < r->kept_count && r->any_text; k++)
    if (r->slot_is_text[r->kept_slots[k]] && !tsn_texts_put(r, &cells[k])) return tsn_partition_lose(r, cells, k);
  return true;
}

/* What the row does to each bunch. WAY_LONG: it is not all known. */
static way steps_of(const tsn_run *r, const tsn_queue *q, uint32_t class, int64_t time, const tsn_step **steps, bool *changed)
{
  size_t k;
  uint32_t t;
  *changed = false;
  if (q->live_count > QUICK_BUNCHES) return WAY_LONG;
  for (k = 0; k < q->live_count; k++) {
    const tsn_bunch *b = &q->bunches[q->live[k]];
    const tsn_shape_facts *f = tsn_shapes_facts(r, b->shape);
    steps[k] = NULL;
    if (f->decided) continue;
    for (t = 0; t < f->taus; t++)
      if (b->taus[t] == time) return WAY_LONG;
    steps[k] = tsn_shapes_known(r, b->shape, class);
    if (!steps[k] || !steps[k]->fits) return WAY_LONG;
    *changed = *changed || !steps[k]->still;
  }
  return WAY_DONE;
}

/* Whether a row that leads each bunch back to its shape, behind one that did so as well, takes that one's place. */
static bool is_idle_row(const tsn_run *r, const tsn_partition *p, uint32_t class, const tsn_step *const *steps)
{
  const tsn_queue *q = &p->queue;
  const tsn_kept_row *last = p->kept ? tsn_kept_row_at(r, p, p->base + p->kept - 1) : NULL;
  size_t k;
  if (!last || p->idle_row != p->rows) return false;
  for (k = 0; k < q->live_count; k++)
    if (steps[k] && steps[k]->idle != IDLE_ANY && !(steps[k]->idle == IDLE_TWICE && last->class == class)) return false;
  return true;
}

static bool is_idle_step(const tsn_queue *q, const tsn_step *const *steps)
{
  size_t k;
  for (k = 0; k < q->live_count; k++)
    if (steps[k] && steps[k]->idle == IDLE_NOT) return false;
  return q->live_count > 0;
}

/* The first start has the future of one of this shape. */
static bool is_absorbed(const tsn_run *r, const tsn_queue *q, uint32_t shape)
{
  uint32_t first, drop, then;
  if (!r->absorbs || !q->count) return false;
  first = q->bunches[tsn_queue_first(q)].shape;
  if (first == TSN_NONE || tsn_shapes_facts(r, first)->matched) return false;
  return first == shape || (tsn_shapes_absorbed(r, first, shape, &drop, &then) && then == TSN_NONE);
}

static void make_steps(tsn_run *r, tsn_partition *p, int64_t time, const tsn_step *const *steps)
{
  tsn_queue *q = &p->queue;
  uint32_t first = q->count ? tsn_queue_first(q) : TSN_NONE;
  bool matched = false;
  size_t k;
  for (k = 0; k < q->live_count; k++) {
    if (!steps[k] || steps[k]->still) continue;
    matched = matched || (q->live[k] == first && steps[k]->matches && steps[k]->next != TSN_NONE);
    tsn_bunch_move(steps[k], &q->bunches[q->live[k]], time);
  }
  if (q->live_count > 1 || q->bunches[q->live[0]].shape == TSN_NONE || q->count > 1) tsn_queue_unite(r, p);
  if (matched) tsn_queue_skip_inside(r, p);
}

/* Nothing of the first start is decided, and no time has to be watched that is not watched already. */
static bool nothing_follows(const tsn_run *r, const tsn_partition *p)
{
  const tsn_queue *q = &p->queue;
  uint32_t first;
  int64_t due;
  size_t k;
  if (!q->count) return true;
  first = q->bunches[tsn_queue_first(q)].shape;
  if (first == TSN_NONE || tsn_shapes_facts(r, first)->decided || !tsn_queue_few_rows(p)) return false;
  if (!r->p->has_timers && r->p->within_kind != WITHIN_TIME) return true;
  for (k = 0; k < q->live_count; k++) {
    const tsn_bunch *b = &q->bunches[q->live[k]];
    if (tsn_shapes_facts(r, b->shape)->matched && r->p->within_kind == WITHIN_TIME) return false;
    if (tsn_shapes_facts(r, b->shape)->taus && tsn_bunch_due(r, b, &due) && (!q->armed || due < q->due)) return false;
  }
  return true;
}

static way quick_row(tsn_run *r, const tsn_block *b, uint32_t row)
{
  int64_t time = r->p->time_slot == TSN_NONE ? 0 : r->times[row];
  const tsn_step *steps[QUICK_BUNCHES], *begin;
  bool changed, fits = true, again = false, idle, counts = r->p->keep_idle || r->p->within_kind == WITHIN_ROWS;
  uint32_t class, plain, part, shape;
  uint32_t labels = labels_of(r, row);
  uint64_t guarded = labels & tsn_guards_labels(r);
  tsn_partition *p;
  way how;
  if (!class_of_row(r, row, labels, &class) || !plain_class(r, labels, class, &plain)) return WAY_FAILED;
  begin = plain == TSN_NONE ? NULL : tsn_shapes_known(r, TSN_NONE, plain);
  if (!begin || !begin->fits) return WAY_LONG;
  shape = begin->next;
  part = partition_of(r, b, row, time, counts || shape != TSN_NONE);
  if (part == TSN_NONE) return r->status ? WAY_FAILED : WAY_DONE;
  p = &r->partitions[part];
  if (r->p->window_kind) tsn_changed(r, part);
  if (r->p->within_kind == WITHIN_TIME && p->queue.count && tsn_time_passed(r, time, tsn_queued_at(&p->queue, 0)->time, r->p->within) > 0) {
    tsn_changed(r, part);
    if (!tsn_queue_end_until(r, part, time, false, &fits)) return WAY_FAILED;
    if (!fits) return WAY_LONG;
    p = &r->partitions[part];
  }
  if (guarded && tsn_guards_any_in_block(r, &p->queue, row, guarded)) return WAY_LONG;
  how = steps_of(r, &p->queue, plain, time, steps, &changed);
  if (how != WAY_DONE) return how;
  if (p->rows < p->allowed) shape = TSN_NONE;
  if (!changed && shape == TSN_NONE && !counts) return WAY_DONE;
  tsn_changed(r, part);
  idle = r->collapses && is_idle_step(&p->queue, steps) && (shape == TSN_NONE || is_absorbed(r, &p->queue, shape));
  if (idle) shape = TSN_NONE;
  again = idle && is_idle_row(r, p, class, steps);
  if (!count_row(r, b, p, row, class, again)) return WAY_FAILED;
  if (idle) p->idle_row = p->rows;
  if (again) return WAY_DONE;
  p->last_time = time;
  if (changed) make_steps(r, p, time, steps);
  if (p->rows <= p->allowed) shape = TSN_NONE;
  if (shape != TSN_NONE) {
    if (!tsn_queue_push(r, p, shape, time)) return WAY_FAILED;
    if (r->guards) tsn_guards_begin_in_block(r, &p->queue, row);
  }
  if (r->absorbs && (shape != TSN_NONE || p->queue.live_count > 1) && !tsn_queue_absorb(r, part)) return WAY_FAILED;
  if (r->p->within_kind == WITHIN_ROWS && !tsn_queue_end_rows(r, part, time, &fits)) return WAY_FAILED;
  p = &r->partitions[part];
  if (fits && nothing_follows(r, p)) {
    if (!p->queue.count) tsn_partition_trim(r, part);
    return WAY_DONE;
  }
  tsn_run_begin_row(r, time, r->next_seq + row);
  if (!fits && !tsn_queues_leave(r, time)) return WAY_FAILED;
  return tsn_settle(r, part) ? WAY_DONE : WAY_FAILED;
}

/* The next row that anything may come of, where rows under no label are passed by. */
static uint32_t next_labelled(const tsn_run *r, uint32_t from, uint32_t rows)
{
  uint32_t w;
  for (w = from / 64; w * 64 < rows; w++) {
    uint64_t bits = r->any[w];
    if (w == from / 64) bits &= ~(uint64_t)0 << from % 64;
    if (bits) return w * 64 + (uint32_t)__builtin_ctzll(bits) < rows ? w * 64 + (uint32_t)__builtin_ctzll(bits) : rows;
  }
  return rows;
}

enum { SKIP_UNKNOWN, SKIP_NOT, SKIP_TWICE, SKIP_ANY };

/* Whether rows with these labels change nothing of a lone bunch of this shape. */
static uint8_t skip_of(const tsn_run *r, const tsn_queue *q, uint32_t labels, uint32_t alone)
{
  uint32_t class = r->class_of[labels];
  const tsn_step *step = class == CLASS_UNKNOWN ? NULL : tsn_shapes_known(r, alone, class), *begin;
  if (class == CLASS_UNKNOWN || !step) return SKIP_NOT;
  begin = tsn_shapes_known(r, TSN_NONE, class);
  if (!begin || (begin->next != TSN_NONE && !is_absorbed(r, q, begin->next))) return SKIP_NOT;
  return step->idle == IDLE_ANY ? SKIP_ANY : step->idle == IDLE_TWICE ? SKIP_TWICE : SKIP_NOT;
}

/* Where all rows are of one partition: how many from `row` on change as little as the one before them did. */
static uint32_t idle_rows(tsn_run *r, uint32_t row, uint32_t rows)
{
  const tsn_partition *p = &r->partitions[0];
  const tsn_queue *q = &p->queue;
  size_t size = (size_t)1 << r->p->labels.count;
  uint32_t alone, from = row;
  uint8_t first = SKIP_NOT;
  if (row == 0 || r->p->keys.count || !r->partitions_used || r->deadlines.count || p->idle_row != p->rows || q->live_count != 1) return 0;
  if (r->p->within_kind == WITHIN_TIME) return 0;
  alone = q->bunches[q->live[0]].shape;
  if (r->skip_shape != alone) memset(r->skips, SKIP_UNKNOWN, size);
  r->skip_shape = alone;
  for (; row < rows; row++) {
    uint32_t labels = labels_of(r, row);
    if (r->skips[labels] == SKIP_UNKNOWN) r->skips[labels] = skip_of(r, q, labels, alone);
    first = row == from ? r->skips[labels] : first;
    if (r->skips[labels] == SKIP_ANY && first == SKIP_ANY) continue;
    if (r->skips[labels] == SKIP_TWICE && labels == labels_of(r, row - 1)) continue;
    break;
  }
  return row - from;
}

bool tsn_queues_block(tsn_run *r, tsn_block *b, tsn_sweep *s, uint32_t *row, uint32_t *done)
{
  bool timed = r->p->time_slot != TSN_NONE, some = r->passing && !r->strict_edges;
  bool looks = r->p->keys.count && !r->p->window_kind, quick;
  size_t reported = SIZE_MAX;
  way how = WAY_LONG;
  if (!class_table(r)) return false;
  quick = !r->guards || tsn_guards_block(r, b);
  for (; *row < *done; ++*row) {
    if (some && r->p->keys.count && s->count == 1) *row = next_labelled(r, *row, *done);
    else if (some) *row = tsn_sweep_next(r, *row, *done);
    if (*row >= *done) break;
    if (how == WAY_DONE && r->collapses) {
      uint32_t idle = idle_rows(r, *row, *done);
      if (idle > 1) *row += idle - 1; /* the last of them stands for all */
    }
    if (r->texts.retired_count) tsn_texts_release(r);
    if (timed && r->deadlines.count && r->deadlines.all[0].time < r->times[*row] && !tsn_run_advance(r, r->times[*row] - 1)) return false;
    how = r->queues && quick ? quick_row(r, b, *row) : WAY_LONG;
    if (how == WAY_FAILED || (how == WAY_LONG && !tsn_sweep_feed(r, b, *row))) return false;
    if (how == WAY_DONE) {
      if (r->texts.length > r->texts.collect_at && !tsn_texts_collect(r)) return false;
      if (looks && ++r->looks >= TSN_LOOK) tsn_queues_look_on(r, timed ? r->times[*row] : 0);
    }
    some = r->passing && !r->strict_edges;
    if ((s->count > 1 || s->output->count != reported) && !tsn_sweep_note(s, r, *row, done)) return false;
    reported = s->output->count;
  }
  /* What is due before the last row needs no row of its own. */
  return !timed || !*done || r->times[*done - 1] == TSN_TIME_MIN || tsn_run_advance(r, r->times[*done - 1] - 1);
}
