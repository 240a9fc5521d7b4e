"""Runs the reference itself over conformance cases: python3 -m oracle CASES.jsonl ..."""
import argparse
import json
import os
import sys
import time

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from oracle.cases import as_conformance, load
from oracle.reference import answer
from oracle.values import TooBig


def wrong(case, steps):
    """None where the reference agrees with the case, else what differs."""
    try:
        got = answer(case, steps)
    except TooBig as e:
        return f"TooBig: {e}"
    if got.error or "error" in case:
        return None if got.error == case.get("error") else \
            f"error {got.error} ({got.message}), {case.get('error')} expected"
    if got.rows and [c.lower() for c in got.columns] != [c.lower() for c in case["columns"]]:
        return f"columns {got.columns}, {case['columns']} expected"
    if not as_conformance(case, got.rows, case["expected"]):
        return "got      " + json.dumps(got.rows) + "\n    expected " + json.dumps(case["expected"])
    if "late" in case and got.late != case["late"]:
        return f"{got.late} late rows, {case['late']} expected"
    return None


def main():
    parser = argparse.ArgumentParser(prog="python3 -m oracle", description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--only", help="a case's id, or the beginning of several")
    parser.add_argument("--show", type=int, default=10, help="failures shown in full")
    parser.add_argument("--steps", type=int, default=300_000, help="the budget of one case")
    options = parser.parse_args()
    cases = [c for c in load(options.files) if not options.only or c["id"].startswith(options.only)]
    failed, began = 0, time.monotonic()
    for case in cases:
        why = wrong(case, options.steps)
        if why is None:
            continue
        failed += 1
        if failed <= options.show:
            print(f"{case['id']} {case.get('about', '')}\n    {case['query']}\n    {why}")
    print(f"{len(cases)} cases in {time.monotonic() - began:.1f} s", file=sys.stderr)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
