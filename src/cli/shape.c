/* Inference over inputs: see shape.h. */
#include "cli/shape.h"

#include "cli/cli.h"
#include "cli/database.h"
#include "cli/say.h"

int tsn_shape_infer(tsn_alloc *alloc, tsn_arena *arena, const tsn_input *input, const char *name, uint64_t rows,
                    size_t bytes, tsn_file *file, tsn_inferred *out)
{
  const char *sample, *why;
  size_t length;
  bool whole;
  tocsin_status inferred;
  int st;

  if (input->table) return tsn_database_infer(alloc, arena, input, name, rows, out);
  st = tsn_file_open(file, alloc, input, -1);
  if (st == 0) st = tsn_file_peek(file, bytes, &sample, &length, &whole);
  if (st != 0) return st;
  inferred = tsn_infer(arena, input->format, name, sample, length, whole, rows, out, &why);
  if (inferred == TOCSIN_NOMEM) return tsn_no_memory();
  if (inferred == TOCSIN_OK) return 0;
  tsn_say("cannot tell the columns of %s: %s", input->name, why);
  return TSN_EXIT_INPUT;
}
