"""What a verification reads: rows as they stand, of whatever type they are, in the order of their keys.

Nothing is made of a row here: one that was tampered with must reach the check that says so.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Table, bindparam, func, literal_column, select, tuple_

from empower.store.approvers import APPROVAL, DELEGATION, PIN
from empower.store.queries import (
    API_KEY,
    COMP,
    COUNTER,
    DEPLOYMENT,
    EMPLOYEE,
    ENTRY,
    GUEST,
    IDEMPOTENCY,
    LOCATION,
    MEASURE,
    NOTE,
    POLICY,
    STAFF,
)
from empower.store.unit import Unit
from empower.store.webhooks import WEBHOOK

CHUNK = 1000

Row = tuple[Any, ...]

WEBHOOK_COLUMNS = ("locations", "events", "allow_private", "generation", "created_at", "rotated_at")
"""What the books tell of a webhook as it stands, beside its address."""


def entry_rows(unit: Unit, location: str, since: int) -> Iterator[list[Row]]:
    """The lines of a book from seq `since` on, in chunks: seq, kind, recorded_at, comp, leaf, hash."""
    columns = [ENTRY.c[name] for name in ("seq", "kind", "recorded_at", "comp", "leaf", "hash")]
    query = select(*columns).where(ENTRY.c.location == bindparam("location"), ENTRY.c.seq >= bindparam("since"))
    query = query.order_by(ENTRY.c.seq).limit(literal_column(str(CHUNK))).offset(literal_column("0"))
    sql = unit.queries.cached("audit entries", query)
    last: Any = since - 1
    while found := unit.rows(sql, {"location": location, "since": last + 1}):
        yield found
        last = found[-1][0]
        if not isinstance(last, int):
            return


def comp_rows(unit: Unit, location: str) -> Iterator[list[Row]]:
    """All comps of a location by id, in chunks: every column in the table's order."""
    return _pages(unit, COMP, list(COMP.c), ["id"], location)


def counter_rows(unit: Unit, place: str) -> Iterator[list[Row]]:
    """All counters of a place by their keys, in chunks: every column but the place."""
    return _pages(unit, COUNTER, list(COUNTER.c)[1:], ["measure", "subject", "start"], place)


def note_rows(unit: Unit, location: str, since: int) -> Iterator[Row]:
    """The notes that stand beside the entries from `since` on: seq, salt, text."""
    columns = [NOTE.c[name] for name in ("seq", "salt", "text")]
    for page in _pages(unit, NOTE, columns, ["seq"], location, after=(since - 1,)):
        yield from page


def answer_rows(unit: Unit, location: str) -> Iterator[list[Row]]:
    """The idempotency keys of a location, in chunks: owner, key, body, comp."""
    return _pages(unit, IDEMPOTENCY, list(IDEMPOTENCY.c)[1:], ["owner", "key"], location)


def approval_rows(unit: Unit, location: str) -> Iterator[list[Row]]:
    """Who said yes to which comp of a location, in chunks: comp, approver, authority, requester, seq."""
    return _pages(unit, APPROVAL, list(APPROVAL.c)[1:], ["comp", "approver"], location)


def delegation_rows(unit: Unit, location: str) -> list[Row]:
    """Who stands in for whom at a location: id, delegator, delegate, since, until."""
    query = select(*list(DELEGATION.c)[1:]).where(DELEGATION.c.location == bindparam("location"))
    return unit.rows(unit.queries.cached("audit delegations", query), {"location": location})


def pin_rows(unit: Unit) -> list[Row]:
    """What is kept of each PIN: employee, hash, set_at."""
    return unit.rows(unit.queries.cached("audit pins", select(PIN).order_by(PIN.c.employee)), {})


def _pages(
    unit: Unit, table: Table, columns: list[Column[Any]], keys: list[str], location: str, after: Row | None = None
) -> Iterator[list[Row]]:
    """The rows of a location, `CHUNK` at a time, each chunk found by the key that ended the one before."""
    order = [table.c[name] for name in keys]
    query = select(*columns).where(table.c.location == bindparam("location")).order_by(*order)
    query = query.limit(literal_column(str(CHUNK))).offset(literal_column("0"))
    later = query.where(tuple_(*order) > tuple_(*(bindparam(f"after_{name}") for name in keys)))
    first_sql = unit.queries.cached(f"audit {table.name}", query)
    later_sql = unit.queries.cached(f"audit later {table.name}", later)
    places = [[column.name for column in columns].index(name) for name in keys]
    while True:
        if after is None:
            found = unit.rows(first_sql, {"location": location})
        else:
            named = {f"after_{name}": value for name, value in zip(keys, after, strict=True)}
            found = unit.rows(later_sql, {"location": location} | named)
        if not found:
            return
        yield found
        after = tuple(found[-1][place] for place in places)


def heads(unit: Unit) -> list[Row]:
    """The rows of `location`, by id."""
    return unit.rows(unit.queries.cached("audit heads", select(LOCATION).order_by(LOCATION.c.id)), {})


def sizes(unit: Unit) -> dict[str, int]:
    """How many entries each book has at most, by its highest seq: for a progress bar."""
    query = select(func.max(ENTRY.c.seq)).where(ENTRY.c.location == bindparam("location"))
    sql = unit.queries.cached("audit size", query)
    found = {place: unit.rows(sql, {"location": place})[0][0] for place in placed(unit, ENTRY)}
    return {place: top + 1 for place, top in found.items() if isinstance(top, int)}


PLACED = (ENTRY, COMP, COUNTER, MEASURE, IDEMPOTENCY, NOTE, STAFF, APPROVAL, DELEGATION)
"""The tables whose rows belong to a location, or to a group."""


def placed(unit: Unit, table: Table) -> list[str]:
    """Every location that a table has rows of, found by steps through the index; on several servers by one look at all.

    There each step would ask every server, which takes longer than to read their indexes.
    """
    if unit.queries.is_distributed:
        each = select(table.c.location).group_by(table.c.location).order_by(table.c.location)
        return [place for (place,) in unit.rows(unit.queries.cached(f"audit every place {table.name}", each), {})]
    sql = unit.queries.cached(
        f"audit places {table.name}",
        select(func.min(table.c.location)).where(table.c.location > bindparam("after")),
    )
    found: list[str] = []
    after: Any = ""
    while (after := unit.rows(sql, {"after": after})[0][0]) is not None:
        found.append(after)
    return found


def staff_rows(unit: Unit, location: str) -> list[Row]:
    """The roster of a location: employee, role, position, since, until, and whether the person is known."""
    query = select(*list(STAFF.c)[1:], EMPLOYEE.c.id).outerjoin(EMPLOYEE, EMPLOYEE.c.id == STAFF.c.employee)
    query = query.where(STAFF.c.location == bindparam("location")).order_by(STAFF.c.employee, STAFF.c.position)
    return unit.rows(unit.queries.cached("audit staff", query), {"location": location})


def key_rows(unit: Unit) -> list[Row]:
    """All API keys: every column in the table's order."""
    return unit.rows(unit.queries.cached("audit keys", select(API_KEY).order_by(API_KEY.c.id)), {})


def webhook_rows(unit: Unit) -> list[Row]:
    """What decides where all webhooks send, and what: url, salt, and the columns of `WEBHOOK_COLUMNS`, after the id."""
    columns = [WEBHOOK.c[name] for name in ("id", "url", "salt", *WEBHOOK_COLUMNS)]
    return unit.rows(unit.queries.cached("audit webhooks", select(*columns).order_by(WEBHOOK.c.id)), {})


def policy_rows(unit: Unit) -> list[Row]:
    """All policies that are kept: digest, id, text, stored_at."""
    return unit.rows(unit.queries.cached("audit policies", select(POLICY).order_by(POLICY.c.digest)), {})


def guest_rows(unit: Unit) -> Iterator[list[Row]]:
    """Every guest's keyed hash and pseudonym, in chunks."""
    query = select(GUEST.c.mac, GUEST.c.pseudonym).order_by(GUEST.c.pseudonym)
    query = query.where(GUEST.c.pseudonym > bindparam("after"))
    query = query.limit(literal_column(str(CHUNK))).offset(literal_column("0"))
    sql = unit.queries.cached("audit guests", query)
    after: Any = ""
    while found := unit.rows(sql, {"after": after}):
        yield found
        after = found[-1][1]


def own_guests(unit: Unit) -> list[Row]:
    """Employees who have a guest reference of their own: id, its keyed hash (None where there is none), pseudonym."""
    query = select(EMPLOYEE.c.id, GUEST.c.mac, EMPLOYEE.c.guest).outerjoin(GUEST, GUEST.c.pseudonym == EMPLOYEE.c.guest)
    query = query.where(EMPLOYEE.c.guest.is_not(None)).order_by(EMPLOYEE.c.id)
    return unit.rows(unit.queries.cached("audit own guests", query), {})


def deployments(unit: Unit) -> list[Row]:
    """Every row that says what this store is; there is one."""
    return unit.rows(unit.queries.cached("audit deployments", select(DEPLOYMENT)), {})
