"""Random cases with the answer of the reference.

    python3 -m oracle.generate --seed 1 --count 100 > cases.jsonl

All choices are in the table of weights.py. Each pattern has a seed of its own, so that any of them can be made alone.
"""
import argparse
import json
import os
import re
import sys
from copy import copy

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from oracle import patterns, templates
from oracle.checks import needs_end
from oracle.conditions import Conditions
from oracle.rows import EDGE, Arrivals, Event, Rows, Times
from oracle.spec import Part, Query, Spec, Stream
from oracle.syntax import Absence, Step, nodes
from oracle.values import TooBig
from oracle.weights import WEIGHTS, Chooser, changed

MORE_ORDER = ["ts, v", "ts, v DESC", "ts, id DESC", "ts, type DESC, id", "ts, k DESC, v", "ts, v, type DESC"]
BOUNDED_ORDER = ["type, id", "v DESC", "ts DESC", "type DESC, v", "ts DESC, v DESC", "type"]
TABLES = {"g": ([("name", "TEXT"), ("w", "BIGINT")], ["name"]), "h": ([("n", "BIGINT"), ("w", "BIGINT")], ["n"]),
          "f": ([("n", "BIGINT"), ("name", "TEXT"), ("w", "BIGINT")], ["name", "n"])}
OWN_NAMES = {"k": "key", "j": "part", "ts": "at", "id": "no", "type": "kind", "v": "val", "x": "amount", "d": "lasts", "due": "until"}
CONSTANT = re.compile(r"[\d.]+|\d+ ?(s|MS|SECONDS|MILLISECONDS)|INTERVAL '\d+' SECOND")
PARAMETER = re.compile(r"[\d.]+|\d+ (MILLI)?SECONDS")
NUMBER = re.compile(r"(?<![\w.':])\d+(?![\w.']| [A-Za-z]*(SECOND|MINUTE|DAY))")


class Generator:
    def __init__(self, seed, weights=WEIGHTS):
        self.r = Chooser(str(seed), weights)

    # ---- the parts of a case

    def spec(self):
        r = self.r
        self.times, self.parameters, self.tables = Times(r), {}, {}
        self.key_type, self.overlap = r.pick("key"), r.yes("rows that fit several labels")
        self.kind = r.pick("source")
        self.order = r.pick("order")
        if self.kind not in ("stream", "select") and self.order in ("bounded", "none"):
            self.order = "time"
        self.has_time = self.order not in ("bounded", "none")
        self.columns = ["k", "j", "ts", "id", "type", "v"] + ["x"] * r.yes("column x") + ["d", "due"] * r.yes("columns of durations and deadlines")
        tree, labels = self.tree()
        self.labels = max(["ABCD".index(x) for x in labels if x in "ABCD"] + [1]) + 1
        streams, parts, columns = self.sources()
        queries = []
        if self.kind in ("pattern", "pattern and stream"):
            queries.append(self.inner_query(parts))
            read = self.part("p", self.inner_columns, {}, self.inner_time)
            parts = [read] + parts * (self.kind == "pattern and stream")
            more = [] if read.items is None else [i.split()[-1] for i in read.items]
            columns = (self.inner_columns if self.kind == "pattern" else columns) + [c for c in ("w", "m", "src") if c in more]
        query = Query("m", parts, tree)
        query.several = self.kind not in ("stream", "select")
        query.order = self.order_text(columns)
        self.clauses(query, labels, columns)
        spec = Spec(streams, queries + [query], [], [], self.times.clock)
        self.put_parameters(spec)
        spec.parameters, spec.tables = self.parameters, self.tables
        return spec

    def arrive(self, spec):
        """Rows, which become events of the streams; three feeds bring them."""
        r = self.r
        tumbles = any("TUMBLE" in key for q in spec.queries for key in q.partition)     # a piece may not end after all time
        rows = Rows(r, self.labels, self.overlap, self.times.clock, not tumbles).made(spec.queries[0].pattern, self.key_type)
        names = [s.name for s in spec.streams]
        if not self.has_time:
            r.shuffle(rows)
        spec.events = [Event(row["id"], r.choice(names), row) for row in rows]
        if self.has_time and r.yes("row without a time"):
            r.choice(spec.events).row["ts"] = None
        come = Arrivals(r, spec.events, self.delays, self.times.clock)
        spec.late_policy = None
        order, again = self.orders(spec, come)
        if self.tables:
            load = self.loads()
            again = load + again if again is not order else again
            order[:0] = load
            # What a pattern finds is joined when it is found: the reference knows that only of rows that come in.
            joins_found = any(part.stream == "p" and part.join for query in spec.queries for part in query.parts)
            if again is order and not joins_found and r.yes("tables loaded again"):
                order.insert(r.randint(1, len(order)), r.choice(self.loads()))
        cut = r.pick("cut after a row")
        spec.feeds = [come.blocks(order), come.blocks(order, cut), come.blocks(again, cut)]

    def tree(self):
        """A pattern and the labels in it."""
        r, tree = self.r, None
        duration = self.duration if self.has_time else None
        while tree is None:
            if r.yes("a known shape"):
                tree = templates.tree(r, duration)
            else:
                labels = ["A", "B", "C", "D"][:r.pick("labels")]
                tree = patterns.sound(patterns.Trees(r, labels, duration, self.timers()).tree())
        labels = sorted({n.label for n in nodes(tree) if isinstance(n, Step)})
        for n in patterns.at_start(tree)[0]:             # there a duration is a constant
            if n.duration and not CONSTANT.fullmatch(n.duration):
                n.duration = duration(r.choice([1, 2, 3]))
        for n in nodes(tree):
            if isinstance(n, Absence) and n.duration is not None:
                n.duration = n.duration.replace("{L}", r.choice(labels or ["A"]))
        return tree, sorted(set(labels) | {x for n in nodes(tree) if isinstance(n, Absence) for x in n.labels})

    def timers(self):
        """Computed durations; {L} becomes a label of the pattern."""
        if self.times.type != "TIMESTAMP":
            more = ["{L}.d"] if "d" in self.columns else []
            return {"expression": ["{L}.v", "FIRST({L}.v)", "{L}.v * 2", "LAST(v)", "COUNT({L}.*) + 1"] + more}
        found = {"expression": ["{L}.v * 1 SECONDS", "LAST(v) * 2 SECONDS"], "deadline": ["{L}.ts + 3 SECONDS", "LAST(ts) + 2 SECONDS"]}
        if "d" in self.columns:
            found["expression"] += ["{L}.d", "LAST(d) + 1 SECONDS"]
            found["deadline"] += ["{L}.due", "FIRST({L}.due)", "LAST(due)"]
        return found

    def duration(self, n, short=True):
        return self.times.duration(n, short)

    # ---- FROM

    def watermark(self, column, force=False):
        """The clause, and the delay in time units; None, None without one."""
        r = self.r
        if not self.has_time or not (force or r.yes("watermark")):
            return None, None
        delay = r.pick("watermark delay")
        if delay == "none":
            return f"WATERMARK FOR {column} AS {column}", 0
        return f"WATERMARK FOR {column} AS {column} - {self.times.duration(delay, short=False)}", delay

    def type_of(self, column):
        return {"k": self.key_type, "j": "BIGINT", "ts": self.times.type, "id": "BIGINT", "type": "TEXT", "v": "BIGINT",
                "x": "DOUBLE", "d": self.times.duration_type, "due": self.times.type}[column]

    def sources(self):
        """Streams, the parts that read them, and the columns that these give."""
        r, streams, parts = self.r, [], []
        count = {"two": 2, "three": 3, "one twice": 1}[r.pick("streams of a union")] if self.kind == "union" else 1
        self.delays = {}
        for name in "stu"[:count]:
            own = OWN_NAMES if self.kind in ("union", "select") and r.yes("part with its own names") else {}
            columns = list(self.columns)
            if self.kind == "union" and r.yes("part lacks a column"):
                columns.remove(r.choice([c for c in columns if c in ("v", "x", "j", "d", "due")]))
            clause, self.delays[name] = self.watermark(own.get("ts", "ts"), self.order == "omitted")
            streams.append(Stream(name, [(own.get(c, c), self.type_of(c), c) for c in columns], clause))
            parts.append(self.part(name, columns, own))
        if self.kind == "union" and count == 1:
            parts.append(self.part("s", columns, own))
        given = {name for part in parts for name in (self.columns if part.items is None else [i.split()[-1] for i in part.items])}
        return streams, parts, [c for c in self.columns + ["w", "m", "src"] if c in given]

    def part(self, stream, columns, own, time="ts"):
        """time: the column that orders it, None where it has no name."""
        r = self.r
        if self.kind == "stream" or self.kind == "union" and not own and r.random() < 0.4 or \
                self.kind in ("pattern", "pattern and stream") and not r.yes("SELECT beside a pattern"):
            return Part(stream)
        name = {c: own.get(c, c) for c in columns}
        items = {c: f"{name[c]} AS {c}" if c in own else c for c in columns}
        v, made = name.get("v", "0"), Part(stream, [])
        if r.yes("inner expression"):
            items["v"] = r.choice([f"{v} * 2 AS v", f"COALESCE({v}, 0) AS v", f"{v} + 1 AS v", f"ABS({v} - 2) AS v",
                                   f"CASE WHEN {name['type']} = 'a' THEN {v} ELSE 0 END AS v"])
        if r.yes("STREAM() as a column"):
            items["src"] = "STREAM() AS src"
        if r.yes("LEFT JOIN"):
            items["w"] = self.joined(made, name, v)
        if self.has_time and time and r.yes("window aggregate"):
            items["m"] = self.over(name, v, name[time])
        if r.yes("inner WHERE"):
            made.where = r.choice([f"{v} > 0", f"{name['type']} <> 'x'", f"{v} IS NOT NULL", f"{name['id']} % 3 <> 0",
                                   f"{name['type']} IN ('a', 'b', 'ab')", f"{v} < 3 OR {name['type']} = 'a'"])
        made.items = list(items.values())
        return made

    def joined(self, part, name, v):
        """LEFT JOIN to a table of types, of numbers, or of both; the item that reads it."""
        r = self.r
        table = r.choice(["g", "h", "f"]) if v != "0" else "g"
        self.tables[table] = TABLES[table]
        on = {"name": f"{table}.name = {name['type']}", "n": f"{v} = {table}.n"}
        part.join = f" LEFT JOIN {table} ON " + " AND ".join(on[column] for column in TABLES[table][1])
        return r.choice(["w", f"{table}.w AS w", "COALESCE(w, 9) AS w", f"{table}.w + 1 AS w"])

    def loads(self):
        """A content for each table."""
        r, found = self.r, []
        for name, (columns, _) in self.tables.items():
            rows = {}
            for _ in range(r.randint(0, 6)):
                key = [r.choice(["a", "b", "c", "x", "ab"]) if column == "name" else r.choice([0, 1, 2, 3, 6])
                       for column, _ in columns[:-1]]
                rows[tuple(key)] = key + [r.choice([1, 2, 3, None])]
            found.append((name, list(rows.values())))
        return found

    def over(self, name, v, time):
        r = self.r
        word = r.pick("window")
        begin, end = ((self.duration(n, short=False) if word == "RANGE" else str(n)) + " PRECEDING"
                      for n in r.choice([(0, 0), (1, 0), (2, 1), (3, 1), (5, 2)]))
        frame = r.choice([f"{word} {begin}"] * 4 + [f"{word} BETWEEN {begin} AND {end}", f"{word} UNBOUNDED PRECEDING", ""])
        key = f"PARTITION BY {name['k']} " if r.random() < 0.7 else ""
        call = r.choice([f"AVG({v})", f"SUM({v})", f"MAX({v})", f"MIN({v})", "COUNT(*)", f"COUNT({v})", f"STDDEV_POP({v})"])
        return f"{call} OVER ({key}ORDER BY {time} {frame}) AS m"

    def inner_query(self, parts):
        """A pattern whose output the main one reads. It gives the columns that conditions and measures want."""
        r = self.r
        q = Query("p", parts, self.tree()[0])
        self.modes(q)
        q.partition = ["k"]
        timeouts = " SHOW TIMEOUT MATCHES" if q.mode.endswith("TIMEOUT MATCHES") else ""
        all_rows = r.pick("inner pattern") == "ALL ROWS" and self.kind == "pattern"
        if all_rows:
            q.mode = q.mode if q.mode.startswith("ALL") else "ALL ROWS PER MATCH" + timeouts
            q.measures = [("MATCH_ROWTIME()", "done"), ("CLASSIFIER()", "label")]
            self.inner_columns = self.columns + ["done"]
        else:
            q.mode = "ONE ROW PER MATCH" + timeouts
            q.measures = [("LAST(id)", "id"), ("LAST(type)", "type"), (r.choice(["SUM(v)", "LAST(v)", "COUNT(*)"]), "v"),
                          ("MATCH_ROWTIME()", "ts")]
            self.inner_columns = ["k", "id", "type", "v", "ts"]
        q.order = "" if self.order == "omitted" else "ts"
        self.inner_time = None if "UNMATCHED" in q.mode else "done" if all_rows else "ts"
        q.within = self.within(q.pattern)
        conditions = Conditions(r, q, self.columns, self.times, self.overlap)
        q.defines = {label: [conditions.base(label)] for label in conditions.used}
        return q

    def order_text(self, columns):
        r = self.r
        time = "ts"
        if self.kind == "pattern":
            time = self.inner_time
            if time is None or r.pick("inner pattern's time") == "omitted":
                return ""
        if self.order == "omitted":
            return "" if self.kind not in ("pattern", "pattern and stream") else time
        if self.order == "time and more":
            more = MORE_ORDER + ["ts, x DESC", "ts, x, v"] * ("x" in columns)
            return r.choice(more).replace("ts", time)
        if self.order == "bounded":
            return r.choice(BOUNDED_ORDER)
        return "" if self.order == "none" else time

    # ---- the clauses

    def clauses(self, q, labels, columns):
        r = self.r
        q.partition = {"none": [], "k": ["k"], "k and j": ["k", "j"], "j": ["j"]}[r.pick("partition")]
        q.partition = [k for k in q.partition if k in columns]
        window = r.pick("window of a partition")
        if self.has_time and window != "none":
            q.partition.insert(r.randint(0, len(q.partition)), f"{window}({self.duration(r.choice([1, 2, 3, 4, 8]), short=False)})")
        q.within = self.within(q.pattern, self.has_time and window != "none")
        if r.yes("subset"):
            q.subsets = {"U": r.sample(labels, min(r.choice([1, 2, 3]), len(labels)))}
        self.modes(q)
        conditions = Conditions(r, q, columns, self.times if self.has_time and "ts" in columns else None, self.overlap)
        conditions.has_time = self.has_time
        q.defines = conditions.defines()
        q.inline = {label for label in labels if r.yes("inline")}
        q.measures = conditions.measures()
        if q.measures and r.yes("outer SELECT"):
            conditions.outside()

    def within(self, tree, windowed=False):
        r = self.r
        kind = r.pick("within")
        if needs_end(tree) and (not windowed or r.random() < 0.5):
            kind = "time"
        if kind == "rows" or kind == "time" and not self.has_time:
            return f"{r.choice([1, 2, 3, 4, 6])} ROWS"
        return self.duration(r.choice([0, 1, 2, 4, 6, 10, 15])) if kind == "time" else None

    def modes(self, q):
        r = self.r
        excluded = any(isinstance(n, patterns.Excluded) for n in nodes(q.pattern))
        skip = r.pick("skip")
        if skip == "TO label":
            mapped = [n.label for n in nodes(q.pattern) if isinstance(n, Step)] or ["A"]
            target = r.choice((mapped[1:] or mapped) + list(q.subsets))
            q.skip = f"AFTER MATCH SKIP TO {r.choice(['FIRST ', 'LAST ', ''])}{target}"
            q.options = "WITH (skip_miss = 'next row') " if r.yes("skip_miss") else ""
        elif skip == "NO SKIP":
            q.skip = "AFTER MATCH NO SKIP"
        elif skip == "TO NEXT ROW" or r.random() < 0.5:
            q.skip = f"AFTER MATCH SKIP {skip}"
        if r.pick("output") == "ONE ROW":
            q.mode = r.choice(["", "ONE ROW PER MATCH"])
        else:
            empty = r.pick("empty matches")
            q.mode = "ALL ROWS PER MATCH" + {"SHOW": r.choice(["", " SHOW EMPTY MATCHES"]), "OMIT": " OMIT EMPTY MATCHES",
                                             "UNMATCHED": " WITH UNMATCHED ROWS" if skip != "NO SKIP" and not excluded else ""}[empty]
        if "UNMATCHED" not in q.mode and r.yes("SHOW TIMEOUT MATCHES"):
            q.mode = (q.mode or "ONE ROW PER MATCH") + " SHOW TIMEOUT MATCHES"

    # ---- parameters

    def put_parameters(self, spec):
        """Numbers and durations that a parameter says."""
        r, q = self.r, spec.main
        if not r.yes("parameters"):
            return

        def named(kind, value):
            name = f"p{len(self.parameters) + 1}"
            self.parameters[name] = (kind, value)
            return ":" + name

        if self.has_time:
            for n in nodes(q.pattern):
                if isinstance(n, Absence) and n.duration and PARAMETER.fullmatch(n.duration):
                    n.duration = named(self.times.duration_type, n.duration)
            if q.within and PARAMETER.fullmatch(q.within) and r.random() < 0.5:
                q.within = named(self.times.duration_type, q.within)
        for conjuncts in q.defines.values():
            for i, c in enumerate(conjuncts):
                if i and NUMBER.search(c):
                    conjuncts[i] = NUMBER.sub(lambda m: named("BIGINT", m.group()), c, count=1)

    # ---- arrival

    def orders(self, spec, come):
        """Two orders of arrival that bring the same."""
        r = self.r
        bounded = [name for name, delay in self.delays.items() if delay is not None]
        advances = self.has_time
        if self.has_time and not bounded and r.yes("late rows without a watermark"):
            order = come.in_time()
            order.insert(r.randint(0, len(order)), order.pop(r.randrange(len(order))))
            spec.late_policy = r.choice(["drop", "drop", None, "fail"])
            return order, order
        if advances and self.kind != "pattern and stream" and r.yes("advance that makes rows late"):
            order = come.in_time()
            like = r.choice(order)
            if like.t is not None:
                order.insert(r.randint(0, len(order)), ("advance", min(self.times.clock.number(like.t + r.choice([0, 1, 3])), EDGE)))
                spec.late_policy = r.choice(["drop", "drop", None])
            return order, order
        if bounded and self.kind != "pattern and stream" and r.yes("late rows"):
            come.late()
            policy = r.pick("late policy")
            spec.late_policy = None if policy == "default" else policy
        order = come.in_time()
        again = come.jittered() if bounded or len(spec.streams) > 1 else order
        return order, come.advanced(again) if advances and r.yes("advance") else again

    def next(self, *names):
        """(Spec, case, answer) for each name: of one pattern file, as far as its answers are worth comparing."""
        found = []
        while True:
            spec = self.spec()
            made = spec.prepared()
            for _ in range(0 if made.error else 2 * len(names)):
                spec = copy(spec)
                self.arrive(spec)
                try:
                    case, got = spec.case(names[len(found)], made=made)
                except TooBig:
                    break
                # Cases without output, or with a run-time error, are worth something, but not half of all.
                if any(rows for _, _, rows in case.get("outputs", [])[-1:]) or \
                        self.r.random() < (0.1 if "error" in case else 0.05):
                    found.append((spec, case, got))
                    if len(found) == len(names):
                        return found


def cases(seed, first, count, weights=WEIGHTS):
    """Two cases of each pattern file; each two have a seed of their own, so that they can be made alone."""
    for n in range(first, first + count, 2):
        yield from Generator(f"{seed}/{n}", weights).next(f"{seed}-{n}", f"{seed}-{n + 1}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--set", action="append", default=[], help="a weight, such as 'item=PERMUTE:50' or 'inline=0'")
    options = parser.parse_args()
    for _, case, _ in cases(options.seed, 0, options.count, changed(options.set)):
        print(json.dumps(case))


if __name__ == "__main__":
    main()
