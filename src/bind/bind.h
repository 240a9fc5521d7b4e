/* Names and types: from the tree of words to a tree of meaning.
 *
 *   tsn_script --bind--> tsn_bound (one a pattern)
 *     parts        streams, and what they give to the columns of the query
 *     labels       by index; conditions over them
 *     pattern      tsn_bpat: labels by index, durations as numbers
 *     inner        what MATCH_RECOGNIZE gives; outputs: what SELECT makes of it
 *
 * Everything is typed; every coercion is explicit; all of it on the compile's
 * arena. Sources of the rules: the language page, sections 4 to 7. */
#ifndef TSN_BIND_BIND_H
#define TSN_BIND_BIND_H

#include "dsl/ast.h"
#include "program/program.h"
#include "program/tier.h"
#include "tocsin/compile.h"

typedef struct tsn_bx tsn_bx;

typedef enum tsn_bx_kind {
  BX_CONST,  /* is_null, or integer / real / text by type */
  BX_COLUMN, /* of the row at hand: index = column of the query's shape; of the raw row in a part of FROM */
  BX_LABEL,  /* the label of the row at hand */
  BX_ROWNUM, /* the number of the row at hand */
  BX_NAV,    /* nav */
  BX_AGG,    /* agg */
  BX_OVER,   /* agg, over the rows of a window: over */
  BX_MATCH,  /* index = tsn_match_value */
  BX_INNER,  /* index = inner column */
  BX_OP,     /* op, x; one or two args */
  BX_AND,
  BX_OR,
  BX_CASE, /* args: condition, value ...; otherwise */
  BX_CAST,
  BX_COALESCE,
  BX_CALL, /* index = tsn_function; x = the type that the open letters of its signature stand for */
  BX_HOST  /* index = declared function */
} tsn_bx_kind;

/* A set of labels: has[label] for the labels of the pattern; all: the universal row. */
typedef struct tsn_label_set {
  bool all;
  const bool *has;
  const char *name; /* of the label or subset; "" for all */
} tsn_label_set;

/* FIRST/LAST with an offset in the rows of a set, then so many physical rows on. */
typedef struct tsn_nav {
  bool first;
  uint32_t offset;
  int64_t physical; /* PREV: negative */
  const tsn_label_set *set;
  tsn_bx *value; /* over the row it leads to */
  bool final;
} tsn_nav;

typedef struct tsn_agg {
  tsn_aggregate kind;
  const tsn_label_set *set;
  tsn_bx *value;  /* NULL: COUNT(*) */
  tsn_bx *value2; /* the second argument: separator, key, part */
  bool distinct;
  bool final;
  tsn_span at;
} tsn_agg;

/* The rows of a window aggregate: expressions over raw columns. */
typedef struct tsn_bover {
  tsn_bx *keys, *last_key; /* list by next */
  tsn_frame_kind frame;
  int64_t begin, end; /* as in tsn_window_rec */
  uint32_t order;    /* raw column */
  tocsin_type order_type;
  tsn_span order_at;
  struct tsn_bover *next; /* of the part */
} tsn_bover;

struct tsn_bx {
  tsn_bx_kind kind;
  tocsin_type type;
  tsn_span at;
  tsn_bx *next;
  bool is_null, negated;
  int64_t integer;
  double real;
  const char *text;
  uint32_t length, index;
  tsn_opcode op;
  uint8_t x;
  tsn_bx *args, *last_arg; /* last_arg: for tsn_bx_append() */
  unsigned arg_count;
  tsn_bx *otherwise;
  const tsn_nav *nav;
  const tsn_agg *agg;
  const tsn_bover *over;
};

typedef enum tsn_bpat_kind {
  BPAT_EMPTY,
  BPAT_ROW,     /* label */
  BPAT_ABSENCE, /* labels */
  BPAT_TIMER,   /* labels; duration or duration_expr */
  BPAT_GAP,
  BPAT_SEQUENCE,
  BPAT_CHOICE,
  BPAT_REPEAT,
  BPAT_PERMUTE, /* two parts or more */
  BPAT_FIRST,
  BPAT_LAST
} tsn_bpat_kind;

typedef struct tsn_bpat tsn_bpat;
struct tsn_bpat {
  tsn_bpat_kind kind;
  tsn_span at;
  tsn_bpat *next, *items;
  uint32_t label;
  const uint32_t *labels; /* ABSENCE, TIMER */
  unsigned label_count;
  bool excluded; /* ROW inside {- -} */
  bool any, has_lo, has_hi;
  int64_t lo, hi;
  int64_t duration;
  tsn_bx *duration_expr; /* NULL: duration */
  uint32_t min, max;     /* max TSN_UNBOUNDED */
  bool greedy;
};

typedef struct tsn_blabel {
  const char *name;
  tsn_bx *condition; /* NULL: TRUE */
  tsn_span at;
  bool in_pattern; /* under a row of the pattern */
  bool in_absence; /* under ! */
} tsn_blabel;

typedef struct tsn_bstream {
  const char *what; /* "stream", "table" or "pattern", for messages */
  const char *name;
  size_t column_count;
  const tocsin_stream_column *columns;
  bool *needed;
  int event_time; /* by the WATERMARK clause, or by a pattern's ORDER BY; -1 */
  bool has_watermark;
  int64_t delay;
  tsn_span at;
  bool broken; /* its declaration has errors: what reads it is not looked at */
} tsn_bstream;

/* CREATE TABLE: the host loads it. */
typedef struct tsn_btable {
  tsn_bstream shape;
  uint32_t *keys; /* columns of PRIMARY KEY */
  size_t key_count;
} tsn_btable;

/* CREATE FUNCTION: the host supplies it. */
typedef struct tsn_bfunction {
  const char *name;
  tocsin_type *arguments, result;
  size_t argument_count;
  bool needed; /* something calls it */
  bool broken; /* its declaration has errors: calls of it are not looked at */
} tsn_bfunction;

typedef struct tsn_binner {
  const char *name;
  tocsin_type type;
  bool is_measure;
  tsn_bx *value; /* measure, or BX_COLUMN of the row */
} tsn_binner;

typedef struct tsn_boutput {
  const char *name;
  tsn_bx *value; /* over inner columns */
} tsn_boutput;

typedef struct tsn_border {
  uint32_t column;
  bool descending;
} tsn_border;

/* A part of FROM: what it gives to the shape of the query. */
typedef struct tsn_bpart {
  tsn_part_kind kind;
  uint32_t index; /* of the stream, or of the pattern before this one */
  uint32_t outputs; /* PART_PATTERN: of the pattern, with the details for the host, which raw does not show */
  tsn_bstream *raw;
  tsn_btable *table; /* joined; NULL: none. Its columns stand behind those of raw */
  uint32_t table_index;
  tsn_bx **keys; /* by key column of the table: its value, over columns of raw */
  bool joins;    /* something of the table is read */
  tsn_bx **values; /* by column of the shape, hidden ones too: over raw columns; NULL: the part lacks it */
  tsn_bx *where;   /* over raw columns */
  tsn_bover *overs; /* windows of its items */
  int time_column; /* raw; -1: none */
  bool has_watermark; /* of the time column */
  int64_t delay;
  tsn_span at;
} tsn_bpart;

/* How many columns the raw row has of its source; those of a table stand behind them. Behind the columns
 * of a pattern stands its output time. */
static inline size_t tsn_raw_own(const tsn_bpart *p) { return p->raw->column_count + (p->kind == PART_PATTERN); }

/* Columns of a query's shape that have no name: they stand behind column_count. */
enum { TSN_HIDDEN_STREAM, TSN_HIDDEN_TIME, TSN_HIDDEN };

typedef struct tsn_bound {
  const char *name;
  tsn_span at;
  tsn_bpart *parts;
  size_t part_count;
  const tsn_bstream *shape; /* the columns of the parts by name */
  bool *streams;            /* those whose rows can reach it, through other patterns too */
  tsn_bstream *output;      /* its output as a stream; NULL until a pattern reads it */
  bool broken;              /* there were errors: what reads it is not looked at */
  int time_column; /* of the shape; -1: none */
  tocsin_type time_type;
  uint32_t *keys;
  size_t key_count;
  tsn_window_kind window_kind;
  int64_t window;
  tsn_border *orders; /* after the time */
  size_t order_count;
  bool sorts_all; /* the first ORDER BY column is no time: rows are sorted when all are there */
  tsn_blabel *labels;
  size_t label_count;
  tsn_bpat *pattern;
  tsn_within_kind within_kind;
  int64_t within;
  tsn_skip_kind skip_kind;
  tsn_bx *skip_row;       /* SKIP TO: the number of the row */
  const char *skip_label; /* its name */
  bool sequential; /* MATCH_NUMBER() in a condition */
  bool skip_miss_next;
  bool drops; /* on_limit = 'drop oldest' */
  tsn_tier tier; /* that was asked for, */
  tsn_span tier_at; /* there */
  bool traced;  /* a host wants to be told what paths do */
  bool bounded; /* the input ends: a wait that ends with it needs no warning */
  bool all_rows, timeouts;
  tsn_empty_kind empty_kind;
  tsn_binner *inner;
  size_t inner_count;
  tsn_boutput *outputs;
  size_t output_count;
  size_t selected; /* outputs that SELECT gives; behind them stand details for the host */
  tsn_bx *where;
  const char *text; /* the query as written, for the fingerprint */
  size_t text_length;
} tsn_bound;

typedef struct tsn_bound_script {
  const char *text; /* of the whole script */
  tsn_bstream *streams;
  size_t stream_count;
  tsn_btable *tables;
  size_t table_count;
  tsn_bfunction *functions;
  size_t function_count;
  tsn_bound **patterns;
  size_t pattern_count;
} tsn_bound_script;

/* The names that options.dialect may have; NULL past the last. */
const char *tsn_bind_dialect(size_t index);

/* Whether a test holds anywhere in an expression: of its parts, and of what navigation, aggregates
 * and windows in it look at. x may be NULL. */
bool tsn_bx_any(const tsn_bx *x, bool (*holds)(const tsn_bx *x, const void *context), const void *context);

/* Binds every pattern of a script. Findings go to diag; OK even then. NOMEM;
 * MISUSE: nobody knows options.dialect. */
tocsin_status tsn_bind(tsn_arena *arena, const tsn_script *script, const char *text,
                       const tocsin_compile_options *options, tsn_diag *diag, tsn_bound_script **out);

#endif
