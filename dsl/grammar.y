/* The grammar of the language page, sections 3 to 5: words to a tree, no meaning.
 *
 * Actions are one line each: constructors on the arena (reader.h), which cannot
 * leak and of which none fails on a NULL. `error` stands where a region ends in
 * a way that can be told (statement, clause, item, bracket); `resume` closes it. */
%code requires {
#include "dsl/reader.h"
}

%code {
#include "dsl/errors.h"

#define YYINITDEPTH 5000 /* on the stack of the caller, and no more: deep nesting is a limit, not memory */
#define YYMAXDEPTH YYINITDEPTH
/* The exploring stack of parse.lac starts on the stack too, and is never as high as it may be there. */
#define YYMALLOC(size) ((void)(size), NULL)
#define YYFREE(block) ((void)(block))
#define DROP_TOKEN do { yyclearin; YY_LAC_DISCARD("stale token"); } while (0)
#define YYLLOC_DEFAULT(all, parts, n)                                             \
  ((all) = (n) ? (tsn_span){ YYRHSLOC(parts, 1).from, YYRHSLOC(parts, n).to }     \
               : (tsn_span){ YYRHSLOC(parts, 0).to, YYRHSLOC(parts, 0).to })

static int tsn_yylex(TSN_YYSTYPE *value, tsn_span *at, tsn_reader *r)
{
  value->token = tsn_reader_token(r);
  *at = value->token.at;
  return value->token.kind;
}

static void tsn_yyerror(const tsn_span *at, tsn_reader *r, const char *message)
{
  (void)message; /* the only message that is not ours: memory exhausted */
  tsn_reader_limit(r, TSN_E0007, *at, "nesting", TSN_NEST_MAX);
}

static const tsn_token absent;
_Static_assert(TOKEN_BAD == TOK_TSN_YYerror, "bison gives its error token another number");
}

%define api.pure full
%define api.prefix {tsn_yy}
%define api.token.prefix {TOK_}
%define api.location.type {tsn_span}
%define parse.error custom
%define parse.lac full
%define lr.default-reduction accepting
%locations
%expect 0
%param {tsn_reader *r}

%union {
  tsn_token token;
  bool flag;
  int64_t count;
  tsn_op op;
  tsn_expr *expr;
  tsn_expr_list exprs;
  tsn_over *over;
  tsn_bound_at bound;
  tsn_pat *pat;
  tsn_pat_list pats;
  tsn_bounds bounds;
  tsn_item *item;
  tsn_item_list items;
  tsn_key *key;
  tsn_key_list keys;
  tsn_order *order;
  tsn_order_list orders;
  tsn_subset *subset;
  tsn_subset_list subsets;
  tsn_define *define;
  tsn_define_list defines;
  tsn_part *part;
  tsn_part_list parts;
  tsn_query *query;
  tsn_column_decl *column;
  tsn_element *element;
  tsn_element_list elements;
  tsn_option *option;
  tsn_option_list options;
  tsn_type_ref *type;
  tsn_type_ref_list types;
  tsn_statement *statement;
}

/* Signs and literals. */
%token <token> WORD QUOTED INTEGER DECIMAL STRING TIME_UNIT
%token GAP ANY_GAP EXCLUDE EXCLUDED NE LE GE CONCAT
/* Words: keywords.def. */
%token <token> AFTER ALL AND AS ASC BETWEEN BOTH BY CASE CAST CREATE CURRENT DEFAULT DEFINE DESC DISTINCT ELSE EMPTY
%token <token> END ESCAPE EXTRACT FALSE FINAL FIRST FOLLOWING FOR FROM FUNCTION ILIKE IN INITIAL INTERVAL IS JOIN KEY LAST
%token <token> LEADING LEFT LIKE MATCH MATCHES MATCH_RECOGNIZE MEASURES NAME NEXT NO NOT NULL OMIT ON ONE OR ORDER
%token <token> OVER PARAMETER PARTITION PAST PATH PATTERN PER PERMUTE POSITION PRECEDING PRECISION PRIMARY RANGE REGEXP
%token <token> RETURNS ROW ROWS RUNNING SEEK SELECT SESSION SHOW SKIP STREAM SUBSET SUBSTRING TABLE THEN TIMEOUT
%token <token> TIMESTAMP TO TRAILING TRIM TRUE TUMBLE UNBOUNDED UNION UNIT UNMATCHED WATERMARK WHEN WHERE WITH WITHIN

/* The longer form wins: x*? is one reluctant quantifier, !x{5} a timer, ->{,5} a gap with bounds. */
%precedence SHORT
%precedence '?' '{'

%type <token> plain name unit_of_time direction
%type <flag> not
%type <op> comparison like
%type <count> count
%type <expr> expr disjunction conjunction negation predicate sum product signed primary literal call form argument
%type <expr> case_else side_of_text
%type <exprs> exprs arguments branches over_partition
%type <over> over frame
%type <flag> rows_or_range
%type <bound> bound
%type <bounds> gap_bounds
%type <pat> choice side sequence item factor repeat bounds quantifier gap absence label
%type <pats> labels target permuted
%type <pat> pattern
%type <item> select_item measure
%type <items> select_items measures
%type <key> key
%type <keys> keys
%type <order> order
%type <orders> orders
%type <orders> over_order over_orders
%type <subset> subset
%type <subsets> subsets
%type <pats> members
%type <define> define
%type <defines> defines
%type <part> part
%type <parts> parts
%type <query> query matched source
%type <column> column
%type <element> part_of_shape
%type <elements> shape
%type <exprs> names
%type <option> option
%type <options> options with
%type <type> type parameter
%type <types> types parameters
%type <expr> default delay
%type <statement> statement

%%

/* Lists begin with an item, not with nothing, wherever the first may be in error:
 * the grammar goes back to a place where it can be. */
text: %empty | script;
script:
  piece
| script piece
;
piece:
  ';'
| complete ';'
;
/* Kept before what follows the `;` can be an error, which goes back to the `;`. */
complete:
  statement                     { tsn_script_add(r, $1); }
| bad                           { tsn_script_add(r, NULL); }
;

/* What is not understood, up to what ends its region. */
bad: error skip resume;
skip: %empty                    { if (tsn_reader_stale(r)) DROP_TOKEN; };
resume: %empty                  { if (tsn_reader_resume(r)) yyerrok; };

/* ---- statements ---- */

statement:
  CREATE STREAM name '(' shape ')'      { $$ = tsn_statement_shape(r, @$, STATEMENT_STREAM, $3, $5); }
| CREATE TABLE name '(' shape ')'       { $$ = tsn_statement_shape(r, @$, STATEMENT_TABLE, $3, $5); }
| CREATE PARAMETER name type default    { $$ = tsn_statement_parameter(r, @$, $3, $4, $5); }
| CREATE FUNCTION name '(' parameters ')' RETURNS type
                                        { $$ = tsn_statement_function(r, @$, $3, $5, $8); }
| CREATE PATTERN name with AS query     { $$ = tsn_statement_pattern(r, @$, $3, $4, $6); }
| query                                 { $$ = tsn_statement_pattern(r, @$, absent, (tsn_option_list){ 0 }, $1); }
;

shape:
  part_of_shape                 { $$ = tsn_element_one($1); }
| shape ',' part_of_shape       { $$ = tsn_element_add($1, $3); }
;
part_of_shape:
  column                        { $$ = tsn_element_new(r, @$, $1, NULL, NULL); }
| WATERMARK FOR name AS name delay
                                { $$ = tsn_element_new(r, @$, NULL, tsn_watermark_new(r, @$, $3, $5, $6), NULL); }
| PRIMARY KEY '(' names ')'     { $$ = tsn_element_new(r, @$, NULL, NULL, $4.first); }
| bad                           { $$ = NULL; }
;
column:
  name type                     { $$ = tsn_column_new(r, @$, $1, $2); }
| column NOT NULL               { $$ = tsn_column_not_null(r, $1, @$, @2); }
| column PRIMARY KEY            { $$ = tsn_column_primary_key(r, $1, @$, @2); }
| column PATH STRING            { $$ = tsn_column_path(r, $1, @$, @2, @3); }
| column UNIT WORD              { $$ = tsn_column_unit(r, $1, @$, @2, $3); }
;
delay: %empty                   { $$ = NULL; }
| '-' product                   { $$ = $2; }
;
names:
  name                          { $$ = tsn_expr_one(tsn_expr_column(r, @1, absent, $1)); }
| names ',' name                { $$ = tsn_expr_add($1, tsn_expr_column(r, @3, absent, $3)); }
;
default: %empty                 { $$ = NULL; }
| DEFAULT expr                  { $$ = $2; }
;
parameters: %empty              { $$ = (tsn_type_ref_list){ 0 }; }
| types                         { $$ = $1; }
;
types:
  parameter                     { $$ = tsn_type_ref_one($1); }
| types ',' parameter           { $$ = tsn_type_ref_add($1, $3); }
;
parameter:
  type                          { $$ = $1; }
| bad                           { $$ = NULL; }
;
type:
  name                          { $$ = tsn_read_type(r, @$, $1); }
| name PRECISION                { $$ = tsn_read_type(r, @$, $1); }
| name '(' INTEGER ')'          { $$ = tsn_read_type(r, @$, $1); }
| name '(' INTEGER ',' INTEGER ')'
                                { $$ = tsn_read_type(r, @$, $1); }
;
with: %empty                    { $$ = (tsn_option_list){ 0 }; }
| WITH '(' options ')'          { $$ = $3; }
;
options:
  option                        { $$ = tsn_option_one($1); }
| options ',' option            { $$ = tsn_option_add($1, $3); }
;
option:
  name '=' expr                 { $$ = tsn_option_new(r, @$, $1, $3); }
| bad                           { $$ = NULL; }
;

/* ---- queries ---- */

query:
  matched                       { $$ = $1; }
| matched WHERE expr            { $$ = tsn_query_where($1, @$, $3); }
| matched WHERE bad             { $$ = $1; }
| SELECT bad                    { $$ = NULL; }
| SELECT select_items ',' bad   { $$ = NULL; }
| SELECT select_items FROM bad  { $$ = NULL; }
;
matched:
  SELECT select_items FROM source MATCH_RECOGNIZE '(' clauses ')'
                                { $$ = tsn_query_new(r, @$, $2, $4, tsn_clauses_end(r, @5, @8)); }
| SELECT select_items FROM source MATCH_RECOGNIZE '(' ')'
                                { $$ = tsn_query_new(r, @$, $2, $4, tsn_clauses_end(r, @5, @7)); }
| matched AS name               { $$ = tsn_query_alias(r, $1, @$, $3); }
| matched name                  { $$ = tsn_query_alias(r, $1, @$, $2); }
;
select_items:
  select_item                   { $$ = tsn_item_one($1); }
| select_items ',' select_item  { $$ = tsn_item_add($1, $3); }
;
select_item:
  expr                          { $$ = tsn_item_new(r, @$, $1, absent); }
| expr AS name                  { $$ = tsn_item_new(r, @$, $1, $3); }
| '*'                           { $$ = tsn_item_new(r, @$, tsn_expr_star(r, @$, absent), absent); }
| name '.' '*'                  { $$ = tsn_item_new(r, @$, tsn_expr_star(r, @$, $1), absent); }
| bad                           { $$ = NULL; }
;
source:
  name                          { $$ = tsn_query_source(r, tsn_part_one(tsn_part_stream(r, @$, $1)), false); }
| '(' parts ')'                 { $$ = tsn_query_source(r, $2, true); }
;
parts:
  part                          { $$ = tsn_part_one($1); }
| parts UNION ALL BY NAME part  { $$ = tsn_part_add($1, $6); }
;
part:
  name                          { $$ = tsn_part_stream(r, @$, $1); }
| SELECT select_items FROM name { $$ = tsn_part_select(r, @$, $2, $4); }
| part LEFT JOIN name ON expr   { $$ = tsn_part_join(r, $1, @$, @2, $4, $6); }
| part WHERE expr               { $$ = tsn_part_where(r, $1, @$, @2, $3); }
| bad                           { $$ = NULL; }
;

/* ---- MATCH_RECOGNIZE: clauses in any order ---- */

clauses:
  clause
| clauses clause
;
clause:
  PARTITION BY keys             { tsn_clause_keys(r, @1, @3, $3); }
| ORDER BY orders               { tsn_clause_orders(r, @1, @3, $3); }
| MEASURES measures             { tsn_clause_measures(r, @1, @2, $2); }
| ONE ROW PER MATCH             { tsn_clause_rows(r, @1, @4, ROWS_ONE); }
| ALL ROWS PER MATCH            { tsn_clause_rows(r, @1, @4, ROWS_ALL); }
| SHOW EMPTY MATCHES            { tsn_clause_empty(r, @1, @3, EMPTY_SHOW); }
| OMIT EMPTY MATCHES            { tsn_clause_empty(r, @1, @3, EMPTY_OMIT); }
| WITH UNMATCHED ROWS           { tsn_clause_empty(r, @1, @3, EMPTY_UNMATCHED); }
| SHOW TIMEOUT MATCHES          { tsn_clause_timeouts(r, @1, @3); }
| AFTER MATCH NO SKIP           { tsn_clause_skip(r, @1, @4, SKIP_NONE, false, absent); }
| AFTER MATCH SKIP PAST LAST ROW
                                { tsn_clause_skip(r, @1, @6, SKIP_PAST_LAST, false, absent); }
| AFTER MATCH SKIP TO NEXT ROW
                                { tsn_clause_skip(r, @1, @6, SKIP_TO_NEXT, false, absent); }
| AFTER MATCH SKIP TO FIRST plain
                                { tsn_clause_skip(r, @1, @6, SKIP_TO_FIRST, false, $6); }
| AFTER MATCH SKIP TO LAST plain
                                { tsn_clause_skip(r, @1, @6, SKIP_TO_LAST, false, $6); }
| AFTER MATCH SKIP TO plain
                                { tsn_clause_skip(r, @1, @5, SKIP_TO_LAST, true, $5); }
| INITIAL                       { tsn_clause_seek(r, @1); }
| SEEK                          { tsn_clause_seek(r, @1); }
| PATTERN '(' pattern ')'
                                { tsn_clause_pattern(r, @1, @4, $3); }
| PATTERN '(' ')'               { tsn_clause_pattern(r, @1, @3, tsn_pat_nothing(r, @2, @3)); }
| WITHIN sum                    { tsn_clause_within(r, @1, @2, $2, false); }
| WITHIN sum ROWS               { tsn_clause_within(r, @1, @3, $2, true); }
| SUBSET subsets                { tsn_clause_subsets(r, @1, @2, $2); }
| DEFINE defines                { tsn_clause_defines(r, @1, @2, $2); }
| bad
;

keys:
  key                           { $$ = tsn_key_one($1); }
| keys ',' key                  { $$ = tsn_key_add($1, $3); }
;
key:
  name                          { $$ = tsn_key_new(r, @$, KEY_COLUMN, tsn_expr_column(r, @1, absent, $1)); }
| name '.' name                 { $$ = tsn_key_new(r, @$, KEY_COLUMN, tsn_expr_column(r, @$, $1, $3)); }
| SESSION '(' expr ')'          { $$ = tsn_key_new(r, @$, KEY_SESSION, $3); }
| TUMBLE '(' expr ')'           { $$ = tsn_key_new(r, @$, KEY_TUMBLE, $3); }
| bad                           { $$ = NULL; }
;

orders:
  order                         { $$ = tsn_order_one($1); }
| orders ',' order              { $$ = tsn_order_add($1, $3); }
;
order:
  expr direction                { $$ = tsn_order_new(r, $1, $2); }
| bad                           { $$ = NULL; }
;
direction: %empty               { $$ = absent; }
| ASC                           { $$ = $1; }
| DESC                          { $$ = $1; }
;

measures:
  measure                       { $$ = tsn_item_one($1); }
| measures ',' measure          { $$ = tsn_item_add($1, $3); }
;
measure:
  expr AS name                  { $$ = tsn_item_new(r, @$, $1, $3); }
| expr                          { $$ = tsn_item_unnamed(r, @$, $1); }
| bad                           { $$ = NULL; }
;

subsets:
  subset                        { $$ = tsn_subset_one($1); }
| subsets ',' subset            { $$ = tsn_subset_add($1, $3); }
;
subset:
  name '=' '(' members ')'      { $$ = tsn_subset_new(r, @$, $1, $4); }
| bad                           { $$ = NULL; }
;
members:
  name                          { $$ = tsn_pat_one(tsn_pat_label(r, @1, $1, NULL)); }
| members ',' name              { $$ = tsn_pat_add($1, tsn_pat_label(r, @3, $3, NULL)); }
;

defines:
  define                        { $$ = tsn_define_one($1); }
| defines ',' define            { $$ = tsn_define_add($1, $3); }
;
define:
  name AS expr                  { $$ = tsn_define_new(r, @$, $1, $3); }
| bad                           { $$ = NULL; }
;

/* ---- patterns ---- */

pattern:
  choice                        { $$ = $1; }
| pattern ',' side              { $$ = tsn_pat_commas(r, @$, @2, $1, $3); }
;
choice:
  sequence                      { $$ = $1; }
| choice '|' side               { $$ = tsn_pat_choice(r, @$, $1, $3); }
| choice CONCAT side            { $$ = tsn_pat_choice(r, @$, tsn_pat_choice(r, @$, $1, tsn_pat_side(r, @2)), $3); }
| '|' side                      { $$ = tsn_pat_choice(r, @$, tsn_pat_side(r, @1), $2); }
;
side:
  sequence                      { $$ = $1; }
| %empty                        { $$ = tsn_pat_side(r, @0); }
;
sequence:
  item                          { $$ = $1; }
| sequence item                 { $$ = tsn_pat_sequence(r, @$, $1, $2); }
;
item:
  factor
| repeat
| gap
| absence
| gap quantifier                { $$ = tsn_pat_unquantified(r, @2, $1); }
| absence quantifier            { $$ = tsn_pat_unquantified(r, @2, $1); }
;
repeat:
  factor quantifier             { $$ = tsn_pat_repeat(@$, $1, $2); }
| repeat quantifier             { $$ = tsn_pat_unquantified(r, @2, $1); }
;
quantifier:
  '*' %prec SHORT               { $$ = tsn_pat_quantifier(r, @$, '*', 0, -1); }
| '+' %prec SHORT               { $$ = tsn_pat_quantifier(r, @$, '+', 1, -1); }
| '?' %prec SHORT               { $$ = tsn_pat_quantifier(r, @$, '?', 0, 1); }
| bounds %prec SHORT            { $$ = $1; }
| '*' '?'                       { $$ = tsn_pat_reluctant(tsn_pat_quantifier(r, @$, '*', 0, -1)); }
| '+' '?'                       { $$ = tsn_pat_reluctant(tsn_pat_quantifier(r, @$, '+', 1, -1)); }
| '?' '?'                       { $$ = tsn_pat_reluctant(tsn_pat_quantifier(r, @$, '?', 0, 1)); }
| bounds '?'                    { $$ = tsn_pat_reluctant($1); }
;
bounds:
  '{' count '}'                 { $$ = tsn_pat_bounds(r, @$, $2, $2, true); }
| '{' count ',' '}'             { $$ = tsn_pat_bounds(r, @$, $2, -1, false); }
| '{' ',' count '}'             { $$ = tsn_pat_bounds(r, @$, -1, $3, false); }
| '{' ',' '}'                   { $$ = tsn_pat_bounds(r, @$, -1, -1, false); }
| '{' count ',' count '}'       { $$ = tsn_pat_bounds(r, @$, $2, $4, false); }
;
count:
  INTEGER                       { $$ = tsn_read_count(r, @$, false); }
| '-' INTEGER                   { $$ = tsn_read_count(r, @$, true); }
;

factor:
  label                         { $$ = $1; }
| '^'                           { $$ = tsn_pat_leaf(r, PAT_START, @$); }
| '$'                           { $$ = tsn_pat_leaf(r, PAT_END, @$); }
| '(' ')'                       { $$ = tsn_pat_leaf(r, PAT_EMPTY, @$); }
| '(' pattern ')'               { $$ = tsn_pat_around(r, PAT_GROUP, @$, tsn_pat_one($2)); }
| EXCLUDE pattern EXCLUDED      { $$ = tsn_pat_around(r, PAT_EXCLUDE, @$, tsn_pat_one($2)); }
| EXCLUDE EXCLUDED              { $$ = tsn_pat_nothing(r, @1, @2); }
| PERMUTE '(' permuted ')'      { $$ = tsn_pat_around(r, PAT_PERMUTE, @$, $3); }
;
label:
  name                          { $$ = tsn_pat_label(r, @$, $1, NULL); }
| name '[' expr ']'             { $$ = tsn_pat_label(r, @$, $1, $3); }
;
permuted:
  choice                        { $$ = tsn_pat_one($1); }
| permuted ',' choice           { $$ = tsn_pat_add($1, $3); }
;

gap:
  GAP %prec SHORT               { $$ = tsn_pat_gap(r, @$, false); }
| ANY_GAP %prec SHORT           { $$ = tsn_pat_gap(r, @$, true); }
| GAP '{' gap_bounds '}'        { $$ = tsn_pat_gap_bounds(tsn_pat_gap(r, @$, false), $3); }
| ANY_GAP '{' gap_bounds '}'    { $$ = tsn_pat_gap_bounds(tsn_pat_gap(r, @$, true), $3); }
;
gap_bounds:
  sum ',' sum                   { $$ = (tsn_bounds){ $1, $3 }; }
| sum ','                       { $$ = (tsn_bounds){ $1, NULL }; }
| ',' sum                       { $$ = (tsn_bounds){ NULL, $2 }; }
| ','                           { $$ = (tsn_bounds){ NULL, NULL }; }
| sum                           { $$ = tsn_bounds_comma(r, @1, $1); }
;

absence:
  '!' target %prec SHORT        { $$ = tsn_pat_absence(r, @$, $2, NULL); }
| '!' target '{' expr '}'       { $$ = tsn_pat_absence(r, @$, $2, $4); }
;
target:
  label                         { $$ = tsn_pat_one($1); }
| '(' labels ')'                { $$ = $2; }
;
labels:
  label                         { $$ = tsn_pat_one($1); }
| labels '|' label              { $$ = tsn_pat_add($1, $3); }
;

/* ---- expressions, loosest first ---- */

exprs:
  expr                          { $$ = tsn_expr_one($1); }
| exprs ',' expr                { $$ = tsn_expr_add($1, $3); }
;
expr: disjunction;
disjunction:
  conjunction
| disjunction OR conjunction    { $$ = tsn_expr_binary(r, @$, TSN_OP_OR, $1, $3); }
;
conjunction:
  negation
| conjunction AND negation      { $$ = tsn_expr_binary(r, @$, TSN_OP_AND, $1, $3); }
;
negation:
  predicate
| NOT negation                  { $$ = tsn_expr_unary(r, @$, TSN_OP_NOT, $2); }
;
predicate:
  sum
| predicate comparison sum      { $$ = tsn_expr_binary(r, @$, $2, $1, $3); }
| predicate IS not NULL         { $$ = tsn_expr_is(r, @$, EXPR_IS_NULL, $3, $1, 0); }
| predicate IS not TRUE         { $$ = tsn_expr_is(r, @$, EXPR_IS_BOOL, $3, $1, 1); }
| predicate IS not FALSE        { $$ = tsn_expr_is(r, @$, EXPR_IS_BOOL, $3, $1, 0); }
| predicate IS not DISTINCT FROM sum
                                { $$ = tsn_expr_test(r, @$, EXPR_DISTINCT, $3, TSN_OP_NONE, $1, $6, NULL); }
| predicate BETWEEN sum AND sum { $$ = tsn_expr_test(r, @$, EXPR_BETWEEN, false, TSN_OP_NONE, $1, $3, $5); }
| predicate NOT BETWEEN sum AND sum
                                { $$ = tsn_expr_test(r, @$, EXPR_BETWEEN, true, TSN_OP_NONE, $1, $4, $6); }
| predicate IN '(' exprs ')'     { $$ = tsn_expr_in(r, @$, false, $1, $4); }
| predicate NOT IN '(' exprs ')' { $$ = tsn_expr_in(r, @$, true, $1, $5); }
| predicate like sum            { $$ = tsn_expr_test(r, @$, EXPR_LIKE, false, $2, $1, $3, NULL); }
| predicate NOT like sum        { $$ = tsn_expr_test(r, @$, EXPR_LIKE, true, $3, $1, $4, NULL); }
| predicate like sum ESCAPE sum { $$ = tsn_expr_test(r, @$, EXPR_LIKE, false, $2, $1, $3, $5); }
| predicate NOT like sum ESCAPE sum
                                { $$ = tsn_expr_test(r, @$, EXPR_LIKE, true, $3, $1, $4, $6); }
;
not: %empty                     { $$ = false; }
| NOT                           { $$ = true; }
;
like: LIKE { $$ = TSN_OP_LIKE; } | ILIKE { $$ = TSN_OP_ILIKE; } | REGEXP { $$ = TSN_OP_REGEXP; };
comparison:
  '=' { $$ = TSN_OP_EQ; } | NE { $$ = TSN_OP_NE; } | '<' { $$ = TSN_OP_LT; } | LE { $$ = TSN_OP_LE; }
| '>' { $$ = TSN_OP_GT; } | GE { $$ = TSN_OP_GE; }
;
sum:
  product
| sum '+' product               { $$ = tsn_expr_binary(r, @$, TSN_OP_ADD, $1, $3); }
| sum '-' product               { $$ = tsn_expr_binary(r, @$, TSN_OP_SUB, $1, $3); }
| sum CONCAT product            { $$ = tsn_expr_binary(r, @$, TSN_OP_CONCAT, $1, $3); }
;
product:
  signed
| product '*' signed            { $$ = tsn_expr_binary(r, @$, TSN_OP_MUL, $1, $3); }
| product '/' signed            { $$ = tsn_expr_binary(r, @$, TSN_OP_DIV, $1, $3); }
| product '%' signed            { $$ = tsn_expr_binary(r, @$, TSN_OP_MOD, $1, $3); }
;
signed:
  primary
| '-' signed                    { $$ = tsn_expr_unary(r, @$, TSN_OP_NEG, $2); }
| '+' signed                    { $$ = tsn_expr_unary(r, @$, TSN_OP_PLUS, $2); }
;
primary:
  literal
| call
| form
| name                          { $$ = tsn_expr_column(r, @$, absent, $1); }
| name '.' name                 { $$ = tsn_expr_column(r, @$, $1, $3); }
| ':' name                      { $$ = tsn_expr_parameter(r, @$, $2); }
| '(' expr ')'                  { $$ = tsn_expr_group(r, @$, $2); }
| RUNNING primary               { $$ = tsn_expr_semantics(r, @$, SEMANTICS_RUNNING, $2); }
| FINAL primary                 { $$ = tsn_expr_semantics(r, @$, SEMANTICS_FINAL, $2); }
| call OVER over                { $$ = tsn_expr_over(r, @$, $1, $3); }
;
literal:
  INTEGER                       { $$ = tsn_read_number(r, @$, false); }
| DECIMAL                       { $$ = tsn_read_number(r, @$, true); }
| STRING                        { $$ = tsn_read_string(r, @$); }
| INTEGER TIME_UNIT             { $$ = tsn_read_duration(r, @$, @1, $2); }
| DECIMAL TIME_UNIT             { $$ = tsn_read_duration(r, @$, @1, $2); }
| INTERVAL STRING WORD          { $$ = tsn_read_interval(r, @$, @2, $3, absent); }
| INTERVAL STRING WORD TO WORD  { $$ = tsn_read_interval(r, @$, @2, $3, $5); }
| TIMESTAMP STRING              { $$ = tsn_read_timestamp(r, @$, @2); }
| TRUE                          { $$ = tsn_expr_leaf(r, EXPR_BOOLEAN, @$, 1); }
| FALSE                         { $$ = tsn_expr_leaf(r, EXPR_BOOLEAN, @$, 0); }
| NULL                          { $$ = tsn_expr_leaf(r, EXPR_NULL, @$, 0); }
;
call:
  name '(' ')'                  { $$ = tsn_expr_call(r, @$, $1, false, (tsn_expr_list){ 0 }); }
| name '(' arguments ')'        { $$ = tsn_expr_call(r, @$, $1, false, $3); }
| name '(' DISTINCT arguments ')'
                                { $$ = tsn_expr_call(r, @$, $1, true, $4); }
;
arguments:
  argument                      { $$ = tsn_expr_one($1); }
| arguments ',' argument        { $$ = tsn_expr_add($1, $3); }
;
argument:
  expr
| '*'                           { $$ = tsn_expr_star(r, @$, absent); }
| name '.' '*'                  { $$ = tsn_expr_star(r, @$, $1); }
;
form:
  CASE branches case_else END   { $$ = tsn_expr_case(r, @$, NULL, $2, $3); }
| CASE expr branches case_else END
                                { $$ = tsn_expr_case(r, @$, $2, $3, $4); }
| CAST '(' expr AS type ')'     { $$ = tsn_expr_cast(r, @$, $3, $5); }
| EXTRACT '(' unit_of_time FROM expr ')'
                                { $$ = tsn_expr_form(r, @$, $1, tsn_expr_word(r, $3), $5, NULL); }
| POSITION '(' sum IN sum ')'   { $$ = tsn_expr_form(r, @$, $1, $3, $5, NULL); }
| POSITION '(' sum ',' sum ')'  { $$ = tsn_expr_form(r, @$, $1, $3, $5, NULL); }
| SUBSTRING '(' expr FROM expr ')'
                                { $$ = tsn_expr_form(r, @$, $1, $3, $5, NULL); }
| SUBSTRING '(' expr FROM expr FOR expr ')'
                                { $$ = tsn_expr_form(r, @$, $1, $3, $5, $7); }
| SUBSTRING '(' exprs ')'       { $$ = tsn_expr_call(r, @$, $1, false, $3); }
| TRIM '(' exprs ')'            { $$ = tsn_expr_call(r, @$, $1, false, $3); }
| TRIM '(' expr FROM expr ')'   { $$ = tsn_expr_form(r, @$, $1, $5, $3, NULL); }
| TRIM '(' side_of_text FROM expr ')'
                                { $$ = tsn_expr_form(r, @$, $1, $5, tsn_expr_blank(r, @3), $3); }
| TRIM '(' side_of_text expr FROM expr ')'
                                { $$ = tsn_expr_form(r, @$, $1, $6, $4, $3); }
;
side_of_text:
  BOTH                          { $$ = tsn_expr_word(r, $1); }
| LEADING                       { $$ = tsn_expr_word(r, $1); }
| TRAILING                      { $$ = tsn_expr_word(r, $1); }
;
branches:
  WHEN expr THEN expr           { $$ = tsn_expr_add(tsn_expr_one($2), $4); }
| branches WHEN expr THEN expr  { $$ = tsn_expr_add(tsn_expr_add($1, $3), $5); }
;
case_else: %empty               { $$ = NULL; }
| ELSE expr                     { $$ = $2; }
;
over:
  '(' over_partition over_order frame ')'
                                { $$ = tsn_over_end($4, @$, $2, $3); }
;
over_partition: %empty          { $$ = (tsn_expr_list){ 0 }; }
| PARTITION BY exprs            { $$ = $3; }
;
over_order: %empty              { $$ = (tsn_order_list){ 0 }; }
| ORDER BY over_orders          { $$ = $3; }
;
over_orders:
  expr direction                { $$ = tsn_order_one(tsn_order_new(r, $1, $2)); }
| over_orders ',' expr direction
                                { $$ = tsn_order_add($1, tsn_order_new(r, $3, $4)); }
;
frame: %empty                   { $$ = tsn_over_new(r); }
| rows_or_range bound           { $$ = tsn_over_frame(r, $1, false, $2, (tsn_bound_at){ .kind = BOUND_CURRENT }); }
| rows_or_range BETWEEN bound AND bound
                                { $$ = tsn_over_frame(r, $1, true, $3, $5); }
;
rows_or_range: ROWS { $$ = false; } | RANGE { $$ = true; };
bound:
  UNBOUNDED PRECEDING           { $$ = (tsn_bound_at){ BOUND_UNBOUNDED_PRECEDING, NULL, @$ }; }
| UNBOUNDED FOLLOWING           { $$ = (tsn_bound_at){ BOUND_UNBOUNDED_FOLLOWING, NULL, @$ }; }
| CURRENT ROW                   { $$ = (tsn_bound_at){ BOUND_CURRENT, NULL, @$ }; }
| sum PRECEDING                 { $$ = (tsn_bound_at){ BOUND_PRECEDING, $1, @$ }; }
| sum FOLLOWING                 { $$ = (tsn_bound_at){ BOUND_FOLLOWING, $1, @$ }; }
;

/* ---- names ---- */

unit_of_time:
  WORD
| STRING
;
name:
  plain
| AFTER
| INITIAL
| MEASURES
| OMIT
| SEEK
| SHOW
;
/* Words that can name the row to skip to: no clause begins with them. */
plain:
  WORD
| QUOTED
| ASC | CURRENT | DEFAULT | DESC | EMPTY | ESCAPE | FIRST | FOLLOWING | FUNCTION | ILIKE | INTERVAL | JOIN | KEY | LAST
| LEFT | MATCH | MATCHES | NAME | NEXT | NO | ON | OVER | PARAMETER | PAST | PATH | PER | PRECEDING
| RANGE | REGEXP | RETURNS | ROW | ROWS | SESSION | SKIP | STREAM | TABLE | TIMEOUT | TIMESTAMP | TO
| TUMBLE | UNIT | UNMATCHED | WATERMARK
;

%%

/* Symbols of bison to tokens and names; errors.c finds the words. */
static int yyreport_syntax_error(const yypcontext_t *at, tsn_reader *r)
{
  yysymbol_kind_t symbols[YYNTOKENS];
  const int count = yypcontext_expected_tokens(at, symbols, YYNTOKENS);
  tsn_expected e = { 0 };
  bool expected[YYNTOKENS] = { false };
  const yy_state_t *top = at->yyssp;
  int i;

  for (i = 0; i < count; i++) expected[symbols[i]] = true;
  for (i = 0; i <= YYMAXUTOK; i++) e.token[i] = expected[YYTRANSLATE(i)];
  for (i = 0; i < TSN_STACK_SEEN && *top != 0; i++, top--) e.stack[i] = yysymbol_name(YY_ACCESSING_SYMBOL(*top));
  tsn_reader_unexpected(r, &e);
  return 0;
}
_Static_assert(YYMAXUTOK < TSN_TOKEN_KINDS, "more tokens than errors.h knows");
