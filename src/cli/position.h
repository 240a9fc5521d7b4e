/* Where a source stands between two of its rows, as text, and how another run goes on from there.
 *
 *   {"stream":"clicks","rows":8192,"bad":3,"nan":0,"future":0,"rows_ahead":17,"bad_ahead":1}
 *   {"path":"a.csv", ...}         a place (place.h) for each input that was begun; behind it the next rows are read,
 *   {"path":"b.csv", ...}         of which the first rows_ahead were taken, and the first bad_ahead bad ones told, before
 *
 * It can be told whenever no call is at work: rows that were read, and not yet pushed, count as not read. In a table the
 * place is that of the very row, as those before it may be deleted meanwhile. What a pipe brought cannot be gone back to,
 * and has no place: a later run goes on with what comes then.
 *
 * A file is found again under another name of its folder (a log that was rotated meanwhile): what is left of it is read
 * before the file that has its name now. One that is shorter than it was, or begins in another way, is an error where
 * inputs are read once; where they are followed it is told, and read from its beginning. */
#ifndef TSN_CLI_POSITION_H
#define TSN_CLI_POSITION_H

#include "cli/source.h"

/* Appends the position behind the rows before s->next. false: a sorted source has none. */
bool tsn_source_position(const tsn_source *s, tsn_bytes *out);

/* Takes a position: behind tsn_source_begin(), before anything is read. Names of files live on the arena. An exit status. */
int tsn_source_resume(tsn_source *s, tsn_arena *arena, const char *text, size_t length);

#endif
