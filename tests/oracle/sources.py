"""What a query reads: sections 3 and 8 of the language page.

A source has parts, each a stream or a SELECT over one. A row of it is a tuple: the values of the columns that the
parts give together, behind them the name of the stream it came from and the time that it has by itself: the output time
of a pattern, the WATERMARK column of a stream.

The feed is what comes in, in the order of arrival: ("row", stream, values), ("load", table, rows) and ("advance",
watermark). Which rows are late, and what a table held when they came, is found from the arrival alone; then the rest is
put in order, and how it arrived makes no difference.
"""
from dataclasses import dataclass, field

from oracle.expressions import Binder, Bound, Frame
from oracle.lexer import CompileError
from oracle.stream import in_order
from oracle.values import RunError, plus
from oracle.windows import bind_window, window_value

NEVER = float("-inf")


@dataclass
class Reader:
    """One part, bound to its stream."""
    stream: str                         # as it was declared
    columns: list                       # of the stream: [(name, type)]
    pattern: bool                       # the stream is a pattern's output
    time_type: str                      # of the time that its rows have by themselves, or None
    times: set = field(default_factory=set)           # of a pattern: the columns that are its output time
    watermark: int = None               # the column of the WATERMARK clause
    delay: object = 0
    items: list = None                  # [(name, Bound)]
    join: object = None                 # a Bound over the columns of the stream and the table's
    time: int = None                    # the column that orders it
    promises: bool = True               # to come in this order: there is no WATERMARK for it
    table: str = None                   # its name
    rows: list = field(default_factory=list)          # of it, as it was loaded last
    table_width: int = 0
    where: object = None
    plain: list = None                  # for each item, the column of the stream that it is, or None
    places: list = None                 # for each column of the source, the item or None
    windows: list = field(default_factory=list)       # of its items
    ranges: dict = field(default_factory=dict)        # item with windows: whether one is a RANGE that waits for all rows of a time
    waits: bool = False                 # for one that the query reads

    def joined(self, row):
        """The row with the table's columns behind it: of the first row that fits, else NULL."""
        if self.join is None:
            return row
        for other in self.rows:
            both = row + other
            if self.join.value(Frame([both], cursor=0)) is True:
                return both
        return row + (None,) * self.table_width

    def read(self, row, out_time=None):
        """The row as the source has it, and whether WHERE lets it through."""
        if self.watermark is not None:
            out_time = row[self.watermark]
        raw = self.joined(row)
        passes = self.where is None or self.where.value(Frame([raw], cursor=0)) is True
        return self.made(raw) + (self.stream, out_time), passes, raw

    def made(self, raw, windows=None):
        """The columns of the source. windows: the values of the aggregates for this row; None: they are not known yet."""
        frame = Frame([raw], cursor=0, facts={"windows": windows})
        return tuple(None if i is None or windows is None and i in self.ranges else self.items[i][1].value(frame)
                     for i in self.places)

    def finish(self, rows, order):
        """rows: as they came, each with its raw row behind it. Window aggregates are known when all are there, in order."""
        if not self.windows:
            return [row[:-1] for row in rows]
        placed = in_order(rows, order)
        raws = [row[-1] for row in placed]
        values = [w.over(raws) for w in self.windows]
        return [self.made(raw, [v[i] for v in values]) + row[-3:-1] for i, (row, raw) in enumerate(zip(placed, raws))]

    def column_of(self, i):
        """The column of the stream that column i of the source is as it is; None where it is something else."""
        return None if self.places[i] is None else self.plain[self.places[i]]

    def order_by(self, time, own_time):
        """The event time is a column of the stream, which the source may call by another name; of a pattern it is
        the output time. A WATERMARK for another column says nothing about it."""
        if self.pattern:
            if time != own_time and self.column_of(time) not in self.times:
                raise CompileError(f"the rows of {self.stream} come in order of its output time")
            if any(w.order not in self.times for w in self.windows):
                raise CompileError("a window is ordered by the output time")
            return
        self.time = self.watermark if time == own_time else self.column_of(time)
        if self.time is None:
            raise CompileError(f"the time of {self.stream} is no column of it")
        if any(w.order != self.time for w in self.windows):
            raise CompileError("a window is ordered by the event time")
        self.promises = self.time != self.watermark
        if self.promises:
            self.delay = 0


@dataclass
class Source:
    columns: list                       # [(name, type)]
    readers: list

    def asked_for(self, names):
        """names: in small letters, of the columns that the query reads; None: all of them."""
        for r in self.readers:
            r.waits = any(r.ranges.get(item) and (names is None or self.columns[i][0].lower() in names)
                          for i, item in enumerate(r.places) if item is not None)

    @property
    def own_time(self):
        """Where a row has the time that is its own, and the type of it; None where a part has none, or another."""
        kinds = {r.time_type for r in self.readers}
        return (len(self.columns) + 1, *kinds) if len(kinds) == 1 and None not in kinds else None

    def common_time(self):
        """The column that is the WATERMARK column in each part."""
        for i in range(len(self.columns)):
            if all(r.watermark is not None and r.column_of(i) == r.watermark for r in self.readers):
                return i
        return None


class PartBinder(Binder):
    """Names of a SELECT inside FROM: columns of the stream, and of the table that is joined to it."""

    def __init__(self, stream, owners, columns, parameters):
        super().__init__(columns, "output", parameters=parameters)
        self.stream, self.owners = stream, owners
        self.windows = None             # a list where OVER may stand

    def bind_column(self, e):
        i = self.index_of(e)
        return Bound(self.columns[i][1], lambda f: f.rows[f.cursor][i])

    def index_of(self, e):
        _, owner, name, is_quoted = e
        found = [i for i, (column, _) in enumerate(self.columns)
                 if (column == name or not is_quoted and column.lower() == name.lower())
                 and (owner is None or self.owners[i].upper() == owner.upper())]
        if len(found) != 1:
            raise CompileError(f"no column {name}, or several")
        return found[0]

    def bind_over(self, e):
        if self.windows is None:
            raise CompileError("OVER is not allowed here")
        self.windows, windows = None, self.windows
        window = bind_window(self, e, self.constant)
        self.windows = windows
        self.windows.append(window)
        return window_value(window, len(windows) - 1)

    def constant(self, e):
        b = Binder([], "output", parameters=self.parameters).bind(e)
        return b.value(Frame([])), b.type

    def bind_call(self, e, final=False):
        if e[1] == "STREAM" and not e[2]:
            return Bound("TEXT", lambda f: self.stream)
        return super().bind_call(e, final)


def source(parts, shapes, patterns, parameters):
    """patterns: the plans of those before, by name."""
    readers = [reader(part, shapes, patterns, parameters) for part in parts]
    columns = []
    for r in readers:
        for name, bound in r.items:
            known = next((kind for other, kind in columns if other.lower() == name.lower()), None)
            if known is None:
                columns.append((name, bound.type))
            elif known != bound.type:
                raise CompileError(f"column {name} is {known} and {bound.type}")
    for r in readers:
        names = [name.lower() for name, _ in r.items]
        if len(set(names)) != len(names):
            raise CompileError("two columns of one name")
        r.places = [names.index(name.lower()) if name.lower() in names else None for name, _ in columns]
    return Source(columns, readers)


def reader(part, shapes, patterns, parameters):
    if part.stream.lower() in patterns:
        of = patterns[part.stream.lower()]
        made = Reader(of.query.name, of.outputs(), True, of.time_type, times=of.time_outputs())
    elif part.stream.lower() in shapes and not shapes[part.stream.lower()].keys:
        shape = shapes[part.stream.lower()]
        made = Reader(shape.name, shape.columns, False, None)
        if shape.watermark:
            column, is_quoted, delay = shape.watermark
            made.watermark = Binder(shape.columns, "output").column_index(column, is_quoted)
            made.time_type = shape.columns[made.watermark][1]
            if delay is not None:
                made.delay = Binder([], "output", parameters=parameters).bind(delay).value(Frame([]))
    else:
        raise CompileError(f"no stream {part.stream}")
    columns, owners, keys = list(made.columns), [made.stream] * len(made.columns), ()
    if part.join:
        table = shapes.get(part.join[0].lower())
        if table is None or not table.keys:
            raise CompileError(f"no table {part.join[0]}")
        columns += table.columns
        owners += [table.name] * len(table.columns)
        made.table, made.table_width = table.name, len(table.columns)
        keys = {names_of(table).column_index(*key) for key in table.keys}
    names = PartBinder(made.stream, owners, columns, parameters)
    if part.join:
        made.join = names.typed(part.join[1], "BOOLEAN")
    if part.where is not None:
        made.where = names.typed(part.where, "BOOLEAN")
    made.items, made.plain = [], []
    names.windows = made.windows
    for e, name in part.items or [("star", None)]:
        if e == "star":
            # * is what the stream has and what the table adds: its key is known already.
            all_of_them = [i for i, owner in enumerate(owners)
                           if (i - len(made.columns) not in keys if name is None else name.upper() == owner.upper())]
            made.items += [(columns[i][0], names.bind(("column", owners[i], columns[i][0], True))) for i in all_of_them]
            made.plain += all_of_them
        else:
            before = len(made.windows)
            made.items.append((name, names.bind(e)))
            if len(made.windows) > before:
                made.ranges[len(made.items) - 1] = any(w.waits for w in made.windows[before:])
            made.plain.append(names.index_of(e) if e[0] == "column" else None)
    return made


def names_of(shape):
    return Binder(shape.columns, "output")


# ---- arrival

@dataclass
class Arrival:
    """What came of a feed: for each part its rows as they arrived, and the places of the others in the feed."""
    rows: list = field(default_factory=list)
    late: set = field(default_factory=set)
    bad: set = field(default_factory=set)
    filtered: set = field(default_factory=set)
    reached: list = field(default_factory=list)     # after each event, the moment up to which all is known


def arrive(made, order, time, feed, policy):
    """order: as in Plan. time: its first column, None where that is no time. policy: what becomes of late rows: "drop",
    "fail", or None for the default of section 8."""
    found = Arrival(rows=[[] for _ in made.readers])
    newest, floor, matched = [NEVER] * len(made.readers), NEVER, (NEVER, 0, 0, 0)
    waits = len(order) > (time is not None) or len(made.readers) > 1 or any(r.delay or r.waits for r in made.readers)

    def marks():
        """The source's watermark is the least of its parts'."""
        return [max(floor, plus(newest[i], -r.delay)) for i, r in enumerate(made.readers) if not r.pattern]

    for r in made.readers:
        r.rows = []
    for place, event in enumerate(feed):
        found.reached.append(max(matched, (min(marks(), default=NEVER), -1, 0, 0)))
        if event[0] == "advance":
            floor = max(floor, event[1])
            continue
        _, stream, row = event
        if event[0] == "load":
            for r in made.readers:
                if r.table == stream:
                    r.rows = row
            continue
        here = [i for i, r in enumerate(made.readers) if not r.pattern and r.stream.lower() == stream.lower()]
        read = {i: made.readers[i].read(row) for i in here}
        if time is not None and here:
            times = {i: row[made.readers[i].time] for i in here}
            if None in times.values():
                found.bad.add(place)
                continue
            mark = min(marks())             # a part without a watermark promises order itself
            late = [made.readers[i] for i in here
                    if times[i] < mark or made.readers[i].promises and times[i] < newest[i]]
            if late:
                found.late.add(place)
                if (policy or ("fail" if any(r.promises for r in late) else "drop")) == "fail":
                    raise RunError("a late row")
                continue
            for i in here:
                newest[i] = max(newest[i], times[i])
        for i in here:
            values, passes, raw = read[i]
            if passes:
                found.rows[i].append(values + (raw,))
                if not waits:               # matched over as it comes
                    matched = (times[i] if time is not None else 0, 0, len(found.rows[i]) - 1, 0)
        if not any(passes for _, passes, _ in read.values()):
            found.filtered.add(place)
    found.reached.append(max(matched, (min(marks(), default=NEVER), -1, 0, 0)))
    return found


def merged(made, time, order, arrival, outputs):
    """The rows of all parts, part by part; without a time they are none.
    outputs: the rows of the patterns before, with their output times."""
    found = []
    for r, rows in zip(made.readers, arrival.rows):
        if r.pattern:
            read = (r.read(row, out_time) for row, out_time in outputs[r.stream.lower()])
            rows = [values + (raw,) for values, passes, raw in read if passes and (time is None or values[time] is not None)]
        found += r.finish(rows, order)
    return found
