/* The queue of a partition in the table tier: bunches that starts are in, then the starts. */
#include <string.h>

#include "state/state.h"

/* Loading: what a first row has given comparisons, for the last start of the queue. */
static void code_guarded(tsn_codec *c, const tsn_queue *q, uint32_t slot)
{
  tsn_run *r = c->r;
  uint32_t k;
  uint64_t open = (uint64_t)*tsn_guards_open(q, slot);
  tsn_code_u64(c, &open);
  tsn_code_check(c, !(open & ~r->guards->labels));
  *tsn_guards_open(q, slot) = (int64_t)open;
  for (k = 0; k < r->guards->test_count; k++) tsn_code_i64(c, tsn_guards_value(q, k, slot));
}

/* Numbers of the bunches that starts are in, in the order in which these name them. */
typedef struct used {
  uint32_t *number; /* by bunch */
  uint32_t *bunch;  /* by number */
  uint32_t count;
} used;

static bool find_used(tsn_run *r, const tsn_queue *q, used *u)
{
  uint32_t i;
  u->number = tsn_alloc_array(r->alloc, q->bunch_count, sizeof *u->number);
  u->bunch = tsn_alloc_array(r->alloc, q->bunch_count, sizeof *u->bunch);
  if (!u->number || !u->bunch) return false;
  for (i = 0; i < q->bunch_count; i++) u->number[i] = TSN_NONE;
  for (i = 0; i < q->count; i++) {
    uint32_t root = tsn_bunch_root(q, tsn_queued_at(q, i)->bunch);
    if (u->number[root] != TSN_NONE) continue;
    u->number[root] = u->count;
    u->bunch[u->count++] = root;
  }
  return true;
}

static void code_bunch(tsn_codec *c, const tsn_automaton *a, tsn_partition *p, const tsn_bunch *b)
{
  tsn_run *r = c->r;
  tsn_bunch made = b ? *b : (tsn_bunch){.shape = TSN_NONE};
  uint32_t k;
  tsn_code_shape(c, a, &made.shape);
  if (!tsn_codec_good(c)) return;
  if (made.shape != TSN_NONE)
    for (k = 0; k < tsn_shapes_facts(r, made.shape)->taus && k < TSN_TAUS; k++) tsn_code_i64(c, &made.taus[k]);
  if (!c->loading) return;
  if (made.shape != TSN_NONE) tsn_code_check(c, tsn_shapes_facts(r, made.shape)->good);
  if (tsn_codec_good(c)) tsn_queue_restore_bunch(r, p, made.shape, made.taus);
}

static void code_queued(tsn_codec *c, uint32_t part, const used *u, uint32_t i, size_t starts, uint32_t *next, uint32_t *number)
{
  tsn_run *r = c->r;
  tsn_partition *p = &r->partitions[part];
  tsn_queue *q = &p->queue;
  tsn_queued s = {.base = TSN_NONE};
  uint32_t bunch = 0, base = TSN_NONE;
  if (!c->loading) {
    s = *tsn_queued_at(q, i);
    bunch = u->number[tsn_bunch_root(q, s.bunch)];
    base = s.base == TSN_NONE ? TSN_NONE : (*number)++; /* they stand in the order of the queue */
  }
  tsn_code_i64(c, &s.row);
  tsn_code_i64(c, &s.time);
  tsn_code_u32(c, &bunch, UINT32_MAX);
  tsn_code_handle(c, &base, (uint32_t)starts);
  if (c->loading) {
    int64_t need = base == TSN_NONE ? s.row : p->caught_up;
    tsn_code_check(c, bunch < q->bunch_count && s.row >= 0 && s.row < p->rows && need >= p->base && need <= p->rows);
    tsn_code_check(c, base != TSN_NONE || s.row < p->base + p->kept);
    tsn_code_check(c, i == 0 || tsn_queued_at(q, i - 1)->row < s.row);
    if (base != TSN_NONE) { /* each start with items once, in order */
      tsn_code_check(c, *next != TSN_NONE && r->starts[*next].row == s.row && r->starts[*next].head != TSN_NONE);
      s.base = *next;
      if (*next != TSN_NONE) *next = r->starts[*next].next;
    }
    if (!tsn_codec_good(c)) return;
    s.bunch = bunch;
    if (!tsn_queue_restore(r, p, &s)) return;
    q = &p->queue;
  }
  if (r->guards) code_guarded(c, q, tsn_ring_at(q->head, i, q->cap));
}

void tsn_state_queue(tsn_codec *c, const tsn_automaton *a, uint32_t part)
{
  tsn_run *r = c->r;
  tsn_partition *p = &r->partitions[part];
  used u = {.count = 0};
  size_t count = p->queue.count, bunches, starts = 0;
  uint32_t i, start, next = p->first, number = 0;
  for (start = p->first; start != TSN_NONE; start = r->starts[start].next) starts++;
  if (!c->loading && !find_used(r, &p->queue, &u)) c->out->failed = TOCSIN_NOMEM;
  bunches = u.count;
  tsn_code_count(c, &bunches);
  for (i = 0; i < bunches && tsn_codec_good(c); i++) code_bunch(c, a, p, c->loading ? NULL : &p->queue.bunches[u.bunch[i]]);
  tsn_code_count(c, &count);
  for (i = 0; i < count && tsn_codec_good(c); i++) code_queued(c, part, &u, i, starts, &next, &number);
  if (c->loading) tsn_code_check(c, next == TSN_NONE && (count > 0 || bunches == 0));
  if (c->loading && tsn_codec_good(c) && r->guards && count) tsn_guards_moved(r, &p->queue);
  if (u.number) tsn_alloc_free(r->alloc, u.number, p->queue.bunch_count * sizeof *u.number);
  if (u.bunch) tsn_alloc_free(r->alloc, u.bunch, p->queue.bunch_count * sizeof *u.bunch);
}
