/* A stream or a table of the program and the inputs that feed it, one after another:
 * batches of rows, and each row's way back to its line.
 *
 *   readings   [ a.csv | b.csv | c.csv ]     one is open at a time, the others rest at their places
 *                          open ──> rows at hand, [next, view.rows) still to be pushed
 *
 * A source that is followed has no end: where its inputs have nothing new it answers no rows, and is not done
 * (follow.h). Where a source stands between two rows, and how one goes on from there: position.h. */
#ifndef TSN_CLI_SOURCE_H
#define TSN_CLI_SOURCE_H

#include "cli/database.h"
#include "cli/input.h"
#include "cli/place.h"
#include "data/batch.h"
#include "io/decoder.h"
#include "tocsin/program.h"

typedef struct tsn_sorted tsn_sorted;
typedef struct tsn_pipe tsn_pipe;

/* An input, as far as it was read. */
typedef struct tsn_reading {
  const tsn_input *input;
  tsn_place place; /* behind what was read; where the next rows begin */
  bool begun, over; /* it was opened; nothing more can come */

  /* followed: */
  int fd;           /* of a file that rests: it can be read to its end when its name is another's; -1 */
  uint64_t seen;    /* bytes of it as it lies there, when it was read last */
  bool moved;       /* its name is another file's, or will be: its last line is whole as it is */
  bool replaced;    /* and the other file has a reading of its own */
  double since;     /* when that was seen, or when a table was looked at; on the clock */
} tsn_reading;

/* Where a reading stands: behind the rows at hand, or before them. */
typedef struct tsn_stand {
  size_t reading;
  const tsn_input *input;
  tsn_place place;
} tsn_stand;

typedef struct tsn_stands {
  tsn_stand *items;
  size_t count, cap;
} tsn_stands;

typedef struct tsn_source {
  tsn_alloc own;    /* a thread may read the source, and an allocator serves one thread at a time */
  tsn_alloc *alloc; /* that one, wherever the source is copied to */
  tsn_alloc kept;   /* of `stands` and `others`, which are of the main thread always */
  const char *name; /* of the stream or table */
  size_t stream;    /* its index in the program, among streams or among tables */
  tsn_schema schema;
  size_t time; /* the event time's column, or SIZE_MAX */
  const tsn_input **inputs;
  size_t input_count;

  tsn_reading *readings; /* in the order in which they are read */
  size_t reading_count, reading_cap;
  size_t at;             /* the one at hand, else the next to be looked at */
  tsn_file file; /* may be open already when the source is made: its sample was read */
  const tsn_input *input;
  tsn_decoder *decoder;   /* of a file of rows; else */
  tsn_database *database; /* of a table */
  bool file_open, file_ended, remarked, timed; /* told of columns; looked at its first time */
  tsn_batch batch;
  bool batch_ready;
  tsn_batch *into; /* takes the rows instead; with its own "ready" */
  bool *into_ready;

  /* The rows at hand: [next, view.rows) are still to be pushed. */
  tocsin_batch view;
  size_t next;
  bool done;

  tsn_stands stands; /* before the rows at hand: what cannot be gone back to is not among them */
  tsn_stands moved;  /* behind them: only of the readings that they come from */
  tsn_decoder_counts before; /* of what stands before them */
  uint64_t rows_ahead, bad_ahead; /* of a position: so many rows, and bad rows, were taken before; the next are passed over */
  uint64_t bad_passed; /* of them: how many bad rows are still to be passed over in silence */
  tsn_bytes others;     /* lines of a position about inputs that the command does not name */
  bool follow;       /* see follow.h */
  bool keeps_places; /* an input that cannot be gone back to, and is read as a whole, is an error: a view */
  bool waits;        /* a last line without its end is not read: its rest may come until the next run */
  uint64_t future;   /* rows that lie too far ahead: bad ones, told by who pushes them */

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
/* Once its inputs are known, before anything is read. An exit status. */
int tsn_source_begin(tsn_source *s);
void tsn_source_close(tsn_source *s);

/* Adds an input, behind those that there are; NULL: out of memory. */
tsn_reading *tsn_source_add(tsn_source *s, const tsn_input *input);
/* Sets where a reading stands. false: out of memory. */
bool tsn_stands_set(tsn_stands *stands, tsn_alloc *alloc, size_t reading, const tsn_input *input, const tsn_place *place);

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
