/* Every match of a start, without a path for each: rows in lists, and who can follow whom.
 *
 *   PATTERN (a ->> b ->> c)      a state for each element (and count of turns)
 *
 *     a   [1] [2]     [5]        in each the rows that can stand there, in their order:
 *     b       . [3] [4]   [7]    what came before a row in its state is one number,
 *     c                   [8]    what comes after it begins at another - its link
 *
 * A row that can stand behind something that lives is one node, however many paths lead
 * to it. So a row costs a constant, and the paths that a row completes are walked when
 * it has come: from their starts on, through what can still reach that row alone, so that
 * they come in their order, and each step belongs to a match.
 *
 *   states   graph_states.c   elements and edges of the pattern, from its junctions
 *   nodes    tier_graph.c          a row enters states; what WITHIN has ended goes
 *   walks    graph_walk.c     the matches that end at the row at hand
 *
 * It does what program/tier.c says: conditions that read their own row, but for those of
 * last elements, and no time that passes by itself. */
#ifndef TSN_RUN_GRAPH_H
#define TSN_RUN_GRAPH_H

#include "run/run.h"

typedef struct tsn_graph_edge {
  uint32_t to;
  uint32_t kind; /* tsn_edge_kind: STRICT, NEXT, ANY */
} tsn_graph_edge;

/* Edges of one junction, most preferred first; a segment's before those of the next, whatever their rows. */
typedef struct tsn_graph_segment {
  uint32_t first, count; /* of the state's edges */
} tsn_graph_segment;

typedef struct tsn_graph_in {
  uint32_t from, edge; /* which edge of that state, from 0 */
} tsn_graph_in;

typedef struct tsn_graph_state {
  uint32_t node, label; /* of the pattern */
  uint32_t counters;    /* first of its counts of turns, in tsn_graph.counters */
  uint32_t edge_first, edge_count;
  uint32_t segment_first, segment_count;
  uint32_t in_first, in_count;
  uint32_t next;  /* state of the same label */
  uint32_t values; /* cells that a node of it keeps */
  size_t stride;   /* bytes of a node */
  bool accepts, begins;
} tsn_graph_state;

/* What a row under a label does to a register of paths. */
typedef struct tsn_graph_step {
  const tsn_reg_rec *reg;
  uint32_t value, second; /* cells of a node; TSN_NONE: it has none */
  uint32_t slot;          /* the value is this column as it is; TSN_NONE */
} tsn_graph_step;

/* One of the sides of `row > earlier row`, where nothing can fail. */
typedef struct tsn_graph_guard {
  tsn_code row, kept;    /* the side of the row at hand; the other, which each node keeps: */
  uint32_t label, value; /*   nodes of this label, in this cell */
  uint32_t op, how;      /* OP_CMP_I or OP_CMP_D; tsn_compare, the row at hand on its left */
} tsn_graph_guard;

typedef struct tsn_graph_label {
  uint32_t first;        /* state; TSN_NONE */
  uint32_t step_first, step_count;
  uint32_t values;       /* cells: of its steps, and behind them what guards of others keep */
  uint32_t cell_first;   /* of tsn_graph.values: the row's at hand */
  uint64_t epoch;        /* that they were made for */
  bool walks;            /* its condition reads the path */
  bool plain;            /* each of its steps keeps one value in place of the one before */
  uint32_t guard;        /* TSN_NONE; else its condition, as what is local (`screen`) AND this */
  tsn_code screen;       /* count 0: none */
} tsn_graph_label;

/* Behind it lie its links (uint64_t, one an edge) and its values. */
typedef struct tsn_graph_node {
  int64_t row;
  int64_t newest; /* time (WITHIN n ROWS: row) of the newest start that leads to it */
} tsn_graph_node;

/* A queue; a node's number never changes, and they are in order of rows. */
typedef struct tsn_graph_list {
  char *nodes;
  size_t cap;
  uint64_t base;         /* number of the first one in memory */
  uint64_t first, total; /* of the first one alive; behind the last one */
} tsn_graph_list;

typedef struct tsn_graph_birth {
  int64_t row, time;
  uint64_t seq, matches;
} tsn_graph_birth;

/* Of a partition. */
typedef struct tsn_graph_lists {
  tsn_graph_list births; /* of tsn_graph_birth */
  bool due;              /* it has a deadline */
  int64_t last;          /* time of the newest birth */
  tsn_graph_list states[];
} tsn_graph_lists;

/* A state that the row at hand enters. */
typedef struct tsn_graph_entry {
  uint32_t state;
  bool follows, begins;
  int64_t newest;
} tsn_graph_entry;

/* Of a state, during a walk: from which of its nodes the row at hand can be reached. Between the
 * first and the last there may be some that do not, if edges wait for one row alone. */
typedef struct tsn_graph_reach {
  uint64_t low, high;
  bool ends;     /* the row at hand stands there, and a path may end with it */
  bool queued;
  uint32_t last; /* each of the nodes does, and in one step, to this state; TSN_NONE */
} tsn_graph_reach;

typedef struct tsn_graph_frame {
  uint32_t state, segment;
  size_t cursors; /* of the segment's edges; SIZE_MAX: it has not begun */
  uint64_t node;
} tsn_graph_frame;

typedef struct tsn_graph_cursor {
  uint64_t at, end;
} tsn_graph_cursor;

typedef struct tsn_graph {
  bool built;
  bool eager;  /* paths may end before a deadline says so: what is spent goes at once */
  bool checks; /* a condition of a last element can fail: all are asked before a match is shown */
  bool lean;   /* output columns are registers as they are */
  tsn_graph_state *states;
  size_t state_count, state_cap;
  tsn_graph_edge *edges;
  size_t edge_count, edge_cap;
  tsn_graph_segment *segments;
  size_t segment_count, segment_cap;
  tsn_graph_in *ins;
  size_t in_cap;
  uint32_t *counters;
  size_t counter_count, counter_cap;
  uint32_t *begins; /* states that a first row enters, most preferred first */
  size_t begin_count, begin_cap;
  tsn_graph_label *labels;
  tsn_graph_step *steps;
  size_t step_count, step_cap;
  tsn_graph_guard *guards;
  size_t guard_count, guard_cap;
  tsn_cell *values; /* of the row at hand, by label; stored */
  size_t value_count, value_cap;
  uint32_t *columns; /* output columns: cells of paths; TSN_NONE: keys */
  uint32_t *keys;    /* and which of these */
  uint32_t *shown;   /* by label and output column: the value of a node that it shows; TSN_NONE */
  tsn_cell *row;     /* what is the same in all output rows of a run, */
  const tsn_cell **sources; /* where each column of its next row is, */
  size_t *strides;   /* and how far behind it that of the row after */
  uint32_t *slots;   /* that a row is read for, where its conditions are known already */
  uint32_t slot_count;

  /* of the block at hand: labels that each row fits, a bit a label, as far as that is known */
  bool seen; /* all of it is */
  uint64_t *fits;

  /* of the row at hand */
  tsn_graph_entry *entries;
  size_t entry_count;
  int64_t number, time;
  int64_t passed; /* rows up to this one are matched */

  /* of a walk */
  uint64_t birth;
  tsn_graph_reach *reach;
  uint32_t *queue;
  tsn_graph_frame *frames;
  size_t depth, frame_cap;
  tsn_graph_cursor *cursors;
  size_t cursor_count, cursor_cap;
  tsn_cell *cells; /* registers after each frame, path_cells a frame */
  size_t cell_cap;
} tsn_graph;

static inline tsn_graph_node *tsn_graph_at(const tsn_graph_list *l, size_t stride, uint64_t number)
{
  return (tsn_graph_node *)(void *)(l->nodes + (size_t)(number - l->base) * stride);
}
static inline tsn_graph_birth *tsn_graph_birth_at(const tsn_graph_lists *l, uint64_t number)
{
  return (tsn_graph_birth *)(void *)l->births.nodes + (number - l->births.base);
}
static inline uint64_t *tsn_graph_links(const tsn_graph_node *n) { return (uint64_t *)(uintptr_t)(n + 1); }
static inline tsn_cell *tsn_graph_values(const tsn_graph_state *s, const tsn_graph_node *n)
{
  return (tsn_cell *)(void *)(tsn_graph_links(n) + s->edge_count);
}

/* Whether WITHIN keeps paths from that start from the row at hand. */
static inline bool tsn_graph_expired(const tsn_run *r, int64_t newest)
{
  switch ((tsn_within_kind)r->p->within_kind) {
  case WITHIN_TIME: return tsn_time_passed(r, r->graph->time, newest, r->p->within) > 0;
  case WITHIN_ROWS: return r->graph->passed + 1 - newest >= r->p->within;
  default: return false;
  }
}

/* graph_states.c */
bool tsn_graph_build(tsn_run *r); /* when the first row comes */

/* tier_graph.c */
/* The cells that the row at hand gives nodes under a label; stored. */
bool tsn_graph_row_values(tsn_run *r, const tsn_partition *p, uint32_t label);
/* Lets go of what cannot be part of a match any more. */
void tsn_graph_trim(tsn_run *r, tsn_partition *p, uint32_t state);
void tsn_graph_trim_births(tsn_run *r, tsn_graph_lists *l);

/* graph_walk.c: reports the matches that end with the row at hand; *alone: so many are that row and nothing else. */
bool tsn_graph_walk(tsn_run *r, uint32_t part, uint64_t *alone);

#endif
