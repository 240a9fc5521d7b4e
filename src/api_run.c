/* The public functions of the run side: tocsin/program.h and tocsin/run.h. A host
 * that only runs saved programs links this file and not api_compile.c. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "matcher.h"
#include "run/trace.h"
#include "tocsin.h"

#define MAX_PATHS_DEFAULT 1000000u
#define MAX_ROWS_DEFAULT 10000000u
#define OUTPUT_ROWS_FULL 65536u /* a push stops at so many waiting output rows */

const char *tocsin_version(void) { return TOCSIN_VERSION; }

static tocsin_status stop(tocsin_matcher *m, const tsn_run *r)
{
  m->status = r->status;
  tsn_run_message(r, m->message, sizeof m->message);
  return m->status;
}

/* The host's function of a name: exactly, else in another case. NULL: there is none. */
static const tocsin_host_function *find_function(const tocsin_matcher_options *options, const char *name)
{
  const tocsin_host_function *folded = NULL;
  size_t i, length = strlen(name);
  for (i = 0; i < options->function_count; i++) {
    const tocsin_host_function *f = &options->functions[i];
    if (!f->name || !f->call) continue;
    if (!strcmp(f->name, name)) return f;
    if (!folded && tsn_same_name(f->name, strlen(f->name), name, length)) folded = f;
  }
  return folded;
}

static tocsin_status resolve_functions(tocsin_matcher *m)
{
  const tocsin_program *p = m->program;
  uint32_t i;
  m->functions = tsn_alloc_array(&m->alloc, p->functions_count, sizeof *m->functions);
  if (!m->functions) return TOCSIN_NOMEM;
  for (i = 0; i < p->functions_count; i++) {
    const tocsin_host_function *f = find_function(&m->options, tsn_program_text(p, p->functions[i].name));
    if (f) m->functions[i] = *f;
    else if (p->functions[i].needed) return TOCSIN_MISSING;
  }
  m->options.functions = NULL; /* borrowed for this call only */
  m->options.function_count = 0;
  return TOCSIN_OK;
}

static tocsin_status init_tables(tocsin_matcher *m)
{
  tocsin_status st = TOCSIN_OK;
  uint32_t i;
  m->tables = tsn_alloc_array(&m->alloc, m->program->tables_count, sizeof *m->tables);
  if (!m->tables) return TOCSIN_NOMEM;
  for (i = 0; i < m->program->tables_count && st == TOCSIN_OK; i++) st = tsn_table_init(&m->tables[i], &m->alloc, m->program, i);
  return st;
}

tocsin_status tocsin_matcher_new(const tocsin_program *program, const tocsin_matcher_options *options, tocsin_matcher **matcher)
{
  tsn_alloc alloc;
  tocsin_matcher *m;
  tocsin_status st;
  size_t i, most = 1;
  if (!program || !matcher) return TOCSIN_MISUSE;
  *matcher = NULL;
  tsn_alloc_init(&alloc, options ? options->allocator : NULL);
  alloc.max = options ? (size_t)options->max_bytes : 0;
  m = tsn_alloc_array(&alloc, 1, sizeof *m);
  if (!m) return alloc.full ? TOCSIN_LIMIT : TOCSIN_NOMEM;
  m->alloc = alloc;
  m->program = program;
  if (options) m->options = *options;
  if (!m->options.max_paths_per_partition) m->options.max_paths_per_partition = MAX_PATHS_DEFAULT;
  if (!m->options.max_rows_per_partition) m->options.max_rows_per_partition = MAX_ROWS_DEFAULT;
  tsn_output_init(&m->output, &m->alloc);
  for (i = 0; i < program->patterns_count; i++)
    if (program->patterns[i].outputs.count > most) most = program->patterns[i].outputs.count;
  m->values = tsn_alloc_array(&m->alloc, most, sizeof *m->values);
  m->value_cap = most;
  st = m->values ? resolve_functions(m) : TOCSIN_NOMEM;
  if (st == TOCSIN_OK) st = init_tables(m);
  if (st == TOCSIN_OK)
    st = tsn_feed_init(&m->feed, program, &m->alloc, &m->output, m->options.max_paths_per_partition, m->options.max_rows_per_partition);
  if (st != TOCSIN_OK) goto failed;
  for (i = 0; i < program->patterns_count && m->options.tracer; i++) {
    st = !program->patterns[i].traced ? TOCSIN_MISUSE : tsn_trace_init(&m->feed.runs[i], m->options.tracer) ? TOCSIN_OK : m->feed.runs[i].status;
    if (st != TOCSIN_OK) goto failed;
  }
  for (i = 0; i < program->patterns_count; i++) {
    m->feed.runs[i].now = m->options.now;
    m->feed.runs[i].now_context = m->options.now_context;
    m->feed.runs[i].functions = m->functions;
    m->feed.runs[i].tables = m->tables;
  }
  *matcher = m;
  return TOCSIN_OK;
failed:
  if (st == TOCSIN_NOMEM && m->alloc.full) st = TOCSIN_LIMIT;
  tocsin_matcher_free(m);
  return st;
}

void tocsin_matcher_free(tocsin_matcher *m)
{
  tsn_alloc alloc;
  size_t i;
  if (!m) return;
  tsn_matcher_clear_state(m);
  tsn_feed_clear(&m->feed);
  for (i = 0; m->tables && i < m->program->tables_count; i++) tsn_table_clear(&m->tables[i]);
  tsn_alloc_free(&m->alloc, m->tables, m->tables ? m->program->tables_count * sizeof *m->tables : 0);
  tsn_alloc_free(&m->alloc, m->functions, m->functions ? m->program->functions_count * sizeof *m->functions : 0);
  tsn_alloc_free(&m->alloc, m->values, m->value_cap * sizeof *m->values);
  tsn_output_clear(&m->output);
  alloc = m->alloc;
  tsn_alloc_free(&alloc, m, sizeof *m);
}

int64_t tocsin_time_of_double(double value) { return tsn_time_of_double(value); }
double tocsin_double_of_time(int64_t time) { return tsn_double_of_time(time); }

static tocsin_status fail_late(tocsin_matcher *m, const tsn_run *r, int64_t time, int64_t watermark)
{
  char a[TSN_TIME_TEXT], b[TSN_TIME_TEXT];
  size_t x, y;
  if (r->p->time_type == TOCSIN_DOUBLE) {
    x = tsn_format_double(tsn_double_of_time(time), a);
    y = tsn_format_double(tsn_double_of_time(watermark), b);
  } else if (r->p->time_type == TOCSIN_TIMESTAMP) {
    x = tsn_time_format(time, a);
    y = tsn_time_format(watermark, b);
  } else {
    x = (size_t)snprintf(a, sizeof a, "%lld", (long long)time);
    y = (size_t)snprintf(b, sizeof b, "%lld", (long long)watermark);
  }
  snprintf(m->message, sizeof m->message, "a row of %.*s came after the stream had reached %.*s", (int)x, a, (int)y, b);
  return TOCSIN_LATE;
}

static bool may_be_late(const tocsin_matcher *m, const tsn_source *s)
{
  if (m->options.late == TOCSIN_LATE_DEFAULT) return s->p->has_watermark != 0;
  return m->options.late == TOCSIN_LATE_DROP;
}

/* A row that not every part may take. Of those to which it is late one is told of: the one that must not have late rows. */
static tocsin_status sort_out(tocsin_matcher *m, size_t stream, size_t row, bool *late, bool *bad)
{
  const tsn_reader *i = m->feed.readers + m->feed.first[stream], *end = m->feed.readers + m->feed.first[stream + 1], *told = NULL;
  bool fails = false;
  for (; i < end && !fails; i++) {
    *bad = *bad || i->source->fate == FATE_BAD;
    if (i->source->fate != FATE_LATE) continue;
    fails = !may_be_late(m, i->source);
    if (!told || fails) told = i;
  }
  *late = told != NULL;
  if (told && m->options.on_late) {
    tocsin_late_row what = {.stream = stream, .row = row, .time = told->source->time, .watermark = told->source->missed};
    m->options.on_late(m->options.on_late_context, &what);
  }
  return fails ? fail_late(m, told->run, told->source->time, told->source->missed) : TOCSIN_OK;
}

/* One row: late or bad, or for the parts that read its stream. */
static tocsin_status push_row(tocsin_matcher *m, size_t stream, const tocsin_batch *batch, size_t row)
{
  bool used = false, late = false, bad = false;
  tocsin_status st = TOCSIN_OK;
  tsn_run *failed;
  if (!tsn_feed_look(&m->feed, stream, batch, row)) st = sort_out(m, stream, row, &late, &bad);
  if (st == TOCSIN_OK && (failed = tsn_feed_row(&m->feed, stream, batch, row, &used)) != NULL) return stop(m, failed);
  m->stats.rows_in++;
  if (used) m->stats.rows_matched_over++;
  else if (late) m->stats.rows_late++;
  else if (bad) m->stats.rows_bad++;
  else m->stats.rows_filtered++;
  return st;
}

tocsin_status tocsin_matcher_push(tocsin_matcher *m, size_t stream, const tocsin_batch *batch, size_t first, size_t *taken)
{
  tocsin_status st = TOCSIN_OK;
  if (!m || !batch || !taken || stream >= m->program->streams_count || m->feed.over[stream] ||
      batch->column_count < m->program->streams[stream].columns.count)
    return TOCSIN_MISUSE;
  *taken = first;
  if (m->status != TOCSIN_OK) return m->status;
  m->message[0] = 0;
  while (*taken < batch->rows && st == TOCSIN_OK && m->output.count - m->output.taken < OUTPUT_ROWS_FULL) {
    uint32_t done;
    tsn_run *failed = tsn_feed_block(&m->feed, stream, batch, *taken, OUTPUT_ROWS_FULL, &done);
    *taken += done;
    m->stats.rows_in += done;
    m->stats.rows_matched_over += done;
    if (failed) return stop(m, failed);
    if (done) continue;
    st = push_row(m, stream, batch, *taken);
    if (st == TOCSIN_OK) ++*taken;
  }
  return st;
}

tocsin_status tocsin_matcher_advance(tocsin_matcher *m, int64_t watermark)
{
  tsn_run *failed;
  if (!m || m->finished) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  failed = tsn_feed_advance(&m->feed, watermark);
  return failed ? stop(m, failed) : TOCSIN_OK;
}

tocsin_status tocsin_matcher_finish_stream(tocsin_matcher *m, size_t stream)
{
  tsn_run *failed;
  if (!m || m->finished || stream >= m->program->streams_count) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  failed = tsn_feed_over(&m->feed, stream);
  return failed ? stop(m, failed) : TOCSIN_OK;
}

tocsin_status tocsin_matcher_finish(tocsin_matcher *m)
{
  size_t i;
  tocsin_status st = TOCSIN_OK;
  if (!m || m->finished) return TOCSIN_MISUSE;
  for (i = 0; i < m->program->streams_count && st == TOCSIN_OK; i++) st = tocsin_matcher_finish_stream(m, i);
  m->finished = true;
  return m->status;
}

/* ---- tables ---- */

struct tocsin_load {
  tocsin_matcher *matcher;
  uint32_t table;
  tsn_table content;
  tocsin_status status; /* of a push after which nothing can be added; MISUSE once it is committed */
};

tocsin_status tocsin_matcher_load(tocsin_matcher *m, size_t table, tocsin_load **out)
{
  tocsin_load *load;
  tocsin_status st;
  if (out) *out = NULL;
  if (!m || !out || table >= m->program->tables_count) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  load = tsn_alloc_array(&m->alloc, 1, sizeof *load);
  st = load ? tsn_table_init(&load->content, &m->alloc, m->program, (uint32_t)table) : TOCSIN_NOMEM;
  if (st == TOCSIN_NOMEM && m->alloc.full) st = TOCSIN_LIMIT;
  m->alloc.full = false; /* the matcher goes on */
  if (!load) return st;
  load->matcher = m;
  load->table = (uint32_t)table;
  if (st == TOCSIN_OK) *out = load;
  else tocsin_load_free(load);
  return st;
}

tocsin_status tocsin_load_push(tocsin_load *load, const tocsin_batch *batch, size_t first, size_t *taken)
{
  tocsin_status st;
  if (!load || !batch || !taken || batch->column_count < load->matcher->program->tables[load->table].columns.count) return TOCSIN_MISUSE;
  *taken = first;
  if (load->status != TOCSIN_OK) return load->status;
  load->content.message[0] = 0;
  for (; *taken < batch->rows; ++*taken) {
    st = tsn_table_add(&load->content, batch, *taken);
    if (st == TOCSIN_OK) continue;
    if (st != TOCSIN_KEY) load->status = st;
    return st;
  }
  return TOCSIN_OK;
}

tocsin_status tocsin_load_commit(tocsin_load *load)
{
  tocsin_matcher *m;
  if (!load || load->status != TOCSIN_OK) return TOCSIN_MISUSE;
  m = load->matcher;
  tsn_table_fit(&load->content);
  m->stats.nan_values += load->content.nan_values;
  tsn_table_clear(&m->tables[load->table]);
  m->tables[load->table] = load->content;
  load->content = (tsn_table){.alloc = NULL};
  load->status = TOCSIN_MISUSE;
  return TOCSIN_OK;
}

const char *tocsin_load_message(const tocsin_load *load) { return load ? load->content.message : ""; }

void tocsin_load_free(tocsin_load *load)
{
  if (!load) return;
  tsn_table_clear(&load->content);
  tsn_alloc_free(&load->matcher->alloc, load, sizeof *load);
}

/* ---- what comes out ---- */

const char *tocsin_matcher_message(const tocsin_matcher *m) { return m ? m->message : ""; }

int tocsin_matcher_next(tocsin_matcher *m, tocsin_match *match)
{
  const tsn_out_row *row;
  const tsn_pattern_rec *p;
  const tsn_output_rec *outputs;
  uint32_t k;
  if (!m || !match || m->output.taken == m->output.count) return 0;
  row = &m->output.rows[m->output.taken++];
  p = &m->program->patterns[row->pattern];
  outputs = m->program->outputs + p->outputs.first;
  for (k = 0; k < p->outputs.count; k++) {
    const tsn_cell *c = &m->output.cells[row->first + k];
    tocsin_value *v = &m->values[k];
    v->type = (tocsin_type)outputs[k].type;
    v->is_null = c->null;
    switch (v->type) {
    case TOCSIN_BOOLEAN: v->as.boolean = c->v.i != 0; break;
    case TOCSIN_DOUBLE: v->as.real = c->v.d; break;
    case TOCSIN_TEXT:
    case TOCSIN_LIST:
      v->as.text.bytes = c->length && !c->null ? m->output.bytes.data + c->v.at : "";
      v->as.text.length = c->null ? 0 : c->length;
      break;
    default: v->as.integer = c->v.i; break;
    }
  }
  *match = (tocsin_match){.pattern = row->pattern, .values = m->values, .value_count = p->outputs.count, .timeout = (int)row->timeout,
                          .time = row->time};
  return 1;
}

void tocsin_matcher_stats(const tocsin_matcher *m, tocsin_stats *stats)
{
  size_t i;
  *stats = m->stats;
  stats->bytes = m->alloc.used;
  stats->bytes_peak = m->alloc.peak;
  for (i = 0; i < m->feed.run_count; i++) {
    const tsn_run *r = &m->feed.runs[i];
    stats->matches += r->matches;
    stats->timeouts += r->timeouts;
    stats->dropped += r->dropped;
    stats->live_paths += r->live;
    stats->live_paths_peak += r->live_peak;
    stats->rows_kept += r->rows_kept;
    stats->rows_kept_peak += r->rows_kept_peak;
    stats->partitions += r->partitions_used;
    stats->nan_values += r->nan_values;
    if (r->p->time_slot == TSN_NONE || r->watermark == TSN_TIME_MIN || !tsn_run_reads_stream(r)) continue;
    if (!stats->has_watermark || r->watermark < stats->watermark) stats->watermark = r->watermark;
    stats->has_watermark = 1;
  }
}
