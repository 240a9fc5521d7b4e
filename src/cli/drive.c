/* Driving the engine: see drive.h. */
#define _DEFAULT_SOURCE
#include "cli/drive.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/durable.h"
#include "cli/engine.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/sorted.h"
#include "cli/stats.h"

/* --- options --- */

static const char *const progress_words[] = { "auto", "never", NULL };

/* A number from 1 on, with K, M or G behind it. */
static bool read_amount(const char *text, uint64_t *out)
{
  static const char units[] = "KMG";
  size_t length = strlen(text);
  const char *unit = length ? strchr(units, text[length - 1]) : NULL;
  int64_t number;

  if (!tsn_parse_int64(text, unit ? length - 1 : length, &number) || number < 1) return false;
  return !__builtin_mul_overflow((uint64_t)number, unit ? (uint64_t)1024 << 10 * (unit - units) : 1, out) && *out <= INT64_MAX;
}

/* --limit, again and again. */
static int read_limits(const tsn_args *args, tocsin_matcher_options *options)
{
  const struct { const char *name; uint64_t *to; } limits[] = {
    { "paths=", &options->max_paths_per_partition }, { "rows=", &options->max_rows_per_partition }, { "bytes=", &options->max_bytes },
  };

  for (size_t i = 0; i < args->given_count; i++) {
    const char *value = args->given[i].value;
    bool good = strcmp(args->given[i].option->name, "limit") != 0;
    for (size_t k = 0; k < sizeof limits / sizeof *limits && !good; k++)
      good = !strncmp(value, limits[k].name, strlen(limits[k].name)) && read_amount(value + strlen(limits[k].name), limits[k].to);
    if (!good) return tsn_args_wrong(args->command, "--limit is paths=N, rows=N or bytes=N, not '%s'", value);
  }
  return 0;
}

int tsn_drive_check(const tsn_args *args)
{
  const char *threads = tsn_args_value(args, "threads");
  tsn_aside aside = { 0 };
  tsn_live live;
  tocsin_matcher_options options = { .allocator = NULL };
  int64_t count = 1;
  int st = tsn_out_check(args);

  if (st == 0) st = tsn_live_options(&live, args);
  if (st == 0) st = read_limits(args, &options);
  if (st == 0) st = tsn_durable_check(args);
  if (st != 0) return st;
  if (tsn_args_has(args, "progress") && tsn_args_choice(args, "progress", progress_words) < 0) return TSN_EXIT_USAGE;
  if (threads && (!tsn_parse_int64(threads, strlen(threads), &count) || count < 1))
    return tsn_args_wrong(args->command, "--threads is a number from 1 on, not '%s'", threads);
  return tsn_aside_options(&aside, args);
}

/* --- a run --- */

static void interrupted(int signal_number)
{
  (void)signal_number;
  tsn_interrupted = 1;
}

/* The first Ctrl-C ends the reading, the second the process. To end a run that has no end SIGTERM is the same. */
static void watch_signals(bool live)
{
  struct sigaction action = { .sa_handler = interrupted, .sa_flags = (int)SA_RESETHAND };

  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  if (live) sigaction(SIGTERM, &action, NULL);
  action.sa_handler = SIG_IGN;
  action.sa_flags = 0;
  sigaction(SIGPIPE, &action, NULL);
}

/* Before the run waits for more input, what it knows is shown. */
static void show_waiting(void *context)
{
  tsn_engine *e = context;
  (void)tsn_out_flush(&e->out); /* a failure comes again with the next write */
}

static int prepare(tsn_engine *e, tsn_source *s, bool is_stream)
{
  s->on_bad = tsn_aside_bad;
  s->context = &e->aside;
  s->before_wait = show_waiting;
  s->wait_context = e;
  s->follow = e->live.follow && is_stream;
  s->keeps_places = is_stream && tsn_args_has(e->job->args, "state");
  s->waits = (e->live.follow || e->live.no_flush) && is_stream;
  return tsn_source_begin(s);
}

static int prepare_sources(tsn_engine *e)
{
  int st = 0;

  for (size_t i = 0; i < e->job->table_count && st == 0; i++) st = prepare(e, &e->job->tables[i], false);
  for (size_t i = 0; i < e->job->source_count && st == 0; i++) {
    tsn_source *s = &e->job->sources[i];
    st = prepare(e, s, true);
    if (st == 0 && tsn_args_has(e->job->args, "sort") && !(s->sorted = tsn_sorted_new(e->job->alloc))) return tsn_no_memory();
  }
  return st;
}

/* The patterns whose matches are wanted, and those that they read; NULL: out of memory. */
static bool *wanted_patterns(const tsn_engine *e)
{
  const tocsin_program *program = e->job->program;
  size_t count = tocsin_program_pattern_count(program);
  bool *wanted = tsn_arena_new_array(&e->job->arena, bool, count);

  for (size_t i = count; wanted && i-- > 0;) {
    wanted[i] = wanted[i] || e->only == SIZE_MAX || i == e->only;
    for (size_t k = 0; wanted[i] && k < tocsin_program_pattern(program, i).part_count; k++) {
      tocsin_part_info part = tocsin_program_pattern_part(program, i, k);
      if (part.is_pattern) wanted[part.index] = true;
    }
  }
  return wanted;
}

static int no_input(const tsn_engine *e, const char *what, const char *name)
{
  return tsn_args_wrong(e->job->args->command, "%s \"%s\" has no input; add %s=INPUT", what, name, name);
}

/* A pattern without rows answers nothing, which is easily taken for an answer. */
static int check_inputs(const tsn_engine *e)
{
  const tocsin_program *program = e->job->program;
  const bool *wanted = wanted_patterns(e);

  if (!wanted) return tsn_no_memory();
  for (size_t i = 0; i < tocsin_program_pattern_count(program); i++) {
    for (size_t k = 0; wanted[i] && k < tocsin_program_pattern(program, i).part_count; k++) {
      tocsin_part_info part = tocsin_program_pattern_part(program, i, k);
      if (!part.is_pattern && !tsn_engine_is_fed(e->job->sources, e->job->source_count, part.index))
        return no_input(e, "stream", tocsin_program_stream(program, part.index).name);
      if (part.table != SIZE_MAX && !tsn_engine_is_fed(e->job->tables, e->job->table_count, part.table))
        return no_input(e, "table", tocsin_program_table(program, part.table).name);
    }
  }
  return 0;
}

/* Functions that a text declares come from the host; this one has none. */
static int check_functions(const tsn_engine *e)
{
  const tocsin_program *program = e->job->program;

  for (size_t i = 0; i < tocsin_program_function_count(program); i++) {
    tocsin_function_info f = tocsin_program_function(program, i);
    if (!f.needed) continue;
    tsn_say("%s: function %s is one that the host supplies, and the command has none to give: "
            "such a file runs from C, SQLite or Python", e->job->file, f.name);
    return TSN_EXIT_PATTERN;
  }
  return 0;
}

static int open_matcher(tsn_engine *e)
{
  tocsin_matcher_options options = { .allocator = NULL };
  tocsin_status st;
  int limits = read_limits(e->job->args, &options); /* checked before */

  if (limits != 0) return limits;

  switch (e->aside.late) {
  case TSN_POLICY_DEFAULT: /* of a traced job: they are told, and the story goes on */
    if (e->job->tracer) options.late = TOCSIN_LATE_DROP;
    break;
  case TSN_POLICY_SKIP:
  case TSN_POLICY_DIVERT:
    options.late = TOCSIN_LATE_DROP;
    break;
  case TSN_POLICY_FAIL:
    options.late = TOCSIN_LATE_FAIL;
    break;
  }
  options.on_late = tsn_engine_late;
  options.on_late_context = e;
  options.now = tsn_clock_now;
  options.tracer = e->job->tracer;
  st = tocsin_matcher_new(e->job->program, &options, &e->matcher);
  if (st == TOCSIN_OK) return 0;
  if (st == TOCSIN_NOMEM) return tsn_no_memory();
  tsn_say("%s", tocsin_status_text(st));
  return tsn_exit_of(st);
}

/* Everything between opening the output and the last byte of it. */
static int run(tsn_engine *e)
{
  int st = tsn_engine_load(e), ended;

  if (st == 0) st = e->live.follow ? tsn_live_run(e) : tsn_merge_run(e);
  tsn_engine_see_watermark(e);
  if (st == 0 && !tsn_interrupted && !e->live.no_flush) st = tsn_engine_finish(e);
  tsn_progress_stop();
  tocsin_matcher_stats(e->matcher, &e->stats);
  e->stats.watermark = e->watermark;
  e->stats.has_watermark = e->has_watermark;
  if (st == TSN_EXIT_PIPE) return st;
  ended = tsn_out_end(&e->out); /* what was decided before a failure is out */
  if (st == 0) st = ended;
  if (st == 0) st = tsn_aside_finish(&e->aside);
  if (st == 0) st = tsn_durable_end(e, !tsn_interrupted && !e->live.no_flush);
  return st;
}

static int report(tsn_engine *e, int st)
{
  tsn_counters counters = { .engine = e->stats, .match_seconds = e->match_seconds };
  uint64_t nans = e->stats.nan_values;
  tsn_bytes out;

  for (size_t i = 0; i < e->job->source_count; i++) {
    const tsn_source *s = &e->job->sources[i];
    counters.bad += tsn_source_counts(s).bad + s->future;
    nans += tsn_source_counts(s).nan;
    if (i == 0) counters.time_type = tsn_source_time_type(s);
  }
  for (size_t i = 0; i < e->job->table_count; i++) counters.bad += tsn_source_counts(&e->job->tables[i]).bad;
  if (st != TSN_EXIT_PIPE)
    tsn_aside_summary(&e->aside, e->stats.rows_in + counters.bad, e->stats.rows_late, e->stats.rows_bad, nans);
  if (tsn_interrupted && st == 0 && (e->live.follow || e->durable)) {
    tsn_say("stopped after %llu rows: %llu matches", (unsigned long long)(e->stats.rows_in + counters.bad),
            (unsigned long long)e->stats.matches);
  } else if (tsn_interrupted && st == 0) {
    tsn_say("interrupted after %llu rows: the result is partial", (unsigned long long)e->stats.rows_in);
    st = TSN_EXIT_INTERRUPTED;
  }
  if (!e->timing) return st;
  counters.seconds = tsn_clock_wall() - e->start;
  tsn_bytes_init(&out, e->job->alloc, 0);
  tsn_stats_write(&counters, &out);
  if (out.failed == TOCSIN_OK)
    tsn_say_bytes(out.data, out.length);
  else
    st = tsn_no_memory();
  tsn_bytes_clear(&out);
  return st;
}

/* Of the inputs as they lie there; 0 where one of them is no regular file. */
static uint64_t total_bytes(const tsn_job *job)
{
  uint64_t total = 0;

  for (size_t i = 0; i < job->inputs.count; i++) {
    uint64_t size = tsn_input_size(&job->inputs.items[i]);
    if (size == 0) return 0;
    total += size;
  }
  return total;
}

static int open_out(tsn_engine *e, bool *over)
{
  bool all = e->only == SIZE_MAX;

  return tsn_durable_begin(e, all ? 0 : e->only, all ? tocsin_program_pattern_count(e->job->program) : 1, over);
}

/* The state is of a run that has come to its end: there may be nothing more to read. */
static int look_behind_end(tsn_engine *e)
{
  int st = 0;

  for (size_t i = 0; i < e->job->source_count && st == 0; i++) {
    tsn_source *s = &e->job->sources[i];
    st = tsn_source_fill(s);
    if (st == 0 && !s->done && s->next < s->view.rows) {
      tsn_say("%s: the run of this state was over, and now there are more rows; --no-flush leaves a run open for what comes later",
              s->input ? s->input->name : s->name);
      return TSN_EXIT_OUTPUT;
    }
  }
  return st;
}

int tsn_drive(tsn_job *job)
{
  tsn_engine e = { .job = job, .start = tsn_clock_wall(), .timing = tsn_args_has(job->args, "stats") };
  const char *progress = tsn_args_value(job->args, "progress");
  bool opened = false, over = false;
  int st = tsn_aside_options(&e.aside, job->args);

  if (st == 0) st = tsn_live_options(&e.live, job->args);
  watch_signals(e.live.follow);
  if (st == 0) st = check_functions(&e);
  if (st == 0) st = tsn_job_pattern(job, &e.only);
  if (st == 0) st = check_inputs(&e);
  if (st == 0) st = prepare_sources(&e);
  if (st == 0) st = open_matcher(&e);
  if (st == 0) st = open_out(&e, &over);
  if (st == 0 && over) {
    opened = true;
    st = look_behind_end(&e);
    tocsin_matcher_stats(e.matcher, &e.stats);
  } else if (st == 0) {
    opened = true;
    tsn_progress_start((!progress || !strcmp(progress, "auto")) && !e.live.follow, total_bytes(job));
    st = run(&e);
  }
  if (opened) st = report(&e, st);
  tsn_durable_close(&e);
  tocsin_matcher_free(e.matcher);
  tsn_out_close(&e.out);
  tsn_aside_close(&e.aside);
  return st == TSN_EXIT_PIPE ? 0 : st;
}
