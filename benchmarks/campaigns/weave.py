"""One order for the lines of several books, in which everything could have happened one after another.

It keeps to each book's own order and to real time (what had ended before another began comes first), and every
decision finds the counters across locations as it says that it read them. What it missed may be the last lines of other
books alone, that nobody had been told of when it was asked for: a counter across locations is read before it is locked.
Where there is no such order, the books contradict each other, or what was read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

Sum = tuple[int, ...]
"""Held, spent, held count, spent count."""
NOTHING: Sum = (0, 0, 0, 0)
NEVER = 1 << 63


@dataclass(frozen=True)
class Knot:
    """A line of a book: what it read and moved across locations, and between which moments it came about."""

    location: str
    seq: int
    start: int
    """Nobody had asked for it before."""
    end: int
    """Somebody knew of it by then."""
    reads: dict[str, Sum] = field(default_factory=dict)
    moves: dict[str, Sum] = field(default_factory=dict)


class Woven(NamedTuple):
    """A line in its place."""

    knot: Knot
    missed: dict[str, Sum]
    """What stood before it and was not in what it read, by counter."""


class NoOrderError(Exception):
    """Where it ends: the lines of which none can come next."""

    def __init__(self, heads: list[Knot]) -> None:
        """`heads` are the furthest that was come to."""
        self.heads = heads
        super().__init__(", ".join(f"{knot.location}/{knot.seq}" for knot in heads))


def misplaced(book: Sequence[Knot]) -> Iterator[tuple[Knot, Knot]]:
    """Pairs of a book of which the later line had ended before the earlier one was asked for."""
    latest: Knot | None = None
    for knot in book:
        if latest is not None and knot.end < latest.start:
            yield latest, knot
        if latest is None or knot.start > latest.start:
            latest = knot


def _earliest_ends(book: Sequence[Knot]) -> list[int]:
    """Of each line and all behind it."""
    return list(accumulate((knot.end for knot in reversed(book)), min, initial=NEVER))[::-1]


def woven(books: Sequence[Sequence[Knot]]) -> list[Woven]:
    """All lines in one order; raises `NoOrderError` where there is none."""
    return Weave(books).run()


class Weave:
    """A search in depth; where it has been in vain is remembered by how far each book had got."""

    def __init__(self, books: Sequence[Sequence[Knot]]) -> None:
        self._books = books
        self._ends = [_earliest_ends(book) for book in books]
        self._at = [0] * len(books)
        self._sums: dict[str, Sum] = {}
        self._vain: set[tuple[int, ...]] = set()
        self._furthest: list[Knot] = []

    def run(self) -> list[Woven]:
        order: list[Woven] = []
        taken: list[int] = []
        choices = [self._choices()]
        size = sum(map(len, self._books))
        while len(order) < size:
            if choices[-1]:
                which = choices[-1].pop()
                order.append(self._take(which))
                taken.append(which)
                choices.append([] if tuple(self._at) in self._vain else self._choices())
                continue
            self._give_up()
            if not order:
                raise NoOrderError(self._furthest)
            choices.pop()
            self._give_back(taken.pop(), order.pop().knot)
        return order

    def _give_up(self) -> None:
        """Nothing can come after what was taken."""
        if sum(self._at) >= max(map(sum, self._vain), default=0):
            self._furthest = [book[at] for book, at in zip(self._books, self._at, strict=True) if at < len(book)]
        self._vain.add(tuple(self._at))

    def _choices(self) -> list[int]:
        """Which books' next line may come now, the best guess last: what reads and moves nothing is always right."""
        found = []
        bounds = [ends[at] for ends, at in zip(self._ends, self._at, strict=True)]
        for which, (book, at) in enumerate(zip(self._books, self._at, strict=True)):
            if at == len(book) or min(bounds) < book[at].start:
                continue
            knot = book[at]
            missed = self._missed(which, knot)
            if missed is None:
                continue
            if not (knot.moves or missed):
                return [which]
            found.append((not missed, bool(knot.reads), -knot.end, which))
        return [which for *_, which in sorted(found)]

    def _missed(self, which: int, knot: Knot) -> dict[str, Sum] | None:
        """What it did not see, by counter; None where nothing explains what it read."""
        found = {}
        for key, read in knot.reads.items():
            missed = _sum(self._sums.get(key, NOTHING), read, -1)
            if missed != NOTHING:
                if missed not in self._unseen(which, knot.start, key):
                    return None
                found[key] = missed
        return found

    def _unseen(self, which: int, start: int, key: str) -> set[Sum]:
        """What the last lines of the other books may have moved without being seen by what was asked for at `start`."""
        found = {NOTHING}
        for other, (book, at) in enumerate(zip(self._books, self._at, strict=True)):
            ends, more = {NOTHING}, NOTHING
            for knot in reversed(book[:at] if other != which else ()):
                if knot.end < start:
                    break
                more = _sum(more, knot.moves.get(key, NOTHING), 1)
                ends.add(more)
            found = {_sum(one, end, 1) for one in found for end in ends}
        return found

    def _take(self, which: int) -> Woven:
        knot = self._books[which][self._at[which]]
        taken = Woven(knot, self._missed(which, knot) or {})
        self._at[which] += 1
        self._move(knot, 1)
        return taken

    def _give_back(self, which: int, knot: Knot) -> None:
        self._at[which] -= 1
        self._move(knot, -1)

    def _move(self, knot: Knot, sign: int) -> None:
        for key, move in knot.moves.items():
            self._sums[key] = _sum(self._sums.get(key, NOTHING), move, sign)


def _sum(one: Sum, other: Sum, sign: int) -> Sum:
    return tuple(a + sign * b for a, b in zip(one, other, strict=True))
