#include "tocsin/status.h"

#include "t.h"

static void every_status_has_its_text(void **state)
{
  (void)state;
#define STATUS(name, value, sqlite, python, exit, text) assert_string_equal(tocsin_status_text(TOCSIN_##name), text);
#include "base/status.def"
#undef STATUS
}

static void an_unknown_status_has_a_text_too(void **state)
{
  (void)state;
  assert_non_null(tocsin_status_text((tocsin_status)99));
}

int main(void)
{
  const struct CMUnitTest status[] = {
    cmocka_unit_test(every_status_has_its_text),
    cmocka_unit_test(an_unknown_status_has_a_text_too),
  };
  return T_RUN(status);
}
