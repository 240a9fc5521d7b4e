/* Commands that have their name already, and are not supported yet. */
#include "cli/cli.h"
#include "cli/say.h"

static int later(tsn_args *args)
{
  tsn_say("%s is not supported yet", args->command->name);
  return TSN_EXIT_USAGE;
}

static const tsn_option trace_options[] = { { 0, "key", "KEY", "", true }, { 0, NULL, NULL, NULL, false } };

const tsn_command tsn_cmd_trace = {
  .name = "trace",
  .arguments = "FILE.cep INPUT",
  .summary = "tell why a pattern matched, or did not (not supported yet)",
  .about = "Will tell row by row which match in the making took it, waited or died.\n"
           "Not supported yet.",
  .options = trace_options,
  .run = later,
};
