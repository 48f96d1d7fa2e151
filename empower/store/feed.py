"""The books as a feed: how far each goes, and what comes after. Nothing is written for those who listen."""

from typing import NamedTuple

from sqlalchemy import bindparam, literal_column, select

from empower.core.entry import Entry
from empower.store.approvers import Pending, pending
from empower.store.queries import ENTRY, LOCATION
from empower.store.rows import entry_of
from empower.store.unit import Unit

CHUNK = 500
_HEADS = select(LOCATION.c.id, LOCATION.c.size, LOCATION.c.recorded_at, LOCATION.c.policy)
_MOVES = (
    select(ENTRY)
    .where(
        ENTRY.c.location == bindparam("location"),
        ENTRY.c.seq >= bindparam("since"),
        ENTRY.c.seq < bindparam("until"),
        ENTRY.c.comp.is_not(None),
    )
    .order_by(ENTRY.c.seq)
    .limit(bindparam("most"))
    .offset(literal_column("0"))
)


class Head(NamedTuple):
    """How far a book goes, when its last entry was written, and the digest of the policy that it goes by."""

    size: int
    recorded_at: str
    policy: str


def heads(unit: Unit) -> dict[str, Head]:
    """The heads of all books."""
    return {location: Head(*head) for location, *head in unit.rows(unit.queries.cached("heads", _HEADS), {})}


def moves(unit: Unit, location: str, since: int, until: int, limit: int = CHUNK) -> list[Entry]:
    """At most `limit` entries about comps, from seq `since` to before `until`."""
    parameters = {"location": location, "since": since, "until": until, "most": limit}
    return [entry_of(row) for row in unit.rows(unit.queries.cached("moves", _MOVES), parameters)]


def first_since(unit: Unit, location: str, size: int, moment: str) -> int:
    """The seq of a book's first entry at a moment or later; time never runs backwards in a book, so it is searched."""
    query = select(ENTRY.c.recorded_at).where(
        ENTRY.c.location == bindparam("location"), ENTRY.c.seq == bindparam("seq")
    )
    sql = unit.queries.cached("moment of", query)
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        row = unit.row(sql, {"location": location, "seq": middle})
        if row is None or row[0] < moment:
            low = middle + 1
        else:
            high = middle
    return low


def waiting(unit: Unit, location: str, now: str) -> list[Entry]:
    """The entries that decided the comps which wait at a location now."""
    found, after = [], ""
    while comps := pending(unit, Pending(location, now, after), CHUNK):
        lines = [unit.entry(location, comp.seq) for comp in comps]
        found += [line for line in lines if line is not None]
        after = comps[-1].id
    return found
