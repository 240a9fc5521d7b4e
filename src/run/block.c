/* Blocks: columns of a batch, and what is made of them once (block.h). */
#include <string.h>

#include "run/block.h"

/* So many of eight bytes, in the order of memory. */
static const uint8_t head_bytes[9][8] = {
    {0},
    {255},
    {255, 255},
    {255, 255, 255},
    {255, 255, 255, 255},
    {255, 255, 255, 255, 255},
    {255, 255, 255, 255, 255, 255},
    {255, 255, 255, 255, 255, 255, 255},
    {255, 255, 255, 255, 255, 255, 255, 255},
};

#define ROOMY 4096u /* places of a table: that many are worth it, so that other texts meet no word at all */

/* The first eight bytes of a text, zeros behind its end; with the length they
 * tell most texts apart without a look at the rest. */
static uint64_t text_head(const char *s, uint32_t length)
{
  uint64_t head = 0;
  if (length) memcpy(&head, s, length < 8 ? length : 8);
  return head;
}

/* The same, where eight bytes may be read. */
static uint64_t wide_head(const char *s, uint32_t length)
{
  uint64_t head, mask;
  memcpy(&head, s, 8);
  memcpy(&mask, head_bytes[length < 8 ? length : 8], 8);
  return head & mask;
}

static uint32_t place_of(uint64_t head, uint32_t length)
{
  uint64_t h = (head ^ (uint64_t)length << 56) * 0x9e3779b97f4a7c15u;
  return (uint32_t)(h >> 32);
}

static bool same_word(const tsn_word *w, uint64_t head, const char *s, uint32_t length)
{
  return w->head == head && w->length == length && (length <= 8 || !memcmp(w->text + 8, s + 8, length - 8));
}

/* Whether a text is a word or none is a toss for the processor, whether the first word looked at is another one is not. */
static inline uint16_t find_word(const tsn_vocabulary *v, uint64_t head, const char *s, uint32_t length)
{
  uint32_t at = place_of(head, length) & v->mask;
  uint16_t code = v->table[at];
  const tsn_word *w = &v->words[code ? code - 1 : 0];
  uint64_t other = (w->head ^ head) | (w->length ^ length);
  if (length <= 8 && !((uint64_t)(code != TSN_CODE_NONE) & (uint64_t)(other != 0))) return code;
  while ((code = v->table[at]) != TSN_CODE_NONE && !same_word(&v->words[code - 1], head, s, length)) at = (at + 1) & v->mask;
  return code;
}

/* ---- the words of a program ---- */

static bool add_word(tsn_block *b, tsn_vocabulary *v, const char *s, uint32_t length, uint16_t *code)
{
  size_t i;
  uint64_t head = text_head(s, length);
  for (i = 0; i < v->count && !same_word(&v->words[i], head, s, length); i++) continue;
  if (i == UINT16_MAX - 1) return true; /* too many: compared the long way */
  if (i == v->count) {
    if (!tsn_alloc_grow(b->alloc, (void **)&v->words, &v->cap, v->count + 1, sizeof *v->words)) return false;
    v->words[v->count++] = (tsn_word){.text = s, .length = length, .head = head};
  }
  *code = (uint16_t)(i + 1);
  return true;
}

/* Comparisons of a column with a constant, in either order. */
static bool read_code(tsn_block *b, const tsn_part_rec *part, const tsn_code *code, uint16_t *word_of)
{
  const tocsin_program *p = b->program;
  const tsn_instr *in = p->instrs + code->instrs.first;
  uint32_t i;
  for (i = 0; i + 2 < code->instrs.count; i++) {
    const tsn_instr *column = in[i].op == OP_COL ? &in[i] : &in[i + 1], *text = in[i].op == OP_TEXT ? &in[i] : &in[i + 1];
    tsn_str s;
    if (in[i + 2].op != OP_CMP_S || column->op != OP_COL || text->op != OP_TEXT) continue;
    if (in[i + 2].x != COMPARE_EQ && in[i + 2].x != COMPARE_NE) continue;
    s = p->texts[text->a];
    if (!add_word(b, &b->made[p->indices[part->slots.first + column->a]].vocabulary, p->strings + s.offset, s.length, &word_of[text->a])) return false;
  }
  return true;
}

static bool make_table(tsn_block *b, tsn_vocabulary *v)
{
  uint32_t size = 8, i;
  if (!v->count) return true;
  while (size < 3 * v->count || (size < 32 * v->count && size < ROOMY)) size *= 2;
  v->table = tsn_alloc_array(b->alloc, size, sizeof *v->table);
  if (!v->table) return false;
  v->mask = size - 1;
  for (i = 0; i < v->count; i++) {
    uint32_t at = place_of(v->words[i].head, v->words[i].length) & v->mask;
    while (v->table[at] != TSN_CODE_NONE) at = (at + 1) & v->mask;
    v->table[at] = (uint16_t)(i + 1);
  }
  return true;
}

tocsin_status tsn_block_init(tsn_block *b, const tocsin_program *program, uint32_t stream, uint16_t *word_of, tsn_alloc *alloc)
{
  uint32_t columns = program->streams[stream].columns.count, i, k;
  *b = (tsn_block){.alloc = alloc, .program = program, .stream = stream};
  tsn_map_init(&b->mask_map, alloc);
  b->made = tsn_alloc_array(alloc, columns, sizeof *b->made);
  if (!b->made) return TOCSIN_NOMEM;
  for (i = 0; i < program->patterns_count; i++) {
    const tsn_pattern_rec *q = &program->patterns[i];
    const tsn_part_rec *part = &program->parts[q->parts.first];
    /* Parts that make other columns, or several, do not come in blocks. */
    if (q->parts.count != 1 || part->kind != PART_STREAM || part->index != stream || part->slots.count != q->slots.count) continue;
    for (k = 0; k < q->labels.count; k++)
      if (!read_code(b, part, &program->labels[q->labels.first + k].condition, word_of)) return TOCSIN_NOMEM;
  }
  for (i = 0; i < columns; i++)
    if (!make_table(b, &b->made[i].vocabulary)) return TOCSIN_NOMEM;
  return TOCSIN_OK;
}

void tsn_block_clear(tsn_block *b)
{
  uint32_t columns = b->made ? b->program->streams[b->stream].columns.count : 0, i;
  for (i = 0; i < columns; i++) {
    tsn_block_column *c = &b->made[i];
    tsn_alloc_free(b->alloc, c->vocabulary.words, c->vocabulary.cap * sizeof *c->vocabulary.words);
    tsn_alloc_free(b->alloc, c->vocabulary.table, c->vocabulary.table ? (c->vocabulary.mask + 1) * sizeof *c->vocabulary.table : 0);
    tsn_alloc_free(b->alloc, c->codes, c->codes ? TSN_BLOCK_ROWS * sizeof *c->codes : 0);
    tsn_alloc_free(b->alloc, c->met, c->met ? TSN_BLOCK_ROWS * sizeof *c->met : 0);
    tsn_alloc_free(b->alloc, c->rows_of, c->rows_of ? (c->vocabulary.count + 1) * TSN_BLOCK_WORDS * sizeof *c->rows_of : 0);
  }
  tsn_alloc_free(b->alloc, b->masks, b->mask_cap * sizeof *b->masks);
  tsn_map_clear(&b->mask_map);
  tsn_alloc_free(b->alloc, b->made, columns * sizeof *b->made);
  b->made = NULL;
}

void tsn_block_begin(tsn_block *b, const tocsin_column *columns, size_t first, size_t rows)
{
  b->columns = columns;
  b->first = first;
  b->rows = (uint32_t)rows;
  b->number++;
}

/* ---- columns ---- */

static bool any_nan(const double *v, uint32_t rows)
{
  uint32_t i, nans = 0;
  for (i = 0; i < rows; i++) nans += v[i] != v[i];
  return nans != 0;
}

/* 64 bits of a bitmap from bit `at` on; not beyond the byte that holds bit `end` - 1. */
static uint64_t bits_at(const uint8_t *bitmap, size_t at, size_t end)
{
  size_t byte = at / 8, last = (end + 7) / 8, i;
  uint64_t low = 0, high = 0;
  unsigned shift = at % 8;
  for (i = 0; i < 8 && byte + i < last; i++) low |= (uint64_t)bitmap[byte + i] << 8 * i;
  if (shift && byte + 8 < last) high = bitmap[byte + 8];
  return shift ? low >> shift | high << (64 - shift) : low;
}

const uint64_t *tsn_block_nulls(tsn_block *b, uint32_t column)
{
  tsn_block_column *m = &b->made[column];
  const tocsin_column *c = &b->columns[column];
  bool real = b->program->columns[b->program->streams[b->stream].columns.first + column].type == TOCSIN_DOUBLE && c->values;
  const double *v = real ? (const double *)c->values + b->first : NULL;
  uint32_t i, w;
  if (m->nulls_at != b->number) {
    m->has_nulls = c->validity != NULL || (real && any_nan(v, b->rows));
    if (m->has_nulls) memset(m->nulls, 0, sizeof m->nulls);
    for (w = 0; c->validity && w * 64 < b->rows; w++) m->nulls[w] = ~bits_at(c->validity, b->first + w * 64, b->first + b->rows);
    for (i = 0; real && m->has_nulls && i < b->rows; i++) m->nulls[i / 64] |= (uint64_t)(v[i] != v[i]) << i % 64;
    m->nulls_at = b->number;
  }
  return m->has_nulls ? m->nulls : NULL;
}

const uint64_t *tsn_block_truths(tsn_block *b, uint32_t column, uint64_t *truths)
{
  uint32_t w;
  for (w = 0; w * 64 < b->rows; w++) truths[w] = bits_at(b->columns[column].values, b->first + w * 64, b->first + b->rows);
  return truths;
}

const uint16_t *tsn_block_codes(tsn_block *b, uint32_t column)
{
  tsn_block_column *m = &b->made[column];
  const tocsin_column *c = &b->columns[column];
  const int32_t *offsets;
  const uint64_t *nulls;
  const char *texts = (const char *)c->values;
  uint32_t i, wide = 0; /* rows whose texts are followed by enough bytes of others */
  if (m->codes_at == b->number) return m->codes;
  nulls = tsn_block_nulls(b, column);
  if (!m->codes && !(m->codes = tsn_alloc_array(b->alloc, TSN_BLOCK_ROWS, sizeof *m->codes))) return NULL;
  offsets = c->offsets + b->first;
  for (wide = b->rows; wide > 0 && offsets[b->rows] - offsets[wide - 1] < 8; wide--) continue;
  for (i = 0; i < b->rows; i++) {
    const char *s = texts + offsets[i];
    uint32_t length = (uint32_t)(offsets[i + 1] - offsets[i]);
    m->codes[i] = find_word(&m->vocabulary, i < wide ? wide_head(s, length) : text_head(s, length), s, length);
  }
  for (i = 0; nulls && i < b->rows; i++)
    if (nulls[i / 64] >> i % 64 & 1) m->codes[i] = TSN_CODE_NONE;
  m->codes_at = b->number;
  return m->codes;
}

const uint64_t *tsn_block_word(tsn_block *b, uint32_t column, uint16_t code)
{
  tsn_block_column *m = &b->made[column];
  uint32_t i;
  if (m->rows_of_at == b->number) return m->rows_of + (size_t)code * TSN_BLOCK_WORDS;
  if (!tsn_block_codes(b, column)) return NULL;
  if (!m->met && !(m->met = tsn_alloc_array(b->alloc, TSN_BLOCK_ROWS, sizeof *m->met))) return NULL;
  if (!m->rows_of && !(m->rows_of = tsn_alloc_array(b->alloc, m->vocabulary.count + 1, TSN_BLOCK_WORDS * sizeof *m->rows_of))) return NULL;
  for (i = 0; i < m->met_count; i++) memset(m->rows_of + (size_t)m->met[i] * TSN_BLOCK_WORDS, 0, TSN_BLOCK_WORDS * sizeof *m->rows_of);
  for (i = 0; i < b->rows; i++) m->rows_of[(size_t)m->codes[i] * TSN_BLOCK_WORDS + i / 64] |= (uint64_t)1 << i % 64;
  memcpy(m->met, m->codes, b->rows * sizeof *m->met);
  m->met_count = b->rows;
  m->rows_of_at = b->number;
  return m->rows_of + (size_t)code * TSN_BLOCK_WORDS;
}
