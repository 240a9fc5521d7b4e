"""Others that answer the same questions: each loads the rows of a workload, then answers as often as it is asked.

What a peer gives is a dict with some of `matches`, `total` and `keys`: as much as its query can tell. Its times are
processor seconds of the query alone, on one thread, over rows that are in memory; SQLite has the index that helps it most.
"""
import os
import time

from data import COLUMNS, INDEX, names, patterns

HERE = os.path.dirname(os.path.abspath(__file__))


class TooSlow(Exception):
    pass


def query(workload, peer):
    """The text of a query in SQL, or None."""
    if workload.watched:
        return watched(workload.watched) if workload.watched <= (10 if peer == "sqlite" else 100) else None
    name = workload.peers_ask or workload.name
    for file in (f"{name}.{peer}.sql", f"{name}.sql"):
        path = os.path.join(HERE, file)
        if os.path.exists(path):
            with open(path) as f:
                return f.read()
    return None


def watched(count):
    """A start has a match if some row of the second step and, behind it, of the third come soon enough."""
    return "SELECT sum(n) AS matches FROM (" + " UNION ALL ".join(
        f"SELECT count(DISTINCT a.place) AS n FROM (SELECT * FROM many WHERE sym = '{first}' AND price > {high}) a "
        f"JOIN (SELECT * FROM many WHERE sym = '{second}' AND price < {low}) b ON b.place > a.place AND b.ts <= a.ts + 5000 "
        f"JOIN (SELECT * FROM many WHERE sym = '{third}' AND price > {high}) c ON c.place > b.place AND c.ts <= a.ts + 5000"
        for first, second, third, high, low in patterns(count)) + ")"


class Sqlite:
    name = "SQLite"

    def __init__(self, stream, rows, path):
        import sqlite3
        columns = names(stream)
        self.db = sqlite3.connect(":memory:")
        self.db.execute(f"CREATE TABLE {stream} ({COLUMNS[stream]}, place INTEGER PRIMARY KEY)")
        self.db.executemany(f"INSERT INTO {stream} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)
        if stream in INDEX:
            self.db.execute(f"CREATE INDEX {stream}_index ON {stream} ({INDEX[stream]})")
        self.db.execute("ANALYZE")

    def question(self, workload, limit):
        text = query(workload, "sqlite")
        return text and (lambda: self.answer(text, limit))

    def answer(self, text, limit):
        begin = time.process_time()
        self.db.set_progress_handler(lambda: time.process_time() - begin > limit, 100_000)
        try:
            cursor = self.db.execute(text)
            return dict(zip([d[0] for d in cursor.description], cursor.fetchone()))
        except Exception as e:
            raise TooSlow if "interrupted" in str(e) else e
        finally:
            self.db.set_progress_handler(None, 0)


class Duckdb:
    name = "DuckDB"

    def __init__(self, stream, rows, path):
        import duckdb
        columns = ", ".join(f"'{c.split()[0]}': '{c.split()[1].replace('TEXT', 'VARCHAR')}'" for c in COLUMNS[stream].split(", "))
        self.db = duckdb.connect(config={"threads": 1})
        self.db.execute("SET preserve_insertion_order = true")
        self.db.execute(f"CREATE TABLE {stream} AS SELECT *, row_number() OVER () AS place FROM read_csv('{path}', header = true, columns = {{{columns}}})")

    def question(self, workload, limit):
        text = query(workload, "duckdb")
        return text and (lambda: self.answer(text, limit))

    def answer(self, text, limit):
        import threading
        ended = []
        timer = threading.Timer(3 * limit, lambda: (ended.append(True), self.db.interrupt()))
        timer.start()
        try:
            cursor = self.db.execute(text)
            return dict(zip([d[0] for d in cursor.description], cursor.fetchone()))
        except Exception:
            if ended:
                raise TooSlow from None
            raise
        finally:
            timer.cancel()


class Polars:
    name = "polars"

    def __init__(self, stream, rows, path):
        os.environ["POLARS_MAX_THREADS"] = "1"
        import polars
        self.pl, self.rows = polars, polars.read_csv(path)

    def question(self, workload, limit):
        return {"W1": self.v_shapes, "W4": self.carts, "W4L": self.carts, "W6": self.sessions}.get(workload.name)

    def v_shapes(self):
        c, rows = self.pl.col, self.rows
        moves = rows.select("name", sign=(c("price") - c("price").shift(1)).sign().over("name"))
        moves = moves.with_columns(run=(c("sign") != c("sign").shift(1)).fill_null(True).cum_sum().over("name"))
        runs = moves.group_by("name", "run").agg(c("sign").first(), n=self.pl.len()).sort("name", "run")
        pairs = runs.with_columns(then=c("sign").shift(-1).over("name"), m=c("n").shift(-1).over("name"))
        found = pairs.filter((c("sign") == -1) & (c("then") == 1) & (c("n") > 1) & (c("m") > 1))
        return {"matches": found.height, "total": int((found["n"] + found["m"]).sum())}

    def carts(self):
        c = self.pl.col
        steps = self.rows.filter(c("event").is_in(["add_to_cart", "checkout"])).select("customer", "ts", "event")
        steps = steps.with_columns(after=c("ts").shift(-1).over("customer"))
        ends = steps.filter((c("event") == "add_to_cart") & (c("after").is_null() | (c("after") > c("ts") + 1_800_000)))
        return {"matches": ends.height}

    def sessions(self):
        c = self.pl.col
        begins = (c("ts") - c("ts").shift(1) > 1_800_000).fill_null(True).over("customer")
        rows = self.rows.select("customer", "ts", begin=begins)
        rows = rows.with_columns(visit=c("begin").cast(self.pl.Int32).cum_sum().over("customer"))
        visits = rows.group_by("customer", "visit").agg(lasted=c("ts").max() - c("ts").min())
        return {"matches": visits.height, "total": int(visits["lasted"].sum())}


def installed(wanted):
    """The peers that can be asked here."""
    found = []
    for peer, module in ((Sqlite, "sqlite3"), (Duckdb, "duckdb"), (Polars, "polars")):
        if wanted and peer.name.lower() not in wanted:
            continue
        try:
            __import__(module)
        except ImportError:
            continue
        found.append(peer)
    return found
