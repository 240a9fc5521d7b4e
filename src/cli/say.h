/* Messages on standard error. A progress line is wiped first and drawn again
 * later; colours only on a terminal, and never where NO_COLOR is set. */
#ifndef TSN_CLI_SAY_H
#define TSN_CLI_SAY_H

#include <stdbool.h>
#include <stddef.h>

/* "tocsin: …" */
void tsn_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line as it is. */
void tsn_say_plain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Bytes as they are. */
void tsn_say_bytes(const char *bytes, size_t length);

/* Whether fd is a terminal that may get colours. */
bool tsn_may_colour(int fd);

/* Where what this thread says goes instead, while take is set. */
typedef struct tsn_say_elsewhere {
  void (*take)(void *context, const char *bytes, size_t length);
  void *context;
} tsn_say_elsewhere;
extern _Thread_local tsn_say_elsewhere tsn_say_instead;

/* Called before anything is said. */
extern void (*tsn_say_before)(void);

#endif
