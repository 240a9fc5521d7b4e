/* Calls of scalar functions (language page, section 4): program/functions.def has
 * a signature for each, and what it asks for is brought about here. Where a
 * constant must be sound in itself - a unit of time, a regular expression, a JSON
 * path - it is looked at now, so that the place in the text can be named. */
#include <string.h>

#include "base/json_value.h"
#include "base/regex.h"
#include "base/text.h"
#include "bind/binder.h"
#include "dsl/foreign.h"

/* ---- names ---- */

static bool is_name(const char *name, const tsn_expr *e)
{
  return tsn_same_name(name, strlen(name), e->name.text, e->name.length);
}

/* The function of a name; TSN_FUNCTIONS: none. */
static size_t find_function(const tsn_expr *e)
{
  size_t fn = 0;
  while (fn < TSN_FUNCTIONS && !is_name(tsn_function_table[fn].name, e)) fn++;
  return fn;
}

bool tsn_bind_is_known_call(const tsn_expr *e)
{
  return tsn_bind_is_row_call(e) || find_function(e) < TSN_FUNCTIONS;
}

static tsn_bx *unknown_function(tsn_context *c, const tsn_expr *e)
{
  static const char *const others[] = {"CLASSIFIER", "STREAM", "MATCH_NUMBER", "FIRST", "LAST", "PREV", "NEXT"};
  const tsn_bound_script *script = c->b->bound;
  size_t most = TSN_FUNCTIONS + TSN_AGGREGATES + sizeof others / sizeof *others + script->function_count, count = 0, i;
  const char **names = tsn_arena_new_array(c->b->arena, const char *, most), *near;
  const char *hint = tsn_foreign_hint(FOREIGN_FUNCTION, e->name.text, e->name.length);
  if (!names) return NULL;
  for (i = 0; i < script->function_count; i++) names[count++] = script->functions[i].name;
  for (i = 0; i < TSN_FUNCTIONS; i++) names[count++] = tsn_function_table[i].name;
  for (i = 0; i < TSN_AGGREGATES; i++) names[count++] = tsn_aggregate_table[i].name;
  for (i = 0; i < sizeof others / sizeof *others; i++) names[count++] = others[i];
  near = tsn_diag_nearest(e->name.text, names, count);
  if (!hint)
    hint = near ? tsn_arena_printf(c->b->arena, "did you mean %s?", near)
                : tsn_arena_printf(c->b->arena, "one of the host is declared: CREATE FUNCTION %s ( type, ... ) RETURNS type",
                                   e->name.text);
  tsn_diag_add(c->b->diag, TSN_E1004, e->name.at, hint, "there is no function %s", e->name.text);
  return NULL;
}

static bool wrong_count(tsn_context *c, const tsn_expr *e, const tsn_function_info *f)
{
  if (e->arg_count >= f->least && e->arg_count <= f->most) return false;
  if (f->most == 0)
    tsn_diag_add(c->b->diag, TSN_E1005, e->at, NULL, "%s takes no argument, not %u", f->name, e->arg_count);
  else if (f->least == f->most)
    tsn_diag_add(c->b->diag, TSN_E1005, e->at, NULL, "%s takes %u argument%s, not %u", f->name, f->least,
                 f->least == 1 ? "" : "s", e->arg_count);
  else
    tsn_diag_add(c->b->diag, TSN_E1005, e->at, NULL, "%s takes %u to %u arguments, not %u", f->name, f->least, f->most,
                 e->arg_count);
  return true;
}

/* ---- words: units of time, sides of a text ---- */

static const struct unit_row {
  const char *name, *uses;
} units[TSN_UNITS] = {
#define UNIT(name, microseconds, uses) {#name, uses},
#include "program/units.def"
#undef UNIT
};

static const char *const sides[TSN_SIDES] = {"BOTH", "LEADING", "TRAILING"};

/* A unit in the singular or the plural. */
static bool is_unit(const char *name, const char *text, size_t length)
{
  size_t own = strlen(name);
  if (length == own + 1 && (text[own] == 'S' || text[own] == 's')) length--;
  return tsn_same_name(name, own, text, length);
}

static tsn_bx *unknown_unit(tsn_context *c, const char *function, const tsn_bx *word, const char *text, size_t length,
                            char use)
{
  const char *names[TSN_UNITS], *near;
  char *copy = tsn_arena_text(c->b->arena, text, length);
  size_t count = 0, i;
  if (!copy) return NULL;
  for (i = 0; i < TSN_UNITS; i++)
    if (strchr(units[i].uses, use)) names[count++] = units[i].name;
  near = tsn_diag_nearest(copy, names, count);
  tsn_diag_add(c->b->diag, TSN_E0130, word->at, near ? tsn_arena_printf(c->b->arena, "did you mean %s?", near) : NULL,
               use == 'I' ? "%s has no %s of an INTERVAL" : "%s knows no unit %s", function, copy);
  return NULL;
}

/* The number of a word; `timed`: the type of what EXTRACT looks at. */
static tsn_bx *word_of(tsn_context *c, tsn_function fn, const tsn_bx *word, tocsin_type timed)
{
  const char *name = tsn_function_table[fn].name, *text = word->text;
  size_t length = word->length, i;
  char use = fn == FN_DATE_TRUNC ? 'T' : fn == FN_TIMESTAMPDIFF ? 'D' : timed == TOCSIN_INTERVAL ? 'I' : 'E';
  if (word->kind != BX_CONST || word->is_null || word->type != TOCSIN_TEXT || !length) {
    tsn_diag_add(c->b->diag, TSN_E1019, word->at, NULL, fn == FN_TRIM ? "the side of %s is BOTH, LEADING or TRAILING"
                                                                     : "the unit of %s is a word such as HOUR", name);
    return NULL;
  }
  if (length > 2 && text[0] == '\'') text++, length -= 2; /* EXTRACT('hour' FROM ts) */
  if (fn == FN_TRIM) {
    for (i = 0; i < TSN_SIDES; i++)
      if (tsn_same_name(sides[i], strlen(sides[i]), text, length))
        return tsn_bx_integer(c->b, (int64_t)i, TOCSIN_BIGINT, word->at);
    tsn_diag_add(c->b->diag, TSN_E1019, word->at, NULL, "the side of TRIM is BOTH, LEADING or TRAILING");
    return NULL;
  }
  for (i = 0; i < TSN_UNITS; i++)
    if (is_unit(units[i].name, text, length) && strchr(units[i].uses, use))
      return tsn_bx_integer(c->b, (int64_t)i, TOCSIN_BIGINT, word->at);
  return unknown_unit(c, name, word, text, length, use);
}

/* ---- constants that must be sound ---- */

static bool is_constant_text(const tsn_bx *x) { return x->kind == BX_CONST && x->type == TOCSIN_TEXT && !x->is_null; }

static bool regex_ok(tsn_context *c, const tsn_bx *x)
{
  tsn_regex_fault fault;
  if (!is_constant_text(x)) return true;
  switch (tsn_regex_check(c->b->arena->alloc, x->length ? x->text : "", x->length, &fault)) {
  case TOCSIN_OK: return true;
  case TOCSIN_NOMEM: c->b->arena->failed = TOCSIN_NOMEM; return false;
  default:
    tsn_diag_add(c->b->diag, TSN_E1023, x->at, NULL, "this is no regular expression: %s, behind %zu byte%s of it",
                 fault.text, fault.offset, fault.offset == 1 ? "" : "s");
    return false;
  }
}

static bool json_path_ok(tsn_context *c, const tsn_bx *x)
{
  if (!is_constant_text(x) || tsn_json_value_path(x->length ? x->text : "", x->length)) return true;
  tsn_diag_add(c->b->diag, TSN_E1024, x->at, "$.a.b, $.items[0].\"a name\"", "this is no JSON path");
  return false;
}

static bool constants_ok(tsn_context *c, tsn_function fn, tsn_bx **args)
{
  if (fn == FN_REGEXP_LIKE || fn == FN_REGEXP_SUBSTR) return regex_ok(c, args[1]);
  return fn != FN_JSON_VALUE || json_path_ok(c, args[1]);
}

/* ---- types ---- */

static tocsin_type type_of_letter(char letter, tocsin_type open)
{
  switch (letter) {
  case 'B': return TOCSIN_BOOLEAN;
  case 'I': return TOCSIN_BIGINT;
  case 'D': return TOCSIN_DOUBLE;
  case 'S': return TOCSIN_TEXT;
  case 'T': return TOCSIN_TIMESTAMP;
  case 'V': return TOCSIN_INTERVAL;
  default: return open;
  }
}

/* The letters that leave the type open, as far as one argument goes. */
static tsn_bx *open_argument(tsn_context *c, const char *name, char letter, tsn_bx *x)
{
  tocsin_type t;
  bool good;
  if (letter == 't' && x->type == TOCSIN_TEXT) {
    tsn_bx *time = tsn_bind_coerce(c->b, x, TOCSIN_TIMESTAMP);
    if (time) x = time;
  }
  if (x->type == TOCSIN_NULL) x = tsn_bind_coerce(c->b, x, letter == 't' ? TOCSIN_TIMESTAMP : TOCSIN_BIGINT);
  if (!x) return NULL;
  t = x->type;
  if (letter == 'a') good = t != TOCSIN_LIST;
  else if (letter == 't') good = t == TOCSIN_TIMESTAMP || t == TOCSIN_INTERVAL;
  else good = tsn_is_number(t) || (letter == 'm' && t == TOCSIN_INTERVAL);
  if (good) return x;
  return tsn_bind_wrong_types(c, x->at, name, x, NULL,
                              letter == 'a'   ? NULL
                              : letter == 't' ? "it takes a TIMESTAMP or an INTERVAL"
                                              : "it takes a number");
}

tsn_bx *tsn_bind_argument(tsn_context *c, const char *name, tocsin_type want, tsn_bx *x)
{
  tsn_bx *y = tsn_bind_coerce(c->b, x, want);
  if (y) return y;
  if (want == TOCSIN_TIMESTAMP && is_constant_text(x)) {
    tsn_diag_add(c->b->diag, TSN_E1006, x->at, "times are written as ISO 8601: '2026-01-31T09:00:00Z'",
                 "this text cannot be read as TIMESTAMP");
    return NULL;
  }
  return tsn_bind_wrong_types(c, x->at, name, x, NULL,
                              want == TOCSIN_TEXT        ? "CAST(... AS TEXT) makes a text of anything"
                              : want == TOCSIN_TIMESTAMP ? "it takes a TIMESTAMP"
                              : want == TOCSIN_BIGINT    ? "it takes a BIGINT here"
                                                         : NULL);
}

static tsn_bx *argument(tsn_context *c, const char *name, char letter, tsn_bx *x)
{
  tocsin_type want = type_of_letter(letter, TOCSIN_NULL);
  return want == TOCSIN_NULL ? open_argument(c, name, letter, x) : tsn_bind_argument(c, name, want, x);
}

/* Brings the arguments to the signature; *open: what its open letters stand for. */
static bool by_signature(tsn_context *c, tsn_function fn, tsn_bx **args, size_t count, tocsin_type *open)
{
  const tsn_function_info *f = &tsn_function_table[fn];
  size_t i;
  *open = TOCSIN_NULL;
  if (f->signature[0] == 'x') {
    if (!tsn_bind_unify(c, args, count, f->name)) return false;
    for (i = 0; i < count; i++)
      if (args[i]->type != TOCSIN_NULL) *open = args[i]->type;
    return true;
  }
  for (i = 0; i < count; i++) {
    char letter = tsn_signature_letter(f->signature, (uint32_t)i);
    if (letter == 'u') continue;
    args[i] = argument(c, f->name, letter, args[i]);
    if (!args[i]) return false;
    if (type_of_letter(letter, TOCSIN_NULL) == TOCSIN_NULL) *open = args[i]->type;
  }
  for (i = 0; i < count; i++)
    if (tsn_signature_letter(f->signature, (uint32_t)i) == 'u') {
      args[i] = word_of(c, fn, args[i], *open);
      if (!args[i]) return false;
    }
  return true;
}

tsn_bx *tsn_bind_function(tsn_context *c, tsn_function fn, tsn_span at, tsn_bx **args, size_t count)
{
  tocsin_type open;
  tsn_bx *n;
  size_t i;
  if (fn == FN_MOD) return tsn_bind_arithmetic(c, TSN_OP_MOD, args[0], args[1], at);
  if (!by_signature(c, fn, args, count, &open)) return NULL;
  if (tsn_function_table[fn].signature[0] == 'x' && open == TOCSIN_NULL) return args[0]; /* NULLs only */
  if (!constants_ok(c, fn, args)) return NULL;
  n = tsn_bx_new(c->b, fn == FN_COALESCE ? BX_COALESCE : BX_CALL,
                 type_of_letter(tsn_function_table[fn].signature[0], open), at);
  if (!n) return NULL;
  n->index = (uint32_t)fn;
  n->x = (uint8_t)open;
  for (i = 0; i < count; i++) tsn_bx_append(n, args[i]);
  return n;
}

/* RUNNING, FINAL and DISTINCT say nothing to a scalar function. */
static bool is_plain(tsn_context *c, const tsn_expr *e, const char *name)
{
  if (e->semantics != SEMANTICS_NONE && !e->parenthesised) {
    tsn_diag_add(c->b->diag, TSN_E1016, e->at, "they stand before FIRST, LAST and aggregates",
                 "%s before %s says nothing", e->semantics == SEMANTICS_FINAL ? "FINAL" : "RUNNING", name);
    return false;
  }
  if (e->distinct) tsn_diag_add(c->b->diag, TSN_E1017, e->at, NULL, "DISTINCT is for aggregates, not for %s", name);
  return !e->distinct;
}

tsn_bx *tsn_bind_call(tsn_context *c, const tsn_expr *e)
{
  size_t fn, count = 0;
  tsn_bx *args[TSN_ARGUMENTS_MAX];
  const tsn_expr *arg;
  bool good = true;
  int host;
  if (e->over) return tsn_bind_over(c, e);
  if (tsn_bind_is_row_call(e)) return tsn_bind_row_call(c, e);
  fn = find_function(e);
  host = fn == TSN_FUNCTIONS ? tsn_bind_find_host(c->b, &e->name) : -1;
  if (fn == TSN_FUNCTIONS && host < 0) return unknown_function(c, e);
  if (!is_plain(c, e, host >= 0 ? c->b->bound->functions[host].name : tsn_function_table[fn].name)) return NULL;
  if (host >= 0) return tsn_bind_host_call(c, e, (size_t)host);
  if (wrong_count(c, e, &tsn_function_table[fn])) return NULL;
  for (arg = e->args; arg; arg = arg->next) {
    args[count] = tsn_bind_expr(c, arg);
    good = good && args[count];
    count++;
  }
  return good ? tsn_bind_function(c, (tsn_function)fn, e->at, args, count) : NULL;
}
