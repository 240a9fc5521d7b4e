"""The engine against the reference on cases made by a machine.

    compare.py --engine PLAYER --seed 1 --count 10000 --jobs 2
    compare.py --engine PLAYER --count 1000000 --state campaign.json --matrix campaign.txt
    compare.py --engine PLAYER --set 'item=PERMUTE:50' --only 'PERMUTE; timer, constant'
    compare.py --engine PLAYER --exhaustive 3,4 --fraction 0.01
    compare.py --engine PLAYER --exhaustive 3,4 --every-match --fraction 0.001
    compare.py --engine PLAYER --tiers paths,table
    compare.py --engine PLAYER --file failing.jsonl
    compare.py --engine PLAYER --file conformance.jsonl --by-key
    compare.py --weights

Each case comes in several feeds - whole, cut into batches at random, in another order of arrival - from a program as it
was compiled and as it was saved and loaded; the engine must answer all alike. --tiers plays it once more for each of its
patterns with each tier that does it. The whole output is compared in order,
between partitions too, with the names of the columns, and the counters of late and bad rows. What differs is made
small and printed as a case, with what the engine gave. The last line is `N passed, N failed`.
"""
import argparse
import concurrent.futures
import json
import os
import sys
import time
from collections import Counter
from itertools import islice

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from oracle import exhaustive, weights, window_cases
from oracle.cases import as_conformance, feeds_of, in_global_order, load, outputs_of, patterns_of, text_of, with_option
from oracle.coverage import Coverage, features
from oracle.generate import cases
from oracle.player import COMPILE, OK, RUN, Player
from oracle.reference import answer
from oracle.shrink import shrink
from oracle.values import TooBig

CHUNK = 200


# ---- one case

def in_order(case, got, want):
    return in_global_order(got, want)


def difference(case, played, same_output=in_order):
    """None where the engine agrees with the case, else what it gave."""
    if "error" in case:
        wanted = COMPILE if case["error"] == "compile" else RUN
        return None if played.status == wanted else \
            f"a {case['error']} error expected, status {played.status}: {played.message or shown(played)}"
    if played.status != OK:
        return f"status {played.status}: {played.message}"
    outputs = outputs_of(case)
    for pattern, columns, rows in outputs:
        got_columns, got = played.outputs.get(pattern if len(outputs) > 1 else None, (None, []))
        if got and [c.lower() for c in got_columns] != [c.lower() for c in columns]:
            return f"columns {got_columns}, {columns} expected"
        if not same_output(case, got, rows):
            return "got      " + shown(played)
    return counters(case, played.stats)


def counters(case, stats):
    """What the counters say against the case, or against the conservation of rows (section 9)."""
    if not stats:
        return None
    for name in ("late", "bad"):
        if name in case and case[name] != stats["rows_" + name]:
            return f"{stats['rows_' + name]} {name} rows, {case[name]} expected"
    if stats["rows_in"] != sum(stats["rows_" + n] for n in ("matched_over", "filtered", "late", "bad")):
        return f"rows are lost: {stats}"
    return None


def promptness(case, feed, played):
    """A row is out as soon as it is decided, and not before."""
    wanted = case["counts"][feed] if "counts" in case else None
    if wanted is not None and played.marks and played.marks != wanted:
        return f"rows after each block {feed}: {played.marks}, {wanted} expected"
    return None


def shown(played):
    return json.dumps([rows for _, rows in played.outputs.values()])


# ---- many cases

def players(options):
    """One player for each way to play a case. Without --batch the feeds are shared out among them."""
    if options.batch:
        return [Player(options.engine, way, options.timeout)
                for way in (["--save"] if n == "save" else ["--batch", n] for n in options.batch.split(","))]
    if options.restore:
        return [Player(options.engine, ["--stats", "--marks", "--batch", batch, "--restore", every], options.timeout)
                for batch, every in (("1", "2"), ("2", "4"), ("1", "8"))]
    if options.engine.startswith("cli:"):
        return [Player(options.engine, [], options.timeout)]
    trace = ["--trace"] * options.traced
    return [Player(options.engine, way + trace, options.timeout) for way in (["--stats", "--marks"], ["--stats", "--marks", "--save"])]


def feeds_for(case, way, ways, all_of_them):
    """The feeds that a player plays: its share, or a feed that is the only one."""
    feeds = range(len(feeds_of(case)))
    return feeds if all_of_them or len(feeds) == 1 else feeds[way::ways]


def judgements(wanted, options, engines):
    """For each case: what a player said first, and the first difference that any shows, or None."""
    same_output = as_conformance if options.by_key else in_order
    found, first = [None] * len(wanted), [None] * len(wanted)
    for way, engine in enumerate(engines):
        jobs = [(i, feed) for i, case in enumerate(wanted)
                for feed in feeds_for(case, way, len(engines), bool(options.batch))]
        for (i, feed), played in zip(jobs, engine.play_feeds([(wanted[i], feeds_of(wanted[i])[feed]) for i, feed in jobs])):
            if first[i] is None:
                first[i] = played
            elif "error" not in wanted[i] and played.status == first[i].status and played.outputs != first[i].outputs:
                found[i] = found[i] or f"another feed gives another answer:\n    {shown(first[i])}\n    {shown(played)}"
            found[i] = found[i] or difference(wanted[i], played, same_output) or promptness(wanted[i], feed, played)
    return list(zip(first, found))


def judged(options, pairs):
    """The failing ones, each with the reason; and how many each tier has played."""
    engines = players(options)
    found = judgements([case for _, case in pairs], options, engines)
    bad = [(spec, case, why) for (spec, case), (_, why) in zip(pairs, found) if why]
    again, taken = [(*forced(spec, case, pattern, tier), tier) for spec, case in pairs if case.get("error") != "compile"
                    for pattern in patterns_of(case) for tier in options.tiers], Counter()
    for (spec, case, tier), (first, why) in zip(again, judgements([case for _, case, _ in again], options, engines)):
        if first.status == COMPILE and "[E1021]" in first.message:
            continue                    # it does not do this pattern
        taken[tier] += 1
        if why:
            bad.append((spec, case, why))
    return bad, taken


def forced(spec, case, pattern, tier):
    """The same for one tier."""
    option = f"tier = '{tier}'"
    return spec and spec.with_option(pattern, option), {**case, "text": with_option(text_of(case), option, pattern)}


def work(options, first, count):
    """One chunk of generated cases: how many, the failing ones, what each tier has played, and what was in them."""
    table, pairs, held, coverage = weights.changed(options.set), [], [], Coverage()
    wanted = {w.strip() for w in (options.only or "").split(";") if w.strip()}
    for spec, case, got in cases(options.seed, first, count, table):
        found = features(case, got)
        if wanted <= found:
            pairs.append((spec, case))
            held.append(found)
    for found, (_, case) in zip(held, pairs):
        coverage.add(found, any(rows for _, _, rows in case.get("outputs", [])[-1:]))
    return len(pairs), *judged(options, pairs), coverage


def plainly(options, pairs):
    """Cases that are not of the generator."""
    return len(pairs), *judged(options, pairs), Coverage()


def chunks(options, begin):
    """The results of all chunks in order, worked off by several processes."""
    if options.file:
        pairs = [(None, complete(case)) for case in load(options.file)]
        for first in range(0, len(pairs), CHUNK):
            yield plainly(options, pairs[first:first + CHUNK])
        return
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        if options.exhaustive or options.windows:
            made = window_cases.specs(options.seed) if options.windows else \
                exhaustive.specs(*map(int, options.exhaustive.split(",")), options.fraction, options.seed, options.every_match)
            yield from spread(pool, options, ((plainly, options, list(islice(made, CHUNK)))
                                              for _ in range(options.count // CHUNK + 1)))
        else:
            yield from spread(pool, options, ((work, options, first, min(CHUNK, options.count - first))
                                              for first in range(begin, options.count, CHUNK)))


def spread(pool, options, jobs):
    """Hands out jobs while keeping few of them in memory."""
    waiting = []
    for job in jobs:
        waiting.append(pool.submit(*job))
        if len(waiting) > 2 * options.jobs:
            yield waiting.pop(0).result()
    for job in waiting:
        yield job.result()


def complete(case):
    """A case of a file that brings no answer gets the one of the reference."""
    if "expected" in case or "outputs" in case or "error" in case:
        return case
    try:
        got = answer(case)
    except TooBig:
        return {**case, "error": "too big for the reference"}
    return {**case, "error": got.error} if got.error else \
        {**case, "outputs": [[o.pattern, o.columns, o.rows] for o in got.outputs], "late": got.late, "bad": got.bad}


# ---- the report

def show(options, spec, case, why):
    """Prints a failure, made small first."""
    if spec is not None and not options.no_shrink:
        engines = players(options)
        spec = shrink(spec, lambda cases: [kind(d) == kind(why) for _, d in judgements(cases, options, engines)])
        case = spec.case(case["id"])[0]
        why = judgements([case], options, engines)[0][1] or why
    print(json.dumps(case))
    print("    " + case.get("text", "").replace("\n", "\n    ").rstrip())
    print("    " + why)
    if "error" not in case:
        print("    expected " + json.dumps([rows for _, _, rows in outputs_of(case)]))
    sys.stdout.flush()


def kind(why):
    """What sort of difference it is: a smaller case should show the same."""
    return why and why.split(":")[0].split("[")[0][:20]


class Progress:
    """How far it is: one line on standard error, kept on a terminal, now and then elsewhere."""

    def __init__(self, options, done):
        self.count, self.begin, self.began, self.said = options.count, done, time.monotonic(), 0
        self.quiet, self.terminal = not options.progress, sys.stderr.isatty()

    def say(self, done, failed):
        now = time.monotonic()
        if self.quiet or now - self.said < (1 if self.terminal else 60):
            return
        self.said = now
        rate = (done - self.begin) / (now - self.began)
        print(f"{done} of {self.count} cases, {failed} failed, {rate:.0f}/s, {(self.count - done) / max(rate, 1) / 60:.0f} min left",
              end="\r" if self.terminal else "\n", file=sys.stderr, flush=True)


class Tally:
    """What has been counted so far; --state keeps it in a file, so that a campaign goes on where it stopped."""

    def __init__(self, options):
        self.options, self.coverage = options, Coverage()
        self.total = self.failed = self.done = 0
        self.taken = Counter()
        if options.state and os.path.exists(options.state):
            with open(options.state) as f:
                kept = json.load(f)
            if kept["of"] == self.identity():
                self.total, self.failed, self.done = kept["counts"]
                self.coverage = Coverage.loaded(kept["coverage"])
                self.taken = Counter(kept["taken"])
                print(f"going on after {self.done} cases", file=sys.stderr)

    def identity(self):
        """A state goes on only with the same engine, tiers, seed and weights."""
        with open(self.options.engine, "rb") as f:
            engine = hash_of(f.read())
        return [engine, self.options.seed, self.options.set, self.options.only, self.options.tiers, hash_of(json.dumps(weights.WEIGHTS).encode())]

    def add(self, count, bad, taken, coverage):
        """A case that one tier alone gets wrong counts as a failed one."""
        self.total += count + sum(taken.values())
        self.taken.update(taken)
        self.failed += bad
        self.coverage.merge(coverage)
        self.done = min(self.done + CHUNK, self.options.count)
        if self.options.state and (self.done % (50 * CHUNK) == 0 or bad or self.done == self.options.count):
            kept = {"of": self.identity(), "counts": [self.total, self.failed, self.done], "taken": self.taken,
                    "coverage": self.coverage.saved()}
            with open(self.options.state + ".new", "w") as f:
                json.dump(kept, f)
            os.replace(self.options.state + ".new", self.options.state)


def hash_of(data):
    import hashlib
    return hashlib.sha256(data).hexdigest()[:16]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", help="a player program, or cli:PATH")
    parser.add_argument("--traced", action="store_true", help="while what paths do is told (tocsin/trace.h)")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--profile", choices=["full"], help="there is one")
    parser.add_argument("--weights", action="store_true", help="print the table of weights, with the changes of --set")
    parser.add_argument("--set", action="append", default=[], help="a weight, such as 'item=PERMUTE:50' or 'inline=0'")
    parser.add_argument("--only", metavar="FEATURE;...", help="play only the cases that hold all of these")
    parser.add_argument("--matrix", metavar="FILE", help="write which features met, how often")
    parser.add_argument("--no-zero", action="store_true", help="pairs of features that never met, and could, are failures")
    parser.add_argument("--state", metavar="FILE", help="keep what was counted, and go on from there")
    parser.add_argument("--progress", action="store_true", help="say on standard error how far it is")
    parser.add_argument("--tiers", type=lambda names: names.split(","), default=[], metavar="NAME,...",
                        help="play each case also with each of its patterns forced into each of these tiers, where that does it")
    parser.add_argument("--batch", help="rows per batch, several with commas: passed to the player as --batch N; save: as --save")
    parser.add_argument("--restore", action="store_true", help="go on from saved state, again and again")
    parser.add_argument("--exhaustive", metavar="NODES,ROWS",
                        help="all small patterns on all small streams, up to --count")
    parser.add_argument("--windows", action="store_true", help="windows over every row, of all aggregates")
    parser.add_argument("--every-match", action="store_true", help="exhaustive: gaps and loops under NO SKIP, without the rows of each match")
    parser.add_argument("--fraction", type=float, default=1.0, help="of the exhaustive cases, chosen at random")
    parser.add_argument("--file", nargs="+", help="cases from files instead")
    parser.add_argument("--by-key", action="store_true",
                        help="compare as the conformance cases are: in order within a key, or as multisets")
    parser.add_argument("--show", type=int, default=5, help="failures made small and printed")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--timeout", type=float, default=60)
    options = parser.parse_args()
    if options.weights:
        weights.show(weights.changed(options.set))
        return 0
    if not options.engine:
        parser.error("--engine is missing")
    return campaign(options)


def campaign(options):
    tally, began, here = Tally(options), time.monotonic(), 0
    progress = Progress(options, tally.done)
    for count, bad, taken, coverage in chunks(options, tally.done):
        for n, (spec, case, why) in enumerate(bad):
            if tally.failed + n < options.show:
                show(options, spec, case, why)
        tally.add(count, len(bad), taken, coverage)
        here += count
        progress.say(tally.done, tally.failed)
    seconds = time.monotonic() - began
    failed = tally.failed
    if options.matrix:
        with open(options.matrix, "w") as f:
            tally.coverage.write(f)
    zero = tally.coverage.never()
    if zero and tally.total and options.no_zero:
        failed += len(zero)
        for a, b in zero:
            print(f"never met with a result: {a} and {b}")
    print(f"{here} cases in {seconds:.1f} s")
    for tier in options.tiers:
        print(f"tier {tier}: {tally.taken[tier]} of them")
        if not tally.taken[tier]:
            failed += 1     # a test that tests nothing
    if not options.file and not options.exhaustive and not options.windows:
        print(tally.coverage.summary())
    print(f"{tally.total - tally.failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
