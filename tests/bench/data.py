"""The rows that the workloads read: the same on every machine, and shaped like what they stand for.

Times are milliseconds. Within a key no two rows have one time, so that a query in SQL need not ask which came first.
"""
import random
from math import log

BEGIN = 1_767_600_000_000       # 2026-01-05T08:00:00Z
SYMBOLS = ["IBM", "AIG", "BAC", "CAT", "DIS", "GE", "HPQ", "JPM", "KO", "MMM", "T", "XOM"]
STOCKS = ["INTC", "RIMM", "QQQ", "IPIX", "AMAT", "CSCO", "YHOO", "DELL", "ORCL", "MSFT"]


class Chance:
    """All from random(), whose numbers for a seed no version of Python changes."""

    def __init__(self, seed):
        self.real = random.Random("tocsin bench, " + seed).random

    def below(self, n):
        return int(self.real() * n)

    def one_of(self, chances):
        """chances: [(what, part of 1)]"""
        x = self.real()
        for what, part in chances:
            x -= part
            if x < 0:
                return what
        return chances[-1][0]

    def wait(self, mean):
        return int(-log(1 - self.real()) * mean)


def trades(n):
    """Twelve shares: thirty trades a second, now and then in bursts; prices that walk, stand, and seldom jump."""
    c, t = Chance("trades"), BEGIN
    price, last, rows = {s: 2000 + 1500 * i for i, s in enumerate(SYMBOLS)}, dict.fromkeys(SYMBOLS, 0), []
    mean = 33
    for _ in range(n):
        if c.real() < 0.01:
            mean = 5 if mean == 33 and c.real() < 0.4 else 33
        t += c.wait(mean)
        s = SYMBOLS[c.below(12)]
        at = max(t, last[s] + 1)
        step = 0 if c.real() < 0.6 else (c.real() - 0.5) * (0.03 if c.real() < 0.001 else 0.0006)
        price[s] = max(500, round(price[s] * (1 + step)))
        last[s] = at
        rows.append((at, s, price[s] / 100, 100 * (1 + c.below(30))))
    rows.sort(key=lambda row: row[0])
    return rows


SHOP = [("browsing", 0.60), ("add_to_cart", 0.22), ("checkout", 0.08), ("remove_from_cart", 0.04), ("logout", 0.06)]


def shop(n):
    """A customer to a hundred rows, who comes again after ten minutes to two hours."""
    c, rows = Chance("shop"), []
    for i in range(n):
        if i % 100 == 0:
            customer, t = 1000 + i // 100, BEGIN + c.below(20 * 3_600_000)
        t += 600_000 + c.below(6_600_000) if c.real() < 0.12 else 1000 + c.wait(60_000)
        event = c.one_of(SHOP)
        rows.append((customer, t, event, f"item {c.below(500)}" if event != "logout" else "", c.below(20000) / 100))
    rows.sort(key=lambda row: (row[1], row[0]))
    return rows


def sshd(n):
    """An address to five hundred rows: some guess passwords for minutes, the others come in."""
    c, rows = Chance("sshd"), []
    for i in range(n):
        if i % 500 == 0:
            address, guesses, left = f"10.{i // 500 // 250}.{i // 500 % 250}.7", c.real() < 0.5, 0
            t = BEGIN + c.below(6 * 3_600_000)
        if guesses and not left:
            left = 10 + c.below(200)
            t += 300_000 + c.below(3_000_000)
        t += 200 + c.wait(2500 if guesses else 400_000)
        left -= left > 0
        if guesses:
            event = "accepted" if not left and c.real() < 0.3 else "failed" if c.real() < 0.6 else "invalid_user"
        else:
            event = c.one_of([("accepted", 0.5), ("failed", 0.1), ("disconnected", 0.4)])
        rows.append((t, event, f"user{c.below(300)}", address))
    rows.sort(key=lambda row: (row[0], row[3]))
    return rows


def runs(n):
    """A hundred keys in turn, 50 ms apart within each: half of the rows x, one in twenty y."""
    c = Chance("runs")
    return [(BEGIN + i // 2, i % 100, c.one_of([("x", 0.5), ("y", 0.05), ("z", 0.45)]), (10000 + c.below(6000)) / 100) for i in range(n)]


def stock(n):
    c, t, rows = Chance("stock"), BEGIN, []
    for _ in range(n):
        t += 1 + c.below(47)
        rows.append((t, "BUY" if c.real() < 0.5 else "SELL", STOCKS[c.below(10)], c.below(10000) / 100, 1 + c.below(1000)))
    return rows


def ab(n):
    c = Chance("ab")
    return [(BEGIN + i, "a" if c.real() < 0.5 else "b") for i in range(n)]


def aaa(n):
    return [(BEGIN + i, "a") for i in range(n)]


CRIMES = [("ROBBERY", 0.05), ("BATTERY", 0.19), ("THEFT", 0.09), ("OTHER", 0.67)]


def crime(n):
    """What happens in a city, half a minute apart, and where."""
    c, t, rows = Chance("crime"), BEGIN, []
    for i in range(n):
        t += 1000 * (1 + c.below(59))
        rows.append((t, i, c.one_of(CRIMES), (c.below(3800) - 879000) / 10000, (416500 + c.below(3700)) / 10000))
    return rows


def many(n):
    """Two hundred symbols at random prices, a row each millisecond."""
    c, t, last, rows = Chance("many"), BEGIN, {}, []
    for _ in range(n):
        t += c.below(3)
        sym = f"S{c.below(200):03d}"
        t = max(t, last.get(sym, 0) + 1)
        last[sym] = t
        rows.append((t, sym, (5000 + c.below(10000)) / 100))
    return rows


def patterns(count):
    """What the patterns over `many` ask for: three symbols, a price above, a price below."""
    c = Chance("patterns")
    return [(*(f"S{c.below(200):03d}" for _ in range(3)), 110 + c.below(30), 60 + c.below(30)) for _ in range(count)]


COLUMNS = {
    "trades": "ts BIGINT, name TEXT, price DOUBLE, volume BIGINT",
    "shop": "customer BIGINT, ts BIGINT, event TEXT, product TEXT, price DOUBLE",
    "sshd": "ts BIGINT, event TEXT, user_name TEXT, address TEXT",
    "runs": "ts BIGINT, k BIGINT, type TEXT, v DOUBLE",
    "stock": "ts BIGINT, type TEXT, name TEXT, price DOUBLE, volume BIGINT",
    "ab": "ts BIGINT, type TEXT",
    "aaa": "ts BIGINT, type TEXT",
    "crime": "ts BIGINT, id BIGINT, type TEXT, lon DOUBLE, lat DOUBLE",
    "many": "ts BIGINT, sym TEXT, price DOUBLE",
}
INDEX = {"trades": "name, ts", "shop": "customer, ts", "sshd": "address, ts", "runs": "k, type, ts", "stock": "name, type, ts",
         "crime": "type, ts", "many": "sym, ts"}


def names(stream):
    return [column.split()[0] for column in COLUMNS[stream].split(", ")]


def rows_of(stream, count):
    return globals()[stream](count)


def write(path, stream, rows):
    with open(path, "w") as f:
        f.write(",".join(names(stream)) + "\n")
        f.writelines(",".join(map(str, row)) + "\n" for row in rows)
