#include "io/stream.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bytes.h"
#include "t.h"

static tsn_alloc alloc;

static int fresh(void **state)
{
  (void)state;
  tsn_alloc_init(&alloc, NULL);
  return 0;
}

static int nothing_left(void **state)
{
  (void)state;
  return alloc.used == 0 ? 0 : 1;
}

static size_t pack(tsn_packing packing, const char *text, size_t length, char *out, size_t room)
{
  z_stream z = { .next_in = (unsigned char *)(uintptr_t)text, .avail_in = (unsigned)length };

  if (packing == TSN_ZSTD) {
    size_t size = ZSTD_compress(out, room, text, length, 3);
    assert_false(ZSTD_isError(size));
    return size;
  }
  assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_out = (unsigned char *)out;
  z.avail_out = (unsigned)room;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  deflateEnd(&z);
  return room - z.avail_out;
}

static tocsin_status collect(void *context, const char *bytes, size_t length)
{
  tsn_bytes *out = context;
  tsn_bytes_append(out, bytes, length);
  return out->failed;
}

static tocsin_status unpack(tsn_packing packing, const char *packed, size_t length, size_t piece, tsn_bytes *out,
                            char *message)
{
  tsn_stream *s;
  tocsin_status st = tsn_stream_new(&alloc, packing, 100, &s);

  tsn_bytes_reset(out);
  for (size_t at = 0; st == TOCSIN_OK && at < length; at += piece)
    st = tsn_stream_feed(s, packed + at, length - at < piece ? length - at : piece, collect, out);
  if (st == TOCSIN_OK) st = tsn_stream_finish(s);
  strcpy(message, tsn_stream_message(s));
  tsn_stream_free(s);
  return st;
}

static void members_follow_each_other(void **state)
{
  char text[5000], packed[12000], message[160];
  size_t first, length;
  tsn_bytes out;

  (void)state;
  for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('a' + i * i % 23);
  tsn_bytes_init(&out, &alloc, 0);
  for (tsn_packing packing = TSN_GZIP; packing <= TSN_ZSTD; packing++) {
    first = pack(packing, text, 3000, packed, sizeof packed);
    length = first + pack(packing, text + 3000, 2000, packed + first, sizeof packed - first);
    for (size_t piece = 1; piece < 2 * length; piece = piece * 3 + 1) {
      assert_int_equal(unpack(packing, packed, length, piece, &out, message), TOCSIN_OK);
      assert_int_equal(out.length, sizeof text);
      assert_memory_equal(out.data, text, sizeof text);
      assert_string_equal(message, "");
    }
    memset(packed + length, 0, 512); /* as tapes and block devices pad */
    assert_int_equal(unpack(packing, packed, length + 512, 7, &out, message), TOCSIN_OK);
    assert_int_equal(out.length, sizeof text);
    packed[length + 512] = 'x';
    assert_int_equal(unpack(packing, packed, length + 513, 7, &out, message), TOCSIN_CORRUPT);
  }
  tsn_bytes_clear(&out);
}

static void damage_is_named(void **state)
{
  char text[5000], packed[12000], message[160], wanted[160];
  tsn_bytes out;

  (void)state;
  for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('a' + i * i * i % 25);
  tsn_bytes_init(&out, &alloc, 0);
  for (tsn_packing packing = TSN_GZIP; packing <= TSN_ZSTD; packing++) {
    size_t length = pack(packing, text, sizeof text, packed, sizeof packed);
    for (size_t cut = 1; cut < length; cut++) {
      assert_int_equal(unpack(packing, packed, cut, 50, &out, message), TOCSIN_CORRUPT);
      snprintf(wanted, sizeof wanted, "cut off after byte %zu", cut);
      assert_string_equal(message, wanted);
    }
    assert_int_equal(unpack(packing, packed, 0, 50, &out, message), TOCSIN_CORRUPT);
    assert_string_equal(message, "empty: no packed data");
    assert_int_equal(unpack(packing, "ts,name\n1,2\n3,4\n5,6\n", 20, 50, &out, message), TOCSIN_CORRUPT);
    assert_memory_equal(message, "damaged near byte ", 18);
    packed[length / 2] = (char)(packed[length / 2] ^ 1);
    assert_int_equal(unpack(packing, packed, length, 50, &out, message) == TOCSIN_CORRUPT || packing == TSN_ZSTD, 1);
  }
  tsn_bytes_clear(&out);
}

static void memory_that_runs_out_is_told(void **state)
{
  tsn_stream *s;

  (void)state;
  for (uint64_t n = 1; n <= 3; n++) {
    tsn_alloc_init(&alloc, NULL);
    alloc.fail_at = n;
    assert_int_equal(tsn_stream_new(&alloc, TSN_GZIP, 100, &s), TOCSIN_NOMEM);
    assert_null(s);
    assert_int_equal(alloc.used, 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(members_follow_each_other, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(damage_is_named, fresh, nothing_left),
    cmocka_unit_test_setup_teardown(memory_that_runs_out_is_told, fresh, nothing_left),
  };

  return T_RUN(tests);
}
