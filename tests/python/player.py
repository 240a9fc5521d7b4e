#!/usr/bin/env python3
"""The player of tests/play.c over the Python package: the same blocks in, the same lines out, so that the oracle and the
conformance cases compare what comes through Python. Rows go in as dicts, as tuples or as columns, by turns.

  player.py [--batch N] [--save] [--marks] [--stats] [--restore N]

--restore N   the stream is put away as bytes and goes on from them after every N pushes
"""
import argparse
import datetime
import itertools
import json
import re
import sys

import tocsin
from oracle.values import interval_text, timestamp_text

MICRO, EPOCH = datetime.timedelta(microseconds=1), datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
LIMITS = {"max-paths": "max_paths", "max-rows": "max_rows", "max-bytes": "max_bytes"}


def as_json(value):
    if isinstance(value, datetime.datetime):
        return timestamp_text((value - EPOCH) // MICRO)
    return interval_text(value // MICRO) if isinstance(value, datetime.timedelta) else value


def blocks(data):
    """[("PATTERN", words, text), ("ROWS", stream, text), ("ADVANCE", watermark, None), ("END", None, None)] of the input."""
    while line := data.readline().decode().rstrip("\n"):
        head, _, rest = line.partition(" ")
        text = None
        if head in ("PATTERN", "ROWS"):
            length, _, rest = rest.partition(" ")
            text = data.read(int(length)).decode()
            data.readline()
        yield head, rest, text


class Played:
    def __init__(self, options, words, text):
        self.options, self.out, self.pushes = options, [], 0
        self.pattern = tocsin.compile(text)
        if options.save:
            self.pattern = tocsin.load_pattern(self.pattern.save())
        given = dict(word.split("=") for word in words.split())
        self.opening = {LIMITS[n]: int(v) for n, v in given.items() if n in LIMITS}
        self.opening["late"] = given.get("late")
        self.stream = self.pattern.open(**self.opening)
        self.several = len(self.pattern.schema.patterns) > 1
        self.bad = 0
        self.shapes = itertools.cycle([self.as_dicts, self.as_tuples, self.as_columns])

    def columns(self, name):
        schema = self.pattern.schema
        return [c.name for c in schema.tables[name] if name in schema.tables] if name in schema.tables else [c.name for c in schema.streams[name]]

    def as_dicts(self, name, rows):
        return rows

    def as_tuples(self, name, rows):
        return (tuple(row.get(c) for c in self.columns(name)) for row in rows)

    def as_columns(self, name, rows):
        return {c: [row.get(c) for row in rows] for c in self.columns(name)}

    def take(self, found):
        for m in found:
            row = {n: as_json(v) for n, v in m.items()}
            self.out.append(json.dumps({"pattern": m.pattern_name, **row} if self.several else row))

    def rows(self, name, text):
        rows = [json.loads(line) for line in text.splitlines()]
        name = name or next(iter(self.pattern.schema.streams))
        size = self.options.batch if self.options.batch and name in self.pattern.schema.streams else max(1, len(rows))
        for first in range(0, max(1, len(rows)), size):
            self.take(self.stream.push(**{name: next(self.shapes)(name, rows[first:first + size])}))
            self.pushes += 1
            if self.options.restore and self.pushes % self.options.restore == 0 and not self.pattern.schema.tables:
                state = self.stream.checkpoint()
                self.bad += len(self.stream.bad)
                self.stream = self.pattern.open(state=state, **self.opening)

    def advance(self, watermark):
        time = next((c for _, at, columns in self.pattern._program.streams if at >= 0 for c in [columns[at]]), None)
        if time and tocsin._types.TYPES[time[1]] == "TIMESTAMP":
            self.take(self.stream.advance(EPOCH + int(watermark) * MICRO))
        else:
            self.take(self.stream.advance(float(watermark) if re.search("[.eE]", watermark) else int(watermark)))

    def counters(self):
        stats = self.stream.stats()
        stats["rows_bad"] += self.bad
        return {"rows_in": stats["rows_in"] + self.bad + len(self.stream.bad), **{n: stats[n] for n in ("rows_matched_over", "rows_filtered", "rows_late", "rows_bad", "dropped")}}


def play(options, case):
    """Lines of the output, END last."""
    played = None
    try:
        for head, rest, text in case:
            if head == "PATTERN":
                played = Played(options, rest, text)
            elif head == "ADVANCE":
                played.advance(rest)
            else:
                played.rows(rest, text)
            if head != "PATTERN" and options.marks:
                played.out.append("MARK")
        played.take(played.stream.finish())
        end = "0 "
    except tocsin.PatternError as e:
        found = next(d for d in e.diagnostics if d.severity == "error")
        return [f"END 1 {found.line}:{found.column}: [{found.code}] {found.message}"]
    except (tocsin.RunError, tocsin.LateError, tocsin.LimitError) as e:
        end = "3 " + str(e).replace("\n", " ")
    except tocsin.Error as e:
        end = "5 " + str(e).replace("\n", " ")
    if options.stats:
        end += " " + json.dumps(played.counters(), separators=(",", ":"))
    return [*played.out, f"END {end}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--restore", type=int)
    for name in ("--save", "--marks", "--stats"):
        parser.add_argument(name, action="store_true")
    options = parser.parse_args()
    case = []

    def end():
        if case:
            print("\n".join(play(options, case)), flush=True)
            case.clear()

    for block in blocks(sys.stdin.buffer):
        if block[0] == "PATTERN":
            end()
        if block[0] != "END":
            case.append(block)
    end()


if __name__ == "__main__":
    main()
