"""Window aggregates of a SELECT inside FROM (section 3 of the language page; frames as in ISO/IEC 9075-2, 7.15).

For each row of a part the rows of its frame are gathered anew from all rows of the part, in order of time.
"""
import math
from dataclasses import dataclass
from fractions import Fraction

from oracle import aggregates
from oracle.expressions import Bound, Frame
from oracle.lexer import CompileError
from oracle.values import bigint, plus, real, saturated

TIMES = ("BIGINT", "DOUBLE", "TIMESTAMP")


@dataclass
class Window:
    """begin, end: how far before the row; begin None where it is unbounded."""
    name: str                       # of the aggregate
    type: str
    arguments: list                 # Bounds over a raw row; empty for COUNT(*)
    distinct: bool
    keys: list                      # Bounds over a raw row
    order: int                      # the column of ORDER BY
    ranged: bool                    # RANGE, else ROWS
    begin: object
    end: object

    @property
    def waits(self):
        """For the other rows of its time."""
        return self.ranged and self.end == 0

    def over(self, rows):
        """rows: the raw rows of the part, in order. The value for each."""
        frames = [Frame([r], cursor=0) for r in rows]
        keys = [tuple(k.value(f) for k in self.keys) for f in frames]
        values = [tuple(a.value(f) for a in self.arguments) for f in frames]
        times = [r[self.order] for r in rows]
        return [self.value([values[j] for j in range(len(rows)) if keys[j] == keys[i] and self.holds(i, j, keys, times)])
                for i in range(len(rows))]

    def holds(self, i, j, keys, times):
        """Whether row j is in the frame of row i; both have one key."""
        if self.ranged:
            return times[j] <= plus(times[i], -self.end) and (self.begin is None or plus(times[i], -self.begin) <= times[j])
        back = keys[j:i].count(keys[i])             # so many rows of the key lie between, row j with them
        return j <= i and back >= self.end and (self.begin is None or back <= self.begin)

    def value(self, values):
        if self.distinct:           # equal first arguments count once, where they come first
            first = {}
            for v in values:
                first.setdefault(v[0], v)
            values = list(first.values())
        if self.name == "COUNT":
            return sum(not v or v[0] is not None for v in values)
        if self.name in ("SUM", "AVG"):
            there = [v[0] for v in values if v[0] is not None]
            return (total if self.name == "SUM" else mean)(self.type, there) if there else None
        return aggregates.evaluate(self.name, self.type, values)


def total(kind, values):
    """Rounded once; only the sum itself can be out of range."""
    if kind == "DOUBLE":
        return real(float(exact(values)) if all(map(math.isfinite, values)) else sum(values))
    return bigint(sum(values)) if kind == "BIGINT" else saturated(sum(values))


def mean(kind, values):
    if kind == "INTERVAL":
        return math.trunc(exact(values) / len(values))
    return real(float(exact(values) / len(values)) if all(map(math.isfinite, values)) else sum(values))


def exact(values):
    return sum(map(Fraction, values))


def bind_window(binder, e, constant):
    """binder: of the part's raw rows. constant: the value of a constant expression and its type."""
    _, name, args, distinct, keys, order, frame = e
    if name != "COUNT" and name not in aggregates.AGGREGATES:
        raise CompileError(f"OVER behind {name}")
    if len(order) != 1 or order[0][0][0] != "column" or order[0][1]:
        raise CompileError("a window has one ORDER BY column, ascending")
    column = binder.index_of(order[0][0])
    if binder.columns[column][1] not in TIMES:
        raise CompileError("a window is ordered by a time")
    star = name == "COUNT" and [a[0] for a in args] == ["star"]
    arguments = [] if star else [binder.bind(a) for a in args]
    if name == "COUNT":
        kind, wanted = "BIGINT", 1
    else:
        wanted, result, _ = aggregates.AGGREGATES[name]
        kind = result([a.type for a in arguments]) if len(args) == wanted else None
    if len(args) != wanted or kind is None or star and distinct:
        raise CompileError(f"the arguments of {name}")
    ranged, begin, end = bounds(frame, binder.columns[column][1], constant)
    return Window(name, kind, arguments, distinct, [binder.bind(k) for k in keys], column, ranged, begin, end)


def bounds(frame, time_type, constant):
    if frame is None:               # ISO: all rows up to those of the row's time
        return True, None, 0
    kind, *ends = frame
    begin, end = (distance(bound, kind, time_type, constant) for bound in ends)
    if end is None or begin is not None and begin < end:
        raise CompileError("a frame that begins behind its end")
    return kind == "RANGE", begin, end


def distance(bound, kind, time_type, constant):
    """How far before the row an end of the frame lies; None: unbounded."""
    if bound[0] in ("UNBOUNDED PRECEDING", "CURRENT ROW"):
        return None if bound[0] == "UNBOUNDED PRECEDING" else 0
    if bound[0] != "PRECEDING":
        raise CompileError("a frame behind the row")
    value, of = constant(bound[1])
    fits = of == "BIGINT" if kind == "ROWS" or time_type == "BIGINT" else \
        of == "INTERVAL" if time_type == "TIMESTAMP" else of in ("BIGINT", "DOUBLE")
    if not fits or value is None or value < 0:
        raise CompileError("the frame of a window")
    return value


def window_value(window, number):
    """The aggregate as an expression: its values for a row are among the facts of the frame."""
    return Bound(window.type, lambda f: f.facts["windows"][number])
