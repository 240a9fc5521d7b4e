/* From meaning to machine: a bound pattern becomes records of a program block.
 *
 *   tsn_bound --nfa, permute--> nodes, loops, timers   the automaton
 *             --check--> diagnostics               what follows what
 *             --registers--> regs, cells, liveness what a path remembers
 *             --code--> instructions               conditions, measures, SELECT
 *             --source--> parts, values            where rows come from
 *             --emit--> one block
 *
 * A tsn_plan is the work on one pattern; its arrays grow on the compile's arena
 * and are copied into the block by emit. */
#ifndef TSN_PLAN_PLAN_H
#define TSN_PLAN_PLAN_H

#include "base/bytes.h"
#include "base/map.h"
#include "bind/bind.h"

/* The block under construction: a byte buffer a section. */
typedef struct tsn_image {
  tsn_alloc *alloc;
  tsn_bytes sections[TSN_SECTIONS];
} tsn_image;

typedef struct tsn_reg_plan {
  uint64_t key; /* a hash of what makes it this register */
  tsn_reg_kind kind;
  tsn_aggregate aggregate;
  bool distinct;
  bool held; /* an aggregate of conditions that keeps lists or sets in each path */
  const tsn_label_set *set;
  tsn_bx *value, *value2;
  int64_t physical;
  uint32_t depth;
  uint32_t cell, cells;
  bool in_path, in_replay;
  uint32_t list; /* list aggregates: their number */
  tsn_span at;   /* of the aggregate */
} tsn_reg_plan;

typedef struct tsn_node_plan {
  tsn_node_rec rec;
  tsn_span at;
  uint32_t inside, part; /* the NODE_PERMUTE whose part it lies in, and which one; TSN_NONE */
  uint64_t rows;         /* PERMUTE: its parts that take one */
  uint64_t *live; /* bit set of path cells that conditions can still read here */
} tsn_node_plan;

/* A window aggregate, and a window with its keys: by slots of the pattern. */
typedef struct tsn_over_plan {
  const tsn_agg *agg;
  uint32_t window, number;
  uint32_t slot, slot2; /* TSN_NONE: COUNT(*); no second argument, or a constant */
} tsn_over_plan;

typedef struct tsn_window_plan {
  const tsn_bover *over;
  uint32_t *keys;
  size_t key_count;
} tsn_window_plan;

typedef struct tsn_part_plan {
  const tsn_bpart *part;
  const tsn_bx **values; /* by slot: what a raw row gives; NULL: nothing, or not before its windows are known */
  uint64_t *value_keys;  /* their hashes */
  tsn_over_plan *overs;
  size_t over_count;
  tsn_window_plan *windows;
  size_t window_count;
} tsn_part_plan;

typedef struct tsn_twin tsn_twin;

typedef struct tsn_plan {
  tsn_arena *arena;
  tsn_diag *diag;
  const tsn_bound *q;
  const char *text; /* of the script */
  tsn_image *image;
  tocsin_status status;

  tsn_node_plan *nodes;
  size_t node_count, node_cap, permute_count;
  tsn_loop_rec *loops;
  size_t loop_count, loop_cap;
  const tsn_bpat **timers;
  size_t timer_count, timer_cap;
  uint32_t *targets;
  size_t target_count, target_cap;
  uint32_t root, counters;
  /* while building */
  uint32_t counter_depth, inside, inside_part;
  uint32_t writing, written; /* PERMUTEs around, written out; parts so written */
  tsn_span written_at;
  uint32_t context, contexts; /* permute.c */
  tsn_map twin_map;
  tsn_twin *twins;
  size_t twin_count, twin_cap;
  bool races; /* the pattern has absences */
  bool has_first, has_last, has_bounds;

  tsn_reg_plan *regs;
  size_t reg_count, reg_cap;
  uint32_t *reg_table; /* by key: numbers of registers from 1; 4 * reg_cap places */
  uint32_t path_cells, cells, lists, behind, ahead;
  uint32_t skip_cell;
  uint64_t **label_reads; /* cells that the condition of a label reads */
  uint64_t **timer_reads;
  bool *label_local;

  uint32_t *slot_of; /* of a column of the shape, or of a part's raw row; TSN_NONE */
  uint32_t *slots;
  size_t slot_count;
  tsn_part_plan *parts;
  const tsn_part_plan *part; /* whose late code is made */
  uint32_t *slot_types;
  size_t slot_total; /* those of the pattern, and behind them hidden ones of its windows */
  bool ambiguous, replay;
  bool labels_decide; /* a condition reads labels at physical offsets */
} tsn_plan;

/* nfa.c */
void tsn_plan_nfa(tsn_plan *p);
/* The node at which a path enters a part so that it leaves for `next`. */
uint32_t tsn_plan_build(tsn_plan *p, const tsn_bpat *x, uint32_t next);
uint32_t tsn_plan_node(tsn_plan *p, tsn_node_kind kind, tsn_span at, uint32_t next);
uint32_t tsn_plan_split(tsn_plan *p, tsn_span at, const uint32_t *targets, size_t count);
void tsn_plan_targets(tsn_plan *p, uint32_t node, const uint32_t *targets, size_t count);
/* Room for one more element; NULL after noting why not in p->status. */
void *tsn_plan_grow(tsn_plan *p, void *array, size_t count, size_t *cap, size_t size);
/* permute.c */
uint32_t tsn_plan_permute(tsn_plan *p, const tsn_bpat *x, uint32_t next);
/* Once all places were checked: what follows the parts of a PERMUTE is one node where it says the same. */
void tsn_plan_share(tsn_plan *p);
/* Gives the node of an element and its copies behind the same parts one number. */
void tsn_plan_twin(tsn_plan *p, const tsn_bpat *element, uint32_t node);
/* Counts what is written out; false, after saying so, where it is too much. */
bool tsn_plan_may_write(tsn_plan *p);
/* check.c */
void tsn_plan_check(tsn_plan *p);
bool tsn_plan_is_ambiguous(const tsn_plan *p);
/* waits.c */
void tsn_plan_waits(tsn_plan *p);
/* registers.c */
void tsn_plan_slots(tsn_plan *p);
/* The slots of a part's raw rows, in the place of those of the pattern; values: what is made of them. Answers how many
 * are of the stream; those of the joined table stand behind. */
size_t tsn_plan_raw_slots(tsn_plan *p, const tsn_bpart *part, const tsn_bx *const *values, size_t count);
void tsn_plan_registers(tsn_plan *p);
uint32_t tsn_plan_find_nav(const tsn_plan *p, const tsn_nav *nav);
uint32_t tsn_plan_find_labels(const tsn_plan *p);
uint32_t tsn_plan_find_agg(const tsn_plan *p, const tsn_agg *agg, bool condition);
bool tsn_plan_set_has(const tsn_label_set *set, uint32_t label);
/* Expressions over one row: whether two are one, and a number that is the same then. */
bool tsn_plan_same(const tsn_bx *a, const tsn_bx *b);
uint64_t tsn_plan_hash(const tsn_bx *x);

/* over.c: window aggregates, with the slots that they need. */
void tsn_plan_windows(tsn_plan *p);
bool tsn_plan_is_late(const tsn_bx *x); /* reads a window aggregate */
uint32_t tsn_plan_find_over(const tsn_plan *p, const tsn_bx *x);
/* columns: of the shape, by slot of the pattern. */
void tsn_plan_emit_windows(tsn_plan *p, tsn_part_plan *part, const uint32_t *columns, size_t column_count, tsn_part_rec *rec);

/* source.c: the parts of FROM; the last step on a pattern, as it takes over the slots. */
tsn_range tsn_plan_parts(tsn_plan *p);

/* code.c: what an expression is compiled for. */
typedef enum tsn_mode {
  MODE_LABEL, /* a candidate row under a label, and the path before it */
  MODE_TIMER, /* the path, after its last row */
  MODE_MATCH, /* a match */
  MODE_ROW,   /* one row, so many physical rows from the current one */
  MODE_OUTER  /* the inner columns */
} tsn_mode;
tsn_code tsn_plan_code(tsn_plan *p, const tsn_bx *x, tsn_mode mode, uint32_t label, int64_t physical);

/* emit.c */
tocsin_status tsn_plan_program(tsn_arena *arena, tsn_alloc *alloc, const tsn_bound_script *script, tsn_diag *diag,
                               tocsin_program **out);
uint32_t tsn_image_add(tsn_image *image, tsn_section section, const void *record, size_t size);
uint32_t tsn_image_count(const tsn_image *image, tsn_section section, size_t size);
tsn_range tsn_image_indices(tsn_image *image, const uint32_t *values, size_t count);
/* A stretch of the script for messages: on one line, and not too long. */
tsn_str tsn_plan_text(tsn_plan *p, tsn_span at);
tsn_str tsn_image_text(tsn_image *image, const char *text, size_t length);

/* explain.c */
tocsin_status tsn_explain_program(const tocsin_program *p, tsn_bytes *out);

/* draw.c: the automaton of a pattern as a picture. */
tocsin_status tsn_draw_pattern(tsn_arena *arena, const tocsin_program *p, uint32_t pattern, tocsin_picture picture, tsn_bytes *out);

#endif
