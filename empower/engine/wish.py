"""A comp that somebody wishes for, and what they are told of it, as the engine is asked for many at once."""

from typing import NamedTuple

from empower.core.request import Request


class Wish(NamedTuple):
    """A request, and on whose behalf: `key` is the owner's idempotency key."""

    request: Request
    key: str | None = None
    owner: str = ""
    by: str = "python"


class Told(NamedTuple):
    """The comp, as the bytes of its JSON."""

    id: str
    outcome: str
    json: bytes
