"""Between rows and core values, field by field."""

from datetime import date
from typing import Any, NamedTuple

from empower.core.comp import Comp, Status
from empower.core.entry import Entry, moment_of, stamp
from empower.core.errors import StoreError
from empower.core.merkle import Frontier, pack, unpack
from empower.store.tables import CompRow


class Book(NamedTuple):
    """The head of a location's book."""

    location: str
    title: str
    policy: str
    size: int
    frontier: Frontier
    recorded_at: str
    """The moment of the last entry."""
    next_expiry: str | None
    opened_at: str


class StaffRole(NamedTuple):
    """A role of an employee at one location; dates are business days, both included."""

    role: str
    since: date | None
    until: date | None

    def holds(self, day: date) -> bool:
        """Whether the role is held on business day `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def book_of(row: tuple[Any, ...]) -> Book:
    """From the columns of `location`, in their order."""
    location, title, policy, size, frontier, recorded_at, next_expiry, opened_at = row
    return Book(location, title, policy, size, unpack(bytes(frontier)), recorded_at, next_expiry, opened_at)


def book_row(book: Book) -> dict[str, Any]:
    """A whole row of `location`."""
    return {
        "id": book.location,
        "title": book.title,
        "policy": book.policy,
        "size": book.size,
        "frontier": pack(book.frontier),
        "recorded_at": book.recorded_at,
        "next_expiry": book.next_expiry,
        "opened_at": book.opened_at,
    }


def entry_of(row: tuple[Any, ...]) -> Entry:
    """From the columns of `entry`, in their order."""
    location, seq, kind, recorded_at, comp, leaf, leaf_hash = row
    if isinstance(leaf, str) or isinstance(leaf_hash, str):
        message = f"entry {seq} of `{location}` is not as it was written: run `empower ledger verify`"
        raise StoreError(message, code="store_damaged")
    return Entry(location, seq, kind, recorded_at, comp, bytes(leaf), bytes(leaf_hash))


def comp_row(comp: Comp) -> dict[str, Any]:
    """A row of `comp`."""
    row = comp._asdict()
    row["check_id"] = row.pop("check")
    row["status"] = comp.status.value
    row["business_day"] = comp.business_day.isoformat()
    row["created_at"] = stamp(comp.created_at)
    row["updated_at"] = stamp(comp.updated_at)
    row["expires_at"] = None if comp.expires_at is None else stamp(comp.expires_at)
    return row


COMP_COLUMNS = tuple("check" if name == "check_id" else name for name in CompRow.model_fields)


def comp_of(row: tuple[Any, ...]) -> Comp:
    """From the columns of `comp`, in their order."""
    values = dict(zip(COMP_COLUMNS, row, strict=True))
    values["status"] = Status(values["status"])
    values["forced"] = bool(values["forced"])
    values["business_day"] = date.fromisoformat(values["business_day"])
    for name in ("created_at", "updated_at", "expires_at"):
        values[name] = None if values[name] is None else moment_of(values[name])
    return Comp(**values)


def day_of(text: str | None) -> date | None:
    """A business day from its ISO 8601 text."""
    return None if text is None else date.fromisoformat(text)
