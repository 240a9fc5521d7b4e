/* Names of types, as SQL writes them. */
#include "tocsin/batch.h"

const char *tocsin_type_name(tocsin_type type)
{
  static const char *const names[] = {
      [TOCSIN_NULL] = "NULL", [TOCSIN_BOOLEAN] = "BOOLEAN",     [TOCSIN_BIGINT] = "BIGINT",     [TOCSIN_DOUBLE] = "DOUBLE",
      [TOCSIN_TEXT] = "TEXT", [TOCSIN_TIMESTAMP] = "TIMESTAMP", [TOCSIN_INTERVAL] = "INTERVAL", [TOCSIN_LIST] = "LIST"};
  return (unsigned)type < sizeof names / sizeof *names ? names[type] : "?";
}
