/* A compiled program: what hosts may ask of it, and its life as bytes. */
#ifndef TOCSIN_PROGRAM_H
#define TOCSIN_PROGRAM_H

#include "tocsin/batch.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tocsin_program tocsin_program;

TOCSIN_API void tocsin_program_free(tocsin_program *program);

/* The program as one relocatable block, owned by the program. */
TOCSIN_API const void *tocsin_program_save(const tocsin_program *program, size_t *length);

/* Reads a saved block; every offset and index in it is verified first.
 * allocator NULL: the C library's. CORRUPT, NOMEM. */
TOCSIN_API TOCSIN_CHECKED tocsin_status
tocsin_program_load(const void *block, size_t length, const tocsin_allocator *allocator, tocsin_program **program);

/* Streams, in the order of their declaration. */
typedef struct tocsin_stream_info {
  const char *name;
  size_t column_count;
  int event_time;          /* column that orders the stream; -1: none */
  int has_watermark;       /* WATERMARK FOR was declared */
  int64_t watermark_delay; /* microseconds; of a numeric time a number, of a DOUBLE as tocsin_time_of_double() gives it */
} tocsin_stream_info;

typedef struct tocsin_column_info {
  const char *name;
  tocsin_type type;
  tocsin_unit unit;
  const char *path; /* JSON path or NULL */
  int not_null;
  int needed; /* a pattern reads it: hosts may leave the others empty (all NULL) */
} tocsin_column_info;

TOCSIN_API size_t tocsin_program_stream_count(const tocsin_program *program);
TOCSIN_API tocsin_stream_info tocsin_program_stream(const tocsin_program *program, size_t stream);
TOCSIN_API tocsin_column_info tocsin_program_stream_column(const tocsin_program *program, size_t stream, size_t column);

/* Tables, in the order of their declaration: static data that the host loads with
 * tocsin_matcher_load(). */
typedef struct tocsin_table_info {
  const char *name;
  size_t column_count;
  size_t key_count; /* columns of its primary key */
  int needed;       /* a pattern reads it */
} tocsin_table_info;

TOCSIN_API size_t tocsin_program_table_count(const tocsin_program *program);
TOCSIN_API tocsin_table_info tocsin_program_table(const tocsin_program *program, size_t table);
/* not_null is set for the columns of the key. */
TOCSIN_API tocsin_column_info tocsin_program_table_column(const tocsin_program *program, size_t table, size_t column);
/* Which column the key's is; SIZE_MAX past the end. */
TOCSIN_API size_t tocsin_program_table_key(const tocsin_program *program, size_t table, size_t key);

/* Functions that the text declares (CREATE FUNCTION), in its order. The host
 * supplies them when it makes a matcher: tocsin_matcher_options.functions. */
typedef struct tocsin_function_info {
  const char *name;
  tocsin_type result;
  size_t argument_count;
  int needed; /* a pattern calls it: without it there is no matcher */
} tocsin_function_info;

TOCSIN_API size_t tocsin_program_function_count(const tocsin_program *program);
TOCSIN_API tocsin_function_info tocsin_program_function(const tocsin_program *program, size_t function);
TOCSIN_API tocsin_type tocsin_program_function_argument(const tocsin_program *program, size_t function, size_t argument);

/* Patterns, in the order of the text. name is "" for a bare query. */
typedef struct tocsin_pattern_info {
  const char *name;
  size_t part_count; /* parts of FROM: 1, or as many as UNION ALL BY NAME merges */
  size_t column_count;
  size_t key_count; /* different columns of PARTITION BY */
  uint64_t fingerprint; /* of its text */
} tocsin_pattern_info;

/* Where the rows of a part come from: a stream, or the output of a pattern before it. */
typedef struct tocsin_part_info {
  int is_pattern;
  size_t index; /* of the stream or pattern; SIZE_MAX: there is no such part */
  size_t table; /* of which columns are joined to its rows; SIZE_MAX: none */
} tocsin_part_info;

TOCSIN_API size_t tocsin_program_pattern_count(const tocsin_program *program);
TOCSIN_API tocsin_pattern_info tocsin_program_pattern(const tocsin_program *program, size_t pattern);
TOCSIN_API tocsin_part_info tocsin_program_pattern_part(const tocsin_program *program, size_t pattern, size_t part);
/* Whether rows of the stream can reach the pattern, through other patterns too. */
TOCSIN_API int tocsin_program_pattern_reads(const tocsin_program *program, size_t pattern, size_t stream);
TOCSIN_API tocsin_column_info tocsin_program_output_column(const tocsin_program *program, size_t pattern, size_t column);
/* Which rows matter for the matches of some time. Matches with an output time from a to b are the same without the rows
 * behind b + span, where later is set, and without those before a - span, where earlier is. (Both need WITHIN a time.
 * Matches depend on those before them but where each start is tried by itself.) Of rows left out, other matches, outside of
 * that time, may come of it. */
typedef struct tocsin_reach {
  int earlier, later;
  int64_t span; /* as tocsin_stream_info.watermark_delay */
} tocsin_reach;

TOCSIN_API tocsin_reach tocsin_program_reach(const tocsin_program *program, size_t pattern);

/* Which column of PARTITION BY an output column is, unchanged; SIZE_MAX: none. */
TOCSIN_API size_t tocsin_program_output_key(const tocsin_program *program, size_t pattern, size_t column);
/* Which column of its stream gives a part the values of a key, unchanged. Rows with other
 * values there can be left out for who wants the matches of some keys alone. SIZE_MAX: none
 * does, the part reads a pattern, or a window over its rows sees those of other keys too. */
TOCSIN_API size_t tocsin_program_key_column(const tocsin_program *program, size_t pattern, size_t part, size_t key);

#ifdef __cplusplus
}
#endif
#endif
