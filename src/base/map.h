/* A hash map from 64-bit hashes to 32-bit handles: open addressing, linear
 * probing, deletion by moving back (no tombstones).
 *
 * Equality is the caller's: tsn_map_find walks the candidates of a hash.
 *   for (at = tsn_map_first(m, h); (id = tsn_map_at(m, at)) != TSN_NONE; at = tsn_map_next(m, h, at)) ... */
#ifndef TSN_BASE_MAP_H
#define TSN_BASE_MAP_H

#include "base/alloc.h"

#define TSN_NONE UINT32_MAX

typedef struct tsn_map_slot {
  uint64_t hash;
  uint32_t id; /* TSN_NONE: free */
} tsn_map_slot;

typedef struct tsn_map {
  tsn_alloc *alloc;
  tsn_map_slot *slots;
  size_t cap; /* a power of two, or 0 */
  size_t count;
} tsn_map;

void tsn_map_init(tsn_map *m, tsn_alloc *alloc);
void tsn_map_clear(tsn_map *m); /* frees */
void tsn_map_reset(tsn_map *m); /* empties, keeps the memory */

/* Position of the first candidate for a hash, or SIZE_MAX. */
size_t tsn_map_first(const tsn_map *m, uint64_t hash);
size_t tsn_map_next(const tsn_map *m, uint64_t hash, size_t at);
/* The handle at a position; TSN_NONE for SIZE_MAX. */
uint32_t tsn_map_at(const tsn_map *m, size_t at);

/* false: out of memory. The caller has made sure the key is not there. */
bool tsn_map_add(tsn_map *m, uint64_t hash, uint32_t id);
/* Removes the entry (hash, id); nothing where there is none. */
void tsn_map_remove(tsn_map *m, uint64_t hash, uint32_t id);

/* A good 64-bit hash of bytes (own; not for adversaries), and a mixer of words. */
uint64_t tsn_hash_bytes(const void *bytes, size_t length, uint64_t seed);
static inline uint64_t tsn_hash_word(uint64_t word, uint64_t seed)
{
  uint64_t x = word + (seed + 1) * 0x9e3779b97f4a7c15u;
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

/* Where an entry with this hash would stand. */
static inline size_t tsn_map_home(uint64_t hash, size_t cap) { return (size_t)(hash ^ hash >> 32) & (cap - 1); }

/* The handle of the first entry with this hash; TSN_NONE. */
static inline uint32_t tsn_map_peek(const tsn_map *m, uint64_t hash)
{
  const size_t mask = m->cap - 1;
  size_t at = tsn_map_home(hash, m->cap);
  if (!m->cap) return TSN_NONE;
  while (m->slots[at].id != TSN_NONE && m->slots[at].hash != hash) at = (at + 1) & mask;
  return m->slots[at].id;
}

/* It will be looked for soon. */
static inline void tsn_map_prefetch(const tsn_map *m, uint64_t hash)
{
  if (m->cap) __builtin_prefetch(&m->slots[tsn_map_home(hash, m->cap)]);
}

#endif
