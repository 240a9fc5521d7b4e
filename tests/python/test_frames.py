"""Every type in which other packages hold columns, with NULLs, slices and offsets; and results as frames."""
import datetime
import unittest

import tocsin
from helpers import FOUND, PAIR, ROWS, UTC, echo, optional

WHEN = [datetime.datetime(2026, 1, 31, 9, 0, i, 123456 * (i % 2)) for i in range(20)]


def back(frame, kind, unit=""):
    """What comes back of the column v."""
    return tocsin.compile(echo({"v": f"{kind}{unit}"})).match(frame).column("v_")


class Arrow(unittest.TestCase):
    def setUp(self):
        self.pa = optional("pyarrow")

    def table(self, values, **more):
        return self.pa.table({"n": self.pa.array(range(len(values)), self.pa.int32()), "v": values, **more})

    def check(self, array, kind, expected, unit=""):
        """Whole, in slices of all offsets, and in chunks."""
        self.assertEqual(back(self.table(array), kind, unit), expected)
        for first in range(0, len(array), 3):
            self.assertEqual(back(self.table(array).slice(first), kind, unit), expected[first:])
        pieces = [self.table(array).slice(i, 5) for i in range(0, len(array), 5)]
        self.assertEqual(back(self.pa.concat_tables(pieces), kind, unit), expected)

    def test_integers(self):
        for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
            values = [None if i % 7 == 3 else i * 6 for i in range(20)]
            array = self.pa.array(values, getattr(self.pa, name)())
            self.check(array, "BIGINT", values)
            self.check(array, "DOUBLE", [None if v is None else float(v) for v in values])
        with self.assertRaisesRegex(tocsin.RunError, "row 1, column v"):
            back(self.table(self.pa.array([2**63], self.pa.uint64())), "BIGINT")
        self.assertEqual(back(self.table(self.pa.array([-2**63, 2**63 - 1])), "BIGINT"), [-2**63, 2**63 - 1])

    def test_reals(self):
        np = optional("numpy")
        values = [None if i % 7 == 3 else i * 0.25 for i in range(20)]
        for kind in (self.pa.float64(), self.pa.float32()):
            self.check(self.pa.array(values, kind), "DOUBLE", values)
        self.check(self.pa.array([None if v is None else np.float16(v) for v in values], self.pa.float16()), "DOUBLE", values)
        self.assertEqual(back(self.table(self.pa.array([1.0, float("nan"), None])), "DOUBLE"), [1.0, None, None])
        self.assertEqual(back(self.table(self.pa.array([1.0, float("nan"), None])), "BIGINT"), [1, None, None])
        with self.assertRaisesRegex(tocsin.RunError, "row 2, column v: 1.5 is no BIGINT"):
            back(self.table(self.pa.array([1.0, 1.5])), "BIGINT")

    def test_booleans(self):
        values = [None if i % 7 == 3 else i % 3 == 0 for i in range(20)]
        self.check(self.pa.array(values), "BOOLEAN", values)

    def test_texts(self):
        values = [None if i % 7 == 3 else "ä" * i + "short" if i % 2 else "x" * i for i in range(20)]
        kinds = [self.pa.string(), self.pa.large_string()] + ([self.pa.string_view()] if hasattr(self.pa, "string_view") else [])
        for kind in kinds:
            self.check(self.pa.array(values, kind), "TEXT", values)
        for index in (self.pa.int8(), self.pa.uint16(), self.pa.int64()):
            self.check(self.pa.array(values).dictionary_encode().cast(self.pa.dictionary(index, self.pa.string())), "TEXT", values)
        self.check(self.pa.DictionaryArray.from_arrays(self.pa.array([0, 1, None, 0] * 5), self.pa.array(["a", None])), "TEXT", ["a", None, None, "a"] * 5)
        with self.assertRaisesRegex(tocsin.RunError, "NUL"):
            back(self.table(self.pa.array(["a", "b\0"])), "TEXT")
        self.assertEqual(back(self.table(self.pa.nulls(3)), "TEXT"), [None] * 3)

    def test_times(self):
        for unit, cut in (("s", 10**6), ("ms", 1000), ("us", 1), ("ns", 1)):
            values = [None if i % 7 == 3 else w.replace(microsecond=w.microsecond // cut * cut) for i, w in enumerate(WHEN)]
            expected = [v and v.replace(tzinfo=UTC) for v in values]
            for zone in (None, "UTC", "Europe/Berlin"):
                array = self.pa.array([v and v.replace(tzinfo=UTC) if zone else v for v in values], self.pa.timestamp(unit, zone))
                self.check(array, "TIMESTAMP", expected)
        days = [None if i % 7 == 3 else datetime.date(2026, 1, 1 + i) for i in range(20)]
        expected = [d and datetime.datetime(d.year, d.month, d.day, tzinfo=UTC) for d in days]
        for kind in (self.pa.date32(), self.pa.date64()):
            self.check(self.pa.array(days, kind), "TIMESTAMP", expected)
        self.check(self.pa.array([d and d.isoformat() for d in days]), "TIMESTAMP", expected)
        before = self.pa.array([-1], self.pa.timestamp("ns"))
        self.assertEqual(back(self.table(before), "TIMESTAMP"), [datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)])
        millis = self.pa.array([1, None, 1500])
        self.assertEqual(back(self.table(millis), "TIMESTAMP", " UNIT MILLISECOND"),
                         [datetime.datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC), None, datetime.datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)])
        with self.assertRaisesRegex(tocsin.RunError, "column v"):
            back(self.table(self.pa.array([2**62], self.pa.timestamp("s"))), "TIMESTAMP")

    def test_durations(self):
        values = [None if i % 7 == 3 else datetime.timedelta(days=i, seconds=-3) for i in range(20)]
        for unit in ("s", "ms", "us", "ns"):
            self.check(self.pa.array(values, self.pa.duration(unit)), "INTERVAL", values)

    def test_what_cannot_be_read_names_column_and_type(self):
        import decimal
        for array, kind, told in ((self.pa.array([decimal.Decimal("1.5")]), "DOUBLE", "decimal"), (self.pa.array([[1]]), "BIGINT", "list"),
                                  (self.pa.array([b"x"]), "TEXT", "binary"), (self.pa.array(["x"]), "DOUBLE", "utf8"), (self.pa.array([1]), "TEXT", "int64"),
                                  (self.pa.array([WHEN[0]]), "BIGINT", "timestamp"), (self.pa.array([{"a": 1}]), "TEXT", "struct"),
                                  (self.pa.array([1]).dictionary_encode(), "BIGINT", "dictionary of int64")):
            with self.assertRaisesRegex(tocsin.Error, f'"v".*{told}.*{kind}|"v".*{told}'):
                back(self.table(array), kind)
        unread = self.table(self.pa.array([1]), other=self.pa.array([[1]]))
        self.assertEqual(back(unread, "BIGINT"), [1])

    def test_streams_batches_and_failures(self):
        batch = self.pa.record_batch({"n": [1, 2], "v": [3, 4]})
        self.assertEqual(back(batch, "BIGINT"), [3, 4])
        reader = self.pa.RecordBatchReader.from_batches(batch.schema, iter([batch]))
        self.assertEqual(back(reader, "BIGINT"), [3, 4])

        def broken():
            yield batch
            raise OSError("the disk is gone")
        with self.assertRaisesRegex((tocsin.Error, OSError), "the disk is gone"):
            back(self.pa.RecordBatchReader.from_batches(batch.schema, broken()), "BIGINT")
        with self.assertRaisesRegex(tocsin.Error, 's has no column "v"'):
            back(self.pa.table({"n": [1]}), "BIGINT")

    def test_many_rows(self):
        count = 200001
        table = self.pa.table({"n": range(count), "v": self.pa.array([str(i) for i in range(count)])})
        self.assertEqual(back(table, "TEXT"), [str(i) for i in range(count)])

    def test_results(self):
        types = {"b": "BOOLEAN", "i": "BIGINT", "d": "DOUBLE", "t": "TEXT", "ts": "TIMESTAMP", "iv": "INTERVAL"}
        rows = [(i, *(None if i % 5 == k else v for k, v in enumerate((i % 2 == 0, i, i / 4, "ä" * (i % 3), WHEN[i % 20].replace(tzinfo=UTC), datetime.timedelta(seconds=i)))))
                for i in range(1000)]
        found = tocsin.compile(echo(types)).match(rows)
        table = found.to_arrow()
        self.assertEqual([tuple(r.values()) for r in table.to_pylist()], rows)
        self.assertEqual([str(t) for t in table.schema.types], ["int64", "bool", "int64", "double", "string", "timestamp[us, tz=UTC]", "duration[us]"])
        table.validate(full=True)
        column = table.column("t_")
        del found, table
        self.assertEqual(column.to_pylist(), [r[4] for r in rows])      # outlives what it came from
        self.assertEqual(self.pa.table(tocsin.compile(PAIR).match(ROWS)).to_pylist(), FOUND)
        again = tocsin.compile(echo(types)).match(rows)
        self.assertEqual(tocsin.compile(echo({"i_": "BIGINT", "t_": "TEXT"})).match(again).column("t__"), [r[4] for r in rows])

    def test_lists(self):
        p = tocsin.compile("""CREATE STREAM s (n BIGINT, t TEXT);
            SELECT * FROM s MATCH_RECOGNIZE (ORDER BY n MEASURES ARRAY_AGG(r.t) AS texts, ARRAY_AGG(r.n) AS numbers PATTERN (r{2}) DEFINE r AS TRUE)""")
        found = p.match([(1, "a"), (2, "b"), (3, "c"), (4, "d")])
        self.assertEqual(found.to_arrow().to_pylist(), [{"texts": ["a", "b"], "numbers": [1, 2]}, {"texts": ["c", "d"], "numbers": [3, 4]}])
        self.assertEqual(found.to_arrow().to_pylist(), found.to_dicts())


class Polars(unittest.TestCase):
    def test_frames(self):
        pl = optional("polars")
        frame = pl.DataFrame({"k": ["x", "y", "x"], "ts": [datetime.datetime(2026, 1, 1, 0, 0, i) for i in (1, 2, 3)], "v": [1.5, 0, 3]})
        p = tocsin.compile(PAIR)
        for given in (frame, frame.lazy(), frame.with_columns(pl.col("k").cast(pl.Categorical)), frame.with_columns(pl.col("k").cast(pl.Enum(["x", "y"]))),
                      {c: frame[c] for c in frame.columns}, frame.with_columns(pl.col("ts").cast(pl.Datetime("ms")))):
            self.assertEqual(p.match(given).to_dicts(), FOUND)
        self.assertEqual(tocsin.compile(PAIR[PAIR.index("SELECT"):]).match(frame).to_dicts(), FOUND)
        result = p.match(frame).to_polars()
        self.assertEqual((result.columns, result.rows()), (["k", "av", "bt"], [tuple(FOUND[0].values())]))
        self.assertEqual(pl.DataFrame(p.match(frame)).rows(), result.rows())


class Pandas(unittest.TestCase):
    def frames(self):
        pd = optional("pandas")
        stamps = pd.to_datetime([r["ts"] for r in ROWS])
        frame = pd.DataFrame({"k": [r["k"] for r in ROWS], "ts": stamps, "v": [r["v"] for r in ROWS]})
        yield frame
        yield frame.iloc[::-1].iloc[::-1]
        yield frame.assign(ts=stamps.tz_convert("Asia/Tokyo"))
        yield frame.assign(ts=stamps.tz_localize(None).astype("datetime64[ms]"))
        yield frame.assign(k=frame["k"].astype("category"), v=frame["v"].astype("Float64"))
        yield frame.assign(k=frame["k"].astype("string"), v=frame["v"].astype("float32"))

    def test_frames(self):
        p = tocsin.compile(PAIR)
        for frame in self.frames():
            self.assertEqual(p.match(frame).to_dicts(), FOUND)
            self.assertEqual(p.match({c: frame[c] for c in frame.columns}).to_dicts(), FOUND)     # without Arrow
            self.assertEqual(tocsin.compile(PAIR[PAIR.index("SELECT"):]).match(frame).to_dicts(), FOUND)

    def test_an_index_with_a_name_is_a_column(self):
        frame = next(self.frames())
        for given in (frame.set_index("ts"), frame.set_index(["k", "ts"]), frame.set_index("v", drop=False)):
            self.assertEqual(tocsin.compile(PAIR).match(given).to_dicts(), FOUND)

    def test_columns_that_nobody_reads(self):
        pd = optional("pandas")
        frame = next(self.frames()).assign(other=[1, "two", [3]])
        frame.insert(0, 7, [object()] * 3)
        self.assertEqual(tocsin.compile(PAIR).match(frame).to_dicts(), FOUND)
        self.assertEqual(tocsin.compile(PAIR).match(frame.rename(columns=lambda c: str(c).upper())).to_dicts(), FOUND)
        self.assertEqual(tocsin.compile(PAIR).match({**{c: frame[c] for c in ("k", "ts", "v")}, "other": 7}).to_dicts(), FOUND)
        with self.assertRaisesRegex(tocsin.Error, 's has no column "v"'):
            tocsin.compile(PAIR).match(frame[["k", "ts"]])
        with self.assertRaisesRegex(tocsin.RunError, "row 2, column k"):
            tocsin.compile(PAIR).match(frame.assign(k=["x", 7, "x"]))

    def test_missing_values(self):
        pd = optional("pandas")
        frame = pd.DataFrame({"n": [1, 2, 3], "i": pd.array([1, None, 3], "Int64"), "f": [1.0, None, 3.0], "b": pd.array([True, None, False], "boolean"),
                              "t": ["a", None, "c"], "ts": pd.to_datetime(["2026-01-01", None, "2026-01-02"])})
        p = tocsin.compile(echo({"i": "BIGINT", "f": "DOUBLE", "b": "BOOLEAN", "t": "TEXT", "ts": "TIMESTAMP"}))
        expected = [(1, 1, 1.0, True, "a", datetime.datetime(2026, 1, 1, tzinfo=UTC)), (2, None, None, None, None, None),
                    (3, 3, 3.0, False, "c", datetime.datetime(2026, 1, 2, tzinfo=UTC))]
        self.assertEqual([tuple(m) for m in p.match(frame)], expected)
        self.assertEqual([tuple(m) for m in p.match({c: frame[c] for c in frame})], expected)
        self.assertEqual([tuple(m) for m in p.match(frame.to_dict("records"))], expected)
        result = p.match(frame).to_pandas()
        self.assertEqual([str(t) for t in result.dtypes], ["int64", "Int64", "float64", "boolean", "object", "datetime64[us, UTC]"])
        self.assertEqual([tuple(m) for m in p.match(result.rename(columns=lambda c: c.rstrip("_")))], expected)


class Numpy(unittest.TestCase):
    def test_arrays(self):
        np = optional("numpy")
        for dtype in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", ">i4", ">f8"):
            values = np.arange(20).astype(dtype)
            for array in (values, np.arange(40).astype(dtype)[::2] // 2, values[::-1][::-1]):
                got = back({"n": np.arange(20), "v": array}, "DOUBLE")
                self.assertEqual(got, [float(x) for x in range(20)])
        self.assertEqual(back({"n": np.arange(3), "v": np.array([True, False, True])}, "BOOLEAN"), [True, False, True])
        self.assertEqual(back({"n": np.arange(2), "v": np.array(["a", "ä"])}, "TEXT"), ["a", "ä"])
        self.assertEqual(back({"n": np.arange(2), "v": np.array(["a", None], dtype=object)}, "TEXT"), ["a", None])

    def test_times(self):
        np = optional("numpy")
        for unit in ("D", "h", "s", "ms", "us", "ns"):
            stamps = np.array(["2026-01-31", "NaT", "1969-12-31"], dtype=f"M8[{unit}]")
            self.assertEqual(back({"n": np.arange(3), "v": stamps}, "TIMESTAMP"),
                             [datetime.datetime(2026, 1, 31, tzinfo=UTC), None, datetime.datetime(1969, 12, 31, tzinfo=UTC)])
        spans = np.array([90, "NaT"], dtype="m8[s]")
        self.assertEqual(back({"n": np.arange(2), "v": spans}, "INTERVAL"), [datetime.timedelta(seconds=90), None])

    def test_scalars_and_structures(self):
        np = optional("numpy")
        rows = [{"n": np.int64(1), "v": np.float32(0.5)}, {"n": np.uint8(2), "v": np.int16(3)}]
        self.assertEqual(back(rows, "DOUBLE"), [0.5, 3.0])
        self.assertEqual(back([{"n": 1, "v": np.datetime64("2026-01-01T00:00:00.000000001")}], "TIMESTAMP"), [datetime.datetime(2026, 1, 1, tzinfo=UTC)])
        self.assertEqual(back([{"n": 1, "v": np.bool_(True)}], "BOOLEAN"), [True])
        self.assertEqual(back([{"n": 1, "v": np.str_("x")}], "TEXT"), ["x"])
        self.assertEqual(back(np.array([[1, 2.5], [2, 3.0]], dtype=object), "DOUBLE"), [2.5, 3.0])
        self.assertEqual(back(iter(np.array([[1, 2.5], [2, 3.0]], dtype=object)), "DOUBLE"), [2.5, 3.0])
        self.assertEqual(back(np.array([(1, 2.0), (2, 3.0)], dtype=[("n", "i4"), ("v", "f8")]), "DOUBLE"), [2.0, 3.0])

    def test_what_cannot_be_read(self):
        np = optional("numpy")
        with self.assertRaisesRegex(tocsin.Error, 'column "v" of s'):
            back({"n": np.arange(2), "v": np.array(["2026-01-01", "2026-01-02"], dtype="M8[s]")}, "DOUBLE")
        with self.assertRaisesRegex(tocsin.Error, "one dimension"):
            back({"n": np.arange(2), "v": np.zeros((2, 2))}, "DOUBLE")


class DuckDB(unittest.TestCase):
    def test_relations(self):
        duckdb = optional("duckdb")
        relation = duckdb.sql("SELECT * FROM (VALUES ('x', TIMESTAMP '2026-01-01 00:00:01', 1.5::DOUBLE), ('x', TIMESTAMP '2026-01-01 00:00:03', 3.0::DOUBLE)) AS t(k, ts, v)")
        self.assertEqual(tocsin.compile(PAIR).match(relation).to_dicts(), FOUND)


if __name__ == "__main__":
    unittest.main()
