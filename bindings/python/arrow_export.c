/* Rows as an Arrow stream. Nothing is copied: arrays hold the chunk that they show. Others
 * release what they got from any thread, without the GIL. */
#include "rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arrow.h"

static const char *const formats[] = {
  [TOCSIN_NULL] = "n", [TOCSIN_BOOLEAN] = "b", [TOCSIN_BIGINT] = "l", [TOCSIN_DOUBLE] = "g", [TOCSIN_TEXT] = "u",
  [TOCSIN_TIMESTAMP] = "tsu:UTC", [TOCSIN_INTERVAL] = "tDu", [TOCSIN_LIST] = "u",
};

/* --- schema --- */

typedef struct schema_holder {
  struct ArrowSchema *children, **pointers;
} schema_holder;

static void release_child_schema(struct ArrowSchema *schema)
{
  free((void *)(uintptr_t)schema->name);
  schema->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
  schema_holder *h = schema->private_data;

  for (int64_t i = 0; i < schema->n_children; i++)
    if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
  free(h->children);
  free(h->pointers);
  free(h);
  schema->release = NULL;
}

static int fill_schema(const tsn_column_def *columns, size_t count, struct ArrowSchema *out)
{
  schema_holder *h = calloc(1, sizeof *h);

  if (!h) return ENOMEM;
  h->children = calloc(count + 1, sizeof *h->children);
  h->pointers = calloc(count + 1, sizeof *h->pointers);
  *out = (struct ArrowSchema){ .format = "+s", .name = "", .children = h->pointers, .release = release_schema, .private_data = h };
  for (size_t i = 0; h->children && h->pointers && i < count; i++) {
    char *name = strdup(columns[i].name);
    if (!name) break;
    h->children[i] = (struct ArrowSchema){ .format = formats[columns[i].type], .name = name, .flags = ARROW_FLAG_NULLABLE,
                                           .release = release_child_schema };
    h->pointers[i] = &h->children[i];
    out->n_children++;
  }
  if ((size_t)out->n_children == count && h->children && h->pointers) return 0;
  release_schema(out);
  return ENOMEM;
}

/* --- arrays --- */

typedef struct child_holder {
  const void *buffers[3];
  chunk *held;
} child_holder;

typedef struct array_holder {
  const void *buffers[1];
  struct ArrowArray *children, **pointers;
} array_holder;

/* A child may be moved away from its parent, and outlive it. */
static void release_child(struct ArrowArray *array)
{
  child_holder *h = array->private_data;

  chunk_drop(h->held);
  free(h);
  array->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
  array_holder *h = array->private_data;

  for (int64_t i = 0; i < array->n_children; i++)
    if (array->children[i]->release) array->children[i]->release(array->children[i]);
  free(h->children);
  free(h->pointers);
  free(h);
  array->release = NULL;
}

static bool fill_child(chunk *c, size_t column, tocsin_type type, struct ArrowArray *out)
{
  const tocsin_column *view = &c->view.columns[column];
  bool is_text = type == TOCSIN_TEXT || type == TOCSIN_LIST;
  child_holder *h = calloc(1, sizeof *h);

  if (!h) return false;
  atomic_fetch_add(&c->holders, 1);
  h->held = c;
  h->buffers[0] = view->validity;
  h->buffers[1] = is_text ? (const void *)view->offsets : view->values;
  h->buffers[2] = view->values;
  *out = (struct ArrowArray){ .length = (int64_t)c->view.rows, .null_count = view->validity ? (int64_t)c->batch.columns[column].nulls : 0,
                              .n_buffers = is_text ? 3 : 2, .buffers = h->buffers, .release = release_child, .private_data = h };
  return true;
}

static int fill_array(const tsn_column_def *columns, size_t count, chunk *c, struct ArrowArray *out)
{
  array_holder *h = calloc(1, sizeof *h);

  if (!h) return ENOMEM;
  h->children = calloc(count + 1, sizeof *h->children);
  h->pointers = calloc(count + 1, sizeof *h->pointers);
  *out = (struct ArrowArray){ .length = (int64_t)c->view.rows, .n_buffers = 1, .buffers = h->buffers, .children = h->pointers,
                              .release = release_array, .private_data = h };
  for (size_t i = 0; h->children && h->pointers && i < count; i++) {
    if (!fill_child(c, i, columns[i].type, &h->children[i])) break;
    h->pointers[i] = &h->children[i];
    out->n_children++;
  }
  if ((size_t)out->n_children == count && h->children && h->pointers) return 0;
  release_array(out);
  return ENOMEM;
}

/* --- the stream --- */

typedef struct stream_holder {
  tsn_column_def *columns; /* names are our own */
  size_t column_count;
  chunk **chunks;
  size_t chunk_count, at;
} stream_holder;

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  stream_holder *h = stream->private_data;
  return fill_schema(h->columns, h->column_count, out);
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  stream_holder *h = stream->private_data;
  int failed;

  *out = (struct ArrowArray){ .release = NULL };
  if (h->at == h->chunk_count) return 0;
  failed = fill_array(h->columns, h->column_count, h->chunks[h->at], out);
  if (!failed) h->at++;
  return failed;
}

static const char *stream_error(struct ArrowArrayStream *stream)
{
  (void)stream;
  return "out of memory";
}

static void stream_release(struct ArrowArrayStream *stream)
{
  stream_holder *h = stream->private_data;

  for (size_t i = 0; i < h->chunk_count; i++) chunk_drop(h->chunks[i]);
  for (size_t i = 0; h->columns && i < h->column_count; i++) free((void *)(uintptr_t)h->columns[i].name);
  free(h->columns);
  free(h->chunks);
  free(h);
  stream->release = NULL;
}

static bool fill_stream(const pattern_rows *p, struct ArrowArrayStream *out)
{
  stream_holder *h = calloc(1, sizeof *h);

  if (!h) return false;
  *out = (struct ArrowArrayStream){ stream_schema, stream_next, stream_error, stream_release, h };
  h->columns = calloc(p->column_count + 1, sizeof *h->columns);
  h->chunks = calloc(p->chunk_count + 1, sizeof(chunk *));
  if (!h->columns || !h->chunks) return false;
  for (size_t i = 0; i < p->column_count; i++) {
    h->columns[i] = (tsn_column_def){ .name = strdup(p->columns[i].name), .type = p->columns[i].type };
    h->column_count++;
    if (!h->columns[i].name) return false;
  }
  for (size_t i = 0; i < p->chunk_count; i++) {
    atomic_fetch_add(&p->chunks[i]->holders, 1);
    h->chunks[h->chunk_count++] = p->chunks[i];
  }
  return true;
}

static void free_stream_capsule(PyObject *capsule)
{
  struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");

  if (stream && stream->release) stream->release(stream);
  free(stream);
}

PyObject *arrow_stream_capsule(const pattern_rows *p)
{
  struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
  PyObject *capsule = NULL;

  if (stream && fill_stream(p, stream)) capsule = PyCapsule_New(stream, "arrow_array_stream", free_stream_capsule);
  else PyErr_NoMemory();
  if (capsule) return capsule;
  if (stream && stream->release) stream->release(stream);
  free(stream);
  return NULL;
}

static void free_schema_capsule(PyObject *capsule)
{
  struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");

  if (schema && schema->release) schema->release(schema);
  free(schema);
}

PyObject *arrow_schema_capsule(const pattern_rows *p)
{
  struct ArrowSchema *schema = calloc(1, sizeof *schema);
  PyObject *capsule = NULL;

  if (schema && fill_schema(p->columns, p->column_count, schema) == 0) capsule = PyCapsule_New(schema, "arrow_schema", free_schema_capsule);
  else PyErr_NoMemory();
  if (capsule) return capsule;
  if (schema && schema->release) schema->release(schema);
  free(schema);
  return NULL;
}
