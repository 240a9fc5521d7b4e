"""Random rows, and the ways in which they may arrive: section 8 of the language page.

A row is a dict over the columns k j ts id type v x d due; streams give them names of their own. Times and durations are
counts of time units until they are written.
"""
from dataclasses import dataclass

from oracle.patterns import word

LETTERS = "abcd"
PAIRS = ["ab", "ac", "bc", "ad", "bd", "cd"]
EDGE = 2**63 - 1
ENDS = {"last": EDGE - 25, "least": -EDGE}
STEPS = {"even": [1], "ties": [0, 1], "many ties": [0, 0, 1, 2], "uneven": [1, 2, 3], "jumps": [0, 1, 5],
         "long jumps": [1, 1, 2, 10]}
KEYS = {"TEXT": ["A", "B", "", "é"], "BIGINT": [1, 2, -9223372036854775808, 0], "DOUBLE": [0.0, -0.0, 1.5, -1e300],
        "BOOLEAN": [True, False], "TIMESTAMP": ["2026-01-31T09:00:00Z", "1969-12-31T23:59:59.999999Z"]}


@dataclass
class Clock:
    """How a count of time units is written in rows. type: of the time column."""
    type: str
    unit: int

    def number(self, t):
        """As watermarks count: microseconds, or units of a numeric time."""
        return t * self.unit * {"BIGINT": 1, "DOUBLE": 0.1, "TIMESTAMP": 10**6}[self.type] + \
            (1769850000 * 10**6 if self.type == "TIMESTAMP" else 0)

    def value(self, t):
        if t is None or self.type != "TIMESTAMP":
            return None if t is None else self.number(t)
        seconds = t * self.unit + 9 * 3600
        return f"2026-01-31T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"

    def lasts(self, n):
        """A duration as the value of a column."""
        if n is None or self.type != "TIMESTAMP":
            return None if n is None else n * self.unit * (0.1 if self.type == "DOUBLE" else 1)
        return f"-PT{-n * self.unit}S" if n < 0 else f"PT{n * self.unit}S"

    def __call__(self, row, column):
        """The value of a row's column as JSON has it."""
        value = row[column]
        return self.value(value) if column in ("ts", "due") else self.lasts(value) if column == "d" else value


class Times:
    """Durations as texts of a query."""

    def __init__(self, choose):
        self.r, self.clock = choose, Clock(choose.pick("time"), choose.pick("unit of time"))
        self.type, self.unit = self.clock.type, self.clock.unit

    def duration(self, n, short=True):
        """short: where units may be abbreviated, inside { } and after WITHIN (section 2 of the language page)."""
        n *= self.unit
        if self.type != "TIMESTAMP":
            return str(n if self.type == "BIGINT" else n * 0.1)
        full = [f"{n} SECONDS", f"{n * 1000} MILLISECONDS", f"INTERVAL '{n}' SECOND"]
        return self.r.choice(full + [f"{n}s", f"{n * 1000} MS"] if short else full)

    @property
    def duration_type(self):
        return {"BIGINT": "BIGINT", "DOUBLE": "DOUBLE", "TIMESTAMP": "INTERVAL"}[self.type]


class Rows:
    """The rows of a case in the order of their times. labels: how many; overlap: whether a row may fit several;
    ends: whether their times may lie at the ends of what a BIGINT can say."""

    def __init__(self, choose, labels, overlap, clock, ends):
        self.ends = ends
        self.r, self.letters, self.overlap, self.clock = choose, LETTERS[:labels], overlap, clock

    def made(self, tree, key_type):
        r = self.r
        keys = KEYS[key_type][:{"one": 1, "two": 2, "three": 3, "with NULL": 2}[r.pick("keys")]]
        if len(keys) == 2 and r.yes("NULL in a column"):
            keys = keys + [None]
        if r.yes("rows from the pattern"):
            sketch = self.from_pattern(tree, keys)
        else:
            sketch = [(r.choice(keys), self.type(None), False) for _ in range(r.pick("rows"))]
        return self.filled(sketch)

    def from_pattern(self, tree, keys):
        """Rows that the pattern might like, of several partitions side by side."""
        r, lanes = self.r, []
        for key in r.sample(keys, r.randint(1, len(keys))):
            lane, wait = [], False
            for what in (x for _ in range(r.choice([1, 1, 2, 3])) for x in word(r, tree)):
                if what == "wait":
                    wait = True
                else:
                    lane.append((key, self.type(what), wait))
                    wait = False
            lanes.append(lane)
        found = []
        while any(lanes) and len(found) < 14:
            lane = r.choice([lane for lane in lanes if lane])
            found.append(lane.pop(0))
        while len(found) < 2 or r.random() < 0.15 and len(found) < 14:
            found.insert(r.randint(0, len(found)), (r.choice(keys), self.type(None), False))
        return found

    def type(self, label):
        """A type that fits a label, or any."""
        r = self.r
        if label is None:
            return r.choice(list(self.letters) * 2 + ["x"] * 3 + [None] * r.choice([0, 0, 1]))
        letter = label.lower()
        if self.overlap and r.random() < 0.4:
            fits = [t for t in PAIRS if letter in t and all(c in self.letters for c in t)]
            return r.choice(fits or [letter])
        return letter

    def filled(self, sketch):
        r = self.r
        steps, top = STEPS[r.pick("steps of time")], r.choice([2, 3, 6])
        nulls = 0.15 if r.yes("NULL in a column") else 0
        t, found = r.pick("first time"), []
        if isinstance(t, str):               # times at the ends of what there is, where they saturate
            t = ENDS[t] // self.clock.unit if self.ends and self.clock.type == "BIGINT" else 0

        def sometimes(v):
            return None if r.random() < nulls else v

        for n, (key, kind, wait) in enumerate(sketch):
            t += (r.choice(steps) if n else 0) + (r.choice([1, 3, 6, 9]) if wait else 0)
            v = r.randint(0 if r.random() < 0.2 else 1, top)
            found.append({"k": key, "j": sometimes(r.choice([1, 1, 2])), "ts": t, "id": n + 1, "type": kind, "v": sometimes(v),
                          "x": sometimes(r.choice([r.randint(-4, 16) / 4, -0.0, 0.1, 1e15])),
                          "d": sometimes(r.choice([0, 1, 2, 3, 5, -1])), "due": sometimes(t + r.choice([-1, 0, 1, 2, 4, 8]))})
        if self.clock.type == "BIGINT":
            for row in found:
                for column in ("ts", "due"):
                    row[column] = row[column] and max(-(EDGE // self.clock.unit), min(EDGE // self.clock.unit, row[column]))
        return found


# ---- arrival

@dataclass
class Event:
    """A row on its way: of which stream, and when. behind: for a row that is late, the row that makes it so."""
    id: int
    stream: str
    row: dict
    behind: int = None

    @property
    def t(self):
        return self.row["ts"]


class Arrivals:
    """Orders in which events may come. delays: stream to the delay of its watermark in time units, or None."""

    def __init__(self, choose, events, delays, clock):
        self.r, self.events, self.delays, self.clock = choose, events, delays, clock

    def late(self):
        """Adds rows that come when the watermark has passed them."""
        r = self.r
        for _ in range(r.choice([1, 1, 2])):
            like = r.choice(self.events)
            delay = self.delays[like.stream]
            if delay is None or like.t is None or like.behind is not None:
                continue
            row = {**like.row, "ts": like.t - delay - r.choice([1, 1, 2, 9]), "id": 100 + len(self.events)}
            if self.clock.number(row["ts"]) >= -EDGE:
                self.events.append(Event(row["id"], like.stream, row, like.id))

    def in_time(self):
        return self.placed([e for e in self.events if e.behind is None])

    def jittered(self):
        """Each stream in disorder within its bound; rows of one time keep their order, which breaks ties."""
        r, lanes = self.r, {}
        jitter = {}
        for n, e in enumerate(e for e in self.events if e.behind is None):
            at = e.t if e.t is not None else r.choice([0, 10, 100])
            key = (e.stream, e.t)
            if key not in jitter:
                jitter[key] = r.randint(0, self.delays[e.stream] or 0)
            lanes.setdefault(e.stream, []).append((at + jitter[key], n, e))
        lanes = [[e for _, _, e in sorted(lane, key=lambda x: x[:2])] for lane in lanes.values()]
        found = []
        while any(lanes):
            found.append(r.choice([lane for lane in lanes if lane]).pop(0))
        return self.placed(found)

    def placed(self, order):
        """With the late rows somewhere behind what makes them late."""
        for e in self.events:
            if e.behind is not None:
                at = next(i for i, o in enumerate(order) if o.id == e.behind)
                order.insert(self.r.randint(at + 1, len(order)), e)
        return order

    def advanced(self, order):
        """With watermarks that say no more than is true. A watermark is an element ("advance", number)."""
        r, found = self.r, list(order)
        for _ in range(r.choice([1, 2, 3])):
            at = r.randint(0, len(found))
            later = [e.t for e in found[at:] if isinstance(e, Event) and e.t is not None and e.behind is None]
            last = max((e.t for e in self.events if e.t is not None), default=0)
            t = min(later) - r.choice([0, 0, 1, 3]) if later else last + r.choice([0, 1, 5, 20])
            found.insert(at, ("advance", min(self.clock.number(t), EDGE)))
        return found

    def blocks(self, order, chance=0):
        """Cut into batches: [stream, ids] and ["advance", watermark]. chance: of a cut after a row, in percent."""
        found = []
        for e in order:
            if not isinstance(e, Event):
                found.append(list(e))
            elif found and found[-1][0] == e.stream and self.r.random() * 100 >= chance:
                found[-1][1].append(e.id)
            else:
                found.append([e.stream, [e.id]])
        return found
