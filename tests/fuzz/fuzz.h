/* One target, two programs: with libFuzzer (make fuzz) inputs are made, without it
 * (make check) those of a folder are replayed.
 *
 *   make fuzz FUZZ_SECONDS=600      needs clang; what it finds stays in tests/fuzz/found
 *   tests/fuzz/compile tests/fuzz/corpus/compile */
#ifndef TSN_TESTS_FUZZ_H
#define TSN_TESTS_FUZZ_H

#include "../engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef TSN_LIBFUZZER
#include <dirent.h>
#include <sys/stat.h>

static inline void fuzz_replay(const char *path, unsigned *played)
{
  FILE *f = fopen(path, "rb");
  uint8_t *data = malloc((size_t)1 << 20);
  size_t size = f && data ? fread(data, 1, (size_t)1 << 20, f) : 0;
  uint8_t *exact = malloc(size + 1); /* a block of its own, so that a read past its end is seen */
  if (f && exact) {
    if (size) memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    ++*played;
  }
  if (f) fclose(f);
  free(data);
  free(exact);
}

/* Plays the files given, and those of the folders given. */
int main(int argc, char **argv)
{
  unsigned played = 0;
  int i;
  for (i = 1; i < argc; i++) {
    DIR *folder = opendir(argv[i]);
    struct dirent *entry;
    char path[4096];
    if (!folder) fuzz_replay(argv[i], &played);
    while (folder && (entry = readdir(folder)) != NULL) {
      if (entry->d_name[0] == '.') continue;
      snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
      fuzz_replay(path, &played);
    }
    if (folder) closedir(folder);
  }
  printf("%u passed, %u failed\n", played, played ? 0u : 1u);
  return played ? 0 : 1;
}
#endif

#endif
