/* Where rows come from: several streams, one behind another in time, late, over before
 * the others; and patterns that read patterns. */
#include "../engine.h"
#include "t.h"

#define STREAM(name, more) "CREATE STREAM " name " (k BIGINT, ts BIGINT, v BIGINT" more ");\n"
#define EACH_ROW(from) "SELECT * FROM " from " MATCH_RECOGNIZE (ORDER BY ts MEASURES x.ts AS ts, x.v AS v PATTERN (x));\n"

typedef struct event {
  size_t stream;
  int64_t k, ts, v;
} event;

/* A matcher, its program, and what has come out so far. */
typedef struct play {
  engine_heap heap;
  tocsin_allocator allocator;
  tocsin_program *program;
  tocsin_matcher *matcher;
  tsn_alloc alloc;
  tsn_bytes out;
} play;

static tocsin_status begin_with(play *p, const char *text, tocsin_matcher_options options)
{
  tocsin_compile_options compile = {.allocator = &p->allocator};
  tocsin_status st;
  p->allocator = engine_allocator(&p->heap);
  tsn_alloc_init(&p->alloc, NULL);
  tsn_bytes_init(&p->out, &p->alloc, 0);
  options.allocator = &p->allocator;
  st = tocsin_compile(text, strlen(text), &compile, &p->program, NULL);
  if (st == TOCSIN_OK) st = tocsin_matcher_new(p->program, &options, &p->matcher);
  return st;
}

static void begin(play *p, const char *text)
{
  *p = (play){.program = NULL};
  assert_int_equal(begin_with(p, text, (tocsin_matcher_options){.late = TOCSIN_LATE_DEFAULT}), TOCSIN_OK);
}

static void end(play *p)
{
  tocsin_matcher_free(p->matcher);
  tocsin_program_free(p->program);
  tsn_bytes_clear(&p->out);
  assert_int_equal(p->heap.used, 0);
}

/* Pushes events of one stream, all in one batch. */
static tocsin_status push(play *p, const event *e, size_t count)
{
  int64_t cells[3][64];
  tocsin_column columns[3];
  tocsin_batch batch = {.rows = count, .column_count = 3, .columns = columns};
  size_t i, taken = 0;
  tocsin_status st;
  assert_true(count <= 64);
  for (i = 0; i < count; i++) {
    assert_true(e[i].stream == e[0].stream);
    cells[0][i] = e[i].k;
    cells[1][i] = e[i].ts;
    cells[2][i] = e[i].v;
  }
  for (i = 0; i < 3; i++) columns[i] = (tocsin_column){.values = cells[i]};
  st = tocsin_matcher_push(p->matcher, e[0].stream, &batch, 0, &taken);
  engine_drain(p->matcher, &p->out);
  return st;
}

static tocsin_status one(play *p, size_t stream, int64_t ts, int64_t v)
{
  return push(p, &(event){stream, 0, ts, v}, 1);
}

/* What has come out since the last look. */
static void came(play *p, const char *wanted, const char *when)
{
  if (strcmp(tsn_bytes_cstr(&p->out), wanted)) {
    print_error("%s: got\n%swanted\n%s", when, tsn_bytes_cstr(&p->out), wanted);
    fail();
  }
  tsn_bytes_reset(&p->out);
}

/* A row that is in time, and what comes out with it. */
static void step(play *p, size_t stream, int64_t ts, int64_t v, const char *wanted, const char *when)
{
  assert_int_equal(one(p, stream, ts, v), TOCSIN_OK);
  came(p, wanted, when);
}

static tocsin_status drained(play *p, tocsin_status st)
{
  engine_drain(p->matcher, &p->out);
  return st;
}

/* ---- watermarks ---- */

static void a_union_waits_for_the_stream_that_is_furthest_behind(void **state)
{
  play p;
  (void)state;
  begin(&p, STREAM("a", ", WATERMARK FOR ts AS ts - 2") STREAM("b", "") EACH_ROW("(a UNION ALL BY NAME b)"));
  assert_int_equal(one(&p, 0, 5, 1), TOCSIN_OK);
  step(&p, 0, 10, 2, "", "nothing is known of b");
  step(&p, 1, 6, 3, "0|5|1 @5\n", "b is at 6");
  step(&p, 1, 9, 4, "0|6|3 @6\n", "a at 8, b at 9");
  step(&p, 0, 20, 5, "", "b still at 9: another row of 9 may come");
  step(&p, 1, 9, 6, "", "it came");
  step(&p, 1, 10, 7, "0|9|4 @9\n0|9|6 @9\n", "b at 10");
  assert_int_equal(drained(&p, tocsin_matcher_finish(p.matcher)), TOCSIN_OK);
  came(&p, "0|10|2 @10\n0|10|7 @10\n0|20|5 @20\n", "all is over, a before b");
  end(&p);
}

static void a_stream_that_is_over_holds_nothing_back(void **state)
{
  play p;
  (void)state;
  begin(&p, STREAM("a", ", WATERMARK FOR ts AS ts - 2") STREAM("b", "") EACH_ROW("(a UNION ALL BY NAME b)") EACH_ROW("b"));
  assert_int_equal(one(&p, 0, 5, 1), TOCSIN_OK);
  assert_int_equal(one(&p, 0, 10, 2), TOCSIN_OK);
  assert_int_equal(drained(&p, tocsin_matcher_finish_stream(p.matcher, 1)), TOCSIN_OK);
  came(&p, "0|5|1 @5\n", "b is over, a at 8");
  assert_int_equal(one(&p, 1, 11, 3), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_finish_stream(p.matcher, 1), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_finish_stream(p.matcher, 2), TOCSIN_MISUSE);
  step(&p, 0, 13, 4, "0|10|2 @10\n", "a at 11");
  assert_int_equal(drained(&p, tocsin_matcher_finish_stream(p.matcher, 0)), TOCSIN_OK);
  came(&p, "0|13|4 @13\n", "the last stream finishes the pattern");
  assert_int_equal(drained(&p, tocsin_matcher_finish(p.matcher)), TOCSIN_OK);
  came(&p, "", "nothing is left");
  assert_int_equal(tocsin_matcher_finish(p.matcher), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_finish_stream(p.matcher, 0), TOCSIN_MISUSE);
  end(&p);
}

static void advancing_moves_all_streams(void **state)
{
  play p;
  (void)state;
  begin(&p, STREAM("a", ", WATERMARK FOR ts AS ts - 2") STREAM("b", "") EACH_ROW("(a UNION ALL BY NAME b)"));
  assert_int_equal(one(&p, 0, 5, 1), TOCSIN_OK);
  assert_int_equal(drained(&p, tocsin_matcher_advance(p.matcher, 5)), TOCSIN_OK);
  came(&p, "", "the watermark is exclusive");
  assert_int_equal(drained(&p, tocsin_matcher_advance(p.matcher, 6)), TOCSIN_OK);
  came(&p, "0|5|1 @5\n", "none before 6");
  assert_int_equal(drained(&p, tocsin_matcher_advance(p.matcher, 3)), TOCSIN_OK);
  assert_int_equal(one(&p, 0, 5, 2), TOCSIN_OK); /* late, and dropped: a watermark never goes back */
  assert_int_equal(one(&p, 1, 5, 3), TOCSIN_LATE);
  assert_int_equal(drained(&p, tocsin_matcher_finish(p.matcher)), TOCSIN_OK);
  came(&p, "", "none was in time");
  end(&p);
}

static void a_filtered_row_moves_the_watermark_too(void **state)
{
  play p;
  tocsin_stats stats;
  (void)state;
  begin(&p, STREAM("a", ", WATERMARK FOR ts AS ts - 2")
            "SELECT * FROM (SELECT * FROM a WHERE v > 0) MATCH_RECOGNIZE (ORDER BY ts MEASURES x.ts AS ts PATTERN (x !y{3}) DEFINE y AS v > 5);\n");
  assert_int_equal(one(&p, 0, 1, 1), TOCSIN_OK);
  step(&p, 0, 6, 0, "", "the watermark is 4");
  step(&p, 0, 7, -1, "0|1 @4\n", "it is 5, and the timer of 4 is through");
  tocsin_matcher_stats(p.matcher, &stats);
  assert_int_equal(stats.rows_in, 3);
  assert_int_equal(stats.rows_filtered, 2);
  assert_int_equal(stats.rows_matched_over, 1);
  end(&p);
}

static void one_part_in_the_order_it_promises_does_not_wait(void **state)
{
  play p;
  (void)state;
  begin(&p, STREAM("a", "") EACH_ROW("(SELECT ts, v * 2 AS v FROM a WHERE v > 0)"));
  step(&p, 0, 1, 1, "0|1|2 @1\n", "at once");
  end(&p);
}

/* ---- late rows ---- */

typedef struct told {
  size_t count;
  tocsin_late_row last;
} told;

static void tell(void *context, const tocsin_late_row *row)
{
  told *t = context;
  t->count++;
  t->last = *row;
}

static void lateness_is_told_by_part(void **state)
{
  static const char text[] = STREAM("a", ", WATERMARK FOR ts AS ts - 2") STREAM("b", "") EACH_ROW("(a UNION ALL BY NAME b)");
  play p = {.program = NULL};
  told t = {0};
  tocsin_stats stats;
  (void)state;
  assert_int_equal(begin_with(&p, text, (tocsin_matcher_options){.late = TOCSIN_LATE_DROP, .on_late = tell, .on_late_context = &t}), TOCSIN_OK);
  assert_int_equal(one(&p, 1, 10, 1), TOCSIN_OK);
  assert_int_equal(one(&p, 1, 9, 2), TOCSIN_OK); /* b promises order, whatever a does */
  assert_int_equal(t.count, 1);
  assert_true(t.last.stream == 1 && t.last.time == 9 && t.last.watermark == 10);
  assert_int_equal(one(&p, 0, 5, 3), TOCSIN_OK);
  assert_int_equal(one(&p, 0, 2, 4), TOCSIN_OK); /* the union is at 3 */
  assert_int_equal(t.count, 2);
  assert_true(t.last.stream == 0 && t.last.time == 2 && t.last.watermark == 3);
  assert_int_equal(one(&p, 0, 3, 5), TOCSIN_OK);
  assert_int_equal(t.count, 2);
  assert_int_equal(one(&p, 0, 30, 6), TOCSIN_OK);
  assert_int_equal(one(&p, 0, 11, 7), TOCSIN_OK); /* behind a's own watermark, but b holds the union at 10 */
  assert_int_equal(t.count, 2);
  tocsin_matcher_stats(p.matcher, &stats);
  assert_int_equal(stats.rows_in, 7);
  assert_int_equal(stats.rows_late, 2);
  assert_int_equal(stats.rows_matched_over, 5);
  assert_true(stats.has_watermark && stats.watermark == 10);
  assert_int_equal(drained(&p, tocsin_matcher_finish(p.matcher)), TOCSIN_OK);
  came(&p, "0|3|5 @3\n0|5|3 @5\n0|10|1 @10\n0|11|7 @11\n0|30|6 @30\n", "those that were in time, in order");
  end(&p);
}

/* A row that is an error for one pattern is not taken by another before it. */
static void a_row_is_late_before_anything_is_done_with_it(void **state)
{
  play p;
  tocsin_stats stats;
  (void)state;
  begin(&p, STREAM("a", ", WATERMARK FOR ts AS ts - 5") EACH_ROW("a") "SELECT * FROM a MATCH_RECOGNIZE (ORDER BY v MEASURES x.v AS v PATTERN (x));\n");
  assert_int_equal(one(&p, 0, 10, 10), TOCSIN_OK);
  assert_int_equal(one(&p, 0, 8, 9), TOCSIN_LATE); /* in time by ts, and back by v */
  assert_int_equal(one(&p, 0, 8, 11), TOCSIN_OK);
  tocsin_matcher_stats(p.matcher, &stats);
  assert_true(stats.rows_in == 3 && stats.rows_late == 1 && stats.rows_matched_over == 2);
  assert_int_equal(drained(&p, tocsin_matcher_finish(p.matcher)), TOCSIN_OK);
  came(&p, "1|10 @10\n1|11 @11\n0|8|11 @8\n0|10|10 @10\n", "the late row went nowhere");
  end(&p);
}

/* ---- order is a property of the data ---- */

/* The output of events in some order, pushed in batches of up to `most`; each stream ends when its last event is through. */
static void output_of(const char *text, const event *events, const size_t *order, size_t count, size_t most, tsn_bytes *out)
{
  play p;
  size_t at = 0, left[2] = {0, 0}, i;
  begin(&p, text);
  for (i = 0; i < count; i++) left[events[i].stream]++;
  while (at < count) {
    event batch[64];
    size_t n = 0, stream = events[order[at]].stream;
    while (n < most && at < count && events[order[at]].stream == stream) batch[n++] = events[order[at++]];
    assert_int_equal(push(&p, batch, n), TOCSIN_OK);
    left[stream] -= n;
    if (!left[stream]) assert_int_equal(drained(&p, tocsin_matcher_finish_stream(p.matcher, stream)), TOCSIN_OK);
  }
  assert_int_equal(drained(&p, tocsin_matcher_finish(p.matcher)), TOCSIN_OK);
  tsn_bytes_reset(out);
  tsn_bytes_text(out, tsn_bytes_cstr(&p.out));
  end(&p);
}

static void swap(size_t *a, size_t *b)
{
  size_t t = *a;
  *a = *b;
  *b = t;
}

/* The next of all orders; false: that was the last. */
static bool next_order(size_t *order, size_t count)
{
  size_t i = count - 1, j = count - 1;
  while (i > 0 && order[i - 1] > order[i]) i--;
  if (i == 0) return false;
  while (order[j] < order[i - 1]) j--;
  swap(&order[j], &order[i - 1]);
  for (j = count - 1; i < j; i++, j--) swap(&order[i], &order[j]);
  return true;
}

/* Keys 1 and 4 time out in one moment with keys 2 and 3: they are reported in the order of their rows, which is that of time. */
static void arrival_within_the_bound_makes_no_difference(void **state)
{
  static const char text[] = STREAM("a", ", WATERMARK FOR ts AS ts - 100")
      "SELECT * FROM a MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts, v MEASURES x.v AS v PATTERN (x !y{10}) DEFINE y AS v > 50);\n";
  static const event events[] = {{0, 3, 1, 1}, {0, 1, 1, 2}, {0, 4, 1, 3}, {0, 2, 1, 4}, {0, 3, 5, 60}, {0, 5, 5, 61}};
  size_t order[] = {0, 1, 2, 3, 4, 5}, orders = 1;
  tsn_alloc alloc;
  tsn_bytes first, again;
  (void)state;
  tsn_alloc_init(&alloc, NULL);
  tsn_bytes_init(&first, &alloc, 0);
  tsn_bytes_init(&again, &alloc, 0);
  output_of(text, events, order, 6, 1, &first);
  assert_string_equal(tsn_bytes_cstr(&first), "0|1|2 @11\n0|4|3 @11\n0|2|4 @11\n0|3|60 @15\n0|5|61 @15\n");
  while (next_order(order, 6)) {
    output_of(text, events, order, 6, 1 + orders++ % 6, &again);
    assert_string_equal(tsn_bytes_cstr(&again), tsn_bytes_cstr(&first));
  }
  assert_int_equal(orders, 720);
  tsn_bytes_clear(&first);
  tsn_bytes_clear(&again);
}

static uint64_t chance(uint64_t *seed)
{
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

/* Two streams, merged; their matches, merged with one of them; and what that finds. */
#define CHAIN                                                                                                         \
  STREAM("a", ", WATERMARK FOR ts AS ts - 6") STREAM("b", ", WATERMARK FOR ts AS ts - 0")                             \
  "CREATE PATTERN p AS SELECT * FROM (SELECT k, ts, v FROM a WHERE v <> 3 UNION ALL BY NAME b) MATCH_RECOGNIZE ("     \
  "PARTITION BY k ORDER BY ts, v MEASURES x.v AS x, y.v AS y, STREAM() AS s AFTER MATCH SKIP TO NEXT ROW "            \
  "PATTERN (x -> y !z{2}) WITHIN 9 DEFINE y AS y.v > x.v, z AS v = 7);\n"                                             \
  "CREATE PATTERN q AS SELECT * FROM (SELECT k, x, y FROM p UNION ALL BY NAME SELECT v AS x FROM b) MATCH_RECOGNIZE (" \
  "MEASURES STRING_AGG(CAST(x AS TEXT), '-') AS xs, MATCH_ROWTIME() AS at PATTERN (m{3}));\n"                         \
  "CREATE PATTERN r AS SELECT * FROM q MATCH_RECOGNIZE (MEASURES LAST(xs) AS xs ALL ROWS PER MATCH PATTERN (m n));\n"

/* The lines of one pattern: between patterns the order is that of arrival. */
static void lines_of(const char *all, char pattern, tsn_bytes *out)
{
  const char *next;
  tsn_bytes_reset(out);
  for (; *all; all = next) {
    next = strchr(all, '\n') + 1;
    if (*all == pattern) tsn_bytes_append(out, all, (size_t)(next - all));
  }
}

/* A merge of the streams, each in its order but for neighbours of the first, which its bound lets change places. */
static void shuffle(const event *events, size_t *order, size_t count, uint64_t *seed)
{
  size_t next[2] = {0, 1}, i;
  for (i = 0; i < count; i++) {
    size_t from = next[0] >= count ? 1 : next[1] >= count ? 0 : (size_t)(chance(seed) % 2);
    order[i] = next[from];
    next[from] += 2;
  }
  for (i = 0; i + 1 < count; i++)
    if (events[order[i]].stream == 0 && events[order[i + 1]].stream == 0 && chance(seed) % 2) {
      swap(&order[i], &order[i + 1]);
      i++;
    }
}

static void interleaving_and_cuts_make_no_difference(void **state)
{
  enum { EVENTS = 40 };
  uint64_t seed = 7;
  size_t trial, way, i, telling = 0;
  tsn_alloc alloc;
  tsn_bytes first, again, x, y;
  (void)state;
  tsn_alloc_init(&alloc, NULL);
  tsn_bytes_init(&first, &alloc, 0);
  tsn_bytes_init(&again, &alloc, 0);
  tsn_bytes_init(&x, &alloc, 0);
  tsn_bytes_init(&y, &alloc, 0);
  for (trial = 0; trial < 60; trial++) {
    event events[EVENTS];
    size_t order[EVENTS];
    for (i = 0; i < EVENTS; i++) {
      events[i] = (event){i % 2, (int64_t)(chance(&seed) % 2), (int64_t)(i * 2 + chance(&seed) % 2), (int64_t)(chance(&seed) % 9)};
      order[i] = i;
    }
    output_of(CHAIN, events, order, EVENTS, 64, &first);
    telling += strstr(tsn_bytes_cstr(&first), "\n2|") != NULL;
    for (way = 1; way <= 8; way++) {
      char pattern;
      shuffle(events, order, EVENTS, &seed);
      output_of(CHAIN, events, order, EVENTS, way, &again);
      for (pattern = '0'; pattern <= '2'; pattern++) {
        lines_of(tsn_bytes_cstr(&first), pattern, &x);
        lines_of(tsn_bytes_cstr(&again), pattern, &y);
        assert_string_equal(tsn_bytes_cstr(&x), tsn_bytes_cstr(&y));
      }
    }
  }
  assert_true(telling > 20); /* all three patterns find something often enough */
  tsn_bytes_clear(&first);
  tsn_bytes_clear(&again);
  tsn_bytes_clear(&x);
  tsn_bytes_clear(&y);
}

/* ---- patterns over patterns ---- */

static void what_a_pattern_finds_goes_on_when_its_time_has_passed(void **state)
{
  play p;
  (void)state;
  begin(&p, STREAM("a", "")
            "CREATE PATTERN p AS SELECT * FROM a MATCH_RECOGNIZE (ORDER BY ts MEASURES x.v AS v PATTERN (x) DEFINE x AS v > 0);\n"
            "CREATE PATTERN q AS SELECT * FROM p MATCH_RECOGNIZE (MEASURES y.v AS v PATTERN (y));\n"
            "CREATE PATTERN r AS SELECT * FROM q MATCH_RECOGNIZE (MEASURES z.v AS v PATTERN (z));\n");
  step(&p, 0, 1, 1, "0|1 @1\n", "another row of time 1 may come");
  step(&p, 0, 2, 0, "1|1 @1\n2|1 @1\n", "time has passed");
  step(&p, 0, 5, 2, "0|2 @5\n", "a second match");
  assert_int_equal(drained(&p, tocsin_matcher_advance(p.matcher, 6)), TOCSIN_OK);
  came(&p, "1|2 @5\n2|2 @5\n", "a watermark moves the patterns behind as well");
  assert_int_equal(drained(&p, tocsin_matcher_finish(p.matcher)), TOCSIN_OK);
  came(&p, "", "nothing is left");
  end(&p);
}

/* Matches of times 2 and 4 are found, but those of an earlier start are not decided: nothing later goes on before them. */
static void what_waits_for_an_earlier_start_is_not_overtaken(void **state)
{
  play p;
  (void)state;
  begin(&p, STREAM("a", ", WATERMARK FOR ts AS ts - 0")
            "CREATE PATTERN p AS SELECT * FROM a MATCH_RECOGNIZE (MEASURES FIRST(v) AS v AFTER MATCH SKIP TO NEXT ROW "
            "PATTERN (x -> z | y) WITHIN 10 DEFINE x AS v = 1, y AS v = 2, z AS v = 3);\n"
            "CREATE PATTERN q AS SELECT * FROM (p UNION ALL BY NAME SELECT v * 10 AS v FROM a) MATCH_RECOGNIZE (MEASURES m.v AS v PATTERN (m));\n");
  assert_int_equal(one(&p, 0, 1, 1), TOCSIN_OK);
  step(&p, 0, 2, 2, "1|10 @1\n", "y at 2 waits behind x at 1");
  assert_int_equal(one(&p, 0, 4, 2), TOCSIN_OK);
  step(&p, 0, 9, 0, "", "and so does everything from 2 on");
  step(&p, 0, 10, 3, "0|1 @10\n0|2 @2\n0|2 @4\n1|2 @2\n1|20 @2\n1|2 @4\n1|20 @4\n1|0 @9\n", "z decides it");
  assert_int_equal(drained(&p, tocsin_matcher_finish(p.matcher)), TOCSIN_OK);
  came(&p, "1|1 @10\n1|30 @10\n", "the last time");
  end(&p);
}

/* ---- memory ---- */

static tocsin_status everything(play *p, unsigned long fail_at)
{
  uint64_t seed = 11;
  tocsin_status st;
  size_t i;
  *p = (play){.heap = {.fail_at = fail_at}};
  st = begin_with(p, CHAIN, (tocsin_matcher_options){.late = TOCSIN_LATE_DROP});
  for (i = 0; i < 40 && st == TOCSIN_OK; i++) st = one(p, i % 2, (int64_t)(i * 2 + chance(&seed) % 2), (int64_t)(chance(&seed) % 9));
  if (st == TOCSIN_OK) st = drained(p, tocsin_matcher_finish_stream(p->matcher, 0));
  if (st == TOCSIN_OK) st = drained(p, tocsin_matcher_finish(p->matcher));
  return st;
}

static void whichever_allocation_fails_all_memory_comes_back(void **state)
{
  play p;
  unsigned long calls, at;
  (void)state;
  assert_int_equal(everything(&p, 0), TOCSIN_OK);
  calls = p.heap.calls;
  end(&p);
  assert_true(calls > 100);
  for (at = 1; at <= calls; at++) {
    assert_int_equal(everything(&p, at), TOCSIN_NOMEM);
    end(&p);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_union_waits_for_the_stream_that_is_furthest_behind),
      cmocka_unit_test(a_stream_that_is_over_holds_nothing_back),
      cmocka_unit_test(advancing_moves_all_streams),
      cmocka_unit_test(a_filtered_row_moves_the_watermark_too),
      cmocka_unit_test(one_part_in_the_order_it_promises_does_not_wait),
      cmocka_unit_test(lateness_is_told_by_part),
      cmocka_unit_test(a_row_is_late_before_anything_is_done_with_it),
      cmocka_unit_test(arrival_within_the_bound_makes_no_difference),
      cmocka_unit_test(interleaving_and_cuts_make_no_difference),
      cmocka_unit_test(what_a_pattern_finds_goes_on_when_its_time_has_passed),
      cmocka_unit_test(what_waits_for_an_earlier_start_is_not_overtaken),
      cmocka_unit_test(whichever_allocation_fails_all_memory_comes_back),
  };
  return T_RUN(tests);
}
