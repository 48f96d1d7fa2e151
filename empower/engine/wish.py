"""A comp that somebody wishes for, as the engine is asked for many at once."""

from typing import NamedTuple

from empower.core.request import Request


class Wish(NamedTuple):
    """A request, and on whose behalf: `key` is the owner's idempotency key."""

    request: Request
    key: str | None = None
    owner: str = ""
    by: str = "python"
