"""The automaton of a plan as a picture: what takes a row or waits for a time, and what may follow it."""
import html
import re

STATE = re.compile(r"^  (>| ) *(\d+)  (\w+|\^|\$)(.*)$")
TITLE = re.compile(r"^pattern (\S*)")
COLOURS = {"row": ("#e8f0fb", "#3b6fb6"), "timer": ("#fdeee6", "#d1603d"), "absence": ("#fdf0f3", "#b0436e"), "gap": ("#f4f4f2", "#8a8f98"),
           "accept": ("#e9f5ee", "#4c9f70"), "first": ("#f4f4f2", "#8a8f98"), "last": ("#f4f4f2", "#8a8f98")}


class State:
    """kind: row, timer, gap, absence, accept, first, last; or enter, turn, split, permute, which only lead on."""

    def __init__(self, kind, words, targets, start):
        self.kind, self.words, self.targets, self.start = kind, words, targets, start

    def is_shown(self):
        return self.kind in COLOURS


def read_state(kind, rest, start):
    kind = {"^": "first", "$": "last"}.get(kind, kind)
    if kind in ("split", "permute"):
        return State(kind, kind, [int(t) for t in re.findall(r"\d+", rest.partition(" counter")[0])], start)
    if kind in ("enter", "turn"):
        loop = re.search(r"\{(\d+),(\d*)\}", rest)
        body, leave = int(re.search(r"body (\d+)", rest).group(1)), int(re.search(r"exit (\d+)", rest).group(1))
        may_leave = [leave] if kind == "turn" or loop.group(1) == "0" else []
        may_go_on = [body] if loop.group(2) != "0" else []
        return State(kind, loop.group(0), may_go_on + may_leave, start)
    target = re.search(r"  -> (\d+)", rest)
    words = {"accept": "match", "first": "first row", "last": "last row"}.get(kind, rest[:target.start()].strip() if target else rest.strip())
    return State(kind, words.removesuffix("->").strip() if kind == "row" else words, [int(target.group(1))] if target else [], start)


def automata(plan):
    """[(title, {number: State})] of what explain() prints."""
    found, reading = [], False
    for line in plan.splitlines():
        title = TITLE.match(line)
        if title:
            found.append((title.group(1), {}))
        elif line == "  automaton":
            reading = True
        elif reading and found:
            state = STATE.match(line)
            reading = bool(state)
            if state:
                found[-1][1][int(state.group(2))] = read_state(state.group(3), state.group(4), state.group(1) == ">")
    return found


def reached(states, first):
    """The shown states that the state itself, or what only leads on from it, comes to."""
    found, seen, waiting = [], set(), [first]
    while waiting:
        at = waiting.pop(0)
        if at in seen or at not in states:
            continue
        seen.add(at)
        if states[at].is_shown():
            found.append(at)
        else:
            waiting += states[at].targets
    return found


def layers(states, starts, edges):
    """Each shown state's column: how many steps lead to it at least."""
    depth, waiting = {s: 0 for s in starts}, list(starts)
    while waiting:
        at = waiting.pop(0)
        for to in edges[at]:
            if to not in depth:
                depth[to] = depth[at] + 1
                waiting.append(to)
    accept = [s for s in depth if states[s].kind == "accept"]
    for s in accept:
        depth[s] = max(depth.values()) + (len([d for d in depth.values() if d == max(depth.values())]) > 1 or depth[s] != max(depth.values()))
    return depth


def automaton_svg(states):
    """A row of boxes from left to right; what leads back goes over them."""
    shown = [n for n, s in states.items() if s.is_shown()]
    if not shown or len(shown) > 60:
        return f"<i>{len(shown)} states</i>"
    edges = {n: [t for target in states[n].targets for t in reached(states, target)] for n in shown}
    starts = reached(states, next((n for n, s in states.items() if s.start), shown[0]))
    depth = layers(states, starts, edges)
    width = {n: 26 + 7.2 * len(states[n].words) for n in depth}
    places, x, tall = {}, 46.0, 0
    for level in range(max(depth.values()) + 1):
        column = [n for n in sorted(depth, reverse=True) if depth[n] == level]
        if not column:
            continue
        for row, n in enumerate(column):
            places[n] = (x, 62.0 + 52 * row)
        tall = max(tall, len(column))
        x += max(width[n] for n in column) + 44
    parts = [arrow(24, places[s][1], places[s][0], places[s][1]) for s in starts if s in places]
    for n in places:
        for to in dict.fromkeys(edges[n]):
            parts.append(edge(places[n], width[n], places[to], width[to], n == to))
    parts += [box(states[n], *places[n], width[n]) for n in places]
    total, height = x - 20, 62 + 52 * tall - 10
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{total:.0f}" height="{height:.0f}" viewBox="0 0 {total:.0f} {height:.0f}" font-family="sans-serif" font-size="12">'
            + "".join(parts) + "</svg>")


def box(state, x, y, width):
    fill, line = COLOURS[state.kind]
    round_by = 6 if state.kind == "row" else 15
    return (f'<rect x="{x:.1f}" y="{y - 15:.1f}" width="{width:.1f}" height="30" rx="{round_by}" fill="{fill}" stroke="{line}"/>'
            f'<text x="{x + width / 2:.1f}" y="{y + 4:.1f}" text-anchor="middle" fill="#222">{html.escape(state.words)}</text>')


def head(x, y, down=False):
    points = f"{x:.1f},{y:.1f} {x - 4:.1f},{y - 7:.1f} {x + 4:.1f},{y - 7:.1f}" if down else f"{x:.1f},{y:.1f} {x - 7:.1f},{y - 4:.1f} {x - 7:.1f},{y + 4:.1f}"
    return f'<polygon points="{points}" fill="#666"/>'


def arrow(x1, y1, x2, y2):
    bend = (x2 - x1) / 2
    return f'<path d="M{x1:.1f},{y1:.1f} C{x1 + bend:.1f},{y1:.1f} {x2 - bend:.1f},{y2:.1f} {x2 - 2:.1f},{y2:.1f}" fill="none" stroke="#666"/>' + head(x2, y2)


def edge(start, start_width, end, end_width, is_self):
    if end[0] > start[0]:
        return arrow(start[0] + start_width, start[1], end[0], end[1])
    from_x, to_x = start[0] + start_width * 0.62, end[0] + end_width * 0.38
    rise = 26 if is_self else 34
    return (f'<path d="M{from_x:.1f},{start[1] - 15:.1f} C{from_x:.1f},{start[1] - 15 - rise:.1f} {to_x:.1f},{end[1] - 15 - rise:.1f} {to_x:.1f},{end[1] - 17:.1f}" fill="none" stroke="#666"/>'
            + head(to_x, end[1] - 15, True))
