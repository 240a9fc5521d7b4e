/* Whether two conditions exclude each other: no row can satisfy both.
 *
 * Only what can be told from their form counts: comparisons of one column with
 * constants, IS NULL, and a condition against its negation, under AND and OR.
 * Everything else may hold together. */
#include <string.h>

#include "bind/binder.h"

#define STEPS_MAX 100000u

/* A condition with the label whose rows it tells. */
typedef struct side {
  const tsn_bx *x;
  uint32_t label;
} side;

/* A comparison of the row's own column with a constant: column how value. */
typedef struct bound_on {
  uint32_t column;
  tsn_compare how;
  const tsn_bx *value;
} bound_on;

/* The row at hand: its column, bare or under the label. */
static const tsn_bx *own_column(const tsn_bx *x, uint32_t label)
{
  const tsn_nav *n = x->kind == BX_NAV ? x->nav : NULL;
  if (!n || n->first || n->offset || n->physical || n->value->kind != BX_COLUMN) return NULL;
  return n->set->all || n->set->has[label] ? n->value : NULL;
}

/* Sets of rows that are the same before either label has taken the row at hand. */
static bool same_set(const tsn_label_set *a, uint32_t label_a, const tsn_label_set *z, uint32_t label_z)
{
  if (a->all || z->all) return a->all && z->all;
  return !strcmp(a->name, z->name) && !a->has[label_a] && !a->has[label_z];
}

static bool same(side a, side z);

static bool same_opt(const tsn_bx *x, uint32_t label_x, const tsn_bx *y, uint32_t label_y)
{
  if (!x || !y) return !x && !y;
  return same((side){x, label_x}, (side){y, label_y});
}

static bool same_rows(side a, side z)
{
  const tsn_bx *x = own_column(a.x, a.label), *y = own_column(z.x, z.label);
  if (x || y) return x && y && x->index == y->index;
  if (a.x->kind == BX_NAV) {
    const tsn_nav *m = a.x->nav, *n = z.x->nav;
    return m->first == n->first && m->offset == n->offset && m->physical == n->physical &&
           same_set(m->set, a.label, n->set, z.label) && same_opt(m->value, a.label, n->value, z.label);
  }
  return a.x->agg->kind == z.x->agg->kind && a.x->agg->distinct == z.x->agg->distinct &&
         same_set(a.x->agg->set, a.label, z.x->agg->set, z.label) &&
         same_opt(a.x->agg->value, a.label, z.x->agg->value, z.label) &&
         same_opt(a.x->agg->value2, a.label, z.x->agg->value2, z.label);
}

/* Whether two expressions mean the same of the row at hand. */
static bool same(side a, side z)
{
  const tsn_bx *x = a.x, *y = z.x, *p, *q;
  if (x->kind != y->kind || x->type != y->type || x->op != y->op || x->x != y->x || x->index != y->index ||
      x->is_null != y->is_null || x->negated != y->negated || x->arg_count != y->arg_count)
    return false;
  if (x->kind == BX_LABEL) return false;
  if (x->kind == BX_NAV || x->kind == BX_AGG) return same_rows(a, z);
  if (x->kind == BX_CONST)
    return x->integer == y->integer && !memcmp(&x->real, &y->real, sizeof x->real) && x->length == y->length &&
           (!x->length || !memcmp(x->text, y->text, x->length));
  for (p = x->args, q = y->args; p; p = p->next, q = q->next)
    if (!same((side){p, a.label}, (side){q, z.label})) return false;
  return same_opt(x->otherwise, a.label, y->otherwise, z.label);
}

static bool read_bound(side s, bound_on *out)
{
  static const tsn_compare turned[] = {[COMPARE_EQ] = COMPARE_EQ, [COMPARE_NE] = COMPARE_NE, [COMPARE_LT] = COMPARE_GT,
                                       [COMPARE_LE] = COMPARE_GE, [COMPARE_GT] = COMPARE_LT, [COMPARE_GE] = COMPARE_LE};
  const tsn_bx *x = s.x, *left, *right, *column;
  bool compares = x->op == OP_CMP_I || x->op == OP_CMP_D || x->op == OP_CMP_S || x->op == OP_CMP_ID || x->op == OP_CMP_DI;
  if (x->kind != BX_OP || !compares) return false;
  left = x->args;
  right = left->next;
  *out = (bound_on){.how = (tsn_compare)x->x, .value = right};
  column = own_column(left, s.label);
  if (!column && (column = own_column(right, s.label)) != NULL) {
    out->how = turned[x->x];
    out->value = left;
  }
  if (!column || out->value->kind != BX_CONST || out->value->is_null) return false;
  out->column = column->index;
  return true;
}

static double real_of(const tsn_bx *x) { return x->type == TOCSIN_DOUBLE ? x->real : (double)x->integer; }

/* Below 0, 0 or above: constants of one column. */
static int compare(const tsn_bx *x, const tsn_bx *y)
{
  if (x->type == TOCSIN_TEXT) {
    uint32_t least = x->length < y->length ? x->length : y->length;
    int c = least ? memcmp(x->text, y->text, least) : 0;
    return c ? c : (x->length > y->length) - (x->length < y->length);
  }
  if (x->type == TOCSIN_DOUBLE || y->type == TOCSIN_DOUBLE) {
    double a = real_of(x), z = real_of(y);
    return (a > z) - (a < z);
  }
  return (x->integer > y->integer) - (x->integer < y->integer);
}

static bool is_upper(tsn_compare how) { return how == COMPARE_LT || how == COMPARE_LE; }
static bool is_lower(tsn_compare how) { return how == COMPARE_GT || how == COMPARE_GE; }

static bool bounds_exclude(const bound_on *a, const bound_on *z)
{
  int order;
  if (a->column != z->column || (a->value->type == TOCSIN_TEXT) != (z->value->type == TOCSIN_TEXT)) return false;
  order = compare(a->value, z->value);
  if (a->how == COMPARE_EQ) return !tsn_compare_holds(z->how, order);
  if (z->how == COMPARE_EQ) return !tsn_compare_holds(a->how, -order);
  if (is_lower(a->how) && is_upper(z->how)) return bounds_exclude(z, a);
  if (!is_upper(a->how) || !is_lower(z->how)) return false;
  return order < 0 || (order == 0 && (a->how == COMPARE_LT || z->how == COMPARE_GT));
}

static bool is_null_test(const tsn_bx *x, bool negated)
{
  return x->kind == BX_OP && x->op == OP_IS_NULL && (x->x != 0) == negated;
}

/* x IS NULL against x IS NOT NULL, and against a comparison of x. */
static bool null_excludes(side a, side z)
{
  const tsn_bx *column;
  bound_on b;
  if (!is_null_test(a.x, false)) return false;
  if (is_null_test(z.x, true)) return same((side){a.x->args, a.label}, (side){z.x->args, z.label});
  column = own_column(a.x->args, a.label);
  return column && read_bound(z, &b) && b.column == column->index;
}

static bool negates(side a, side z)
{
  return a.x->kind == BX_OP && a.x->op == OP_NOT && same((side){a.x->args, a.label}, z);
}

static bool has_parts(const tsn_bx *x) { return x->kind == BX_AND || x->kind == BX_OR; }

static bool disjoint(side a, side z, size_t *steps);

/* a.x is AND or OR: one of its parts, or all of them. */
static bool parts_disjoint(side a, side z, size_t *steps)
{
  bool any = a.x->kind == BX_AND;
  const tsn_bx *part;
  for (part = a.x->args; part; part = part->next)
    if (disjoint((side){part, a.label}, z, steps) == any) return any;
  return !any;
}

static bool disjoint(side a, side z, size_t *steps)
{
  bound_on b, c;
  if (++*steps > STEPS_MAX) return false;
  if (negates(a, z) || negates(z, a)) return true;
  if (has_parts(a.x) || has_parts(z.x))
    return (has_parts(a.x) && parts_disjoint(a, z, steps)) || (has_parts(z.x) && parts_disjoint(z, a, steps));
  if (null_excludes(a, z) || null_excludes(z, a)) return true;
  return read_bound(a, &b) && read_bound(z, &c) && bounds_exclude(&b, &c);
}

bool tsn_bind_disjoint(const tsn_bound *q, uint32_t a, uint32_t z)
{
  size_t steps = 0;
  if (!q->labels[a].condition || !q->labels[z].condition) return false;
  return disjoint((side){q->labels[a].condition, a}, (side){q->labels[z].condition, z}, &steps);
}
