/* Writing what came into the expectations of a file: see test_report.h. */
#include <string.h>

#include "cli/cli.h"
#include "cli/test_report.h"

static bool is_expectation(const tsn_test_step *s)
{
  return s && s->kind >= TSN_TEST_MATCHES;
}

/* Whether other expectations stand beside it, about the same time. */
static bool has_neighbours(const tsn_test *test, const tsn_test_step *step)
{
  const tsn_test_step *before = NULL;

  for (const tsn_test_step *s = test->steps; s != step; s = s->next) before = s;
  return is_expectation(before) || is_expectation(step->next);
}

/* "expect timeout of NAME"; of a counted step with its number. */
static void write_head(const tsn_test *test, const tsn_answer *a, const char *name, bool timeouts, size_t count, tsn_bytes *out)
{
  bool counted = a->step && a->step->counted;

  tsn_bytes_fill(out, ' ', a->indent);
  tsn_bytes_text(out, "expect");
  if (count == 0 && !counted && a->step && !has_neighbours(test, a->step)) {
    tsn_bytes_text(out, " nothing");
  } else if (counted || count == 0) {
    tsn_bytes_printf(out, " %zu %s", count, timeouts ? count == 1 ? "timeout" : "timeouts" : count == 1 ? "match" : "matches");
  } else if (timeouts) {
    tsn_bytes_text(out, count == 1 ? " timeout" : " timeouts");
  }
  if (name && *name) tsn_bytes_printf(out, " of %s", name);
  tsn_bytes_char(out, '\n');
}

/* The part of an answer that is of one kind, as a block. */
static int write_block(tsn_arena *arena, const tsn_test *test, const tsn_test_result *result, const tsn_answer *a, const char *name,
                       bool timeouts, tsn_bytes *out)
{
  tsn_answer part = *a;

  part.outcomes = tsn_arena_new_array(arena, tsn_outcome *, a->count + 1);
  if (!part.outcomes) return tsn_no_memory();
  part.count = 0;
  for (size_t i = 0; i < a->count; i++)
    if (a->outcomes[i]->timeout == timeouts) part.outcomes[part.count++] = a->outcomes[i];
  if (a->step && a->step->kind == TSN_TEST_NOTHING && part.count == 0) return 0;
  write_head(test, a, name, timeouts, part.count, out);
  if (part.count && !(a->step && a->step->counted)) tsn_test_write_table(arena, result->program, &part, a->indent + 2, out);
  return 0;
}

int tsn_test_mend(tsn_arena *arena, tsn_alloc *alloc, const tsn_test *test, const tsn_test_result *result, tsn_test_edit **edits)
{
  bool one = tocsin_program_pattern_count(result->program) == 1;
  const tsn_test_step *edited = NULL;
  int st = 0;

  while (*edits) edits = &(*edits)->next;
  for (const tsn_answer *a = result->answers; a && st == 0; a = a->next) {
    const char *name = one ? NULL : tocsin_program_pattern(result->program, a->pattern).name;
    tsn_test_edit *edit = a->differs ? tsn_arena_new(arena, tsn_test_edit) : NULL;
    bool both = a->step && a->step->kind == TSN_TEST_NOTHING;
    tsn_bytes text;
    if (!a->differs) continue;
    if (!edit) return tsn_no_memory();
    *edit = (tsn_test_edit){ .first = a->behind + 1, .last = a->behind };
    if (a->step && a->step != edited) edit->first = a->step->line;
    edited = a->step;
    tsn_bytes_init(&text, alloc, 0);
    if (both || !a->timeouts) st = write_block(arena, test, result, a, name, false, &text);
    if (st == 0 && (both || a->timeouts)) st = write_block(arena, test, result, a, name, true, &text);
    edit->text = tsn_arena_text(arena, text.data ? text.data : "", text.length);
    if (text.failed != TOCSIN_OK || !edit->text) st = tsn_no_memory();
    tsn_bytes_clear(&text);
    *edits = edit;
    edits = &edit->next;
  }
  return st;
}

void tsn_test_edit_text(const char *text, size_t length, const tsn_test_edit *edits, tsn_bytes *out)
{
  const char *end = text + length;
  unsigned line = 0;

  while (text < end) {
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    bool replaced;
    stop = stop ? stop + 1 : end;
    line++;
    while (edits && edits->first > edits->last && edits->last < line) tsn_bytes_text(out, edits->text), edits = edits->next;
    replaced = edits && line >= edits->first && line <= edits->last;
    if (!replaced) tsn_bytes_append(out, text, (size_t)(stop - text));
    if (!replaced && stop == end && stop[-1] != '\n') tsn_bytes_char(out, '\n');
    if (replaced && line == edits->last) tsn_bytes_text(out, edits->text), edits = edits->next;
    text = stop;
  }
  for (; edits; edits = edits->next) tsn_bytes_text(out, edits->text);
}
