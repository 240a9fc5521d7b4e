"""Statements and the MATCH_RECOGNIZE clause: sections 3 and 5 of the language page, by recursive descent."""
from oracle.expression_parser import Cursor, duration, expression
from oracle.lexer import CompileError, tokens
from oracle.pattern_parser import pattern
from oracle.syntax import Part, Query, Script, Shape
from oracle.values import TYPE_NAMES


def parse(text):
    p, script = Cursor(tokens(text)), Script()
    while not p.at_end():
        if p.accept(";"):
            continue
        statement(p, script)
        if not p.at_end():
            p.expect(";")
    if not script.queries:
        p.fail("a query")
    return script


def statement(p, script):
    if p.accept_word("CREATE", "STREAM") or p.is_word("CREATE") and p.peek(1).upper == "TABLE":
        if p.accept_word("CREATE"):
            p.next()
        shape = shaped(p)
        declare(script.shapes, shape.name, shape)
    elif p.accept_word("CREATE", "PARAMETER"):
        name = p.identifier()[0]
        kind = type_name(p)
        declare(script.parameters, name, (kind, expression(p) if p.accept_word("DEFAULT") else None))
    else:
        script.queries.append(query(p))


def declare(names, name, what):
    if name.lower() in names:
        raise CompileError(f"{name} is declared twice")
    names[name.lower()] = what


def type_name(p):
    kind = TYPE_NAMES.get(p.identifier()[0].upper())
    return kind or p.fail("a type")


def shaped(p):
    """A stream's or a table's columns."""
    shape = Shape(p.identifier()[0], [], set())
    p.expect("(")
    while True:
        if p.accept_word("WATERMARK", "FOR"):
            column, is_quoted = p.identifier()
            p.expect_word("AS")
            p.identifier()
            shape.watermark = (column, is_quoted, expression(p) if p.accept("-") else None)
        elif p.accept_word("PRIMARY", "KEY"):
            p.expect("(")
            shape.keys = [p.identifier()]
            while p.accept(","):
                shape.keys.append(p.identifier())
            p.expect(")")
        else:
            column_shape(p, shape)
        if not p.accept(","):
            break
    p.expect(")")
    return shape


def column_shape(p, shape):
    name, is_quoted = p.identifier()
    shape.columns.append((name, type_name(p)))
    while not (p.is_symbol(",") or p.is_symbol(")")):
        if p.accept_word("NOT", "NULL"):
            shape.not_null.add(name)
        elif p.accept_word("PRIMARY", "KEY"):
            shape.keys = [(name, is_quoted)]
        elif p.accept_word("PATH"):
            p.next()
        else:
            p.fail("a column's end")


def query(p):
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
    q.parts = source(p)
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
    items = [select_item(p)]
    while p.accept(","):
        items.append(select_item(p))
    return items


def select_item(p):
    e = expression(p)
    if p.accept_word("AS"):
        return e, p.identifier()[0]
    return (e, e[2]) if e[0] == "column" else p.fail("AS and a name")


def source(p):
    """A stream, or parts in brackets."""
    if not p.accept("("):
        return [Part(p.identifier()[0])]
    parts = [part(p)]
    while p.accept_word("UNION", "ALL", "BY", "NAME"):
        parts.append(part(p))
    p.expect(")")
    return parts


def part(p):
    if not p.accept_word("SELECT"):
        return Part(p.identifier()[0])
    items = [part_item(p)]
    while p.accept(","):
        items.append(part_item(p))
    p.expect_word("FROM")
    made = Part(p.identifier()[0], items)
    if p.accept_word("LEFT", "JOIN"):
        table = p.identifier()[0]
        p.expect_word("ON")
        made.join = (table, expression(p))
    if p.accept_word("WHERE"):
        made.where = expression(p)
    return made


def part_item(p):
    """* and name.* stand for all columns there are."""
    if p.accept("*"):
        return ("star", None)
    if p.peek(1).text == "." and p.peek(2).text == "*" and p.peek(2).kind == "symbol":
        name = p.identifier()[0]
        p.next()
        p.next()
        return ("star", name)
    return select_item(p)


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
