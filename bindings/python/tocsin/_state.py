"""Streams in a database: parts of their state, of which only those that have changed are written again."""
import os
import sqlite3

from . import _core

TABLE = """CREATE TABLE IF NOT EXISTS tocsin_stream (stream TEXT NOT NULL, part BLOB NOT NULL, bytes BLOB NOT NULL,
                                                      PRIMARY KEY (stream, part)) WITHOUT ROWID"""


class Store:
    """One stream's place in an SQLite database. Of a path it is the only user, and a save is a transaction; the transactions
    of a connection are the caller's, so that input positions and outputs commit together with the state."""

    def __init__(self, place, name):
        self.owned = not isinstance(place, sqlite3.Connection)
        self.connection = sqlite3.connect(os.fspath(place), isolation_level=None, check_same_thread=False) if self.owned else place
        self.name = name

    def load(self, matcher):
        """Into a matcher that has seen nothing; where nothing was saved it stays so."""
        self.connection.execute(TABLE)
        parts = self.connection.execute("SELECT part, bytes FROM tocsin_stream WHERE stream = ? ORDER BY part", (self.name,)).fetchall()
        if parts:
            try:
                matcher.load(parts)
            except _core.CorruptError as e:
                e.add_note(f"the saved stream {self.name!r} is damaged, or of another pattern or version")
                raise

    def save(self, matcher):
        if self.owned:
            self.connection.execute("BEGIN IMMEDIATE")
        try:
            for part, state in matcher.changes():
                if state is None:
                    self.connection.execute("DELETE FROM tocsin_stream WHERE stream = ? AND part = ?", (self.name, part))
                else:
                    self.connection.execute("INSERT OR REPLACE INTO tocsin_stream VALUES (?, ?, ?)", (self.name, part, state))
            if self.owned:
                self.connection.execute("COMMIT")
        except BaseException:
            if self.owned and self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        matcher.saved()

    def close(self):
        if self.owned:
            self.connection.close()
