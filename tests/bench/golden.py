"""What is right: the matches of each workload found by plain loops over its rows, in the way of its question.

Each returns how many matches there are and what the last column of their rows adds up to; `keys` is how many keys have
one. No engine is asked.
"""
from bisect import bisect_right
from collections import defaultdict

from data import patterns

MINUTE = 60_000


def answer(matches, total, **more):
    return {"matches": matches, "total": total, **more}


def parts(rows, key):
    found = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found.values()


def v_shapes(rows):
    """Two or more falls, then two or more rises: neighbouring runs of one sign."""
    matches = total = 0
    for part in parts(rows, 1):
        signs = [(b[2] > a[2]) - (b[2] < a[2]) for a, b in zip(part, part[1:])]
        runs = []
        for sign in signs:
            if runs and runs[-1][0] == sign:
                runs[-1][1] += 1
            else:
                runs.append([sign, 1])
        for (down, n), (up, m) in zip(runs, runs[1:]):
            if down == -1 and up == 1 and n >= 2 and m >= 2:
                matches, total = matches + 1, total + n + m
    return answer(matches, total)


def triples(rows, step, within, last):
    """Every row of the third step with each pair before it whose first is not too long ago. step: of a row, 0 to 2."""
    matches = total = 0
    firsts, seconds = [], []        # (time, row number)
    from_first = from_second = 0
    for i, row in enumerate(rows):
        which = step(row)
        if which == 0:
            firsts.append((row[0], i))
        elif which == 1:
            seconds.append((row[0], i))
        elif which == 2:
            while from_first < len(firsts) and firsts[from_first][0] < row[0] - within:
                from_first += 1
            while from_second < len(seconds) and seconds[from_second][0] < row[0] - within:
                from_second += 1
            found, a = 0, from_first
            for b in range(from_second, len(seconds)):
                while a < len(firsts) and firsts[a][1] < seconds[b][1]:
                    a += 1
                found += a - from_first
            matches, total = matches + found, total + found * row[last]
    return answer(matches, total)


def banks(rows):
    return triples(rows, lambda row: ("IBM", "AIG", "BAC").index(row[1]) if row[1] in ("IBM", "AIG", "BAC") else None, 1000, 3)


def rises(rows, factor):
    """The first row within 10 s at a price so much higher."""
    matches = total = 0
    for part in parts(rows, 1):
        for i, a in enumerate(part):
            for j in range(i + 1, len(part)):
                if part[j][0] > a[0] + 10_000:
                    break
                if part[j][2] > a[2] * factor:
                    matches, total = matches + 1, total + part[j][3]
                    break
    return answer(matches, total)


def carts(rows, forgets):
    """Things put into a cart, then nothing bought for half an hour. forgets: buying empties the cart."""
    matches = total = 0
    for part in parts(rows, 0):
        items, last, bought = 0, None, False
        for _, t, event, _, _ in part + [(None, float("inf"), "", "", 0)]:
            if items and not bought and t > last + 30 * MINUTE:
                matches, total, items = matches + 1, total + items, 0
            if event == "add_to_cart":
                items, last, bought = items + 1, t, False
            elif event == "checkout":
                bought = True
                if forgets:
                    items = 0
    return answer(matches, total)


def guesses(rows):
    """Five failures or more, then the next success, all within ten minutes."""
    matches = total = 0
    for part in parts(rows, 3):
        i = 0
        while i < len(part):
            failures, end = 0, None
            if part[i][1] in ("failed", "invalid_user"):
                for j in range(i, len(part)):
                    if part[j][0] > part[i][0] + 10 * MINUTE:
                        break
                    if part[j][1] == "accepted" and failures >= 5:
                        end = j
                        break
                    failures += part[j][1] in ("failed", "invalid_user")
            if end is not None:
                matches, total = matches + 1, total + failures
            i = i + 1 if end is None else end + 1
    return answer(matches, total)


def sessions(rows):
    """Rows of a customer that lie no more than half an hour apart."""
    matches = total = 0
    for part in parts(rows, 0):
        begin = None
        for (_, t, *_), after in zip(part, part[1:] + [None]):
            begin = t if begin is None else begin
            if after is None or after[1] > t + 30 * MINUTE:
                matches, total, begin = matches + 1, total + t - begin, None
    return answer(matches, total)


def funnel(rows):
    """Looked, then put into the cart, then bought: the first of each, within an hour."""
    matches = total = keys = 0
    for part in parts(rows, 0):
        i, before = 0, matches
        while i < len(part):
            end, wanted = None, ["checkout", "add_to_cart"]
            if part[i][2] == "browsing":
                for j in range(i + 1, len(part)):
                    if part[j][1] > part[i][1] + 60 * MINUTE:
                        break
                    if part[j][2] == wanted[-1]:
                        wanted.pop()
                        if not wanted:
                            end = j
                            break
            if end is not None:
                matches, total = matches + 1, total + part[end][1] - part[i][1]
            i = i + 1 if end is None else end + 1
        keys += matches > before
    return answer(matches, total, keys=keys)


def correlated(rows):
    """Every x with every y within 10 s whose value is half as much again."""
    matches, total = 0, 0.0
    for part in parts(rows, 1):
        begin, xs = 0, []
        for t, _, kind, v in part:
            if kind == "x":
                xs.append((t, v))
            elif kind == "y":
                while begin < len(xs) and xs[begin][0] < t - 10_000:
                    begin += 1
                found = sum(v > x * 1.5 for _, x in xs[begin:])
                matches, total = matches + found, total + found * v
    return answer(matches, total)


STEPS = [("SELL", "INTC"), ("BUY", "RIMM"), ("SELL", "QQQ"), ("BUY", "IPIX"), ("SELL", "AMAT"), ("BUY", "CSCO"), ("SELL", "YHOO"),
         ("BUY", "DELL"), ("SELL", "ORCL")]


def first_chains(rows, length):
    """The first chain of so many steps from each start, within 10 s; what follows it begins behind it."""
    places = {step: [i for i, row in enumerate(rows) if row[1:3] == step] for step in STEPS}
    matches = total = behind = 0
    for start in places[STEPS[0]]:
        at = start
        for step in STEPS[1:length]:
            n = bisect_right(places[step], at)
            at = places[step][n] if n < len(places[step]) else None
            if at is None or rows[at][0] > rows[start][0] + 10_000:
                at = None
                break
        if start >= behind and at is not None:
            matches, total, behind = matches + 1, total + rows[at][4], at + 1
    return answer(matches, total)


def all_chains(rows):
    steps = {step: n for n, step in enumerate(STEPS[:3])}
    return triples(rows, lambda row: steps.get(row[1:3]), 10_000, 4)


def none_of(rows, column, value):
    """What cannot match, since no row has the value that its last step wants."""
    assert all(row[column] != value for row in rows)
    return answer(0, 0)


def crimes(rows):
    """Of a robbery: the last battery nearby that has a theft nearby behind it, and the last such theft within half an hour."""
    matches = total = 0
    for i, (t, _, kind, lon, lat) in enumerate(rows):
        if kind != "ROBBERY":
            continue
        theft, batteries = None, []
        for j in range(i + 1, len(rows)):
            at, _, what, x, y = rows[j]
            if at > t + 30 * MINUTE:
                break
            if not (lon - 0.05 <= x <= lon + 0.05 and lat - 0.05 <= y <= lat + 0.05):
                continue
            if what == "BATTERY":
                batteries.append(j)
            elif what == "THEFT" and batteries:
                theft = j
        if theft is not None:
            matches, total = matches + 1, total + theft - i - 2
    return answer(matches, total)


def watched(rows, count):
    """For each of so many patterns: from each start the next row of the second step, then of the third, within 5 s."""
    places = defaultdict(list)
    for i, row in enumerate(rows):
        places[row[1]].append(i)
    matches, total = 0, 0.0
    for first, second, third, high, low in patterns(count):
        seconds = [i for i in places[second] if rows[i][2] < low]
        thirds = [i for i in places[third] if rows[i][2] > high]
        for start in places[first]:
            if rows[start][2] <= high:
                continue
            b = bisect_right(seconds, start)
            c = bisect_right(thirds, seconds[b]) if b < len(seconds) else len(thirds)
            if c < len(thirds) and rows[thirds[c]][0] <= rows[start][0] + 5000:
                matches, total = matches + 1, total + rows[thirds[c]][2]
    return answer(matches, total)
