/* Inside of the verifier: the state that its files share.
 *
 *   verify.c          blocks, patterns, the automaton, registers, output
 *   verify_code.c     code, run on kinds
 *   verify_source.c   where rows come from: parts, joins, windows */
#ifndef TSN_PROGRAM_VERIFY_H
#define TSN_PROGRAM_VERIFY_H

#include "program/program.h"

/* Where a code runs, and so what it may read. */
typedef enum tsn_verify_place {
  PLACE_SOURCE, /* a raw row of a part */
  PLACE_LATE,   /* a row of a part and its windows */
  PLACE_VALUE, /* one row, for a register: no path */
  PLACE_PATH,  /* a condition or a timer: the cells of a path */
  PLACE_MATCH, /* a measure: all cells */
  PLACE_OUTER  /* SELECT: the inner columns */
} tsn_verify_place;

typedef struct tsn_checker {
  const tocsin_program *p;
  const tsn_pattern_rec *q;
  const tsn_part_rec *part; /* at hand; PLACE_SOURCE, PLACE_LATE */
  uint32_t raw_slots;       /* of its raw row: those of the stream, and once it is joined those of the table */
  tsn_alloc *alloc;
  char *stack; /* kinds */
  char *wanted; /* kinds at jump targets, `width` each */
  size_t width;
  int32_t *depths; /* by instruction of the code: -1, or the depth that a jump brings */
  char *cell_kinds; /* 0: no register's */
  uint64_t work, budget;
  bool no_memory;
} tsn_checker;

/* false: this is more work than a sound block of its length can be. */
static inline bool tsn_verify_spend(tsn_checker *c, uint64_t records)
{
  c->work += records;
  return c->work <= c->budget;
}

static inline bool tsn_verify_range(tsn_range r, uint32_t count) { return r.first <= count && r.count <= count - r.first; }

static inline bool tsn_verify_text(const tocsin_program *p, tsn_str s)
{
  return s.offset < p->strings_count && s.length < p->strings_count - s.offset && p->strings[s.offset + s.length] == 0;
}

/* What an author wrote, for messages; may be absent. */
static inline bool tsn_verify_words(const tocsin_program *p, tsn_str s) { return s.length == 0 || tsn_verify_text(p, s); }

/* Of a column of a stream and of what functions take; a LIST comes from matches alone. */
static inline bool tsn_verify_type(uint32_t type) { return type >= TOCSIN_BOOLEAN && type <= TOCSIN_INTERVAL; }

static inline char tsn_verify_kind(uint32_t type) { return tsn_is_text(type) ? 'T' : 'N'; }

/* Memory for a while; NULL is remembered. */
void *tsn_verify_scratch(tsn_checker *c, size_t count, size_t size);
/* A stretch of indices, all of them below `limit`. */
bool tsn_verify_indices(tsn_checker *c, tsn_range r, uint32_t limit);
bool tsn_verify_duration(const tsn_checker *c, int64_t duration);

/* verify_code.c */
/* The type of a slot: of the row at hand, or of the raw row of the part. */
uint32_t tsn_verify_slot_type(const tsn_checker *c, uint32_t slot, tsn_verify_place where);
/* Code that leaves one value of a kind ('?': any), or none that is absent. */
bool tsn_verify_code(tsn_checker *c, const tsn_code *code, char want, tsn_verify_place where);
char tsn_verify_cell_kind(const tsn_reg_rec *reg, uint32_t cell);

/* verify_source.c: the parts of the pattern at hand. */
bool tsn_verify_parts(tsn_checker *c);

#endif
