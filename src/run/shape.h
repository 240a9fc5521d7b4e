/* What shape.c remembers, for those that walk through it. */
#ifndef TSN_RUN_SHAPE_H
#define TSN_RUN_SHAPE_H

#include "run/run.h"

#define TSN_STEP_UNKNOWN 0u
#define TSN_SHAPE_ITEMS 32u

/* An item of the next shape: of an old item, or of the start itself (from NONE). */
typedef struct tsn_move {
  uint32_t from;
  uint32_t label;    /* TSN_NONE: it stays as it is */
  uint32_t take;     /* moves of one take share its cells and history */
  uint32_t fired;    /* of an event: by a timer, or at its time */
  uint32_t excluded; /* flags of the history's node */
  uint32_t in_place; /* the item that stays, or the last one made of it: made in its place */
  uint32_t group;    /* of the new ones, counted from 0 */
} tsn_move;

typedef struct tsn_shape_step {
  tsn_step to;
  uint32_t move_first, move_count;
  uint32_t groups;
  bool in_order; /* each item stays in its place: the list need not be linked anew */
  bool still;    /* nothing changes */
} tsn_shape_step;

typedef struct tsn_known_steps { /* by class: number of a step + 1, or STEP_UNKNOWN */
  uint32_t *of;
  uint32_t cap;
} tsn_known_steps;

typedef struct tsn_shape {
  uint32_t items, word_first; /* item_words() of an item: what take_shape() reads, its mask, its counters */
  tsn_known_steps steps;
} tsn_shape;

/* What a time makes of a shape, or a row of the time of one of its elements. */
typedef struct tsn_shape_event {
  uint32_t shape, kind, detail;
  tsn_step to;
  uint32_t move_first; /* one for each item of the next shape */
} tsn_shape_event;

/* Which items of a later start have the future of one of the first start's, a bit an item. */
typedef struct tsn_shape_pair {
  uint32_t first, later, drop, then; /* shapes; then: of what is left */
} tsn_shape_pair;

struct tsn_shapes {
  bool off; /* too many */
  tsn_shape *all;
  size_t count, cap;
  tsn_map map;
  uint64_t *words;
  size_t word_count, word_cap;
  tsn_shape_step *steps;
  size_t step_count, step_cap;
  tsn_move *moves;
  size_t move_count, move_cap;
  tsn_known_steps begin; /* of a row as a start */
  uint32_t begin_succeeds; /* an empty path does */
  uint64_t *classes; /* two words each: the labels whose conditions are TRUE, and those that fail */
  size_t class_cap;
  tsn_map class_map;
  uint32_t class_count;
  tsn_shape_pair *pairs;
  size_t pair_count, pair_cap;
  tsn_map pair_map;
  tsn_shape_event *events;
  size_t event_count, event_cap;
  tsn_map event_map;
  uint64_t *key;
  size_t key_cap;
};

static inline size_t tsn_item_words(const tsn_run *r) { return 2 + r->mask_words + (r->p->counters + 1) / 2; }
static inline const uint64_t *tsn_item_key(const tsn_run *r, uint32_t shape, uint32_t item)
{
  return r->shapes->words + r->shapes->all[shape].word_first + item * tsn_item_words(r);
}
/* In the key: of the times that matter, which one the item has, from 1 on; 0: its own does not matter. */
static inline uint32_t tsn_tau_in(const uint64_t *key) { return (uint32_t)key[1] >> 16; }
static inline uint32_t tsn_step_of(const tsn_known_steps *k, uint32_t class) { return class < k->cap ? k->of[class] : TSN_STEP_UNKNOWN; }
/* NULL: it is not known. Holds until something is learned. */
const tsn_shape_event *tsn_shapes_find_event(const tsn_run *r, uint32_t shape, uint32_t kind, uint32_t detail);
/* Whether any value of a path is moved by a row under the label. */
bool tsn_moves_registers(const tsn_run *r, uint32_t label);

#endif
