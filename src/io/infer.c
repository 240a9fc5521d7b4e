/* Inference: see infer.h. */
#include "io/infer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/json_path.h"
#include "io/sample.h"

/* --- names --- */

/* Words of the language that are no names unless quoted. More than need be does no harm. */
static const char *const reserved[] = {
  "ALL",   "AND",     "AS",        "BETWEEN",  "BOTH",  "BY",    "CASE",            "CAST",   "CREATE", "DEFINE",
  "DISTINCT", "ELSE", "END",       "FALSE",    "FOR",   "FROM",  "IN",              "IS",     "LEADING", "LIKE",
  "MATCH_RECOGNIZE",  "NOT",       "NULL",     "ONE",   "OR",    "ORDER",           "PARTITION", "PATTERN", "PRIMARY",
  "SELECT", "SUBSET", "THEN",      "TRAILING", "TRUE",  "UNION", "WATERMARK",       "WHEN",   "WHERE",  "WITH",
  "WITHIN",
};

static bool is_plain_name(const char *name)
{
  if (!(*name == '_' || (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z'))) return false;
  for (const char *p = name; *p; p++)
    if (!(*p == '_' || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || tsn_is_digit(*p))) return false;
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (tsn_same_name(name, strlen(name), reserved[i], strlen(reserved[i]))) return false;
  return true;
}

void tsn_infer_name(const char *name, tsn_bytes *out)
{
  if (is_plain_name(name)) {
    tsn_bytes_text(out, name);
    return;
  }
  tsn_bytes_char(out, '"');
  for (; *name; name++) {
    if (*name == '"') tsn_bytes_char(out, '"');
    tsn_bytes_char(out, *name);
  }
  tsn_bytes_char(out, '"');
}

static bool ends_with(const char *name, const char *end)
{
  size_t length = strlen(name), tail = strlen(end);
  return length > tail && tsn_same_name(name + length - tail, tail, end, tail);
}

/* Whether a name says that its numbers are times. */
static bool names_time(const char *name)
{
  static const char *const whole[] = { "ts", "time", "timestamp", "datetime", "date", "epoch", "at", "when", "created",
                                       "updated", "occurred", "eventtime", "unixtime" };
  static const char *const tails[] = { "_at", "_ts", "_time", "_timestamp", "_date", "_epoch", "timestamp" };
  static const char *const humps[] = { "At", "Time", "Ts", "Date" };

  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
    if (tsn_same_name(name, strlen(name), whole[i], strlen(whole[i]))) return true;
  for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
    if (ends_with(name, tails[i])) return true;
  for (size_t i = 0; i < sizeof humps / sizeof *humps; i++) {
    size_t length = strlen(name), tail = strlen(humps[i]);
    if (length > tail && !strcmp(name + length - tail, humps[i])) return true;
  }
  return false;
}

/* --- types --- */

#define YEAR_1980 315532800.0
#define YEAR_2100 4102444800.0

/* The unit in which all numbers of a place are times between 1980 and 2100. */
static tocsin_unit plausible_unit(const tsn_place *p)
{
  double scale = 1;

  for (tocsin_unit unit = TOCSIN_UNIT_SECOND; unit <= TOCSIN_UNIT_NANOSECOND; unit++, scale *= 1000)
    if (p->least_real >= YEAR_1980 * scale && p->most_real < YEAR_2100 * scale) return unit;
  return TOCSIN_UNIT_NONE;
}

static void decide_number(const tsn_place *p, tsn_column_def *def)
{
  tocsin_unit unit = names_time(p->name) && !p->words ? plausible_unit(p) : TOCSIN_UNIT_NONE;

  if (unit != TOCSIN_UNIT_NONE) {
    def->type = TOCSIN_TIMESTAMP;
    def->unit = unit;
  } else {
    def->type = p->reals || p->words ? TOCSIN_DOUBLE : TOCSIN_BIGINT;
  }
}

/* NULL, or how many values are of another type than the column. */
static const char *decide_type(tsn_arena *arena, tsn_format format, const tsn_place *p, tsn_column_def *def)
{
  uint64_t numbers = p->integers + p->reals, texts = p->times + p->texts, other;
  uint64_t values = numbers + p->words + texts + p->booleans;

  def->type = TOCSIN_TEXT;
  if (values == 0) return tsn_arena_printf(arena, p->objects + p->arrays ? "no plain value seen" : "no value seen");
  if (format == TSN_FORMAT_CSV) {
    if (p->booleans == values)
      def->type = TOCSIN_BOOLEAN;
    else if (p->times == values)
      def->type = TOCSIN_TIMESTAMP;
    else if (numbers && numbers + p->words == values)
      decide_number(p, def);
    return NULL;
  }
  numbers += p->words;
  if (numbers >= texts && numbers >= p->booleans)
    decide_number(p, def);
  else if (p->booleans >= texts)
    def->type = TOCSIN_BOOLEAN;
  else if (p->texts == 0)
    def->type = TOCSIN_TIMESTAMP;
  other = values + p->objects + p->arrays;
  if (numbers >= texts && numbers >= p->booleans)
    other -= numbers;
  else
    other -= def->type == TOCSIN_BOOLEAN ? p->booleans : texts;
  if (!other) return NULL;
  return tsn_arena_printf(arena, "%llu of %llu values are of another type: bad rows", (unsigned long long)other,
                          (unsigned long long)(values + p->objects + p->arrays));
}

/* --- columns --- */

typedef struct build {
  tsn_arena *arena;
  tsn_format format;
  tsn_sample *sample;
  tsn_column_def *columns;
  const char **remarks;
  const tsn_place **places; /* of the columns */
  size_t count;
  const char **dropped;
  size_t dropped_count;
} build;

/* $.a.b, with quotes where a name needs them; NULL: it cannot be written. */
static const char *path_of(tsn_arena *arena, const tsn_place *p)
{
  const char *before = p->parent->parent ? path_of(arena, p->parent) : "$";

  if (!before || strchr(p->name, '"') || strlen(p->name) != p->name_length) return NULL;
  return tsn_arena_printf(arena, is_plain_name(p->name) ? "%s.%s" : "%s.\"%s\"", before, p->name);
}

static const char *flat_name(tsn_arena *arena, const tsn_place *p)
{
  if (!p->parent->parent) return p->name;
  return tsn_arena_printf(arena, "%s_%s", flat_name(arena, p->parent), p->name);
}

static bool is_taken(const build *b, const char *name)
{
  for (size_t i = 0; i < b->count; i++)
    if (tsn_same_name(b->columns[i].name, strlen(b->columns[i].name), name, strlen(name))) return true;
  return false;
}

static void drop(build *b, const tsn_place *p, const char *why)
{
  b->dropped[b->dropped_count++] = tsn_arena_printf(b->arena, "%s: %s", flat_name(b->arena, p), why);
}

static void add_column(build *b, const tsn_place *p)
{
  tsn_column_def *def = &b->columns[b->count];
  const char *name = flat_name(b->arena, p), *path;

  if (b->format == TSN_FORMAT_CSV) {
    if (p->name_length == 0 || strlen(p->name) != p->name_length) {
      drop(b, p, "a field without a name");
      return;
    }
    if (is_taken(b, name)) {
      drop(b, p, "a second column of this name");
      return;
    }
    path = NULL;
  } else {
    path = path_of(b->arena, p);
    if (!path || !name || p->name_length == 0 || !tsn_json_path_valid(path)) {
      drop(b, p, "a name that no path can hold");
      return;
    }
    if (!p->parent->parent && !is_taken(b, name)) path = NULL; /* the member of its name */
    for (unsigned n = 2; name && is_taken(b, name); n++)
      name = tsn_arena_printf(b->arena, "%s_%u", flat_name(b->arena, p), n);
  }
  if (!name) return; /* the arena remembers */
  *def = (tsn_column_def){ .name = name, .path = path, .needed = true };
  b->remarks[b->count] = decide_type(b->arena, b->format, p, def);
  b->places[b->count++] = p;
}

static void add_columns(build *b, const tsn_place *parent)
{
  for (const tsn_place *p = parent->children; p; p = p->next) {
    uint64_t plain = p->booleans + p->integers + p->reals + p->words + p->times + p->texts;
    if (plain || (!p->arrays && !p->children && !p->objects))
      add_column(b, p);
    else if (p->arrays) {
      const char *path = path_of(b->arena, p);
      const char *first = tsn_arena_printf(b->arena, "an array; PATH '%s[0]' would read its first item",
                                           path ? path : "$");
      drop(b, p, path ? first : "an array");
    }
    add_columns(b, p);
  }
}

/* --- the event time --- */

static int64_t in_micros(double value, tocsin_unit unit)
{
  double micros = unit == TOCSIN_UNIT_SECOND        ? value * 1e6
                  : unit == TOCSIN_UNIT_MILLISECOND ? value * 1e3
                  : unit == TOCSIN_UNIT_NANOSECOND  ? value / 1e3
                                                    : value;
  return micros < 9e18 ? (int64_t)ceil(micros) : INT64_MAX;
}

static void find_time(const build *b, tsn_inferred *out)
{
  static const char *const likely[] = { "ts", "timestamp", "event_time", "eventtime", "time", "datetime" };
  const tsn_place *p;
  tocsin_unit unit;

  out->time = SIZE_MAX;
  for (size_t k = 0; k < sizeof likely / sizeof *likely && out->time == SIZE_MAX; k++)
    for (size_t i = 0; i < b->count && out->time == SIZE_MAX; i++)
      if (b->columns[i].type == TOCSIN_TIMESTAMP &&
          tsn_same_name(b->columns[i].name, strlen(b->columns[i].name), likely[k], strlen(likely[k])))
        out->time = i;
  for (size_t i = 0; i < b->count && out->time == SIZE_MAX; i++)
    if (b->columns[i].type == TOCSIN_TIMESTAMP) out->time = i;
  if (out->time == SIZE_MAX) return;
  p = b->places[out->time];
  unit = b->columns[out->time].unit;
  if (unit == TOCSIN_UNIT_NONE) {
    out->disorder = p->time_behind;
    out->spread = tsn_time_sub(p->time_top, p->time_least);
  } else if (p->reals) {
    out->disorder = in_micros(p->real_behind, unit);
    out->spread = in_micros(p->most_real - p->least_real, unit);
  } else {
    out->disorder = in_micros((double)p->integer_behind, unit);
    out->spread = in_micros((double)p->most - (double)p->least, unit);
  }
}

tocsin_status tsn_infer(tsn_arena *arena, tsn_format format, const char *name, const char *sample, size_t length,
                        bool whole, uint64_t most_rows, tsn_inferred *out, const char **why)
{
  tsn_sample *s = tsn_arena_new(arena, tsn_sample);
  build b = { .arena = arena, .format = format, .sample = s };
  tocsin_status st;

  *out = (tsn_inferred){ .time = SIZE_MAX };
  *why = "";
  if (!s) return TOCSIN_NOMEM;
  st = tsn_sample_read(s, arena, format, sample, length, whole, most_rows);
  if (st == TOCSIN_CORRUPT)
    *why = length == 0                 ? "there is nothing in it"
           : format == TSN_FORMAT_CSV ? "its first line is no header of CSV"
                                      : "there is no JSON object in it";
  if (st != TOCSIN_OK) return st;
  b.columns = tsn_arena_new_array(arena, tsn_column_def, s->places);
  b.remarks = tsn_arena_new_array(arena, const char *, s->places);
  b.places = tsn_arena_new_array(arena, const tsn_place *, s->places);
  b.dropped = tsn_arena_new_array(arena, const char *, s->places + 1);
  if (!b.columns || !b.remarks || !b.places || !b.dropped) return tsn_arena_failed(arena);
  add_columns(&b, &s->root);
  if (s->too_many)
    b.dropped[b.dropped_count++] =
      tsn_arena_printf(arena, "more than %d members; the others are left out", TSN_SAMPLE_PLACES);
  find_time(&b, out);
  out->schema.name = tsn_arena_text(arena, name, strlen(name));
  out->schema.column_count = b.count;
  out->schema.columns = b.columns;
  out->remarks = b.remarks;
  out->dropped = b.dropped;
  out->dropped_count = b.dropped_count;
  out->rows = s->rows;
  out->bad = s->bad;
  if (tsn_arena_failed(arena) == TOCSIN_OK && b.count == 0) {
    *why = "no column can be seen in it";
    return TOCSIN_CORRUPT;
  }
  return tsn_arena_failed(arena);
}

/* --- printing --- */

/* The next round duration: 1, 2, 5, 10, 15, 30 seconds or minutes, hours, days. */
static void print_round_up(int64_t micros, tsn_bytes *out)
{
  static const struct {
    int64_t unit;
    const char *name;
    int64_t counts[7];
  } steps[] = {
    { 1000, "MILLISECOND", { 1, 10, 50, 100, 200, 500, 0 } },
    { 1000000, "SECOND", { 1, 2, 5, 10, 15, 30, 0 } },
    { INT64_C(60000000), "MINUTE", { 1, 2, 5, 10, 15, 30, 0 } },
    { INT64_C(3600000000), "HOUR", { 1, 2, 3, 6, 12, 0, 0 } },
  };
  int64_t day = INT64_C(86400000000);

  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
    for (size_t k = 0; steps[i].counts[k]; k++)
      if (micros <= steps[i].counts[k] * steps[i].unit) {
        if (i == 0)
          tsn_bytes_printf(out, "INTERVAL '0.%03d' SECOND", (int)steps[i].counts[k]);
        else
          tsn_bytes_printf(out, "INTERVAL '%d' %s", (int)steps[i].counts[k], steps[i].name);
        return;
      }
  tsn_bytes_printf(out, "INTERVAL '%lld' DAY", (long long)(micros / day + (micros % day != 0)));
}

/* Comments end with the line: what could end them earlier becomes a blank. */
static void print_comment(const char *text, tsn_bytes *out)
{
  tsn_bytes_text(out, "-- ");
  for (; *text; text++) tsn_bytes_char(out, (unsigned char)*text < 0x20 ? ' ' : *text);
}

static void print_type(const tsn_column_def *def, tsn_bytes *out)
{
  static const char *const units[] = { "", " UNIT SECOND", " UNIT MILLISECOND", " UNIT MICROSECOND",
                                       " UNIT NANOSECOND" };

  tsn_bytes_text(out, tocsin_type_name(def->type));
  tsn_bytes_text(out, units[def->unit]);
}

#define ALIGN_MOST 32

static size_t pad(tsn_bytes *out, size_t from, size_t width)
{
  size_t length = out->length - from;
  if (length < width) tsn_bytes_fill(out, ' ', width - length);
  return out->length;
}

void tsn_infer_print(const tsn_inferred *in, tsn_bytes *out)
{
  const tsn_schema *s = &in->schema;
  bool watermark = in->time != SIZE_MAX && in->disorder > 0;
  size_t name_width = 0, type_width = 0, from;
  tsn_bytes part;

  /* Widths first, by printing into the void. */
  tsn_bytes_init(&part, out->alloc, 0);
  for (size_t i = 0; i < s->column_count; i++) {
    tsn_bytes_reset(&part);
    tsn_infer_name(s->columns[i].name, &part);
    if (part.length > name_width && part.length <= ALIGN_MOST) name_width = part.length;
    tsn_bytes_reset(&part);
    print_type(&s->columns[i], &part);
    if (s->columns[i].path && part.length > type_width) type_width = part.length;
  }
  if (part.failed != TOCSIN_OK && out->failed == TOCSIN_OK) out->failed = part.failed;
  tsn_bytes_clear(&part);

  tsn_bytes_text(out, "CREATE STREAM ");
  tsn_infer_name(s->name, out);
  tsn_bytes_text(out, " (\n");
  for (size_t i = 0; i < s->column_count; i++) {
    const tsn_column_def *def = &s->columns[i];
    tsn_bytes_text(out, "  ");
    from = out->length;
    tsn_infer_name(def->name, out);
    pad(out, from, name_width);
    tsn_bytes_char(out, ' ');
    from = out->length;
    print_type(def, out);
    if (def->path) {
      pad(out, from, type_width);
      tsn_bytes_text(out, " PATH '");
      for (const char *p = def->path; *p; p++) {
        if (*p == '\'') tsn_bytes_char(out, '\'');
        tsn_bytes_char(out, *p);
      }
      tsn_bytes_char(out, '\'');
    }
    if (i + 1 < s->column_count || watermark) tsn_bytes_char(out, ',');
    if (in->remarks[i]) {
      tsn_bytes_char(out, ' ');
      print_comment(in->remarks[i], out);
    }
    tsn_bytes_char(out, '\n');
  }
  if (watermark) {
    tsn_bytes_text(out, "  WATERMARK FOR ");
    tsn_infer_name(s->columns[in->time].name, out);
    tsn_bytes_text(out, " AS ");
    tsn_infer_name(s->columns[in->time].name, out);
    tsn_bytes_text(out, " - ");
    print_round_up(in->disorder, out);
    if (in->disorder > in->spread / 2) tsn_bytes_text(out, " -- rows are in no order of time: think of --sort");
    tsn_bytes_char(out, '\n');
  }
  tsn_bytes_text(out, ");\n");
  for (size_t i = 0; i < in->dropped_count; i++) {
    print_comment(in->dropped[i], out);
    tsn_bytes_char(out, '\n');
  }
}
