/* Packed bytes to plain bytes, as they come: .gz and .zst.
 *
 *   fed bytes --> [ member | member | ... ] --> called back with plain bytes
 *
 * Members and frames may follow each other, as cat makes them. Zeros behind the
 * last are padding; anything else there is damage. Where the packed data ends in
 * the middle, finish tells so. */
#ifndef TSN_IO_STREAM_H
#define TSN_IO_STREAM_H

#include "base/alloc.h"

typedef enum tsn_packing { TSN_PLAIN = 0, TSN_GZIP, TSN_ZSTD } tsn_packing;

typedef struct tsn_stream tsn_stream;

/* Takes plain bytes, valid until the next call that takes the stream; not OK stops. */
typedef tocsin_status (*tsn_stream_sink)(void *context, const char *bytes, size_t length);

/* packing: not TSN_PLAIN. chunk: the most bytes a sink is given at once. */
tocsin_status tsn_stream_new(tsn_alloc *alloc, tsn_packing packing, size_t chunk, tsn_stream **out);
void tsn_stream_free(tsn_stream *s);

/* Unpacks all of it. CORRUPT: damaged; see the message. What the sink answered, else. */
tocsin_status tsn_stream_feed(tsn_stream *s, const char *bytes, size_t length, tsn_stream_sink sink, void *context);
/* CORRUPT where the data is cut off. */
tocsin_status tsn_stream_finish(tsn_stream *s);

/* One piece at a time instead: unpacks from *bytes on, moves *bytes and *length
 * past what was used, and gives up to a chunk of plain bytes; *plain_length 0:
 * more is wanted. */
tocsin_status tsn_stream_next(tsn_stream *s, const char **bytes, size_t *length, const char **plain,
                              size_t *plain_length);

/* Such as: "damaged near byte 1234: incorrect data check"; "" if nothing is wrong. */
const char *tsn_stream_message(const tsn_stream *s);

#endif
