"""The short way to the routes that are asked most.

A route's function says all there is to it, and the OpenAPI document is made of it; but the framework looks for it among
all routes, and anew at each request for what it depends on, which takes longer than a decision. Here the same function
is called with the same door and body, made at once. What stands around it, and what it answers, is the same.
"""

from collections.abc import Awaitable, Callable, Iterable

from fastapi import Request, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from empower.core.errors import EmpowerError
from empower.http.bodies import Body, body_of
from empower.http.keys import POS, Door, knocking
from empower.http.problems import answer_to

Hot = Callable[[Door, Body], Awaitable[Response]]
"""The function of a `POST` route for tills that needs a door and a body, and nothing else."""


class ShortWay:
    """Answers what is asked most, and leaves the rest to the application."""

    def __init__(
        self, app: ASGIApp, around: Callable[[ASGIApp], ASGIApp], routes: Iterable[BaseRoute], hot: Iterable[Hot]
    ) -> None:
        """Before `app`, for those of its `routes` whose functions are `hot`; `around` puts on what stands around."""
        functions = set(hot)
        self._app = app
        self._around = around(self._answer)
        self._routes = {
            route.path: route for route in routes if isinstance(route, Route) and route.endpoint in functions
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] in self._routes and scope["method"] == "POST":
            await self._around(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = scope["route"] = self._routes[scope["path"]]
        request = Request(scope, receive)
        try:
            response = await route.endpoint(knocking(request, POS), await body_of(request))
        except EmpowerError as error:
            scope["state"]["error"] = error
            response = answer_to(error, scope["state"]["request_id"])
        await response(scope, receive, send)
