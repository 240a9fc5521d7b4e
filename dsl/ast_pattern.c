/* Constructors of patterns. The nesting of a pattern is that of its brackets,
 * which tokens.c bounds. */
#include <string.h>

#include "dsl/grammar.h"
#include "dsl/reader.h"

tsn_pat *tsn_pat_leaf(tsn_reader *r, tsn_pat_kind kind, tsn_span at)
{
  tsn_pat *p = tsn_arena_new(r->arena, tsn_pat);

  if (p) *p = (tsn_pat){ .kind = kind, .at = at };
  return p;
}

static void put(tsn_pat *p, tsn_pat *item)
{
  if (!p || !item) return;
  if (p->last_item) p->last_item->next = item;
  else p->items = item;
  p->last_item = item;
  p->item_count++;
}

tsn_pat *tsn_pat_label(tsn_reader *r, tsn_span at, tsn_token name, tsn_expr *condition)
{
  tsn_pat *p = tsn_pat_leaf(r, PAT_LABEL, at);

  if (!p) return NULL;
  p->name = tsn_read_name(r, name);
  p->condition = condition;
  return p;
}

/* left and one more: sequences and choices are flat lists. */
static tsn_pat *extend(tsn_reader *r, tsn_pat_kind kind, tsn_span at, tsn_pat *left, tsn_pat *right)
{
  tsn_pat *p = left;

  if (!left || !right) return left ? left : right;
  if (left->kind != kind) {
    p = tsn_pat_leaf(r, kind, at);
    put(p, left);
  }
  put(p, right);
  if (p) p->at = at;
  return p;
}

tsn_pat *tsn_pat_sequence(tsn_reader *r, tsn_span at, tsn_pat *left, tsn_pat *item)
{
  return extend(r, PAT_SEQUENCE, at, left, item);
}

tsn_pat *tsn_pat_choice(tsn_reader *r, tsn_span at, tsn_pat *left, tsn_pat *right)
{
  return extend(r, PAT_CHOICE, at, left, right);
}

/* A side of | that is not there. */
tsn_pat *tsn_pat_side(tsn_reader *r, tsn_span bar)
{
  tsn_diag_add(r->diag, TSN_E0125, bar, "the empty pattern is written ()", "an alternative is missing beside `|`");
  return tsn_pat_leaf(r, PAT_EMPTY, bar);
}

/* a, b: read as a sequence. Told once for each list: its later commas follow from the first. */
tsn_pat *tsn_pat_commas(tsn_reader *r, tsn_span at, tsn_span comma, tsn_pat *left, tsn_pat *right)
{
  const bool told = left && left->kind == PAT_SEQUENCE && left->quantifier == ',';
  tsn_pat *p = extend(r, PAT_SEQUENCE, at, left, right);

  if (!told)
    tsn_diag_add(r->diag, TSN_E0124, comma, "a sequence has no commas: a b; any order is PERMUTE(a, b)",
                 "`,` stands only between the items of PERMUTE");
  if (p) p->quantifier = ',';
  return p;
}

tsn_pat *tsn_pat_nothing(tsn_reader *r, tsn_span open, tsn_span close)
{
  tsn_diag_add(r->diag, TSN_E0126, (tsn_span){ open.from, close.to }, "the empty pattern is written ()",
               "there is no pattern between `%.*s` and `%.*s`", (int)(open.to - open.from), r->text + open.from,
               (int)(close.to - close.from), r->text + close.from);
  return tsn_pat_leaf(r, PAT_EMPTY, (tsn_span){ open.from, close.to });
}

/* A group, an exclusion, a PERMUTE. */
tsn_pat *tsn_pat_around(tsn_reader *r, tsn_pat_kind kind, tsn_span at, tsn_pat_list items)
{
  tsn_pat *p = tsn_pat_leaf(r, items.first ? kind : PAT_EMPTY, at), *item, *next;

  for (item = items.first; item; item = next) {
    next = item->next;
    item->next = NULL;
    put(p, item);
  }
  return p;
}

tsn_pat *tsn_pat_absence(tsn_reader *r, tsn_span at, tsn_pat_list labels, tsn_expr *duration)
{
  tsn_pat *p = tsn_pat_around(r, PAT_ABSENCE, at, labels);

  if (p) p->duration = duration;
  return p;
}

tsn_pat *tsn_pat_gap(tsn_reader *r, tsn_span at, bool any)
{
  tsn_pat *p = tsn_pat_leaf(r, PAT_GAP, at);

  if (p) p->any = any;
  return p;
}

tsn_pat *tsn_pat_gap_bounds(tsn_pat *gap, tsn_bounds bounds)
{
  if (!gap) return NULL;
  gap->bounded = true;
  gap->lo = bounds.lo;
  gap->hi = bounds.hi;
  return gap;
}

tsn_bounds tsn_bounds_comma(tsn_reader *r, tsn_span at, tsn_expr *only)
{
  const int length = (int)(at.to - at.from);
  const char *text = r->text + at.from;
  const char *hint = tsn_arena_printf(r->arena, "{,%.*s} is at most, {%.*s,} at least, {%.*s,%.*s} exactly", length, text,
                                      length, text, length, text, length, text);

  tsn_diag_add(r->diag, TSN_E0123, at, hint, "the bounds of a gap need a comma");
  return (tsn_bounds){ only, only };
}

tsn_pat *tsn_pat_quantifier(tsn_reader *r, tsn_span at, char sign, int64_t min, int64_t max)
{
  tsn_pat *p = tsn_pat_leaf(r, PAT_REPEAT, at);

  if (!p) return NULL;
  p->quantifier = sign;
  p->min = min;
  p->max = max;
  return p;
}

/* {n}, {n,m}, {n,}, {,m}, {,}: -1 where a bound is missing, -2 where it was no good. */
tsn_pat *tsn_pat_bounds(tsn_reader *r, tsn_span at, int64_t min, int64_t max, bool exact)
{
  tsn_pat *p;

  if (min == -2 || max == -2) return NULL;
  if (max >= 0 && min > max) {
    tsn_diag_add(r->diag, TSN_E0122, at, "the smaller bound comes first",
                 "the least number of a quantifier, %d, is greater than its greatest, %d", (int)min, (int)max);
    return NULL;
  }
  p = tsn_pat_quantifier(r, at, '{', min < 0 ? 0 : min, max);
  if (!p) return NULL;
  p->min_missing = min < 0;
  p->max_missing = max < 0;
  p->exact = exact;
  return p;
}

tsn_pat *tsn_pat_reluctant(tsn_pat *quantifier)
{
  if (quantifier) quantifier->reluctant = true;
  return quantifier;
}

/* quantifier NULL: it was an error, and the element stands alone. */
tsn_pat *tsn_pat_repeat(tsn_span at, tsn_pat *x, tsn_pat *quantifier)
{
  if (!x || !quantifier) return x;
  put(quantifier, x);
  quantifier->at = at;
  return quantifier;
}

tsn_pat *tsn_pat_unquantified(tsn_reader *r, tsn_span quantifier, tsn_pat *x)
{
  const int length = (int)(quantifier.to - quantifier.from);
  const char *text = r->text + quantifier.from;

  if (!x) return NULL;
  if (x->kind == PAT_ABSENCE)
    tsn_diag_add(r->diag, TSN_E0120, quantifier, "repeat the group around it: (a !b)+",
                 "an absence has no quantifier `%.*s`", length, text);
  else if (x->kind == PAT_GAP)
    tsn_diag_add(r->diag, TSN_E0120, quantifier, "repeat the group around it: (a ->)+",
                 "a gap has no quantifier `%.*s`", length, text);
  else
    tsn_diag_add(r->diag, TSN_E0121, quantifier, "put the first one into a group: (a+)*",
                 "an element has one quantifier: `%.*s` is the second", length, text);
  return x;
}
