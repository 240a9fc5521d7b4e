"""The workloads: what each asks, of which rows, and what is right."""
from dataclasses import dataclass

import golden
from data import patterns


@dataclass(frozen=True)
class Workload:
    name: str
    stream: str
    about: str
    right: object               # of its rows: golden.answer()
    part: float = 1             # of the rows that are asked for
    watched: int = 0            # so many patterns over `many`, which are made
    peers_ask: str = None       # the workload whose query tells what is right for this one as well
    most: int = None            # rows that can be asked for where each partial match is kept by itself

    def count(self, rows):
        return max(100, int(rows * self.part))

    def text(self, folder):
        """The pattern file."""
        if self.watched:
            return watching(self.watched)
        with open(f"{folder}/{self.name}.cep") as f:
            return f.read()


def watching(count):
    return "CREATE STREAM many (ts TIMESTAMP UNIT MILLISECOND, sym TEXT, price DOUBLE);\n" + "".join(
        f"CREATE PATTERN p{n} AS SELECT * FROM many MATCH_RECOGNIZE ( ORDER BY ts MEASURES a.ts AS began, c.price AS price\n"
        f"  AFTER MATCH SKIP TO NEXT ROW PATTERN ( a -> b -> c ) WITHIN 5 SECONDS\n"
        f"  DEFINE a AS sym = '{a}' AND price > {high}, b AS sym = '{b}' AND price < {low}, c AS sym = '{c}' AND price > {high} );\n"
        for n, (a, b, c, high, low) in enumerate(patterns(count)))


def many(count):
    return Workload(f"W11_{count}", "many", f"a -> b -> c within 5 s, {count} pattern{'s' * (count > 1)}",
                    lambda rows: golden.watched(rows, count), watched=count)


def never(name, about, part, most=None):
    return Workload(name, "stock", about, lambda rows: golden.none_of(rows, 2, "NEVER"), part, most=most)


ALL = [
    Workload("W1", "trades", "falls, then rises: down{2,} up{2,}", golden.v_shapes),
    Workload("W2", "trades", "a ->> b ->> c within 1 s, every match", golden.banks),
    Workload("W3", "trades", "a -> b, 1 % higher within 10 s", lambda rows: golden.rises(rows, 1.01)),
    Workload("W3b", "trades", "a -> b, 0.1 % higher within 10 s", lambda rows: golden.rises(rows, 1.001)),
    Workload("W4", "shop", "abandoned cart", lambda rows: golden.carts(rows, True)),
    Workload("W4L", "shop", "abandoned carts, kept by purchases", lambda rows: golden.carts(rows, False), peers_ask="W4"),
    Workload("W5", "sshd", "five failures, then success, 10 min", golden.guesses),
    Workload("W6", "shop", "sessions of half an hour", golden.sessions),
    Workload("W7", "shop", "funnel of three steps, 1 h", golden.funnel),
    Workload("W8", "runs", "100 live values a key, every match", golden.correlated),
    Workload("W9q1", "stock", "3 steps, 10 s, first completion", lambda rows: golden.first_chains(rows, 3)),
    Workload("W9q3", "stock", "9 steps, 10 s, first completion", lambda rows: golden.first_chains(rows, 9)),
    Workload("W9q1all", "stock", "3 steps, 10 s, every match", golden.all_chains),
    never("W9q6", "4 steps that never complete", 0.2),
    never("W9q8", "10 steps that never complete", 0.1, 150),
    never("W9q10", "25 steps that never complete", 0.1, 150),
    Workload("W10a", "ab", "(a | b)* c without a c", lambda rows: golden.none_of(rows, 1, "c")),
    Workload("W10b", "aaa", "a* a* a* b without a b", lambda rows: golden.none_of(rows, 1, "b")),
    Workload("W10c", "crime", "r z* b z* t", golden.crimes, 0.05),
    many(1), many(10), many(100), many(1000),
]
