"""Cases: what is in them, and comparing answers with tolerance for doubles.

A case is a JSON object. What came from elsewhere (tests/conformance) has one stream s, one query and its rows:

    id, from, stream [[column, type]], rows in order of arrival, watermark_delay_ms?, query,
    columns and expected, or error "compile" or "run"; late?

Cases of the generator say all of it:

    id, from, text: the whole pattern file; streams {name: [[column, type]]}, those of tables too
    feeds: the same data as it may come in, each a list of blocks: [stream, rows], [table, rows] that take the place of
    what it held, or ["advance", watermark]
    late_policy "drop" or "fail"?, late, bad: so many rows; outputs [[pattern, columns, rows]], or error
    counts: for each feed, how many rows are out after each of its blocks; null where that is left open
"""
import json
import math
import re

from oracle.values import timestamp

TIME = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?$")


def load(names):
    """The cases of the files. Other lines are passed over, so that what compare.py printed can be read again."""
    for name in names:
        with open(name) as f:
            for line in f:
                if line.startswith("{"):
                    yield json.loads(line)


def text_of(case):
    """The whole pattern file."""
    if "text" in case:
        return case["text"]
    columns = [f'"{n}" {t}' if not re.fullmatch(r"[A-Za-z_]\w*", n) else f"{n} {t}" for n, t in case["stream"]]
    if "watermark_delay_ms" in case:
        columns.append(f"WATERMARK FOR ts AS ts - INTERVAL '{case['watermark_delay_ms'] / 1000}' SECOND")
    query = case["query"].rstrip().rstrip(";")
    return f"CREATE STREAM s ({', '.join(columns)});\nCREATE PATTERN m AS\n{query};\n"


def with_option(text, option, pattern=r"\w+"):
    """A text that says CREATE PATTERN, with `name = value` among the options of one pattern, or of all."""
    text = re.sub(rf"CREATE PATTERN ({pattern}) WITH \(", rf"CREATE PATTERN \1 WITH ({option}, ", text)
    return re.sub(rf"CREATE PATTERN ({pattern}) AS", rf"CREATE PATTERN \1 WITH ({option}) AS", text)


def patterns_of(case):
    return re.findall(r"CREATE PATTERN (\w+)", text_of(case))


def streams_of(case):
    return case["streams"] if "streams" in case else {"s": case["stream"]}


def feeds_of(case):
    return case["feeds"] if "feeds" in case else [[["s", case["rows"]]]]


def feed_of(blocks, tables=()):
    """A feed's events one by one: ("row", stream, row), ("load", table, rows) and ("advance", watermark)."""
    for head, what in blocks:
        if head == "advance":
            yield ("advance", what)
        elif head in tables:
            yield ("load", head, what)
        else:
            for row in what:
                yield ("row", head, row)


def outputs_of(case):
    """[[pattern, columns, rows]]"""
    return case["outputs"] if "outputs" in case else [["m", case["columns"], case["expected"]]]


def normal(value):
    """One comparable form of a JSON value: times as instants, JSON in text as JSON."""
    if isinstance(value, bool) or value is None:
        return (type(value).__name__, value)
    if isinstance(value, (int, float)):
        return ("number", value)
    if isinstance(value, str):
        if TIME.match(value):
            return ("time", timestamp(value))
        if value[:1] in ("[", "{"):
            try:
                return normal(json.loads(value))
            except ValueError:
                pass
        return ("text", value)
    if isinstance(value, list):
        return ("list", tuple(normal(v) for v in value))
    return ("object", tuple(sorted((k, normal(v)) for k, v in value.items())))


def same(a, b):
    if a[0] != b[0]:
        return False
    if a[0] == "number":
        return a[1] == b[1] or math.isclose(a[1], b[1], rel_tol=1e-9, abs_tol=1e-12)
    if a[0] == "list":
        return len(a[1]) == len(b[1]) and all(map(same, a[1], b[1]))
    return a == b


MATCH_ID, HEX = re.compile(r"match \d+"), re.compile(r"[0-9a-f]{32}")


def in_global_order(got, want):
    """The same rows in the same order. The reference knows only which MATCH_ID()s are equal."""
    if len(got) != len(want):
        return False
    ids = {}
    for a, b in zip(got, want):
        if len(a) != len(b):
            return False
        for x, y in zip(a, b):
            if x == y and type(x) is type(y):
                continue
            if isinstance(y, str) and MATCH_ID.fullmatch(y):
                if not isinstance(x, str) or not HEX.fullmatch(x) or ids.setdefault(y, x) != x:
                    return False
            elif not same(normal(x), normal(y)):
                return False
    return len(set(ids.values())) == len(ids)


def as_conformance(case, got, want):
    """Cases of the oracle are compared in order within each key k, others as multisets."""
    columns = [c.lower() for c in case["columns"]]
    key = columns.index("k") if "k" in columns else None
    got, want = ([[normal(v) for v in row] for row in rows] for rows in (got, want))
    if len(got) != len(want):
        return False
    if case.get("from") == "oracle" and (key is not None or "PARTITION" not in case["query"].upper()):
        def group(row):
            return repr(row[key]) if key is not None else ""
    else:
        def group(row):
            return repr([(kind, round(v, 6) if kind == "number" else v) for kind, v in row])
    got, want = sorted(got, key=group), sorted(want, key=group)       # stable: order within a group stays
    return all(len(a) == len(b) and all(map(same, a, b)) for a, b in zip(got, want))
