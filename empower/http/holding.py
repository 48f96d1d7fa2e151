"""Comps that are asked for at the same time: known again, read, decided and held together."""

import re
from typing import Any, NamedTuple

from fastapi import Request as HttpRequest
from fastapi import Response

from empower.core.errors import EmpowerError
from empower.core.request import Request
from empower.core.validation import validated
from empower.engine import Caller, Engine
from empower.engine.wish import Told, Wish
from empower.http.bodies import Body
from empower.http.gathering import Gathering
from empower.http.headers import every
from empower.http.keys import Call, Door
from empower.http.refusals import HeaderError

LONGEST_KEY = 255
_KEY = re.compile(rf"[\x20-\x7e]{{1,{LONGEST_KEY}}}")


class _Asked(NamedTuple):
    """A comp that is asked for: what the body says, or why it cannot be read."""

    door: Door
    said: dict[str, Any] | EmpowerError


class _Read(NamedTuple):
    """The same, as far as it can be meant."""

    call: Call
    wish: Wish


class Holding:
    """Holds all that are asked for at the same time, in as few transactions as may be."""

    def __init__(self, engine: Engine) -> None:
        """Over an engine."""
        self._engine = engine
        self._gathering = Gathering(self._hold_all, "empower-comps")

    async def ask(self, door: Door, body: Body) -> Response:
        """The answer to one request; raises what keeps it from being held."""
        return await self._gathering.ask(_Asked(door, _said(body)))

    def _hold_all(self, asked: list[_Asked]) -> list[Response | Exception]:
        callers = self._engine.callers({one.door.secret for one in asked if one.door.is_sane})
        read = [_read(one, callers.get(one.door.secret)) for one in asked]
        told = iter(self._engine.request_all([one.wish for one in read if isinstance(one, _Read)]))
        return [_answer(one.call, next(told)) if isinstance(one, _Read) else one for one in read]


def _said(body: Body) -> dict[str, Any] | EmpowerError:
    """What the body says; who asks is looked at first, so what is wrong with it waits until then."""
    try:
        return body.object()
    except EmpowerError as error:
        return error


def _read(asked: _Asked, caller: Caller | None) -> _Read | Exception:
    try:
        call = asked.door.admit(caller)
        key = _idempotency_key(asked.door.request)
        if isinstance(asked.said, EmpowerError):
            return asked.said
        request = validated(Request, asked.said)
        call.reach(request.location)
    except Exception as error:  # noqa: BLE001  raised where it was asked
        return error
    return _Read(call, Wish(request, key, call.by, call.by))


def _answer(call: Call, told: Told | Exception) -> Response | Exception:
    if isinstance(told, Exception):
        return told
    call.metrics.decided("comp", told.outcome)
    return Response(told.json, 201, {"Location": f"/v1/comps/{told.id}"}, "application/json")


def _idempotency_key(request: HttpRequest) -> str:
    given = every(request.scope, b"idempotency-key")
    if not given:
        message = "send an `Idempotency-Key` header: the same for every try of one request, another for another"
        raise HeaderError(message, code="idempotency_key_missing")
    key = given[0].strip()
    if len(given) > 1 or not _KEY.fullmatch(key):
        message = f"`Idempotency-Key` is 1 to {LONGEST_KEY} printable ASCII characters, once"
        raise HeaderError(message, code="idempotency_key_invalid")
    return key
