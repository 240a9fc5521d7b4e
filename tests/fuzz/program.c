/* Saved programs with wrong words in them: refused, or they run.
 *
 * The first byte says which program of tests/engine.h; each seven bytes behind it
 * put a word of four at an offset of three. The checksum is made right again. So the
 * inputs stay good when the format of programs changes. */
#include "fuzz.h"
#include "program/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text;
  tocsin_program *program, *spoilt;
  const void *saved;
  char *block;
  size_t length, at;
  tsn_header h;
  if (size < 1) return 0;
  text = engine_cases[data[0] % ENGINE_CASES].text;
  if (tocsin_compile(text, strlen(text), NULL, &program, NULL) != TOCSIN_OK) abort();
  saved = tocsin_program_save(program, &length);
  block = malloc(length);
  if (!block) abort();
  memcpy(block, saved, length);
  tocsin_program_free(program);
  for (at = 1; at + 7 <= size; at += 7) {
    size_t offset = data[at] | (size_t)data[at + 1] << 8 | (size_t)data[at + 2] << 16;
    offset = offsetof(tsn_header, sections) + offset % (length - offsetof(tsn_header, sections) - 4);
    memcpy(block + offset / 4 * 4, data + at + 3, 4);
  }
  memcpy(&h, block, sizeof h);
  h.checksum = tsn_hash_bytes(block + offsetof(tsn_header, sections), length - offsetof(tsn_header, sections),
      TSN_PROGRAM_VERSION);
  memcpy(block, &h, sizeof h);
  if (tocsin_program_load(block, length, NULL, &spoilt) == TOCSIN_OK) {
    (void)engine_run_any(spoilt);
    tocsin_program_free(spoilt);
  }
  free(block);
  return 0;
}
