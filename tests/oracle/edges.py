"""From a place in the pattern to the edges of its junction: section 6.1 of the language page.

The pattern tree is walked from left to right. What follows a node is a function, `then`: called with what has
been crossed, it yields the edges behind the node. So the order in which edges come out is the order of the
pattern: left before right, greedy more before fewer, reluctant fewer before more.
"""
from dataclasses import dataclass, replace
from itertools import permutations

from oracle.syntax import Absence, Alt, Anchor, Gap, Loop, Permute, Seq, Step


@dataclass(frozen=True)
class Crossed:
    """What lies between the last element and here."""
    elements: int = 0           # consumed on the whole path so far; 0 at the start
    gap: str = None             # None (strict), "next" or "any"
    lo: object = None           # the bounds of the gaps crossed, intersected
    hi: object = None
    absent: tuple = ()          # the label sets of !x
    silence: tuple = ()         # at the start: (labels, duration) of !x{d}
    at_end: bool = False        # $ was crossed


@dataclass(eq=False)
class Edge:
    kind: str                   # "row", "timer" or "accept"
    crossed: Crossed
    then: object = None         # gives the edges behind the element; None behind an accept
    label: str = None
    excluded: bool = False
    labels: tuple = ()          # of a timer
    duration: object = None     # of a timer, a Bound
    shadow: bool = False        # races only: the edge belongs to another sequence of a PERMUTE
    behind: list = None         # those edges, once they were asked for


class Walker:
    """What can follow what, whatever the rows are. first: whether the start is the first row of its partition, which
    is where ^ holds."""

    def __init__(self, plan, first, spend):
        self.plan, self.first, self.spend = plan, first, spend
        self.seen_absence = lambda node: None
        self.first_edges = None

    def start(self):
        if self.first_edges is None:
            self.first_edges = list(self.walk(self.plan.pattern, Crossed(), self.finish))
        return self.first_edges

    def crossed_at_start(self):
        """The absences that an edge from the start can cross, for the checks at compile time."""
        found = {}
        self.seen_absence = lambda node: found.setdefault(id(node), node)
        self.start()
        return list(found.values())

    def behind(self, edge):
        """The edges of the junction behind an element that was just consumed."""
        if edge.behind is None:
            edge.behind = list(edge.then(Crossed(elements=edge.crossed.elements + 1)))
        return edge.behind

    def finish(self, c):
        """The end of the pattern. Over !x it is a timer (section 6.3), else an accept."""
        if c.absent and c.elements:
            yield Edge("timer", c, lambda after: iter([Edge("accept", after)]))
        else:
            yield Edge("accept", c)

    def walk(self, node, c, then):
        self.spend()
        if isinstance(node, Step):
            yield Edge("row", c, then, label=node.label, excluded=node.excluded)
        elif isinstance(node, Gap):
            yield from then(self.over_gap(node, c))
        elif isinstance(node, Absence):
            yield from self.absence(node, c, then)
        elif isinstance(node, Anchor):
            yield from self.anchor(node, c, then)
        elif isinstance(node, Seq):
            yield from self.sequence(node.items, c, then)
        elif isinstance(node, Alt):
            for item in node.items:
                yield from self.walk(item, c, then)
        elif isinstance(node, Loop):
            yield from self.turn(node, 0, c, then)
        elif isinstance(node, Permute):
            yield from self.permute(node, c, then)

    def over_gap(self, node, c):
        """A gap before the first element is void; gaps crossed together intersect their bounds."""
        if not c.elements:
            return c
        lo, hi = self.plan.bounds[node]
        lo = c.lo if lo is None else lo if c.lo is None else max(lo, c.lo)
        hi = c.hi if hi is None else hi if c.hi is None else min(hi, c.hi)
        return replace(c, gap="any" if "any" in (node.kind, c.gap) else "next", lo=lo, hi=hi)

    def absence(self, node, c, then):
        """!x{d} is a timer, except on an edge from the start, where it is a condition (section 6.3)."""
        if not c.elements:
            self.seen_absence(node)
        if node.duration is None:
            yield from then(replace(c, absent=c.absent + (node.labels,)))
        elif c.elements:
            yield Edge("timer", c, then, labels=node.labels, duration=self.plan.durations[node])
        else:
            yield from then(replace(c, silence=c.silence + ((node.labels, self.plan.durations[node]),)))

    def anchor(self, node, c, then):
        """^ and $ are tested where they stand; whether $ holds is known when the junction is resolved."""
        if node.which == "^":
            if self.first and not c.elements:
                yield from then(c)
        elif c.elements:
            yield from then(replace(c, at_end=True))

    def sequence(self, items, c, then):
        if not items:
            yield from then(c)
        else:
            yield from self.walk(items[0], c, lambda after: self.sequence(items[1:], after, then))

    def turn(self, node, done, c, then):
        """A loop that has done so many turns: one more, or out."""
        def more():
            if node.hi is None or done < node.hi:
                yield from self.walk(node.body, c, lambda after: self.turned(node, done + 1, c, after, then))

        def out():
            if done >= node.lo:
                yield from then(c)

        for way in (more, out) if node.greedy else (out, more):
            yield from way()

    def turned(self, node, done, before, c, then):
        """A turn that consumed nothing ends its loop where the minimum is met with it (section 6.1)."""
        if c.elements == before.elements and done >= node.lo:
            yield from then(c)
        else:
            yield from self.turn(node, done, c, then)

    def permute(self, node, c, then):
        """The alternation of the sequences in the order listed (section 6.2)."""
        for order in permutations(node.items):
            yield from self.permuted(order, c, then)

    def permuted(self, order, c, then):
        """One sequence. Behind each of its items the missing ones are edges of one junction, as far as timers go."""
        def next_item(after):
            yield from self.permuted(order[1:], after, then)
            if self.plan.has_timers and after.elements > c.elements:
                for edge in self.missing(order[1:], after, then):
                    yield replace(edge, shadow=True)

        if not order:
            yield from then(c)
        else:
            yield from self.walk(order[0], c, next_item)

    def missing(self, items, c, then):
        """Whatever can come first of some items in any order. The edges take part in the race and lead nowhere."""
        if not items:
            yield from then(c)
        for i, item in enumerate(items):
            yield from self.walk(item, c, lambda after, rest=items[:i] + items[i + 1:]: self.missing(rest, after, then))
