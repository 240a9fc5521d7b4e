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
EVERY = [("ONE ROW PER MATCH", "AFTER MATCH NO SKIP", within) for within in (None, "2", "3 ROWS")]
MEASURES = [("ARRAY_AGG(id)", "ids"), ("PATH()", "path"), ("MATCH_ROWTIME()", "at"), ("MATCH_STATUS()", "status")]
REGISTERS = [("FIRST(id)", "first_id"), ("A.id", "a_id"), ("LAST(B.id, 1)", "b_id"), ("SUM(id)", "total"), ("COUNT(A.*)", "n"),
             ("MATCH_ROWTIME()", "at")]


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


def joined(n):
    """Of n labels, with gaps between and in loops around them: what has many matches."""
    plain = list(trees(1) if n == 1 else pairs(n))
    yield from plain
    for body in plain:
        for gap, (lo, hi, greedy) in product(GAPS[:2], [(0, 1, False), (1, None, True), (1, 2, True)]):
            yield lambda body=body, gap=gap, lo=lo, hi=hi, greedy=greedy: Loop(Seq([body(), gap()]), lo, hi, greedy)


def pairs(n):
    for left in range(1, n):
        for a, b in product(list(joined(left)), list(joined(n - left))):
            yield lambda a=a, b=b: Alt([a(), b()])
            yield lambda a=a, b=b: Seq([a(), b()])
            for gap in GAPS[:2]:
                yield lambda a=a, b=b, gap=gap: Seq([a(), gap(), b()])


COLUMNS = [("k", "TEXT"), ("ts", "BIGINT"), ("id", "BIGINT"), ("type", "TEXT")]


def streams(m):
    for length in range(1, m + 1):
        for types in product("abx", repeat=length):
            yield [{"k": "A", "ts": t, "id": t + 1, "type": kind} for t, kind in enumerate(types)]


def value(row, column):
    return row[column]


def choices(n, m, choose, fraction, every):
    """Trees, modes, measures and streams. every: patterns with many matches, each with one mode and one stream."""
    if every:
        every_stream = list(streams(m))
        for size in range(1, n + 1):
            for make in joined(size):
                if choose.random() < fraction:
                    yield size, make, choose.choice(EVERY), REGISTERS, choose.choice(every_stream)
        return
    for size in range(1, n + 1):
        for make in trees(size):
            for mode in MODES:
                for rows in streams(m):
                    if choose.random() < fraction:
                        yield size, make, mode, MEASURES if "TIMEOUT" in mode[0] else MEASURES[:3], rows


def specs(n, m, fraction=1.0, seed="1", every=False):
    """(Spec, case) of every pattern, mode and stream, or of a random fraction of them. every: those with every match, without
    the rows of each."""
    choose = random.Random(f"exhaustive {seed}")
    for size, make, (mode, skip, within), measures, rows in choices(n, m, choose, fraction, every):
        query = Query("m", [Part("s")], make(), {"A": ["type = 'a'"], "B": ["type = 'b'"]}, mode=mode, skip=skip, within=within,
                      measures=list(measures))
        stream = Stream("s", [(name, kind, name) for name, kind in COLUMNS])
        spec = Spec([stream], [query], [Event(row["id"], "s", row) for row in rows],
                    [[["s", [row["id"] for row in rows]]], [["s", [row["id"]]] for row in rows]], value)
        try:
            made = spec.case(f"small-{size}")
        except TooBig:
            continue
        if made:
            yield spec, made[0]
