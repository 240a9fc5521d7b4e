/* --stats: one JSON object, the last line on standard error. */
#ifndef TSN_CLI_STATS_H
#define TSN_CLI_STATS_H

#include "base/bytes.h"
#include "tocsin/run.h"

typedef struct tsn_counters {
  tocsin_stats engine; /* as of before the input was declared over: the watermark is the data's */
  uint64_t bad;        /* rows that readers left out */
  tocsin_type time_type; /* of the watermark */
  double seconds;      /* on the clock, of the whole run */
  double match_seconds;
} tsn_counters;

/* rows_in counts bad rows too: in = matched over + filtered + late + bad. */
void tsn_stats_write(const tsn_counters *c, tsn_bytes *out);

#endif
