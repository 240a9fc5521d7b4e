"""The generator's choices: one table of weights, which compare.py --weights prints.

A number alone is a chance in percent; else each option has its weight. `--set 'item=permute:50'` changes one.
"""
import random
import re

WEIGHTS = {
    # --- what is read
    "source": {"stream": 64, "select": 8, "union": 16, "pattern": 9, "pattern and stream": 3},
    "streams of a union": {"two": 70, "three": 18, "one twice": 12},
    "SELECT beside a pattern": 40,
    "part with its own names": 50,
    "part lacks a column": 25,
    "inner WHERE": 40,
    "inner expression": 40,
    "STREAM() as a column": 35,
    "LEFT JOIN": 25,
    "tables loaded again": 50,
    "window aggregate": 25,
    "window": {"ROWS": 50, "RANGE": 50},
    "inner pattern": {"ONE ROW": 55, "ALL ROWS": 45},
    "inner pattern's time": {"ORDER BY": 50, "omitted": 50},
    "parameters": 14,
    # --- rows
    "time": {"BIGINT": 50, "TIMESTAMP": 35, "DOUBLE": 15},
    "unit of time": {1: 60, 2: 20, 5: 20},
    "first time": {0: 40, 10: 30, 100: 24, -20: 5, "last": 0.5, "least": 0.5},
    "steps of time": {"even": 15, "ties": 15, "many ties": 20, "uneven": 15, "jumps": 15, "long jumps": 20},
    "rows": {1: 3, 2: 4, 3: 7, 4: 8, 5: 9, 6: 12, 7: 10, 8: 12, 9: 8, 10: 8, 11: 6, 12: 6, 13: 4, 14: 3},
    "rows from the pattern": 65,
    "row without a time": 3,
    "key": {"TEXT": 50, "BIGINT": 12, "DOUBLE": 26, "BOOLEAN": 6, "TIMESTAMP": 6},
    "keys": {"one": 22, "two": 38, "three": 20, "with NULL": 20},
    "labels": {2: 40, 3: 40, 4: 20},
    "rows that fit several labels": 40,
    "column x": 25,
    "columns of durations and deadlines": 55,
    "NULL in a column": 30,
    # --- order and arrival
    "order": {"time": 58, "time and more": 22, "omitted": 8, "bounded": 8, "none": 4},
    "watermark": 40,
    "watermark delay": {"none": 12, 0: 8, 1: 20, 2: 20, 4: 25, 10: 15},
    "late rows": 30,
    "late rows without a watermark": 3,
    "late policy": {"default": 60, "drop": 30, "fail": 10},
    "advance": 35,
    "advance that makes rows late": 12,
    "cut after a row": {10: 25, 30: 40, 60: 25, 100: 10},
    # --- clauses
    "partition": {"none": 17, "k": 55, "k and j": 15, "j": 13},
    "window of a partition": {"none": 80, "SESSION": 10, "TUMBLE": 10},
    "within": {"none": 50, "time": 38, "rows": 12},
    "subset": 22,
    "skip": {"PAST LAST ROW": 28, "TO NEXT ROW": 27, "TO label": 15, "NO SKIP": 30},
    "skip_miss": 60,
    "output": {"ONE ROW": 60, "ALL ROWS": 40},
    "empty matches": {"SHOW": 34, "OMIT": 22, "UNMATCHED": 44},
    "SHOW TIMEOUT MATCHES": 30,
    "outer SELECT": 14,
    "outer WHERE": 45,
    # --- patterns
    "a known shape": 35,
    "items": {1: 16, 2: 34, 3: 34, 4: 16},
    "style": {"strict": 22, "next": 22, "any": 18, "mixed": 38},
    "connector of a mixed style": {"strict": 25, "next": 48, "any": 27},
    "connector against the style": 20,
    "item": {"step": 42, "loop": 22, "alternation": 13, "anchor": 6, "empty": 2, "PERMUTE": 8, "exclusion": 5, "group": 4},
    "quantifier of a step": 28,
    "quantifier of a group": 32,
    "quantifier": {"?": 18, "*": 13, "+": 20, "{2}": 9, "{1,2}": 9, "{2,3}": 9, "{,2}": 8, "{2,}": 8, "{2,60000}": 2,
                   "{0}": 1, "{1}": 1, "{0,}": 2},
    "reluctant": 27,
    "body of a loop": {"trailing gap": 42, "leading gap": 20, "nullable": 14, "plain": 24},
    "branches": {2: 68, 3: 32},
    "empty branch": 12,
    "gap at a branch": 20,
    "PERMUTE items": {2: 48, 3: 34, 4: 12, 5: 4, 6: 1, 7: 1},
    "PERMUTE of fixed parts": 55,
    "PERMUTE with gaps": 60,
    "part of a PERMUTE": {"step": 68, "timer": 14, "two steps": 8, "other": 10},
    "something before a part": 10,
    "something behind a part": 10,
    "bounds of a gap": {"none": 72, "upper": 13, "lower": 8, "both": 7},
    "absence between": 14,
    "timer between": 10,
    "absence at the start": 8,
    "absence at the end": 18,
    "that is a timer": 55,
    "absence of two": 24,
    "timer": {"constant": 52, "expression": 28, "deadline": 20},
    "which anchor": {"^": 40, "$": 60},
    # --- conditions and measures
    "no condition": 7,
    "inline": 8,
    "extra conditions": {"none": 34, "some": 36, "many": 30},
    "condition": {"local": 14, "PREV": 11, "correlated": 18, "start": 10, "aggregate": 16, "nested": 8, "classifier": 11, "NEXT": 9,
                  "MATCH_NUMBER": 5, "DISTINCT": 5, "list": 4, "x": 4, "source": 4},
    "no measures": 7,
    "rows and labels in the measures": 60,
    "MATCH_ROWTIME in the measures": 40,
    "MATCH_ID in the measures": 12,
    "measures": {0: 15, 1: 30, 2: 20, 3: 20, 4: 15},
    "measure": {"place": 20, "value": 22, "label": 24, "aggregate": 18, "DISTINCT": 6, "function": 5, "nested": 9,
                "NEXT": 7, "window": 5, "x": 4},
    "RUNNING or FINAL": 30,
}


class Chooser(random.Random):
    """Chance, by the table."""

    def __new__(cls, *args):
        return super().__new__(cls)

    def __init__(self, seed, weights=WEIGHTS):
        super().__init__(seed)
        self.weights = weights

    def yes(self, name):
        return self.random() * 100 < self.weights[name]

    def pick(self, name):
        options = self.weights[name]
        at = self.random() * sum(options.values())
        for option, weight in options.items():
            at -= weight
            if at < 0:
                return option
        return option


def changed(settings):
    """The table with changes such as 'item=permute:50' and 'inline=0'."""
    table = {name: dict(w) if isinstance(w, dict) else w for name, w in WEIGHTS.items()}
    for text in settings:
        name, _, value = text.partition("=")
        if name not in table:
            raise SystemExit(f"no choice {name}; --weights prints them")
        if not isinstance(table[name], dict):
            table[name] = float(value)
            continue
        for option, weight in re.findall(r"(.+?):([\d.]+)(?:,|$)", value):
            known = {str(o): o for o in table[name]}
            if option not in known:
                raise SystemExit(f"{name} has {', '.join(known)}, not {option}")
            table[name][known[option]] = float(weight)
    return table


def show(table):
    for name, options in table.items():
        if isinstance(options, dict):
            whole = sum(options.values())
            print(f"{name:<32} " + ", ".join(f"{o} {100 * w / whole:.0f}%" for o, w in options.items()))
        else:
            print(f"{name:<32} {options:g}%")
