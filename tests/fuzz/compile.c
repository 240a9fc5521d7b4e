/* Any bytes as a pattern text: an answer, and if it compiles, a run; if it can be
 * formatted, its canonical form must be its own. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = (const char *)data;
  tocsin_program *program;
  tocsin_diagnostics *diagnostics = NULL;
  char *once = NULL, *twice = NULL;
  size_t once_length, twice_length;
  tocsin_compile_options options = {.dialect = tocsin_dialect_get(size % 5)}; /* the last of them is none */
  if (size > (size_t)1 << 16) return 0;
  if (tocsin_compile(text, size, &options, &program, &diagnostics) == TOCSIN_OK) {
    if (!program) abort();
    (void)engine_run_any(program);
  } else if (tocsin_diagnostics_count(diagnostics) == 0) {
    abort(); /* refused without a word */
  }
  tocsin_program_free(program);
  tocsin_diagnostics_free(diagnostics);
  if (tocsin_format(text, size, NULL, &once, &once_length, NULL) == TOCSIN_OK) {
    if (tocsin_format(once, once_length, NULL, &twice, &twice_length, NULL) != TOCSIN_OK) abort();
    if (once_length != twice_length || memcmp(once, twice, once_length)) abort();
    tocsin_text_free(NULL, twice, twice_length);
  }
  tocsin_text_free(NULL, once, once_length);
  return 0;
}
