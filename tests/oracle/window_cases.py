"""Windows by chance: many aggregates over many frames, over rows with ties, NULLs and several keys.

The pattern takes every row, so that each value of each window comes out.
"""
import random
import re

from oracle.rows import Clock, Event
from oracle.spec import Part, Query, Spec, Stream
from oracle.syntax import Loop, Step
from oracle.values import TooBig

TYPES = {"k": "TEXT", "j": "BIGINT", "id": "BIGINT", "v": "BIGINT", "x": "DOUBLE", "t": "TEXT", "b": "BOOLEAN"}
INEXACT = re.compile("ARRAY_AGG|STDDEV|VARIANCE")
NUMBERS = ["v", "x", "v * 2", "x - v", "id"]
ANY = NUMBERS + ["t", "b", "ts", "UPPER(t)", "d"]


class Made:
    """One case: a stream, a SELECT with windows over it, and rows."""

    def __init__(self, seed):
        self.r = r = random.Random(seed)
        self.clock = Clock(r.choice(["BIGINT", "BIGINT", "TIMESTAMP", "DOUBLE"]), r.choice([1, 1, 5]))
        self.types = {**TYPES, "ts": self.clock.type, "d": {"TIMESTAMP": "INTERVAL"}.get(self.clock.type, self.clock.type)}

    def spec(self):
        r = self.r
        delay = None if r.random() < 0.5 else r.choice([0, 2, 5]) if self.clock.type != "DOUBLE" else 0
        items = ["ts", "id", "k"] + [f"{self.item()} AS w{n}" for n in range(r.choice([1, 2, 3, 5]))]
        part = Part("s", items, where=r.choice(["", "", "", "v > 0", "t <> 'b'"]))
        more = ["ts", "ts", "ts, id DESC"] + ["ts, w0"] * (not INEXACT.search(items[3]))      # of arrays no order is agreed
        query = Query("m", [part], Loop(Step("A"), 0), mode="ALL ROWS PER MATCH", order=r.choice(more),
                      partition=r.choice([[], [], ["k"]]))
        clause = None if delay is None else f"WATERMARK FOR ts AS ts - {self.length(delay)}" if delay else "WATERMARK FOR ts AS ts"
        columns = ["ts", *TYPES, "d"]
        events = self.events()
        order = [e.id for e in sorted(events, key=lambda e: e.row["ts"] + (r.uniform(0, delay) if delay else 0))]
        feeds = [[["s", order]], [["s", [i]] for i in order]]
        return Spec([Stream("s", [(c, self.types[c], c) for c in columns], clause)], [query], events, feeds, self.clock)

    def length(self, n):
        n *= self.clock.unit
        return {"BIGINT": f"{n}", "DOUBLE": f"{n * 0.5}", "TIMESTAMP": f"{n} SECONDS"}[self.clock.type]

    def item(self):
        r, over = self.r, self.over()
        whole = r.choice(["v", "id"])
        return r.choice([
            f"{self.call()} OVER {over}", f"{self.call()} OVER {self.over()}", f"{self.call()} OVER {self.over()}",
            f"x > AVG(x) OVER {over} + 1.9 * STDDEV_POP(x) OVER {over}",
            f"{whole} - MIN({whole}) OVER {over}",
            f"CASE WHEN COUNT(*) OVER {over} > 2 THEN MAX(t) OVER {over} ELSE t END",
            f"COALESCE(SUM(v) OVER {over}, 0) + COUNT({r.choice(ANY)}) OVER {self.over()}"])

    def call(self):
        r = self.r
        any_, number = r.choice(ANY), r.choice(NUMBERS)
        length = "d" if self.clock.type == "TIMESTAMP" else "x"
        return r.choice([
            "COUNT(*)", f"COUNT({any_})", f"COUNT(DISTINCT {any_})", f"SUM({number})", f"SUM(DISTINCT {number})",
            f"AVG({number})", f"AVG(DISTINCT {number})", f"SUM({length})", f"AVG({length})", f"MIN({any_})", f"MAX({any_})",
            f"STDDEV({number})", f"STDDEV_SAMP({number})", f"STDDEV_POP({number})", f"VARIANCE({number})",
            f"MIN_BY({any_}, {r.choice(ANY)})", f"MAX_BY({any_}, {r.choice(ANY)})", f"ANY_VALUE({any_})",
            f"STRING_AGG({r.choice(['t', 'k'])}, '-')", f"STRING_AGG(DISTINCT t, '')", f"ARRAY_AGG({r.choice(['v', 't', 'id'])})",
            f"ARRAY_AGG(DISTINCT {r.choice(['v', 't'])})",
            f"APPROX_PERCENTILE({r.choice(['v', 'x', 'id', 'ts'])}, {r.choice([0.5, 0.9, 0, 1])})"])

    def over(self):
        r = self.r
        key = r.choice(["", "", "PARTITION BY k ", "PARTITION BY k ", "PARTITION BY k, j ", "PARTITION BY j % 2 ", "PARTITION BY x "])
        ranged = r.random() < 0.5
        far, near = sorted((r.choice([0, 1, 2, 3, 5, 9, 30]), r.choice([0, 0, 1, 2])), reverse=True)
        begin, end = ((self.length(n) if ranged else str(n)) + " PRECEDING" for n in (far, near))
        begin = r.choice([begin] * 4 + ["UNBOUNDED PRECEDING", "CURRENT ROW"])
        if begin == "CURRENT ROW" or r.random() < 0.6:
            end = "CURRENT ROW"
        frame = r.choice([f"BETWEEN {begin} AND {end}"] * 2 + [begin])
        word = "RANGE" if ranged else "ROWS"
        return f"({key}ORDER BY ts{'' if r.random() < 0.08 else f' {word} {frame}'})"

    def events(self):
        r, t, found = self.r, 0, []
        steps = r.choice([[0, 1], [0, 0, 1, 2], [1], [0, 1, 6], [0]])
        keys = r.choice([["a"], ["a", "b"], ["a", "b", "", None]])
        values = r.choice([[0, 1, 2, 3], [-5, 7, 7, 0], [2**62, -2**62, 3]])

        def sometimes(v, chance=0.2):
            return None if r.random() < chance else v
        for n in range(1, r.choice([3, 8, 20, 40]) + 1):
            t += r.choice(steps)
            found.append(Event(n, "s", {
                "ts": t, "k": r.choice(keys), "j": sometimes(r.choice([0, 1, -1])), "id": n, "v": sometimes(r.choice(values)),
                "x": sometimes(r.choice([0.1, 0.2, 0.7, 1e9, -0.5, 0.1, 3.0])), "t": sometimes(r.choice(["a", "b", "", "ab", "é"])),
                "b": sometimes(r.random() < 0.5), "d": sometimes(r.choice([0, 1, 2, -3]))}))
        return found


def specs(seed):
    """(Spec, case) without end."""
    n = 0
    while True:
        n += 1
        spec = Made(f"windows {seed}/{n}").spec()
        try:
            made = spec.case(f"windows-{seed}-{n}", steps=50_000)
        except TooBig:
            continue
        if made:
            yield spec, made[0]
