/* The state of one reading: shared by lexer.l, tokens.c, grammar.y, errors.c
 * and the constructors of ast.c and literals.c; no one else includes it.
 *
 *   text -> lexer.l -> raw tokens -> tokens.c -> tokens -> grammar.y -> ast.c -> tree
 *                                    brackets,             errors.c
 *                                    recovery              says what was expected */
#ifndef TSN_DSL_READER_H
#define TSN_DSL_READER_H

#include "dsl/ast.h"

#define TSN_TEXT_MAX ((size_t)16 << 20) /* bytes of a text */
#define TSN_NEST_MAX 500                /* brackets within brackets */
#define TSN_DEPTH_MAX 1000              /* of an expression tree: what recursion on it may count on */

#define TOKEN_BAD 256 /* of every bison: recover, a message was given */

/* A word or sign. kind: a token of grammar.h. */
typedef struct tsn_token {
  int kind;
  tsn_span at;
  bool short_units; /* stands where S, MS ... are units */
  bool added;       /* not in the text: closes what was left open */
} tsn_token;

typedef struct tsn_comment {
  tsn_span at;
  struct tsn_comment *next;
} tsn_comment;

/* An open bracket. */
typedef struct tsn_open {
  int kind; /* ( [ { or TOK_EXCLUDE */
  uint32_t at;
  bool clauses; /* the ( after MATCH_RECOGNIZE */
  bool pattern; /* labels stand here, not expressions */
  bool region;  /* a list of items that the grammar can recover in */
} tsn_open;

/* What stands between the brackets of CREATE STREAM and CREATE TABLE: one of the three. */
typedef struct tsn_bounds {
  tsn_expr *lo, *hi;
} tsn_bounds;

typedef struct tsn_element {
  tsn_column_decl *column;
  tsn_watermark *watermark;
  tsn_expr *primary_key;
  tsn_span at;
  struct tsn_element *next;
} tsn_element;

/* ---- lists in order of the text ---- */
#define TSN_LIST(name)                                                             \
  typedef struct tsn_##name##_list {                                               \
    tsn_##name *first, *last;                                                      \
  } tsn_##name##_list;                                                             \
  static inline tsn_##name##_list tsn_##name##_add(tsn_##name##_list l, tsn_##name *node) \
  {                                                                                \
    if (!node) return l;                                                           \
    if (l.last) l.last->next = node;                                               \
    else l.first = node;                                                           \
    l.last = node;                                                                 \
    return l;                                                                      \
  }                                                                                \
  static inline tsn_##name##_list tsn_##name##_one(tsn_##name *node)               \
  {                                                                                \
    return (tsn_##name##_list){ node, node };                                      \
  }

TSN_LIST(expr)
TSN_LIST(pat)
TSN_LIST(item)
TSN_LIST(key)
TSN_LIST(order)
TSN_LIST(subset)
TSN_LIST(define)
TSN_LIST(part)
TSN_LIST(column_decl)
TSN_LIST(option)
TSN_LIST(type_ref)
TSN_LIST(element)
TSN_LIST(statement)

typedef struct tsn_reader {
  tsn_arena *arena;
  tsn_diag *diag;
  const char *text;
  size_t length;
  bool bad_utf8;

  /* lexer.l */
  char *copy; /* of the text, with two NULs behind it: the scanner writes into it */
  void *scanner;
  max_align_t block[1024 / sizeof(max_align_t)];
  size_t block_used;
  uint32_t raw_from;
  bool raw_end;
  bool keep_comments;
  tsn_comment *comments, *last_comment;

  /* tokens.c */
  tsn_token ahead[3]; /* raw tokens read before their turn */
  unsigned ahead_count;
  tsn_open open[TSN_NEST_MAX];
  unsigned depth;
  unsigned braces;   /* how many of the open brackets are { */
  bool declaring;    /* in CREATE STREAM and its like, which hold no expressions to speak of */
  bool within;       /* behind WITHIN, where abbreviated units are known */
  bool recovering;      /* an error was reported, and its region has not ended */
  unsigned region;      /* how many brackets are open around that region */
  uint64_t stale;       /* which token was the error and lies deeper than that */
  uint64_t quiet_until; /* errors up to this token follow from one that was reported */
  tsn_open closed;      /* the bracket closed last */
  bool behind;          /* the ) of MATCH_RECOGNIZE lies before, in this statement */
  tsn_token current; /* the token given last */
  unsigned current_depth; /* how many brackets were open before it */
  tsn_token last[8]; /* those of the text so far, newest first: "after `PARTITION BY`" */
  unsigned last_count;
  tsn_token added_for; /* the token in the text before which tokens were added */
  tsn_diag_code added_code;
  bool added_pending;
  uint32_t added_at; /* its place + 1: one finding a place */
  tsn_open added_open; /* the bracket left open, where added_code says so */
  uint64_t given, resumed; /* tokens given so far; at which of them the last region ended */
  bool limit; /* a limit was reached and reported: the text counts as ended */

  /* grammar.y */
  tsn_expr *too_large; /* integer literals of 2^63, in want of a minus; linked by otherwise */
  tsn_statement_list statements;
  size_t statement_findings; /* errors before the statement */
  tsn_clauses *clauses;      /* of the query that is being read */
  tsn_span *last_clause;     /* the place of its clause before */
} tsn_reader;

typedef enum tsn_keyword_class { KEYWORD_RESERVED, KEYWORD_NAME, KEYWORD_CALL, KEYWORD_PREFIX } tsn_keyword_class;
typedef struct tsn_keyword {
  const char *text;
  int token;
  tsn_keyword_class class;
} tsn_keyword;

const tsn_keyword *tsn_keyword_find(const char *text, size_t length);
const tsn_keyword *tsn_keyword_of(int token); /* NULL: no keyword */
const tsn_keyword *tsn_keyword_at(size_t index); /* NULL: past the last */

bool tsn_opens_clause(int token); /* PARTITION, DEFINE ... */
bool tsn_is_word(tsn_token t);    /* no quotes, and not reserved */

/* ---- parse.c ---- */
tsn_reader *tsn_reader_new(tsn_arena *arena, const char *text, size_t length, tsn_diag *diag); /* NULL: no memory */

/* ---- lexer.l ---- */
bool tsn_lex_begin(tsn_reader *r);
tsn_token tsn_lex_next(tsn_reader *r);

/* ---- tokens.c ---- */
void tsn_reader_comment(tsn_reader *r, tsn_span at);
void tsn_reader_failed(tsn_reader *r); /* the grammar did not expect the token given last */
void tsn_reader_reopen(tsn_reader *r); /* ... behind a bracket that it takes as open still */
bool tsn_reader_stale(const tsn_reader *r); /* whether that token has to go: it ends no item here */
bool tsn_reader_resume(tsn_reader *r); /* the grammar found its feet again; false: just here it did before */
int tsn_reader_peek(tsn_reader *r);    /* the kind of the token in the text behind the one given last */
void tsn_reader_limit(tsn_reader *r, tsn_diag_code code, tsn_span at, const char *what, unsigned most);
tsn_token tsn_reader_token(tsn_reader *r);

/* ---- literals.c: words and signs to values. at: where the token stands ---- */
tsn_name tsn_read_name(tsn_reader *r, tsn_token t);
const char *tsn_read_text(tsn_reader *r, tsn_span at, uint32_t *length); /* without its quotes; NULL: no memory */
char *tsn_read_upper(tsn_reader *r, tsn_token t);                        /* a word in upper case */
tsn_expr *tsn_read_number(tsn_reader *r, tsn_span at, bool decimal);
tsn_expr *tsn_read_string(tsn_reader *r, tsn_span at);
tsn_expr *tsn_read_duration(tsn_reader *r, tsn_span at, tsn_span number, tsn_token unit);
tsn_expr *tsn_read_interval(tsn_reader *r, tsn_span at, tsn_span text, tsn_token from, tsn_token to);
tsn_expr *tsn_read_timestamp(tsn_reader *r, tsn_span at, tsn_span text);
tsn_type_ref *tsn_read_type(tsn_reader *r, tsn_span at, tsn_token name);
tocsin_unit tsn_read_unit(tsn_reader *r, tsn_token t);
int64_t tsn_read_count(tsn_reader *r, tsn_span at, bool negative); /* -2: it was an error */
bool tsn_token_is(const tsn_reader *r, tsn_token t, const char *word); /* without quotes, in any case */
bool tsn_names_unit(const tsn_reader *r, tsn_token t); /* a unit of time, not abbreviated */

/* ---- ast.c: expressions ---- */
tsn_expr *tsn_expr_leaf(tsn_reader *r, tsn_expr_kind kind, tsn_span at, int64_t integer);
tsn_expr *tsn_expr_column(tsn_reader *r, tsn_span at, tsn_token qualifier, tsn_token name);
tsn_expr *tsn_expr_star(tsn_reader *r, tsn_span at, tsn_token qualifier);
tsn_expr *tsn_expr_parameter(tsn_reader *r, tsn_span at, tsn_token name);
tsn_expr *tsn_expr_word(tsn_reader *r, tsn_token word);
tsn_expr *tsn_expr_blank(tsn_reader *r, tsn_span at);
tsn_expr *tsn_expr_group(tsn_reader *r, tsn_span at, tsn_expr *x);
tsn_expr *tsn_expr_unary(tsn_reader *r, tsn_span at, tsn_op op, tsn_expr *x);
tsn_expr *tsn_expr_binary(tsn_reader *r, tsn_span at, tsn_op op, tsn_expr *x, tsn_expr *y);
tsn_expr *tsn_expr_is(tsn_reader *r, tsn_span at, tsn_expr_kind kind, bool negated, tsn_expr *x, int64_t truth);
tsn_expr *tsn_expr_test(tsn_reader *r, tsn_span at, tsn_expr_kind kind, bool negated, tsn_op op, tsn_expr *x,
                        tsn_expr *y, tsn_expr *z);
tsn_expr *tsn_expr_in(tsn_reader *r, tsn_span at, bool negated, tsn_expr *x, tsn_expr_list list);
tsn_expr *tsn_expr_case(tsn_reader *r, tsn_span at, tsn_expr *operand, tsn_expr_list branches, tsn_expr *otherwise);
tsn_expr *tsn_expr_cast(tsn_reader *r, tsn_span at, tsn_expr *x, tsn_type_ref *type);
tsn_expr *tsn_expr_call(tsn_reader *r, tsn_span at, tsn_token name, bool distinct, tsn_expr_list args);
tsn_expr *tsn_expr_form(tsn_reader *r, tsn_span at, tsn_token name, tsn_expr *x, tsn_expr *y, tsn_expr *z);
tsn_expr *tsn_expr_semantics(tsn_reader *r, tsn_span at, tsn_semantics semantics, tsn_expr *x);
tsn_expr *tsn_expr_over(tsn_reader *r, tsn_span at, tsn_expr *call, tsn_over *over);
tsn_over *tsn_over_new(tsn_reader *r);
tsn_over *tsn_over_frame(tsn_reader *r, bool range, bool between, tsn_bound_at begin, tsn_bound_at end);
tsn_over *tsn_over_end(tsn_over *over, tsn_span at, tsn_expr_list partition, tsn_order_list order);

/* ---- ast_pattern.c: patterns ---- */
tsn_pat *tsn_pat_leaf(tsn_reader *r, tsn_pat_kind kind, tsn_span at);
tsn_pat *tsn_pat_label(tsn_reader *r, tsn_span at, tsn_token name, tsn_expr *condition);
tsn_pat *tsn_pat_sequence(tsn_reader *r, tsn_span at, tsn_pat *left, tsn_pat *item);
tsn_pat *tsn_pat_choice(tsn_reader *r, tsn_span at, tsn_pat *left, tsn_pat *right);
tsn_pat *tsn_pat_side(tsn_reader *r, tsn_span bar);
tsn_pat *tsn_pat_commas(tsn_reader *r, tsn_span at, tsn_span comma, tsn_pat *left, tsn_pat *right);
tsn_pat *tsn_pat_nothing(tsn_reader *r, tsn_span open, tsn_span close);
tsn_pat *tsn_pat_around(tsn_reader *r, tsn_pat_kind kind, tsn_span at, tsn_pat_list items);
tsn_pat *tsn_pat_absence(tsn_reader *r, tsn_span at, tsn_pat_list labels, tsn_expr *duration);
tsn_pat *tsn_pat_gap(tsn_reader *r, tsn_span at, bool any);
tsn_pat *tsn_pat_gap_bounds(tsn_pat *gap, tsn_bounds bounds);
tsn_bounds tsn_bounds_comma(tsn_reader *r, tsn_span at, tsn_expr *only);
tsn_pat *tsn_pat_quantifier(tsn_reader *r, tsn_span at, char sign, int64_t min, int64_t max);
tsn_pat *tsn_pat_bounds(tsn_reader *r, tsn_span at, int64_t min, int64_t max, bool exact);
tsn_pat *tsn_pat_reluctant(tsn_pat *quantifier);
tsn_pat *tsn_pat_repeat(tsn_span at, tsn_pat *x, tsn_pat *quantifier);
tsn_pat *tsn_pat_unquantified(tsn_reader *r, tsn_span quantifier, tsn_pat *x);

/* ---- ast_query.c: clauses, queries, statements ---- */
tsn_item *tsn_item_new(tsn_reader *r, tsn_span at, tsn_expr *expr, tsn_token alias);
tsn_item *tsn_item_unnamed(tsn_reader *r, tsn_span at, tsn_expr *expr);
tsn_key *tsn_key_new(tsn_reader *r, tsn_span at, tsn_key_kind kind, tsn_expr *expr);
tsn_order *tsn_order_new(tsn_reader *r, tsn_expr *expr, tsn_token direction);
tsn_subset *tsn_subset_new(tsn_reader *r, tsn_span at, tsn_token name, tsn_pat_list labels);
tsn_define *tsn_define_new(tsn_reader *r, tsn_span at, tsn_token name, tsn_expr *condition);
tsn_option *tsn_option_new(tsn_reader *r, tsn_span at, tsn_token name, tsn_expr *value);

tsn_part *tsn_part_stream(tsn_reader *r, tsn_span at, tsn_token stream);
tsn_part *tsn_part_select(tsn_reader *r, tsn_span at, tsn_item_list items, tsn_token stream);
tsn_part *tsn_part_join(tsn_reader *r, tsn_part *p, tsn_span at, tsn_span word, tsn_token table, tsn_expr *on);
tsn_part *tsn_part_where(tsn_reader *r, tsn_part *p, tsn_span at, tsn_span word, tsn_expr *where);

/* from, to: the first and last token of the clause. */
void tsn_clause_keys(tsn_reader *r, tsn_span from, tsn_span to, tsn_key_list keys);
void tsn_clause_orders(tsn_reader *r, tsn_span from, tsn_span to, tsn_order_list orders);
void tsn_clause_measures(tsn_reader *r, tsn_span from, tsn_span to, tsn_item_list measures);
void tsn_clause_rows(tsn_reader *r, tsn_span from, tsn_span to, tsn_rows rows);
void tsn_clause_empty(tsn_reader *r, tsn_span from, tsn_span to, tsn_empty empty);
void tsn_clause_timeouts(tsn_reader *r, tsn_span from, tsn_span to);
void tsn_clause_skip(tsn_reader *r, tsn_span from, tsn_span to, tsn_skip skip, bool bare, tsn_token label);
void tsn_clause_seek(tsn_reader *r, tsn_span at);
void tsn_clause_pattern(tsn_reader *r, tsn_span from, tsn_span to, tsn_pat *pattern);
void tsn_clause_within(tsn_reader *r, tsn_span from, tsn_span to, tsn_expr *within, bool rows);
void tsn_clause_subsets(tsn_reader *r, tsn_span from, tsn_span to, tsn_subset_list subsets);
void tsn_clause_defines(tsn_reader *r, tsn_span from, tsn_span to, tsn_define_list defines);
tsn_clauses *tsn_clauses_end(tsn_reader *r, tsn_span from, tsn_span to);

tsn_query *tsn_query_source(tsn_reader *r, tsn_part_list parts, bool parenthesised);
tsn_query *tsn_query_new(tsn_reader *r, tsn_span at, tsn_item_list items, tsn_query *source, tsn_clauses *clauses);
tsn_query *tsn_query_alias(tsn_reader *r, tsn_query *q, tsn_span at, tsn_token alias);
tsn_query *tsn_query_where(tsn_query *q, tsn_span at, tsn_expr *where);

tsn_element *tsn_element_new(tsn_reader *r, tsn_span at, tsn_column_decl *column, tsn_watermark *watermark,
                             tsn_expr *primary_key);
tsn_watermark *tsn_watermark_new(tsn_reader *r, tsn_span at, tsn_token column, tsn_token source, tsn_expr *delay);
tsn_column_decl *tsn_column_new(tsn_reader *r, tsn_span at, tsn_token name, tsn_type_ref *type);
tsn_column_decl *tsn_column_not_null(tsn_reader *r, tsn_column_decl *c, tsn_span at, tsn_span word);
tsn_column_decl *tsn_column_primary_key(tsn_reader *r, tsn_column_decl *c, tsn_span at, tsn_span word);
tsn_column_decl *tsn_column_path(tsn_reader *r, tsn_column_decl *c, tsn_span at, tsn_span word, tsn_span path);
tsn_column_decl *tsn_column_unit(tsn_reader *r, tsn_column_decl *c, tsn_span at, tsn_span word, tsn_token unit);

tsn_statement *tsn_statement_shape(tsn_reader *r, tsn_span at, tsn_statement_kind kind, tsn_token name,
                                   tsn_element_list elements);
tsn_statement *tsn_statement_parameter(tsn_reader *r, tsn_span at, tsn_token name, tsn_type_ref *type,
                                       tsn_expr *default_value);
tsn_statement *tsn_statement_function(tsn_reader *r, tsn_span at, tsn_token name, tsn_type_ref_list types,
                                      tsn_type_ref *returns);
tsn_statement *tsn_statement_pattern(tsn_reader *r, tsn_span at, tsn_token name, tsn_option_list options,
                                     tsn_query *query);
void tsn_script_add(tsn_reader *r, tsn_statement *statement);

#endif
