#!/usr/bin/env python3
"""`tocsin test`: tests beside pattern files, what it says of those that fail, and what it writes.

  tests/unit/test_command.py [--tocsin COMMAND] [--only NAME]
"""
import sys
import xml.etree.ElementTree

sys.dont_write_bytecode = True
import command                                   # noqa: E402
from command import has, same                    # noqa: E402

command.TESTS.clear()
test = command.test

CART = """CREATE STREAM shop (k TEXT, e TEXT NOT NULL, v DOUBLE, ts TIMESTAMP);
CREATE PARAMETER idle INTERVAL DEFAULT 30 MINUTES;
CREATE PATTERN cart AS SELECT * FROM shop MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts
  MEASURES COUNT(a.*) AS n, SUM(a.v) / 3 AS third, ARRAY_AGG(a.e) AS list, LAST(a.ts) AS last, MATCH_ROWTIME() - FIRST(a.ts) AS took
  PATTERN ( (a[e = 'add'] -> !b)+ !b[e = 'buy']{:idle} ) );
"""
TWO = """CREATE STREAM s (k TEXT, v BIGINT, ts BIGINT);
CREATE PATTERN up AS SELECT * FROM s MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts MEASURES b.v AS v PATTERN (a b[b.v > a.v]) );
CREATE PATTERN slow AS SELECT * FROM s MATCH_RECOGNIZE (
  PARTITION BY k ORDER BY ts MEASURES a.v AS v ONE ROW PER MATCH SHOW TIMEOUT MATCHES PATTERN (a[v = 1] -> b[v = 9]) WITHIN 10 );
"""


def play(folder, text, *arguments, pattern=CART, status=0):
    folder.write("x.cep", pattern)
    folder.write("x.test", text)
    out, err = folder.run("test", *(arguments or ["x.test"]), status=status)
    return out + err


GIVEN = """test one
  given
    k   | e   | v | ts
    ann | add | 1 | 09:00
    ann | add | 1 | +5 minutes
"""


@test
def time_passes_to_the_microsecond(folder):
    play(folder, GIVEN + "  then 29 minutes 59.999999 seconds pass\n  expect nothing\n"
         "  then 0.000001 seconds pass\n  expect 1 match\n")
    play(folder, GIVEN + "  then it is 09:34:59.999999\n  expect nothing\n  then it is 09:35\n  expect 1 match\n")
    play(folder, "with idle = 1 hour\n" + GIVEN +
         "  then 59 minutes pass\n  expect nothing\n  then the input ends\n  expect 1 match\n")
    play(folder, "with idle = 1 hour\n" + GIVEN.replace("given", "with idle = 2 hours\n  given") +
         "  then 119 minutes pass\n  expect nothing\n  then 1 minute passes\n  expect 1 match\n")
    has(play(folder, GIVEN + "  then it is 09:01\n  expect nothing\n", status=1), "x.test:6: it is later already")
    has(play(folder, GIVEN + "  then soon pass\n  expect nothing\n", status=1), "x.test:6: 'soon' is no duration")


@test
def cells_of_all_types(folder):
    end = "  then the input ends\n  expect\n"
    for cell in ("2", "~2", "*"):
        play(folder, GIVEN + end + f"    n\n    {cell}\n")
    for cell in ("~0.67", "~0.667", "0.6666666666666666", "*"):
        play(folder, GIVEN + end + f"    third | last  | took\n    {cell} | 09:05 | PT35M\n")
    for cell in ("35 minutes", "00:35:00", "PT35M"):
        play(folder, GIVEN + end + f"    took\n    {cell}\n")
    for cell in ("09:05", "2026-01-31T09:05:00Z", "09:05:00.000", "2026-01-31 10:05+01:00"):
        play(folder, GIVEN + end + f"    last\n    {cell}\n")
    play(folder, GIVEN + end + '    | list          | k   |\n    | ["add","add"] | ann |\n')
    for head, cell in (("n", "3"), ("third", "~0.68"), ("last", "09:06"), ("took", "PT36M"),
                       ("list", "[]"), ("k", "null"), ("k", "''")):
        has(play(folder, GIVEN + end + f"    {head}\n    {cell}\n", status=1), "came, but not as expected")
    for head, cell, why in (("n", "x", "BIGINT"), ("last", "9 o'clock", "TIMESTAMP"),
                            ("k", "'a", "is no text"), ("k", "'a'b'", "is no text"),
                            ("nn", "1", 'no output column "nn"')):
        has(play(folder, GIVEN + end + f"    {head}\n    {cell}\n", status=1), "x.test:", why)


@test
def texts_are_quoted_where_they_must_be(folder):
    text = """test names
  given
    k         | e   | ts
    'a | b'   | add | 09:00
    'it''s'   | add | 09:00
    ''        | add | 09:00
              | add | 09:00
    'null'    | add | 09:00
  then the input ends
  expect
"""
    play(folder, text, "--update")
    has(folder.read("x.test"), "'a | b' ", "\n    it's ", "\n    ''  ", "\n    null ", "\n    'null' ")
    play(folder, folder.read("x.test"))


@test
def rows_of_one_block_happen_in_order_of_time(folder):
    text = """test a story for each
  given
    k   | e   | ts
    ann | add | 09:00
    ann | add | +10 minutes
    bob | add | 08:55
    bob | buy | +10 minutes
    ann | buy | 09:10
  then 1 hour passes
  expect
    k   | n
"""
    play(folder, text.replace("  expect\n    k   | n\n", "  expect nothing\n"))
    play(folder, text.replace("    ann | buy | 09:10\n", "") + "    ann | 2\n")
    play(folder, text.replace("    ann | buy | 09:10\n", "    ann | buy | +10 minutes\n").replace("bob | buy", "bob | add") + "    bob | 2\n")


@test
def what_differs_is_shown(folder):
    said = play(folder, GIVEN + "    bob | add | 1 | 09:06\n    cid | add | 1 | 09:07\n  then the input ends\n"
                "  expect\n    k | n\n    ann | 2\n    bob | 2\n    cid | 1\n", status=1)
    has(said, "x.test:9: 3 matches of cart came, but not as expected\n"
        "    k   | n\n    ann | 2\n  - bob | 2\n  + bob | 1\n          ^\n    cid | 1\n",
        "FAILED  x.test: 0 passed, 1 failed\n", "0 passed, 1 failed\n")
    has(play(folder, GIVEN + "  then the input ends\n  expect nothing\n", status=1), "nothing of cart was expected, and 1 came")
    has(play(folder, GIVEN + "  expect\n    k\n    ann\n", status=1), "1 match of cart was expected, and 0 came", "  - ann",
        "hint: 1 more outcome is decided only when the input ends")
    has(play(folder, GIVEN + "  expect nothing\n  then 1 hour passes\n", status=1), "1 match of cart came that nothing here expects")


@test
def a_test_looks_at_the_patterns_it_names(folder):
    text = "test a\n  given\n    k | v | ts\n    a | 1 | 1\n    a | 2 | +1\n  then 20 pass\n"
    play(folder, text + "  expect of up\n    v\n    2\n", pattern=TWO)
    play(folder, text + "  expect timeout of slow\n    v\n    1\n", pattern=TWO)
    play(folder, text + "  expect 1 timeout of slow\n  expect 1 match of up\n", pattern=TWO)
    has(play(folder, text + "  expect\n    v\n    2\n", pattern=TWO, status=1), "several patterns (up, slow); say which")
    has(play(folder, text + "  expect nothing\n", pattern=TWO, status=1), "nothing of up was expected", "nothing of slow was expected")
    has(play(folder, text + "  expect of upp\n    v\n    2\n", pattern=TWO, status=1), 'no pattern "upp", only up, slow')
    has(play(folder, text + "  expect nothing of slow\n", pattern=TWO, status=1), "nothing of slow was expected, and 1 came")


@test
def late_rows_and_errors_are_expected_or_fail(folder):
    late = GIVEN + "  given\n    k   | e   | v | ts\n    bob | add | 1 | 08:00\n"
    has(play(folder, late + "  expect nothing\n", status=1), "x.test:8: this row is late: its time is 2026-01-31T08:00:00.000000Z")
    play(folder, late + "  expect 1 late row\n")
    has(play(folder, late + "  expect 2 late rows\n", status=1), "2 late rows were expected, 1 came")
    pattern = "CREATE STREAM s (v BIGINT, ts BIGINT);\nSELECT * FROM s MATCH_RECOGNIZE (ORDER BY ts PATTERN (a[v + 9223372036854775807 > 0]))"
    bad = "test b\n  given\n    v | ts\n    0 | 1\n    1 | 2\n"
    play(folder, bad + "  expect error out of range\n  expect 1 match\n", pattern=pattern)
    has(play(folder, bad + "  expect error division\n  expect 1 match\n", pattern=pattern, status=1), "another error came")
    has(play(folder, bad + "  expect 1 match\n", pattern=pattern, status=1), "x.test:5: the run stopped")
    has(play(folder, bad.replace("    1 | 2\n", "") + "  expect error x\n", pattern=pattern, status=1), "an error was expected, and none came")


@test
def what_is_no_test_is_said_with_its_line(folder):
    for text, said in (
            ("tset a\n", "x.test:1: 'tset' begins no line"),
            ("test\n", "x.test:1: what the test promises is missing"),
            ("given\n", "belongs to no test"),
            ("test a\n  given\n    k\n    a\n", "x.test:1: this test expects nothing that could fail"),
            ("test a\n  given\n    k | e\n    a\n  expect nothing\n", "x.test:4: this row has 1 cells, but the table has 2 columns"),
            ("test a\n  given shops\n    k\n    a\n  expect nothing\n", 'declares no stream "shops"'),
            ("test a\n  given\n    e   | kk\n    add | a\n  expect nothing\n", 'shop has no column "kk"'),
            ("test a\n  given\n    k | ts\n    a | 09:00\n  expect nothing\n", 'the column "e" is missing'),
            ("test a\n  given\n    e | ts\n    null | 09:00\n  expect nothing\n", "column e may not be NULL"),
            ("test a\n  given\n    e | v | ts\n    a | x | 09:00\n  expect nothing\n", "x.test:4: column v: x is no DOUBLE"),
            ("test a\n  given\n    k\n  then 5 hours\n  expect nothing\n", "'then 5 minutes pass', 'then it is 09:30'"),
            ("test a\n  given shop form f.csv\n  expect nothing\n", "is meant"),
            ("test a\n  given from f.csv\n  expect nothing\n", "f.csv"),
            ("test a\n  expect 2 things\n", "is meant"),
            ("test a\n  with idle\n  expect nothing\n", "'with NAME = VALUE' is meant"),
            ("test a\n  with idl = 3 minutes\n  expect nothing\n", "does not compile with this test's parameters"),
            ("test a\n  with idle = soon\n  expect nothing\n", "does not compile"),
            ("test a\n  then the input ends\n  then 5 minutes pass\n  expect nothing\n", "the input has ended")):
        has(play(folder, text, status=1), said)


@test
def rows_come_from_files_and_tables(folder):
    folder.write("in/shop.csv", "k,e,v,ts\nann,add,1,2026-01-31T09:00:00Z\n")
    play(folder, "test f\n  given shop from in/shop.csv\n  then 30 minutes pass\n  expect 1 match\n")
    folder.write("in/bad.csv", "k,e,v,ts\nann,add,x,2026-01-31T09:00:00Z\n")
    has(play(folder, "test f\n  given shop from in/bad.csv\n  expect nothing\n", status=1), 'x.test:2: in/bad.csv:2: bad row: "x" is no DOUBLE')
    joined = """CREATE STREAM s (k TEXT, ts TIMESTAMP);
CREATE TABLE names (k TEXT, name TEXT, PRIMARY KEY (k));
SELECT * FROM (SELECT s.k, s.ts, names.name FROM s LEFT JOIN names ON names.k = s.k)
  MATCH_RECOGNIZE (ORDER BY ts MEASURES a.name AS name PATTERN (a))
"""
    play(folder, "test t\n  given names\n    k | name\n    a | Ann\n  given s\n    k | ts\n    a | 09:00\n    b | 09:01\n"
         "  expect\n    name\n    Ann\n    null\n", pattern=joined)
    has(play(folder, "test t\n  given names\n    k | name\n    a | Ann\n    a | Bob\n  expect nothing\n", pattern=joined, status=1), "x.test:5:")


@test
def update_writes_what_came(folder):
    text = "# kept\n" + GIVEN + "  then the input ends\n  expect       # nobody knows\n"
    text = text.replace("       # nobody knows", "")
    has(play(folder, text, "--update"), "updated  one\n", "1 updated, 0 passed, 0 failed")
    written = folder.read("x.test")
    assert written.startswith(text), written
    has(written, '    k   | n | third              | list          | last  | took \n'.rstrip() + "\n    ann | 2 | 0.6666666666666666 | ")
    has(play(folder, written), "1 passed, 0 failed")
    loose = GIVEN + "  then the input ends\n  expect\n    k | third | n\n    ann | ~0.67 | 3\n\ntest two\n  expect nothing\n"
    play(folder, loose, "--update")
    same(folder.read("x.test"), loose.replace("k | third | n\n    ann | ~0.67 | 3", "k   | third | n\n    ann | ~0.67 | 2"))
    play(folder, GIVEN + "  then the input ends\n  expect nothing\n", "--update")
    has(folder.read("x.test"), "  expect\n    k   | n | ")
    play(folder, GIVEN + "  expect\n    k | n\n    ann | 2\n", "--update")
    assert folder.read("x.test").endswith("  expect nothing\n"), folder.read("x.test")
    play(folder, GIVEN + "  then the input ends\n  expect 5 matches\n", "--update")
    assert folder.read("x.test").endswith("  expect 1 match\n"), folder.read("x.test")
    has(play(folder, GIVEN + "    ann | x\n  expect nothing\n", "--update", status=1), "has 2 cells")


@test
def folders_are_searched(folder):
    folder.write("a/x.cep", CART)
    folder.write("a/x.test", GIVEN + "  expect nothing\n")
    folder.write("a/b/y.cep", CART)
    folder.write("a/b/y.test", GIVEN.replace("one", "two") + "  expect 1 match\n")
    folder.write("a/c.cep", CART)
    out, err = folder.run("test", "a", status=1)
    assert out.index("a/b/y.test") < out.index("a/x.test"), out
    has(out, "\n1 passed, 1 failed\n")
    has(err, "a/c.cep has no tests")
    has(folder.run("test", "--only", "one")[0], "1 passed, 0 failed")
    has(folder.run("test", "a/x.cep")[0], "1 passed, 0 failed")
    has(folder.run("test", "a/c.cep", status=1)[1], "cannot read a/c.test")
    folder.run("test", "nowhere", status=3)


@test
def tap_and_junit(folder):
    folder.write("x.cep", CART)
    folder.write("x.test", GIVEN.replace("one", "a <b> & \"c\" #3") + "  expect 1 match\n\n" + GIVEN.replace("one", "two") + "  expect nothing\n")
    out, _ = folder.run("test", "--tap", "--junit", "r.xml", status=1)
    lines = out.splitlines()
    same(lines[0], "TAP version 13")
    same([line for line in lines if line.startswith(("ok", "not ok", "1.."))],
         ['not ok 1 - x.test: a <b> & "c" \\#3', "ok 2 - x.test: two", "1..2"])
    has(out, "  ---\n  message: |\n    x.test:6: 1 match of cart was expected, and 0 came\n")
    root = xml.etree.ElementTree.fromstring(folder.read("r.xml"))
    suite, = root
    same((suite.get("name"), suite.get("tests"), suite.get("failures")), ("x.test", "2", "1"))
    same([case.get("name") for case in suite], ['a <b> & "c" #3', "two"])
    has(suite[0][0].text, "1 match of cart was expected")


if __name__ == "__main__":
    sys.exit(command.main())
