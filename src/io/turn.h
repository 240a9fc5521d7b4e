/* Whose turn it is among sources of rows: the one whose next row is earliest, and at equal times the one that was named first
 * (language page, section 8). Hosts differ in what a source is; the order is one.
 *
 *   tsn_turn turn = TSN_TURN;
 *   for each source with rows at hand, in the order of their names: tsn_turn_see(&turn, number, time of its next row);
 *   if (turn.any) the rows of source number turn.who go, as long as tsn_turn_goes(&turn, time of the row) */
#ifndef TSN_IO_TURN_H
#define TSN_IO_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tsn_turn {
  bool any;
  size_t who;
  int64_t least;   /* its next time */
  int64_t bound;   /* the first time of the others; INT64_MAX */
  bool with_equal; /* rows of that very time may go too */
} tsn_turn;

#define TSN_TURN ((tsn_turn){ .bound = INT64_MAX, .with_equal = true })

static inline void tsn_turn_see(tsn_turn *t, size_t who, int64_t time)
{
  if (t->any && time >= t->least) {
    if (time < t->bound) t->bound = time, t->with_equal = true; /* it comes behind at equal times */
    return;
  }
  if (t->any) t->bound = t->least, t->with_equal = false; /* the one so far comes before at equal times */
  t->any = true;
  t->who = who;
  t->least = time;
}

/* No other source has rows at hand. */
static inline bool tsn_turn_alone(const tsn_turn *t) { return t->bound == INT64_MAX && t->with_equal; }

static inline bool tsn_turn_goes(const tsn_turn *t, int64_t time) { return time < t->bound || (time == t->bound && t->with_equal); }

#endif
