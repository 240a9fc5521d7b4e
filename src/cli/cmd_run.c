/* tocsin run FILE.cep [STREAM=]INPUT... */
#include "cli/cli.h"
#include "cli/drive.h"

static int run(tsn_args *args)
{
  tsn_job job;
  int st;

  if (args->operand_count == 0) return tsn_args_wrong(args->command, "a pattern file is missing");
  if (args->operand_count == 1) return tsn_args_wrong(args->command, "an input is missing");
  st = tsn_drive_check(args);
  if (st != 0) return st;
  tsn_job_init(&job, args);
  st = tsn_job_read(&job, args->operands[0]);
  if (st == 0) st = tsn_job_compile(&job, 1);
  if (st == 0) st = tsn_drive(&job);
  tsn_job_close(&job);
  return st;
}

static const tsn_option options[] = { TSN_DRIVE_OPTIONS, { 0, NULL, NULL, NULL, false } };

const tsn_command tsn_cmd_run = {
  .name = "run",
  .arguments = "[OPTION]... FILE.cep [STREAM=]INPUT...",
  .summary = "run the patterns of a file over inputs",
  .about = "Runs the patterns of a file over inputs, to the end of the data, and prints their\n"
           "matches.\n"
           "\n"
           "An input is a file name.csv, .jsonl or .ndjson, also packed (.gz, .zst); a folder\n"
           "or a quoted glob, read in order of the names; sqlite:FILE?table=NAME, a table or\n"
           "view of an SQLite database; or - for standard input. STREAM= tells which stream it\n"
           "feeds; without, it is the one that the file declares, or the one named like the\n"
           "input. A stream that the file does not declare is inferred from a sample. Several\n"
           "streams are merged in order of their event time. An input of a table, TABLE=INPUT,\n"
           "is read whole before them.\n"
           "\n"
           "A file with several patterns adds a first column: pattern.",
  .options = options,
  .examples = "  tocsin run abandoned_cart.cep shop.jsonl.gz -o alerts.jsonl --stats\n"
              "  tocsin run fraud.cep cards=cards.csv 'logins=logs/*.jsonl' -p limit=500 --sort\n",
  .run = run,
};
