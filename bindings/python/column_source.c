/* Whole columns: buffers of numbers (numpy, array, memoryview) and sequences of anything.
 *
 * Given as [(name, role, object, mask)]. role: NULL for plain values, "s", "ms", "us" or "ns" for
 * int64 that count times, with a "d" before for durations; INT64_MIN is missing there, as in
 * numpy. mask: a buffer of bytes, not 0 where a value is missing, or None. */
#include "vector.h"

#include <stdio.h>
#include <string.h>

typedef struct column {
  bool is_buffer, is_masked, given;
  Py_buffer buffer, mask;
  vector vector;
  scratch scratch;
  PyObject *sequence;
  size_t in_batch; /* where its cells go */
} column;

typedef struct column_source {
  column *columns; /* as many as the schema has */
  size_t rows, at;
  tsn_batch batch; /* of the sequences alone */
  tsn_column_def *defs;
  tocsin_column *views; /* all columns of the rows at hand */
  bool ready;
} column_source;

/* --- buffers --- */

static vector_type number_type(char letter, Py_ssize_t size)
{
  static const vector_type is_signed[] = { [1] = VECTOR_I8, [2] = VECTOR_I16, [4] = VECTOR_I32, [8] = VECTOR_I64 };
  static const vector_type is_unsigned[] = { [1] = VECTOR_U8, [2] = VECTOR_U16, [4] = VECTOR_U32, [8] = VECTOR_U64 };

  if (size < 1 || size > 8 || (size & (size - 1)) || !letter) return VECTOR_NONE;
  if (letter == '?') return VECTOR_BYTES;
  if (strchr("efd", letter)) return size == 8 ? VECTOR_F64 : size == 4 ? VECTOR_F32 : size == 2 ? VECTOR_F16 : VECTOR_NONE;
  if (strchr("bhilqn", letter)) return is_signed[size];
  return strchr("BHILQN", letter) ? is_unsigned[size] : VECTOR_NONE;
}

static int read_role(vector *v, const char *role)
{
  static const struct {
    const char *name;
    int64_t multiply, divide;
  } units[] = { { "s", 1000000, 1 }, { "ms", 1000, 1 }, { "us", 1, 1 }, { "ns", 1, 1000 } };

  v->multiply = v->divide = 1;
  if (!role) return 0;
  v->meaning = *role == 'd' ? MEANS_SPAN : MEANS_TIME;
  v->has_nat = true;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcmp(role + (*role == 'd'), units[i].name) != 0) continue;
    v->multiply = units[i].multiply;
    v->divide = units[i].divide;
    return 0;
  }
  return -1;
}

static int open_buffer(source *s, size_t at, column *c, const char *role)
{
  const char *format = c->buffer.format ? c->buffer.format : "B", *letter = format;
  char shown[80];

  if (*letter && strchr("@=<", *letter)) letter++;
  c->vector.type = letter[0] && !letter[1] && c->buffer.ndim == 1 ? number_type(*letter, c->buffer.itemsize) : VECTOR_NONE;
  if (c->vector.type == VECTOR_NONE || read_role(&c->vector, role) < 0)
    return raise_error(s->state, "column \"%s\" of %s is a buffer of %d dimensions and the format \"%s\", which cannot be read",
                       s->columns[at].name, s->schema.name, c->buffer.ndim, format);
  c->vector.values = c->buffer.buf;
  c->vector.stride = c->buffer.strides ? c->buffer.strides[0] : c->buffer.itemsize;
  if (c->is_masked) {
    c->vector.mask = c->mask.buf;
    c->vector.mask_stride = c->mask.strides ? c->mask.strides[0] : c->mask.itemsize;
  }
  snprintf(shown, sizeof shown, role ? "a buffer of times (%.40s)" : "a buffer of \"%.40s\"", role ? role : format);
  return vector_check(s, at, &c->vector, shown);
}

/* --- opening --- */

typedef struct names {
  PyObject *list;
} names;

static const char *name_at(void *context, size_t i)
{
  PyObject *name = PyTuple_GetItem(PyList_GetItem(((names *)context)->list, (Py_ssize_t)i), 0);
  const char *text = name && PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;

  if (!text) PyErr_Clear();
  return text;
}

static int set_length(source *s, size_t at, Py_ssize_t length)
{
  column_source *r = s->own;
  bool first = true;

  if (length < 0) return -1;
  for (size_t i = 0; i < at; i++) first &= !r->columns[i].given;
  if (!first && (size_t)length != r->rows)
    return raise_error(s->state, "column \"%s\" of %s has %zd rows, a column before it %zu", s->columns[at].name, s->schema.name, length,
                       r->rows);
  r->rows = (size_t)length;
  return 0;
}

static int open_column(source *s, size_t at, PyObject *spec)
{
  column_source *r = s->own;
  column *c = &r->columns[at];
  PyObject *name, *object, *mask;
  const char *role;
  Py_ssize_t length;

  if (!PyArg_ParseTuple(spec, "OzOO", &name, &role, &object, &mask)) return -1;
  if (PyObject_CheckBuffer(object) && !PyBytes_Check(object)) {
    if (PyObject_GetBuffer(object, &c->buffer, PyBUF_STRIDES | PyBUF_FORMAT) < 0) return -1;
    c->is_buffer = true;
    length = c->buffer.ndim == 1 ? c->buffer.shape[0] : 0;
    if (mask != Py_None) {
      if (PyObject_GetBuffer(mask, &c->mask, PyBUF_STRIDES | PyBUF_FORMAT) < 0) return -1;
      c->is_masked = true;
      if (c->mask.ndim != 1 || c->mask.shape[0] != length || c->mask.itemsize != 1)
        return raise_error(s->state, "the mask of column \"%s\" has another length, or is not of bytes", s->columns[at].name);
    }
    if (open_buffer(s, at, c, role) < 0) return -1;
  } else {
    c->sequence = Py_NewRef(object);
    length = PySequence_Size(object);
  }
  if (set_length(s, at, length) < 0) return -1;
  c->given = true;
  return 0;
}

/* The cells of sequences go to a batch that has no other columns. */
static int open_batch(source *s)
{
  column_source *r = s->own;
  tsn_schema schema = { .name = s->schema.name };

  r->defs = tsn_alloc_array(&s->alloc, s->schema.column_count, sizeof *r->defs);
  if (r->defs) {
    for (size_t i = 0; i < s->schema.column_count; i++) {
      if (!r->columns[i].sequence) continue;
      r->columns[i].in_batch = schema.column_count;
      r->defs[schema.column_count++] = s->columns[i];
    }
    schema.columns = r->defs;
    r->ready = tsn_batch_init(&r->batch, &s->alloc, &schema) == TOCSIN_OK;
  }
  if (r->ready) return 0;
  PyErr_NoMemory();
  return -1;
}

/* --- rows --- */

static int set_cells(source *s, column_source *r, size_t row)
{
  for (size_t i = 0; i < s->schema.column_count; i++) {
    column *c = &r->columns[i];
    char reason[REASON];
    PyObject *value;
    cell_outcome outcome;
    if (!c->sequence) continue;
    value = PySequence_GetItem(c->sequence, (Py_ssize_t)(r->at + row));
    if (!value) return -1;
    outcome = cell_from_object(s->state, &s->columns[i], value, &r->batch, c->in_batch, reason);
    Py_DECREF(value);
    if (outcome == CELL_FAILED) return -1;
    if (outcome == CELL_BAD && source_fault(s, row, i, reason) < 0) return -1;
  }
  switch (tsn_batch_commit(&r->batch)) {
  case TOCSIN_OK:
    return 0;
  case TOCSIN_LIMIT:
    return raise_error(s->state, "the texts of a column of %s are longer than 2 GiB together", s->schema.name);
  default:
    PyErr_NoMemory();
    return -1;
  }
}

static int fill(source *s)
{
  column_source *r = s->own;
  size_t count = r->rows - r->at < PIECE ? r->rows - r->at : PIECE;
  tocsin_batch made;

  s->before = r->at;
  tsn_batch_reset(&r->batch);
  if (r->batch.column_count)
    for (size_t row = 0; row < count; row++)
      if (set_cells(s, r, row) < 0) return -1;
  made = tsn_batch_view(&r->batch);
  for (size_t i = 0; i < s->schema.column_count; i++) {
    column *c = &r->columns[i];
    int failed = 0;
    if (c->sequence) r->views[i] = made.columns[c->in_batch];
    else if (c->is_buffer) failed = vector_convert(s, i, &c->vector, r->at, count, &c->scratch, &r->views[i]);
    else failed = vector_nothing(s, count, s->columns[i].type, &c->scratch, &r->views[i]);
    if (failed) return -1;
  }
  s->view = (tocsin_batch){ .rows = count, .column_count = s->schema.column_count, .columns = r->views };
  r->at += count;
  return source_settle(s);
}

static void clear(source *s)
{
  column_source *r = s->own;

  for (size_t i = 0; r->columns && i < s->schema.column_count; i++) {
    column *c = &r->columns[i];
    if (c->is_buffer) PyBuffer_Release(&c->buffer);
    if (c->is_masked) PyBuffer_Release(&c->mask);
    Py_CLEAR(c->sequence);
    scratch_clear(&c->scratch, &s->alloc);
  }
  if (r->ready) tsn_batch_clear(&r->batch);
  tsn_alloc_free(&s->alloc, r->columns, s->schema.column_count * sizeof *r->columns);
  tsn_alloc_free(&s->alloc, r->views, s->schema.column_count * sizeof *r->views);
  tsn_alloc_free(&s->alloc, r->defs, s->schema.column_count * sizeof *r->defs);
  tsn_alloc_free(&s->alloc, r, sizeof *r);
}

static const source_kind column_kind = { fill, clear };

int column_source_open(source *s, PyObject *columns)
{
  column_source *r = tsn_alloc_array(&s->alloc, 1, sizeof *r);
  Py_ssize_t count = PyList_Size(columns);
  names given = { columns };

  if (count < 0 || !r) return r ? -1 : (PyErr_NoMemory(), -1);
  s->own = r;
  s->kind = &column_kind;
  r->columns = tsn_alloc_array(&s->alloc, s->schema.column_count, sizeof *r->columns);
  r->views = tsn_alloc_array(&s->alloc, s->schema.column_count, sizeof *r->views);
  if (!r->columns || !r->views) {
    PyErr_NoMemory();
    return -1;
  }
  for (size_t i = 0; i < s->schema.column_count; i++) {
    size_t at;
    if (!s->columns[i].needed) continue;
    at = find_name(s->columns[i].name, (size_t)count, name_at, &given);
    if (at == SIZE_MAX) return source_lacks(s, i);
    if (open_column(s, i, PyList_GetItem(columns, (Py_ssize_t)at)) < 0) return -1;
  }
  return open_batch(s);
}
