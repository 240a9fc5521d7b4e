/* Driving the engine: see drive.h.
 *
 *   one source    whole batches, as they are read, ahead if there are threads
 *   tables        read whole, before any stream
 *   several       merged by event time: the source whose next row is earliest
 *                 pushes its rows up to the others' next times; at equal times
 *                 the one named first on the command line goes first */
#define _DEFAULT_SOURCE
#include "cli/drive.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/aside.h"
#include "cli/cli.h"
#include "cli/pipe.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/sink.h"
#include "cli/sorted.h"
#include "cli/stats.h"
#include "io/writer.h"
#include "tocsin/run.h"

typedef struct drive {
  tsn_job *job;
  tocsin_matcher *matcher;
  tsn_writer *writer;
  tsn_writer_pattern *patterns;
  size_t only; /* the pattern of --pattern, or SIZE_MAX */
  tsn_sink sink;
  tsn_aside aside;
  tsn_source *pushing;  /* for late rows */
  tocsin_late_row late; /* the last one */
  bool timing;
  double start, match_seconds;
  tocsin_stats stats;
  int64_t watermark; /* of the data so far */
  int has_watermark;
} drive;

/* --- options --- */

static const char *const output_words[] = { "jsonl", "csv", "table", "arrow", NULL };
static const char *const progress_words[] = { "auto", "never", NULL };

int tsn_drive_check(const tsn_args *args)
{
  const char *file = tsn_args_value(args, "output"), *threads = tsn_args_value(args, "threads");
  tsn_aside aside = { 0 };
  int64_t count = 1;
  int choice = 0;

  if (file && !strncmp(file, "sqlite:", 7)) return tsn_args_wrong(args->command, "-o sqlite: is not supported yet");
  if (tsn_args_has(args, "to")) choice = tsn_args_choice(args, "to", output_words);
  if (choice == 3) return tsn_args_wrong(args->command, "--to arrow is not supported yet");
  if (choice < 0) return TSN_EXIT_USAGE;
  if (tsn_args_has(args, "progress") && tsn_args_choice(args, "progress", progress_words) < 0) return TSN_EXIT_USAGE;
  if (threads && (!tsn_parse_int64(threads, strlen(threads), &count) || count < 1))
    return tsn_args_wrong(args->command, "--threads is a number from 1 on, not '%s'", threads);
  return tsn_aside_options(&aside, args);
}

static bool ends_with(const char *name, const char *end)
{
  size_t length = strlen(name), tail = strlen(end);
  return length > tail && !strcmp(name + length - tail, end);
}

static tsn_output choose_output(const drive *d)
{
  static const tsn_output outputs[] = { TSN_OUTPUT_JSONL, TSN_OUTPUT_CSV, TSN_OUTPUT_TABLE };
  const char *file = tsn_args_value(d->job->args, "output");

  if (tsn_args_has(d->job->args, "to")) return outputs[tsn_args_choice(d->job->args, "to", output_words)];
  if (file && ends_with(file, ".csv")) return TSN_OUTPUT_CSV;
  return d->sink.is_terminal ? TSN_OUTPUT_TABLE : TSN_OUTPUT_JSONL;
}

static int choose_pattern(drive *d)
{
  const char *name = tsn_args_value(d->job->args, "pattern"), *best = NULL;
  size_t count = tocsin_program_pattern_count(d->job->program);
  unsigned least = 3;

  d->only = SIZE_MAX;
  if (!name) return 0;
  for (size_t i = 0; i < count; i++) {
    const char *known = tocsin_program_pattern(d->job->program, i).name;
    unsigned distance = tsn_name_distance(name, known, 2);
    if (tsn_same_name(name, strlen(name), known, strlen(known))) {
      d->only = i;
      return 0;
    }
    if (*known && distance < least) {
      least = distance;
      best = known;
    }
  }
  return tsn_args_wrong(d->job->args->command, best ? "there is no pattern \"%s\"; did you mean \"%s\"?"
                                                    : "there is no pattern \"%s\"", name, best);
}

static int open_writer(drive *d)
{
  const tocsin_program *program = d->job->program;
  size_t all = tocsin_program_pattern_count(program), first = d->only == SIZE_MAX ? 0 : d->only;
  size_t count = d->only == SIZE_MAX ? all : 1;
  tsn_writer_options options = { .pattern_column = count > 1 };
  tsn_output output = choose_output(d);
  struct winsize size;

  d->patterns = tsn_arena_new_array(&d->job->arena, tsn_writer_pattern, count);
  if (!d->patterns) return tsn_no_memory();
  for (size_t i = 0; i < count; i++) {
    tocsin_pattern_info info = tocsin_program_pattern(program, first + i);
    tsn_writer_column *columns = tsn_arena_new_array(&d->job->arena, tsn_writer_column, info.column_count);
    if (!columns) return tsn_no_memory();
    for (size_t k = 0; k < info.column_count; k++) {
      tocsin_column_info c = tocsin_program_output_column(program, first + i, k);
      columns[k] = (tsn_writer_column){ c.name, c.type };
    }
    d->patterns[i] = (tsn_writer_pattern){ info.name, info.column_count, columns };
  }
  if (d->sink.is_terminal) {
    options.width = ioctl(d->sink.fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    options.colour = tsn_may_colour(d->sink.fd);
  }
  if (tsn_writer_new(d->job->alloc, output, d->patterns, count, &options, &d->writer) != TOCSIN_OK)
    return tsn_no_memory();
  return tsn_writer_begin(d->writer, &d->sink.buffer) == TOCSIN_OK ? 0 : tsn_no_memory();
}

/* --- matches --- */

static int write_match(drive *d, const tocsin_match *match)
{
  size_t pattern = match->pattern;

  if (d->only != SIZE_MAX) {
    if (pattern != d->only) return 0;
    pattern = 0;
  }
  if (tsn_writer_row(d->writer, pattern, match->values, match->value_count, &d->sink.buffer) != TOCSIN_OK)
    return tsn_no_memory();
  return 0;
}

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
static int drain_timed(drive *d)
{
  double begin = tsn_clock_cpu(), taking = 0, writing = 0, elsewhere = 0, cost = clock_cost(), all;
  tocsin_match match;
  int st = 0;

  for (uint64_t n = 0; st == 0; n++) {
    bool sampled = n < 16 || n % 16 == 0;
    double before = sampled ? tsn_clock_wall() : 0, between;
    int more = tocsin_matcher_next(d->matcher, &match);
    between = sampled ? tsn_clock_wall() : 0;
    if (sampled && between - before > cost) taking += between - before - cost;
    if (!more) break;
    st = write_match(d, &match);
    if (sampled) writing += tsn_clock_wall() - between - cost;
    if (st == 0 && (d->sink.is_terminal || d->sink.buffer.length >= TSN_SINK_FULL)) {
      double pause = tsn_clock_cpu();
      st = tsn_sink_wrote(&d->sink);
      elsewhere += tsn_clock_cpu() - pause;
    }
  }
  all = tsn_clock_cpu() - begin - elsewhere;
  if (taking + writing > 0) d->match_seconds += all * taking / (taking + writing);
  return st;
}

static int drain(drive *d)
{
  tocsin_match match;
  int st = 0;

  if (d->timing) return drain_timed(d);
  while (st == 0 && tocsin_matcher_next(d->matcher, &match)) {
    st = write_match(d, &match);
    if (st == 0) st = tsn_sink_wrote(&d->sink);
  }
  return st;
}

/* --- rows --- */

static void told_late(void *context, const tocsin_late_row *row)
{
  drive *d = context;
  d->late = *row;
  tsn_aside_late(&d->aside, d->pushing, row);
}

/* The matcher stopped. row: of the source, or SIZE_MAX. */
static int engine_failed(drive *d, const tsn_source *s, size_t row, tocsin_status st)
{
  const char *message = tocsin_matcher_message(d->matcher);
  tsn_origin origin;

  if (!*message) message = tocsin_status_text(st);
  if (s && row < s->view.rows && tsn_source_origin(s, row, &origin))
    tsn_say_plain("%s:%llu: %s", s->input->name, (unsigned long long)origin.line, message);
  else
    tsn_say("%s", message);
  return tsn_exit_of(st);
}

static int row_failed(drive *d, const tsn_source *s, size_t row, tocsin_status st)
{
  if (st != TOCSIN_LATE) return engine_failed(d, s, row, st);
  tsn_aside_late_error(&d->aside, s, &d->late);
  return TSN_EXIT_INPUT;
}

/* Pushes the source's rows up to `limit`. */
static int push(drive *d, tsn_source *s, size_t limit)
{
  tocsin_batch batch = s->view;
  int st = 0;

  batch.rows = limit;
  d->pushing = s;
  while (st == 0 && s->next < limit) {
    double begin = d->timing ? tsn_clock_cpu() : 0;
    size_t taken = s->next;
    tocsin_status pushed = tocsin_matcher_push(d->matcher, s->stream, &batch, s->next, &taken);
    bool moved = taken > s->next;
    uint64_t before = tsn_writer_rows(d->writer);
    if (d->timing) d->match_seconds += tsn_clock_cpu() - begin;
    s->next = taken;
    st = drain(d);
    if (st != 0) break;
    if (pushed != TOCSIN_OK) return row_failed(d, s, taken, pushed);
    if (d->aside.failed) return d->aside.failed;
    if (!moved && tsn_writer_rows(d->writer) == before && d->only == SIZE_MAX) {
      tsn_say("the matcher does not go on: this is a bug");
      return TSN_EXIT_OUTPUT;
    }
  }
  return st;
}

/* How many rows of s may go before a row of key `bound` of another source. */
static size_t rows_until(const tsn_source *s, int64_t bound, bool with_equal)
{
  size_t row = s->next;

  while (row < s->view.rows) {
    int64_t key = tsn_source_key(s, &s->view, row);
    if (key > bound || (key == bound && !with_equal)) break;
    row++;
  }
  return row;
}

static uint64_t bytes_read(const drive *d)
{
  uint64_t bytes = 0;
  for (size_t i = 0; i < d->job->source_count; i++) bytes += tsn_source_bytes(&d->job->sources[i]);
  for (size_t i = 0; i < d->job->table_count; i++) bytes += tsn_source_bytes(&d->job->tables[i]);
  return bytes;
}

static uint64_t rows_read(const drive *d)
{
  uint64_t rows = 0;
  for (size_t i = 0; i < d->job->source_count; i++) rows += tsn_source_counts(&d->job->sources[i]).rows;
  return rows;
}

/* Keeps the watermark of the data, which its end does not move. */
static void see_watermark(drive *d)
{
  tocsin_matcher_stats(d->matcher, &d->stats);
  if (!d->stats.has_watermark || d->stats.watermark == TSN_TIME_MAX) return;
  d->watermark = d->stats.watermark;
  d->has_watermark = 1;
}

static int fill(drive *d, tsn_source *s)
{
  int st = tsn_source_fill(s);

  if (st == 0) st = d->aside.failed;
  tsn_progress_show(bytes_read(d), rows_read(d));
  return st;
}

/* The input is over: patterns that merge it with others need not wait for it any more. */
static int finish_stream(drive *d, size_t stream)
{
  double begin = d->timing ? tsn_clock_cpu() : 0;
  tocsin_status finished;
  int st;

  see_watermark(d);
  finished = tocsin_matcher_finish_stream(d->matcher, stream);
  if (d->timing) d->match_seconds += tsn_clock_cpu() - begin;
  st = drain(d);
  return st == 0 && finished != TOCSIN_OK ? engine_failed(d, NULL, SIZE_MAX, finished) : st;
}

static int fill_stream(drive *d, tsn_source *s)
{
  int st = fill(d, s);

  return st == 0 && s->done && !tsn_interrupted ? finish_stream(d, s->stream) : st;
}

static bool is_fed(const tsn_source *sources, size_t count, size_t stream)
{
  size_t at = 0;
  while (at < count && sources[at].stream != stream) at++;
  return at < count;
}

/* Streams that nothing feeds, which only patterns read that --pattern leaves out. */
static int finish_unfed(drive *d)
{
  int st = 0;

  for (size_t stream = 0; stream < tocsin_program_stream_count(d->job->program) && st == 0; stream++) {
    if (!is_fed(d->job->sources, d->job->source_count, stream)) st = finish_stream(d, stream);
  }
  return st;
}

/* The source whose next row comes first; *bound: the first key of the others, and
 * whether rows of that very key may go too. NULL: all are done. */
static tsn_source *choose_source(drive *d, int64_t *bound, bool *with_equal)
{
  tsn_source *best = NULL;
  int64_t least = 0;

  *bound = INT64_MAX;
  *with_equal = true;
  for (size_t i = 0; i < d->job->source_count; i++) {
    tsn_source *s = &d->job->sources[i];
    int64_t key;
    if (s->done) continue;
    key = tsn_source_key(s, &s->view, s->next);
    if (best && key >= least) {
      if (key < *bound) *bound = key, *with_equal = true; /* s comes behind best at equal keys */
      continue;
    }
    if (best) *bound = least, *with_equal = false; /* best so far comes before s at equal keys */
    best = s;
    least = key;
  }
  return best;
}

/* --- tables, before any stream --- */

/* A row that the table does not take: a bad one. */
static void told_key(drive *d, tsn_source *s, size_t row, const tocsin_load *load)
{
  tsn_origin origin = { 0 };
  tsn_bad_row bad = { .source = s->input->name, .reason = tocsin_load_message(load) };

  if (tsn_source_origin(s, row, &origin)) {
    bad.line = origin.line;
    bad.offset = origin.offset;
    bad.raw = origin.raw;
    bad.raw_length = origin.raw_length;
  }
  s->counts.bad++;
  tsn_aside_bad(&d->aside, s, &bad);
}

static int fill_table(drive *d, tsn_source *s, tocsin_load *load)
{
  int st = fill(d, s);

  while (st == 0 && !s->done && !tsn_interrupted) {
    size_t taken = s->next;
    tocsin_status pushed = tocsin_load_push(load, &s->view, s->next, &taken);
    s->next = taken;
    if (pushed == TOCSIN_KEY) {
      told_key(d, s, s->next++, load);
      st = d->aside.failed;
    } else if (pushed != TOCSIN_OK) {
      tsn_say("%s", *tocsin_load_message(load) ? tocsin_load_message(load) : tocsin_status_text(pushed));
      return tsn_exit_of(pushed);
    } else {
      st = fill(d, s);
    }
  }
  return st;
}

static int load_tables(drive *d)
{
  int st = 0;

  for (size_t i = 0; i < d->job->table_count && st == 0; i++) {
    tsn_source *s = &d->job->tables[i];
    tocsin_load *load;
    tocsin_status begun = tocsin_matcher_load(d->matcher, s->stream, &load);
    if (begun != TOCSIN_OK) return engine_failed(d, NULL, SIZE_MAX, begun);
    st = fill_table(d, s, load);
    if (st == 0 && !tsn_interrupted && tocsin_load_commit(load) != TOCSIN_OK) st = TSN_EXIT_OUTPUT;
    tocsin_load_free(load);
    tsn_source_close(s);
  }
  return st;
}

/* --- threads --- */

static int64_t thread_count(const drive *d)
{
  const char *given = tsn_args_value(d->job->args, "threads");
  int64_t count = sysconf(_SC_NPROCESSORS_ONLN);

  if (given) (void)tsn_parse_int64(given, strlen(given), &count); /* checked before */
  return count;
}

/* Sources of files get threads that read ahead, as far as there are threads. What is
 * sorted is read to its end in any case, before there is anything beside which to read. */
static void start_reading(drive *d)
{
  int64_t left = thread_count(d) - 1;

  for (size_t i = 0; i < d->job->source_count && left > 0; i++) {
    tsn_source *s = &d->job->sources[i];
    bool is_table = false;
    for (size_t k = 0; k < s->input_count; k++) is_table |= s->inputs[k]->table != NULL;
    if (!s->sorted && !is_table && tsn_pipe_start(s)) left--;
  }
}

static int run_sources(drive *d)
{
  int st = finish_unfed(d);

  start_reading(d);
  for (size_t i = 0; i < d->job->source_count && st == 0; i++) st = fill_stream(d, &d->job->sources[i]);
  while (st == 0 && !tsn_interrupted) {
    int64_t bound;
    bool with_equal;
    tsn_source *s = choose_source(d, &bound, &with_equal);
    if (!s) break;
    st = push(d, s, d->job->source_count == 1 ? s->view.rows : rows_until(s, bound, with_equal));
    if (st == 0 && s->next >= s->view.rows) st = fill_stream(d, s);
  }
  return st;
}

/* --- a run --- */

static void interrupted(int signal_number)
{
  (void)signal_number;
  tsn_interrupted = 1;
}

/* The first Ctrl-C ends the reading, the second the process. */
static void watch_signals(void)
{
  struct sigaction action = { .sa_handler = interrupted, .sa_flags = (int)SA_RESETHAND };

  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  action.sa_handler = SIG_IGN;
  action.sa_flags = 0;
  sigaction(SIGPIPE, &action, NULL);
}

/* Before the run waits for more input, what it knows is shown. */
static void show_waiting(void *context)
{
  drive *d = context;
  (void)tsn_sink_flush(&d->sink); /* a failure comes again with the next write */
}

static int prepare(drive *d, tsn_source *s)
{
  s->on_bad = tsn_aside_bad;
  s->context = &d->aside;
  s->before_wait = show_waiting;
  s->wait_context = d;
  return tsn_source_begin(s);
}

static int prepare_sources(drive *d)
{
  int st = 0;

  for (size_t i = 0; i < d->job->table_count && st == 0; i++) st = prepare(d, &d->job->tables[i]);
  for (size_t i = 0; i < d->job->source_count && st == 0; i++) {
    tsn_source *s = &d->job->sources[i];
    st = prepare(d, s);
    if (st == 0 && tsn_args_has(d->job->args, "sort") && !(s->sorted = tsn_sorted_new(d->job->alloc))) return tsn_no_memory();
  }
  return st;
}

/* The patterns whose matches are wanted, and those that they read; NULL: out of memory. */
static bool *wanted_patterns(const drive *d)
{
  const tocsin_program *program = d->job->program;
  size_t count = tocsin_program_pattern_count(program);
  bool *wanted = tsn_arena_new_array(&d->job->arena, bool, count);

  for (size_t i = count; wanted && i-- > 0;) {
    wanted[i] = wanted[i] || d->only == SIZE_MAX || i == d->only;
    for (size_t k = 0; wanted[i] && k < tocsin_program_pattern(program, i).part_count; k++) {
      tocsin_part_info part = tocsin_program_pattern_part(program, i, k);
      if (part.is_pattern) wanted[part.index] = true;
    }
  }
  return wanted;
}

static int no_input(const drive *d, const char *what, const char *name)
{
  return tsn_args_wrong(d->job->args->command, "%s \"%s\" has no input; add %s=INPUT", what, name, name);
}

/* A pattern without rows answers nothing, which is easily taken for an answer. */
static int check_inputs(const drive *d)
{
  const tocsin_program *program = d->job->program;
  const bool *wanted = wanted_patterns(d);

  if (!wanted) return tsn_no_memory();
  for (size_t i = 0; i < tocsin_program_pattern_count(program); i++) {
    for (size_t k = 0; wanted[i] && k < tocsin_program_pattern(program, i).part_count; k++) {
      tocsin_part_info part = tocsin_program_pattern_part(program, i, k);
      if (!part.is_pattern && !is_fed(d->job->sources, d->job->source_count, part.index))
        return no_input(d, "stream", tocsin_program_stream(program, part.index).name);
      if (part.table != SIZE_MAX && !is_fed(d->job->tables, d->job->table_count, part.table))
        return no_input(d, "table", tocsin_program_table(program, part.table).name);
    }
  }
  return 0;
}

/* Functions that a text declares come from the host; this one has none. */
static int check_functions(const drive *d)
{
  const tocsin_program *program = d->job->program;

  for (size_t i = 0; i < tocsin_program_function_count(program); i++) {
    tocsin_function_info f = tocsin_program_function(program, i);
    if (!f.needed) continue;
    tsn_say("%s: function %s is one that the host supplies, and the command has none to give: "
            "such a file runs from C, SQLite or Python", d->job->file, f.name);
    return TSN_EXIT_PATTERN;
  }
  return 0;
}

static int open_matcher(drive *d)
{
  tocsin_matcher_options options = { .allocator = NULL };
  tocsin_status st;

  switch (d->aside.late) {
  case TSN_POLICY_DEFAULT:
    break;
  case TSN_POLICY_SKIP:
  case TSN_POLICY_DIVERT:
    options.late = TOCSIN_LATE_DROP;
    break;
  case TSN_POLICY_FAIL:
    options.late = TOCSIN_LATE_FAIL;
    break;
  }
  options.on_late = told_late;
  options.on_late_context = d;
  options.now = tsn_clock_now;
  st = tocsin_matcher_new(d->job->program, &options, &d->matcher);
  if (st == TOCSIN_OK) return 0;
  if (st == TOCSIN_NOMEM) return tsn_no_memory();
  tsn_say("%s", tocsin_status_text(st));
  return tsn_exit_of(st);
}

static int finish(drive *d)
{
  double begin = d->timing ? tsn_clock_cpu() : 0;
  tocsin_status st = tocsin_matcher_finish(d->matcher);
  int drained;

  if (d->timing) d->match_seconds += tsn_clock_cpu() - begin;
  drained = drain(d);
  if (drained != 0) return drained;
  return st == TOCSIN_OK ? 0 : engine_failed(d, NULL, SIZE_MAX, st);
}

/* Everything between opening the output and the last byte of it. */
static int run(drive *d)
{
  int st = load_tables(d);

  if (st == 0) st = run_sources(d);
  see_watermark(d);
  if (st == 0 && !tsn_interrupted) st = finish(d);
  tsn_progress_stop();
  tocsin_matcher_stats(d->matcher, &d->stats);
  d->stats.watermark = d->watermark;
  d->stats.has_watermark = d->has_watermark;
  if (st == TSN_EXIT_PIPE) return st;
  if (st == 0 || d->sink.buffer.failed == TOCSIN_OK) {
    int ended = tsn_writer_end(d->writer, &d->sink.buffer) == TOCSIN_OK ? tsn_sink_flush(&d->sink) : tsn_no_memory();
    if (st == 0) st = ended;
  }
  if (st == 0) st = tsn_aside_finish(&d->aside);
  return st;
}

static int report(drive *d, int st)
{
  tsn_counters counters = { .engine = d->stats, .match_seconds = d->match_seconds };
  uint64_t nans = d->stats.nan_values;
  tsn_bytes out;

  for (size_t i = 0; i < d->job->source_count; i++) {
    const tsn_source *s = &d->job->sources[i];
    counters.bad += tsn_source_counts(s).bad;
    nans += tsn_source_counts(s).nan;
    if (i == 0) counters.time_type = tsn_source_time_type(s);
  }
  for (size_t i = 0; i < d->job->table_count; i++) counters.bad += tsn_source_counts(&d->job->tables[i]).bad;
  if (st != TSN_EXIT_PIPE)
    tsn_aside_summary(&d->aside, d->stats.rows_in + counters.bad, d->stats.rows_late, d->stats.rows_bad, nans);
  if (tsn_interrupted && st == 0) {
    tsn_say("interrupted after %llu rows: the result is partial", (unsigned long long)d->stats.rows_in);
    st = TSN_EXIT_INTERRUPTED;
  }
  if (!d->timing) return st;
  counters.seconds = tsn_clock_wall() - d->start;
  tsn_bytes_init(&out, d->job->alloc, 0);
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

int tsn_drive(tsn_job *job)
{
  drive d = { .job = job, .start = tsn_clock_wall(), .timing = tsn_args_has(job->args, "stats") };
  const char *progress = tsn_args_value(job->args, "progress");
  bool opened = false;
  int st = tsn_aside_options(&d.aside, job->args);

  watch_signals();
  if (st == 0) st = check_functions(&d);
  if (st == 0) st = choose_pattern(&d);
  if (st == 0) st = check_inputs(&d);
  if (st == 0) st = prepare_sources(&d);
  if (st == 0) st = open_matcher(&d);
  if (st == 0) st = tsn_aside_open(&d.aside, job->alloc);
  if (st == 0) st = tsn_sink_open(&d.sink, job->alloc, tsn_args_value(job->args, "output"));
  if (st == 0) st = open_writer(&d);
  if (st == 0) {
    opened = true;
    tsn_progress_start(!progress || !strcmp(progress, "auto"), total_bytes(job));
    st = run(&d);
  }
  if (opened) st = report(&d, st);
  tsn_writer_free(d.writer);
  tocsin_matcher_free(d.matcher);
  tsn_sink_close(&d.sink);
  tsn_aside_close(&d.aside);
  return st == TSN_EXIT_PIPE ? 0 : st;
}
