"""A counter that spans books, in the order of time: what was read of it, and what all the books had moved by then.

A book's own moves before a read are certain, and so are those of others that lie further back than clocks may differ.
Of the others' moves nearby any number of the first ones of each book may have come before. So what may have been read
lies between a lowest and a highest sum, which are kept as the time goes on: a read costs the same however many moves
are near it.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from empower.core.counter import UNUSED, Usage
from empower.core.entry import moment_of, stamp
from empower.ledger.findings import BookReport
from empower.ledger.scratch import Row

SKEW = timedelta(seconds=15)
"""How far apart two books may stamp what came one after the other: clocks differ by up to five seconds, and a writer
that has stamped its entry may wait up to ten for the counter's lock."""
MOST_WINDOWS = 16
"""Ranges of buckets that are kept up at the same time, as far as they are still being read."""

Buckets = dict[str, Usage]


def check_counter(rows: Iterable[Row], report: Callable[[str], BookReport]) -> None:
    """One counter's moves and reads, in the order of time: a read waits until all that may lie before it is known."""
    Across(report).run(rows)


class Waiting(NamedTuple):
    """A read that later moves may still have come before."""

    row: Row
    window: "Window"
    own: Usage
    """What its own book had moved before it, of what the window has seen."""


class Across:
    """One counter: its buckets as they are settled, and the windows over them that are being read."""

    def __init__(self, report: Callable[[str], BookReport]) -> None:
        """`report` takes what is found in a book."""
        self._report = report
        self._settled: Buckets = {}
        self._near: deque[Row] = deque()
        self._windows: dict[tuple[str, str], Window] = {}
        self._waiting: deque[Waiting] = deque()

    def run(self, rows: Iterable[Row]) -> None:
        """Hold every read against the moves."""
        for row in rows:
            at = moment_of(row[4])
            begin = stamp(at - SKEW)
            while self._waiting and self._waiting[0].row[4] < begin:
                self._judge(self._waiting.popleft())
            if row[-1]:
                self._read(row)
            else:
                self._move(row, stamp(at - 2 * SKEW))
        while self._waiting:
            self._judge(self._waiting.popleft())

    def _move(self, row: Row, certain: str) -> None:
        """What lies before the moment `certain` is so for every read that waits."""
        self._near.append(row)
        for window in self._windows.values():
            window.settle(certain)
            window.take(row)
        while self._near[0][4] < certain:
            moved = self._near.popleft()
            self._settled[moved[3]] = add(self._settled.get(moved[3], UNUSED), moved[7:11])

    def _read(self, row: Row) -> None:
        window = self._windows.get((row[3], row[11])) or self._open(row)
        self._waiting.append(Waiting(row, window, window.own(row[5], row[6])))

    def _open(self, row: Row) -> "Window":
        """A window over buckets that nothing has read of late."""
        if len(self._windows) >= MOST_WINDOWS:
            awaited = {id(read.window) for read in self._waiting}
            self._windows = {name: window for name, window in self._windows.items() if id(window) in awaited}
        window = self._windows[row[3], row[11]] = Window(row[3], row[11], within(self._settled, row[3], row[11]))
        for moved in self._near:
            window.take(moved)
        return window

    def _judge(self, read: Waiting) -> None:
        row = read.row
        low, high = read.window.bounds(stamp(moment_of(row[4]) - SKEW), row[5], read.own)
        usage = row[7:11]
        if not all(one <= value <= other for one, value, other in zip(low, usage, high, strict=True)):
            had = f"{list(low)}" if low == high else f"between {list(low)} and {list(high)}"
            message = f"`{row[1]}` of `{row[2]}` was read as {list(usage)}, the books had {had}"
            self._report(row[5]).add("standing", message, row[6])


class Window:
    """The sum of some buckets, up to a moment that only goes on."""

    def __init__(self, first: str, last: str, settled: Usage) -> None:
        """The buckets from `first` to `last`; `settled` is what they hold before the moves that are taken."""
        self._first, self._last = first, last
        self._sure = settled
        self._near: deque[tuple[str, str]] = deque()
        self._books: defaultdict[str, Near] = defaultdict(Near)
        self._low = self._high = UNUSED

    def take(self, row: Row) -> None:
        """A move, later than all before it."""
        if self._first <= row[3] <= self._last:
            self._near.append((row[4], row[5]))
            book = self._books[row[5]]
            self._change(book, lambda: book.take(row[6], row[7:11]))

    def own(self, location: str, seq: int) -> Usage:
        """What a book has moved before its entry `seq`, the last that was taken."""
        return self._books[location].before(seq) if location in self._books else UNUSED

    def settle(self, begin: str) -> None:
        """What lies before `begin` is certain from now on."""
        while self._near and self._near[0][0] < begin:
            book = self._books[self._near.popleft()[1]]
            before = book.settled
            self._change(book, book.settle)
            self._sure = add(self._sure, sub(book.settled, before))

    def bounds(self, begin: str, location: str, own: Usage) -> tuple[Usage, Usage]:
        """The lowest and the highest sum that a read at a location may have found; before `begin` all is certain."""
        self.settle(begin)
        book = self._books[location]
        exact = add(self._sure, sub(own, book.settled))
        return add(exact, sub(self._low, book.low)), add(exact, sub(self._high, book.high))

    def _change(self, book: "Near", change: Callable[[], None]) -> None:
        low, high = book.low, book.high
        change()
        self._low = add(self._low, sub(book.low, low))
        self._high = add(self._high, sub(book.high, high))


class Near:
    """One book's moves that are near: their running sums, the lowest and the highest of which are always at hand."""

    def __init__(self) -> None:
        """None yet."""
        self.settled = UNUSED
        """The sum of what is not near any more."""
        self.low = self.high = UNUSED
        """Of what is near, beside nothing."""
        self._sums: deque[tuple[int, Usage]] = deque()
        self._lows: tuple[deque[int], ...] = tuple(deque() for _ in UNUSED)
        self._highs: tuple[deque[int], ...] = tuple(deque() for _ in UNUSED)

    def take(self, seq: int, move: Iterable[int]) -> None:
        """One more."""
        total = add(self._sums[-1][1] if self._sums else self.settled, move)
        self._sums.append((seq, total))
        for value, lows, highs in zip(total, self._lows, self._highs, strict=True):
            while lows and lows[-1] > value:
                lows.pop()
            lows.append(value)
            while highs and highs[-1] < value:
                highs.pop()
            highs.append(value)
        self._bound()

    def settle(self) -> None:
        """The first is near no more."""
        _, self.settled = self._sums.popleft()
        for value, lows, highs in zip(self.settled, self._lows, self._highs, strict=True):
            for ends in (lows, highs):
                if ends[0] == value:
                    ends.popleft()
        self._bound()

    def before(self, seq: int) -> Usage:
        """The sum of all moves before the entry `seq`, which is the last or comes after it."""
        for known, total in reversed(self._sums):
            if known < seq:
                return total
        return self.settled

    def _bound(self) -> None:
        lows = (min(0, ends[0] - base) if ends else 0 for ends, base in zip(self._lows, self.settled, strict=True))
        highs = (max(0, ends[0] - base) if ends else 0 for ends, base in zip(self._highs, self.settled, strict=True))
        self.low, self.high = Usage(*lows), Usage(*highs)


def within(buckets: Buckets, first: str, last: str) -> Usage:
    """The sum of the buckets from `first` to `last`."""
    if first == last:
        return buckets.get(first, UNUSED)
    held = [usage for start, usage in buckets.items() if first <= start <= last]
    return Usage(*map(sum, zip(*held, strict=True))) if held else UNUSED


def add(usage: Usage, move: Iterable[int]) -> Usage:
    """Both together."""
    return Usage(*(one + other for one, other in zip(usage, move, strict=True)))


def sub(usage: Usage, move: Iterable[int]) -> Usage:
    """The one without the other."""
    return Usage(*(one - other for one, other in zip(usage, move, strict=True)))
