/* tocsin fmt FILE.cep... */
#include <string.h>

#include "cli/cli.h"
#include "cli/diag_print.h"
#include "cli/files.h"
#include "cli/say.h"
#include "cli/sink.h"

typedef struct formatting {
  tsn_args *args;
  bool check;
  tsn_sink out;
  bool differs; /* a file that --check has named */
} formatting;

static int settle(formatting *f, const char *path, const tsn_bytes *old, const char *text, size_t length)
{
  bool same = old->length == length && (length == 0 || !memcmp(old->data, text, length));

  if (!f->check && !strcmp(path, "-")) {
    tsn_bytes_append(&f->out.buffer, text, length);
    return 0;
  }
  if (same) return 0;
  if (!f->check) return tsn_files_replace(path, text, length, f->args ? &f->args->alloc : NULL);
  f->differs = true;
  tsn_bytes_printf(&f->out.buffer, "%s\n", strcmp(path, "-") ? path : "standard input");
  return 0;
}

static int format_file(formatting *f, const char *path)
{
  tocsin_diagnostics *list = NULL;
  const char *name = strcmp(path, "-") ? path : "standard input";
  char *text = NULL;
  size_t length = 0;
  tsn_bytes old;
  int st;

  tsn_bytes_init(&old, &f->args->alloc, 0);
  st = tsn_files_read(path, &old);
  if (st == 0) {
    tocsin_status formatted = tocsin_format(old.length ? old.data : "", old.length, NULL, &text, &length, &list);
    if (formatted == TOCSIN_OK) {
      st = settle(f, path, &old, text, length);
      tocsin_text_free(NULL, text, length);
    } else {
      st = formatted == TOCSIN_NOMEM ? tsn_no_memory() : TSN_EXIT_PATTERN;
      if (st == TSN_EXIT_PATTERN && tocsin_diagnostics_count(list) == 0)
        tsn_say("%s: %s", name, tocsin_status_text(formatted));
      (void)tsn_diag_print(list, name, old.data, old.length, &f->args->alloc);
    }
    tocsin_diagnostics_free(list);
  }
  tsn_bytes_clear(&old);
  return st;
}

static int run(tsn_args *args)
{
  formatting f = { .args = args, .check = tsn_args_has(args, "check") };
  int worst = 0, st;

  if (args->operand_count == 0) return tsn_args_wrong(args->command, "a pattern file is missing (- is standard input)");
  st = tsn_sink_open(&f.out, &args->alloc, NULL);
  for (size_t i = 0; i < args->operand_count && st == 0; i++) {
    int one = format_file(&f, args->operands[i]);
    if (one > worst) worst = one;
  }
  if (st == 0) st = tsn_sink_flush(&f.out);
  tsn_sink_close(&f.out);
  if (st > worst) worst = st;
  return worst == 0 && f.differs ? TSN_EXIT_PATTERN : worst;
}

static const tsn_option options[] = {
  { 0, "check", NULL, "change nothing; name the files that would change,\nand exit with 1 if there are any", false },
  { 0, NULL, NULL, NULL, false },
};

const tsn_command tsn_cmd_fmt = {
  .name = "fmt",
  .arguments = "[OPTION]... FILE.cep...",
  .summary = "rewrite pattern files in the one layout",
  .about = "Rewrites pattern files in place in the one layout for all; comments stay. - reads\n"
           "standard input and writes standard output. A file that does not parse is left\n"
           "alone.",
  .options = options,
  .examples = "  tocsin fmt patterns/*.cep\n"
              "  tocsin fmt --check patterns/*.cep      # for CI\n",
  .run = run,
};
