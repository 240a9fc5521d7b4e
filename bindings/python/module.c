/* The module tocsin._core: its state, its exceptions, what it offers. */
#include "binding.h"

#include <stdarg.h>
#include <string.h>

/* --- exceptions --- */

/* The classes of status.def, each a tocsin.Error. Errors of the data name what went wrong in their own words. */
static const struct {
  tocsin_status status;
  const char *name, *qualified, *about;
} classes[] = {
  { TOCSIN_MISUSE, "Error", "tocsin.Error", "Something that Tocsin cannot do; the base of its other exceptions." },
  { TOCSIN_INVALID, "PatternError", "tocsin.PatternError", "A pattern text has errors; .diagnostics lists them." },
  { TOCSIN_LIMIT, "LimitError", "tocsin.LimitError", "A limit was reached; the message names it." },
  { TOCSIN_RUNTIME, "RunError", "tocsin.RunError", "A pattern failed on the data, or a row cannot be read." },
  { TOCSIN_LATE, "LateError", "tocsin.LateError", "A row came later than promised." },
  { TOCSIN_CORRUPT, "CorruptError", "tocsin.CorruptError", "Saved bytes are damaged, or of another version." },
};

static int add_exceptions(PyObject *module, module_state *state)
{
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
    PyObject *base = i ? state->exceptions[TOCSIN_MISUSE] : NULL;
    PyObject *made = PyErr_NewExceptionWithDoc(classes[i].qualified, classes[i].about, base, NULL);
    state->exceptions[classes[i].status] = made;
    if (!made || PyModule_AddObjectRef(module, classes[i].name, made) < 0) return -1;
  }
  for (size_t i = 0; i < STATUSES; i++)
    if (!state->exceptions[i]) state->exceptions[i] = Py_NewRef(i == TOCSIN_NOMEM ? PyExc_MemoryError : state->exceptions[TOCSIN_MISUSE]);
  return 0;
}

PyObject *raise_status(const module_state *state, tocsin_status status, const char *message)
{
  if (status == TOCSIN_NOMEM) return PyErr_NoMemory();
  PyErr_SetString(state->exceptions[status], message && *message ? message : tocsin_status_text(status));
  return NULL;
}

int raise_error(const module_state *state, const char *format, ...)
{
  va_list values;

  va_start(values, format);
  PyErr_FormatV(state->exceptions[TOCSIN_MISUSE], format, values);
  va_end(values);
  return -1;
}

/* --- functions of the module --- */

static int add_stream(void *list, const tocsin_stream *stream)
{
  PyObject *name = PyUnicode_FromString(stream->name);
  int failed = name ? PyList_Append(list, name) : -1;

  Py_XDECREF(name);
  return failed == 0;
}

/* declared(text) -> ([streams], [tables]) */
static PyObject *declared(PyObject *module, PyObject *text)
{
  Py_ssize_t length;
  const char *bytes = PyUnicode_AsUTF8AndSize(text, &length);
  PyObject *streams = PyList_New(0), *tables = PyList_New(0);
  tocsin_status st = TOCSIN_OK;

  if (bytes && streams && tables) {
    st = tocsin_declared_streams(bytes, (size_t)length, NULL, add_stream, streams);
    if (st == TOCSIN_OK && !PyErr_Occurred()) st = tocsin_declared_tables(bytes, (size_t)length, NULL, add_stream, tables);
    if (st != TOCSIN_OK && !PyErr_Occurred()) raise_status(PyModule_GetState(module), st, NULL);
  }
  if (!PyErr_Occurred()) return Py_BuildValue("(NN)", streams, tables);
  Py_XDECREF(streams);
  Py_XDECREF(tables);
  return NULL;
}

/* rows_text(text, pattern, unmatched) -> text */
static PyObject *rows_text(PyObject *module, PyObject *args)
{
  const char *text, *pattern;
  Py_ssize_t length;
  int unmatched;
  char *changed;
  size_t changed_length;
  tocsin_status st;
  PyObject *made;

  if (!PyArg_ParseTuple(args, "s#sp", &text, &length, &pattern, &unmatched)) return NULL;
  st = tocsin_rows_text(text, (size_t)length, pattern, unmatched, NULL, &changed, &changed_length);
  if (st != TOCSIN_OK) return raise_status(PyModule_GetState(module), st, NULL);
  made = PyUnicode_FromStringAndSize(changed, (Py_ssize_t)changed_length);
  tocsin_text_free(NULL, changed, changed_length);
  return made;
}

/* microseconds(time): since 1970 UTC */
static PyObject *microseconds(PyObject *module, PyObject *value)
{
  int64_t time;

  return time_from_object(PyModule_GetState(module), value, TOCSIN_UNIT_NONE, &time) < 0 ? NULL : PyLong_FromLongLong(time);
}

static PyMethodDef methods[] = {
  { "compile", (PyCFunction)(void (*)(void))program_compile, METH_VARARGS | METH_KEYWORDS,
    "compile(text, streams, parameters, bounded, dialect) -> (Program or None, diagnostics)" },
  { "load", program_load, METH_O, "load(bytes) -> Program" },
  { "declared", declared, METH_O, "declared(text) -> (streams, tables)" },
  { "matcher", (PyCFunction)(void (*)(void))matcher_new, METH_VARARGS | METH_KEYWORDS, "matcher(program, ...) -> Matcher" },
  { "arrow_schema", arrow_schema, METH_O, "arrow_schema(capsule of a stream) -> [(name, type, unit, path)]" },
  { "file_schema", file_schema, METH_VARARGS, "file_schema(sample, whole, name, format, packing) -> [(name, type, unit, path)]" },
  { "rows_text", rows_text, METH_VARARGS, "rows_text(text, pattern, unmatched) -> the text that gives the rows of the matches" },
  { "microseconds", microseconds, METH_O, "microseconds(time) -> int, since 1970 UTC" },
  { NULL, NULL, 0, NULL },
};

/* --- life --- */

static int import_one(const char *module, const char *name, PyObject **out)
{
  PyObject *from = PyImport_ImportModule(module);

  *out = from ? PyObject_GetAttrString(from, name) : NULL;
  Py_XDECREF(from);
  return *out ? 0 : -1;
}

static int import_all(module_state *state)
{
  PyObject *zone = NULL, *utc = NULL;

  if (import_one("datetime", "datetime", &state->datetime) < 0 || import_one("datetime", "date", &state->date) < 0 ||
      import_one("datetime", "timedelta", &state->timedelta) < 0 || import_one("json", "loads", &state->loads) < 0)
    return -1;
  if (import_one("datetime", "timezone", &zone) < 0) return -1;
  utc = PyObject_GetAttrString(zone, "utc");
  state->epoch = PyObject_CallFunction(state->datetime, "iii", 1970, 1, 1);
  if (utc) state->epoch_utc = PyObject_CallFunction(state->datetime, "iiiiiiiO", 1970, 1, 1, 0, 0, 0, 0, utc);
  Py_DECREF(zone);
  Py_XDECREF(utc);
  return state->epoch && state->epoch_utc ? 0 : -1;
}

static int exec_module(PyObject *module)
{
  module_state *state = PyModule_GetState(module);

  if (add_exceptions(module, state) < 0 || import_all(state) < 0) return -1;
  if (program_register(module, state) < 0 || matcher_register(module, state) < 0 || rows_register(module, state) < 0) return -1;
  return PyModule_AddStringConstant(module, "version", tocsin_version());
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
  module_state *state = PyModule_GetState(module);

  for (size_t i = 0; i < STATUSES; i++) Py_VISIT(state->exceptions[i]);
  Py_VISIT(state->program_type);
  Py_VISIT(state->matcher_type);
  Py_VISIT(state->rows_type);
  Py_VISIT(state->datetime);
  Py_VISIT(state->date);
  Py_VISIT(state->timedelta);
  Py_VISIT(state->epoch);
  Py_VISIT(state->epoch_utc);
  Py_VISIT(state->loads);
  return 0;
}

static int clear(PyObject *module)
{
  module_state *state = PyModule_GetState(module);

  for (size_t i = 0; i < STATUSES; i++) Py_CLEAR(state->exceptions[i]);
  Py_CLEAR(state->program_type);
  Py_CLEAR(state->matcher_type);
  Py_CLEAR(state->rows_type);
  Py_CLEAR(state->datetime);
  Py_CLEAR(state->date);
  Py_CLEAR(state->timedelta);
  Py_CLEAR(state->epoch);
  Py_CLEAR(state->epoch_utc);
  Py_CLEAR(state->loads);
  return 0;
}

static void release(void *module) { clear(module); }

static PyModuleDef_Slot slots[] = {
  { Py_mod_exec, exec_module },
#ifdef Py_mod_gil
  { Py_mod_gil, Py_MOD_GIL_NOT_USED },
#endif
  { 0, NULL },
};

static struct PyModuleDef definition = {
  PyModuleDef_HEAD_INIT,
  .m_name = "tocsin._core",
  .m_doc = "The engine; the package tocsin gives it its shape.",
  .m_size = sizeof(module_state),
  .m_methods = methods,
  .m_slots = slots,
  .m_traverse = traverse,
  .m_clear = clear,
  .m_free = release,
};

PyMODINIT_FUNC PyInit__core(void);
PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&definition); }
