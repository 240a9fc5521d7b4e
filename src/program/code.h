/* Questions about code: what it reads, whether it can fail, and what it is made of. */
#ifndef TSN_PROGRAM_CODE_H
#define TSN_PROGRAM_CODE_H

#include "program/program.h"

/* Whether a row may be such that evaluation fails; memory apart. */
bool tsn_code_can_fail(const tocsin_program *p, const tsn_code *code);
/* Marks the columns of its own row that it reads. */
void tsn_code_columns(const tocsin_program *p, const tsn_code *code, bool *marked);
/* Whether it calls the function. */
bool tsn_code_calls(const tocsin_program *p, const tsn_code *code, uint32_t function);
/* Cuts x AND y: *part is x then, *right y. A stretch of code that begins at instruction `origin`. */
bool tsn_cut_and(const tocsin_program *p, uint32_t origin, tsn_range *part, tsn_range *right);
/* Where it ends with an operation on two values: the code of each. Straight code alone is looked at. */
bool tsn_cut_two(const tocsin_program *p, tsn_range code, tsn_range *left, tsn_range *right);
/* Where it is a comparison (of whatever types): its sides, likewise. */
bool tsn_cut_compare(const tocsin_program *p, tsn_range code, tsn_range *left, tsn_range *right);

#endif
