/* What each path does, told while it does it: why a pattern matched, or did not.
 *
 *   options.trace = 1;        tocsin_compile(): the program remembers the rows of its paths
 *   options.tracer = &tracer; tocsin_matcher_new(): tracer.tell() is called for each event
 *
 * A program that was compiled so gives the same matches, more slowly. */
#ifndef TOCSIN_TRACE_H
#define TOCSIN_TRACE_H

#include "tocsin/value.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tocsin_trace_kind {
  TOCSIN_TRACE_ROW = 0,      /* a row comes */
  TOCSIN_TRACE_SKIPPED = 1,  /* it lies in a match: no path may begin with it */
  TOCSIN_TRACE_UNFIT = 2,    /* no path begins with it under the label: see condition, or absence */
  TOCSIN_TRACE_TAKE = 3,     /* a path takes it under the label; without steps: begins with it */
  TOCSIN_TRACE_REFUSE = 4,   /* it is not under the label that a path waits for, which goes on waiting */
  TOCSIN_TRACE_STRICT = 5,   /* nor is it, where the next row had to be: the way to the label ends */
  TOCSIN_TRACE_EARLY = 6,    /* it comes before the lower bound of the gap to the label */
  TOCSIN_TRACE_KILLED = 7,   /* it is under `absence`: the way to the label, or the timer, ends */
  TOCSIN_TRACE_TIMER = 8,    /* an absence of the label has lasted */
  TOCSIN_TRACE_EXPIRED = 9,  /* what a path waited for cannot come in time any more: see bound */
  TOCSIN_TRACE_MATCH = 10,   /* a path is complete */
  TOCSIN_TRACE_OVER = 11,    /* the input is over, and a path still waited for the label */
  TOCSIN_TRACE_TOO_LATE = 12, /* the row would be under the label, but the path that waited for it has expired */
  TOCSIN_TRACE_OTHER_KEY = 13, /* the row would be under the label that a path waits for, but has another key */
  TOCSIN_TRACE_REPORT = 14,  /* a complete path is the match of its start, and reported */
  TOCSIN_TRACE_TIMEOUT = 15, /* or what timed out is (SHOW TIMEOUT MATCHES) */
  TOCSIN_TRACE_SWALLOWED = 16 /* a path ends, as it began in a match that was reported */
} tocsin_trace_kind;

typedef enum tocsin_trace_bound {
  TOCSIN_TRACE_NO_BOUND = 0,
  TOCSIN_TRACE_WITHIN = 1,
  TOCSIN_TRACE_WITHIN_ROWS = 2,
  TOCSIN_TRACE_GAP = 3,
  TOCSIN_TRACE_WINDOW = 4
} tocsin_trace_bound;

/* An element of a path. */
typedef struct tocsin_trace_step {
  const char *label; /* NULL: a timer */
  int64_t row;       /* its number in the partition, from 1; of a timer 0 */
  int64_t time;      /* of a timer; of a row 0 */
} tocsin_trace_step;

/* All that it points at is valid during the call. */
typedef struct tocsin_trace_event {
  tocsin_trace_kind kind;
  size_t pattern;
  const tocsin_value *key; /* values of PARTITION BY */
  size_t key_count;
  int64_t row;  /* the number of the row in its partition, from 1; 0: no row, the time */
  int64_t time; /* of the row, or at which it happens; as in run.h */
  const tocsin_trace_step *steps; /* of the path, as it was before */
  size_t step_count;
  const char *label;   /* "": none */
  const char *absence; /* KILLED, UNFIT: the label that must not be; "" */
  tocsin_trace_bound bound;
  int64_t bound_time; /* EARLY: from which time on; EXPIRED, TOO_LATE: at which it ended */
  /* UNFIT, REFUSE, STRICT: the part of the condition that is not TRUE, as it was written, up to the next AND. */
  const char *condition;
  size_t condition_length; /* 0: the condition has no text, or TRUE would not help */
  int is_null;             /* that part is NULL, else FALSE */
  /* What it read: of a comparison its sides (the second constant or not), else columns of the row.
   * ROW, OTHER_KEY: the columns that the pattern reads, but for its time. */
  const tocsin_value *values;
  const char *const *names; /* of the columns, "" where they have none; NULL: sides of a comparison */
  size_t value_count;
  int right_constant;
  size_t passed; /* parts of the condition that are TRUE before it */
  /* ROW: labels whose conditions hold, of those that read their own row alone. */
  const char *const *labels;
  size_t label_count;
} tocsin_trace_event;

typedef struct tocsin_tracer {
  void (*tell)(void *context, const tocsin_trace_event *event);
  /* Whether the paths of a key are to be told; NULL: of all. Where some are not, rows of
   * other keys are tried for OTHER_KEY. */
  int (*wants)(void *context, size_t pattern, const tocsin_value *key, size_t count);
  void *context;
} tocsin_tracer;

#ifdef __cplusplus
}
#endif
#endif
