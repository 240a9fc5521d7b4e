/* The public functions of the compile side: tocsin/compile.h. */
#include <string.h>

#include "base/text.h"
#include "bind/bind.h"
#include "dsl/ast.h"
#include "plan/plan.h"
#include "tocsin/compile.h"

#define ARENA_MAX ((size_t)1 << 30)
#define FORMAT_MAX ((size_t)256 << 20)

struct tocsin_diagnostics {
  tsn_alloc alloc;
  size_t count, size;
  tocsin_diagnostic items[];
};

size_t tocsin_diagnostics_count(const tocsin_diagnostics *d) { return d ? d->count : 0; }

const tocsin_diagnostic *tocsin_diagnostics_get(const tocsin_diagnostics *d, size_t index)
{
  return d && index < d->count ? &d->items[index] : NULL;
}

void tocsin_diagnostics_free(tocsin_diagnostics *d)
{
  tsn_alloc alloc;
  if (!d) return;
  alloc = d->alloc;
  tsn_alloc_free(&alloc, d, d->size);
}

static char *copy_text(char **at, const char *text)
{
  size_t length = text ? strlen(text) : 0;
  char *to = *at;
  if (length) memcpy(to, text, length);
  to[length] = 0;
  *at += length + 1;
  return to;
}

/* The findings as one block of the caller's: items, then their texts. */
static tocsin_status give_diagnostics(const tsn_diag *diag, tsn_alloc *alloc, tocsin_diagnostics **out)
{
  static const tocsin_severity severities[] = {TOCSIN_ERROR, TOCSIN_WARNING, TOCSIN_NOTE};
  size_t count = 0, size = sizeof **out, i = 0;
  const tsn_diag_item *d;
  tocsin_diagnostics *list;
  char *at;
  if (!out) return TOCSIN_OK;
  for (d = diag->first; d; d = d->next) {
    count++;
    size += sizeof(tocsin_diagnostic) + strlen(tsn_diag_name(d->code)) + strlen(d->message) + (d->hint ? strlen(d->hint) : 0) + 3;
  }
  list = tsn_alloc_array(alloc, 1, size);
  if (!list) return TOCSIN_NOMEM;
  list->count = count;
  list->size = size;
  at = (char *)&list->items[count];
  for (d = diag->first; d; d = d->next) {
    tocsin_diagnostic *x = &list->items[i++];
    const char *name = tsn_diag_name(d->code);
    x->severity = severities[tsn_diag_severity(d->code)];
    x->code = copy_text(&at, name);
    x->message = copy_text(&at, d->message);
    x->hint = copy_text(&at, d->hint);
    x->offset = d->at.from;
    x->length = d->at.to > d->at.from ? d->at.to - d->at.from : 0;
    tsn_diag_place(diag->text, diag->length, d->at.from, &x->line, &x->column);
  }
  list->alloc = *alloc;
  *out = list;
  return TOCSIN_OK;
}

static tocsin_status verdict(const tsn_diag *diag)
{
  return diag->errors ? TOCSIN_INVALID : TOCSIN_OK;
}

tocsin_status tocsin_compile(const char *text, size_t length, const tocsin_compile_options *options, tocsin_program **program,
                             tocsin_diagnostics **diagnostics)
{
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_diag diag;
  tsn_script *script = NULL;
  tsn_bound_script *bound = NULL;
  tocsin_status st, given;
  if (!program || (!text && length)) return TOCSIN_MISUSE;
  *program = NULL;
  if (diagnostics) *diagnostics = NULL;
  tsn_alloc_init(&alloc, options ? options->allocator : NULL);
  tsn_arena_init(&arena, &alloc, ARENA_MAX);
  tsn_diag_init(&diag, &arena, text ? text : "", length);
  st = tsn_parse(&arena, text ? text : "", length, &diag, &script);
  /* Names are looked at even after errors of grammar: more is said at once. */
  if (st == TOCSIN_OK && script) st = tsn_bind(&arena, script, text ? text : "", options, &diag, &bound);
  if (st == TOCSIN_OK) st = verdict(&diag);
  if (st == TOCSIN_OK) st = tsn_plan_program(&arena, &alloc, bound, &diag, program);
  if (st == TOCSIN_OK) st = verdict(&diag);
  if (st != TOCSIN_OK && *program) {
    tocsin_program_free(*program);
    *program = NULL;
  }
  tsn_diag_sort(&diag); /* in the order of the text, whoever found them */
  given = give_diagnostics(&diag, &alloc, diagnostics);
  if (given != TOCSIN_OK && st == TOCSIN_OK) {
    st = given;
    tocsin_program_free(*program);
    *program = NULL;
  }
  tsn_arena_clear(&arena);
  return st;
}

const char *tocsin_dialect_get(size_t index) { return tsn_bind_dialect(index); }

/* A text as a tree, for who does not want its errors. The arena is cleared by the caller in any case. */
typedef struct reading {
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_diag diag;
  tsn_script *script;
} reading;

static tocsin_status read_tree(reading *r, const char *text, size_t length, const tocsin_allocator *allocator)
{
  r->script = NULL;
  tsn_alloc_init(&r->alloc, allocator);
  tsn_arena_init(&r->arena, &r->alloc, ARENA_MAX);
  tsn_diag_init(&r->diag, &r->arena, text ? text : "", length);
  return tsn_parse(&r->arena, text ? text : "", length, &r->diag, &r->script);
}

static tocsin_status declared(tsn_statement_kind kind, const char *text, size_t length, const tocsin_allocator *allocator,
                              int (*found)(void *context, const tocsin_stream *shape), void *context)
{
  reading r;
  tsn_arena *arena = &r.arena;
  tocsin_status st;
  const tsn_statement *s;
  if (!found || (!text && length)) return TOCSIN_MISUSE;
  st = read_tree(&r, text, length, allocator);
  for (s = st == TOCSIN_OK && r.script ? r.script->statements : NULL; s; s = s->next) {
    const tsn_column_decl *c;
    tocsin_stream_column *columns;
    tocsin_stream stream = {.column_count = 0};
    if (s->kind != kind || !s->name.text) continue;
    for (c = s->columns; c; c = c->next) stream.column_count++;
    columns = tsn_arena_new_array(arena, tocsin_stream_column, stream.column_count + 1);
    stream.name = tsn_arena_text(arena, s->name.text, s->name.length);
    if (!columns || !stream.name) break;
    stream.columns = columns;
    for (c = s->columns; c; c = c->next, columns++)
      *columns = (tocsin_stream_column){.name = tsn_arena_text(arena, c->name.text, c->name.length), .type = c->type, .unit = c->unit,
                                        .path = c->path, .not_null = c->not_null};
    if (tsn_arena_failed(arena) || !found(context, &stream)) break;
  }
  if (st == TOCSIN_OK) st = tsn_arena_failed(arena);
  tsn_arena_clear(arena);
  return st;
}

tocsin_status tocsin_declared_streams(const char *text, size_t length, const tocsin_allocator *allocator,
                                      int (*found)(void *context, const tocsin_stream *stream), void *context)
{
  return declared(STATEMENT_STREAM, text, length, allocator, found, context);
}

tocsin_status tocsin_declared_tables(const char *text, size_t length, const tocsin_allocator *allocator,
                                     int (*found)(void *context, const tocsin_stream *table), void *context)
{
  return declared(STATEMENT_TABLE, text, length, allocator, found, context);
}

/* Whether the text itself says what the name is: a stream or table, or a pattern before `reader`. */
static bool is_declared(const tsn_script *script, const tsn_statement *reader, const tsn_name *name)
{
  const tsn_statement *s;
  bool before = true;
  for (s = script->statements; s; s = s->next) {
    before = before && s != reader;
    if (s->kind != STATEMENT_STREAM && s->kind != STATEMENT_TABLE && (s->kind != STATEMENT_PATTERN || !before)) continue;
    if (s->name.text && tsn_column_same(name, s->name.text)) return true;
  }
  return false;
}

/* The column of the part's stream that the part gives under a name: the same, or the one that AS renames. */
static const tsn_name *part_column(const tsn_part *part, const tsn_name *name)
{
  const tsn_item *i;
  const tsn_name *all = part->selects ? NULL : name;
  for (i = part->items; i; i = i->next) {
    const tsn_name *own = i->alias.text ? &i->alias : &i->expr->name;
    if (i->expr->kind == EXPR_STAR) all = name;
    else if (own->text && tsn_column_same(name, own->text)) return i->expr->kind == EXPR_COLUMN ? &i->expr->name : NULL;
  }
  return all;
}

tocsin_status tocsin_undeclared_streams(const char *text, size_t length, const tocsin_allocator *allocator,
                                        int (*found)(void *context, const tocsin_undeclared *stream), void *context)
{
  reading r;
  tsn_arena *arena = &r.arena;
  tocsin_status st;
  const tsn_statement *s;
  const tsn_part *p;
  bool more = true;
  if (!found || (!text && length)) return TOCSIN_MISUSE;
  st = read_tree(&r, text, length, allocator);
  for (s = st == TOCSIN_OK && r.script ? r.script->statements : NULL; s; s = s->next) {
    const tsn_clauses *clauses = s->query ? s->query->clauses : NULL;
    const tsn_expr *first = clauses && clauses->orders ? clauses->orders->expr : NULL;
    for (p = s->query ? s->query->parts : NULL; p && more; p = p->next) {
      const tsn_name *time = first && first->kind == EXPR_COLUMN ? part_column(p, &first->name) : NULL;
      tocsin_undeclared u = {.time = NULL};
      if (!p->stream.text || is_declared(r.script, s, &p->stream)) continue;
      u.name = tsn_arena_text(arena, p->stream.text, p->stream.length);
      if (time && time->text) u.time = tsn_arena_text(arena, time->text, time->length);
      more = !tsn_arena_failed(arena) && found(context, &u);
    }
  }
  if (st == TOCSIN_OK) st = tsn_arena_failed(arena);
  tsn_arena_clear(arena);
  return st;
}

/* Gives the bytes of a buffer to the caller, exactly as long as they are. */
static tocsin_status give_text(tsn_alloc *alloc, const tsn_bytes *b, char **out, size_t *length)
{
  char *copy;
  if (b->failed) return b->failed;
  copy = tsn_alloc_array(alloc, b->length + 1, 1);
  if (!copy) return TOCSIN_NOMEM;
  if (b->length) memcpy(copy, b->data, b->length);
  *out = copy;
  *length = b->length;
  return TOCSIN_OK;
}

tocsin_status tocsin_format(const char *text, size_t length, const tocsin_allocator *allocator, char **formatted,
                            size_t *formatted_length, tocsin_diagnostics **diagnostics)
{
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_diag diag;
  tsn_bytes out;
  tsn_script *script = NULL;
  tocsin_status st, given;
  if (!formatted || !formatted_length || (!text && length)) return TOCSIN_MISUSE;
  *formatted = NULL;
  *formatted_length = 0;
  if (diagnostics) *diagnostics = NULL;
  tsn_alloc_init(&alloc, allocator);
  tsn_arena_init(&arena, &alloc, ARENA_MAX);
  tsn_bytes_init(&out, &alloc, FORMAT_MAX);
  tsn_diag_init(&diag, &arena, text ? text : "", length);
  st = tsn_parse(&arena, text ? text : "", length, &diag, &script);
  if (st == TOCSIN_OK && diag.errors) st = TOCSIN_INVALID;
  if (st == TOCSIN_OK) st = tsn_format_script(script, text ? text : "", length, &out);
  if (st == TOCSIN_OK) st = give_text(&alloc, &out, formatted, formatted_length);
  given = give_diagnostics(&diag, &alloc, diagnostics);
  if (given != TOCSIN_OK && st == TOCSIN_OK) {
    tsn_alloc_free(&alloc, *formatted, *formatted_length + 1);
    *formatted = NULL;
    st = given;
  }
  tsn_bytes_clear(&out);
  tsn_arena_clear(&arena);
  return st;
}

tocsin_status tocsin_explain(const tocsin_program *program, const tocsin_allocator *allocator, char **text, size_t *length)
{
  tsn_alloc alloc;
  tsn_bytes out;
  tocsin_status st;
  if (!program || !text || !length) return TOCSIN_MISUSE;
  *text = NULL;
  tsn_alloc_init(&alloc, allocator);
  tsn_bytes_init(&out, &alloc, FORMAT_MAX);
  st = tsn_explain_program(program, &out);
  if (st == TOCSIN_OK) st = give_text(&alloc, &out, text, length);
  tsn_bytes_clear(&out);
  return st;
}

tocsin_status tocsin_draw(const tocsin_program *program, size_t pattern, tocsin_picture picture, const tocsin_allocator *allocator,
                          char **text, size_t *length)
{
  tsn_alloc alloc;
  tsn_arena arena;
  tsn_bytes out;
  tocsin_status st;
  if (!program || !text || !length || pattern >= tocsin_program_pattern_count(program)) return TOCSIN_MISUSE;
  *text = NULL;
  tsn_alloc_init(&alloc, allocator);
  tsn_arena_init(&arena, &alloc, 0);
  tsn_bytes_init(&out, &alloc, FORMAT_MAX);
  st = tsn_draw_pattern(&arena, program, (uint32_t)pattern, picture, &out);
  if (st == TOCSIN_OK) st = give_text(&alloc, &out, text, length);
  tsn_bytes_clear(&out);
  tsn_arena_clear(&arena);
  return st;
}

void tocsin_text_free(const tocsin_allocator *allocator, char *text, size_t length)
{
  tsn_alloc alloc;
  if (!text) return;
  tsn_alloc_init(&alloc, allocator);
  alloc.used = length + 1;
  tsn_alloc_free(&alloc, text, length + 1);
}

/* --- the rows of a pattern's matches --- */

/* The text from `from` on has been taken up to there; what lies before `to` follows, then `instead`. */
static void splice(tsn_bytes *out, const char *text, size_t *from, tsn_span cut, const char *instead)
{
  if (cut.from > *from) tsn_bytes_append(out, text + *from, cut.from - *from);
  tsn_bytes_text(out, instead);
  if (cut.to > *from) *from = cut.to;
}

static void splice_query(tsn_bytes *out, const char *text, size_t *from, const tsn_query *q, int unmatched)
{
  const tsn_clauses *c = q->clauses;
  const tsn_item *last = q->items;
  tsn_span cuts[3] = {c->measures_at, c->rows_at, c->empty_at};
  tsn_span tail = {c->at.to - 1, q->at.to}; /* from the closing parenthesis on */
  while (last->next) last = last->next;
  splice(out, text, from, (tsn_span){q->items->at.from, last->at.to}, "*");
  for (size_t done = 0; done < 3; done++) { /* clauses stand in any order */
    size_t least = 0, i;
    for (i = 1; i < 3; i++)
      if (cuts[i].to && (!cuts[least].to || cuts[i].from < cuts[least].from)) least = i;
    if (cuts[least].to) splice(out, text, from, cuts[least], "");
    cuts[least] = (tsn_span){0, 0};
  }
  splice(out, text, from, tail, " MEASURES CLASSIFIER() AS tocsin_label, MATCH_ID() AS tocsin_match ALL ROWS PER MATCH");
  tsn_bytes_text(out, unmatched ? " WITH UNMATCHED ROWS )" : " )");
}

/* The statement of a pattern that can be changed; NULL: there is none. */
static const tsn_statement *find_pattern(const tsn_script *script, const char *pattern)
{
  const tsn_statement *s = script->statements;
  for (; s; s = s->next) {
    if (s->kind == STATEMENT_QUERY && !*pattern) break;
    if (s->kind == STATEMENT_PATTERN && s->name.text && tsn_same_name(s->name.text, s->name.length, pattern, strlen(pattern))) break;
  }
  return s && !s->broken && s->query && s->query->items && s->query->clauses ? s : NULL;
}

tocsin_status tocsin_rows_text(const char *text, size_t length, const char *pattern, int unmatched, const tocsin_allocator *allocator,
                               char **changed, size_t *changed_length)
{
  reading r;
  tsn_bytes out;
  const tsn_statement *s = NULL;
  size_t from = 0;
  tocsin_status st;
  if (!changed || !changed_length || !pattern || (!text && length)) return TOCSIN_MISUSE;
  *changed = NULL;
  *changed_length = 0;
  st = read_tree(&r, text, length, allocator);
  tsn_bytes_init(&out, &r.alloc, FORMAT_MAX);
  if (st == TOCSIN_OK && r.script && !r.diag.errors) s = find_pattern(r.script, pattern);
  if (st == TOCSIN_OK && !s) st = tsn_arena_failed(&r.arena) == TOCSIN_OK ? TOCSIN_INVALID : tsn_arena_failed(&r.arena);
  if (s) {
    splice_query(&out, text, &from, s->query, unmatched);
    for (s = s->next; s; s = s->next)
      if (s->kind == STATEMENT_PATTERN || s->kind == STATEMENT_QUERY)
        splice(&out, text, &from, (tsn_span){s->at.from, s->next ? s->next->at.from : (uint32_t)length}, "");
    splice(&out, text, &from, (tsn_span){(uint32_t)length, (uint32_t)length}, "");
  }
  if (st == TOCSIN_OK) st = give_text(&r.alloc, &out, changed, changed_length);
  tsn_bytes_clear(&out);
  tsn_arena_clear(&r.arena);
  return st;
}
