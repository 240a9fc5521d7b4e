/* Running a job: rows from the sources through the matcher to the output. */
#ifndef TSN_CLI_DRIVE_H
#define TSN_CLI_DRIVE_H

#include "cli/job.h"

/* The options that run and query share, for their tables. */
#define TSN_DRIVE_OPTIONS                                                                                             \
  { 'o', "output", "FILE", "write matches to FILE; without --to its name tells\n"                                     \
                           "the format (.csv, else JSON Lines); sqlite:FILE adds\n"                                  \
                           "them to a table for each pattern", false },                                               \
  { 0, "to", "FORMAT", "jsonl, csv or table (table on a terminal, else jsonl)", false },                              \
  { 0, "format", "FORMAT", "csv or jsonl: of standard input, and of files\nwhose names do not tell", false },         \
  { 0, "pattern", "NAME", "only the matches of this pattern", false },                                                \
  { 'p', "param", "NAME=VALUE", "bind a parameter; may be repeated", false },                                         \
  { 0, "sort", NULL, "read all input first and put it in order of time", false },                                     \
  { 0, "late", "POLICY", "late rows: drop, divert:FILE or fail (fail, unless the\n"                                   \
                         "stream has a WATERMARK: drop)", false },                                                    \
  { 0, "bad", "POLICY", "rows that cannot be read: skip (and tell), divert:FILE\nor fail", false },                   \
  { 0, "limit", "NAME=N", "how much may be kept: paths and rows of a key,\nbytes in all (K, M, G behind it)", false },        \
  { 0, "threads", "N", "use up to N threads; 1: no more than the first\n(as many as there are processors)", false },                                         \
  { 0, "stats", NULL, "print counters as a JSON object, the last line on\nstandard error", false },                   \
  { 0, "progress", "WHEN", "auto or never: a bar on a terminal", false },                                             \
  { 0, "follow", NULL, "go on reading inputs as they grow, and new files of\nfolders and globs; Ctrl-C ends it", false },      \
  { 0, "idle", "DURATION", "with --follow: a stream that had no rows for so long\n"                                      \
                           "is not waited for; DURATION,advance: where all had\nnone, time goes on by the clock", false }, \
  { 0, "max-future", "DURATION", "rows further ahead of the clock are bad ones, or off\n(1 day with --follow, else off)", false }, \
  { 0, "no-flush", NULL, "leave open what is open at the end, and a last line\nwithout its end unread", false },            \
  { 0, "state", "FILE", "keep the state in FILE, an SQLite database, and go on from\nthere: killed and started again, the output is the same", false }, \
  { 0, "checkpoint", "EVERY", "with --state: each so often, 10s or 5000rows (10s)", false }, \
  { 0, "on-change", "WHAT", "with --state: refuse patterns that have changed, or reset\nthem (refuse)", false }

/* Runs a compiled job. An exit status; the shape of the output is in the job's options. */
int tsn_drive(tsn_job *job);

/* Checks the options that need no job, before anything is read. */
int tsn_drive_check(const tsn_args *args);

#endif
