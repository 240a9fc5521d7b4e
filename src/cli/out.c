/* Outputs: see out.h. */
#define _DEFAULT_SOURCE
#include "cli/out.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/database.h"
#include "cli/say.h"

/* --- options --- */

static const char *const words[] = { "jsonl", "csv", "table", "arrow", NULL };

int tsn_out_check(const tsn_args *args)
{
  const char *file = tsn_args_value(args, "output");
  int choice = tsn_args_has(args, "to") ? tsn_args_choice(args, "to", words) : 0;

  if (choice < 0) return TSN_EXIT_USAGE;
  if (choice == 3) return tsn_args_wrong(args->command, "--to arrow is not supported yet");
  if (!file || !tsn_is_database(file)) return 0;
  if (tsn_args_has(args, "to")) return tsn_args_wrong(args->command, "--to is about files; %s has tables", file);
  return 0;
}

static bool ends_with(const char *name, const char *end)
{
  size_t length = strlen(name), tail = strlen(end);
  return length > tail && !strcmp(name + length - tail, end);
}

static tsn_output choose(const tsn_out *o, const tsn_args *args)
{
  static const tsn_output outputs[] = { TSN_OUTPUT_JSONL, TSN_OUTPUT_CSV, TSN_OUTPUT_TABLE };
  const char *file = tsn_args_value(args, "output");

  if (tsn_args_has(args, "to")) return outputs[tsn_args_choice(args, "to", words)];
  if (file && ends_with(file, ".csv")) return TSN_OUTPUT_CSV;
  return o->sink.is_terminal && !o->silent ? TSN_OUTPUT_TABLE : TSN_OUTPUT_JSONL;
}

/* --- opening --- */

static int read_patterns(tsn_out *o, tsn_job *job)
{
  o->patterns = tsn_arena_new_array(&job->arena, tsn_writer_pattern, o->count);
  if (!o->patterns) return tsn_no_memory();
  for (size_t i = 0; i < o->count; i++) {
    tocsin_pattern_info info = tocsin_program_pattern(job->program, o->first + i);
    tsn_writer_column *columns = tsn_arena_new_array(&job->arena, tsn_writer_column, info.column_count);
    if (!columns) return tsn_no_memory();
    for (size_t k = 0; k < info.column_count; k++) {
      tocsin_column_info c = tocsin_program_output_column(job->program, o->first + i, k);
      columns[k] = (tsn_writer_column){ c.name, c.type };
    }
    o->patterns[i] = (tsn_writer_pattern){ info.name, info.column_count, columns };
  }
  return 0;
}

static int open_writer(tsn_out *o, tsn_job *job, bool begins)
{
  tsn_writer_options options = { .pattern_column = o->count > 1 };
  struct winsize size;

  if (o->sink.is_terminal) {
    options.width = ioctl(o->sink.fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    options.colour = tsn_may_colour(o->sink.fd);
  }
  if (tsn_writer_new(job->alloc, choose(o, job->args), o->patterns, o->count, &options, &o->writer) != TOCSIN_OK) return tsn_no_memory();
  return !begins || tsn_writer_begin(o->writer, &o->sink.buffer) == TOCSIN_OK ? 0 : tsn_no_memory();
}

int tsn_out_open(tsn_out *o, tsn_job *job, size_t first, size_t count, const char *committed, size_t length)
{
  const char *file = tsn_args_value(job->args, "output"), *path;
  int st;

  *o = (tsn_out){ .first = first, .count = count, .silent = job->tracer != NULL };
  st = read_patterns(o, job);
  if (st != 0) return st;
  if (file && tsn_is_database(file)) {
    st = tsn_database_path(&job->arena, job->args, file, &path);
    return st ? st : tsn_tables_open(&o->tables, job->alloc, path, file, o->patterns, count);
  }
  st = tsn_sink_open_at(&o->sink, job->alloc, file, committed, length);
  return st ? st : open_writer(o, job, o->sink.length == 0);
}

void tsn_out_close(tsn_out *o)
{
  tsn_tables_close(o->tables);
  tsn_writer_free(o->writer);
  tsn_sink_close(&o->sink);
  *o = (tsn_out){ .count = 0 };
}

/* --- rows --- */

int tsn_out_row(tsn_out *o, const tocsin_match *match)
{
  size_t pattern = match->pattern - o->first;

  if (match->pattern < o->first || pattern >= o->count) return 0;
  o->rows++;
  if (o->silent) return 0;
  if (o->tables) return tsn_tables_row(o->tables, pattern, match->values);
  return tsn_writer_row(o->writer, pattern, match->values, match->value_count, &o->sink.buffer) == TOCSIN_OK ? 0 : tsn_no_memory();
}

int tsn_out_flush(tsn_out *o)
{
  return o->tables ? tsn_tables_flush(o->tables) : tsn_sink_flush(&o->sink);
}

int tsn_out_end(tsn_out *o)
{
  if (!o->tables && o->sink.buffer.failed != TOCSIN_OK) return tsn_no_memory();
  if (!o->tables && tsn_writer_end(o->writer, &o->sink.buffer) != TOCSIN_OK) return tsn_no_memory();
  return tsn_out_flush(o);
}

int tsn_out_commit(tsn_out *o, tsn_bytes *committed)
{
  return o->tables ? tsn_tables_commit(o->tables) : tsn_sink_commit(&o->sink, committed);
}
