/* Programs: compiled patterns, and what may be asked of them. */
#include "binding.h"

#include <string.h>

static void program_dealloc(PyObject *self)
{
  PyTypeObject *type = Py_TYPE(self);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

  tocsin_program_free(((program_object *)self)->program);
  release(self);
  Py_DECREF(type);
}

static PyObject *wrap(module_state *state, tocsin_program *program)
{
  allocfunc allocate = (allocfunc)PyType_GetSlot(state->program_type, Py_tp_alloc);
  program_object *self = (program_object *)allocate(state->program_type, 0);

  if (!self) {
    tocsin_program_free(program);
    return NULL;
  }
  self->state = state;
  self->program = program;
  return (PyObject *)self;
}

/* --- compiling --- */

/* (severity, code, message, hint, offset, length, line, column) */
static PyObject *list_diagnostics(const tocsin_diagnostics *diagnostics)
{
  static const char *const severities[] = { "error", "warning", "note" };
  size_t count = tocsin_diagnostics_count(diagnostics);
  PyObject *list = PyList_New(0);

  for (size_t i = 0; list && i < count; i++) {
    const tocsin_diagnostic *d = tocsin_diagnostics_get(diagnostics, i);
    PyObject *item = Py_BuildValue("(ssssnnII)", severities[d->severity], d->code, d->message, d->hint, (Py_ssize_t)d->offset,
                                   (Py_ssize_t)d->length, d->line, d->column);
    if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
    Py_XDECREF(item);
  }
  return list;
}

/* What the host knows: streams as [(name, [(column, type, unit, path)])], parameters as [(name, text)]. */
typedef struct given {
  tocsin_stream *streams;
  tocsin_stream_column **columns;
  tocsin_parameter *parameters;
  size_t stream_count, parameter_count;
} given;

static void clear_given(given *g)
{
  for (size_t i = 0; g->columns && i < g->stream_count; i++) PyMem_Free(g->columns[i]);
  PyMem_Free(g->columns);
  PyMem_Free(g->streams);
  PyMem_Free(g->parameters);
}

static int read_columns(PyObject *list, tocsin_stream *stream, tocsin_stream_column **out)
{
  Py_ssize_t count = PyList_Size(list);

  if (count < 0) return -1;
  *out = PyMem_Calloc((size_t)count + 1, sizeof **out);
  if (!*out) {
    PyErr_NoMemory();
    return -1;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    int type, unit;
    tocsin_stream_column *c = &(*out)[i];
    if (!PyArg_ParseTuple(PyList_GetItem(list, i), "siiz", &c->name, &type, &unit, &c->path)) return -1;
    c->type = (tocsin_type)type;
    c->unit = (tocsin_unit)unit;
  }
  stream->columns = *out;
  stream->column_count = (size_t)count;
  return 0;
}

static int read_given(given *g, PyObject *streams, PyObject *parameters)
{
  Py_ssize_t count = PyList_Size(streams), named = PyList_Size(parameters);

  if (count < 0 || named < 0) return -1;
  g->stream_count = (size_t)count;
  g->parameter_count = (size_t)named;
  g->streams = PyMem_Calloc(g->stream_count + 1, sizeof *g->streams);
  g->columns = PyMem_Calloc(g->stream_count + 1, sizeof *g->columns);
  g->parameters = PyMem_Calloc(g->parameter_count + 1, sizeof *g->parameters);
  if (!g->streams || !g->columns || !g->parameters) {
    PyErr_NoMemory();
    return -1;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *columns;
    if (!PyArg_ParseTuple(PyList_GetItem(streams, i), "sO", &g->streams[i].name, &columns)) return -1;
    if (read_columns(columns, &g->streams[i], &g->columns[i]) < 0) return -1;
  }
  for (Py_ssize_t i = 0; i < named; i++)
    if (!PyArg_ParseTuple(PyList_GetItem(parameters, i), "ss", &g->parameters[i].name, &g->parameters[i].value)) return -1;
  return 0;
}

/* compile(text, streams, parameters, bounded) -> (Program or None, diagnostics) */
PyObject *program_compile(PyObject *module, PyObject *args, PyObject *kwargs)
{
  static const char *const names[] = { "text", "streams", "parameters", "bounded", "dialect", NULL };
  module_state *state = PyModule_GetState(module);
  tocsin_compile_options options = { .allocator = NULL };
  tocsin_diagnostics *diagnostics = NULL;
  tocsin_program *program = NULL;
  PyObject *streams, *parameters, *list, *made = NULL;
  given g = { 0 };
  const char *text;
  Py_ssize_t length;
  tocsin_status st;

  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s#OOpz", (char **)(uintptr_t)names, &text, &length, &streams, &parameters, &options.bounded,
                                   &options.dialect))
    return NULL;
  if (read_given(&g, streams, parameters) < 0) {
    clear_given(&g);
    return NULL;
  }
  options.streams = g.streams;
  options.stream_count = g.stream_count;
  options.parameters = g.parameters;
  options.parameter_count = g.parameter_count;
  Py_BEGIN_ALLOW_THREADS
  st = tocsin_compile(text, (size_t)length, &options, &program, &diagnostics);
  Py_END_ALLOW_THREADS
  clear_given(&g);
  list = st == TOCSIN_NOMEM ? PyErr_NoMemory() : list_diagnostics(diagnostics);
  if (list && st != TOCSIN_OK && st != TOCSIN_INVALID && PyList_Size(list) == 0) {
    raise_status(state, st, NULL);
    Py_CLEAR(list);
  }
  tocsin_diagnostics_free(diagnostics);
  if (!list) {
    tocsin_program_free(program);
    return NULL;
  }
  made = program ? wrap(state, program) : Py_NewRef(Py_None);
  return made ? Py_BuildValue("(NN)", made, list) : (Py_DECREF(list), NULL);
}

PyObject *program_load(PyObject *module, PyObject *block)
{
  module_state *state = PyModule_GetState(module);
  tocsin_program *program;
  tocsin_status st;
  char *bytes;
  Py_ssize_t length;

  if (PyBytes_AsStringAndSize(block, &bytes, &length) < 0) return NULL;
  st = tocsin_program_load(bytes, (size_t)length, NULL, &program);
  return st == TOCSIN_OK ? wrap(state, program) : raise_status(state, st, "these bytes are no saved pattern, or of another version");
}

/* --- what a program is --- */

/* (name, type, unit, path, not_null, needed) */
static PyObject *column_tuple(tocsin_column_info c)
{
  return Py_BuildValue("(siizOO)", c.name, (int)c.type, (int)c.unit, c.path, c.not_null ? Py_True : Py_False,
                       c.needed ? Py_True : Py_False);
}

typedef tocsin_column_info (*column_getter)(const tocsin_program *program, size_t of, size_t column);

static PyObject *columns_list(const tocsin_program *program, column_getter get, size_t of, size_t count)
{
  PyObject *list = PyList_New(0);

  for (size_t i = 0; list && i < count; i++) {
    PyObject *item = column_tuple(get(program, of, i));
    if (!item || PyList_Append(list, item) < 0) Py_CLEAR(list);
    Py_XDECREF(item);
  }
  return list;
}

/* Puts a new reference into a list; 0 and the list gone where either failed. */
static int append(PyObject **list, PyObject *item)
{
  if (!item || PyList_Append(*list, item) < 0) Py_CLEAR(*list);
  Py_XDECREF(item);
  return *list != NULL;
}

/* [(name, event time or -1, columns)] */
static PyObject *get_streams(PyObject *self, void *unused)
{
  const tocsin_program *p = ((program_object *)self)->program;
  PyObject *list = PyList_New(0);

  (void)unused;
  for (size_t i = 0; list && i < tocsin_program_stream_count(p); i++) {
    tocsin_stream_info info = tocsin_program_stream(p, i);
    PyObject *columns = columns_list(p, tocsin_program_stream_column, i, info.column_count);
    append(&list, columns ? Py_BuildValue("(siN)", info.name, info.event_time, columns) : NULL);
  }
  return list;
}

/* [(name, needed, columns, indices of the key's columns)] */
static PyObject *get_tables(PyObject *self, void *unused)
{
  const tocsin_program *p = ((program_object *)self)->program;
  PyObject *list = PyList_New(0);

  (void)unused;
  for (size_t i = 0; list && i < tocsin_program_table_count(p); i++) {
    tocsin_table_info info = tocsin_program_table(p, i);
    PyObject *columns = columns_list(p, tocsin_program_table_column, i, info.column_count);
    PyObject *keys = PyList_New(0);
    for (size_t k = 0; keys && k < info.key_count; k++)
      append(&keys, PyLong_FromSize_t(tocsin_program_table_key(p, i, k)));
    append(&list, columns && keys ? Py_BuildValue("(sOOO)", info.name, info.needed ? Py_True : Py_False, columns, keys) : NULL);
    Py_XDECREF(columns);
    Py_XDECREF(keys);
  }
  return list;
}

/* [(name, result type, [argument types], needed)] */
static PyObject *get_functions(PyObject *self, void *unused)
{
  const tocsin_program *p = ((program_object *)self)->program;
  PyObject *list = PyList_New(0);

  (void)unused;
  for (size_t i = 0; list && i < tocsin_program_function_count(p); i++) {
    tocsin_function_info info = tocsin_program_function(p, i);
    PyObject *arguments = PyList_New(0);
    for (size_t k = 0; arguments && k < info.argument_count; k++)
      append(&arguments, PyLong_FromLong(tocsin_program_function_argument(p, i, k)));
    append(&list, arguments ? Py_BuildValue("(siNO)", info.name, (int)info.result, arguments, info.needed ? Py_True : Py_False) : NULL);
  }
  return list;
}

/* [(name, columns, parts, [indices of the streams that it reads])]; a part is (is pattern, index, table or -1) */
static PyObject *get_patterns(PyObject *self, void *unused)
{
  const tocsin_program *p = ((program_object *)self)->program;
  PyObject *list = PyList_New(0);

  (void)unused;
  for (size_t i = 0; list && i < tocsin_program_pattern_count(p); i++) {
    tocsin_pattern_info info = tocsin_program_pattern(p, i);
    PyObject *columns = columns_list(p, tocsin_program_output_column, i, info.column_count);
    PyObject *parts = PyList_New(0), *reads = PyList_New(0);
    for (size_t k = 0; parts && k < info.part_count; k++) {
      tocsin_part_info part = tocsin_program_pattern_part(p, i, k);
      append(&parts, Py_BuildValue("(Onn)", part.is_pattern ? Py_True : Py_False, (Py_ssize_t)part.index,
                                   part.table == SIZE_MAX ? (Py_ssize_t)-1 : (Py_ssize_t)part.table));
    }
    for (size_t k = 0; reads && k < tocsin_program_stream_count(p); k++)
      if (tocsin_program_pattern_reads(p, i, k)) append(&reads, PyLong_FromSize_t(k));
    append(&list, columns && parts && reads ? Py_BuildValue("(sOOO)", info.name, columns, parts, reads) : NULL);
    Py_XDECREF(columns);
    Py_XDECREF(parts);
    Py_XDECREF(reads);
  }
  return list;
}

static PyObject *program_explain(PyObject *self, PyObject *unused)
{
  program_object *p = (program_object *)self;
  PyObject *made;
  char *text;
  size_t length;
  tocsin_status st = tocsin_explain(p->program, NULL, &text, &length);

  (void)unused;
  if (st != TOCSIN_OK) return raise_status(p->state, st, NULL);
  made = PyUnicode_FromStringAndSize(text, (Py_ssize_t)length);
  tocsin_text_free(NULL, text, length);
  return made;
}

/* draw(pattern) -> SVG */
static PyObject *program_draw(PyObject *self, PyObject *pattern)
{
  program_object *p = (program_object *)self;
  size_t index = PyLong_AsSize_t(pattern), length;
  PyObject *made;
  char *text;
  tocsin_status st;

  if (PyErr_Occurred()) return NULL;
  st = tocsin_draw(p->program, index, TOCSIN_PICTURE_SVG, NULL, &text, &length);
  if (st != TOCSIN_OK) return raise_status(p->state, st, NULL);
  made = PyUnicode_FromStringAndSize(text, (Py_ssize_t)length);
  tocsin_text_free(NULL, text, length);
  return made;
}

static PyObject *program_save(PyObject *self, PyObject *unused)
{
  size_t length;
  const void *block = tocsin_program_save(((program_object *)self)->program, &length);

  (void)unused;
  return PyBytes_FromStringAndSize(block, (Py_ssize_t)length);
}

static PyGetSetDef getters[] = {
  { "streams", get_streams, NULL, "[(name, event time or -1, columns)]", NULL },
  { "tables", get_tables, NULL, "[(name, needed, columns, key)]", NULL },
  { "functions", get_functions, NULL, "[(name, result, arguments, needed)]", NULL },
  { "patterns", get_patterns, NULL, "[(name, columns, parts, streams)]", NULL },
  { NULL, NULL, NULL, NULL, NULL },
};

static PyMethodDef methods[] = {
  { "explain", program_explain, METH_NOARGS, "The plan, as text." },
  { "draw", program_draw, METH_O, "draw(pattern) -> the automaton, as SVG" },
  { "save", program_save, METH_NOARGS, "The program as bytes." },
  { NULL, NULL, 0, NULL },
};

static PyType_Slot slots[] = {
  { Py_tp_dealloc, program_dealloc }, { Py_tp_getset, getters }, { Py_tp_methods, methods }, { 0, NULL },
};

static PyType_Spec spec = {
  .name = "tocsin._core.Program",
  .basicsize = sizeof(program_object),
  .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .slots = slots,
};

int program_register(PyObject *module, module_state *state)
{
  state->program_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
  return state->program_type ? PyModule_AddObjectRef(module, "Program", (PyObject *)state->program_type) : -1;
}
