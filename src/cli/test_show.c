/* What a test expected beside what came, as tables: see test_play.h.
 *
 *     customer | items
 *     ann      | 2
 *   - bob      | 1        expected
 *   + bob      | 2        came
 *                ^ */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/test_cell.h"
#include "cli/test_play.h"

/* Which output column stands in each column of a table, and its name there. */
typedef struct head {
  size_t count;
  size_t *columns; /* SIZE_MAX: there is none of that name */
  const char **names;
} head;

static bool make_head(tsn_arena *arena, const tocsin_program *program, const tsn_answer *a, head *out)
{
  const tsn_test_row *row = a->step ? a->step->rows : NULL;
  size_t known = tocsin_program_pattern(program, a->pattern).column_count;

  out->count = row ? row->count : known;
  out->columns = tsn_arena_new_array(arena, size_t, out->count);
  out->names = tsn_arena_new_array(arena, const char *, out->count);
  if (!out->columns || !out->names) return false;
  for (size_t i = 0; i < out->count; i++) {
    size_t at = i;
    if (row) {
      const char *name = row->cells[i];
      for (at = 0; at < known; at++) {
        const char *other = tocsin_program_output_column(program, a->pattern, at).name;
        if (tsn_same_name(other, strlen(other), name, strlen(name))) break;
      }
      out->names[i] = name;
    } else {
      out->names[i] = tocsin_program_output_column(program, a->pattern, at).name;
    }
    out->columns[i] = at < known ? at : SIZE_MAX;
  }
  return true;
}

static size_t rows_of(const tsn_answer *a)
{
  size_t count = 0;

  if (!a->step || !a->step->rows) return 0;
  for (const tsn_test_row *row = a->step->rows->next; row; row = row->next) count++;
  return count;
}

static int row_holds(tsn_arena *arena, const head *h, const tsn_test_row *row, const tsn_outcome *o, bool *marked, char why[256])
{
  int all = 1;

  for (size_t i = 0; i < h->count; i++) {
    int holds = tsn_test_equals(arena, row->cells[i], &o->values[h->columns[i]], why);
    if (holds < 0) return -1;
    if (marked) marked[i] = !holds;
    all &= holds;
  }
  return all;
}

static int table_holds(tsn_arena *arena, const tocsin_program *program, const tsn_answer *a, unsigned *line, char why[256])
{
  bool same = rows_of(a) == a->count;
  size_t at = 0;
  head h;

  if (!make_head(arena, program, a, &h)) return 1; /* the arena remembers */
  for (size_t i = 0; i < h.count; i++) {
    if (h.columns[i] != SIZE_MAX) continue;
    *line = a->step->line + 1;
    snprintf(why, 256, "%.80s has no output column \"%.80s\"", tocsin_program_pattern(program, a->pattern).name, h.names[i]);
    return -1;
  }
  for (const tsn_test_row *row = a->step->rows->next; row; row = row->next, at++) {
    /* Cells are read also where a row is missing: what is no value is wrong in any case. */
    for (size_t i = 0; i < h.count && at >= a->count; i++) {
      tocsin_value none = { .type = tocsin_program_output_column(program, a->pattern, h.columns[i]).type, .is_null = 1 };
      *line = row->line;
      if (tsn_test_equals(arena, row->cells[i], &none, why) < 0) return -1;
    }
    if (at < a->count) {
      int holds = row_holds(arena, &h, row, a->outcomes[at], NULL, why);
      *line = row->line;
      if (holds < 0) return -1;
      same &= holds;
    }
  }
  return same;
}

int tsn_test_holds(tsn_arena *arena, const tocsin_program *program, const tsn_answer *answer, unsigned *line, char why[256])
{
  const tsn_test_step *step = answer->step;

  *line = step->line;
  if (step->kind == TSN_TEST_NOTHING) return answer->count == 0;
  if (step->counted) return answer->count == step->count;
  return step->rows ? table_holds(arena, program, answer, line, why) : 0;
}

/* --- tables --- */

static const char **cells_of(tsn_arena *arena, const head *h, const tsn_outcome *o)
{
  const char **cells = tsn_arena_new_array(arena, const char *, h->count);

  for (size_t i = 0; cells && i < h->count; i++)
    cells[i] = h->columns[i] == SIZE_MAX ? "" : tsn_test_cell(arena, &o->values[h->columns[i]]);
  return cells;
}

/* Cells that need not be exact stay as they are where they hold. */
static void keep_loose(tsn_arena *arena, const head *h, const tsn_test_row *row, const tsn_outcome *o, const char **cells)
{
  char why[256];

  for (size_t i = 0; cells && i < h->count; i++) {
    const char *cell = row->cells[i];
    if (h->columns[i] == SIZE_MAX || (*cell != '~' && strcmp(cell, "*") != 0)) continue;
    if (tsn_test_equals(arena, cell, &o->values[h->columns[i]], why) == 1) cells[i] = cell;
  }
}

void tsn_test_write_table(tsn_arena *arena, const tocsin_program *program, const tsn_answer *a, size_t indent, tsn_bytes *out)
{
  const tsn_test_row *row = a->step && a->step->rows ? a->step->rows->next : NULL;
  tsn_test_line *lines = tsn_arena_new_array(arena, tsn_test_line, a->count + 1);
  char *before = tsn_arena_alloc(arena, indent + 1);
  bool barred = a->step && a->step->barred;
  head h;

  if (!lines || !before || !make_head(arena, program, a, &h)) return;
  memset(before, ' ', indent);
  lines[0] = (tsn_test_line){ .before = before, .cells = h.names };
  for (size_t i = 0; i < a->count; i++) {
    const char **cells = cells_of(arena, &h, a->outcomes[i]);
    if (!cells) return;
    if (row) keep_loose(arena, &h, row, a->outcomes[i], cells);
    lines[i + 1] = (tsn_test_line){ .before = before, .cells = cells };
    if (row) row = row->next;
  }
  tsn_test_lay(out, arena, lines, a->count + 1, h.count, barred);
}

/* --- the difference --- */

typedef struct difference {
  tsn_arena *arena;
  const head *head;
  const tsn_test_row **rows; /* expected */
  size_t expected;
  const tsn_answer *answer;
  tsn_test_line *lines;
  size_t count;
  char why[256];
} difference;

static bool same(difference *d, size_t row, size_t outcome)
{
  return row_holds(d->arena, d->head, d->rows[row], d->answer->outcomes[outcome], NULL, d->why) == 1;
}

static void add(difference *d, const char *before, const char *const *cells, const bool *marked)
{
  if (cells) d->lines[d->count++] = (tsn_test_line){ .before = before, .cells = cells, .marked = marked };
}

static void add_came(difference *d, const char *before, size_t outcome, const bool *marked)
{
  add(d, before, cells_of(d->arena, d->head, d->answer->outcomes[outcome]), marked);
}

/* Equal rows at both ends stand once; between them what was expected and what came. */
static void compare(difference *d)
{
  size_t came = d->answer->count, first = 0, last = 0, e, c;

  while (first < d->expected && first < came && same(d, first, first)) add_came(d, "    ", first, NULL), first++;
  while (last < d->expected - first && last < came - first && same(d, d->expected - 1 - last, came - 1 - last)) last++;
  for (e = c = first; e < d->expected - last || c < came - last; e++, c++) {
    bool *marked = NULL;
    if (e < d->expected - last) add(d, "  - ", d->rows[e]->cells, NULL);
    if (c >= came - last) continue;
    if (e < d->expected - last) {
      marked = tsn_arena_new_array(d->arena, bool, d->head->count);
      if (marked) (void)row_holds(d->arena, d->head, d->rows[e], d->answer->outcomes[c], marked, d->why);
    }
    add_came(d, "  + ", c, marked);
  }
  for (size_t i = came - last; i < came; i++) add_came(d, "    ", i, NULL);
}

static void show_table(tsn_arena *arena, const tsn_answer *a, const head *h, size_t expected, tsn_bytes *out)
{
  difference d = { .arena = arena, .head = h, .expected = expected, .answer = a };
  size_t at = 0;

  d.rows = tsn_arena_new_array(arena, const tsn_test_row *, expected + 1);
  d.lines = tsn_arena_new_array(arena, tsn_test_line, 2 * expected + a->count + 2);
  if (!d.rows || !d.lines) return;
  for (const tsn_test_row *row = expected ? a->step->rows->next : NULL; row; row = row->next) d.rows[at++] = row;
  add(&d, "    ", h->names, NULL);
  compare(&d);
  tsn_test_lay(out, arena, d.lines, d.count, h->count, false);
}

static const char *kind_of(const tsn_answer *a, size_t count)
{
  if (a->step && a->step->kind == TSN_TEST_NOTHING) return "nothing";
  return a->timeouts ? count == 1 ? "timeout" : "timeouts" : count == 1 ? "match" : "matches";
}

static bool is_nothing(const tsn_answer *a)
{
  return a->step && a->step->kind == TSN_TEST_NOTHING;
}

static void show_headline(const tsn_test_file *file, const char *name, const tsn_answer *a, size_t expected, tsn_bytes *out)
{
  const char *of = *name ? " of " : "";

  tsn_bytes_printf(out, "%s:%u: ", file->path, a->step ? a->step->line : a->behind);
  if (!a->step)
    tsn_bytes_printf(out, "%zu %s%s%s came that nothing here expects\n", a->count, kind_of(a, a->count), of, name);
  else if (is_nothing(a))
    tsn_bytes_printf(out, "nothing%s%s was expected, and %zu came\n", of, name, a->count);
  else if (!a->step->rows && !a->step->counted)
    tsn_bytes_printf(out, "the table of %s is missing (--update writes it); %zu came\n", kind_of(a, 2), a->count);
  else if (expected == a->count)
    tsn_bytes_printf(out, "%zu %s%s%s came, but not as expected\n", expected, kind_of(a, expected), of, name);
  else
    tsn_bytes_printf(out, "%zu %s%s%s %s expected, and %zu came\n", expected, kind_of(a, expected), of, name,
                     expected == 1 ? "was" : "were", a->count);
}

int tsn_test_show(tsn_arena *arena, const tsn_test_file *file, const tsn_answer *a, tsn_test_result *result)
{
  size_t expected = a->step && a->step->counted ? a->step->count : rows_of(a), rows = rows_of(a);
  head h;

  show_headline(file, tocsin_program_pattern(result->program, a->pattern).name, a, expected, &result->report);
  if (!make_head(arena, result->program, a, &h)) return tsn_no_memory();
  if (rows || a->count) show_table(arena, a, &h, rows, &result->report);
  return 0;
}
