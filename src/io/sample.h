/* What the values of a sample look like, place by place: the ground for inference.
 *
 *   {"id":7,"geo":{"lat":1.5}}      id   1 integer, 7..7
 *   {"id":8,"geo":null}             geo  1 object, 1 null
 *                                    `- lat  1 real
 *
 * For CSV the places are the fields of the header. */
#ifndef TSN_IO_SAMPLE_H
#define TSN_IO_SAMPLE_H

#include "base/arena.h"
#include "io/decoder.h"

#define TSN_SAMPLE_PLACES 2000 /* more are passed over: members with ever new names */

typedef struct tsn_place {
  const char *name; /* of the field or member; NUL-terminated */
  size_t name_length;
  struct tsn_place *parent, *children, *last_child, *next; /* next of the same parent */

  /* How many values of which kind. integers: all that fit BIGINT; reals: other
   * numbers; times: ISO 8601 texts; words: NaN and infinities. */
  uint64_t nulls, booleans, integers, reals, words, times, texts, arrays, objects;
  int64_t least, most;        /* of the integers */
  double least_real, most_real; /* of all numbers */

  /* Disorder, for times and for integers: the greatest so far, and by how much a later value lay behind it. */
  int64_t time_top, time_behind, time_least;
  int64_t integer_top, integer_behind;
  double real_top, real_behind;
} tsn_place;

typedef struct tsn_sample {
  tsn_place root;
  uint64_t rows, bad;
  size_t places;
  bool too_many;
} tsn_sample;

/* Looks at up to `most` rows of the sample. whole: it is the entire input, else
 * its last line may be cut and does not count. CORRUPT: no rows and no header
 * can be seen in it; NOMEM. */
tocsin_status tsn_sample_read(tsn_sample *s, tsn_arena *arena, tsn_format format, const char *bytes, size_t length,
                              bool whole, uint64_t most);

#endif
