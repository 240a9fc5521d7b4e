/* The members of an object as the lines before had them.
 *
 *   {"ts": 1459084326000, "event": "accepted", "user": "ubuntu"}
 *   ^^^^^^^             ^^^^^^^^^^^          ^^^^^^^^^^
 *   gap 0               gap 1                gap 2
 *
 * What stands between two values is mostly the same, to the byte, from line to line.
 * So it is compared, not parsed: where it is the same it was parsed before, and leads
 * to the same node. Members that are not there are passed over; others are learnt. */
#ifndef TSN_IO_JSON_GUESS_H
#define TSN_IO_JSON_GUESS_H

#include "io/cell.h"
#include "io/json_path.h"

#define TSN_JSON_GAP 32     /* bytes of a gap that is learnt, at most */
#define TSN_JSON_GUESSES 64 /* of an object */

typedef struct tsn_json_guess {
  uint64_t text[TSN_JSON_GAP / 8], mask[TSN_JSON_GAP / 8]; /* bytes that count are ones in the mask */
  uint8_t length, name_at; /* name_at: of the name's quote */
  tsn_json_node *child;    /* NULL: of no column */
} tsn_json_guess;

typedef struct tsn_json_guesses {
  size_t count;
  tsn_json_guess items[TSN_JSON_GUESSES];
} tsn_json_guesses;

/* TSN_JSON_GAP bytes from p on are readable. */
static inline bool tsn_json_is_gap(const tsn_json_guess *g, const char *p)
{
  uint64_t other = 0;

  for (size_t i = 0; i < 2; i++) other |= (tsn_load_word(p + 8 * i) ^ g->text[i]) & g->mask[i];
  if (g->length > 16)
    for (size_t i = 2; i < 4; i++) other |= (tsn_load_word(p + 8 * i) ^ g->text[i]) & g->mask[i];
  return other == 0;
}

/* The guess that fits, the one at *at or one of the next few; *at moves to it. */
static inline const tsn_json_guess *tsn_json_guess_find(const tsn_json_guesses *all, size_t *at, const char *p)
{
  for (size_t i = *at; i < all->count && i < *at + 4; i++) {
    if (!tsn_json_is_gap(&all->items[i], p)) continue;
    *at = i;
    return &all->items[i];
  }
  return NULL;
}

/* What led to a child, from the end of the value before, for place `at`. false: it is too long, or there are too many. */
bool tsn_json_guess_learn(tsn_json_guesses *all, size_t at, const char *gap, size_t length, size_t name_at,
                          tsn_json_node *child);

#endif
