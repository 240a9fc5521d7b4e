/* All patterns of a program at work: rows of streams go to the parts that read them,
 * and output rows of a pattern to the patterns behind it that read that one.
 *
 *   step:  stream --> runs that read it --> output ----+--> the host
 *                            ^                         |
 *                            +---- runs that read a ---+
 *                                  pattern, in order of the text
 *
 * A pattern only reads those before it. So one pass in order of the text brings every
 * row that a step decides to where it is read, and every watermark behind it: a run
 * tells how far its output times have come (pending.c). */
#include "run/source.h"

#define FEW_ROWS 4 /* are not worth a block */

static uint32_t source_number(const tocsin_program *p, const tsn_part_rec *part)
{
  return part->kind == PART_STREAM ? part->index : p->streams_count + part->index;
}

/* Lists the parts by what they read: readers[first[i] ... first[i + 1]), in order of the text. */
static tocsin_status list_readers(tsn_feed *f)
{
  const tocsin_program *p = f->program;
  size_t sources = (size_t)p->streams_count + p->patterns_count, count = 0, i;
  uint32_t k;
  for (i = 0; i < p->patterns_count; i++) count += p->patterns[i].parts.count;
  f->reader_count = count;
  f->readers = tsn_alloc_array(f->alloc, count + 1, sizeof *f->readers);
  f->first = tsn_alloc_array(f->alloc, sources + 2, sizeof *f->first);
  if (!f->readers || !f->first) return TOCSIN_NOMEM;
  for (i = 0; i < p->patterns_count; i++)
    for (k = 0; k < p->patterns[i].parts.count; k++) f->first[source_number(p, &p->parts[p->patterns[i].parts.first + k]) + 2]++;
  for (i = 2; i < sources + 2; i++) f->first[i] += f->first[i - 1];
  for (i = 0; i < p->patterns_count; i++)
    for (k = 0; k < p->patterns[i].parts.count; k++) {
      tsn_source *s = &f->runs[i].sources[k];
      f->readers[f->first[source_number(p, s->p) + 1]++] = (tsn_reader){.run = &f->runs[i], .source = s};
    }
  return TOCSIN_OK;
}

static bool is_read(const tsn_feed *f, size_t pattern)
{
  size_t source = f->program->streams_count + pattern;
  return f->first[source] < f->first[source + 1];
}

tocsin_status tsn_feed_init(tsn_feed *f, const tocsin_program *program, tsn_alloc *alloc, tsn_output *output, uint64_t max_paths, uint64_t max_rows)
{
  size_t i;
  tocsin_status st = TOCSIN_OK;
  *f = (tsn_feed){.program = program, .alloc = alloc, .output = output, .sweep = {.alloc = alloc, .output = output}};
  f->runs = tsn_alloc_array(alloc, program->patterns_count, sizeof *f->runs);
  f->over = tsn_alloc_array(alloc, (size_t)program->streams_count + 1, sizeof *f->over);
  if (!f->runs || !f->over) return TOCSIN_NOMEM;
  f->blocks = tsn_alloc_array(alloc, program->streams_count, sizeof *f->blocks);
  f->word_of = tsn_alloc_array(alloc, program->texts_count, sizeof *f->word_of);
  f->sweep.runs = tsn_alloc_array(alloc, program->patterns_count, sizeof *f->sweep.runs);
  if (!f->blocks || !f->word_of || !f->sweep.runs) return TOCSIN_NOMEM;
  for (i = 0; i < program->streams_count && st == TOCSIN_OK; i++) st = tsn_block_init(&f->blocks[i], program, (uint32_t)i, f->word_of, alloc);
  for (i = 0; i < program->patterns_count && st == TOCSIN_OK; i++) {
    f->run_count = i + 1;
    st = tsn_run_init(&f->runs[i], program, (uint32_t)i, alloc, output, max_paths, max_rows);
    f->runs[i].word_of = f->word_of;
    if (st == TOCSIN_OK && !tsn_screens_init(f->blocks, &f->runs[i])) st = TOCSIN_NOMEM;
    f->runs[i].share = program->patterns[i].drops ? alloc->max / program->patterns_count / 4 : 0;
  }
  if (st == TOCSIN_OK) st = list_readers(f);
  for (i = 0; i < program->patterns_count && st == TOCSIN_OK; i++) f->runs[i].tracks = is_read(f, i);
  return st;
}

void tsn_feed_clear(tsn_feed *f)
{
  const tocsin_program *p = f->program;
  size_t i;
  if (!p) return;
  for (i = 0; f->runs && i < f->run_count; i++) tsn_run_clear(&f->runs[i]);
  for (i = 0; f->blocks && i < p->streams_count; i++) tsn_block_clear(&f->blocks[i]);
  tsn_alloc_free(f->alloc, f->blocks, f->blocks ? p->streams_count * sizeof *f->blocks : 0);
  tsn_alloc_free(f->alloc, f->word_of, f->word_of ? p->texts_count * sizeof *f->word_of : 0);
  tsn_alloc_free(f->alloc, f->sweep.runs, f->sweep.runs ? p->patterns_count * sizeof *f->sweep.runs : 0);
  tsn_sweep_free(&f->sweep);
  tsn_vector_free(f->alloc, f->vector);
  tsn_alloc_free(f->alloc, f->runs, f->runs ? p->patterns_count * sizeof *f->runs : 0);
  tsn_alloc_free(f->alloc, f->over, f->over ? ((size_t)p->streams_count + 1) * sizeof *f->over : 0);
  tsn_alloc_free(f->alloc, f->readers, f->readers ? (f->reader_count + 1) * sizeof *f->readers : 0);
  tsn_alloc_free(f->alloc, f->first, f->first ? ((size_t)p->streams_count + p->patterns_count + 2) * sizeof *f->first : 0);
}

/* ---- patterns over patterns ---- */

/* What the pattern before it has reported since output row `mark`, for one part that reads it. */
static bool pass_on(tsn_feed *f, const tsn_reader *to, size_t mark)
{
  tsn_run *from = &f->runs[to->source->p->index];
  size_t i;
  for (i = mark; i < f->output->count; i++) {
    tsn_out_row row = f->output->rows[i]; /* the array may move */
    if (row.pattern == from->index && !tsn_source_output(to->run, to->source, &row, f->arrivals++)) return false;
  }
  if (from->finished) return tsn_source_over(to->run, to->source);
  return tsn_source_reached(to->run, to->source, tsn_run_reached(from));
}

/* Readers of patterns stand in the order of what they read: all that reaches a run comes before what reads it. */
static tsn_run *pass_all(tsn_feed *f, size_t mark)
{
  size_t k;
  for (k = f->first[f->program->streams_count]; k < f->reader_count; k++)
    if (!pass_on(f, &f->readers[k], mark)) return f->readers[k].run;
  return NULL;
}

/* ---- steps ---- */

bool tsn_feed_look(tsn_feed *f, size_t stream, const tocsin_batch *batch, size_t row)
{
  const tsn_reader *i = f->readers + f->first[stream], *end = f->readers + f->first[stream + 1];
  bool all = true;
  for (; i < end; i++) all &= tsn_source_look(i->run, i->source, batch, row) == FATE_TAKEN;
  return all;
}

tsn_run *tsn_feed_row(tsn_feed *f, size_t stream, const tocsin_batch *batch, size_t row, bool *used)
{
  const tsn_reader *i = f->readers + f->first[stream], *end = f->readers + f->first[stream + 1];
  size_t mark = tsn_output_mark(f->output);
  *used = false;
  for (; i < end; i++) {
    bool taken;
    if (i->source->fate != FATE_TAKEN) continue;
    if (!tsn_source_row(i->run, i->source, batch, row, f->arrivals, &taken)) return i->run;
    *used |= taken;
  }
  f->arrivals++;
  return pass_all(f, mark);
}

tsn_run *tsn_feed_block(tsn_feed *f, size_t stream, const tocsin_batch *batch, size_t first, size_t full, uint32_t *done)
{
  size_t rows = batch->rows - first < TSN_BLOCK_ROWS ? batch->rows - first : TSN_BLOCK_ROWS, k;
  tsn_run *failed = NULL;
  *done = 0;
  if (rows < FEW_ROWS) return NULL;
  f->sweep.count = 0;
  f->sweep.full = full;
  f->sweep.unbounded = false;
  for (k = f->first[stream]; k < f->first[stream + 1]; k++) {
    tsn_run *r = f->readers[k].run;
    if (!tsn_sweep_can(r)) return NULL;
    f->sweep.unbounded = f->sweep.unbounded || !r->one_match || r->p->all_rows;
    f->sweep.runs[f->sweep.count++] = r;
  }
  if (!f->sweep.count) return NULL;
  if (!f->vector) {
    f->vector = tsn_vector_new(f->alloc);
    for (k = 0; k < f->run_count; k++) f->runs[k].vector = f->vector;
  }
  if (!f->vector) {
    tsn_run_nomem(f->sweep.runs[0]);
    return f->sweep.runs[0];
  }
  tsn_block_begin(&f->blocks[stream], batch->columns, first, rows);
  tsn_sweep_block(&f->sweep, &f->blocks[stream], done, &failed);
  f->arrivals += *done;
  return failed;
}

tsn_run *tsn_feed_advance(tsn_feed *f, int64_t watermark)
{
  const tsn_reader *i = f->readers, *end = f->readers + f->first[f->program->streams_count];
  size_t mark = tsn_output_mark(f->output);
  for (; i < end; i++)
    if (!tsn_source_reached(i->run, i->source, watermark)) return i->run;
  return pass_all(f, mark);
}

tsn_run *tsn_feed_over(tsn_feed *f, size_t stream)
{
  const tsn_reader *i = f->readers + f->first[stream], *end = f->readers + f->first[stream + 1];
  size_t mark = tsn_output_mark(f->output);
  if (f->over[stream]) return NULL;
  f->over[stream] = true;
  for (; i < end; i++)
    if (!tsn_source_over(i->run, i->source)) return i->run;
  return pass_all(f, mark);
}
