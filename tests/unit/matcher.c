/* The matcher over rows that chance does not bring: many, long, at the ends of
 * time, cut anywhere, with keys that are hard to tell apart. */
#include "../engine.h"
#include "t.h"

#define STREAM "CREATE STREAM s (k TEXT, ts BIGINT, type TEXT, v BIGINT);\n"
#define S STREAM "SELECT * FROM s MATCH_RECOGNIZE ("
#define DROPPING STREAM "CREATE PATTERN p WITH (on_limit = 'drop oldest') AS SELECT * FROM s MATCH_RECOGNIZE ("

static tocsin_program *compile(const char *text)
{
  tocsin_program *program;
  tocsin_diagnostics *diagnostics;
  tocsin_status st = tocsin_compile(text, strlen(text), NULL, &program, &diagnostics);
  if (st != TOCSIN_OK) {
    const tocsin_diagnostic *d = tocsin_diagnostics_get(diagnostics, 0);
    print_error("%s\n%s %s\n", text, d ? d->code : "", d ? d->message : tocsin_status_text(st));
    fail();
  }
  tocsin_diagnostics_free(diagnostics);
  return program;
}

/* ---- rows made here: the columns of S ---- */

typedef struct made_rows {
  size_t count, cap, text_length[2];
  int64_t *ts, *v;
  char *texts[2]; /* k, type */
  int32_t *offsets[2];
  uint8_t *valid; /* of k */
} made_rows;

static made_rows rows_new(size_t cap, size_t text)
{
  made_rows g = {.cap = cap};
  int i;
  g.ts = malloc(cap * sizeof *g.ts);
  g.v = malloc(cap * sizeof *g.v);
  g.valid = calloc(cap / 8 + 1, 1);
  for (i = 0; i < 2; i++) {
    g.texts[i] = malloc(text + 1);
    g.offsets[i] = calloc(cap + 1, sizeof *g.offsets[i]);
  }
  return g;
}

static void rows_free(made_rows *g)
{
  int i;
  free(g->ts);
  free(g->v);
  free(g->valid);
  for (i = 0; i < 2; i++) {
    free(g->texts[i]);
    free(g->offsets[i]);
  }
}

/* key NULL: a NULL. */
static void row(made_rows *g, const char *key, int64_t ts, const char *type, int64_t v)
{
  const char *texts[2] = {key ? key : "", type};
  size_t at = g->count++;
  int i;
  assert_true(at < g->cap);
  g->ts[at] = ts;
  g->v[at] = v;
  if (key) g->valid[at / 8] = (uint8_t)(g->valid[at / 8] | 1 << at % 8);
  for (i = 0; i < 2; i++) {
    size_t length = strlen(texts[i]);
    memcpy(g->texts[i] + g->text_length[i], texts[i], length);
    g->text_length[i] += length;
    g->offsets[i][at + 1] = (int32_t)g->text_length[i];
  }
}

static void view(const made_rows *g, tocsin_column columns[4], tocsin_batch *batch)
{
  columns[0] = (tocsin_column){.validity = g->valid, .values = g->texts[0], .offsets = g->offsets[0]};
  columns[1] = (tocsin_column){.values = g->ts};
  columns[2] = (tocsin_column){.values = g->texts[1], .offsets = g->offsets[1]};
  columns[3] = (tocsin_column){.values = g->v};
  *batch = (tocsin_batch){.rows = g->count, .column_count = 4, .columns = columns};
}

/* Runs all rows, a thousand a push, taking what comes after each; out and stats may be NULL. */
static tocsin_status run_in(size_t step, const char *text, const made_rows *g, const tocsin_matcher_options *options, tsn_bytes *out,
                            tocsin_stats *stats)
{
  tocsin_program *program = compile(text);
  tocsin_matcher *matcher;
  tocsin_column columns[4];
  tocsin_batch batch;
  size_t taken = 0;
  tocsin_status st;
  view(g, columns, &batch);
  assert_int_equal(tocsin_matcher_new(program, options, &matcher), TOCSIN_OK);
  do {
    batch.rows = taken + step < g->count ? taken + step : g->count;
    st = tocsin_matcher_push(matcher, 0, &batch, taken, &taken);
    engine_drain(matcher, out);
  } while (st == TOCSIN_OK && taken < g->count);
  if (st == TOCSIN_OK) st = tocsin_matcher_finish(matcher);
  engine_drain(matcher, out);
  if (st != TOCSIN_OK && out) tsn_bytes_printf(out, "%s\n", tocsin_matcher_message(matcher));
  if (stats) tocsin_matcher_stats(matcher, stats);
  tocsin_matcher_free(matcher);
  tocsin_program_free(program);
  return st;
}

static tocsin_status run(const char *text, const made_rows *g, const tocsin_matcher_options *options, tsn_bytes *out,
                         tocsin_stats *stats)
{
  return run_in(1000, text, g, options, out, stats);
}

static tsn_alloc alloc;

static void check(const char *text, const made_rows *g, const char *wanted)
{
  tsn_bytes out;
  tsn_bytes_init(&out, &alloc, 0);
  assert_int_equal(run(text, g, NULL, &out, NULL), TOCSIN_OK);
  if (strcmp(tsn_bytes_cstr(&out), wanted)) {
    print_error("%s\ngot\n%swanted\n%s", text, tsn_bytes_cstr(&out), wanted);
    fail();
  }
  tsn_bytes_clear(&out);
}

/* ---- the same answer, however the rows come ---- */

static int64_t second_column(const tocsin_batch *batch, size_t at)
{
  return ((const int64_t *)batch->columns[1].values)[at];
}

static void batches_and_watermarks_change_nothing(void **state)
{
  static const engine_way ways[] = {{.batch = 0}, {.batch = 1}, {.batch = 2}, {.batch = 3}, {.batch = 7},
                                    {.batch = 1, .advance = true, .time_of = second_column},
                                    {.batch = 4, .advance = true, .time_of = second_column}};
  size_t i, k;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) {
    const engine_case *c = &engine_cases[i];
    tocsin_program *program = compile(c->text);
    bool sorted = !tocsin_program_stream(program, 0).has_watermark;
    engine_rows rows;
    tsn_bytes out[2];
    assert_true(engine_rows_read(&rows, program, c->rows ? c->rows : engine_common_rows));
    for (k = 0; k < 2; k++) tsn_bytes_init(&out[k], &alloc, 0);
    for (k = 0; k < T_COUNT(ways); k++) {
      tsn_bytes *to = &out[k ? 1 : 0];
      tocsin_matcher *matcher;
      if (ways[k].advance && !sorted) continue; /* rows before the watermark would be late */
      tsn_bytes_reset(to);
      assert_int_equal(tocsin_matcher_new(program, &engine_options, &matcher), TOCSIN_OK);
      assert_int_equal(engine_load_tables(program, matcher), TOCSIN_OK);
      T_ROW(engine_feed(matcher, &rows.batch, &ways[k], to) == c->ends, c->about);
      tocsin_matcher_free(matcher);
      if (!k || !strcmp(tsn_bytes_cstr(&out[0]), tsn_bytes_cstr(to))) continue;
      print_error("%s, in batches of %zu%s:\n%sat once:\n%s", c->about, ways[k].batch,
                  ways[k].advance ? " with watermarks" : "",
                  tsn_bytes_cstr(to), tsn_bytes_cstr(&out[0]));
      fail();
    }
    for (k = 0; k < 2; k++) tsn_bytes_clear(&out[k]);
    engine_rows_clear(&rows);
    tocsin_program_free(program);
  }
}

static void a_push_stops_where_enough_output_waits(void **state)
{
  enum { ROWS = 400 };
  tocsin_program *program = compile(S "ORDER BY ts MEASURES a.v AS f, b.v AS t AFTER MATCH NO SKIP PATTERN (a ->> b))");
  made_rows g = rows_new(ROWS, ROWS * 2);
  tocsin_matcher *matcher;
  tocsin_column columns[4];
  tocsin_batch batch;
  tocsin_match match;
  size_t taken = 0, stops = 0, got = 0, i;
  int64_t last = 0;
  (void)state;
  for (i = 0; i < ROWS; i++) row(&g, "k", (int64_t)i, "t", (int64_t)i);
  view(&g, columns, &batch);
  assert_int_equal(tocsin_matcher_new(program, NULL, &matcher), TOCSIN_OK);
  while (taken < ROWS) {
    size_t before = taken;
    assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, taken, &taken), TOCSIN_OK);
    if (taken < ROWS) {
      size_t still = taken;
      stops++;
      assert_true(taken > before);
      /* As long as nothing is taken, nothing more is pushed. */
      assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, taken, &taken), TOCSIN_OK);
      assert_int_equal(taken, still);
    }
    for (i = 0; i < (taken < ROWS ? 1000u : SIZE_MAX) && tocsin_matcher_next(matcher, &match); i++) {
      assert_true(match.time >= last); /* in the order of decision, across all pushes */
      last = match.time;
      got++;
    }
  }
  assert_int_equal(tocsin_matcher_finish(matcher), TOCSIN_OK);
  while (tocsin_matcher_next(matcher, &match)) got++;
  assert_int_equal(got, ROWS * (ROWS - 1) / 2);
  assert_true(stops > 5);
  tocsin_matcher_free(matcher);
  tocsin_program_free(program);
  rows_free(&g);
}

/* ---- many and long ---- */

static void a_match_of_many_rows_shows_each_of_them_once(void **state)
{
  enum { ROWS = 300000 };
  tocsin_program *program = compile(S "ORDER BY ts MEASURES CLASSIFIER() AS c, COUNT(*) AS n, FINAL LAST(v) AS l "
                                      "ALL ROWS PER MATCH "
                                      "PATTERN (a+ b) DEFINE a AS type = 'a', b AS type = 'b')");
  made_rows g = rows_new(ROWS, ROWS * 2);
  tocsin_matcher *matcher;
  tocsin_column columns[4];
  tocsin_batch batch;
  tocsin_match match;
  size_t taken = 0;
  int64_t n = 0;
  (void)state;
  for (n = 0; n < ROWS; n++) row(&g, "k", n / 3, n == ROWS - 1 ? "b" : "a", n);
  view(&g, columns, &batch);
  assert_int_equal(tocsin_matcher_new(program, NULL, &matcher), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, 0, &taken), TOCSIN_OK);
  assert_int_equal(taken, ROWS);
  assert_int_equal(tocsin_matcher_finish(matcher), TOCSIN_OK);
  for (n = 0; tocsin_matcher_next(matcher, &match); n++) {
    assert_int_equal(match.value_count, 7); /* ts, the measures, the other columns */
    assert_int_equal(match.values[0].as.integer, n / 3);
    assert_int_equal(match.values[1].as.text.bytes[0], n == ROWS - 1 ? 'B' : 'A');
    assert_int_equal(match.values[2].as.integer, n + 1);
    assert_int_equal(match.values[3].as.integer, ROWS - 1);
    assert_int_equal(match.values[6].as.integer, n);
  }
  assert_int_equal(n, ROWS);
  tocsin_matcher_free(matcher);
  tocsin_program_free(program);
  rows_free(&g);
}

/* Kept rows lie in a ring: it wraps, grows while wrapped, and is trimmed. */
static void rows_that_are_kept_stay_in_order_however_their_number_goes_up_and_down(void **state)
{
  enum { ROWS = 20000 };
  made_rows g = rows_new(ROWS, ROWS * 2);
  tsn_bytes out, wanted;
  int64_t n = 0, length, k;
  (void)state;
  tsn_bytes_init(&out, &alloc, 0);
  tsn_bytes_init(&wanted, &alloc, 0);
  for (length = 1; n + length + 1 < ROWS; length = length * 7 % 101 + 1) {
    for (k = 0; k < length; k++, n++) row(&g, "k", n, "a", n);
    row(&g, "k", n, "b", n);
    n++;
  }
  assert_int_equal(run(S "ORDER BY ts MEASURES PREV(v, 3) AS p ALL ROWS PER MATCH PATTERN (a+ b) "
                         "DEFINE a AS type = 'a', b AS type = 'b')", &g,
                       NULL, &out, NULL),
                   TOCSIN_OK);
  for (k = 0; k < n; k++) {
    int64_t end = k;
    while (g.texts[1][g.offsets[1][end]] != 'b') end++;
    tsn_bytes_printf(&wanted, "0|%lld|", (long long)k);
    if (k < 3) tsn_bytes_text(&wanted, "NULL");
    else tsn_bytes_printf(&wanted, "%lld", (long long)k - 3);
    tsn_bytes_printf(&wanted, "|k|%c|%lld @%lld\n", g.texts[1][g.offsets[1][k]], (long long)k, (long long)end);
  }
  assert_string_equal(tsn_bytes_cstr(&out), tsn_bytes_cstr(&wanted));
  tsn_bytes_clear(&out);
  tsn_bytes_clear(&wanted);
  rows_free(&g);
}

/* Hundreds of starts wait, and each row is compared with all of them: what is found does not depend on the tier. Some keys are NULL, and
 * some starts go long before those in front of them. */
static void rows_are_compared_with_the_first_row_of_each_start(void **state)
{
  static const char *const conditions[] = {
      "b.v > a.v + 150",  "b.v >= a.v * 3 - 20",           "a.v > b.v + 199", "b.v <= a.v - 198",
      "b.v = a.v + 7",    "b.v <> a.v",                    "b.k = a.k",       "b.type = 'b' AND b.v > a.v AND (b.k < a.k OR b.v > 190)",
      "b.v * 1.5 > a.v * 4.5 AND b.type = 'a'", "b.v BETWEEN a.v - 1 AND a.v + 1",
  };
  static const char *const patterns[] = {"a -> b", "a b", "a c* b", "a -> b -> b", "a -> !b{200}", "a (-> b){2,4} -> c"};
  static const char *const skips[] = {"TO NEXT ROW", "PAST LAST ROW"}, *const tiers[] = {"paths", "table"};
  enum { ROWS = 1000 };
  made_rows g = rows_new(ROWS, ROWS * 4);
  uint64_t seed = 7;
  size_t c, p, k, t, i;
  (void)state;
  for (i = 0; i < ROWS; i++) {
    char key[8];
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    snprintf(key, sizeof key, "%u", (unsigned)(seed >> 40) % 300);
    row(&g, seed >> 33 & 15 ? key : NULL, (int64_t)i, seed >> 50 & 1 ? "a" : "b", (int64_t)(seed >> 34) % 211);
  }
  for (c = 0; c < T_COUNT(conditions); c++)
    for (p = 0; p < T_COUNT(patterns); p++)
      for (k = 0; k < 2; k++) {
        tsn_bytes out[2];
        for (t = 0; t < 2; t++) {
          tsn_bytes text;
          tsn_bytes_init(&text, &alloc, 0);
          tsn_bytes_init(&out[t], &alloc, 0);
          tsn_bytes_printf(&text, STREAM "CREATE PATTERN p WITH (tier = '%s') AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts "
                           "MEASURES a.ts AS f, LAST(b.v) AS l, COUNT(*) AS n, MATCH_ROWTIME() AS at AFTER MATCH SKIP %s PATTERN (%s) WITHIN 400 "
                           "DEFINE a AS v %% 3 > 0, b AS %s)", tiers[t], skips[k], patterns[p], conditions[c]);
          assert_int_equal(run(tsn_bytes_cstr(&text), &g, NULL, &out[t], NULL), TOCSIN_OK);
          tsn_bytes_clear(&text);
        }
        T_ROW(!strcmp(tsn_bytes_cstr(&out[0]), tsn_bytes_cstr(&out[1])), conditions[c]);
        for (t = 0; t < 2; t++) tsn_bytes_clear(&out[t]);
      }
  rows_free(&g);
}

/* Megabytes of texts pass; those that paths, keys and kept rows hold must outlive the collections. */
static void texts_that_are_held_outlive_those_that_pass(void **state)
{
  enum { ROWS = 120000, HELD = 50 };
  made_rows g = rows_new(ROWS + 2 * HELD, ((size_t)ROWS + 2 * HELD) * 60);
  tsn_bytes out, wanted;
  tocsin_stats stats;
  char key[40], type[80];
  int64_t n;
  (void)state;
  tsn_bytes_init(&out, &alloc, 0);
  tsn_bytes_init(&wanted, &alloc, 0);
  for (n = 0; n < HELD; n++) {
    snprintf(key, sizeof key, "the key number %lld", (long long)n);
    snprintf(type, sizeof type, "a: held from the beginning to the end, number %lld", (long long)n);
    row(&g, key, n, type, n);
  }
  for (n = 0; n < ROWS; n++) {
    snprintf(key, sizeof key, "the key number %lld", (long long)(n % HELD));
    snprintf(type, sizeof type, "b: passes by, longer or shorter%.*s %lld", (int)(n % 13), "xxxxxxxxxxxxx",
        (long long)n);
    row(&g, key, HELD + n, type, n);
  }
  for (n = 0; n < HELD; n++) {
    snprintf(key, sizeof key, "the key number %lld", (long long)n);
    snprintf(type, sizeof type, "c: %lld", (long long)n);
    row(&g, key, HELD + ROWS + n, type, n);
    tsn_bytes_printf(&wanted,
                     "0|%s|a: held from the beginning to the end, number %lld|b: passes by, longer or shorter%.*s "
                     "%lld|%s|%d @%lld\n", key,
                     (long long)n, (int)((ROWS - HELD + n) % 13), "xxxxxxxxxxxxx", (long long)(ROWS - HELD + n),
                         type, ROWS / HELD,
                     (long long)(HELD + ROWS + n));
  }
  assert_int_equal(run(S "PARTITION BY k ORDER BY ts "
                         "MEASURES a.type AS f, LAST(b.type) AS m, MAX(type) AS l, COUNT(b.*) AS n "
                         "PATTERN (a b+ c) DEFINE a AS type LIKE 'a:%', b AS type LIKE 'b:%' AND b.type <> "
                         "FIRST(a.type) AND PREV(type) <> '', "
                         "c AS type LIKE 'c:%')",
                       &g, NULL, &out, &stats),
                   TOCSIN_OK);
  assert_string_equal(tsn_bytes_cstr(&out), tsn_bytes_cstr(&wanted));
  assert_true(stats.bytes_peak < (size_t)16 << 20); /* 10 MB of texts have passed, several times each */
  tsn_bytes_clear(&out);
  tsn_bytes_clear(&wanted);
  rows_free(&g);
}

/* What a start, a path or a partition leaves behind must not add up. */
static void memory_follows_what_is_alive_not_what_was(void **state)
{
  static const char *const texts[] = {
      /* deadlines of starts that a row killed */
      S "PARTITION BY k ORDER BY ts MEASURES MATCH_ROWTIME() AS at PATTERN (a !b{1000000}) "
        "DEFINE a AS type = 'a', b AS type = 'b')",
      /* of WITHIN and bounds, met long before */
      S "PARTITION BY k ORDER BY ts MEASURES a.v AS v PATTERN (a ->{,900000} b) WITHIN 1000000 "
        "DEFINE a AS type = 'a', b AS type = 'b')",
      /* partitions that come and go */
      S "PARTITION BY v ORDER BY ts MEASURES a.type AS t PATTERN (a b) WITHIN 3 "
        "DEFINE a AS type = 'a', b AS type = 'b')",
      /* histories of every match */
      S "PARTITION BY k ORDER BY ts MEASURES ARRAY_AGG(v) AS vs AFTER MATCH NO SKIP PATTERN (a ->> (a | b)? ->> b) "
        "WITHIN 4 "
      "DEFINE a AS type = 'a', b AS type = 'b')",
      /* rows kept for PREV */
      S "PARTITION BY k ORDER BY ts MEASURES PREV(a.v, 2) AS p PATTERN (a) DEFINE a AS PREV(type, 3) = 'b')",
      /* windows that close */
      S "PARTITION BY v, TUMBLE(10) ORDER BY ts MEASURES WINDOW_END() AS e PATTERN (a -> b) "
        "DEFINE a AS type = 'a', b AS type = 'b')",
      S "PARTITION BY k, SESSION(2) ORDER BY ts MEASURES WINDOW_END() AS e PATTERN (a b $) "
        "DEFINE a AS type = 'a', b AS type = 'b')",
  };
  enum { ROWS = 60000 };
  made_rows g = rows_new(ROWS, ROWS * 2);
  size_t i;
  (void)state;
  for (i = 0; i < ROWS; i++) row(&g, i % 3 ? "x" : "y", (int64_t)(i + i / 7 * 3), i % 2 ? "b" : "a", (int64_t)(i / 2));
  for (i = 0; i < T_COUNT(texts); i++) {
    tocsin_stats stats;
    assert_int_equal(run(texts[i], &g, NULL, NULL, &stats), TOCSIN_OK);
    if (stats.bytes_peak > (size_t)512 << 10) print_error("%llu bytes at most\n", (unsigned long long)stats.bytes_peak);
    T_ROW(stats.bytes_peak <= (size_t)512 << 10, texts[i]);
    T_ROW(stats.live_paths == 0, texts[i]);
    assert_int_equal(stats.rows_in, ROWS);
    assert_int_equal(stats.rows_matched_over, ROWS);
  }
  rows_free(&g);
}

static void many_partitions_live_side_by_side(void **state)
{
  enum { KEYS = 200000 };
  made_rows g = rows_new(2 * KEYS, (size_t)KEYS * 20);
  tocsin_stats stats;
  char key[16];
  size_t i;
  (void)state;
  for (i = 0; i < 2 * KEYS; i++) {
    snprintf(key, sizeof key, "%zu", i % KEYS);
    row(&g, key, (int64_t)i, i < KEYS ? "a" : "b", (int64_t)i);
  }
  assert_int_equal(run(S "PARTITION BY k ORDER BY ts MEASURES a.v AS f, b.v AS t PATTERN (a -> b) WITHIN 200000 "
                         "DEFINE a AS type = 'a', b AS type = 'b' AND b.v = LAST(a.v) + 200000 AND COUNT(a.v) = 1)",
                       &g, NULL, NULL, &stats),
                   TOCSIN_OK);
  assert_int_equal(stats.matches, KEYS);
  assert_in_range(stats.live_paths_peak, KEYS, KEYS + 2);
  assert_int_equal(stats.partitions, 0); /* each was forgotten with its match */
  if (stats.bytes_peak > (size_t)KEYS * 1000) print_error("%llu bytes at most\n", (unsigned long long)stats.bytes_peak);
  assert_true(stats.bytes_peak <= (size_t)KEYS * 1000);
  rows_free(&g);
}

/* Masks of edges grow to more than a word while paths with narrow ones live. */
static void a_junction_may_have_more_edges_than_a_word_has_bits(void **state)
{
  tsn_bytes text;
  made_rows g = rows_new(100, 200);
  tocsin_stats stats;
  size_t i;
  (void)state;
  tsn_bytes_init(&text, &alloc, 0);
  tsn_bytes_text(&text, S "ORDER BY ts MEASURES a.v AS v AFTER MATCH NO SKIP PATTERN (a -> b ->> (");
  for (i = 0; i < 150; i++) tsn_bytes_printf(&text, "%sp%zu[v = %zu]", i ? " | " : "", i, i);
  tsn_bytes_text(&text, ") ) DEFINE a AS type = 'a', b AS type = 'b')");
  for (i = 0; i < 50; i++) row(&g, "k", (int64_t)i, "a", -1);
  row(&g, "k", 50, "b", -1);
  row(&g, "k", 51, "c", 149); /* the last edge */
  row(&g, "k", 52, "c", 64);
  row(&g, "k", 53, "c", 63);
  row(&g, "k", 54, "c", 150); /* none */
  row(&g, "k", 55, "c", 64);  /* ->> takes every row */
  assert_int_equal(run(tsn_bytes_cstr(&text), &g, NULL, NULL, &stats), TOCSIN_OK);
  assert_int_equal(stats.matches, 50 * 4);
  tsn_bytes_clear(&text);
  rows_free(&g);
}

/* ---- times ---- */

static void time_saturates_at_its_ends(void **state)
{
  made_rows g = rows_new(16, 64);
  (void)state;
  row(&g, "k", INT64_MIN, "a", 1);
  row(&g, "k", INT64_MIN, "b", 2);
  row(&g, "k", INT64_MIN + 1, "a", 3);
  row(&g, "k", -5, "b", 4);
  row(&g, "k", 0, "a", 5);
  row(&g, "k", INT64_MAX - 1, "b", 6);
  row(&g, "k", INT64_MAX, "a", 7);
  row(&g, "k", INT64_MAX, "b", 8);
  check(S "ORDER BY ts MEASURES a.v AS f, b.v AS t PATTERN (a -> b) WITHIN 10 "
          "DEFINE a AS type = 'a', b AS type = 'b')", &g,
        "0|1|2 @-9223372036854775808\n0|7|8 @9223372036854775807\n");
  check(S "ORDER BY ts MEASURES a.v AS f, b.v AS t PATTERN (a -> b) WITHIN 9223372036854775807 "
          "DEFINE a AS type = 'a', b AS type = 'b')", &g,
        "0|1|2 @-9223372036854775808\n0|3|4 @-5\n0|5|6 @9223372036854775806\n0|7|8 @9223372036854775807\n");
  check(S "ORDER BY ts MEASURES a.v AS f, b.v AS t AFTER MATCH SKIP TO NEXT ROW "
          "PATTERN (a ->{1,9223372036854775807} b) "
          "DEFINE a AS type = 'a', b AS type = 'b')", &g,
        "0|1|4 @-5\n0|3|4 @-5\n0|5|6 @9223372036854775806\n");
  /* A timer that would complete behind the end of time completes at it. */
  check(S "ORDER BY ts MEASURES a.v AS f, MATCH_ROWTIME() AS at AFTER MATCH SKIP TO NEXT ROW "
          "PATTERN (a !b{9223372036854775807}) "
          "DEFINE a AS type = 'a', b AS type = 'b')", &g, "");
  check(S "ORDER BY ts MEASURES a.v AS f, MATCH_ROWTIME() AS at AFTER MATCH SKIP TO NEXT ROW PATTERN (a !c{3}) "
          "DEFINE a AS type = 'a', c AS type = 'c')", &g,
        "0|1|-9223372036854775805 @-9223372036854775805\n0|3|-9223372036854775804 @-9223372036854775804\n0|5|3 @3\n"
        "0|7|9223372036854775807 @9223372036854775807\n");
  rows_free(&g);
  g = rows_new(4, 8);
  row(&g, "k", INT64_MIN, "a", 1);
  row(&g, "k", INT64_MIN + 1, "b", 2);
  row(&g, "k", -1, "a", 3);
  row(&g, "k", INT64_MAX, "a", 4);
  check(S "ORDER BY ts MEASURES a.v AS f PATTERN (!b{9223372036854775807} a) "
          "DEFINE a AS type = 'a', b AS type = 'b')", &g,
        "0|1 @-9223372036854775808\n0|4 @9223372036854775807\n");
  rows_free(&g);
}

static void rows_of_one_time_come_as_they_arrived(void **state)
{
  made_rows g = rows_new(16, 64);
  (void)state;
  row(&g, "k", 5, "a", 1);
  row(&g, "k", 5, "b", 2);
  row(&g, "j", 5, "a", 3);
  row(&g, "k", 5, "a", 4);
  row(&g, "j", 5, "b", 5);
  row(&g, "k", 5, "b", 6);
  check(S "PARTITION BY k ORDER BY ts MEASURES a.v AS f, b.v AS t PATTERN (a b) WITHIN 0 "
          "DEFINE a AS type = 'a', b AS type = 'b')", &g,
        "0|k|1|2 @5\n0|j|3|5 @5\n0|k|4|6 @5\n");
  check(S "PARTITION BY k ORDER BY ts, v DESC MEASURES a.v AS f, b.v AS t PATTERN (b a) "
          "DEFINE a AS type = 'a', b AS type = 'b')", &g,
        "0|k|4|6 @5\n0|j|3|5 @5\n0|k|1|2 @5\n");
  /* A timer of no length: rows of its time go first. */
  check(S "PARTITION BY k ORDER BY ts MEASURES a.v AS f PATTERN (a !b{0}) "
          "DEFINE a AS type = 'a', b AS type = 'b')", &g, "");
  rows_free(&g);
}

/* ---- keys ---- */

static void keys_are_told_apart_by_value(void **state)
{
  static const char text[] = "CREATE STREAM s (k DOUBLE, ts BIGINT, t TEXT, ok BOOLEAN); SELECT * "
                             "FROM s MATCH_RECOGNIZE (PARTITION BY k, t, ok "
                             "ORDER BY ts MEASURES FIRST(ts) AS f, LAST(ts) AS l PATTERN (a b))";
  static const char csv[] =
      "k,ts,t,ok\n0.0,1,,true\n-0.0,2,\"\",true\n,3,,\n0,4,,false\n-0.0,5,,true\n0.0,6,\"\",true\n,7,\"\",\n"
                            "NaN,8,,\nInfinity,9,a,true\n-Infinity,10,a,true\nInfinity,11,a,true\n-0,12,,false\n";
  tocsin_program *program = compile(text);
  engine_rows rows;
  engine_way way = {0};
  tocsin_matcher *matcher;
  tsn_bytes out;
  (void)state;
  tsn_bytes_init(&out, &alloc, 0);
  assert_true(engine_rows_read(&rows, program, csv));
  assert_int_equal(tocsin_matcher_new(program, NULL, &matcher), TOCSIN_OK);
  assert_int_equal(engine_feed(matcher, &rows.batch, &way, &out), TOCSIN_OK);
  assert_string_equal(tsn_bytes_cstr(&out), "0|0|NULL|true|1|5 @5\n0|-0||true|2|6 @6\n0|NULL|NULL|NULL|3|8 @8\n"
                                            "0|inf|a|true|9|11 @11\n0|0|NULL|false|4|12 @12\n");
  tocsin_matcher_free(matcher);
  engine_rows_clear(&rows);
  tsn_bytes_clear(&out);
  tocsin_program_free(program);
}

static void a_partition_that_was_forgotten_begins_anew(void **state)
{
  made_rows g = rows_new(64, 200);
  tocsin_stats stats;
  int64_t n;
  (void)state;
  for (n = 0; n < 20; n++) {
    row(&g, n % 4 < 2 ? NULL : "k", 2 * n, "a", n);
    row(&g, n % 4 < 2 ? NULL : "k", 2 * n + 1, "b", n);
  }
  assert_int_equal(run(S "PARTITION BY k ORDER BY ts MEASURES LAST(v) AS v PATTERN (a b) "
                         "DEFINE a AS type = 'a', b AS type = 'b')", &g, NULL,
                       NULL, &stats),
                   TOCSIN_OK);
  assert_int_equal(stats.matches, 20);
  assert_int_equal(stats.partitions, 0);
  /* ^ is the first row of a partition, once and for all: it is remembered. */
  assert_int_equal(run(S "PARTITION BY k ORDER BY ts MEASURES LAST(v) AS v PATTERN (^ a b) "
                         "DEFINE a AS type = 'a', b AS type = 'b')", &g, NULL,
                       NULL, &stats),
                   TOCSIN_OK);
  assert_int_equal(stats.matches, 2);
  assert_int_equal(stats.partitions, 2);
  rows_free(&g);
}

/* ---- late, bad, and wrong calls ---- */

static int late_rows;
static int64_t latest_by;

static void note_late(void *context, const tocsin_late_row *late)
{
  assert_ptr_equal(context, &late_rows);
  late_rows++;
  if (late->watermark - late->time > latest_by) latest_by = late->watermark - late->time;
}

static void late_rows_are_told_or_stop_the_push(void **state)
{
  static const char text[] = S "ORDER BY ts MEASURES FIRST(v) AS f, LAST(v) AS l PATTERN (a b))";
  tocsin_matcher_options options = {.late = TOCSIN_LATE_DROP, .on_late = note_late, .on_late_context = &late_rows};
  tocsin_program *program = compile(text);
  made_rows g = rows_new(8, 16);
  tocsin_column columns[4];
  tocsin_batch batch;
  tocsin_matcher *matcher;
  tocsin_stats stats;
  tsn_bytes out;
  size_t taken = 0;
  (void)state;
  tsn_bytes_init(&out, &alloc, 0);
  row(&g, "k", 10, "a", 1);
  row(&g, "k", 4, "a", 2);
  row(&g, "k", 12, "a", 3);
  row(&g, "k", 11, "a", 4);
  late_rows = 0;
  assert_int_equal(run(text, &g, &options, &out, &stats), TOCSIN_OK);
  assert_string_equal(tsn_bytes_cstr(&out), "0|1|3 @12\n");
  assert_int_equal(late_rows, 2);
  assert_int_equal(latest_by, 6);
  assert_int_equal(stats.rows_late, 2);
  assert_int_equal(stats.rows_in, stats.rows_matched_over + stats.rows_late + stats.rows_bad + stats.rows_filtered);

  view(&g, columns, &batch);
  assert_int_equal(tocsin_matcher_new(program, NULL, &matcher),
      TOCSIN_OK); /* without WATERMARK the default is to fail */
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, 0, &taken), TOCSIN_LATE);
  assert_int_equal(taken, 1);
  assert_string_not_equal(tocsin_matcher_message(matcher), "");
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, taken + 1, &taken), TOCSIN_LATE); /* the next one */
  assert_int_equal(taken, 3);
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, 4, &taken), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_finish(matcher), TOCSIN_OK);
  tsn_bytes_reset(&out);
  engine_drain(matcher, &out);
  assert_string_equal(tsn_bytes_cstr(&out), "0|1|3 @12\n");
  tocsin_matcher_stats(matcher, &stats);
  assert_int_equal(stats.rows_in, 4);
  assert_int_equal(stats.rows_late, 2);
  tocsin_matcher_free(matcher);
  tocsin_program_free(program);
  tsn_bytes_clear(&out);
  rows_free(&g);
}

static void a_row_without_time_is_bad_and_counted(void **state)
{
  static const char csv[] = "k,ts,type,v\nk,1,a,1\nk,,a,2\nk,2,a,3\n";
  tocsin_program *program = compile(S "ORDER BY ts MEASURES FIRST(v) AS f, LAST(v) AS l PATTERN (a b))");
  engine_rows rows;
  engine_way way = {0};
  tocsin_matcher *matcher;
  tocsin_stats stats;
  tsn_bytes out;
  (void)state;
  tsn_bytes_init(&out, &alloc, 0);
  assert_true(engine_rows_read(&rows, program, csv));
  assert_int_equal(tocsin_matcher_new(program, NULL, &matcher), TOCSIN_OK);
  assert_int_equal(engine_feed(matcher, &rows.batch, &way, &out), TOCSIN_OK);
  assert_string_equal(tsn_bytes_cstr(&out), "0|1|3 @2\n");
  tocsin_matcher_stats(matcher, &stats);
  assert_int_equal(stats.rows_bad, 1);
  assert_int_equal(stats.rows_matched_over, 2);
  tocsin_matcher_free(matcher);
  engine_rows_clear(&rows);
  tsn_bytes_clear(&out);
  tocsin_program_free(program);
}

static void limits_end_the_run_and_name_themselves(void **state)
{
  static const struct {
    const char *text, *says;
    tocsin_matcher_options options;
  } limits[] = {
      {S "PARTITION BY k ORDER BY ts MEASURES a.v AS v AFTER MATCH NO SKIP PATTERN (a ->> b ->> c) "
         "DEFINE c AS type = 'no')", "live paths",
       {.max_paths_per_partition = 20}},
      {S "PARTITION BY k ORDER BY ts ALL ROWS PER MATCH PATTERN (a+ c) "
         "DEFINE c AS type = 'no')", "rows", {.max_rows_per_partition = 16}},
      {S "PARTITION BY k ORDER BY ts MEASURES a.v AS v PATTERN (a) "
         "DEFINE a AS NEXT(v, 40) > 1)", "rows", {.max_rows_per_partition = 16}},
  };
  made_rows g = rows_new(50, 100);
  size_t i;
  (void)state;
  for (i = 0; i < 50; i++) row(&g, "k", (int64_t)i, "a", (int64_t)i);
  for (i = 0; i < T_COUNT(limits); i++) {
    tsn_bytes out;
    tsn_bytes_init(&out, &alloc, 0);
    T_ROW(run(limits[i].text, &g, &limits[i].options, &out, NULL) == TOCSIN_LIMIT, limits[i].text);
    T_ROW(strstr(tsn_bytes_cstr(&out), limits[i].says) != NULL, tsn_bytes_cstr(&out));
    tsn_bytes_clear(&out);
  }
  rows_free(&g);
}

/* Each pattern would keep more than the limit: it goes on, within it, and the batches make no difference. */
static void what_is_oldest_is_dropped_at_the_limit_of_memory(void **state)
{
  static const char *const texts[] = {
      DROPPING "PARTITION BY k ORDER BY ts MEASURES a.v AS f, c.v AS l AFTER MATCH SKIP TO NEXT ROW PATTERN (a -> c) "
              "DEFINE a AS v % 3 < 2, c AS type = 'c')",
      DROPPING "PARTITION BY k ORDER BY ts MEASURES ARRAY_AGG(v) AS vs AFTER MATCH NO SKIP PATTERN (a ->> b -> c) "
              "DEFINE a AS v % 50 = 0, b AS v % 40 = 5, c AS type = 'c')",
      DROPPING "PARTITION BY k ORDER BY ts MEASURES CLASSIFIER() AS l, v AS x ALL ROWS PER MATCH PATTERN (a -> b+ -> c) "
              "DEFINE b AS v % 2 = 1, c AS type = 'c')",
      DROPPING "PARTITION BY k ORDER BY ts MEASURES LAST(k) AS l AFTER MATCH SKIP TO NEXT ROW PATTERN (a -> c) "
              "DEFINE a AS COUNT(DISTINCT a.v) < 9, c AS type = 'c' AND STRING_AGG(a.k, '') = k)",
  };
  static const size_t steps[] = {1, 7, 1000};
  enum { ROWS = 24000 };
  made_rows g = rows_new(ROWS, ROWS * 40);
  size_t i, n;
  (void)state;
  for (i = 0; i < ROWS; i++) {
    char key[40];
    snprintf(key, sizeof key, "a key that is not short, number %d", (int)(i * 7 % 5));
    row(&g, key, (int64_t)i, i % 12000 == 11995 ? "c" : "a", (int64_t)i);
  }
  for (i = 0; i < T_COUNT(texts); i++) {
    tsn_bytes first;
    tsn_bytes_init(&first, &alloc, 0);
    for (n = 0; n < T_COUNT(steps); n++) {
      tocsin_matcher_options options = {.max_bytes = 4 << 20};
      tocsin_stats stats;
      tsn_bytes out;
      tsn_bytes_init(&out, &alloc, 0);
      T_ROW(run_in(steps[n], texts[i], &g, &options, n ? &out : &first, &stats) == TOCSIN_OK, texts[i]);
      T_ROW(stats.dropped > 0 && stats.bytes_peak <= options.max_bytes, texts[i]);
      if (n) T_ROW(!strcmp(tsn_bytes_cstr(&out), tsn_bytes_cstr(&first)), texts[i]);
      tsn_bytes_clear(&out);
    }
    T_ROW(strlen(tsn_bytes_cstr(&first)) > 0, texts[i]);
    tsn_bytes_clear(&first);
  }
  rows_free(&g);
}

static void wrong_calls_are_refused(void **state)
{
  tocsin_program *program = compile(S "ORDER BY ts PATTERN (a))");
  made_rows g = rows_new(4, 8);
  tocsin_column columns[4];
  tocsin_batch batch;
  tocsin_matcher *matcher;
  tocsin_match match;
  size_t taken = 7;
  (void)state;
  row(&g, "k", 1, "a", 1);
  view(&g, columns, &batch);
  assert_int_equal(tocsin_matcher_new(NULL, NULL, &matcher), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_new(program, NULL, NULL), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_new(program, NULL, &matcher), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_push(matcher, 1, &batch, 0, &taken), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_push(matcher, 0, NULL, 0, &taken), TOCSIN_MISUSE);
  batch.column_count = 3;
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, 0, &taken), TOCSIN_MISUSE);
  batch.column_count = 4;
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, 0, &taken), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, 1, &taken), TOCSIN_OK); /* nothing left of it */
  assert_int_equal(tocsin_matcher_advance(matcher, INT64_MIN), TOCSIN_OK);         /* never back */
  assert_int_equal(tocsin_matcher_finish(matcher), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_finish(matcher), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_advance(matcher, 5), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, 0, &taken), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_next(matcher, &match), 1); /* what was decided is still there */
  assert_int_equal(tocsin_matcher_next(matcher, &match), 0);
  tocsin_matcher_free(matcher);
  tocsin_matcher_free(NULL);
  tocsin_program_free(program);
  rows_free(&g);
}

static void count_events(void *context, const tocsin_trace_event *e)
{
  size_t *kinds = context;
  assert_non_null(e->label);
  kinds[e->kind]++;
}

/* A tracer is for programs that were compiled for it; those run without one as well. */
static void a_tracer_needs_a_program_that_was_compiled_for_it(void **state)
{
  static const char text[] = "CREATE STREAM s (v BIGINT, ts BIGINT);\nSELECT * FROM s MATCH_RECOGNIZE ( ORDER BY ts PATTERN ( a[v = 1] -> b[v = 2] ) )";
  size_t kinds[TOCSIN_TRACE_SWALLOWED + 1] = {0}, taken = 0;
  const tocsin_tracer tracer = {.tell = count_events, .context = kinds};
  const tocsin_matcher_options options = {.tracer = &tracer};
  const tocsin_compile_options traced = {.trace = 1};
  const int64_t v[] = {1, 3, 2}, ts[] = {1, 2, 3};
  const tocsin_column columns[] = {{.values = v}, {.values = ts}};
  const tocsin_batch batch = {.rows = 3, .column_count = 2, .columns = columns};
  tocsin_program *program;
  tocsin_matcher *matcher;
  tocsin_match match;
  (void)state;
  assert_int_equal(tocsin_compile(text, sizeof text - 1, NULL, &program, NULL), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_new(program, &options, &matcher), TOCSIN_MISUSE);
  assert_null(matcher);
  tocsin_program_free(program);
  assert_int_equal(tocsin_compile(text, sizeof text - 1, &traced, &program, NULL), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_new(program, NULL, &matcher), TOCSIN_OK);
  tocsin_matcher_free(matcher);
  assert_int_equal(tocsin_matcher_new(program, &options, &matcher), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, 0, &taken), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_next(matcher, &match), 1);
  assert_int_equal(kinds[TOCSIN_TRACE_ROW], 3);
  assert_int_equal(kinds[TOCSIN_TRACE_TAKE], 2);
  assert_int_equal(kinds[TOCSIN_TRACE_REFUSE], 1);
  assert_int_equal(kinds[TOCSIN_TRACE_UNFIT], 2);
  assert_int_equal(kinds[TOCSIN_TRACE_MATCH], 1);
  assert_int_equal(kinds[TOCSIN_TRACE_REPORT], 1);
  tocsin_matcher_free(matcher);
  tocsin_program_free(program);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(batches_and_watermarks_change_nothing),
      cmocka_unit_test(a_push_stops_where_enough_output_waits),
      cmocka_unit_test(a_match_of_many_rows_shows_each_of_them_once),
      cmocka_unit_test(rows_that_are_kept_stay_in_order_however_their_number_goes_up_and_down),
      cmocka_unit_test(rows_are_compared_with_the_first_row_of_each_start),
      cmocka_unit_test(texts_that_are_held_outlive_those_that_pass),
      cmocka_unit_test(memory_follows_what_is_alive_not_what_was),
      cmocka_unit_test(many_partitions_live_side_by_side),
      cmocka_unit_test(a_junction_may_have_more_edges_than_a_word_has_bits),
      cmocka_unit_test(time_saturates_at_its_ends),
      cmocka_unit_test(rows_of_one_time_come_as_they_arrived),
      cmocka_unit_test(keys_are_told_apart_by_value),
      cmocka_unit_test(a_partition_that_was_forgotten_begins_anew),
      cmocka_unit_test(late_rows_are_told_or_stop_the_push),
      cmocka_unit_test(a_row_without_time_is_bad_and_counted),
      cmocka_unit_test(limits_end_the_run_and_name_themselves),
      cmocka_unit_test(what_is_oldest_is_dropped_at_the_limit_of_memory),
      cmocka_unit_test(wrong_calls_are_refused),
      cmocka_unit_test(a_tracer_needs_a_program_that_was_compiled_for_it),
  };
  tsn_alloc_init(&alloc, NULL);
  return T_RUN(tests);
}
