/* Inputs that are followed: rows as they come, and time when none come.
 *
 *   look for rows of each source ──> the earliest of those at hand ──> matcher ──> output
 *        └── none: show what is known, let idle sources go, sleep
 *
 * A source that had nothing for --idle leaves the minimum of the watermarks: the others' is told to the matcher. Where
 * all are idle the clock goes on in their place, if that is wanted. Which it was, and when, is part of the matcher's
 * state as its watermark. */
#include "cli/durable.h"
#include "cli/engine.h"

#include <string.h>
#include <time.h>

#include "base/time.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/progress.h"
#include "cli/say.h"

#define SLEEP_US 20000    /* between two looks for rows, */
#define SLEEP_INPUT_US 40 /* and for each input, so that looking takes little of the time */
#define LOOK_SECONDS 1.0 /* between two looks for new files */
#define PAUSE_SECONDS 0.5 /* more between two looks is a pause of the run */
#define DAY_US ((int64_t)86400 * 1000000)

/* --- options --- */

static bool read_duration(const char *text, size_t length, int64_t *out)
{
  return tsn_interval_parse(text, length, out) && *out > 0;
}

static int read_idle(tsn_live *live, const tsn_args *args)
{
  const char *idle = tsn_args_value(args, "idle"), *comma = idle ? strchr(idle, ',') : NULL;

  if (!idle) return 0;
  if (!live->follow) return tsn_args_wrong(args->command, "--idle is about inputs that are followed: it needs --follow");
  if (!read_duration(idle, comma ? (size_t)(comma - idle) : strlen(idle), &live->idle_us) ||
      (comma && strcmp(comma, ",hold") && strcmp(comma, ",advance")))
    return tsn_args_wrong(args->command, "--idle is a duration such as 30s, or with ,hold or ,advance behind it, not '%s'", idle);
  live->advances = comma && !strcmp(comma, ",advance");
  return 0;
}

int tsn_live_options(tsn_live *live, const tsn_args *args)
{
  const char *future = tsn_args_value(args, "max-future");

  live->follow = tsn_args_has(args, "follow");
  live->no_flush = tsn_args_has(args, "no-flush");
  live->max_future_us = live->follow ? DAY_US : -1;
  if (live->follow && tsn_args_has(args, "sort"))
    return tsn_args_wrong(args->command, "--sort reads inputs to their end, which --follow never comes to");
  if (future && !strcmp(future, "off"))
    live->max_future_us = -1;
  else if (future && !read_duration(future, strlen(future), &live->max_future_us))
    return tsn_args_wrong(args->command, "--max-future is a duration such as 1h, or off, not '%s'", future);
  return read_idle(live, args);
}

/* --- sources that are idle --- */

/* How far a source has come. */
typedef struct reach {
  double looked, idle; /* when it was looked at, on the clock; for how many seconds it has had no rows */
  int64_t watermark;   /* of its rows so far, its delay subtracted */
} reach;

/* It was looked at. Between two looks the run may have waited for its output: that is no time in which nothing came. */
static void see(reach *r, bool has_rows)
{
  double now = tsn_clock_wall(), passed = now - r->looked;

  r->idle = has_rows ? 0 : r->idle + (passed < PAUSE_SECONDS ? passed : PAUSE_SECONDS);
  r->looked = now;
}

/* Less by the delay that the stream declares. */
static int64_t delayed(const tsn_engine *e, const tsn_source *s, int64_t time)
{
  tocsin_stream_info info = tocsin_program_stream(e->job->program, s->stream);

  if (!info.has_watermark || time == TSN_TIME_MIN) return time;
  if (tsn_source_time_type(s) == TOCSIN_DOUBLE)
    return tsn_time_of_double(tsn_double_of_time(time) - tsn_double_of_time(info.watermark_delay));
  return tsn_time_sub(time, info.watermark_delay);
}

/* Rows from `first` on were pushed. */
static void reach_rows(const tsn_engine *e, reach *r, const tsn_source *s, size_t first)
{
  int64_t most = TSN_TIME_MIN;

  for (size_t row = first; e->live.idle_us && row < s->next; row++) {
    int64_t time = tsn_source_key(s, &s->view, row);
    if (time > most) most = time;
  }
  most = delayed(e, s, most);
  if (most > r->watermark) r->watermark = most;
}

/* The watermark by the clock: TIME_MIN where a source's time is none of the clock's. */
static int64_t clock_watermark(const tsn_engine *e)
{
  int64_t now = tsn_clock_now(NULL), least = now;

  for (size_t i = 0; i < e->job->source_count; i++) {
    const tsn_source *s = &e->job->sources[i];
    int64_t own = delayed(e, s, now);
    if (tsn_source_time_type(s) != TOCSIN_TIMESTAMP) return TSN_TIME_MIN;
    if (!s->done && own < least) least = own;
  }
  return least;
}

/* The least watermark of the sources that are not idle; TIME_MIN: there is nothing to tell. */
static int64_t watermark_without_idle(const tsn_engine *e, const reach *reaches)
{
  double limit = (double)e->live.idle_us * 1e-6;
  int64_t least = TSN_TIME_MAX;
  size_t idle = 0, active = 0;

  for (size_t i = 0; i < e->job->source_count; i++) {
    if (e->job->sources[i].done) continue;
    if (reaches[i].idle > limit) {
      idle++;
      continue;
    }
    active++;
    if (reaches[i].watermark < least) least = reaches[i].watermark;
  }
  if (!idle) return TSN_TIME_MIN;
  if (active) return least;
  return e->live.advances ? clock_watermark(e) : TSN_TIME_MIN;
}

static int let_idle_go(tsn_engine *e, const reach *reaches, int64_t *told)
{
  int64_t watermark = e->live.idle_us ? watermark_without_idle(e, reaches) : TSN_TIME_MIN;

  if (watermark <= *told) return 0;
  *told = watermark;
  return tsn_engine_advance(e, watermark);
}

/* --- the loop --- */

static int look_for_files(tsn_engine *e, double *looked)
{
  if (tsn_clock_wall() - *looked < LOOK_SECONDS) return 0;
  *looked = tsn_clock_wall();
  return tsn_follow_look(e->job);
}

/* New rows of the sources that have none at hand. */
static int look_for_rows(tsn_engine *e, reach *reaches, bool *over)
{
  int st = 0;

  *over = true;
  for (size_t i = 0; i < e->job->source_count && st == 0; i++) {
    tsn_source *s = &e->job->sources[i];
    if (s->next >= s->view.rows && !s->done) st = tsn_engine_fill(e, s);
    see(&reaches[i], s->next < s->view.rows); /* also where they wait for their turn */
    *over &= s->done;
  }
  return st;
}

static void sleep_a_little(const tsn_job *job)
{
  struct timespec span;
  uint64_t us = SLEEP_US;

  for (size_t i = 0; i < job->source_count; i++) us += SLEEP_INPUT_US * job->sources[i].reading_count;
  span.tv_sec = (time_t)(us / 1000000);
  span.tv_nsec = (long)(us % 1000000) * 1000;
  (void)nanosleep(&span, NULL); /* a signal ends it */
}

int tsn_live_run(tsn_engine *e)
{
  reach *reaches = tsn_arena_new_array(&e->job->arena, reach, e->job->source_count);
  double looked = tsn_clock_wall();
  int64_t told = TSN_TIME_MIN;
  bool over = false;
  int st = reaches ? 0 : tsn_no_memory();

  for (size_t i = 0; st == 0 && i < e->job->source_count; i++) reaches[i] = (reach){ looked, 0, TSN_TIME_MIN };
  while (st == 0 && !over && !tsn_interrupted) {
    size_t limit;
    tsn_source *s;
    st = look_for_files(e, &looked);
    if (st == 0) st = look_for_rows(e, reaches, &over);
    if (st != 0) break;
    s = tsn_merge_next(e->job, &limit);
    if (s) {
      size_t first = s->next;
      st = tsn_engine_push(e, s, tsn_durable_limit(e, s, limit));
      reach_rows(e, &reaches[s - e->job->sources], s, first);
    }
    over &= !s;
    if (st == 0) st = let_idle_go(e, reaches, &told);
    if (st == 0) st = tsn_durable_look(e);
    if (st == 0 && !s && !over) {
      st = tsn_out_flush(&e->out);
      if (st == 0) st = tsn_aside_finish(&e->aside);
      if (st == 0) sleep_a_little(e->job);
    }
  }
  return st;
}
