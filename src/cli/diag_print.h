/* Findings about a pattern text, as a person reads them:
 *
 *   shop.cep:12:13: error[E1003]: there is no column "prise" in shop
 *      12 |   DEFINE a AS prise > 10
 *         |               ^^^^^
 *         = hint: did you mean "price"? */
#ifndef TSN_CLI_DIAG_PRINT_H
#define TSN_CLI_DIAG_PRINT_H

#include "base/bytes.h"
#include "tocsin/compile.h"

/* One finding, appended to out. */
void tsn_diag_show(const tocsin_diagnostic *d, const char *file, const char *text, size_t length, bool colour,
                   tsn_bytes *out);

/* All findings to standard error. */
int tsn_diag_print(const tocsin_diagnostics *list, const char *file, const char *text, size_t length, tsn_alloc *alloc);

#endif
