/* Functions of a host, for tests of CREATE FUNCTION. A case declares those that it uses:
 *
 *   CREATE FUNCTION twice ( BIGINT ) RETURNS BIGINT       NULL for NULL
 *   CREATE FUNCTION shout ( TEXT ) RETURNS TEXT           the text and "!"; NULL is "(nothing)!"
 *   CREATE FUNCTION half ( DOUBLE, INTERVAL ) RETURNS INTERVAL
 *   CREATE FUNCTION even ( BIGINT ) RETURNS BOOLEAN
 *   CREATE FUNCTION answer ( ) RETURNS BIGINT             42
 *   CREATE FUNCTION fails ( BIGINT ) RETURNS BIGINT       fails above 2, with a message
 *   CREATE FUNCTION gives ( TEXT ) RETURNS type           what is wrong: nan, bytes, type, silence, memory
 *
 * A loaded program may declare them otherwise: each looks at the types of its values. */
#ifndef TSN_TESTS_HOST_H
#define TSN_TESTS_HOST_H

#include <stdio.h>
#include <string.h>

#include "tocsin.h"

static inline int host_types(const tocsin_value *a, size_t count, const tocsin_value *result, const char *types)
{
  static const tocsin_type of['Z' + 1] = {['B'] = TOCSIN_BOOLEAN, ['I'] = TOCSIN_BIGINT, ['D'] = TOCSIN_DOUBLE,
                                          ['S'] = TOCSIN_TEXT, ['T'] = TOCSIN_TIMESTAMP, ['V'] = TOCSIN_INTERVAL};
  size_t i;
  if (strlen(types) != count + 1 || result->type != of[(unsigned char)types[0]]) return 0;
  for (i = 0; i < count; i++)
    if (a[i].type != of[(unsigned char)types[i + 1]]) return 0;
  return 1;
}

#define HOST_FN(name)                                                                                               \
  static inline tocsin_status host_##name(void *context, const tocsin_value *a, size_t count, tocsin_value *result, \
                                          const char **message)
#define HOST_TYPES(types)                               \
  (void)context;                                        \
  if (!host_types(a, count, result, types)) {           \
    *message = "declared with other types";             \
    return TOCSIN_MISUSE;                               \
  }

HOST_FN(twice)
{
  HOST_TYPES("II");
  if (a->is_null) return TOCSIN_OK;
  result->is_null = __builtin_mul_overflow(a->as.integer, (int64_t)2, &result->as.integer);
  return TOCSIN_OK;
}

HOST_FN(shout)
{
  static char text[64]; /* used again in every call: the engine has copied it by then */
  HOST_TYPES("SS");
  result->is_null = 0;
  result->as.text.bytes = text;
  if (a->is_null) result->as.text.length = (size_t)snprintf(text, sizeof text, "(nothing)!");
  else if (a->as.text.length > 60) result->is_null = 1;
  else result->as.text.length = (size_t)snprintf(text, sizeof text, "%.*s!", (int)a->as.text.length, a->as.text.bytes);
  return TOCSIN_OK;
}

HOST_FN(half)
{
  HOST_TYPES("VDV");
  result->is_null = a[0].is_null || a[1].is_null || !(a[0].as.real >= 0.5 && a[0].as.real <= 1e6);
  if (!result->is_null) result->as.integer = (int64_t)((double)a[1].as.integer / a[0].as.real / 2);
  return TOCSIN_OK;
}

HOST_FN(even)
{
  HOST_TYPES("BI");
  result->is_null = a->is_null;
  result->as.boolean = !a->is_null && a->as.integer % 2 == 0;
  return TOCSIN_OK;
}

HOST_FN(answer)
{
  HOST_TYPES("I");
  result->is_null = 0;
  result->as.integer = 42;
  return TOCSIN_OK;
}

HOST_FN(fails)
{
  static char text[80];
  HOST_TYPES("II");
  if (!a->is_null && a->as.integer > 2) {
    snprintf(text, sizeof text, "%lld is too much for this model", (long long)a->as.integer);
    *message = text;
    return TOCSIN_RUNTIME;
  }
  *result = *a;
  return TOCSIN_OK;
}

/* All that a host can do wrong. */
HOST_FN(gives)
{
  const char *what = count == 1 && a->type == TOCSIN_TEXT && !a->is_null ? a->as.text.bytes : "";
  size_t length = *what ? a->as.text.length : 0;
  (void)context;
  result->is_null = 0;
#define IS(word) (length == strlen(word) && !memcmp(what, word, length))
  if (IS("nan") && result->type == TOCSIN_DOUBLE) result->as.real = __builtin_nan("");
  else if (IS("bytes") && result->type == TOCSIN_TEXT) result->as.text.bytes = "\xff\xfe", result->as.text.length = 2;
  else if (IS("null bytes") && result->type == TOCSIN_TEXT) result->as.text.bytes = NULL, result->as.text.length = 2;
  else if (IS("empty") && result->type == TOCSIN_TEXT) result->as.text.bytes = NULL, result->as.text.length = 0;
  else if (IS("type")) result->type = result->type == TOCSIN_BOOLEAN ? TOCSIN_TEXT : TOCSIN_BOOLEAN;
  else if (IS("memory")) return TOCSIN_NOMEM;
  else if (IS("long message")) *message = "xäääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää";
  else if (IS("bad message")) *message = "model \xff is gone";
  else if (!IS("silence")) result->is_null = 1;
  return IS("silence") || *message ? TOCSIN_RUNTIME : TOCSIN_OK;
#undef IS
}

static const tocsin_host_function host_functions[] = {
    {"twice", host_twice, NULL}, {"shout", host_shout, NULL}, {"half", host_half, NULL},   {"even", host_even, NULL},
    {"answer", host_answer, NULL}, {"fails", host_fails, NULL}, {"gives", host_gives, NULL},
};
#define HOST_FUNCTIONS (sizeof host_functions / sizeof *host_functions)

#undef HOST_FN
#undef HOST_TYPES
#endif
