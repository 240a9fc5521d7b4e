/* tocsin trace FILE.cep INPUT... [--key K] */
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/drive.h"
#include "cli/say.h"
#include "cli/trace_story.h"

typedef struct tracing {
  tsn_job job;
  tsn_story story;
  tsn_sink out;
  tocsin_tracer tracer;
} tracing;

/* Told while events come; what cannot be written ends the run at its end. */
static void tell(void *context, const tocsin_trace_event *event)
{
  tracing *t = context;

  tsn_story_tell(&t->story, event);
}

static int wants(void *context, size_t pattern, const tocsin_value *key, size_t count)
{
  tracing *t = context;
  return tsn_story_wants(&t->story, pattern, key, count);
}

/* Of a late row only its line is known: it may be of the key if that stands in it. */
static void told_late(void *context, const tsn_source *source, const tocsin_late_row *row)
{
  tracing *t = context;
  tsn_origin origin;
  const char *key = t->story.key;
  size_t length = key ? strcspn(key, ",") : 0;
  bool known = tsn_source_origin(source, row->row, &origin), found = !key || !known;

  for (size_t i = 0; known && !found && i + length <= origin.raw_length; i++) found = !memcmp(origin.raw + i, key, length);
  if (!found) return;
  t->story.late_count++;
  if (known) {
    t->story.late = tsn_arena_printf(&t->job.arena, "%s:%llu", source->input->name, (unsigned long long)origin.line);
    tsn_bytes_printf(&t->out.buffer, "late row, left out  %s  %.*s\n", t->story.late, (int)origin.raw_length, origin.raw);
  }
}

static void find_time(tracing *t)
{
  for (size_t i = 0; i < tocsin_program_stream_count(t->job.program); i++) {
    tocsin_stream_info info = tocsin_program_stream(t->job.program, i);
    if (info.event_time >= 0)
      t->story.time_type = tocsin_program_stream_column(t->job.program, i, (size_t)info.event_time).type;
  }
}

static int run(tsn_args *args)
{
  tracing t = { .tracer = { tell, wants, NULL } };
  int st;

  if (args->operand_count == 0) return tsn_args_wrong(args->command, "a pattern file is missing");
  if (args->operand_count == 1) return tsn_args_wrong(args->command, "an input is missing");
  st = tsn_drive_check(args);
  if (st != 0) return st;
  tsn_job_init(&t.job, args);
  t.tracer.context = &t;
  t.job.tracer = &t.tracer;
  t.job.on_late = told_late;
  st = tsn_sink_open(&t.out, &args->alloc, NULL);
  tsn_story_init(&t.story, &t.job.arena, &t.out, tsn_args_value(args, "key"));
  if (st == 0) st = tsn_job_read(&t.job, args->operands[0]);
  if (st == 0) st = tsn_job_compile(&t.job, 1);
  t.story.program = t.job.program;
  if (st == 0) st = tsn_job_pattern(&t.job, &t.story.only);
  if (st == 0) {
    find_time(&t);
    st = tsn_drive(&t.job);
    if (st == 0) tsn_story_end(&t.story);
    if (st == 0 && tsn_arena_failed(&t.job.arena) != TOCSIN_OK) st = tsn_no_memory();
    if (st == 0) st = tsn_sink_flush(&t.out);
    else (void)tsn_sink_flush(&t.out);
  }
  tsn_sink_close(&t.out);
  tsn_job_close(&t.job);
  return st == TSN_EXIT_PIPE ? 0 : st;
}

static const tsn_option options[] = {
  { 'k', "key", "KEY", "only the rows of this key: the value of PARTITION BY,\nor several, as in ann,teapot", false },
  { 0, "pattern", "NAME", "only this pattern", false },
  { 'p', "param", "NAME=VALUE", "bind a parameter; may be repeated", false },
  { 0, "format", "FORMAT", "csv or jsonl: of standard input, and of files\nwhose names do not tell", false },
  { 0, "sort", NULL, "read all input first and put it in order of time", false },
  { 0, "late", "POLICY", "late rows: drop (and tell), divert:FILE or fail", false },
  { 0, "bad", "POLICY", "rows that cannot be read: skip (and tell), divert:FILE\nor fail", false },
  { 0, NULL, NULL, NULL, false },
};

const tsn_command tsn_cmd_trace = {
  .name = "trace",
  .arguments = "[OPTION]... FILE.cep [STREAM=]INPUT...",
  .summary = "tell why a pattern matched, or did not, row by row",
  .about = "Tells of each row what the matches in the making did with it: which took it, which went\n"
           "on waiting and why, which ended. The last line says how far the furthest of them came\n"
           "and what kept it from a match. A path is written as its rows: A(1) B(3).",
  .options = options,
  .examples = "  tocsin trace abandoned_cart.cep shop.csv --key ann\n"
              "  tocsin trace abandoned_cart.cep shop.csv --key ann | tail -1\n",
  .run = run,
};
