"""Statements and the MATCH_RECOGNIZE clause: sections 3 and 5 of the language page, by recursive descent."""
from oracle.lexer import CompileError, tokens
from oracle.expression_parser import Cursor, duration, expression
from oracle.pattern_parser import pattern
from oracle.syntax import Query


def parse(text):
    """The last query of the text; CREATE STREAM is skipped, as the caller knows the stream."""
    p = Cursor(tokens(text))
    query = None
    while not p.at_end():
        if p.accept(";"):
            continue
        if p.is_word("CREATE") and p.peek(1).upper == "STREAM":
            while not p.is_symbol(";"):
                if p.at_end():
                    p.fail("the end of the statement")
                p.next()
            continue
        query = statement(p)
        if not p.at_end():
            p.expect(";")
    if query is None:
        p.fail("a query")
    return query


def statement(p):
    name, options = "m", {}
    if p.accept_word("CREATE"):
        p.expect_word("PATTERN")
        name = p.identifier()[0]
        if p.accept_word("WITH"):
            p.expect("(")
            while True:
                key = p.identifier()[0].lower()
                p.expect("=")
                options[key] = p.next().text
                if not p.accept(","):
                    break
            p.expect(")")
        p.expect_word("AS")
    q = Query(name=name, options=options)
    p.expect_word("SELECT")
    q.select = select_items(p)
    p.expect_word("FROM")
    q.source = p.identifier()[0]
    p.expect_word("MATCH_RECOGNIZE")
    p.expect("(")
    clauses(p, q)
    p.expect(")")
    if p.accept_word("AS"):
        p.identifier()
    elif p.token().kind in ("name", "quoted") and not p.is_word("WHERE"):
        p.identifier()
    if p.accept_word("WHERE"):
        q.where = expression(p)
    return q


def select_items(p):
    if p.accept("*"):
        return None
    items = []
    while True:
        e = expression(p)
        if p.accept_word("AS"):
            name = p.identifier()[0]
        elif e[0] == "column":
            name = e[2]
        else:
            p.fail("AS and a name")
        items.append((e, name))
        if not p.accept(","):
            return items


def clauses(p, q):
    """The clauses in any order, each at most once (section 5)."""
    seen = set()

    def once(what):
        if what in seen:
            raise CompileError(f"{what} is given twice")
        seen.add(what)

    while not p.is_symbol(")"):
        if p.accept_word("PARTITION", "BY"):
            once("PARTITION BY")
            partition(p, q)
        elif p.accept_word("ORDER", "BY"):
            once("ORDER BY")
            order(p, q)
        elif p.accept_word("MEASURES"):
            once("MEASURES")
            measures(p, q)
        elif p.accept_word("ONE", "ROW", "PER", "MATCH"):
            once("the output mode")
            timeouts(p, q)
        elif p.accept_word("ALL", "ROWS", "PER", "MATCH"):
            once("the output mode")
            q.all_rows = True
            if p.accept_word("SHOW", "EMPTY", "MATCHES"):
                q.empty = "SHOW"
            elif p.accept_word("OMIT", "EMPTY", "MATCHES"):
                q.empty = "OMIT"
            elif p.accept_word("WITH", "UNMATCHED", "ROWS"):
                q.empty = "UNMATCHED"
            timeouts(p, q)
        elif p.accept_word("AFTER", "MATCH"):
            once("AFTER MATCH")
            q.skip = skip(p)
        elif p.accept_word("PATTERN"):
            once("PATTERN")
            p.expect("(")
            q.pattern = pattern(p, q)
            p.expect(")")
            if p.accept_word("WITHIN"):
                q.within = within(p)
        elif p.accept_word("SUBSET"):
            once("SUBSET")
            subsets(p, q)
        elif p.accept_word("DEFINE"):
            once("DEFINE")
            defines(p, q)
        else:
            p.fail("a clause of MATCH_RECOGNIZE")
    if q.pattern is None:
        raise CompileError("PATTERN is missing")


def partition(p, q):
    while True:
        window = p.token().upper
        if window in ("SESSION", "TUMBLE") and p.peek(1).text == "(":
            if q.window:
                raise CompileError("two windows")
            p.next()
            p.expect("(")
            q.window = (window, duration(p))
            p.expect(")")
        else:
            q.partition.append(p.identifier())
        if not p.accept(","):
            return


def order(p, q):
    while True:
        name, is_quoted = p.identifier()
        descending = p.accept_word("DESC")
        if not descending:
            p.accept_word("ASC")
        q.order.append((name, is_quoted, bool(descending)))
        if not p.accept(","):
            return


def measures(p, q):
    while True:
        e = expression(p)
        p.expect_word("AS")
        q.measures.append((e, p.identifier()[0]))
        if not p.accept(","):
            return


def timeouts(p, q):
    if p.accept_word("SHOW", "TIMEOUT", "MATCHES"):
        q.timeouts = True


def skip(p):
    if p.accept_word("NO", "SKIP"):
        return ("NO SKIP",)
    p.expect_word("SKIP")
    if p.accept_word("PAST", "LAST", "ROW"):
        return ("PAST LAST ROW",)
    p.expect_word("TO")
    if p.accept_word("NEXT", "ROW"):
        return ("TO NEXT ROW",)
    which = "LAST"
    if p.token().upper in ("FIRST", "LAST") and p.peek(1).kind in ("name", "quoted") \
            and p.peek(1).upper not in ("PATTERN", "DEFINE", "SUBSET", "MEASURES"):
        which = p.next().upper
    return (which, p.label())


def within(p):
    if p.token().kind == "number" and p.peek(1).upper == "ROWS":
        n = p.next().text
        p.next()
        if not n.isdigit():
            raise CompileError("WITHIN n ROWS needs a whole number")
        return ("rows", int(n))
    return ("time", duration(p))


def subsets(p, q):
    while True:
        name = p.label()
        if name in q.subsets:
            raise CompileError(f"subset {name} is defined twice")
        p.expect("=")
        p.expect("(")
        labels = [p.label()]
        while p.accept(","):
            labels.append(p.label())
        p.expect(")")
        q.subsets[name] = labels
        if not p.accept(","):
            return


def defines(p, q):
    while True:
        name = p.label()
        p.expect_word("AS")
        if name in q.defines:
            raise CompileError(f"label {name} is defined twice")
        q.defines[name] = expression(p)
        if not p.accept(","):
            return
