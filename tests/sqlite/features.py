#!/usr/bin/env python3
"""Tocsin in SQLite beyond what cases show: columns and types, options, plans, order of reading, errors, limits.

  tests/sqlite/features.py --host tests/sqlite/host [--module bindings/sqlite/.libs/tocsin.so] [--only NAME]

Each test is a function over a fresh connection; the last line is "N passed, N failed". With --module all is done once more
with the loadable module.
"""
import argparse
import json
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from sqlite import player           # noqa: E402

TESTS = []
LOGINS = """CREATE TABLE logins (account TEXT, ok INTEGER, ts TEXT);
INSERT INTO logins VALUES ('ann', 0, '2026-01-31 09:00:00'), ('bob', 0, '2026-01-31 09:00:30'), ('ann', 0, '2026-01-31 09:01:00'),
  ('ann', 1, '2026-01-31 09:02:00'), ('bob', 0, '2026-01-31 09:03:00'), ('bob', 1, '2026-01-31 09:04:00'), ('cid', 1, '2026-01-31 09:05:00');"""
QUERY = """SELECT * FROM logins MATCH_RECOGNIZE ( PARTITION BY account ORDER BY ts
  MEASURES COUNT(fail.*) AS fails, success.ts AS at PATTERN ( fail[ok = 0]{2,} -> success[ok = 1] ) WITHIN 10 MINUTES )"""
ANN = ["ann", 2, "2026-01-31T09:02:00.000000Z"]
BOB = ["bob", 2, "2026-01-31T09:04:00.000000Z"]


def test(f):
    TESTS.append(f)
    return f


class Session:
    def __init__(self, host, options):
        self.host, self.options = host, options

    def run(self, *blocks):
        """The answers to blocks, of which the connection's opening is the first; only the last may fail."""
        answers = player.play(self.host, [b"OPEN\n", *blocks], self.options)
        for a in answers[:-1]:
            assert a.code == 0, a.message
        return answers[-1]

    def rows(self, *blocks):
        answer = self.run(*blocks)
        assert answer.code == 0, answer.message
        return answer.rows

    def error(self, *blocks):
        answer = self.run(*blocks)
        assert answer.code != 0, f"no error, but {answer.rows}"
        return answer.message


def same(got, wanted):
    assert got == wanted, f"\n  got      {got!r}\n  expected {wanted!r}"


def has(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def using(query, *options, name="m"):
    return f"CREATE VIRTUAL TABLE temp.{name} USING tocsin({', '.join([player.quoted(query), *options])});"


@test
def version_and_functions(s):
    version = s.rows("SELECT tocsin_version()")
    assert version[0][0].startswith("0."), version
    has(s.rows(LOGINS, f"SELECT tocsin_explain({player.quoted(QUERY)})")[0][0], "automaton", "FAIL")


@test
def fixed_columns_of_tocsin_query(s):
    answer = s.run(LOGINS, f"SELECT * FROM tocsin_query({player.quoted(QUERY)})")
    assert answer.code == 0, answer.message
    same(answer.columns, ["pattern", "match_id", "status", "start", "end", "key", "row"])
    same([r[2:6] for r in answer.rows], [["MATCHED", "2026-01-31T09:00:00.000000Z", ANN[2], '{"account":"ann"}'],
                                         ["MATCHED", "2026-01-31T09:00:30.000000Z", BOB[2], '{"account":"bob"}']])
    same([json.loads(r[6]) for r in answer.rows], [dict(zip(("account", "fails", "at"), r)) for r in (ANN, BOB)])
    assert len({r[1] for r in answer.rows}) == 2 and all(len(r[1]) == 32 for r in answer.rows), answer.rows
    same(s.rows(LOGINS, f"SELECT row ->> 'fails', key ->> '$.account' FROM tocsin_query({player.quoted(QUERY)}) LIMIT 1"), [[2, "ann"]])


@test
def typed_and_hidden_columns(s):
    made = LOGINS + using(QUERY)
    same(s.rows(made, "SELECT * FROM m"), [ANN, BOB])
    same(s.rows(made, "SELECT name, type, hidden FROM pragma_table_xinfo('m')"),
         [["account", "TEXT", 0], ["fails", "BIGINT", 0], ["at", "DATETIME", 0], ["match_id", "TEXT", 1], ["match_status", "TEXT", 1],
          ["match_rowtime", "DATETIME", 1]])
    same(s.rows(made, "SELECT match_status, match_rowtime, rowid FROM m"), [["MATCHED", ANN[2], 1], ["MATCHED", BOB[2], 2]])
    same(s.rows(made, f"SELECT count(*) FROM m JOIN tocsin_query({player.quoted(QUERY)}) q ON q.key ->> 'account' = m.account"), [[2]])
    same(s.rows(made, "SELECT a.account, b.account FROM m a, m b WHERE a.account < b.account"), [["ann", "bob"]])


@test
def names_that_clash_are_kept_apart(s):
    query = """SELECT k, v AS K, match_id FROM t MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts MEASURES a.v AS v, MATCH_ID() AS match_id PATTERN (a) )"""
    made = "CREATE TABLE t (k TEXT, v INT, ts INT); INSERT INTO t VALUES ('x', 7, 1);" + using(query)
    answer = s.run(made, "SELECT * FROM m")
    same(answer.columns, ["k", "K:1", "match_id"])
    same(answer.rows[0][:2], ["x", 7])


@test
def types_come_from_declarations(s):
    made = """CREATE TABLE t (b BOOLEAN, i INT8, d DOUBLE PRECISION, s VARCHAR(9), w DATETIME, l INTERVAL, u, ts INTEGER);
INSERT INTO t VALUES (1, 5, 1.5, 'x', '2026-01-31', 'PT90S', 2.5, 1);"""
    made += using("SELECT * FROM t MATCH_RECOGNIZE ( ORDER BY ts ALL ROWS PER MATCH PATTERN (a) )")
    same(s.rows(made, "SELECT * FROM m"), [[1, 1, 5, 1.5, "x", "2026-01-31T00:00:00.000000Z", "PT1M30S", 2.5]])
    same([r[0] for r in s.rows(made, "SELECT type FROM pragma_table_info('m')")],
         ["BIGINT", "BOOLEAN", "BIGINT", "DOUBLE", "TEXT", "DATETIME", "TEXT", "DOUBLE"])


@test
def units_tell_how_numbers_are_times(s):
    query = player.quoted("SELECT * FROM t MATCH_RECOGNIZE ( ORDER BY ts PATTERN ( a b ) WITHIN 1 MINUTE )")
    for unit, factor in (("second", 1), ("millisecond", 1000), ("microsecond", 10**6), ("nanosecond", 10**9)):
        made = f"CREATE TABLE t (ts INTEGER); INSERT INTO t VALUES ({1767225600 * factor}), ({1767225630 * factor});"
        wanted = [["2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:30.000000Z", 2]]
        same(s.rows(made, f"CREATE VIRTUAL TABLE m USING tocsin({query}, unit='{unit}'); SELECT * FROM m"), wanted)
        same(s.rows(made, f"SELECT start, \"end\", row ->> 'match_rows' FROM tocsin_query({query}, json_object('unit', '{unit}'))"), wanted)
    has(s.error("CREATE TABLE t (ts DATETIME); INSERT INTO t VALUES (1767225600);", f"SELECT row FROM tocsin_query({query})"), "t, row 1", "unit='second'")
    has(s.error("CREATE TABLE t (ts DATETIME)", f"CREATE VIRTUAL TABLE m USING tocsin({query}, unit='hour')"), "'hour' is none of", "'millisecond'")


@test
def parameters_and_limits(s):
    text = player.quoted("CREATE PARAMETER least BIGINT DEFAULT 1; CREATE PATTERN p AS " + QUERY.replace("{2,}", "{1,}").replace(
        "MEASURES", "MEASURES :least AS least, "))
    same(s.rows(LOGINS, f"CREATE VIRTUAL TABLE m USING tocsin({text}, :least='3'); SELECT least FROM m"), [[3], [3]])
    same(s.rows(LOGINS, f"CREATE VIRTUAL TABLE m USING tocsin({text}, :least = 4 ); SELECT least FROM m"), [[4], [4]])
    same(s.rows(LOGINS, f"SELECT row ->> 'least' FROM tocsin_query({text}, json_object(':least', 5)) LIMIT 1"), [[5]])
    has(s.error(LOGINS, f"CREATE VIRTUAL TABLE m USING tocsin({text}, :lest='3')"), "[E1008]", "lest")
    has(s.error(LOGINS, f"CREATE VIRTUAL TABLE m USING tocsin({text}, max_bytes='100'); SELECT * FROM m"), "m: ")
    has(s.error(LOGINS, f"CREATE VIRTUAL TABLE m USING tocsin({text}, max_byts='100')"), "did you mean max_bytes?")
    has(s.error(LOGINS, f"CREATE VIRTUAL TABLE m USING tocsin({text}, 'x')"), "options are written")


@test
def rows_are_put_in_order_whatever_way_they_lie(s):
    query = "SELECT * FROM t MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts MEASURES ARRAY_AGG(id) AS ids PATTERN ( a+ ) )"
    tables = {
        "rowid": "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, ts {});",
        "index": "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, ts {}); CREATE INDEX i ON t (ts);",
        "descending": "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, ts {}); CREATE INDEX i ON t (ts DESC);",
        "key": "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, ts {}); CREATE INDEX i ON t (k, ts);",
        "without rowid": "CREATE TABLE t (id INTEGER, k TEXT, ts {}, PRIMARY KEY (k, id)) WITHOUT ROWID;",
        "view": "CREATE TABLE u (id INTEGER PRIMARY KEY, k TEXT, ts {}); CREATE VIEW t AS SELECT * FROM u WHERE id > 0;",
    }
    texts = ["'2026-01-31T09:00:00.5Z'", "'2026-01-31 09:00:00'", "'2026-01-31T10:30:00+02:00'", "'2026-01-31 09:00:01'", "'2026-01-31'"]
    whole = ["3", "2", "7.5", "1", "2"]
    for name, table in tables.items():
        for kind, values, wanted in (("TEXT", texts, [5, 3, 2, 1, 4]), ("REAL", whole, [4, 2, 5, 1, 3]), ("", whole, [4, 2, 5, 1, 3])):
            into = "u" if name == "view" else "t"
            rows = ", ".join(f"({i}, 'x', {v})" for i, v in enumerate(values, 1))
            made = table.format(kind) + f"INSERT INTO {into} VALUES {rows};" + using(query)
            for where in ("", " WHERE k = 'x'", " WHERE k IN ('x', 'y')"):
                got = s.rows(made, "SELECT ids FROM m" + where)
                assert got == [[json.dumps(wanted, separators=(",", ":"))]], f"{name}, {kind}{where}: {got}, {wanted} expected"


@test
def keys_are_asked_for_alone(s):
    made = LOGINS + "CREATE INDEX by_account ON logins (account, ts);" + using(QUERY)
    same(s.rows(made, "SELECT * FROM m WHERE account = 'bob'"), [BOB])
    same(s.rows(made, "SELECT * FROM m WHERE account IN ('bob', 'ann', 'zoe')"), [ANN, BOB])
    same(s.rows(made, "SELECT * FROM m WHERE account IN (SELECT 'bob')"), [BOB])
    same(s.rows(made, "SELECT * FROM m WHERE account IS NULL"), [])
    same(s.rows(made, "SELECT * FROM m WHERE account = NULL"), [])
    plan = s.rows(made, "EXPLAIN QUERY PLAN SELECT * FROM m WHERE account = 'bob' ORDER BY rowid")[0][3]
    has(plan, "account=?", "ORDER BY rowid", "by_account (account=?)")
    assert s.rows(made, "EXPLAIN QUERY PLAN SELECT * FROM m ORDER BY fails")[-1][3] == "USE TEMP B-TREE FOR ORDER BY"
    # Only the key's rows are read: a broken one of another key is not met.
    broken = LOGINS + "INSERT INTO logins VALUES ('cid', 'maybe', '2026-01-31 09:06:00');" + using(QUERY, "bad='fail'")
    has(s.error(broken, "SELECT * FROM m"), 'logins, row 8: ok: "maybe" is no BIGINT')
    same(s.rows(broken, "SELECT * FROM m WHERE account = 'ann'"), [ANN])


@test
def times_are_asked_for_alone(s):
    query = "SELECT * FROM t MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts MEASURES a.v AS av, b.v AS bv {} PATTERN ( a -> b ) WITHIN {} DEFINE a AS v % 3 = 0, b AS v % 3 = 1 )"
    number = "i * 1000"
    text = "strftime('%Y-%m-%d %H:%M:%S', 1767225600 + i * 1000, 'unixepoch')"
    for kind, value, unit, within, bounds in (("INTEGER", number, "", "9000", ("300000", "400000", "350000")), ("INTEGER", number, "second", "3 HOURS", ("1970-01-02", "1970-01-09T10:00:00Z", "1970-01-05")),
                                              ("TEXT", text, "", "3 HOURS", ("2026-01-02", "2026-01-07 10:00", "2026-01-04"))):
        made = f"CREATE TABLE t (k TEXT, v INTEGER, ts {kind}); CREATE INDEX by_time ON t (ts);"
        made += f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) INSERT INTO t SELECT char(97 + i % 5), i * 7 % 11, {value} FROM n;"
        for skip in ("", "AFTER MATCH NO SKIP", "AFTER MATCH SKIP TO NEXT ROW"):
            setup = made + using(query.format(skip, within), *[f"unit='{unit}'"] * bool(unit))
            low, high, at = [b if kind == "INTEGER" and not unit else f"'{b}'" for b in bounds]
            for where in (f"match_rowtime >= {low}", f"match_rowtime < {high}", f"match_rowtime > {low} AND match_rowtime <= {high}", f"match_rowtime BETWEEN {low} AND {at} AND k = 'b'",
                          "match_rowtime = (SELECT match_rowtime FROM m LIMIT 1 OFFSET 9)", "match_rowtime > 'x'", "match_rowtime < NULL"):
                columns = "k, av, bv, match_rowtime"
                got = s.rows(setup, f"SELECT {columns} FROM m WHERE {where}")
                same((where, got), (where, s.rows(setup, f"SELECT {columns} FROM (SELECT {columns} FROM m LIMIT -1) m WHERE {where}")))
            plan = s.rows(setup, f"EXPLAIN QUERY PLAN SELECT av FROM m WHERE match_rowtime < {high} AND match_rowtime > {low}")[0][3]
            has(plan, "match_rowtime<?", "by_time (ts<?" if not skip else "by_time (ts>? AND ts<?)")
    # Rows out of reach are not met.
    broken = "CREATE TABLE t (k TEXT, v INTEGER, ts INTEGER); CREATE INDEX by_time ON t (ts); INSERT INTO t VALUES ('a', 0, 1), ('a', 1, 2), ('a', 'x', 9000);"
    broken += using(query.format("", "9"), "bad='fail'")
    has(s.error(broken, "SELECT av FROM m"), "t, row 3")
    same(s.rows(broken, "SELECT av FROM m WHERE match_rowtime < 1000"), [[0]])


@test
def keys_are_what_the_engine_reads(s):
    # NOCASE in the table, none in the matches; and a column without a type, where 5 is not '5' but both read as 5.
    made = """CREATE TABLE t (k TEXT COLLATE NOCASE, ts INT, u); INSERT INTO t VALUES ('a', 1, '5'), ('A', 2, '5'), ('a', 3, 5), ('b', 4, 'x');"""
    made += using("SELECT * FROM t MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts MEASURES COUNT(*) AS n PATTERN ( a+ ) )")
    made += using("SELECT * FROM t MATCH_RECOGNIZE ( PARTITION BY u ORDER BY ts MEASURES COUNT(*) AS n PATTERN ( a+ ) )", name="by_u")
    same(s.rows(made, "SELECT * FROM m WHERE k = 'a'"), [["a", 2]])
    same(s.rows(made, "SELECT * FROM m WHERE k = 'A'"), [["A", 1]])
    same(s.rows(made, "SELECT * FROM by_u WHERE u = '5'"), [["5", 3]])


@test
def several_streams_are_merged(s):
    made = LOGINS + """CREATE TABLE payments (payer TEXT, amount REAL, at TEXT);
INSERT INTO payments VALUES ('bob', 900, '2026-01-31 09:04:30'), ('ann', 20, '2026-01-31 09:00:10');"""
    made += using("""SELECT * FROM ( logins UNION ALL BY NAME SELECT payer AS account, at AS ts, amount FROM payments )
MATCH_RECOGNIZE ( PARTITION BY account ORDER BY ts MEASURES ARRAY_AGG(STREAM()) AS l PATTERN ( any+ ) )""")
    wanted = [["ann", '["logins","payments","logins","logins"]'], ["bob", '["logins","logins","logins","payments"]'], ["cid", '["logins"]']]
    same(s.rows(made, "SELECT * FROM m"), wanted)
    same(s.rows(made, "SELECT * FROM m WHERE account = 'bob'"), wanted[1:2])


@test
def tables_are_joined_and_functions_called(s):
    text = """CREATE STREAM logins (account TEXT, ok BOOLEAN, ts TIMESTAMP);
CREATE TABLE people (name TEXT, country TEXT, PRIMARY KEY (name));
CREATE FUNCTION substr (TEXT, BIGINT, BIGINT) RETURNS TEXT;
CREATE FUNCTION date (TIMESTAMP) RETURNS TIMESTAMP;
CREATE PATTERN p AS SELECT * FROM (SELECT ts, account, country FROM logins LEFT JOIN people ON name = account)
  MATCH_RECOGNIZE ( ORDER BY ts MEASURES substr(a.account, 1, 1) AS letter, a.country AS country, date(a.ts) AS day PATTERN ( a[country IS NOT NULL] ) );"""
    made = LOGINS + "CREATE TABLE people (name TEXT, country TEXT); INSERT INTO people VALUES ('ann', 'SE'), ('cid', 'DE'), ('cid', 'FR');"
    day = "2026-01-31T00:00:00.000000Z"
    same(s.rows(made + using(text), "SELECT * FROM m"), [["a", "SE", day]] * 3 + [["c", "DE", day]])
    has(s.error(made + using(text, "bad='fail'"), "SELECT * FROM m"), "table people")
    has(s.error(made + using(text.replace("substr", "no_such")), "SELECT * FROM m"), "function no_such", "no such function")
    text = text.replace("substr (TEXT, BIGINT, BIGINT) RETURNS TEXT", "date_part (TEXT) RETURNS BIGINT").replace("substr(a.account, 1, 1)", "date_part('x')").replace("date_part", "json_array_length")
    has(s.error(made + using(text), "SELECT * FROM m"), "json_array_length", "malformed JSON")


@test
def a_file_of_patterns_defines_tables(s):
    text = f"""CREATE PATTERN guessed AS {QUERY};
CREATE PATTERN twice AS SELECT * FROM guessed MATCH_RECOGNIZE ( MEASURES a.account AS first, b.account AS second PATTERN ( a b ) );"""
    define = f"SELECT tocsin_define({player.quoted(text)})"
    same(s.rows(LOGINS, define), [["guessed, twice"]])
    same(s.rows(LOGINS, define + "; SELECT * FROM guessed JOIN twice ON account = first"), [ANN + ["ann", "bob"]])
    same(s.rows(LOGINS, f"SELECT tocsin_define({player.quoted(text)}, json_object('schema', 'temp')); SELECT count(*) FROM sqlite_temp_master"), [[2]])
    has(s.error(LOGINS + "CREATE TABLE twice (x);", define), "twice")
    same(s.rows(LOGINS + "CREATE TABLE twice (x);", "SELECT count(*) FROM sqlite_master"), [[2]])
    has(s.error(LOGINS, using(text)), "several patterns", "guessed, twice")
    same(s.rows(LOGINS + using(text, "pattern='twice'"), "SELECT * FROM m"), [["ann", "bob"]])
    same([r[0] for r in s.rows(LOGINS, f"SELECT pattern FROM tocsin_query({player.quoted(text)})")], ["guessed", "guessed", "twice"])
    has(s.error(LOGINS, f"SELECT tocsin_define({player.quoted(QUERY)})"), "without a name")


@test
def errors_say_where_and_what_helps(s):
    has(s.error(LOGINS, using("SELECT * FROM login MATCH_RECOGNIZE ( ORDER BY ts PATTERN ( a ) )")), "m: line 1, column 15: [E1003]", "did you mean logins?")
    has(s.error(LOGINS, using("SELECT * FROM logins\nMATCH_RECOGNIZE ( ORDER BY ts PATTERN ( a[okay = 1] ) )")), "line 2, column ", "[E1001]", "no column okay")
    has(s.error("CREATE VIRTUAL TABLE m USING tocsin"), "USING tocsin('SELECT")
    has(s.error("CREATE VIRTUAL TABLE m USING tocsin(SELECT 1)"), "USING tocsin('SELECT")
    has(s.error("SELECT * FROM tocsin_query"), "tocsin_query('SELECT")
    has(s.error("SELECT * FROM tocsin_query(NULL)"), "NULL")
    has(s.error(LOGINS, using(QUERY, "mode='alive'")), "'alive' is none of")
    has(s.error(LOGINS, using(QUERY, "into='x'")), "for mode='live'")
    has(s.error(LOGINS + using(QUERY), "INSERT INTO m(fails) VALUES (1)"), "m holds nothing", "mode='live'")
    made = "CREATE TABLE t (k TEXT, v INT, ts INT); INSERT INTO t VALUES ('x', 9223372036854775807, 1), ('x', 1, 2);"
    has(s.error(made + using("SELECT * FROM t MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts MEASURES SUM(v) AS sum PATTERN ( a{2} ) )"), "SELECT * FROM m"),
        "m: ", "SUM(v)", "out of range")
    found = json.loads(s.rows(LOGINS, "SELECT tocsin_check('SELECT * FROM logins MATCH_RECOGNIZE ( ORDER BY ts PATTERN ( a ->{3} b ) )')")[0][0])
    same([(f["severity"], f["line"]) for f in found], [("error", 1)])
    found = json.loads(s.rows(LOGINS, "SELECT tocsin_check('SELECT * FROM logins MATCH_RECOGNIZE ( ORDER BY ts PATTERN ( a -> b ) )')")[0][0])
    same([f["severity"] for f in found], ["warning"])


@test
def a_table_that_lost_what_it_reads_can_be_dropped(s):
    made = LOGINS + f"CREATE VIRTUAL TABLE m USING tocsin({player.quoted(QUERY)}); DROP TABLE logins;"
    file = f"OPEN {os.path.join(os.environ['TOCSIN_TEST_FOLDER'], 'lost.db')}\n".encode()
    has(s.error(file, made, file, "SELECT * FROM m"), "m: line ", "no table or view logins")
    same(s.rows(file, "DROP TABLE m; SELECT count(*) FROM sqlite_master"), [[0]])
    made = LOGINS + live() + "DROP TABLE logins;"
    has(s.error(file, made, file, "INSERT INTO m(broken) VALUES (1)"), "no table or view logins")
    same(s.rows(file, "ALTER TABLE m RENAME TO n; DROP TABLE n; SELECT name FROM sqlite_master"), [])


@test
def declared_streams_are_read_as_declared(s):
    text = """CREATE STREAM logins (who TEXT PATH '$.account', ok BOOLEAN NOT NULL, ts TIMESTAMP);
SELECT * FROM logins MATCH_RECOGNIZE ( ORDER BY ts MEASURES ARRAY_AGG(who) AS l PATTERN ( a+ ) )"""
    made = LOGINS + "INSERT INTO logins VALUES ('zoe', NULL, '2026-01-31 09:03:30'), ('zoe', 1, 'never');" + using(text)
    same(s.rows(made, "SELECT * FROM m"), [['["ann","bob","ann","ann","bob","bob","cid"]']])
    has(s.error(LOGINS, using(text.replace("ok B", "okay B")) + "SELECT * FROM m"), "no column okay")


@test
def matching_can_be_interrupted(s):
    made = """CREATE TABLE t (ts INTEGER PRIMARY KEY, v INT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO t SELECT i, i % 7 FROM n;"""
    made += using("SELECT * FROM t MATCH_RECOGNIZE ( ORDER BY ts MEASURES COUNT(*) AS n PATTERN ( a+ ) DEFINE a AS v >= 0 )")
    same(s.rows(made, "SELECT * FROM m"), [[100000]])
    has(s.error(made, b"INTERRUPT 50\n", "SELECT * FROM m"), "interrupted")


@test
def slow_matching_can_be_interrupted(s):
    # Every match of one key: far more work in the matcher than in SQLite, minutes in all.
    made = """CREATE TABLE t (ts INTEGER PRIMARY KEY, v INT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, i % 7 FROM n;"""
    made += using("SELECT * FROM t MATCH_RECOGNIZE ( ORDER BY ts MEASURES COUNT(*) AS n AFTER MATCH NO SKIP PATTERN ( a ->> b ->> c ) DEFINE c AS SUM(v) < 0 )")
    begin = time.monotonic()
    has(s.error(made, b"ALARM 1\n", "SELECT * FROM m"), "interrupted")
    assert time.monotonic() - begin < 30, time.monotonic() - begin


@test
def counters_are_told(s):
    made = LOGINS + "INSERT INTO logins VALUES ('cid', 'maybe', '2026-01-31 09:06'), ('cid', 1, NULL);" + using(QUERY)
    stats = json.loads(s.rows(made, "SELECT count(*) FROM m; SELECT tocsin_stats()")[0][0])
    same({k: stats[k] for k in ("rows_in", "rows_matched_over", "rows_filtered", "rows_late", "rows_bad", "matches")},
         {"rows_in": 9, "rows_matched_over": 7, "rows_filtered": 0, "rows_late": 0, "rows_bad": 2, "matches": 2})
    same(s.rows("SELECT tocsin_stats()"), [[None]])


@test
def heap_limits_count_the_engine(s):
    made = """CREATE TABLE t (ts INTEGER PRIMARY KEY, v INT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) INSERT INTO t SELECT i, i FROM n;"""
    made += using("SELECT * FROM t MATCH_RECOGNIZE ( ORDER BY ts ALL ROWS PER MATCH PATTERN ( a+ ) )")
    same(s.rows(made, "SELECT count(*) FROM m"), [[200000]])
    has(s.error(made, b"HEAP 12000000\n", "SELECT count(*) FROM m"), "out of memory")


@test
def first_matches_come_before_the_last_row_is_read(s):
    made = """CREATE TABLE t (ts INTEGER PRIMARY KEY, v INT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO t SELECT i, i FROM n;"""
    made += using("SELECT * FROM t MATCH_RECOGNIZE ( ORDER BY ts MEASURES a.v AS v PATTERN ( a ) )")
    same(s.rows(made, b"INTERRUPT 50\n", "SELECT v FROM m LIMIT 2"), [[1], [2]])


# ---- mode='live'

EVENTS = "CREATE TABLE logins (account TEXT, ok INTEGER, ts TEXT);"


def live(*options, query=QUERY, name="m"):
    return f"CREATE VIRTUAL TABLE {name} USING tocsin({', '.join([player.quoted(query), *options])}, mode='live');"


@test
def live_matches_are_rows_at_once(s):
    made = LOGINS.split("INSERT")[0] + live() + "INSERT" + LOGINS.split("INSERT")[1]
    same(s.rows(made, "SELECT * FROM m"), [ANN, BOB])
    same(s.rows(made, "SELECT match_status, match_rowtime, rowid FROM m WHERE account = 'bob'"), [["MATCHED", BOB[2], 2]])
    same(s.rows(LOGINS + live(), "SELECT * FROM m"), [ANN, BOB])        # rows that were there
    same(s.rows(made, "BEGIN; INSERT INTO logins VALUES ('cid', 0, '2026-01-31 10:00'), ('cid', 0, '2026-01-31 10:00:01'), ('cid', 1, '2026-01-31 10:01'); "
                      "SELECT count(*) FROM m"), [[3]])
    same(s.rows(made, "BEGIN; INSERT INTO logins VALUES ('cid', 0, '2026-01-31 10:00'), ('cid', 0, '2026-01-31 10:00:01'); ROLLBACK; "
                      "INSERT INTO logins VALUES ('cid', 1, '2026-01-31 10:01'); SELECT count(*) FROM m"), [[2]])
    for where, wanted in (("rowid > 1", [BOB]), ("rowid = 2", [BOB]), ("rowid <= 1", [ANN]), ("rowid BETWEEN 1 AND 1", [ANN]), ("rowid > 1 AND rowid < 2", []),
                          ("rowid > 'x'", []), ("rowid >= 1.5", [BOB]), ("rowid > 0 AND rowid > 1 AND rowid < 9", [BOB]), ("rowid IN (1, 2)", [ANN, BOB])):
        same((where, s.rows(made, f"SELECT * FROM m WHERE {where}")), (where, wanted))
    has(s.rows(made, "EXPLAIN QUERY PLAN SELECT * FROM m WHERE rowid > 5")[0][3], "by rowid")
    same(s.rows(made, "INSERT INTO logins VALUES ('x', 1, '2026-01-31 11:00'); SELECT last_insert_rowid(), changes()"), [[8, 1]])


@test
def live_time_passes_without_rows(s):
    query = "SELECT * FROM logins MATCH_RECOGNIZE ( PARTITION BY account ORDER BY ts MEASURES a.ts AS at PATTERN ( a !b{30 MINUTES} ) DEFINE b AS ok = 1 )"
    made = EVENTS + live(query=query) + "INSERT INTO logins VALUES ('ann', 0, '2026-01-31 09:00');"
    same(s.rows(made, "SELECT * FROM m"), [])
    same(s.rows(made, "INSERT INTO m(m, arg) VALUES ('advance', '2026-01-31 09:30:00.000001'); SELECT account, match_rowtime FROM m"),
         [["ann", "2026-01-31T09:30:00.000000Z"]])
    has(s.error(made, "INSERT INTO m(m, arg) VALUES ('advance', '2026-01-31 10:00'); INSERT INTO logins VALUES ('bob', 0, '2026-01-31 09:59')"), "m: ", "had reached")
    has(s.error(made, "INSERT INTO m(m) VALUES ('advance')"), "advance takes a time")
    same(s.rows(made, "INSERT INTO m(m) VALUES ('flush'); SELECT account FROM m; INSERT INTO m(m) VALUES ('integrity-check')"), [["ann"]])


@test
def live_rows_stay_as_they_are(s):
    made = LOGINS + live()
    has(s.error(made, "UPDATE logins SET ok = 0"), "m has matched the rows of logins: they cannot be changed")
    has(s.error(made, "UPDATE OR IGNORE logins SET ok = 0"), "cannot be changed")
    has(s.error(made, "UPDATE OR REPLACE logins SET ok = 0"), "cannot be changed")
    has(s.error(made, "DELETE FROM logins"), "cannot be deleted")
    has(s.error(made + "CREATE UNIQUE INDEX u ON logins (ts); PRAGMA recursive_triggers = on;", "INSERT OR REPLACE INTO logins VALUES ('x', 1, '2026-01-31 09:05:00')"), "cannot be deleted")
    has(s.error(made + "CREATE UNIQUE INDEX u ON logins (ts);", "INSERT INTO logins VALUES ('x', 1, '2026-01-31 09:05:00') ON CONFLICT DO UPDATE SET ok = 2"), "cannot be changed")
    same(s.rows(made + "CREATE UNIQUE INDEX u ON logins (ts);", "INSERT INTO logins VALUES ('x', 1, '2026-01-31 09:05:00') ON CONFLICT DO NOTHING; SELECT count(*) FROM logins"), [[7]])
    # A row that comes too late stays out of the table as well, whatever the INSERT says of conflicts.
    for way in ("", "OR IGNORE", "OR FAIL", "OR REPLACE", "OR ABORT", "OR ROLLBACK"):
        late = f"INSERT {way} INTO logins VALUES ('x', 1, '2026-01-31 12:00'), ('x', 1, '2026-01-31 08:00')"
        answers = player.play(s.host, [b"OPEN\n", made, late, "INSERT INTO m(m) VALUES ('integrity-check'); SELECT count(*) FROM logins"], s.options)
        has(answers[-2].message, "came after the stream had reached")
        same((way, answers[-1].code, answers[-1].rows), (way, 0, [[7]]))
    has(s.error(made, "INSERT INTO m(account) VALUES ('x')"), "rows come to m by the tables that it reads")
    has(s.error(made, "UPDATE m SET fails = 1"), "cannot be changed")
    has(s.error(made, "DELETE FROM m"), "cannot be changed")
    has(s.error(made, "INSERT INTO m(m) VALUES ('rebild')"), "there is no command 'rebild'", "'rebuild'")


@test
def live_commands(s):
    made = LOGINS + live()
    same(s.rows(made, "INSERT INTO m(m) VALUES ('rebuild'); INSERT INTO m(m) VALUES ('integrity-check'); SELECT * FROM m"), [ANN, BOB])
    same(s.rows(made, "INSERT INTO m(m) VALUES ('reset'); INSERT INTO m(m) VALUES ('integrity-check'); SELECT count(*) FROM m"), [[0]])
    same(s.rows(made, "INSERT INTO m(m) VALUES ('reset'); INSERT INTO logins VALUES ('cid', 0, '2026-01-31 10:00'), ('cid', 0, '2026-01-31 10:00:01'), "
                      "('cid', 1, '2026-01-31 10:01'); INSERT INTO m(m) VALUES ('integrity-check'); SELECT account FROM m"), [["cid"]])
    for damage in ("DELETE FROM m_matches WHERE rowid = 1", "UPDATE m_matches SET fails = 9 WHERE rowid = 2", "INSERT INTO m_matches(account) VALUES ('x')",
                   "UPDATE m_config SET v = 'x' WHERE k = 'emitted'", "DELETE FROM m_config", "UPDATE m_config SET v = 5 WHERE k = 'emitted'",
                   "INSERT INTO m_log VALUES (1, 0, 77, NULL)", "INSERT INTO m_log VALUES (1, 9, 1, NULL)"):
        answer = s.run(made, damage + "; INSERT INTO m(m) VALUES ('integrity-check')")
        same((damage, answer.code & 0xff), (damage, 11))
        has(answer.message, "m: its state is damaged", "'rebuild'")
        same(s.rows(made, damage + "; INSERT INTO m(m) VALUES ('rebuild'); INSERT INTO m(m) VALUES ('integrity-check'); SELECT * FROM m"), [ANN, BOB])


@test
def live_into_a_table_of_the_user(s):
    made = LOGINS + live("into='alerts'")
    same(s.rows(made, "SELECT * FROM alerts")[0][:3], ANN)
    same(s.rows(made, "SELECT * FROM m"), [ANN, BOB])
    same(s.rows(made, "DELETE FROM alerts WHERE account = 'ann'; INSERT INTO logins VALUES ('cid', 0, '2026-01-31 10:00'), ('cid', 0, '2026-01-31 10:00:01'), "
                      "('cid', 1, '2026-01-31 10:01'); SELECT account FROM alerts"), [["bob"], ["cid"]])
    same(s.rows(made, "DROP TABLE m; SELECT name FROM sqlite_master"), [["logins"], ["alerts"]])
    has(s.error(made, "INSERT INTO m(m) VALUES ('rebuild')"), "alerts are yours")


@test
def live_survives_rename_defensive_and_distrust(s):
    made = LOGINS + live()
    more = "INSERT INTO logins VALUES ('cid', 0, '2026-01-31 10:00'), ('cid', 0, '2026-01-31 10:00:01'), ('cid', 1, '2026-01-31 10:01');"
    same(s.rows(made, f"ALTER TABLE m RENAME TO n; {more} INSERT INTO n(n) VALUES ('integrity-check'); SELECT account FROM n"), [["ann"], ["bob"], ["cid"]])
    same(s.rows(made, "ALTER TABLE m RENAME TO n; DROP TABLE n; SELECT name FROM sqlite_master"), [["logins"]])
    same(s.rows(made, f"PRAGMA trusted_schema = off; {more} SELECT account FROM m"), [["ann"], ["bob"], ["cid"]])
    defensive = [b"DEFENSIVE\n"]
    same(s.rows(made, *defensive, f"{more} SELECT account FROM m"), [["ann"], ["bob"], ["cid"]])
    has(s.error(made, *defensive, "DELETE FROM m_matches"), "may not be modified")
    same(s.rows(made, "DROP TABLE logins; SELECT account FROM m"), [["ann"], ["bob"]])
    file = f"OPEN {os.path.join(os.environ['TOCSIN_TEST_FOLDER'], 'kept.db')}\n".encode()
    same(s.rows(file, made, file, f"{more} SELECT account FROM m"), [["ann"], ["bob"], ["cid"]])
    same(s.rows(file, "VACUUM; PRAGMA integrity_check; INSERT INTO m(m) VALUES ('integrity-check')"), [["ok"]])


@test
def live_tables_of_a_file(s):
    text = f"""CREATE PATTERN guessed AS {QUERY};
CREATE PATTERN twice AS SELECT * FROM guessed MATCH_RECOGNIZE ( MEASURES a.account AS first, b.account AS second PATTERN ( a b ) );"""
    made = EVENTS + f"SELECT tocsin_define({player.quoted(text)}, json_object('mode', 'live'));" + "INSERT" + LOGINS.split("INSERT")[1]
    same(s.rows(made, "SELECT * FROM guessed"), [ANN, BOB])
    same(s.rows(made, "INSERT INTO twice(twice) VALUES ('flush'); SELECT * FROM twice"), [["ann", "bob"]])
    same(s.rows(made, "INSERT INTO twice(twice) VALUES ('integrity-check'); INSERT INTO guessed(guessed) VALUES ('integrity-check'); SELECT 1"), [[1]])


@test
def live_in_temp_reads_main(s):
    made = EVENTS + live(name="temp.m") + "INSERT" + LOGINS.split("INSERT")[1]
    same(s.rows(made, "SELECT * FROM m"), [ANN, BOB])
    same(s.rows(made, "DROP TABLE m; SELECT count(*) FROM sqlite_temp_master"), [[0]])


@test
def live_says_what_it_cannot(s):
    has(s.error("CREATE VIEW logins AS SELECT 'x' AS account, 1 AS ok, '2026-01-31' AS ts", live()), "live is for tables with a rowid")
    has(s.error("CREATE TABLE logins (account TEXT PRIMARY KEY, ok INTEGER, ts TEXT) WITHOUT ROWID", live()), "live is for tables with a rowid")
    joined = "CREATE STREAM logins (account TEXT, ts TIMESTAMP); CREATE TABLE p (name TEXT, country TEXT, PRIMARY KEY (name)); CREATE PATTERN x AS SELECT * FROM " \
             "(SELECT ts, country FROM logins LEFT JOIN p ON name = account) MATCH_RECOGNIZE ( ORDER BY ts MEASURES a.country AS c PATTERN ( a ) );"
    has(s.error(EVENTS + "CREATE TABLE p (name TEXT, country TEXT);", live(query=joined)), "LEFT JOIN is not supported yet")
    gaps = LOGINS + "DELETE FROM logins WHERE account = 'cid'; DELETE FROM logins WHERE ts LIKE '%09:01%';"
    has(s.error(gaps, live()), "gaps that VACUUM would close")
    same(s.rows(gaps, "VACUUM; " + live() + "SELECT count(*) FROM m"), [[1]])
    # What fails leaves nothing.
    same(s.rows("CREATE VIEW logins AS SELECT 'x' AS account, 1 AS ok, '2026-01-31' AS ts; SELECT count(*) FROM sqlite_master"), [[1]])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", required=True)
    parser.add_argument("--module", help="the loadable module")
    parser.add_argument("--only")
    options = parser.parse_args()
    import tempfile
    passed = failed = 0
    for way in [[]] + ([["--load", os.path.abspath(options.module)]] if options.module else []):
        for f in TESTS:
            if options.only and options.only not in f.__name__:
                continue
            with tempfile.TemporaryDirectory(prefix="tocsin-sqlite-") as folder:
                os.environ["TOCSIN_TEST_FOLDER"] = folder
                try:
                    f(Session(os.path.abspath(options.host), way))
                    passed += 1
                except Exception:
                    failed += 1
                    print(f"{f.__name__}{' (loaded)' if way else ''}\n" + "".join("    " + line for line in traceback.format_exc().splitlines(True)[-6:]))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
