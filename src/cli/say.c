/* Messages: see say.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

void (*tsn_say_before)(void);

__attribute__((format(printf, 2, 0))) static void say(const char *before, const char *format, va_list list)
{
  char text[2048];
  int length = snprintf(text, sizeof text - 1, "%s", before);

  length += vsnprintf(text + length, sizeof text - 1 - (size_t)length, format, list);
  if ((size_t)length > sizeof text - 2) length = (int)sizeof text - 2;
  text[length++] = '\n';
  tsn_say_bytes(text, (size_t)length);
}

void tsn_say(const char *format, ...)
{
  va_list list;

  va_start(list, format);
  say("tocsin: ", format, list);
  va_end(list);
}

void tsn_say_plain(const char *format, ...)
{
  va_list list;

  va_start(list, format);
  say("", format, list);
  va_end(list);
}

_Thread_local tsn_say_elsewhere tsn_say_instead;

void tsn_say_bytes(const char *bytes, size_t length)
{
  if (tsn_say_instead.take) {
    tsn_say_instead.take(tsn_say_instead.context, bytes, length);
    return;
  }
  if (tsn_say_before) tsn_say_before();
  fwrite(bytes, 1, length, stderr);
  fflush(stderr);
}

bool tsn_may_colour(int fd)
{
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  return isatty(fd) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

int tsn_no_memory(void)
{
  tsn_say("out of memory");
  return TSN_EXIT_OUTPUT;
}

int tsn_exit_of(tocsin_status status)
{
  switch (status) {
#define STATUS(name, value, sqlite, python, exit_code, text) \
  case TOCSIN_##name:                                        \
    return exit_code;
#include "base/status.def"
#undef STATUS
  }
  return TSN_EXIT_OUTPUT;
}
