/* Which tiers can do a pattern (tier.h). */
#include "program/tier.h"

static const struct {
  const char *name, *about;
} tiers[TSN_TIERS] = {
    {"", ""},
#define TIER(id, name, about) {name, about},
#include "program/tiers.def"
#undef TIER
};

const char *tsn_tier_name(tsn_tier tier) { return tiers[tier].name; }
const char *tsn_tier_about(tsn_tier tier) { return tiers[tier].about; }

static bool has_op(const tocsin_program *p, const tsn_code *code, tsn_opcode op, uint32_t function)
{
  const tsn_instr *in = p->instrs + code->instrs.first;
  uint32_t i;
  for (i = 0; i < code->instrs.count; i++)
    if (in[i].op == op && (op != OP_CALL || in[i].a == function)) return true;
  return false;
}

/* Values that are not the same when they are asked for later. */
static bool depends_on_when(const tocsin_program *p, const tsn_pattern_rec *q)
{
  uint32_t i;
  for (i = 0; i < q->regs.count; i++) {
    const tsn_reg_rec *reg = &p->regs[q->regs.first + i];
    if (has_op(p, &reg->value, OP_HOST, 0) || has_op(p, &reg->value, OP_CALL, FN_NOW) || has_op(p, &reg->value2, OP_HOST, 0) ||
        has_op(p, &reg->value2, OP_CALL, FN_NOW))
      return true;
  }
  return false;
}

static bool reads_path(const tocsin_program *p, const tsn_pattern_rec *q)
{
  uint32_t i;
  for (i = 0; i < q->labels.count; i++) {
    const tsn_code *code = &p->labels[q->labels.first + i].condition;
    if (code->instrs.count && !code->local) return true;
  }
  return false;
}

static bool has_computed_timer(const tocsin_program *p, const tsn_pattern_rec *q)
{
  uint32_t i;
  for (i = 0; i < q->timers.count; i++)
    if (p->timers[q->timers.first + i].kind != TIMER_DURATION) return true;
  return false;
}

static bool is_read(const tocsin_program *p, uint32_t pattern)
{
  uint32_t i;
  for (i = 0; i < p->parts_count; i++)
    if (p->parts[i].kind == PART_PATTERN && p->parts[i].index == pattern) return true;
  return false;
}

#define TABLE_LABELS 64

static const char *table_refuses(const tocsin_program *p, uint32_t pattern)
{
  const tsn_pattern_rec *q = &p->patterns[pattern];
  if (q->skip_kind == MATCH_SKIP_NONE) return "it wants every match";
  if (reads_path(p, q)) return "conditions read rows that were matched before";
  if (q->sequential) return "conditions read MATCH_NUMBER()";
  if (q->labels.count > TABLE_LABELS) return "it has more than 64 labels";
  if (q->ahead) return "conditions read rows behind their own";
  if (q->has_first || q->has_last) return "it has ^ or $";
  if (q->has_bounds) return "gaps have bounds";
  if (q->start_absences.count) return "it begins with an absence";
  if (has_computed_timer(p, q)) return "the length of an absence is computed";
  if (q->within_kind == WITHIN_ROWS && q->has_timers) return "it has both timers and WITHIN so many rows";
  if (q->timeouts) return "it shows what timed out";
  if (q->empty_kind == MATCH_UNMATCHED) return "it shows unmatched rows";
  if (q->drops) return "it drops what is oldest at a limit";
  if (is_read(p, pattern)) return "another pattern reads it";
  if (depends_on_when(p, q)) return "measures call NOW() or functions of the host";
  return NULL;
}

const char *tsn_tier_refuses(const tocsin_program *p, uint32_t pattern, tsn_tier tier)
{
  switch (tier) {
  case TIER_TABLE: return table_refuses(p, pattern);
  default: return NULL;
  }
}

tsn_tier tsn_tier_of(const tocsin_program *p, uint32_t pattern)
{
  tsn_tier wanted = (tsn_tier)p->patterns[pattern].tier, tier;
  if (wanted != TIER_ANY && !tsn_tier_refuses(p, pattern, wanted)) return wanted;
  for (tier = (tsn_tier)(TSN_TIERS - 1); tier > TIER_PATHS && tsn_tier_refuses(p, pattern, tier);) tier = (tsn_tier)(tier - 1);
  return tier;
}
