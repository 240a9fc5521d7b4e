/* WITH (on_limit = 'drop oldest'): what goes when a limit is reached (language page, section 9).
 *
 * Limits are looked at when a moment is settled, never in its midst: so what is dropped is
 * a property of the data, as all that is reported. A start that is dropped has failed: its
 * paths are gone, nothing is reported of it, and those behind it go on, in the same moment
 * if they were only waiting for it.
 *
 *   paths, rows of a partition   its first start goes until they are few enough
 *   bytes of a pattern           the first start of all partitions goes, and the next, until a
 *                                quarter is free
 *
 * Bytes are counted by what is alive - items, starts, kept rows, histories, bags, and texts,
 * which are collected first -, not by what lies allocated. Arrays grow by doubling, and lie
 * there twice while they do: so a pattern has a quarter of its share of the limit for what
 * is alive. */
#include "run/run.h"

static bool is_over(const tsn_run *r, const tsn_partition *p)
{
  uint64_t rows = p->kept ? (uint64_t)(p->released - p->base) : 0;
  return p->first != TSN_NONE && (p->live > r->max_paths || (r->needs_rows && rows > r->max_rows + r->p->behind));
}

bool tsn_drop_due(const tsn_run *r, uint32_t part) { return r->p->drops && is_over(r, &r->partitions[part]); }

void tsn_drop_first(tsn_run *r, uint32_t part)
{
  uint32_t start = r->partitions[part].first, item;
  while ((item = r->starts[start].head) != TSN_NONE) {
    tsn_path_unlink(r, item);
    tsn_path_free(r, item);
  }
  if (r->starts[start].held != TSN_NONE) tsn_path_free(r, r->starts[start].held);
  r->starts[start].held = TSN_NONE;
  r->dropped++;
}

/* ---- bytes ---- */

/* Of what goes with starts; texts apart. */
static uint64_t bytes_of_starts(const tsn_run *r)
{
  uint64_t row = sizeof(tsn_kept_row) + (uint64_t)r->slot_count * sizeof(tsn_cell);
  return r->live * r->item_stride + r->starts_live * sizeof(tsn_start) + (r->needs_rows ? r->rows_kept * row : 0) +
         r->history.live * sizeof(tsn_hist) + r->bags.live * sizeof(tsn_bag_node);
}

static bool older(const tsn_run *r, uint32_t a, uint32_t b)
{
  return r->starts[r->partitions[a].first].seq < r->starts[r->partitions[b].first].seq;
}

static void sink(const tsn_run *r, uint32_t *heap, size_t count, size_t at)
{
  uint32_t part = heap[at];
  size_t child;
  while ((child = 2 * at + 1) < count) {
    if (child + 1 < count && older(r, heap[child + 1], heap[child])) child++;
    if (!older(r, heap[child], part)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = part;
}

/* Drops the oldest starts of all partitions until what they hold is so little. */
static bool drop_until(tsn_run *r, uint64_t bytes)
{
  uint32_t part, *heap = tsn_alloc_array(r->alloc, r->partition_count, sizeof *heap);
  size_t cap = r->partition_count, count = 0, i;
  bool good = true;
  if (!heap) return tsn_run_nomem(r);
  for (part = 0; part < r->partition_count; part++)
    if (r->partitions[part].used && r->partitions[part].first != TSN_NONE) heap[count++] = part;
  for (i = count / 2; i > 0; i--) sink(r, heap, count, i - 1);
  while (good && count && bytes_of_starts(r) > bytes) {
    part = heap[0];
    tsn_drop_first(r, part);
    good = tsn_settle(r, part);
    if (!r->partitions[part].used || r->partitions[part].first == TSN_NONE) heap[0] = heap[--count];
    if (count) sink(r, heap, count, 0);
  }
  tsn_alloc_free(r->alloc, heap, cap * sizeof *heap);
  return good;
}

/* Called when a moment is settled; reports from `from` on are of it. */
bool tsn_drop_bytes(tsn_run *r, size_t from)
{
  if (!r->share || bytes_of_starts(r) + r->texts.length <= r->share) return true;
  do {
    if (!drop_until(r, bytes_of_starts(r) / 4 * 3) || !tsn_texts_squeeze(r)) return false;
  } while (r->starts_live && bytes_of_starts(r) + r->texts.length > r->share / 4 * 3);
  /* What no start holds - keys, rows that PREV reads - cannot be dropped: the share is what lies above it. */
  if (!r->starts_live && bytes_of_starts(r) + r->texts.length > r->share / 4 * 3) r->share += r->share / 4;
  return tsn_output_sort(r->output, from) || tsn_run_nomem(r);
}
