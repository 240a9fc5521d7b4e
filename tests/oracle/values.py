"""Values, three-valued logic and arithmetic: section 4 of the language page.

NULL is None, BOOLEAN bool, BIGINT int, DOUBLE float, TEXT str, TIMESTAMP and INTERVAL int microseconds,
ARRAY a list. The static type says how an int is meant, so no value carries its type.
"""
import math
from datetime import datetime, timedelta, timezone
from functools import lru_cache

INT_MIN, INT_MAX = -2**63, 2**63 - 1
NUMBERS = ("BIGINT", "DOUBLE")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

TYPE_NAMES = {"BOOLEAN": "BOOLEAN", "BIGINT": "BIGINT", "INTEGER": "BIGINT", "INT": "BIGINT", "DOUBLE": "DOUBLE",
              "REAL": "DOUBLE", "FLOAT": "DOUBLE", "TEXT": "TEXT", "VARCHAR": "TEXT", "STRING": "TEXT",
              "TIMESTAMP": "TIMESTAMP", "INTERVAL": "INTERVAL"}


class RunError(Exception):
    """A run-time error: exit status 3 of the engine."""


class MatchId(str):
    """What MATCH_ID() gives: the reference knows only which of them are equal."""

    def __new__(cls, serial):
        return super().__new__(cls, f"match {serial}")


class TooBig(Exception):
    """The case has more paths than the reference is willing to walk."""


def bigint(n):
    """A BIGINT never wraps."""
    if not INT_MIN <= n <= INT_MAX:
        raise RunError(f"BIGINT overflow: {n}")
    return n


def saturated(n):
    """Time arithmetic saturates."""
    return max(INT_MIN, min(INT_MAX, int(n)))


def plus(t, d):
    """A time and a duration: saturated, unless the time is a DOUBLE."""
    return saturated(t + d) if isinstance(t, int) and isinstance(d, int) else t + d


def passed(later, earlier, d):
    """Negative, zero or positive where less, as much or more than d lies between. Of DOUBLEs the sums are compared: they
    are what the bounds of timers, WITHIN and windows are."""
    between = later - earlier - d if isinstance(later, int) and isinstance(d, int) else later - (earlier + d)
    return (between > 0) - (between < 0)


def real(x):
    """A DOUBLE that is no number is NULL, as on input."""
    return None if isinstance(x, float) and math.isnan(x) else x


def and_(a, b):
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def or_(a, b):
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


def not_(a):
    return None if a is None else not a


def compare(op, a, b):
    """Text is compared bytewise; Python compares int with float exactly, as the language wants."""
    if a is None or b is None:
        return (a is b) == (op == "NOT DISTINCT") if op in ("DISTINCT", "NOT DISTINCT") else None
    if op == "=" or op == "NOT DISTINCT":
        return a == b
    if op == "<>" or op == "DISTINCT":
        return a != b
    if isinstance(a, str):
        a, b = a.encode(), b.encode()
    return a < b if op == "<" else a <= b if op == "<=" else a > b if op == ">" else a >= b


def divide(a, b):
    """BIGINT / BIGINT is integer division towards zero; division by zero is NULL."""
    if b == 0:
        return None
    if isinstance(a, float) or isinstance(b, float):
        return real(a / b)
    quotient = abs(a) // abs(b)
    return bigint(quotient if (a < 0) == (b < 0) else -quotient)


def remainder(a, b):
    if b == 0:
        return None
    if isinstance(a, float) or isinstance(b, float):
        return real(math.fmod(a, b))
    return a - b * (abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1))


def arithmetic(op, kind, a, b):
    """One operation on two values that are not NULL; kind is the type of the result."""
    if op == "/":
        result = divide(a, b)
    elif op == "%":
        result = remainder(a, b)
    else:
        result = a + b if op == "+" else a - b if op == "-" else a * b
    if result is None:
        return None
    if kind == "BIGINT":
        return bigint(result)
    return real(float(result)) if kind == "DOUBLE" else saturated(result)


@lru_cache(maxsize=10000)
def timestamp(text):
    """ISO 8601 to microseconds; without an offset, UTC."""
    text = text.strip().replace(" ", "T").replace("Z", "+00:00")
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[:digits][:6]:0<6}{tail[digits:]}"
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return (when - EPOCH) // timedelta(microseconds=1)


def timestamp_text(us):
    when = EPOCH + timedelta(microseconds=us)
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond:06}Z"


def interval_text(us):
    """ISO 8601, days being the greatest unit."""
    sign, us = ("-" if us < 0 else ""), abs(us)
    seconds, fraction = divmod(us, 10**6)
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    date = f"{days}D" if days else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or fraction:
        clock += f"{seconds}" + (f".{fraction:06}".rstrip("0") if fraction else "") + "S"
    if not date and not clock:
        return "PT0S"
    return f"{sign}P{date}" + (f"T{clock}" if clock else "")


def read(kind, value):
    """A value of a row as JSON has it, in the form used here."""
    if value is None:
        return None
    if kind == "DOUBLE":
        return real(float(value))
    if kind == "TIMESTAMP" and isinstance(value, str):
        return timestamp(value)
    if kind == "INTERVAL" and isinstance(value, str):
        return int(float(value.removeprefix("-")[2:-1]) * 10**6) * (-1 if value[0] == "-" else 1)      # PTnS
    return value


def written(kind, value):
    """A value as JSON Lines output has it."""
    if value is None:
        return None
    if kind == "TIMESTAMP":
        return timestamp_text(value)
    if kind == "INTERVAL":
        return interval_text(value)
    if kind.startswith("ARRAY"):
        return [written(kind[6:] or "NULL", v) for v in value]
    return value
