/* Partitions: found by key, each with its starts and the rows that something
 * may still read (PREV, the replay of a match). */
#include <math.h>
#include <string.h>

#include "base/time.h"
#include "run/guards.h"

uint64_t tsn_key_hash(const tsn_run *r, tsn_range slots, const tsn_cell *row)
{
  const uint32_t *keys = r->program->indices + slots.first;
  uint64_t h = 0;
  uint32_t k;
  for (k = 0; k < slots.count; k++) h = tsn_cell_hash(r, keys[k], &row[keys[k]], h);
  return h;
}

bool tsn_key_same(const tsn_run *r, tsn_range slots, const tsn_cell *row, const tsn_cell *stored)
{
  const uint32_t *keys = r->program->indices + slots.first;
  uint32_t k;
  for (k = 0; k < slots.count && tsn_cell_same(r, keys[k], &row[keys[k]], &stored[k]); k++) continue;
  return k == slots.count;
}

uint64_t tsn_partition_hash(const tsn_run *r) { return tsn_key_hash(r, r->p->keys, r->row); }

static bool same_key(const tsn_run *r, const tsn_partition *p) { return tsn_key_same(r, r->p->keys, r->row, p->keys); }

uint32_t tsn_partition_find(tsn_run *r, uint64_t hash)
{
  size_t at;
  uint32_t part = r->last_partition;
  if (part != TSN_NONE && r->partitions[part].used && r->partitions[part].hash == hash && same_key(r, &r->partitions[part])) return part;
  for (at = tsn_map_first(&r->partition_map, hash); (part = tsn_map_at(&r->partition_map, at)) != TSN_NONE;
       at = tsn_map_next(&r->partition_map, hash, at))
    if (same_key(r, &r->partitions[part])) {
      r->last_partition = part;
      return part;
    }
  return TSN_NONE;
}

/* ---- room ---- */

/* What most partitions need is one block, so that it lies together and costs one allocation; what grows beyond has
 * memory of its own. */
#define ROOM_STARTS 4u
#define ROOM_BUNCHES 4u
#define ROOM_KEPT 4u

void tsn_room_plan(tsn_run *r)
{
  bool keeps = r->p->behind || r->needs_rows || r->p->ahead || r->queues;
  r->room.live = r->p->keys.count * sizeof(tsn_cell);
  r->room.bunches = r->room.live + (r->queues ? ROOM_BUNCHES * sizeof(uint32_t) : 0);
  r->room.starts = r->room.bunches + (r->queues ? ROOM_BUNCHES * sizeof(tsn_bunch) : 0);
  r->room.guarded = r->room.starts + (r->queues ? ROOM_STARTS * sizeof(tsn_queued) : 0);
  r->room.kept = r->room.guarded + tsn_guarded_size(r, ROOM_STARTS) * sizeof(int64_t);
  r->room.size = r->room.kept + (keeps ? ROOM_KEPT * r->kept_stride : 0);
}

static bool in_room(const tsn_run *r, const tsn_partition *p, const void *array)
{
  uintptr_t at = (uintptr_t)array, room = (uintptr_t)p->room;
  return at >= room && at - room < r->room.size;
}

void tsn_room_free(tsn_run *r, const tsn_partition *p, void *array, size_t size)
{
  if (!in_room(r, p, array)) tsn_alloc_free(r->alloc, array, size);
}

void *tsn_room_longer(tsn_run *r, const tsn_partition *p, void *array, size_t old_size, size_t size)
{
  bool inside = in_room(r, p, array);
  char *longer = tsn_alloc_resize(r->alloc, inside ? NULL : array, inside ? 0 : old_size, size);
  if (!longer) tsn_run_nomem(r);
  else if (inside) memcpy(longer, array, old_size);
  return longer;
}

static bool make_partition_room(tsn_run *r, tsn_partition *p)
{
  char *room = tsn_alloc_array(r->alloc, r->room.size, 1);
  if (!room) return tsn_run_nomem(r);
  p->room = room;
  p->keys = (tsn_cell *)(void *)room;
  if (r->room.kept > r->room.live) {
    p->queue.live = (uint32_t *)(void *)(room + r->room.live);
    p->queue.bunches = (tsn_bunch *)(void *)(room + r->room.bunches);
    p->queue.starts = (tsn_queued *)(void *)(room + r->room.starts);
    if (r->guards) p->queue.guarded = (int64_t *)(void *)(room + r->room.guarded);
    p->queue.cap = ROOM_STARTS;
    p->queue.live_cap = p->queue.bunch_cap = ROOM_BUNCHES;
  }
  if (r->room.size > r->room.kept) {
    p->kept_rows = room + r->room.kept;
    p->kept_cap = ROOM_KEPT;
  }
  return true;
}

/* A new life: what the place owns from the one before serves again. */
static void begin(tsn_partition *p, uint64_t hash)
{
  const tsn_partition old = *p;
  *p = (tsn_partition){.hash = hash, .used = 1, .first = TSN_NONE, .last = TSN_NONE, .before = TSN_NONE, .generation = old.generation + 1,
                       .room = old.room, .keys = old.keys, .quiet = old.quiet, .kept_cap = old.kept_cap, .kept_rows = old.kept_rows,
                       .queue = old.queue, .changed = old.changed};
  p->queue.armed = 0;
}

uint32_t tsn_partition_add(tsn_run *r, uint64_t hash)
{
  const uint32_t *keys = r->program->indices + r->p->keys.first;
  uint32_t part, k, key_count = r->p->keys.count, quiet = r->p->start_absences.count;
  tsn_partition *p;
  if (r->partition_free != TSN_NONE) {
    part = r->partition_free;
    r->partition_free = r->partitions[part].next_free;
  } else {
    if (!tsn_alloc_grow(r->alloc, (void **)&r->partitions, &r->partition_cap, r->partition_count + 1, sizeof *p)) {
      tsn_run_nomem(r);
      return TSN_NONE;
    }
    part = (uint32_t)r->partition_count++;
    r->partitions[part] = (tsn_partition){.generation = 0};
  }
  p = &r->partitions[part];
  begin(p, hash);
  if (!p->room && !make_partition_room(r, p)) return TSN_NONE;
  if (quiet && !p->quiet) p->quiet = tsn_alloc_array(r->alloc, quiet, sizeof *p->quiet);
  r->partitions_used++;
  r->looks += 16;
  if (quiet && !p->quiet) {
    tsn_run_nomem(r);
    return TSN_NONE;
  }
  for (k = 0; k < key_count; k++) {
    p->keys[k] = r->row[keys[k]];
    if (r->slot_is_text[keys[k]] && !tsn_texts_put(r, &p->keys[k])) {
      p->keys[k] = (tsn_cell){.null = 1};
      return TSN_NONE;
    }
  }
  for (k = 0; k < quiet; k++) p->quiet[k] = TSN_TIME_MIN;
  if (!tsn_map_add(&r->partition_map, hash, part)) {
    tsn_run_nomem(r);
    return TSN_NONE;
  }
  r->last_partition = part;
  tsn_changed(r, part);
  return part;
}

void tsn_partition_clear(tsn_run *r, tsn_partition *p)
{
  tsn_queue_clear(r, p);
  r->rows_kept -= p->kept;
  tsn_graph_drop(r, p);
  tsn_alloc_free(r->alloc, p->quiet, r->p->start_absences.count * sizeof *p->quiet);
  tsn_room_free(r, p, p->kept_rows, p->kept_cap * r->kept_stride);
  tsn_alloc_free(r->alloc, p->room, p->room ? r->room.size : 0);
}

void tsn_partition_drop(tsn_run *r, uint32_t part)
{
  tsn_partition *p = &r->partitions[part];
  tsn_partition_gone(r, p);
  tsn_map_remove(&r->partition_map, p->hash, part);
  tsn_graph_drop(r, p);
  r->rows_kept -= p->kept;
  p->kept = 0;
  if (p->kept_cap > TSN_KEPT_FOR_REUSE || !tsn_queue_empty(r, p)) {
    tsn_partition_clear(r, p);
    *p = (tsn_partition){.generation = p->generation, .changed = p->changed};
  }
  p->used = p->stored = 0;
  p->next_free = r->partition_free;
  r->partition_free = part;
  r->partitions_used--;
  if (r->last_partition == part) r->last_partition = TSN_NONE;
}

int64_t tsn_partition_until(const tsn_run *r, const tsn_partition *p)
{
  int64_t last = r->p->time_type == TOCSIN_DOUBLE ? tsn_time_of_double(INFINITY) : TSN_TIME_MAX; /* nothing lies beyond */
  return r->p->window_kind == WINDOW_TUMBLE && p->window_end < last ? p->window_end - 1 : p->window_end;
}

uint32_t tsn_partition_for(tsn_run *r, uint32_t found, uint64_t hash, int64_t time)
{
  tsn_partition *p = found == TSN_NONE ? NULL : &r->partitions[found];
  uint32_t part = found;
  if (!r->p->window_kind) return p ? part : tsn_partition_add(r, hash);
  if (!p || time > tsn_partition_until(r, p)) {
    if (p) {
      tsn_changed(r, found);
      p->complete = 1;
      tsn_map_remove(&r->partition_map, hash, found);
    }
    part = tsn_partition_add(r, hash);
    if (part == TSN_NONE) return TSN_NONE;
    p = &r->partitions[part];
    if (found != TSN_NONE) {
      p->before = found;
      p->before_generation = r->partitions[found].generation;
    }
    p->window_start = time;
    if (r->p->window_kind == WINDOW_TUMBLE) tsn_time_tumble(r, time, &p->window_start, &p->window_end);
    else p->window_end = tsn_time_shift(r, time, r->p->window);
    if (!tsn_deadline_push(r, p->window_end, PHASE_CLOSE, OWNER_PARTITION, part, p->generation)) return TSN_NONE;
  }
  if (r->p->window_kind == WINDOW_SESSION) r->partitions[part].window_end = tsn_time_shift(r, time, r->p->window);
  return part;
}

static bool make_room(tsn_run *r, tsn_partition *p)
{
  const uint32_t old = p->kept_cap, cap = tsn_ring_longer(old);
  char *rows;
  if (p->kept >= (r->p->drops ? TSN_ROWS_MAX : r->max_rows)) {
    const tsn_spot spot = {.partition = p, .number = -1};
    tsn_fail_at(r, &spot, "", "");
    return tsn_run_fail(r, TOCSIN_LIMIT, "more than %llu rows have to be kept; bound the pattern with WITHIN, or raise the limit",
                        (unsigned long long)r->max_rows);
  }
  rows = tsn_room_longer(r, p, p->kept_rows, old * r->kept_stride, cap * r->kept_stride);
  if (!rows) return false;
  p->kept_head = tsn_ring_spread(rows, p->kept_head, old, cap, r->kept_stride);
  p->kept_rows = rows;
  p->kept_cap = cap;
  return true;
}

tsn_cell *tsn_partition_append(tsn_run *r, tsn_partition *p, const tsn_kept_row *row)
{
  tsn_kept_row *kept;
  if (p->kept == p->kept_cap && !make_room(r, p)) return NULL;
  if (p->kept == 0) p->base = p->arrived - 1;
  kept = tsn_kept_row_at(r, p, p->base + p->kept++);
  if (++r->rows_kept > r->rows_kept_peak) r->rows_kept_peak = r->rows_kept;
  *kept = *row;
  return tsn_kept_cells(kept);
}

bool tsn_partition_lose(const tsn_run *r, tsn_cell *cells, uint32_t from)
{
  for (; from < r->kept_count; from++) cells[from] = (tsn_cell){.null = 1};
  return false;
}

/* Keeps the row at hand, if anything of this pattern reads kept rows. */
bool tsn_partition_keep(tsn_run *r, uint32_t part, int64_t time)
{
  tsn_partition *p = &r->partitions[part];
  const tsn_kept_row kept = {.seq = r->row_seq, .time = time};
  uint32_t k;
  tsn_cell *cells;
  if (!r->p->behind && !r->needs_rows && !r->p->ahead && !r->queues) return true;
  cells = tsn_partition_append(r, p, &kept);
  if (!cells) return false;
  for (k = 0; k < r->kept_count; k++) {
    uint32_t slot = r->kept_slots[k];
    cells[k] = r->row[slot];
    if (r->slot_is_text[slot] && !tsn_texts_put(r, &cells[k])) return tsn_partition_lose(r, cells, k);
  }
  return true;
}

/* Forgets rows that nothing can read any more. */
void tsn_partition_trim(tsn_run *r, uint32_t part)
{
  tsn_partition *p = &r->partitions[part];
  int64_t least = p->rows;
  if (!p->kept) return;
  if (r->queues) least = tsn_queue_least(p);
  if (r->needs_rows && p->first != TSN_NONE && r->starts[p->first].row < least) least = r->starts[p->first].row;
  if (r->p->empty_kind == MATCH_UNMATCHED && p->resolved < least) least = p->resolved;
  least -= r->p->behind;
  while (p->kept && p->base < least) {
    p->base++;
    p->kept--;
    r->rows_kept--;
    p->kept_head = tsn_ring_at(p->kept_head, 1, p->kept_cap);
  }
}

/* Where rows are gone back over, each remembers behind its cells how quiet it was before it. */
static int64_t *quiet_before(const tsn_run *r, const tsn_partition *p, int64_t row)
{
  return (int64_t *)(void *)(tsn_kept_cells(tsn_kept_row_at(r, p, row)) + r->kept_count);
}

static size_t quiet_size(const tsn_run *r) { return r->p->sequential ? r->p->start_absences.count * sizeof(int64_t) : 0; }

void tsn_quiet_save(tsn_run *r, tsn_partition *p, int64_t row)
{
  if (quiet_size(r)) memcpy(quiet_before(r, p, row), p->quiet, quiet_size(r));
}

void tsn_quiet_restore(const tsn_run *r, tsn_partition *p, int64_t row)
{
  if (quiet_size(r)) memcpy(p->quiet, quiet_before(r, p, row), quiet_size(r));
}
