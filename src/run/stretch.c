/* Patterns over the rows of a block.
 *
 * Each pattern goes through a stretch of rows by itself, while what it owns is near, and
 * then the next one does. What they report is noted with its row,
 *
 *   stretch     rows 0 ........ 63
 *   pattern 1   reports at 7, 20, 20       in order of rows
 *   pattern 2   reports at 3, 20
 *   output      3 (2)  7 (1)  20 (1)  20 (1)  20 (2)
 *
 * and put in one order, by row and then by pattern, however rows were cut into batches.
 * The first failure in that order is the one that counts: what comes behind it in the
 * order is taken back, and the matcher stops. Stretches are long while little is reported,
 * so that the output does not grow far beyond what is enough. A lone pattern stops at the
 * row that fills it. */
#include <string.h>

#include "run/queue.h"

#define STRETCH_FIRST 64u
#define STRETCH_UNBOUNDED 64u /* at most, where what a row brings may be many times what lives */

void tsn_sweep_free(tsn_sweep *s)
{
  tsn_alloc_free(s->alloc, s->reports, s->report_cap * sizeof *s->reports);
  tsn_alloc_free(s->alloc, s->ordered, s->ordered_cap * sizeof *s->ordered);
  tsn_alloc_free(s->alloc, s->places, s->places_cap * sizeof *s->places);
}

/* ---- what is reported ---- */

static bool more_reports(tsn_sweep *s)
{
  return tsn_alloc_grow(s->alloc, (void **)&s->reports, &s->report_cap, s->report_count + 2, sizeof *s->reports);
}

static size_t reported_until(const tsn_sweep *s) { return s->report_count ? s->reports[s->report_count - 1].end : s->from; }

/* What was reported since the last note; there is room. */
static void add_report(tsn_sweep *s, uint32_t run, uint32_t row)
{
  const tsn_run *r = s->runs[run];
  s->reports[s->report_count++] = (tsn_reported){
      .row = row, .run = run, .end = s->output->count, .matches = r->matches - s->matches, .timeouts = r->timeouts - s->timeouts};
  s->matches = r->matches;
  s->timeouts = r->timeouts;
}

static bool has_reported(const tsn_sweep *s, const tsn_run *r)
{
  return s->output->count != reported_until(s) || r->matches != s->matches || r->timeouts != s->timeouts;
}

bool tsn_sweep_note(tsn_sweep *s, tsn_run *r, uint32_t row, uint32_t *until)
{
  if (s->count == 1) {
    if (s->output->count - s->output->taken >= s->full && row + 1 < *until) *until = row + 1;
    return true;
  }
  if (!has_reported(s, r)) return true;
  add_report(s, s->at, row);
  return more_reports(s) || tsn_run_nomem(r);
}

/* Whether a report comes behind row `row` of this run. */
static bool is_behind(const tsn_reported *x, uint32_t row, uint32_t run) { return x->row > row || (x->row == row && x->run > run); }

/* Reports behind the failure have not happened. They are the last ones. */
static void take_back(tsn_sweep *s, uint32_t row, uint32_t run)
{
  uint32_t i;
  for (i = 0; i < s->report_count; i++) {
    const tsn_reported *x = &s->reports[i];
    if (!is_behind(x, row, run)) continue;
    s->output->count -= x->end - (i ? s->reports[i - 1].end : s->from);
    s->runs[x->run]->matches -= x->matches;
    s->runs[x->run]->timeouts -= x->timeouts;
  }
}

/* s->places: the reports by row; those of one row as they are, by run. */
static void sort_reports(tsn_sweep *s)
{
  uint32_t first[TSN_BLOCK_ROWS + 2] = {0}, i;
  for (i = 0; i < s->report_count; i++) first[s->reports[i].row + 1]++;
  for (i = 0; i <= TSN_BLOCK_ROWS; i++) first[i + 1] += first[i];
  for (i = 0; i < s->report_count; i++) s->places[first[s->reports[i].row]++] = i;
}

/* Output rows of the stretch, in order of rows over all runs. */
static bool put_in_order(tsn_sweep *s)
{
  tsn_output *o = s->output;
  size_t count = o->count - s->from, made = 0, i;
  for (i = 1; i < s->report_count && s->reports[i - 1].row <= s->reports[i].row; i++) continue;
  if (i >= s->report_count) return true;
  if (!tsn_alloc_grow(s->alloc, (void **)&s->ordered, &s->ordered_cap, count, sizeof *s->ordered) ||
      !tsn_alloc_grow(s->alloc, (void **)&s->places, &s->places_cap, s->report_count, sizeof *s->places))
    return false;
  sort_reports(s);
  for (i = 0; i < s->report_count; i++) {
    uint32_t at = s->places[i];
    size_t from = at ? s->reports[at - 1].end : s->from, end = s->reports[at].end;
    memcpy(s->ordered + made, o->rows + from, (end - from) * sizeof *o->rows);
    made += end - from;
  }
  memcpy(o->rows + s->from, s->ordered, made * sizeof *o->rows);
  return true;
}

/* ---- going through ---- */

/* A run goes through the rows [*row, *until). false: at *row it failed. */
static bool walk(tsn_sweep *s, tsn_run *r, tsn_block *b, uint32_t *row, uint32_t *until)
{
  bool good;
  if (r->told && tsn_queues_can_block(r)) {
    good = tsn_queues_block(r, b, s, row, until);
    r->block_row = TSN_NONE;
    return good;
  }
  for (*row = tsn_sweep_next(r, *row, *until); *row < *until; *row = tsn_sweep_next(r, *row + 1, *until))
    if (!tsn_sweep_feed(r, b, *row) || !tsn_sweep_note(s, r, *row, until)) return false;
  return true;
}

/* The run at hand goes through the rows [from, *until). */
static bool go(tsn_sweep *s, tsn_block *b, uint32_t from, uint32_t *until)
{
  tsn_run *r = s->runs[s->at];
  uint32_t row = from;
  bool good;
  s->matches = r->matches;
  s->timeouts = r->timeouts;
  good = s->count == 1 || more_reports(s) ? walk(s, r, b, &row, until) : tsn_run_nomem(r);
  if (s->count > 1 && has_reported(s, r)) add_report(s, s->at, good ? *until - 1 : row);
  if (!good) *until = row;
  return good;
}

/* All runs do; a failure, the first in order, lowers *until to its row. */
static bool go_all(tsn_sweep *s, tsn_block *b, uint32_t from, uint32_t *until, tsn_run **failed)
{
  uint32_t at = 0;
  *failed = NULL;
  s->from = tsn_output_mark(s->output);
  s->report_count = 0;
  for (s->at = 0; s->at < s->count && *until > from; s->at++) {
    if (go(s, b, from, until)) continue;
    at = s->at;
    *failed = s->runs[at];
  }
  if (!put_in_order(s)) {
    s->output->count = s->from;
    *failed = *failed ? *failed : s->runs[0];
    return tsn_run_nomem(*failed);
  }
  if (*failed) take_back(s, *until, at);
  return !*failed;
}

/* How many rows the next stretch may have, by what this one has brought. */
static void adapt(tsn_sweep *s)
{
  size_t made = s->output->count - s->from;
  uint32_t most = s->unbounded ? STRETCH_UNBOUNDED : TSN_BLOCK_ROWS;
  if (!s->stretch) s->stretch = STRETCH_FIRST;
  else if (made > s->full / 4) s->stretch = (s->stretch + 1) / 2;
  else if (made < s->full / 16) s->stretch *= 2;
  if (s->stretch > most) s->stretch = most;
}

bool tsn_sweep_block(tsn_sweep *s, tsn_block *b, uint32_t *done, tsn_run **failed)
{
  uint32_t until, good;
  size_t i;
  *done = 0;
  for (i = 0; i < s->count; i++) {
    good = tsn_sweep_orderly(s->runs[i], b);
    if (good < b->rows) b->rows = good;
  }
  if (!b->rows) return true;
  for (i = 0; i < s->count; i++) tsn_sweep_see(s->runs[i], b);
  if (!s->stretch) adapt(s);
  do {
    until = s->count > 1 && b->rows - *done > s->stretch ? *done + s->stretch : b->rows;
    if (!go_all(s, b, *done, &until, failed)) {
      *done = until;
      return false;
    }
    adapt(s);
    if (s->count == 1) b->rows = until; /* it stops where the output is full */
    *done = until;
  } while (*done < b->rows && s->output->count - s->output->taken < s->full);
  for (i = 0; i < s->count; i++) tsn_sweep_pass(s->runs[i], b, *done);
  return true;
}
