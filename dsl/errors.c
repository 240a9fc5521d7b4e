/* What the grammar did not expect, in the words of the reader of the text:
 * "unexpected `)` after `PARTITION BY`: a column name was expected". */
#include <stdio.h>
#include <string.h>

#include "dsl/errors.h"
#include "dsl/foreign.h"
#include "dsl/grammar.h"

#define LIST_MAX 5    /* expected tokens named one by one */
#define QUOTE_MAX 40  /* bytes of the text repeated in a message */
#define WORDS_MAX 5   /* keywords repeated behind "after" */

/* What was to come behind a symbol of the grammar, and the one below it on the stack (NULL: any). */
static const struct {
  const char *top, *below, *noun;
} nouns[] = {
  { "BY", "PARTITION", "a column name" },
  { "BY", "ORDER", "a column name" },
  { "','", "keys", "a column name" },
  { "','", "orders", "a column name" },
  { "MEASURES", NULL, "a measure" },
  { "','", "measures", "a measure" },
  { "DEFINE", NULL, "a label" },
  { "','", "defines", "a label" },
  { "SUBSET", NULL, "the name of a subset" },
  { "','", "subsets", "the name of a subset" },
  { "','", "members", "a label" },
  { "FIRST", "TO", "a label" },
  { "LAST", "TO", "a label" },
  { "TO", "SKIP", "NEXT ROW or a label" },
  { "STREAM", NULL, "the name of the stream" },
  { "TABLE", NULL, "the name of the table" },
  { "PARAMETER", NULL, "the name of the parameter" },
  { "FUNCTION", NULL, "the name of the function" },
  { "PATTERN", "CREATE", "the name of the pattern" },
  { "CREATE", NULL, "STREAM, TABLE, PARAMETER, FUNCTION or PATTERN" },
  { "SELECT", NULL, "`*`, a column or an expression" },
  { "','", "select_items", "a column or an expression" },
  { "FROM", "select_items", "a stream" },
  { "'('", "FROM", "a stream or SELECT" },
  { "','", "shape", "a column" },
  { "RETURNS", NULL, "a type" },
  { "WITHIN", NULL, "a duration or a number of rows" },
  { "WHERE", NULL, "a condition" },
  { "ON", NULL, "a condition" },
  { "'['", NULL, "a condition" },
  { "'!'", NULL, "a label" },
  { "'.'", NULL, "a column name" },
  { "':'", NULL, "the name of a parameter" },
  { "'{'", "GAP", "a duration or `,`" },
  { "'{'", "ANY_GAP", "a duration or `,`" },
  { "'{'", "target", "a duration" },
  { "INTERVAL", NULL, "a text in quotes" },
  { "STRING", "INTERVAL", "a unit of time" },
};

static const char *const clauses[] = { "PARTITION", "ORDER", "MEASURES", "ONE",    "ALL",   "AFTER",
                                       "PATTERN",   "WITHIN", "SUBSET",  "DEFINE", "SHOW", "WITH" };
static const char skips[] = "the forms are SKIP PAST LAST ROW, SKIP TO NEXT ROW, SKIP TO LAST label";
static const char *const statements[] = { "CREATE", "SELECT" };
static const char *const creations[] = { "STREAM", "TABLE", "PARAMETER", "FUNCTION", "PATTERN" };

/* ---- quoting the text ---- */

/* A piece of the text, cut where it is long, never within a character. */
static const char *quote(tsn_reader *r, tsn_span at)
{
  const char *text = r->text + at.from;
  size_t length = at.to - at.from, cut = QUOTE_MAX;
  const char *line = memchr(text, '\n', length);

  if (line) cut = (size_t)(line - text) < cut ? (size_t)(line - text) : cut;
  if (length <= cut) return tsn_arena_printf(r->arena, "`%.*s`", (int)length, text);
  while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80) cut--;
  return tsn_arena_printf(r->arena, "`%.*s...`", (int)cut, text);
}

static const char *describe(tsn_reader *r, tsn_token t)
{
  if (t.kind == TOK_YYEOF) return "end of the text";
  return quote(r, t.at);
}

/* "after `PARTITION BY`": the token before, with the keywords before it. */
static const char *after(tsn_reader *r, unsigned first)
{
  const unsigned most = r->last_count < first + WORDS_MAX ? r->last_count : first + WORDS_MAX;
  unsigned n = first;

  if (first >= r->last_count || r->last[first].kind == ';') return "";
  while (n + 1 < most && tsn_keyword_of(r->last[n].kind) && tsn_keyword_of(r->last[n + 1].kind)) n++;
  return tsn_arena_printf(r->arena, " after %s", quote(r, (tsn_span){ r->last[n].at.from, r->last[first].at.to }));
}

/* ---- what was expected ---- */

static bool is(const char *a, const char *b)
{
  return a && b && strcmp(a, b) == 0;
}

static const char *noun(const tsn_expected *e)
{
  size_t i;

  for (i = 0; i < sizeof nouns / sizeof *nouns; i++)
    if (is(e->stack[0], nouns[i].top) && (!nouns[i].below || is(e->stack[1], nouns[i].below))) return nouns[i].noun;
  return NULL;
}

static bool wants_expression(const tsn_expected *e)
{
  return e->token[TOK_STRING] && e->token['('] && e->token[':'];
}

static bool wants_name(const tsn_expected *e)
{
  return e->token[TOK_WORD] && e->token[TOK_QUOTED];
}

static bool wants_element(const tsn_expected *e)
{
  return e->token[TOK_GAP] && e->token[TOK_EXCLUDE] && e->token[TOK_WORD];
}

static bool wants_clause(const tsn_expected *e)
{
  return e->token[TOK_PARTITION] && e->token[TOK_DEFINE] && e->token[TOK_PATTERN];
}

static bool wants_operator(const tsn_expected *e)
{
  return (e->token['+'] && e->token['/']) || (e->token[TOK_AND] && e->token[TOK_OR]);
}

/* Tokens that say nothing to the reader of a message: what goes on with an expression. */
static bool is_operator(int kind)
{
  switch (kind) {
  case '+': case '-': case '*': case '/': case '%': case '=': case '<': case '>': case '.': case '(':
  case TOK_CONCAT: case TOK_NE: case TOK_LE: case TOK_GE: case TOK_AND: case TOK_OR: case TOK_NOT: case TOK_IS:
  case TOK_IN: case TOK_BETWEEN: case TOK_LIKE: case TOK_ILIKE: case TOK_REGEXP: case TOK_ESCAPE: case TOK_OVER:
  case TOK_WORD: case TOK_TIME_UNIT:
    return true;
  default:
    return false;
  }
}

static const char *token_text(tsn_reader *r, int kind)
{
  const tsn_keyword *k = tsn_keyword_of(kind);

  switch (kind) {
  case TOK_YYEOF: return "the end of the text";
  case TOK_WORD:
  case TOK_QUOTED: return "a name";
  case TOK_INTEGER: return "a whole number";
  case TOK_DECIMAL: return "a number";
  case TOK_STRING: return "a text in quotes";
  case TOK_GAP: return "`->`";
  case TOK_ANY_GAP: return "`->>`";
  case TOK_EXCLUDE: return "`{-`";
  case TOK_EXCLUDED: return "`-}`";
  default: break;
  }
  if (k) return tsn_arena_printf(r->arena, "`%s`", k->text);
  return kind < 128 ? tsn_arena_printf(r->arena, "`%c`", kind) : "an operator";
}

/* "`,`, `)` or `AS`"; NULL where there are too many to name. */
static const char *list(tsn_reader *r, const tsn_expected *e, bool operators)
{
  const bool names = wants_name(e);
  const char *parts[LIST_MAX], *text;
  unsigned n = 0, i;
  int kind;

  if (names) parts[n++] = "a name";
  if (e->token[',']) parts[n++] = "`,`";
  for (kind = 0; kind < TSN_TOKEN_KINDS; kind++) {
    const tsn_keyword *k = tsn_keyword_of(kind);

    if (!e->token[kind] || kind == ',' || (operators && is_operator(kind))) continue;
    if (names && (kind == TOK_WORD || kind == TOK_QUOTED || (k && k->class != KEYWORD_RESERVED))) continue;
    if (n == LIST_MAX) return NULL;
    parts[n++] = token_text(r, kind);
  }
  if (n == 0) return NULL;
  text = parts[0];
  for (i = 1; i < n; i++) text = tsn_arena_printf(r->arena, i + 1 < n ? "%s, %s" : "%s or %s", text, parts[i]);
  return text;
}

static const char *expectation(tsn_reader *r, const tsn_expected *e)
{
  const char *known = noun(e);

  if (known) return known;
  if (r->declaring && is(e->stack[0], "'('")) return is(e->stack[2], "FUNCTION") ? "a type" : "a column";
  if (e->token[TOK_CREATE] && e->token[TOK_SELECT]) return "a statement";
  if (wants_clause(e)) return e->token[','] ? "`,` or the next clause" : "a clause of MATCH_RECOGNIZE";
  if (wants_expression(e)) return is(e->stack[0], "AS") ? "a condition" : "an expression";
  if (wants_element(e) && e->token[')'] && !is(e->stack[0], "'('")) return "a pattern element or `)`";
  if (wants_element(e)) return "a pattern element";
  if (is(e->stack[0], "'{'") && e->token[TOK_INTEGER]) return "a whole number or `,`";
  if (wants_operator(e)) return list(r, e, true);
  if (r->declaring && e->token[TOK_PATH] && !wants_name(e)) return "`,` or `)`";
  if (wants_name(e) && r->declaring && !is(e->stack[0], "'('")) return "a type";
  if (is(e->stack[0], "AS") && is(e->stack[3], "CAST")) return "a type";
  return list(r, e, false);
}

/* ---- errors with a better name ---- */

/* Whether a reserved word stands as it does in the language: ORDER before BY. */
static bool in_its_place(int word, int next)
{
  switch (word) {
  case TOK_PARTITION:
  case TOK_ORDER: return next == TOK_BY;
  case TOK_PATTERN:
  case TOK_MATCH_RECOGNIZE: return next == '(';
  case TOK_ALL: return next == TOK_ROWS;
  case TOK_ONE: return next == TOK_ROW;
  case TOK_UNION: return next == TOK_ALL;
  case TOK_WITH: return next == TOK_UNMATCHED || next == '(';
  default: break;
  }
  switch (next) {
  case ',': case ')': case '.': case ';': case '[': case '?': case '|': case '=': case '<': case '>': case '+':
  case '-': case '*': case '/': case TOK_NE: case TOK_LE: case TOK_GE: case TOK_GAP: case TOK_ANY_GAP: case TOK_AS:
  case TOK_IS: case TOK_IN: case TOK_YYEOF:
    return false;
  default:
    return true;
  }
}

/* order, end ... where a name was meant. */
static bool reserved_name(tsn_reader *r, const tsn_expected *e, tsn_token t)
{
  const tsn_keyword *k = tsn_keyword_of(t.kind);
  const int before = r->last_count > 1 ? r->last[1].kind : 0;

  if (!k || k->class != KEYWORD_RESERVED || !wants_name(e)) return false;
  switch (before) {
  case '.':
  case ':': return true;
  case TOK_AS:
    if (t.kind == TOK_WHERE || t.kind == TOK_FROM || t.kind == TOK_SELECT || tsn_opens_clause(t.kind)) break;
    return true;
  case TOK_CASE:
  case TOK_WHEN:
  case TOK_THEN:
  case TOK_ELSE:
    if (t.kind == TOK_END) return false;
    break;
  default: break;
  }
  return !in_its_place(t.kind, tsn_reader_peek(r));
}

static const char *nearest(tsn_reader *r, tsn_token t, const char *const *words, size_t count)
{
  const char *text = tsn_arena_text(r->arena, r->text + t.at.from, t.at.to - t.at.from);
  const char *near = text ? tsn_diag_nearest(text, words, count) : NULL;

  return near ? tsn_arena_printf(r->arena, "did you mean %s?", near) : NULL;
}

/* ---- words of other languages ---- */

static unsigned places(const tsn_expected *e)
{
  unsigned p = 0;

  if (e->token[TOK_CREATE] && e->token[TOK_SELECT]) p |= FOREIGN_STATEMENT;
  if (is(e->stack[0], "CREATE")) p |= FOREIGN_CREATE;
  if (is(e->stack[0], "SELECT") || is(e->stack[1], "SELECT")) p |= FOREIGN_SELECT;
  if (is(e->stack[0], "FROM") && is(e->stack[1], "select_items")) p |= FOREIGN_FROM;
  if (e->token[TOK_MATCH_RECOGNIZE]) p |= FOREIGN_SOURCE;
  if (wants_clause(e)) p |= FOREIGN_CLAUSE;
  if (wants_element(e)) p |= FOREIGN_ELEMENT;
  if (wants_operator(e)) p |= FOREIGN_OPERATOR;
  if (wants_expression(e)) p |= FOREIGN_EXPRESSION;
  return p;
}

static const char *foreign_at(const tsn_reader *r, unsigned places, tsn_token t)
{
  if (t.kind == TOK_QUOTED || t.kind == TOK_STRING) return NULL;
  return tsn_foreign_hint(places, r->text + t.at.from, t.at.to - t.at.from);
}

/* What may have been meant by the token, or by the word before it, which was
 * taken for a name: then that is the culprit. */
static const char *foreign(const tsn_reader *r, const tsn_expected *e, tsn_token *t)
{
  const unsigned here = places(e);
  const char *hint = foreign_at(r, here, *t);

  if (hint || r->current.added || r->last_count < 2 || !tsn_is_word(r->last[1])) return hint;
  hint = foreign_at(r, t->kind == TOK_STRING ? here | FOREIGN_LITERAL : here, r->last[1]);
  if (hint) *t = r->last[1];
  return hint;
}

/* ---- hints ---- */

static bool is_key(const tsn_expected *e)
{
  return (is(e->stack[1], "BY") && is(e->stack[2], "PARTITION")) || (is(e->stack[1], "','") && is(e->stack[2], "keys"));
}

static const char *hint_for_source(tsn_reader *r, tsn_token t)
{
  switch (t.kind) {
  case ',': return "streams are merged inside: FROM ( a UNION ALL BY NAME b )";
  case ';':
  case TOK_YYEOF: return "a query looks for a pattern: SELECT * FROM stream MATCH_RECOGNIZE ( ORDER BY time PATTERN ( a b ) )";
  default:
    return tsn_is_word(t) && tsn_reader_peek(r) == TOK_MATCH_RECOGNIZE ? tsn_foreign_hint(FOREIGN_SOURCE, "AS", 2) : NULL;
  }
}

/* What would help with a token that stands where it cannot. */
static const char *hint_for(tsn_reader *r, const tsn_expected *e, tsn_token t)
{
  const char *near;

  if (wants_element(e) && (t.kind == '*' || t.kind == '+' || t.kind == '?' || t.kind == '{'))
    return "a quantifier stands behind an element: a+";
  if ((t.kind == TOK_TIME_UNIT && is(e->stack[0], "INTEGER") && (is(e->stack[1], "'{'") || is(e->stack[1], "','"))) ||
      (is(e->stack[0], "'{'") && e->token[TOK_INTEGER] && !e->token[TOK_STRING]))
    return "a quantifier counts rows; durations stand behind a gap or an absence: ->{,5 MINUTES}, !b{5 MINUTES}";
  if (is(e->stack[0], "STRING") && is(e->stack[1], "INTERVAL")) return "INTERVAL '90' MINUTE, or short: 90 MINUTES";
  if (is(e->stack[0], "'!'") && t.kind == '[') return "an absence names a label: !x[condition]";
  if (is(e->stack[0], "WITH") && t.kind == TOK_TIMEOUT) return "write SHOW TIMEOUT MATCHES";
  if (t.kind == '(' && is_key(e)) return "PARTITION BY takes columns, SESSION (30 MINUTES) and TUMBLE (1 HOUR)";
  if (t.kind == '=' && e->token[TOK_AS] && !e->token[',']) return "a definition is written label AS condition";
  if (t.kind == TOK_WITH && e->token[';'])
    return "where the rows come from is said outside the text: tocsin run FILE STREAM=INPUT";
  if (e->token[TOK_MATCH_RECOGNIZE]) return hint_for_source(r, t);
  if (e->token[','] && (t.kind == TOK_WORD || t.kind == TOK_QUOTED) && wants_clause(e)) {
    near = nearest(r, t, clauses, sizeof clauses / sizeof *clauses);
    return near ? near : "is a comma missing?";
  }
  if (t.kind == '!' && wants_expression(e)) return "in conditions, negation is written NOT";
  if (e->token[TOK_ROW] && !wants_name(e)) return skips;
  return NULL;
}

static const char *or_foreign(const char *hint, const char *other)
{
  return other ? other : hint;
}

static bool named(tsn_reader *r, const tsn_expected *e, tsn_token t)
{
  tsn_token culprit = t;
  const char *text = describe(r, t), *other = foreign(r, e, &culprit);

  if (reserved_name(r, e, t)) {
    const char *word = tsn_arena_text(r->arena, r->text + t.at.from, t.at.to - t.at.from);
    const char *hint = tsn_arena_printf(r->arena, "as a name it is written \"%s\"", word ? word : "");

    r->quiet_until = r->given + 1;
    tsn_diag_add(r->diag, TSN_E0105, t.at, or_foreign(hint, other), "%s is a reserved word", text);
  } else if (e->token[TOK_CREATE] && e->token[TOK_SELECT] && (tsn_is_word(t) || other)) {
    tsn_diag_add(r->diag, TSN_E0106, t.at, or_foreign(nearest(r, t, statements, 2), other), "no statement begins with %s", text);
  } else if (is(e->stack[0], "CREATE") && (tsn_is_word(t) || other)) {
    tsn_diag_add(r->diag, TSN_E0106, t.at, or_foreign(nearest(r, t, creations, sizeof creations / sizeof *creations), other),
                 "unexpected %s after `CREATE`: STREAM, TABLE, PARAMETER, FUNCTION or PATTERN was expected", text);
  } else if (wants_clause(e) && t.kind == TOK_ROW) {
    tsn_diag_add(r->diag, TSN_E0111, t.at, skips, "unexpected %s%s", text, after(r, 1));
  } else if (wants_clause(e) && !e->token[','] && (tsn_is_word(t) || other)) {
    tsn_diag_add(r->diag, TSN_E0106, t.at, or_foreign(nearest(r, t, clauses, sizeof clauses / sizeof *clauses), other),
                 "no clause of MATCH_RECOGNIZE begins with %s", text);
  } else if (r->depth == 0 && e->token[';'] && e->token[TOK_WHERE] && tsn_opens_clause(t.kind)) {
    tsn_diag_add(r->diag, TSN_E0110, t.at, "is there a `)` too many before it?", "%s stands outside MATCH_RECOGNIZE",
                 text);
  } else {
    return false;
  }
  return true;
}

static void unnamed(tsn_reader *r, const tsn_expected *e, tsn_token t)
{
  tsn_token culprit = t;
  const char *other = foreign(r, e, &culprit), *hint = other ? other : hint_for(r, e, t);
  const bool before = culprit.at.from != t.at.from; /* what was expected there was a name */
  const char *wanted = before ? NULL : expectation(r, e);
  const char *last = after(r, before ? 2 : r->current.added && r->current.kind != ';' ? 0 : 1);

  if (t.kind == TOK_YYEOF && !before)
    tsn_diag_add(r->diag, TSN_E0107, t.at, hint, wanted ? "the text ends%s: %s was expected" : "the text ends%s", last,
                 wanted);
  else
    tsn_diag_add(r->diag, TSN_E0101, culprit.at, hint, wanted ? "unexpected %s%s: %s was expected" : "unexpected %s%s",
                 describe(r, culprit), last, wanted);
}

/* The lists between brackets that the grammar can recover in. */
static bool is_region(const char *symbol)
{
  return is(symbol, "clauses") || is(symbol, "parts") || is(symbol, "shape") || is(symbol, "options") ||
         is(symbol, "parameters");
}

void tsn_reader_unexpected(tsn_reader *r, const tsn_expected *e)
{
  const tsn_token t = r->current.added ? r->added_for : r->current;

  tsn_reader_failed(r);
  if (!r->limit && r->given > r->quiet_until && !named(r, e, t)) unnamed(r, e, t);
  if (is(e->stack[0], "')'") && is_region(e->stack[1])) tsn_reader_reopen(r);
}
