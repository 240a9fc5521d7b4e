/* The pattern: labels get numbers, durations become numbers, quantifiers and
 * gaps are checked as far as one place tells (language page, sections 5 and 6.1).
 * What depends on how the parts follow each other is for plan/check.c. */
#include <math.h>
#include <string.h>

#include "base/time.h"
#include "bind/binder.h"
#include "dsl/foreign.h"

#define LABELS_MAX 10000u

const char *tsn_bind_label_name(tsn_binder *b, const tsn_name *name)
{
  char *text = tsn_arena_text(b->arena, name->text, name->length);
  uint32_t i;
  if (!text) return NULL;
  for (i = 0; !name->quoted && i < name->length; i++)
    if (text[i] >= 'a' && text[i] <= 'z') text[i] = (char)(text[i] - 'a' + 'A');
  return text;
}

int tsn_bind_find_label(const tsn_binder *b, const char *name)
{
  size_t i;
  for (i = 0; i < b->query->label_count; i++)
    if (!strcmp(b->query->labels[i].name, name)) return (int)i;
  return -1;
}

static int find_subset(const tsn_binder *b, const char *name)
{
  size_t i;
  for (i = 0; i < b->subset_count; i++)
    if (!strcmp(b->subsets[i].name, name)) return (int)i;
  return -1;
}

static void add_label(tsn_binder *b, const tsn_pat *p, bool absence)
{
  const char *name = tsn_bind_label_name(b, &p->name);
  tsn_blabel *label;
  int at;
  if (!name || b->too_many_labels) return;
  at = tsn_bind_find_label(b, name);
  if (at < 0) {
    if (b->query->label_count == LABELS_MAX) {
      tsn_diag_add(b->diag, TSN_E2015, p->at, NULL, "PATTERN has more than %u labels", LABELS_MAX);
      b->too_many_labels = true;
      return;
    }
    if (b->query->label_count == b->label_cap) {
      size_t cap = b->label_cap ? b->label_cap * 2 : 16;
      tsn_blabel *grown = tsn_arena_new_array(b->arena, tsn_blabel, cap);
      if (!grown) return;
      if (b->query->label_count) memcpy(grown, b->query->labels, b->query->label_count * sizeof *grown);
      b->query->labels = grown;
      b->label_cap = cap;
    }
    label = &b->query->labels[b->query->label_count++];
    label->name = name;
    label->at = p->at;
  } else {
    label = &b->query->labels[at];
  }
  if (absence) label->in_absence = true;
  else label->in_pattern = true;
}

static void collect(tsn_binder *b, const tsn_pat *p, bool absence)
{
  const tsn_pat *item;
  if (p->kind == PAT_LABEL) add_label(b, p, absence);
  for (item = p->items; item; item = item->next) collect(b, item, absence || p->kind == PAT_ABSENCE);
}

static void bind_subsets(tsn_binder *b, const tsn_clauses *clauses)
{
  const tsn_subset *s;
  size_t count = 0;
  for (s = clauses->subsets; s; s = s->next) count++;
  b->subsets = tsn_arena_new_array(b->arena, tsn_subset_def, count + 1);
  b->subset_count = 0;
  if (!b->subsets) return;
  for (s = clauses->subsets; s; s = s->next) {
    tsn_subset_def *def = &b->subsets[b->subset_count];
    const tsn_pat *member;
    def->name = tsn_bind_label_name(b, &s->name);
    def->has = tsn_arena_new_array(b->arena, bool, b->query->label_count + 1);
    def->at = s->at;
    if (!def->name || !def->has) return;
    if (find_subset(b, def->name) >= 0)
      tsn_diag_add(b->diag, TSN_E2003, s->name.at, NULL, "SUBSET %s is there twice", s->name.text);
    if (tsn_bind_find_label(b, def->name) >= 0)
      tsn_diag_add(b->diag, TSN_E2003, s->name.at, "a subset is for MEASURES, DEFINE and SKIP TO",
                   "%s is a label of PATTERN and cannot name a SUBSET as well", s->name.text);
    for (member = s->labels; member; member = member->next) {
      const char *name = tsn_bind_label_name(b, &member->name);
      int at = name ? tsn_bind_find_label(b, name) : -1;
      if (at < 0)
        tsn_diag_add(b->diag, TSN_E2003, member->at, NULL, "SUBSET %s names %s, which is no label of PATTERN", s->name.text,
                     member->name.text);
      else if (def->has[at])
        tsn_diag_add(b->diag, TSN_E2003, member->at, NULL, "SUBSET %s names %s twice", s->name.text, member->name.text);
      else
        def->has[at] = true;
    }
    b->subset_count++;
  }
}

static void define(tsn_binder *b, int label, const tsn_expr *condition, tsn_span at, const char *name)
{
  tsn_blabel *l = &b->query->labels[label];
  tsn_context c = {.b = b, .place = PLACE_DEFINE};
  if (l->condition) {
    tsn_diag_add(b->diag, TSN_E2001, at, "join the conditions with AND", "label %s is defined twice", name);
    return;
  }
  b->in_condition = true;
  l->condition = tsn_bind_condition(&c, condition, tsn_arena_printf(b->arena, "the definition of %s", name));
  b->in_condition = false;
  /* So that a second definition is still found where the first had an error. */
  if (!l->condition) l->condition = tsn_bx_integer(b, 1, TOCSIN_BOOLEAN, at);
}

static void define_in_place(tsn_binder *b, const tsn_pat *p)
{
  const tsn_pat *item;
  if (p->kind == PAT_LABEL && p->condition) {
    const char *name = tsn_bind_label_name(b, &p->name);
    int at = name ? tsn_bind_find_label(b, name) : -1;
    if (at >= 0) define(b, at, p->condition, p->at, p->name.text);
  }
  for (item = p->items; item; item = item->next) define_in_place(b, item);
}

/* every a -> b: a word of another language makes a label here, and one that any row satisfies. */
static void warn_words(tsn_binder *b)
{
  size_t i;
  for (i = 0; i < b->query->label_count; i++) {
    const tsn_blabel *l = &b->query->labels[i];
    const char *hint = l->condition ? NULL : tsn_foreign_hint(FOREIGN_ELEMENT, l->name, strlen(l->name));
    if (hint)
      tsn_diag_add(b->diag, TSN_W0006, l->at, hint, "%s is a label like any other, and without a definition every row is one",
                   l->name);
  }
}

void tsn_bind_labels(tsn_binder *b, const tsn_clauses *clauses)
{
  const tsn_define *d;
  b->query->labels = NULL;
  b->query->label_count = b->label_cap = 0;
  b->too_many_labels = false;
  collect(b, clauses->pattern, false);
  if (b->too_many_labels) return; /* what is missing now need not be told */
  bind_subsets(b, clauses);
  define_in_place(b, clauses->pattern);
  for (d = clauses->defines; d; d = d->next) {
    const char *name = tsn_bind_label_name(b, &d->name);
    int at = name ? tsn_bind_find_label(b, name) : -1;
    if (!name) return;
    if (at < 0) {
      const char **names = tsn_arena_new_array(b->arena, const char *, b->query->label_count + 1);
      const char *near;
      size_t i;
      if (!names) return;
      for (i = 0; i < b->query->label_count; i++) names[i] = b->query->labels[i].name;
      near = tsn_diag_nearest(name, names, b->query->label_count);
      tsn_diag_add(b->diag, TSN_E2002, d->name.at,
                   near ? tsn_arena_printf(b->arena, "did you mean %s?", near) : "use it in PATTERN, or leave it out",
                   find_subset(b, name) >= 0 ? "%s is a SUBSET and cannot be defined" : "DEFINE names %s, which PATTERN lacks",
                   d->name.text);
      continue;
    }
    define(b, at, d->condition, d->name.at, d->name.text);
  }
  warn_words(b);
}

tocsin_type tsn_bind_duration_type(tocsin_type time) { return time == TOCSIN_TIMESTAMP ? TOCSIN_INTERVAL : time; }

const char *tsn_bind_duration_name(tocsin_type time)
{
  return time == TOCSIN_TIMESTAMP ? "an INTERVAL" : time == TOCSIN_DOUBLE ? "a number" : "a BIGINT";
}

bool tsn_bind_length(tsn_binder *b, tsn_bx *x, tocsin_type time, int64_t *out)
{
  x = x->is_null ? NULL : tsn_bind_coerce(b, x, tsn_bind_duration_type(time)); /* '5 minutes', 5 as DOUBLE */
  if (!x || x->kind != BX_CONST) return false;
  *out = time == TOCSIN_DOUBLE ? tsn_time_of_double(x->real) : x->integer;
  return time != TOCSIN_DOUBLE || isfinite(x->real);
}

bool tsn_bind_duration(tsn_binder *b, const tsn_expr *e, const char *what, int64_t *out)
{
  tsn_bx *x;
  tocsin_type time = b->query->time_type;
  if (b->query->time_column < 0) {
    tsn_diag_add(b->diag, TSN_E2011, e->at, "ORDER BY a time or a number", "%s needs rows with a time", what);
    return false;
  }
  x = tsn_bind_constant(b, e);
  if (!x) return false;
  if (!tsn_bind_length(b, x, time, out)) {
    tsn_diag_add(b->diag, TSN_E2010, e->at,
                 time == TOCSIN_TIMESTAMP ? "a duration such as 5 SECONDS or INTERVAL '5' SECOND"
                 : time == TOCSIN_DOUBLE  ? "a number, as the time column"
                                          : "a whole number, as the time column",
                 "%s is a duration: %s is wanted, not %s", what, tsn_bind_duration_name(time),
                 x->is_null ? "NULL" : tocsin_type_name(x->type));
    return false;
  }
  if (*out < 0) tsn_diag_add(b->diag, TSN_E2010, e->at, NULL, "%s is negative", what);
  return *out >= 0;
}

static tsn_bpat *new_pat(tsn_binder *b, tsn_bpat_kind kind, tsn_span at)
{
  tsn_bpat *p = tsn_arena_new(b->arena, tsn_bpat);
  if (!p) return NULL;
  p->kind = kind;
  p->at = at;
  return p;
}

static tsn_bpat *convert(tsn_binder *b, const tsn_pat *p, bool excluded);

static tsn_bpat *convert_items(tsn_binder *b, const tsn_pat *p, tsn_bpat_kind kind, bool excluded)
{
  tsn_bpat *out = new_pat(b, kind, p->at), **end;
  const tsn_pat *item;
  if (!out) return NULL;
  end = &out->items;
  for (item = p->items; item; item = item->next) {
    *end = convert(b, item, excluded);
    if (!*end) return NULL;
    end = &(*end)->next;
  }
  return out;
}

static tsn_bpat *convert_absence(tsn_binder *b, const tsn_pat *p)
{
  tsn_bpat *out = new_pat(b, p->duration ? BPAT_TIMER : BPAT_ABSENCE, p->at);
  uint32_t *labels;
  const tsn_pat *item;
  tsn_context c = {.b = b, .place = PLACE_TIMER};
  tocsin_type time = b->query->time_type;
  tsn_bx *x;
  if (!out) return NULL;
  labels = tsn_arena_new_array(b->arena, uint32_t, p->item_count + 1);
  if (!labels) return NULL;
  for (item = p->items; item; item = item->next) {
    const char *name = tsn_bind_label_name(b, &item->name);
    int at = name ? tsn_bind_find_label(b, name) : -1;
    if (at < 0) return NULL;
    if (find_subset(b, name) >= 0) return NULL; /* said with the subset */
    labels[out->label_count++] = (uint32_t)at;
  }
  out->labels = labels;
  if (!p->duration) return out;
  if (b->query->time_column < 0) {
    tsn_bind_duration(b, p->duration, "an absence that lasts", &out->duration);
    return NULL;
  }
  b->in_condition = true;
  x = tsn_bind_expr(&c, p->duration);
  b->in_condition = false;
  if (!x) return NULL;
  if (x->kind == BX_CONST && !x->is_null && x->type != TOCSIN_TIMESTAMP)
    return tsn_bind_duration(b, p->duration, "the length of an absence", &out->duration) ? out : NULL;
  if (time == TOCSIN_TIMESTAMP && x->type == TOCSIN_TIMESTAMP) out->duration_expr = x;
  else if (x->type != TOCSIN_TEXT) out->duration_expr = tsn_bind_coerce(b, x, tsn_bind_duration_type(time));
  if (out->duration_expr) return out;
  tsn_diag_add(b->diag, TSN_E2010, p->duration->at,
               time == TOCSIN_TIMESTAMP ? "an INTERVAL for a length, a TIMESTAMP for a deadline"
                                        : tsn_arena_printf(b->arena, "%s, as the time column", tsn_bind_duration_name(time)),
               "an absence cannot last %s", tocsin_type_name(x->type));
  return NULL;
}

static tsn_bpat *convert_gap(tsn_binder *b, const tsn_pat *p)
{
  tsn_bpat *out = new_pat(b, BPAT_GAP, p->at);
  if (!out) return NULL;
  out->any = p->any;
  if (p->lo) {
    out->has_lo = true;
    if (!tsn_bind_duration(b, p->lo, "the lower bound of a gap", &out->lo)) return NULL;
  }
  if (p->hi) {
    out->has_hi = true;
    if (!tsn_bind_duration(b, p->hi, "the upper bound of a gap", &out->hi)) return NULL;
  }
  return out;
}

static tsn_bpat *convert_permute(tsn_binder *b, const tsn_pat *p, bool excluded)
{
  if (p->item_count > TSN_PERMUTE_MAX) {
    tsn_diag_add(b->diag, TSN_E2015, p->at, NULL, "PERMUTE of %u parts; %u is the most", p->item_count, TSN_PERMUTE_MAX);
    return NULL;
  }
  return p->item_count == 1 ? convert(b, p->items, excluded) : convert_items(b, p, BPAT_PERMUTE, excluded);
}

static tsn_bpat *convert(tsn_binder *b, const tsn_pat *p, bool excluded)
{
  tsn_bpat *out;
  switch (p->kind) {
  case PAT_EMPTY: return new_pat(b, BPAT_EMPTY, p->at);
  case PAT_START: return new_pat(b, BPAT_FIRST, p->at);
  case PAT_END: return new_pat(b, BPAT_LAST, p->at);
  case PAT_LABEL: {
    const char *name = tsn_bind_label_name(b, &p->name);
    int at = name ? tsn_bind_find_label(b, name) : -1;
    out = new_pat(b, BPAT_ROW, p->at);
    if (!out || at < 0) return NULL;
    out->label = (uint32_t)at;
    out->excluded = excluded;
    return out;
  }
  case PAT_ABSENCE: return convert_absence(b, p);
  case PAT_GAP: return convert_gap(b, p);
  case PAT_SEQUENCE: return convert_items(b, p, BPAT_SEQUENCE, excluded);
  case PAT_CHOICE: return convert_items(b, p, BPAT_CHOICE, excluded);
  case PAT_GROUP: return convert(b, p->items, excluded);
  case PAT_EXCLUDE: return convert(b, p->items, true);
  case PAT_PERMUTE: return convert_permute(b, p, excluded);
  case PAT_REPEAT:
    out = convert_items(b, p, BPAT_REPEAT, excluded);
    if (!out) return NULL;
    if (p->min > UINT32_MAX - 1 || p->max > (int64_t)UINT32_MAX - 1) {
      tsn_diag_add(b->diag, TSN_E2014, p->at, NULL, "a quantifier goes up to %u", UINT32_MAX - 1);
      return NULL;
    }
    out->min = (uint32_t)p->min;
    out->max = p->max < 0 ? TSN_UNBOUNDED : (uint32_t)p->max;
    out->greedy = !p->reluctant;
    return out;
  }
  return NULL;
}

/* Whether a row can be excluded. */
static bool has_exclusion(const tsn_pat *p, bool inside)
{
  const tsn_pat *item;
  if (inside && p->kind == PAT_LABEL) return true;
  if (p->kind == PAT_ABSENCE) return false;
  for (item = p->items; item; item = item->next)
    if (has_exclusion(item, inside || p->kind == PAT_EXCLUDE)) return true;
  return false;
}

static void bind_within(tsn_binder *b, const tsn_clauses *clauses)
{
  tsn_bound *q = b->query;
  if (!clauses->within) return;
  if (!clauses->within_rows) {
    if (tsn_bind_duration(b, clauses->within, "WITHIN", &q->within)) q->within_kind = WITHIN_TIME;
    return;
  }
  {
    tsn_bx *x = tsn_bind_constant(b, clauses->within);
    if (!x) return;
    if (x->type != TOCSIN_BIGINT || x->is_null || x->integer < 1) {
      tsn_diag_add(b->diag, TSN_E2010, clauses->within->at, NULL, "WITHIN n ROWS takes a whole number from 1 on");
      return;
    }
    q->within = x->integer;
    q->within_kind = WITHIN_ROWS;
  }
}

static void bind_skip(tsn_binder *b, const tsn_clauses *clauses)
{
  tsn_bound *q = b->query;
  const tsn_label_set *set;
  size_t i;
  bool mapped = false;
  switch (clauses->skip) {
  case SKIP_DEFAULT:
  case SKIP_PAST_LAST: q->skip_kind = MATCH_SKIP_PAST_LAST; return;
  case SKIP_TO_NEXT: q->skip_kind = MATCH_SKIP_NEXT_ROW; return;
  case SKIP_NONE: q->skip_kind = MATCH_SKIP_NONE; return;
  case SKIP_TO_FIRST:
  case SKIP_TO_LAST: break;
  }
  q->skip_kind = MATCH_SKIP_TO;
  set = tsn_bind_label_set(b, &clauses->skip_label);
  if (!set) return;
  for (i = 0; i < q->label_count; i++) mapped = mapped || (set->has[i] && q->labels[i].in_pattern);
  if (!mapped) {
    tsn_diag_add(b->diag, TSN_E2012, clauses->skip_label.at, NULL, "SKIP TO names %s, which no row is mapped to",
                 clauses->skip_label.text);
    return;
  }
  q->skip_label = set->name;
  q->skip_row = tsn_bind_nav(b, clauses->skip == SKIP_TO_FIRST, 0, 0, set,
                             tsn_bx_new(b, BX_ROWNUM, TOCSIN_BIGINT, clauses->skip_label.at), false, clauses->skip_label.at);
}

void tsn_bind_pattern(tsn_binder *b, const tsn_clauses *clauses)
{
  tsn_bound *q = b->query;
  bind_within(b, clauses);
  q->pattern = convert(b, clauses->pattern, false);
  bind_skip(b, clauses);
  q->all_rows = clauses->rows == ROWS_ALL;
  q->timeouts = clauses->timeouts;
  q->empty_kind = clauses->empty == EMPTY_OMIT        ? MATCH_OMIT_EMPTY
                  : clauses->empty == EMPTY_UNMATCHED ? MATCH_UNMATCHED
                                                      : MATCH_SHOW_EMPTY;
  if (q->sequential && q->skip_kind == MATCH_SKIP_NONE)
    tsn_diag_add(b->diag, TSN_E2013, clauses->skip_at, "NO SKIP reports every path: none is the n-th match",
                 "MATCH_NUMBER() in a condition does not go with NO SKIP");
  if (q->empty_kind == MATCH_UNMATCHED) {
    if (q->timeouts)
      tsn_diag_add(b->diag, TSN_E2013, clauses->timeouts_at, NULL, "SHOW TIMEOUT MATCHES does not go with WITH UNMATCHED ROWS");
    if (q->skip_kind == MATCH_SKIP_NONE)
      tsn_diag_add(b->diag, TSN_E2013, clauses->empty_at, "NO SKIP reports every path: no row is left to be unmatched",
                   "WITH UNMATCHED ROWS does not go with NO SKIP");
    if (has_exclusion(clauses->pattern, false))
      tsn_diag_add(b->diag, TSN_E2013, clauses->empty_at, NULL, "WITH UNMATCHED ROWS does not go with an exclusion {- -}");
  }
}
