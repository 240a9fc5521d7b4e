/* tocsin query 'SELECT ...' [STREAM=]INPUT... */
#include <string.h>

#include "cli/cli.h"
#include "cli/drive.h"

static int run(tsn_args *args)
{
  tsn_job job;
  int st;

  if (args->operand_count == 0) return tsn_args_wrong(args->command, "a query is missing");
  if (args->operand_count == 1) return tsn_args_wrong(args->command, "an input is missing");
  st = tsn_drive_check(args);
  if (st != 0) return st;
  tsn_job_init(&job, args);
  job.file = "query";
  tsn_bytes_text(&job.text, args->operands[0]);
  st = job.text.failed == TOCSIN_OK ? tsn_job_compile(&job, 1) : tsn_no_memory();
  if (st == 0) st = tsn_drive(&job);
  tsn_job_close(&job);
  return st;
}

static const tsn_option options[] = { TSN_DRIVE_OPTIONS, { 0, NULL, NULL, NULL, false } };

const tsn_command tsn_cmd_query = {
  .name = "query",
  .arguments = "[OPTION]... QUERY [STREAM=]INPUT...",
  .summary = "run one query over inputs",
  .about = "Runs one query over inputs and prints its matches. The stream is named like the\n"
           "file, clicks for clicks.csv, or by STREAM=; its columns are inferred from a sample\n"
           "(tocsin schema shows them).",
  .options = options,
  .examples = "  tocsin query \"SELECT * FROM logins MATCH_RECOGNIZE (PARTITION BY account ORDER BY ts\n"
              "      PATTERN (fail[ok = 0]{5,} -> success[ok = 1]) WITHIN 10 MINUTES)\" logins.csv\n"
              "  zcat log.gz | tocsin query 'SELECT ...' logins=- --format jsonl --to csv\n",
  .run = run,
};
