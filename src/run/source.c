/* Where a pattern's rows come from: its parts, each a source of raw rows.
 *
 *   raw row --join--> wider raw row --WHERE--> cells of the pattern's row --> sort buffer --> run
 *
 * A raw row is one of a stream, or an output row of a pattern before this one. It
 * waits in the sort buffer until no part can bring an earlier one: the run's
 * watermark is the least of its parts', and a part that is over holds nothing back
 * (language page, section 8). Rows of a lone stream, in the order that it promises, go
 * straight to the run.
 *
 * A row is joined when it arrives, with what the table holds in that moment. Window
 * aggregates need rows in order: their values are made when a row leaves the sort
 * buffer (window.c). */
#include "base/time.h"
#include "run/source.h"
#include "run/table.h"
#include "run/window.h"

/* Cells of a raw row: of the stream, of the table, and the key between them while it is made. */
static size_t raw_cells(const tsn_part_rec *p) { return (size_t)p->slots.count + p->joined.count + p->keys.count + 1; }

/* ---- making and unmaking ---- */

/* The type of a column of the source; of a pattern's also that behind its outputs: the output time. */
static uint8_t column_type(const tocsin_program *program, const tsn_part_rec *part, uint32_t column)
{
  const tsn_pattern_rec *p;
  if (part->kind == PART_STREAM) return program->columns[program->streams[part->index].columns.first + column].type;
  p = &program->patterns[part->index];
  return (uint8_t)(column == p->outputs.count ? p->time_type : program->outputs[p->outputs.first + column].type);
}

tocsin_status tsn_sources_init(tsn_run *r)
{
  const tocsin_program *program = r->program;
  uint32_t i, k;
  bool reorders = r->p->orders.count || r->p->parts.count > 1;
  r->sources = tsn_alloc_array(r->alloc, r->p->parts.count, sizeof *r->sources);
  if (!r->sources) return TOCSIN_NOMEM;
  for (i = 0; i < r->p->parts.count; i++) {
    tsn_source *s = &r->sources[i];
    s->p = &program->parts[r->p->parts.first + i];
    s->name = tsn_program_text(program, s->p->kind == PART_STREAM ? program->streams[s->p->index].name : program->patterns[s->p->index].name);
    s->values = program->values + s->p->values.first;
    s->columns = program->indices + s->p->slots.first;
    s->max_time = s->watermark = TSN_TIME_MIN;
    s->plain = s->p->where.instrs.count == 0 && s->p->table == TSN_NONE && s->p->slots.count == r->slot_count;
    for (k = 0; k < r->slot_count; k++) s->plain = s->plain && s->values[k].slot == k;
    s->raw = s->plain ? r->row : tsn_alloc_array(r->alloc, raw_cells(s->p), sizeof *s->raw);
    s->types = tsn_alloc_array(r->alloc, (size_t)s->p->slots.count + 1, 1);
    if (!s->raw || !s->types) return TOCSIN_NOMEM;
    for (k = 0; k < s->p->slots.count; k++) s->types[k] = column_type(program, s->p, s->columns[k]);
    reorders = reorders || s->p->delay > 0 || s->p->kind == PART_PATTERN;
    if (tsn_windows_init(r, s) != TOCSIN_OK) return TOCSIN_NOMEM;
  }
  r->waits = r->waits || r->p->sorts_all || (r->p->time_slot != TSN_NONE && reorders);
  return TOCSIN_OK;
}

void tsn_sources_clear(tsn_run *r)
{
  uint32_t i;
  for (i = 0; r->sources && i < r->p->parts.count; i++) {
    tsn_source *s = &r->sources[i];
    size_t count = s->p ? (size_t)s->p->slots.count + 1 : 0;
    if (!s->plain) tsn_alloc_free(r->alloc, s->raw, s->raw ? raw_cells(s->p) * sizeof *s->raw : 0);
    tsn_alloc_free(r->alloc, s->types, s->types ? count : 0);
    tsn_windows_clear(r, s);
  }
  tsn_alloc_free(r->alloc, r->sources, r->sources ? r->p->parts.count * sizeof *r->sources : 0);
}

/* ---- raw rows ---- */

static void read_batch(tsn_run *r, const tsn_source *s, const tocsin_batch *batch, size_t row)
{
  uint32_t k;
  for (k = 0; k < s->p->slots.count; k++) s->raw[k] = tsn_read_cell(&batch->columns[s->columns[k]], s->types[k], row, &r->nan_values);
}

static bool value_of(tsn_run *r, const tsn_source *s, const tsn_value_rec *v, tsn_cell *out)
{
  tsn_eval e = {.row = s->raw, .label = TSN_NONE};
  *out = v->slot != TSN_NONE ? s->raw[v->slot] : (tsn_cell){.null = 1};
  return v->code.instrs.count == 0 || tsn_eval_code(r, &e, &v->code, out);
}

/* Says of what a raw row failed, by which it is read: its time, and its key, as far as `made` values are there. */
static bool raw_failed(tsn_run *r, const tsn_source *s, uint32_t made, const char *what)
{
  tsn_spot spot = {.cells = r->row, .number = -1, .timed = s->p->time_slot != TSN_NONE};
  uint32_t k;
  if (spot.timed) spot.time = tsn_time_length(r, &s->raw[s->p->time_slot]);
  for (k = 0; k < r->p->keys.count; k++) {
    uint32_t slot = r->program->indices[r->p->keys.first + k];
    if (slot < made) continue;
    if (s->values[slot].slot == TSN_NONE) spot.cells = NULL;
    else r->row[slot] = s->raw[s->values[slot].slot];
  }
  return tsn_fail_at(r, &spot, what, s->name);
}

/* Widens the raw row by the table's row of the key; by NULLs where the key has none. */
static bool join(tsn_run *r, const tsn_source *s)
{
  const tsn_table *t = &r->tables[s->p->table];
  const uint32_t *columns = r->program->indices + s->p->joined.first;
  tsn_cell *joined = s->raw + s->p->slots.count, *key = joined + s->p->joined.count;
  uint32_t k, row;
  bool known = true;
  for (k = 0; k < s->p->keys.count; k++) {
    if (!value_of(r, s, &r->program->values[s->p->keys.first + k], &key[k]))
      return raw_failed(r, s, 0, "ON over a row of");
    known = known && !key[k].null;
  }
  row = known ? tsn_table_find(t, key) : TSN_NONE;
  for (k = 0; k < s->p->joined.count; k++) joined[k] = row == TSN_NONE ? (tsn_cell){.null = 1} : tsn_table_get(t, row, columns[k]);
  return true;
}

/* Texts stay in the output: they are good until the next row is reported. */
static void read_output(const tsn_run *r, const tsn_source *s, const tsn_out_row *row)
{
  uint32_t k, outputs = r->program->patterns[s->p->index].outputs.count;
  for (k = 0; k < s->p->slots.count; k++) {
    tsn_cell *c = &s->raw[k];
    if (s->columns[k] == outputs) {
      *c = s->types[k] == TOCSIN_DOUBLE ? (tsn_cell){.v.d = tsn_double_of_time(row->time)} : (tsn_cell){.v.i = row->time};
      continue;
    }
    *c = r->output->cells[row->first + s->columns[k]];
    if (tsn_is_text(s->types[k]) && !c->null) c->v.s = c->length ? r->output->bytes.data + c->v.at : "";
  }
}

static bool fill_row(tsn_run *r, const tsn_source *s, bool *taken)
{
  tsn_eval e = {.row = s->raw, .label = TSN_NONE};
  uint32_t k;
  if (s->p->table != TSN_NONE && !join(r, s)) return false;
  if (s->p->where.instrs.count) {
    if (!tsn_eval_truth(r, &e, &s->p->where, taken)) return raw_failed(r, s, 0, "WHERE over a row of");
  }
  for (k = 0; *taken && k < r->slot_count; k++)
    if (!value_of(r, s, &s->values[k], &r->row[k])) return raw_failed(r, s, k, "SELECT over a row of");
  return true;
}

/* The values of the run's row; *taken: WHERE is TRUE. */
static bool make_row(tsn_run *r, const tsn_source *s, bool *taken)
{
  tsn_arena scratch = r->scratch;
  bool good;
  *taken = true;
  if (s->plain) return true;
  r->moment++; /* NOW() is asked again */
  r->scratch = r->row_texts; /* they outlive the moments up to that of the row */
  if (r->scratch.total) tsn_arena_clear(&r->scratch);
  good = fill_row(r, s, taken);
  r->row_texts = r->scratch;
  r->scratch = scratch;
  return good;
}

/* ---- time ---- */

tsn_fate tsn_source_look(tsn_run *r, tsn_source *s, const tocsin_batch *batch, size_t row)
{
  uint32_t slot = s->p->time_slot;
  tsn_cell c;
  if (slot == TSN_NONE) return s->fate = FATE_TAKEN;
  c = tsn_read_cell(&batch->columns[s->columns[slot]], s->types[slot], row, &r->nan_values);
  if (c.null) return s->fate = FATE_BAD;
  s->time = s->types[slot] == TOCSIN_DOUBLE ? tsn_time_of_double(c.v.d) : c.v.i;
  s->missed = r->watermark;
  if (!s->p->has_watermark && s->max_time > s->missed) s->missed = s->max_time; /* it promises its own order */
  return s->fate = s->time < s->missed ? FATE_LATE : FATE_TAKEN;
}

/* The run's watermark follows its parts. */
static bool follow(tsn_run *r)
{
  int64_t least = TSN_TIME_MAX;
  uint32_t i;
  bool over = true;
  for (i = 0; i < r->p->parts.count; i++) {
    const tsn_source *s = &r->sources[i];
    over = over && s->over;
    if (!s->over && s->watermark < least) least = s->watermark;
  }
  if (over) return r->finished || tsn_run_finish(r);
  if (least <= r->watermark) return true;
  r->watermark = least;
  return tsn_reorder_release(r, least, false) && tsn_ahead_advance(r, least - 1);
}

static void see_time(const tsn_run *r, tsn_source *s, int64_t time)
{
  if (time > s->max_time) s->max_time = time;
  time = tsn_time_back(r, s->max_time, s->p->delay);
  if (time > s->watermark) s->watermark = time;
}

/* A row that needs no place among others. */
static bool arrive(tsn_run *r, tsn_source *s)
{
  if (s->p->time_slot == TSN_NONE) return tsn_run_arrive(r, 0);
  see_time(r, s, s->time);
  if (s->watermark > r->watermark) r->watermark = s->watermark;
  if (!tsn_run_arrive(r, s->time)) return false;
  /* Where rows wait for those behind them, time passes all the same. */
  return r->ahead.count == 0 || s->time == TSN_TIME_MIN || tsn_ahead_advance(r, s->time - 1);
}

static bool add(tsn_run *r, const tsn_source *s, int64_t time, uint64_t arrival)
{
  return tsn_reorder_add(r, s->p->time_slot == TSN_NONE ? 0 : time, (uint32_t)(s - r->sources), arrival);
}

bool tsn_source_row(tsn_run *r, tsn_source *s, const tocsin_batch *batch, size_t row, uint64_t arrival, bool *taken)
{
  read_batch(r, s, batch, row);
  if (!make_row(r, s, taken)) return false;
  if (*taken && !r->waits && !r->windows) return arrive(r, s);
  if (*taken && !add(r, s, s->time, arrival)) return false;
  if (!r->waits && !tsn_reorder_release(r, 0, true)) return false; /* by way of the windows */
  if (s->p->time_slot == TSN_NONE) return true;
  see_time(r, s, s->time);
  return follow(r);
}

bool tsn_source_output(tsn_run *r, tsn_source *s, const tsn_out_row *row, uint64_t arrival)
{
  bool taken;
  if (s->p->time_slot != TSN_NONE && row->time < s->watermark)
    return tsn_run_fail(r, TOCSIN_RUNTIME, "a row of pattern %s came after its time: this is a bug of Tocsin", s->name);
  read_output(r, s, row);
  if (!make_row(r, s, &taken)) return false;
  if (taken && !add(r, s, row->time, arrival)) return false;
  return r->waits || tsn_reorder_release(r, 0, true); /* not from where it lies: the output may move */
}

bool tsn_source_reached(tsn_run *r, tsn_source *s, int64_t watermark)
{
  if (watermark <= s->watermark || r->finished) return true;
  s->watermark = watermark;
  return r->p->time_slot == TSN_NONE || follow(r);
}

bool tsn_source_over(tsn_run *r, tsn_source *s)
{
  if (s->over) return true;
  s->over = true;
  return follow(r);
}

bool tsn_run_reads_stream(const tsn_run *r)
{
  uint32_t i = 0;
  while (i < r->p->parts.count && r->sources[i].p->kind != PART_STREAM) i++;
  return i < r->p->parts.count;
}
