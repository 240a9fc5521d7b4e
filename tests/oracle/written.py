"""PERMUTE against itself: a set of parts where they are fixed sequences, and the alternation of its sequences.

    python3 -m oracle.written --engine PLAYER --count 10000

The engine writes out what is not fixed. `a ()?` says the same as `a`, but is not: so a query and the same query with
()? behind each part have to give the same rows after the same blocks. Here the reference is not asked, so that there
may be more parts than it has patience for.
"""
import argparse
import os
import sys
from copy import deepcopy

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from oracle.generate import Generator
from oracle.player import OK, Player
from oracle.syntax import Loop, Permute, Seq, nodes
from oracle.weights import changed

FIXED = ["item=PERMUTE:300", "a known shape=0", "PERMUTE of fixed parts=100", "PERMUTE items=2:15,3:30,4:25,5:20,6:10,7:0",
         "part of a PERMUTE=timer:25", "source=select:0,union:0,pattern:0", "items=1:50,2:40,3:10,4:0",
         "time=DOUBLE:0", "MATCH_ID in the measures=0"]
CHUNK = 200


def pair(seed, table):
    """A case and its twin; None where there is no PERMUTE in it, or something else is wrong with it."""
    generator = Generator(seed, table)
    spec = generator.spec()
    if not any(isinstance(n, Permute) for n in nodes(spec.main.pattern)) or spec.prepared().error:
        return None
    generator.arrive(spec)
    case, twin = spec.unanswered(seed), deepcopy(spec)
    for n in nodes(twin.main.pattern):
        if isinstance(n, Permute):
            n.items = [Seq([item, Loop(Seq([]), 0, 1)]) for item in n.items]
    return case, twin.unanswered(seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    table, player = changed(FIXED + options.set), Player(options.engine, ["--marks"], 600)
    passed = failed = 0
    for first in range(0, options.count, CHUNK):
        pairs = [pair(f"{options.seed}/{n}", table) for n in range(first, min(first + CHUNK, options.count))]
        pairs = [p for p in pairs if p]
        played = player.play_feeds([(case, case["feeds"][1]) for p in pairs for case in p])
        for (case, twin), as_set, as_alternation in zip(pairs, played[::2], played[1::2]):
            same = (as_set.status, as_set.outputs, as_set.marks) == (as_alternation.status, as_alternation.outputs, as_alternation.marks)
            passed += same and as_set.status == OK
            failed += not same
            if not same:
                print(case, twin["text"], as_set, as_alternation, sep="\n", end="\n\n")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
