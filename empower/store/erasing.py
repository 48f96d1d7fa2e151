"""What is taken out of the store for good: a guest's row in the map, and the notes about them."""

from sqlalchemy import bindparam, delete, literal_column, select, update

from empower.store.queries import COMP, EMPLOYEE, ENTRY, GUEST, NOTE, STAFF
from empower.store.unit import Unit


def knows(unit: Unit, location: str, pseudonym: str) -> bool:
    """Whether the book of a location names a guest, or somebody works there who is that guest."""
    comp = select(COMP.c.id).where(COMP.c.location == bindparam("location"), COMP.c.guest == bindparam("guest"))
    staff = select(STAFF.c.employee).join(EMPLOYEE, EMPLOYEE.c.id == STAFF.c.employee)
    staff = staff.where(STAFF.c.location == bindparam("location"), EMPLOYEE.c.guest == bindparam("guest"))
    one = {"location": location, "guest": pseudonym}
    found = (
        unit.row(
            unit.queries.cached(f"knows guest {name}", query.limit(literal_column("1")).offset(literal_column("0"))),
            one,
        )
        for name, query in (("comp", comp), ("staff", staff))
    )
    return any(row is not None for row in found)


def forget_notes(unit: Unit, location: str, pseudonym: str) -> int:
    """Take away the notes of all that was asked for a guest at a location, with their salts; how many there were."""
    here = (NOTE.c.location == ENTRY.c.location) & (NOTE.c.seq == ENTRY.c.seq)
    query = select(NOTE.c.seq).join(ENTRY, here).join(COMP, COMP.c.id == ENTRY.c.comp)
    query = query.where(
        NOTE.c.location == bindparam("location"),
        COMP.c.location == bindparam("location"),
        COMP.c.guest == bindparam("guest"),
    )
    rows = unit.rows(unit.queries.cached("notes of a guest", query), {"location": location, "guest": pseudonym})
    gone = delete(NOTE).where(NOTE.c.location == bindparam("location"), NOTE.c.seq == bindparam("seq"))
    sql = unit.queries.cached("forget note", gone)
    for (seq,) in rows:
        unit.write(sql, {"location": location, "seq": seq})
    return len(rows)


def forget_guest(unit: Unit, mac: bytes, pseudonym: str) -> None:
    """Take away the row that leads from a reference to a pseudonym, also where it is an employee's own."""
    row = delete(GUEST).where(GUEST.c.mac == bindparam("mac"))
    unit.write(unit.queries.cached("forget guest", row), {"mac": mac})
    own = update(EMPLOYEE).where(EMPLOYEE.c.guest == bindparam("was")).values(guest=None)
    unit.write(unit.queries.cached("forget own guest", own), {"was": pseudonym, "guest": None})
