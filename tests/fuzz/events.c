/* Any bytes as a pattern text and rows for it, split by a line of four dashes: whatever comes of the rows all at once
 * comes of them one by one. */
#include "fuzz.h"

/* What a run answers, its matches in *out. */
static tocsin_status run(const tocsin_program *program, const char *csv, size_t batch, tsn_bytes *out)
{
  tocsin_matcher_options options = engine_options;
  const engine_way way = {.batch = batch};
  tocsin_matcher *matcher = NULL;
  engine_rows rows;
  tocsin_status st;
  (void)engine_rows_read(&rows, program, csv); /* bad rows are left out */
  options.late = TOCSIN_LATE_DROP;
  options.max_paths_per_partition = options.max_rows_per_partition = 200;
  options.max_bytes = (uint64_t)64 << 20;
  st = tocsin_matcher_new(program, &options, &matcher);
  if (st == TOCSIN_OK) st = engine_load_tables(program, matcher);
  if (st == TOCSIN_OK) st = engine_feed(matcher, &rows.batch, &way, out);
  if (st == TOCSIN_RUNTIME && !*tocsin_matcher_message(matcher)) abort();
  tocsin_matcher_free(matcher);
  engine_rows_clear(&rows);
  return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *input = malloc(size + 1), *rows;
  tocsin_program *program = NULL;
  tsn_alloc alloc;
  tsn_bytes out[2];
  tocsin_status st[2];
  size_t i;
  if (!input || size > (size_t)1 << 16) {
    free(input);
    return 0;
  }
  if (size) memcpy(input, data, size);
  input[size] = '\0';
  rows = strstr(input, "\n----\n");
  if (rows && tocsin_compile(input, (size_t)(rows - input), NULL, &program, NULL) == TOCSIN_OK &&
      tocsin_program_stream_count(program) > 0) {
    tsn_alloc_init(&alloc, NULL);
    for (i = 0; i < 2; i++) {
      tsn_bytes_init(&out[i], &alloc, 0);
      st[i] = run(program, rows + 6, i, &out[i]);
    }
    /* How much memory arrays take that grow is no property of the rows alone. */
    if (st[0] != TOCSIN_LIMIT && st[0] != TOCSIN_NOMEM && st[1] != TOCSIN_LIMIT && st[1] != TOCSIN_NOMEM) {
      if (st[0] != st[1] || out[0].length != out[1].length) abort();
      if (out[0].length && memcmp(out[0].data, out[1].data, out[0].length)) abort();
    }
    for (i = 0; i < 2; i++) tsn_bytes_clear(&out[i]);
  }
  tocsin_program_free(program);
  free(input);
  return 0;
}
