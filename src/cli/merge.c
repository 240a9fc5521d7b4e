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
#include "io/turn.h"

tsn_source *tsn_merge_next(tsn_job *job, size_t *limit)
{
  tsn_turn turn = TSN_TURN;
  tsn_source *s;

  for (size_t i = 0; i < job->source_count; i++) {
    s = &job->sources[i];
    if (s->next < s->view.rows) tsn_turn_see(&turn, i, tsn_source_key(s, &s->view, s->next));
  }
  if (!turn.any) return NULL;
  s = &job->sources[turn.who];
  *limit = job->source_count == 1 ? s->view.rows : s->next;
  while (*limit < s->view.rows && tsn_turn_goes(&turn, tsn_source_key(s, &s->view, *limit))) ++*limit;
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
