/* Matchers: rows in, Rows out. See binding.h.
 *
 *   with the GIL:     fill the sources that have no rows left
 *   without it:       the source whose next row is earliest pushes its rows up to the others'
 *                     next times, matches are appended to Rows; until a source has none left
 *   with it again:    late rows are told, signals looked at */
#include "binding.h"

#include <string.h>
#include <time.h>

#include "io/turn.h"

struct late_row {
  size_t row;
  int64_t time, watermark;
};

/* --- what the engine calls --- */

static void told_late(void *context, const tocsin_late_row *row)
{
  matcher_object *m = context;

  if (!tsn_alloc_grow(&m->alloc, (void **)&m->late, &m->late_cap, m->late_count + 1, sizeof *m->late)) {
    m->late_lost = true;
    return;
  }
  m->late[m->late_count++] = (struct late_row){ row->row, row->time, row->watermark };
}

static int64_t clock_now(void *unused)
{
  struct timespec now;

  (void)unused;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* --- failures --- */

/* The engine stopped. What a function raised goes on as it is, with a note about where. */
static int engine_failed(matcher_object *m, tocsin_status st)
{
  const char *message = tocsin_matcher_message(m->matcher);
  PyObject *raised = m->gate.raised;

  if (!raised) {
    raise_status(m->state, st, message);
    return -1;
  }
  m->gate.raised = NULL;
  Py_XDECREF(PyObject_CallMethod(raised, "add_note", "s", message));
  PyErr_Clear();
  PyErr_SetObject((PyObject *)Py_TYPE(raised), raised);
  Py_DECREF(raised);
  return -1;
}

/* A time as the time column has it: number or timestamp. */
static PyObject *time_object(const matcher_object *m, const source *s, int64_t time)
{
  tocsin_value value = { .type = s->time == SIZE_MAX ? TOCSIN_TIMESTAMP : s->columns[s->time].type, .as.integer = time };

  if (value.type == TOCSIN_DOUBLE) value.as.real = tocsin_double_of_time(time);
  return object_from_value(m->state, &value);
}

static int late_failed(matcher_object *m, const source *s, size_t row)
{
  const struct late_row *l = m->late_count ? &m->late[m->late_count - 1] : NULL;
  PyObject *time = l ? time_object(m, s, l->time) : NULL, *mark = l ? time_object(m, s, l->watermark) : NULL;

  if (time && mark)
    PyErr_Format(m->state->exceptions[TOCSIN_LATE],
                 "row %llu of %s is late: its time %S lies before %S, up to which rows were promised to be complete; sort the rows, declare a "
                 "WATERMARK, or say late=\"drop\"",
                 (unsigned long long)(s->before + row + 1), s->schema.name, time, mark);
  else if (!PyErr_Occurred())
    raise_status(m->state, TOCSIN_LATE, NULL);
  Py_XDECREF(time);
  Py_XDECREF(mark);
  return -1;
}

/* (stream, row, time, watermark) of each late row of the source, while its rows are at hand. */
static int tell_late(matcher_object *m, const source *s)
{
  for (size_t i = 0; m->keep_late && i < m->late_count; i++) {
    const struct late_row *l = &m->late[i];
    PyObject *row = source_row(s, l->row), *time = time_object(m, s, l->time), *mark = time_object(m, s, l->watermark), *told = NULL;
    int failed = -1;
    if (row && time && mark) told = Py_BuildValue("(sOOO)", s->schema.name, row, time, mark);
    if (told) failed = PyList_Append(m->late_rows, told);
    Py_XDECREF(row);
    Py_XDECREF(time);
    Py_XDECREF(mark);
    Py_XDECREF(told);
    if (failed) return -1;
  }
  m->late_count = 0;
  if (!m->late_lost) return 0;
  m->late_lost = false;
  PyErr_NoMemory();
  return -1;
}

/* --- without the GIL --- */

static tocsin_status drain(matcher_object *m)
{
  tocsin_match match;
  tocsin_status st = TOCSIN_OK;

  while (st == TOCSIN_OK && tocsin_matcher_next(m->matcher, &match)) st = rows_append(m->out, &match);
  return st;
}

/* Pushes rows of s up to limit. */
static tocsin_status push_rows(matcher_object *m, source *s, size_t limit)
{
  tocsin_batch batch = s->view;
  tocsin_status st = TOCSIN_OK;

  while (st == TOCSIN_OK && s->next < limit) {
    tocsin_status drained;
    batch.rows = source_run(s, limit);
    if (s->next >= limit) break;
    st = tocsin_matcher_push(m->matcher, s->index, &batch, s->next, &s->next);
    drained = drain(m);
    if (st == TOCSIN_OK) st = drained;
    if (st == TOCSIN_OK && m->late_count > PIECE) break; /* told before they are too many */
  }
  return st;
}

/* Pushes until the source that is to go on has no rows at hand. */
static tocsin_status push_ready(matcher_object *m, source *sources, size_t count, source **at)
{
  tocsin_status st = TOCSIN_OK;

  for (;;) {
    tsn_turn turn = TSN_TURN;
    size_t limit;
    source *s;
    for (size_t i = 0; i < count; i++)
      if (!sources[i].is_table && !sources[i].done) tsn_turn_see(&turn, i, source_key(&sources[i], sources[i].next));
    *at = s = turn.any ? &sources[turn.who] : NULL;
    if (!s) return TOCSIN_OK;
    limit = tsn_turn_alone(&turn) ? s->view.rows : s->next;
    while (limit < s->view.rows && tsn_turn_goes(&turn, source_key(s, limit))) limit++;
    st = push_rows(m, s, limit);
    if (st != TOCSIN_OK || s->next >= s->view.rows || m->late_count) return st;
  }
}

/* --- feeding --- */

#define WITHOUT_GIL(m, call) ((m)->gate.saved = PyEval_SaveThread(), (call), PyEval_RestoreThread((m)->gate.saved))

static int settle(matcher_object *m, tocsin_status st)
{
  return st == TOCSIN_OK ? 0 : engine_failed(m, st);
}

static int finish_stream(matcher_object *m, size_t stream)
{
  tocsin_status st, drained;

  WITHOUT_GIL(m, (st = tocsin_matcher_finish_stream(m->matcher, stream), drained = drain(m)));
  return settle(m, st != TOCSIN_OK ? st : drained);
}

static const char *column_name(void *context, size_t i) { return ((const source *)context)->columns[i].name; }

/* A column of the rows at hand: (type, values, validity). Numbers and times are bytes, as the engine has them; others a list. */
static PyObject *column_values(const source *s, size_t column)
{
  const tsn_column_def *def = &s->columns[column];
  const tocsin_column *c = &s->view.columns[column];
  const size_t rows = s->view.rows;
  PyObject *values, *validity;

  if (def->type == TOCSIN_TEXT || def->type == TOCSIN_BOOLEAN) {
    values = PyList_New(0);
    for (size_t row = 0; values && row < rows; row++) {
      PyObject *value = object_from_cell(s->state, def->type, c, row);
      if (!value || PyList_Append(values, value) < 0) Py_CLEAR(values);
      Py_XDECREF(value);
    }
  } else {
    values = PyBytes_FromStringAndSize(c->values, (Py_ssize_t)(rows * 8));
  }
  validity = c->validity ? PyBytes_FromStringAndSize((const char *)c->validity, (Py_ssize_t)((rows + 7) / 8)) : Py_NewRef(Py_None);
  if (values && validity) return Py_BuildValue("(iNN)", (int)def->type, values, validity);
  Py_XDECREF(values);
  Py_XDECREF(validity);
  return NULL;
}

/* The columns of these names, or NULL: the source has not all of them. Without an exception only then. */
static PyObject *watched_columns(source *s, PyObject *names)
{
  Py_ssize_t count = PyTuple_Size(names);
  PyObject *columns = PyTuple_New(count);

  for (Py_ssize_t i = 0; columns && i < count; i++) {
    const char *name = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(names, i), NULL);
    size_t at = name ? find_name(name, s->schema.column_count, column_name, s) : SIZE_MAX;
    PyObject *values = at != SIZE_MAX && s->columns[at].needed ? column_values(s, at) : NULL;
    if (!values || PyTuple_SetItem(columns, i, values) < 0) Py_CLEAR(columns);
  }
  return columns;
}

/* Shows the rows at hand to those who want to see many at once. */
static int show_rows(matcher_object *m, source *s)
{
  Py_ssize_t count = PyList_Size(m->watch);

  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *pair = PyList_GetItem(m->watch, i), *columns = watched_columns(s, PyTuple_GetItem(pair, 1)), *done;
    if (!columns) {
      if (PyErr_Occurred()) return -1;
      continue;
    }
    done = PyObject_CallFunction(PyTuple_GetItem(pair, 0), "nN", (Py_ssize_t)s->view.rows, columns);
    Py_XDECREF(done);
    if (!done) return -1;
  }
  return 0;
}

static int fill(matcher_object *m, source *s, bool bounded)
{
  if (source_fill(s) < 0) return -1;
  if (!s->done && show_rows(m, s) < 0) return -1;
  return s->done && bounded ? finish_stream(m, s->index) : 0;
}

/* Streams that no source feeds hold back nothing. */
static int finish_unfed(matcher_object *m, const source *sources, size_t count)
{
  for (size_t stream = 0; stream < tocsin_program_stream_count(m->program->program); stream++) {
    size_t i = 0;
    while (i < count && (sources[i].is_table || sources[i].index != stream)) i++;
    if (i == count && finish_stream(m, stream) < 0) return -1;
  }
  return 0;
}

static int load_table(matcher_object *m, source *s)
{
  tocsin_load *load;
  int failed = settle(m, tocsin_matcher_load(m->matcher, s->index, &load));

  if (failed) return failed;
  failed = source_fill(s);
  while (!failed && !s->done) {
    tocsin_batch batch = s->view;
    tocsin_status st;
    batch.rows = source_run(s, s->view.rows);
    st = s->next < batch.rows ? tocsin_load_push(load, &batch, s->next, &s->next) : TOCSIN_OK;
    if (st == TOCSIN_KEY) {
      PyObject *row = source_row(s, s->next);
      failed = row ? source_bad(s, s->before + s->next++, NULL, tocsin_load_message(load), row) : -1;
      Py_XDECREF(row);
    } else if (st != TOCSIN_OK) {
      raise_status(m->state, st, tocsin_load_message(load));
      failed = -1;
    } else if (s->next >= s->view.rows) {
      failed = source_fill(s);
    }
    if (!failed) failed = PyErr_CheckSignals();
  }
  if (!failed && tocsin_load_commit(load) != TOCSIN_OK) failed = raise_error(m->state, "the table %s cannot be put in place", s->schema.name);
  tocsin_load_free(load);
  return failed;
}

static int run_sources(matcher_object *m, source *sources, size_t count, bool bounded)
{
  for (size_t i = 0; i < count; i++)
    if (sources[i].is_table && load_table(m, &sources[i]) < 0) return -1;
  if (bounded && finish_unfed(m, sources, count) < 0) return -1;
  for (size_t i = 0; i < count; i++)
    if (!sources[i].is_table && fill(m, &sources[i], bounded) < 0) return -1;
  for (;;) {
    source *s = NULL;
    tocsin_status st;
    WITHOUT_GIL(m, st = push_ready(m, sources, count, &s));
    if (st == TOCSIN_LATE) return late_failed(m, s, s->next);
    if (s && tell_late(m, s) < 0) return -1;
    if (st != TOCSIN_OK) return engine_failed(m, st);
    if (PyErr_CheckSignals() < 0) return -1;
    if (!s) return 0;
    if (s->next >= s->view.rows && fill(m, s, bounded) < 0) return -1;
  }
}

static int finish(matcher_object *m)
{
  tocsin_status st, drained;

  WITHOUT_GIL(m, (st = tocsin_matcher_finish(m->matcher), drained = drain(m)));
  return settle(m, st != TOCSIN_OK ? st : drained);
}

/* --- methods --- */

int matcher_enter(matcher_object *m)
{
  if (!m->matcher) return raise_error(m->state, "this stream is gone");
  if (!atomic_flag_test_and_set(&m->busy)) return 0;
  return raise_error(m->state, "this stream is in use: by another thread, or by a function that it calls");
}

void matcher_leave(matcher_object *m)
{
  m->late_count = 0;
  atomic_flag_clear(&m->busy);
}

static int enter(matcher_object *m)
{
  if (matcher_enter(m) < 0) return -1;
  if (m->out || (m->out = rows_new(m->state, m->program))) return 0;
  matcher_leave(m);
  return -1;
}

/* What was found is handed on, or kept for the next time where something failed. */
static PyObject *leave(matcher_object *m, int failed)
{
  PyObject *out = failed ? NULL : (PyObject *)m->out;

  if (!failed) {
    rows_seal(m->out);
    m->out = NULL;
  }
  matcher_leave(m);
  return out;
}

/* feed(sources, bounded) -> Rows. A source is (index, is table, kind, data). bounded: they are all there is. */
static PyObject *matcher_feed(PyObject *self, PyObject *args)
{
  matcher_object *m = (matcher_object *)self;
  PyObject *specs;
  int bounded, failed = 0;
  Py_ssize_t count, opened = 0;
  source *sources;

  if (!PyArg_ParseTuple(args, "Op", &specs, &bounded)) return NULL;
  count = PyList_Size(specs);
  if (count < 0 || enter(m) < 0) return NULL;
  sources = PyMem_Calloc((size_t)count + 1, sizeof *sources);
  if (!sources) {
    PyErr_NoMemory();
    failed = -1;
  }
  while (!failed && opened < count) {
    source *s = &sources[opened++];
    failed = source_open(s, m->state, m->program, PyList_GetItem(specs, opened - 1), m->bad, m->bad_rows);
    s->wants_objects = m->keep_late;
  }
  if (!failed) failed = run_sources(m, sources, (size_t)count, bounded);
  if (!failed && bounded) failed = finish(m);
  for (Py_ssize_t i = 0; i < opened; i++) {
    PyObject *type, *value, *trace;
    m->bad_count += sources[i].bad_count;
    PyErr_Fetch(&type, &value, &trace);
    source_close(&sources[i]);
    PyErr_Restore(type, value, trace);
  }
  PyMem_Free(sources);
  return leave(m, failed);
}

/* The column that orders the first stream: in what times are given. */
static tocsin_column_info time_column(const matcher_object *m)
{
  const tocsin_program *p = m->program->program;

  for (size_t i = 0; i < tocsin_program_stream_count(p); i++) {
    tocsin_stream_info info = tocsin_program_stream(p, i);
    if (info.event_time >= 0) return tocsin_program_stream_column(p, i, (size_t)info.event_time);
  }
  return (tocsin_column_info){ .type = TOCSIN_TIMESTAMP };
}

static int read_watermark(matcher_object *m, PyObject *given, int64_t *out)
{
  tocsin_column_info time = time_column(m);

  if (time.type == TOCSIN_DOUBLE) {
    double real = PyFloat_AsDouble(given);
    if (real == -1 && PyErr_Occurred()) return -1;
    if (real != real) return raise_error(m->state, "NaN is no time");
    *out = tocsin_time_of_double(real);
    return 0;
  }
  if (time.type == TOCSIN_BIGINT) {
    *out = PyLong_AsLongLong(given);
    return *out == -1 && PyErr_Occurred() ? -1 : 0;
  }
  return time_from_object(m->state, given, time.unit, out);
}

static PyObject *matcher_advance(PyObject *self, PyObject *given)
{
  matcher_object *m = (matcher_object *)self;
  int64_t watermark;
  tocsin_status st, drained;

  if (read_watermark(m, given, &watermark) < 0 || enter(m) < 0) return NULL;
  WITHOUT_GIL(m, (st = tocsin_matcher_advance(m->matcher, watermark), drained = drain(m)));
  return leave(m, settle(m, st != TOCSIN_OK ? st : drained));
}

static PyObject *matcher_finish(PyObject *self, PyObject *unused)
{
  matcher_object *m = (matcher_object *)self;

  (void)unused;
  return enter(m) < 0 ? NULL : leave(m, finish(m));
}

static PyObject *matcher_finish_stream(PyObject *self, PyObject *stream)
{
  matcher_object *m = (matcher_object *)self;
  size_t index = PyLong_AsSize_t(stream);

  if (PyErr_Occurred()) return NULL;
  if (index >= tocsin_program_stream_count(m->program->program)) {
    raise_error(m->state, "there is no stream %zu", index);
    return NULL;
  }
  return enter(m) < 0 ? NULL : leave(m, finish_stream(m, index));
}

static PyObject *matcher_stats(PyObject *self, PyObject *unused)
{
  matcher_object *m = (matcher_object *)self;
  tocsin_stats stats;
  PyObject *dict, *watermark;

  (void)unused;
  if (matcher_enter(m) < 0) return NULL;
  tocsin_matcher_stats(m->matcher, &stats);
  matcher_leave(m);
  watermark = Py_NewRef(Py_None);
  if (stats.has_watermark && stats.watermark != INT64_MAX && stats.watermark != INT64_MIN) {
    tocsin_value value = { .type = time_column(m).type, .as.integer = stats.watermark };
    if (value.type == TOCSIN_DOUBLE) value.as.real = tocsin_double_of_time(stats.watermark);
    Py_DECREF(watermark);
    watermark = object_from_value(m->state, &value);
    if (!watermark) return NULL;
  }
#define COUNT(x) (unsigned long long)(x)
  dict = Py_BuildValue("{sKsKsKsKsKsKsKsKsKsKsKsKsKsKsN}", "rows_in", COUNT(stats.rows_in), "rows_matched_over",
                       COUNT(stats.rows_matched_over), "rows_filtered", COUNT(stats.rows_filtered), "rows_late", COUNT(stats.rows_late),
                       "rows_bad", COUNT(stats.rows_bad + m->bad_count), "nan_values", COUNT(stats.nan_values), "matches",
                       COUNT(stats.matches), "timeouts", COUNT(stats.timeouts), "dropped", COUNT(stats.dropped), "live_paths",
                       COUNT(stats.live_paths), "live_paths_peak", COUNT(stats.live_paths_peak), "partitions", COUNT(stats.partitions),
                       "state_bytes", COUNT(stats.bytes), "state_bytes_peak", COUNT(stats.bytes_peak), "watermark", watermark);
#undef COUNT
  return dict;
}

/* --- life --- */

static int matcher_traverse(PyObject *self, visitproc visit, void *arg)
{
  matcher_object *m = (matcher_object *)self;

  Py_VISIT(Py_TYPE(self));
  Py_VISIT(m->late_rows);
  Py_VISIT(m->bad_rows);
  Py_VISIT(m->watch);
  Py_VISIT(m->gate.raised);
  return functions_visit(&m->functions, visit, arg);
}

static int matcher_clear(PyObject *self)
{
  matcher_object *m = (matcher_object *)self;

  if (m->matcher) tocsin_matcher_free(m->matcher);
  m->matcher = NULL;
  functions_clear(&m->functions);
  Py_CLEAR(m->late_rows);
  Py_CLEAR(m->bad_rows);
  Py_CLEAR(m->watch);
  Py_CLEAR(m->gate.raised);
  return 0;
}

static void matcher_dealloc(PyObject *self)
{
  matcher_object *m = (matcher_object *)self;
  PyTypeObject *type = Py_TYPE(self);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

  PyObject_GC_UnTrack(self);
  matcher_clear(self);
  Py_CLEAR(m->out);
  Py_CLEAR(m->program);
  tsn_alloc_free(&m->alloc, m->late, m->late_cap * sizeof *m->late);
  release(self);
  Py_DECREF(type);
}

/* Matcher(program, functions, watch, late_rows, bad_rows, late, keep_bad, keep_late, max_paths, max_rows,
 * max_bytes, state). state: what checkpoint() gave, or None. The lists take what is told of late and bad rows. */
PyObject *matcher_new(PyObject *module, PyObject *args, PyObject *kwargs)
{
  static const char *const names[] = { "program", "functions", "watch", "late_rows", "bad_rows", "late", "keep_bad", "keep_late", "max_paths", "max_rows",
                           "max_bytes", "state", NULL };
  module_state *state = PyModule_GetState(module);
  allocfunc allocate = (allocfunc)PyType_GetSlot(state->matcher_type, Py_tp_alloc);
  tocsin_matcher_options options = { .now = clock_now, .on_late = told_late };
  char message[300] = "";
  const char *saved;
  Py_ssize_t saved_length;
  PyObject *program, *given, *watch, *late_rows, *bad_rows;
  int late, keep_bad, keep_late;
  unsigned long long max_paths, max_rows, max_bytes;
  matcher_object *m;
  tocsin_status st;

  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!O!O!O!O!ippKKKz#", (char **)(uintptr_t)names, state->program_type, &program, &PyDict_Type, &given, &PyList_Type, &watch, &PyList_Type,
                                   &late_rows, &PyList_Type, &bad_rows, &late, &keep_bad, &keep_late, &max_paths, &max_rows, &max_bytes, &saved, &saved_length))
    return NULL;
  m = (matcher_object *)allocate(state->matcher_type, 0);
  if (!m) return NULL;
  m->state = state;
  tsn_alloc_init(&m->alloc, NULL);
  m->gate.state = state;
  m->program = (program_object *)Py_NewRef(program);
  m->watch = Py_NewRef(watch);
  m->late_rows = Py_NewRef(late_rows);
  m->bad_rows = Py_NewRef(bad_rows);
  m->bad = keep_bad ? BAD_KEEP : BAD_FAIL;
  m->keep_late = keep_late;
  atomic_flag_clear(&m->busy);
  if (functions_init(&m->functions, state, m->program->program, given, &m->gate) < 0) {
    Py_DECREF(m);
    return NULL;
  }
  options.late = (tocsin_late_policy)late;
  options.on_late_context = m;
  options.max_paths_per_partition = max_paths;
  options.max_rows_per_partition = max_rows;
  options.max_bytes = max_bytes;
  options.functions = m->functions.host;
  options.function_count = m->functions.count;
  st = saved ? tocsin_matcher_restore(m->program->program, &options, saved, (size_t)saved_length, &m->matcher, message, sizeof message)
             : tocsin_matcher_new(m->program->program, &options, &m->matcher);
  if (st == TOCSIN_OK) return (PyObject *)m;
  Py_DECREF(m);
  return raise_status(state, st, message);
}

static PyMethodDef methods[] = {
  { "feed", matcher_feed, METH_VARARGS, "feed(sources, bounded) -> Rows" },
  { "advance", matcher_advance, METH_O, "advance(watermark) -> Rows" },
  { "finish", matcher_finish, METH_NOARGS, "finish() -> Rows" },
  { "finish_stream", matcher_finish_stream, METH_O, "finish_stream(index) -> Rows" },
  { "checkpoint", matcher_checkpoint, METH_NOARGS, "checkpoint() -> bytes" },
  { "changes", matcher_changes, METH_NOARGS, "changes() -> [(name, bytes or None)], since saved()" },
  { "saved", matcher_saved, METH_NOARGS, "saved(): what changes() told is safe" },
  { "load", matcher_load, METH_O, "load(parts): all of them, in the order of their names; into a new matcher" },
  { "stats", matcher_stats, METH_NOARGS, "stats() -> dict" },
  { NULL, NULL, 0, NULL },
};

static PyType_Slot slots[] = {
  { Py_tp_dealloc, matcher_dealloc }, { Py_tp_traverse, matcher_traverse }, { Py_tp_clear, matcher_clear },
  { Py_tp_methods, methods }, { 0, NULL },
};

static PyType_Spec spec = {
  .name = "tocsin._core.Matcher",
  .basicsize = sizeof(matcher_object),
  .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .slots = slots,
};

int matcher_register(PyObject *module, module_state *state)
{
  state->matcher_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
  return state->matcher_type ? PyModule_AddObjectRef(module, "Matcher", (PyObject *)state->matcher_type) : -1;
}
