/* Reading CSV: see csv.h.
 *
 *   csv_block     many well-formed records at once, straight from the bytes into the columns
 *   slow_record   anything else, one record: splits, then parses, and decides what is bad */
#include "io/csv.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "io/cell.h"
#include "io/csv_block.h"
#include "io/json_path.h"

#define HEADER_MOST 65536 /* fields */

struct tsn_csv {
  tsn_csv_target *fields;
  size_t count; /* 0: no header yet */
  tsn_csv_block *block;
  tsn_csv_field *parts; /* of one record: count of them, or HEADER_MOST for the header */
  size_t part_cap;
  tsn_bytes scratch;    /* undoubled texts */
};

tocsin_status tsn_csv_new(tsn_decoder *r, tsn_csv **out)
{
  tsn_csv *c = tsn_alloc_array(r->alloc, 1, sizeof *c);

  *out = c;
  if (!c) return TOCSIN_NOMEM;
  tsn_bytes_init(&c->scratch, r->alloc, 0);
  return TOCSIN_OK;
}

void tsn_csv_free(tsn_decoder *r, tsn_csv *c)
{
  if (!c) return;
  tsn_alloc_free(r->alloc, c->fields, c->count * sizeof *c->fields);
  tsn_csv_block_free(r->alloc, c->block);
  tsn_alloc_free(r->alloc, c->parts, c->part_cap * sizeof *c->parts);
  tsn_bytes_clear(&c->scratch);
  tsn_alloc_free(r->alloc, c, sizeof *c);
}

bool tsn_csv_has_header(const tsn_csv *c)
{
  return c->count > 0;
}

/* --- records and their fields --- */

tsn_csv_found tsn_csv_find_end(tsn_csv_end *s, const char *data, size_t from, size_t length, size_t *end)
{
  for (size_t i = from; i < length; i++) {
    char c = data[i];
    if (c == '\n' && s->first_line == 0) s->first_line = i + 1;
    switch (s->state) {
    case TSN_CSV_FIELD:
      s->state = c == '"' ? TSN_CSV_QUOTED : c == ',' ? TSN_CSV_FIELD : TSN_CSV_PLAIN;
      break;
    case TSN_CSV_PLAIN:
      if (c == ',') s->state = TSN_CSV_FIELD;
      break;
    case TSN_CSV_QUOTED:
      if (c == '"') s->state = TSN_CSV_QUOTE;
      continue; /* a newline in quotes ends nothing */
    case TSN_CSV_QUOTE:
      if (c == '"')
        s->state = TSN_CSV_QUOTED;
      else if (c == ',')
        s->state = TSN_CSV_FIELD;
      else if (c != '\n')
        s->state = c == '\r' ? TSN_CSV_RETURN : TSN_CSV_BROKEN;
      break;
    case TSN_CSV_RETURN:
      if (c != '\n') s->state = TSN_CSV_BROKEN;
      break;
    case TSN_CSV_BROKEN:
      break;
    }
    if (s->state == TSN_CSV_BROKEN && s->first_line) {
      *end = s->first_line;
      return TSN_CSV_CUT;
    }
    if (c == '\n') {
      *end = i + 1;
      return TSN_CSV_WHOLE;
    }
  }
  return TSN_CSV_OPEN;
}

/* Reads a quoted field whose quote is at p. Answers what follows its closing
 * quote, or NULL where there is none. */
static const char *split_quoted(const char *p, const char *end, tsn_csv_field *out)
{
  const char *first = ++p;

  *out = (tsn_csv_field){ .text = first, .quoted = true };
  for (;;) {
    p = memchr(p, '"', (size_t)(end - p));
    if (!p) return NULL;
    if (p[1] != '"') break; /* end is behind a newline, so there is a p[1] */
    out->doubled = true;
    p += 2;
  }
  out->length = (size_t)(p - first);
  return p + 1;
}

static uint64_t count_lines(const char *p, const char *end)
{
  uint64_t lines = 0;

  while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) lines++, p++;
  return lines;
}

tsn_csv_split_outcome tsn_csv_split_record(const char *p, const char *end, tsn_csv_field *fields, size_t most,
                                           size_t *count, const char **next, uint64_t *lines)
{
  const char *start = p;
  tsn_csv_field part;

  *count = 0;
  for (;;) {
    if (*p == '"') {
      p = split_quoted(p, end, &part);
      if (p && *p == '\r' && p[1] == '\n') p++;
      if (!p || (*p != ',' && *p != '\n')) {
        *lines = 1;
        *next = (const char *)memchr(start, '\n', (size_t)(end - start)) + 1;
        return !p ? TSN_CSV_SPLIT_OPEN : p < *next ? TSN_CSV_SPLIT_BROKEN : TSN_CSV_SPLIT_TORN;
      }
    } else {
      part = (tsn_csv_field){ .text = p };
      while (*p != ',' && *p != '\n') p++;
      part.length = (size_t)(p - part.text);
      if (*p == '\n' && part.length && p[-1] == '\r') part.length--;
    }
    if (*count < most) fields[*count] = part;
    ++*count;
    if (*p++ == '\n') break;
  }
  *next = p;
  *lines = count_lines(start, p);
  return TSN_CSV_SPLIT_OK;
}

size_t tsn_csv_undouble(const char *text, size_t length, char *out)
{
  size_t to = 0;

  for (size_t i = 0; i < length; i++) {
    out[to++] = text[i];
    if (text[i] == '"') i++;
  }
  return to;
}

/* The text of a part, undoubled into the scratch buffer where need be; NULL: out of memory. */
static const char *part_text(tsn_csv *c, const tsn_csv_field *part, size_t *length)
{
  char *out;

  *length = part->length;
  if (!part->doubled) return part->text;
  tsn_bytes_reset(&c->scratch);
  out = tsn_bytes_extend(&c->scratch, part->length);
  if (out) *length = tsn_csv_undouble(part->text, part->length, out);
  return out;
}

/* --- the header --- */

static void trim(const char **text, size_t *length)
{
  while (*length && (**text == ' ' || **text == '\t')) ++*text, --*length;
  while (*length && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t')) --*length;
}

/* What the header calls a column: the member of its path, where that is all of
 * the path, so that one text reads JSON Lines and CSV; else the column's name. */
static const char *header_name(const tsn_column_def *def, size_t *length)
{
  const char *name = def->path ? tsn_json_path_single(def->path, length) : NULL;

  if (name) return name;
  *length = strlen(def->name);
  return def->name;
}

static bool is_called(const char *called, size_t called_length, const char *name, size_t length, bool exact)
{
  if (exact) return called_length == length && !memcmp(called, name, length);
  return tsn_same_name(called, called_length, name, length);
}

/* The column of a header's name: the same spelling first, then any case; then
 * the column's own name, should its path have another. */
static size_t find_column(const tsn_schema *s, const char *name, size_t length)
{
  for (int pass = 0; pass < 3; pass++)
    for (size_t i = 0; i < s->column_count; i++) {
      size_t called_length = strlen(s->columns[i].name);
      const char *called = pass < 2 ? header_name(&s->columns[i], &called_length) : s->columns[i].name;
      if (is_called(called, called_length, name, length, pass == 0)) return i;
    }
  return TSN_NO_COLUMN;
}

static tsn_csv_kind kind_of(tocsin_type type)
{
  switch (type) {
  case TOCSIN_TEXT:
    return TSN_CSV_TEXT;
  case TOCSIN_BIGINT:
    return TSN_CSV_BIGINT;
  case TOCSIN_DOUBLE:
    return TSN_CSV_DOUBLE;
  case TOCSIN_TIMESTAMP:
    return TSN_CSV_TIME;
  case TOCSIN_BOOLEAN:
  case TOCSIN_INTERVAL:
  case TOCSIN_NULL:
  case TOCSIN_LIST:
    break;
  }
  return TSN_CSV_OTHER;
}

static void plan_field(tsn_decoder *r, tsn_csv_target *f, size_t column)
{
  static const int64_t scales[] = { [TOCSIN_UNIT_NONE] = 1,           [TOCSIN_UNIT_SECOND] = 1000000,
                                    [TOCSIN_UNIT_MILLISECOND] = 1000, [TOCSIN_UNIT_MICROSECOND] = 1,
                                    [TOCSIN_UNIT_NANOSECOND] = 0 };
  const tsn_column_def *def;

  *f = (tsn_csv_target){ .kind = TSN_CSV_SKIP, .column = column };
  if (column == TSN_NO_COLUMN) return;
  def = &r->schema->columns[column];
  f->kind = kind_of(def->type);
  f->type = def->type;
  f->unit = def->unit;
  f->scale = scales[def->unit];
  f->live = def->needed;
  f->not_null = def->not_null;
  if (f->live) f->to = &r->rows.columns[column];
}

static const char *schema_name(const tsn_decoder *r)
{
  return r->schema->name ? r->schema->name : "";
}

static bool is_spelt(const tsn_csv_field *part, const tsn_column_def *def)
{
  const char *text = part->text, *name;
  size_t length = part->length, name_length;

  trim(&text, &length);
  name = header_name(def, &name_length);
  return is_called(name, name_length, text, length, true);
}

/* Maps one field of the header. Of two spellings of one name the exact one
 * counts; two alike are one too many. */
static tocsin_status map_field(tsn_decoder *r, tsn_csv *c, size_t i, const char *name, size_t length)
{
  size_t column = find_column(r->schema, name, length);

  for (size_t j = 0; j < i && column != TSN_NO_COLUMN; j++) {
    const tsn_column_def *known = &r->schema->columns[column];
    bool exact = is_spelt(&c->parts[i], known);
    if (c->fields[j].column != column) continue;
    if (exact == is_spelt(&c->parts[j], known))
      return tsn_decoder_fail(r, "the header names column \"%s\" twice", known->name);
    if (exact)
      plan_field(r, &c->fields[j], TSN_NO_COLUMN);
    else
      column = TSN_NO_COLUMN;
  }
  plan_field(r, &c->fields[i], column);
  return TOCSIN_OK;
}

/* A column that is NULL everywhere is allowed, but seldom meant. */
static void remark_missing(tsn_decoder *r, const tsn_column_def *def)
{
  size_t at = strlen(r->remark);

  if (at + strlen(def->name) + 8 > sizeof r->remark) return;
  snprintf(r->remark + at, sizeof r->remark - at, at ? ", \"%s\"" : "the header has no column for \"%s\"", def->name);
}

/* The header line as it is shown: without its end, and not too long. */
static int shown_length(const char *line, size_t length)
{
  if (length > 80) length = 80;
  while (length && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
  return (int)length;
}

static tocsin_status check_header(tsn_decoder *r, const tsn_csv *c, const char *line, size_t length)
{
  const tsn_schema *s = r->schema;
  size_t found = 0, shown = 0;
  char names[160] = "";

  for (size_t i = 0; i < s->column_count; i++) {
    bool there = false;
    for (size_t j = 0; j < c->count && !there; j++) there = c->fields[j].column == i;
    found += there;
    if (!there) {
      if (s->columns[i].not_null)
        return tsn_decoder_fail(r, "the header has no column \"%s\", which stream \"%s\" requires (it is %.*s)",
                               s->columns[i].name, schema_name(r), shown_length(line, length), line);
      r->rows.columns[i].live = false;
      if (s->columns[i].needed) remark_missing(r, &s->columns[i]);
    }
    if (shown < sizeof names)
      shown += (size_t)snprintf(names + shown, sizeof names - shown, "%s%s", i ? ", " : "", s->columns[i].name);
  }
  if (found) {
    size_t at = strlen(r->remark);
    if (at) snprintf(r->remark + at, sizeof r->remark - at, " (it is %.*s)", shown_length(line, length), line);
    return TOCSIN_OK;
  }
  length = (size_t)shown_length(line, length);
  if (!memchr(line, ',', length) && (memchr(line, ';', length) || memchr(line, '\t', length)))
    return tsn_decoder_fail(r, "the header line has no comma; fields must be split by commas, not by %s",
                           memchr(line, ';', length) ? "semicolons" : "tabs");
  return tsn_decoder_fail(r, "the header line \"%.*s\" names no column of stream \"%s\" (%s)", (int)length, line,
                         schema_name(r), names);
}

static tocsin_status read_header(tsn_decoder *r, tsn_csv *c, const char *start, tsn_records_end at_end,
                                 const char **next)
{
  uint64_t lines;
  size_t count;
  void *parts = c->parts;
  tsn_csv_split_outcome outcome;
  tocsin_status st = TOCSIN_OK;

  if (!tsn_alloc_grow(r->alloc, &parts, &c->part_cap, 64, sizeof *c->parts)) return TOCSIN_NOMEM;
  c->parts = parts;
  outcome = tsn_csv_split_record(start, r->limit, c->parts, c->part_cap, &count, next, &lines);
  if (outcome == TSN_CSV_SPLIT_OPEN && at_end == TSN_MORE_COMES) {
    *next = start;
    return TOCSIN_OK;
  }
  if ((size_t)(*next - 1 - start) > r->options.max_line)
    return tsn_decoder_fail(r, "the header line is longer than a line may be");
  if (outcome != TSN_CSV_SPLIT_OK) return tsn_decoder_fail(r, "the header line has a quote that is not closed");
  if (!r->clean && !tsn_decoder_is_clean(start, *next)) return tsn_decoder_fail(r, "the header line is no UTF-8 text");
  if (count > HEADER_MOST) return tsn_decoder_fail(r, "the header has more than %d fields", HEADER_MOST);
  if (count > c->part_cap) {
    if (!tsn_alloc_grow(r->alloc, &parts, &c->part_cap, count, sizeof *c->parts)) return TOCSIN_NOMEM;
    c->parts = parts;
    (void)tsn_csv_split_record(start, r->limit, c->parts, c->part_cap, &count, next, &lines);
  }
  c->fields = tsn_alloc_array(r->alloc, count, sizeof *c->fields);
  if (!c->fields) return TOCSIN_NOMEM;
  c->count = count;
  c->block = tsn_csv_block_new(r->alloc, count);
  if (!c->block) return TOCSIN_NOMEM;
  for (size_t i = 0; i < count && st == TOCSIN_OK; i++) {
    size_t length;
    const char *name = part_text(c, &c->parts[i], &length);
    if (!name) return TOCSIN_NOMEM;
    trim(&name, &length);
    st = map_field(r, c, i, name, length);
  }
  if (st == TOCSIN_OK) st = check_header(r, c, start, (size_t)(*next - start));
  r->line += lines;
  r->body = r->region_offset + (uint64_t)(*next - r->region);
  return st;
}

/* --- the slow way --- */

static void null_cell(tsn_decoder *r, const tsn_csv_target *f)
{
  tsn_rows_null(f->to, r->rows.row, f->type);
  if (f->to->offsets) f->to->offsets[r->rows.row + 1] = (int32_t)f->to->text;
}

/* Stores one cell of a record known to be whole; false: bad, and reported. */
static bool slow_cell(tsn_decoder *r, const tsn_csv_target *f, const char *start, size_t length, const tsn_csv_field *part,
                      const char *text, size_t text_length)
{
  tsn_cell cell = { .integer = 0 };
  tsn_cell_outcome outcome;

  if (text_length == 0 && !part->quoted) {
    if (f->not_null) {
      tsn_decoder_bad(r, start, length, f->column, "NULL where a value is required");
      return false;
    }
    if (f->live) null_cell(r, f);
    return true;
  }
  if (f->type == TOCSIN_TEXT) {
    if (f->live) tsn_rows_text(f->to, r->rows.row, text, text_length);
    return true;
  }
  outcome = tsn_cell_parse(f->type, f->unit, text, text_length, &cell);
  if (outcome == TSN_CELL_BAD || outcome == TSN_CELL_BEYOND) {
    tsn_decoder_bad_cell(r, start, length, f->column, outcome, text, text_length, true);
    return false;
  }
  if (outcome == TSN_CELL_NAN) {
    if (f->not_null) {
      tsn_decoder_bad(r, start, length, f->column, "NaN, which is NULL, where a value is required");
      return false;
    }
    if (f->live) null_cell(r, f);
  } else if (f->live) {
    tsn_rows_cell(f->to, r->rows.row, f->type, cell);
  }
  return true;
}

static bool is_nan(const tsn_csv_target *f, const char *text, size_t length)
{
  tsn_cell cell;
  return f->type == TOCSIN_DOUBLE && tsn_cell_parse(f->type, f->unit, text, length, &cell) == TSN_CELL_NAN;
}

/* Stores a whole record, or reports it. */
static tocsin_status slow_cells(tsn_decoder *r, tsn_csv *c, const char *start, size_t length, size_t count)
{
  uint64_t nans = 0;

  if (count != c->count) {
    char reason[96];
    snprintf(reason, sizeof reason, "%zu field%s, the header has %zu", count, count == 1 ? "" : "s", c->count);
    tsn_decoder_bad(r, start, length, TSN_NO_COLUMN, reason);
    return TOCSIN_OK;
  }
  for (size_t i = 0; i < count; i++) {
    size_t text_length;
    const char *text;
    if (c->fields[i].kind == TSN_CSV_SKIP) continue;
    text = part_text(c, &c->parts[i], &text_length);
    if (!text) return TOCSIN_NOMEM;
    if (!slow_cell(r, &c->fields[i], start, length, &c->parts[i], text, text_length)) {
      tsn_rows_undo(&r->rows, 0, 1);
      return TOCSIN_OK;
    }
    if (is_nan(&c->fields[i], text, text_length)) nans++;
  }
  r->counts.nan += nans;
  return tsn_decoder_keep(r, start);
}

/* One record with all that may be odd about it. *next: where reading goes on. */
static tocsin_status slow_record(tsn_decoder *r, tsn_csv *c, const char *start, tsn_records_end at_end,
                                 const char **next)
{
  tsn_csv_split_outcome outcome;
  tocsin_status st = TOCSIN_OK;
  uint64_t lines;
  size_t count;

  outcome = tsn_csv_split_record(start, r->limit, c->parts, c->part_cap, &count, next, &lines);
  if (outcome == TSN_CSV_SPLIT_OPEN && at_end == TSN_MORE_COMES) {
    *next = start;
    return TOCSIN_OK;
  }
  if (outcome == TSN_CSV_SPLIT_OK && lines > 1 && (size_t)(*next - 1 - start) > r->options.max_line) {
    outcome = TSN_CSV_SPLIT_TORN;
    *next = (const char *)memchr(start, '\n', (size_t)(r->limit - start)) + 1;
    lines = 1;
  }
  if ((size_t)(*next - 1 - start) > r->options.max_line)
    tsn_decoder_bad(r, start, (size_t)(*next - start), TSN_NO_COLUMN, "longer than a line may be");
  else if (!r->clean && !tsn_decoder_is_clean(start, *next))
    tsn_decoder_bad(r, start, (size_t)(*next - start), TSN_NO_COLUMN,
                   memchr(start, 0, (size_t)(*next - start)) ? "a NUL byte" : "no valid UTF-8");
  else if (outcome == TSN_CSV_SPLIT_OPEN || outcome == TSN_CSV_SPLIT_TORN)
    tsn_decoder_bad(r, start, (size_t)(*next - start), TSN_NO_COLUMN, "a quote that is not closed");
  else if (outcome == TSN_CSV_SPLIT_BROKEN)
    tsn_decoder_bad(r, start, (size_t)(*next - start), TSN_NO_COLUMN,
                   "a quoted field that goes on after its closing quote");
  else
    st = slow_cells(r, c, start, (size_t)(*next - start), count);
  r->line += lines;
  return st;
}

/* The line at p, if there is nothing on it: behind it; else p. */
static const char *skip_empty(const char *p)
{
  return *p == '\n' ? p + 1 : *p == '\r' && p[1] == '\n' ? p + 2 : p;
}

tocsin_status tsn_csv_records(tsn_decoder *r, tsn_csv *c, tsn_records_end at_end, const char **stop)
{
  const char *p = r->region, *limit = r->limit, *next;
  tocsin_status st = TOCSIN_OK;

  *stop = p;
  while (p < limit && st == TOCSIN_OK) {
    next = skip_empty(p);
    if (next > p) {
      r->line++;
    } else if (c->count == 0) {
      st = read_header(r, c, p, at_end, &next);
      if (next == p) break; /* a record that goes on */
    } else {
      st = tsn_rows_ready(&r->rows);
      if (st == TOCSIN_OK && r->clean) st = tsn_csv_block_read(r, c->block, c->fields, p, &next);
      if (st != TOCSIN_OK) break;
      if (next == p) st = slow_record(r, c, p, at_end, &next);
      if (next == p) break;
    }
    p = *stop = next;
  }
  return st;
}
