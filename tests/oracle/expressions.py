"""Expressions over a path: names, types and values (sections 4, 5 and 7 of the language page).

bind() turns a tuple of the parser into a static type and a function of a Frame. A Frame is the place where an
expression is evaluated: the rows of the partition, the rows mapped so far, and how many of them are visible
(RUNNING) at this place.
"""
from dataclasses import dataclass, field

from oracle import aggregates
from oracle.functions import FUNCTIONS, TAKES_NULL, like, numeric, unify
from oracle.lexer import CompileError
from oracle.values import (NUMBERS, TYPE_NAMES, and_, arithmetic, bigint, compare, not_, or_, timestamp)


@dataclass
class Frame:
    rows: list                       # the rows of the partition, tuples of values
    path: list = field(default_factory=list)    # [(row index, label)], all mapped rows
    running: int = 0                 # how many of them RUNNING sees
    cursor: int = None               # the row that a column reads inside a navigation or an aggregate
    facts: dict = field(default_factory=dict)   # what MATCH_NUMBER() and its kin give

    def at(self, cursor):
        return Frame(self.rows, self.path, self.running, cursor, self.facts)

    def visible(self, final, labels):
        seen = self.path if final else self.path[:self.running]
        return [i for i, label in seen if labels is None or label in labels]

    def label_of(self, index):
        return next((label for i, label in self.path if i == index), None)


@dataclass
class Bound:
    type: str
    value: object                    # a function of a Frame


FACTS = {"MATCH_NUMBER": "BIGINT", "MATCH_STATUS": "TEXT", "PATH": "TEXT", "MATCH_ID": "TEXT", "MATCH_ROWTIME": None,
         "MATCH_START": None, "MATCH_END": None, "WINDOW_START": None, "WINDOW_END": None}
NAVIGATIONS = ("PREV", "NEXT", "FIRST", "LAST")


class Binder:
    """Names and types of one place: place is "define", "measure", "timer" or "output"."""

    def __init__(self, columns, place, labels=(), subsets=None, order_type=None, parameters=None):
        self.columns, self.place, self.labels = columns, place, labels
        self.subsets, self.order_type, self.parameters = subsets or {}, order_type, parameters or {}
        self.has_time = self.has_window = False
        self.inside = None           # "navigation" or "aggregate"
        self.read = []               # the labels that columns inside it are qualified with

    # ---- names

    def column_index(self, name, is_quoted=False):
        for i, (column, _) in enumerate(self.columns):
            if column == name or not is_quoted and column.lower() == name.lower():
                return i
        raise CompileError(f"no column {name}")

    def label_set(self, label):
        """None for the universal set."""
        if label is None:
            return None
        if label in self.subsets:
            return set(self.subsets[label])
        if label not in self.labels:
            raise CompileError(f"no label {label}")
        return {label}

    # ---- expressions

    def bind(self, e):
        return getattr(self, "bind_" + e[0])(e)

    def typed(self, e, *types):
        b = self.bind(e)
        if b.type not in types + ("NULL",):
            raise CompileError(f"{types[0]} expected, {b.type} found")
        return b

    def bind_null(self, e):
        return Bound("NULL", lambda f: None)

    def bind_bool(self, e):
        return Bound("BOOLEAN", lambda f: e[1])

    def bind_number(self, e):
        if isinstance(e[1], int):
            bigint(e[1])
        return Bound("BIGINT" if isinstance(e[1], int) else "DOUBLE", lambda f: e[1])

    def bind_string(self, e):
        return Bound("TEXT", lambda f: e[1])

    def bind_interval(self, e):
        return Bound("INTERVAL", lambda f: e[1])

    def bind_param(self, e):
        """parameters: name to (type, value)."""
        if e[1] not in self.parameters:
            raise CompileError(f"no parameter {e[1]}")
        kind, value = self.parameters[e[1]]
        return Bound(kind, lambda f: value)

    def bind_over(self, e):
        raise CompileError("OVER stands in a SELECT inside FROM alone")

    def bind_star(self, e):
        raise CompileError("* is allowed in COUNT alone")

    def bind_column(self, e):
        _, label, name, is_quoted = e
        i = self.column_index(name, is_quoted)
        if self.place == "output":
            if label:
                raise CompileError("a label outside MATCH_RECOGNIZE")
            return Bound(self.columns[i][1], lambda f: f.rows[f.cursor][i])
        return self.cell(label, i, self.columns[i][1])

    def cell(self, label, i, kind):
        """Column i of the row at the cursor, else of the last row under the label."""
        labels = self.label_set(label)
        if self.inside:
            self.read.append(label)
            return Bound(kind, lambda f: f.rows[f.cursor][i])

        def last(f):
            seen = f.visible(False, labels)
            return f.rows[seen[-1]][i] if seen else None
        return Bound(kind, last)

    def bind_scope(self, e):
        """RUNNING and FINAL stand before navigations and aggregates alone."""
        inner = e[2]
        known = inner[0] == "call" and (inner[1] in ("FIRST", "LAST", "COUNT") or inner[1] in aggregates.AGGREGATES)
        if not known or self.place == "output":
            raise CompileError(f"{e[1]} before something else than a navigation or an aggregate")
        if e[1] == "FINAL" and self.place != "measure":
            raise CompileError("FINAL outside MEASURES")
        return self.bind_call(inner, final=e[1] == "FINAL")

    def bind_unary(self, e):
        if e[1] == "NOT":
            b = self.typed(e[2], "BOOLEAN")
            return Bound("BOOLEAN", lambda f: not_(b.value(f)))
        b = self.typed(e[2], "BIGINT", "DOUBLE", "INTERVAL")
        zero = 0.0 if b.type == "DOUBLE" else 0

        def negative(f):
            v = b.value(f)
            return None if v is None else arithmetic("-", b.type, zero, v)
        return Bound(b.type, negative)

    def bind_binary(self, e):
        _, op, left, right = e
        if op in ("AND", "OR"):
            a, b = self.typed(left, "BOOLEAN"), self.typed(right, "BOOLEAN")
            join = and_ if op == "AND" else or_
            return Bound("BOOLEAN", lambda f: join(a.value(f), b.value(f)))
        if op == "||":
            a, b = self.typed(left, "TEXT"), self.typed(right, "TEXT")

            def concatenated(f):
                x, y = a.value(f), b.value(f)
                return None if x is None or y is None else x + y
            return Bound("TEXT", concatenated)
        a, b = self.pair(left, right)
        if op in ("=", "<>", "<", "<=", ">", ">=", "DISTINCT", "NOT DISTINCT"):
            if unify([a.type, b.type]) is None:
                raise CompileError(f"{a.type} {op} {b.type}")
            return Bound("BOOLEAN", lambda f: compare(op, a.value(f), b.value(f)))
        kind = result_type(op, a.type, b.type)

        def result(f):
            x, y = a.value(f), b.value(f)
            return None if x is None or y is None else arithmetic(op, kind, x, y)
        return Bound(kind, result)

    def pair(self, left, right):
        """Two operands; a text constant beside a time is read as a time."""
        a, b = self.bind(left), self.bind(right)
        return self.as_time(left, a, b.type), self.as_time(right, b, a.type)

    def as_time(self, e, b, other):
        if e[0] == "string" and other == "TIMESTAMP":
            return Bound("TIMESTAMP", lambda f: timestamp(e[1]))
        return b

    def bind_is(self, e):
        _, inner, what, negated = e
        b = self.bind(inner)
        if what != "NULL" and b.type not in ("BOOLEAN", "NULL"):
            raise CompileError(f"{b.type} IS {what}")
        wanted = {"NULL": None, "TRUE": True, "FALSE": False}[what]
        return Bound("BOOLEAN", lambda f: (b.value(f) is wanted) != negated)

    def bind_between(self, e):
        _, inner, lo, hi, negated = e
        both = self.bind(("binary", "AND", ("binary", ">=", inner, lo), ("binary", "<=", inner, hi)))
        return Bound("BOOLEAN", lambda f: not_(both.value(f)) if negated else both.value(f))

    def bind_in(self, e):
        _, inner, items, negated = e
        tests = [self.bind(("binary", "=", inner, item)) for item in items]

        def found(f):
            result = False
            for t in tests:
                result = or_(result, t.value(f))
            return not_(result) if negated else result
        return Bound("BOOLEAN", found)

    def bind_like(self, e):
        _, op, inner, pattern, negated = e
        a, b = self.typed(inner, "TEXT"), self.typed(pattern, "TEXT")
        if negated:
            return Bound("BOOLEAN", lambda f: not_(like(op, a.value(f), b.value(f))))
        return Bound("BOOLEAN", lambda f: like(op, a.value(f), b.value(f)))

    def bind_case(self, e):
        _, operand, branches, otherwise = e
        tests = [self.typed(when if operand is None else ("binary", "=", operand, when), "BOOLEAN")
                 for when, _ in branches]
        results = [self.bind(then) for _, then in branches] + [self.bind(otherwise or ("null",))]
        kind = unify([r.type for r in results])
        if kind is None:
            raise CompileError("the branches of CASE have different types")

        def chosen(f):
            for test, result in zip(tests, results):
                if test.value(f) is True:
                    return widened(kind, result.value(f))
            return widened(kind, results[-1].value(f))
        return Bound(kind, chosen)

    def bind_cast(self, e):
        b = self.bind(e[1])
        kind = TYPE_NAMES.get(e[2])
        if kind is None:
            raise CompileError(f"no type {e[2]}")
        if kind == b.type or b.type == "NULL":
            return Bound(kind, b.value)
        if b.type == "BIGINT" and kind == "DOUBLE":
            return Bound(kind, lambda f: widened(kind, b.value(f)))
        if kind == "TEXT" and b.type in ("BIGINT", "BOOLEAN"):
            def text(f):
                v = b.value(f)
                return None if v is None else str(v).lower() if isinstance(v, bool) else str(v)
            return Bound(kind, text)
        raise CompileError(f"the reference has no CAST from {b.type} to {kind}")

    # ---- calls

    def bind_call(self, e, final=False):
        _, name, args, distinct = e
        if self.place != "output":
            if name in NAVIGATIONS:
                return self.bind_navigation(e, final)
            if name == "COUNT" or name in aggregates.AGGREGATES:
                return self.bind_aggregate(e, final)
            if name == "CLASSIFIER":
                return self.bind_classifier(args)
            if name == "STREAM":                      # the name stands behind the columns of a row
                return self.cell(label_of(args), len(self.columns), "TEXT")
            if name in FACTS:
                return self.bind_fact(name, args)
        if name not in FUNCTIONS:
            raise CompileError(f"no function {name}")
        counts, result, function = FUNCTIONS[name]
        if counts is not None and len(args) not in counts or not args:
            raise CompileError(f"{name} with {len(args)} arguments")
        bound = [self.bind(a) for a in args]
        kind = result([b.type for b in bound])
        if kind is None:
            raise CompileError(f"{name} over {[b.type for b in bound]}")

        def value(f):
            values = [b.value(f) for b in bound]
            if name not in TAKES_NULL and any(v is None for v in values):
                return None
            return widened(kind, function(*values))
        return Bound(kind, value)

    def bind_fact(self, name, args):
        if args and name != "MATCH_ROWTIME" or len(args) > 1:
            raise CompileError(f"{name} takes no argument")
        if name != "MATCH_NUMBER" and self.place != "measure":
            raise CompileError(f"{name} outside MEASURES")
        if FACTS[name] is None and not self.has_time:
            raise CompileError(f"{name} needs rows with a time")
        if name.startswith("WINDOW") and not self.has_window:
            raise CompileError(f"{name} needs a window")
        kind = FACTS[name] or self.order_type
        return Bound(kind, lambda f: f.facts[name])

    def bind_classifier(self, args):
        label = label_of(args)
        labels = self.label_set(label)
        if self.inside:
            self.read.append(label)
            return Bound("TEXT", lambda f: f.label_of(f.cursor))

        def last(f):
            seen = f.visible(False, labels)
            return f.label_of(seen[-1]) if seen else None
        return Bound("TEXT", last)

    def enter(self, inside, args):
        """Binds arguments that are evaluated at a cursor, and the one label that they read."""
        if self.inside:
            raise CompileError(f"a {inside} inside a {self.inside}")
        self.inside, self.read = inside, []
        bound = [self.bind(a) for a in args]
        self.inside, read = None, self.read
        if len(set(read)) > 1:
            raise CompileError("different labels in one navigation or aggregate")
        if inside == "navigation" and not read:
            raise CompileError("a navigation over a constant")
        return bound, self.label_set(read[0]) if read else None

    def offset(self, args, default):
        if len(args) < 2:
            return default
        given = self.parameters.get(args[1][1], (None, None))[1] if args[1][0] == "param" else \
            args[1][1] if args[1][0] == "number" else None
        if not isinstance(given, int) or given < 0:
            raise CompileError("an offset is a whole number that is not negative")
        return given

    def bind_navigation(self, e, final):
        """PREV and NEXT step physically, from a row that FIRST or LAST found logically."""
        _, name, args, _ = e
        if not 1 <= len(args) <= 2:
            raise CompileError(f"{name} takes one or two arguments")
        step, inner = 0, e
        if name in ("PREV", "NEXT"):
            step = self.offset(args, 1) * (-1 if name == "PREV" else 1)
            inner = args[0]
            if inner[0] == "scope":
                final = inner[1] == "FINAL"
                if final and self.place != "measure":
                    raise CompileError("FINAL outside MEASURES")
                inner = inner[2]
                if inner[0] != "call" or inner[1] not in ("FIRST", "LAST"):
                    raise CompileError("RUNNING and FINAL stand before FIRST or LAST here")
        which, back = "LAST", 0
        if inner[0] == "call" and inner[1] in ("FIRST", "LAST"):
            which = inner[1]
            if not 1 <= len(inner[2]) <= 2:
                raise CompileError(f"{which} takes one or two arguments")
            back = self.offset(inner[2], 0)
            inner = inner[2][0]
        (bound,), labels = self.enter("navigation", [inner])

        def value(f):
            seen = f.visible(final, labels)
            if back >= len(seen):
                return None
            row = (seen[back] if which == "FIRST" else seen[-1 - back]) + step
            return bound.value(f.at(row)) if 0 <= row < len(f.rows) else None
        return Bound(bound.type, value)

    def bind_aggregate(self, e, final):
        _, name, args, distinct = e
        if name == "COUNT":
            return self.bind_count(args, distinct, final)
        wanted, result, _ = aggregates.AGGREGATES[name]
        if len(args) != wanted:
            raise CompileError(f"{name} with {len(args)} arguments")
        bound, labels = self.enter("aggregate", args)
        kind = result([b.type for b in bound])
        if kind is None:
            raise CompileError(f"{name} over {bound[0].type}")

        def value(f):
            at = [f.at(i) for i in f.visible(final, labels)]
            rows = [tuple(b.value(g) for b in bound) for g in at]
            if distinct:                # equal first arguments count once, where they come first
                first = {}
                for r in rows:
                    first.setdefault(r[0], r)
                rows = list(first.values())
            return aggregates.evaluate(name, kind, rows)
        return Bound(kind, value)

    def bind_count(self, args, distinct, final):
        if len(args) != 1:
            raise CompileError("COUNT takes one argument")
        if args[0][0] == "star":
            if self.inside:
                raise CompileError(f"an aggregate inside a {self.inside}")
            labels = self.label_set(args[0][1])
            return Bound("BIGINT", lambda f: len(f.visible(final, labels)))
        (bound,), labels = self.enter("aggregate", args)

        def value(f):
            values = [bound.value(f.at(i)) for i in f.visible(final, labels)]
            values = [v for v in values if v is not None]
            return len(set(values)) if distinct else len(values)
        return Bound("BIGINT", value)


def label_of(args):
    """The label in CLASSIFIER(A); None without one."""
    if not args:
        return None
    if len(args) != 1 or args[0][0] != "column" or args[0][1]:
        raise CompileError("one label")
    return args[0][2] if args[0][3] else args[0][2].upper()


def widened(kind, value):
    return float(value) if kind == "DOUBLE" and value is not None else value


def result_type(op, a, b):
    """The type of arithmetic between two types (section 4)."""
    if a == "NULL" or b == "NULL":
        return a if b == "NULL" else b
    if a in NUMBERS and b in NUMBERS:
        return numeric([a, b])
    if op == "-" and a == b == "TIMESTAMP":
        return "INTERVAL"
    if op in "+-" and (a, b) in (("TIMESTAMP", "INTERVAL"), ("INTERVAL", "INTERVAL")):
        return a
    if op == "+" and (a, b) == ("INTERVAL", "TIMESTAMP"):
        return b
    if op in "*/" and a == "INTERVAL" and b in NUMBERS or op == "*" and b == "INTERVAL" and a in NUMBERS:
        return "INTERVAL"
    raise CompileError(f"{a} {op} {b}")
