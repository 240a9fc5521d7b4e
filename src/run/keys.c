/* Whose the rows of a block are, looked up ahead of them.
 *
 * Thousands of partitions do not lie near: a row would wait for its place in the map, for
 * the partition, for the partition's room, one after the other. So the keys of 64 rows are
 * hashed at once, and looked up at once, while what is found is on its way already:
 *
 *   word of 64 rows   w + 1   hashed; its places in the map are fetched
 *                     w       looked up; partitions, then their rooms are fetched
 *                             rows one by one: is it still this partition?
 *
 * What was found is a guess: by the time of its row a partition may be gone, or there. */
#include "run/queue.h"

#define LINE 64u

struct tsn_block_keys {
  uint64_t block; /* number of the block that the rest is of */
  uint32_t hashed, sought; /* a bit a word */
  const int64_t *numbers; /* of the rows, where the key is one number that is never NULL; else NULL */
  uint64_t rows[TSN_BLOCK_WORDS]; /* that were hashed, a bit each */
  uint64_t hashes[TSN_BLOCK_ROWS];
  uint32_t found[TSN_BLOCK_ROWS];
};

tsn_block_keys *tsn_keys_new(tsn_run *r)
{
  tsn_block_keys *k = tsn_alloc_array(r->alloc, 1, sizeof *k);
  if (!k) tsn_run_nomem(r);
  return k;
}

void tsn_keys_free(tsn_run *r)
{
  tsn_alloc_free(r->alloc, r->block_keys, sizeof *r->block_keys);
  r->block_keys = NULL;
}

/* The usual key is one number. */
static const int64_t *numbers_of(const tsn_run *r, const tsn_block *b)
{
  uint32_t slot = r->program->indices[r->p->keys.first];
  const tsn_source *s = &r->sources[0];
  uint8_t type = s->types[slot];
  if (r->p->keys.count != 1 || tsn_is_text(type) || type == TOCSIN_DOUBLE || type == TOCSIN_BOOLEAN) return NULL;
  return b->columns[s->columns[slot]].validity ? NULL : (const int64_t *)b->columns[s->columns[slot]].values + b->first;
}

static void hash_numbers(tsn_block_keys *k, uint32_t first, uint64_t rows)
{
  for (; rows; rows &= rows - 1) {
    uint32_t row = first + (uint32_t)__builtin_ctzll(rows);
    k->hashes[row] = tsn_hash_word((uint64_t)k->numbers[row], 0);
  }
}

static void hash_column(const tsn_run *r, const tsn_block *b, uint32_t slot, uint32_t first, uint64_t rows)
{
  uint64_t *hashes = r->block_keys->hashes;
  for (; rows; rows &= rows - 1) {
    uint32_t row = first + (uint32_t)__builtin_ctzll(rows);
    tsn_cell c;
    tsn_block_cell(r, b, slot, row, &c);
    hashes[row] = tsn_cell_hash(r, slot, &c, hashes[row]);
  }
}

/* The rows of a word that may be asked for. */
static uint64_t wanted(const tsn_run *r, const tsn_block *b, uint32_t w)
{
  uint64_t all = b->rows - w * 64 < 64 ? ((uint64_t)1 << (b->rows - w * 64)) - 1 : ~(uint64_t)0;
  return r->passing && !r->strict_edges ? r->any[w] & all : all;
}

static void hash_word(tsn_run *r, const tsn_block *b, uint32_t w)
{
  const uint32_t *slots = r->program->indices + r->p->keys.first;
  tsn_block_keys *k = r->block_keys;
  uint64_t rows;
  uint32_t i;
  if (w * 64 >= b->rows || k->hashed >> w & 1) return;
  k->hashed |= (uint32_t)1 << w;
  k->rows[w] = wanted(r, b, w);
  memset(k->hashes + w * 64, 0, 64 * sizeof *k->hashes);
  if (k->numbers) hash_numbers(k, w * 64, k->rows[w]);
  for (i = 0; i < r->p->keys.count && !k->numbers; i++) hash_column(r, b, slots[i], w * 64, k->rows[w]);
  for (rows = k->rows[w]; rows; rows &= rows - 1) tsn_map_prefetch(&r->partition_map, k->hashes[w * 64 + (uint32_t)__builtin_ctzll(rows)]);
}

/* What quick rows read of a partition, and of its room. */
static void fetch_partition(const tsn_partition *p)
{
  __builtin_prefetch(p);
  __builtin_prefetch((const char *)p + LINE);
  __builtin_prefetch((const char *)p + 2 * LINE);
}

static void fetch_room(const tsn_run *r, const tsn_partition *p)
{
  __builtin_prefetch(p->room);
  __builtin_prefetch(p->room + LINE);
  __builtin_prefetch(p->room + 2 * LINE);
  __builtin_prefetch(p->room + r->room.kept);
  __builtin_prefetch(p->room + r->room.kept + LINE);
}

static void seek_word(tsn_run *r, const tsn_block *b, uint32_t w)
{
  tsn_block_keys *k = r->block_keys;
  uint32_t found[64], count = 0, i;
  uint64_t rows;
  hash_word(r, b, w);
  hash_word(r, b, w + 1);
  k->sought |= (uint32_t)1 << w;
  for (rows = k->rows[w]; rows; rows &= rows - 1) {
    uint32_t row = w * 64 + (uint32_t)__builtin_ctzll(rows);
    k->found[row] = found[count] = tsn_map_peek(&r->partition_map, k->hashes[row]);
    if (found[count] != TSN_NONE) fetch_partition(&r->partitions[found[count++]]);
  }
  for (i = 0; i < count; i++) fetch_room(r, &r->partitions[found[i]]);
}

static bool is_of(tsn_run *r, const tsn_block *b, const tsn_partition *p, uint32_t row, uint64_t hash)
{
  const uint32_t *slots = r->program->indices + r->p->keys.first;
  uint32_t k;
  if (!p->used || p->complete || p->hash != hash) return false;
  if (r->block_keys->numbers) return !p->keys->null && p->keys->v.i == r->block_keys->numbers[row];
  for (k = 0; k < r->p->keys.count; k++) {
    tsn_cell c;
    tsn_block_cell(r, b, slots[k], row, &c);
    if (!tsn_cell_same(r, slots[k], &c, &p->keys[k])) return false;
  }
  return true;
}

uint32_t tsn_keys_find(tsn_run *r, const tsn_block *b, uint32_t row, uint64_t *hash)
{
  const uint32_t *slots = r->program->indices + r->p->keys.first;
  tsn_block_keys *k = r->block_keys;
  uint32_t w = row / 64, i;
  if (k->block != b->number) {
    k->block = b->number;
    k->hashed = k->sought = 0;
    k->numbers = numbers_of(r, b);
  }
  if (!(k->sought >> w & 1)) seek_word(r, b, w);
  if (k->rows[w] >> row % 64 & 1) {
    *hash = k->hashes[row];
    if (k->found[row] != TSN_NONE && is_of(r, b, &r->partitions[k->found[row]], row, *hash)) return k->found[row];
  }
  for (i = 0; i < r->p->keys.count; i++) tsn_block_cell(r, b, slots[i], row, &r->row[slots[i]]);
  if (!(k->rows[w] >> row % 64 & 1)) *hash = tsn_partition_hash(r);
  return tsn_partition_find(r, *hash);
}
