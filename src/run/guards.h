/* The table tier's conditions that compare a row with the first one of its start (program/guard.h).
 *
 * A start keeps what its first row gives each comparison, in columns beside the queue:
 *
 *   queue         s1   s2   s3   s4          a row with b.price = 12:
 *   a.price*1.01  11.1 12.3 11.9 12.6        s1 and s3 pass
 *   open          b    b    b    b           labels whose comparisons can hold, a bit each
 *
 * A row under a guarded label's screen is compared with all starts in one go. To the few that pass it is of another
 * class than to the rest: those leave their bunch. */
#ifndef TSN_RUN_GUARDS_H
#define TSN_RUN_GUARDS_H

#include "program/guard.h"
#include "run/run.h"

/* A start to which the row at hand is under guarded labels. */
typedef struct tsn_pass {
  uint32_t at;     /* in the queue, from its front */
  uint32_t class;  /* of the row, to it */
  uint64_t labels; /* a bit each */
} tsn_pass;

/* A comparison; numbers, texts as hashes. */
typedef struct tsn_guard_test {
  tsn_code row, kept;
  int64_t shift; /* a duration that is added to what is kept */
  uint32_t op, how;
  tsn_instr *start; /* `kept` of a row as a start, for blocks; NULL: it is not for these */
  uint32_t start_count, start_cap;
  uint32_t row_slot, start_slot; /* columns that are the sides as they are; TSN_NONE */
  int64_t value;                 /* the row's at hand; a double's bits */
  int64_t from;                  /* the start's at hand */
  bool null, from_null;
  int64_t *rows, *starts; /* of a block, by row */
  uint64_t *row_nulls, *start_nulls;
} tsn_guard_test;

typedef struct tsn_guarded_label {
  uint32_t label;
  uint32_t first, count; /* of tests */
  bool whole;
} tsn_guarded_label;

typedef struct tsn_guards {
  uint32_t start_label;
  const tsn_reg_rec **regs; /* that conditions may ask for, of the pattern's */
  uint32_t reg_count;
  uint64_t labels; /* guarded ones, a bit each */
  tsn_guarded_label *all;
  tsn_code *screens; /* by label of the pattern; count 0: all rows */
  uint32_t count;
  tsn_guard_test *tests;
  uint32_t test_count;
  tsn_pass *passes; /* of the row at hand */
  size_t pass_count, pass_cap;
  tsn_cell *cells; /* scratch: what a first row leaves */
  bool blocks;     /* texts that are compared are columns as they are */
  const struct tsn_block *block; /* at hand, */
  uint64_t block_number;         /* its number, */
  bool quick;                    /* and whether its sides are known */
} tsn_guards;

/* So many places of the ring share the least and the greatest value of each comparison: where these say no, nobody is asked. */
#define TSN_GUARDED_CHUNK 64u

/* Numbers beside a ring: a column of what is open, one for each comparison, and the extremes of their chunks. */
static inline size_t tsn_guarded_size(const tsn_run *r, uint32_t cap)
{
  if (!r->guards || !cap) return 0;
  return cap * (1 + (size_t)r->guards->test_count) + 2 * (size_t)r->guards->test_count * (cap / TSN_GUARDED_CHUNK + 1);
}

static inline uint64_t tsn_guards_labels(const tsn_run *r) { return r->guards ? r->guards->labels : 0; }
/* Whether a label is one of them; those of other patterns are more than a word has bits. */
static inline bool tsn_guards_label(const tsn_run *r, uint32_t label) { return label < 64 && tsn_guards_labels(r) >> label & 1; }
/* A place of the ring: which labels can hold; the value of a test. */
static inline int64_t *tsn_guards_open(const tsn_queue *q, uint32_t slot) { return &q->guarded[slot]; }
static inline int64_t *tsn_guards_value(const tsn_queue *q, size_t test, uint32_t slot) { return &q->guarded[(1 + test) * q->cap + slot]; }
/* Of a chunk: the least value, and behind it the greatest. */
static inline int64_t *tsn_guards_extremes(const tsn_run *r, const tsn_queue *q, size_t test, uint32_t slot)
{
  return &q->guarded[q->cap * (1 + (size_t)r->guards->test_count) + 2 * (test * (q->cap / TSN_GUARDED_CHUNK + 1) + slot / TSN_GUARDED_CHUNK)];
}

bool tsn_guards_init(tsn_run *r);
void tsn_guards_clear(tsn_run *r);
/* A start from a place of one ring to one of another, or of the same; then, once all are there, the extremes anew. */
void tsn_guards_move(const tsn_run *r, const tsn_queue *q, uint32_t from, tsn_queue *to, uint32_t at);
void tsn_guards_moved(const tsn_run *r, tsn_queue *q);
/* The last start of the queue is the row at hand: keeps what it gives. *fits false: a side of a comparison failed. */
bool tsn_guards_begin(tsn_run *r, tsn_partition *p, bool *fits);
/* Which starts a row of this class (its guarded labels: screens) is more to than `*plain`: the passes. */
bool tsn_guards_see(tsn_run *r, uint32_t part, uint32_t class, uint32_t *plain, bool *fits);
/* The start at hand is one whose first row has left these cells. */
bool tsn_guards_from(tsn_run *r, const tsn_partition *p, const tsn_cell *cells);
/* The class of a kept row to it, as far as these labels matter. It may be loaded for that, as r->row. */
bool tsn_guards_class(tsn_run *r, uint32_t part, int64_t row, uint64_t wanted, uint32_t *class);
/* Those cells of a start without items: from its kept row. */
bool tsn_guards_cells(tsn_run *r, uint32_t part, int64_t row, const tsn_cell **cells);

/* The sides of a block, once it is at hand. false: something in it is not for blocks. */
bool tsn_guards_block(tsn_run *r, struct tsn_block *b);
void tsn_guards_begin_in_block(tsn_run *r, tsn_queue *q, uint32_t row);
/* Whether there may be passes among the starts, for a row under these labels. */
bool tsn_guards_any_in_block(tsn_run *r, const tsn_queue *q, uint32_t row, uint64_t labels);

#endif
