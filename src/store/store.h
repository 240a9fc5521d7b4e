/* The durable store: the state of a matcher in tables of an SQLite database, with what belongs to it.
 *
 *   tocsin_parts   name, bytes     parts of the matcher's state (tocsin/state.h)
 *   tocsin_notes   name, value     input positions, the length of outputs, which patterns it is of, a number for each checkpoint
 *
 * All that is written between two commits becomes durable as one, or not at all. Where the output goes to a database too,
 * the store is attached to that connection, so that both commit as one: in one file by SQLite's own transaction, in two
 * by its super-journal, which a WAL does without: such an output is refused.
 *
 * A store is of one process at a time. For hosts: it knows the public interface alone. */
#ifndef TSN_STORE_STORE_H
#define TSN_STORE_STORE_H

#include <sqlite3.h>

#include "tocsin.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tsn_store tsn_store;

#define TSN_STORE_MESSAGE 400

/* path: of the file, made at need. connection: one that is to commit with the store, outside of a transaction; NULL: the
 * store has its own. *out is to be closed in any case; tsn_store_message() says what failed, of all calls. */
tocsin_status tsn_store_open(tsn_store **out, const char *path, sqlite3 *connection);
void tsn_store_close(tsn_store *s); /* what is not committed is lost */
const char *tsn_store_message(const tsn_store *s);

/* Checkpoints so far; 0: the store is new. */
int64_t tsn_store_number(const tsn_store *s);

/* A transaction begins, unless the connection that was given is in one. */
tocsin_status tsn_store_begin(tsn_store *s);
/* What has changed in the matcher. */
tocsin_status tsn_store_save(tsn_store *s, tocsin_matcher *m);
tocsin_status tsn_store_note(tsn_store *s, const char *name, const char *value, size_t length);
/* Commits a transaction of the store's own, and tells the matcher that it is safe. With a connection that was given: `committed`
 * is called after that one was. */
tocsin_status tsn_store_commit(tsn_store *s, tocsin_matcher *m);
void tsn_store_committed(tsn_store *s, tocsin_matcher *m);

/* A note; *value is good until the next call, NULL: there is none. */
tocsin_status tsn_store_find(tsn_store *s, const char *name, const char **value, size_t *length);
/* Gives all parts to a matcher that has seen nothing. */
tocsin_status tsn_store_load(tsn_store *s, tocsin_matcher *m);
/* Deletes what is of a pattern: it starts anew. */
tocsin_status tsn_store_forget(tsn_store *s, const char *pattern);
/* Deletes all parts. */
tocsin_status tsn_store_forget_all(tsn_store *s);

#ifdef __cplusplus
}
#endif
#endif
