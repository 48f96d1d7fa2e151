"""Who looks at a page: somebody with a session, known by the secret in their cookie."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request, Response

from empower.core.errors import EmpowerError, NotFoundError
from empower.engine import Engine
from empower.engine.sessions import LASTS, SignedIn
from empower.engine.views import LocationView, SessionView, TitlesView
from empower.http.pages import forms
from empower.ledger.proofs import Proofs

LONGEST_SECRET = 100


class SignedOutError(EmpowerError):
    """No session, one that is over, or one that never was: the same answer for all."""

    code = "signed_out"
    title = "you are not signed in"
    status = 401

    def __init__(self) -> None:
        """There is nothing to tell apart."""
        super().__init__("you are not signed in any more: sign in again")


class Visit(NamedTuple):
    """The engine, on behalf of somebody who is signed in."""

    engine: Engine
    proofs: Proofs
    session: SessionView
    secret: str
    within: frozenset[str]
    """The locations where they answer for others now."""

    @property
    def employee(self) -> str:
        """Who it is."""
        return self.session.employee

    @property
    def by(self) -> str:
        """How the books name where an answer came from."""
        return f"session:{self.session.id}"

    @property
    def proof(self) -> SignedIn:
        """What shows that it is they who answer."""
        return SignedIn(self.secret)

    @property
    def token(self) -> str:
        """What their forms carry."""
        return forms.token(self.secret)

    def places(self) -> dict[str, LocationView]:
        """The locations within reach, by id."""
        return {place.id: place for place in self.engine.locations(self.within)}

    def names(self) -> dict[str, str]:
        """What people call the employees of the locations within reach, by id."""
        return {row.id: row.name for place in sorted(self.within) for row in self.engine.staff(place)}

    def titles(self) -> dict[str, TitlesView]:
        """What things are called at the locations within reach."""
        return {place: self.engine.titles(place) for place in self.within}

    def place(self, location: str) -> LocationView:
        """One of them; raises `NotFoundError`, for one elsewhere as for one that never was."""
        found = self.places().get(location)
        if found is None:
            raise NotFoundError(f"there is no location `{location[:64]}` here", code="unknown_location")
        return found


class Door(NamedTuple):
    """What stands between a request and the engine; a session is known again in the handler's own thread."""

    request: Request

    def enter(self, *, is_use: bool = True) -> Visit:
        """Who it is; raises `SignedOutError`. What the page asks by itself `is_use` of nobody."""
        state = self.request.app.state
        engine: Engine = state.engine
        secret = self.request.cookies.get(cookie_name(self.request), "")
        is_sane = 0 < len(secret) <= LONGEST_SECRET and secret.isascii()
        is_use = is_use and (self.request.method != "GET" or "x-fragment" not in self.request.headers)
        session = engine.sessions.of(secret, is_use=is_use) if is_sane else None
        if session is None:
            raise SignedOutError
        self.request.state.key = f"session:{session.id}"
        return Visit(engine, state.proofs, session, secret, engine.sessions.reach(session.employee))

    def enter_with(self, form: forms.Form) -> Visit:
        """The same for what changes something; raises `FormError` for a form that was made for another."""
        visit = self.enter()
        form.check(visit.secret)
        return visit


async def _door(request: Request) -> Door:
    return Door(request)


PageDoor = Annotated[Door, Depends(_door)]


def is_secure(request: Request) -> bool:
    """Whether the browser came by TLS."""
    return request.url.scheme == "https"


def cookie_name(request: Request, name: str = "empower") -> str:
    """A cookie's name: by TLS, one that no other host and no page without TLS can set (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if is_secure(request) else name


def keep(response: Response, request: Request, secret: str, name: str = "empower") -> None:
    """Have the browser hold a secret, out of reach of scripts and of other sites."""
    response.set_cookie(
        cookie_name(request, name),
        secret,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="strict",
    )


def drop(response: Response, request: Request, name: str = "empower") -> None:
    """Have the browser forget it."""
    response.delete_cookie(
        cookie_name(request, name), path="/", secure=is_secure(request), httponly=True, samesite="strict"
    )
