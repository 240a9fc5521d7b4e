/* A pattern text in a connection: see module.h. */
#include "bindings/sqlite/module.h"

#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

static bool same(const char *a, const char *b)
{
  return tsn_same_name(a, strlen(a), b, strlen(b));
}

void tsn_sql_text_init(tsn_sql_text *t, tsn_sql_connection *connection, const char *name, const char *schema)
{
  *t = (tsn_sql_text){ .connection = connection, .db = connection->db, .only = SIZE_MAX };
  tsn_alloc_init(&t->alloc, &tsn_sql_memory);
  tsn_arena_init(&t->arena, &t->alloc, 0);
  tsn_sql_settings_init(&t->settings, &t->arena);
  t->name = tsn_arena_text(&t->arena, name, strlen(name));
  if (schema) t->schema = tsn_arena_text(&t->arena, schema, strlen(schema));
}

void tsn_sql_text_clear(tsn_sql_text *t)
{
  for (tsn_sql_program *p = t->programs; p; p = p->next) tocsin_program_free(p->program);
  t->programs = NULL;
  tsn_arena_clear(&t->arena);
}

static int no_memory(const tsn_sql_text *t)
{
  return tsn_arena_failed(&t->arena) == TOCSIN_OK ? SQLITE_OK : SQLITE_NOMEM;
}

/* --- the tables that it reads --- */

typedef struct search {
  tsn_sql_text *text;
  char **error;
  int st;
} search;

size_t tsn_sql_text_table(const tsn_sql_text *t, const char *name)
{
  size_t i = 0;

  while (i < t->table_count && !same(t->streams[i].name, name)) i++;
  return i < t->table_count ? i : SIZE_MAX;
}

static bool grow(tsn_sql_text *t)
{
  size_t cap = t->table_cap ? t->table_cap * 2 : 4;
  tsn_sql_table *tables;
  tocsin_stream *streams;

  if (t->table_count < t->table_cap) return true;
  tables = tsn_arena_new_array(&t->arena, tsn_sql_table, cap);
  streams = tsn_arena_new_array(&t->arena, tocsin_stream, cap);
  if (!tables || !streams) return false;
  if (t->table_count) {
    memcpy(tables, t->tables, t->table_count * sizeof *tables);
    memcpy(streams, t->streams, t->table_count * sizeof *streams);
  }
  t->tables = tables;
  t->streams = streams;
  t->table_cap = cap;
  return true;
}

/* Adds the table of a name unless it is there. */
static int add(tsn_sql_text *t, const char *name, char **error)
{
  int st;

  if (tsn_sql_text_table(t, name) != SIZE_MAX) return SQLITE_OK;
  if (!grow(t)) return SQLITE_NOMEM;
  st = tsn_sql_table_find(t->db, &t->arena, t->schema, name, &t->tables[t->table_count], error);
  if (st == SQLITE_OK) t->streams[t->table_count++] = (tocsin_stream){ .name = tsn_arena_text(&t->arena, name, strlen(name)) };
  return st == SQLITE_OK ? no_memory(t) : st;
}

/* A table that a pattern reads; one that is known already may still lack its time. */
static int add_undeclared(void *context, const tocsin_undeclared *stream)
{
  search *s = context;
  tsn_sql_text *t = s->text;
  tsn_sql_table *table;

  s->st = add(t, stream->name, s->error);
  if (s->st == SQLITE_NOTFOUND && *s->error) { /* the compiler tells where */
    t->missing = tsn_arena_text(&t->arena, *s->error, strlen(*s->error));
    sqlite3_free(*s->error);
    *s->error = NULL;
    s->st = SQLITE_OK;
    return no_memory(t) == SQLITE_OK;
  }
  if (s->st != SQLITE_OK) return 0;
  table = &t->tables[tsn_sql_text_table(t, stream->name)];
  if (!table->time && stream->time) table->time = tsn_arena_text(&t->arena, stream->time, strlen(stream->time));
  return no_memory(t) == SQLITE_OK;
}

/* Those behind what the text declares, as far as the wanted patterns read it. */
static int add_declared(tsn_sql_text *t, const tocsin_program *program, char **error)
{
  size_t patterns = tocsin_program_pattern_count(program);
  int st = SQLITE_OK;

  for (size_t i = 0; i < tocsin_program_stream_count(program) && st == SQLITE_OK; i++) {
    bool read = false;
    for (size_t k = 0; k < patterns; k++) read = read || ((t->only == SIZE_MAX || t->only == k) && tocsin_program_pattern_reads(program, k, i));
    if (read) st = add(t, tocsin_program_stream(program, i).name, error);
  }
  for (size_t i = 0; i < tocsin_program_table_count(program) && st == SQLITE_OK; i++)
    if (tocsin_program_table(program, i).needed) st = add(t, tocsin_program_table(program, i).name, error);
  return st;
}

/* The tables as the compiler knows streams. */
static int shape(tsn_sql_text *t, char **error)
{
  for (size_t i = 0; i < t->table_count; i++) {
    tsn_sql_table *table = &t->tables[i];
    tocsin_stream_column *columns = tsn_arena_new_array(&t->arena, tocsin_stream_column, table->column_count + 1);
    int st = columns ? tsn_sql_table_types(t->db, table, t->settings.unit, error) : SQLITE_NOMEM;
    if (st != SQLITE_OK) return st;
    for (size_t k = 0; k < table->column_count; k++) {
      const tsn_sql_column *c = &table->columns[k];
      columns[k] = (tocsin_stream_column){ .name = c->name, .type = c->type, .unit = c->unit };
    }
    t->streams[i].columns = columns;
    t->streams[i].column_count = table->column_count;
  }
  return SQLITE_OK;
}

/* --- compiling --- */

/* The errors as a message: where, which, and what helps. */
static char *message_of(const tsn_sql_text *t, const tocsin_diagnostics *list)
{
  sqlite3_str *out = sqlite3_str_new(NULL);
  bool first = true;

  for (size_t i = 0; i < tocsin_diagnostics_count(list); i++) {
    const tocsin_diagnostic *d = tocsin_diagnostics_get(list, i);
    if (d->severity != TOCSIN_ERROR) continue;
    sqlite3_str_appendf(out, "%s%s: ", first ? "" : "\n", t->name);
    if (d->line) sqlite3_str_appendf(out, "line %u, column %u: ", d->line, d->column);
    sqlite3_str_appendf(out, "[%s] %s", d->code, d->message);
    if (*d->hint) sqlite3_str_appendf(out, "; hint: %s", d->hint);
    first = false;
  }
  if (t->missing) sqlite3_str_appendf(out, "%s%s", first ? "" : "\n", t->missing);
  return sqlite3_str_finish(out);
}

static tocsin_compile_options options_of(const tsn_sql_text *t)
{
  return (tocsin_compile_options){ .allocator = &tsn_sql_memory,
                                   .streams = t->streams,
                                   .stream_count = t->undeclared,
                                   .parameters = t->settings.parameters,
                                   .parameter_count = t->settings.parameter_count };
}

static int compile(tsn_sql_text *t, unsigned details, tocsin_program **program, char **error)
{
  tocsin_compile_options options = options_of(t);
  tocsin_diagnostics *list = NULL;
  tocsin_status st;

  options.bounded = 1;
  options.details = details;
  st = tocsin_compile(t->text, t->length, &options, program, &list);
  if (st != TOCSIN_OK && st != TOCSIN_NOMEM && !*error && tocsin_diagnostics_count(list)) *error = message_of(t, list);
  tocsin_diagnostics_free(list);
  if (st == TOCSIN_OK || st == TOCSIN_NOMEM) return tsn_sql_code(st);
  return tsn_sql_fail(error, tsn_sql_code(st), "%s: %s", t->name, tocsin_status_text(st));
}

int tsn_sql_text_findings(const tsn_sql_text *t, tocsin_diagnostics **list)
{
  tocsin_compile_options options = options_of(t);
  tocsin_program *program = NULL;
  tocsin_status st = tocsin_compile(t->text, t->length, &options, &program, list);

  tocsin_program_free(program);
  return st == TOCSIN_INVALID ? SQLITE_OK : tsn_sql_code(st);
}

int tsn_sql_text_program(tsn_sql_text *t, unsigned details, const tocsin_program **program, char **error)
{
  tsn_sql_program *p = t->programs;
  int st = SQLITE_OK;

  while (p && p->details != details) p = p->next;
  if (!p) {
    p = tsn_arena_new(&t->arena, tsn_sql_program);
    if (!p) return SQLITE_NOMEM;
    p->details = details;
    st = compile(t, details, &p->program, error);
    if (st != SQLITE_OK) return st;
    p->next = t->programs;
    t->programs = p;
  }
  *program = p->program;
  return st;
}

static int choose(tsn_sql_text *t, const tocsin_program *program, bool single, char **error)
{
  size_t count = tocsin_program_pattern_count(program);
  const char *wanted = t->settings.pattern;
  sqlite3_str *names;
  char *list;

  for (size_t i = 0; wanted && i < count && t->only == SIZE_MAX; i++)
    if (same(tocsin_program_pattern(program, i).name, wanted)) t->only = i;
  if (single && !wanted && count == 1) t->only = 0;
  if (t->only != SIZE_MAX || (!single && !wanted)) return SQLITE_OK;
  if (count == 0) return tsn_sql_fail(error, SQLITE_ERROR, "%s: the text has no pattern", t->name);
  names = sqlite3_str_new(t->db);
  for (size_t i = 0; i < count; i++) sqlite3_str_appendf(names, "%s%s", i ? ", " : "", tocsin_program_pattern(program, i).name);
  list = sqlite3_str_finish(names);
  if (wanted) tsn_sql_fail(error, SQLITE_ERROR, "%s: the text has no pattern %s, only %s", t->name, wanted, list ? list : "");
  else tsn_sql_fail(error, SQLITE_ERROR,
                    "%s: the text has several patterns; hint: choose one with pattern='...', or let tocsin_define() make a table for each: %s", t->name, list ? list : "");
  sqlite3_free(list);
  return SQLITE_ERROR;
}

int tsn_sql_text_open(tsn_sql_text *t, const char *text, size_t length, bool single, char **error)
{
  search s = { .text = t, .error = error, .st = SQLITE_OK };
  const tocsin_program *program;
  tocsin_status found;
  int st;

  t->text = tsn_arena_text(&t->arena, text, length);
  t->length = length;
  if (!t->text) return SQLITE_NOMEM;
  found = tocsin_undeclared_streams(text, length, &tsn_sql_memory, add_undeclared, &s);
  st = found == TOCSIN_OK ? s.st : tsn_sql_code(found);
  if (st == SQLITE_OK) st = no_memory(t);
  t->undeclared = t->table_count;
  if (st == SQLITE_OK) st = shape(t, error);
  if (st == SQLITE_OK) st = tsn_sql_text_program(t, 0, &program, error);
  if (st == SQLITE_OK) st = choose(t, program, single, error);
  return st == SQLITE_OK ? add_declared(t, program, error) : st;
}

bool tsn_sql_text_finds(const tsn_sql_text *t, const tocsin_program *program, size_t stream, size_t column, bool null)
{
  tocsin_column_info info = tocsin_program_stream_column(program, stream, column);
  size_t at = tsn_sql_text_table(t, tocsin_program_stream(program, stream).name);
  const tsn_sql_column *own = at == SIZE_MAX ? NULL : tsn_sql_table_column(&t->tables[at], info.name);

  return own && !info.path && (null || tsn_sql_finds(own->declared, info.type));
}

tsn_sql_places tsn_sql_places_of(const tocsin_program *program, size_t pattern, unsigned details)
{
  tocsin_pattern_info info = tocsin_program_pattern(program, pattern);
  tsn_sql_places p = { .key_count = details & TOCSIN_DETAIL_KEY ? info.key_count : 0 };
  const struct { unsigned detail; size_t *at; } all[] = {
    { TOCSIN_DETAIL_ID, &p.id },   { TOCSIN_DETAIL_STATUS, &p.status },   { TOCSIN_DETAIL_START, &p.start },
    { TOCSIN_DETAIL_END, &p.end }, { TOCSIN_DETAIL_ROWTIME, &p.rowtime },
  };
  size_t next = info.column_count - p.key_count;

  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (details & all[i].detail) next--;
  p.selected = next;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) *all[i].at = details & all[i].detail ? next++ : SIZE_MAX;
  p.key = next;
  return p;
}
