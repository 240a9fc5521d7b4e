/* tsn_parse: sets a reader up and runs the grammar. */
#include <string.h>

#include "base/text.h"
#include "dsl/grammar.h"
#include "dsl/reader.h"

/* The first byte that is no UTF-8. The rest of the text is read all the same. */
static void check_utf8(tsn_reader *r)
{
  size_t low = 0, high = r->length, size;

  if (tsn_utf8_valid(r->text, r->length)) return;
  r->bad_utf8 = true;
  while (low < high && (unsigned char)r->text[low] < 0x80) low++;
  while (low < high) {
    for (size = 1; size <= 4 && low + size <= high; size++)
      if (tsn_utf8_valid(r->text + low, size)) break;
    if (size > 4 || low + size > high) break;
    low += size;
  }
  tsn_diag_add(r->diag, TSN_E0001, (tsn_span){ (uint32_t)low, (uint32_t)low + 1 }, "save the text as UTF-8",
               "the byte 0x%02X is not UTF-8", (unsigned char)r->text[low]);
}

tsn_reader *tsn_reader_new(tsn_arena *arena, const char *text, size_t length, tsn_diag *diag)
{
  tsn_reader *r = tsn_arena_new(arena, tsn_reader);
  char *copy = tsn_arena_new_array(arena, char, length + 2);

  if (!r || !copy) return NULL;
  if (length) memcpy(copy, text, length);
  *r = (tsn_reader){ .arena = arena, .diag = diag, .text = text, .length = length, .copy = copy };
  return tsn_lex_begin(r) ? r : NULL;
}

tocsin_status tsn_parse(tsn_arena *arena, const char *text, size_t length, tsn_diag *diag, tsn_script **script)
{
  tsn_reader *r;
  tsn_expr *big;

  *script = tsn_arena_new(arena, tsn_script);
  if (length > TSN_TEXT_MAX) {
    tsn_diag_add(diag, TSN_E0006, (tsn_span){ 0, 1 }, NULL, "the text is longer than %zu bytes", TSN_TEXT_MAX);
    return TOCSIN_LIMIT;
  }
  r = tsn_reader_new(arena, text, length, diag);
  if (!*script || !r) return tsn_arena_failed(arena);
  check_utf8(r);
  tsn_yyparse(r);
  for (big = r->too_large; big; big = big->otherwise)
    tsn_diag_add(diag, TSN_E0005, big->at, "with a decimal point it is a DOUBLE",
                 "the number is too large for BIGINT, whose greatest value is 9223372036854775807");
  tsn_diag_sort(diag);
  (*script)->statements = r->statements.first;
  if (tsn_arena_failed(arena) != TOCSIN_OK) return tsn_arena_failed(arena);
  return r->limit ? TOCSIN_LIMIT : TOCSIN_OK;
}
