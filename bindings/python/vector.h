/* Vectors: columns as other packages hold them, and how they become the engine's.
 *
 * Arrow arrays and the buffers of numpy differ in where they say what is missing; the
 * rest is one thing: numbers, booleans or texts side by side. What has the engine's own
 * layout is lent without a copy; all else is converted a piece at a time. */
#ifndef TSN_PYTHON_VECTOR_H
#define TSN_PYTHON_VECTOR_H

#include "binding.h"

/* VECTOR(name, C type): numbers */
#define VECTOR_NUMBERS(VECTOR) \
  VECTOR(I8, int8_t) VECTOR(I16, int16_t) VECTOR(I32, int32_t) VECTOR(I64, int64_t) \
  VECTOR(U8, uint8_t) VECTOR(U16, uint16_t) VECTOR(U32, uint32_t) VECTOR(U64, uint64_t) \
  VECTOR(F32, float) VECTOR(F64, double)

typedef enum vector_type {
  VECTOR_NONE,  /* every row is NULL */
  VECTOR_BITS,  /* booleans, as Arrow has them */
  VECTOR_BYTES, /* booleans, as numpy has them */
#define VECTOR(name, type) VECTOR_##name,
  VECTOR_NUMBERS(VECTOR)
#undef VECTOR
  VECTOR_F16,
  VECTOR_TEXT32, VECTOR_TEXT64, VECTOR_VIEWS,
  VECTOR_DICTIONARY /* indices of texts */
} vector_type;

typedef enum vector_meaning { MEANS_VALUE, MEANS_TIME, MEANS_SPAN } vector_meaning;

typedef struct vector {
  vector_type type;
  vector_meaning meaning;
  int64_t multiply, divide; /* TIME, SPAN: to microseconds */
  const char *text_values;  /* texts */
  const void *values;       /* numbers and booleans; offsets or views of texts */
  ptrdiff_t stride;         /* bytes from one to the next; 0 for BITS */
  size_t offset;            /* of row 0, in elements of values and bits of validity */
  const uint8_t *validity;  /* bits, 1: there; NULL: all are */
  const uint8_t *mask;      /* bytes, not 0: missing; NULL: none is */
  ptrdiff_t mask_stride;
  bool has_nat; /* INT64_MIN is missing */
  const void *const *blocks; /* VIEWS: where long texts lie */
  const struct vector *indices, *dictionary;
} vector;

/* Memory for what has to be converted, of one column. */
typedef struct scratch {
  void *values;
  uint8_t *validity;
  int32_t *offsets;
  size_t values_cap, validity_cap, offsets_cap; /* bytes */
} scratch;

void scratch_clear(scratch *c, tsn_alloc *alloc);

/* Whether a column can take it at all; else an exception that names both types. type_name: as its package writes it. */
int vector_check(const source *s, size_t column, const vector *v, const char *type_name);
/* Rows [first, first + count) as a column of the engine's. */
int vector_convert(source *s, size_t column, const vector *v, size_t first, size_t count, scratch *c, tocsin_column *out);
/* A column that nobody reads: NULL in so many rows. */
int vector_nothing(source *s, size_t count, tocsin_type type, scratch *c, tocsin_column *out);

#endif
