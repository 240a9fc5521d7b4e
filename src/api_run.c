/* The public functions of the run side: tocsin/program.h and tocsin/run.h. A host
 * that only runs saved programs links this file and not api_compile.c. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "run/run.h"
#include "tocsin.h"

#define MAX_PATHS_DEFAULT 1000000u
#define MAX_ROWS_DEFAULT 10000000u
#define OUTPUT_ROWS_FULL 65536u /* a push stops at so many waiting output rows */

struct tocsin_matcher {
  tsn_alloc alloc;
  const tocsin_program *program;
  tsn_run *runs;
  size_t run_count;
  tocsin_host_function *functions; /* by number of the declaration */
  tsn_output output;
  tocsin_value *values;
  size_t value_cap;
  tocsin_matcher_options options;
  tocsin_stats stats;
  uint64_t seq; /* of the next row in the merged input */
  tocsin_status status;
  char message[512];
  bool finished;
};

const char *tocsin_version(void) { return TOCSIN_VERSION; }

static tocsin_status stop(tocsin_matcher *m, const tsn_run *r)
{
  m->status = r->status;
  memcpy(m->message, r->message, sizeof m->message);
  m->message[sizeof m->message - 1] = 0;
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
  if (!m) return TOCSIN_NOMEM;
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
  m->runs = tsn_alloc_array(&m->alloc, program->patterns_count, sizeof *m->runs);
  st = m->values && m->runs ? resolve_functions(m) : TOCSIN_NOMEM;
  if (st != TOCSIN_OK) {
    tocsin_matcher_free(m);
    return st;
  }
  for (i = 0; i < program->patterns_count; i++) {
    m->run_count = i + 1;
    st = tsn_run_init(&m->runs[i], program, (uint32_t)i, &m->alloc, &m->output, m->options.max_paths_per_partition,
                      m->options.max_rows_per_partition);
    if (st != TOCSIN_OK) {
      tocsin_matcher_free(m);
      return st;
    }
    m->runs[i].now = m->options.now;
    m->runs[i].now_context = m->options.now_context;
    m->runs[i].functions = m->functions;
  }
  *matcher = m;
  return TOCSIN_OK;
}

void tocsin_matcher_free(tocsin_matcher *m)
{
  tsn_alloc alloc;
  size_t i;
  if (!m) return;
  for (i = 0; m->runs && i < m->run_count; i++) tsn_run_clear(&m->runs[i]);
  tsn_alloc_free(&m->alloc, m->runs, m->program->patterns_count * sizeof *m->runs);
  tsn_alloc_free(&m->alloc, m->functions, m->functions ? m->program->functions_count * sizeof *m->functions : 0);
  tsn_alloc_free(&m->alloc, m->values, m->value_cap * sizeof *m->values);
  tsn_output_clear(&m->output);
  alloc = m->alloc;
  tsn_alloc_free(&alloc, m, sizeof *m);
}

/* Reads one cell of a batch; NaN is NULL and counted. */
static tsn_cell read_cell(tocsin_matcher *m, const tocsin_column *c, uint8_t type, size_t row)
{
  tsn_cell cell = {.null = 1};
  if (c->validity && !(c->validity[row >> 3] >> (row & 7) & 1)) return cell;
  cell.null = 0;
  switch (type) {
  case TOCSIN_BOOLEAN: cell.v.i = ((const uint8_t *)c->values)[row >> 3] >> (row & 7) & 1; break;
  case TOCSIN_DOUBLE:
    cell.v.d = ((const double *)c->values)[row];
    if (cell.v.d != cell.v.d) {
      cell = (tsn_cell){.null = 1};
      m->stats.nan_values++;
    }
    break;
  case TOCSIN_TEXT:
    cell.v.s = (const char *)c->values + c->offsets[row];
    cell.length = (uint32_t)(c->offsets[row + 1] - c->offsets[row]);
    break;
  default: cell.v.i = ((const int64_t *)c->values)[row]; break;
  }
  return cell;
}

typedef enum row_fate { ROW_TAKEN, ROW_LATE, ROW_BAD, ROW_FAILED } row_fate;

static bool is_sorted_source(const tocsin_matcher *m, const tsn_run *r) { return !m->program->streams[r->p->stream].has_watermark; }

/* One row for one pattern. */
static row_fate offer(tocsin_matcher *m, tsn_run *r, const tocsin_batch *batch, size_t row, int64_t *watermark, int64_t *time)
{
  const uint32_t *slots = m->program->indices + r->p->slots.first;
  uint32_t k;
  *time = 0;
  for (k = 0; k < r->slot_count; k++) r->row[k] = read_cell(m, &batch->columns[slots[k]], r->slot_types[k], row);
  if (r->p->sorts_all) return tsn_reorder_add(r, 0, m->seq) ? ROW_TAKEN : ROW_FAILED;
  if (r->p->time_slot == TSN_NONE) return tsn_run_arrive(r, 0, m->seq) ? ROW_TAKEN : ROW_FAILED;
  if (r->row[r->p->time_slot].null) return ROW_BAD;
  *time = r->row[r->p->time_slot].v.i;
  if (r->p->time_type == TOCSIN_DOUBLE) *time = tsn_time_of_double(r->row[r->p->time_slot].v.d);
  *watermark = r->watermark;
  if (*time < r->watermark) return ROW_LATE;
  if (!r->reorders) {
    if (*time > r->watermark) r->watermark = *time;
    return tsn_run_arrive(r, *time, m->seq) ? ROW_TAKEN : ROW_FAILED;
  }
  if (!tsn_reorder_add(r, *time, m->seq)) return ROW_FAILED;
  if (*time > r->max_time) r->max_time = *time;
  if (tsn_time_sub(r->max_time, r->delay) > r->watermark) {
    r->watermark = tsn_time_sub(r->max_time, r->delay);
    if (!tsn_reorder_release(r, r->watermark, false) || !tsn_ahead_advance(r, r->watermark - 1)) return ROW_FAILED;
  }
  return ROW_TAKEN;
}

static tocsin_status fail_late(tocsin_matcher *m, const tsn_run *r, int64_t time, int64_t watermark)
{
  char a[TSN_TIME_TEXT], b[TSN_TIME_TEXT];
  size_t x, y;
  if (r->p->time_type == TOCSIN_DOUBLE) {
    x = (size_t)snprintf(a, sizeof a, "%g", tsn_double_of_time(time));
    y = (size_t)snprintf(b, sizeof b, "%g", tsn_double_of_time(watermark));
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

tocsin_status tocsin_matcher_push(tocsin_matcher *m, size_t stream, const tocsin_batch *batch, size_t first, size_t *taken)
{
  size_t row, i;
  if (!m || !batch || !taken || stream >= m->program->streams_count || m->finished ||
      batch->column_count < m->program->streams[stream].columns.count)
    return TOCSIN_MISUSE;
  *taken = first;
  if (m->status != TOCSIN_OK) return m->status;
  m->message[0] = 0;
  for (row = first; row < batch->rows; row++) {
    bool used = false, late = false, bad = false;
    if (m->output.count - m->output.taken >= OUTPUT_ROWS_FULL) break;
    for (i = 0; i < m->run_count; i++) {
      tsn_run *r = &m->runs[i];
      int64_t watermark = 0, time = 0;
      tocsin_late_policy policy = m->options.late;
      if (r->p->stream != stream) continue;
      switch (offer(m, r, batch, row, &watermark, &time)) {
      case ROW_TAKEN: used = true; break;
      case ROW_BAD: bad = true; break;
      case ROW_FAILED: return stop(m, r);
      case ROW_LATE:
        if (policy == TOCSIN_LATE_DEFAULT) policy = is_sorted_source(m, r) ? TOCSIN_LATE_FAIL : TOCSIN_LATE_DROP;
        if (policy == TOCSIN_LATE_FAIL && !used && !late) {
          m->stats.rows_in++;
          m->stats.rows_late++;
          return fail_late(m, r, time, watermark);
        }
        if (!late && m->options.on_late) {
          tocsin_late_row what = {.stream = stream, .row = row, .time = time, .watermark = watermark};
          m->options.on_late(m->options.on_late_context, &what);
        }
        late = true;
        break;
      }
    }
    m->seq++;
    m->stats.rows_in++;
    if (used) m->stats.rows_matched_over++;
    else if (late) m->stats.rows_late++;
    else if (bad) m->stats.rows_bad++;
    else m->stats.rows_filtered++;
    *taken = row + 1;
  }
  return TOCSIN_OK;
}

tocsin_status tocsin_matcher_advance(tocsin_matcher *m, int64_t watermark)
{
  size_t i;
  if (!m || m->finished) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  for (i = 0; i < m->run_count; i++) {
    tsn_run *r = &m->runs[i];
    if (r->p->time_slot == TSN_NONE || watermark <= r->watermark) continue;
    r->watermark = watermark;
    if (!tsn_reorder_release(r, watermark, false) || !tsn_ahead_advance(r, watermark - 1)) return stop(m, r);
  }
  return TOCSIN_OK;
}

tocsin_status tocsin_matcher_finish(tocsin_matcher *m)
{
  size_t i;
  if (!m || m->finished) return TOCSIN_MISUSE;
  if (m->status != TOCSIN_OK) return m->status;
  m->finished = true;
  for (i = 0; i < m->run_count; i++)
    if (!tsn_run_finish(&m->runs[i])) return stop(m, &m->runs[i]);
  return TOCSIN_OK;
}

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
  for (i = 0; i < m->run_count; i++) {
    const tsn_run *r = &m->runs[i];
    stats->matches += r->matches;
    stats->timeouts += r->timeouts;
    stats->live_paths += r->live;
    stats->live_paths_peak += r->live_peak;
    stats->partitions += r->partitions_used;
    if (r->p->time_slot == TSN_NONE || r->watermark == TSN_TIME_MIN) continue;
    if (!stats->has_watermark || r->watermark < stats->watermark) stats->watermark = r->watermark;
    stats->has_watermark = 1;
  }
}
