/* Rows set aside: see aside.h. */
#include "cli/aside.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/say.h"
#include "cli/stamp.h"
#include "io/width.h"
#include "io/writer.h"

#define SHOWN 3        /* bad rows that are named one by one */
#define ROW_MOST 200   /* bytes of a row that a message shows */

static int read_policy(const tsn_args *args, const char *name, const char *skip, tsn_policy *policy, const char **file)
{
  const char *value = tsn_args_value(args, name);

  *policy = TSN_POLICY_DEFAULT;
  if (!value) return 0;
  if (!strcmp(value, skip))
    *policy = TSN_POLICY_SKIP;
  else if (!strcmp(value, "fail"))
    *policy = TSN_POLICY_FAIL;
  else if (!strncmp(value, "divert:", 7) && value[7]) {
    *policy = TSN_POLICY_DIVERT;
    *file = value + 7;
  } else {
    return tsn_args_wrong(args->command, "--%s is %s, divert:FILE or fail, not '%s'", name, skip, value);
  }
  return 0;
}

int tsn_aside_options(tsn_aside *a, const tsn_args *args)
{
  int st = read_policy(args, "bad", "skip", &a->bad, &a->bad_file);
  return st ? st : read_policy(args, "late", "drop", &a->late, &a->late_file);
}

int tsn_aside_open(tsn_aside *a, tsn_alloc *alloc, const char *committed, size_t length)
{
  int st = 0;

  a->alloc = alloc;
  if (a->bad_file) st = tsn_sink_open_at(&a->bad_sink, alloc, a->bad_file, committed, length);
  if (st == 0 && a->late_file) {
    a->shared = a->bad_file && !strcmp(a->bad_file, a->late_file);
    if (!a->shared) st = tsn_sink_open_at(&a->late_sink, alloc, a->late_file, committed, length);
  }
  return st;
}

int tsn_aside_commit(tsn_aside *a, tsn_bytes *committed)
{
  int st = a->bad_sink.name ? tsn_sink_commit(&a->bad_sink, committed) : 0;

  if (st == 0 && a->late_sink.name) st = tsn_sink_commit(&a->late_sink, committed);
  return st == TSN_EXIT_PIPE ? 0 : st;
}

int tsn_aside_finish(tsn_aside *a)
{
  int st = 0;

  if (a->bad_sink.name) st = tsn_sink_flush(&a->bad_sink);
  if (st == 0 && a->late_sink.name) st = tsn_sink_flush(&a->late_sink);
  return st == TSN_EXIT_PIPE ? 0 : st;
}

void tsn_aside_close(tsn_aside *a)
{
  tsn_sink_close(&a->bad_sink);
  tsn_sink_close(&a->late_sink);
}

/* --- diverting --- */

static void write_member(tsn_bytes *out, const char *name, const char *value, size_t length)
{
  tsn_bytes_printf(out, ",\"%s\":", name);
  if (value)
    tsn_write_json_text(out, value, length);
  else
    tsn_bytes_text(out, "null");
}

static void write_head(tsn_bytes *out, const char *kind, const char *stream, const char *source)
{
  tsn_bytes_printf(out, "{\"kind\":\"%s\"", kind);
  write_member(out, "stream", stream, strlen(stream));
  write_member(out, "source", source, source ? strlen(source) : 0);
}

static void write_place(tsn_bytes *out, uint64_t line, uint64_t offset)
{
  tsn_bytes_printf(out, ",\"line\":%llu", (unsigned long long)line);
  if (offset != TSN_NO_OFFSET) tsn_bytes_printf(out, ",\"offset\":%llu", (unsigned long long)offset);
}

static void wrote(tsn_aside *a, tsn_sink *sink)
{
  int st = tsn_sink_wrote(sink);
  if (st != 0 && a->failed == 0) a->failed = st == TSN_EXIT_PIPE ? TSN_EXIT_OUTPUT : st;
}

static void divert_bad(tsn_aside *a, const tsn_source *source, const tsn_bad_row *row)
{
  tsn_bytes *out = &a->bad_sink.buffer;

  write_head(out, "bad", source->name, row->source);
  write_place(out, row->line, row->offset);
  write_member(out, "column", row->column, row->column ? strlen(row->column) : 0);
  write_member(out, "reason", row->reason, strlen(row->reason));
  write_member(out, "row", row->raw, row->raw_length);
  if (row->raw_cut) tsn_bytes_text(out, ",\"cut\":true");
  tsn_bytes_text(out, "}\n");
  wrote(a, &a->bad_sink);
}

static void say_bad(const tsn_bad_row *row)
{
  char place[40] = "";

  if (row->offset != TSN_NO_OFFSET) snprintf(place, sizeof place, " at byte %llu", (unsigned long long)row->offset);
  tsn_say_plain("%s:%llu: bad row%s: %s%s%s", row->source, (unsigned long long)row->line, place,
                row->column ? row->column : "", row->column ? ": " : "", row->reason);
}

void tsn_aside_bad(void *context, tsn_source *source, const tsn_bad_row *row)
{
  tsn_aside *a = context;

  a->bad_rows++;
  if (a->failed) return;
  if (a->bad == TSN_POLICY_DIVERT) {
    divert_bad(a, source, row);
  } else if (a->bad == TSN_POLICY_FAIL) {
    say_bad(row);
    tsn_say_plain("       = hint: --bad skip leaves such rows out, --bad divert:FILE keeps them apart");
    a->failed = TSN_EXIT_INPUT;
  } else if (a->bad_rows <= SHOWN) {
    say_bad(row);
  }
}

/* --- late rows --- */

static const char *time_text(const tsn_source *s, int64_t time, char out[TSN_STAMP_TEXT], bool json)
{
  return tsn_stamp_text(tsn_source_time_type(s), time, json, out);
}

/* From one time of the stream to a later one. */
static const char *span_text(const tsn_source *s, int64_t from, int64_t to, char out[TSN_STAMP_TEXT], bool json)
{
  tocsin_type type = tsn_source_time_type(s);
  if (type == TOCSIN_DOUBLE)
    return tsn_stamp_text(type, tsn_time_of_double(tsn_double_of_time(to) - tsn_double_of_time(from)), json, out);
  return tsn_stamp_text(type == TOCSIN_TIMESTAMP ? TOCSIN_INTERVAL : type, tsn_time_sub(to, from), json, out);
}

void tsn_aside_late(tsn_aside *a, const tsn_source *source, const tocsin_late_row *row)
{
  tsn_sink *sink = a->shared ? &a->bad_sink : &a->late_sink;
  char time[TSN_STAMP_TEXT], watermark[TSN_STAMP_TEXT], lateness[TSN_STAMP_TEXT];
  tsn_origin origin;
  bool known;

  a->late_rows++;
  if (a->late != TSN_POLICY_DIVERT || a->failed) return;
  known = tsn_source_origin(source, row->row, &origin);
  write_head(&sink->buffer, "late", source->name, known ? source->input->name : NULL);
  if (known) write_place(&sink->buffer, origin.line, origin.offset);
  tsn_bytes_printf(&sink->buffer, ",\"time\":%s,\"watermark\":%s,\"lateness\":%s",
                   time_text(source, row->time, time, true), time_text(source, row->watermark, watermark, true),
                   span_text(source, row->time, row->watermark, lateness, true));
  write_member(&sink->buffer, "row", known ? origin.raw : NULL, known ? origin.raw_length : 0);
  tsn_bytes_text(&sink->buffer, "}\n");
  wrote(a, sink);
}

void tsn_aside_late_error(tsn_aside *a, const tsn_source *source, const tocsin_late_row *row)
{
  char times[2][TSN_STAMP_TEXT], lateness[TSN_STAMP_TEXT];
  const char *column = source->time != SIZE_MAX ? source->schema.columns[source->time].name : "the time column";
  tsn_origin origin;
  tsn_bytes shown;

  a->late_failed = true;
  (void)time_text(source, row->time, times[0], false);
  (void)time_text(source, row->watermark, times[1], false);
  (void)span_text(source, row->time, row->watermark, lateness, false);
  if (tsn_source_origin(source, row->row, &origin)) {
    tsn_say_plain("%s:%llu: late row: its time %s lies before the watermark %s (%s late)", source->input->name,
                  (unsigned long long)origin.line, times[0], times[1], lateness);
    tsn_bytes_init(&shown, a->alloc, 0);
    tsn_width_tame(&shown, origin.raw, origin.raw_length, ROW_MOST);
    tsn_say_plain("  | %s", tsn_bytes_cstr(&shown));
    tsn_bytes_clear(&shown);
  } else {
    tsn_say("late row in %s: its time %s lies before the watermark %s (%s late)", source->name, times[0], times[1],
            lateness);
  }
  tsn_say_plain("  = the ways out: --sort reads everything first and puts it in order of time (bounded inputs);");
  tsn_say_plain("    WATERMARK FOR %s AS %s - %s in CREATE STREAM %s waits for late rows;", column, column,
                tsn_source_time_type(source) == TOCSIN_TIMESTAMP ? "INTERVAL '…'" : "…", source->name);
  tsn_say_plain("    --late drop or --late divert:FILE leaves them out");
}

void tsn_aside_summary(const tsn_aside *a, uint64_t rows, uint64_t late, uint64_t untimed, uint64_t nans)
{
  if (a->bad_rows && a->bad != TSN_POLICY_FAIL) {
    if (a->bad == TSN_POLICY_DIVERT)
      tsn_say("%llu bad row%s of %llu diverted to %s", (unsigned long long)a->bad_rows, a->bad_rows == 1 ? "" : "s",
              (unsigned long long)rows, a->bad_file);
    else
      tsn_say("%llu bad row%s of %llu left out (--bad divert:FILE keeps them)", (unsigned long long)a->bad_rows,
              a->bad_rows == 1 ? "" : "s", (unsigned long long)rows);
  }
  if (untimed)
    tsn_say("%llu row%s without an event time left out", (unsigned long long)untimed, untimed == 1 ? "" : "s");
  if (nans) tsn_say("%llu NaN%s read as NULL", (unsigned long long)nans, nans == 1 ? "" : "s");
  if (a->late_failed) return;
  if (late && a->late == TSN_POLICY_DIVERT)
    tsn_say("%llu late row%s of %llu diverted to %s", (unsigned long long)late, late == 1 ? "" : "s",
            (unsigned long long)rows, a->late_file);
  else if (late)
    tsn_say("%llu late row%s of %llu left out (--late divert:FILE keeps them)", (unsigned long long)late,
            late == 1 ? "" : "s", (unsigned long long)rows);
}
