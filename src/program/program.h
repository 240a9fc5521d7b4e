/* The bridge: a compiled program as one relocatable block.
 *
 *   +--------+---------+---------+-----+--------+---------+
 *   | header | section | section | ... |  code  | strings |
 *   +--------+---------+---------+-----+--------+---------+
 *
 * The front writes it (plan/emit), the back reads it (run). It holds no
 * pointers: records name each other by index into a section, so that a block
 * can be saved, mapped and shared. load.c and verify.c believe nothing of it
 * before every index was checked; afterwards the matcher checks none.
 *
 * A section is an array of the records below; sections.def lists them. */
#ifndef TSN_PROGRAM_PROGRAM_H
#define TSN_PROGRAM_PROGRAM_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/map.h"
#include "program/ops.h"
#include "tocsin/program.h"

#define TSN_PROGRAM_MAGIC 0x6e736354u /* "Tcsn" */
#define TSN_PROGRAM_VERSION 1u
#define TSN_PROGRAM_MAX ((size_t)256 << 20)
#define TSN_STACK_MAX 1024u /* cells of the expression stack */
#define TSN_CELLS_MAX (1u << 20) /* values that one path keeps */
#define TSN_COUNTERS_MAX 1024u   /* of counted loops and PERMUTEs inside each other */
#define TSN_PERMUTE_MAX 64u      /* parts of a PERMUTE */

/* A text in the strings section, NUL behind it. offset TSN_NONE: absent. */
typedef struct tsn_str {
  uint32_t offset, length;
} tsn_str;

/* A stretch of records of some section. */
typedef struct tsn_range {
  uint32_t first, count;
} tsn_range;

typedef struct tsn_stream_rec {
  tsn_str name;
  tsn_range columns; /* of columns */
  int32_t event_time;
  uint32_t has_watermark;
  int64_t delay;
} tsn_stream_rec;

typedef struct tsn_column_rec {
  tsn_str name, path;
  uint8_t type, unit, not_null, needed;
  uint32_t unused;
} tsn_column_rec;

/* Static data that the host loads. A column that is needed is read by a join. */
typedef struct tsn_table_rec {
  tsn_str name;
  tsn_range columns; /* of columns */
  tsn_range keys;    /* of indices: columns of the primary key; at least one */
} tsn_table_rec;

#define TSN_ARGUMENTS_MAX 64u /* of a function, built in or declared */

/* A function that the text declares and the host supplies. */
typedef struct tsn_function_rec {
  tsn_str name;
  tsn_range arguments; /* of indices: their types */
  uint32_t result;     /* type */
  uint32_t needed;     /* a code calls it: there is no matcher without it */
} tsn_function_rec;

/* An instruction of the expression machine; ops.def says what x, y and a mean. */
typedef struct tsn_instr {
  uint8_t op, x;
  uint16_t y;
  uint32_t a;
} tsn_instr;

/* Code: a stretch of instructions that leaves one value; stack: the cells it needs. */
typedef struct tsn_code {
  tsn_range instrs; /* count 0: absent */
  uint32_t stack;
  uint32_t local; /* reads only its own row (and neighbours), no path */
  tsn_str text;   /* the expression, as its author wrote it; offset TSN_NONE: nothing in it can fail */
} tsn_code;

typedef enum tsn_node_kind {
  NODE_ACCEPT,  /* the end of the pattern */
  NODE_ROW,     /* a = label; then next. flag: NODE_EXCLUDED */
  NODE_TIMER,   /* a = timer; then next */
  NODE_GAP,     /* flags; lo, hi; then next */
  NODE_ABSENCE, /* a = label that kills the edge; then next */
  NODE_SPLIT,   /* targets a .. a + b - 1, in order of preference */
  NODE_ENTER,   /* a = loop: its first turn or its exit */
  NODE_TURN,    /* a = loop: the end of a turn */
  NODE_PERMUTE, /* targets a .. a + b - 1: its parts, which lead back to it; next when all have been. c = first counter */
  NODE_FIRST,   /* ^ */
  NODE_LAST,    /* $ */
  NODE_KINDS
} tsn_node_kind;

enum {
  NODE_ANY = 1,
  NODE_HAS_LO = 2,
  NODE_HAS_HI = 4,
  NODE_EXCLUDED = 8,
  NODE_SILENT = 16, /* PERMUTE: no part takes a row */
  NODE_TWIN = 32    /* ROW, TIMER: lies in a PERMUTE that is written out and has absences */
};

typedef struct tsn_node_rec {
  uint32_t kind, flags;
  uint32_t a, b;
  uint32_t next;
  uint32_t live_first; /* ROW, TIMER: cells that conditions beyond it may still read: */
  uint32_t live_count; /*   a stretch of indices */
  uint32_t c;          /* TWIN: equal for one element in several sequences, behind the same parts; PERMUTE: first counter */
  int64_t lo, hi;
} tsn_node_rec;

#define TSN_UNBOUNDED UINT32_MAX
#define TSN_NO_COUNTER UINT32_MAX

typedef struct tsn_loop_rec {
  uint32_t min, max; /* max TSN_UNBOUNDED */
  uint32_t body, exit;
  uint32_t counter; /* TSN_NO_COUNTER where no turn needs to be counted */
  uint32_t greedy;
  uint32_t nullable; /* its body can be passed without an element: turns are counted exactly */
  uint32_t unused;
} tsn_loop_rec;

typedef enum tsn_timer_kind { TIMER_DURATION, TIMER_DURATION_CODE, TIMER_DEADLINE_CODE } tsn_timer_kind;

typedef struct tsn_timer_rec {
  uint32_t kind;
  tsn_range labels; /* of indices: the labels that kill it */
  uint32_t unused;
  int64_t duration;
  tsn_code code;
} tsn_timer_rec;

typedef struct tsn_label_rec {
  tsn_str name;
  tsn_code condition; /* count 0: TRUE */
  tsn_range updates;  /* of indices: registers that a row under this label moves */
} tsn_label_rec;

/* Registers: what a path, or the replay of a match, remembers of its rows. */
typedef enum tsn_reg_kind {
  REG_LAST,  /* cells: the value at the last row, the one before, ... (depth cells) */
  REG_FIRST, /* cells: count of rows; the value at row number depth (from 0) */
  REG_AGG,   /* cells as the aggregate needs them (aggregates.def) */
  REG_LABELS /* cells: number of the last mapped row; the labels of that row and of the physical rows before it, by number */
} tsn_reg_kind;

typedef struct tsn_reg_rec {
  uint32_t kind;
  uint32_t aggregate; /* REG_AGG */
  uint32_t type;      /* of the argument */
  uint32_t type2;     /* of a second argument */
  uint32_t cell, cells;
  uint32_t depth; /* of an aggregate without cells: its number among the lists */
  uint32_t distinct; /* equal values count once */
  uint32_t in_path, in_replay;
  uint32_t held;     /* REG_AGG of a path with a list or a tree behind its cells: tsn_keeps_list(), tsn_keeps_tree() */
  uint32_t unused;
  tsn_code value; /* count 0: COUNT(*) */
  tsn_code value2;
} tsn_reg_rec;

/* A window: the rows before each row of a part, under one PARTITION BY and one frame. */
typedef enum tsn_frame_kind {
  FRAME_ROWS,      /* from so many rows before the row to so many before it, or to itself */
  FRAME_RANGE,     /* from one time before the row's to another, or to its own: with all rows of that time */
  FRAME_ALL_ROWS,  /* UNBOUNDED PRECEDING */
  FRAME_ALL_RANGE,
  FRAME_KINDS
} tsn_frame_kind;

typedef struct tsn_window_rec {
  uint32_t kind; /* tsn_frame_kind */
  uint32_t unused;
  int64_t begin, end; /* before the row: rows; or durations, of a DOUBLE time the bits of a double */
  tsn_range keys;    /* of indices: slots of PARTITION BY */
  tsn_range overs;   /* of overs: the aggregates over it */
} tsn_window_rec;

/* An aggregate over a window. Its arguments are slots of the row. */
typedef struct tsn_over_rec {
  uint32_t aggregate;
  uint32_t type, type2; /* of the arguments */
  uint32_t distinct;
  uint32_t slot, slot2; /* TSN_NONE: COUNT(*); no second argument, or a constant one */
  uint32_t constant;    /* of texts, or of reals; TSN_NONE: NULL */
  uint32_t unused;
  tsn_str text; /* as its author wrote it */
} tsn_over_rec;

typedef enum tsn_skip_kind {
  MATCH_SKIP_PAST_LAST,
  MATCH_SKIP_NEXT_ROW,
  MATCH_SKIP_TO, /* the row in a register */
  MATCH_SKIP_NONE
} tsn_skip_kind;

typedef enum tsn_empty_kind { MATCH_SHOW_EMPTY, MATCH_OMIT_EMPTY, MATCH_UNMATCHED } tsn_empty_kind;
typedef enum tsn_within_kind { WITHIN_NONE, WITHIN_TIME, WITHIN_ROWS } tsn_within_kind;

typedef enum tsn_window_kind { WINDOW_NONE, WINDOW_SESSION, WINDOW_TUMBLE } tsn_window_kind;

typedef struct tsn_order_rec {
  uint32_t slot, descending;
} tsn_order_rec;

typedef struct tsn_output_rec {
  tsn_str name;
  uint32_t type;
  uint32_t from_inner; /* TSN_NONE, or the inner column that this is without change */
  tsn_code code;       /* over the inner columns */
} tsn_output_rec;

typedef struct tsn_inner_rec {
  tsn_str name; /* for messages */
  tsn_code code;
  uint32_t type;
  uint32_t is_measure; /* NULL on unmatched rows; else of the row itself */
} tsn_inner_rec;

/* Where a pattern's rows come from: one part, or several that are merged.
 * A raw row carries columns of its source; where TRUE, each cell of the row that is
 * matched over gets its value from it. */
typedef enum tsn_part_kind {
  PART_STREAM,  /* index = stream; columns: the stream's */
  PART_PATTERN /* index = a pattern before this one; columns: its outputs, and behind them its output time */
} tsn_part_kind;

typedef struct tsn_part_rec {
  uint32_t kind, index;
  tsn_range slots;    /* of indices: columns that a raw row carries */
  uint32_t table;     /* joined when the row arrives; TSN_NONE: none */
  uint32_t unused;
  tsn_range joined;   /* of indices: columns of the table, in raw slots behind the others */
  tsn_range keys;     /* of values: one a column of the table's key; over `slots` alone */
  tsn_range values;   /* of values: one a slot of the pattern */
  tsn_code where;     /* over raw slots; count 0: every row */
  uint32_t time_slot; /* raw; TSN_NONE where the pattern has no time */
  tsn_range windows;  /* over rows in order */
  tsn_range overs;    /* of overs: the aggregates of all its windows */
  tsn_range lates;    /* of lates: values that read them */
  uint32_t has_watermark; /* declared, and for the very column that orders: late rows are dropped, else an error */
  int64_t delay;          /* of the watermark behind the part's greatest time */
} tsn_part_rec;

typedef struct tsn_value_rec {
  uint32_t slot; /* the raw slot that it is without change; TSN_NONE: see code */
  uint32_t unused;
  tsn_code code; /* over raw slots; count 0: NULL */
} tsn_value_rec;

/* A value that reads window aggregates: it is made when the row leaves the sort buffer. */
typedef struct tsn_late_rec {
  uint32_t slot; /* of the pattern: what becomes of it */
  uint32_t unused;
  tsn_code code; /* over the pattern's slots */
} tsn_late_rec;

typedef struct tsn_pattern_rec {
  tsn_str name;
  tsn_range parts;    /* of parts: at least one */
  tsn_range streams;  /* of indices: streams whose rows can reach the pattern */
  uint32_t time_slot; /* TSN_NONE: the rows have an order, but no time */
  uint32_t time_type;
  uint32_t within_kind;
  int64_t within;
  int64_t window;
  uint32_t window_kind;
  uint32_t whole_windows; /* the end of a session is read: its rows wait for it */
  tsn_range slots;  /* of indices: the types of the cells that a row carries here */
  tsn_range keys;   /* of indices: slots of PARTITION BY */
  tsn_range orders; /* of orders: ORDER BY after the time */
  tsn_range nodes, loops, timers, labels, regs, targets; /* node, loop ... numbers count from these */
  tsn_range start_absences; /* of indices: labels whose last row's time each partition keeps */
  tsn_range inner;          /* of inner: what MATCH_RECOGNIZE gives */
  tsn_range outputs;        /* of outputs: what SELECT gives */
  tsn_code where;
  uint32_t root;
  uint32_t counters;
  uint32_t path_cells, cells; /* in a path; in all, with those that only a replay fills */
  uint32_t lists;             /* list aggregates that a replay gathers */
  uint32_t skip_kind;
  uint32_t skip_cell; /* SKIP_TO: cell that holds the row's number */
  uint32_t skip_label; /* for the message */
  uint32_t skip_miss_next;
  uint32_t drops; /* at a limit the oldest starts are dropped */
  uint32_t all_rows, empty_kind, timeouts;
  uint32_t history;   /* matches need their list of rows and labels */
  uint32_t ambiguous; /* two derivations may give the same rows, labels and timers */
  uint32_t behind;    /* physical rows before the current one that are read */
  uint32_t ahead;     /* and behind it: a row waits for so many of its partition */
  uint32_t keep_idle; /* a partition without live paths is remembered all the same */
  uint32_t has_first, has_last; /* ^ and $ stand in the pattern */
  uint32_t has_timers, has_bounds;
  uint32_t sorts_all; /* rows are matched when all are there, in the order of `orders` */
  uint32_t sequential; /* conditions read MATCH_NUMBER(): one start at a time */
  uint32_t tier; /* that was asked for: tier.h */
  uint32_t traced; /* it can be told what paths do: their rows are kept, each is kept for itself */
  uint64_t fingerprint;
} tsn_pattern_rec;

typedef enum tsn_section {
#define SECTION(name, type) SECTION_##name,
#include "program/sections.def"
#undef SECTION
  TSN_SECTIONS
} tsn_section;

typedef struct tsn_header {
  uint32_t magic, version;
  uint64_t length;
  uint64_t checksum; /* of everything behind this field */
  struct {
    uint64_t offset, count;
  } sections[TSN_SECTIONS];
} tsn_header;

struct tocsin_program {
  tsn_alloc alloc;
  char *block;
  size_t length;
  /* The sections, resolved. */
#define SECTION(name, type) const type *name; \
  uint32_t name##_count;
#include "program/sections.def"
#undef SECTION
};

/* Takes a block that emit has built (moved; freed with the program). The
 * block's memory must come from `alloc`. */
tocsin_status tsn_program_adopt(const tsn_alloc *alloc, char *block, size_t length, tocsin_program **out);

/* Checks every index of a block with a sound header: OK, CORRUPT or NOMEM. */
tocsin_status tsn_program_verify(const tocsin_program *p);

/* Of what types the cells are bytes. */
static inline bool tsn_is_text(uint32_t type) { return type == TOCSIN_TEXT || type == TOCSIN_LIST; }

static inline const char *tsn_program_text(const tocsin_program *p, tsn_str s) { return p->strings + s.offset; }

#endif
