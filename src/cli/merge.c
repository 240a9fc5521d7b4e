/* Bounded inputs, in the order of their event times.
 *
 *   one source    whole batches, as they are read, ahead if there are threads
 *   several       the source whose next row is earliest pushes its rows up to the
 *                 others' next times; at equal times the one named first on the
 *                 command line goes first */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/durable.h"
#include "cli/engine.h"
#include "cli/pipe.h"

/* How many rows of s may go before a row of key `bound` of another source. */
static size_t rows_until(const tsn_source *s, int64_t bound, bool with_equal)
{
  size_t row = s->next;

  while (row < s->view.rows) {
    int64_t key = tsn_source_key(s, &s->view, row);
    if (key > bound || (key == bound && !with_equal)) break;
    row++;
  }
  return row;
}

/* The source whose next row comes first; *bound: the first key of the others, and
 * whether rows of that very key may go too. NULL: there is none with rows. */
static tsn_source *choose_source(tsn_job *job, int64_t *bound, bool *with_equal)
{
  tsn_source *best = NULL;
  int64_t least = 0;

  *bound = INT64_MAX;
  *with_equal = true;
  for (size_t i = 0; i < job->source_count; i++) {
    tsn_source *s = &job->sources[i];
    int64_t key;
    if (s->next >= s->view.rows) continue;
    key = tsn_source_key(s, &s->view, s->next);
    if (best && key >= least) {
      if (key < *bound) *bound = key, *with_equal = true; /* s comes behind best at equal keys */
      continue;
    }
    if (best) *bound = least, *with_equal = false; /* best so far comes before s at equal keys */
    best = s;
    least = key;
  }
  return best;
}

tsn_source *tsn_merge_next(tsn_job *job, size_t *limit)
{
  int64_t bound;
  bool with_equal;
  tsn_source *s = choose_source(job, &bound, &with_equal);

  if (s) *limit = job->source_count == 1 ? s->view.rows : rows_until(s, bound, with_equal);
  return s;
}

/* --- threads --- */

static int64_t thread_count(const tsn_engine *e)
{
  const char *given = tsn_args_value(e->job->args, "threads");
  int64_t count = sysconf(_SC_NPROCESSORS_ONLN);

  if (given) (void)tsn_parse_int64(given, strlen(given), &count); /* checked before */
  return count;
}

/* Sources of files get threads that read ahead, as far as there are threads. What is
 * sorted is read to its end in any case, before there is anything beside which to read. */
static void start_reading(tsn_engine *e)
{
  int64_t left = thread_count(e) - 1;

  for (size_t i = 0; i < e->job->source_count && left > 0; i++) {
    tsn_source *s = &e->job->sources[i];
    bool is_table = false;
    for (size_t k = 0; k < s->input_count; k++) is_table |= s->inputs[k]->table != NULL;
    if (!s->sorted && !is_table && tsn_pipe_start(s)) left--;
  }
}

int tsn_merge_run(tsn_engine *e)
{
  int st = tsn_engine_finish_unfed(e);

  start_reading(e);
  for (size_t i = 0; i < e->job->source_count && st == 0; i++) st = tsn_engine_fill(e, &e->job->sources[i]);
  while (st == 0 && !tsn_interrupted) {
    size_t limit;
    tsn_source *s = tsn_merge_next(e->job, &limit);
    if (!s) break;
    st = tsn_engine_push(e, s, tsn_durable_limit(e, s, limit));
    if (st == 0) st = tsn_durable_look(e);
    if (st == 0 && s->next >= s->view.rows) st = tsn_engine_fill(e, s);
  }
  return st;
}
