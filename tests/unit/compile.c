/* Texts that nobody should write: long, deep, wide, random, and good ones with
 * tokens lost. Each gets an answer - a program or a finding - in bounded memory,
 * and a program that came out runs over a few rows (language page, section 9). */
#include "../engine.h"
#include "t.h"

#define MEMORY_MAX ((size_t)1500 << 20)

/* Compiles, and runs what came out; answers the status of the compile, or of the run. */
static tocsin_status answer(const char *text, size_t length, const char *about)
{
  engine_heap heap = {0};
  tocsin_allocator allocator = engine_allocator(&heap);
  tocsin_compile_options options = {.allocator = &allocator};
  tocsin_matcher_options matching = {.allocator = &allocator, .late = TOCSIN_LATE_DROP, .max_paths_per_partition = 2000,
                                     .max_bytes = (uint64_t)512 << 20, .functions = host_functions,
                                     .function_count = HOST_FUNCTIONS};
  engine_way way = {0};
  tocsin_program *program;
  tocsin_diagnostics *diagnostics;
  tocsin_matcher *matcher = NULL;
  engine_rows rows;
  tocsin_status st = tocsin_compile(text, length, &options, &program, &diagnostics);
  T_ROW(st == TOCSIN_OK || st == TOCSIN_INVALID || st == TOCSIN_LIMIT, about);
  T_ROW((st == TOCSIN_OK) == (program != NULL), about);
  T_ROW(st == TOCSIN_OK || tocsin_diagnostics_count(diagnostics) > 0, about);
  T_ROW(heap.peak < MEMORY_MAX, about);
  tocsin_diagnostics_free(diagnostics);
  if (st == TOCSIN_OK && tocsin_program_stream_count(program)) {
    (void)engine_rows_read(&rows, program, "k,ts,type,v\nA,1,a,1\nA,2,b,2\nA,3,a,3\nB,3,a,4\nA,4,c,5\nA,9,a,6\n");
    st = tocsin_matcher_new(program, &matching, &matcher);
    if (st == TOCSIN_OK) st = engine_feed(matcher, &rows.batch, &way, NULL);
    T_ROW(st == TOCSIN_OK || st == TOCSIN_LIMIT || st == TOCSIN_RUNTIME || st == TOCSIN_NOMEM || st == TOCSIN_MISSING, about);
    tocsin_matcher_free(matcher);
    engine_rows_clear(&rows);
  }
  tocsin_program_free(program);
  T_ROW(heap.used == 0, about);
  return st;
}

/* ---- long, deep and wide ---- */

typedef struct hostile {
  const char *before, *item, *between, *after; /* in item, # is its number */
  size_t count;
  tocsin_status ends;
} hostile;

#define HEAD "CREATE STREAM s (k TEXT, ts BIGINT, type TEXT, v BIGINT);\nSELECT * " \
             "FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts "
#define PATTERN HEAD "PATTERN ("
#define WHERE HEAD "PATTERN (a) DEFINE a AS "

static const hostile table[] = {
    {PATTERN, "(", "", "a))", 10000, TOCSIN_LIMIT},
    {PATTERN, "(", "", "a", 100000, TOCSIN_LIMIT},
    {WHERE, "(", "", "v = 1))", 10000, TOCSIN_LIMIT},
    {WHERE, "NOT ", "", "v = 1)", 10000, TOCSIN_LIMIT},
    {WHERE "v = ", "- ", "", "1)", 10000, TOCSIN_LIMIT},
    {WHERE, "v > #", " AND ", ")", 5000, TOCSIN_LIMIT},
    {WHERE "v = ", "1", " + ", ")", 5000, TOCSIN_LIMIT},
    {WHERE, "CASE WHEN v = # THEN ", "", "TRUE)", 2000, TOCSIN_LIMIT},
    {WHERE "v IN (", "#", ",", "))", 30000, TOCSIN_OK},
    {WHERE "CASE ", "WHEN v = # THEN TRUE", " ", " ELSE FALSE END)", 5000, TOCSIN_OK},
    {WHERE "COALESCE(", "NULL", ", ", ", v > 1))", 60, TOCSIN_OK},
    {WHERE "type = '", "x", "", "')", 1000000, TOCSIN_OK},
    {HEAD "MEASURES v AS ", "n", "", " PATTERN (v))", 1000000, TOCSIN_OK},
    {"/*", "x", "", "", 1000000, TOCSIN_INVALID},
    {"-- ", "x", "", "\n", 1000000, TOCSIN_OK},
    {"", " ", "", "", 1000000, TOCSIN_OK},
    {"", ";", "", "", 100000, TOCSIN_OK},
    {"", "(", "", "", 100000, TOCSIN_LIMIT},
    {"", "foo ", "", "", 100000, TOCSIN_INVALID},
    {"SELECT ", ",", "", "", 50000, TOCSIN_INVALID},
    {PATTERN, "a", " ", "))", 100000, TOCSIN_OK},
    {PATTERN, "a", " -> ", "))", 30000, TOCSIN_OK},
    {PATTERN, "a", " !b{2} ", "))", 10000, TOCSIN_OK},
    {PATTERN, "a*", " ", "))", 3000, TOCSIN_OK},
    {PATTERN "z ", "a?", " ", "))", 3000, TOCSIN_OK},
    {PATTERN, "a{2}", " ", "))", 20000, TOCSIN_OK},
    {PATTERN, "l#", " | ", "))", 1000, TOCSIN_OK},
    {PATTERN "a ->> (", "l#", " | ", ")))", 1000, TOCSIN_OK},
    {PATTERN, "l#", " ", "))", 1000, TOCSIN_OK},
    {PATTERN, "l#", " ", "))", 20000, TOCSIN_INVALID},
    {PATTERN "(", "l#?", " ", ")*))", 60, TOCSIN_OK},
    {PATTERN "(", "l#*", " ", ")* z))", 60, TOCSIN_OK},
    {PATTERN "(", "l#", " | ", ")*))", 300, TOCSIN_OK},
    {PATTERN "(", "l#?", " | ", ")+ z))", 60, TOCSIN_OK},
    {PATTERN "(", "(l#?){2}", " ", ")*))", 60, TOCSIN_OK},
    {PATTERN "a (", "(l# !x# ->)?", " ", ")* z))", 60, TOCSIN_OK},
    {PATTERN "a (", "(->{#,} l#)?", " ", ")* z))", 60, TOCSIN_OK},
    {PATTERN "a ", "(!x#)?", " ", " z))", 60, TOCSIN_LIMIT}, /* 2 ^ 60 sets of absences */
    {PATTERN, "a{5,60000}", " ", "))", 1, TOCSIN_OK},
    {PATTERN, "(a{60000}){60000}", " ", "))", 3, TOCSIN_OK},
    {PATTERN, "(a?){1000}", " ", "))", 1, TOCSIN_OK},
    {PATTERN, "(a?){1001}", " ", "))", 1, TOCSIN_INVALID},
    {PATTERN, "((a?){1000}){1000}", " ", " b))", 1, TOCSIN_LIMIT},
    {PATTERN, "((a?){100}){100}", " ", " b))", 1, TOCSIN_LIMIT},
    {PATTERN, "(((a?){20}){20}){20}", " ", " b))", 1, TOCSIN_LIMIT},
    {PATTERN, "((((a*)*)*)*)*", " ", "))", 20, TOCSIN_OK},
    {PATTERN, "((((((((a*)+)*)+)*)+)*)+)*", " | ", "))", 20, TOCSIN_OK},
    {PATTERN, "PERMUTE(a#, b#, c#, d#, e#, f#)", " ", "))", 3, TOCSIN_OK},
    {PATTERN "PERMUTE(", "l#[v = #]", ", ", ")))", 20, TOCSIN_OK},
    {PATTERN "PERMUTE(", "l#[v = #] ->", ", ", ")))", 64, TOCSIN_OK},
    {PATTERN "(PERMUTE(", "-> l#[v = #] !l# m# ->{,#}", ", ", "))+))", 64, TOCSIN_OK},
    {PATTERN "PERMUTE(", "l#[v = #]", ", ", ")))", 65, TOCSIN_INVALID},
    {PATTERN "PERMUTE(", "l# ->", ", ", ")))", 64, TOCSIN_LIMIT}, /* of paths: 6 rows in any order */
    {PATTERN "z PERMUTE(", "!l#{#}", ", ", ")))", 64, TOCSIN_OK},
    {PATTERN "PERMUTE(z, ", "!l#[v = -#]{#}", ", ", ")))", 8, TOCSIN_OK},
    {PATTERN "PERMUTE(z, ", "!l#[v = -#]{#}", ", ", ")))", 63, TOCSIN_LIMIT}, /* of ways: 2 ^ 63 sets of absences before the row */
    {PATTERN "PERMUTE(", "l#?", ", ", ") z))", 7, TOCSIN_OK},
    {PATTERN "PERMUTE(", "l#[v = #]+ ->", ", ", ")))", 7, TOCSIN_LIMIT}, /* of paths: 720 orders begin with l1 */
    {PATTERN "PERMUTE(", "l#?", ", ", ") z))", 8, TOCSIN_INVALID}, /* 8! orders */
    {PATTERN "PERMUTE(", "()?", ", ", ") z))", 64, TOCSIN_INVALID},
    {PATTERN "", "PERMUTE(m#?, ", "", "a), b), c), d), e), f), g), h), i), j)))", 10, TOCSIN_INVALID}, /* 6 ^ 10 orders */
    {PATTERN "PERMUTE(PERMUTE(PERMUTE(", "l#", ", ", "), m, n, o, p, q), r, t, u, v, w)))", 6, TOCSIN_INVALID},
    {HEAD "MEASURES ", "SUM(v + #) AS n#", ", ", " PATTERN (a))", 3000, TOCSIN_OK},
    {HEAD "MEASURES ", "LAST(v + #, 65535) AS n#", ", ", " PATTERN (a))", 30, TOCSIN_INVALID},
    {WHERE "LAST(v, 65535) IS ", "NULL", "", ")", 1, TOCSIN_OK},
    {WHERE "PREV(v, 65535) IS ", "NULL", "", ")", 1, TOCSIN_OK},
    {WHERE "PREV(v, 65536) IS ", "NULL", "", ")", 1, TOCSIN_INVALID},
    {"CREATE STREAM s (", "c# BIGINT", ", ", ", ts BIGINT); SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts "
                                             "PATTERN (a))", 3000, TOCSIN_OK},
    {HEAD "MEASURES ", "x#.v AS n#", ", ", " PATTERN (a))", 3000, TOCSIN_INVALID},
    {PATTERN "a) SUBSET ", "u# = (a)", ", ", ")", 2000, TOCSIN_OK},
    {"", "CREATE PARAMETER p# BIGINT DEFAULT 1;", "", PATTERN "a))", 2000, TOCSIN_OK},
    {"", "CREATE STREAM t# (ts BIGINT);", "", PATTERN "a))", 2000, TOCSIN_OK},
    {HEAD "PATTERN (a));", "CREATE PATTERN p# AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts "
                           "PATTERN (a b))", ";", ";", 300, TOCSIN_OK},
};

static void build(tsn_bytes *out, const hostile *h)
{
  size_t i;
  const char *at;
  tsn_bytes_reset(out);
  tsn_bytes_text(out, h->before);
  for (i = 0; i < h->count; i++) {
    if (i) tsn_bytes_text(out, h->between);
    for (at = h->item; *at; at++) {
      if (*at == '#') tsn_bytes_printf(out, "%zu", i);
      else tsn_bytes_char(out, *at);
    }
  }
  tsn_bytes_text(out, h->after);
}

static void a_text_of_any_size_gets_an_answer(void **state)
{
  tsn_alloc alloc;
  tsn_bytes text;
  size_t i, wrong = 0;
  (void)state;
  tsn_alloc_init(&alloc, NULL);
  tsn_bytes_init(&text, &alloc, 0);
  for (i = 0; i < T_COUNT(table); i++) {
    char about[200];
    tocsin_status st;
    build(&text, &table[i]);
    snprintf(about, sizeof about, "%zu times \"%s\" after \"%.100s\"", table[i].count, table[i].item, table[i].before);
    st = answer(text.data, text.length, about);
    if (st == table[i].ends) continue;
    print_error("%s: %s\n", about, tocsin_status_text(st));
    wrong++;
  }
  tsn_bytes_clear(&text);
  assert_int_equal(wrong, 0);
}

/* ---- by chance, from fixed seeds ---- */

static uint64_t chance(uint64_t *seed)
{
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

static void random_bytes_get_an_answer(void **state)
{
  static const char letters[] = "SELECT FROM MATCH_RECOGNIZE PATTERN DEFINE ab s(){}[]->>!|*+?.,;:'\"0123456789\n-/";
  char text[120];
  uint64_t seed = 42;
  size_t n, i;
  (void)state;
  for (n = 0; n < 4000; n++) {
    size_t length = chance(&seed) % sizeof text;
    for (i = 0; i < length; i++)
      text[i] = n % 2 ? (char)chance(&seed) : letters[chance(&seed) % (sizeof letters - 1)];
    (void)answer(text, length, "random bytes");
  }
}

/* Splits a text into words, signs and blanks: enough to lose, double and swap them. */
static size_t split(const char *text, size_t *places, size_t most)
{
  size_t count = 0, at = 0;
  while (text[at] && count + 1 < most) {
    places[count++] = at;
    if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", text[at]))
      while (text[at] && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", text[at])) at++;
    else at++;
  }
  places[count] = at;
  return count;
}

static void good_texts_with_tokens_lost_get_an_answer(void **state)
{
  uint64_t seed = 7;
  tsn_alloc alloc;
  tsn_bytes text;
  size_t places[4000], i, n, k, good = 0, all = 0;
  (void)state;
  tsn_alloc_init(&alloc, NULL);
  tsn_bytes_init(&text, &alloc, 0);
  for (i = 0; i < ENGINE_CASES; i++) {
    const char *from = engine_cases[i].text;
    size_t count = split(from, places, T_COUNT(places));
    for (n = 0; n < 150; n++) {
      size_t a = chance(&seed) % count, b = chance(&seed) % count, how = chance(&seed) % 4;
      tsn_bytes_reset(&text);
      for (k = 0; k < count; k++) {
        size_t token = how == 2 && k == a ? b : how == 2 && k == b ? a : how == 3 && k == a ? b : k;
        if (how == 0 && (k == a || k == b)) continue;
        tsn_bytes_append(&text, from + places[token], places[token + 1] - places[token]);
        if (how == 1 && k == a) tsn_bytes_append(&text, from + places[token], places[token + 1] - places[token]);
      }
      good += answer(text.data, text.length, tsn_bytes_cstr(&text)) == TOCSIN_OK;
      all++;
    }
  }
  assert_true(good > all / 50 && good < all); /* the spoiling is of use */
  tsn_bytes_clear(&text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_text_of_any_size_gets_an_answer),
      cmocka_unit_test(random_bytes_get_an_answer),
      cmocka_unit_test(good_texts_with_tokens_lost_get_an_answer),
  };
  return T_RUN(tests);
}
