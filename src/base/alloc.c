/* The allocator under everything: see alloc.h.
 *
 * A block of no bytes exists only as an array without elements; the host sees it
 * as one byte, so that NULL always means failure and the account stays exact. */
#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *c_resize(void *context, void *block, size_t old_size, size_t new_size)
{
  (void)context;
  (void)old_size;
  if (new_size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, new_size);
}

/* What the host holds for a block that its owner knows by `size`. */
static size_t held(const void *block, size_t size)
{
  if (!block) return 0;
  return size ? size : 1;
}

/* Whether a call that adds `more` bytes may go through to the host. */
static bool may_grow(tsn_alloc *a, size_t more)
{
  a->calls++;
  if (a->fail_at && a->calls >= a->fail_at) return false;
  if (more > SIZE_MAX - a->used) return false;
  if (a->max == 0 || a->used + more <= a->max) return true;
  a->full = true;
  return false;
}

/* Both sizes are what the host holds; new_size is not 0. */
static void *resize(tsn_alloc *a, void *block, size_t old_size, size_t new_size)
{
  void *moved;

  if (new_size > PTRDIFF_MAX) return NULL; /* no object is larger */
  if (new_size > old_size && !may_grow(a, new_size - old_size)) return NULL;
  moved = a->host.resize(a->host.context, block, old_size, new_size);
  if (!moved) return NULL;
  a->used = a->used - old_size + new_size;
  if (a->used > a->peak) a->peak = a->used;
  return moved;
}

void tsn_alloc_init(tsn_alloc *a, const tocsin_allocator *host)
{
  *a = (tsn_alloc){ .host = { .resize = c_resize } };
  if (host) a->host = *host;
}

void *tsn_alloc_resize(tsn_alloc *a, void *block, size_t old_size, size_t new_size)
{
  assert(block || old_size == 0);
  if (new_size == 0) {
    tsn_alloc_free(a, block, old_size);
    return NULL;
  }
  return resize(a, block, held(block, old_size), new_size);
}

void tsn_alloc_free(tsn_alloc *a, void *block, size_t size)
{
  size_t old_size = held(block, size);

  if (!block) return;
  assert(old_size <= a->used);
  a->host.resize(a->host.context, block, old_size, 0);
  a->used -= old_size;
}

void *tsn_alloc_array(tsn_alloc *a, size_t count, size_t size)
{
  size_t total;
  void *block;

  if (size && count > SIZE_MAX / size) return NULL;
  total = count * size;
  if (total == 0) total = 1;
  block = resize(a, NULL, 0, total);
  if (block) memset(block, 0, total);
  return block;
}

bool tsn_alloc_grow(tsn_alloc *a, void **array, size_t *cap, size_t need, size_t size)
{
  size_t next = *cap < 8 ? 8 : *cap;
  void *block;

  if (need <= *cap) return true;
  if (size == 0 || need > PTRDIFF_MAX / size) return false;
  while (next < need) next = next > SIZE_MAX / 2 ? need : next * 2;
  if (next > PTRDIFF_MAX / size) next = need;

  /* By bytes: *array may be a pointer of another type that the caller cast. */
  memcpy(&block, array, sizeof block);
  block = tsn_alloc_resize(a, block, *cap * size, next * size);
  if (!block) return false;
  memcpy(array, &block, sizeof block);
  *cap = next;
  return true;
}
