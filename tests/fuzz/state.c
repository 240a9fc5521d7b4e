/* Saved states with wrong bytes in them: refused, or a matcher goes on from them.
 *
 * The first byte says which case of tests/engine.h, of which the state behind half its rows is taken; each four bytes behind it put a
 * byte into a part, at an offset of three. The checksums are made right again. So the inputs stay good when the format
 * of states changes. */
#include "fuzz.h"

/* As state/codec.h and state/state.h have them, which do not go with what reads rows. */
uint32_t tsn_crc32c(uint32_t before, const void *bytes, size_t size);
#define STATE_VERSION 1u
#define HEADER 16u

static tocsin_status append(void *context, const void *bytes, size_t length)
{
  tsn_bytes_append(context, bytes, length);
  return TOCSIN_OK;
}

/* A part of a state: its name, and its bytes without the checksum behind them. */
typedef struct piece {
  char *name, *bytes;
  size_t name_length, length;
} piece;

/* The part at *at, which moves behind it; false: it is the end. */
static bool next_piece(tsn_bytes *b, size_t *at, piece *p)
{
  char *from = b->data + *at;
  *p = (piece){.name = from + 16, .name_length = (size_t)tsn_word_at(from), .length = (size_t)tsn_word_at(from + 8) - 4};
  p->bytes = p->name + p->name_length;
  *at += 16 + p->name_length + p->length + 4;
  return p->name_length > 0;
}

static void right_checksums(tsn_bytes *b)
{
  size_t at = HEADER;
  piece p;
  while (next_piece(b, &at, &p)) {
    uint32_t sum = tsn_crc32c(tsn_crc32c(STATE_VERSION, p.name, p.name_length), p.bytes, p.length);
    int k;
    for (k = 0; k < 4; k++) p.bytes[p.length + (size_t)k] = (char)(sum >> 8 * k);
  }
}

/* The offset-th byte of all parts, names and lengths apart; beyond the last one it begins anew. */
static char *byte_at(tsn_bytes *b, size_t offset)
{
  size_t at = HEADER, all = 0;
  piece p;
  while (next_piece(b, &at, &p)) all += p.length;
  offset %= all;
  for (at = HEADER; next_piece(b, &at, &p) && offset >= p.length;) offset -= p.length;
  return p.bytes + offset;
}

static tocsin_status push_rows(tocsin_matcher *m, tocsin_batch *batch, size_t from, size_t to)
{
  tocsin_status st = TOCSIN_OK;
  batch->rows = to;
  while (st == TOCSIN_OK && from < to) {
    st = tocsin_matcher_push(m, 0, batch, from, &from);
    engine_drain(m, NULL);
  }
  return st;
}

static void spoil(tsn_bytes *b, const uint8_t *data, size_t size)
{
  size_t at;
  for (at = 1; at + 4 <= size; at += 4) *byte_at(b, data[at] | (size_t)data[at + 1] << 8 | (size_t)data[at + 2] << 16) = (char)data[at + 3];
  right_checksums(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  tocsin_matcher_options options = {.functions = host_functions, .function_count = HOST_FUNCTIONS, .max_paths_per_partition = 2000, .max_bytes = 50000000};
  const engine_case *c = &engine_cases[size ? data[0] % ENGINE_CASES : 0];
  tocsin_program *program;
  tocsin_matcher *m;
  engine_rows rows;
  tocsin_batch batch;
  tsn_alloc alloc;
  tsn_bytes bytes;
  size_t count;
  tsn_alloc_init(&alloc, NULL);
  tsn_bytes_init(&bytes, &alloc, 0);
  if (tocsin_compile(c->text, strlen(c->text), NULL, &program, NULL) != TOCSIN_OK) abort();
  if (!engine_rows_read(&rows, program, c->rows ? c->rows : engine_common_rows)) abort();
  batch = tsn_batch_view(&rows.batch);
  count = batch.rows;
  if (tocsin_matcher_new(program, &options, &m) == TOCSIN_OK) {
    const tocsin_sink sink = {.write = append, .context = &bytes};
    if (push_rows(m, &batch, 0, count / 2) == TOCSIN_OK) (void)!tocsin_matcher_checkpoint(m, &sink);
    tocsin_matcher_free(m);
  }
  if (bytes.length) {
    spoil(&bytes, data, size);
    if (tocsin_matcher_restore(program, &options, bytes.data, bytes.length, &m, NULL, 0) == TOCSIN_OK) {
      if (push_rows(m, &batch, count / 2, count) == TOCSIN_OK) (void)!tocsin_matcher_finish(m);
      engine_drain(m, NULL);
      tocsin_matcher_free(m);
    }
  }
  tsn_bytes_clear(&bytes);
  engine_rows_clear(&rows);
  tocsin_program_free(program);
  return 0;
}
