/* Rows one by one: dicts, other mappings, tuples and lists of an iterable.
 *
 * A column is looked up by its name, or by its path as a list of keys: $.product.sku is
 * row["product"]["sku"]. Tuples and lists have the stream's columns in their order. */
#include "binding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEW ((size_t)4096) /* rows a batch: they stay in the cache until they are matched */

typedef struct row_source {
  PyObject *iterator;
  PyObject *list; /* the iterable where it is a list: read by index; at */
  Py_ssize_t at;
  uint64_t taken; /* rows so far, bad ones included */
  PyObject **keys; /* of each column a tuple of keys */
  tsn_batch batch;
  bool ready;
} row_source;

/* --- paths --- */

static int add_key(PyObject *list, PyObject *key)
{
  int failed = key ? PyList_Append(list, key) : -1;

  Py_XDECREF(key);
  return failed;
}

/* The step of a path that begins at *p; moves *p behind it. The engine has checked the path. */
static PyObject *path_step(const char **p)
{
  const char *first = *p + 1, *end;
  PyObject *key;

  if (**p == '[' && *first >= '0' && *first <= '9') {
    long long index = strtoll(first, (char **)(uintptr_t)&end, 10);
    *p = end + (*end == ']');
    return PyLong_FromLongLong(index);
  }
  if (*first == '"' || *first == '\'') {
    end = strchr(first + 1, *first);
    if (!end) end = first + strlen(first);
    key = PyUnicode_FromStringAndSize(first + 1, end - first - 1);
    *p = end + (*end != 0);
    if (**p == ']') ++*p;
    return key;
  }
  end = first + strcspn(first, ".[");
  key = PyUnicode_FromStringAndSize(first, end - first);
  *p = end;
  return key;
}

static PyObject *keys_of(const tsn_column_def *column)
{
  PyObject *list = PyList_New(0), *tuple;
  int failed = list ? 0 : -1;

  if (!column->path) failed = failed || add_key(list, PyUnicode_InternFromString(column->name));
  for (const char *p = column->path ? column->path + 1 : ""; *p && !failed;) {
    const char *before = p;
    failed = (*p != '.' && *p != '[') || add_key(list, path_step(&p)) || p == before;
  }
  tuple = failed ? NULL : PyList_AsTuple(list);
  Py_XDECREF(list);
  return tuple;
}

/* --- one row --- */

/* An item of a mapping or sequence, a new reference; NULL without an exception: it has none. */
static PyObject *item_of(PyObject *holder, PyObject *key)
{
  PyObject *item;

  if (PyDict_Check(holder)) return Py_XNewRef(PyDict_GetItemWithError(holder, key));
  if (holder == Py_None || PyUnicode_Check(holder)) return NULL;
  item = PyObject_GetItem(holder, key);
  if (!item && (PyErr_ExceptionMatches(PyExc_LookupError) || PyErr_ExceptionMatches(PyExc_TypeError))) PyErr_Clear();
  return item;
}

static PyObject *find_value(PyObject *row, PyObject *keys)
{
  Py_ssize_t count = PyTuple_Size(keys);
  PyObject *value = item_of(row, PyTuple_GetItem(keys, 0));

  for (Py_ssize_t i = 1; value && i < count; i++) {
    PyObject *inner = item_of(value, PyTuple_GetItem(keys, i));
    Py_DECREF(value);
    value = inner;
  }
  return value;
}

/* 1: set, 0: the row is bad, told already. */
static int set_value(source *s, row_source *r, size_t column, PyObject *value, PyObject *row, uint64_t number)
{
  const tsn_column_def *def = &s->columns[column];
  char reason[REASON];
  cell_outcome outcome = value ? cell_from_object(s->state, def, value, &r->batch, column, reason) : CELL_NULL;

  if (outcome == CELL_FAILED) return -1;
  if (outcome == CELL_BAD) return source_bad(s, number, def->name, reason, row);
  if (outcome == CELL_NULL && def->not_null)
    return source_bad(s, number, def->name, value ? "NULL where a value is required" : "missing, but a value is required", row);
  return 1;
}

/* How a row tells its values. Other sequences, such as rows of numpy, are those without keys(). */
typedef enum row_shape { BY_NAME, BY_PLACE, NO_ROW } row_shape;

static row_shape shape_of(PyObject *row)
{
  if (PyDict_Check(row)) return BY_NAME;
  if (PyTuple_Check(row) || PyList_Check(row)) return BY_PLACE;
  if (PyUnicode_Check(row) || PyBytes_Check(row)) return NO_ROW;
  if (PyMapping_Check(row) && PyObject_HasAttrString(row, "keys")) return BY_NAME;
  return PySequence_Check(row) ? BY_PLACE : NO_ROW;
}

/* 1: the batch has the row, 0: it is bad, told already. */
static int take_row(source *s, row_source *r, PyObject *row, uint64_t number)
{
  const row_shape shape = shape_of(row);
  const bool positional = shape == BY_PLACE, dict = PyDict_Check(row);
  const Py_ssize_t length = positional ? PySequence_Size(row) : 0;

  if (length < 0) return -1;
  if (positional && (size_t)length != s->schema.column_count) {
    char reason[REASON];
    snprintf(reason, sizeof reason, "%zd values for the %zu columns of %s", length, s->schema.column_count, s->schema.name);
    return source_bad(s, number, NULL, reason, row);
  }
  if (shape == NO_ROW) {
    PyErr_Format(PyExc_TypeError, "row %llu of %s is a dict, another mapping, a tuple or a list, not %R", (unsigned long long)number + 1,
                 s->schema.name, (PyObject *)Py_TYPE(row));
    return -1;
  }
  for (size_t i = 0; i < s->schema.column_count; i++) {
    PyObject *keys = r->keys[i], *value;
    int set;
    if (!s->columns[i].needed) continue;
    if (positional)
      value = PySequence_GetItem(row, (Py_ssize_t)i);
    else if (dict && PyTuple_Size(keys) == 1)
      value = Py_XNewRef(PyDict_GetItemWithError(row, PyTuple_GetItem(keys, 0)));
    else
      value = find_value(row, keys);
    if (!value && PyErr_Occurred()) return -1;
    set = set_value(s, r, i, value, row, number);
    Py_XDECREF(value);
    if (set != 1) {
      tsn_batch_rollback(&r->batch);
      return set;
    }
  }
  switch (tsn_batch_commit(&r->batch)) {
  case TOCSIN_OK:
    return 1;
  case TOCSIN_LIMIT:
    return raise_error(s->state, "the texts of a column of %s are longer than 2 GiB together", s->schema.name);
  default:
    PyErr_NoMemory();
    return -1;
  }
}

/* The next row, a new reference; NULL without an exception: there is none. */
static PyObject *next_row(row_source *r)
{
  if (!r->list) return PyIter_Next(r->iterator);
  return r->at < PyList_Size(r->list) ? Py_XNewRef(PyList_GetItem(r->list, r->at++)) : NULL;
}

static int fill(source *s)
{
  row_source *r = s->own;

  s->before = r->taken;
  tsn_batch_reset(&r->batch);
  if (s->wants_objects && !(s->objects = PyList_New(0))) return -1;
  while (r->batch.rows < FEW) {
    PyObject *row = next_row(r);
    int taken;
    if (!row) break;
    taken = take_row(s, r, row, r->taken++);
    if (taken == 1 && s->objects && PyList_Append(s->objects, row) < 0) taken = -1;
    Py_DECREF(row);
    if (taken < 0) return -1;
  }
  if (PyErr_Occurred()) return -1;
  s->view = tsn_batch_view(&r->batch);
  return 0;
}

static void clear(source *s)
{
  row_source *r = s->own;

  Py_CLEAR(r->iterator);
  Py_CLEAR(r->list);
  for (size_t i = 0; r->keys && i < s->schema.column_count; i++) Py_CLEAR(r->keys[i]);
  tsn_alloc_free(&s->alloc, r->keys, s->schema.column_count * sizeof *r->keys);
  if (r->ready) tsn_batch_clear(&r->batch);
  tsn_alloc_free(&s->alloc, r, sizeof *r);
}

static const source_kind row_kind = { fill, clear };

int row_source_open(source *s, PyObject *rows)
{
  row_source *r = tsn_alloc_array(&s->alloc, 1, sizeof *r);

  if (!r) {
    PyErr_NoMemory();
    return -1;
  }
  s->own = r;
  s->kind = &row_kind;
  r->keys = tsn_alloc_array(&s->alloc, s->schema.column_count, sizeof *r->keys);
  r->ready = r->keys && tsn_batch_init(&r->batch, &s->alloc, &s->schema) == TOCSIN_OK;
  if (!r->ready) {
    PyErr_NoMemory();
    return -1;
  }
  for (size_t i = 0; i < s->schema.column_count; i++)
    if (!(r->keys[i] = keys_of(&s->columns[i]))) {
      if (!PyErr_Occurred()) return raise_error(s->state, "%s is no path of a column", s->columns[i].path);
      return -1;
    }
  if (PyList_Check(rows)) r->list = Py_NewRef(rows);
  else r->iterator = PyObject_GetIter(rows);
  return r->list || r->iterator ? 0 : -1;
}
