/* tocsin schema [STREAM=]INPUT */
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/say.h"
#include "cli/shape.h"
#include "cli/sink.h"

#define BYTES_A_ROW 4096 /* read at most this much for each row that is looked at */
#define BYTES_MOST ((size_t)256 << 20)

static int print(tsn_args *args, const tsn_input *input, const tsn_inferred *in)
{
  tsn_sink sink;
  int st = tsn_sink_open(&sink, &args->alloc, NULL);

  if (st == 0) {
    tsn_infer_print(in, &sink.buffer);
    st = tsn_sink_flush(&sink);
  }
  tsn_sink_close(&sink);
  if (in->bad)
    tsn_say("%llu of %llu sampled rows of %s cannot be read", (unsigned long long)in->bad, (unsigned long long)in->rows,
            input->name);
  return st == TSN_EXIT_PIPE ? 0 : st;
}

static int infer(tsn_args *args, const tsn_input *input, tsn_arena *arena, uint64_t rows)
{
  const char *name = input->stream ? input->stream : *input->base ? input->base : "input";
  size_t bytes = rows < BYTES_MOST / BYTES_A_ROW ? (size_t)rows * BYTES_A_ROW : BYTES_MOST;
  tsn_inferred in;
  tsn_file file = { .alloc = NULL };
  int st = tsn_shape_infer(&args->alloc, arena, input, name, rows, bytes, &file, &in);

  if (st == 0) st = print(args, input, &in);
  tsn_file_close(&file);
  return st;
}

static int run(tsn_args *args)
{
  const char *rows_text = tsn_args_value(args, "rows");
  int64_t rows = TSN_INFER_ROWS;
  tsn_inputs inputs = { 0 };
  tsn_arena arena;
  tsn_format format;
  int st;

  if (args->operand_count == 0) return tsn_args_wrong(args->command, "an input is missing");
  if (args->operand_count > 1) return tsn_args_wrong(args->command, "one input at a time");
  if (rows_text && (!tsn_parse_int64(rows_text, strlen(rows_text), &rows) || rows < 1))
    return tsn_args_wrong(args->command, "--rows is a number from 1 on, not '%s'", rows_text);
  tsn_arena_init(&arena, &args->alloc, 0);
  inputs.arena = &arena;
  st = tsn_inputs_format(args, &format);
  if (st == 0) st = tsn_inputs_add(&inputs, args, args->operands[0], format);
  if (st == 0) st = infer(args, &inputs.items[0], &arena, (uint64_t)rows);
  tsn_arena_clear(&arena);
  return st;
}

static const tsn_option options[] = {
  { 0, "format", "FORMAT", "csv or jsonl: of standard input, and of files\nwhose names do not tell", false },
  { 0, "rows", "N", "look at N rows (10000)", false },
  { 0, NULL, NULL, NULL, false },
};

const tsn_command tsn_cmd_schema = {
  .name = "schema",
  .arguments = "[OPTION]... [STREAM=]INPUT",
  .summary = "print the CREATE STREAM that fits a file",
  .about = "Looks at the first rows of an input and prints the CREATE STREAM that fits them:\n"
           "to be put at the head of a pattern file and corrected where it guessed wrong. Where\n"
           "the rows are not in order of time, a WATERMARK says by how much. Of a folder or a\n"
           "glob the first file is looked at. A table of an SQLite database,\n"
           "sqlite:FILE?table=NAME, has the types that are declared there; how times are kept\n"
           "only its rows tell.",
  .options = options,
  .examples = "  tocsin schema clicks.csv > clicks.cep\n"
              "  zcat log.gz | tocsin schema logins=- --format jsonl --rows 100000\n",
  .run = run,
};
