"""Checkpoints made: the head of a book, hashed from its entries since the last one, signed and kept.

A book's business day is closed by one: the last of its entries is signed as soon as the next day has begun.

Nothing is signed that does not go on from what was signed before, in the store or outside.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from empower.core import merkle
from empower.core.calendar import Calendar
from empower.core.checkpoint import Checkpoint, opened
from empower.core.entry import moment_of, stamp
from empower.core.errors import EmpowerError, InputError, LedgerError, StoreError, unknown_name
from empower.core.note import Key
from empower.core.policy import Policy
from empower.evidence.keys import Signer, verify
from empower.ledger import signing
from empower.ledger.outside import Outside, configured
from empower.store import Book, Store, Unit
from empower.store.evidence import Kept, last_checkpoint, leaves, put_checkpoint
from empower.store.listing import books

ENTRIES = "EMPOWER_CHECKPOINT_ENTRIES"
SECONDS = "EMPOWER_CHECKPOINT_SECONDS"
DEFAULT_ENTRIES = 1000
DEFAULT_SECONDS = 300


class Made(NamedTuple):
    """A checkpoint, and whether it was made now."""

    location: str
    size: int
    root_hex: str
    note: str
    made_at: str
    fresh: bool


class Pace(NamedTuple):
    """When a checkpoint is due: after so many entries, or after so long if there is any."""

    entries: int = DEFAULT_ENTRIES
    seconds: int = DEFAULT_SECONDS


def paced() -> Pace:
    """The pace that `EMPOWER_CHECKPOINT_ENTRIES` and `EMPOWER_CHECKPOINT_SECONDS` set; raises `StoreError`."""
    return Pace(_setting(ENTRIES, DEFAULT_ENTRIES), _setting(SECONDS, DEFAULT_SECONDS))


def _setting(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and int(text[:9]) > 0):
        raise StoreError(f"`{name}` is a whole number above zero, not `{text}`", code="checkpoint_pace")
    return int(text[:9])


class Checkpoints:
    """Makes the checkpoints of a store."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        *,
        outside: Outside | None = None,
        pace: Pace | None = None,
    ) -> None:
        """`outside` and `pace` are those of the environment if they are not given."""
        self._store = store
        self._clock = clock
        self._outside = configured(os.environ) if outside is None else outside
        self._pace = pace or paced()
        self._calendars: dict[str, Calendar] = {}

    def make(self, location: str | None = None) -> list[Made]:
        """A checkpoint of a book, or of all; one that has not grown keeps the one it has.

        Raises `LedgerError` where a book does not go on from what was signed, `StoreError` where there is no key, or
        a place outside does not take it: it is then kept in the store all the same.
        """
        signer = signing.load(self._store)
        with self._store.read() as unit:
            known = [book.location for book in books(unit)]
        if location is not None and location not in known:
            error = unknown_name("/location", "location", location, known)
            raise InputError(error.message, code="unknown_location", errors=[error])
        return [self._make(signer, name) for name in known if location in (None, name)]

    def due(self) -> list[Made]:
        """The checkpoints whose time has come, made; nothing where there is no signing key.

        All that can be made is made, and what failed first is raised after.
        """
        wanted = self._wanted()
        if not wanted or not signing.history(self._store):
            return []
        signer, made, failed = signing.load(self._store), [], None
        for location in wanted:
            try:
                made.append(self._make(signer, location))
            except EmpowerError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return made

    def _wanted(self) -> list[str]:
        oldest = stamp(self._clock() - timedelta(seconds=self._pace.seconds))
        with self._store.read() as unit:
            found = [(book, last_checkpoint(unit, book.location)) for book in books(unit)]
            return [
                book.location
                for book, last in found
                if self._is_due(book, last, oldest) or self._is_closed(unit, book, last)
            ]

    def _is_due(self, book: Book, last: Kept | None, oldest: str) -> bool:
        if last is None:
            return book.size >= self._pace.entries or book.opened_at <= oldest
        grown = book.size - last.size
        return grown >= self._pace.entries or (grown > 0 and last.made_at <= oldest)

    def _is_closed(self, unit: Unit, book: Book, last: Kept | None) -> bool:
        """Whether what is not signed yet begins with an entry of a business day that is over.

        By the calendar of the policy in force; with the day end its week and its month, where they end.
        """
        seq = 0 if last is None else last.size
        if seq >= book.size:
            return False
        text, line = unit.policy_text(book.policy), unit.entry(book.location, seq)
        if text is None or line is None:
            return False
        day = self._calendar(book.policy, text).business_day
        return day(moment_of(line.recorded_at)) < day(self._clock())

    def _calendar(self, digest: str, text: bytes) -> Calendar:
        found = self._calendars.get(digest)
        if found is None:
            found = self._calendars[digest] = Policy.load(text).days
        return found

    def _make(self, signer: Signer, location: str) -> Made:
        outside = self._outside.notes(location)
        with self._store.read() as unit:
            kept, fresh = self._signed(unit, signer, location, outside)
        if fresh:
            self._store.write(lambda unit: put_checkpoint(unit, kept))
        self._outside.deliver(location, kept.note)
        root = merkle.root(merkle.unpack(kept.frontier)).hex()
        return Made(location, kept.size, root, kept.note, kept.made_at, fresh)

    def _signed(self, unit: Unit, signer: Signer, location: str, outside: list[str]) -> tuple[Kept, bool]:
        """The checkpoint of a book's head as it is, and whether it is a new one."""
        book, trusted = unit.book(location), signing.trusted(unit, [signer.key])
        if book is None:
            raise LedgerError(f"the book of `{location}` is gone", code="history_rewritten")
        last = last_checkpoint(unit, location)
        if last is not None:
            _hold(last, trusted)
        frontier = _grown(unit, book, last)
        for note in outside[-1:]:
            _goes_on(unit, book, frontier, last, opened(note, trusted, verify).checkpoint)
        if last is not None and last.size == book.size:
            return last, False
        head = Checkpoint(f"{signer.key.name}/{location}", book.size, merkle.root(frontier))
        note = str(signer.note(head.text))
        return Kept(location, book.size, note, merkle.pack(frontier), max(stamp(self._clock()), book.recorded_at)), True


def _hold(last: Kept, trusted: list[Key]) -> None:
    """Hold a checkpoint that is kept against its own columns; raises `LedgerError`."""
    head = opened(last.note, trusted, verify).checkpoint
    own = (head.location, head.size, head.root)
    if own != (last.location, last.size, merkle.root(merkle.unpack(last.frontier))):
        raise LedgerError(
            f"the checkpoint of `{last.location}` at {last.size} entries is not what its row says",
            code="history_rewritten",
        )


def _grown(unit: Unit, book: Book, last: Kept | None) -> merkle.Frontier:
    """The tree of all entries, those since the last checkpoint hashed anew; raises `LedgerError` for another head."""
    start, peaks = (0, ()) if last is None else (last.size, merkle.unpack(last.frontier))
    if book.size < start:
        raise _rolled_back(book, start)
    frontier = grow(unit, book.location, peaks, start, book.size)
    if frontier != book.frontier:
        raise LedgerError(
            f"the entries of `{book.location}` do not lead from the last checkpoint, of {start} entries, to its head: "
            "nothing was signed; run `empower ledger verify`",
            code="history_rewritten",
        )
    return frontier


def grow(unit: Unit, location: str, frontier: merkle.Frontier, start: int, end: int) -> merkle.Frontier:
    """The tree of `end` entries from that of `start`, by the leaves themselves."""
    size = start
    for found in leaves(unit, location, start, end):
        for leaf in found:
            frontier = merkle.append(frontier, size, merkle.leaf_hash(leaf))
            size += 1
    if size != end:
        raise LedgerError(f"`{location}` has {size} entries where its head counts {end}", code="history_rewritten")
    return frontier


def _goes_on(unit: Unit, book: Book, frontier: merkle.Frontier, last: Kept | None, head: Checkpoint) -> None:
    """Hold a book, and the last checkpoint that is kept of it, against a head outside; raises `LedgerError`."""
    if head.size > book.size:
        raise _rolled_back(book, head.size)
    if head.size < book.size:
        start, peaks = (0, ()) if last is None or last.size > head.size else (last.size, merkle.unpack(last.frontier))
        frontier = grow(unit, book.location, peaks, start, head.size)
    if merkle.root(frontier) != head.root:
        raise LedgerError(
            f"the first {head.size} entries of `{book.location}` are not those of the checkpoint outside: "
            "nothing was signed",
            code="history_rewritten",
        )


def _rolled_back(book: Book, size: int) -> LedgerError:
    return LedgerError(
        f"`{book.location}` has {book.size} entries, {size} were signed: the book was rolled back, nothing was signed",
        code="rolled_back",
    )
