"""Canonical JSON (RFC 8785) for values made of objects with ASCII keys, arrays, strings, booleans, null and integers.

Refuses floats and integers at or above 2**53, which RFC 8785 can only write by way of an IEEE double.
"""

import hashlib
from typing import Any

import orjson

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8785, appendix D)."""

_STRICT = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
"""What has no form of its own in JSON is refused with a `TypeError`, rather than written in somebody's way."""


class NotCanonicalError(ValueError):
    """A value that has no exact canonical form: a float, an integer too large, a key that is not ASCII."""


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of `value`.

    Keys are sorted by code point, which is RFC 8785's order by UTF-16 code unit as long as keys are ASCII.
    Values are trusted to be canonical; `check` says whether they are.
    """
    return orjson.dumps(value, option=_STRICT)


def check(value: Any) -> None:
    """Raise `NotCanonicalError` for a value whose bytes would not be those of RFC 8785."""
    if isinstance(value, float):
        raise NotCanonicalError(f"`{value}` is a float; write an integer or a string")
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise NotCanonicalError(f"`{value}` is beyond 2^53 - 1")
    if isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise NotCanonicalError(f"`{key}` is not an ASCII key")
            check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            check(item)


def is_text(value: str) -> bool:
    """Whether a string is Unicode text that every store keeps: no half of a surrogate pair, no character of value 0."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in value


def digest(data: bytes) -> str:
    """`sha256:` and the hex SHA-256 of `data`: the name of a policy."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
