/* Memory that runs out: each allocation of the engine fails in turn, and every
 * later one with it.
 *
 * For k = 1, 2, ... a whole life - compile, save, load, matcher, push, advance,
 * finish, explain, format - runs with the k-th growing call refused, until a life
 * passes without refusal. Each of them must answer NOMEM, give every byte back, and
 * leave a matcher that answers NOMEM again and can be freed (style: "an allocation
 * that fails is a status, not an end"). */
#include "../engine.h"
#include "../unit/t.h"

#define LIVES_MAX 20000 /* a loop that does not come to its end is a failure, not a hang */

static size_t lives;

/* How a case lives: its program saved and loaded; so many rows a batch, 0: all; what paths do is told. */
typedef struct way_of_life {
  bool save, traced;
  size_t batch;
} way_of_life;

/* Reads the texts of an event. */
static void told(void *context, const tocsin_trace_event *e)
{
  size_t *events = context;
  *events += strlen(e->label) + strlen(e->absence) + 1;
}

/* One life of a case; answers its status. The matcher must stay with NOMEM once it said so. */
static tocsin_status live(const engine_case *c, engine_heap *heap, tsn_batch *rows, const way_of_life *life)
{
  size_t events = 0;
  const tocsin_tracer tracer = {.tell = told, .context = &events};
  tocsin_allocator allocator = engine_allocator(heap);
  tocsin_compile_options options = {.allocator = &allocator, .dialect = "flink", .trace = life->traced};
  tocsin_matcher_options matching = engine_options;
  engine_way way = {.batch = life->batch};
  tocsin_program *program = NULL, *again = NULL;
  tocsin_matcher *matcher = NULL;
  tocsin_diagnostics *diagnostics = NULL;
  tocsin_status st;
  lives++;
  matching.allocator = &allocator;
  if (life->traced) matching.tracer = &tracer;
  st = tocsin_compile(c->text, strlen(c->text), &options, &program, &diagnostics);
  assert_int_equal(st == TOCSIN_OK, program != NULL);
  if (st == TOCSIN_OK) assert_non_null(diagnostics);
  tocsin_diagnostics_free(diagnostics);
  if (st == TOCSIN_OK && life->save) {
    size_t length;
    const void *saved = tocsin_program_save(program, &length);
    st = tocsin_program_load(saved, length, &allocator, &again);
    assert_int_equal(st == TOCSIN_OK, again != NULL);
    tocsin_program_free(program);
    program = again;
  }
  if (st == TOCSIN_OK) st = tocsin_matcher_new(program, &matching, &matcher);
  assert_int_equal(st == TOCSIN_OK, matcher != NULL);
  if (matcher) {
    bool loaded = (st = engine_load_tables(program, matcher)) == TOCSIN_OK;
    if (loaded) st = engine_feed(matcher, rows, &way, NULL);
    if (loaded && st == TOCSIN_NOMEM) {
      tocsin_batch view = tsn_batch_view(rows);
      size_t taken = 0;
      heap->fail_at = 0; /* even where memory is there again */
      assert_string_not_equal(tocsin_matcher_message(matcher), "");
      assert_int_equal(tocsin_matcher_push(matcher, 0, &view, 0, &taken) == TOCSIN_OK, false);
      assert_int_equal(taken, 0);
      assert_int_equal(tocsin_matcher_advance(matcher, 1000) == TOCSIN_OK, false);
      assert_int_equal(tocsin_matcher_finish(matcher) == TOCSIN_OK, false);
    }
  }
  tocsin_matcher_free(matcher);
  tocsin_program_free(program);
  return st;
}

/* Refuses the k-th call of a life for k = 1, 2, ... until one passes. */
static void walk(const engine_case *c, const way_of_life *life)
{
  engine_heap whole = {0};
  tocsin_program *program;
  engine_rows rows;
  unsigned long k;
  tocsin_status st;
  assert_int_equal(tocsin_compile(c->text, strlen(c->text), NULL, &program, NULL), TOCSIN_OK);
  T_ROW(engine_rows_read(&rows, program, c->rows ? c->rows : engine_common_rows), c->about);
  tocsin_program_free(program);
  T_ROW(live(c, &whole, &rows.batch, life) == c->ends, c->about);
  T_ROW(whole.used == 0, c->about);
  for (k = 1; k < LIVES_MAX; k++) {
    engine_heap heap = {.fail_at = k};
    st = live(c, &heap, &rows.batch, life);
    if (heap.used != 0 || (heap.calls >= k && st != TOCSIN_NOMEM)) {
      print_error("%s: allocation %lu of %lu refused: status %d, %zu bytes kept\n", c->about, k, whole.calls,
          (int)st, heap.used);
      fail();
    }
    if (heap.calls < k) break;
  }
  T_ROW(k == whole.calls + 1, c->about);
  assert_int_equal(st, c->ends);
  engine_rows_clear(&rows);
}

static void a_refused_allocation_is_a_status_in_every_case(void **state)
{
  size_t i;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) walk(&engine_cases[i], &(way_of_life){0});
}

/* A program that was loaded, rows one by one: other calls grow, at other times. */
static void a_refused_allocation_is_a_status_for_loaded_programs_row_by_row(void **state)
{
  size_t i;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) walk(&engine_cases[i], &(way_of_life){.save = true, .batch = 1});
}

/* Each path kept for itself, with its history, and all that happens told. */
static void a_refused_allocation_is_a_status_while_paths_are_traced(void **state)
{
  size_t i;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) walk(&engine_cases[i], &(way_of_life){.traced = true});
}

/* ---- texts with errors ---- */

static const char *const wrong_texts[] = {
    "SELECT",
    "SELECT * FROM s MATCH_RECOGNIZE (PATTERN (a b)",
    ENGINE_STREAM "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY tz MEASURES a.w AS x PATTERN (a b c) "
                  "DEFINE d AS v > 'x', a AS type + 1, b AS b)",
    ENGINE_STREAM "SELECT kk FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES LAG(v) AS n, a.v AS n "
    "AFTER MATCH SKIP TO nobody PATTERN (a !b)) WHERE 5",
    ENGINE_STREAM "CREATE STREAM s (ts BIGINT);\nCREATE PATTERN p AS SELECT * "
                  "FROM t MATCH_RECOGNIZE (PATTERN (x{3,1} -> )+ y);;",
    "CREATE STREAM s (ts TIMESTAMP, a TEXT, A TEXT, b FLOTE, WATERMARK FOR tz AS ts - INTERVAL 'x' SECOND)",
    "CREATE PARAMETER p BIGINT; SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a{:p} !b{:q} \"\" 'open",
    "/* no end",
    "\xff\xfe not UTF-8",
};

static void errors_are_told_or_memory_is_gone(void **state)
{
  size_t i;
  (void)state;
  for (i = 0; i < T_COUNT(wrong_texts); i++) {
    unsigned long k;
    tocsin_status wanted = TOCSIN_OK;
    for (k = 0; k < LIVES_MAX; k++) { /* k = 0: nothing fails */
      engine_heap heap = {.fail_at = k};
      tocsin_allocator allocator = engine_allocator(&heap);
      tocsin_compile_options options = {.allocator = &allocator};
      tocsin_program *program = NULL;
      tocsin_diagnostics *diagnostics = NULL;
      tocsin_status st = tocsin_compile(wrong_texts[i], strlen(wrong_texts[i]), &options, &program, &diagnostics);
      assert_null(program);
      if (k == 0) {
        wanted = st;
        T_ROW(st == TOCSIN_INVALID && tocsin_diagnostics_count(diagnostics) > 0, wrong_texts[i]);
      } else if (heap.calls >= k) {
        /* What was already found may be told; but nothing passes. */
        T_ROW(st == TOCSIN_NOMEM || st == TOCSIN_INVALID, wrong_texts[i]);
        if (st == TOCSIN_INVALID && diagnostics) T_ROW(tocsin_diagnostics_count(diagnostics) > 0, wrong_texts[i]);
      }
      tocsin_diagnostics_free(diagnostics);
      T_ROW(heap.used == 0, wrong_texts[i]);
      lives++;
      if (k && heap.calls < k) {
        assert_int_equal(st, wanted);
        break;
      }
    }
    assert_true(k < LIVES_MAX);
  }
}

/* ---- what else takes memory ---- */

static int count_stream(void *context, const tocsin_stream *stream)
{
  (void)stream;
  ++*(int *)context;
  return 1;
}

static void formatting_and_declarations_come_whole_or_not_at_all(void **state)
{
  size_t i;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) {
    const char *text = engine_cases[i].text;
    unsigned long k;
    bool passed = false;
    for (k = 1; k < LIVES_MAX && !passed; k++) {
      engine_heap heap = {.fail_at = k};
      tocsin_allocator allocator = engine_allocator(&heap);
      char *formatted = NULL;
      size_t length = 0;
      tocsin_diagnostics *diagnostics = NULL;
      tocsin_status st = tocsin_format(text, strlen(text), &allocator, &formatted, &length, &diagnostics);
      passed = heap.calls < k;
      T_ROW(st == (passed ? TOCSIN_OK : TOCSIN_NOMEM), text);
      assert_int_equal(formatted != NULL, passed);
      if (formatted) assert_int_equal(strlen(formatted), length);
      tocsin_text_free(&allocator, formatted, length);
      tocsin_diagnostics_free(diagnostics);
      T_ROW(heap.used == 0, text);
      lives++;
    }
    assert_true(passed);
    for (k = 1, passed = false; k < LIVES_MAX && !passed; k++) {
      engine_heap heap = {.fail_at = k};
      tocsin_allocator allocator = engine_allocator(&heap);
      char *changed;
      size_t length;
      tocsin_status st = tocsin_rows_text(text, strlen(text), "", 1, &allocator, &changed, &length);
      passed = heap.calls < k;
      T_ROW(passed ? st == TOCSIN_OK || st == TOCSIN_INVALID : st == TOCSIN_NOMEM, text); /* some have no bare query */
      tocsin_text_free(&allocator, changed, length);
      T_ROW(heap.used == 0, text);
      lives++;
    }
    for (k = 1, passed = false; k < LIVES_MAX && !passed; k++) {
      engine_heap heap = {.fail_at = k};
      tocsin_allocator allocator = engine_allocator(&heap);
      int found = 0;
      tocsin_status st = tocsin_declared_streams(text, strlen(text), &allocator, count_stream, &found);
      passed = heap.calls < k;
      T_ROW(st == (passed ? TOCSIN_OK : TOCSIN_NOMEM), text);
      if (passed) assert_int_equal(found, 1);
      T_ROW(heap.used == 0, text);
      lives++;
    }
    assert_true(passed);
    for (k = 1, passed = false; k < LIVES_MAX && !passed; k++) {
      engine_heap heap = {.fail_at = k};
      tocsin_allocator allocator = engine_allocator(&heap);
      int found = 0, declared = strstr(text, "CREATE TABLE") != NULL;
      tocsin_status st = tocsin_declared_tables(text, strlen(text), &allocator, count_stream, &found);
      passed = heap.calls < k;
      T_ROW(st == (passed ? TOCSIN_OK : TOCSIN_NOMEM), text);
      if (passed) assert_int_equal(found, declared * 2);
      T_ROW(heap.used == 0, text);
      lives++;
    }
    assert_true(passed);
  }
}

typedef tocsin_status (*teller)(const tocsin_program *program, const tocsin_allocator *allocator, char **text, size_t *length);

/* A text that is made of a program. */
static void tell_whole_or_not(const char *text, teller tell)
{
  tocsin_program *program;
  unsigned long k;
  bool passed = false;
  assert_int_equal(tocsin_compile(text, strlen(text), NULL, &program, NULL), TOCSIN_OK);
  for (k = 1; k < LIVES_MAX && !passed; k++) {
    engine_heap heap = {.fail_at = k};
    tocsin_allocator allocator = engine_allocator(&heap);
    char *made = NULL;
    size_t length = 0;
    tocsin_status st = tell(program, &allocator, &made, &length);
    passed = heap.calls < k;
    T_ROW(st == (passed ? TOCSIN_OK : TOCSIN_NOMEM), text);
    assert_int_equal(made != NULL, passed);
    tocsin_text_free(&allocator, made, length);
    T_ROW(heap.used == 0, text);
    lives++;
  }
  assert_true(passed);
  tocsin_program_free(program);
}

static void an_explanation_comes_whole_or_not_at_all(void **state)
{
  size_t i;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) tell_whole_or_not(engine_cases[i].text, tocsin_explain);
}

static tocsin_status draw_svg(const tocsin_program *program, const tocsin_allocator *allocator, char **text, size_t *length)
{
  return tocsin_draw(program, 0, TOCSIN_PICTURE_SVG, allocator, text, length);
}

static tocsin_status draw_dot(const tocsin_program *program, const tocsin_allocator *allocator, char **text, size_t *length)
{
  return tocsin_draw(program, 0, TOCSIN_PICTURE_DOT, allocator, text, length);
}

static void a_picture_comes_whole_or_not_at_all(void **state)
{
  size_t i;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) {
    tell_whole_or_not(engine_cases[i].text, draw_svg);
    tell_whole_or_not(engine_cases[i].text, draw_dot);
  }
}

/* max_bytes is a limit: the matcher stops with that status and names it. */
static void a_matcher_keeps_to_its_bytes(void **state)
{
  const engine_case *c = &engine_cases[5];
  tocsin_program *program;
  engine_rows rows;
  uint64_t most;
  size_t stopped = 0;
  (void)state;
  assert_int_equal(tocsin_compile(c->text, strlen(c->text), NULL, &program, NULL), TOCSIN_OK);
  assert_true(engine_rows_read(&rows, program, engine_common_rows));
  for (most = 512;; most += 512) {
    engine_heap heap = {0};
    tocsin_allocator allocator = engine_allocator(&heap);
    tocsin_matcher_options options = {.allocator = &allocator, .max_bytes = most};
    engine_way way = {0};
    tocsin_matcher *matcher;
    tocsin_status st = tocsin_matcher_new(program, &options, &matcher);
    if (st == TOCSIN_OK) {
      st = engine_feed(matcher, &rows.batch, &way, NULL);
      assert_true(st == TOCSIN_OK || strstr(tocsin_matcher_message(matcher), " bytes have to be kept"));
    }
    assert_true(heap.peak <= most);
    tocsin_matcher_free(matcher);
    assert_int_equal(heap.used, 0);
    if (st == TOCSIN_OK) break;
    assert_int_equal(st, TOCSIN_LIMIT);
    stopped++;
  }
  assert_true(stopped > 2);
  engine_rows_clear(&rows);
  tocsin_program_free(program);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_refused_allocation_is_a_status_in_every_case),
      cmocka_unit_test(a_refused_allocation_is_a_status_for_loaded_programs_row_by_row),
      cmocka_unit_test(errors_are_told_or_memory_is_gone),
      cmocka_unit_test(formatting_and_declarations_come_whole_or_not_at_all),
      cmocka_unit_test(an_explanation_comes_whole_or_not_at_all),
      cmocka_unit_test(a_picture_comes_whole_or_not_at_all),
      cmocka_unit_test(a_refused_allocation_is_a_status_while_paths_are_traced),
      cmocka_unit_test(a_matcher_keeps_to_its_bytes),
  };
  int failed = T_RUN(tests);
  return failed;
}
