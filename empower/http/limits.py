"""How large a body may be: refused by what it says of itself, and counted as it comes."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from empower.http.headers import first
from empower.http.problems import answer_to
from empower.http.refusals import TooLargeError

SINGLE_BYTES = 64 * 1024
BATCH_BYTES = 1024 * 1024
BATCHES = frozenset({"/v1/evaluate/batch", "/access/v1/evaluations"})


class BodyLimit:
    """Refuses a body over the limit of its path; never holds more than the limit of it."""

    def __init__(self, app: ASGIApp) -> None:
        """Around `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what the request brings."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = BATCH_BYTES if scope["path"] in BATCHES else SINGLE_BYTES
        said = first(scope, b"content-length")
        if said.isdecimal() and int(said[:20]) > most:
            await answer_to(TooLargeError(most), scope["state"]["request_id"])(scope, receive, send)
            return
        await self._app(scope, _counted(receive, most), send)


def _counted(receive: Receive, most: int) -> Receive:
    size = 0

    async def count() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise TooLargeError(most)
        return message

    return count
