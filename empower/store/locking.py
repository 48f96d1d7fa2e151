"""Who waits for whom where several processes write at once: PostgreSQL. On SQLite the file's lock is enough.

A book's row is locked until the commit, so a book is written by one after another, and what is counted at its location
with it. Whoever needs several books locks them in the order of their names. Counters across locations are read without
a lock. At the end, after everything narrow, those that are charged are locked in the order of their keys until the
commit, and the version of each is compared: where somebody was faster, what was granted must still be granted by what
the counters hold now, or else the whole transaction is done again, that time with those locked from the start. So a
cap is never passed, many share a busy counter while there is room, and the last of it is given out one after another.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from empower.core.counter import Needed
from empower.store.foresight import Ask

WideKey = tuple[str, str, str]
"""Place (`@` and a policy's id), measure and subject."""
Rows = Callable[[str, dict[str, Any]], list[tuple[Any, ...]]]
Sent = Callable[[str, dict[str, Any]], Callable[[], list[tuple[Any, ...]]]]
Needs = Callable[[Any], tuple[str, str, Sequence[Needed | None]] | None]
"""Of a unit: the location, the place of what is counted across locations, and the counters."""


class Wanted(NamedTuple):
    """What a transaction locks before it begins to read."""

    books: frozenset[str] = frozenset()
    comps: frozenset[str] = frozenset()
    """Their books are looked up, and locked too."""
    wide: frozenset[WideKey] = frozenset()
    alone: bool = False
    """Where no book is named, one transaction of this kind at a time: for what stands in no one book."""
    asks: frozenset[Ask] = frozenset()
    """What will be read of these books, and is read for all at once."""
    needs: tuple[Needs, ...] = ()
    """What counters will be read, by what was read then."""


def united(every: Iterable[Wanted]) -> Wanted:
    """All that several want."""
    wanted = list(every)
    return Wanted(
        frozenset().union(*(one.books for one in wanted)),
        frozenset().union(*(one.comps for one in wanted)),
        frozenset().union(*(one.wide for one in wanted)),
        any(one.alone for one in wanted),
        frozenset().union(*(one.asks for one in wanted)),
        tuple(need for one in wanted for need in one.needs),
    )


ALONE = 7370113100000002
WAIT_ALONE = f"SELECT set_config('statement_timeout', '0', true), pg_advisory_xact_lock({ALONE})"
BOOKS_OF = "SELECT DISTINCT location FROM comp WHERE id = ANY(%(ids)s)"

_KEYS = "unnest(%(measures)s::text[], %(subjects)s::text[]) AS k(measure, subject)"
_FOUND = f"FROM wide w JOIN {_KEYS} USING (measure, subject) WHERE w.location = %(place)s"
VERSIONS = f"SELECT w.location, w.measure, w.subject, w.version {_FOUND}"
LOCK = f"{VERSIONS} ORDER BY w.measure, w.subject FOR UPDATE OF w"
FIRST = (
    f"INSERT INTO wide (location, measure, subject, version) SELECT %(place)s, k.*, 0 FROM {_KEYS} "  # noqa: S608  no input
    "ORDER BY 2, 3 ON CONFLICT DO NOTHING RETURNING 1"
)
NEXT = (
    f"INSERT INTO wide (location, measure, subject, version) SELECT %(place)s, k.*, 1 FROM {_KEYS} "  # noqa: S608  no input
    "ORDER BY 2, 3 ON CONFLICT (location, measure, subject) DO UPDATE SET version = wide.version + 1 "
    "RETURNING location, measure, subject, version - 1"
)
"""Each names one place: where the tables are spread over several servers, it is sent to the one that has it."""


class Wide:
    """The versions of counters across locations that a transaction has read."""

    def __init__(self, rows: Rows, sent: Sent) -> None:
        """`rows` runs a query; `sent` gives what waits for its rows."""
        self._rows = rows
        self._sent = sent
        self._read: dict[WideKey, int] = {}
        self.lost: frozenset[WideKey] = frozenset()
        """Those that somebody else charged since they were read."""

    @property
    def keys(self) -> frozenset[WideKey]:
        """All that were read."""
        return frozenset(self._read)

    def note(self, keys: Iterable[WideKey]) -> None:
        """Before they are read: what version they are of."""
        new = [key for key in keys if key not in self._read]
        if new:
            self.learn(self._asked(VERSIONS, new))

    def learn(self, versions: Mapping[WideKey, int]) -> None:
        """Of what version they were when they were first read. A key that nobody charged yet is of version 0."""
        for key, version in versions.items():
            self._read.setdefault(key, version)

    def lock(self, keys: Collection[WideKey]) -> None:
        """Keep all others from charging them until the transaction ends."""
        if keys:
            self._asked(FIRST, keys)
            self._read |= self._asked(LOCK, keys)

    def charged(self, keys: Collection[WideKey]) -> Callable[[], frozenset[WideKey]]:
        """Before more is charged to them: keep all others from it until the transaction ends.

        Gives what waits for it, and says which of them somebody charged since they were read.
        """
        found = [self._sent(NEXT, part) for part in _by_place(keys)]

        def lost() -> frozenset[WideKey]:
            versions = {(row[0], row[1], row[2]): row[3] for rows in found for row in rows()}
            self.lost = frozenset(key for key, version in versions.items() if self._read.get(key, version) != version)
            return self.lost

        return lost

    def _asked(self, sql: str, keys: Iterable[WideKey]) -> dict[WideKey, int]:
        rows = [row for part in _by_place(keys) for row in self._rows(sql, part)]
        return {(row[0], row[1], row[2]): row[3] for row in rows if len(row) > 1}


def _by_place(keys: Iterable[WideKey]) -> Iterator[dict[str, Any]]:
    """Keys as parameters, those of one place together, all in their order."""
    for place, same in groupby(sorted(keys), key=itemgetter(0)):
        measures, subjects = (list(part) for part in list(zip(*same, strict=True))[1:])
        yield {"place": place, "measures": measures, "subjects": subjects}
