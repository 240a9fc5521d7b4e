/* From pattern text to a program.
 *
 * A program is immutable, may be shared between threads, and is one
 * relocatable block: tocsin_program_save() writes it, tocsin_program_load()
 * verifies and reads it. The language is described in docs/reference. */
#ifndef TOCSIN_COMPILE_H
#define TOCSIN_COMPILE_H

#include "tocsin/batch.h"
#include "tocsin/program.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tocsin_severity { TOCSIN_ERROR = 0, TOCSIN_WARNING = 1, TOCSIN_NOTE = 2 } tocsin_severity;

/* One finding about a pattern text. Lines and columns count from 1, columns in
 * bytes; [offset, offset + length) is the place in the text. Strings belong to
 * the diagnostics and are never NULL ("" where there is nothing to say). */
typedef struct tocsin_diagnostic {
  tocsin_severity severity;
  const char *code; /* stable: "E0123", "W0007"; "U..." is what this version does not support yet */
  const char *message;
  const char *hint;
  size_t offset, length;
  unsigned line, column;
} tocsin_diagnostic;

typedef struct tocsin_diagnostics tocsin_diagnostics;

TOCSIN_API size_t tocsin_diagnostics_count(const tocsin_diagnostics *diagnostics);
/* index < tocsin_diagnostics_count(); the result lives as long as the list. */
TOCSIN_API const tocsin_diagnostic *tocsin_diagnostics_get(const tocsin_diagnostics *diagnostics, size_t index);
TOCSIN_API void tocsin_diagnostics_free(tocsin_diagnostics *diagnostics);

/* A stream that the host knows and the text need not declare. */
typedef struct tocsin_stream_column {
  const char *name;
  tocsin_type type;
  tocsin_unit unit; /* informative for hosts */
  const char *path; /* JSON path such as "$.product.sku", or NULL */
  int not_null;
} tocsin_stream_column;

typedef struct tocsin_stream {
  const char *name;
  size_t column_count;
  const tocsin_stream_column *columns;
} tocsin_stream;

typedef struct tocsin_parameter {
  const char *name;
  const char *value; /* as text, read by the declared type */
} tocsin_parameter;

/* Columns that the host wants beside those that SELECT gives: they stand behind them in the
 * output of each pattern, in this order. Patterns that read its output do not see them. */
typedef enum tocsin_detail {
  TOCSIN_DETAIL_ID = 1,       /* match_id TEXT: MATCH_ID() */
  TOCSIN_DETAIL_STATUS = 2,   /* match_status TEXT: MATCH_STATUS() */
  TOCSIN_DETAIL_START = 4,    /* match_start, of the type of the time: MATCH_START(); NULL where rows have no time */
  TOCSIN_DETAIL_END = 8,      /* match_end: MATCH_END() */
  TOCSIN_DETAIL_ROWTIME = 16, /* match_rowtime: MATCH_ROWTIME() */
  TOCSIN_DETAIL_KEY = 32      /* the columns of PARTITION BY, as many as tocsin_pattern_info.key_count says */
} tocsin_detail;

typedef struct tocsin_compile_options {
  const tocsin_allocator *allocator; /* NULL: the C library's */
  const tocsin_stream *streams;      /* used where the text declares no stream of that name */
  size_t stream_count;
  const tocsin_parameter *parameters;
  size_t parameter_count;
  int trace;   /* for a matcher with a tracer (trace.h): paths remember their rows, and each is kept for itself */
  int bounded; /* the inputs end: no warnings about waits that end with them */
  const char *dialect; /* of tocsin_dialect_get(): notes say where it means something else, or refuses; NULL: none */
  unsigned details;    /* of tocsin_detail, joined by | */
} tocsin_compile_options;

/* Compiles a pattern text: statements, or one bare query.
 *
 * text, length  UTF-8, need not end in NUL; borrowed for the call
 * options       NULL for none
 * program       set on OK, else NULL; freed with tocsin_program_free()
 * diagnostics   may be NULL; else always set (possibly to an empty list, and to
 *               NULL where memory is gone); freed with tocsin_diagnostics_free()
 *
 * OK            warnings and notes may be in the list
 * INVALID       at least one error in the list
 * MISUSE        options.dialect is none that there is
 * LIMIT, NOMEM */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_compile(const char *text, size_t length, const tocsin_compile_options *options, tocsin_program **program,
               tocsin_diagnostics **diagnostics);

/* What options.dialect may be, in lower case: row `index`, or NULL past the last. */
TOCSIN_API const char *tocsin_dialect_get(size_t index);

/* Only the declared streams, or tables, of a text, without compiling its patterns:
 * what a host needs to open inputs. Calls found() for each; 0 from it stops. Errors
 * in the text are not reported here. */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_declared_streams(const char *text, size_t length, const tocsin_allocator *allocator,
                        int (*found)(void *context, const tocsin_stream *stream), void *context);
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_declared_tables(const char *text, size_t length, const tocsin_allocator *allocator,
                       int (*found)(void *context, const tocsin_stream *table), void *context);

/* A stream that a pattern reads and the text does not declare. */
typedef struct tocsin_undeclared {
  const char *name;
  const char *time; /* its column by which ORDER BY puts the rows in order first; NULL: there is none, or it is not told */
} tocsin_undeclared;

/* The streams that the host has to know so that a text compiles, once for each time that a
 * pattern reads one. Calls found() as tocsin_declared_streams() does. */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_undeclared_streams(const char *text, size_t length, const tocsin_allocator *allocator,
                          int (*found)(void *context, const tocsin_undeclared *stream), void *context);

/* Prints a text in the one canonical layout. *formatted is NUL-terminated, of
 * *formatted_length bytes, freed with tocsin_text_free(). */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_format(const char *text, size_t length, const tocsin_allocator *allocator, char **formatted,
              size_t *formatted_length, tocsin_diagnostics **diagnostics);

/* The text of one pattern, changed so that it gives the rows of its matches: what a host
 * needs to draw them. Instead of its own columns it gives all those of its rows and
 *   tocsin_label  CLASSIFIER(): the label under which the row was matched
 *   tocsin_match  MATCH_ID()
 * with ALL ROWS PER MATCH. A WHERE behind it, and the patterns behind it, are left out.
 *
 * pattern    its name; "" for a bare query
 * unmatched  not 0: WITH UNMATCHED ROWS, which not every AFTER MATCH allows
 * *changed is NUL-terminated, of *changed_length bytes, freed with tocsin_text_free()
 *
 * INVALID    the text has no such pattern, or errors of grammar */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_rows_text(const char *text, size_t length, const char *pattern, int unmatched, const tocsin_allocator *allocator,
                 char **changed, size_t *changed_length);

/* A program as a person reads it: automaton, registers, what is kept and why.
 * Freed with tocsin_text_free(). */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_explain(const tocsin_program *program, const tocsin_allocator *allocator, char **text, size_t *length);

typedef enum tocsin_picture { TOCSIN_PICTURE_SVG = 0, TOCSIN_PICTURE_DOT = 1 } tocsin_picture;

/* The automaton of a pattern, index below tocsin_program_pattern_count(), as a picture:
 * an SVG document, or a graph for graphviz. Freed with tocsin_text_free(). MISUSE, LIMIT, NOMEM. */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_draw(const tocsin_program *program, size_t pattern, tocsin_picture picture, const tocsin_allocator *allocator, char **text,
            size_t *length);

/* Frees a text that tocsin_format(), tocsin_rows_text(), tocsin_explain() or tocsin_draw() gave, by the same allocator. */
TOCSIN_API void tocsin_text_free(const tocsin_allocator *allocator, char *text, size_t length);

#ifdef __cplusplus
}
#endif
#endif
