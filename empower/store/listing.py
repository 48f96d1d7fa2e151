"""What is read in pages: comps, newest first, and the lines of a book."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, literal_column, select

from empower.core.comp import Comp
from empower.core.counter import CounterKey, Usage
from empower.core.entry import Entry
from empower.store.queries import COMP, COUNTER, ENTRY, IDEMPOTENCY, LOCATION, MEASURE, NOTE, POLICY, USAGE
from empower.store.rows import Book, book_of, comp_of, entry_of
from empower.store.unit import Unit

CHUNK = 1000


class Wanted(NamedTuple):
    """Which comps are asked for; None asks for no matter which."""

    status: str | None = None
    location: str | None = None
    employee: str | None = None
    guest: str | None = None
    since: str | None = None
    forced: bool | None = None
    before: str | None = None
    """Only comps with a lower id: where the page before ended."""
    within: Collection[str] | None = None


_COLUMNS = {
    "status": COMP.c.status,
    "location": COMP.c.location,
    "employee": COMP.c.employee,
    "guest": COMP.c.guest,
    "forced": COMP.c.forced,
}


def comps(unit: Unit, wanted: Wanted, limit: int) -> list[Comp]:
    """At most `limit` comps, newest first: ids are UUIDv7 and sort in the order of time."""
    if wanted.within is not None and not wanted.within:
        return []
    query: Select[Any] = select(COMP).order_by(COMP.c.id.desc()).limit(bindparam("most")).offset(literal_column("0"))
    parameters: dict[str, Any] = {"most": limit}
    for name, column in _COLUMNS.items():
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(column == bindparam(name))
            parameters[name] = value
    if wanted.since is not None:
        query = query.where(COMP.c.created_at >= bindparam("since"))
        parameters["since"] = wanted.since
    if wanted.before is not None:
        query = query.where(COMP.c.id < bindparam("before"))
        parameters["before"] = wanted.before
    if wanted.within is not None:
        query, more = among(query, COMP.c.location, wanted.within)
        parameters |= more
    return [comp_of(row) for row in unit.rows(unit.queries.sql(query), parameters)]


def among(query: Select[Any], column: Any, values: Collection[str]) -> tuple[Select[Any], dict[str, str]]:
    """The query for rows whose `column` is one of `values`, and its parameters."""
    parameters = {f"in{index}": value for index, value in enumerate(sorted(values))}
    return query.where(column.in_([bindparam(name) for name in parameters])), parameters


def lines_of(unit: Unit, comp: Comp) -> list[Entry]:
    """The entries of a comp, the decision first."""
    query = select(ENTRY).where(
        ENTRY.c.location == bindparam("location"),
        ENTRY.c.seq.between(bindparam("first"), bindparam("last")),
        ENTRY.c.comp == bindparam("comp"),
    )
    sql = unit.queries.cached("lines of a comp", query.order_by(ENTRY.c.seq))
    parameters = {"location": comp.location, "first": comp.seq, "last": comp.last_seq, "comp": comp.id}
    return [entry_of(row) for row in unit.rows(sql, parameters)]


def lines(unit: Unit, location: str, since: int, limit: int) -> list[Entry]:
    """At most `limit` entries of a book from `since` on."""
    query = select(ENTRY).where(ENTRY.c.location == bindparam("location"), ENTRY.c.seq >= bindparam("since"))
    sql = unit.queries.cached("lines", query.order_by(ENTRY.c.seq).limit(bindparam("most")).offset(literal_column("0")))
    rows = unit.rows(sql, {"location": location, "since": since, "most": limit})
    return [entry_of(row) for row in rows]


def books(unit: Unit) -> list[Book]:
    """The heads of all books, by location."""
    sql = unit.queries.cached("books", select(LOCATION).order_by(LOCATION.c.id))
    return [book_of(row) for row in unit.rows(sql, {})]


def note_of(unit: Unit, location: str, seq: int) -> str | None:
    """The text of a note, unless there is none or it was erased."""
    query = select(NOTE.c.text).where(NOTE.c.location == bindparam("location"), NOTE.c.seq == bindparam("seq"))
    row = unit.row(unit.queries.cached("note", query), {"location": location, "seq": seq})
    return None if row is None else row[0]


def walk(unit: Unit, location: str) -> Iterator[Entry]:
    """Every line of a book in the order of seq, a chunk in memory at a time."""
    since = -(2**62)
    while found := lines(unit, location, since, CHUNK):
        yield from found
        since = found[-1].seq + 1


def walk_comps(unit: Unit, location: str) -> Iterator[Comp]:
    """Every comp of a location as it stands, by id."""
    query = select(COMP).where(COMP.c.location == bindparam("location"), COMP.c.id > bindparam("after"))
    query = query.order_by(COMP.c.id).limit(bindparam("most")).offset(literal_column("0"))
    sql = unit.queries.cached("walk comps", query)
    after = ""
    while found := unit.rows(sql, {"location": location, "after": after, "most": CHUNK}):
        for row in found:
            comp = comp_of(row)
            after = comp.id
            yield comp


def counters(unit: Unit, place: str) -> dict[CounterKey, Usage]:
    """All counters of a location, or of a group, that hold anything."""
    columns = (COUNTER.c.measure, COUNTER.c.subject, COUNTER.c.start, *(COUNTER.c[name] for name in USAGE))
    sql = unit.queries.cached("counters", select(*columns).where(COUNTER.c.location == bindparam("location")))
    rows = unit.rows(sql, {"location": place})
    return {CounterKey(*row[:3]): Usage(*row[3:]) for row in rows if any(row[3:])}


def notes(unit: Unit, location: str) -> dict[int, tuple[bytes, str]]:
    """The notes of a book's entries that are still kept, with their salts."""
    query = select(NOTE.c.seq, NOTE.c.salt, NOTE.c.text).where(NOTE.c.location == bindparam("location"))
    rows = unit.rows(unit.queries.cached("notes", query), {"location": location})
    return {seq: (bytes(salt), text) for seq, salt, text in rows}


def answered_comps(unit: Unit, location: str) -> list[str]:
    """The comps that idempotency keys of a location point to."""
    query = select(IDEMPOTENCY.c.comp).where(IDEMPOTENCY.c.location == bindparam("location"))
    return [comp for (comp,) in unit.rows(unit.queries.cached("answered", query), {"location": location})]


def policies(unit: Unit) -> list[tuple[str, str, bytes]]:
    """Digest, id and text of every policy that is kept."""
    query = select(POLICY.c.digest, POLICY.c.id, POLICY.c.text).order_by(POLICY.c.digest)
    return [(digest, name, bytes(text)) for digest, name, text in unit.rows(unit.queries.sql(query), {})]


def places(unit: Unit) -> list[str]:
    """Everywhere that something is counted: locations, and groups (`@` and a policy's id)."""
    query = select(MEASURE.c.location).union(select(COUNTER.c.location)).order_by("location")
    return [place for (place,) in unit.rows(unit.queries.sql(query), {})]


def taken_up(unit: Unit) -> list[str]:
    """The policies that the books go by, by digest, in the order in which they were taken up."""
    sayings = select(ENTRY.c.location, func.max(ENTRY.c.seq).label("seq")).where(ENTRY.c.kind.in_(["open", "policy"]))
    last = sayings.group_by(ENTRY.c.location).subquery()
    query = (
        select(LOCATION.c.policy)
        .join(last, last.c.location == LOCATION.c.id)
        .join(ENTRY, (ENTRY.c.location == last.c.location) & (ENTRY.c.seq == last.c.seq))
        .order_by(ENTRY.c.recorded_at, ENTRY.c.seq, LOCATION.c.id)
    )
    sql = str(query.compile(dialect=unit.queries.dialect, compile_kwargs={"literal_binds": True}))
    digests = [digest for (digest,) in unit.rows(sql, {})]
    return list(dict.fromkeys(reversed(digests)))[::-1]
