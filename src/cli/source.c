/* Sources: see source.h. */
#include "cli/source.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/follow.h"
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

tsn_reading *tsn_source_add(tsn_source *s, const tsn_input *input)
{
  void *readings = s->readings;

  if (!tsn_alloc_grow(s->alloc, &readings, &s->reading_cap, s->reading_count + 1, sizeof *s->readings)) return NULL;
  s->readings = readings;
  s->readings[s->reading_count] = (tsn_reading){ .input = input, .fd = -1 };
  return &s->readings[s->reading_count++];
}

int tsn_source_begin(tsn_source *s)
{
  tsn_alloc_init(&s->kept, NULL);
  tsn_bytes_init(&s->others, &s->kept, 0);
  for (size_t i = 0; i < s->input_count; i++)
    if (!tsn_source_add(s, s->inputs[i])) return tsn_no_memory();
  return 0;
}

bool tsn_stands_set(tsn_stands *stands, tsn_alloc *alloc, size_t reading, const tsn_input *input, const tsn_place *place)
{
  void *items = stands->items;
  size_t at = stands->count;

  while (at > 0 && stands->items[at - 1].reading > reading) at--;
  if (at > 0 && stands->items[at - 1].reading == reading) {
    stands->items[at - 1] = (tsn_stand){ reading, input, *place };
    return true;
  }
  if (!tsn_alloc_grow(alloc, &items, &stands->cap, stands->count + 1, sizeof *stands->items)) return false;
  stands->items = items;
  memmove(stands->items + at + 1, stands->items + at, (stands->count - at) * sizeof *stands->items);
  stands->items[at] = (tsn_stand){ reading, input, *place };
  stands->count++;
  return true;
}

static void clear_stands(tsn_stands *stands, tsn_alloc *alloc)
{
  tsn_alloc_free(alloc, stands->items, stands->cap * sizeof *stands->items);
  *stands = (tsn_stands){ NULL, 0, 0 };
}

/* The rows at hand are taken: what stands behind them is what stands before the next. */
static bool take_rows(tsn_source *s)
{
  uint64_t bad = tsn_source_counts(s).bad - s->before.bad;

  for (size_t i = 0; i < s->moved.count; i++) {
    const tsn_stand *m = &s->moved.items[i];
    if (!tsn_stands_set(&s->stands, &s->kept, m->reading, m->input, &m->place)) return false;
  }
  s->moved.count = 0;
  s->before = tsn_source_counts(s);
  s->bad_ahead -= bad < s->bad_ahead ? bad : s->bad_ahead;
  return true;
}

static void close_decoder(tsn_source *s)
{
  s->counts = tsn_source_counts(s);
  tsn_decoder_free(s->decoder);
  tsn_database_close(s->database);
  s->decoder = NULL;
  s->database = NULL;
}

static void close_file(tsn_source *s)
{
  close_decoder(s);
  if (s->file_open) {
    s->packed_bytes += s->file.read;
    tsn_file_close(&s->file);
  }
  s->file_open = s->file_ended = false;
}

/* What was read of the input at hand is read; it is closed, and looked at again where it may grow. */
static void leave_reading(tsn_source *s)
{
  tsn_reading *r = &s->readings[s->at];

  r->over = r->moved || !tsn_follow_goes_on(s, r);
  if (!r->over && s->file_open) {
    close_decoder(s);
    s->packed_bytes += s->file.read;
    r->seen = s->file.read;
    r->fd = tsn_file_release(&s->file);
    s->file_open = s->file_ended = false;
    tsn_follow_spare(s, r);
  } else {
    close_file(s);
  }
  s->at++;
}

void tsn_source_close(tsn_source *s)
{
  if (s->pipe) {
    tsn_pipe_free(s->pipe);
    s->moved = (tsn_stands){ NULL, 0, 0 }; /* was a packet's */
  }
  s->pipe = NULL;
  if (s->sorted) tsn_sorted_free(s->sorted);
  s->sorted = NULL;
  close_file(s);
  if (s->batch_ready) tsn_batch_clear(&s->batch);
  s->batch_ready = false;
  for (size_t i = 0; i < s->reading_count; i++) tsn_follow_close(&s->readings[i]);
  tsn_alloc_free(s->alloc, s->readings, s->reading_cap * sizeof *s->readings);
  s->readings = NULL;
  s->reading_count = s->reading_cap = 0;
  clear_stands(&s->stands, &s->kept);
  clear_stands(&s->moved, s->alloc);
  if (s->others.alloc) tsn_bytes_clear(&s->others);
}

static void told_bad(void *context, const tsn_bad_row *row)
{
  tsn_source *s = context;

  if (s->bad_passed)
    s->bad_passed--;
  else if (s->on_bad)
    s->on_bad(s->context, s, row);
}

static int failed_reading(const tsn_source *s, tocsin_status st)
{
  if (st == TOCSIN_NOMEM) return tsn_no_memory();
  tsn_say("cannot read %s: %s", s->input->name,
          *tsn_decoder_message(s->decoder) ? tsn_decoder_message(s->decoder) : tocsin_status_text(st));
  return st == TOCSIN_INVALID ? TSN_EXIT_PATTERN : TSN_EXIT_INPUT; /* a path of the text is none */
}

/* The file is not the one that the place is in, or has become shorter. */
static int misfit(const tsn_source *s, const tsn_reading *r, bool truncated, bool goes_on)
{
  const char *again = goes_on ? "; it is read from its beginning" : "";
  unsigned long long byte = (unsigned long long)r->place.at.offset;

  if (truncated)
    tsn_say("%s was truncated: it was read up to byte %llu, and has %llu bytes now%s", r->input->name, byte,
            (unsigned long long)s->file.size, again);
  else
    tsn_say("%s was replaced: it does not begin like the file that was read up to byte %llu%s", r->input->name, byte, again);
  return goes_on ? 0 : TSN_EXIT_INPUT;
}

static int check_fit(tsn_source *s, tsn_reading *r)
{
  tsn_fit fit = tsn_place_compare(&r->place, r->input, s->file.head, s->file.head_length, s->file.size);

  int st = fit == TSN_FIT_SAME ? 0 : misfit(s, r, fit == TSN_FIT_TRUNCATED, s->follow);

  if (fit != TSN_FIT_SAME) r->place = (tsn_place){ .known = false };
  return st;
}

/* Brings file and decoder to where reading goes on: behind the header, which is read again. */
static int go_to_place(tsn_source *s, const tsn_reading *r, tsn_batch *batch)
{
  const tsn_decoder_place *at = &r->place.at;
  uint64_t fed = 0, reached = at->offset;
  tocsin_status st = TOCSIN_OK;
  const char *bytes;
  size_t length = 1;
  int got = 0;

  for (; fed < at->body && length && st == TOCSIN_OK; fed += length) {
    got = tsn_file_part(&s->file, at->body - fed, &bytes, &length);
    if (got != 0) return got;
    if (length) st = tsn_decoder_feed(s->decoder, bytes, length, batch);
  }
  if (st == TOCSIN_OK) got = tsn_file_go(&s->file, fed, &reached);
  if (got != 0) return got;
  if (st == TOCSIN_OK) st = tsn_decoder_go(s->decoder, at);
  if (st != TOCSIN_OK) return failed_reading(s, st);
  if (reached >= at->offset) return 0;
  s->file.size = reached; /* packed: now it is known */
  return misfit(s, r, true, false);
}

static int open_file(tsn_source *s, tsn_reading *r, tsn_decoder_options *options, tsn_batch *batch)
{
  bool returns = r->place.at.offset > 0;
  int opened = 0;
  tocsin_status st;

  if (s->file_open && returns) { /* for a sample */
    tsn_file_close(&s->file);
    s->file_open = false;
  }
  if (!s->file_open) {
    opened = tsn_file_open(&s->file, s->alloc, r->input, r->fd);
    r->fd = -1;
    if (opened != 0) return opened;
    s->file_open = true;
  }
  s->file.before_wait = s->before_wait;
  s->file.context = s->wait_context;
  s->file.stop = s->stop;
  if (returns) opened = check_fit(s, r);
  if (opened != 0) return opened;
  st = tsn_decoder_new(s->alloc, r->input->format, &s->schema, options, &s->decoder);
  if (st != TOCSIN_OK) return s->decoder ? failed_reading(s, st) : tsn_no_memory();
  return r->place.at.offset ? go_to_place(s, r, batch) : 0;
}

static int open_reading(tsn_source *s, tsn_batch *batch)
{
  tsn_decoder_options options = { .on_bad = told_bad, .context = s, .keep_origins = !s->sorted };
  tsn_reading *r = &s->readings[s->at];

  s->input = r->input;
  s->remarked = r->begun;
  r->begun = true;
  options.source = s->input->name;
  return s->input->table ? tsn_database_open(&s->database, s->alloc, s->input, &s->schema, &options, &r->place)
                         : open_file(s, r, &options, batch);
}

/* The next rows of the file that is open. */
static int read_file(tsn_source *s, tsn_batch *batch)
{
  const tsn_reading *r = &s->readings[s->at];
  tocsin_status st = TOCSIN_OK;
  const char *bytes;
  size_t length;
  int got = tsn_file_next(&s->file, &bytes, &length);

  if (got != 0) return got;
  if (length)
    st = tsn_decoder_feed(s->decoder, bytes, length, batch);
  else if (!tsn_interrupted && !(s->stop && *s->stop) && (r->moved || !s->waits || !r->place.known || s->file.stream))
    st = tsn_decoder_finish(s->decoder, batch);
  s->file_ended = length == 0;
  return st == TOCSIN_OK ? 0 : failed_reading(s, st);
}

/* Where the input at hand stands now. */
static int note_place(tsn_source *s)
{
  tsn_reading *r = &s->readings[s->at];

  if (s->database) {
    tsn_database_place(s->database, &r->place);
  } else {
    tsn_place_identify(&r->place, &s->file);
    r->place.at = tsn_decoder_at(s->decoder);
  }
  if (!r->place.known && s->database && s->keeps_places) {
    tsn_say("cannot keep the place in %s: it has no rowid", r->input->name);
    return TSN_EXIT_INPUT;
  }
  if (!r->place.known || tsn_stands_set(&s->moved, s->alloc, s->at, r->input, &r->place)) return 0;
  return tsn_no_memory();
}

static void remark(tsn_source *s)
{
  const char *text = s->decoder ? tsn_decoder_remark(s->decoder) : tsn_database_remark(s->database);

  if (s->remarked || !*text) return;
  tsn_say("%s: %s: NULL in every row", s->input->name, text);
  s->remarked = true;
}

/* How many of a unit are a microsecond, or how many microseconds it is. */
typedef struct unit_size {
  tocsin_unit unit;
  const char *name, *word;
  int64_t of_micro; /* units a microsecond */
  int64_t micros;   /* microseconds a unit */
} unit_size;

static const unit_size unit_sizes[] = {
  { TOCSIN_UNIT_SECOND, "SECOND", "seconds", 1, 1000000 },
  { TOCSIN_UNIT_MILLISECOND, "MILLISECOND", "milliseconds", 1, 1000 },
  { TOCSIN_UNIT_MICROSECOND, "MICROSECOND", "microseconds", 1, 1 },
  { TOCSIN_UNIT_NANOSECOND, "NANOSECOND", "nanoseconds", 1000, 1 },
};

#define YEAR INT64_C(31556952000000)

/* A time of now, give or take some years: 1990 to 2100. */
static bool is_likely(int64_t time) { return time > 20 * YEAR && time < 130 * YEAR; }

/* The only unit by which a number is a likely time; NULL: none, or it is one already. */
static const unit_size *likely_unit(int64_t number)
{
  for (size_t i = 0; i < sizeof unit_sizes / sizeof *unit_sizes; i++) {
    int64_t time;
    if (!__builtin_mul_overflow(number / unit_sizes[i].of_micro, unit_sizes[i].micros, &time) && is_likely(time)) return &unit_sizes[i];
  }
  return NULL;
}

static bool holds(const tsn_origin *origin, const char *text, size_t length)
{
  for (size_t i = 0; i + length <= origin->raw_length; i++)
    if (!memcmp(origin->raw + i, text, length)) return true;
  return false;
}

/* A number that counts in another unit than declared is a time all the same: 1970, or the far future. The first row
 * tells. Text that says 1970 is left alone: the number has to stand in the line. */
static void look_at_time(tsn_source *s, const tocsin_batch *rows)
{
  const tsn_column_def *def = s->time == SIZE_MAX ? NULL : &s->schema.columns[s->time];
  const unit_size *declared = &unit_sizes[2], *likely;
  tsn_origin origin;
  int64_t time, number;
  char text[24];

  s->timed = true;
  if (!def || def->type != TOCSIN_TIMESTAMP || !s->decoder || s->sorted) return;
  time = tsn_source_key(s, rows, 0);
  if (is_likely(time)) return;
  for (size_t i = 0; i < sizeof unit_sizes / sizeof *unit_sizes; i++)
    if (unit_sizes[i].unit == def->unit) declared = &unit_sizes[i];
  number = declared->micros > 1 ? time / declared->micros : time;
  likely = declared->of_micro > 1 ? NULL : likely_unit(number);
  origin = tsn_decoder_origin(s->decoder, 0);
  if (!likely || likely == declared || !holds(&origin, text, tsn_format_int64(number, text))) return;
  tsn_say("%s: the first %s, %lld, looks like %s, and is read as %s; write: %s TIMESTAMP UNIT %s", s->input->name, def->name,
          (long long)number, likely->word, declared->word, def->name, likely->name);
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
    if (s->file_ended) leave_reading(s);
    if (!s->decoder && !s->database) {
      if (!tsn_follow_next(s)) break;
      got = open_reading(s, batch);
      if (got != 0) return got;
    }
    if (s->follow && tsn_follow_rests(s)) break;
    got = s->database ? tsn_database_read(s->database, batch, &s->file_ended) : read_file(s, batch);
    if (got == 0) got = note_place(s);
    if (got != 0) return got;
    remark(s);
  }
  s->view = tsn_batch_view(batch);
  if (!s->timed && batch->rows) look_at_time(s, &s->view);
  return 0;
}

/* The rows at hand are forgotten, and others in their place. */
static int fill(tsn_source *s)
{
  int st;

  if (!take_rows(s)) return tsn_no_memory();
  if (s->pipe) return tsn_pipe_fill(s);
  s->next = 0;
  s->view = (tocsin_batch){ .rows = 0 };
  st = s->sorted ? tsn_sorted_fill(s->sorted, s, fill_from_inputs) : fill_from_inputs(s);
  if (st == 0 && s->view.rows == 0) s->done = tsn_follow_is_over(s);
  return st;
}

int tsn_source_fill(tsn_source *s)
{
  int st;

  do {
    st = fill(s);
    s->next = s->rows_ahead < s->view.rows ? (size_t)s->rows_ahead : s->view.rows;
    s->rows_ahead -= s->next;
  } while (st == 0 && s->view.rows && s->next == s->view.rows);
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
