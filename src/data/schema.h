/* The shape of one stream, for readers and for the binder. */
#ifndef TSN_DATA_SCHEMA_H
#define TSN_DATA_SCHEMA_H

#include <stdbool.h>

#include "tocsin/batch.h"

typedef struct tsn_column_def {
  const char *name;
  tocsin_type type;
  tocsin_unit unit; /* of numeric timestamps; NONE: numbers are microseconds */
  const char *path; /* JSON path, or NULL: the member of this name */
  bool not_null;
  bool needed; /* readers leave other columns all NULL, but still check them */
} tsn_column_def;

typedef struct tsn_schema {
  const char *name;
  size_t column_count;
  const tsn_column_def *columns;
} tsn_schema;

#endif
