/* Telling a host what paths do (tocsin/trace.h). Where r->trace is NULL nothing of it is called. */
#ifndef TSN_RUN_TRACE_H
#define TSN_RUN_TRACE_H

#include "run/run.h"
#include "tocsin/trace.h"

/* A path that has expired: what it waited for may still come, too late. */
typedef struct tsn_corpse {
  uint32_t part, generation;
  int64_t time; /* at which it ended */
  tocsin_trace_bound bound;
  tocsin_trace_step *steps;
  size_t step_count, step_cap;
  uint32_t *labels; /* that it waited for */
  size_t label_count, label_cap;
  bool kept;        /* cells hold something */
  tsn_cell *cells;  /* of the path; texts as stored: they are not collected meanwhile */
  struct tsn_corpse *next;
} tsn_corpse;

typedef struct tsn_trace {
  const tocsin_tracer *tracer;
  tsn_arena arena; /* corpses and what they own, one a partition */
  tsn_corpse *corpses;
  tocsin_trace_step *steps; /* scratch, as all below */
  size_t step_cap;
  tocsin_value *values, *keys;
  const char **names, **labels;
  bool *marked;
  tsn_range *parts; /* of a condition */
  size_t part_cap;
} tsn_trace;

/* Before the first row. false: no memory. */
bool tsn_trace_init(tsn_run *r, const tocsin_tracer *tracer);
void tsn_trace_clear(tsn_run *r);

/* The row at hand comes to a partition, before paths see it. */
void tsn_trace_row(tsn_run *r, uint32_t part, int64_t time);
void tsn_trace_skipped(tsn_run *r, uint32_t part, int64_t time);
/* It cannot begin a path over the edge; absence: the label that it may not be, or TSN_NONE. */
void tsn_trace_unfit(tsn_run *r, uint32_t part, const tsn_edge *e, uint32_t absence, int64_t time);
/* A path takes it; item TSN_NONE: begins with it. */
void tsn_trace_take(tsn_run *r, uint32_t part, uint32_t item, const tsn_edge *e, int64_t time);
/* An item cannot take it over the edge. */
void tsn_trace_refuse(tsn_run *r, uint32_t item, const tsn_edge *e, int64_t time);
void tsn_trace_killed(tsn_run *r, uint32_t item, const tsn_edge *e, uint32_t absence, int64_t time);
void tsn_trace_timer(tsn_run *r, uint32_t item, const tsn_edge *e, int64_t time);
/* What runs out at a time is about to be taken from an item: everything, or what waits for rows (rows_over), or gaps' bounds. */
void tsn_trace_expire(tsn_run *r, uint32_t item, int64_t time, bool all, bool rows_over);
/* The input is over, and the item still waits. */
void tsn_trace_over(tsn_run *r, uint32_t item);
void tsn_trace_match(tsn_run *r, uint32_t item, int64_t time);
void tsn_trace_report(tsn_run *r, uint32_t item, bool timeout, int64_t time);
/* A start goes, as a match before it swallows its row. */
void tsn_trace_swallowed(tsn_run *r, uint32_t start);

#endif
