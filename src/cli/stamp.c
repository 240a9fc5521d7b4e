/* Times and spans as text: see stamp.h. */
#include "cli/stamp.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"

const char *tsn_stamp_text(tocsin_type type, int64_t stamp, bool json, char out[TSN_STAMP_TEXT])
{
  const char *quote = json && (type == TOCSIN_TIMESTAMP || type == TOCSIN_INTERVAL) ? "\"" : "";
  char text[TSN_TIME_TEXT];
  double real = tsn_double_of_time(stamp);
  size_t length;

  if (type == TOCSIN_DOUBLE && isinf(real)) length = (size_t)snprintf(text, sizeof text, "%s", json ? "null" : real < 0 ? "-Infinity" : "Infinity");
  else if (type == TOCSIN_DOUBLE) length = tsn_format_double(real, text);
  else if (type == TOCSIN_TIMESTAMP) length = tsn_time_format(stamp, text);
  else if (type == TOCSIN_INTERVAL) length = tsn_interval_format(stamp, text);
  else length = tsn_format_int64(stamp, text);
  snprintf(out, TSN_STAMP_TEXT, "%s%.*s%s", quote, (int)length, text, quote);
  return out;
}
