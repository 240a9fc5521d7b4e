/* Conditions over a block of rows at once: the code of the expression machine
 * (vm.c), run with a column on its stack where the machine has a value.
 *
 *   numbers   an array, and a bit a row where they are NULL
 *   truths    a bit a row where TRUE, a bit a row where NULL
 *
 * Rows go by words of 64. AND and OR look at their right side only in words where
 * the left side leaves something open. What could fail (an overflow) makes the whole block give up, so that the row by row evaluation
 * finds out whether the row that fails is ever asked. What is not in the table of
 * operations below gives up as well: the answer is the same, only later. */
#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/time.h"
#include "run/source.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3") /* loops over columns: vectorised */
#endif

#define WORDS TSN_BLOCK_WORDS
_Static_assert(WORDS <= 32, "the words of a block are bits of an integer");

/* A value for each row, or one for all. */
typedef enum lane_kind { LANE_INT, LANE_REAL, LANE_TRUTH, LANE_TEXT } lane_kind;
typedef struct lane {
  lane_kind kind;
  bool one;  /* the same for all rows */
  bool null; /* one: NULL */
  union {
    const int64_t *i;
    const double *d;
    const uint64_t *t;
  } v;
  int64_t i; /* one */
  double d;
  const uint64_t *nulls; /* NULL: there are none */
  uint32_t column, text; /* TEXT: of the stream, or a constant */
} lane;

struct tsn_vector {
  int64_t values[TSN_VECTOR_DEPTH][TSN_BLOCK_ROWS];
  uint64_t truths[TSN_VECTOR_DEPTH][WORDS];
  uint64_t nulls[TSN_VECTOR_DEPTH][WORDS];
};

typedef struct job {
  tsn_run *r;
  tsn_block *b;
  uint32_t rows, words;
  lane stack[TSN_VECTOR_DEPTH];
  uint32_t depth;
  uint32_t wanted; /* a bit a word: where values are asked for */
  uint32_t outer[TSN_VECTOR_DEPTH]; /* what was, before the right sides at hand */
  uint32_t nested;
} job;

#define FOR_WORDS(w) \
  for (w = 0; w < j->words; w++) \
    if (j->wanted >> w & 1)

tsn_vector *tsn_vector_new(tsn_alloc *alloc) { return tsn_alloc_array(alloc, 1, sizeof(tsn_vector)); }
void tsn_vector_free(tsn_alloc *alloc, tsn_vector *v) { tsn_alloc_free(alloc, v, v ? sizeof *v : 0); }

/* Where the value at this place of the stack may be written. */
static int64_t *ints(job *j, uint32_t at) { return j->r->vector->values[at]; }
static double *reals(job *j, uint32_t at) { return (double *)(void *)j->r->vector->values[at]; }
static uint64_t *truths(job *j, uint32_t at) { return j->r->vector->truths[at]; }
static uint64_t *nulls_at(job *j, uint32_t at) { return j->r->vector->nulls[at]; }

static lane null_lane(lane_kind kind) { return (lane){.kind = kind, .one = true, .null = true}; }

/* The two operands of an operation, whose result replaces the first: NULL where either is.
 * *all: everywhere. */
static const uint64_t *either_null(job *j, bool *all)
{
  const lane *a = &j->stack[j->depth - 2], *b = &j->stack[j->depth - 1];
  const uint64_t *x = a->one ? NULL : a->nulls, *y = b->one ? NULL : b->nulls;
  uint64_t *out = nulls_at(j, j->depth - 2);
  uint32_t w;
  *all = (a->one && a->null) || (b->one && b->null);
  if (!x && !y) return NULL;
  FOR_WORDS(w) out[w] = (x ? x[w] : 0) | (y ? y[w] : 0);
  return out;
}

/* The rows of a word: [*from, answer). */
static uint32_t rows_of(const job *j, uint32_t w, uint32_t *from)
{
  *from = w * 64;
  return *from + 64 < j->rows ? *from + 64 : j->rows;
}

static void replace_two(job *j, lane result)
{
  j->depth--;
  j->stack[j->depth - 1] = result;
}

/* ---- comparison ---- */

/* 64 results of a comparison as a word: bit k of the answer is test(k). */
#define WORD_OF(test)                                                  \
  for (k = 0, word = 0; k < 64; k++) word |= (uint64_t)(test) << k

#define COMPARE_TABLE(x, y)                  \
  switch (how) {                             \
  case COMPARE_EQ: WORD_OF((x) == (y)); break; \
  case COMPARE_NE: WORD_OF((x) != (y)); break; \
  case COMPARE_LT: WORD_OF((x) < (y)); break;  \
  case COMPARE_LE: WORD_OF((x) <= (y)); break; \
  case COMPARE_GT: WORD_OF((x) > (y)); break;  \
  default: WORD_OF((x) >= (y)); break;         \
  }

static uint64_t compare_ints(tsn_compare how, const int64_t *x, const int64_t *y, int64_t c)
{
  uint64_t word;
  uint32_t k;
  if (y) {
    COMPARE_TABLE(x[k], y[k])
  } else {
    COMPARE_TABLE(x[k], c)
  }
  return word;
}

#ifdef __SSE2__
#define PAIRS_OF(compare)                                                                           \
  for (k = 0, word = 0; k < 64; k += 2) {                                                           \
    __m128d left = _mm_loadu_pd(x + k), right = y ? _mm_loadu_pd(y + k) : constant;                 \
    word |= (uint64_t)(unsigned)_mm_movemask_pd(compare(left, right)) << k;                         \
  }
static uint64_t compare_reals(tsn_compare how, const double *x, const double *y, double c)
{
  __m128d constant = _mm_set1_pd(c);
  uint64_t word;
  uint32_t k;
  switch (how) {
  case COMPARE_EQ: PAIRS_OF(_mm_cmpeq_pd) break;
  case COMPARE_NE: PAIRS_OF(_mm_cmpneq_pd) break;
  case COMPARE_LT: PAIRS_OF(_mm_cmplt_pd) break;
  case COMPARE_LE: PAIRS_OF(_mm_cmple_pd) break;
  case COMPARE_GT: PAIRS_OF(_mm_cmpgt_pd) break;
  default: PAIRS_OF(_mm_cmpge_pd) break;
  }
  return word;
}

static uint64_t equal_codes(const uint16_t *codes, uint16_t wanted)
{
  __m128i constant = _mm_set1_epi16((short)wanted);
  uint64_t word = 0;
  uint32_t k;
  for (k = 0; k < 64; k += 16) {
    __m128i low = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)(const void *)(codes + k)), constant);
    __m128i high = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)(const void *)(codes + k + 8)), constant);
    word |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high)) << k;
  }
  return word;
}
#else
static uint64_t compare_reals(tsn_compare how, const double *x, const double *y, double c)
{
  uint64_t word;
  uint32_t k;
  if (y) {
    COMPARE_TABLE(x[k], y[k])
  } else {
    COMPARE_TABLE(x[k], c)
  }
  return word;
}

static uint64_t equal_codes(const uint16_t *codes, uint16_t wanted)
{
  uint64_t word;
  uint32_t k;
  WORD_OF(codes[k] == wanted);
  return word;
}
#endif

/* The last words of a block may not be full, and a column ends with its rows: they are compared in a copy. */
typedef struct tail {
  union {
    int64_t i[64];
    double d[64];
  } x, y;
} tail;

static uint64_t compare_tail(tsn_compare how, const lane *a, const lane *b, uint32_t from, uint32_t rows)
{
  tail t;
  memset(&t, 0, sizeof t);
  if (a->kind == LANE_INT) {
    memcpy(t.x.i, a->v.i + from, rows * sizeof *t.x.i);
    if (!b->one) memcpy(t.y.i, b->v.i + from, rows * sizeof *t.y.i);
    return compare_ints(how, t.x.i, b->one ? NULL : t.y.i, b->i);
  }
  memcpy(t.x.d, a->v.d + from, rows * sizeof *t.x.d);
  if (!b->one) memcpy(t.y.d, b->v.d + from, rows * sizeof *t.y.d);
  return compare_reals(how, t.x.d, b->one ? NULL : t.y.d, b->d);
}

static bool compare(job *j, const tsn_instr *in)
{
  const lane *a = &j->stack[j->depth - 2], *b = &j->stack[j->depth - 1], *t;
  lane out = {.kind = LANE_TRUTH};
  uint64_t *to = truths(j, j->depth - 2);
  tsn_compare how = (tsn_compare)in->x;
  uint32_t w;
  bool all;
  if (a->kind != b->kind || (a->kind != LANE_INT && a->kind != LANE_REAL) || (a->one && b->one)) return false;
  out.nulls = either_null(j, &all);
  if (all) {
    replace_two(j, null_lane(LANE_TRUTH));
    return true;
  }
  if (a->one) {
    t = a, a = b, b = t;
    how = tsn_compare_turned(how);
  }
  FOR_WORDS(w)
  {
    if (w == j->rows / 64) to[w] = compare_tail(how, a, b, w * 64, j->rows % 64);
    else if (a->kind == LANE_INT) to[w] = compare_ints(how, a->v.i + w * 64, b->one ? NULL : b->v.i + w * 64, b->i);
    else to[w] = compare_reals(how, a->v.d + w * 64, b->one ? NULL : b->v.d + w * 64, b->d);
  }
  out.v.t = to;
  replace_two(j, out);
  return true;
}

/* A text column with one of its words: by the codes of the column. */
static bool compare_texts(job *j, const tsn_instr *in)
{
  const lane *a = &j->stack[j->depth - 2], *b = &j->stack[j->depth - 1];
  const lane *column = a->one ? b : a, *constant = a->one ? a : b;
  lane out = {.kind = LANE_TRUTH, .nulls = column->nulls};
  uint64_t *to = truths(j, j->depth - 2);
  const uint64_t *rows;
  const uint16_t *codes;
  uint64_t turn = in->x == COMPARE_NE ? ~(uint64_t)0 : 0;
  uint16_t word;
  uint32_t w;
  if (a->kind != LANE_TEXT || b->kind != LANE_TEXT || a->one == b->one) return false;
  if (in->x != COMPARE_EQ && in->x != COMPARE_NE) return false;
  word = j->r->word_of[constant->text];
  if (word == TSN_CODE_NONE) return false;
  if (tsn_block_many_words(j->b, column->column)) {
    rows = tsn_block_word(j->b, column->column, word);
    if (!rows) return false;
    FOR_WORDS(w) to[w] = rows[w] ^ turn;
  } else {
    codes = tsn_block_codes(j->b, column->column);
    if (!codes) return false;
    FOR_WORDS(w) to[w] = equal_codes(codes + w * 64, word) ^ turn;
  }
  out.v.t = to;
  replace_two(j, out);
  return true;
}

/* ---- arithmetic ---- */

static const int64_t *int_values(job *j, const lane *x, uint32_t at)
{
  int64_t *out = ints(j, at);
  uint32_t i;
  if (!x->one) return x->v.i;
  for (i = 0; i < j->rows; i++) out[i] = x->i;
  return out;
}

static const double *real_values(job *j, const lane *x, uint32_t at)
{
  double *out = reals(j, at);
  uint32_t i;
  if (!x->one) return x->v.d;
  for (i = 0; i < j->rows; i++) out[i] = x->d;
  return out;
}

#define FOR_ROWS(i) \
  FOR_WORDS(w)      \
  for (end = rows_of(j, w, &(i)); (i) < end; (i)++)

static bool int_arithmetic(job *j, const tsn_instr *in)
{
  const lane *a = &j->stack[j->depth - 2], *b = &j->stack[j->depth - 1];
  lane out = {.kind = LANE_INT};
  const int64_t *x, *y;
  int64_t *to = ints(j, j->depth - 2);
  uint32_t i, w, end;
  bool all, overflow = false;
  if (a->kind != LANE_INT || b->kind != LANE_INT || (a->one && b->one)) return false;
  x = int_values(j, a, j->depth - 2);
  y = int_values(j, b, j->depth - 1);
  switch ((tsn_opcode)in->op) {
  case OP_ADD_T: FOR_ROWS(i) to[i] = tsn_time_add(x[i], y[i]); break;
  case OP_SUB_T: FOR_ROWS(i) to[i] = tsn_time_sub(x[i], y[i]); break;
  case OP_ADD_I: FOR_ROWS(i) overflow |= __builtin_add_overflow(x[i], y[i], &to[i]); break;
  case OP_SUB_I: FOR_ROWS(i) overflow |= __builtin_sub_overflow(x[i], y[i], &to[i]); break;
  default: FOR_ROWS(i) overflow |= __builtin_mul_overflow(x[i], y[i], &to[i]); break;
  }
  if (overflow) return false; /* perhaps only of NULLs, perhaps of rows that nobody asks */
  out.nulls = either_null(j, &all);
  out.v.i = to;
  replace_two(j, all ? null_lane(LANE_INT) : out);
  return true;
}

static bool real_arithmetic(job *j, const tsn_instr *in)
{
  const lane *a = &j->stack[j->depth - 2], *b = &j->stack[j->depth - 1];
  lane out = {.kind = LANE_REAL};
  const double *x, *y;
  double *to = reals(j, j->depth - 2);
  uint64_t *nulls = nulls_at(j, j->depth - 2);
  uint32_t i, w, end, nans = 0;
  bool all;
  if (a->kind != LANE_REAL || b->kind != LANE_REAL || (a->one && b->one)) return false;
  x = real_values(j, a, j->depth - 2);
  y = real_values(j, b, j->depth - 1);
  switch ((tsn_opcode)in->op) {
  case OP_ADD_D: FOR_ROWS(i) to[i] = x[i] + y[i]; break;
  case OP_SUB_D: FOR_ROWS(i) to[i] = x[i] - y[i]; break;
  case OP_MUL_D: FOR_ROWS(i) to[i] = x[i] * y[i]; break;
  default: FOR_ROWS(i) to[i] = y[i] == 0 ? (double)NAN : x[i] / y[i]; break; /* by zero NULL */
  }
  out.nulls = either_null(j, &all);
  FOR_ROWS(i) nans += to[i] != to[i];
  if (nans) { /* there is no NaN in the language */
    if (!out.nulls) memset(nulls, 0, j->words * sizeof *nulls);
    FOR_ROWS(i) nulls[w] |= (uint64_t)(to[i] != to[i]) << i % 64;
    out.nulls = nulls;
  }
  out.v.d = to;
  replace_two(j, all ? null_lane(LANE_REAL) : out);
  return true;
}

static bool to_real(job *j)
{
  lane *a = &j->stack[j->depth - 1];
  double *to = reals(j, j->depth - 1);
  uint32_t i, w, end;
  if (a->kind != LANE_INT) return false;
  a->kind = LANE_REAL;
  a->d = (double)a->i;
  if (a->one) return true;
  FOR_ROWS(i) to[i] = (double)a->v.i[i];
  a->v.d = to;
  return true;
}

/* ---- logic ---- */

static uint64_t truth_word(const lane *x, uint32_t w) { return !x->one ? x->v.t[w] : x->i ? ~(uint64_t)0 : 0; }
static uint64_t null_word(const lane *x, uint32_t w) { return x->one ? (x->null ? ~(uint64_t)0 : 0) : x->nulls ? x->nulls[w] : 0; }

/* The right side of AND or OR is asked for only where the left side decides nothing for some row. */
static bool open_right(job *j, bool is_or)
{
  const lane *a = &j->stack[j->depth - 1];
  uint64_t turn = is_or ? 0 : ~(uint64_t)0;
  uint32_t w, wanted = 0;
  if (a->kind != LANE_TRUTH || j->nested == TSN_VECTOR_DEPTH) return false;
  FOR_WORDS(w) wanted |= (uint32_t)(((truth_word(a, w) ^ turn) & ~null_word(a, w)) != ~(uint64_t)0) << w;
  j->outer[j->nested++] = j->wanted;
  j->wanted = wanted;
  return true;
}

/* Three-valued: what decides (FALSE for AND, TRUE for OR) on one side decides. */
static bool logic(job *j, bool is_or)
{
  const lane *a = &j->stack[j->depth - 2], *b = &j->stack[j->depth - 1];
  lane out = {.kind = LANE_TRUTH};
  uint64_t *to = truths(j, j->depth - 2), *nulls = nulls_at(j, j->depth - 2), turn = is_or ? 0 : ~(uint64_t)0;
  uint32_t w, right = j->wanted;
  if (a->kind != LANE_TRUTH || b->kind != LANE_TRUTH || !j->nested) return false;
  j->wanted = j->outer[--j->nested];
  if ((a->one ? a->null : a->nulls != NULL) || (b->one ? b->null : b->nulls != NULL)) out.nulls = nulls;
  FOR_WORDS(w)
  {
    uint64_t m = null_word(a, w), n = right >> w & 1 ? null_word(b, w) : 0;
    uint64_t decided = ((truth_word(a, w) ^ turn) & ~m) | ((right >> w & 1 ? truth_word(b, w) ^ turn : 0) & ~n);
    nulls[w] = (m | n) & ~decided;
    to[w] = decided ^ turn;
  }
  out.v.t = to;
  replace_two(j, out);
  return true;
}

static bool negate(job *j)
{
  lane *a = &j->stack[j->depth - 1];
  uint64_t *to = truths(j, j->depth - 1);
  uint32_t w;
  if (a->kind != LANE_TRUTH) return false;
  a->i = !a->i;
  if (a->one) return true;
  FOR_WORDS(w) to[w] = ~a->v.t[w];
  a->v.t = to;
  return true;
}

static bool is_null(job *j, const tsn_instr *in)
{
  lane *a = &j->stack[j->depth - 1], out = {.kind = LANE_TRUTH};
  uint64_t *to = truths(j, j->depth - 1);
  uint32_t w;
  FOR_WORDS(w) to[w] = null_word(a, w) ^ (in->x == 1 ? ~(uint64_t)0 : 0);
  out.v.t = to;
  *a = out;
  return true;
}

/* ---- operands ---- */

static bool push(job *j, lane x)
{
  if (j->depth == TSN_VECTOR_DEPTH) return false;
  j->stack[j->depth++] = x;
  return true;
}

static bool column(job *j, uint32_t slot)
{
  uint32_t column = j->r->sources[0].columns[slot];
  const tocsin_column *c = &j->b->columns[column];
  lane x = {.column = column};
  if (j->depth == TSN_VECTOR_DEPTH || !c->values) return false;
  x.nulls = tsn_block_nulls(j->b, column);
  switch (j->r->slot_types[slot]) {
  case TOCSIN_BOOLEAN:
    x.kind = LANE_TRUTH;
    x.v.t = tsn_block_truths(j->b, column, truths(j, j->depth));
    break;
  case TOCSIN_DOUBLE:
    x.kind = LANE_REAL;
    x.v.d = (const double *)c->values + j->b->first;
    break;
  case TOCSIN_TEXT: x.kind = LANE_TEXT; break;
  default:
    x.kind = LANE_INT;
    x.v.i = (const int64_t *)c->values + j->b->first;
    break;
  }
  return push(j, x);
}

static bool step(job *j, const tsn_instr *in)
{
  switch ((tsn_opcode)in->op) {
  case OP_BOOL: return push(j, (lane){.kind = LANE_TRUTH, .one = true, .i = in->a != 0});
  case OP_INT: return push(j, (lane){.kind = LANE_INT, .one = true, .i = j->r->program->integers[in->a]});
  case OP_REAL: return push(j, (lane){.kind = LANE_REAL, .one = true, .d = j->r->program->reals[in->a]});
  case OP_TEXT: return push(j, (lane){.kind = LANE_TEXT, .one = true, .text = in->a});
  case OP_COL: return column(j, in->a);
  case OP_I2D: return to_real(j);
  case OP_CMP_I:
  case OP_CMP_D: return compare(j, in);
  case OP_CMP_S: return compare_texts(j, in);
  case OP_ADD_I:
  case OP_SUB_I:
  case OP_MUL_I:
  case OP_ADD_T:
  case OP_SUB_T: return int_arithmetic(j, in);
  case OP_ADD_D:
  case OP_SUB_D:
  case OP_MUL_D:
  case OP_DIV_D: return real_arithmetic(j, in);
  case OP_AND: return logic(j, false);
  case OP_OR: return logic(j, true);
  case OP_NOT: return negate(j);
  case OP_IS_NULL: return is_null(j, in);
  case OP_SKIP_F: return open_right(j, false);
  case OP_SKIP_T: return open_right(j, true);
  default: return false;
  }
}

bool tsn_vector_knows(tsn_opcode op)
{
  static const bool known[TSN_OPCODES] = {
      [OP_BOOL] = true,  [OP_INT] = true,   [OP_REAL] = true,  [OP_TEXT] = true,    [OP_COL] = true,    [OP_I2D] = true,
      [OP_CMP_I] = true, [OP_CMP_D] = true, [OP_CMP_S] = true, [OP_ADD_I] = true,   [OP_SUB_I] = true,  [OP_MUL_I] = true,
      [OP_ADD_T] = true, [OP_SUB_T] = true, [OP_ADD_D] = true, [OP_SUB_D] = true,   [OP_MUL_D] = true,  [OP_DIV_D] = true,
      [OP_AND] = true,   [OP_OR] = true,    [OP_NOT] = true,   [OP_IS_NULL] = true, [OP_SKIP_F] = true, [OP_SKIP_T] = true};
  return known[op];
}

bool tsn_vector_values(tsn_run *r, tsn_block *b, const tsn_instr *in, uint32_t count, int64_t *values, uint64_t *nulls)
{
  job j = {.r = r, .b = b, .rows = b->rows, .words = (b->rows + 63) / 64, .depth = 0};
  const lane *x = &j.stack[0];
  uint32_t i, w;
  j.wanted = (uint32_t)(((uint64_t)1 << j.words) - 1);
  for (i = 0; i < count; i++)
    if (!step(&j, &in[i])) return false;
  if (j.depth != 1 || (x->kind != LANE_INT && x->kind != LANE_REAL)) return false;
  for (w = 0; w < j.words; w++) nulls[w] = null_word(x, w);
  if (x->one)
    for (i = 0; i < j.rows; i++) memcpy(&values[i], x->kind == LANE_INT ? (const void *)&x->i : (const void *)&x->d, sizeof *values);
  else memcpy(values, x->kind == LANE_INT ? (const void *)x->v.i : (const void *)x->v.d, j.rows * sizeof *values);
  return true;
}

bool tsn_vector_words(tsn_run *r, tsn_block *b, const tsn_range *code, uint32_t words, uint64_t *bits)
{
  const tsn_instr *in = r->program->instrs + code->first;
  uint32_t i, w;
  job j;
  j.r = r;
  j.b = b;
  j.rows = b->rows;
  j.words = (b->rows + 63) / 64;
  j.depth = j.nested = 0;
  j.wanted = words;
  if (!code->count) push(&j, (lane){.kind = LANE_TRUTH, .one = true, .i = 1});
  for (i = 0; i < code->count; i++)
    if (!step(&j, &in[i])) return false;
  if (j.depth != 1 || j.stack[0].kind != LANE_TRUTH) return false;
  for (; words; words &= words - 1) {
    w = (uint32_t)__builtin_ctz(words);
    bits[w] = truth_word(&j.stack[0], w) & ~null_word(&j.stack[0], w);
    if (w == b->rows / 64) bits[w] &= ((uint64_t)1 << b->rows % 64) - 1;
  }
  return true;
}
