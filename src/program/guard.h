/* Conditions that compare a row with the first one of its start.
 *
 *   PATTERN (a -> b) DEFINE b AS type = 'sell' AND b.price > a.price * 1.01 AND ...
 *                               screen             comparison                 rest
 *
 * Where every start begins with one label that stands nowhere else, what that row has set never changes: whatever the
 * paths of a start, a condition that reads it and the row at hand alone has one answer for all of them. */
#ifndef TSN_PROGRAM_GUARD_H
#define TSN_PROGRAM_GUARD_H

#include "program/program.h"

#define TSN_COMPARISONS 8u /* of one condition: any more are of its rest */

/* One side reads the row at hand, the other what the first row has set. */
typedef struct tsn_comparison {
  tsn_code row, kept;
  int64_t shift; /* a duration that is added to what is kept */
  uint32_t op;  /* CMP_I, CMP_D, CMP_S (equality) */
  uint32_t how; /* tsn_compare, the row at hand on the left */
} tsn_comparison;

/* A condition as x AND y AND ... of three kinds, which holds where all of them do. */
typedef struct tsn_guard {
  tsn_code screen; /* leads, and reads its row alone; count 0: there is none */
  tsn_comparison comparisons[TSN_COMPARISONS];
  uint32_t count;
  bool whole; /* there is more: where the others hold, the whole condition is to be asked. That cannot fail */
} tsn_guard;

/* The label under which every start of the pattern takes its first row, and nothing takes another; TSN_NONE: there is none. */
uint32_t tsn_start_label(const tocsin_program *p, const tsn_pattern_rec *q);
/* The register whose value code asks for by this OP_CELL, if the first row alone has set it; NULL: it is another one. */
const tsn_reg_rec *tsn_start_register(const tocsin_program *p, const tsn_pattern_rec *q, uint32_t start_label, const tsn_instr *in);
/* Takes the condition of a label apart. false: it reads more of its path than the first row. */
bool tsn_guard_of(const tocsin_program *p, const tsn_pattern_rec *q, uint32_t start_label, uint32_t label, tsn_guard *out);

#endif
