"""Approvers: their PINs and tries, who stands in for whom, and what waits for them."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, literal_column, select, update

from empower.core.comp import Comp
from empower.store.listing import among
from empower.store.people_tables import ApprovalRow, DelegationRow, PinRow, PinTryRow
from empower.store.queries import COMP, EMPLOYEE, STAFF, table
from empower.store.rows import comp_of
from empower.store.unit import Unit

APPROVAL = table(ApprovalRow)
PIN = table(PinRow)
PIN_TRY = table(PinTryRow)
DELEGATION = table(DelegationRow)
MOST_STRANGERS = 1000
"""Claimed ids without a PIN whose tries are kept."""


class Tries(NamedTuple):
    """Wrong tries since the last right one."""

    employee: str
    tries: int
    locked_until: str | None
    last_at: str


class Delegation(NamedTuple):
    """Somebody may approve in another's place at a location, from a moment until just before another."""

    location: str
    id: str
    delegator: str
    delegate: str
    since: str
    until: str


class Pending(NamedTuple):
    """Which comps wait, after the one with the id `after`."""

    location: str | None
    now: str
    after: str
    within: Any = None


def add_approval(unit: Unit, comp: Comp, approver: str, authority: str) -> None:
    """Somebody said yes to a comp, by its last entry."""
    row = {"location": comp.location, "comp": comp.id, "approver": approver, "authority": authority}
    unit.write(unit.queries.add(APPROVAL), row | {"requester": comp.employee, "seq": comp.last_seq})


def pin_of(unit: Unit, employee: str) -> str | None:
    """The hash of an employee's PIN."""
    sql = unit.queries.cached("pin", select(PIN.c.hash).where(PIN.c.employee == bindparam("employee")))
    row = unit.row(sql, {"employee": employee})
    return None if row is None else row[0]


def put_pin(unit: Unit, employee: str, digest: str, at: str) -> None:
    """Set an employee's PIN."""
    unit.write(unit.queries.upsert(PIN, "employee"), {"employee": employee, "hash": digest, "set_at": at})


def tries_of(unit: Unit, employee: str) -> Tries | None:
    """What was tried under an id."""
    sql = unit.queries.cached("tries", select(PIN_TRY).where(PIN_TRY.c.employee == bindparam("employee")))
    row = unit.row(sql, {"employee": employee})
    return None if row is None else Tries(*row)


def put_tries(unit: Unit, tries: Tries) -> None:
    """Remember a try; of strangers the latest `MOST_STRANGERS` alone."""
    unit.write(unit.queries.upsert(PIN_TRY, "employee"), tries._asdict())
    newest = (
        select(PIN_TRY.c.employee)
        .where(PIN_TRY.c.employee.not_in(select(PIN.c.employee)))
        .order_by(PIN_TRY.c.last_at.desc())
        .limit(literal_column("1000000"))
        .offset(literal_column(str(MOST_STRANGERS)))
    )
    unit.write(unit.queries.cached("old tries", delete(PIN_TRY).where(PIN_TRY.c.employee.in_(newest))), {})


def forget_tries(unit: Unit, employee: str) -> None:
    """The right PIN came."""
    sql = unit.queries.cached("no tries", delete(PIN_TRY).where(PIN_TRY.c.employee == bindparam("employee")))
    unit.write(sql, {"employee": employee})


def put_delegation(unit: Unit, found: Delegation) -> None:
    """A new delegation."""
    unit.write(unit.queries.add(DELEGATION), found._asdict())


def end_delegation(unit: Unit, found: Delegation, at: str) -> None:
    """A delegation that ends now."""
    query = (
        update(DELEGATION)
        .where(DELEGATION.c.location == bindparam("at_location"), DELEGATION.c.id == bindparam("delegation"))
        .values(until=bindparam("at"))
    )
    sql = unit.queries.cached("end delegation", query)
    unit.write(sql, {"at_location": found.location, "delegation": found.id, "at": at})


def delegations(unit: Unit, *, delegate: str | None = None, at: str | None = None) -> list[Delegation]:
    """Delegations, the oldest first: to somebody, and in force at a moment."""
    query = select(DELEGATION).order_by(DELEGATION.c.id, DELEGATION.c.location)
    parameters: dict[str, Any] = {}
    if delegate is not None:
        query = query.where(DELEGATION.c.delegate == bindparam("delegate"))
        parameters["delegate"] = delegate
    if at is not None:
        query = query.where(DELEGATION.c.since <= bindparam("at"), DELEGATION.c.until > bindparam("at"))
        parameters["at"] = at
    return [Delegation(*row) for row in unit.rows(unit.queries.sql(query), parameters)]


def pending(unit: Unit, wanted: Pending, limit: int) -> list[Comp]:
    """At most `limit` comps that wait for a yes and whose time is not up, the oldest first."""
    query = (
        select(COMP)
        .where(COMP.c.status == literal_column("'pending'"), COMP.c.id > bindparam("after"))
        .where(COMP.c.expires_at > bindparam("now"))
        .order_by(COMP.c.id)
        .limit(bindparam("most"))
        .offset(literal_column("0"))
    )
    parameters: dict[str, Any] = {"after": wanted.after, "now": wanted.now, "most": limit}
    if wanted.location is not None:
        query = query.where(COMP.c.location == bindparam("location"))
        parameters["location"] = wanted.location
    if wanted.within is not None:
        query, more = among(query, COMP.c.location, wanted.within)
        parameters |= more
    return [comp_of(row) for row in unit.rows(unit.queries.sql(query), parameters)]


def given(unit: Unit, location: str, guest: str) -> tuple[int, int, str | None]:
    """How many comps a guest was granted here, their minor units, and when the last was."""
    query = select(
        func.count(),
        func.coalesce(func.sum(COMP.c.held_minor + COMP.c.captured_minor), literal_column("0")),
        func.max(COMP.c.updated_at),
    ).where(
        COMP.c.location == bindparam("location"),
        COMP.c.guest == bindparam("guest"),
        COMP.c.status.in_([literal_column("'approved'"), literal_column("'captured'")]),
    )
    row = unit.row(unit.queries.cached("given", query), {"location": location, "guest": guest})
    return (0, 0, None) if row is None else (int(row[0]), int(row[1]), row[2])


def name_of(unit: Unit, employee: str) -> str:
    """What people call an employee; the id where no name is known."""
    sql = unit.queries.cached("name", select(EMPLOYEE.c.name).where(EMPLOYEE.c.id == bindparam("employee")))
    row = unit.row(sql, {"employee": employee})
    return employee if row is None else row[0]


def locations_of(unit: Unit, employee: str) -> list[str]:
    """Where an employee has, had or will have a role."""
    query = select(STAFF.c.location).where(STAFF.c.employee == bindparam("employee")).distinct()
    sql = unit.queries.cached("locations of", query.order_by(STAFF.c.location))
    return [location for (location,) in unit.rows(sql, {"employee": employee})]
