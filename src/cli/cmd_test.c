/* tocsin test [PATH...]: see docs/reference/tests.md */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/files.h"
#include "cli/say.h"
#include "cli/test_report.h"

/* Paths of files of tests, and of pattern files, in the order in which they were found. */
typedef struct paths {
  tsn_arena *arena;
  const char **items;
  size_t count, cap;
} paths;

typedef struct testing {
  const tsn_args *args;
  tsn_alloc *alloc;
  tsn_arena arena; /* of the whole run */
  paths tests, patterns;
  const char *only;
  bool update;
  tsn_test_report report;
} testing;

/* --- finding --- */

static int push(paths *list, const char *path)
{
  if (list->count == list->cap) {
    size_t cap = list->cap ? list->cap * 2 : 32;
    const char **items = tsn_arena_new_array(list->arena, const char *, cap);
    if (!items) return tsn_no_memory();
    if (list->count) memcpy(items, list->items, list->count * sizeof *items);
    list->items = items;
    list->cap = cap;
  }
  if (!path) return tsn_no_memory();
  list->items[list->count++] = path;
  return 0;
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The path with another ending, or NULL where it has not the first one. */
static const char *other_ending(tsn_arena *arena, const char *path, const char *ending, const char *instead)
{
  size_t length = strlen(path), tail = strlen(ending);

  if (length <= tail || strcmp(path + length - tail, ending) != 0) return NULL;
  return tsn_arena_printf(arena, "%.*s%s", (int)(length - tail), path, instead);
}

static bool ends_with(const char *path, const char *ending)
{
  size_t length = strlen(path), tail = strlen(ending);
  return length > tail && !strcmp(path + length - tail, ending);
}

static int add_folder(testing *t, const char *path);

/* asked: it stands on the command line. */
static int add_path(testing *t, const char *path, bool asked)
{
  struct stat info;

  if (stat(path, &info) != 0) {
    tsn_say("cannot read %s: %s", path, strerror(errno));
    return TSN_EXIT_INPUT;
  }
  if (S_ISDIR(info.st_mode)) return add_folder(t, path);
  if (ends_with(path, ".test")) return push(&t->tests, path);
  if (!ends_with(path, ".cep")) return asked ? tsn_args_wrong(t->args->command, "%s is neither a .cep nor a .test file", path) : 0;
  return asked ? push(&t->tests, other_ending(&t->arena, path, ".cep", ".test")) : push(&t->patterns, path);
}

static int read_folder(paths *names, const char *path)
{
  DIR *folder = opendir(path);
  struct dirent *entry;
  int st = 0;

  if (!folder) {
    tsn_say("cannot read %s: %s", path, strerror(errno));
    return TSN_EXIT_INPUT;
  }
  while (st == 0 && (entry = readdir(folder)) != NULL)
    if (entry->d_name[0] != '.')
      st = push(names, tsn_arena_printf(names->arena, "%s%s%s", !strcmp(path, ".") ? "" : path,
                                        !strcmp(path, ".") || path[strlen(path) - 1] == '/' ? "" : "/", entry->d_name));
  closedir(folder);
  return st;
}

/* All that lies below, in the order of names; links to folders are not followed, as they may lead back. */
static int add_folder(testing *t, const char *path)
{
  paths names = { .arena = &t->arena };
  int st = read_folder(&names, path);

  if (names.count) qsort(names.items, names.count, sizeof *names.items, by_name);
  for (size_t i = 0; i < names.count && st == 0; i++) {
    struct stat info;
    bool is_link = lstat(names.items[i], &info) == 0 && S_ISLNK(info.st_mode);
    if (is_link && stat(names.items[i], &info) == 0 && S_ISDIR(info.st_mode)) continue;
    st = add_path(t, names.items[i], false);
  }
  return st;
}

/* Pattern files that have no tests beside them. */
static void tell_untested(const testing *t)
{
  size_t count = 0;
  const char *first = NULL;

  for (size_t i = 0; i < t->patterns.count; i++) {
    bool tested = false;
    for (size_t k = 0; k < t->tests.count && !tested; k++)
      tested = strlen(t->tests.items[k]) == strlen(t->patterns.items[i]) + 1 &&
               !strncmp(t->tests.items[k], t->patterns.items[i], strlen(t->patterns.items[i]) - 3);
    if (!tested && count++ == 0) first = t->patterns.items[i];
  }
  if (count == 1) tsn_say("%s has no tests", first);
  if (count > 1) tsn_say("%s and %zu more pattern files have no tests", first, count - 1);
}

/* --- playing --- */

static bool is_wanted(const testing *t, const char *name)
{
  return !t->only || strstr(name, t->only);
}

static int play_tests(testing *t, tsn_arena *arena, const tsn_test_file *file, const tsn_bytes *pattern, tsn_test_edit **edits)
{
  int st = 0;

  for (const tsn_test *test = file->tests; test && st == 0; test = test->next) {
    tsn_test_result result;
    bool mends;
    if (!is_wanted(t, test->name)) continue;
    st = tsn_test_play(t->args, t->alloc, arena, file, test, pattern, &result);
    mends = t->update && result.failed && !result.wrong;
    if (st == 0 && mends) st = tsn_test_mend(arena, t->alloc, test, &result, edits);
    if (st == 0)
      st = tsn_test_report_case(&t->report, file->path, test->name, result.failed, mends, result.seconds,
                                result.report.length ? result.report.data : "", result.report.length);
    tsn_test_result_clear(&result);
  }
  return st;
}

static int update_file(testing *t, const char *path, const tsn_bytes *text, const tsn_test_edit *edits)
{
  tsn_bytes mended;
  int st;

  tsn_bytes_init(&mended, t->alloc, 0);
  tsn_test_edit_text(text->length ? text->data : "", text->length, edits, &mended);
  st = mended.failed == TOCSIN_OK ? tsn_files_replace(path, mended.data ? mended.data : "", mended.length, t->alloc) : tsn_no_memory();
  tsn_bytes_clear(&mended);
  return st;
}

/* A file that cannot be read as tests counts as one that fails; what is wrong was said. */
static int broken_file(testing *t, const char *path)
{
  static const char why[] = "the file cannot be read as tests\n";
  return tsn_test_report_case(&t->report, path, "the file itself", true, false, 0, why, sizeof why - 1);
}

static int play_file(testing *t, const char *path)
{
  tsn_test_file file = { .path = path };
  tsn_test_edit *edits = NULL;
  tsn_bytes text, pattern;
  tsn_arena arena;
  int st;

  tsn_arena_init(&arena, t->alloc, 0);
  tsn_bytes_init(&text, t->alloc, 0);
  tsn_bytes_init(&pattern, t->alloc, 0);
  file.pattern = other_ending(&arena, path, ".test", ".cep");
  st = file.pattern ? tsn_files_read(path, &text) : tsn_no_memory();
  if (st == 0) st = tsn_test_read(&arena, path, text.length ? text.data : "", text.length, &file);
  if (st == 0) st = tsn_files_read(file.pattern, &pattern);
  if (st == TSN_EXIT_PATTERN || st == TSN_EXIT_INPUT) st = broken_file(t, path);
  else if (st == 0) st = play_tests(t, &arena, &file, &pattern, &edits);
  if (st == 0 && edits) st = update_file(t, path, &text, edits);
  if (st == 0) st = tsn_test_report_file(&t->report, path);
  tsn_bytes_clear(&pattern);
  tsn_bytes_clear(&text);
  tsn_arena_clear(&arena);
  return st;
}

static int play_all(testing *t)
{
  const char *junit = tsn_args_value(t->args, "junit");
  tsn_bytes cases;
  int st;

  tsn_bytes_init(&cases, t->alloc, 0);
  st = tsn_test_report_open(&t->report, t->alloc, tsn_args_has(t->args, "tap"), junit ? &cases : NULL);
  for (size_t i = 0; i < t->tests.count && st == 0; i++) st = play_file(t, t->tests.items[i]);
  if (st == 0) st = tsn_test_report_end(&t->report);
  if (st == 0 && junit) st = tsn_files_replace(junit, cases.data, cases.length, t->alloc);
  if (st == 0 && t->report.failed) st = TSN_EXIT_PATTERN;
  if (st == 0 && t->report.passed + t->report.updated == 0)
    st = tsn_args_wrong(t->args->command, "no test was found whose promise holds '%s'", t->only ? t->only : "");
  tsn_test_report_close(&t->report);
  tsn_bytes_clear(&cases);
  return st == TSN_EXIT_PIPE ? 0 : st;
}

static int run(tsn_args *args)
{
  testing t = { .args = args, .alloc = &args->alloc };
  int st = 0;

  tsn_arena_init(&t.arena, t.alloc, 0);
  t.tests.arena = t.patterns.arena = &t.arena;
  t.only = tsn_args_value(args, "only");
  t.update = tsn_args_has(args, "update");
  for (size_t i = 0; i < args->operand_count && st == 0; i++) st = add_path(&t, args->operands[i], true);
  if (!args->operand_count) st = add_path(&t, ".", true);
  if (st == 0 && !t.tests.count) st = tsn_args_wrong(args->command, "no test was found; those of cart.cep stand in cart.test beside it");
  if (st == 0) st = play_all(&t);
  if (st == 0 || st == TSN_EXIT_PATTERN) tell_untested(&t);
  tsn_arena_clear(&t.arena);
  return st;
}

static const tsn_option options[] = {
  { 0, "update", NULL, "write what came into the expectations that differ", false },
  { 0, "only", "TEXT", "only tests whose promise holds TEXT", false },
  { 0, "tap", NULL, "tell as TAP, the Test Anything Protocol", false },
  { 0, "junit", "FILE", "also write a JUnit report to FILE", false },
  { 0, NULL, NULL, NULL, false },
};

const tsn_command tsn_cmd_test = {
  .name = "test",
  .arguments = "[OPTION]... [PATH]...",
  .summary = "run the tests beside pattern files",
  .about = "Runs the tests of pattern files. Those of cart.cep stand beside it in cart.test: rows\n"
           "are given, time passes, and matches, timeouts or nothing are expected. A PATH is a\n"
           "file or a folder with all that lies below it; without one, this folder.\n"
           "Ends with status 1 where a test fails.",
  .options = options,
  .examples = "  tocsin test\n"
              "  tocsin test abandoned_cart.cep\n"
              "  tocsin test patterns --junit report.xml\n"
              "  tocsin test --update --only 'left behind'   then look at what it wrote\n",
  .run = run,
};
