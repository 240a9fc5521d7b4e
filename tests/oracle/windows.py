"""Window aggregates of a SELECT inside FROM (section 3 of the language page; frames as in ISO/IEC 9075-2, 7.15).

For each row of a part the rows of its frame are gathered anew from all rows of the part, in order of time.
"""
from dataclasses import dataclass

from oracle import aggregates
from oracle.expressions import Bound, Frame
from oracle.lexer import CompileError
from oracle.values import bigint, plus

TIMES = ("BIGINT", "DOUBLE", "TIMESTAMP")


@dataclass
class Window:
    name: str                       # of the aggregate
    type: str
    arguments: list                 # Bounds over a raw row; empty for COUNT(*)
    distinct: bool
    keys: list                      # Bounds over a raw row
    order: int                      # the column of ORDER BY
    frame: object                   # None, ("ROWS", n) or ("RANGE", d); n, d None where unbounded

    def over(self, rows):
        """rows: the raw rows of the part, in order. The value for each."""
        keys = [tuple(k.value(Frame([r], cursor=0)) for k in self.keys) for r in rows]
        return [self.value([r for j, r in enumerate(rows) if keys[j] == keys[i] and self.holds(rows, i, j)])
                for i in range(len(rows))]

    def holds(self, rows, i, j):
        """Whether row j is in the frame of row i; both have one key, so that ROWS counts those between."""
        here, there = rows[i][self.order], rows[j][self.order]
        kind, distance = self.frame or ("RANGE", None)
        if kind == "ROWS":
            keys = [tuple(k.value(Frame([r], cursor=0)) for k in self.keys) for r in rows[j:i + 1]]
            return j <= i and (distance is None or sum(k == keys[-1] for k in keys) <= distance + 1)
        return there <= here and (distance is None or plus(here, -distance) <= there)

    def value(self, rows):
        values = [tuple(a.value(Frame([r], cursor=0)) for a in self.arguments) for r in rows]
        if self.distinct:           # equal first arguments count once, where they come first
            first = {}
            for v in values:
                first.setdefault(v[0], v)
            values = list(first.values())
        if self.name == "COUNT":
            return sum(not v or v[0] is not None for v in values)
        if self.name == "SUM" and self.type == "BIGINT":
            there = [v[0] for v in values if v[0] is not None]
            return bigint(sum(there)) if there else None
        return aggregates.evaluate(self.name, self.type, values)


def bind_window(binder, e, constant):
    """binder: of the part's raw rows. constant: the value of a constant expression and its type."""
    _, name, args, distinct, keys, order, frame = e
    if name != "COUNT" and name not in aggregates.AGGREGATES:
        raise CompileError(f"OVER behind {name}")
    if len(order) != 1 or order[0][0] != "column":
        raise CompileError("a window has one ORDER BY column")
    column = binder.index_of(order[0])
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
    if frame is not None and frame[1] is not None:
        value, of = constant(frame[1])
        fits = of == "BIGINT" if frame[0] == "ROWS" else of == "INTERVAL" if binder.columns[column][1] == "TIMESTAMP" else of in ("BIGINT", "DOUBLE")
        if not fits or value is None or value < 0:
            raise CompileError("the frame of a window")
        frame = (frame[0], value)
    return Window(name, kind, arguments, distinct, [binder.bind(k) for k in keys], column, frame)


def window_value(window, number):
    """The aggregate as an expression: its values for a row are among the facts of the frame."""
    return Bound(window.type, lambda f: f.facts["windows"][number])
