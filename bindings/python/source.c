/* Sources: what all kinds share. See binding.h. */
#include "binding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct fault {
  size_t row, column;
  char reason[REASON];
};

/* --- shape --- */

/* A row without its time has no place in the order: a bad row, as where files are read. */
static int take_shape(source *s, const tocsin_program *program)
{
  size_t count;
  int time = -1;

  if (s->is_table) {
    tocsin_table_info info = tocsin_program_table(program, s->index);
    s->schema.name = info.name;
    count = info.column_count;
  } else {
    tocsin_stream_info info = tocsin_program_stream(program, s->index);
    s->schema.name = info.name;
    count = info.column_count;
    time = info.event_time;
  }
  s->columns = tsn_alloc_array(&s->alloc, count, sizeof *s->columns);
  if (!s->columns) {
    PyErr_NoMemory();
    return -1;
  }
  for (size_t i = 0; i < count; i++) {
    tocsin_column_info c = s->is_table ? tocsin_program_table_column(program, s->index, i)
                                       : tocsin_program_stream_column(program, s->index, i);
    bool must = c.not_null || (time >= 0 && (size_t)time == i);
    s->columns[i] = (tsn_column_def){ .name = c.name, .type = c.type, .unit = c.unit, .path = c.path, .not_null = must,
                                      .needed = c.needed || must };
  }
  s->schema.column_count = count;
  s->schema.columns = s->columns;
  s->time = time >= 0 ? (size_t)time : SIZE_MAX;
  return 0;
}

int source_open(source *s, const module_state *state, const program_object *program, PyObject *spec, bad_policy bad,
                PyObject *bad_rows)
{
  static const struct {
    const char *name;
    int (*open)(source *s, PyObject *data);
  } kinds[] = { { "rows", row_source_open }, { "columns", column_source_open }, { "arrow", arrow_source_open },
                { "file", file_source_open } };
  const char *kind;
  Py_ssize_t index;
  int is_table;
  PyObject *data;

  *s = (source){ .state = state, .bad = bad, .bad_rows = bad_rows };
  tsn_alloc_init(&s->alloc, NULL);
  if (!PyArg_ParseTuple(spec, "npsO", &index, &is_table, &kind, &data)) return -1;
  s->index = (size_t)index;
  s->is_table = is_table;
  if (s->index >= (is_table ? tocsin_program_table_count(program->program) : tocsin_program_stream_count(program->program)))
    return raise_error(state, "there is no stream %zd", index);
  if (take_shape(s, program->program) < 0) return -1;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!strcmp(kind, kinds[i].name)) return kinds[i].open(s, data);
  return raise_error(state, "there is no source of the kind %s", kind);
}

void source_close(source *s)
{
  if (s->kind) s->kind->clear(s);
  Py_CLEAR(s->objects);
  tsn_alloc_free(&s->alloc, s->columns, s->schema.column_count * sizeof *s->columns);
  tsn_alloc_free(&s->alloc, s->skips, s->skip_cap);
  tsn_alloc_free(&s->alloc, s->faults, s->fault_cap * sizeof *s->faults);
  *s = (source){ .kind = NULL };
}

int source_fill(source *s)
{
  s->next = s->skip_count = s->fault_count = 0;
  s->view = (tocsin_batch){ .rows = 0 };
  Py_CLEAR(s->objects);
  if (s->kind->fill(s) < 0) return -1;
  if (s->view.rows == 0) s->done = true;
  return 0;
}

/* --- rows at hand --- */

int64_t source_key(const source *s, size_t row)
{
  const tocsin_column *c;

  if (s->time == SIZE_MAX) return INT64_MIN;
  c = &s->view.columns[s->time];
  if (tsn_column_is_null(c, row)) return INT64_MIN;
  if (s->columns[s->time].type == TOCSIN_DOUBLE) {
    double time = ((const double *)c->values)[row];
    return isnan(time) ? INT64_MIN : tocsin_time_of_double(time);
  }
  return s->columns[s->time].type == TOCSIN_TEXT || s->columns[s->time].type == TOCSIN_BOOLEAN ? INT64_MIN
                                                                                               : ((const int64_t *)c->values)[row];
}

PyObject *source_row(const source *s, size_t row)
{
  PyObject *dict;

  if (s->objects) return Py_XNewRef(PyList_GetItem(s->objects, (Py_ssize_t)row));
  dict = PyDict_New();
  for (size_t i = 0; dict && i < s->schema.column_count; i++) {
    PyObject *value;
    if (!s->columns[i].needed) continue;
    value = object_from_cell(s->state, s->columns[i].type, &s->view.columns[i], row);
    if (!value || PyDict_SetItemString(dict, s->columns[i].name, value) < 0) Py_CLEAR(dict);
    Py_XDECREF(value);
  }
  return dict;
}

int source_bad(source *s, uint64_t number, const char *column, const char *reason, PyObject *row)
{
  PyObject *told;
  int failed;

  s->bad_count++;
  if (s->bad == BAD_FAIL) {
    PyErr_Format(s->state->exceptions[TOCSIN_RUNTIME], "%s %s, row %llu%s%s: %s", s->is_table ? "table" : "stream", s->schema.name,
                 (unsigned long long)number + 1, column ? ", column " : "", column ? column : "", reason);
    return -1;
  }
  told = Py_BuildValue("(sKzsO)", s->schema.name, (unsigned long long)number + 1, column, reason, row ? row : Py_None);
  failed = told ? PyList_Append(s->bad_rows, told) : -1;
  Py_XDECREF(told);
  return failed;
}

/* The row at hand is bad: told, unless it was, and not to be pushed. */
static int skip(source *s, size_t row, const char *column, const char *reason)
{
  PyObject *object;
  int failed;

  if (s->skip_count == 0) {
    if (!tsn_alloc_grow(&s->alloc, (void **)&s->skips, &s->skip_cap, s->view.rows, 1)) {
      PyErr_NoMemory();
      return -1;
    }
    memset(s->skips, 0, s->view.rows);
  }
  if (s->skips[row]) return 0;
  object = s->bad == BAD_KEEP ? source_row(s, row) : NULL;
  if (!object && PyErr_Occurred()) return -1;
  s->skips[row] = 1;
  s->skip_count++;
  failed = source_bad(s, s->before + row, column, reason, object);
  Py_XDECREF(object);
  return failed;
}

int source_fault(source *s, size_t row, size_t column, const char *reason)
{
  if (s->bad == BAD_FAIL) return source_bad(s, s->before + row, s->columns[column].name, reason, NULL);
  if (!tsn_alloc_grow(&s->alloc, (void **)&s->faults, &s->fault_cap, s->fault_count + 1, sizeof *s->faults)) {
    PyErr_NoMemory();
    return -1;
  }
  s->faults[s->fault_count] = (struct fault){ .row = row, .column = column };
  snprintf(s->faults[s->fault_count++].reason, REASON, "%s", reason);
  return 0;
}

static bool is_absent(const source *s, size_t column, size_t row)
{
  const tocsin_column *c = &s->view.columns[column];

  return tsn_column_is_null(c, row) || (s->columns[column].type == TOCSIN_DOUBLE && isnan(((const double *)c->values)[row]));
}

static int check_required(source *s, size_t column)
{
  const bool is_real = s->columns[column].type == TOCSIN_DOUBLE;

  if (!s->view.columns[column].validity && !is_real) return 0;
  for (size_t row = 0; row < s->view.rows; row++)
    if (is_absent(s, column, row) && skip(s, row, s->columns[column].name, "NULL where a value is required") < 0) return -1;
  return 0;
}

int source_settle(source *s)
{
  for (size_t i = 0; i < s->fault_count; i++)
    if (skip(s, s->faults[i].row, s->columns[s->faults[i].column].name, s->faults[i].reason) < 0) return -1;
  s->fault_count = 0;
  for (size_t i = 0; i < s->schema.column_count; i++)
    if (s->columns[i].not_null && check_required(s, i) < 0) return -1;
  return 0;
}

size_t source_run(source *s, size_t limit)
{
  size_t end;

  if (s->skip_count == 0) return limit;
  while (s->next < limit && s->skips[s->next]) s->next++;
  for (end = s->next; end < limit && !s->skips[end]; end++) continue;
  return end;
}

size_t find_name(const char *name, size_t count, const char *(*name_of)(void *context, size_t i), void *context)
{
  for (size_t i = 0; i < count; i++) {
    const char *other = name_of(context, i);
    if (other && !strcmp(name, other)) return i;
  }
  for (size_t i = 0; i < count; i++) {
    const char *other = name_of(context, i);
    if (other && tsn_same_name(name, strlen(name), other, strlen(other))) return i;
  }
  return SIZE_MAX;
}

int source_lacks(const source *s, size_t column)
{
  return raise_error(s->state, "%s has no column \"%s\", which the pattern reads", s->schema.name, s->columns[column].name);
}
