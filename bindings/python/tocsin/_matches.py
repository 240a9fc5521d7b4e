"""What was found."""
import typing

from . import _core, _show
from ._types import BIGINT, BOOLEAN, DOUBLE, INTERVAL, LIST, TEXT, TIMESTAMP, TYPES, find_name


class Match:
    """One output row: m.name, m["name"], m[0]; dict(m) and tuple(m) work. m.pattern_name is the pattern's."""

    __slots__ = ("_of", "_values")

    def __init__(self, of, values):
        self._of, self._values = of, values

    @property
    def pattern_name(self) -> str:
        return self._of.name

    def __getattr__(self, name: str) -> typing.Any:
        at = self._of.places.get(name)
        if at is None:
            at = find_name(name, self._of.names)
        if at is None:
            raise AttributeError(f"the match has no column {name}; it has {', '.join(self._of.names)}")
        return self._values[at]

    def __getitem__(self, key: typing.Any) -> typing.Any:
        if isinstance(key, str):
            at = self._of.places.get(key)
            if at is None:
                raise KeyError(key)
            return self._values[at]
        return self._values[key]

    def keys(self) -> typing.List[str]:
        return list(self._of.names)

    def values(self) -> typing.Tuple[typing.Any, ...]:
        return self._values

    def items(self) -> typing.List[typing.Tuple[str, typing.Any]]:
        return list(zip(self._of.names, self._values))

    def to_dict(self) -> typing.Dict[str, typing.Any]:
        return dict(zip(self._of.names, self._values))

    def __iter__(self) -> typing.Iterator[typing.Any]:
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __eq__(self, other):
        if isinstance(other, Match):
            return self._of.names == other._of.names and self._values == other._values
        return self._values == other if isinstance(other, tuple) else self.to_dict() == other if isinstance(other, dict) else NotImplemented

    def __hash__(self):
        return hash(self._values)

    def __dir__(self):
        return [*super().__dir__(), *self._of.names]

    def __repr__(self):
        return f"Match({', '.join(f'{n}={v!r}' for n, v in zip(self._of.names, self._values))})"


class Output:
    """The columns of one pattern."""

    __slots__ = ("name", "names", "types", "places")

    def __init__(self, name, columns):
        self.name = name
        self.names = tuple(c[0] for c in columns)
        self.types = tuple(c[1] for c in columns)
        self.places = {n: i for i, n in reversed(list(enumerate(self.names)))}


class Matches:
    """Matches in the order in which they were decided; values become Python objects when they are read.

    A sequence of Match (but no collections.abc.Sequence, which other packages would take for a list of objects). Speaks the Arrow PyCapsule protocol: polars.DataFrame(r), pyarrow.table(r). Where the text
    has several patterns, r["name"] are the matches of one of them.
    """

    def __init__(self, rows, program, stats, pattern, source=None, only=None):
        """source: (data, named, options) of the match, to draw its events; None: they are not at hand."""
        self._rows, self._program, self._pattern, self._source, self._only = rows, program, pattern, source, only
        self._outputs = [Output(name, columns) for name, columns, _, _ in program.patterns]
        self.stats = stats

    # --- a sequence ---

    def __len__(self) -> int:
        return len(self._rows) if self._only is None else self._rows.count_of(self._only)

    @typing.overload
    def __getitem__(self, key: int) -> Match: ...
    @typing.overload
    def __getitem__(self, key: str) -> "Matches": ...
    @typing.overload
    def __getitem__(self, key: slice) -> typing.List[Match]: ...

    def __getitem__(self, key):
        if isinstance(key, str):
            at = find_name(key, self.patterns)
            if at is None:
                raise KeyError(key)
            return Matches(self._rows, self._program, self.stats, self._pattern, self._source, at)
        if isinstance(key, slice):
            return [self[i] for i in range(*key.indices(len(self)))]
        at = key.__index__()
        if at < 0:
            at += len(self)
        if not 0 <= at < len(self):
            raise IndexError("there are fewer matches")
        return self._at(at)

    def _at(self, at):
        if self._only is None:
            pattern, values = self._rows.row(at)
            return Match(self._outputs[pattern], values)
        return Match(self._outputs[self._only], self._rows.of(self._only, at))

    def __iter__(self) -> typing.Iterator[Match]:
        for at in range(len(self)):
            yield self._at(at)

    def __reversed__(self) -> typing.Iterator[Match]:
        for at in range(len(self) - 1, -1, -1):
            yield self._at(at)

    @property
    def patterns(self) -> typing.List[str]:
        """The names of the patterns; [""] for a bare query."""
        return [o.name for o in self._outputs]

    def _one(self):
        if self._only is not None:
            return self._only
        if len(self._outputs) != 1:
            raise _core.Error(f"there are matches of several patterns, with columns of their own: take r[name], with one of {', '.join(self.patterns)}")
        return 0

    @property
    def columns(self) -> typing.List[str]:
        """The names of the columns."""
        return list(self._outputs[self._one()].names)

    @property
    def types(self) -> typing.Dict[str, str]:
        """The types of the columns, by their names."""
        output = self._outputs[self._one()]
        return {n: TYPES[t] for n, t in zip(output.names, output.types)}

    def column(self, name: str) -> typing.List[typing.Any]:
        """All values of a column."""
        pattern = self._one()
        at = find_name(name, self._outputs[pattern].names)
        if at is None:
            raise KeyError(name)
        return self._rows.column(pattern, at)

    # --- other shapes ---

    def to_dicts(self) -> typing.List[typing.Dict[str, typing.Any]]:
        """A list of dicts; of several patterns each begins with `pattern`."""
        return self._rows.dicts() if self._only is None else [m.to_dict() for m in self]

    def __arrow_c_schema__(self) -> object:
        return self._rows.arrow_schema(self._one())

    def __arrow_c_stream__(self, requested_schema: typing.Optional[object] = None) -> object:
        """Lists (ARRAY_AGG) are JSON text here."""
        return self._rows.arrow(self._one())

    def _lists(self):
        output = self._outputs[self._one()]
        return [n for n, t in zip(output.names, output.types) if t == LIST]

    def to_arrow(self) -> typing.Any:
        """A pyarrow.Table."""
        import pyarrow
        table = pyarrow.RecordBatchReader._import_from_c_capsule(self.__arrow_c_stream__()).read_all() \
            if not hasattr(pyarrow.RecordBatchReader, "from_stream") else pyarrow.RecordBatchReader.from_stream(self).read_all()
        for name in self._lists():
            table = table.set_column(table.column_names.index(name), name, pyarrow.array(self.column(name)))
        return table

    def to_polars(self) -> typing.Any:
        """A polars.DataFrame."""
        import polars
        frame = polars.DataFrame(self)
        lists = self._lists()
        return frame.with_columns(polars.Series(n, self.column(n), strict=False) for n in lists) if lists else frame

    def to_pandas(self) -> typing.Any:
        """A pandas.DataFrame; columns with NULLs are of the nullable types."""
        import pandas
        output = self._outputs[self._one()]
        return pandas.DataFrame({n: pandas_values(pandas, self.column(n), t) for n, t in zip(output.names, output.types)}, columns=list(output.names))

    # --- to look at ---

    def plot(self, *data: typing.Any, value: typing.Optional[str] = None, backend: typing.Optional[str] = None, **streams: typing.Any) -> typing.Any:
        """A timeline: a lane per partition, events coloured by label, each match a span, and under it a line of values.

        data     what was matched, where it cannot be read twice (an iterator), or comes from a stream
        value    the column of the line; by default the first number that the pattern reads
        backend  "matplotlib", "altair" or "svg"; by default the first of them that is installed
        """
        from . import _plot
        known = self._source
        if data or streams:
            known = (data, streams, known[2] if known else {})
        if known is None:
            raise _core.Error("the data is not at hand any more: give it, r.plot(data)")
        return _plot.draw(_plot.timeline(self, value, *known), backend)

    def __repr__(self):
        head = ", ".join(repr(m) for m in self[:3])
        more = f", ... {len(self) - 3} more" if len(self) > 3 else ""
        return f"<{len(self)} {'match' if len(self) == 1 else 'matches'}: {head}{more}>" if len(self) else "<no matches>"

    def _repr_html_(self):
        return _show.matches_html(self)


def pandas_values(pandas, values, kind):
    if kind == TIMESTAMP:
        return pandas.to_datetime(pandas.Series(values, dtype=object), utc=True).astype("datetime64[us, UTC]")
    if kind == INTERVAL:
        return pandas.to_timedelta(pandas.Series(values, dtype=object)).astype("timedelta64[us]")
    missing = any(v is None for v in values)
    dtypes = {BOOLEAN: ("bool", "boolean"), BIGINT: ("int64", "Int64"), DOUBLE: ("float64", "float64"), TEXT: (object, object)}
    return pandas.Series(values, dtype=dtypes.get(kind, (object, object))[missing])
