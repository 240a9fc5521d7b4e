/* What has changed since it was last saved: partitions, and frames of windows, each in a list once; and the names of those
 * that were saved and are gone. Nothing is noted before the host has asked for changes a first time. */
#include "run/window.h"

void tsn_name_keys(const tsn_run *r, tsn_range slots, const tsn_cell *keys, tsn_bytes *out)
{
  uint32_t k;
  for (k = 0; k < slots.count; k++) {
    bool text = r->slot_is_text[r->program->indices[slots.first + k]];
    tsn_bytes_char(out, keys[k].null ? 'n' : text ? 't' : 'w');
    if (keys[k].null) continue;
    tsn_bytes_word(out, text ? keys[k].length : (uint64_t)keys[k].v.i);
    if (text && keys[k].length) tsn_bytes_append(out, r->texts.data + keys[k].v.at, keys[k].length);
  }
}

void tsn_name_partition(const tsn_run *r, const tsn_partition *p, tsn_bytes *out)
{
  tsn_name_keys(r, r->p->keys, p->keys, out);
  if (r->p->window_kind) tsn_bytes_word(out, (uint64_t)p->window_start);
}

void tsn_name_frame(const tsn_run *r, const tsn_source *s, const tsn_window *w, const tsn_frame *f, tsn_bytes *out)
{
  tsn_bytes_word(out, (uint64_t)(s - r->sources));
  tsn_bytes_word(out, (uint64_t)(w - s->windows));
  tsn_name_keys(r, w->rec->keys, f->cells, out);
}

static void note(tsn_run *r, tsn_changes *c, uint32_t handle)
{
  if (!tsn_alloc_grow(r->alloc, (void **)&c->all, &c->cap, c->count + 1, sizeof *c->all)) c->every = true;
  else c->all[c->count++] = handle;
}

void tsn_changed_now(tsn_run *r, uint32_t part)
{
  r->partitions[part].changed = 1;
  note(r, &r->changes, part);
}

void tsn_frame_changed(tsn_run *r, tsn_window *w, uint32_t frame)
{
  if (!r->changes.on || w->frames[frame].changed) return;
  w->frames[frame].changed = 1;
  note(r, &w->changes, frame);
}

/* A name with its length before it. */
static void put_gone(tsn_bytes *gone, const tsn_bytes *name)
{
  tsn_bytes_word(gone, name->length);
  tsn_bytes_append(gone, name->data, name->length);
}

void tsn_partition_gone(tsn_run *r, const tsn_partition *p)
{
  tsn_bytes name;
  if (!p->stored) return;
  tsn_bytes_init(&name, r->alloc, 0);
  tsn_name_partition(r, p, &name);
  if (name.failed) r->changes.gone.failed = name.failed;
  put_gone(&r->changes.gone, &name);
  tsn_bytes_clear(&name);
}

void tsn_frame_gone(tsn_run *r, const tsn_source *s, tsn_window *w, const tsn_frame *f)
{
  tsn_bytes name;
  if (!f->stored) return;
  tsn_bytes_init(&name, r->alloc, 0);
  tsn_name_frame(r, s, w, f, &name);
  if (name.failed) w->changes.gone.failed = name.failed;
  put_gone(&w->changes.gone, &name);
  tsn_bytes_clear(&name);
}

void tsn_changes_init(tsn_changes *c, tsn_alloc *alloc)
{
  *c = (tsn_changes){.every = true};
  tsn_bytes_init(&c->gone, alloc, 0);
}

void tsn_changes_reset(tsn_changes *c)
{
  c->count = 0;
  c->every = false;
  tsn_bytes_reset(&c->gone);
}

void tsn_changes_clear(tsn_run *r, tsn_changes *c)
{
  tsn_alloc_free(r->alloc, c->all, c->cap * sizeof *c->all);
  if (c->gone.alloc) tsn_bytes_clear(&c->gone);
}
