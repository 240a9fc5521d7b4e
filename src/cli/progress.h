/* A line on the terminal that tells how far a run is. */
#ifndef TSN_CLI_PROGRESS_H
#define TSN_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds of a clock that only goes forward, and of this thread's processor time. */
double tsn_clock_wall(void);
double tsn_clock_cpu(void);
/* The time of day as NOW() tells it: microseconds since 1970 UTC. */
int64_t tsn_clock_now(void *unused);

/* total: bytes of all inputs; 0: not known. Draws nothing unless standard error is a terminal. */
void tsn_progress_start(bool wanted, uint64_t total);
/* Draws, not oftener than people can see. */
void tsn_progress_show(uint64_t bytes, uint64_t rows);
void tsn_progress_stop(void);

#endif
