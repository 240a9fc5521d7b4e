/* The state of a matcher as bytes.
 *
 * Whole, for programs that keep it themselves:
 *
 *   tocsin_matcher_checkpoint(m, &sink);                                  all of it, a stream of bytes
 *   tocsin_matcher_restore(program, &options, bytes, length, &m);         a matcher that goes on from there
 *
 * In parts, for those that have a database: a part has a name and bytes, is written again only when it has changed, and is
 * deleted when it is gone.
 *
 *   tocsin_matcher_changes(m, save_part, db);     at first all parts, then what has changed
 *   ... commit ...
 *   tocsin_matcher_saved(m);                      what was told is safe by now
 *
 *   tocsin_matcher_new(program, &options, &m);    later, in another process
 *   for each part in the order of its name (memcmp): tocsin_matcher_load_part(m, &part);
 *   tocsin_matcher_loaded(m);
 *
 * One key alone, for an engine that owns keys (a Flink operator): tocsin_matcher_export_key() and _import_key().
 *
 * State goes between machines: it is little-endian, has a version, and is bound to the pattern. Each part carries a checksum; what
 * is damaged, or belongs to another pattern, is TOCSIN_CORRUPT, and the message says which part. Tables (CREATE TABLE) are not
 * part of the state: the host loads them again. Output rows that were not taken are. */
#ifndef TOCSIN_STATE_H
#define TOCSIN_STATE_H

#include "tocsin/run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where bytes go. write answers TOCSIN_OK, or what the call that writes is to answer. */
typedef struct tocsin_sink {
  tocsin_status (*write)(void *context, const void *bytes, size_t length);
  void *context;
} tocsin_sink;

TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_checkpoint(tocsin_matcher *matcher, const tocsin_sink *sink);

/* On failure *matcher is NULL, and message, if not NULL, has up to `size` bytes that say why, NUL at the end. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_restore(const tocsin_program *program, const tocsin_matcher_options *options,
                                                               const void *bytes, size_t length, tocsin_matcher **matcher,
                                                               char *message, size_t size);

/* ---- parts ---- */

/* Good during the call that it is given to. */
typedef struct tocsin_part {
  const void *name;
  size_t name_length;
  const void *bytes; /* NULL: the part is gone */
  size_t length;
} tocsin_part;

typedef tocsin_status (*tocsin_part_fn)(void *context, const tocsin_part *part);

/* Tells of what is not as it was when tocsin_matcher_saved() was called last: first of what is gone, then of the rest; the
 * first time of all. What is told stays to be told until then: a transaction may be rolled back. Stops where `each` does
 * not answer TOCSIN_OK, and answers that. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_changes(tocsin_matcher *matcher, tocsin_part_fn each, void *context);
TOCSIN_API void tocsin_matcher_saved(tocsin_matcher *matcher);

/* Into a matcher that has seen nothing; afterwards it counts as saved. After a failure it can only be freed. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_load_part(tocsin_matcher *matcher, const tocsin_part *part);
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_loaded(tocsin_matcher *matcher);

/* ---- one key ---- */

/* What there is of a key. */
typedef struct tocsin_key_state {
  int empty;        /* nothing: there is nothing to keep */
  int changed;      /* since tocsin_matcher_saved() */
  int has_deadline; /* time alone may bring something, */
  int64_t deadline; /* at this time at the earliest */
} tocsin_key_state;

/* The partition of a pattern with this key, one value for each column of PARTITION BY in their order. sink NULL: only tells of
 * it. MISUSE: there is no such pattern, or its keys are others; or more than this partition belongs to a key - rows that wait for
 * late ones or for those behind them, windows, patterns that read this one: its state goes as a whole. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_export_key(tocsin_matcher *matcher, size_t pattern, const tocsin_value *key,
                                                                  size_t count, const tocsin_sink *sink, tocsin_key_state *state);
/* Takes the key in; the matcher must not have it, else it is CORRUPT from then on, as with bytes that are damaged. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_import_key(tocsin_matcher *matcher, const void *bytes, size_t length);
/* Forgets it: somebody else has it now. */
TOCSIN_API TOCSIN_CHECKED tocsin_status tocsin_matcher_drop_key(tocsin_matcher *matcher, size_t pattern, const tocsin_value *key, size_t count);

#ifdef __cplusplus
}
#endif
#endif
