/* One value, as it comes out. */
#ifndef TOCSIN_VALUE_H
#define TOCSIN_VALUE_H

#include "tocsin/batch.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tocsin_value {
  tocsin_type type; /* of its column */
  int is_null;
  union {
    int boolean;
    int64_t integer; /* BIGINT, TIMESTAMP and INTERVAL in microseconds */
    double real;
    struct {
      const char *bytes; /* UTF-8, not NUL-terminated; a LIST is JSON text */
      size_t length;
    } text;
  } as;
} tocsin_value;

#ifdef __cplusplus
}
#endif
#endif
