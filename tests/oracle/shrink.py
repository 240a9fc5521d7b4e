"""Makes a failing case small: one part after another is taken away while the engine still disagrees."""
from copy import deepcopy

from oracle import patterns
from oracle.values import TooBig


def candidates(spec):
    """Specs with one part fewer, the greatest cuts first."""
    def changed(**parts):
        copy = deepcopy(spec)
        for name, value in parts.items():
            setattr(copy, name, value)
        return copy

    n = len(spec.rows)
    if n > 3:
        yield changed(rows=spec.rows[:n // 2])
        yield changed(rows=spec.rows[n // 2:])
    for i in range(n):
        yield changed(rows=spec.rows[:i] + spec.rows[i + 1:])
    for name, empty in (("where", None), ("select", "*"), ("within", None), ("partition", []), ("skip", ""),
                        ("mode", "")):
        if getattr(spec, name) != empty:
            yield changed(**{name: empty})
    if len(spec.partition) > 1:
        for i in range(len(spec.partition)):
            yield changed(partition=spec.partition[:i] + spec.partition[i + 1:])
    if spec.mode.endswith(" SHOW TIMEOUT MATCHES"):
        yield changed(mode=spec.mode.removesuffix(" SHOW TIMEOUT MATCHES"))
    if spec.mode.startswith("ALL ROWS"):
        yield changed(mode="ALL ROWS PER MATCH")
    if len(spec.measures) > 1:
        for i in range(len(spec.measures)):
            yield changed(measures=spec.measures[:i] + spec.measures[i + 1:])
    for tree in patterns.smaller(spec.pattern):
        yield changed(pattern=tree)
    for label, conjuncts in spec.defines.items():
        for i in range(len(conjuncts)):
            yield changed(defines={**spec.defines, label: conjuncts[:i] + conjuncts[i + 1:]})
        for i, c in enumerate(conjuncts):
            if c.startswith("type IN"):
                yield changed(defines={**spec.defines, label: conjuncts[:i] + [f"type = '{label.lower()}'"]
                                       + conjuncts[i + 1:]})
    for u in spec.subsets:
        yield changed(subsets={k: v for k, v in spec.subsets.items() if k != u})
    for label in spec.inline:
        yield changed(inline=spec.inline - {label})
    if spec.measures != [("ARRAY_AGG(id)", "ids")] and "ALL ROWS" not in spec.mode and spec.select == "*":
        yield changed(measures=[("ARRAY_AGG(id)", "ids")])
    for i, row in enumerate(spec.rows):
        for column, plain in ((0, "A"), (4, 1)):
            if row[column] != plain:
                yield changed(rows=spec.rows[:i] + [row[:column] + [plain] + row[column + 1:]] + spec.rows[i + 1:])


def shrink(spec, fails, rounds=200, at_once=40):
    """fails(cases): for each case, whether the engine still disagrees. Returns the smallest Spec found."""
    for _ in range(rounds):
        batch = []
        for smaller in candidates(spec):
            try:
                case = smaller.case("shrunk")
            except TooBig:
                continue
            if case is not None:
                batch.append((smaller, case))
        for first in range(0, len(batch), at_once):
            some = batch[first:first + at_once]
            hit = next((s for (s, _), bad in zip(some, fails([c for _, c in some])) if bad), None)
            if hit is not None:
                break
        else:
            return spec
        spec = hit
    return spec
