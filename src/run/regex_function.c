/* REGEXP, REGEXP_LIKE, REGEXP_SUBSTR: expressions are compiled when they are first met.
 *
 *   constants   by their place in the program, for good
 *   others      the KEPT last used, found by their bytes
 *
 * A run without regular expressions has none of this. */
#include "run/function.h"

#include <string.h>

#include "base/regex.h"

#define KEPT 16

typedef struct constant {
  const char *place;
  uint32_t length;
  tsn_regex *regex;
} constant;

typedef struct kept {
  uint64_t hash, used;
  char *pattern;
  size_t length;
  tsn_regex *regex; /* NULL: free */
} kept;

struct tsn_run_regexes {
  tsn_regexes *all;
  tsn_map places;
  constant *constants;
  size_t count, cap;
  kept kept[KEPT];
  uint64_t uses;
};

static void drop(tsn_run *r, kept *k)
{
  tsn_regex_free(k->regex);
  tsn_alloc_free(r->alloc, k->pattern, k->length);
  *k = (kept){.regex = NULL};
}

void tsn_run_regexes_clear(tsn_run *r)
{
  tsn_run_regexes *x = r->regexes;
  size_t i;
  if (!x) return;
  for (i = 0; i < x->count; i++) tsn_regex_free(x->constants[i].regex);
  for (i = 0; i < KEPT; i++) drop(r, &x->kept[i]);
  tsn_alloc_free(r->alloc, x->constants, x->cap * sizeof *x->constants);
  tsn_map_clear(&x->places);
  tsn_regexes_free(x->all);
  tsn_alloc_free(r->alloc, x, sizeof *x);
  r->regexes = NULL;
}

static bool begin(tsn_run *r)
{
  if (r->regexes) return true;
  r->regexes = tsn_alloc_array(r->alloc, 1, sizeof *r->regexes);
  if (!r->regexes) return tsn_run_nomem(r);
  tsn_map_init(&r->regexes->places, r->alloc);
  r->regexes->all = tsn_regexes_new(r->alloc);
  return r->regexes->all || tsn_run_nomem(r);
}

/* Patterns in messages are cut where they are long. */
static int shown(const tsn_cell *pattern) { return (int)(pattern->length < 60 ? pattern->length : 60); }

static bool compile(tsn_run *r, const tsn_cell *pattern, bool fast, tsn_regex **out)
{
  const char *text = pattern->length ? pattern->v.s : "";
  tsn_regex_fault fault;
  switch (tsn_regex_new(r->regexes->all, text, pattern->length, fast, out, &fault)) {
  case TOCSIN_OK: return true;
  case TOCSIN_NOMEM: return tsn_run_nomem(r);
  default:
    return tsn_run_fail(r, TOCSIN_RUNTIME, "'%.*s' is no regular expression: %s, behind %zu byte%s of it",
                        shown(pattern), text, fault.text, fault.offset, fault.offset == 1 ? "" : "s");
  }
}

static tsn_regex *constant_regex(tsn_run *r, const tsn_cell *pattern)
{
  tsn_run_regexes *x = r->regexes;
  const char *place = pattern->v.s;
  uint64_t hash = tsn_hash_word((uint64_t)(place - r->program->strings), 0);
  size_t at;
  uint32_t i;
  constant *c;
  for (at = tsn_map_first(&x->places, hash); (i = tsn_map_at(&x->places, at)) != TSN_NONE;
       at = tsn_map_next(&x->places, hash, at))
    if (x->constants[i].place == place && x->constants[i].length == pattern->length) return x->constants[i].regex;
  if (!tsn_alloc_grow(r->alloc, (void **)&x->constants, &x->cap, x->count + 1, sizeof *x->constants) ||
      !tsn_map_add(&x->places, hash, (uint32_t)x->count)) {
    tsn_run_nomem(r);
    return NULL;
  }
  c = &x->constants[x->count++];
  *c = (constant){.place = place, .length = pattern->length};
  return compile(r, pattern, true, &c->regex) ? c->regex : NULL;
}

static tsn_regex *kept_regex(tsn_run *r, const tsn_cell *pattern)
{
  tsn_run_regexes *x = r->regexes;
  uint64_t hash = tsn_hash_bytes(pattern->length ? pattern->v.s : "", pattern->length, 0);
  kept *oldest = x->kept;
  size_t i;
  for (i = 0; i < KEPT; i++) {
    kept *k = &x->kept[i];
    if (k->regex && k->hash == hash && k->length == pattern->length &&
        (!k->length || !memcmp(k->pattern, pattern->v.s, k->length))) {
      k->used = ++x->uses;
      return k->regex;
    }
    if (k->used < oldest->used) oldest = k;
  }
  drop(r, oldest);
  oldest->pattern = tsn_alloc_array(r->alloc, pattern->length, 1);
  if (!oldest->pattern) {
    tsn_run_nomem(r);
    return NULL;
  }
  oldest->length = pattern->length;
  if (pattern->length) memcpy(oldest->pattern, pattern->v.s, pattern->length);
  oldest->hash = hash;
  oldest->used = ++x->uses;
  return compile(r, pattern, false, &oldest->regex) ? oldest->regex : NULL;
}

/* A text of the program never moves: its address tells it from all others. */
static bool is_constant(const tsn_run *r, const tsn_cell *pattern)
{
  uintptr_t place = (uintptr_t)pattern->v.s, first = (uintptr_t)r->program->strings;
  return place >= first && place < first + r->program->strings_count;
}

/* The first piece of args[0] that args[1] fits; *found false: there is none. */
static bool find(tsn_run *r, const tsn_cell *args, bool *found, size_t *from, size_t *to)
{
  const tsn_cell *pattern = &args[1];
  tsn_regex *regex;
  if (!begin(r)) return false;
  regex = is_constant(r, pattern) ? constant_regex(r, pattern) : kept_regex(r, pattern);
  if (!regex) return false;
  *found = false;
  switch (tsn_regex_find(r->regexes->all, regex, args[0].v.s, args[0].length, from, to)) {
  case REGEX_FOUND: *found = true; return true;
  case REGEX_ABSENT: return true;
  case REGEX_NOMEM: return tsn_run_nomem(r);
  default:
    return tsn_run_fail(r, TOCSIN_LIMIT,
                        "the regular expression '%.*s' gave up on a text of %u bytes: match limit of %u steps",
                        shown(pattern), pattern->length ? pattern->v.s : "", args[0].length, TSN_REGEX_STEPS);
  }
}

bool tsn_fn_regexp_like(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out)
{
  size_t from, to;
  bool found;
  (void)in;
  if (!find(r, args, &found, &from, &to)) return false;
  *out = (tsn_cell){.v.i = found};
  return true;
}

bool tsn_fn_regexp_substr(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out)
{
  size_t from, to;
  bool found;
  (void)in;
  if (!find(r, args, &found, &from, &to)) return false;
  if (found) *out = (tsn_cell){.v.s = to > from ? args[0].v.s + from : "", .length = (uint32_t)(to - from)};
  return true;
}
