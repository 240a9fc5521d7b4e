"""Rows, partitions, windows and moments: sections 5 (PARTITION BY, ORDER BY), 6.4 and 8 of the language page.

A moment is a tuple (time, phase, position, after). Phase 0 is a row of the merged input, at that position;
phase 1 is a time, after its rows; phase 2 is the end of the input. `after` is 1 for what a bound ends: it
comes after the rows and timers of that moment (section 6.5) and counts for nothing between partitions.
"""
from dataclasses import dataclass, field

from oracle.values import passed, plus

END = (float("inf"), 2, 0, 0)


@dataclass
class Partition:
    """The rows of one key, or of one window of it, in order."""
    key: tuple
    rows: list = field(default_factory=list)
    times: list = field(default_factory=list)      # the first ORDER BY column, where it is a time
    places: list = field(default_factory=list)     # positions in the merged input
    window: tuple = None                           # (start, end)
    closed_by: tuple = None                        # the moment of the next window's first row

    known: dict = field(default_factory=dict)      # of conditions that read one row alone

    def once(self, label, row, holds):
        if (label, row) not in self.known:
            self.known[label, row] = holds()
        return self.known[label, row]

    def row_moment(self, i, after=0):
        return (self.times[i], 0, self.places[i], after)

    def end_moment(self):
        """Where the partition is known to be complete."""
        return time_moment(self.window[1], 1) if self.window else END

    def public(self, moment):
        """The moment as it counts between partitions: a window is finished before the next one's first row."""
        moment = moment[:3] + (0,)
        return min(moment, self.closed_by) if self.closed_by else moment


def time_moment(t, after=0):
    return (t, 1, 0, after)


def in_order(rows, order):
    """order: (column index, descending). Ties keep arrival order; NULL comes last."""
    for i, descending in reversed(order):
        def sort_key(row, i=i):
            v = row[i]
            return v.encode() if isinstance(v, str) else v
        with_value = sorted((r for r in rows if r[i] is not None), key=sort_key, reverse=descending)
        rows = with_value + [r for r in rows if r[i] is None]
    return rows


def partitions(rows, keys, time, window):
    """The partitions, windows split apart, in order of their first rows. time: index of the time column or None."""
    found = {}
    for place, row in enumerate(rows):
        key = tuple(row[i] for i in keys)
        p = found.setdefault(key, Partition(key))
        p.rows.append(row)
        p.times.append(row[time] if time is not None else 0)
        p.places.append(place)
    whole = list(found.values())
    if not window:
        return whole
    pieces = [piece for p in whole for piece in windows(p, *window)]
    return sorted(pieces, key=lambda piece: piece.places[0])


def tumble(t, d):
    """The multiples of d around t. Of a DOUBLE, as they are rounded."""
    k = t // d
    while k * d > t:
        k -= 1
    while (k + 1) * d <= t:
        k += 1
    return k * d, (k + 1) * d


def windows(whole, kind, d):
    """SESSION(d) splits where neighbours lie more than d apart, TUMBLE(d) at multiples of d (section 6.4)."""
    pieces = []
    for row, t, place in zip(whole.rows, whole.times, whole.places):
        start, end = tumble(t, d) if kind == "TUMBLE" else (t, None)
        if not pieces or (passed(t, pieces[-1].times[-1], d) > 0 if kind == "SESSION" else start != pieces[-1].window[0]):
            if pieces:
                pieces[-1].closed_by = (t, 0, place, 0)
            pieces.append(Partition(whole.key, window=(start, end)))
        piece = pieces[-1]
        piece.rows.append(row)
        piece.times.append(t)
        piece.places.append(place)
        if kind == "SESSION":
            piece.window = (piece.times[0], plus(t, d))
    return pieces
