/* The instructions of the expression machine, and the functions and aggregates
 * that it knows: enumerations made from the tables. */
#ifndef TSN_PROGRAM_OPS_H
#define TSN_PROGRAM_OPS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum tsn_opcode {
#define OP(name, pops, pushes, operand, about) OP_##name,
#include "program/ops.def"
#undef OP
  TSN_OPCODES
} tsn_opcode;

typedef enum tsn_operand {
  OPERAND_NONE,
  OPERAND_INTEGER,
  OPERAND_REAL,
  OPERAND_TEXT,
  OPERAND_SLOT,
  OPERAND_CELL,
  OPERAND_REG,
  OPERAND_JUMP,
  OPERAND_INNER,
  OPERAND_COUNT,
  OPERAND_FUNCTION,
  OPERAND_HOST,
  OPERAND_LIST,
  OPERAND_OVER
} tsn_operand;

typedef struct tsn_op_info {
  const char *name;
  int pops, pushes;
  tsn_operand operand;
} tsn_op_info;

extern const tsn_op_info tsn_op_table[TSN_OPCODES];

typedef enum tsn_compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE } tsn_compare;

/* order: below 0, 0 or above, as the left side is to the right one. */
static inline bool tsn_compare_holds(tsn_compare how, int order)
{
  switch (how) {
  case COMPARE_EQ: return order == 0;
  case COMPARE_NE: return order != 0;
  case COMPARE_LT: return order < 0;
  case COMPARE_LE: return order <= 0;
  case COMPARE_GT: return order > 0;
  default: return order >= 0;
  }
}

/* b ? a for a ? b. */
static inline tsn_compare tsn_compare_turned(tsn_compare how)
{
  static const tsn_compare other[] = {[COMPARE_EQ] = COMPARE_EQ, [COMPARE_NE] = COMPARE_NE, [COMPARE_LT] = COMPARE_GT,
                                      [COMPARE_LE] = COMPARE_GE, [COMPARE_GT] = COMPARE_LT, [COMPARE_GE] = COMPARE_LE};
  return other[how];
}

/* What OP_MATCH can ask for. */
typedef enum tsn_match_value {
  MATCH_VALUE_NUMBER,
  MATCH_VALUE_STATUS,
  MATCH_VALUE_ROWTIME,
  MATCH_VALUE_START,
  MATCH_VALUE_END,
  MATCH_VALUE_ID,
  MATCH_VALUE_PATH,
  MATCH_VALUE_ROWS,
  MATCH_VALUE_WINDOW_START,
  MATCH_VALUE_WINDOW_END,
  MATCH_VALUES
} tsn_match_value;

typedef enum tsn_aggregate {
#define AGGREGATE(name, id, args, cells, merge, about) AGG_##id,
#include "program/aggregates.def"
#undef AGGREGATE
  TSN_AGGREGATES
} tsn_aggregate;

typedef enum tsn_function {
#define FUNCTION(name, id, least, most, signature, null, code, about) FN_##id,
#include "program/functions.def"
#undef FUNCTION
  TSN_FUNCTIONS
} tsn_function;

/* The words that letter u of a signature stands for: units.def, and the sides of TRIM. */
typedef enum tsn_unit {
#define UNIT(name, microseconds, uses) UNIT_##name,
#include "program/units.def"
#undef UNIT
  TSN_UNITS
} tsn_unit;

typedef enum tsn_side { SIDE_BOTH, SIDE_LEADING, SIDE_TRAILING, TSN_SIDES } tsn_side;

typedef enum tsn_merge { MERGE_COUNT, MERGE_SUM, MERGE_SPREAD, MERGE_PICK, MERGE_LIST } tsn_merge;

typedef struct tsn_aggregate_info {
  const char *name, *cells;
  uint32_t args, cell_count; /* no cells: gathered by a replay, or held by paths */
  tsn_merge merge;
} tsn_aggregate_info;

typedef struct tsn_function_info {
  const char *name, *signature;
  uint32_t least, most;
} tsn_function_info;

extern const tsn_aggregate_info tsn_aggregate_table[TSN_AGGREGATES];
extern const tsn_function_info tsn_function_table[TSN_FUNCTIONS];

/* What a path holds for an aggregate in a condition, behind its cells: a list of values, a tree of them. */
static inline bool tsn_keeps_list(uint32_t aggregate) { return aggregate == AGG_ARRAY_AGG || aggregate == AGG_STRING_AGG; }
static inline bool tsn_keeps_tree(uint32_t aggregate, bool distinct) { return distinct || aggregate == AGG_APPROX_PERCENTILE; }

/* The letter of an argument, counted from 0: the one that * repeats past the end; 0: it takes no such argument. */
char tsn_signature_letter(const char *signature, uint32_t arg);

#endif
