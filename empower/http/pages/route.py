"""Routes of pages: what goes wrong is told as a page, and whoever is not signed in is asked to be."""

import re
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from empower.core.errors import BusyError, EmpowerError, InputError
from empower.http.edge import log_failure
from empower.http.pages import render, words
from empower.http.pages.visit import SignedOutError
from empower.http.problems import UNANSWERED

OURS = re.compile(r"/(?:queue|comps|comps/[0-9a-f-]{36}|budgets(?:/[a-z0-9-]{1,63})?|books(?:/[a-z0-9-]{1,63})?)")
"""Where one may go on after signing in."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Handler:
        """The handler, with an answer for what it raises."""
        answer: Handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await answer(request)
            except SignedOutError as error:
                return _sign_in(request, error)
            except EmpowerError as error:
                request.state.error = error
                return failure(request, error)
            except RequestValidationError:
                return failure(request, InputError("this address has something in it that cannot be meant"))
            except Exception as error:  # noqa: BLE001  the last resort, as a page
                log_failure(error, request.state.request_id)
                return failure(request, EmpowerError(UNANSWERED, code="internal_error"))

        return handle


def failure(request: Request, error: EmpowerError, **said: Any) -> Response:
    """An error as a page, or as a piece of one."""
    is_ours = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, BusyError)
    told = {"error": error, "detail": words.sentence(UNANSWERED if is_ours else error.detail)} | said
    name = "_problem.html" if render.wants_fragment(request) else "problem.html"
    headers = {"Retry-After": "1"} if isinstance(error, BusyError) else {}
    text = render.fragment(name, visit=None, here="", request_id=request.state.request_id, **told)
    return render.answer(text, error.status, headers)


def _sign_in(request: Request, error: EmpowerError) -> Response:
    if render.wants_fragment(request) or request.method != "GET":
        return failure(request, error)
    path = request.url.path
    return RedirectResponse(f"/?next={quote(path)}" if OURS.fullmatch(path) else "/", 303, render.HEADERS)
