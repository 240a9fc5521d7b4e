/* Keeps the state of a matcher while it plays, and now and then goes on with one that is made of it: as a whole, or of parts of
 * which only those that have changed were written. */
#ifndef TSN_TESTS_KEEPER_H
#define TSN_TESTS_KEEPER_H

#include "tocsin.h"

typedef struct keeper keeper;

/* every: a step in so many, about, is followed by a new matcher. options: for these. */
keeper *keeper_new(unsigned every, unsigned seed, const tocsin_program *program, const tocsin_matcher_options *options);
/* *made: *matcher is a new one, that lacks its tables. On failure *matcher may be NULL; message, of 600 bytes, tells why. */
tocsin_status keeper_step(keeper *k, tocsin_matcher **matcher, int *made, char *message);
void keeper_free(keeper *k);

#endif
