/* Reading ahead: see pipe.h.
 *
 *   packets   [ 0 | 1 | 2 | 3 ]   a ring: `filled` by the thread so far, `taken` by
 *                                 the main one, which holds the last it has taken
 *
 * All that both touch is `filled`, `taken` and `resting`, under the lock, and `stop`.
 * A packet belongs to the thread until it is filled, and to the main one from when
 * it is taken until it takes the next. */
#include "cli/pipe.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/say.h"

#define PACKETS 4

/* Something told while a packet was filled: a message, or a bad row. Texts are offsets into `told`. */
typedef struct event {
  bool is_bad;
  tsn_bad_row bad; /* without reason and raw */
  size_t text, length; /* the message; else the reason */
  size_t raw;
} event;

typedef struct packet {
  tsn_batch batch;
  bool batch_ready;
  tsn_origins origins;
  tsn_bytes lines; /* what the origins lead to */
  bool has_origins;
  tsn_bytes told;
  event *events;
  size_t event_count, event_cap;
  bool lost; /* no memory for an event */

  /* of the source, as tsn_source_fill() left it */
  int status;
  tocsin_batch view;
  bool done;
  const tsn_input *input;
  tsn_decoder_counts counts;
  uint64_t bytes;
  tsn_stands moved;
} packet;

struct tsn_pipe {
  tsn_source reader; /* of the thread */
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t moved; /* filled, taken or resting has changed */
  size_t filled, taken;
  bool resting; /* the thread waits for an input that may never come */
  atomic_bool stop;
  const packet *held; /* by the main thread */
  packet packets[PACKETS];
};

/* --- the thread --- */

static event *new_event(packet *p, tsn_alloc *alloc)
{
  void *events = p->events;

  if (!tsn_alloc_grow(alloc, &events, &p->event_cap, p->event_count + 1, sizeof *p->events)) {
    p->lost = true;
    return NULL;
  }
  p->events = events;
  return &p->events[p->event_count++];
}

static size_t add_text(packet *p, const char *text, size_t length)
{
  size_t at = p->told.length;

  tsn_bytes_append(&p->told, text, length);
  p->lost |= p->told.failed != TOCSIN_OK;
  return at;
}

static packet *filling(tsn_pipe *pipe)
{
  return &pipe->packets[pipe->filled % PACKETS]; /* only the thread moves it */
}

static void keep_message(void *context, const char *bytes, size_t length)
{
  tsn_pipe *pipe = context;
  packet *p = filling(pipe);
  event *e = new_event(p, pipe->reader.alloc);

  if (e) *e = (event){ .text = add_text(p, bytes, length), .length = length };
}

static void keep_bad(void *context, tsn_source *source, const tsn_bad_row *row)
{
  tsn_pipe *pipe = context;
  packet *p = filling(pipe);
  event *e = new_event(p, source->alloc);

  if (!e) return;
  *e = (event){ .is_bad = true, .bad = *row };
  e->text = add_text(p, row->reason, strlen(row->reason) + 1);
  e->raw = add_text(p, row->raw, row->raw_length);
}

static void rest(void *context)
{
  tsn_pipe *pipe = context;

  pthread_mutex_lock(&pipe->lock);
  pipe->resting = true;
  pthread_cond_signal(&pipe->moved);
  pthread_mutex_unlock(&pipe->lock);
}

static bool keep_origins(tsn_source *s, packet *p)
{
  p->has_origins = s->decoder != NULL;
  return !p->has_origins || tsn_decoder_keep_origins(s->decoder, &p->origins, &p->lines) == TOCSIN_OK;
}

static void fill(tsn_source *s, packet *p)
{
  tsn_stands moved;

  tsn_bytes_reset(&p->told);
  p->event_count = 0;
  p->lost = false;
  s->into = &p->batch;
  s->into_ready = &p->batch_ready;
  p->status = tsn_source_fill(s);
  p->view = s->view;
  p->done = s->done;
  p->input = s->input;
  p->counts = tsn_source_counts(s);
  p->bytes = tsn_source_bytes(s);
  moved = p->moved;
  p->moved = s->moved;
  s->moved = moved;
  s->moved.count = 0;
  if (p->status == 0 && !keep_origins(s, p)) p->status = tsn_no_memory();
}

static void *read_ahead(void *context)
{
  tsn_pipe *pipe = context;
  bool more = true;

  tsn_say_instead = (tsn_say_elsewhere){ keep_message, pipe };
  while (more && !pipe->stop) {
    packet *p = filling(pipe);
    fill(&pipe->reader, p);
    more = p->status == 0 && !p->done;
    pthread_mutex_lock(&pipe->lock);
    pipe->filled++;
    pipe->resting = false;
    pthread_cond_signal(&pipe->moved);
    while (more && pipe->filled - pipe->taken >= PACKETS - 1 && !pipe->stop) /* one more is held by the main thread */
      pthread_cond_wait(&pipe->moved, &pipe->lock);
    pthread_mutex_unlock(&pipe->lock);
  }
  tsn_say_instead = (tsn_say_elsewhere){ NULL, NULL };
  return NULL;
}

/* --- the main thread --- */

bool tsn_pipe_start(tsn_source *s)
{
  tsn_pipe *pipe = tsn_alloc_array(s->alloc, 1, sizeof *pipe);
  sigset_t all, before;

  if (!pipe) return false;
  pipe->reader = *s;
  pipe->reader.on_bad = keep_bad;
  pipe->reader.context = pipe;
  pipe->reader.before_wait = rest;
  pipe->reader.wait_context = pipe;
  pipe->reader.stop = &pipe->stop;
  pipe->reader.stands = (tsn_stands){ NULL, 0, 0 };
  tsn_alloc_init(&pipe->reader.kept, NULL);
  pipe->reader.others = (tsn_bytes){ .alloc = NULL };
  pipe->reader.rows_ahead = 0; /* passed over where packets are taken */
  for (size_t i = 0; i < PACKETS; i++) {
    tsn_bytes_init(&pipe->packets[i].told, s->alloc, 0);
    tsn_bytes_init(&pipe->packets[i].lines, s->alloc, 0);
  }
  if (pthread_mutex_init(&pipe->lock, NULL) != 0) goto no_lock;
  if (pthread_cond_init(&pipe->moved, NULL) != 0) goto no_condition;
  sigfillset(&all); /* signals go to the main thread */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&pipe->thread, NULL, read_ahead, pipe) == 0) {
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    s->pipe = pipe;
    s->file_open = false;
    s->readings = NULL; /* the thread's */
    s->reading_count = s->reading_cap = 0;
    return true;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_cond_destroy(&pipe->moved);
no_condition:
  pthread_mutex_destroy(&pipe->lock);
no_lock:
  tsn_alloc_free(s->alloc, pipe, sizeof *pipe);
  return false;
}

/* The next packet; the one before is the thread's again. Where the thread waits itself, for an input that rests, what
 * is known is shown meanwhile. */
static const packet *take(tsn_pipe *pipe, const tsn_source *s)
{
  bool shown = false;

  pthread_mutex_lock(&pipe->lock);
  while (pipe->filled == pipe->taken) {
    if (pipe->resting && !shown && s->before_wait) {
      pthread_mutex_unlock(&pipe->lock);
      s->before_wait(s->wait_context);
      shown = true;
      pthread_mutex_lock(&pipe->lock);
    } else {
      pthread_cond_wait(&pipe->moved, &pipe->lock);
    }
  }
  pipe->held = &pipe->packets[pipe->taken++ % PACKETS];
  pthread_cond_signal(&pipe->moved);
  pthread_mutex_unlock(&pipe->lock);
  return pipe->held;
}

static void tell(tsn_source *s, const packet *p)
{
  for (size_t i = 0; i < p->event_count; i++) {
    const event *e = &p->events[i];
    tsn_bad_row bad = e->bad;
    if (!e->is_bad) {
      tsn_say_bytes(p->told.data + e->text, e->length);
      continue;
    }
    bad.reason = p->told.data + e->text;
    bad.raw = p->told.data + e->raw;
    if (s->on_bad) s->on_bad(s->context, s, &bad);
  }
}

int tsn_pipe_fill(tsn_source *s)
{
  const packet *p = take(s->pipe, s);

  s->input = p->input;
  s->counts = p->counts;
  s->packed_bytes = p->bytes;
  s->view = p->view;
  s->done = p->done;
  s->next = 0;
  s->moved = p->moved;
  if (p->lost) return tsn_no_memory();
  tell(s, p);
  return p->status;
}

bool tsn_pipe_origin(const tsn_pipe *pipe, size_t row, tsn_origin *out)
{
  if (!pipe->held || !pipe->held->has_origins) return false;
  *out = tsn_origins_find(&pipe->held->origins, row);
  return true;
}

static void clear_packet(packet *p, tsn_alloc *alloc)
{
  if (p->batch_ready) tsn_batch_clear(&p->batch);
  tsn_alloc_free(alloc, p->origins.places, p->origins.cap * sizeof *p->origins.places);
  tsn_bytes_clear(&p->lines);
  tsn_bytes_clear(&p->told);
  tsn_alloc_free(alloc, p->moved.items, p->moved.cap * sizeof *p->moved.items);
  tsn_alloc_free(alloc, p->events, p->event_cap * sizeof *p->events);
}

void tsn_pipe_free(tsn_pipe *pipe)
{
  tsn_alloc *alloc = pipe->reader.alloc;

  pthread_mutex_lock(&pipe->lock);
  pipe->stop = true;
  pthread_cond_signal(&pipe->moved);
  pthread_mutex_unlock(&pipe->lock);
  pthread_join(pipe->thread, NULL);
  tsn_source_close(&pipe->reader);
  for (size_t i = 0; i < PACKETS; i++) clear_packet(&pipe->packets[i], alloc);
  pthread_cond_destroy(&pipe->moved);
  pthread_mutex_destroy(&pipe->lock);
  tsn_alloc_free(alloc, pipe, sizeof *pipe);
}
