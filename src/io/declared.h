/* Types as SQL databases declare them. */
#ifndef TSN_IO_DECLARED_H
#define TSN_IO_DECLARED_H

#include "tocsin/batch.h"

/* A declared type as SQLite understands it, and the words for what it has no types for:
 * BOOLEAN, times and intervals. text may be NULL. TOCSIN_NULL: it says nothing. */
tocsin_type tsn_declared_type(const char *text);

#endif
