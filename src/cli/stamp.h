/* Times and spans of a stream as text, whatever the type of its time column. */
#ifndef TSN_CLI_STAMP_H
#define TSN_CLI_STAMP_H

#include "base/time.h"
#include "tocsin/batch.h"

#define TSN_STAMP_TEXT (TSN_TIME_TEXT + 2)

/* TIMESTAMP and INTERVAL as ISO 8601, in JSON quoted; a BIGINT or DOUBLE as the number it is. Answers out. */
const char *tsn_stamp_text(tocsin_type type, int64_t stamp, bool json, char out[TSN_STAMP_TEXT]);

#endif
