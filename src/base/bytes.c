/* The growing buffer: see bytes.h.
 *
 * Whoever reserves keeps one byte more than asked for, so that the NUL of
 * tsn_bytes_cstr() always has its place, also in a full buffer. */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool fail(tsn_bytes *b, tocsin_status status)
{
  if (b->failed == TOCSIN_OK) b->failed = status;
  return false;
}

static bool reserve(tsn_bytes *b, size_t more)
{
  const size_t max = b->max ? b->max : PTRDIFF_MAX - 1;
  void *data = b->data;

  if (b->failed != TOCSIN_OK) return false;
  if (more > max || b->length > max - more) return fail(b, TOCSIN_LIMIT);
  if (b->length + more + 1 <= b->cap) return true;
  if (!tsn_alloc_grow(b->alloc, &data, &b->cap, b->length + more + 1, 1)) return fail(b, TOCSIN_NOMEM);
  b->data = data;
  return true;
}

void tsn_bytes_init(tsn_bytes *b, tsn_alloc *alloc, size_t max)
{
  *b = (tsn_bytes){ .alloc = alloc, .max = max, .failed = TOCSIN_OK };
}

void tsn_bytes_clear(tsn_bytes *b)
{
  tsn_alloc_free(b->alloc, b->data, b->cap);
  tsn_bytes_init(b, b->alloc, b->max);
}

void tsn_bytes_reset(tsn_bytes *b)
{
  b->length = 0;
  b->failed = TOCSIN_OK;
}

void *tsn_bytes_extend(tsn_bytes *b, size_t length)
{
  char *room;

  if (!reserve(b, length)) return NULL;
  room = b->data + b->length;
  b->length += length;
  return room;
}

void tsn_bytes_append(tsn_bytes *b, const void *bytes, size_t length)
{
  char *room;

  if (length == 0) return;
  room = tsn_bytes_extend(b, length);
  if (room) memcpy(room, bytes, length);
}

void tsn_bytes_text(tsn_bytes *b, const char *text)
{
  tsn_bytes_append(b, text, strlen(text));
}

void tsn_bytes_char(tsn_bytes *b, char c)
{
  if (reserve(b, 1)) b->data[b->length++] = c;
}

void tsn_bytes_fill(tsn_bytes *b, char c, size_t count)
{
  char *room = tsn_bytes_extend(b, count);

  if (room) memset(room, c, count);
}

void tsn_bytes_printf(tsn_bytes *b, const char *format, ...)
{
  va_list args;
  int length;

  if (b->failed != TOCSIN_OK) return;
  va_start(args, format);
  length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0) {
    fail(b, TOCSIN_NOMEM);
    return;
  }
  if (!reserve(b, (size_t)length)) return;
  va_start(args, format);
  vsnprintf(b->data + b->length, (size_t)length + 1, format, args);
  va_end(args);
  b->length += (size_t)length;
}

const char *tsn_bytes_cstr(tsn_bytes *b)
{
  if (!reserve(b, 0)) return "";
  b->data[b->length] = '\0';
  return b->data;
}

void tsn_word_put(void *bytes, uint64_t word)
{
  unsigned char *at = bytes;
  int k;
  for (k = 0; k < 8; k++) at[k] = (unsigned char)(word >> 8 * k);
}

void tsn_bytes_word(tsn_bytes *b, uint64_t word)
{
  unsigned char bytes[8];
  tsn_word_put(bytes, word);
  tsn_bytes_append(b, bytes, sizeof bytes);
}

uint64_t tsn_word_at(const void *bytes)
{
  const unsigned char *at = bytes;
  uint64_t word = 0;
  int k;
  for (k = 0; k < 8; k++) word |= (uint64_t)at[k] << 8 * k;
  return word;
}
