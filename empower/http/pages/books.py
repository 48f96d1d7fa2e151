"""A book, to read: its entries, the newest first, a page at a time."""

import json
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from empower.core.canonical import LARGEST_INTEGER
from empower.core.errors import NotFoundError
from empower.engine.views import EntryView
from empower.http.pages import render, words
from empower.http.pages.budgets import first_place
from empower.http.pages.route import PageRoute
from empower.http.pages.visit import PageDoor

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ON_A_PAGE = 40
Before = Annotated[int | None, Query(ge=1, le=LARGEST_INTEGER)]


class Line(NamedTuple):
    """An entry, in a few words and whole."""

    entry: EntryView
    words: str
    amount: str | None
    whole: str


@router.get("/books")
def any_book(door: PageDoor) -> Response:
    """The first location's."""
    return RedirectResponse(f"/books/{first_place(door.enter())}", 303, render.HEADERS)


@router.get("/books/{location}")
def book(door: PageDoor, location: str, before: Before = None) -> Response:
    """The entries before the one with the number `before`, or the last ones."""
    visit = door.enter()
    place = visit.place(location)
    end = min(place.size, before or place.size)
    start = max(0, end - ON_A_PAGE)
    found = visit.engine.entries(location, since=start, limit=max(1, end - start)).items
    try:
        head = visit.proofs.checkpoint(location)
    except NotFoundError:
        head = None
    return render.page(
        "book.html",
        visit,
        here="books",
        place=place,
        places=visit.places(),
        lines=[_line(item, place.currency) for item in reversed(found)],
        older=start or None,
        newer=min(end + ON_A_PAGE, place.size) if end < place.size else None,
        head=head,
    )


def _line(item: EntryView, currency: str) -> Line:
    whole = json.dumps(json.loads(item.leaf), indent=2, ensure_ascii=False)
    amount = item.body["request"]["amount"]["amount"] if item.kind == "decision" else item.body.get("amount")
    shown = render.money(amount, currency) if isinstance(amount, int) else None
    return Line(item, words.entry(item.kind, item.body), shown, whole)
