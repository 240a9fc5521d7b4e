/* Inputs that are tables or views of an SQLite database.
 *
 *   sqlite:app.db?table=clicks        %XX stands for a byte, as in any URL
 *
 * Rows come in the order of their rowid, where there is none in that in which SQLite gives
 * them, all of one moment: what others write meanwhile is not seen. Columns are found by name; values are read as those of
 * CSV are, whatever SQLite stores: numbers and texts by the declared type, times as ISO
 * 8601 or numbers by UNIT. Nothing is written. */
#ifndef TSN_CLI_DATABASE_H
#define TSN_CLI_DATABASE_H

#include "cli/input.h"
#include "cli/place.h"
#include "data/batch.h"
#include "io/infer.h"

typedef struct tsn_database tsn_database;

/* Whether an operand is one. */
bool tsn_is_database(const char *path);

/* The file of a URL without a table: sqlite:alerts.db. An exit status. */
int tsn_database_path(tsn_arena *arena, const tsn_args *args, const char *url, const char **path);

/* Reads the URL: input->path, table, name and base. An exit status. */
int tsn_database_input(tsn_arena *arena, const tsn_args *args, const char *url, tsn_input *input);

/* Opens it. The schema is borrowed for the life of the database; on_bad as for decoders. from: unless it is not known,
 * only rows behind it are read. An exit status. */
int tsn_database_open(tsn_database **out, tsn_alloc *alloc, const tsn_input *input, const tsn_schema *schema,
                      const tsn_decoder_options *options, const tsn_place *from);
void tsn_database_close(tsn_database *db);

/* Behind the last row read; not known of what has no rowid: a view, or a table WITHOUT ROWID. */
void tsn_database_place(const tsn_database *db, tsn_place *out);
/* Behind a row of the batch that the last read filled. */
void tsn_database_row_place(const tsn_database *db, size_t row, tsn_place *out);

/* Appends the next rows to the batch; *ended where they are the last. An exit status. */
int tsn_database_read(tsn_database *db, tsn_batch *batch, bool *ended);

/* What is right, but may be a mistake: columns that the table lacks; "" if nothing. */
const char *tsn_database_remark(const tsn_database *db);
tsn_decoder_counts tsn_database_count(const tsn_database *db);

/* A row of the batch that the last read filled. `line` is the row's number, from 1; raw is the row as a JSON object,
 * valid until the next call. */
tsn_origin tsn_database_origin(tsn_database *db, const tocsin_batch *batch, size_t row);

/* The shape of the table, from its declared types and a sample of so many rows. An exit status. */
int tsn_database_infer(tsn_alloc *alloc, tsn_arena *arena, const tsn_input *input, const char *name, uint64_t rows,
                       tsn_inferred *out);

#endif
