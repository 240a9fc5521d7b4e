"""Functions for CREATE FUNCTION that are asked for many rows at once.

The engine asks for one value at a time, and as often as it likes. Before it sees the rows of a batch, these are shown to
Scores: it calls the function once with whole columns and remembers, by the arguments, what came out.
"""
import array
import datetime
import typing

from ._types import BIGINT, DOUBLE, INTERVAL, TIMESTAMP

MOST = 1 << 18      # results remembered, twice: of the newest rows and of those before
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class vectorized:
    """A function over arrays, for functions={"score": tocsin.vectorized(model.predict, "x", "y")}.

    columns  the stream's columns that the pattern calls it with, in their order: score(x, y)

    It is given arrays, of numpy where that is installed, of as many rows as there are in a batch, and answers as many
    results. Where an argument is NULL the result is, without asking. Called with other values it is asked for one row.
    """

    def __init__(self, function: typing.Callable[..., typing.Any], *columns: str) -> None:
        if not columns:
            raise TypeError("vectorized() wants the names of the columns that are its arguments")
        self.function, self.columns = function, columns


def make_array(kind, values):
    """Values without NULL as an array. kind: a type of the engine."""
    letter = {DOUBLE: "d", BIGINT: "q"}.get(kind)
    try:
        import numpy
    except ImportError:
        return array.array(letter, values) if letter else values
    if kind == TIMESTAMP:
        return numpy.array([(v - EPOCH) // datetime.timedelta(microseconds=1) for v in values], dtype="M8[us]")
    if kind == INTERVAL:
        return numpy.array(values, dtype="m8[us]")
    return numpy.array(values, dtype={"d": "f8", "q": "i8"}.get(letter, object))


def values_of(rows, kind, values, validity):
    """What column_values() of the matcher gives, as Python has it."""
    if isinstance(values, bytes):
        numbers = memoryview(values).cast("d" if kind == DOUBLE else "q").tolist()
        if kind == TIMESTAMP:
            numbers = [EPOCH + datetime.timedelta(microseconds=v) for v in numbers]
        elif kind == INTERVAL:
            numbers = [datetime.timedelta(microseconds=v) for v in numbers]
        values = [None if v != v else v for v in numbers]
    if validity is not None:
        values = [v if validity[i >> 3] >> (i & 7) & 1 else None for i, v in enumerate(values)]
    return values


def plain(result):
    """Results as scalars of Python."""
    return result.tolist() if hasattr(result, "tolist") else list(result)


class Scores:
    """One matcher's memory of what a vectorized function answered."""

    def __init__(self, function):
        self.function, self.newest, self.older = function, {}, {}
        self.kinds = None

    def see(self, rows, columns):
        """The rows of a batch, before they are matched."""
        self.kinds = [kind for kind, _, _ in columns]
        arguments = zip(*(values_of(rows, *column) for column in columns))
        self.ask([a for a in dict.fromkeys(arguments) if None not in a and a not in self.newest])

    def ask(self, arguments):
        if not arguments:
            return
        if len(self.newest) + len(arguments) > MOST:
            self.newest, self.older = {}, self.newest
        arrays = [make_array(kind, list(values)) for kind, values in zip(self.kinds, zip(*arguments))]
        results = plain(self.function.function(*arrays))
        if len(results) != len(arguments):
            raise ValueError(f"the function answered {len(results)} results for {len(arguments)} rows")
        self.newest.update(zip(arguments, results))

    def __call__(self, *arguments):
        if None in arguments:
            return None
        for known in (self.newest, self.older):
            if arguments in known:
                return known[arguments]
        if self.kinds is None:
            self.kinds = [{float: DOUBLE, int: BIGINT, datetime.datetime: TIMESTAMP, datetime.timedelta: INTERVAL}.get(type(a)) for a in arguments]
        self.ask([arguments])
        return self.newest[arguments]
