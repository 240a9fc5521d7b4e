/* Any bytes as the place of an input, as it is kept between two runs: refused, or read, and then written the same. */
#include "cli/place.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_bytes once, twice;
  tsn_place_line line, again;
  tsn_input input = {.name = "fuzz"};
  if (size > (size_t)1 << 16) return 0;
  tsn_alloc_init(&alloc, NULL);
  tsn_arena_init(&arena, &alloc, 0);
  tsn_bytes_init(&once, &alloc, 0);
  tsn_bytes_init(&twice, &alloc, 0);
  if (tsn_place_read((const char *)data, size, &arena, &line)) {
    input.path = line.path;
    input.table = line.table;
    input.old_name = line.old_name;
    tsn_place_write(&line.place, &input, &once);
    if (!tsn_place_read(once.data, once.length, &arena, &again)) abort();
    input.path = again.path;
    input.table = again.table;
    input.old_name = again.old_name;
    tsn_place_write(&again.place, &input, &twice);
    if (once.length != twice.length || memcmp(once.data, twice.data, once.length)) abort();
  }
  tsn_bytes_clear(&once);
  tsn_bytes_clear(&twice);
  tsn_arena_clear(&arena);
  if (alloc.used) abort();
  return 0;
}
