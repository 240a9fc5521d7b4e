"""SQLite with Tocsin in it."""
from . import _core


def loadable_path():
    """The path of the loadable module, without its ending, as load_extension() takes it."""
    raise _core.Error("the SQLite module is not supported yet")


def load(connection):
    """Loads the module into a connection of sqlite3."""
    loadable_path()


def connect(database, **options):
    """sqlite3.connect() with the module in."""
    loadable_path()
