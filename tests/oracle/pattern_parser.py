"""The PATTERN clause: sections 5 and 6 of the language page."""
from oracle.expression_parser import duration, expression
from oracle.lexer import CompileError
from oracle.syntax import Absence, Alt, Anchor, Gap, Loop, Permute, Seq, Step, nodes


def pattern(p, q):
    """An alternation up to the closing bracket, which stays."""
    branches = [sequence(p, q)]
    while p.accept("|"):
        branches.append(sequence(p, q))
    return branches[0] if len(branches) == 1 else Alt(branches)


def sequence(p, q):
    items = []
    while not (p.at_end() or any(p.is_symbol(s) for s in (")", "|", ",", "-}"))):
        items.append(factor(p, q))
    if not items:
        p.fail("a pattern element")
    return items[0] if len(items) == 1 else Seq(items)


def factor(p, q):
    if p.is_symbol("->") or p.is_symbol("->>"):
        return gap(p)
    if p.accept("!"):
        return absence(p, q)
    return quantified(p, primary(p, q))


def gap(p):
    node = Gap("any" if p.next().text == "->>" else "next")
    if not p.accept("{"):
        return node
    if not p.is_symbol(","):
        node.lo = duration(p)
    p.expect(",")                     # ->{d} without a comma is an error (section 6.1)
    if not p.is_symbol("}"):
        node.hi = duration(p)
    p.expect("}")
    return node


def absence(p, q):
    if p.accept("("):
        labels = [labelled(p, q)]
        while p.accept("|"):
            labels.append(labelled(p, q))
        p.expect(")")
    else:
        labels = [labelled(p, q)]
    node = Absence(tuple(labels))
    if p.accept("{"):
        node.duration = duration(p)
        p.expect("}")
    if any(p.is_symbol(s) for s in ("?", "*", "+", "{")):
        raise CompileError("an absence has no quantifier")
    return node


def labelled(p, q):
    """A label, or label[condition], which defines it where it stands."""
    name = p.label()
    if p.accept("["):
        if name in q.defines:
            raise CompileError(f"label {name} is defined twice")
        q.defines[name] = expression(p)
        p.expect("]")
    return name


def primary(p, q):
    if p.accept("^"):
        return Anchor("^")
    if p.accept("$"):
        return Anchor("$")
    if p.accept("("):
        if p.accept(")"):
            return Seq([])
        node = pattern(p, q)
        p.expect(")")
        return node
    if p.accept("{-"):
        node = pattern(p, q)
        p.expect("-}")
        for inner in nodes(node):
            if isinstance(inner, Step):
                inner.excluded = True
        return node
    if p.is_word("PERMUTE") and p.peek(1).text == "(":
        p.next()
        p.expect("(")
        items = [pattern(p, q)]
        while p.accept(","):
            items.append(pattern(p, q))
        p.expect(")")
        return Permute(items)
    return Step(labelled(p, q))


def quantified(p, node):
    if p.accept("?"):
        lo, hi = 0, 1
    elif p.accept("*"):
        lo, hi = 0, None
    elif p.accept("+"):
        lo, hi = 1, None
    elif p.accept("{"):
        lo, hi = count(p), None
        if p.accept(","):
            hi = count(p)
            lo = lo or 0
        elif lo is None:
            p.fail("a number")
        else:
            hi = lo
        p.expect("}")
        if hi is not None and lo > hi:
            raise CompileError("the lower bound of a quantifier exceeds the upper one")
    else:
        return node
    greedy = not p.accept("?")
    return Loop(node, lo, hi, greedy)


def count(p):
    if p.token().kind != "number":
        return None
    text = p.next().text
    if not text.isdigit():
        raise CompileError("a quantifier needs whole numbers")
    return int(text)
