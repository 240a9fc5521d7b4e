/* Items and starts: slabs, lists, and what makes two items one.
 *
 *   start --> item <-> item <-> item        in order of preference
 *             wait     wait     match       what stands behind a match is gone
 *
 * An item that waits is a segment of a junction: a path, and a mask of the edges
 * that it may still take. */
#include <string.h>

#include "run/run.h"

static size_t stride_of(const tsn_run *r, size_t words)
{
  size_t size = sizeof(tsn_path) + 8 * words + sizeof(tsn_cell) * r->p->path_cells + 4 * (size_t)r->p->counters;
  return (size + 7) & ~(size_t)7;
}

bool tsn_paths_widen(tsn_run *r, size_t words)
{
  size_t stride = stride_of(r, words), i, tail = r->item_stride - sizeof(tsn_path) - 8 * r->mask_words;
  char *items;
  if (r->item_stride == 0) {
    r->item_stride = stride;
    r->mask_words = words;
    return true;
  }
  items = tsn_alloc_array(r->alloc, r->item_cap, stride);
  if (!items) return tsn_run_nomem(r);
  for (i = 0; i < r->item_count; i++) {
    const char *from = r->items + i * r->item_stride;
    char *to = items + i * stride;
    size_t head = sizeof(tsn_path) + 8 * r->mask_words;
    memcpy(to, from, head);
    memcpy(to + sizeof(tsn_path) + 8 * words, from + head, tail);
  }
  tsn_alloc_free(r->alloc, r->items, r->item_cap * r->item_stride);
  r->items = items;
  r->item_stride = stride;
  i = r->mask_words;
  r->mask_words = words;
  return tsn_shapes_widen(r, i);
}

uint32_t tsn_path_new(tsn_run *r, uint32_t start)
{
  tsn_partition *part = &r->partitions[r->starts[start].partition];
  tsn_path *i;
  uint32_t item, generation = 0;
  if (part->live >= r->max_paths && !r->p->drops && !r->trying) {
    tsn_run_many_paths(r, part);
    return TSN_NONE;
  }
  if (r->item_free != TSN_NONE) {
    item = r->item_free;
    i = tsn_path_at(r, item);
    r->item_free = i->next;
    generation = i->generation;
  } else {
    if (!tsn_alloc_grow(r->alloc, (void **)&r->items, &r->item_cap, r->item_count + 1, r->item_stride)) {
      tsn_run_nomem(r);
      return TSN_NONE;
    }
    item = (uint32_t)r->item_count++;
    i = tsn_path_at(r, item);
  }
  memset(i, 0, sizeof *i + 8 * r->mask_words);
  i->generation = generation;
  i->start = start;
  i->prev = i->next = TSN_NONE;
  i->history = TSN_NONE;
  tsn_count_path(r, part);
  return item;
}

void tsn_path_free(tsn_run *r, uint32_t item)
{
  tsn_path *i = tsn_path_at(r, item);
  r->partitions[r->starts[i->start].partition].live--;
  r->live--;
  if (i->state == ITEM_GHOST) r->starts[i->start].ghosts--;
  tsn_history_release(r, i->history);
  if (r->bags.cell_count) tsn_bags_release(r, tsn_path_cells(r, i));
  i->history = TSN_NONE;
  i->state = ITEM_FREE;
  i->generation++;
  i->next = r->item_free;
  r->item_free = item;
}

void tsn_path_unlink(tsn_run *r, uint32_t item)
{
  tsn_path *i = tsn_path_at(r, item);
  tsn_start *s = &r->starts[i->start];
  if (i->prev == TSN_NONE) s->head = i->next;
  else tsn_path_at(r, i->prev)->next = i->next;
  if (i->next == TSN_NONE) s->tail = i->prev;
  else tsn_path_at(r, i->next)->prev = i->prev;
  i->prev = i->next = TSN_NONE;
  s->shape = TSN_NONE;
  if (s->head == TSN_NONE) s->dead_moment = r->moment;
}

void tsn_path_link(tsn_run *r, uint32_t item, uint32_t before)
{
  tsn_path *i = tsn_path_at(r, item);
  tsn_start *s = &r->starts[i->start];
  s->shape = TSN_NONE;
  i->next = before;
  i->prev = before == TSN_NONE ? s->tail : tsn_path_at(r, before)->prev;
  if (i->prev == TSN_NONE) s->head = item;
  else tsn_path_at(r, i->prev)->next = item;
  if (before == TSN_NONE) s->tail = item;
  else tsn_path_at(r, before)->prev = item;
}

uint32_t tsn_start_new(tsn_run *r, uint32_t part, int64_t row, int64_t time)
{
  tsn_partition *p;
  tsn_start *s;
  uint32_t start, generation = 0;
  if (r->start_free != TSN_NONE) {
    start = r->start_free;
    s = &r->starts[start];
    r->start_free = s->next;
    generation = s->generation;
  } else {
    if (!tsn_alloc_grow(r->alloc, (void **)&r->starts, &r->start_cap, r->start_count + 1, sizeof *s)) {
      tsn_run_nomem(r);
      return TSN_NONE;
    }
    start = (uint32_t)r->start_count++;
    s = &r->starts[start];
  }
  p = &r->partitions[part];
  *s = (tsn_start){.prev = p->last,
                   .next = TSN_NONE,
                   .partition = part,
                   .head = TSN_NONE,
                   .tail = TSN_NONE,
                   .generation = generation,
                   .used = 1,
                   .held = TSN_NONE,
                   .shape = TSN_NONE,
                   .row = row,
                   .seq = r->row_seq,
                   .time = time};
  if (p->last == TSN_NONE) p->first = start;
  else r->starts[p->last].next = start;
  p->last = start;
  r->starts_live++;
  return start;
}

void tsn_start_free(tsn_run *r, uint32_t start)
{
  tsn_start *s = &r->starts[start];
  tsn_partition *p = &r->partitions[s->partition];
  while (s->head != TSN_NONE) {
    uint32_t item = s->head;
    tsn_path_unlink(r, item);
    tsn_path_free(r, item);
  }
  if (s->held != TSN_NONE) tsn_path_free(r, s->held);
  if (s->prev == TSN_NONE) p->first = s->next;
  else r->starts[s->prev].next = s->next;
  if (s->next == TSN_NONE) p->last = s->prev;
  else r->starts[s->next].prev = s->prev;
  s->used = 0;
  r->starts_live--;
  s->generation++;
  s->next = r->start_free;
  r->start_free = start;
}

/* ---- duplicates of one future ---- */

static bool same_cell(const tsn_run *r, uint32_t cell, const tsn_cell *a, const tsn_cell *b)
{
  if (a->null || b->null) return a->null == b->null;
  if (r->bags.kinds[cell]) return tsn_bag_same(r, (tsn_bag_kind)r->bags.kinds[cell], a, b);
  if (!r->cell_is_text[cell]) return a->v.i == b->v.i;
  return a->length == b->length && (a->length == 0 || !memcmp(r->texts.data + a->v.at, r->texts.data + b->v.at, a->length));
}

static void live_cells(const tsn_run *r, const tsn_path *i, const uint32_t **cells, uint32_t *count)
{
  uint32_t node = r->junctions.all[i->junction].node;
  *cells = NULL;
  *count = 0;
  if (node == TSN_NONE) return; /* only the end of the partition can follow */
  *cells = r->program->indices + r->nodes[node].live_first;
  *count = r->nodes[node].live_count;
}

static uint64_t item_hash(const tsn_run *r, const tsn_path *i)
{
  const uint32_t *cells, *counters = tsn_path_counters(r, i);
  uint32_t count, k;
  size_t w;
  uint64_t h = tsn_hash_word((uint64_t)i->junction << 32 | i->segment, i->state);
  for (w = 0; w < r->mask_words; w++) h = tsn_hash_word(tsn_path_mask(i)[w], h);
  for (k = 0; k < r->p->counters; k++) h = tsn_hash_word(counters[k], h);
  if (tsn_path_timed(r, i)) h = tsn_hash_word((uint64_t)i->tau, h);
  if (!r->one_match) h = tsn_hash_word(tsn_history_same(r, i->history), h);
  live_cells(r, i, &cells, &count);
  for (k = 0; k < count; k++) {
    const tsn_cell *c = &tsn_path_cells(r, i)[cells[k]];
    if (c->null) h = tsn_hash_word(1, h);
    else if (r->bags.kinds[cells[k]]) h = tsn_hash_word(tsn_bag_hash(r, c), h);
    else if (r->cell_is_text[cells[k]]) h = c->length ? tsn_hash_bytes(r->texts.data + c->v.at, c->length, h) : tsn_hash_word(2, h);
    else h = tsn_hash_word((uint64_t)c->v.i, h);
  }
  return h;
}

/* Whether two items of one start can take the same rows from now on, under
 * conditions that read the same (language page, section 7). */
static bool same_future(const tsn_run *r, const tsn_path *a, const tsn_path *b)
{
  const uint32_t *cells;
  uint32_t count, k;
  if (a->state != b->state || a->junction != b->junction || a->segment != b->segment || a->ended != b->ended) return false;
  if (memcmp(tsn_path_mask(a), tsn_path_mask(b), 8 * r->mask_words)) return false;
  if (r->p->counters && memcmp(tsn_path_counters(r, a), tsn_path_counters(r, b), 4 * (size_t)r->p->counters)) return false;
  if (a->races != b->races || (a->races && a->since != b->since)) return false;
  if (tsn_path_timed(r, a) && a->tau != b->tau) return false;
  if (!r->one_match && tsn_history_same(r, a->history) != tsn_history_same(r, b->history)) return false;
  live_cells(r, a, &cells, &count);
  for (k = 0; k < count; k++)
    if (!same_cell(r, cells[k], &tsn_path_cells(r, a)[cells[k]], &tsn_path_cells(r, b)[cells[k]])) return false;
  return true;
}

/* Whether an item in r->merge has the same future. */
static bool known_future(tsn_run *r, const tsn_path *i, uint64_t hash)
{
  size_t at;
  uint32_t other;
  for (at = tsn_map_first(&r->merge, hash); (other = tsn_map_at(&r->merge, at)) != TSN_NONE; at = tsn_map_next(&r->merge, hash, at))
    if (same_future(r, tsn_path_at(r, other), i)) return true;
  return false;
}

/* A path that completes with its partition succeeds unless a row comes; what has crossed $ behind it fails with that row as
 * well. Where it would have run out before may still be told by a timeout. */
bool tsn_paths_dedupe(tsn_run *r, uint32_t start)
{
  uint32_t item = r->starts[start].head;
  bool completes = false;
  bool alone = item == TSN_NONE || tsn_path_at(r, item)->next == TSN_NONE;
  if (alone || (!r->one_match && !r->p->ambiguous)) return tsn_race_sweep(r, start);
  tsn_map_reset(&r->merge);
  while (item != TSN_NONE) {
    tsn_path *i = tsn_path_at(r, item);
    uint32_t next = i->next;
    if (i->state == ITEM_WAIT) {
      uint64_t hash = item_hash(r, i);
      if ((completes && i->ended) || known_future(r, i, hash)) tsn_race_leave(r, item);
      else if (!tsn_map_add(&r->merge, hash, item)) return tsn_run_nomem(r);
      else completes = completes || (r->one_match && !r->p->timeouts && tsn_path_waits_for_end(r, i));
    }
    item = next;
  }
  return tsn_race_sweep(r, start);
}

/* ---- starts of one future ----
 *
 * With SKIP PAST LAST ROW, where only rows can lead on (no timers, bounds, WITHIN,
 * $): a path of a later start with the future of a path of the first start can go.
 * If that future succeeds, the first start has a match that ends at a row yet to
 * come, and the later start is skipped; if it fails, it fails for both. (Of the
 * first start alone: another one may itself be skipped, and its paths with it.)
 * And once the first start has a success, whatever it prefers to it ends later
 * still: the starts up to its last row are skipped for certain. */

static bool absorb(tsn_run *r, uint32_t first, uint32_t later)
{
  uint32_t a = r->starts[first].shape, b = r->starts[later].shape, item, drop = 0, then, n = 0;
  bool known = tsn_shapes_absorbed(r, a, b, &drop, &then);
  if (known && !drop) return true;
  if (!known) {
    tsn_map_reset(&r->merge);
    for (item = r->starts[first].head; item != TSN_NONE; item = tsn_path_at(r, item)->next) {
      const tsn_path *i = tsn_path_at(r, item);
      if (i->state == ITEM_WAIT && !tsn_map_add(&r->merge, item_hash(r, i), item)) return tsn_run_nomem(r);
    }
  }
  item = r->starts[later].head;
  for (; item != TSN_NONE; n++) {
    tsn_path *i = tsn_path_at(r, item);
    uint32_t next = i->next;
    if (known ? n < 32 && (drop >> n & 1) : i->state == ITEM_WAIT && known_future(r, i, item_hash(r, i))) {
      tsn_path_unlink(r, item);
      tsn_path_free(r, item);
      if (!known && n < 32) drop |= (uint32_t)1 << n;
    }
    item = next;
  }
  if (known) r->starts[later].shape = then;
  else return tsn_shapes_absorb(r, a, b, later, drop);
  return true;
}

/* Holds the paths of later starts against those of the first. */
bool tsn_paths_absorb(tsn_run *r, uint32_t part)
{
  uint32_t first = r->partitions[part].first, later, next;
  if (first == TSN_NONE) return true;
  for (later = r->starts[first].next; later != TSN_NONE; later = next) {
    next = r->starts[later].next;
    if (!absorb(r, first, later)) return false;
    if (r->starts[later].head == TSN_NONE) tsn_start_free(r, later);
  }
  return true;
}

bool tsn_paths_absorb_shape(tsn_run *r, uint32_t part, uint32_t a, uint32_t b, uint32_t *then)
{
  uint32_t drop, first, later;
  bool good;
  *then = b;
  if (tsn_shapes_absorbed(r, a, b, &drop, then)) return true;
  r->trying = true;
  first = tsn_shapes_make(r, part, a, NULL, 0, 0);
  later = first == TSN_NONE ? TSN_NONE : tsn_shapes_make(r, part, b, NULL, 0, 0);
  good = later != TSN_NONE && absorb(r, first, later);
  if (later != TSN_NONE) tsn_start_free(r, later);
  if (first != TSN_NONE) tsn_start_free(r, first);
  r->trying = false;
  if (good && !tsn_shapes_absorbed(r, a, b, &drop, then)) *then = b;
  return good;
}
