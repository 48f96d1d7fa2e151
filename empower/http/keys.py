"""Who calls: an API key, its scopes and the locations it reaches.

`pos` asks, holds, captures and reads comps and budgets; `finance` reads comps, budgets and books; `admin` may all.
"""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import State

from empower.core.errors import FieldError, ForbiddenError, InputError, nearest, unknown_name
from empower.engine import Caller, Engine
from empower.http.headers import first
from empower.http.metrics import Metrics
from empower.http.refusals import UnauthorizedError

LONGEST_KEY = 200
bearer = HTTPBearer(
    bearerFormat="emp_…",
    scheme_name="key",
    description="A key made by `empower key create`: its scopes say what it may do, its locations where.",
    auto_error=False,
)


class Call(NamedTuple):
    """The engine, on behalf of whoever holds the key."""

    engine: Engine
    caller: Caller
    metrics: Metrics
    request_id: str

    @property
    def by(self) -> str:
        """How the books name the caller."""
        return f"key:{self.caller.id}"

    @property
    def within(self) -> frozenset[str] | None:
        """The locations that the key reaches; None for all."""
        return self.caller.locations

    def reach(self, location: str) -> None:
        """Raise `ForbiddenError` for a location that the key does not reach, whether or not there is one."""
        if self.within is not None and location not in self.within:
            near = nearest(location, self.within)
            hint = f"; did you mean `{near}`?" if near else ""
            message = f"this key does not reach `{location}`{hint}"
            error = FieldError("/location", message, near)
            raise ForbiddenError(message, code="location_not_allowed", errors=[error])

    def filter(self, location: str | None) -> None:
        """The same for a filter, which the engine does not hold against the locations there are."""
        if location is None:
            return
        self.reach(location)
        if self.within is None and not self.engine.locations({location}):
            known = [found.id for found in self.engine.locations()]
            error = unknown_name("/location", "location", location, known)
            raise InputError(error.message, code="unknown_location", errors=[error])


class Door(NamedTuple):
    """What stands between a request and the engine: whoever would pass must enter, in the handler's own thread.

    Knowing a key again reads the store, so it may not hold up the event loop; a hop to a thread for it alone would
    cost as much as the decision.
    """

    request: Request
    secret: str
    scopes: frozenset[str]

    @property
    def state(self) -> State:
        """The application's."""
        found: State = self.request.app.state
        return found

    def enter(self) -> Call:
        """Know the key again; raises `UnauthorizedError`, `ForbiddenError`."""
        return self.admit(self.state.engine.authenticate(self.secret) if self.is_sane else None)

    @property
    def is_sane(self) -> bool:
        """Whether the secret could be one at all."""
        return 0 < len(self.secret) <= LONGEST_KEY and self.secret.isascii()

    def admit(self, caller: Caller | None) -> Call:
        """Let a caller in who was known by their key; raises `UnauthorizedError`, `ForbiddenError`."""
        if caller is None:
            raise UnauthorizedError
        self.request.state.key = caller.id
        if not self.scopes & caller.scopes:
            needed = " or ".join(f"`{scope}`" for scope in sorted(self.scopes))
            raise ForbiddenError(f"this call needs a key with scope {needed}", code="scope_not_enough")
        return Call(self.state.engine, caller, self.state.metrics, self.request.state.request_id)


class Scopes:
    """A dependency: the door for keys that have one of `scopes`, or `admin`."""

    def __init__(self, *scopes: str) -> None:
        """`scopes` besides `admin`."""
        self.scopes = frozenset(scopes) | {"admin"}

    async def __call__(
        self, request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
    ) -> Door:
        """The door, still shut."""
        return Door(request, credentials.credentials if credentials else "", self.scopes)


def knocking(request: Request, scopes: Scopes) -> Door:
    """The door before a request, with the key that it brings."""
    scheme, secret = get_authorization_scheme_param(first(request.scope, b"authorization"))
    return Door(request, secret if scheme.lower() == "bearer" else "", scopes.scopes)


POS = Scopes("pos")
PosDoor = Annotated[Door, Depends(POS)]
ReadDoor = Annotated[Door, Depends(Scopes("pos", "finance"))]
FinanceDoor = Annotated[Door, Depends(Scopes("finance"))]
