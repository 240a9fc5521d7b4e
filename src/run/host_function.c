/* Functions that the text declares and the host supplies (CREATE FUNCTION): values
 * out, a value back. What a host gives is not taken on trust: its type, and that a
 * text is UTF-8. */
#include <string.h>

#include "base/text.h"
#include "run/function.h"

#define MESSAGE_MAX 200u /* bytes of what a host says */

static tocsin_value out_value(tocsin_type type, const tsn_cell *cell)
{
  tocsin_value v = {.type = type, .is_null = cell->null};
  switch (type) {
  case TOCSIN_BOOLEAN: v.as.boolean = !cell->null && cell->v.i != 0; break;
  case TOCSIN_DOUBLE: v.as.real = cell->null ? 0 : cell->v.d; break;
  case TOCSIN_TEXT:
    v.as.text.bytes = cell->null || !cell->length ? "" : cell->v.s;
    v.as.text.length = cell->null ? 0 : cell->length;
    break;
  default: v.as.integer = cell->null ? 0 : cell->v.i; break;
  }
  return v;
}

static bool take_text(tsn_run *r, const char *name, const tocsin_value *v, tsn_cell *out)
{
  size_t length = v->as.text.length;
  char *copy;
  if (length && !v->as.text.bytes) return tsn_run_fail(r, TOCSIN_RUNTIME, "%s: the host gave a text without bytes", name);
  copy = tsn_text_room(r, length);
  if (!copy) return false;
  if (length) memcpy(copy, v->as.text.bytes, length);
  if (!tsn_utf8_valid(copy, length)) return tsn_run_fail(r, TOCSIN_RUNTIME, "%s: the host gave a text that is not UTF-8", name);
  *out = (tsn_cell){.v.s = copy, .length = (uint32_t)length};
  return true;
}

static bool take_result(tsn_run *r, const char *name, tocsin_type type, const tocsin_value *v, tsn_cell *out)
{
  *out = (tsn_cell){.null = 1};
  if (v->type != type)
    return tsn_run_fail(r, TOCSIN_RUNTIME, "%s: the host gave %s, declared is %s", name, tocsin_type_name(v->type),
                        tocsin_type_name(type));
  if (v->is_null || (type == TOCSIN_DOUBLE && v->as.real != v->as.real)) return true; /* there is no NaN in the language */
  switch (type) {
  case TOCSIN_BOOLEAN: *out = (tsn_cell){.v.i = v->as.boolean != 0}; return true;
  case TOCSIN_DOUBLE: *out = (tsn_cell){.v.d = v->as.real}; return true;
  case TOCSIN_TEXT: return take_text(r, name, v, out);
  default: *out = (tsn_cell){.v.i = v->as.integer}; return true;
  }
}

static bool failed(tsn_run *r, const char *name, tocsin_status status, const char *message)
{
  size_t length = 0;
  while (message && length < MESSAGE_MAX && message[length]) length++;
  if (status == TOCSIN_NOMEM) return tsn_run_nomem(r);
  while (length && !tsn_utf8_valid(message, length)) length--; /* cut inside a character, or no UTF-8 from there on */
  if (!length) return tsn_run_fail(r, TOCSIN_RUNTIME, "%s failed", name);
  return tsn_run_fail(r, TOCSIN_RUNTIME, "%s: %.*s", name, (int)length, message);
}

bool tsn_call_host(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out)
{
  const tsn_function_rec *f = &r->program->functions[in->a];
  const uint32_t *types = r->program->indices + f->arguments.first;
  const char *name = tsn_program_text(r->program, f->name), *message = NULL;
  tocsin_value values[TSN_ARGUMENTS_MAX], result = {.type = (tocsin_type)f->result, .is_null = 1};
  tocsin_status status;
  uint32_t k;
  for (k = 0; k < in->y; k++) values[k] = out_value((tocsin_type)types[k], &args[k]);
  status = r->functions[in->a].call(r->functions[in->a].context, values, in->y, &result, &message);
  if (status != TOCSIN_OK) return failed(r, name, status, message);
  return take_result(r, name, (tocsin_type)f->result, &result, out);
}
