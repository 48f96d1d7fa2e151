"""Locations, budgets and books, as they are read."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from empower.engine.views import BudgetView, EntryPage, LocationView, View
from empower.http.described import answer, problems
from empower.http.keys import FinanceDoor, ReadDoor
from empower.http.queries import BudgetsQuery, EntriesQuery

router = APIRouter(tags=["reading"])


class BudgetPage(View):
    """All budgets that were asked for; there is never a second page."""

    items: list[BudgetView]
    next: None = None


class LocationPage(View):
    """All locations that the key reaches; there is never a second page."""

    items: list[LocationView]
    next: None = None


@router.get("/v1/locations", summary="Locations", response_model=LocationPage, responses=problems(401, 403, 503))
def locations(door: ReadDoor) -> Response:
    """The locations that the key reaches, with their currency, time zone and policy. Key: `pos`, `finance`."""
    call = door.enter()
    return answer(LocationPage(items=call.engine.locations(call.within)))


@router.get("/v1/budgets", summary="Budgets", response_model=BudgetPage, responses=problems(401, 403, 422, 503))
def budgets(door: ReadDoor, query: Annotated[BudgetsQuery, Query()]) -> Response:
    """Each limit that applies: cap, held, spent, left, and when it resets. Key: `pos`, `finance`."""
    call = door.enter()
    call.reach(query.location)
    return answer(BudgetPage(items=call.engine.budgets(**dict(query))))


@router.get(
    "/v1/books/{location}/entries",
    summary="The lines of a book",
    response_model=EntryPage,
    responses=problems(401, 403, 422, 503),
)
def entries(
    door: FinanceDoor,
    location: Annotated[str, Path(description="whose book")],
    query: Annotated[EntriesQuery, Query()],
) -> Response:
    """Entries by their seq, each with its leaf and its hash; `next` is the seq to go on from. Key: `finance`."""
    call = door.enter()
    call.reach(location)
    return answer(call.engine.entries(location, since=query.since, limit=query.limit))
