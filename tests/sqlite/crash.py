#!/usr/bin/env python3
"""Live tables under processes that write at once, read meanwhile, and are killed.

  tests/sqlite/crash.py --host tests/sqlite/host [--rounds N]

In each round two processes write transactions into one database, one of them is killed at a random moment, a third reads.
Then `PRAGMA integrity_check` and integrity-check pass, no match was lost or came twice, and the live table is what the
query over the rows finds. The last line is "N passed, N failed".
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from sqlite import player           # noqa: E402

QUERY = """SELECT * FROM s MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts MEASURES a.v AS av, b.v AS bv, MATCH_NUMBER() AS n
  PATTERN ( a -> b ) DEFINE a AS v % 3 = 0, b AS v % 3 = 1 )"""
MADE = f"""CREATE TABLE s (id INTEGER PRIMARY KEY, k TEXT, v INTEGER, ts INTEGER);
CREATE VIRTUAL TABLE m USING tocsin({player.quoted(QUERY)}, mode='live');"""


def writes(chance, count):
    """Transactions of a few rows, each with a time behind all others."""
    for _ in range(count):
        rows = [f"INSERT INTO s(k, v, ts) SELECT '{chance.choice('xyz')}', {chance.randrange(9)}, coalesce(max(ts), 0) + {chance.randrange(1, 3)} FROM s"
                for _ in range(chance.randrange(1, 6))]
        yield f"BEGIN IMMEDIATE; {'; '.join(rows)}; {chance.choice(['COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK'])}"


def start(host, file, blocks):
    process = subprocess.Popen([host], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    data = f"OPEN {file}\n".encode() + player.script("PRAGMA busy_timeout = 20000; PRAGMA synchronous = off") + b"".join(map(player.script, blocks))
    return process, data


def round_of(host, folder, n):
    """None, or what is wrong."""
    chance = random.Random(n)
    file = os.path.join(folder, f"{n}.db")
    made = player.play(host, [f"OPEN {file}\n".encode(), f"PRAGMA journal_mode = {chance.choice(['wal', 'delete'])}; {MADE}"])
    if made[-1].code:
        return made[-1].message
    first, first_in = start(host, file, writes(chance, 150))
    second, second_in = start(host, file, writes(chance, 150))
    reader, reader_in = start(host, file, ["SELECT count(*), count(DISTINCT match_id) FROM m; SELECT count(*) FROM s"] * 40)
    for process, data in ((first, first_in), (second, second_in), (reader, reader_in)):
        process.stdin.write(data)
        process.stdin.close()
    time.sleep(chance.random() * 0.15)
    first.kill()
    first.stdout.read(), first.wait()
    said, read = second.stdout.read().decode(), reader.stdout.read().decode()
    second.wait(), reader.wait()
    wrong = [line for line in (said + read).splitlines() if line.startswith("END ") and not line.startswith("END 0 ")]
    if wrong:
        return wrong[0]
    *_, checked, live, batch = player.play(host, [
        f"OPEN {file}\n".encode(), "PRAGMA integrity_check; INSERT INTO m(m) VALUES ('integrity-check')",
        "INSERT INTO m(m) VALUES ('flush'); SELECT *, match_id FROM m",
        f"CREATE VIRTUAL TABLE temp.again USING tocsin({player.quoted(QUERY)}); SELECT *, match_id FROM again"])
    if checked.code or checked.rows != [["ok"]]:
        return f"{checked.message} {checked.rows}"
    if live.code or batch.code or live.rows != batch.rows or not live.rows:
        return f"live {live.message} {live.rows}\nbatch {batch.message} {batch.rows}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", required=True)
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="tocsin-crash-") as folder:
        for n in range(options.rounds):
            wrong = round_of(os.path.abspath(options.host), folder, n)
            passed, failed = passed + (not wrong), failed + bool(wrong)
            if wrong:
                print(f"round {n}: {wrong[:3000]}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
