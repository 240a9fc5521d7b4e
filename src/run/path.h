/* Starts, their paths (paths.c), and the rows that these took (history.c). */
#ifndef TSN_RUN_PATH_H
#define TSN_RUN_PATH_H

#include "base/map.h"

typedef enum tsn_path_state {
  ITEM_FREE,
  ITEM_WAIT,  /* a segment of a junction that still waits */
  ITEM_MATCH, /* a path that has succeeded */
  ITEM_GHOST, /* cannot succeed, but its edges still race with others of its group: race.c */
  ITEM_HELD   /* out of the list: what a timeout would report */
} tsn_path_state;

typedef enum tsn_races {
  RACE_NONE,     /* its own edges alone, if at all */
  RACE_JUNCTION, /* items of its group have timers */
  RACE_TWINS     /* and so may paths behind those, that move as it does */
} tsn_races;

/* Behind the struct lie, in one stride: mask words, counters, cells. */
typedef struct tsn_path {
  uint32_t prev, next; /* in the start's list; next: in the free list */
  uint32_t start;
  uint32_t junction, segment;
  uint32_t state;
  uint32_t group;   /* items of one junction share it */
  uint32_t history;
  uint32_t generation;
  uint32_t ended; /* the path crossed $ */
  uint8_t races;  /* tsn_races */
  uint8_t timed_race; /* of a sweep: its group has more than rows to race */
  uint16_t unused;
  int64_t tau;    /* time of its last element */
  int64_t row;    /* number of its last mapped row; -1: none */
  int64_t row_time;
  int64_t rows; /* mapped */
  int64_t since; /* rows that its partition had when it began to wait */
  uint32_t origin, taken, take, taken_flags; /* while a step is learned: see shape.c */
} tsn_path;

typedef struct tsn_start {
  uint32_t prev, next;
  uint32_t partition;
  uint32_t head, tail;
  uint32_t generation;
  uint32_t used;
  uint32_t held; /* item of a timeout */
  uint32_t matches;
  uint32_t succeeded; /* by an empty path that is not reported */
  uint32_t shape;     /* TSN_NONE: not known; else what its items look like */
  uint32_t ghosts;
  int64_t row;
  uint64_t seq; /* of its row in the merged input */
  int64_t time;
  uint64_t held_moment, dead_moment;
  int64_t held_time;
} tsn_start;

/* ---- history.c ---- */
typedef struct tsn_hist {
  uint32_t parent; /* next free */
  uint32_t label;  /* TSN_NONE: a timer */
  uint32_t refs;
  uint32_t flags;
  uint32_t same;  /* the node that stands for all with its rows, labels and timers */
  uint32_t unused;
  int64_t at; /* row number, or time of the timer */
} tsn_hist;
enum { HIST_EXCLUDED = 1, HIST_REPORTED = 2 };

typedef struct tsn_history {
  tsn_hist *all;
  size_t count, cap;
  uint32_t free;
  uint64_t live;
  tsn_map moment; /* nodes made in this moment, so that equal histories are one */
} tsn_history;

#endif
