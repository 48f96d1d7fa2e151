"""Budgets as bars: the house's, and those of one employee."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from empower.core.errors import NotFoundError
from empower.http.pages import render
from empower.http.pages.bars import bar
from empower.http.pages.route import PageRoute
from empower.http.pages.visit import PageDoor, Visit

router = APIRouter(include_in_schema=False, route_class=PageRoute)


def first_place(visit: Visit) -> str:
    """Where to begin; raises `NotFoundError` for somebody who answers nowhere."""
    places = sorted(visit.within)
    if not places:
        raise NotFoundError("you have no role now that answers for others, so there is nothing to show here")
    return places[0]


@router.get("/budgets")
def any_budgets(door: PageDoor) -> Response:
    """The first location's."""
    return RedirectResponse(f"/budgets/{first_place(door.enter())}", 303, render.HEADERS)


@router.get("/budgets/{location}")
def budgets(door: PageDoor, location: str, employee: Annotated[str | None, Query(max_length=128)] = None) -> Response:
    """What is left at a location, of the house's budgets and of somebody's: the visitor's own by default."""
    visit = door.enter()
    place = visit.place(location)
    people = {row.id: row.name for row in visit.engine.staff(location) if row.active}
    whose = employee or visit.employee
    if employee is not None and employee not in people:
        raise NotFoundError(f"nobody here goes by `{employee}`", code="unknown_employee")
    found = visit.engine.budgets(location, employee=whose if whose in people else None)
    named = "you" if whose == visit.employee else people.get(whose, whose)
    own = [item for item in found if "employee" in item.per]
    house = [item for item in found if "employee" not in item.per]
    return render.page(
        "budgets.html",
        visit,
        here="budgets",
        place=place,
        places=visit.places(),
        people=people,
        whose=whose,
        own=[bar(item, employee=named) for item in own],
        house=[bar(item, employee=named) for item in house],
    )
