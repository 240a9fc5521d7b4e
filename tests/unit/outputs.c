/* Outputs of the command that know what was committed: what was written behind it does not outlive a crash. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/say.h"
#include "cli/sink.h"
#include "cli/tables.h"
#include "t.h"

static char folder[32], said[1024];

static const char *in_folder(const char *name)
{
  static char path[64];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void keep_said(void *context, const char *bytes, size_t length)
{
  (void)context;
  if (length > sizeof said - 1) length = sizeof said - 1;
  memcpy(said, bytes, length);
  said[length] = '\0';
}

static void put(const char *name, const char *text)
{
  FILE *f = fopen(in_folder(name), "w");
  assert_non_null(f);
  assert_int_equal(fputs(text, f) < 0, 0);
  assert_int_equal(fclose(f), 0);
}

static void holds(const char *name, const char *text)
{
  char got[8192];
  FILE *f = fopen(in_folder(name), "r");
  assert_non_null(f);
  got[fread(got, 1, sizeof got - 1, f)] = '\0';
  fclose(f);
  assert_string_equal(got, text);
}

static void what_was_not_committed_is_cut(void **state)
{
  static const char *const before[] = { "", "one\n", NULL }; /* NULL: more than the hash is made of */
  (void)state;
  for (size_t i = 0; i < T_COUNT(before); i++) {
    char text[4096];
    tsn_alloc alloc;
    tsn_bytes committed;
    tsn_sink s;
    tsn_alloc_init(&alloc, NULL);
    tsn_bytes_init(&committed, &alloc, 0);
    memset(text, 'x', 3000);
    text[3000] = '\0';
    if (before[i]) strcpy(text, before[i]);
    put("out", "of a run before");
    assert_int_equal(tsn_sink_open_at(&s, &alloc, in_folder("out"), NULL, 0), 0);
    tsn_bytes_text(&s.buffer, text);
    tsn_bytes_text(&committed, "{\"path\":\"of another file\",\"length\":1,\"hash\":1}\n");
    assert_int_equal(tsn_sink_commit(&s, &committed), 0);
    tsn_bytes_text(&committed, "{\"path\":\"of a third\",\"length\":1,\"hash\":1}\n");
    tsn_bytes_text(&s.buffer, "more");
    assert_int_equal(tsn_sink_flush(&s), 0);
    assert_int_equal(s.length, strlen(text) + 4);
    tsn_sink_close(&s);
    assert_int_equal(tsn_sink_open_at(&s, &alloc, in_folder("out"), committed.data, committed.length), 0);
    holds("out", text);
    tsn_bytes_text(&s.buffer, "two\n");
    assert_int_equal(tsn_sink_flush(&s), 0);
    tsn_sink_close(&s);
    strcat(text, "two\n");
    holds("out", text);
    tsn_bytes_clear(&committed);
    assert_int_equal(alloc.used, 0);
  }
}

static void a_file_that_is_not_what_was_committed_is_named(void **state)
{
  static const struct { const char *text, *message; } others[] = {
    { "on", "was truncated: 4 bytes of it were committed, and it has 2 now" },
    { "", "was truncated: 4 bytes of it were committed, and it has 0 now" },
    { "two\none\n", "was replaced or changed" },
  };
  tsn_alloc alloc;
  tsn_bytes committed;
  tsn_sink s;
  (void)state;
  tsn_alloc_init(&alloc, NULL);
  tsn_bytes_init(&committed, &alloc, 0);
  assert_int_equal(tsn_sink_open(&s, &alloc, in_folder("out")), 0);
  tsn_bytes_text(&s.buffer, "one\n");
  assert_int_equal(tsn_sink_commit(&s, &committed), 0);
  tsn_sink_close(&s);
  for (size_t i = 0; i < T_COUNT(others); i++) {
    put("out", others[i].text);
    T_ROW(tsn_sink_open_at(&s, &alloc, in_folder("out"), committed.data, committed.length) == TSN_EXIT_OUTPUT, others[i].text);
    T_ROW(strstr(said, others[i].message) != NULL, said);
    tsn_sink_close(&s);
    holds("out", others[i].text);
  }
  tsn_bytes_reset(&committed);
  tsn_bytes_printf(&committed, "{\"path\":\"%s\",\"length\":-1}\n", in_folder("out"));
  assert_int_equal(tsn_sink_open_at(&s, &alloc, in_folder("out"), committed.data, committed.length), TSN_EXIT_OUTPUT);
  assert_non_null(strstr(said, "is damaged"));
  tsn_sink_close(&s);
  assert_int_equal(tsn_sink_open_at(&s, &alloc, in_folder("out"), "{\"path\":\"of another file\"}\n", 27), 0);
  tsn_sink_close(&s);
  holds("out", "");
  tsn_bytes_clear(&committed);
}

static int64_t count_rows(const char *sql)
{
  sqlite3 *db;
  sqlite3_stmt *statement;
  int64_t count = -1;
  assert_int_equal(sqlite3_open(in_folder("out.db"), &db), SQLITE_OK);
  if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
    count = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return count;
}

static void rows_that_are_held_go_with_what_the_host_commits(void **state)
{
  static const tsn_writer_column columns[] = { { "n", TOCSIN_BIGINT } };
  static const tsn_writer_pattern pattern = { "p", 1, columns };
  const tocsin_value one = { .type = TOCSIN_BIGINT, .as.integer = 1 };
  tsn_alloc alloc;
  (void)state;
  tsn_alloc_init(&alloc, NULL);
  for (int round = 0; round < 2; round++) { /* the second begins with a table that is there */
    tsn_tables *t;
    sqlite3 *connection;
    assert_int_equal(tsn_tables_open(&t, &alloc, in_folder("out.db"), "out.db", &pattern, 1), 0);
    connection = tsn_tables_connection(t);
    assert_int_equal(tsn_tables_hold(t), 0);
    for (size_t i = 0; i < 25000; i++) assert_int_equal(tsn_tables_row(t, 0, &one), 0);
    assert_int_equal(sqlite3_exec(connection, "CREATE TABLE IF NOT EXISTS host(n); INSERT INTO host VALUES (1)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(count_rows("SELECT count(*) FROM p"), round ? 25000 : -1);
    assert_int_equal(tsn_tables_commit(t), 0);
    assert_int_equal(count_rows("SELECT count(*) FROM p"), round ? 50000 : 25000);
    assert_int_equal(tsn_tables_row(t, 0, &one), 0);
    assert_int_equal(sqlite3_exec(connection, "INSERT INTO host VALUES (2)", NULL, NULL, NULL), SQLITE_OK);
    tsn_tables_close(t); /* as a crash would */
    assert_int_equal(count_rows("SELECT count(*) FROM p"), round ? 50000 : 25000);
    assert_int_equal(count_rows("SELECT sum(n) FROM host"), round ? 2 : 1);
  }
  assert_int_equal(alloc.used, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_was_not_committed_is_cut),
    cmocka_unit_test(a_file_that_is_not_what_was_committed_is_named),
    cmocka_unit_test(rows_that_are_held_go_with_what_the_host_commits),
  };
  char command[64];
  int failed;

  strcpy(folder, "outputs-XXXXXX");
  if (!mkdtemp(folder)) return 1;
  tsn_say_instead = (tsn_say_elsewhere){ keep_said, NULL };
  failed = T_RUN(tests);
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command) != 0 || failed;
}
