/* tocsin: the table of commands, --help and --version. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/manual.h"
#include "cli/say.h"
#include "tocsin.h"

static const tsn_command *const commands[] = {
  &tsn_cmd_run,  &tsn_cmd_query, &tsn_cmd_check, &tsn_cmd_explain,
  &tsn_cmd_trace, &tsn_cmd_test, &tsn_cmd_fmt,   &tsn_cmd_schema,
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void print_help(void)
{
  printf("Usage: tocsin COMMAND [OPTION]... [ARGUMENT]...\n"
         "Finds patterns in streams of events: sequences, gaps, absence, time limits.\n"
         "\n"
         "Commands:\n");
  for (size_t i = 0; i < COMMAND_COUNT; i++) printf("  %-8s  %s\n", commands[i]->name, commands[i]->summary);
  printf("\n"
         "'tocsin COMMAND --help' tells more about a command.\n"
         "'tocsin completion bash' (zsh, fish) prints completion for a shell.\n"
         "\n"
         "Options:\n"
         "  --help     print this help and exit\n"
         "  --man      print the manual page, as roff\n"
         "  --version  print the version and exit\n"
         "\n"
         "Exit status:\n"
         "  0  done\n"
         "  1  a pattern does not compile, or a check fails\n"
         "  2  wrong usage\n"
         "  3  an input cannot be read, or a run-time error stopped the run\n"
         "  4  trouble with output or memory\n"
         "\n"
         "Examples:\n"
         "  tocsin schema clicks.csv\n"
         "      print the CREATE STREAM that fits a file\n"
         "  tocsin query \"SELECT * FROM clicks MATCH_RECOGNIZE (PARTITION BY user_id\n"
         "      ORDER BY ts PATTERN (a[page = 'cart'] -> b[page = 'exit']) WITHIN 10 MINUTES)\" clicks.csv\n"
         "      who left with a cart?\n"
         "  tocsin run abandoned_cart.cep shop.jsonl.gz -o alerts.jsonl --stats\n"
         "      run the patterns of a file over a packed input\n");
}

static void print_version(void)
{
  printf("tocsin %s\n"
         "\n"
         "Complex event processing with SQL row pattern recognition.\n",
         tocsin_version());
}

static int unknown_command(const char *name)
{
  const char *best = NULL;
  unsigned least = 3;

  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    unsigned distance = tsn_name_distance(name, commands[i]->name, 2);
    if (distance < least) {
      least = distance;
      best = commands[i]->name;
    }
  }
  if (best) return tsn_args_wrong(NULL, "there is no command '%s'; did you mean '%s'?", name, best);
  return tsn_args_wrong(NULL, "there is no command '%s'", name);
}

static int run_command(const tsn_command *command, int argc, char **argv)
{
  tsn_args args;
  int st = tsn_args_parse(&args, command, argc, argv);

  if (st == 0 && tsn_args_has(&args, "help")) {
    tsn_args_help(command, stdout);
    if (fflush(stdout) != 0) st = TSN_EXIT_OUTPUT;
  } else if (st == 0) {
    st = command->run(&args);
  }
  tsn_args_clear(&args);
  return st;
}

static int complete(int argc, char **argv)
{
  if (argc != 3) return tsn_args_wrong(NULL, "tocsin completion SHELL: bash, zsh or fish");
  if (!tsn_completion_print(argv[2], commands, COMMAND_COUNT, stdout))
    return tsn_args_wrong(NULL, "there is completion for bash, zsh and fish, not for '%s'", argv[2]);
  return fflush(stdout) == 0 ? 0 : TSN_EXIT_OUTPUT;
}

int main(int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : NULL;

  if (!name) return tsn_args_wrong(NULL, "a command is missing");
  if (!strcmp(name, "--help") || !strcmp(name, "-h") || (!strcmp(name, "help") && argc == 2)) {
    print_help();
    return fflush(stdout) == 0 ? 0 : TSN_EXIT_OUTPUT;
  }
  if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
    print_version();
    return fflush(stdout) == 0 ? 0 : TSN_EXIT_OUTPUT;
  }
  if (!strcmp(name, "--man")) {
    tsn_manual_print(commands, COMMAND_COUNT, stdout);
    return fflush(stdout) == 0 ? 0 : TSN_EXIT_OUTPUT;
  }
  if (!strcmp(name, "completion")) return complete(argc, argv);
  if (!strcmp(name, "help")) { /* tocsin help run */
    static char help[] = "--help";
    name = argv[2];
    argv[2] = help;
  }
  if (name[0] == '-') return tsn_args_wrong(NULL, "unknown option %s; options stand behind a command", name);
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    if (!strcmp(commands[i]->name, name)) return run_command(commands[i], argc - 2, argv + 2);
  return unknown_command(name);
}
