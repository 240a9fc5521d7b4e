#!/usr/bin/env python3
"""mode='live' against the query over the rows that survived.

  tests/sqlite/live.py --host tests/sqlite/host [--count N] [--seed S] [--jobs N] [--keep FOLDER]

Each script inserts random rows of random streams by two connections, in transactions that end well or do not, with
savepoints, connections that close in the middle, time that is told to pass, rebuilds. At the end the live table, its rows
told to be over, has to hold what the same query finds in the tables, in the same order, and its integrity-check has to
agree. What fails is printed as a script. The last line is "N passed, N failed".
"""
import argparse
import concurrent.futures
import os
import random
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from sqlite import player           # noqa: E402

ONE = "FROM s MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts "
TWO = "FROM ( s UNION ALL BY NAME SELECT k, at AS ts, type, v FROM t ) MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts "
QUERIES = [
    ONE + "MEASURES a.v AS av, b.v AS bv, MATCH_NUMBER() AS n PATTERN ( a -> b ) DEFINE a AS type = 'a', b AS type = 'b' )",
    ONE + "MEASURES COUNT(*) AS n, SUM(v) AS sum, LAST(ts) AS at PATTERN ( a{2,} !b{7} ) DEFINE a AS type = 'a', b AS type = 'b' )",
    ONE + "MEASURES ARRAY_AGG(v) AS l PATTERN ( a+ b* c? ) WITHIN 9 DEFINE a AS type = 'a', b AS type = 'b', c AS type = 'c' )",
    ONE + "MEASURES a.v AS av, c.v AS cv AFTER MATCH NO SKIP PATTERN ( a ->> c ) WITHIN 6 DEFINE a AS type = 'a', c AS type = 'c' AND v >= a.v )",
    ONE + "MEASURES a.v AS av, MATCH_STATUS() AS s ONE ROW PER MATCH SHOW TIMEOUT MATCHES PATTERN ( a -> b ) WITHIN 5 DEFINE a AS type = 'a', b AS type = 'b' )",
    ONE + "MEASURES v AS now, CLASSIFIER() AS c ALL ROWS PER MATCH WITH UNMATCHED ROWS PATTERN ( a b+ ) DEFINE a AS type = 'a', b AS v > PREV(v) )",
    ONE.replace("PARTITION BY k", "PARTITION BY k, SESSION (4)") + "MEASURES COUNT(*) AS n, MIN(v) AS low PATTERN ( any+ ) )",
    ONE.replace("PARTITION BY k ", "") + "MEASURES STRING_AGG(k, ',') AS l AFTER MATCH SKIP TO NEXT ROW PATTERN ( a -> b{2} ) DEFINE a AS type = 'a' )",
    TWO + "MEASURES ARRAY_AGG(STREAM()) AS l, COUNT(*) AS n PATTERN ( a -> b ) WITHIN 20 DEFINE a AS type = 'a', b AS type = 'b' )",
    TWO + "MEASURES a.v AS av, LAST(ts) AS at PATTERN ( a !c{3} ) DEFINE a AS type = 'a', c AS type = 'c' )",
]
LATE = "CREATE STREAM s (id BIGINT, k TEXT, type TEXT, v BIGINT, ts BIGINT, WATERMARK FOR ts AS ts - 5);\nCREATE PATTERN p AS SELECT * "
TABLES = """CREATE TABLE s (id INTEGER PRIMARY KEY, k TEXT, type TEXT, v INTEGER, ts INTEGER CHECK (v <> 13));
CREATE TABLE t (k TEXT, type TEXT, v INTEGER, at INTEGER CHECK (v <> 13));"""


class Script:
    """The blocks of one script, and what it is about."""

    def __init__(self, chance, file):
        self.chance, self.file, self.clock, self.blocks = chance, file, 100, []
        query = chance.choice(QUERIES)
        self.two = query.startswith(TWO)
        self.disorder = 5 if not self.two and chance.random() < 0.3 else 0
        self.ids = not self.two and not self.disorder and chance.random() < 0.3    # rows of one time stand in order of rowid in a query
        self.text = LATE + query if self.disorder else "SELECT * " + query
        self.open(0)
        self.sql(f"PRAGMA journal_mode = {chance.choice(['wal', 'delete', 'memory'])}; PRAGMA synchronous = off; {TABLES}")
        for _ in range(chance.randrange(3)):
            self.insert()
        self.sql(f"CREATE VIRTUAL TABLE m USING tocsin({player.quoted(self.text)}, mode='live'{self.options()});")
        self.open(1)
        self.inside = [0, 0]            # 1: in a transaction
        for _ in range(chance.randrange(4, 25)):
            self.step()
        self.open(1)
        self.open(0)
        self.sql("INSERT INTO m(m) VALUES ('integrity-check')")
        self.sql("INSERT INTO m(m) VALUES ('flush'); SELECT *, match_id, match_status, match_rowtime FROM m")
        self.sql(f"CREATE VIRTUAL TABLE temp.again USING tocsin({player.quoted(self.text)}); SELECT *, match_id, match_status, match_rowtime FROM again")

    def options(self):
        return ", late='fail'" * (self.chance.random() < 0.2)

    def open(self, which):
        self.use(which)
        self.blocks.append(f"OPEN {self.file}\n".encode())

    def use(self, which):
        self.at = which
        self.blocks.append(f"USE {which}\n".encode())

    def sql(self, text):
        self.blocks.append(text)

    def row(self, stream, bad):
        c = self.chance
        self.clock += c.randrange(1 if self.ids else 0, 4)
        v = 13 if bad else c.randrange(10)
        values = [player.quoted(c.choice("xyz")), player.quoted(c.choice("abcd")), str(v), str(self.clock - c.randrange(self.disorder + 1))]
        if stream == "s":
            values.insert(0, str(c.randrange(10**9)) if self.ids and c.random() < 0.5 else "NULL")
        return "(" + ", ".join(values) + ")"

    def insert(self):
        c = self.chance
        stream = c.choice("st") if self.two else "s"
        bad = c.random() < 0.1
        rows = [self.row(stream, bad and i == 2) for i in range(c.choice((1, 1, 2, 5)))]
        way = c.choice(["INSERT INTO", "INSERT INTO", "INSERT OR IGNORE INTO", "INSERT OR ROLLBACK INTO" if bad else "INSERT INTO", "INSERT OR FAIL INTO"])
        values = "VALUES " + ", ".join(rows)
        if c.random() < 0.3:
            values = f"SELECT * FROM ({values})"
        self.sql(f"{way} {stream} {values}")

    def step(self):
        c = self.chance
        if not self.inside[self.at] and c.random() < 0.3:
            self.use(1 - self.at)
        kind = c.random()
        if not self.inside[self.at]:
            if kind < 0.35 and not self.inside[1 - self.at]:
                self.sql("BEGIN IMMEDIATE")
                self.inside[self.at] = 1
            elif kind < 0.8:
                self.insert()
            elif kind < 0.87:
                self.sql(f"INSERT INTO m(m, arg) VALUES ('advance', {self.clock - self.disorder})")
            elif kind < 0.92:
                self.sql("INSERT INTO m(m) VALUES ('rebuild')")
            elif kind < 0.96:
                self.sql("UPDATE s SET v = 1; DELETE FROM s")
            else:
                self.sql("SELECT count(*) FROM m; VACUUM")
        elif kind < 0.55:
            self.insert()
        elif kind < 0.65:
            self.sql("SAVEPOINT one; ")
            self.insert()
            self.sql(c.choice(["ROLLBACK TO one", "ROLLBACK TO one; RELEASE one", "RELEASE one"]))
        elif kind < 0.7:
            self.sql(f"INSERT INTO m(m, arg) VALUES ('advance', {self.clock - self.disorder})")
        elif kind < 0.85:
            self.sql("COMMIT")
            self.inside[self.at] = 0
        elif kind < 0.93:
            self.sql("ROLLBACK")
            self.inside[self.at] = 0
        else:
            self.open(self.at)          # the connection closes in the middle
            self.inside[self.at] = 0

    def shown(self):
        return "\n".join("-- " + b.decode().strip() if isinstance(b, bytes) else b + ";" for b in self.blocks)


ALLOWED = ("CHECK constraint", "UNIQUE constraint", "database is locked", "cannot be changed", "cannot be deleted", "cannot rollback", "cannot commit",
           "no transaction is active", "came after the stream had reached", "within a transaction", "no such savepoint", "from within")


def judge(script, answers):
    """None, or what is wrong."""
    *steps, checked, live, batch = answers
    for a in steps:
        if a.code and not any(part in a.message for part in ALLOWED):
            return f"a step failed: {a.code} {a.message}"
    for a in (checked, live, batch):
        if a.code:
            return a.message
    if live.rows != batch.rows:
        return f"live  {live.rows}\nbatch {batch.rows}"
    return None


def work(options, first, count):
    found = []
    with tempfile.TemporaryDirectory(prefix="tocsin-live-", dir=options.folder) as folder:
        scripts = [Script(random.Random(options.seed * 1_000_003 + n), os.path.join(folder, f"{n}.db")) for n in range(first, first + count)]
        answers = player.play(options.host, [b for s in scripts for b in s.blocks], timeout=600)
        at = 0
        for script in scripts:
            own = sum(isinstance(b, str) or b.startswith(b"OPEN") for b in script.blocks)
            wrong = judge(script, answers[at:at + own])
            at += own
            if wrong:
                found.append(f"{script.shown()}\n{wrong}\n")
    return count, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--folder", help="where the databases lie meanwhile")
    parser.add_argument("--show", type=int, default=3)
    options = parser.parse_args()
    options.host = os.path.abspath(options.host)
    passed = failed = 0
    chunks = [(n, min(50, options.first + options.count - n)) for n in range(options.first, options.first + options.count, 50)]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for count, found in pool.map(lambda c: work(options, *c), chunks):
            passed, failed = passed + count - len(found), failed + len(found)
            for text in found[:max(0, options.show - failed + len(found))]:
                print(text)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
