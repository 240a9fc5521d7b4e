"""What the numbers of the engine stand for: see include/tocsin/batch.h."""

TYPES = ["NULL", "BOOLEAN", "BIGINT", "DOUBLE", "TEXT", "TIMESTAMP", "INTERVAL", "LIST"]
UNITS = {None: 0, "second": 1, "millisecond": 2, "microsecond": 3, "nanosecond": 4}
UNIT_NAMES = [None, "second", "millisecond", "microsecond", "nanosecond"]
BOOLEAN, BIGINT, DOUBLE, TEXT, TIMESTAMP, INTERVAL, LIST = range(1, 8)


def same_name(a, b):
    """As the language compares names: without regard to ASCII case."""
    return a == b or (a.isascii() and b.isascii() and a.lower() == b.lower())


def find_name(name, names):
    """The index of a name, exactly or else without regard to case; None."""
    names = list(names)
    if name in names:
        return names.index(name)
    return next((i for i, other in enumerate(names) if same_name(name, other)), None)
