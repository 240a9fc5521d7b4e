"""Pattern trees made by a machine: their text, random ones, and smaller versions of one.

The nodes are those of syntax.py; bounds and durations are texts here, as the generator writes queries.
"""
from copy import deepcopy

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
            q = f"{{{n.lo}}}" if n.lo == n.hi else f"{{{n.lo},{'' if n.hi is None else n.hi}}}"
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
    """Random trees. choose: a random.Random; duration: a function that makes a duration text."""

    def __init__(self, choose, labels, duration, full, expression_timers=None):
        self.r, self.labels, self.duration, self.full = choose, labels, duration, full
        self.expression_timers = expression_timers or []

    def tree(self):
        return self.sequence(self.r.choice([1, 2, 2, 3, 3, 4]), 2)

    def step(self):
        return Step(self.r.choice(self.labels))

    def sequence(self, n, depth, trailing=False):
        r, items = self.r, []
        style = r.choice(["strict", "next", "any", "mixed", "mixed"])
        for i in range(n):
            if i:
                items += self.connector(style)
            items.append(self.item(depth))
        if r.random() < 0.06:
            items.insert(0, self.absence(timer=r.random() < 0.5))
        if r.random() < (0.16 if depth == 2 else 0.05):
            items.append(self.absence(timer=r.random() < 0.6))
        if trailing:
            items += self.connector(style, loop=True)
        return items[0] if len(items) == 1 else Seq(items)

    def connector(self, style, loop=False):
        """Between two items: nothing, a gap, an absence, a timer, in any company."""
        r = self.r
        kind = {"strict": None, "next": "next", "any": "any"}.get(style) if style != "mixed" and r.random() < 0.8 \
            else r.choice([None, "next", "next", "any"])
        if loop and kind is None:
            kind = r.choice(["next", "any"])
        found = []
        if kind:
            found.append(self.gap(kind))
        if r.random() < 0.13:
            found.insert(r.randint(0, len(found)), self.absence(timer=False))
        if r.random() < 0.08:
            found.insert(r.randint(0, len(found)), self.absence(timer=True))
        return found

    def gap(self, kind):
        gap, r = Gap(kind), self.r
        if r.random() < 0.25:
            which = r.random()
            if which < 0.45:
                gap.hi = self.duration(r.choice([1, 2, 3, 4, 5, 8]))
            elif which < 0.75:
                gap.lo = self.duration(r.choice([0, 1, 2, 3, 4]))
            else:
                lo = r.choice([0, 1, 2, 3])
                gap.lo, gap.hi = self.duration(lo), self.duration(lo + r.choice([0, 1, 2, 4]))
        return gap

    def absence(self, timer):
        r = self.r
        labels = tuple(r.sample(self.labels, 2 if r.random() < 0.2 and len(self.labels) > 1 else 1))
        node = Absence(labels)
        if timer:
            if self.expression_timers and r.random() < 0.3:
                node.duration = r.choice(self.expression_timers)
            else:
                node.duration = self.duration(r.choice([0, 1, 2, 2, 3, 4, 5, 8]))
        return node

    def item(self, depth):
        r = self.r
        what = r.random()
        if depth == 0 or what < 0.5:
            return self.loop(self.step(), 0.25)
        if what < 0.72:                                       # a loop with its own gap
            return self.loop(self.body(depth - 1), 0.95)
        if what < 0.86:
            n = r.choice([2, 2, 3])
            branches = [self.branch(depth - 1) for _ in range(n)]
            if r.random() < 0.12:
                branches[r.randrange(n)] = Seq([])
            return self.loop(Alt(branches), 0.3)
        if what < 0.9:
            return r.choice([Anchor("^"), Anchor("$"), Seq([])])
        if self.full and what < 0.96:
            n = r.choice([2, 2, 3])
            trailing = r.random() < 0.6
            items = [self.permuted(depth - 1, trailing and i < n - 1) for i in range(n)]
            return Permute(items)
        if self.full and what < 0.98:
            return self.loop(Excluded([self.branch(depth - 1)]), 0.3)
        return self.sequence(2, depth - 1)

    def permuted(self, depth, trailing):
        if self.r.random() < 0.12:
            return self.absence(timer=True)
        item = self.loop(self.step(), 0.3)
        return Seq([item, self.gap(self.r.choice(["next", "next", "any"]))]) if trailing else item

    def body(self, depth):
        r, what = self.r, self.r.random()
        if what < 0.45:
            return self.sequence(r.choice([1, 1, 2]), depth, trailing=True)
        if what < 0.65:
            return Seq(self.connector("mixed", loop=True) + [self.item(depth)])
        if what < 0.75:                                       # nullable body with a gap
            return Seq([Loop(self.step(), 0, 1, r.random() < 0.8), self.gap(r.choice(["next", "any"]))])
        return self.sequence(r.choice([1, 2]), depth)

    def branch(self, depth):
        r = self.r
        branch = self.sequence(r.choice([1, 1, 2]), depth)
        if r.random() < 0.2:                                  # a gap in the branch itself
            return Seq([self.gap(r.choice(["next", "any"])), branch])
        return branch

    def loop(self, body, chance):
        r = self.r
        if r.random() > chance:
            return body
        lo, hi = r.choice([(0, 1), (0, 1), (0, None), (1, None), (1, None), (2, 2), (1, 2), (2, 3), (0, 2), (2, None)])
        return Loop(body, lo, hi, r.random() < 0.75)


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
