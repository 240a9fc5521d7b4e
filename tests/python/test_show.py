"""What notebooks show: automata, tables, timelines."""
import re
import unittest
import xml.etree.ElementTree as tree

import tocsin
from helpers import PAIR, ROWS, optional
from tocsin import _plot

V = """CREATE STREAM t (name TEXT, ts BIGINT, price DOUBLE, volume BIGINT);
SELECT name, n FROM t MATCH_RECOGNIZE (PARTITION BY name ORDER BY ts MEASURES COUNT(*) AS n PATTERN (down{2,} up{2,})
  DEFINE down AS price < PREV(price), up AS price > PREV(price)) WHERE n > 4"""
PRICES = [("x", i, p, 1) for i, p in enumerate([5, 4, 3, 2, 3, 4, 4, 3])] + [("y", 10 + i, p, 1) for i, p in enumerate([9, 8, 7, 8, 9])]


def texts(svg):
    return [e.text for e in tree.fromstring(str(svg)).iter("{http://www.w3.org/2000/svg}text")]


class Automata(unittest.TestCase):
    def test_a_picture(self):
        shown = tocsin.compile(V)._repr_html_()
        (svg,) = re.findall(r"<svg.*?</svg>", shown, re.S)
        self.assertLessEqual({"DOWN", "UP", "match"}, {t.strip() for t in texts(svg) if t})
        self.assertIn("registers", shown)
        two = V.partition("\n")[0] + "".join(f"CREATE PATTERN {n} AS {V.partition(chr(10))[2]};" for n in ("v", "w"))
        self.assertEqual(len(re.findall("<svg", tocsin.compile(two)._repr_html_())), 2)

    def test_without_a_stream(self):
        self.assertIn("whose columns come with the data", tocsin.compile(V.partition("\n")[2])._repr_html_())


class Timelines(unittest.TestCase):
    def timeline(self, text=V, rows=PRICES):
        found = tocsin.compile(text).match(rows)
        return _plot.timeline(found, None, *found._source)

    def test_what_is_drawn(self):
        t = self.timeline()
        self.assertEqual((t.total, t.labels, t.value_name, t.time_name), (2, ["DOWN", "UP"], "price", "ts"))
        x, y = t.lanes
        self.assertEqual((x.title, x.spans, y.title, y.spans), ("x", [(1, 5)], "y", [(11, 14)]))
        self.assertEqual(x.events, [(w, l) for w, l in enumerate([None, "DOWN", "DOWN", "DOWN", "UP", "UP", None, None])][1:])
        self.assertEqual(dict(x.values)[3], 2)

    def test_our_own_picture(self):
        svg = tocsin.compile(V).match(PRICES).plot(backend="svg")
        words = texts(svg)
        for word in ("2 matches", "DOWN", "UP", "x", "y", "price"):
            self.assertIn(word, words)
        self.assertEqual(svg._repr_svg_(), str(svg))

    def test_nothing_to_draw(self):
        self.assertIn("0 matches", str(tocsin.compile(V).match(PRICES[:3]).plot(backend="svg")))

    def test_no_skip_and_times(self):
        found = tocsin.compile(PAIR.replace("PATTERN", "AFTER MATCH NO SKIP PATTERN")).match(ROWS)
        self.assertIn("2026-01-01 00:00:01", str(found.plot(backend="svg")))

    def test_data_that_is_read_once(self):
        found = tocsin.compile(V).match(iter(PRICES))
        with self.assertRaisesRegex(tocsin.Error, "give it"):
            found.plot()
        self.assertIn("2 matches", str(found.plot(PRICES, backend="svg")))
        with tocsin.compile(V).open() as s:
            pushed = s.push(PRICES)
        self.assertIn("2 matches", str(pushed.plot(PRICES, backend="svg")))

    def test_queries_and_several_patterns(self):
        t = PRICES
        self.assertTrue(t)
        named = "CREATE PATTERN v AS " + V.replace("WHERE n > 4", "").partition(";\n")[2]
        text = V.partition("\n")[0] + named + ";CREATE PATTERN w AS " + V.partition(";\n")[2]
        found = tocsin.compile(text).match(PRICES)
        self.assertIn("2 matches", str(found["w"].plot(backend="svg")))
        with self.assertRaisesRegex(tocsin.Error, "several patterns"):
            found.plot(backend="svg")
        frames = [dict(zip(("name", "ts", "price", "volume"), r)) for r in PRICES]
        self.assertIn("2 matches", str(tocsin.query(V.partition(";\n")[2].replace("FROM t", "FROM frames"), frames=frames).plot(backend="svg")))

    def test_wrong_words(self):
        found = tocsin.compile(V).match(PRICES)
        self.assertRaisesRegex(tocsin.Error, "backend", lambda: found.plot(backend="crayons"))
        self.assertRaisesRegex(tocsin.Error, "no column w", lambda: found.plot(value="w"))

    def test_matplotlib(self):
        optional("matplotlib")
        figure = tocsin.compile(V).match(PRICES).plot(backend="matplotlib")
        self.assertEqual([a.get_ylabel() for a in figure.axes], ["x", "y"])
        figure.canvas.draw()

    def test_altair(self):
        optional("altair")
        chart = tocsin.compile(V).match(PRICES).plot(backend="altair").to_dict()
        self.assertEqual(len(chart["vconcat"]), 2)


if __name__ == "__main__":
    unittest.main()
