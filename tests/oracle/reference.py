"""A conformance case in, the answer of the reference out."""
from dataclasses import dataclass, field

from oracle import checks
from oracle.edges import Walker
from oracle.expressions import Binder, Frame
from oracle.lexer import CompileError
from oracle.measures import layout, output
from oracle.parser import parse
from oracle.report import events
from oracle.stream import arrived, in_order, partitions
from oracle.syntax import Absence, Gap, nodes
from oracle.values import RunError, saturated, written

TIMES = ("BIGINT", "DOUBLE", "TIMESTAMP")


@dataclass
class Plan:
    """A query with names and types resolved."""
    columns: list
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
    conditions: dict = field(default_factory=dict)
    bounds: dict = field(default_factory=dict)         # Gap: (lo, hi)
    durations: dict = field(default_factory=dict)      # Absence: Bound
    measures: list = field(default_factory=list)       # [(name, Bound)]
    select: list = None                                # [(name, Bound)] or None for *
    where: object = None

    def label_set(self, label):
        return set(self.subsets.get(label, [label]))


def plan(query, stream, has_watermark=False, careful=False):
    """careful: refuse what the language page leaves open, which generated cases must not depend on."""
    q = parse(query) if isinstance(query, str) else query
    columns = [(name, kind) for name, kind in stream]
    names = Binder(columns, "define")
    order = [(names.column_index(name, is_quoted), descending) for name, is_quoted, descending in q.order]
    if not order and has_watermark:
        order = [(names.column_index("ts"), False)]
    order_type = columns[order[0][0]][1] if order else None
    time = order[0][0] if order and order_type in TIMES and not order[0][1] else None
    labels = checks.used_labels(q)
    checks.check_clauses(q)
    checks.check_pattern(q, has_end=bool(q.window or q.within and q.within[0] == "time"))
    constant = Constants(columns, order_type if time is not None else None)
    made = Plan(
        columns=columns, keys=[names.column_index(name, is_quoted) for name, is_quoted in q.partition], order=order,
        order_type=order_type, time=time, window=q.window and (q.window[0], constant.duration(q.window[1])),
        pattern=q.pattern, within=constant.duration(q.within[1]) if q.within and q.within[0] == "time" else None,
        within_rows=q.within[1] if q.within and q.within[0] == "rows" else None, skip=q.skip,
        skip_miss=q.options.get("skip_miss") == "next row", all_rows=q.all_rows, empty=q.empty, timeouts=q.timeouts,
        has_timers=any(isinstance(n, Absence) for n in nodes(q.pattern)), labels=labels, subsets=q.subsets)
    bind(made, q, constant)
    if careful:
        checks.check_start(q, Walker(made, True, lambda: None).crossed_at_start())
    return made


class Constants:
    """Durations: INTERVAL where the time is a TIMESTAMP, plain numbers where it is a number."""

    def __init__(self, columns, time_type):
        self.columns, self.time_type = columns, time_type

    def fits(self, kind, deadline=False):
        if self.time_type is None:
            raise CompileError("a duration needs an ORDER BY column that is a time, ascending")
        if self.time_type == "TIMESTAMP":
            return kind == "INTERVAL" or deadline and kind == "TIMESTAMP"
        return kind in ("BIGINT", "DOUBLE")

    def duration(self, e):
        b = Binder([], "timer").bind(e)
        if not self.fits(b.type):
            raise CompileError(f"a duration expected, {b.type} found")
        return b.value(Frame([]))


def bind(made, q, constant):
    def binder(place):
        return Binder(made.columns, place, made.labels, q.subsets, made.order_type)

    for label, e in q.defines.items():
        made.conditions[label] = binder("define").typed(e, "BOOLEAN")
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
    outside = Binder([(name, kind) for name, kind, _ in layout(made)], "output")
    if q.select is not None:
        made.select = [(name, outside.bind(e)) for e, name in q.select]
    if q.where is not None:
        made.where = outside.typed(q.where, "BOOLEAN")


def mentions(e, name):
    if isinstance(e, tuple) and e[:2] == ("call", name):
        return True
    return isinstance(e, (tuple, list)) and any(mentions(part, name) for part in e)


@dataclass
class Answer:
    columns: list = None
    rows: list = None
    error: str = None               # "compile" or "run"
    message: str = ""
    late: int = 0


def answer(case, steps=300_000, careful=False):
    """The answer to a case in conformance format. Raises TooBig where the case has too many paths."""
    delay_ms = case.get("watermark_delay_ms")
    try:
        made = plan(case["query"], case["stream"], delay_ms is not None, careful)
    except CompileError as e:
        return Answer(error="compile", message=str(e))
    rows, late = arrived(case["stream"], case["rows"], None if delay_ms is None else saturated(delay_ms * 1000))
    try:
        columns, found = run(made, rows, steps)
    except RunError as e:
        return Answer(error="run", message=str(e))
    return Answer(columns, found, late=late)


def run(made, rows, steps):
    """Column names and output rows in order."""
    ordered = in_order(rows, made.order)
    found, columns = [], layout(made)
    names = [name for name, _, _ in columns]
    kinds = [kind for _, kind, _ in columns]
    if made.select is not None:
        names = [name for name, _ in made.select]
        kinds = [b.type for _, b in made.select]
    for e in events(made, partitions(ordered, made.keys, made.time, made.window), steps):
        for row in output(made, e):
            frame = Frame([tuple(row)], cursor=0)
            if made.where is not None and made.where.value(frame) is not True:
                continue
            values = row if made.select is None else [b.value(frame) for _, b in made.select]
            found.append([written(kind, v) for kind, v in zip(kinds, values)])
    return names, found
