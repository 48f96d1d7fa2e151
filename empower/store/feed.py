"""The books as a feed: how far each goes, and what comes after. Nothing is written for those who listen."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, exists, false, literal_column, or_, select

from empower.core.entry import Entry
from empower.store.queries import COMP, ENTRY, LOCATION
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


def due(unit: Unit, now: str) -> list[str]:
    """The locations where the time of some open comp is up."""
    some = exists().where(COMP.c.location == LOCATION.c.id, COMP.c.expires_at <= bindparam("now"))
    query = select(LOCATION.c.id).where(LOCATION.c.next_expiry <= bindparam("now"), some).order_by(LOCATION.c.id)
    return [location for (location,) in unit.rows(unit.queries.cached("due", query), {"now": now})]


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


def waiting(unit: Unit, location: str, now: str, made: Sequence[tuple[str, str]] | None = None) -> list[Entry]:
    """The entries that decided the comps which wait at a location now, the oldest first.

    With `made`, only those decided in one of these spans: after a moment, up to another.
    """
    query = (
        select(ENTRY)
        .join(COMP, (COMP.c.location == ENTRY.c.location) & (COMP.c.seq == ENTRY.c.seq))
        .where(COMP.c.location == bindparam("location"), COMP.c.status == literal_column("'pending'"))
        .where(COMP.c.expires_at > bindparam("now"))
        .order_by(ENTRY.c.seq)
    )
    parameters = {"location": location, "now": now}
    if made is not None:
        spans = []
        for number, (after, until) in enumerate(made):
            spans.append(
                (COMP.c.created_at > bindparam(f"after{number}")) & (COMP.c.created_at <= bindparam(f"until{number}"))
            )
            parameters |= {f"after{number}": after, f"until{number}": until}
        query = query.where(or_(false(), *spans))
    name = f"waiting {'' if made is None else len(made)}"
    return [entry_of(row) for row in unit.rows(unit.queries.cached(name, query), parameters)]
