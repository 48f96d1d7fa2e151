"""Live events over HTTP, as server-sent events (WHATWG HTML, section 9.2)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Receive, Send
from starlette.types import Scope as Asgi

from empower.engine.events_follow import Scope
from empower.http.described import problems
from empower.http.events_hub import Hub, Listener
from empower.http.keys import PosDoor
from empower.http.queries import EventsQuery

router = APIRouter(tags=["events"])

HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 15.0
"""How long a listener may take to receive one event before they are let go."""
RETRY_MILLISECONDS = 2000
LONGEST_PLACE = 200


class EventStream(Response):
    """Events until the listener goes, is too slow, or may listen no longer.

    Begins with the place to come back to, which each event and each heartbeat moves on. `still` says, at every
    heartbeat, whether the caller's key or session is still good; it is asked in a thread of its own.
    """

    media_type = "text/event-stream"
    heartbeat_seconds = HEARTBEAT_SECONDS

    def __init__(self, hub: Hub, scope: Scope, still: Callable[[], bool], after: str | None = None) -> None:
        """What happens in `scope`, from now on, or from the place `after`: a `Last-Event-ID`."""
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._scope = scope
        self._still = still
        self._after = after

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI's signature
        """Answer for as long as it lasts."""
        async with self._hub.listen(self._scope, self._after) as listener:
            gone = asyncio.create_task(_end_when_gone(receive, listener))
            try:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await self._tell(listener, send)
            finally:
                gone.cancel()

    async def _tell(self, listener: Listener, send: Send) -> None:
        """Tell until it is over; a listener who is too slow even to hear of that is left where they are."""
        with suppress(TimeoutError, OSError):
            if self._after is None:
                await _say(send, format_sse_event(retry=RETRY_MILLISECONDS, id=self._place()))
            while chunk := await self._next(listener):
                await _say(send, chunk)
            await _say(send, b"", more=False)

    async def _next(self, listener: Listener) -> bytes:
        """What to send next; nothing where it is over."""
        try:
            news = await listener.next(self.heartbeat_seconds)
        except StopAsyncIteration:
            return b""
        if news is not None:
            return news.frame + (b"" if news.event else self._standing())
        return KEEPALIVE_COMMENT + self._standing() if await asyncio.to_thread(self._still) else b""

    def _standing(self) -> bytes:
        """An id alone: a browser remembers it, and tells nobody."""
        return format_sse_event(id=self._place())

    def _place(self) -> str | None:
        place = self._hub.place(self._scope)
        return None if place is None else str(place)


async def _say(send: Send, chunk: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": chunk, "more_body": more})


async def _end_when_gone(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end()


@router.get(
    "/v1/events",
    summary="What happens, as it happens",
    response_class=Response,
    responses={
        200: {"description": "Server-sent events, until the caller goes", "content": {"text/event-stream": {}}},
        **problems(401, 403, 422, 503),
    },
)
def events(
    door: PosDoor,
    request: Request,
    query: Annotated[EventsQuery, Query()],
    last_event_id: Annotated[
        str | None,
        Header(max_length=LONGEST_PLACE, description="the `id` of the last event that came: go on from there"),
    ] = None,
) -> Response:
    """Server-sent events: what becomes of each comp, in the order of its book, after the commit. Key: `pos`.

    An event's `event` is its type (`comp.pending`, `comp.approved`, …), its `data` what a webhook is sent: `type`,
    `timestamp` and `data`. With `Last-Event-ID` what was missed comes first; an event may come twice, under one
    `data.id`. `reset` says that too much was missed, or that the id is none: read anew how things stand. Whoever does
    not keep up is let go, and may come back.
    """
    call = door.enter()
    call.filter(query.location)

    def still() -> bool:
        caller = call.engine.authenticate(door.secret)
        return caller is not None and caller.locations == call.within and bool(door.scopes & caller.scopes)

    hub: Hub = request.app.state.events
    return EventStream(hub, Scope(call.within, query.location), still, last_event_id)
