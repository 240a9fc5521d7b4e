/* SQLite with Tocsin linked in, as SQLITE_CORE has it, for tests that drive it through pipes.
 *
 *   in    OPEN [file]\n                 a new connection instead of the old one; without a file in memory
 *         USE <n>\n                    of four connections the n-th from now on; each is opened for itself
 *         SQL <bytes>\n<text>\n         statements, run to their end
 *         STEP <bytes>\n<text>\n        one statement, each value of its rows looked at and none shown: [rows, processor seconds]
 *         INTERRUPT <steps>\n           the next SQL is interrupted by a progress handler after so many of its calls
 *         ALARM <seconds>\n            the next SQL is interrupted after so long
 *         DEFENSIVE\n                  SQLITE_DBCONFIG_DEFENSIVE from now on
 *         HEAP <bytes>\n                hard_heap_limit from now on; 0: none
 *   out   for each OPEN, SQL and STEP: for each statement with columns a line COLUMNS and a JSON array of their names, then a
 *         JSON array a row; at the end END <code> <message>
 *
 *   --load MODULE   the loadable module is loaded instead of what is linked in
 *   --fail-at N     the N-th allocation from each SQL on fails, and every later one of that SQL */
#define _DEFAULT_SOURCE
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int sqlite3_tocsin_init(sqlite3 *db, char **error, const sqlite3_api_routines *api);

static const char *module;
static sqlite3 *all[4], *db;
static int used;

/* --- memory that fails --- */

static sqlite3_mem_methods plain;
static long calls, fail_at;

static void *failing_malloc(int size)
{
  return fail_at && ++calls >= fail_at ? NULL : plain.xMalloc(size);
}

static void *failing_realloc(void *block, int size)
{
  return fail_at && ++calls >= fail_at ? NULL : plain.xRealloc(block, size);
}

/* --- output --- */

static void put_text(const char *text, size_t length)
{
  size_t i;
  putchar('"');
  for (i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') printf("\\%c", c);
    else if (c < 0x20) printf("\\u%04x", c);
    else putchar(c);
  }
  putchar('"');
}

static void put_value(sqlite3_stmt *s, int i)
{
  char *real;
  switch (sqlite3_column_type(s, i)) {
  case SQLITE_INTEGER: printf("%lld", (long long)sqlite3_column_int64(s, i)); break;
  case SQLITE_FLOAT:
    real = sqlite3_mprintf("%!.17g", sqlite3_column_double(s, i));
    printf("%s", strcmp(real, "Inf") == 0 ? "Infinity" : strcmp(real, "-Inf") == 0 ? "-Infinity" : real);
    sqlite3_free(real);
    break;
  case SQLITE_NULL: printf("null"); break;
  default: put_text((const char *)sqlite3_column_text(s, i), (size_t)sqlite3_column_bytes(s, i)); break;
  }
}

static void put_row(sqlite3_stmt *s, int names)
{
  int i;
  printf(names ? "COLUMNS [" : "[");
  for (i = 0; i < sqlite3_column_count(s); i++) {
    const char *name = names ? sqlite3_column_name(s, i) : NULL;
    if (i) putchar(',');
    if (names) put_text(name, strlen(name));
    else put_value(s, i);
  }
  puts("]");
}

static void put_end(int code, const char *message)
{
  printf("END %d ", code);
  for (; code != SQLITE_OK && *message; message++) printf(*message == '\n' ? "\\n" : "%c", *message);
  putchar('\n');
  fflush(stdout);
}

/* --- input --- */

static void open_database(const char *name)
{
  char *error = NULL;
  int st;
  sqlite3_close(db);
  st = sqlite3_open(*name ? name : ":memory:", &db);
  all[used] = db;
  if (st == SQLITE_OK && module) {
    sqlite3_enable_load_extension(db, 1);
    st = sqlite3_load_extension(db, module, NULL, &error);
  } else if (st == SQLITE_OK) {
    st = sqlite3_tocsin_init(db, &error, NULL);
  }
  put_end(st, error ? error : sqlite3_errmsg(db));
  sqlite3_free(error);
}

static void interrupt_soon(int unused)
{
  (void)unused;
  sqlite3_interrupt(db);
}

static int interrupt_now(void *left)
{
  return --*(long *)left <= 0;
}

static void run(const char *text, long interrupt)
{
  int st = SQLITE_OK;
  if (interrupt) sqlite3_progress_handler(db, 100, interrupt_now, &interrupt);
  while (st == SQLITE_OK && *text) {
    sqlite3_stmt *s;
    st = sqlite3_prepare_v2(db, text, -1, &s, &text);
    if (st != SQLITE_OK || !s) continue;
    if (sqlite3_column_count(s)) put_row(s, 1);
    while ((st = sqlite3_step(s)) == SQLITE_ROW) put_row(s, 0);
    if (st == SQLITE_DONE) st = SQLITE_OK;
    sqlite3_finalize(s);
  }
  if (interrupt) sqlite3_progress_handler(db, 0, NULL, NULL);
  put_end(st == SQLITE_OK ? st : sqlite3_extended_errcode(db), sqlite3_errmsg(db));
}

/* How fast rows come. */
static void step(const char *text)
{
  sqlite3_stmt *s = NULL;
  long rows = 0;
  double sum = 0;
  clock_t begin = clock();
  int i, st = sqlite3_prepare_v2(db, text, -1, &s, NULL);
  while (st == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
    for (i = 0, rows++; i < sqlite3_column_count(s); i++) {
      switch (sqlite3_column_type(s, i)) {
      case SQLITE_INTEGER: sum += (double)sqlite3_column_int64(s, i); break;
      case SQLITE_FLOAT: sum += sqlite3_column_double(s, i); break;
      default: sum += sqlite3_column_text(s, i) ? 1 : 0; break;
      }
    }
  }
  st = sqlite3_finalize(s);
  printf("[%ld,%.6f,%.17g]\n", rows, (double)(clock() - begin) / CLOCKS_PER_SEC, sum);
  put_end(st, sqlite3_errmsg(db));
}

static char *read_text(size_t length)
{
  char *text = malloc(length + 1);
  if (!text || fread(text, 1, length, stdin) != length || getchar() != '\n') {
    fprintf(stderr, "host: fewer bytes than announced, or no newline behind them\n");
    exit(2);
  }
  text[length] = 0;
  return text;
}

int main(int argc, char **argv)
{
  char line[4096];
  long interrupt = 0, failing = 0;
  int i;
  for (i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--load") && i + 1 < argc) module = argv[++i];
    else if (!strcmp(argv[i], "--fail-at") && i + 1 < argc) failing = strtol(argv[++i], NULL, 10);
    else {
      fprintf(stderr, "usage: host [--load MODULE] [--fail-at N] < blocks\n");
      return 2;
    }
  }
  if (failing) {
    sqlite3_mem_methods methods;
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain);
    methods = plain;
    methods.xMalloc = failing_malloc;
    methods.xRealloc = failing_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  }
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (!strncmp(line, "OPEN", 4)) {
      open_database(line[4] ? line + 5 : "");
    } else if (!strncmp(line, "SQL ", 4)) {
      char *text = read_text(strtoul(line + 4, NULL, 10));
      calls = 0;
      fail_at = strstr(text, "-- fails") ? failing : 0;
      run(text, interrupt);
      fail_at = interrupt = 0;
      free(text);
    } else if (!strncmp(line, "STEP ", 5)) {
      char *text = read_text(strtoul(line + 5, NULL, 10));
      step(text);
      free(text);
    } else if (!strncmp(line, "USE ", 4)) {
      used = (int)(strtol(line + 4, NULL, 10) & 3);
      db = all[used];
    } else if (!strncmp(line, "INTERRUPT ", 10)) {
      interrupt = strtol(line + 10, NULL, 10);
    } else if (!strncmp(line, "ALARM ", 6)) {
      signal(SIGALRM, interrupt_soon);
      alarm((unsigned)strtoul(line + 6, NULL, 10));
    } else if (!strcmp(line, "DEFENSIVE")) {
      sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    } else if (!strncmp(line, "HEAP ", 5)) {
      sqlite3_hard_heap_limit64(strtoll(line + 5, NULL, 10));
    } else {
      fprintf(stderr, "host: %s is no block\n", line);
      return 2;
    }
  }
  for (i = 0; i < 4; i++) sqlite3_close(all[i]);
  return 0;
}
