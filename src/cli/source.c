/* Sources: see source.h. */
#include "cli/source.h"

#include <string.h>

#include "base/time.h"
#include "cli/cli.h"
#include "cli/pipe.h"
#include "cli/say.h"
#include "cli/sorted.h"

static tsn_column_def column_def(const tocsin_column_info *c, bool required, bool needed)
{
  return (tsn_column_def){ .name = c->name, .type = c->type, .unit = c->unit, .path = c->path, .not_null = required, .needed = needed };
}

int tsn_source_shape(tsn_source *s, tsn_arena *arena, const tocsin_program *program, size_t stream)
{
  tocsin_stream_info info = tocsin_program_stream(program, stream);
  tsn_column_def *columns = tsn_arena_new_array(arena, tsn_column_def, info.column_count);

  if (!columns) return tsn_no_memory();
  for (size_t i = 0; i < info.column_count; i++) {
    tocsin_column_info c = tocsin_program_stream_column(program, stream, i);
    bool is_time = info.event_time >= 0 && (size_t)info.event_time == i;
    /* A row without its time has no place in the order: a bad row, like others told by line. */
    columns[i] = column_def(&c, c.not_null || is_time, c.needed || is_time);
  }
  s->stream = stream;
  s->name = info.name;
  s->schema = (tsn_schema){ .name = info.name, .column_count = info.column_count, .columns = columns };
  s->time = info.event_time >= 0 ? (size_t)info.event_time : SIZE_MAX;
  return 0;
}

int tsn_source_table_shape(tsn_source *s, tsn_arena *arena, const tocsin_program *program, size_t table)
{
  tocsin_table_info info = tocsin_program_table(program, table);
  tsn_column_def *columns = tsn_arena_new_array(arena, tsn_column_def, info.column_count);

  if (!columns) return tsn_no_memory();
  for (size_t i = 0; i < info.column_count; i++) {
    tocsin_column_info c = tocsin_program_table_column(program, table, i);
    columns[i] = column_def(&c, c.not_null, c.needed || c.not_null);
  }
  s->stream = table;
  s->name = info.name;
  s->schema = (tsn_schema){ .name = info.name, .column_count = info.column_count, .columns = columns };
  return 0;
}

/* Of the input at hand. */
static tsn_decoder_counts counts_now(const tsn_source *s)
{
  const tsn_decoder_counts none = { 0 };
  return s->decoder ? tsn_decoder_count(s->decoder) : s->database ? tsn_database_count(s->database) : none;
}

static void close_file(tsn_source *s)
{
  s->counts = tsn_source_counts(s);
  tsn_decoder_free(s->decoder);
  tsn_database_close(s->database);
  s->decoder = NULL;
  s->database = NULL;
  if (s->file_open) {
    s->packed_bytes += s->file.read;
    tsn_file_close(&s->file);
  }
  s->file_open = s->file_ended = false;
}

void tsn_source_close(tsn_source *s)
{
  if (s->pipe) tsn_pipe_free(s->pipe);
  s->pipe = NULL;
  if (s->sorted) tsn_sorted_free(s->sorted);
  s->sorted = NULL;
  close_file(s);
  if (s->batch_ready) tsn_batch_clear(&s->batch);
  s->batch_ready = false;
}

static void told_bad(void *context, const tsn_bad_row *row)
{
  tsn_source *s = context;
  if (s->on_bad) s->on_bad(s->context, s, row);
}

static int failed_reading(const tsn_source *s, tocsin_status st)
{
  if (st == TOCSIN_NOMEM) return tsn_no_memory();
  tsn_say("cannot read %s: %s", s->input->name,
          *tsn_decoder_message(s->decoder) ? tsn_decoder_message(s->decoder) : tocsin_status_text(st));
  return st == TOCSIN_INVALID ? TSN_EXIT_PATTERN : TSN_EXIT_INPUT; /* a path of the text is none */
}

static int open_file(tsn_source *s, tsn_decoder_options *options)
{
  tocsin_status st;

  if (!s->file_open) {
    int opened = tsn_file_open(&s->file, s->alloc, s->input);
    if (opened != 0) return opened;
    s->file_open = true;
  }
  s->file.before_wait = s->before_wait;
  s->file.context = s->wait_context;
  s->file.stop = s->stop;
  st = tsn_decoder_new(s->alloc, s->input->format, &s->schema, options, &s->decoder);
  return st == TOCSIN_OK ? 0 : s->decoder ? failed_reading(s, st) : tsn_no_memory();
}

static int open_next(tsn_source *s)
{
  tsn_decoder_options options = { .on_bad = told_bad, .context = s, .keep_origins = !s->sorted };

  s->input = s->inputs[s->input_at++];
  s->remarked = false;
  options.source = s->input->name;
  return s->input->table ? tsn_database_open(&s->database, s->alloc, s->input, &s->schema, &options) : open_file(s, &options);
}

/* The next rows of the file that is open. */
static int read_file(tsn_source *s, tsn_batch *batch)
{
  tocsin_status st = TOCSIN_OK;
  const char *bytes;
  size_t length;
  int got = tsn_file_next(&s->file, &bytes, &length);

  if (got != 0) return got;
  if (length)
    st = tsn_decoder_feed(s->decoder, bytes, length, batch);
  else if (!tsn_interrupted && !(s->stop && *s->stop))
    st = tsn_decoder_finish(s->decoder, batch);
  s->file_ended = length == 0;
  return st == TOCSIN_OK ? 0 : failed_reading(s, st);
}

static void remark(tsn_source *s)
{
  const char *text = s->decoder ? tsn_decoder_remark(s->decoder) : tsn_database_remark(s->database);

  if (s->remarked || !*text) return;
  tsn_say("%s: %s: NULL in every row", s->input->name, text);
  s->remarked = true;
}

/* Reads from the inputs until there are rows, or no more. */
static int fill_from_inputs(tsn_source *s)
{
  tsn_batch *batch = s->into ? s->into : &s->batch;
  bool *ready = s->into ? s->into_ready : &s->batch_ready;

  if (!*ready) {
    if (tsn_batch_init(batch, s->alloc, &s->schema) != TOCSIN_OK) return tsn_no_memory();
    *ready = true;
  }
  tsn_batch_reset(batch);
  while (batch->rows == 0 && !tsn_interrupted) {
    int got = 0;
    if (s->file_ended) close_file(s);
    if (!s->decoder && !s->database) {
      if (s->input_at == s->input_count) break;
      got = open_next(s);
      if (got != 0) return got;
    }
    got = s->database ? tsn_database_read(s->database, batch, &s->file_ended) : read_file(s, batch);
    if (got != 0) return got;
    remark(s);
  }
  s->view = tsn_batch_view(batch);
  return 0;
}

int tsn_source_fill(tsn_source *s)
{
  int st;

  if (s->pipe) return tsn_pipe_fill(s);
  s->next = 0;
  s->view = (tocsin_batch){ .rows = 0 };
  st = s->sorted ? tsn_sorted_fill(s->sorted, s, fill_from_inputs) : fill_from_inputs(s);
  if (st == 0 && s->view.rows == 0) s->done = true;
  return st;
}

tocsin_type tsn_source_time_type(const tsn_source *s)
{
  return s->time == SIZE_MAX ? TOCSIN_TIMESTAMP : s->schema.columns[s->time].type;
}

int64_t tsn_source_key(const tsn_source *s, const tocsin_batch *batch, size_t row)
{
  const tocsin_column *c;

  if (s->time == SIZE_MAX) return INT64_MIN;
  c = &batch->columns[s->time];
  if (tsn_column_is_null(c, row)) return INT64_MIN;
  switch (s->schema.columns[s->time].type) {
  case TOCSIN_DOUBLE:
    return tsn_time_of_double(((const double *)c->values)[row]);
  case TOCSIN_BIGINT:
  case TOCSIN_TIMESTAMP:
  case TOCSIN_INTERVAL:
    return ((const int64_t *)c->values)[row];
  case TOCSIN_NULL:
  case TOCSIN_BOOLEAN:
  case TOCSIN_TEXT:
  case TOCSIN_LIST:
    break;
  }
  return INT64_MIN;
}

bool tsn_source_origin(const tsn_source *s, size_t row, tsn_origin *out)
{
  if (s->pipe) return tsn_pipe_origin(s->pipe, row, out);
  if (s->sorted || (!s->decoder && !s->database)) return false;
  *out = s->decoder ? tsn_decoder_origin(s->decoder, row) : tsn_database_origin(s->database, &s->view, row);
  return true;
}

tsn_decoder_counts tsn_source_counts(const tsn_source *s)
{
  tsn_decoder_counts all = s->counts, c = counts_now(s);

  all.rows += c.rows;
  all.bad += c.bad;
  all.nan += c.nan;
  all.bytes += c.bytes;
  return all;
}

uint64_t tsn_source_bytes(const tsn_source *s)
{
  return s->packed_bytes + (s->file_open ? s->file.read : 0);
}
