/* One allocator under everything: sized, accounted, and able to fail on purpose.
 *
 * Every module takes a tsn_alloc and never calls malloc itself. `used` is exact,
 * because callers give the old size back; `peak` is its greatest value; a call
 * past `max` bytes fails as if memory were gone. fail_at N makes the N-th
 * growing call (counted from 1) and every later one fail: the fault tests walk
 * N upwards until nothing fails any more. */
#ifndef TSN_BASE_ALLOC_H
#define TSN_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/status.h"

typedef struct tsn_alloc {
  tocsin_allocator host;
  size_t used, peak;
  size_t max;       /* 0: no maximum */
  bool full;        /* a call would have gone past it */
  uint64_t calls;   /* growing calls so far */
  uint64_t fail_at; /* 0: never */
} tsn_alloc;

/* host NULL: realloc and free of the C library. */
void tsn_alloc_init(tsn_alloc *a, const tocsin_allocator *host);

/* NULL on failure, the old block untouched. new_size 0 frees and answers NULL. */
void *tsn_alloc_resize(tsn_alloc *a, void *block, size_t old_size, size_t new_size);

void tsn_alloc_free(tsn_alloc *a, void *block, size_t size);

/* count * size with overflow check: NULL where it does not fit. Zeroed. No
 * elements make a block too (freed with size 0), so that NULL is always failure. */
void *tsn_alloc_array(tsn_alloc *a, size_t count, size_t size);

/* Makes room for at least `need` elements in a growing array: doubles *cap. The
 * new elements are not initialised. false on failure, the array untouched. */
bool tsn_alloc_grow(tsn_alloc *a, void **array, size_t *cap, size_t need, size_t size);

#endif
