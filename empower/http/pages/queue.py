"""What waits: a page that is whole by itself, and its list alone for the script that keeps it up to date."""

import re
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Response

from empower.core.errors import NotFoundError
from empower.engine.views import CompView, LocationView, PendingView
from empower.http.pages import render
from empower.http.pages.cards import Card, card
from empower.http.pages.route import PageRoute
from empower.http.pages.visit import PageDoor, Visit

router = APIRouter(include_in_schema=False, route_class=PageRoute)
AT_ONCE = 20
"""Cards on a page: more than anybody answers before the oldest is over."""

Location = Annotated[str | None, Query(max_length=63)]
Cursor = Annotated[str | None, Query(max_length=64)]
Answered = Annotated[str, Query(max_length=64)]


class Waiting(NamedTuple):
    """A page of cards."""

    cards: list[Card]
    next: str | None
    location: str | None
    cursor: str | None
    places: dict[str, LocationView]

    @property
    def shown(self) -> str:
        """How many wait, as far as this page knows."""
        return f"{len(self.cards)}{'+' if self.next else ''}"


def waiting(visit: Visit, location: str | None, cursor: str | None) -> Waiting:
    """What waits where the visitor answers for others; raises `NotFoundError` for a location that is not theirs."""
    places = visit.places()
    if location is not None and location not in places:
        raise NotFoundError(f"there is no location `{location}` here", code="unknown_location")
    if not places:
        return Waiting([], None, location, cursor, places)
    found = visit.engine.approvals(
        location=location, approver=visit.employee, cursor=cursor, limit=AT_ONCE, within=visit.within
    )
    titles = visit.titles()
    names = visit.names() if any(_names_others(item, visit.employee) for item in found.items) else {}
    cards = [
        card(item, places[item.comp.location], titles[item.comp.location], names, visit.employee)
        for item in found.items
    ]
    return Waiting(cards, found.next, location, cursor, places)


def _names_others(item: PendingView, employee: str) -> bool:
    """Whether a card names somebody but who asked: who said yes before, or in whose place one answers."""
    said = item.comp.approval is not None and bool(item.comp.approval.approved)
    return said or (item.for_approver is not None and item.for_approver.authority != employee)


@router.get("/queue")
def queue(
    door: PageDoor,
    location: Location = None,
    cursor: Cursor = None,
    answered: Answered = "",
) -> Response:
    """The page; `answered` is the comp that the visitor just said something to."""
    visit = door.enter()
    found = waiting(visit, location, cursor)
    done = _done(visit, answered)
    asked_by = asker(visit, done.id) if done else ""
    return render.page("queue.html", visit, here="queue", found=found, done=done, asked_by=asked_by)


def asker(visit: Visit, comp_id: str) -> str:
    """Who asked, by name."""
    person = visit.engine.life(comp_id, within=visit.within)[0].person
    return person.name if person else ""


def _done(visit: Visit, comp_id: str) -> CompView | None:
    if not re.fullmatch(r"[0-9a-f-]{36}", comp_id):
        return None
    try:
        return visit.engine.comp(comp_id, within=visit.within)
    except NotFoundError:
        return None


@router.get("/queue/cards")
def cards(door: PageDoor, location: Location = None, cursor: Cursor = None) -> Response:
    """The list alone."""
    visit = door.enter()
    found = waiting(visit, location, cursor)
    return render.answer(render.fragment("_cards.html", visit=visit, found=found))
