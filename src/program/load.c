/* A program's life as bytes: adopt, load, save, and what hosts may ask. */
#include <string.h>

#include "program/program.h"

const tsn_op_info tsn_op_table[TSN_OPCODES] = {
#define OP(name, pops, pushes, operand, about) [OP_##name] = {#name, pops, pushes, OPERAND_##operand},
#include "program/ops.def"
#undef OP
};

const tsn_aggregate_info tsn_aggregate_table[TSN_AGGREGATES] = {
#define AGGREGATE(name, id, args, cells, merge, about) [AGG_##id] = {name, cells, args, sizeof cells - 1, MERGE_##merge},
#include "program/aggregates.def"
#undef AGGREGATE
};

const tsn_function_info tsn_function_table[TSN_FUNCTIONS] = {
#define FUNCTION(name, id, least, most, signature, null, code, about) [FN_##id] = {name, signature, least, most},
#include "program/functions.def"
#undef FUNCTION
};

char tsn_signature_letter(const char *signature, uint32_t arg)
{
  const char *at = signature + 2; /* behind the result and its bracket */
  for (; arg > 0 && *at != ')'; arg--) {
    if (at[1] == '*') return *at;
    at++;
  }
  return *at == ')' ? 0 : *at;
}

static bool resolve(tocsin_program *p)
{
  const tsn_header *h = (const tsn_header *)(const void *)p->block;
  size_t i = 0;
#define SECTION(name, type)                                                                                        \
  if (h->sections[i].offset > p->length || h->sections[i].offset % 8 != 0 || h->sections[i].count > UINT32_MAX - 1 || \
      h->sections[i].count > (p->length - h->sections[i].offset) / sizeof(type))                                    \
    return false;                                                                                                  \
  p->name = (const type *)(const void *)(p->block + h->sections[i].offset);                                        \
  p->name##_count = (uint32_t)h->sections[i].count;                                                                \
  i++;
#include "program/sections.def"
#undef SECTION
  return true;
}

tocsin_status tsn_program_adopt(const tsn_alloc *alloc, char *block, size_t length, tocsin_program **out)
{
  tsn_alloc own = *alloc;
  tocsin_program *p = tsn_alloc_array(&own, 1, sizeof *p);
  tocsin_status st;
  if (!p) {
    tsn_alloc_free(&own, block, length);
    return TOCSIN_NOMEM;
  }
  p->alloc = own;
  p->block = block;
  p->length = length;
  st = resolve(p) ? tsn_program_verify(p) : TOCSIN_CORRUPT;
  if (st != TOCSIN_OK) {
    tocsin_program_free(p);
    return st;
  }
  *out = p;
  return TOCSIN_OK;
}

void tocsin_program_free(tocsin_program *program)
{
  tsn_alloc alloc;
  if (!program) return;
  alloc = program->alloc;
  tsn_alloc_free(&alloc, program->block, program->length);
  tsn_alloc_free(&alloc, program, sizeof *program);
}

const void *tocsin_program_save(const tocsin_program *program, size_t *length)
{
  if (length) *length = program->length;
  return program->block;
}

tocsin_status tocsin_program_load(const void *block, size_t length, const tocsin_allocator *allocator, tocsin_program **program)
{
  tsn_alloc alloc;
  tsn_header h;
  char *copy;
  if (!program) return TOCSIN_MISUSE;
  *program = NULL;
  if (!block || length < sizeof h || length > TSN_PROGRAM_MAX) return TOCSIN_CORRUPT;
  memcpy(&h, block, sizeof h);
  if (h.magic != TSN_PROGRAM_MAGIC || h.version != TSN_PROGRAM_VERSION || h.length != length) return TOCSIN_CORRUPT;
  if (h.checksum != tsn_hash_bytes((const char *)block + offsetof(tsn_header, sections), length - offsetof(tsn_header, sections),
                                   TSN_PROGRAM_VERSION))
    return TOCSIN_CORRUPT;
  tsn_alloc_init(&alloc, allocator);
  copy = tsn_alloc_array(&alloc, length, 1);
  if (!copy) return TOCSIN_NOMEM;
  memcpy(copy, block, length);
  return tsn_program_adopt(&alloc, copy, length, program);
}

size_t tocsin_program_stream_count(const tocsin_program *program) { return program->streams_count; }

tocsin_stream_info tocsin_program_stream(const tocsin_program *program, size_t stream)
{
  tocsin_stream_info info = {.name = "", .event_time = -1};
  const tsn_stream_rec *s;
  if (stream >= program->streams_count) return info;
  s = &program->streams[stream];
  info.name = tsn_program_text(program, s->name);
  info.column_count = s->columns.count;
  info.event_time = s->event_time;
  info.has_watermark = s->has_watermark != 0;
  info.watermark_delay = s->delay;
  return info;
}

static tocsin_column_info column_info(const tocsin_program *program, tsn_range columns, size_t column)
{
  tocsin_column_info info = {.name = ""};
  const tsn_column_rec *c;
  if (column >= columns.count) return info;
  c = &program->columns[columns.first + column];
  info.name = tsn_program_text(program, c->name);
  info.type = (tocsin_type)c->type;
  info.unit = (tocsin_unit)c->unit;
  info.path = c->path.offset == TSN_NONE ? NULL : tsn_program_text(program, c->path);
  info.not_null = c->not_null;
  info.needed = c->needed;
  return info;
}

tocsin_column_info tocsin_program_stream_column(const tocsin_program *program, size_t stream, size_t column)
{
  const tsn_range none = {0, 0};
  return column_info(program, stream < program->streams_count ? program->streams[stream].columns : none, column);
}

size_t tocsin_program_table_count(const tocsin_program *program) { return program->tables_count; }

tocsin_table_info tocsin_program_table(const tocsin_program *program, size_t table)
{
  tocsin_table_info info = {.name = ""};
  const tsn_table_rec *t;
  uint32_t i;
  if (table >= program->tables_count) return info;
  t = &program->tables[table];
  info.name = tsn_program_text(program, t->name);
  info.column_count = t->columns.count;
  info.key_count = t->keys.count;
  for (i = 0; i < program->parts_count; i++) info.needed |= program->parts[i].table == table;
  return info;
}

size_t tocsin_program_table_key(const tocsin_program *program, size_t table, size_t key)
{
  if (table >= program->tables_count || key >= program->tables[table].keys.count) return SIZE_MAX;
  return program->indices[program->tables[table].keys.first + key];
}

tocsin_column_info tocsin_program_table_column(const tocsin_program *program, size_t table, size_t column)
{
  tocsin_column_info info = {.name = ""};
  const tsn_table_rec *t;
  uint32_t k;
  if (table >= program->tables_count) return info;
  t = &program->tables[table];
  info = column_info(program, t->columns, column);
  for (k = 0; k < t->keys.count; k++)
    if (program->indices[t->keys.first + k] == column) info.not_null = 1;
  return info;
}

size_t tocsin_program_function_count(const tocsin_program *program) { return program->functions_count; }

tocsin_function_info tocsin_program_function(const tocsin_program *program, size_t function)
{
  tocsin_function_info info = {.name = ""};
  const tsn_function_rec *f;
  if (function >= program->functions_count) return info;
  f = &program->functions[function];
  info.name = tsn_program_text(program, f->name);
  info.result = (tocsin_type)f->result;
  info.argument_count = f->arguments.count;
  info.needed = f->needed != 0;
  return info;
}

tocsin_type tocsin_program_function_argument(const tocsin_program *program, size_t function, size_t argument)
{
  if (function >= program->functions_count || argument >= program->functions[function].arguments.count) return TOCSIN_NULL;
  return (tocsin_type)program->indices[program->functions[function].arguments.first + argument];
}

size_t tocsin_program_pattern_count(const tocsin_program *program) { return program->patterns_count; }

/* The slot of the n-th different column of PARTITION BY; TSN_NONE: there are fewer, *count of them. */
static uint32_t key_slot(const tocsin_program *program, const tsn_pattern_rec *r, size_t n, size_t *count)
{
  const uint32_t *keys = program->indices + r->keys.first;
  uint32_t i, k;
  *count = 0;
  for (i = 0; i < r->keys.count; i++) {
    for (k = 0; k < i && keys[k] != keys[i]; k++) continue;
    if (k == i && (*count)++ == n) return keys[i];
  }
  return TSN_NONE;
}

static size_t key_count(const tocsin_program *program, const tsn_pattern_rec *r)
{
  size_t count;
  (void)key_slot(program, r, SIZE_MAX, &count);
  return count;
}

tocsin_pattern_info tocsin_program_pattern(const tocsin_program *program, size_t pattern)
{
  tocsin_pattern_info info = {.name = ""};
  const tsn_pattern_rec *r;
  if (pattern >= program->patterns_count) return info;
  r = &program->patterns[pattern];
  info.name = tsn_program_text(program, r->name);
  info.part_count = r->parts.count;
  info.column_count = r->outputs.count;
  info.key_count = key_count(program, r);
  info.fingerprint = r->fingerprint;
  return info;
}

tocsin_part_info tocsin_program_pattern_part(const tocsin_program *program, size_t pattern, size_t part)
{
  tocsin_part_info info = {.index = SIZE_MAX, .table = SIZE_MAX};
  const tsn_part_rec *r;
  if (pattern >= program->patterns_count || part >= program->patterns[pattern].parts.count) return info;
  r = &program->parts[program->patterns[pattern].parts.first + part];
  info.is_pattern = r->kind == PART_PATTERN;
  info.index = r->index;
  if (r->table != TSN_NONE) info.table = r->table;
  return info;
}

int tocsin_program_pattern_reads(const tocsin_program *program, size_t pattern, size_t stream)
{
  tsn_range streams;
  uint32_t i;
  if (pattern >= program->patterns_count) return 0;
  streams = program->patterns[pattern].streams;
  for (i = 0; i < streams.count; i++)
    if (program->indices[streams.first + i] == stream) return 1;
  return 0;
}

tocsin_column_info tocsin_program_output_column(const tocsin_program *program, size_t pattern, size_t column)
{
  tocsin_column_info info = {.name = ""};
  const tsn_output_rec *o;
  if (pattern >= program->patterns_count || column >= program->patterns[pattern].outputs.count) return info;
  o = &program->outputs[program->patterns[pattern].outputs.first + column];
  info.name = tsn_program_text(program, o->name);
  info.type = (tocsin_type)o->type;
  return info;
}

/* The columns of PARTITION BY stand first in what MATCH_RECOGNIZE gives. */
size_t tocsin_program_output_key(const tocsin_program *program, size_t pattern, size_t column)
{
  const tsn_pattern_rec *r;
  uint32_t inner;
  if (pattern >= program->patterns_count || column >= program->patterns[pattern].outputs.count) return SIZE_MAX;
  r = &program->patterns[pattern];
  inner = program->outputs[r->outputs.first + column].from_inner;
  return inner != TSN_NONE && inner < key_count(program, r) ? inner : SIZE_MAX;
}

size_t tocsin_program_key_column(const tocsin_program *program, size_t pattern, size_t part, size_t key)
{
  const tsn_pattern_rec *r;
  const tsn_part_rec *p;
  uint32_t slot, raw;
  size_t count;
  if (pattern >= program->patterns_count || part >= program->patterns[pattern].parts.count) return SIZE_MAX;
  r = &program->patterns[pattern];
  p = &program->parts[r->parts.first + part];
  slot = key_slot(program, r, key, &count);
  if (slot == TSN_NONE || p->kind != PART_STREAM || p->windows.count) return SIZE_MAX;
  raw = program->values[p->values.first + slot].slot;
  return raw < p->slots.count ? program->indices[p->slots.first + raw] : SIZE_MAX;
}

/* Whether something of a match tells which of all matches, or of all rows, it is. */
static bool is_numbered(const tocsin_program *program, const tsn_pattern_rec *r)
{
  uint32_t i, k;
  for (i = 0; i < r->inner.count; i++) {
    const tsn_range *code = &program->inner[r->inner.first + i].code.instrs;
    for (k = 0; k < code->count; k++) {
      const tsn_instr *in = &program->instrs[code->first + k];
      if (in->op == OP_MATCH && (in->a == MATCH_VALUE_NUMBER || in->a == MATCH_VALUE_ID)) return true;
    }
  }
  return r->sequential != 0;
}

tocsin_reach tocsin_program_reach(const tocsin_program *program, size_t pattern)
{
  tocsin_reach reach = {.span = 0};
  const tsn_pattern_rec *r;
  uint32_t i;
  bool plain = true;
  if (pattern >= program->patterns_count) return reach;
  r = &program->patterns[pattern];
  for (i = 0; i < r->parts.count; i++) {
    const tsn_part_rec *part = &program->parts[r->parts.first + i];
    if (part->kind != PART_STREAM) return reach;
    plain = plain && !part->windows.count;
  }
  if (r->within_kind != WITHIN_TIME || r->time_slot == TSN_NONE || r->time_type == TOCSIN_DOUBLE || r->window_kind != WINDOW_NONE) return reach;
  reach.span = r->within;
  reach.later = !r->ahead && !r->has_last;
  reach.earlier = (r->skip_kind == MATCH_SKIP_NONE || r->skip_kind == MATCH_SKIP_NEXT_ROW) && plain && !r->behind && !r->has_first &&
                  !r->start_absences.count && r->empty_kind != MATCH_UNMATCHED && !is_numbered(program, r);
  return reach;
}
