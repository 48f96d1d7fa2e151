"""Signing in by employee id and PIN, and out."""

import re
import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from empower.core.errors import ProofError
from empower.engine import Engine
from empower.http.pages import render
from empower.http.pages.forms import FormBody, FormError, token
from empower.http.pages.pace import Pace
from empower.http.pages.route import OURS, PageRoute
from empower.http.pages.visit import PageDoor, SignedOutError, cookie_name, drop, keep

router = APIRouter(include_in_schema=False, route_class=PageRoute)
VISITOR = "empower-visitor"
"""The cookie of somebody who is not signed in yet: their form is held against it."""
_VISITOR = re.compile(r"[\w-]{22}", re.ASCII)
LONGEST_ID, LONGEST_PIN = 128, 64
WRONG = "That id and PIN do not belong together."


@router.get("/")
def front(
    request: Request, door: PageDoor, go_on: Annotated[str, Query(alias="next", max_length=200)] = ""
) -> Response:
    """The sign-in page; whoever is signed in goes on to what waits.

    A link on another site brings no `SameSite=Strict` cookie along: the page is asked for once more, from itself.
    """
    try:
        door.enter()
    except SignedOutError:
        if request.headers.get("sec-fetch-site") == "cross-site":
            address = f"/?next={go_on}" if OURS.fullmatch(go_on) else "/"
            return render.answer(render.fragment("again.html", address=address))
        return _form(request, go_on=go_on)
    return RedirectResponse(_target(go_on), 303, render.HEADERS)


def _target(go_on: str) -> str:
    """A page of ours, and nothing else that an address could name."""
    return go_on if OURS.fullmatch(go_on) else "/queue"


def _form(request: Request, *, go_on: str = "", status: int = 200, employee: str = "", problem: str = "") -> Response:
    before = request.cookies.get(cookie_name(request, VISITOR), "")
    visitor = before if _VISITOR.fullmatch(before) else secrets.token_urlsafe(16)
    response = render.page(
        "sign_in.html",
        None,
        code=status,
        token=token(visitor),
        go_on=go_on if OURS.fullmatch(go_on) else "",
        employee=employee,
        problem=problem,
    )
    keep(response, request, visitor, VISITOR)
    return response


@router.post("/sign-in")
def sign_in(request: Request, form: FormBody) -> Response:
    """Begin a session. Whatever is wrong with an id and a PIN, the answer is the same."""
    engine: Engine = request.app.state.engine
    pace: Pace = request.app.state.sign_in_pace
    employee, pin, go_on = form.text("employee"), form.text("pin"), form.text("next")
    try:
        form.check(request.cookies.get(cookie_name(request, VISITOR), ""))
    except FormError:
        problem = "This page was open for too long, or cookies are off. Please try again."
        return _form(request, go_on=go_on, status=403, problem=problem)
    wait = pace.wait(request.client.host if request.client else "")
    if wait:
        return _wait(request, wait, f"Too many tries from here. Wait {_seconds(wait)}.", employee, go_on)
    if not _sane(employee, pin):
        return _form(request, go_on=go_on, status=403, problem=WRONG)
    try:
        begun = engine.sessions.begin(employee, pin, device=request.headers.get("user-agent", ""))
    except ProofError as error:
        return _refused(request, error, employee, go_on)
    response = RedirectResponse(_target(go_on), 303, render.HEADERS)
    keep(response, request, begun.secret)
    drop(response, request, VISITOR)
    return response


def _sane(employee: str, pin: str) -> bool:
    """Whether the two could be an id and a PIN at all: a long or strange one is not even hashed."""
    return 0 < len(employee) <= LONGEST_ID and employee.isprintable() and 0 < len(pin) <= LONGEST_PIN


def _refused(request: Request, error: ProofError, employee: str, go_on: str) -> Response:
    wait = int(error.more.get("retry_after", 0))
    if not wait:
        return _form(request, go_on=go_on, status=403, employee=employee, problem=WRONG)
    return _wait(request, wait, f"Too many wrong PINs. Wait {_seconds(wait)}, then try again.", employee, go_on)


def _wait(request: Request, seconds: int, problem: str, employee: str, go_on: str) -> Response:
    response = _form(request, go_on=go_on, status=429, employee=employee, problem=problem)
    response.headers["Retry-After"] = str(seconds)
    return response


def _seconds(seconds: int) -> str:
    """`45 seconds`, `15 minutes`: what is left of a minute is another one."""
    if seconds < 120:  # noqa: PLR2004  two minutes
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"


@router.post("/sign-out")
def sign_out(request: Request, door: PageDoor, form: FormBody) -> Response:
    """End the session, on the server too."""
    visit = door.enter_with(form)
    visit.engine.sessions.end(visit.session.id)
    response = RedirectResponse("/", 303, render.HEADERS)
    drop(response, request)
    return response
