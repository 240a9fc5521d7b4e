"""SQLite with Tocsin in it, the command line, and the cell magic."""
import os
import sqlite3
import subprocess
import sys
import tempfile
import types
import unittest

import tocsin
import tocsin._magic
from helpers import FOUND, PAIR, ROWS, SOURCE, optional

QUERY = """SELECT row ->> 'av' FROM tocsin_query('SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
             MEASURES a.v AS av PATTERN (a -> b) DEFINE a AS v > 1, b AS v > 2)')"""


class Database(unittest.TestCase):
    def setUp(self):
        try:
            tocsin.loadable_path()
        except tocsin.Error as e:
            self.skipTest(str(e))

    def fill(self, connection):
        connection.execute("CREATE TABLE s (k TEXT, ts TIMESTAMP, v DOUBLE)")
        connection.executemany("INSERT INTO s VALUES (:k, :ts, :v)", ROWS)

    def test_connect(self):
        connection = tocsin.connect(":memory:")
        self.fill(connection)
        self.assertEqual(connection.execute(QUERY).fetchall(), [(1.5,)])
        connection.close()

    def test_load(self):
        with tempfile.TemporaryDirectory() as folder:
            connection = sqlite3.connect(os.path.join(folder, "app.db"))
            tocsin.load(connection)
            self.fill(connection)
            self.assertEqual(connection.execute("SELECT tocsin_version()").fetchone(), (tocsin.__version__,))
            self.assertEqual(connection.execute(QUERY).fetchall(), [(1.5,)])
            connection.close()
            with self.assertRaises(sqlite3.Error):
                tocsin.load(connection)

    def test_past_python(self):
        from tocsin import _database
        connection = sqlite3.connect(":memory:")
        _database.load_past_python(connection, tocsin.loadable_path())
        self.assertEqual(connection.execute("SELECT tocsin_version()").fetchone(), (tocsin.__version__,))
        with self.assertRaises(sqlite3.OperationalError):
            _database.load_past_python(connection, tocsin.loadable_path() + "-not-there")
        if hasattr(sqlite3.Connection, "enable_load_extension"):     # and closed again
            with self.assertRaises(sqlite3.OperationalError):
                connection.execute("SELECT load_extension('nothing')")

    def test_plugins(self):
        for name in ("sqlite_utils", "datasette"):
            with self.subTest(name):
                optional(name)
                plugin = __import__(f"tocsin._{name}", fromlist=["prepare_connection"])
                connection = sqlite3.connect(":memory:")
                plugin.prepare_connection(conn=connection)
                self.assertTrue(connection.execute("SELECT tocsin_version()").fetchone())


class Command(unittest.TestCase):
    def test_python_m_tocsin(self):
        from tocsin.__main__ import command
        if not command():
            self.skipTest("there is no command")
        run = lambda *words: subprocess.run([sys.executable, "-m", "tocsin", *words], capture_output=True, text=True)
        self.assertIn(tocsin.__version__, run("--version").stdout)
        patterns = os.path.join(SOURCE, "patterns")
        done = run("run", os.path.join(patterns, "commerce", "abandoned_cart.cep"), os.path.join(patterns, "samples", "shop.jsonl"), "--to", "jsonl")
        self.assertEqual(len(done.stdout.splitlines()),
                         len(tocsin.compile(os.path.join(patterns, "commerce", "abandoned_cart.cep")).match(os.path.join(patterns, "samples", "shop.jsonl"))))
        self.assertEqual(run("run").returncode, 2)


class Magic(unittest.TestCase):
    cell = PAIR[PAIR.index("SELECT"):].replace("FROM s", "FROM events")

    def test_a_variable(self):
        self.assertEqual(tocsin._magic.run({"events": ROWS}, "events", self.cell).to_dicts(), FOUND)
        self.assertEqual(tocsin._magic.run({"events": ROWS}, "", self.cell).to_dicts(), FOUND)

    def test_names_parameters_and_targets(self):
        space = {"df": ROWS}
        text = "CREATE PARAMETER least DOUBLE;" + self.cell.replace("v > 2", "v > :least")
        self.assertIsNone(tocsin._magic.run(space, "events=df -p least=2 -o found", text))
        self.assertEqual(space["found"].to_dicts(), FOUND)
        with self.assertRaises(NameError):
            tocsin._magic.run(space, "nothing", text)
        with self.assertRaisesRegex(tocsin.Error, "NAME=VALUE"):
            tocsin._magic.run(space, "df -p", text)

    def test_registering(self):
        told = {}
        shell = types.SimpleNamespace(user_ns={"events": ROWS}, register_magic_function=lambda f, kind, name: told.update({(kind, name): f}))
        tocsin.load_ipython_extension(shell)
        self.assertEqual(told[("cell", "tocsin")]("events", self.cell).to_dicts(), FOUND)


if __name__ == "__main__":
    unittest.main()
