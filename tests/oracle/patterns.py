"""Pattern trees made by a machine: their text, random ones, and smaller versions of one.

The nodes are those of syntax.py; bounds and durations are texts here, as the generator writes queries.
"""
from copy import deepcopy

from oracle.checks import VoidGap, check_tree
from oracle.lexer import CompileError
from oracle.syntax import Absence, Alt, Anchor, Gap, Loop, Permute, Seq, Step, children, nodes


class Excluded(Seq):
    """{- ... -}; only the generator keeps these brackets, the parser marks the steps inside."""


# ---- text

def text(node, inline=None):
    """inline: label -> condition, written where the label first stands."""
    inline = dict(inline or {})

    def label(name):
        return f"{name}[{inline.pop(name)}]" if name in inline else name

    def write(n):
        if isinstance(n, Step):
            return label(n.label)
        if isinstance(n, Gap):
            arrow = "->>" if n.kind == "any" else "->"
            return arrow if n.lo is None and n.hi is None else f"{arrow}{{{n.lo or ''},{n.hi or ''}}}"
        if isinstance(n, Absence):
            inner = " | ".join(label(x) for x in n.labels)
            inner = inner if len(n.labels) == 1 else f"({inner})"
            return f"!{inner}" + (f"{{{n.duration}}}" if n.duration is not None else "")
        if isinstance(n, Anchor):
            return n.which
        if isinstance(n, Alt):
            return "(" + " | ".join(write(i) for i in n.items) + ")"
        if isinstance(n, Permute):
            return "PERMUTE(" + ", ".join(write(i) for i in n.items) + ")"
        if isinstance(n, Excluded):
            return "{- " + " ".join(write(i) for i in n.items) + " -}"
        if isinstance(n, Seq):
            return " ".join(group(i) for i in n.items) if n.items else "()"
        return group(n.body) + quantifier(n)

    def group(n):
        """A node where one factor has to stand."""
        if isinstance(n, Seq) and not isinstance(n, Excluded) and n.items or isinstance(n, Loop):
            return f"({write(n)})" if isinstance(n, Seq) else write(n)
        return write(n)

    def quantifier(n):
        known = {(0, 1): "?", (0, None): "*", (1, None): "+"}
        q = known.get((n.lo, n.hi))
        if q is None:
            lo = "" if n.lo == 0 and n.hi else n.lo
            q = f"{{{n.lo}}}" if n.lo == n.hi else f"{{{lo},{'' if n.hi is None else n.hi}}}"
        return q + ("" if n.greedy else "?")

    def body(n):
        return f"({write(n)})" if isinstance(n, Loop) else group(n)

    original_write = write

    def write(n):                                             # a loop over a loop needs brackets
        if isinstance(n, Loop):
            return body(n.body) + quantifier(n)
        return original_write(n)

    return write(node)


# ---- random trees

class Trees:
    """Random trees. choose: a Chooser; duration: a function that makes a duration text, None where no row has a time;
    timers: texts of computed durations, by kind."""

    def __init__(self, choose, labels, duration, timers):
        self.r, self.labels, self.duration, self.timers = choose, labels, duration, timers

    def tree(self):
        return self.sequence(self.r.pick("items"), 2)

    def step(self):
        return Step(self.r.choice(self.labels))

    def sequence(self, n, depth, trailing=False):
        r, items = self.r, []
        style = r.pick("style")
        for i in range(n):
            if i:
                items += self.connector(style)
            items.append(self.item(depth))
        if depth == 2 and r.yes("absence at the start"):
            items.insert(0, self.absence(timer=r.yes("that is a timer")))
        if depth == 2 and r.yes("absence at the end"):
            items.append(self.absence(timer=r.yes("that is a timer")))
        if trailing:
            items += self.connector(style, loop=True)
        return items[0] if len(items) == 1 else Seq(items)

    def connector(self, style, loop=False):
        """Between two items: nothing, a gap, an absence, a timer, in any company."""
        r = self.r
        if style == "mixed" or r.yes("connector against the style"):
            style = r.pick("connector of a mixed style")
        if loop and style == "strict":
            style = r.choice(["next", "any"])
        found = [] if style == "strict" else [self.gap(style)]
        for name, timer in (("absence between", False), ("timer between", True)):
            if r.yes(name):
                found.insert(r.randint(0, len(found)), self.absence(timer))
        return found

    def gap(self, kind):
        gap, r = Gap(kind), self.r
        bounds = r.pick("bounds of a gap") if self.duration else "none"
        if bounds == "upper":
            gap.hi = self.duration(r.choice([1, 2, 3, 4, 5, 8]))
        elif bounds == "lower":
            gap.lo = self.duration(r.choice([0, 1, 2, 3, 4]))
        elif bounds == "both":
            lo = r.choice([0, 1, 2, 3])
            gap.lo, gap.hi = self.duration(lo), self.duration(lo + r.choice([0, 1, 2, 4]))
        return gap

    def any_gap(self):
        return self.gap(self.r.choice(["next", "next", "any"]))

    def absence(self, timer):
        r = self.r
        two = r.yes("absence of two") and len(self.labels) > 1
        node = Absence(tuple(r.sample(self.labels, 2 if two else 1)))
        if timer and self.duration:
            kind = r.pick("timer")
            node.duration = r.choice(self.timers[kind]) if self.timers.get(kind) else \
                self.duration(r.choice([0, 1, 2, 2, 3, 4, 5, 8]))
        return node

    def item(self, depth):
        r = self.r
        what = r.pick("item") if depth else "step"
        if what == "step":
            return self.looped(self.step(), "quantifier of a step")
        if what == "loop":
            return self.loop(self.body(depth - 1))
        if what == "alternation":
            branches = [self.branch(depth - 1) for _ in range(r.pick("branches"))]
            if r.yes("empty branch"):
                branches[r.randrange(len(branches))] = Seq([])
            return self.looped(Alt(branches), "quantifier of a group")
        if what == "anchor":
            return Anchor(r.pick("which anchor"))
        if what == "empty":
            return Seq([])
        if what == "PERMUTE":
            return self.permute(depth - 1)
        if what == "exclusion":
            return self.looped(Excluded([self.branch(depth - 1)]), "quantifier of a group")
        return self.sequence(2, depth - 1)

    def permute(self, depth):
        """Of fixed parts there may be many: the reference tries their orders, but the engine does not write them out."""
        r = self.r
        fixed, n, gaps = r.yes("PERMUTE of fixed parts"), r.pick("PERMUTE items"), r.yes("PERMUTE with gaps")
        n = n if fixed else min(n, 4)
        made = Permute([self.permuted(fixed, gaps and r.random() < 0.85, depth) for _ in range(n)])
        return self.looped(made, "quantifier of a group") if n < 4 else made

    def permuted(self, fixed, trailing, depth):
        r = self.r
        kind = r.pick("part of a PERMUTE")
        if kind == "timer" and self.duration:
            items = [self.absence(timer=True)]
        elif kind == "two steps":
            items = [self.step()] + self.connector("next" if fixed else "mixed") + [self.step()]
        elif kind == "other" and not fixed:
            items = [self.item(depth)]
        elif fixed:
            items = [Loop(self.step(), 2, 2) if r.random() < 0.05 else self.step()]
        else:
            items = [self.looped(self.step(), "quantifier of a step")]
        if r.yes("something before a part"):
            items.insert(0, r.choice([self.absence(timer=False), self.gap("next"), Anchor("^")]))
        if r.yes("something behind a part"):
            items.append(r.choice([self.absence(timer=False), self.absence(timer=False), Anchor("$")]))
        if trailing:
            items.append(self.gap("next") if fixed else self.any_gap())
        return items[0] if len(items) == 1 else Seq(items)

    def body(self, depth):
        r = self.r
        what = r.pick("body of a loop")
        if what == "trailing gap":
            return self.sequence(r.choice([1, 1, 2]), depth, trailing=True)
        if what == "leading gap":
            return Seq(self.connector("mixed", loop=True) + [self.item(depth)])
        if what == "nullable":
            return Seq([Loop(self.step(), 0, 1, not r.yes("reluctant")), self.any_gap()])
        return self.sequence(r.choice([1, 2]), depth)

    def branch(self, depth):
        branch = self.sequence(self.r.choice([1, 1, 2]), depth)
        return Seq([self.any_gap(), branch]) if self.r.yes("gap at a branch") else branch

    def looped(self, body, chance):
        return self.loop(body) if self.r.yes(chance) else body

    def loop(self, body):
        lo, hi = QUANTIFIERS[self.r.pick("quantifier")]
        return Loop(body, lo, hi, not self.r.yes("reluctant"))


QUANTIFIERS = {"?": (0, 1), "*": (0, None), "+": (1, None), "{2}": (2, 2), "{1,2}": (1, 2), "{2,3}": (2, 3),
               "{,2}": (0, 2), "{2,}": (2, None), "{2,60000}": (2, 60000), "{0}": (0, 0), "{1}": (1, 1), "{0,}": (0, None)}


def word(choose, node):
    """A sequence of rows that the pattern might like: labels, None for a row between, "wait" for time that passes."""
    if isinstance(node, Step):
        return [node.label]
    if isinstance(node, Gap):
        return [None] * choose.choice([0, 0, 1, 1, 2])
    if isinstance(node, Absence):
        return ["wait"] if node.duration is not None else []
    if isinstance(node, Alt):
        return word(choose, choose.choice(node.items))
    if isinstance(node, Loop):
        most = min(node.lo + choose.choice([0, 0, 1, 1, 2]), node.lo + 2 if node.hi is None else node.hi)
        return [x for _ in range(min(most, 4)) for x in word(choose, node.body)]
    items = choose.sample(node.items, len(node.items)) if isinstance(node, Permute) else children(node)
    return [x for item in items for x in word(choose, item)]


def sound(tree):
    """The tree without gaps that nothing can precede or follow; None where something else is wrong with it."""
    while True:
        try:
            check_tree(tree)
            return tree
        except VoidGap as e:
            for n in nodes(tree):
                if any(item is e.gap for item in getattr(n, "items", [])):
                    n.items = [item for item in n.items if item is not e.gap]
        except CompileError:
            return None


def at_start(n):
    """The absences that an edge from the start can cross, and whether the node can be passed without a row."""
    if isinstance(n, Absence):
        return [n], True
    if isinstance(n, Loop):
        inside, passed = at_start(n.body)
        return ([], True) if n.hi == 0 else (inside, passed or n.lo == 0)
    if isinstance(n, Seq):
        found = []
        for item in n.items:
            inside, passed = at_start(item)
            found += inside
            if not passed:
                return found, False
        return found, True
    ways = [at_start(item) for item in children(n)]
    passed = all(p for _, p in ways) if isinstance(n, Permute) else any(p for _, p in ways)
    return [x for inside, _ in ways for x in inside], not isinstance(n, Step) and (passed or not ways)


# ---- smaller trees

def smaller(root):
    """Trees with one part fewer, the greatest cuts first."""
    count = sum(1 for _ in nodes(root))
    for n in range(count):
        for cut in range(9):
            copy = deepcopy(root)
            made = replaced(copy, n, cut)
            if made is not None:
                yield made


def replaced(root, n, cut):
    target = list(nodes(root))[n]
    parent = next((m for m in nodes(root) if any(c is target for c in children(m))), None)

    def put(new):
        if parent is None:
            return new
        if isinstance(parent, Loop):
            parent.body = new
        else:
            parent.items = [new if i is target else i for i in parent.items]
        return root

    below = children(target)
    if cut == 0:                                              # drop it from its list
        if parent is None or isinstance(parent, Loop):
            return None
        parent.items = [i for i in parent.items if i is not target]
        if not parent.items and not isinstance(parent, Seq):
            return None
        return root
    if cut <= 3:                                              # one of its children in its place
        return put(below[cut - 1]) if cut <= len(below) else None
    if cut == 4 and isinstance(target, Gap) and target.lo is not None:
        target.lo = None
        return root
    if cut == 5 and isinstance(target, Gap) and target.hi is not None:
        target.hi = None
        return root
    if cut == 6 and isinstance(target, Absence) and len(target.labels) > 1:
        target.labels = target.labels[:1]
        return root
    if cut == 7 and isinstance(target, Loop) and not target.greedy:
        target.greedy = True
        return root
    if cut == 8 and isinstance(target, Seq) and len(target.items) == 1:
        return put(target.items[0])
    return None
