/* What can come next in a pattern, whatever its loops have counted. */
#ifndef TSN_PROGRAM_REACH_H
#define TSN_PROGRAM_REACH_H

#include "program/program.h"

#define TSN_REACH_NODES 2048u /* of a pattern that is looked at; what is asked of a larger one is answered with care */

/* Nodes that are reached without passing an element. Begins as {.p = , .q = }; q has no more nodes than that. */
typedef struct tsn_reach {
  const tocsin_program *p;
  const tsn_pattern_rec *q;
  bool strict; /* nor a gap */
  bool seen[TSN_REACH_NODES];
  uint32_t stack[TSN_REACH_NODES], depth;
} tsn_reach;

/* Goes on from this node, which is reached itself. */
void tsn_reach_from(tsn_reach *w, uint32_t node);
/* Whether a node of one kind leads to one of another; of a pattern with too many nodes: whether there is one of the first. */
bool tsn_leads(const tocsin_program *p, const tsn_pattern_rec *q, tsn_node_kind from, tsn_node_kind to, bool strict);

#endif
