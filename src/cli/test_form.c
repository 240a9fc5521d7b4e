/* Tests as text: see test_form.h. A line at a time; its first word tells what it is,
 * unless it stands to the right of a `given` or `expect`: then it is a row of a table. */
#include "cli/test_form.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/say.h"

typedef struct reading {
  tsn_arena *arena;
  tsn_test_file *file;
  unsigned line;
  tsn_test *test; /* the one at hand, or NULL */
  tsn_test **next_test;
  tsn_test_step *step; /* the one that takes rows, or NULL */
  tsn_test_step **next_step;
  tsn_test_row **next_row;
} reading;

/* A piece of a line. */
typedef struct piece {
  const char *at, *end;
} piece;

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

static piece trim(piece p)
{
  while (p.at < p.end && is_blank(*p.at)) p.at++;
  while (p.at < p.end && is_blank(p.end[-1])) p.end--;
  return p;
}

static size_t length_of(piece p)
{
  return (size_t)(p.end - p.at);
}

static bool is_word(piece p, const char *word)
{
  return tsn_same_name(p.at, length_of(p), word, strlen(word));
}

/* Takes the first word of what is left. */
static piece take_word(piece *rest)
{
  piece word = *rest = trim(*rest);

  while (word.at < rest->end && !is_blank(*word.at)) word.at++;
  word = (piece){ rest->at, word.at };
  rest->at = word.end;
  *rest = trim(*rest);
  return word;
}

static bool take(piece *rest, const char *expected)
{
  piece all = *rest, word = take_word(&all);

  if (!is_word(word, expected)) return false;
  *rest = all;
  return true;
}

/* Takes a word from the end of what is left. */
static bool take_last(piece *rest, const char *expected)
{
  size_t length = strlen(expected);
  piece p = trim(*rest);

  if (length_of(p) < length || !tsn_same_name(p.end - length, length, expected, length)) return false;
  if (length_of(p) > length && !is_blank(p.end[-(ptrdiff_t)length - 1])) return false;
  p.end -= length;
  *rest = trim(p);
  return true;
}

static const char *keep(reading *r, piece p)
{
  return tsn_arena_text(r->arena, p.at, length_of(p));
}

__attribute__((format(printf, 2, 3))) static int wrong(const reading *r, const char *format, ...)
{
  char text[512];
  va_list list;

  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  tsn_say_plain("%s:%u: %s", r->file->path, r->line, text);
  return TSN_EXIT_PATTERN;
}

/* --- steps --- */

static tsn_test_step *add_step(reading *r, tsn_test_kind kind, size_t indent, bool takes_rows)
{
  tsn_test_step *step = tsn_arena_new(r->arena, tsn_test_step);

  if (!step) return NULL;
  step->kind = kind;
  step->line = step->last_line = r->line;
  step->indent = indent;
  *r->next_step = step;
  r->next_step = &step->next;
  r->step = takes_rows ? step : NULL;
  r->next_row = &step->rows;
  return step;
}

/* given [STREAM] [from FILE] */
static int read_given(reading *r, piece rest, size_t indent)
{
  tsn_test_step *step = add_step(r, TSN_TEST_GIVEN, indent, true);
  bool from;

  if (!step) return 0;
  from = take(&rest, "from");
  if (!from && length_of(rest)) {
    step->name = keep(r, take_word(&rest));
    from = take(&rest, "from");
  }
  if (!from) return length_of(rest) ? wrong(r, "'given STREAM' or 'given STREAM from FILE' is meant") : 0;
  if (!length_of(rest)) return wrong(r, "the file behind 'from' is missing");
  step->text = keep(r, rest);
  r->step = NULL;
  return 0;
}

/* then DURATION passes; then it is TIME; then the input ends */
static int read_then(reading *r, piece rest, size_t indent)
{
  tsn_test_step *step = add_step(r, TSN_TEST_PASSES, indent, false);
  piece all = rest;

  if (!step) return 0;
  if (take(&all, "the") && take(&all, "input") && take(&all, "ends") && !length_of(all)) {
    step->kind = TSN_TEST_ENDS;
    return 0;
  }
  all = rest;
  if (take(&all, "it") && take(&all, "is") && length_of(all)) {
    step->kind = TSN_TEST_IS;
    step->text = keep(r, all);
    return 0;
  }
  if ((take_last(&rest, "pass") || take_last(&rest, "passes")) && length_of(rest)) {
    step->text = keep(r, rest);
    return 0;
  }
  return wrong(r, "'then 5 minutes pass', 'then it is 09:30' or 'then the input ends' is meant");
}

/* expect nothing | timeout(s) | N match(es) | N timeout(s) | N late row(s) | error TEXT | -, [of PATTERN] */
static int read_expect(reading *r, piece rest, size_t indent)
{
  tsn_test_step *step = add_step(r, TSN_TEST_MATCHES, indent, true);
  int64_t count;
  piece all = rest, word;

  if (!step) return 0;
  if (take(&rest, "error")) {
    step->kind = TSN_TEST_ERROR;
    step->text = keep(r, rest);
    r->step = NULL;
    return length_of(rest) ? 0 : wrong(r, "what the error says is missing: expect error TEXT");
  }
  word = take_word(&all);
  if (tsn_parse_int64(word.at, length_of(word), &count)) {
    if (count < 0) return wrong(r, "a number of matches is meant");
    rest = all;
    step->count = (size_t)count;
    step->counted = true;
    r->step = NULL;
    if (take(&rest, "late")) {
      step->kind = TSN_TEST_LATE;
      return (take(&rest, "row") || take(&rest, "rows")) && !length_of(rest) ? 0 : wrong(r, "'expect 1 late row' is meant");
    }
  }
  if (!step->counted && take(&rest, "nothing")) {
    step->kind = TSN_TEST_NOTHING;
    r->step = NULL;
  } else if (take(&rest, "timeout") || take(&rest, "timeouts")) {
    step->kind = TSN_TEST_TIMEOUTS;
  } else if (!take(&rest, "match") && !take(&rest, "matches") && step->counted) {
    return wrong(r, "'expect 2 matches', 'expect 1 timeout' or 'expect 1 late row' is meant");
  }
  if (!length_of(rest)) return 0;
  if (!take(&rest, "of")) take(&rest, "from");
  word = take_word(&rest);
  if (!length_of(word) || length_of(rest))
    return wrong(r, "'expect', 'expect nothing', 'expect timeout' or 'expect of PATTERN' is meant");
  step->name = keep(r, word);
  return 0;
}

/* --- rows: cells between bars --- */

/* A cell ends at a bar; one that begins with a quote, at a bar behind its end. */
static const char *cell_end(piece rest)
{
  const char *p = rest.at;

  while (p < rest.end && is_blank(*p)) p++;
  if (p < rest.end && *p == '\'') {
    for (p++; p < rest.end; p++) {
      if (*p != '\'') continue;
      if (p + 1 < rest.end && p[1] == '\'') p++;
      else break;
    }
  }
  while (p < rest.end && *p != '|') p++;
  return p;
}

/* Where the head stands between bars, bars at both ends of a row are ornament; else a row
 * that begins with one has an empty cell there. */
static piece without_bars(tsn_test_step *step, piece row)
{
  if (!step->rows) step->barred = *row.at == '|';
  if (!step->barred || *row.at != '|') return row;
  row.at++;
  if (row.at < row.end && row.end[-1] == '|') row.end--;
  return row;
}

static int read_row(reading *r, piece line)
{
  tsn_test_step *step = r->step;
  tsn_test_row *row = tsn_arena_new(r->arena, tsn_test_row);
  piece rest = without_bars(step, line);
  size_t count = 1;

  if (!row) return 0;
  for (piece p = rest; (p.at = cell_end(p)) < p.end; p.at++) count++;
  if (step->rows && count != step->rows->count)
    return wrong(r, "this row has %zu cells, but the table has %zu columns", count, step->rows->count);
  row->line = r->line;
  row->cells = tsn_arena_new_array(r->arena, const char *, count);
  if (!row->cells) return 0;
  for (; row->count < count; row->count++) {
    const char *end = cell_end(rest);
    row->cells[row->count] = keep(r, trim((piece){ rest.at, end }));
    rest.at = end < rest.end ? end + 1 : end;
  }
  step->last_line = r->test->last_line = r->line;
  *r->next_row = row;
  r->next_row = &row->next;
  return 0;
}

/* --- the file --- */

/* with NAME = VALUE */
static int read_with(reading *r, piece rest)
{
  const char *equals = memchr(rest.at, '=', length_of(rest));
  tsn_test_parameter *p = tsn_arena_new(r->arena, tsn_test_parameter), **list;
  piece name, value;

  if (!p) return 0;
  if (!equals) return wrong(r, "'with NAME = VALUE' is meant");
  name = trim((piece){ rest.at, equals });
  value = trim((piece){ equals + 1, rest.end });
  if (length_of(name) && *name.at == ':') name.at++;
  if (!length_of(name) || !length_of(value)) return wrong(r, "'with NAME = VALUE' is meant");
  if (r->test && r->test->steps) return wrong(r, "'with' stands before what is given");
  p->name = keep(r, name);
  p->value = keep(r, value);
  p->line = r->line;
  list = r->test ? &r->test->parameters : &r->file->parameters;
  p->next = *list;
  *list = p;
  return 0;
}

static int read_test(reading *r, piece rest)
{
  tsn_test *test = tsn_arena_new(r->arena, tsn_test);

  if (!test) return 0;
  if (!length_of(rest)) return wrong(r, "what the test promises is missing: test A CART IS LEFT BEHIND");
  test->name = keep(r, rest);
  test->line = r->line;
  *r->next_test = r->test = test;
  r->next_test = &test->next;
  r->next_step = &test->steps;
  r->step = NULL;
  return 0;
}

static int read_line(reading *r, piece line)
{
  piece rest = trim(line), word;
  size_t indent = (size_t)(rest.at - line.at);
  static const char words[] = "test, with, given, then, expect";

  if (!length_of(rest)) return 0;
  if (r->step && indent > r->step->indent) return *rest.at == '#' ? 0 : read_row(r, rest);
  if (*rest.at == '#') return 0;
  word = take_word(&rest);
  if (is_word(word, "test")) return read_test(r, rest);
  if (is_word(word, "with")) return read_with(r, rest);
  if (!r->test && (is_word(word, "given") || is_word(word, "then") || is_word(word, "expect")))
    return wrong(r, "this belongs to no test; a test begins with a line 'test WHAT IT PROMISES'");
  if (r->test) r->test->last_line = r->line;
  if (is_word(word, "given")) return read_given(r, rest, indent);
  if (is_word(word, "then")) return read_then(r, rest, indent);
  if (is_word(word, "expect")) return read_expect(r, rest, indent);
  return wrong(r, "'%.*s' begins no line of a test; there are %s. Rows of a table stand to the right of 'given' or "
               "'expect'", (int)(length_of(word) < 60 ? length_of(word) : 60), word.at, words);
}

int tsn_test_read(tsn_arena *arena, const char *path, const char *text, size_t length, tsn_test_file *out)
{
  reading r = { .arena = arena, .file = out };
  const char *end = text + length;
  int st = 0;

  out->path = path;
  r.next_test = &out->tests;
  if (!tsn_utf8_valid(text, length) || memchr(text, '\0', length)) {
    tsn_say("%s: this is no text in UTF-8", path);
    return TSN_EXIT_PATTERN;
  }
  while (text < end && st == 0) {
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    if (!stop) stop = end;
    r.line++;
    st = read_line(&r, (piece){ text, stop });
    text = stop < end ? stop + 1 : end;
  }
  if (tsn_arena_failed(arena) != TOCSIN_OK) return tsn_no_memory();
  for (tsn_test *t = out->tests; t && st == 0; t = t->next) {
    tsn_test_parameter **last = &t->parameters;
    bool expects = false;
    while (*last) last = &(*last)->next;
    *last = out->parameters; /* the test's own are found first */
    for (const tsn_test_step *s = t->steps; s; s = s->next) expects |= s->kind >= TSN_TEST_MATCHES;
    r.line = t->line;
    if (!expects) st = wrong(&r, "this test expects nothing that could fail; 'expect' or 'expect nothing' is missing");
  }
  return st;
}
