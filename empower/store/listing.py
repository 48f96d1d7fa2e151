"""What is read in pages: comps, newest first, and the lines of a book."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, literal_column, select

from empower.core.comp import Comp
from empower.core.entry import Entry
from empower.store.queries import COMP, ENTRY, LOCATION, NOTE
from empower.store.rows import Book, book_of, comp_of, entry_of
from empower.store.unit import Unit


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
        query, more = _among(query, COMP.c.location, wanted.within)
        parameters |= more
    return [comp_of(row) for row in unit.rows(unit.queries.sql(query), parameters)]


def _among(query: Select[Any], column: Any, values: Collection[str]) -> tuple[Select[Any], dict[str, str]]:
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
