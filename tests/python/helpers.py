"""What several tests need."""
import datetime
import importlib
import os
import unittest

UTC = datetime.timezone.utc
SOURCE = os.environ["TOCSIN_SOURCE"]
COMMAND = os.environ["TOCSIN_COMMAND"]

# An a and a later b of the same key.
PAIR = """
CREATE STREAM s (k TEXT, ts TIMESTAMP, v DOUBLE);
SELECT k, av, bt FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES a.v AS av, b.ts AS bt
  PATTERN (a -> b) DEFINE a AS v > 1, b AS v > 2)
"""
ROWS = [{"k": "x", "ts": "2026-01-01T00:00:01Z", "v": 1.5}, {"k": "y", "ts": "2026-01-01T00:00:02Z", "v": 0.0},
        {"k": "x", "ts": "2026-01-01T00:00:03Z", "v": 3.0}]
FOUND = [{"k": "x", "av": 1.5, "bt": datetime.datetime(2026, 1, 1, 0, 0, 3, tzinfo=UTC)}]


def optional(name):
    """A module that may be missing: the test is skipped then, and says so."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise unittest.SkipTest(f"{name} is not installed")


def echo(columns, wanted=None):
    """A pattern that gives back every row with a value: of columns {name: type}, in order of n."""
    declared = ", ".join(f"{n} {t}" for n, t in columns.items())
    measures = ", ".join(f"r.{n} AS {n}_" for n in wanted or columns)
    return f"""CREATE STREAM s (n BIGINT, {declared});
               SELECT * FROM s MATCH_RECOGNIZE (ORDER BY n MEASURES r.n AS n, {measures} PATTERN (r) DEFINE r AS TRUE)"""
