/* Reading JSON Lines: see jsonl.h.
 *
 * A line is walked once, beside the tree of paths. Cells are collected in slots,
 * as a later member of the same name replaces an earlier one, and go to the
 * columns when the line has proved to be whole; texts are copied only then. */
#include "io/jsonl.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "io/digits.h"
#include "io/json_guess.h"
#include "io/json_scan.h"

typedef enum slot_state { ABSENT, IS_NULL, VALUE, ESCAPED, IS_NAN, WRONG_TYPE, BEYOND, OBJECT, ARRAY } slot_state;

/* What a column has got in this line. Beside the value the text it stood in, for
 * TEXT and for messages. */
typedef struct slot {
  tsn_cell cell;
  const char *text;
  size_t length;
  bool quoted;
} slot;

struct tsn_jsonl {
  tsn_arena arena;
  tsn_json_node *root;
  const tsn_column_def *columns;
  size_t count;
  uint8_t *states; /* slot_state of each column */
  slot *slots;
  uint64_t serial; /* of the line */
  const char *first, *limit, *at; /* of the region; where reading is, roughly */
  tsn_json_fault fault;
  tsn_bytes scratch;
};

tocsin_status tsn_jsonl_new(tsn_decoder *r, tsn_jsonl **out)
{
  tsn_jsonl *j = tsn_alloc_array(r->alloc, 1, sizeof *j);
  size_t bad;

  *out = j;
  if (!j) return TOCSIN_NOMEM;
  tsn_bytes_init(&j->scratch, r->alloc, 0);
  tsn_arena_init(&j->arena, r->alloc, 0);
  j->columns = r->schema->columns;
  j->count = r->schema->column_count;
  j->states = tsn_arena_new_array(&j->arena, uint8_t, j->count);
  j->slots = tsn_arena_new_array(&j->arena, slot, j->count);
  j->root = tsn_json_paths(&j->arena, r->schema, &bad);
  if (j->root && j->states && j->slots) return TOCSIN_OK;
  if (bad == SIZE_MAX) return TOCSIN_NOMEM;
  (void)tsn_decoder_fail(r, "the path '%s' of column \"%s\" is no JSON path such as $.a.b[0]", j->columns[bad].path,
                        j->columns[bad].name);
  return TOCSIN_INVALID;
}

void tsn_jsonl_free(tsn_decoder *r, tsn_jsonl *j)
{
  if (!j) return;
  tsn_bytes_clear(&j->scratch);
  tsn_arena_clear(&j->arena);
  tsn_alloc_free(r->alloc, j, sizeof *j);
}

/* --- cells: each answers what follows the value, or NULL where there is no JSON --- */

static bool ends_number(char c)
{
  return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* 0123 is no number, although its digits are. */
static bool starts_well(const char *p)
{
  if (*p == '-') p++;
  return *p != '0' || !tsn_is_digit(p[1]);
}

/* A number whose end is near and known: its length, else 0. */
static inline size_t near_number(const tsn_jsonl *j, const char *p)
{
  size_t length;

  if (p - j->first < TSN_DIGITS_BEFORE || j->limit - p < TSN_DIGITS_MOST) return 0;
  length = tsn_digits_length(p);
  return length < TSN_DIGITS_MOST ? length : 0;
}

static inline const char *read_int64(const tsn_jsonl *j, const char *p, int64_t *out)
{
  size_t length = near_number(j, p);
  return length && tsn_digits_int64(p, length, out) ? p + length : tsn_read_int64(p, j->limit, out);
}

static inline const char *read_double(const tsn_jsonl *j, const char *p, double *out)
{
  size_t length = near_number(j, p);
  return length && tsn_digits_double(p, length, out) ? p + length : tsn_read_double(p, j->limit, out);
}

static inline void keep_value(tsn_jsonl *j, size_t column, tsn_cell cell)
{
  j->slots[column].cell = cell;
  j->states[column] = VALUE;
}

static void keep_fault(tsn_jsonl *j, size_t column, slot_state state, const char *text, size_t length, bool quoted)
{
  j->slots[column] = (slot){ .text = text, .length = length, .quoted = quoted };
  j->states[column] = (uint8_t)state;
}

/* A value of another type than the column's. */
static const char *wrong_type(tsn_jsonl *j, size_t column, const char *p, unsigned depth)
{
  const char *end = tsn_json_skip(p, j->limit, depth, &j->fault);
  tsn_json_kind kind = tsn_json_kind_of(*p);

  if (!end) return NULL;
  if (kind == TSN_JSON_OBJECT || kind == TSN_JSON_ARRAY)
    keep_fault(j, column, kind == TSN_JSON_OBJECT ? OBJECT : ARRAY, p, 0, false);
  else if (kind == TSN_JSON_TEXT)
    keep_fault(j, column, WRONG_TYPE, p + 1, (size_t)(end - p) - 2, true);
  else
    keep_fault(j, column, WRONG_TYPE, p, (size_t)(end - p), false);
  return end;
}

/* A text that stands for a cell of another type: without escapes, wherever it has to be. */
static const char *plain_text(tsn_jsonl *j, const char *p, const char **end, size_t *length)
{
  bool escaped;
  char *out;

  *end = tsn_json_string(p, j->limit, &escaped, &j->fault);
  if (!*end) return NULL;
  *length = (size_t)(*end - p);
  if (!escaped) return p;
  tsn_bytes_reset(&j->scratch);
  out = tsn_bytes_extend(&j->scratch, *length);
  if (!out) return p; /* out of memory: told after the line */
  *length = tsn_json_unescape(p, *length, out);
  return out;
}

static const char *text_cell(tsn_jsonl *j, size_t column, const char *p, unsigned depth)
{
  slot *s = &j->slots[column];
  bool escaped;
  const char *end;

  if (*p != '"') return wrong_type(j, column, p, depth);
  end = tsn_json_string(p + 1, j->limit, &escaped, &j->fault);
  if (!end) return NULL;
  s->text = p + 1;
  s->length = (size_t)(end - p - 1);
  j->states[column] = escaped ? ESCAPED : VALUE;
  return end + 1;
}

static const char *integer_cell(tsn_jsonl *j, size_t column, const char *p, unsigned depth)
{
  tsn_cell cell;
  bool integer;
  const char *end = read_int64(j, p, &cell.integer);

  if (end && ends_number(*end) && starts_well(p)) {
    keep_value(j, column, cell);
    return end;
  }
  if (tsn_json_kind_of(*p) != TSN_JSON_NUMERIC || *p == 'N' || *p == 'I' || p[1] == 'I')
    return wrong_type(j, column, p, depth);
  end = tsn_json_number(p, &integer, &j->fault);
  if (!end) return NULL;
  if (!integer)
    keep_fault(j, column, WRONG_TYPE, p, (size_t)(end - p), false);
  else if (tsn_parse_int64(p, (size_t)(end - p), &cell.integer))
    keep_value(j, column, cell);
  else
    keep_fault(j, column, BEYOND, p, (size_t)(end - p), false);
  return end;
}

static const char *double_cell(tsn_jsonl *j, size_t column, const char *p, unsigned depth)
{
  tsn_cell cell;
  bool ignored;
  const char *end = read_double(j, p, &cell.real);

  if (end && ends_number(*end) && starts_well(p)) {
    keep_value(j, column, cell);
    return end;
  }
  if (tsn_json_kind_of(*p) != TSN_JSON_NUMERIC) return wrong_type(j, column, p, depth);
  if (*p == 'N') {
    end = tsn_json_word(p, "NaN");
    if (end) j->states[column] = IS_NAN;
    return end;
  }
  if (*p == 'I' || (*p == '-' && p[1] == 'I')) {
    cell.real = *p == '-' ? -(double)INFINITY : (double)INFINITY;
    end = tsn_json_word(*p == '-' ? p + 1 : p, "Infinity");
    if (end) keep_value(j, column, cell);
    return end;
  }
  end = tsn_json_number(p, &ignored, &j->fault);
  if (!end) return NULL;
  if (tsn_parse_double(p, (size_t)(end - p), &cell.real))
    keep_value(j, column, cell);
  else
    keep_fault(j, column, BEYOND, p, (size_t)(end - p), false);
  return end;
}

static const char *boolean_cell(tsn_jsonl *j, size_t column, const char *p, unsigned depth)
{
  tsn_cell cell = { .boolean = *p == 't' };
  const char *end;

  if (*p != 't' && *p != 'f') return wrong_type(j, column, p, depth);
  end = tsn_json_word(p, *p == 't' ? "true" : "false");
  if (end) keep_value(j, column, cell);
  return end;
}

static const char *time_number(tsn_jsonl *j, size_t column, const char *p)
{
  tocsin_unit unit = j->columns[column].unit;
  tsn_cell cell;
  bool ignored;
  const char *end;

  if (unit != TOCSIN_UNIT_NANOSECOND) {
    int64_t scale = unit == TOCSIN_UNIT_SECOND ? 1000000 : unit == TOCSIN_UNIT_MILLISECOND ? 1000 : 1;
    int64_t number;
    end = read_int64(j, p, &number);
    if (end && ends_number(*end) && starts_well(p) && !__builtin_mul_overflow(number, scale, &cell.integer)) {
      keep_value(j, column, cell);
      return end;
    }
  }
  end = tsn_json_number(p, &ignored, &j->fault);
  if (!end) return NULL;
  if (tsn_cell_time(p, (size_t)(end - p), unit, &cell.integer) == TSN_CELL_OK)
    keep_value(j, column, cell);
  else
    keep_fault(j, column, BEYOND, p, (size_t)(end - p), false);
  return end;
}

static const char *time_cell(tsn_jsonl *j, size_t column, const char *p, unsigned depth)
{
  tsn_cell cell;
  size_t length;
  const char *end, *text;

  if (*p == '-' ? tsn_is_digit(p[1]) : tsn_is_digit(*p)) return time_number(j, column, p);
  if (*p != '"') return wrong_type(j, column, p, depth);
  end = tsn_read_iso_time(p + 1, j->limit, &cell.integer);
  if (end && *end == '"') {
    keep_value(j, column, cell);
    return end + 1;
  }
  text = plain_text(j, p + 1, &end, &length);
  if (!text) return NULL;
  if (tsn_time_parse(text, length, &cell.integer))
    keep_value(j, column, cell);
  else
    keep_fault(j, column, WRONG_TYPE, p + 1, (size_t)(end - p - 1), true);
  return end + 1;
}

static const char *interval_cell(tsn_jsonl *j, size_t column, const char *p, unsigned depth)
{
  tsn_cell cell;
  size_t length;
  const char *end, *text;

  if (*p != '"') return integer_cell(j, column, p, depth);
  text = plain_text(j, p + 1, &end, &length);
  if (!text) return NULL;
  if (tsn_interval_parse(text, length, &cell.integer))
    keep_value(j, column, cell);
  else
    keep_fault(j, column, WRONG_TYPE, p + 1, (size_t)(end - p - 1), true);
  return end + 1;
}

static const char *read_cell(tsn_jsonl *j, size_t column, const char *p, unsigned depth)
{
  if (*p == 'n') {
    j->states[column] = IS_NULL;
    return tsn_json_word(p, "null");
  }
  switch (j->columns[column].type) {
  case TOCSIN_TEXT:
    return text_cell(j, column, p, depth);
  case TOCSIN_BIGINT:
    return integer_cell(j, column, p, depth);
  case TOCSIN_DOUBLE:
    return double_cell(j, column, p, depth);
  case TOCSIN_BOOLEAN:
    return boolean_cell(j, column, p, depth);
  case TOCSIN_TIMESTAMP:
    return time_cell(j, column, p, depth);
  case TOCSIN_INTERVAL:
    return interval_cell(j, column, p, depth);
  case TOCSIN_NULL:
  case TOCSIN_LIST:
    break;
  }
  return wrong_type(j, column, p, depth);
}

/* --- the tree --- */

/* A member of this name came before in the same line: its value counts no more. */
static void forget(tsn_jsonl *j, tsn_json_node *n)
{
  if (n->seen != j->serial) return;
  n->seen = 0;
  for (size_t i = 0; i < n->column_count; i++) j->states[n->columns[i]] = ABSENT;
  for (size_t i = 0; i < n->child_count; i++) forget(j, n->children[i]);
}

static const char *read_object(tsn_jsonl *j, tsn_json_node *n, const char *p, unsigned depth);
static const char *read_array(tsn_jsonl *j, const tsn_json_node *n, const char *p, unsigned depth);

/* depth: objects and arrays that are open around the value */
static const char *read_value(tsn_jsonl *j, tsn_json_node *n, const char *p, unsigned depth)
{
  const char *end = NULL;
  bool inside = n->child_count && (*p == '{' || *p == '[');

  if (n->seen == j->serial) forget(j, n);
  n->seen = j->serial;
  for (size_t i = 0; i < n->column_count; i++) {
    if (inside)
      keep_fault(j, n->columns[i], *p == '{' ? OBJECT : ARRAY, p, 0, false);
    else if (!(end = read_cell(j, n->columns[i], p, depth)))
      return NULL;
  }
  if (inside) {
    if (depth >= TSN_JSON_DEPTH_MAX) {
      j->fault = TSN_JSON_DEPTH;
      return NULL;
    }
    return *p == '{' ? read_object(j, n, p, depth + 1) : read_array(j, n, p, depth + 1);
  }
  return end ? end : tsn_json_skip(p, j->limit, depth, &j->fault);
}

/* A member's name at p, behind its opening quote; *p moves behind the closing one. */
static tsn_json_node *read_name(tsn_jsonl *j, const tsn_json_node *n, const char **p)
{
  size_t length;
  const char *end, *name = plain_text(j, *p, &end, &length);

  if (!name) {
    *p = NULL;
    return NULL;
  }
  *p = end + 1;
  return tsn_json_member(n, name, length);
}

/* What leads to a member, from the brace or the end of the value before on, and its
 * name. Answers where its value begins; *child: its node, or NULL. */
static const char *read_gap(tsn_jsonl *j, const tsn_json_node *n, const char *p, tsn_json_node **child)
{
  j->fault = TSN_JSON_SYNTAX;
  if (*p != '{') {
    p = tsn_json_blank(p);
    j->at = p;
    if (*p != ',') return NULL;
  }
  p = tsn_json_blank(p + 1);
  j->at = p;
  if (*p++ != '"') return NULL;
  *child = read_name(j, n, &p);
  if (!p) return NULL;
  p = tsn_json_blank(p);
  j->fault = TSN_JSON_SYNTAX;
  return *p == ':' ? tsn_json_blank(p + 1) : NULL;
}

/* p: at the brace. depth: this object included. */
static const char *read_object(tsn_jsonl *j, tsn_json_node *n, const char *p, unsigned depth)
{
  size_t at = 0;

  if (!n->guesses) n->guesses = tsn_arena_new(&j->arena, tsn_json_guesses); /* without memory for it, without it */
  for (;;) {
    const tsn_json_guess *g = NULL;
    tsn_json_node *child;
    if (n->guesses && (size_t)(j->limit - p) >= TSN_JSON_GAP) g = tsn_json_guess_find(n->guesses, &at, p);
    if (g) {
      child = g->child;
      j->at = p + g->name_at;
      j->fault = TSN_JSON_SYNTAX;
      p = tsn_json_blank(p + g->length); /* there may be more of them than there were */
      at++;
    } else {
      const char *gap = p, *end = tsn_json_blank(*p == '{' ? p + 1 : p);
      if (*end == '}') return end + 1;
      p = read_gap(j, n, p, &child);
      if (!p) return NULL;
      if (n->guesses)
        at += tsn_json_guess_learn(n->guesses, at, gap, (size_t)(p - gap), (size_t)(j->at - gap), child);
    }
    p = child ? read_value(j, child, p, depth) : tsn_json_skip(p, j->limit, depth, &j->fault);
    if (!p) return NULL;
    if (*p == '}') return p + 1;
    if (*p == '{') { /* would look like the beginning */
      j->at = p;
      j->fault = TSN_JSON_SYNTAX;
      return NULL;
    }
  }
}

static const char *read_array(tsn_jsonl *j, const tsn_json_node *n, const char *p, unsigned depth)
{
  p = tsn_json_blank(p + 1);
  if (*p == ']') return p + 1;
  for (uint32_t index = 0;; index += index < UINT32_MAX) {
    tsn_json_node *child = tsn_json_item(n, index);
    p = child ? read_value(j, child, p, depth) : tsn_json_skip(p, j->limit, depth, &j->fault);
    if (!p) return NULL;
    p = tsn_json_blank(p);
    if (*p == ']') return p + 1;
    j->at = p;
    j->fault = TSN_JSON_SYNTAX;
    if (*p != ',') return NULL;
    p = tsn_json_blank(p + 1);
  }
}

/* --- lines --- */

static void report_cell(tsn_decoder *r, const tsn_jsonl *j, size_t column, const char *start, size_t length)
{
  const slot *s = &j->slots[column];

  switch ((slot_state)j->states[column]) {
  case ABSENT:
    tsn_decoder_bad(r, start, length, column, "missing, but a value is required");
    break;
  case IS_NULL:
    tsn_decoder_bad(r, start, length, column, "NULL where a value is required");
    break;
  case IS_NAN:
    tsn_decoder_bad(r, start, length, column, "NaN, which is NULL, where a value is required");
    break;
  case OBJECT:
  case ARRAY: {
    char reason[64];
    snprintf(reason, sizeof reason, "an %s is no %s", j->states[column] == OBJECT ? "object" : "array",
             tocsin_type_name(j->columns[column].type));
    tsn_decoder_bad(r, start, length, column, reason);
    break;
  }
  case VALUE:
  case ESCAPED:
  case WRONG_TYPE:
  case BEYOND:
    tsn_decoder_bad_cell(r, start, length, column, j->states[column] == BEYOND ? TSN_CELL_BEYOND : TSN_CELL_BAD,
                         s->text, s->length, s->quoted);
    break;
  }
}

/* In whole words, which there is slack for in the column. */
static inline void keep_text(tsn_rows_column *to, size_t row, const slot *s, const char *limit)
{
  char *out = (char *)to->values + to->text;

  if ((size_t)(limit - s->text) < s->length + TSN_ROWS_SLACK) {
    tsn_rows_text(to, row, s->text, s->length);
    return;
  }
  for (size_t done = 0; done < s->length; done += TSN_ROWS_SLACK) memcpy(out + done, s->text + done, TSN_ROWS_SLACK);
  to->text += s->length;
  to->offsets[row + 1] = (int32_t)to->text;
}

/* Moves a whole line's cells to the columns. false: a cell is bad, and reported. */
static bool keep_cells(tsn_decoder *r, tsn_jsonl *j, const char *start, size_t length)
{
  uint64_t nans = 0;

  for (size_t i = 0; i < j->count; i++) {
    tsn_rows_column *to = &r->rows.columns[i];
    slot_state state = (slot_state)j->states[i];
    const slot *s = &j->slots[i];
    if (state == VALUE || state == ESCAPED) {
      if (!to->live) continue;
      if (j->columns[i].type != TOCSIN_TEXT)
        tsn_rows_cell(to, r->rows.row, j->columns[i].type, s->cell);
      else if (state == VALUE)
        keep_text(to, r->rows.row, s, j->limit);
      else {
        to->text += tsn_json_unescape(s->text, s->length, (char *)to->values + to->text);
        to->offsets[r->rows.row + 1] = (int32_t)to->text;
      }
    } else if (state > IS_NAN || j->columns[i].not_null) {
      report_cell(r, j, i, start, length);
      return false;
    } else {
      nans += state == IS_NAN;
      if (!to->live) continue;
      tsn_rows_null(to, r->rows.row, j->columns[i].type);
      if (to->offsets) to->offsets[r->rows.row + 1] = (int32_t)to->text;
    }
  }
  r->counts.nan += nans;
  return true;
}

static void report_fault(tsn_decoder *r, const tsn_jsonl *j, const char *start, size_t length, bool is_object)
{
  char reason[128];

  if (!is_object) {
    tsn_decoder_bad(r, start, length, TSN_NO_COLUMN, "no JSON object");
    return;
  }
  snprintf(reason, sizeof reason, "%s, near byte %zu of the line", tsn_json_fault_text(j->fault),
           (size_t)(j->at - start) + 1);
  tsn_decoder_bad(r, start, length, TSN_NO_COLUMN, reason);
}

/* Reads the line at start; answers what follows it. */
static const char *read_line(tsn_decoder *r, tsn_jsonl *j, const char *start, tocsin_status *st)
{
  const char *p = tsn_json_blank(start), *end = NULL, *next;
  bool is_object = *p == '{';

  if (*p == '\n' && (size_t)(p - start) <= r->options.max_line) return p + 1;
  j->serial++;
  j->at = p;
  if (is_object) {
    memset(j->states, ABSENT, j->count);
    end = read_object(j, j->root, p, 1);
    if (end) {
      j->at = end = tsn_json_blank(end);
      j->fault = TSN_JSON_SYNTAX;
      if (*end != '\n') end = NULL;
    }
  }
  next = end ? end + 1 : (const char *)memchr(p, '\n', (size_t)(r->limit - p)) + 1;
  if (j->scratch.failed != TOCSIN_OK)
    *st = j->scratch.failed;
  else if ((size_t)(next - 1 - start) > r->options.max_line)
    tsn_decoder_bad(r, start, (size_t)(next - start), TSN_NO_COLUMN, "longer than a line may be");
  else if (!r->clean && !tsn_decoder_is_clean(start, next))
    tsn_decoder_bad(r, start, (size_t)(next - start), TSN_NO_COLUMN,
                   memchr(start, 0, (size_t)(next - start)) ? "a NUL byte" : "no valid UTF-8");
  else if (!end)
    report_fault(r, j, start, (size_t)(next - start), is_object);
  else if (keep_cells(r, j, start, (size_t)(next - start)))
    *st = tsn_decoder_keep(r, start);
  else
    tsn_rows_undo(&r->rows, 0, 1);
  return next;
}

tocsin_status tsn_jsonl_records(tsn_decoder *r, tsn_jsonl *j)
{
  const char *p = r->region;
  tocsin_status st = TOCSIN_OK;

  j->first = r->region;
  j->limit = r->limit;
  while (p < r->limit && st == TOCSIN_OK) {
    st = tsn_rows_ready(&r->rows);
    if (st != TOCSIN_OK) break;
    p = read_line(r, j, p, &st);
    r->line++;
  }
  return st;
}
