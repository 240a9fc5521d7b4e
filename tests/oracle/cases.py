"""Conformance cases: reading them, and comparing answers with tolerance for doubles."""
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


def same_row(a, b):
    return len(a) == len(b) and all(map(same, a, b))


def normal_rows(rows):
    return [[normal(v) for v in row] for row in rows]


def in_global_order(got, want):
    return len(got) == len(want) and all(map(same_row, normal_rows(got), normal_rows(want)))


def as_conformance(case, got, want):
    """Cases of the oracle are compared in order within each key k, others as multisets."""
    columns = [c.lower() for c in case["columns"]]
    key = columns.index("k") if "k" in columns else None
    got, want = normal_rows(got), normal_rows(want)
    if len(got) != len(want):
        return False
    if case.get("from") == "oracle" and (key is not None or "PARTITION" not in case["query"].upper()):
        def group(row):
            return repr(row[key]) if key is not None else ""
    else:
        def group(row):
            return repr([(kind, round(v, 6) if kind == "number" else v) for kind, v in row])
    got, want = sorted(got, key=group), sorted(want, key=group)       # stable: order within a group stays
    return all(map(same_row, got, want))
