/* Rows as columns, so many at once: what conditions of their own row are
 * evaluated over before any row is matched (vector.c).
 *
 *   batch   [ rows 0 .. n ) of a stream, the host's columns, borrowed
 *     block [ first .. first + rows )       at most TSN_BLOCK_ROWS
 *       nulls   a bit a row, where the column has any
 *       codes   a text column that conditions compare with constants: which
 *               of these a row holds, as a small number; looked up once for
 *               all conditions of all patterns
 *
 * What is made of a column is made when it is first asked for, and kept for the
 * block. */
#ifndef TSN_RUN_BLOCK_H
#define TSN_RUN_BLOCK_H

#include <stdbool.h>

#include "base/map.h"
#include "program/program.h"

#define TSN_BLOCK_ROWS 1024u
#define TSN_BLOCK_WORDS (TSN_BLOCK_ROWS / 64)
#define TSN_CODE_NONE 0 /* none of the constants */
#define TSN_MANY_WORDS 16u

/* The texts that a column is compared with: code i + 1 is words[i]. */
typedef struct tsn_word {
  const char *text;
  uint32_t length;
  uint64_t head; /* its first bytes, as tsn_text_head() reads them */
} tsn_word;

typedef struct tsn_vocabulary {
  tsn_word *words;
  size_t count, cap;
  uint16_t *table; /* of codes; open addressing */
  uint32_t mask;
} tsn_vocabulary;

typedef struct tsn_block_column {
  tsn_vocabulary vocabulary;
  uint64_t nulls_at, codes_at; /* number of the block that they were made for */
  uint64_t nulls[TSN_BLOCK_WORDS];
  bool has_nulls;
  uint16_t *codes;
  uint64_t *rows_of;  /* by word, where there are many: the rows that hold it, in all words of the block; */
  uint64_t rows_of_at;
  uint16_t *met;      /* the words that were met, */
  uint32_t met_count; /* of which that is not zero */
} tsn_block_column;

/* A conjunct of conditions over a stream: where it is TRUE (screen.c). */
typedef struct tsn_mask {
  struct tsn_run *run; /* one that has it: its slots are meant */
  tsn_range code;
  uint64_t at;          /* number of the block that the rest is of */
  uint32_t known, some; /* a bit a word of 64 rows: it was evaluated there; and holds for some row */
  bool lost;            /* it cannot be told */
  uint64_t bits[TSN_BLOCK_WORDS];
} tsn_mask;

typedef struct tsn_block {
  tsn_alloc *alloc;
  const tocsin_program *program;
  uint32_t stream;
  tsn_block_column *made; /* by column of the stream */
  const tocsin_column *columns;
  size_t first;
  uint32_t rows;
  uint64_t number; /* of blocks so far */
  tsn_mask *masks; /* of all patterns that read the stream in blocks */
  size_t mask_count, mask_cap;
  tsn_map mask_map;
  uint64_t orderly_at; /* the rows' times were looked at, in this block: */
  uint32_t orderly_column;
  int64_t orderly_from;
} tsn_block;

/* One for a stream. word_of: by number of a text of the program, its code in the
 * column that it is compared with; shared by all streams. NOMEM. */
tocsin_status tsn_block_init(tsn_block *b, const tocsin_program *program, uint32_t stream, uint16_t *word_of, tsn_alloc *alloc);
void tsn_block_clear(tsn_block *b);
/* rows <= TSN_BLOCK_ROWS */
void tsn_block_begin(tsn_block *b, const tocsin_column *columns, size_t first, size_t rows);
/* A bit a row where the column is NULL (or NaN); NULL: it never is. */
const uint64_t *tsn_block_nulls(tsn_block *b, uint32_t column);
/* A BOOLEAN column as bits; answers `truths`. */
const uint64_t *tsn_block_truths(tsn_block *b, uint32_t column, uint64_t *truths);
/* NULL: no memory. A row that is NULL has TSN_CODE_NONE. */
const uint16_t *tsn_block_codes(tsn_block *b, uint32_t column);
/* Whether a column is compared with so many words that all are looked for at once, */
static inline bool tsn_block_many_words(const tsn_block *b, uint32_t column) { return b->made[column].vocabulary.count >= TSN_MANY_WORDS; }
/* and a bit a row where it is this word. NULL: no memory. */
const uint64_t *tsn_block_word(tsn_block *b, uint32_t column, uint16_t code);

#endif
