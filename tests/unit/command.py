#!/usr/bin/env python3
"""The command as a person or a script meets it: exit statuses, messages, what goes where.

  tests/unit/command.py [--tocsin COMMAND] [--only NAME]

Each test is a function that gets an empty folder to work in; the last line is "N passed, N failed".
"""
import argparse
import gzip
import json
import os
import pty
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import xml.etree.ElementTree

TOCSIN = "./tocsin"
TESTS = []

UP = """CREATE STREAM s (ts TIMESTAMP, k TEXT, v BIGINT);
CREATE PATTERN up AS SELECT * FROM s MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts MEASURES a.v AS av, b.v AS bv, b.ts AS at
  PATTERN (a b) DEFINE b AS b.v > a.v );
"""
TWO = """CREATE STREAM logins (ts TIMESTAMP, k TEXT, ok BIGINT);
CREATE STREAM cards (ts TIMESTAMP UNIT SECOND, k TEXT, amount DOUBLE);
CREATE PATTERN fails AS SELECT * FROM logins MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts MEASURES COUNT(*) AS n, LAST(f.ts) AS at PATTERN (f{2}) DEFINE f AS ok = 0 );
CREATE PATTERN big AS SELECT * FROM cards MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts MEASURES a.amount AS amount, a.ts AS at PATTERN (a[amount > 100]) );
"""
QUERY = """SELECT * FROM s MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts
  MEASURES a.v AS av, b.v AS bv PATTERN (a b) DEFINE b AS b.v > a.v )"""
STATS = ("rows_in rows_matched_over rows_filtered rows_late rows_bad matches timeouts dropped seconds rows_per_second "
         "match_seconds live_paths_peak rows_kept_peak state_bytes_peak watermark").split()


def test(function):
    TESTS.append(function)
    return function


class Folder:
    def __init__(self, path):
        self.path = path

    def write(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode()
        if name.endswith(".gz"):
            data = gzip.compress(data)
        with open(path, "wb") as f:
            f.write(data)

    def read(self, name):
        with open(os.path.join(self.path, name), encoding="utf-8") as f:
            return f.read()

    def lines(self, name):
        return [json.loads(line) for line in self.read(name).splitlines()]

    def run(self, *arguments, status=0, stdin=""):
        done = subprocess.run([TOCSIN, *arguments], cwd=self.path, capture_output=True, text=True, input=stdin,
                              timeout=60, env=dict(os.environ, NO_COLOR="1"))
        assert done.returncode == status, f"status {done.returncode}, not {status}: {done.stderr}{done.stdout}"
        return done.stdout, done.stderr

    def start(self, *arguments):
        return subprocess.Popen([TOCSIN, *arguments], cwd=self.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)


def same(got, wanted):
    assert got == wanted, f"got      {got!r}\n         expected {wanted!r}"


def has(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def second(n):
    return f"2026-01-01T00:00:{n:02d}Z"


def rows(*triples):
    return "ts,k,v\n" + "".join(f"{second(t)},{k},{v}\n" for t, k, v in triples)


@test
def help_and_version(folder):
    out, _ = folder.run("--version")
    assert out.startswith("tocsin 0."), out
    out, _ = folder.run("--help")
    has(out, "Usage: tocsin COMMAND", "\n  run ", "\n  query ", "\n  check ", "\n  explain ", "\n  fmt ", "\n  schema ",
        "Exit status:")
    for command in "run query check explain trace test fmt schema".split():
        out, err = folder.run(command, "--help")
        assert out.startswith(f"Usage: tocsin {command} "), out
        same(err, "")
        assert all(len(line) < 100 for line in out.splitlines()), command
        same(folder.run("help", command)[0], out)


@test
def wrong_usage_is_status_2_and_a_hint(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1)))
    folder.write("s.dat", rows((1, "a", 1)))
    for arguments, message in [
            ([], "a command is missing"),
            (["rnu"], "there is no command 'rnu'; did you mean 'run'?"),
            (["run"], "a pattern file is missing"),
            (["run", "up.cep"], "an input is missing"),
            (["run", "up.cep", "s.csv", "--fromat", "x"], "unknown option --fromat; did you mean --format?"),
            (["run", "up.cep", "s.csv", "-q"], "unknown option -q"),
            (["run", "up.cep", "s.csv", "--to"], "needs a value"),
            (["run", "up.cep", "s.csv", "--to", "xml"], "--to is jsonl, csv, table or arrow, not 'xml'"),
            (["run", "up.cep", "s.csv", "--sort=1"], "--sort takes no value"),
            (["run", "up.cep", "s.csv", "--threads", "x"], "--threads is a number"),
            (["run", "up.cep", "s.csv", "--late", "x"], "--late is drop, divert:FILE or fail, not 'x'"),
            (["run", "up.cep", "s.csv", "--bad", "divert:"], "--bad is skip, divert:FILE or fail"),
            (["run", "up.cep", "s.csv", "--pattern", "upp"], 'no pattern "upp"; did you mean "up"?'),
            (["run", "up.cep", "s.csv", "-p", "x"], "-p wants NAME=VALUE, not 'x'"),
            (["run", "up.cep", "s.dat"], "the name does not tell the format"),
            (["run", "up.cep", "-"], "standard input needs --format"),
            (["run", "up.cep", "other=s.csv"], 'no pattern reads a stream "other", only s'),
            (["run", "up.cep", "s.csv", "-o", "sqlite:x.db?table=t"], "write sqlite:FILE; tables have the names of the patterns"),
            (["run", "up.cep", "s.csv", "-o", "sqlite:x.db", "--to", "csv"], "--to is about files; sqlite:x.db has tables"),
            (["run", "up.cep", "s.csv", "--to", "arrow"], "--to arrow is not supported yet"),
            (["run", "up.cep", "sqlite:x.db"], "sqlite:x.db: which table? Write sqlite:FILE?table=NAME"),
            (["run", "up.cep", "sqlite:x.db?table=a&mode=rw"], "which table? Write sqlite:FILE?table=NAME"),
            (["run", "up.cep", "sqlite:?table=a"], "a file is missing: sqlite:FILE?table=NAME"),
            (["run", "up.cep", "s=sqlite:x.db?table=%zz"], "behind % stand two hexadecimal digits"),
            (["run", "up.cep", "s3://bucket/s.csv"], "not supported yet"),
            (["check", "--from", "db2", "up.cep"], "--from is flink, oracle, snowflake or trino, not 'db2'"),
            (["explain", "--dot", "up.cep", "--pattern", "pu"], 'there is no pattern "pu"'),
            (["trace", "up.cep"], "an input is missing"),
            (["test"], "no test was found"),
            (["test", "s.csv"], "s.csv is neither a .cep nor a .test file")]:
        out, err = folder.run(*arguments, status=2)
        same(out, "")
        has(err, message)


@test
def what_cannot_be_read_is_status_3(folder):
    folder.write("up.cep", UP)
    folder.write("wrong.csv", "a,b\n1,2\n")
    folder.write("plain.csv.gz", b"")
    os.mkdir(os.path.join(folder.path, "empty"))
    for arguments, message in [
            (["run", "nix.cep", "wrong.csv"], "cannot read nix.cep: No such file"),
            (["run", "up.cep", "s=nix.csv"], "cannot read nix.csv: No such file"),
            (["run", "up.cep", "s=nix*.csv"], "no file matches nix*.csv"),
            (["run", "up.cep", "s=empty"], "there is no .csv, .jsonl or .ndjson file in empty"),
            (["run", "up.cep", "s=wrong.csv"], 'cannot read wrong.csv: the header has no column "ts"'),
            (["schema", "nix.csv"], "cannot read nix.csv")]:
        _, err = folder.run(*arguments, status=3)
        has(err, message)


@test
def packed_inputs(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv.gz", rows((1, "a", 1), (2, "a", 2)))
    out, _ = folder.run("run", "up.cep", "s.csv.gz")
    same(out, '{"k":"a","av":1,"bv":2,"at":"2026-01-01T00:00:02.000000Z"}\n')
    with open(os.path.join(folder.path, "s.csv.gz"), "rb") as f:
        packed = f.read()
    folder.write("cut.csv", packed[:-5])
    os.rename(os.path.join(folder.path, "cut.csv"), os.path.join(folder.path, "cut.csv.gz"))
    _, err = folder.run("run", "up.cep", "s=cut.csv.gz", status=3)
    has(err, f"cannot unpack cut.csv.gz: cut off after byte {len(packed) - 5}")


@test
def errors_in_a_pattern_are_status_1_with_a_caret(folder):
    folder.write("bad.cep", UP.replace("b.v > a.v", "b.w > a.v"))
    folder.write("s.csv", rows((1, "a", 1)))
    out, err = folder.run("run", "bad.cep", "s.csv", status=1)
    same(out, "")
    assert err.startswith("bad.cep:4:"), err
    has(err, ": error[E", "PATTERN (a b) DEFINE b AS b.w > a.v", "^")
    _, err = folder.run("query", QUERY.replace("b.v > a.v", "b.w > a.v"), "s.csv", status=1)
    assert err.startswith("query:2:"), err
    _, err = folder.run("run", "bad.cep", "s.csv", "-p", "x=1", status=1)
    _, err = folder.run("check", "bad.cep", status=1)
    has(err, "error[E")


@test
def outputs(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1), (2, "a", 2)))
    folder.run("run", "up.cep", "s.csv", "-o", "o.jsonl")
    same(folder.lines("o.jsonl"), [{"k": "a", "av": 1, "bv": 2, "at": "2026-01-01T00:00:02.000000Z"}])
    folder.run("run", "up.cep", "s.csv", "-o", "o.csv")
    same(folder.read("o.csv"), "k,av,bv,at\na,1,2,2026-01-01T00:00:02.000000Z\n")
    out, _ = folder.run("run", "up.cep", "s.csv", "--to", "table")
    same(out, "┌──────┬────────┬────────┬─────────────────────┐\n"
              "│ k    │     av │     bv │ at                  │\n"
              "│ text │ bigint │ bigint │ timestamp           │\n"
              "├──────┼────────┼────────┼─────────────────────┤\n"
              "│ a    │      1 │      2 │ 2026-01-01 00:00:02 │\n"
              "└──────┴────────┴────────┴─────────────────────┘\n"
              "1 row\n")
    _, err = folder.run("run", "up.cep", "s.csv", "-o", "nix/o.csv", status=4)
    has(err, "cannot write nix/o.csv")
    if os.path.exists("/dev/full"):
        _, err = folder.run("run", "up.cep", "s.csv", "-o", "/dev/full", status=4)
        has(err, "cannot write /dev/full")


@test
def matches_are_rows_of_tables(folder):
    folder.write("two.cep", TWO)
    folder.write("logins.csv", f"ts,k,ok\n{second(1)},a,0\n{second(2)},a,0\n")
    folder.write("cards.csv", "ts,k,amount\n5,b,200.5\n")
    for times in 1, 2:                      # the second run adds its rows
        folder.run("run", "two.cep", "logins.csv", "cards.csv", "-o", "sqlite:out%2Edb")
        db = sqlite3.connect(os.path.join(folder.path, "out.db"))
        same(db.execute("SELECT * FROM fails").fetchall(), [("a", 2, "2026-01-01T00:00:02.000000Z")] * times)
        same(db.execute("SELECT k, amount, typeof(amount), datetime(at) FROM big").fetchall(),
             [("b", 200.5, "real", "1970-01-01 00:00:05")] * times)
        same([name for name, in db.execute("SELECT sql FROM sqlite_master ORDER BY 1")],
             ['CREATE TABLE "big" ("k" TEXT, "amount" DOUBLE, "at" DATETIME)',
              'CREATE TABLE "fails" ("k" TEXT, "n" BIGINT, "at" DATETIME)'])
        db.close()
    folder.write("s.csv", rows((1, "a", 1), (2, "a", 2)))
    folder.run("query", "SELECT av, av = 1 AS first, av AS AV, bvs, CAST(NULL AS TEXT) AS nothing FROM s MATCH_RECOGNIZE ( "
               "ORDER BY ts MEASURES a.v AS av, ARRAY_AGG(b.v) AS bvs PATTERN (a b) )", "s.csv", "-o", "sqlite:out.db")
    db = sqlite3.connect(os.path.join(folder.path, "out.db"))
    rows_of = db.execute("SELECT * FROM matches")
    same([column[0] for column in rows_of.description], ["av", "first", "AV:1", "bvs", "nothing"])
    same(rows_of.fetchall(), [(1, 1, 1, "[2]", None)])
    db.execute("DROP TABLE big")
    db.execute("CREATE TABLE big(k)")
    db.commit()
    folder.write("cards.csv", "ts,k,amount\n1800000000,b,200.5\n")
    _, err = folder.run("run", "two.cep", "logins.csv", "cards.csv", "-o", "sqlite:out.db", status=4)
    has(err, "cannot write sqlite:out.db: table big has no column named amount")
    same(db.execute("SELECT count(*) FROM fails").fetchall(), [(3,)])   # what came before is there
    db.close()
    folder.write("no.db", "this is no database, whatever its name says, and long enough")
    _, err = folder.run("run", "two.cep", "logins.csv", "cards.csv", "-o", "sqlite:no.db", status=4)
    has(err, "cannot write sqlite:no.db: file is not a database")
    _, err = folder.run("run", "two.cep", "logins.csv", "cards.csv", "-o", "sqlite:nix/o.db", status=4)
    has(err, "cannot write sqlite:nix/o.db: unable to open database file")


@test
def bad_rows(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1)) + "x,a,1\n" + f"{second(2)},a,z\n{second(2)},a\n,a,1\n{second(3)},a,5\n")
    out, err = folder.run("run", "up.cep", "s.csv")
    same(out, '{"k":"a","av":1,"bv":5,"at":"2026-01-01T00:00:03.000000Z"}\n')
    same(err, 's.csv:3: bad row at byte 32: ts: "x" is no TIMESTAMP\n'
              's.csv:4: bad row at byte 38: v: "z" is no BIGINT\n'
              's.csv:5: bad row at byte 63: 2 fields, the header has 3\n'
              'tocsin: 4 bad rows of 6 left out (--bad divert:FILE keeps them)\n')
    _, err = folder.run("run", "up.cep", "s.csv", "--bad", "divert:bad.jsonl")
    same(err, "tocsin: 4 bad rows of 6 diverted to bad.jsonl\n")
    bad = folder.lines("bad.jsonl")
    same(bad[0], {"kind": "bad", "stream": "s", "source": "s.csv", "line": 3, "offset": 32, "column": "ts",
                  "reason": '"x" is no TIMESTAMP', "row": "x,a,1"})
    same([b["line"] for b in bad], [3, 4, 5, 6])
    out, err = folder.run("run", "up.cep", "s.csv", "--bad", "fail", status=3)
    has(err, 's.csv:3: bad row at byte 32: ts: "x" is no TIMESTAMP', "--bad skip")


@test
def columns_that_are_missing_are_told(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", f"k,ts\na,{second(1)}\n")
    _, err = folder.run("run", "up.cep", "s.csv")
    same(err, 'tocsin: s.csv: the header has no column for "v" (it is k,ts): NULL in every row\n')


@test
def late_rows(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1), (5, "a", 2), (3, "a", 7), (6, "a", 1), (7, "a", 3)))
    out, err = folder.run("run", "up.cep", "s.csv", status=3)
    has(err, "s.csv:4: late row: its time 2026-01-01T00:00:03.000000Z lies before the watermark 2026-01-01T00:00:05",
        "| 2026-01-01T00:00:03Z,a,7", "--sort", "WATERMARK FOR ts", "--late drop", "divert:FILE")
    same(len(out.splitlines()), 1)
    out, err = folder.run("run", "up.cep", "s.csv", "--late", "drop")
    same([json.loads(line)["bv"] for line in out.splitlines()], [2, 3])
    has(err, "1 late row of 5 left out")
    folder.run("run", "up.cep", "s.csv", "--late", "divert:late.jsonl")
    same(folder.lines("late.jsonl"), [{
        "kind": "late", "stream": "s", "source": "s.csv", "line": 4, "offset": 57,
        "time": "2026-01-01T00:00:03.000000Z", "watermark": "2026-01-01T00:00:05.000000Z", "lateness": "PT2S", "row": "2026-01-01T00:00:03Z,a,7"}])
    out, err = folder.run("run", "up.cep", "s.csv", "--sort")
    same([json.loads(line)["bv"] for line in out.splitlines()], [7, 3])
    same(err, "")


@test
def sorting_is_stable_and_spans_files(folder):
    folder.write("up.cep", UP)
    folder.write("d/1.csv", rows((9, "a", 4), (2, "a", 1), (2, "a", 2)))
    folder.write("d/2.jsonl", f'{{"v":3,"ts":"{second(2)}","k":"a"}}\n{{"v":0,"ts":"{second(1)}","k":"a"}}\n')
    folder.write("d/readme.txt", "no input")
    out, _ = folder.run("run", "up.cep", "s=d", "--sort")
    same([(m["av"], m["bv"]) for m in map(json.loads, out.splitlines())], [(0, 1), (2, 3)])
    many = "".join(f"{second(59 - i % 60)},k{i % 60},{i}\n" for i in range(100000))
    folder.write("many.csv", "ts,k,v\n" + many)
    out, err = folder.run("run", "up.cep", "many.csv", "--sort", "--stats")
    stats = json.loads(err.splitlines()[-1])
    same((stats["rows_in"], stats["rows_late"]), (100000, 0))
    same(len(out.splitlines()), sum((100000 - k + 59) // 60 // 2 for k in range(60)))


@test
def stats_are_the_last_line(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1), (5, "a", 2), (3, "a", 7)) + "bad\n")
    _, err = folder.run("run", "up.cep", "s.csv", "--late", "drop", "--stats")
    stats = json.loads(err.splitlines()[-1])
    same(list(stats), STATS)
    same([stats[k] for k in "rows_in rows_matched_over rows_filtered rows_late rows_bad matches timeouts".split()],
         [4, 2, 0, 1, 1, 1, 0])
    same(stats["watermark"], "2026-01-01T00:00:05.000000Z")
    _, err = folder.run("run", "up.cep", "s.csv", "--stats", status=3)
    same(list(json.loads(err.splitlines()[-1])), STATS)
    folder.write("none.csv", "ts,k,v\n")
    _, err = folder.run("run", "up.cep", "s=none.csv", "--stats")
    same(json.loads(err)["watermark"], None)


@test
def limits_are_options_and_have_counters(folder):
    folder.write("wait.cep", """CREATE STREAM s (ts TIMESTAMP, k TEXT, v BIGINT);
CREATE PATTERN wait AS SELECT * FROM s MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts
  MEASURES ARRAY_AGG(a.v) AS vs AFTER MATCH SKIP TO NEXT ROW PATTERN ( a+ ->> b ) DEFINE b AS v < 0 );
""")
    folder.write("s.csv", rows(*((i, "x" if i % 3 else "y", i) for i in range(30))))
    _, err = folder.run("run", "wait.cep", "s.csv", "--stats", "--limit", "paths=1K", "--limit", "rows=1000", "--limit", "bytes=64M")
    stats = json.loads(err.splitlines()[-1])
    assert stats["live_paths_peak"] >= 30 and stats["rows_kept_peak"] >= 20, stats
    for limit, message in [("paths=5", "pattern wait, key 'x': more than 5 live paths"),
                           ("rows=4", "pattern wait, key 'x': more than 4 rows have to be kept"),
                           ("bytes=20K", "pattern wait: more than 20480 bytes have to be kept")]:
        _, err = folder.run("run", "wait.cep", "s.csv", "--limit", limit, status=3)
        has(err, message)
    for limit in ("paths", "paths=", "paths=0", "paths=-1", "paths=1X", "cows=1", "bytes=99999999999G"):
        _, err = folder.run("run", "wait.cep", "s.csv", "--limit", limit, status=2)
        has(err, f"--limit is paths=N, rows=N or bytes=N, not '{limit}'")


@test
def streams_are_merged_in_order_of_time(folder):
    folder.write("two.cep", TWO)
    folder.write("logins.jsonl", "".join(f'{{"ts":"{second(t)}","k":"a","ok":0}}\n' for t in (1, 5, 7, 9)))
    folder.write("cards.csv", "ts,k,amount\n" + "".join(f"{1767225600 + t},z,500\n" for t in (0, 3, 5, 9)))
    got = {}
    for order in (["logins.jsonl", "cards.csv"], ["cards.csv", "logins.jsonl"]):
        out, _ = folder.run("run", "two.cep", *order)
        got[order[0]] = [(m["pattern"], m["at"][17:19]) for m in map(json.loads, out.splitlines())]
    first = [("big", "00"), ("big", "03")]
    same(got["logins.jsonl"], first + [("fails", "05"), ("big", "05"), ("fails", "09"), ("big", "09")])
    same(got["cards.csv"], first + [("big", "05"), ("fails", "05"), ("big", "09"), ("fails", "09")])
    out, _ = folder.run("run", "two.cep", "cards.csv", "logins.jsonl", "--to", "csv")
    has(out, "pattern,k,n,at,amount\n", "big,z,,2026-01-01T00:00:00.000000Z,500.0\n")
    out, _ = folder.run("run", "two.cep", "cards.csv", "--pattern", "BIG")
    same(json.loads(out.splitlines()[0]), {"k": "z", "amount": 500.0, "at": "2026-01-01T00:00:00.000000Z"})
    _, err = folder.run("run", "two.cep", "cards.csv", status=2)
    has(err, 'stream "logins" has no input; add logins=INPUT')
    _, err = folder.run("run", "two.cep", "-", "--format", "csv", status=2)
    has(err, "which stream is it? Write STREAM=-")


BOTH = """CREATE STREAM logins (ts TIMESTAMP, k TEXT, ok BIGINT);
CREATE STREAM cards (at TIMESTAMP, k TEXT, amount DOUBLE);
CREATE PATTERN p AS SELECT * FROM (logins UNION ALL BY NAME SELECT k, at AS ts, amount FROM cards WHERE amount > 10) MATCH_RECOGNIZE (
  ORDER BY ts MEASURES x.ts AS at, STREAM() AS source PATTERN (x) );
CREATE PATTERN q AS SELECT * FROM p MATCH_RECOGNIZE (MEASURES COUNT(*) AS n PATTERN (x{3}));
"""


@test
def one_pattern_reads_several_inputs(folder):
    folder.write("both.cep", BOTH)
    folder.write("logins/1.csv", f"ts,k,ok\n{second(1)},a,0\n{second(4)},a,0\n")
    folder.write("logins/2.csv", f"ts,k,ok\n{second(6)},a,0\n{second(9)},a,0\n")
    folder.write("cards.jsonl", "".join(f'{{"at":"{second(t)}","k":"a","amount":{t * 5}}}\n' for t in (0, 2, 4, 9)))
    wanted = [(1, "logins"), (4, "logins"), (4, "cards"), (6, "logins"), (9, "logins"), (9, "cards")]
    for order in (["logins", "cards.jsonl"], ["cards.jsonl", "logins"]):
        out, err = folder.run("run", "both.cep", *order, "--pattern", "p", "--stats")
        same([(int(m["at"][17:19]), m["source"]) for m in map(json.loads, out.splitlines())], wanted)
        stats = json.loads(err.splitlines()[-1])
        same([stats[n] for n in ("rows_in", "rows_matched_over", "rows_filtered", "rows_late")], [8, 6, 2, 0])
        same(stats["watermark"], "2026-01-01T00:00:09.000000Z")
    out, _ = folder.run("run", "both.cep", "logins", "cards.jsonl", "--pattern", "q")
    same(out, '{"n":3}\n{"n":3}\n')
    out, _ = folder.run("check", "both.cep")
    has(out, "p: 2 columns from stream logins, stream cards\n", "q: 1 column from pattern p\n")
    for given, missing in (("logins", "cards"), ("cards.jsonl", "logins")):
        _, err = folder.run("run", "both.cep", given, "--pattern", "q", status=2)
        has(err, f'stream "{missing}" has no input; add {missing}=INPUT')


@test
def a_late_row_of_one_of_several_inputs(folder):
    folder.write("both.cep", BOTH)
    folder.write("logins.csv", f"ts,k,ok\n{second(1)},a,0\n")
    folder.write("cards.csv", f"at,k,amount\n{second(5)},a,20\n{second(3)},b,20\n")
    _, err = folder.run("run", "both.cep", "logins.csv", "cards.csv", status=3)
    has(err, "cards.csv:3: late row: its time 2026-01-01T00:00:03.000000Z lies before the watermark 2026-01-01T00:00:05.000000Z")
    out, err = folder.run("run", "both.cep", "logins.csv", "cards.csv", "--late", "divert:late.jsonl", "--pattern", "p")
    same(len(out.splitlines()), 2)
    same([(row["stream"], row["lateness"]) for row in folder.lines("late.jsonl")], [("cards", "PT2S")])
    out, _ = folder.run("run", "both.cep", "logins.csv", "cards.csv", "--sort", "--pattern", "p")
    same(len(out.splitlines()), 3)


@test
def an_input_that_has_ended_is_not_waited_for(folder):
    folder.write("both.cep", BOTH)
    folder.write("logins.csv", f"ts,k,ok\n{second(1)},a,0\n{second(8)},a,0\n")
    process = folder.start("run", "both.cep", "logins.csv", "cards=-", "--format", "csv", "--pattern", "p")
    process.stdin.write(f"at,k,amount\n{second(3)},a,20\n{second(9)},a,20\n{second(12)},a,20\n{second(13)},a,20\n".encode())
    process.stdin.flush()
    for at, source in ((1, "logins"), (3, "cards"), (8, "logins"), (9, "cards"), (12, "cards")):
        same(json.loads(process.stdout.readline()), {"at": f"2026-01-01T00:00:{at:02d}.000000Z", "source": source})
    out, _ = process.communicate(timeout=30)
    same(out.decode(), '{"at":"2026-01-01T00:00:13.000000Z","source":"cards"}\n')
    same(process.returncode, 0)


@test
def inputs_are_read_side_by_side(folder):
    """The rows of one input do not all wait for those of the other: 300,000 of them would be more than 20 MB."""
    count = 200_000
    folder.write("both.cep", BOTH.replace(" TIMESTAMP,", " TIMESTAMP UNIT MILLISECOND,"))
    folder.write("logins.csv", "ts,k,ok\n" + "".join(f"{1767225600000 + 2 * i},a,0\n" for i in range(count)))
    folder.write("cards.csv", "at,k,amount\n" + "".join(f"{1767225600000 + 3 * i},a,20\n" for i in range(count // 2)))
    _, err = folder.run("run", "both.cep", "logins.csv", "cards.csv", "--stats", "--pattern", "q", "-o", "out.jsonl")
    stats = json.loads(err.splitlines()[-1])
    same(stats["rows_matched_over"], count + count // 2)
    same(len(folder.lines("out.jsonl")), (count + count // 2) // 3)
    assert stats["state_bytes_peak"] < 8_000_000, stats


@test
def queries_infer_their_stream(folder):
    folder.write("s.jsonl", "".join(f'{{"ts":{1767225600 + i},"k":"a","v":{i}}}\n' for i in range(4)))
    out, _ = folder.run("query", QUERY, "s.jsonl")
    same([json.loads(line) for line in out.splitlines()], [{"k": "a", "av": 0, "bv": 1}, {"k": "a", "av": 2, "bv": 3}])
    out, _ = folder.run("query", QUERY, "s=-", "--format", "csv", "--to", "csv", stdin=rows((1, "a", 1), (2, "a", 2)))
    same(out, "k,av,bv\na,1,2\n")
    folder.write("up.cep", UP.split(";", 1)[1])
    out, _ = folder.run("run", "up.cep", "s.jsonl")
    same(len(out.splitlines()), 2)


@test
def inputs_find_their_stream(folder):
    folder.write("up.cep", UP)
    for name in ("x/a.csv", "x/b.csv", "s.csv"):
        folder.write(name, rows((1, "a", 1), (2, "a", 2)))
    same(folder.run("run", "up.cep", "x/a.csv")[0], folder.run("run", "up.cep", "s.csv")[0])   # the only one declared
    same(len(folder.run("run", "up.cep", "x/*.csv", "--sort")[0].splitlines()), 1)
    out, _ = folder.run("run", "up.cep", "S=x/a.csv")
    same(len(out.splitlines()), 1)


@test
def live_input_is_answered_at_once(folder):
    folder.write("up.cep", UP)
    process = folder.start("run", "up.cep", "s=-", "--format", "csv")
    process.stdin.write(rows((1, "a", 1), (2, "a", 2)).encode())
    process.stdin.flush()
    same(select.select([process.stdout], [], [], 30)[0], [process.stdout])
    has(process.stdout.readline().decode(), '"bv":2')
    process.stdin.write(f"{second(3)},a,1\n{second(4)},a,2\n2026-01-".encode())
    process.stdin.flush()
    has(process.stdout.readline().decode(), '"at":"2026-01-01T00:00:04')
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    same((process.returncode, out), (130, b""))
    has(err.decode(), "interrupted after 4 rows: the result is partial")


@test
def a_reader_that_goes_away_ends_the_run_quietly(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", "ts,k,v\n" + "".join(f"{second(i // 2000)},k{i // 2},{i}\n" for i in range(100000)))
    process = folder.start("run", "up.cep", "s.csv")
    process.stdout.readline()
    process.stdout.close()
    process.stdin.close()
    same(process.wait(timeout=30), 0)
    same(process.stderr.read(), b"")
    process.stderr.close()


@test
def checking(folder):
    folder.write("up.cep", UP)
    folder.write("bad.cep", "SELECT")
    out, err = folder.run("check", "up.cep")
    same(out, "up.cep: good\nup: 4 columns from stream s\n  k   TEXT\n  av  BIGINT\n  bv  BIGINT\n  at  TIMESTAMP\n")
    same(err, "")
    out, err = folder.run("check", "bad.cep", "up.cep", status=1)
    has(out, "up.cep: good")
    has(err, "bad.cep:1:")
    out, err = folder.run("check", "--from", "flink", "up.cep")
    has(out, "up.cep: good")
    assert re.search(r"^up\.cep:\d+:\d+: note\[N\d{4}\]: .*Flink", err, re.M), err
    has(folder.run("explain", "up.cep")[0], "up")


@test
def formatting(folder):
    folder.write("up.cep", UP)
    folder.run("fmt", "up.cep")
    layout = folder.read("up.cep")
    same(folder.run("fmt", "-", stdin=UP), (layout, ""))
    same(folder.run("fmt", "--check", "up.cep"), ("", ""))
    folder.write("crooked.cep", layout.replace("SELECT *", "select\n\n\n  *"))
    os.chmod(os.path.join(folder.path, "crooked.cep"), 0o640)
    same(folder.run("fmt", "--check", "up.cep", "crooked.cep", status=1)[0], "crooked.cep\n")
    folder.run("fmt", "crooked.cep")
    same(folder.read("crooked.cep"), layout)
    same(os.stat(os.path.join(folder.path, "crooked.cep")).st_mode & 0o777, 0o640)
    folder.write("bad.cep", "SELECT FROM\n")
    _, err = folder.run("fmt", "bad.cep", status=1)
    has(err, "bad.cep:1:", "error[E")
    same(folder.read("bad.cep"), "SELECT FROM\n")


@test
def schemas_compile(folder):
    folder.write("clicks.jsonl", '{"ts":"2026-01-01T00:00:05Z","user":{"id":7,"order":"x"},'
                                 '"when":1767225600,"tags":[1]}\n'
                                 '{"ts":"2026-01-01T00:00:03Z","user":null,"select":true,"a b":1.5}\n')
    out, err = folder.run("schema", "clicks.jsonl")
    same(err, "")
    same(out, "CREATE STREAM clicks (\n  ts         TIMESTAMP,\n  user_id    BIGINT PATH '$.user.id',\n"
              "  user_order TEXT   PATH '$.user.\"order\"',\n  \"when\"     TIMESTAMP UNIT SECOND,\n"
              "  \"select\"   BOOLEAN,\n  \"a b\"      DOUBLE,\n  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND"
              " -- rows are in no order of time: think of --sort\n);\n"
              "-- tags: an array; PATH '$.tags[0]' would read its first item\n")
    folder.write("c.cep", out + "SELECT * FROM clicks MATCH_RECOGNIZE ( MEASURES a.user_id AS id PATTERN (a) "
                                "DEFINE a AS user_id > 0 );\n")
    same(folder.run("run", "c.cep", "clicks.jsonl")[0], '{"id":7}\n')
    out, _ = folder.run("schema", "named=-", "--format", "csv", stdin="a,b\n1,x\n")
    same(out, "CREATE STREAM named (\n  a BIGINT,\n  b TEXT\n);\n")
    _, err = folder.run("schema", "-", "--format", "jsonl", stdin="", status=3)
    has(err, "cannot tell the columns of standard input: there is nothing in it")


@test
def completion_and_manual_come_from_the_tables(folder):
    out = folder.run("--man")[0]
    has(out, ".TH TOCSIN 1", ".SS tocsin trace\n", "\\fB\\-\\-junit\\fR \\fIFILE\\fR\n", ".SH EXIT STATUS\n")
    assert "\n." not in folder.run("test", "--help")[0] and "not supported" not in out
    folder.write("done.sh", folder.run("completion", "bash")[0] +
                 "try() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _tocsin; echo \"${COMPREPLY[*]}\"; }\n"
                 "try tocsin tr\ntry tocsin trace --ke\ntry tocsin test --j\ntry tocsin run clicks\n")
    done = subprocess.run(["bash", "-e", os.path.join(folder.path, "done.sh")], capture_output=True, text=True, timeout=20)
    same((done.stdout, done.stderr), ("trace\n--key\n--junit\n\n", ""))
    has(folder.run("completion", "zsh")[0], "#compdef tocsin", "'explain:", "'*--svg[draw its automaton, as SVG]'")
    has(folder.run("completion", "fish")[0], "complete -c tocsin -n '__fish_seen_subcommand_from trace' -l key -s k -r -d '")
    for shell in ("zsh", "fish"):
        if shutil.which(shell):
            folder.write("c." + shell, folder.run("completion", shell)[0])
            subprocess.run([shell, "-n", os.path.join(folder.path, "c." + shell)], check=True, timeout=20)
    folder.run("completion", "tcsh", status=2)
    folder.run("completion", status=2)


@test
def a_time_in_another_unit_is_told(folder):
    folder.write("up.cep", UP)
    for number, said in ((1769850000, "seconds"), (1769850000000, "milliseconds"), (1769850000000000000, "nanoseconds"),
                         (1769850000000000, None), (7, None)):
        folder.write("s.csv", f"ts,k,v\n{number},a,1\n")
        _, err = folder.run("run", "up.cep", "s.csv")
        if said:
            has(err, f"s.csv: the first ts, {number}, looks like {said}, and is read as microseconds; write: ts TIMESTAMP UNIT {said.upper()[:-1]}")
        else:
            same(err, "")
    folder.write("s.csv", "ts,k,v\n1970-01-21T11:37:30Z,a,1\n")
    same(folder.run("run", "up.cep", "s.csv")[1], "")
    folder.write("up.cep", UP.replace("ts TIMESTAMP", "ts TIMESTAMP UNIT SECOND"))
    folder.write("s.jsonl", '{"ts": 1769850000000, "k": "a", "v": 1}\n')
    has(folder.run("run", "up.cep", "s.jsonl")[1], "looks like milliseconds, and is read as seconds")


@test
def explain_draws_the_automaton(folder):
    folder.write("two.cep", TWO)
    folder.write("cart.cep", """CREATE STREAM shop (k TEXT, e TEXT, ts TIMESTAMP);
CREATE PATTERN cart AS SELECT * FROM shop MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts
  PATTERN ( (a[e < 'add' AND k <> '"'] -> !b[e = 'buy'])+ !b{30 MINUTES} ) );""")
    folder.run("explain", "two.cep", "--svg", status=2)
    dot = folder.run("explain", "cart.cep", "--dot")[0]
    has(dot, 'digraph "cart" {', 'n2 [label="A\\ne < \'add\' AND k <> \'\\"\'"]', 'n2 -> n2 [label="-> no B"', 'n2 -> n3 [label="no B"', "n3 -> n1")
    for name, text in (("cart.cep", folder.run("explain", "cart.cep", "--svg")[0]),
                       ("two.cep", folder.run("explain", "two.cep", "--svg", "--pattern", "fails")[0])):
        root = xml.etree.ElementTree.fromstring(text)
        same(root.tag, "{http://www.w3.org/2000/svg}svg")
        width, height = (float(root.get(side)) for side in ("width", "height"))
        for box in root.iter("{http://www.w3.org/2000/svg}rect"):
            assert 0 <= float(box.get("x")) and float(box.get("x")) + float(box.get("width")) <= width, name
            assert 0 <= float(box.get("y")) and float(box.get("y")) + float(box.get("height")) <= height, name
    text = folder.run("explain", "cart.cep")[0]
    has(text, "  waits\n    to begin\n      a row as A\n    behind A\n      the first later A: no B\n      !B PT30M: no B\n    behind !B PT30M\n      is complete\n",
        "  bound: every wait ends by itself\n")
    folder.write("open.cep", "CREATE STREAM s (ts TIMESTAMP, v BIGINT);\nSELECT * FROM s MATCH_RECOGNIZE ( ORDER BY ts PATTERN ( a[v = 1] -> b[v = 2] ) )")
    has(folder.run("explain", "open.cep")[0], "  bound: none; behind A a path may wait for ever\n")


def has_terminals():
    """Whether this machine gives out pseudo-terminals: a bare container may have no /dev/pts."""
    try:
        for fd in pty.openpty():
            os.close(fd)
    except OSError:
        return False
    return True


def on_terminal(arguments, path, environment):
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(path)
        os.execve(TOCSIN, [TOCSIN, *arguments], environment)
    out, end = b"", time.time() + 30
    while time.time() < end:
        try:
            part = os.read(fd, 65536)
        except OSError:
            break
        if not part:
            break
        out += part
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), out.decode().replace("\r\n", "\n")


@test
def terminals_get_a_table_and_colours(folder):
    if not has_terminals():
        print("no pseudo-terminal can be had here: tables and colours on a terminal are not tried")
        return
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1), (2, "a", 2)))
    plain = dict(os.environ, TERM="xterm", NO_COLOR="1")
    colour = {k: v for k, v in plain.items() if k != "NO_COLOR"}
    status, out = on_terminal(["run", "up.cep", "s.csv"], folder.path, plain)
    same(status, 0)
    has(out, "┌──────┬", "│ a    │      1 │      2 │ 2026-01-01 00:00:02 │\n", "1 row\n")
    assert "\x1b" not in out, out
    status, out = on_terminal(["run", "up.cep", "s.csv"], folder.path, colour)
    has(out, "\x1b[1mk\x1b[0m")
    folder.write("bad.cep", "SELECT")
    status, out = on_terminal(["check", "bad.cep"], folder.path, colour)
    same(status, 1)
    has(out, "\x1b[1;31merror[")
    status, out = on_terminal(["run", "up.cep", "s.csv", "--to", "jsonl"], folder.path, colour)
    same(out, '{"k":"a","av":1,"bv":2,"at":"2026-01-01T00:00:02.000000Z"}\n')


@test
def bad_rows_of_a_database_are_told_by_their_numbers(folder):
    folder.write("up.cep", UP)
    db = sqlite3.connect(os.path.join(folder.path, "app.db"))
    db.execute("CREATE TABLE s (ts TEXT, k TEXT, v, spare)")
    db.executemany("INSERT INTO s VALUES (?, ?, ?, ?)", [
        (second(1), "a", 1, b"\x00"), (second(2), "a", 2.5, None), ("soon", "a", 3, None), (second(3), b"\xff", 3, 1e300),
        (second(4), "a", "twice", 1), (second(5), "a", 9, 1)])
    db.commit()
    url = "sqlite:app.db?table=s"
    out, err = folder.run("run", "up.cep", url)
    same([json.loads(line)["bv"] for line in out.splitlines()], [9])
    same(err.splitlines(), [f"{url}:2: bad row: v: 2.5 is no BIGINT", f'{url}:3: bad row: ts: "soon" is no TIMESTAMP',
                            f"{url}:4: bad row: k: not UTF-8, or with a NUL",
                            "tocsin: 4 bad rows of 6 left out (--bad divert:FILE keeps them)"])
    folder.run("run", "up.cep", url, "--bad", "divert:bad.jsonl", "-o", "out.jsonl")
    bad = folder.lines("bad.jsonl")
    same([list(row) for row in bad], [["kind", "stream", "source", "line", "column", "reason", "row"]] * 4)
    same([row["line"] for row in bad], [2, 3, 4, 5])
    same(json.loads(bad[0]["row"]), {"ts": second(2), "k": "a", "v": 2.5, "spare": None})
    same(json.loads(bad[2]["row"])["k"], "\ufffd")
    same(bad[3]["reason"], '"twice" is no BIGINT')
    db.execute("INSERT INTO s VALUES (?, 'a', 10, NULL)", (second(2),))
    db.commit()
    folder.run("run", "up.cep", url, "--bad", "skip", "--late", "divert:late.jsonl", "-o", "out.jsonl")
    late = folder.lines("late.jsonl")
    same([(row["line"], row["source"], "offset" in row) for row in late], [(7, url, False)])
    same(json.loads(late[0]["row"]), {"ts": "2026-01-01T00:00:02.000000Z", "k": "a", "v": 10})


@test
def the_shape_of_a_table_is_shown(folder):
    db = sqlite3.connect(os.path.join(folder.path, "app.db"))
    db.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, at INTEGER, seen, ok BOOLEAN, code TEXT, gone DATETIME, part REAL)")
    db.executemany("INSERT INTO visits VALUES (?, ?, ?, ?, ?, ?, ?)", [
        (1, 1769850000, "2026-01-31 09:00:00", 1, "7", None, 1), (2, 1769850100, "2026-01-31 09:00:05", 0, "8", None, 2)])
    db.commit()
    out, err = folder.run("schema", "sqlite:app.db?table=visits")
    same(err, "")
    same([" ".join(line.split()) for line in out.splitlines()], [
        "CREATE STREAM visits (", "id BIGINT,", "at TIMESTAMP UNIT SECOND,", "seen TIMESTAMP,", "ok BOOLEAN,", "code TEXT,",
        "gone TIMESTAMP, -- no value seen", "part DOUBLE", ");"])
    out, _ = folder.run("query", "SELECT * FROM visits MATCH_RECOGNIZE (ORDER BY at MEASURES SUM(a.part) AS p PATTERN (a+))",
                        "sqlite:app.db?table=visits")
    same(out, '{"p":3.0}\n')


@test
def a_database_is_neither_written_nor_waited_for_without_need(folder):
    folder.write("up.cep", UP)
    path = os.path.join(folder.path, "app.db")
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE s (ts TEXT, k TEXT, v INTEGER)")
    db.executemany("INSERT INTO s VALUES (?, 'a', ?)", [(second(1), 1), (second(2), 2)])
    db.execute("BEGIN IMMEDIATE")                    # a writer at work: its rows are not there yet
    db.execute("INSERT INTO s VALUES (?, 'a', 3)", (second(3),))
    out, err = folder.run("run", "up.cep", "sqlite:app.db?table=s", "--stats")
    same(json.loads(err.splitlines()[-1])["rows_in"], 2)
    db.execute("COMMIT")
    db.close()
    before = folder_bytes(path)
    _, err = folder.run("run", "up.cep", "sqlite:app.db?table=s", "--stats")
    same(json.loads(err.splitlines()[-1])["rows_in"], 3)
    same(folder_bytes(path), before)


def folder_bytes(path):
    with open(path, "rb") as f:
        return f.read()


@test
def bad_rows_of_a_joined_table_are_told(folder):
    folder.write("join.cep", """CREATE STREAM s (ts TIMESTAMP, k TEXT, v BIGINT);
CREATE TABLE names (k TEXT, name TEXT, PRIMARY KEY (k));
SELECT * FROM (SELECT ts, name FROM s LEFT JOIN names ON names.k = s.k) MATCH_RECOGNIZE (
  ORDER BY ts MEASURES a.name AS name PATTERN (a) );
""")
    folder.write("s.csv", rows((1, "a", 1), (2, "b", 2)))
    folder.write("one.csv", "k,name\na,first\n,nobody\n")
    folder.write("two.csv", "name,k\nagain,a\nsecond,b\n")
    out, err = folder.run("run", "join.cep", "s.csv", "names=one.csv", "names=two.csv", "--stats")
    same(out, '{"name":"first"}\n{"name":"second"}\n')
    said = err.splitlines()
    same(said[:3], ["one.csv:3: bad row at byte 15: k: NULL where a value is required",
                    "two.csv:2: bad row at byte 7: the key 'a' is there already",
                    "tocsin: 2 bad rows of 4 left out (--bad divert:FILE keeps them)"])
    stats = json.loads(said[3])
    same((stats["rows_in"], stats["rows_bad"], stats["rows_matched_over"]), (4, 2, 2))
    folder.run("run", "join.cep", "s.csv", "names=one.csv", "names=two.csv", "--bad", "divert:bad.jsonl", "-o", "out.jsonl")
    same([(row["stream"], row["row"]) for row in folder.lines("bad.jsonl")], [("names", ",nobody"), ("names", "again,a")])
    _, err = folder.run("run", "join.cep", "s.csv", status=2)
    has(err, 'table "names" has no input; add names=INPUT')
    _, err = folder.run("run", "join.cep", "s.csv", "gone=one.csv", status=2)
    has(err, 'no pattern reads a stream "gone"')
    _, err = folder.run("run", "join.cep", "x.csv", "y.csv", status=3)
    folder.write("x.csv", rows())
    folder.write("y.csv", rows())
    _, err = folder.run("run", "join.cep", "x.csv", "names=one.csv", "--bad", "skip")
    same(err, "one.csv:3: bad row at byte 15: k: NULL where a value is required\n"
              "tocsin: 1 bad row of 1 left out (--bad divert:FILE keeps them)\n")


def outcomes(folder, arguments, threads, diverted):
    done = subprocess.run([TOCSIN, *arguments, "--stats", "--threads", str(threads)], cwd=folder.path, capture_output=True,
                          text=True, timeout=60, env=dict(os.environ, NO_COLOR="1"))
    said = re.sub(r'"(seconds|rows_per_second|match_seconds)":[0-9.]+', "", done.stderr)
    files = [folder.read(name) for name in diverted if os.path.exists(os.path.join(folder.path, name))]
    return done.returncode, done.stdout, said, files


@test
def threads_change_nothing_that_is_seen(folder):
    rows = [f"{i + (-3000 if i % 20021 == 7 else 0)},k{i % 17},{i * 7 % 101}" for i in range(80000)]
    head = "ts,k,v\n"
    folder.write("up.cep", UP.replace("v BIGINT", "v BIGINT, extra TEXT"))
    folder.write("two.cep", TWO)
    folder.write("good.csv", head + "\n".join(rows) + "\n")
    folder.write("parts/1.csv", head + "\n".join(rows[:40000]))
    folder.write("parts/2.csv.gz", head + "\n".join(rows[40000:40010]) + "\n\"broken\n")
    folder.write("parts/3.jsonl", "".join(f'{{"ts": {i}, "k": "x", "v": {i % 7 if i % 1000 else "[]"}}}\n'
                                          for i in range(80000, 110000)))
    folder.write("parts/4.csv", "")
    spoilt = [row if i % 9000 else "x" + row for i, row in enumerate(rows)]
    folder.write("bad.csv", head + "\n".join(spoilt))
    folder.write("stops.csv", head + "\n".join(rows[:60000]))
    folder.write("stops/1.csv", head + "\n".join(rows[:30000]))
    folder.write("stops/2.csv", "no,such,columns\n1,2,3\n")
    folder.write("cut.csv.gz", head + "\n".join(rows))
    with open(os.path.join(folder.path, "cut.csv.gz"), "rb+") as f:
        f.truncate(os.path.getsize(f.name) * 2 // 3)
    folder.write("logins.csv", "ts,k,ok\n" + "".join(f"{i * 1000000},k{i % 5},{i % 3}\n" for i in range(60000)))
    folder.write("cards.csv", "ts,k,amount\n" + "".join(f"{i},k{i % 7},{i % 211}.5\n" for i in range(50000)))
    late, bad = ["--late", "divert:late.jsonl"], ["--bad", "divert:late.jsonl"]
    runs = [["up.cep", "good.csv"], ["up.cep", "good.csv", "--late", "drop"], ["up.cep", "good.csv", *late],
            ["up.cep", "parts", *late, *bad], ["up.cep", "bad.csv", *late, *bad], ["up.cep", "bad.csv", "--late", "drop"],
            ["up.cep", "bad.csv", "--bad", "fail", *late], ["up.cep", "stops", *late], ["up.cep", "cut.csv.gz", *late],
            ["up.cep", "good.csv", "--sort"], ["up.cep", "bad.csv", "--late", "drop", "--to", "csv"],
            ["two.cep", "logins.csv", "cards.csv"], ["two.cep", "cards.csv", "logins.csv", "--bad", "skip"]]
    matches = 0
    for arguments in runs:
        one = outcomes(folder, ["run", *arguments], 1, ["late.jsonl"])
        matches += one[1].count("\n")
        for threads in (2, 3):
            many = outcomes(folder, ["run", *arguments], threads, ["late.jsonl"])
            for a, b in zip(one, many):
                assert a == b, f"{arguments}, {threads} threads:\n{str(a)[-600:]}\n--- not:\n{str(b)[-600:]}"
    assert matches > 40000, matches


@test
def an_input_that_rests_can_be_interrupted_with_threads(folder):
    folder.write("up.cep", UP)
    for threads in ("1", "2"):
        p = folder.start("run", "up.cep", "s=-", "--format", "csv", "--threads", threads)
        p.stdin.write(b"ts,k,v\n1,a,1\n2,a,2\n3,a,3\n")
        p.stdin.flush()
        assert select.select([p.stdout], [], [], 20)[0], "nothing comes although the input rests"
        p.send_signal(signal.SIGINT)
        assert p.wait(timeout=20) == 130
        p.stdin.close()
        assert b"partial" in p.stderr.read()
        p.stdout.close()
        p.stderr.close()


def main():
    global TOCSIN
    parser = argparse.ArgumentParser(description="Tests the command.")
    parser.add_argument("--tocsin", default="./tocsin")
    parser.add_argument("--only")
    options = parser.parse_args()
    TOCSIN = os.path.abspath(options.tocsin)
    passed = failed = 0
    for function in TESTS:
        if options.only not in (None, function.__name__):
            continue
        with tempfile.TemporaryDirectory() as path:
            try:
                function(Folder(path))
                passed += 1
            except Exception as error:     # one failure must not hide the others
                failed += 1
                where = traceback.extract_tb(error.__traceback__)
                line = next(f.lineno for f in where if f.name == function.__name__)
                print(f"{function.__name__}, line {line}: {error or type(error).__name__}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
