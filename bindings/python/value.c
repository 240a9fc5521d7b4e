/* Values: from Python to cells, and from cells and matches to Python. */
#include "binding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/cell.h"

/* --- in --- */

/* Names the value in a reason: 'abc' is no BIGINT. */
static cell_outcome wrong(const tsn_column_def *column, PyObject *value, char *reason)
{
  PyObject *shown = PyObject_Repr(value);
  const char *text = shown ? PyUnicode_AsUTF8AndSize(shown, NULL) : NULL;

  if (text)
    snprintf(reason, REASON, "%.120s%s is no %s", text, strlen(text) > 120 ? "..." : "", tocsin_type_name(column->type));
  Py_XDECREF(shown);
  return text ? CELL_BAD : CELL_FAILED;
}

static cell_outcome beyond(const tsn_column_def *column, PyObject *value, char *reason)
{
  cell_outcome outcome = wrong(column, value, reason);

  if (outcome == CELL_BAD) {
    char *end = strstr(reason, " is no ");
    if (end) snprintf(end, REASON - (size_t)(end - reason), " is out of the range of %s", tocsin_type_name(column->type));
  }
  return outcome;
}

/* Whether a conversion failed because of the value, as opposed to memory or an interrupt. */
static bool forgive(void)
{
  if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError) &&
      !PyErr_ExceptionMatches(PyExc_OverflowError) && !PyErr_ExceptionMatches(PyExc_AttributeError))
    return false;
  PyErr_Clear();
  return true;
}

/* Scalars of numpy say what they are by item(). NULL without an exception: it is none. */
static PyObject *plain(PyObject *value)
{
  PyObject *item;

  if (!PyObject_HasAttrString(value, "dtype")) return NULL;
  if (PyObject_HasAttrString(value, "astype") && !PyIndex_Check(value) && !PyNumber_Check(value)) {
    item = PyObject_CallMethod(value, "item", NULL); /* a str, a bool */
  } else {
    PyObject *kind = PyObject_GetAttrString(value, "dtype"), *letter = kind ? PyObject_GetAttrString(kind, "kind") : NULL;
    const char *text = letter && PyUnicode_Check(letter) ? PyUnicode_AsUTF8AndSize(letter, NULL) : NULL;
    PyObject *micros = NULL;
    if (text && *text == 'M') micros = PyObject_CallMethod(value, "astype", "s", "datetime64[us]");
    if (text && *text == 'm') micros = PyObject_CallMethod(value, "astype", "s", "timedelta64[us]");
    Py_XDECREF(kind);
    Py_XDECREF(letter);
    if (PyErr_Occurred()) return NULL;
    item = PyObject_CallMethod(micros ? micros : value, "item", NULL);
    Py_XDECREF(micros);
  }
  return item;
}

/* NaT and NA of pandas. */
static int is_missing(PyObject *value)
{
  PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(value), "__name__");
  const char *text = name ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
  int missing = text ? !strcmp(text, "NaTType") || !strcmp(text, "NAType") : -1;

  Py_XDECREF(name);
  return missing;
}

static bool is_bool(PyObject *value) { return value == Py_True || value == Py_False; }

static cell_outcome integer_of(const tsn_column_def *column, PyObject *value, int64_t *out, char *reason)
{
  int overflow = 0;
  long long number;

  if (is_bool(value)) return wrong(column, value, reason);
  if (PyLong_Check(value)) {
    number = PyLong_AsLongLongAndOverflow(value, &overflow);
  } else {
    PyObject *index = PyIndex_Check(value) ? PyNumber_Index(value) : NULL;
    if (!index) return PyErr_Occurred() && !forgive() ? CELL_FAILED : wrong(column, value, reason);
    number = PyLong_AsLongLongAndOverflow(index, &overflow);
    Py_DECREF(index);
  }
  if (overflow) return beyond(column, value, reason);
  if (number == -1 && PyErr_Occurred()) return CELL_FAILED;
  *out = number;
  return CELL_SET;
}

static cell_outcome real_of(const tsn_column_def *column, PyObject *value, double *out, char *reason)
{
  if (is_bool(value) || PyUnicode_Check(value) || !PyNumber_Check(value)) return wrong(column, value, reason);
  *out = PyFloat_AsDouble(value);
  if (*out == -1 && PyErr_Occurred()) return forgive() ? wrong(column, value, reason) : CELL_FAILED;
  return isnan(*out) ? CELL_NULL : CELL_SET;
}

static cell_outcome text_of(const tsn_column_def *column, PyObject *value, const char **text, Py_ssize_t *length, char *reason)
{
  if (!PyUnicode_Check(value)) return wrong(column, value, reason);
  *text = PyUnicode_AsUTF8AndSize(value, length);
  if (!*text) { /* a lone surrogate */
    if (!PyErr_ExceptionMatches(PyExc_UnicodeError)) return CELL_FAILED;
    PyErr_Clear();
    snprintf(reason, REASON, "the text is not well-formed Unicode");
    return CELL_BAD;
  }
  if (memchr(*text, 0, (size_t)*length)) {
    snprintf(reason, REASON, "the text holds a NUL character");
    return CELL_BAD;
  }
  return CELL_SET;
}

/* days, seconds and microseconds of a timedelta. */
static int micros_of(PyObject *delta, int64_t *out)
{
  static const char *const names[] = { "days", "seconds", "microseconds" };
  int64_t parts[3];

  for (int i = 0; i < 3; i++) {
    PyObject *part = PyObject_GetAttrString(delta, names[i]);
    parts[i] = part ? PyLong_AsLongLong(part) : -1;
    Py_XDECREF(part);
    if (PyErr_Occurred()) return -1;
  }
  *out = (parts[0] * 86400 + parts[1]) * 1000000 + parts[2];
  return 0;
}

static int datetime_of(const module_state *state, PyObject *value, int64_t *out)
{
  PyObject *zone = PyObject_GetAttrString(value, "tzinfo"), *delta = NULL;
  int failed = -1;

  if (zone) delta = PyNumber_Subtract(value, zone == Py_None ? state->epoch : state->epoch_utc);
  if (delta) failed = micros_of(delta, out);
  Py_XDECREF(zone);
  Py_XDECREF(delta);
  return failed;
}

static int date_of(PyObject *value, int64_t *out)
{
  PyObject *ordinal = PyObject_CallMethod(value, "toordinal", NULL);
  long long days = ordinal ? PyLong_AsLongLong(ordinal) : -1;

  Py_XDECREF(ordinal);
  if (days == -1 && PyErr_Occurred()) return -1;
  *out = (days - 719163) * INT64_C(86400000000);
  return 0;
}

/* A number that counts in the unit; what is finer than a microsecond is cut towards the past. */
static cell_outcome number_time(const tsn_column_def *column, PyObject *value, int64_t *out, char *reason)
{
  PyObject *text = PyObject_Str(value);
  Py_ssize_t length;
  const char *bytes = text ? PyUnicode_AsUTF8AndSize(text, &length) : NULL;
  tsn_cell_outcome read = bytes ? tsn_cell_time(bytes, (size_t)length, column->unit, out) : TSN_CELL_BAD;

  Py_XDECREF(text);
  if (!bytes) return CELL_FAILED;
  return read == TSN_CELL_OK ? CELL_SET : read == TSN_CELL_BEYOND ? beyond(column, value, reason) : wrong(column, value, reason);
}

/* A time or an interval, as it is written. */
static cell_outcome parsed(const tsn_column_def *column, PyObject *value, bool (*parse)(const char *text, size_t length, int64_t *out), int64_t *out,
                           char *reason)
{
  const char *text;
  Py_ssize_t length;
  cell_outcome read = text_of(column, value, &text, &length, reason);

  if (read != CELL_SET) return read;
  return parse(text, (size_t)length, out) ? CELL_SET : wrong(column, value, reason);
}

static cell_outcome time_of(const module_state *state, const tsn_column_def *column, PyObject *value, int64_t *out, char *reason)
{
  int is;

  if (PyUnicode_Check(value)) return parsed(column, value, tsn_time_parse, out, reason);
  if (PyLong_Check(value) && !is_bool(value)) {
    if (column->unit == TOCSIN_UNIT_NONE || column->unit == TOCSIN_UNIT_MICROSECOND) return integer_of(column, value, out, reason);
    return number_time(column, value, out, reason);
  }
  if (PyFloat_Check(value)) return isnan(PyFloat_AsDouble(value)) ? CELL_NULL : number_time(column, value, out, reason);
  is = PyObject_IsInstance(value, state->datetime);
  if (is < 0) return CELL_FAILED;
  if (is) {
    is = is_missing(value);
    if (is) return is < 0 ? CELL_FAILED : CELL_NULL;
    return datetime_of(state, value, out) == 0 ? CELL_SET : CELL_FAILED;
  }
  is = PyObject_IsInstance(value, state->date);
  if (is < 0) return CELL_FAILED;
  if (is) return date_of(value, out) == 0 ? CELL_SET : CELL_FAILED;
  return wrong(column, value, reason);
}

static cell_outcome interval_of(const module_state *state, const tsn_column_def *column, PyObject *value, int64_t *out, char *reason)
{
  int is;

  if (PyUnicode_Check(value)) return parsed(column, value, tsn_interval_parse, out, reason);
  if (PyLong_Check(value)) return integer_of(column, value, out, reason);
  is = PyObject_IsInstance(value, state->timedelta);
  if (is < 0) return CELL_FAILED;
  return !is ? wrong(column, value, reason) : micros_of(value, out) == 0 ? CELL_SET : CELL_FAILED;
}

/* Without a look at what scalars of other packages are. */
static cell_outcome set_cell(const module_state *state, const tsn_column_def *column, PyObject *value, tsn_batch *batch, size_t at,
                             char *reason)
{
  cell_outcome outcome = CELL_BAD;
  int64_t integer;
  double real;
  const char *text;
  Py_ssize_t length;

  switch (column->type) {
  case TOCSIN_BOOLEAN:
    if (!is_bool(value)) return wrong(column, value, reason);
    tsn_batch_set_bool(batch, at, value == Py_True);
    return CELL_SET;
  case TOCSIN_BIGINT:
    outcome = integer_of(column, value, &integer, reason);
    break;
  case TOCSIN_DOUBLE:
    outcome = real_of(column, value, &real, reason);
    if (outcome == CELL_SET) tsn_batch_set_double(batch, at, real);
    return outcome;
  case TOCSIN_TEXT:
    outcome = text_of(column, value, &text, &length, reason);
    if (outcome == CELL_SET) tsn_batch_set_text(batch, at, text, (size_t)length);
    return outcome;
  case TOCSIN_TIMESTAMP:
    outcome = time_of(state, column, value, &integer, reason);
    break;
  case TOCSIN_INTERVAL:
    outcome = interval_of(state, column, value, &integer, reason);
    break;
  case TOCSIN_NULL:
  case TOCSIN_LIST:
    return wrong(column, value, reason);
  }
  if (outcome == CELL_SET) tsn_batch_set_int64(batch, at, integer);
  return outcome;
}

cell_outcome cell_from_object(const module_state *state, const tsn_column_def *column, PyObject *value, tsn_batch *batch,
                              size_t at, char *reason)
{
  cell_outcome outcome;
  PyObject *item;
  int missing;

  if (value == Py_None) return CELL_NULL;
  outcome = set_cell(state, column, value, batch, at, reason);
  if (outcome != CELL_BAD) return outcome;
  missing = is_missing(value);
  if (missing) return missing < 0 ? CELL_FAILED : CELL_NULL;
  if (PyFloat_Check(value) && isnan(PyFloat_AsDouble(value))) return CELL_NULL; /* how frames mark what is missing */
  item = plain(value);
  if (!item) return PyErr_Occurred() ? CELL_FAILED : CELL_BAD;
  outcome = item == Py_None ? CELL_NULL : set_cell(state, column, item, batch, at, reason);
  Py_DECREF(item);
  return outcome;
}

int time_from_object(const module_state *state, PyObject *value, tocsin_unit unit, int64_t *out)
{
  const tsn_column_def column = { .type = TOCSIN_TIMESTAMP, .unit = unit };
  char reason[REASON];
  cell_outcome outcome = time_of(state, &column, value, out, reason);

  if (outcome == CELL_BAD) {
    PyObject *item = plain(value);
    if (!item && PyErr_Occurred()) return -1;
    if (item) outcome = time_of(state, &column, item, out, reason);
    Py_XDECREF(item);
  }
  if (outcome == CELL_SET) return 0;
  if (outcome == CELL_NULL) snprintf(reason, sizeof reason, "a missing value is no TIMESTAMP");
  if (outcome != CELL_FAILED) raise_error(state, "%s", reason);
  return -1;
}

/* --- out --- */

static PyObject *object_of_micros(const module_state *state, int64_t micros)
{
  return PyObject_CallFunction((PyObject *)state->timedelta, "iiL", 0, 0, (long long)micros);
}

/* Years that Python does not know are told as text. */
static PyObject *object_of_time(const module_state *state, int64_t time)
{
  PyObject *delta = object_of_micros(state, time), *value = NULL;
  char text[TSN_TIME_TEXT];

  if (delta) value = PyNumber_Add(state->epoch_utc, delta);
  Py_XDECREF(delta);
  if (value || !PyErr_ExceptionMatches(PyExc_OverflowError)) return value;
  PyErr_Clear();
  return PyUnicode_FromStringAndSize(text, (Py_ssize_t)tsn_time_format(time, text));
}

PyObject *object_from_value(const module_state *state, const tocsin_value *value)
{
  if (value->is_null) Py_RETURN_NONE;
  switch (value->type) {
  case TOCSIN_BOOLEAN:
    return PyBool_FromLong(value->as.boolean);
  case TOCSIN_BIGINT:
    return PyLong_FromLongLong(value->as.integer);
  case TOCSIN_DOUBLE:
    return PyFloat_FromDouble(value->as.real);
  case TOCSIN_TEXT:
    return PyUnicode_DecodeUTF8(value->as.text.bytes, (Py_ssize_t)value->as.text.length, "replace");
  case TOCSIN_TIMESTAMP:
    return object_of_time(state, value->as.integer);
  case TOCSIN_INTERVAL:
    return object_of_micros(state, value->as.integer);
  case TOCSIN_LIST:
    return PyObject_CallFunction(state->loads, "s#", value->as.text.bytes, (Py_ssize_t)value->as.text.length);
  case TOCSIN_NULL:
    break;
  }
  Py_RETURN_NONE;
}

PyObject *object_from_cell(const module_state *state, tocsin_type type, const tocsin_column *column, size_t row)
{
  tocsin_value value = { .type = type, .is_null = tsn_column_is_null(column, row) };

  if (value.is_null) Py_RETURN_NONE;
  switch (type) {
  case TOCSIN_BOOLEAN:
    value.as.boolean = ((const uint8_t *)column->values)[row >> 3] >> (row & 7) & 1;
    break;
  case TOCSIN_DOUBLE:
    value.as.real = ((const double *)column->values)[row];
    break;
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    value.as.text.bytes = (const char *)column->values + column->offsets[row];
    value.as.text.length = (size_t)(column->offsets[row + 1] - column->offsets[row]);
    break;
  case TOCSIN_BIGINT:
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    value.as.integer = ((const int64_t *)column->values)[row];
    break;
  case TOCSIN_NULL:
    break;
  }
  return object_from_value(state, &value);
}
