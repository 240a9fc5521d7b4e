/* The pieces of a text that is being laid out: layout.c decides where lines
 * break, format.c prints. Inside of tsn_format_script. */
#ifndef TSN_DSL_LAYOUT_H
#define TSN_DSL_LAYOUT_H

#include "dsl/reader.h"

#define LINE_MAX 100  /* columns of a line that need not break */
#define SHORT_MAX 80  /* columns of a statement that stays on one line */
#define NEVER INT_MAX /* the width of what cannot stand on one line */

typedef enum tsn_place { PLACE_OWN, PLACE_TRAILING, PLACE_INLINE } tsn_place;

/* A comment, beside the piece it stays with. */
typedef struct tsn_note {
  tsn_span at;
  tsn_place place;
  bool blank; /* an empty line follows it */
  struct tsn_note *next;
} tsn_note;

typedef struct tsn_notes {
  tsn_note *first, *last;
} tsn_notes;

/* One token and what is before it. */
typedef struct tsn_piece {
  tsn_token token;
  bool name, call; /* a name; a name before its ( */
  bool pattern;    /* stands between the brackets of PATTERN, outside [ ] and { } */
  bool frame;      /* a bracket with blanks inside: PATTERN ( a ) */
  bool sign;       /* - or + of one operand */
  size_t match;    /* of a bracket: the other one */
  size_t brace;    /* the { that it stands in directly, +1; 0: none */
  int indent;      /* begins a line, so far in; -1: does not */
  int pad;         /* blanks before it, where more than the usual one; -1: as usual */
  bool blank;      /* an empty line before it */
  bool blank_source; /* ... as in the text */
  tsn_notes before, behind;
} tsn_piece;

typedef struct tsn_layout {
  tsn_reader *r;
  tsn_piece *pieces;
  size_t count; /* without the last piece, the end of the text */
  const tsn_script *script;
} tsn_layout;

/* format.c */
size_t tsn_layout_at(const tsn_layout *l, uint32_t offset);           /* the piece that begins there, or the next */
int tsn_layout_width(const tsn_layout *l, size_t from, size_t to);    /* columns of [from, to) on one line, or NEVER */
bool tsn_layout_gap(const tsn_layout *l, size_t piece);               /* whether a blank stands before it on a line */

/* layout.c */
void tsn_layout_names(tsn_layout *l);
void tsn_layout_lines(tsn_layout *l);

#endif
