"""The headers of a request, as ASGI has them: lower-case names, in the order in which they came."""

from starlette.types import Scope


def every(scope: Scope, name: bytes) -> list[str]:
    """All values under a name."""
    return [value.decode("latin-1") for known, value in scope["headers"] if known == name]


def first(scope: Scope, name: bytes) -> str:
    """The first value under a name; nothing if there is none."""
    for known, value in scope["headers"]:
        if known == name:
            text: str = value.decode("latin-1")
            return text
    return ""
