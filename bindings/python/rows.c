/* Rows: see rows.h. */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

/* --- appending, without the GIL --- */

void chunk_drop(chunk *c)
{
  if (atomic_fetch_sub(&c->holders, 1) != 1) return;
  tsn_batch_clear(&c->batch);
  free(c);
}

static chunk *new_chunk(rows_object *rows, pattern_rows *p)
{
  tsn_schema schema = { .name = "matches", .column_count = p->column_count, .columns = p->columns };
  chunk *c;

  if (!tsn_alloc_grow(&rows->alloc, (void **)&p->chunks, &p->chunk_cap, p->chunk_count + 1, sizeof *p->chunks)) return NULL;
  c = calloc(1, sizeof *c);
  if (!c) return NULL;
  atomic_init(&c->holders, 1);
  c->first = p->rows;
  tsn_alloc_init(&c->alloc, NULL);
  if (tsn_batch_init(&c->batch, &c->alloc, &schema) != TOCSIN_OK) {
    free(c);
    return NULL;
  }
  return p->chunks[p->chunk_count++] = c;
}

/* The chunk that takes the next row, which has a text of at most `text` bytes. */
static chunk *open_chunk(rows_object *rows, pattern_rows *p, size_t text)
{
  chunk *c = p->chunk_count ? p->chunks[p->chunk_count - 1] : NULL;

  if (!c || c->batch.rows == CHUNK_ROWS) return new_chunk(rows, p);
  for (size_t i = 0; i < p->column_count; i++)
    if (c->batch.columns[i].text_length + text > CHUNK_TEXT && c->batch.columns[i].text_length) return new_chunk(rows, p);
  return c;
}

static void set_value(tsn_batch *b, size_t column, const tocsin_value *v)
{
  switch (v->type) {
  case TOCSIN_BOOLEAN:
    tsn_batch_set_bool(b, column, v->as.boolean);
    break;
  case TOCSIN_DOUBLE:
    tsn_batch_set_double(b, column, v->as.real);
    break;
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    tsn_batch_set_text(b, column, v->as.text.bytes, v->as.text.length);
    break;
  case TOCSIN_BIGINT:
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    tsn_batch_set_int64(b, column, v->as.integer);
    break;
  case TOCSIN_NULL:
    break;
  }
}

tocsin_status rows_append(rows_object *rows, const tocsin_match *match)
{
  pattern_rows *p = &rows->patterns[match->pattern];
  size_t text = 0;
  chunk *c;
  tocsin_status st;

  for (size_t i = 0; i < match->value_count; i++) {
    const tocsin_value *v = &match->values[i];
    bool is_text = !v->is_null && (v->type == TOCSIN_TEXT || v->type == TOCSIN_LIST);
    if (is_text && v->as.text.length > text) text = v->as.text.length;
  }
  c = open_chunk(rows, p, text);
  if (!c) return TOCSIN_NOMEM;
  for (size_t i = 0; i < match->value_count; i++)
    if (!match->values[i].is_null) set_value(&c->batch, i, &match->values[i]);
  if (rows->pattern_count > 1) {
    if (!tsn_alloc_grow(&rows->alloc, (void **)&rows->order, &rows->order_cap, rows->total + 1, sizeof *rows->order)) return TOCSIN_NOMEM;
    rows->order[rows->total] = (row_place){ (uint32_t)match->pattern, (uint32_t)((uint64_t)p->rows >> 32), (uint32_t)p->rows };
  }
  st = tsn_batch_commit(&c->batch);
  if (st != TOCSIN_OK) return st;
  p->rows++;
  rows->total++;
  return TOCSIN_OK;
}

void rows_seal(rows_object *rows)
{
  for (size_t i = 0; i < rows->pattern_count; i++)
    for (size_t k = 0; k < rows->patterns[i].chunk_count; k++)
      rows->patterns[i].chunks[k]->view = tsn_batch_view(&rows->patterns[i].chunks[k]->batch);
}

size_t rows_count(const rows_object *rows) { return rows->total; }

/* --- reading --- */

static const chunk *find_chunk(const pattern_rows *p, size_t row)
{
  size_t low = 0, high = p->chunk_count;

  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (p->chunks[middle]->first <= row) low = middle;
    else high = middle;
  }
  return p->chunks[low];
}

static void locate(const rows_object *rows, size_t at, size_t *pattern, size_t *row)
{
  *pattern = rows->pattern_count > 1 ? rows->order[at].pattern : 0;
  *row = rows->pattern_count > 1 ? (size_t)((uint64_t)rows->order[at].row_high << 32 | rows->order[at].row_low) : at;
}

static PyObject *row_tuple(const rows_object *rows, size_t pattern, size_t row)
{
  const pattern_rows *p = &rows->patterns[pattern];
  const chunk *c = find_chunk(p, row);
  PyObject *tuple = PyTuple_New((Py_ssize_t)p->column_count);

  for (size_t i = 0; tuple && i < p->column_count; i++) {
    PyObject *value = object_from_cell(rows->state, p->columns[i].type, &c->view.columns[i], row - c->first);
    if (!value || PyTuple_SetItem(tuple, (Py_ssize_t)i, value) < 0) Py_CLEAR(tuple);
  }
  return tuple;
}

static Py_ssize_t rows_length(PyObject *self) { return (Py_ssize_t)((rows_object *)self)->total; }

static bool read_pattern(const rows_object *rows, PyObject *given, size_t *pattern)
{
  *pattern = PyLong_AsSize_t(given);
  if (!PyErr_Occurred() && *pattern < rows->pattern_count) return true;
  if (!PyErr_Occurred()) PyErr_SetString(PyExc_IndexError, "there is no such pattern");
  return false;
}

/* row(at) -> (pattern, values) */
static PyObject *rows_row(PyObject *self, PyObject *given)
{
  rows_object *rows = (rows_object *)self;
  size_t at = PyLong_AsSize_t(given), pattern, row;
  PyObject *values;

  if (PyErr_Occurred()) return NULL;
  if (at >= rows->total) {
    PyErr_SetString(PyExc_IndexError, "there are fewer matches");
    return NULL;
  }
  locate(rows, at, &pattern, &row);
  values = row_tuple(rows, pattern, row);
  return values ? Py_BuildValue("(nN)", (Py_ssize_t)pattern, values) : NULL;
}

/* of(pattern, at) -> values */
static PyObject *rows_of(PyObject *self, PyObject *args)
{
  rows_object *rows = (rows_object *)self;
  Py_ssize_t pattern, at;

  if (!PyArg_ParseTuple(args, "nn", &pattern, &at)) return NULL;
  if (pattern < 0 || (size_t)pattern >= rows->pattern_count || at < 0 || (size_t)at >= rows->patterns[pattern].rows) {
    PyErr_SetString(PyExc_IndexError, "there are fewer matches");
    return NULL;
  }
  return row_tuple(rows, (size_t)pattern, (size_t)at);
}

static PyObject *rows_count_of(PyObject *self, PyObject *given)
{
  size_t pattern;

  return read_pattern((rows_object *)self, given, &pattern) ? PyLong_FromSize_t(((rows_object *)self)->patterns[pattern].rows) : NULL;
}

/* column(pattern, column) -> list */
static PyObject *rows_column(PyObject *self, PyObject *args)
{
  rows_object *rows = (rows_object *)self;
  const pattern_rows *p;
  Py_ssize_t pattern, column;
  PyObject *list;

  if (!PyArg_ParseTuple(args, "nn", &pattern, &column)) return NULL;
  if (pattern < 0 || (size_t)pattern >= rows->pattern_count || column < 0 || (size_t)column >= rows->patterns[pattern].column_count) {
    PyErr_SetString(PyExc_IndexError, "there is no such column");
    return NULL;
  }
  p = &rows->patterns[pattern];
  list = PyList_New((Py_ssize_t)p->rows);
  for (size_t k = 0; list && k < p->chunk_count; k++) {
    const chunk *c = p->chunks[k];
    for (size_t row = 0; list && row < c->view.rows; row++) {
      PyObject *value = object_from_cell(rows->state, p->columns[column].type, &c->view.columns[column], row);
      if (!value || PyList_SetItem(list, (Py_ssize_t)(c->first + row), value) < 0) Py_CLEAR(list);
    }
  }
  return list;
}

/* Objects for the names of a pattern's columns, one behind the other. */
static PyObject *name_list(const pattern_rows *p)
{
  PyObject *list = PyList_New((Py_ssize_t)p->column_count);

  for (size_t i = 0; list && i < p->column_count; i++) {
    PyObject *name = PyUnicode_InternFromString(p->columns[i].name);
    if (!name || PyList_SetItem(list, (Py_ssize_t)i, name) < 0) Py_CLEAR(list);
  }
  return list;
}

static PyObject *row_dict(const rows_object *rows, size_t pattern, size_t row, PyObject *names, PyObject *with)
{
  const pattern_rows *p = &rows->patterns[pattern];
  const chunk *c = find_chunk(p, row);
  PyObject *dict = PyDict_New();

  if (dict && with && PyDict_SetItemString(dict, "pattern", with) < 0) Py_CLEAR(dict);
  for (size_t i = 0; dict && i < p->column_count; i++) {
    PyObject *value = object_from_cell(rows->state, p->columns[i].type, &c->view.columns[i], row - c->first);
    if (!value || PyDict_SetItem(dict, PyList_GetItem(names, (Py_ssize_t)i), value) < 0) Py_CLEAR(dict);
    Py_XDECREF(value);
  }
  return dict;
}

/* dicts(): all rows in their order; with several patterns each begins with the name of its own. */
static PyObject *rows_dicts(PyObject *self, PyObject *unused)
{
  rows_object *rows = (rows_object *)self;
  PyObject *list = PyList_New((Py_ssize_t)rows->total), *names = PyList_New(0), *titles = PyList_New(0);

  (void)unused;
  for (size_t i = 0; i < rows->pattern_count && names && titles; i++) {
    PyObject *of = name_list(&rows->patterns[i]), *title = PyUnicode_FromString(tocsin_program_pattern(rows->program->program, i).name);
    if (!of || !title || PyList_Append(names, of) < 0 || PyList_Append(titles, title) < 0) Py_CLEAR(names);
    Py_XDECREF(of);
    Py_XDECREF(title);
  }
  if (!names || !titles) Py_CLEAR(list);
  for (size_t at = 0; list && at < rows->total; at++) {
    size_t pattern, row;
    PyObject *dict;
    locate(rows, at, &pattern, &row);
    dict = row_dict(rows, pattern, row, PyList_GetItem(names, (Py_ssize_t)pattern),
                    rows->pattern_count > 1 ? PyList_GetItem(titles, (Py_ssize_t)pattern) : NULL);
    if (!dict || PyList_SetItem(list, (Py_ssize_t)at, dict) < 0) Py_CLEAR(list);
  }
  Py_XDECREF(names);
  Py_XDECREF(titles);
  return list;
}

static PyObject *rows_arrow(PyObject *self, PyObject *given)
{
  rows_object *rows = (rows_object *)self;
  size_t pattern;

  return read_pattern(rows, given, &pattern) ? arrow_stream_capsule(&rows->patterns[pattern]) : NULL;
}

static PyObject *rows_arrow_schema(PyObject *self, PyObject *given)
{
  rows_object *rows = (rows_object *)self;
  size_t pattern;

  return read_pattern(rows, given, &pattern) ? arrow_schema_capsule(&rows->patterns[pattern]) : NULL;
}

/* --- life --- */

rows_object *rows_new(module_state *state, program_object *program)
{
  allocfunc allocate = (allocfunc)PyType_GetSlot(state->rows_type, Py_tp_alloc);
  rows_object *rows = (rows_object *)allocate(state->rows_type, 0);
  size_t count = tocsin_program_pattern_count(program->program);

  if (!rows) return NULL;
  rows->state = state;
  rows->program = (program_object *)Py_NewRef((PyObject *)program);
  tsn_alloc_init(&rows->alloc, NULL);
  rows->patterns = tsn_alloc_array(&rows->alloc, count, sizeof *rows->patterns);
  rows->pattern_count = rows->patterns ? count : 0;
  for (size_t i = 0; i < rows->pattern_count; i++) {
    pattern_rows *p = &rows->patterns[i];
    p->column_count = tocsin_program_pattern(program->program, i).column_count;
    p->columns = tsn_alloc_array(&rows->alloc, p->column_count, sizeof *p->columns);
    if (!p->columns) {
      rows->pattern_count = i;
      break;
    }
    for (size_t k = 0; k < p->column_count; k++) {
      tocsin_column_info c = tocsin_program_output_column(program->program, i, k);
      p->columns[k] = (tsn_column_def){ .name = c.name, .type = c.type, .needed = true };
    }
  }
  if (rows->pattern_count == count) return rows;
  Py_DECREF(rows);
  PyErr_NoMemory();
  return NULL;
}

static void rows_dealloc(PyObject *self)
{
  rows_object *rows = (rows_object *)self;
  PyTypeObject *type = Py_TYPE(self);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

  for (size_t i = 0; i < rows->pattern_count; i++) {
    pattern_rows *p = &rows->patterns[i];
    for (size_t k = 0; k < p->chunk_count; k++) chunk_drop(p->chunks[k]);
    tsn_alloc_free(&rows->alloc, p->chunks, p->chunk_cap * sizeof *p->chunks);
    tsn_alloc_free(&rows->alloc, p->columns, p->column_count * sizeof *p->columns);
  }
  tsn_alloc_free(&rows->alloc, rows->patterns, rows->pattern_count * sizeof *rows->patterns);
  tsn_alloc_free(&rows->alloc, rows->order, rows->order_cap * sizeof *rows->order);
  Py_XDECREF((PyObject *)rows->program);
  release(self);
  Py_DECREF(type);
}

static PyMethodDef methods[] = {
  { "row", rows_row, METH_O, "row(at) -> (pattern, values)" },
  { "of", rows_of, METH_VARARGS, "of(pattern, at) -> values" },
  { "count_of", rows_count_of, METH_O, "count_of(pattern) -> int" },
  { "column", rows_column, METH_VARARGS, "column(pattern, column) -> list" },
  { "dicts", rows_dicts, METH_NOARGS, "dicts() -> list of dicts" },
  { "arrow", rows_arrow, METH_O, "arrow(pattern) -> capsule of an Arrow stream" },
  { "arrow_schema", rows_arrow_schema, METH_O, "arrow_schema(pattern) -> capsule of an Arrow schema" },
  { NULL, NULL, 0, NULL },
};

static PyType_Slot slots[] = {
  { Py_tp_dealloc, rows_dealloc }, { Py_tp_methods, methods }, { Py_sq_length, rows_length }, { 0, NULL },
};

static PyType_Spec spec = {
  .name = "tocsin._core.Rows",
  .basicsize = sizeof(rows_object),
  .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .slots = slots,
};

int rows_register(PyObject *module, module_state *state)
{
  state->rows_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
  return state->rows_type ? PyModule_AddObjectRef(module, "Rows", (PyObject *)state->rows_type) : -1;
}
