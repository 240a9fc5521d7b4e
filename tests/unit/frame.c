/* Frames of windows: what rows come to while others come in and leave, against the
 * same aggregates worked out from the rows one by one. */
#include "base/time.h"
#include "run/window.h"
#include "t.h"

enum { SLOT_KEY, SLOT_INT, SLOT_REAL, SLOT_TEXT, SLOT_SPAN, SLOTS };
static const uint8_t slot_types[SLOTS] = {TOCSIN_TEXT, TOCSIN_BIGINT, TOCSIN_DOUBLE, TOCSIN_TEXT, TOCSIN_INTERVAL};
static const bool slot_is_text[SLOTS] = {true, false, false, true, false};

/* A run without a pattern: what frames need of it. */
typedef struct trial {
  tsn_alloc alloc;
  tocsin_program program;
  tsn_pattern_rec pattern;
  tsn_run run;
  tsn_window_rec rec;
  tsn_window window;
} trial;

static const uint32_t indices[] = {SLOT_KEY};
static const double reals[] = {0.5, 0.9};
static const char strings[] = "+";
static const tsn_str texts[] = {{0, 1}};

static void trial_begin(trial *t, tsn_frame_kind kind, int64_t begin, int64_t end, const tsn_over_rec *overs, uint32_t count)
{
  memset(t, 0, sizeof *t);
  tsn_alloc_init(&t->alloc, NULL);
  t->program.indices = indices;
  t->program.reals = reals;
  t->program.texts = texts;
  t->program.strings = strings;
  t->program.overs = overs;
  t->run.program = &t->program;
  t->run.p = &t->pattern;
  t->run.alloc = t->run.texts.alloc = &t->alloc;
  t->run.slot_count = SLOTS;
  t->run.slot_types = (uint8_t *)(uintptr_t)slot_types;
  t->run.slot_is_text = (bool *)(uintptr_t)slot_is_text;
  t->run.max_rows = 1000;
  tsn_arena_init(&t->run.scratch, &t->alloc, 0);
  t->rec = (tsn_window_rec){.kind = kind, .begin = begin, .end = end, .keys = {0, 1}, .overs = {0, count}};
  assert_true(tsn_window_init(&t->run, NULL, &t->window, &t->rec));
}

static void trial_end(trial *t)
{
  tsn_window_clear(&t->run, &t->window);
  tsn_arena_clear(&t->run.scratch);
  tsn_texts_release(&t->run);
  tsn_alloc_free(&t->alloc, t->run.texts.data, t->run.texts.cap);
  assert_int_equal(t->alloc.used, 0);
}

typedef struct row {
  int64_t time;
  tsn_cell cells[SLOTS];
} row;

static tsn_cell text_cell(const char *s) { return (tsn_cell){.v.s = s, .length = (uint32_t)strlen(s)}; }

static row row_of(int64_t time, const char *key)
{
  row x = {.time = time};
  int k;
  for (k = 0; k < SLOTS; k++) x.cells[k].null = 1;
  x.cells[SLOT_KEY] = text_cell(key);
  return x;
}

static uint32_t arrive(trial *t, const row *x)
{
  uint32_t f = tsn_window_frame(&t->run, &t->window, x->cells);
  assert_int_not_equal(f, TSN_NONE);
  assert_true(tsn_frame_add(&t->run, &t->window, f, x->time, x->cells));
  return f;
}

static tsn_cell value_of(trial *t, uint32_t frame, uint32_t over)
{
  tsn_cell out;
  assert_true(tsn_frame_value(&t->run, &t->window, frame, over, &out));
  return out;
}

/* ---- every aggregate, worked out the long way ---- */

#define ONE(agg, t, s) {.aggregate = AGG_##agg, .type = TOCSIN_##t, .slot = SLOT_##s, .slot2 = TSN_NONE, .constant = TSN_NONE}
#define BY(agg, t, s, t2, s2) {.aggregate = AGG_##agg, .type = TOCSIN_##t, .slot = SLOT_##s, .type2 = TOCSIN_##t2, .slot2 = SLOT_##s2, .constant = TSN_NONE}
#define WITH(agg, t, s, t2, c) {.aggregate = AGG_##agg, .type = TOCSIN_##t, .slot = SLOT_##s, .type2 = TOCSIN_##t2, .slot2 = TSN_NONE, .constant = c}
#define DISTINCT(agg, t, s) {.aggregate = AGG_##agg, .type = TOCSIN_##t, .slot = SLOT_##s, .slot2 = TSN_NONE, .constant = TSN_NONE, .distinct = 1}
static const tsn_over_rec all[] = {
  {.aggregate = AGG_COUNT, .type = TOCSIN_BIGINT, .slot = TSN_NONE, .slot2 = TSN_NONE, .constant = TSN_NONE},
  ONE(COUNT, TEXT, TEXT), ONE(SUM, BIGINT, INT), ONE(SUM, DOUBLE, REAL), ONE(SUM, INTERVAL, SPAN),
  ONE(AVG, BIGINT, INT), ONE(AVG, DOUBLE, REAL), ONE(AVG, INTERVAL, SPAN),
  ONE(MIN, BIGINT, INT), ONE(MIN, TEXT, TEXT), ONE(MAX, DOUBLE, REAL), ONE(MAX, TEXT, TEXT),
  ONE(STDDEV, BIGINT, INT), ONE(STDDEV_POP, DOUBLE, REAL), ONE(VARIANCE, BIGINT, INT),
  BY(MIN_BY, TEXT, TEXT, DOUBLE, REAL), BY(MAX_BY, BIGINT, INT, TEXT, TEXT), ONE(ANY_VALUE, TEXT, TEXT),
  ONE(ARRAY_AGG, BIGINT, INT), WITH(STRING_AGG, TEXT, TEXT, TEXT, 0), WITH(APPROX_PERCENTILE, BIGINT, INT, DOUBLE, 0),
  DISTINCT(COUNT, TEXT, TEXT), DISTINCT(SUM, BIGINT, INT), DISTINCT(ARRAY_AGG, TEXT, TEXT),
};

static bool same_cell(uint32_t type, const tsn_cell *a, const tsn_cell *b)
{
  if (a->null || b->null) return a->null == b->null;
  return tsn_compare_cells(type, a, b) == 0;
}

/* The values of the frame's rows that are not NULL; DISTINCT: each once. */
static size_t values_of(const tsn_over_rec *o, const row *rows, size_t count, tsn_cell *values)
{
  size_t n = 0, i, j;
  for (i = 0; i < count; i++) {
    const tsn_cell *c = &rows[i].cells[o->slot];
    if (c->null && o->aggregate != AGG_ARRAY_AGG) continue;
    for (j = 0; o->distinct && j < n && !same_cell(o->type, c, &values[j]); j++) continue;
    if (!o->distinct || j == n) values[n++] = *c;
  }
  return n;
}

static double real_of(uint32_t type, const tsn_cell *c) { return type == TOCSIN_DOUBLE ? c->v.d : (double)c->v.i; }

static double naive_spread(const tsn_over_rec *o, const tsn_cell *values, size_t n)
{
  double mean = 0, squares = 0, sample = o->aggregate == AGG_STDDEV_POP ? 0 : 1;
  size_t i;
  for (i = 0; i < n; i++) mean += real_of(o->type, &values[i]) / (double)n;
  for (i = 0; i < n; i++) squares += (real_of(o->type, &values[i]) - mean) * (real_of(o->type, &values[i]) - mean);
  squares /= (double)n - sample;
  return o->aggregate == AGG_VARIANCE ? squares : sqrt(squares);
}

static tsn_cell naive_pick(const tsn_over_rec *o, const row *rows, size_t count)
{
  uint32_t key = tsn_aggregate_table[o->aggregate].args == 2 ? o->slot2 : o->slot, type = key == o->slot ? o->type : o->type2;
  bool greatest = o->aggregate == AGG_MAX || o->aggregate == AGG_MAX_BY;
  const tsn_cell *best = NULL;
  tsn_cell out = {.null = 1};
  size_t i;
  for (i = 0; i < count; i++) {
    const tsn_cell *c = &rows[i].cells[key];
    int order = best && !c->null ? tsn_compare_cells(type, c, best) : 0;
    if (c->null || (best && (o->aggregate == AGG_ANY_VALUE || (greatest ? order <= 0 : order >= 0)))) continue;
    best = c;
    out = rows[i].cells[o->slot];
  }
  return out;
}

static tsn_cell naive_list(const tsn_over_rec *o, const tsn_cell *values, size_t n, char *room)
{
  size_t at = 0, i;
  for (i = 0; i < n; i++) {
    if (o->aggregate == AGG_STRING_AGG) {
      at += (size_t)sprintf(room + at, "%s%.*s", i ? "+" : "", (int)values[i].length, values[i].v.s);
      continue;
    }
    room[at++] = i ? ',' : '[';
    if (values[i].null) at += (size_t)sprintf(room + at, "null");
    else if (o->type == TOCSIN_TEXT) at += (size_t)sprintf(room + at, "\"%.*s\"", (int)values[i].length, values[i].v.s);
    else at += (size_t)sprintf(room + at, "%lld", (long long)values[i].v.i);
  }
  if (o->aggregate == AGG_ARRAY_AGG && n) room[at++] = ']';
  return (tsn_cell){.v.s = room, .length = (uint32_t)at, .null = n == 0};
}

/* The value whose rank is at least half of all: the values below and up to it say so. */
static tsn_cell naive_median(const tsn_cell *values, size_t n)
{
  size_t i, j;
  for (i = 0; i < n; i++) {
    size_t below = 0, up_to = 0;
    for (j = 0; j < n; j++) {
      below += values[j].v.i < values[i].v.i;
      up_to += values[j].v.i <= values[i].v.i;
    }
    if (2 * below < n && 2 * up_to >= n) return values[i];
  }
  return (tsn_cell){.null = 1};
}

static tsn_cell naive(const tsn_over_rec *o, const row *rows, size_t count, char *room)
{
  tsn_cell values[256], none = {.null = 1};
  size_t n, i;
  int64_t whole = 0;
  double real = 0;
  if (o->slot == TSN_NONE) return (tsn_cell){.v.i = (int64_t)count};
  if (tsn_aggregate_table[o->aggregate].merge == MERGE_PICK) return naive_pick(o, rows, count);
  n = values_of(o, rows, count, values);
  if (o->aggregate == AGG_COUNT) return (tsn_cell){.v.i = (int64_t)n};
  if (tsn_aggregate_table[o->aggregate].merge == MERGE_SPREAD)
    return n < 1 || (n < 2 && o->aggregate != AGG_STDDEV_POP) ? none : (tsn_cell){.v.d = naive_spread(o, values, n)};
  if (o->aggregate == AGG_APPROX_PERCENTILE) return naive_median(values, n);
  if (tsn_aggregate_table[o->aggregate].merge == MERGE_LIST) return naive_list(o, values, n, room);
  if (n == 0) return none;
  for (i = 0; i < n; i++) {
    if (o->type == TOCSIN_DOUBLE) real += values[i].v.d;
    else whole += values[i].v.i;
  }
  if (o->aggregate == AGG_SUM) return o->type == TOCSIN_DOUBLE ? (tsn_cell){.v.d = real} : (tsn_cell){.v.i = whole};
  if (o->type == TOCSIN_INTERVAL) return (tsn_cell){.v.i = whole / (int64_t)n};
  return (tsn_cell){.v.d = (o->type == TOCSIN_DOUBLE ? real : (double)whole) / (double)n};
}

/* The type of the value: enough to compare two of them. */
static uint32_t value_type(const tsn_over_rec *o)
{
  if (o->aggregate == AGG_COUNT) return TOCSIN_BIGINT;
  if (o->aggregate == AGG_ARRAY_AGG) return TOCSIN_TEXT;
  if (tsn_aggregate_table[o->aggregate].merge == MERGE_SPREAD) return TOCSIN_DOUBLE;
  return o->aggregate == AGG_AVG && o->type == TOCSIN_BIGINT ? TOCSIN_DOUBLE : o->type;
}

static uint64_t seed;

static uint32_t dice(uint32_t sides)
{
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(seed >> 33) % sides;
}

static row random_row(int64_t time)
{
  static const char *const words[] = {"", "a", "bb", "ccc", "b", "zz"};
  row x = row_of(time, dice(3) ? "k" : "l");
  if (dice(5)) x.cells[SLOT_INT] = (tsn_cell){.v.i = (int64_t)dice(9) - 4};
  if (dice(5)) x.cells[SLOT_REAL] = (tsn_cell){.v.d = (dice(9) - 4.0) / 4};
  if (dice(5)) x.cells[SLOT_TEXT] = text_cell(words[dice(6)]);
  if (dice(5)) x.cells[SLOT_SPAN] = (tsn_cell){.v.i = (int64_t)dice(1000) - 500};
  return x;
}

/* later: rows of its key behind it. */
static bool in_frame(const trial *t, const row *x, const row *last, int64_t later)
{
  const tsn_window_rec *w = &t->rec;
  if (w->kind == FRAME_RANGE || w->kind == FRAME_ALL_RANGE)
    return x->time <= last->time - w->end && (w->kind == FRAME_ALL_RANGE || x->time >= last->time - w->begin);
  return later >= w->end && (w->kind == FRAME_ALL_ROWS || later <= w->begin);
}

static void one_stream(tsn_frame_kind kind, int64_t begin, int64_t end)
{
  trial t;
  row rows[120], frame[120];
  char room[4096];
  size_t count = dice(120), i, j, k;
  int64_t time = 0;
  trial_begin(&t, kind, begin, end, all, T_COUNT(all));
  for (i = 0; i < count; i++) {
    uint32_t at;
    size_t n = 0;
    int64_t later = 0;
    time += dice(4);
    rows[i] = random_row(time);
    at = arrive(&t, &rows[i]);
    for (j = i + 1; j-- > 0;) { /* backwards: the rows behind each are counted */
      if (tsn_compare_cells(TOCSIN_TEXT, &rows[j].cells[SLOT_KEY], &rows[i].cells[SLOT_KEY])) continue;
      if (in_frame(&t, &rows[j], &rows[i], later)) frame[120 - ++n] = rows[j];
      later++;
    }
    for (k = 0; k < T_COUNT(all); k++) {
      tsn_cell came = value_of(&t, at, (uint32_t)k), wanted = naive(&all[k], frame + 120 - n, n, room);
      bool rounded = tsn_aggregate_table[all[k].aggregate].merge == MERGE_SPREAD || all[k].aggregate == AGG_AVG;
      if (rounded && value_type(&all[k]) == TOCSIN_DOUBLE && !came.null && !wanted.null) assert_true(fabs(came.v.d - wanted.v.d) < 1e-9);
      else T_ROW(same_cell(value_type(&all[k]), &came, &wanted), tsn_aggregate_table[all[k].aggregate].name);
    }
    tsn_arena_clear(&t.run.scratch);
  }
  trial_end(&t);
}

static void frames_come_to_what_their_rows_do(void **state)
{
  int i;
  (void)state;
  seed = 1;
  for (i = 0; i < 60; i++) {
    int64_t end = dice(2) ? 0 : dice(6);
    one_stream(FRAME_ROWS, end + dice(12), end);
    one_stream(FRAME_RANGE, end + dice(20), end);
    one_stream(FRAME_ALL_ROWS, 0, end);
    one_stream(FRAME_ALL_RANGE, 0, end);
  }
}

/* ---- what each aggregate promises ---- */

static const tsn_over_rec sums[] = {ONE(SUM, BIGINT, INT), ONE(AVG, BIGINT, INT), ONE(SUM, DOUBLE, REAL), ONE(AVG, DOUBLE, REAL),
                                    ONE(STDDEV, DOUBLE, REAL), ONE(SUM, INTERVAL, SPAN), ONE(AVG, INTERVAL, SPAN)};

static uint32_t arrive_int(trial *t, int64_t v)
{
  row x = row_of(0, "k");
  x.cells[SLOT_INT] = (tsn_cell){.v.i = v};
  x.cells[SLOT_SPAN] = (tsn_cell){.v.i = v};
  return arrive(t, &x);
}

static uint32_t arrive_real(trial *t, double v)
{
  row x = row_of(0, "k");
  x.cells[SLOT_REAL] = (tsn_cell){.v.d = v};
  return arrive(t, &x);
}

static void only_a_result_can_overflow(void **state)
{
  trial t;
  uint32_t f;
  tsn_cell out;
  (void)state;
  trial_begin(&t, FRAME_ROWS, 2, 0, sums, T_COUNT(sums));
  f = arrive_int(&t, INT64_MAX);
  f = arrive_int(&t, INT64_MAX);
  assert_int_equal(value_of(&t, f, 5).v.i, INT64_MAX); /* times saturate */
  assert_int_equal(value_of(&t, f, 6).v.i, INT64_MAX);
  T_DOUBLE(value_of(&t, f, 1).v.d, 9223372036854775807.0);
  f = arrive_int(&t, -INT64_MAX);
  assert_int_equal(value_of(&t, f, 0).v.i, INT64_MAX);
  f = arrive_int(&t, INT64_MIN);
  assert_int_equal(value_of(&t, f, 0).v.i, INT64_MIN);
  f = arrive_int(&t, -7);
  assert_int_equal(value_of(&t, f, 5).v.i, INT64_MIN);
  assert_int_equal(value_of(&t, f, 6).v.i, -6148914691236517207); /* (-2^64 - 6) / 3, towards zero */
  assert_false(tsn_frame_value(&t.run, &t.window, f, 0, &out));
  assert_int_equal(t.run.status, TOCSIN_RUNTIME);
  trial_end(&t);
}

static void what_has_left_leaves_no_trace(void **state)
{
  trial t;
  uint32_t f;
  (void)state;
  trial_begin(&t, FRAME_ROWS, 1, 0, sums, T_COUNT(sums));
  arrive_real(&t, INFINITY);
  f = arrive_real(&t, -INFINITY);
  assert_true(value_of(&t, f, 2).null && value_of(&t, f, 3).null && value_of(&t, f, 4).null);
  f = arrive_real(&t, 1);
  T_DOUBLE(value_of(&t, f, 2).v.d, -INFINITY);
  f = arrive_real(&t, 2);
  T_DOUBLE(value_of(&t, f, 2).v.d, 3);
  arrive_real(&t, 1e300);
  arrive_real(&t, 0.1);
  f = arrive_real(&t, 0.2);
  T_DOUBLE(value_of(&t, f, 2).v.d, 0.1 + 0.2);
  trial_end(&t);
}

static void sums_keep_what_rounding_loses(void **state)
{
  trial t;
  uint32_t f = 0;
  int i;
  (void)state;
  trial_begin(&t, FRAME_ROWS, 9, 0, sums, T_COUNT(sums));
  for (i = 0; i < 25; i++) f = arrive_real(&t, 0.1);
  T_DOUBLE(value_of(&t, f, 2).v.d, 1.0);
  T_DOUBLE(value_of(&t, f, 3).v.d, 0.1);
  T_DOUBLE(value_of(&t, f, 4).v.d, 0.0);
  for (i = 0; i < 3; i++) f = arrive_real(&t, i == 1 ? 1 : i ? -1e16 : 1e16);
  T_DOUBLE(value_of(&t, f, 2).v.d, 1.7);
  trial_end(&t);
}

static void an_empty_frame_owns_nothing(void **state)
{
  trial t;
  row x;
  char key[16];
  size_t before;
  int i;
  (void)state;
  trial_begin(&t, FRAME_RANGE, 10, 0, all, T_COUNT(all));
  before = t.alloc.used;
  for (i = 0; i < 500; i++) {
    snprintf(key, sizeof key, "key%d", i % 50);
    x = row_of(i, key);
    x.cells[SLOT_TEXT] = text_cell(key);
    arrive(&t, &x);
  }
  tsn_window_expire(&t.run, &t.window, 510);
  tsn_texts_release(&t.run);
  assert_int_equal(t.window.oldest, TSN_NONE);
  assert_int_equal(t.window.map.count, 0);
  assert_int_equal(t.alloc.used - before, t.window.cap * sizeof *t.window.frames + t.window.map.cap * sizeof *t.window.map.slots + t.run.texts.cap);
  trial_end(&t);
}

static void frames_expire_by_their_last_row(void **state)
{
  trial t;
  row a = row_of(1, "a"), b = row_of(2, "b"), later = row_of(5, "a");
  (void)state;
  trial_begin(&t, FRAME_RANGE, 10, 5, sums, T_COUNT(sums));
  arrive(&t, &a);
  arrive(&t, &b);
  arrive(&t, &later);
  tsn_window_expire(&t.run, &t.window, 15);
  assert_int_equal(t.window.map.count, 1);
  tsn_window_expire(&t.run, &t.window, 16);
  assert_int_equal(t.window.map.count, 0);
  trial_end(&t);
}

static void rows_of_a_key_have_a_limit(void **state)
{
  trial t;
  row x = row_of(0, "k");
  uint32_t f;
  int i;
  (void)state;
  trial_begin(&t, FRAME_RANGE, 10, 0, sums, T_COUNT(sums));
  t.run.max_rows = 20;
  for (i = 0; i < 20; i++) f = arrive(&t, &x);
  assert_false(tsn_frame_add(&t.run, &t.window, f, 0, x.cells));
  assert_int_equal(t.run.status, TOCSIN_LIMIT);
  trial_end(&t);
}

static void keys_are_null_and_zero_too(void **state)
{
  trial t;
  row a = row_of(0, ""), b = row_of(0, "");
  (void)state;
  trial_begin(&t, FRAME_ALL_ROWS, 0, 0, all, 1);
  b.cells[SLOT_KEY] = (tsn_cell){.null = 1};
  arrive(&t, &a);
  arrive(&t, &b);
  assert_int_equal(value_of(&t, arrive(&t, &a), 0).v.i, 2);
  assert_int_equal(value_of(&t, arrive(&t, &b), 0).v.i, 2);
  trial_end(&t);
}

/* Every allocation fails in turn: the status is NOMEM and all bytes come back. */
static void memory_may_fail_anywhere(void **state)
{
  static const tsn_frame_kind kinds[] = {FRAME_ROWS, FRAME_ALL_ROWS, FRAME_ALL_RANGE};
  size_t k;
  (void)state;
  for (k = 0; k < T_COUNT(kinds); k++) {
    uint64_t n = 1;
    bool failed = true;
    for (; failed; n++) {
      trial t;
      int i;
      trial_begin(&t, kinds[k], 5, kinds[k] == FRAME_ALL_RANGE, all, T_COUNT(all));
      seed = 7;
      t.alloc.fail_at = t.alloc.calls + n;
      for (i = 0; i < 40 && t.run.status == TOCSIN_OK; i++) {
        row x = random_row(i);
        uint32_t f = tsn_window_frame(&t.run, &t.window, x.cells), over;
        tsn_cell out;
        if (f == TSN_NONE) break;
        if (!tsn_frame_add(&t.run, &t.window, f, i, x.cells)) break;
        for (over = 0; over < T_COUNT(all) && tsn_frame_value(&t.run, &t.window, f, over, &out); over++) continue;
        tsn_arena_clear(&t.run.scratch);
      }
      failed = t.run.status != TOCSIN_OK;
      if (failed) assert_int_equal(t.run.status, TOCSIN_NOMEM);
      trial_end(&t);
    }
    assert_true(n > 20);
  }
}

int main(void)
{
  static const struct CMUnitTest tests[] = {
    cmocka_unit_test(frames_come_to_what_their_rows_do), cmocka_unit_test(only_a_result_can_overflow),
    cmocka_unit_test(what_has_left_leaves_no_trace),     cmocka_unit_test(sums_keep_what_rounding_loses),
    cmocka_unit_test(an_empty_frame_owns_nothing),       cmocka_unit_test(frames_expire_by_their_last_row),
    cmocka_unit_test(rows_of_a_key_have_a_limit),        cmocka_unit_test(keys_are_null_and_zero_too),
    cmocka_unit_test(memory_may_fail_anywhere),
  };
  return T_RUN(tests);
}
