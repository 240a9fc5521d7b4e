"""Patterns: compiled texts, and matching them over data."""
import collections.abc
import datetime
import os
import sys
import typing

from . import _core, _show
from ._inputs import Input, column_specs, prepare
from ._functions import Scores, vectorized
from ._matches import Match, Matches
from ._types import TYPES, UNIT_NAMES, find_name, same_name

if typing.TYPE_CHECKING:
    from ._stream import Stream

Functions = typing.Optional[typing.Mapping[str, typing.Callable[..., typing.Any]]]
LATE = {None: 0, "drop": 1, "fail": 2}
UNKNOWN_STREAM = "E1003"


class Diagnostic(typing.NamedTuple):
    """One finding about a pattern text. Lines and columns count from 1; offset and length in characters."""
    severity: str
    code: str
    message: str
    hint: str
    offset: int
    length: int
    line: int
    column: int

    def __str__(self):
        text = f"{self.line}:{self.column}: {self.severity}[{self.code}]: {self.message}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class Column(typing.NamedTuple):
    """A column of a stream, a table or an output. unit: how a numeric TIMESTAMP counts; path: where JSON has it."""
    name: str
    type: str
    unit: typing.Optional[str] = None
    path: typing.Optional[str] = None
    not_null: bool = False
    needed: bool = True


class Schema(typing.NamedTuple):
    """What a pattern reads and gives: columns by the name of their stream, table or pattern ("" for a bare query)."""
    streams: typing.Dict[str, typing.List[Column]]
    tables: typing.Dict[str, typing.List[Column]]
    patterns: typing.Dict[str, typing.List[Column]]


def columns_of(told):
    return [Column(name, TYPES[kind], UNIT_NAMES[unit], path, not_null, needed) for name, kind, unit, path, not_null, needed in told]


def parameter_text(value):
    """A parameter as the language reads it from text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        micros = (value.days * 86400 + value.seconds) * 10**6 + value.microseconds
        sign, micros = ("-", -micros) if micros < 0 else ("", micros)
        return f"{sign}PT{micros // 10**6}.{micros % 10**6:06}S"
    return str(value)


def parameter_list(*given):
    return [(n.lstrip(":"), parameter_text(v)) for some in given for n, v in (some or {}).items()]


def read_diagnostics(text, told):
    """The engine counts bytes of UTF-8, people count characters."""
    encoded = text.encode()
    found = []
    for severity, code, message, hint, offset, length, line, column in told:
        start = encoded.rfind(b"\n", 0, offset) + 1
        chars = len(encoded[start:offset].decode(errors="replace")) + 1 if not text.isascii() else column
        first = len(encoded[:offset].decode(errors="replace"))
        found.append(Diagnostic(severity, code, message, hint, first, len(encoded[offset:offset + length].decode(errors="replace")), line, chars))
    return found


def pattern_error(text, name, diagnostics):
    errors = [d for d in diagnostics if d.severity == "error"]
    lines = text.splitlines() or [""]
    shown = []
    for d in errors[:10]:
        source = lines[d.line - 1] if d.line <= len(lines) else ""
        caret = "".join("\t" if c == "\t" else " " for c in source[:d.column - 1]) + "^" * max(1, min(d.length, len(source) - d.column + 1))
        shown.append(f"{name}:{d.line}:{d.column}: error[{d.code}]: {d.message}\n  {source}\n  {caret}" + (f"\n  hint: {d.hint}" if d.hint else ""))
    if len(errors) > 10:
        shown.append(f"... and {len(errors) - 10} more")
    error = _core.PatternError("\n".join(shown))
    error.diagnostics = diagnostics
    return error


class Unknown(Exception):
    """A text names a stream that nobody declared."""

    def __init__(self, name, error):
        self.name, self.error = name, error


def unknown_name(text, diagnostics):
    """The stream that an error says is unknown; None: there is another error."""
    errors = [d for d in diagnostics if d.severity == "error"]
    if not errors or any(d.code != UNKNOWN_STREAM for d in errors):
        return None
    name = text[errors[0].offset:errors[0].offset + errors[0].length].strip()
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


class Pattern:
    """A compiled pattern text; immutable, may be shared between threads. Made by tocsin.compile()."""

    text: str
    name: str
    diagnostics: typing.List[Diagnostic]
    _program: typing.Any
    _unknown: typing.Any

    __slots__ = ("text", "name", "diagnostics", "_program", "_unknown", "_streams", "_parameters", "_functions", "_programs", "__weakref__")

    def __init__(self, text, name, streams, parameters, functions):
        self.text, self.name = text, name
        self._streams, self._parameters, self._functions = streams, parameters, dict(functions or {})
        self._programs = {}
        self._unknown = None
        try:
            self._program, self.diagnostics = self._compile({})
        except Unknown as unknown:
            self._program, self._unknown = None, unknown
            self.diagnostics = unknown.error.diagnostics

    def _compile(self, more):
        """more: shapes of streams, by name. Raises Unknown where another is wanted."""
        streams = [(n, c) for n, c in {**self._streams, **more}.items()]
        program, told = _core.compile(self.text, streams, self._parameters, bool(more), None)
        diagnostics = read_diagnostics(self.text, told)
        if program is not None:
            return program, [d for d in diagnostics if d.severity != "error"]
        error = pattern_error(self.text, self.name, diagnostics)
        name = unknown_name(self.text, diagnostics)
        if name and not any(same_name(name, n) for n, _ in streams):
            raise Unknown(name, error)
        raise error

    @property
    def _known(self):
        if self._program is None:
            raise _core.Error(f"nobody declares the stream {self._unknown.name}: its columns are known where data is matched; "
                              "to have them before, add CREATE STREAM or compile with streams={...}") from self._unknown.error
        return self._program

    @property
    def schema(self) -> Schema:
        """The columns of streams, tables and outputs."""
        p = self._known
        return Schema({name: columns_of(columns) for name, _, columns in p.streams},
                      {name: columns_of(columns) for name, _, columns, _ in p.tables},
                      {name: columns_of(columns) for name, columns, _, _ in p.patterns})

    def explain(self) -> str:
        """The plan as text: automaton, what is kept and why."""
        return self._known.explain()

    def trace(self, key: typing.Any = None) -> typing.NoReturn:
        """Why a pattern matched, or did not: not supported yet."""
        raise _core.Error("trace is not supported yet")

    def save(self) -> bytes:
        """The compiled program as bytes, for tocsin.load_pattern()."""
        return self._known.save()

    def _repr_html_(self):
        return _show.pattern_html(self)

    def __repr__(self):
        if self._program is None:
            return f"<tocsin.Pattern over {self._unknown.name}, whose columns come with the data>"
        names = ", ".join(name for name, *_ in self._program.patterns if name)
        return f"<tocsin.Pattern {names or self.name} over {', '.join(name for name, *_ in self._program.streams)}>"

    # --- matching ---

    def _bind(self, data, named):
        """(program, specs of sources, inputs) for data given without a name and by name."""
        inputs = [(None, prepare(d)) for d in data] + [(n, prepare(d, n)) for n, d in named.items()]
        try:
            program = self._program if self._program is not None else self._infer(inputs)
            return program, self._place(program, inputs), inputs
        except BaseException:
            close_inputs(inputs)
            raise

    def _infer(self, inputs):
        """The program for streams that only the data tells."""
        shapes = {}
        while True:
            key = repr(sorted(shapes.items()))
            if key in self._programs:
                return self._programs[key]
            try:
                program, _ = self._compile(shapes)
            except Unknown as unknown:
                shapes[unknown.name] = self._shape_for(unknown, inputs, shapes)
                continue
            if len(self._programs) < 64:
                self._programs[key] = program
            return program

    def _shape_for(self, unknown, inputs, shapes):
        for name, given in inputs:
            if name is not None and same_name(name, unknown.name):
                return given.shape(unknown.name)
        bare = [given for name, given in inputs if name is None]
        if len(bare) == 1 and not shapes:
            return bare[0].shape(unknown.name)
        raise unknown.error

    def _place(self, program, inputs):
        streams = [name for name, *_ in program.streams]
        tables = [name for name, *_ in program.tables]
        read = {s for _, _, _, reads in program.patterns for s in reads}
        named = {find_name(name, streams) for name, _ in inputs if name is not None}
        specs, fed, loaded = [], set(), set()
        for name, given in inputs:
            if name is None:
                free = [i for i in sorted(read) if i not in named and i not in fed]
                if len(free) != 1:
                    names = ", ".join(streams[i] + "=..." for i in sorted(read))
                    raise _core.Error(f"which stream is it? Say so: {names}" if read else "the pattern reads no stream")
                at, is_table = free[0], False
            else:
                at, is_table = find_name(name, streams), False
                if at is None:
                    at, is_table = find_name(name, tables), True
                if at is None:
                    raise _core.Error(f"there is no stream and no table {name}; there are {', '.join(streams + tables)}")
            if at in (loaded if is_table else fed):
                raise _core.Error(f"{(tables if is_table else streams)[at]} is given twice")
            (loaded if is_table else fed).add(at)
            columns = program.tables[at][2] if is_table else program.streams[at][2]
            time = -1 if is_table else program.streams[at][1]
            specs.append(given.spec(at, is_table, [c[0] for i, c in enumerate(columns) if c[5] or c[4] or i == time]))
        return specs

    def _check_fed(self, program, specs):
        """A pattern without rows answers nothing, which is easily taken for an answer."""
        fed = {at for at, is_table, *_ in specs if not is_table}
        loaded = {at for at, is_table, *_ in specs if is_table}
        for _, _, parts, _ in program.patterns:
            for is_pattern, index, table in parts:
                if not is_pattern and index not in fed:
                    raise _core.Error(f"the stream {program.streams[index][0]} has no data; give it by name: match({program.streams[index][0]}=...)")
                if table >= 0 and table not in loaded:
                    raise _core.Error(f"the table {program.tables[table][0]} has no data; give it by name: match({program.tables[table][0]}=...)")

    def _matcher(self, program, late_rows, bad_rows, late, bad, keep_late, functions, max_paths, max_rows, max_bytes, state=None):
        if late not in LATE:
            raise _core.Error(f"late is \"drop\" or \"fail\", not {late!r}")
        given = {**self._functions, **(functions or {})}
        called = {}
        for name, *_ in program.functions:
            at = find_name(name, given)
            if at is not None:
                called[name] = list(given.values())[at]
        watch = []
        for name, function in called.items():
            if isinstance(function, vectorized):
                called[name] = scores = Scores(function)
                watch.append((scores.see, function.columns))
        return _core.matcher(program, called, watch, late_rows, bad_rows, LATE[late], bad == "skip", keep_late, max_paths, max_rows, max_bytes, state)

    def match(self, *data: typing.Any, inputs: typing.Optional[typing.Mapping[str, typing.Any]] = None, functions: Functions = None,
              late: typing.Optional[str] = None, bad: str = "fail", max_paths: int = 0, max_rows: int = 0, max_bytes: int = 0,
              **streams: typing.Any) -> Matches:
        """Matches over data that is all there is: to its end, in the order of its rows.

        data       of the one stream that the pattern reads; several by name: match(clicks=df1, orders=df2).
                   At equal times the stream that is named first goes first. Tables are given by name too.
        inputs     the same as a dict, for streams whose names are options of this function
        functions  callables for CREATE FUNCTION, by name; added to those of compile()
        late       "drop" or "fail": rows behind the watermark. None: fail, unless the stream has a WATERMARK
        bad        "fail" or "skip": rows whose values are none of their column's type
        max_paths, max_rows, max_bytes   limits per partition, and of memory in all; 0: the engine's own
        """
        if bad not in ("fail", "skip"):
            raise _core.Error(f"bad is \"fail\" or \"skip\", not {bad!r}")
        program, specs, prepared = self._bind(data, {**(inputs or {}), **streams})
        try:
            self._check_fed(program, specs)
            bad_rows: typing.List[typing.Any] = []
            matcher = self._matcher(program, [], bad_rows, late, bad, False, functions, max_paths, max_rows, max_bytes)
            rows = matcher.feed(specs, True)
            options = {"functions": functions, "late": late, "bad": bad, "max_paths": max_paths, "max_rows": max_rows, "max_bytes": max_bytes}
            return Matches(rows, program, matcher.stats(), self, again(data, {**(inputs or {}), **streams}, options))
        finally:
            close_inputs(prepared)

    def open(self, state: typing.Any = None, *, name: str = "", functions: Functions = None, late: typing.Optional[str] = "drop", bad: str = "skip",
             max_paths: int = 0, max_rows: int = 0, max_bytes: int = 0) -> "Stream":
        """A stream: rows are pushed as they come, matches taken as they are decided. See Stream.

        state      where the stream goes on, and is saved by Stream.save() and at the end: the path of an SQLite database, or
                   a connection, whose transactions are the caller's. Or bytes of Stream.checkpoint(), to go on from there
        name       of the stream among those of one database
        late, bad  "drop" and "skip" put such rows aside, to Stream.late and Stream.bad; "fail" raises
        """
        from ._stream import Stream
        return Stream(self, state, name, functions, late, bad, max_paths, max_rows, max_bytes)

    async def stream(self, events: typing.Any, **options: typing.Any) -> typing.AsyncIterator[Match]:
        """Matches over events that come one by one: async for m in p.stream(events).

        events   an async iterable, or an iterable, of rows or of frames; of (stream, row) where the pattern
                 reads several streams
        options  as for open()
        """
        from ._stream import follow
        async for match in follow(self, events, options):
            yield match


def again(data, named, options):
    """What was matched, if all of it can be read a second time; else None."""
    once = any(isinstance(d, (collections.abc.Iterator, Input)) or type(d).__name__ == "RecordBatchReader" for d in [*data, *named.values()])
    return None if once else (data, named, options)


def close_inputs(inputs):
    for _, given in inputs:
        if given.close:
            given.close()


def read_text(text_or_path):
    """(text, name for messages). A path is a PathLike, or a str that ends in .cep."""
    if isinstance(text_or_path, os.PathLike) or (text_or_path.endswith(".cep") and "\n" not in text_or_path):
        path = os.fspath(text_or_path)
        with open(path, encoding="utf-8") as f:
            return f.read(), path
    return text_or_path, "pattern"


def compile(text_or_path: typing.Union[str, "os.PathLike[str]"], *, streams: typing.Optional[typing.Mapping[str, typing.Any]] = None,
            functions: Functions = None, parameters: typing.Optional[typing.Mapping[str, typing.Any]] = None, **more: typing.Any) -> Pattern:
    """Compiles a pattern text, or the file whose name ends in .cep.

    parameters  values for the parameters that the text declares, by keyword or as a dict
    streams     shapes of streams that the text does not declare: {"clicks": {"ts": "TIMESTAMP", ...}}, or data
                that has the shape. Without them the shape comes from what is matched.
    functions   callables for CREATE FUNCTION, by name

    Raises PatternError, whose .diagnostics tells all that is wrong.
    """
    text, name = read_text(text_or_path)
    shapes = {}
    for stream, given in (streams or {}).items():
        if isinstance(given, dict) and given and all(isinstance(v, (str, tuple)) and v and isinstance(v[0], str) for v in given.values()):
            shapes[stream] = column_specs(given)
        else:
            prepared = prepare(given, stream)
            shapes[stream] = prepared.shape(stream)
            close_inputs([(stream, prepared)])
    return Pattern(text, name, shapes, parameter_list(parameters, more), functions)


def load_pattern(saved: bytes) -> Pattern:
    """A pattern from Pattern.save(). Its text is not saved with it."""
    pattern = Pattern.__new__(Pattern)
    pattern.text, pattern.name, pattern.diagnostics = "", "pattern", []
    pattern._program = _core.load(saved)
    pattern._unknown, pattern._streams, pattern._parameters, pattern._functions, pattern._programs = None, {}, [], {}, {}
    return pattern


def query(text: typing.Union[str, "os.PathLike[str]"], *, parameters: typing.Optional[typing.Mapping[str, typing.Any]] = None, functions: Functions = None,
          late: typing.Optional[str] = None, bad: str = "fail", **streams: typing.Any) -> Matches:
    """Compiles and matches in one go. Streams and tables that are not given by name are variables of the caller, as in DuckDB."""
    frame = sys._getframe(1)
    return query_in([frame.f_locals, frame.f_globals], text, parameters, functions, streams, late, bad)


def query_in(scopes, text, parameters=None, functions=None, streams=None, late=None, bad="fail"):
    """query() with the places where variables are looked for."""
    raw, given = dict(streams or {}), {}

    def look(name):
        """The data of a name that may not have been given; None: there is no variable either."""
        at = find_name(name, raw)
        if at is None:
            value = next((scope[name] for scope in scopes if name in scope), None)
            if value is None:
                return None
            raw[name] = value
        else:
            name = list(raw)[at]
        if name not in given:
            given[name] = prepare(raw[name], name)
        return given[name]

    text, name = read_text(text)
    values = parameter_list(parameters)
    shapes = {}
    while True:
        pattern = Pattern(text, name, shapes, values, functions)
        if pattern._program is not None:
            break
        value = look(pattern._unknown.name)
        if value is None:
            raise pattern._unknown.error
        shapes[pattern._unknown.name] = value.shape(pattern._unknown.name)
    program = pattern._program
    for i in sorted({s for _, _, _, reads in program.patterns for s in reads}):
        look(program.streams[i][0])
    for table, *_ in program.tables:
        look(table)
    for stream in raw:
        look(stream)
    found = pattern.match(inputs={n: given[n] for n in raw}, late=late, bad=bad)
    found._source = again((), raw, {"late": late, "bad": bad})
    return found
