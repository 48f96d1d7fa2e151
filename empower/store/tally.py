"""The counters of one transaction: what was read of them, what is added, and what stays warm until the next.

A counter that many requests of a transaction move is read once and written once. What the last transaction knew of
a location's counters is known still while its book has not grown: every move of a counter is an entry.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from operator import sub
from typing import Any, NamedTuple

from empower.core.counter import UNUSED, CounterKey, Move, Needed, Usage
from empower.store.bulk import text_of
from empower.store.locking import Sent, Wide, WideKey
from empower.store.queries import Queries
from empower.store.relying import Growth

Window = tuple[str, str]
"""First and last bucket, both included."""
Sums = dict[tuple[str, str], dict[Window, Usage]]
"""By measure and subject, what each window that was asked for holds."""
Deltas = dict[tuple[str, str, str], dict[str, Move]]
"""By place, measure and subject, what is added to each bucket."""

Put = Callable[[dict[Any, Any], Any, Any], None]
"""Sets a value so that a failing job can be undone."""
Rows = Callable[[str, Any], list[tuple[Any, ...]]]
"""Runs a query with parameters by name, or in their order."""

MOST_SUBJECTS = 4096
"""Of one location that are kept warm."""
MOST_PLACES = 1024


class Warm:
    """What is known of counters between transactions of one process."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._kept: dict[str, tuple[int, Sums]] = {}

    def take(self, place: str, size: int) -> Sums:
        """What is known of a place whose book has `size` entries; the caller has it to itself."""
        known, sums = self._kept.pop(place, (size, {}))
        return sums if known == size else {}

    def keep(self, place: str, size: int, sums: Sums) -> None:
        """What is true of a place now that its book has `size` entries."""
        if len(sums) <= MOST_SUBJECTS:
            while len(self._kept) >= MOST_PLACES:
                self._kept.pop(next(iter(self._kept)))
            self._kept[place] = (size, sums)


class Want(NamedTuple):
    """A sum to be read: place, measure, subject and window."""

    place: str
    measure: str
    subject: str
    window: Window

    @property
    def key(self) -> WideKey:
        """What counter it is of."""
        return self[:3]

    @property
    def flat(self) -> tuple[str, str, str, str, str]:
        """Place, measure, subject, first and last bucket."""
        return (self.place, self.measure, self.subject, *self.window)


SLOT = ("slot", "location", "measure", "subject", "first", "last")
"""What a sum is asked for by, among many."""


class Tally:
    """Counters read and moved in one transaction."""

    def __init__(self, queries: Queries, rows: Rows, put: Put, wide: Wide | None = None) -> None:
        """`rows` runs a query, `put` sets a value that can be undone; `wide` is told what is read across locations."""
        self._wide = wide
        self._queries = queries
        self._rows = rows
        self._put = put
        self._sums: dict[str, Sums] = {}
        self._deltas: Deltas = {}
        self._cleared: dict[tuple[str, str], bool] = {}
        self._strangers: set[str] = set()
        self._was: dict[Want, Usage] = {}
        self._unconditional: dict[WideKey, bool] = {}

    def welcome(self, stranger: str) -> None:
        """A subject that was just made up: nothing is stored of it yet."""
        self._strangers.add(stranger)

    def warm(self, place: str, sums: Sums) -> None:
        """Begin with what is known of a place."""
        self._sums[place] = sums

    def known(self, place: str) -> Sums:
        """What is known of a place now."""
        return self._sums.get(place, {})

    def usages(self, location: str, group: str, needed: Sequence[Needed | None]) -> list[Usage | None]:
        """What the counters hold, in the order asked; None where none was asked for."""
        found: list[Usage | None] = []
        absent: list[tuple[int, Want]] = []
        for index, need in enumerate(needed):
            if need is None:
                found.append(None)
                continue
            (measure, subject, start), last, wide = need
            place = group if wide else location
            windows = self._sums.setdefault(place, {}).get((measure, subject))
            usage = windows.get((start, last)) if windows else None
            found.append(usage)
            if usage is None:
                absent.append((index, Want(place, measure, subject, (start, last))))
        if absent:
            self._read(absent, found)
        return found

    def ahead(self, every: Iterable[tuple[str, str, Sequence[Needed | None]]]) -> None:
        """Read in one query what several are going to ask for, each at a location and its group."""
        wanted = {
            Want(
                group if need.wide else location, need.key.measure, need.key.subject, (need.key.start, need.last)
            ): None
            for location, group, needed in every
            for need in needed
            if need is not None
        }
        self._learn([want for want in wanted if want.window not in self._windows(want)])

    def _read(self, absent: list[tuple[int, Want]], found: list[Usage | None]) -> None:
        self._learn([want for _, want in absent])
        for index, want in absent:
            found[index] = self._windows(want)[want.window]

    def _windows(self, want: Want) -> dict[Window, Usage]:
        return self._sums.setdefault(want.place, {}).setdefault((want.measure, want.subject), {})

    def _learn(self, wanted: list[Want]) -> None:
        """Read sums, and keep them."""
        asked = []
        for want in wanted:
            if not self._strangers.isdisjoint(want.subject.split("|")):
                self._keep(want, UNUSED)
            else:
                asked.append(want)
        if asked:
            stored = self._stored(asked)
            for slot, want in enumerate(asked):
                is_cleared = (want.place, want.measure) in self._cleared
                self._keep(want, UNUSED if is_cleared else stored.get(slot, UNUSED))

    def _keep(self, want: Want, stored: Usage) -> None:
        self._windows(want)[want.window] = self._with_pending(want, stored)
        if self._wide is not None and is_wide(want.place):
            self._wide.learn({want.key: 0})
            self._was.setdefault(want, stored)

    def _stored(self, wanted: list[Want]) -> dict[int, Usage]:
        """What the database has, by the place in the list; and of what version it is, where others may charge it."""
        if not self._queries.is_shared:
            found = ((slot, self._rows(self._queries.usage, want.flat)[0]) for slot, want in enumerate(wanted))
            return {slot: Usage(*row) for slot, row in found if row[0] is not None}
        if self._wide is not None and not self._queries.in_bulk:
            self._wide.note(want.key for want in wanted if is_wide(want.place))
        rows = self._rows(self._queries.usages, _asking(wanted))
        if self._wide is not None and self._queries.in_bulk:
            self._wide.learn({wanted[row[0]].key: row[5] for row in rows if row[5]})
        return {row[0]: Usage(*row[1:5]) for row in rows}

    def _with_pending(self, want: Want, usage: Usage) -> Usage:
        """What is stored, and what this transaction has added and not yet written."""
        first, last = want.window
        for start, move in self._deltas.get((want.place, want.measure, want.subject), {}).items():
            if first <= start <= last:
                usage = _add(usage, move)
        return usage

    def growth(self, keys: Collection[WideKey], sent: Sent) -> Callable[[], Growth | None]:
        """Ask what others added to sums of counters across locations since they were read; the counters are locked.

        None where something was charged to one of them that was granted whatever it holds.
        """
        wanted = [want for want in self._was if want.key in keys]
        rows = sent(self._queries.usages, _asking(wanted)) if wanted else list

        def found() -> Growth | None:
            if any(key in self._unconditional for key in keys):
                return None
            stored = {row[0]: row[1:5] for row in rows()}
            pairs = ((want, stored.get(slot, UNUSED)) for slot, want in enumerate(wanted))
            return {want.flat: Move(*map(sub, now, self._was[want])) for want, now in pairs}

        return found

    def charge(self, place: str, keys: Iterable[CounterKey], move: Move, *, relied: bool = False) -> None:
        """Move the counters of a comp at a place; `relied` for a grant of which is known by what it stands."""
        sums = self._sums.get(place, {})
        for measure, subject, start in keys:
            if is_wide(place) and _grows(move) and not relied:
                self._put(self._unconditional, (place, measure, subject), True)  # noqa: FBT003  there, or not
            deltas = self._deltas.setdefault((place, measure, subject), {})
            delta = deltas.get(start)
            self._put(deltas, start, move if delta is None else Move(*_add(Usage(*delta), move)))
            windows = sums.get((measure, subject))
            if windows:
                for window, usage in windows.items():
                    if window[0] <= start <= window[1]:
                        self._put(windows, window, _add(usage, move))

    def clear(self, place: str, measure: str) -> None:
        """Begin a measure from nothing, or cease to count it: what is stored and what was added are void."""
        self._put(self._cleared, (place, measure), True)  # noqa: FBT003  there, or not
        for where in [where for where in self._deltas if where[:2] == (place, measure)]:
            self._put(self._deltas, where, {})
        self.forget(place)

    def cleared(self, *, wide: bool) -> list[tuple[str, str]]:
        """Places and measures of which everything stored is to go before anything is added."""
        return [(place, measure) for place, measure in self._cleared if is_wide(place) is wide]

    def grown(self) -> set[WideKey]:
        """Counters across locations of which more is used than before: those that could pass a cap."""
        return {
            where for where, deltas in self._deltas.items() if is_wide(where[0]) and any(map(_grows, deltas.values()))
        }

    def forget(self, place: str | None = None) -> None:
        """Take nothing as read of a place, or of any."""
        for name in list(self._sums) if place is None else [place]:
            self._sums[name] = {}

    def pending(self, *, wide: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Rows to add to counters, and rows to take from counters that are there; those across locations in order."""
        more: list[dict[str, Any]] = []
        less: list[dict[str, Any]] = []
        found = [(where, deltas) for where, deltas in self._deltas.items() if is_wide(where[0]) is wide]
        for (place, measure, subject), deltas in sorted(found) if wide else found:
            for start, move in deltas.items():
                held, spent, held_count, spent_count = move
                row = {
                    "location": place,
                    "measure": measure,
                    "subject": subject,
                    "start": start,
                    "held_minor": held,
                    "spent_minor": spent,
                    "held_count": held_count,
                    "spent_count": spent_count,
                }
                grows = held >= 0 and spent >= 0 and held_count >= 0 and spent_count >= 0
                (more if grows else less).append(row)
        return more, less


def _asking(wanted: list[Want]) -> dict[str, Any]:
    """Parameters of a query for many sums."""
    rows = [dict(zip(SLOT, (slot, *want.flat), strict=True)) for slot, want in enumerate(wanted)]
    return {"places": sorted({want.place for want in wanted}), "wanted": text_of(rows)}


def is_wide(place: str) -> bool:
    """Whether a place is a group of locations."""
    return place.startswith("@")


def _grows(move: Move) -> bool:
    """Whether more of a budget is used after it."""
    held, spent, held_count, spent_count = move
    return held + spent > 0 or held_count + spent_count > 0


def _add(usage: Usage, move: Move) -> Usage:
    return Usage(usage[0] + move[0], usage[1] + move[1], usage[2] + move[2], usage[3] + move[3])
