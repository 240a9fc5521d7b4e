/* Compiling JSON paths: see json_path.h. */
#include "io/json_path.h"

#include <string.h>

#include "base/text.h"
#include "io/cell.h"
#include "io/decoder.h"

/* --- reading a path, step by step --- */

typedef struct step {
  const char *name; /* of a member; doubled quotes are not undone: there is no way to write one */
  size_t length;
  uint32_t index;
  bool is_index;
} step;

static bool is_name_char(char c)
{
  return c != '\0' && c != '.' && c != '[' && c != '"' && c != ' ';
}

/* One step at *p, which moves behind it; false: none. After an index a quoted
 * name needs no point. */
static bool read_step(const char **p, step *out)
{
  const char *at = *p, *first;
  uint64_t index = 0;
  bool point = *at == '.';

  *out = (step){ .name = "" };
  if (point) at++;
  if (*at == '"') {
    for (first = ++at; *at && *at != '"'; at++) continue;
    if (*at != '"') return false;
    *out = (step){ .name = first, .length = (size_t)(at - first) };
    *p = at + 1;
    return true;
  }
  if (point) {
    for (first = at; is_name_char(*at); at++) continue;
    *out = (step){ .name = first, .length = (size_t)(at - first) };
    *p = at;
    return at > first;
  }
  if (*at++ != '[') return false;
  if (*at == '"' || *at == '\'') { /* ["name"], as other tools write it */
    char quote = *at++;
    for (first = at; *at && *at != quote; at++) continue;
    if (*at != quote || at[1] != ']') return false;
    *out = (step){ .name = first, .length = (size_t)(at - first) };
    *p = at + 2;
    return true;
  }
  for (first = at; tsn_is_digit(*at) && index <= UINT32_MAX; at++) index = index * 10 + (uint64_t)(*at - '0');
  if (at == first || *at != ']' || index > INT32_MAX) return false;
  *out = (step){ .name = "", .is_index = true, .index = (uint32_t)index };
  *p = at + 1;
  return true;
}

bool tsn_json_path_valid(const char *path)
{
  step s;
  unsigned steps = 0;

  if (*path++ != '$' || !*path) return false;
  while (*path)
    if (++steps > TSN_JSON_PATH_STEPS || !read_step(&path, &s)) return false;
  return true;
}

const char *tsn_json_path_single(const char *path, size_t *length)
{
  step s;

  if (*path++ != '$' || !read_step(&path, &s) || *path || s.is_index) return NULL;
  *length = s.length;
  return s.name;
}

/* --- the tree --- */

static bool is_step(const tsn_json_node *n, const step *s)
{
  if (n->is_index != s->is_index) return false;
  if (s->is_index) return n->index == s->index;
  return n->name_length == s->length && !memcmp(n->name, s->name, s->length);
}

/* The child for a step, made if it is not there. */
static tsn_json_node *enter(tsn_arena *arena, tsn_json_node *parent, const step *s)
{
  tsn_json_node **at = &parent->list, *n;
  char *name;

  for (; *at; at = &(*at)->next)
    if (is_step(*at, s)) return *at;
  n = tsn_arena_new(arena, tsn_json_node);
  name = tsn_arena_array(arena, s->length + 1, 1);
  if (!n || !name) return NULL;
  memcpy(name, s->name, s->length);
  n->name = name;
  n->name_length = s->length;
  n->is_index = s->is_index;
  n->index = s->index;
  n->order = parent->child_count++;
  *at = n;
  return n;
}

static bool add_column(tsn_arena *arena, tsn_json_node *n, size_t column)
{
  size_t *columns = tsn_arena_new_array(arena, size_t, n->column_count + 1);

  if (!columns) return false;
  if (n->column_count) memcpy(columns, n->columns, n->column_count * sizeof *columns);
  columns[n->column_count++] = column;
  n->columns = columns;
  return true;
}

/* The same for names that differ in case alone. */
static size_t name_hash(const char *name, size_t length)
{
  uint64_t hash = length;

  if (length > 64) length = 64;
  for (size_t i = 0; i < length; i++) hash = (hash ^ ((unsigned char)name[i] | 0x20)) * UINT64_C(0x100000001b3);
  return (size_t)(hash ^ hash >> 29);
}

static bool seal(tsn_arena *arena, tsn_json_node *n)
{
  size_t slots = 4;

  while (slots < n->child_count * 2) slots *= 2;
  n->children = tsn_arena_new_array(arena, tsn_json_node *, n->child_count);
  n->slots = tsn_arena_new_array(arena, uint32_t, slots);
  n->slot_mask = slots - 1;
  if (!n->children || !n->slots) return false;
  for (tsn_json_node *child = n->list; child; child = child->next) {
    n->children[child->order] = child;
    if (!child->is_index) {
      size_t slot = name_hash(child->name, child->name_length) & n->slot_mask;
      while (n->slots[slot]) slot = (slot + 1) & n->slot_mask;
      n->slots[slot] = (uint32_t)child->order + 1;
    }
    if (!seal(arena, child)) return false; /* as deep as a path has steps */
  }
  return true;
}

tsn_json_node *tsn_json_paths(tsn_arena *arena, const tsn_schema *schema, size_t *bad_column)
{
  tsn_json_node *root = tsn_arena_new(arena, tsn_json_node);

  *bad_column = SIZE_MAX;
  for (size_t i = 0; root && i < schema->column_count; i++) {
    const tsn_column_def *def = &schema->columns[i];
    tsn_json_node *n = root;
    if (!def->path) {
      step s = { .name = def->name, .length = strlen(def->name) };
      n = enter(arena, root, &s);
      if (n) n->any_case = true;
    } else {
      const char *path = def->path + 1;
      if (!tsn_json_path_valid(def->path)) {
        *bad_column = i;
        return NULL;
      }
      while (n && *path) {
        step s;
        (void)read_step(&path, &s);
        n = enter(arena, n, &s);
      }
    }
    if (!n || !add_column(arena, n, i)) return NULL;
  }
  return root && seal(arena, root) ? root : NULL;
}

tsn_json_node *tsn_json_member(const tsn_json_node *n, const char *name, size_t length)
{
  size_t slot = name_hash(name, length) & n->slot_mask;
  tsn_json_node *near = NULL;

  for (; n->slots[slot]; slot = (slot + 1) & n->slot_mask) {
    tsn_json_node *child = n->children[n->slots[slot] - 1];
    if (child->name_length != length) continue;
    if (!memcmp(child->name, name, length)) return child;
    if (child->any_case && !near && tsn_same_name(child->name, length, name, length)) near = child;
  }
  return near;
}

tsn_json_node *tsn_json_item(const tsn_json_node *n, uint32_t index)
{
  for (size_t i = 0; i < n->child_count; i++)
    if (n->children[i]->is_index && n->children[i]->index == index) return n->children[i];
  return NULL;
}
