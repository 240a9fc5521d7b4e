"""Aggregates of section 4 of the language page, over the list of values of one argument or two.

An aggregate is: the type of the result from the argument types (None where they do not fit), and the value.
All but COUNT and ARRAY_AGG skip NULL; over no rows all but COUNT are NULL.
"""
import math
from fractions import Fraction

from oracle.values import NUMBERS, bigint, real

ORDERED = ("BIGINT", "DOUBLE", "TEXT", "TIMESTAMP", "INTERVAL", "BOOLEAN")


def total(kind, values):
    """From left to right, so that a BIGINT overflow on the way is found."""
    result = 0.0 if kind == "DOUBLE" else 0
    for v in values:
        result = result + v if kind == "DOUBLE" else bigint(result + v) if kind == "BIGINT" else result + v
    return real(result)


def average(kind, values):
    return int(sum(values) / len(values)) if kind == "INTERVAL" else real(sum(values) / len(values))


def variance(values, sample):
    if len(values) < 1 + sample:
        return None
    if not all(map(math.isfinite, values)):
        return None
    mean = sum(map(Fraction, values)) / len(values)
    return float(sum((v - mean) ** 2 for v in values) / (len(values) - sample))


def root(x):
    return None if x is None else math.sqrt(x)


def key(v):
    return v.encode() if isinstance(v, str) else v


def by(pairs, sign):
    """MIN_BY and MAX_BY skip NULL keys and take the first of equals."""
    pairs = [(v, k) for v, k in pairs if k is not None]
    if not pairs:
        return None
    best = (min if sign < 0 else max)(key(k) for _, k in pairs)
    return next(v for v, k in pairs if key(k) == best)


def percentile(rows):
    """PERCENTILE_DISC; the rank a hair smaller, so that 0.1 of 30 is 3."""
    values = sorted(v for v, _ in rows if v is not None)
    rank = math.ceil(rows[0][1] * len(values) * (1 - 1e-12)) if values else 0
    return values[max(rank, 1) - 1] if values else None


def number_type(types):
    return types[0] if types[0] in NUMBERS + ("NULL",) else None


def double_type(types):
    return "DOUBLE" if types[0] in NUMBERS else None


def ordered_type(types):
    return types[0] if types[0] in ORDERED else None


AGGREGATES = {
    "SUM": (1, lambda t: t[0] if t[0] in NUMBERS + ("INTERVAL",) else None, lambda kind, v: total(kind, v)),
    "AVG": (1, lambda t: "INTERVAL" if t[0] == "INTERVAL" else double_type(t), average),
    "MIN": (1, ordered_type, lambda kind, v: min(v, key=key)),
    "MAX": (1, ordered_type, lambda kind, v: max(v, key=key)),
    "STDDEV": (1, double_type, lambda kind, v: root(variance(v, 1))),
    "STDDEV_POP": (1, double_type, lambda kind, v: root(variance(v, 0))),
    "VARIANCE": (1, double_type, lambda kind, v: variance(v, 1)),
    "ANY_VALUE": (1, lambda t: t[0], lambda kind, v: v[0]),
    "STRING_AGG": (2, lambda t: "TEXT" if t[0] == "TEXT" else None, None),
    "ARRAY_AGG": (1, lambda t: "ARRAY " + t[0], None),
    "MIN_BY": (2, lambda t: t[0] if t[1] in ORDERED else None, None),
    "MAX_BY": (2, lambda t: t[0] if t[1] in ORDERED else None, None),
    "STDDEV_SAMP": (1, double_type, lambda kind, v: root(variance(v, 1))),
    "APPROX_PERCENTILE": (2, lambda t: t[0] if t[0] in NUMBERS + ("INTERVAL", "TIMESTAMP") else None, None),
}


def evaluate(name, kind, rows):
    """rows: a tuple of argument values for each row."""
    if name == "ARRAY_AGG":
        return [r[0] for r in rows] or None
    if name in ("MIN_BY", "MAX_BY"):
        return by(rows, -1 if name == "MIN_BY" else 1)
    if name == "APPROX_PERCENTILE":
        return percentile(rows) if rows else None
    if name == "STRING_AGG":
        texts = [r for r in rows if r[0] is not None]
        return texts[0][1].join(t for t, _ in texts) if texts else None
    values = [r[0] for r in rows if r[0] is not None]
    return AGGREGATES[name][2](kind, values) if values else None
