#include "dsl/ast.h"

#include <stdlib.h>

#include "dsl/reader.h"
#include "t.h"

/* One text, read. */
typedef struct reading {
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_diag diag;
  tsn_script *script;
  tocsin_status status;
  tsn_bytes out;
} reading;

static void read_bytes(reading *g, const char *text, size_t length)
{
  tsn_alloc_init(&g->alloc, NULL);
  tsn_arena_init(&g->arena, &g->alloc, 0);
  tsn_bytes_init(&g->out, &g->alloc, 0);
  tsn_diag_init(&g->diag, &g->arena, text, length);
  g->status = tsn_parse(&g->arena, text, length, &g->diag, &g->script);
}

static void read_text(reading *g, const char *text)
{
  read_bytes(g, text, strlen(text));
}

static void done(reading *g)
{
  tsn_bytes_clear(&g->out);
  tsn_arena_clear(&g->arena);
  assert_int_equal(g->alloc.used, 0);
}

/* The findings as "1:5 E0101, 2:1 E0105". */
static const char *findings(reading *g)
{
  const tsn_diag_item *i;
  unsigned line, column;

  tsn_bytes_reset(&g->out);
  for (i = g->diag.first; i; i = i->next) {
    tsn_diag_place(g->diag.text, g->diag.length, i->at.from, &line, &column);
    tsn_bytes_printf(&g->out, "%s%u:%u %s", i == g->diag.first ? "" : ", ", line, column, tsn_diag_name(i->code));
  }
  return tsn_bytes_cstr(&g->out);
}

static void same(const char *got, const char *wanted, const char *text)
{
  if (strcmp(got, wanted) == 0) return;
  print_error("of:     %s\ngot:    %s\nwanted: %s\n", text, got, wanted);
  fail();
}

#define QUERY(pattern, condition) \
  "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( " pattern " ) DEFINE a AS " condition " )"

/* ---- what is read is printed again ---- */

static const char *const conditions[][2] = {
  { "x=1", NULL },
  { "x = 1", "x = 1" },
  { "A.x <> \"b\".\"we\"\"ird\"", "A.x <> \"b\".\"we\"\"ird\"" },
  { "a!=b", "a <> b" },
  { "a = b and not c <= d or e >= f", "a = b AND NOT c <= d OR e >= f" },
  { "a or b and c", "a OR b AND c" },
  { "(a or b) and c", "(a OR b) AND c" },
  { "not not a", "NOT NOT a" },
  { "a - b - c * d / e % f || g", "a - b - c * d / e % f || g" },
  { "a - (b - c)", "a - (b - c)" },
  { "-x + -5 - - 5 - -(-5)", "-x + -5 - -5 - -(-5)" },
  { "- - x", "- -x" },
  { "+x = 1", "+x = 1" },
  { "x is null or y is not null", "x IS NULL OR y IS NOT NULL" },
  { "x is true and y is not false", "x IS TRUE AND y IS NOT FALSE" },
  { "x is distinct from y", "x IS DISTINCT FROM y" },
  { "x is not distinct from y + 1", "x IS NOT DISTINCT FROM y + 1" },
  { "x between 1 and 2 and y not between a and b", "x BETWEEN 1 AND 2 AND y NOT BETWEEN a AND b" },
  { "x in (1,2) and y not in ('a')", "x IN (1, 2) AND y NOT IN ('a')" },
  { "x like 'a%' escape '\\' or x not ilike y or x regexp 'z'",
    "x LIKE 'a%' ESCAPE '\\' OR x NOT ILIKE y OR x REGEXP 'z'" },
  { "'it''s' = ''", "'it''s' = ''" },
  { "case when a then 1 when b then 2 else 3 end = 1", "CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END = 1" },
  { "case x when 1 then a end", "CASE x WHEN 1 THEN a END" },
  { "cast(x as double precision) > cast(y as varchar(20))", "CAST(x AS DOUBLE PRECISION) > CAST(y AS VARCHAR(20))" },
  { "extract(hour from ts) = 1", "EXTRACT(HOUR FROM ts) = 1" },
  { "substring(x from 1 for 2) = substring(x, 1)", "substring(x, 1, 2) = substring(x, 1)" },
  { "position('a' in b) = position('a', b)", "POSITION('a' IN b) = POSITION('a' IN b)" },
  { "trim(x) = trim('y' from x)", "trim(x) = TRIM('y' FROM x)" },
  { "trim(leading 'y' from x) = trim(both from x)", "TRIM(LEADING 'y' FROM x) = TRIM(BOTH ' ' FROM x)" },
  { "timestampdiff(minute, a.ts, b.ts) > 1", "TIMESTAMPDIFF(MINUTE, a.ts, b.ts) > 1" },
  { "date_trunc('hour', ts) = ts", "date_trunc('hour', ts) = ts" },
  { "count(*) + count(a.*) + count(distinct x)", "count(*) + count(a.*) + count(DISTINCT x)" },
  { "final last(x, 1) > running sum(a.x)", "FINAL last(x, 1) > RUNNING sum(a.x)" },
  { "final > 1 and running < 2", "final > 1 AND running < 2" },
  { "sum(v) over (partition by k order by ts rows 3 preceding) > 1",
    "sum(v) OVER (PARTITION BY k ORDER BY ts ROWS 3 PRECEDING) > 1" },
  { "avg(v) over (order by ts range between 5 minutes preceding and current row)",
    "avg(v) OVER (ORDER BY ts RANGE BETWEEN 5 MINUTES PRECEDING AND CURRENT ROW)" },
  { "avg(v) over (order by ts asc, following desc rows between 3 preceding and 1 following)",
    "avg(v) OVER (ORDER BY ts ASC, following DESC ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING)" },
  { "f() over (range current row)", "f() OVER (RANGE CURRENT ROW)" },
  { "f() over (rows between unbounded preceding and unbounded following)",
    "f() OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)" },
  { "f() over (rows current preceding)", "f() OVER (ROWS current PRECEDING)" },
  { "f() over (rows between unbounded + 1 preceding and current row)", "f() OVER (ROWS BETWEEN unbounded + 1 PRECEDING AND CURRENT ROW)" },
  { "f() over (rows unbounded preceding)", "f() OVER (ROWS UNBOUNDED PRECEDING)" },
  { "ts - a.ts < 90 minutes", "ts - a.ts < 90 MINUTES" },
  { "5 minutes = ts - a.ts", "5 MINUTES = ts - a.ts" },
  { "cast(5 minutes as text) = x", "CAST(5 MINUTES AS TEXT) = x" },
  { "x > 2.5 seconds", "x > 2.5 SECONDS" },
  { "x > interval '1 02:30:00' day to second", "x > INTERVAL '1 02:30:00' DAY TO SECOND" },
  { "ts > timestamp '2026-01-31 09:00:00'", "ts > TIMESTAMP '2026-01-31 09:00:00'" },
  { "x = :p and y = :\"P q\"", "x = :p AND y = :\"P q\"" },
  { "-9223372036854775808 < x", "-9223372036854775808 < x" },
  { "true and false and null", "TRUE AND FALSE AND NULL" },
  { "first(x) = last(x) and next(x) = prev(x, 2)", "first(x) = last(x) AND next(x) = prev(x, 2)" },
  { "gr\xc3\xb6\xc3\x9f""e = 1", "gr\xc3\xb6\xc3\x9f""e = 1" },
  { "x /* in */ = -- end\n 1", "x = 1" },
};

static void conditions_are_read(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < T_COUNT(conditions); i++) {
    const char *wanted = conditions[i][1] ? conditions[i][1] : "x = 1";
    char text[500];
    reading g;

    snprintf(text, sizeof text, QUERY("a", "%s\n"), conditions[i][0]);
    read_text(&g, text);
    same(findings(&g), "", text);
    tsn_bytes_reset(&g.out);
    tsn_print_expr(g.script->statements->query->clauses->defines->condition, &g.out);
    same(tsn_bytes_cstr(&g.out), wanted, text);
    done(&g);
  }
}

static const char *const patterns[][2] = {
  { "a", "a" },
  { "a b|c d", "a b | c d" },
  { "((a)|())", "((a) | ())" },
  { "a*b+c?d*?e+?f??", "a* b+ c? d*? e+? f??" },
  { "a{2}b{2,}c{,3}d{2,3}e{,}f{0}g{2}?h{,3}?", "a{2} b{2,} c{,3} d{2,3} e{,} f{0} g{2}? h{,3}?" },
  { "^ a $", "^ a $" },
  { "^* $* ()*", "^* $* ()*" },
  { "a->b->>c", "a -> b ->> c" },
  { "a ->{,4 S} b ->>{1 s,} c ->{1 second,:d} d ->{,} e", "a ->{,4 S} b ->>{1 S,} c ->{1 SECOND, :d} d ->{,} e" },
  { "a ->{ -5, 5} b", "a ->{ -5, 5} b" },
  { "(a->)+ (->b)?", "(a ->)+ (-> b)?" },
  { "a !b c", "a !b c" },
  { "a !(b|c) d !(e)", "a !(b | c) d !e" },
  { "a !b{1500 ms} !(c|d){:idle} !e{leg.planned*1.5}", "a !b{1500 MS} !(c | d){:idle} !e{leg.planned * 1.5}" },
  { "a[x>1]{2,} -> b [ y in (1,2) ] !c[z]", "a[x > 1]{2,} -> b[y IN (1, 2)] !c[z]" },
  { "{-a b-}+ {-c|d-}?", "{- a b -}+ {- c | d -}?" },
  { "permute(a, b c, d|e)*", "PERMUTE(a, b c, d | e)*" },
  { "permute a first final \"a b\" order_ S M", "permute a first final \"a b\" order_ S M" },
  { "((((a))))", "((((a))))" },
};

static void patterns_are_read(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < T_COUNT(patterns); i++) {
    char text[500];
    reading g;

    snprintf(text, sizeof text, QUERY("%s", "x"), patterns[i][0]);
    read_text(&g, text);
    same(findings(&g), "", text);
    tsn_bytes_reset(&g.out);
    tsn_print_pat(g.script->statements->query->clauses->pattern, &g.out);
    same(tsn_bytes_cstr(&g.out), patterns[i][1], text);
    done(&g);
  }
}

static const struct {
  const char *text;
  int64_t us;
} durations[] = {
  { "90 MINUTES", 5400000000 },
  { "1 week", 604800000000 },
  { "2.5 SECONDS", 2500000 },
  { "0.0000019 SECONDS", 1 },
  { "1e3 MILLISECONDS", 1000000 },
  { "INTERVAL '90' MINUTE", 5400000000 },
  { "INTERVAL '-2.5' SECOND", -2500000 },
  { "INTERVAL '1 02:30:00' DAY TO SECOND", 95400000000 },
  { "INTERVAL '1 02' DAY TO HOUR", 93600000000 },
  { "INTERVAL '100:30' HOUR TO MINUTE", 361800000000 },
  { "INTERVAL '01:02.000003' MINUTE TO SECOND", 62000003 },
  { "-5 DAYS", -432000000000 },
};

static void durations_are_exact(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < T_COUNT(durations); i++) {
    char text[300];
    reading g;

    snprintf(text, sizeof text, "CREATE PARAMETER p INTERVAL DEFAULT %s", durations[i].text);
    read_text(&g, text);
    same(findings(&g), "", text);
    T_ROW(g.script->statements->default_value->kind == EXPR_INTERVAL, text);
    T_ROW(g.script->statements->default_value->integer == durations[i].us, text);
    done(&g);
  }
}

static void abbreviated_units_are_known_in_braces_and_after_within(void **state)
{
  reading g;

  (void)state;
  read_text(&g, "SELECT * FROM s MATCH_RECOGNIZE ("
                " PATTERN ( a ->{1500ms, (2 * 3 S)} b !c{5 h} ) WITHIN 9s SUBSET u = (a) )");
  same(findings(&g), "", g.diag.text);
  assert_int_equal(g.script->statements->query->clauses->within->integer, 9000000);
  done(&g);
  read_text(&g, QUERY("a[x > 5 s]", "x > 5 m"));
  same(findings(&g), "1:53 E0131, 1:76 E0131", g.diag.text);
  done(&g);
}

/* ---- statements and clauses ---- */

static void statements_are_read(void **state)
{
  const tsn_statement *s;
  reading g;

  (void)state;
  read_text(&g,
            "create stream s (k text path '$.a.\"b\"' not null, ts timestamp unit millisecond,"
            " watermark for ts as ts - interval '10' second);;"
            "CREATE TABLE t (id INT PRIMARY KEY, \"Name\" STRING, PRIMARY KEY (id, \"Name\"));"
            "CREATE PARAMETER p DOUBLE DEFAULT 1.5; CREATE FUNCTION f (TEXT, REAL) RETURNS BOOLEAN;"
            "CREATE PATTERN q WITH (on_limit = 'fail', n = 3) AS SELECT a, b AS c FROM"
            " (s UNION ALL BY NAME SELECT x, y AS z FROM s LEFT JOIN t ON t.id = k WHERE x > 1)"
            " MATCH_RECOGNIZE (PATTERN (a)) AS m WHERE c = 1");
  same(findings(&g), "", g.diag.text);
  s = g.script->statements;
  assert_int_equal(s->kind, STATEMENT_STREAM);
  assert_string_equal(s->columns->path, "$.a.\"b\"");
  assert_true(s->columns->not_null);
  assert_int_equal(s->columns->next->unit, TOCSIN_UNIT_MILLISECOND);
  assert_string_equal(s->watermark->source.text, "ts");
  assert_int_equal(s->watermark->delay->integer, 10000000);
  s = s->next;
  assert_int_equal(s->kind, STATEMENT_TABLE);
  assert_int_equal(s->columns->type, TOCSIN_BIGINT);
  assert_true(s->columns->primary_key);
  assert_string_equal(s->primary_key->next->name.text, "Name");
  assert_true(s->primary_key->next->name.quoted);
  s = s->next;
  assert_int_equal(s->kind, STATEMENT_PARAMETER);
  assert_int_equal(s->types->type, TOCSIN_DOUBLE);
  s = s->next;
  assert_int_equal(s->kind, STATEMENT_FUNCTION);
  assert_int_equal(s->types->next->type, TOCSIN_DOUBLE);
  assert_int_equal(s->returns->type, TOCSIN_BOOLEAN);
  s = s->next;
  assert_int_equal(s->kind, STATEMENT_PATTERN);
  assert_string_equal(s->options->next->name.text, "n");
  assert_string_equal(s->query->items->next->alias.text, "c");
  assert_string_equal(s->query->parts->stream.text, "s");
  assert_string_equal(s->query->parts->next->join.text, "t");
  assert_non_null(s->query->parts->next->where);
  assert_string_equal(s->query->alias.text, "m");
  assert_non_null(s->query->where);
  assert_null(s->next);
  done(&g);
}

static void clauses_stand_in_any_order(void **state)
{
  const tsn_clauses *c;
  reading g;

  (void)state;
  read_text(&g, "SELECT * FROM s MATCH_RECOGNIZE ( DEFINE a AS x, b AS y SUBSET u = (a, b), v = (a)"
                " PATTERN ( a b ) WITHIN 5 ROWS AFTER MATCH SKIP TO FIRST u ALL ROWS PER MATCH OMIT EMPTY MATCHES"
                " SHOW TIMEOUT MATCHES MEASURES FINAL LAST(x) AS x, a.y + 1 AS y ORDER BY ts DESC, z"
                " PARTITION BY k, TUMBLE (5 MINUTES) )");
  same(findings(&g), "", g.diag.text);
  c = g.script->statements->query->clauses;
  assert_string_equal(c->defines->next->name.text, "b");
  assert_string_equal(c->subsets->next->name.text, "v");
  assert_true(c->within_rows);
  assert_int_equal(c->within->integer, 5);
  assert_int_equal(c->skip, SKIP_TO_FIRST);
  assert_string_equal(c->skip_label.text, "u");
  assert_int_equal(c->rows, ROWS_ALL);
  assert_int_equal(c->empty, EMPTY_OMIT);
  assert_true(c->timeouts);
  assert_int_equal(c->measures->semantics, SEMANTICS_FINAL);
  assert_int_equal(c->measures->next->semantics, SEMANTICS_NONE);
  assert_true(c->orders->descending);
  assert_false(c->orders->next->descending);
  assert_int_equal(c->keys->next->kind, KEY_TUMBLE);
  done(&g);
}

static const struct {
  const char *text;
  tsn_skip skip;
  const char *label;
  bool bare;
} skips[] = {
  { "SKIP PAST LAST ROW", SKIP_PAST_LAST, "", false }, { "SKIP TO NEXT ROW", SKIP_TO_NEXT, "", false },
  { "SKIP TO FIRST a", SKIP_TO_FIRST, "a", false },    { "SKIP TO LAST a", SKIP_TO_LAST, "a", false },
  { "SKIP TO a", SKIP_TO_LAST, "a", true },            { "SKIP TO LAST", SKIP_TO_LAST, "LAST", true },
  { "SKIP TO LAST last", SKIP_TO_LAST, "last", false }, { "NO SKIP", SKIP_NONE, "", false },
};

static void skip_modes_are_told_from_labels_of_their_words(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < T_COUNT(skips); i++) {
    char text[300];
    const tsn_clauses *c;
    reading g;

    snprintf(text, sizeof text, "SELECT * FROM s MATCH_RECOGNIZE ( AFTER MATCH %s PATTERN ( a last ) )", skips[i].text);
    read_text(&g, text);
    same(findings(&g), "", text);
    c = g.script->statements->query->clauses;
    T_ROW(c->skip == skips[i].skip && c->skip_bare == skips[i].bare, text);
    same(c->skip_label.text ? c->skip_label.text : "", skips[i].label, text);
    done(&g);
  }
}

/* keywords.def and grammar.y agree on which words are names. */
static void words_that_are_not_reserved_are_names(void **state)
{
  const tsn_keyword *k;
  size_t i;

  (void)state;
  for (i = 0; (k = tsn_keyword_at(i)) != NULL; i++) {
    char text[400];
    reading g;

    assert_ptr_equal(tsn_keyword_of(k->token), k);
    assert_ptr_equal(tsn_keyword_find(k->text, strlen(k->text)), k);
    snprintf(text, sizeof text,
             "CREATE STREAM s (%s TEXT); SELECT %s, x AS %s FROM %s MATCH_RECOGNIZE ( PARTITION BY %s, x ORDER BY %s"
             " MEASURES a.%s + %s AS %s PATTERN ( %s a ) SUBSET %s = (a, %s) DEFINE %s AS %s = :%s, a AS x )",
             k->text, k->text, k->text, k->text, k->text, k->text, k->text, k->text, k->text, k->text, k->text, k->text,
             k->text, k->text, k->text);
    read_text(&g, text);
    T_ROW((g.diag.errors > 0) == (k->class == KEYWORD_RESERVED), text);
    done(&g);
  }
}

static void names_compare_as_the_language_says(void **state)
{
  const tsn_name plain = { .text = "down", .length = 4 }, quoted = { .text = "down", .length = 4, .quoted = true };
  const tsn_name upper = { .text = "DOWN", .length = 4, .quoted = true };

  (void)state;
  assert_true(tsn_label_same(&plain, &upper));
  assert_false(tsn_label_same(&plain, &quoted));
  assert_true(tsn_column_same(&plain, "Down"));
  assert_true(tsn_column_same(&quoted, "down"));
  assert_false(tsn_column_same(&quoted, "Down"));
}

/* The piece of text that an expression was read from. */
static void stands_at(const char *text, tsn_span at, const char *piece)
{
  assert_int_equal(at.to - at.from, strlen(piece));
  assert_memory_equal(text + at.from, piece, strlen(piece));
}

static void places_are_those_of_the_text(void **state)
{
  const char *text = QUERY("a b", "(x + LAST(b.yy, 1)) IS NULL");
  const tsn_expr *e;
  const tsn_clauses *c;
  reading g;

  (void)state;
  read_text(&g, text);
  c = g.script->statements->query->clauses;
  stands_at(text, c->pattern_at, "PATTERN ( a b )");
  stands_at(text, c->pattern->items->next->at, "b");
  stands_at(text, c->defines->at, "a AS (x + LAST(b.yy, 1)) IS NULL");
  e = c->defines->condition;
  stands_at(text, e->at, "(x + LAST(b.yy, 1)) IS NULL");
  stands_at(text, e->args->at, "(x + LAST(b.yy, 1))");
  stands_at(text, e->args->args->next->at, "LAST(b.yy, 1)");
  stands_at(text, e->args->args->next->args->name.at, "yy");
  done(&g);
}

/* ---- what is wrong is told, with its place, and the rest as well ---- */

static const char *const errors[][2] = {
  /* bytes and words */
  { "SELECT '\xff'", "1:9 E0001, 1:11 E0107" },
  { "\xc3\xa4\xc3", "1:1 E0106, 1:3 E0001" },
  { QUERY("a", "x @ 1"), "1:63 E0002" },
  { QUERY("a", "x == 1"), "1:63 E0002" },
  { QUERY("a", "x = \xe2\x80\x9c""a\xe2\x80\x9d"), "1:65 E0002" },
  { QUERY("a", "`x` = 1"), "1:61 E0002" },
  { QUERY("a", "x = 1 /* open"), "1:33 E0102, 1:67 E0003" },
  { QUERY("a", "x = 'open"), "1:65 E0004" },
  { QUERY("a", "\"open = 1"), "1:61 E0004" },
  { QUERY("a", "\"\" = 1"), "1:61 E0009" },
  { QUERY("a", "x = 9223372036854775808"), "1:65 E0005" },
  { QUERY("a", "x = -9223372036854775809"), "1:66 E0005" },
  { QUERY("a", "x = - (9223372036854775808)"), "1:67 E0005" },
  { QUERY("a", "x = 1e999"), "1:65 E0005" },
  { QUERY("a", "x > 999999999 WEEKS"), "1:65 E0005" },
  /* what was expected */
  { "", "" },
  { " ; ; ", "" },
  { "foo", "1:1 E0106" },
  { "CREATE STREAMS s (a TEXT)", "1:8 E0106" },
  { "CREATE STREAM s", "1:16 E0107" },
  { "CREATE STREAM s (a TEXT b TEXT, c FOO, d TEXT UNIT YEAR)", "1:25 E0101, 1:35 E0134, 1:52 E0130" },
  { "CREATE STREAM s (a TEXT) CREATE STREAM t (a TEXT)", "1:26 E0104" },
  { "SELECT * FROM s", "1:16 E0107" },
  { "SELECT FROM s MATCH_RECOGNIZE ( PATTERN ( a ) )", "1:8 E0101" },
  { "SELECT end FROM s MATCH_RECOGNIZE ( PATTERN ( a ) )", "1:8 E0101" },
  { "SELECT x AS end FROM s MATCH_RECOGNIZE ( PATTERN ( a ) )", "1:13 E0105" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PARTITION BY order ORDER BY ts PATTERN ( a ) )", "1:48 E0105" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PARTITION BY ) ", "1:48 E0101" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PARTITION k PATTERN ( a ) )", "1:45 E0101" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( MEASURE x AS y PATTERN ( a ) )", "1:35 E0106" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( MEASURES x PATTERN ( a ) )", "1:44 E0113" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) ) DEFINE a AS x )", "1:51 E0110" },
  { QUERY("a", "x > 1 b AS y > 2"), "1:67 E0101" },
  { QUERY("a", "x >"), "1:65 E0101" },
  { QUERY("a", "x IN (1, 2"), "1:33 E0102" },
  { QUERY("a", "CASE WHEN x THEN END"), "1:78 E0101" },
  { QUERY("a", "EXTRACT(HOUR x)"), "1:74 E0101" },
  { QUERY("a", "CAST(x TEXT)"), "1:68 E0101" },
  { QUERY("a", "!x"), "1:61 E0101" },
  /* clauses */
  { "SELECT * FROM s MATCH_RECOGNIZE ( )", "1:17 E0109" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( ORDER BY ts )", "1:17 E0109" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) PATTERN ( b ) )", "1:49 E0108" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( ONE ROW PER MATCH ALL ROWS PER MATCH PATTERN ( a ) )", "1:53 E0108" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( ONE ROW PER MATCH SHOW EMPTY MATCHES PATTERN ( a ) )", "1:53 E0110" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) SHOW TIMEOUT MATCHES )", "1:49 E0110" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) DEFINE a AS x WITHIN 5 SECONDS )", "1:63 E0110" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( AFTER MATCH SKIP TO LAST PATTERN ( a ) )", "1:55 E0111" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( AFTER MATCH SKIP TO NEXT PATTERN ( a ) )", "1:55 E0111" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( AFTER MATCH SKIP TO CURRENT ROW PATTERN ( a ) )", "1:63 E0111" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( AFTER MATCH SKIP PAST LAST PATTERN ( a ) )", "1:62 E0101" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( AFTER MATCH SKIP TO NEXT ROW SEEK PATTERN ( a ) )", "1:64 E0112" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( INITIAL PATTERN ( a ) )", "1:35 E0112" },
  { "CREATE TABLE t (a TEXT, WATERMARK FOR a AS a)", "1:25 E0110" },
  { "CREATE STREAM s (a TEXT PRIMARY KEY NOT NULL NOT NULL)", "1:18 E0110, 1:46 E0108" },
  { "SELECT * FROM (s WHERE x = 1) MATCH_RECOGNIZE ( PATTERN ( a ) )", "1:18 E0110" },
  /* patterns */
  { QUERY("", "x"), "1:43 E0126" },
  { QUERY("{- -}", "x"), "1:45 E0126" },
  { QUERY("a, b", "x"), "1:46 E0124" },
  { QUERY("a, b, (c, d)", "x"), "1:46 E0124, 1:53 E0124" },
  { QUERY("| a", "x"), "1:45 E0125" },
  { QUERY("a |", "x"), "1:47 E0125" },
  { QUERY("(a | | b)", "x"), "1:48 E0125" },
  { QUERY("a || b", "x"), "1:47 E0125" },
  { QUERY("a+*", "x"), "1:47 E0121" },
  { QUERY("a+?*", "x"), "1:48 E0121" },
  { QUERY("a{2}{3}", "x"), "1:49 E0121" },
  { QUERY("a !b+", "x"), "1:49 E0120" },
  { QUERY("a !b{5}* c", "x"), "1:52 E0120" },
  { QUERY("a ->* b", "x"), "1:49 E0120" },
  { QUERY("a{-1}", "x"), "1:47 E0122" },
  { QUERY("a{3,1}", "x"), "1:46 E0122" },
  { QUERY("a{99999999999}", "x"), "1:47 E0122" },
  { QUERY("a{}", "x"), "1:47 E0101" },
  { QUERY("a{5 MINUTES}", "x"), "1:49 E0101" },
  { QUERY("a ->{5} b", "x"), "1:50 E0123" },
  { QUERY("a ->{} b", "x"), "1:50 E0101" },
  { QUERY("a NOT b", "x"), "1:47 E0101" },
  { QUERY("+ a", "x"), "1:45 E0101" },
  { QUERY("(a b", "x"), "1:43 E0102" },
  { QUERY("a {2", "x"), "1:47 E0102" },
  { QUERY("a {- b", "x"), "1:47 E0102" },
  { QUERY("a {- b }", "x"), "1:52 E0103" },
  { QUERY("a b ]", "x"), "1:49 E0103" },
  { QUERY("PERMUTE(a, )", "x"), "1:56 E0101" },
  /* literals */
  { QUERY("a", "x > 5 fortnights"), "1:67 E0130" },
  { QUERY("a", "x > 5 minuts"), "1:67 E0130" },
  { QUERY("a", "x > INTERVAL '1' MONTH"), "1:78 E0130" },
  { QUERY("a", "x > INTERVAL '1x' DAY"), "1:74 E0132" },
  { QUERY("a", "x > INTERVAL '1 25:00' DAY TO MINUTE"), "1:74 E0132" },
  { QUERY("a", "x > INTERVAL '1' SECOND TO DAY"), "1:88 E0132" },
  { QUERY("a", "x > TIMESTAMP '2026-13-01'"), "1:75 E0133" },
};

static void errors_are_told_with_their_places(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < T_COUNT(errors); i++) {
    const tsn_diag_item *d;
    reading g;

    read_text(&g, errors[i][0]);
    same(findings(&g), errors[i][1], errors[i][0]);
    for (d = g.diag.first; d; d = d->next)
      T_ROW(d->at.from <= d->at.to && d->at.to <= strlen(errors[i][0]), errors[i][0]);
    T_ROW(g.status == TOCSIN_OK, errors[i][0]);
    done(&g);
  }
}

static void after_an_error_the_rest_is_read(void **state)
{
  const tsn_statement *s;
  reading g;

  (void)state;
  read_text(&g, "CREATE STREAM s (a TEXT, b, c BIGINT);\n"
                "CREATE PATTERN p AS SELECT a, + FROM s MATCH_RECOGNIZE (\n"
                "  PARTITION BY )\n"
                "  ORDER BY ts MEASURES LAST(x, ) AS l, (a.x AS y, b.z AS z\n"
                "  PATTERN ( a (b | c d+ ) DEFINE a AS x >, b AS f(1 2) > 3, c AS (y = 1) );\n"
                "nonsense ( here ; there );\n"
                "CREATE PARAMETER q BIGINT;\n"
                "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a** ) )");
  same(findings(&g),
       "1:27 E0101, 2:33 E0101, 3:16 E0101, 4:32 E0101, 4:45 E0101, 5:11 E0102, 5:42 E0101, 5:53 E0101, 6:1 E0106, "
       "6:19 E0106, 8:47 E0121",
       g.diag.text);
  s = g.script->statements;
  assert_true(s->broken);
  assert_string_equal(s->columns->next->name.text, "c");
  s = s->next;
  assert_true(s->broken);
  assert_string_equal(s->query->clauses->defines->name.text, "c");
  s = s->next;
  assert_int_equal(s->kind, STATEMENT_PARAMETER);
  assert_false(s->broken);
  assert_true(s->next->broken);
  done(&g);
}

static const char *const messages[][2] = {
  { "SELECT * FROM s MATCH_RECOGNIZE ( PARTITION BY )",
    "unexpected `)` after `PARTITION BY`: a column name was expected" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( ORDER ts PATTERN ( a ) )", "unexpected `ts` after `ORDER`: `BY` was expected" },
  { "SELECT * FROM s", "the text ends after `s`: `MATCH_RECOGNIZE` was expected" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) PATTERN ( b ) )",
    "PATTERN is given twice; the first stands at line 1, column 35" },
  { QUERY("a", "x IN (1, 2 3)"), "unexpected `3` after `2`: `,` or `)` was expected" },
  { QUERY("a", "x = 'a very long text that goes on and on, longer than a line' 'b"), "a string does not end" },
  { QUERY("a{-1}", "x"), "a quantifier has no negative bound" },
  { "CREATE FUNCTION f ( , TEXT ) RETURNS TEXT", "unexpected `,` after `(`: a type was expected" },
  { "CREATE STREAM s (a TEXT b TEXT)", "unexpected `b` after `TEXT`: `,` or `)` was expected" },
  { "SELECT x y FROM s MATCH_RECOGNIZE ( PATTERN ( a ) )",
    "unexpected `y` after `x`: `,`, `AS` or `FROM` was expected" },
};

static void messages_speak_of_the_text(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < T_COUNT(messages); i++) {
    reading g;

    read_text(&g, messages[i][0]);
    T_ROW(g.diag.first != NULL, messages[i][0]);
    same(g.diag.first->message, messages[i][1], messages[i][0]);
    done(&g);
  }
}

/* ---- hostile texts ---- */

/* head, then piece `count` times, then tail. */
static char *repeat(const char *head, const char *piece, size_t count, const char *tail, size_t *length)
{
  const size_t h = strlen(head), p = strlen(piece), t = strlen(tail);
  char *text = malloc(h + p * count + t + 1);
  size_t i;

  assert_non_null(text);
  memcpy(text, head, h);
  for (i = 0; i < count; i++) memcpy(text + h + i * p, piece, p);
  memcpy(text + h + p * count, tail, t + 1);
  *length = h + p * count + t;
  return text;
}

static const struct {
  const char *head, *piece;
  size_t count;
  const char *tail;
  tocsin_status status;
  const char *first; /* finding; NULL: none */
} floods[] = {
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( ", "(", 10000, "a", TOCSIN_LIMIT, "E0007" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) DEFINE a AS ", "(", 10000, "x", TOCSIN_LIMIT, "E0007" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) DEFINE a AS ", "NOT ", 100000, "x ) ", TOCSIN_LIMIT, "E0007" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) DEFINE a AS ", "- ", 100000, "x ) ", TOCSIN_LIMIT, "E0007" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) DEFINE a AS x", "+x", 100000, " )", TOCSIN_LIMIT, "E0008" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) DEFINE a AS x", "+x", 900, " )", TOCSIN_OK, NULL },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a ) DEFINE a AS x IN (1", ",1", 50000, ") )", TOCSIN_OK, NULL },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( ", "a ", 50000, ") )", TOCSIN_OK, NULL },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a", "|a", 50000, ") )", TOCSIN_OK, NULL },
  { "SELECT * FROM s MATCH_RECOGNIZE ( PATTERN ( a", "+", 50000, ") )", TOCSIN_OK, "E0121" },
  { "SELECT ", "a", 1000000, "", TOCSIN_OK, "E0107" },
  { "SELECT '", "a", 1000000, "", TOCSIN_OK, "E0004" },
  { "", "/*", 500000, "", TOCSIN_OK, "E0101" },
  { "/*", "* /", 500000, "", TOCSIN_OK, "E0003" },
  { "", "'", 500001, "", TOCSIN_OK, "E0101" },
  { "", ";", 100000, "", TOCSIN_OK, NULL },
  { "", ")", 100000, "", TOCSIN_OK, "E0103" },
  { "", "CREATE ", 20000, "", TOCSIN_OK, "E0101" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( ", "PATTERN ", 20000, "", TOCSIN_OK, "E0101" },
  { "SELECT * FROM s MATCH_RECOGNIZE ( ", "(] ", 20000, "", TOCSIN_LIMIT, "E0101" },
  { "", "\xff", 100000, "", TOCSIN_OK, "E0001" },
  { "", " ", 17 << 20, "", TOCSIN_LIMIT, "E0006" },
};

static void floods_end_in_an_error_or_a_tree(void **state)
{
  size_t i, length;

  (void)state;
  for (i = 0; i < T_COUNT(floods); i++) {
    char *text = repeat(floods[i].head, floods[i].piece, floods[i].count, floods[i].tail, &length);
    reading g;

    read_bytes(&g, text, length);
    T_ROW(g.status == floods[i].status, floods[i].piece);
    same(g.diag.first ? tsn_diag_name(g.diag.first->code) : "", floods[i].first ? floods[i].first : "",
         floods[i].piece);
    T_ROW(g.diag.errors <= TSN_DIAG_MAX || g.diag.more[SEVERITY_ERROR].there, floods[i].piece);
    done(&g);
    free(text);
  }
}

static void nul_bytes_are_errors_with_a_place(void **state)
{
  static const char text[] = "SELECT \0 FROM";
  reading g;

  (void)state;
  read_bytes(&g, text, sizeof text - 1);
  same(findings(&g), "1:8 E0002, 1:14 E0107", "NUL");
  done(&g);
}

static void random_bytes_are_survived(void **state)
{
  static const char *const words[] = { "SELECT", "*",    "FROM", "s", "MATCH_RECOGNIZE", "(", ")",  "PATTERN", "DEFINE",
                                       "AS",     "CASE", "WHEN", "a", "{",               "}", "[",  "]",       "{-",
                                       "-}",     "->",   "!",    "|", ",",               ";", "5",  "CREATE",  "STREAM",
                                       "'t'",    "\"q\"", "?",   "+", "NOT",             "=", "IN", "ORDER BY", "\n" };
  uint64_t seed = 88172645463325252u;
  unsigned n, i;

  (void)state;
  for (n = 0; n < 300; n++) {
    char text[2000];
    size_t length = 0;
    reading g;

    for (i = 0; i < 120; i++) {
      seed ^= seed << 13;
      seed ^= seed >> 7;
      seed ^= seed << 17;
      if (n % 4 == 0) text[length++] = (char)(seed >> 20);
      else length += (size_t)snprintf(text + length, sizeof text - length, "%s ", words[(seed >> 20) % T_COUNT(words)]);
    }
    read_bytes(&g, text, length);
    assert_true(g.status == TOCSIN_OK || g.status == TOCSIN_LIMIT);
    done(&g);
  }
}

/* The reader asks the allocator in vain, the first time, the second ... */
static void memory_may_end_at_any_point(void **state)
{
  const char *text = "CREATE STREAM s (k TEXT PATH '$.k', ts TIMESTAMP, WATERMARK FOR ts AS ts - 5 SECONDS);"
                     "SELECT k FROM s MATCH_RECOGNIZE ("
                     " MEASURES LAST(a.x) AS x PATTERN ( (a ->)+ !b{5 s} ) DEFINE a AS )";
  uint64_t n;

  (void)state;
  for (n = 1;; n++) {
    tsn_alloc alloc;
    tsn_arena arena;
    tsn_diag diag;
    tsn_script *script;
    tocsin_status status;

    tsn_alloc_init(&alloc, NULL);
    alloc.fail_at = n;
    tsn_arena_init(&arena, &alloc, 0);
    tsn_diag_init(&diag, &arena, text, strlen(text));
    status = tsn_parse(&arena, text, strlen(text), &diag, &script);
    tsn_arena_clear(&arena);
    assert_int_equal(alloc.used, 0);
    if (status == TOCSIN_OK) break;
    assert_int_equal(status, TOCSIN_NOMEM);
  }
  assert_true(n > 1);
}

static void an_arena_may_be_too_small(void **state)
{
  const char *text = QUERY("(a | b)+ -> c", "x > 1 AND y IN (1, 2, 3)");
  size_t max;

  (void)state;
  for (max = 64; max < 100000; max += 64) {
    tsn_alloc alloc;
    tsn_arena arena;
    tsn_diag diag;
    tsn_script *script;
    tocsin_status status;

    tsn_alloc_init(&alloc, NULL);
    tsn_arena_init(&arena, &alloc, max);
    tsn_diag_init(&diag, &arena, text, strlen(text));
    status = tsn_parse(&arena, text, strlen(text), &diag, &script);
    tsn_arena_clear(&arena);
    if (status == TOCSIN_OK) return;
    assert_int_equal(status, TOCSIN_LIMIT);
  }
  fail();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(conditions_are_read),
    cmocka_unit_test(patterns_are_read),
    cmocka_unit_test(durations_are_exact),
    cmocka_unit_test(abbreviated_units_are_known_in_braces_and_after_within),
    cmocka_unit_test(statements_are_read),
    cmocka_unit_test(clauses_stand_in_any_order),
    cmocka_unit_test(skip_modes_are_told_from_labels_of_their_words),
    cmocka_unit_test(words_that_are_not_reserved_are_names),
    cmocka_unit_test(names_compare_as_the_language_says),
    cmocka_unit_test(places_are_those_of_the_text),
    cmocka_unit_test(errors_are_told_with_their_places),
    cmocka_unit_test(after_an_error_the_rest_is_read),
    cmocka_unit_test(messages_speak_of_the_text),
    cmocka_unit_test(floods_end_in_an_error_or_a_tree),
    cmocka_unit_test(nul_bytes_are_errors_with_a_place),
    cmocka_unit_test(random_bytes_are_survived),
    cmocka_unit_test(memory_may_end_at_any_point),
    cmocka_unit_test(an_arena_may_be_too_small),
  };
  return T_RUN(tests);
}
