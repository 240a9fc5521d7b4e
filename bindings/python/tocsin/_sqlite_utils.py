"""sqlite-utils finds this by its entry point: every connection has Tocsin in it."""
from sqlite_utils import hookimpl

from ._database import load


@hookimpl
def prepare_connection(conn):
    load(conn)
