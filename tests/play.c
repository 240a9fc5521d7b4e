/* The player: pattern files and rows from standard input, matches to standard
 * output, many in one process. The differential tests and the case files use it.
 *
 *   in    PATTERN <bytes>[ late=drop| late=fail][ max-paths=N][ max-rows=N][ max-bytes=N]\n<text>\n
 *         ROWS <bytes>[ <stream>]\n<JSON Lines>\n    as often as wanted, pushed in this order; those
 *                                                   of a table take the place of what it held
 *         ADVANCE <watermark>\n                      between them
 *         END\n                                      may be left out before PATTERN and at the end
 *   out   the output rows as JSON Lines, of several patterns with a first field `pattern`, then END <status> <message>
 *
 * status: 0 done, 1 the pattern has errors, 3 failed on the data, 4 memory, 5 other. Rows without a name go to the first stream. Functions
 * that a pattern may declare: host.h.
 *
 *   --batch N     rows a batch (default: all rows of a block in one)
 *   --restore N   about one step in N goes on with a new matcher, made of the state of the one before
 *   --save        the program is saved and loaded before it runs
 *   --fail-at N   the N-th allocation of the engine fails, and every later one
 *   --trace       the program is compiled to be traced, and what is told is read
 *   --marks       a line MARK behind the rows that each ROWS and ADVANCE decided
 *   --stats       rows_late and the other counters behind END */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "io/decoder.h"
#include "io/writer.h"
#include "keeper.h"
#include "tocsin.h"

typedef struct options {
  size_t batch;
  int save, stats, marks, trace;
  unsigned restore;
  unsigned long fail_at;
} options;

/* The engine's memory: counted, so that a leak shows, and able to fail. */
typedef struct heap {
  unsigned long calls, fail_at;
  size_t used;
} heap;

static void *heap_resize(void *context, void *block, size_t old_size, size_t new_size)
{
  heap *h = context;
  void *moved;
  if (new_size == 0) {
    free(block);
    h->used -= old_size;
    return NULL;
  }
  if (new_size > old_size && h->fail_at && ++h->calls >= h->fail_at) return NULL;
  moved = realloc(block, new_size);
  if (moved) h->used = h->used - old_size + new_size;
  return moved;
}

/* A block of a case: the text, rows and the name of their stream, or a watermark. */
typedef struct block {
  char line[300];
  size_t name; /* where in it what follows the number stands; at its end where nothing does */
  char *text;
  size_t length;
} block;

/* The line that the input stands at, without its end. false: there is none. */
static int read_line(block *b)
{
  if (!fgets(b->line, sizeof b->line, stdin)) return 0;
  b->line[strcspn(b->line, "\n")] = 0;
  return 1;
}

/* The bytes behind a line `WORD <bytes>[ <stream>]`; false: it is another line. */
static int read_block(block *b, const char *word)
{
  size_t length = strlen(word);
  char *end;
  if (strncmp(b->line, word, length) != 0) return 0;
  b->length = strtoul(b->line + length, &end, 10);
  b->name = (size_t)(end - b->line) + (*end == ' ');
  b->text = malloc(b->length + 1);
  if (end == b->line + length || !b->text || fread(b->text, 1, b->length, stdin) != b->length || getchar() != '\n') {
    fprintf(stderr, "play: %s: no number, fewer bytes, or no newline behind them\n", b->line);
    exit(2);
  }
  b->text[b->length] = 0;
  return 1;
}

/* Rows or a watermark; false: the case has no more of them. */
static int read_input(block *b)
{
  b->text = NULL;
  return strncmp(b->line, "ADVANCE ", 8) == 0 || read_block(b, "ROWS ");
}

#define PATTERNS_MAX 64

typedef struct player {
  options o;
  heap h;
  tocsin_allocator allocator;
  tsn_alloc alloc; /* of the readers and writers: never fails */
  tocsin_program *program;
  tocsin_matcher *matcher;
  tsn_writer *writer;
  tsn_writer_pattern patterns[PATTERNS_MAX]; /* borrowed by the writer */
  size_t pattern_count;
  tsn_bytes out;
  keeper *keeper;       /* NULL: the matcher stays the same */
  const block **tables; /* that were loaded, by number: the latest */
  char message[600];
  tocsin_tracer tracer;
  size_t read; /* of events */
} player;

static int status_code(tocsin_status st)
{
  switch (st) {
  case TOCSIN_OK: return 0;
  case TOCSIN_INVALID: return 1;
  case TOCSIN_RUNTIME:
  case TOCSIN_LATE:
  case TOCSIN_KEY:
  case TOCSIN_LIMIT: return 3;
  case TOCSIN_NOMEM: return 4;
  default: return 5;
  }
}

static void drain(player *p)
{
  tocsin_match m;
  while (tocsin_matcher_next(p->matcher, &m))
    if (tsn_writer_row(p->writer, m.pattern, m.values, m.value_count, &p->out) != TOCSIN_OK) abort();
  if (p->out.length) fwrite(p->out.data, 1, p->out.length, stdout);
  tsn_bytes_reset(&p->out);
}

static tocsin_status feed(player *p, const block *rows);

/* The matcher may be another one from here on, that was made of the state of this one. */
static tocsin_status pass_on(player *p)
{
  int made;
  size_t i;
  tocsin_status st;
  if (!p->keeper) return TOCSIN_OK;
  st = keeper_step(p->keeper, &p->matcher, &made, p->message);
  for (i = 0; made && st == TOCSIN_OK && i < tocsin_program_table_count(p->program); i++)
    if (p->tables[i]) st = feed(p, p->tables[i]);
  return st;
}

static tocsin_status push(player *p, size_t stream, tsn_batch *batch)
{
  tocsin_batch view = tsn_batch_view(batch), part = view;
  size_t taken = 0;
  tocsin_status st = TOCSIN_OK;
  while (st == TOCSIN_OK && taken < view.rows) {
    part.rows = p->o.batch && taken + p->o.batch < view.rows ? taken + p->o.batch : view.rows;
    st = tocsin_matcher_push(p->matcher, stream, &part, taken, &taken);
    drain(p);
    if (st == TOCSIN_OK) st = pass_on(p);
  }
  return st;
}

/* A table's rows take the place of those that it had. */
static tocsin_status load(player *p, size_t table, tsn_batch *batch)
{
  tocsin_batch view = tsn_batch_view(batch), part = view;
  tocsin_load *l;
  size_t taken = 0;
  tocsin_status st = tocsin_matcher_load(p->matcher, table, &l);
  while (st == TOCSIN_OK && taken < view.rows) {
    part.rows = p->o.batch && taken + p->o.batch < view.rows ? taken + p->o.batch : view.rows;
    st = tocsin_load_push(l, &part, taken, &taken);
  }
  if (st == TOCSIN_KEY)
    snprintf(p->message, sizeof p->message, "table %.100s, row %zu: %s", tocsin_program_table(p->program, table).name, taken + 1,
             tocsin_load_message(l));
  if (st == TOCSIN_OK) st = tocsin_load_commit(l);
  tocsin_load_free(l);
  return st;
}

/* The stream or the table of a name; without one the first stream. */
static int find_target(const player *p, const char *name, size_t *index, int *is_table)
{
  const tocsin_program *program = p->program;
  *is_table = 0;
  for (*index = 0; *index < tocsin_program_stream_count(program); ++*index)
    if (!*name || !strcmp(tocsin_program_stream(program, *index).name, name)) return 1;
  *is_table = 1;
  for (*index = 0; *index < tocsin_program_table_count(program); ++*index)
    if (!strcmp(tocsin_program_table(program, *index).name, name)) return 1;
  return 0;
}

/* A watermark, or the rows of a block to the stream or table that it names. */
static tocsin_status feed(player *p, const block *rows)
{
  const char *name = rows->line + rows->name;
  size_t target, count, i;
  tsn_column_def *columns;
  tsn_schema schema;
  tsn_decoder_options ro = {.source = "rows"};
  tsn_decoder *reader = NULL;
  tsn_batch batch;
  tocsin_status st;
  int is_table;
  if (!rows->text) {
    const char *mark = rows->line + strlen("ADVANCE ");
    bool real = strpbrk(mark, ".eE") != NULL;
    st = tocsin_matcher_advance(p->matcher, real ? tocsin_time_of_double(strtod(mark, NULL)) : strtoll(mark, NULL, 10));
    drain(p);
    return st == TOCSIN_OK ? pass_on(p) : st;
  }
  if (!find_target(p, name, &target, &is_table)) {
    snprintf(p->message, sizeof p->message, "there is no stream and no table %.100s for these rows", name);
    return TOCSIN_MISUSE;
  }
  count = is_table ? tocsin_program_table(p->program, target).column_count : tocsin_program_stream(p->program, target).column_count;
  columns = calloc(count + 1, sizeof *columns);
  schema = (tsn_schema){.name = name, .column_count = count, .columns = columns};
  for (i = 0; i < count; i++) {
    tocsin_column_info c = is_table ? tocsin_program_table_column(p->program, target, i) : tocsin_program_stream_column(p->program, target, i);
    columns[i] = (tsn_column_def){.name = c.name, .type = c.type, .unit = c.unit, .path = c.path, .not_null = c.not_null && !is_table, .needed = true};
  }
  st = tsn_batch_init(&batch, &p->alloc, &schema);
  if (st == TOCSIN_OK) st = tsn_decoder_new(&p->alloc, TSN_FORMAT_JSONL, &schema, &ro, &reader);
  if (st == TOCSIN_OK) st = tsn_decoder_feed(reader, rows->text, rows->length, &batch);
  if (st == TOCSIN_OK) st = tsn_decoder_finish(reader, &batch);
  if (st == TOCSIN_OK) st = is_table ? load(p, target, &batch) : push(p, target, &batch);
  if (is_table && p->tables) p->tables[target] = rows;
  tsn_decoder_free(reader);
  tsn_batch_clear(&batch);
  free(columns);
  return st;
}

static tocsin_status reload(player *p)
{
  size_t length;
  const void *saved = tocsin_program_save(p->program, &length);
  tocsin_program *again;
  tocsin_status st = tocsin_program_load(saved, length, &p->allocator, &again);
  tocsin_program_free(p->program);
  p->program = st == TOCSIN_OK ? again : NULL;
  return st;
}

/* NOW() of the player, so that answers can be compared: 2026-01-01T00:00:00Z. */
static int64_t clock_that_stands(void *unused)
{
  (void)unused;
  return INT64_C(1767225600000000);
}

/* The number behind `max-rows=` among the words of a PATTERN line; 0: none. */
static uint64_t limit(const char *words, const char *name)
{
  const char *at = strstr(words, name);
  return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* Reads all that an event points at: a sum of it, so that nothing is left out. */
static size_t read_texts(const char *text, size_t length)
{
  size_t sum = 0, i;
  for (i = 0; i < length; i++) sum += (unsigned char)text[i];
  return sum;
}

static size_t read_values(const tocsin_value *v, size_t count)
{
  size_t sum = 0, i;
  for (i = 0; i < count; i++) {
    if (v[i].is_null) continue;
    sum += v[i].type == TOCSIN_TEXT || v[i].type == TOCSIN_LIST ? read_texts(v[i].as.text.bytes, v[i].as.text.length) : (size_t)v[i].type;
  }
  return sum;
}

static int wants_some(void *context, size_t pattern, const tocsin_value *key, size_t count)
{
  (void)context;
  return (pattern + read_values(key, count)) % 3 != 0;
}

static void read_event(void *context, const tocsin_trace_event *e)
{
  size_t *sum = context, i;
  *sum += read_values(e->key, e->key_count) + read_values(e->values, e->value_count) + read_texts(e->condition, e->condition_length);
  *sum += read_texts(e->label, strlen(e->label)) + read_texts(e->absence, strlen(e->absence));
  for (i = 0; i < e->label_count; i++) *sum += strlen(e->labels[i]);
  for (i = 0; i < e->step_count; i++) *sum += e->steps[i].label ? strlen(e->steps[i].label) : (size_t)e->steps[i].time;
  for (i = 0; e->names && i < e->value_count; i++) *sum += strlen(e->names[i]);
}

static tocsin_status start(player *p, const block *text)
{
  tocsin_compile_options co = {.allocator = &p->allocator};
  tocsin_matcher_options mo = {.allocator = &p->allocator, .now = clock_that_stands,
                               .functions = host_functions, .function_count = HOST_FUNCTIONS};
  const char *words = text->line + text->name;
  tocsin_diagnostics *diagnostics = NULL;
  tsn_writer_options wo = {0};
  tocsin_status st;
  size_t i, k, count;
  if (strstr(words, "late=drop")) mo.late = TOCSIN_LATE_DROP;
  if (strstr(words, "late=fail")) mo.late = TOCSIN_LATE_FAIL;
  mo.max_paths_per_partition = limit(words, "max-paths=");
  mo.max_rows_per_partition = limit(words, "max-rows=");
  mo.max_bytes = limit(words, "max-bytes=");
  co.trace = p->o.trace;
  p->tracer = (tocsin_tracer){.tell = read_event, .wants = wants_some, .context = &p->read};
  if (p->o.trace) mo.tracer = &p->tracer;
  st = tocsin_compile(text->text, text->length, &co, &p->program, &diagnostics);
  for (i = 0; i < tocsin_diagnostics_count(diagnostics); i++) {
    const tocsin_diagnostic *d = tocsin_diagnostics_get(diagnostics, i);
    if (d->severity == TOCSIN_ERROR) {
      snprintf(p->message, sizeof p->message, "%u:%u: [%s] %s", d->line, d->column, d->code, d->message);
      break;
    }
  }
  tocsin_diagnostics_free(diagnostics);
  if (st == TOCSIN_OK && p->o.save) st = reload(p);
  if (st != TOCSIN_OK) return st;
  count = tocsin_program_pattern_count(p->program);
  if (count > PATTERNS_MAX) return TOCSIN_MISUSE;
  p->pattern_count = count;
  wo.pattern_column = count > 1;
  for (i = 0; i < count; i++) {
    tocsin_pattern_info info = tocsin_program_pattern(p->program, i);
    tsn_writer_column *columns = calloc(info.column_count + 1, sizeof *columns);
    for (k = 0; k < info.column_count; k++) {
      tocsin_column_info c = tocsin_program_output_column(p->program, i, k);
      columns[k] = (tsn_writer_column){.name = c.name, .type = c.type};
    }
    p->patterns[i] = (tsn_writer_pattern){.name = info.name, .column_count = info.column_count, .columns = columns};
  }
  st = tsn_writer_new(&p->alloc, TSN_OUTPUT_JSONL, p->patterns, count, &wo, &p->writer);
  if (st == TOCSIN_OK) st = tocsin_matcher_new(p->program, &mo, &p->matcher);
  if (p->o.restore && st == TOCSIN_OK) {
    p->keeper = keeper_new(p->o.restore, (unsigned)text->length, p->program, &mo);
    p->tables = calloc(tocsin_program_table_count(p->program) + 1, sizeof *p->tables);
  }
  return st;
}

static void play(const options *o, const block *text, const block *rows, size_t count)
{
  player p = {.o = *o};
  tocsin_status st;
  tocsin_stats stats = {0};
  size_t i;
  p.h.fail_at = o->fail_at;
  p.allocator = (tocsin_allocator){.resize = heap_resize, .context = &p.h};
  tsn_alloc_init(&p.alloc, NULL);
  tsn_bytes_init(&p.out, &p.alloc, (size_t)1 << 30);
  st = start(&p, text);
  for (i = 0; i < count && st == TOCSIN_OK; i++) {
    st = feed(&p, &rows[i]);
    if (o->marks && st == TOCSIN_OK) puts("MARK");
  }
  if (st == TOCSIN_OK) st = tocsin_matcher_finish(p.matcher);
  if (st == TOCSIN_OK) drain(&p);
  if (p.matcher) {
    tocsin_matcher_stats(p.matcher, &stats);
    if (st != TOCSIN_OK && *tocsin_matcher_message(p.matcher))
      snprintf(p.message, sizeof p.message, "%s", tocsin_matcher_message(p.matcher));
  }
  if (st != TOCSIN_OK && !*p.message) snprintf(p.message, sizeof p.message, "%s", tocsin_status_text(st));
  tocsin_matcher_free(p.matcher);
  keeper_free(p.keeper);
  free(p.tables);
  tocsin_program_free(p.program);
  tsn_writer_free(p.writer);
  for (i = 0; i < p.pattern_count; i++) free((void *)(uintptr_t)p.patterns[i].columns);
  tsn_bytes_clear(&p.out);
  if (p.h.used != 0) snprintf(p.message, sizeof p.message, "leak: %zu bytes of the engine were not given back", p.h.used);
  printf("END %d %s", p.h.used ? 5 : status_code(st), p.message);
  if (o->stats)
    printf(" {\"rows_in\":%llu,\"rows_matched_over\":%llu,\"rows_filtered\":%llu,\"rows_late\":%llu,\"rows_bad\":%llu,\"dropped\":%llu}",
           (unsigned long long)stats.rows_in, (unsigned long long)stats.rows_matched_over, (unsigned long long)stats.rows_filtered,
           (unsigned long long)stats.rows_late, (unsigned long long)stats.rows_bad, (unsigned long long)stats.dropped);
  putchar('\n');
  fflush(stdout);
}

int main(int argc, char **argv)
{
  options o = {0};
  block line = {.line = ""};
  int i, more;
  for (i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--save")) o.save = 1;
    else if (!strcmp(argv[i], "--trace")) o.trace = 1;
    else if (!strcmp(argv[i], "--stats")) o.stats = 1;
    else if (!strcmp(argv[i], "--marks")) o.marks = 1;
    else if (!strcmp(argv[i], "--batch") && i + 1 < argc) o.batch = strtoul(argv[++i], NULL, 10);
    else if (!strcmp(argv[i], "--restore") && i + 1 < argc) o.restore = (unsigned)strtoul(argv[++i], NULL, 10);
    else if (!strcmp(argv[i], "--fail-at") && i + 1 < argc) o.fail_at = strtoul(argv[++i], NULL, 10);
    else {
      fprintf(stderr, "usage: play [--batch N] [--restore N] [--save] [--fail-at N] [--marks] [--stats] [--trace] < blocks\n");
      return 2;
    }
  }
  more = read_line(&line);
  while (more) {
    block text = line, *rows = NULL;
    size_t count = 0;
    if (!read_block(&text, "PATTERN ")) {
      fprintf(stderr, "play: expected PATTERN <bytes>, got %s\n", line.line);
      return 2;
    }
    while ((more = read_line(&line)) && read_input(&line)) {
      rows = realloc(rows, (count + 1) * sizeof *rows);
      if (!rows) return 2;
      rows[count++] = line;
    }
    play(&o, &text, rows, count);
    if (more && !strcmp(line.line, "END")) more = read_line(&line);
    while (count) free(rows[--count].text);
    free(rows);
    free(text.text);
  }
  return 0;
}
