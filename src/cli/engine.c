/* Rows to the matcher, matches to the output: see engine.h. */
#include "cli/engine.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/stamp.h"

/* --- matches --- */

/* What a look at the clock adds to a time between two looks. */
static double clock_cost(void)
{
  double least = 1;

  for (int i = 0; i < 32; i++) {
    double before = tsn_clock_wall(), between = tsn_clock_wall() - before;
    if (between < least) least = between;
  }
  return least;
}

/* Takes all matches that wait. Processor time is split between the matcher and
 * the writing by a sample, as reading the clock around each match would cost more than the match. */
static int drain_timed(tsn_engine *e)
{
  double begin = tsn_clock_cpu(), taking = 0, writing = 0, elsewhere = 0, cost = clock_cost(), all;
  tocsin_match match;
  int st = 0;

  for (uint64_t n = 0; st == 0; n++) {
    bool sampled = n < 16 || n % 16 == 0;
    double before = sampled ? tsn_clock_wall() : 0, between;
    int more = tocsin_matcher_next(e->matcher, &match);
    between = sampled ? tsn_clock_wall() : 0;
    if (sampled && between - before > cost) taking += between - before - cost;
    if (!more) break;
    st = tsn_out_row(&e->out, &match);
    if (sampled) writing += tsn_clock_wall() - between - cost;
    if (st == 0 && tsn_out_is_full(&e->out)) {
      double pause = tsn_clock_cpu();
      st = tsn_out_flush(&e->out);
      elsewhere += tsn_clock_cpu() - pause;
    }
  }
  all = tsn_clock_cpu() - begin - elsewhere;
  if (taking + writing > 0) e->match_seconds += all * taking / (taking + writing);
  return st;
}

static int drain(tsn_engine *e)
{
  tocsin_match match;
  int st = 0;

  if (e->timing) return drain_timed(e);
  while (st == 0 && tocsin_matcher_next(e->matcher, &match)) {
    st = tsn_out_row(&e->out, &match);
    if (st == 0 && tsn_out_is_full(&e->out)) st = tsn_out_flush(&e->out);
  }
  return st;
}

/* --- rows --- */

void tsn_engine_late(void *context, const tocsin_late_row *row)
{
  tsn_engine *e = context;
  e->late = *row;
  if (e->job->on_late) e->job->on_late(e->job->tracer->context, e->pushing, row);
  tsn_aside_late(&e->aside, e->pushing, row);
}

/* The matcher stopped. row: of the source, or SIZE_MAX. */
static int engine_failed(tsn_engine *e, const tsn_source *s, size_t row, tocsin_status st)
{
  const char *message = tocsin_matcher_message(e->matcher);
  tsn_origin origin;

  if (!*message) message = tocsin_status_text(st);
  if (s && row < s->view.rows && tsn_source_origin(s, row, &origin))
    tsn_say_plain("%s:%llu: %s", s->input->name, (unsigned long long)origin.line, message);
  else
    tsn_say("%s", message);
  return tsn_exit_of(st);
}

static int row_failed(tsn_engine *e, const tsn_source *s, size_t row, tocsin_status st)
{
  if (st != TOCSIN_LATE) return engine_failed(e, s, row, st);
  tsn_aside_late_error(&e->aside, s, &e->late);
  return TSN_EXIT_INPUT;
}

/* Pushes rows that do not lie too far ahead. */
static int push(tsn_engine *e, tsn_source *s, size_t limit)
{
  tocsin_batch batch = s->view;
  int st = 0;

  batch.rows = limit;
  e->pushing = s;
  while (st == 0 && s->next < limit) {
    double begin = e->timing ? tsn_clock_cpu() : 0;
    size_t taken = s->next;
    tocsin_status pushed = tocsin_matcher_push(e->matcher, s->stream, &batch, s->next, &taken);
    bool moved = taken > s->next;
    uint64_t before = e->out.rows;
    if (e->timing) e->match_seconds += tsn_clock_cpu() - begin;
    s->next = taken;
    st = drain(e);
    if (st != 0) break;
    if (pushed != TOCSIN_OK) return row_failed(e, s, taken, pushed);
    if (e->aside.failed) return e->aside.failed;
    if (!moved && e->out.rows == before && e->only == SIZE_MAX) {
      tsn_say("the matcher does not go on: this is a bug");
      return TSN_EXIT_OUTPUT;
    }
  }
  return st;
}

/* A bad row that only a look at the source's rows has found. */
static void told_bad(tsn_engine *e, tsn_source *s, size_t row, const char *column, const char *reason)
{
  tsn_origin origin = { .offset = TSN_NO_OFFSET };
  tsn_bad_row bad = { .source = s->input->name, .column = column, .reason = reason };

  (void)tsn_source_origin(s, row, &origin); /* unless it is known no more */
  bad.line = origin.line;
  bad.offset = origin.offset;
  bad.raw = origin.raw;
  bad.raw_length = origin.raw_length;
  tsn_aside_bad(&e->aside, s, &bad);
}

static void told_future(tsn_engine *e, tsn_source *s, size_t row)
{
  char time[TSN_STAMP_TEXT], span[TSN_STAMP_TEXT], reason[160];

  snprintf(reason, sizeof reason, "%s lies more than %s ahead of the clock (--max-future)",
           tsn_stamp_text(TOCSIN_TIMESTAMP, tsn_source_key(s, &s->view, row), false, time),
           tsn_stamp_text(TOCSIN_INTERVAL, e->live.max_future_us, false, span));
  s->future++;
  told_bad(e, s, row, s->schema.columns[s->time].name, reason);
}

/* The first row from s->next on that lies too far ahead; limit: there is none before. */
static size_t find_future(const tsn_engine *e, const tsn_source *s, size_t limit)
{
  int64_t bound = tsn_time_add(tsn_clock_now(NULL), e->live.max_future_us);
  size_t row = s->next;

  while (row < limit && tsn_source_key(s, &s->view, row) <= bound) row++;
  return row;
}

int tsn_engine_push(tsn_engine *e, tsn_source *s, size_t limit)
{
  bool looks = e->live.max_future_us >= 0 && s->time != SIZE_MAX && tsn_source_time_type(s) == TOCSIN_TIMESTAMP;
  int st = 0;

  while (st == 0 && s->next < limit) {
    size_t until = looks ? find_future(e, s, limit) : limit;
    st = push(e, s, until);
    if (st != 0 || until == limit) break;
    told_future(e, s, s->next++);
    st = e->aside.failed;
  }
  return st;
}

int tsn_engine_advance(tsn_engine *e, int64_t watermark)
{
  double begin = e->timing ? tsn_clock_cpu() : 0;
  tocsin_status advanced = tocsin_matcher_advance(e->matcher, watermark);
  int st;

  if (e->timing) e->match_seconds += tsn_clock_cpu() - begin;
  st = drain(e);
  return st == 0 && advanced != TOCSIN_OK ? engine_failed(e, NULL, SIZE_MAX, advanced) : st;
}

static uint64_t bytes_read(const tsn_engine *e)
{
  uint64_t bytes = 0;
  for (size_t i = 0; i < e->job->source_count; i++) bytes += tsn_source_bytes(&e->job->sources[i]);
  for (size_t i = 0; i < e->job->table_count; i++) bytes += tsn_source_bytes(&e->job->tables[i]);
  return bytes;
}

static uint64_t rows_read(const tsn_engine *e)
{
  uint64_t rows = 0;
  for (size_t i = 0; i < e->job->source_count; i++) rows += tsn_source_counts(&e->job->sources[i]).rows;
  return rows;
}

/* Keeps the watermark of the data, which its end does not move. */
void tsn_engine_see_watermark(tsn_engine *e)
{
  tocsin_matcher_stats(e->matcher, &e->stats);
  if (!e->stats.has_watermark || e->stats.watermark == TSN_TIME_MAX) return;
  e->watermark = e->stats.watermark;
  e->has_watermark = 1;
}

static int fill(tsn_engine *e, tsn_source *s)
{
  int st = tsn_source_fill(s);

  if (st == 0) st = e->aside.failed;
  tsn_progress_show(bytes_read(e), rows_read(e));
  return st;
}

/* The input is over: patterns that merge it with others need not wait for it any more. */
static int finish_stream(tsn_engine *e, size_t stream)
{
  double begin = e->timing ? tsn_clock_cpu() : 0;
  tocsin_status finished;
  int st;

  tsn_engine_see_watermark(e);
  finished = tocsin_matcher_finish_stream(e->matcher, stream);
  if (e->timing) e->match_seconds += tsn_clock_cpu() - begin;
  st = drain(e);
  return st == 0 && finished != TOCSIN_OK ? engine_failed(e, NULL, SIZE_MAX, finished) : st;
}

int tsn_engine_fill(tsn_engine *e, tsn_source *s)
{
  int st = fill(e, s);

  return st == 0 && s->done && !tsn_interrupted && !e->live.no_flush ? finish_stream(e, s->stream) : st;
}

bool tsn_engine_is_fed(const tsn_source *sources, size_t count, size_t stream)
{
  size_t at = 0;
  while (at < count && sources[at].stream != stream) at++;
  return at < count;
}

/* Streams that nothing feeds, which only patterns read that --pattern leaves out. */
int tsn_engine_finish_unfed(tsn_engine *e)
{
  int st = 0;

  for (size_t stream = 0; stream < tocsin_program_stream_count(e->job->program) && st == 0 && !e->live.no_flush; stream++) {
    if (!tsn_engine_is_fed(e->job->sources, e->job->source_count, stream)) st = finish_stream(e, stream);
  }
  return st;
}

/* --- tables, before any stream --- */

/* A row that the table does not take: a bad one. */
static void told_key(tsn_engine *e, tsn_source *s, size_t row, const tocsin_load *load)
{
  s->counts.bad++;
  told_bad(e, s, row, NULL, tocsin_load_message(load));
}

static int fill_table(tsn_engine *e, tsn_source *s, tocsin_load *load)
{
  int st = fill(e, s);

  while (st == 0 && !s->done && !tsn_interrupted) {
    size_t taken = s->next;
    tocsin_status pushed = tocsin_load_push(load, &s->view, s->next, &taken);
    s->next = taken;
    if (pushed == TOCSIN_KEY) {
      told_key(e, s, s->next++, load);
      st = e->aside.failed;
    } else if (pushed != TOCSIN_OK) {
      tsn_say("%s", *tocsin_load_message(load) ? tocsin_load_message(load) : tocsin_status_text(pushed));
      return tsn_exit_of(pushed);
    } else {
      st = fill(e, s);
    }
  }
  return st;
}

int tsn_engine_load(tsn_engine *e)
{
  int st = 0;

  for (size_t i = 0; i < e->job->table_count && st == 0; i++) {
    tsn_source *s = &e->job->tables[i];
    tocsin_load *load;
    tocsin_status begun = tocsin_matcher_load(e->matcher, s->stream, &load);
    if (begun != TOCSIN_OK) return engine_failed(e, NULL, SIZE_MAX, begun);
    st = fill_table(e, s, load);
    if (st == 0 && !tsn_interrupted && tocsin_load_commit(load) != TOCSIN_OK) st = TSN_EXIT_OUTPUT;
    tocsin_load_free(load);
    tsn_source_close(s);
  }
  return st;
}

int tsn_engine_finish(tsn_engine *e)
{
  double begin = e->timing ? tsn_clock_cpu() : 0;
  tocsin_status st = tocsin_matcher_finish(e->matcher);
  int drained;

  if (e->timing) e->match_seconds += tsn_clock_cpu() - begin;
  drained = drain(e);
  if (drained != 0) return drained;
  return st == TOCSIN_OK ? 0 : engine_failed(e, NULL, SIZE_MAX, st);
}

