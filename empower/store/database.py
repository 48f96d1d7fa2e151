"""The store: one database, opened, checked and given out as transactions.

A writer on SQLite takes the file's lock at once (`BEGIN IMMEDIATE`), so that two processes queue up instead of failing
at the end. A writer on PostgreSQL reads what is committed (READ COMMITTED), under the row locks of the books it writes.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import URL, Connection

from empower.core.canonical import is_text
from empower.core.errors import BusyError, StoreError
from empower.store.connecting import connected, is_in_memory, is_postgresql, sqlite_path, store_url
from empower.store.distribution import LOOK_EVERYWHERE, READING, STILL, is_distributed
from empower.store.foresight import Ask
from empower.store.line import BUSY_SECONDS, WRITE_SECONDS, Line, cursor_of, rollback
from empower.store.locking import Needs, Wanted, united
from empower.store.notices import listening
from empower.store.queries import Queries
from empower.store.schema import check_schema, check_server, is_set_up, migrate
from empower.store.tally import Warm
from empower.store.troubles import is_lost, reached, translated
from empower.store.unit import Unit
from empower.store.whereabouts import Whereabouts
from empower.store.writer import Ticket, Writer

__all__ = ["Store", "sqlite_path", "store_url", "translated"]

T = TypeVar("T")

READ_SECONDS = 300
"""How long a statement of a reader may take on PostgreSQL."""


Ahead = Callable[[], tuple[Ask, Needs]]


class Write(NamedTuple):
    """A job to be written, the locations that it is known to write, and what it reads `ahead`."""

    job: Callable[[Unit], Any]
    at: tuple[str, ...] = ()
    ahead: Ahead | None = None


class Store:
    """One database. Safe for many threads; several processes may have one file open."""

    def __init__(self, url: URL, *, create: bool) -> None:
        """Use `Store.open`."""
        self.url = url
        self.engine = connected(url, BUSY_SECONDS)
        try:
            check_server(self.engine)
            if create:
                migrate(self.engine)
            else:
                check_schema(self.engine)
            with self.engine.connect() as connection:
                spread = is_postgresql(url) and is_distributed(connection)
            self.queries = Queries(self.engine.dialect, is_distributed=spread)
            self._where = Whereabouts()
            self._told: tuple[Callable[[], None], ...] = ()
            self.line = Line(self.engine, self.queries, self._where, self._tell)
        except BaseException:
            self.engine.dispose()
            raise
        self.writer = Writer(self.line.transaction)
        # In memory there is one connection for all, so readers wait for writers there.
        self._alone: AbstractContextManager[Any] = self.writer.lock if is_in_memory(url) else nullcontext()

    @classmethod
    def open(cls, store: str, *, create: bool = False) -> "Store":
        """Open `store`, a database URL; `create` makes or migrates it first.

        Raises `StoreError` for one that is not set up, not readable or of a newer schema.
        """
        url = store_url(store)
        path = sqlite_path(url)
        if path is not None and not create and not path.exists():
            raise StoreError(f"there is no store at `{path}`: run `empower init`", code="store_missing")
        with reached(), translated():
            return cls(url, create=create)

    @staticmethod
    def exists(store: str) -> bool:
        """Whether there is anything under a store's URL yet; a store in memory is always new."""
        url = store_url(store)
        if not is_postgresql(url):
            path = sqlite_path(url)
            return path is not None and path.exists()
        engine = connected(url, BUSY_SECONDS)
        try:
            with reached(), translated():
                return is_set_up(engine)
        finally:
            engine.dispose()

    def close(self) -> None:
        """Let what is being written end, refuse what waits, and give all connections back."""
        self.writer.close()
        self.line.close()
        self.engine.dispose()

    def write(
        self,
        job: Callable[[Unit], T],
        *,
        alone: bool = False,
        at: Iterable[str] = (),
        comp: str | None = None,
        among: Collection[str] | None = None,
        ahead: Ahead | None = None,
    ) -> T:
        """Run `job` in a write transaction, which it may share with others that wait; returns after the commit.

        The locations that it is known to write `at`, or the `comp` whose location that is, one `among` these if any
        are given, are locked together with those of the others, in order; what it locks beside them may have to be
        done again. Where a round trip costs more than a query, what is read `ahead` is read for all of them at once.

        What the job raises undoes what the job did, and nothing else. Raises `BusyError` where the store cannot
        take it now.
        """
        with translated():
            wanted = self._known(at, ahead)
            if comp is not None and is_text(comp):
                wanted = united((wanted, self._wanted(comp, among)))
            return self.writer.run(job, alone=alone, wanted=wanted)

    def write_all(self, writes: Sequence[Write]) -> list[Any]:
        """Run several jobs, each as if it had come alone, as a rule in one transaction.

        What one raised, or why it was not written, stands in its place.
        """
        found: list[Any] = [None] * len(writes)
        tickets: dict[int, Ticket] = {}
        for index, (job, at, ahead) in enumerate(writes):
            try:
                tickets[index] = Ticket(job, wanted=self._known(at, ahead))
            except Exception as error:  # noqa: BLE001  handed to whoever asked
                found[index] = error
        self.writer.run_all(list(tickets.values()))
        for index, ticket in tickets.items():
            try:
                with translated():
                    found[index] = ticket.answer()
            except Exception as error:  # noqa: BLE001  handed to whoever asked
                found[index] = error
        return found

    def _known(self, at: Iterable[str], ahead: Ahead | None) -> Wanted:
        """What to lock for books that are known to be written, and what to read ahead."""
        wanted = Wanted(books=frozenset(filter(is_text, at)))
        if ahead is not None and self.queries.in_bulk:
            ask, needs = ahead()
            if all(is_text(word) for word in ask if isinstance(word, str)):
                return wanted._replace(asks=frozenset((ask,)), needs=(needs,))
        return wanted

    def _tell(self) -> None:
        for tell in self._told:
            tell()

    def _wanted(self, comp: str, among: Collection[str] | None) -> Wanted:
        """What to lock for a comp: the book that it is known to be in, or the only one it may be in, or whichever."""
        place = self._where.of(comp)
        if place is None and among is not None and len(among) == 1:
            (place,) = among
        return Wanted(comps=frozenset((comp,))) if place is None else Wanted(books=frozenset((place,)))

    @contextmanager
    def read(self, *, across: bool = False) -> Iterator[Unit]:
        """A unit over one consistent state of the database, whose changes are never written.

        Where locations lie on several servers, it is one state of each, and of all together if it is to hold
        `across` locations: then writers wait while it begins.
        """
        with translated(), self._alone:
            connection, cursor = self._reading()
            try:
                if across and self.queries.is_distributed:
                    self._see_one_moment(cursor)
                unit = Unit(cursor, self.queries, locks=False)
                unit.where = self._where
                yield unit
            except Exception as error:
                if is_lost(error):
                    connection.invalidate()
                raise
            finally:
                rollback(cursor)
                connection.close()

    @contextmanager
    def on_commit(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call `tell` after each commit of this process that wrote an entry; it must be quick, and not raise."""
        self._told += (tell,)
        try:
            yield
        finally:
            self._told = tuple(told for told in self._told if told is not tell)

    def on_publication(self, tell: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `tell` soon after any process on this store published policies, where the database passes it on."""
        return listening(self.engine, tell)

    def settle(self) -> bool:
        """Bring all that was written into the file itself and empty the log beside it; False if a reader is in the way.

        Until then the log still holds what was deleted.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        with translated(), self.writer.lock:
            cursor = cursor_of(self.line.connection, WRITE_SECONDS)
            try:
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                cursor.close()
        return not busy

    def forget(self) -> None:
        """Take nothing as known of the counters: they were made anew."""
        self.line.warm = Warm()

    def _reading(self) -> tuple[Connection, Any]:
        """A connection with a reader's transaction; connections that were lost while nobody used them are replaced."""
        for attempt in range(2):
            connection = self.engine.connect()
            try:
                cursor = cursor_of(connection, READ_SECONDS)
                more = READING if self.queries.is_distributed else ""
                cursor.execute(self.queries.begin_reading(READ_SECONDS) + more)
            except Exception as error:
                was_lost = is_lost(error)
                if was_lost:
                    connection.invalidate()
                connection.close()
                if attempt or not was_lost:
                    raise
                self.engine.dispose()
            else:
                return connection, cursor
        raise BusyError("the connection to the store was lost: try again")

    def _see_one_moment(self, cursor: Any) -> None:
        """Let no commit be under way while a reader takes its snapshot of each server."""
        with self.engine.connect() as connection:
            still = cursor_of(connection, WRITE_SECONDS)
            try:
                still.execute(self.queries.begin(BUSY_SECONDS, WRITE_SECONDS))
                still.execute(STILL)
                cursor.execute(LOOK_EVERYWHERE)
            finally:
                rollback(still)
