/* The story of a key's paths: see trace_story.h. */
#include "cli/trace_story.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"

#define PATH_WIDTH 24 /* columns in which the path stands */

void tsn_story_init(tsn_story *s, tsn_arena *arena, tsn_sink *out, const char *key)
{
  *s = (tsn_story){ .arena = arena, .out = out, .key = key, .only = SIZE_MAX, .time_type = TOCSIN_TIMESTAMP };
  s->next_key = &s->keys;
}

int tsn_story_wants(void *context, size_t pattern, const tocsin_value *key, size_t count)
{
  const tsn_story *s = context;

  if (s->only != SIZE_MAX && pattern != s->only) return 0;
  return !s->key || !strcmp(tsn_trace_key(s->arena, key, count), s->key);
}

static tsn_story_key *key_of(tsn_story *s, const tocsin_trace_event *e)
{
  const char *name = tsn_trace_key(s->arena, e->key, e->key_count);
  tsn_story_key *k = s->keys;

  while (k && (k->pattern != e->pattern || strcmp(k->name, name) != 0)) k = k->next;
  if (k) return k;
  k = tsn_arena_new(s->arena, tsn_story_key);
  if (!k) return NULL;
  k->pattern = e->pattern;
  k->name = name;
  k->next_row = &k->rows;
  *s->next_key = k;
  s->next_key = &k->next;
  return k;
}

/* --- lines --- */

static const char *stamp(tsn_story *s, int64_t time)
{
  return tsn_trace_time(s->arena, s->time_type, time);
}

static bool is_end_of_time(int64_t time)
{
  return time == INT64_MAX || time == INT64_MIN;
}

/* "   A(1) B(2)                 takes it as C" */
__attribute__((format(printf, 3, 4))) static void line(tsn_story *s, const tocsin_trace_event *e, const char *format, ...)
{
  const char *path = e->step_count ? tsn_trace_path(s->arena, e->steps, e->step_count) : "";
  char text[1024];
  va_list list;

  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  tsn_bytes_printf(&s->out->buffer, "    %-*s  %s\n", PATH_WIDTH, path, text);
}

/* Something that no row does: its time stands in front. */
static void time_line(tsn_story *s, const tocsin_trace_event *e)
{
  if (e->row || is_end_of_time(e->time)) return;
  tsn_bytes_printf(&s->out->buffer, "at %s\n", stamp(s, e->time));
}

static const char *bound_name(tocsin_trace_bound bound)
{
  static const char *const names[] = { "", "WITHIN", "WITHIN n ROWS", "the gap's bound", "the window" };
  return names[bound];
}

static void row_line(tsn_story *s, const tsn_story_key *k, const tocsin_trace_event *e)
{
  bool told = s->key || !*k->name;

  tsn_bytes_printf(&s->out->buffer, "row %lld%s%s  %s  %s", (long long)e->row, told ? "" : " of ", told ? "" : k->name,
                   is_end_of_time(e->time) ? "" : stamp(s, e->time), tsn_trace_columns(s->arena, e));
  for (size_t i = 0; i < e->label_count; i++) tsn_bytes_printf(&s->out->buffer, "%s%s", i ? ", " : "   could be ", e->labels[i]);
  tsn_bytes_char(&s->out->buffer, '\n');
}

static void tell_line(tsn_story *s, const tsn_story_key *k, const tocsin_trace_event *e, const char *why)
{
  const char *colon = *why ? ": " : "";

  switch (e->kind) {
  case TOCSIN_TRACE_ROW:
    row_line(s, k, e);
    break;
  case TOCSIN_TRACE_SKIPPED:
    line(s, e, "no path may begin here: it lies in a match");
    break;
  case TOCSIN_TRACE_UNFIT:
    if (*e->absence) line(s, e, "cannot begin as %s: !%s stands before it", e->label, e->absence);
    else line(s, e, "cannot begin as %s%s%s", e->label, colon, why);
    break;
  case TOCSIN_TRACE_TAKE:
    line(s, e, e->step_count ? "takes it as %s" : "begins as %s", e->label);
    break;
  case TOCSIN_TRACE_REFUSE:
    line(s, e, "waits for %s%s%s", e->label, colon, why);
    break;
  case TOCSIN_TRACE_STRICT:
    line(s, e, "ends: the next row had to be %s%s%s", e->label, colon, why);
    break;
  case TOCSIN_TRACE_EARLY:
    line(s, e, "waits: as %s it comes too early, before %s", e->label, stamp(s, e->bound_time));
    break;
  case TOCSIN_TRACE_KILLED:
    if (*e->label) line(s, e, "no longer waits for %s: it is %s, and there is !%s", e->label, e->absence, e->absence);
    else line(s, e, "its silence is broken: it is %s, and there is !%s", e->absence, e->absence);
    break;
  case TOCSIN_TRACE_TIMER:
    time_line(s, e);
    line(s, e, "!%s has lasted", e->label);
    break;
  case TOCSIN_TRACE_EXPIRED:
    time_line(s, e);
    if (*e->label) line(s, e, "ends: %s is over, and no %s has come", bound_name(e->bound), e->label);
    else line(s, e, "ends: %s is over before !%s has lasted", bound_name(e->bound), e->absence);
    break;
  case TOCSIN_TRACE_MATCH:
    line(s, e, "is complete");
    break;
  case TOCSIN_TRACE_REPORT:
    line(s, e, "MATCH");
    break;
  case TOCSIN_TRACE_TIMEOUT:
    line(s, e, "TIMEOUT");
    break;
  case TOCSIN_TRACE_SWALLOWED:
    line(s, e, "ends: it began in the match before it");
    break;
  case TOCSIN_TRACE_OVER:
    if (*e->label) line(s, e, "the input is over, and no %s has come", e->label);
    break;
  case TOCSIN_TRACE_TOO_LATE:
    line(s, e, "would take it as %s, but ended at %s: %s was over", e->label, stamp(s, e->bound_time), bound_name(e->bound));
    break;
  case TOCSIN_TRACE_OTHER_KEY:
    tsn_bytes_printf(&s->out->buffer, "another key's row at %s  %s\n", stamp(s, e->time), tsn_trace_columns(s->arena, e));
    line(s, e, "would take it as %s, but it has another key", e->label);
    break;
  }
}

/* --- the furthest path --- */

static uint64_t hash_steps(const tocsin_trace_step *steps, size_t count)
{
  uint64_t hash = 0;

  for (size_t i = 0; i < count; i++) {
    const int64_t at[2] = { steps[i].row, steps[i].time };
    hash = tsn_hash_bytes(at, sizeof at, hash);
    if (steps[i].label) hash = tsn_hash_bytes(steps[i].label, strlen(steps[i].label), hash);
  }
  return hash;
}

/* A path as it stands behind the event is the furthest from now on, if it is further than that. */
static void further(tsn_story *s, tsn_story_key *k, const tocsin_trace_event *e)
{
  size_t count = e->step_count + 1;
  tocsin_trace_step *steps = tsn_arena_new_array(s->arena, tocsin_trace_step, count);
  bool timer = e->kind == TOCSIN_TRACE_TIMER;
  static const tsn_incident nothing;

  if (!steps || count <= k->steps) return;
  if (e->step_count) memcpy(steps, e->steps, e->step_count * sizeof *steps);
  steps[count - 1] = (tocsin_trace_step){ timer ? NULL : e->label, timer ? 0 : e->row, timer ? e->time : 0 };
  k->steps = count;
  k->hash = hash_steps(steps, count);
  k->path = tsn_trace_path(s->arena, steps, count);
  k->first_row = steps[0].row;
  k->last_row = 0;
  for (size_t i = 0; i < count; i++)
    if (steps[i].row > k->last_row) k->last_row = steps[i].row;
  k->refused = k->strict = k->early = k->killed = k->expired = k->too_late = k->other_key = k->over = nothing;
}

static void note(tsn_story *s, tsn_incident *to, const tocsin_trace_event *e, const char *why)
{
  *to = (tsn_incident){ true, e->row, e->time, tsn_arena_text(s->arena, e->label, strlen(e->label)),
                        tsn_arena_text(s->arena, e->absence, strlen(e->absence)), why, e->passed, e->bound, e->bound_time };
}

static void see_row(tsn_story *s, tsn_story_key *k, const tocsin_trace_event *e)
{
  tsn_seen_row *row = tsn_arena_new(s->arena, tsn_seen_row);

  if (!row) return;
  row->labels = tsn_arena_new_array(s->arena, const char *, e->label_count + 1);
  if (!row->labels) return;
  row->row = e->row;
  row->time = e->time;
  for (; row->label_count < e->label_count; row->label_count++)
    row->labels[row->label_count] = tsn_arena_text(s->arena, e->labels[row->label_count], strlen(e->labels[row->label_count]));
  *k->next_row = row;
  k->next_row = &row->next;
  k->row_count++;
}

/* What happened to the furthest path. Of what was refused the nearest counts: more parts of its condition held. */
static void see_path(tsn_story *s, tsn_story_key *k, const tocsin_trace_event *e, const char *why)
{
  tsn_incident *to = NULL;

  if (e->step_count != k->steps || hash_steps(e->steps, e->step_count) != k->hash) return;
  switch (e->kind) {
  case TOCSIN_TRACE_REFUSE:
    if (!k->refused.set || e->passed >= k->refused.passed) to = &k->refused;
    break;
  case TOCSIN_TRACE_STRICT:
    to = &k->strict;
    break;
  case TOCSIN_TRACE_EARLY:
    to = &k->early;
    break;
  case TOCSIN_TRACE_KILLED:
    to = &k->killed;
    break;
  case TOCSIN_TRACE_EXPIRED:
    to = &k->expired;
    break;
  case TOCSIN_TRACE_TOO_LATE:
    if (!k->too_late.set) to = &k->too_late;
    break;
  case TOCSIN_TRACE_OTHER_KEY:
    to = &k->other_key;
    break;
  case TOCSIN_TRACE_OVER:
    to = &k->over;
    break;
  default:
    break;
  }
  if (to) note(s, to, e, why);
}

void tsn_story_tell(void *context, const tocsin_trace_event *e)
{
  tsn_story *s = context;
  tsn_story_key *k = key_of(s, e);
  const char *why = tsn_trace_why(s->arena, e);

  if (!k) return;
  tell_line(s, k, e, why);
  switch (e->kind) {
  case TOCSIN_TRACE_ROW:
    see_row(s, k, e);
    break;
  case TOCSIN_TRACE_UNFIT:
    if (!k->unfit.set || e->passed >= k->unfit.passed) note(s, &k->unfit, e, why);
    break;
  case TOCSIN_TRACE_TAKE:
  case TOCSIN_TRACE_TIMER:
    further(s, k, e);
    break;
  case TOCSIN_TRACE_REPORT:
    k->matches++;
    k->match = tsn_trace_path(s->arena, e->steps, e->step_count);
    break;
  default:
    see_path(s, k, e, why);
    break;
  }
}

/* --- the last lines --- */

/* A row in front of the path's last one that could have been the label: it came in the wrong order. */
static const tsn_seen_row *came_before(const tsn_story_key *k, const char *label)
{
  const tsn_seen_row *found = NULL;

  for (const tsn_seen_row *row = k->rows; row && row->row < k->last_row; row = row->next)
    for (size_t i = 0; i < row->label_count; i++)
      if (!strcmp(row->labels[i], label)) found = row;
  return found;
}

/* Why what a path waited for did not come: behind "no C came". */
static const char *missing(tsn_story *s, const tsn_story_key *k, const char *label)
{
  const tsn_seen_row *row = came_before(k, label);

  if (k->too_late.set)
    return tsn_arena_printf(s->arena, ": row %lld is one, but came at %s, when %s had ended at %s", (long long)k->too_late.row,
                            stamp(s, k->too_late.time), bound_name(k->too_late.bound), stamp(s, k->too_late.bound_time));
  if (k->early.set)
    return tsn_arena_printf(s->arena, ": row %lld is one, but came at %s, before %s", (long long)k->early.row, stamp(s, k->early.time),
                            stamp(s, k->early.bound_time));
  if (s->late)
    return tsn_arena_printf(s->arena, ": %s came late and was left out", s->late);
  if (k->other_key.set)
    return tsn_arena_printf(s->arena, ": the row at %s would be one, but has another key", stamp(s, k->other_key.time));
  if (row)
    return tsn_arena_printf(s->arena, ": row %lld is one, but came before row %lld", (long long)row->row, (long long)k->last_row);
  if (k->refused.set)
    return tsn_arena_printf(s->arena, ": nearest was row %lld, where %s", (long long)k->refused.row, k->refused.why);
  return "";
}

static const char *reason(tsn_story *s, const tsn_story_key *k)
{
  const char *after = k->path;

  if (k->killed.set && *k->killed.label)
    return tsn_arena_printf(s->arena, "after %s came row %lld, which is %s, and !%s stands before %s", after, (long long)k->killed.row,
                            k->killed.absence, k->killed.absence, k->killed.label);
  if (k->killed.set)
    return tsn_arena_printf(s->arena, "after %s the silence !%s was broken by row %lld at %s", after, k->killed.absence,
                            (long long)k->killed.row, stamp(s, k->killed.time));
  if (k->strict.set)
    return tsn_arena_printf(s->arena, "after %s the next row, %lld, had to be %s, and %s", after, (long long)k->strict.row, k->strict.label,
                            *k->strict.why ? k->strict.why : "is not");
  if (k->expired.set && *k->expired.label)
    return tsn_arena_printf(s->arena, "after %s no %s came until %s was over at %s%s", after, k->expired.label,
                            bound_name(k->expired.bound), stamp(s, k->expired.bound_time), missing(s, k, k->expired.label));
  if (k->expired.set)
    return tsn_arena_printf(s->arena, "after %s %s was over at %s, before !%s had lasted", after, bound_name(k->expired.bound),
                            stamp(s, k->expired.bound_time), k->expired.absence);
  if (k->over.set && *k->over.label)
    return tsn_arena_printf(s->arena, "after %s no %s came until the input was over%s", after, k->over.label, missing(s, k, k->over.label));
  return tsn_arena_printf(s->arena, "after %s nothing followed", after);
}

static void end_of_key(tsn_story *s, const tsn_story_key *k)
{
  tsn_bytes *out = &s->out->buffer;
  tocsin_pattern_info info = tocsin_program_pattern(s->program, k->pattern);
  bool named = tocsin_program_pattern_count(s->program) > 1;

  tsn_bytes_printf(out, "%s%s%s%s%s: ", k->matches > 1 ? "Matches" : k->matches ? "Match" : "No match", named ? " of " : "", named ? info.name : "",
                   *k->name ? " for " : "", k->name);
  if (k->matches > 1) tsn_bytes_printf(out, "%zu, the last: %s\n", k->matches, k->match);
  else if (k->matches) tsn_bytes_printf(out, "%s\n", k->match);
  else if (k->steps) tsn_bytes_printf(out, "%s\n", reason(s, k));
  else if (k->unfit.set && *k->unfit.absence)
    tsn_bytes_printf(out, "no row can begin a path; nearest was row %lld, but !%s stands before %s\n", (long long)k->unfit.row, k->unfit.absence,
                     k->unfit.label);
  else if (k->unfit.set)
    tsn_bytes_printf(out, "no row can begin a path; nearest was row %lld, where %s\n", (long long)k->unfit.row, k->unfit.why);
  else tsn_bytes_text(out, "no row can begin a path\n");
}

void tsn_story_end(tsn_story *s)
{
  bool any = false;

  for (const tsn_story_key *k = s->keys; k; k = k->next) {
    if (s->only != SIZE_MAX && k->pattern != s->only) continue;
    if (!any) tsn_bytes_char(&s->out->buffer, '\n');
    any = true;
    end_of_key(s, k);
  }
  if (any) return;
  if (s->key && s->late) tsn_bytes_printf(&s->out->buffer, "No match for %s: its row %s came late and was left out\n", s->key, s->late);
  else if (s->key) tsn_bytes_printf(&s->out->buffer, "No match for %s: no row that the pattern reads has this key\n", s->key);
  else tsn_bytes_text(&s->out->buffer, "No match: the pattern has seen no row\n");
}
