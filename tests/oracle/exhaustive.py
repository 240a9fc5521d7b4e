"""All small patterns on all small streams.

Patterns are the trees of up to n nodes over the labels A and B, streams the sequences of up to m rows of the
types a, b and x, one time unit apart. Iterators, so that any part can be sampled.
"""
import random
from itertools import product

from oracle.rows import Event
from oracle.spec import Part, Query, Spec, Stream
from oracle.syntax import Absence, Alt, Anchor, Gap, Loop, Permute, Seq, Step
from oracle.values import TooBig

QUANTIFIERS = [(0, 1), (0, None), (1, None), (2, 2), (1, 2)]
MODES = [("", "AFTER MATCH NO SKIP", None), ("", "AFTER MATCH SKIP PAST LAST ROW", None),
         ("", "AFTER MATCH SKIP TO NEXT ROW", "2"),
         ("ONE ROW PER MATCH SHOW TIMEOUT MATCHES", "AFTER MATCH NO SKIP", "2"),
         ("ONE ROW PER MATCH SHOW TIMEOUT MATCHES", "AFTER MATCH SKIP PAST LAST ROW", "1"),
         ("ALL ROWS PER MATCH WITH UNMATCHED ROWS", "AFTER MATCH SKIP PAST LAST ROW", "2 ROWS")]
MEASURES = [("ARRAY_AGG(id)", "ids"), ("PATH()", "path"), ("MATCH_ROWTIME()", "at"), ("MATCH_STATUS()", "status")]


def trees(n):
    """Trees of exactly n nodes; the connectors count, brackets do not."""
    if n == 1:
        yield from (lambda: Step("A"), lambda: Step("B"))
        return
    for body in trees(n - 1):
        for lo, hi in QUANTIFIERS:
            for greedy in (True, False):
                if greedy or lo != hi:
                    yield lambda body=body, lo=lo, hi=hi, greedy=greedy: Loop(body(), lo, hi, greedy)
        for gap in GAPS:                        # a gap at an end of the body, for loops around it
            yield lambda body=body, gap=gap: Seq([body(), gap()])
            yield lambda body=body, gap=gap: Seq([gap(), body()])
        for other in CROSSED:
            yield lambda body=body, other=other: Seq([body(), other()])
            yield lambda body=body, other=other: Seq([other(), body()])
    for left in range(1, n):
        for a, b in product(list(trees(left)), list(trees(n - left))):
            yield lambda a=a, b=b: Seq([a(), b()])
    for left in range(1, n - 1):
        for a, b in product(list(trees(left)), list(trees(n - 1 - left))):
            yield lambda a=a, b=b: Alt([a(), b()])
            yield lambda a=a, b=b: Permute([a(), b()])


GAPS = [lambda: Gap("next"), lambda: Gap("any"), lambda: Gap("next", None, "1"), lambda: Gap("any", "2", None)]
CROSSED = [lambda: Absence(("A",)), lambda: Absence(("B",)), lambda: Absence(("B",), "1"), lambda: Absence(("A",), "2"),
           lambda: Anchor("$"), lambda: Anchor("^")]


COLUMNS = [("k", "TEXT"), ("ts", "BIGINT"), ("id", "BIGINT"), ("type", "TEXT")]


def streams(m):
    for length in range(1, m + 1):
        for types in product("abx", repeat=length):
            yield [{"k": "A", "ts": t, "id": t + 1, "type": kind} for t, kind in enumerate(types)]


def value(row, column):
    return row[column]


def specs(n, m, fraction=1.0, seed="1"):
    """(Spec, case) of every pattern, mode and stream, or of a random fraction of them."""
    choose = random.Random(f"exhaustive {seed}")
    for size in range(1, n + 1):
        for make in trees(size):
            for mode, skip, within in MODES:
                for rows in streams(m):
                    if choose.random() >= fraction:
                        continue
                    measures = MEASURES if "TIMEOUT" in mode else MEASURES[:3]
                    query = Query("m", [Part("s")], make(), {"A": ["type = 'a'"], "B": ["type = 'b'"]}, mode=mode, skip=skip,
                                  within=within, measures=list(measures))
                    stream = Stream("s", [(name, kind, name) for name, kind in COLUMNS])
                    spec = Spec([stream], [query], [Event(row["id"], "s", row) for row in rows],
                                [[["s", [row["id"] for row in rows]]], [["s", [row["id"]]] for row in rows]], value)
                    try:
                        made = spec.case(f"small-{size}")
                    except TooBig:
                        continue
                    if made:
                        yield spec, made[0]
