"""A case in, the answer of the reference out."""
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from oracle import checks
from oracle.cases import feed_of, feeds_of, text_of
from oracle.edges import Walker
from oracle.expressions import Binder, Frame
from oracle.lexer import CompileError
from oracle.measures import layout, output, output_time
from oracle.parser import parse
from oracle.report import events
from oracle.sources import arrive, merged, source
from oracle.stream import in_order, partitions
from oracle.syntax import Absence, Anchor, Gap, nodes
from oracle.values import RunError, TooBig, read, written

TIMES = ("BIGINT", "DOUBLE", "TIMESTAMP")


@dataclass
class Plan:
    """A query with names and types resolved."""
    query: object
    source: object
    columns: list                   # of the source
    keys: list                      # column indexes of PARTITION BY
    order: list                     # [(column index, descending)]
    order_type: str                 # of the first ORDER BY column, None without one
    time: int                       # that column where it is a time, else None
    window: tuple
    pattern: object
    within: object
    within_rows: object
    skip: tuple
    skip_miss: bool
    all_rows: bool
    empty: str
    timeouts: bool
    has_timers: bool
    labels: set
    subsets: dict
    parameters: dict
    conditions: dict = field(default_factory=dict)
    alone: set = field(default_factory=set)            # labels whose conditions read their own row alone
    bounds: dict = field(default_factory=dict)         # Gap: (lo, hi)
    durations: dict = field(default_factory=dict)      # Absence: Bound
    measures: list = field(default_factory=list)       # [(name, Bound)]
    select: list = None                                # [(name, Bound)] or None for *
    where: object = None
    walkers: tuple = None                              # of paths.py

    def label_set(self, label):
        return set(self.subsets.get(label, [label]))

    @cached_property
    def reads_ahead(self):
        return any(isinstance(n, Anchor) and n.which == "$" for n in nodes(self.pattern)) or \
            any(mentions(e, "NEXT") for e in [*self.query.defines.values(), *(e for e, _ in self.query.measures)]) or \
            self.window is not None and any(mentions(e, "WINDOW_END") for e, _ in self.query.measures)

    @property
    def time_type(self):
        return self.order_type if self.time is not None else None

    def time_outputs(self):
        """Which columns of the output are the output time, whatever the rows. An unmatched row has no measures."""
        if self.time is None or self.empty == "UNMATCHED":
            return set()
        inside = {name.lower() for e, name in self.query.measures if e[:2] == ("call", "MATCH_ROWTIME")}
        if self.select is None:
            return {i for i, (name, _) in enumerate(self.outputs()) if name.lower() in inside}
        return {i for i, (e, _) in enumerate(self.query.select) if e[0] == "column" and e[2].lower() in inside}

    def outputs(self):
        """Names and types of the columns that come out."""
        if self.select is not None:
            return [(name, b.type) for name, b in self.select]
        return [(name, kind) for name, kind, _ in layout(self)]


def plans(script, careful=False):
    """The plans of a text's queries, in their order.
    careful: refuse what the language page leaves open, which generated cases must not depend on."""
    parameters = {name: parameter(kind, default) for name, (kind, default) in script.parameters.items()}
    made, patterns = [], {}
    for q in script.queries:
        read_from = source(q.parts, script.shapes, patterns, parameters)
        made.append(plan(q, read_from, parameters, careful))
        if q.name.lower() in patterns:
            raise CompileError(f"two patterns {q.name}")
        patterns[q.name.lower()] = made[-1]
    return made


def parameter(kind, default):
    """A parameter's type and value."""
    if default is None:
        raise CompileError("a parameter without a value")
    b = Binder([], "output").typed(default, kind, *(["BIGINT"] if kind == "DOUBLE" else []))
    value = b.value(Frame([]))
    return kind, float(value) if kind == "DOUBLE" and value is not None else value


def time_order(q, names, read_from):
    """ORDER BY as column indexes; without one, by the time that the source itself has."""
    if q.order:
        return [(names.column_index(name, is_quoted), descending) for name, is_quoted, descending in q.order]
    column = read_from.common_time()
    if column is None and read_from.own_time:
        column = read_from.own_time[0]
    return [] if column is None else [(column, False)]


def plan(q, read_from, parameters, careful=False):
    columns = read_from.columns
    names = Binder(columns, "define")
    order = time_order(q, names, read_from)
    order_type = None if not order else columns[order[0][0]][1] if order[0][0] < len(columns) else read_from.own_time[1]
    time = order[0][0] if order and order_type in TIMES and not order[0][1] else None
    for r in read_from.readers:
        if time is not None:
            r.order_by(time, len(columns) + 1)
        elif r.windows:
            raise CompileError("a window over rows without a time")
    labels = checks.used_labels(q)
    checks.check_clauses(q)
    checks.check_pattern(q, has_end=bool(q.window or q.within and q.within[0] == "time"))
    constant = Constants(order_type if time is not None else None, parameters)
    made = Plan(
        query=q, source=read_from, columns=columns,
        keys=[names.column_index(name, is_quoted) for name, is_quoted in q.partition], order=order,
        order_type=order_type, time=time, window=q.window and (q.window[0], constant.duration(q.window[1])),
        pattern=q.pattern, within=constant.duration(q.within[1]) if q.within and q.within[0] == "time" else None,
        within_rows=q.within[1] if q.within and q.within[0] == "rows" else None, skip=q.skip,
        skip_miss=q.options.get("skip_miss") == "next row", all_rows=q.all_rows, empty=q.empty, timeouts=q.timeouts,
        has_timers=any(isinstance(n, Absence) for n in nodes(q.pattern)), labels=labels, subsets=q.subsets,
        parameters=parameters)
    bind(made, q, constant)
    read_from.asked_for(None if q.all_rows else names_in(
        [q.defines, q.measures, q.partition, q.order, [n.duration for n in nodes(q.pattern) if isinstance(n, Absence)]]))
    if careful:
        checks.check_start(q, Walker(made, True, lambda: None).crossed_at_start())
    return made


class Constants:
    """Durations: INTERVAL where the time is a TIMESTAMP, plain numbers where it is a number."""

    def __init__(self, time_type, parameters):
        self.time_type, self.parameters = time_type, parameters

    def fits(self, kind, deadline=False):
        if self.time_type is None:
            raise CompileError("a duration needs an ORDER BY column that is a time, ascending")
        if self.time_type == "TIMESTAMP":
            return kind == "INTERVAL" or deadline and kind == "TIMESTAMP"
        return kind in ("BIGINT", "DOUBLE")

    def duration(self, e):
        b = Binder([], "timer", parameters=self.parameters).bind(e)
        if not self.fits(b.type):
            raise CompileError(f"a duration expected, {b.type} found")
        return b.value(Frame([]))


def bind(made, q, constant):
    def binder(place):
        b = Binder(made.columns, place, made.labels, q.subsets, made.order_type, made.parameters)
        b.has_time, b.has_window = made.time is not None, bool(made.window)
        return b

    for label, e in q.defines.items():
        made.conditions[label] = binder("define").typed(e, "BOOLEAN")
        if not checks.reads_rows(e, label):
            made.alone.add(label)
    if q.skip[0] == "NO SKIP" and any(mentions(e, "MATCH_NUMBER") for e in q.defines.values()):
        raise CompileError("MATCH_NUMBER() in DEFINE with NO SKIP")
    for n in nodes(q.pattern):
        if isinstance(n, Gap):
            made.bounds[n] = tuple(None if e is None else constant.duration(e) for e in (n.lo, n.hi))
        elif isinstance(n, Absence):
            if any(label in q.subsets for label in n.labels):
                raise CompileError("! before a subset")
            if n.duration is not None:
                b = binder("timer").bind(n.duration)
                if b.type != "NULL" and not constant.fits(b.type, deadline=True):
                    raise CompileError(f"a duration expected, {b.type} found")
                made.durations[n] = b
    for e, name in q.measures:
        b = binder("measure").bind(e)
        made.measures.append((name, b))
    outside = Binder([(name, kind) for name, kind, _ in layout(made)], "output", parameters=made.parameters)
    if q.select is not None:
        made.select = [(name, outside.bind(e)) for e, name in q.select]
    if q.where is not None:
        made.where = outside.typed(q.where, "BOOLEAN")


def names_in(e):
    """Every word in a tree of expressions: among them the columns that are read."""
    if isinstance(e, str):
        return {e.lower()}
    return set().union(*map(names_in, e.values() if isinstance(e, dict) else e)) if isinstance(e, (tuple, list, dict)) else set()


def mentions(e, name):
    if isinstance(e, tuple) and e[:2] == ("call", name):
        return True
    return isinstance(e, (tuple, list)) and any(mentions(part, name) for part in e)


@dataclass
class Output:
    """The rows of one pattern, as JSON has them."""
    pattern: str
    columns: list
    rows: list
    moments: list                   # of the decisions, as they count between partitions


@dataclass
class Answer:
    outputs: list = field(default_factory=list)
    error: str = None               # "compile" or "run"
    message: str = ""
    late: int = 0                   # rows that at least one pattern found late
    bad: int = 0                    # rows without a time
    shapes: dict = None
    plans: list = field(default_factory=list)
    arrivals: list = None           # of each plan; None where a late row was an error
    known: list = field(default_factory=list)         # feeds and what comes of them

    @property
    def columns(self):
        return self.outputs[-1].columns

    @property
    def rows(self):
        return self.outputs[-1].rows


def answer(case, steps=300_000, careful=False):
    """The answer to a case as it comes in its first feed. Raises TooBig where the case has too many paths."""
    found = prepared(text_of(case), careful)
    return found if found.error else answered(found, case, steps)


def prepared(text, careful=False):
    """An answer without rows: the plans of a pattern file."""
    try:
        script = parse(text)
        return Answer(shapes=script.shapes, plans=plans(script, careful))
    except CompileError as e:
        return Answer(error="compile", message=str(e))


def answered(plan_of_it, case, steps):
    found = Answer(shapes=plan_of_it.shapes, plans=plan_of_it.plans)
    try:
        found.arrivals = arrivals(found, case, feeds_of(case)[0])
        run_all(found, steps)
    except RunError as e:
        found.error, found.message = "run", str(e)
    except RecursionError:
        raise TooBig("the case has too long paths") from None
    return found


def arrivals(found, case, blocks):
    """What comes of a feed, for each plan. Feeds that differ in their batches alone are one."""
    events = events_of(found, blocks)
    for known, result in found.known:
        if known == events:
            return result
    feed = [read_event(found.shapes, event) for event in events]
    result = [arrive(p.source, p.order, p.time, feed, case.get("late_policy")) for p in found.plans]
    found.known.append((events, result))
    return result


def events_of(found, blocks):
    return list(feed_of(blocks, [shape.name for shape in found.shapes.values() if shape.keys]))


def read_event(shapes, event):
    if event[0] == "advance":
        return event
    shape = shapes[event[1].lower()]
    return (event[0], event[1], values(shape, event[2]) if event[0] == "row" else [values(shape, row) for row in event[2]])


def same_arrival(found, case, blocks):
    """Whether another feed brings the same rows in the same order to each plan."""
    try:
        others = arrivals(found, case, blocks)
    except RunError:
        return found.arrivals is None
    return others is found.arrivals or found.arrivals is not None and all(
        (len(a.late), len(a.bad)) == (len(b.late), len(b.bad)) and
        all(in_order(x, p.order) == in_order(y, p.order) for x, y in zip(a.rows, b.rows))
        for p, a, b in zip(found.plans, found.arrivals, others))


def counts(found, case, blocks):
    """How many rows have come out after each block of a feed: a match is reported as soon as it is decided (section
    6.5). None where the moment of decision is not all: NEXT, $ and the end of a session read rows behind it."""
    p = found.plans[0]
    if len(found.plans) > 1 or found.error or p.reads_ahead:
        return None
    streams = {shape.name for shape in found.shapes.values() if not shape.keys}
    reached, events, known = arrivals(found, case, blocks)[0].reached, 0, []
    for head, what in blocks:
        events += len(what) if head in streams else 1
        known.append(bisect_right(found.outputs[0].moments, reached[events]))
    return known


def values(shape, row):
    return tuple(read(kind, v) for (_, kind), v in zip(shape.columns, row))


def run_all(found, steps):
    """All patterns, each over what arrived and the outputs of those before it."""
    before = {}
    for p, arrival in zip(found.plans, found.arrivals):
        rows = run(p, in_order(merged(p.source, p.time, p.order, arrival, before), p.order), steps)
        before[p.query.name.lower()] = [(row, out_time) for row, out_time, _ in rows]
        kinds = [kind for _, kind in p.outputs()]
        found.outputs.append(Output(p.query.name, [name for name, _ in p.outputs()],
                                    [[written(kind, v) for kind, v in zip(kinds, row)] for row, _, _ in rows],
                                    [moment for _, _, moment in rows]))
    found.late = len(set().union(*(a.late for a in found.arrivals)))
    found.bad = len(set().union(*(a.bad for a in found.arrivals)))


def run(made, ordered, steps):
    """The output rows of one pattern in order, each with its output time and the moment of its decision."""
    found = []
    for e in events(made, partitions(ordered, made.keys, made.time, made.window), steps):
        out_time = output_time(made, e)
        for row in output(made, e):
            frame = Frame([tuple(row)], cursor=0)
            if made.where is not None and made.where.value(frame) is not True:
                continue
            values_out = tuple(row) if made.select is None else tuple(b.value(frame) for _, b in made.select)
            found.append((values_out, out_time, e.partition.public(e.moment)))
    return found
