/* The manual page and completion: see manual.h. */
#include "cli/manual.h"

#include <string.h>

#include "tocsin.h"

/* --- the manual page --- */

/* A text of roff: a dash is a dash, a backslash shows, and no line begins with a dot or a quote by chance. */
static void roff(const char *text, FILE *out)
{
  bool begins = true;

  for (; *text; text++) {
    if (begins && (*text == '.' || *text == '\'')) fputs("\\&", out);
    if (*text == '\\') fputs("\\e", out);
    else if (*text == '-') fputs("\\-", out);
    else fputc(*text, out);
    begins = *text == '\n';
  }
}

static void option_line(const tsn_option *o, FILE *out)
{
  fputs(".TP\n", out);
  if (o->letter) fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
  fputs("\\fB\\-\\-", out);
  roff(o->name, out);
  fputs("\\fR", out);
  if (o->argument) {
    fputs(" \\fI", out);
    roff(o->argument, out);
    fputs("\\fR", out);
  }
  fputc('\n', out);
  roff(o->help, out);
  fputc('\n', out);
}

static void command_part(const tsn_command *c, FILE *out)
{
  fprintf(out, ".SS tocsin %s\n.B tocsin %s\n", c->name, c->name);
  roff(c->arguments, out);
  fputs("\n.PP\n", out);
  roff(c->about, out);
  fputc('\n', out);
  for (const tsn_option *o = c->options; o->name; o++)
    if (!o->later) option_line(o, out);
  if (!c->examples) return;
  fputs(".PP\nExamples:\n.PP\n.nf\n", out);
  roff(c->examples, out);
  fputs(".fi\n", out);
}

void tsn_manual_print(const tsn_command *const *commands, size_t count, FILE *out)
{
  fprintf(out, ".TH TOCSIN 1 \"\" \"tocsin %s\" \"User Commands\"\n", tocsin_version());
  fputs(".SH NAME\ntocsin \\- patterns over streams of events\n.SH SYNOPSIS\n.B tocsin\n\\fICOMMAND\\fR [\\fIOPTION\\fR]... "
        "[\\fIARGUMENT\\fR]...\n.SH DESCRIPTION\nFinds patterns in streams of events: sequences, gaps, absence, time limits.\n"
        "Patterns are written in SQL's notation for them, MATCH_RECOGNIZE.\n.SH COMMANDS\n", out);
  for (size_t i = 0; i < count; i++) command_part(commands[i], out);
  fputs(".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\na pattern does not compile, or a check or test fails\n.TP\n2\nwrong usage\n.TP\n3\n"
        "an input cannot be read, or a run\\-time error stopped the run\n.TP\n4\ntrouble with output or memory\n"
        ".SH ENVIRONMENT\n.TP\nNO_COLOR\nwhere it is set, nothing is coloured\n", out);
}

/* --- completion --- */

/* The first line of a help text, without what shells would take for their own. */
static void hint(const char *text, FILE *out)
{
  for (; *text && *text != '\n'; text++)
    if (!strchr("'`\"\\[]:$", *text)) fputc(*text, out);
}

static void bash(const tsn_command *const *commands, size_t count, FILE *out)
{
  fputs("# bash completion for tocsin\n_tocsin() {\n  local cur=${COMP_WORDS[COMP_CWORD]} options=--help\n"
        "  COMPREPLY=()\n  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    COMPREPLY=($(compgen -W '", out);
  for (size_t i = 0; i < count; i++) fprintf(out, "%s ", commands[i]->name);
  fputs("help completion --help --version' -- \"$cur\"))\n    return\n  fi\n  case ${COMP_WORDS[1]} in\n", out);
  for (size_t i = 0; i < count; i++) {
    fprintf(out, "    %s) options='--help", commands[i]->name);
    for (const tsn_option *o = commands[i]->options; o->name; o++) {
      if (o->later) continue;
      fprintf(out, " --%s", o->name);
      if (o->letter) fprintf(out, " -%c", o->letter);
    }
    fputs("' ;;\n", out);
  }
  fputs("  esac\n  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$cur\")); fi\n}\n"
        "complete -o default -F _tocsin tocsin\n", out);
}

static void zsh(const tsn_command *const *commands, size_t count, FILE *out)
{
  fputs("#compdef tocsin\n_tocsin() {\n  local -a commands=(\n", out);
  for (size_t i = 0; i < count; i++) {
    fprintf(out, "    '%s:", commands[i]->name);
    hint(commands[i]->summary, out);
    fputs("'\n", out);
  }
  fputs("  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n  case $words[2] in\n", out);
  for (size_t i = 0; i < count; i++) {
    fprintf(out, "    %s) _arguments", commands[i]->name);
    for (const tsn_option *o = commands[i]->options; o->name; o++) {
      if (o->later) continue;
      fprintf(out, " \\\n      '*--%s%s[", o->name, o->argument ? "=" : "");
      hint(o->help, out);
      fputc(']', out);
      if (o->argument) {
        fputc(':', out);
        hint(o->argument, out);
        fputs(":_files", out);
      }
      fputc('\'', out);
    }
    fputs(" \\\n      '--help[print help]' '*:file:_files' ;;\n", out);
  }
  fputs("  esac\n}\n_tocsin \"$@\"\n", out);
}

static void fish(const tsn_command *const *commands, size_t count, FILE *out)
{
  fputs("# fish completion for tocsin\n", out);
  for (size_t i = 0; i < count; i++) {
    fprintf(out, "complete -c tocsin -n __fish_use_subcommand -a %s -d '", commands[i]->name);
    hint(commands[i]->summary, out);
    fputs("'\n", out);
    for (const tsn_option *o = commands[i]->options; o->name; o++) {
      if (o->later) continue;
      fprintf(out, "complete -c tocsin -n '__fish_seen_subcommand_from %s' -l %s", commands[i]->name, o->name);
      if (o->letter) fprintf(out, " -s %c", o->letter);
      fprintf(out, "%s -d '", o->argument ? " -r" : "");
      hint(o->help, out);
      fputs("'\n", out);
    }
  }
}

bool tsn_completion_print(const char *shell, const tsn_command *const *commands, size_t count, FILE *out)
{
  static const struct {
    const char *name;
    void (*print)(const tsn_command *const *commands, size_t count, FILE *out);
  } shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

  for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
    if (strcmp(shells[i].name, shell) != 0) continue;
    shells[i].print(commands, count, out);
    return true;
  }
  return false;
}
