/* tocsin check FILE.cep... */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/job.h"
#include "cli/say.h"
#include "cli/sink.h"

/* Names as wide as the widest, then types. */
static void print_columns(const tocsin_program *program, size_t pattern, tsn_bytes *out)
{
  tocsin_pattern_info info = tocsin_program_pattern(program, pattern);
  size_t width = 0;

  tsn_bytes_printf(out, "%s: %zu column%s from", *info.name ? info.name : "query", info.column_count,
                   info.column_count == 1 ? "" : "s");
  for (size_t i = 0; i < info.part_count; i++) {
    tocsin_part_info part = tocsin_program_pattern_part(program, pattern, i);
    tsn_bytes_printf(out, "%s %s %s", i ? "," : "", part.is_pattern ? "pattern" : "stream",
                     part.is_pattern ? tocsin_program_pattern(program, part.index).name
                                     : tocsin_program_stream(program, part.index).name);
    if (part.table != SIZE_MAX) tsn_bytes_printf(out, " with table %s", tocsin_program_table(program, part.table).name);
  }
  tsn_bytes_char(out, '\n');
  for (size_t i = 0; i < info.column_count; i++) {
    size_t length = strlen(tocsin_program_output_column(program, pattern, i).name);
    if (length > width) width = length;
  }
  for (size_t i = 0; i < info.column_count; i++) {
    tocsin_column_info c = tocsin_program_output_column(program, pattern, i);
    tsn_bytes_printf(out, "  %-*s  %s\n", (int)width, c.name, tocsin_type_name(c.type));
  }
}

static int check(tsn_args *args, const char *path, tsn_sink *sink)
{
  tsn_job job;
  int st;

  tsn_job_init(&job, args);
  st = tsn_job_read(&job, path);
  if (st == 0) st = tsn_job_compile(&job, args->operand_count);
  if (st == 0) {
    tsn_bytes_printf(&sink->buffer, "%s%s: good\n", sink->buffer.length ? "\n" : "", job.file);
    for (size_t i = 0; i < tocsin_program_pattern_count(job.program); i++)
      print_columns(job.program, i, &sink->buffer);
  }
  tsn_job_close(&job);
  return st;
}

static int run(tsn_args *args)
{
  tsn_sink sink;
  int st, worst = 0, written;

  if (args->operand_count == 0) return tsn_args_wrong(args->command, "a pattern file is missing");
  st = tsn_sink_open(&sink, &args->alloc, NULL);
  for (size_t i = 0; i < args->operand_count && st == 0; i++) {
    int one = check(args, args->operands[i], &sink);
    if (one > worst) worst = one;
  }
  written = st == 0 ? tsn_sink_flush(&sink) : st;
  tsn_sink_close(&sink);
  return written > worst ? written : worst;
}

static const tsn_option options[] = {
  { 'p', "param", "NAME=VALUE", "bind a parameter; may be repeated", false },
  { 0, "from", "DIALECT",
    "say where the text means something else there, or is refused:\nflink, oracle, snowflake, trino", false },
  { 0, NULL, NULL, NULL, false },
};

const tsn_command tsn_cmd_check = {
  .name = "check",
  .arguments = "[OPTION]... FILE.cep...",
  .summary = "compile only: errors, warnings, output columns",
  .about = "Compiles pattern files without running them. Errors and warnings go to standard\n"
           "error; for files without errors the columns of each pattern's output and their\n"
           "types are printed. The exit status is 1 where a file does not compile.",
  .options = options,
  .examples = "  tocsin check patterns/*.cep\n"
              "  tocsin check abandoned_cart.cep -p idle='45 minutes'\n"
              "  tocsin check --from flink my_query.sql\n",
  .run = run,
};
