/* Counters: see stats.h. */
#include "cli/stats.h"

#include "cli/stamp.h"

static void write_count(tsn_bytes *out, const char *name, uint64_t n)
{
  tsn_bytes_printf(out, "\"%s\":%llu,", name, (unsigned long long)n);
}

/* Six digits behind the point say enough of seconds. */
static void write_seconds(tsn_bytes *out, const char *name, double s)
{
  tsn_bytes_printf(out, "\"%s\":%lld.%06lld,", name, (long long)s, (long long)((s - (double)(long long)s) * 1e6));
}

void tsn_stats_write(const tsn_counters *c, tsn_bytes *out)
{
  const tocsin_stats *e = &c->engine;
  uint64_t rows = e->rows_in + c->bad;

  tsn_bytes_char(out, '{');
  write_count(out, "rows_in", rows);
  write_count(out, "rows_matched_over", e->rows_matched_over);
  write_count(out, "rows_filtered", e->rows_filtered);
  write_count(out, "rows_late", e->rows_late);
  write_count(out, "rows_bad", e->rows_bad + c->bad);
  write_count(out, "matches", e->matches);
  write_count(out, "timeouts", e->timeouts);
  write_count(out, "dropped", e->dropped);
  write_seconds(out, "seconds", c->seconds);
  write_count(out, "rows_per_second", c->seconds > 0 ? (uint64_t)((double)rows / c->seconds) : 0);
  write_seconds(out, "match_seconds", c->match_seconds);
  write_count(out, "live_paths_peak", e->live_paths_peak);
  write_count(out, "rows_kept_peak", e->rows_kept_peak);
  write_count(out, "state_bytes_peak", e->bytes_peak);
  tsn_bytes_text(out, "\"watermark\":");
  if (!e->has_watermark || e->watermark == TSN_TIME_MIN || e->watermark == TSN_TIME_MAX) {
    tsn_bytes_text(out, "null");
  } else {
    char text[TSN_STAMP_TEXT];
    tsn_bytes_text(out, tsn_stamp_text(c->time_type, e->watermark, true, text));
  }
  tsn_bytes_text(out, "}\n");
}
