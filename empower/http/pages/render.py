"""Pages from templates: whatever is put into one is escaped, and no script or style stands in the page itself."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from empower.core import money as amounts
from empower.http.pages import words
from empower.http.pages.bundle import VERSION
from empower.http.pages.visit import Visit
from empower.policy.money import known

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with none, a browser says that its own forms come from nowhere
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def money(amount_minor: int, code: str) -> str:
    """`$12.50`."""
    found = known(code)
    return amounts.readable(amount_minor, found.decimals, found.symbol)


def plain(amount_minor: int, code: str) -> str:
    """`12.50`: as one types it."""
    return amounts.plain(amount_minor, known(code).decimals)


def local(moment: str, zone: str) -> datetime:
    """A moment as the location's clocks show it."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))


def clock(moment: str, zone: str) -> str:
    """`19:42`."""
    return f"{local(moment, zone):%H:%M}"


def day(moment: str, zone: str) -> str:
    """`Mon 23 Nov`."""
    return f"{local(moment, zone):%a %d %b}"


def without_none(said: dict[str, Any]) -> dict[str, Any]:
    """What is said, for an address."""
    return {name: value for name, value in said.items() if value is not None}


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
TEMPLATES.filters.update(money=money, plain=plain, clock=clock, day=day, quoted=words.quoted, without_none=without_none)
TEMPLATES.globals.update(version=VERSION, words=words)


def fragment(name: str, **said: Any) -> str:
    """A template as text."""
    return TEMPLATES.get_template(name).render(said)


def answer(text: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    """Text of a page as a response."""
    return HTMLResponse(text, status, HEADERS | (headers or {}))


def page(name: str, visit: Visit | None, *, code: int = 200, here: str = "", **said: Any) -> HTMLResponse:
    """A whole page; `here` is its place in the navigation."""
    return answer(fragment(name, visit=visit, here=here, **said), code)


def wants_fragment(request: Request) -> bool:
    """Whether our own script asks, and will put the answer in its place."""
    return "x-fragment" in request.headers
