/* What can follow an element: edges, in segments, in junctions (junction.c). */
#ifndef TSN_RUN_JUNCTION_H
#define TSN_RUN_JUNCTION_H

#include "base/arena.h"
#include "base/map.h"

typedef enum tsn_edge_kind {
  EDGE_STRICT, /* the next row or none */
  EDGE_NEXT,   /* the first row that it can take */
  EDGE_ANY,    /* every row that it can take */
  EDGE_TIMER,  /* an absence that lasts */
  EDGE_CLOSE,  /* an absence up to the end of the match: accepts when WITHIN is over */
  EDGE_LAST,   /* accepts with the end of the partition */
  EDGE_DOOMED  /* crossed $, but a row is yet to come: lives until then */
} tsn_edge_kind;

enum { EDGE_HAS_LO = 1, EDGE_HAS_HI = 2, EDGE_ENDED = 4, EDGE_TIMED = 8 };

typedef struct tsn_counter_op {
  uint32_t slot, relative, value; /* slot += value, or = value */
} tsn_counter_op;

typedef struct tsn_start_absence {
  uint32_t index; /* of pattern.start_absences */
  uint32_t unused;
  int64_t duration;
} tsn_start_absence;

typedef struct tsn_edge {
  uint8_t kind, flags;
  uint32_t node;
  uint32_t label; /* row edges: the label */
  uint32_t timer; /* EDGE_TIMED: of the pattern; TSN_NONE: up to the end of the match */
  int64_t lo, hi;
  uint32_t absence_first, absence_count; /* labels that kill it */
  uint32_t counter_first, counter_count;
  uint32_t slot, bit; /* bit not 0: a path whose counter has it lacks this edge */
  uint32_t quiet_first, quiet_count; /* start absences */
} tsn_edge;

typedef struct tsn_segment {
  uint32_t edge_first, edge_count; /* of the junction's edges */
  uint32_t accept;                 /* the end of the pattern stands behind it */
  uint32_t timers;                 /* has edges that wait for a time */
  uint32_t timed;                  /* and bounds: its state depends on its time */
} tsn_segment;

typedef struct tsn_junction {
  uint32_t edge_first, edge_count;
  uint32_t segment_first, segment_count;
  uint32_t node;
  uint64_t labels;     /* a row under none of these changes nothing here; a bit a label, modulo 64 */
  uint8_t origin;      /* what it was built for: tsn_junction_origin; with the node, and counters in tsn_junctions.counts, */
  uint8_t ended, last; /* behind $, and whether its row was the last one there was */
} tsn_junction;

typedef enum tsn_junction_origin {
  JUNCTION_BEHIND,     /* an element */
  JUNCTION_START,      /* of the pattern */
  JUNCTION_START_FIRST, /* at the first row of a partition */
  JUNCTION_END         /* only the end of the partition can follow */
} tsn_junction_origin;

typedef struct tsn_junctions {
  tsn_arena arena; /* keys */
  tsn_map map;
  tsn_junction *all;
  size_t count, cap;
  tsn_edge *edges;
  size_t edge_count, edge_cap;
  tsn_segment *segments;
  size_t segment_count, segment_cap;
  uint32_t *absences;
  size_t absence_count, absence_cap;
  tsn_counter_op *counters;
  size_t counter_count, counter_cap;
  tsn_start_absence *quiets;
  size_t quiet_count, quiet_cap;
  uint64_t **keys;
  size_t key_cap;
  uint32_t *counts; /* by junction: counters of the path that it was built for */
  size_t counts_cap;
  uint64_t *scratch;
  uint64_t walked; /* bytes of ways walked in all */
} tsn_junctions;

#endif
