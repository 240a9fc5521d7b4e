/* Saved programs: they come back as they were, and nothing else comes back.
 *
 * A block is input. Whatever stands in it, loading either refuses or gives a
 * program that runs: the blocks here are spoilt in every way that is cheap to try
 * and their checksums made right again, so that the verifier alone stands between
 * them and the machine. */
#include "program/program.h"

#include "../engine.h"
#include "t.h"

#define CHECKED offsetof(tsn_header, sections) /* the checksum covers what begins here */

static tocsin_program *compile(const engine_case *c)
{
  tocsin_program *program;
  assert_int_equal(tocsin_compile(c->text, strlen(c->text), NULL, &program, NULL), TOCSIN_OK);
  return program;
}

static void seal(char *block, size_t length)
{
  tsn_header h;
  memcpy(&h, block, sizeof h);
  h.length = length;
  h.checksum = tsn_hash_bytes(block + CHECKED, length - CHECKED, TSN_PROGRAM_VERSION);
  memcpy(block, &h, CHECKED);
}

/* ---- what was saved comes back ---- */

static void a_saved_program_runs_as_the_one_it_was_saved_from(void **state)
{
  size_t i;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) {
    const engine_case *c = &engine_cases[i];
    tocsin_program *first = compile(c), *programs[2] = {first, NULL};
    tsn_alloc alloc;
    tsn_bytes out[2];
    size_t length, again, k;
    const void *saved = tocsin_program_save(first, &length);
    T_ROW(tocsin_program_load(saved, length, NULL, &programs[1]) == TOCSIN_OK, c->about);
    T_ROW(!memcmp(saved, tocsin_program_save(programs[1], &again), length) && again == length, c->about);
    tsn_alloc_init(&alloc, NULL);
    for (k = 0; k < 2; k++) {
      engine_rows rows;
      engine_way way = {.batch = 3};
      tocsin_matcher *matcher;
      tsn_bytes_init(&out[k], &alloc, 0);
      assert_true(engine_rows_read(&rows, programs[k], c->rows ? c->rows : engine_common_rows));
      assert_int_equal(tocsin_matcher_new(programs[k], &engine_options, &matcher), TOCSIN_OK);
      assert_int_equal(engine_load_tables(programs[k], matcher), TOCSIN_OK);
      T_ROW(engine_feed(matcher, &rows.batch, &way, &out[k]) == c->ends, c->about);
      tocsin_matcher_free(matcher);
      engine_rows_clear(&rows);
    }
    assert_string_equal(tsn_bytes_cstr(&out[0]), tsn_bytes_cstr(&out[1]));
    for (k = 0; k < 2; k++) {
      tsn_bytes_clear(&out[k]);
      tocsin_program_free(programs[k]);
    }
  }
}

/* ---- what was not saved does not ---- */

static tocsin_status load(const char *block, size_t length, tocsin_program **program)
{
  tocsin_status st = tocsin_program_load(block, length, NULL, program);
  assert_int_equal(st == TOCSIN_OK, *program != NULL);
  return st;
}

static void a_block_that_is_cut_off_is_refused(void **state)
{
  size_t i;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i += 3) {
    tocsin_program *program = compile(&engine_cases[i]), *out;
    size_t length, cut, step;
    const char *saved = tocsin_program_save(program, &length);
    for (cut = 0, step = length / 2000 + 1; cut < length; cut += step) {
      char *block = malloc(cut + 1);
      memcpy(block, saved, cut);
      assert_int_equal(load(block, cut, &out), TOCSIN_CORRUPT);
      if (cut > sizeof(tsn_header)) { /* the sections know their places, whatever the header says */
        seal(block, cut);
        T_ROW(load(block, cut, &out) == TOCSIN_CORRUPT, engine_cases[i].about);
      }
      free(block);
    }
    tocsin_program_free(program);
  }
}

static void a_byte_that_changed_is_noticed(void **state)
{
  tocsin_program *program = compile(&engine_cases[0]), *out;
  size_t length, i;
  const void *saved = tocsin_program_save(program, &length);
  char *block = malloc(length);
  (void)state;
  memcpy(block, saved, length);
  for (i = 0; i < length * 8; i += i < 64 * 8 ? 1 : 13) {
    block[i / 8] = (char)(block[i / 8] ^ 1 << i % 8);
    assert_int_equal(load(block, length, &out), TOCSIN_CORRUPT);
    block[i / 8] = (char)(block[i / 8] ^ 1 << i % 8);
  }
  assert_int_equal(load(NULL, 0, &out), TOCSIN_CORRUPT);
  free(block);
  tocsin_program_free(program);
}

/* ---- what passes the checksum must run ---- */

static void explain(const tocsin_program *program)
{
  char *text;
  size_t length;
  if (tocsin_explain(program, NULL, &text, &length) == TOCSIN_OK) tocsin_text_free(NULL, text, length);
}

/* Tries a spoilt block: refused, or run. */
static void attempt(char *block, size_t length, size_t *tried, size_t *ran)
{
  tocsin_program *program;
  tocsin_status st;
  seal(block, length);
  st = load(block, length, &program);
  ++*tried;
  assert_true(st == TOCSIN_OK || st == TOCSIN_CORRUPT || st == TOCSIN_NOMEM);
  if (st != TOCSIN_OK) return;
  st = engine_run_any(program);
  assert_true(st == TOCSIN_OK || st == TOCSIN_NOMEM || st == TOCSIN_LIMIT || st == TOCSIN_RUNTIME || st == TOCSIN_MISSING);
  ++*ran;
  if (*ran % 7 == 0) explain(program);
  tocsin_program_free(program);
}

static uint64_t chance(uint64_t *seed)
{
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

/* Every word of a block takes values that an index, a count, a kind or a duration would
 * trip over; stride: how many words are passed over between two. */
static void words(const engine_case *c, size_t stride, size_t *tried, size_t *ran)
{
  static const uint32_t bad[] = {0, 1, 2, 7, 0xff, 0x100, 0xffff, 0x7fffffff, 0x80000000u, 0xfffffffeu, 0xffffffffu};
  tocsin_program *program = compile(c);
  size_t length, at, k;
  const void *saved = tocsin_program_save(program, &length);
  char *block = malloc(length);
  memcpy(block, saved, length);
  for (at = CHECKED; at + 4 <= length; at += 4 * stride) {
    uint32_t was, now;
    memcpy(&was, block + at, 4);
    for (k = 0; k < T_COUNT(bad) + 4; k++) {
      const uint32_t near[] = {was + 1, was - 1, was * 2, was ^ 0x10000};
      now = k < T_COUNT(bad) ? bad[k] : near[k - T_COUNT(bad)];
      if (now == was) continue;
      memcpy(block + at, &now, 4);
      attempt(block, length, tried, ran);
    }
    memcpy(block + at, &was, 4);
  }
  free(block);
  tocsin_program_free(program);
}

static void a_block_with_a_wrong_word_is_refused_or_runs(void **state)
{
  size_t i, tried = 0, ran = 0;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) words(&engine_cases[i], 5 + i % 4, &tried, &ran);
  assert_true(tried > 10000 && ran > tried / 100);
}

static void a_block_with_any_wrong_bit_is_refused_or_runs(void **state)
{
  static const engine_case small = {"small", "CREATE STREAM s (k TEXT, t BIGINT, n TEXT); SELECT * "
                                             "FROM s MATCH_RECOGNIZE (PARTITION BY k "
                                    "ORDER BY t MEASURES MIN(n) AS m, b.n AS bn PATTERN (!c{1} a (-> b){1,3}) "
                                    "DEFINE a AS n = 'a', "
                                    "b AS b.n > LAST(a.n), c AS n = 'c')", NULL, TOCSIN_OK};
  tocsin_program *program = compile(&small);
  size_t length, bit, tried = 0, ran = 0;
  const void *saved = tocsin_program_save(program, &length);
  char *block = malloc(length);
  (void)state;
  memcpy(block, saved, length);
  for (bit = CHECKED * 8; bit < length * 8; bit++) {
    block[bit / 8] = (char)(block[bit / 8] ^ 1 << bit % 8);
    attempt(block, length, &tried, &ran);
    block[bit / 8] = (char)(block[bit / 8] ^ 1 << bit % 8);
  }
  assert_int_equal(tried, (length - CHECKED) * 8);
  free(block);
  tocsin_program_free(program);
}

/* Several faults at once, and pieces that moved: what one wrong word alone would not pass. */
static void a_block_spoilt_at_several_places_is_refused_or_runs(void **state)
{
  uint64_t seed = 20260731;
  size_t i, n, tried = 0, ran = 0;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) {
    tocsin_program *program = compile(&engine_cases[i]);
    size_t length;
    const char *saved = tocsin_program_save(program, &length);
    char *block = malloc(length);
    for (n = 0; n < 400; n++) {
      size_t faults = 1 + chance(&seed) % 4;
      memcpy(block, saved, length);
      while (faults-- > 0) {
        size_t at = CHECKED + chance(&seed) % (length - CHECKED - 16);
        size_t from = CHECKED + chance(&seed) % (length - CHECKED - 16);
        switch (chance(&seed) % 3) {
        case 0: block[at] = (char)chance(&seed); break;
        case 1: memmove(block + at / 4 * 4, block + from / 4 * 4, 4 + 4 * (chance(&seed) % 3)); break;
        default: block[at / 4 * 4] = (char)(block[at / 4 * 4] + (chance(&seed) % 2 ? 1 : -1)); break;
        }
      }
      attempt(block, length, &tried, &ran);
    }
    free(block);
    tocsin_program_free(program);
  }
  assert_true(ran > 100);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_saved_program_runs_as_the_one_it_was_saved_from),
      cmocka_unit_test(a_block_that_is_cut_off_is_refused),
      cmocka_unit_test(a_byte_that_changed_is_noticed),
      cmocka_unit_test(a_block_with_a_wrong_word_is_refused_or_runs),
      cmocka_unit_test(a_block_with_any_wrong_bit_is_refused_or_runs),
      cmocka_unit_test(a_block_spoilt_at_several_places_is_refused_or_runs),
  };
  return T_RUN(tests);
}
