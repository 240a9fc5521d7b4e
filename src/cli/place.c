/* Places of inputs: see place.h. */
#include "cli/place.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_value.h"
#include "base/map.h"
#include "base/text.h"
#include "io/writer.h"

bool tsn_place_is_file(const tsn_place *p, const struct stat *info)
{
  return p->device == (uint64_t)info->st_dev && p->inode == (uint64_t)info->st_ino;
}

static uint64_t hash(const char *head, uint64_t length)
{
  return tsn_hash_bytes(head, (size_t)length, 0);
}

tsn_fit tsn_place_compare(const tsn_place *p, const tsn_input *input, const char *head, size_t length, uint64_t size)
{
  if (length >= p->head && hash(head, p->head) != p->hash) return TSN_FIT_REPLACED;
  if (length < p->head || (input->packing == TSN_PLAIN && size < p->at.offset)) return TSN_FIT_TRUNCATED;
  return TSN_FIT_SAME;
}

void tsn_place_identify(tsn_place *p, const tsn_file *f)
{
  uint64_t head = f->head_length < f->read ? f->head_length : f->read;

  p->known = f->is_regular && f->fd != STDIN_FILENO;
  p->device = f->device;
  p->inode = f->inode;
  p->head = head;
  p->hash = hash(f->head, head);
}

/* --- as text --- */

static void write_text(tsn_bytes *out, const char *name, const char *text)
{
  tsn_bytes_printf(out, "\"%s\":", name);
  tsn_write_json_text(out, text, strlen(text));
}

static void write_number(tsn_bytes *out, const char *name, uint64_t number)
{
  tsn_bytes_printf(out, ",\"%s\":%llu", name, (unsigned long long)number);
}

void tsn_place_write(const tsn_place *p, const tsn_input *input, tsn_bytes *out)
{
  tsn_bytes_char(out, '{');
  write_text(out, "path", input->path);
  if (input->table) {
    tsn_bytes_char(out, ',');
    write_text(out, "table", input->table);
    tsn_bytes_printf(out, ",\"rowid\":%lld", (long long)p->row_id);
    write_number(out, "row", p->row);
  } else {
    write_number(out, "device", p->device);
    write_number(out, "inode", p->inode);
    write_number(out, "head", p->head);
    tsn_bytes_printf(out, ",\"hash\":\"%016llx\"", (unsigned long long)p->hash);
    write_number(out, "offset", p->at.offset);
    write_number(out, "line", p->at.line);
    write_number(out, "body", p->at.body);
    if (p->at.within) tsn_bytes_text(out, ",\"within\":true");
    if (input->old_name) {
      tsn_bytes_char(out, ',');
      write_text(out, "old_name", input->old_name);
    }
  }
  tsn_bytes_text(out, "}\n");
}

static bool find(const char *line, size_t length, const char *name, tsn_json_piece *out)
{
  char path[32];
  int written = snprintf(path, sizeof path, "$.%s", name);

  return written > 0 && (size_t)written < sizeof path && tsn_json_value_find(line, length, path, (size_t)written, out);
}

/* Digits of a base up to 16. */
static bool digits(const tsn_json_piece *piece, unsigned base, uint64_t *out)
{
  *out = 0;
  for (size_t i = 0; i < piece->length; i++) {
    int digit = tsn_hex_digit(piece->text[i]);
    if (digit < 0 || (unsigned)digit >= base) return false;
    if (__builtin_mul_overflow(*out, (uint64_t)base, out) || __builtin_add_overflow(*out, (uint64_t)digit, out)) return false;
  }
  return piece->length > 0;
}

bool tsn_place_number(const char *line, size_t length, const char *name, uint64_t *out)
{
  tsn_json_piece piece;

  return find(line, length, name, &piece) && !piece.is_string && digits(&piece, 10, out);
}

/* *out: NULL where there is no such member. false: out of memory. */
static bool read_text(const char *line, size_t length, const char *name, tsn_arena *arena, const char **out)
{
  tsn_json_piece piece;
  char *text;

  *out = NULL;
  if (!find(line, length, name, &piece) || !piece.is_string) return true;
  text = tsn_arena_alloc(arena, piece.length + 1);
  if (text) text[tsn_json_value_text(&piece, text)] = '\0';
  *out = text;
  return text != NULL;
}

bool tsn_place_read(const char *line, size_t length, tsn_arena *arena, tsn_place_line *out)
{
  tsn_place *p = &out->place;
  tsn_json_piece piece;

  *out = (tsn_place_line){ .place.known = true };
  if (!read_text(line, length, "path", arena, &out->path) || !read_text(line, length, "table", arena, &out->table) ||
      !read_text(line, length, "old_name", arena, &out->old_name) || !out->path)
    return false;
  if (out->table) {
    return find(line, length, "rowid", &piece) && tsn_parse_int64(piece.text, piece.length, &p->row_id) &&
           tsn_place_number(line, length, "row", &p->row);
  }
  p->at.within = find(line, length, "within", &piece) && piece.length == 4;
  return tsn_place_number(line, length, "device", &p->device) && tsn_place_number(line, length, "inode", &p->inode) &&
         tsn_place_number(line, length, "head", &p->head) && p->head <= TSN_HEAD &&
         find(line, length, "hash", &piece) && piece.is_string && piece.length == 16 && digits(&piece, 16, &p->hash) &&
         tsn_place_number(line, length, "offset", &p->at.offset) && tsn_place_number(line, length, "line", &p->at.line) &&
         tsn_place_number(line, length, "body", &p->at.body) && p->at.body <= p->at.offset;
}
