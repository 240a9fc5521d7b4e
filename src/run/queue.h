/* The table tier's queues (tier_table.c), for what moves them row by row or block by block. */
#ifndef TSN_RUN_QUEUE_H
#define TSN_RUN_QUEUE_H

#include "run/source.h"

static inline void tsn_block_cell(const tsn_run *r, const tsn_block *b, uint32_t slot, uint32_t row, tsn_cell *to)
{
  const tsn_source *s = &r->sources[0];
  uint64_t ignored = 0; /* NaN was counted, whether the row is looked at or not */
  tsn_read_into(&b->columns[s->columns[slot]], s->types[slot], b->first + row, &ignored, to);
}

static inline tsn_queued *tsn_queued_at(const tsn_queue *q, uint32_t i) { return &q->starts[tsn_ring_at(q->head, i, q->cap)]; }

/* The bunch that a bunch belongs to by now. */
static inline uint32_t tsn_bunch_root(const tsn_queue *q, uint32_t bunch)
{
  while (q->bunches[bunch].into != bunch) bunch = q->bunches[bunch].into;
  return bunch;
}

static inline void tsn_bunch_move(const tsn_step *step, tsn_bunch *b, int64_t time)
{
  const tsn_bunch before = *b;
  uint32_t k;
  b->shape = step->next;
  for (k = 0; k < TSN_TAUS; k++) b->taus[k] = step->tau[k] == TSN_TAU_NOW ? time : before.taus[step->tau[k]];
}

/* The bunch of the first start; there is one. */
static inline uint32_t tsn_queue_first(const tsn_queue *q) { return tsn_bunch_root(q, tsn_queued_at(q, 0)->bunch); }

/* What happens to a bunch; detail: class, or times that are due, and times that are now; nothing. */
enum { EVENT_ROW, EVENT_FIRE, EVENT_END };
/* The times of it that are `time`, or (due) whose first timer completes then; a bit each. */
uint32_t tsn_bunch_times(const tsn_run *r, const tsn_bunch *b, int64_t time, bool due);
/* When its first timer completes; false: there is none. */
bool tsn_bunch_due(const tsn_run *r, const tsn_bunch *b, int64_t *due);

#define TSN_ROWS_LEAST 64u /* so many kept rows are no matter */
#define TSN_ROWS_EACH 32u  /* nor so many for each start */

/* Few rows are kept for the starts that need them. */
static inline bool tsn_queue_few_rows(const tsn_partition *p)
{
  return p->kept <= TSN_ROWS_LEAST || p->kept / TSN_ROWS_EACH <= p->queue.count;
}

/* The row at hand, the last one that was counted, as a start of this shape. */
bool tsn_queue_push(tsn_run *r, tsn_partition *p, uint32_t shape, int64_t time);
/* Bunches that look alike by now become one; those of which nothing lives are no longer looked at. */
void tsn_queue_unite(tsn_run *r, tsn_partition *p);
/* The first start has succeeded with the row at hand: those inside are skipped. */
void tsn_queue_skip_inside(tsn_run *r, tsn_partition *p);
/* Later starts with the future of the first one go. */
bool tsn_queue_absorb(tsn_run *r, uint32_t part);
/* WITHIN has ended those whose time is over before `time`, or (`then`) by then. *fits false: what becomes of them cannot be known. */
bool tsn_queue_end_until(tsn_run *r, uint32_t part, int64_t time, bool then, bool *fits);
/* The same of WITHIN so many rows. */
bool tsn_queue_end_rows(tsn_run *r, uint32_t part, int64_t time, bool *fits);
/* All partitions go on in the paths tier. What happens at `time` has not happened to any start of this moment's partition yet. */
bool tsn_queues_leave(tsn_run *r, int64_t time);
/* There is a deadline when a timer, or the end of a start that may be a match, is due. */
bool tsn_queue_arm(tsn_run *r, uint32_t part);
/* Partitions of which nothing is left own no memory: with every TSN_LOOK of r->looks, one is looked at. */
#define TSN_LOOK 8u
void tsn_queues_look_on(tsn_run *r, int64_t time);

/* As it was: a bunch of which something lives, or (shape TSN_NONE) of which nothing does; a start, behind those that are there. */
bool tsn_queue_restore_bunch(tsn_run *r, tsn_partition *p, uint32_t shape, const int64_t *taus);
bool tsn_queue_restore(tsn_run *r, tsn_partition *p, const tsn_queued *s);

/* retrace.c */
bool tsn_retrace_init(tsn_run *r);
void tsn_retrace_clear(tsn_run *r);
/* Reports the match of a queued start, which has one, from the kept rows. `time`: that of the moment, of_time: no row's.
 * *done false: not all is known, paths.c has to go through them. *target: the row from which on starts are wanted. */
bool tsn_retrace(tsn_run *r, uint32_t part, const tsn_queued *q, int64_t *target, bool *done);

/* keys.c: the partition of a row of the block; TSN_NONE: there is none, and its key is loaded. */
tsn_block_keys *tsn_keys_new(tsn_run *r); /* NULL: no memory */
void tsn_keys_free(tsn_run *r);
uint32_t tsn_keys_find(tsn_run *r, const tsn_block *b, uint32_t row, uint64_t *hash);

/* queue_block.c: a block for which every label's bits are known; from `row` on, up to *done rows, which is lowered where the
 * output is full. *row: the one that failed, if it does. */
bool tsn_queues_can_block(const tsn_run *r);
void tsn_queues_block_clear(tsn_run *r);
bool tsn_queues_block(tsn_run *r, tsn_block *b, tsn_sweep *s, uint32_t *row, uint32_t *done);

#endif
