/* From a text and inputs to a program with sources: see job.h. */
#include "cli/job.h"

#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/diag_print.h"
#include "cli/files.h"
#include "cli/say.h"
#include "cli/shape.h"

#define SAMPLE ((size_t)2 << 20) /* bytes looked at to infer a stream */

void tsn_job_init(tsn_job *job, tsn_args *args)
{
  *job = (tsn_job){ .args = args, .alloc = &args->alloc };
  tsn_arena_init(&job->arena, job->alloc, 0);
  tsn_bytes_init(&job->text, job->alloc, 0);
  job->inputs.arena = &job->arena;
}

void tsn_job_close(tsn_job *job)
{
  for (size_t i = 0; i < job->source_count; i++) tsn_source_close(&job->sources[i]);
  for (size_t i = 0; i < job->table_count; i++) tsn_source_close(&job->tables[i]);
  tocsin_program_free(job->program);
  tsn_bytes_clear(&job->text);
  tsn_arena_clear(&job->arena);
}

int tsn_job_read(tsn_job *job, const char *path)
{
  job->file = strcmp(path, "-") ? path : "standard input";
  return tsn_files_read(path, &job->text);
}

/* --- which stream does an input feed? --- */

typedef struct names {
  tsn_arena *arena;
  const char **items;
  size_t count, cap;
} names;

static bool same(const char *a, const char *b)
{
  return tsn_same_name(a, strlen(a), b, strlen(b));
}

static const char *find(const names *n, const char *name)
{
  for (size_t i = 0; i < n->count; i++)
    if (same(n->items[i], name)) return n->items[i];
  return NULL;
}

static int add_name(void *context, const tocsin_stream *stream)
{
  names *n = context;

  if (n->count == n->cap) {
    size_t cap = n->cap ? n->cap * 2 : 8;
    const char **items = tsn_arena_new_array(n->arena, const char *, cap);
    if (!items) return 0;
    if (n->count) memcpy(items, n->items, n->count * sizeof *items);
    n->items = items;
    n->cap = cap;
  }
  n->items[n->count] = tsn_arena_text(n->arena, stream->name, strlen(stream->name));
  return n->items[n->count++] != NULL;
}

/* What the text declares. */
typedef struct declarations {
  names streams, tables;
} declarations;

static size_t list_names(char *list, size_t room, size_t at, const names *n)
{
  for (size_t i = 0; i < n->count && at < room; i++)
    at += (size_t)snprintf(list + at, room - at, "%s%s", at ? ", " : "", n->items[i]);
  return at;
}

static int wrong_stream(const tsn_job *job, const tsn_input *input, const declarations *text)
{
  char list[256] = "";

  list_names(list, sizeof list, list_names(list, sizeof list, 0, &text->streams), &text->tables);
  return tsn_args_wrong(job->args->command, "%s: which stream is it? Write STREAM=%s%s%s%s", input->name, input->path,
                        *list ? " with one of: " : "", list, "");
}

/* STREAM= decides; else a declared stream or table of the file's name; else the only
 * declared stream, unless another input has its name; else the file's name. */
static int resolve(tsn_job *job, const declarations *text)
{
  const names *declared = &text->streams;
  bool only_taken = false;

  for (size_t i = 0; i < job->inputs.count; i++) {
    const tsn_input *input = &job->inputs.items[i];
    const char *name = input->stream ? input->stream : input->base;
    only_taken |= declared->count == 1 && same(name, declared->items[0]);
  }
  for (size_t i = 0; i < job->inputs.count; i++) {
    tsn_input *input = &job->inputs.items[i];
    if (input->stream) continue;
    input->stream = find(declared, input->base);
    if (!input->stream) input->stream = find(&text->tables, input->base);
    if (!input->stream && declared->count == 1 && !only_taken) input->stream = declared->items[0];
    if (!input->stream && *input->base && declared->count <= 1) input->stream = input->base;
    if (!input->stream) return wrong_stream(job, input, text);
  }
  return 0;
}

/* --- sources --- */

/* The source of a name among so many, or a new one behind them; NULL: out of memory. */
static tsn_source *source_of(tsn_job *job, tsn_source *list, size_t *count, const char *name)
{
  tsn_source *s = list;

  while (s < list + *count && !same(s->name, name)) s++;
  if (s < list + *count) return s;
  *s = (tsn_source){ .alloc = &s->own, .name = name, .time = SIZE_MAX };
  tsn_alloc_init(&s->own, NULL);
  s->inputs = tsn_arena_new_array(&job->arena, const tsn_input *, job->inputs.count);
  ++*count;
  return s->inputs ? s : NULL;
}

static int add_sources(tsn_job *job, const declarations *text)
{
  size_t count = job->inputs.count;

  job->sources = tsn_arena_new_array(&job->arena, tsn_source, count);
  job->tables = tsn_arena_new_array(&job->arena, tsn_source, count);
  if (!job->sources || !job->tables) return tsn_no_memory();
  for (size_t i = 0; i < count; i++) {
    const tsn_input *input = &job->inputs.items[i];
    tsn_source *s = find(&text->tables, input->stream)
                      ? source_of(job, job->tables, &job->table_count, input->stream)
                      : source_of(job, job->sources, &job->source_count, input->stream);
    if (!s) return tsn_no_memory();
    s->inputs[s->input_count++] = input;
  }
  return 0;
}

/* The shape of a stream that nobody declared, from its first input. */
static int infer(tsn_job *job, tsn_source *s, tocsin_stream *out)
{
  tsn_inferred *in = tsn_arena_new(&job->arena, tsn_inferred);
  tocsin_stream_column *columns;
  int st;

  if (!in) return tsn_no_memory();
  st = tsn_shape_infer(s->alloc, &job->arena, s->inputs[0], s->name, TSN_INFER_ROWS, SAMPLE, &s->file, in);
  s->file_open = s->file.alloc != NULL;
  if (st != 0) return st;
  columns = tsn_arena_new_array(&job->arena, tocsin_stream_column, in->schema.column_count);
  if (!columns) return tsn_no_memory();
  for (size_t i = 0; i < in->schema.column_count; i++) {
    const tsn_column_def *def = &in->schema.columns[i];
    columns[i] = (tocsin_stream_column){ .name = def->name, .type = def->type, .unit = def->unit, .path = def->path };
  }
  *out = (tocsin_stream){ .name = s->name, .column_count = in->schema.column_count, .columns = columns };
  return 0;
}

/* --- compiling --- */

static int read_parameters(tsn_job *job, tocsin_parameter **out, size_t *count)
{
  const tsn_args *args = job->args;

  *count = 0;
  *out = tsn_arena_new_array(&job->arena, tocsin_parameter, args->given_count + 1);
  if (!*out) return tsn_no_memory();
  for (size_t i = 0; i < args->given_count; i++) {
    const char *value = args->given[i].value, *equals = strchr(value, '=');
    if (strcmp(args->given[i].option->name, "param") != 0) continue;
    if (!equals || equals == value) return tsn_args_wrong(args->command, "-p wants NAME=VALUE, not '%s'", value);
    if (*value == ':') value++; /* as it stands in the text */
    (*out)[*count] = (tocsin_parameter){ tsn_arena_text(&job->arena, value, (size_t)(equals - value)), equals + 1 };
    if (!(*out)[(*count)++].name) return tsn_no_memory();
  }
  return 0;
}

/* --from: the dialect that the text is compared with. */
static int read_dialect(tsn_job *job, const char **out)
{
  const char **words;
  size_t count = 0;
  int choice;

  if (!tsn_args_has(job->args, "from")) return 0;
  while (tocsin_dialect_get(count)) count++;
  words = tsn_arena_new_array(&job->arena, const char *, count + 1);
  if (!words) return tsn_no_memory();
  for (size_t i = 0; i < count; i++) words[i] = tocsin_dialect_get(i);
  choice = tsn_args_choice(job->args, "from", words);
  if (choice < 0) return TSN_EXIT_USAGE;
  *out = words[choice];
  return 0;
}

static int compile(tsn_job *job, const tocsin_compile_options *options)
{
  tocsin_diagnostics *list = NULL;
  const char *text = job->text.length ? job->text.data : "";
  tocsin_status st = tocsin_compile(text, job->text.length, options, &job->program, &list);
  int printed = tsn_diag_print(list, job->file, job->text.data, job->text.length, job->alloc);

  if (st != TOCSIN_OK && st != TOCSIN_NOMEM && tocsin_diagnostics_count(list) == 0)
    tsn_say("%s: %s", job->file, tocsin_status_text(st));
  tocsin_diagnostics_free(list);
  if (st == TOCSIN_NOMEM) return tsn_no_memory();
  return st != TOCSIN_OK ? TSN_EXIT_PATTERN : printed;
}

/* Whether a pattern reads the stream; one that the text declares need not be read. */
static bool is_read(const tsn_job *job, const names *declared, size_t stream)
{
  if (find(declared, tocsin_program_stream(job->program, stream).name)) return true;
  for (size_t i = 0; i < tocsin_program_pattern_count(job->program); i++)
    if (tocsin_program_pattern_reads(job->program, i, stream)) return true;
  return false;
}

static int unread(const tsn_job *job, const names *declared, const tsn_source *s)
{
  char list[256] = "";
  size_t streams = tocsin_program_stream_count(job->program), length = 0;

  for (size_t i = 0; i < streams && length < sizeof list; i++)
    if (is_read(job, declared, i))
      length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", length ? ", " : "",
                                 tocsin_program_stream(job->program, i).name);
  return tsn_args_wrong(job->args->command, "no pattern reads a stream \"%s\", only %s; say which: STREAM=%s", s->name,
                        list, s->inputs[0]->path);
}

/* Gives each source its place in the program. */
static int connect(tsn_job *job, const names *declared)
{
  size_t streams = tocsin_program_stream_count(job->program);

  for (size_t i = 0; i < job->source_count; i++) {
    tsn_source *s = &job->sources[i];
    size_t at = 0;
    int st;
    while (at < streams && !same(tocsin_program_stream(job->program, at).name, s->name)) at++;
    if (at == streams || !is_read(job, declared, at)) return unread(job, declared, s);
    st = tsn_source_shape(s, &job->arena, job->program, at);
    if (st != 0) return st;
  }
  for (size_t i = 0; i < job->table_count; i++) {
    tsn_source *s = &job->tables[i];
    size_t at = 0;
    int st;
    while (!same(tocsin_program_table(job->program, at).name, s->name)) at++; /* the text declares it */
    st = tsn_source_table_shape(s, &job->arena, job->program, at);
    if (st != 0) return st;
  }
  return 0;
}

int tsn_job_compile(tsn_job *job, size_t first)
{
  declarations text = { { .arena = &job->arena }, { .arena = &job->arena } };
  tocsin_compile_options options = { .allocator = NULL };
  tocsin_stream *inferred;
  tocsin_parameter *parameters;
  tsn_format format;
  tocsin_status found;
  int st = tsn_inputs_format(job->args, &format);

  for (size_t i = first; i < job->args->operand_count && st == 0; i++) {
    job->inputs.operand = i;
    st = tsn_inputs_add(&job->inputs, job->args, job->args->operands[i], format);
  }
  if (st != 0) return st;
  found = tocsin_declared_streams(job->text.length ? job->text.data : "", job->text.length, NULL, add_name, &text.streams);
  if (found == TOCSIN_OK)
    found = tocsin_declared_tables(job->text.length ? job->text.data : "", job->text.length, NULL, add_name, &text.tables);
  if (found == TOCSIN_NOMEM || tsn_arena_failed(&job->arena) != TOCSIN_OK) return tsn_no_memory();
  st = resolve(job, &text);
  if (st == 0) st = add_sources(job, &text);
  if (st == 0) st = read_parameters(job, &parameters, &options.parameter_count);
  if (st == 0) st = read_dialect(job, &options.dialect);
  if (st != 0) return st;
  inferred = tsn_arena_new_array(&job->arena, tocsin_stream, job->source_count);
  if (!inferred) return tsn_no_memory();
  for (size_t i = 0; i < job->source_count && st == 0; i++)
    if (!find(&text.streams, job->sources[i].name)) st = infer(job, &job->sources[i], &inferred[options.stream_count++]);
  if (st != 0) return st;
  options.streams = inferred;
  options.parameters = parameters;
  options.bounded = job->inputs.count > 0 && !tsn_args_has(job->args, "follow");
  options.trace = job->tracer != NULL;
  for (size_t i = 0; i < job->inputs.count; i++)
    if (!strcmp(job->inputs.items[i].path, "-")) options.bounded = 0; /* may go on for ever */
  st = compile(job, &options);
  return st ? st : connect(job, &text.streams);
}

int tsn_job_pattern(const tsn_job *job, size_t *out)
{
  const char *name = tsn_args_value(job->args, "pattern"), *best = NULL;
  size_t count = tocsin_program_pattern_count(job->program);
  unsigned least = 3;

  *out = SIZE_MAX;
  if (!name) return 0;
  for (size_t i = 0; i < count; i++) {
    const char *known = tocsin_program_pattern(job->program, i).name;
    unsigned distance = tsn_name_distance(name, known, 2);
    if (same(name, known)) {
      *out = i;
      return 0;
    }
    if (*known && distance < least) {
      least = distance;
      best = known;
    }
  }
  return tsn_args_wrong(job->args->command, best ? "there is no pattern \"%s\"; did you mean \"%s\"?" : "there is no pattern \"%s\"", name, best);
}
