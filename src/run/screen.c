/* Conditions over a block, shared by the patterns of a program.
 *
 * What a block can tell of a condition is x AND y AND z (sweep.c says how much of it). Each of
 * these is evaluated by itself, once for all conditions that have it, whichever pattern they
 * are of, and only in the words of 64 rows where some condition is still open:
 *
 *   a AS sym = 'S1' AND price > 10       sym = 'S1'   1100     a  1000
 *   b AS sym = 'S2' AND price > 10       sym = 'S2'   0010     b  0010
 *   c AS sym = 'S1' AND price < 10       price > 10   1010     c  0100
 *                                        price < 10   0101
 *
 * Two are the same where their code is, with columns of the stream in place of a pattern's
 * slots and constants by their values. */
#include <string.h>

#include "program/code.h"
#include "run/source.h"

/* ---- which there are ---- */

/* An operand as a number by which it is the same in all patterns. */
static uint64_t operand(const tsn_run *r, const tsn_instr *in)
{
  const tocsin_program *p = r->program;
  uint64_t bits;
  switch ((tsn_opcode)in->op) {
  case OP_COL: return r->sources[0].columns[in->a];
  case OP_INT: return (uint64_t)p->integers[in->a];
  case OP_REAL: memcpy(&bits, &p->reals[in->a], sizeof bits); return bits;
  case OP_TEXT: return tsn_hash_bytes(p->strings + p->texts[in->a].offset, p->texts[in->a].length, 0);
  default: return in->a;
  }
}

/* How far code jumps does not matter: vector.c finds its way by the operations. */
static bool jumps(const tsn_instr *in) { return in->op == OP_SKIP_F || in->op == OP_SKIP_T; }

static uint64_t hash_of(const tsn_run *r, const tsn_range *code)
{
  const tsn_instr *in = r->program->instrs + code->first, *end = in + code->count;
  uint64_t h = code->count;
  for (; in < end; in++) {
    h = tsn_hash_word((uint64_t)in->op << 32 | (uint64_t)in->x << 16 | in->y, h);
    h = tsn_hash_word(jumps(in) ? 0 : operand(r, in), h);
  }
  return h;
}

static bool same_text(const tocsin_program *p, uint32_t a, uint32_t b)
{
  tsn_str x = p->texts[a], y = p->texts[b];
  return x.length == y.length && !memcmp(p->strings + x.offset, p->strings + y.offset, x.length);
}

static bool same_code(const tsn_run *r, const tsn_range *a, const tsn_run *q, const tsn_range *b)
{
  const tsn_instr *x = r->program->instrs + a->first, *y = r->program->instrs + b->first;
  uint32_t i;
  if (a->count != b->count) return false;
  for (i = 0; i < a->count; i++) {
    if (x[i].op != y[i].op || x[i].x != y[i].x || x[i].y != y[i].y) return false;
    if (jumps(&x[i])) continue;
    if (x[i].op == OP_TEXT ? !same_text(r->program, x[i].a, y[i].a) : operand(r, &x[i]) != operand(q, &y[i])) return false;
  }
  return true;
}

/* The number of a conjunct among those of the stream; TSN_NONE: no memory. */
static uint32_t find_mask(tsn_block *b, tsn_run *r, const tsn_range *code)
{
  uint64_t hash = hash_of(r, code);
  uint32_t id;
  size_t at;
  at = tsn_map_first(&b->mask_map, hash);
  for (; (id = tsn_map_at(&b->mask_map, at)) != TSN_NONE; at = tsn_map_next(&b->mask_map, hash, at))
    if (same_code(r, code, b->masks[id].run, &b->masks[id].code)) return id;
  id = (uint32_t)b->mask_count;
  if (!tsn_alloc_grow(b->alloc, (void **)&b->masks, &b->mask_cap, b->mask_count + 1, sizeof *b->masks)) return TSN_NONE;
  if (!tsn_map_add(&b->mask_map, hash, id)) return TSN_NONE;
  b->masks[b->mask_count++] = (tsn_mask){.run = r, .code = *code};
  return id;
}

/* The conjuncts of a label, from the left, behind those that are there. */
static bool add_label(tsn_block *b, tsn_run *r, uint32_t label, size_t *count)
{
  tsn_range left = r->screens[label].instrs, right;
  size_t first = *count, i;
  bool more = r->vectored[label] && left.count;
  while (more) {
    more = tsn_cut_and(r->program, left.first, &left, &right);
    if (!tsn_run_room(r, (void **)&r->conjuncts, &r->conjunct_cap, *count + 1, sizeof *r->conjuncts)) return false;
    r->conjuncts[*count] = find_mask(b, r, more ? &right : &left);
    if (r->conjuncts[*count] == TSN_NONE) return tsn_run_nomem(r);
    ++*count;
  }
  for (i = 0; i < (*count - first) / 2; i++) { /* the last one was cut off first */
    uint32_t id = r->conjuncts[first + i];
    r->conjuncts[first + i] = r->conjuncts[*count - 1 - i];
    r->conjuncts[*count - 1 - i] = id;
  }
  r->conjunct_end[label] = (uint32_t)*count;
  return true;
}

bool tsn_screens_init(tsn_block *blocks, tsn_run *r)
{
  size_t count = 0;
  uint32_t i;
  if (r->sources[0].p->kind != PART_STREAM || !tsn_sweep_can(r)) return true;
  for (i = 0; i < r->p->labels.count; i++)
    if (!add_label(&blocks[r->sources[0].p->index], r, i, &count)) return false;
  return true;
}

/* ---- over a block ---- */

/* Makes sure that a conjunct is known in these words; one that is asked for again, in all. false: it cannot be told. */
static bool see(tsn_block *b, tsn_mask *m, uint32_t words, uint32_t all)
{
  if (m->at != b->number) {
    m->at = b->number;
    m->known = m->some = 0;
    m->lost = false;
  }
  words &= ~m->known;
  if (!words || m->lost) return !m->lost;
  if (m->known) words = all & ~m->known;
  m->lost = !tsn_vector_words(m->run, b, &m->code, words, m->bits);
  if (m->lost) return false;
  m->known |= words;
  for (; words; words &= words - 1) {
    uint32_t w = (uint32_t)__builtin_ctz(words);
    m->some |= (uint32_t)(m->bits[w] != 0) << w;
  }
  return true;
}

/* In these words the bits of a label are written; those of the block before go, and it is noted where there are any now. */
static void put_words(tsn_run *r, uint32_t label, uint32_t words)
{
  uint64_t *bits = r->bits + (size_t)label * TSN_BLOCK_WORDS;
  uint32_t old = r->written[label] & ~words, some = 0;
  for (; old; old &= old - 1) bits[__builtin_ctz(old)] = 0;
  for (; words; words &= words - 1) {
    uint32_t w = (uint32_t)__builtin_ctz(words);
    r->any[w] |= bits[w];
    some |= (uint32_t)(bits[w] != 0) << w;
  }
  r->written[label] = some;
}

/* to[w] = from[w], or of both, in these words. */
static void take_words(uint64_t *to, const uint64_t *from, uint32_t words, bool both)
{
  for (; words; words &= words - 1) {
    uint32_t w = (uint32_t)__builtin_ctz(words);
    to[w] = both ? to[w] & from[w] : from[w];
  }
}

bool tsn_screen_bits(tsn_run *r, tsn_block *b, uint32_t label)
{
  const uint32_t *id = r->conjuncts + (label ? r->conjunct_end[label - 1] : 0), *end = r->conjuncts + r->conjunct_end[label], *k;
  uint64_t *bits = r->bits + (size_t)label * TSN_BLOCK_WORDS;
  uint32_t all = (uint32_t)(((uint64_t)1 << (b->rows + 63) / 64) - 1), open = all;
  bool told = id < end;
  for (k = id; k < end && told && open; k++) {
    told = see(b, &b->masks[*k], open, all);
    open &= b->masks[*k].some;
  }
  for (k = id; k < end && told && open; k++) take_words(bits, b->masks[*k].bits, open, k > id);
  if (!told) { /* a part of it, perhaps where the rest has decided already; or it is always TRUE */
    open = all;
    if (!tsn_vector_words(r, b, &r->screens[label].instrs, all, bits)) {
      r->written[label] = all;
      return false;
    }
  }
  put_words(r, label, open);
  return true;
}
