/* JSON paths, compiled once into a tree.
 *
 *   $.a.b      column 0            (root) --"a"--> (.) --"b"--> (0)
 *   $.a.c[1]   column 1                             \--"c"--> (.) --[1]--> (1)
 *   name       column 2               \--"name"--> (2)
 *
 * A line is read by walking the tree beside it: what has no node is skipped. Names
 * are hashed only where they do not stand as in the lines before (json_guess.h).
 * A column without a path takes the member of its name, in any case (ASCII) if the
 * exact one is not there. */
#ifndef TSN_IO_JSON_PATH_H
#define TSN_IO_JSON_PATH_H

#include "base/arena.h"
#include "data/schema.h"

#define TSN_JSON_PATH_STEPS 100

typedef struct tsn_json_node {
  /* The step that leads here: a member's name, or an item's index. */
  const char *name;
  size_t name_length;
  uint32_t index;
  bool is_index;
  bool any_case; /* a column of no path ends here */

  struct tsn_json_node **children; /* in order of declaration */
  size_t child_count, order;       /* how many, and the place of this one among its parent's */
  uint32_t *slots;                 /* members by hash of the name; 0: free, else child + 1 */
  size_t slot_mask;

  size_t *columns; /* that take the value here */
  size_t column_count;
  uint64_t seen; /* number of the row in which this node had its last value */

  struct tsn_json_guesses *guesses; /* of the object that stands here; NULL: none came yet */

  struct tsn_json_node *list, *next; /* of children, while the tree is built */
} tsn_json_node;

/* NULL: out of memory, or *bad_column has a path that is none. */
tsn_json_node *tsn_json_paths(tsn_arena *arena, const tsn_schema *schema, size_t *bad_column);

/* The child for a member's name, its escapes undone; NULL: none. */
tsn_json_node *tsn_json_member(const tsn_json_node *n, const char *name, size_t length);
tsn_json_node *tsn_json_item(const tsn_json_node *n, uint32_t index);

/* The only step of a path that has one and is a name, for readers of flat rows; NULL: it is another. */
const char *tsn_json_path_single(const char *path, size_t *length);

#endif
