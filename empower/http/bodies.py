"""Reading JSON from strangers: bounded in nesting before it is parsed, and nothing in it may be read in two ways.

RFC 8259 leaves open what a repeated name, a lone surrogate or a number beyond IEEE 754 mean; here they are refused.
"""

import json
import math
import re
from typing import Annotated, Any, NamedTuple, NoReturn

from fastapi import Depends, Request

from empower.core.errors import InputError
from empower.http.headers import first
from empower.http.refusals import MediaTypeError, UnreadableError

DEEPEST = 32
"""Arrays and objects within each other."""

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Body(NamedTuple):
    """A body as it came, within the size limit."""

    media_type: str
    encoding: str
    data: bytes

    def value(self) -> Any:
        """What it says; raises `MediaTypeError`, `UnreadableError`."""
        self._check_type()
        return parse(self.data)

    def object(self) -> dict[str, Any]:
        """What it says, which must be an object; raises `InputError` otherwise."""
        value = self.value()
        if not isinstance(value, dict):
            raise InputError("the body must be a JSON object")
        return value

    def object_or_nothing(self) -> dict[str, Any]:
        """The same, where no body at all is as good as an empty object."""
        return self.object() if self.data.strip() else {}

    def _check_type(self) -> None:
        kind, _, parameters = self.media_type.partition(";")
        charset = parameters.strip().lower().removeprefix("charset=").strip('"')
        if kind.strip().lower() != "application/json" or charset not in ("", "utf-8"):
            raise MediaTypeError("send JSON in UTF-8, with `Content-Type: application/json`")
        if self.encoding not in ("", "identity"):
            raise MediaTypeError("send the body as it is, without `Content-Encoding`")


async def body_of(request: Request) -> Body:
    """The body of a request, as it came."""
    kind, encoding = first(request.scope, b"content-type"), first(request.scope, b"content-encoding")
    return Body(kind, encoding.lower(), await request.body())


JsonBody = Annotated[Body, Depends(body_of)]


def parse(data: bytes) -> Any:
    """The value of a JSON text; raises `UnreadableError` with what is wrong, and where."""
    if _depth(data) > DEEPEST:
        raise UnreadableError(f"the body is nested more than {DEEPEST} deep", code="too_deep")
    try:
        value = json.loads(data.decode(), object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise UnreadableError(f"the body is not UTF-8, at byte {error.start}", code="not_utf8") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnreadableError(f"the body is not JSON: {error.msg.lower()}, at {where}") from None
    except ValueError:  # Python's bound on the digits of an integer
        raise UnreadableError("a number in the body has too many digits") from None
    if _SURROGATE.search(data):
        _check_text(value)
    return value


def _depth(data: bytes) -> int:
    """How deep arrays and objects are nested, at most; no text is parsed for it."""
    if data.count(b"[") + data.count(b"{") <= DEEPEST:
        return 0
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", data)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableError(f"`{_shown(twice)}` is there twice in one object", code="duplicate_name")
    return made


def _shown(name: str) -> str:
    return name[:64].encode(errors="replace").decode()


def _number(text: str) -> float:
    """A number with a fraction or an exponent: money is never one, but it must be one to be refused as such."""
    number = float(text)
    if math.isinf(number):
        raise UnreadableError("a number in the body is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise UnreadableError(f"`{name}` is not JSON")


def _check_text(value: Any) -> None:
    """Refuse lone surrogates: they are no characters, and no UTF-8 has them."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise UnreadableError("a text in the body has half a surrogate pair, which is no character") from None
