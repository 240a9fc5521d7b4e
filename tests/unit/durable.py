#!/usr/bin/env python3
"""Durable runs of the command: --state, what it goes on from, what it refuses, and what a killed run leaves.

  tests/unit/durable.py [--tocsin COMMAND] [--only NAME]

tests/faults/kill kills them; here each step is looked at.
"""
import os
import signal
import sqlite3
import sys
import time

sys.dont_write_bytecode = True
import command                          # noqa: E402
from command import has                 # noqa: E402

command.TESTS.clear()
test = command.test

PAIRS = """CREATE STREAM s (ts BIGINT, k TEXT, v BIGINT, WATERMARK FOR ts AS ts - 2);
CREATE PATTERN pairs AS SELECT * FROM s MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts MEASURES a.v AS av, b.v AS bv PATTERN (a ->> b) DEFINE a AS a.v = 1, b AS b.v = 2 );
CREATE PATTERN quiet AS SELECT * FROM s MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts MEASURES a.ts AS since PATTERN (a !b{5}) DEFINE a AS a.v = 1, b AS b.v = 2 );
"""
ROWS = ["1,x,1", "2,y,1", "4,x,2", "3,z,1", "9,y,3", "12,y,2", "13,x,1", "20,z,2"]
ALL = ['{"pattern":"pairs","k":"x","av":1,"bv":2}', '{"pattern":"quiet","k":"y","since":2}', '{"pattern":"quiet","k":"z","since":3}',
       '{"pattern":"pairs","k":"y","av":1,"bv":2}', '{"pattern":"pairs","k":"z","av":1,"bv":2}', '{"pattern":"quiet","k":"x","since":13}']


def csv(rows):
    return "ts,k,v\n" + "".join(row + "\n" for row in rows)


def state(folder, *arguments, **more):
    return folder.run("run", "p.cep", "s.csv", "--state", "state.db", *arguments, **more)


@test
def bit_by_bit(folder):
    """A file that grows from run to run: what is open stays open, and each match comes once."""
    folder.write("p.cep", PAIRS)
    for count in range(0, len(ROWS) + 1):
        folder.write("s.csv", csv(ROWS[:count]))
        state(folder, "-o", "out.jsonl", "--no-flush")
    state(folder, "-o", "out.jsonl")
    assert folder.read("out.jsonl").splitlines() == ALL, folder.read("out.jsonl")


@test
def to_tables(folder):
    """The same into tables: in the state's own file, and in another."""
    folder.write("p.cep", PAIRS)
    for output in ("state.db", "out.db"):
        for count in range(0, len(ROWS) + 1):
            folder.write("s.csv", csv(ROWS[:count]))
            state(folder, "-o", "sqlite:" + output, *["--no-flush"] * (count < len(ROWS)))
        with sqlite3.connect(os.path.join(folder.path, output)) as db:
            assert db.execute("SELECT k, av, bv FROM pairs").fetchall() == [("x", 1, 2), ("y", 1, 2), ("z", 1, 2)]
            assert db.execute("SELECT k, since FROM quiet").fetchall() == [("y", 2), ("z", 3), ("x", 13)]
        os.remove(os.path.join(folder.path, "state.db"))


@test
def what_was_not_committed_is_cut(folder):
    """Something stands behind the committed end of the output, as a killed run leaves it."""
    folder.write("p.cep", PAIRS)
    folder.write("s.csv", csv(ROWS[:5]))
    state(folder, "-o", "out.jsonl", "--no-flush")
    with open(os.path.join(folder.path, "out.jsonl"), "a", encoding="utf-8") as f:
        f.write('{"pattern":"pairs","k":"half of a li')
    folder.write("s.csv", csv(ROWS))
    state(folder, "-o", "out.jsonl")
    assert folder.read("out.jsonl").splitlines() == ALL


@test
def the_output_is_not_what_it_was(folder):
    folder.write("p.cep", PAIRS)
    folder.write("s.csv", csv(ROWS[:7]))
    state(folder, "-o", "out.jsonl", "--no-flush")
    folder.write("out.jsonl", "x\n")
    _, err = state(folder, "-o", "out.jsonl", status=4)
    has(err, "out.jsonl")


@test
def over_is_over(folder):
    folder.write("p.cep", PAIRS)
    folder.write("s.csv", csv(ROWS[:5]))
    state(folder, "-o", "out.jsonl")
    before = folder.read("out.jsonl")
    state(folder, "-o", "out.jsonl")
    assert folder.read("out.jsonl") == before
    folder.write("s.csv", csv(ROWS))
    _, err = state(folder, "-o", "out.jsonl", status=4)
    has(err, "the run of this state was over", "--no-flush")


@test
def patterns_that_change(folder):
    folder.write("p.cep", PAIRS)
    folder.write("s.csv", csv(ROWS[:3]))
    state(folder, "-o", "out.jsonl", "--no-flush")
    folder.write("p.cep", PAIRS.replace("!b{5}", "!b{6}"))
    folder.write("s.csv", csv(ROWS))
    _, err = state(folder, "-o", "out.jsonl", status=4)
    has(err, '"quiet" has changed', "--on-change reset")
    _, err = state(folder, "-o", "out.jsonl", "--on-change", "reset")
    has(err, 'pattern "quiet" has changed, or is gone: it starts anew')
    pairs = [line for line in folder.read("out.jsonl").splitlines() if "pairs" in line]
    assert pairs == [line for line in ALL if "pairs" in line], pairs
    quiet = [line for line in folder.read("out.jsonl").splitlines() if "quiet" in line]
    assert quiet == ['{"pattern":"quiet","k":"z","since":3}', '{"pattern":"quiet","k":"x","since":13}'], quiet


@test
def parameters_count(folder):
    folder.write("p.cep", PAIRS.replace("CREATE PATTERN quiet", "CREATE PARAMETER long BIGINT DEFAULT 5;\nCREATE PATTERN quiet").replace("{5}", "{:long}"))
    folder.write("s.csv", csv(ROWS[:3]))
    state(folder, "-o", "out.jsonl", "--no-flush", "-p", "long=5")
    _, err = state(folder, "-o", "out.jsonl", "-p", "long=7", status=4)
    has(err, "has changed")


@test
def standard_output_says_what_it_promises(folder):
    folder.write("p.cep", PAIRS)
    folder.write("s.csv", csv(ROWS))
    out, err = state(folder)
    assert out.splitlines() == ALL
    has(err, "come at least once", "-o FILE has each once")


@test
def damage_is_named(folder):
    folder.write("p.cep", PAIRS)
    folder.write("s.csv", csv(ROWS[:7]))
    state(folder, "-o", "out.jsonl", "--no-flush")
    with sqlite3.connect(os.path.join(folder.path, "state.db")) as db:
        name, data = db.execute("SELECT name, bytes FROM tocsin_parts WHERE substr(name, 1, 1) = x'70' LIMIT 1").fetchone()
        data = bytearray(data)
        data[len(data) // 2] ^= 4
        db.execute("UPDATE tocsin_parts SET bytes = ? WHERE name = ?", (bytes(data), name))
    _, err = state(folder, "-o", "out.jsonl", status=4)
    has(err, "state.db: the saved state is damaged, or of another pattern: its partition part of ")
    folder.write("state.db", "this is no database" * 100)
    _, err = state(folder, "-o", "out.jsonl", status=4)
    has(err, "state.db: file is not a database")


@test
def one_run_at_a_time(folder):
    folder.write("p.cep", PAIRS)
    folder.write("s.csv", csv(ROWS[:2]))
    first = folder.start("run", "p.cep", "s.csv", "--state", "state.db", "-o", "out.jsonl", "--follow", "--checkpoint", "1rows")
    deadline = time.monotonic() + 20
    while not os.path.exists(os.path.join(folder.path, "out.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    _, err = state(folder, "-o", "other.jsonl", status=4)
    has(err, "state.db: database is locked")
    first.send_signal(signal.SIGINT)
    assert first.wait(20) == 0
    first.communicate()


@test
def interrupted_and_gone_on(folder):
    """Ctrl-C is a checkpoint; the next run goes on in the midst of the file."""
    folder.write("p.cep", PAIRS)
    rows = [f"{i},{'xyz'[i % 3]},{(i * 7) % 4}" for i in range(30000)]
    folder.write("s.csv", csv(rows))
    folder.run("run", "p.cep", "s.csv", "-o", "want.jsonl")
    for number in range(4):
        process = folder.start("run", "p.cep", "s.csv", "--state", "state.db", "-o", "out.jsonl", "--checkpoint", "500rows")
        time.sleep(0.05 * (number + 1))
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate()
        assert process.returncode in (0, -signal.SIGINT), process.returncode
    state(folder, "-o", "out.jsonl")
    assert folder.read("out.jsonl") == folder.read("want.jsonl")


@test
def wrong_usage(folder):
    folder.write("p.cep", PAIRS)
    folder.write("s.csv", csv(ROWS))
    for arguments, told in ((["--checkpoint", "10s"], "--checkpoint is about --state FILE, which is missing"),
                            (["--on-change", "reset"], "--on-change is about --state FILE, which is missing"),
                            (["--state", "x.db", "--checkpoint", "soon"], "--checkpoint is a duration such as 10s, or rows such as 5000rows, not 'soon'"),
                            (["--state", "x.db", "--on-change", "x"], "refuse or reset"),
                            (["--state", "x.db", "--sort"], "--sort reads inputs to their end")):
        _, err = folder.run("run", "p.cep", "s.csv", *arguments, status=2)
        has(err, told)
    _, err = folder.run("run", "p.cep", "s.csv", "--state", "no/such/folder.db", status=4)
    has(err, "no/such/folder.db")


if __name__ == "__main__":
    sys.exit(command.main())
