"""The paths of one start: sections 6.2 to 6.4 of the language page.

explore() walks the tree of paths in the order of preference. It reports two kinds of news to its caller:
a path that was accepted, and an edge that died, with the moment and whether a bound ended it. Nothing else is
needed to know which path is the match, when that is decided, and whether the start timed out.
"""
from dataclasses import dataclass, field

from oracle.edges import Walker
from oracle.expressions import Frame
from oracle.stream import END, time_moment
from oracle.values import TooBig, passed, plus


LONGEST = 150          # elements of a path: timers of no length can go on and on in a counted loop


class Budget:
    """Paths explode: a case that costs more than this is given up."""

    def __init__(self, steps=300_000):
        self.left = steps

    def spend(self):
        self.left -= 1
        if self.left < 0:
            raise TooBig("the case has too many paths")


@dataclass(frozen=True)
class Path:
    """Elements are ("row", index, label, excluded) and ("timer", time)."""
    elements: tuple = ()
    at_end: bool = False            # $ was crossed

    def mapped(self):
        return [(e[1], e[2]) for e in self.elements if e[0] == "row"]

    def same(self):
        """Paths with the same rows under the same labels and timers at the same times count once."""
        return tuple(e[:3] for e in self.elements)


@dataclass
class Live:
    """An edge at its junction: what it takes, and when and how it ends."""
    edge: object
    order: int
    takes: list = field(default_factory=list)       # row indexes; for a timer, at most one time
    death: tuple = None                             # a moment
    by_bound: bool = False                          # WITHIN, an upper bound or the window's end
    dead: bool = False                              # never lived

    def waits(self):
        """Strict and -> edges: the ones that take part in the race against timers."""
        return self.edge.kind == "row" and self.edge.crossed.gap != "any"


def walkers(plan, budget):
    """For starts inside a partition, and at its first row. What can follow what depends on no row: they are kept."""
    if plan.walkers is None:
        plan.walkers = Walker(plan, False, None), Walker(plan, True, None)
    for walker in plan.walkers:
        walker.spend = budget.spend
    return plan.walkers


class Start:
    """One start in one partition. number: what MATCH_NUMBER() is in DEFINE; walkers: as of walkers()."""

    def __init__(self, plan, partition, start, number, walkers, budget, accepted, died):
        self.plan, self.partition, self.start, self.number = plan, partition, start, number
        self.budget, self.accepted, self.died = budget, accepted, died
        self.walker = walkers[start == 0]
        p = partition
        ends = [p.window[1]] if p.window else []
        if plan.within is not None:
            ends.append(plus(p.times[start], plan.within))
        self.time_limit = min(ends) if ends else None
        self.last_row = start + plan.within_rows - 1 if plan.within_rows is not None else None

    def run(self):
        """True where the caller wanted no more."""
        return self.explore(Path(), self.walker.start())

    # ---- conditions

    def satisfies(self, mapped, row, label):
        self.budget.spend()
        condition = self.plan.conditions.get(label)
        if condition is None:
            return True
        if label in self.plan.alone:
            return self.partition.once(label, row, lambda: condition.value(Frame(self.partition.rows, [(row, label)], 1)) is True)
        path = mapped + [(row, label)]
        frame = Frame(self.partition.rows, path, len(path), facts={"MATCH_NUMBER": self.number})
        return condition.value(frame) is True

    def violates(self, mapped, row, absences):
        return any(self.satisfies(mapped, row, label) for labels in absences for label in labels)

    def is_silent(self, silence):
        """On an edge from the start: no row before it, at most d earlier, satisfies x (section 6.3)."""
        p, y = self.partition, self.start
        for labels, duration in silence:
            d = duration.value(Frame(p.rows))
            if d is None or d < 0:
                return False
            if any(passed(p.times[y], p.times[j], d) <= 0 and self.violates([], j, [labels]) for j in range(y)):
                return False
        return True

    # ---- the tree of paths

    def explore(self, path, edges):
        """Options by time within the stretches that valid accepts cut out of the pattern's order."""
        if len(path.elements) > LONGEST:
            raise TooBig("the case has too long a path")
        if not path.elements:
            created, lives = self.first_junction(edges)
        else:
            created, lives = self.junction(path, edges)
        self.died(created, False, path)
        stretch = []
        for live in lives:
            if live.edge.kind != "accept":
                stretch.append(live)
            elif not live.takes:                          # $ does not hold here
                self.died(live.death, live.by_bound, path)
            else:
                if self.take(path, stretch):
                    return True
                stretch = []
                if self.accepted(Path(path.elements, path.at_end or live.edge.crossed.at_end)):
                    return True
        return self.take(path, stretch)

    def take(self, path, stretch):
        """By time, and at one moment by the order of the pattern; what still waits stands after all that."""
        options = sorted(((self.moment(live, what), live.order, live, what) for live in stretch for what in live.takes),
                         key=lambda option: option[:2])
        for _, _, live, what in options:
            edge = live.edge
            if edge.kind == "row":
                element = ("row", what, edge.label, edge.excluded)
            else:
                element = ("timer", what)
            longer = Path(path.elements + (element,), path.at_end or edge.crossed.at_end)
            if self.explore(longer, self.walker.behind(edge)):
                return True
        for live in stretch:
            if not live.dead:
                self.died(live.death, live.by_bound, path)
        return False

    def moment(self, live, what):
        return self.partition.row_moment(what) if live.edge.kind == "row" else time_moment(what)

    def first_junction(self, edges):
        """The start itself: every edge takes the start row or nothing."""
        p, lives = self.partition, []
        here = p.row_moment(self.start)
        for order, edge in enumerate(edges):
            live = Live(edge, order, death=here)
            c = edge.crossed
            if edge.kind == "accept":
                live.takes = [None]
            elif not self.violates([], self.start, c.absent) and self.is_silent(c.silence) \
                    and self.satisfies([], self.start, edge.label):
                live.takes = [self.start]
            lives.append(live)
        return here, lives

    # ---- a junction behind an element

    def junction(self, path, edges):
        """Rules 1 and 2 of section 6.2: what each edge takes alone, then the race of the timers."""
        p, last = self.partition, path.elements[-1]
        mapped = path.mapped()
        if last[0] == "row":
            tau, following, created = p.times[last[1]], last[1] + 1, p.row_moment(last[1])
        else:                                  # after a timer, the first row is the first one with t > tau
            tau, created = last[1], time_moment(last[1])
            following = next((j for j in range(mapped[-1][0] + 1, len(p.rows)) if p.times[j] > tau), len(p.rows))
        place = (tau, following, created, mapped)
        lives = []
        for order, edge in enumerate(edges):
            live = Live(edge, order)
            if edge.kind == "accept":
                self.accept_edge(live, place)
            elif edge.kind == "row":
                self.row_edge(live, place)
            else:
                self.timer_edge(live, place)
            lives.append(live)
        self.race([live for live in lives if live.edge.kind != "accept"])
        return created, [live for live in lives if not live.edge.shadow]

    def bound_of(self, created, hi_time):
        """The moment at which WITHIN, the window or an upper bound ends an edge, or None."""
        p, ends = self.partition, []
        if self.time_limit is not None:
            ends.append(time_moment(self.time_limit, 1))
        if hi_time is not None:
            ends.append(time_moment(hi_time, 1))
        if self.last_row is not None and self.last_row < len(p.rows):
            ends.append(max(p.row_moment(self.last_row, 1), created[:3] + (1,)))
        return max(min(ends), created[:3] + (1,)) if ends else None

    def row_edge(self, live, place):
        tau, following, created, mapped = place
        c, p = live.edge.crossed, self.partition
        if c.lo is not None and c.hi is not None and c.lo > c.hi:
            live.dead = True
            return
        bound = self.bound_of(created, None if c.hi is None else plus(tau, c.hi))
        live.death, live.by_bound = (bound, True) if bound else (END, False)
        for j in range(following, len(p.rows)):
            here = p.row_moment(j)
            if bound and here > bound:
                return
            if c.at_end or self.violates(mapped, j, c.absent):
                live.death, live.by_bound = here, False
                return
            if (c.lo is None or passed(p.times[j], tau, c.lo) >= 0) and self.satisfies(mapped, j, live.edge.label):
                live.takes.append(j)
            if c.gap is None or c.gap == "next" and live.takes:
                live.death, live.by_bound = here, False
                return

    def timer_edge(self, live, place):
        tau, following, created, mapped = place
        c, p = live.edge.crossed, self.partition
        absences = c.absent + ((live.edge.labels,) if live.edge.labels else ())
        due = self.due(live.edge, tau, mapped)
        if due is None:
            live.dead = True
            return
        bound = self.bound_of_time()
        completes = self.time_limit is None or due <= self.time_limit
        if completes:
            live.death, live.by_bound = time_moment(due), False
        else:
            live.death, live.by_bound = bound, True
        if c.at_end and following < len(p.rows):          # $ does not hold; only the next row shows it
            here = p.row_moment(following)
            if completes or not bound or here < bound:
                live.death, live.by_bound = here, False
            return
        for j in range(following, len(p.rows)):
            here = p.row_moment(j)
            if here > live.death:
                break
            if self.violates(mapped, j, absences):
                live.death, live.by_bound = here, False
                return
        if completes:
            live.takes.append(due)

    def bound_of_time(self):
        """WITHIN n ROWS counts rows, and a timer is none: only times end it."""
        return None if self.time_limit is None else time_moment(self.time_limit, 1)

    def due(self, edge, tau, mapped):
        """When a timer completes if nothing kills it; None where NULL, a negative duration or a past deadline does."""
        if edge.duration is None:              # the end over !x: when WITHIN or the window is over
            return self.time_limit
        d = edge.duration.value(Frame(self.partition.rows, mapped, len(mapped), facts={"MATCH_NUMBER": self.number}))
        if d is None:
            return None
        if edge.duration.type == "TIMESTAMP":
            return d if d >= tau else None
        return plus(tau, d) if d >= 0 else None

    def accept_edge(self, live, place):
        """An accept over $ holds where no row follows; until one does, it is open, and WITHIN cannot end it, as it
        takes nothing any more."""
        _, following, _, _ = place
        p = self.partition
        if not live.edge.crossed.at_end or following >= len(p.rows):
            live.takes = [None]
            return
        live.death = p.row_moment(following)

    def race(self, lives):
        """Rule 2 of section 6.2: the first row of a strict or -> edge against the first timer."""
        p = self.partition
        timers = [live for live in lives if live.edge.kind == "timer" and not live.dead]
        completing = [live.takes[0] for live in timers if live.takes]
        taken = [live.takes[0] for live in lives if live.waits() and live.takes]
        first_due = min(completing, default=None)
        first_row = min(taken, default=None)
        if first_row is not None and (first_due is None or p.times[first_row] <= first_due):
            end = p.row_moment(first_row)
            for live in timers:
                live.takes = []
                self.end(live, end)
        elif first_due is not None:
            end = time_moment(first_due)
            for live in timers:
                if live.takes and live.takes[0] > first_due:
                    live.takes = []
                self.end(live, end)
            for live in lives:
                if live.waits():
                    live.takes = []
                    self.end(live, end)

    def end(self, live, moment):
        if not live.dead and live.death > moment:
            live.death, live.by_bound = moment, False
