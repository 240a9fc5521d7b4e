#include "base/bytes.h"

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

static void content_is_what_was_appended(void **state)
{
  tsn_bytes b;

  (void)state;
  tsn_bytes_init(&b, &alloc, 1000);
  assert_string_equal(tsn_bytes_cstr(&b), "");
  tsn_bytes_text(&b, "one ");
  tsn_bytes_char(&b, '2');
  tsn_bytes_fill(&b, '.', 3);
  tsn_bytes_printf(&b, " %d %s", 4, "five");
  tsn_bytes_append(&b, NULL, 0);
  tsn_bytes_append(&b, " six seven", 4);
  assert_string_equal(tsn_bytes_cstr(&b), "one 2... 4 five six");
  assert_int_equal(b.length, 19);
  assert_int_equal(b.failed, TOCSIN_OK);
  tsn_bytes_clear(&b);
}

static void maximum_is_reached_but_not_passed(void **state)
{
  tsn_bytes b;

  (void)state;
  tsn_bytes_init(&b, &alloc, 8);
  tsn_bytes_text(&b, "12345678");
  assert_int_equal(b.failed, TOCSIN_OK);
  assert_string_equal(tsn_bytes_cstr(&b), "12345678");
  tsn_bytes_char(&b, '9');
  assert_int_equal(b.failed, TOCSIN_LIMIT);
  assert_int_equal(b.length, 8);
  assert_string_equal(tsn_bytes_cstr(&b), "");
  tsn_bytes_reset(&b);
  tsn_bytes_text(&b, "again");
  assert_string_equal(tsn_bytes_cstr(&b), "again");
  tsn_bytes_printf(&b, "%s", "12345");
  assert_int_equal(b.failed, TOCSIN_LIMIT);
  tsn_bytes_clear(&b);
}

static void appends_after_a_failure_are_ignored(void **state)
{
  tsn_bytes b;

  (void)state;
  tsn_bytes_init(&b, &alloc, 0);
  alloc.fail_at = 1;
  tsn_bytes_text(&b, "x");
  assert_int_equal(b.failed, TOCSIN_NOMEM);
  alloc.fail_at = 0;
  tsn_bytes_text(&b, "y");
  tsn_bytes_printf(&b, "%d", 1);
  tsn_bytes_fill(&b, 'z', 3);
  assert_null(tsn_bytes_extend(&b, 1));
  assert_int_equal(b.length, 0);
  assert_int_equal(b.failed, TOCSIN_NOMEM);
  tsn_bytes_clear(&b);
  tsn_bytes_text(&b, "y");
  assert_string_equal(tsn_bytes_cstr(&b), "y");
  tsn_bytes_clear(&b);
}

static void extend_gives_room(void **state)
{
  tsn_bytes b;
  char *room;

  (void)state;
  tsn_bytes_init(&b, &alloc, 100000);
  room = tsn_bytes_extend(&b, 0);
  assert_non_null(room);
  for (int i = 0; i < 1000; i++) {
    room = tsn_bytes_extend(&b, 50);
    assert_non_null(room);
    memset(room, 'a' + i % 26, 50);
  }
  assert_int_equal(b.length, 50000);
  for (size_t i = 0; i < b.length; i++) assert_int_equal(b.data[i], 'a' + (int)(i / 50) % 26);
  assert_null(tsn_bytes_extend(&b, SIZE_MAX));
  assert_int_equal(b.failed, TOCSIN_LIMIT);
  tsn_bytes_clear(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, nothing_left)

int main(void)
{
  const struct CMUnitTest bytes[] = {
    TEST(content_is_what_was_appended),
    TEST(maximum_is_reached_but_not_passed),
    TEST(appends_after_a_failure_are_ignored),
    TEST(extend_gives_room),
  };
  return T_RUN(bytes);
}
