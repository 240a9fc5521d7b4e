"""Random cases in conformance format, with the answer of the reference.

    python3 -m oracle.generate --profile core --seed 1 --count 100 > cases.jsonl

Profile core is the language without PERMUTE, exclusion, NEXT, windows and timers with expressions; full is all.
A case is made of a Spec, whose parts the shrinker can take away one by one.
"""
import argparse
import json
import os
import random
import sys
from dataclasses import dataclass, field

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from oracle import patterns, templates
from oracle.conditions import Conditions
from oracle.reference import answer
from oracle.syntax import Absence, Step, nodes
from oracle.values import TooBig

LETTERS = "abcd"
TYPES = ["a", "b", "c", "d", "x", "ab", "ac", "bc", "ad", "bd", "cd"]
STEPS = 40_000                  # cases that cost the reference more are thrown away


@dataclass
class Spec:
    stream: list
    rows: list
    pattern: object
    defines: dict                        # label: [conjuncts]
    inline: set = field(default_factory=set)
    subsets: dict = field(default_factory=dict)
    partition: list = field(default_factory=list)
    order: str = "ts"
    measures: list = field(default_factory=list)         # [(expression, name)]
    mode: str = ""
    skip: str = ""
    within: str = None
    select: str = "*"
    where: str = None

    def query(self):
        used = {n.label for n in nodes(self.pattern) if isinstance(n, Step)}
        used |= {x for n in nodes(self.pattern) if isinstance(n, Absence) for x in n.labels}
        defines = {label: " AND ".join(c) for label, c in self.defines.items() if label in used and c}
        inline = {label: defines.pop(label) for label in sorted(self.inline) if label in defines}
        parts = []
        if self.partition:
            parts.append("PARTITION BY " + ", ".join(self.partition))
        parts.append("ORDER BY " + self.order)
        if self.measures:
            parts.append("MEASURES " + ", ".join(f"{e} AS {name}" for e, name in self.measures))
        parts += [part for part in (self.mode, self.skip) if part]
        body = patterns.text(self.pattern, inline)
        parts.append(f"PATTERN ({body})" + (f" WITHIN {self.within}" if self.within else ""))
        if self.subsets:
            parts.append("SUBSET " + ", ".join(f"{u} = ({', '.join(ls)})" for u, ls in self.subsets.items()))
        if defines:
            parts.append("DEFINE " + ", ".join(f"{label} AS {c}" for label, c in defines.items()))
        where = f" WHERE {self.where}" if self.where else ""
        return f"SELECT {self.select} FROM s MATCH_RECOGNIZE ({' '.join(parts)}){where}"

    def case(self, name=None, steps=STEPS):
        """The case with its answer; None where the query does not compile. Raises TooBig."""
        case = {"id": name or "case", "from": "oracle", "stream": self.stream, "rows": self.rows, "query": self.query()}
        got = answer(case, steps, careful=True)
        if got.error == "compile":
            return None
        if got.error:
            case["error"] = got.error
        else:
            case["columns"], case["expected"] = got.columns, got.rows
        return case


class Generator:
    def __init__(self, seed, profile="core"):
        self.r = random.Random(f"{profile} {seed}")
        self.full = profile == "full"

    # ---- rows

    def shape(self):
        r = self.r
        self.is_timestamp = r.random() < 0.2
        self.has_x = r.random() < 0.15
        self.n_labels = r.choice([2, 2, 3, 3, 4])
        self.overlap = r.random() < 0.4
        self.unit = r.choice([1, 1, 1, 2, 5])
        self.stream = [["k", "TEXT"], ["ts", "TIMESTAMP" if self.is_timestamp else "BIGINT"], ["id", "BIGINT"],
                       ["type", "TEXT"], ["v", "BIGINT"]] + ([["x", "DOUBLE"]] if self.has_x else [])

    def rows(self):
        r = self.r
        count = r.choice([1, 2, 3, 4, 5, 6, 6, 7, 8, 8, 9, 10, 11, 12, 13, 14])
        keys = r.choice([["A"], ["A", "A", "B"], ["A", "B"], ["A", "B", None]])
        letters = LETTERS[:self.n_labels]
        types = list(letters) * 3 + ["x"] * r.choice([1, 2, 4])
        if self.overlap:
            types += [t for t in TYPES if len(t) == 2 and all(c in letters for c in t)]
        if r.random() < 0.15:
            types.append(None)
        steps = r.choice([[1], [0, 1], [0, 0, 1, 2], [1, 2, 3], [0, 1, 5], [1, 1, 2, 10]])
        tops = r.choice([2, 3, 6])
        nulls = r.choice([0, 0, 0.15])
        t, rows = r.choice([0, 10, 100]), []
        for i in range(count):
            t += r.choice(steps) * self.unit if i else 0
            v = None if r.random() < nulls else r.randint(0 if r.random() < 0.2 else 1, tops)
            row = [r.choice(keys), self.time(t), i + 1, r.choice(types), v]
            if self.has_x:
                row.append(None if r.random() < nulls else r.randint(-4, 16) / 4)
            rows.append(row)
        return rows

    def time(self, t):
        if not self.is_timestamp:
            return t
        return f"2026-01-31T09:{t // 60:02}:{t % 60:02}Z"

    def duration(self, n, short=True):
        """short: where units may be abbreviated, inside { } and after WITHIN (section 2 of the language page)."""
        n *= self.unit
        if not self.is_timestamp:
            return str(n)
        full = [f"{n} SECONDS", f"{n * 1000} MILLISECONDS", f"INTERVAL '{n}' SECOND"]
        return self.r.choice(full + [f"{n}s", f"{n * 1000} MS"] if short else full)

    # ---- the query

    def spec(self):
        self.shape()
        r = self.r
        labels = [c.upper() for c in LETTERS[:self.n_labels]]
        timers = []
        if self.full:
            timers = ["A.ts + 3 SECONDS", "LAST(ts) + 2 SECONDS", "A.v * 1 SECONDS"] if self.is_timestamp else \
                ["A.v", "FIRST(A.v)", "A.v * 2", "B.v", "LAST(v)"]
        if r.random() < 0.4:
            tree = templates.tree(r, self.full, self.duration)
            labels = sorted({n.label for n in nodes(tree) if isinstance(n, Step)} |
                            {x for n in nodes(tree) if isinstance(n, Absence) for x in n.labels if x in "ABCD"})
            self.n_labels = max("ABCD".index(x) for x in labels) + 1
        else:
            tree = patterns.Trees(r, labels, self.duration, self.full, timers).tree()
        spec = Spec(self.stream, self.rows(), tree, {})
        spec.partition = ["k"] if r.random() < 0.75 else []
        if self.full and r.random() < 0.15:
            window = r.choice(["SESSION", "TUMBLE"])
            spec.partition.append(f"{window}({self.duration(r.choice([1, 2, 3, 4, 8]), short=False)})")
        if r.random() < 0.45:
            rows = r.random() < 0.2
            spec.within = f"{r.choice([1, 2, 3, 4, 6])} ROWS" if rows else \
                self.duration(r.choice([0, 1, 2, 4, 6, 10, 15]))
        if r.random() < 0.15:
            spec.subsets = {"U": r.sample(labels, min(r.choice([1, 2, 3]), len(labels)))}
        self.modes(spec, labels)
        conditions = Conditions(r, labels, spec, self)
        spec.defines = conditions.defines()
        spec.inline = {label for label in labels if r.random() < 0.08}
        spec.measures = conditions.measures()
        if self.full and r.random() < 0.1 and spec.measures:
            conditions.outside()
        return spec

    def modes(self, spec, labels):
        r = self.r
        skip = r.random()
        if skip < 0.35:
            spec.skip = "AFTER MATCH NO SKIP"
        elif skip < 0.6:
            spec.skip = r.choice(["", "AFTER MATCH SKIP PAST LAST ROW"])
        elif skip < 0.88:
            spec.skip = "AFTER MATCH SKIP TO NEXT ROW"
        else:
            target = r.choice((labels[1:] or labels) + list(spec.subsets))
            spec.skip = f"AFTER MATCH SKIP TO {r.choice(['FIRST ', 'LAST ', ''])}{target}"
        if r.random() < 0.65:
            spec.mode = r.choice(["", "ONE ROW PER MATCH"])
        else:
            spec.mode = "ALL ROWS PER MATCH" + r.choice(["", " SHOW EMPTY MATCHES", " OMIT EMPTY MATCHES"])
            if "NO SKIP" not in spec.skip and r.random() < 0.4:
                spec.mode = "ALL ROWS PER MATCH WITH UNMATCHED ROWS"
        if "UNMATCHED" not in spec.mode and r.random() < 0.3:
            spec.mode = (spec.mode or "ONE ROW PER MATCH") + " SHOW TIMEOUT MATCHES"

    def next(self, name=None):
        """The next (Spec, case) whose query compiles and whose answer is worth comparing."""
        while True:
            spec = self.spec()
            try:
                case = spec.case(name)
            except TooBig:
                continue
            if case is None:
                continue
            # Cases without output, or with a run-time error, are worth something, but not half of all.
            if not case.get("expected") and self.r.random() < (0.7 if "error" in case else 0.8):
                continue
            return spec, case


def cases(profile, seed, count, first=0):
    """Each case has its own seed, so that any of them can be made alone."""
    for n in range(first, first + count):
        yield Generator(f"{seed}/{n}", profile).next(f"{profile}-{seed}-{n}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", choices=["core", "full"], default="core")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    for _, case in cases(options.profile, options.seed, options.count):
        print(json.dumps(case))


if __name__ == "__main__":
    main()
