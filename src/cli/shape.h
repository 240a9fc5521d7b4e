/* The shape of an input that nobody declared, from its first rows. */
#ifndef TSN_CLI_SHAPE_H
#define TSN_CLI_SHAPE_H

#include "cli/input.h"
#include "io/infer.h"

/* Looks at so many rows, or bytes. A file is opened for that and stays open, with the sample still to be read; file->alloc
 * tells whether it is. An exit status. */
int tsn_shape_infer(tsn_alloc *alloc, tsn_arena *arena, const tsn_input *input, const char *name, uint64_t rows,
                    size_t bytes, tsn_file *file, tsn_inferred *out);

#endif
