/* The arena: see arena.h. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CHUNK ((size_t)4 << 10)
#define LAST_CHUNK ((size_t)1 << 20)

struct tsn_chunk {
  tsn_chunk *next;
  size_t cap, used;
  max_align_t data[];
};

static void *fail(tsn_arena *a, tocsin_status status)
{
  if (a->failed == TOCSIN_OK) a->failed = status;
  return NULL;
}

/* A chunk with room for `size` bytes, put in front. */
static bool add_chunk(tsn_arena *a, size_t size)
{
  size_t cap = FIRST_CHUNK;
  tsn_chunk *chunk;

  if (a->chunks) cap = a->chunks->cap < LAST_CHUNK / 2 ? a->chunks->cap * 2 : LAST_CHUNK;
  if (cap < size) cap = size;
  if (cap > PTRDIFF_MAX - sizeof *chunk) return false;
  chunk = tsn_alloc_resize(a->alloc, NULL, 0, sizeof *chunk + cap);
  if (!chunk) return false;
  *chunk = (tsn_chunk){ .next = a->chunks, .cap = cap };
  a->chunks = chunk;
  return true;
}

void tsn_arena_init(tsn_arena *a, tsn_alloc *alloc, size_t max)
{
  *a = (tsn_arena){ .alloc = alloc, .max = max, .failed = TOCSIN_OK };
}

void tsn_arena_clear(tsn_arena *a)
{
  while (a->chunks) {
    tsn_chunk *chunk = a->chunks;

    a->chunks = chunk->next;
    tsn_alloc_free(a->alloc, chunk, sizeof *chunk + chunk->cap);
  }
  a->total = 0;
  a->failed = TOCSIN_OK;
}

void *tsn_arena_alloc(tsn_arena *a, size_t size)
{
  const size_t unit = sizeof(max_align_t);
  char *block;

  if (a->failed != TOCSIN_OK) return NULL;
  if (size > PTRDIFF_MAX) return fail(a, a->max ? TOCSIN_LIMIT : TOCSIN_NOMEM);
  size = size ? (size + unit - 1) / unit * unit : unit;
  if (a->max && (a->total > a->max || size > a->max - a->total)) return fail(a, TOCSIN_LIMIT);
  if (!a->chunks || size > a->chunks->cap - a->chunks->used) {
    if (!add_chunk(a, size)) return fail(a, TOCSIN_NOMEM);
  }
  block = (char *)a->chunks->data + a->chunks->used;
  a->chunks->used += size;
  a->total += size;
  return memset(block, 0, size);
}

void *tsn_arena_array(tsn_arena *a, size_t count, size_t size)
{
  if (a->failed != TOCSIN_OK) return NULL;
  if (size && count > PTRDIFF_MAX / size) return fail(a, a->max ? TOCSIN_LIMIT : TOCSIN_NOMEM);
  return tsn_arena_alloc(a, count * size);
}

char *tsn_arena_text(tsn_arena *a, const char *bytes, size_t length)
{
  char *text;

  if (length == SIZE_MAX) return fail(a, TOCSIN_NOMEM);
  text = tsn_arena_alloc(a, length + 1);
  if (text && length) memcpy(text, bytes, length);
  return text;
}

char *tsn_arena_printf(tsn_arena *a, const char *format, ...)
{
  va_list args;
  char *text = NULL;
  int length;

  va_start(args, format);
  length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0) return fail(a, TOCSIN_NOMEM);
  text = tsn_arena_alloc(a, (size_t)length + 1);
  if (!text) return NULL;
  va_start(args, format);
  vsnprintf(text, (size_t)length + 1, format, args);
  va_end(args);
  return text;
}

tocsin_status tsn_arena_failed(const tsn_arena *a)
{
  return a->failed;
}
