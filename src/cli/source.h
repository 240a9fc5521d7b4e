/* A stream or a table of the program and the inputs that feed it, one after another:
 * batches of rows, and each row's way back to its line. */
#ifndef TSN_CLI_SOURCE_H
#define TSN_CLI_SOURCE_H

#include "cli/database.h"
#include "cli/input.h"
#include "data/batch.h"
#include "io/decoder.h"
#include "tocsin/program.h"

typedef struct tsn_sorted tsn_sorted;
typedef struct tsn_pipe tsn_pipe;

typedef struct tsn_source {
  tsn_alloc own;    /* a thread may read the source, and an allocator serves one thread at a time */
  tsn_alloc *alloc; /* that one, wherever the source is copied to */
  const char *name; /* of the stream or table */
  size_t stream;    /* its index in the program, among streams or among tables */
  tsn_schema schema;
  size_t time; /* the event time's column, or SIZE_MAX */
  const tsn_input **inputs;
  size_t input_count, input_at; /* the next to be opened */

  tsn_file file; /* may be open already when the source is made: its sample was read */
  const tsn_input *input;
  tsn_decoder *decoder;   /* of a file of rows; else */
  tsn_database *database; /* of a table */
  bool file_open, file_ended, remarked;
  tsn_batch batch;
  bool batch_ready;
  tsn_batch *into; /* takes the rows instead; with its own "ready" */
  bool *into_ready;

  /* The rows at hand: [next, view.rows) are still to be pushed. */
  tocsin_batch view;
  size_t next;
  bool done;

  tsn_sorted *sorted; /* the source is read to its end and sorted first */
  tsn_pipe *pipe;     /* a thread reads it */
  const atomic_bool *stop; /* see tsn_file */
  void (*on_bad)(void *context, struct tsn_source *source, const tsn_bad_row *row);
  void *context;
  void (*before_wait)(void *context); /* see tsn_file */
  void *wait_context;
  tsn_decoder_counts counts; /* of the files that are closed */
  uint64_t packed_bytes;    /* read from files that are closed */
} tsn_source;

/* Takes the stream's shape from the program; columns live on the arena. */
int tsn_source_shape(tsn_source *s, tsn_arena *arena, const tocsin_program *program, size_t stream);
int tsn_source_table_shape(tsn_source *s, tsn_arena *arena, const tocsin_program *program, size_t table);
void tsn_source_close(tsn_source *s);

/* Makes the next rows ready; done where there are none. Rows at hand are forgotten. */
int tsn_source_fill(tsn_source *s);

/* Of its time column; TIMESTAMP where it has none. */
tocsin_type tsn_source_time_type(const tsn_source *s);
/* A number that orders rows like their event times; INT64_MIN where there is none. */
int64_t tsn_source_key(const tsn_source *s, const tocsin_batch *batch, size_t row);

/* The line of a row at hand. false: it is not known any more (a sorted source). */
bool tsn_source_origin(const tsn_source *s, size_t row, tsn_origin *out);

tsn_decoder_counts tsn_source_counts(const tsn_source *s);
/* Bytes read of the files as they lie there, packed or not. */
uint64_t tsn_source_bytes(const tsn_source *s);

#endif
