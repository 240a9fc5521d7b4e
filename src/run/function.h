/* Scalar functions: what their files share.
 *
 *   function.c        the table behind OP_CALL, casts, numbers
 *   text_function.c   texts
 *   time_function.c   times
 *   regex_function.c  regular expressions, compiled once
 *   hash_function.c   HASH
 *   host_function.c   those of the host, behind OP_HOST
 *
 * A row of program/functions.def names the function here that does it. */
#ifndef TSN_RUN_FUNCTION_H
#define TSN_RUN_FUNCTION_H

#include "run/run.h"

/* in      in->y arguments, in->x the type that the open letters of the signature stand for
 * args    loaded; none of them NULL where the row says STRICT
 * out     NULL when it is called
 * false   a failure was said: tsn_run_fail() */
typedef bool tsn_function_code(tsn_run *r, const tsn_instr *in, const tsn_cell *args, tsn_cell *out);

#define FUNCTION(name, id, least, most, signature, null, code, about) tsn_function_code tsn_fn_##code;
#include "program/functions.def"
#undef FUNCTION

/* Room for a text that lives until the next row; NULL after a failure was said. */
char *tsn_text_room(tsn_run *r, size_t length);

#endif
