/* Progress: see progress.h. One line, as there is one terminal. */
#define _DEFAULT_SOURCE
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/say.h"

#define FIRST 0.5 /* seconds before there is a line at all */
#define EVERY 0.1

static struct {
  bool on, drawn;
  uint64_t total;
  double start, last;
} line;

static double seconds(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double tsn_clock_wall(void)
{
  return seconds(CLOCK_MONOTONIC);
}

int64_t tsn_clock_now(void *unused)
{
  struct timespec now;
  (void)unused;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

double tsn_clock_cpu(void)
{
  return seconds(CLOCK_THREAD_CPUTIME_ID);
}

static void wipe(void)
{
  if (!line.drawn) return;
  fputs("\r\x1b[K", stderr);
  fflush(stderr);
  line.drawn = false;
}

void tsn_progress_start(bool wanted, uint64_t total)
{
  line.on = wanted && isatty(STDERR_FILENO);
  line.drawn = false;
  line.total = total;
  line.start = tsn_clock_wall();
  line.last = line.start + FIRST - EVERY;
  if (line.on) tsn_say_before = wipe;
}

void tsn_progress_stop(void)
{
  wipe();
  line.on = false;
  tsn_say_before = NULL;
}

/* 1234567 as 1.2 M. */
static void short_number(double n, char out[16])
{
  static const char units[] = " kMGT";
  size_t unit = 0;

  while (n >= 1000 && unit + 2 < sizeof units) n /= 1000, unit++;
  if (unit == 0)
    snprintf(out, 16, "%.0f", n);
  else
    snprintf(out, 16, "%.*f %c", n < 10 ? 2 : n < 100 ? 1 : 0, n, units[unit]);
}

/* A bar of `width` columns, filled to an eighth of one. */
static void draw_bar(double part, int width)
{
  static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
  int filled = (int)(part * width * 8), whole = filled / 8;

  for (int i = 0; i < whole; i++) fputs("█", stderr);
  fputs(eighths[filled % 8], stderr);
  for (int i = whole + (filled % 8 > 0); i < width; i++) fputc(' ', stderr);
}

void tsn_progress_show(uint64_t bytes, uint64_t rows)
{
  double now, passed;
  struct winsize size;
  char many[16], rate[16];
  int columns = 80;

  if (!line.on) return;
  now = tsn_clock_wall();
  if (now - line.last < EVERY) return;
  line.last = now;
  passed = now - line.start;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col) columns = size.ws_col;
  short_number((double)rows, many);
  short_number(passed > 0 ? (double)rows / passed : 0, rate);
  fputs("\r\x1b[K", stderr);
  if (line.total && bytes <= line.total) {
    double part = (double)bytes / (double)line.total, left = part > 0 ? passed / part - passed : 0;
    int width = columns - 52;
    fprintf(stderr, "%3d%% ", (int)(part * 100));
    if (width >= 8) {
      fputs("▕", stderr);
      draw_bar(part, width > 40 ? 40 : width);
      fputs("▏ ", stderr);
    }
    if (columns >= 48) fprintf(stderr, "%s rows, %s rows/s, %d:%02d left", many, rate, (int)left / 60, (int)left % 60);
  } else if (columns >= 48) {
    fprintf(stderr, "%s rows, %s rows/s, %d:%02d", many, rate, (int)passed / 60, (int)passed % 60);
  }
  fflush(stderr);
  line.drawn = true;
}
