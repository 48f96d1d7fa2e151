"""What tells an open page that something changed: the events of the books, for somebody who is signed in."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from empower.engine.events_follow import Scope
from empower.http.events import LONGEST_PLACE, EventStream
from empower.http.events_hub import Hub
from empower.http.pages.route import PageRoute
from empower.http.pages.visit import PageDoor

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/queue/events")
def events(
    request: Request,
    door: PageDoor,
    location: Annotated[str | None, Query(max_length=63)] = None,
    last_event_id: Annotated[str | None, Header(max_length=LONGEST_PLACE)] = None,
) -> Response:
    """Server-sent events as at `/v1/events`, while the session is in force and its reach is what it was."""
    visit = door.enter(is_use=False)
    if location is not None:
        visit.place(location)

    def still() -> bool:
        session = visit.engine.sessions.of(visit.secret, is_use=False)
        return session is not None and visit.engine.sessions.reach(session.employee) == visit.within

    hub: Hub = request.app.state.events
    return EventStream(hub, Scope(visit.within, location), still, last_event_id)
