/* How wide text is on a terminal: without locale, by a short table of ranges. */
#ifndef TSN_IO_WIDTH_H
#define TSN_IO_WIDTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Columns that well-formed UTF-8 takes: wide East Asian characters and emoji two, marks none. */
size_t tsn_width(const char *text, size_t length);

/* Bytes of text that fit into `width` columns; *used: how many they take. */
size_t tsn_width_fit(const char *text, size_t length, size_t width, size_t *used);

/* Appends text so that no byte of it moves the cursor or turns the direction of
 * writing: control characters as \n or \x1b, what is no UTF-8 as U+FFFD. At most
 * `most` bytes of it, then an ellipsis. */
void tsn_width_tame(tsn_bytes *out, const char *text, size_t length, size_t most);

#endif
