/* Matches as rows of an SQLite database: -o sqlite:FILE.
 *
 * A table for each pattern, by its name ("matches" where it has none), created at need; its columns are those of the
 * pattern. In a table that is there rows are added behind the others, to the columns of these names. Times and intervals
 * are texts as in JSON Lines, lists JSON texts, BOOLEANs 0 and 1.
 *
 * Rows are committed now and then; a host that commits more with them holds that back. */
#ifndef TSN_CLI_TABLES_H
#define TSN_CLI_TABLES_H

#include <sqlite3.h>

#include "io/writer.h"

typedef struct tsn_tables tsn_tables;

/* path: of the file, created at need; name: for messages. Patterns are borrowed. An exit status; *out is to be closed in
 * any case. */
int tsn_tables_open(tsn_tables **out, tsn_alloc *alloc, const char *path, const char *name, const tsn_writer_pattern *patterns,
                    size_t count);
void tsn_tables_close(tsn_tables *t); /* rows that are not committed are lost */

int tsn_tables_row(tsn_tables *t, size_t pattern, const tocsin_value *values);
/* Commits what is not committed yet. */
int tsn_tables_commit(tsn_tables *t);
/* The same, where no host holds it back. */
int tsn_tables_flush(tsn_tables *t);

/* The connection, outside of a transaction until the first row. */
sqlite3 *tsn_tables_connection(tsn_tables *t);

/* From now on only tsn_tables_commit() commits, and what others do with the connection goes with it: they are in a
 * transaction from here on. */
int tsn_tables_hold(tsn_tables *t);

#endif
