#!/usr/bin/env python3
"""Memory of SQLite that runs out: each allocation of a script fails in turn, and every later one of it.

  tests/sqlite/faults.py --host tests/sqlite/host [--every N]

A script has to answer "out of memory", or to go well where memory sufficed; the connection has to work after it. The last
line is "N passed, N failed".
"""
import argparse
import concurrent.futures
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from sqlite import player                                       # noqa: E402
from sqlite.features import LOGINS, QUERY, using                # noqa: E402

NOMEM = 7
DEFINED = f"CREATE PATTERN guessed AS {QUERY}; CREATE PATTERN twice AS SELECT * FROM guessed MATCH_RECOGNIZE ( MEASURES a.account AS first PATTERN ( a ) );"
CALLED = """CREATE FUNCTION substr (TEXT, BIGINT, BIGINT) RETURNS TEXT;
SELECT * FROM logins MATCH_RECOGNIZE ( ORDER BY ts MEASURES substr(a.account, 1, 1) AS letter, ARRAY_AGG(a.ts) AS l PATTERN ( a+ ) )"""
SCRIPTS = {
    "create": (LOGINS, using(QUERY) + " -- fails"),
    "read": (LOGINS + using(QUERY), "SELECT *, match_id, match_status, match_rowtime FROM m WHERE account IN ('ann', 'bob') -- fails"),
    "query": (LOGINS, f"SELECT * FROM tocsin_query({player.quoted(QUERY)}, json_object('bad', 'fail')) -- fails"),
    "functions": (LOGINS, f"SELECT * FROM tocsin_query({player.quoted(CALLED)}) -- fails"),
    "define": (LOGINS, f"SELECT tocsin_define({player.quoted(DEFINED)}) -- fails"),
    "check": (LOGINS, f"SELECT tocsin_check({player.quoted(QUERY.replace('fail[ok', 'fail[okay'))}), tocsin_explain({player.quoted(QUERY)}) -- fails"),
    "live": (LOGINS, using(QUERY, "mode='live'") + " -- fails"),
    "row": (LOGINS + using(QUERY, "mode='live'"), "INSERT INTO logins VALUES ('cid', 0, '2026-01-31 10:00'), ('cid', 0, '2026-01-31 10:01'), ('cid', 1, '2026-01-31 10:02') -- fails"),
    "again": (LOGINS + using(QUERY, "mode='live'") + "SAVEPOINT a; ROLLBACK TO a;", "INSERT INTO logins VALUES ('cid', 0, '2026-01-31 10:00') -- fails"),
    "advance": (LOGINS + using(QUERY, "mode='live'"), "INSERT INTO m(m, arg) VALUES ('advance', '2026-01-31 10:00') -- fails"),
    "rebuild": (LOGINS + using(QUERY, "mode='live'"), "INSERT INTO m(m) VALUES ('rebuild') -- fails"),
    "wrong": (LOGINS, using(QUERY.replace("logins", "login")) + " -- fails"),
}


def fails_at(options, script, n):
    """(done, what is wrong): whether memory sufficed with the n-th allocation failing."""
    made, failing = SCRIPTS[script]
    check = "INSERT INTO m(m) VALUES ('integrity-check')" if "live" in made else "SELECT count(*) FROM logins"
    *before, answer, after = player.play(options.host, [b"OPEN\n", made, failing, check], ["--fail-at", str(n)])
    if after.code:
        return True, f"{script}, allocation {n}: afterwards {after.message}"
    if answer.code & 0xff not in (0, NOMEM) and not (script == "wrong" and answer.code == 1):
        return True, f"{script}, allocation {n}: {answer.code} {answer.message}"
    return answer.code & 0xff != NOMEM, None


def walk(options, script):
    n, count = 1, 0
    while True:
        done, wrong = fails_at(options, script, n)
        count += 1
        if wrong or done:
            return count, wrong
        n += max(1, n // options.every)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", required=True)
    parser.add_argument("--every", type=int, default=12, help="steps grow by a part of so much (12)")
    options = parser.parse_args()
    options.host = os.path.abspath(options.host)
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for count, wrong in pool.map(lambda s: walk(options, s), SCRIPTS):
            passed, failed = passed + count - bool(wrong), failed + bool(wrong)
            if wrong:
                print(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
