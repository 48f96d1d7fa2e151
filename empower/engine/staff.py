"""The roster: employees with their roles, each change recorded in the book of its location."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from empower.core.entry import own_guest
from empower.core.errors import FieldError, InputError, unknown_name
from empower.engine.deciding import kept_guest
from empower.engine.desk import Desk, Place, arrive, open_book
from empower.engine.places import why_of
from empower.engine.views import StaffImportView, StaffView
from empower.store import Unit
from empower.store.listing import books
from empower.store.people import Staff, put_staff, staff


class NewStaff(NamedTuple):
    """A role to be given; `guest` is the employee's own guest reference."""

    employee: str
    name: str
    location: str
    role: str
    since: date | None
    until: date | None
    guest: str | None


def add_staff(desk: Desk, unit: Unit, rows: Iterable[NewStaff], by: str, why: str) -> StaffImportView:
    """Give roles, all or none of them; raises `InputError` with a pointer to each row that cannot be."""
    errors: list[FieldError] = []
    added: list[StaffView] = []
    changed: list[StaffView] = []
    unchanged = 0
    said: dict[tuple[str, str, str] | str, Staff] = {}
    seen: dict[tuple[str, str, str], Staff] = {(row.location, row.employee, row.role): row for row in staff(unit)}
    for index, new in enumerate(rows):
        found = _problems(desk, unit, new, f"/{index}", by)
        errors.extend(found)
        if found:
            continue
        key = (new.location, new.employee, new.role)
        before = seen.get(key)
        after = _row(desk, unit, new, before, seen)
        if before == after:
            unchanged += 1
            continue
        contrary = said.get(key) or said.get(new.employee)
        if contrary is not None and (key in said or contrary.name != after.name):
            errors.append(FieldError(f"/{index}", f"the row contradicts an earlier one of `{new.employee}`"))
            continue
        said[key] = said[new.employee] = after
        (changed if before else added).append(staff_view(after, _today(desk, unit, new.location, by)))
        seen[key] = after
        put_staff(unit, after)
        _record(desk, unit, after, by, why)
    if errors:
        raise InputError(errors[0].message, errors=errors)
    return StaffImportView(added=added, changed=changed, unchanged=unchanged, dry_run=False)


def _today(desk: Desk, unit: Unit, location: str, by: str) -> date:
    place = arrive(desk, unit, open_book(unit, location), by)
    return place.policy.policy.days.business_day(place.now)


def _problems(desk: Desk, unit: Unit, new: NewStaff, pointer: str, by: str) -> list[FieldError]:
    errors = []
    said = new.employee
    if not 0 < len(said) <= LONGEST_ID or not said.isprintable() or said != said.strip():
        errors.append(FieldError(f"{pointer}/id", f"`{new.employee}` is no employee id"))
    book = unit.book(new.location)
    if book is None:
        known = [found.location for found in books(unit)]
        errors.append(unknown_name(f"{pointer}/location", "location", new.location, known))
    else:
        policy = arrive(desk, unit, book, by).policy.policy
        if new.role not in policy.roles:
            errors.append(unknown_name(f"{pointer}/role", "role", new.role, policy.roles))
    if new.since is not None and new.until is not None and new.until < new.since:
        errors.append(FieldError(f"{pointer}/until", f"`{new.until}` is before `{new.since}`"))
    return errors


def _row(desk: Desk, unit: Unit, new: NewStaff, before: Staff | None, seen: dict[tuple[str, str, str], Staff]) -> Staff:
    held = [row for row in seen.values() if (row.location, row.employee) == (new.location, new.employee)]
    known = next((row for row in seen.values() if row.employee == new.employee), None)
    position = before.position if before else max((row.position for row in held), default=-1) + 1
    guest = kept_guest(desk, unit, new.guest) if new.guest else (known.guest if known else None)
    name = new.name or (known.name if known else new.employee)
    since = new.since.isoformat() if new.since else None
    until = new.until.isoformat() if new.until else None
    return Staff(new.location, new.employee, new.role, position, since, until, name, guest)


def _record(desk: Desk, unit: Unit, row: Staff, by: str, why: str) -> None:
    book = open_book(unit, row.location)
    body: dict[str, Any] = {"employee": row.employee, "role": row.role}
    body |= {name: value for name, value in (("since", row.since), ("until", row.until)) if value}
    mac = None if row.guest is None else unit.mac(row.guest)
    if row.guest is not None and mac is not None:
        body["guest"] = own_guest(mac, row.employee, row.guest)
    unit.append(book, "staff", desk.clock(), None, by, body | why_of(why))


def staff_view(row: Staff, day: date) -> StaffView:
    """A role as it is answered, looked at on business day `day`."""
    until = None if row.until is None else date.fromisoformat(row.until)
    since = None if row.since is None else date.fromisoformat(row.since)
    return StaffView(
        id=row.employee,
        name=row.name,
        location=row.location,
        role=row.role,
        since=row.since,
        until=row.until,
        active=(since is None or since <= day) and (until is None or day <= until),
    )


LONGEST_ID = 128
COLUMNS = ("id", "name", "location", "role", "from", "until", "guest")


def parse_roster(text: str) -> list[NewStaff]:
    """The rows of a roster in CSV (RFC 4180) with a header; raises `InputError` with a pointer to each bad cell."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        names = list(reader.fieldnames or ())
    except csv.Error as error:
        raise InputError(f"line {reader.line_num} is no CSV: {error}") from None
    missing = [name for name in COLUMNS[:4] if name not in names]
    strange = [name for name in names if name not in COLUMNS]
    errors = [FieldError(f"/{name}", f"the header lacks `{name}`") for name in missing]
    errors += [unknown_name(f"/{name}", "column", name, COLUMNS) for name in strange]
    errors += [FieldError(f"/{name}", f"the header says `{name}` twice") for name in COLUMNS if names.count(name) > 1]
    if errors:
        raise InputError(errors[0].message, errors=errors)
    rows = []
    try:
        for index, cells in enumerate(reader):
            if None in cells or None in cells.values():
                errors.append(FieldError(f"/{index}", "the row has more or fewer cells than the header"))
                continue
            since, until = (_day(cells.get(name), f"/{index}/{name}", errors) for name in ("from", "until"))
            found = {name: (cells.get(name) or "").strip() for name in COLUMNS}
            rows.append(
                NewStaff(
                    found["id"], found["name"], found["location"], found["role"], since, until, found["guest"] or None
                )
            )
    except csv.Error as error:
        raise InputError(f"line {reader.line_num} is no CSV: {error}") from None
    if errors:
        raise InputError(errors[0].message, errors=errors)
    return rows


def _day(text: str | None, pointer: str, errors: list[FieldError]) -> date | None:
    if not text or not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        errors.append(FieldError(pointer, f"`{text}` is no date: write it as 2026-11-23"))
        return None


def roster(desk: Desk, unit: Unit, location: str | None) -> list[StaffView]:
    """The roster of one location or of all, as it stands on each one's present business day."""
    days: dict[str, date] = {}
    found = []
    for row in staff(unit, location):
        if row.location not in days:
            place = arrive(desk, unit, open_book(unit, row.location), "")
            days[row.location] = place.policy.policy.days.business_day(place.now)
        found.append(staff_view(row, days[row.location]))
    return found


def roles_on(unit: Unit, place: Place, employee: str) -> tuple[str, ...]:
    """The roles that an employee holds at a location now; raises `InputError` for a stranger."""
    held = unit.roster(place.location, employee)
    if not held:
        error = unknown_name("/employee", "employee", employee, unit.employees(place.location))
        raise InputError(error.message, code="unknown_employee", errors=[error])
    day = place.policy.policy.days.business_day(place.now)
    return tuple(role.role for role in held if role.holds(day))
