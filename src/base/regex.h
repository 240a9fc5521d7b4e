/* Regular expressions: PCRE2 with one set of rules, and with the caller's memory.
 *
 * Patterns and texts are UTF-8; a text that is none is searched in its sound
 * parts. Newlines are \n, whatever PCRE2 was built for. Nothing is global: all
 * that a caller compiles and matches hangs on a tsn_regexes of its own.
 * Machine code that PCRE2 makes (JIT, where the machine has it) lies in pages of
 * its own and is the one thing that the allocator does not see. */
#ifndef TSN_BASE_REGEX_H
#define TSN_BASE_REGEX_H

#include "base/alloc.h"

#define TSN_REGEX_STEPS 10000u      /* the match limit of the language page, section 4 */
#define TSN_REGEX_HEAP_KIB 65536u   /* memory of one match for its ways back */
#define TSN_REGEX_PATTERN_MAX 65536u /* bytes */

typedef struct tsn_regexes tsn_regexes; /* what matches share */
typedef struct tsn_regex tsn_regex;     /* a compiled expression */

typedef struct tsn_regex_fault {
  char text[128]; /* what is wrong with a pattern */
  size_t offset;  /* bytes of it that were read by then */
} tsn_regex_fault;

typedef enum tsn_regex_answer {
  REGEX_FOUND,
  REGEX_ABSENT,
  REGEX_LIMIT, /* gave up: TSN_REGEX_STEPS or TSN_REGEX_HEAP_KIB */
  REGEX_NOMEM
} tsn_regex_answer;

tsn_regexes *tsn_regexes_new(tsn_alloc *alloc); /* NULL: out of memory */
void tsn_regexes_free(tsn_regexes *all);        /* its expressions were freed before */

/* OK, INVALID with a fault, or NOMEM. fast: the expression will be used often. */
tocsin_status tsn_regex_new(tsn_regexes *all, const char *pattern, size_t length, bool fast, tsn_regex **out,
                            tsn_regex_fault *fault);
void tsn_regex_free(tsn_regex *regex);

/* The first piece [*from, *to) of the text that the expression fits. */
tsn_regex_answer tsn_regex_find(tsn_regexes *all, const tsn_regex *regex, const char *text, size_t length, size_t *from,
                                size_t *to);

/* Only whether a pattern is one: OK, INVALID with a fault, or NOMEM. */
tocsin_status tsn_regex_check(tsn_alloc *alloc, const char *pattern, size_t length, tsn_regex_fault *fault);

#endif
