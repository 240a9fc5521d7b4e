/* Any bytes as CSV. */
#include "reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return fuzz_reader(TSN_FORMAT_CSV, data, size); }
