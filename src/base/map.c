/* The hash map: see map.h. At most three quarters of the slots are taken, so
 * every walk ends at a free one. */
#include "base/map.h"

#include <assert.h>

static void empty(tsn_map_slot *slots, size_t cap)
{
  for (size_t i = 0; i < cap; i++) slots[i] = (tsn_map_slot){ .id = TSN_NONE };
}

static void put(tsn_map_slot *slots, size_t cap, uint64_t hash, uint32_t id)
{
  size_t at = tsn_map_home(hash, cap);

  while (slots[at].id != TSN_NONE) at = (at + 1) & (cap - 1);
  slots[at] = (tsn_map_slot){ .hash = hash, .id = id };
}

/* The first slot with this hash from `at` on, or SIZE_MAX. */
static size_t walk(const tsn_map *m, uint64_t hash, size_t at)
{
  for (; m->slots[at].id != TSN_NONE; at = (at + 1) & (m->cap - 1)) {
    if (m->slots[at].hash == hash) return at;
  }
  return SIZE_MAX;
}

void tsn_map_init(tsn_map *m, tsn_alloc *alloc)
{
  *m = (tsn_map){ .alloc = alloc };
}

void tsn_map_clear(tsn_map *m)
{
  tsn_alloc_free(m->alloc, m->slots, m->cap * sizeof *m->slots);
  tsn_map_init(m, m->alloc);
}

void tsn_map_reset(tsn_map *m)
{
  if (m->count) empty(m->slots, m->cap);
  m->count = 0;
}

size_t tsn_map_first(const tsn_map *m, uint64_t hash)
{
  return m->cap ? walk(m, hash, tsn_map_home(hash, m->cap)) : SIZE_MAX;
}

size_t tsn_map_next(const tsn_map *m, uint64_t hash, size_t at)
{
  return at < m->cap ? walk(m, hash, (at + 1) & (m->cap - 1)) : SIZE_MAX;
}

uint32_t tsn_map_at(const tsn_map *m, size_t at)
{
  return at < m->cap ? m->slots[at].id : TSN_NONE;
}

static bool grow(tsn_map *m)
{
  size_t cap = m->cap ? m->cap * 2 : 8;
  tsn_map_slot *slots;

  if (cap > PTRDIFF_MAX / sizeof *slots) return false;
  slots = tsn_alloc_resize(m->alloc, NULL, 0, cap * sizeof *slots);
  if (!slots) return false;
  empty(slots, cap);
  for (size_t i = 0; i < m->cap; i++) {
    if (m->slots[i].id != TSN_NONE) put(slots, cap, m->slots[i].hash, m->slots[i].id);
  }
  tsn_alloc_free(m->alloc, m->slots, m->cap * sizeof *slots);
  m->slots = slots;
  m->cap = cap;
  return true;
}

bool tsn_map_add(tsn_map *m, uint64_t hash, uint32_t id)
{
  assert(id != TSN_NONE);
  if (m->count >= m->cap / 4 * 3 && !grow(m)) return false;
  put(m->slots, m->cap, hash, id);
  m->count++;
  return true;
}

void tsn_map_remove(tsn_map *m, uint64_t hash, uint32_t id)
{
  const size_t mask = m->cap - 1;
  size_t at = tsn_map_first(m, hash);

  while (at != SIZE_MAX && m->slots[at].id != id) at = tsn_map_next(m, hash, at);
  if (at == SIZE_MAX) return;
  m->count--;

  /* Close the hole: an entry behind it moves in unless its home lies after the hole. */
  for (size_t from = (at + 1) & mask; m->slots[from].id != TSN_NONE; from = (from + 1) & mask) {
    const size_t wants = tsn_map_home(m->slots[from].hash, m->cap);

    if (((from - wants) & mask) < ((from - at) & mask)) continue;
    m->slots[at] = m->slots[from];
    at = from;
  }
  m->slots[at] = (tsn_map_slot){ .id = TSN_NONE };
}

/* Words are read little-endian, whatever the machine: hashes are saved. */
static uint64_t load8(const unsigned char *p)
{
  return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
         (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static uint64_t load_rest(const unsigned char *p, size_t length)
{
  uint64_t word = 0;

  for (size_t i = 0; i < length; i++) word |= (uint64_t)p[i] << (8 * i);
  return word;
}

uint64_t tsn_hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
  const unsigned char *p = bytes;
  uint64_t hash = seed ^ (uint64_t)length * 0xc2b2ae3d27d4eb4fu;

  for (; length >= 8; p += 8, length -= 8) {
    hash ^= load8(p) * 0x9e3779b97f4a7c15u;
    hash = (hash << 29 | hash >> 35) * 0xc2b2ae3d27d4eb4fu + 0x165667b19e3779f9u;
  }
  return tsn_hash_word(load_rest(p, length), hash);
}
