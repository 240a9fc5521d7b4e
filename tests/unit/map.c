#include "base/map.h"

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

static bool holds(const tsn_map *m, uint64_t hash, uint32_t wanted)
{
  uint32_t id;

  for (size_t at = tsn_map_first(m, hash); (id = tsn_map_at(m, at)) != TSN_NONE; at = tsn_map_next(m, hash, at)) {
    if (id == wanted) return true;
  }
  return false;
}

static void an_empty_map_has_nothing(void **state)
{
  tsn_map m;

  (void)state;
  tsn_map_init(&m, &alloc);
  assert_int_equal(tsn_map_first(&m, 7), SIZE_MAX);
  assert_int_equal(tsn_map_at(&m, SIZE_MAX), TSN_NONE);
  tsn_map_remove(&m, 7, 1);
  tsn_map_reset(&m);
  tsn_map_clear(&m);
}

/* Hashes that collide in every way: few distinct ones, near ones, and mixed ones. */
static uint64_t hash_of(uint32_t id, int kind)
{
  switch (kind) {
  case 0: return tsn_hash_word(id, 0);
  case 1: return id;
  case 2: return id % 5;
  default: return UINT64_MAX - id;
  }
}

static void what_was_added_and_not_removed_is_found(void **state)
{
  enum { IDS = 700 };
  bool in[IDS] = { false };
  size_t count = 0;
  uint64_t random = 1;
  tsn_map m;

  (void)state;
  for (int kind = 0; kind < 4; kind++) {
    tsn_map_init(&m, &alloc);
    memset(in, 0, sizeof in);
    count = 0;
    for (int step = 0; step < 6000; step++) {
      uint32_t id;

      random = tsn_hash_word(random, 3);
      id = (uint32_t)(random % IDS);
      if (in[id]) {
        tsn_map_remove(&m, hash_of(id, kind), id);
        count--;
      } else {
        assert_true(tsn_map_add(&m, hash_of(id, kind), id));
        count++;
      }
      in[id] = !in[id];
      assert_int_equal(m.count, count);
      if (step % 500 == 0) {
        for (uint32_t i = 0; i < IDS; i++) assert_int_equal(holds(&m, hash_of(i, kind), i), in[i]);
      }
    }
    tsn_map_reset(&m);
    for (uint32_t i = 0; i < IDS; i++) assert_false(holds(&m, hash_of(i, kind), i));
    assert_int_equal(m.count, 0);
    tsn_map_clear(&m);
  }
}

static void a_failed_addition_changes_nothing(void **state)
{
  tsn_map m;
  uint32_t id = 0;

  (void)state;
  tsn_map_init(&m, &alloc);
  alloc.fail_at = 3;
  while (tsn_map_add(&m, id, id)) id++;
  assert_int_equal(m.count, id);
  for (uint32_t i = 0; i < id; i++) assert_true(holds(&m, i, i));
  assert_false(holds(&m, id, id));
  tsn_map_clear(&m);
}

static void hashes_of_bytes_differ_and_stay(void **state)
{
  const char text[] = "the quick brown fox jumps over the lazy dog";
  uint64_t seen[sizeof text];
  tsn_map m;

  (void)state;
  tsn_map_init(&m, &alloc);
  for (size_t i = 0; i < sizeof text; i++) {
    seen[i] = tsn_hash_bytes(text, i, 0);
    for (size_t j = 0; j < i; j++) assert_true(seen[i] != seen[j]);
    assert_true(seen[i] == tsn_hash_bytes(text, i, 0));
    assert_true(seen[i] != tsn_hash_bytes(text, i, 1));
  }
  assert_true(tsn_hash_bytes("\0", 1, 0) != tsn_hash_bytes("\0\0", 2, 0));
  assert_true(tsn_hash_bytes(NULL, 0, 0) == tsn_hash_bytes("", 0, 0));
  /* Saved in checkpoints and MATCH_ID: these numbers may never change. */
  assert_true(tsn_hash_bytes("tocsin pattern", 14, 0) == UINT64_C(0xd9d12cbef5082a8a));
  assert_true(tsn_hash_word(1, 2) == UINT64_C(0xf893a2eefb32555e));
}

static void hashes_spread(void **state)
{
  unsigned low[256] = { 0 }, high[256] = { 0 };

  (void)state;
  for (uint64_t i = 0; i < 256 * 100; i++) {
    const uint64_t hash = tsn_hash_bytes(&i, sizeof i, 0);

    low[hash & 255]++;
    high[hash >> 56]++;
  }
  for (size_t i = 0; i < 256; i++) {
    assert_in_range(low[i], 50, 150);
    assert_in_range(high[i], 50, 150);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, nothing_left)

int main(void)
{
  const struct CMUnitTest map[] = {
    TEST(an_empty_map_has_nothing),
    TEST(what_was_added_and_not_removed_is_found),
    TEST(a_failed_addition_changes_nothing),
    TEST(hashes_of_bytes_differ_and_stay),
    TEST(hashes_spread),
  };
  return T_RUN(map);
}
