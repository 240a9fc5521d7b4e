/* What the tables of commands and options also make: the manual page, and completion for shells. */
#ifndef TSN_CLI_MANUAL_H
#define TSN_CLI_MANUAL_H

#include <stdio.h>

#include "cli/args.h"

/* As roff, for man. */
void tsn_manual_print(const tsn_command *const *commands, size_t count, FILE *out);

/* For bash, zsh or fish: a row of the table in manual.c, or false. */
bool tsn_completion_print(const char *shell, const tsn_command *const *commands, size_t count, FILE *out);

#endif
