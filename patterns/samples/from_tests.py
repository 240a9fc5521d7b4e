#!/usr/bin/env python3
"""Writes a file of sample events for each pattern: the rows of its first test, in order of time, with whole times.

    from_tests.py            writes samples/FIELD/PATTERN.csv for every pattern beside which a test gives rows
    from_tests.py --check    writes nothing; names the files that would change
"""
import csv
import io
import os
import re
import sys
from datetime import datetime, timedelta

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def given(text):
    """(head, rows) of the first block of rows, or None where the first test takes them from a file."""
    block = re.search(r"^ *given\b([^\n]*)\n((?: {4,}.*\n)*)", text, re.M)
    if not block or " from " in block.group(1):
        return None
    rows = [[cell.strip() for cell in line.split("|")] for line in block.group(2).splitlines()]
    return rows[0], rows[1:]


def time_of(cell, above):
    if cell.startswith("+"):
        number, unit = cell[1:].split()
        return above + timedelta(seconds=float(number) * UNITS[unit.rstrip("s")])
    return datetime.fromisoformat(cell if "-" in cell else "2026-01-31 " + cell)


def sample(text):
    found = given(text)
    if not found:
        return None
    head, rows = found
    times, dated = [i for i, name in enumerate(head) if name in ("ts", "due_at")], []
    for row in rows:
        above = dated[-1][0] if dated else datetime(2026, 1, 31)
        moments = {i: time_of(row[i], above) for i in times if row[i]}
        cells = [f"{moments[i]:%Y-%m-%dT%H:%M:%S.%f}".rstrip("0").rstrip(".") + "Z" if i in moments else cell for i, cell in enumerate(row)]
        dated.append((moments[head.index("ts")], cells))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(cells for _, cells in sorted(dated, key=lambda pair: pair[0]))
    return out.getvalue()


def main():
    check = "--check" in sys.argv[1:]
    for folder in sorted(os.listdir(ROOT)):
        if not os.path.isdir(os.path.join(ROOT, folder)) or folder == "samples":
            continue
        for name in sorted(os.listdir(os.path.join(ROOT, folder))):
            if not name.endswith(".test"):
                continue
            with open(os.path.join(ROOT, folder, name), encoding="utf-8") as f:
                text = sample(f.read())
            path = os.path.join(HERE, folder, name.removesuffix(".test") + ".csv")
            before = None
            if os.path.exists(path):
                with open(path, encoding="utf-8") as f:
                    before = f.read()
            if text is None or text == before:
                continue
            if check:
                print(f"{os.path.relpath(path, ROOT)} is not what its test gives: samples/from_tests.py writes it")
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)


if __name__ == "__main__":
    main()
