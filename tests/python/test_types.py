"""The types that the package promises: stubtest accepts the stubs, and a type checker sees what a user would."""
import os
import subprocess
import sys
import tempfile
import unittest

import tocsin
from helpers import SOURCE, optional

PROGRAM = """
import tocsin
p = tocsin.compile("x.cep", idle="45 minutes")
r = p.match([{"a": 1}], late="drop")
reveal_type(p.schema.streams["s"][0].name)
reveal_type(r[0])
reveal_type(r["name"])
reveal_type(r[1:2])
for m in r:
    reveal_type(m)
with p.open() as s:
    reveal_type(s.push({"a": 1}))
    reveal_type(s.late[0].row)
reveal_type(tocsin.query("SELECT"))
reveal_type(tocsin.connect("app.db"))
"""
SEEN = ["str", "Match", "Matches", "list[Match]", "Match", "Matches", "Any", "Matches", "Connection"]


class Types(unittest.TestCase):
    def run_tool(self, *words):
        optional("mypy")
        env = dict(os.environ, MYPYPATH=os.path.dirname(os.path.dirname(os.path.abspath(tocsin.__file__))))
        return subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, env=env)

    def test_stubs(self):
        with tempfile.TemporaryDirectory() as folder:
            allowed = os.path.join(folder, "allowed")
            with open(allowed, "w") as f:
                # the SQLite module beside, which is none of Python's; whether a type with a layout of its own is a base, which
                # final says; plugins whose host is not installed
                f.write("tocsin\\.tocsin\ntocsin\\._core\\.(Program|Rows|Matcher)\ntocsin\\._(datasette|sqlite_utils)\n")
            done = self.run_tool("mypy.stubtest", "tocsin", "--mypy-config-file", os.path.join(SOURCE, "pyproject.toml"), "--allowlist", allowed,
                                 "--ignore-unused-allowlist")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_a_checker_sees(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program.py")
            with open(path, "w") as f:
                f.write(PROGRAM)
            done = self.run_tool("mypy", "--config-file", os.path.join(SOURCE, "pyproject.toml"), "--cache-dir", folder, "--strict", path)
        seen = [line.split('"')[1] for line in done.stdout.splitlines() if "Revealed type" in line]
        for module in ("builtins", "tocsin._matches", "sqlite3"):
            seen = [s.replace(module + ".", "") for s in seen]
        self.assertEqual(seen, SEEN, done.stdout + done.stderr)
        self.assertNotIn("error", done.stdout)


if __name__ == "__main__":
    unittest.main()
