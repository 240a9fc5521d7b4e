/* Capital and small letters, one character for one: the simple case mappings of
 * the Unicode Character Database 14.0 (UnicodeData.txt, fields 12 and 13), all
 * scripts. What takes more than one character or depends on its place or on a
 * language stays: the sharp s has no capital here, I always becomes i. */
#ifndef TSN_BASE_LETTERS_H
#define TSN_BASE_LETTERS_H

#include <stddef.h>
#include <stdint.h>

uint32_t tsn_letter_upper(uint32_t code);
uint32_t tsn_letter_lower(uint32_t code);

/* Maps a whole text; out has room for length * 3 / 2 + 4 bytes, as no character of
 * two bytes grows by more than one and no other grows. Bytes that are no UTF-8
 * stay as they are. Answers the length. */
size_t tsn_letters_upper(const char *text, size_t length, char *out);
size_t tsn_letters_lower(const char *text, size_t length, char *out);

#endif
