/* Telling what came of tests: see test_report.h. */
#include "cli/test_report.h"

#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/say.h"

int tsn_test_report_open(tsn_test_report *r, tsn_alloc *alloc, bool tap, tsn_bytes *junit)
{
  int st = tsn_sink_open(&r->out, alloc, NULL);

  tsn_bytes_init(&r->suites, alloc, 0);
  if (st != 0) return st;
  r->tap = tap;
  r->junit = junit;
  r->colour = tsn_may_colour(r->out.fd);
  if (tap) tsn_bytes_text(&r->out.buffer, "TAP version 13\n");
  return 0;
}

void tsn_test_report_close(tsn_test_report *r)
{
  tsn_sink_close(&r->out);
  if (r->suites.alloc) tsn_bytes_clear(&r->suites);
}

/* --- plain and TAP --- */

static void style(tsn_test_report *r, const char *code)
{
  if (r->colour) tsn_bytes_text(&r->out.buffer, code);
}

static void tell_plain(tsn_test_report *r, const char *name, bool updated, const char *why, size_t length)
{
  style(r, updated ? "\x1b[33m" : "\x1b[31m");
  tsn_bytes_text(&r->out.buffer, updated ? "updated" : "FAILED");
  style(r, "\x1b[0m");
  tsn_bytes_printf(&r->out.buffer, "  %s\n", name);
  tsn_bytes_append(&r->out.buffer, why, length);
}

/* A name must not hold what TAP reads as a directive. */
static void tap_name(tsn_bytes *out, const char *name)
{
  for (; *name; name++) {
    if (*name == '#' || *name == '\\') tsn_bytes_char(out, '\\');
    tsn_bytes_char(out, *name);
  }
}

static void tell_tap(tsn_test_report *r, const char *path, const char *name, bool good, const char *why, size_t length)
{
  tsn_bytes *out = &r->out.buffer;
  const char *end = why + length;

  tsn_bytes_printf(out, "%s %zu - ", good ? "ok" : "not ok", r->passed + r->failed + r->updated);
  tap_name(out, path);
  tsn_bytes_text(out, ": ");
  tap_name(out, name);
  tsn_bytes_char(out, '\n');
  if (good || !length) return;
  tsn_bytes_text(out, "  ---\n  message: |\n");
  while (why < end) {
    const char *stop = memchr(why, '\n', (size_t)(end - why));
    if (!stop) stop = end;
    tsn_bytes_text(out, "    ");
    tsn_bytes_append(out, why, (size_t)(stop - why));
    tsn_bytes_char(out, '\n');
    why = stop + 1;
  }
  tsn_bytes_text(out, "  ...\n");
}

/* --- JUnit --- */

static void xml(tsn_bytes *out, const char *text, size_t length)
{
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '&') tsn_bytes_text(out, "&amp;");
    else if (c == '<') tsn_bytes_text(out, "&lt;");
    else if (c == '>') tsn_bytes_text(out, "&gt;");
    else if (c == '"') tsn_bytes_text(out, "&quot;");
    else if (c >= ' ' || c == '\n' || c == '\t') tsn_bytes_char(out, (char)c); /* XML 1.0 has no other control characters */
  }
}

static void attribute(tsn_bytes *out, const char *name, const char *value)
{
  tsn_bytes_printf(out, " %s=\"", name);
  xml(out, value, strlen(value));
  tsn_bytes_char(out, '"');
}

static void xml_seconds(tsn_bytes *out, double seconds)
{
  tsn_bytes_printf(out, " time=\"%llu.%06llu\"", (unsigned long long)seconds, (unsigned long long)(seconds * 1e6) % 1000000);
}

static void tell_junit(tsn_bytes *out, const char *path, const char *name, bool good, double seconds, const char *why, size_t length)
{
  const char *stop = length ? memchr(why, '\n', length) : NULL;

  tsn_bytes_text(out, "    <testcase");
  attribute(out, "classname", path);
  attribute(out, "name", name);
  xml_seconds(out, seconds);
  if (good) {
    tsn_bytes_text(out, "/>\n");
    return;
  }
  tsn_bytes_text(out, ">\n      <failure message=\"");
  xml(out, why, stop ? (size_t)(stop - why) : length);
  tsn_bytes_text(out, "\">");
  xml(out, why, length);
  tsn_bytes_text(out, "</failure>\n    </testcase>\n");
}

/* --- all of them --- */

int tsn_test_report_case(tsn_test_report *r, const char *path, const char *name, bool failed, bool updated, double seconds,
                         const char *why, size_t length)
{
  bool good = !failed || updated;

  if (!failed) r->passed++, r->file_passed++;
  else if (updated) r->updated++, r->file_updated++;
  else r->failed++, r->file_failed++;
  r->file_seconds += seconds;
  if (r->tap) tell_tap(r, path, name, good, why, length);
  else if (failed) tell_plain(r, name, updated, updated ? "" : why, updated ? 0 : length);
  if (r->junit) tell_junit(r->junit, path, name, good, seconds, why, length);
  return tsn_sink_wrote(&r->out);
}

int tsn_test_report_file(tsn_test_report *r, const char *path)
{
  tsn_bytes *out = &r->out.buffer, *suites = &r->suites;
  size_t tests = r->file_passed + r->file_failed + r->file_updated;

  if (!r->tap && tests) {
    style(r, r->file_failed ? "\x1b[31m" : "\x1b[32m");
    tsn_bytes_text(out, r->file_failed ? "FAILED" : "ok");
    style(r, "\x1b[0m");
    tsn_bytes_printf(out, "  %s: %zu passed", path, r->file_passed);
    if (r->file_updated) tsn_bytes_printf(out, ", %zu updated", r->file_updated);
    if (r->file_failed) tsn_bytes_printf(out, ", %zu failed", r->file_failed);
    tsn_bytes_char(out, '\n');
  }
  if (r->junit) {
    tsn_bytes_text(suites, "  <testsuite");
    attribute(suites, "name", path);
    tsn_bytes_printf(suites, " tests=\"%zu\" failures=\"%zu\" errors=\"0\"", tests, r->file_failed);
    xml_seconds(suites, r->file_seconds);
    tsn_bytes_text(suites, ">\n");
    if (r->junit->length) tsn_bytes_append(suites, r->junit->data, r->junit->length);
    tsn_bytes_text(suites, "  </testsuite>\n");
    tsn_bytes_reset(r->junit);
  }
  r->file_passed = r->file_failed = r->file_updated = 0;
  r->file_seconds = 0;
  if (suites->failed != TOCSIN_OK) return tsn_no_memory();
  return tsn_sink_wrote(&r->out);
}

int tsn_test_report_end(tsn_test_report *r)
{
  tsn_bytes *out = &r->out.buffer;

  if (r->tap) tsn_bytes_printf(out, "1..%zu\n# ", r->passed + r->failed + r->updated);
  if (r->updated) tsn_bytes_printf(out, "%zu updated, ", r->updated);
  tsn_bytes_printf(out, "%zu passed, %zu failed\n", r->passed, r->failed);
  if (r->junit) {
    tsn_bytes_reset(r->junit);
    tsn_bytes_text(r->junit, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    if (r->suites.length) tsn_bytes_append(r->junit, r->suites.data, r->suites.length);
    tsn_bytes_text(r->junit, "</testsuites>\n");
    if (r->junit->failed != TOCSIN_OK) return tsn_no_memory();
  }
  return tsn_sink_flush(&r->out);
}
