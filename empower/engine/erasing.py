"""Erasing a guest: the way from a reference to a pseudonym, and every note about them, gone for good.

The books stay as they are, and every proof of them holds: they know a pseudonym that nothing leads to any more. Each
book that knew the guest says that they were erased, by that pseudonym alone.
"""

from pydantic import Field

from empower.core.errors import FieldError, InputError, NotFoundError
from empower.engine.desk import Desk, open_book
from empower.engine.places import why_of
from empower.engine.views import View
from empower.store import Unit
from empower.store.erasing import forget_guest, forget_notes, knows
from empower.store.listing import books


class ErasedView(View):
    """What an erasure took away."""

    guest: str = Field(description="the pseudonym that nothing leads to any more")
    locations: list[str] = Field(description="the books that knew the guest, each with an entry that says so")
    notes: int = Field(description="notes that were erased")
    traces: bool = Field(description="whether the database's log could not be emptied yet: do it again later")


def erase_guest(desk: Desk, unit: Unit, reference: str, by: str, why: str) -> ErasedView:
    """Erase the guest of a reference; raises `NotFoundError`, or `InputError` where `why` would name them in the book.

    To be followed by emptying the database's log, in which what was erased still stands.
    """
    if reference and reference.casefold() in f"{why} {by}".casefold():
        message = "the reason would stand in the book for good, and names the guest: give another"
        raise InputError(message, errors=[FieldError("/why", message)])
    mac = desk.secret.guest(reference)
    pseudonym = unit.guest(mac)
    if pseudonym is None:
        raise NotFoundError("no guest is known by that reference, or they were erased before", code="unknown_guest")
    known = [book.location for book in books(unit) if knows(unit, book.location, pseudonym)]
    erased = 0
    for location in known:
        notes = forget_notes(unit, location, pseudonym)
        body = {"guest": pseudonym, "notes": notes} | why_of(why)
        unit.append(open_book(unit, location), "erase", desk.clock(), None, by, body)
        erased += notes
    forget_guest(unit, mac, pseudonym)
    return ErasedView(guest=pseudonym, locations=known, notes=erased, traces=True)
