"""SQLite with Tocsin in it.

Some builds of Python leave out what loads extensions, while the SQLite beneath them can. There SQLite is asked itself:
through the library that _sqlite3 is linked with, and the handle that a connection begins with.
"""
import contextlib
import os
import sqlite3
import typing

from . import _core

ENDINGS = (".abi3.so", ".so", ".dylib", ".dll")
NO_FUNCTION = "this SQLite was built without the loading of extensions"


def loadable_path() -> str:
    """The path of the loadable module without its ending, as load_extension() takes it."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tocsin")
    for ending in ENDINGS:
        if os.path.exists(folder + ending):     # SQLite adds the last ending itself; .abi3 belongs to the name
            return folder + ending.removesuffix(os.path.splitext(ending)[1])
    raise _core.Error("the SQLite module is not part of this installation")


def load(connection: sqlite3.Connection) -> None:
    """Loads the module into a connection of sqlite3: functions and virtual tables of Tocsin are there from now on."""
    path = loadable_path()
    if hasattr(connection, "enable_load_extension"):
        connection.enable_load_extension(True)
        try:
            connection.load_extension(path)
        finally:
            connection.enable_load_extension(False)
    else:
        load_past_python(connection, path)


def load_past_python(connection, path):
    import _sqlite3
    import ctypes
    import sys
    if sys.implementation.name != "cpython":
        raise _core.Error("this Python cannot load extensions into sqlite3")
    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    try:
        load_extension, enable = library.sqlite3_load_extension, library.sqlite3_enable_load_extension
        filename, free = library.sqlite3_db_filename, library.sqlite3_free
    except AttributeError:
        raise _core.Error(NO_FUNCTION)
    connection.total_changes        # raises where the connection is closed
    # struct pysqlite_Connection: the object's head, then sqlite3 *
    handle = ctypes.c_void_p(ctypes.c_void_p.from_address(id(connection) + object.__basicsize__).value)
    filename.restype, filename.argtypes = ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_char_p]
    if filename(handle, b"main") != file_of(connection):     # the handle is what we take it for
        raise _core.Error("the connection of this Python is not laid out as expected")
    message = ctypes.c_char_p()
    load_extension.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p)]
    enable.argtypes, free.argtypes = [ctypes.c_void_p, ctypes.c_int], [ctypes.c_void_p]
    enable(handle, 1)
    try:
        if load_extension(handle, os.fsencode(path), None, ctypes.byref(message)) != 0:
            told = message.value.decode(errors="replace") if message.value else "no reason given"
            free(message)
            raise sqlite3.OperationalError(told)
    finally:
        enable(handle, 0)


def file_of(connection):
    return os.fsencode(connection.execute("PRAGMA database_list").fetchone()[2])


def connect(database: typing.Any, **options: typing.Any) -> sqlite3.Connection:
    """sqlite3.connect() with the module in. Options are those of sqlite3.connect()."""
    connection = sqlite3.connect(database, **options)
    try:
        load(connection)
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.close()
        raise
    return connection
