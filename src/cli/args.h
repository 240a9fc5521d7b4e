/* Options from tables, and the help that the same tables print. */
#ifndef TSN_CLI_ARGS_H
#define TSN_CLI_ARGS_H

#include <stdio.h>

#include "base/alloc.h"

typedef struct tsn_option {
  char letter;          /* 0: none */
  const char *name;     /* without --; NULL ends a table */
  const char *argument; /* what the help calls it; NULL: a flag */
  const char *help;     /* lines split by \n */
  bool later;           /* known, but not supported yet: not in the help */
} tsn_option;

typedef struct tsn_args tsn_args;

typedef struct tsn_command {
  const char *name;
  const char *arguments; /* "FILE.cep [STREAM=]INPUT..." */
  const char *summary;   /* one line, in the list of commands */
  const char *about;     /* paragraphs, in lines that fit a terminal */
  const tsn_option *options;
  const char *examples;
  int (*run)(tsn_args *args);
} tsn_command;

typedef struct tsn_given {
  const tsn_option *option;
  const char *value;
} tsn_given;

struct tsn_args {
  const tsn_command *command;
  tsn_alloc alloc; /* of the whole command */
  tsn_given *given;
  size_t given_count;
  const char **operands;
  size_t operand_count;
  size_t cap; /* of both lists */
};

/* Sorts what stands behind the command's name into options and operands. An
 * exit status; after it tsn_args_clear(). */
int tsn_args_parse(tsn_args *args, const tsn_command *command, int argc, char **argv);
void tsn_args_clear(tsn_args *args);

/* The last value given, or NULL; of a flag "". */
const char *tsn_args_value(const tsn_args *args, const char *name);
static inline bool tsn_args_has(const tsn_args *args, const char *name)
{
  return tsn_args_value(args, name) != NULL;
}
/* One of the words of a list that ends in NULL: its index, or -1 and a message. */
int tsn_args_choice(const tsn_args *args, const char *name, const char *const *words);

/* Wrong usage: a message, a hint at the help, and the exit status for it. */
int tsn_args_wrong(const tsn_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

void tsn_args_help(const tsn_command *command, FILE *out);

#endif
