/* For tests of the whole engine: patterns that together touch all of it, rows for
 * them, and a run from text to output.
 *
 *   text --tocsin_compile--> program --tocsin_matcher_new--> matcher
 *   rows (CSV) --decoder--> batch --push, advance, finish--> output rows as text
 *
 * The engine takes its memory from a heap that counts and can fail on purpose;
 * the rows are read with memory of their own. */
#ifndef TSN_TESTS_ENGINE_H
#define TSN_TESTS_ENGINE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "host.h"
#include "io/decoder.h"
#include "tocsin.h"

/* ---- a heap that counts, and fails from the k-th growing call on ---- */

typedef struct engine_heap {
  unsigned long calls, fail_at; /* 0: never */
  size_t used, peak;
} engine_heap;

static inline void *engine_resize(void *context, void *block, size_t old_size, size_t new_size)
{
  engine_heap *h = context;
  void *moved;
  if (new_size == 0) {
    free(block);
    h->used -= old_size;
    return NULL;
  }
  if (new_size > old_size) {
    h->calls++;
    if (h->fail_at && h->calls >= h->fail_at) return NULL;
  }
  moved = realloc(block, new_size);
  if (!moved) return NULL;
  h->used = h->used - old_size + new_size;
  if (h->used > h->peak) h->peak = h->used;
  return moved;
}

static inline tocsin_allocator engine_allocator(engine_heap *h)
{
  return (tocsin_allocator){.resize = engine_resize, .context = h};
}

/* ---- rows ---- */

typedef struct engine_rows {
  tsn_alloc alloc;
  tsn_batch batch;
  tsn_column_def *columns;
} engine_rows;

/* Reads CSV as the program's first stream declares it; false where a row is bad. */
static inline bool engine_rows_read(engine_rows *g, const tocsin_program *program, const char *csv)
{
  tocsin_stream_info info = tocsin_program_stream(program, 0);
  tsn_schema schema = {.name = info.name, .column_count = info.column_count};
  tsn_decoder_options options = {.source = "rows"};
  tsn_decoder *decoder = NULL;
  bool good;
  size_t i;
  tsn_alloc_init(&g->alloc, NULL);
  g->columns = calloc(info.column_count + 1, sizeof *g->columns);
  for (i = 0; i < info.column_count; i++) {
    tocsin_column_info c = tocsin_program_stream_column(program, 0, i);
    g->columns[i] = (tsn_column_def){.name = c.name, .type = c.type, .unit = c.unit, .needed = true};
  }
  schema.columns = g->columns;
  good = tsn_batch_init(&g->batch, &g->alloc, &schema) == TOCSIN_OK &&
         tsn_decoder_new(&g->alloc, TSN_FORMAT_CSV, &schema, &options, &decoder) == TOCSIN_OK &&
         tsn_decoder_feed(decoder, csv, strlen(csv), &g->batch) == TOCSIN_OK &&
         tsn_decoder_finish(decoder, &g->batch) == TOCSIN_OK && tsn_decoder_count(decoder).bad == 0;
  tsn_decoder_free(decoder);
  return good;
}

static inline void engine_rows_clear(engine_rows *g)
{
  tsn_batch_clear(&g->batch);
  free(g->columns);
}

/* ---- output ---- */

static inline void engine_show(tsn_bytes *out, const tocsin_match *m)
{
  size_t i;
  tsn_bytes_printf(out, "%zu%s", m->pattern, m->timeout ? "!" : "");
  for (i = 0; i < m->value_count; i++) {
    const tocsin_value *v = &m->values[i];
    tsn_bytes_char(out, '|');
    if (v->is_null) {
      tsn_bytes_text(out, "NULL");
      continue;
    }
    switch (v->type) {
    case TOCSIN_TEXT:
    case TOCSIN_LIST: tsn_bytes_append(out, v->as.text.bytes, v->as.text.length); break;
    case TOCSIN_DOUBLE: tsn_bytes_printf(out, "%.17g", v->as.real); break;
    case TOCSIN_BOOLEAN: tsn_bytes_text(out, v->as.boolean ? "true" : "false"); break;
    default: tsn_bytes_printf(out, "%lld", (long long)v->as.integer); break;
    }
  }
  tsn_bytes_printf(out, " @%lld\n", (long long)m->time);
}

/* What every case can be run with. */
static const tocsin_matcher_options engine_options = {.functions = host_functions, .function_count = HOST_FUNCTIONS};

/* Takes what waits; out may be NULL. */
static inline void engine_drain(tocsin_matcher *m, tsn_bytes *out)
{
  tocsin_match match;
  while (tocsin_matcher_next(m, &match))
    if (out) engine_show(out, &match);
}

/* Feeds rows in batches of some size (0: all at once), with an advance to the
 * time of each batch's last row behind it if asked to, and finishes. */
typedef struct engine_way {
  size_t batch;
  bool advance;
  int64_t (*time_of)(const tocsin_batch *batch, size_t row); /* for advance */
} engine_way;

static inline tocsin_status engine_feed(tocsin_matcher *m, tsn_batch *rows, const engine_way *way, tsn_bytes *out)
{
  tocsin_batch whole = tsn_batch_view(rows), part = whole;
  size_t taken = 0;
  tocsin_status st = TOCSIN_OK;
  while (st == TOCSIN_OK && taken < whole.rows) {
    part.rows = way->batch && taken + way->batch < whole.rows ? taken + way->batch : whole.rows;
    st = tocsin_matcher_push(m, 0, &part, taken, &taken);
    engine_drain(m, out);
    if (st == TOCSIN_OK && way->advance && taken) st = tocsin_matcher_advance(m, way->time_of(&whole, taken - 1));
    engine_drain(m, out);
  }
  if (st == TOCSIN_OK) st = tocsin_matcher_finish(m);
  engine_drain(m, out);
  return st;
}

/* ---- a few rows that suit any columns ---- */

enum { ENGINE_ANY_ROWS = 12 };

static inline tocsin_column engine_any_column(tocsin_type type, size_t at)
{
  static const char texts[] = "abcxbaacbxab";
  static const int32_t offsets[] = {0, 1, 2, 3, 4, 5, 5, 7, 8, 9, 10, 11, 12};
  static const int64_t integers[] = {0, 1, 2, 3, 5, 5, 8, 9, 12, 20, 21, 40};
  static const double reals[] = {0, -0.0, 1.5, 2, 1e300, -1e300, 3, 4, 5, 6, 7, 8};
  static const uint8_t bits[] = {0x5a, 0x0f}, valid[] = {0xff, 0x0e};
  tocsin_column c = {.values = integers, .validity = at % 3 == 2 ? valid : NULL};
  if (type == TOCSIN_TEXT) c.values = texts;
  if (type == TOCSIN_TEXT) c.offsets = offsets;
  if (type == TOCSIN_DOUBLE) c.values = reals;
  if (type == TOCSIN_BOOLEAN) c.values = bits;
  return c;
}

/* Loads them into every table; those whose key is NULL or there already are left out. */
static inline tocsin_status engine_load_tables(const tocsin_program *program, tocsin_matcher *matcher)
{
  tocsin_status st = TOCSIN_OK;
  size_t table, i;
  for (table = 0; table < tocsin_program_table_count(program) && st == TOCSIN_OK; table++) {
    size_t count = tocsin_program_table(program, table).column_count, taken = 0;
    tocsin_column *columns = calloc(count + 1, sizeof *columns);
    tocsin_batch batch = {.rows = ENGINE_ANY_ROWS, .column_count = count, .columns = columns};
    tocsin_load *load;
    for (i = 0; i < count; i++) columns[i] = engine_any_column(tocsin_program_table_column(program, table, i).type, i);
    st = tocsin_matcher_load(matcher, table, &load);
    while (st == TOCSIN_OK && taken < batch.rows) {
      st = tocsin_load_push(load, &batch, taken, &taken);
      if (st == TOCSIN_KEY) taken++, st = TOCSIN_OK;
    }
    if (st == TOCSIN_OK) st = tocsin_load_commit(load);
    tocsin_load_free(load);
    free(columns);
  }
  return st;
}

/* Runs a program over them, within narrow limits; answers how that ended. */
static inline tocsin_status engine_run_any(const tocsin_program *program)
{
  tocsin_matcher_options options = engine_options;
  tocsin_matcher *matcher;
  tocsin_status st;
  size_t stream, i;
  options.late = TOCSIN_LATE_DROP;
  options.max_paths_per_partition = options.max_rows_per_partition = 200;
  options.max_bytes = (uint64_t)64 << 20;
  st = tocsin_matcher_new(program, &options, &matcher);
  if (st != TOCSIN_OK) return st;
  st = engine_load_tables(program, matcher);
  for (stream = 0; stream < tocsin_program_stream_count(program) && stream < 2; stream++) {
    size_t count = tocsin_program_stream(program, stream).column_count, taken = 0;
    tocsin_column *columns = calloc(count + 1, sizeof *columns);
    tocsin_batch batch = {.column_count = count, .columns = columns};
    for (i = 0; i < count; i++) columns[i] = engine_any_column(tocsin_program_stream_column(program, stream, i).type, i);
    while (st == TOCSIN_OK && taken < ENGINE_ANY_ROWS) {
      batch.rows = taken + 5 < ENGINE_ANY_ROWS ? taken + 5 : ENGINE_ANY_ROWS;
      st = tocsin_matcher_push(matcher, stream, &batch, taken, &taken);
      engine_drain(matcher, NULL);
    }
    free(columns);
  }
  if (st == TOCSIN_OK) st = tocsin_matcher_advance(matcher, 50);
  if (st == TOCSIN_OK) st = tocsin_matcher_finish(matcher);
  engine_drain(matcher, NULL);
  tocsin_matcher_free(matcher);
  return st;
}

/* ---- the table ---- */

typedef struct engine_case {
  const char *about;
  const char *text;
  const char *rows;    /* NULL: engine_common_rows */
  tocsin_status ends;  /* what the run answers with memory enough */
} engine_case;

#define ENGINE_STREAM "CREATE STREAM s (k TEXT, ts BIGINT, type TEXT, v BIGINT, x DOUBLE, note TEXT);\n"
#define ENGINE_QUERY(clauses) ENGINE_STREAM "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts " clauses ")"
#define ENGINE_LABELS "DEFINE a AS type = 'a', b AS type = 'b', c AS type = 'c'"
#define ENGINE_TEN(d) \
  "p" d "0 | p" d "1 | p" d "2 | p" d "3 | p" d "4 | p" d "5 | p" d "6 | p" d "7 | p" d "8 | p" d "9"
#define ENGINE_HUNDRED(d) \
  ENGINE_TEN(d "0") " | " ENGINE_TEN(d "1") " | " ENGINE_TEN(d "2") " | " ENGINE_TEN(d "3") " | " \
  ENGINE_TEN(d "4") " | " ENGINE_TEN(d "5") " | " ENGINE_TEN(d "6") " | " ENGINE_TEN(d "7") " | " \
  ENGINE_TEN(d "8") " | " ENGINE_TEN(d "9")

static const char engine_common_rows[] =
    "k,ts,type,v,x,note\n"
    "A,1,a,1,0.5,one\nA,2,b,2,1.5,two\nB,2,a,3,,\nA,3,a,4,2.5,three\nB,4,b,5,-1,\"four, and more\"\n"
    "A,5,c,6,3.5,five\nA,5,x,7,,six\n,6,a,8,4.5,seven\nA,7,b,9,5.5,eight\nB,7,c,10,6.5,nine\n"
    ",8,b,11,7.5,ten\nA,9,a,12,8.5,eleven\nA,11,a,13,9.5,twelve\nB,11,x,14,,thirteen\nA,12,b,15,1e300,fourteen\n"
    "A,13,c,16,-0.0,fifteen\n,14,c,17,0.0,sixteen\nB,15,a,18,2,seventeen\nB,16,b,19,3,eighteen\nA,20,a,20,4,nineteen\n"
    "B,21,b,21,5,twenty\nA,22,b,22,6,twenty-one\n"
    "A,30,c,23,7,twenty-two\nB,40,c,24,8,twenty-three\nA,50,x,25,9,twenty-four\n";

static const engine_case engine_cases[] = {
    {"gaps and bounds of every kind",
     ENGINE_QUERY("MEASURES FIRST(a.v) AS f, LAST(v) AS l, COUNT(*) AS n "
                  "PATTERN (a ->{1,10} b ->> c{1,2} ->{,20} (a | x)) WITHIN 40 "
                  ENGINE_LABELS ", x AS type = 'x'"), NULL, TOCSIN_OK},
    {"timers, and an absence up to the end of the match",
     ENGINE_QUERY("MEASURES MATCH_ROWTIME() AS at, b.v AS v AFTER MATCH SKIP TO NEXT ROW "
                  "PATTERN (a -> b !c{3} | a !(b | c)) WITHIN 6 "
                  ENGINE_LABELS), NULL, TOCSIN_OK},
    {"timers whose length the rows tell",
     ENGINE_QUERY("MEASURES a.v AS v, MATCH_ROWTIME() AS at "
                  "PATTERN (a !c{a.v * 2 - 1} b?) " ENGINE_LABELS), NULL, TOCSIN_OK},
    {"absences before the first row",
     ENGINE_QUERY("MEASURES a.v AS v PATTERN (!b{3} !c{2} a -> !x b) " ENGINE_LABELS ", x AS type = 'x'"), NULL,
         TOCSIN_OK},
    {"what paths hold for conditions: lists, sets, percentiles",
     ENGINE_QUERY("MEASURES COUNT(DISTINCT note) AS n, LAST(v) AS v AFTER MATCH SKIP TO NEXT ROW "
                  "PATTERN ((a | b ->)* (->> b | -> c) !x{COUNT(DISTINCT type) + 1}) "
                  "DEFINE a AS COUNT(DISTINCT a.note) < 4 AND STRING_AGG(note, '/') <> 'x', "
                  "b AS APPROX_PERCENTILE(v, 0.6) <= v AND ARRAY_AGG(DISTINCT type) IS NOT NULL, "
                  "c AS STRING_AGG(DISTINCT type, '') LIKE '%a%' AND SUM(DISTINCT x) < 90, x AS FALSE"), NULL, TOCSIN_OK},
    {"every match, with lists and sets in conditions",
     ENGINE_QUERY("MEASURES PATH() AS path AFTER MATCH NO SKIP PATTERN ((a | b ->)+ ->> c?) WITHIN 6 "
                  "DEFINE a AS COUNT(DISTINCT note) < 9, b AS STRING_AGG(CLASSIFIER(), '') NOT LIKE '%BB%', c AS type = 'c'"), NULL,
         TOCSIN_OK},
    {"a time of DOUBLE, in windows, with bounds and a watermark",
     "CREATE STREAM s (k TEXT, ts DOUBLE, type TEXT, v BIGINT, WATERMARK FOR ts AS ts - 0.5);\n"
     "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k, SESSION(4) ORDER BY ts MEASURES WINDOW_END() AS e, MATCH_ROWTIME() AS at "
     "PATTERN (!b{0.1} a ->{0.5, 3} b !c{v / 10.0}) WITHIN 3.5 " ENGINE_LABELS ")",
     "k,ts,type,v\nA,0.5,a,1\nA,1.25,b,4\nA,1,c,0\nB,1.5,a,2\nB,5,b,2\nA,9,a,1\nA,9.5,b,7\nA,11,a,2\n", TOCSIN_OK},
    {"loops with counters inside each other",
     ENGINE_QUERY("MEASURES COUNT(a.*) AS n, SUM(b.v) AS s, AVG(x) AS m, STDDEV(v) AS d "
                  "PATTERN ((a{1,3} ->){1,4} (b -> c?){1,2}) "
                  ENGINE_LABELS), NULL, TOCSIN_OK},
    {"every match of an ambiguous pattern",
     ENGINE_QUERY("MEASURES ARRAY_AGG(v) AS vs AFTER MATCH NO SKIP PATTERN ((a | b ->)* ->> (b | c)+ ->> c?) "
                  "WITHIN 9 " ENGINE_LABELS), NULL,
     TOCSIN_OK},
    {"every match, walked over a graph of rows: registers as they are, a comparison with the row before",
     ENGINE_QUERY("MEASURES a.note AS an, b.note AS bn, c.v AS v, c.note AS cn AFTER MATCH NO SKIP PATTERN (a ->> b ->> c) "
                  "WITHIN 90 DEFINE a AS type = 'a', b AS type = 'b', c AS type <> 'x' AND v <> b.v"), NULL, TOCSIN_OK},
    {"every match, walked over a graph of rows: loops, aggregates, alternatives",
     ENGINE_QUERY("MEASURES COUNT(*) AS n, MAX(note) AS most, FIRST(b.note, 1) AS f, AVG(x) AS m, MATCH_ID() AS id, SUM(v) AS s "
                  "AFTER MATCH NO SKIP PATTERN ((a | b ->){1,2} ->> (x ->>)* (c | y ->> a)) WITHIN 90 "
                  "DEFINE a AS type = 'a', b AS type = 'b', c AS type = 'c' AND x * 3 > LAST(v), x AS type = 'x', y AS type = 'c'"), NULL, TOCSIN_OK},
    {"all rows, with texts, FINAL and RUNNING",
     ENGINE_QUERY("MEASURES CLASSIFIER() AS label, RUNNING LAST(note) AS r, FINAL LAST(note) AS f, FIRST(note, 1) AS "
                  "second, "
                  "MIN(note) AS least, FINAL MAX(note) AS most, RUNNING STRING_AGG(note, '/') AS list, FINAL "
                  "ARRAY_AGG(note) AS all_notes, "
                  "MATCH_NUMBER() AS n ALL ROWS PER MATCH PATTERN (a {- x* -} b -> c?) "
                  "DEFINE a AS type = 'a', b AS type = 'b', c AS type = 'c' "
                  "AND note > FIRST(a.note), x AS type = 'x'"), NULL, TOCSIN_OK},
    {"lists, paths and identities",
     ENGINE_QUERY("MEASURES STRING_AGG(note, ', ') AS notes, ARRAY_AGG(x) AS xs, PATH() AS path, MATCH_ID() AS id, "
                  "MATCH_START() AS f, "
                  "MATCH_END() AS t PATTERN (a -> b -> c)" ENGINE_LABELS), NULL, TOCSIN_OK},
    {"unmatched rows and empty matches",
     ENGINE_QUERY("MEASURES CLASSIFIER() AS label, COUNT(*) AS n ALL ROWS PER MATCH WITH UNMATCHED ROWS "
                  "PATTERN (a b | (b c)?) "
                  ENGINE_LABELS), NULL, TOCSIN_OK},
    {"matches that time out",
     ENGINE_QUERY("MEASURES MATCH_STATUS() AS st, a.note AS an, LAST(b.note) AS bn "
                  "ONE ROW PER MATCH SHOW TIMEOUT MATCHES "
                  "PATTERN (a -> b ->{,5} c) WITHIN 8 " ENGINE_LABELS), NULL, TOCSIN_OK},
    {"rows sorted by two columns, with texts",
     ENGINE_STREAM "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts, note DESC, v MEASURES LAST(note) AS l "
     "ALL ROWS PER MATCH PATTERN (a b) DEFINE b AS b.note <> PREV(note))", NULL, TOCSIN_OK},
    {"rows that come out of order, late ones among them",
     "CREATE STREAM s (k TEXT, ts BIGINT, note TEXT, WATERMARK FOR ts AS ts - 3);\n"
     "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES STRING_AGG(note, '') AS notes "
     "PATTERN (a -> b !c{4}) "
     "DEFINE c AS note = 'e')",
     "k,ts,note\nA,5,a\nA,3,b\nA,8,c\nA,1,d\nB,9,a\nA,7,e\nA,20,f\nA,18,g\nB,19,h\nB,30,i\nA,12,late\nA,31,j\n",
         TOCSIN_OK},
    {"several patterns over one stream, with WHERE and texts made on the way",
     ENGINE_STREAM
     "CREATE PATTERN words AS SELECT k, n || '!' AS loud, CAST(t AS TEXT) AS t "
     "FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts "
     "MEASURES CONCAT(a.note, '-', b.note) AS n, a.ts AS t PATTERN (a b) "
     "DEFINE a AS note LIKE '%e%', b AS LENGTH(b.note) > 2) "
     "WHERE STARTS_WITH(n, 't') OR t > 3;\n"
     "CREATE PATTERN rises AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts MEASURES COALESCE(b.note, 'none') AS n, "
     "CASE WHEN b.v > 9 THEN 'much' ELSE 'little' END AS c AFTER MATCH SKIP TO LAST b PATTERN (a+ b) "
     "DEFINE b AS v > PREV(v));\n"
     "CREATE PATTERN pairs AS SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k, type ORDER BY ts "
     "PATTERN (a[v > 1]{2}))", NULL, TOCSIN_OK},
    {"rows read ahead: NEXT, $ and ^",
     ENGINE_QUERY("MEASURES a.note AS an, NEXT(LAST(b.note)) AS bn ALL ROWS PER MATCH PATTERN (^ a+ b | a b* $) "
                  "DEFINE a AS NEXT(v, 2) > 3, b AS b.note > PREV(b.note) OR NEXT(b.note) IS NULL"), NULL, TOCSIN_OK},
    {"the parts of a PERMUTE, with text registers in conditions",
     ENGINE_QUERY("MEASURES FIRST(a.note) AS an, LAST(c.note) AS cn, COUNT(b.*) AS n AFTER MATCH SKIP TO NEXT ROW "
                  "PATTERN (PERMUTE(a, b?, c) -> d) DEFINE a AS type IN ('a', 'b'), b AS b.note > LAST(a.note), c AS "
                  "type <> 'x', "
                  "d AS d.note >= MIN(c.note)"), NULL, TOCSIN_OK},
    {"timers that race with the missing parts of a PERMUTE, a set and written out",
     ENGINE_STREAM
     "CREATE PATTERN fixed AS SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES PATH() AS p "
     "AFTER MATCH NO SKIP PATTERN (a -> PERMUTE(b ->, !c{3} ->, !x d{2} ->)) "
     "DEFINE b AS v % 2 = 0, c AS type = 'x', d AS note > FIRST(a.note), x AS v = 9);\n"
     "CREATE PATTERN written AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts MEASURES PATH() AS p "
     "ONE ROW PER MATCH SHOW TIMEOUT MATCHES AFTER MATCH SKIP TO NEXT ROW "
     "PATTERN (PERMUTE(a, (!c{2})?, (->> b)+, PERMUTE(-> d, !x{1}))) WITHIN 9 "
     "DEFINE b AS v % 2 = 0, c AS type = 'x', d AS note > FIRST(a.note), x AS v = 9)", NULL, TOCSIN_OK},
    {"windows that close",
     ENGINE_STREAM "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k, TUMBLE(8) ORDER BY ts "
                   "MEASURES WINDOW_START() AS f, "
     "WINDOW_END() AS t, STRING_AGG(note, '+') AS notes PATTERN (a -> b !c) DEFINE c AS type = 'c')", NULL, TOCSIN_OK},
    {"starts tried one by one, in sessions that close, over rows read ahead",
     ENGINE_STREAM "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k, SESSION(4) ORDER BY ts "
                   "MEASURES NEXT(FIRST(v), 2) AS n, "
     "MATCH_NUMBER() AS m ALL ROWS PER MATCH WITH UNMATCHED ROWS PATTERN (a (!c{2} -> b)) "
     "DEFINE a AS type = 'a', b AS type = 'b', c AS type = 'c' AND MATCH_NUMBER() % 2 = 1)", NULL, TOCSIN_OK},
    {"labels at physical offsets",
     ENGINE_QUERY("MEASURES PREV(LAST(CLASSIFIER()), 2) AS l, PREV(c.v) AS w, PATH() AS p PATTERN ((a | b | x)+ c) "
                  "DEFINE a AS type = 'a', "
                  "b AS PREV(CLASSIFIER()) = 'A' OR v % 3 = 0, c AS PREV(CLASSIFIER(), 2) = 'B'"), NULL, TOCSIN_OK},
    {"functions of texts, and what only a replay gathers",
     ENGINE_STREAM "SELECT k, UPPER(t) || REPLACE(g, 'e', '[e]') AS u, p, d, JSON_VALUE('{\"a\": [1, \"' || t || "
                   "'\"]}', '$.a[1]') AS j "
     "FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts "
     "MEASURES LAST(note) AS t, REGEXP_SUBSTR(STRING_AGG(note, '|'), '[a-m]+') AS g, "
     "APPROX_PERCENTILE(x, 0.5) AS p, COUNT(DISTINCT type) AS d, MIN_BY(note, x) AS least, MAX_BY(type, note) AS most "
     "PATTERN (a+ b) DEFINE a AS note REGEXP '^(f|e|t).*(e|n)', b AS LOWER(SUBSTRING(b.note, 1, 2)) <> 'x' AND "
     "POSITION('e' IN b.note) > 0)",
     NULL, TOCSIN_OK},
    {"more edges behind one element than a word has bits",
     ENGINE_STREAM "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES CLASSIFIER() AS label "
                   "AFTER MATCH NO SKIP "
     "PATTERN (a -> b ->> (" ENGINE_HUNDRED("") ")) WITHIN 4 "
                                                "DEFINE a AS type = 'a', b AS type = 'b', p01 AS v > 5, p99 AS v < "
                                                "9)", NULL,
     TOCSIN_OK},
    {"two parts of FROM that read one stream, with WHERE and texts made on the way",
     ENGINE_STREAM "SELECT * FROM (SELECT k, ts, note || '!' AS note, v FROM s WHERE type = 'a' OR UPPER(note) < 'G' "
                   "UNION ALL BY NAME SELECT UPPER(k) AS k, ts, STREAM() AS note, x FROM s WHERE v > 2) "
     "MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts, note DESC MEASURES FIRST(note) AS f, STRING_AGG(STREAM(), '') AS s, "
     "SUM(v) AS v, MAX(x) AS x PATTERN (a b+) DEFINE b AS note <> FIRST(note) OR STREAM() = 's' AND x > 1)", NULL, TOCSIN_OK},
    {"windows of every frame, with texts, lists and DISTINCT, some of them in an order that reads them",
     "CREATE STREAM s (k TEXT, ts BIGINT, v BIGINT, note TEXT, WATERMARK FOR ts AS ts - 3);\n"
     "SELECT * FROM (SELECT k, ts, note, MAX(note) OVER (PARTITION BY k ORDER BY ts ROWS 2 PRECEDING) AS m, "
     "STRING_AGG(DISTINCT note, '/') OVER (PARTITION BY UPPER(k) ORDER BY ts RANGE 9 PRECEDING) AS l, "
     "COUNT(DISTINCT note) OVER (PARTITION BY k ORDER BY ts) + SUM(v) OVER (ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n, "
     "MIN_BY(note, v) OVER (ORDER BY ts) || MIN_BY(note, v) OVER (ORDER BY ts RANGE BETWEEN 9 PRECEDING AND 1 PRECEDING) AS b, "
     "STDDEV(v) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS d, "
     "ARRAY_AGG(note) OVER (ORDER BY ts ROWS 1 PRECEDING) AS a, APPROX_PERCENTILE(v, 0.5) OVER (ORDER BY ts) AS p FROM s WHERE v <> 4) "
     "MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts, l DESC, note MEASURES LAST(m) AS last, STRING_AGG(b, ' ') AS bs "
     "ALL ROWS PER MATCH PATTERN (x y?) DEFINE y AS y.n > x.n)",
     "k,ts,v,note\nA,5,1,a\nA,3,2,b\nA,8,3,c\nA,8,4,d\nB,9,5,a\nA,9,,e\nA,20,7,f\nA,20,8,\nB,19,9,h\nB,30,1,i\nA,12,2,late\nA,31,3,j\n",
     TOCSIN_OK},
    {"rows that are compared with the first one of each start, by number and by text",
     ENGINE_STREAM "SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES a.note AS f, LAST(b.note) AS l, COUNT(c.v) AS n "
     "AFTER MATCH SKIP TO NEXT ROW PATTERN (a -> b -> (c | d)) WITHIN 30 DEFINE b AS b.v >= a.v AND b.note <> a.note, "
     "c AS c.type = a.type AND c.v < a.v + 2, d AS d.x > a.x * 1.5)", NULL, TOCSIN_OK},
    {"the sum of a window that leaves its range",
     ENGINE_STREAM "SELECT * FROM (SELECT k, ts, SUM(v * 800000000000000000) OVER (PARTITION BY k ORDER BY ts ROWS 2 PRECEDING) AS s FROM s) "
     "MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES LAST(s) AS s PATTERN (x y))", NULL, TOCSIN_RUNTIME},
    {"two parts of a stream with a watermark, and a time that no column of them all is",
     "CREATE STREAM s (k TEXT, ts BIGINT, note TEXT, WATERMARK FOR ts AS ts - 3);\n"
     "SELECT * FROM (SELECT k, note FROM s WHERE note <> 'd' UNION ALL BY NAME s) MATCH_RECOGNIZE (PARTITION BY k "
     "MEASURES STRING_AGG(note, '') AS notes, MATCH_START() AS at PATTERN (a -> b !c{4}) DEFINE c AS note = 'e')",
     "k,ts,note\nA,5,a\nA,3,b\nA,8,c\nA,1,d\nB,9,a\nA,7,e\nA,20,f\nA,18,g\nB,19,h\nB,30,i\nA,12,late\nA,31,j\n",
         TOCSIN_OK},
    {"patterns over patterns: held back, timed out, merged with a stream, lists and texts passed on",
     ENGINE_STREAM
     "CREATE PATTERN p AS SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES MATCH_STATUS() AS st, "
     "LAST(note) AS note, PATH() AS path, MATCH_ROWTIME() AS at ONE ROW PER MATCH SHOW TIMEOUT MATCHES "
     "AFTER MATCH SKIP TO NEXT ROW PATTERN (a -> (b | c) !x{2}) WITHIN 8 " ENGINE_LABELS ", x AS type = 'x');\n"
     "CREATE PATTERN q AS SELECT * FROM (SELECT k, at, note || '+' AS note, path FROM p WHERE st <> 'nothing' "
     "UNION ALL BY NAME SELECT k, ts AS at, note FROM s WHERE type = 'c') MATCH_RECOGNIZE (PARTITION BY k ORDER BY at, note "
     "MEASURES STRING_AGG(note, ' ') AS notes, LAST(path) AS path, STRING_AGG(STREAM(), ' ') AS sources PATTERN (x y{1,2}));\n"
     "CREATE PATTERN r AS SELECT * FROM q MATCH_RECOGNIZE (MEASURES LAST(notes) AS n, LAST(sources) AS l PATTERN (x y))",
     NULL, TOCSIN_OK},
    {"a pattern over starts tried one by one and unmatched rows, and one over rows without a time",
     ENGINE_STREAM
     "CREATE PATTERN p AS SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES CLASSIFIER() AS label "
     "ALL ROWS PER MATCH WITH UNMATCHED ROWS PATTERN (a (!c{2} -> b)) "
     "DEFINE a AS type = 'a', b AS type = 'b', c AS type = 'c' AND MATCH_NUMBER() % 2 = 1);\n"
     "CREATE PATTERN q AS SELECT * FROM p MATCH_RECOGNIZE (MEASURES STRING_AGG(COALESCE(label, note), '/') AS labels PATTERN (x{3} $?));\n"
     "CREATE PATTERN u AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY note, v DESC MEASURES x.note AS note PATTERN (x));\n"
     "CREATE PATTERN w AS SELECT * FROM (SELECT UPPER(note) AS note FROM u) MATCH_RECOGNIZE (MEASURES STRING_AGG(note, ' ') AS notes "
     "PATTERN (x{4}))",
     NULL, TOCSIN_OK},
    {"SKIP TO a label that took no row",
     ENGINE_QUERY("AFTER MATCH SKIP TO c PATTERN (a b c?) " ENGINE_LABELS), NULL, TOCSIN_RUNTIME},
    {"a sum that leaves its range",
     ENGINE_QUERY("MEASURES SUM(v * 400000000000000000) AS s "
                  "PATTERN (a -> b+ c?) " ENGINE_LABELS), NULL, TOCSIN_RUNTIME},
    {"functions of the host, in conditions, lengths, measures, SELECT and WHERE",
     "CREATE FUNCTION twice (BIGINT) RETURNS BIGINT; CREATE FUNCTION shout (TEXT) RETURNS TEXT; "
     "CREATE FUNCTION even (BIGINT) RETURNS BOOLEAN;\n" ENGINE_STREAM
     "SELECT k, shout(t || l) AS loud, twice(n) AS n FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts "
     "MEASURES shout(LAST(note)) AS t, LAST(shout(type)) AS l, COUNT(*) AS n PATTERN (a (b | c)* !x{twice(a.v)}) "
     "DEFINE a AS even(twice(v)), b AS shout(note) > shout(LAST(a.note)), x AS twice(v) < 0) WHERE even(twice(n))",
     NULL, TOCSIN_OK},
    {"rows joined with tables, by keys of several columns and types",
     "CREATE TABLE names (v BIGINT, name TEXT, x DOUBLE, spare TEXT, PRIMARY KEY (v));\n"
     "CREATE TABLE kinds (type TEXT, odd BOOLEAN, note TEXT, weight DOUBLE, PRIMARY KEY (odd, type));\n" ENGINE_STREAM
     "SELECT * FROM (SELECT s.*, name AS called, names.x AS extra FROM s LEFT JOIN names ON names.v = s.v % 6 "
     "WHERE name IS NULL OR LENGTH(name) < 3 UNION ALL BY NAME SELECT k, ts, s.type, kinds.note AS note, weight AS extra "
     "FROM s LEFT JOIN kinds ON kinds.type = LOWER(s.type) AND v % 2 = 1 = odd) "
     "MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES STRING_AGG(called, '/') AS names, SUM(extra) AS s, "
     "STRING_AGG(note, '') AS notes PATTERN (a b+) DEFINE b AS b.extra > 0 OR called = a.called)",
     NULL, TOCSIN_OK},
};

#define ENGINE_CASES (sizeof engine_cases / sizeof *engine_cases)

#endif
