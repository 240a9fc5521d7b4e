"""The engine against the reference on cases made by a machine.

    compare.py --engine PLAYER --profile core --seed 1 --count 10000 --jobs 2
    compare.py --engine PLAYER --exhaustive 3,4 --fraction 0.01
    compare.py --engine PLAYER --file failing.jsonl
    compare.py --engine PLAYER --file conformance.jsonl --by-key

The whole output is compared in order, between partitions too, with the names of the columns. What differs is made
small and printed as a case in conformance format, with what the engine gave. What the engine does not support yet
is counted apart and never a failure. The last line is `N passed, N failed`.
"""
import argparse
import concurrent.futures
import json
import os
import sys
import time
from itertools import islice

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from oracle import exhaustive
from oracle.cases import as_conformance, in_global_order, load
from oracle.generate import Generator
from oracle.player import COMPILE, OK, RUN, UNSUPPORTED, Player
from oracle.reference import answer
from oracle.shrink import shrink
from oracle.values import TooBig

CHUNK = 200


def difference(case, played, same_output):
    """None where the engine agrees with the case, else what it gave."""
    if played.status == UNSUPPORTED:
        return None
    if "error" in case:
        wanted = COMPILE if case["error"] == "compile" else RUN
        return None if played.status == wanted else \
            f"a {case['error']} error expected, status {played.status}: {played.message or json.dumps(played.rows)}"
    if played.status != OK:
        return f"status {played.status}: {played.message}"
    if played.rows and [c.lower() for c in played.columns] != [c.lower() for c in case["columns"]]:
        return f"columns {played.columns}, {case['columns']} expected"
    if not same_output(case, played.rows, case["expected"]):
        return "got      " + json.dumps(played.rows)
    return None


def players(options):
    """One player for each way to play a case."""
    ways = [["--save"] if n == "save" else ["--batch", n] for n in options.batch.split(",")] if options.batch else [[]]
    return [Player(options.engine, way, options.timeout) for way in ways]


def in_order(case, got, want):
    return in_global_order(got, want)


def differences(cases, engines, same_output=in_order):
    """For each case: the first difference that any player shows, or None, and whether it was supported."""
    found, supported = [None] * len(cases), [True] * len(cases)
    for engine in engines:
        for i, (case, played) in enumerate(zip(cases, engine.play(cases))):
            supported[i] = supported[i] and played.status != UNSUPPORTED
            found[i] = found[i] or difference(case, played, same_output)
    return found, supported


def work(options, first, count):
    """One chunk of generated cases: how many, how many unsupported, and the failing ones."""
    pairs = list(generated_pairs(options, first, count))
    return judged(options, pairs)


def generated_pairs(options, first, count):
    for n in range(first, first + count):
        yield Generator(f"{options.seed}/{n}", options.profile).next(f"{options.profile}-{options.seed}-{n}")


def judged(options, pairs):
    same_output = as_conformance if options.by_key else in_order
    found, supported = differences([case for _, case in pairs], players(options), same_output)
    bad = [(spec, case, why) for (spec, case), why in zip(pairs, found) if why]
    return len(pairs), supported.count(False), bad


def chunks(options):
    """The results of all chunks, worked off by several processes."""
    if options.file:
        pairs = []
        for case in load(options.file):
            if "expected" not in case and "error" not in case:
                case = complete(case)
            pairs.append((None, case))
        for first in range(0, len(pairs), CHUNK):
            yield judged(options, pairs[first:first + CHUNK])
        return
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        if options.exhaustive:
            n, m = map(int, options.exhaustive.split(","))
            made = exhaustive.specs(n, m, options.profile == "full", options.fraction, options.seed)
            yield from spread(pool, (list(islice(made, CHUNK)) for _ in range(options.count // CHUNK + 1)),
                              judged, options)
            return
        starts = range(0, options.count, CHUNK)
        jobs = [pool.submit(work, options, first, min(CHUNK, options.count - first)) for first in starts]
        for job in jobs:
            yield job.result()


def spread(pool, batches, function, options):
    """Hands out batches while keeping few of them in memory."""
    waiting = []
    for batch in batches:
        if not batch:
            break
        waiting.append(pool.submit(function, options, batch))
        if len(waiting) > options.jobs:
            yield waiting.pop(0).result()
    for job in waiting:
        yield job.result()


def complete(case):
    """A case of a file that brings no answer gets the one of the reference."""
    try:
        got = answer(case)
    except TooBig:
        return {**case, "error": "too big for the reference"}
    return {**case, "error": got.error} if got.error else {**case, "columns": got.columns, "expected": got.rows}


def show(options, spec, case, why):
    """Prints a failure, made small first."""
    if spec is not None and not options.no_shrink:
        engines = players(options)
        spec = shrink(spec, lambda cases: [d is not None for d in differences(cases, engines)[0]])
        case = {**spec.case(case["id"])}
        why = differences([case], engines)[0][0] or why
    print(json.dumps(case))
    print("    " + why)
    if "expected" in case:
        print("    expected " + json.dumps(case["expected"]))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, help="a player program, or cli:PATH")
    parser.add_argument("--profile", choices=["core", "full"], default="core")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--batch", help="rows per batch, several with commas: passed to the player as --batch N; save: as --save")
    parser.add_argument("--exhaustive", metavar="NODES,ROWS",
                        help="all small patterns on all small streams, up to --count")
    parser.add_argument("--fraction", type=float, default=1.0, help="of the exhaustive cases, chosen at random")
    parser.add_argument("--file", nargs="+", help="cases from files instead")
    parser.add_argument("--by-key", action="store_true",
                        help="compare as the conformance cases are: in order within a key, or as multisets")
    parser.add_argument("--show", type=int, default=5, help="failures made small and printed")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--timeout", type=float, default=60)
    options = parser.parse_args()
    total = unsupported = failed = 0
    began = time.monotonic()
    for count, skipped, bad in chunks(options):
        total += count
        unsupported += skipped
        for spec, case, why in bad:
            failed += 1
            if failed <= options.show:
                show(options, spec, case, why)
    seconds = time.monotonic() - began
    print(f"{total} cases in {seconds:.1f} s; not supported yet: {unsupported} ({unsupported / max(total, 1):.1%})")
    print(f"{total - unsupported - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
