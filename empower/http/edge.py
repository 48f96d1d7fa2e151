"""Around every request: its id, the headers of every answer, the access log, the counters, and the last resort."""

import re
from collections.abc import Iterable
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid4

from empower.core.errors import EmpowerError
from empower.http import logs
from empower.http.headers import first
from empower.http.metrics import Metrics
from empower.http.problems import UNANSWERED, answer, problem

Header = tuple[bytes, bytes]

SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
WENT_AWAY = 499
"""What the log says of a caller who did not wait; nobody is answered with it."""
CONTENT = (
    b"default-src 'none'; style-src 'self'; img-src 'self' data:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a page may load, and from where."""
ANSWER_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", CONTENT),
    (b"cross-origin-resource-policy", b"same-origin"),
)
API_HEADERS = (*ANSWER_HEADERS, (b"cache-control", b"no-store"))


class Edge:
    """The outermost layer: whatever happens inside, an answer with an id comes out."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Around `app`."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        state = scope.setdefault("state", {})
        request_id = state["request_id"] = _request_id(scope)
        status = 0

        async def finish(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _completed(message["headers"], scope["path"], request_id)
            await send(message)

        try:
            await self._app(scope, receive, finish)
        except ClientDisconnect:
            status = WENT_AWAY
        except Exception as error:
            log_failure(error, request_id)
            if status:
                raise
            said = problem(500, "internal_error", "something went wrong here", UNANSWERED, request_id)
            await answer(said)(scope, receive, finish)
        finally:
            self._account(scope, status, perf_counter() - began)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        """Count the request, and write its line."""
        route = getattr(scope.get("route"), "path", None) or "none"
        state = scope["state"]
        self._metrics.answered(scope["method"], route, status, seconds)
        error = state.get("error")
        if isinstance(error, EmpowerError) and error.status >= 500:  # noqa: PLR2004
            logs.service.error(error.detail, extra=logs.about(request=state["request_id"], code=error.code))
        said = {"request": state["request_id"], "method": scope["method"], "route": route, "status": status}
        said |= {"ms": round(seconds * 1000, 2), "key": state.get("key")}
        logs.answered(said)


def _request_id(scope: Scope) -> str:
    """The caller's id of the request if it is a sane one, else a new one."""
    given = first(scope, b"x-request-id")
    return given if SANE_ID.fullmatch(given) else str(uuid4())


def _completed(headers: Iterable[Header], path: str, request_id: str) -> list[Header]:
    """The headers of an answer, with those of every answer that it does not have a word of its own for."""
    said = [header for header in headers if header[0] != b"x-request-id"]
    names = {name for name, _ in said}
    common = API_HEADERS if path.startswith(("/v1/", "/access/")) else ANSWER_HEADERS
    return [*said, *(header for header in common if header[0] not in names), (b"x-request-id", request_id.encode())]


def log_failure(error: Exception, request_id: str) -> None:
    """Say in the log what went wrong and where, and nothing of what it was about."""
    logs.service.error(
        "a request failed: %s", type(error).__name__, extra=logs.about(request=request_id, **logs.where(error))
    )
