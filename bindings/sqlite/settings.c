/* Options beside a pattern text: see module.h. */
#include "bindings/sqlite/module.h"

#include <string.h>

#include "base/text.h"

static bool same(const char *a, const char *b)
{
  return tsn_same_name(a, strlen(a), b, strlen(b));
}

void tsn_sql_settings_init(tsn_sql_settings *s, tsn_arena *arena)
{
  *s = (tsn_sql_settings){ .arena = arena };
}

static int no_memory(const tsn_sql_settings *s)
{
  return tsn_arena_failed(s->arena) == TOCSIN_OK ? SQLITE_OK : SQLITE_NOMEM;
}

/* --- one option --- */

/* Which of the words a value is; they end with NULL. -1: none. */
static int choice(const char *value, const char *const *words)
{
  for (int i = 0; words[i]; i++)
    if (same(value, words[i])) return i;
  return -1;
}

static int wrong_value(const char *name, const char *value, const char *wanted, char **error)
{
  return tsn_sql_fail(error, SQLITE_ERROR, "option %s: '%s' is none of %s", name, value, wanted);
}

static int set_mode(tsn_sql_settings *s, const char *value, char **error)
{
  static const char *const words[] = { "batch", "live", NULL };
  int which = choice(value, words);

  if (which < 0) return wrong_value("mode", value, "'batch', 'live'", error);
  s->live = which == 1;
  return SQLITE_OK;
}

static int set_unit(tsn_sql_settings *s, const char *value, char **error)
{
  static const char *const words[] = { "second", "millisecond", "microsecond", "nanosecond", NULL };
  static const tocsin_unit units[] = { TOCSIN_UNIT_SECOND, TOCSIN_UNIT_MILLISECOND, TOCSIN_UNIT_MICROSECOND, TOCSIN_UNIT_NANOSECOND };
  int which = choice(value, words);

  if (which < 0) return wrong_value("unit", value, "'second', 'millisecond', 'microsecond', 'nanosecond'", error);
  s->unit = units[which];
  return SQLITE_OK;
}

static int set_bad(tsn_sql_settings *s, const char *value, char **error)
{
  static const char *const words[] = { "skip", "fail", NULL };
  int which = choice(value, words);

  if (which < 0) return wrong_value("bad", value, "'skip', 'fail'", error);
  s->bad_fails = which == 1;
  return SQLITE_OK;
}

static int set_late(tsn_sql_settings *s, const char *value, char **error)
{
  static const char *const words[] = { "drop", "fail", NULL };
  int which = choice(value, words);

  if (which < 0) return wrong_value("late", value, "'drop', 'fail'", error);
  s->late = which ? TOCSIN_LATE_FAIL : TOCSIN_LATE_DROP;
  return SQLITE_OK;
}

static int set_name(const char **to, const tsn_sql_settings *s, const char *value)
{
  *to = tsn_arena_text(s->arena, value, strlen(value));
  return no_memory(s);
}

static int set_pattern(tsn_sql_settings *s, const char *value, char **error)
{
  (void)error;
  return set_name(&s->pattern, s, value);
}

static int set_into(tsn_sql_settings *s, const char *value, char **error)
{
  (void)error;
  return set_name(&s->into, s, value);
}

static int set_schema(tsn_sql_settings *s, const char *value, char **error)
{
  (void)error;
  return set_name(&s->schema, s, value);
}

static int set_limit(uint64_t *limit, const char *name, const char *value, char **error)
{
  int64_t number;

  if (!tsn_parse_int64(value, strlen(value), &number) || number < 1)
    return tsn_sql_fail(error, SQLITE_ERROR, "option %s: '%s' is no whole number from 1 on", name, value);
  *limit = (uint64_t)number;
  return SQLITE_OK;
}

static int set_max_paths(tsn_sql_settings *s, const char *value, char **error) { return set_limit(&s->max_paths, "max_paths", value, error); }
static int set_max_rows(tsn_sql_settings *s, const char *value, char **error) { return set_limit(&s->max_rows, "max_rows", value, error); }
static int set_max_bytes(tsn_sql_settings *s, const char *value, char **error) { return set_limit(&s->max_bytes, "max_bytes", value, error); }

static const struct {
  const char *name;
  int (*set)(tsn_sql_settings *s, const char *value, char **error);
} options[] = {
  { "bad", set_bad },             { "into", set_into },         { "late", set_late },           { "max_bytes", set_max_bytes },
  { "max_paths", set_max_paths },
  { "max_rows", set_max_rows },   { "mode", set_mode },         { "pattern", set_pattern },     { "schema", set_schema },
  { "unit", set_unit },
};
#define OPTIONS (sizeof options / sizeof *options)

static int unknown(const char *name, char **error)
{
  const char *near = NULL;
  unsigned least = 3;

  for (size_t i = 0; i < OPTIONS; i++) {
    unsigned distance = tsn_name_distance(name, options[i].name, 2);
    if (distance >= least) continue;
    least = distance;
    near = options[i].name;
  }
  if (near) return tsn_sql_fail(error, SQLITE_ERROR, "there is no option %s; did you mean %s?", name, near);
  return tsn_sql_fail(error, SQLITE_ERROR,
                      "there is no option %s, but bad, into, late, max_bytes, max_paths, max_rows, mode, pattern, schema, unit, and parameters as :name=value", name);
}

static int set_parameter(tsn_sql_settings *s, const char *name, const char *value)
{
  if (s->parameter_count == s->parameter_cap) {
    size_t cap = s->parameter_cap ? s->parameter_cap * 2 : 4;
    tocsin_parameter *grown = tsn_arena_new_array(s->arena, tocsin_parameter, cap);
    if (!grown) return SQLITE_NOMEM;
    if (s->parameter_count) memcpy(grown, s->parameters, s->parameter_count * sizeof *grown);
    s->parameters = grown;
    s->parameter_cap = cap;
  }
  s->parameters[s->parameter_count++] =
    (tocsin_parameter){ tsn_arena_text(s->arena, name, strlen(name)), tsn_arena_text(s->arena, value, strlen(value)) };
  return no_memory(s);
}

int tsn_sql_settings_set(tsn_sql_settings *s, const char *name, const char *value, char **error)
{
  if (*name == ':') return set_parameter(s, name + 1, value);
  for (size_t i = 0; i < OPTIONS; i++)
    if (same(name, options[i].name)) return options[i].set(s, value, error);
  return unknown(name, error);
}

/* --- as arguments --- */

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Without the blanks around it. */
static const char *trimmed(const char *text, size_t *length)
{
  while (*length && is_blank(*text)) text++, --*length;
  while (*length && is_blank(text[*length - 1])) --*length;
  return text;
}

static char *unquoted(tsn_arena *arena, const char *text, size_t length)
{
  char quote = length ? *text : 0, *out, *to;

  if (length < 2 || (quote != '\'' && quote != '"') || text[length - 1] != quote) return NULL;
  to = out = tsn_arena_alloc(arena, length);
  for (size_t i = 1; out && i + 1 < length; i++) {
    *to++ = text[i];
    if (text[i] == quote && ++i + 1 >= length) return NULL; /* the last one is not its end */
  }
  if (out) *to = '\0';
  return out;
}

char *tsn_sql_unquoted(tsn_arena *arena, const char *argument)
{
  size_t length = strlen(argument);
  const char *text = trimmed(argument, &length);

  return unquoted(arena, text, length);
}

int tsn_sql_settings_read(tsn_sql_settings *s, const char *argument, char **error)
{
  const char *equals = strchr(argument, '='), *name, *value;
  size_t name_length, value_length;
  char *copy, *given;

  if (!equals) return tsn_sql_fail(error, SQLITE_ERROR, "options are written name='value': %s", argument);
  name_length = (size_t)(equals - argument);
  name = trimmed(argument, &name_length);
  value_length = strlen(equals + 1);
  value = trimmed(equals + 1, &value_length);
  copy = tsn_arena_text(s->arena, name, name_length);
  given = value_length && (*value == '\'' || *value == '"') ? unquoted(s->arena, value, value_length)
                                                            : tsn_arena_text(s->arena, value, value_length);
  if (no_memory(s) != SQLITE_OK) return SQLITE_NOMEM;
  if (!given) return tsn_sql_fail(error, SQLITE_ERROR, "option %s: the quotes of its value do not fit: %s", copy, value);
  return tsn_sql_settings_set(s, copy, given, error);
}

int tsn_sql_settings_json(tsn_sql_settings *s, sqlite3 *db, const char *json, char **error)
{
  sqlite3_stmt *members;
  int st = sqlite3_prepare_v2(db, "SELECT key, value FROM json_each(?1) WHERE json_type(?1) = 'object'", -1, &members, NULL);

  if (st == SQLITE_OK) st = sqlite3_bind_text(members, 1, json, -1, SQLITE_STATIC);
  while (st == SQLITE_OK && (st = sqlite3_step(members)) == SQLITE_ROW) {
    const char *name = (const char *)sqlite3_column_text(members, 0), *value = (const char *)sqlite3_column_text(members, 1);
    st = name && value ? tsn_sql_settings_set(s, name, value, error)
                       : tsn_sql_fail(error, SQLITE_ERROR, "option %s has no value", name ? name : "");
  }
  if (st != SQLITE_DONE)
    tsn_sql_fail(error, st, "the options are a JSON object, such as json_object('unit', 'second', ':idle', '45 minutes'): %s", sqlite3_errmsg(db));
  sqlite3_finalize(members);
  return st == SQLITE_DONE ? SQLITE_OK : st;
}
