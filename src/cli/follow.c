/* Inputs that grow: see follow.h. */
#include "cli/follow.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/say.h"

#define OPEN_MOST 200      /* files of a source that rest and stay open */
#define TABLE_SECONDS 0.2  /* between two looks at a table */
#define MOVED_SECONDS 1.0  /* how long who writes a file may still write to it when another has its name */

/* --- what is next --- */

static bool is_pipe(const tsn_reading *r)
{
  struct stat info;

  return !strcmp(r->input->path, "-") || (stat(r->input->path, &info) == 0 && !S_ISREG(info.st_mode));
}

/* A file that has lost its name, and rests without being open: opened by its new one, if that is in its folder. */
static void open_moved(const tsn_source *s, tsn_reading *r)
{
  tsn_arena arena;
  const char *path;

  tsn_arena_init(&arena, s->alloc, 0);
  path = tsn_follow_find(&arena, r->input->path, &r->place);
  if (path) r->fd = open(path, O_RDONLY | O_CLOEXEC);
  tsn_arena_clear(&arena);
}

/* A file that has lost its name. */
static bool moved_is_ready(const tsn_source *s, tsn_reading *r, bool name_is_taken)
{
  struct stat info;

  if (r->fd < 0) open_moved(s, r);
  if (r->fd >= 0 && fstat(r->fd, &info) == 0 && (uint64_t)info.st_size != r->seen) return true;
  if (!name_is_taken) return false; /* it may still be written to */
  if (r->fd < 0) return true; /* the other file is compared with what is known of this one */
  if (r->since == 0) r->since = tsn_clock_wall();
  r->moved = tsn_clock_wall() - r->since > MOVED_SECONDS;
  return r->moved;
}

static bool is_ready(const tsn_source *s, tsn_reading *r)
{
  struct stat info;
  bool found;

  if (r->over) return false;
  if (r->input->table) {
    if (tsn_clock_wall() - r->since < TABLE_SECONDS) return false;
    r->since = tsn_clock_wall();
    return true;
  }
  if (!r->begun && is_pipe(r)) return true;
  found = stat(r->input->path, &info) == 0;
  if (!r->begun && !r->place.known) return found;
  if (found && tsn_place_is_file(&r->place, &info)) return (uint64_t)info.st_size != r->seen || !r->begun;
  return r->begun ? moved_is_ready(s, r, found) : found;
}

/* In the place of a file that has lost its name comes the one that has it now. */
static void take_turn(tsn_source *s, tsn_reading *r)
{
  if (!r->moved || r->replaced) return;
  r->replaced = true;
  tsn_say("%s: another file has its name now, and is read from its beginning", r->input->name);
  if (!tsn_source_add(s, r->input)) (void)tsn_no_memory(); /* the old one is read, and the run goes on with the others */
}

bool tsn_follow_next(tsn_source *s)
{
  if (!s->follow) {
    while (s->at < s->reading_count && s->readings[s->at].over) s->at++;
    return s->at < s->reading_count;
  }
  for (size_t i = 0; i < s->reading_count; i++) {
    size_t at = (s->at + i) % s->reading_count;
    if (!is_ready(s, &s->readings[at])) continue;
    s->at = at;
    take_turn(s, &s->readings[at]);
    return true;
  }
  return false;
}

bool tsn_follow_rests(const tsn_source *s)
{
  struct pollfd ready = { .fd = s->file.fd, .events = POLLIN };

  if (!s->file_open || s->file.is_regular || s->file.given < s->file.peeked.length) return false;
  return poll(&ready, 1, 0) == 0;
}

bool tsn_follow_goes_on(const tsn_source *s, const tsn_reading *r)
{
  if (s->follow && r->input->table && !r->place.known)
    tsn_say("%s: it has no rowid by which new rows could be told: it was read once", r->input->name);
  return s->follow && r->place.known && r->input->packing == TSN_PLAIN;
}

bool tsn_follow_is_over(const tsn_source *s)
{
  for (size_t i = 0; s->follow && i < s->reading_count; i++)
    if (!s->readings[i].over || s->readings[i].input->listed) return false;
  return true;
}

void tsn_follow_close(tsn_reading *r)
{
  if (r->fd >= 0) close(r->fd);
  r->fd = -1;
}

void tsn_follow_spare(const tsn_source *s, tsn_reading *r)
{
  size_t open = 0;

  for (size_t i = 0; i < s->reading_count; i++) open += s->readings[i].fd >= 0;
  if (open > OPEN_MOST) tsn_follow_close(r);
}

/* --- files that are new, or have new names --- */

const char *tsn_follow_find(tsn_arena *arena, const char *path, const tsn_place *place)
{
  const char *slash = strrchr(path, '/'), *found = NULL;
  int length = slash ? (int)(slash - path) : 1;
  const char *folder = tsn_arena_printf(arena, "%.*s", length ? length : 1, slash ? path : ".");
  DIR *entries = folder ? opendir(folder) : NULL;
  const struct dirent *entry;

  while (entries && !found && (entry = readdir(entries)) != NULL) {
    struct stat info;
    if (fstatat(dirfd(entries), entry->d_name, &info, 0) != 0 || !S_ISREG(info.st_mode) || !tsn_place_is_file(place, &info)) continue;
    found = slash ? tsn_arena_printf(arena, "%.*s/%s", length, path, entry->d_name) : tsn_arena_text(arena, entry->d_name, strlen(entry->d_name));
  }
  if (entries) closedir(entries);
  return found;
}

/* Whether there is a reading of the path; *hint: where to look first, as both lists are in order of names mostly. */
static bool is_known(const tsn_source *s, const char *path, size_t *hint)
{
  for (size_t i = 0; i < s->reading_count; i++) {
    size_t at = (*hint + i) % s->reading_count;
    if (strcmp(s->readings[at].input->path, path) != 0) continue;
    *hint = at + 1;
    return true;
  }
  return false;
}

/* A file that was read under another name. */
static tsn_reading *renamed(const tsn_source *s, const tsn_input *input)
{
  struct stat info;

  if (stat(input->path, &info) != 0) return NULL;
  for (size_t i = 0; i < s->reading_count; i++)
    if (s->readings[i].place.known && tsn_place_is_file(&s->readings[i].place, &info)) return &s->readings[i];
  return NULL;
}

/* The input, on the job's arena. */
static const tsn_input *keep_input(tsn_job *job, const tsn_source *s, const tsn_input *input)
{
  tsn_input *kept = tsn_arena_new(&job->arena, tsn_input);

  if (!kept) return NULL;
  *kept = *input;
  kept->path = kept->name = tsn_arena_text(&job->arena, input->path, strlen(input->path));
  kept->base = tsn_arena_text(&job->arena, input->base, strlen(input->base));
  kept->stream = s->name;
  return kept->path && kept->base ? kept : NULL;
}

static int add_new(tsn_job *job, tsn_source *s, const tsn_inputs *found)
{
  size_t hint = 0;

  for (size_t i = 0; i < found->count; i++) {
    tsn_reading *before;
    const tsn_input *kept;
    if (is_known(s, found->items[i].path, &hint)) continue;
    before = renamed(s, &found->items[i]);
    kept = keep_input(job, s, &found->items[i]);
    if (!kept || (!before && !tsn_source_add(s, kept))) return tsn_no_memory();
    if (before) before->input = kept;
  }
  return 0;
}

static void say_nothing(void *context, const char *bytes, size_t length)
{
  (void)context, (void)bytes, (void)length;
}

static int look_at(tsn_job *job, tsn_source *s, size_t operand, tsn_format format)
{
  tsn_arena arena;
  tsn_inputs found = { .arena = &arena, .operand = operand };
  int st;

  tsn_arena_init(&arena, job->alloc, 0);
  tsn_say_instead = (tsn_say_elsewhere){ say_nothing, NULL }; /* an empty folder is no fault any more */
  st = tsn_inputs_add(&found, job->args, job->args->operands[operand], format);
  tsn_say_instead = (tsn_say_elsewhere){ NULL, NULL };
  st = st == 0 ? add_new(job, s, &found) : 0;
  tsn_arena_clear(&arena);
  return st;
}

int tsn_follow_look(tsn_job *job)
{
  tsn_format format;
  int st = tsn_inputs_format(job->args, &format);

  for (size_t i = 0; i < job->source_count && st == 0; i++) {
    tsn_source *s = &job->sources[i];
    size_t looked = SIZE_MAX;
    for (size_t k = 0; k < s->input_count && st == 0; k++) {
      if (!s->inputs[k]->listed || s->inputs[k]->operand == looked) continue;
      looked = s->inputs[k]->operand;
      st = look_at(job, s, looked, format);
    }
  }
  return st;
}
