/* Numbers, texts and cells as bytes, in both directions: one description of a record writes it and reads it.
 *
 * Numbers are little-endian in groups of seven bits, the last one without its high bit; a signed one is folded (0, -1, 1, -2, ...);
 * a double is eight bytes. What is read is checked where it is read: a reader that has met something impossible is `bad`, and
 * gives zeros from then on, so that callers look once, behind a record - and before a count is used. */
#ifndef TSN_STATE_CODEC_H
#define TSN_STATE_CODEC_H

#include "base/bytes.h"
#include "run/run.h"

typedef struct tsn_codec {
  bool loading;
  bool bad;       /* loading: the bytes are not what they claim to be, */
  bool nomem;     /* or, without a run, there is no memory for them */
  tsn_run *r;     /* whose texts cells name; NULL where there are none */
  tsn_bytes *out; /* saving */
  const uint8_t *at, *end; /* loading */
  int64_t piece; /* loading: when the piece of a window before a partition began */
} tsn_codec;

static inline void tsn_codec_save(tsn_codec *c, tsn_run *r, tsn_bytes *out) { *c = (tsn_codec){.r = r, .out = out}; }
static inline void tsn_codec_load(tsn_codec *c, tsn_run *r, const void *bytes, size_t size)
{
  *c = (tsn_codec){.loading = true, .r = r, .at = bytes, .end = (const uint8_t *)bytes + size};
}
/* Loading: nothing was bad so far. Saving: no memory was missing. */
static inline bool tsn_codec_good(const tsn_codec *c) { return c->loading ? !c->bad && !(c->r && c->r->status) : c->out->failed == TOCSIN_OK; }
/* It must hold of what was read. */
static inline void tsn_code_check(tsn_codec *c, bool truth) { c->bad = c->bad || !truth; }

void tsn_code_u64(tsn_codec *c, uint64_t *v);
void tsn_code_i64(tsn_codec *c, int64_t *v);
/* At most `most`. */
void tsn_code_u32(tsn_codec *c, uint32_t *v, uint32_t most);
void tsn_code_bool(tsn_codec *c, bool *v);
/* A handle less than `count`, or TSN_NONE. */
void tsn_code_handle(tsn_codec *c, uint32_t *v, uint32_t count);
/* How many records follow, each of a byte or more. */
void tsn_code_count(tsn_codec *c, size_t *count);
void tsn_code_raw(tsn_codec *c, void *bytes, size_t size);
/* Eight bytes, as in names. */
void tsn_code_word(tsn_codec *c, uint64_t *word);
/* Loading: where so many bytes lie; NULL if there are not so many. */
const void *tsn_code_take(tsn_codec *c, size_t size);
/* A stored cell, of a text or not. */
void tsn_code_cell(tsn_codec *c, tsn_cell *cell, bool is_text);
/* A loaded one: its text is good as long as the bytes that are read. */
void tsn_code_loaded(tsn_codec *c, tsn_cell *cell, bool is_text);

/* CRC-32C (Castagnoli; the polynomial 0x1EDC6F41 of RFC 3720): no single flipped bit escapes it, whatever the length. */
uint32_t tsn_crc32c(uint32_t before, const void *bytes, size_t size);

#endif
