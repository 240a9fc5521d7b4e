/* What every fallible call of Tocsin answers.
 *
 * Numbers are stable; src/base/status.def is the table behind them (names,
 * texts, and what each host makes of a status). */
#ifndef TOCSIN_STATUS_H
#define TOCSIN_STATUS_H

#include <stddef.h>
#include <stdint.h>

#if defined(TOCSIN_STATIC)
#define TOCSIN_API
#elif defined(__GNUC__)
#define TOCSIN_API __attribute__((visibility("default")))
#else
#define TOCSIN_API
#endif

#if defined(__GNUC__)
#define TOCSIN_CHECKED __attribute__((warn_unused_result))
#else
#define TOCSIN_CHECKED
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tocsin_status {
  TOCSIN_OK = 0,
  TOCSIN_NOMEM = 1,   /* the allocator refused */
  TOCSIN_MISUSE = 2,  /* the caller broke a rule of this header */
  TOCSIN_INVALID = 3, /* the pattern text has errors; see the diagnostics */
  TOCSIN_LIMIT = 4,   /* a limit of the language page, section 9; the message names it */
  TOCSIN_RUNTIME = 5, /* an expression or SKIP TO failed on the data */
  TOCSIN_LATE = 6,    /* a row broke the promised order and the policy is to fail */
  TOCSIN_CORRUPT = 7, /* a saved program or checkpoint is not what it claims to be */
  TOCSIN_MISSING = 8, /* a declared function that a pattern calls was not supplied */
  TOCSIN_KEY = 9      /* a row of a table has no key, or one that is there already */
} tocsin_status;

/* A short English text for a status; never NULL. */
TOCSIN_API const char *tocsin_status_text(tocsin_status status);

/* Memory comes from the host: one call, told the old size, as in Lua.
 * new_size 0 frees; NULL is failure and leaves the old block as it was. */
typedef struct tocsin_allocator {
  void *(*resize)(void *context, void *block, size_t old_size, size_t new_size);
  void *context;
} tocsin_allocator;

#ifdef __cplusplus
}
#endif
#endif
