"""Scalar functions of section 4 of the language page: what the generator and the conformance cases use.

A row is: name, numbers of arguments, the type of the result from the types of the arguments (None where they
do not fit), the function on values. A NULL argument gives NULL except where the name is in TAKES_NULL.
"""
import math
import re
from decimal import ROUND_HALF_UP, Decimal

from oracle.values import NUMBERS, bigint, compare, real, remainder

TAKES_NULL = {"COALESCE", "NULLIF", "CONCAT"}


def unify(types):
    """The one type that all have, NULL apart, BIGINT widening to DOUBLE; None where there is none."""
    known = {t for t in types if t != "NULL"}
    if known == {"BIGINT", "DOUBLE"}:
        return "DOUBLE"
    return known.pop() if len(known) == 1 else "NULL" if not known else None


def numeric(types):
    t = unify(types)
    return t if t in NUMBERS else None


def double(types):
    return "DOUBLE" if numeric(types) else None


def takes(*wanted):
    """A checker: the argument types must be these, the first being the result."""
    result, *wanted = wanted
    return lambda types: result if all(t in (w, "NULL") for t, w in zip(types, wanted)) else None


def rounded(x, digits=0):
    if isinstance(x, int):
        return x
    if math.isinf(x):
        return x
    return float(Decimal(x).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def whole(function):
    return lambda x: x if isinstance(x, int) else float(function(x)) if not math.isinf(x) else x


def guarded(function):
    """Outside the domain of a function its value is NULL."""
    def call(*args):
        try:
            return real(float(function(*args)))
        except (ValueError, ZeroDivisionError):
            return None
        except OverflowError:
            return math.inf
    return call


def substring(text, start, length=None):
    end = None if length is None else start - 1 + length
    start = max(start - 1, 0)
    return text[start:] if end is None else text[start:max(end, start)]


FUNCTIONS = {
    "ABS": ((1,), numeric, lambda x: bigint(abs(x)) if isinstance(x, int) else abs(x)),
    "SIGN": ((1,), numeric, lambda x: (x > 0) - (x < 0) if isinstance(x, int) else float((x > 0) - (x < 0))),
    "CEIL": ((1,), numeric, whole(math.ceil)),
    "FLOOR": ((1,), numeric, whole(math.floor)),
    "ROUND": ((1, 2), numeric, rounded),
    "SQRT": ((1,), double, guarded(math.sqrt)),
    "POWER": ((2,), double, guarded(math.pow)),
    "EXP": ((1,), double, guarded(math.exp)),
    "LN": ((1,), double, guarded(math.log)),
    "LOG10": ((1,), double, guarded(math.log10)),
    "MOD": ((2,), numeric, remainder),
    "LEAST": (None, unify, min),
    "GREATEST": (None, unify, max),
    "COALESCE": (None, unify, lambda *xs: next((x for x in xs if x is not None), None)),
    "NULLIF": ((2,), unify, lambda a, b: None if compare("=", a, b) else a),
    "LENGTH": ((1,), takes("BIGINT", "TEXT"), len),
    "LOWER": ((1,), takes("TEXT", "TEXT"), str.lower),
    "UPPER": ((1,), takes("TEXT", "TEXT"), str.upper),
    "TRIM": ((1,), takes("TEXT", "TEXT"), lambda t: t.strip(" ")),
    "SUBSTRING": ((2, 3), takes("TEXT", "TEXT", "BIGINT", "BIGINT"), substring),
    "POSITION": ((2,), takes("BIGINT", "TEXT", "TEXT"), lambda a, b: b.find(a) + 1),
    "REPLACE": ((3,), takes("TEXT", "TEXT", "TEXT", "TEXT"), lambda t, a, b: t.replace(a, b) if a else t),
    "CONCAT": (None, takes("TEXT", *["TEXT"] * 9), lambda *xs: "".join(x for x in xs if x is not None)),
    "STARTS_WITH": ((2,), takes("BOOLEAN", "TEXT", "TEXT"), str.startswith),
}


def like(op, text, pattern):
    """LIKE and ILIKE over whole texts, REGEXP anywhere in the text."""
    if text is None or pattern is None:
        return None
    if op == "REGEXP":
        return re.search(pattern, text) is not None
    body = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    return re.fullmatch(body, text, re.S | (re.I if op == "ILIKE" else 0)) is not None
