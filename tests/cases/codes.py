#!/usr/bin/env python3
"""Every finding that users can meet has a case file that shows it.

  codes.py [SOURCE-FOLDER]

Reads the codes of dsl/diag.def and the diagnostics that case files promise. The last line is "N passed, N failed".
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# What no case file can hold, and the test that shows it instead.
ELSEWHERE = {
    "E0001": ("unit", "parse.c"),   # bytes that are no UTF-8
    "E0006": ("unit", "parse.c"),   # more text than is taken
}


def promised():
    """The codes in the diagnostics of all case files."""
    found = set()
    for folder, _, names in os.walk(HERE):
        for name in names:
            if name.endswith(".case"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    found |= set(re.findall(r"^\s+\d+:\d+ (?:error|warning|note)\[(\w+)\] ", file.read(), re.M))
    return found


def is_elsewhere(source, code):
    if code not in ELSEWHERE:
        return False
    with open(os.path.join(source, "tests", *ELSEWHERE[code]), encoding="utf-8") as file:
        return f'"{code}' in file.read()


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(HERE))
    with open(os.path.join(source, "dsl", "diag.def"), encoding="utf-8") as file:
        codes = re.findall(r"^DIAG\((\w+),", file.read(), re.M)
    shown = promised()
    missing = [code for code in codes if code not in shown and not is_elsewhere(source, code)]
    unknown = sorted(shown - set(codes))
    for code in missing:
        print(f"no case file in tests/cases shows {code} of dsl/diag.def")
    for code in unknown:
        print(f"a case file promises {code}, which dsl/diag.def lacks")
    failed = len(missing) + len(unknown)
    print(f"{len(codes) - len(missing)} passed, {failed} failed")
    return 1 if failed or not codes else 0


if __name__ == "__main__":
    sys.exit(main())
