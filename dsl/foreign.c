/* Words of other languages: see foreign.h. */
#include "dsl/foreign.h"

#include <string.h>

#include "base/text.h"

static const struct {
  tsn_foreign_place place;
  const char *word, *hint;
} rows[] = {
#define FOREIGN(place, word, hint) { FOREIGN_##place, #word, hint },
#include "foreign.def"
#undef FOREIGN
};

const char *tsn_foreign_hint(unsigned places, const char *word, size_t length)
{
  size_t i;

  for (i = 0; i < sizeof rows / sizeof *rows; i++)
    if ((rows[i].place & places) && tsn_same_name(word, length, rows[i].word, strlen(rows[i].word))) return rows[i].hint;
  return NULL;
}
