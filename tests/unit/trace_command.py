#!/usr/bin/env python3
"""`tocsin trace`: the last line names the true reason why a key has no match. Near misses, each missing by one thing.

  tests/unit/trace_command.py [--tocsin COMMAND] [--only NAME]
"""
import sys

sys.dont_write_bytecode = True
import command                                   # noqa: E402
from command import has, same                    # noqa: E402

command.TESTS.clear()
test = command.test
DAY = "2026-01-31T"


def story(folder, pattern, rows, key="ann", head="k TEXT, e TEXT, v BIGINT, ts TIMESTAMP", more="", arguments=()):
    """All lines; rows: key e v time, a line each, times short."""
    folder.write("p.cep", f"CREATE STREAM s ({head});\nCREATE PATTERN p AS SELECT * FROM s MATCH_RECOGNIZE (\n"
                 f"  PARTITION BY k{more} ORDER BY ts {pattern} );\n")
    table = [line.split() for line in rows.strip().splitlines()]
    folder.write("s.csv", "k,e,v,ts\n" + "".join(f"{k},{e},{v},{DAY}{t}Z\n" for k, e, v, t in table))
    return folder.run("trace", "p.cep", "s.csv", "--key", key, *arguments)[0].splitlines()


ABC = "PATTERN ( a[e = 'a'] -> b[e = 'b'] -> c[e = 'c'] )"


def ends(folder, wanted, *arguments, **named):
    same(story(folder, *arguments, **named)[-1], wanted)


@test
def wrong_order(folder):
    ends(folder, "No match for ann: after A(1) B(3) no C came until the input was over: row 2 is one, but came before row 3",
         ABC, "ann a 1 09:00:00\nann c 1 09:01:00\nann b 1 09:02:00")


@test
def late_by_a_second(folder):
    ends(folder, "No match for ann: after A(1) B(2) no C came until WITHIN was over at 2026-01-31 09:10:00: row 3 is one, but came at "
         "2026-01-31 09:10:01, when WITHIN had ended at 2026-01-31 09:10:00",
         ABC + " WITHIN 10 MINUTES", "ann a 1 09:00:00\nann b 1 09:01:00\nann c 1 09:10:01")


@test
def wrong_key(folder):
    ends(folder, "No match for ann: after A(1) B(2) no C came until the input was over: the row at 2026-01-31 09:02:00 would be one, but "
         "has another key", ABC, "ann a 1 09:00:00\nann b 1 09:01:00\nbob c 1 09:02:00")


@test
def silence_broken(folder):
    ends(folder, "No match for ann: after A(1) the silence !B was broken by row 2 at 2026-01-31 09:29:59",
         "PATTERN ( a !b{30 MINUTES} ) DEFINE a AS e = 'a', b AS e = 'b'", "ann a 1 09:00:00\nann b 1 09:29:59\nann x 1 10:00:00")


@test
def absence_broken_on_the_way(folder):
    ends(folder, "No match for ann: after A(1) came row 2, which is X, and !X stands before C",
         "PATTERN ( a -> !x c ) DEFINE a AS e = 'a', x AS e = 'x', c AS e = 'c'", "ann a 1 09:00:00\nann x 1 09:01:00\nann c 1 09:02:00")


@test
def window_over(folder):
    ends(folder, "No match for ann: after A(1) no B came until the window was over at 2026-01-31 10:00:00",
         "PATTERN ( a[e = 'a'] -> b[e = 'b'] )", "ann a 1 09:50:00\nann b 1 10:00:00", more=", TUMBLE(1 HOUR)")


@test
def late_row(folder):
    ends(folder, "No match for ann: after A(1) B(2) no C came until WITHIN was over at 2026-01-31 09:10:00: s.csv:5 came late and was left out",
         ABC + " WITHIN 10 MINUTES", "ann a 1 09:00:00\nann b 1 09:01:00\nbob x 1 09:30:00\nann c 1 09:05:00",
         head="k TEXT, e TEXT, v BIGINT, ts TIMESTAMP, WATERMARK FOR ts AS ts - 10 SECONDS")


@test
def not_the_next_row(folder):
    ends(folder, "No match for ann: after A(1) the next row, 2, had to be B, and `e = 'b'` is FALSE, it is 'x'",
         "PATTERN ( a b ) DEFINE a AS e = 'a', b AS e = 'b'", "ann a 1 09:00:00\nann x 1 09:01:00\nann b 1 09:02:00")


@test
def one_part_of_a_condition(folder):
    ends(folder, "No match for ann: after A(1) no B came until the input was over: nearest was row 3, where `v > a.v` is FALSE, it is 4 against 5",
         "PATTERN ( a -> b ) DEFINE a AS e = 'a', b AS e = 'b' AND v > a.v AND v < 100",
         "ann a 5 09:00:00\nann x 9 09:01:00\nann b 4 09:02:00\nann x 9 09:03:00")


@test
def beyond_the_gap(folder):
    ends(folder, "No match for ann: after A(1) no B came until the gap's bound was over at 2026-01-31 09:05:00: row 2 is one, but came at "
         "2026-01-31 09:05:00.000001, when the gap's bound had ended at 2026-01-31 09:05:00",
         "PATTERN ( a[e = 'a'] ->{,5 MINUTES} b[e = 'b'] )", "ann a 5 09:00:00\nann b 9 09:05:00.000001")


@test
def before_the_gap(folder):
    ends(folder, "No match for ann: after A(1) no B came until the input was over: row 2 is one, but came at 2026-01-31 09:04:59, before "
         "2026-01-31 09:05:00", "PATTERN ( a[e = 'a'] ->{5 MINUTES,} b[e = 'b'] )", "ann a 5 09:00:00\nann b 9 09:04:59")


@test
def beyond_so_many_rows(folder):
    last = story(folder, ABC + " WITHIN 3 ROWS", "ann a 1 09:00:00\nann b 1 09:01:00\nann x 1 09:02:00\nann c 1 09:03:00")[-1]
    has(last, "No match for ann: after A(1) B(2) no C came until WITHIN n ROWS was over at 2026-01-31 09:02:00",
        "row 4 is one, but came at 2026-01-31 09:03:00")


@test
def nothing_begins(folder):
    ends(folder, "No match for ann: no row can begin a path; nearest was row 2, where `v > 10` is FALSE, it is 9",
         "PATTERN ( a ) DEFINE a AS e = 'a' AND v > 10", "ann x 50 09:00:00\nann a 9 09:01:00\nann x 20 09:02:00")


@test
def an_absence_before_the_begin(folder):
    ends(folder, "No match for ann: no row can begin a path; nearest was row 2, but !X stands before A",
         "PATTERN ( !x{5 MINUTES} a ) DEFINE a AS e = 'a', x AS e = 'x'", "ann x 50 09:00:00\nann a 9 09:05:00")


@test
def null_is_not_true(folder):
    folder.write("p.cep", "CREATE STREAM s (k TEXT, v BIGINT, ts TIMESTAMP);\n"
                 "SELECT * FROM s MATCH_RECOGNIZE ( PARTITION BY k ORDER BY ts PATTERN ( a[v > 3] ) )")
    folder.write("s.csv", f"k,v,ts\nann,,{DAY}09:00:00Z\n")
    has(folder.run("trace", "p.cep", "s.csv", "--key", "ann")[0].splitlines()[-1], "`v > 3` is NULL, it is NULL")


@test
def a_key_that_is_not_there(folder):
    ends(folder, "No match for eve: no row that the pattern reads has this key", ABC, "ann a 1 09:00:00", key="eve")


@test
def a_match_is_told_with_its_rows(folder):
    lines = story(folder, ABC, "ann a 1 09:00:00\nann x 1 09:00:30\nann b 1 09:01:00\nann c 1 09:02:00")
    same(lines[-1], "Match for ann: A(1) B(3) C(4)")
    text = "\n".join(lines)
    has(text, "row 1  2026-01-31 09:00:00  k='ann' e='a'   could be A\n", "begins as A\n",
        "    A(1)                      waits for B: `e = 'b'` is FALSE, it is 'x'\n",
        "    A(1)                      takes it as B\n", "    A(1) B(3) C(4)            is complete\n", "    A(1) B(3) C(4)            MATCH")


@test
def timers_are_told_with_their_time(folder):
    lines = story(folder, "PATTERN ( a !b{30 MINUTES} ) DEFINE a AS e = 'a', b AS e = 'b'", "ann a 1 09:00:00\nann x 1 09:45:00")
    text = "\n".join(lines)
    has(text, "at 2026-01-31 09:30:00\n    A(1)                      !B has lasted\n    A(1) (time)               is complete\n    A(1) (time)               MATCH\n")
    assert text.index("at 2026-01-31 09:30:00") < text.index("row 2"), text
    same(lines[-1], "Match for ann: A(1) (time)")


@test
def rows_in_a_match_begin_nothing(folder):
    text = "\n".join(story(folder, "PATTERN ( a[v > 0]{2} )", "ann a 1 09:00:00\nann a 1 09:01:00\nann a 1 09:02:00"))
    has(text, "    A(2)                      ends: it began in the match before it\n")


@test
def all_keys_are_told_without_one(folder):
    folder.write("p.cep", "CREATE STREAM s (k TEXT, e TEXT, ts TIMESTAMP);\nCREATE PATTERN p AS SELECT * FROM s MATCH_RECOGNIZE (\n"
                 "  PARTITION BY k ORDER BY ts PATTERN ( a[e = 'a'] -> b[e = 'b'] ) );\n")
    folder.write("s.csv", f"k,e,ts\nann,a,{DAY}09:00:00Z\nbob,a,{DAY}09:01:00Z\nann,b,{DAY}09:02:00Z\n")
    lines = folder.run("trace", "p.cep", "s.csv")[0].splitlines()
    same(lines[-2:], ["Match for ann: A(1) B(2)", "No match for bob: after A(1) no B came until the input was over"])
    has("\n".join(lines), "row 1 of bob  ")
    folder.run("trace", "p.cep", "s.csv", "--pattern", "q", status=2)
    folder.run("trace", "p.cep", status=2)


@test
def long_paths_are_shortened(folder):
    rows = "".join(f"ann a 1 09:00:{n:02d}\n" for n in range(12))
    lines = story(folder, "PATTERN ( a[v > 0]{12} b[e = 'b'] )", rows + "ann x 0 09:01:00")
    has(lines[-1], "A(1) A(2) A(3) ... 6 more ... A(10) A(11) A(12)")


if __name__ == "__main__":
    sys.exit(command.main())
