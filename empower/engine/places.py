"""Locations: opening their books, and what they are."""

import re
from collections.abc import Collection

from empower.core.entry import stamp
from empower.core.errors import ConflictError, FieldError, InputError
from empower.core.merkle import Frontier
from empower.engine.desk import Desk, open_book
from empower.engine.rules import begin
from empower.engine.views import LocationView
from empower.store import Book, Unit
from empower.store.listing import books

LOCATION_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
EMPTY: Frontier = ()


def open_location(desk: Desk, unit: Unit, location: str, title: str, by: str, why: str) -> LocationView:
    """Open the book of a location; raises `InputError`, `ConflictError`, or `PolicyError` if no policy governs it."""
    if not LOCATION_ID.fullmatch(location):
        message = f"`{location}` is no location id: use lower-case letters, digits and hyphens, at most 63"
        raise InputError(message, errors=[FieldError("/location", message)])
    if unit.book(location) is not None:
        raise ConflictError(f"`{location}` is open already", code="location_open")
    now = desk.clock()
    policy = desk.rules.for_new(unit, location, now)
    rules = policy.policy
    unit.add_book(Book(location, title or location, rules.digest, 0, EMPTY, stamp(now), None, stamp(now)))
    book = open_book(unit, location)
    body = {"policy": rules.digest, "policy_id": rules.id, "currency": rules.calendar.currency}
    unit.append(book, "open", now, None, by, body | why_of(why))
    begin(unit, location, policy, now)
    return location_view(desk, unit, open_book(unit, location))


def locations(desk: Desk, unit: Unit, only: Collection[str] | None) -> list[LocationView]:
    """The locations that a caller reaches."""
    return [location_view(desk, unit, book) for book in books(unit) if only is None or book.location in only]


def location_view(desk: Desk, unit: Unit, book: Book) -> LocationView:
    """A location as it is answered."""
    policy = desk.rules.kept(unit, book.policy).policy
    return LocationView(
        id=book.location,
        title=book.title,
        policy=policy.id,
        policy_digest=policy.digest,
        currency=policy.calendar.currency,
        timezone=policy.calendar.timezone,
        size=book.size,
        opened_at=book.opened_at,
    )


def why_of(why: str) -> dict[str, str]:
    """What an entry says of the reason that somebody gave."""
    return {"why": why} if why else {}
