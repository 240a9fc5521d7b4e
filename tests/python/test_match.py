"""Compiling, matching, streams and errors, with nothing but Python itself."""
import asyncio
import array
import datetime
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import traceback
import unittest

import tocsin
from helpers import COMMAND, FOUND, PAIR, ROWS, SOURCE, UTC, echo

FUNCTION = """
CREATE FUNCTION score(DOUBLE) RETURNS DOUBLE;
CREATE STREAM s (k TEXT, ts BIGINT, v DOUBLE);
SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts MEASURES a.ts AS at, score(a.v) AS score PATTERN (a) DEFINE a AS score(v) > 0.5)
"""


class Compiling(unittest.TestCase):
    def test_a_pattern_tells_its_columns(self):
        schema = tocsin.compile(PAIR).schema
        self.assertEqual([(c.name, c.type) for c in schema.streams["s"]], [("k", "TEXT"), ("ts", "TIMESTAMP"), ("v", "DOUBLE")])
        self.assertEqual([(c.name, c.type) for c in schema.patterns[""]], [("k", "TEXT"), ("av", "DOUBLE"), ("bt", "TIMESTAMP")])

    def test_a_wrong_pattern_tells_where_and_why(self):
        with self.assertRaises(tocsin.PatternError) as raised:
            tocsin.compile(PAIR.replace("v > 2", "w > 2"))
        (found,) = raised.exception.diagnostics
        self.assertEqual((found.severity, found.line), ("error", 4))
        self.assertEqual(PAIR.replace("v > 2", "w > 2")[found.offset:found.offset + found.length], "w")
        self.assertIn("^", str(raised.exception))
        self.assertIsInstance(raised.exception, tocsin.Error)

    def test_places_count_characters(self):
        text = "-- äöü\nSELECT 'äöü' FROM s MATCH_RECOGNISE ("
        with self.assertRaises(tocsin.PatternError) as raised:
            tocsin.compile(text)
        found = raised.exception.diagnostics[0]
        self.assertEqual(text[found.offset:found.offset + found.length], "MATCH_RECOGNISE")
        self.assertEqual(text.splitlines()[1][found.column - 1:][:5], "MATCH")

    def test_parameters(self):
        path = os.path.join(SOURCE, "patterns", "commerce", "abandoned_cart.cep")
        few = tocsin.compile(path, idle="10 minutes").match(os.path.join(SOURCE, "patterns", "samples", "shop.jsonl"))
        same = tocsin.compile(path, parameters={"idle": datetime.timedelta(minutes=10)}).match(os.path.join(SOURCE, "patterns", "samples", "shop.jsonl"))
        self.assertEqual(few.to_dicts(), same.to_dicts())
        with self.assertRaises(tocsin.PatternError):
            tocsin.compile(path, idle="soon")

    def test_a_saved_pattern_matches_the_same(self):
        again = tocsin.load_pattern(tocsin.compile(PAIR).save())
        self.assertEqual(again.match(ROWS).to_dicts(), FOUND)
        with self.assertRaises(tocsin.CorruptError):
            tocsin.load_pattern(b"nothing of the kind")

    def test_explain(self):
        self.assertIn("automaton", tocsin.compile(PAIR).explain())

    def test_a_stream_that_the_data_declares(self):
        text = PAIR[PAIR.index("SELECT"):]
        p = tocsin.compile(text)
        self.assertEqual(p.match(ROWS).to_dicts(), FOUND)
        self.assertEqual(p.match(s={n: [r[n] for r in ROWS] for n in ROWS[0]}).to_dicts(), FOUND)
        with self.assertRaisesRegex(tocsin.Error, "nobody declares the stream s"):
            p.schema
        shaped = tocsin.compile(text, streams={"s": {"k": "TEXT", "ts": ("TIMESTAMP", "second"), "v": "DOUBLE"}})
        self.assertEqual(shaped.match([dict(r, ts=1767225600 + i) for i, r in enumerate(ROWS, 1)]).to_dicts(), FOUND)

    def test_query_finds_variables(self):
        events = ROWS
        self.assertEqual(tocsin.query(PAIR[PAIR.index("SELECT"):].replace("FROM s", "FROM events")).to_dicts(), FOUND)
        with self.assertRaises(tocsin.PatternError):
            tocsin.query(PAIR[PAIR.index("SELECT"):].replace("FROM s", "FROM nowhere"))
        self.assertTrue(events)


class Matching(unittest.TestCase):
    def test_rows_of_all_kinds(self):
        p = tocsin.compile(PAIR)
        stamps = [datetime.datetime(2026, 1, 1, 0, 0, i, tzinfo=UTC) for i in (1, 2, 3)]
        for rows in (ROWS, iter(ROWS), [tuple(r.values()) for r in ROWS], [list(r.values()) for r in ROWS],
                     [dict(r, ts=t) for r, t in zip(ROWS, stamps)], [dict(r, ts=t.replace(tzinfo=None)) for r, t in zip(ROWS, stamps)],
                     [dict(r, ts=int(t.timestamp() * 10**6)) for r, t in zip(ROWS, stamps)]):
            self.assertEqual(p.match(rows).to_dicts(), FOUND)

    def test_rows_of_a_database(self):
        import sqlite3
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE s (v, k, ts)")
        connection.executemany("INSERT INTO s VALUES (:v, :k, :ts)", ROWS)
        connection.row_factory = sqlite3.Row
        self.assertEqual(tocsin.compile(PAIR).match(connection.execute("SELECT * FROM s")).to_dicts(), FOUND)
        connection.row_factory = None
        self.assertEqual(tocsin.compile(PAIR).match(connection.execute("SELECT k, ts, v FROM s")).to_dicts(), FOUND)

    def test_columns_of_all_kinds(self):
        columns = {"k": ["x", "y", "x"], "ts": array.array("q", [1767225601000000 + i * 1000000 for i in range(3)]),
                   "v": array.array("d", [1.5, 0, 3])}
        self.assertEqual(tocsin.compile(PAIR).match(columns).to_dicts(), FOUND)

    def test_values(self):
        p = tocsin.compile(echo({"b": "BOOLEAN", "i": "BIGINT", "d": "DOUBLE", "t": "TEXT", "ts": "TIMESTAMP", "iv": "INTERVAL"}))
        now = datetime.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
        given = [(1, True, -2**63, 0.1, "ä\n\U0001f600", now, datetime.timedelta(days=1, microseconds=7)), (2, None, None, None, None, None, None),
                 (3, False, 2**63 - 1, float("inf"), "", datetime.datetime(1, 1, 1, tzinfo=UTC), -datetime.timedelta(seconds=1))]
        self.assertEqual([tuple(m) for m in p.match(given)], given)
        self.assertEqual(p.match([(1, None, None, float("nan"), None, None, None)])[0].d_, None)

    def test_what_is_none_of_its_type(self):
        kinds = {"b": ("BOOLEAN", [1, "true", 1.0]), "i": ("BIGINT", [True, 1.5, "1", 2**63, -2**63 - 1]), "d": ("DOUBLE", [True, "1.5", []]),
                 "t": ("TEXT", [1, b"x", "a\0b", "\ud800"]), "ts": ("TIMESTAMP", ["soon", True, [], b"2026-01-01"]), "iv": ("INTERVAL", ["soon", []])}
        for name, (kind, values) in kinds.items():
            p = tocsin.compile(echo({name: kind}))
            for value in values:
                for data in ([(1, value)], {"n": [1], name: [value]}, iter([{"n": 1, name: value}])):
                    with self.assertRaisesRegex(tocsin.RunError, f"stream s, row 1, column {name}"):
                        p.match(data)
                    self.assertEqual(p.match([(1, value), (2, None)], bad="skip").stats["rows_bad"], 1)

    def test_missing_columns_and_names(self):
        p = tocsin.compile(PAIR)
        self.assertEqual(p.match({n.upper(): [r[n] for r in ROWS] for n in ROWS[0]}).to_dicts(), FOUND)
        with self.assertRaisesRegex(tocsin.Error, 's has no column "v"'):
            p.match({"k": [], "ts": []})
        with self.assertRaisesRegex(tocsin.Error, "2 rows, a column before it 1"):
            p.match({"k": ["a"], "ts": [1, 2], "v": [1.0, 2.0]})
        with self.assertRaisesRegex(tocsin.RunError, "missing, but a value is required"):
            p.match([{"k": "x"}])
        with self.assertRaisesRegex(tocsin.RunError, "2 values for the 3 columns"):
            p.match([("x", 1)])
        with self.assertRaisesRegex(tocsin.Error, "there is no stream and no table t; there are s"):
            p.match(t=ROWS)
        for row in (7, "abc", b"abc", object()):
            with self.assertRaisesRegex(TypeError, "row 1 of s"):
                p.match([row])
        with self.assertRaises(TypeError):
            p.match(7)

    def test_nested_rows(self):
        p = tocsin.compile("""CREATE STREAM s (n BIGINT, sku TEXT PATH '$.product.sku', second TEXT PATH '$.tags[1]');
            SELECT * FROM s MATCH_RECOGNIZE (ORDER BY n MEASURES r.sku AS sku, r.second AS second PATTERN (r) DEFINE r AS TRUE)""")
        rows = [{"n": 1, "product": {"sku": "A"}, "tags": ["x", "y"]}, {"n": 2, "product": None, "tags": ["x"]}, {"n": 3}]
        self.assertEqual([tuple(m) for m in p.match(rows)], [("A", "y"), (None, None), (None, None)])

    def test_streams_are_merged_by_time(self):
        text = """CREATE STREAM a (ts BIGINT, x TEXT); CREATE STREAM b (ts BIGINT, x TEXT);
            SELECT * FROM (SELECT ts, x, STREAM() AS st FROM a UNION ALL BY NAME SELECT ts, x, STREAM() AS st FROM b)
            MATCH_RECOGNIZE (ORDER BY ts MEASURES r.st AS st, r.x AS x PATTERN (r) DEFINE r AS TRUE)"""
        p = tocsin.compile(text)
        one, two = [(1, "p"), (3, "q"), (5, "r")], [(2, "s"), (3, "t")]
        for data in ({"a": one, "b": two}, {"b": two, "a": one}):       # at equal times as the text merges them
            self.assertEqual([m.x for m in p.match(**data)], ["p", "s", "q", "t", "r"])
        with self.assertRaisesRegex(tocsin.Error, "the stream b has no data"):
            p.match(a=one)
        with self.assertRaisesRegex(tocsin.Error, "which stream is it"):
            p.match(one)

    def test_tables(self):
        p = tocsin.compile("""CREATE STREAM s (ts BIGINT, sku TEXT); CREATE TABLE product (sku TEXT PRIMARY KEY, price DOUBLE);
            SELECT * FROM (SELECT s.ts, product.price FROM s LEFT JOIN product ON s.sku = product.sku)
            MATCH_RECOGNIZE (ORDER BY ts MEASURES r.price AS price PATTERN (r) DEFINE r AS TRUE)""")
        found = p.match([(1, "a"), (2, "b"), (3, "c")], product={"sku": ["a", "b"], "price": [1.0, 2.0]})
        self.assertEqual([m.price for m in found], [1.0, 2.0, None])
        with self.assertRaisesRegex(tocsin.RunError, "table product, row 2"):
            p.match([(1, "a")], product=[("a", 1.0), ("a", 2.0)])

    def test_several_patterns(self):
        p = tocsin.compile("""CREATE STREAM s (ts BIGINT, v BIGINT);
            CREATE PATTERN odd AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts MEASURES r.v AS v PATTERN (r) DEFINE r AS v % 2 = 1);
            CREATE PATTERN many AS SELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts MEASURES r.ts AS ts, r.v AS big PATTERN (r) DEFINE r AS v > 2);""")
        r = p.match([(i, i) for i in range(1, 5)])
        self.assertEqual([(m.pattern_name, *m) for m in r], [("odd", 1), ("odd", 3), ("many", 3, 3), ("many", 4, 4)])
        self.assertEqual(r.to_dicts()[0], {"pattern": "odd", "v": 1})
        self.assertEqual([m.big for m in r["many"]], [3, 4])
        self.assertEqual(r["many"].column("ts"), [3, 4])
        with self.assertRaisesRegex(tocsin.Error, "several patterns"):
            r.columns

    def test_late_rows(self):
        p, backwards = tocsin.compile(PAIR), ROWS[::-1]
        with self.assertRaisesRegex(tocsin.LateError, "row 2 of s is late"):
            p.match(backwards)
        self.assertEqual(p.match(backwards, late="drop").stats["rows_late"], 2)

    def test_the_command_finds_the_same(self):
        if not os.path.exists(COMMAND):
            self.skipTest("there is no command")
        patterns = os.path.join(SOURCE, "patterns")
        for cep, sample in (("commerce/abandoned_cart", "shop"), ("security/brute_force", "logins")):
            cep, sample = os.path.join(patterns, cep + ".cep"), os.path.join(patterns, "samples", sample + ".jsonl")
            told = subprocess.run([COMMAND, "run", cep, sample, "--to", "jsonl"], capture_output=True, text=True, check=True).stdout
            command = [json.loads(line) for line in told.splitlines()]
            self.assertTrue(command)
            found = tocsin.compile(cep).match(sample).to_dicts()
            stamp = lambda v: v.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(v, datetime.datetime) else v
            self.assertEqual([{k: stamp(v) for k, v in row.items()} for row in found], command)

    def test_files(self):
        import gzip
        with tempfile.TemporaryDirectory() as folder:
            plain, packed = os.path.join(folder, "s.csv"), os.path.join(folder, "s.jsonl.gz")
            with open(plain, "w") as f:
                f.write("k,ts,v\n" + "".join(f"{r['k']},{r['ts']},{r['v']}\n" for r in ROWS))
            with gzip.open(packed, "wt") as f:
                f.write("".join(json.dumps(r) + "\n" for r in ROWS))
            for path in (plain, packed):
                for text in (PAIR, PAIR[PAIR.index("SELECT"):]):
                    self.assertEqual(tocsin.compile(text).match(path).to_dicts(), FOUND)
            with open(plain, "a") as f:
                f.write("x,nix,1\n")
            with self.assertRaisesRegex(tocsin.RunError, "row 5, column ts"):
                tocsin.compile(PAIR).match(plain)
            self.assertEqual(tocsin.compile(PAIR).match(plain, bad="skip").stats["rows_bad"], 1)
            with self.assertRaises(FileNotFoundError):
                tocsin.compile(PAIR).match(os.path.join(folder, "t.csv"))
            with self.assertRaisesRegex(tocsin.Error, "tells no format"):
                tocsin.compile(PAIR).match("s.parquet")

    def test_many_rows_and_matches(self):
        p = tocsin.compile(echo({"t": "TEXT"}))
        rows = [{"n": i, "t": str(i)} for i in range(300000)]
        found = p.match(rows)
        self.assertEqual(len(found), len(rows))
        for at in (0, 262143, 262144, 299999, -1):
            self.assertEqual(found[at].t_, str(range(300000)[at]))
        self.assertEqual(found.column("n"), list(range(300000)))


class Results(unittest.TestCase):
    def test_a_match(self):
        (m,) = tocsin.compile(PAIR).match(ROWS)
        self.assertEqual((m.av, m["av"], m[1], m.AV), (1.5, 1.5, 1.5, 1.5))
        self.assertEqual(dict(m), FOUND[0])
        self.assertEqual(m, tuple(FOUND[0].values()))
        self.assertIn("av=1.5", repr(m))
        with self.assertRaises(AttributeError):
            m.nothing
        with self.assertRaises(KeyError):
            m["nothing"]

    def test_a_sequence(self):
        found = tocsin.compile(echo({"t": "TEXT"})).match([(i, "x") for i in range(5)])
        self.assertEqual([m.n for m in found[1:4]], [1, 2, 3])
        self.assertEqual(found[-1].n, 4)
        self.assertRaises(IndexError, lambda: found[5])
        self.assertEqual(repr(found), "<5 matches: Match(n=0, t_='x'), Match(n=1, t_='x'), Match(n=2, t_='x'), ... 2 more>")
        self.assertIn("<th>t_</th>", found._repr_html_())
        self.assertEqual(len(list(reversed(found))), 5)

    def test_html_is_escaped(self):
        found = tocsin.compile(echo({"t": "TEXT"})).match([(1, "<b>&")])
        self.assertIn("&lt;b&gt;&amp;", found._repr_html_())


class Streams(unittest.TestCase):
    def test_push_advance_finish(self):
        p = tocsin.compile("""CREATE STREAM s (k TEXT, ts TIMESTAMP);
            SELECT * FROM s MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES a.ts AS at PATTERN (a !a{1 minute}) DEFINE a AS TRUE)""")
        with p.open() as s:
            self.assertEqual(list(s.push({"k": "x", "ts": "2026-01-01T00:00:00Z"})), [])
            self.assertEqual(len(s.advance("2026-01-01T00:00:30Z")), 0)
            self.assertEqual([m.k for m in s.advance(datetime.datetime(2026, 1, 1, 0, 1, 1))], ["x"])
            s.push([{"k": "y", "ts": "2026-01-01T00:02:00Z"}])
            self.assertEqual([m.k for m in s.finish()], ["y"])
            self.assertEqual(s.stats()["rows_in"], 2)
        with self.assertRaisesRegex(tocsin.Error, "closed"):
            s.push([])

    def test_late_and_bad_rows_are_put_aside(self):
        with tocsin.compile(PAIR).open() as s:
            s.push(ROWS)
            late, bad = dict(ROWS[0]), dict(ROWS[0], v="much")
            s.push([late, bad, {"k": "x"}])
            s.push({n: [late[n]] for n in late})
            self.assertIs(s.late[0].row, late)
            self.assertEqual(s.late[1].row["v"], late["v"])
            self.assertIs(s.bad[0].row, bad)
            self.assertEqual((s.bad[0].number, s.bad[0].column, s.bad[1].column), (2, "v", "ts"))
            self.assertEqual((s.stats()["rows_late"], s.stats()["rows_bad"]), (2, 2))
            s.forget()
            self.assertEqual((s.late, s.bad), ([], []))

    def test_what_was_found_before_a_failure_is_not_lost(self):
        def rows():
            yield from ROWS
            raise OSError("gone")
        with tocsin.compile(PAIR).open() as s:
            with self.assertRaisesRegex(OSError, "gone"):
                s.push(rows())
            s.push([])
            self.assertEqual(s.push(ROWS[2:])[:], [])

    def test_async(self):
        async def events():
            for row in ROWS:
                yield row

        async def collect(source):
            return [m.to_dict() async for m in tocsin.compile(PAIR).stream(source)]

        self.assertEqual(asyncio.run(collect(events())), FOUND)
        self.assertEqual(asyncio.run(collect(ROWS)), FOUND)
        self.assertEqual(asyncio.run(collect([ROWS])), FOUND)
        self.assertEqual(asyncio.run(collect([("s", r) for r in ROWS])), FOUND)

    def test_what_is_not_there_yet_says_so(self):
        p = tocsin.compile(PAIR)
        for call in (lambda: p.open().export("x"), p.trace):
            self.assertRaisesRegex(tocsin.Error, "not supported yet", call)


class Functions(unittest.TestCase):
    def test_a_function_of_python(self):
        p = tocsin.compile(FUNCTION, functions={"score": lambda x: None if x is None else x / 10})
        self.assertEqual([(m.at, m.score) for m in p.match([("a", 1, 1.0), ("a", 2, 7.0), ("a", 3, None)])], [(2, 0.7)])
        with self.assertRaisesRegex(tocsin.Error, "score"):
            tocsin.compile(FUNCTION).match([])

    def test_an_exception_arrives_as_it_is(self):
        class Gone(Exception):
            pass

        def score(x):
            raise Gone("the model is gone")

        try:
            tocsin.compile(FUNCTION, functions={"score": score}).match([("a", 1, 1.0)])
        except Gone as gone:
            self.assertIn("score", gone.__notes__[0])
            self.assertEqual(traceback.extract_tb(gone.__traceback__)[-1].name, "score")
        else:
            self.fail("nothing was raised")

    def test_a_result_of_another_type(self):
        with self.assertRaisesRegex(tocsin.RunError, "'much' is no DOUBLE"):
            tocsin.compile(FUNCTION, functions={"score": lambda x: "much"}).match([("a", 1, 1.0)])

    def test_all_types(self):
        for kind, value in (("BOOLEAN", True), ("BIGINT", 7), ("DOUBLE", 0.5), ("TEXT", "ä"), ("TIMESTAMP", datetime.datetime(2026, 1, 1, tzinfo=UTC)),
                            ("INTERVAL", datetime.timedelta(seconds=3))):
            seen = []
            p = tocsin.compile(f"""CREATE FUNCTION f({kind}) RETURNS {kind}; CREATE STREAM s (n BIGINT, v {kind});
                SELECT * FROM s MATCH_RECOGNIZE (ORDER BY n MEASURES f(r.v) AS v PATTERN (r) DEFINE r AS TRUE)""",
                               functions={"F": lambda x: seen.append(x) or x})
            self.assertEqual(p.match([(1, value)])[0].v, value)
            self.assertEqual(seen[0], value)

    def test_a_stream_is_not_entered_twice(self):
        def score(x):
            return float(len(s.push([])))
        s = tocsin.compile(FUNCTION, functions={"score": score}).open()
        with self.assertRaisesRegex(tocsin.Error, "in use"):
            s.push([("a", 1, 1.0)])


class Vectorized(unittest.TestCase):
    TEXT = """CREATE FUNCTION score(DOUBLE, BIGINT) RETURNS DOUBLE; CREATE STREAM s (n BIGINT, x DOUBLE, m BIGINT);
        SELECT * FROM s MATCH_RECOGNIZE (ORDER BY n MEASURES a.n AS n, score(a.x, a.m) AS score PATTERN (a) DEFINE a AS score(x, m) > 5)"""

    def test_it_is_asked_for_whole_batches(self):
        calls = []

        def score(x, m):
            calls.append(len(x))
            return [a + b for a, b in zip(x, m)]

        p = tocsin.compile(self.TEXT, functions={"score": tocsin.vectorized(score, "x", "m")})
        rows = [(i, None if i % 10 == 3 else i / 4, i % 7) for i in range(10000)]
        expected = [(n, x + m) for n, x, m in rows if x is not None and x + m > 5]
        self.assertEqual([tuple(m) for m in p.match(rows)], expected)
        self.assertLess(len(calls), 10)
        calls.clear()
        self.assertEqual([tuple(m) for m in p.match({"n": [r[0] for r in rows], "x": [r[1] for r in rows], "m": [r[2] for r in rows]})], expected)
        self.assertLess(len(calls), 3)
        with p.open() as s:
            self.assertEqual([tuple(m) for row in rows[:100] for m in s.push([row])], expected[:len([e for e in expected if e[0] < 100])])

    def test_other_arguments_are_asked_one_by_one(self):
        text = self.TEXT.replace("score(a.x, a.m)", "score(a.x + 1, a.m)")
        p = tocsin.compile(text, functions={"score": tocsin.vectorized(lambda x, m: [a * 2 for a in x], "x", "m")})
        self.assertEqual([m.score for m in p.match([(1, 3.0, 0)])], [8.0])

    def test_what_it_raises_and_answers_wrongly(self):
        def gone(x, m):
            raise KeyError("gone")
        with self.assertRaises(KeyError):
            tocsin.compile(self.TEXT, functions={"score": tocsin.vectorized(gone, "x", "m")}).match([(1, 3.0, 0)])
        with self.assertRaisesRegex(ValueError, "2 results for 1 rows"):
            tocsin.compile(self.TEXT, functions={"score": tocsin.vectorized(lambda x, m: [1, 2], "x", "m")}).match([(1, 3.0, 0)])
        self.assertRaises(TypeError, tocsin.vectorized, gone)

    def test_all_types(self):
        for kind, value in (("BOOLEAN", True), ("TEXT", "ä"), ("TIMESTAMP", datetime.datetime(2026, 1, 1, tzinfo=UTC)), ("INTERVAL", datetime.timedelta(seconds=3))):
            p = tocsin.compile(f"""CREATE FUNCTION f({kind}) RETURNS BIGINT; CREATE STREAM s (n BIGINT, v {kind});
                SELECT * FROM s MATCH_RECOGNIZE (ORDER BY n MEASURES f(r.v) AS v PATTERN (r) DEFINE r AS TRUE)""",
                               functions={"f": tocsin.vectorized(lambda v: range(1, len(v) + 1), "v")})
            self.assertEqual([m.v for m in p.match([(1, value), (2, None), (3, value)])], [1, None, 1])


class Threads(unittest.TestCase):
    def test_a_pattern_is_shared(self):
        p = tocsin.compile(echo({"t": "TEXT"}))
        columns = {"n": array.array("q", range(200000)), "t": ["x"] * 200000}
        found = []
        threads = [threading.Thread(target=lambda: found.append(len(p.match(columns)))) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(found, [200000] * 4)

    def test_others_go_on_while_matching(self):
        p = tocsin.compile(echo({"v": "BIGINT"}))
        columns = {"n": array.array("q", range(2000000)), "v": array.array("q", range(2000000))}
        steps, thread = 0, threading.Thread(target=p.match, args=[columns])
        thread.start()
        while thread.is_alive():
            steps += 1
        thread.join()
        self.assertGreater(steps, 1000)

    def test_an_interrupt_ends_a_match(self):
        p = tocsin.compile(echo({"v": "BIGINT"}))
        columns = {"n": array.array("q", range(1000000)), "v": array.array("q", range(1000000))}
        # a shell starts what runs in the background with interrupts ignored
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler))
        timer = threading.Timer(0.02, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        end = time.monotonic() + 20
        with self.assertRaises(KeyboardInterrupt):
            timer.start()
            while time.monotonic() < end:
                p.match(columns)


class Memory(unittest.TestCase):
    @unittest.skipUnless(os.path.exists("/proc/self/statm"), "needs /proc")
    def test_nothing_is_left_behind(self):
        def resident():
            with open("/proc/self/statm") as f:
                return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")

        def once(p):
            p.match(ROWS).to_dicts()
            p.match({n: [r[n] for r in ROWS] for n in ROWS[0]})
            p.match(ROWS).__arrow_c_stream__()
            with p.open() as s:
                s.push(ROWS[::-1])
                s.push([dict(ROWS[0], v="much")])
            try:
                p.match([dict(ROWS[0], v="much")])
            except tocsin.Error:
                pass
            try:
                tocsin.compile("SELECT")
            except tocsin.PatternError:
                pass
            tocsin.compile(FUNCTION, functions={"score": float}).match([("a", 1, 1.0)])

        p = tocsin.compile(PAIR)
        for _ in range(500):
            once(p)
        before = resident()
        for _ in range(10000):
            once(p)
        self.assertLess(resident() - before, 2 << 20)


if __name__ == "__main__":
    unittest.main()
