"""A check of the reference itself: what has been decided does not depend on rows that come later.

    python3 -m oracle.stability --profile full --count 1000

Section 6.5 of the language page calls the moment of decision a property of the data. So two streams that agree up
to a row must give the same output up to that row, in the same order, whatever follows. NEXT reads later rows and
windows end with them, so cases with either are left out.
"""
import argparse
import os
import random
import sys

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from oracle.generate import Generator
from oracle.measures import output
from oracle.reference import plan
from oracle.report import events
from oracle.stream import arrived, in_order, partitions
from oracle.values import RunError, TooBig

LATER = ("NEXT(", "SESSION(", "TUMBLE(")


def decided(made, rows, limit):
    ordered = in_order(rows, made.order)
    found = events(made, partitions(ordered, made.keys, made.time, made.window), 300_000)
    return [output(made, e) for e in found if e.partition.public(e.moment) <= limit]


def another_future(choose, rows, cut, unit):
    found, t = rows[:cut], rows[cut - 1][1]
    for i in range(choose.randrange(7)):
        t += choose.choice([0, 1, 2, 7]) * unit
        like = choose.choice(rows)
        found.append((like[0], t, 100 + i) + tuple(like[3:]))
    return found


def check(spec, case, choose):
    """None where the case says nothing, else whether both futures give the same."""
    if "error" in case or any(word in case["query"] for word in LATER) or len(case["rows"]) < 3:
        return None
    made = plan(case["query"], case["stream"])
    rows, _ = arrived(case["stream"], case["rows"], None)
    cut = choose.randrange(1, len(rows))
    limit = (rows[cut - 1][1], 0, cut - 1, 0)
    unit = 10**6 if case["stream"][1][1] == "TIMESTAMP" else 1
    try:
        return repr(decided(made, rows, limit)) == repr(decided(made, another_future(choose, rows, cut, unit), limit))
    except (TooBig, RunError):
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", choices=["core", "full"], default="full")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    choose, passed, failed = random.Random(options.seed), 0, 0
    for n in range(options.count):
        spec, case = Generator(f"{options.seed}/{n}", options.profile).next(f"{options.profile}-{options.seed}-{n}")
        good = check(spec, case, choose)
        if good is False:
            failed += 1
            print(case["id"], case["query"], case["rows"])
        passed += good is True
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
