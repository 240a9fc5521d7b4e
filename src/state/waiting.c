/* The sort buffer: rows that wait for their place, in no order. */
#include "state/state.h"

void tsn_state_waiting(tsn_codec *c)
{
  tsn_run *r = c->r;
  size_t count = r->reorder.count, k;
  uint32_t slot;
  tsn_code_count(c, &count);
  for (k = 0; k < count && tsn_codec_good(c); k++) {
    tsn_waiting w = c->loading ? (tsn_waiting){.time = 0} : r->reorder.heap[k];
    tsn_cell *cells = c->loading ? r->row : tsn_waiting_cells(r, &w);
    tsn_code_i64(c, &w.time);
    tsn_code_u64(c, &w.arrival);
    tsn_code_u32(c, &w.part, r->p->parts.count - 1);
    for (slot = 0; slot < r->slot_count; slot++) tsn_code_loaded(c, &cells[slot], r->slot_is_text[slot]);
    if (c->loading && tsn_codec_good(c)) tsn_reorder_add(r, w.time, w.part, w.arrival);
  }
}
