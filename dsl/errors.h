/* What grammar.y tells errors.c about a token that it did not expect. */
#ifndef TSN_DSL_ERRORS_H
#define TSN_DSL_ERRORS_H

#include "dsl/reader.h"

#define TSN_TOKEN_KINDS 400
#define TSN_STACK_SEEN 4

typedef struct tsn_expected {
  bool token[TSN_TOKEN_KINDS];       /* what could stand instead */
  const char *stack[TSN_STACK_SEEN]; /* the symbols read last, newest first; NULL past the first */
} tsn_expected;

void tsn_reader_unexpected(tsn_reader *r, const tsn_expected *expected);

#endif
