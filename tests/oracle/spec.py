"""A generated case in parts: what generate.py makes and shrink.py takes apart again."""
from dataclasses import dataclass, field, replace

from oracle import patterns
from oracle.reference import answered, counts, prepared, same_arrival
from oracle.syntax import Absence, Step, nodes

STEPS = 6_000                   # cases that cost the reference more are thrown away


@dataclass
class Stream:
    """columns: [(name, type, column of the row, None where the stream says itself what is in it)]"""
    name: str
    columns: list
    watermark: str = None                # the text of the clause

    def text(self):
        inside = [f"{name} {kind}" for name, kind, _ in self.columns] + ([self.watermark] if self.watermark else [])
        return f"CREATE STREAM {self.name} ({', '.join(inside)});\n"


@dataclass
class Part:
    """What a query reads: a stream or a pattern, or a SELECT over it where there are items."""
    stream: str
    items: list = None                   # texts
    join: str = ""
    where: str = ""

    def text(self):
        if self.items is None:
            return self.stream
        return f"SELECT {', '.join(self.items)} FROM {self.stream}{self.join}" + (f" WHERE {self.where}" if self.where else "")


@dataclass
class Query:
    name: str
    parts: list
    pattern: object
    defines: dict = field(default_factory=dict)          # label: [conjuncts]
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
    options: str = ""
    several: bool = False                # rows of several streams

    def text(self):
        used = {n.label for n in nodes(self.pattern) if isinstance(n, Step)}
        used |= {x for n in nodes(self.pattern) if isinstance(n, Absence) for x in n.labels}
        defines = {label: " AND ".join(c) for label, c in self.defines.items() if label in used and c}
        inline = {label: defines.pop(label) for label in sorted(self.inline) if label in defines}
        clauses = []
        if self.partition:
            clauses.append("PARTITION BY " + ", ".join(self.partition))
        if self.order:
            clauses.append("ORDER BY " + self.order)
        if self.measures:
            clauses.append("MEASURES " + ", ".join(f"{e} AS {name}" for e, name in self.measures))
        clauses += [clause for clause in (self.mode, self.skip) if clause]
        body = patterns.text(self.pattern, inline)
        clauses.append(f"PATTERN ({body})" + (f" WITHIN {self.within}" if self.within else ""))
        if self.subsets:
            clauses.append("SUBSET " + ", ".join(f"{u} = ({', '.join(ls)})" for u, ls in self.subsets.items()))
        if defines:
            clauses.append("DEFINE " + ", ".join(f"{label} AS {c}" for label, c in defines.items()))
        parts = [p.text() for p in self.parts]
        source = parts[0] if len(parts) == 1 and self.parts[0].items is None else f"({' UNION ALL BY NAME '.join(parts)})"
        where = f" WHERE {self.where}" if self.where else ""
        return (f"CREATE PATTERN {self.name} {self.options}AS\nSELECT {self.select} FROM {source} "
                f"MATCH_RECOGNIZE ({' '.join(clauses)}){where};\n")


@dataclass
class Spec:
    streams: list
    queries: list
    events: list                                         # in the order of their time
    feeds: list                                          # of blocks: [stream, ids], [table, rows] or ["advance", watermark]
    write: object                                        # a function of a row and a column: its value as JSON has it
    tables: dict = field(default_factory=dict)           # name: (columns [(name, type)], names of the key)
    parameters: dict = field(default_factory=dict)       # name: (type, text)
    late_policy: str = None

    @property
    def main(self):
        return self.queries[-1]

    def with_option(self, pattern, option):
        """A copy with `name = value` among the options of a pattern."""
        def more(query):
            return replace(query, options=f"WITH ({option}{query.options.replace('WITH (', ', ', 1) or ') '}") if query.name == pattern else query
        return replace(self, queries=[more(q) for q in self.queries])

    def text(self):
        body = "".join(q.text() for q in self.queries)
        parameters = "".join(f"CREATE PARAMETER {name} {kind} DEFAULT {value};\n"
                             for name, (kind, value) in self.parameters.items() if f":{name}" in body)
        tables = "".join(f"CREATE TABLE {name} ({', '.join(f'{c} {kind}' for c, kind in columns)}, PRIMARY KEY ({', '.join(key)}));\n"
                         for name, (columns, key) in self.joined().items())
        return "".join(s.text() for s in self.streams) + tables + parameters + body

    def joined(self):
        """The tables that a query reads."""
        joins = "".join(part.join for q in self.queries for part in q.parts)
        return {name: what for name, what in self.tables.items() if f" {name} ON " in joins}

    def blocks(self, feed):
        """A feed with the rows in it; rows and tables that are gone are left out."""
        streams = {s.name: s for s in self.streams}
        rows = {e.id: [self.write(e.row, column) for _, _, column in streams[e.stream].columns] for e in self.events}
        found, tables = [], self.joined()
        for head, what in feed:
            if head == "advance" or head in tables:
                found.append([head, what])
            elif head in streams and any(i in rows for i in what):
                found.append([head, [rows[i] for i in what if i in rows]])
        return found

    def prepared(self):
        """What the reference makes of the text."""
        return prepared(self.text(), careful=True)

    def unanswered(self, name):
        """The case without its answer."""
        case = {"id": name, "from": "oracle", "text": self.text(),
                "streams": {**{s.name: [[name, kind] for name, kind, _ in s.columns] for s in self.streams},
                            **{name: [list(c) for c in columns] for name, (columns, _) in self.joined().items()}},
                "feeds": [self.blocks(feed) for feed in self.feeds]}
        if self.late_policy:
            case["late_policy"] = self.late_policy
        return case

    def case(self, name="case", steps=STEPS, made=None):
        """The case with its answer, and the answer itself; None where the text does not compile. Raises TooBig.
        made: what prepared() gave."""
        made = made or self.prepared()
        if made.error:
            return None
        case = self.unanswered(name)
        got = answered(made, case, steps)
        case["feeds"] = case["feeds"][:1] + [feed for feed in case["feeds"][1:] if same_arrival(got, case, feed)]
        if got.error:
            case["error"] = got.error
        else:
            case["outputs"] = [[o.pattern, o.columns, o.rows] for o in got.outputs]
            case["late"], case["bad"] = got.late, got.bad
            case["counts"] = [counts(got, case, feed) for feed in case["feeds"]]
        return case, got
