/* Playing one test: see test_play.h. */
#include "cli/test_play.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/diag_print.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/source.h"
#include "cli/stamp.h"
#include "cli/test_cell.h"

typedef struct play {
  const tsn_args *args;
  tsn_alloc *alloc;
  tsn_arena *arena;
  const tsn_test_file *file;
  const tsn_test *test;
  tsn_test_result *result;
  tocsin_program *program;
  tocsin_matcher *matcher;
  tocsin_type time_type;
  int64_t now;
  bool *looked;              /* at which patterns the test looks */
  tsn_outcome *came, **next; /* since the last expectation */
  tsn_answer **next_answer;
  size_t late;      /* rows, since the last expectation */
  unsigned late_at; /* the line of the last one */
  tocsin_late_row last_late;
  bool ended;        /* the matcher takes nothing any more */
  const char *error; /* why the run stopped; NULL: it did not */
  unsigned error_at;
} play;

/* A line of the report. */
__attribute__((format(printf, 3, 4))) static int fail(play *p, unsigned line, const char *format, ...)
{
  char text[1024];
  va_list list;

  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  p->result->failed = p->result->wrong = true;
  tsn_bytes_printf(&p->result->report, "%s:%u: %s\n", p->file->path, line, text);
  return 0;
}

/* --- outcomes --- */

static bool copy_value(play *p, const tocsin_value *from, tocsin_value *to)
{
  *to = *from;
  if (from->is_null || (from->type != TOCSIN_TEXT && from->type != TOCSIN_LIST)) return true;
  to->as.text.bytes = tsn_arena_text(p->arena, from->as.text.bytes, from->as.text.length);
  return to->as.text.bytes != NULL;
}

static int drain(play *p)
{
  tocsin_match match;

  while (tocsin_matcher_next(p->matcher, &match)) {
    tsn_outcome *o;
    if (!p->looked[match.pattern]) continue;
    o = tsn_arena_new(p->arena, tsn_outcome);
    if (!o) return tsn_no_memory();
    o->pattern = match.pattern;
    o->timeout = match.timeout;
    o->values = tsn_arena_new_array(p->arena, tocsin_value, match.value_count);
    if (!o->values) return tsn_no_memory();
    for (size_t i = 0; i < match.value_count; i++)
      if (!copy_value(p, &match.values[i], &o->values[i])) return tsn_no_memory();
    *p->next = o;
    p->next = &o->next;
  }
  return 0;
}

/* The run has stopped with an error. */
static int stopped(play *p, tocsin_status st, unsigned line)
{
  const char *message = tocsin_matcher_message(p->matcher);

  if (st == TOCSIN_NOMEM) return tsn_no_memory();
  if (!*message) message = tocsin_status_text(st);
  p->error = tsn_arena_text(p->arena, message, strlen(message));
  p->error_at = line;
  p->ended = true;
  return p->error ? 0 : tsn_no_memory();
}

/* --- given --- */

static void told_late(void *context, const tocsin_late_row *row)
{
  play *p = context;

  p->late++;
  p->last_late = *row;
}

static int push(play *p, size_t stream, const tocsin_batch *batch, unsigned line)
{
  size_t at = 0;
  int st = 0;

  while (at < batch->rows && st == 0 && !p->ended) {
    tocsin_status pushed = tocsin_matcher_push(p->matcher, stream, batch, at, &at);
    size_t late = p->late;
    st = drain(p);
    if (st == 0 && pushed == TOCSIN_LATE) at++;
    else if (st == 0 && pushed != TOCSIN_OK) st = stopped(p, pushed, line);
    if (late) p->late_at = line;
  }
  return st;
}

static int set_cell(play *p, tsn_batch *batch, size_t column, const tsn_column_def *def, const char *text, unsigned line)
{
  tocsin_value v;
  char why[256];

  if (!tsn_test_value(p->arena, text, def->type, def->unit, p->now, &v, why)) return fail(p, line, "column %s: %s", def->name, why);
  if (v.is_null) {
    if (def->not_null) return fail(p, line, "column %s may not be NULL here", def->name);
    return 0;
  }
  switch (def->type) {
  case TOCSIN_BOOLEAN:
    tsn_batch_set_bool(batch, column, v.as.boolean);
    break;
  case TOCSIN_DOUBLE:
    tsn_batch_set_double(batch, column, v.as.real);
    break;
  case TOCSIN_TEXT:
    tsn_batch_set_text(batch, column, v.as.text.bytes, v.as.text.length);
    break;
  default:
    tsn_batch_set_int64(batch, column, v.as.integer);
    break;
  }
  return 0;
}

/* Which column of the schema stands in each column of the table; NULL: a failure was told, or memory. */
static size_t *match_head(play *p, const tsn_schema *schema, const tsn_test_row *head)
{
  size_t *columns = tsn_arena_new_array(p->arena, size_t, head->count);
  bool *set = tsn_arena_new_array(p->arena, bool, schema->column_count);

  if (!columns || !set) return NULL;
  for (size_t i = 0; i < head->count; i++) {
    const char *name = head->cells[i];
    size_t at = 0;
    while (at < schema->column_count && !tsn_same_name(schema->columns[at].name, strlen(schema->columns[at].name), name, strlen(name)))
      at++;
    if (at == schema->column_count || set[at]) {
      fail(p, head->line, at == schema->column_count ? "%s has no column \"%s\"" : "%s: a second column \"%s\"", schema->name, name);
      return NULL;
    }
    set[at] = true;
    columns[i] = at;
  }
  for (size_t i = 0; i < schema->column_count; i++) {
    if (!schema->columns[i].not_null || set[i]) continue;
    fail(p, head->line, "%s: the column \"%s\" is missing, which may not be NULL here", schema->name, schema->columns[i].name);
    return NULL;
  }
  return columns;
}

static void see_time(play *p, const tsn_source *s, const tocsin_batch *batch)
{
  for (size_t row = 0; row < batch->rows && s->time != SIZE_MAX; row++) {
    int64_t key = tsn_source_key(s, batch, row);
    if (key > p->now) p->now = key;
  }
}

static int give_table_row(play *p, tocsin_load *load, tsn_batch *batch, unsigned line)
{
  tocsin_batch view = tsn_batch_view(batch);
  size_t taken;
  tocsin_status st = tocsin_load_push(load, &view, 0, &taken);

  if (st == TOCSIN_NOMEM) return tsn_no_memory();
  return st == TOCSIN_OK ? 0 : fail(p, line, "%s", tocsin_load_message(load));
}

/* --- rows that stand in the test: told by key or by time, they happen in order of time --- */

typedef struct given_row {
  const tsn_test_row *row;
  int64_t time; /* 0 where there is none */
  size_t at;
} given_row;

static int by_time(const void *left, const void *right)
{
  const given_row *a = left, *b = right;

  if (a->time != b->time) return a->time < b->time ? -1 : 1;
  return a->at < b->at ? -1 : a->at > b->at;
}

static int64_t time_of(const tocsin_value *v)
{
  if (v->is_null) return INT64_MIN;
  return v->type == TOCSIN_DOUBLE ? tsn_time_of_double(v->as.real) : v->as.integer;
}

/* The rows in order of their time cells, of which `+5 minutes` counts from the row above. */
static given_row *order_rows(play *p, const tsn_source *s, const tsn_test_step *step, const size_t *columns, size_t *count)
{
  const tsn_test_row *head = step->rows;
  given_row *list;
  int64_t now = p->now;
  size_t time = 0;

  *count = 0;
  for (const tsn_test_row *row = head->next; row; row = row->next) ++*count;
  list = tsn_arena_new_array(p->arena, given_row, *count + 1);
  if (!list) return NULL;
  while (time < head->count && columns[time] != s->time) time++;
  *count = 0;
  for (const tsn_test_row *row = head->next; row; row = row->next) {
    given_row *g = &list[*count];
    *g = (given_row){ row, 0, *count };
    ++*count;
    if (time < head->count) {
      const tsn_column_def *def = &s->schema.columns[s->time];
      tocsin_value v;
      char why[256];
      if (!tsn_test_value(p->arena, row->cells[time], def->type, def->unit, now, &v, why)) {
        fail(p, row->line, "column %s: %s", def->name, why);
        return NULL;
      }
      g->time = time_of(&v);
      if (!v.is_null) now = g->time;
    }
  }
  qsort(list, *count, sizeof *list, by_time);
  return list;
}

static void set_time(tsn_batch *batch, size_t column, tocsin_type type, int64_t time)
{
  if (type == TOCSIN_DOUBLE) tsn_batch_set_double(batch, column, tsn_double_of_time(time));
  else tsn_batch_set_int64(batch, column, time);
}

/* One row of the table into the batch. false: something was told. */
static bool make_row(play *p, tsn_batch *batch, const tsn_source *s, const size_t *columns, const given_row *g)
{
  for (size_t i = 0; i < g->row->count && !p->result->wrong; i++) {
    const tsn_column_def *def = &s->schema.columns[columns[i]];
    if (columns[i] == s->time && g->time != INT64_MIN) set_time(batch, columns[i], def->type, g->time);
    else (void)set_cell(p, batch, columns[i], def, g->row->cells[i], g->row->line);
  }
  return !p->result->wrong && tsn_batch_commit(batch) == TOCSIN_OK;
}

static int give_one(play *p, tsn_source *s, const given_row *g, const size_t *columns, tsn_batch *batch, tocsin_load *load)
{
  tocsin_batch view;

  tsn_batch_reset(batch);
  if (!make_row(p, batch, s, columns, g)) return batch->failed == TOCSIN_OK ? 0 : tsn_no_memory();
  if (load) return give_table_row(p, load, batch, g->row->line);
  view = tsn_batch_view(batch);
  see_time(p, s, &view);
  return push(p, s->stream, &view, g->row->line);
}

/* load: of a table, or NULL. */
static int give_rows(play *p, tsn_source *s, const tsn_test_step *step, tocsin_load *load)
{
  const size_t *columns = step->rows ? match_head(p, &s->schema, step->rows) : NULL;
  const given_row *list = NULL;
  size_t count = 0;
  tsn_batch batch;
  int st = 0;

  if (columns) list = order_rows(p, s, step, columns, &count);
  if (tsn_arena_failed(p->arena) != TOCSIN_OK) return tsn_no_memory();
  if (!list) return step->rows ? 0 : fail(p, step->line, "rows are missing");
  if (tsn_batch_init(&batch, p->alloc, &s->schema) != TOCSIN_OK) return tsn_no_memory();
  for (size_t i = 0; i < count && st == 0 && !p->ended && !p->result->wrong; i++)
    st = give_one(p, s, &list[i], columns, &batch, load);
  tsn_batch_clear(&batch);
  return st;
}

/* What reading a file says belongs to the report. */
static void take_said(void *context, const char *bytes, size_t length)
{
  play *p = context;

  p->result->failed = p->result->wrong = true;
  tsn_bytes_printf(&p->result->report, "%s: ", p->file->path);
  tsn_bytes_append(&p->result->report, bytes, length);
}

static int give_batch(play *p, tsn_source *s, const tsn_test_step *step, tocsin_load *load)
{
  size_t taken;

  if (!load) {
    see_time(p, s, &s->view);
    return push(p, s->stream, &s->view, step->line);
  }
  switch (tocsin_load_push(load, &s->view, 0, &taken)) {
  case TOCSIN_OK:
    return 0;
  case TOCSIN_NOMEM:
    return tsn_no_memory();
  default:
    return fail(p, step->line, "%s", tocsin_load_message(load));
  }
}

static void told_bad(void *context, tsn_source *s, const tsn_bad_row *row)
{
  play *p = context;

  (void)s;
  fail(p, p->error_at, "%s:%llu: bad row: %s", row->source, (unsigned long long)row->line, row->reason);
}

/* Rows of a file, whose path counts from the folder of the test. */
static int give_file(play *p, tsn_source *s, const tsn_test_step *step, tocsin_load *load)
{
  const char *slash = strrchr(p->file->path, '/');
  int folder = *step->text == '/' || !slash ? 0 : (int)(slash - p->file->path + 1);
  const char *path = tsn_arena_printf(p->arena, "%.*s%s", folder, p->file->path, step->text);
  tsn_inputs inputs = { .arena = p->arena };
  tsn_say_elsewhere before = tsn_say_instead;
  int st;

  if (!path) return tsn_no_memory();
  tsn_say_instead = (tsn_say_elsewhere){ take_said, p };
  p->error_at = step->line;
  st = tsn_inputs_add(&inputs, p->args, path, TSN_FORMAT_NONE);
  s->inputs = tsn_arena_new_array(p->arena, const tsn_input *, inputs.count + 1);
  for (size_t i = 0; s->inputs && i < inputs.count; i++) s->inputs[s->input_count++] = &inputs.items[i];
  s->on_bad = told_bad;
  s->context = p;
  if (st == 0) st = tsn_source_begin(s);
  while (st == 0 && s->inputs && !s->done && !p->ended) {
    st = tsn_source_fill(s);
    if (st == 0 && !s->done) st = give_batch(p, s, step, load);
  }
  tsn_say_instead = before;
  return p->result->wrong ? 0 : st;
}

static bool names_equal(const char *a, const char *b)
{
  return tsn_same_name(a, strlen(a), b, strlen(b));
}

/* The stream or table that a step names, or the only stream. false: told. */
static bool find_target(play *p, const tsn_test_step *step, size_t *index, bool *is_table)
{
  size_t streams = tocsin_program_stream_count(p->program), tables = tocsin_program_table_count(p->program);

  *is_table = false;
  if (!step->name && streams != 1) {
    fail(p, step->line, "the pattern file has %zu streams; say which: given STREAM", streams);
    return false;
  }
  for (*index = 0; *index < streams; ++*index)
    if (!step->name || names_equal(tocsin_program_stream(p->program, *index).name, step->name)) return true;
  *is_table = true;
  for (*index = 0; *index < tables; ++*index)
    if (names_equal(tocsin_program_table(p->program, *index).name, step->name)) return true;
  fail(p, step->line, "the pattern file declares no stream \"%s\"", step->name);
  return false;
}

static int give_to(play *p, tsn_source *s, const tsn_test_step *step, tocsin_load *load)
{
  return step->text ? give_file(p, s, step, load) : give_rows(p, s, step, load);
}

static int give_table(play *p, tsn_source *s, const tsn_test_step *step)
{
  tocsin_load *load = NULL;
  tocsin_status st = tocsin_matcher_load(p->matcher, s->stream, &load);
  int given;

  if (st != TOCSIN_OK) return stopped(p, st, step->line);
  given = give_to(p, s, step, load);
  if (given == 0 && !p->result->wrong && tocsin_load_commit(load) != TOCSIN_OK)
    given = fail(p, step->line, "the table cannot be loaded");
  tocsin_load_free(load);
  return given;
}

static int give(play *p, const tsn_test_step *step)
{
  tsn_source s = { .alloc = &s.own, .time = SIZE_MAX };
  size_t index;
  bool is_table;
  int st;

  if (!find_target(p, step, &index, &is_table)) return 0;
  tsn_alloc_init(&s.own, NULL);
  st = is_table ? tsn_source_table_shape(&s, p->arena, p->program, index) : tsn_source_shape(&s, p->arena, p->program, index);
  if (st == 0) st = is_table ? give_table(p, &s, step) : give_to(p, &s, step, NULL);
  tsn_source_close(&s);
  return st;
}

/* --- then --- */

static int pass_until(play *p, int64_t later, unsigned line)
{
  tocsin_status st;
  int drained;

  p->now = later;
  st = tocsin_matcher_advance(p->matcher, tsn_time_add(later, 1)); /* rows of `later` itself are over too */
  drained = drain(p);
  if (drained == 0 && st != TOCSIN_OK) return stopped(p, st, line);
  return drained;
}

static int pass(play *p, const tsn_test_step *step)
{
  tocsin_value v;
  int64_t later = 0;
  char why[256];

  if (step->kind == TSN_TEST_PASSES) {
    if (!tsn_test_duration(step->text, p->time_type, p->now, &later))
      return fail(p, step->line, "'%.100s' is no %s", step->text,
                  p->time_type == TOCSIN_TIMESTAMP ? "duration, such as 5 minutes" : "number");
    return pass_until(p, later, step->line);
  }
  if (!tsn_test_value(p->arena, step->text, p->time_type, TOCSIN_UNIT_NONE, p->now, &v, why) || v.is_null)
    return fail(p, step->line, "%s", why);
  later = p->time_type == TOCSIN_DOUBLE ? tsn_time_of_double(v.as.real) : v.as.integer;
  if (later < p->now) return fail(p, step->line, "it is later already: time does not go back");
  return pass_until(p, later, step->line);
}

static int end(play *p, unsigned line)
{
  tocsin_status st = tocsin_matcher_finish(p->matcher);
  int drained = drain(p);

  p->ended = true;
  if (drained == 0 && st != TOCSIN_OK) return stopped(p, st, line);
  return drained;
}

/* --- expect --- */

static size_t find_pattern(const play *p, const char *name)
{
  size_t count = tocsin_program_pattern_count(p->program), at = 0;

  while (name && at < count && !names_equal(tocsin_program_pattern(p->program, at).name, name)) at++;
  return at;
}

/* Takes the outcomes of an answer out of those that came. */
static bool take(play *p, tsn_answer *a, bool both)
{
  tsn_outcome **at = &p->came;
  size_t room = 0;

  for (tsn_outcome *o = p->came; o; o = o->next) room++;
  a->outcomes = tsn_arena_new_array(p->arena, tsn_outcome *, room + 1);
  if (!a->outcomes) return false;
  while (*at) {
    tsn_outcome *o = *at;
    if (o->pattern == a->pattern && (both || o->timeout == a->timeouts)) {
      a->outcomes[a->count++] = o;
      *at = o->next;
    } else {
      at = &o->next;
    }
  }
  p->next = at;
  return true;
}

static int judge(play *p, tsn_answer *a)
{
  unsigned line;
  char why[256];
  int holds = a->step ? tsn_test_holds(p->arena, p->program, a, &line, why) : 0;

  *p->next_answer = a;
  p->next_answer = &a->next;
  if (holds < 0) return fail(p, line, "%s", why);
  a->differs = !holds;
  if (holds) return 0;
  p->result->failed = true;
  return tsn_test_show(p->arena, p->file, a, p->result);
}

static int answer(play *p, const tsn_test_step *step, size_t pattern)
{
  tsn_answer *a = tsn_arena_new(p->arena, tsn_answer);

  if (!a) return tsn_no_memory();
  *a = (tsn_answer){ .step = step, .behind = step->last_line, .indent = step->indent, .pattern = pattern };
  a->timeouts = step->kind == TSN_TEST_TIMEOUTS;
  if (!take(p, a, step->kind == TSN_TEST_NOTHING)) return tsn_no_memory();
  return judge(p, a);
}

static int expect_late(play *p, const tsn_test_step *step)
{
  size_t late = p->late;

  p->late = 0;
  return late == step->count ? 0 : fail(p, step->line, "%zu late rows were expected, %zu came", step->count, late);
}

static int expect_error(play *p, const tsn_test_step *step)
{
  const char *error = p->error;

  p->error = NULL;
  if (!error) return fail(p, step->line, "an error was expected, and none came");
  return strstr(error, step->text) ? 0 : fail(p, step->line, "another error came: %s", error);
}

static int expect(play *p, const tsn_test_step *step)
{
  int st = 0;

  if (step->kind == TSN_TEST_LATE) return expect_late(p, step);
  if (step->kind == TSN_TEST_ERROR) return expect_error(p, step);
  if (step->name || tocsin_program_pattern_count(p->program) == 1) return answer(p, step, find_pattern(p, step->name));
  for (size_t i = 0; i < tocsin_program_pattern_count(p->program) && st == 0; i++)
    if (p->looked[i]) st = answer(p, step, i);
  return st;
}

/* What came and nobody has expected. */
static int surprise(play *p, unsigned line, size_t indent)
{
  while (p->came) {
    tsn_answer *a = tsn_arena_new(p->arena, tsn_answer);
    int st;
    if (!a) return tsn_no_memory();
    *a = (tsn_answer){ .behind = line, .indent = indent, .pattern = p->came->pattern, .timeouts = p->came->timeout };
    if (!take(p, a, false)) return tsn_no_memory();
    st = judge(p, a);
    if (st != 0) return st;
  }
  if (p->late) {
    char time[TSN_STAMP_TEXT], watermark[TSN_STAMP_TEXT];
    fail(p, p->late_at, "this row is late: its time is %s, and all before %s is over; 'expect 1 late row' expects it",
         tsn_stamp_text(p->time_type, p->last_late.time, false, time),
         tsn_stamp_text(p->time_type, p->last_late.watermark, false, watermark));
    p->late = 0;
  }
  if (p->error) fail(p, p->error_at, "the run stopped: %s", p->error);
  p->error = NULL;
  return 0;
}

/* --- a whole test --- */

static const char *pattern_list(const play *p)
{
  const char *list = "";

  for (size_t i = 0; list && i < tocsin_program_pattern_count(p->program); i++)
    list = tsn_arena_printf(p->arena, "%s%s%s", list, i ? ", " : "", tocsin_program_pattern(p->program, i).name);
  return list ? list : "";
}

/* Patterns that the test names; all where it does not name any, or expects nothing at all. */
static bool look_at(play *p)
{
  size_t count = tocsin_program_pattern_count(p->program);
  bool all = count == 1;

  p->looked = tsn_arena_new_array(p->arena, bool, count);
  if (!p->looked) return true;
  for (const tsn_test_step *s = p->test->steps; s; s = s->next) {
    size_t at = find_pattern(p, s->name);
    if (s->kind != TSN_TEST_MATCHES && s->kind != TSN_TEST_TIMEOUTS && s->kind != TSN_TEST_NOTHING) continue;
    if (s->name && at == count) {
      fail(p, s->line, "there is no pattern \"%s\", only %s", s->name, pattern_list(p));
      return false;
    }
    if (!s->name && count > 1 && s->kind != TSN_TEST_NOTHING) {
      fail(p, s->line, "the file has several patterns (%s); say which: expect of PATTERN", pattern_list(p));
      return false;
    }
    if (s->name) p->looked[at] = true;
    else all = true;
  }
  for (size_t i = 0; all && i < count; i++) p->looked[i] = true;
  return true;
}

static bool is_expectation(const tsn_test_step *s)
{
  return s->kind >= TSN_TEST_MATCHES;
}

static int play_step(play *p, const tsn_test_step *s)
{
  if (is_expectation(s)) return expect(p, s);
  if (p->ended) return p->error ? 0 : fail(p, s->line, "the input has ended: nothing can follow");
  if (s->kind == TSN_TEST_GIVEN) return give(p, s);
  return s->kind == TSN_TEST_ENDS ? end(p, s->line) : pass(p, s);
}

/* Where matches are missing: whether they would come at the end of the input. */
static int look_behind_end(play *p, unsigned line)
{
  bool missing = false;
  size_t more = 0;
  int st;

  for (const tsn_answer *a = p->result->answers; a; a = a->next) missing |= a->step && a->differs;
  if (!missing || p->ended) return 0;
  st = end(p, line);
  for (const tsn_outcome *o = p->came; o; o = o->next) more++;
  p->came = NULL;
  p->next = &p->came;
  if (st == 0 && more)
    tsn_bytes_printf(&p->result->report, "  hint: %zu more %s decided only when the input ends; write 'then the input ends' "
                     "before the last 'expect', or let time pass\n", more, more == 1 ? "outcome is" : "outcomes are");
  return st;
}

static int play_steps(play *p)
{
  unsigned last = p->test->line;
  size_t indent = 2;
  int st = 0;

  for (const tsn_test_step *s = p->test->steps; s && st == 0; s = s->next) {
    st = play_step(p, s);
    if (st == 0 && is_expectation(s) && (!s->next || !is_expectation(s->next))) st = surprise(p, s->last_line, s->indent);
    last = s->last_line;
    indent = s->indent;
    if (p->result->wrong) return st; /* what follows says nothing */
  }
  if (st == 0) st = surprise(p, last, indent);
  return st ? st : look_behind_end(p, last);
}

static int compile(play *p, const tsn_bytes *pattern)
{
  tocsin_compile_options options = { .allocator = NULL };
  tocsin_parameter *parameters;
  tocsin_diagnostics *list = NULL;
  const char *text = pattern->length ? pattern->data : "";
  size_t count = 0;
  tocsin_status st;

  for (const tsn_test_parameter *q = p->test->parameters; q; q = q->next) count++;
  options.parameters = parameters = tsn_arena_new_array(p->arena, tocsin_parameter, count + 1);
  if (!parameters) return tsn_no_memory();
  for (const tsn_test_parameter *q = p->test->parameters; q; q = q->next) {
    size_t at = 0;
    while (at < options.parameter_count && !names_equal(parameters[at].name, q->name)) at++;
    if (at == options.parameter_count) parameters[options.parameter_count++] = (tocsin_parameter){ q->name, q->value };
  }
  st = tocsin_compile(text, pattern->length, &options, &p->program, &list);
  if (st != TOCSIN_OK && st != TOCSIN_NOMEM) fail(p, p->test->line, "the pattern file does not compile with this test's parameters");
  for (size_t i = 0; st != TOCSIN_OK && i < tocsin_diagnostics_count(list); i++)
    if (tocsin_diagnostics_get(list, i)->severity == TOCSIN_ERROR)
      tsn_diag_show(tocsin_diagnostics_get(list, i), p->file->pattern, pattern->data, pattern->length, false, &p->result->report);
  tocsin_diagnostics_free(list);
  p->result->program = p->program;
  return st == TOCSIN_NOMEM ? tsn_no_memory() : 0;
}

/* NOW() is the time of the test, so that it answers the same tomorrow. */
static int64_t now_of_test(void *context)
{
  const play *p = context;
  return p->time_type == TOCSIN_TIMESTAMP ? p->now : TSN_TEST_DAY * INT64_C(86400000000);
}

static int open_matcher(play *p)
{
  tocsin_matcher_options options = { .on_late = told_late, .on_late_context = p, .now = now_of_test, .now_context = p };
  tocsin_status st = tocsin_matcher_new(p->program, &options, &p->matcher);

  if (st == TOCSIN_NOMEM) return tsn_no_memory();
  if (st == TOCSIN_MISSING)
    return fail(p, p->test->line, "the pattern calls a function that the host supplies, and the command has none to give");
  return st == TOCSIN_OK ? 0 : fail(p, p->test->line, "%s", tocsin_status_text(st));
}

static void find_time(play *p)
{
  p->time_type = TOCSIN_TIMESTAMP;
  for (size_t i = 0; i < tocsin_program_stream_count(p->program); i++) {
    tocsin_stream_info info = tocsin_program_stream(p->program, i);
    if (info.event_time >= 0) p->time_type = tocsin_program_stream_column(p->program, i, (size_t)info.event_time).type;
  }
  p->now = p->time_type == TOCSIN_TIMESTAMP ? TSN_TEST_DAY * INT64_C(86400000000) : 0;
}

int tsn_test_play(const tsn_args *args, tsn_alloc *alloc, tsn_arena *arena, const tsn_test_file *file, const tsn_test *test,
                  const tsn_bytes *pattern, tsn_test_result *out)
{
  play p = { .args = args, .alloc = alloc, .arena = arena, .file = file, .test = test, .result = out };
  double start = tsn_clock_wall();
  int st;

  *out = (tsn_test_result){ .failed = false };
  tsn_bytes_init(&out->report, alloc, 0);
  p.next = &p.came;
  p.next_answer = &out->answers;
  st = compile(&p, pattern);
  if (st == 0 && p.program) {
    find_time(&p);
    if (look_at(&p)) {
      st = open_matcher(&p);
      if (st == 0 && p.matcher) st = play_steps(&p);
    }
  }
  tocsin_matcher_free(p.matcher);
  out->seconds = tsn_clock_wall() - start;
  if (st == 0 && (out->report.failed != TOCSIN_OK || tsn_arena_failed(arena) != TOCSIN_OK)) st = tsn_no_memory();
  return st;
}

void tsn_test_result_clear(tsn_test_result *result)
{
  if (result->report.alloc) tsn_bytes_clear(&result->report);
  tocsin_program_free(result->program);
  *result = (tsn_test_result){ .failed = false };
}
