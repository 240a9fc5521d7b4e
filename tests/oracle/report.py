"""Which paths are reported, when and in which order: section 6.5 of the language page."""
from dataclasses import dataclass

from oracle.paths import Budget, Start, walkers
from oracle.stream import time_moment
from oracle.values import RunError


@dataclass
class Event:
    """A match, a timeout or an unmatched row."""
    partition: object
    start: int
    moment: tuple               # of the decision
    path: object = None         # None: an unmatched row
    status: str = "MATCHED"
    number: int = None
    out_time: object = None     # of a timeout
    serial: int = None          # in the order of the output


class Outcome:
    """What one start came to: the paths accepted and the last edge that died."""

    def __init__(self, first_only):
        self.first_only, self.paths = first_only, []
        self.last = None             # (moment, ended by a bound, path)

    def accepted(self, path):
        self.paths.append(path)
        return self.first_only

    def died(self, moment, by_bound, path):
        """Of several that died at one moment the most preferred stays: it was told first."""
        if self.last is None or moment > self.last[0]:
            self.last = (moment, by_bound, path)

    def timed_out(self):
        moment, by_bound, path = self.last
        return not self.paths and by_bound and bool(path.elements)


def events(plan, partitions, steps):
    """All events of all partitions in the order of the output."""
    budget = Budget(steps)
    common, found = (walkers(plan, budget), budget), []
    for p in partitions:
        inside = every_match(plan, p, *common) if plan.skip[0] == "NO SKIP" else one_match(plan, p, *common)
        found += inside
    # Within a partition the order is already this one; the sort is stable.
    found.sort(key=lambda e: (e.partition.public(e.moment), e.partition.places[e.start]))
    for n, e in enumerate(found):
        e.serial = n
    return found


def completion(partition, path, start):
    """A path that crossed $ completes with the partition."""
    if path.at_end:
        return partition.end_moment()
    if not path.elements:
        return partition.row_moment(start)
    last = path.elements[-1]
    return partition.row_moment(last[1]) if last[0] == "row" else time_moment(last[1])


def one_match(plan, p, walkers_of, budget):
    """One match per start, and the next start as the clause says."""
    found, mapped = [], set()
    start, number, latest = 0, 0, (float("-inf"), 0, 0, 0)
    while start < len(p.rows):
        outcome = Outcome(first_only=True)
        Start(plan, p, start, number + 1, walkers_of, budget, outcome.accepted, outcome.died).run()
        following, shown = start + 1, False
        latest = max(latest, outcome.last[0])        # no earlier start can change it any more
        if outcome.paths:
            path = outcome.paths[0]
            latest = max(latest, completion(p, path, start))
            number += 1
            found.append(Event(p, start, latest, path, number=number))
            mapped |= {i for i, _ in path.mapped()}
            shown = not path.mapped()                # an empty match shows its row
            following = next_start(plan, path, start)
        elif plan.timeouts and outcome.timed_out():
            moment, _, path = outcome.last
            found.append(Event(p, start, latest, path, "TIMEOUT", out_time=moment[0]))
        if plan.empty == "UNMATCHED":
            found += [Event(p, i, latest) for i in range(start, following)
                      if i not in mapped and not (shown and i == start)]
        start = following
    return found


def next_start(plan, path, start):
    rows = path.mapped()
    if plan.skip[0] == "TO NEXT ROW" or plan.skip[0] == "PAST LAST ROW" and not rows:
        return start + 1
    if plan.skip[0] == "PAST LAST ROW":
        return rows[-1][0] + 1                       # timers are no rows
    which, label = plan.skip
    labels = plan.label_set(label)
    hits = [i for i, name in rows if name in labels]
    target = None if not hits else hits[0] if which == "FIRST" else hits[-1]
    if target is None or target == start:
        if plan.skip_miss:
            return start + 1
        raise RunError(f"SKIP TO {label}: " + ("no such row" if target is None else "the first row of the match"))
    return target


def every_match(plan, p, walkers_of, budget):
    """Every path of every start, in order of completion, then start, then preference."""
    found = []
    for start in range(len(p.rows)):
        outcome, seen = Outcome(first_only=False), set()
        Start(plan, p, start, None, walkers_of, budget, outcome.accepted, outcome.died).run()
        for path in outcome.paths:
            if path.elements and path.same() not in seen:
                seen.add(path.same())
                found.append(Event(p, start, completion(p, path, start), path))
        if plan.timeouts and outcome.timed_out():
            moment, _, path = outcome.last
            found.append(Event(p, start, moment, path, "TIMEOUT", out_time=moment[0]))
    found.sort(key=lambda e: (p.public(e.moment), e.start))
    number = 0
    for e in found:
        if e.status == "MATCHED":
            number += 1
            e.number = number
    return found
