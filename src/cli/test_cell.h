/* Cells of tests: text to values and back, and tables of them.
 *
 *            as it is read                       as it is written
 *   TEXT     bare, or 'quoted'                   bare where it can be
 *   times    09:05, 09:05:10.5 (of TSN_TEST_DAY),
 *            2026-02-01 09:05, +5 minutes        09:05, or with the date on another day
 *   INTERVAL 5 minutes, 01:30:00, PT5M           PT5M
 *   NULL     null, or nothing                    null */
#ifndef TSN_CLI_TEST_CELL_H
#define TSN_CLI_TEST_CELL_H

#include "base/arena.h"
#include "base/bytes.h"
#include "tocsin/run.h"

#define TSN_TEST_DAY INT64_C(20484) /* days since 1970: 2026-01-31 */

/* A value of a cell's text; a time `+5 minutes` counts from `now`. Texts lie on the arena.
 * false: it is none; `why` says so for people. */
bool tsn_test_value(tsn_arena *arena, const char *text, tocsin_type type, tocsin_unit unit, int64_t now, tocsin_value *out,
                    char why[256]);

/* A duration, or with a numeric time column a number, as a difference of times. */
bool tsn_test_duration(const char *text, tocsin_type time, int64_t now, int64_t *later);

/* Whether what came is what a cell expects. `*`: anything; `~3.33`: about that, to the digits written.
 * -1: the cell is no such value. */
int tsn_test_equals(tsn_arena *arena, const char *text, const tocsin_value *v, char why[256]);

/* As it would stand in a table. */
const char *tsn_test_cell(tsn_arena *arena, const tocsin_value *v);

/* A line of a table that is laid out: what stands before it, and its cells. */
typedef struct tsn_test_line {
  const char *before;
  const char *const *cells;
  const char *behind; /* NULL: nothing */
  const bool *marked; /* cells that are underlined by ^, in a line below; NULL: none */
} tsn_test_line;

/* Appends lines with their cells under one another, split by " | ". */
void tsn_test_lay(tsn_bytes *out, tsn_arena *arena, const tsn_test_line *lines, size_t count, size_t columns, bool barred);

#endif
