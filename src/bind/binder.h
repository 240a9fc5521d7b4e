/* Inside of bind: the state that its files share.
 *
 *   scope.c     statements, streams, parameters, one query's clauses
 *   source.c    FROM: parts and their columns; source_time.c: their times
 *   table.c     tables, and joins with them
 *   shape.c     the pattern: labels, gaps, durations, and what is wrong with it
 *   expr.c      expressions: operators, types
 *   call.c      calls of scalar functions
 *   host.c      functions that the text declares
 *   row.c       navigation and aggregates: what an expression reads of a match
 *   over.c      window aggregates
 *   output.c    measures, SELECT, WHERE
 *   dialect.c   notes about other engines
 *   disjoint.c  whether two conditions exclude each other */
#ifndef TSN_BIND_BINDER_H
#define TSN_BIND_BINDER_H

#include "bind/bind.h"

typedef struct tsn_subset_def {
  const char *name;
  bool *has;
  tsn_span at;
} tsn_subset_def;

typedef struct tsn_bparam {
  const char *name;
  tsn_bx *value; /* NULL: unbound */
  tocsin_type type;
} tsn_bparam;

typedef struct tsn_binder {
  tsn_arena *arena;
  tsn_diag *diag;
  const char *text;
  const tocsin_compile_options *options;
  const tsn_script *script;
  tsn_bound_script *bound;
  tsn_bparam *params;
  size_t param_count;
  /* of the query at hand */
  tsn_bstream *shape; /* what FROM gives */
  tsn_bpart *part;    /* PLACE_SOURCE: the part at hand */
  const tsn_statement *statement;
  tsn_bound *query;
  size_t label_cap;
  tsn_subset_def *subsets;
  size_t subset_count;
  const tsn_label_set *universal;
  const tsn_name *relation; /* what SELECT calls the rows of MATCH_RECOGNIZE; NULL: nothing */
  bool too_many_labels;
  bool in_condition; /* of DEFINE or of a timer */
} tsn_binder;

/* Where an expression stands decides what it may read. */
typedef enum tsn_place {
  PLACE_CONSTANT, /* nothing */
  PLACE_SOURCE,   /* one raw row: inside FROM */
  PLACE_DEFINE,   /* the path and the candidate row */
  PLACE_TIMER,    /* the path */
  PLACE_MEASURE,  /* the match */
  PLACE_ROW,      /* one row: inside navigation and aggregates */
  PLACE_OUTER     /* the columns that MATCH_RECOGNIZE gives */
} tsn_place;

typedef struct tsn_context {
  tsn_binder *b;
  tsn_place place;
  tsn_semantics semantics; /* of the measure as a whole */
  const char *inside;      /* PLACE_ROW: the function around it, for messages */
  const tsn_label_set *set; /* PLACE_ROW: the rows that it speaks of; NULL until the first reference */
  tsn_span set_at;
  bool reads_label, aggregate;
  bool joining; /* PLACE_SOURCE: in ON, where the table's row is not known yet */
  const char *no_window; /* PLACE_SOURCE: why OVER cannot stand here: in WHERE ... */
} tsn_context;

/* expr.c: NULL where there were errors (said). */
tsn_bx *tsn_bind_expr(tsn_context *c, const tsn_expr *e);
/* The same as a condition: BOOLEAN. */
tsn_bx *tsn_bind_condition(tsn_context *c, const tsn_expr *e, const char *what);
/* Makes x of a type, where the language allows that without a CAST; else NULL, nothing said. */
tsn_bx *tsn_bind_coerce(tsn_binder *b, tsn_bx *x, tocsin_type type);
/* A constant of the type wanted (NULL type: any); says what is wrong with others. */
tsn_bx *tsn_bind_constant(tsn_binder *b, const tsn_expr *e);
tsn_bx *tsn_bx_new(tsn_binder *b, tsn_bx_kind kind, tocsin_type type, tsn_span at);
tsn_bx *tsn_bx_integer(tsn_binder *b, int64_t value, tocsin_type type, tsn_span at);

void tsn_bx_append(tsn_bx *parent, tsn_bx *arg);
/* Arithmetic by types, folded where both sides are constants. */
tsn_bx *tsn_bind_arithmetic(tsn_context *c, tsn_op op, tsn_bx *l, tsn_bx *r, tsn_span at);
/* Brings values to one type; false after saying why not. */
bool tsn_bind_unify(tsn_context *c, tsn_bx **values, size_t count, const char *what);
/* Says that an operator or function does not work on such types (r may be NULL); always NULL. */
tsn_bx *tsn_bind_wrong_types(tsn_context *c, tsn_span at, const char *op, const tsn_bx *l, const tsn_bx *r,
                             const char *hint);

/* call.c */
tsn_bx *tsn_bind_call(tsn_context *c, const tsn_expr *e);
/* A call whose arguments are bound; types them by the function's signature. */
tsn_bx *tsn_bind_function(tsn_context *c, tsn_function fn, tsn_span at, tsn_bx **args, size_t count);

/* Brings an argument to a type that a function takes; NULL after saying why not. */
tsn_bx *tsn_bind_argument(tsn_context *c, const char *function, tocsin_type type, tsn_bx *x);
/* Whether a name calls something of the language: a function, an aggregate, FIRST ... */
bool tsn_bind_is_known_call(const tsn_expr *e);

/* host.c */
void tsn_bind_declare_function(tsn_binder *b, const tsn_statement *s);
int tsn_bind_find_host(const tsn_binder *b, const tsn_name *name); /* -1: none */
tsn_bx *tsn_bind_host_call(tsn_context *c, const tsn_expr *e, size_t function);

/* row.c */
tsn_bx *tsn_bind_column(tsn_context *c, const tsn_expr *e);
/* Whether m of SELECT m.x, m.* means the rows of MATCH_RECOGNIZE; says what is wrong. */
bool tsn_bind_is_relation(tsn_binder *b, const tsn_name *qualifier);
/* Whether a call is one of FIRST LAST PREV NEXT CLASSIFIER, an aggregate, or a MATCH_ function. */
bool tsn_bind_is_row_call(const tsn_expr *e);
/* Whether RUNNING or FINAL may stand before e where it does; says why not. */
bool tsn_bind_semantics(tsn_context *c, const tsn_expr *e);
tsn_bx *tsn_bind_row_call(tsn_context *c, const tsn_expr *e);
const tsn_label_set *tsn_bind_label_set(tsn_binder *b, const tsn_name *name);
tsn_bx *tsn_bind_nav(tsn_binder *b, bool first, uint32_t offset, int64_t physical, const tsn_label_set *set, tsn_bx *value,
                     bool final, tsn_span at);
int tsn_bind_find_column(const tsn_bstream *s, const tsn_name *name);

/* source.c: false where nothing can be said of the rest. */
bool tsn_bind_source(tsn_binder *b, const tsn_query *query);
int tsn_bind_find_stream(const tsn_bound_script *s, const tsn_name *name);
void tsn_bind_unknown_column(tsn_binder *b, const tsn_bstream *shape, const tsn_name *name, tsn_span at);
/* Whether a qualifier, if there is one, is the source of the part at hand; says so where it is not. */
bool tsn_bind_names_source(tsn_binder *b, const tsn_name *qualifier);
tsn_bx *tsn_bind_source_column(tsn_context *c, const tsn_expr *e);
/* STREAM() of the part at hand. */
tsn_bx *tsn_bind_source_name(tsn_binder *b, tsn_span at);
tsn_bx *tsn_bind_raw_column(tsn_binder *b, const tsn_bpart *part, size_t column, tsn_span at);
/* Notes the raw columns behind those that the query needs. */
void tsn_bind_source_needs(tsn_binder *b);

/* table.c */
void tsn_bind_declare_table(tsn_binder *b, const tsn_statement *s);
bool tsn_bind_is_table(const tsn_bound_script *s, const tsn_name *name);
/* The table of LEFT JOIN; false where there is none, or none that can be joined. */
bool tsn_bind_find_table(tsn_binder *b, const tsn_name *name, tsn_bpart *part);
/* ON. */
void tsn_bind_join(tsn_binder *b, const tsn_part *p, tsn_bpart *part);

/* scope.c: the columns of a stream or a table; false: no memory. */
bool tsn_bind_declare_columns(tsn_binder *b, const tsn_statement *s, const char *what, tsn_bstream *out);
/* An aggregate: over the rows of a match, or, PLACE_SOURCE, over those of a window. */
bool tsn_bind_is_aggregate(const tsn_expr *e);
tsn_bx *tsn_bind_aggregate(tsn_context *c, const tsn_expr *e);

/* source_time.c */
/* The type of the event time that a part has by itself: of a WATERMARK, or the output time; NULL: none. */
tocsin_type tsn_bind_time_type(const tsn_bpart *part);
/* ORDER BY begins with the column of the shape: each part's event time. */
void tsn_bind_order_time(tsn_binder *b, int column);
/* Without ORDER BY: the column of the shape that is the time that each part has by itself; -1: none. */
int tsn_bind_declared_time(tsn_binder *b);
/* Whether a raw column is the event time of its part. */
bool tsn_bind_is_part_time(tsn_binder *b, const tsn_bpart *part, uint32_t column);

/* over.c */
tsn_bx *tsn_bind_over(tsn_context *c, const tsn_expr *e);
/* Whether windows are ordered by the event time, once that is known. */
void tsn_bind_window_orders(tsn_binder *b);

/* shape.c */
void tsn_bind_labels(tsn_binder *b, const tsn_clauses *clauses);
void tsn_bind_pattern(tsn_binder *b, const tsn_clauses *clauses);
void tsn_bind_check_pattern(tsn_binder *b, const tsn_clauses *clauses);
/* What durations are over a time of a type: INTERVAL, BIGINT or DOUBLE; "an INTERVAL". */
tocsin_type tsn_bind_duration_type(tocsin_type time);
const char *tsn_bind_duration_name(tocsin_type time);
/* A constant as one, as programs hold it (a DOUBLE by its order: base/time.h); false where it is none. */
bool tsn_bind_length(tsn_binder *b, tsn_bx *x, tocsin_type time, int64_t *out);
/* A duration of the time column's kind: INTERVAL for times, a number for numbers. */
bool tsn_bind_duration(tsn_binder *b, const tsn_expr *e, const char *what, int64_t *out);
/* Canonical name of a label: upper case unless quoted. */
const char *tsn_bind_label_name(tsn_binder *b, const tsn_name *name);
int tsn_bind_find_label(const tsn_binder *b, const char *name);

/* output.c */
void tsn_bind_outputs(tsn_binder *b, const tsn_query *query);

/* dialect.c: what the query at hand, which has no errors, means in options.dialect. */
void tsn_bind_dialect_notes(tsn_binder *b, const tsn_query *query);

/* disjoint.c: whether it can be told that no row satisfies the conditions of both labels. */
bool tsn_bind_disjoint(const tsn_bound *q, uint32_t a, uint32_t z);

static inline bool tsn_is_number(tocsin_type t) { return t == TOCSIN_BIGINT || t == TOCSIN_DOUBLE; }

#endif
