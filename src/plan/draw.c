/* The automaton as a picture: DOT for graphviz, and SVG by a layout of our own.
 *
 *   layers    an element stands one layer behind the furthest of those that lead to it, loops back apart
 *   order     within a layer by the middle of what leads there, a few times to and fro
 *   arcs      curves from right to left sides; over several layers by way of empty places, so that they go round
 *             elements; back arcs below, loops of one element above it */
#include <string.h>

#include "plan/arcs.h"
#include "plan/plan.h"

#define BOX_HEIGHT 46
#define GAP_Y 34
#define LETTER 7       /* width of a letter of names, */
#define SMALL 6        /* and of what is small */
#define DETAIL_SHOWN 30
#define SWEEPS 8
#define MARGIN 20

/* ---- DOT ---- */

static void quote(tsn_bytes *out, const char *text)
{
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') tsn_bytes_char(out, '\\');
    tsn_bytes_char(out, *text == '\n' ? ' ' : *text);
  }
}

static const char *arc_word(const tsn_arcs *g, const tsn_arc *a)
{
  static const char *const words[] = {"next row", "->", "->>"};
  bool silent = a->from == TSN_DRAW_START || a->to == TSN_DRAW_END || g->elements[a->to].timer;
  return silent ? "" : words[a->kind];
}

static void arc_text(const tsn_arcs *g, const tsn_arc *a, tsn_bytes *out, void (*put)(tsn_bytes *, const char *))
{
  const char *word = arc_word(g, a);
  put(out, word);
  if (*a->text) {
    if (*word) put(out, " ");
    put(out, a->text);
  }
}

static void draw_dot(const tsn_arcs *g, const char *name, tsn_bytes *out)
{
  static const char *const styles[] = {"solid", "dashed", "dotted"};
  size_t i;
  tsn_bytes_text(out, "digraph \"");
  quote(out, *name ? name : "query");
  tsn_bytes_text(out, "\" {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", shape=box, style=rounded];\n  edge [fontname=\"sans-serif\", fontsize=10];\n");
  for (i = 0; i < g->element_count; i++) {
    const tsn_element *e = &g->elements[i];
    tsn_bytes_printf(out, "  n%zu [label=\"", i);
    quote(out, e->name);
    if (*e->detail) {
      tsn_bytes_text(out, "\\n");
      quote(out, e->detail);
    }
    tsn_bytes_printf(out, "\"%s];\n", i == TSN_DRAW_START ? ", shape=circle" : i == TSN_DRAW_END ? ", shape=doublecircle" : e->timer ? ", shape=octagon, style=solid" : "");
  }
  for (i = 0; i < g->count; i++) {
    const tsn_arc *a = &g->arcs[i];
    tsn_bytes_printf(out, "  n%u -> n%u [label=\"", a->from, a->to);
    arc_text(g, a, out, quote);
    tsn_bytes_printf(out, "\", style=%s];\n", *arc_word(g, a) ? styles[a->kind] : "solid");
  }
  tsn_bytes_text(out, "}\n");
}

/* ---- layout ---- */

typedef struct place {
  uint32_t layer;
  uint32_t element; /* TSN_NONE: an empty place of a long arc */
  double order;     /* within the layer */
  int width, x, y;  /* of the box; of an empty place its middle line */
} place;

typedef struct line {
  const tsn_arc *arc;
  uint32_t *places; /* from, empty ones, to */
  size_t count;
  bool back;
} line;

typedef struct layout {
  tsn_arena *arena;
  const tsn_arcs *g;
  place *places;
  size_t count, cap;
  line *lines; /* by arc */
  uint32_t layers;
  int *left, *widths; /* of layers */
  int width, height, bottom;
} layout;

/* Arcs that lead back: found by depth, from the start. */
static void mark_back(layout *l, uint32_t from, uint8_t *state, size_t depth)
{
  size_t i;
  state[from] = 1;
  for (i = 0; i < l->g->count; i++) {
    const tsn_arc *a = &l->g->arcs[i];
    if (a->from != from) continue;
    if (state[a->to] == 1) l->lines[i].back = true;
    else if (!state[a->to] && depth < l->g->element_count) mark_back(l, a->to, state, depth + 1);
  }
  state[from] = 2;
}

static bool layer_of(layout *l)
{
  uint8_t *state = tsn_arena_new_array(l->arena, uint8_t, l->g->element_count);
  bool moved = true;
  size_t i, round;
  if (!state) return false;
  mark_back(l, TSN_DRAW_START, state, 0);
  for (round = 0; moved && round <= l->g->element_count; round++) {
    moved = false;
    for (i = 0; i < l->g->count; i++) {
      const tsn_arc *a = &l->g->arcs[i];
      if (l->lines[i].back || l->places[a->to].layer > l->places[a->from].layer) continue;
      l->places[a->to].layer = l->places[a->from].layer + 1;
      moved = true;
    }
  }
  for (i = 0; i < l->g->element_count; i++)
    if (l->places[i].layer >= l->layers) l->layers = l->places[i].layer + 1;
  if (l->places[TSN_DRAW_END].layer + 1 < l->layers) l->places[TSN_DRAW_END].layer = l->layers - 1;
  return true;
}

static uint32_t empty_place(layout *l, uint32_t layer)
{
  if (l->count == l->cap) {
    place *more = tsn_arena_new_array(l->arena, place, l->cap * 2);
    if (!more) return 0;
    memcpy(more, l->places, l->count * sizeof *more);
    l->places = more;
    l->cap *= 2;
  }
  l->places[l->count] = (place){.layer = layer, .element = TSN_NONE, .order = (double)l->count};
  return (uint32_t)l->count++;
}

/* Long arcs go by way of an empty place in each layer. */
static bool lay_lines(layout *l)
{
  size_t i;
  for (i = 0; i < l->g->count; i++) {
    line *n = &l->lines[i];
    uint32_t from = l->places[n->arc->from].layer, to = l->places[n->arc->to].layer, k;
    size_t most = !n->back && to > from ? to - from + 1 : 2;
    n->places = tsn_arena_new_array(l->arena, uint32_t, most);
    if (!n->places) return false;
    n->places[n->count++] = n->arc->from;
    for (k = from + 1; !n->back && k < to; k++) n->places[n->count++] = empty_place(l, k);
    n->places[n->count++] = n->arc->to;
  }
  return tsn_arena_failed(l->arena) == TOCSIN_OK;
}

/* The mean order of the neighbours of a place in the layer before it, or behind it. */
static double middle(const layout *l, uint32_t at, bool before)
{
  double sum = 0;
  size_t count = 0, i, k;
  for (i = 0; i < l->g->count; i++) {
    const line *n = &l->lines[i];
    for (k = 1; !n->back && k < n->count; k++) {
      if (n->places[before ? k : k - 1] != at) continue;
      sum += l->places[n->places[before ? k - 1 : k]].order;
      count++;
    }
  }
  return count ? sum / (double)count : l->places[at].order;
}

/* Numbers the places of a layer by the values they have. */
static void settle_order(layout *l, uint32_t layer)
{
  size_t i, k, rank;
  for (i = 0; i < l->count; i++) {
    if (l->places[i].layer != layer) continue;
    for (rank = 0, k = 0; k < l->count; k++)
      if (l->places[k].layer == layer && (l->places[k].order < l->places[i].order || (l->places[k].order == l->places[i].order && k < i))) rank++;
    l->places[i].y = (int)rank;
  }
  for (i = 0; i < l->count; i++)
    if (l->places[i].layer == layer) l->places[i].order = l->places[i].y;
}

static void order_layers(layout *l)
{
  uint32_t layer, sweep;
  size_t i;
  for (layer = 0; layer < l->layers; layer++) settle_order(l, layer);
  for (sweep = 0; sweep < SWEEPS; sweep++) {
    bool before = sweep % 2 == 0;
    for (layer = 0; layer < l->layers; layer++) {
      uint32_t at = before ? layer : l->layers - 1 - layer;
      for (i = 0; i < l->count; i++)
        if (l->places[i].layer == at) l->places[i].order = middle(l, (uint32_t)i, before) + (double)i * 1e-6;
      settle_order(l, at);
    }
  }
}

static int text_width(const char *text, int letter, size_t most)
{
  size_t length = strlen(text);
  return (int)(length < most ? length : most) * letter;
}

static int box_width(const tsn_element *e, uint32_t element)
{
  int name = text_width(e->name, LETTER + 1, 60), detail = text_width(e->detail, SMALL, DETAIL_SHOWN + 1);
  int width = (name > detail ? name : detail) + 26;
  if (element <= TSN_DRAW_END) return 64;
  return width < 70 ? 70 : width;
}

/* How much place the texts of arcs into a layer want in front of it. */
static int room_before(const layout *l, uint32_t layer)
{
  int most = 56;
  size_t i;
  for (i = 0; i < l->g->count; i++) {
    const tsn_arc *a = l->lines[i].arc;
    int width = text_width(arc_word(l->g, a), SMALL, 20) + text_width(a->text, SMALL, 60) + 40;
    if (l->lines[i].back || l->places[a->to].layer != layer) continue;
    if (width > most) most = width;
  }
  return most;
}

static bool measure(layout *l)
{
  size_t i;
  uint32_t layer;
  int rows = 1, loops = 0, backs = 0;
  l->left = tsn_arena_new_array(l->arena, int, l->layers + 1);
  l->widths = tsn_arena_new_array(l->arena, int, l->layers + 1);
  if (!l->left || !l->widths) return false;
  for (i = 0; i < l->count; i++) {
    place *p = &l->places[i];
    p->width = p->element == TSN_NONE ? 0 : box_width(&l->g->elements[p->element], p->element);
    if (p->width > l->widths[p->layer]) l->widths[p->layer] = p->width;
    if (p->y + 1 > rows) rows = p->y + 1;
  }
  for (i = 0; i < l->g->count; i++) {
    loops = loops || l->lines[i].arc->from == l->lines[i].arc->to;
    if (l->lines[i].back && l->lines[i].arc->from != l->lines[i].arc->to) backs++;
  }
  l->left[0] = MARGIN;
  for (layer = 1; layer < l->layers; layer++) l->left[layer] = l->left[layer - 1] + l->widths[layer - 1] + room_before(l, layer);
  l->width = l->left[l->layers - 1] + l->widths[l->layers - 1] + MARGIN;
  for (i = 0; i < l->count; i++) {
    place *p = &l->places[i];
    int in_layer = 0;
    size_t k;
    for (k = 0; k < l->count; k++) in_layer += l->places[k].layer == p->layer;
    p->x = l->left[p->layer] + (l->widths[p->layer] - p->width) / 2;
    p->y = 34 + loops * 36 + ((rows - in_layer) * (BOX_HEIGHT + GAP_Y)) / 2 + p->y * (BOX_HEIGHT + GAP_Y) + BOX_HEIGHT / 2;
    if (p->element == TSN_NONE) p->x = l->left[p->layer] + l->widths[p->layer] / 2;
  }
  l->bottom = 34 + loops * 36 + rows * (BOX_HEIGHT + GAP_Y) - GAP_Y;
  l->height = l->bottom + MARGIN + backs * 30 + (backs ? 20 : 0);
  return true;
}

/* ---- SVG ---- */

static void escape(tsn_bytes *out, const char *text)
{
  for (; *text; text++) {
    if (*text == '&') tsn_bytes_text(out, "&amp;");
    else if (*text == '<') tsn_bytes_text(out, "&lt;");
    else if (*text == '>') tsn_bytes_text(out, "&gt;");
    else if (*text == '"') tsn_bytes_text(out, "&quot;");
    else tsn_bytes_char(out, (unsigned char)*text < ' ' ? ' ' : *text);
  }
}

/* So many bytes of a text, and no part of a character. */
static const char *shortened(tsn_arena *arena, const char *text, size_t most)
{
  size_t length = strlen(text);
  const char *copy;
  if (length <= most) return text;
  while (most && ((unsigned char)text[most] & 0xc0) == 0x80) most--;
  copy = tsn_arena_printf(arena, "%.*s…", (int)most, text);
  return copy ? copy : "";
}

static void draw_text(tsn_bytes *out, const char *class, int x, int y, const char *text)
{
  tsn_bytes_printf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
  escape(out, text);
  tsn_bytes_text(out, "</text>\n");
}

static void draw_element(layout *l, const place *p, tsn_bytes *out)
{
  const tsn_element *e = &l->g->elements[p->element];
  int x = p->x + p->width / 2, top = p->y - BOX_HEIGHT / 2;
  if (p->element <= TSN_DRAW_END) {
    tsn_bytes_printf(out, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"9\"/>\n", p->element == TSN_DRAW_START ? "start" : "end", x, p->y);
    if (p->element == TSN_DRAW_END) tsn_bytes_printf(out, "<circle class=\"start\" cx=\"%d\" cy=\"%d\" r=\"5\"/>\n", x, p->y);
    draw_text(out, "small", x, p->y + 26, e->name);
    return;
  }
  tsn_bytes_printf(out, "<g><title>");
  escape(out, e->name);
  if (*e->detail) tsn_bytes_text(out, ": ");
  escape(out, e->detail);
  tsn_bytes_printf(out, "</title><rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>\n", e->timer ? "timer" : "row", p->x, top,
                   p->width, BOX_HEIGHT, e->timer ? BOX_HEIGHT / 2 : 8);
  draw_text(out, "name", x, *e->detail ? p->y - 3 : p->y + 5, shortened(l->arena, e->name, 60));
  if (*e->detail) draw_text(out, "small", x, p->y + 14, shortened(l->arena, e->detail, DETAIL_SHOWN));
  tsn_bytes_text(out, "</g>\n");
}

/* The edge of a box, or of the circle in its middle. */
static int side(const place *p, bool right)
{
  if (p->element == TSN_NONE) return p->x;
  if (p->element <= TSN_DRAW_END) return p->x + p->width / 2 + (right ? 10 : -10);
  return right ? p->x + p->width : p->x;
}

static void draw_arc_text(layout *l, const tsn_arc *a, int x, int y, tsn_bytes *out)
{
  if (!*arc_word(l->g, a) && !*a->text) return;
  tsn_bytes_printf(out, "<text class=\"small arc\" x=\"%d\" y=\"%d\">", x, y);
  arc_text(l->g, a, out, escape);
  tsn_bytes_text(out, "</text>\n");
}

static const char *arc_class(const layout *l, const tsn_arc *a)
{
  static const char *const names[] = {"strict", "later", "every"};
  return *arc_word(l->g, a) ? names[a->kind] : "strict";
}

/* Loops of one element stand above it; `nth` of them. */
static void draw_loop(layout *l, const tsn_arc *a, int nth, tsn_bytes *out)
{
  const place *p = &l->places[a->from];
  int x = p->x + p->width / 2, top = p->y - BOX_HEIGHT / 2, high = top - 30 - nth * 16;
  tsn_bytes_printf(out, "<path class=\"%s\" d=\"M%d %d C%d %d %d %d %d %d\"/>\n", arc_class(l, a), x + 18, top, x + 40, high, x - 40, high, x - 18, top - 1);
  draw_arc_text(l, a, x, high + 4, out);
}

static void draw_back(layout *l, const tsn_arc *a, int nth, tsn_bytes *out)
{
  const place *from = &l->places[a->from], *to = &l->places[a->to];
  int x1 = from->x + from->width / 2, x2 = to->x + to->width / 2, y1 = from->y + BOX_HEIGHT / 2, y2 = to->y + BOX_HEIGHT / 2;
  int low = l->bottom + 26 + nth * 30;
  tsn_bytes_printf(out, "<path class=\"%s\" d=\"M%d %d C%d %d %d %d %d %d L%d %d C%d %d %d %d %d %d\"/>\n", arc_class(l, a), x1, y1, x1, low, x1, low, x1 - 24,
                   low, x2 + 24, low, x2, low, x2, low, x2, y2 + 1);
  draw_arc_text(l, a, (x1 + x2) / 2, low - 5, out);
}

static void draw_forward(layout *l, const line *n, int nth, tsn_bytes *out)
{
  size_t k;
  const place *last = &l->places[n->places[n->count - 2]], *to = &l->places[n->places[n->count - 1]];
  tsn_bytes_printf(out, "<path class=\"%s\" d=\"", arc_class(l, n->arc));
  for (k = 1; k < n->count; k++) {
    const place *a = &l->places[n->places[k - 1]], *b = &l->places[n->places[k]];
    int x1 = side(a, true), x2 = side(b, false) - (k + 1 == n->count), bend = (x2 - x1) / 2;
    if (k == 1) tsn_bytes_printf(out, "M%d %d", x1, a->y);
    tsn_bytes_printf(out, " C%d %d %d %d %d %d", x1 + bend, a->y + nth * 14, x2 - bend, b->y + nth * 14, x2, b->y);
  }
  tsn_bytes_text(out, "\"/>\n");
  draw_arc_text(l, n->arc, (side(last, true) + side(to, false)) / 2, (last->y + to->y) / 2 - 6 + nth * 20, out);
}

/* How many arcs before this one join the same two elements. */
static int same_ends(const layout *l, size_t i)
{
  int count = 0;
  size_t k;
  for (k = 0; k < i; k++) count += l->lines[k].arc->from == l->lines[i].arc->from && l->lines[k].arc->to == l->lines[i].arc->to;
  return count;
}

static void draw_svg(layout *l, const char *name, tsn_bytes *out)
{
  int backs = 0;
  size_t i;
  tsn_bytes_printf(out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n<style>\n"
                   "svg{background:#fff}text{font-family:system-ui,sans-serif;text-anchor:middle;fill:#1f2937}\n"
                   ".title{font-size:13px;font-weight:600;text-anchor:start;fill:#475569}.name{font-size:14px;font-weight:600}.small{font-size:11px;fill:#475569}\n"
                   ".arc{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\n"
                   ".row{fill:#eff6ff;stroke:#2563eb;stroke-width:1.5}.timer{fill:#fff7ed;stroke:#ea580c;stroke-width:1.5}\n"
                   ".start{fill:#1f2937}.end{fill:none;stroke:#1f2937;stroke-width:1.5}\n"
                   "path{fill:none;stroke:#64748b;stroke-width:1.5;marker-end:url(#arrow)}.later{stroke-dasharray:6 4}.every{stroke-dasharray:2 3}\n"
                   "marker path{fill:#64748b;stroke:none;marker-end:none}\n</style>\n"
                   "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
                   "<path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
                   l->width, l->height, l->width, l->height);
  tsn_bytes_text(out, "<title>");
  escape(out, *name ? name : "query");
  tsn_bytes_text(out, "</title>\n");
  draw_text(out, "title", MARGIN, 20, *name ? name : "query");
  for (i = 0; i < l->g->count; i++) {
    const line *n = &l->lines[i];
    if (n->arc->from == n->arc->to) draw_loop(l, n->arc, same_ends(l, i), out);
    else if (n->back) draw_back(l, n->arc, backs++, out);
    else draw_forward(l, n, same_ends(l, i), out);
  }
  for (i = 0; i < l->count; i++)
    if (l->places[i].element != TSN_NONE) draw_element(l, &l->places[i], out);
  tsn_bytes_text(out, "</svg>\n");
}

static tocsin_status lay_out(tsn_arena *arena, const tsn_arcs *g, layout *l)
{
  size_t i;
  *l = (layout){.arena = arena, .g = g, .count = g->element_count, .cap = g->element_count + g->count + 8, .layers = 1};
  l->places = tsn_arena_new_array(arena, place, l->cap);
  l->lines = tsn_arena_new_array(arena, line, g->count + 1);
  if (!l->places || !l->lines) return tsn_arena_failed(arena);
  for (i = 0; i < g->element_count; i++) l->places[i] = (place){.element = (uint32_t)i, .order = (double)i};
  for (i = 0; i < g->count; i++) l->lines[i].arc = &g->arcs[i];
  if (!layer_of(l) || !lay_lines(l)) return tsn_arena_failed(arena);
  order_layers(l);
  return measure(l) ? TOCSIN_OK : tsn_arena_failed(arena);
}

tocsin_status tsn_draw_pattern(tsn_arena *arena, const tocsin_program *p, uint32_t pattern, tocsin_picture picture, tsn_bytes *out)
{
  const char *name = tsn_program_text(p, p->patterns[pattern].name);
  tsn_arcs g;
  layout l;
  tocsin_status st = tsn_arcs_find(arena, p, pattern, &g);
  if (st == TOCSIN_OK && picture == TOCSIN_PICTURE_SVG) st = lay_out(arena, &g, &l);
  if (st != TOCSIN_OK) return st;
  if (picture == TOCSIN_PICTURE_DOT) draw_dot(&g, name, out);
  else draw_svg(&l, name, out);
  return out->failed != TOCSIN_OK ? out->failed : tsn_arena_failed(arena);
}
