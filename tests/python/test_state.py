"""Streams that go on: from bytes, from a database, after what went wrong."""
import os
import sqlite3
import tempfile
import unittest

import tocsin
from helpers import PAIR, ROWS, FOUND

ODD = PAIR.replace("v > 2", "v > 3")
MANY = [{"k": f"k{i % 7}", "ts": f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z", "v": (i * 37 % 11) / 2} for i in range(600)]


class State(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "state.db")
        self.pattern = tocsin.compile(PAIR)
        self.wanted = self.pattern.match(MANY).to_dicts()

    def test_from_bytes(self):
        found, state = [], None
        for first in range(0, len(MANY), 50):
            with self.pattern.open(state=state) as s:
                found += s.push(MANY[first:first + 50]).to_dicts()
                state = s.checkpoint()
        with self.pattern.open(state=bytearray(state)) as s:
            self.assertEqual(s.stats()["rows_in"], len(MANY))
            found += s.finish().to_dicts()
        self.assertEqual(sorted(found, key=str), sorted(self.wanted, key=str))

    def test_damage_is_told(self):
        with self.pattern.open() as s:
            s.push(MANY[:100])
            state = s.checkpoint()
        for broken in (b"", b"nothing", state[:-1], state + b"x", *(state[:i] + bytes([state[i] ^ 1]) + state[i + 1:] for i in range(0, len(state), 7))):
            with self.assertRaises(tocsin.CorruptError):
                self.pattern.open(state=broken)
        with self.assertRaises(tocsin.CorruptError):
            tocsin.compile(ODD).open(state=state)

    def test_a_database(self):
        found = []
        for first in range(0, len(MANY), 50):
            with self.pattern.open(state=self.path) as s:
                found += s.push(MANY[first:first + 50]).to_dicts()
        with self.pattern.open(state=self.path) as s:
            found += s.finish().to_dicts()
        self.assertEqual(sorted(found, key=str), sorted(self.wanted, key=str))
        with self.assertRaises(tocsin.CorruptError) as raised:
            tocsin.compile(ODD).open(state=self.path)
        self.assertIn("another pattern", raised.exception.__notes__[0])

    def test_streams_of_one_database(self):
        with self.pattern.open(state=self.path, name="one") as one, tocsin.compile(ODD).open(state=self.path, name="two") as two:
            one.push(ROWS[:2])
            two.push(ROWS[:1])
        with self.pattern.open(state=self.path, name="one") as one, tocsin.compile(ODD).open(state=self.path, name="two") as two:
            self.assertEqual((one.stats()["rows_in"], two.stats()["rows_in"]), (2, 1))
            self.assertEqual(one.push(ROWS[2:]).to_dicts(), FOUND)

    def test_an_exception_saves_nothing(self):
        with self.pattern.open(state=self.path) as s:
            s.push(ROWS[:1])
        with self.assertRaises(OSError):
            with self.pattern.open(state=self.path) as s:
                s.push(ROWS[1:2])
                raise OSError
        with self.pattern.open(state=self.path) as s:
            self.assertEqual(s.stats()["rows_in"], 1)

    def test_transactions_of_the_caller(self):
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("CREATE TABLE position (at INTEGER)")
        s = self.pattern.open(state=connection)
        for at, row in enumerate(ROWS):
            connection.execute("BEGIN")
            s.push(row)
            connection.execute("INSERT INTO position VALUES (?)", (at,))
            s.save()
            connection.execute("COMMIT" if at < 2 else "ROLLBACK")
        (at,) = connection.execute("SELECT max(at) FROM position").fetchone()
        again = self.pattern.open(state=connection)
        self.assertEqual(again.push(ROWS[at + 1:]).to_dicts(), FOUND)

    def test_only_changes_are_written(self):
        with self.pattern.open(state=self.path) as s:
            s.push([{"k": str(i), "ts": i, "v": 1.5} for i in range(1000)])
            s.save()
            before = s._store.connection.total_changes
            s.push({"k": "7", "ts": 2000, "v": 1.5})
            s.save()
            self.assertLess(s._store.connection.total_changes - before, 20)

    def test_matches_that_wait_are_not_lost(self):
        def rows():
            yield from [{"k": "x", "ts": i, "v": 5.0} for i in range(5000)]
            raise OSError
        s = self.pattern.open()
        self.assertRaises(OSError, lambda: s.push(rows()))
        self.assertRaisesRegex(tocsin.Error, "matches wait", s.checkpoint)
        self.assertTrue(s.push([]))
        self.assertTrue(s.checkpoint())

    def test_without_a_database(self):
        self.assertRaisesRegex(tocsin.Error, "no database", self.pattern.open().save)


if __name__ == "__main__":
    unittest.main()
