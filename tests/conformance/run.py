#!/usr/bin/env python3
"""Plays the conformance cases: what other engines, and the rules read literally, answered.

  run.py --engine tests/play [--sqlite tests/sqlite/host] [--only ID] [--show N]

  iso.jsonl      SQL:2016 row pattern recognition: answered by Trino 435; "from": "spec" where Trino refuses the text
                 or answers against the standard
  paths.jsonl    the language page beyond the standard: answered by an oracle that enumerates paths literally
  flink.jsonl    answered by Apache Flink 2.3.0, where its semantics and ours coincide; "late" counts late rows
  disputed.json  cases whose answer we believe wrong, by id, with the reason

A case is one JSON object on a line: id, about?, from; stream [[column, TYPE], ...], called s; rows in arrival order;
watermark_delay_ms?; query; columns and expected, or error "compile" or "run"; late?.

Each case is played as a whole, in batches of 1 and 3, and from a saved program; then in SQLite over a table, in both forms
(not those that count late rows, as rows of a table are put in order). What is disputed is counted apart. The last line is "N passed, N failed".
"""
import argparse
import json
import os
import re
import sys

sys.dont_write_bytecode = True      # the source folder may be read-only
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from oracle.cases import as_conformance, load               # noqa: E402
from oracle.compare import difference                       # noqa: E402
from oracle.player import Player                            # noqa: E402
from sqlite import player as sql                            # noqa: E402

WAYS = [["--stats"], ["--batch", "1"], ["--batch", "3"], ["--save"]]


def differences(cases, engine, timeout):
    """What is wrong with each case in the first way that shows it; None: nothing."""
    found = [None] * len(cases)
    for way in WAYS:
        for i, (case, played) in enumerate(zip(cases, Player(engine, way, timeout).play(cases))):
            if not found[i]:
                why = difference(case, played, as_conformance)
                found[i] = why and f"{' '.join(way)}: {why}"
    return found


def in_sqlite(cases, host):
    """The same in SQLite: what is wrong with each case."""
    blocks = []
    for case in cases:
        for form in (sql.adhoc, sql.typed):
            blocks += [b"OPEN\n", sql.table("s", case["stream"], case["rows"]), form(case["query"].rstrip().rstrip(";"))]
    answers = sql.play(host, blocks)
    return [None if "late" in case else adhoc(case, *answers[6 * i + 1:6 * i + 3]) or typed(case, *answers[6 * i + 4:6 * i + 6])
            for i, case in enumerate(cases)]


def sqlite_error(case, filled, answer, form):
    """What is wrong by the codes; "" where nothing is, None where rows are to be compared."""
    if filled.code:
        return f"{form}: the table: {filled.message}"
    if "error" in case:
        stage = "compile" if re.search(r"\[[EU]\d+\]", answer.message) else "run"
        return "" if answer.code and stage == case["error"] else f"{form}: a {case['error']} error expected: {answer.message}"
    return f"{form}: {answer.message}" if answer.code else None


def sqlite_rows(case, form, columns, rows, expected):
    if rows and [c.lower() for c in columns] != [c.lower() for c in case["columns"]]:
        return f"{form}: columns {columns}"
    return None if as_conformance(case, rows, expected) else f"{form}: got {json.dumps(rows)}"


def adhoc(case, filled, answer):
    wrong = sqlite_error(case, filled, answer, "tocsin_query")
    if wrong is not None:
        return wrong or None
    found = [json.loads(row) for _, row in answer.rows]
    return sqlite_rows(case, "tocsin_query", list(found[0]) if found else [], [list(row.values()) for row in found], case["expected"])


def typed(case, filled, answer):
    wrong = sqlite_error(case, filled, answer, "USING tocsin")
    if wrong is not None:
        return wrong or None
    return sqlite_rows(case, "USING tocsin", answer.columns, answer.rows, [[sql.plain(v) for v in row] for row in case["expected"]])


def report(cases, found, disputed, show):
    """Prints what differs; answers how many passed and failed."""
    passed = failed = 0
    for case, why in zip(cases, found):
        if case["id"] in disputed:
            print(f"{case['id']} is disputed: {disputed[case['id']]}" +
                  ("" if why else " (but the answer is the promised one)"))
        elif why:
            failed += 1
            if failed <= show:
                print(json.dumps(case) + "\n    " + why)
                if "expected" in case:
                    print("    expected " + json.dumps(case["expected"]))
        else:
            passed += 1
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="tests/play", help="the player program")
    parser.add_argument("--only", help="a case's id, or the beginning of several")
    parser.add_argument("--show", type=int, default=10, help="failures shown in full")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--sqlite", help="SQLite with Tocsin in it")
    options = parser.parse_args()
    with open(os.path.join(HERE, "disputed.json"), encoding="utf-8") as f:
        disputed = json.load(f)
    files = sorted(os.path.join(HERE, name) for name in os.listdir(HERE) if name.endswith(".jsonl"))
    cases = [c for c in load(files) if not options.only or c["id"].startswith(options.only)]
    found = differences(cases, os.path.abspath(options.engine), options.timeout)
    if options.sqlite:
        found = [a or b for a, b in zip(found, in_sqlite(cases, os.path.abspath(options.sqlite)))]
    passed, failed = report(cases, found, disputed, options.show)
    print(f"{len(cases)} cases, each in {len(WAYS)} ways")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
