/* Files of rows, as the command reads them: CSV and JSON Lines, plain or packed.
 *
 * Given as (read, name, format, packing): read(n) answers bytes as a binary file of Python
 * does. They are unpacked and decoded without the GIL. */
#include "binding.h"

#include <stdio.h>
#include <string.h>

#include "io/decoder.h"
#include "io/infer.h"
#include "io/stream.h"

#define CHUNK (256 << 10)

typedef struct bad_line {
  uint64_t line;
  char column[80], reason[REASON];
  bool has_column;
} bad_line;

typedef struct file_source {
  PyObject *read, *held; /* held: the bytes being read */
  const char *bytes; /* what is left of them */
  size_t length;
  tsn_stream *stream; /* NULL: they are plain */
  tsn_decoder *decoder;
  tsn_batch batch;
  bool ready, ended, finished; /* no more bytes; and all of them decoded */
  bad_line *bad; /* told while the GIL was away */
  size_t bad_count, bad_cap;
  bool bad_lost; /* there was no memory for one */
} file_source;

static void told_bad(void *context, const tsn_bad_row *row)
{
  source *s = context;
  file_source *r = s->own;
  bad_line *b;

  if (!tsn_alloc_grow(&s->alloc, (void **)&r->bad, &r->bad_cap, r->bad_count + 1, sizeof *r->bad)) {
    r->bad_lost = true;
    return;
  }
  b = &r->bad[r->bad_count++];
  *b = (bad_line){ .line = row->line, .has_column = row->column != NULL };
  snprintf(b->column, sizeof b->column, "%s", row->column ? row->column : "");
  snprintf(b->reason, sizeof b->reason, "%s", row->reason);
}

static int tell_bad(source *s)
{
  file_source *r = s->own;

  for (size_t i = 0; i < r->bad_count; i++) {
    const bad_line *b = &r->bad[i];
    if (source_bad(s, b->line - 1, b->has_column ? b->column : NULL, b->reason, NULL) < 0) return -1;
  }
  r->bad_count = 0;
  if (!r->bad_lost) return 0;
  PyErr_NoMemory();
  return -1;
}

/* More bytes, if those at hand are used up. */
static int read_more(file_source *r)
{
  char *bytes;
  Py_ssize_t length;

  if (r->length || r->ended) return 0;
  Py_CLEAR(r->held);
  r->held = PyObject_CallFunction(r->read, "i", CHUNK);
  if (!r->held || PyBytes_AsStringAndSize(r->held, &bytes, &length) < 0) return -1;
  r->bytes = bytes;
  r->length = (size_t)length;
  r->ended = length == 0;
  return 0;
}

/* Decodes the next piece of the bytes at hand, or what is left when there are no more. Without the GIL. */
static tocsin_status decode(file_source *r)
{
  const char *plain = r->bytes;
  size_t length = r->length;
  tocsin_status st = TOCSIN_OK;

  if (r->stream) st = tsn_stream_next(r->stream, &r->bytes, &r->length, &plain, &length);
  else r->length = 0;
  if (st != TOCSIN_OK) return st;
  if (length) return tsn_decoder_feed(r->decoder, plain, length, &r->batch);
  if (!r->ended) return TOCSIN_OK;
  r->finished = true;
  if (r->stream && (st = tsn_stream_finish(r->stream)) != TOCSIN_OK) return st;
  return tsn_decoder_finish(r->decoder, &r->batch);
}

static int fill(source *s)
{
  file_source *r = s->own;

  tsn_batch_reset(&r->batch);
  while (r->batch.rows == 0 && !r->finished) {
    tocsin_status st;
    if (read_more(r) < 0) return -1;
    Py_BEGIN_ALLOW_THREADS
    st = decode(r);
    Py_END_ALLOW_THREADS
    if (st == TOCSIN_NOMEM) {
      PyErr_NoMemory();
      return -1;
    }
    if (st != TOCSIN_OK) {
      const char *why = tsn_decoder_message(r->decoder);
      if (r->stream && *tsn_stream_message(r->stream)) why = tsn_stream_message(r->stream);
      return raise_error(s->state, "cannot read the rows of %s: %s", s->schema.name, *why ? why : tocsin_status_text(st));
    }
    if (tell_bad(s) < 0) return -1;
  }
  s->view = tsn_batch_view(&r->batch);
  return 0;
}

static void clear(source *s)
{
  file_source *r = s->own;

  Py_CLEAR(r->read);
  Py_CLEAR(r->held);
  tsn_stream_free(r->stream);
  tsn_decoder_free(r->decoder);
  if (r->ready) tsn_batch_clear(&r->batch);
  tsn_alloc_free(&s->alloc, r->bad, r->bad_cap * sizeof *r->bad);
  tsn_alloc_free(&s->alloc, r, sizeof *r);
}

static const source_kind file_kind = { fill, clear };

static int open_readers(source *s, file_source *r, const char *name, int format, int packing)
{
  tsn_decoder_options options = { .source = name, .on_bad = told_bad, .context = s };
  tocsin_status st = TOCSIN_OK;

  if (packing != TSN_PLAIN) st = tsn_stream_new(&s->alloc, (tsn_packing)packing, CHUNK, &r->stream);
  if (st == TOCSIN_OK) {
    st = tsn_batch_init(&r->batch, &s->alloc, &s->schema);
    r->ready = st == TOCSIN_OK;
  }
  if (st == TOCSIN_OK) st = tsn_decoder_new(&s->alloc, (tsn_format)format, &s->schema, &options, &r->decoder);
  if (st == TOCSIN_OK) return 0;
  if (st == TOCSIN_NOMEM) PyErr_NoMemory();
  else raise_error(s->state, "%s", tsn_decoder_message(r->decoder));
  return -1;
}

int file_source_open(source *s, PyObject *data)
{
  file_source *r = tsn_alloc_array(&s->alloc, 1, sizeof *r);
  PyObject *read;
  const char *name;
  int format, packing;

  if (!r) {
    PyErr_NoMemory();
    return -1;
  }
  s->own = r;
  s->kind = &file_kind;
  if (!PyArg_ParseTuple(data, "Osii", &read, &name, &format, &packing)) return -1;
  r->read = Py_NewRef(read);
  return open_readers(s, r, s->schema.name, format, packing);
}

/* --- the shape of a stream that nobody declared --- */

#define SAMPLE ((size_t)2 << 20)

static tocsin_status keep_plain(void *context, const char *bytes, size_t length)
{
  tsn_bytes *plain = context;

  if (plain->length > SAMPLE) return TOCSIN_LIMIT; /* enough */
  tsn_bytes_append(plain, bytes, length);
  return plain->failed;
}

static PyObject *list_columns(const tsn_inferred *in)
{
  PyObject *list = PyList_New(0);

  for (size_t i = 0; list && i < in->schema.column_count; i++) {
    const tsn_column_def *c = &in->schema.columns[i];
    PyObject *item = Py_BuildValue("(siiz)", c->name, (int)c->type, (int)c->unit, c->path);
    if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
    Py_XDECREF(item);
  }
  return list;
}

/* file_schema(sample, whole, name, format, packing) */
PyObject *file_schema(PyObject *module, PyObject *args)
{
  const module_state *state = PyModule_GetState(module);
  const char *sample, *name, *why = "";
  Py_ssize_t length;
  int whole, format, packing;
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_bytes plain;
  tsn_inferred inferred;
  tocsin_status st = TOCSIN_OK;
  PyObject *list = NULL;

  if (!PyArg_ParseTuple(args, "y#psii", &sample, &length, &whole, &name, &format, &packing)) return NULL;
  tsn_alloc_init(&alloc, NULL);
  tsn_arena_init(&arena, &alloc, 0);
  tsn_bytes_init(&plain, &alloc, 0);
  if (packing == TSN_PLAIN) {
    tsn_bytes_append(&plain, sample, (size_t)length);
    st = plain.failed;
  } else {
    tsn_stream *stream;
    st = tsn_stream_new(&alloc, (tsn_packing)packing, CHUNK, &stream);
    if (st == TOCSIN_OK) st = tsn_stream_feed(stream, sample, (size_t)length, keep_plain, &plain);
    if (st == TOCSIN_LIMIT) st = TOCSIN_OK, whole = 0;
    tsn_stream_free(stream);
  }
  if (st == TOCSIN_OK)
    st = tsn_infer(&arena, (tsn_format)format, name, plain.length ? plain.data : "", plain.length, whole, TSN_INFER_ROWS, &inferred, &why);
  if (st == TOCSIN_OK) list = list_columns(&inferred);
  else if (st == TOCSIN_NOMEM) PyErr_NoMemory();
  else raise_error(state, "cannot tell the columns of %s: %s", name, why);
  tsn_bytes_clear(&plain);
  tsn_arena_clear(&arena);
  return list;
}
