"""Output rows: the output modes of section 5 and the measures of section 7 of the language page."""
import json

from oracle.expressions import Frame
from oracle.values import MatchId


def layout(plan):
    """The columns of SELECT *: names and types, and how each value is found.

    A source is ("column", index), ("measure", index) or ("own", name) for the columns that stand in for
    missing MEASURES.
    """
    measures = [(name, b.type, ("measure", i)) for i, (name, b) in enumerate(plan.measures)]
    keys = [(plan.columns[i][0], plan.columns[i][1], ("column", i)) for i in plan.keys]
    if not plan.all_rows:
        if plan.measures:
            return keys + measures
        ends = [("match_start", plan.order_type, ("own", "MATCH_START")), ("match_end", plan.order_type, ("own", "MATCH_END"))]
        return keys + (ends if plan.order else []) + [("match_rows", "BIGINT", ("own", "rows"))]
    used = list(plan.keys)
    order = [i for i, _ in plan.order if i not in used and i < len(plan.columns)]
    used += order
    hidden = {name.lower() for name, _ in plan.measures}       # a measure hides a column of its name
    rest = [i for i in range(len(plan.columns)) if i not in used and plan.columns[i][0].lower() not in hidden]
    column = lambda i: (plan.columns[i][0], plan.columns[i][1], ("column", i))
    return keys + [column(i) for i in order] + measures + [column(i) for i in rest]


def facts(plan, e):
    """What is true of the whole match, on every one of its rows."""
    p, found = e.partition, {}
    rows = e.path.mapped() if e.path else []
    time = lambda i: p.rows[i][plan.order[0][0]] if plan.order else None
    found["MATCH_NUMBER"] = e.number
    found["MATCH_ID"] = MatchId(e.serial)
    found["MATCH_STATUS"] = e.status if e.path else None
    found["PATH"] = json.dumps([label for _, label in rows], separators=(",", ":"), ensure_ascii=False)
    found["MATCH_START"] = time(rows[0][0]) if rows else None
    found["MATCH_END"] = time(rows[-1][0]) if rows else None
    found["rows"] = len(rows)
    found["WINDOW_START"], found["WINDOW_END"] = p.window or (None, None)
    if e.out_time is not None:
        found["MATCH_ROWTIME"] = e.out_time
    elif e.path and e.path.elements:
        last = e.path.elements[-1]
        found["MATCH_ROWTIME"] = time(last[1]) if last[0] == "row" else last[1]
    else:
        found["MATCH_ROWTIME"] = time(e.start)       # an empty match has the time of its start row
    return found


def output_time(plan, e):
    return facts(plan, e)["MATCH_ROWTIME"]


def output(plan, e):
    """The rows of one event, as lists of values of the layout."""
    p, columns = e.partition, layout(plan)
    known = facts(plan, e)
    rows = e.path.mapped() if e.path else []

    def one(row, running, measured=True):
        frame = Frame(p.rows, rows, running, facts=known)
        values = []
        for _, _, (kind, what) in columns:
            if kind == "column":
                values.append(p.rows[row][what])
            elif kind == "own":
                values.append(known[what])
            else:
                values.append(plan.measures[what][1].value(frame) if measured else None)
        return values

    if e.path is None:
        return [one(e.start, 0, measured=False)]
    if not plan.all_rows:
        return [one(e.start, len(rows))]
    if not rows:
        return [] if plan.empty == "OMIT" else [one(e.start, 0)]
    shown = [element for element in e.path.elements if element[0] == "row"]
    return [one(element[1], n + 1) for n, element in enumerate(shown) if not element[3]]
