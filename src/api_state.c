/* The public functions of tocsin/state.h. */
#include <stdio.h>
#include <string.h>

#include "matcher.h"
#include "tocsin.h"

#define MAGIC "Tocsin state"
#define HEADER 16u /* the magic, and a version of four bytes */

static tsn_head head_of(tocsin_matcher *m)
{
  return (tsn_head){.feed = &m->feed, .output = &m->output, .stats = &m->stats, .finished = &m->finished};
}

void tsn_matcher_clear_state(tocsin_matcher *m)
{
  tsn_head h = head_of(m);
  if (!m->state) return;
  tsn_state_clear(m->state, &h);
  tsn_alloc_free(&m->alloc, m->state, sizeof *m->state);
  m->state = NULL;
}

static tocsin_status want_state(tocsin_matcher *m)
{
  tsn_head h = head_of(m);
  if (m->state) return TOCSIN_OK;
  m->state = tsn_alloc_array(&m->alloc, 1, sizeof *m->state);
  if (m->state && tsn_state_init(m->state, &h, &m->alloc)) return TOCSIN_OK;
  tsn_matcher_clear_state(m);
  return m->alloc.full ? TOCSIN_LIMIT : TOCSIN_NOMEM;
}

/* ---- parts ---- */

tocsin_status tocsin_matcher_changes(tocsin_matcher *m, tocsin_part_fn each, void *context)
{
  tocsin_status st;
  tsn_head h;
  if (!m || !each) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  st = want_state(m);
  if (st != TOCSIN_OK) return st;
  h = head_of(m);
  return tsn_parts_tell(m->state, &h, true, each, context);
}

void tocsin_matcher_saved(tocsin_matcher *m)
{
  tsn_head h;
  if (!m || !m->state) return;
  h = head_of(m);
  tsn_parts_saved(m->state, &h);
}

/* What kind of part it is, for messages. */
static const char *kind_of(const tocsin_part *part)
{
  static const struct {
    char kind;
    const char *name;
  } kinds[] = {{'h', "head"}, {'a', "automaton"}, {'r', "run"}, {'s', "waiting rows"}, {'w', "window"}, {'p', "partition"}};
  size_t k;
  for (k = 0; k < sizeof kinds / sizeof *kinds; k++)
    if (part->name_length && *(const char *)part->name == kinds[k].kind) return kinds[k].name;
  return "unknown";
}

static tocsin_status fail_part(tocsin_matcher *m, tocsin_status st, const tocsin_part *part)
{
  const char *name = part->name;
  size_t length = part->name_length, k = 1;
  while (k < length && name[k] && k < 200) k++;
  m->status = st;
  if (st == TOCSIN_CORRUPT)
    snprintf(m->message, sizeof m->message, "the saved state is damaged, or of another pattern: its %s part%s%.*s", kind_of(part), k > 1 ? " of " : "", (int)(k > 1 ? k - 1 : 0), k > 1 ? name + 1 : "");
  else snprintf(m->message, sizeof m->message, "the saved state cannot be read: %s", tocsin_status_text(st));
  return st;
}

tocsin_status tocsin_matcher_load_part(tocsin_matcher *m, const tocsin_part *part)
{
  tocsin_status st;
  tsn_head h;
  if (!m || !part || !part->name || !part->bytes) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  st = want_state(m);
  if (st != TOCSIN_OK) return m->status = st;
  h = head_of(m);
  st = tsn_part_load(m->state, &h, part);
  return st == TOCSIN_OK ? st : fail_part(m, st, part);
}

static tocsin_status finish_load(tocsin_matcher *m)
{
  tsn_head h;
  tocsin_status st;
  st = want_state(m);
  h = head_of(m);
  if (st == TOCSIN_OK) st = tsn_parts_loaded(m->state, &h);
  if (st != TOCSIN_OK) snprintf(m->message, sizeof m->message, "the saved state is damaged: its parts do not belong together");
  return m->status = st;
}

tocsin_status tocsin_matcher_loaded(tocsin_matcher *m)
{
  tocsin_status st;
  if (!m) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  st = finish_load(m);
  if (st == TOCSIN_OK) tocsin_matcher_saved(m);
  return st;
}

/* ---- as a whole ---- */

static tocsin_status put_lengths(const tocsin_sink *sink, uint64_t name, uint64_t bytes)
{
  unsigned char lengths[16];
  tsn_word_put(lengths, name);
  tsn_word_put(lengths + 8, bytes);
  return sink->write(sink->context, lengths, sizeof lengths);
}

static tocsin_status put_part(void *context, const tocsin_part *part)
{
  const tocsin_sink *sink = context;
  tocsin_status st = put_lengths(sink, part->name_length, part->length);
  if (st == TOCSIN_OK) st = sink->write(sink->context, part->name, part->name_length);
  return st == TOCSIN_OK ? sink->write(sink->context, part->bytes, part->length) : st;
}

/* All parts, or those of one partition, between a header and an end: a part without a name, so that what is cut short is
 * noticed. */
static tocsin_status put_parts(tocsin_matcher *m, const tocsin_sink *sink, tsn_run *r, uint32_t part)
{
  char header[HEADER] = MAGIC;
  tocsin_sink copy = *sink;
  tocsin_status st = want_state(m);
  tsn_head h = head_of(m);
  header[12] = (char)TSN_STATE_VERSION;
  if (st == TOCSIN_OK) st = sink->write(sink->context, header, sizeof header);
  if (st == TOCSIN_OK)
    st = r ? tsn_parts_of_partition(m->state, &h, r, part, put_part, &copy) : tsn_parts_tell(m->state, &h, false, put_part, &copy);
  return st == TOCSIN_OK ? put_lengths(sink, 0, 0) : st;
}

tocsin_status tocsin_matcher_checkpoint(tocsin_matcher *m, const tocsin_sink *sink)
{
  if (!m || !sink || !sink->write) return TOCSIN_MISUSE;
  return m->status == TOCSIN_OK ? put_parts(m, sink, NULL, TSN_NONE) : m->status;
}

/* The part at *at, which moves behind it; name_length 0: there is none any more. false: cut short. */
static bool next_part(const unsigned char **at, const unsigned char *end, tocsin_part *part)
{
  size_t left = (size_t)(end - *at);
  uint64_t name, length;
  if (left < 16) return false;
  name = tsn_word_at(*at);
  length = tsn_word_at(*at + 8);
  if (name > left - 16 || length > left - 16 - name) return false;
  *part = (tocsin_part){.name = *at + 16, .name_length = (size_t)name, .bytes = *at + 16 + name, .length = (size_t)length};
  *at += 16 + name + length;
  return name > 0 || (length == 0 && *at == end);
}

static tocsin_status load_all(tocsin_matcher *m, const void *bytes, size_t length)
{
  const unsigned char *at = bytes, *end = at + length;
  char header[HEADER] = MAGIC;
  tocsin_part part;
  tocsin_status st;
  header[12] = (char)TSN_STATE_VERSION;
  if (length < HEADER || memcmp(at, header, HEADER)) {
    snprintf(m->message, sizeof m->message, "this is no saved state of this version of Tocsin");
    return m->status = TOCSIN_CORRUPT;
  }
  at += HEADER;
  for (;;) {
    if (!next_part(&at, end, &part)) {
      snprintf(m->message, sizeof m->message, "the saved state is damaged: it ends too early, or something stands behind its end");
      return m->status = TOCSIN_CORRUPT;
    }
    if (!part.name_length) return TOCSIN_OK;
    st = tocsin_matcher_load_part(m, &part);
    if (st != TOCSIN_OK) return st;
  }
}

tocsin_status tocsin_matcher_restore(const tocsin_program *program, const tocsin_matcher_options *options, const void *bytes, size_t length,
                                     tocsin_matcher **matcher, char *message, size_t size)
{
  tocsin_status st;
  if (message && size) message[0] = 0;
  if (!bytes) return TOCSIN_MISUSE;
  st = tocsin_matcher_new(program, options, matcher);
  if (st != TOCSIN_OK) return st;
  st = load_all(*matcher, bytes, length);
  if (st == TOCSIN_OK) st = finish_load(*matcher); /* not saved in parts yet */
  if (st == TOCSIN_OK) return st;
  if (message && size) snprintf(message, size, "%s", tocsin_matcher_message(*matcher));
  tocsin_matcher_free(*matcher);
  *matcher = NULL;
  return st;
}

/* ---- one key ---- */

/* Whether all there is of a key lies in its partition. */
static bool is_alone(const tsn_run *r) { return !r->waits && !r->windows && !r->p->ahead && !r->p->window_kind && !r->tracks; }

/* The run of a pattern whose key has so many columns; its values become those of the row at hand. NULL: there is none such. */
static tsn_run *with_key(tocsin_matcher *m, size_t pattern, const tocsin_value *key, size_t count)
{
  tsn_run *r;
  size_t k;
  if (!m || pattern >= m->feed.run_count || (count && !key)) return NULL;
  r = &m->feed.runs[pattern];
  if (!is_alone(r) || count != r->p->keys.count) return NULL;
  for (k = 0; k < count; k++) {
    uint32_t slot = r->program->indices[r->p->keys.first + k];
    tsn_cell *cell = &r->row[slot];
    *cell = (tsn_cell){.null = 1};
    if (key[k].is_null) continue;
    if (key[k].type != (tocsin_type)r->slot_types[slot]) return NULL;
    cell->null = 0;
    switch (key[k].type) {
    case TOCSIN_BOOLEAN: cell->v.i = key[k].as.boolean != 0; break;
    case TOCSIN_DOUBLE:
      cell->v.d = key[k].as.real;
      if (cell->v.d != cell->v.d) *cell = (tsn_cell){.null = 1};
      break;
    case TOCSIN_TEXT:
    case TOCSIN_LIST:
      if (key[k].as.text.length > UINT32_MAX) return NULL;
      cell->v.s = key[k].as.text.bytes;
      cell->length = (uint32_t)key[k].as.text.length;
      break;
    default: cell->v.i = key[k].as.integer;
    }
  }
  return r;
}

/* When time alone may bring something of a partition, at the earliest. */
static void see_deadline(tsn_run *r, uint32_t part, tocsin_key_state *state)
{
  size_t i;
  for (i = 0; i < r->deadlines.count; i++) {
    const tsn_deadline *d = &r->deadlines.all[i];
    uint32_t of = d->handle;
    if (d->owner == OWNER_PATH) of = tsn_path_at(r, d->handle)->generation == d->generation && tsn_path_at(r, d->handle)->state != ITEM_FREE
                                         ? r->starts[tsn_path_at(r, d->handle)->start].partition
                                         : TSN_NONE;
    else if (d->owner == OWNER_START) of = r->starts[d->handle].used && r->starts[d->handle].generation == d->generation ? r->starts[d->handle].partition : TSN_NONE;
    else if (r->partitions[d->handle].generation != d->generation) of = TSN_NONE;
    if (of != part || (state->has_deadline && state->deadline <= d->time)) continue;
    state->has_deadline = 1;
    state->deadline = d->time;
  }
}

tocsin_status tocsin_matcher_export_key(tocsin_matcher *m, size_t pattern, const tocsin_value *key, size_t count, const tocsin_sink *sink,
                                        tocsin_key_state *state)
{
  tsn_run *r = with_key(m, pattern, key, count);
  uint32_t part;
  if (!r || !state || (sink && !sink->write)) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  *state = (tocsin_key_state){.empty = 1};
  part = tsn_partition_find(r, tsn_partition_hash(r));
  if (part == TSN_NONE) return TOCSIN_OK;
  *state = (tocsin_key_state){.changed = !r->changes.on || r->changes.every || r->partitions[part].changed};
  see_deadline(r, part, state);
  return sink ? put_parts(m, sink, r, part) : TOCSIN_OK;
}

tocsin_status tocsin_matcher_import_key(tocsin_matcher *m, const void *bytes, size_t length)
{
  tocsin_status st;
  tsn_head h;
  if (!m || !bytes) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  st = want_state(m);
  if (st != TOCSIN_OK) return st;
  h = head_of(m);
  tsn_state_begin_import(m->state, &h); /* the automaton of the bytes is not that of this matcher */
  return load_all(m, bytes, length);
}

tocsin_status tocsin_matcher_drop_key(tocsin_matcher *m, size_t pattern, const tocsin_value *key, size_t count)
{
  tsn_run *r = with_key(m, pattern, key, count);
  uint32_t part;
  if (!r) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  part = tsn_partition_find(r, tsn_partition_hash(r));
  if (part == TSN_NONE) return TOCSIN_OK;
  tsn_changed(r, part);
  (void)tsn_queue_empty(r, &r->partitions[part]);
  while (r->partitions[part].first != TSN_NONE) tsn_start_free(r, r->partitions[part].first);
  tsn_partition_drop(r, part);
  return TOCSIN_OK;
}
