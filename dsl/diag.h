/* Diagnostics: what is wrong with a text, where, and what would help.
 *
 * A list on the compile's arena, at most TSN_DIAG_MAX errors, as many
 * warnings, and TSN_NOTES_MAX notes; the last one of each says where there were more. Codes are rows of diag.def:
 * E0xxx words and grammar, E1xxx names and types, E2xxx patterns and clauses,
 * W0xxx warnings, N0xxx notes. */
#ifndef TSN_DSL_DIAG_H
#define TSN_DSL_DIAG_H

#include "base/arena.h"
#include "base/bytes.h"

#define TSN_DIAG_MAX 20
#define TSN_NOTES_MAX 200

/* A place in the text: bytes [from, to). */
typedef struct tsn_span {
  uint32_t from, to;
} tsn_span;

typedef enum tsn_diag_code {
#define DIAG(code, text) TSN_##code,
#include "diag.def"
#undef DIAG
  TSN_DIAG_CODES
} tsn_diag_code;

typedef struct tsn_diag_item {
  tsn_diag_code code;
  tsn_span at;
  const char *message, *hint; /* hint may be "" */
  struct tsn_diag_item *next;
} tsn_diag_item;

typedef enum tsn_severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE, TSN_SEVERITIES } tsn_severity;

typedef struct tsn_diag {
  tsn_arena *arena;
  const char *text;
  size_t length;
  tsn_diag_item *first, *last;
  size_t errors, warnings, notes;
  struct {
    bool there;          /* the maximum was reached */
    tsn_diag_item *told; /* the finding that says so, and its hint without that */
    const char *told_hint;
  } more[TSN_SEVERITIES];
} tsn_diag;

void tsn_diag_init(tsn_diag *d, tsn_arena *arena, const char *text, size_t length);

/* Adds one finding. The message is formatted; hint may be NULL. The same code at
 * the same place counts once. */
void tsn_diag_add(tsn_diag *d, tsn_diag_code code, tsn_span at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Brings the findings into the order of the text; those of one place stay as they came. */
void tsn_diag_sort(tsn_diag *d);

tsn_severity tsn_diag_severity(tsn_diag_code code);
/* "E0101", "W0003" ... */
const char *tsn_diag_name(tsn_diag_code code);
/* The row's text in diag.def: what the class of finding is about. */
const char *tsn_diag_about(tsn_diag_code code);
static inline bool tsn_diag_ok(const tsn_diag *d) { return d->errors == 0; }

/* Line and column (from 1, in bytes) of an offset. */
void tsn_diag_place(const char *text, size_t length, uint32_t offset, unsigned *line, unsigned *column);

/* The nearest of `count` names to `name`, for "did you mean"; NULL where none is near. */
const char *tsn_diag_nearest(const char *name, const char *const *names, size_t count);

#endif
