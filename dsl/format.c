/* tsn_format_script: one layout for every text.
 *
 *   text -> tokens and comments -> pieces -> where lines break -> text
 *                                  format.c   layout.c             format.c
 *
 * The tokens of the text are printed again, none is lost and none changes but
 * for the case of keywords: the result means what the text meant. */
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "dsl/grammar.h"
#include "dsl/layout.h"

static const tsn_piece blank_piece = { .indent = -1, .pad = -1 };

/* ---- tokens and comments to pieces ---- */

static size_t count_tokens(const tsn_reader *whole)
{
  tsn_diag diag;
  tsn_reader *r;
  size_t n = 1;

  tsn_diag_init(&diag, whole->arena, whole->text, whole->length);
  r = tsn_reader_new(whole->arena, whole->text, whole->length, &diag);
  if (!r) return 0;
  while (tsn_reader_token(r).kind != TOK_YYEOF) n++;
  return n;
}

static bool operand_ends(const tsn_piece *p)
{
  switch (p->token.kind) {
  case TOK_WORD: case TOK_QUOTED: case TOK_INTEGER: case TOK_DECIMAL: case TOK_STRING: case TOK_TIME_UNIT:
  case ')': case ']': case '}': case TOK_END: case TOK_TRUE: case TOK_FALSE: case TOK_NULL:
    return true;
  default:
    return p->name;
  }
}

/* Which bracket belongs to which, and what stands directly in braces. */
static void pair_brackets(tsn_layout *l)
{
  size_t open[TSN_NEST_MAX], depth = 0, i;

  for (i = 0; i < l->count; i++) {
    tsn_piece *p = &l->pieces[i];
    const int kind = p->token.kind;

    if (kind == ')' || kind == ']' || kind == '}' || kind == TOK_EXCLUDED) {
      if (depth == 0) continue;
      p->match = open[--depth];
      p->frame = l->pieces[p->match].frame;
      l->pieces[p->match].match = i;
    }
    if (depth > 0 && l->pieces[open[depth - 1]].token.kind == '{') p->brace = open[depth - 1] + 1;
    if (kind != '(' && kind != '[' && kind != '{' && kind != TOK_EXCLUDE) continue;
    if (i > 0 && kind == '(') {
      const int before = l->pieces[i - 1].token.kind;

      p->frame = before == TOK_MATCH_RECOGNIZE || (before == TOK_PATTERN && depth > 0);
    }
    open[depth++] = i;
  }
}

static bool has_newline(const tsn_reader *r, uint32_t from, uint32_t to, int lines)
{
  for (; from < to; from++)
    if (r->text[from] == '\n' && --lines == 0) return true;
  return false;
}

static void add_note(tsn_notes *notes, tsn_note *note)
{
  if (notes->last) notes->last->next = note;
  else notes->first = note;
  notes->last = note;
}

static void move_notes(tsn_notes *from, tsn_notes *to)
{
  if (!from->first) return;
  from->last->next = to->first;
  if (!to->last) to->last = from->last;
  to->first = from->first;
  *from = (tsn_notes){ 0 };
}

/* The last comment of those that stand on one line with c, before the piece at `to`. */
static const tsn_comment *end_of_line(const tsn_reader *r, const tsn_comment *c, uint32_t to)
{
  while (c->next && c->next->at.from < to && !has_newline(r, c->at.to, c->next->at.from, 1)) c = c->next;
  return c;
}

/* Each comment stays with the piece behind it, or with the one before it where it ends that one's line. */
static void place_comments(tsn_layout *l)
{
  const tsn_reader *r = l->r;
  const tsn_comment *c = r->comments, *last;
  uint32_t from = 0; /* the end of what stands before the comment */
  size_t next = 0;

  while (c) {
    tsn_place place;
    uint32_t to;

    for (; next < l->count && l->pieces[next].token.at.from < c->at.from; next++)
      if (!l->pieces[next].token.added) from = l->pieces[next].token.at.to;
    to = next < l->count ? l->pieces[next].token.at.from : (uint32_t)r->length;
    last = end_of_line(r, c, to);
    if (to < r->length && !has_newline(r, last->at.to, to, 1)) place = PLACE_INLINE;
    else place = next == 0 || has_newline(r, from, c->at.from, 1) ? PLACE_OWN : PLACE_TRAILING;
    if (place == PLACE_OWN && !l->pieces[next].before.first)
      l->pieces[next].blank_source = has_newline(r, from, c->at.from, 2);
    for (;; c = c->next) {
      tsn_note *note = tsn_arena_new(r->arena, tsn_note);

      if (!note) return;
      *note = (tsn_note){ .at = c->at, .place = place, .blank = c == last && has_newline(r, c->at.to, to, 2) };
      if (c->next && c->next->at.from < to) note->blank = has_newline(r, c->at.to, c->next->at.from, 2);
      if (place == PLACE_TRAILING) add_note(&l->pieces[next - 1].behind, note);
      else add_note(&l->pieces[next].before, note);
      from = c->at.to;
      if (c == last) break;
    }
    if (place == PLACE_TRAILING) l->pieces[next].blank_source = has_newline(r, from, to, 2);
    c = c->next;
  }
}

/* A comment to the end of the line ends it: what came behind it by moving goes on lines of its own. */
static void split_trailing(tsn_layout *l, size_t i)
{
  const char *text = l->r->text;
  tsn_notes rest = { 0 };
  tsn_note *note = l->pieces[i].behind.first;

  while (note && note->next && text[note->at.from] != '-') note = note->next;
  if (!note || !note->next) return;
  rest.first = note->next;
  rest.last = l->pieces[i].behind.last;
  l->pieces[i].behind.last = note;
  note->next = NULL;
  for (note = rest.first; note; note = note->next) note->place = PLACE_OWN;
  l->pieces[i + 1].blank_source = false;
  move_notes(&rest, &l->pieces[i + 1].before);
}

/* Commas and semicolons stay with what they end: comments give way to them. */
static void settle_comments(tsn_layout *l)
{
  size_t i;

  for (i = 1; i < l->count; i++) {
    tsn_piece *p = &l->pieces[i];

    if (p->token.kind != ',' && p->token.kind != ';') continue;
    if (p->before.first && p->before.first->place == PLACE_OWN) move_notes(&p->before, &l->pieces[i + 1].before);
    if (!p->before.first) move_notes(&l->pieces[i - 1].behind, &p->behind);
    split_trailing(l, i);
  }
}

static bool collect(tsn_layout *l)
{
  tsn_reader *r = l->r;
  const size_t cap = count_tokens(r);
  uint32_t end = 0;
  size_t n = 0;

  l->pieces = cap ? tsn_arena_new_array(r->arena, tsn_piece, cap) : NULL;
  if (!l->pieces) return false;
  for (;;) {
    const bool pattern = r->depth > 0 && r->open[r->depth - 1].pattern;
    const tsn_token t = tsn_reader_token(r);

    if (t.kind == ';' && (n == 0 || l->pieces[n - 1].token.kind == ';')) continue; /* an empty statement */
    l->pieces[n] = blank_piece;
    l->pieces[n].token = t;
    l->pieces[n].pattern = pattern;
    l->pieces[n].blank_source = has_newline(r, end, t.at.from, 2);
    if (!t.added) end = t.at.to;
    if (t.kind == TOK_YYEOF || n + 1 == cap) break;
    n++;
  }
  l->count = n;
  pair_brackets(l);
  place_comments(l);
  settle_comments(l);
  return true;
}

size_t tsn_layout_at(const tsn_layout *l, uint32_t offset)
{
  size_t low = 0, high = l->count;

  while (low < high) {
    const size_t middle = (low + high) / 2;

    if (l->pieces[middle].token.at.from < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* ---- pieces on a line ---- */

static bool same_word(const tsn_layout *l, const tsn_name *name, tsn_token t)
{
  return name->text && tsn_same_name(name->text, name->length, l->r->text + t.at.from, t.at.to - t.at.from);
}

/* Names stay as they are written, functions of the language and all its words are in upper case. */
static bool in_upper_case(const tsn_layout *l, const tsn_piece *p)
{
  const tsn_statement *s;

  if (p->token.kind != TOK_WORD && p->token.kind != TOK_TIME_UNIT && !tsn_keyword_of(p->token.kind)) return false;
  if (!p->name && !p->call) return true;
  if (!p->call) return false;
  for (s = l->script->statements; s; s = s->next)
    if (s->kind == STATEMENT_FUNCTION && same_word(l, &s->name, p->token)) return false;
  return true;
}

static void print_piece(const tsn_layout *l, const tsn_piece *p, tsn_bytes *out)
{
  const char *text = l->r->text + p->token.at.from;
  size_t length = p->token.at.to - p->token.at.from, i;

  if (p->token.added) tsn_bytes_char(out, (char)p->token.kind);
  else if (p->token.kind == TOK_NE) tsn_bytes_text(out, "<>");
  else if (!in_upper_case(l, p)) tsn_bytes_append(out, text, length);
  else
    for (i = 0; i < length; i++)
      tsn_bytes_char(out, text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i]);
}

/* A ( that follows its word without a blank. */
static bool tight(const tsn_piece *before)
{
  switch (before->token.kind) {
  case TOK_CAST: case TOK_EXTRACT: case TOK_PERMUTE: case TOK_POSITION: case TOK_SUBSTRING: case TOK_TRIM:
    return true;
  case TOK_WORD: /* a type */
    return before->call || !before->name;
  default:
    return before->call;
  }
}

bool tsn_layout_gap(const tsn_layout *l, size_t piece)
{
  const tsn_piece *p = &l->pieces[piece], *before = &l->pieces[piece - 1];
  const int a = before->token.kind, b = p->token.kind;
  const bool braced = before->brace && l->pieces[before->brace - 1].pattern && a == ',';

  if (b == ',' || b == ';' || b == '.' || a == '.' || a == ':' || a == '!') return false;
  if ((before->frame && a == '(') || (p->frame && b == ')')) return true;
  if (a == '(' || b == ')' || a == '[' || b == '[' || b == ']' || b == '}') return false;
  if (a == '{' || before->sign) return b == '-'; /* {- and -- are other signs */
  if (braced) {
    const int gap = before->brace > 1 ? l->pieces[before->brace - 2].token.kind : 0;

    return (gap == TOK_GAP || gap == TOK_ANY_GAP) && l->pieces[piece - 2].token.kind != '{';
  }
  if (p->pattern && (b == '*' || b == '+' || b == '?' || b == '{')) return false;
  if (b == '(') return p->pattern ? a != TOK_PERMUTE : !tight(before);
  return true;
}

int tsn_layout_width(const tsn_layout *l, size_t from, size_t to)
{
  size_t width = 0, i;

  for (i = from; i < to; i++) {
    const tsn_piece *p = &l->pieces[i];
    const char *text = l->r->text + p->token.at.from;
    const size_t length = p->token.at.to - p->token.at.from;

    if ((i > from && p->before.first) || (i + 1 < to && p->behind.first) || memchr(text, '\n', length)) return NEVER;
    if (i > from && tsn_layout_gap(l, i)) width++;
    width += p->token.added ? 1 : tsn_utf8_count(text, length);
    if (width > 10000) return NEVER;
  }
  return (int)width;
}

/* ---- printing ---- */

typedef struct printer {
  const tsn_layout *l;
  tsn_bytes *out;
  int indent;    /* of the line that a break of the layout began */
  bool at_start; /* of a line */
  bool ended;    /* the line is over: a comment stands at its end */
} printer;

static void new_line(printer *w, int indent)
{
  if (w->out->length > 0) tsn_bytes_char(w->out, '\n');
  tsn_bytes_fill(w->out, ' ', (size_t)indent);
  w->at_start = true;
  w->ended = false;
}

static void print_note(printer *w, const tsn_note *note)
{
  size_t length = note->at.to - note->at.from;
  const char *text = w->l->r->text + note->at.from;

  while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t' || text[length - 1] == '\r')) length--;
  tsn_bytes_append(w->out, text, length);
  w->at_start = false;
}

/* Comments on lines of their own before a piece, and the break before the piece. */
static void begin_piece(printer *w, size_t i)
{
  const tsn_piece *p = &w->l->pieces[i];
  const int kind = p->token.kind;
  const bool closing = kind == ')' || kind == ']' || kind == '}' || kind == TOK_EXCLUDED;
  const int indent = p->indent >= 0 ? p->indent : w->indent + 2;
  bool own = false, blank = p->blank && w->out->length > 0;
  const tsn_note *note;

  for (note = p->before.first; note; note = note->next) {
    if (note->place != PLACE_OWN) continue;
    if (blank) tsn_bytes_char(w->out, '\n');
    new_line(w, closing && p->indent >= 0 ? indent + 2 : indent);
    print_note(w, note);
    blank = p->indent == 0 && note->blank;
    own = true;
  }
  if (kind == TOK_YYEOF) return;
  if (p->indent >= 0 || own || w->ended) {
    if (blank) tsn_bytes_char(w->out, '\n');
    new_line(w, indent);
    if (p->indent >= 0) w->indent = p->indent;
  } else if (i > 0) {
    tsn_bytes_fill(w->out, ' ', p->pad >= 0 ? (size_t)p->pad : tsn_layout_gap(w->l, i) ? 1 : 0);
  }
}

static void print_pieces(printer *w)
{
  const tsn_layout *l = w->l;
  const tsn_note *note;
  size_t i;

  for (i = 0; i <= l->count; i++) {
    const tsn_piece *p = &l->pieces[i];

    begin_piece(w, i);
    for (note = p->before.first; note; note = note->next) {
      if (note->place != PLACE_INLINE) continue;
      if (!w->at_start && w->out->data && w->out->data[w->out->length - 1] != ' ') tsn_bytes_char(w->out, ' ');
      print_note(w, note);
      if (p->token.kind != ',' && p->token.kind != ';') tsn_bytes_char(w->out, ' ');
    }
    if (i == l->count) break;
    print_piece(l, p, w->out);
    w->at_start = false;
    for (note = p->behind.first; note; note = note->next) {
      tsn_bytes_text(w->out, "  ");
      print_note(w, note);
      w->ended = true;
    }
  }
  if (w->out->length > 0) tsn_bytes_char(w->out, '\n');
}

static void find_signs(tsn_layout *l)
{
  size_t i;

  for (i = 1; i < l->count; i++)
    l->pieces[i].sign = (l->pieces[i].token.kind == '-' || l->pieces[i].token.kind == '+') && !l->pieces[i].pattern &&
                        !operand_ends(&l->pieces[i - 1]);
}

tocsin_status tsn_format_script(const tsn_script *script, const char *text, size_t length, tsn_bytes *out)
{
  tsn_arena arena;
  tsn_diag diag;
  tsn_layout l = { .script = script };
  tocsin_status st;

  tsn_arena_init(&arena, out->alloc, 0);
  tsn_diag_init(&diag, &arena, text, length);
  l.r = tsn_reader_new(&arena, text, length, &diag);
  if (l.r) l.r->keep_comments = true;
  if (l.r && collect(&l)) {
    printer w = { .l = &l, .out = out };

    tsn_layout_names(&l);
    find_signs(&l);
    tsn_layout_lines(&l);
    print_pieces(&w);
  }
  st = tsn_arena_failed(&arena);
  tsn_arena_clear(&arena);
  return st != TOCSIN_OK ? st : out->failed;
}
