/* Names, numbers, durations, times and types: from their spelling to their value. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "dsl/foreign.h"
#include "dsl/grammar.h"
#include "dsl/reader.h"

#define COUNT_MAX INT32_MAX /* of a quantifier */

static const struct {
  const char *name, *plural, *shorter;
  int64_t us;
} units[] = {
  { "MICROSECOND", "MICROSECONDS", "US", 1 },
  { "MILLISECOND", "MILLISECONDS", "MS", 1000 },
  { "SECOND", "SECONDS", "S", 1000000 },
  { "MINUTE", "MINUTES", "M", 60000000 },
  { "HOUR", "HOURS", "H", 3600000000 },
  { "DAY", "DAYS", "D", 86400000000 },
  { "WEEK", "WEEKS", "W", 604800000000 },
};
enum { UNIT_SECOND = 2, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_COUNT = sizeof units / sizeof *units };

static const struct {
  const char *name;
  tocsin_type type;
} types[] = {
  { "BOOLEAN", TOCSIN_BOOLEAN }, { "BIGINT", TOCSIN_BIGINT },       { "INTEGER", TOCSIN_BIGINT },
  { "INT", TOCSIN_BIGINT },      { "DOUBLE", TOCSIN_DOUBLE },       { "REAL", TOCSIN_DOUBLE },
  { "FLOAT", TOCSIN_DOUBLE },    { "TEXT", TOCSIN_TEXT },           { "VARCHAR", TOCSIN_TEXT },
  { "STRING", TOCSIN_TEXT },     { "TIMESTAMP", TOCSIN_TIMESTAMP }, { "INTERVAL", TOCSIN_INTERVAL },
};

/* ---- words ---- */

static const char *source(const tsn_reader *r, tsn_span at, size_t *length)
{
  *length = at.to - at.from;
  return r->text + at.from;
}

static char *copy(tsn_reader *r, tsn_span at)
{
  return tsn_arena_text(r->arena, r->text + at.from, at.to - at.from);
}

bool tsn_token_is(const tsn_reader *r, tsn_token t, const char *word)
{
  return t.kind != TOK_QUOTED && tsn_same_name(r->text + t.at.from, t.at.to - t.at.from, word, strlen(word));
}

const char *tsn_read_text(tsn_reader *r, tsn_span at, uint32_t *length)
{
  size_t from_length, i, n = 0;
  const char *from = source(r, at, &from_length);
  char *text = tsn_arena_new_array(r->arena, char, from_length);

  *length = 0;
  if (!text || from_length < 2) return NULL;
  for (i = 1; i + 1 < from_length; i++) {
    text[n++] = from[i];
    if (from[i] == from[0]) i++;
  }
  text[n] = '\0';
  *length = (uint32_t)n;
  return text;
}

char *tsn_read_upper(tsn_reader *r, tsn_token t)
{
  char *text = t.kind == TOK_STRING ? tsn_arena_text(r->arena, r->text + t.at.from + 1, t.at.to - t.at.from - 2)
                                    : copy(r, t.at);
  char *c;

  for (c = text; c && *c; c++)
    if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
  return text;
}

static const char *upper(tsn_reader *r, tsn_token t)
{
  const char *text = tsn_read_upper(r, t);

  return text ? text : "";
}

tsn_name tsn_read_name(tsn_reader *r, tsn_token t)
{
  tsn_name name = { .at = t.at, .quoted = t.kind == TOK_QUOTED };

  if (t.at.to == t.at.from) return (tsn_name){ 0 };
  if (!name.quoted) {
    name.text = copy(r, t.at);
    name.length = t.at.to - t.at.from;
  } else {
    name.text = tsn_read_text(r, t.at, &name.length);
    if (name.text && (name.length == 0 || memchr(name.text, '\0', name.length)))
      tsn_diag_add(r->diag, TSN_E0009, t.at, NULL, "a quoted name needs a character between its quotes, and no NUL");
  }
  return name;
}

/* ---- numbers ---- */

tsn_expr *tsn_read_number(tsn_reader *r, tsn_span at, bool decimal)
{
  tsn_expr *e = tsn_expr_leaf(r, decimal ? EXPR_DECIMAL : EXPR_INTEGER, at, 0);
  size_t length;
  const char *text = source(r, at, &length);

  if (!e) return NULL;
  e->text = copy(r, at);
  e->length = (uint32_t)length;
  if (decimal) {
    if (!tsn_parse_double(text, length, &e->real) || e->real > 1.7976931348623157e308)
      tsn_diag_add(r->diag, TSN_E0005, at, NULL, "the number is too large for DOUBLE");
    return e;
  }
  if (tsn_parse_int64(text, length, &e->integer)) return e;
  while (length > 1 && *text == '0') text++, length--;
  if (length == 19 && memcmp(text, "9223372036854775808", 19) == 0) { /* fits behind a minus: tsn_expr_unary */
    e->integer = INT64_MIN;
    e->otherwise = r->too_large;
    r->too_large = e;
  } else {
    tsn_diag_add(r->diag, TSN_E0005, at, "with a decimal point it is a DOUBLE",
                 "the number is too large for BIGINT, whose greatest value is 9223372036854775807");
  }
  return e;
}

int64_t tsn_read_count(tsn_reader *r, tsn_span at, bool negative)
{
  size_t length;
  const char *text = source(r, at, &length);
  int64_t count;

  if (negative) {
    tsn_diag_add(r->diag, TSN_E0122, at, NULL, "a quantifier has no negative bound");
    return -2;
  }
  if (!tsn_parse_int64(text, length, &count) || count > COUNT_MAX) {
    tsn_diag_add(r->diag, TSN_E0122, at, "leave the bound out: {n,} has no maximum",
                 "a bound of a quantifier is at most %d", COUNT_MAX);
    return -2;
  }
  return count;
}

tsn_expr *tsn_read_string(tsn_reader *r, tsn_span at)
{
  tsn_expr *e = tsn_expr_leaf(r, EXPR_STRING, at, 0);

  if (e) e->text = tsn_read_text(r, at, &e->length);
  return e;
}

/* ---- durations ---- */

/* digits [. digits] times a unit, exactly, cut at the microsecond. */
static bool times_unit(const char *text, size_t length, int64_t us, int64_t *out)
{
  const char *point = memchr(text, '.', length);
  const size_t whole = point ? (size_t)(point - text) : length;
  int64_t total = 0, part = 0;
  size_t i;

  if (length == 0 || (point && length == 1)) return false;
  for (i = 0; i < whole; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    if (__builtin_mul_overflow(total, 10, &total) || __builtin_add_overflow(total, text[i] - '0', &total)) return false;
  }
  for (i = length; i > whole + 1; i--) { /* floor(floor(x) / 10) is floor(x / 10): no digit is lost */
    if (text[i - 1] < '0' || text[i - 1] > '9') return false;
    part = (part + (text[i - 1] - '0') * us) / 10;
  }
  return !__builtin_mul_overflow(total, us, &total) && !__builtin_add_overflow(total, part, out);
}

/* A unit by its name: SECOND, seconds; with `shorter`, s as well. -1: none. */
static int find_unit(const char *text, size_t length, bool shorter)
{
  int i;

  for (i = 0; i < UNIT_COUNT; i++) {
    if (tsn_same_name(text, length, units[i].name, strlen(units[i].name)) ||
        tsn_same_name(text, length, units[i].plural, strlen(units[i].plural)) ||
        (shorter && tsn_same_name(text, length, units[i].shorter, strlen(units[i].shorter))))
      return i;
  }
  return -1;
}

bool tsn_names_unit(const tsn_reader *r, tsn_token t)
{
  return find_unit(r->text + t.at.from, t.at.to - t.at.from, false) >= 0;
}

static int unknown_unit(tsn_reader *r, tsn_token t)
{
  const char *near[UNIT_COUNT * 2], *text = copy(r, t.at), *hint = NULL;
  const int short_of = text ? find_unit(text, strlen(text), true) : -1;
  int i;

  if (!text) return -1;
  for (i = 0; i < UNIT_COUNT; i++) {
    near[2 * i] = units[i].name;
    near[2 * i + 1] = units[i].plural;
  }
  if (short_of >= 0) {
    tsn_diag_add(r->diag, TSN_E0131, t.at, tsn_arena_printf(r->arena, "write %s", units[short_of].plural),
                 "`%s` is short for a unit of time only inside { } and after WITHIN", text);
    return -1;
  }
  if (tsn_token_is(r, t, "MONTH") || tsn_token_is(r, t, "MONTHS") || tsn_token_is(r, t, "YEAR") ||
      tsn_token_is(r, t, "YEARS"))
    hint = "months and years have no fixed length; count in DAYS";
  else if ((hint = tsn_diag_nearest(text, near, UNIT_COUNT * 2)) != NULL)
    hint = tsn_arena_printf(r->arena, "did you mean %s?", hint);
  else
    hint = "units are MICROSECOND, MILLISECOND, SECOND, MINUTE, HOUR, DAY and WEEK";
  tsn_diag_add(r->diag, TSN_E0130, t.at, hint, "`%s` is no unit of time", text);
  return -1;
}

static int read_time_unit(tsn_reader *r, tsn_token t, bool shorter)
{
  const int unit = find_unit(r->text + t.at.from, t.at.to - t.at.from, shorter);

  return unit >= 0 ? unit : unknown_unit(r, t);
}

/* text: the literal in its canonical spelling. */
static tsn_expr *interval(tsn_reader *r, tsn_span at, int64_t us, const char *text)
{
  tsn_expr *e = tsn_expr_leaf(r, EXPR_INTERVAL, at, us);

  if (!e || !text) return NULL;
  e->text = text;
  e->length = (uint32_t)strlen(text);
  return e;
}

/* 90 MINUTES, 2.5 s. */
tsn_expr *tsn_read_duration(tsn_reader *r, tsn_span at, tsn_span number, tsn_token unit)
{
  const int u = read_time_unit(r, unit, unit.short_units);
  size_t length;
  const char *text = source(r, number, &length);
  int64_t us = 0;
  double real;

  if (u >= 0 && !times_unit(text, length, units[u].us, &us)) {
    real = 0;
    if ((memchr(text, 'e', length) || memchr(text, 'E', length)) && tsn_parse_double(text, length, &real))
      real *= (double)units[u].us;
    else
      real = 1e300;
    if (real < 9.2e18) us = (int64_t)real;
    else tsn_diag_add(r->diag, TSN_E0005, at, NULL, "the duration is longer than an INTERVAL can be");
  }
  return interval(r, at, us, tsn_arena_printf(r->arena, "%.*s %s", (int)length, text, upper(r, unit)));
}

/* The fields of 'd hh:mm:ss', from one unit down to another. */
static bool read_fields(const char *text, size_t length, int from, int to, int64_t *us)
{
  size_t i = 0;
  int unit;

  for (unit = from; unit >= to; unit--) {
    const size_t begin = i;
    int64_t part;

    while (i < length && ((text[i] >= '0' && text[i] <= '9') || (unit == UNIT_SECOND && text[i] == '.'))) i++;
    if (!times_unit(text + begin, i - begin, units[unit].us, &part)) return false;
    if (__builtin_add_overflow(*us, part, us)) return false;
    if (unit < from && part >= units[unit + 1].us) return false;
    if (unit == to) break;
    if (i == length || text[i] != (unit == UNIT_DAY ? ' ' : ':')) return false;
    while (i < length && text[i] == (unit == UNIT_DAY ? ' ' : ':')) {
      i++;
      if (unit != UNIT_DAY) break;
    }
  }
  return i == length;
}

/* INTERVAL '90' MINUTE, INTERVAL '-2.5' SECOND, INTERVAL '1 02:30:00' DAY TO SECOND. */
tsn_expr *tsn_read_interval(tsn_reader *r, tsn_span at, tsn_span text, tsn_token from, tsn_token to)
{
  const bool range = to.at.to != 0;
  const int first = read_time_unit(r, from, false), last = range ? read_time_unit(r, to, false) : first;
  const char *s = r->text + text.from + 1;
  size_t length = text.to - text.from - 2;
  const bool negative = length > 0 && *s == '-';
  const char *spelling = range ? tsn_arena_printf(r->arena, "INTERVAL %.*s %s TO %s", (int)length + 2, s - 1,
                                                  upper(r, from), upper(r, to))
                               : tsn_arena_printf(r->arena, "INTERVAL %.*s %s", (int)length + 2, s - 1,
                                                  upper(r, from));
  int64_t us = 0;
  bool read;

  if (first < 0 || last < 0) return interval(r, at, 0, spelling);
  if (range && (last >= first || first > UNIT_DAY || last < UNIT_SECOND)) {
    tsn_diag_add(r->diag, TSN_E0132, to.at, "from a greater unit to a smaller one, of DAY, HOUR, MINUTE and SECOND",
                 "an INTERVAL does not go from %s to %s", units[first].name, units[last].name);
    return interval(r, at, 0, spelling);
  }
  if (length > 0 && (*s == '-' || *s == '+')) s++, length--;
  read = range ? read_fields(s, length, first, last, &us) : times_unit(s, length, units[first].us, &us);
  if (!read && range)
    tsn_diag_add(r->diag, TSN_E0132, text,
                 first == UNIT_DAY ? "such as '1 02:30:00' for DAY TO SECOND" : "such as '02:30'",
                 "the text is no interval of %s TO %s", units[first].name, units[last].name);
  else if (!read)
    tsn_diag_add(r->diag, TSN_E0132, text, "a number, such as '90' or '2.5'", "the text is no number of %s",
                 units[first].plural);
  return interval(r, at, negative ? -us : us, spelling);
}

tsn_expr *tsn_read_timestamp(tsn_reader *r, tsn_span at, tsn_span text)
{
  tsn_expr *e = tsn_expr_leaf(r, EXPR_TIMESTAMP, at, 0);

  if (!e) return NULL;
  e->text = tsn_arena_printf(r->arena, "TIMESTAMP %.*s", (int)(text.to - text.from), r->text + text.from);
  e->length = e->text ? (uint32_t)strlen(e->text) : 0;
  if (!tsn_time_parse(r->text + text.from + 1, text.to - text.from - 2, &e->integer))
    tsn_diag_add(r->diag, TSN_E0133, text, "such as '2026-01-31T09:00:00Z' or '2026-01-31 09:00:00.5'",
                 "the text is no time of ISO 8601");
  return e;
}

/* ---- types ---- */

tsn_type_ref *tsn_read_type(tsn_reader *r, tsn_span at, tsn_token name)
{
  enum { COUNT = sizeof types / sizeof *types };
  tsn_type_ref *t = tsn_arena_new(r->arena, tsn_type_ref);
  const char *names[COUNT], *near, *hint, *text = copy(r, name.at);
  size_t i;

  if (!t || !text) return NULL;
  *t = (tsn_type_ref){ .text = copy(r, at), .at = at };
  for (i = 0; i < COUNT; i++) {
    names[i] = types[i].name;
    if (tsn_token_is(r, name, names[i])) t->type = types[i].type;
  }
  if (t->type != TOCSIN_NULL) return t;
  hint = tsn_foreign_hint(FOREIGN_TYPE, text, strlen(text));
  near = hint ? NULL : tsn_diag_nearest(text, names, COUNT);
  if (near) hint = tsn_arena_printf(r->arena, "did you mean %s?", near);
  tsn_diag_add(r->diag, TSN_E0134, name.at, hint ? hint : "types are BOOLEAN, BIGINT, DOUBLE, TEXT, TIMESTAMP and INTERVAL",
               "there is no type `%s`", text);
  return t;
}

/* UNIT of a column. */
tocsin_unit tsn_read_unit(tsn_reader *r, tsn_token t)
{
  static const struct {
    const char *name, *plural;
    tocsin_unit unit;
  } known[] = {
    { "SECOND", "SECONDS", TOCSIN_UNIT_SECOND },
    { "MILLISECOND", "MILLISECONDS", TOCSIN_UNIT_MILLISECOND },
    { "MICROSECOND", "MICROSECONDS", TOCSIN_UNIT_MICROSECOND },
    { "NANOSECOND", "NANOSECONDS", TOCSIN_UNIT_NANOSECOND },
  };
  size_t i;

  for (i = 0; i < sizeof known / sizeof *known; i++)
    if (tsn_token_is(r, t, known[i].name) || tsn_token_is(r, t, known[i].plural)) return known[i].unit;
  tsn_diag_add(r->diag, TSN_E0130, t.at, "SECOND, MILLISECOND, MICROSECOND or NANOSECOND",
               "`%.*s` is no unit of numeric times", (int)(t.at.to - t.at.from), r->text + t.at.from);
  return TOCSIN_UNIT_NONE;
}
