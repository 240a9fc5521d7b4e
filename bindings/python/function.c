/* Functions that a text declares, as functions of Python.
 *
 * The engine calls from where the GIL is away: it is taken for the call, through the thread
 * state that the matcher gave up. What a function raises is kept and raised once the engine
 * has stopped. */
#include "binding.h"

#include <stdio.h>
#include <string.h>

typedef struct python_function {
  PyObject *callable;
  thread_gate *gate;
  tsn_column_def column; /* of the result, to read it as cells are */
  tsn_alloc alloc;
  tsn_batch batch;
  bool ready;
  char message[REASON + 80];
} python_function;

static PyObject *list_arguments(const module_state *state, const tocsin_value *arguments, size_t count)
{
  PyObject *tuple = PyTuple_New((Py_ssize_t)count);

  for (size_t i = 0; tuple && i < count; i++) {
    PyObject *value = object_from_value(state, &arguments[i]);
    if (!value || PyTuple_SetItem(tuple, (Py_ssize_t)i, value) < 0) Py_CLEAR(tuple);
  }
  return tuple;
}

/* The result as a cell of a batch of one row: what it may be is what a row may hold. */
static cell_outcome read_result(python_function *f, PyObject *value, tocsin_value *result)
{
  char reason[REASON];
  cell_outcome outcome;
  tocsin_batch view;

  tsn_batch_reset(&f->batch);
  if (f->column.type == TOCSIN_BOOLEAN && !(value == Py_True || value == Py_False || value == Py_None) && PyObject_HasAttrString(value, "dtype")) {
    int truth = PyObject_IsTrue(value); /* numpy's own booleans */
    if (truth < 0) return CELL_FAILED;
    value = truth ? Py_True : Py_False;
  }
  outcome = cell_from_object(f->gate->state, &f->column, value, &f->batch, 0, reason);
  if (outcome == CELL_BAD) snprintf(f->message, sizeof f->message, "its result: %s", reason);
  if (outcome != CELL_SET) return outcome;
  if (tsn_batch_commit(&f->batch) != TOCSIN_OK) {
    PyErr_NoMemory();
    return CELL_FAILED;
  }
  view = tsn_batch_view(&f->batch);
  result->is_null = 0;
  switch (f->column.type) {
  case TOCSIN_BOOLEAN:
    result->as.boolean = *(const uint8_t *)view.columns[0].values & 1;
    break;
  case TOCSIN_DOUBLE:
    result->as.real = *(const double *)view.columns[0].values;
    break;
  case TOCSIN_TEXT:
    result->as.text.bytes = view.columns[0].values;
    result->as.text.length = (size_t)view.columns[0].offsets[1];
    break;
  default:
    result->as.integer = *(const int64_t *)view.columns[0].values;
  }
  return CELL_SET;
}

static tocsin_status call(void *context, const tocsin_value *arguments, size_t count, tocsin_value *result, const char **message)
{
  python_function *f = context;
  thread_gate *gate = f->gate;
  cell_outcome outcome = CELL_FAILED;
  PyObject *tuple, *value = NULL;
  tocsin_status st = TOCSIN_OK;

  PyEval_RestoreThread(gate->saved);
  tuple = list_arguments(gate->state, arguments, count);
  if (tuple) value = PyObject_Call(f->callable, tuple, NULL);
  if (value) outcome = read_result(f, value, result);
  Py_XDECREF(tuple);
  Py_XDECREF(value);
  if (outcome == CELL_FAILED) {
    PyObject *type, *trace;
    Py_CLEAR(gate->raised);
    PyErr_Fetch(&type, &gate->raised, &trace);
    PyErr_NormalizeException(&type, &gate->raised, &trace);
    if (trace && gate->raised) PyException_SetTraceback(gate->raised, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    snprintf(f->message, sizeof f->message, "it raised an exception");
  }
  if (outcome == CELL_FAILED || outcome == CELL_BAD) {
    *message = f->message;
    st = TOCSIN_RUNTIME;
  }
  gate->saved = PyEval_SaveThread();
  return st;
}

static int init_one(python_function *f, PyObject *callable, tocsin_type type, const char *name, thread_gate *gate)
{
  tsn_schema schema = { .name = name, .column_count = 1, .columns = &f->column };

  f->callable = Py_NewRef(callable);
  f->gate = gate;
  f->column = (tsn_column_def){ .name = name, .type = type, .needed = true };
  tsn_alloc_init(&f->alloc, NULL);
  f->ready = tsn_batch_init(&f->batch, &f->alloc, &schema) == TOCSIN_OK;
  if (f->ready) return 0;
  PyErr_NoMemory();
  return -1;
}

int functions_init(functions *f, const module_state *state, const tocsin_program *program, PyObject *given, thread_gate *gate)
{
  size_t count = tocsin_program_function_count(program);

  f->items = PyMem_Calloc(count + 1, sizeof *f->items);
  f->host = PyMem_Calloc(count + 1, sizeof *f->host);
  if (!f->items || !f->host) {
    PyErr_NoMemory();
    return -1;
  }
  for (size_t i = 0; i < count; i++) {
    tocsin_function_info info = tocsin_program_function(program, i);
    PyObject *callable = PyDict_GetItemString(given, info.name);
    if (!callable && info.needed) return raise_error(state, "the pattern calls the function %s: give it by functions={\"%s\": ...}", info.name, info.name);
    if (!callable) continue;
    if (init_one(&f->items[f->count], callable, info.result, info.name, gate) < 0) {
      f->count++;
      return -1;
    }
    f->host[f->count] = (tocsin_host_function){ .name = info.name, .call = call, .context = &f->items[f->count] };
    f->count++;
  }
  return 0;
}

void functions_clear(functions *f)
{
  for (size_t i = 0; i < f->count; i++) {
    Py_CLEAR(f->items[i].callable);
    if (f->items[i].ready) tsn_batch_clear(&f->items[i].batch);
  }
  PyMem_Free(f->items);
  PyMem_Free(f->host);
  *f = (functions){ .items = NULL };
}

int functions_visit(functions *f, visitproc visit, void *arg)
{
  for (size_t i = 0; i < f->count; i++) Py_VISIT(f->items[i].callable);
  return 0;
}
