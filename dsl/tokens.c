/* From raw tokens to the tokens of the grammar.
 *
 * What a single word cannot tell is settled here: whether FINAL, TRIM or PERMUTE
 * is a word of the language or a name, whether `5 s` may be short for seconds,
 * and how brackets pair. A bracket left open is closed before the first word
 * that can never stand inside it (a clause, `;`, CREATE), so that one slip does
 * not swallow the rest; while the grammar recovers, a group in brackets counts
 * as one token, so that it finds the right comma. */
#include <string.h>

#include "base/text.h"
#include "dsl/foreign.h"
#include "dsl/grammar.h"
#include "dsl/reader.h"

static const tsn_keyword keywords[] = {
#define KEYWORD(word, class) { #word, TOK_##word, KEYWORD_##class },
#include "keywords.def"
#undef KEYWORD
};
#define KEYWORD_COUNT (sizeof keywords / sizeof *keywords)
#define KEYWORD_LONGEST 15 /* MATCH_RECOGNIZE */

const tsn_keyword *tsn_keyword_find(const char *text, size_t length)
{
  char word[KEYWORD_LONGEST + 1];
  size_t low = 0, high = KEYWORD_COUNT, i;

  if (length > KEYWORD_LONGEST) return NULL;
  for (i = 0; i < length; i++) word[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
  word[length] = '\0';
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const int order = strcmp(word, keywords[middle].text);

    if (order == 0) return &keywords[middle];
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return NULL;
}

const tsn_keyword *tsn_keyword_of(int token)
{
  const int at = token - TOK_AFTER; /* keywords.def and grammar.y have the same order */

  return at >= 0 && at < (int)KEYWORD_COUNT ? &keywords[at] : NULL;
}
_Static_assert(TOK_WITHIN - TOK_AFTER + 1 == KEYWORD_COUNT, "keywords.def and the words of grammar.y differ");

const tsn_keyword *tsn_keyword_at(size_t index)
{
  return index < KEYWORD_COUNT ? &keywords[index] : NULL;
}

bool tsn_is_word(tsn_token t)
{
  const tsn_keyword *k = tsn_keyword_of(t.kind);

  return t.kind == TOK_WORD || (k && k->class != KEYWORD_RESERVED);
}

void tsn_reader_comment(tsn_reader *r, tsn_span at)
{
  tsn_comment *c;

  if (!r->keep_comments || !(c = tsn_arena_new(r->arena, tsn_comment))) return;
  c->at = at;
  if (r->last_comment) r->last_comment->next = c;
  else r->comments = c;
  r->last_comment = c;
}

void tsn_reader_limit(tsn_reader *r, tsn_diag_code code, tsn_span at, const char *what, unsigned most)
{
  if (r->limit) return;
  r->limit = true;
  tsn_diag_add(r->diag, code, at, NULL, "%s is deeper than %u", what, most);
}

/* ---- words that are names elsewhere ---- */

static tsn_token *peek(tsn_reader *r, unsigned n)
{
  while (r->ahead_count <= n) r->ahead[r->ahead_count++] = tsn_lex_next(r);
  return &r->ahead[n];
}

static bool in_pattern(const tsn_reader *r)
{
  return r->depth > 0 && r->open[r->depth - 1].pattern;
}

/* FINAL LAST(x), FINAL (x), FINAL a.x; but final > 3, and final AFTER MATCH. */
static bool is_prefix(tsn_reader *r)
{
  const int next = peek(r, 1)->kind, second = peek(r, 2)->kind;
  const tsn_keyword *word = tsn_keyword_of(next);

  if (r->declaring) return false;
  if (next == TOK_WORD || next == TOK_QUOTED || next == '(' || next == TOK_CASE || next == TOK_CAST) return true;
  return word && word->class != KEYWORD_RESERVED && (second == '(' || second == '.');
}

/* 90 MINUTES, 5 fortnights, 90 MINUTES AS m; but 1 b AS ... lacks a comma. */
static bool is_unit(tsn_reader *r)
{
  const int before = r->last_count ? r->last[0].kind : 0;
  const int behind = before == TOK_INTEGER || before == TOK_DECIMAL ? peek(r, 1)->kind : '.';

  if (behind == TOK_AS || behind == '=') return tsn_names_unit(r, *peek(r, 0));
  return behind != '.' && behind != '(' && behind != '[';
}

/* The kind of the next raw token, where it stands. */
static int kind_here(tsn_reader *r)
{
  const int kind = peek(r, 0)->kind;

  switch (kind) {
  case TOK_FINAL:
  case TOK_RUNNING: return !in_pattern(r) && is_prefix(r) ? kind : TOK_WORD;
  case TOK_UNBOUNDED: return peek(r, 1)->kind == TOK_PRECEDING || peek(r, 1)->kind == TOK_FOLLOWING ? kind : TOK_WORD;
  case TOK_PERMUTE: return in_pattern(r) && peek(r, 1)->kind == '(' ? kind : TOK_WORD;
  case TOK_EXTRACT:
  case TOK_POSITION:
  case TOK_SUBSTRING:
  case TOK_TRIM: return !in_pattern(r) && peek(r, 1)->kind == '(' ? kind : TOK_WORD;
  case TOK_PRECISION: return r->last_count && tsn_token_is(r, r->last[0], "DOUBLE") ? kind : TOK_WORD;
  case TOK_WORD: return is_unit(r) ? TOK_TIME_UNIT : kind;
  default: return kind;
  }
}

/* ---- brackets ---- */

static bool opens(int kind)
{
  return kind == '(' || kind == '[' || kind == '{' || kind == TOK_EXCLUDE;
}

static int closer_of(int open)
{
  return open == '(' ? ')' : open == '[' ? ']' : open == '{' ? '}' : TOK_EXCLUDED;
}

static bool closes(int kind)
{
  return kind == ')' || kind == ']' || kind == '}' || kind == TOK_EXCLUDED;
}

static const char *sign_of(int kind)
{
  return kind == '(' ? "(" : kind == '[' ? "[" : kind == '{' ? "{" : kind == TOK_EXCLUDE ? "{-"
         : kind == ')' ? ")" : kind == ']' ? "]" : kind == '}' ? "}" : "-}";
}

bool tsn_opens_clause(int kind)
{
  return kind == TOK_PARTITION || kind == TOK_ORDER || kind == TOK_MEASURES || kind == TOK_ONE || kind == TOK_ALL ||
         kind == TOK_AFTER || kind == TOK_PATTERN || kind == TOK_SUBSET || kind == TOK_DEFINE || kind == TOK_WITHIN;
}

/* Whether the ( is one between which the grammar knows where an item ends. */
static bool is_region(const tsn_reader *r, int before)
{
  if (before == TOK_MATCH_RECOGNIZE) return true;
  return r->depth == 0 && (r->declaring || before == TOK_FROM || before == TOK_WITH);
}

static bool push(tsn_reader *r, tsn_token t)
{
  tsn_open *o;
  const int before = r->last_count ? r->last[0].kind : 0;
  const bool in_clauses = r->depth > 0 && r->open[r->depth - 1].clauses;

  if (r->depth == TSN_NEST_MAX) {
    tsn_reader_limit(r, TSN_E0007, t.at, "nesting", TSN_NEST_MAX);
    return false;
  }
  o = &r->open[r->depth];
  o->kind = t.kind;
  o->at = t.at.from;
  o->clauses = t.kind == '(' && before == TOK_MATCH_RECOGNIZE;
  o->region = t.kind == '(' && is_region(r, before);
  o->pattern = !o->clauses && (t.kind == '(' || t.kind == TOK_EXCLUDE) &&
               (in_pattern(r) || (in_clauses && before == TOK_PATTERN));
  r->depth++;
  if (t.kind == '{') r->braces++;
  return true;
}

static void pop(tsn_reader *r)
{
  r->closed = r->open[r->depth - 1];
  r->behind = r->behind || r->closed.clauses;
  if (r->open[--r->depth].kind == '{') r->braces--;
}

/* How many brackets may be open before the next raw token, a `kind`. */
static unsigned most_open(tsn_reader *r, int kind)
{
  unsigned clauses = r->depth;
  int next;

  if (kind == ';' || kind == TOK_YYEOF || kind == TOK_CREATE) return 0;
  while (clauses > 0 && !r->open[clauses - 1].clauses) clauses--;
  if (kind == TOK_MATCH_RECOGNIZE) return clauses == 0 ? 0 : r->depth;
  if (clauses == 0 || clauses == r->depth) return r->depth;
  if (kind == TOK_PATTERN || kind == TOK_DEFINE || kind == TOK_SUBSET || kind == TOK_ONE) return clauses;
  if (kind != TOK_AFTER && kind != TOK_ALL) return r->depth;
  next = peek(r, 1)->kind;
  return (kind == TOK_AFTER && next == TOK_MATCH) || (kind == TOK_ALL && next == TOK_ROWS) ? clauses : r->depth;
}

/* A token that the text lacks before its token t. The message waits until the
 * grammar has taken it: it may have a better one. */
static tsn_token add_token(tsn_reader *r, int kind, tsn_token t, tsn_diag_code code)
{
  if (r->added_at != t.at.from + 1) {
    r->added_at = t.at.from + 1;
    r->added_for = t;
    r->added_code = code;
    r->added_pending = !r->recovering;
    if (r->depth > 0) r->added_open = r->open[r->depth - 1];
  }
  return (tsn_token){ .kind = kind, .at = { t.at.from, t.at.from }, .added = true };
}

static void tell_added(tsn_reader *r)
{
  const tsn_open *open = &r->added_open;
  const char *text = r->text + r->added_for.at.from, *sign = sign_of(open->kind);
  const int length = (int)(r->added_for.at.to - r->added_for.at.from);
  const tsn_span at = { open->at, open->at + (uint32_t)strlen(sign) };

  r->added_pending = false;
  if (r->added_code == TSN_E0104)
    tsn_diag_add(r->diag, TSN_E0104, r->added_for.at, NULL, "a `;` is missing before `%.*s`", length, text);
  else if (r->added_for.kind == TOK_YYEOF)
    tsn_diag_add(r->diag, TSN_E0102, at, NULL, "`%s` is not closed", sign);
  else
    tsn_diag_add(r->diag, TSN_E0102, at, NULL, "`%s` is not closed before `%.*s`", sign, length, text);
}

/* Settles a closing bracket that does not fit the one that was opened last:
 * true and *fit, the token to give; false: it was reported and dropped. */
static bool mend(tsn_reader *r, tsn_token t, tsn_token *fit)
{
  unsigned k = r->depth;
  const tsn_open *top = k > 0 ? &r->open[k - 1] : NULL;

  while (k > 0 && closer_of(r->open[k - 1].kind) != t.kind) k--;
  if (top && top->kind == TOK_EXCLUDE && t.kind == '}') {
    if (!r->recovering)
      tsn_diag_add(r->diag, TSN_E0103, t.at, "write -}", "an exclusion `{-` is closed with `-}`, not `}`");
    r->ahead[0].kind = TOK_EXCLUDED;
    *fit = r->ahead[0];
    pop(r);
    return true;
  }
  if (k > 0) { /* those above were left open */
    *fit = add_token(r, closer_of(top->kind), t, TSN_E0102);
    pop(r);
    return true;
  }
  if (!r->recovering)
    tsn_diag_add(r->diag, TSN_E0103, t.at, NULL, top ? "`%s` closes nothing: `%s` is open" : "`%s` closes nothing",
                 sign_of(t.kind), top ? sign_of(top->kind) : "");
  return false;
}

static void shift(tsn_reader *r)
{
  r->ahead_count--;
  memmove(r->ahead, r->ahead + 1, r->ahead_count * sizeof *r->ahead);
}

/* Whether a value or a name may end with the token given last. */
static bool is_complete(const tsn_reader *r)
{
  switch (r->last_count ? r->last[0].kind : 0) {
  case ')': case TOK_QUOTED: case TOK_INTEGER: case TOK_DECIMAL: case TOK_STRING: case TOK_TIME_UNIT:
  case TOK_TRUE: case TOK_FALSE: case TOK_NULL: case TOK_END:
    return true;
  default:
    return r->last_count && tsn_is_word(r->last[0]);
  }
}

/* ORDER BY, LIMIT, GROUP BY ... behind a query, as other languages have it: NULL,
 * or what to say. A word alone is an alias, and without a PATTERN the brackets
 * were closed too early. */
static const char *trailer(tsn_reader *r)
{
  const tsn_token t = *peek(r, 0);
  const int after = peek(r, 1)->kind;
  const char *hint;

  if (r->depth > 0 || !r->behind || r->recovering || t.kind == TOK_QUOTED || !is_complete(r)) return NULL;
  if (tsn_opens_clause(t.kind) && r->clauses && !r->clauses->pattern) return NULL;
  hint = tsn_foreign_hint(FOREIGN_TRAILER, r->text + t.at.from, t.at.to - t.at.from);
  return hint && tsn_is_word(t) && (after == ';' || after == TOK_YYEOF || after == TOK_WHERE) ? NULL : hint;
}

/* Says so, and leaves out the rest of the statement. */
static void drop_trailer(tsn_reader *r, const char *hint)
{
  const tsn_span at = peek(r, 0)->at;
  int kind;

  tsn_diag_add(r->diag, TSN_E0110, at, hint, "`%.*s` has no place behind MATCH_RECOGNIZE", (int)(at.to - at.from),
               r->text + at.from);
  do {
    shift(r);
    kind = peek(r, 0)->kind;
  } while (kind != ';' && kind != TOK_YYEOF && kind != TOK_CREATE);
}

static tsn_token next(tsn_reader *r)
{
  const tsn_token end = { .kind = TOK_YYEOF, .at = { (uint32_t)r->length, (uint32_t)r->length } };
  tsn_token t, fit;
  const char *hint;
  int kind;

  for (;;) {
    if (r->limit) return end;
    if ((hint = trailer(r)) != NULL) drop_trailer(r, hint);
    kind = kind_here(r);
    t = *peek(r, 0);
    t.kind = kind;
    if (r->depth > most_open(r, kind)) {
      const int close = closer_of(r->open[r->depth - 1].kind);
      const tsn_token added = add_token(r, close, t, TSN_E0102);

      pop(r);
      return added;
    }
    if ((kind == TOK_CREATE || kind == TOK_YYEOF) && r->last_count && r->last[0].kind != ';') {
      tsn_token added = add_token(r, ';', t, TSN_E0104);

      if (kind == TOK_YYEOF && r->added_code == TSN_E0104) r->added_pending = false; /* the last one may be left out */
      return added;
    }
    if (kind == TOKEN_BAD && r->recovering) {
      shift(r);
      continue;
    }
    if (closes(kind) && (r->depth == 0 || closer_of(r->open[r->depth - 1].kind) != kind)) {
      const bool mended = mend(r, t, &fit);

      if (!mended || !fit.added) shift(r);
      if (mended) return fit;
      continue;
    }
    if (closes(kind)) pop(r);
    if (opens(kind) && !push(r, t)) return end;
    shift(r);
    return t;
  }
}

/* ---- for the grammar ---- */

/* Words whose form depends on what stands around them. */
static void note(tsn_reader *r, tsn_token *t)
{
  if (t->kind == TOK_CREATE) r->declaring = peek(r, 0)->kind != TOK_PATTERN;
  if (t->kind == ';') r->declaring = r->behind = false;
  if (t->kind == TOK_WITHIN) r->within = true;
  else if (tsn_keyword_of(t->kind) || t->kind == ';') r->within = false;
  t->short_units = r->braces > 0 || r->within;
}

/* The tokens of the text, newest first, without those of a statement that is over. */
static void remember(tsn_reader *r, tsn_token t)
{
  const unsigned most = sizeof r->last / sizeof *r->last;

  if (t.added && t.kind != ';') return;
  memmove(r->last + 1, r->last, (most - 1) * sizeof *r->last);
  r->last[0] = t;
  if (r->last_count < most) r->last_count++;
}

/* The next token, one that the grammar does not wait for while it recovers left
 * out: what stands in brackets deeper than its region. */
tsn_token tsn_reader_token(tsn_reader *r)
{
  tsn_token t;
  unsigned depth;

  if (r->added_pending) tell_added(r);
  do {
    depth = r->depth;
    t = next(r);
  } while (r->recovering && (r->depth > r->region || depth > r->region) && t.kind != TOK_YYEOF);
  r->given++;
  if (t.added && r->recovering) r->quiet_until = r->given + 1;
  note(r, &t);
  remember(r, t);
  r->current = t;
  r->current_depth = depth;
  if (t.kind == TOKEN_BAD) tsn_reader_failed(r);
  return t;
}

int tsn_reader_peek(tsn_reader *r)
{
  return peek(r, 0)->kind;
}

/* The grammar recovers in the innermost region that is open before the token that
 * it did not expect. A token deeper than that ends no item of it; nor does a `)`
 * too many, behind which the clauses go on. */
void tsn_reader_failed(tsn_reader *r)
{
  const bool ends = closes(r->current.kind) && !r->current.added;

  if (r->current.added) r->added_pending = false;
  r->region = r->current_depth;
  while (r->region > 0 && !r->open[r->region - 1].region) r->region--;
  r->stale = r->current_depth > r->region ? r->given : 0;
  if (ends && r->stale == 0 && r->closed.clauses && tsn_opens_clause(peek(r, 0)->kind)) {
    r->open[r->depth++] = r->closed;
    r->stale = r->given;
  }
  r->recovering = true;
}

/* An error right behind a closing bracket: the grammar goes back before it. */
void tsn_reader_reopen(tsn_reader *r)
{
  if (r->depth == TSN_NEST_MAX || opens(r->current.kind)) return;
  if (r->closed.region) r->open[r->depth++] = r->closed;
}

bool tsn_reader_stale(const tsn_reader *r)
{
  return r->stale == r->given;
}

bool tsn_reader_resume(tsn_reader *r)
{
  const bool first = r->given != r->resumed;

  r->recovering = false;
  r->resumed = r->given;
  return first;
}
