"""What is forbidden at compile time: sections 5 and 6 of the language page."""
from oracle.aggregates import AGGREGATES
from oracle.expressions import FACTS, NAVIGATIONS
from oracle.lexer import CompileError
from oracle.syntax import Absence, Alt, Anchor, Gap, Loop, Permute, Seq, Step, children, nodes


def check_clauses(q):
    used = used_labels(q)
    mapped = {n.label for n in nodes(q.pattern) if isinstance(n, Step)}
    for label in q.defines:
        if label not in used:
            raise CompileError(f"label {label} is defined and not used")
    for name, members in q.subsets.items():
        if name in used:
            raise CompileError(f"{name} is a label and a subset")
        if len(set(members)) != len(members):
            raise CompileError(f"subset {name} repeats a member")
        for member in members:
            if member not in used:
                raise CompileError(f"no label {member}")
    names = [name.lower() for _, name in q.measures]
    if len(set(names)) != len(names):
        raise CompileError("two measures of one name")
    if set(names) & {name.lower() for name, _ in q.partition}:
        raise CompileError("a measure is named like a partition column")
    if q.skip[0] in ("FIRST", "LAST"):
        targets = set(q.subsets.get(q.skip[1], [q.skip[1]]))
        if not targets & mapped or q.skip[1] not in q.subsets and q.skip[1] not in mapped:
            raise CompileError(f"SKIP TO names {q.skip[1]}, which PATTERN lacks")
    if q.empty == "UNMATCHED":
        if any(isinstance(n, Step) and n.excluded for n in nodes(q.pattern)):
            raise CompileError("exclusion with UNMATCHED ROWS")
        if q.skip[0] == "NO SKIP":
            raise CompileError("NO SKIP with UNMATCHED ROWS")
        if q.timeouts:
            raise CompileError("SHOW TIMEOUT MATCHES with UNMATCHED ROWS")


def used_labels(q):
    found = set()
    for n in nodes(q.pattern):
        if isinstance(n, Step):
            found.add(n.label)
        elif isinstance(n, Absence):
            found.update(n.labels)
    return found


def check_pattern(q, has_end):
    """has_end: whether WITHIN d or a window gives !x at the end its time."""
    check_tree(q.pattern)
    if not has_end and needs_end(q.pattern):
        raise CompileError("!x at the end needs WITHIN or a window")


def check_tree(pattern):
    """What is wrong with a pattern whatever stands around it."""
    check_gaps(pattern, False, False)
    for n in nodes(pattern):
        if isinstance(n, Loop) and n.hi is None and any(timers for timers, rows in turns(n.body) if timers and not rows):
            raise CompileError("a loop without an upper bound must consume a row in each turn")
    if "end" in reach(pattern, True, "start"):
        raise CompileError("an absence reaches the end from the start")


def needs_end(pattern):
    """Whether the end is reached over an absence without a length."""
    return "end" in reach(pattern, False, "inside")


def check_start(q, absences):
    """absences: those that an edge from the start can cross. There x may read only its own row, and the duration is
    a constant or a parameter (section 6.3). What else is written there is NULL in the reference; whether it is an
    error is left open, so generated cases avoid it."""
    for n in absences:
        if n.duration is not None and reads_rows(n.duration, None):
            raise CompileError("the duration of an absence at the start is a constant")
        for label in n.labels:
            if label in q.defines and reads_rows(q.defines[label], label):
                raise CompileError(f"{label} stands under ! at the start and may read only its own row")


def reads_rows(e, own):
    """Whether an expression reads more than the row mapped to `own` (None: any row at all)."""
    if isinstance(e, tuple) and e and e[0] == "column":
        return own is None or e[1] not in (None, own)
    if isinstance(e, tuple) and e[:1] == ("call",) and (
            e[1] in NAVIGATIONS or e[1] == "COUNT" or e[1] in AGGREGATES or e[1] in FACTS or e[1] == "CLASSIFIER"):
        return True
    return isinstance(e, (tuple, list)) and any(reads_rows(part, own) for part in e)


def taken(n):
    """The node and everything under it that a path can come to."""
    yield n
    if not (isinstance(n, Loop) and n.hi == 0):
        for child in children(n):
            yield from taken(child)


def has_element(n):
    return any(isinstance(m, (Step, Absence)) for m in taken(n))


def has_consumer(n, before):
    """Whether n can consume something that then lies before a gap: at the start a timer is none."""
    return any(isinstance(m, Step) or before and isinstance(m, Absence) and m.duration is not None for m in taken(n))


class VoidGap(CompileError):
    def __init__(self, gap):
        super().__init__("a gap that no element can precede or follow")
        self.gap = gap


def check_gaps(n, before, after):
    """A gap that no element can precede, or none can follow, is an error (section 6.1)."""
    if isinstance(n, Gap):
        if not before or not after:
            raise VoidGap(n)
    elif isinstance(n, Seq):
        for i, item in enumerate(n.items):
            earlier, later = Seq(n.items[:i]), Seq(n.items[i + 1:])
            check_gaps(item, before or has_consumer(earlier, before), after or has_element(later))
    elif isinstance(n, Permute):
        for item in n.items:
            others = Seq([o for o in n.items if o is not item])
            check_gaps(item, before or has_consumer(others, before), after or has_element(others))
    elif isinstance(n, Alt):
        for item in n.items:
            check_gaps(item, before, after)
    elif isinstance(n, Loop) and n.hi != 0:
        again = n.hi is None or n.hi > 1
        check_gaps(n.body, before or again and has_consumer(n.body, before), after or again and has_element(n.body))


def turns(n):
    """The ways through a node: whether a timer and whether a row is consumed on them."""
    if isinstance(n, Step):
        return {(False, True)}
    if isinstance(n, Absence):
        return {(n.duration is not None, False)}
    if isinstance(n, Alt):
        return set().union(*(turns(item) for item in n.items))
    if isinstance(n, (Seq, Permute)):
        found = {(False, False)}
        for item in n.items:
            found = {(a or c, b or d) for a, b in found for c, d in turns(item)}
        return found
    if isinstance(n, Loop):
        once = turns(n.body)
        found = set(once) if n.lo else once | {(False, False)}
        if n.hi is None or n.hi > 1:
            found |= {(a or c, b or d) for a, b in found for c, d in once}
        return found
    return {(False, False)}


def reach(n, at_start, state):
    """How the end of n can be reached.

    States of a way: "start" (nothing consumed or crossed), "end" (an absence crossed since the last element, or
    since the start), "inside" (an element consumed and no absence crossed since). at_start: only ways that
    consume nothing are followed, which is what an edge from the start to the end is.
    """
    if isinstance(n, Step):
        return set() if at_start else {"inside"}
    if isinstance(n, Absence):
        if at_start or n.duration is None:
            return {"end"}
        return {"inside"}
    if isinstance(n, (Gap, Anchor)):
        return {state}
    if isinstance(n, Alt):
        return set().union(*(reach(item, at_start, state) for item in n.items))
    if isinstance(n, Seq):
        states = {state}
        for item in n.items:
            states = set().union(*(reach(item, at_start, s) for s in states)) if states else set()
        return states
    if isinstance(n, Permute):
        found, todo = set(), [(frozenset(range(len(n.items))), state)]
        seen = set(todo)
        while todo:
            missing, s = todo.pop()
            if not missing:
                found.add(s)
            for i in missing:
                for t in reach(n.items[i], at_start, s):
                    if (missing - {i}, t) not in seen:
                        seen.add((missing - {i}, t))
                        todo.append((missing - {i}, t))
        return found
    states, turn = {state}, 0
    found = set(states) if n.lo == 0 else set()
    while turn < (3 if n.hi is None else min(n.hi, 3)):
        states = set().union(*(reach(n.body, at_start, s) for s in states)) if states else set()
        turn += 1
        if turn >= min(n.lo, 3):
            found |= states
    return found
