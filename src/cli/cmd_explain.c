/* tocsin explain FILE.cep */
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/job.h"
#include "cli/say.h"
#include "cli/sink.h"

static int print(tsn_args *args, const char *text, size_t length)
{
  tsn_sink sink;
  int st = tsn_sink_open(&sink, &args->alloc, NULL);

  if (st == 0) {
    tsn_bytes_append(&sink.buffer, text, length);
    st = tsn_sink_flush(&sink);
  }
  tsn_sink_close(&sink);
  return st == TSN_EXIT_PIPE ? 0 : st;
}

/* Prints a text that was made, or says why there is none. */
static int give(tsn_args *args, const tsn_job *job, tocsin_status st, char *text, size_t length)
{
  int printed;

  if (st != TOCSIN_OK) {
    tsn_say("%s: %s", job->file, tocsin_status_text(st));
    return tsn_exit_of(st);
  }
  printed = print(args, text, length);
  tocsin_text_free(NULL, text, length);
  return printed;
}

static int explain(tsn_args *args, const tsn_job *job)
{
  char *text;
  size_t length;
  tocsin_status st = tocsin_explain(job->program, NULL, &text, &length);

  return give(args, job, st, text, length);
}

/* Of the pattern of --pattern, or the only one. */
static int draw(tsn_args *args, const tsn_job *job, tocsin_picture picture)
{
  char *text;
  size_t length, pattern;
  tocsin_status st;
  int chosen = tsn_job_pattern(job, &pattern);

  if (chosen != 0) return chosen;
  if (pattern == SIZE_MAX && tocsin_program_pattern_count(job->program) > 1)
    return tsn_args_wrong(args->command, "the file has several patterns: which one? Add --pattern NAME");
  st = tocsin_draw(job->program, pattern == SIZE_MAX ? 0 : pattern, picture, NULL, &text, &length);
  if (st == TOCSIN_LIMIT) {
    tsn_say("%s: the pattern has more elements, or ways from one to the next, than a picture can show", job->file);
    return tsn_exit_of(st);
  }
  return give(args, job, st, text, length);
}

static int show(tsn_args *args, tsn_job *job)
{
  if (tsn_args_has(args, "svg")) return draw(args, job, TOCSIN_PICTURE_SVG);
  if (tsn_args_has(args, "dot")) return draw(args, job, TOCSIN_PICTURE_DOT);
  return explain(args, job);
}

static int run(tsn_args *args)
{
  tsn_job job;
  int st;

  if (args->operand_count == 0) return tsn_args_wrong(args->command, "a pattern file is missing");
  tsn_job_init(&job, args);
  st = tsn_job_read(&job, args->operands[0]);
  if (st == 0) st = tsn_job_compile(&job, 1);
  if (st == 0) st = show(args, &job);
  tsn_job_close(&job);
  return st;
}

static const tsn_option options[] = {
  { 'p', "param", "NAME=VALUE", "bind a parameter; may be repeated", false },
  { 0, "format", "FORMAT", "csv or jsonl: of inputs whose names do not tell", false },
  { 0, "pattern", "NAME", "only this pattern", false },
  { 0, "svg", NULL, "draw its automaton, as SVG", false },
  { 0, "dot", NULL, "draw it for graphviz", false },
  { 0, NULL, NULL, NULL, false },
};

const tsn_command tsn_cmd_explain = {
  .name = "explain",
  .arguments = "[OPTION]... FILE.cep [[STREAM=]INPUT...]",
  .summary = "show the plan of a pattern: automaton, what is kept, bounds",
  .about = "Prints how the patterns of a file will be matched: the automaton, what is kept for\n"
           "each match in the making, and what bounds it. Inputs are wanted only where the file\n"
           "does not declare its streams.",
  .options = options,
  .examples = "  tocsin explain abandoned_cart.cep\n"
              "  tocsin explain abandoned_cart.cep --svg > cart.svg\n"
              "  tocsin explain abandoned_cart.cep --dot | dot -Tpng > cart.png\n",
  .run = run,
};
