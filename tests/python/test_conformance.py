"""The conformance cases through every way in which data may come: the answers are the same."""
import json
import os
import unittest

import tocsin
from helpers import SOURCE, optional
from oracle.cases import as_conformance, load, text_of
from oracle.values import timestamp

FOLDER = os.path.join(SOURCE, "tests", "conformance")


def cases():
    with open(os.path.join(FOLDER, "disputed.json"), encoding="utf-8") as f:
        disputed = json.load(f)
    files = sorted(os.path.join(FOLDER, name) for name in os.listdir(FOLDER) if name.endswith(".jsonl"))
    return [c for c in load(files) if c["id"] not in disputed]


def typed(case):
    """The columns with their types, and the rows with times as microseconds."""
    for at, (name, kind) in enumerate(case["stream"]):
        values = [row[at] for row in case["rows"]]
        if kind == "TIMESTAMP":
            values = [v if v is None or not isinstance(v, str) else timestamp(v) for v in values]
        yield name, kind, values


def as_dicts(case):
    names = [n for n, _ in case["stream"]]
    return [dict(zip(names, row)) for row in case["rows"]]


def as_pandas(case):
    pandas = optional("pandas")
    dtypes = {"BIGINT": "Int64", "DOUBLE": "float64", "TEXT": object, "BOOLEAN": "boolean"}
    return pandas.DataFrame({
        n: pandas.to_datetime(pandas.Series(v, dtype="Int64").astype("float64"), unit="us", utc=True) if k == "TIMESTAMP"
        else pandas.Series(v, dtype=dtypes.get(k, object)) for n, k, v in typed(case)})


def as_polars(case):
    polars = optional("polars")
    types = {"BIGINT": polars.Int64, "DOUBLE": polars.Float64, "TEXT": polars.String, "BOOLEAN": polars.Boolean,
             "TIMESTAMP": polars.Datetime("us", "UTC")}
    return polars.DataFrame([polars.Series(n, v, dtype=types[k], strict=False) if k in types else polars.Series(n, v) for n, k, v in typed(case)])


def as_pyarrow(case):
    pyarrow = optional("pyarrow")
    types = {"BIGINT": pyarrow.int64(), "DOUBLE": pyarrow.float64(), "TEXT": pyarrow.dictionary(pyarrow.int32(), pyarrow.string()),
             "BOOLEAN": pyarrow.bool_(), "TIMESTAMP": pyarrow.timestamp("us", "UTC"), "INTERVAL": pyarrow.string()}
    arrays = {n: pyarrow.array(v, pyarrow.string()).dictionary_encode() if k == "TEXT" else pyarrow.array(v, types[k]) for n, k, v in typed(case)}
    whole = pyarrow.table(arrays)
    half = len(case["rows"]) // 2
    return pyarrow.concat_tables([whole.slice(0, half), whole.slice(half)]) if half else whole      # two chunks, one with an offset


def as_numpy(case):
    numpy = optional("numpy")
    plain = {"BIGINT": "i8", "DOUBLE": "f8", "BOOLEAN": "?"}
    columns = {}
    for n, k, v in typed(case):
        if k == "TIMESTAMP":
            columns[n] = numpy.array([numpy.datetime64("NaT") if x is None else numpy.datetime64(x, "us") for x in v], dtype="M8[us]")
        elif k in plain and None not in v:
            columns[n] = numpy.array(v, dtype=plain[k])
        else:
            columns[n] = numpy.array(v, dtype=object)
    return columns


def whole(pattern, data):
    return pattern.match(s=data)


def by_row(pattern, rows):
    """Each row by itself; late rows are told, not raised."""
    found = []
    with pattern.open(bad="fail", late=None) as s:
        for row in rows:
            found += s.push(row)
        found += s.finish()
        return found, s.stats()


def by_checkpoint(pattern, rows):
    """Each row by a stream that goes on from the bytes of the one before."""
    found, state = [], None
    for row in rows:
        with pattern.open(state=state, bad="fail", late=None) as s:
            found += s.push(row)
            state = s.checkpoint()
    with pattern.open(state=state, bad="fail", late=None) as s:
        found += s.finish()
        return found, s.stats()


class Conformance(unittest.TestCase):
    def play(self, match, shape):
        wrong, all_cases = [], cases()
        self.assertGreater(len(all_cases), 1000)
        for case in all_cases:
            try:
                pattern = tocsin.compile(text_of(case))
            except tocsin.PatternError as e:
                if case.get("error") != "compile":
                    wrong.append(f"{case['id']}: {e}")
                continue
            try:
                found = match(pattern, shape(case))
                found, stats = found if isinstance(found, tuple) else (found, found.stats)
            except tocsin.Error as e:
                if case.get("error") != "run":
                    wrong.append(f"{case['id']}: {e}")
                continue
            rows = [[v.isoformat() if hasattr(v, "isoformat") else v for v in m] for m in found]
            if "error" in case:
                wrong.append(f"{case['id']}: a {case['error']} error expected")
            elif rows and [n.lower() for n in found[0].keys()] != [c.lower() for c in case["columns"]]:
                wrong.append(f"{case['id']}: columns {found[0].keys()}, {case['columns']} expected")
            elif not as_conformance(case, rows, case["expected"]):
                wrong.append(f"{case['id']}: {rows}, {case['expected']} expected")
            elif "late" in case and stats["rows_late"] != case["late"]:
                wrong.append(f"{case['id']}: {stats['rows_late']} late rows, {case['late']} expected")
        self.assertEqual(wrong[:5], [], f"{len(wrong)} of {len(all_cases)} cases are wrong")

    def test_dicts(self):
        self.play(whole, as_dicts)

    def test_tuples(self):
        self.play(whole, lambda case: iter([tuple(row) for row in case["rows"]]))

    def test_dict_of_lists(self):
        self.play(whole, lambda case: {n: [row[i] for row in case["rows"]] for i, (n, _) in enumerate(case["stream"])})

    def test_row_by_row(self):
        self.play(by_row, as_dicts)

    def test_checkpoint_after_each_row(self):
        self.play(by_checkpoint, as_dicts)

    def test_pandas(self):
        self.play(whole, as_pandas)

    def test_polars(self):
        self.play(whole, as_polars)

    def test_pyarrow(self):
        self.play(whole, as_pyarrow)

    def test_numpy(self):
        self.play(whole, as_numpy)


if __name__ == "__main__":
    unittest.main()
