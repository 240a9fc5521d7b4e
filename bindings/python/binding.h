/* The Python module tocsin._core: the engine, for the package around it.
 *
 *   Python objects                    C                                Python objects
 *   dicts, tuples  --> row_source  \                                /--> Rows: tuples, dicts,
 *   arrays, lists  --> column_source --> source --> Matcher --> Rows       Arrow streams
 *   Arrow streams  --> arrow_source /    (a batch     (the engine,
 *   files          --> file_source       at a time)    without the GIL)
 *
 * Limited API (Py_LIMITED_API is defined by the build), so that one build fits every CPython from 3.11 on; several phases, types on
 * the heap, all state in the module. The package (tocsin/) gives these types their shape for
 * users; here are no defaults and little checking of what it passes.
 *
 * Functions that touch Python objects answer -1 or NULL with an exception set. */
#ifndef TSN_PYTHON_BINDING_H
#define TSN_PYTHON_BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h> /* before the headers of the system, as it chooses what they offer */
#include <stdatomic.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "data/batch.h"
#include "tocsin.h"

#define STATUSES 10 /* of tocsin_status */
#define PIECE ((size_t)1 << 16) /* the most rows between two looks at signals */

/* What the module knows; every object holds the module through its type. */
typedef struct module_state {
  PyObject *exceptions[STATUSES]; /* by status; NULL: none of its own */
  PyTypeObject *program_type, *matcher_type, *rows_type;
  PyObject *datetime, *date, *timedelta; /* classes */
  PyObject *epoch, *epoch_utc;           /* 1970, without and with a zone */
  PyObject *loads;                       /* json.loads */
} module_state;

/* Raises what belongs to a status. message "" or NULL: the status' own text. Answers NULL. */
PyObject *raise_status(const module_state *state, tocsin_status status, const char *message);
/* Raises tocsin.Error, with a format of PyErr_Format. Answers -1. */
int raise_error(const module_state *state, const char *format, ...);

typedef struct program_object {
  PyObject_HEAD
  module_state *state;
  tocsin_program *program;
} program_object;

int program_register(PyObject *module, module_state *state);
PyObject *program_compile(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *program_load(PyObject *module, PyObject *block);

/* --- values --- */

typedef enum cell_outcome { CELL_FAILED = -1, CELL_BAD = 0, CELL_SET = 1, CELL_NULL = 2 } cell_outcome;

#define REASON 256
/* Sets a cell of the row being built. CELL_BAD: the value is none of the column's type, reason
 * says why; CELL_FAILED: an exception. */
cell_outcome cell_from_object(const module_state *state, const tsn_column_def *column, PyObject *value, tsn_batch *batch,
                              size_t at, char *reason);

/* The value of a cell as Python has it. */
PyObject *object_from_cell(const module_state *state, tocsin_type type, const tocsin_column *column, size_t row);
PyObject *object_from_value(const module_state *state, const tocsin_value *value);
/* Microseconds since 1970 UTC of a datetime, date, text or number; -1 and an exception where it is none. */
int time_from_object(const module_state *state, PyObject *value, tocsin_unit unit, int64_t *out);

/* --- sources --- */

typedef enum bad_policy { BAD_FAIL, BAD_KEEP } bad_policy;

typedef struct source source;

/* A kind of source. fill() makes the next rows ready in s->view, or none at the end. */
typedef struct source_kind {
  int (*fill)(source *s);
  void (*clear)(source *s);
} source_kind;

struct source {
  const source_kind *kind;
  const module_state *state;
  tsn_alloc alloc;
  size_t index; /* of the stream or table */
  bool is_table;
  tsn_schema schema;
  tsn_column_def *columns;
  size_t time; /* the event time's column, or SIZE_MAX */

  tocsin_batch view; /* rows at hand: [next, view.rows) are still to be pushed */
  size_t next;
  bool done;
  uint64_t before; /* rows of the source before the view's, bad ones included */
  PyObject *objects; /* the rows at hand as they came, or NULL */

  /* Rows at hand that must not be pushed: a byte each, where there is one. */
  uint8_t *skips;
  size_t skip_cap, skip_count;
  struct fault *faults; /* cells that could not be read, told when all columns are there */
  size_t fault_count, fault_cap;

  bad_policy bad;
  bool wants_objects; /* rows may have to be told: keep what tells them */
  PyObject *bad_rows; /* a list, borrowed: (name, number, column, reason, row) */
  uint64_t bad_count;

  void *own; /* of the kind */
};

/* Makes a source of (index, is_table, kind, data). program lives as long as the source. */
int source_open(source *s, const module_state *state, const program_object *program, PyObject *spec, bad_policy bad,
                PyObject *bad_rows);
void source_close(source *s);
/* The next rows; done where there are none. */
int source_fill(source *s);
/* A number that orders rows like their event times; INT64_MIN where there is none. */
int64_t source_key(const source *s, size_t row);
/* The row as Python has it: as it came, or a dict of its columns. */
PyObject *source_row(const source *s, size_t row);
/* A bad row, number counted from 0; row may be NULL. 0: go on without it. */
int source_bad(source *s, uint64_t number, const char *column, const char *reason, PyObject *row);
/* For sources whose columns come whole. A cell of the view being made cannot be read; an
 * exception where bad rows are to fail. */
int source_fault(source *s, size_t row, size_t column, const char *reason);
/* The view is whole: rows with faults, and those without what must be there, are told and not to be pushed. */
int source_settle(source *s);
/* One past the last row that can be pushed from s->next on, up to limit; moves next behind rows to be skipped. */
size_t source_run(source *s, size_t limit);
/* The column that answers to a name, exactly or else without regard to case; SIZE_MAX: none. */
size_t find_name(const char *name, size_t count, const char *(*name_of)(void *context, size_t i), void *context);

/* There is no such column among those given: an exception. */
int source_lacks(const source *s, size_t column);

int row_source_open(source *s, PyObject *rows);
int column_source_open(source *s, PyObject *columns);
int arrow_source_open(source *s, PyObject *capsule);
int file_source_open(source *s, PyObject *data);

/* Columns of an Arrow schema or a file, for streams that nobody declared: a list of (name, TYPE, unit, path). */
PyObject *arrow_schema(PyObject *module, PyObject *capsule);
PyObject *file_schema(PyObject *module, PyObject *args);

/* --- matching --- */

typedef struct rows_object rows_object;

/* Functions of Python for those that a text declares. */
typedef struct functions {
  struct python_function *items;
  tocsin_host_function *host;
  size_t count;
} functions;

/* The thread state that a matcher gave up while the engine runs. */
typedef struct thread_gate {
  PyThreadState *saved;
  PyObject *raised; /* an exception that a function of Python raised */
  const module_state *state;
} thread_gate;

typedef struct matcher_object {
  PyObject_HEAD
  module_state *state;
  program_object *program;
  tocsin_matcher *matcher;
  thread_gate gate;
  functions functions;
  rows_object *out; /* matches that wait to be taken */
  PyObject *late_rows, *bad_rows; /* lists */
  PyObject *watch; /* [(callable, names of columns)]: shown the rows of a stream that has these columns, before they are matched */
  bad_policy bad;
  bool keep_late;
  uint64_t bad_count;

  struct late_row *late; /* of the rows just pushed */
  size_t late_count, late_cap;
  tsn_alloc alloc;
  bool late_lost; /* there was no memory for one */
  atomic_flag busy;
} matcher_object;

/* Between these two the matcher is this thread's alone; -1 and an exception: it is not to be had. */
int matcher_enter(matcher_object *m);
void matcher_leave(matcher_object *m);

/* Methods of matchers that have to do with state (state.c). */
PyObject *matcher_checkpoint(PyObject *self, PyObject *unused);
PyObject *matcher_changes(PyObject *self, PyObject *unused);
PyObject *matcher_saved(PyObject *self, PyObject *unused);
PyObject *matcher_load(PyObject *self, PyObject *parts);

int matcher_register(PyObject *module, module_state *state);
PyObject *matcher_new(PyObject *module, PyObject *args, PyObject *kwargs);

int rows_register(PyObject *module, module_state *state);
rows_object *rows_new(module_state *state, program_object *program);
/* Appends a match; without the GIL. */
tocsin_status rows_append(rows_object *rows, const tocsin_match *match);
/* No more will be appended. */
void rows_seal(rows_object *rows);
size_t rows_count(const rows_object *rows);

int functions_init(functions *f, const module_state *state, const tocsin_program *program, PyObject *given, thread_gate *gate);
void functions_clear(functions *f);
int functions_visit(functions *f, visitproc visit, void *arg);

#endif
