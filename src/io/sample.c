/* Looking at a sample: see sample.h. */
#include "io/sample.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/csv.h"
#include "io/json_path.h"
#include "io/json_scan.h"

/* --- what a value tells about its place --- */

static void note_real(tsn_place *p, double value)
{
  bool first = p->integers + p->reals == 1;

  if (first || value < p->least_real) p->least_real = value;
  if (first || value > p->most_real) p->most_real = value;
  if (first || value > p->real_top)
    p->real_top = value;
  else if (p->real_top - value > p->real_behind)
    p->real_behind = p->real_top - value;
}

static void note_integer(tsn_place *p, int64_t value)
{
  bool first = p->integers++ == 0;

  if (first || value < p->least) p->least = value;
  if (first || value > p->most) p->most = value;
  if (first || value > p->integer_top)
    p->integer_top = value;
  else if (tsn_time_sub(p->integer_top, value) > p->integer_behind)
    p->integer_behind = tsn_time_sub(p->integer_top, value);
  note_real(p, (double)value);
}

static void note_time(tsn_place *p, int64_t value)
{
  bool first = p->times++ == 0;

  if (first || value < p->time_least) p->time_least = value;
  if (first || value > p->time_top)
    p->time_top = value;
  else if (tsn_time_sub(p->time_top, value) > p->time_behind)
    p->time_behind = tsn_time_sub(p->time_top, value);
}

static bool is_time(const char *text, size_t length, int64_t *time)
{
  return length >= 8 && text[4] == '-' && tsn_time_parse(text, length, time);
}

/* Numbers that would not come back as they are written: 007, +49301234. */
static bool is_code(const char *text, size_t length)
{
  if (length && *text == '-') text++, length--;
  return length && (*text == '+' || (length > 1 && *text == '0' && tsn_is_digit(text[1])));
}

/* A field of CSV, which shows its type by its form alone. */
static void note_field(tsn_place *p, const tsn_csv_field *field)
{
  const char *text = field->text;
  size_t length = field->length;
  int64_t integer;
  double real;

  if (length == 0 && !field->quoted)
    p->nulls++;
  else if (tsn_same_name(text, length, "true", 4) || tsn_same_name(text, length, "false", 5))
    p->booleans++;
  else if (is_code(text, length))
    p->texts++;
  else if (tsn_parse_int64(text, length, &integer))
    note_integer(p, integer);
  else if (tsn_parse_double(text, length, &real)) {
    if (isfinite(real)) {
      p->reals++;
      note_real(p, real);
    } else {
      p->words++;
    }
  } else if (is_time(text, length, &integer))
    note_time(p, integer);
  else
    p->texts++;
}

/* --- CSV --- */

static tsn_place *add_place(tsn_sample *s, tsn_arena *arena, tsn_place *parent, const char *name, size_t length)
{
  tsn_place *p = tsn_arena_new(arena, tsn_place);

  if (!p) return NULL;
  p->name = tsn_arena_text(arena, name, length);
  p->name_length = length;
  p->parent = parent;
  if (parent->last_child)
    parent->last_child->next = p;
  else
    parent->children = p;
  parent->last_child = p;
  s->places++;
  return p->name ? p : NULL;
}

static tocsin_status add_header(tsn_sample *s, tsn_arena *arena, const tsn_csv_field *fields, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    const char *name = fields[i].text;
    size_t length = fields[i].length;
    if (fields[i].doubled) {
      char *out = tsn_arena_alloc(arena, length);
      if (!out) return TOCSIN_NOMEM;
      length = tsn_csv_undouble(name, length, out);
      name = out;
    }
    while (length && (*name == ' ' || *name == '\t')) name++, length--;
    while (length && (name[length - 1] == ' ' || name[length - 1] == '\t')) length--;
    if (!add_place(s, arena, &s->root, name, length)) return TOCSIN_NOMEM;
  }
  return TOCSIN_OK;
}

static tocsin_status read_csv(tsn_sample *s, tsn_arena *arena, const char *p, const char *end, uint64_t most)
{
  tsn_csv_field *fields = tsn_arena_new_array(arena, tsn_csv_field, TSN_SAMPLE_PLACES);
  tocsin_status st = TOCSIN_OK;

  if (!fields) return TOCSIN_NOMEM;
  while (p < end && st == TOCSIN_OK && s->rows < most) {
    const char *next;
    uint64_t lines;
    size_t count, i = 0;
    tsn_csv_split_outcome outcome;
    if (*p == '\n' || (*p == '\r' && p[1] == '\n')) {
      p += *p == '\r' ? 2 : 1;
      continue;
    }
    outcome = tsn_csv_split_record(p, end, fields, TSN_SAMPLE_PLACES, &count, &next, &lines);
    if (!s->root.children) {
      if (outcome != TSN_CSV_SPLIT_OK || count > TSN_SAMPLE_PLACES) return TOCSIN_CORRUPT;
      if (!tsn_decoder_is_clean(p, next)) return TOCSIN_CORRUPT;
      st = add_header(s, arena, fields, count);
    } else {
      s->rows++;
      if (outcome != TSN_CSV_SPLIT_OK || count != s->places || !tsn_decoder_is_clean(p, next))
        s->bad++;
      else
        for (tsn_place *place = s->root.children; place; place = place->next) note_field(place, &fields[i++]);
    }
    p = next;
  }
  if (st != TOCSIN_OK) return st;
  return s->root.children ? TOCSIN_OK : TOCSIN_CORRUPT;
}

/* --- JSON --- */

typedef struct walk {
  tsn_sample *s;
  tsn_arena *arena;
  const char *limit;
  tsn_json_fault fault;
} walk;

/* The place of a member; made at need; NULL: too many, or no name for a path. */
static tsn_place *member_place(walk *w, tsn_place *parent, const char *name, size_t length)
{
  for (tsn_place *p = parent->children; p; p = p->next)
    if (p->name_length == length && !memcmp(p->name, name, length)) return p;
  if (w->s->places >= TSN_SAMPLE_PLACES) {
    w->s->too_many = true;
    return NULL;
  }
  return add_place(w->s, w->arena, parent, name, length);
}

static const char *note_json_number(walk *w, tsn_place *place, const char *p)
{
  bool integer;
  int64_t value;
  double real;
  const char *end;

  if (*p == 'N' || *p == 'I' || p[1] == 'I') {
    place->words++;
    return tsn_json_skip(p, w->limit, 0, &w->fault);
  }
  end = tsn_json_number(p, &integer, &w->fault);
  if (!end) return NULL;
  if (integer && tsn_parse_int64(p, (size_t)(end - p), &value))
    note_integer(place, value);
  else if (tsn_parse_double(p, (size_t)(end - p), &real)) {
    place->reals++;
    note_real(place, real);
  }
  return end;
}

static const char *note_json_text(walk *w, tsn_place *place, const char *p)
{
  bool escaped;
  int64_t time;
  const char *end = tsn_json_string(p + 1, w->limit, &escaped, &w->fault);

  if (!end) return NULL;
  if (is_time(p + 1, (size_t)(end - p - 1), &time))
    note_time(place, time);
  else
    place->texts++;
  return end + 1;
}

static const char *walk_object(walk *w, tsn_place *place, const char *p, unsigned depth);

static const char *walk_value(walk *w, tsn_place *place, const char *p, unsigned depth)
{
  switch (tsn_json_kind_of(*p)) {
  case TSN_JSON_NULL:
    place->nulls++;
    break;
  case TSN_JSON_BOOLEAN:
    place->booleans++;
    break;
  case TSN_JSON_NUMERIC:
    return note_json_number(w, place, p);
  case TSN_JSON_TEXT:
    return note_json_text(w, place, p);
  case TSN_JSON_ARRAY:
    place->arrays++;
    break;
  case TSN_JSON_OBJECT:
    place->objects++;
    if (depth < TSN_JSON_PATH_STEPS) return walk_object(w, place, p, depth + 1);
    break;
  case TSN_JSON_NONE:
    return NULL;
  }
  return tsn_json_skip(p, w->limit, depth, &w->fault);
}

/* The name of the member at p, its escapes undone. Answers what follows its
 * closing quote, or NULL. */
static const char *read_name(walk *w, const char *p, const char **name, size_t *length)
{
  bool escaped;
  const char *end = tsn_json_string(p + 1, w->limit, &escaped, &w->fault);
  char *out;

  if (!end) return NULL;
  *name = p + 1;
  *length = (size_t)(end - p - 1);
  if (escaped) {
    out = tsn_arena_alloc(w->arena, *length + 1);
    if (!out) return NULL;
    *length = tsn_json_unescape(*name, *length, out);
    *name = out;
  }
  return end + 1;
}

static const char *walk_object(walk *w, tsn_place *place, const char *p, unsigned depth)
{
  p = tsn_json_blank(p + 1);
  if (*p == '}') return p + 1;
  for (;;) {
    const char *name;
    size_t length;
    tsn_place *member;
    if (*p != '"') return NULL;
    p = read_name(w, p, &name, &length);
    if (!p) return NULL;
    p = tsn_json_blank(p);
    if (*p != ':') return NULL;
    p = tsn_json_blank(p + 1);
    member = member_place(w, place, name, length);
    p = member ? walk_value(w, member, p, depth) : tsn_json_skip(p, w->limit, depth, &w->fault);
    if (!p) return NULL;
    p = tsn_json_blank(p);
    if (*p == '}') return p + 1;
    if (*p != ',') return NULL;
    p = tsn_json_blank(p + 1);
  }
}

static tocsin_status read_jsonl(tsn_sample *s, tsn_arena *arena, const char *p, const char *end, uint64_t most)
{
  walk w = { .s = s, .arena = arena, .limit = end };

  while (p < end && s->rows < most) {
    const char *next = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1, *after = NULL;
    p = tsn_json_blank(p);
    if (*p != '\n') {
      s->rows++;
      /* A line that breaks off has told something already; a wrong line may leave a wrong hint, no more. */
      if (*p == '{' && tsn_decoder_is_clean(p, next)) after = walk_object(&w, &s->root, p, 1);
      if (!after || *tsn_json_blank(after) != '\n') s->bad++;
    }
    p = next;
    if (tsn_arena_failed(arena) != TOCSIN_OK) return tsn_arena_failed(arena);
  }
  return s->root.children || s->rows > s->bad ? TOCSIN_OK : TOCSIN_CORRUPT;
}

tocsin_status tsn_sample_read(tsn_sample *s, tsn_arena *arena, tsn_format format, const char *bytes, size_t length,
                              bool whole, uint64_t most)
{
  *s = (tsn_sample){ .rows = 0 };
  if (length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) bytes += 3, length -= 3;
  if (!whole) {
    while (length && bytes[length - 1] != '\n') length--;
  } else if (length && bytes[length - 1] != '\n') { /* the readers of lines want them to end */
    char *ended = tsn_arena_alloc(arena, length + 1);
    if (!ended) return TOCSIN_NOMEM;
    memcpy(ended, bytes, length);
    ended[length++] = '\n';
    bytes = ended;
  }
  if (length == 0) return TOCSIN_CORRUPT;
  if (format == TSN_FORMAT_CSV) return read_csv(s, arena, bytes, bytes + length, most);
  return read_jsonl(s, arena, bytes, bytes + length, most);
}
