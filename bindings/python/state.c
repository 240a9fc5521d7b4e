/* The state of a matcher as bytes: methods of matchers. See tocsin/state.h. */
#include "binding.h"

#include <string.h>

#define STATE_MAX ((size_t)1 << 40) /* more bytes than there are: memory is the limit */

static tocsin_status write_bytes(void *context, const void *bytes, size_t length)
{
  tsn_bytes *out = context;

  tsn_bytes_append(out, bytes, length);
  return out->failed;
}

static int failed(const matcher_object *m, tocsin_status st)
{
  if (st == TOCSIN_OK) return 0;
  raise_status(m->state, st, tocsin_matcher_message(m->matcher));
  return -1;
}

/* Matches that a failed push left behind are in no state of the engine's. */
static int enter(matcher_object *m)
{
  if (matcher_enter(m) < 0) return -1;
  if (!m->out || rows_count(m->out) == 0) return 0;
  matcher_leave(m);
  return raise_error(m->state, "matches wait that were found before a push failed: take them first, with push([])");
}

PyObject *matcher_checkpoint(PyObject *self, PyObject *unused)
{
  matcher_object *m = (matcher_object *)self;
  PyObject *made = NULL;
  tsn_bytes out;
  tocsin_sink sink = { write_bytes, &out };
  tocsin_status st;

  (void)unused;
  if (enter(m) < 0) return NULL;
  tsn_bytes_init(&out, &m->alloc, STATE_MAX);
  Py_BEGIN_ALLOW_THREADS
  st = tocsin_matcher_checkpoint(m->matcher, &sink);
  Py_END_ALLOW_THREADS
  if (failed(m, st) == 0) made = PyBytes_FromStringAndSize(out.data ? out.data : "", (Py_ssize_t)out.length);
  tsn_bytes_clear(&out);
  matcher_leave(m);
  return made;
}

/* --- parts --- */

static tocsin_status add_part(void *context, const tocsin_part *part)
{
  PyObject *told = Py_BuildValue("(y#y#)", part->name, (Py_ssize_t)part->name_length, part->bytes, (Py_ssize_t)part->length);
  int appended = told ? PyList_Append(context, told) : -1;

  Py_XDECREF(told);
  return appended == 0 ? TOCSIN_OK : TOCSIN_NOMEM;
}

PyObject *matcher_changes(PyObject *self, PyObject *unused)
{
  matcher_object *m = (matcher_object *)self;
  PyObject *list;
  tocsin_status st;

  (void)unused;
  if (enter(m) < 0) return NULL;
  list = PyList_New(0);
  st = list ? tocsin_matcher_changes(m->matcher, add_part, list) : TOCSIN_OK;
  if (list && st != TOCSIN_OK) {
    if (!PyErr_Occurred()) failed(m, st);
    Py_CLEAR(list);
  }
  matcher_leave(m);
  return list;
}

PyObject *matcher_saved(PyObject *self, PyObject *unused)
{
  matcher_object *m = (matcher_object *)self;

  (void)unused;
  if (matcher_enter(m) < 0) return NULL;
  tocsin_matcher_saved(m->matcher);
  matcher_leave(m);
  Py_RETURN_NONE;
}

static int load_one(matcher_object *m, PyObject *pair)
{
  const char *name, *bytes;
  Py_ssize_t name_length, length;
  tocsin_part part;

  if (!PyArg_ParseTuple(pair, "y#y#", &name, &name_length, &bytes, &length)) return -1;
  part = (tocsin_part){ name, (size_t)name_length, bytes, (size_t)length };
  return failed(m, tocsin_matcher_load_part(m->matcher, &part));
}

PyObject *matcher_load(PyObject *self, PyObject *parts)
{
  matcher_object *m = (matcher_object *)self;
  PyObject *iterator, *pair;
  int wrong = 0;

  iterator = PyObject_GetIter(parts);
  if (!iterator) return NULL;
  if (matcher_enter(m) < 0) {
    Py_DECREF(iterator);
    return NULL;
  }
  while (!wrong && (pair = PyIter_Next(iterator))) {
    wrong = load_one(m, pair);
    Py_DECREF(pair);
  }
  if (!wrong && !PyErr_Occurred()) wrong = failed(m, tocsin_matcher_loaded(m->matcher));
  Py_DECREF(iterator);
  matcher_leave(m);
  return wrong || PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}
