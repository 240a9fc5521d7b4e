/* Inputs that grow: what is looked at next, and what may still come.
 *
 *   a file    is read when it has become longer; its last line waits until it is whole. Under its name another file may
 *             appear (a log is rotated): the old one is read to its end first, wherever it is now, then the new one
 *   a table   is asked for rows behind the last
 *   a folder, a glob    is looked through for new files
 *   packed files, pipes    are read to their end, once
 *
 * Without --follow an input is read once, in its turn. */
#ifndef TSN_CLI_FOLLOW_H
#define TSN_CLI_FOLLOW_H

#include "cli/job.h"

/* Sets s->at to the next reading that may have something. */
bool tsn_follow_next(tsn_source *s);
/* Whether the input that is open has nothing now, but may have later: a pipe. */
bool tsn_follow_rests(const tsn_source *s);
/* Whether more can come of an input that was read to its end. */
bool tsn_follow_goes_on(const tsn_source *s, const tsn_reading *r);
/* Whether nothing will come any more, now that there is nothing. */
bool tsn_follow_is_over(const tsn_source *s);
/* Not all files that rest can stay open. */
void tsn_follow_spare(const tsn_source *s, tsn_reading *r);
void tsn_follow_close(tsn_reading *r);

/* Adds files that are new in the folders and globs of the command. An exit status. */
int tsn_follow_look(tsn_job *job);

/* A file of the folder of `path` by its device and inode: its path, on the arena; NULL: there is none. */
const char *tsn_follow_find(tsn_arena *arena, const char *path, const tsn_place *place);

#endif
