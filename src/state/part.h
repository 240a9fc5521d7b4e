/* Parts of a matcher: names, checksums, which have changed. See state.h. */
#ifndef TSN_STATE_PART_H
#define TSN_STATE_PART_H

#include "state/state.h"
#include "tocsin/state.h"

/* What of a matcher is not of a pattern. */
typedef struct tsn_head {
  tsn_feed *feed;
  tsn_output *output;
  tocsin_stats *stats; /* what the matcher itself counts */
  bool *finished;
} tsn_head;

/* Kept from the first part that is read or written on. */
typedef struct tsn_state {
  tsn_alloc *alloc;
  tsn_automaton *automata; /* by pattern: of the parts that are read */
  struct tsn_written {
    size_t junctions, classes, shapes;
    bool queues, off, any;
  } *written;   /* by pattern: what its automaton part tells of */
  bool *waited; /* by pattern: a sort buffer that is not empty was written */
  struct tsn_piece {
    uint32_t run, part;
    int64_t before; /* when the piece before it began */
  } *pieces;
  size_t piece_count, piece_cap;
  tsn_bytes name, bytes;
} tsn_state;

bool tsn_state_init(tsn_state *s, const tsn_head *h, tsn_alloc *alloc); /* false: no memory */
void tsn_state_clear(tsn_state *s, const tsn_head *h);

/* Tells of every part, or (changes) of those that are not as they were when tsn_parts_saved() was called last. */
tocsin_status tsn_parts_tell(tsn_state *s, const tsn_head *h, bool changes, tocsin_part_fn each, void *context);
void tsn_parts_saved(tsn_state *s, const tsn_head *h);
/* The parts of one partition, and the automaton that they need. */
tocsin_status tsn_parts_of_partition(tsn_state *s, const tsn_head *h, tsn_run *r, uint32_t part, tocsin_part_fn each, void *context);

/* What is read from now on numbers junctions, classes and shapes by an automaton part of its own. */
void tsn_state_begin_import(tsn_state *s, const tsn_head *h);
/* A part, checked. */
tocsin_status tsn_part_load(tsn_state *s, const tsn_head *h, const tocsin_part *part);
/* All are there. */
tocsin_status tsn_parts_loaded(tsn_state *s, const tsn_head *h);

#endif
