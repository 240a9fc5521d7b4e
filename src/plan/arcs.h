/* The automaton as a person draws it: elements, and what can follow each.
 *
 *   start ──> ADD ──> !BUY 30 min ──> end
 *             └─┘ again, no BUY
 *
 * Gaps, absences, loops and alternatives of the program's nodes are what is written at the arcs. */
#ifndef TSN_PLAN_ARCS_H
#define TSN_PLAN_ARCS_H

#include "base/arena.h"
#include "program/program.h"

enum { TSN_DRAW_START, TSN_DRAW_END, TSN_DRAW_FIRST }; /* numbers of start and end; elements from FIRST on */

typedef struct tsn_element {
  uint32_t node;      /* of start and end: TSN_NONE */
  const char *name;   /* a label, or !label and how long */
  const char *detail; /* its condition as written, what shows of it; "" */
  bool timer;
} tsn_element;

typedef enum tsn_arc_kind { ARC_STRICT, ARC_NEXT, ARC_ANY } tsn_arc_kind;

typedef struct tsn_arc {
  uint32_t from, to;
  uint32_t kind; /* tsn_arc_kind; to a timer or the end it says nothing */
  bool again;    /* one more turn of a loop */
  bool bounded;  /* the wait for it ends by itself */
  const char *text; /* what is crossed: "no BUY, within PT5M"; "" */
} tsn_arc;

typedef struct tsn_arcs {
  tsn_element *elements;
  size_t element_count;
  tsn_arc *arcs; /* by from, in the order of the pattern */
  size_t count;
} tsn_arcs;

/* More than a person looks at; the layout of a picture takes time by their square. */
#define TSN_ARC_NODES_MAX 4000u
#define TSN_ELEMENTS_MAX 400u
#define TSN_ARCS_MAX 2000u

/* Of a pattern. What it points at lies on the arena or in the program. NOMEM; LIMIT where there is more than that. */
tocsin_status tsn_arcs_find(tsn_arena *arena, const tocsin_program *p, uint32_t pattern, tsn_arcs *out);

/* "PT30M"; of a numeric time a number. */
const char *tsn_arcs_duration(tsn_arena *arena, const tsn_pattern_rec *q, int64_t d);

#endif
