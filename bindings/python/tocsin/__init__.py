"""Patterns over streams of events, in SQL MATCH_RECOGNIZE and beyond.

    import tocsin
    p = tocsin.compile("abandoned_cart.cep", idle="45 minutes")
    r = p.match(df)              # pandas, polars, pyarrow, DuckDB, a dict of arrays, rows, a file's name
    for m in r: print(m.customer, m.cart_value)
    r.to_polars(), r.plot()
"""
from ._core import CorruptError, Error, LateError, LimitError, PatternError, RunError
from ._core import version as __version__
from ._pattern import Column, Diagnostic, Pattern, Schema, compile, load_pattern, query
from ._functions import vectorized
from ._matches import Match, Matches
from ._stream import BadRow, LateRow, Stream
from ._database import connect, load, loadable_path

__all__ = [
    "BadRow", "Column", "CorruptError", "Diagnostic", "Error", "LateError", "LateRow", "LimitError", "Match", "Matches",
    "Pattern", "PatternError", "RunError", "Schema", "Stream", "compile", "connect", "load", "load_pattern", "loadable_path",
    "query", "vectorized",
]


def load_ipython_extension(ipython):
    """%load_ext tocsin: gives notebooks the cell magic %%tocsin."""
    from ._magic import register
    register(ipython)
