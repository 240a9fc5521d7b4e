/* Tables: what a program says of them, how they are loaded, and that a row is joined
 * with what its table holds when it arrives. What a user sees of them: cases/join. */
#include "../engine.h"
#include "base/time.h"
#include "t.h"

#define STREAM "CREATE STREAM s (ts BIGINT, k BIGINT, t TEXT);\n"
#define JOINED "CREATE TABLE names (id BIGINT, unused TEXT, name TEXT, PRIMARY KEY (id));\n" STREAM \
  "SELECT * FROM (SELECT ts, name FROM s LEFT JOIN names ON id = k) MATCH_RECOGNIZE (ORDER BY ts MEASURES a.name AS n PATTERN (a))"

static tocsin_program *compile(const char *text)
{
  tocsin_program *program = NULL;
  T_ROW(tocsin_compile(text, strlen(text), NULL, &program, NULL) == TOCSIN_OK, text);
  return program;
}

/* ---- what a program tells ---- */

static void a_program_tells_its_tables(void **state)
{
  tocsin_program *program = compile("CREATE TABLE \"Both\" (name TEXT, a BIGINT, b TIMESTAMP UNIT SECOND, PRIMARY KEY (b, a));\n" JOINED);
  tocsin_table_info t;
  tocsin_column_info c;
  (void)state;
  assert_int_equal(tocsin_program_table_count(program), 2);
  t = tocsin_program_table(program, 0);
  assert_string_equal(t.name, "Both");
  assert_int_equal(t.column_count, 3);
  assert_int_equal(t.key_count, 2);
  assert_false(t.needed);
  assert_int_equal(tocsin_program_table_key(program, 0, 0), 2);
  assert_int_equal(tocsin_program_table_key(program, 0, 1), 1);
  assert_int_equal(tocsin_program_table_key(program, 0, 2), SIZE_MAX);
  c = tocsin_program_table_column(program, 0, 2);
  assert_string_equal(c.name, "b");
  assert_int_equal(c.type, TOCSIN_TIMESTAMP);
  assert_int_equal(c.unit, TOCSIN_UNIT_SECOND);
  assert_true(c.not_null);
  assert_false(tocsin_program_table_column(program, 0, 0).not_null);
  t = tocsin_program_table(program, 1);
  assert_true(t.needed);
  assert_true(tocsin_program_table_column(program, 1, 0).needed);
  assert_false(tocsin_program_table_column(program, 1, 1).needed);
  assert_true(tocsin_program_table_column(program, 1, 2).needed);
  assert_int_equal(tocsin_program_pattern_part(program, 0, 0).table, 1);
  assert_string_equal(tocsin_program_table(program, 2).name, "");
  assert_string_equal(tocsin_program_table_column(program, 0, 3).name, "");
  assert_string_equal(tocsin_program_table_column(program, 2, 0).name, "");
  assert_int_equal(tocsin_program_table_key(program, 2, 0), SIZE_MAX);
  tocsin_program_free(program);
}

/* A LEFT JOIN neither repeats nor drops rows: one of which nothing is read is none. */
static void a_table_of_which_nothing_is_read_is_not_needed(void **state)
{
  tocsin_program *program = compile("CREATE TABLE names (id BIGINT, name TEXT, PRIMARY KEY (id));\n" STREAM
                                    "SELECT * FROM (SELECT * FROM s LEFT JOIN names ON id = k) MATCH_RECOGNIZE (ORDER BY ts "
                                    "MEASURES a.t AS t PATTERN (a))");
  (void)state;
  assert_false(tocsin_program_table(program, 0).needed);
  assert_int_equal(tocsin_program_pattern_part(program, 0, 0).table, SIZE_MAX);
  assert_false(tocsin_program_stream_column(program, 0, 1).needed);
  tocsin_program_free(program);
}

/* ---- loading and joining ---- */

/* A matcher over JOINED. */
typedef struct joined {
  engine_heap heap;
  tocsin_allocator allocator;
  tocsin_matcher_options options;
  tocsin_program *program;
  tocsin_matcher *m;
  tsn_alloc alloc;
  tsn_bytes out;
  int64_t now;
} joined;

static void begin(joined *j, const char *text)
{
  memset(j, 0, sizeof *j);
  j->allocator = engine_allocator(&j->heap);
  j->options = engine_options;
  j->options.allocator = &j->allocator;
  j->program = compile(text);
  tsn_alloc_init(&j->alloc, NULL);
  tsn_bytes_init(&j->out, &j->alloc, 0);
  assert_int_equal(tocsin_matcher_new(j->program, &j->options, &j->m), TOCSIN_OK);
}

static void end(joined *j)
{
  tocsin_matcher_free(j->m);
  assert_int_equal(j->heap.used, 0);
  tocsin_program_free(j->program);
  tsn_bytes_clear(&j->out);
}

/* The name that is joined to a key: a text, or NULL. */
static const char *name_of(joined *j, int64_t key)
{
  tocsin_column columns[3] = {{.values = &j->now}, {.values = &key}, {.values = "", .offsets = (const int32_t[]){0, 0}}};
  tocsin_batch batch = {.rows = 1, .column_count = 3, .columns = columns};
  tocsin_match match;
  size_t taken;
  j->now++;
  assert_int_equal(tocsin_matcher_push(j->m, 0, &batch, 0, &taken), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_next(j->m, &match), 1);
  tsn_bytes_reset(&j->out);
  if (match.values[0].is_null) return NULL;
  tsn_bytes_append(&j->out, match.values[0].as.text.bytes, match.values[0].as.text.length);
  return tsn_bytes_cstr(&j->out);
}

typedef struct name_row {
  int64_t id; /* -1: NULL */
  const char *name;
} name_row;

/* Adds rows to a load, in one batch; answers where it stopped. */
static tocsin_status push_names(tocsin_load *load, const name_row *rows, size_t count, size_t first, size_t *taken)
{
  int64_t ids[64];
  char texts[1024];
  int32_t offsets[65] = {0};
  uint8_t valid[8] = {0}, named[8] = {0};
  const uint8_t nothing[8] = {0};
  tocsin_column columns[3] = {{.values = ids, .validity = valid}, {.values = texts, .offsets = offsets, .validity = nothing},
                              {.values = texts, .offsets = offsets, .validity = named}};
  tocsin_batch batch = {.rows = count, .column_count = 3, .columns = columns};
  tocsin_status st;
  size_t i;
  assert_true(count <= 64);
  for (i = 0; i < count; i++) {
    ids[i] = rows[i].id;
    if (rows[i].id >= 0) valid[i / 8] = (uint8_t)(valid[i / 8] | 1 << i % 8);
    if (rows[i].name) named[i / 8] = (uint8_t)(named[i / 8] | 1 << i % 8);
    offsets[i + 1] = offsets[i] + (rows[i].name ? (int32_t)strlen(rows[i].name) : 0);
    if (rows[i].name) memcpy(texts + offsets[i], rows[i].name, strlen(rows[i].name));
  }
  st = tocsin_load_push(load, &batch, first, taken);
  memset(texts, '?', sizeof texts); /* borrowed for the call only */
  memset(ids, 0x77, sizeof ids);
  return st;
}

static void load_names(joined *j, const name_row *rows, size_t count)
{
  tocsin_load *load;
  size_t taken;
  assert_int_equal(tocsin_matcher_load(j->m, 0, &load), TOCSIN_OK);
  assert_int_equal(push_names(load, rows, count, 0, &taken), TOCSIN_OK);
  assert_int_equal(taken, count);
  assert_int_equal(tocsin_load_commit(load), TOCSIN_OK);
  tocsin_load_free(load);
}

#define IS(j, key, wanted) assert_string_equal(name_of(j, key), wanted)
#define IS_NULL(j, key) assert_null(name_of(j, key))

static void a_row_is_joined_with_what_the_table_holds_when_it_arrives(void **state)
{
  static const name_row first[] = {{1, "one"}, {2, NULL}, {3, ""}}, second[] = {{3, "drei"}, {4, "vier"}};
  tocsin_load *load;
  size_t taken;
  joined j;
  (void)state;
  begin(&j, JOINED);
  IS_NULL(&j, 1); /* never loaded: empty */
  load_names(&j, first, 3);
  IS(&j, 1, "one");
  IS_NULL(&j, 2);
  IS(&j, 3, "");
  IS_NULL(&j, 4);
  assert_int_equal(tocsin_matcher_load(j.m, 0, &load), TOCSIN_OK);
  assert_int_equal(push_names(load, second, 2, 0, &taken), TOCSIN_OK);
  IS(&j, 1, "one"); /* until the commit */
  assert_int_equal(tocsin_load_commit(load), TOCSIN_OK);
  IS_NULL(&j, 1);
  IS(&j, 3, "drei");
  IS(&j, 4, "vier");
  tocsin_load_free(load);
  IS(&j, 4, "vier");
  load_names(&j, NULL, 0);
  IS_NULL(&j, 4);
  end(&j);
}

static void a_load_without_commit_leaves_nothing_behind(void **state)
{
  static const name_row rows[] = {{1, "one"}}, other[] = {{1, "eins"}, {2, "zwei"}};
  tocsin_load *loads[2];
  size_t taken, used;
  joined j;
  (void)state;
  begin(&j, JOINED);
  load_names(&j, rows, 1);
  used = j.heap.used;
  assert_int_equal(tocsin_matcher_load(j.m, 0, &loads[0]), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_load(j.m, 0, &loads[1]), TOCSIN_OK); /* two at a time do not meet */
  assert_int_equal(push_names(loads[0], other, 1, 0, &taken), TOCSIN_OK);
  assert_int_equal(push_names(loads[1], other, 2, 0, &taken), TOCSIN_OK);
  assert_true(j.heap.used > used);
  tocsin_load_free(loads[0]);
  tocsin_load_free(loads[1]);
  assert_int_equal(j.heap.used, used);
  IS(&j, 1, "one");
  IS_NULL(&j, 2);
  end(&j);
}

static void a_row_without_a_key_of_its_own_is_told_and_may_be_left_out(void **state)
{
  static const name_row rows[] = {{1, "one"}, {-1, "none"}, {2, "two"}, {1, "again"}, {3, "three"}};
  tocsin_load *load;
  size_t taken;
  joined j;
  (void)state;
  begin(&j, JOINED);
  assert_int_equal(tocsin_matcher_load(j.m, 0, &load), TOCSIN_OK);
  assert_string_equal(tocsin_load_message(load), "");
  assert_int_equal(push_names(load, rows, 5, 0, &taken), TOCSIN_KEY);
  assert_int_equal(taken, 1);
  assert_string_equal(tocsin_load_message(load), "column id of the key is NULL");
  assert_int_equal(push_names(load, rows, 5, 2, &taken), TOCSIN_KEY);
  assert_int_equal(taken, 3);
  assert_string_equal(tocsin_load_message(load), "the key 1 is there already");
  assert_int_equal(push_names(load, rows, 5, 4, &taken), TOCSIN_OK);
  assert_string_equal(tocsin_load_message(load), "");
  assert_int_equal(push_names(load, rows, 1, 0, &taken), TOCSIN_KEY); /* and the batches after it know */
  assert_int_equal(tocsin_load_commit(load), TOCSIN_OK);
  tocsin_load_free(load);
  IS(&j, 1, "one");
  IS(&j, 2, "two");
  IS(&j, 3, "three");
  end(&j);
}

static void what_makes_no_sense_is_misuse(void **state)
{
  static const name_row rows[] = {{1, "one"}};
  tocsin_load *load;
  tocsin_column columns[2] = {{.values = rows}, {.values = rows}};
  tocsin_batch narrow = {.rows = 1, .column_count = 2, .columns = columns};
  size_t taken;
  joined j;
  (void)state;
  begin(&j, JOINED);
  assert_int_equal(tocsin_matcher_load(NULL, 0, &load), TOCSIN_MISUSE);
  assert_null(load);
  assert_int_equal(tocsin_matcher_load(j.m, 1, &load), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_load(j.m, 0, NULL), TOCSIN_MISUSE);
  assert_int_equal(tocsin_matcher_load(j.m, 0, &load), TOCSIN_OK);
  assert_int_equal(tocsin_load_push(load, &narrow, 0, &taken), TOCSIN_MISUSE);
  assert_int_equal(tocsin_load_push(load, NULL, 0, &taken), TOCSIN_MISUSE);
  assert_int_equal(tocsin_load_push(NULL, &narrow, 0, &taken), TOCSIN_MISUSE);
  assert_int_equal(tocsin_load_commit(load), TOCSIN_OK);
  assert_int_equal(tocsin_load_commit(load), TOCSIN_MISUSE); /* twice */
  assert_int_equal(push_names(load, rows, 1, 0, &taken), TOCSIN_MISUSE);
  assert_int_equal(tocsin_load_commit(NULL), TOCSIN_MISUSE);
  assert_string_equal(tocsin_load_message(NULL), "");
  tocsin_load_free(load);
  tocsin_load_free(NULL);
  end(&j);
}

/* A matcher that has stopped takes no table either: it answers what it stopped with. */
static void a_matcher_that_stopped_loads_nothing(void **state)
{
  static const int64_t big[] = {INT64_MAX};
  tocsin_column columns[3] = {{.values = big}, {.values = big}, {.values = "", .offsets = (const int32_t[]){0, 0}}};
  tocsin_batch batch = {.rows = 1, .column_count = 3, .columns = columns};
  tocsin_load *load;
  size_t taken;
  joined j;
  (void)state;
  begin(&j, "CREATE TABLE names (id BIGINT, name TEXT, PRIMARY KEY (id));\n" STREAM
            "SELECT * FROM (SELECT ts, name FROM s LEFT JOIN names ON id = k + 1) MATCH_RECOGNIZE (ORDER BY ts MEASURES a.name AS n PATTERN (a))");
  assert_int_equal(tocsin_matcher_push(j.m, 0, &batch, 0, &taken), TOCSIN_RUNTIME);
  assert_string_equal(tocsin_matcher_message(j.m), "the pattern, row at time 9223372036854775807, ON over a row of s, `k + 1`: BIGINT addition is out of range");
  assert_int_equal(tocsin_matcher_load(j.m, 0, &load), TOCSIN_RUNTIME);
  assert_null(load);
  end(&j);
}

/* ---- keys of every type ---- */

typedef struct any_key {
  const char *type, *value; /* a constant of the stream's key */
  const char *wanted;       /* what is joined to it; NULL: nothing */
} any_key;

/* A table of four rows, each found by its key; one key is refused, as it is there already. */
static void keys_of_every_type_are_found(void **state)
{
  static const int64_t integers[] = {0, -1, INT64_MAX, 3600000000, 0};
  static const double reals[] = {-0.0, 1.5, 1e300, -2, 0.0};
  static const char texts[] = "ab" "\xc3\xa4" "a";
  static const int32_t offsets[] = {0, 0, 1, 2, 4, 4};
  static const uint8_t bits[] = {0x02}; /* FALSE TRUE, then they are there already */
  static const char names[] = "wxyzv";
  static const int32_t name_offsets[] = {0, 1, 2, 3, 4, 5};
  static const any_key rows[] = {
      {"BIGINT", "0", "w"}, {"BIGINT", "-1", "x"}, {"BIGINT", "9223372036854775807", "y"}, {"BIGINT", "5", NULL},
      {"DOUBLE", "0.0", "w"}, {"DOUBLE", "1.5", "x"}, {"DOUBLE", "1e300", "y"}, {"DOUBLE", "2.0", NULL},
      {"TEXT", "''", "w"}, {"TEXT", "'a'", "x"}, {"TEXT", "'b'", "y"}, {"TEXT", "'\xc3\xa4'", "z"}, {"TEXT", "'A'", NULL}, {"TEXT", "'ab'", NULL},
      {"TIMESTAMP", "'1970-01-01T00:00:00Z'", "w"}, {"TIMESTAMP", "TIMESTAMP '1970-01-01T01:00:00Z'", "z"},
      {"INTERVAL", "1 HOUR", "z"}, {"INTERVAL", "INTERVAL '0' SECOND", "w"},
      {"BOOLEAN", "FALSE", "w"}, {"BOOLEAN", "TRUE", "x"}, {"BOOLEAN", "NULL", NULL},
  };
  size_t i;
  (void)state;
  for (i = 0; i < T_COUNT(rows); i++) {
    const any_key *r = &rows[i];
    tocsin_column columns[2] = {{.values = integers}, {.values = names, .offsets = name_offsets}};
    tocsin_batch batch = {.rows = 5, .column_count = 2, .columns = columns};
    char text[600];
    tocsin_load *load;
    size_t taken = 0, refused = 0;
    tocsin_status st;
    const char *name;
    joined j;
    if (!strcmp(r->type, "DOUBLE")) columns[0].values = reals;
    if (!strcmp(r->type, "TEXT")) columns[0] = (tocsin_column){.values = texts, .offsets = offsets};
    if (!strcmp(r->type, "BOOLEAN")) columns[0].values = bits;
    snprintf(text, sizeof text, "CREATE TABLE names (id %s PRIMARY KEY, name TEXT);\n%s"
             "SELECT * FROM (SELECT ts, name FROM s LEFT JOIN names ON names.id = %s) MATCH_RECOGNIZE (ORDER BY ts MEASURES a.name AS n "
             "PATTERN (a))", r->type, STREAM, r->value);
    begin(&j, text);
    assert_int_equal(tocsin_matcher_load(j.m, 0, &load), TOCSIN_OK);
    while ((st = tocsin_load_push(load, &batch, taken, &taken)) == TOCSIN_KEY) refused++, taken++;
    assert_int_equal(st, TOCSIN_OK);
    assert_int_equal(refused, !strcmp(r->type, "BOOLEAN") ? 3 : 1);
    assert_int_equal(tocsin_load_commit(load), TOCSIN_OK);
    tocsin_load_free(load);
    name = name_of(&j, 0);
    T_ROW(r->wanted ? name && !strcmp(name, r->wanted) : !name, text);
    end(&j);
  }
}

static void a_key_that_is_there_already_is_shown(void **state)
{
  static const int64_t integers[] = {3600000000, 3600000000};
  static const double reals[] = {1.5, 1.5};
  static const uint8_t bits[] = {3};
  static const char texts[] = "itit";
  static const int32_t offsets[] = {0, 2, 4};
  tocsin_column columns[6] = {{.values = integers}, {.values = reals}, {.values = bits}, {.values = texts, .offsets = offsets},
                              {.values = integers}, {.values = integers}};
  tocsin_batch batch = {.rows = 2, .column_count = 6, .columns = columns};
  tocsin_program *program = compile("CREATE TABLE t (i BIGINT, d DOUBLE, b BOOLEAN, t TEXT, w TIMESTAMP, v INTERVAL, PRIMARY KEY (t, i, d, b, w, v));\n"
                                    STREAM "SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a))");
  tocsin_matcher *m;
  tocsin_load *load;
  size_t taken;
  (void)state;
  assert_int_equal(tocsin_matcher_new(program, NULL, &m), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_load(m, 0, &load), TOCSIN_OK);
  assert_int_equal(tocsin_load_push(load, &batch, 0, &taken), TOCSIN_KEY);
  assert_int_equal(taken, 1);
  assert_string_equal(tocsin_load_message(load),
                      "the key 'it', 3600000000, 1.5, true, 1970-01-01T01:00:00.000000Z, PT1H is there already");
  tocsin_load_free(load);
  tocsin_matcher_free(m);
  tocsin_program_free(program);
}

/* ---- NaN, and columns that nothing reads ---- */

static void a_nan_is_null_and_counted(void **state)
{
  static const int64_t ids[] = {1, 2};
  static const double values[] = {0.5, NAN};
  static const int64_t now[] = {1}, key[] = {2};
  tocsin_column columns[2] = {{.values = ids}, {.values = values}}, row[3] = {{.values = now}, {.values = key}, {.values = "", .offsets = (const int32_t[]){0, 0}}};
  tocsin_batch batch = {.rows = 2, .column_count = 2, .columns = columns}, one = {.rows = 1, .column_count = 3, .columns = row};
  tocsin_load *load;
  tocsin_match match;
  tocsin_stats stats;
  size_t taken;
  joined j;
  (void)state;
  begin(&j, "CREATE TABLE names (id BIGINT, x DOUBLE, PRIMARY KEY (id));\n" STREAM
            "SELECT * FROM (SELECT ts, x FROM s LEFT JOIN names ON id = k) MATCH_RECOGNIZE (ORDER BY ts MEASURES a.x AS x PATTERN (a))");
  assert_int_equal(tocsin_matcher_load(j.m, 0, &load), TOCSIN_OK);
  assert_int_equal(tocsin_load_push(load, &batch, 0, &taken), TOCSIN_OK);
  assert_int_equal(tocsin_load_commit(load), TOCSIN_OK);
  tocsin_load_free(load);
  assert_int_equal(tocsin_matcher_push(j.m, 0, &one, 0, &taken), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_next(j.m, &match), 1);
  assert_true(match.values[0].is_null);
  tocsin_matcher_stats(j.m, &stats);
  assert_int_equal(stats.nan_values, 1);
  end(&j);
}

/* ---- many rows ---- */

#define MANY 200000
#define FEED 1000

static void many_rows_are_found_each_by_its_key(void **state)
{
  tocsin_load *load;
  size_t taken, i, most = 0;
  tocsin_stats stats;
  joined j;
  (void)state;
  begin(&j, JOINED);
  assert_int_equal(tocsin_matcher_load(j.m, 0, &load), TOCSIN_OK);
  for (i = 0; i < MANY; i += FEED) {
    static int64_t ids[FEED];
    static char texts[FEED * 12];
    static int32_t offsets[FEED + 1];
    static const uint8_t nothing[FEED / 8 + 1];
    tocsin_column columns[3] = {{.values = ids}, {.values = texts, .offsets = offsets, .validity = nothing}, {.values = texts, .offsets = offsets}};
    tocsin_batch batch = {.rows = FEED, .column_count = 3, .columns = columns};
    size_t k;
    for (k = 0; k < FEED; k++) {
      ids[k] = (int64_t)((i + k) * 7919 % MANY) << (i % 3 ? 0 : 20); /* also far apart, alike in their lower bits */
      offsets[k + 1] = offsets[k] + snprintf(texts + offsets[k], 12, "n%zu", i + k);
    }
    assert_int_equal(tocsin_load_push(load, &batch, 0, &taken), TOCSIN_OK);
    assert_int_equal(taken, FEED);
  }
  most = j.heap.used;
  assert_int_equal(tocsin_load_commit(load), TOCSIN_OK);
  tocsin_load_free(load);
  assert_true(j.heap.used <= most); /* what growing left over is given back */
  for (i = 0; i < MANY; i += 97) {
    char wanted[16];
    snprintf(wanted, sizeof wanted, "n%zu", i);
    IS(&j, (int64_t)(i * 7919 % MANY) << (i / FEED * FEED % 3 ? 0 : 20), wanted);
  }
  IS_NULL(&j, -1);
  IS_NULL(&j, (int64_t)1 << 50);
  tocsin_matcher_stats(j.m, &stats);
  assert_true(stats.bytes > MANY * 2 * 24); /* a table is the matcher's memory */
  load_names(&j, NULL, 0);
  tocsin_matcher_stats(j.m, &stats);
  assert_true(stats.bytes < MANY);
  end(&j);
}

/* ---- memory ---- */

/* Each allocation of a load fails in turn: the table holds what it held, and the matcher goes on. */
static void a_load_without_memory_leaves_the_table_as_it_was(void **state)
{
  static const name_row before[] = {{1, "one"}, {2, "two"}};
  name_row rows[40];
  unsigned long k;
  size_t i;
  tocsin_status st = TOCSIN_NOMEM;
  joined j;
  (void)state;
  for (i = 0; i < T_COUNT(rows); i++) rows[i] = (name_row){(int64_t)i, i % 3 ? "a name" : NULL};
  begin(&j, JOINED);
  load_names(&j, before, 2);
  for (k = 1; st != TOCSIN_OK; k++) {
    tocsin_load *load;
    size_t taken, used = j.heap.used;
    j.heap.calls = 0;
    j.heap.fail_at = k;
    st = tocsin_matcher_load(j.m, 0, &load);
    assert_int_equal(st == TOCSIN_OK, load != NULL);
    if (st == TOCSIN_OK) st = push_names(load, rows, T_COUNT(rows), 0, &taken);
    if (st == TOCSIN_NOMEM && load) {
      j.heap.fail_at = 0; /* even where memory is there again */
      assert_string_equal(tocsin_load_message(load), "out of memory in table names");
      assert_int_equal(push_names(load, rows, T_COUNT(rows), taken, &taken), TOCSIN_NOMEM);
      assert_int_equal(tocsin_load_commit(load), TOCSIN_MISUSE);
    } else if (st == TOCSIN_OK) {
      assert_int_equal(tocsin_load_commit(load), TOCSIN_OK);
    }
    tocsin_load_free(load);
    j.heap.fail_at = 0;
    if (st == TOCSIN_OK) break;
    assert_int_equal(st, TOCSIN_NOMEM);
    assert_int_equal(j.heap.used, used);
    IS(&j, 1, "one");
    IS(&j, 2, "two");
    IS_NULL(&j, 4);
    assert_true(k < 100);
  }
  assert_true(k > 5);
  IS_NULL(&j, 3);
  IS(&j, 4, "a name");
  end(&j);
}

static void a_table_keeps_to_the_bytes_of_the_matcher(void **state)
{
  name_row rows[64];
  tocsin_load *load;
  tocsin_status st = TOCSIN_OK;
  size_t taken, i, n;
  joined j;
  (void)state;
  begin(&j, JOINED);
  tocsin_matcher_free(j.m);
  j.options.max_bytes = 100000;
  assert_int_equal(tocsin_matcher_new(j.program, &j.options, &j.m), TOCSIN_OK);
  assert_int_equal(tocsin_matcher_load(j.m, 0, &load), TOCSIN_OK);
  for (n = 0; st == TOCSIN_OK && n < 1000; n++) {
    for (i = 0; i < 64; i++) rows[i] = (name_row){(int64_t)(n * 64 + i), "some name"};
    st = push_names(load, rows, 64, 0, &taken);
  }
  assert_int_equal(st, TOCSIN_LIMIT);
  assert_string_equal(tocsin_load_message(load), "more than 100000 bytes have to be kept while table names is loaded; raise the limit");
  assert_true(n > 2 && j.heap.peak <= 100000);
  tocsin_load_free(load);
  load_names(&j, rows, 4);
  IS(&j, rows[0].id, "some name");
  end(&j);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_program_tells_its_tables),
      cmocka_unit_test(a_table_of_which_nothing_is_read_is_not_needed),
      cmocka_unit_test(a_row_is_joined_with_what_the_table_holds_when_it_arrives),
      cmocka_unit_test(a_load_without_commit_leaves_nothing_behind),
      cmocka_unit_test(a_row_without_a_key_of_its_own_is_told_and_may_be_left_out),
      cmocka_unit_test(what_makes_no_sense_is_misuse),
      cmocka_unit_test(a_matcher_that_stopped_loads_nothing),
      cmocka_unit_test(keys_of_every_type_are_found),
      cmocka_unit_test(a_key_that_is_there_already_is_shown),
      cmocka_unit_test(a_nan_is_null_and_counted),
      cmocka_unit_test(many_rows_are_found_each_by_its_key),
      cmocka_unit_test(a_load_without_memory_leaves_the_table_as_it_was),
      cmocka_unit_test(a_table_keeps_to_the_bytes_of_the_matcher),
  };
  return T_RUN(tests);
}
