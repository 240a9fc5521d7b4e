/* Sources: see source.h. */
#include "cli/source.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/say.h"
#include "cli/sorted.h"

int tsn_source_shape(tsn_source *s, tsn_arena *arena, const tocsin_program *program, size_t stream)
{
  tocsin_stream_info info = tocsin_program_stream(program, stream);
  tsn_column_def *columns = tsn_arena_new_array(arena, tsn_column_def, info.column_count);

  if (!columns) return tsn_no_memory();
  for (size_t i = 0; i < info.column_count; i++) {
    tocsin_column_info c = tocsin_program_stream_column(program, stream, i);
    bool is_time = info.event_time >= 0 && (size_t)info.event_time == i;
    /* A row without its time has no place in the order: a bad row, like others told by line. */
    columns[i] = (tsn_column_def){ .name = c.name,
                                   .type = c.type,
                                   .unit = c.unit,
                                   .path = c.path,
                                   .not_null = c.not_null || is_time,
                                   .needed = c.needed || is_time };
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
    columns[i] = (tsn_column_def){ .name = c.name,
                                   .type = c.type,
                                   .unit = c.unit,
                                   .path = c.path,
                                   .not_null = c.not_null,
                                   .needed = c.needed || c.not_null };
  }
  s->stream = table;
  s->name = info.name;
  s->schema = (tsn_schema){ .name = info.name, .column_count = info.column_count, .columns = columns };
  return 0;
}

static void close_file(tsn_source *s)
{
  if (s->decoder) {
    tsn_decoder_counts c = tsn_decoder_count(s->decoder);
    s->counts.rows += c.rows;
    s->counts.bad += c.bad;
    s->counts.nan += c.nan;
    s->counts.bytes += c.bytes;
  }
  tsn_decoder_free(s->decoder);
  s->decoder = NULL;
  if (s->file_open) {
    s->packed_bytes += s->file.read;
    tsn_file_close(&s->file);
  }
  s->file_open = s->file_ended = false;
}

void tsn_source_close(tsn_source *s)
{
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

static int open_file(tsn_source *s)
{
  tsn_decoder_options options = { .on_bad = told_bad, .context = s, .keep_origins = !s->sorted };
  tocsin_status st;

  s->input = s->inputs[s->input_at++];
  s->remarked = false;
  if (!s->file_open) {
    int opened = tsn_file_open(&s->file, s->alloc, s->input);
    if (opened != 0) return opened;
    s->file_open = true;
  }
  s->file.before_wait = s->before_wait;
  s->file.context = s->wait_context;
  options.source = s->input->name;
  st = tsn_decoder_new(s->alloc, s->input->format, &s->schema, &options, &s->decoder);
  return st == TOCSIN_OK ? 0 : s->decoder ? failed_reading(s, st) : tsn_no_memory();
}

/* Reads from the files until there are rows, or no more. */
static int fill_from_files(tsn_source *s)
{
  tocsin_status st = TOCSIN_OK;

  if (!s->batch_ready) {
    if (tsn_batch_init(&s->batch, s->alloc, &s->schema) != TOCSIN_OK) return tsn_no_memory();
    s->batch_ready = true;
  }
  tsn_batch_reset(&s->batch);
  while (s->batch.rows == 0 && !tsn_interrupted) {
    const char *bytes;
    size_t length;
    int got = 0;
    if (s->file_ended) close_file(s);
    if (!s->decoder) {
      if (s->input_at == s->input_count) break;
      got = open_file(s);
      if (got != 0) return got;
    }
    got = tsn_file_next(&s->file, &bytes, &length);
    if (got != 0) return got;
    if (length)
      st = tsn_decoder_feed(s->decoder, bytes, length, &s->batch);
    else if (!tsn_interrupted)
      st = tsn_decoder_finish(s->decoder, &s->batch);
    s->file_ended = length == 0;
    if (!s->remarked && st == TOCSIN_OK && *tsn_decoder_remark(s->decoder)) {
      tsn_say("%s: %s: NULL in every row", s->input->name, tsn_decoder_remark(s->decoder));
      s->remarked = true;
    }
    if (st != TOCSIN_OK) return failed_reading(s, st);
  }
  s->view = tsn_batch_view(&s->batch);
  return 0;
}

int tsn_source_fill(tsn_source *s)
{
  int st;

  s->next = 0;
  s->view = (tocsin_batch){ .rows = 0 };
  st = s->sorted ? tsn_sorted_fill(s->sorted, s, fill_from_files) : fill_from_files(s);
  if (st == 0 && s->view.rows == 0) s->done = true;
  return st;
}

/* Doubles as integers of the same order: negative ones run the other way. */
static int64_t ordered(double value)
{
  int64_t bits;

  if (value == 0) value = 0; /* -0.0 too */
  memcpy(&bits, &value, sizeof bits);
  return bits < 0 ? INT64_MIN - bits : bits;
}

int64_t tsn_source_key(const tsn_source *s, const tocsin_batch *batch, size_t row)
{
  const tocsin_column *c;

  if (s->time == SIZE_MAX) return INT64_MIN;
  c = &batch->columns[s->time];
  if (tsn_column_is_null(c, row)) return INT64_MIN;
  switch (s->schema.columns[s->time].type) {
  case TOCSIN_DOUBLE:
    return ordered(((const double *)c->values)[row]);
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
  if (s->sorted || !s->decoder) return false;
  *out = tsn_decoder_origin(s->decoder, row);
  return true;
}

tsn_decoder_counts tsn_source_counts(const tsn_source *s)
{
  tsn_decoder_counts all = s->counts;

  if (s->decoder) {
    tsn_decoder_counts c = tsn_decoder_count(s->decoder);
    all.rows += c.rows;
    all.bad += c.bad;
    all.nan += c.nan;
    all.bytes += c.bytes;
  }
  return all;
}

uint64_t tsn_source_bytes(const tsn_source *s)
{
  return s->packed_bytes + (s->file_open ? s->file.read : 0);
}
