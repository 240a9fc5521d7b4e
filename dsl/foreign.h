/* Words of other languages: what to say where one of them was not understood.
 *
 * The table is foreign.def; a word counts only in the places that its row names. */
#ifndef TSN_DSL_FOREIGN_H
#define TSN_DSL_FOREIGN_H

#include <stddef.h>

/* Where the word stands. As bits, so that one look-up may ask for several. */
typedef enum tsn_foreign_place {
  FOREIGN_STATEMENT = 1 << 0,  /* first word of a statement */
  FOREIGN_CREATE = 1 << 1,     /* behind CREATE */
  FOREIGN_SELECT = 1 << 2,     /* behind SELECT */
  FOREIGN_FROM = 1 << 3,       /* the name of a stream */
  FOREIGN_SOURCE = 1 << 4,     /* behind that name */
  FOREIGN_TRAILER = 1 << 5,    /* behind MATCH_RECOGNIZE ( ... ) */
  FOREIGN_CLAUSE = 1 << 6,     /* first word of a clause */
  FOREIGN_ELEMENT = 1 << 7,    /* in a pattern */
  FOREIGN_OPERATOR = 1 << 8,   /* between values */
  FOREIGN_LITERAL = 1 << 9,    /* before a text in quotes */
  FOREIGN_EXPRESSION = 1 << 10, /* where a value begins */
  FOREIGN_COLUMN = 1 << 11,    /* a value without brackets */
  FOREIGN_FUNCTION = 1 << 12,
  FOREIGN_TYPE = 1 << 13
} tsn_foreign_place;

/* The hint for a word, in any case, in one of some places; NULL: none. */
const char *tsn_foreign_hint(unsigned places, const char *word, size_t length);

#endif
