"""Random conditions, measures and outer SELECT lists for generated queries."""
from oracle.syntax import Absence, Step, nodes


class Conditions:
    def __init__(self, choose, labels, spec, made):
        self.r, self.labels, self.spec = choose, labels, spec
        self.full, self.is_timestamp, self.has_x = made.full, made.is_timestamp, made.has_x
        self.overlap, self.duration = made.overlap, made.duration
        self.mapped = sorted({n.label for n in nodes(spec.pattern) if isinstance(n, Step)}) or labels
        self.used = sorted(set(self.mapped) | {x for n in nodes(spec.pattern) if isinstance(n, Absence) for x in n.labels})
        # A subset may name only labels that the pattern has.
        spec.subsets = {u: [x for x in ls if x in self.used] for u, ls in spec.subsets.items()}
        spec.subsets = {u: ls for u, ls in spec.subsets.items() if ls}

    # ---- DEFINE

    def defines(self):
        r, found = self.r, {}
        richness = r.choice([0, 0.25, 0.5])
        for label in self.used:
            conjuncts = []
            if r.random() < 0.93:
                conjuncts.append(self.base(label))
            if r.random() < richness:
                conjuncts.append(self.extra(label))
            found[label] = conjuncts
        return found

    def base(self, label):
        letter = label.lower()
        if self.overlap:
            others = [f"'{t}'" for t in ("ab", "ac", "bc", "ad", "bd", "cd") if letter in t]
            return f"type IN ('{letter}', {', '.join(others)})"
        return f"type = '{letter}'"

    def other(self, label):
        """A label that rows can have; a subset now and then."""
        pool = [x for x in self.mapped if x != label] or self.mapped
        if self.spec.subsets and self.r.random() < 0.15:
            return next(iter(self.spec.subsets))
        return self.r.choice(pool) if self.r.random() < 0.85 else label

    def extra(self, label):
        r, o = self.r, self.other(label)
        local = ["v BETWEEN 1 AND 3", "NOT v = 1", "v IS NULL", "v IS NOT NULL", "v % 2 = 0", "(v > 2 OR v IS NULL)",
                 "v IN (1, 3)", "v NOT IN (2, 4)", "COALESCE(v, 2) >= 2", "v / 2 = 1", "10 / v > 3",
                 "CASE WHEN v > 2 THEN TRUE ELSE v IS NULL END", "v IS DISTINCT FROM 2", f"{label}.v > 1",
                 "(v > 1 AND v IS NOT NULL OR v = 1)", "type LIKE '%'"]
        physical = ["v > PREV(v)", "v >= PREV(v, 2)", "(PREV(v) IS NULL OR v > PREV(v))", "PREV(type) <> 'x'",
                    f"PREV({label}.v) < {label}.v", "v <> PREV(v)", "PREV(id) IS NOT NULL",
                    "PREV(COALESCE(v, 3)) > 2"]
        within = "10 SECONDS" if self.is_timestamp else "10"
        correlated = [f"v > {o}.v", f"v <> LAST({o}.v)", f"v = FIRST({o}.v)", f"v >= LAST({o}.v, 1)", f"v = {o}.v",
                      f"(LAST({label}.v, 1) IS NULL OR v > LAST({label}.v, 1))", f"COUNT({o}.*) >= 2",
                      f"COUNT({label}.*) <= 2", f"SUM({label}.v) <= 6", f"v < SUM({o}.v)", f"v <= MAX({o}.v)",
                      f"(v IS NULL OR v <= MAX({o}.v))", f"v >= MIN({o}.v)", f"v > AVG({o}.v)", "COUNT(*) <= 3",
                      "SUM(v) < 9", f"ts - FIRST(ts) <= {within}", f"ABS(v - {o}.v) <= 1", f"{o}.v IS NULL",
                      f"PREV(LAST({o}.v), 1) < v", f"v <> FIRST({o}.v, 1)", f"COUNT({o}.v) = 1",
                      f"MAX(v) - MIN(v) <= 3", f"NOT v > {o}.v", f"(v > {o}.v OR v = 1)", f"{o}.type <> type"]
        labels = [f"FIRST(CLASSIFIER()) = '{self.mapped[0]}'", f"PREV(CLASSIFIER()) = '{o}'",
                  f"LAST(CLASSIFIER(), 1) IS DISTINCT FROM '{o}'"]
        groups = [local, physical, correlated, correlated, labels if r.random() < 0.5 else local]
        if "NO SKIP" not in self.spec.skip and r.random() < 0.05:
            groups.append(["MATCH_NUMBER() % 2 = 1"])
        if self.has_x:
            groups.append(["x > 1.5", f"x < {o}.x", "SUM(x) < 6.5", "x >= PREV(x)", f"x <= AVG({o}.x) + 0.5"])
        if self.full:
            groups.append(["v < NEXT(v)", "NEXT(v) IS NOT NULL", "v <= NEXT(v, 2)", f"NEXT({o}.v) <> v",
                           "NEXT(type) <> 'x'", "NEXT(v IS NULL)"])
        return r.choice(r.choice(groups))

    # ---- MEASURES

    def measures(self):
        r = self.r
        if r.random() < 0.07 and "ALL ROWS" not in self.spec.mode:
            return []
        found = []
        if "ALL ROWS" in self.spec.mode:
            found += [("MATCH_NUMBER()", "n"), ("CLASSIFIER()", "label")]
        elif r.random() < 0.6:
            found += [("ARRAY_AGG(id)", "ids"), ("PATH()", "path")][:r.choice([1, 2])]
        if r.random() < 0.4:
            found.append(("MATCH_ROWTIME()", "at"))
        if "TIMEOUT" in self.spec.mode:
            found.append(("MATCH_STATUS()", "status"))
        pool = self.measure_pool()
        for i in range(r.choice([0, 1, 1, 2, 3, 4])):
            found.append((self.scoped(r.choice(pool)), f"m{i + 1}"))
        return found or [("COUNT(*)", "c")]

    def scoped(self, e):
        name = e.split("(")[0]
        if name in ("FIRST", "LAST", "COUNT", "SUM", "MIN", "MAX", "AVG", "ARRAY_AGG", "STRING_AGG") and e.endswith(")") \
                and self.r.random() < 0.3 and " - " not in e:
            return self.r.choice(["FINAL ", "RUNNING "]) + e
        return e

    def measure_pool(self):
        a, b = self.r.choice(self.mapped), self.r.choice(self.mapped + list(self.spec.subsets))
        pool = ["FIRST(id)", "LAST(id)", "COUNT(*)", "MATCH_NUMBER()", "CLASSIFIER()", "PATH()", "ARRAY_AGG(id)",
                "MATCH_START()", "MATCH_END()", "FIRST(id, 1)", "LAST(id, 1)", "SUM(v)", "MIN(v)", "MAX(v)", "AVG(v)",
                "ARRAY_AGG(v)", "v", "id", "type", "LAST(ts) - FIRST(ts)", "PREV(id)", "PREV(v, 2)", "SUM(id)", "PREV(COALESCE(v, 7), 2)",
                "STRING_AGG(CLASSIFIER(), '')", "FIRST(CLASSIFIER())", "LAST(CLASSIFIER(), 1)", "PREV(CLASSIFIER())",
                "MAX(CLASSIFIER())", "COUNT(DISTINCT v)", "MAX_BY(id, v)", "MIN_BY(id, v)", "STDDEV_POP(v)",
                "SUM(DISTINCT v)", "ARRAY_AGG(DISTINCT v)", "STRING_AGG(DISTINCT type, ',')", "MIN_BY(type, v)",
                "APPROX_PERCENTILE(v, 0.5)", f"APPROX_PERCENTILE({b}.v, 0.9)", f"COUNT(DISTINCT {b}.type)",
                "UPPER(type)", "REPLACE(type, 'a', 'xx')", "SUBSTRING(type || 'bc', 2, 2)", "POSITION('b', type)",
                "type REGEXP '^[ab]$'",
                "VARIANCE(v)", "COALESCE(SUM(v), 0) + COUNT(*)", "SUM(v) / COUNT(*)",
                "SUM(CASE WHEN type = 'a' THEN v ELSE 0 END)", f"COUNT({b}.*)", f"{a}.id", f"{b}.v", f"SUM({b}.v)",
                f"MIN({b}.v)", f"MAX({b}.v)", f"AVG({b}.v)", f"ARRAY_AGG({b}.id)", f"FIRST({b}.id)", f"LAST({b}.id, 1)",
                f"FIRST({a}.id, 1)", f"PREV({a}.id)", f"PREV(LAST({a}.v), 1)", f"COUNT({b}.v)", f"CLASSIFIER({b})",
                f"CASE WHEN COUNT({a}.*) > 1 THEN 1 ELSE 0 END", f"COUNT({b}.*) > 1", f"LAST({b}.v) - FIRST({a}.v)",
                f"{a}.v > {b}.v", f"SUM({b}.v * 2 + {b}.id)", f"STRING_AGG({b}.type, ',')"]
        if "ALL ROWS" in self.spec.mode:
            pool += ["FINAL LAST(id)", "RUNNING COUNT(*)", "FINAL COUNT(*) - RUNNING COUNT(*)", "FINAL SUM(v)",
                     f"FINAL LAST({b}.id)", f"FINAL FIRST({b}.id, 1)", f"RUNNING SUM({b}.v)", "FINAL ARRAY_AGG(id)",
                     "PREV(FINAL LAST(id), 1)"]
        if self.has_x:
            pool += ["SUM(x)", f"AVG({b}.x)", "MAX(x)", f"{a}.x * 2", "ARRAY_AGG(x)", "STDDEV(x)"] * 2
        if self.full:
            pool += ["NEXT(id)", f"NEXT({a}.id)", f"NEXT(LAST({a}.id), 1)", "NEXT(CLASSIFIER())", "NEXT(FIRST(id), 2)"]
            if any("(" in p for p in self.spec.partition):
                pool += ["WINDOW_START()", "WINDOW_END()"] * 5
        return pool

    def outside(self):
        """An outer SELECT list and WHERE over the columns of the clause."""
        r, s = self.r, self.spec
        names = [p for p in s.partition if "(" not in p] + [name for _, name in s.measures]
        if "ALL ROWS" in s.mode:
            names += [c for c, _ in s.stream if c not in names]
        chosen = r.sample(names, r.randint(1, len(names)))
        s.select = ", ".join(chosen)
        if "id" in names and r.random() < 0.5:
            s.where = r.choice(["id % 2 = 1", "id > 2 AND id < 9", "v > 1 OR v IS NULL" if "v" in names else "id <> 3"])
        elif r.random() < 0.4:
            s.where = f"{r.choice(names)} IS NOT NULL"
