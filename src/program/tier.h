/* Tiers: machines that find the same matches, each where it suits. Which patterns
 * one can do is a matter of their records alone, so that a compiler can tell it, and
 * a matcher need not trust what it was told. */
#ifndef TSN_PROGRAM_TIER_H
#define TSN_PROGRAM_TIER_H

#include "program/program.h"

typedef enum tsn_tier {
  TIER_ANY, /* as is best */
#define TIER(id, name, about) TIER_##id,
#include "program/tiers.def"
#undef TIER
  TSN_TIERS
} tsn_tier;

/* As WITH (tier = ...) has it; "" of TIER_ANY. */
const char *tsn_tier_name(tsn_tier tier);
const char *tsn_tier_about(tsn_tier tier);
/* What of a pattern a tier does not do, as in "..., because <answer>"; NULL: it does it. */
const char *tsn_tier_refuses(const tocsin_program *p, uint32_t pattern, tsn_tier tier);
/* The one that a pattern gets: the one that was asked for, else the best that does it. */
tsn_tier tsn_tier_of(const tocsin_program *p, uint32_t pattern);

#endif
