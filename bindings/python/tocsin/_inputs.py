"""Data as people have it, made ready for the engine.

    frame, stream, file, rows  --prepare()-->  Input  --spec()-->  (index, is table, kind, data)

An input also tells the columns of a stream that nobody declared.
"""
import collections.abc
import datetime
import decimal
import itertools
import json
import os

from . import _core
from ._types import BIGINT, BOOLEAN, DOUBLE, INTERVAL, TEXT, TIMESTAMP, TYPES, UNITS, find_name

CSV, JSONL = 1, 2
ENDINGS = {".csv": CSV, ".jsonl": JSONL, ".ndjson": JSONL}
PACKINGS = {".gz": 1, ".zst": 2}
SAMPLE_ROWS, SAMPLE_BYTES = 10000, 2 << 20


def column_specs(given):
    """A shape that the user gives, {"price": "DOUBLE", "ts": ("TIMESTAMP", "millisecond")}, as the engine takes it."""
    specs = []
    for name, told in given.items():
        kind, unit = (told, None) if isinstance(told, str) else told
        if kind.upper() not in TYPES[1:7] or unit not in UNITS:
            raise _core.Error(f"column {name!r}: {told!r} is no type; types are {', '.join(TYPES[1:7])}, "
                              f"a TIMESTAMP of numbers is (\"TIMESTAMP\", unit) with one of {', '.join(list(UNITS)[1:])}")
        specs.append((name, TYPES.index(kind.upper()), UNITS[unit], None))
    return specs


class Input:
    """One source of rows. kind and data are what the engine takes."""

    def __init__(self, kind, data, shape, close=None):
        self.kind, self.data, self.shape, self.close = kind, data, shape, close

    def spec(self, index, is_table, names):
        """names: the columns that are read."""
        return (index, is_table, self.kind, self.data)


class Frame(Input):
    """A frame whose columns are made ready only where they are read: others may be of any type."""

    def __init__(self, frame, columns, select):
        """columns: names in the frame, as texts; select(positions) answers the frame with these columns alone."""
        super().__init__("frame", frame, lambda name: narrow(frame, select, range(len(columns)), SAMPLE_ROWS).shape(name))
        self.columns, self.select = columns, select

    def spec(self, index, is_table, names):
        found = {find_name(name, self.columns) for name in names} - {None}
        return narrow(self.data, self.select, sorted(found)).spec(index, is_table, names)


def narrow(frame, select, positions, rows=None):
    """An Input of some columns, and of the first rows."""
    part = select(positions) if rows is None else select(positions).head(rows)
    if rows is None or not type(frame).__module__.startswith("pandas"):
        try:
            return from_arrow(part.__arrow_c_stream__())
        except (AttributeError, ImportError, TypeError, ValueError):     # pandas without pyarrow, or with values of several types
            pass
    return from_columns({str(c): part.iloc[:, i] for i, c in enumerate(part.columns)})


def prepare(data, name=None):
    """An Input. name: of the stream, where it is known: only for messages."""
    if isinstance(data, Input):
        return data
    if isinstance(data, (str, os.PathLike)):
        return from_file(os.fspath(data))
    if hasattr(data, "collect") and type(data).__module__.startswith("polars"):
        data = data.collect()
    module = type(data).__module__.partition(".")[0]
    if module == "pandas" and hasattr(data, "columns"):
        levels = [n for n in data.index.names if n is not None and n not in data.columns]
        data = data.reset_index(level=levels) if levels else data       # an index with a name is a column
        return Frame(data, [str(c) for c in data.columns], lambda positions: data.iloc[:, list(positions)])
    if module == "polars" and hasattr(data, "columns"):
        return Frame(data, data.columns, lambda positions: data.select([data.columns[i] for i in positions]))
    if hasattr(data, "__arrow_c_stream__"):
        return from_arrow(data.__arrow_c_stream__())
    if hasattr(data, "__arrow_c_array__") and module == "pyarrow":
        import pyarrow
        return from_arrow(pyarrow.Table.from_batches([data]).__arrow_c_stream__())
    if module == "numpy" and getattr(data, "dtype", None) is not None and data.dtype.names:
        return from_columns({n: data[n] for n in data.dtype.names})
    if module == "duckdb" and hasattr(data, "arrow"):
        return prepare(data.arrow(), name)
    if isinstance(data, collections.abc.Mapping):
        return from_columns(data)
    if isinstance(data, collections.abc.Iterable):
        return from_rows(data)
    raise TypeError(f"a {type(data).__name__} cannot be matched over; what can: data frames, Arrow streams, dicts of columns, "
                    "iterables of rows, names of files")


# --- Arrow ---

def from_arrow(capsule):
    return Input("arrow", capsule, lambda name: _core.arrow_schema(capsule))


# --- columns ---

def numpy_column(array):
    """(role, object, mask) of an array of numpy."""
    if array.ndim != 1:
        raise _core.Error(f"a column has one dimension, not {array.ndim}")
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind in "Mm":
        import numpy
        letter = array.dtype.kind
        unit = numpy.datetime_data(array.dtype)[0]
        if unit not in ("s", "ms", "us", "ns") or numpy.datetime_data(array.dtype)[1] != 1:
            array, unit = array.astype(f"{letter}8[us]"), "us"
        return ("" if letter == "M" else "d") + unit, array.view("i8"), None
    if array.dtype.kind in "biuf" and array.dtype.itemsize <= 8:
        return None, array, None
    return None, array.tolist(), None


def pandas_column(series):
    """(role, object, mask) of a column of pandas, without pyarrow."""
    dtype = series.dtype
    kind = getattr(dtype, "kind", "O")
    if getattr(dtype, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return numpy_column(series.to_numpy())
    if type(dtype).__module__.startswith("numpy") and kind in "biufMm":
        return numpy_column(series.to_numpy())
    if kind in "biuf" and hasattr(dtype, "numpy_dtype"):
        missing = series.isna().to_numpy()
        fill = False if kind == "b" else 0
        return None, series.to_numpy(dtype=dtype.numpy_dtype, na_value=fill), missing if missing.any() else None
    return None, series.astype(object).where(series.notna(), None).tolist(), None


def column_of(values):
    """(role, object, mask) of anything that may be a column."""
    module = type(values).__module__.partition(".")[0]
    if module == "pandas" and hasattr(values, "dtype"):
        return pandas_column(values.to_series() if not hasattr(values, "dt") and hasattr(values, "to_series") else values)
    if module == "numpy":
        return numpy_column(values)
    if module == "polars":
        return None, values.to_list(), None
    if module == "pyarrow":
        return None, values.to_pylist(), None
    if isinstance(values, (str, bytes)) or not isinstance(values, (collections.abc.Sequence, collections.abc.Iterable)):
        raise _core.Error(f"a {type(values).__name__} is no column of values; rows are given as a list of dicts")
    try:
        return None, memoryview(values), None
    except TypeError:
        pass
    return None, values if isinstance(values, (list, tuple, range)) else list(values), None


def buffer_type(role, values):
    """The type of a column that is a buffer; None: it is a sequence."""
    if role is not None:
        return INTERVAL if role.startswith("d") else TIMESTAMP
    if isinstance(values, (list, tuple, range)):
        return None
    letter = memoryview(values).format.lstrip("@=<")
    return BOOLEAN if letter == "?" else DOUBLE if letter in "efd" else BIGINT


class Columns(Input):
    """Columns by name; only those that are read are looked at."""

    def __init__(self, columns):
        super().__init__("columns", columns, lambda name: columns_shape(columns, name))

    def spec(self, index, is_table, names):
        given = list(self.data)
        found = sorted({find_name(name, [str(n) for n in given]) for name in names} - {None})
        return (index, is_table, "columns", [(str(given[i]), *column_of(self.data[given[i]])) for i in found])


def columns_shape(columns, stream):
    specs = [(str(name), *column_of(values)) for name, values in columns.items()]
    known = {name: buffer_type(role, values) for name, role, values, _ in specs}
    unknown = {name: values for name, _, values, _ in specs if known[name] is None}
    rows = [dict(zip(unknown, row)) for row in itertools.islice(zip(*unknown.values()), SAMPLE_ROWS)]
    told = {c[0]: c for c in rows_shape(rows, stream, False)} if unknown else {}
    return [told.get(name, (name, TEXT, 0, None)) if known[name] is None else (name, known[name], 0, None) for name in known]


def from_columns(columns):
    return Columns(columns)


# --- rows ---

def json_value(value):
    """Values that JSON has no word for, as the text that says their type."""
    if isinstance(value, datetime.datetime):
        return value.isoformat() if value == value else None
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, collections.abc.Mapping) or hasattr(value, "keys"):
        return {k: value[k] for k in value.keys()}
    return str(value)


def rows_shape(rows, stream, nested=True):
    """The columns of a sample of dicts, inferred as the command infers those of JSON Lines."""
    lines = "".join(json.dumps(row if isinstance(row, dict) else json_value(row), default=json_value) + "\n" for row in rows)
    columns = _core.file_schema(lines.encode(), True, stream, JSONL, 0)
    intervals = {k for row in rows[:SAMPLE_ROWS] if isinstance(row, dict) for k, v in row.items() if isinstance(v, datetime.timedelta)}
    return [(n, INTERVAL if n in intervals else t, u, p if nested else None) for n, t, u, p in columns]


def from_rows(rows):
    if hasattr(rows, "dtype") and hasattr(rows, "tolist"):
        rows = rows.tolist()
    held = Input("rows", rows, None)

    def shape(stream):
        iterator = iter(held.data)
        sample = list(itertools.islice(iterator, SAMPLE_ROWS))
        if not isinstance(held.data, list):
            held.data = itertools.chain(sample, iterator)
        if any(isinstance(row, (tuple, list)) for row in sample):
            raise _core.Error(f"rows without names, and no CREATE STREAM {stream} that names their columns: give dicts, or declare the stream")
        return rows_shape(sample, stream)

    held.shape = shape
    return held


# --- files ---

def from_file(path):
    base = os.path.basename(path).lower()
    stem, ending = os.path.splitext(base)
    packing = PACKINGS.get(ending, 0)
    if packing:
        ending = os.path.splitext(stem)[1]
    if ending not in ENDINGS:
        hint = "; read it with polars or pyarrow, and match the frame" if ending in (".parquet", ".arrow", ".feather") else ""
        raise _core.Error(f"{path}: the name tells no format; known are .csv, .jsonl and .ndjson, also with .gz or .zst behind{hint}")
    form = ENDINGS[ending]
    file = open(path, "rb", buffering=0)

    def shape(stream):
        with open(path, "rb") as sample:
            head = sample.read(SAMPLE_BYTES)
            return _core.file_schema(head, not sample.read(1), stream, form, packing)

    return Input("file", (file.read, path, form, packing), shape, file.close)
