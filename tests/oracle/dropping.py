"""WITH (on_limit = 'drop oldest') on cases made by a machine: what narrow limits may take away, and nothing else.

    dropping.py --engine PLAYER --seed 1 --count 1000

How many paths a start has is the engine's own affair, so that the reference cannot say which starts a limit drops. But
whatever goes, it goes as a property of the data - every feed of a case gives the same -, and what is left is right:

  wide limits      nothing is dropped, and all is as the reference says
  narrow limits    NO SKIP and SKIP TO NEXT ROW: the rows of some starts are missing, and no others have come

The last line is "N passed, N failed"; a case with one limit counts once.
"""
import argparse
import json
import os
import random
import re
import sys
from collections import Counter

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from oracle.cases import feeds_of, text_of, with_option
from oracle.generate import cases
from oracle.player import OK, RUN, Player
from oracle.weights import changed

# What tells of other matches, so that a row can change without being wrong.
TELLS = re.compile(r"MATCH_NUMBER|MATCH_ID|WITH UNMATCHED|OVER \(", re.I)
# Rows that wait for others are not dropped, and how many do depends on the feed.
WAITS = re.compile("rows wait for|rows have to be kept")
LIMITS = [{"max-paths": 1}, {"max-paths": 2}, {"max-paths": 3}, {"max-paths": 6}, {"max-rows": 2}, {"max-rows": 4}, {"max-paths": 1000}]


def dropping(case, limits):
    return {**case, "text": with_option(text_of(case), "on_limit = 'drop oldest'"), "limits": limits}


def rows_of(played):
    """-0.0 = 0.0: a key is shown as the first row of its partition has it, which may be gone."""
    return {pattern: Counter(json.dumps([0.0 if v == 0 and isinstance(v, float) else v for v in row]) for row in rows)
            for pattern, (_, rows) in played.outputs.items()}


def wrong(case, wide, answers):
    """None, or what is wrong with the answers of all feeds under narrow limits. wide: without a limit."""
    first = answers[0]
    if any(a.status == RUN and WAITS.search(a.message) for a in answers):
        return None
    for other in answers[1:]:
        if (other.status, other.outputs) != (first.status, first.outputs):
            return f"another feed gives another answer: {shown(first)} {shown(other)}"
    if first.status != OK:
        return f"status {first.status}: {first.message}" if wide.status == OK else None
    text = text_of(case)
    if wide.status == OK and text.count("CREATE PATTERN") == 1 and ("NO SKIP" in text or "SKIP TO NEXT ROW" in text) and not TELLS.search(text):
        for pattern, rows in rows_of(first).items():
            if rows - rows_of(wide).get(pattern, Counter()):
                return f"rows that are none: {shown(first)}, of {shown(wide)}"
    if case["limits"] == LIMITS[-1] and first.outputs != wide.outputs:
        return f"a limit that is not reached changes something: {shown(first)} {shown(wide)}"
    return None


def shown(played):
    return json.dumps([played.status, played.message, [rows for _, rows in played.outputs.values()]])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, help="a player program")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--show", type=int, default=5)
    options = parser.parse_args()
    players = [Player(options.engine), Player(options.engine, ["--save"])]
    table, passed, failed, less = changed(["SHOW TIMEOUT MATCHES=40", "watermark=60"]), 0, 0, 0
    for first in range(0, options.count, 50):
        made = [case for _, case, _ in cases(options.seed, first, min(50, options.count - first), table)]
        wide = players[0].play(made)
        jobs = []
        for n, case in enumerate(made):
            choose = random.Random(f"{options.seed}/{first + n}")
            for limits in choose.sample(LIMITS[:-1], 3) + LIMITS[-1:]:
                narrow = dropping(case, limits)
                jobs += [(n, narrow, feed) for feed in feeds_of(case)]
        played = [None] * len(jobs)
        for way, player in enumerate(players):
            mine = [i for i in range(len(jobs)) if i % len(players) == way]
            for i, answer in zip(mine, player.play_feeds([jobs[i][1:] for i in mine])):
                played[i] = answer
        groups = {}
        for (n, narrow, _), answer in zip(jobs, played):
            groups.setdefault(id(narrow), (n, narrow, []))[2].append(answer)
        for n, narrow, answers in groups.values():
            why = wrong(narrow, wide[n], answers)
            less += answers[0].outputs != wide[n].outputs
            passed, failed = passed + (why is None), failed + (why is not None)
            if why and failed <= options.show:
                print(json.dumps({**narrow, "feeds": feeds_of(narrow)}))
                print(narrow["text"])
                print("    " + why)
    print(f"{less} answers changed by their limits")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
