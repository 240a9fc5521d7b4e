"""Datasette finds this by its entry point: every connection has Tocsin in it."""
from datasette import hookimpl

from ._database import load


@hookimpl
def prepare_connection(conn):
    load(conn)
