/* Options: see args.h. */
#include "cli/args.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/say.h"

static const tsn_option help_option = { 0, "help", NULL, "print this help and exit", false };

int tsn_args_wrong(const tsn_command *command, const char *format, ...)
{
  char text[512];
  va_list list;

  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  tsn_say("%s", text);
  if (command)
    tsn_say_plain("try 'tocsin %s --help'", command->name);
  else
    tsn_say_plain("try 'tocsin --help'");
  return TSN_EXIT_USAGE;
}

static const tsn_option *find_name(const tsn_command *command, const char *name, size_t length)
{
  for (const tsn_option *o = command->options; o->name; o++)
    if (strlen(o->name) == length && !memcmp(o->name, name, length)) return o;
  return length == 4 && !memcmp(name, "help", 4) ? &help_option : NULL;
}

static const tsn_option *find_letter(const tsn_command *command, char letter)
{
  for (const tsn_option *o = command->options; o->name; o++)
    if (o->letter == letter) return o;
  return NULL;
}

static int unknown(const tsn_command *command, const char *arg)
{
  const char *name = arg + strspn(arg, "-"), *best = NULL;
  unsigned least = 3;
  char copy[64];
  size_t length = strcspn(name, "=");

  if (length < sizeof copy && strncmp(arg, "--", 2) == 0) {
    memcpy(copy, name, length);
    copy[length] = '\0';
    for (const tsn_option *o = command->options; o->name; o++) {
      unsigned distance = tsn_name_distance(copy, o->name, 2);
      if (!o->later && distance < least) {
        least = distance;
        best = o->name;
      }
    }
  }
  length += (size_t)(name - arg);
  if (best) return tsn_args_wrong(command, "unknown option %.*s; did you mean --%s?", (int)length, arg, best);
  return tsn_args_wrong(command, "unknown option %s", arg);
}

static void take(tsn_args *args, const tsn_option *option, const char *value)
{
  args->given[args->given_count++] = (tsn_given){ option, value };
}

/* One argument that begins with a dash; *i moves over a value that stands apart. */
static int parse_option(tsn_args *args, int argc, char **argv, int *i)
{
  const char *arg = argv[*i], *value = NULL;
  const tsn_option *option;
  bool is_long = arg[1] == '-';

  if (is_long) {
    size_t length = strcspn(arg + 2, "=");
    option = find_name(args->command, arg + 2, length);
    if (arg[2 + length] == '=') value = arg + 3 + length;
  } else {
    option = find_letter(args->command, arg[1]);
    if (arg[2]) value = arg + 2;
  }
  if (!option) return unknown(args->command, arg);
  if (!option->argument) {
    if (value) {
      return tsn_args_wrong(args->command, is_long ? "option --%s takes no value" : "option -%.1s takes no value",
                            is_long ? option->name : arg + 1);
    }
    take(args, option, "");
    return 0;
  }
  if (!value) {
    if (*i + 1 >= argc) return tsn_args_wrong(args->command, "option %s needs a value: %s", arg, option->argument);
    value = argv[++*i];
  }
  take(args, option, value);
  return 0;
}

int tsn_args_parse(tsn_args *args, const tsn_command *command, int argc, char **argv)
{
  bool only_operands = false;

  *args = (tsn_args){ .command = command, .cap = (size_t)argc };
  tsn_alloc_init(&args->alloc, NULL);
  args->given = tsn_alloc_array(&args->alloc, args->cap, sizeof *args->given);
  args->operands = tsn_alloc_array(&args->alloc, args->cap, sizeof *args->operands);
  if (!args->given || !args->operands) return tsn_no_memory();
  for (int i = 0; i < argc; i++) {
    int st;
    if (only_operands || argv[i][0] != '-' || argv[i][1] == '\0') {
      args->operands[args->operand_count++] = argv[i];
    } else if (!strcmp(argv[i], "--")) {
      only_operands = true;
    } else if ((st = parse_option(args, argc, argv, &i)) != 0) {
      return st;
    }
  }
  for (size_t i = 0; i < args->given_count; i++)
    if (args->given[i].option->later && !tsn_args_has(args, "help"))
      return tsn_args_wrong(command, "--%s is not supported yet", args->given[i].option->name);
  return 0;
}

void tsn_args_clear(tsn_args *args)
{
  tsn_alloc_free(&args->alloc, args->given, args->cap * sizeof *args->given);
  tsn_alloc_free(&args->alloc, args->operands, args->cap * sizeof *args->operands);
}

const char *tsn_args_value(const tsn_args *args, const char *name)
{
  for (size_t i = args->given_count; i > 0; i--)
    if (!strcmp(args->given[i - 1].option->name, name)) return args->given[i - 1].value;
  return NULL;
}

int tsn_args_choice(const tsn_args *args, const char *name, const char *const *words)
{
  const char *value = tsn_args_value(args, name);
  char list[128] = "";
  size_t at = 0;

  for (int i = 0; words[i]; i++) {
    if (!strcmp(words[i], value)) return i;
    if (at < sizeof list) {
      const char *before = i == 0 ? "" : words[i + 1] ? ", " : " or ";
      at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", before, words[i]);
    }
  }
  (void)tsn_args_wrong(args->command, "--%s is %s, not '%s'", name, list, value);
  return -1;
}

/* --- help --- */

static size_t label(const tsn_option *o, char *out, size_t room)
{
  int length = snprintf(out, room, "%s%.1s%s--%s%s%s", o->letter ? "-" : "", o->letter ? &o->letter : "",
                        o->letter ? ", " : "    ", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
  return length > 0 ? (size_t)length : 0;
}

static void print_option(const tsn_option *o, size_t width, FILE *out)
{
  char text[96];
  const char *line = o->help;

  label(o, text, sizeof text);
  fprintf(out, "  %-*s  ", (int)width, text);
  for (;;) {
    size_t length = strcspn(line, "\n");
    fprintf(out, "%.*s\n", (int)length, line);
    if (line[length] == '\0') break;
    line += length + 1;
    fprintf(out, "  %-*s  ", (int)width, "");
  }
}

void tsn_args_help(const tsn_command *command, FILE *out)
{
  size_t width = 0;
  char text[96];

  fprintf(out, "Usage: tocsin %s %s\n%s\n", command->name, command->arguments, command->about);
  for (const tsn_option *o = command->options; o->name; o++) {
    size_t length = label(o, text, sizeof text);
    if (!o->later && length > width) width = length;
  }
  if (width < 10) width = 10;
  fprintf(out, "\nOptions:\n");
  for (const tsn_option *o = command->options; o->name; o++)
    if (!o->later) print_option(o, width, out);
  print_option(&help_option, width, out);
  if (command->examples) fprintf(out, "\nExamples:\n%s", command->examples);
}
