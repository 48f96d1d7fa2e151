"""One transaction's work: what it has read, what it will write, and the way back for a job that fails.

Jobs read and change this unit in memory; `flush` writes all of it in bulk. So jobs that share a transaction see each
other's effects, and a counter that many of them move is written once.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from empower.core.comp import Comp
from empower.core.counter import CounterKey, Move, Needed, Usage
from empower.core.entry import Entry, entry, moment_of, stamp
from empower.core.errors import EmpowerError
from empower.core.merkle import append
from empower.store.draws import Draws
from empower.store.locking import BOOKS_OF, WAIT_ALONE, Needs, Wanted, Wide, WideKey, united
from empower.store.pending import MISSING, Pending
from empower.store.queries import Queries
from empower.store.relying import Relied
from empower.store.rows import Book, book_of, book_row, comp_of, comp_row, entry_of
from empower.store.tally import Tally, Warm
from empower.store.troubles import ContendedError

T = TypeVar("T")

_UNUSABLE = ("INERROR", "UNKNOWN")
"""States of a PostgreSQL transaction in which nothing more can be done."""


def group_location(policy: str) -> str:
    """Where counters across the locations of a policy are kept."""
    return f"@{policy}"


class Mark(NamedTuple):
    """How far a unit had got."""

    undo: int
    entries: int
    writes: int


class Unit(Pending):
    """Reads and pending writes of one transaction. Not safe for threads: a transaction has one."""

    def __init__(self, cursor: Any, queries: Queries, warm: Warm | None = None, *, locks: bool = True) -> None:
        """Over the driver's cursor, in a transaction that somebody else ends; `warm` is what the last one knew.

        A reader's unit `locks` nothing.
        """
        super().__init__(cursor, queries)
        self._locks = locks
        self._books: dict[str, Book | None] = {}
        self._new_books: dict[str, str] = {}
        self._warm = warm
        self._wide = Wide(self.rows, self.sent) if locks and queries.is_shared else None
        self._tally = Tally(queries, self.rows, self._set, self._wide)
        self._touched: set[str] = set()
        self.draws = Draws()
        self._comps: dict[str, Comp] = {}
        self._changed: dict[str, Comp] = {}
        self._measured: dict[str, frozenset[str]] = {}
        self._policies: dict[str, tuple[Any, ...]] = {}
        self._entries: list[Entry] = []
        self._relied: dict[int, Relied] = {}

    # Others who write

    def lock(self, every: Iterable[Wanted]) -> None:
        """Before anything is read: keep others away from what is going to be written."""
        if self._wide is None:
            return
        wanted = united(every)
        if wanted.alone and not (wanted.books or wanted.comps):
            self.rows(WAIT_ALONE, {})
        names = set(wanted.books)
        if wanted.comps:
            names |= {name for (name,) in self.rows(BOOKS_OF, {"ids": list(wanted.comps)})}
        self.lock_books(names)
        self._wide.lock(wanted.wide)
        if wanted.asks and self.queries.in_bulk:
            asks = [ask for ask in wanted.asks if self._books.get(ask.location) is not None]
            self._known["revision"] = self.foresight.read(self.rows, asks)
            self._tally.ahead(filter(None, map(self._asked, wanted.needs)))

    def _asked(self, needs: Needs) -> tuple[str, str, Sequence[Needed | None]] | None:
        # What is wrong with a request is said when its own job comes to it.
        with suppress(EmpowerError):
            return needs(self)
        return None

    def lock_books(self, locations: Iterable[str]) -> None:
        """Lock books, in the order of their names; nothing happens where one writer is alone anyway."""
        names = sorted(set(locations) - self._books.keys())
        if self._wide is None or not names:
            return
        self._touched |= set(names)
        if self.queries.is_distributed:  # no row is locked on several servers in one statement
            rows = self.each(self.queries.book, [{"id": name} for name in names])
        else:
            rows = self.rows(self.queries.books, {"ids": names})
        found = {row[0]: row for row in rows}
        for name in names:
            self._come(name, found.get(name))

    @property
    def touched(self) -> Wanted:
        """What it locked, or would have locked had it known: for another go."""
        return Wanted(books=frozenset(self._touched), wide=self._wide.keys if self._wide else frozenset())

    @property
    def contended(self) -> frozenset[WideKey]:
        """Counters across locations that somebody else charged meanwhile."""
        return self._wide.lost if self._wide else frozenset()

    @property
    def is_broken(self) -> bool:
        """Whether the database takes nothing more in this transaction."""
        return self.queries.is_shared and self.cursor.connection.info.transaction_status.name in _UNUSABLE

    def draw(self, name: str, make: Callable[[], T]) -> T:
        """A moment, an id or anything of chance: the same when the job that runs has to be done again."""
        return self.draws.once(name, make)

    # The way back

    def mark(self) -> Mark:
        """Where the unit stands, to come back to."""
        return Mark(len(self._undo), len(self._entries), len(self._writes))

    def back_to(self, mark: Mark) -> None:
        """Undo everything since the mark."""
        while len(self._undo) > mark.undo:
            mapping, key, old = self._undo.pop()
            if old is MISSING:
                mapping.pop(key, None)
            else:
                mapping[key] = old
        del self._entries[mark.entries :]
        del self._writes[mark.writes :]
        # What was read since the mark may hold what is undone now.
        self._tally.forget()

    # Books

    def book(self, location: str) -> Book | None:
        """The head of a location's book, locked until the transaction ends."""
        if location not in self._books:
            self._touched.add(location)
            sql = self.queries.book if self._locks else self.queries.book_to_read
            self._come(location, self.row(sql, {"id": location}))
        return self._books[location]

    def _come(self, location: str, row: tuple[Any, ...] | None) -> None:
        """Come to a book whose lock was just taken: who held it until now may have changed what was known before."""
        self._known.clear()
        if self._wide is not None:
            for comp in [comp for comp in self._comps.values() if comp.location == location]:
                del self._comps[comp.id]
        book = self._books[location] = None if row is None else book_of(row)
        if book is not None and self._warm is not None:
            self._tally.warm(location, self._warm.take(location, book.size))

    def add_book(self, book: Book) -> None:
        """A new book, without entries."""
        self._set(self._books, book.location, book)
        self._set(self._new_books, book.location, book.opened_at)

    def put_book(self, book: Book) -> None:
        """The changed head of a book."""
        self._set(self._books, book.location, book)

    def append(self, book: Book, kind: str, now: datetime, comp: str | None, by: str, body: dict[str, Any]) -> Entry:
        """Write the next line of a book; its time is never before its predecessor's."""
        line = entry(book.location, book.size, kind, max(now, moment_of(book.recorded_at)), comp, by, body)
        self._entries.append(line)
        frontier = append(book.frontier, book.size, line.hash)
        self.put_book(book._replace(size=book.size + 1, frontier=frontier, recorded_at=line.recorded_at))
        return line

    @property
    def has_entries(self) -> bool:
        """Whether any line was written."""
        return bool(self._entries)

    def entry(self, location: str, seq: int) -> Entry | None:
        """A line of a book, also one that is not written yet."""
        for line in self._entries:
            if line.seq == seq and line.location == location:
                return line
        row = self.row(self.queries.entry, {"location": location, "seq": seq})
        return None if row is None else entry_of(row)

    # Counters

    def usages(self, location: str, group: str, needed: Sequence[Needed | None]) -> list[Usage | None]:
        """What the counters hold, in the order asked; None where none was asked for."""
        return self._tally.usages(location, group, needed)

    def charge(self, place: str, keys: Iterable[CounterKey], move: Move, relied: Relied | None = None) -> None:
        """Move the counters of a comp at a location, or across a policy's, `relied` on for a grant."""
        self._tally.charge(place, keys, move, relied=relied is not None)
        if relied is not None and self._wide is not None:
            self._set(self._relied, len(self._entries), relied)

    def _guard(self) -> None:
        """Before counters across locations are charged: all that was granted is to stand by what they hold now.

        Raises `ContendedError` where others charged so much meanwhile that something would not be granted any more.
        """
        keys = self._tally.grown()
        if self._wide is None or not keys:
            return
        charged = self._wide.charged(keys)
        growth = self._tally.growth(keys, self.sent)
        if charged():
            more = growth()
            if more is None or not all(relied.holds(more) for relied in self._relied.values()):
                raise ContendedError("others spent of the same budget at the same time: try again with the same key")

    # What is counted

    def measured(self, place: str) -> frozenset[str]:
        """The measures that are being counted at a place."""
        if place not in self._measured and self.foresight.measured is not None and place.startswith("@"):
            self._measured[place] = self.foresight.measured.get(place, frozenset())
        if place not in self._measured:
            rows = self.rows(self.queries.measured, {"location": place})
            self._measured[place] = frozenset(name for (name,) in rows)
        return self._measured[place]

    def open_measure(self, place: str, name: str) -> None:
        """Begin to count; the caller charges what the book holds already."""
        self._set(self._measured, place, self.measured(place) | {name})
        self.write(self.queries.add_measure, {"location": place, "name": name})
        self._tally.clear(place, name)

    def drop_measure(self, place: str, name: str) -> None:
        """Stop to count, and forget what was."""
        self._set(self._measured, place, self.measured(place) - {name})
        self.write(self.queries.drop_measure, {"location": place, "name": name})
        self._tally.clear(place, name)

    def policy_text(self, digest: str) -> bytes | None:
        """The canonical text of a policy that was in force once."""
        row = self._policies.get(digest) or self.row(self.queries.policy, {"digest": digest})
        return None if row is None else bytes(row[0])

    def keep_policy(self, digest: str, policy_id: str, text: bytes, at: datetime) -> None:
        """Keep a policy's text for good; nothing happens if it is kept already."""
        self._set(self._policies, digest, (text,))
        row = {"digest": digest, "id": policy_id, "text": text, "stored_at": stamp(at)}
        self.write(self.queries.add_policy, row)

    def granted_comps(self, location: str) -> list[Comp]:
        """The comps of a location that somebody granted, as they stand."""
        return self._standing(self.rows(self.queries.granted, {"location": location}), "location", location)

    def granted_under(self, policy_id: str) -> list[Comp]:
        """The comps of all locations that were granted under a policy, as they stand."""
        rows = self.rows(self.queries.granted_under, {"policy_id": policy_id})
        return self._standing(rows, "policy_id", policy_id)

    def _standing(self, rows: list[tuple[Any, ...]], field: str, value: str) -> list[Comp]:
        found = {comp.id: comp for comp in map(comp_of, rows)}
        changed = {comp.id: comp for comp in self._changed.values() if getattr(comp, field) == value}
        return [comp for comp in (found | changed).values() if comp.authority is not None]

    # Comps

    def comp(self, comp_id: str, among: Collection[str] | None = None) -> Comp | None:
        """A comp as it stands; one that is not `among` these locations need not be found."""
        if comp_id not in self._comps:
            row = self.comp_row(comp_id, among)
            if row is None:
                return None
            self._comps[comp_id] = comp_of(row)
        return self._comps[comp_id]

    def put_comp(self, comp: Comp) -> None:
        """A new or changed comp; the head of its book learns when it expires."""
        self._set(self._comps, comp.id, comp)
        self._set(self._changed, comp.id, comp)
        book = self.book(comp.location)
        if comp.expires_at is not None and book is not None:
            at = stamp(comp.expires_at)
            if book.next_expiry is None or at < book.next_expiry:
                self.put_book(book._replace(next_expiry=at))

    def due(self, location: str, now: datetime) -> list[Comp]:
        """Open comps whose time is up, the earliest first."""
        rows = self.rows(self.queries.due, {"location": location, "now": stamp(now)})
        for comp in map(comp_of, rows):
            self._comps.setdefault(comp.id, comp)
        found = [
            (comp.expires_at, comp.id, comp)
            for comp in self._comps.values()
            if comp.location == location and comp.expires_at is not None and comp.expires_at <= now
        ]
        return [comp for _, _, comp in sorted(found)]

    def next_expiry(self, location: str, now: datetime) -> str | None:
        """A moment after `now` before which no open comp of the location expires."""
        row = self.row(self.queries.next_expiry, {"location": location, "now": stamp(now)})
        pending = [
            stamp(comp.expires_at)
            for comp in self._changed.values()
            if comp.location == location and comp.expires_at is not None and comp.expires_at > now
        ]
        return min([at for at in (*pending, row and row[0]) if at], default=None)

    def check_total(self, location: str, check: str) -> int | None:
        """The total, in minor units, that a check had when the book last saw it."""
        pending = [
            comp
            for comp in self._changed.values()
            if comp.location == location and comp.check == check and comp.check_total_minor is not None
        ]
        if pending:
            return max(pending, key=lambda comp: comp.seq).check_total_minor
        if (location, check) in self.foresight.checks:
            return self.foresight.checks[location, check]
        row = self.row(self.queries.check_total, {"location": location, "check": check})
        return None if row is None else row[0]

    def add_guest(self, mac: bytes, pseudonym: str) -> None:
        """A guest that was not seen before, and of whom nothing is counted."""
        super().add_guest(mac, pseudonym)
        self._tally.welcome(pseudonym)

    # Writing

    def together(self) -> AbstractContextManager[Any]:
        """Within it, what is written needs no answer before the next is sent."""
        if self.queries.in_bulk and (self._entries or self._writes):
            pipeline: AbstractContextManager[Any] = self.cursor.connection.pipeline()
            return pipeline
        return nullcontext()

    def flush(self) -> None:
        """Write all that is pending, in bulk."""
        queries, cursor = self.queries, self.cursor
        for location in self._new_books:
            queries.add_book.run(cursor, [self._head(location)])
        queries.add_entry.run(cursor, [line._asdict() for line in self._entries])
        queries.save_comp.run(cursor, [comp_row(comp) for comp in self._changed.values()])
        self._count(wide=False)
        self._write_rest()
        self._guard()
        self._count(wide=True)
        changed = {line.location for line in self._entries} - self._new_books.keys()
        queries.save_book.run(cursor, [self._head(location) for location in sorted(changed)])

    def _count(self, *, wide: bool) -> None:
        """Move the counters of locations, or those across them."""
        for place, name in self._tally.cleared(wide=wide):
            self.cursor.execute(self.queries.drop_counters, {"location": place, "name": name})
        more, less = self._tally.pending(wide=wide)
        self.queries.charge.run(self.cursor, more)
        self.queries.discharge.run(self.cursor, less)

    def cool(self) -> None:
        """After the commit: leave what is known of the books to the next transaction."""
        for comp in self._comps.values():
            self.where.note(comp.id, comp.location)
        if self._warm is not None:
            for location, book in self._books.items():
                if book is not None:
                    self._warm.keep(location, book.size, self._tally.known(location))

    def _head(self, location: str) -> dict[str, Any]:
        book = self._books[location]
        if book is None:
            raise ValueError(f"no book of `{location}` to write")
        return book_row(book)
