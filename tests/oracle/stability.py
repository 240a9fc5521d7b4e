"""A check of the reference itself: what has been decided does not depend on rows that come later.

    python3 -m oracle.stability --count 1000

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

from oracle.cases import feeds_of, streams_of, text_of
from oracle.generate import cases
from oracle.measures import output
from oracle.parser import parse
from oracle.reference import Answer, arrivals, plans
from oracle.report import events
from oracle.sources import merged
from oracle.stream import in_order, partitions
from oracle.values import RunError, TooBig, read, timestamp, timestamp_text
from oracle.weights import changed

LATER = ("NEXT(", "SESSION(", "TUMBLE(")
STEADY = ["source=select:0,union:0,pattern:0", "order=bounded:0,none:0,time and more:0", "time=DOUBLE:0", "watermark=0",
          "late rows without a watermark=0", "advance that makes rows late=0", "row without a time=0"]


def decided(found, case, rows, limit):
    made, arrival = found.plans[0], arrivals(found, case, [["s", rows]])[0]
    ordered = in_order(merged(made.source, made.time, made.order, arrival, {}), made.order)
    happened = events(made, partitions(ordered, made.keys, made.time, made.window), 300_000)
    return [output(made, e) for e in happened if e.partition.public(e.moment) <= limit]


def another_future(choose, rows, cut, time):
    """The first rows, and behind them others like them."""
    found, t = rows[:cut], rows[cut - 1][time]
    for i in range(choose.randrange(7)):
        like = list(choose.choice(rows))
        t = later(t, choose.choice([0, 1, 2, 7]))
        like[time] = t
        found.append(like)
    return found


def later(t, n):
    return t + n if isinstance(t, int) else timestamp_text(timestamp(t) + n * 10**6)


def check(case, choose):
    """None where the case says nothing, else whether both futures give the same."""
    rows = [row for _, rows in feeds_of(case)[0] for row in rows]
    if "error" in case or any(word in case["text"] for word in LATER) or len(rows) < 3:
        return None
    script = parse(text_of(case))
    found = Answer(shapes=script.shapes, plans=plans(script))
    time = [name for name, _ in streams_of(case)["s"]].index("ts")
    cut = choose.randrange(1, len(rows))
    limit = (read(found.plans[0].order_type, rows[cut - 1][time]), 0, cut - 1, 0)
    try:
        return repr(decided(found, case, rows, limit)) == \
            repr(decided(found, case, another_future(choose, rows, cut, time), limit))
    except (TooBig, RunError):
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    choose, steady, passed, failed = random.Random(options.seed), changed(STEADY), 0, 0
    for _, case, _ in cases(options.seed, 0, options.count, steady):
        good = check(case, choose)
        if good is False:
            failed += 1
            print(case["id"], case["text"], case["feeds"][0])
        passed += good is True
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
