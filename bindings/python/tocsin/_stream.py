"""Streams: rows pushed as they come."""
import asyncio
import collections.abc
import typing

from . import _core
from ._inputs import Input, prepare
from ._matches import Matches
from ._state import Store
from ._types import find_name


class LateRow(typing.NamedTuple):
    """A row that came behind the watermark."""
    stream: str
    row: typing.Any
    time: typing.Any
    watermark: typing.Any


class BadRow(typing.NamedTuple):
    """A row that could not be read. number: of the row in its push, from 1; column: None for the row as a whole."""
    stream: str
    number: int
    column: typing.Optional[str]
    reason: str
    row: typing.Any


class Stream:
    """Live matching: made by Pattern.open(). Belongs to one thread at a time; a context manager.

        with p.open() as s:
            for m in s.push(rows): ...
            for m in s.finish(): ...
    """

    def __init__(self, pattern, state, name, functions, late, bad, max_paths, max_rows, max_bytes):
        if bad not in ("fail", "skip"):
            raise _core.Error(f"bad is \"fail\" or \"skip\", not {bad!r}")
        self.pattern = pattern
        self._program = pattern._known
        self._late, self._bad = [], []
        saved = bytes(state) if isinstance(state, (bytes, bytearray, memoryview)) else None
        self._matcher = pattern._matcher(self._program, self._late, self._bad, late, bad, late != "fail", functions, max_paths, max_rows, max_bytes, saved)
        self._store = None if state is None or saved is not None else Store(state, name)
        if self._store:
            try:
                self._store.load(self._matcher)
            except BaseException:
                self._store.close()
                raise

    def _open(self):
        if self._matcher is None:
            raise _core.Error("this stream is closed")
        return self._matcher

    def _matches(self, rows):
        return Matches(rows, self._program, None, self.pattern)

    def push(self, *data: typing.Any, **streams: typing.Any) -> Matches:
        """Rows as for Pattern.match(), or one row as a dict. Answers the matches that they decide.

        After an exception, matches that were decided before it come with the next push.
        """
        matcher = self._open()
        inputs = [(None, prepare_rows(d)) for d in data] + [(n, prepare_rows(d)) for n, d in streams.items()]
        try:
            return self._matches(matcher.feed(self.pattern._place(self._program, inputs), False))
        finally:
            for _, given in inputs:
                if given.close:
                    given.close()

    def advance(self, time: typing.Any) -> Matches:
        """Time passes without events: no row before `time` will come any more. Answers the matches that it decides."""
        return self._matches(self._open().advance(time))

    def finish(self, stream: typing.Optional[str] = None) -> Matches:
        """All inputs are over, or that of one stream: timers fire, open matches end."""
        if stream is None:
            return self._matches(self._open().finish())
        at = find_name(stream, [name for name, *_ in self._program.streams])
        if at is None:
            raise _core.Error(f"there is no stream {stream}")
        return self._matches(self._open().finish_stream(at))

    @property
    def late(self) -> typing.List[LateRow]:
        """The late rows so far: [LateRow]."""
        return [LateRow(*row) for row in self._late]

    @property
    def bad(self) -> typing.List[BadRow]:
        """The rows that could not be read so far: [BadRow]."""
        return [BadRow(*row) for row in self._bad]

    def forget(self) -> None:
        """Forgets the late and bad rows told so far."""
        self._late.clear()
        self._bad.clear()

    def stats(self) -> typing.Dict[str, typing.Any]:
        """Counters, as a dict."""
        return self._open().stats()

    # --- state ---

    def checkpoint(self) -> bytes:
        """All state as bytes, for Pattern.open(state=...). Tables are not part of it: push them again."""
        return self._open().checkpoint()

    def save(self) -> None:
        """Writes to the database of open(state=...) what has changed since the last time."""
        matcher = self._open()
        if self._store is None:
            raise _core.Error("this stream has no database: open(state=...) names it")
        self._store.save(matcher)

    def export(self, *key: typing.Any, pattern: typing.Optional[str] = None) -> bytes:
        """The state of one partition as bytes: not supported yet."""
        raise _core.Error("the state of one key is not supported yet")

    def close(self) -> None:
        """Frees the state. What is not decided yet is lost, unless it was saved; finish() decides it."""
        self._matcher = None
        if self._store:
            self._store.close()
            self._store = None

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, kind: typing.Any = None, *exception: object) -> None:
        """Saves what a database is to hold, unless an exception ends the block."""
        try:
            if self._store and self._matcher and kind is None:
                self.save()
        finally:
            self.close()

    def __repr__(self):
        return f"<tocsin.Stream of {self.pattern!r}{', closed' if self._matcher is None else ''}>"


def prepare_rows(data):
    """One row may be pushed as it is: a mapping whose values are no columns."""
    if isinstance(data, dict) and not any(is_column(v) for v in data.values()):
        return Input("rows", [data], None)
    return prepare(data)


def is_column(value):
    """Whether a value of a dict is a column of many rows, as opposed to a value of one."""
    if isinstance(value, (str, bytes, dict)):
        return False
    return isinstance(value, (list, tuple, range)) or (hasattr(value, "__len__") and hasattr(value, "dtype"))


async def each(events):
    """Events of an async iterable, or of one that is not."""
    if isinstance(events, collections.abc.AsyncIterable):
        async for event in events:
            yield event
    else:
        for event in events:
            yield event
            await asyncio.sleep(0)


async def follow(pattern, events, options):
    """Pattern.stream()."""
    with pattern.open(**options) as s:
        async for event in each(events):
            named = isinstance(event, tuple) and len(event) == 2 and isinstance(event[0], str) and not isinstance(event[1], str)
            push = {event[0]: event[1]} if named else None
            is_row = isinstance(event[1] if named else event, (dict, tuple))
            if is_row:
                found = s.push(**push) if named else s.push(event if isinstance(event, dict) else [event])
            else:       # many rows: others go on meanwhile
                found = await asyncio.to_thread(s.push, *([] if named else [event]), **(push or {}))
            for match in found:
                yield match
        for match in s.finish():
            yield match
