/* State as bytes: damage is noticed, memory may run out, and keys move between matchers. That a matcher goes on from its state
 * as if nothing had been is played by tests/oracle/compare.py --restore. */
#include "../engine.h"
#include "t.h"

#define KEYS 7
#define ROWS 600

static tsn_alloc alloc;

static tocsin_program *compile(const char *text)
{
  tocsin_program *program;
  tocsin_diagnostics *diagnostics;
  if (tocsin_compile(text, strlen(text), NULL, &program, &diagnostics) != TOCSIN_OK) {
    const tocsin_diagnostic *d = tocsin_diagnostics_get(diagnostics, 0);
    print_error("%s\n%s %s\n", text, d ? d->code : "", d ? d->message : "");
    fail();
  }
  tocsin_diagnostics_free(diagnostics);
  return program;
}

static tocsin_status append(void *context, const void *bytes, size_t length)
{
  tsn_bytes_append(context, bytes, length);
  return TOCSIN_OK;
}

static void checkpoint(tocsin_matcher *m, tsn_bytes *out)
{
  const tocsin_sink sink = {.write = append, .context = out};
  tsn_bytes_reset(out);
  assert_int_equal(tocsin_matcher_checkpoint(m, &sink), TOCSIN_OK);
}

/* ---- damage, and no memory ---- */

/* The state behind half of a case's rows; false: they fail, or are few. */
static bool half_way(const engine_case *c, tocsin_program **program, tsn_bytes *bytes)
{
  tocsin_matcher_options options = {.functions = host_functions, .function_count = HOST_FUNCTIONS};
  tocsin_matcher *m;
  engine_rows rows;
  tocsin_batch batch;
  size_t taken = 0;
  bool good;
  *program = compile(c->text);
  assert_true(engine_rows_read(&rows, *program, c->rows ? c->rows : engine_common_rows));
  batch = tsn_batch_view(&rows.batch);
  batch.rows /= 2;
  good = tocsin_program_table_count(*program) == 0 && tocsin_matcher_new(*program, &options, &m) == TOCSIN_OK;
  if (good) {
    while (taken < batch.rows && tocsin_matcher_push(m, 0, &batch, taken, &taken) == TOCSIN_OK) continue;
    good = taken == batch.rows;
    if (good) checkpoint(m, bytes);
    tocsin_matcher_free(m);
  }
  engine_rows_clear(&rows);
  return good;
}

static tocsin_status restore(const tocsin_program *program, const void *bytes, size_t length, engine_heap *heap)
{
  tocsin_allocator allocator = engine_allocator(heap);
  tocsin_matcher_options options = {.allocator = &allocator, .functions = host_functions, .function_count = HOST_FUNCTIONS};
  tocsin_matcher *m;
  char message[300];
  tocsin_status st = tocsin_matcher_restore(program, &options, bytes, length, &m, message, sizeof message);
  assert_true((st == TOCSIN_OK) == (m != NULL));
  tocsin_matcher_free(m);
  assert_int_equal(heap->used, 0);
  return st;
}

static void damage_is_noticed(void **state)
{
  size_t i, at, played = 0;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) {
    tocsin_program *program;
    tsn_bytes bytes;
    tsn_bytes_init(&bytes, &alloc, 0);
    if (half_way(&engine_cases[i], &program, &bytes)) {
      engine_heap heap = {.calls = 0};
      size_t bits = bytes.length * 8, step = bits / 6000 + 1;
      assert_int_equal(restore(program, bytes.data, bytes.length, &heap), TOCSIN_OK);
      for (at = i % step; at < bits; at += step) {
        bytes.data[at / 8] = (char)(bytes.data[at / 8] ^ 1 << at % 8);
        assert_int_equal(restore(program, bytes.data, bytes.length, &heap), TOCSIN_CORRUPT);
        bytes.data[at / 8] = (char)(bytes.data[at / 8] ^ 1 << at % 8);
      }
      for (at = 0; at < bytes.length; at += step) assert_int_equal(restore(program, bytes.data, at, &heap), TOCSIN_CORRUPT);
      played++;
    }
    tsn_bytes_clear(&bytes);
    tocsin_program_free(program);
  }
  assert_true(played > ENGINE_CASES / 2);
}

static void memory_runs_out(void **state)
{
  size_t i;
  (void)state;
  for (i = 0; i < ENGINE_CASES; i++) {
    tocsin_program *program;
    tsn_bytes bytes;
    tsn_bytes_init(&bytes, &alloc, 0);
    if (half_way(&engine_cases[i], &program, &bytes)) {
      unsigned long k;
      tocsin_status st = TOCSIN_NOMEM;
      for (k = 1; st != TOCSIN_OK; k++) {
        engine_heap heap = {.fail_at = k};
        st = restore(program, bytes.data, bytes.length, &heap);
        assert_true(st == TOCSIN_OK || st == TOCSIN_NOMEM);
      }
    }
    tsn_bytes_clear(&bytes);
    tocsin_program_free(program);
  }
}

static void of_another_pattern(void **state)
{
  tocsin_program *one, *other;
  tsn_bytes bytes;
  engine_heap heap = {.calls = 0};
  tocsin_matcher *m;
  (void)state;
  tsn_bytes_init(&bytes, &alloc, 0);
  one = compile("CREATE STREAM s (k TEXT, ts BIGINT, v BIGINT); CREATE PATTERN p AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a b) DEFINE b AS v > 1);");
  other = compile("CREATE STREAM s (k TEXT, ts BIGINT, v BIGINT); CREATE PATTERN p AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a b) DEFINE b AS v > 2);");
  assert_int_equal(tocsin_matcher_new(one, NULL, &m), TOCSIN_OK);
  checkpoint(m, &bytes);
  tocsin_matcher_free(m);
  assert_int_equal(restore(one, bytes.data, bytes.length, &heap), TOCSIN_OK);
  assert_int_equal(restore(other, bytes.data, bytes.length, &heap), TOCSIN_CORRUPT);
  tsn_bytes_clear(&bytes);
  tocsin_program_free(one);
  tocsin_program_free(other);
}

/* ---- keys that move ---- */

static unsigned long long random_state = 88172645463325252ull;
static unsigned chance(unsigned below)
{
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (unsigned)(random_state >> 11) % below;
}

typedef struct event {
  unsigned key;
  int64_t ts, v;
  char type;
} event;

static void push(tocsin_matcher *m, const event *e, tsn_bytes *out)
{
  const char key = (char)('a' + e->key), type = e->type;
  const int32_t offsets[2] = {0, 1};
  const tocsin_column columns[4] = {{.values = &key, .offsets = offsets}, {.values = &e->ts}, {.values = &type, .offsets = offsets}, {.values = &e->v}};
  const tocsin_batch batch = {.rows = 1, .column_count = 4, .columns = columns};
  size_t taken = 0;
  assert_int_equal(tocsin_matcher_push(m, 0, &batch, 0, &taken), TOCSIN_OK);
  engine_drain(m, out);
}

static tocsin_value value_of(const char *key)
{
  tocsin_value v = {.type = TOCSIN_TEXT};
  v.as.text.bytes = key;
  v.as.text.length = 1;
  return v;
}

static void move(tocsin_matcher *from, tocsin_matcher *to, unsigned number, tsn_bytes *bytes)
{
  const char key = (char)('a' + number);
  const tocsin_value v = value_of(&key);
  const tocsin_sink sink = {.write = append, .context = bytes};
  tocsin_key_state told;
  tsn_bytes_reset(bytes);
  assert_int_equal(tocsin_matcher_export_key(from, 0, &v, 1, &sink, &told), TOCSIN_OK);
  if (!told.empty) assert_int_equal(tocsin_matcher_import_key(to, bytes->data, bytes->length), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_drop_key(from, 0, &v, 1), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_export_key(from, 0, &v, 1, NULL, &told), TOCSIN_OK);
  assert_true(told.empty);
}

static int compare_lines(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The lines of a text in the order of their bytes. */
static void sort_lines(tsn_bytes *text)
{
  size_t count = 0, cap = 1, i;
  char *copy = malloc(text->length + 1), *at, **lines;
  memcpy(copy, tsn_bytes_cstr(text), text->length + 1);
  for (at = copy; *at; at++) cap += *at == '\n';
  lines = calloc(cap, sizeof *lines);
  for (at = strtok(copy, "\n"); at; at = strtok(NULL, "\n")) lines[count++] = at;
  qsort(lines, count, sizeof *lines, compare_lines);
  tsn_bytes_reset(text);
  for (i = 0; i < count; i++) tsn_bytes_printf(text, "%s\n", lines[i]);
  free(lines);
  free(copy);
}

/* Rows of some keys go to three matchers, by who has the key; keys move from one to another. What comes of it is what one finds. */
static void play_keys(const char *text)
{
  tocsin_program *program = compile(text);
  tocsin_matcher *all, *each[3];
  tsn_bytes whole, parts, bytes;
  unsigned owner[KEYS] = {0}, i, k;
  int64_t ts = 0;
  tsn_bytes_init(&whole, &alloc, 0);
  tsn_bytes_init(&parts, &alloc, 0);
  tsn_bytes_init(&bytes, &alloc, 0);
  assert_int_equal(tocsin_matcher_new(program, NULL, &all), TOCSIN_OK);
  for (i = 0; i < 3; i++) assert_int_equal(tocsin_matcher_new(program, NULL, &each[i]), TOCSIN_OK);
  for (i = 0; i < ROWS; i++) {
    const event e = {.key = chance(KEYS), .ts = ts += chance(3), .v = chance(10), .type = "abcx"[chance(4)]};
    push(all, &e, &whole);
    if (chance(3) == 0) {
      unsigned to = chance(3);
      if (to != owner[e.key]) move(each[owner[e.key]], each[to], e.key, &bytes);
      owner[e.key] = to;
    }
    for (k = 0; k < 3; k++) { /* all know what time it is */
      assert_int_equal(tocsin_matcher_advance(each[k], ts), TOCSIN_OK);
      engine_drain(each[k], &parts);
    }
    push(each[owner[e.key]], &e, &parts);
  }
  assert_int_equal(tocsin_matcher_finish(all), TOCSIN_OK);
  engine_drain(all, &whole);
  for (k = 0; k < 3; k++) {
    assert_int_equal(tocsin_matcher_finish(each[k]), TOCSIN_OK);
    engine_drain(each[k], &parts);
    tocsin_matcher_free(each[k]);
  }
  sort_lines(&whole);
  sort_lines(&parts);
  assert_true(whole.length > 0);
  assert_string_equal(tsn_bytes_cstr(&parts), tsn_bytes_cstr(&whole));
  tocsin_matcher_free(all);
  tocsin_program_free(program);
  tsn_bytes_clear(&whole);
  tsn_bytes_clear(&parts);
  tsn_bytes_clear(&bytes);
}

#define KEYED(with, rest) \
  "CREATE STREAM s (k TEXT, ts BIGINT, type TEXT, v BIGINT); CREATE PATTERN p " with " AS SELECT * FROM s MATCH_RECOGNIZE (" \
  "PARTITION BY k ORDER BY ts " rest ");"

static void keys_move(void **state)
{
  static const char *const texts[] = {
    KEYED("", "MEASURES a.v AS av, LAST(b.v) AS bv PATTERN (a b+ c) DEFINE a AS type = 'a', b AS type = 'b', c AS type = 'c'"),
    KEYED("", "MEASURES a.v AS av, LAST(b.v) AS bv PATTERN (a ->> b+ -> c) WITHIN 60 DEFINE a AS type = 'a', b AS type = 'b' AND v >= a.v, c AS type = 'c'"),
    KEYED("", "MEASURES a.v AS av, b.v AS bv AFTER MATCH SKIP TO NEXT ROW PATTERN (a -> b) WITHIN 40 DEFINE a AS type = 'a', b AS type = 'b' AND b.v > a.v"),
    KEYED("", "MEASURES a.v AS av, MATCH_ROWTIME() AS at PATTERN (a !b{12}) DEFINE a AS type = 'a', b AS type = 'b'"),
    KEYED("WITH (tier = 'paths')", "MEASURES a.v AS av, MATCH_ROWTIME() AS at PATTERN (a !b{12} -> c) DEFINE a AS type = 'a', b AS type = 'b', c AS type = 'c'"),
    KEYED("", "MEASURES a.v AS av, b.v AS bv AFTER MATCH NO SKIP PATTERN (a ->> b ->> c) WITHIN 30 DEFINE a AS type = 'a', b AS type = 'b', c AS type = 'c'"),
    KEYED("", "MEASURES ARRAY_AGG(v) AS vs, MATCH_NUMBER() AS n ALL ROWS PER MATCH WITH UNMATCHED ROWS PATTERN (a b*? c) DEFINE a AS type = 'a', b AS COUNT(DISTINCT b.v) < 4, c AS type = 'c'"),
  };
  size_t i;
  (void)state;
  for (i = 0; i < sizeof texts / sizeof *texts; i++) play_keys(texts[i]);
}

static void keys_that_are_none(void **state)
{
  tocsin_program *program = compile(KEYED("", "PATTERN (a b)"));
  tocsin_matcher *m;
  tocsin_key_state told;
  tocsin_value v = value_of("a"), wrong = {.type = TOCSIN_BIGINT};
  (void)state;
  assert_int_equal(tocsin_matcher_new(program, NULL, &m), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_export_key(m, 1, &v, 1, NULL, &told), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_export_key(m, 0, &v, 0, NULL, &told), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_export_key(m, 0, &wrong, 1, NULL, &told), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_export_key(m, 0, &v, 1, NULL, &told), TOCSIN_OK);
  assert_true(told.empty);
  assert_int_equal(tocsin_matcher_import_key(m, "nothing", 7), TOCSIN_CORRUPT);
  tocsin_matcher_free(m);
  tocsin_program_free(program);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(damage_is_noticed), cmocka_unit_test(memory_runs_out), cmocka_unit_test(of_another_pattern),
    cmocka_unit_test(keys_move), cmocka_unit_test(keys_that_are_none),
  };
  tsn_alloc_init(&alloc, NULL);
  return T_RUN(tests);
}
