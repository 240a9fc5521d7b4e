"""Tokens to expression tuples (see syntax.py), and the cursor that all parsers share."""
from decimal import Decimal

from oracle.lexer import CompileError

UNITS = {"MICROSECOND": 1, "MILLISECOND": 10**3, "SECOND": 10**6, "MINUTE": 60 * 10**6, "HOUR": 3600 * 10**6,
         "DAY": 86400 * 10**6, "WEEK": 7 * 86400 * 10**6}
SHORT_UNITS = {"US": 1, "MS": 10**3, "S": 10**6, "M": 60 * 10**6, "H": 3600 * 10**6, "D": 86400 * 10**6,
               "W": 7 * 86400 * 10**6}
# Words that can never name a column or a label.
RESERVED = set("SELECT FROM WHERE AS AND OR NOT NULL TRUE FALSE IS IN BETWEEN LIKE CASE WHEN THEN ELSE END "
               "MATCH_RECOGNIZE PARTITION ORDER BY CREATE".split())


class Cursor:
    def __init__(self, found):
        self.found, self.at = found, 0
        self.short_units = False        # inside { } and after WITHIN (section 2)

    def token(self):
        return self.found[self.at]

    def peek(self, n):
        return self.found[min(self.at + n, len(self.found) - 1)]

    def next(self):
        t = self.found[self.at]
        if t.kind != "end":
            self.at += 1
        return t

    def at_end(self):
        return self.found[self.at].kind == "end"

    def fail(self, wanted):
        raise CompileError(f"{wanted} expected, {self.token().text!r} found at {self.token().at}")

    def is_symbol(self, text):
        t = self.found[self.at]
        return t.text == text and t.kind == "symbol"

    def is_word(self, word):
        return self.found[self.at].upper == word

    def accept(self, text):
        if self.is_symbol(text):
            return self.next()
        return None

    def accept_word(self, *words):
        """All of the words in a row, or none."""
        if self.found[self.at].upper != words[0]:
            return False
        for i, w in enumerate(words):
            if self.peek(i).upper != w:
                return False
        self.at += len(words)
        return True

    def expect(self, text):
        return self.accept(text) or self.fail(repr(text))

    def expect_word(self, word):
        return self.accept_word(word) or self.fail(word)

    def identifier(self):
        """A name and whether it was quoted."""
        t = self.token()
        if t.kind == "quoted" or t.kind == "name" and t.upper not in RESERVED:
            self.next()
            return t.text, t.kind == "quoted"
        return self.fail("a name")

    def label(self):
        """An unquoted label is its upper-case spelling (section 2)."""
        name, is_quoted = self.identifier()
        return name if is_quoted else name.upper()


def duration(p):
    """An expression where the short units s, ms, m, h, d, w are units too (section 2)."""
    p.short_units = True
    try:
        return expression(p)
    finally:
        p.short_units = False


def expression(p):
    e = conjunction(p)
    while p.accept_word("OR"):
        e = ("binary", "OR", e, conjunction(p))
    return e


def conjunction(p):
    e = negation(p)
    while p.accept_word("AND"):
        e = ("binary", "AND", e, negation(p))
    return e


def negation(p):
    if p.accept_word("NOT"):
        return ("unary", "NOT", negation(p))
    return comparison(p)


def comparison(p):
    e = additive(p)
    while True:
        t = p.token()
        if t.kind == "symbol" and t.text in ("=", "<>", "!=", "<", "<=", ">", ">="):
            p.next()
            e = ("binary", "<>" if t.text == "!=" else t.text, e, additive(p))
            continue
        if p.accept_word("IS"):
            negated = p.accept_word("NOT")
            if p.accept_word("DISTINCT", "FROM"):
                e = ("binary", "NOT DISTINCT" if negated else "DISTINCT", e, additive(p))
            elif p.token().upper in ("NULL", "TRUE", "FALSE"):
                e = ("is", e, p.next().upper, negated)
            else:
                p.fail("NULL")
            continue
        negated = p.is_word("NOT") and p.peek(1).upper in ("BETWEEN", "IN", "LIKE", "ILIKE", "REGEXP")
        if negated:
            p.next()
        if p.accept_word("BETWEEN"):
            lo = additive(p)
            p.expect_word("AND")
            e = ("between", e, lo, additive(p), negated)
        elif p.accept_word("IN"):
            p.expect("(")
            items = [expression(p)]
            while p.accept(","):
                items.append(expression(p))
            p.expect(")")
            e = ("in", e, items, negated)
        elif p.token().upper in ("LIKE", "ILIKE", "REGEXP"):
            op = p.next().upper
            e = ("like", op, e, additive(p), negated)
        else:
            return e


def additive(p):
    e = multiplicative(p)
    while p.token().kind == "symbol" and p.token().text in ("+", "-", "||"):
        op = p.next().text
        e = ("binary", op, e, multiplicative(p))
    return e


def multiplicative(p):
    e = unary(p)
    while p.token().kind == "symbol" and p.token().text in ("*", "/", "%"):
        op = p.next().text
        e = ("binary", op, e, unary(p))
    return e


def unary(p):
    if p.accept("-"):
        return ("unary", "-", unary(p))
    if p.accept("+"):
        return unary(p)
    return primary(p)


def number(text):
    return int(text) if text.isdigit() else float(text)


def primary(p):
    t = p.token()
    if t.kind == "number":
        p.next()
        unit = unit_of(p)
        if unit:
            p.next()
            return ("interval", int(Decimal(t.text) * unit))
        return ("number", number(t.text))
    if t.kind == "string":
        p.next()
        return ("string", t.text)
    if p.accept("("):
        e = expression(p)
        p.expect(")")
        return e
    if p.accept(":"):
        return ("param", p.identifier()[0].lower())
    word = t.upper
    if word in ("TRUE", "FALSE"):
        p.next()
        return ("bool", word == "TRUE")
    if word == "NULL":
        p.next()
        return ("null",)
    if word == "INTERVAL" and p.peek(1).kind == "string":
        return interval(p)
    if word == "CASE":
        return case(p)
    if word == "CAST" and p.peek(1).text == "(":
        p.next()
        p.expect("(")
        e = expression(p)
        p.expect_word("AS")
        kind = p.identifier()[0].upper()
        p.expect(")")
        return ("cast", e, kind)
    if word in ("RUNNING", "FINAL") and p.peek(1).kind in ("name", "quoted"):
        p.next()
        return ("scope", word, primary(p))
    return column_or_call(p)


def unit_of(p):
    word = p.token().upper
    if not word:
        return None
    if p.short_units and word in SHORT_UNITS:
        return SHORT_UNITS[word]
    return UNITS.get(word) or (UNITS.get(word[:-1]) if word.endswith("S") else None)


def interval(p):
    p.next()
    text = p.next().text
    unit = p.identifier()[0].upper().removesuffix("S")
    if unit not in UNITS:
        raise CompileError(f"no unit of time: {unit}")
    if p.accept_word("TO"):
        p.identifier()
        days, _, clock = text.partition(" ") if unit == "DAY" else ("0", "", text)
        total = Decimal(days) * UNITS["DAY"]
        names = ["HOUR", "MINUTE", "SECOND"] if unit in ("DAY", "HOUR") else ["MINUTE", "SECOND"]
        for part, name in zip(clock.split(":"), names):
            total += Decimal(part) * UNITS[name]
        return ("interval", int(total))
    return ("interval", int(Decimal(text) * UNITS[unit]))


def case(p):
    p.next()
    operand = None if p.is_word("WHEN") else expression(p)
    branches = []
    while p.accept_word("WHEN"):
        when = expression(p)
        p.expect_word("THEN")
        branches.append((when, expression(p)))
    otherwise = expression(p) if p.accept_word("ELSE") else None
    p.expect_word("END")
    if not branches:
        p.fail("WHEN")
    return ("case", operand, branches, otherwise)


def column_or_call(p):
    name, is_quoted = p.identifier()
    if not is_quoted and p.accept("("):
        return call(p, name.upper())
    if p.accept("."):
        label = name if is_quoted else name.upper()
        if p.accept("*"):
            return ("star", label)
        column, column_quoted = p.identifier()
        return ("column", label, column, column_quoted)
    return ("column", None, name, is_quoted)


def call(p, name):
    distinct, args = p.accept_word("DISTINCT"), []
    if not p.is_symbol(")"):
        while True:
            if p.accept("*"):
                args.append(("star", None))
            else:
                args.append(expression(p))
            if not p.accept(","):
                break
    p.expect(")")
    if p.accept_word("OVER"):
        return over(p, name, args, bool(distinct))
    return ("call", name, args, bool(distinct))


def over(p, name, args, distinct):
    """OVER ( [PARTITION BY x, ...] ORDER BY t [ROWS or RANGE, where it begins, and where it ends] )"""
    p.expect("(")
    keys, order, frame = [], [], None
    if p.accept_word("PARTITION", "BY"):
        keys.append(expression(p))
        while p.accept(","):
            keys.append(expression(p))
    if p.accept_word("ORDER", "BY"):
        while True:
            e = expression(p)
            order.append((e, bool(p.accept_word("DESC"))))
            p.accept_word("ASC")
            if not p.accept(","):
                break
    if p.token().upper in ("ROWS", "RANGE"):
        kind = p.next().upper
        if p.accept_word("BETWEEN"):
            begin = frame_bound(p)
            p.expect_word("AND")
            frame = (kind, begin, frame_bound(p))
        else:
            frame = (kind, frame_bound(p), ("CURRENT ROW",))
    p.expect(")")
    return ("over", name, args, distinct, keys, order, frame)


def frame_bound(p):
    for words in (("UNBOUNDED", "PRECEDING"), ("UNBOUNDED", "FOLLOWING"), ("CURRENT", "ROW")):
        if p.accept_word(*words):
            return (" ".join(words),)
    e = additive(p)
    return ("PRECEDING", e) if p.accept_word("PRECEDING") else ("FOLLOWING", e) if p.accept_word("FOLLOWING") else p.fail("PRECEDING")
