/* See codec.h. */
#include <string.h>

#include "state/codec.h"

static void put(tsn_codec *c, uint64_t v)
{
  uint8_t bytes[10];
  size_t n = 0;
  do {
    bytes[n] = (uint8_t)(v & 0x7f) | (v > 0x7f ? 0x80 : 0);
    v >>= 7;
  } while (bytes[n++] & 0x80);
  tsn_bytes_append(c->out, bytes, n);
}

static uint64_t get(tsn_codec *c)
{
  uint64_t v = 0;
  unsigned shift;
  for (shift = 0; c->at < c->end && shift < 64; shift += 7) {
    uint8_t byte = *c->at++;
    v |= (uint64_t)(byte & 0x7f) << shift;
    if (byte & 0x80) continue;
    if (c->bad || (shift == 63 && byte > 1)) break;
    return v;
  }
  c->bad = true;
  c->at = c->end;
  return 0;
}

void tsn_code_u64(tsn_codec *c, uint64_t *v)
{
  if (c->loading) *v = get(c);
  else put(c, *v);
}

void tsn_code_i64(tsn_codec *c, int64_t *v)
{
  uint64_t folded;
  if (c->loading) {
    folded = get(c);
    *v = (int64_t)(folded >> 1 ^ (0 - (folded & 1)));
  } else {
    put(c, (uint64_t)*v << 1 ^ (0 - ((uint64_t)*v >> 63)));
  }
}

void tsn_code_u32(tsn_codec *c, uint32_t *v, uint32_t most)
{
  uint64_t wide = *v;
  tsn_code_u64(c, &wide);
  if (!c->loading) return;
  tsn_code_check(c, wide <= most);
  *v = c->bad ? 0 : (uint32_t)wide;
}

void tsn_code_bool(tsn_codec *c, bool *v)
{
  uint32_t n = *v;
  tsn_code_u32(c, &n, 1);
  if (c->loading) *v = n != 0;
}

void tsn_code_handle(tsn_codec *c, uint32_t *v, uint32_t count)
{
  uint64_t wide = (uint64_t)*v + 1;
  if (!c->loading) {
    put(c, *v == TSN_NONE ? 0 : wide);
    return;
  }
  wide = get(c);
  tsn_code_check(c, wide <= count);
  *v = wide == 0 || c->bad ? TSN_NONE : (uint32_t)(wide - 1);
}

void tsn_code_count(tsn_codec *c, size_t *count)
{
  uint64_t wide = *count;
  tsn_code_u64(c, &wide);
  if (!c->loading) return;
  tsn_code_check(c, wide <= (uint64_t)(c->end - c->at));
  *count = c->bad ? 0 : (size_t)wide;
}

const void *tsn_code_take(tsn_codec *c, size_t size)
{
  const void *at = c->at;
  if (c->bad || size > (size_t)(c->end - c->at)) {
    c->bad = true;
    c->at = c->end;
    return NULL;
  }
  c->at += size;
  return at;
}

void tsn_code_raw(tsn_codec *c, void *bytes, size_t size)
{
  const void *from;
  if (!c->loading) {
    tsn_bytes_append(c->out, bytes, size);
  } else if ((from = tsn_code_take(c, size)) != NULL) {
    if (size) memcpy(bytes, from, size);
  } else {
    memset(bytes, 0, size);
  }
}

void tsn_code_word(tsn_codec *c, uint64_t *word)
{
  const void *from;
  if (!c->loading) tsn_bytes_word(c->out, *word);
  else *word = (from = tsn_code_take(c, sizeof *word)) != NULL ? tsn_word_at(from) : 0;
}

/* ---- cells ---- */

enum { CELL_NULL, CELL_WHOLE, CELL_BITS, CELL_TEXT };
#define WHOLE_MOST ((int64_t)1 << 48) /* a larger one is no shorter than its bits */

static void put_cell(tsn_codec *c, const tsn_cell *cell, bool is_text, const char *text)
{
  int64_t whole = cell->v.i;
  if (cell->null) {
    put(c, CELL_NULL);
  } else if (is_text) {
    put(c, CELL_TEXT);
    put(c, cell->length);
    if (cell->length) tsn_bytes_append(c->out, text, cell->length);
  } else if (whole > -WHOLE_MOST && whole < WHOLE_MOST) {
    put(c, CELL_WHOLE);
    tsn_code_i64(c, &whole);
  } else {
    put(c, CELL_BITS);
    tsn_bytes_word(c->out, (uint64_t)whole);
  }
}

static void get_cell(tsn_codec *c, tsn_cell *cell, bool is_text)
{
  uint64_t bits, length;
  *cell = (tsn_cell){.null = 1};
  switch (get(c)) {
  case CELL_NULL: return;
  case CELL_WHOLE:
    tsn_code_check(c, !is_text);
    tsn_code_i64(c, &cell->v.i);
    break;
  case CELL_BITS:
    tsn_code_check(c, !is_text);
    tsn_code_word(c, &bits);
    cell->v.i = (int64_t)bits;
    break;
  case CELL_TEXT:
    length = get(c);
    tsn_code_check(c, is_text && length <= UINT32_MAX);
    if (!(cell->v.s = tsn_code_take(c, c->bad ? 0 : (size_t)length))) cell->v.s = "";
    cell->length = c->bad ? 0 : (uint32_t)length;
    break;
  default: c->bad = true;
  }
  cell->null = c->bad;
}

void tsn_code_loaded(tsn_codec *c, tsn_cell *cell, bool is_text)
{
  if (c->loading) get_cell(c, cell, is_text);
  else put_cell(c, cell, is_text, cell->v.s);
}

void tsn_code_cell(tsn_codec *c, tsn_cell *cell, bool is_text)
{
  if (!c->loading) {
    put_cell(c, cell, is_text, is_text && !cell->null ? c->r->texts.data + cell->v.at : NULL);
    return;
  }
  get_cell(c, cell, is_text);
  if (is_text && !tsn_texts_put(c->r, cell)) *cell = (tsn_cell){.null = 1};
}

/* ---- checksum ---- */

uint32_t tsn_crc32c(uint32_t before, const void *bytes, size_t size)
{
  static const uint32_t nibble[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
                                      0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
  const uint8_t *at = bytes;
  uint32_t crc = ~before;
  size_t i;
  for (i = 0; i < size; i++) {
    crc ^= at[i];
    crc = crc >> 4 ^ nibble[crc & 15];
    crc = crc >> 4 ^ nibble[crc & 15];
  }
  return ~crc;
}
