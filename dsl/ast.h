/* The tree of a pattern text: words and their places, no meaning.
 *
 *   tsn_script
 *     streams, tables, parameters, functions, patterns   (in order of the text)
 *       tsn_query  SELECT items FROM source MATCH_RECOGNIZE ( clauses ) WHERE
 *         tsn_expr      expressions
 *         tsn_pat       the pattern
 *
 * Everything lies on one arena; lists are singly linked in order of the text.
 * Kinds are rows of ast.def. The printer (format.h) needs nothing else, so
 * what it must repeat (quotes, forms of literals) is kept. */
#ifndef TSN_DSL_AST_H
#define TSN_DSL_AST_H

#include "base/arena.h"
#include "dsl/diag.h"
#include "tocsin/batch.h"

/* A name as written. text is without quotes and with "" undone. Unquoted names
 * are not folded here: quoted tells. */
typedef struct tsn_name {
  const char *text; /* NULL: absent */
  uint32_t length;
  bool quoted;
  tsn_span at;
} tsn_name;

/* ---- expressions ---- */

typedef enum tsn_expr_kind {
  EXPR_NULL,
  EXPR_BOOLEAN,   /* integer: 0 or 1 */
  EXPR_INTEGER,   /* integer; a literal too large for int64 is an error, but see negative */
  EXPR_DECIMAL,   /* real; written with '.' or exponent */
  EXPR_STRING,    /* text, length */
  EXPR_INTERVAL,  /* integer: microseconds; both INTERVAL '..' UNIT and 90 MINUTES */
  EXPR_TIMESTAMP, /* TIMESTAMP '...': integer microseconds */
  EXPR_PARAMETER, /* name */
  EXPR_COLUMN,    /* name, or qualifier.name */
  EXPR_STAR,      /* *, or qualifier.*: only as the argument of COUNT, and as a select item */
  EXPR_UNARY,     /* op: TSN_OP_NEG TSN_OP_PLUS TSN_OP_NOT; args: 1 */
  EXPR_BINARY,    /* op; args: 2 */
  EXPR_IS_NULL,   /* args: 1; negated */
  EXPR_IS_BOOL,   /* x IS [NOT] TRUE/FALSE: integer 1/0; args 1; negated */
  EXPR_DISTINCT,  /* x IS [NOT] DISTINCT FROM y; args 2; negated: IS NOT */
  EXPR_BETWEEN,   /* args: x, low, high; negated */
  EXPR_IN,        /* args: x, then the list; negated */
  EXPR_LIKE,      /* args: x, pattern [, escape]; op: LIKE, ILIKE, REGEXP; negated */
  EXPR_CASE,      /* operand (may be NULL) in `operand`; args: when, then, when, then ...; otherwise in `otherwise` */
  EXPR_CAST,      /* args: 1; type */
  EXPR_CALL       /* name ( [DISTINCT] args ) [OVER (window)]; also FIRST LAST PREV NEXT CLASSIFIER ... */
} tsn_expr_kind;

typedef enum tsn_op {
  TSN_OP_NONE,
  TSN_OP_NEG, TSN_OP_PLUS, TSN_OP_NOT,
  TSN_OP_ADD, TSN_OP_SUB, TSN_OP_MUL, TSN_OP_DIV, TSN_OP_MOD, TSN_OP_CONCAT,
  TSN_OP_EQ, TSN_OP_NE, TSN_OP_LT, TSN_OP_LE, TSN_OP_GT, TSN_OP_GE,
  TSN_OP_AND, TSN_OP_OR,
  TSN_OP_LIKE, TSN_OP_ILIKE, TSN_OP_REGEXP
} tsn_op;

typedef enum tsn_semantics { SEMANTICS_NONE, SEMANTICS_RUNNING, SEMANTICS_FINAL } tsn_semantics;

typedef struct tsn_expr tsn_expr;

/* Where a frame begins or ends. */
typedef enum tsn_bound_kind {
  BOUND_UNBOUNDED_PRECEDING,
  BOUND_PRECEDING, /* distance */
  BOUND_CURRENT,
  BOUND_FOLLOWING, /* distance */
  BOUND_UNBOUNDED_FOLLOWING
} tsn_bound_kind;

typedef struct tsn_bound_at {
  tsn_bound_kind kind;
  tsn_expr *distance;
  tsn_span at;
} tsn_bound_at;

struct tsn_order;

/* OVER (PARTITION BY k, ... ORDER BY t ROWS n PRECEDING | RANGE BETWEEN d PRECEDING AND CURRENT ROW) */
typedef struct tsn_over {
  tsn_expr *partition; /* list by next */
  struct tsn_order *order;
  bool framed;  /* ROWS or RANGE was written */
  bool range;   /* RANGE, else ROWS */
  bool between; /* both ends were written; else the last row is the current one */
  tsn_bound_at begin, end;
  tsn_span at;
} tsn_over;

struct tsn_expr {
  tsn_expr_kind kind;
  tsn_span at; /* from first to last token */
  tsn_expr *next;
  tsn_name qualifier, name;
  int64_t integer;
  double real;
  const char *text; /* STRING; also the spelling of numbers, intervals and timestamps, as written */
  uint32_t length;
  tsn_op op;
  bool negated, distinct;
  tocsin_type type;        /* CAST */
  tsn_semantics semantics; /* RUNNING / FINAL in front of a call or column */
  tsn_expr *args;          /* list by next */
  unsigned arg_count;
  tsn_expr *operand, *otherwise; /* CASE */
  tsn_over *over;
  bool parenthesised; /* written in ( ): the printer keeps the author's choice where it matters */
  uint32_t depth;     /* of the tree from here, 1 for a leaf; the reader sees to it that it stays below a limit */
};

/* ---- patterns ---- */

typedef enum tsn_pat_kind {
  PAT_EMPTY,    /* () */
  PAT_LABEL,    /* name, name[condition] */
  PAT_ABSENCE,  /* !x, !(x | y), !x{d}: items: the labels (PAT_LABEL each); duration or NULL */
  PAT_GAP,      /* -> or ->>, with lo, hi */
  PAT_SEQUENCE, /* items in order */
  PAT_CHOICE,   /* items: the alternatives */
  PAT_GROUP,    /* ( items[0] ): kept for printing; one item */
  PAT_REPEAT,   /* items[0] with quantifier */
  PAT_PERMUTE,  /* items */
  PAT_EXCLUDE,  /* {- items[0] -} */
  PAT_START,    /* ^ */
  PAT_END       /* $ */
} tsn_pat_kind;

typedef struct tsn_pat tsn_pat;
struct tsn_pat {
  tsn_pat_kind kind;
  tsn_span at;
  tsn_pat *next;
  tsn_pat *items, *last_item;
  unsigned item_count;
  tsn_name name;
  tsn_expr *condition; /* label[condition] */
  tsn_expr *duration;  /* !x{d} */
  bool any;            /* GAP: ->> */
  bool bounded;        /* GAP: { } was written */
  tsn_expr *lo, *hi;   /* GAP bounds, NULL where missing */
  int64_t min, max;    /* REPEAT; max -1: unbounded; min 0 and lo_missing for {,m} */
  bool reluctant;
  char quantifier; /* '*', '+', '?', or '{' as written */
  bool min_missing, max_missing, exact; /* {,m} {n,} {n}: for the printer */
};

/* ---- queries ---- */

typedef struct tsn_item { /* select item, measure */
  tsn_expr *expr;
  tsn_name alias; /* text NULL: none */
  tsn_semantics semantics; /* a measure's RUNNING / FINAL */
  tsn_span at;
  struct tsn_item *next;
} tsn_item;

typedef enum tsn_key_kind { KEY_COLUMN, KEY_SESSION, KEY_TUMBLE } tsn_key_kind;
typedef struct tsn_key { /* PARTITION BY item */
  tsn_key_kind kind;
  tsn_expr *expr; /* KEY_COLUMN: a column; else the duration */
  tsn_span at;
  struct tsn_key *next;
} tsn_key;

typedef struct tsn_order {
  tsn_expr *expr;
  bool descending, direction_written;
  struct tsn_order *next;
} tsn_order;

typedef struct tsn_subset {
  tsn_name name;
  tsn_pat *labels; /* PAT_LABEL list by next */
  tsn_span at;
  struct tsn_subset *next;
} tsn_subset;

typedef struct tsn_define {
  tsn_name name;
  tsn_expr *condition;
  tsn_span at;
  struct tsn_define *next;
} tsn_define;

typedef enum tsn_skip { SKIP_DEFAULT, SKIP_PAST_LAST, SKIP_TO_NEXT, SKIP_TO_FIRST, SKIP_TO_LAST, SKIP_NONE } tsn_skip;
typedef enum tsn_rows { ROWS_DEFAULT, ROWS_ONE, ROWS_ALL } tsn_rows;
typedef enum tsn_empty { EMPTY_DEFAULT, EMPTY_SHOW, EMPTY_OMIT, EMPTY_UNMATCHED } tsn_empty;

/* MATCH_RECOGNIZE ( ... ). A clause given twice is an error of the grammar;
 * *_at are the places of the clauses ({0,0}: absent). */
typedef struct tsn_clauses {
  tsn_key *keys;
  tsn_order *orders;
  tsn_item *measures;
  tsn_rows rows;
  tsn_empty empty;
  bool timeouts;
  tsn_skip skip;
  bool skip_bare; /* SKIP TO label, without FIRST or LAST */
  tsn_name skip_label;
  tsn_pat *pattern;
  tsn_expr *within; /* a duration, or a count when within_rows */
  bool within_rows;
  tsn_subset *subsets;
  tsn_define *defines;
  tsn_span keys_at, orders_at, measures_at, rows_at, empty_at, timeouts_at, skip_at;
  tsn_span pattern_at, within_at, subsets_at, defines_at;
  tsn_span at;
} tsn_clauses;

/* part := stream | SELECT items FROM stream [LEFT JOIN table ON a = b] [WHERE condition] */
typedef struct tsn_part {
  tsn_name stream;
  bool selects; /* a SELECT was written */
  tsn_item *items;
  tsn_name join; /* text NULL: none */
  tsn_expr *on, *where;
  tsn_span at;
  struct tsn_part *next;
} tsn_part;

typedef struct tsn_query {
  tsn_item *items; /* a lone EXPR_STAR for SELECT * */
  tsn_part *parts; /* more than one: UNION ALL BY NAME */
  bool parts_parenthesised;
  tsn_clauses *clauses;
  tsn_name alias;
  tsn_expr *where;
  tsn_span at;
} tsn_query;

/* ---- statements ---- */

typedef struct tsn_column_decl {
  tsn_name name;
  tocsin_type type;
  const char *type_text; /* as written, upper-cased by the printer */
  bool not_null, primary_key;
  const char *path; /* NULL: none */
  tsn_span path_at;
  tocsin_unit unit;
  tsn_span unit_at;
  tsn_span at;
  struct tsn_column_decl *next;
} tsn_column_decl;

typedef struct tsn_watermark {
  tsn_name column;
  tsn_name source; /* the column on the right side of AS */
  tsn_expr *delay; /* NULL: none was subtracted */
  tsn_span at;
} tsn_watermark;

typedef struct tsn_option { /* WITH (name = value) */
  tsn_name name;
  tsn_expr *value;
  tsn_span at;
  struct tsn_option *next;
} tsn_option;

typedef struct tsn_type_ref {
  tocsin_type type;
  const char *text;
  tsn_span at;
  struct tsn_type_ref *next;
} tsn_type_ref;

typedef enum tsn_statement_kind {
  STATEMENT_STREAM,
  STATEMENT_TABLE,
  STATEMENT_PARAMETER,
  STATEMENT_FUNCTION,
  STATEMENT_PATTERN,
  STATEMENT_QUERY
} tsn_statement_kind;

typedef struct tsn_statement {
  tsn_statement_kind kind;
  tsn_name name;
  tsn_span at;
  bool broken; /* the reader found errors in it: parts of the tree may be missing */
  struct tsn_statement *next;
  tsn_column_decl *columns;  /* STREAM, TABLE */
  tsn_watermark *watermark;  /* STREAM; NULL: none */
  tsn_expr *primary_key;     /* TABLE: columns, list by next */
  tsn_type_ref *types;       /* PARAMETER: its type; FUNCTION: its arguments */
  tsn_type_ref *returns;     /* FUNCTION */
  tsn_expr *default_value;   /* PARAMETER */
  tsn_option *options;       /* PATTERN */
  tsn_query *query;          /* PATTERN, QUERY */
} tsn_statement;

typedef struct tsn_script {
  tsn_statement *statements;
} tsn_script;

/* Reads a text. Findings go to diag; the tree holds what could be read (never
 * NULL on OK). OK even with errors in diag: look there. NOMEM, LIMIT. */
tocsin_status tsn_parse(tsn_arena *arena, const char *text, size_t length, tsn_diag *diag, tsn_script **script);

/* Prints the tree of a text without errors in the canonical layout, comments kept. */
tocsin_status tsn_format_script(const tsn_script *script, const char *text, size_t length, tsn_bytes *out);

/* Prints one expression or pattern on one line (messages, explain). */
void tsn_print_expr(const tsn_expr *e, tsn_bytes *out);
void tsn_print_pat(const tsn_pat *p, tsn_bytes *out);

/* Whether two names are one: quoted compare exactly, unquoted by ASCII case. A
 * quoted and an unquoted name compare exactly against the unquoted one's upper
 * case (labels) - see tsn_label_same - or, for columns, any case (tsn_column_same). */
bool tsn_column_same(const tsn_name *name, const char *column);
bool tsn_label_same(const tsn_name *a, const tsn_name *b);

#endif
