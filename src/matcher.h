/* A matcher, for the files that define public functions of it: api_run.c and api_state.c. */
#ifndef TSN_MATCHER_H
#define TSN_MATCHER_H

#include "run/table.h"
#include "state/part.h"

struct tocsin_matcher {
  tsn_alloc alloc;
  const tocsin_program *program;
  tsn_feed feed;
  tocsin_host_function *functions; /* by number of the declaration */
  tsn_table *tables;
  tsn_output output;
  tocsin_value *values;
  size_t value_cap;
  tocsin_matcher_options options;
  tocsin_stats stats;
  tocsin_status status;
  char message[1024];
  bool finished;
  tsn_state *state; /* NULL until one is read or written */
};

void tsn_matcher_clear_state(tocsin_matcher *m);

#endif
