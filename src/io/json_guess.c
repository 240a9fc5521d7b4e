/* Members as before: see json_guess.h. */
#include "io/json_guess.h"

bool tsn_json_guess_learn(tsn_json_guesses *all, size_t at, const char *gap, size_t length, size_t name_at,
                          tsn_json_node *child)
{
  tsn_json_guess *g;

  if (length > TSN_JSON_GAP || at >= TSN_JSON_GUESSES) return false;
  g = &all->items[at];
  if (all->count < TSN_JSON_GUESSES) { /* else the one that was there is forgotten */
    memmove(g + 1, g, (all->count - at) * sizeof *g);
    all->count++;
  }
  *g = (tsn_json_guess){ .length = (uint8_t)length, .name_at = (uint8_t)name_at, .child = child };
  memcpy(g->text, gap, length);
  memset(g->mask, 0xff, length);
  return true;
}
