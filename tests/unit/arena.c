#include "base/arena.h"

#include "t.h"

static tsn_alloc alloc;

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

static void refuses_past_its_maximum(void **state)
{
  tsn_arena a;

  (void)state;
  tsn_arena_init(&a, &alloc, 64);
  assert_non_null(tsn_arena_alloc(&a, 48));
  assert_null(tsn_arena_alloc(&a, 32));
  assert_int_equal(tsn_arena_failed(&a), TOCSIN_LIMIT);
  tsn_arena_clear(&a);
}

static void remembers_its_first_failure(void **state)
{
  tsn_arena a;

  (void)state;
  tsn_arena_init(&a, &alloc, 0);
  alloc.fail_at = 1;
  assert_null(tsn_arena_alloc(&a, 8));
  alloc.fail_at = 0;
  assert_null(tsn_arena_alloc(&a, 8));
  assert_null(tsn_arena_text(&a, "x", 1));
  assert_null(tsn_arena_array(&a, 2, 8));
  assert_null(tsn_arena_printf(&a, "%d", 1));
  assert_int_equal(tsn_arena_failed(&a), TOCSIN_NOMEM);
  tsn_arena_clear(&a);
  assert_non_null(tsn_arena_alloc(&a, 8)); /* cleared, it begins anew */
  tsn_arena_clear(&a);
}

static void blocks_are_zeroed_and_aligned(void **state)
{
  tsn_arena a;

  (void)state;
  tsn_arena_init(&a, &alloc, 0);
  for (size_t size = 0; size < 3000; size += 7) {
    unsigned char *block = tsn_arena_alloc(&a, size);

    assert_non_null(block);
    assert_int_equal((uintptr_t)block % _Alignof(max_align_t), 0);
    for (size_t i = 0; i < size; i++) assert_int_equal(block[i], 0);
    if (size) memset(block, 0xff, size);
  }
  tsn_arena_clear(&a);
}

static void blocks_do_not_overlap(void **state)
{
  tsn_arena a;
  uint32_t *blocks[500];

  (void)state;
  tsn_arena_init(&a, &alloc, 0);
  for (uint32_t i = 0; i < 500; i++) {
    blocks[i] = tsn_arena_new_array(&a, uint32_t, 1 + i % 40);
    for (uint32_t j = 0; j < 1 + i % 40; j++) blocks[i][j] = i;
  }
  for (uint32_t i = 0; i < 500; i++) {
    for (uint32_t j = 0; j < 1 + i % 40; j++) assert_int_equal(blocks[i][j], i);
  }
  tsn_arena_clear(&a);
}

static void large_blocks_have_their_own_chunk(void **state)
{
  tsn_arena a;
  char *large;

  (void)state;
  tsn_arena_init(&a, &alloc, 0);
  large = tsn_arena_alloc(&a, (size_t)5 << 20);
  assert_non_null(large);
  large[((size_t)5 << 20) - 1] = 1;
  assert_non_null(tsn_arena_alloc(&a, 10));
  tsn_arena_clear(&a);
}

static void sizes_that_overflow_are_refused(void **state)
{
  const size_t sizes[][2] = { { SIZE_MAX, 1 }, { SIZE_MAX / 2, 3 }, { 1, SIZE_MAX - 3 }, { SIZE_MAX, SIZE_MAX } };

  (void)state;
  for (size_t i = 0; i < T_COUNT(sizes); i++) {
    tsn_arena a;

    tsn_arena_init(&a, &alloc, i % 2 ? 1000 : 0);
    assert_null(tsn_arena_array(&a, sizes[i][0], sizes[i][1]));
    assert_int_equal(tsn_arena_failed(&a), i % 2 ? TOCSIN_LIMIT : TOCSIN_NOMEM);
    tsn_arena_clear(&a);
  }
}

static void texts_end_in_nul(void **state)
{
  tsn_arena a;

  (void)state;
  tsn_arena_init(&a, &alloc, 0);
  assert_string_equal(tsn_arena_text(&a, "abcdef", 3), "abc");
  assert_string_equal(tsn_arena_text(&a, NULL, 0), "");
  assert_string_equal(tsn_arena_printf(&a, "%s is %d", "x", 7), "x is 7");
  assert_string_equal(tsn_arena_printf(&a, "%s", ""), "");
  assert_int_equal(strlen(tsn_arena_printf(&a, "%10000d", 1)), 10000);
  tsn_arena_clear(&a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, nothing_left)

int main(void)
{
  const struct CMUnitTest arena[] = {
    TEST(refuses_past_its_maximum),
    TEST(remembers_its_first_failure),
    TEST(blocks_are_zeroed_and_aligned),
    TEST(blocks_do_not_overlap),
    TEST(large_blocks_have_their_own_chunk),
    TEST(sizes_that_overflow_are_refused),
    TEST(texts_end_in_nul),
  };
  return T_RUN(arena);
}
