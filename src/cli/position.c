/* Positions of sources: see position.h. */
#include "cli/position.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/say.h"
#include "io/writer.h"

/* --- telling --- */

static void write_number(tsn_bytes *out, const char *name, uint64_t number)
{
  tsn_bytes_printf(out, ",\"%s\":%llu", name, (unsigned long long)number);
}

/* Where the readings are told to stand. */
typedef struct told {
  bool behind;      /* the rows at hand, else before them; */
  bool in_table;    /* but the table at hand, which has the place of its last row that was taken */
  tsn_place row;
  uint64_t rows, bad; /* ahead */
} told;

/* What was read to get the rows at hand stands before them or behind them: both lists are in order of the readings. */
static void write_places(const tsn_source *s, const told *what, tsn_bytes *out)
{
  bool moves = what->behind || what->in_table;
  size_t at = 0;

  for (size_t i = 0; i <= s->stands.count; i++) {
    const tsn_stand *stand = i < s->stands.count ? &s->stands.items[i] : NULL;
    bool moved = false;
    for (; moves && at < s->moved.count && (!stand || s->moved.items[at].reading <= stand->reading); at++) {
      const tsn_stand *m = &s->moved.items[at];
      bool is_last = what->in_table && at + 1 == s->moved.count;
      tsn_place_write(is_last ? &what->row : &m->place, m->input, out);
      moved = stand && m->reading == stand->reading;
    }
    if (stand && !moved) tsn_place_write(&stand->place, stand->input, out);
  }
  tsn_bytes_append(out, s->others.data, s->others.length);
}

/* The rows at hand come from the last reading that was moved; one that has no place was not. */
static told tell(const tsn_source *s)
{
  uint64_t bad = tsn_source_counts(s).bad - s->before.bad; /* of the rows at hand */
  told what = { .behind = s->next >= s->view.rows, .rows = s->rows_ahead };

  if (what.behind) {
    what.bad = s->bad_ahead > bad ? s->bad_ahead - bad : 0;
  } else if (s->database && s->next) {
    tsn_place last;
    what.in_table = true;
    tsn_database_place(s->database, &last);
    tsn_database_row_place(s->database, s->next - 1, &what.row);
    what.bad = last.row - what.row.row - (s->view.rows - s->next);
  } else if (s->moved.count) {
    what.rows += s->next;
    what.bad = s->bad_ahead > bad ? s->bad_ahead : bad;
  }
  return what;
}

bool tsn_source_position(const tsn_source *s, tsn_bytes *out)
{
  told what = tell(s);
  tsn_decoder_counts counts = what.behind || what.in_table ? tsn_source_counts(s) : s->before;

  if (s->sorted) return false;
  if (what.in_table) { /* what lies ahead is read, and counted, again */
    counts.rows -= what.bad + (s->view.rows - s->next);
    counts.bad -= what.bad;
  }
  tsn_bytes_text(out, "{\"stream\":");
  tsn_write_json_text(out, s->name, strlen(s->name));
  write_number(out, "rows", counts.rows);
  write_number(out, "bad", counts.bad);
  write_number(out, "nan", counts.nan);
  write_number(out, "future", s->future);
  write_number(out, "rows_ahead", what.rows);
  write_number(out, "bad_ahead", what.bad);
  tsn_bytes_text(out, "}\n");
  write_places(s, &what, out);
  return true;
}

/* --- going on --- */

/* A line of a position, and what became of it. */
typedef struct line {
  const char *text;
  size_t length;
  tsn_place_line at;
  bool taken;
} line;

static int damaged(const tsn_source *s)
{
  tsn_say("the position of stream \"%s\" is damaged", s->name);
  return TSN_EXIT_OUTPUT;
}

static bool read_counts(tsn_source *s, const char *text, size_t length)
{
  tsn_decoder_counts c = { 0 };

  if (!tsn_place_number(text, length, "rows", &c.rows) || !tsn_place_number(text, length, "bad", &c.bad) ||
      !tsn_place_number(text, length, "nan", &c.nan) || !tsn_place_number(text, length, "future", &s->future) ||
      !tsn_place_number(text, length, "rows_ahead", &s->rows_ahead) || !tsn_place_number(text, length, "bad_ahead", &s->bad_ahead))
    return false;
  s->counts = s->before = c;
  s->bad_passed = s->bad_ahead;
  return true;
}

static bool same_text(const char *a, const char *b)
{
  return a == b || (a && b && !strcmp(a, b));
}

static bool is_named(const tsn_input *input, const tsn_place_line *l)
{
  return same_text(input->path, l->old_name ? l->old_name : l->path) && same_text(input->table, l->table);
}

/* Lines to the inputs that are the very files. */
static void give_files(tsn_source *s, line *lines, size_t count)
{
  for (size_t at = 0; at < s->reading_count; at++) {
    tsn_reading *r = &s->readings[at];
    struct stat info;
    if (r->input->table || stat(r->input->path, &info) != 0) continue;
    for (size_t i = 0; i < count && !r->place.known; i++) {
      if (lines[i].taken || lines[i].at.table || !tsn_place_is_file(&lines[i].at.place, &info)) continue;
      r->place = lines[i].at.place;
      lines[i].taken = true;
    }
  }
}

/* Before a reading comes one of the file that had its name before. */
static int add_before(tsn_source *s, tsn_arena *arena, size_t at, const char *path, const tsn_place *place)
{
  tsn_input *input = tsn_arena_new(arena, tsn_input);

  if (!input || !tsn_source_add(s, s->readings[at].input)) return tsn_no_memory();
  *input = *s->readings[at].input;
  input->old_name = input->path;
  input->path = input->name = path;
  memmove(s->readings + at + 1, s->readings + at, (s->reading_count - 1 - at) * sizeof *s->readings);
  s->readings[at] = (tsn_reading){ .input = input, .place = *place, .fd = -1, .moved = true, .replaced = true };
  return 0;
}

/* A line whose file is none of the inputs, although one of them has its name: the file may have another name of the
 * folder now. Else the input is the file as far as it looks the same, which is seen when it is opened. */
static int give_name(tsn_source *s, tsn_arena *arena, line *l)
{
  for (size_t at = 0; at < s->reading_count; at++) {
    tsn_reading *r = &s->readings[at];
    const char *path;
    if (r->moved || !is_named(r->input, &l->at)) continue;
    l->taken = true;
    path = l->at.table ? NULL : tsn_follow_find(arena, l->at.path, &l->at.place);
    if (path) return add_before(s, arena, at, path, &l->at.place);
    if (!r->place.known && !l->at.old_name) r->place = l->at.place;
    return tsn_arena_failed(arena) == TOCSIN_OK ? 0 : tsn_no_memory();
  }
  return 0;
}

/* First by what the files are, whatever their names, then by name. */
static int give_lines(tsn_source *s, tsn_arena *arena, line *lines, size_t count)
{
  int st = 0;

  give_files(s, lines, count);
  for (size_t i = 0; i < count && st == 0; i++)
    if (!lines[i].taken) st = give_name(s, arena, &lines[i]);
  return st;
}

/* What was read before stands where it did, also if nothing comes of it any more. */
static int keep_stands(tsn_source *s, const line *lines, size_t count)
{
  for (size_t i = 0; i < s->reading_count; i++) {
    const tsn_reading *r = &s->readings[i];
    if (r->place.known && !tsn_stands_set(&s->stands, &s->kept, i, r->input, &r->place)) return tsn_no_memory();
  }
  for (size_t i = 0; i < count; i++) {
    if (lines[i].taken) continue;
    tsn_bytes_append(&s->others, lines[i].text, lines[i].length);
    tsn_bytes_char(&s->others, '\n');
  }
  return s->others.failed == TOCSIN_OK ? 0 : tsn_no_memory();
}

int tsn_source_resume(tsn_source *s, tsn_arena *arena, const char *text, size_t length)
{
  const char *p = text, *end = text + length;
  size_t count = 0, most = 0;
  line *lines;
  int st;

  for (const char *c = text; c < end; c++) most += *c == '\n';
  lines = tsn_arena_new_array(arena, line, most + 1);
  if (!lines) return tsn_no_memory();
  for (size_t n = 0; p < end; n++) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    size_t here = newline ? (size_t)(newline - p) : 0;
    line *l = &lines[count];
    if (!newline) return damaged(s);
    *l = (line){ .text = p, .length = here };
    if (n == 0 ? !read_counts(s, p, here) : !tsn_place_read(p, here, arena, &l->at)) return damaged(s);
    if (n > 0) count++;
    p = newline + 1;
  }
  if (most == 0) return damaged(s);
  st = give_lines(s, arena, lines, count);
  return st ? st : keep_stands(s, lines, count);
}
