/* One value out of a JSON text, by a path as columns have: $.a.b[0]."c d".
 *
 * The whole text is read, so that a text that is no JSON gives nothing; of
 * members of one name the last counts, as where rows are read. No tree is made
 * and no memory taken; objects and arrays nest at most TSN_JSON_VALUE_DEPTH deep. */
#ifndef TSN_BASE_JSON_VALUE_H
#define TSN_BASE_JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TSN_JSON_VALUE_DEPTH 200

typedef struct tsn_json_piece {
  const char *text; /* in the JSON text: a number or word as written, a string without its quotes */
  size_t length;
  bool is_string; /* may hold escapes: tsn_json_value_text() */
} tsn_json_piece;

/* Whether a text is a path: $, then .name, ."any name", [n], ["name"] or ['name'] again and again. */
bool tsn_json_value_path(const char *path, size_t length);

/* false: no JSON, no such member or item, or it is null, an object or an array. */
bool tsn_json_value_find(const char *json, size_t length, const char *path, size_t path_length, tsn_json_piece *out);

/* The characters of a string, escapes undone; out has room for piece->length bytes. Answers their length. */
size_t tsn_json_value_text(const tsn_json_piece *piece, char *out);

#endif
