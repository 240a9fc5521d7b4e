/* HASH: a BIGINT that is the same on every machine and in every release.
 *
 * XXH64 with seed 0 (Y. Collet, "xxHash fast digest algorithm", specification
 * 0.1.1, chapter "XXH64 algorithm description"), its 64 bits read as a BIGINT.
 * What is hashed: the bytes of a TEXT; eight bytes, the lowest first, of a BIGINT,
 * TIMESTAMP, INTERVAL (two's complement) or DOUBLE (IEEE 754; -0.0 as 0.0); one
 * byte, 0 or 1, of a BOOLEAN. */
#include "run/function.h"

#include <string.h>

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t turn(uint64_t x, unsigned bits) { return x << bits | x >> (64 - bits); }

static uint64_t read_bytes(const unsigned char *p, unsigned count)
{
  uint64_t x = 0;
  unsigned i;
  for (i = 0; i < count; i++) x |= (uint64_t)p[i] << (8 * i);
  return x;
}

static uint64_t mix(uint64_t lane, uint64_t input) { return turn(lane + input * PRIME_2, 31) * PRIME_1; }

static uint64_t merge(uint64_t h, uint64_t lane) { return (h ^ mix(0, lane)) * PRIME_1 + PRIME_4; }

static uint64_t xxh64(const unsigned char *p, size_t length)
{
  const unsigned char *end = p + length;
  uint64_t h = PRIME_5;
  if (length >= 32) {
    uint64_t lanes[4] = {PRIME_1 + PRIME_2, PRIME_2, 0, 0 - PRIME_1};
    unsigned i;
    for (; end - p >= 32; p += 32)
      for (i = 0; i < 4; i++) lanes[i] = mix(lanes[i], read_bytes(p + 8 * i, 8));
    h = turn(lanes[0], 1) + turn(lanes[1], 7) + turn(lanes[2], 12) + turn(lanes[3], 18);
    for (i = 0; i < 4; i++) h = merge(h, lanes[i]);
  }
  h += length;
  for (; end - p >= 8; p += 8) h = turn(h ^ mix(0, read_bytes(p, 8)), 27) * PRIME_1 + PRIME_4;
  if (end - p >= 4) {
    h = turn(h ^ read_bytes(p, 4) * PRIME_1, 23) * PRIME_2 + PRIME_3;
    p += 4;
  }
  for (; p < end; p++) h = turn(h ^ *p * PRIME_5, 11) * PRIME_1;
  h = (h ^ h >> 33) * PRIME_2;
  h = (h ^ h >> 29) * PRIME_3;
  return h ^ h >> 32;
}

bool tsn_fn_hash(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out)
{
  unsigned char bytes[8];
  uint64_t word = (uint64_t)args->v.i, h;
  unsigned i;
  (void)r;
  if (tsn_is_text(in->x)) {
    h = xxh64((const unsigned char *)(args->length ? args->v.s : ""), args->length);
  } else {
    double d = args->v.d == 0 ? 0.0 : args->v.d;
    if (in->x == TOCSIN_DOUBLE) memcpy(&word, &d, sizeof word);
    for (i = 0; i < 8; i++) bytes[i] = (unsigned char)(word >> (8 * i));
    h = xxh64(bytes, in->x == TOCSIN_BOOLEAN ? 1 : 8);
  }
  *out = (tsn_cell){.v.i = (int64_t)h};
  return true;
}
