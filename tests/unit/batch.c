#include "data/batch.h"

#include "t.h"

static tsn_alloc alloc;
static const tsn_column_def columns[] = {
  { .name = "flag", .type = TOCSIN_BOOLEAN }, { .name = "count", .type = TOCSIN_BIGINT },
  { .name = "price", .type = TOCSIN_DOUBLE }, { .name = "name", .type = TOCSIN_TEXT },
  { .name = "ts", .type = TOCSIN_TIMESTAMP }, { .name = "gap", .type = TOCSIN_INTERVAL },
};
static const tsn_schema schema = { .name = "s", .column_count = T_COUNT(columns), .columns = columns };
enum { FLAG, COUNT, PRICE, NAME, TS, GAP };

static int fresh(void **state)
{
  (void)state;
  tsn_alloc_init(&alloc, NULL);
  return 0;
}

static int nothing_left(void **state)
{
  (void)state;
  return alloc.used == 0 ? 0 : 1;
}

static void a_view_has_buffers_also_without_rows(void **state)
{
  tsn_batch b;
  tocsin_batch view;

  (void)state;
  assert_int_equal(tsn_batch_init(&b, &alloc, &schema), TOCSIN_OK);
  view = tsn_batch_view(&b);
  assert_int_equal(view.rows, 0);
  assert_int_equal(view.column_count, T_COUNT(columns));
  for (size_t i = 0; i < view.column_count; i++) assert_non_null(view.columns[i].values);
  assert_int_equal(view.columns[NAME].offsets[0], 0);
  tsn_batch_clear(&b);
}

static void fill(tsn_batch *b, size_t row)
{
  char text[32];
  const int length = snprintf(text, sizeof text, "row %zu", row);

  if (row % 2) tsn_batch_set_bool(b, FLAG, row % 4 == 1);
  if (row % 3) tsn_batch_set_int64(b, COUNT, (int64_t)row);
  if (row % 5) tsn_batch_set_double(b, PRICE, (double)row / 2);
  if (row % 7) tsn_batch_set_text(b, NAME, text, (size_t)length);
  tsn_batch_set_int64(b, TS, (int64_t)row * 1000);
}

static void check(const tocsin_batch *view, size_t at, size_t row)
{
  const tocsin_column *c = view->columns;
  char text[32];

  assert_int_equal(tsn_column_is_null(&c[FLAG], at), row % 2 == 0);
  assert_int_equal(tsn_column_is_null(&c[COUNT], at), row % 3 == 0);
  assert_int_equal(tsn_column_is_null(&c[PRICE], at), row % 5 == 0);
  assert_int_equal(tsn_column_is_null(&c[NAME], at), row % 7 == 0);
  assert_false(tsn_column_is_null(&c[TS], at));
  assert_true(tsn_column_is_null(&c[GAP], at));
  if (row % 2) assert_int_equal(((const uint8_t *)c[FLAG].values)[at / 8] >> at % 8 & 1, row % 4 == 1);
  if (row % 3) assert_int_equal(((const int64_t *)c[COUNT].values)[at], row);
  if (row % 5) T_DOUBLE(((const double *)c[PRICE].values)[at], (double)row / 2);
  assert_int_equal(((const int64_t *)c[TS].values)[at], row * 1000);
  if (row % 7) {
    const size_t length = (size_t)(c[NAME].offsets[at + 1] - c[NAME].offsets[at]);

    assert_int_equal(length, snprintf(text, sizeof text, "row %zu", row));
    assert_memory_equal((const char *)c[NAME].values + c[NAME].offsets[at], text, length);
  } else {
    assert_int_equal(c[NAME].offsets[at], c[NAME].offsets[at + 1]);
  }
}

static void rows_kept_are_the_rows_set(void **state)
{
  tsn_batch b;
  tocsin_batch view;

  (void)state;
  assert_int_equal(tsn_batch_init(&b, &alloc, &schema), TOCSIN_OK);
  for (int round = 0; round < 2; round++) {
    for (size_t row = 0; row < 5000; row++) {
      fill(&b, row);
      assert_int_equal(tsn_batch_commit(&b), TOCSIN_OK);
    }
    view = tsn_batch_view(&b);
    assert_int_equal(view.rows, 5000);
    assert_null(view.columns[TS].validity);
    for (size_t row = 0; row < 5000; row++) check(&view, row, row);
    tsn_batch_reset(&b);
    assert_int_equal(tsn_batch_view(&b).rows, 0);
    assert_null(tsn_batch_view(&b).columns[GAP].validity);
  }
  tsn_batch_clear(&b);
}

static void a_dropped_row_leaves_no_trace(void **state)
{
  tsn_batch b;
  tocsin_batch view;

  (void)state;
  assert_int_equal(tsn_batch_init(&b, &alloc, &schema), TOCSIN_OK);
  for (size_t row = 0; row < 1000; row++) {
    fill(&b, row + 1);
    tsn_batch_set_text(&b, NAME, "to be forgotten", 15);
    tsn_batch_set_int64(&b, GAP, 5);
    tsn_batch_rollback(&b);
    fill(&b, row);
    assert_int_equal(tsn_batch_commit(&b), TOCSIN_OK);
  }
  view = tsn_batch_view(&b);
  assert_int_equal(view.rows, 1000);
  for (size_t row = 0; row < 1000; row++) check(&view, row, row);
  tsn_batch_clear(&b);
}

static void a_cell_set_twice_holds_the_last(void **state)
{
  tsn_batch b;
  const tocsin_column *c;

  (void)state;
  assert_int_equal(tsn_batch_init(&b, &alloc, &schema), TOCSIN_OK);
  tsn_batch_set_text(&b, NAME, "first", 5);
  tsn_batch_set_text(&b, NAME, "last one", 8);
  tsn_batch_set_int64(&b, COUNT, 1);
  tsn_batch_set_null(&b, COUNT);
  assert_int_equal(tsn_batch_commit(&b), TOCSIN_OK);
  tsn_batch_set_text(&b, NAME, "gone", 4);
  tsn_batch_set_null(&b, NAME);
  tsn_batch_set_text(&b, NAME, "", 0);
  assert_int_equal(tsn_batch_commit(&b), TOCSIN_OK);
  c = tsn_batch_view(&b).columns;
  assert_int_equal(c[NAME].offsets[1], 8);
  assert_int_equal(c[NAME].offsets[2], 8);
  assert_false(tsn_column_is_null(&c[NAME], 1));
  assert_memory_equal(c[NAME].values, "last one", 8);
  assert_true(tsn_column_is_null(&c[COUNT], 0));
  assert_int_equal(((const int64_t *)c[COUNT].values)[0], 0);
  tsn_batch_clear(&b);
}

/* Allocation N fails, for every N: the right status, nothing lost, nothing leaked. */
static void every_failed_allocation_is_survived(void **state)
{
  (void)state;
  for (uint64_t n = 1;; n++) {
    tsn_batch b;
    tocsin_status status;
    size_t row = 0;

    tsn_alloc_init(&alloc, NULL);
    alloc.fail_at = n;
    status = tsn_batch_init(&b, &alloc, &schema);
    for (; status == TOCSIN_OK && row < 300; row++) {
      fill(&b, row);
      status = tsn_batch_commit(&b);
      if (status != TOCSIN_OK) break;
    }
    if (status == TOCSIN_OK) {
      assert_true(alloc.calls < n);
      tsn_batch_clear(&b);
      return;
    }
    assert_int_equal(status, TOCSIN_NOMEM);
    if (b.columns) {
      tocsin_batch view = tsn_batch_view(&b);

      assert_int_equal(view.rows, row);
      for (size_t i = 0; i < row; i++) check(&view, i, i);
      assert_int_equal(tsn_batch_commit(&b), TOCSIN_NOMEM);
      alloc.fail_at = 0;
      tsn_batch_reset(&b);
      fill(&b, 1);
      assert_int_equal(tsn_batch_commit(&b), TOCSIN_OK);
    }
    tsn_batch_clear(&b);
    assert_int_equal(alloc.used, 0);
  }
}

static void a_batch_without_columns_counts_rows(void **state)
{
  const tsn_schema none = { .name = "none" };
  tsn_batch b;

  (void)state;
  assert_int_equal(tsn_batch_init(&b, &alloc, &none), TOCSIN_OK);
  for (int i = 0; i < 100; i++) assert_int_equal(tsn_batch_commit(&b), TOCSIN_OK);
  assert_int_equal(tsn_batch_view(&b).rows, 100);
  assert_int_equal(tsn_batch_view(&b).column_count, 0);
  tsn_batch_clear(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, nothing_left)

int main(void)
{
  const struct CMUnitTest batch[] = {
    TEST(a_view_has_buffers_also_without_rows),
    TEST(rows_kept_are_the_rows_set),
    TEST(a_dropped_row_leaves_no_trace),
    TEST(a_cell_set_twice_holds_the_last),
    TEST(every_failed_allocation_is_survived),
    TEST(a_batch_without_columns_counts_rows),
  };
  return T_RUN(batch);
}
