/* Parts: names, checksums, and which have to be written again. */
#include <stdlib.h>
#include <string.h>

#include "state/part.h"

enum { PART_HEAD = 'h', PART_AUTOMATON = 'a', PART_RUN = 'r', PART_WAITING = 's', PART_FRAME = 'w', PART_PARTITION = 'p' };
#define NAME_MOST ((size_t)1 << 26)

/* ---- the state that is kept ---- */

bool tsn_state_init(tsn_state *s, const tsn_head *h, tsn_alloc *alloc)
{
  size_t patterns = h->feed->run_count;
  *s = (tsn_state){.alloc = alloc};
  tsn_bytes_init(&s->name, alloc, NAME_MOST);
  tsn_bytes_init(&s->bytes, alloc, 0);
  s->automata = tsn_alloc_array(alloc, patterns, sizeof *s->automata);
  s->written = tsn_alloc_array(alloc, patterns, sizeof *s->written);
  s->waited = tsn_alloc_array(alloc, patterns, sizeof *s->waited);
  return s->automata && s->written && s->waited;
}

void tsn_state_clear(tsn_state *s, const tsn_head *h)
{
  size_t patterns = h->feed->run_count, i;
  if (!s->alloc) return;
  for (i = 0; s->automata && i < patterns; i++) tsn_automaton_clear(&h->feed->runs[i], &s->automata[i]);
  tsn_alloc_free(s->alloc, s->automata, s->automata ? patterns * sizeof *s->automata : 0);
  tsn_alloc_free(s->alloc, s->written, s->written ? patterns * sizeof *s->written : 0);
  tsn_alloc_free(s->alloc, s->waited, s->waited ? patterns * sizeof *s->waited : 0);
  tsn_alloc_free(s->alloc, s->pieces, s->piece_cap * sizeof *s->pieces);
  tsn_bytes_clear(&s->name);
  tsn_bytes_clear(&s->bytes);
}

/* ---- telling ---- */

typedef struct teller {
  tsn_state *s;
  const tsn_head *h;
  bool changes; /* of these alone */
  tocsin_part_fn each;
  void *context;
  tocsin_status status;
} teller;

static const char *pattern_name(const tsn_run *r) { return tsn_program_text(r->program, r->p->name); }

/* Patterns without a name are told apart by their number. */
static void put_pattern(tsn_bytes *name, const tsn_run *r)
{
  tsn_bytes_text(name, pattern_name(r));
  if (!*pattern_name(r)) tsn_bytes_printf(name, "#%u", r->index);
  tsn_bytes_char(name, 0);
}

static void begin_name(tsn_bytes *name, int kind, const tsn_run *r)
{
  tsn_bytes_reset(name);
  tsn_bytes_char(name, (char)kind);
  if (!r) return;
  put_pattern(name, r);
}

static void begin_part(teller *t, int kind, tsn_run *r, tsn_codec *c)
{
  begin_name(&t->s->name, kind, r);
  tsn_bytes_reset(&t->s->bytes);
  tsn_codec_save(c, r, &t->s->bytes);
}

static void tell(teller *t, const tsn_bytes *name, const tsn_bytes *bytes)
{
  const tocsin_part part = {.name = name->data, .name_length = name->length, .bytes = bytes ? bytes->data : NULL, .length = bytes ? bytes->length : 0};
  if (t->status == TOCSIN_OK) t->status = name->failed ? name->failed : bytes && bytes->failed ? bytes->failed : TOCSIN_OK;
  if (t->status == TOCSIN_OK) t->status = t->each(t->context, &part);
}

static uint32_t checksum(const void *name, size_t name_length, const void *bytes, size_t length)
{
  return tsn_crc32c(tsn_crc32c(TSN_STATE_VERSION, name, name_length), bytes, length);
}

/* The bytes get their checksum, and go. */
static void end_part(teller *t)
{
  tsn_bytes *b = &t->s->bytes;
  uint32_t sum = checksum(t->s->name.data, t->s->name.length, b->data, b->length);
  unsigned char end[4];
  int k;
  for (k = 0; k < 4; k++) end[k] = (unsigned char)(sum >> 8 * k);
  tsn_bytes_append(b, end, sizeof end);
  tell(t, &t->s->name, b);
}

/* ---- the head ---- */

static void code_output(tsn_codec *c, const tsn_head *h)
{
  tsn_output *o = h->output;
  size_t rows = o->count - o->taken, k;
  uint32_t i;
  tsn_code_count(c, &rows);
  for (k = 0; k < rows && tsn_codec_good(c); k++) {
    tsn_out_row row = c->loading ? (tsn_out_row){.seq = 0} : o->rows[o->taken + k];
    const tsn_pattern_rec *p;
    tsn_cell *cells;
    tsn_code_u64(c, &row.seq);
    tsn_code_u32(c, &row.pattern, (uint32_t)h->feed->run_count - 1);
    tsn_code_u32(c, &row.timeout, 1);
    tsn_code_i64(c, &row.time);
    if (!tsn_codec_good(c)) return;
    p = &h->feed->program->patterns[row.pattern];
    if (c->loading && !tsn_output_row(o, p->outputs.count, &row)) {
      c->bad = c->nomem = true;
      return;
    }
    cells = c->loading ? o->cells + o->rows[o->count - 1].first : o->cells + row.first;
    for (i = 0; i < p->outputs.count; i++) {
      bool text = tsn_is_text(h->feed->program->outputs[p->outputs.first + i].type);
      tsn_cell cell = c->loading ? (tsn_cell){.null = 1} : cells[i];
      if (!c->loading && text && !cell.null) cell.v.s = o->bytes.data + cell.v.at;
      tsn_code_loaded(c, &cell, text);
      if (!c->loading) continue;
      if (text && !tsn_output_text(o, &cell)) c->bad = c->nomem = true;
      cells[i] = cell;
    }
  }
}

static void code_head(tsn_codec *c, const tsn_head *h)
{
  tsn_feed *f = h->feed;
  tocsin_stats *s = h->stats;
  uint64_t *counts[] = {&s->rows_in, &s->rows_matched_over, &s->rows_filtered, &s->rows_late, &s->rows_bad, &s->nan_values};
  uint32_t version = TSN_STATE_VERSION, streams = f->program->streams_count;
  size_t k;
  tsn_code_u32(c, &version, UINT32_MAX);
  tsn_code_check(c, version == TSN_STATE_VERSION);
  for (k = 0; k < sizeof counts / sizeof *counts; k++) tsn_code_u64(c, counts[k]);
  tsn_code_u64(c, &f->arrivals);
  tsn_code_u32(c, &streams, UINT32_MAX);
  tsn_code_check(c, streams == f->program->streams_count);
  for (k = 0; k < f->program->streams_count && tsn_codec_good(c); k++) tsn_code_bool(c, &f->over[k]);
  tsn_code_bool(c, h->finished);
  code_output(c, h);
}

/* ---- a pattern ---- */

static void code_sources(tsn_codec *c)
{
  tsn_run *r = c->r;
  uint32_t k, count = r->p->parts.count;
  tsn_code_u32(c, &count, UINT32_MAX);
  tsn_code_check(c, count == r->p->parts.count);
  for (k = 0; k < r->p->parts.count && tsn_codec_good(c); k++) {
    tsn_source *s = &r->sources[k];
    tsn_code_i64(c, &s->max_time);
    tsn_code_i64(c, &s->watermark);
    tsn_code_bool(c, &s->over);
  }
}

static void code_run(tsn_codec *c)
{
  tsn_run *r = c->r;
  uint64_t fingerprint = r->p->fingerprint, moment = r->moment;
  tsn_code_word(c, &fingerprint);
  tsn_code_check(c, fingerprint == r->p->fingerprint);
  tsn_code_i64(c, &r->watermark);
  tsn_code_u64(c, &r->next_seq);
  tsn_code_u64(c, &moment);
  tsn_code_u64(c, &r->nan_values);
  tsn_code_u64(c, &r->matches);
  tsn_code_u64(c, &r->timeouts);
  tsn_code_u64(c, &r->dropped);
  tsn_code_u64(c, &r->live_peak);
  tsn_code_u64(c, &r->share);
  tsn_code_bool(c, &r->finished);
  tsn_code_bool(c, &r->ahead.over);
  tsn_code_i64(c, &r->ahead.latest);
  code_sources(c);
  if (c->loading && moment > r->moment) r->moment = moment;
}

static struct tsn_written learned(const tsn_run *r)
{
  return (struct tsn_written){.junctions = r->junctions.count, .classes = r->shapes ? r->shapes->class_count : 0,
                              .shapes = r->shapes ? r->shapes->count : 0, .queues = r->queues, .off = r->shapes && r->shapes->off, .any = true};
}

static bool same_learned(const struct tsn_written *a, const struct tsn_written *b)
{
  return a->any == b->any && a->junctions == b->junctions && a->classes == b->classes && a->shapes == b->shapes && a->queues == b->queues && a->off == b->off;
}

static void tell_automaton(teller *t, tsn_run *r)
{
  tsn_codec c;
  struct tsn_written now = learned(r);
  if (t->changes && same_learned(&now, &t->s->written[r->index])) return;
  begin_part(t, PART_AUTOMATON, r, &c);
  tsn_state_automaton(&c, NULL);
  end_part(t);
}

static void tell_partition(teller *t, tsn_run *r, uint32_t part)
{
  tsn_codec c;
  begin_part(t, PART_PARTITION, r, &c);
  tsn_name_partition(r, &r->partitions[part], &t->s->name);
  tsn_state_partition(&c, NULL, part);
  end_part(t);
}

static void tell_frame(teller *t, tsn_run *r, uint32_t source, uint32_t window, uint32_t frame)
{
  tsn_codec c;
  const tsn_source *s = &r->sources[source];
  begin_part(t, PART_FRAME, r, &c);
  tsn_name_frame(r, s, &s->windows[window], &s->windows[window].frames[frame], &t->s->name);
  tsn_state_frame(&c, source, window, frame);
  end_part(t);
}

static void tell_waiting(teller *t, tsn_run *r)
{
  tsn_codec c;
  bool any = r->reorder.count > 0;
  if (!any && (!t->changes || !t->s->waited[r->index])) return;
  begin_part(t, PART_WAITING, r, &c);
  tsn_state_waiting(&c);
  end_part(t);
}

static void tell_run(teller *t, tsn_run *r)
{
  tsn_codec c;
  begin_part(t, PART_RUN, r, &c);
  code_run(&c);
  end_part(t);
}

/* What is gone: names with their lengths. */
static void tell_gone(teller *t, int kind, const tsn_run *r, const tsn_bytes *gone)
{
  size_t at = 0;
  if (gone->failed && t->status == TOCSIN_OK) t->status = gone->failed;
  while (at < gone->length && t->status == TOCSIN_OK) {
    uint64_t length = tsn_word_at(gone->data + at);
    begin_name(&t->s->name, kind, r);
    tsn_bytes_append(&t->s->name, gone->data + at + 8, (size_t)length);
    tell(t, &t->s->name, NULL);
    at += 8 + (size_t)length;
  }
}

static void tell_frames(teller *t, tsn_run *r, uint32_t source, uint32_t window)
{
  const tsn_window *w = &r->sources[source].windows[window];
  const tsn_changes *changes = t->changes ? &w->changes : NULL;
  size_t k;
  for (k = 0; k < tsn_changes_count(changes, w->count) && t->status == TOCSIN_OK; k++) {
    uint32_t frame = tsn_changes_at(changes, k);
    if (w->frames[frame].used) tell_frame(t, r, source, window, frame);
  }
}

static void tell_pattern(teller *t, tsn_run *r)
{
  const tsn_changes *changes = t->changes ? &r->changes : NULL;
  size_t k;
  uint32_t s, w;
  if (changes) tell_gone(t, PART_PARTITION, r, &changes->gone);
  for (s = 0; s < r->p->parts.count; s++)
    for (w = 0; w < r->sources[s].p->windows.count && t->changes; w++) tell_gone(t, PART_FRAME, r, &r->sources[s].windows[w].changes.gone);
  tell_automaton(t, r);
  tell_run(t, r);
  tell_waiting(t, r);
  for (s = 0; s < r->p->parts.count; s++)
    for (w = 0; w < r->sources[s].p->windows.count; w++) tell_frames(t, r, s, w);
  for (k = 0; k < tsn_changes_count(changes, r->partition_count) && t->status == TOCSIN_OK; k++) {
    uint32_t part = tsn_changes_at(changes, k);
    if (r->partitions[part].used) tell_partition(t, r, part);
  }
}

tocsin_status tsn_parts_tell(tsn_state *s, const tsn_head *h, bool changes, tocsin_part_fn each, void *context)
{
  teller t = {.s = s, .h = h, .changes = changes, .each = each, .context = context};
  tsn_codec c;
  size_t i;
  begin_part(&t, PART_HEAD, NULL, &c);
  code_head(&c, h);
  end_part(&t);
  for (i = 0; i < h->feed->run_count && t.status == TOCSIN_OK; i++) tell_pattern(&t, &h->feed->runs[i]);
  return t.status;
}

static void frames_saved(tsn_run *r)
{
  uint32_t s, w;
  size_t k;
  for (s = 0; s < r->p->parts.count; s++)
    for (w = 0; w < r->sources[s].p->windows.count; w++) {
      tsn_window *window = &r->sources[s].windows[w];
      for (k = 0; k < tsn_changes_count(&window->changes, window->count); k++) {
        tsn_frame *f = &window->frames[tsn_changes_at(&window->changes, k)];
        f->changed = 0;
        f->stored = f->used != 0;
      }
      tsn_changes_reset(&window->changes);
    }
}

void tsn_parts_saved(tsn_state *s, const tsn_head *h)
{
  size_t i, k;
  for (i = 0; i < h->feed->run_count; i++) {
    tsn_run *r = &h->feed->runs[i];
    for (k = 0; k < tsn_changes_count(&r->changes, r->partition_count); k++) {
      tsn_partition *p = &r->partitions[tsn_changes_at(&r->changes, k)];
      p->changed = 0;
      p->stored = p->used != 0;
    }
    tsn_changes_reset(&r->changes);
    r->changes.on = true;
    frames_saved(r);
    s->written[i] = learned(r);
    s->waited[i] = r->reorder.count > 0;
  }
}

tocsin_status tsn_parts_of_partition(tsn_state *s, const tsn_head *h, tsn_run *r, uint32_t part, tocsin_part_fn each, void *context)
{
  teller t = {.s = s, .h = h, .each = each, .context = context};
  tell_automaton(&t, r);
  tell_partition(&t, r, part);
  return t.status;
}

/* ---- loading ---- */

static bool part_failed(tsn_run *r, const char *why)
{
  return tsn_run_fail(r, TOCSIN_CORRUPT, "the state of pattern %s %s", pattern_name(r), why);
}

/* Keys of a name become those of the row at hand, loaded. */
static void read_keys(tsn_codec *c, tsn_range slots)
{
  tsn_run *r = c->r;
  uint32_t k;
  for (k = 0; k < slots.count; k++) {
    uint32_t slot = r->program->indices[slots.first + k];
    char kind = 0;
    uint64_t word;
    tsn_cell *cell = &r->row[slot];
    *cell = (tsn_cell){.null = 1};
    tsn_code_raw(c, &kind, 1);
    tsn_code_check(c, kind == 'n' || kind == (r->slot_is_text[slot] ? 't' : 'w'));
    if (kind == 'n' || !tsn_codec_good(c)) continue;
    tsn_code_word(c, &word);
    *cell = (tsn_cell){.v.i = (int64_t)word};
    if (kind == 'w') continue;
    tsn_code_check(c, word <= UINT32_MAX);
    cell->v.s = tsn_code_take(c, c->bad ? 0 : (size_t)word);
    cell->length = c->bad ? 0 : (uint32_t)word;
    if (!cell->v.s) *cell = (tsn_cell){.null = 1};
  }
}

static void load_partition(tsn_state *s, tsn_codec *name, tsn_codec *c)
{
  tsn_run *r = c->r;
  uint64_t hash, start = 0;
  uint32_t part, found;
  tsn_partition *p;
  read_keys(name, r->p->keys);
  if (r->p->window_kind) tsn_code_word(name, &start);
  tsn_code_check(c, tsn_codec_good(name) && name->at == name->end);
  if (!tsn_codec_good(c)) return;
  hash = tsn_partition_hash(r);
  found = tsn_partition_find(r, hash);
  part = tsn_partition_add(r, hash);
  if (part == TSN_NONE) return;
  p = &r->partitions[part];
  p->window_start = (int64_t)start;
  c->piece = INT64_MIN;
  tsn_state_partition(c, &s->automata[r->index], part);
  p = &r->partitions[part];
  if (r->p->window_kind && p->complete) tsn_map_remove(&r->partition_map, hash, part);
  else tsn_code_check(c, found == TSN_NONE || (r->p->window_kind && r->partitions[found].complete));
  r->last_partition = TSN_NONE;
  if (p->before == TSN_NONE) return;
  p->before = TSN_NONE;
  if (!tsn_alloc_grow(s->alloc, (void **)&s->pieces, &s->piece_cap, s->piece_count + 1, sizeof *s->pieces)) {
    tsn_run_nomem(r);
    return;
  }
  s->pieces[s->piece_count].run = r->index;
  s->pieces[s->piece_count].part = part;
  s->pieces[s->piece_count++].before = c->piece;
}

static void load_frame(tsn_codec *name, tsn_codec *c)
{
  tsn_run *r = c->r;
  uint64_t source = 0, window = 0;
  tsn_window *w;
  uint32_t frame;
  size_t before;
  tsn_code_word(name, &source);
  tsn_code_word(name, &window);
  tsn_code_check(c, tsn_codec_good(name) && source < r->p->parts.count && window < r->sources[source].p->windows.count);
  if (!tsn_codec_good(c)) return;
  w = &r->sources[source].windows[window];
  read_keys(name, w->rec->keys);
  tsn_code_check(c, tsn_codec_good(name) && name->at == name->end);
  if (!tsn_codec_good(c)) return;
  before = w->map.count;
  frame = tsn_window_frame(r, w, r->row);
  if (frame == TSN_NONE) return;
  tsn_code_check(c, w->map.count > before);
  if (tsn_codec_good(c)) tsn_state_frame(c, (uint32_t)source, (uint32_t)window, frame);
}

void tsn_state_begin_import(tsn_state *s, const tsn_head *h)
{
  size_t i;
  for (i = 0; i < h->feed->run_count; i++) tsn_automaton_clear(&h->feed->runs[i], &s->automata[i]);
}

/* length: with the zero behind it. */
static tsn_run *run_named(tsn_state *s, const tsn_head *h, const char *name, size_t length)
{
  size_t i;
  for (i = 0; i < h->feed->run_count; i++) {
    tsn_bytes_reset(&s->name);
    put_pattern(&s->name, &h->feed->runs[i]);
    if (!s->name.failed && s->name.length == length && !memcmp(s->name.data, name, length)) return &h->feed->runs[i];
  }
  return NULL;
}

static void load_into(tsn_state *s, int kind, tsn_codec *name, tsn_codec *c)
{
  tsn_run *r = c->r;
  tsn_automaton *a = &s->automata[r->index];
  tsn_code_check(c, kind == PART_AUTOMATON ? !a->known : kind == PART_RUN || a->known);
  if (!tsn_codec_good(c)) return;
  r->trying = true; /* no limit counts what was there */
  switch (kind) {
  case PART_AUTOMATON: tsn_state_automaton(c, a); break;
  case PART_RUN: code_run(c); break;
  case PART_WAITING: tsn_state_waiting(c); break;
  case PART_FRAME: load_frame(name, c); break;
  default: load_partition(s, name, c);
  }
  r->trying = false;
}

tocsin_status tsn_part_load(tsn_state *s, const tsn_head *h, const tocsin_part *part)
{
  const unsigned char *end = (const unsigned char *)part->bytes + part->length;
  const char *text = part->name, *zero;
  tsn_codec name, c;
  tsn_run *r = NULL;
  if (!part->name_length || part->length < 4) return TOCSIN_CORRUPT;
  if (checksum(part->name, part->name_length, part->bytes, part->length - 4) !=
      ((uint32_t)end[-4] | (uint32_t)end[-3] << 8 | (uint32_t)end[-2] << 16 | (uint32_t)end[-1] << 24))
    return TOCSIN_CORRUPT;
  if (!strchr("harswp", text[0])) return TOCSIN_CORRUPT;
  if (text[0] != PART_HEAD) {
    zero = memchr(text + 1, 0, part->name_length - 1);
    r = zero ? run_named(s, h, text + 1, (size_t)(zero - text)) : NULL;
    if (!r) return s->name.failed == TOCSIN_NOMEM ? TOCSIN_NOMEM : TOCSIN_CORRUPT;
    tsn_codec_load(&name, r, zero + 1, part->name_length - (size_t)(zero + 1 - text));
  }
  tsn_codec_load(&c, r, part->bytes, part->length - 4);
  if (r) load_into(s, text[0], &name, &c);
  else code_head(&c, h);
  if (r && r->status) return r->status;
  if (c.nomem) return TOCSIN_NOMEM;
  if (c.bad || c.at != c.end) {
    if (r) part_failed(r, "is not what it claims to be");
    return TOCSIN_CORRUPT;
  }
  return TOCSIN_OK;
}

/* ---- all are there ---- */

static int64_t waiting_rows(const tsn_partition *p) { return p->used ? p->arrived - p->released : 0; }

static int by_seq(const void *a, const void *b)
{
  const tsn_ahead_row *x = a, *y = b;
  return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Rows that wait for those behind them lie in their partitions; here in one queue. */
static bool queue_ahead(tsn_run *r)
{
  tsn_ahead *a = &r->ahead;
  uint32_t part;
  a->first = a->count = 0;
  for (part = 0; part < r->partition_count; part++) {
    const tsn_partition *p = &r->partitions[part];
    int64_t row;
    if (waiting_rows(p) && (!r->p->ahead || p->base > p->released || p->base + p->kept != p->arrived)) return part_failed(r, "lacks rows that wait");
    for (row = p->released; waiting_rows(p) && row < p->arrived; row++) {
      const tsn_kept_row *kept = tsn_kept_row_at(r, p, row);
      if (!tsn_alloc_grow(r->alloc, (void **)&a->rows, &a->cap, a->count + 1, sizeof *a->rows)) return tsn_run_nomem(r);
      a->rows[a->count++] = (tsn_ahead_row){.time = kept->time, .seq = kept->seq, .part = part};
    }
  }
  if (a->count) qsort(a->rows, a->count, sizeof *a->rows, by_seq);
  return true;
}

static bool same_keys(const tsn_run *r, const tsn_partition *a, const tsn_partition *b)
{
  uint32_t k;
  for (k = 0; k < r->p->keys.count; k++) {
    uint32_t slot = r->program->indices[r->p->keys.first + k];
    tsn_cell key = tsn_load(r, a->keys[k], r->slot_is_text[slot]);
    if (!tsn_cell_same(r, slot, &key, &b->keys[k])) return false;
  }
  return true;
}

static uint64_t piece_hash(const tsn_partition *p, int64_t start) { return tsn_hash_word((uint64_t)start, p->hash); }

/* Pieces of the windows of a run find the ones before them. */
static bool link_pieces(const tsn_state *s, tsn_run *r, tsn_map *map)
{
  size_t i, at;
  uint32_t part;
  for (part = 0; part < r->partition_count; part++)
    if (r->partitions[part].used && !tsn_map_add(map, piece_hash(&r->partitions[part], r->partitions[part].window_start), part)) return tsn_run_nomem(r);
  for (i = 0; i < s->piece_count; i++) {
    tsn_partition *p = &r->partitions[s->pieces[i].part];
    uint64_t hash = piece_hash(p, s->pieces[i].before);
    if (s->pieces[i].run != r->index) continue;
    for (at = tsn_map_first(map, hash); (part = tsn_map_at(map, at)) != TSN_NONE; at = tsn_map_next(map, hash, at)) {
      const tsn_partition *b = &r->partitions[part];
      if (b == p || b->window_start != s->pieces[i].before || !same_keys(r, b, p)) continue;
      p->before = part;
      p->before_generation = b->generation;
    }
  }
  return true;
}

tocsin_status tsn_parts_loaded(tsn_state *s, const tsn_head *h)
{
  tsn_map map;
  size_t i;
  for (i = 0; i < h->feed->run_count; i++) {
    tsn_run *r = &h->feed->runs[i];
    tsn_map_init(&map, s->alloc);
    if (s->piece_count && r->p->window_kind) link_pieces(s, r, &map);
    tsn_map_clear(&map);
    if (r->moment < 2) r->moment = 2; /* those of starts that were loaded lie before */
    tsn_state_order_frames(r);
    if (r->status || !queue_ahead(r)) return r->status;
  }
  s->piece_count = 0;
  return TOCSIN_OK;
}
