/* See keeper.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keeper.h"

typedef struct kept {
  unsigned char *name, *bytes;
  size_t name_length, length;
} kept;

struct keeper {
  const tocsin_program *program;
  tocsin_matcher_options options;
  unsigned every;
  unsigned long long random;
  kept *parts; /* in order of their names */
  size_t count, cap;
  unsigned char *whole;
  size_t length, whole_cap;
};

static unsigned next(keeper *k, unsigned below)
{
  k->random ^= k->random << 13;
  k->random ^= k->random >> 7;
  k->random ^= k->random << 17;
  return (unsigned)(k->random >> 11) % below;
}

keeper *keeper_new(unsigned every, unsigned seed, const tocsin_program *program, const tocsin_matcher_options *options)
{
  keeper *k = calloc(1, sizeof *k);
  if (!k) abort();
  k->program = program;
  k->options = *options;
  k->every = every;
  k->random = seed * 2654435761u + 88172645463325252ull;
  return k;
}

static void *copy(const void *from, size_t length)
{
  void *to = malloc(length + 1);
  if (!to) abort();
  memcpy(to, from, length);
  return to;
}

static int compare(const kept *a, const void *name, size_t length)
{
  size_t least = a->name_length < length ? a->name_length : length;
  int c = memcmp(a->name, name, least);
  return c ? c : (a->name_length > length) - (a->name_length < length);
}

static size_t place_of(const keeper *k, const tocsin_part *part, int *found)
{
  size_t low = 0, high = k->count;
  *found = 0;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int c = compare(&k->parts[middle], part->name, part->name_length);
    if (c == 0) *found = 1;
    if (c == 0) return middle;
    if (c < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

static tocsin_status keep(void *context, const tocsin_part *part)
{
  keeper *k = context;
  int found;
  size_t at = place_of(k, part, &found);
  if (found) {
    free(k->parts[at].bytes);
    k->parts[at].bytes = NULL;
  }
  if (!part->bytes) {
    if (!found) return TOCSIN_MISUSE; /* what was never told cannot be gone */
    free(k->parts[at].name);
    memmove(&k->parts[at], &k->parts[at + 1], (--k->count - at) * sizeof *k->parts);
    return TOCSIN_OK;
  }
  if (!found) {
    if (k->count == k->cap && !(k->parts = realloc(k->parts, (k->cap = 2 * k->cap + 8) * sizeof *k->parts))) abort();
    memmove(&k->parts[at + 1], &k->parts[at], (k->count++ - at) * sizeof *k->parts);
    k->parts[at] = (kept){.name = copy(part->name, part->name_length), .name_length = part->name_length};
  }
  k->parts[at].bytes = copy(part->bytes, part->length);
  k->parts[at].length = part->length;
  return TOCSIN_OK;
}

static tocsin_status append(void *context, const void *bytes, size_t length)
{
  keeper *k = context;
  while (k->length + length > k->whole_cap)
    if (!(k->whole = realloc(k->whole, k->whole_cap = 2 * k->whole_cap + 256))) abort();
  memcpy(k->whole + k->length, bytes, length);
  k->length += length;
  return TOCSIN_OK;
}

static tocsin_status from_whole(keeper *k, tocsin_matcher **matcher, char *message)
{
  const tocsin_sink sink = {.write = append, .context = k};
  tocsin_status st;
  k->length = 0;
  st = tocsin_matcher_checkpoint(*matcher, &sink);
  if (st != TOCSIN_OK) return st;
  tocsin_matcher_free(*matcher);
  return tocsin_matcher_restore(k->program, &k->options, k->whole, k->length, matcher, message, 600);
}

static tocsin_status from_parts(keeper *k, tocsin_matcher **matcher, char *message)
{
  tocsin_status st;
  size_t i;
  tocsin_matcher_free(*matcher);
  st = tocsin_matcher_new(k->program, &k->options, matcher);
  for (i = 0; st == TOCSIN_OK && i < k->count; i++) {
    const kept *p = &k->parts[i];
    const tocsin_part part = {.name = p->name, .name_length = p->name_length, .bytes = p->bytes, .length = p->length};
    st = tocsin_matcher_load_part(*matcher, &part);
  }
  if (st == TOCSIN_OK) st = tocsin_matcher_loaded(*matcher);
  if (st != TOCSIN_OK && *matcher) snprintf(message, 600, "%s", tocsin_matcher_message(*matcher));
  return st;
}

static void forget(keeper *k)
{
  while (k->count) {
    free(k->parts[--k->count].name);
    free(k->parts[k->count].bytes);
  }
}

tocsin_status keeper_step(keeper *k, tocsin_matcher **matcher, int *made, char *message)
{
  tocsin_status st = TOCSIN_OK;
  unsigned what = next(k, 3 * k->every);
  *made = 0;
  if (next(k, 2)) { /* a checkpoint that may be followed by others */
    st = tocsin_matcher_changes(*matcher, keep, k);
    if (st == TOCSIN_OK) tocsin_matcher_saved(*matcher);
  }
  if (st != TOCSIN_OK || what > 2) return st;
  *made = 1;
  if (what > 0) {
    st = tocsin_matcher_changes(*matcher, keep, k);
    return st == TOCSIN_OK ? from_parts(k, matcher, message) : st;
  }
  st = from_whole(k, matcher, message);
  forget(k); /* it knows nothing of them */
  if (st == TOCSIN_OK) st = tocsin_matcher_changes(*matcher, keep, k);
  if (st == TOCSIN_OK) tocsin_matcher_saved(*matcher);
  return st;
}

void keeper_free(keeper *k)
{
  if (!k) return;
  forget(k);
  free(k->parts);
  free(k->whole);
  free(k);
}
