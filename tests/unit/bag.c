/* Lists and trees that paths share: an old one stays what it was, whatever is made from it. */
#include "run/run.h"
#include "t.h"

enum { MANY = 3000 };

static tsn_alloc alloc;
static tsn_pattern_rec pattern;
static tsn_run run;

static int fresh(void **state)
{
  (void)state;
  tsn_alloc_init(&alloc, NULL);
  run = (tsn_run){.alloc = &alloc, .p = &pattern, .texts = {.alloc = &alloc}};
  return tsn_bags_init(&run) ? 0 : 1;
}

static int nothing_left(void **state)
{
  (void)state;
  tsn_bags_clear(&run);
  tsn_texts_release(&run);
  tsn_alloc_free(&alloc, run.texts.data, run.texts.cap);
  return alloc.used == 0 ? 0 : 1;
}

static tsn_cell number(int64_t n) { return (tsn_cell){.v.i = n}; }
static tsn_cell text(const char *s) { return (tsn_cell){.v.s = s, .length = (uint32_t)strlen(s)}; }
static tsn_cell held(uint32_t bag) { return bag == TSN_NONE ? (tsn_cell){.null = 1} : number(bag); }

/* Lets go of a bag that a test made. */
static void drop(uint32_t bag)
{
  uint32_t cell = 0;
  tsn_cell cells[1] = {held(bag)};
  uint32_t *kept = run.bags.cells;

  run.bags.cells = &cell;
  run.bags.cell_count = 1;
  tsn_bags_release(&run, cells);
  run.bags.cells = kept;
  run.bags.cell_count = 0;
}

static uint32_t put(uint32_t tree, int64_t n)
{
  tsn_cell value = number(n);
  uint32_t next = tsn_tree_add(&run, tree, TOCSIN_BIGINT, &value);

  assert_int_not_equal(next, TSN_NONE);
  return next;
}

static bool same(tsn_bag_kind kind, uint32_t a, uint32_t b)
{
  tsn_cell x = held(a), y = held(b);
  bool equal = tsn_bag_same(&run, kind, &x, &y);

  if (equal) assert_true(tsn_bag_hash(&run, &x) == tsn_bag_hash(&run, &y));
  return equal;
}

static uint32_t depth_of(uint32_t tree)
{
  const tsn_bag_node *n;
  uint32_t left, right;

  if (tree == TSN_NONE) return 0;
  n = &run.bags.all[tree];
  left = depth_of(n->left);
  right = depth_of(n->right);
  return 1 + (left > right ? left : right);
}

static size_t nodes_in_use(void)
{
  size_t i, count = 0;

  for (i = 0; i < run.bags.count; i++) count += run.bags.all[i].refs > 0;
  return count;
}

/* The n-th number in one of several orders: up, down, from both ends, by chance. */
static int64_t nth(int order, int64_t n)
{
  switch (order) {
  case 0: return n;
  case 1: return MANY - 1 - n;
  case 2: return n % 2 ? n / 2 : MANY - 1 - n / 2;
  default: return n * 1009 % MANY; /* MANY and 1009 have no divisor in common */
  }
}

static void a_tree_knows_its_values_in_whatever_order_they_came(void **state)
{
  uint32_t first = TSN_NONE;
  int order;

  (void)state;
  for (order = 0; order < 4; order++) {
    uint32_t tree = TSN_NONE;
    int64_t i;

    for (i = 0; i < MANY; i++) {
      uint32_t next = put(tree, 2 * nth(order, i));

      drop(tree);
      tree = next;
    }
    assert_int_equal(tsn_bag_count(&run, tree), MANY);
    assert_true(depth_of(tree) <= 30); /* 2.5 * log2 of 3000 */
    for (i = 0; i < MANY; i++) {
      tsn_cell value = number(2 * i), between = number(2 * i + 1);

      assert_true(tsn_tree_has(&run, tree, TOCSIN_BIGINT, &value));
      assert_false(tsn_tree_has(&run, tree, TOCSIN_BIGINT, &between));
      assert_int_equal(tsn_tree_upto(&run, tree, TOCSIN_BIGINT, &value), i + 1);
      assert_int_equal(tsn_tree_upto(&run, tree, TOCSIN_BIGINT, &between), i + 1);
      assert_int_equal(tsn_tree_at(&run, tree, (uint64_t)i).v.i, 2 * i);
    }
    if (order > 0) assert_true(same(BAG_TREE, first, tree));
    else first = tree;
    if (order > 0) drop(tree);
  }
  drop(first);
  assert_int_equal(nodes_in_use(), 0);
}

static void equal_values_are_counted(void **state)
{
  static const int64_t values[] = {5, 1, 5, 5, 9, 1};
  static const int64_t sorted[] = {1, 1, 5, 5, 5, 9};
  uint32_t tree = TSN_NONE, other = TSN_NONE, next;
  size_t i;

  (void)state;
  for (i = 0; i < T_COUNT(values); i++) {
    next = put(tree, values[i]);
    drop(tree);
    tree = next;
    next = put(other, values[T_COUNT(values) - 1 - i]);
    drop(other);
    other = next;
  }
  for (i = 0; i < T_COUNT(sorted); i++) assert_int_equal(tsn_tree_at(&run, tree, i).v.i, sorted[i]);
  assert_true(same(BAG_TREE, tree, other));
  next = put(other, 5);
  assert_false(same(BAG_TREE, tree, next));
  drop(next);
  drop(tree);
  drop(other);
  assert_int_equal(nodes_in_use(), 0);
}

static void what_grows_from_a_tree_leaves_it_alone(void **state)
{
  uint32_t trees[200], i, k;

  (void)state;
  trees[0] = put(TSN_NONE, 0);
  for (i = 1; i < T_COUNT(trees); i++) trees[i] = put(trees[i / 2], i); /* two from each */
  for (i = 1; i < T_COUNT(trees); i++) {
    uint64_t count = 1;

    for (k = i; k; k /= 2) count++;
    assert_int_equal(tsn_bag_count(&run, trees[i]), count);
    for (k = 0; k < T_COUNT(trees); k++) {
      tsn_cell value = number(k);
      uint32_t up = i;

      while (up > k) up /= 2;
      assert_int_equal(tsn_tree_has(&run, trees[i], TOCSIN_BIGINT, &value), up == k);
    }
  }
  for (i = 0; i < T_COUNT(trees); i += 2) drop(trees[i]);
  for (i = 1; i < T_COUNT(trees); i += 2) drop(trees[i]);
  assert_int_equal(nodes_in_use(), 0);
}

static void texts_and_null_are_values(void **state)
{
  static const char *const words[] = {"b", "", "a", "bb", "a\xc3\xa9"};
  tsn_cell null = {.null = 1}, value;
  uint32_t tree = TSN_NONE, next;
  size_t i;

  (void)state;
  for (i = 0; i <= T_COUNT(words); i++) {
    value = i < T_COUNT(words) ? text(words[i]) : null;
    assert_false(tsn_tree_has(&run, tree, TOCSIN_TEXT, &value));
    next = tsn_tree_add(&run, tree, TOCSIN_TEXT, &value);
    assert_int_not_equal(next, TSN_NONE);
    drop(tree);
    tree = next;
  }
  for (i = 0; i < T_COUNT(words); i++) {
    value = text(words[i]);
    assert_true(tsn_tree_has(&run, tree, TOCSIN_TEXT, &value));
  }
  assert_true(tsn_tree_has(&run, tree, TOCSIN_TEXT, &null));
  assert_true(tsn_tree_at(&run, tree, 0).null); /* below all */
  drop(tree);
}

static void a_list_knows_the_order_of_its_values(void **state)
{
  tsn_cell one = number(1), two = number(2);
  uint32_t a = tsn_list_add(&run, TSN_NONE, TOCSIN_BIGINT, &one), b = tsn_list_add(&run, TSN_NONE, TOCSIN_BIGINT, &two);
  uint32_t ab = tsn_list_add(&run, a, TOCSIN_BIGINT, &two), ba = tsn_list_add(&run, b, TOCSIN_BIGINT, &one);
  uint32_t again = tsn_list_add(&run, a, TOCSIN_BIGINT, &two);

  (void)state;
  assert_int_equal(tsn_bag_count(&run, ab), 2);
  assert_false(same(BAG_LIST, ab, ba));
  assert_false(same(BAG_LIST, ab, a));
  assert_true(same(BAG_LIST, ab, again));
  assert_false(same(BAG_LIST, ab, TSN_NONE));
  drop(a);
  drop(b);
  assert_int_equal(tsn_bag_value(&run, run.bags.all[ab].left).v.i, 1);
  drop(ab);
  drop(again);
  drop(ba);
  assert_int_equal(nodes_in_use(), 0);
}

static void a_long_list_dies_without_a_deep_stack(void **state)
{
  uint32_t list = TSN_NONE, next;
  int64_t i;

  (void)state;
  for (i = 0; i < 1000000; i++) {
    tsn_cell value = number(i);

    next = tsn_list_add(&run, list, TOCSIN_BIGINT, &value);
    drop(list);
    list = next;
  }
  drop(list);
  assert_int_equal(nodes_in_use(), 0);
}

int main(void)
{
  static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_tree_knows_its_values_in_whatever_order_they_came, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(equal_values_are_counted, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(what_grows_from_a_tree_leaves_it_alone, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(texts_and_null_are_values, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(a_list_knows_the_order_of_its_values, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(a_long_list_dies_without_a_deep_stack, fresh, nothing_left),
  };

  return T_RUN(tests);
}
