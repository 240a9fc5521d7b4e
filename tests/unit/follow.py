#!/usr/bin/env python3
"""The command on inputs that grow: files, folders, tables and pipes that are followed, time when nothing comes, and what
stays open at the end.

  tests/unit/follow.py [--tocsin COMMAND] [--only NAME]
"""
import atexit
import datetime
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
import command                                   # noqa: E402
from command import TWO, UP, has, rows, same, second    # noqa: E402

command.TESTS.clear()
test = command.test

QUIET = """CREATE STREAM s (ts TIMESTAMP, k TEXT, v BIGINT, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND);
CREATE PATTERN quiet AS SELECT * FROM s MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts MEASURES a.v AS v PATTERN (a !b{2 SECONDS}) );
"""
BOTH = """CREATE STREAM s (ts TIMESTAMP, k TEXT, v BIGINT, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND);
CREATE STREAM t (ts TIMESTAMP, k TEXT, v BIGINT, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND);
CREATE PATTERN up AS SELECT * FROM ( SELECT * FROM s UNION ALL BY NAME SELECT * FROM t ) MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts MEASURES a.v AS av, b.v AS bv PATTERN (a b) DEFINE b AS b.v > a.v );
"""


class Run:
    """A run that goes on: its output is read as it comes."""

    def __init__(self, folder, *arguments):
        self.process = folder.start("run", *arguments)
        self.out, self.err, self.changed = [], [], threading.Condition()
        atexit.register(self.process.kill)       # where a test fails
        self.threads = [threading.Thread(target=self.read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for thread in self.threads:
            thread.start()

    def read(self, stream, lines):
        for line in stream:
            with self.changed:
                lines.append(line.decode().rstrip("\n"))
                self.changed.notify()
        stream.close()

    def wait(self, lines, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(lines) >= count, 20), (count, self.out, self.err)
        return lines[:count]

    def matches(self, count):
        return [json.loads(line) for line in self.wait(self.out, count)]

    def end(self, number=signal.SIGINT, status=0):
        self.process.send_signal(number)
        got = self.process.wait(timeout=20)
        for thread in self.threads:
            thread.join()
        self.process.stdin.close()
        assert got == status, (got, self.err)
        return "\n".join(self.err)


def append(folder, name, text):
    with open(os.path.join(folder.path, name), "a", encoding="utf-8") as f:
        f.write(text)


def moved(folder, old, new):
    os.rename(os.path.join(folder.path, old), os.path.join(folder.path, new))


def values(matches):
    return [(m["av"], m["bv"]) for m in matches]


def ago(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@test
def a_file_that_grows_is_read_on(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1), (2, "a", 2)))
    run = Run(folder, "up.cep", "s.csv", "--follow", "--stats")
    same(values(run.matches(1)), [(1, 2)])
    append(folder, "s.csv", f"{second(3)},a,1\n{second(4)},a,")
    time.sleep(0.2)
    append(folder, "s.csv", f"7\n{second(5)},a,")
    same(values(run.matches(2)), [(1, 2), (1, 7)])
    err = run.end()
    has(err, "stopped after 4 rows: 2 matches")
    same(json.loads(err.splitlines()[-1])["rows_in"], 4)


@test
def ending_it_is_no_end_of_the_input(folder):
    folder.write("quiet.cep", QUIET)
    folder.write("s.csv", rows((1, "a", 1), (20, "b", 2)))
    for number in (signal.SIGINT, signal.SIGTERM):
        run = Run(folder, "quiet.cep", "s.csv", "--follow")
        same(run.matches(1), [{"k": "a", "v": 1}])
        run.end(number)
        same(run.matches(1), [{"k": "a", "v": 1}])
        same(len(run.out), 1)
    out, _ = folder.run("run", "quiet.cep", "s.csv")
    same(out, '{"k":"a","v":1}\n{"k":"b","v":2}\n')
    out, _ = folder.run("run", "quiet.cep", "s.csv", "--no-flush")
    same(out, '{"k":"a","v":1}\n')


@test
def a_last_line_without_its_end_waits_for_the_next_run(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1), (2, "a", 2))[:-1])
    out, _ = folder.run("run", "up.cep", "s.csv", "--stats")
    same(len(out.splitlines()), 1)
    out, err = folder.run("run", "up.cep", "s.csv", "--no-flush", "--stats")
    same(out, "")
    same(json.loads(err.splitlines()[-1])["rows_in"], 1)


@test
def rotated_files_are_read_to_their_end(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1), (2, "a", 2)))
    run = Run(folder, "up.cep", "s.csv", "--follow")
    run.matches(1)
    moved(folder, "s.csv", "s.csv.1")
    append(folder, "s.csv.1", f"{second(3)},a,3\n")
    folder.write("s.csv", rows((4, "a", 2), (5, "a", 9)))
    same(values(run.matches(2)), [(1, 2), (2, 9)])
    append(folder, "s.csv", f"{second(6)},a,1\n{second(7)},a,8\n")
    same(values(run.matches(3)), [(1, 2), (2, 9), (1, 8)])
    has(run.end(), "s.csv: another file has its name now", "stopped after 7 rows: 3 matches")


@test
def truncated_files_are_told_and_read_again(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1), (2, "a", 2)))
    run = Run(folder, "up.cep", "s.csv", "--follow")
    run.matches(1)
    with open(os.path.join(folder.path, "s.csv"), "r+", encoding="utf-8") as f:
        f.truncate(0)
        f.write(rows((5, "a", 3)))
    run.wait(run.err, 1)
    has(run.err[0], "s.csv was truncated: it was read up to byte", "it is read from its beginning")
    append(folder, "s.csv", f"{second(6)},a,4\n")
    same(values(run.matches(2)), [(1, 2), (3, 4)])
    run.end()


@test
def new_files_of_a_folder_are_read(folder):
    folder.write("up.cep", UP)
    folder.write("in/1.csv", rows((1, "a", 1), (2, "a", 2)))
    run = Run(folder, "up.cep", "s=in", "--follow")
    run.matches(1)
    folder.write("in/3.jsonl", "".join(f'{{"ts":"{second(t)}","k":"a","v":{v}}}\n' for t, v in ((3, 1), (4, 5))))
    same(values(run.matches(2)), [(1, 2), (1, 5)])
    moved(folder, "in/3.jsonl", "in/4.jsonl")
    time.sleep(1.3)
    append(folder, "in/4.jsonl", f'{{"ts":"{second(5)}","k":"a","v":2}}\n{{"ts":"{second(6)}","k":"a","v":6}}\n')
    same(values(run.matches(3)), [(1, 2), (1, 5), (2, 6)])
    has(run.end(), "stopped after 6 rows")


@test
def tables_are_asked_for_new_rows(folder):
    folder.write("up.cep", UP)
    db = sqlite3.connect(os.path.join(folder.path, "a.db"))
    db.execute("CREATE TABLE s(ts, k, v)")
    db.executemany("INSERT INTO s VALUES (?, ?, ?)", [(second(1), "a", 1), (second(2), "a", 2)])
    db.commit()
    run = Run(folder, "up.cep", "sqlite:a.db?table=s", "--follow")
    run.matches(1)
    db.executemany("INSERT INTO s VALUES (?, ?, ?)", [(second(3), "a", 1), (second(4), "a", 5)])
    db.commit()
    same(values(run.matches(2)), [(1, 2), (1, 5)])
    has(run.end(), "stopped after 4 rows")
    db.execute("CREATE VIEW v AS SELECT * FROM s")
    db.commit()
    db.close()
    _, err = folder.run("run", "up.cep", "s=sqlite:a.db?table=v", "--follow")
    has(err, "it has no rowid by which new rows could be told: it was read once")


@test
def a_pipe_that_ends_ends_the_run(folder):
    folder.write("quiet.cep", QUIET)
    out, err = folder.run("run", "quiet.cep", "s=-", "--format", "csv", "--follow", stdin=rows((1, "a", 1)))
    same((out, err), ('{"k":"a","v":1}\n', ""))


@test
def standard_input_from_a_file_is_read_to_its_end(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1), (2, "a", 2))[:-1])
    with open(os.path.join(folder.path, "s.csv"), "rb") as f:
        for more in ["--follow"], ["--no-flush"]:
            f.seek(0)
            done = subprocess.run([command.TOCSIN, "run", "up.cep", "s=-", "--format", "csv", *more], cwd=folder.path, stdin=f,
                                  capture_output=True, timeout=20, check=True)
            same(values([json.loads(done.stdout)]), [(1, 2)])


@test
def several_streams_are_followed_side_by_side(folder):
    folder.write("two.cep", TWO)
    folder.write("logins.csv", f"ts,k,ok\n{second(1)},a,0\n")
    folder.write("cards.csv", "ts,k,amount\n")
    run = Run(folder, "two.cep", "logins.csv", "cards.csv", "--follow")
    append(folder, "cards.csv", "5,a,200\n")
    same(run.matches(1)[0]["pattern"], "big")
    append(folder, "logins.csv", f"{second(2)},a,0\n")
    same(run.matches(2)[1]["pattern"], "fails")
    run.end()


@test
def a_stream_that_is_idle_is_not_waited_for(folder):
    folder.write("both.cep", BOTH)
    folder.write("s.csv", rows((1, "a", 1), (2, "a", 2), (5, "b", 1)))
    folder.write("t.csv", rows((1, "c", 1)))
    for more, count in ([], 0), (["--idle", "300ms"], 1):
        run = Run(folder, "both.cep", "s.csv", "t.csv", "--follow", *more)
        run.threads[0].join(0.6)
        append(folder, "s.csv", f"{second(6)},b,0\n")
        if count:
            same(values(run.matches(1)), [(1, 2)])
        else:
            run.threads[0].join(0.6)
        run.end()
        same(len(run.out), count)
    # the stream comes back: what it has before the others' watermark is late
    run = Run(folder, "both.cep", "s.csv", "t.csv", "--follow", "--idle", "300ms", "--stats")
    run.threads[0].join(0.6)
    append(folder, "s.csv", f"{second(7)},b,0\n")
    run.matches(1)
    append(folder, "t.csv", f"{second(2)},c,5\n{second(9)},c,6\n")
    run.threads[0].join(1.5)
    err = run.end()
    same(json.loads(err.splitlines()[-1])["rows_late"], 1)


@test
def a_run_that_waits_for_its_output_takes_nobody_for_idle(folder):
    folder.write("both.cep", BOTH)
    os.mkfifo(os.path.join(folder.path, "out"))
    folder.write("s.csv", rows(*((t, f"k{i}", t) for t in (1, 2) for i in range(10000)), (40, "z", 0)))
    folder.write("t.csv", rows((12, "c", 1)))
    run = Run(folder, "both.cep", "s.csv", "t.csv", "--follow", "--idle", "1s,advance", "--stats", "-o", "out")
    with open(os.path.join(folder.path, "out"), encoding="utf-8") as out:
        time.sleep(1.6)                      # the pipe is full
        append(folder, "t.csv", f"{second(15)},c,0\n{second(50)},c,6\n")
        same(len([out.readline() for _ in range(10000)]), 10000)
        run.threads[0].join(1.5)
        err = run.end()
    stats = json.loads(err.splitlines()[-1])
    same((stats["rows_late"], stats["rows_in"]), (0, 20004))


@test
def where_all_are_idle_the_clock_can_go_on(folder):
    folder.write("quiet.cep", QUIET)
    folder.write("s.csv", f"ts,k,v\n{ago(0)},a,1\n")
    run = Run(folder, "quiet.cep", "s.csv", "--follow", "--idle", "200ms,advance")
    begin = time.time()
    same(run.matches(1), [{"k": "a", "v": 1}])
    assert time.time() - begin > 1, "two seconds and a delay of one have to pass"
    run.end()
    run = Run(folder, "quiet.cep", "s.csv", "--follow", "--idle", "200ms,hold")
    run.threads[0].join(0.7)
    run.end()
    same(run.out, [])


@test
def rows_too_far_ahead_are_bad(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", f"ts,k,v\n{ago(60)},a,1\n{ago(-7200)},a,5\n{ago(50)},a,2\n")
    out, err = folder.run("run", "up.cep", "s.csv", "--max-future", "1h", "--bad", "divert:bad.jsonl", "--stats")
    same(values([json.loads(out)]), [(1, 2)])
    bad, = folder.lines("bad.jsonl")
    same((bad["line"], bad["column"]), (3, "ts"))
    has(bad["reason"], "lies more than PT1H ahead of the clock")
    stats = json.loads(err.splitlines()[-1])
    same((stats["rows_in"], stats["rows_bad"], stats["rows_matched_over"]), (3, 1, 2))
    folder.write("s.csv", f"ts,k,v\n{ago(60)},a,1\n{ago(-2 * 86400)},a,5\n")
    run = Run(folder, "up.cep", "s.csv", "--follow")
    run.wait(run.err, 1)
    has(run.err[0], "s.csv:3: bad row", "lies more than P1D ahead of the clock")
    run.end()
    run = Run(folder, "up.cep", "s.csv", "--follow", "--max-future", "off")
    same(values(run.matches(1)), [(1, 5)])
    run.end()


@test
def wrong_usage(folder):
    folder.write("up.cep", UP)
    folder.write("s.csv", rows((1, "a", 1)))
    for arguments, message in [
            (["--follow", "--sort"], "--sort reads inputs to their end"),
            (["--idle", "3s"], "it needs --follow"),
            (["--follow", "--idle", "3x"], "--idle is a duration such as 30s"),
            (["--follow", "--idle", "3s,wait"], "--idle is a duration such as 30s"),
            (["--max-future", "soon"], "--max-future is a duration such as 1h, or off, not 'soon'")]:
        out, err = folder.run("run", "up.cep", "s.csv", *arguments, status=2)
        has(err, message)
        same(out, "")


if __name__ == "__main__":
    sys.exit(command.main())
