"""Case files in SQLite: rows become a table, the query a call of tocsin_query() and a table USING tocsin.

A case suits if all it takes is rows. Its streams are those of the tables, unless the text declares what a table has no
words for (WATERMARK, PATH, UNIT, NOT NULL, keys of a table): then the declarations go along. Cases with late rows are
for the command alone, as SQLite's rows are put in order.
"""
import json
import math
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import format as f                      # noqa: E402
from sqlite import player as sql        # noqa: E402

PLAIN = re.compile(r'("(?:[^"]|"")*"|\w+) \w+')
CODE = re.compile(r"\[([EU]\d+)\]")
COMMAND = re.compile(r"late row|rows_late|rows_bad|the command has none")


def suits(case):
    """Whether the case can be played: it has rows and promises what comes of them, and nothing of the command."""
    names = [[c.lower() for c in f.rows_of(block).columns] for block in case.all("rows")]
    alone = all(len(set(n)) == len(n) for n in names) and not any(case.all(kind) for kind in ("args", "host", "input", "check"))
    promised = case.one("expect") or case.one("fails")
    said = " ".join(f.inner_text(block) for kind in ("fails", "stats") for block in case.all(kind))
    return bool(alone and promised and case.all("rows") and not COMMAND.search(said))


def tables(case):
    """The tables: their statements, and whether plain columns are all they have."""
    found, plain = {}, True
    for block in case.all("rows"):
        rows = f.rows_of(block)
        plain = plain and all(PLAIN.fullmatch(part) for part in f.split_columns(rows.declaration))
        columns, values = found.setdefault(rows.stream, (list(zip(rows.columns, rows.types)), []))
        for row in rows.rows:
            line = "[" + ",".join(f.as_json(v, t) for v, t in zip(row, rows.types)) + "]"
            values.append([v if not isinstance(v, (list, dict)) else json.dumps(v) for v in json.loads(line)])
    return "".join(sql.table(name, [c for c in columns], values) for name, (columns, values) in found.items()), plain


def cell(value):
    """A column's value as a cell, an infinity as JSON Lines have it."""
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "null"
    return f.show(f.loads(json.dumps(value)))


def difference(promised, came):
    """None, or the rows that differ."""
    if promised == came:
        return None
    return "promised\n" + "\n".join(f.lined_up(promised)) + "\ncame\n" + "\n".join(f.lined_up(came))


def typed_cell(value):
    """A promised cell as a column of SQLite has it."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, f.Number):
        return value if re.fullmatch(r"-?\d+", value) else repr(float(value))
    return f.show(f.as_json(value) if isinstance(value, (list, dict)) else value)


def failure(case, answer):
    """What is wrong with an answer that should be a failure; None: nothing."""
    if not answer.code:
        return "it should fail, but did not"
    wanted = " ".join(f.inner_text(f.Block("", "", case.one("fails").lines)).split())
    wanted = re.sub(r"^(\S+:\d+: |tocsin: )", "", wanted)
    if CODE.search(wanted):                    # of the compiler, which the pages and cases of the command hold to the letter
        return None if set(CODE.findall(wanted)) == set(CODE.findall(answer.message)) else answer.message
    return None if wanted in " ".join(answer.message.split()) else f"promised {wanted}\ncame     {answer.message}"


def play(case, text, declared, host):
    """What is wrong with the case in SQLite; None: nothing. text: with declarations, as the command reads it."""
    made, plain = tables(case)
    query = case.one("query")
    if query and plain:
        text = f.inner_text(query)
    several = len(re.findall(r"\bCREATE\s+PATTERN\b", text, re.I)) > 1
    forms = [sql.adhoc] if several else [sql.adhoc, sql.typed]
    answers = sql.play(host, [block for form in forms for block in (b"OPEN\n", made, form(text))])
    for at, form in enumerate(forms):
        opened, filled, answer = answers[3 * at:3 * at + 3]
        wrong = next((a.message for a in (opened, filled) if a.code), None) or judge(case, answer, form, several)
        if wrong:
            return f"{'tocsin_query' if form is sql.adhoc else 'USING tocsin'}: {wrong}"
    return None


def judge(case, answer, form, several):
    expect = case.one("expect")
    if case.one("fails"):
        wrong = failure(case, answer)
        if wrong:
            return wrong
    elif answer.code:
        return answer.message
    if not expect:
        return None
    promised = [[f.show(v) for v in row] for row in f.table(expect)]
    if form is sql.adhoc:
        found = [({"pattern": pattern} if several else {}) | f.loads(row) for pattern, row in answer.rows]
        columns, came = list(found[0]) if found else [], [[f.show(v) for v in row.values()] for row in found]
    else:
        columns, came = answer.columns, [[cell(v) for v in row] for row in answer.rows]
        promised = [[typed_cell(v) for v in row] for row in f.table(expect)]
    if came and expect.head and expect.head != "(" + ", ".join(columns) + ")":
        return f"columns ({', '.join(columns)}), {expect.head} promised"
    return difference(promised, came)
