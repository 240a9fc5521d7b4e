/* Functions that the text declares and the host supplies: CREATE FUNCTION and
 * calls of them (language page, section 3). */
#include <string.h>

#include "base/text.h"
#include "bind/binder.h"

int tsn_bind_find_host(const tsn_binder *b, const tsn_name *name)
{
  size_t i;
  for (i = 0; i < b->bound->function_count; i++)
    if (tsn_column_same(name, b->bound->functions[i].name)) return (int)i;
  return -1;
}

/* The types of the declaration; one that is unknown was told by the grammar. */
static bool read_types(tsn_binder *b, const tsn_statement *s, tsn_bfunction *out)
{
  const tsn_type_ref *t;
  size_t count = 0;
  bool good = s->returns && s->returns->type != TOCSIN_NULL;
  for (t = s->types; t; t = t->next) count++;
  out->arguments = tsn_arena_new_array(b->arena, tocsin_type, count + 1);
  if (!out->arguments) return false;
  for (t = s->types; t; t = t->next) {
    out->arguments[out->argument_count++] = t->type;
    good = good && t->type != TOCSIN_NULL;
  }
  if (good) out->result = s->returns->type;
  return good;
}

void tsn_bind_declare_function(tsn_binder *b, const tsn_statement *s)
{
  tsn_bfunction *out = &b->bound->functions[b->bound->function_count];
  const tsn_expr call = {.kind = EXPR_CALL, .at = s->name.at, .name = s->name};
  const tsn_type_ref *t;
  size_t count = 0;
  if (!s->name.text) return;
  if (tsn_bind_is_known_call(&call)) {
    tsn_diag_add(b->diag, TSN_E1018, s->name.at, "give it another name", "the language has a function %s already", s->name.text);
    return;
  }
  if (tsn_bind_find_host(b, &s->name) >= 0) {
    tsn_diag_add(b->diag, TSN_E1018, s->name.at, NULL, "function %s is declared twice", s->name.text);
    return;
  }
  for (t = s->types; t; t = t->next)
    if (++count == TSN_ARGUMENTS_MAX + 1)
      tsn_diag_add(b->diag, TSN_E1005, t->at, NULL, "a function takes at most %u arguments", TSN_ARGUMENTS_MAX);
  out->name = tsn_arena_text(b->arena, s->name.text, s->name.length);
  if (!out->name) return;
  out->broken = !read_types(b, s, out) || s->broken || count > TSN_ARGUMENTS_MAX;
  b->bound->function_count++;
}

tsn_bx *tsn_bind_host_call(tsn_context *c, const tsn_expr *e, size_t function)
{
  tsn_bfunction *f = &c->b->bound->functions[function];
  const tsn_expr *arg;
  tsn_bx *n;
  size_t i = 0;
  bool good = true;
  if (f->broken) return NULL;
  if (e->arg_count != f->argument_count) {
    tsn_diag_add(c->b->diag, TSN_E1005, e->at, NULL, "%s takes %zu argument%s, not %u", f->name, f->argument_count,
                 f->argument_count == 1 ? "" : "s", e->arg_count);
    return NULL;
  }
  n = tsn_bx_new(c->b, BX_HOST, f->result, e->at);
  if (!n) return NULL;
  n->index = (uint32_t)function;
  for (arg = e->args; arg; arg = arg->next, i++) {
    tsn_bx *x = tsn_bind_expr(c, arg);
    if (x) x = tsn_bind_argument(c, f->name, f->arguments[i], x);
    good = good && x;
    if (good) tsn_bx_append(n, x);
  }
  f->needed = true;
  return good ? n : NULL;
}
