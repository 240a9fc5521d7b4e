/* What the rows of one key own: kept rows, a queue of starts (partition.c, tier_table.c). */
#ifndef TSN_RUN_PARTITION_H
#define TSN_RUN_PARTITION_H

#include <string.h>

#include "run/cell.h"

/* ---- rings: queues that begin anywhere in an array, and grow by half when they are no longer short ---- */
static inline uint32_t tsn_ring_at(uint32_t head, uint32_t i, uint32_t cap)
{
  return head + i >= cap ? head + i - cap : head + i;
}
static inline uint32_t tsn_ring_longer(uint32_t cap) { return cap < 4 ? 4 : cap < 16 ? 2 * cap : cap + cap / 2; }
/* A ring that was full and has become longer where it lies: its begin moves to the end. Answers the new head. */
static inline uint32_t tsn_ring_spread(void *ring, uint32_t head, uint32_t old_cap, uint32_t cap, size_t size)
{
  uint32_t moved = head + (cap - old_cap);
  if (!head) return 0;
  memmove((char *)ring + moved * size, (const char *)ring + head * size, (old_cap - head) * size);
  return moved;
}

/* ---- partition.c ---- */
typedef struct tsn_kept_row {
  uint64_t seq;
  int64_t time;
  uint32_t mapped;
  uint32_t class; /* table tier: of the row */
  /* behind it, in one stride: the cells of the columns that are kept, by tsn_run.kept_place; how quiet it was before it */
} tsn_kept_row;
#define TSN_KEPT_TIME (TSN_NONE - 1) /* a column that is the time of its row */

/* ---- tier_table.c ---- */
#define TSN_KEPT_FOR_REUSE 16u /* rows, or starts: a partition's place that is free owns no more */
#define TSN_TAUS 3 /* times of elements that still matter, of one start */
typedef struct tsn_queued { /* a start */
  int64_t row, time;
  uint32_t bunch;
  uint32_t base; /* a tsn_start that has come as far as the first kept row; TSN_NONE: from its row on */
} tsn_queued;

typedef struct tsn_bunch { /* starts that look alike */
  uint32_t shape; /* TSN_NONE: nothing of them lives */
  uint32_t into;  /* they belong to another bunch by now; else itself */
  int64_t taus[TSN_TAUS];
} tsn_bunch;

typedef struct tsn_queue {
  tsn_queued *starts; /* a ring, in order of their rows */
  tsn_bunch *bunches;
  uint32_t *live; /* bunches that something lives of */
  uint32_t head, count, cap;
  uint32_t bunch_count, bunch_cap;
  uint32_t live_count, live_cap;
  int64_t *guarded; /* guards.h: of each place of the ring, a column for each comparison; NULL: no condition reads the first row */
  int64_t due; /* a deadline stands for it at this time, */
  uint32_t phase;
  uint32_t armed; /* if one does */
} tsn_queue;

/* First what each row needs; keys, and a few starts and kept rows, lie in the room: see partition.c. */
typedef struct tsn_partition {
  uint64_t hash;
  tsn_cell *keys;
  uint32_t used; /* else next_free */
  uint32_t complete; /* no row will come: the next piece has begun */
  int64_t rows;     /* matched over; they are numbered from 0. Goes back where starts are tried one by one */
  int64_t arrived; /* rows so far */
  int64_t released; /* of these, the ones whose turn it is or was */
  int64_t allowed; /* starts before this row are skipped */
  int64_t last_time; /* of the row before */
  tsn_queue queue; /* table tier: its starts; */
  int64_t idle_row; /* the last row, by what it made `rows`, changed nothing: queue_block.c */
  int64_t base;   /* number of the first kept row */
  char *kept_rows; /* tsn_kept_row, each in a stride of the run */
  uint32_t kept, kept_cap, kept_head; /* ring: rows that something reads, or that wait for those behind them */
  uint32_t touched;
  uint64_t live;  /* items */
  int64_t window_end, window_start; /* of a SESSION or TUMBLE piece; the end moves with the rows of a session */
  char *room;
  uint32_t generation;
  uint32_t next_free;
  uint32_t first, last; /* starts */
  uint32_t before;   /* the piece before it in time, open or not */
  uint32_t before_generation;
  uint32_t closing;  /* its time is over */
  uint32_t pending;  /* it stands in the heap of what is pending */
  int64_t number; /* matches reported */
  int64_t resolved; /* WITH UNMATCHED ROWS: rows before this one are settled */
  int64_t *quiet; /* time of the last row of each start absence */
  int64_t caught_up; /* starts that have items have seen so many rows, */
  int64_t caught_up_time; /* the last one of this time */
  struct tsn_graph_lists *graph; /* graph.h; NULL: nothing lives there */
  uint8_t changed; /* since it was saved: changes.c */
  uint8_t stored;  /* it was saved */
} tsn_partition;

/* Where what a partition owns lies in its room. */
typedef struct tsn_room {
  size_t live, bunches, starts, guarded, kept, size; /* the key is at its begin */
} tsn_room;

#endif
