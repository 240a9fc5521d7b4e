"""Matches over time: one lane per partition, events as marks coloured by label, each match a span, and a line of values.

    Matches --rows_of()--> every row of each match, with its label
            --timeline()--> lanes
            --> matplotlib, Altair, or SVG of our own
"""
import datetime
import html

from . import _core
from ._types import BIGINT, DOUBLE, TIMESTAMP, same_name

LANES, MATCHES = 20, 200        # drawn; the title says how many there are
ROWS_BETWEEN = 200000           # of longer data only the rows of matches are drawn
COLOURS = ["#3b6fb6", "#d1603d", "#4c9f70", "#8e5ea2", "#c9a227", "#4aa3a2", "#b0436e", "#6b705c", "#e08e45", "#5c6bc0"]
QUIET = "#c4c7cc"               # events that no match took


class Lane:
    def __init__(self, title):
        self.title, self.events, self.spans, self.values = title, [], [], []


class Timeline:
    def __init__(self, lanes, labels, is_time, value_name, total, time_name):
        self.lanes, self.labels, self.is_time = lanes, labels, is_time
        self.value_name, self.total, self.time_name = value_name, total, time_name

    def colour(self, label):
        return COLOURS[self.labels.index(label) % len(COLOURS)] if label in self.labels else QUIET

    def bounds(self):
        times = [t for lane in self.lanes for t, _ in lane.events]
        return min(times), max(times)


def rows_of(matches, data, named, options):
    """The matches of the pattern that gives all rows of each match, over the same data; with the rows between, if they are not too many."""
    from ._pattern import Pattern
    source = matches._pattern
    number = matches._one()
    name = matches._outputs[number].name
    if not source.text:
        raise _core.Error("a pattern that was loaded has no text to draw from")
    for unmatched in (True, False):
        if unmatched and (matches.stats or {}).get("rows_in", 0) > ROWS_BETWEEN:
            continue
        try:        # not every AFTER MATCH allows it
            text = _core.rows_text(source.text, name, unmatched)
            pattern = Pattern(text, source.name, source._streams, source._parameters, source._functions)
            found = pattern.match(*data, inputs=named, **options)
            break
        except _core.PatternError:
            if not unmatched:
                raise
    return found[name] if len(found._outputs) > 1 else found


def numbers_of(program, stream, leave_out):
    """Columns of the stream that the pattern reads as numbers."""
    _, _, columns = program.streams[stream]
    return [name for name, kind, *_, needed in columns if needed and kind in (BIGINT, DOUBLE) and not any(same_name(name, n) for n in leave_out)]


def timeline(matches, value, data, named, options):
    """What is to be drawn."""
    found = rows_of(matches, data, named, options)
    names = found.columns
    label_at = names.index("tocsin_label")
    reads = found._program.patterns[found._one()][3]
    times = {found._program.streams[s][2][found._program.streams[s][1]][0] for s in reads if found._program.streams[s][1] >= 0}
    time_at = next((i for i, n in enumerate(names[:label_at]) if any(same_name(n, t) for t in times)), label_at - 1)
    keys = names[:time_at]
    if value is None and len(reads) == 1:
        known = numbers_of(found._program, reads[0], [names[time_at], *keys])
        value = next((n for n in names[label_at:] if n in known), None)
    elif value is not None and value not in names:
        raise _core.Error(f"there is no column {value} to draw; there are {', '.join(n for n in names[label_at + 2:])}")
    return collect(found, names, keys, time_at, label_at, value)


def collect(found, names, keys, time_at, label_at, value):
    lanes, labels, spans = {}, [], {}
    for row in found:
        key, when, label = tuple(row[:time_at]), row[time_at], row[label_at]
        if when is None:
            continue
        lane = lanes.setdefault(key, Lane(", ".join(str(k) for k in key) or "all rows"))
        lane.events.append((when, label))
        if value is not None and isinstance(row[value], (int, float)):
            lane.values.append((when, row[value]))
        if label is None:
            continue
        if label not in labels:
            labels.append(label)
        span = spans.setdefault((key, row["tocsin_match"]), [lane, when, when])
        span[1], span[2] = min(span[1], when), max(span[2], when)
    for number, (lane, first, last) in enumerate(spans.values()):
        if number < MATCHES:
            lane.spans.append((first, last))
    shown = [lane for lane in lanes.values() if lane.spans][:LANES]
    trim(shown)
    is_time = found.types[names[time_at]] == "TIMESTAMP"
    return Timeline(shown, labels, is_time, value, len(spans), names[time_at])


def trim(lanes):
    """Only what lies around the matches, so that they can be seen; for each time once."""
    if not lanes:
        return
    first, last = min(s[0] for l in lanes for s in l.spans), max(s[1] for l in lanes for s in l.spans)
    margin = (last - first) / 20
    for lane in lanes:
        matched = {}
        for when, label in lane.events:
            if first - margin <= when <= last + margin and (label is not None or when not in matched):
                matched[when] = label if label is not None else matched.get(when)
        lane.events = sorted(matched.items(), key=lambda e: e[0])
        lane.values = sorted({w: v for w, v in lane.values if first - margin <= w <= last + margin}.items())


# --- SVG ---

class Picture:
    """An SVG that notebooks show; str() and save() give its text."""

    def __init__(self, svg):
        self.svg = svg

    def _repr_svg_(self):
        return self.svg

    def __str__(self):
        return self.svg

    def save(self, path):
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.svg)

    def __repr__(self):
        return f"<tocsin picture, {len(self.svg)} characters of SVG>"


def text(x, y, words, size=11, anchor="start", colour="#333"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{html.escape(str(words))}</text>'


def svg(found, width=900):
    left = 20 + 7 * min(24, max([len(l.title) for l in found.lanes] + [4]))
    right, top, height = width - 20, 52, 34
    tall = height + (44 if found.value_name else 0)
    total = top + tall * max(1, len(found.lanes)) + 30
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{total}" viewBox="0 0 {width} {total}" font-family="sans-serif">',
             f'<rect width="{width}" height="{total}" fill="white"/>', text(12, 20, title(found), 13)]
    x = 12.0
    for label in found.labels:
        parts.append(f'<circle cx="{x + 4:.1f}" cy="36" r="4" fill="{found.colour(label)}"/>' + text(x + 12, 40, label))
        x += 24 + 7 * len(label)
    if found.value_name:
        parts.append(f'<line x1="{x}" y1="36" x2="{x + 14}" y2="36" stroke="#888"/>' + text(x + 20, 40, found.value_name))
    if found.lanes:
        first, last = found.bounds()
        span = (last - first) or (datetime.timedelta(1) if found.is_time else 1)
        place = lambda when: left + (right - left) * ((when - first) / span)
        for i, lane in enumerate(found.lanes):
            parts.append(lane_svg(found, lane, top + i * tall, left, right, height, place))
        parts += axis(found, first, last, left, right, total - 12)
    return Picture("".join(parts) + "</svg>")


def title(found):
    drawn = sum(len(l.spans) for l in found.lanes)
    return f"{found.total:,} {'match' if found.total == 1 else 'matches'}" + (f", {drawn:,} drawn" if drawn < found.total else "")


def lane_svg(found, lane, top, left, right, height, place):
    middle = top + height / 2
    parts = [text(left - 8, middle + 4, lane.title[:24], anchor="end"), f'<line x1="{left}" y1="{middle}" x2="{right}" y2="{middle}" stroke="#e3e5e8"/>']
    for first, last in lane.spans:
        x = place(first) - 7
        parts.append(f'<rect x="{x:.1f}" y="{middle - 10}" width="{place(last) + 7 - x:.1f}" height="20" rx="6" fill="#3b6fb6" fill-opacity="0.14" stroke="#3b6fb6" stroke-opacity="0.5">'
                     f'<title>{html.escape(f"{first} to {last}")}</title></rect>')
    for when, label in lane.events:
        radius, told = (4, label) if label is not None else (2, "no match")
        parts.append(f'<circle cx="{place(when):.1f}" cy="{middle}" r="{radius}" fill="{found.colour(label)}"><title>{html.escape(told)} {when}</title></circle>')
    if lane.values:
        low, high = min(v for _, v in lane.values), max(v for _, v in lane.values)
        y = lambda v: top + height + 36 - 30 * ((v - low) / ((high - low) or 1))
        points = " ".join(f"{place(w):.1f},{y(v):.1f}" for w, v in lane.values)
        parts.append(f'<polyline points="{points}" fill="none" stroke="#888" stroke-width="1.2"/>' + text(left - 8, y(high) + 4, f"{high:g}", 9, "end", "#888"))
        if high != low:
            parts.append(text(left - 8, y(low) + 4, f"{low:g}", 9, "end", "#888"))
    return "".join(parts)


def axis(found, first, last, left, right, y):
    shown = lambda when: when.strftime("%Y-%m-%d %H:%M:%S") if found.is_time else f"{when:g}"
    return [text(left, y, shown(first), 10, colour="#666"), text(right, y, shown(last), 10, "end", "#666"), text((left + right) / 2, y, found.time_name, 10, "middle", "#666")]


# --- with other packages ---

def matplotlib_figure(found):
    from matplotlib.figure import Figure       # without pyplot: nothing global, any thread
    rows = max(1, len(found.lanes))
    figure = Figure(figsize=(9, 0.9 + rows * (0.95 if found.value_name else 0.5)), layout="constrained")
    grid = figure.subplots(rows, 1, sharex=True, squeeze=False)
    for (axes,), lane in zip(grid, found.lanes):
        for first, last in lane.spans:
            axes.axvspan(first, last, color="#3b6fb6", alpha=0.14)
        base = dict(lane.values) if lane.values else {}
        if lane.values:
            axes.plot([w for w, _ in lane.values], [v for _, v in lane.values], color="#999", linewidth=1, zorder=1)
        for label in [None, *found.labels]:
            points = [(w, base.get(w, 0)) for w, l in lane.events if l == label]
            if points:
                axes.scatter([w for w, _ in points], [v for _, v in points], s=24 if label else 6, color=found.colour(label), label=label, zorder=2)
        axes.set_ylabel(lane.title, rotation=0, ha="right", va="center")
        if not lane.values:
            axes.set_yticks([])
    handles = {l: h for (axes,) in grid for h, l in zip(*axes.get_legend_handles_labels())}
    figure.suptitle(title(found), fontsize=11)
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside upper right", ncols=len(handles), fontsize=8, frameon=False)
    return figure


def altair_chart(found):
    import altair
    shown = lambda when: when.isoformat() if found.is_time else when
    kind = "T" if found.is_time else "Q"
    events = [{"lane": l.title, "t": shown(w), "label": label or "no match"} for l in found.lanes for w, label in l.events]
    spans = [{"lane": l.title, "first": shown(a), "last": shown(b)} for l in found.lanes for a, b in l.spans]
    domain = [*found.labels, "no match"]
    colour = altair.Color("label:N", scale=altair.Scale(domain=domain, range=[found.colour(label) for label in domain]))
    bars = altair.Chart(altair.Data(values=spans)).mark_bar(opacity=0.2, height=18).encode(x=altair.X(f"first:{kind}", title=found.time_name), x2="last", y=altair.Y("lane:N", title=None))
    marks = altair.Chart(altair.Data(values=events)).mark_circle(size=40, opacity=1).encode(x=f"t:{kind}", y="lane:N", color=colour, tooltip=["t:N", "label:N"])
    chart = (bars + marks).properties(width=700, title=title(found))
    if not found.value_name:
        return chart
    values = [{"lane": l.title, "t": shown(w), found.value_name: v} for l in found.lanes for w, v in l.values]
    line = altair.Chart(altair.Data(values=values)).mark_line().encode(x=f"t:{kind}", y=altair.Y(f"{found.value_name}:Q", scale=altair.Scale(zero=False)), detail="lane:N",
                                                                      strokeDash=altair.StrokeDash("lane:N", legend=None)).properties(width=700, height=120)
    return chart & line


BACKENDS = {"matplotlib": matplotlib_figure, "altair": altair_chart, "svg": svg}


def draw(found, backend):
    if backend is not None:
        if backend not in BACKENDS:
            raise _core.Error(f"there is no backend {backend}; there are {', '.join(BACKENDS)}")
        return BACKENDS[backend](found)
    for make in (matplotlib_figure, altair_chart):
        try:
            return make(found)
        except ImportError:
            pass
    return svg(found)
