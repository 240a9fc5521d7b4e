"""The trees that the parser builds.

Expressions are plain tuples whose first member is the kind:
    ("null",) ("bool", b) ("number", n) ("string", s) ("interval", microseconds) ("param", name)
    ("column", label or None, name, quoted)     ("star", label or None)      the argument of COUNT
    ("call", NAME, [args], distinct)            ("scope", RUNNING or FINAL, expression)
    ("unary", op, e)  ("binary", op, a, b)  ("is", e, what, negated)  ("between", e, lo, hi, negated)
    ("in", e, [items], negated)  ("like", op, e, pattern, negated)
    ("over", NAME, [args], distinct, [keys], [(order, descending)], frame): frame None or (ROWS or RANGE, begin, end), these
        ("UNBOUNDED PRECEDING",) ("PRECEDING", e) ("CURRENT ROW",) ("FOLLOWING", e) ("UNBOUNDED FOLLOWING",)
    ("case", operand or None, [(when, then)], otherwise or None)  ("cast", e, TYPE)
Pattern nodes are the classes below.
"""
from dataclasses import dataclass, field


@dataclass(eq=False)
class Step:
    """One row under a label."""
    label: str
    excluded: bool = False      # inside {- -}: the row is matched and not shown


@dataclass(eq=False)
class Gap:
    """-> (next) or ->> (any), with bounds that may be missing."""
    kind: str
    lo: tuple = None
    hi: tuple = None


@dataclass(eq=False)
class Absence:
    """!x, !(x | y), with a duration: a timer."""
    labels: tuple
    duration: tuple = None


@dataclass(eq=False)
class Anchor:
    """^ or $"""
    which: str


@dataclass(eq=False)
class Seq:
    items: list


@dataclass(eq=False)
class Alt:
    items: list


@dataclass(eq=False)
class Loop:
    body: object
    lo: int
    hi: int = None              # None: no upper bound
    greedy: bool = True


@dataclass(eq=False)
class Permute:
    items: list


def children(node):
    if isinstance(node, (Seq, Alt, Permute)):
        return node.items
    return [node.body] if isinstance(node, Loop) else []


def nodes(node):
    """The node and everything under it, from left to right."""
    found, todo = [], [node]
    while todo:
        n = todo.pop()
        found.append(n)
        todo += reversed(children(n))
    return found


@dataclass
class Shape:
    """A stream, or a table where it has a primary key."""
    name: str
    columns: list                       # [(name, type)]
    not_null: set                       # names of columns
    watermark: tuple = None             # (column, quoted, delay or None)
    keys: list = field(default_factory=list)          # of a table: [(column, quoted)]


@dataclass
class Part:
    """What a query reads: a stream, or a SELECT over one."""
    stream: str
    items: list = None                  # None: all columns as they are; else [(expression, name)], ("star", qualifier)
    join: tuple = None                  # (table, condition)
    where: tuple = None


@dataclass
class Script:
    shapes: dict = field(default_factory=dict)        # streams and tables by name
    parameters: dict = field(default_factory=dict)    # name: (type, default)
    queries: list = field(default_factory=list)


@dataclass
class Query:
    name: str = "m"
    options: dict = field(default_factory=dict)
    select: list = None                 # None is *; else [(expression, name)]
    parts: list = field(default_factory=list)
    partition: list = field(default_factory=list)     # [(column, quoted)]
    window: tuple = None                # ("SESSION" or "TUMBLE", duration)
    order: list = field(default_factory=list)         # [(column, quoted, descending)]
    measures: list = field(default_factory=list)      # [(expression, name)]
    all_rows: bool = False
    empty: str = "SHOW"                 # SHOW, OMIT or UNMATCHED
    timeouts: bool = False
    skip: tuple = ("PAST LAST ROW",)    # also ("TO NEXT ROW",) ("FIRST", label) ("LAST", label) ("NO SKIP",)
    pattern: object = None
    within: tuple = None                # ("time", expression) or ("rows", n)
    subsets: dict = field(default_factory=dict)       # name: [labels]
    defines: dict = field(default_factory=dict)       # label: expression
    where: tuple = None
