/* Types as SQL databases declare them: see declared.h. */
#include "io/declared.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static bool has_word(const char *text, const char *word)
{
  size_t length = strlen(word);

  for (; text && *text; text++)
    if (strlen(text) >= length && tsn_same_name(text, length, word, length)) return true;
  return false;
}

tocsin_type tsn_declared_type(const char *text)
{
  static const struct { const char *word; tocsin_type type; } words[] = {
    { "BOOL", TOCSIN_BOOLEAN }, { "DATE", TOCSIN_TIMESTAMP }, { "TIME", TOCSIN_TIMESTAMP }, { "INTERVAL", TOCSIN_INTERVAL },
    { "INT", TOCSIN_BIGINT },   { "CHAR", TOCSIN_TEXT },      { "CLOB", TOCSIN_TEXT },      { "TEXT", TOCSIN_TEXT },
    { "REAL", TOCSIN_DOUBLE },  { "FLOA", TOCSIN_DOUBLE },    { "DOUB", TOCSIN_DOUBLE },
  };

  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (has_word(text, words[i].word)) return words[i].type;
  return TOCSIN_NULL;
}
