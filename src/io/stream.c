/* Unpacking with zlib and zstd: see stream.h. */
#include "io/stream.h"

#include <stdio.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

struct tsn_stream {
  tsn_alloc *alloc;
  tsn_packing packing;
  char *chunk;
  size_t chunk_size;
  z_stream gzip;
  bool gzip_ready;
  ZSTD_DStream *zstd;
  uint64_t taken; /* packed bytes */
  bool between;   /* no member or frame is open */
  bool pending;   /* the chunk was filled: there may be more without more input */
  bool padding;   /* zeros behind the last member */
  tocsin_status failed;
  char message[160];
};

/* zlib frees without the size: each block begins with it, in a space that keeps alignment. */
#define BLOCK_HEAD 16

static void *gzip_alloc(void *context, unsigned count, unsigned size)
{
  size_t total = BLOCK_HEAD + (size_t)count * size;
  char *block = tsn_alloc_resize(context, NULL, 0, total);

  if (!block) return NULL;
  memcpy(block, &total, sizeof total);
  memset(block + BLOCK_HEAD, 0, total - BLOCK_HEAD);
  return block + BLOCK_HEAD;
}

static void gzip_free(void *context, void *block)
{
  size_t total;

  if (!block) return;
  memcpy(&total, (char *)block - BLOCK_HEAD, sizeof total);
  tsn_alloc_free(context, (char *)block - BLOCK_HEAD, total);
}

tocsin_status tsn_stream_new(tsn_alloc *alloc, tsn_packing packing, size_t chunk, tsn_stream **out)
{
  tsn_stream *s = tsn_alloc_array(alloc, 1, sizeof *s);
  bool ready = false;

  *out = s;
  if (!s) return TOCSIN_NOMEM;
  s->alloc = alloc;
  s->packing = packing;
  s->between = true;
  s->chunk_size = chunk;
  s->chunk = tsn_alloc_array(alloc, chunk, 1);
  if (s->chunk && packing == TSN_GZIP) {
    s->gzip.zalloc = gzip_alloc;
    s->gzip.zfree = gzip_free;
    s->gzip.opaque = alloc;
    ready = s->gzip_ready = inflateInit2(&s->gzip, 15 + 16) == Z_OK; /* 16: gzip, and no other */
  } else if (s->chunk) {
    s->zstd = ZSTD_createDStream(); /* its hook for allocators is not in the stable interface */
    ready = s->zstd != NULL;
  }
  if (ready) return TOCSIN_OK;
  tsn_stream_free(s);
  *out = NULL;
  return TOCSIN_NOMEM;
}

void tsn_stream_free(tsn_stream *s)
{
  if (!s) return;
  if (s->gzip_ready) inflateEnd(&s->gzip);
  ZSTD_freeDStream(s->zstd);
  tsn_alloc_free(s->alloc, s->chunk, s->chunk_size);
  tsn_alloc_free(s->alloc, s, sizeof *s);
}

const char *tsn_stream_message(const tsn_stream *s)
{
  return s->message;
}

static tocsin_status damaged(tsn_stream *s, const char *how)
{
  snprintf(s->message, sizeof s->message, "damaged near byte %llu: %s", (unsigned long long)s->taken, how);
  return s->failed = TOCSIN_CORRUPT;
}

/* Moves past what was used of the input. */
static void take(tsn_stream *s, const char **bytes, size_t *length, size_t used)
{
  *bytes += used;
  *length -= used;
  s->taken += used;
}

static tocsin_status next_gzip(tsn_stream *s, const char **bytes, size_t *length, size_t *plain)
{
  size_t given = *length < UINT32_MAX / 2 ? *length : UINT32_MAX / 2;
  int result;

  s->gzip.next_in = (const unsigned char *)*bytes;
  s->gzip.avail_in = (unsigned)given;
  s->gzip.next_out = (unsigned char *)s->chunk;
  s->gzip.avail_out = (unsigned)s->chunk_size;
  result = inflate(&s->gzip, Z_NO_FLUSH);
  take(s, bytes, length, given - s->gzip.avail_in);
  *plain = s->chunk_size - s->gzip.avail_out;
  s->pending = s->gzip.avail_out == 0;
  switch (result) {
  case Z_STREAM_END:
    s->between = true;
    s->pending = false;
    if (inflateReset(&s->gzip) != Z_OK) return damaged(s, "zlib cannot go on");
    return TOCSIN_OK;
  case Z_OK:
  case Z_BUF_ERROR: /* nothing to do without more input */
    return TOCSIN_OK;
  case Z_MEM_ERROR:
    return s->failed = TOCSIN_NOMEM;
  default:
    return damaged(s, s->gzip.msg ? s->gzip.msg : "no gzip data");
  }
}

static tocsin_status next_zstd(tsn_stream *s, const char **bytes, size_t *length, size_t *plain)
{
  ZSTD_inBuffer in = { *bytes, *length, 0 };
  ZSTD_outBuffer out = { s->chunk, s->chunk_size, 0 };
  size_t result = ZSTD_decompressStream(s->zstd, &out, &in);

  take(s, bytes, length, in.pos);
  *plain = out.pos;
  s->pending = out.pos == out.size;
  if (ZSTD_isError(result)) return damaged(s, ZSTD_getErrorName(result));
  if (result == 0) {
    s->between = true;
    s->pending = false;
  }
  return TOCSIN_OK;
}

tocsin_status tsn_stream_next(tsn_stream *s, const char **bytes, size_t *length, const char **plain,
                              size_t *plain_length)
{
  tocsin_status st = TOCSIN_OK;

  *plain = s->chunk;
  *plain_length = 0;
  if (s->failed != TOCSIN_OK) return s->failed;
  while (st == TOCSIN_OK && *plain_length == 0 && (*length || s->pending)) {
    if (s->between && (s->taken || s->padding)) { /* behind a member */
      size_t zeros = 0;
      while (zeros < *length && (*bytes)[zeros] == 0) zeros++;
      s->padding |= zeros > 0;
      take(s, bytes, length, zeros);
      if (*length == 0) break;
      if (s->padding) return damaged(s, "data behind the padding");
    }
    s->between = false;
    st = s->packing == TSN_GZIP ? next_gzip(s, bytes, length, plain_length) : next_zstd(s, bytes, length, plain_length);
  }
  return st;
}

tocsin_status tsn_stream_feed(tsn_stream *s, const char *bytes, size_t length, tsn_stream_sink sink, void *context)
{
  tocsin_status st = TOCSIN_OK;

  while (st == TOCSIN_OK) {
    const char *plain;
    size_t plain_length;
    st = tsn_stream_next(s, &bytes, &length, &plain, &plain_length);
    if (plain_length == 0) break;
    if (st == TOCSIN_OK) st = sink(context, plain, plain_length);
  }
  return st;
}

tocsin_status tsn_stream_finish(tsn_stream *s)
{
  if (s->failed != TOCSIN_OK) return s->failed;
  if (s->between && s->taken) return TOCSIN_OK;
  snprintf(s->message, sizeof s->message, s->taken ? "cut off after byte %llu" : "empty: no packed data",
           (unsigned long long)s->taken);
  return s->failed = TOCSIN_CORRUPT;
}
