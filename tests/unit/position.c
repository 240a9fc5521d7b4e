/* Sources of the command, left between any two rows and taken up again elsewhere: nothing is lost, nothing comes twice. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/pipe.h"
#include "cli/position.h"
#include "cli/say.h"
#include "reading.h"

static const tsn_column_def columns[] = {
  { .name = "k", .type = TOCSIN_TEXT, .needed = true },
  { .name = "n", .type = TOCSIN_BIGINT, .not_null = true, .needed = true },
};
static const tsn_schema schema = { "s", T_COUNT(columns), columns };

static reading_chance chance = { 7 };
static char folder[64];

/* --- files to read --- */

static const char *in_folder(const char *name)
{
  static char paths[8][160];
  static unsigned turn;
  char *path = paths[turn++ % 8];

  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void write_file(const char *name, const char *mode, const char *text, size_t length)
{
  FILE *f = fopen(in_folder(name), mode);

  assert_non_null(f);
  assert_int_equal(fwrite(text, 1, length, f), length);
  assert_int_equal(fclose(f), 0);
}

static void write_text(const char *name, const char *mode, const char *text)
{
  write_file(name, mode, text, strlen(text));
}

static void pack(const char *name, const char *text, size_t length)
{
  gzFile f = gzopen(in_folder(name), "wb");

  assert_non_null(f);
  assert_int_equal(gzwrite(f, text, (unsigned)length), length);
  assert_int_equal(gzclose(f), Z_OK);
}

/* Lines of numbers from *n on, some of them bad, some empty. */
static void add_lines(tsn_bytes *out, tsn_format format, unsigned *n, unsigned count)
{
  while (count--) {
    unsigned kind = reading_below(&chance, 12);
    if (kind == 0) tsn_bytes_text(out, "\n");
    else if (kind == 1) tsn_bytes_printf(out, "bad line %u, here\n", (*n)++);
    else if (format == TSN_FORMAT_CSV) tsn_bytes_printf(out, kind == 2 ? "\"a\nb\"\"%u\",%u\n" : "k%u,%u\n", *n, *n), ++*n;
    else tsn_bytes_printf(out, "{\"k\":\"k%u\",\"n\":%u}\n", *n, *n), ++*n;
  }
}

/* --- a run over them --- */

typedef struct run {
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_source source;
  tsn_bytes rows, bad;  /* what came */
  tsn_bytes position;
  tsn_input inputs[8];
  const tsn_input *list[8];
  size_t input_count;
  bool threads, follow;
} run;

static void told_bad(void *context, tsn_source *source, const tsn_bad_row *row)
{
  run *r = context;
  (void)source;
  tsn_bytes_printf(&r->bad, "%s:%llu %.*s\n", row->source, (unsigned long long)row->line, (int)row->raw_length, row->raw);
}

static void run_init(run *r)
{
  *r = (run){ .input_count = 0 };
  tsn_alloc_init(&r->alloc, NULL);
  tsn_arena_init(&r->arena, &r->alloc, 0);
  tsn_bytes_init(&r->rows, &r->alloc, 0);
  tsn_bytes_init(&r->bad, &r->alloc, 0);
  tsn_bytes_init(&r->position, &r->alloc, 0);
}

static void run_input(run *r, const char *name, tsn_format format, tsn_packing packing)
{
  char *path = tsn_arena_text(&r->arena, in_folder(name), strlen(in_folder(name)));
  r->inputs[r->input_count] = (tsn_input){ .path = path, .name = tsn_arena_text(&r->arena, name, strlen(name)), .base = "s", .format = format, .packing = packing };
  r->list[r->input_count] = &r->inputs[r->input_count];
  r->input_count++;
}

static void run_table(run *r, const char *file, const char *table)
{
  run_input(r, file, TSN_FORMAT_NONE, TSN_PLAIN);
  r->inputs[r->input_count - 1].table = table;
}

static void run_clear(run *r)
{
  tsn_source_close(&r->source);
  tsn_bytes_clear(&r->rows);
  tsn_bytes_clear(&r->bad);
  tsn_bytes_clear(&r->position);
  tsn_arena_clear(&r->arena);
  assert_int_equal(r->alloc.used, 0);
}

/* The source, at the position if there is one. */
static int run_open(run *r)
{
  tsn_source *s = &r->source;
  int st;

  *s = (tsn_source){ .alloc = &s->own, .name = "s", .time = SIZE_MAX, .schema = schema, .inputs = r->list,
                     .input_count = r->input_count, .on_bad = told_bad, .context = r, .follow = r->follow, .waits = r->follow };
  tsn_alloc_init(&s->own, NULL);
  st = tsn_source_begin(s);
  if (st == 0 && r->position.length) st = tsn_source_resume(s, &r->arena, r->position.data, r->position.length);
  if (st == 0 && r->threads) (void)tsn_pipe_start(s);
  return st;
}

/* Leaves the source where it is, and goes on with another. */
static int run_again(run *r)
{
  tsn_bytes_reset(&r->position);
  assert_true(tsn_source_position(&r->source, &r->position));
  tsn_source_close(&r->source);
  assert_int_equal(r->source.own.used, 0);
  assert_int_equal(r->source.kept.used, 0);
  return run_open(r);
}

static void take(run *r, size_t most)
{
  tsn_source *s = &r->source;

  for (; most && s->next < s->view.rows; most--, s->next++) {
    for (size_t i = 0; i < T_COUNT(columns); i++) {
      reading_cell(&r->rows, &s->view.columns[i], columns[i].type, s->next);
      tsn_bytes_char(&r->rows, i ? '\n' : '|');
    }
  }
}

/* Reads what there is; breaks off behind each fill with chance 1 : often, somewhere in its rows. often 0: never. */
static int run_read(run *r, unsigned often)
{
  int st = 0;

  while (st == 0 && !r->source.done) {
    st = tsn_source_fill(&r->source);
    if (st == 0 && r->follow && r->source.view.rows == 0) return 0;
    if (st == 0 && often && r->source.view.rows && reading_below(&chance, often) == 0) {
      take(r, reading_below(&chance, (unsigned)r->source.view.rows + 1));
      st = run_again(r);
    } else if (st == 0) {
      take(r, SIZE_MAX);
    }
  }
  return st;
}

/* --- what is said --- */

static char said[4096];

static void keep_said(void *context, const char *bytes, size_t length)
{
  size_t at = strlen(said);
  (void)context;
  if (length > sizeof said - 1 - at) length = sizeof said - 1 - at;
  memcpy(said + at, bytes, length);
  said[at + length] = '\0';
}

static void says(const char *part)
{
  if (!strstr(said, part)) fail_msg("\"%s\" is not in \"%s\"", part, said);
  said[0] = '\0';
}

/* --- tests --- */

static void runs_that_are_broken_off_see_each_row_once(void **state)
{
  (void)state;
  for (unsigned n = 0; n < 60; n++) {
    run whole, parts;
    unsigned number = 0;
    run_init(&whole);
    run_init(&parts);
    for (size_t i = 0; i < 4; i++) {
      tsn_format format = (n + i) % 2 ? TSN_FORMAT_CSV : TSN_FORMAT_JSONL;
      bool packed = reading_below(&chance, 3) == 0;
      char name[32];
      tsn_bytes text;
      tsn_bytes_init(&text, &whole.alloc, 0);
      if (format == TSN_FORMAT_CSV) tsn_bytes_text(&text, n % 3 ? "k,n\n" : "\xef\xbb\xbfk,n\n");
      add_lines(&text, format, &number, reading_below(&chance, 4) ? 30000 / (n + 1) : 0);
      if (n % 5 == 0 && text.length) text.length--; /* the last line lacks its end */
      snprintf(name, sizeof name, "%u-%zu", n, i);
      if (packed) pack(name, text.data ? text.data : "", text.length);
      else write_file(name, "wb", text.data ? text.data : "", text.length);
      run_input(&whole, name, format, packed ? TSN_GZIP : TSN_PLAIN);
      run_input(&parts, name, format, packed ? TSN_GZIP : TSN_PLAIN);
      tsn_bytes_clear(&text);
    }
    parts.threads = n % 2;
    assert_int_equal(run_open(&whole), 0);
    assert_int_equal(run_read(&whole, 0), 0);
    assert_int_equal(run_open(&parts), 0);
    assert_int_equal(run_read(&parts, 1 + n % 3), 0);
    assert_true(number == 0 || whole.rows.length > 0);
    assert_string_equal(tsn_bytes_cstr(&parts.rows), tsn_bytes_cstr(&whole.rows));
    assert_string_equal(tsn_bytes_cstr(&parts.bad), tsn_bytes_cstr(&whole.bad));
    assert_int_equal(tsn_source_counts(&parts.source).rows, tsn_source_counts(&whole.source).rows);
    assert_int_equal(tsn_source_counts(&parts.source).bad, tsn_source_counts(&whole.source).bad);
    assert_int_equal(run_again(&parts), 0); /* at the end there is nothing more */
    assert_int_equal(run_read(&parts, 0), 0);
    assert_string_equal(tsn_bytes_cstr(&parts.rows), tsn_bytes_cstr(&whole.rows));
    run_clear(&whole);
    run_clear(&parts);
  }
}

static void execute(const char *file, const char *sql)
{
  sqlite3 *db;
  assert_int_equal(sqlite3_open(in_folder(file), &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static void tables_go_on_behind_their_last_row(void **state)
{
  run r;
  (void)state;
  run_init(&r);
  run_table(&r, "t.db", "t");
  execute("t.db", "CREATE TABLE t(k, n, rowid TEXT); CREATE VIEW v AS SELECT * FROM t;"
                  "INSERT INTO t(k, n) VALUES ('a', 1), ('b', NULL), ('c', 3)");
  assert_int_equal(run_open(&r), 0);
  assert_int_equal(run_read(&r, 0), 0);
  execute("t.db", "INSERT INTO t(k, n) VALUES ('d', 4), ('e', NULL), ('f', 6)");
  assert_int_equal(run_again(&r), 0);
  assert_int_equal(run_read(&r, 1), 0);
  assert_string_equal(tsn_bytes_cstr(&r.rows), "\"a\"|1\n\"c\"|3\n\"d\"|4\n\"f\"|6\n");
  assert_string_equal(tsn_bytes_cstr(&r.bad), "t.db:2 {\"k\":\"b\",\"n\":null,\"rowid\":null}\n"
                                              "t.db:5 {\"k\":\"e\",\"n\":null,\"rowid\":null}\n");
  execute("t.db", "INSERT INTO t(k, n) VALUES ('g', 7), ('h', NULL), ('i', 9), ('j', NULL)");
  assert_int_equal(run_again(&r), 0);
  assert_int_equal(tsn_source_fill(&r.source), 0);
  take(&r, 1);
  execute("t.db", "DELETE FROM t WHERE k <= 'g'"); /* what was taken is not needed any more, also not to be counted */
  assert_int_equal(run_again(&r), 0);
  assert_int_equal(run_read(&r, 0), 0);
  assert_string_equal(tsn_bytes_cstr(&r.rows), "\"a\"|1\n\"c\"|3\n\"d\"|4\n\"f\"|6\n\"g\"|7\n\"i\"|9\n");
  assert_non_null(strstr(tsn_bytes_cstr(&r.bad), "t.db:8 {\"k\":\"h\",\"n\":null,\"rowid\":null}\nt.db:10 "));
  assert_int_equal(tsn_source_counts(&r.source).rows, 10);
  assert_int_equal(tsn_source_counts(&r.source).bad, 4);
  execute("t.db", "DELETE FROM t; INSERT INTO t(oid, k) VALUES (3, 'x')");
  assert_int_equal(run_again(&r), 0);
  assert_int_equal(run_read(&r, 0), TSN_EXIT_INPUT);
  says("t.db was replaced: it was read up to rowid 10, and its last is 3 now");
  run_clear(&r);
  run_init(&r);
  run_table(&r, "t.db", "v");
  assert_int_equal(run_open(&r), 0);
  r.source.keeps_places = true;
  assert_int_equal(run_read(&r, 0), TSN_EXIT_INPUT);
  says("cannot keep the place in t.db: it has no rowid");
  tsn_source_close(&r.source);
  tsn_bytes_printf(&r.position, "{\"stream\":\"s\",\"rows\":1,\"bad\":0,\"nan\":0,\"future\":0,\"rows_ahead\":0,\"bad_ahead\":0}\n"
                                "{\"path\":\"%s\",\"table\":\"v\",\"rowid\":1,\"row\":1}\n", r.inputs[0].path);
  assert_int_equal(run_open(&r), 0);
  assert_int_equal(run_read(&r, 0), TSN_EXIT_INPUT);
  says("it has no rowid");
  run_clear(&r);
}

static void a_pipe_has_no_place(void **state)
{
  run r;
  (void)state;
  run_init(&r);
  run_input(&r, "pipe", TSN_FORMAT_CSV, TSN_PLAIN);
  assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
  for (unsigned i = 0; i < 2; i++) { /* the second run does not pass over anything */
    int fd = open(in_folder("pipe"), O_RDWR);
    assert_true(fd >= 0 && write(fd, "k,n\na,1\nb,2\n", 12) == 12);
    assert_int_equal(i ? run_again(&r) : run_open(&r), 0);
    assert_int_equal(tsn_source_fill(&r.source), 0);
    assert_int_equal(r.source.view.rows - r.source.next, 2);
    take(&r, 1);
    assert_int_equal(close(fd), 0);
  }
  run_clear(&r);
}

static void files_that_are_others_are_named(void **state)
{
  run r;
  (void)state;
  run_init(&r);
  run_input(&r, "x.csv", TSN_FORMAT_CSV, TSN_PLAIN);
  write_text("x.csv", "w", "k,n\na,1\nb,2\n");
  assert_int_equal(run_open(&r), 0);
  assert_int_equal(run_read(&r, 0), 0);
  write_text("x.csv", "w", "k,n\na,1\n"); /* in place */
  assert_int_equal(run_again(&r), 0);
  assert_int_equal(run_read(&r, 0), TSN_EXIT_INPUT);
  says("x.csv was truncated: it was read up to byte 12, and has 8 bytes now");
  write_text("x.csv", "w", "k,n\nc,3\nd,4\n");
  assert_int_equal(run_again(&r), 0);
  assert_int_equal(run_read(&r, 0), TSN_EXIT_INPUT);
  says("x.csv was replaced: it does not begin like the file that was read up to byte 12");
  write_text("y.csv", "w", "k,n\na,1\nb,2\ne,5\n"); /* a copy that has grown */
  assert_int_equal(rename(in_folder("y.csv"), in_folder("x.csv")), 0);
  assert_int_equal(run_again(&r), 0);
  assert_int_equal(run_read(&r, 0), 0);
  assert_string_equal(tsn_bytes_cstr(&r.rows), "\"a\"|1\n\"b\"|2\n\"e\"|5\n");
  run_clear(&r);
}

static void a_file_that_was_rotated_is_read_to_its_end_first(void **state)
{
  run r;
  (void)state;
  run_init(&r);
  run_input(&r, "log.csv", TSN_FORMAT_CSV, TSN_PLAIN);
  write_text("log.csv", "w", "k,n\na,1\n");
  assert_int_equal(run_open(&r), 0);
  assert_int_equal(run_read(&r, 0), 0);
  write_text("log.csv", "a", "b,2\nc,3");
  assert_int_equal(rename(in_folder("log.csv"), in_folder("log.csv.1")), 0);
  write_text("log.csv", "w", "k,n\nd,4\n");
  assert_int_equal(run_again(&r), 0);
  assert_int_equal(run_read(&r, 1), 0);
  assert_string_equal(tsn_bytes_cstr(&r.rows), "\"a\"|1\n\"b\"|2\n\"c\"|3\n\"d\"|4\n");
  run_clear(&r);
}

static void a_file_that_grows_is_followed(void **state)
{
  run r;
  (void)state;
  run_init(&r);
  r.follow = true;
  run_input(&r, "grow.csv", TSN_FORMAT_CSV, TSN_PLAIN);
  run_input(&r, "more.jsonl", TSN_FORMAT_JSONL, TSN_PLAIN);
  write_text("grow.csv", "w", "k,");
  assert_int_equal(run_open(&r), 0);
  for (unsigned i = 0; i < 3; i++) {
    static const char *const pieces[] = { "n\na,1\nb", ",2\nc,", "3\n" };
    write_text("grow.csv", "a", pieces[i]);
    assert_int_equal(run_read(&r, i == 1), 0);
  }
  assert_string_equal(tsn_bytes_cstr(&r.rows), "\"a\"|1\n\"b\"|2\n\"c\"|3\n");
  write_text("more.jsonl", "w", "{\"k\":\"d\",\"n\":4}\n{\"k\":");
  assert_int_equal(run_read(&r, 0), 0);
  assert_int_equal(run_again(&r), 0);
  write_text("more.jsonl", "a", "\"e\",\"n\":5}\n");
  assert_int_equal(run_read(&r, 0), 0);
  assert_string_equal(tsn_bytes_cstr(&r.rows), "\"a\"|1\n\"b\"|2\n\"c\"|3\n\"d\"|4\n\"e\"|5\n");
  assert_int_equal(r.bad.length, 0);
  assert_int_equal(truncate(in_folder("more.jsonl"), 0), 0);
  write_text("more.jsonl", "a", "{\"k\":\"f\",\"n\":6}\n");
  assert_int_equal(run_read(&r, 0), 0);
  says("more.jsonl was truncated: it was read up to byte 32, and has 16 bytes now; it is read from its beginning");
  assert_string_equal(tsn_bytes_cstr(&r.rows), "\"a\"|1\n\"b\"|2\n\"c\"|3\n\"d\"|4\n\"e\"|5\n\"f\"|6\n");
  run_clear(&r);
}

static void a_file_that_is_rotated_is_followed(void **state)
{
  run r;
  (void)state;
  run_init(&r);
  r.follow = true;
  run_input(&r, "turn.csv", TSN_FORMAT_CSV, TSN_PLAIN);
  write_text("turn.csv", "w", "k,n\na,1\n");
  assert_int_equal(run_open(&r), 0);
  assert_int_equal(run_read(&r, 0), 0);
  assert_int_equal(rename(in_folder("turn.csv"), in_folder("turn.csv.1")), 0);
  write_text("turn.csv.1", "a", "b,2\n");
  assert_int_equal(run_read(&r, 0), 0);
  write_text("turn.csv", "w", "k,n\nd,4\n");
  write_text("turn.csv.1", "a", "c,3"); /* written before its name was changed, seen later */
  for (unsigned i = 0; i < 300 && !strstr(tsn_bytes_cstr(&r.rows), "d"); i++) {
    assert_int_equal(run_read(&r, 0), 0);
    usleep(10000);
  }
  assert_string_equal(tsn_bytes_cstr(&r.rows), "\"a\"|1\n\"b\"|2\n\"c\"|3\n\"d\"|4\n");
  says("turn.csv: another file has its name now");
  run_clear(&r);
}

static void positions_that_are_damaged_are_refused(void **state)
{
  static const char *const texts[] = {
    "x", "\n", "{}\n", "{\"stream\":\"s\",\"rows\":1,\"bad\":0,\"nan\":0,\"future\":0,\"rows_ahead\":0}\n",
    "{\"stream\":\"s\",\"rows\":1,\"bad\":0,\"nan\":0,\"future\":0,\"rows_ahead\":0,\"bad_ahead\":0}\n{\"path\":\"a\"}\n",
    "{\"stream\":\"s\",\"rows\":1,\"bad\":0,\"nan\":0,\"future\":0,\"rows_ahead\":0,\"bad_ahead\":-1}\n",
    "{\"stream\":\"s\",\"rows\":1,\"bad\":0,\"nan\":0,\"future\":0,\"rows_ahead\":0,\"bad_ahead\":0}\n"
    "{\"path\":\"a\",\"device\":1,\"inode\":1,\"head\":2000,\"hash\":\"0000000000000000\",\"offset\":1,\"line\":1,\"body\":0}\n",
    "{\"stream\":\"s\",\"rows\":1,\"bad\":0,\"nan\":0,\"future\":0,\"rows_ahead\":0,\"bad_ahead\":0}\n"
    "{\"path\":\"a\",\"device\":1,\"inode\":1,\"head\":0,\"hash\":\"0000000000000000\",\"offset\":1,\"line\":1,\"body\":2}\n",
  };
  (void)state;
  for (size_t i = 0; i < T_COUNT(texts); i++) {
    run r;
    run_init(&r);
    run_input(&r, "x.csv", TSN_FORMAT_CSV, TSN_PLAIN);
    tsn_bytes_text(&r.position, texts[i]);
    T_ROW(run_open(&r) == TSN_EXIT_OUTPUT, texts[i]);
    says("the position of stream \"s\" is damaged");
    run_clear(&r);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(runs_that_are_broken_off_see_each_row_once),
    cmocka_unit_test(tables_go_on_behind_their_last_row),
    cmocka_unit_test(a_pipe_has_no_place),
    cmocka_unit_test(files_that_are_others_are_named),
    cmocka_unit_test(a_file_that_was_rotated_is_read_to_its_end_first),
    cmocka_unit_test(a_file_that_grows_is_followed),
    cmocka_unit_test(a_file_that_is_rotated_is_followed),
    cmocka_unit_test(positions_that_are_damaged_are_refused),
  };
  char command[96];
  int failed;

  strcpy(folder, "position-XXXXXX");
  if (!mkdtemp(folder)) return 1;
  tsn_say_instead = (tsn_say_elsewhere){ keep_said, NULL };
  failed = T_RUN(tests);
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command) != 0 || failed;
}
