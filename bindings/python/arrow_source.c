/* Arrow streams, from a capsule named arrow_array_stream. Arrays are lent for as long as their
 * rows are matched; a long one is taken in pieces. */
#include "vector.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arrow.h"

typedef struct column {
  int64_t child; /* of the stream's struct; -1: nobody reads the column */
  vector vector, indices, dictionary;
  scratch scratch;
} column;

typedef struct arrow_source {
  struct ArrowArrayStream stream; /* moved out of its capsule */
  struct ArrowSchema schema;
  struct ArrowArray array;
  size_t at; /* rows of the array taken */
  uint64_t taken; /* rows of the stream */
  column *columns;
  tocsin_column *views;
} arrow_source;

/* --- types --- */

typedef struct arrow_type {
  const char *format; /* a whole format, or its beginning if that ends in ':' */
  const char *name;
  vector_type type;
  vector_meaning meaning;
  int64_t multiply, divide;
} arrow_type;

#define DAY INT64_C(86400000000)
static const arrow_type types[] = {
  { "n", "null", VECTOR_NONE, MEANS_VALUE, 1, 1 },
  { "b", "bool", VECTOR_BITS, MEANS_VALUE, 1, 1 },
  { "c", "int8", VECTOR_I8, MEANS_VALUE, 1, 1 },
  { "C", "uint8", VECTOR_U8, MEANS_VALUE, 1, 1 },
  { "s", "int16", VECTOR_I16, MEANS_VALUE, 1, 1 },
  { "S", "uint16", VECTOR_U16, MEANS_VALUE, 1, 1 },
  { "i", "int32", VECTOR_I32, MEANS_VALUE, 1, 1 },
  { "I", "uint32", VECTOR_U32, MEANS_VALUE, 1, 1 },
  { "l", "int64", VECTOR_I64, MEANS_VALUE, 1, 1 },
  { "L", "uint64", VECTOR_U64, MEANS_VALUE, 1, 1 },
  { "e", "float16", VECTOR_F16, MEANS_VALUE, 1, 1 },
  { "f", "float32", VECTOR_F32, MEANS_VALUE, 1, 1 },
  { "g", "float64", VECTOR_F64, MEANS_VALUE, 1, 1 },
  { "u", "utf8", VECTOR_TEXT32, MEANS_VALUE, 1, 1 },
  { "U", "large utf8", VECTOR_TEXT64, MEANS_VALUE, 1, 1 },
  { "vu", "utf8 view", VECTOR_VIEWS, MEANS_VALUE, 1, 1 },
  { "tdD", "date32", VECTOR_I32, MEANS_TIME, DAY, 1 },
  { "tdm", "date64", VECTOR_I64, MEANS_TIME, 1000, 1 },
  { "tss:", "timestamp in seconds", VECTOR_I64, MEANS_TIME, 1000000, 1 },
  { "tsm:", "timestamp in milliseconds", VECTOR_I64, MEANS_TIME, 1000, 1 },
  { "tsu:", "timestamp in microseconds", VECTOR_I64, MEANS_TIME, 1, 1 },
  { "tsn:", "timestamp in nanoseconds", VECTOR_I64, MEANS_TIME, 1, 1000 },
  { "tDs", "duration in seconds", VECTOR_I64, MEANS_SPAN, 1000000, 1 },
  { "tDm", "duration in milliseconds", VECTOR_I64, MEANS_SPAN, 1000, 1 },
  { "tDu", "duration in microseconds", VECTOR_I64, MEANS_SPAN, 1, 1 },
  { "tDn", "duration in nanoseconds", VECTOR_I64, MEANS_SPAN, 1, 1000 },
  /* Only named: they are none of ours. */
  { "z", "binary", VECTOR_TEXT32, MEANS_VALUE, 0, 0 },
  { "Z", "large binary", VECTOR_TEXT64, MEANS_VALUE, 0, 0 },
  { "vz", "binary view", VECTOR_VIEWS, MEANS_VALUE, 0, 0 },
  { "d:", "decimal", VECTOR_NONE, MEANS_VALUE, 0, 0 },
  { "w:", "fixed-size binary", VECTOR_NONE, MEANS_VALUE, 0, 0 },
  { "tts", "time32", VECTOR_NONE, MEANS_VALUE, 0, 0 },
  { "ttm", "time32", VECTOR_NONE, MEANS_VALUE, 0, 0 },
  { "ttu", "time64", VECTOR_NONE, MEANS_VALUE, 0, 0 },
  { "ttn", "time64", VECTOR_NONE, MEANS_VALUE, 0, 0 },
  { "+l", "list", VECTOR_NONE, MEANS_VALUE, 0, 0 },
  { "+L", "large list", VECTOR_NONE, MEANS_VALUE, 0, 0 },
  { "+s", "struct", VECTOR_NONE, MEANS_VALUE, 0, 0 },
  { "+m", "map", VECTOR_NONE, MEANS_VALUE, 0, 0 },
  { "+r", "run-end encoded", VECTOR_NONE, MEANS_VALUE, 0, 0 },
};

/* NULL: unknown. A type without a multiplier cannot be read. */
static const arrow_type *find_type(const char *format)
{
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    size_t length = strlen(types[i].format);
    bool begins = types[i].format[length - 1] == ':';
    if (begins ? !strncmp(format, types[i].format, length) : !strcmp(format, types[i].format)) return &types[i];
  }
  return NULL;
}

static vector vector_of_type(const arrow_type *t)
{
  static const ptrdiff_t widths[] = {
    [VECTOR_I8] = 1, [VECTOR_U8] = 1, [VECTOR_I16] = 2, [VECTOR_U16] = 2, [VECTOR_F16] = 2, [VECTOR_I32] = 4, [VECTOR_U32] = 4,
    [VECTOR_F32] = 4, [VECTOR_I64] = 8, [VECTOR_U64] = 8, [VECTOR_F64] = 8, [VECTOR_DICTIONARY] = 0,
  };
  return (vector){ .type = t->type, .meaning = t->meaning, .multiply = t->multiply, .divide = t->divide, .stride = widths[t->type] };
}

/* --- opening --- */

static int unreadable(const source *s, size_t at, const struct ArrowSchema *schema)
{
  const arrow_type *t = find_type(schema->format), *values = schema->dictionary ? find_type(schema->dictionary->format) : NULL;

  if (schema->dictionary)
    return raise_error(s->state, "column \"%s\" of %s is a dictionary of %s here, which cannot be read; dictionaries of texts can",
                       s->columns[at].name, s->schema.name, values ? values->name : schema->dictionary->format);
  return raise_error(s->state, "column \"%s\" of %s is of the Arrow type %s, which cannot be read as %s", s->columns[at].name,
                     s->schema.name, t ? t->name : schema->format, tocsin_type_name(s->columns[at].type));
}

static int open_column(source *s, size_t at, column *c, const struct ArrowSchema *schema)
{
  const arrow_type *t = find_type(schema->format);
  char shown[100];

  if (!t || !t->multiply) return unreadable(s, at, schema);
  c->vector = vector_of_type(t);
  snprintf(shown, sizeof shown, "of the Arrow type %s", t->name);
  if (schema->dictionary) {
    const arrow_type *values = find_type(schema->dictionary->format);
    if (!values || !values->multiply || values->type < VECTOR_TEXT32 || schema->dictionary->dictionary) return unreadable(s, at, schema);
    c->indices = c->vector;
    c->dictionary = vector_of_type(values);
    c->vector = (vector){ .type = VECTOR_DICTIONARY, .indices = &c->indices, .dictionary = &c->dictionary };
    snprintf(shown, sizeof shown, "a dictionary of texts");
  }
  return vector_check(s, at, &c->vector, shown);
}

static const char *child_name(void *context, size_t i) { return ((struct ArrowSchema *)context)->children[i]->name; }

/* Moves the stream out of its capsule, as the protocol wants it, and asks for its schema. */
static int take_stream(const module_state *state, PyObject *capsule, struct ArrowArrayStream *stream, struct ArrowSchema *schema)
{
  struct ArrowArrayStream *given = PyCapsule_GetPointer(capsule, "arrow_array_stream");
  int failed;

  if (!given) return -1;
  if (!given->release) return raise_error(state, "this Arrow stream was taken before");
  *stream = *given;
  given->release = NULL;
  Py_BEGIN_ALLOW_THREADS
  failed = stream->get_schema(stream, schema);
  Py_END_ALLOW_THREADS
  if (failed) {
    const char *why = stream->get_last_error(stream);
    return raise_error(state, "the Arrow stream does not tell its schema: %s", why ? why : strerror(failed));
  }
  if (strcmp(schema->format, "+s") != 0) return raise_error(state, "the Arrow stream has no columns, but the type %s", schema->format);
  return 0;
}

static int open_columns(source *s, arrow_source *r)
{
  for (size_t i = 0; i < s->schema.column_count; i++) {
    size_t at;
    r->columns[i].child = -1;
    if (!s->columns[i].needed) continue;
    at = find_name(s->columns[i].name, (size_t)r->schema.n_children, child_name, &r->schema);
    if (at == SIZE_MAX) return source_lacks(s, i);
    r->columns[i].child = (int64_t)at;
    if (open_column(s, i, &r->columns[i], r->schema.children[at]) < 0) return -1;
  }
  return 0;
}

/* --- rows --- */

static void place(vector *v, const struct ArrowArray *array, size_t offset)
{
  v->offset = offset + (size_t)array->offset;
  v->validity = array->n_buffers > 0 && array->null_count != 0 ? array->buffers[0] : NULL;
  if (v->type == VECTOR_NONE) return;
  v->values = array->n_buffers > 1 ? array->buffers[1] : NULL;
  if (v->type == VECTOR_TEXT32 || v->type == VECTOR_TEXT64) v->text_values = array->buffers[2] ? array->buffers[2] : "";
  if (v->type == VECTOR_VIEWS) v->blocks = array->buffers + 2;
}

static int next_array(source *s, arrow_source *r)
{
  int failed;

  do {
    Py_BEGIN_ALLOW_THREADS
    if (r->array.release) r->array.release(&r->array);
    r->array.release = NULL;
    failed = r->stream.get_next(&r->stream, &r->array);
    Py_END_ALLOW_THREADS
    if (failed) {
      const char *why = r->stream.get_last_error(&r->stream);
      r->array.release = NULL;
      if (PyErr_Occurred()) return -1;
      return raise_error(s->state, "the Arrow stream of %s broke off: %s", s->schema.name, why ? why : strerror(failed));
    }
  } while (r->array.release && r->array.length == 0);
  r->at = 0;
  if (!r->array.release) return 0;
  if (r->array.n_children != r->schema.n_children)
    return raise_error(s->state, "the Arrow stream of %s gives other columns than it promised", s->schema.name);
  for (size_t i = 0; i < s->schema.column_count; i++) {
    column *c = &r->columns[i];
    const struct ArrowArray *child;
    if (c->child < 0) continue;
    child = r->array.children[c->child];
    if (c->vector.type == VECTOR_DICTIONARY) {
      place(&c->indices, child, (size_t)r->array.offset);
      place(&c->dictionary, child->dictionary, 0);
    } else {
      place(&c->vector, child, (size_t)r->array.offset);
    }
  }
  return 0;
}

static int fill(source *s)
{
  arrow_source *r = s->own;
  size_t left;

  if ((!r->array.release || r->at == (size_t)r->array.length) && next_array(s, r) < 0) return -1;
  if (!r->array.release) return 0;
  left = (size_t)r->array.length - r->at;
  if (left > PIECE) left = PIECE;
  s->before = r->taken;
  for (size_t i = 0; i < s->schema.column_count; i++) {
    column *c = &r->columns[i];
    int failed = c->child < 0 ? vector_nothing(s, left, s->columns[i].type, &c->scratch, &r->views[i])
                              : vector_convert(s, i, &c->vector, r->at, left, &c->scratch, &r->views[i]);
    if (failed) return -1;
  }
  s->view = (tocsin_batch){ .rows = left, .column_count = s->schema.column_count, .columns = r->views };
  if (source_settle(s) < 0) return -1;
  r->at += left;
  r->taken += left;
  return 0;
}

static void clear(source *s)
{
  arrow_source *r = s->own;

  for (size_t i = 0; r->columns && i < s->schema.column_count; i++) scratch_clear(&r->columns[i].scratch, &s->alloc);
  Py_BEGIN_ALLOW_THREADS
  if (r->array.release) r->array.release(&r->array);
  if (r->schema.release) r->schema.release(&r->schema);
  if (r->stream.release) r->stream.release(&r->stream);
  Py_END_ALLOW_THREADS
  tsn_alloc_free(&s->alloc, r->columns, s->schema.column_count * sizeof *r->columns);
  tsn_alloc_free(&s->alloc, r->views, s->schema.column_count * sizeof *r->views);
  tsn_alloc_free(&s->alloc, r, sizeof *r);
}

static const source_kind arrow_kind = { fill, clear };

int arrow_source_open(source *s, PyObject *capsule)
{
  arrow_source *r = tsn_alloc_array(&s->alloc, 1, sizeof *r);

  if (r) {
    s->own = r;
    s->kind = &arrow_kind;
    r->columns = tsn_alloc_array(&s->alloc, s->schema.column_count, sizeof *r->columns);
    r->views = tsn_alloc_array(&s->alloc, s->schema.column_count, sizeof *r->views);
  }
  if (!r || !r->columns || !r->views) {
    PyErr_NoMemory();
    return -1;
  }
  if (take_stream(s->state, capsule, &r->stream, &r->schema) < 0) return -1;
  return open_columns(s, r);
}

/* --- the shape of a stream that nobody declared --- */

static int column_type(const struct ArrowSchema *schema)
{
  const arrow_type *t = find_type(schema->dictionary ? schema->dictionary->format : schema->format);

  if (!t || !t->multiply || (schema->dictionary && t->type < VECTOR_TEXT32)) return TOCSIN_NULL;
  if (t->meaning != MEANS_VALUE) return t->meaning == MEANS_TIME ? TOCSIN_TIMESTAMP : TOCSIN_INTERVAL;
  if (t->type >= VECTOR_TEXT32 || t->type == VECTOR_NONE) return TOCSIN_TEXT;
  if (t->type == VECTOR_BITS) return TOCSIN_BOOLEAN;
  return t->type >= VECTOR_F32 ? TOCSIN_DOUBLE : TOCSIN_BIGINT;
}

PyObject *arrow_schema(PyObject *module, PyObject *capsule)
{
  const module_state *state = PyModule_GetState(module);
  struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
  struct ArrowSchema schema = { .release = NULL };
  PyObject *list;

  if (!stream) return NULL;
  if (!stream->release || stream->get_schema(stream, &schema) != 0 || strcmp(schema.format, "+s") != 0) {
    if (schema.release) schema.release(&schema);
    if (!PyErr_Occurred()) raise_error(state, "this Arrow stream has no columns");
    return NULL;
  }
  list = PyList_New(0);
  for (int64_t i = 0; list && i < schema.n_children; i++) {
    int type = column_type(schema.children[i]);
    PyObject *item;
    if (type == TOCSIN_NULL) continue;
    item = Py_BuildValue("(siiz)", schema.children[i]->name, type, (int)TOCSIN_UNIT_NONE, NULL);
    if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
    Py_XDECREF(item);
  }
  schema.release(&schema);
  return list;
}
