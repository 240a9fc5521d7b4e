"""Random conditions, measures and outer SELECT lists for generated queries."""
from oracle.patterns import at_start
from oracle.syntax import Absence, Step, nodes


class Conditions:
    """For one query. columns: the names that it can read; times: how times are written, None where there are none."""

    def __init__(self, choose, query, columns, times, overlap):
        self.r, self.query, self.columns, self.times, self.overlap = choose, query, set(columns), times, overlap
        self.has_time = times is not None
        self.at_start = {x for n in at_start(query.pattern)[0] for x in n.labels}
        self.mapped = sorted({n.label for n in nodes(query.pattern) if isinstance(n, Step)}) or ["A"]
        self.used = sorted(set(self.mapped) | {x for n in nodes(query.pattern) if isinstance(n, Absence) for x in n.labels})
        # A subset may name only labels that the pattern has.
        query.subsets = {u: [x for x in ls if x in self.used] for u, ls in query.subsets.items()}
        query.subsets = {u: ls for u, ls in query.subsets.items() if ls}

    # ---- DEFINE

    def defines(self):
        r, found = self.r, {}
        richness = {"none": 0, "some": 0.25, "many": 0.5}[r.pick("extra conditions")]
        for label in self.used:
            conjuncts = []
            if not r.yes("no condition"):
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
        if self.query.subsets and self.r.random() < 0.25:
            return next(iter(self.query.subsets))
        return self.r.choice(pool) if self.r.random() < 0.85 else label

    def extra(self, label):
        r = self.r
        while True:
            kind = r.pick("condition") if label not in self.at_start else "local"      # where it may read its own row alone
            found = getattr(self, "condition_" + kind)(label, self.other(label))
            if found:
                return r.choice(found)

    def condition_local(self, label, o):
        return ["v BETWEEN 1 AND 3", "NOT v = 1", "v IS NULL", "v IS NOT NULL", "v % 2 = 0", "(v > 2 OR v IS NULL)",
                "v IN (1, 3)", "v NOT IN (2, 4)", "COALESCE(v, 2) >= 2", "v / 2 = 1", "10 / v > 3",
                "CASE WHEN v > 2 THEN TRUE ELSE v IS NULL END", "v IS DISTINCT FROM 2", f"{label}.v > 1",
                "(v > 1 AND v IS NOT NULL OR v = 1)", "type LIKE '%'"]

    def condition_PREV(self, label, o):
        return ["v > PREV(v)", "v >= PREV(v, 2)", "(PREV(v) IS NULL OR v > PREV(v))", "PREV(type) <> 'x'",
                f"PREV({label}.v) < {label}.v", "v <> PREV(v)", "PREV(id) IS NOT NULL", "PREV(v, 0) = v", "PREV(COALESCE(v, 3)) > 2"]

    def condition_correlated(self, label, o):
        within = [f"ts - FIRST(ts) <= {self.times.duration(5, short=False)}"] if self.times else []
        return [f"v > {o}.v", f"v <> LAST({o}.v)", f"v = FIRST({o}.v)", f"v >= LAST({o}.v, 1)", f"v = {o}.v",
                f"(LAST({label}.v, 1) IS NULL OR v > LAST({label}.v, 1))", f"{o}.v IS NULL", f"v <> FIRST({o}.v, 1)",
                f"ABS(v - {o}.v) <= 1", f"NOT v > {o}.v", f"(v > {o}.v OR v = 1)", f"{o}.type <> type",
                f"LAST({o}.v) IS NOT DISTINCT FROM v"] + within

    def condition_start(self, label, o):
        """With the first row of the match, if matches begin with one label alone."""
        first = self.r.choice(sorted(self.at_start & set(self.mapped)) or [o])
        within = [f"ts - {first}.ts <= {self.times.duration(5, short=False)}"] if self.times else []
        return [f"v > {first}.v", f"{first}.v >= v", f"v = {first}.v", f"v <> {first}.v", f"type <> {first}.type", f"{first}.type = type",
                f"v BETWEEN {first}.v - 1 AND {first}.v + 1", f"v * 2 > {first}.v", f"v > {first}.v * 1.5 - 1", f"id - {first}.id <= 3",
                f"v IS NOT NULL AND v <= {first}.v AND id < {first}.id + 5", f"(v > {first}.v OR id = {first}.id + 2)",
                f"v <= {first}.v + 1", f"v - 1 > {first}.v"] + \
            ([f"x < {first}.x", f"x + v >= {first}.x / 2"] if "x" in self.columns else []) + within

    def condition_aggregate(self, label, o):
        return [f"COUNT({o}.*) >= 2", f"COUNT({label}.*) <= 2", f"SUM({label}.v) <= 6", f"v < SUM({o}.v)",
                f"v <= MAX({o}.v)", f"(v IS NULL OR v <= MAX({o}.v))", f"v >= MIN({o}.v)", f"v > AVG({o}.v)",
                "COUNT(*) <= 3", "SUM(v) < 9", f"COUNT({o}.v) = 1", "MAX(v) - MIN(v) <= 3", f"MAX_BY({o}.id, {o}.v) < id",
                f"COALESCE(STDDEV_POP({o}.v), 0) < 1.45", f"ANY_VALUE({o}.v) <= v"]

    def condition_nested(self, label, o):
        return [f"PREV(LAST({o}.v), 1) < v", f"PREV(FIRST({o}.v, 1), 2) IS NULL", f"PREV(FIRST({o}.v)) <> v",
                f"COALESCE(PREV(LAST({o}.id, 1), 1), 0) < id", f"PREV(FIRST(v), 1) IS NULL",
                f"NEXT(FIRST({o}.v), 1) >= 1", f"NEXT(LAST({o}.id), 1) >= id", f"NEXT(FIRST({o}.id, 1), 2) IS NOT NULL"]

    def condition_classifier(self, label, o):
        one = self.r.choice(self.mapped)
        return [f"FIRST(CLASSIFIER()) = '{one}'", f"PREV(CLASSIFIER()) = '{one}'", f"LAST(CLASSIFIER(), 1) IS DISTINCT FROM '{one}'",
                f"PREV(CLASSIFIER()) IS DISTINCT FROM '{one}'", f"CLASSIFIER({o}) = '{one}'", f"PREV(CLASSIFIER(), 2) IS NULL",
                f"CLASSIFIER() = '{label}'", f"PREV(LAST(CLASSIFIER(), 1), 1) IS NULL"]

    def condition_NEXT(self, label, o):
        return ["v < NEXT(v)", "NEXT(v) IS NOT NULL", "v <= NEXT(v, 2)", f"NEXT({o}.v) <> v", "NEXT(type) <> 'x'",
                "NEXT(v) IS NULL", f"NEXT({o}.id) = id", "NEXT(v IS NULL)"]

    def condition_MATCH_NUMBER(self, label, o):
        return [] if "NO SKIP" in self.query.skip else ["MATCH_NUMBER() % 2 = 1", "MATCH_NUMBER() < 3", "(MATCH_NUMBER() = 1 OR v > 1)",
                                                                     "MATCH_NUMBER() <= v"]

    def condition_DISTINCT(self, label, o):
        return [f"COUNT(DISTINCT {o}.v) <= 1", "COUNT(DISTINCT v) >= 2", "SUM(DISTINCT v) < 6", f"AVG(DISTINCT {o}.v) >= 1",
                "COUNT(DISTINCT type) <= 2", f"COUNT(DISTINCT {label}.v) <= 2", f"COUNT(DISTINCT {o}.v * 2 % 3) = 1",
                f"STDDEV_POP(DISTINCT {o}.v) < 1.45", f"APPROX_PERCENTILE(DISTINCT {o}.v, 0.5) <= v",
                f"COUNT(DISTINCT {o}.type) = COUNT(DISTINCT {label}.type)"] + \
            ([f"COUNT(DISTINCT {o}.x) < 3", f"SUM(DISTINCT {o}.x) > x"] if "x" in self.columns else [])

    def condition_list(self, label, o):
        return ["STRING_AGG(type, '') <> 'ab'", f"STRING_AGG({o}.type, ',') LIKE '%{o.lower()}%'",
                f"APPROX_PERCENTILE({o}.v, 0.5) <= v", f"ARRAY_AGG({o}.v) IS NOT NULL",
                f"STRING_AGG(CLASSIFIER(), '') LIKE '{self.mapped[0]}%'", f"LENGTH(STRING_AGG(DISTINCT type, '')) <= 2",
                f"APPROX_PERCENTILE({label}.v, 0.25) < 2", "APPROX_PERCENTILE(v, 0.8) > 1",
                f"ARRAY_AGG(DISTINCT {label}.v) IS NOT NULL", f"STRING_AGG(DISTINCT {o}.type, '') = STRING_AGG({o}.type, '')",
                f"STRING_AGG({label}.type, '-') IS DISTINCT FROM '{label.lower()}-{label.lower()}'"] + \
            ([f"APPROX_PERCENTILE({o}.x, 0.5) <= x", "APPROX_PERCENTILE(x, 0.1) < 0.5"] if "x" in self.columns else [])

    def condition_x(self, label, o):
        if "x" not in self.columns:
            return []
        return ["x > 0.5", f"x < {o}.x", "SUM(x) < 6.5", "x >= PREV(x)", f"x <= AVG({o}.x) + 0.5", f"x <> {o}.x", "x = 0"]

    def condition_source(self, label, o):
        pool = ["STREAM() = 's'", "STREAM() <> PREV(STREAM())"] if self.query.several else []
        if "w" in self.columns:
            pool += ["w > 1", "w IS NULL", f"w >= {o}.w"]
        if "m" in self.columns:
            pool += ["v >= m", "m IS NOT NULL", f"m > {o}.m"]
        return pool + (["src <> 't'"] if "src" in self.columns else [])

    # ---- MEASURES

    def measures(self):
        r, mode = self.r, self.query.mode
        if r.yes("no measures") and "ALL ROWS" not in mode:
            return []
        found = []
        if "ALL ROWS" in mode:
            found += [("MATCH_NUMBER()", "n"), ("CLASSIFIER()", "label")]
        elif r.yes("rows and labels in the measures"):
            found += [("ARRAY_AGG(id)", "ids"), ("PATH()", "path")][:r.choice([1, 2])]
        if self.has_time and r.yes("MATCH_ROWTIME in the measures"):
            found.append(("MATCH_ROWTIME()", "at"))
        if r.yes("MATCH_ID in the measures"):
            found.append(("MATCH_ID()", "match"))
        if "TIMEOUT" in mode:
            found.append(("MATCH_STATUS()", "status"))
        for i in range(r.pick("measures")):
            found.append((self.scoped(self.measure()), f"m{i + 1}"))
        return found or [("COUNT(*)", "c")]

    def scoped(self, e):
        name = e.split("(")[0]
        if name in ("FIRST", "LAST", "COUNT", "SUM", "MIN", "MAX", "AVG", "ARRAY_AGG", "STRING_AGG") and e.endswith(")") \
                and " - " not in e and self.r.yes("RUNNING or FINAL"):
            return self.r.choice(["FINAL ", "RUNNING "]) + e
        return e

    def label(self):
        return self.r.choice(self.mapped + list(self.query.subsets))

    def measure(self):
        while True:
            found = getattr(self, "measure_" + self.r.pick("measure"))(self.r.choice(self.mapped), self.label())
            if found:
                return self.r.choice(found)

    def measure_place(self, a, b):
        time = ["LAST(ts) - FIRST(ts)"] if self.times else []
        time += ["MATCH_START()", "MATCH_END()"] if self.has_time else []
        return ["FIRST(id)", "LAST(id)", "COUNT(*)", "MATCH_NUMBER()", "CLASSIFIER()", "PATH()", "ARRAY_AGG(id)", "FIRST(id, 1)", "LAST(id, 1)", "v", "id", "type"] + time

    def measure_value(self, a, b):
        return ["SUM(v)", "MIN(v)", "MAX(v)", "AVG(v)", "ARRAY_AGG(v)", "SUM(id)", "MAX_BY(id, v)", "MIN_BY(id, v)",
                "STDDEV_POP(v)", "VARIANCE(v)", "COALESCE(SUM(v), 0) + COUNT(*)", "SUM(v) / COUNT(*)", "MIN_BY(type, v)",
                "SUM(CASE WHEN type = 'a' THEN v ELSE 0 END)", "APPROX_PERCENTILE(v, 0.5)", "MAX(type)", "ANY_VALUE(v)"]

    def measure_label(self, a, b):
        return [f"COUNT({b}.*)", f"{a}.id", f"{b}.v", f"SUM({b}.v)", f"MIN({b}.v)", f"MAX({b}.v)", f"AVG({b}.v)",
                f"ARRAY_AGG({b}.id)", f"FIRST({b}.id)", f"LAST({b}.id, 1)", f"FIRST({a}.id, 1)", f"COUNT({b}.v)",
                f"CLASSIFIER({b})", f"COUNT({b}.*) > 1", f"LAST({b}.v) - FIRST({a}.v)", f"{a}.v > {b}.v",
                f"CASE WHEN COUNT({a}.*) > 1 THEN 1 ELSE 0 END", f"APPROX_PERCENTILE({b}.v, 0.9)"]

    def measure_aggregate(self, a, b):
        pool = ["STRING_AGG(CLASSIFIER(), '')", "MAX(CLASSIFIER())", f"SUM({b}.v * 2 + {b}.id)", f"STRING_AGG({b}.type, ',')",
                "STDDEV(v)", f"MAX_BY({b}.type, {b}.v)", f"COUNT({b}.type)", "MIN(type)"]
        if "ALL ROWS" in self.query.mode:
            pool += ["FINAL LAST(id)", "RUNNING COUNT(*)", "FINAL COUNT(*) - RUNNING COUNT(*)", "FINAL SUM(v)",
                     f"FINAL LAST({b}.id)", f"FINAL FIRST({b}.id, 1)", f"RUNNING SUM({b}.v)", "FINAL ARRAY_AGG(id)",
                     f"FINAL LAST({b}.v) - RUNNING LAST({b}.v)", f"RUNNING ARRAY_AGG({b}.v)"]
        return pool

    def measure_DISTINCT(self, a, b):
        return ["COUNT(DISTINCT v)", "SUM(DISTINCT v)", "ARRAY_AGG(DISTINCT v)", "STRING_AGG(DISTINCT type, ',')",
                f"COUNT(DISTINCT {b}.type)", f"AVG(DISTINCT {b}.v)", "MAX(DISTINCT v)"]

    def measure_function(self, a, b):
        return ["UPPER(type)", "REPLACE(type, 'a', 'xx')", "SUBSTRING(type || 'bc', 2, 2)", "POSITION('b', type)",
                "type REGEXP '^[ab]$'", f"COALESCE({b}.v, -1)", f"NULLIF({b}.v, 2)"]

    def measure_nested(self, a, b):
        pool = ["PREV(id)", "PREV(v, 2)", "PREV(COALESCE(v, 7), 2)", "FIRST(CLASSIFIER())", "LAST(CLASSIFIER(), 1)", "PREV(CLASSIFIER())",
                f"PREV({a}.id)", f"PREV(LAST({a}.v), 1)", f"PREV(FIRST({b}.id, 1), 2)", f"PREV(LAST({b}.id, 1))"]
        return pool + ["PREV(FINAL LAST(id), 1)", f"PREV(RUNNING LAST({b}.id))"] * ("ALL ROWS" in self.query.mode)

    def measure_NEXT(self, a, b):
        return ["NEXT(id)", f"NEXT({a}.id)", f"NEXT(LAST({a}.id), 1)", "NEXT(CLASSIFIER())", "NEXT(FIRST(id), 2)",
                f"NEXT(FIRST({b}.id, 1), 1)"]

    def measure_window(self, a, b):
        return ["WINDOW_START()", "WINDOW_END()"] if any("(" in p for p in self.query.partition) else []

    def measure_x(self, a, b):
        pool = ["SUM(x)", f"AVG({b}.x)", "MAX(x)", f"{a}.x * 2", "ARRAY_AGG(x)", "STDDEV(x)"] if "x" in self.columns else []
        pool += [f"{b}.w", "SUM(w)"] if "w" in self.columns else []
        pool += ["m", f"{b}.m"] if "m" in self.columns else []
        return pool + (["src", "STRING_AGG(src, '')"] if "src" in self.columns else [])

    # ---- outside

    def outside(self):
        """An outer SELECT list and WHERE over the columns of the clause."""
        r, q = self.r, self.query
        names = [p for p in q.partition if "(" not in p] + [name for _, name in q.measures]
        if "ALL ROWS" in q.mode:
            names += sorted(c for c in self.columns if c not in names)
        chosen = r.sample(names, r.randint(1, len(names)))
        q.select = ", ".join(chosen)
        if "id" in names and r.yes("outer WHERE"):
            q.where = r.choice(["id % 2 = 1", "id > 2 AND id < 9", "v > 1 OR v IS NULL" if "v" in names else "id <> 3"])
        elif r.yes("outer WHERE"):
            q.where = f"{r.choice(names)} IS NOT NULL"
