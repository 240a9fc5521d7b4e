/* A growing byte buffer with a maximum.
 *
 * It remembers its first failure (NOMEM, or LIMIT past the maximum); later
 * appends are ignored, and one check at the end suffices. */
#ifndef TSN_BASE_BYTES_H
#define TSN_BASE_BYTES_H

#include "base/alloc.h"

typedef struct tsn_bytes {
  tsn_alloc *alloc;
  char *data;
  size_t length, cap, max;
  tocsin_status failed;
} tsn_bytes;

void tsn_bytes_init(tsn_bytes *b, tsn_alloc *alloc, size_t max); /* max 0: as large as an object can be */
void tsn_bytes_clear(tsn_bytes *b); /* frees; the buffer is empty and usable again */
void tsn_bytes_reset(tsn_bytes *b); /* keeps the memory, forgets content and failure */

void tsn_bytes_append(tsn_bytes *b, const void *bytes, size_t length);
void tsn_bytes_text(tsn_bytes *b, const char *text); /* NUL-terminated */
void tsn_bytes_char(tsn_bytes *b, char c);
void tsn_bytes_fill(tsn_bytes *b, char c, size_t count);
/* Numbers with a fraction go through tsn_format_double(): %f and %g obey the locale. */
void tsn_bytes_printf(tsn_bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A number as eight bytes, the least first; and back. */
void tsn_bytes_word(tsn_bytes *b, uint64_t word);
void tsn_word_put(void *bytes, uint64_t word);
uint64_t tsn_word_at(const void *bytes);

/* Room for `length` more bytes, uninitialised; NULL on failure. */
void *tsn_bytes_extend(tsn_bytes *b, size_t length);
/* Puts a NUL behind the content (not counted) and answers the content; "" on failure. */
const char *tsn_bytes_cstr(tsn_bytes *b);

#endif
