#include "base/alloc.h"

#include <stdlib.h>

#include "t.h"

static void account_is_exact(void **state)
{
  tsn_alloc a;
  char *block;

  (void)state;
  tsn_alloc_init(&a, NULL);
  block = tsn_alloc_resize(&a, NULL, 0, 100);
  assert_non_null(block);
  assert_int_equal(a.used, 100);
  block = tsn_alloc_resize(&a, block, 100, 300);
  assert_int_equal(a.used, 300);
  block = tsn_alloc_resize(&a, block, 300, 50);
  assert_int_equal(a.used, 50);
  assert_int_equal(a.peak, 300);
  tsn_alloc_free(&a, block, 50);
  assert_int_equal(a.used, 0);
  assert_int_equal(a.peak, 300);
}

static void growing_keeps_content(void **state)
{
  tsn_alloc a;
  char *block;

  (void)state;
  tsn_alloc_init(&a, NULL);
  block = tsn_alloc_resize(&a, NULL, 0, 4);
  memcpy(block, "abc", 4);
  block = tsn_alloc_resize(&a, block, 4, 100000);
  assert_string_equal(block, "abc");
  assert_null(tsn_alloc_resize(&a, block, 100000, 0));
  assert_int_equal(a.used, 0);
}

static void maximum_holds(void **state)
{
  tsn_alloc a;
  char *block, *other;

  (void)state;
  tsn_alloc_init(&a, NULL);
  a.max = 100;
  block = tsn_alloc_resize(&a, NULL, 0, 60);
  assert_non_null(block);
  assert_null(tsn_alloc_resize(&a, NULL, 0, 41));
  assert_null(tsn_alloc_resize(&a, block, 60, 101));
  other = tsn_alloc_resize(&a, NULL, 0, 40);
  assert_non_null(other);
  assert_int_equal(a.used, 100);
  tsn_alloc_free(&a, block, 60);
  tsn_alloc_free(&a, other, 40);
}

static void nth_growing_call_and_all_later_fail(void **state)
{
  tsn_alloc a;
  char *block;

  (void)state;
  tsn_alloc_init(&a, NULL);
  a.fail_at = 2;
  block = tsn_alloc_resize(&a, NULL, 0, 10);
  assert_non_null(block);
  block = tsn_alloc_resize(&a, block, 10, 5); /* shrinking does not count */
  assert_non_null(block);
  assert_null(tsn_alloc_resize(&a, block, 5, 20));
  assert_null(tsn_alloc_resize(&a, NULL, 0, 1));
  tsn_alloc_free(&a, block, 5);
  assert_int_equal(a.used, 0);
  assert_int_equal(a.calls, 3);
}

static void array_is_zeroed_and_checked(void **state)
{
  tsn_alloc a;
  uint64_t *array;
  char *none;

  (void)state;
  tsn_alloc_init(&a, NULL);
  array = tsn_alloc_array(&a, 1000, sizeof *array);
  assert_non_null(array);
  for (size_t i = 0; i < 1000; i++) assert_true(array[i] == 0);
  tsn_alloc_free(&a, array, 1000 * sizeof *array);
  assert_null(tsn_alloc_array(&a, SIZE_MAX / 8 + 1, 8));
  assert_null(tsn_alloc_array(&a, SIZE_MAX, SIZE_MAX));
  assert_null(tsn_alloc_resize(&a, NULL, 0, SIZE_MAX));

  none = tsn_alloc_array(&a, 0, 8);
  assert_non_null(none);
  tsn_alloc_free(&a, none, 0);
  assert_int_equal(a.used, 0);
}

static void grow_doubles_and_survives_failure(void **state)
{
  tsn_alloc a;
  uint32_t *array = NULL;
  void *block = NULL;
  size_t cap = 0;

  (void)state;
  tsn_alloc_init(&a, NULL);
  for (uint32_t i = 0; i < 1000; i++) {
    block = array;
    assert_true(tsn_alloc_grow(&a, &block, &cap, (size_t)i + 1, sizeof *array));
    array = block;
    array[i] = i;
  }
  assert_int_equal(cap, 1024);
  assert_true(a.calls < 10);
  for (uint32_t i = 0; i < 1000; i++) assert_int_equal(array[i], i);

  assert_false(tsn_alloc_grow(&a, &block, &cap, SIZE_MAX / 2, sizeof *array));
  assert_false(tsn_alloc_grow(&a, &block, &cap, SIZE_MAX, 1));
  a.fail_at = a.calls + 1;
  assert_false(tsn_alloc_grow(&a, &block, &cap, 2000, sizeof *array));
  assert_ptr_equal(block, array);
  assert_int_equal(cap, 1024);
  tsn_alloc_free(&a, array, cap * sizeof *array);
  assert_int_equal(a.used, 0);
}

/* A host that checks the sizes it is told against those it gave. */
typedef struct ledger {
  size_t held;
  bool wrong;
} ledger;

static void *keep(void *context, void *block, size_t old_size, size_t new_size)
{
  ledger *l = context;
  size_t *head = block ? (size_t *)block - 2 : NULL;

  if ((head ? *head : 0) != old_size) l->wrong = true;
  l->held += new_size - old_size;
  if (new_size == 0) {
    free(head);
    return NULL;
  }
  head = realloc(head, new_size + 2 * sizeof *head);
  *head = new_size;
  return head + 2;
}

static void host_is_told_the_true_sizes(void **state)
{
  ledger l = { 0, false };
  tocsin_allocator host = { keep, &l };
  tsn_alloc a;
  void *block, *none;

  (void)state;
  tsn_alloc_init(&a, &host);
  none = tsn_alloc_array(&a, 0, 16);
  block = tsn_alloc_array(&a, 3, 16);
  block = tsn_alloc_resize(&a, block, 48, 400);
  none = tsn_alloc_resize(&a, none, 0, 16);
  assert_int_equal(l.held, a.used);
  assert_int_equal(a.used, 416);
  tsn_alloc_free(&a, block, 400);
  tsn_alloc_free(&a, none, 16);
  assert_int_equal(l.held, 0);
  assert_false(l.wrong);
}

int main(void)
{
  const struct CMUnitTest alloc[] = {
    cmocka_unit_test(account_is_exact),
    cmocka_unit_test(growing_keeps_content),
    cmocka_unit_test(maximum_holds),
    cmocka_unit_test(nth_growing_call_and_all_later_fail),
    cmocka_unit_test(array_is_zeroed_and_checked),
    cmocka_unit_test(grow_doubles_and_survives_failure),
    cmocka_unit_test(host_is_told_the_true_sizes),
  };
  return T_RUN(alloc);
}
