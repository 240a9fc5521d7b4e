/* A query at work: see module.h.
 *
 *   inputs ──> the one whose next row is earliest pushes up to the others' next times ──> matcher ──> matches
 *
 * Nothing is done ahead: rows are read when no match waits, a few at first, so that the
 * first matches come early, then many at once. SQLite looks for interrupts, and calls
 * progress handlers, whenever rows are read. */
#include "bindings/sqlite/module.h"

#include <string.h>
#include <time.h>

#include "io/turn.h"

#define ROWS_FIRST ((size_t)32)
#define ROWS_MOST ((size_t)4096)
#define SLOW ((clock_t)(CLOCKS_PER_SEC / 20)) /* a push that takes longer is cut into smaller ones */

/* Microseconds since 1970 UTC, for NOW(). */
static int64_t clock_now(void *unused)
{
  struct timespec now;

  (void)unused;
  timespec_get(&now, TIME_UTC);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool is_wanted(const tsn_sql_text *t, size_t pattern)
{
  return t->only == SIZE_MAX || t->only == pattern;
}

/* Whether a wanted pattern reads the stream. */
static bool is_read(const tsn_sql_text *t, const tocsin_program *program, size_t stream)
{
  for (size_t i = 0; i < tocsin_program_pattern_count(program); i++)
    if (is_wanted(t, i) && tocsin_program_pattern_reads(program, i, stream)) return true;
  return false;
}

static int failed(const tsn_sql_scan *s, tocsin_status status, char **error)
{
  const char *message = tocsin_matcher_message(s->matcher);

  if (status == TOCSIN_NOMEM) return SQLITE_NOMEM;
  return tsn_sql_fail(error, tsn_sql_code(status), "%s: %s", s->text->name, *message ? message : tocsin_status_text(status));
}

/* --- opening --- */

static int open_matcher(tsn_sql_scan *s, char **error)
{
  const tsn_sql_settings *settings = &s->text->settings;
  tocsin_matcher_options options = { .allocator = &tsn_sql_memory, .late = s->endless ? settings->late : TOCSIN_LATE_FAIL, .now = clock_now };
  tocsin_status st;
  int opened = tsn_sql_functions_open(&s->functions, &s->alloc, s->text->db, s->program, error);

  if (opened != SQLITE_OK) return opened;
  options.max_paths_per_partition = settings->max_paths;
  options.max_rows_per_partition = settings->max_rows;
  options.max_bytes = settings->max_bytes;
  options.functions = s->functions.hosts;
  options.function_count = s->functions.count;
  st = tocsin_matcher_new(s->program, &options, &s->matcher);
  if (st == TOCSIN_OK || st == TOCSIN_NOMEM) return tsn_sql_code(st);
  return tsn_sql_fail(error, tsn_sql_code(st), "%s: %s", s->text->name, tocsin_status_text(st));
}

static int load_rows(tsn_sql_scan *s, tsn_sql_input *in, tocsin_load *load, char **error)
{
  int st = tsn_sql_input_fill(in, ROWS_MOST, error);

  while (st == SQLITE_OK && in->view.rows) {
    tocsin_status pushed = tocsin_load_push(load, &in->view, in->next, &in->next);
    if (pushed == TOCSIN_KEY) {
      if (s->text->settings.bad_fails)
        return tsn_sql_fail(error, SQLITE_CONSTRAINT, "%s: table %s: %s", s->text->name, in->name, tocsin_load_message(load));
      in->bad++;
      in->next++;
    } else if (pushed != TOCSIN_OK) {
      if (pushed == TOCSIN_NOMEM) return SQLITE_NOMEM;
      return tsn_sql_fail(error, tsn_sql_code(pushed), "%s: table %s: %s", s->text->name, in->name, tocsin_load_message(load));
    }
    if (in->next >= in->view.rows) st = tsn_sql_input_fill(in, ROWS_MOST, error);
  }
  return st;
}

/* The rows of a table that is joined, all of them before any stream's. */
static int load_table(tsn_sql_scan *s, size_t table, char **error)
{
  tsn_sql_input in;
  tocsin_load *load;
  tocsin_status begun = tocsin_matcher_load(s->matcher, table, &load);
  int st;

  if (begun != TOCSIN_OK) return failed(s, begun, error);
  st = tsn_sql_input_open(&in, s->text, &s->arena, s->program, table, true, NULL, 0, NULL, NULL, error);
  if (st == SQLITE_OK) st = load_rows(s, &in, load, error);
  if (st == SQLITE_OK) st = tsn_sql_code(tocsin_load_commit(load));
  tsn_sql_input_close(&in);
  tocsin_load_free(load);
  return st;
}

/* What the wanted keys come to in one stream: a column each, if it is the same for all parts that read the stream. */
static size_t filters_of(const tsn_sql_text *t, const tocsin_program *program, size_t stream, const tsn_sql_want *wants, size_t want_count,
                         tsn_sql_filter *out)
{
  size_t pattern = t->only;
  tocsin_pattern_info info = tocsin_program_pattern(program, pattern);
  size_t count = 0;

  for (size_t w = 0; w < want_count; w++) {
    size_t column = SIZE_MAX;
    bool one = true;
    for (size_t i = 0; i < info.part_count; i++) {
      tocsin_part_info part = tocsin_program_pattern_part(program, pattern, i);
      size_t own = tocsin_program_key_column(program, pattern, i, wants[w].key);
      if (part.is_pattern || part.index != stream) continue;
      one = one && own != SIZE_MAX && (column == SIZE_MAX || own == column);
      column = own;
    }
    if (!one || column == SIZE_MAX) continue;
    out[count++] = (tsn_sql_filter){ .column = tocsin_program_stream_column(program, stream, column).name, .values = wants[w].values,
                                    .count = wants[w].count };
  }
  return count;
}

static int open_inputs(tsn_sql_scan *s, const tsn_sql_request *request, char **error)
{
  const tsn_sql_want *wants = request->wants;
  size_t want_count = request->want_count;
  size_t streams = tocsin_program_stream_count(s->program), filter_count;
  tsn_sql_filter *filters = tsn_arena_new_array(&s->arena, tsn_sql_filter, want_count + 1);
  int st = SQLITE_OK;

  s->inputs = tsn_arena_new_array(&s->arena, tsn_sql_input, streams + 1);
  s->streams = tsn_arena_new_array(&s->arena, size_t, streams + 1);
  if (!s->inputs || !s->streams || !filters) return SQLITE_NOMEM;
  for (size_t i = 0; i < streams && st == SQLITE_OK; i++) {
    if (!is_read(s->text, s->program, i)) {
      tocsin_status over = tocsin_matcher_finish_stream(s->matcher, i);
      st = over == TOCSIN_OK ? SQLITE_OK : failed(s, over, error);
      continue;
    }
    filter_count = filters_of(s->text, s->program, i, wants, want_count, filters);
    s->streams[s->input_count] = i;
    st = tsn_sql_input_open(&s->inputs[s->input_count++], s->text, &s->arena, s->program, i, false, filters, filter_count, &request->times,
                            request->spans ? &request->spans[i] : NULL, error);
  }
  return st;
}

int tsn_sql_scan_explain(tsn_sql_text *text, const tsn_sql_request *request, sqlite3_str *out, char **error)
{
  const tocsin_program *program;
  tsn_arena arena;
  tsn_alloc alloc;
  bool several = false;
  int st = tsn_sql_text_program(text, 0, &program, error);

  tsn_alloc_init(&alloc, &tsn_sql_memory);
  tsn_arena_init(&arena, &alloc, 0);
  for (size_t i = 0; st == SQLITE_OK && i < tocsin_program_stream_count(program); i++) {
    tsn_sql_filter *filters = tsn_arena_new_array(&arena, tsn_sql_filter, request->want_count + 1);
    if (!is_read(text, program, i)) continue;
    if (several) sqlite3_str_appendall(out, "; ");
    several = true;
    st = filters ? tsn_sql_input_explain(text, &arena, program, i, filters,
                                           filters_of(text, program, i, request->wants, request->want_count, filters),
                                           &request->times, out, error)
                 : SQLITE_NOMEM;
  }
  tsn_arena_clear(&arena);
  return st;
}

static int open_all(tsn_sql_scan *s, const tsn_sql_request *request, char **error)
{
  int st = tsn_sql_text_program(s->text, request->details, &s->program, error);

  if (st == SQLITE_OK) st = open_matcher(s, error);
  for (size_t i = 0; st == SQLITE_OK && i < tocsin_program_table_count(s->program); i++)
    if (tocsin_program_table(s->program, i).needed) st = load_table(s, i, error);
  return st == SQLITE_OK ? open_inputs(s, request, error) : st;
}

int tsn_sql_scan_open(tsn_sql_scan *s, tsn_sql_text *text, const tsn_sql_request *request, char **error)
{
  int st;

  *s = (tsn_sql_scan){ .text = text, .rows_at_once = ROWS_FIRST, .push_at_once = ROWS_FIRST, .endless = request->spans != NULL };
  tsn_alloc_init(&s->alloc, &tsn_sql_memory);
  tsn_arena_init(&s->arena, &s->alloc, 0);
  st = open_all(s, request, error);
  if (st != SQLITE_OK) tsn_sql_scan_close(s);
  return st;
}

/* The counters that each host gives: rows in = matched over + filtered + late + bad. */
static void keep_stats(const tsn_sql_scan *s)
{
  tocsin_stats e;
  sqlite3_uint64 bad = 0, nan = 0;
  char *text;

  tocsin_matcher_stats(s->matcher, &e);
  for (size_t i = 0; i < s->input_count; i++) bad += s->inputs[i].bad, nan += s->inputs[i].nan;
  text = sqlite3_mprintf("{\"rows_in\":%llu,\"rows_matched_over\":%llu,\"rows_filtered\":%llu,\"rows_late\":%llu,\"rows_bad\":%llu,\"nan_values\":%llu,"
                         "\"matches\":%llu,\"timeouts\":%llu,\"dropped\":%llu,\"live_paths_peak\":%llu,\"state_bytes_peak\":%llu}",
                         (sqlite3_uint64)e.rows_in + bad, (sqlite3_uint64)e.rows_matched_over, (sqlite3_uint64)e.rows_filtered,
                         (sqlite3_uint64)e.rows_late,
                         (sqlite3_uint64)e.rows_bad + bad, (sqlite3_uint64)e.nan_values + nan, (sqlite3_uint64)e.matches,
                         (sqlite3_uint64)e.timeouts,
                         (sqlite3_uint64)e.dropped, (sqlite3_uint64)e.live_paths_peak, (sqlite3_uint64)e.bytes_peak);
  if (!text) return; /* the older ones stay */
  sqlite3_free(s->text->connection->stats);
  s->text->connection->stats = text;
}

void tsn_sql_scan_close(tsn_sql_scan *s)
{
  if (!s->text) return;
  if (s->matcher && !s->endless) keep_stats(s);
  sqlite3_finalize(s->pulse);
  for (size_t i = 0; i < s->input_count; i++) tsn_sql_input_close(&s->inputs[i]);
  tocsin_matcher_free(s->matcher);
  tsn_sql_functions_close(&s->functions);
  sqlite3_free(s->error);
  tsn_arena_clear(&s->arena);
  *s = (tsn_sql_scan){ .text = NULL };
}

/* --- going on --- */

/* The input whose next row comes first, or one that has to be read before that is known; NULL: all are over. */
static tsn_sql_input *choose(tsn_sql_scan *s, tsn_turn *turn)
{
  *turn = TSN_TURN;
  for (size_t i = 0; i < s->input_count; i++) {
    tsn_sql_input *in = &s->inputs[i];
    if (in->next < in->view.rows) tsn_turn_see(turn, i, tsn_sql_input_time(in, in->next));
    else if (!in->over) return in;
  }
  return turn->any ? &s->inputs[turn->who] : NULL;
}

static size_t rows_until(const tsn_sql_input *in, const tsn_turn *turn)
{
  size_t row = in->next;

  while (row < in->view.rows && tsn_turn_goes(turn, tsn_sql_input_time(in, row))) row++;
  return row;
}

static int fill(tsn_sql_scan *s, tsn_sql_input *in, char **error)
{
  tocsin_status finished;
  int st = tsn_sql_input_fill(in, s->rows_at_once, error);

  if (s->rows_at_once < ROWS_MOST) s->rows_at_once *= 2;
  if (st != SQLITE_OK || in->view.rows) return st;
  in->over = true;
  if (s->endless) {
    sqlite3_finalize(in->rows);
    in->rows = NULL;
    return SQLITE_OK;
  }
  finished = tocsin_matcher_finish_stream(s->matcher, s->streams[in - s->inputs]);
  return finished == TOCSIN_OK ? SQLITE_OK : failed(s, finished, error);
}

/* Pushes rows up to `limit`, so many that an interrupt need not wait for long. */
static int push(tsn_sql_scan *s, tsn_sql_input *in, size_t limit, char **error)
{
  tocsin_batch batch = in->view;
  clock_t begin = clock(), spent;
  tocsin_status st;
  int beat = SQLITE_OK;

  if (limit - in->next > s->push_at_once) limit = in->next + s->push_at_once;
  batch.rows = limit;
  st = tocsin_matcher_push(s->matcher, s->streams[in - s->inputs], &batch, in->next, &in->next);
  spent = clock() - begin;
  if (spent > SLOW) s->push_at_once = s->push_at_once / 2 + 1;
  else if (spent < SLOW / 4 && s->push_at_once < ROWS_MOST) s->push_at_once *= 2;
  if (st != TOCSIN_OK) return failed(s, st, error);
  if (spent < SLOW / 8) return SQLITE_OK; /* reading comes back to SQLite soon */
  if (!s->pulse) beat = sqlite3_prepare_v2(s->text->db, "SELECT 1", -1, &s->pulse, NULL);
  if (beat == SQLITE_OK) beat = sqlite3_step(s->pulse);
  sqlite3_reset(s->pulse);
  return beat == SQLITE_ROW || beat == SQLITE_DONE ? SQLITE_OK : beat;
}

/* Reads or pushes some rows. */
static int go_on(tsn_sql_scan *s, char **error)
{
  tsn_turn turn;
  tsn_sql_input *in = choose(s, &turn);
  tocsin_status st;

  if (!in) {
    s->finished = true;
    if (s->endless) return SQLITE_OK;
    st = tocsin_matcher_finish(s->matcher);
    return st == TOCSIN_OK ? SQLITE_OK : failed(s, st, error);
  }
  if (in->next >= in->view.rows) return fill(s, in, error);
  return push(s, in, s->input_count > 1 ? rows_until(in, &turn) : in->view.rows, error);
}

int tsn_sql_scan_next(tsn_sql_scan *s, bool *more, char **error)
{
  int st = SQLITE_OK;

  *more = true;
  while (st == SQLITE_OK) {
    while (tocsin_matcher_next(s->matcher, &s->match))
      if (is_wanted(s->text, s->match.pattern)) return SQLITE_OK;
    if (s->stopped != SQLITE_OK) break;
    if (s->finished) {
      *more = false;
      return SQLITE_OK;
    }
    /* What was decided before a failure is told before it. */
    s->stopped = go_on(s, &s->error);
  }
  *error = s->error;
  s->error = NULL;
  return s->stopped;
}

/* --- more --- */

int tsn_sql_scan_row(tsn_sql_scan *s, size_t input, sqlite3_value **values, char **error)
{
  tsn_sql_input *in = &s->inputs[input];
  tocsin_status pushed;
  int st;

  tsn_batch_reset(&in->batch);
  st = tsn_sql_input_row(in, values, error);
  in->view = tsn_batch_view(&in->batch);
  in->next = in->view.rows;
  if (st != SQLITE_OK || !in->view.rows) return st;
  in->next = 0;
  while (in->next < in->view.rows) {
    pushed = tocsin_matcher_push(s->matcher, s->streams[input], &in->view, in->next, &in->next);
    if (pushed != TOCSIN_OK) return failed(s, pushed, error);
    if (in->next < in->view.rows) return SQLITE_INTERNAL; /* the output is full: matches were not taken before */
  }
  return SQLITE_OK;
}

int tsn_sql_scan_advance(tsn_sql_scan *s, int64_t watermark, char **error)
{
  tocsin_status st = tocsin_matcher_advance(s->matcher, watermark);

  return st == TOCSIN_OK ? SQLITE_OK : failed(s, st, error);
}

int tsn_sql_scan_finish(tsn_sql_scan *s, char **error)
{
  tocsin_status st = tocsin_matcher_finish(s->matcher);

  return st == TOCSIN_OK ? SQLITE_OK : failed(s, st, error);
}
