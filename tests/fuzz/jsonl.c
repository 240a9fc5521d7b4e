/* Any bytes as JSON Lines. */
#include "reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return fuzz_reader(TSN_FORMAT_JSONL, data, size); }
