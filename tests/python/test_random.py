"""Random rows: every way in, and any cuts between pushes, gives what the rows as a whole give."""
import datetime
import random
import unittest

import tocsin
from helpers import UTC, optional

TYPES = {"k": "TEXT", "v": "DOUBLE", "i": "BIGINT", "b": "BOOLEAN", "ts": "TIMESTAMP"}
TEXT = f"""CREATE STREAM s (n BIGINT, {', '.join(f'{n} {t}' for n, t in TYPES.items())});
SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY n
  MEASURES first(a.n) AS a, last(c.n) AS c, COUNT(*) AS n, MAX(b2.v) AS v, LAST(c.ts) AS ts, COUNT(b2.i) AS i
  AFTER MATCH SKIP TO NEXT ROW PATTERN (a b2* -> c) DEFINE a AS b, b2 AS v > 0 OR i < 3, c AS NOT b AND ts IS NOT NULL)"""


def rows_of(draw, count):
    """draw(a, b): an integer from a to b."""
    maybe = lambda value: None if draw(0, 9) == 0 else value
    start = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    return [{"n": i, "k": ["x", "y", "ä"][draw(0, 2)], "v": maybe(draw(-50, 50) / 8), "i": maybe(draw(-2**63, 2**63 - 1) if draw(0, 5) == 0 else draw(0, 9)),
             "b": maybe(draw(0, 1) == 1), "ts": maybe(start + datetime.timedelta(microseconds=draw(0, 10**12)))} for i in range(count)]


class Ways(unittest.TestCase):
    pattern = tocsin.compile(TEXT)

    def check(self, rows, cuts, shapes):
        wanted = self.pattern.match(rows).to_dicts()
        for shape in shapes:
            self.assertEqual(self.pattern.match(shape(rows)).to_dicts(), wanted)
        found, at = [], 0
        with self.pattern.open(bad="fail", late=None) as s:
            for cut in [*sorted(cuts), len(rows)]:
                found += [m.to_dict() for m in s.push(rows[at:cut])]
                at = max(at, cut)
            found += [m.to_dict() for m in s.finish()]
        self.assertEqual(sorted(found, key=str), sorted(wanted, key=str))
        return len(wanted)

    def shapes(self):
        yield iter
        yield lambda rows: [tuple(r[n] for n in ("n", *TYPES)) for r in rows]
        yield lambda rows: {n: [r[n] for r in rows] for n in ("n", *TYPES)}
        for name in ("pyarrow", "polars", "pandas"):
            try:
                module = optional(name)
            except unittest.SkipTest:
                continue
            if name == "pyarrow":
                schema = module.schema([("n", module.int32()), ("k", module.dictionary(module.int8(), module.string())), ("v", module.float64()),
                                        ("i", module.int64()), ("b", module.bool_()), ("ts", module.timestamp("us", "UTC"))])
                table = lambda rows, m=module, s=schema: m.Table.from_pylist(rows, s)
                yield table
                yield lambda rows: table(rows[:1] + rows).slice(1)
            elif name == "polars":
                schema = {"n": module.Int64, "k": module.String, "v": module.Float64, "i": module.Int64, "b": module.Boolean, "ts": module.Datetime("us", "UTC")}
                yield lambda rows, m=module, s=schema: m.DataFrame(rows, schema=s)
            else:
                yield lambda rows, m=module: m.DataFrame({"n": [r["n"] for r in rows], "k": m.Series([r["k"] for r in rows], dtype=object),
                                                          "v": m.Series([r["v"] for r in rows], dtype="float64"),
                                                          "i": m.array([r["i"] for r in rows], "Int64"), "b": m.array([r["b"] for r in rows], "boolean"),
                                                          "ts": m.Series([r["ts"] for r in rows], dtype="datetime64[us, UTC]")})

    def test_by_chance(self):
        total = 0
        for seed in range(60):
            chance = random.Random(seed)
            rows = rows_of(chance.randint, chance.randint(0, 120))
            total += self.check(rows, [chance.randint(0, len(rows)) for _ in range(4)], self.shapes())
        self.assertGreater(total, 300)

    def test_by_hypothesis(self):
        hypothesis = optional("hypothesis")
        data = optional("hypothesis.strategies").data()

        @hypothesis.settings(max_examples=60, deadline=None, database=None)
        @hypothesis.given(data)
        def play(given):
            integers = optional("hypothesis.strategies").integers
            draw = lambda a, b: given.draw(integers(a, b))
            rows = rows_of(draw, draw(0, 12))
            self.check(rows, [draw(0, len(rows)) for _ in range(2)], self.shapes())

        play()


if __name__ == "__main__":
    unittest.main()
