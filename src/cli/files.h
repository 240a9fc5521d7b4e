/* Whole files: pattern texts in, formatted texts out. */
#ifndef TSN_CLI_FILES_H
#define TSN_CLI_FILES_H

#include "base/bytes.h"

#define TSN_TEXT_MAX ((size_t)64 << 20)

/* Reads a file, or standard input where path is "-". An exit status. */
int tsn_files_read(const char *path, tsn_bytes *out);

/* Replaces a file's content at once: whoever reads meanwhile sees the old or the
 * new text, whole. */
int tsn_files_replace(const char *path, const char *text, size_t length, tsn_alloc *alloc);

#endif
