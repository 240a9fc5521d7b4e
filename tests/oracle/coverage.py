"""Which features met in one case, and how often something came out: the measure of the generator."""
from itertools import combinations

from oracle.cases import feed_of
from oracle.edges import Walker
from oracle.syntax import Absence, Alt, Anchor, Gap, Loop, Permute, Seq, Step, nodes

GROUPS = {
    "pattern": ["greedy", "reluctant", "counted", "nullable body", "|", "PERMUTE", "()", "exclusion", "^", "$", "->", "->>",
                "bounded gap", "!x", "!(x | y)", "timer, constant", "timer, computed", "timer, deadline",
                "absence at the start", "absence at the end"],
    "clauses": ["WITHIN time", "WITHIN rows", "SESSION", "TUMBLE", "PAST LAST ROW", "TO NEXT ROW", "TO label", "NO SKIP",
                "ONE ROW", "SHOW EMPTY", "OMIT EMPTY", "UNMATCHED", "TIMEOUT", "SUBSET", "several keys", "DOUBLE key",
                "outer SELECT", "parameters"],
    "DEFINE": ["other rows", "PREV", "NEXT", "nested", "PREV(CLASSIFIER())", "MATCH_NUMBER()", "aggregates", "DISTINCT",
               "lists"],
    "MEASURES": ["NEXT measured", "DISTINCT measured", "MATCH_ID()"],
    "time": ["BIGINT time", "DOUBLE time", "TIMESTAMP", "more ORDER BY", "ORDER BY left out", "bounded sort", "no order",
             "watermark", "other arrival", "advance", "late rows", "row without time"],
    "sources": ["UNION", "inner SELECT", "STREAM()", "LEFT JOIN", "OVER", "pattern over pattern"],
}
FEATURES = [f for group in GROUPS.values() for f in group]
NUMBER = {f: n for n, f in enumerate(FEATURES)}

TIMED = ["bounded gap", "timer, constant", "timer, computed", "timer, deadline", "absence at the end", "WITHIN time", "SESSION",
         "TUMBLE", "BIGINT time", "DOUBLE time", "TIMESTAMP", "watermark", "other arrival", "advance", "late rows",
         "row without time", "more ORDER BY", "ORDER BY left out"]
# Pairs that cannot meet, and why: one against each of the others.
CANNOT = [
    ("one skip mode", ["PAST LAST ROW", "TO NEXT ROW", "TO label", "NO SKIP"], None),
    ("one output mode", ["ONE ROW", "SHOW EMPTY", "OMIT EMPTY", "UNMATCHED"], None),
    ("one type of time", ["BIGINT time", "DOUBLE time", "TIMESTAMP"], None),
    ("one WITHIN", ["WITHIN time", "WITHIN rows"], None),
    ("one window", ["SESSION", "TUMBLE"], None),
    ("one ORDER BY", ["more ORDER BY", "ORDER BY left out", "bounded sort", "no order"], None),
    ("an error (section 5)", ["UNMATCHED"], ["NO SKIP", "exclusion", "TIMEOUT"]),
    ("an error (section 6.5)", ["MATCH_NUMBER()"], ["NO SKIP"]),
    ("a deadline is a TIMESTAMP", ["timer, deadline"], ["BIGINT time", "DOUBLE time"]),
    ("needs a first ORDER BY column that is a time", ["bounded sort", "no order"], TIMED),
    ("merged by time (section 3)", ["bounded sort", "no order"], ["UNION", "pattern over pattern"]),
    ("a window is ordered by the event time (section 3)", ["bounded sort", "no order"], ["OVER"]),
    ("the input is not in that order, and STREAM() says the same in all rows", ["bounded sort", "no order"], ["STREAM()"]),
]


def impossible():
    found = {}
    for why, some, others in CANNOT:
        for a, b in combinations(some, 2) if others is None else ((a, b) for a in some for b in others):
            found[frozenset((a, b))] = why
    return found


# ---- what a case holds

def features(case, got):
    """The features of a case's last pattern, and of how its rows came."""
    if not got.plans:
        return set()
    made = got.plans[-1]
    q = made.query
    return of_pattern(made) | of_clauses(made, case) | of_conditions(q) | of_measures(q) | of_arrival(case, got) | of_sources(made, got)


def of_pattern(made):
    found = set()
    for n in nodes(made.pattern):
        if isinstance(n, Loop):
            found.add("greedy" if n.greedy else "reluctant")
            if (n.lo, n.hi) not in ((0, 1), (0, None), (1, None)):
                found.add("counted")
            if nullable(n.body):
                found.add("nullable body")
        elif isinstance(n, (Alt, Permute)):
            found.add("|" if isinstance(n, Alt) else "PERMUTE")
        elif isinstance(n, Seq) and not n.items:
            found.add("()")
        elif isinstance(n, Step) and n.excluded:
            found.add("exclusion")
        elif isinstance(n, Anchor):
            found.add(n.which)
        elif isinstance(n, Gap):
            found.add("->" if n.kind == "next" else "->>")
            if n.lo is not None or n.hi is not None:
                found.add("bounded gap")
        elif isinstance(n, Absence):
            found.add("!x" if len(n.labels) == 1 else "!(x | y)")
            if n.duration is not None:
                found.add("timer, deadline" if made.durations[n].type == "TIMESTAMP" else
                          "timer, constant" if n.duration[0] in ("number", "interval", "param") else "timer, computed")
    if Walker(made, True, lambda: None).crossed_at_start():
        found.add("absence at the start")
    last = made.pattern.items[-1] if isinstance(made.pattern, Seq) and made.pattern.items else made.pattern
    if isinstance(last, Absence) and last.duration is None:
        found.add("absence at the end")
    return found


def nullable(n):
    if isinstance(n, Step):
        return False
    if isinstance(n, Absence):
        return n.duration is None
    if isinstance(n, Alt):
        return any(map(nullable, n.items))
    if isinstance(n, (Seq, Permute)):
        return all(map(nullable, n.items))
    return n.lo == 0 or nullable(n.body) if isinstance(n, Loop) else True


def of_clauses(made, case):
    q = made.query
    found = {q.skip[0] if q.skip[0] not in ("FIRST", "LAST") else "TO label"}
    found.add("ONE ROW" if not q.all_rows else
              {"SHOW": "SHOW EMPTY", "OMIT": "OMIT EMPTY", "UNMATCHED": "UNMATCHED"}[q.empty])
    if q.within:
        found.add("WITHIN " + q.within[0])
    if q.window:
        found.add(q.window[0])
    kinds = [made.columns[i][1] for i in made.keys]
    for name, held in (("TIMEOUT", q.timeouts), ("SUBSET", q.subsets), ("several keys", len(kinds) > 1),
                       ("DOUBLE key", "DOUBLE" in kinds), ("outer SELECT", q.select is not None or q.where is not None),
                       ("parameters", made.parameters)):
        if held:
            found.add(name)
    return found


def calls(e, inside=()):
    """The calls in an expression, each with those around it: (name, arguments, distinct, names around)."""
    if not isinstance(e, (tuple, list)):
        return
    around = inside
    if isinstance(e, tuple) and e[:1] == ("call",):
        yield (*e[1:], inside)
        around = (*inside, e[1])
    for part in e:
        yield from calls(part, around)


AGGREGATES = {"COUNT", "SUM", "AVG", "MIN", "MAX", "STDDEV", "STDDEV_POP", "VARIANCE", "MIN_BY", "MAX_BY", "ANY_VALUE"}
LISTS = {"STRING_AGG", "ARRAY_AGG", "APPROX_PERCENTILE"}


def of_conditions(q):
    found = set()
    for label, e in q.defines.items():
        if reads_other(e, label):
            found.add("other rows")
        for name, args, distinct, around in calls(e):
            if name in ("PREV", "NEXT"):
                found.add(name)
                if any(inner in ("FIRST", "LAST") for inner, *_ in calls(args)):
                    found.add("nested")
                if name == "PREV" and any(inner == "CLASSIFIER" for inner, *_ in calls(args)):
                    found.add("PREV(CLASSIFIER())")
            elif name in ("FIRST", "LAST"):
                found.add("other rows")
            elif name == "MATCH_NUMBER":
                found.add("MATCH_NUMBER()")
            elif name in AGGREGATES or name in LISTS:
                found.add("aggregates")
                if name in LISTS:
                    found.add("lists")
                if distinct:
                    found.add("DISTINCT")
    return found


def reads_other(e, label):
    if isinstance(e, tuple) and e[:1] == ("column",):
        return e[1] not in (None, label)
    return isinstance(e, (tuple, list)) and any(reads_other(part, label) for part in e)


def of_measures(q):
    found = set()
    for e, _ in q.measures:
        for name, _, distinct, _ in calls(e):
            if name == "NEXT":
                found.add("NEXT measured")
            if name == "MATCH_ID":
                found.add("MATCH_ID()")
            if distinct:
                found.add("DISTINCT measured")
    return found


def of_arrival(case, got):
    made, found = got.plans[-1], set()
    if made.time is not None:
        found.add("TIMESTAMP" if made.order_type == "TIMESTAMP" else made.order_type + " time")
        if len(made.order) > 1:
            found.add("more ORDER BY")
        if not made.query.order:
            found.add("ORDER BY left out")
    else:
        found.add("bounded sort" if made.order else "no order")
    if any(r.watermark is not None for p in got.plans for r in p.source.readers):
        found.add("watermark")
    orders = [[event for event in feed_of(feed) if event[0] == "row"] for feed in case["feeds"]]
    if any(order != orders[0] for order in orders):
        found.add("other arrival")
    if any(head == "advance" for feed in case["feeds"] for head, _ in feed):
        found.add("advance")
    if got.late or got.arrivals is None:
        found.add("late rows")
    if got.bad:
        found.add("row without time")
    return found


def of_sources(made, got):
    found, parts = set(), made.query.parts
    if len(parts) > 1:
        found.add("UNION")
    if any(p.items for p in parts):
        found.add("inner SELECT")
    if any(p.join for p in parts):
        found.add("LEFT JOIN")
    if any(r.pattern for r in made.source.readers):
        found.add("pattern over pattern")
    q = made.query
    texts = [p.items for p in parts] + list(q.defines.values()) + q.measures
    if any(name == "STREAM" for name, *_ in calls(texts)):
        found.add("STREAM()")
    if has_over(texts):
        found.add("OVER")
    return found


def has_over(e):
    return isinstance(e, (tuple, list)) and (e[:1] == ("over",) or any(map(has_over, e)))


# ---- how often

class Coverage:
    """For each pair of features, and each with itself: cases that held both, and those of them with a result."""

    def __init__(self):
        n = len(FEATURES)
        self.held, self.useful = [0] * (n * n), [0] * (n * n)

    def add(self, found, useful):
        numbers = sorted(NUMBER[f] for f in found)
        for i, a in enumerate(numbers):
            for b in numbers[i:]:
                at = a * len(FEATURES) + b
                self.held[at] += 1
                self.useful[at] += useful

    def merge(self, other):
        self.held = [a + b for a, b in zip(self.held, other.held)]
        self.useful = [a + b for a, b in zip(self.useful, other.useful)]

    def saved(self):
        return [FEATURES, self.held, self.useful]

    @classmethod
    def loaded(cls, kept):
        found = cls()
        if kept[0] == FEATURES:
            found.held, found.useful = kept[1:]
        return found

    def of(self, a, b):
        a, b = sorted((NUMBER[a], NUMBER[b]))
        at = a * len(FEATURES) + b
        return self.held[at], self.useful[at]

    def never(self):
        """Pairs that can meet and had no case with a result."""
        cannot = impossible()
        return [(a, b) for a, b in combinations(FEATURES, 2) if frozenset((a, b)) not in cannot and not self.of(a, b)[1]]

    def summary(self):
        can = [pair for pair in combinations(FEATURES, 2) if frozenset(pair) not in impossible()]
        never = self.never()
        rarest = min(can, key=lambda pair: self.of(*pair)[1])
        text = f"{len(FEATURES)} features, {len(can)} pairs of them can meet; {len(never)} never met with a result; " \
               f"the rarest, {rarest[0]} and {rarest[1]}: {self.of(*rarest)[1]}"
        return text + "".join(f"\n  never: {a} and {b}" for a, b in never[:20])

    def write(self, file):
        """The matrix: above, cases with a result; below the diagonal, cases at all; the reason where there is none."""
        width = 8
        file.write("Cases that held both features: with a result above the diagonal, all below it, both on it.\n\n")
        file.write(" " * 26 + "".join(f"{n:>{width}}" for n in range(len(FEATURES))) + "\n")
        cannot = impossible()
        for i, a in enumerate(FEATURES):
            cells = []
            for j, b in enumerate(FEATURES):
                held, useful = self.of(a, b)
                cells.append("-" if frozenset((a, b)) in cannot else f"{useful}/{held}" if i == j and held < 1000 else
                             short(useful if j >= i else held))
            file.write(f"{i:>3} {a:<22}" + "".join(f"{c:>{width}}" for c in cells) + "\n")
        file.write("\nCannot meet (-):\n")
        for why, some, others in CANNOT:
            file.write(f"  {why}: {', '.join(some)}" + (f" with {', '.join(others)}" if others else "") + "\n")


def short(n):
    return str(n) if n < 100000 else f"{n // 1000}k"
