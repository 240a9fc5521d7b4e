/* Program and events to matches. Knows no text of patterns.
 *
 *   tocsin_matcher                       api_run.c   one a program
 *   tsn_feed                             feed.c      its runs, and which reads which: source.h
 *     tsn_run ...........................  run.c     one a pattern: all its state
 *     tables                             table.c   static data, shared by all patterns
 *       blocks --> sweep                 block.c vector.c screen.c sweep.c stretch.c  conditions over columns
 *       raw rows --> source --> reorder --> window --> run --> settle --> output
 *       partitions                       partition.c key -> starts, kept rows
 *         starts  (in order of rows)     paths.c     the search from one row
 *           items (in order of preference)   items.c; race.c: timers against rows
 *       graph                            tier_graph.c  every match: rows and who follows whom, instead of paths
 *       junctions                        junction.c  what can follow an element
 *       shapes                           shape.c     what rows make of starts, remembered
 *       queues                           tier_table.c  starts that look alike move as one; queue_block.c keys.c: over blocks;
 *                                        guards.c  compared with first rows; retrace.c  their matches
 *       limits                           drop.c      who goes when one is reached
 *       deadlines                        timers.c    when time alone decides
 *       trace                            trace.c     what paths do, told to a host
 *       pending                          pending.c   how far output times have come
 *       durations                        clock.c     over a time of any type
 *       history                          history.c   rows and labels of paths, shared
 *       bags                             bag.c       values that paths hold, shared
 *       texts                            texts.c     the bytes of stored texts
 *       output                           output.c    decided rows, waiting to be taken
 *     window.h                           what the rows before came to
 *     vm.c function.h aggregate.c held.c expressions
 *     measure.c gather.c                 from a finished path to output rows
 *
 * State is slabs and handles: an item, a start, a partition is a number into an
 * array that may move whenever it grows; no pointer outlives an allocation. */
#ifndef TSN_RUN_RUN_H
#define TSN_RUN_RUN_H

#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/map.h"
#include "base/time.h"
#include "program/program.h"
#include "run/block.h"
#include "run/cell.h"
#include "run/junction.h"
#include "run/partition.h"
#include "run/path.h"
#include "tocsin/run.h"

/* ---- texts.c ---- */
#define TSN_ROWS_MAX ((uint64_t)1 << 30) /* of a partition, whatever the limit says */
#define TSN_TEXTS_RETIRED 64
typedef struct tsn_texts {
  tsn_alloc *alloc;
  char *data;
  size_t length, cap;
  size_t collect_at; /* collect when longer */
  char *retired[TSN_TEXTS_RETIRED]; /* buffers that loaded texts may still point into */
  size_t retired_sizes[TSN_TEXTS_RETIRED];
  unsigned retired_count;
} tsn_texts;

/* ---- timers.c ---- */
typedef enum tsn_phase { PHASE_TIMER, PHASE_EXPIRE, PHASE_CLOSE } tsn_phase;
typedef enum tsn_owner { OWNER_PATH, OWNER_START, OWNER_PARTITION } tsn_owner;
typedef struct tsn_deadline {
  int64_t time;
  uint32_t phase;
  uint32_t owner; /* tsn_owner */
  uint32_t handle, generation;
} tsn_deadline;

typedef struct tsn_deadlines { /* a heap */
  tsn_deadline *all;
  size_t count, cap;
} tsn_deadlines;

/* ---- output.c ---- */
typedef struct tsn_out_row {
  uint64_t seq;
  size_t first; /* of cells */
  uint32_t pattern;
  uint32_t timeout;
  int64_t time;
} tsn_out_row;

typedef struct tsn_output {
  tsn_alloc *alloc;
  tsn_out_row *rows;
  size_t count, cap, taken;
  tsn_cell *cells; /* stored: texts in bytes */
  size_t cell_count, cell_cap;
  tsn_bytes bytes;
} tsn_output;

typedef struct tsn_source tsn_source; /* source.h */

/* ---- window.c ---- */
/* Rows of one time, while windows look at them. */
typedef struct tsn_group {
  uint64_t number;
  uint32_t width;   /* windows of a part, at most */
  bool sorts;       /* ORDER BY reads late values */
  uint32_t *frames; /* by row and window */
  size_t frame_cap;
  tsn_cell *values; /* what frames come to; loaded */
  bool *known;
  size_t value_count, value_cap, known_cap;
  tsn_arena texts;          /* of late values */
  const tsn_source *source; /* of the row at hand */
  const struct tsn_waiting *row;
  size_t line; /* its place among the rows */
} tsn_group;

/* ---- reorder.c ---- */
typedef struct tsn_waiting {
  int64_t time;
  uint64_t arrival;
  uint32_t part;
  uint32_t row; /* slot of the row slab */
} tsn_waiting;

typedef struct tsn_reorder {
  tsn_waiting *heap;
  size_t count, cap;
  tsn_waiting *group; /* rows of one time that have left the heap; from `gone` on */
  size_t group_count, group_cap, gone;
  tsn_cell *cells; /* rows by slab; texts of one row in one block */
  char **texts;
  size_t *text_sizes;
  uint32_t *free;
  size_t rows, free_count;
  size_t cells_cap, texts_cap, sizes_cap, free_cap; /* as allocated */
} tsn_reorder;

/* ---- changes.c ---- */
typedef struct tsn_changes {
  bool on;        /* somebody wants to know */
  bool every;     /* all may have changed */
  uint32_t *all;  /* handles, each once */
  size_t count, cap;
  tsn_bytes gone; /* names, each with its length before it as eight bytes */
} tsn_changes;

/* ---- ahead.c ---- */
typedef struct tsn_ahead_row {
  int64_t time;
  uint64_t seq;
  uint32_t part;
} tsn_ahead_row;

typedef struct tsn_ahead {
  tsn_ahead_row *rows; /* a queue; from `first` on */
  size_t first, count, cap;
  bool over; /* no row will come any more */
  int64_t latest; /* nor one before this time */
} tsn_ahead;

/* ---- vm.c ---- */
typedef struct tsn_match_facts {
  int64_t number, start_time, end_time, rowtime, rows, window_start, window_end;
  bool timeout, empty;
  uint64_t id[2];
  uint32_t history;
} tsn_match_facts;

/* ---- gather.c ---- */
#define TSN_LIST_MAX ((size_t)256 << 20)
typedef struct tsn_set { /* what a DISTINCT aggregate has seen */
  tsn_map map;
  tsn_cell *cells; /* loaded */
  size_t count, cap;
  bool has_null;
} tsn_set;

/* ---- bag.c ---- */
typedef enum tsn_bag_kind { BAG_NONE, BAG_LIST, BAG_TREE } tsn_bag_kind;

typedef struct tsn_bag_node {
  tsn_cell value; /* stored */
  uint64_t hash;  /* of all values of the bag */
  uint64_t count; /* so many */
  uint64_t own;   /* tree: hash of the value */
  uint64_t times; /* tree: how often it is there */
  uint32_t left, right; /* list: the one before; free: the next one */
  uint32_t refs;        /* 0: free */
  uint32_t size;        /* tree: nodes */
  uint32_t is_text, unused;
} tsn_bag_node;

typedef struct tsn_bags {
  tsn_bag_node *all;
  size_t count, cap;
  uint32_t free;
  uint64_t live;
  uint32_t *cells; /* of a path that hold bags, */
  uint32_t cell_count, cells_cap;
  uint8_t *kinds; /* and by cell, which: tsn_bag_kind */
  uint32_t *made; /* for the path in the making: to be let go when items hold them */
  size_t made_count;
  uint32_t *order; /* scratch: a list from its begin on */
  size_t order_cap;
  tsn_bytes text; /* scratch */
} tsn_bags;

/* ---- regex_function.c ---- */
typedef struct tsn_run_regexes tsn_run_regexes;

/* ---- shape.c ---- */
typedef struct tsn_shapes tsn_shapes;
#define TSN_TAU_NOW 0xff
#define TSN_NEVER INT64_MAX

/* A step that leads back to its shape and fills no register need not be done twice in a row; of some it does not matter which. */
typedef enum tsn_idle { IDLE_NOT, IDLE_TWICE, IDLE_ANY } tsn_idle;

/* What becomes of a start, items apart. */
typedef struct tsn_step {
  uint32_t next; /* shape; TSN_NONE: nothing is left */
  uint8_t still;   /* nothing changes */
  uint8_t matches; /* a path succeeds with this row */
  uint8_t known;
  uint8_t fits; /* the table tier can go on with what is left */
  uint8_t idle; /* tsn_idle */
  uint8_t tau[TSN_TAUS]; /* its times: which ones of the start before, or TSN_TAU_NOW */
} tsn_step;

typedef struct tsn_shape_facts {
  bool good;    /* the table tier can go on with it */
  bool decided; /* its most preferred path has succeeded */
  bool matched; /* some path has */
  uint32_t taus;
  uint64_t labels; /* a row under none of these changes nothing; a bit a label, modulo 64 */
  int64_t after[TSN_TAUS]; /* so long after each the first timer completes; TSN_NEVER */
} tsn_shape_facts;

typedef struct tsn_flat {
  tsn_step *steps; /* by shape + 1 (0: of a row as a start) and class */
  uint32_t shapes, classes;
  tsn_shape_facts *facts; /* by shape */
  size_t facts_cap;
} tsn_flat;

/* ---- keys.c ---- */
typedef struct tsn_block_keys tsn_block_keys;

/* Something that happens to a start with these times, at a time. */
typedef struct tsn_event {
  uint32_t shape, kind, detail;
  const int64_t *taus;
  int64_t time;
} tsn_event;

/* ---- vector.c ---- */
#define TSN_VECTOR_DEPTH 8 /* of the stack of columns */
typedef struct tsn_vector tsn_vector;

typedef struct tsn_run tsn_run;

typedef struct tsn_eval {
  const tsn_cell *row;   /* loaded */
  const tsn_partition *partition;
  int64_t number;        /* of the row in its partition */
  const tsn_cell *cells; /* stored */
  const tsn_cell *final;
  uint32_t label;
  bool replayed; /* the chain of a match is at hand */
  const tsn_cell *inner; /* loaded */
  const tsn_match_facts *match;
} tsn_eval;

struct tsn_run {
  const tocsin_program *program;
  const tsn_pattern_rec *p;
  uint32_t index;
  tsn_alloc *alloc;
  const tsn_node_rec *nodes;
  const tsn_loop_rec *loops;
  const tsn_timer_rec *timers;
  const tsn_label_rec *labels;
  const tsn_reg_rec *regs;
  const uint32_t *targets;
  uint32_t slot_count;
  uint8_t *slot_types;
  bool *cell_is_text, *slot_is_text, *slot_kept;
  uint32_t *kept_slots, kept_count; /* columns that something reads from kept rows; their cells lie in this order */
  uint32_t *kept_place;             /* by column: which of these it is; TSN_NONE: it is NULL in a kept row; or TSN_KEPT_TIME */
  size_t kept_stride;
  tsn_room room;
  bool any_text, needs_rows, one_match;
  bool races;   /* timers, or an absence up to the end of the match: times decide as well */
  bool absorbs; /* later starts with the future of an earlier one are dropped: see items.c */

  tsn_texts texts;
  tsn_junctions junctions;
  uint32_t *counts_at; /* node x counter: what it counts there: a loop, or behind the loops a node that is a PERMUTE */
  uint32_t last_junction;
  uint32_t start_junction[2]; /* by whether the row is the partition's first */
  char *items;
  size_t item_stride, item_count, item_cap, mask_words;
  uint32_t item_free;
  tsn_start *starts;
  size_t start_count, start_cap;
  uint32_t start_free;
  tsn_partition *partitions;
  size_t partition_count, partition_cap, partitions_used;
  uint32_t partition_free, last_partition;
  tsn_map partition_map;
  tsn_changes changes; /* partitions */
  tsn_history history;
  tsn_bags bags;
  tsn_deadlines deadlines;
  tsn_deadlines pending; /* what was found and is not reported yet, by output time: pending.c */
  bool tracks;           /* a pattern reads this one: they are kept */
  uint32_t *touched; /* partitions of this moment */
  size_t touched_count, touched_cap;
  tsn_reorder reorder;
  tsn_ahead ahead;
  tsn_source *sources; /* by part */
  bool waits;          /* rows wait in the sort buffer until their turn */
  bool windows;        /* some values are made when rows leave it */
  tsn_group group;
  bool finished;

  int64_t watermark; /* exclusive; TSN_TIME_MIN before any */
  uint64_t next_seq; /* rows are numbered in their final order */
  uint64_t nan_values;
  uint64_t moment; /* number of the moment: a row, or a time */
  int64_t moment_time;
  bool moment_of_time;
  uint32_t next_group;
  uint32_t *twins; /* groups of this moment: see race.c */
  size_t twin_count, twin_cap;
  tsn_map twin_map;
  uint64_t live; /* items */
  uint64_t live_peak;
  uint64_t max_paths, max_rows;
  uint64_t share; /* bytes after which the oldest starts are dropped; 0: no limit */
  uint64_t starts_live, rows_kept, rows_kept_peak, dropped;
  size_t reports_from; /* of the row at hand */

  /* the row at hand */
  tsn_cell *row;
  tsn_cell *past_row; /* takes its place while starts are brought up */
  uint64_t row_seq;
  uint64_t row_epoch;
  uint64_t *label_epoch;
  uint8_t *label_value;

  tsn_shapes *shapes; /* NULL: rows do more than their labels tell */
  tsn_flat flat;
  bool queues; /* table tier: starts wait in queues, not as items */
  uint32_t next_look, looks; /* which partition may have nothing left, and eighths of looks that are due: tier_table.c */
  bool collapses; /* rows that change nothing need not be counted */
  bool retraces;  /* the rows of a match tell its registers, without items: retrace.c */
  struct tsn_retraced *retraced;
  struct tsn_guards *guards; /* guards.h; NULL: no condition of the table tier reads a first row */
  bool by_class; /* labels are what was recalled of a class, whatever they read */
  bool trying; /* items are made of a start that is there: no limit counts them */
  struct tsn_graph *graph; /* NULL: each path is kept for itself */
  struct tsn_trace *trace; /* trace.h; NULL: nobody is told what paths do */

  /* the block at hand: see sweep.c */
  tsn_vector *vector;      /* of the matcher */
  const uint16_t *word_of; /* of the matcher: see block.h */
  bool *vectored;          /* by label: its screen can be evaluated over a block */
  tsn_code *screens;       /* by label: its condition, */
  bool *screened;          /* or, here, what holds wherever that does */
  bool passes_by;          /* a row under no label changes nothing */
  bool strict_edges; /* a junction with a strict edge behind an element was built, or a timer leads to one: each row can end it */
  bool told;         /* the bits of all labels are known, in this block */
  bool passing;      /* rows under no label are passed by, in this block */
  uint64_t *bits;    /* label x words: where its screen is TRUE */
  uint32_t *written; /* by label: words of its bits that are not zero, a bit each; where they are known */
  bool *known;       /* by label: bits hold its screen */
  uint32_t *conjuncts; /* of screens: numbers of masks of the block */
  size_t conjunct_cap;
  uint32_t *conjunct_end; /* by label: where its own end, behind those of the label before */
  uint64_t any[TSN_BLOCK_WORDS]; /* under some label */
  uint64_t start_labels; /* that can begin a path */
  const int64_t *times;
  uint16_t *class_of; /* table tier: by labels, a bit each; queue_block.c */
  tsn_block_keys *block_keys; /* NULL: there are none */
  uint16_t *row_labels; /* of the block, */
  uint32_t gathered;    /* so far as these words of it go */
  uint8_t *skips;       /* by labels: whether a row with them changes nothing of this shape, */
  uint32_t skip_shape;  /* where that is all there is */
  uint32_t block_row; /* TSN_NONE: the row at hand is not of the block */

  /* scratch */
  tsn_cell *stack;
  uint32_t stack_cells;
  tsn_cell *empty_cells; /* of a path without rows */
  tsn_cell *new_cells;   /* of a path being made */
  uint32_t *new_counters;
  uint32_t *takes;
  size_t takes_cap;
  tsn_arena scratch; /* texts of expressions; cleared between rows */
  tsn_arena row_texts; /* those that the row at hand carries: source.c */
  tsn_map merge;     /* items seen while duplicates are dropped */
  tsn_cell *full, *full_final, *replay_row, *inner;
  uint32_t *chain; /* history of the match being reported */
  size_t chain_count, chain_cap;
  tsn_bytes *lists, *final_lists; /* so far; of the whole match */
  tsn_set *sets;                  /* by register; NULL where none is DISTINCT */
  uint32_t set_count;
  tsn_run_regexes *regexes;       /* NULL until one is met */

  const struct tsn_table *tables; /* of the program; table.h */
  const tocsin_host_function *functions; /* of the host, by number of the declaration */

  /* NOW(): the host's clock, read at most once a moment */
  int64_t (*now)(void *context);
  void *now_context;
  int64_t now_value;
  uint64_t now_moment;

  tsn_output *output;
  uint64_t matches, timeouts;
  tocsin_status status;
  char message[512]; /* bare */
  char place[384];   /* "" until it is known */
  tsn_str failing;   /* the expression; length 0 until it is known */
};

/* where.c: a failure is noted once. Always false. */
bool tsn_run_fail(tsn_run *r, tocsin_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool tsn_run_nomem(tsn_run *r);
/* A partition has as many live paths as it may. Always false. */
bool tsn_run_many_paths(tsn_run *r, const tsn_partition *part);
static inline void tsn_count_path(tsn_run *r, tsn_partition *part)
{
  part->live++;
  if (++r->live > r->live_peak) r->live_peak = r->live;
}
static inline bool tsn_run_room(tsn_run *r, void **array, size_t *cap, size_t need, size_t size)
{
  return tsn_alloc_grow(r->alloc, array, cap, need, size) || tsn_run_nomem(r);
}
/* A failure of the data was none: nobody needed the value. */
void tsn_run_forgive(tsn_run *r);

/* A row, for messages. */
typedef struct tsn_spot {
  const tsn_partition *partition; /* NULL: none yet */
  const tsn_cell *cells; /* loaded, by slot: a key without a partition is read from them; NULL: it is not known */
  const tsn_range *keys; /* slots; NULL: those of PARTITION BY */
  int64_t number;        /* in its partition; -1 */
  bool timed;
  int64_t time;
} tsn_spot;

/* Where the failure happened, and in what: "condition B"; the first to say so is heard. Always false. */
bool tsn_fail_at(tsn_run *r, const tsn_spot *spot, const char *what, const char *name);
bool tsn_eval_failed(tsn_run *r, const tsn_eval *e, const char *what, const char *name);
/* The expression that failed. */
bool tsn_fail_in(tsn_run *r, tsn_str expression);
/* All of it, as the host is told. */
void tsn_run_message(const tsn_run *r, char *out, size_t size);

/* run.c */
tocsin_status tsn_run_init(tsn_run *r, const tocsin_program *program, uint32_t pattern, tsn_alloc *alloc, tsn_output *output,
                           uint64_t max_paths, uint64_t max_rows);
void tsn_run_clear(tsn_run *r);
/* A row in its final order; r->row holds it, loaded. */
bool tsn_run_arrive(tsn_run *r, int64_t time);
bool tsn_run_row(tsn_run *r, int64_t time, uint64_t seq);
/* A row that waited in its partition, as the next one of it. */
bool tsn_run_waiting(tsn_run *r, uint32_t part, int64_t time, uint64_t seq);
/* Lets one deadline happen. */
bool tsn_run_act(tsn_run *r, const tsn_deadline *d);
/* A piece of a window is finished before the first row of the next one is matched; a moment of its own. */
bool tsn_run_close_before(tsn_run *r, uint32_t part);
/* The moment of a row begins. */
void tsn_run_begin_row(tsn_run *r, int64_t time, uint64_t seq);
/* Makes a kept row the row at hand. */
void tsn_run_load(tsn_run *r, uint32_t part, int64_t row);
/* Everything that is decided by time up to and including `limit`. */
bool tsn_run_advance(tsn_run *r, int64_t limit);
bool tsn_run_finish(tsn_run *r);

/* texts.c */
bool tsn_texts_put(tsn_run *r, tsn_cell *cell); /* loaded -> stored */
void tsn_texts_release(tsn_run *r);             /* no loaded text is left */
static inline tsn_cell tsn_load(const tsn_run *r, tsn_cell stored, bool is_text)
{
  if (is_text && !stored.null) stored.v.s = r->texts.data + stored.v.at;
  return stored;
}
bool tsn_texts_collect(tsn_run *r);
bool tsn_texts_squeeze(tsn_run *r); /* collects, whatever there is to be had */
typedef void (*tsn_text_visitor)(const tsn_texts *old, tsn_texts *young, tsn_cell *cell);

/* junction.c: junction behind an element; counters: those of the path. TSN_NONE: failed. */
uint32_t tsn_junction_get(tsn_run *r, uint32_t node, const uint32_t *counters, bool ended, bool last);
uint32_t tsn_junction_start(tsn_run *r, bool first);
/* r->new_counters, as a path over the edge leaves them. */
static inline void tsn_edge_count(tsn_run *r, const tsn_edge *e)
{
  const tsn_counter_op *op = r->junctions.counters + e->counter_first, *end = op + e->counter_count;
  for (; op < end; op++) r->new_counters[op->slot] = op->relative ? r->new_counters[op->slot] + op->value : op->value;
}
uint32_t tsn_junction_last(tsn_run *r); /* accepts at the end of the partition */
bool tsn_junctions_init(tsn_run *r);
void tsn_junctions_clear(tsn_run *r);

/* slots.c */
typedef enum tsn_parts { PARTS_NONE, PARTS_SOME, PARTS_ALL } tsn_parts;
/* How many of its parts a PERMUTE has begun. */
tsn_parts tsn_parts_begun(const tsn_node_rec *n, const uint32_t *counters);
/* What a junction needs to know of a slot, at a node: 0 where nothing counts in it. */
uint64_t tsn_slot_class(const tsn_run *r, uint32_t node, uint32_t slot, const uint32_t *counters);
bool tsn_slots_init(tsn_run *r);

/* history.c */
uint32_t tsn_history_add(tsn_run *r, uint32_t parent, uint32_t label, int64_t at, uint32_t flags);
void tsn_history_release(tsn_run *r, uint32_t node);
/* A node as it was (same TSN_NONE: it stands for itself), with one holder; TSN_NONE: no memory. */
uint32_t tsn_history_restore(tsn_run *r, const tsn_hist *n);
/* What tells paths apart: the node that stands for the history. */
static inline uint32_t tsn_history_same(const tsn_run *r, uint32_t node) { return node == TSN_NONE ? TSN_NONE : r->history.all[node].same; }
static inline void tsn_history_retain(tsn_run *r, uint32_t node)
{
  if (node != TSN_NONE) r->history.all[node].refs++;
}

/* bag.c: lists and trees, TSN_NONE when empty. Values loaded. What is made anew has one holder; TSN_NONE: no memory. */
uint32_t tsn_list_add(tsn_run *r, uint32_t list, uint32_t type, const tsn_cell *value);
uint32_t tsn_tree_add(tsn_run *r, uint32_t tree, uint32_t type, const tsn_cell *value); /* once more, where it is there */
bool tsn_tree_has(const tsn_run *r, uint32_t tree, uint32_t type, const tsn_cell *value);
uint64_t tsn_tree_upto(const tsn_run *r, uint32_t tree, uint32_t type, const tsn_cell *value); /* how many are not greater */
tsn_cell tsn_tree_at(const tsn_run *r, uint32_t tree, uint64_t rank); /* the rank-th, from 0 */
uint64_t tsn_bag_count(const tsn_run *r, uint32_t bag);
tsn_cell tsn_bag_value(const tsn_run *r, uint32_t node);
/* A node as it was, over these sides, with one holder; *good false: there is none such. TSN_NONE: no memory, or that. */
uint32_t tsn_bag_restore(tsn_run *r, tsn_bag_kind kind, const tsn_bag_node *n, bool *good);
void tsn_bag_let_go(tsn_run *r, uint32_t node); /* by a holder */
/* Of two cells of paths. */
bool tsn_bag_same(const tsn_run *r, tsn_bag_kind kind, const tsn_cell *a, const tsn_cell *b);
uint64_t tsn_bag_hash(const tsn_run *r, const tsn_cell *cell);
/* A cell of the path in the making holds `bag`; false where that is TSN_NONE. */
bool tsn_bags_put(tsn_run *r, tsn_cell *cell, uint32_t bag);
/* What the cells of the path in the making name stays until it is done. */
void tsn_bags_hold(tsn_run *r, const tsn_cell *cells);
void tsn_bags_made(tsn_run *r); /* it is done */
/* An item begins, ends to hold what its cells name. */
void tsn_bags_retain(tsn_run *r, const tsn_cell *cells);
void tsn_bags_release(tsn_run *r, const tsn_cell *cells);
bool tsn_bags_init(tsn_run *r);
void tsn_bags_clear(tsn_run *r);

/* held.c: cells of a path, arguments loaded. */
bool tsn_held_step(tsn_run *r, const tsn_reg_rec *reg, tsn_cell *cells, const tsn_cell *arg);
/* arg: the candidate row's, or NULL; second: the separator, or the part of a percentile; out may be arg. */
bool tsn_held_value(tsn_run *r, const tsn_reg_rec *reg, const tsn_cell *cells, const tsn_cell *arg, const tsn_cell *second, tsn_cell *out);

/* partition.c */
/* The piece of a partition that a row belongs to; makes it where there is none. */
uint32_t tsn_partition_for(tsn_run *r, uint32_t found, uint64_t hash, int64_t time);
/* The last time that a row of the piece may have. */
int64_t tsn_partition_until(const tsn_run *r, const tsn_partition *p);
uint32_t tsn_partition_find(tsn_run *r, uint64_t hash);
uint32_t tsn_partition_add(tsn_run *r, uint64_t hash);
uint64_t tsn_partition_hash(const tsn_run *r);
/* A key: the cells of a row in some slots; stored: one kept of a row before. */
/* Whether a value of a column that is loaded is one that is stored: for keys, NULL is NULL. */
static inline bool tsn_cell_same(const tsn_run *r, uint32_t slot, const tsn_cell *a, const tsn_cell *stored)
{
  if (a->null || stored->null) return a->null == stored->null;
  if (r->slot_is_text[slot]) return a->length == stored->length && (!a->length || !memcmp(a->v.s, r->texts.data + stored->v.at, a->length));
  return r->slot_types[slot] == TOCSIN_DOUBLE ? a->v.d == stored->v.d : a->v.i == stored->v.i;
}
static inline uint64_t tsn_cell_hash(const tsn_run *r, uint32_t slot, const tsn_cell *c, uint64_t h)
{
  if (c->null) return tsn_hash_word(1, h);
  if (r->slot_is_text[slot]) return tsn_hash_bytes(c->v.s, c->length, h);
  if (r->slot_types[slot] == TOCSIN_DOUBLE && c->v.d == 0) return tsn_hash_word(0, h); /* -0.0 = 0.0 */
  return tsn_hash_word((uint64_t)c->v.i, h);
}
uint64_t tsn_key_hash(const tsn_run *r, tsn_range slots, const tsn_cell *row);
bool tsn_key_same(const tsn_run *r, tsn_range slots, const tsn_cell *row, const tsn_cell *stored);
/* How much room a partition has: for its key, and what it will need. */
void tsn_room_plan(tsn_run *r);
/* A longer block for an array of a partition, which is in its room at first. NULL: no memory, which is said. */
void *tsn_room_longer(tsn_run *r, const tsn_partition *p, void *array, size_t old_size, size_t size);
void tsn_room_free(tsn_run *r, const tsn_partition *p, void *array, size_t size);
void tsn_partition_drop(tsn_run *r, uint32_t part);
void tsn_partition_clear(tsn_run *r, tsn_partition *p);
bool tsn_partition_keep(tsn_run *r, uint32_t part, int64_t time);
/* One more kept row, the last that has arrived: its cells, one for each of kept_slots, to be filled. NULL: failed. */
tsn_cell *tsn_partition_append(tsn_run *r, tsn_partition *p, const tsn_kept_row *row);
/* Cells of a kept row from `from` on hold nothing: there was no room for a text. Always false. */
bool tsn_partition_lose(const tsn_run *r, tsn_cell *cells, uint32_t from);
void tsn_partition_trim(tsn_run *r, uint32_t part);
/* Where rows are gone back over: what `quiet` was before a kept row. */
void tsn_quiet_save(tsn_run *r, tsn_partition *p, int64_t row);
void tsn_quiet_restore(const tsn_run *r, tsn_partition *p, int64_t row);
static inline tsn_kept_row *tsn_kept_row_at(const tsn_run *r, const tsn_partition *p, int64_t row)
{
  return (tsn_kept_row *)(void *)(p->kept_rows + tsn_ring_at(p->kept_head, (uint32_t)(row - p->base), p->kept_cap) * r->kept_stride);
}
static inline tsn_cell *tsn_kept_cells(tsn_kept_row *row) { return (tsn_cell *)(void *)(row + 1); }
/* A column of a kept row, stored; NULL where it is not kept. Copied as a whole: one that is put together from parts would be
 * read back while they are on their way to memory. */
static inline void tsn_kept_copy(const tsn_run *r, tsn_kept_row *row, uint32_t slot, tsn_cell *to)
{
  const uint32_t at = r->kept_place[slot];
  if (at < r->kept_count) *to = tsn_kept_cells(row)[at];
  else if (at == TSN_KEPT_TIME) *to = (tsn_cell){.v.i = row->time};
  else *to = (tsn_cell){.null = 1};
}
/* The same, loaded. */
static inline void tsn_kept_load(const tsn_run *r, tsn_kept_row *row, uint32_t slot, tsn_cell *to)
{
  tsn_kept_copy(r, row, slot, to);
  if (r->slot_is_text[slot] && !to->null) to->v.s = r->texts.data + to->v.at;
}

/* changes.c */
void tsn_changes_init(tsn_changes *c, tsn_alloc *alloc);
void tsn_changes_reset(tsn_changes *c); /* all is saved */
void tsn_changes_clear(tsn_run *r, tsn_changes *c);
/* How many handles may have changed, of so many that there are, and the k-th of them; changes NULL: all. */
static inline size_t tsn_changes_count(const tsn_changes *c, size_t all) { return c && !c->every ? c->count : all; }
static inline uint32_t tsn_changes_at(const tsn_changes *c, size_t k) { return c && !c->every ? c->all[k] : (uint32_t)k; }
void tsn_changed_now(tsn_run *r, uint32_t part);
/* Something of the partition is not as it was. */
static inline void tsn_changed(tsn_run *r, uint32_t part)
{
  if (r->changes.on && !r->partitions[part].changed) tsn_changed_now(r, part);
}
void tsn_partition_gone(tsn_run *r, const tsn_partition *p);
/* Names: the keys, stored; of a piece of a window also when it began. */
void tsn_name_keys(const tsn_run *r, tsn_range slots, const tsn_cell *keys, tsn_bytes *out);
void tsn_name_partition(const tsn_run *r, const tsn_partition *p, tsn_bytes *out);

/* shape.c */
bool tsn_shapes_init(tsn_run *r);
void tsn_shapes_clear(tsn_run *r);
/* From now on nothing is remembered, nor used of what was. */
void tsn_shapes_stop(tsn_run *r);
/* Items have another width now; before: so many mask words. */
bool tsn_shapes_widen(tsn_run *r, size_t before);
/* Under which labels the row at hand can be; TSN_NONE: ask each time. */
bool tsn_shapes_class(tsn_run *r, const tsn_partition *part, uint32_t *class);
/* A kept row of this class is the row at hand: its labels are known, whatever was kept of it and of its neighbours. */
void tsn_shapes_recall(tsn_run *r, uint32_t class);
/* The labels of a class, a bit each; and the class of a row that is under others than a row of `class`. *out TSN_NONE: too many. */
uint64_t tsn_shapes_labels(const tsn_run *r, uint32_t class);
bool tsn_shapes_reclass(tsn_run *r, uint32_t class, uint64_t labels, uint32_t *out);
/* What a row of this class makes of a start, if it is known. */
bool tsn_shapes_step(tsn_run *r, uint32_t part, uint32_t start, uint32_t class, int64_t time, bool *made);
/* The same for the row as a start; *start TSN_NONE: none begins. */
bool tsn_shapes_begin(tsn_run *r, uint32_t part, uint32_t class, int64_t time, uint32_t *start, bool *made);
/* Before a step that is to be learned: finds the start's shape, numbers its items. */
bool tsn_shapes_watch(tsn_run *r, uint32_t start, uint32_t *items);
/* After it. from: the shape before, TSN_NONE for a row as a start. */
bool tsn_shapes_learn(tsn_run *r, uint32_t from, uint32_t class, uint32_t start, uint32_t old);
/* The shape of these words (tsn_item_words() an item), found or remembered anew; *out TSN_NONE: too many. */
bool tsn_shapes_restore(tsn_run *r, const uint64_t *words, size_t count, uint32_t *out);
/* The class of rows under these labels, a bit each, and those whose conditions fail; *class TSN_NONE: too many. */
bool tsn_shapes_restore_class(tsn_run *r, uint64_t labels, uint64_t failing, uint32_t *class);
/* Of two shapes: which items of the later start go (a bit an item), and what shape is left; false: not known. */
bool tsn_shapes_absorbed(const tsn_run *r, uint32_t a, uint32_t b, uint32_t *drop, uint32_t *then);
/* Learns it. a, b: the shapes before; the items are gone already. */
bool tsn_shapes_absorb(tsn_run *r, uint32_t a, uint32_t b, uint32_t later, uint32_t drop);
/* The start's best path is not decided, and that is known without a look at it. */
bool tsn_shapes_undecided(const tsn_run *r, uint32_t start);

/* What is known of starts without their items. Pointers hold until something is learned; NULL: it is not known. */
static inline const tsn_shape_facts *tsn_shapes_facts(const tsn_run *r, uint32_t shape) { return &r->flat.facts[shape]; }
/* What a row makes of a shape; TSN_NONE: of itself, as a start. */
static inline const tsn_step *tsn_shapes_known(const tsn_run *r, uint32_t shape, uint32_t class)
{
  uint32_t line = shape + 1;
  const tsn_step *s;
  if (line >= r->flat.shapes || class >= r->flat.classes) return NULL;
  s = &r->flat.steps[(size_t)line * r->flat.classes + class];
  return s->known ? s : NULL;
}
const tsn_step *tsn_shapes_event(const tsn_run *r, uint32_t shape, uint32_t kind, uint32_t detail);
/* A start of a shape, its items without values, at the end of the partition's list. TSN_NONE: failed. */
uint32_t tsn_shapes_make(tsn_run *r, uint32_t part, uint32_t shape, const int64_t *taus, int64_t row, int64_t time);
/* What has become of it is known from now on. */
bool tsn_shapes_learn_event(tsn_run *r, const tsn_event *e, uint32_t start);

/* items.c */
static inline tsn_path *tsn_path_at(const tsn_run *r, uint32_t item)
{
  return (tsn_path *)(void *)(r->items + (size_t)item * r->item_stride);
}
static inline bool tsn_mask_get(const uint64_t *mask, uint32_t i) { return mask[i / 64] >> (i % 64) & 1; }
static inline void tsn_mask_clear(uint64_t *mask, uint32_t i) { mask[i / 64] &= ~((uint64_t)1 << (i % 64)); }
static inline uint64_t *tsn_path_mask(const tsn_path *i) { return (uint64_t *)(uintptr_t)(i + 1); }
static inline tsn_cell *tsn_path_cells(const tsn_run *r, const tsn_path *i) { return (tsn_cell *)(void *)(tsn_path_mask(i) + r->mask_words); }
static inline uint32_t *tsn_path_counters(const tsn_run *r, const tsn_path *i)
{
  return (uint32_t *)(void *)(tsn_path_cells(r, i) + r->p->path_cells);
}
static inline const tsn_segment *tsn_segment_of(const tsn_run *r, const tsn_path *i)
{
  return &r->junctions.segments[r->junctions.all[i->junction].segment_first + i->segment];
}
/* A path over $ that completes with its partition: that edge is a segment of its own. */
static inline bool tsn_path_waits_for_end(const tsn_run *r, const tsn_path *i)
{
  return r->junctions.edges[tsn_segment_of(r, i)->edge_first].kind == EDGE_LAST && tsn_mask_get(tsn_path_mask(i), 0);
}
/* Whether it matters when it began to wait; where others race with it, the rows since then matter as well. */
static inline bool tsn_path_timed(const tsn_run *r, const tsn_path *i) { return i->races || tsn_segment_of(r, i)->timed; }
/* Makes room for so many mask words in every item. */
bool tsn_paths_widen(tsn_run *r, size_t words);
uint32_t tsn_path_new(tsn_run *r, uint32_t start);
void tsn_path_free(tsn_run *r, uint32_t item);
void tsn_path_link(tsn_run *r, uint32_t item, uint32_t before); /* TSN_NONE: at the end */
void tsn_path_unlink(tsn_run *r, uint32_t item);
uint32_t tsn_start_new(tsn_run *r, uint32_t part, int64_t row, int64_t time);
void tsn_start_free(tsn_run *r, uint32_t start);
/* Drops items whose future a more preferred one has. */
bool tsn_paths_dedupe(tsn_run *r, uint32_t start);
bool tsn_paths_absorb(tsn_run *r, uint32_t part);
/* What is left of a later start of shape b behind a first one of shape a. */
bool tsn_paths_absorb_shape(tsn_run *r, uint32_t part, uint32_t a, uint32_t b, uint32_t *then);

/* paths.c */
/* The row at hand, as a start: *start TSN_NONE where no path begins with it. */
bool tsn_paths_begin(tsn_run *r, uint32_t part, uint32_t class, int64_t time, uint32_t *start);
/* ... and what it makes of one. */
bool tsn_paths_step(tsn_run *r, uint32_t part, uint32_t start, uint32_t class, int64_t time);
/* Timers of a start that complete up to `time`, the first of them; *fired false: there is none. */
bool tsn_paths_fire_due(tsn_run *r, uint32_t start, int64_t time, bool *fired);
bool tsn_paths_row(tsn_run *r, uint32_t part, int64_t time);
bool tsn_paths_fire(tsn_run *r, uint32_t item, int64_t time);
bool tsn_paths_expire(tsn_run *r, uint32_t start, int64_t time);
bool tsn_paths_expire_rows(tsn_run *r, uint32_t start, int64_t time);
/* Everything that waits of a start is lost at `time`. */
bool tsn_paths_lose(tsn_run *r, uint32_t start, int64_t time);
/* The window is over at `time`: its timers complete, then everything that waits is lost. */
bool tsn_paths_close(tsn_run *r, uint32_t part, int64_t time);
bool tsn_paths_end(tsn_run *r, uint32_t part);

/* race.c */
static inline const tsn_edge *tsn_edges_of(const tsn_run *r, const tsn_path *i, uint32_t *count)
{
  const tsn_segment *s = tsn_segment_of(r, i);
  *count = s->edge_count;
  return r->junctions.edges + s->edge_first;
}
static inline bool tsn_is_timer(const tsn_edge *e) { return e->kind == EDGE_TIMER || e->kind == EDGE_CLOSE; }
static inline bool tsn_is_racer(const tsn_edge *e) { return e->kind == EDGE_STRICT || e->kind == EDGE_NEXT; }
void tsn_race_init(tsn_run *r);
void tsn_race_clear(tsn_run *r);
/* Forgets which groups moved on: paths begin to move. */
void tsn_race_begin(tsn_run *r);
uint32_t tsn_race_new_groups(tsn_run *r, uint32_t count); /* the first of so many */
/* The group of a path that moves from a group (TSN_NONE: a start) over an element. known: TSN_NONE where it would be new. */
uint32_t tsn_race_group(tsn_run *r, uint32_t parent, uint32_t node, bool ended, bool known);
/* An edge of the item has taken a row: the timers of its group are void, for good. */
void tsn_race_row(tsn_run *r, uint32_t item);
/* The timers of an item that complete at `time`, in r->takes. */
bool tsn_race_due(tsn_run *r, uint32_t item, int64_t time, size_t *due);
/* The first timers of a group complete at `time`: they end the others, and what waits. */
bool tsn_race_time(tsn_run *r, uint32_t start, uint32_t group, int64_t time);
/* Takes an item out of the list that has lost; a ghost of it stays where it still races. */
void tsn_race_leave(tsn_run *r, uint32_t item);
/* Frees the ghosts of a start that have nothing left to decide. */
bool tsn_race_sweep(tsn_run *r, uint32_t start);

/* A match, but for its registers. */
typedef struct tsn_found {
  int64_t start, start_time; /* row and time of its first row */
  uint64_t seq;              /* of that row */
  uint64_t ordinal;          /* among the matches of its start, from 1; where each has one: 0 */
  int64_t rows;              /* that it has; */
  int64_t last, end;         /* the last one, and its time; last -1: it has none */
  int64_t time;              /* at which it was complete */
} tsn_found;

/* settle.c */
bool tsn_settle(tsn_run *r, uint32_t part);
/* The row from which on starts are wanted after a match; -1: SKIP TO failed, and that was said. */
int64_t tsn_settle_target(tsn_run *r, const tsn_partition *part, const tsn_found *m, const tsn_cell *cells);
/* Reports the match of a start, which is decided, and frees the start. *target: the row from which on starts are wanted. */
bool tsn_settle_match(tsn_run *r, uint32_t part, uint32_t start, int64_t *target);

/* tier_table.c */
bool tsn_queues_row(tsn_run *r, uint32_t part, int64_t time);
bool tsn_queues_due(tsn_run *r, uint32_t part, const tsn_deadline *d);
bool tsn_queues_close(tsn_run *r, uint32_t part, int64_t time);
bool tsn_queues_end(tsn_run *r, uint32_t part);
bool tsn_queues_settle(tsn_run *r, uint32_t part);
void tsn_queue_clear(tsn_run *r, tsn_partition *p);
/* A partition whose starts are in its queue goes on in the paths tier, in which the run is. */
bool tsn_queue_leave(tsn_run *r, uint32_t part, int64_t time);
/* No start is left in it; false: it owns more than is worth to be kept. */
bool tsn_queue_empty(tsn_run *r, tsn_partition *p);
/* What its starts wait for, as in tsn_junction.labels. */
uint64_t tsn_queue_labels(const tsn_run *r, const tsn_queue *q);
/* The number of the first row that its starts need. */
int64_t tsn_queue_least(const tsn_partition *p);

/* drop.c */
/* Whether a partition has to let its first start go; doing so, but for settling it. */
bool tsn_drop_due(const tsn_run *r, uint32_t part);
void tsn_drop_first(tsn_run *r, uint32_t part);
bool tsn_drop_bytes(tsn_run *r, size_t from);

/* timers.c */
/* A heap by time and phase; entries that are not live any more leave it when they prevail. */
bool tsn_deadlines_add(tsn_run *r, tsn_deadlines *h, const tsn_deadline *d, bool (*is_live)(const tsn_run *r, const tsn_deadline *d));
void tsn_deadlines_drop(tsn_deadlines *h); /* the first one */
int64_t tsn_within_end(const tsn_run *r, const tsn_start *s);
int64_t tsn_window_end(const tsn_run *r, const tsn_start *s);
/* When a timer edge completes; *good false: never (the edge is dead). */
int64_t tsn_timer_time(tsn_run *r, const tsn_path *i, const tsn_edge *e, bool *good);
/* Earliest time at which a timer of a waiting item completes, or a bound runs out; false: none. */
bool tsn_path_due(tsn_run *r, const tsn_path *i, const tsn_deadline *handled, int64_t *time, tsn_phase *phase);
bool tsn_deadline_push(tsn_run *r, int64_t time, tsn_phase phase, tsn_owner owner, uint32_t handle, uint32_t generation);
/* The next deadline of an item: behind `handled`, or the first one (NULL). */
bool tsn_deadline_item(tsn_run *r, uint32_t item, const tsn_deadline *handled);
bool tsn_deadline_pop(tsn_run *r, int64_t limit, tsn_deadline *out); /* the earliest live one, <= limit */

/* pending.c: what may be reported later with an output time of the past. */
bool tsn_pending_path(tsn_run *r, uint32_t item);
bool tsn_pending_timeout(tsn_run *r, uint32_t start);
bool tsn_pending_partition(tsn_run *r, uint32_t part);
/* No row will be reported any more whose output time lies before the answer. */
int64_t tsn_run_reached(tsn_run *r);

/* clock.c: times and durations, of which a DOUBLE is held as tsn_time_of_double() gives it. */
int64_t tsn_real_shift(int64_t time, int64_t duration);
int tsn_real_passed(int64_t later, int64_t earlier, int64_t duration);
/* time + duration */
static inline int64_t tsn_time_shift(const tsn_run *r, int64_t time, int64_t duration)
{
  return r->p->time_type == TOCSIN_DOUBLE ? tsn_real_shift(time, duration) : tsn_time_add(time, duration);
}
/* Whether so much, more (1) or less (-1) has passed from `earlier` to `later`. */
static inline int tsn_time_passed(const tsn_run *r, int64_t later, int64_t earlier, int64_t duration)
{
  int64_t passed;
  if (r->p->time_type == TOCSIN_DOUBLE) return tsn_real_passed(later, earlier, duration);
  if (__builtin_sub_overflow(later, earlier, &passed)) return later > earlier ? 1 : -1; /* more than a duration can say */
  return (passed > duration) - (passed < duration);
}
/* time - duration, for watermarks. */
int64_t tsn_time_back(const tsn_run *r, int64_t time, int64_t duration);
/* A duration that an expression gave. */
int64_t tsn_time_length(const tsn_run *r, const tsn_cell *value);
/* The window of a TUMBLE that a time lies in. */
void tsn_time_tumble(const tsn_run *r, int64_t time, int64_t *start, int64_t *end);

/* vm.c */
bool tsn_eval_code(tsn_run *r, const tsn_eval *e, const tsn_code *code, tsn_cell *out);
/* TRUE of a label's condition for the row at hand and a path's cells. */
/* Code that is a condition: whether it is TRUE. */
bool tsn_eval_truth(tsn_run *r, const tsn_eval *e, const tsn_code *code, bool *truth);
/* What its own row says of a condition that reads paths: whether it can be TRUE at all. screen: that part of it; count 0: it always can. */
bool tsn_eval_screen(tsn_run *r, const tsn_partition *part, uint32_t label, const tsn_code *screen, bool *truth);
bool tsn_eval_label(tsn_run *r, const tsn_partition *part, uint32_t label, const tsn_cell *cells, bool *truth);
/* An aggregate's cells take one more value, loaded. */
bool tsn_register_add(tsn_run *r, const tsn_reg_rec *reg, tsn_cell *cells, const tsn_cell *arg, const tsn_cell *second);
/* Moves the registers of a label by the row of e. which: in_path, or in_replay. */
bool tsn_eval_updates(tsn_run *r, const tsn_eval *e, tsn_cell *cells, bool replay);

/* aggregate.c: cells loaded. */
bool tsn_aggregate_step(tsn_run *r, const tsn_reg_rec *reg, tsn_cell *cells, const tsn_cell *arg, const tsn_cell *second);
tsn_cell tsn_aggregate_value(const tsn_reg_rec *reg, const tsn_cell *cells);
/* Of so many values, by the sum of their squared distances from the mean. */
tsn_cell tsn_spread_value(tsn_aggregate aggregate, int64_t n, double squares);
tsn_cell tsn_real_cell(double d); /* NaN is NULL */
int tsn_compare_cells(uint32_t type, const tsn_cell *a, const tsn_cell *b);

/* gather.c: cells loaded. */
bool tsn_gather_init(tsn_run *r);
void tsn_gather_clear(tsn_run *r);
void tsn_gather_begin(tsn_run *r); /* of a replay: nothing was seen yet */
/* lists: one, of APPROX_PERCENTILE two. */
bool tsn_gather_step(tsn_run *r, tsn_aggregate aggregate, uint32_t type, tsn_bytes *lists, const tsn_cell *arg, const tsn_cell *second);
bool tsn_gather_value(tsn_run *r, tsn_aggregate aggregate, const tsn_bytes *lists, tsn_cell *out);
void tsn_set_init(tsn_set *set, tsn_alloc *alloc);
void tsn_set_clear(tsn_set *set); /* frees */
void tsn_set_reset(tsn_set *set); /* empties */
/* *fresh: DISTINCT has not met the value before. */
bool tsn_set_add(tsn_run *r, tsn_set *set, uint32_t type, const tsn_cell *value, bool *fresh);
/* Which of so many values, from 1 on, is APPROX_PERCENTILE. */
uint64_t tsn_percentile_rank(double part, uint64_t count);
void tsn_json_cell(tsn_bytes *b, uint32_t type, const tsn_cell *c);

/* regex_function.c */
void tsn_run_regexes_clear(tsn_run *r);

/* host_function.c: args loaded; what the host gives lives until the next row. */
bool tsn_call_host(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out);

/* function.c */
bool tsn_call(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out);
bool tsn_cast(tsn_run *r, uint32_t from, uint32_t to, tsn_cell *cell);
int tsn_compare_int_double(int64_t i, double d);

/* measure.c */
bool tsn_report(tsn_run *r, uint32_t start, uint32_t item, bool timeout, int64_t time);
/* A row for a match whose registers are in r->full. */
bool tsn_report_found(tsn_run *r, uint32_t part, const tsn_found *found);
bool tsn_report_unmatched(tsn_run *r, uint32_t part, int64_t row);

/* tier_graph.c: every match of a start (graph.h) */
bool tsn_graph_init(tsn_run *r);
void tsn_graph_clear(tsn_run *r);
void tsn_graph_see(tsn_run *r); /* a block's conditions are known */
bool tsn_graph_row(tsn_run *r, uint32_t part, int64_t time);
bool tsn_graph_expire(tsn_run *r, uint32_t part, int64_t time);
void tsn_graph_drop(tsn_run *r, tsn_partition *p);
void tsn_graph_visit(tsn_run *r, tsn_partition *p, tsn_text_visitor f, tsn_texts *young);

/* sweep.c */
bool tsn_sweep_can(const tsn_run *r); /* its rows can come in blocks */
bool tsn_sweep_init(tsn_run *r);
void tsn_sweep_clear(tsn_run *r);
/* The next row of the block that the pattern has to see, from `from` on. */
uint32_t tsn_sweep_next(const tsn_run *r, uint32_t from, uint32_t rows);
bool tsn_sweep_feed(tsn_run *r, const tsn_block *b, uint32_t row);

/* vector.c */
tsn_vector *tsn_vector_new(tsn_alloc *alloc); /* NULL: no memory */
void tsn_vector_free(tsn_alloc *alloc, tsn_vector *v);
bool tsn_vector_knows(tsn_opcode op);
/* Where code is TRUE, a bit a row, in these words of 64 rows. false: it cannot be told here. */
bool tsn_vector_words(tsn_run *r, tsn_block *b, const tsn_range *code, uint32_t words, uint64_t *bits);
/* The numbers that code leaves in each row (a double's bits), and a bit a row where it is NULL. false: it cannot be told here. */
bool tsn_vector_values(tsn_run *r, tsn_block *b, const tsn_instr *in, uint32_t count, int64_t *values, uint64_t *nulls);

/* screen.c */
/* Finds what the screens of a run have in common with others over its stream. blocks: by stream. false: no memory. */
bool tsn_screens_init(tsn_block *blocks, tsn_run *r);
/* Where a label's screen is TRUE in r->bits, and r->any. false: it cannot be told here. */
bool tsn_screen_bits(tsn_run *r, tsn_block *b, uint32_t label);

/* output.c */
void tsn_output_init(tsn_output *o, tsn_alloc *alloc);
void tsn_output_clear(tsn_output *o);
size_t tsn_output_mark(tsn_output *o); /* where the next row will stand */
bool tsn_output_reserve(tsn_output *o, size_t rows, size_t cells); /* of so many cells each; false: no memory */
/* A row for which there is room. */
static inline tsn_cell *tsn_output_put(tsn_output *o, size_t cells, const tsn_out_row *row)
{
  tsn_cell *out = o->cells + o->cell_count;
  tsn_out_row *to = &o->rows[o->count++];
  to->seq = row->seq; /* field by field: as one, they would be read back while they are still on their way to memory */
  to->first = o->cell_count;
  to->pattern = row->pattern;
  to->timeout = row->timeout;
  to->time = row->time;
  o->cell_count += cells;
  return out;
}
tsn_cell *tsn_output_row(tsn_output *o, size_t cells, const tsn_out_row *row); /* NULL: no memory */
void tsn_output_drop(tsn_output *o); /* the last row was not finished */
bool tsn_output_text(tsn_output *o, tsn_cell *cell); /* loaded -> stored there */
bool tsn_output_sort(tsn_output *o, size_t from); /* false: no memory */

/* ahead.c */
bool tsn_ahead_add(tsn_run *r, int64_t time, uint64_t seq);
bool tsn_ahead_drain(tsn_run *r);
bool tsn_ahead_advance(tsn_run *r, int64_t limit);
void tsn_ahead_clear(tsn_run *r);

/* reorder.c */
bool tsn_reorder_add(tsn_run *r, int64_t time, uint32_t part, uint64_t arrival);
bool tsn_reorder_release(tsn_run *r, int64_t before, bool all);
void tsn_reorder_clear(tsn_run *r);
static inline tsn_cell *tsn_waiting_cells(const tsn_run *r, const tsn_waiting *row)
{
  return r->reorder.cells + (size_t)row->row * r->slot_count;
}

#endif
