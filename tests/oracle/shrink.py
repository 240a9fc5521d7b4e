"""Makes a failing case small: one part after another is taken away while the engine still disagrees."""
from copy import deepcopy

from oracle import patterns
from oracle.values import TooBig


def changed(spec, **parts):
    copy = deepcopy(spec)
    for name, value in parts.items():
        setattr(copy, name, deepcopy(value))
    return copy


def changed_query(spec, at, **parts):
    queries = list(spec.queries)
    queries[at] = changed(queries[at], **parts)
    return changed(spec, queries=queries)


def candidates(spec):
    """Specs with one part fewer, the greatest cuts first."""
    yield from fewer_rows(spec)
    yield from plainer_feeds(spec)
    if len(spec.queries) > 1:
        yield changed(spec, queries=spec.queries[:1])
    for at in range(len(spec.queries)):
        yield from plainer_source(spec, at)
        yield from plainer_query(spec, at)
    for name in spec.parameters:
        yield without_parameter(spec, name)
    yield from plainer_streams(spec)


def fewer_rows(spec):
    n = len(spec.events)
    if n > 3:
        yield changed(spec, events=spec.events[:n // 2])
        yield changed(spec, events=spec.events[n // 2:])
    for i in range(n):
        yield changed(spec, events=spec.events[:i] + spec.events[i + 1:])


def plainer_feeds(spec):
    """Fewer feeds, watermarks and cuts."""
    if len(spec.feeds) > 1:
        yield changed(spec, feeds=spec.feeds[:1])
        for i in range(1, len(spec.feeds)):
            yield changed(spec, feeds=[spec.feeds[i]])
            yield changed(spec, feeds=spec.feeds[:i] + spec.feeds[i + 1:])
    for i, feed in enumerate(spec.feeds):
        for j, (head, _) in enumerate(feed):
            if head == "advance":
                yield changed(spec, feeds=spec.feeds[:i] + [feed[:j] + feed[j + 1:]] + spec.feeds[i + 1:])
            elif head in spec.tables:
                for k in range(len(feed[j][1])):
                    fewer = [head, feed[j][1][:k] + feed[j][1][k + 1:]]
                    yield changed(spec, feeds=spec.feeds[:i] + [feed[:j] + [fewer] + feed[j + 1:]] + spec.feeds[i + 1:])
                yield changed(spec, feeds=spec.feeds[:i] + [feed[:j] + feed[j + 1:]] + spec.feeds[i + 1:])
            elif j and feed[j - 1][0] == head:
                joined = feed[:j - 1] + [[head, feed[j - 1][1] + feed[j][1]]] + feed[j + 1:]
                yield changed(spec, feeds=spec.feeds[:i] + [joined] + spec.feeds[i + 1:])
    if spec.late_policy:
        yield changed(spec, late_policy=None)


def plainer_source(spec, at):
    parts = spec.queries[at].parts
    for i, part in enumerate(parts):
        def put(*new, i=i):
            return changed_query(spec, at, parts=parts[:i] + list(new) + parts[i + 1:])

        if len(parts) > 1:
            yield put()
        if part.items is None:
            continue
        yield put(changed(part, items=None, join="", where=""))
        if part.where:
            yield put(changed(part, where=""))
        if part.join:
            yield put(changed(part, join=""))
        for k, item in enumerate(part.items):
            yield put(changed(part, items=part.items[:k] + part.items[k + 1:]))
            if "(" in item or " OVER " in item:
                yield put(changed(part, items=part.items[:k] + [f"id AS {item.split()[-1]}"] + part.items[k + 1:]))


def plainer_query(spec, at):
    q = spec.queries[at]

    def put(**parts):
        return changed_query(spec, at, **parts)

    for name, empty in (("where", None), ("select", "*"), ("within", None), ("partition", []), ("skip", ""), ("options", ""),
                        ("mode", ""), ("order", "ts")):
        if getattr(q, name) != empty:
            yield put(**{name: empty})
    for i in range(len(q.partition) if len(q.partition) > 1 else 0):
        yield put(partition=q.partition[:i] + q.partition[i + 1:])
    if q.mode.endswith(" SHOW TIMEOUT MATCHES"):
        yield put(mode=q.mode.removesuffix(" SHOW TIMEOUT MATCHES"))
    if q.mode.startswith("ALL ROWS"):
        yield put(mode="ALL ROWS PER MATCH")
    for i in range(len(q.measures) if len(q.measures) > 1 else 0):
        yield put(measures=q.measures[:i] + q.measures[i + 1:])
    for tree in patterns.smaller(q.pattern):
        yield put(pattern=tree)
    for label, conjuncts in q.defines.items():
        for i, c in enumerate(conjuncts):
            yield put(defines={**q.defines, label: conjuncts[:i] + conjuncts[i + 1:]})
            if c.startswith("type IN"):
                yield put(defines={**q.defines, label: conjuncts[:i] + [f"type = '{label.lower()}'"] + conjuncts[i + 1:]})
    for u in q.subsets:
        yield put(subsets={k: v for k, v in q.subsets.items() if k != u})
    for label in q.inline:
        yield put(inline=q.inline - {label})
    if q.measures != [("ARRAY_AGG(id)", "ids")] and "ALL ROWS" not in q.mode and q.select == "*":
        yield put(measures=[("ARRAY_AGG(id)", "ids")])


def without_parameter(spec, name):
    """The parameter's value where it stood."""
    value, copy = spec.parameters[name][1], deepcopy(spec)
    for q in copy.queries:
        for n in patterns.nodes(q.pattern):
            if getattr(n, "duration", None) == f":{name}":
                n.duration = value
        q.within = value if q.within == f":{name}" else q.within
        q.defines = {label: [c.replace(f":{name}", value) for c in cs] for label, cs in q.defines.items()}
    del copy.parameters[name]
    return copy


def plainer_streams(spec):
    for i, stream in enumerate(spec.streams):
        def put(*new, i=i):
            return changed(spec, streams=spec.streams[:i] + list(new) + spec.streams[i + 1:])

        if len(spec.streams) > 1 and not any(e.stream == stream.name for e in spec.events):
            yield put()
        if stream.watermark:
            yield put(changed(stream, watermark=None))
        for k in range(len(stream.columns)):
            yield put(changed(stream, columns=stream.columns[:k] + stream.columns[k + 1:]))
    for i, e in enumerate(spec.events):
        for column, plain in (("k", spec.events[0].row["k"]), ("v", 1)):
            if e.row.get(column, plain) != plain:
                event = changed(e, row={**e.row, column: plain})
                yield changed(spec, events=spec.events[:i] + [event] + spec.events[i + 1:])


def shrink(spec, fails, rounds=300, at_once=40):
    """fails(cases): for each case, whether the engine still disagrees. Returns the smallest Spec found."""
    for _ in range(rounds):
        hit, batch = None, []
        for smaller in candidates(spec):
            try:
                made = smaller.case("shrunk")
            except TooBig:
                continue
            if made is not None:
                batch.append((smaller, made[0]))
            if len(batch) == at_once:
                hit = first_failing(batch, fails)
                batch = []
            if hit:
                break
        spec, before = hit or first_failing(batch, fails) or spec, spec
        if spec is before:
            return spec
    return spec


def first_failing(batch, fails):
    return next((spec for (spec, _), bad in zip(batch, fails([case for _, case in batch])) if bad), None)
