/* An arena: many small things that die together.
 *
 *   chunk --> chunk --> chunk          newest first; each twice the last, to 1 MiB
 *   [used......|free]
 *
 * It remembers its first failure: after that every call answers NULL, so a
 * builder checks once at the end (tsn_arena_failed). Blocks are zeroed and
 * aligned for any type. */
#ifndef TSN_BASE_ARENA_H
#define TSN_BASE_ARENA_H

#include "base/alloc.h"

typedef struct tsn_chunk tsn_chunk;

typedef struct tsn_arena {
  tsn_alloc *alloc;
  tsn_chunk *chunks;
  size_t total, max; /* bytes handed out, and the most there may be (0: no maximum) */
  tocsin_status failed;
} tsn_arena;

void tsn_arena_init(tsn_arena *a, tsn_alloc *alloc, size_t max);
void tsn_arena_clear(tsn_arena *a);

void *tsn_arena_alloc(tsn_arena *a, size_t size);
void *tsn_arena_array(tsn_arena *a, size_t count, size_t size);
/* A copy, with a NUL behind it. */
char *tsn_arena_text(tsn_arena *a, const char *bytes, size_t length);
/* Without %f and %g, which obey the locale: see tsn_format_double(). */
char *tsn_arena_printf(tsn_arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* OK, NOMEM or LIMIT. */
tocsin_status tsn_arena_failed(const tsn_arena *a);

#define tsn_arena_new(a, type) ((type *)tsn_arena_alloc((a), sizeof(type)))
#define tsn_arena_new_array(a, type, n) ((type *)tsn_arena_array((a), (n), sizeof(type)))

#endif
