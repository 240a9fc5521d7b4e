/* Functions of the host: what a program says of them, how a matcher finds them, and
 * what passes between them and the engine. What a user sees of them: cases/host. */
#include "../engine.h"
#include "base/text.h"
#include "t.h"

static tocsin_program *compile(const char *text)
{
  tocsin_program *program = NULL;
  T_ROW(tocsin_compile(text, strlen(text), NULL, &program, NULL) == TOCSIN_OK, text);
  return program;
}

#define STREAM "CREATE STREAM s (ts BIGINT, n BIGINT, t TEXT, d DOUBLE, b BOOLEAN, v INTERVAL, w TIMESTAMP);\n"
#define QUERY(measure) STREAM "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts MEASURES " measure " AS m PATTERN (a))"

/* ---- what a program tells ---- */

static void a_program_tells_its_functions(void **state)
{
  tocsin_program *program = compile("CREATE FUNCTION \"Score\" (DOUBLE, TEXT, TIMESTAMP, INTERVAL, BOOLEAN) RETURNS DOUBLE;\n"
                                    "CREATE FUNCTION now_ish () RETURNS BIGINT;\n" QUERY("\"Score\"(d, t, w, v, b)"));
  static const tocsin_type types[] = {TOCSIN_DOUBLE, TOCSIN_TEXT, TOCSIN_TIMESTAMP, TOCSIN_INTERVAL, TOCSIN_BOOLEAN};
  tocsin_function_info f;
  size_t i;
  (void)state;
  assert_int_equal(tocsin_program_function_count(program), 2);
  f = tocsin_program_function(program, 0);
  assert_string_equal(f.name, "Score");
  assert_int_equal(f.result, TOCSIN_DOUBLE);
  assert_int_equal(f.argument_count, 5);
  assert_true(f.needed);
  for (i = 0; i < 5; i++) assert_int_equal(tocsin_program_function_argument(program, 0, i), types[i]);
  f = tocsin_program_function(program, 1);
  assert_string_equal(f.name, "now_ish");
  assert_int_equal(f.argument_count, 0);
  assert_false(f.needed);
  assert_string_equal(tocsin_program_function(program, 2).name, "");
  assert_int_equal(tocsin_program_function_argument(program, 0, 5), TOCSIN_NULL);
  assert_int_equal(tocsin_program_function_argument(program, 2, 0), TOCSIN_NULL);
  tocsin_program_free(program);
}

/* ---- how a matcher finds them ---- */

static tocsin_status numbered(void *context, const tocsin_value *a, size_t count, tocsin_value *result, const char **message)
{
  (void)a, (void)count, (void)message;
  result->is_null = 0;
  result->as.integer = *(const int *)context;
  return TOCSIN_OK;
}

static int64_t first_value(const tocsin_program *program, const tocsin_matcher_options *options)
{
  static const int64_t times[] = {1, 2};
  static const char texts[] = "ab";
  static const int32_t offsets[] = {0, 1, 2};
  static const double reals[] = {0.5, 1.5};
  static const uint8_t bits[] = {2};
  tocsin_column columns[7] = {{.values = times}, {.values = times}, {.values = texts, .offsets = offsets}, {.values = reals},
                              {.values = bits},  {.values = times}, {.values = times}};
  tocsin_batch batch = {.rows = 1, .column_count = 7, .columns = columns};
  tocsin_matcher *matcher;
  tocsin_match match;
  size_t taken;
  int64_t value;
  assert_int_equal(tocsin_matcher_new(program, options, &matcher), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, 0, &taken), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_finish(matcher), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_next(matcher, &match), 1);
  value = match.values[0].is_null ? -1 : match.values[0].as.integer;
  tocsin_matcher_free(matcher);
  return value;
}

static void names_fit_exactly_or_in_another_case(void **state)
{
  static int ids[] = {1, 2, 3};
  tocsin_host_function functions[] = {{"SCORE", numbered, &ids[0]}, {"Score", numbered, &ids[1]}, {"other", numbered, &ids[2]}};
  tocsin_matcher_options options = {.functions = functions, .function_count = 3};
  tocsin_program *program = compile("CREATE FUNCTION Score () RETURNS BIGINT;\n" QUERY("score()"));
  (void)state;
  assert_int_equal(first_value(program, &options), 2);
  functions[1].name = "no";
  assert_int_equal(first_value(program, &options), 1);
  functions[1] = (tocsin_host_function){"Score", NULL, NULL}; /* a name alone is no function */
  assert_int_equal(first_value(program, &options), 1);
  tocsin_program_free(program);
}

static void without_a_needed_function_there_is_no_matcher(void **state)
{
  tocsin_program *needs = compile("CREATE FUNCTION f () RETURNS BIGINT; CREATE FUNCTION g () RETURNS BIGINT;\n" QUERY("f()"));
  tocsin_program *declares = compile("CREATE FUNCTION f () RETURNS BIGINT;\n" QUERY("n"));
  static int id = 7;
  tocsin_host_function functions[] = {{"g", numbered, &id}, {"F", numbered, &id}};
  tocsin_matcher_options options = {.functions = functions, .function_count = 1};
  tocsin_matcher *matcher = (tocsin_matcher *)needs; /* set to NULL on failure */
  engine_heap heap = {0};
  tocsin_allocator allocator = engine_allocator(&heap);
  (void)state;
  assert_int_equal(tocsin_matcher_new(needs, NULL, &matcher), TOCSIN_MISSING);
  assert_null(matcher);
  options.allocator = &allocator;
  assert_int_equal(tocsin_matcher_new(needs, &options, &matcher), TOCSIN_MISSING);
  assert_int_equal(heap.used, 0);
  options.function_count = 2;
  assert_int_equal(first_value(needs, &options), 7);
  assert_int_equal(first_value(declares, NULL), 1);
  assert_int_equal(heap.used, 0);
  tocsin_program_free(needs);
  tocsin_program_free(declares);
}

/* ---- what passes between them ---- */

typedef struct seen {
  unsigned calls;
  char last[200];
} seen;

static tocsin_status watch(void *context, const tocsin_value *a, size_t count, tocsin_value *result, const char **message)
{
  seen *s = context;
  size_t at = 0, i;
  s->calls++;
  for (i = 0; i < count && at < sizeof s->last; i++) {
    at += (size_t)snprintf(s->last + at, sizeof s->last - at, "%s%s ", i ? "| " : "", tocsin_type_name(a[i].type));
    if (a[i].is_null) at += (size_t)snprintf(s->last + at, sizeof s->last - at, "NULL ");
    else if (a[i].type == TOCSIN_TEXT)
      at += (size_t)snprintf(s->last + at, sizeof s->last - at, "%.*s ", (int)a[i].as.text.length, a[i].as.text.bytes);
    else if (a[i].type == TOCSIN_DOUBLE) at += (size_t)snprintf(s->last + at, sizeof s->last - at, "%g ", a[i].as.real);
    else if (a[i].type == TOCSIN_BOOLEAN) at += (size_t)snprintf(s->last + at, sizeof s->last - at, "%d ", a[i].as.boolean);
    else at += (size_t)snprintf(s->last + at, sizeof s->last - at, "%lld ", (long long)a[i].as.integer);
  }
  assert_true(result->is_null && result->type == TOCSIN_BIGINT);
  assert_null(*message);
  return TOCSIN_OK; /* NULL, as it came */
}

static void values_go_out_by_their_types(void **state)
{
  seen s = {0};
  const tocsin_host_function function = {"f", watch, &s};
  const tocsin_matcher_options options = {.functions = &function, .function_count = 1};
  tocsin_program *program = compile("CREATE FUNCTION f (BIGINT, TEXT, DOUBLE, BOOLEAN, INTERVAL, TIMESTAMP, DOUBLE, TEXT) RETURNS BIGINT;\n"
                                    QUERY("f(n, t || 'x', d, b, v * 3, '1970-01-01T00:00:01Z', n, NULL)"));
  (void)state;
  assert_int_equal(first_value(program, &options), -1);
  assert_int_equal(s.calls, 1);
  assert_string_equal(s.last, "BIGINT 1 | TEXT ax | DOUBLE 0.5 | BOOLEAN 0 | INTERVAL 3 | TIMESTAMP 1000000 | DOUBLE 1 | TEXT NULL ");
  tocsin_program_free(program);
}

static void what_is_decided_before_is_not_asked(void **state)
{
  static const struct {
    const char *measure;
    unsigned calls;
  } rows[] = {
      {"CASE WHEN n = 2 AND f(n) > 1 THEN 1 END", 0}, {"COALESCE(n, f(n))", 0}, {"CASE n WHEN 1 THEN 5 ELSE f(n) END", 0},
      {"COALESCE(f(n), f(f(n)))", 3}, /* the inner two, and the outer one of the second */
  };
  size_t i;
  (void)state;
  for (i = 0; i < T_COUNT(rows); i++) {
    seen s = {0};
    const tocsin_host_function function = {"f", watch, &s};
    const tocsin_matcher_options options = {.functions = &function, .function_count = 1};
    char text[600];
    tocsin_program *program;
    snprintf(text, sizeof text, "CREATE FUNCTION f (BIGINT) RETURNS BIGINT;\n%sSELECT * FROM s MATCH_RECOGNIZE "
             "(ORDER BY ts MEASURES %s AS m PATTERN (a))", STREAM, rows[i].measure);
    program = compile(text);
    (void)first_value(program, &options);
    if (s.calls != rows[i].calls) print_error("%s: %u calls\n", rows[i].measure, s.calls);
    assert_int_equal(s.calls, rows[i].calls);
    tocsin_program_free(program);
  }
}

/* What a host gives is looked at; and its failure says where it was. */
static void what_a_host_does_wrong_is_told(void **state)
{
  static const struct {
    const char *what, *type;
    tocsin_status status;
    const char *message;
  } rows[] = {
      {"nan", "DOUBLE", TOCSIN_OK, ""},
      {"empty", "TEXT", TOCSIN_OK, ""},
      {"nothing wrong", "TEXT", TOCSIN_OK, ""},
      {"bytes", "TEXT", TOCSIN_RUNTIME, "gives: the host gave a text that is not UTF-8"},
      {"null bytes", "TEXT", TOCSIN_RUNTIME, "gives: the host gave a text without bytes"},
      {"type", "DOUBLE", TOCSIN_RUNTIME, "gives: the host gave BOOLEAN, declared is DOUBLE"},
      {"type", "BOOLEAN", TOCSIN_RUNTIME, "gives: the host gave TEXT, declared is BOOLEAN"},
      {"silence", "TEXT", TOCSIN_RUNTIME, "gives failed"},
      {"bad message", "TEXT", TOCSIN_RUNTIME, "gives: model "},
      {"memory", "TEXT", TOCSIN_NOMEM, NULL},
  };
  static const int64_t times[] = {1};
  size_t i;
  (void)state;
  for (i = 0; i < T_COUNT(rows); i++) {
    char text[600], where[300];
    tocsin_column columns[7] = {{.values = times}};
    const uint8_t none = 0;
    tocsin_batch batch = {.rows = 1, .column_count = 7, .columns = columns};
    tocsin_matcher *matcher;
    tocsin_program *program;
    tocsin_status st;
    size_t taken, k;
    for (k = 1; k < 7; k++) columns[k] = (tocsin_column){.values = times, .validity = &none};
    snprintf(text, sizeof text, "CREATE FUNCTION gives (TEXT) RETURNS %s;\n%sSELECT * FROM s MATCH_RECOGNIZE "
             "(ORDER BY ts MEASURES LAST(COALESCE(gives('%s'), CAST(n AS %s))) AS m PATTERN (a))", rows[i].type, STREAM, rows[i].what,
             rows[i].type);
    program = compile(text);
    assert_int_equal(tocsin_matcher_new(program, &engine_options, &matcher), TOCSIN_OK);
    st = tocsin_matcher_push(matcher, 0, &batch, 0, &taken);
    assert_int_equal(st, rows[i].status);
    snprintf(where, sizeof where, "the pattern, row at time 1, values under A, `COALESCE(gives('%s'), CAST(n AS %s))`: ", rows[i].what, rows[i].type);
    if (rows[i].status == TOCSIN_RUNTIME) {
      assert_memory_equal(tocsin_matcher_message(matcher), where, strlen(where));
      assert_string_equal(tocsin_matcher_message(matcher) + strlen(where), rows[i].message);
    } else if (rows[i].message) {
      assert_string_equal(tocsin_matcher_message(matcher), rows[i].message);
    }
    tocsin_matcher_free(matcher);
    tocsin_program_free(program);
  }
}

static void a_long_message_is_cut_between_characters(void **state)
{
  static const int64_t times[] = {1};
  tocsin_column columns[7];
  tocsin_batch batch = {.rows = 1, .column_count = 7, .columns = columns};
  const uint8_t none = 0;
  tocsin_program *program = compile("CREATE FUNCTION gives (TEXT) RETURNS TEXT;\n" QUERY("gives('long message')"));
  tocsin_matcher *matcher;
  size_t taken, i;
  const char *message;
  (void)state;
  for (i = 0; i < 7; i++) columns[i] = (tocsin_column){.values = times, .validity = i ? &none : NULL};
  assert_int_equal(tocsin_matcher_new(program, &engine_options, &matcher), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_push(matcher, 0, &batch, 0, &taken), TOCSIN_RUNTIME);
  message = tocsin_matcher_message(matcher);
  assert_true(strlen(message) > 150 && tsn_utf8_valid(message, strlen(message)));
  tocsin_matcher_free(matcher);
  tocsin_program_free(program);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_program_tells_its_functions),
      cmocka_unit_test(names_fit_exactly_or_in_another_case),
      cmocka_unit_test(without_a_needed_function_there_is_no_matcher),
      cmocka_unit_test(values_go_out_by_their_types),
      cmocka_unit_test(what_is_decided_before_is_not_asked),
      cmocka_unit_test(what_a_host_does_wrong_is_told),
      cmocka_unit_test(a_long_message_is_cut_between_characters),
  };
  return T_RUN(tests);
}
