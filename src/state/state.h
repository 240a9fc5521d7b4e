/* All state of a matcher as bytes, in parts that stand for themselves.
 *
 *   part          name                                  what
 *   head          h                                     rows so far, counters, output rows that were not taken
 *   automaton     a PATTERN 0                           what the pattern has learned: junctions, classes of rows, shapes
 *   run           r PATTERN 0                           watermarks, counters
 *   waiting       s PATTERN 0                           the sort buffer
 *   frame         w PATTERN 0 source window key         rows of a window aggregate
 *   partition     p PATTERN 0 key [window]              kept rows, starts, paths, queue, graph
 *
 * In the order of their names each part comes behind those that it needs. A part is written again only when it has changed
 * (run/changes.c); numbers of junctions, shapes and classes are those of the automaton part, which only grows, so that parts
 * that were not written again stay right. Handles into slabs never leave memory: paths, starts, histories and bags are numbered
 * anew inside their partition.
 *
 *   automaton.c   junctions, classes, shapes
 *   paths.c       histories, bags, starts and their items
 *   partition.c   what a partition is besides; queue.c, graph.c: of the other tiers
 *   frame.c       windows            waiting.c   the sort buffer
 *   part.c        names, checksums, and who needs to be written
 *
 * A part ends with a checksum over its name and bytes. Behind it every number is checked where it is read, so that no bytes,
 * whoever made them, lead outside of what there is. */
#ifndef TSN_STATE_STATE_H
#define TSN_STATE_STATE_H

#include "program/tier.h"
#include "run/graph.h"
#include "run/guards.h"
#include "run/queue.h"
#include "run/shape.h"
#include "run/window.h"
#include "state/codec.h"

#define TSN_STATE_VERSION 1u

/* Numbers of an automaton part, by what they are in this run. */
typedef struct tsn_renumbered {
  uint32_t *all;
  size_t count, cap;
} tsn_renumbered;

typedef struct tsn_automaton {
  tsn_renumbered junctions, classes, shapes;
  bool queues; /* the run was in the table tier */
  bool known;  /* the part was read */
} tsn_automaton;

/* automaton.c */
void tsn_state_automaton(tsn_codec *c, tsn_automaton *a);
void tsn_automaton_clear(tsn_run *r, tsn_automaton *a);
/* The number that a run has for one of the automaton part; bad, if there is none. Saving: as it is. */
void tsn_code_junction(tsn_codec *c, const tsn_automaton *a, uint32_t *junction);
void tsn_code_class(tsn_codec *c, const tsn_automaton *a, uint32_t *class); /* or TSN_NONE */
void tsn_code_shape(tsn_codec *c, const tsn_automaton *a, uint32_t *shape); /* or TSN_NONE */

/* paths.c */
/* Starts of a partition with all that they own; loading, in one that has none. */
void tsn_state_starts(tsn_codec *c, const tsn_automaton *a, uint32_t part);

/* queue.c */
void tsn_state_queue(tsn_codec *c, const tsn_automaton *a, uint32_t part);
/* graph.c */
void tsn_state_graph(tsn_codec *c, uint32_t part);
/* partition.c */
void tsn_state_partition(tsn_codec *c, const tsn_automaton *a, uint32_t part);
/* frame.c */
void tsn_state_frame(tsn_codec *c, uint32_t source, uint32_t window, uint32_t frame);
void tsn_state_order_frames(tsn_run *r); /* once all are there */
/* waiting.c */
void tsn_state_waiting(tsn_codec *c);

#endif
