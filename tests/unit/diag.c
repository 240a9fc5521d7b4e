#include "dsl/diag.h"

#include "t.h"

static tsn_alloc alloc;
static tsn_arena arena;

static void begin(tsn_diag *d, const char *text)
{
  tsn_alloc_init(&alloc, NULL);
  tsn_arena_init(&arena, &alloc, 0);
  tsn_diag_init(d, &arena, text, strlen(text));
}

static void end(void)
{
  tsn_arena_clear(&arena);
  assert_int_equal(alloc.used, 0);
}

static void findings_are_listed_as_they_come(void **state)
{
  tsn_diag d;

  (void)state;
  begin(&d, "a b c");
  assert_true(tsn_diag_ok(&d));
  tsn_diag_add(&d, TSN_E0101, (tsn_span){ 2, 3 }, "a hint", "unexpected `%s`: %d", "b", 7);
  tsn_diag_add(&d, TSN_E0102, (tsn_span){ 0, 1 }, NULL, "second");
  assert_false(tsn_diag_ok(&d));
  assert_int_equal(d.errors, 2);
  assert_string_equal(d.first->message, "unexpected `b`: 7");
  assert_string_equal(d.first->hint, "a hint");
  assert_int_equal(d.first->at.to, 3);
  assert_string_equal(d.last->message, "second");
  assert_string_equal(d.last->hint, "");
  assert_ptr_equal(d.first->next, d.last);
  end();
}

static void the_same_finding_counts_once(void **state)
{
  tsn_diag d;

  (void)state;
  begin(&d, "a b c");
  tsn_diag_add(&d, TSN_E0101, (tsn_span){ 2, 3 }, NULL, "one");
  tsn_diag_add(&d, TSN_E0101, (tsn_span){ 2, 3 }, NULL, "two");
  tsn_diag_add(&d, TSN_E0101, (tsn_span){ 4, 5 }, NULL, "three");
  assert_int_equal(d.errors, 2);
  assert_string_equal(d.first->message, "one");
  end();
}

static void no_more_than_the_maximum_are_kept(void **state)
{
  const tsn_diag_item *i;
  tsn_diag d;
  unsigned n, kept = 0;

  (void)state;
  begin(&d, "");
  for (n = 0; n < 3 * TSN_DIAG_MAX; n++) tsn_diag_add(&d, TSN_E0101, (tsn_span){ n, n + 1 }, NULL, "%u", n);
  for (i = d.first; i; i = i->next) kept++;
  assert_int_equal(kept, TSN_DIAG_MAX);
  assert_int_equal(d.errors, 3 * TSN_DIAG_MAX);
  assert_true(d.more[SEVERITY_ERROR].there);
  assert_string_equal(d.last->hint, "there are more errors than these");
  end();
}

static void warnings_and_notes_count_apart(void **state)
{
  tsn_diag d;
  unsigned n;

  (void)state;
  begin(&d, "");
  tsn_diag_add(&d, TSN_E0101, (tsn_span){ 0, 1 }, NULL, "an error");
  for (n = 0; n <= TSN_DIAG_MAX; n++) tsn_diag_add(&d, TSN_W0001, (tsn_span){ n, n + 1 }, "why", "a warning");
  assert_string_equal(d.last->hint, "why; there are more warnings than these");
  for (n = 0; n <= TSN_NOTES_MAX; n++) tsn_diag_add(&d, TSN_N0001, (tsn_span){ n, n + 1 }, NULL, "a note");
  assert_string_equal(d.last->hint, "there are more notes than these");
  assert_string_equal(d.first->hint, "");
  assert_int_equal(d.errors + d.warnings, 1 + TSN_DIAG_MAX + 1);
  assert_int_equal(d.notes, TSN_NOTES_MAX + 1);
  end();
}

static void sorting_keeps_the_findings_of_one_place_in_order(void **state)
{
  tsn_diag d;
  unsigned n;

  (void)state;
  begin(&d, "");
  tsn_diag_add(&d, TSN_E0101, (tsn_span){ 5, 6 }, "h", "c");
  tsn_diag_add(&d, TSN_E0101, (tsn_span){ 1, 2 }, NULL, "a");
  tsn_diag_add(&d, TSN_E0102, (tsn_span){ 1, 2 }, NULL, "b");
  for (n = 0; n < TSN_DIAG_MAX; n++) tsn_diag_add(&d, TSN_E0103, (tsn_span){ 2, 3 + n }, NULL, "the same");
  tsn_diag_sort(&d);
  assert_string_equal(d.first->message, "a");
  assert_string_equal(d.first->next->message, "b");
  assert_string_equal(d.last->message, "c");
  assert_string_equal(d.last->hint, "h");
  for (n = 0; n < TSN_DIAG_MAX; n++) tsn_diag_add(&d, TSN_E0104, (tsn_span){ 100 - n, 101 - n }, NULL, "many");
  assert_string_equal(d.last->hint, "there are more errors than these");
  tsn_diag_sort(&d);
  assert_int_equal(d.last->at.from, 100);
  assert_string_equal(d.last->hint, "there are more errors than these");
  end();
}

static void every_code_has_a_name_and_a_text(void **state)
{
  int code;

  (void)state;
  for (code = 0; code < TSN_DIAG_CODES; code++) {
    const char *name = tsn_diag_name((tsn_diag_code)code);

    assert_int_equal(strlen(name), 5);
    T_ROW(strchr("EWN", name[0]) != NULL && strspn(name + 1, "0123456789") == 4, name);
    T_ROW(strlen(tsn_diag_about((tsn_diag_code)code)) > 0, name);
    if (code > 0 && tsn_diag_name((tsn_diag_code)(code - 1))[0] == name[0])
      T_ROW(strcmp(tsn_diag_name((tsn_diag_code)(code - 1)), name) < 0, name); /* in order, so none is there twice */
  }
}

static const struct {
  const char *text;
  uint32_t offset;
  unsigned line, column;
} places[] = {
  { "", 0, 1, 1 },           { "abc", 2, 1, 3 },      { "abc", 3, 1, 4 },   { "abc", 99, 1, 4 }, { "a\nb", 1, 1, 2 },
  { "a\nb", 2, 2, 1 },       { "a\r\nb\n\nc", 6, 4, 1 }, { "\xc3\xa4 x", 3, 1, 4 },
};

static void places_count_lines_and_bytes_from_one(void **state)
{
  unsigned line, column;
  size_t i;

  (void)state;
  for (i = 0; i < T_COUNT(places); i++) {
    tsn_diag_place(places[i].text, strlen(places[i].text), places[i].offset, &line, &column);
    T_ROW(line == places[i].line && column == places[i].column, places[i].text);
  }
}

static const char *const words[] = { "price", "volume", "ts", "id", "customer_id" };

static const char *const near[][2] = {
  { "pirce", "price" }, { "Prices", "price" }, { "volum", "volume" }, { "customerid", "customer_id" }, { "tx", NULL },
  { "TS", "ts" },       { "quantity", NULL },  { "", NULL },          { "p", NULL },
};

static void the_nearest_name_is_found_where_one_is_near(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < T_COUNT(near); i++) {
    const char *got = tsn_diag_nearest(near[i][0], words, T_COUNT(words));

    T_ROW(got == near[i][1] || (got && near[i][1] && strcmp(got, near[i][1]) == 0), near[i][0]);
  }
  assert_null(tsn_diag_nearest("a", NULL, 0));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(findings_are_listed_as_they_come),
    cmocka_unit_test(the_same_finding_counts_once),
    cmocka_unit_test(no_more_than_the_maximum_are_kept),
    cmocka_unit_test(warnings_and_notes_count_apart),
    cmocka_unit_test(sorting_keeps_the_findings_of_one_place_in_order),
    cmocka_unit_test(every_code_has_a_name_and_a_text),
    cmocka_unit_test(places_count_lines_and_bytes_from_one),
    cmocka_unit_test(the_nearest_name_is_found_where_one_is_near),
  };
  return T_RUN(tests);
}
